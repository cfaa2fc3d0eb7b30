/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/agreement.h"

#include <math.h>

#include "metrics/special.h"

static const struct es_bounded none = {NAN, NAN, NAN};

bool es_agreement_add(struct es_agreement *a, double x, double y)
{
    const double d = x - y;
    if (!(fabs(x) <= ES_MOMENTS_LIMIT) || !(fabs(y) <= ES_MOMENTS_LIMIT) || !(fabs(d) <= ES_MOMENTS_LIMIT)) return false;
    if (a->d.n == UINT64_MAX) return false;
    (void)es_moments_add(&a->x, x);
    (void)es_moments_add(&a->y, y);
    (void)es_moments_add(&a->d, d);
    (void)es_exact_product_add(&a->xy, x, y);
    return true;
}

bool es_agreement_merge(struct es_agreement *into, const struct es_agreement *from)
{
    uint64_t n;
    if (__builtin_add_overflow(into->d.n, from->d.n, &n)) return false;
    (void)es_moments_merge(&into->x, &from->x); /* the same n in all three */
    (void)es_moments_merge(&into->y, &from->y);
    (void)es_moments_merge(&into->d, &from->d);
    es_exact_product_merge(&into->xy, &from->xy);
    return true;
}

static struct es_bounded around(double value, double half) { return (struct es_bounded){value, value - half, value + half}; }

/** Quantile of F(d1, d2) with upper tail p, through the incomplete beta: F = (d2/d1) c/b, where b = d2 / (d2 + d1 F) and
 * c = 1 - b come from a quantile each, so that neither end loses its digits. Infinite when b is below the range. */
static double f_isf(double p, double d1, double d2)
{
    const double b = es_beta_ppf(p, d2 / 2.0, d1 / 2.0), c = es_beta_ppf(1.0 - p, d1 / 2.0, d2 / 2.0);
    return (d2 / d1) * c / b;
}

/** Lin's concordance with the variance of its Fisher z. */
static struct es_bounded concordance(double n, double sxx, double syy, double sxy, double shift, double z)
{
    if (!(sxx > 0.0) && !(syy > 0.0)) return none;
    const double below = sxx + syy + shift * shift;
    const double c = 2.0 * sxy / below;
    struct es_bounded out = {c, NAN, NAN};
    if (n < 3.0 || !(fabs(c) < 1.0) || !(sxx > 0.0) || !(syy > 0.0)) return out;
    /* Lin's variance with c = r b, so that nothing is divided by r: b is the bias correction factor, u2 the scaled shift */
    const double spread = sqrt(sxx) * sqrt(syy);
    const double r = sxy / spread, b = 2.0 * spread / below, u2 = shift * shift / spread;
    const double v = ((1.0 - r * r) * b * b * (1.0 - c * c) + 2.0 * c * c * b * (1.0 - c) * u2 - 0.5 * c * c * b * b * u2 * u2) /
                     (n - 2.0);
    if (!(v >= 0.0)) return out;
    const double half = z * sqrt(v) / (1.0 - c * c);
    out.lo = tanh(atanh(c) - half);
    out.hi = tanh(atanh(c) + half);
    return out;
}

/** ICC(3,1) for two raters: (MSR - MSE) / (MSR + MSE). */
static struct es_bounded consistency(double n, double msr, double mse, double alpha)
{
    if (!(msr + mse > 0.0)) return none;
    struct es_bounded out = {(msr - mse) / (msr + mse), NAN, NAN};
    if (!(mse > 0.0)) return out;
    const double f = msr / mse, q = f_isf(alpha / 2.0, n - 1.0, n - 1.0);
    out.lo = (f / q - 1.0) / (f / q + 1.0);
    out.hi = (f * q - 1.0) / (f * q + 1.0);
    return out;
}

/** ICC(2,1) for two raters, k = 2; the interval's degrees of freedom after Satterthwaite as in McGraw and Wong, table 7. */
struct es_bounded es_icc_agreement(double n, double msr, double mse, double msc, double alpha)
{
    const double below = msr + mse + 2.0 * (msc - mse) / n;
    if (!(below != 0.0)) return none;
    const double icc = (msr - mse) / below;
    struct es_bounded out = {icc, NAN, NAN};
    if (!(mse > 0.0)) return out;
    const double k = 2.0, fj = msc / mse;
    const double tail = n * (1.0 + (k - 1.0) * icc) - k * icc;
    const double over = (k - 1.0) * (n - 1.0) * (k * icc * fj + tail) * (k * icc * fj + tail);
    const double under = (n - 1.0) * k * k * icc * icc * fj * fj + tail * tail;
    const double df = over / under;
    if (!(df > 0.0)) return out;
    const double fl = f_isf(alpha / 2.0, n - 1.0, df), fu = f_isf(alpha / 2.0, df, n - 1.0);
    const double mixed = k * msc + (k * n - k - n) * mse;
    /* few degrees of freedom take the quantiles out of range: the limits then tend to these */
    out.lo = isinf(fl) ? -n * mse / mixed : n * (msr - fl * mse) / (fl * mixed + n * msr);
    out.hi = isinf(fu) ? 1.0 : n * (fu * msr - mse) / (mixed + n * fu * msr);
    return out;
}

struct es_agreement_summary es_agreement_summary(const struct es_agreement *a, double alpha)
{
    const struct es_error_summary d = es_moments_summary(&a->d, alpha);
    struct es_agreement_summary s = {.n = d.n, .bias = {d.mean, d.lo, d.hi}, .sd = d.sd, .lower = none, .upper = none,
                                     .lower_1986 = {NAN, NAN}, .upper_1986 = {NAN, NAN}, .ccc = none, .icc31 = none,
                                     .icc21 = none};
    if (d.n == 0) return s;
    const double n = (double)d.n, z = es_norm_isf(alpha / 2.0);
    const double mxx = es_exact_moment(&a->x.sum, &a->x.sum, &a->x.square, d.n);
    const double myy = es_exact_moment(&a->y.sum, &a->y.sum, &a->y.square, d.n);
    const double mxy = es_exact_moment(&a->x.sum, &a->y.sum, &a->xy, d.n);
    s.ccc = concordance(n, mxx / n, myy / n, mxy / n, d.mean, z);
    if (d.n < 2) return s;

    const double t = es_t_isf(alpha / 2.0, n - 1.0);
    const double se = d.sd * sqrt(1.0 / n + z * z / (2.0 * (n - 1.0))), se_1986 = d.sd * sqrt(3.0 / n);
    s.lower = around(d.mean - z * d.sd, t * se);
    s.upper = around(d.mean + z * d.sd, t * se);
    s.lower_1986[0] = s.lower.value - t * se_1986;
    s.lower_1986[1] = s.lower.value + t * se_1986;
    s.upper_1986[0] = s.upper.value - t * se_1986;
    s.upper_1986[1] = s.upper.value + t * se_1986;

    /* two raters: the mean squares of rows, error and columns in terms of the centred moments */
    const double msr = (mxx + myy + 2.0 * mxy) / (2.0 * (n - 1.0));
    const double mse = d.m2 / (2.0 * (n - 1.0));
    const double msc = n * d.mean * d.mean / 2.0;
    s.icc31 = consistency(n, msr, mse, alpha);
    s.icc21 = es_icc_agreement(n, msr, mse, msc, alpha);
    return s;
}
