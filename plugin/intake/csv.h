/* SPDX-License-Identifier: Apache-2.0 */
/** @file csv.h
 * Rows of a CSV file by rules: RFC 4180, with what spreadsheets make of it: a byte-order mark, other delimiters, CRLF, quotes in
 * quotes, line feeds inside quotes, character sets. Read in pieces, so that a file may be larger than memory. One thread.
 */
#ifndef ES_PLUGIN_INTAKE_CSV_H
#define ES_PLUGIN_INTAKE_CSV_H

#include <stdio.h>

#include "plugin/intake/record.h"

#define ES_CSV_MAX_CELL (256u << 10) /* bytes */
#define ES_CSV_MAX_ROW (1u << 20)

/** Read a file by one rule. Columns that the rule names must be in the header.
 * @param size  of the file in bytes, for progress; 0: not known
 * @return ES_OK (look at the sink), ES_E_MEMORY, or what the sink's take() said */
ES_MUST_USE enum es_errc es_csv_take(struct es_intake_rule *rule, const struct es_config *config, const char *file, FILE *in, uint64_t size,
                                     const struct es_intake_sink *sink, struct es_error *err);

#endif
