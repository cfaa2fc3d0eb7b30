/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/ranking.h"

#include <float.h>

#include "metrics/root.h"
#include "metrics/special.h"

static uint32_t block_end(const double *score, const uint32_t *order, uint32_t n, uint32_t i)
{
    uint32_t end = i + 1;
    while (end < n && score[order[end]] == score[order[i]]) end++;
    return end;
}

void es_rank_place(const double *score, const uint8_t *label, const uint32_t *order, uint32_t n, uint64_t *placed)
{
    uint64_t below[2] = {0, 0}, positives = 0;
    for (uint32_t i = 0; i < n; i++) positives += label[order[i]];
    for (uint32_t i = 0, end; i < n; i = end) {
        uint64_t after[2] = {below[0], below[1]};
        end = block_end(score, order, n, i);
        for (uint32_t j = i; j < end; j++) after[label[order[j]]]++;
        for (uint32_t j = i; j < end; j++)
            placed[order[j]] = label[order[j]] ? below[0] + after[0] : 2 * positives - below[1] - after[1];
        below[0] = after[0];
        below[1] = after[1];
    }
}

void es_ranks_add(struct es_ranks *ranks, const uint64_t patient[ES_PLACES])
{
    if (patient[ES_POSITIVES] + patient[ES_NEGATIVES] == 0) return;
    ranks->positives += patient[ES_POSITIVES];
    ranks->negatives += patient[ES_NEGATIVES];
    ranks->positive_patients += patient[ES_POSITIVES] > 0;
    ranks->negative_patients += patient[ES_NEGATIVES] > 0;
    ranks->patients++;
    ranks->wins2 += patient[ES_PLACED_POSITIVE];
    for (int i = 0; i < ES_PLACES; i++) {
        if (patient[i] == 0) continue;
        for (int j = 0; j < ES_PLACES; j++) ranks->product[i][j] += (es_u128)patient[i] * patient[j];
    }
}

double es_ranks_auroc(const struct es_ranks *ranks)
{
    if (ranks->positives == 0 || ranks->negatives == 0) return NAN;
    return (double)ranks->wins2 / (double)(2 * (es_u128)ranks->positives * ranks->negatives);
}

/** Sum over patients of the deviations of class c of `a` times those of class d of `b`, each (placed/(2 other) - cases auc)/own.
 * c, d: ES_PLACED_POSITIVE or ES_PLACED_NEGATIVE; the count of the class is the next index. */
static double deviations(const struct es_ranks *a, enum es_place c, const struct es_ranks *b, enum es_place d,
                         es_u128 product[ES_PLACES][ES_PLACES])
{
    const uint64_t own_a = c == ES_PLACED_POSITIVE ? a->positives : a->negatives;
    const uint64_t own_b = d == ES_PLACED_POSITIVE ? b->positives : b->negatives;
    const double other_a = (double)(c == ES_PLACED_POSITIVE ? a->negatives : a->positives), n_a = (double)own_a;
    const double other_b = (double)(d == ES_PLACED_POSITIVE ? b->negatives : b->positives), n_b = (double)own_b;
    const double sum = es_form(own_a, a->wins2, own_b, b->wins2, product[c][d], product[c][d + 1], product[c + 1][d],
                               product[c + 1][d + 1]);
    return sum / (2 * other_a * n_a * n_a) / (2 * other_b * n_b * n_b);
}

static double factor(uint64_t patients)
{
    return (double)patients / (double)(patients - 1);
}

double es_ranks_variance(const struct es_ranks *r)
{
    struct es_ranks copy = *r;
    if (r->positive_patients < 2 || r->negative_patients < 2) return NAN;
    const double v =
        factor(r->positive_patients) * deviations(r, ES_PLACED_POSITIVE, r, ES_PLACED_POSITIVE, copy.product) +
        factor(r->negative_patients) * deviations(r, ES_PLACED_NEGATIVE, r, ES_PLACED_NEGATIVE, copy.product) +
        2 * factor(r->patients) * deviations(r, ES_PLACED_POSITIVE, r, ES_PLACED_NEGATIVE, copy.product);
    return v >= 0 ? v : (double)NAN;
}

double es_ranks_delong(const struct es_ranks *r, const es_u128 squares[2])
{
    const uint64_t n[2] = {r->negatives, r->positives};
    double variance = 0;
    for (int y = 0; y < 2; y++) {
        es_u128 scaled = 0, square = 0;
        if (n[y] < 2) return NAN;
        /* sum (p - mean)^2 = (n sum p p - (sum p)^2) / n; the placements of either class add up to the same number of wins. */
        const bool exact = !__builtin_mul_overflow(squares[y], (es_u128)n[y], &scaled) && !__builtin_mul_overflow(r->wins2, r->wins2, &square);
        const double wins = (double)r->wins2, own = (double)n[y], other = 2 * (double)n[1 - y];
        const double spread = exact ? (double)(scaled - square) / own : fmax(0, (double)squares[y] - wins * wins / own);
        variance += spread / (other * other) / (own - 1) / own;
    }
    return variance;
}

double es_ranks_covariance(const struct es_ranks *a, const struct es_ranks *b, es_u128 joint[ES_PLACES][ES_PLACES],
                           uint64_t patients)
{
    static const enum es_place classes[] = {ES_PLACED_POSITIVE, ES_PLACED_NEGATIVE};
    if (!a->positives || !a->negatives || !b->positives || !b->negatives || patients < 2) return NAN;
    double sum = 0;
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++) sum += deviations(a, classes[i], b, classes[j], joint);
    return factor(patients) * sum;
}

double es_rank_paired_covariance(const uint64_t *placed1, const uint64_t *placed2, const uint8_t *label, uint32_t n)
{
    es_u128 sum1[2] = {0, 0}, sum2[2] = {0, 0}, both[2] = {0, 0};
    uint64_t count[2] = {0, 0};
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t y = label[i];
        count[y]++;
        sum1[y] += placed1[i];
        sum2[y] += placed2[i];
        both[y] += (es_u128)placed1[i] * placed2[i];
    }
    if (count[0] < 2 || count[1] < 2) return NAN;
    double out = 0;
    for (int y = 0; y < 2; y++) {
        /* sum (n u_i - U)(n v_i - V) = n (n sum uv - U V) */
        const double k = (double)count[y], other = 2 * (double)count[!y];
        const double dev = es_form(count[y], sum1[y], 1, 0, both[y], 0, sum2[y], 0);
        out += dev / k / (k - 1) / k / (other * other);
    }
    return out;
}

struct es_limits es_auroc_wald(double auc, double variance, double alpha)
{
    const double half = es_norm_isf(alpha / 2) * sqrt(variance);
    if (isnan(half) || isnan(auc)) return (struct es_limits){(double)NAN, (double)NAN};
    return (struct es_limits){fmax(0, auc - half), fmin(1, auc + half)};
}

struct es_limits es_auroc_logit(double auc, double variance, double alpha)
{
    if (!(auc > 0 && auc < 1 && variance > 0)) return (struct es_limits){(double)NAN, (double)NAN};
    const double half = es_norm_isf(alpha / 2) * sqrt(variance) / (auc * (1 - auc)), centre = es_logit(auc);
    return (struct es_limits){es_expit(centre - half), es_expit(centre + half)};
}

struct newcombe {
    double auc, m, n, z;
};

static double newcombe_gap(double t, const void *context)
{
    const struct newcombe *c = context;
    const double star = (c->m + c->n) / 2 - 1;
    const double v = t * (1 - t) * (1 + star * (1 - t) / (2 - t) + star * t / (1 + t)) / (c->m * c->n);
    const double f = c->auc - t - c->z * sqrt(fmax(0, v));
    return f != 0 ? f : copysign(DBL_MIN, -c->z); /* the estimate itself lies inside */
}

struct es_limits es_auroc_newcombe(double auc, double m, double n, double alpha)
{
    if (!(auc >= 0 && auc <= 1 && m > 0 && n > 0)) return (struct es_limits){(double)NAN, (double)NAN};
    const double z = es_norm_isf(alpha / 2);
    const struct newcombe lower = {auc, m, n, z}, upper = {auc, m, n, -z};
    return (struct es_limits){auc <= 0 ? 0 : es_root(newcombe_gap, &lower, 0, auc, 1e-15),
                              auc >= 1 ? 1 : es_root(newcombe_gap, &upper, auc, 1, 1e-15)};
}

/** Area under the segment (x0,y0)-(x1,y1) over x in [0, limit]. */
static double area_left(double x0, double y0, double x1, double y1, double limit)
{
    if (x0 >= limit || x1 <= x0) return 0;
    const double end = fmin(x1, limit), y = y0 + (y1 - y0) * (end - x0) / (x1 - x0);
    return (end - x0) * (y0 + y) / 2;
}

struct es_partial_areas es_partial_areas(const double *score, const uint8_t *label, const uint32_t *order, uint32_t n,
                                         double fpr_limit, double tpr_limit)
{
    const double none = (double)NAN;
    struct es_partial_areas out = {none, none, none};
    uint64_t all[2] = {0, 0}, at[2] = {0, 0};
    for (uint32_t i = 0; i < n; i++) all[label[order[i]]]++;
    if (all[0] == 0 || all[1] == 0) return out;
    const double m = (double)all[1], k = (double)all[0];
    double x = 0, y = 0;
    out.fpr = out.tpr = 0;
    for (uint32_t top = n, start; top > 0; top = start) {
        start = top - 1;
        while (start > 0 && score[order[start - 1]] == score[order[top - 1]]) start--;
        for (uint32_t j = start; j < top; j++) at[label[order[j]]]++;
        const double nx = (double)at[0] / k, ny = (double)at[1] / m;
        out.fpr += area_left(x, y, nx, ny, fpr_limit);
        /* The band above tpr_limit, seen from the other corner: 1 - tpr runs from 0, height is 1 - fpr. */
        out.tpr += area_left(1 - ny, 1 - nx, 1 - y, 1 - x, 1 - tpr_limit);
        x = nx;
        y = ny;
    }
    const double least = fpr_limit * fpr_limit / 2;
    out.fpr_standardised = (1 + (out.fpr - least) / (fpr_limit - least)) / 2;
    return out;
}

double es_average_precision(const double *score, const uint8_t *label, const uint32_t *order, uint32_t n)
{
    uint64_t all = 0, tp = 0, before = 0;
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) all += label[order[i]];
    if (all == 0) return NAN;
    for (uint32_t top = n, start; top > 0; top = start, before = tp) {
        start = top - 1;
        while (start > 0 && score[order[start - 1]] == score[order[top - 1]]) start--;
        for (uint32_t j = start; j < top; j++) tp += label[order[j]];
        sum += (double)(tp - before) / (double)all * ((double)tp / (double)(n - start));
    }
    return sum;
}
