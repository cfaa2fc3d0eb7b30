/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/representation.h"

#include <math.h>
#include <stdlib.h>

#include "metrics/drift.h"
#include "metrics/int128.h"
#include "metrics/special.h"

/* Outcomes whose chances differ by less are equally likely: R's multinomial and binomial tests use the same. */
#define TIE 1e-7

/** Fewest k >= 0 with (x + k) / (n + k) >= target. A value within rounding of a whole number is that number. */
static bool shortfall(double x, double n, double target, uint64_t *out)
{
    const double missing = target * n - x;
    *out = 0;
    if (!(missing > 1e-9 * (n + 1.0))) return true;
    if (!(target < 1.0)) return false;
    const double k = missing / (1.0 - target);
    const double whole = ceil(k - 1e-9 * fmax(1.0, k));
    if (!(whole < 18446744073709549568.0)) return false; /* the greatest double below 2^64 */
    *out = (uint64_t)whole;
    return true;
}

static struct es_share share_of(double x, double n, double reference, double p, double alpha)
{
    struct es_share s = {.share = NAN, .ratio = NAN, .limits = {NAN, NAN}, .residual = NAN, .shortfall_reachable = true};
    if (!(reference > 0.0)) {
        if (x == 0.0 && n > 0.0) s.share = 0.0; /* nobody, and nobody expected: a share, but no ratio */
        return s;
    }
    s.shortfall_reachable = shortfall(x, n, ES_REPRESENTATION_FLOOR * reference, &s.shortfall);
    if (!(n > 0.0)) return s;
    const struct es_limits wilson = es_wilson(x, n, alpha);
    s.share = x / n;
    s.ratio = s.share / reference;
    s.limits = (struct es_limits){wilson.lo / reference, wilson.hi / reference};
    if (p < 1.0) s.residual = (x - n * p) / sqrt(n * p * (1.0 - p));
    return s;
}

static bool check(const uint64_t *x, const double *reference, uint32_t count, double *total, struct es_representation *r)
{
    *total = 0.0;
    for (uint32_t i = 0; i < count; i++) {
        if (!(reference[i] >= 0.0) || !isfinite(reference[i])) return false;
        *total += reference[i];
        uint64_t *side = reference[i] > 0.0 ? &r->n : &r->off_reference;
        if (__builtin_add_overflow(*side, x[i], side)) return false;
    }
    return *total > 0.0 && isfinite(*total);
}

bool es_representation(const uint64_t *x, const double *reference, uint32_t count, double alpha, struct es_share *shares,
                       struct es_representation *out)
{
    struct es_representation r = {.chi2 = NAN, .p = NAN, .min_expected = NAN, .p_exact = NAN, .js_distance = NAN};
    double total;
    if (!check(x, reference, count, &total, &r)) return false;
    const double n = (double)r.n;
    double chi2 = 0.0, least = INFINITY;
    uint32_t kept = 0;
    double *p = calloc(2 * (size_t)count, sizeof *p), *share = p == NULL ? NULL : p + count;
    uint64_t *inside = calloc(count, sizeof *inside);
    for (uint32_t i = 0; i < count; i++) {
        const double q = reference[i] / total;
        shares[i] = share_of((double)x[i], n, reference[i], q, alpha);
        if (!(reference[i] > 0.0)) continue;
        const double expected = n * q, off = (double)x[i] - expected;
        if (n > 0.0) chi2 += off * off / expected;
        least = fmin(least, expected);
        if (p != NULL && inside != NULL) {
            p[kept] = q;
            share[kept] = n > 0.0 ? (double)x[i] / n : 0.0;
            inside[kept] = x[i];
        }
        kept++;
    }
    r.df = kept - 1;
    r.min_expected = least;
    if (n > 0.0) {
        r.chi2 = chi2;
        r.p = kept > 1 ? es_chi2_sf(chi2, r.df) : 1.0;
        if (p != NULL && inside != NULL) {
            r.js_distance = sqrt(es_jensen_shannon(share, p, kept));
            r.p_exact = es_multinomial_p(inside, p, kept);
        }
    }
    free(p);
    free(inside);
    *out = r;
    return true;
}

uint64_t es_multinomial_outcomes(uint64_t n, uint32_t k)
{
    if (k == 0) return n == 0 ? 1 : 0;
    const uint64_t choose = n < k - 1 ? n : k - 1; /* the smaller side of C(n + k - 1, k - 1) */
    uint64_t all, value = 1;
    if (__builtin_add_overflow(n, (uint64_t)k - 1, &all)) return UINT64_MAX;
    for (uint64_t i = 1; i <= choose; i++) {
        /* value * (all - choose + i) / i is whole; the product may need 128 bits */
        const es_u128 product = (es_u128)value * (all - choose + i);
        if (product / i >= UINT64_MAX) return UINT64_MAX;
        value = (uint64_t)(product / i);
    }
    return value;
}

/** ln(p^x / x!): one group's part of an outcome's chance. */
static double part(uint64_t x, double p) { return x == 0 ? 0.0 : (double)x * log(p) - es_lgamma((double)x + 1.0); }

double es_multinomial_p(const uint64_t *x, const double *p, uint32_t k)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < k; i++)
        if (__builtin_add_overflow(n, x[i], &n)) return NAN;
    if (k == 0 || es_multinomial_outcomes(n, k) > ES_REPRESENTATION_OUTCOMES) return NAN;
    uint64_t *count = calloc(k, sizeof *count), *left = calloc((size_t)k + 1, sizeof *left);
    double *sum = calloc((size_t)k + 1, sizeof *sum), result = NAN;
    if (count != NULL && left != NULL && sum != NULL) {
        const double all = es_lgamma((double)n + 1.0);
        double seen = all;
        for (uint32_t i = 0; i < k; i++) seen += part(x[i], p[i]);
        /* an odometer: groups 0 .. k-2 turn, the last takes what is left; sums of the groups that stand still are kept */
        result = 0.0;
        left[0] = n;
        sum[0] = all;
        uint32_t turned = 0;
        for (;;) {
            for (uint32_t i = turned; i + 1 < k; i++) {
                left[i + 1] = left[i] - count[i];
                sum[i + 1] = sum[i] + part(count[i], p[i]);
            }
            const double chance = sum[k - 1] + part(left[k - 1], p[k - 1]);
            if (chance <= seen + log1p(TIE)) result += exp(chance);
            /* next: the rightmost group that can grow */
            uint32_t g = k - 1;
            while (g > 0 && count[g - 1] == left[g - 1]) count[--g] = 0;
            if (g == 0) break;
            turned = g - 1;
            count[turned]++;
        }
        result = fmin(result, 1.0);
    }
    free(count);
    free(left);
    free(sum);
    return result;
}

double es_kish(const double *weights, size_t count)
{
    double sum = 0.0, squares = 0.0, greatest = 0.0;
    for (size_t i = 0; i < count; i++) {
        if (!(weights[i] >= 0.0) || !isfinite(weights[i])) return NAN;
        greatest = fmax(greatest, weights[i]);
    }
    if (!(greatest > 0.0)) return NAN;
    for (size_t i = 0; i < count; i++) { /* scaled, so that no square leaves the range */
        const double w = weights[i] / greatest;
        sum += w;
        squares += w * w;
    }
    return sum * sum / squares;
}
