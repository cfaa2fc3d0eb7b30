/* SPDX-License-Identifier: Apache-2.0 */
/** @file csv_rows.h
 * The tables of testdata/ and of bulk data for tests: comma separated, quotes around cells with commas, first line names columns.
 */
#ifndef ES_TESTS_CSV_ROWS_H
#define ES_TESTS_CSV_ROWS_H

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "testlib.h"

#define CSV_CELLS 64

/** Split one line in place; quotes are taken off, commas within them stay. @return how many cells, CSV_CELLS at most */
__attribute__((unused)) static size_t csv_split(char *line, char *cell[CSV_CELLS])
{
    size_t n = 0;
    for (;;) {
        char *out = line, *in = line;
        if (n < CSV_CELLS) cell[n++] = line;
        bool quoted = false;
        for (; *in && (quoted || *in != ','); in++) {
            if (*in == '"') quoted = !quoted;
            else if (*in != '\r') *out++ = *in;
        }
        const bool more = *in == ',';
        *out = '\0';
        if (!more) return n;
        line = in + 1;
    }
}

/** The line at *next, which is moved past it; NULL at the end. */
__attribute__((unused)) static char *csv_line(char **next)
{
    char *line = *next, *end;
    if (!line || !*line) return NULL;
    end = strchr(line, '\n');
    *next = end ? end + 1 : NULL;
    if (end) *end = '\0';
    return line;
}

/* ---- cells by their place; # begins a comment ---- */

/** A table being read; free(text) at the end. */
struct csv_rows {
    char *text, *next;
    size_t n; /* cells of the row at hand */
    char *cell[CSV_CELLS];
};

/** The next row, header (whose first column is "file") and comments passed over. @return false at the end */
__attribute__((unused)) static bool csv_next(struct csv_rows *rows)
{
    for (char *line; (line = csv_line(&rows->next)) != NULL;) {
        if (!*line || *line == '#' || strncmp(line, "file,", 5) == 0) continue;
        rows->n = csv_split(line, rows->cell);
        return true;
    }
    return false;
}

/* ---- cells by the name of their column ---- */

/** A table being read; free(text) at the end. */
struct csv_table {
    char *text, *next, *column[CSV_CELLS], *cell[CSV_CELLS];
    size_t columns;
};

/** @param path  NULL: not there */
__attribute__((unused)) static bool csv_table_open(struct csv_table *t, const char *path)
{
    *t = (struct csv_table){.text = path ? es_test_slurp(path, NULL) : NULL};
    t->next = t->text;
    char *line = csv_line(&t->next);
    t->columns = line ? csv_split(line, t->column) : 0;
    return line != NULL;
}

/** The next row. @return false at the end, and where a row has not one cell a column */
__attribute__((unused)) static bool csv_table_next(struct csv_table *t)
{
    char *line = csv_line(&t->next);
    return line && csv_split(line, t->cell) == t->columns;
}

__attribute__((unused)) static const char *csv_text(const struct csv_table *t, const char *column)
{
    for (size_t i = 0; i < t->columns; i++)
        if (strcmp(t->column[i], column) == 0) return t->cell[i];
    CU_FAIL_FATAL("no such column");
    return "";
}

/** NAN where the whole cell is no number. */
__attribute__((unused)) static double csv_number(const struct csv_table *t, const char *column)
{
    const char *text = csv_text(t, column);
    char *end = NULL;
    const double x = strtod(text, &end);
    return *text && *end == '\0' ? x : (double)NAN;
}

#endif
