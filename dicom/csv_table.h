/* SPDX-License-Identifier: Apache-2.0 */
/** @file csv_table.h
 * A small CSV table that people write, in memory: RFC 4180, one record a line, so that a line that begins with '#' is a comment and a fault has
 * its line. A quoted cell cannot span lines; empty lines are left out. What the columns mean is the caller's.
 */
#ifndef ES_DICOM_CSV_TABLE_H
#define ES_DICOM_CSV_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "dicom/error.h"

#define ES_CSV_TABLE_CELLS 8 /* of a record; those past it are counted and not kept */

struct es_csv_table {
    void *context;
    /** One record, of n > 0 cells, of which min(n, ES_CSV_TABLE_CELLS) are there: NUL-terminated, valid during the call. @return false to stop */
    bool (*record)(void *context, size_t line, const char *const *cells, size_t n);
    /** A comment with its '#', without the line's end. May be NULL. @return false to stop */
    bool (*comment)(void *context, size_t line, const char *text, size_t len);
};

/** @param line   of the fault or of the last line read, from 1; written
 * @param fault   what is wrong with the line, in static words; written on ES_E_PARSE
 * @return ES_OK (also when a callback stopped), ES_E_PARSE, ES_E_MEMORY */
ES_MUST_USE enum es_errc es_csv_table_read(const struct es_csv_table *table, const char *text, size_t len, size_t *line, const char **fault);

#endif
