/* SPDX-License-Identifier: Apache-2.0 */
/* Simultaneous limits of the range of several rates. */
#include <math.h>

#include "metrics/fairness.h"
#include "metrics/special.h"

static const struct es_limits none = {(double)NAN, (double)NAN};

/** Alpha of each of the pairs. */
static double share(double alpha, size_t count)
{
    return alpha / ((double)count * ((double)count - 1) / 2);
}

/** A pair's limits, and the same seen from the other group, into those of the greatest difference. */
static void widest(struct es_limits *range, struct es_limits pair)
{
    range->lo = fmax(range->lo, fmax(pair.lo, -pair.hi));
    range->hi = fmax(range->hi, fmax(pair.hi, -pair.lo));
}

static bool usable(const double *p, const double *n, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!(p[i] >= 0 && p[i] <= 1) || !(n[i] > 0) || !isfinite(n[i])) return false;
    return count >= 2;
}

bool es_fair_range_limits(const double *p, const double *n, size_t count, double alpha, struct es_limits *difference,
                          struct es_limits *ratio)
{
    *difference = *ratio = none;
    if (!usable(p, n, count)) return false;
    const double own = share(alpha, count);
    struct es_limits gap = {0, 0}, least = {1, 1};
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++) {
            const struct es_two_by_two t = {p[i] * n[i], n[i], p[j] * n[j], n[j]};
            if (i < j) widest(&gap, es_miettinen_nurminen(&t, own));
            if (i == j || isnan(least.lo)) continue;
            const struct es_limits r = es_koopman(&t, own, false);
            if (isnan(r.lo) || isnan(r.hi) || (p[i] == 0 && p[j] == 0)) least = none; /* nothing over nothing */
            else least = (struct es_limits){fmin(least.lo, r.lo), fmin(least.hi, r.hi)};
        }
    *difference = gap;
    *ratio = least;
    return true;
}

bool es_fair_range_normal(const double *mean, const double *se, size_t count, double alpha, struct es_limits *difference)
{
    *difference = none;
    if (count < 2) return false;
    for (size_t i = 0; i < count; i++)
        if (!isfinite(mean[i]) || !(se[i] > 0)) return false;
    const double z = es_norm_isf(share(alpha, count) / 2);
    struct es_limits gap = {0, 0};
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++) {
            const double d = mean[i] - mean[j], half = z * hypot(se[i], se[j]);
            widest(&gap, (struct es_limits){d - half, d + half});
        }
    *difference = gap;
    return true;
}
