/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/config/population.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/csv_table.h"

#define MAX_FILE ((size_t)1 << 20)
#define CELL 200 /* bytes of a cell, with its NUL */

enum { AXIS, LEVEL, SHARE, SOURCE, DATE, COLUMNS };
static const char *const header[COLUMNS] = {"axis", "level", "share", "source", "date"};

/** A file being read. */
struct reading {
    const struct es_config *config;
    struct es_population *population;
    size_t columns, line; /* columns: of the header, 0 before it was seen */
    enum es_errc code;
    struct es_error *err;
};

static void wrong(struct reading *r, const char *what, const char *found, const char *expected)
{
    if (r->code == ES_OK)
        r->code = es_fail(r->err, ES_E_CONFIG, "ReferencePopulation: line %zu: %s: found \"%.40s\", expected %s", r->line, what, found, expected);
}

static void check_header(struct reading *r, const char *const *cells, size_t n)
{
    if (n < 3 || n > COLUMNS) {
        wrong(r, "header", "other columns", "axis,level,share[,source[,date]]");
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (strcmp(cells[i], header[i]) != 0) wrong(r, "header", cells[i], header[i]);
    r->columns = n;
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

static void add_row(struct reading *r, const char *const *cells, size_t n)
{
    struct es_population_row row = {.line = r->line};
    const int axis = axis_of(r->config, cells[AXIS]);
    if (n != r->columns) wrong(r, "columns", n < r->columns ? "fewer" : "more", "as many as in the header");
    else if (axis < 0) wrong(r, "axis", cells[AXIS], "the name of an axis");
    else if (cells[LEVEL][0] == '\0' || strcmp(cells[LEVEL], "unknown") == 0) wrong(r, "level", cells[LEVEL], "a known level");
    else if (strlen(cells[LEVEL]) >= sizeof row.level) wrong(r, "level", cells[LEVEL], "a shorter name");
    else if (!read_share(cells[SHARE], &row.share)) wrong(r, "share", cells[SHARE], "a number from 0 to 1");
    else if (r->columns > DATE && !is_date(cells[DATE])) wrong(r, "date", cells[DATE], "YYYY, YYYY-MM or YYYY-MM-DD");
    else if (r->population->count == ES_MAX_POPULATION_ROWS) wrong(r, "rows", "more than are read", "fewer levels");
    if (r->code != ES_OK) return;
    row.axis = (size_t)axis;
    (void)snprintf(row.level, sizeof row.level, "%s", cells[LEVEL]);
    if (r->columns > SOURCE) (void)snprintf(row.source, sizeof row.source, "%s", cells[SOURCE]);
    if (r->columns > DATE) (void)snprintf(row.date, sizeof row.date, "%s", cells[DATE]);
    compare(r, &row);
    if (r->code == ES_OK) r->population->rows[r->population->count++] = row;
}

static bool on_record(void *context, size_t line, const char *const *cells, size_t n)
{
    struct reading *r = context;
    r->line = line;
    for (size_t i = 0; i < n && i < COLUMNS; i++)
        if (strlen(cells[i]) >= CELL) wrong(r, header[i], "a longer text", "at most 199 bytes");
    if (r->code != ES_OK) return false;
    if (r->columns == 0) check_header(r, cells, n);
    else add_row(r, cells, n);
    return r->code == ES_OK;
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
    struct reading *r = calloc(1, sizeof *r);
    struct es_population *population = calloc(1, sizeof *population);
    enum es_errc code = ES_OK;
    *out = NULL;
    if (population) population->rows = calloc(ES_MAX_POPULATION_ROWS, sizeof *population->rows);
    if (!r || !population || !population->rows) {
        code = es_fail(err, ES_E_MEMORY, "ReferencePopulation: no memory");
    } else {
        const struct es_csv_table table = {.context = r, .record = on_record};
        const char *fault = NULL;
        r->config = config;
        r->population = population;
        r->err = err;
        const enum es_errc rc = es_csv_table_read(&table, text, len, &r->line, &fault);
        if (rc == ES_E_PARSE) wrong(r, "record", fault, "well-formed CSV on one line");
        else if (rc != ES_OK) r->code = es_fail(err, rc, "ReferencePopulation: no memory");
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
