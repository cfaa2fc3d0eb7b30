/* SPDX-License-Identifier: Apache-2.0 */
/** @file sheets.h
 * Small random sheets for the tests of the sweep: shared patients, unknown levels, ties, missing scores, every stage.
 */
#ifndef ES_TESTS_SHEETS_H
#define ES_TESTS_SHEETS_H

#include "metrics/catalogue.h"

enum { SHEET_AXES = 2, SHEET_MAX_ROWS = 2400 };

/** Owned columns; `sheet` borrows them. */
struct test_sheet {
    struct es_sheet sheet;
    uint32_t patient[SHEET_MAX_ROWS];
    uint8_t level[SHEET_AXES][SHEET_MAX_ROWS];
    const uint8_t *levels[SHEET_AXES];
    uint8_t axis_levels[SHEET_AXES];
    double score[SHEET_MAX_ROWS];
    uint8_t decision[SHEET_MAX_ROWS], label[SHEET_MAX_ROWS], stage[SHEET_MAX_ROWS], mark[SHEET_MAX_ROWS];
    int32_t exam_day[SHEET_MAX_ROWS];
};

/** xorshift64*: any sequence will do, it must only be the same every time. */
uint64_t test_random(uint64_t *state);
/** Fill a sheet of `rows` rows of about `rows`/`per_patient` patients. */
void test_sheet_fill(struct test_sheet *t, uint32_t rows, uint32_t per_patient, uint64_t seed);
/** The same rows with patients renumbered and rows shuffled within each patient. */
void test_sheet_permute(const struct test_sheet *from, struct test_sheet *to, uint64_t seed);
/** everyone, axis 0, axis 1, both */
extern const struct es_grouping test_groupings[4];

#endif
