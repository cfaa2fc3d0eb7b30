/* SPDX-License-Identifier: Apache-2.0 */
/** @file mean_gap.h
 * A mean in a group and in its rest, watched every day: bias of a measurement, Dice (METRICS F3, J2, J3).
 *
 * Of each patient one case counts, the first to close in either arm (exam day, then row), so that cases are independent; in that order
 * each arm has an empirical-Bernstein confidence sequence (bounded_mean.h) at alpha / 2, and the difference the rectangle of both:
 * valid at all times together for any distribution within the bounds, at any size. Wider than an interval that supposes a shape.
 * Source: Waudby-Smith, Ramdas, JRSS B 86:1 (2024), DOI 10.1093/jrsssb/qkad009; the rectangle is Bonferroni's.
 */
#ifndef ES_METRICS_MEAN_GAP_H
#define ES_METRICS_MEAN_GAP_H

#include "metrics/measures.h"
#include "metrics/sweep.h"
#include "metrics/verdict.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The rows of a sheet that may count, in the order they do. */
struct es_mean_order {
    uint32_t *row; /* owned, es_mean_order_free() */
    uint32_t count;
    double *value; /* owned; [count]: AI - reference, or Dice */
};
/** Rows that are referenced, compared and not before the plan. @return false when memory ran out, or the sheet has neither values nor
 * overlaps */
bool es_mean_order_make(const struct es_sheet *sheet, struct es_mean_order *out);
void es_mean_order_free(struct es_mean_order *order);

/** What is known of one group against its rest. */
struct es_mean_gap {
    uint64_t n_group, n_rest; /* cases, each of another patient */
    double group, rest;       /* means; NAN without a case */
    double lo, hi;            /* of group - rest */
    bool clipped;             /* a value lay outside the bounds and was taken for the nearer one */
};
/**
 * @param least,most  bounds of a value: 0 and 1 for Dice, -width and width of the range for a difference
 * @param alpha       the hypothesis's own share, fixed before the first case
 * @return false when memory ran out (4 bytes a patient)
 */
bool es_mean_gap_make(const struct es_sheet *sheet, const struct es_mean_order *order, const struct es_grouping *grouping,
                      const uint8_t *level, double least, double most, double alpha, struct es_mean_gap *out);
/** The verdict of the interval: parity within the margin (NAN: never), disparity when 0 is excluded; else, and below either minimum,
 * not enough. Fills the comparison whole; p values NAN. ES_VERDICT_NONE when an arm is empty. */
enum es_verdict es_mean_gap_verdict(const struct es_mean_gap *gap, double margin, uint32_t min_cases, uint32_t min_patients,
                                    struct es_comparison *out);

#ifdef __cplusplus
}
#endif
#endif
