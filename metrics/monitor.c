/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/monitor.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "metrics/exact_form.h"
#include "metrics/root.h"
#include "metrics/sequential.h"
#include "metrics/special.h"

double es_alpha_share(double alpha, double weight, double total)
{
    if (!(alpha > 0 && alpha < 1 && weight > 0 && weight <= total && isfinite(total))) return NAN;
    return alpha * (weight / total);
}

static void no_comparison(struct es_comparison *c, const struct es_gap_sums *s)
{
    const double none = (double)NAN;
    *c = (struct es_comparison){.status = ES_NOT_ESTIMABLE, .reason = ES_N_ZERO, .group = none, .rest = none,
                                .difference = none, .lo = none, .hi = none, .lo_eq = none, .hi_eq = none,
                                .p_difference = none, .p_lower = none, .p_upper = none, .n_group = s->group.n,
                                .n_rest = s->rest.n, .patients_group = s->group.patients,
                                .patients_rest = s->rest.patients, .deff = none, .method = ES_INTERVAL_NONE, .flags = 0};
}

/** min(1, 1/e) of the score sequence against d. */
static double score_p(const struct es_gap_sums *s, double difference, double d, double rho)
{
    const double v = es_gap_null_variance(s, d).used, k = (double)es_gap_patients(s);
    if (!(v > 0)) return difference == d ? 1 : 0;
    const double z = (difference - d) / sqrt(k / (k - 1) * v);
    return fmin(1, exp(-es_log_normal_mixture(z / sqrt(v), 1 / v, rho)));
}

static enum es_verdict by_score(const struct es_gap_sums *s, const struct es_monitor_plan *plan, struct es_comparison *c)
{
    const struct es_gap_sequence q = es_gap_sequence(s, plan->margin, plan->alpha);
    c->method = ES_INTERVAL_SEQUENTIAL_SCORE;
    c->deff = q.deff;
    c->flags = q.flags;
    c->reason = q.reason;
    if (q.reason != ES_REASON_NONE) return ES_VERDICT_NOT_ENOUGH;
    c->lo = q.limits.lo;
    c->hi = q.limits.hi;
    c->p_difference = q.p_anytime;
    if (plan->margin > 0 && plan->margin < 1) {
        const double m = plan->margin, rho = es_mixture_rho(es_sequence_best_time(m, plan->alpha), plan->alpha);
        c->p_lower = c->difference > -m ? score_p(s, c->difference, -m, rho) : 1;
        c->p_upper = c->difference < m ? score_p(s, c->difference, m, rho) : 1;
    }
    return q.verdict;
}

static enum es_verdict by_e_process(const struct es_gap_sums *s, const struct es_monitor_plan *plan, struct es_comparison *c)
{
    const struct es_two_by_two t = {(double)s->group.x, (double)s->group.n, (double)s->rest.x, (double)s->rest.n};
    const bool tests = plan->margin > 0 && plan->margin < 1;
    const struct es_e_difference e = es_e_difference(&t, tests ? plan->margin : (double)NAN, plan->alpha);
    c->method = ES_INTERVAL_E_PROCESS;
    c->deff = 1;
    c->lo = e.limits.lo;
    c->hi = e.limits.hi;
    c->p_difference = e.p_anytime;
    if (tests) {
        c->p_upper = fmin(1, exp(-e.log_e_above));
        c->p_lower = fmin(1, exp(-e.log_e_below));
    }
    const bool differs = e.limits.lo > 0 || e.limits.hi < 0;
    if (e.verdict == ES_VERDICT_PARITY && differs) c->flags |= ES_FLAG_NONZERO;
    if (e.verdict == ES_VERDICT_DISPARITY && (c->lo > plan->margin || c->hi < -plan->margin)) c->flags |= ES_FLAG_BEYOND_MARGIN;
    return e.verdict;
}

/** Kish-effective number of patients below 50 (METRICS J1). */
static bool few(const struct es_cluster_sums *s)
{
    return s->nn > 0 && (double)s->n * (double)s->n / (double)s->nn < ES_GAP_MIN_PATIENTS;
}

enum es_verdict es_monitor_gap(const struct es_gap_sums *s, const struct es_monitor_plan *plan, struct es_comparison *c)
{
    no_comparison(c, s);
    if (s->group.n == 0 || s->rest.n == 0) return ES_VERDICT_NONE;
    c->status = ES_ESTIMATED;
    c->reason = ES_REASON_NONE;
    c->group = (double)s->group.x / (double)s->group.n;
    c->rest = (double)s->rest.x / (double)s->rest.n;
    c->difference = c->group - c->rest;
    const bool too_few = s->group.n < plan->min_cases || s->rest.n < plan->min_cases ||
                         s->group.patients < plan->min_patients || s->rest.patients < plan->min_patients;
    /* the e-process counts one case a patient; sums made otherwise would not be what it is valid for */
    const bool repeated = plan->mode == ES_MONITOR_STRICT && es_gap_clustered(s);
    enum es_verdict verdict = ES_VERDICT_NOT_ENOUGH;
    if (too_few || repeated) c->reason = ES_MIN_N;
    else verdict = plan->mode == ES_MONITOR_STRICT ? by_e_process(s, plan, c) : by_score(s, plan, c);
    if (few(&s->group) || few(&s->rest)) c->flags |= ES_FLAG_FEW_CLUSTERS;
    c->lo_eq = c->lo;
    c->hi_eq = c->hi;
    return verdict;
}

/** One rate: patient sums around what was seen, as in gap.c but not divided. */
struct rate {
    double x, n, rate, square, slope, size, threshold;
    bool mixed; /* correlation can be told */
};

/** Kish-effective numbers of patients behind the successes and behind the failures: with few of either, one patient's luck
 * decides how correlated cases look. */
static bool told(const struct es_cluster_sums *s)
{
    const double x = (double)s->x, y = (double)(s->n - s->x), xx = (double)s->xx, yy = (double)(s->nn - 2 * s->xn + s->xx);
    return x > 0 && y > 0 && x * x >= ES_GAP_MIN_PATIENTS * xx && y * y >= ES_GAP_MIN_PATIENTS * yy;
}

/** The mixture at the probability whose logit is u. */
static double mixture_excess(double u, const void *context)
{
    const struct rate *r = context;
    const double p = es_expit(u), q = es_expit(-u);
    double deff = r->size / r->n;
    if (r->mixed) {
        const double e = u > 0 ? q - (r->n - r->x) / r->n : r->rate - p; /* rate - p, from the side that has the digits */
        const double sum = r->square + e * (2 * r->slope + e * r->size), binomial = r->n * p * q;
        deff = fmax(1, fmin(binomial > 0 ? sum / binomial : deff, deff));
    }
    return fmin(es_log_mixture(r->x / deff, r->n / deff, 0.5, 0.5, p) - r->threshold, 1e300);
}

#define LOGIT_END 36.0 /* within 2e-16 of 0 and 1 */
#define GRID 36

/** The outermost point of the set towards `end`, on the logit scale; infinite when the end itself is inside. */
static double outermost(const struct rate *r, double middle, double end)
{
    double outside = end;
    if (mixture_excess(end, r) < 0) return end > 0 ? INFINITY : -INFINITY;
    for (int i = 1; i < GRID; i++) {
        const double u = end + (middle - end) * i / GRID;
        if (mixture_excess(u, r) < 0) return es_root(mixture_excess, r, u, outside, 1e-13);
        outside = u;
    }
    return es_root(mixture_excess, r, middle, outside, 1e-13); /* what was seen is always inside */
}

struct es_estimate es_monitor_rate(const struct es_cluster_sums *s, double alpha)
{
    if (s->n == 0) return es_not_estimable(ES_N_ZERO, 0, 0);
    struct es_estimate e = {.status = ES_ESTIMATED, .value = (double)s->x / (double)s->n, .n = s->n, .patients = s->patients,
                            .method = ES_INTERVAL_CONFIDENCE_SEQUENCE};
    const double x = (double)s->x, n = (double)s->n;
    if (s->patients == s->n) {
        const struct es_limits cs = es_confidence_sequence(x, n, 0.5, 0.5, alpha);
        e.lo = cs.lo;
        e.hi = cs.hi;
        return e;
    }
    const es_i128 slope = (es_i128)s->n * (es_i128)s->xn - (es_i128)s->x * (es_i128)s->nn;
    const struct rate r = {.x = x, .n = n, .rate = e.value, .threshold = -log(alpha), .mixed = told(s),
                           .square = es_form(s->n, s->x, s->n, s->x, s->xx, s->xn, s->xn, s->nn) / n / n,
                           .slope = (double)slope / n, .size = (double)s->nn};
    const double middle = s->x == 0 ? -LOGIT_END : s->x == s->n ? LOGIT_END : log(x) - log(n - x);
    e.lo = s->x == 0 ? 0 : es_expit(outermost(&r, middle, -LOGIT_END));
    e.hi = s->x == s->n ? 1 : es_expit(outermost(&r, middle, LOGIT_END));
    e.flags = (few(s) ? ES_FLAG_FEW_CLUSTERS : 0u) | (r.mixed ? 0u : ES_FLAG_DEFF_UNKNOWN);
    return e;
}

const char *es_floor_name(enum es_floor floor)
{
    static const char *const names[] = {"", "not_enough", "met", "below"};
    return (size_t)floor < sizeof names / sizeof names[0] ? names[floor] : "";
}

enum es_floor es_floor_of(const struct es_estimate *sequence, double floor)
{
    if (sequence->status != ES_ESTIMATED || isnan(floor)) return ES_FLOOR_NONE;
    if (sequence->flags & ES_FLAG_FEW_CLUSTERS) return ES_FLOOR_NOT_ENOUGH;
    if (sequence->lo >= floor) return ES_FLOOR_MET;
    return sequence->hi < floor ? ES_FLOOR_BELOW : ES_FLOOR_NOT_ENOUGH;
}
