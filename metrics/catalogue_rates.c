/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/catalogue_parts.h"
#include "metrics/confusion.h"
#include "metrics/coverage.h"
#include "metrics/proportion.h"
#include "metrics/special.h"
#include "metrics/verification.h"

const struct es_rate_def es_rate_sensitivity = {ES_BIT_TP, ES_BIT_TP | ES_BIT_FN, ES_OVER_POSITIVES, ES_NO_POSITIVES, true};
const struct es_rate_def es_rate_specificity = {ES_BIT_TN, ES_BIT_TN | ES_BIT_FP, ES_OVER_NEGATIVES, ES_NO_NEGATIVES, true};
static const struct es_rate_def ppv = {ES_BIT_TP, ES_BIT_TP | ES_BIT_FP, ES_OVER_ALERTS, ES_NO_PREDICTED_POSITIVES, false};
static const struct es_rate_def npv = {ES_BIT_TN, ES_BIT_TN | ES_BIT_FN, ES_OVER_NON_ALERTS, ES_NO_PREDICTED_NEGATIVES, true};
static const struct es_rate_def accuracy = {ES_BIT_TP | ES_BIT_TN, ES_BITS_DECIDED, ES_OVER_DECIDED, ES_NO_CASES, true};
static const struct es_rate_def alert_rate = {ES_BIT_TP | ES_BIT_FP, ES_BITS_DECIDED, ES_OVER_DECIDED, ES_NO_CASES, false};
static const struct es_rate_def prevalence = {ES_BIT_TP | ES_BIT_FN | ES_BIT_P, ES_BITS_DECIDED | ES_BIT_P | ES_BIT_N, ES_OVER_CASES, ES_NO_CASES, false};

static bool blind(uint64_t non_alerts, uint64_t verified)
{
    return non_alerts > 0 && verified == 0;
}

bool es_blind_group(const struct es_summary *s)
{
    return blind(s->decided[0], s->group.count[ES_FN] + s->group.count[ES_TN]);
}

bool es_blind_rest(const struct es_summary *s)
{
    return blind(s->rest_decided[0], s->rest.count[ES_FN] + s->rest.count[ES_TN]);
}

uint32_t es_few_clusters(double n, double squares)
{
    return n > 0 && n * n / squares < 50 ? ES_FLAG_FEW_CLUSTERS : 0;
}

uint64_t es_count_of(const uint64_t *v, unsigned mask)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < ES_OUTCOMES; i++) sum += mask >> i & 1 ? v[i] : 0;
    return sum;
}

/** Sum over patients of (count in a) times (count in b). */
uint64_t es_product_of(const uint64_t v[ES_OUTCOMES][ES_OUTCOMES], unsigned a, unsigned b)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < ES_OUTCOMES; i++) sum += a >> i & 1 ? es_count_of(v[i], b) : 0;
    return sum;
}

struct es_cluster_sums es_rate_sums(const struct es_arm *arm, const struct es_rate_def *r)
{
    /* C17 does not convert to an array of const arrays by itself. */
    const uint64_t(*m)[ES_OUTCOMES] = (const uint64_t(*)[ES_OUTCOMES])arm->product;
    return (struct es_cluster_sums){.patients = arm->patients[r->over],
                                    .x = es_count_of(arm->count, r->x),
                                    .n = es_count_of(arm->count, r->n),
                                    .xx = es_product_of(m, r->x, r->x),
                                    .xn = es_product_of(m, r->x, r->n),
                                    .nn = es_product_of(m, r->n, r->n)};
}

struct es_estimate es_clustered_rate(const struct es_cluster_sums *sums, enum es_reason empty, const struct es_level *level)
{
    if (sums->n == 0) return es_not_estimable(empty, 0, 0);
    const struct es_clustered c = es_clustered(sums);
    const struct es_limits limits = es_wilson_clustered(sums, level->alpha);
    uint32_t flags = es_few_clusters((double)sums->n, (double)sums->nn);
    if (isnan(c.deff))
        flags |= ES_FLAG_DEFF_UNKNOWN;
    else if (c.deff < 1)
        flags |= ES_FLAG_DEFF_FLOORED;
    return (struct es_estimate){.status = ES_ESTIMATED,
                                .value = c.p,
                                .lo = limits.lo,
                                .hi = limits.hi,
                                .n = sums->n,
                                .patients = sums->patients,
                                .method = ES_INTERVAL_WILSON_CLUSTERED,
                                .flags = flags};
}

static struct es_estimate finish(const struct es_summary *s, const struct es_level *level, const struct es_rate_def *r)
{
    const struct es_cluster_sums sums = es_rate_sums(&s->group, r);
    if (r->needs_misses && es_blind_group(s))
        return es_not_estimable(ES_NO_VERIFIED_NEGATIVES, sums.n, sums.patients);
    return es_clustered_rate(&sums, r->empty, level);
}

void es_comparison_none(struct es_comparison *out, enum es_reason reason)
{
    const double none = (double)NAN;
    *out = (struct es_comparison){.status = ES_NOT_ESTIMABLE,
                                  .reason = reason,
                                  .group = none,
                                  .rest = none,
                                  .difference = none,
                                  .lo = none,
                                  .hi = none,
                                  .lo_eq = none,
                                  .hi_eq = none,
                                  .p_difference = none,
                                  .p_lower = none,
                                  .p_upper = none,
                                  .deff = none};
}

/** Design effect of the difference from joint patient terms u_i (METRICS J1); NAN when undefined. */
static double joint_deff(const struct es_summary *s, const struct es_rate_def *r, const struct es_cluster_sums *g,
                         const struct es_cluster_sums *o)
{
    const uint64_t(*joint)[ES_OUTCOMES] = (const uint64_t(*)[ES_OUTCOMES])s->joint;
    const uint64_t patients = g->patients + o->patients - s->shared[r->over];
    const double ng = (double)g->n, no = (double)o->n, pg = (double)g->x / ng, po = (double)o->x / no;
    const double binomial = pg * (1 - pg) / ng + po * (1 - po) / no;
    if (patients < 2 || !(binomial > 0)) return NAN;
    const double own = es_form(g->n, g->x, g->n, g->x, g->xx, g->xn, g->xn, g->nn) / (ng * ng) / (ng * ng);
    const double other = es_form(o->n, o->x, o->n, o->x, o->xx, o->xn, o->xn, o->nn) / (no * no) / (no * no);
    const double both = es_form(g->n, g->x, o->n, o->x, es_product_of(joint, r->x, r->x), es_product_of(joint, r->x, r->n),
                                es_product_of(joint, r->n, r->x), es_product_of(joint, r->n, r->n)) /
                        (ng * ng) / (no * no);
    return (double)patients / (double)(patients - 1) * (own + other - 2 * both) / binomial;
}

/** Could the cases whose window closed without a label turn the sign of a difference of sensitivity or specificity (METRICS J7)? */
static bool reversible(const struct es_summary *s, const struct es_rate_def *r, double alpha)
{
    struct es_verified cells[2];
    struct es_corrected bounds[2][2]; /* arm; sensitivity, specificity */
    if (r->over != ES_OVER_POSITIVES && r->over != ES_OVER_NEGATIVES) return false;
    if (s->unverified[0] + s->unverified[1] + s->rest_unverified[0] + s->rest_unverified[1] == 0) return false;
    es_verified_of_summary(s, &cells[0], &cells[1]);
    for (int arm = 0; arm < 2; arm++) /* the bounds need no correction */
        (void)es_begg_greenes(&cells[arm], 1, alpha, &bounds[arm][0], &bounds[arm][1]);
    const int which = r->over == ES_OVER_POSITIVES ? 0 : 1;
    return es_bounds_can_reverse(&bounds[0][which], &bounds[1][which]);
}

static bool compare(const struct es_summary *s, const struct es_level *level, double margin, struct es_comparison *out,
                    const struct es_rate_def *r)
{
    const struct es_cluster_sums g = es_rate_sums(&s->group, r), o = es_rate_sums(&s->rest, r);
    es_comparison_none(out, ES_EVERYONE_HAS_NO_REST);
    if (s->axes == 0) return false;
    out->n_group = g.n;
    out->n_rest = o.n;
    out->patients_group = g.patients;
    out->patients_rest = o.patients;
    out->reason = g.n == 0 ? r->empty : ES_NO_REST;
    if (g.n == 0 || o.n == 0) return false;
    out->reason = ES_NO_VERIFIED_NEGATIVES;
    if (r->needs_misses && (es_blind_group(s) || es_blind_rest(s))) return false;
    const double deff = joint_deff(s, r, &g, &o);
    out->flags = es_few_clusters((double)g.n, (double)g.nn) | es_few_clusters((double)o.n, (double)o.nn);
    if (isnan(deff))
        out->flags |= ES_FLAG_DEFF_UNKNOWN;
    else if (deff < 1)
        out->flags |= ES_FLAG_DEFF_FLOORED;
    out->deff = deff > 1 ? deff : 1;
    const struct es_two_by_two t = {(double)g.x / out->deff, (double)g.n / out->deff, (double)o.x / out->deff,
                                    (double)o.n / out->deff};
    es_score_comparison(&t, level->alpha, level->equivalence, margin, out);
    out->group = (double)g.x / (double)g.n;
    out->rest = (double)o.x / (double)o.n;
    out->difference = out->group - out->rest;
    out->method = ES_INTERVAL_MN_CLUSTERED;
    if (reversible(s, r, level->alpha)) out->reason = ES_VERIFICATION;
    return true;
}

#define RATE(name) RATE_OF(name, name)
#define RATE_OF(name, rate) \
    ES_FINISH(name) \
    { \
        return finish(s, level, &rate); \
    } \
    ES_COMPARE(name) \
    { \
        return compare(s, level, margin, out, &rate); \
    }
RATE_OF(sensitivity, es_rate_sensitivity)
RATE_OF(specificity, es_rate_specificity)
RATE(ppv)
RATE(npv)
RATE(accuracy)
RATE(alert_rate)
RATE(prevalence)

ES_FINISH(sensitivity_all_eligible)
{
    const struct es_cluster_sums sums = {s->eligible_patients,    s->eligible[0],          s->eligible[1],
                                         s->eligible_products[0], s->eligible_products[1], s->eligible_products[2]};
    if (es_blind_group(s)) return es_not_estimable(ES_NO_VERIFIED_NEGATIVES, sums.n, sums.patients);
    return es_clustered_rate(&sums, ES_NO_POSITIVES, level);
}
