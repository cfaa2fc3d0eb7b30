/* SPDX-License-Identifier: Apache-2.0 */
/** @file bench_sheet.h
 * The sheet that the benchmarks of metrics/ share: six axes of 3, 8, 6, 5, 4 and 3 levels (unknown included), about seven patients
 * to ten cases, attributes that mostly but not always stay with the patient, continuous scores, one case in ten diseased.
 */
#ifndef ES_BENCH_SHEET_H
#define ES_BENCH_SHEET_H

#include "metrics/sweep.h"

enum { BENCH_AXES = 6, BENCH_GROUPINGS = 22 };

/** Owned columns; the sheet borrows them. */
struct bench_columns {
    uint32_t *patient;
    uint8_t *level[BENCH_AXES], *decision, *label, *stage, *mark;
    double *score;
    int32_t *day;
};

/** Make `rows` rows, the same every time. False when memory ran out. bench_columns_free() in any case. */
bool bench_sheet(struct bench_columns *c, uint32_t rows, struct es_sheet *sheet);
void bench_columns_free(struct bench_columns *c);
/** Everyone, each axis, all fifteen pairs: 371 groups. */
void bench_groupings(struct es_grouping groupings[BENCH_GROUPINGS]);

#endif
