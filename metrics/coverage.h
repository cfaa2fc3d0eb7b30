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

#ifdef __cplusplus
}
#endif
#endif
