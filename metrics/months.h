/* SPDX-License-Identifier: Apache-2.0 */
/** @file months.h
 * Drift month by month: scores and the mix of each axis against the first closed period (METRICS F4, B4).
 *
 * Scores: rows with a result and a finite score, in bins between the deciles of the reference period (equal deciles merged), so
 * that any scale of scores will do. Axes: all eligible rows by level, unknown being a level. Each month stands beside its null
 * expectation (drift.h); p-values are for one look, not peek-proof. Rows without an exam day are in no month, and counted.
 */
#ifndef ES_METRICS_MONTHS_H
#define ES_METRICS_MONTHS_H

#include "metrics/arms.h"
#include "metrics/drift.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ES_SCORE_BINS 10

/** One month against the reference period. */
struct es_month {
    int32_t month;                   /* since January 1970 (es_month_of_day()) */
    bool reference;                  /* belongs to the reference period: compared with itself, told apart */
    uint64_t eligible, scored;       /* rows in it */
    struct es_drift score;
    struct es_drift axis[ES_MAX_AXES]; /* [sheet->axes] */
};

/** The series; owned, es_months_free(). */
struct es_months {
    struct es_month *month;    /* ascending; only months with an eligible row */
    uint32_t count;
    int32_t reference_first, reference_last; /* months, inclusive; both 0 when count is 0 */
    uint64_t reference_scored, reference_eligible;
    uint32_t bins;             /* of scores, 1 .. ES_SCORE_BINS; 0: no score in the reference period */
    double edge[ES_SCORE_BINS]; /* [bins - 1] ascending: bin i takes edge[i-1] < score <= edge[i] */
    uint64_t undated;          /* eligible rows without an exam day */
};
/**
 * Build the series of a sheet. Linear in rows, and the reference period's scores are sorted.
 *
 * @param closed_before  first day that is not closed yet (its windows may still be open): months that hold it or come after are
 *                       left out of the series; INT32_MAX: all are closed
 * @param least          the reference period is the first whole months that together hold at least this many eligible rows;
 *                       fewer in all: every month is reference
 * @param out            written whole on true
 * @return false when memory ran out or dated rows span more than ES_MAX_MONTHS months; `out` is then empty
 */
bool es_months_make(const struct es_sheet *sheet, int32_t closed_before, uint64_t least, struct es_months *out);
/** `{0}` is allowed. */
void es_months_free(struct es_months *months);

#define ES_MAX_MONTHS 2400u /* two hundred years */

#ifdef __cplusplus
}
#endif
#endif
