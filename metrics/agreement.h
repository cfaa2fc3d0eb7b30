/* SPDX-License-Identifier: Apache-2.0 */
/** @file agreement.h
 * Do two ways of measuring agree: limits of agreement, concordance and intraclass correlation (METRICS C2).
 *
 * - Limits of agreement bias -+ z sd, se(limit) = sd sqrt(1/n + z^2 / (2 (n-1))), t_{n-1}: Bland, Altman, Stat Methods Med
 *   Res 8:135-160 (1999), DOI 10.1177/096228029900800204. The form sd sqrt(3/n) of Lancet 327:307 (1986),
 *   DOI 10.1016/S0140-6736(86)90837-8, is given for comparison only.
 * - CCC with 1/n moments and Fisher-z interval: Lin, Biometrics 45:255 (1989), DOI 10.2307/2532051, erratum 56:324 (2000).
 * - ICC(2,1) absolute agreement and ICC(3,1) consistency, two raters: McGraw, Wong, Psychol Methods 1:30 (1996),
 *   DOI 10.1037/1082-989X.1.1.30.
 * State is exact sums: merging in any order gives the same bits.
 */
#ifndef ES_METRICS_AGREEMENT_H
#define ES_METRICS_AGREEMENT_H

#include "metrics/moments.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Gathered pairs. `{0}` is empty. */
struct es_agreement {
    struct es_moments x, y;      /* AI, reference */
    struct es_moments d;         /* x - y, as a double */
    struct es_exact_product xy;
};

/** Add one pair.
 * @return false when x, y or x - y is not a finite number within ES_MOMENTS_LIMIT; nothing is then changed */
bool es_agreement_add(struct es_agreement *a, double x, double y);
/** @return false when n would pass UINT64_MAX; `into` is then unchanged */
bool es_agreement_merge(struct es_agreement *into, const struct es_agreement *from);

/** A value with its limits; NAN where undefined. */
struct es_bounded {
    double value, lo, hi;
};

struct es_agreement_summary {
    uint64_t n;
    struct es_bounded bias;        /* mean of x - y, t interval */
    double sd;                    /* of x - y; NAN when n < 2, and the limits with it */
    struct es_bounded lower;       /* bias - z sd, 1999 interval */
    struct es_bounded upper;       /* bias + z sd */
    double lower_1986[2], upper_1986[2]; /* intervals with the 1986 form */
    struct es_bounded ccc;         /* NAN when both are constant; limits NAN when |ccc| = 1, one is constant or n < 3 */
    struct es_bounded icc31, icc21;/* NAN when n < 2 or nothing varies; limits NAN when the error mean square is 0 */
};
/** @param alpha  two-sided, in (0,1); z and t quantiles follow it */
struct es_agreement_summary es_agreement_summary(const struct es_agreement *a, double alpha);

/** ICC(2,1) of two raters from the mean squares of rows, error and columns, n subjects of one pair each; limits at two-sided alpha. */
struct es_bounded es_icc_agreement(double n, double msr, double mse, double msc, double alpha);

#ifdef __cplusplus
}
#endif
#endif
