/* SPDX-License-Identifier: Apache-2.0 */
/** @file population.h
 * The reference population: who should be in the data, as shares by level of an axis (METRICS G1).
 *
 * A CSV file (RFC 4180, UTF-8, lines of one record) with the columns axis,level,share and, when wanted, source and date:
 *     sex,F,0.506,ONS Census 2021,2021-03-21
 * Lines that begin with # are comments. Shares of an axis add up to 1 within 0.01; they are taken as known without error.
 */
#ifndef ES_PLUGIN_POPULATION_H
#define ES_PLUGIN_POPULATION_H

#include <stddef.h>

#include "plugin/config/config.h"

#define ES_MAX_POPULATION_ROWS (ES_MAX_AXES * ES_MAX_LEVELS)

struct es_population_row {
    size_t axis;                /* index into the configuration's axes */
    char level[ES_FACT_VALUE];  /* as the axis names it; never "unknown" */
    double share;               /* [0, 1] */
    char source[200], date[11]; /* "" when not told; the same for all rows of an axis */
    size_t line;
};
struct es_population {
    struct es_population_row *rows; /* in the file's order */
    size_t count;
};

/** Read a text. Every cell is checked; the first fault ends it.
 * @param config  its axes are what the file may name
 * @param out     owned by the caller, es_population_free(); NULL on failure
 * @return ES_OK, ES_E_CONFIG with "ReferencePopulation: line 3: share: found \"x\", expected a number from 0 to 1", ES_E_MEMORY */
ES_MUST_USE enum es_errc es_population_parse(struct es_population **out, const char *text, size_t len, const struct es_config *config,
                                             struct es_error *err);
/** The text of a file of at most 1 MiB; ended by a NUL that is not counted. @param text  owned by the caller (free)
 * @return ES_E_CONFIG when it cannot be read, is too long or holds a NUL */
ES_MUST_USE enum es_errc es_population_read(char **text, const char *path, struct es_error *err);
/** Read and parse a file. */
ES_MUST_USE enum es_errc es_population_load(struct es_population **out, const char *path, const struct es_config *config,
                                            struct es_error *err);
/** NULL is allowed. */
void es_population_free(struct es_population *population);

#endif
