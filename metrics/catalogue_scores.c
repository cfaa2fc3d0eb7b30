/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/catalogue_parts.h"
#include "metrics/special.h"

static const double none = (double)NAN;

static double k_factor(uint64_t patients)
{
    return patients >= 2 ? (double)patients / (double)(patients - 1) : none;
}

/** Sum over patients of n_i^2 of the cases with a score. */
static double scored_squares(const struct es_ranks *r)
{
    return (double)(r->product[ES_POSITIVES][ES_POSITIVES] + 2 * r->product[ES_POSITIVES][ES_NEGATIVES] +
                    r->product[ES_NEGATIVES][ES_NEGATIVES]);
}

/** value -+ z sqrt(variance); no limits without a variance, nor where it is 0: cases all alike do not make the next one so. */
static struct es_estimate normal(double value, double variance, const struct es_summary *s, const struct es_level *level,
                                 enum es_interval method)
{
    struct es_estimate e = {ES_ESTIMATED, ES_REASON_NONE, value, none, none, s->group.scored, s->group.scored_patients,
                            ES_INTERVAL_NONE, es_few_clusters((double)s->group.scored, (double)s->group.scored_squares)};
    if (!(variance > 0)) return e;
    const double half = es_norm_isf(level->alpha / 2) * sqrt(variance);
    e.lo = value - half;
    e.hi = value + half;
    e.method = method;
    return e;
}

static void clip(struct es_estimate *e, double lo, double hi)
{
    if (e->lo < lo || e->hi > hi) e->flags |= ES_FLAG_CLIPPED;
    if (e->lo < lo) e->lo = lo;
    if (e->hi > hi) e->hi = hi;
}

/** Why a calibration figure cannot be had; ES_REASON_NONE when it can. */
static enum es_reason no_probability(const struct es_summary *s)
{
    if (s->cases == 0) return ES_NO_CASES;
    if (s->group.scored == 0) return ES_NO_SCORES;
    return s->probability ? ES_REASON_NONE : ES_NOT_PROBABILITY;
}

ES_FINISH(auroc)
{
    const struct es_ranks *r = &s->ranks;
    const uint64_t n = r->positives + r->negatives;
    if (es_blind_group(s)) return es_not_estimable(ES_NO_VERIFIED_NEGATIVES, n, r->patients);
    if (n == 0) return es_not_estimable(s->cases ? ES_NO_SCORES : ES_NO_CASES, 0, 0);
    if (r->positives == 0) return es_not_estimable(ES_NO_POSITIVES, n, r->patients);
    if (r->negatives == 0) return es_not_estimable(ES_NO_NEGATIVES, n, r->patients);
    const double auc = es_ranks_auroc(r);
    struct es_limits limits = es_auroc_logit(auc, es_ranks_variance(r), level->alpha);
    enum es_interval method = ES_INTERVAL_LOGIT_OBUCHOWSKI;
    if (isnan(limits.lo)) {
        limits = es_auroc_newcombe(auc, (double)r->positives, (double)r->negatives, level->alpha);
        method = ES_INTERVAL_NEWCOMBE_AUROC;
    }
    return (struct es_estimate){ES_ESTIMATED, ES_REASON_NONE, auc,    limits.lo, limits.hi, n,
                                r->patients,  method,         es_few_clusters((double)n, scored_squares(r))};
}

/** Ratio-estimator variance of the mean squared error of an arm: sum (b_i - n_i mean)^2 / n^2, without K/(K-1). */
static double brier_spread(const struct es_arm *a)
{
    const double n = (double)a->scored;
    return es_form(a->scored, a->error, a->scored, a->error, a->error_squares, a->error_scored, a->error_scored,
                   a->scored_squares) /
           (n * n) / (n * n) / (ES_GRID * ES_GRID);
}

static double brier_of(const struct es_arm *a)
{
    return (double)a->error / (double)a->scored / ES_GRID;
}

ES_FINISH(brier)
{
    const enum es_reason reason = no_probability(s);
    if (reason != ES_REASON_NONE) return es_not_estimable(reason, s->group.scored, s->group.scored_patients);
    struct es_estimate e = normal(brier_of(&s->group), k_factor(s->group.scored_patients) * brier_spread(&s->group), s, level,
                                  ES_INTERVAL_RATIO_CLUSTERED);
    clip(&e, 0, 1);
    return e;
}

ES_FINISH(mean_score)
{
    const enum es_reason reason = no_probability(s);
    const struct es_arm *a = &s->group;
    if (reason != ES_REASON_NONE) return es_not_estimable(reason, a->scored, a->scored_patients);
    const double n = (double)a->scored;
    const double spread = es_form(a->scored, s->score, a->scored, s->score, s->score_squares, s->score_scored, s->score_scored,
                                  a->scored_squares) /
                          (n * n) / (n * n) / (ES_GRID * ES_GRID);
    struct es_estimate e = normal((double)s->score / n / ES_GRID, k_factor(a->scored_patients) * spread, s, level,
                                  ES_INTERVAL_RATIO_CLUSTERED);
    clip(&e, 0, 1);
    return e;
}

ES_FINISH(oe_ratio)
{
    const enum es_reason reason = no_probability(s);
    const struct es_arm *a = &s->group;
    if (reason != ES_REASON_NONE) return es_not_estimable(reason, a->scored, a->scored_patients);
    if (s->score == 0) return es_not_estimable(ES_N_ZERO, a->scored, a->scored_patients);
    const double o = (double)s->observed, e = (double)s->score / ES_GRID;
    struct es_estimate out = normal(o / e, none, s, level, ES_INTERVAL_NONE);
    if (s->observed == 0) return out;
    /* Delta method on the logarithm: sum (o_i/O - e_i/E)^2, patients as units. */
    const double spread = es_form(s->score, s->observed, s->score, s->observed, s->observed_squares, s->score_positives,
                                  s->score_positives, s->score_squares) /
                          ((double)s->score * (double)s->score) / (o * o);
    const double half = es_norm_isf(level->alpha / 2) * sqrt(k_factor(a->scored_patients) * spread);
    if (isnan(half)) return out;
    out.lo = out.value * exp(-half);
    out.hi = out.value * exp(half);
    out.method = ES_INTERVAL_LOG_RATIO;
    return out;
}

ES_FINISH(ece10)
{
    const enum es_reason reason = no_probability(s);
    if (reason != ES_REASON_NONE) return es_not_estimable(reason, s->group.scored, s->group.scored_patients);
    if (isnan(s->ece10)) return es_not_estimable(ES_N_ZERO, s->group.scored, s->group.scored_patients);
    return normal(s->ece10, none, s, level, ES_INTERVAL_NONE);
}

ES_FINISH(citl)
{
    const enum es_reason reason = no_probability(s);
    const struct es_offset_fit *f = &s->offset;
    if (reason != ES_REASON_NONE) return es_not_estimable(reason, s->group.scored, s->group.scored_patients);
    if (f->reason != ES_REASON_NONE) return es_not_estimable(f->reason, s->group.scored, s->group.scored_patients);
    const double u = (double)f->squares / (ES_GRID * ES_GRID);
    return normal(f->intercept, k_factor(f->patients) * u / (f->information * f->information), s, level,
                  ES_INTERVAL_FIT_CLUSTERED);
}

/** Sandwich variance of intercept [0] and slope [1]: H^-1 (sum U U') H^-1, H the information. */
static void sandwich(const struct es_line_fit *f, double variance[2])
{
    const double *h = f->information, det = h[0] * h[2] - h[1] * h[1], scale = ES_GRID_COARSE * ES_GRID_COARSE;
    const double uu = (double)f->squares[0] / scale, uv = (double)f->squares[1] / scale, vv = (double)f->squares[2] / scale;
    const double row[2][2] = {{h[2] / det, -h[1] / det}, {-h[1] / det, h[0] / det}};
    for (int i = 0; i < 2; i++)
        variance[i] = k_factor(f->patients) * (row[i][0] * row[i][0] * uu + 2 * row[i][0] * row[i][1] * uv +
                                               row[i][1] * row[i][1] * vv);
}

static struct es_estimate line(const struct es_summary *s, const struct es_level *level, int which)
{
    const enum es_reason reason = no_probability(s);
    const struct es_line_fit *f = &s->line;
    double variance[2];
    if (reason != ES_REASON_NONE) return es_not_estimable(reason, s->group.scored, s->group.scored_patients);
    if (f->reason != ES_REASON_NONE) return es_not_estimable(f->reason, s->group.scored, s->group.scored_patients);
    sandwich(f, variance);
    return normal(which ? f->slope : f->intercept, variance[which], s, level, ES_INTERVAL_FIT_CLUSTERED);
}

ES_FINISH(slope)
{
    return line(s, level, 1);
}

ES_FINISH(intercept)
{
    return line(s, level, 0);
}

/* --- Differences with a normal standard error --- */

void es_comparison_normal(struct es_comparison *out, double variance, const struct es_level *level, double margin)
{
    out->status = ES_ESTIMATED;
    out->reason = ES_REASON_NONE;
    out->difference = out->group - out->rest;
    out->deff = NAN;
    if (!(variance > 0)) {
        out->reason = ES_ZERO_VARIANCE; /* no interval, no p: the verdict rule says not enough */
        return;
    }
    const double se = sqrt(variance), d = out->difference;
    const double half = es_norm_isf(level->alpha / 2) * se, inner = es_norm_isf(level->equivalence) * se;
    out->lo = d - half;
    out->hi = d + half;
    out->lo_eq = d - inner;
    out->hi_eq = d + inner;
    out->p_difference = 2 * es_norm_sf(fabs(d) / se);
    out->p_lower = margin > 0 ? es_norm_sf((d + margin) / se) : none;
    out->p_upper = margin > 0 ? es_norm_cdf((d - margin) / se) : none;
    out->method = ES_INTERVAL_NORMAL_JOINT;
}

/** Start a comparison of scored cases; false with the reason set when an arm is empty. */
static bool begin(const struct es_summary *s, struct es_comparison *out)
{
    es_comparison_none(out, ES_EVERYONE_HAS_NO_REST);
    if (s->axes == 0) return false;
    out->n_group = s->group.scored;
    out->n_rest = s->rest.scored;
    out->patients_group = s->group.scored_patients;
    out->patients_rest = s->rest.scored_patients;
    out->flags = es_few_clusters((double)s->group.scored, (double)s->group.scored_squares) |
                 es_few_clusters((double)s->rest.scored, (double)s->rest.scored_squares);
    out->reason = s->group.scored == 0 ? ES_NO_SCORES : ES_NO_REST;
    return s->group.scored > 0 && s->rest.scored > 0;
}

ES_COMPARE(brier)
{
    if (!begin(s, out)) return false;
    out->reason = no_probability(s);
    if (out->reason != ES_REASON_NONE) return false;
    const struct es_arm *g = &s->group, *r = &s->rest;
    const double ng = (double)g->scored, nr = (double)r->scored;
    const double both = es_form(g->scored, g->error, r->scored, r->error, s->joint_error[0][0], s->joint_error[0][1],
                                s->joint_error[1][0], s->joint_error[1][1]) /
                        (ng * ng) / (nr * nr) / (ES_GRID * ES_GRID);
    const double factor = k_factor(g->scored_patients + r->scored_patients - s->shared_scored);
    out->group = brier_of(g);
    out->rest = brier_of(r);
    es_comparison_normal(out, factor * (brier_spread(g) + brier_spread(r) - 2 * both), level, margin);
    return true;
}

ES_COMPARE(auroc)
{
    const struct es_ranks *g = &s->ranks, *r = &s->rest_ranks;
    if (!begin(s, out)) return false;
    out->reason = ES_N_ZERO;
    if (!s->rest_scored) return false;
    out->reason = ES_NO_VERIFIED_NEGATIVES;
    if (es_blind_group(s) || es_blind_rest(s)) return false;
    /* The smaller class is what a verdict rests on. */
    out->n_group = g->positives < g->negatives ? g->positives : g->negatives;
    out->n_rest = r->positives < r->negatives ? r->positives : r->negatives;
    out->reason = !g->positives ? ES_NO_POSITIVES : !g->negatives ? ES_NO_NEGATIVES : ES_NO_REST;
    if (!out->n_group || !out->n_rest) return false;
    es_u128 joint[ES_PLACES][ES_PLACES];
    for (int i = 0; i < ES_PLACES; i++)
        for (int j = 0; j < ES_PLACES; j++) joint[i][j] = s->joint_ranks[i][j];
    const double covariance = es_ranks_covariance(g, r, joint, g->patients + r->patients - s->shared_ranked);
    const double vg = es_ranks_variance(g), vr = es_ranks_variance(r);
    out->group = es_ranks_auroc(g);
    out->rest = es_ranks_auroc(r);
    /* Perfect separation in an arm has variance 0: then there is no honest standard error. */
    es_comparison_normal(out, vg > 0 && vr > 0 ? vg + vr - 2 * covariance : none, level, margin);
    return true;
}

ES_COMPARE(citl)
{
    const struct es_offset_fit *g = &s->offset, *r = &s->rest_offset;
    if (!begin(s, out)) return false;
    out->reason = no_probability(s);
    if (out->reason != ES_REASON_NONE) return false;
    out->reason = !s->rest_scored ? ES_N_ZERO : g->reason != ES_REASON_NONE ? g->reason : r->reason;
    if (out->reason != ES_REASON_NONE) return false;
    const double grid = ES_GRID * ES_GRID, factor = k_factor(g->patients + r->patients - s->shared_ranked);
    const double own = (double)g->squares / grid / (g->information * g->information);
    const double other = (double)r->squares / grid / (r->information * r->information);
    const double both = (double)s->joint_offset / grid / (g->information * r->information);
    out->group = g->intercept;
    out->rest = r->intercept;
    es_comparison_normal(out, factor * (own + other - 2 * both), level, margin);
    return true;
}
