/* SPDX-License-Identifier: Apache-2.0 */
/** @file bootstrap.h
 * Cluster bootstrap of a ratio with Poisson(1) weights from a counter-based generator (METRICS A5, I2).
 *
 * Patient i has weight w_ib in replicate b, a function of (seed, stream, patient, b) alone: word 0 of
 * philox((patient, b, 0, 0), (seed, stream)) against es_poisson_thresholds. So patients may come in any order and from any
 * shard, as long as one patient's units are not split between adds, and only two sums a replicate are kept.
 * Oza, Russell, AISTATS 2001; Chamandy and others, "Estimating uncertainty for massive data streams", Google 2012.
 */
#ifndef ES_METRICS_BOOTSTRAP_H
#define ES_METRICS_BOOTSTRAP_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ES_BOOTSTRAP_REPLICATES 999 /* the default number of replicates */

/** Running sums. The arrays are the caller's, `replicates` long each, zeroed by him at the start. */
struct es_bootstrap {
    uint64_t seed, stream;
    uint32_t replicates;
    uint64_t *x, *n;  /* sum of w x and of w n by replicate */
    uint64_t ceiling; /* no sum above can be larger than this */
};

/** Weight of a patient in a replicate. */
uint32_t es_bootstrap_weight(const struct es_bootstrap *b, uint64_t patient, uint32_t replicate);
/** Add one patient with x events in n units.
 * @return false when a sum could overflow; nothing is then changed */
bool es_bootstrap_add(struct es_bootstrap *b, uint64_t patient, uint64_t x, uint64_t n);
/** Add the sums of other patients.
 * @return false when seed, stream or replicates differ or a sum could overflow; `into` is then unchanged */
bool es_bootstrap_merge(struct es_bootstrap *into, const struct es_bootstrap *from);

struct es_bootstrap_summary {
    uint32_t usable; /* replicates whose weighted denominator is not 0 */
    double se;       /* standard deviation of the usable replicates, divisor usable - 1; NAN below 2 */
    double lo, hi;   /* percentile limits, type-7 quantiles; NAN when none is usable */
};
/** @param alpha    two-sided, in (0,1)
 * @param scratch  `replicates` doubles, written: the usable values in ascending order */
struct es_bootstrap_summary es_bootstrap_summary(const struct es_bootstrap *b, double alpha, double *scratch);

/** Type-7 quantile (Hyndman, Fan, Am Stat 50:361 (1996)) of n sorted numbers: linear between order statistics.
 * @param p  in [0,1]
 * @return NAN when n is 0 */
double es_quantile_sorted(const double *sorted, uint64_t n, double p);
/** Sort doubles in ascending order, in place; no NaN among them. */
void es_sort_doubles(double *values, uint64_t n);

#ifdef __cplusplus
}
#endif
#endif
