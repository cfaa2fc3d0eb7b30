/* SPDX-License-Identifier: Apache-2.0 */
/** @file monitor.h
 * Verdicts on sensitivity and specificity that may be looked at every day: gap, floor, and both over time (METRICS F1, F2, J2-J5).
 *
 *     sums = es_gap_of_summary() or es_gap_of_sheet() -> es_monitor_gap() -> verdict and struct es_comparison
 *                                                     -> es_monitor_rate(), es_floor_of() -> floor verdict
 *     es_timeline_make() -> es_looks() -> es_monitor_series() -> one es_look per day looked at
 *
 * Modes, chosen by the plan before the first case and never switched on results:
 * - default: the sequential score interval under patient clusters (gap.h), asymptotic; minima, below them no verdict.
 * - strict: one case per patient, the first, then the e-process (sequential.h), valid at any size. Fill the sums with
 *   es_case_rule.first_only = true.
 * Both intervals hold at all times together with probability 1 - alpha, so the verdict of any look is that look's interval.
 * Gates that need more than these sums are the caller's: verification (verification.h, METRICS J7), the plan's MinimumPatients.
 */
#ifndef ES_METRICS_MONITOR_H
#define ES_METRICS_MONITOR_H

#include "metrics/gap.h"

#ifdef __cplusplus
extern "C" {
#endif

enum es_monitor_mode { ES_MONITOR_DEFAULT, ES_MONITOR_STRICT };

/** One hypothesis of a plan. */
struct es_monitor_plan {
    enum es_monitor_mode mode;
    double alpha;          /* its own share, in (0,1): es_alpha_share() */
    double margin;         /* in (0,1); NAN: parity is never claimed */
    uint32_t min_cases;    /* in each arm, beside the method's own minima; 0: none */
    uint32_t min_patients; /* in each arm; 0: none */
};

/** Weighted Bonferroni, the only correction a sequential family may use: weights never move with results (METRICS J4).
 * @param weight  of this hypothesis: 1 for a single attribute, 1/4 two-way, 1/16 three-way
 * @param total   sum of the weights of the whole family (models x findings x primary metrics x primary groups), >= weight
 * @return alpha weight / total; NAN when out of range */
double es_alpha_share(double alpha, double weight, double total);

/**
 * A group against its rest.
 *
 * comparison->lo, hi: the sequential interval at plan->alpha, from which the verdict was drawn (lo_eq, hi_eq repeat it).
 * p_difference, p_lower, p_upper: anytime-valid p-values, min(1, 1/e), against 0, -margin and +margin, unadjusted: compare them
 * with plan->alpha. method: ES_INTERVAL_SEQUENTIAL_SCORE or ES_INTERVAL_E_PROCESS. n, patients: of the cases used.
 * deff: null variance over the binomial one (1 in strict mode). flags: nonzero, beyond_margin, few_clusters.
 * Below the minima: status estimated, reason ES_MIN_N, the two rates and their difference, lo and hi NAN.
 * An empty arm: status not estimable, reason ES_N_ZERO.
 *
 * @param comparison  written whole
 * @return ES_VERDICT_NONE when not estimable
 */
enum es_verdict es_monitor_gap(const struct es_gap_sums *sums, const struct es_monitor_plan *plan,
                               struct es_comparison *comparison);

/**
 * Confidence sequence of one rate (METRICS F1) under patient clusters.
 *
 * { p : ln M(x / deff(p), n / deff(p); p) < ln(1/alpha) }, M the beta-binomial mixture of sequential.h and
 * deff(p) = sum_i (x_i - p n_i)^2 / (n p (1-p)), at least 1, patients centred at the supposed p as in gap.h, and at most
 * sum n_i^2 / n, which no correlation within patients can pass (x_i in [0, n_i] with mean n_i p has variance at most
 * n_i^2 p (1-p): Bhatia, Davis, Am Math Mon 107:353 (2000), DOI 10.1080/00029890.2000.12005203). Where
 * successes or failures rest on fewer than 50 patients, (sum y_i)^2 / sum y_i^2 < 50, correlation cannot be told and that most
 * is used (flag deff_unknown): a rare patient with many failures not yet seen would otherwise make the limits too narrow (13 %
 * of simulated sequences wrong at rate 0.97 with 20 images a patient, 0.2 % with it). When no patient has two cases deff
 * is 1 and this is es_confidence_sequence(), valid at any n; otherwise asymptotic, and below ES_GAP_MIN_PATIENTS
 * patients flagged few_clusters.
 *
 * @return status not estimable (ES_N_ZERO) when n is 0; method ES_INTERVAL_CONFIDENCE_SEQUENCE; hull of the set
 */
struct es_estimate es_monitor_rate(const struct es_cluster_sums *arm, double alpha);

/** Against a floor (METRICS J5). A closed gap with a floor missed is no good news. */
enum es_floor { ES_FLOOR_NONE, ES_FLOOR_NOT_ENOUGH, ES_FLOOR_MET, ES_FLOOR_BELOW };
/** "", "not_enough", "met", "below". */
const char *es_floor_name(enum es_floor floor);
/** met: lower limit >= floor; below: upper limit < floor; else not enough, and always while few_clusters is set.
 * @param sequence  of es_monitor_rate(); none when it is not estimated or floor is NAN */
enum es_floor es_floor_of(const struct es_estimate *sequence, double floor);

/** What was known at the end of one day, from cases up to it. */
struct es_look {
    int32_t day;                     /* days since 1970-01-01, inclusive */
    struct es_gap_sums sums;
    struct es_estimate group, rest;  /* confidence sequences at `rate_alpha` */
    struct es_comparison comparison;
    enum es_verdict verdict;
};

/**
 * All looks of one group, cumulative: each case is added once, in O(1); each look costs three intervals (some 50 us).
 *
 * The last look equals es_monitor_gap() on es_gap_of_sheet() with the same rule, bounded by its day.
 *
 * @param timeline    of `rule`; first_only is applied here: the patient's first case of either arm
 * @param looks       ascending; borrowed
 * @param rate_alpha  for the single rates, e.g. 0.05: each curve by itself
 * @param out         `count` places, written on true
 * @return false when memory ran out (16 bytes a patient are needed)
 */
bool es_monitor_series(const struct es_sheet *sheet, const struct es_timeline *timeline, const struct es_case_rule *rule,
                       const struct es_grouping *grouping, const uint8_t *level, const struct es_monitor_plan *plan,
                       double rate_alpha, const int32_t *looks, uint32_t count, struct es_look *out);
/** The first look with this verdict; NULL when none has it. */
const struct es_look *es_first_look(const struct es_look *looks, uint32_t count, enum es_verdict verdict);

#ifdef __cplusplus
}
#endif
#endif
