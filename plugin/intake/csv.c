/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/intake/csv.h"

#include <csv.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/charset.h"
#include "plugin/intake/watch.h"

#define CHUNK 65536

/* A row while it is read: cells one after the other in `bytes`, each with its NUL. */
struct reading {
    struct es_intake_rule *rule;
    const struct es_config *config;
    const char *file;
    const struct es_intake_sink *sink;
    char *bytes;
    size_t used;
    size_t starts[ES_INTAKE_COLUMNS];
    const char *cells[ES_INTAKE_COLUMNS];
    size_t n;        /* cells of the row, also those past the last place */
    size_t columns;  /* of the header; 0: not seen */
    bool too_big, zero, ended; /* zero: a byte 0 in a cell, behind which its text would be lost */
    uint64_t line, first; /* the line at hand, and the one on which the row began */
    bool open;            /* inside a row */
    enum es_errc code;
    struct es_error *err;
};

static void refuse(struct reading *r, uint64_t line, const char *fmt, ...) ES_PRINTF(3, 4);
static void refuse(struct reading *r, uint64_t line, const char *fmt, ...)
{
    struct es_error why = {0};
    char text[ES_ERROR_TEXT];
    va_list list;
    va_start(list, fmt);
    (void)vsnprintf(text, sizeof text, fmt, list);
    va_end(list);
    (void)es_fail(&why, ES_E_REFUSED, "%s", text);
    r->sink->refuse(r->sink->context, line, &why);
}

static void on_cell(void *bytes, size_t len, void *arg)
{
    struct reading *r = arg;
    const size_t at = r->n++;
    if (r->code != ES_OK || at >= ES_INTAKE_COLUMNS) return;
    if (len > ES_CSV_MAX_CELL || r->used + len + 1 > ES_CSV_MAX_ROW) {
        r->too_big = true;
        r->starts[at] = 0;
        return;
    }
    if (len > 0 && memchr(bytes, '\0', len) != NULL) r->zero = true;
    r->starts[at] = r->used;
    if (len > 0) memcpy(r->bytes + r->used, bytes, len);
    r->bytes[r->used + len] = '\0';
    r->used += len + 1;
}

/* ---- the header ---- */

static size_t column_of(const struct reading *r, const char *name, bool *twice)
{
    size_t found = SIZE_MAX;
    for (size_t i = 0; i < r->columns && i < ES_INTAKE_COLUMNS; i++) {
        if (strcmp(r->cells[i], name) != 0) continue;
        *twice = found != SIZE_MAX;
        if (found == SIZE_MAX) found = i;
    }
    return found;
}

static bool set_column(struct reading *r, struct es_intake_source *source)
{
    bool twice = false;
    if (source->kind != ES_TAKE_COLUMN) return true;
    source->column = column_of(r, source->text, &twice);
    if (source->column == SIZE_MAX) refuse(r, r->first, "header: found no column \"%.60s\", which the rule %s names", source->text, r->rule->name);
    else if (twice) refuse(r, r->first, "header: found column \"%.60s\" twice, expected once", source->text);
    return source->column != SIZE_MAX && !twice;
}

static void set_columns(struct reading *r)
{
    struct es_intake_rule *rule = r->rule;
    bool good = true;
    for (size_t i = 0; i < rule->n_slots; i++)
        for (size_t k = 0; k < rule->slots[i].n_sources; k++) good = set_column(r, &rule->slots[i].sources[k]) && good;
    if (rule->where != NULL) good = set_column(r, rule->where) && good;
    if (rule->text != NULL) good = set_column(r, rule->text) && good;
    r->ended = !good;
    if (good) es_watch_columns(r->sink->watch, r->cells, r->columns < ES_INTAKE_COLUMNS ? r->columns : ES_INTAKE_COLUMNS);
}

/* Names given by the rule: a file without a header. */
static void name_columns(struct reading *r)
{
    for (const cJSON *name = r->rule->columns->child; name != NULL && r->columns < ES_INTAKE_COLUMNS; name = name->next) r->cells[r->columns++] = name->valuestring;
    set_columns(r);
}

/* ---- rows ---- */

/* Blanks around names are no part of them. */
static void trim_header(struct reading *r)
{
    for (size_t i = 0; i < r->n && i < ES_INTAKE_COLUMNS; i++) {
        char *cell = r->bytes + r->starts[i], *end = cell + strlen(cell);
        while (*cell == ' ') cell++;
        while (end > cell && end[-1] == ' ') *--end = '\0';
        r->cells[i] = cell;
    }
    r->columns = r->n;
}

static void take_row(struct reading *r, char *text)
{
    for (size_t i = 0; i < r->n; i++) r->cells[i] = text + r->starts[i];
    const struct es_record record = {.file = r->file, .where = r->first, .cells = r->cells, .n_cells = r->n};
    r->code = es_record_take(r->rule, r->config, &record, r->sink, r->err);
}

/* Cells to UTF-8: the row as one text, its NULs apart, so that only iconv's own sets need work. */
static void decode_row(struct reading *r)
{
    char *text = malloc(4 * r->used + 1);
    size_t used = 0;
    struct es_error why = {0};
    if (text == NULL) {
        r->code = es_fail(r->err, ES_E_MEMORY, "memory ran out");
        return;
    }
    for (size_t i = 0; i < r->n && why.code == ES_OK; i++) {
        char *cell = NULL;
        size_t len = 0;
        const char *bytes = r->bytes + r->starts[i];
        if (es_charset_decode(r->rule->charset, bytes, strlen(bytes), &cell, &len, &why) != ES_OK) break;
        r->starts[i] = used;
        memcpy(text + used, cell, len + 1);
        used += len + 1;
        free(cell);
    }
    if (why.code == ES_E_MEMORY) r->code = es_fail(r->err, ES_E_MEMORY, "memory ran out");
    else if (why.code != ES_OK) refuse(r, r->first, "%s; Charset says which they are", why.text);
    else if (r->columns == 0) {
        if (used > ES_CSV_MAX_ROW) {
            refuse(r, r->first, "header: found more than 1 MiB, expected a smaller one");
        } else {
            memcpy(r->bytes, text, used);
            trim_header(r);
            set_columns(r);
        }
    } else {
        take_row(r, text);
    }
    free(text);
}

static void on_row(int terminator, void *arg)
{
    struct reading *r = arg;
    (void)terminator;
    if (r->code == ES_OK && !r->ended) {
        if (r->too_big) refuse(r, r->first, "found a cell or a row of more than 256 KiB or 1 MiB, expected a smaller one");
        else if (r->zero) refuse(r, r->first, "found a zero byte in a cell, expected text");
        else if (r->n > ES_INTAKE_COLUMNS) refuse(r, r->first, "found more than %d columns, expected fewer", ES_INTAKE_COLUMNS);
        else if (r->columns > 0 && r->n != r->columns) refuse(r, r->first, "found %zu columns, expected %zu", r->n, r->columns);
        else decode_row(r);
        if (r->columns == 0) r->ended = true; /* no header, no rows */
    }
    r->n = r->used = 0;
    r->too_big = r->zero = r->open = false;
}

/* Line by line, so that a row knows where it began. */
static bool feed(struct reading *r, struct csv_parser *csv, const char *bytes, size_t len)
{
    for (size_t at = 0; at < len && r->code == ES_OK && !r->ended;) {
        const char *end = memchr(bytes + at, '\n', len - at);
        const size_t n = end != NULL ? (size_t)(end - (bytes + at)) + 1 : len - at;
        const bool empty = !r->open && strspn(bytes + at, " \t\r") + (end != NULL) >= n; /* libcsv leaves such lines out */
        if (!r->open) r->first = r->line;
        r->open = true;
        if (csv_parse(csv, bytes + at, n, on_cell, on_row, r) != n) return false;
        if (empty && end != NULL) r->open = false;
        if (end != NULL) r->line++;
        at += n;
    }
    return true;
}

static void read_all(struct reading *r, struct csv_parser *csv, FILE *in, uint64_t size, char *chunk)
{
    uint64_t done = 0;
    bool good = true, begun = false;
    for (size_t n; good && r->code == ES_OK && !r->ended && (n = fread(chunk, 1, CHUNK, in)) > 0;) {
        size_t skip = 0;
        if (!begun && n >= 3 && memcmp(chunk, "\xef\xbb\xbf", 3) == 0) skip = 3;
        if (!begun && n >= 2 && (memcmp(chunk, "\xff\xfe", 2) == 0 || memcmp(chunk, "\xfe\xff", 2) == 0)) {
            refuse(r, 0, "found UTF-16, expected UTF-8 or a set of single bytes; save it as \"CSV UTF-8\"");
            return;
        }
        begun = true;
        good = feed(r, csv, chunk + skip, n - skip);
        done += n;
        r->sink->progress(r->sink->context, done, size);
    }
    if (r->code != ES_OK || r->ended) return;
    if (good && csv_fini(csv, on_cell, on_row, r) != 0) good = false;
    if (!good) refuse(r, r->first, "found %s, expected well-formed CSV", csv_error(csv) == CSV_EPARSE ? "a quote in the wrong place, or one that is never closed" : "a cell that is too large");
    else if (ferror(in) != 0) refuse(r, r->line, "could not be read to its end");
    else if (r->columns == 0) refuse(r, 0, "found no header, expected a row of column names");
}

enum es_errc es_csv_take(struct es_intake_rule *rule, const struct es_config *config, const char *file, FILE *in, uint64_t size,
                         const struct es_intake_sink *sink, struct es_error *err)
{
    struct csv_parser csv;
    struct reading *r = calloc(1, sizeof *r);
    char *chunk = calloc(1, CHUNK + 1);
    enum es_errc code = ES_E_MEMORY;
    if (r != NULL) r->bytes = malloc(ES_CSV_MAX_ROW);
    if (r == NULL || chunk == NULL || r->bytes == NULL || csv_init(&csv, CSV_STRICT | CSV_STRICT_FINI) != 0) {
        code = es_fail(err, ES_E_MEMORY, "memory ran out");
    } else {
        csv_set_delim(&csv, (unsigned char)rule->delimiter);
        r->rule = rule;
        r->config = config;
        r->file = file;
        r->sink = sink;
        r->line = 1;
        r->err = err;
        if (rule->columns != NULL) name_columns(r);
        read_all(r, &csv, in, size, chunk);
        csv_free(&csv);
        code = r->code;
    }
    if (r != NULL) free(r->bytes);
    free(r);
    free(chunk);
    return code;
}
