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

/** (p1h - r p2h - z sqrt(v)) / (1 + r) at r = exp(log_ratio): sign of the score statistic less z, bounded. */
static double inverted(double log_ratio, const void *context)
{
    const struct inversion *i = context;
    const struct es_two_by_two *t = i->table;
    const double r = exp(log_ratio), n = t->n1 + t->n2;
    /* Restricted p2: smaller root of n r p^2 - (r (n1 + x2) + x1 + n2) p + x1 + x2 = 0 (Koopman 1984). */
    const double b = r * (t->n1 + t->x2) + t->x1 + t->n2, c = t->x1 + t->x2;
    const double p2 = 2 * c / (b + sqrt(fmax(0, b * b - 4 * n * r * c))), p1 = fmin(1, r * p2);
    const double v = p1 * (1 - p1) / t->n1 + r * r * p2 * (1 - fmin(1, p2)) / t->n2;
    const double scale = i->bias && n > 1 ? n / (n - 1) : 1;
    const double f = (t->x1 / t->n1 - r * t->x2 / t->n2 - i->z * sqrt(fmax(0, v * scale))) / (1 + r);
    return f != 0 ? f : copysign(DBL_MIN, -i->z); /* the estimate itself lies inside */
}

struct es_limits es_koopman(const struct es_two_by_two *t, double alpha, bool bias)
{
    if (!valid(t, alpha)) return no_limits;
    const double z = es_norm_isf(alpha / 2), ratio = es_ratio(t), far = 345; /* exp(345)^2 is still finite */
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
