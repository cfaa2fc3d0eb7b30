/* SPDX-License-Identifier: Apache-2.0 */
/** @file coverage.h
 * How much of a group reaches each stage of the funnel: before asking how good, ask for whom there is an answer at all
 * (DESIGN 8, METRICS G1).
 *
 * Shares carry Wilson intervals on effective counts: units of one patient go missing together (METRICS A5).
 */
#ifndef ES_METRICS_COVERAGE_H
#define ES_METRICS_COVERAGE_H

#include "metrics/catalogue.h"
#include "metrics/gap.h"
#include "metrics/verification.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A group's funnel, in units. Every line adds up. */
struct es_funnel {
    uint64_t seen, excluded, ineligible, eligibility_unknown, eligible;
    uint64_t resulted, rejected, failed, pending, missing;
    uint64_t referenced, indeterminate, maturing, overdue;
};
struct es_funnel es_funnel(const struct es_summary *summary);

/** Shares that the report shows of a funnel. */
enum es_coverage {
    ES_COVERAGE_ELIGIBLE,   /* eligible of seen without the excluded */
    ES_COVERAGE_RESULTED,   /* resulted of eligible */
    ES_COVERAGE_REFERENCED, /* referenced of resulted */
    ES_COVERAGE_VERIFIED_ALERTS,     /* verified of resulted with an alert */
    ES_COVERAGE_VERIFIED_NON_ALERTS, /* verified of resulted without one */
    ES_COVERAGE_COUNT
};
/** snake_case name, e.g. "resulted_of_eligible"; "" when out of range. */
const char *es_coverage_name(enum es_coverage which);
/** The share with its patient-clustered Wilson interval; ES_N_ZERO when there is nothing to share. */
struct es_estimate es_coverage_rate(const struct es_summary *summary, enum es_coverage which, const struct es_level *level);
/** Numerator and denominator of a share. */
void es_coverage_counts(const struct es_summary *summary, enum es_coverage which, uint64_t *x, uint64_t *n);

/** Missing labels by AI result: units with a result (referenced, indeterminate, maturing or overdue), by what the AI decided: 0 no
 * alert, 1 alert, ES_NO_ANSWER no decision (METRICS G1). Where the two columns differ by row, whether there is a label depends on
 * the AI itself (METRICS H1). Missing attributes by AI result are these counts of the group at level unknown. */
struct es_missingness {
    uint64_t labelled[3], missing[3];
};
struct es_missingness es_missingness(const struct es_summary *summary);

/** Referenced cases with a decision, and those whose window closed without a label, of a group and its rest (METRICS H1). */
void es_verified_of_summary(const struct es_summary *summary, struct es_verified *group, struct es_verified *rest);

/** Labelled rate of a level of one axis against its rest: of the units with a result whose reference window has closed (referenced,
 * indeterminate, overdue), those with a label (METRICS G1: a gap here is the first warning for H1). One pass, no memory. */
struct es_gap_sums es_labelled_sums(const struct es_sheet *sheet, uint8_t axis, uint8_t level);
/** Are unknowns more often alerted? Of the units with an alert (group) and of those with a result and none (rest), those whose level on
 * the axis is unknown (METRICS G1). One pass, no memory. */
struct es_gap_sums es_unknown_sums(const struct es_sheet *sheet, uint8_t axis);
/** Difference of two shares: Miettinen-Nurminen on counts over the joint design effect (METRICS A3, J1). ES_N_ZERO when an arm is empty. */
struct es_comparison es_share_comparison(const struct es_gap_sums *sums, const struct es_level *level);

#ifdef __cplusplus
}
#endif
#endif
