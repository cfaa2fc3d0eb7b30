/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "metrics/sweep_work.h"

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

void es_running_to_ranks(struct es_ranks *ranks, const struct es_running *r)
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
        end = es_ties_end(w->flag, i);
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
            keep(w, r, j, es_placement(w->flag[j] & ES_SCORED_POSITIVE, r->before, r->seen, r->positives));
        }
    }
    for (uint32_t k = 0; k < w->slots; k++) {
        es_running_to_ranks(&w->summary[k].ranks, &w->running[k]);
        memcpy(w->summary[k].placed_squares, w->running[k].squares, sizeof w->summary[k].placed_squares); /* the others come by patient */
    }
}
