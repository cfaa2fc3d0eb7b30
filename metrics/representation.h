/* SPDX-License-Identifier: Apache-2.0 */
/** @file representation.h
 * Who is in the data against who is in the population, and who is lost on the way (METRICS G1).
 *
 * Shares against reference shares that are taken as known (their source and date are the caller's to print; a reference that
 * is itself a sample belongs into es_koopman()). Chi-square goodness of fit, exact multinomial p by probability ordering when
 * the outcomes can be listed, Jensen-Shannon distance (Lin 1991, DOI 10.1109/18.61115). Effective sample size of weights:
 * Kish, Survey Sampling, Wiley 1965.
 */
#ifndef ES_METRICS_REPRESENTATION_H
#define ES_METRICS_REPRESENTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics/proportion.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The exact p is made when there are no more outcomes than this. */
#define ES_REPRESENTATION_OUTCOMES 200000u
/** Share of the reference below which a group counts as short of cases. */
#define ES_REPRESENTATION_FLOOR 0.8

/** One group. NAN where undefined: all doubles when its reference is 0 or there are no cases. */
struct es_share {
    double share;              /* x / n */
    double ratio;              /* share / reference */
    struct es_limits limits;   /* Wilson of x/n over reference */
    double residual;           /* (x - n p) / sqrt(n p (1-p)), p the renormalised reference; NAN also when p is 1 */
    uint64_t shortfall;        /* fewest extra cases of this group alone until share >= 0.8 reference; 0 without a reference */
    bool shortfall_reachable;  /* false only when 0.8 reference is 1 or more */
};

/** All groups. */
struct es_representation {
    uint64_t n;              /* cases in groups with a reference above 0 */
    uint64_t off_reference;  /* cases in groups whose reference is 0: listed, not in n */
    double chi2, p;          /* NAN without cases; p is 1 with a single group */
    uint32_t df;             /* groups with a reference above 0, less 1 */
    double min_expected;     /* smallest expected count: below 5 the chi-square p is rough */
    double p_exact;          /* NAN when there are too many outcomes or no memory */
    double js_distance;      /* in [0,1], base 2 */
};

/** Compare counts with reference shares.
 * @param reference  >= 0, finite, at least one above 0; renormalised for chi2, residuals and the distance
 * @param shares     `count` entries, written
 * @return false when the reference is not of that kind or counts together pass UINT64_MAX; nothing is then written */
bool es_representation(const uint64_t *x, const double *reference, uint32_t count, double alpha, struct es_share *shares,
                       struct es_representation *out);

/** How many outcomes n cases in k groups have, C(n+k-1, k-1); UINT64_MAX when more than 2^64 - 2. */
uint64_t es_multinomial_outcomes(uint64_t n, uint32_t k);
/** Exact multinomial p: the chance of an outcome no likelier than x (within 1e-7 relative, as for ties).
 * @param p  > 0, adding up to 1
 * @return NAN when outcomes pass ES_REPRESENTATION_OUTCOMES or memory ran out */
double es_multinomial_p(const uint64_t *x, const double *p, uint32_t k);

/** Kish's effective number: (sum w)^2 / sum w^2; NAN when all weights are 0 or one is negative or not finite. */
double es_kish(const double *weights, size_t count);

#ifdef __cplusplus
}
#endif
#endif
