/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/measures.h"

#include <math.h>

/** n a - b c, where the parts may pass 128 bits only when rounded. */
static double minus(es_i128 n, es_i128 a, es_i128 b, es_i128 c)
{
    es_i128 first, second, out;
    if (!__builtin_mul_overflow(n, a, &first) && !__builtin_mul_overflow(b, c, &second) && !__builtin_sub_overflow(first, second, &out))
        return (double)out;
    return (double)n * (double)a - (double)b * (double)c;
}

double es_mean_value(const struct es_mean_sums *m, const struct es_scale *scale)
{
    return m->n == 0 ? (double)NAN : scale->origin + scale->step * ((double)m->k / (double)m->n);
}

/** sum (s_i - a n_i)(t_i - b u_i) with a, b near the means on the grid: whole numbers are taken off exactly first, so that what is
 * rounded is small. */
static double centred(es_i128 st, es_i128 su, es_i128 nt, es_i128 nu, double a, double b)
{
    const es_i128 ia = (es_i128)llrint(a), ib = (es_i128)llrint(b);
    const double ra = a - (double)ia, rb = b - (double)ib;
    es_i128 p, q, r, rest;
    double whole;
    if (!__builtin_mul_overflow(ib, su, &p) && !__builtin_mul_overflow(ia, nt, &q) && !__builtin_mul_overflow(ia, ib, &r) &&
        !__builtin_mul_overflow(r, nu, &r) && !__builtin_sub_overflow(st, p, &rest) && !__builtin_sub_overflow(rest, q, &rest) &&
        !__builtin_add_overflow(rest, r, &rest))
        whole = (double)rest;
    else
        whole = (double)st - (double)ib * (double)su - (double)ia * (double)nt + (double)ia * (double)ib * (double)nu;
    const double left = minus(1, su, ia, nu), right = minus(1, nt, ib, nu); /* sum (s - ia n) u, sum n (t - ib u) */
    return whole - rb * left - ra * right + ra * rb * (double)nu;
}

double es_mean_spread(const struct es_mean_sums *m, const struct es_scale *scale)
{
    if (m->n == 0) return (double)NAN;
    const double n = (double)m->n, mean = (double)m->k / n;
    return fmax(0, centred(m->kk, m->kn, m->kn, m->nn, mean, mean)) * (scale->step / n) * (scale->step / n);
}

double es_mean_cross(const struct es_measured *m, unsigned q)
{
    const struct es_mean_sums *g = &m->group[q], *r = &m->rest[q];
    const struct es_mean_joint *j = &m->joint[q];
    if (g->n == 0 || r->n == 0) return (double)NAN;
    const double own = (double)g->k / (double)g->n, other = (double)r->k / (double)r->n, step = m->scale[q].step;
    return centred(j->kk, j->kn, j->nk, j->nn, own, other) * (step / (double)g->n) * (step / (double)r->n);
}

struct es_pair_moments es_pair_moments_of(const struct es_pair_sums *p)
{
    const double none = (double)NAN;
    if (p->n == 0) return (struct es_pair_moments){0, none, none, none, none, none};
    const double n = (double)p->n, unit = p->step / n, square = unit * unit;
    const es_i128 count = (es_i128)p->n, d = p->x - p->y, dd = p->xx - 2 * p->xy + p->yy;
    return (struct es_pair_moments){.n = n, .shift = (double)d * unit, .xx = fmax(0, minus(count, p->xx, p->x, p->x)) * square,
                                    .yy = fmax(0, minus(count, p->yy, p->y, p->y)) * square, .xy = minus(count, p->xy, p->x, p->y) * square,
                                    .dd = fmax(0, minus(count, dd, d, d)) * square};
}
