/* SPDX-License-Identifier: Apache-2.0 */
/** @file histogram.h
 * AUROC, average precision and every operating point from two rows of counts: memory bounded, merged by adding (METRICS B4).
 *
 * A score s in [0,1] goes to bin min(K-1, floor(s K)); K is a power of two, so that s K is exact. Pairs in one bin count
 * one half, as ties do. With T = sum h1[k] h0[k] / (m n) the true AUROC lies in [A - T/2, A + T/2], whatever the scores
 * were inside the bins: swapping one same-bin pair moves the AUROC by at most 1/2 of 1/(m n).
 * Variance: DeLong, DeLong, Clarke-Pearson, Biometrics 44:837 (1988), DOI 10.2307/2531595, on the binned scores.
 * Average precision: step sum with ties (bins) grouped; Davis, Goadrich, ICML 2006, DOI 10.1145/1143844.1143874.
 */
#ifndef ES_METRICS_HISTOGRAM_H
#define ES_METRICS_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "metrics/int128.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ES_HISTOGRAM_MAX_BINS (1u << 20)

/** Counts by bin. The arrays are the caller's, `bins` long each, zeroed by him at the start. */
struct es_histogram {
    uint32_t bins;      /* a power of two, 2 .. ES_HISTOGRAM_MAX_BINS */
    uint64_t *positive; /* diseased cases by bin of their score */
    uint64_t *negative;
    uint64_t out_of_range; /* scores that were not in [0,1]: counted, in no bin */
};

/** Is `bins` an allowed number of bins? */
bool es_histogram_bins_ok(uint32_t bins);
/** Count one case.
 * @return false when a counter is full; nothing is then changed */
bool es_histogram_add(struct es_histogram *h, double score, bool positive);
/** Add `from` into `into`; both have the same number of bins.
 * @return false when bins differ or a count would pass UINT64_MAX; `into` is then unchanged */
bool es_histogram_merge(struct es_histogram *into, const struct es_histogram *from);

/** What the counts say. Doubles are NAN where undefined. */
struct es_histogram_auroc {
    uint64_t m, n;             /* positives, negatives */
    es_u128 num2;    /* 2 wins + ties, exact */
    double auroc;              /* num2 / (2 m n); NAN when m or n is 0 */
    double same_bin;           /* T: share of pairs whose order the bins hide */
    double lo, hi;             /* bounds of the true AUROC */
    double variance;           /* DeLong on bins; NAN when m or n is below 2 */
    double average_precision;  /* NAN when m is 0 */
};
/** Cost: one pass over the bins.
 * @return false when all positives or all negatives together pass 2^63 - 1; `out` is then unchanged */
bool es_histogram_auroc(const struct es_histogram *h, struct es_histogram_auroc *out);

/** Exact counts at the threshold `bin`/bins: an alert is a score at or above it.
 * @param bin  0 .. bins; 0 alerts on everything, bins on nothing but what stands above all bins (nothing) */
void es_histogram_counts(const struct es_histogram *h, uint32_t bin, uint64_t *tp, uint64_t *fp, uint64_t *fn, uint64_t *tn);

#ifdef __cplusplus
}
#endif
#endif
