/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the catalogue for measurements, levels, overlaps and lesions. */
#include "metrics/agreement.h"
#include "metrics/catalogue_parts.h"
#include "metrics/measures.h"
#include "metrics/special.h"

static const double none = (double)NAN;

static double k_factor(uint64_t patients)
{
    return patients >= 2 ? (double)patients / (double)(patients - 1) : none;
}

/** A quantity of one kind of measures, and its range. */
struct quantity {
    enum es_measures kind;
    unsigned at;
    double least, most; /* limits are cut here */
};
static const struct quantity bias = {ES_MEASURES_VALUES, ES_Q_ERROR, -INFINITY, INFINITY};
static const struct quantity absolute = {ES_MEASURES_VALUES, ES_Q_ABSOLUTE, 0, INFINITY};
static const struct quantity squared = {ES_MEASURES_VALUES, ES_Q_SQUARED, 0, INFINITY};
static const struct quantity shift = {ES_MEASURES_LEVELS, ES_Q_SHIFT, -INFINITY, INFINITY};
static const struct quantity exact = {ES_MEASURES_LEVELS, ES_Q_EXACT, 0, 1};
static const struct quantity near = {ES_MEASURES_LEVELS, ES_Q_NEAR, 0, 1};
static const struct quantity dice = {ES_MEASURES_OVERLAP, ES_Q_DICE, 0, 1};
static const struct quantity iou = {ES_MEASURES_OVERLAP, ES_Q_IOU, 0, 1};
static const struct quantity volume = {ES_MEASURES_OVERLAP, ES_Q_VOLUME, -1, INFINITY};
static const struct quantity hd95 = {ES_MEASURES_OVERLAP, ES_Q_HD95, 0, INFINITY};
static const struct quantity distance = {ES_MEASURES_OVERLAP, ES_Q_DISTANCE, 0, INFINITY};
static const struct quantity empty = {ES_MEASURES_OVERLAP, ES_Q_EMPTY, 0, 1};
static const struct quantity found = {ES_MEASURES_LESIONS, ES_Q_FOUND, 0, 1};
static const struct quantity falsely = {ES_MEASURES_LESIONS, ES_Q_FALSE, 0, INFINITY};

/** The sums of a quantity; NULL when the sheet has no measures of its kind. */
static const struct es_mean_sums *sums_of(const struct es_summary *s, const struct quantity *q)
{
    return s->measured && s->measured->kind == q->kind ? &s->measured->group[q->at] : NULL;
}

/** Why a quantity has no value. */
static enum es_reason why_none(const struct es_summary *s, const struct quantity *q)
{
    if (s->cases == 0 || !s->measured) return ES_NO_CASES;
    if (q == &found) return ES_NO_LESIONS;
    return q->kind == ES_MEASURES_OVERLAP && (s->measured->both_empty > 0 || s->measured->group[ES_Q_EMPTY].n > 0) ? ES_EMPTY_MASKS
                                                                                                                : ES_NO_CASES;
}

static void cut(struct es_estimate *e, double least, double most)
{
    if (e->lo < least || e->hi > most) e->flags |= ES_FLAG_CLIPPED;
    if (e->lo < least) e->lo = least;
    if (e->hi > most) e->hi = most;
}

/** value -+ t_{K-1} sqrt(variance); no limits where there is no spread to speak of. */
static struct es_estimate around(double value, double variance, const struct es_mean_sums *m, const struct es_level *level,
                                 enum es_interval method)
{
    struct es_estimate e = {ES_ESTIMATED, ES_REASON_NONE, value,          none, none, m->n, m->patients,
                            ES_INTERVAL_NONE, es_few_clusters((double)m->n, (double)m->nn)};
    if (!(variance > 0) || m->patients < 2) return e;
    const double half = es_t_isf(level->alpha / 2, (double)(m->patients - 1)) * sqrt(variance);
    e.lo = value - half;
    e.hi = value + half;
    e.method = method;
    return e;
}

static struct es_estimate mean(const struct es_summary *s, const struct es_level *level, const struct quantity *q)
{
    const struct es_mean_sums *m = sums_of(s, q);
    if (!m || m->n == 0) return es_not_estimable(why_none(s, q), 0, 0);
    const struct es_scale *scale = &s->measured->scale[q->at];
    struct es_estimate e = around(es_mean_value(m, scale), k_factor(m->patients) * es_mean_spread(m, scale), m, level,
                                  ES_INTERVAL_T_CLUSTERED);
    cut(&e, q->least, q->most);
    return e;
}

/** A share of whole things: sums on a grid of step 1. */
static struct es_estimate share(const struct es_summary *s, const struct es_level *level, const struct quantity *q)
{
    const struct es_mean_sums *m = sums_of(s, q);
    if (!m || m->n == 0) return es_not_estimable(why_none(s, q), 0, 0);
    const struct es_cluster_sums sums = {.patients = m->patients, .x = (uint64_t)m->k, .n = m->n, .xx = (uint64_t)m->kk,
                                         .xn = (uint64_t)m->kn, .nn = (uint64_t)m->nn};
    return es_clustered_rate(&sums, ES_NO_CASES, level);
}

ES_FINISH(bias) { return mean(s, level, &bias); }
ES_FINISH(mae) { return mean(s, level, &absolute); }
ES_FINISH(level_shift) { return mean(s, level, &shift); }
ES_FINISH(exact_agreement) { return share(s, level, &exact); }
ES_FINISH(within_one) { return share(s, level, &near); }
ES_FINISH(dice) { return mean(s, level, &dice); }
ES_FINISH(iou) { return mean(s, level, &iou); }
ES_FINISH(volume_difference) { return mean(s, level, &volume); }
ES_FINISH(hd95) { return mean(s, level, &hd95); }
ES_FINISH(surface_distance) { return mean(s, level, &distance); }
ES_FINISH(empty_share) { return share(s, level, &empty); }
ES_FINISH(lesion_sensitivity) { return share(s, level, &found); }
ES_FINISH(false_marks) { return mean(s, level, &falsely); }

ES_FINISH(rmse)
{
    struct es_estimate e = mean(s, level, &squared);
    if (e.status != ES_ESTIMATED) return e;
    e.value = sqrt(fmax(0, e.value));
    e.lo = sqrt(e.lo);
    e.hi = sqrt(e.hi);
    return e;
}

/** The pairs of a group; NULL when the sheet has none of this kind. */
static const struct es_pair_sums *pairs_of(const struct es_summary *s, enum es_measures kind)
{
    return s->measured && s->measured->kind == kind && s->measured->pair.n > 0 ? &s->measured->pair : NULL;
}

/** Variance of a linearised statistic, in units of its influence. */
static double linear_variance(const struct es_pair_sums *p, enum es_linear which)
{
    if (!p->linear) return none;
    const double n = (double)p->n;
    return k_factor(p->patients) * (double)p->squares[which] / (ES_LINEAR_GRID * ES_LINEAR_GRID) / (n * n);
}

static struct es_estimate limit(const struct es_summary *s, const struct es_level *level, enum es_linear which)
{
    const struct es_pair_sums *p = pairs_of(s, ES_MEASURES_VALUES);
    if (!p) return es_not_estimable(ES_NO_CASES, 0, 0);
    if (p->n < 2) return es_not_estimable(ES_N_LT_2, p->n, p->patients);
    const struct es_pair_moments m = es_pair_moments_of(p);
    const double sd = sqrt(m.dd * m.n / (m.n - 1)), wide = es_norm_isf(0.025) * sd;
    return around(which == ES_LINEAR_LOWER ? m.shift - wide : m.shift + wide, m.dd * linear_variance(p, which),
                  &s->measured->group[ES_Q_ERROR], level, ES_INTERVAL_LINEAR_CLUSTERED);
}

ES_FINISH(agreement_lower) { return limit(s, level, ES_LINEAR_LOWER); }
ES_FINISH(agreement_upper) { return limit(s, level, ES_LINEAR_UPPER); }

/** 2 cov / (var + var + shift^2), limits on Fisher's z. */
static struct es_estimate concordance(const struct es_summary *s, const struct es_level *level, enum es_measures kind)
{
    const struct es_pair_sums *p = pairs_of(s, kind);
    if (!p) return es_not_estimable(ES_NO_CASES, 0, 0);
    const struct es_pair_moments m = es_pair_moments_of(p);
    const double below = m.xx + m.yy + m.shift * m.shift, c = 2 * m.xy / below;
    if (!(below > 0)) return es_not_estimable(ES_ZERO_VARIANCE, p->n, p->patients);
    struct es_estimate e = around(c, none, &s->measured->group[0], level, ES_INTERVAL_NONE);
    const double variance = linear_variance(p, ES_LINEAR_CONCORDANCE);
    if (!(variance > 0) || !(fabs(c) < 1) || p->n < 3) return e;
    const double half = es_norm_isf(level->alpha / 2) * sqrt(variance) / (1 - c * c);
    e.lo = tanh(atanh(c) - half);
    e.hi = tanh(atanh(c) + half);
    e.method = ES_INTERVAL_LINEAR_CLUSTERED;
    return e;
}

ES_FINISH(ccc) { return concordance(s, level, ES_MEASURES_VALUES); }
ES_FINISH(kappa) { return concordance(s, level, ES_MEASURES_LEVELS); }

ES_FINISH(icc)
{
    const struct es_pair_sums *p = pairs_of(s, ES_MEASURES_VALUES);
    if (!p) return es_not_estimable(ES_NO_CASES, 0, 0);
    if (p->n < 2) return es_not_estimable(ES_N_LT_2, p->n, p->patients);
    const struct es_pair_moments m = es_pair_moments_of(p);
    const double per = m.n / (2 * (m.n - 1)), msr = per * (m.xx + m.yy + 2 * m.xy), mse = per * m.dd, msc = m.n * m.shift * m.shift / 2;
    const struct es_bounded icc = es_icc_agreement(m.n, msr, mse, msc, level->alpha);
    if (!isfinite(icc.value)) return es_not_estimable(ES_ZERO_VARIANCE, p->n, p->patients);
    struct es_estimate e = around(icc.value, none, &s->measured->group[ES_Q_ERROR], level, ES_INTERVAL_NONE);
    if (p->patients < p->n || !isfinite(icc.lo)) return e; /* its F supposes independent cases: none is better than a false one */
    e.lo = icc.lo;
    e.hi = icc.hi;
    e.method = ES_INTERVAL_MCGRAW_WONG;
    return e;
}

ES_FINISH(froc)
{
    (void)level;
    const struct es_mean_sums *m = sums_of(s, &falsely);
    if (!m || m->n == 0) return es_not_estimable(ES_NO_CASES, 0, 0);
    if (!s->measured->marked) return es_not_estimable(ES_NO_MARKS, m->n, m->patients);
    if (isnan(s->measured->froc)) return es_not_estimable(ES_NO_LESIONS, m->n, m->patients);
    return around(s->measured->froc, none, m, level, ES_INTERVAL_NONE);
}

/** Difference of two ratios with joint patient terms (METRICS J1). */
static bool compare(const struct es_summary *s, const struct es_level *level, double margin, const struct quantity *q,
                    struct es_comparison *out)
{
    es_comparison_none(out, ES_EVERYONE_HAS_NO_REST);
    const struct es_mean_sums *g = sums_of(s, q);
    if (s->axes == 0 || !g) return false;
    const struct es_mean_sums *r = &s->measured->rest[q->at];
    const struct es_scale *scale = &s->measured->scale[q->at];
    out->n_group = g->n;
    out->n_rest = r->n;
    out->patients_group = g->patients;
    out->patients_rest = r->patients;
    out->flags = es_few_clusters((double)g->n, (double)g->nn) | es_few_clusters((double)r->n, (double)r->nn);
    out->reason = g->n == 0 ? why_none(s, q) : ES_NO_REST;
    if (g->n == 0 || r->n == 0) return false;
    out->group = es_mean_value(g, scale);
    out->rest = es_mean_value(r, scale);
    const double factor = k_factor(g->patients + r->patients - s->measured->joint[q->at].shared);
    es_comparison_normal(out, factor * (es_mean_spread(g, scale) + es_mean_spread(r, scale) - 2 * es_mean_cross(s->measured, q->at)),
                         level, margin);
    return true;
}

ES_COMPARE(bias) { return compare(s, level, margin, &bias, out); }
ES_COMPARE(mae) { return compare(s, level, margin, &absolute, out); }
ES_COMPARE(level_shift) { return compare(s, level, margin, &shift, out); }
ES_COMPARE(exact_agreement) { return compare(s, level, margin, &exact, out); }
ES_COMPARE(within_one) { return compare(s, level, margin, &near, out); }
ES_COMPARE(dice) { return compare(s, level, margin, &dice, out); }
ES_COMPARE(iou) { return compare(s, level, margin, &iou, out); }
ES_COMPARE(volume_difference) { return compare(s, level, margin, &volume, out); }
ES_COMPARE(hd95) { return compare(s, level, margin, &hd95, out); }
ES_COMPARE(surface_distance) { return compare(s, level, margin, &distance, out); }
ES_COMPARE(empty_share) { return compare(s, level, margin, &empty, out); }
ES_COMPARE(lesion_sensitivity) { return compare(s, level, margin, &found, out); }
ES_COMPARE(false_marks) { return compare(s, level, margin, &falsely, out); }
