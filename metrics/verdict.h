/* SPDX-License-Identifier: Apache-2.0 */
/** @file verdict.h
 * A group against its rest: disparity shown, parity shown within a margin, or not enough evidence (METRICS E1).
 */
#ifndef ES_METRICS_VERDICT_H
#define ES_METRICS_VERDICT_H

#include "metrics/estimate.h"
#include "metrics/proportion.h"

#ifdef __cplusplus
extern "C" {
#endif

enum es_verdict { ES_VERDICT_NONE, ES_VERDICT_NOT_ENOUGH, ES_VERDICT_PARITY, ES_VERDICT_DISPARITY };
/** "", "not_enough", "parity", "disparity". */
const char *es_verdict_name(enum es_verdict verdict);

/** A group against its rest, on one metric. Doubles are NAN where unknown. */
struct es_comparison {
    enum es_status status;    /* ES_ESTIMATED when a difference could be made */
    enum es_reason reason;    /* why not, or why the verdict is not_enough */
    double group, rest;       /* the metric in each */
    double difference;        /* group - rest */
    double lo, hi;            /* two-sided 1-alpha interval */
    double lo_eq, hi_eq;      /* 1-2*equivalence interval, for parity */
    double p_difference;      /* two-sided p of difference = 0 */
    double p_lower, p_upper;  /* one-sided, against -margin and +margin; NAN without a margin */
    uint64_t n_group, n_rest; /* denominators, in the metric's units */
    uint64_t patients_group, patients_rest;
    double deff;              /* design effect used for the difference, >= 1 */
    enum es_interval method;
    uint32_t flags;           /* enum es_flag */
};

/** Two proportions by the Miettinen-Nurminen score test (METRICS E1): difference, both intervals, p-values of difference and
 * against the margins. Counts may be effective ones. Leaves n, patients, deff, method and flags alone; sets status, reason.
 * @param margin  NAN: p_lower and p_upper are NAN
 * @return false (status not estimable) when an n is 0 */
bool es_score_comparison(const struct es_two_by_two *t, double alpha, double equivalence, double margin, struct es_comparison *out);
/** max(p_lower, p_upper): the two one-sided tests' p-value. Schuirmann, J Pharmacokinet Biopharm 15:657 (1987),
 * doi:10.1007/BF01068419. NAN when either is. */
double es_tost_p(const struct es_comparison *c);

/** The rule of METRICS E1, in its order: too few; reason ES_VERIFICATION, set where the unverified cases could turn the
 * difference's sign (METRICS J7), which stays; parity (p_tost <= equivalence); disparity (p_difference <= alpha); else not enough.
 * p_difference_adjusted and p_tost_adjusted are the p-values after the family's correction (equal to the raw ones outside one).
 * Sets flags (nonzero, beyond_margin) and reason on *c. Without a margin (NAN) parity is never claimed. */
enum es_verdict es_verdict_of(struct es_comparison *c, double margin, double alpha, double equivalence, uint32_t min_cases,
                              uint32_t min_patients, double p_difference_adjusted, double p_tost_adjusted);

/** Weighted Holm step-down (METRICS E2): adjusted p for each hypothesis; NAN p is left out of the family and stays NAN.
 * @param weight  > 0; 1 for single attributes, 1/4 two-way, 1/16 three-way
 * @param scratch  n indices, written */
void es_holm_weighted(const double *p, const double *weight, size_t n, uint32_t *scratch, double *adjusted);

#ifdef __cplusplus
}
#endif
#endif
