/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom/csv_table.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    const struct es_csv_table *table;
    char *bytes; /* cells of the line one after the other, each with its NUL */
    size_t used, line, n;
    const char *cells[ES_CSV_TABLE_CELLS];
    bool stopped;
};

/* A line's cells are never longer than the line, and `bytes` is longer than the text by a NUL a cell. */
static void on_cell(void *bytes, size_t len, void *arg)
{
    struct reading *r = arg;
    if (r->n++ >= ES_CSV_TABLE_CELLS) return;
    char *cell = r->bytes + r->used;
    if (len > 0) memcpy(cell, bytes, len);
    cell[len] = '\0';
    r->cells[r->n - 1] = cell;
    r->used += len + 1;
}

static void on_record(int terminator, void *arg)
{
    struct reading *r = arg;
    (void)terminator;
    if (!r->stopped) r->stopped = !r->table->record(r->table->context, r->line, r->cells, r->n);
    r->n = r->used = 0;
}

static enum es_errc read_lines(struct reading *r, struct csv_parser *csv, const char *text, size_t len, const char **fault)
{
    for (size_t at = 0; at < len && !r->stopped;) {
        const char *end = memchr(text + at, '\n', len - at);
        const size_t n = end ? (size_t)(end - (text + at)) : len - at;
        r->line++;
        if (n > 0 && text[at] == '#') {
            if (r->table->comment) r->stopped = !r->table->comment(r->table->context, r->line, text + at, n);
        } else if (n > 0 && (csv_parse(csv, text + at, n, on_cell, on_record, r) != n || csv_fini(csv, on_cell, on_record, r) != 0)) {
            *fault = csv_strerror(csv_error(csv));
            return csv_error(csv) == CSV_ENOMEM ? ES_E_MEMORY : ES_E_PARSE;
        }
        at += n + 1;
    }
    return ES_OK;
}

enum es_errc es_csv_table_read(const struct es_csv_table *table, const char *text, size_t len, size_t *line, const char **fault)
{
    struct csv_parser csv;
    struct reading r = {.table = table};
    size_t size;
    enum es_errc code = ES_E_MEMORY;
    *line = 0;
    if (__builtin_add_overflow(len, (size_t)ES_CSV_TABLE_CELLS + 1, &size) || !(r.bytes = malloc(size))) return ES_E_MEMORY;
    if (csv_init(&csv, CSV_STRICT | CSV_STRICT_FINI) == 0) {
        code = read_lines(&r, &csv, text, len, fault);
        csv_free(&csv);
    }
    free(r.bytes);
    *line = r.line;
    return code;
}
