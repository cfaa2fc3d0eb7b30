/* SPDX-License-Identifier: Apache-2.0 */
/** @file verification.h
 * Sensitivity and specificity when only part of the cases got a reference, and whether an alert decided which (METRICS H1, J7).
 *
 * The correction assumes that, given the AI result (and the stratum), being verified does not depend on disease. That is an
 * assumption about the hospital, not a fact in the data: print it, the naive value and the bounds beside the corrected one.
 */
#ifndef ES_METRICS_VERIFICATION_H
#define ES_METRICS_VERIFICATION_H

#include "metrics/estimate.h"
#include "metrics/proportion.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One stratum: verified cases by AI result and disease, and unverified cases by AI result. `{0}` is empty. */
struct es_verified {
    uint64_t alert_diseased, alert_free;       /* a, b */
    uint64_t no_alert_diseased, no_alert_free; /* c, d */
    uint64_t alert_unverified, no_alert_unverified; /* u1, u0 */
};

/** One of sensitivity and specificity. NAN where undefined. */
struct es_corrected {
    double naive;        /* verified cases only */
    double value;        /* corrected */
    double logit_variance; /* of logit(value); one stratum only, NAN with an empty cell or several strata */
    struct es_limits interval; /* expit(logit -+ z sqrt) */
    double worst, best;  /* bounds, whatever the unverified are (extremes over their disease status) */
    double weighted_variance; /* linearised variance with inverse-probability weights taken as known; one stratum */
};

/**
 * Correct for partial verification.
 *
 * Begg and Greenes, Biometrics 39:207 (1983), doi:10.2307/2530820: within each stratum disease rates among the verified are
 * applied to all cases with that AI result; numerators and denominators are added over strata. The point estimate is that of
 * inverse-probability weighting with estimated fractions, Alonzo and Pepe, JRSS C 54:173 (2005).
 *
 * @return ES_REASON_NONE, or ES_VERIFICATION (corrected values NAN) when an AI result of some stratum has unverified cases and
 * not one verified, or ES_NO_CASES when everything is empty */
enum es_reason es_begg_greenes(const struct es_verified *strata, size_t count, double alpha, struct es_corrected *sensitivity,
                               struct es_corrected *specificity);

/** A corrected difference group - rest with normal limits, variances of the two logits by the delta method, times a design effect. */
struct es_corrected_gap {
    double difference;
    struct es_limits limits; /* 1 - alpha */
    struct es_limits inner;  /* 1 - 2 equivalence: for a claim of parity */
};
/** @param deff  >= 1: how much repeated cases of patients widen the naive difference
 * @return false (all NAN) when a corrected value or its variance is not there, as with an empty cell of the table */
bool es_corrected_gap(const struct es_corrected *group, const struct es_corrected *rest, double deff, double alpha, double equivalence,
                      struct es_corrected_gap *out);
/** Widen a corrected value's interval by a design effect >= 1. */
void es_corrected_widen(struct es_corrected *value, double deff, double alpha);

/** Can the unverified turn the sign of a difference group - rest of this metric? From the bounds of each arm: true when the
 * interval [group.worst - rest.best, group.best - rest.worst] holds 0 or bounds are unknown. */
bool es_bounds_can_reverse(const struct es_corrected *group, const struct es_corrected *rest);

#ifdef __cplusplus
}
#endif
#endif
