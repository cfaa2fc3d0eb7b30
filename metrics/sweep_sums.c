/* SPDX-License-Identifier: Apache-2.0 */
/* The sums of one patient with several rows, and how they enter the sums of a group. */
#include "metrics/sweep_work.h"

void es_sums_add_row(const struct es_work *w, uint32_t i, struct es_patient_sums *t)
{
    const uint32_t trait = w->several_trait[i];
    const unsigned y = trait & ES_ROW_POSITIVE ? 1 : 0;
    t->rows++;
    for (unsigned k = 0; k < ES_SHARES; k++) {
        t->share[k][0] += trait >> (ES_ROW_SHARE_IN + k) & 1;
        t->share[k][1] += trait >> (ES_ROW_SHARE_OF + k) & 1;
    }
    t->eligible[0] += trait & ES_ROW_FOUND ? 1 : 0;
    t->eligible[1] += trait & ES_ROW_ELIGIBLE ? 1 : 0;
    if (!(trait & ES_ROW_REFERENCED)) return;
    t->cases++;
    if (!(trait & ES_ROW_LABELLED)) return;
    t->positives += y;
    t->negatives += 1 - y;
    t->count[trait & ES_ROW_OUTCOME]++;
    if (!(trait & ES_ROW_SCORED)) return;
    t->scored++;
    t->observed += y;
    t->placed[y] += w->placed[i];
    t->placed_squares[y] += (uint64_t)w->placed[i] * w->placed[i];
    if (!w->probability) return;
    t->error += es_row_error(w->several_score[i], y);
    t->score += es_row_score(w->several_score[i]);
}

unsigned es_sums_overs(const struct es_patient_sums *t)
{
    unsigned over = 0;
    for (unsigned i = 0; i < ES_OUTCOMES; i++) over |= t->count[i] ? es_outcome_over(i) : 0;
    return over;
}

void es_sums_to_arm(struct es_arm *arm, const struct es_patient_sums *t, uint64_t times)
{
    if (t->cases == 0) return;
    const es_u128 wide = (es_u128)(es_i128)(int64_t)times;
    const unsigned over = es_sums_overs(t);
    for (unsigned i = 0; i < ES_OVER_COUNT; i++) arm->patients[i] += times * (over >> i & 1);
    for (unsigned i = 0; i < ES_OUTCOMES; i++) {
        if (t->count[i] == 0) continue;
        for (unsigned j = 0; j < ES_OUTCOMES; j++) arm->product[i][j] += times * t->count[i] * t->count[j];
    }
    if (t->scored == 0) return;
    arm->scored_patients += times;
    arm->scored_squares += times * t->scored * t->scored;
    arm->error_scored += wide * t->error * t->scored;
    arm->error_squares += wide * t->error * t->error;
}

void es_sums_to_group(struct es_summary *s, const struct es_patient_sums *t, struct es_arm *arm, uint64_t times)
{
    s->patients += times;
    for (unsigned k = 0; k < ES_SHARES; k++) {
        const uint64_t x = t->share[k][0], n = t->share[k][1];
        s->share[k].patients += times * (n > 0);
        s->share[k].xx += times * x * x;
        s->share[k].xn += times * x * n;
        s->share[k].nn += times * n * n;
    }
    es_sums_to_arm(arm, t, times);
    s->case_patients += times * (t->cases > 0);
    s->positive_patients += times * (t->positives > 0);
    s->negative_patients += times * (t->negatives > 0);
    if (t->eligible[1] == 0) return;
    const uint64_t x = t->eligible[0], n = t->eligible[1];
    s->eligible_patients += times;
    s->eligible_products[0] += times * x * x;
    s->eligible_products[1] += times * x * n;
    s->eligible_products[2] += times * n * n;
}

void es_sums_to_scores(struct es_summary *s, const struct es_patient_sums *t)
{
    const uint64_t o = t->observed;
    const uint64_t v[ES_PLACES] = {[ES_PLACED_POSITIVE] = t->placed[1],
                                   [ES_POSITIVES] = o,
                                   [ES_PLACED_NEGATIVE] = t->placed[0],
                                   [ES_NEGATIVES] = t->scored - o};
    if (t->scored == 0) return;
    es_ranks_add(&s->ranks, v);
    for (unsigned y = 0; y < 2; y++) s->placed_squares[y] += t->placed_squares[y];
    s->observed_squares += o * o;
    s->score_squares += (es_u128)t->score * t->score;
    s->score_positives += (es_u128)t->score * o;
    s->score_scored += (es_u128)t->score * t->scored;
}
