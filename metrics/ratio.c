/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>

#include "metrics/proportion.h"
#include "metrics/root.h"
#include "metrics/special.h"

static const struct es_limits no_limits = {(double)NAN, (double)NAN};

static bool valid(const struct es_two_by_two *t, double alpha)
{
    return t->n1 > 0 && t->n2 > 0 && t->x1 >= 0 && t->x1 <= t->n1 && t->x2 >= 0 && t->x2 <= t->n2 && alpha > 0 && alpha < 1;
}

double es_ratio(const struct es_two_by_two *t)
{
    if (!valid(t, 0.5) || (t->x1 == 0 && t->x2 == 0)) return NAN;
    return t->x2 == 0 ? (double)INFINITY : (t->x1 / t->n1) / (t->x2 / t->n2);
}

struct inversion {
    const struct es_two_by_two *table;
    double z; /* > 0: lower limit, < 0: upper limit */
    bool bias;
};

/** 1 - rate / (b + root), when (b - rate)^2 = root^2 - 2 rate rest: one less a restricted rate, without cancellation. */
static double complement(double b, double root, double rate, double rest)
{
    const double gap = b - rate;
    return fmax(0, gap >= 0 ? (gap + root) / (b + root) : 2 * (rate / (root - gap)) * (rest / (b + root)));
}

/** (p1h - r p2h - z sqrt(v)) / (1 + r) at r = exp(log_ratio): sign of the score statistic less z, bounded. */
static double inverted(double log_ratio, const void *context)
{
    const struct inversion *i = context;
    const struct es_two_by_two *t = i->table;
    const double r = exp(log_ratio), n = t->n1 + t->n2, y1 = t->n1 - t->x1, y2 = t->n2 - t->x2;
    /* Restricted p2: smaller root of n r p^2 - (r (n1 + x2) + x1 + n2) p + x1 + x2 = 0 (Koopman 1984). Its discriminant is
     * (r (n1 + x2) - x1 - n2)^2 + 4 r y1 y2, a sum, and does not overflow as long as r does not. */
    const double left = r * (t->n1 + t->x2), right = t->x1 + t->n2, b = left + right, c = t->x1 + t->x2;
    const double root = hypot(left - right, 2 * sqrt(r) * sqrt(y1) * sqrt(y2));
    const double p2 = fmin(1, 2 * c / (b + root)), p1 = fmin(1, r * p2);
    const double q1 = complement(b, root, 2 * c * r, (r - 1) * y1), q2 = complement(b, root, 2 * c, (1 - r) * y2);
    const double v = p1 * q1 / t->n1 + r * p1 * q2 / t->n2, scale = i->bias && n > 1 ? n / (n - 1) : 1;
    const double f = (t->x1 / t->n1 - r * t->x2 / t->n2 - i->z * sqrt(v * scale)) / (1 + r);
    return f != 0 ? f : copysign(DBL_MIN, -i->z); /* the estimate itself lies inside */
}

struct es_limits es_koopman(const struct es_two_by_two *t, double alpha, bool bias)
{
    if (!valid(t, alpha)) return no_limits;
    const double z = es_norm_isf(alpha / 2), ratio = es_ratio(t), far = 345; /* exp(345) times any counts is finite */
    const double start = ratio > 0 && ratio < (double)INFINITY ? log(ratio) : 0;
    const struct inversion lower = {t, z, bias}, upper = {t, -z, bias};
    struct es_limits out = {0, (double)INFINITY};
    if (t->x1 > 0) out.lo = exp(es_root(inverted, &lower, -far, t->x2 > 0 ? start : far, 1e-13));
    if (t->x2 > 0) out.hi = exp(es_root(inverted, &upper, t->x1 > 0 ? start : -far, far, 1e-13));
    return out;
}

static struct es_limits log_interval(double x1, double n1, double x2, double n2, double alpha)
{
    const double log_ratio = log(x1 / n1 / (x2 / n2));
    const double half = es_norm_isf(alpha / 2) * sqrt(fmax(0, 1 / x1 - 1 / n1 + 1 / x2 - 1 / n2));
    return (struct es_limits){exp(log_ratio - half), exp(log_ratio + half)};
}

struct es_limits es_katz(const struct es_two_by_two *t, double alpha)
{
    if (!valid(t, alpha) || t->x1 == 0 || t->x2 == 0) return no_limits;
    return log_interval(t->x1, t->n1, t->x2, t->n2, alpha);
}

struct es_limits es_katz_adjusted(const struct es_two_by_two *t, double alpha)
{
    if (!valid(t, alpha)) return no_limits;
    return log_interval(t->x1 + 0.5, t->n1 + 0.5, t->x2 + 0.5, t->n2 + 0.5, alpha);
}
