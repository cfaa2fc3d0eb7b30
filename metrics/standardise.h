/* SPDX-License-Identifier: Apache-2.0 */
/** @file standardise.h
 * A group against its rest given a second axis: what is left of a gap when scanners (say) are alike (METRICS J8).
 *
 * Mantel-Haenszel risk difference, w_k = n_gk n_rk / N_k, W = sum w_k:
 *
 *     d = sum w_k (p_gk - p_rk) / W
 *     Var(d) = (d sum P_k + sum Q_k) / W^2                                                        (Sato)
 *     P_k = (n_gk^2 x_rk - n_rk^2 x_gk + n_gk n_rk (n_rk - n_gk) / 2) / N_k^2
 *     Q_k = (x_gk (n_rk - x_rk) + x_rk (n_gk - x_gk)) / (2 N_k)
 *
 * consistent for few large and for many small strata: Sato, Greenland, Robins, Biometrics 45:1323 (1989), DOI 10.2307/2531784.
 * Limits by inverting |d - D| = z sqrt((D sum P + sum Q) / W^2) in D: Klingenberg, Stat Med 33:2968 (2014), DOI 10.1002/sim.6122.
 * p-value at D = 0.
 *
 * Direct standardisation of both arms to the pooled mix, w_k = N_k / sum N: d = sum w_k (p_gk - p_rk), normal limits.
 *
 * Patients: u_i = sum_k w_k/W [ (x_gik - p_gk n_gik)/n_gk - (x_rik - p_rk n_rik)/n_rk ] over all strata and both arms,
 * var = K/(K-1) sum u_i^2, deff = max(1, var / sum (w_k/W)^2 (p_gk q_gk / n_gk + p_rk q_rk / n_rk)); the variance above is
 * multiplied by deff (J1 in each stratum). Strata without both arms say nothing about the difference: counted and named.
 * The rest is the cases known to be outside the group. Cases whose level on the second axis is unknown are left out and counted.
 */
#ifndef ES_METRICS_STANDARDISE_H
#define ES_METRICS_STANDARDISE_H

#include "metrics/arms.h"
#include "metrics/proportion.h"
#include "metrics/verdict.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Successes and cases of both arms in one stratum; xg <= ng, xr <= nr, each below 2^53. */
struct es_stratum {
    uint64_t xg, ng, xr, nr;
};

/** One standardised difference. Doubles NAN unless status is estimated. */
struct es_standard_difference {
    enum es_status status;   /* not estimable (ES_N_ZERO) when no stratum has both arms */
    double difference;
    double group, rest;      /* the two rates under the same weights */
    double variance;         /* deff included; may be 0 */
    struct es_limits limits; /* within [-1, 1]; NAN when the variance is 0 */
    double p;                /* two-sided, difference = 0; NAN when the variance is 0 */
    uint32_t flags;          /* ES_FLAG_CLIPPED */
};

/** Mantel-Haenszel difference of a table of strata.
 * @param deff  >= 1; 1 for independent cases */
struct es_standard_difference es_mantel_haenszel(const struct es_stratum *strata, size_t count, double deff, double alpha);
/** Direct standardisation to the pooled mix of the strata that have both arms. */
struct es_standard_difference es_direct_standard(const struct es_stratum *strata, size_t count, double deff, double alpha);

/** A gap standardised for one axis. */
struct es_standardised {
    struct es_standard_difference mantel_haenszel, direct;
    double mantel_haenszel_deff, direct_deff; /* >= 1 */
    double crude;                             /* difference over the same cases without strata; NAN without them */
    uint32_t strata, one_armed;               /* levels with both arms; with cases in one arm only */
    bool is_one_armed[ES_MAX_LEVELS];         /* by level of the axis: name these */
    uint64_t cases_group, cases_rest;         /* used */
    uint64_t cases_one_armed, cases_unknown;  /* left out: in one-armed strata; level on the axis unknown */
    uint64_t patients, patients_group, patients_rest; /* used */
};
/**
 * Standardise the gap of a group on a rate for the levels of `axis`. Two passes over the sheet, no memory.
 * The result does not depend on the order of rows within a patient nor on the numbering of patients.
 *
 * @param rule  first_only is not read: all cases of a patient count
 * @param axis  below sheet->axes; usually not an axis of the grouping (all strata would have one arm)
 * @param out   written whole
 */
void es_standardise(const struct es_sheet *sheet, const struct es_grouping *grouping, const uint8_t *level,
                    const struct es_case_rule *rule, uint8_t axis, double alpha, struct es_standardised *out);
/** Every gap of one rate between a level and its rest, for each axis given each other axis. Owned, es_standard_table_free(). */
struct es_standard_table {
    uint8_t axes;
    size_t first[ES_MAX_AXES];                     /* of an axis, in entry: its levels 0 .. n-1, of each one the other axes */
    uint64_t least[ES_MAX_AXES][ES_MAX_AXES];      /* fewest successes or failures above 0 in a cell of two axes; 0: no case */
    struct es_standardised *entry;
};
/**
 * What es_standardise() finds for every level of every axis and every other axis, from one count of each pair of axes: cases x pairs
 * of axes, and for patients with several cases the levels of the first axis. Patient terms are whole multiples of 2^-28 of a
 * case's share, so that the result does not depend on any order; against es_standardise() a design effect differs by less
 * than 1e-6 of itself.
 *
 * @param rule  first_only is not read
 * @param out   written whole on true; empty on false
 * @return false when memory ran out
 */
bool es_standardise_all(const struct es_sheet *sheet, const struct es_case_rule *rule, double alpha, struct es_standard_table *out);
/** The gap of a level of `axis` given the axis `by`, which must be another. */
const struct es_standardised *es_standard_at(const struct es_standard_table *table, uint8_t axis, uint8_t level, uint8_t by);
/** `{0}` is allowed. */
void es_standard_table_free(struct es_standard_table *table);

/** As a comparison for the report: rates, difference, limits, p, counts, deff; method ES_INTERVAL_MANTEL_HAENSZEL, or
 * ES_INTERVAL_NORMAL_JOINT for the direct one. lo_eq and hi_eq, p_lower and p_upper are NAN: no parity is claimed from it.
 * @param direct  which of the two */
struct es_comparison es_standardised_comparison(const struct es_standardised *standardised, bool direct);

#ifdef __cplusplus
}
#endif
#endif
