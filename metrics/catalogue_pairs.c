/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of the operating point that are made of two rates: their intervals take the patients that stand in both. */
#include "metrics/catalogue_parts.h"
#include "metrics/exact_form.h"
#include "metrics/proportion.h"
#include "metrics/special.h"

/** Sensitivity and specificity of one group, with what joins them. */
struct pair {
    struct es_cluster_sums a, b; /* sensitivity, specificity */
    uint64_t n, patients;        /* decided cases and their patients */
    double pa, pb;
    double aa, bb, ab;           /* sums over patients of the squared and mixed terms (x_i - p n_i) / n, times K / (K - 1) */
};

static double term(const struct es_cluster_sums *s)
{
    const double n = (double)s->n;
    return es_form(s->n, s->x, s->n, s->x, s->xx, s->xn, s->xn, s->nn) / (n * n) / (n * n);
}

/** What is wrong, or ES_REASON_NONE. */
static enum es_reason read_pair(const struct es_summary *s, struct pair *out)
{
    const uint64_t(*m)[ES_OUTCOMES] = (const uint64_t(*)[ES_OUTCOMES])s->group.product;
    const struct es_rate_def *ra = &es_rate_sensitivity, *rb = &es_rate_specificity;
    *out = (struct pair){.a = es_rate_sums(&s->group, ra), .b = es_rate_sums(&s->group, rb)};
    out->n = es_count_of(s->group.count, ES_BITS_DECIDED);
    out->patients = s->group.patients[ES_OVER_DECIDED];
    if (es_blind_group(s)) return ES_NO_VERIFIED_NEGATIVES;
    if (out->n == 0) return ES_NO_CASES;
    if (out->a.n == 0) return ES_NO_POSITIVES;
    if (out->b.n == 0) return ES_NO_NEGATIVES;
    const double na = (double)out->a.n, nb = (double)out->b.n;
    const double scale = out->patients > 1 ? (double)out->patients / (double)(out->patients - 1) : (double)NAN;
    out->pa = (double)out->a.x / na;
    out->pb = (double)out->b.x / nb;
    out->aa = scale * term(&out->a);
    out->bb = scale * term(&out->b);
    out->ab = scale *
              es_form(out->a.n, out->a.x, out->b.n, out->b.x, es_product_of(m, ra->x, rb->x), es_product_of(m, ra->x, rb->n),
                      es_product_of(m, ra->n, rb->x), es_product_of(m, ra->n, rb->n)) /
              (na * na) / (nb * nb);
    return ES_REASON_NONE;
}

static struct es_estimate estimated(const struct pair *p, double value, double lo, double hi, enum es_interval method)
{
    const uint32_t flags = es_few_clusters((double)p->a.n, (double)p->a.nn) | es_few_clusters((double)p->b.n, (double)p->b.nn);
    return (struct es_estimate){ES_ESTIMATED, ES_REASON_NONE, value, lo, hi, p->n, p->patients, method, flags};
}

/* ---- sums: squares of the distances to the two Wilson limits are added, with their correlation over patients ---- */

/** Zou and Donner 2008, doi:10.1002/sim.3095. Where a rate is 0 or 1 nothing is known of the correlation: taken as 0. */
static struct es_estimate sum_of_rates(const struct es_summary *s, const struct es_level *level, double factor, double shift)
{
    struct pair p;
    const enum es_reason reason = read_pair(s, &p);
    if (reason != ES_REASON_NONE) return es_not_estimable(reason, p.n, p.patients);
    const struct es_limits la = es_wilson_clustered(&p.a, level->alpha), lb = es_wilson_clustered(&p.b, level->alpha);
    double r = p.aa > 0 && p.bb > 0 ? p.ab / sqrt(p.aa * p.bb) : 0;
    r = fmax(-1, fmin(1, isnan(r) ? 0 : r));
    const double below = sqrt(fmax(0, (p.pa - la.lo) * (p.pa - la.lo) + (p.pb - lb.lo) * (p.pb - lb.lo) + 2 * r * (p.pa - la.lo) * (p.pb - lb.lo)));
    const double above = sqrt(fmax(0, (la.hi - p.pa) * (la.hi - p.pa) + (lb.hi - p.pb) * (lb.hi - p.pb) + 2 * r * (la.hi - p.pa) * (lb.hi - p.pb)));
    const double sum = p.pa + p.pb;
    return estimated(&p, factor * sum + shift, factor * fmax(0, sum - below) + shift, factor * fmin(2, sum + above) + shift, ES_INTERVAL_MOVER);
}

ES_FINISH(balanced_accuracy)
{
    return sum_of_rates(s, level, 0.5, 0);
}

ES_FINISH(youden)
{
    return sum_of_rates(s, level, 1, -1);
}

/* ---- F1 grows with TP / (TP + FP + FN), which is a rate: its limits are that rate's, carried over ---- */

ES_FINISH(f1)
{
    static const struct es_rate_def overlap = {ES_BIT_TP, ES_BIT_TP | ES_BIT_FP | ES_BIT_FN, ES_OVER_DECIDED, ES_NO_CASES, true};
    struct es_cluster_sums sums = es_rate_sums(&s->group, &overlap);
    const uint64_t *patients = s->group.patients;
    /* Patients with a diseased case or an alert are not counted apart; at least so many there are, and fewer make the interval wider. */
    sums.patients = patients[ES_OVER_POSITIVES] > patients[ES_OVER_ALERTS] ? patients[ES_OVER_POSITIVES] : patients[ES_OVER_ALERTS];
    if (es_blind_group(s)) return es_not_estimable(ES_NO_VERIFIED_NEGATIVES, sums.n, patients[ES_OVER_DECIDED]);
    const bool decided = es_count_of(s->group.count, ES_BITS_DECIDED) > 0;
    struct es_estimate e = es_clustered_rate(&sums, decided ? ES_NO_POSITIVES : ES_NO_CASES, level);
    if (e.status != ES_ESTIMATED) return e;
    e.value = 2 * e.value / (1 + e.value);
    e.lo = 2 * e.lo / (1 + e.lo);
    e.hi = 2 * e.hi / (1 + e.hi);
    e.n = es_count_of(s->group.count, ES_BITS_DECIDED);
    e.patients = patients[ES_OVER_DECIDED];
    return e;
}

/* ---- ratios ---- */

/** x1 / n1 over x2 / n2 of one group (Simel 1991): Koopman's limits on counts divided by the design effect of the log ratio. A rate's terms
 * turn their sign with its complement: in both ratios those of sensitivity and specificity add up. */
static struct es_estimate ratio(const struct es_summary *s, const struct es_level *level, bool positive)
{
    struct pair p;
    const enum es_reason reason = read_pair(s, &p);
    if (reason != ES_REASON_NONE) return es_not_estimable(reason, p.n, p.patients);
    const double na = (double)p.a.n, nb = (double)p.b.n;
    const double x1 = positive ? (double)p.a.x : (double)(p.a.n - p.a.x), x2 = positive ? (double)(p.b.n - p.b.x) : (double)p.b.x;
    if (x2 == 0) return es_not_estimable(x1 == 0 ? ES_ZERO_VARIANCE : ES_UNBOUNDED, p.n, p.patients);
    const double p1 = x1 / na, p2 = x2 / nb;
    double deff = 1;
    if (x1 > 0) {
        const double variance = p.aa / (p1 * p1) + p.bb / (p2 * p2) + 2 * p.ab / (p1 * p2);
        const double binomial = (1 - p1) / (na * p1) + (1 - p2) / (nb * p2);
        if (binomial > 0 && variance > binomial) deff = variance / binomial;
    }
    const struct es_two_by_two t = {x1 / deff, na / deff, x2 / deff, nb / deff};
    const struct es_limits limits = es_koopman(&t, level->alpha, false);
    return estimated(&p, p1 / p2, limits.lo, limits.hi, ES_INTERVAL_KOOPMAN_CLUSTERED);
}

ES_FINISH(lr_positive)
{
    return ratio(s, level, true);
}

ES_FINISH(lr_negative)
{
    return ratio(s, level, false);
}

/** logit sensitivity + logit specificity, by the delta method over patients; the variance is at least the binomial one (Woolf 1955). */
ES_FINISH(diagnostic_odds_ratio)
{
    struct pair p;
    const enum es_reason reason = read_pair(s, &p);
    if (reason != ES_REASON_NONE) return es_not_estimable(reason, p.n, p.patients);
    const double tp = (double)p.a.x, fn = (double)(p.a.n - p.a.x), tn = (double)p.b.x, fp = (double)(p.b.n - p.b.x);
    const double none = (double)NAN;
    if (fn * fp == 0) return es_not_estimable(tp * tn == 0 ? ES_ZERO_VARIANCE : ES_UNBOUNDED, p.n, p.patients);
    if (tp * tn == 0) return estimated(&p, 0, none, none, ES_INTERVAL_NONE);
    const double wa = p.pa * (1 - p.pa), wb = p.pb * (1 - p.pb), woolf = 1 / tp + 1 / fn + 1 / tn + 1 / fp;
    const double clustered = p.aa / (wa * wa) + p.bb / (wb * wb) + 2 * p.ab / (wa * wb);
    const double half = es_norm_isf(level->alpha / 2) * sqrt(clustered > woolf ? clustered : woolf), log_ratio = log(tp) + log(tn) - log(fp) - log(fn);
    return estimated(&p, exp(log_ratio), exp(log_ratio - half), exp(log_ratio + half), ES_INTERVAL_LOG_RATIO);
}
