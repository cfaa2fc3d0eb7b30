/* SPDX-License-Identifier: Apache-2.0 */
/* Ranks and calibration-in-the-large of the rows outside a group, and what joins them with the group's own. */
#include <string.h>

#include "metrics/sweep_work.h"

/** The scored rows outside the group, in score order, packed as the fits pack a group's; equal scores are one point.
 * @param points  written: how many
 * @return how many rows */
static uint32_t pack_rest(struct es_work *w, uint32_t *points)
{
    uint32_t rows = 0, n = 0, value = 0, last = UINT32_MAX;
    for (uint32_t i = 0; i < w->scored; i++) {
        const uint8_t flag = w->flag[i];
        value += (flag & ES_SCORED_NEW) && i;
        if (!w->outside_of[w->profile_at[i]]) continue;
        const unsigned y = flag & ES_SCORED_POSITIVE;
        const bool fresh = value != last;
        w->grouped_at[rows] = w->several_at[i];
        w->grouped_flag[rows++] = (uint8_t)((flag & ~ES_SCORED_NEW) | (fresh ? ES_SCORED_NEW : 0));
        last = value;
        if (!w->fits) continue;
        if (fresh) {
            w->point_x[n] = w->logit[value];
            w->point_n[n] = w->point_positives[n] = 0;
            n++;
        }
        w->point_n[n - 1]++;
        w->point_positives[n - 1] += y;
    }
    w->grouped_flag[rows] = ES_SCORED_NEW;
    *points = n;
    return rows;
}

/** Keep the placement of packed row i: with its patient's rows, and in the sums when that patient has no other. */
static inline void keep(const struct es_work *w, struct es_running *r, uint32_t i, uint64_t value)
{
    const unsigned y = w->grouped_flag[i] & ES_SCORED_POSITIVE;
    const uint64_t alone = w->grouped_flag[i] & ES_SCORED_ALONE ? 1 : 0, own = value & -alone;
    w->of_rest[w->grouped_at[i]].placed = value;
    r->alone[y] += alone;
    r->placed[y] += own;
    r->squares[y] += (es_u128)own * own;
}

/** Placements among the packed rows. */
static void place_rest(struct es_work *w, uint32_t rows, struct es_ranks *ranks)
{
    struct es_running r;
    memset(&r, 0, sizeof r);
    for (uint32_t k = 0; k < w->slots; k++)
        if (w->outside[k]) r.positives += w->summary[k].observed;
    for (uint32_t i = 0, end; i < rows; i = end) {
        end = i + 1;
        __builtin_prefetch(&w->of_rest[w->grouped_at[i + ES_AHEAD]], 1);
        if (w->grouped_flag[end] & ES_SCORED_NEW) {
            const unsigned y = w->grouped_flag[i] & ES_SCORED_POSITIVE;
            keep(w, &r, i, 2 * (y ? r.seen[0] : r.positives - r.seen[1]));
            r.seen[y]++;
            continue;
        }
        end = es_ties_end(w->grouped_flag, i);
        memcpy(r.before, r.seen, sizeof r.before);
        for (uint32_t j = i; j < end; j++) r.seen[w->grouped_flag[j] & ES_SCORED_POSITIVE]++;
        for (uint32_t j = i; j < end; j++)
            keep(w, &r, j, es_placement(w->grouped_flag[j] & ES_SCORED_POSITIVE, r.before, r.seen, r.positives));
    }
    es_running_to_ranks(ranks, &r);
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

/** The patient whose rows start at *i, row by row; *i moves to the next patient's. */
static void add_patient(const struct es_work *w, uint32_t *i, uint32_t group)
{
    struct es_summary *s = &w->summary[group];
    const bool fitted = s->rest_offset.reason == ES_REASON_NONE, own_fitted = s->offset.reason == ES_REASON_NONE;
    struct both b;
    bool any = false, last = false;
    memset(&b, 0, sizeof b);
    for (; !last; (*i)++) {
        const uint32_t trait = w->several_trait[*i], slot = w->slot_of[w->several_profile[*i]];
        const bool y = trait & ES_ROW_POSITIVE;
        last = trait & ES_ROW_LAST;
        if (!(trait & ES_ROW_SCORED)) {
            /* no score, no rank */
        } else if (slot == group) {
            b.own[y ? ES_PLACED_POSITIVE : ES_PLACED_NEGATIVE] += w->placed[*i];
            b.own[y ? ES_POSITIVES : ES_NEGATIVES]++;
            if (own_fitted) b.own_residual += w->residual[*i].r;
        } else if (w->outside[slot]) {
            b.other[y ? ES_PLACED_POSITIVE : ES_PLACED_NEGATIVE] += w->of_rest[*i].placed;
            b.other[y ? ES_POSITIVES : ES_NEGATIVES]++;
            if (fitted) b.other_residual += w->residual[*i].u;
            any = true;
        }
    }
    if (any) add_both(s, &b);
}

/** Count a patient of a kind who has all rows outside, without a rank of its own; *i moves to the next patient's rows. False, with
 * nothing changed, for any other. */
static inline bool add_outsider(const struct es_work *w, uint32_t *i, uint32_t patient, struct es_own_products *products,
                                struct es_offset_fit *fit)
{
    const uint32_t kind = w->kind_of[patient];
    const bool fitted = fit->reason == ES_REASON_NONE;
    uint64_t placed[2] = {0, 0};
    es_i128 residual = 0;
    uint32_t row = *i;
    bool last = false;
    if (kind == ES_NO_KIND) return false;
    for (; !last; row++) {
        const uint32_t trait = w->several_trait[row];
        if (!w->outside_of[w->several_profile[row]]) return false;
        last = trait & ES_ROW_LAST;
        if (!(trait & ES_ROW_SCORED)) continue;
        placed[trait & ES_ROW_POSITIVE ? 1 : 0] += w->of_rest[row].placed;
        if (fitted) residual += w->residual[row].u;
    }
    *i = row;
    if (w->kind[kind].scored == 0) return true;
    es_own_placed(&w->by_kind[kind], products, placed);
    fit->patients++;
    fit->squares += (es_u128)(residual * residual);
    return true;
}

static void add_patients(struct es_work *w, uint32_t group)
{
    struct es_summary *s = &w->summary[group];
    struct es_own_products products;
    memset(&products, 0, sizeof products);
    memset(w->by_kind, 0, w->kinds * sizeof *w->by_kind); /* the groups have taken theirs */
    for (uint32_t i = 0, patient = 0; i < w->several; patient++)
        if (!add_outsider(w, &i, patient, &products, &s->rest_offset)) add_patient(w, &i, group);
    for (uint32_t k = 0; k < w->kinds; k++)
        if (w->by_kind[k].patients) es_kind_to_ranks(&s->rest_ranks, &w->kind[k], &w->by_kind[k]);
    es_own_to_ranks(&s->rest_ranks, &products);
}

/** Calibration-in-the-large of the packed rows; residuals of patients with several rows, squares of the others. */
static void fit_rest(struct es_work *w, uint32_t rows, uint32_t points, struct es_offset_fit *out)
{
    out->reason = w->probability ? ES_N_ZERO : ES_NOT_PROBABILITY;
    if (!w->fits) return;
    *out = es_work_fit_offset(w, 0, points);
    if (out->reason == ES_REASON_NONE) es_work_spread_offset(w, out, 0, rows, true);
}

void es_work_rest(struct es_work *w, uint32_t group)
{
    struct es_summary *s = &w->summary[group];
    const uint8_t *levels = w->levels + (size_t)group * ES_MAX_GROUPING_AXES;
    uint32_t points = 0;
    for (uint32_t k = 0; k < w->slots; k++)
        w->outside[k] = es_work_outside(w->levels + (size_t)k * ES_MAX_GROUPING_AXES, levels, s->axes);
    for (uint32_t p = 0; p < w->profiles; p++) w->outside_of[p] = w->outside[w->slot_of[p]];
    const uint32_t rows = pack_rest(w, &points);
    place_rest(w, rows, &s->rest_ranks);
    fit_rest(w, rows, points, &s->rest_offset);
    add_patients(w, group);
    s->rest_scored = true;
}
