/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/config/population.h"

#include <csv.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE ((size_t)1 << 20)
#define CELL 200

enum { AXIS, LEVEL, SHARE, SOURCE, DATE, COLUMNS };
static const char *const header[COLUMNS] = {"axis", "level", "share", "source", "date"};

/** A file being read. */
struct reading {
    const struct es_config *config;
    struct es_population *population;
    char cell[COLUMNS][CELL];
    size_t column, columns, line; /* columns: of the header, 0 before it was seen */
    enum es_errc code;
    struct es_error *err;
};

static void wrong(struct reading *r, const char *what, const char *found, const char *expected)
{
    if (r->code == ES_OK)
        r->code = es_fail(r->err, ES_E_CONFIG, "ReferencePopulation: line %zu: %s: found \"%.40s\", expected %s", r->line, what, found, expected);
}

static void on_cell(void *bytes, size_t len, void *arg)
{
    struct reading *r = arg;
    const size_t column = r->column++;
    if (column >= COLUMNS || r->code != ES_OK) return;
    if (len >= CELL) {
        wrong(r, header[column], "a longer text", "at most 199 bytes");
        return;
    }
    if (len > 0) memcpy(r->cell[column], bytes, len);
    r->cell[column][len] = '\0';
}

static void check_header(struct reading *r)
{
    if (r->column < 3 || r->column > COLUMNS) {
        wrong(r, "header", "other columns", "axis,level,share[,source[,date]]");
        return;
    }
    for (size_t i = 0; i < r->column; i++)
        if (strcmp(r->cell[i], header[i]) != 0) wrong(r, "header", r->cell[i], header[i]);
    r->columns = r->column;
}

/** Digits with a point: "0.506", "1", ".5". Exact to 15 digits; never through the host's locale. */
static bool read_share(const char *text, double *out)
{
    uint64_t mantissa = 0, scale = 1;
    size_t digits = 0;
    bool point = false;
    for (; *text; text++) {
        if (*text == '.' && !point) {
            point = true;
            continue;
        }
        if (*text < '0' || *text > '9' || ++digits > 15) return false;
        mantissa = mantissa * 10 + (uint64_t)(*text - '0');
        if (point) scale *= 10;
    }
    *out = (double)mantissa / (double)scale;
    return digits > 0 && *out <= 1;
}

/** "", "2021", "2021-03", "2021-03-21". */
static bool is_date(const char *text)
{
    const size_t len = strlen(text);
    if (len != 0 && len != 4 && len != 7 && len != 10) return false;
    for (size_t i = 0; i < len; i++)
        if ((i == 4 || i == 7) ? text[i] != '-' : text[i] < '0' || text[i] > '9') return false;
    return len < 7 || (memcmp(text + 5, "01", 2) >= 0 && memcmp(text + 5, "12", 2) <= 0);
}

static int axis_of(const struct es_config *config, const char *name)
{
    for (size_t i = 0; i < config->n_axes; i++)
        if (strcmp(config->axes[i].name, name) == 0) return (int)i;
    return -1;
}

/** Against the rows before: no level twice, one source and date an axis. */
static void compare(struct reading *r, const struct es_population_row *row)
{
    char place[64];
    for (size_t i = 0; i < r->population->count; i++) {
        const struct es_population_row *other = &r->population->rows[i];
        if (other->axis != row->axis) continue;
        (void)snprintf(place, sizeof place, "what line %zu says for the same axis", other->line);
        if (strcmp(other->level, row->level) == 0) wrong(r, "level", row->level, "each level of an axis once");
        if (strcmp(other->source, row->source) != 0) wrong(r, "source", row->source, place);
        if (strcmp(other->date, row->date) != 0) wrong(r, "date", row->date, place);
    }
}

static void add_row(struct reading *r)
{
    struct es_population_row row = {.line = r->line};
    const int axis = axis_of(r->config, r->cell[AXIS]);
    if (r->column != r->columns) wrong(r, "columns", r->column < r->columns ? "fewer" : "more", "as many as in the header");
    else if (axis < 0) wrong(r, "axis", r->cell[AXIS], "the name of an axis");
    else if (r->cell[LEVEL][0] == '\0' || strcmp(r->cell[LEVEL], "unknown") == 0) wrong(r, "level", r->cell[LEVEL], "a known level");
    else if (strlen(r->cell[LEVEL]) >= sizeof row.level) wrong(r, "level", r->cell[LEVEL], "a shorter name");
    else if (!read_share(r->cell[SHARE], &row.share)) wrong(r, "share", r->cell[SHARE], "a number from 0 to 1");
    else if (r->columns > DATE && !is_date(r->cell[DATE])) wrong(r, "date", r->cell[DATE], "YYYY, YYYY-MM or YYYY-MM-DD");
    else if (r->population->count == ES_MAX_POPULATION_ROWS) wrong(r, "rows", "more than are read", "fewer levels");
    if (r->code != ES_OK) return;
    row.axis = (size_t)axis;
    memcpy(row.level, r->cell[LEVEL], strlen(r->cell[LEVEL]) + 1);
    if (r->columns > SOURCE) memcpy(row.source, r->cell[SOURCE], sizeof row.source);
    if (r->columns > DATE) memcpy(row.date, r->cell[DATE], sizeof row.date);
    compare(r, &row);
    if (r->code == ES_OK) r->population->rows[r->population->count++] = row;
}

static void on_row(int terminator, void *arg)
{
    struct reading *r = arg;
    (void)terminator;
    if (r->code == ES_OK) {
        if (r->columns == 0) check_header(r);
        else add_row(r);
    }
    r->column = 0;
}

/** Line by line, so that comments are told from data and faults have their line. */
static void read_lines(struct reading *r, struct csv_parser *csv, const char *text, size_t len)
{
    size_t at = 0;
    while (at < len && r->code == ES_OK) {
        const char *end = memchr(text + at, '\n', len - at);
        const size_t n = end ? (size_t)(end - (text + at)) : len - at;
        r->line++;
        if (n > 0 && text[at] != '#' && (csv_parse(csv, text + at, n, on_cell, on_row, r) != n || csv_fini(csv, on_cell, on_row, r) != 0))
            wrong(r, "record", csv_strerror(csv_error(csv)), "well-formed CSV on one line");
        at += n + 1;
    }
}

static void check_sums(struct reading *r)
{
    for (size_t a = 0; a < r->config->n_axes && r->code == ES_OK; a++) {
        double sum = 0;
        size_t rows = 0;
        for (size_t i = 0; i < r->population->count; i++) {
            if (r->population->rows[i].axis != a) continue;
            sum += r->population->rows[i].share;
            rows++;
        }
        if (rows > 0 && fabs(sum - 1) > 0.01)
            r->code = es_fail(r->err, ES_E_CONFIG, "ReferencePopulation: shares of axis \"%s\": found a sum of %d per mille, expected 990 to 1010",
                              r->config->axes[a].name, (int)fmin(nearbyint(sum * 1000), 1e6));
    }
}

enum es_errc es_population_parse(struct es_population **out, const char *text, size_t len, const struct es_config *config, struct es_error *err)
{
    struct csv_parser csv;
    struct reading *r = calloc(1, sizeof *r);
    struct es_population *population = calloc(1, sizeof *population);
    enum es_errc code = ES_OK;
    *out = NULL;
    if (population) population->rows = calloc(ES_MAX_POPULATION_ROWS, sizeof *population->rows);
    if (!r || !population || !population->rows || csv_init(&csv, CSV_STRICT | CSV_STRICT_FINI) != 0) {
        code = es_fail(err, ES_E_MEMORY, "ReferencePopulation: no memory");
    } else {
        r->config = config;
        r->population = population;
        r->err = err;
        read_lines(r, &csv, text, len);
        csv_free(&csv);
        if (r->code == ES_OK && population->count == 0) wrong(r, "rows", "none", "axis,level,share and at least one row");
        check_sums(r);
        code = r->code;
    }
    free(r);
    if (code == ES_OK) *out = population;
    else es_population_free(population);
    return code;
}

enum es_errc es_population_read(char **out, const char *path, struct es_error *err)
{
    FILE *file = fopen(path, "re");
    *out = NULL;
    if (!file) return es_fail(err, ES_E_CONFIG, "ReferencePopulation: found \"%.80s\", which cannot be read (%s), expected a CSV file", path, strerror(errno));
    char *text = malloc(MAX_FILE + 2);
    const size_t len = text ? fread(text, 1, MAX_FILE + 1, file) : 0;
    const bool bad = ferror(file) != 0;
    (void)fclose(file);
    enum es_errc code = ES_OK;
    if (!text) code = es_fail(err, ES_E_MEMORY, "ReferencePopulation: no memory");
    else if (bad) code = es_fail(err, ES_E_CONFIG, "ReferencePopulation: the file could not be read to its end, expected a CSV file");
    else if (len > MAX_FILE) code = es_fail(err, ES_E_CONFIG, "ReferencePopulation: found more than 1 MiB, expected less");
    else if (memchr(text, '\0', len)) code = es_fail(err, ES_E_CONFIG, "ReferencePopulation: found a zero byte, expected a CSV file");
    if (code == ES_OK) text[len] = '\0';
    if (code == ES_OK) *out = text;
    else free(text);
    return code;
}

enum es_errc es_population_load(struct es_population **out, const char *path, const struct es_config *config, struct es_error *err)
{
    char *text = NULL;
    *out = NULL;
    enum es_errc code = es_population_read(&text, path, err);
    if (code == ES_OK) code = es_population_parse(out, text, strlen(text), config, err);
    free(text);
    return code;
}

void es_population_free(struct es_population *population)
{
    if (population) free(population->rows);
    free(population);
}
