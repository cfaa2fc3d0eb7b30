/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "metrics/sweep_work.h"

/* A placement is kept doubled: a positive's is the negatives below it plus the negatives not above it, a negative's is the
 * positives above it plus the positives not below it. Ties then count one half of two, and everything is an integer. */

/** End of the block of equal scores that starts at i. */
static uint32_t block_end(const struct es_work *w, uint32_t i)
{
    uint32_t end = i + 1;
    while (end < w->scored && w->value[end] == w->value[i]) end++;
    return end;
}

void es_work_place(struct es_work *w)
{
    /* counts: [slot][0] negatives so far, [1] positives so far, [2] all positives */
    memset(w->counts, 0, 3 * sizeof *w->counts * w->slots);
    for (uint32_t i = 0; i < w->scored; i++) {
        w->slot_at[i] = w->slot[w->order[i]];
        w->counts[3 * (size_t)w->slot_at[i] + 2] += w->positive[i];
    }
    for (uint32_t i = 0, end; i < w->scored; i = end) {
        end = block_end(w, i);
        for (uint32_t j = i; j < end; j++) {
            const uint64_t *c = w->counts + 3 * (size_t)w->slot_at[j];
            w->placed[w->order[j]] = w->positive[j] ? c[0] : c[2] - c[1];
        }
        for (uint32_t j = i; j < end; j++) w->counts[3 * (size_t)w->slot_at[j] + w->positive[j]]++;
        for (uint32_t j = i; j < end; j++) {
            const uint64_t *c = w->counts + 3 * (size_t)w->slot_at[j];
            w->placed[w->order[j]] += w->positive[j] ? c[0] : c[2] - c[1];
        }
    }
}

/** Placements among the rows outside one group. */
static void place_rest(struct es_work *w)
{
    uint64_t below[2] = {0, 0}, positives = 0;
    for (uint32_t i = 0; i < w->scored; i++) positives += w->positive[i] & w->outside[w->slot_at[i]];
    for (uint32_t i = 0, end; i < w->scored; i = end) {
        uint64_t after[2] = {below[0], below[1]};
        end = block_end(w, i);
        for (uint32_t j = i; j < end; j++) after[w->positive[j]] += w->outside[w->slot_at[j]];
        for (uint32_t j = i; j < end; j++)
            w->rest_placed[w->order[j]] = w->positive[j] ? below[0] + after[0] : 2 * positives - below[1] - after[1];
        below[0] = after[0];
        below[1] = after[1];
    }
}

/** Calibration-in-the-large of the rows outside one group; writes rest_residual. */
static void fit_rest(struct es_work *w, struct es_offset_fit *out)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < w->scored; i++) {
        if (!w->outside[w->slot_at[i]]) continue;
        const uint32_t v = w->value[i];
        if (n == 0 || w->point_value[n - 1] != v) {
            w->points[n] = (struct es_fit_point){w->logit[v], w->odds[v], 0, 0};
            w->point_value[n++] = v;
        }
        w->points[n - 1].n++;
        w->points[n - 1].positives += w->positive[i];
    }
    const struct es_logistic fit = es_fit_offset(w->points, n);
    *out = (struct es_offset_fit){fit.reason, fit.intercept, fit.information[0], 0, 0};
    if (fit.reason != ES_REASON_NONE) return;
    const double factor = exp(fit.intercept);
    for (uint32_t k = 0; k < n; k++) {
        const double t = factor * w->points[k].odds;
        w->fixed[w->point_value[k]] = llrint(t / (1 + t) * ES_GRID);
    }
    for (uint32_t i = 0; i < w->scored; i++)
        w->rest_residual[w->order[i]] = (w->positive[i] ? (int64_t)ES_GRID : 0) - w->fixed[w->value[i]];
}

/** One patient's ranks and residuals in group and rest. */
struct both {
    uint64_t own[ES_PLACES], other[ES_PLACES];
    es_i128 own_residual, other_residual;
};

static void add_both(struct es_summary *s, const struct both *b)
{
    es_ranks_add(&s->rest_ranks, b->other);
    s->rest_offset.patients++;
    s->rest_offset.squares += (es_u128)(b->other_residual * b->other_residual);
    if (b->own[ES_POSITIVES] + b->own[ES_NEGATIVES] == 0) return;
    s->shared_ranked++;
    for (int i = 0; i < ES_PLACES; i++)
        for (int j = 0; j < ES_PLACES; j++) s->joint_ranks[i][j] += (es_u128)b->own[i] * b->other[j];
    s->joint_offset += b->own_residual * b->other_residual;
}

void es_work_rest(struct es_work *w, uint32_t group)
{
    struct es_summary *s = &w->summary[group];
    const uint8_t *levels = w->levels + (size_t)group * ES_MAX_GROUPING_AXES;
    for (uint32_t k = 0; k < w->slots; k++)
        w->outside[k] = es_work_outside(w->levels + (size_t)k * ES_MAX_GROUPING_AXES, levels, s->axes);
    place_rest(w);
    s->rest_offset.reason = ES_NOT_PROBABILITY;
    if (w->probability && w->options->fits) fit_rest(w, &s->rest_offset);
    const bool fitted = s->rest_offset.reason == ES_REASON_NONE, own_fitted = s->offset.reason == ES_REASON_NONE;
    const uint32_t rows = w->sheet->rows, *patient = w->sheet->patient;
    struct both b;
    memset(&b, 0, sizeof b);
    bool any = false;
    for (uint32_t row = 0; row < rows; row++) {
        const uint32_t at = w->place_of[row];
        if (at != UINT32_MAX) {
            const uint8_t y = w->positive[at];
            if (w->slot[row] == group) {
                b.own[y ? ES_PLACED_POSITIVE : ES_PLACED_NEGATIVE] += w->placed[row];
                b.own[y ? ES_POSITIVES : ES_NEGATIVES]++;
                if (own_fitted) b.own_residual += w->residual[row];
            } else if (w->outside[w->slot[row]]) {
                b.other[y ? ES_PLACED_POSITIVE : ES_PLACED_NEGATIVE] += w->rest_placed[row];
                b.other[y ? ES_POSITIVES : ES_NEGATIVES]++;
                if (fitted) b.other_residual += w->rest_residual[row];
                any = true;
            }
        }
        if (row + 1 == rows || patient[row + 1] != patient[row]) {
            if (any) add_both(s, &b);
            memset(&b, 0, sizeof b);
            any = false;
        }
    }
    s->rest_scored = true;
}
