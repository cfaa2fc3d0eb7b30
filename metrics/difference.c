/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>

#include "metrics/proportion.h"
#include "metrics/root.h"
#include "metrics/special.h"

/* Everything below is for d >= 0; d < 0 is the same table with its arms exchanged. With p2 = t and p1 = d + t the unknown t
 * runs over [0, w], w = 1 - d, and each of p2, 1 - p2, p1, 1 - p1 = w - t keeps its digits. */

static const struct es_limits no_limits = {(double)NAN, (double)NAN};

static bool valid(const struct es_two_by_two *t)
{
    return t->n1 > 0 && t->n2 > 0 && t->x1 >= 0 && t->x1 <= t->n1 && t->x2 >= 0 && t->x2 <= t->n2;
}

/** Score equation times t (w - t): no poles inside, same sign. `slope` is its derivative. */
static double score(const struct es_two_by_two *k, double d, double w, double t, double *slope)
{
    const double y1 = k->n1 - k->x1, y2 = k->n2 - k->x2, left = d + t, right = 1 - t, u = t * (w - t), du = w - 2 * t;
    const double a = left > 0 ? k->x1 / left : 0, b = y2 / right; /* left is 0 only at d = t = 0, where es_score_z never asks */
    *slope = (a - b) * du - u * (a / (left > 0 ? left : 1) + b / right) - y1 - k->x2;
    return (a - b) * u + k->x2 * (w - t) - y1 * t;
}

/** Starting value: trigonometric root of the cubic (Miettinen and Nurminen 1985, appendix). */
static double cubic(const struct es_two_by_two *k, double d)
{
    const double n = k->n1 + k->n2, x = k->x1 + k->x2;
    const double l2 = (k->n1 + 2 * k->n2) * d - n - x, l1 = (k->n2 * d - n - 2 * k->x2) * d + x, l0 = k->x2 * d * (1 - d);
    const double c = l2 / (3 * n), q = c * c * c - l1 * l2 / (6 * n * n) + l0 / (2 * n);
    const double p = copysign(sqrt(fmax(0, c * c - l1 / (3 * n))), q);
    if (p == 0) return -c;
    const double angle = (M_PI + acos(fmin(1, fmax(-1, q / (p * p * p))))) / 3;
    return 2 * p * cos(angle) - c;
}

/** t at the restricted maximum, d in [0, 1]. */
static double restricted(const struct es_two_by_two *k, double d)
{
    const double w = 1 - d;
    double slope;
    if (d == 0) return (k->x1 + k->x2) / (k->n1 + k->n2);
    if (w <= 0) return 0;
    /* The likelihood is concave: at an end where no count repels, its slope tells whether the maximum is there. */
    if (k->x2 == 0 && k->x1 / d - (k->n1 - k->x1) / w - k->n2 <= 0) return 0;
    if (k->n1 == k->x1 && k->x1 - (k->n2 - k->x2) / d + k->x2 / w >= 0) return w;
    double lo = 0, hi = w, t = cubic(k, d);
    if (!(t > lo && t < hi)) t = 0.5 * w;
    for (int step = 0; step < 80; step++) {
        const double f = score(k, d, w, t, &slope);
        if (f == 0) break;
        if (f > 0)
            lo = t;
        else
            hi = t;
        double next = t - f / slope;
        if (!(next > lo && next < hi)) next = 0.5 * (lo + hi);
        const double moved = fabs(next - t);
        t = next;
        if (moved <= 2e-16 * fmin(t, w - t) || hi - lo <= 1e-16 * lo) break;
    }
    return t;
}

/** Restricted variance at d in [0, 1] (METRICS A3). Where most cases are events it is made of the complements, which are rates of
 * the same kind with the arms exchanged: near 1 a rate has lost the digits of its complement. */
static double variance(const struct es_two_by_two *k, double d, bool bias)
{
    const double n = k->n1 + k->n2;
    const bool high = k->x1 + k->x2 > 0.5 * n;
    const struct es_two_by_two flipped = {k->n2 - k->x2, k->n2, k->n1 - k->x1, k->n1}, *of = high ? &flipped : k;
    const double t = restricted(of, d), v = (d + t) * (1 - d - t) / of->n1 + t * (1 - t) / of->n2;
    return fmax(0, bias && n > 1 ? v * n / (n - 1) : v);
}

static struct es_two_by_two exchanged(const struct es_two_by_two *t)
{
    return (struct es_two_by_two){t->x2, t->n2, t->x1, t->n1};
}

static double variance_at(const struct es_two_by_two *t, double d, bool bias)
{
    if (d >= 0) return variance(t, d, bias);
    const struct es_two_by_two swapped = exchanged(t);
    return variance(&swapped, -d, bias);
}

void es_restricted_rates(const struct es_two_by_two *t, double d, double *p1, double *p2)
{
    *p1 = *p2 = NAN;
    if (!valid(t) || !(fabs(d) <= 1)) return;
    const struct es_two_by_two swapped = exchanged(t);
    const double low = restricted(d >= 0 ? t : &swapped, fabs(d));
    *p1 = d >= 0 ? d + low : low;
    *p2 = d >= 0 ? low : low - d;
}

double es_score_z(const struct es_two_by_two *t, double d, bool bias)
{
    if (!valid(t) || !(fabs(d) <= 1)) return NAN;
    const double gap = t->x1 / t->n1 - t->x2 / t->n2 - d;
    return gap == 0 ? 0 : gap / sqrt(variance_at(t, d, bias));
}

struct inversion {
    const struct es_two_by_two *table;
    double gap, z; /* z > 0: lower limit, z < 0: upper limit */
    bool bias;
};

static double inverted(double d, const void *context)
{
    const struct inversion *i = context;
    const double f = i->gap - d - i->z * sqrt(variance_at(i->table, d, i->bias));
    /* At the estimate itself both terms may vanish (0/n, n/n): that end lies inside the interval, it is not the limit. */
    return f != 0 ? f : copysign(DBL_MIN, -i->z);
}

static struct es_limits score_interval(const struct es_two_by_two *t, double alpha, bool bias)
{
    if (!valid(t) || !(alpha > 0 && alpha < 1)) return no_limits;
    const double z = es_norm_isf(alpha / 2), gap = t->x1 / t->n1 - t->x2 / t->n2;
    const struct inversion lower = {t, gap, z, bias}, upper = {t, gap, -z, bias};
    return (struct es_limits){gap <= -1 ? -1 : es_root(inverted, &lower, -1, gap, 1e-13),
                              gap >= 1 ? 1 : es_root(inverted, &upper, gap, 1, 1e-13)};
}

struct es_limits es_miettinen_nurminen(const struct es_two_by_two *t, double alpha)
{
    return score_interval(t, alpha, true);
}

struct es_limits es_mee(const struct es_two_by_two *t, double alpha)
{
    return score_interval(t, alpha, false);
}

struct es_limits es_newcombe(const struct es_two_by_two *t, double alpha)
{
    const struct es_limits a = es_wilson(t->x1, t->n1, alpha), b = es_wilson(t->x2, t->n2, alpha);
    const double p1 = t->x1 / t->n1, p2 = t->x2 / t->n2;
    return (struct es_limits){p1 - p2 - hypot(p1 - a.lo, b.hi - p2), p1 - p2 + hypot(a.hi - p1, p2 - b.lo)};
}

struct es_limits es_wald(const struct es_two_by_two *t, double alpha)
{
    if (!valid(t) || !(alpha > 0 && alpha < 1)) return no_limits;
    const double p1 = t->x1 / t->n1, p2 = t->x2 / t->n2;
    const double half = es_norm_isf(alpha / 2) * sqrt(p1 * (1 - p1) / t->n1 + p2 * (1 - p2) / t->n2);
    return (struct es_limits){p1 - p2 - half, p1 - p2 + half};
}
