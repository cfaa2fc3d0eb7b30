/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "metrics/sweep_work.h"

static void add_row(const struct es_work *w, uint32_t row, struct es_tally *t, struct es_summary *s)
{
    const struct es_sheet *sheet = w->sheet;
    const uint8_t stage = sheet->stage[row], decision = sheet->decision[row], label = sheet->label[row];
    s->units++;
    s->stage[stage]++;
    for (unsigned bit = 0, marks = sheet->mark[row]; marks; bit++, marks >>= 1) s->mark[bit] += marks & 1;
    if (stage >= ES_STAGE_REFERENCED && decision != ES_NO_ANSWER) {
        s->decided[decision]++;
        s->verified[decision] += label != ES_NO_ANSWER;
    }
    const bool unseen = stage == ES_STAGE_REJECTED || stage == ES_STAGE_FAILED || stage == ES_STAGE_MISSING;
    if (label == 1 && (unseen || stage == ES_STAGE_REFERENCED)) {
        t->eligible[1]++;
        t->eligible[0] += !unseen && decision == 1;
    }
    if (stage != ES_STAGE_REFERENCED) return;
    t->cases++;
    t->positives += label;
    t->count[w->outcome[row]]++;
    if (w->place_of[row] == UINT32_MAX) return;
    t->scored++;
    t->observed += label;
    t->error += w->error[row];
    t->score += w->score[row];
    t->placed[label] += w->placed[row];
    if (!w->fitted) return;
    t->residual += w->residual[row];
    t->line[0] += w->line_u[row];
    t->line[1] += w->line_v[row];
}

static void overs(const uint32_t *v, bool *over)
{
    /* Rates are over decided cases. */
    over[ES_OVER_POSITIVES] = v[ES_TP] || v[ES_FN];
    over[ES_OVER_NEGATIVES] = v[ES_FP] || v[ES_TN];
    over[ES_OVER_ALERTS] = v[ES_TP] || v[ES_FP];
    over[ES_OVER_NON_ALERTS] = v[ES_FN] || v[ES_TN];
    over[ES_OVER_DECIDED] = over[ES_OVER_ALERTS] || over[ES_OVER_NON_ALERTS];
    over[ES_OVER_CASES] = over[ES_OVER_DECIDED] || v[ES_P] || v[ES_N];
}

/** Add one patient's decisions and errors to an arm; with `away`, take them from it (unsigned sums wrap and come back). */
static void add_arm(struct es_arm *arm, const struct es_tally *t, bool away)
{
    bool over[ES_OVER_COUNT];
    const uint64_t sign = away ? UINT64_MAX : 1;
    const es_u128 wide_sign = away ? ~(es_u128)0 : 1;
    overs(t->count, over);
    for (int i = 0; i < ES_OVER_COUNT; i++) arm->patients[i] += sign * over[i];
    for (int i = 0; i < ES_OUTCOMES; i++) {
        if (t->count[i] == 0) continue;
        arm->count[i] += sign * t->count[i];
        for (int j = 0; j < ES_OUTCOMES; j++) arm->product[i][j] += sign * t->count[i] * t->count[j];
    }
    if (t->scored == 0) return;
    arm->scored += sign * t->scored;
    arm->scored_patients += sign;
    arm->scored_squares += sign * t->scored * t->scored;
    arm->error += wide_sign * t->error;
    arm->error_scored += wide_sign * t->error * t->scored;
    arm->error_squares += wide_sign * t->error * t->error;
}

/** A patient who stands in both arms. */
static void add_joint(struct es_summary *s, const struct es_tally *own, const struct es_tally *other)
{
    bool a[ES_OVER_COUNT], b[ES_OVER_COUNT];
    overs(own->count, a);
    overs(other->count, b);
    for (int i = 0; i < ES_OVER_COUNT; i++) s->shared[i] += a[i] && b[i];
    for (int i = 0; i < ES_OUTCOMES; i++)
        for (int j = 0; j < ES_OUTCOMES; j++) s->joint[i][j] += (uint64_t)own->count[i] * other->count[j];
    s->shared_scored += own->scored && other->scored;
    s->joint_error[0][0] += (es_u128)own->error * other->error;
    s->joint_error[0][1] += (es_u128)own->error * other->scored;
    s->joint_error[1][0] += (es_u128)own->scored * other->error;
    s->joint_error[1][1] += (es_u128)own->scored * other->scored;
}

static void add_ranks(struct es_ranks *r, const struct es_tally *t)
{
    const uint64_t v[ES_PLACES] = {[ES_PLACED_POSITIVE] = t->placed[1],
                                   [ES_POSITIVES] = t->observed,
                                   [ES_PLACED_NEGATIVE] = t->placed[0],
                                   [ES_NEGATIVES] = t->scored - t->observed};
    es_ranks_add(r, v);
}

/** Everything of one patient that belongs to the group alone; `arm` takes the decisions and errors. */
static void add_group(struct es_summary *s, const struct es_tally *t, struct es_arm *arm, bool fitted)
{
    const uint64_t o = t->observed;
    s->patients++;
    add_arm(arm, t, false);
    s->cases += t->cases;
    s->positives += t->positives;
    s->negatives += t->cases - t->positives;
    s->case_patients += t->cases > 0;
    s->positive_patients += t->positives > 0;
    s->negative_patients += t->cases > t->positives;
    if (t->eligible[1]) {
        const uint64_t x = t->eligible[0], n = t->eligible[1];
        s->eligible_patients++;
        s->eligible[0] += x;
        s->eligible[1] += n;
        s->eligible_products[0] += x * x;
        s->eligible_products[1] += x * n;
        s->eligible_products[2] += n * n;
    }
    if (t->scored == 0) return;
    add_ranks(&s->ranks, t);
    s->observed += o;
    s->observed_squares += o * o;
    s->score += t->score;
    s->score_squares += (es_u128)t->score * t->score;
    s->score_positives += (es_u128)t->score * o;
    s->score_scored += (es_u128)t->score * t->scored;
    if (!fitted) return;
    s->offset.patients++;
    s->offset.squares += (es_u128)(t->residual * t->residual);
    s->line.patients++;
    s->line.squares[0] += t->line[0] * t->line[0];
    s->line.squares[1] += t->line[0] * t->line[1];
    s->line.squares[2] += t->line[1] * t->line[1];
}

/** a += b or a -= b, for what an arm needs. */
static void combine(struct es_tally *a, const struct es_tally *b, bool minus)
{
    const uint32_t sign = minus ? UINT32_MAX : 1;
    for (int i = 0; i < ES_OUTCOMES; i++) a->count[i] += sign * b->count[i];
    a->scored += sign * b->scored;
    a->error = minus ? a->error - b->error : a->error + b->error;
}

static bool all_unknown(const struct es_work *w, uint32_t slot)
{
    const uint8_t *levels = w->levels + (size_t)slot * ES_MAX_GROUPING_AXES;
    for (unsigned k = 0; k < w->summary[slot].axes; k++)
        if (levels[k]) return false;
    return true;
}

/** Are the group's rows compatible with no other group: every level known? */
static bool single(const struct es_work *w, uint32_t slot)
{
    return w->wider_from[slot + 1] - w->wider_from[slot] == 1 && !all_unknown(w, slot);
}

/** Rests of one patient: everyone's rest gets the patient's known rows (`total`); for each group that some of these rows are in
 * or are compatible with, that is corrected. */
static void add_rests(struct es_work *w, uint32_t touched, struct es_arm *known)
{
    struct es_tally total;
    uint32_t wider = 0;
    memset(&total, 0, sizeof total);
    for (uint32_t i = 0; i < touched; i++) {
        const uint32_t slot = w->touched[i];
        if (all_unknown(w, slot)) continue;
        combine(&total, &w->tally[slot], false);
        for (uint32_t k = w->wider_from[slot]; k < w->wider_from[slot + 1]; k++) {
            const uint32_t g = w->wider_list[k];
            if (!w->removed[g].touched) {
                w->removed[g].touched = true;
                w->wider[wider++] = g;
            }
            combine(&w->removed[g], &w->tally[slot], false);
        }
    }
    add_arm(known, &total, false);
    for (uint32_t i = 0; i < wider; i++) {
        const uint32_t g = w->wider[i];
        struct es_tally other = total;
        combine(&other, &w->removed[g], true);
        add_arm(&w->summary[g].rest, &total, true);
        add_arm(&w->summary[g].rest, &other, false);
        if (w->tally[g].touched) add_joint(&w->summary[g], &w->tally[g], &other);
        memset(&w->removed[g], 0, sizeof w->removed[g]);
    }
    /* The group nobody's level is known in has all known rows as its rest. */
    for (uint32_t i = 0; i < touched; i++)
        if (all_unknown(w, w->touched[i])) add_joint(&w->summary[w->touched[i]], &w->tally[w->touched[i]], &total);
}

/** into += from, or into -= from. */
static void merge_arm(struct es_arm *into, const struct es_arm *from, bool away)
{
    const uint64_t sign = away ? UINT64_MAX : 1;
    const es_u128 wide_sign = away ? ~(es_u128)0 : 1;
    for (int i = 0; i < ES_OUTCOMES; i++) {
        into->count[i] += sign * from->count[i];
        for (int j = 0; j < ES_OUTCOMES; j++) into->product[i][j] += sign * from->product[i][j];
    }
    for (int i = 0; i < ES_OVER_COUNT; i++) into->patients[i] += sign * from->patients[i];
    into->scored += sign * from->scored;
    into->scored_patients += sign * from->scored_patients;
    into->scored_squares += sign * from->scored_squares;
    into->error += wide_sign * from->error;
    into->error_scored += wide_sign * from->error_scored;
    into->error_squares += wide_sign * from->error_squares;
}

/** The rests, from everyone's known rows. `known` has the patients of several groups so far; a patient of one group only is in
 * the rest of every other, so those enter as the whole of their group's sums and cost nothing by themselves. */
static void settle_arms(struct es_work *w, struct es_arm *known)
{
    for (uint32_t k = 0; k < w->slots; k++)
        if (single(w, k)) merge_arm(known, &w->summary[k].group, false);
    for (uint32_t k = 0; k < w->slots; k++) {
        struct es_summary *s = &w->summary[k];
        merge_arm(&s->rest, known, false);
        if (single(w, k)) merge_arm(&s->rest, &s->group, true);
        merge_arm(&s->group, &w->several[k], false);
    }
}

/** Decided and verified counts of the rests: plain sums, from those of the groups. */
static void count_rests(struct es_work *w)
{
    uint64_t known[2][2] = {{0, 0}, {0, 0}};
    for (uint32_t k = 0; k < w->slots; k++) {
        const struct es_summary *s = &w->summary[k];
        if (all_unknown(w, k)) continue;
        for (int d = 0; d < 2; d++) {
            known[0][d] += s->decided[d];
            known[1][d] += s->verified[d];
            for (uint32_t i = w->wider_from[k]; i < w->wider_from[k + 1]; i++) {
                w->summary[w->wider_list[i]].rest_decided[d] -= s->decided[d];
                w->summary[w->wider_list[i]].rest_verified[d] -= s->verified[d];
            }
        }
    }
    for (uint32_t k = 0; k < w->slots; k++)
        for (int d = 0; d < 2; d++) {
            w->summary[k].rest_decided[d] += known[0][d];
            w->summary[k].rest_verified[d] += known[1][d];
        }
}

void es_work_patients(struct es_work *w)
{
    const uint32_t rows = w->sheet->rows, *patient = w->sheet->patient;
    const bool rests = w->slots > 0 && w->summary[0].axes > 0;
    struct es_arm known;
    uint32_t touched = 0;
    memset(&known, 0, sizeof known);
    for (uint32_t row = 0; row < rows; row++) {
        const uint32_t slot = w->slot[row];
        if (!w->tally[slot].touched) {
            w->tally[slot].touched = true;
            w->touched[touched++] = slot;
        }
        add_row(w, row, &w->tally[slot], &w->summary[slot]);
        if (row + 1 < rows && patient[row + 1] == patient[row]) continue;
        const bool one = !rests || (touched == 1 && single(w, w->touched[0]));
        for (uint32_t i = 0; i < touched; i++) {
            const uint32_t k = w->touched[i];
            add_group(&w->summary[k], &w->tally[k], one ? &w->summary[k].group : &w->several[k], w->fitted);
        }
        if (!one) add_rests(w, touched, &known);
        for (uint32_t i = 0; i < touched; i++) memset(&w->tally[w->touched[i]], 0, sizeof w->tally[0]);
        touched = 0;
    }
    if (!rests) return;
    settle_arms(w, &known);
    count_rests(w);
}
