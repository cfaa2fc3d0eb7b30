/* SPDX-License-Identifier: Apache-2.0 */
/** @file csv_rows.h
 * The tables of testdata/ for tests: comma separated, quotes around cells with commas, # begins a comment, first line names columns.
 */
#ifndef ES_TESTS_CSV_ROWS_H
#define ES_TESTS_CSV_ROWS_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CSV_CELLS 24

/** A table being read; free(text) at the end. */
struct csv_rows {
    char *text, *next;
    size_t n; /* cells of the row at hand */
    char *cell[CSV_CELLS];
};

/** Split one line in place. */
__attribute__((unused)) static void csv_split(struct csv_rows *rows, char *line)
{
    rows->n = 0;
    for (;;) {
        char *out = line, *in = line;
        if (rows->n < CSV_CELLS) rows->cell[rows->n++] = line;
        bool quoted = false;
        for (; *in && (quoted || *in != ','); in++) {
            if (*in == '"') quoted = !quoted;
            else *out++ = *in;
        }
        const bool more = *in == ',';
        *out = '\0';
        if (!more) return;
        line = in + 1;
    }
}

/** The next row, header and comments passed over. @return false at the end */
__attribute__((unused)) static bool csv_next(struct csv_rows *rows)
{
    while (rows->next && *rows->next) {
        char *line = rows->next, *end = strchr(line, '\n');
        rows->next = end ? end + 1 : NULL;
        if (end) *end = '\0';
        if (!*line || *line == '#' || strncmp(line, "file,", 5) == 0) continue;
        csv_split(rows, line);
        return true;
    }
    return false;
}

#endif
