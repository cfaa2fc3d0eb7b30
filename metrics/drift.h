/* SPDX-License-Identifier: Apache-2.0 */
/** @file drift.h
 * How much a distribution has moved: an index beside its expectation under no change, never a verdict (METRICS F4).
 *
 * - Population stability index, 0.5 added to every count: sum (a - e) ln(a / e); under no change about (K-1)(1/n + 1/m).
 *   The usual cut-offs 0.1 and 0.25 (Siddiqi, Credit Risk Scorecards, Wiley 2006) are folklore.
 * - Jensen-Shannon divergence base 2 and its root: Lin, IEEE Trans Inf Theory 37:145 (1991), DOI 10.1109/18.61115.
 * - Total variation; chi-square homogeneity (2 x K); Kolmogorov-Smirnov with the limit distribution's p.
 * The p-values are for one look at a fixed size: not peek-proof.
 */
#ifndef ES_METRICS_DRIFT_H
#define ES_METRICS_DRIFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Two histograms with the same bins. Doubles are NAN where undefined. */
struct es_drift {
    uint64_t n_now, n_reference;
    double psi, psi_expected; /* psi_expected NAN when either is empty; psi NAN only without bins */
    double psi_raw;           /* without the 0.5; NAN when any bin of either is empty */
    double js_bits, js_distance; /* NAN when either is empty; the distance is the root, in [0,1] */
    double total_variation;
    double chi2, chi2_p;      /* bins empty in both are dropped; NAN when either is empty */
    uint32_t df;              /* bins kept - 1 */
};
/** @return false when the counts of one side together pass UINT64_MAX; `out` is then unchanged */
bool es_drift(const uint64_t *now, const uint64_t *reference, uint32_t bins, struct es_drift *out);

/** Jensen-Shannon divergence in bits of two sets of shares that each add up to 1. Accurate also when they are nearly equal. */
double es_jensen_shannon(const double *a, const double *b, uint32_t count);

struct es_kolmogorov {
    double distance; /* greatest difference of the two empirical distributions; NAN when either is empty */
    double p;        /* Kolmogorov limit at sqrt(m n / (m + n)) distance */
};
/** @param x, y  sorted in place, ascending
 * @return false when a value is NaN; `out` is then unchanged */
bool es_kolmogorov_smirnov(double *x, size_t m, double *y, size_t n, struct es_kolmogorov *out);

#ifdef __cplusplus
}
#endif
#endif
