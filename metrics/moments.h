/* SPDX-License-Identifier: Apache-2.0 */
/** @file moments.h
 * How far a measurement is off: bias, spread, mean absolute and root mean square error (METRICS C1), and the difference of
 * two groups' biases (Welch, METRICS C2).
 *
 * d = AI - reference. The state holds exact sums (exact_sum.h), so merging shards in any order gives the same bits, and an
 * offset of 1e6 costs no digit of the variance. Welch, Biometrika 34:28-35 (1947), DOI 10.1093/biomet/34.1-2.28.
 */
#ifndef ES_METRICS_MOMENTS_H
#define ES_METRICS_MOMENTS_H

#include "metrics/exact_sum.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Differences beyond this are refused: their squares would leave the range of a double. */
#define ES_MOMENTS_LIMIT 1e150

/** Gathered differences. `{0}` is empty; copy freely. */
struct es_moments {
    uint64_t n;
    struct es_exact_sum sum;        /* of d */
    struct es_exact_sum magnitude;  /* of |d| */
    struct es_exact_product square; /* of d^2 */
    double min, max;                /* meaningful when n > 0 */
};

/** Add one difference.
 * @return false when d is NaN or beyond ES_MOMENTS_LIMIT, or n is full; nothing is then changed */
bool es_moments_add(struct es_moments *m, double d);
/** Add `from` into `into`, as if its differences had been added one by one.
 * @return false when n would pass UINT64_MAX; `into` is then unchanged */
bool es_moments_merge(struct es_moments *into, const struct es_moments *from);

/** What the differences say. NAN where undefined: all for n = 0 (m2 is then 0), variance, sd and interval for n = 1. */
struct es_error_summary {
    uint64_t n;
    double mean, m2;       /* bias; sum of squared deviations from it */
    double variance, sd;   /* divisor n - 1 */
    double mae, rmse;
    double min, max;
    double lo, hi;         /* mean -+ t_{n-1} sd / sqrt(n) */
};
/** @param alpha  two-sided, in (0,1) */
struct es_error_summary es_moments_summary(const struct es_moments *m, double alpha);

/** Difference of two independent means, unequal variances. */
struct es_welch {
    double difference; /* mean of a - mean of b; NAN when either is empty */
    double se, t, df;  /* df: Welch-Satterthwaite; NAN when either n < 2 or both variances are 0 */
    double p;          /* two-sided */
    double lo, hi;
};
struct es_welch es_welch(const struct es_moments *a, const struct es_moments *b, double alpha);

#ifdef __cplusplus
}
#endif
#endif
