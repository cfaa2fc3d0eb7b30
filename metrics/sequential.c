/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/sequential.h"

#include <math.h>

#include "metrics/root.h"
#include "metrics/special.h"

/** Past this the Stirling series below is good to 1e-16. */
#define STIRLING_FROM 12.0

/** ln Gamma(x) - [(x - 1/2) ln x - x + ln(2 pi)/2]: DLMF 5.11.1. */
static double stirling_rest(double x)
{
    static const double term[] = {1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360360, 1.0 / 156};
    const double x2 = x * x;
    double sum = 0.0, power = x;
    for (size_t i = 0; i < sizeof term / sizeof term[0]; i++, power *= x2) sum += term[i] / power;
    return sum;
}


/** The mixture at the probability whose logit is u: p = expit(u), and 1-p = expit(-u) keeps its digits near 1. */
static double mixture_at(double s, double n, double a, double b, double p, double q)
{
    const double f = n - s, x = a + s, y = b + f;
    if ((s > 0.0 && !(p > 0.0)) || (f > 0.0 && !(q > 0.0))) return INFINITY;
    const double prior = es_lbeta(a, b);
    if (x < STIRLING_FROM || y < STIRLING_FROM) {
        const double log_p = p < 0.5 ? log(p) : log1p(-q), log_q = q < 0.5 ? log(q) : log1p(-p);
        return es_lbeta(x, y) - prior - (s > 0.0 ? s * log_p : 0.0) - (f > 0.0 ? f * log_q : 0.0);
    }
    /* both large: s ln(m/p) + f ln((1-m)/(1-p)) around the posterior mean m, and what is left of ln B is small */
    const double all = x + y, m = x / all, r = y / all;
    const double up = p < 0.5 ? m - p : q - r; /* m - p, from the side that has the digits */
    const double ahead = s > 0.0 ? s * log1p(up / p) : 0.0, behind = f > 0.0 ? f * log1p(-up / q) : 0.0;
    const double rest = (a - 0.5) * log(m) + (b - 0.5) * log(r) - 0.5 * log(all) + 0.5 * log(2.0 * M_PI);
    return ahead + behind + rest + stirling_rest(x) + stirling_rest(y) - stirling_rest(all) - prior;
}

static bool in_range(double s, double n, double a, double b)
{
    return s >= 0.0 && n >= s && isfinite(n) && a > 0.0 && b > 0.0 && isfinite(a) && isfinite(b);
}

double es_log_mixture(double s, double n, double a, double b, double p)
{
    if (!in_range(s, n, a, b) || !(p >= 0.0 && p <= 1.0)) return NAN;
    if (n == 0.0) return 0.0;
    return mixture_at(s, n, a, b, p, 1.0 - p);
}

struct mixture {
    double s, n, a, b, threshold;
};

/** In u = logit p, where both ends of [0,1] have all their digits. */
static double mixture_excess(double u, const void *context)
{
    const struct mixture *m = context;
    const double excess = mixture_at(m->s, m->n, m->a, m->b, es_expit(u), es_expit(-u)) - m->threshold;
    return fmin(excess, 1e300);
}

#define LOGIT_END 700.0
#define LOGIT_TOLERANCE 1e-13

struct es_limits es_confidence_sequence(double s, double n, double a, double b, double alpha)
{
    if (!in_range(s, n, a, b) || !(alpha > 0.0 && alpha < 1.0)) return (struct es_limits){NAN, NAN};
    struct es_limits out = {0.0, 1.0};
    if (n == 0.0) return out;
    const struct mixture m = {s, n, a, b, -log(alpha)};
    const double middle = s <= 0.0 ? -LOGIT_END : s >= n ? LOGIT_END : log(s) - log(n - s);
    if (s > 0.0) out.lo = es_expit(es_root(mixture_excess, &m, -LOGIT_END, middle, LOGIT_TOLERANCE));
    if (s < n) out.hi = es_expit(es_root(mixture_excess, &m, middle, LOGIT_END, LOGIT_TOLERANCE));
    return out;
}

double es_log_e_difference(const struct es_two_by_two *t, double d)
{
    double p1 = NAN, p2 = NAN;
    if (t->n1 > 0.0 && t->n2 > 0.0) es_restricted_rates(t, d, &p1, &p2);
    else if (t->n1 > 0.0) p1 = fmin(fmax(t->x1 / t->n1, fmax(0.0, d)), fmin(1.0, 1.0 + d));
    else if (t->n2 > 0.0) p2 = fmin(fmax(t->x2 / t->n2, fmax(0.0, -d)), fmin(1.0, 1.0 - d));
    const double first = t->n1 > 0.0 ? es_log_mixture(t->x1, t->n1, 0.5, 0.5, p1) : 0.0;
    const double second = t->n2 > 0.0 ? es_log_mixture(t->x2, t->n2, 0.5, 0.5, p2) : 0.0;
    return first + second;
}

struct difference {
    const struct es_two_by_two *t;
    double threshold;
};

static double difference_excess(double d, const void *context)
{
    const struct difference *c = context;
    return fmin(es_log_e_difference(c->t, d) - c->threshold, 1e300);
}

#define DIFFERENCE_TOLERANCE 1e-13

struct es_e_difference es_e_difference(const struct es_two_by_two *t, double margin, double alpha)
{
    const double threshold = -log(alpha);
    const struct difference c = {t, threshold};
    struct es_e_difference e = {.difference = NAN, .log_e_above = NAN, .log_e_below = NAN, .limits = {-1.0, 1.0},
                                .verdict = ES_VERDICT_NOT_ENOUGH};
    e.log_e = es_log_e_difference(t, 0.0);
    e.p_anytime = fmin(1.0, exp(-e.log_e));
    if (!(t->n1 > 0.0 && t->n2 > 0.0)) return e;
    e.difference = t->x1 / t->n1 - t->x2 / t->n2;
    /* the e-value is convex in d and never above 1 at the observed difference */
    if (difference_excess(-1.0, &c) > 0.0) e.limits.lo = es_root(difference_excess, &c, -1.0, e.difference, DIFFERENCE_TOLERANCE);
    if (difference_excess(1.0, &c) > 0.0) e.limits.hi = es_root(difference_excess, &c, e.difference, 1.0, DIFFERENCE_TOLERANCE);
    if (!isnan(margin)) {
        e.log_e_above = es_log_e_difference(t, e.difference < margin ? margin : e.difference);
        e.log_e_below = es_log_e_difference(t, e.difference > -margin ? -margin : e.difference);
    }
    if (e.log_e_above >= threshold && e.log_e_below >= threshold) e.verdict = ES_VERDICT_PARITY;
    else if (e.log_e >= threshold) e.verdict = ES_VERDICT_DISPARITY;
    return e;
}

struct es_limits es_sequence_rectangle(const struct es_two_by_two *t, double alpha)
{
    const struct es_limits a = es_confidence_sequence(t->x1, t->n1, 0.5, 0.5, alpha / 2.0);
    const struct es_limits b = es_confidence_sequence(t->x2, t->n2, 0.5, 0.5, alpha / 2.0);
    return (struct es_limits){a.lo - b.hi, a.hi - b.lo};
}

double es_sequence_best_time(double margin, double alpha)
{
    const double root = (es_norm_isf(alpha) + es_norm_isf(0.2)) / margin;
    return root * root;
}

double es_mixture_rho(double best_time, double alpha)
{
    const double twice = -2.0 * log(alpha);
    return best_time / (twice + log1p(twice));
}

double es_normal_mixture_bound(double v, double rho, double alpha)
{
    return sqrt((v + rho) * (log1p(v / rho) - 2.0 * log(alpha)));
}

double es_log_normal_mixture(double s, double v, double rho) { return s * s / (2.0 * (v + rho)) - log1p(v / rho) / 2.0; }

/** c(1/v): the boundary in units of the standard error. */
static double critical(double v, double rho, double alpha)
{
    const double time = 1.0 / v;
    return sqrt((1.0 + rho * v) * (log1p(time / rho) - 2.0 * log(alpha)));
}

/** p1~(1-p1~)/n1 + p2~(1-p2~)/n2 at the restricted estimates. */
static double null_variance(const struct es_two_by_two *t, double d)
{
    double p1, p2;
    es_restricted_rates(t, d, &p1, &p2);
    return p1 * (1.0 - p1) / t->n1 + p2 * (1.0 - p2) / t->n2;
}

static bool inside(const struct es_two_by_two *t, double d, double rho, double alpha)
{
    const double v = null_variance(t, d), z = fabs(es_score_z(t, d, true));
    if (!(v > 0.0)) return z == 0.0; /* no variance: only an exact fit is not excluded */
    return z < critical(v, rho, alpha);
}

/** Bisection outwards: `in` is inside the set, `out` is an end of [-1,1]. */
static double edge(const struct es_two_by_two *t, double in, double out, double rho, double alpha)
{
    if (inside(t, out, rho, alpha)) return out;
    for (int i = 0; i < 200 && fabs(out - in) > 1e-15; i++) {
        const double middle = in + (out - in) / 2.0;
        if (inside(t, middle, rho, alpha)) in = middle;
        else out = middle;
    }
    return in + (out - in) / 2.0;
}

struct es_score_sequence es_score_sequence(const struct es_two_by_two *t, double margin, double alpha)
{
    struct es_score_sequence s = {.z = NAN, .critical = NAN, .limits = {-1.0, 1.0}, .verdict = ES_VERDICT_NOT_ENOUGH,
                                  .reason = ES_MIN_N};
    if (!(t->n1 > 0.0 && t->n2 > 0.0)) return s;
    const double rho = es_mixture_rho(es_sequence_best_time(margin, alpha), alpha);
    const double d = t->x1 / t->n1 - t->x2 / t->n2, v = null_variance(t, 0.0);
    s.z = es_score_z(t, 0.0, true);
    if (v > 0.0) s.critical = critical(v, rho, alpha);
    s.limits.lo = edge(t, d, -1.0, rho, alpha);
    s.limits.hi = edge(t, d, 1.0, rho, alpha);
    const double events = t->x1 + t->x2, others = t->n1 + t->n2 - events;
    if (t->n1 < ES_SEQUENTIAL_MIN_CASES || t->n2 < ES_SEQUENTIAL_MIN_CASES || events < ES_SEQUENTIAL_MIN_EVENTS ||
        others < ES_SEQUENTIAL_MIN_EVENTS)
        return s;
    s.reason = ES_REASON_NONE;
    if (s.limits.lo > -margin && s.limits.hi < margin) s.verdict = ES_VERDICT_PARITY;
    else if (s.limits.lo > 0.0 || s.limits.hi < 0.0) s.verdict = ES_VERDICT_DISPARITY;
    return s;
}
