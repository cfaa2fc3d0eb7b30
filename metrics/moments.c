/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/moments.h"

#include <math.h>

#include "metrics/special.h"

bool es_moments_add(struct es_moments *m, double d)
{
    if (!(fabs(d) <= ES_MOMENTS_LIMIT) || m->n == UINT64_MAX) return false;
    (void)es_exact_sum_add(&m->sum, d);
    (void)es_exact_sum_add(&m->magnitude, fabs(d));
    (void)es_exact_product_add(&m->square, d, d);
    d += 0.0; /* -0 becomes 0 */
    if (m->n == 0 || d < m->min) m->min = d;
    if (m->n == 0 || d > m->max) m->max = d;
    m->n++;
    return true;
}

bool es_moments_merge(struct es_moments *into, const struct es_moments *from)
{
    uint64_t n;
    if (__builtin_add_overflow(into->n, from->n, &n)) return false;
    es_exact_sum_merge(&into->sum, &from->sum);
    es_exact_sum_merge(&into->magnitude, &from->magnitude);
    es_exact_product_merge(&into->square, &from->square);
    if (from->n > 0) {
        if (into->n == 0 || from->min < into->min) into->min = from->min;
        if (into->n == 0 || from->max > into->max) into->max = from->max;
    }
    into->n = n;
    return true;
}

struct es_error_summary es_moments_summary(const struct es_moments *m, double alpha)
{
    struct es_error_summary s = {.n = m->n, .mean = NAN, .m2 = 0.0, .variance = NAN, .sd = NAN, .mae = NAN, .rmse = NAN,
                                 .min = NAN, .max = NAN, .lo = NAN, .hi = NAN};
    if (m->n == 0) return s;
    const double n = (double)m->n;
    s.mean = es_exact_sum_value(&m->sum) / n;
    s.mae = es_exact_sum_value(&m->magnitude) / n;
    s.rmse = es_exact_product_root(&m->square, n);
    s.min = m->min;
    s.max = m->max;
    s.m2 = es_exact_moment(&m->sum, &m->sum, &m->square, m->n);
    if (m->n < 2) return s;
    s.variance = s.m2 / (n - 1.0);
    s.sd = es_exact_deviation(&m->sum, &m->square, m->n);
    const double half = es_t_isf(alpha / 2.0, n - 1.0) * s.sd / sqrt(n);
    s.lo = s.mean - half;
    s.hi = s.mean + half;
    return s;
}

struct es_welch es_welch(const struct es_moments *a, const struct es_moments *b, double alpha)
{
    struct es_welch w = {.difference = NAN, .se = NAN, .t = NAN, .df = NAN, .p = NAN, .lo = NAN, .hi = NAN};
    const struct es_error_summary sa = es_moments_summary(a, alpha), sb = es_moments_summary(b, alpha);
    if (sa.n == 0 || sb.n == 0) return w;
    w.difference = sa.mean - sb.mean;
    if (sa.n < 2 || sb.n < 2) return w;
    const double sea = sa.sd / sqrt((double)sa.n), seb = sb.sd / sqrt((double)sb.n);
    w.se = hypot(sea, seb);
    if (!(w.se > 0.0)) return w;
    /* shares of the variance, so that tiny or huge variances do not leave the range when squared */
    const double fa = (sea / w.se) * (sea / w.se), fb = (seb / w.se) * (seb / w.se);
    w.t = w.difference / w.se;
    w.df = 1.0 / (fa * fa / ((double)sa.n - 1.0) + fb * fb / ((double)sb.n - 1.0));
    w.p = 2.0 * es_t_sf(fabs(w.t), w.df);
    const double half = es_t_isf(alpha / 2.0, w.df) * w.se;
    w.lo = w.difference - half;
    w.hi = w.difference + half;
    return w;
}
