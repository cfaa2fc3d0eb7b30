/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "metrics/sweep_work.h"

/* A placement is kept doubled: a positive's is the negatives below it plus the negatives not above it, a negative's is the
 * positives above it plus the positives not below it. Ties then count one half of two, and everything is an integer. */

/** A row's placement among `seen` after its ties and `before` them. */
static uint64_t place_of(unsigned y, const uint64_t before[2], const uint64_t seen[2], uint64_t positives)
{
    return y ? before[0] + seen[0] : 2 * positives - before[1] - seen[1];
}

/** Keep a placement: with its patient's rows, and in the sums when that patient has no other. Both without a branch. */
static inline void keep(const struct es_work *w, struct es_running *r, uint32_t i, uint64_t value)
{
    const unsigned y = w->flag[i] & ES_SCORED_POSITIVE;
    const uint64_t alone = (w->flag[i] & ES_SCORED_ALONE) ? 1 : 0, own = value & -alone;
    w->placed[w->several_at[i]] = (uint32_t)value;
    r->alone[y] += alone;
    r->placed[y] += own;
    r->squares[y] += (es_u128)own * own;
}

/** Ranks of patients with one row, from their sums. */
static void add_alone(struct es_ranks *ranks, const struct es_running *r)
{
    static const enum es_place places[2] = {ES_PLACED_NEGATIVE, ES_PLACED_POSITIVE};
    ranks->negatives += r->alone[0];
    ranks->positives += r->alone[1];
    ranks->negative_patients += r->alone[0];
    ranks->positive_patients += r->alone[1];
    ranks->patients += r->alone[0] + r->alone[1];
    ranks->wins2 += r->placed[1];
    for (int y = 0; y < 2; y++) {
        const enum es_place p = places[y];
        ranks->product[p][p] += r->squares[y];
        ranks->product[p][p + 1] += r->placed[y];
        ranks->product[p + 1][p] += r->placed[y];
        ranks->product[p + 1][p + 1] += r->alone[y];
    }
}

/** End of the block of equal scores that starts at i. */
static uint32_t block_end(const struct es_work *w, uint32_t i)
{
    uint32_t end = i + 1;
    while (!(w->flag[end] & ES_SCORED_NEW)) end++; /* one past the last is flagged new */
    return end;
}

void es_work_place(struct es_work *w)
{
    memset(w->running, 0, sizeof *w->running * w->slots);
    /* Cells know how many positives have a score: they are `observed`. */
    for (uint32_t k = 0; k < w->slots; k++) w->running[k].positives = w->summary[k].observed;
    for (uint32_t i = 0, end; i < w->scored; i = end) {
        end = i + 1;
        __builtin_prefetch(&w->placed[w->several_at[i + ES_AHEAD]], 1);
        if (w->flag[end] & ES_SCORED_NEW) { /* no ties */
            struct es_running *r = &w->running[w->slot_of[w->profile_at[i]]];
            const unsigned y = w->flag[i] & ES_SCORED_POSITIVE;
            keep(w, r, i, 2 * (y ? r->seen[0] : r->positives - r->seen[1]));
            r->seen[y]++;
            continue;
        }
        end = block_end(w, i);
        for (uint32_t j = i; j < end; j++) {
            struct es_running *r = &w->running[w->slot_of[w->profile_at[j]]];
            if (r->block != (uint64_t)i + 1) {
                r->block = (uint64_t)i + 1;
                memcpy(r->before, r->seen, sizeof r->before);
            }
            r->seen[w->flag[j] & ES_SCORED_POSITIVE]++;
        }
        for (uint32_t j = i; j < end; j++) {
            struct es_running *r = &w->running[w->slot_of[w->profile_at[j]]];
            keep(w, r, j, place_of(w->flag[j] & ES_SCORED_POSITIVE, r->before, r->seen, r->positives));
        }
    }
    for (uint32_t k = 0; k < w->slots; k++) {
        add_alone(&w->summary[k].ranks, &w->running[k]);
        memcpy(w->summary[k].placed_squares, w->running[k].squares, sizeof w->summary[k].placed_squares); /* the others come by patient */
    }
}

/** Keep the placement of a row that may not be in the rest (mask 0): then it counts nothing. */
static inline void keep_rest(const struct es_work *w, struct es_running *r, uint32_t i, uint64_t mask, uint64_t value)
{
    const unsigned y = w->flag[i] & ES_SCORED_POSITIVE;
    const uint64_t alone = (w->flag[i] & ES_SCORED_ALONE ? 1 : 0) & mask, own = value & -alone;
    w->of_rest[w->several_at[i]].placed = value;
    r->alone[y] += alone;
    r->placed[y] += own;
    r->squares[y] += (es_u128)own * own;
}

/** Placements among the rows outside one group. */
static void place_rest(struct es_work *w, struct es_summary *s)
{
    struct es_running r;
    memset(&r, 0, sizeof r);
    for (uint32_t k = 0; k < w->slots; k++)
        if (w->outside[k]) r.positives += w->summary[k].observed;
    for (uint32_t i = 0, end; i < w->scored; i = end) {
        end = i + 1;
        __builtin_prefetch(&w->of_rest[w->several_at[i + ES_AHEAD]], 1);
        if (w->flag[end] & ES_SCORED_NEW) {
            const uint64_t mask = -(uint64_t)w->outside_of[w->profile_at[i]];
            const unsigned y = w->flag[i] & ES_SCORED_POSITIVE;
            keep_rest(w, &r, i, mask, 2 * (y ? r.seen[0] : r.positives - r.seen[1]));
            r.seen[y] += mask & 1;
            continue;
        }
        end = block_end(w, i);
        memcpy(r.before, r.seen, sizeof r.before);
        for (uint32_t j = i; j < end; j++)
            r.seen[w->flag[j] & ES_SCORED_POSITIVE] += w->outside_of[w->profile_at[j]];
        for (uint32_t j = i; j < end; j++)
            keep_rest(w, &r, j, -(uint64_t)w->outside_of[w->profile_at[j]],
                      place_of(w->flag[j] & ES_SCORED_POSITIVE, r.before, r.seen, r.positives));
    }
    add_alone(&s->rest_ranks, &r);
}

/** Calibration-in-the-large of the rows outside one group; residuals of patients with several rows, squares of the others. */
static void fit_rest(struct es_work *w, struct es_offset_fit *out)
{
    uint32_t n = 0, value = 0, last = UINT32_MAX;
    for (uint32_t i = 0; i < w->scored; i++) {
        value += (w->flag[i] & ES_SCORED_NEW) && i;
        if (!w->outside_of[w->profile_at[i]]) continue;
        if (value != last) {
            last = value;
            w->point_x[n] = w->logit[value];
            w->point_n[n] = w->point_positives[n] = 0;
            n++;
        }
        w->point_n[n - 1]++;
        w->point_positives[n - 1] += w->flag[i] & ES_SCORED_POSITIVE;
    }
    *out = es_work_fit_offset(w, 0, n);
    if (out->reason != ES_REASON_NONE) return;
    last = UINT32_MAX;
    value = n = 0;
    for (uint32_t i = 0; i < w->scored; i++) {
        value += (w->flag[i] & ES_SCORED_NEW) && i;
        if (!w->outside_of[w->profile_at[i]]) continue;
        n += value != last;
        last = value;
        __builtin_prefetch(&w->residual[w->several_at[i + ES_AHEAD]], 1);
        const int64_t r = es_nearest(((double)(w->flag[i] & ES_SCORED_POSITIVE) - w->mean[n - 1]) * ES_GRID);
        w->residual[w->several_at[i]].u = r;
        if (!(w->flag[i] & ES_SCORED_ALONE)) continue;
        out->squares += (es_u128)((es_i128)r * r);
        out->patients++;
    }
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
    for (uint32_t p = 0; p < w->profiles; p++) w->outside_of[p] = w->outside[w->slot_of[p]];
    place_rest(w, s);
    s->rest_offset.reason = w->probability ? ES_N_ZERO : ES_NOT_PROBABILITY;
    if (w->fits) fit_rest(w, &s->rest_offset);
    const bool fitted = s->rest_offset.reason == ES_REASON_NONE, own_fitted = s->offset.reason == ES_REASON_NONE;
    struct both b;
    memset(&b, 0, sizeof b);
    bool any = false;
    for (uint32_t i = 0; i < w->several; i++) {
        const uint32_t trait = w->several_trait[i], slot = w->slot_of[w->several_profile[i]];
        const bool y = trait & ES_ROW_POSITIVE;
        if (!(trait & ES_ROW_SCORED)) {
            /* no score, no rank */
        } else if (slot == group) {
            b.own[y ? ES_PLACED_POSITIVE : ES_PLACED_NEGATIVE] += w->placed[i];
            b.own[y ? ES_POSITIVES : ES_NEGATIVES]++;
            if (own_fitted) b.own_residual += w->residual[i].r;
        } else if (w->outside[slot]) {
            b.other[y ? ES_PLACED_POSITIVE : ES_PLACED_NEGATIVE] += w->of_rest[i].placed;
            b.other[y ? ES_POSITIVES : ES_NEGATIVES]++;
            if (fitted) b.other_residual += w->residual[i].u;
            any = true;
        }
        if (!(trait & ES_ROW_LAST)) continue;
        if (any) add_both(s, &b);
        memset(&b, 0, sizeof b);
        any = false;
    }
    s->rest_scored = true;
}
