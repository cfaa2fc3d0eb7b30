/* SPDX-License-Identifier: Apache-2.0 */
/* Patients with several rows, and the sums of all rests.
 *
 * Over one patient let T be the known rows, t those in a group and o = T - t those in its rest. Then
 *     sum o o' = sum T T' - sum t t' - sum t o' - sum o t',
 * so a rest needs no sum of its own: everyone's known rows, less the group's, less what joins the two. Only a patient with rows
 * whose levels are partly unknown (in no rest of the groups they may be in) is done by hand. */
#include <math.h>
#include <string.h>

#include "metrics/sweep_work.h"

static void add_row(const struct es_work *w, uint32_t i, struct es_patient_sums *t)
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
    t->placed_squares[y] += (es_u128)w->placed[i] * w->placed[i];
    if (!w->probability) return;
    const double p = w->several_score[i], gap = p - y;
    t->error += (uint64_t)es_nearest(gap * gap * ES_GRID);
    t->score += (uint64_t)es_nearest(p * ES_GRID);
}

/** Denominators that a patient has a case in, as bits of enum es_over. */
static unsigned overs(const uint32_t *count)
{
    unsigned over = 0;
    for (unsigned i = 0; i < ES_OUTCOMES; i++) over |= count[i] ? es_outcome_over(i) : 0;
    return over;
}

/** Add one patient's products to an arm; with `away`, take them from it (unsigned sums wrap and come back). */
static void add_arm(struct es_arm *arm, const struct es_patient_sums *t, bool away)
{
    if (t->cases == 0) return;
    const uint64_t sign = away ? UINT64_MAX : 1;
    const es_u128 wide_sign = away ? ~(es_u128)0 : 1;
    const unsigned over = overs(t->count);
    for (unsigned i = 0; i < ES_OVER_COUNT; i++) arm->patients[i] += sign * (over >> i & 1);
    for (unsigned i = 0; i < ES_OUTCOMES; i++) {
        if (t->count[i] == 0) continue;
        for (unsigned j = 0; j < ES_OUTCOMES; j++) arm->product[i][j] += sign * t->count[i] * t->count[j];
    }
    if (t->scored == 0) return;
    arm->scored_patients += sign;
    arm->scored_squares += sign * t->scored * t->scored;
    arm->error_scored += wide_sign * t->error * t->scored;
    arm->error_squares += wide_sign * t->error * t->error;
}

/** A patient who stands in both arms. */
static void add_joint(struct es_summary *s, const struct es_patient_sums *own, const struct es_patient_sums *other)
{
    if (own->cases == 0 || other->cases == 0) return;
    const unsigned both = overs(own->count) & overs(other->count);
    for (unsigned i = 0; i < ES_OVER_COUNT; i++) s->shared[i] += both >> i & 1;
    for (unsigned i = 0; i < ES_OUTCOMES; i++) {
        if (own->count[i] == 0) continue;
        for (unsigned j = 0; j < ES_OUTCOMES; j++) s->joint[i][j] += (uint64_t)own->count[i] * other->count[j];
    }
    s->shared_scored += own->scored && other->scored;
    s->joint_error[0][0] += (es_u128)own->error * other->error;
    s->joint_error[0][1] += (es_u128)own->error * other->scored;
    s->joint_error[1][0] += (es_u128)own->scored * other->error;
    s->joint_error[1][1] += (es_u128)own->scored * other->scored;
}

static void add_scores(struct es_summary *s, const struct es_patient_sums *t)
{
    const uint64_t o = t->observed;
    const uint64_t v[ES_PLACES] = {[ES_PLACED_POSITIVE] = t->placed[1],
                                   [ES_POSITIVES] = o,
                                   [ES_PLACED_NEGATIVE] = t->placed[0],
                                   [ES_NEGATIVES] = t->scored - o};
    es_ranks_add(&s->ranks, v);
    for (unsigned y = 0; y < 2; y++) s->placed_squares[y] += t->placed_squares[y];
    s->observed_squares += o * o;
    s->score_squares += (es_u128)t->score * t->score;
    s->score_positives += (es_u128)t->score * o;
    s->score_scored += (es_u128)t->score * t->scored;
}

/** Everything of one patient that belongs to the group alone; `arm` takes the decisions and errors. */
static void add_group(struct es_summary *s, const struct es_patient_sums *t, struct es_arm *arm)
{
    s->patients++;
    for (unsigned k = 0; k < ES_SHARES; k++) {
        const uint64_t x = t->share[k][0], n = t->share[k][1];
        s->share[k].patients += n > 0;
        s->share[k].xx += x * x;
        s->share[k].xn += x * n;
        s->share[k].nn += n * n;
    }
    add_arm(arm, t, false);
    s->case_patients += t->cases > 0;
    s->positive_patients += t->positives > 0;
    s->negative_patients += t->negatives > 0;
    if (t->eligible[1]) {
        const uint64_t x = t->eligible[0], n = t->eligible[1];
        s->eligible_patients++;
        s->eligible_products[0] += x * x;
        s->eligible_products[1] += x * n;
        s->eligible_products[2] += n * n;
    }
    if (t->scored) add_scores(s, t);
}

/** a += b or a -= b, for what an arm needs. */
static void combine(struct es_patient_sums *a, const struct es_patient_sums *b, bool minus)
{
    const uint32_t sign = minus ? UINT32_MAX : 1;
    for (int i = 0; i < ES_OUTCOMES; i++) a->count[i] += sign * b->count[i];
    a->rows += sign * b->rows;
    a->cases += sign * b->cases;
    a->scored += sign * b->scored;
    a->error = minus ? a->error - b->error : a->error + b->error;
}

bool es_work_all_unknown(const struct es_work *w, uint32_t slot)
{
    const uint8_t *levels = w->levels + (size_t)slot * ES_MAX_GROUPING_AXES;
    for (unsigned k = 0; k < w->summary[slot].axes; k++)
        if (levels[k]) return false;
    return true;
}

/** Are the group's rows outside every other group of known levels: is every level known? */
static bool whole(const struct es_work *w, uint32_t slot)
{
    return w->wider_from[slot + 1] - w->wider_from[slot] == 1 && !es_work_all_unknown(w, slot);
}

/** A patient whose groups are all whole: everything follows from T and the joint sums. */
static void add_whole(struct es_work *w, uint32_t touched, struct es_arm *known)
{
    struct es_patient_sums total;
    memset(&total, 0, sizeof total);
    for (uint32_t i = 0; i < touched; i++) combine(&total, &w->sums[w->touched[i]], false);
    add_arm(known, &total, false);
    for (uint32_t i = 0; i < touched; i++) {
        const struct es_patient_sums *t = &w->sums[w->touched[i]];
        struct es_patient_sums other = total;
        combine(&other, t, true);
        add_joint(&w->summary[w->touched[i]], t, &other);
    }
}

/** A patient with rows that are partly unknown. settle() will give the rest T T' - t t' - t o' - o t' where the group has rows of
 * the patient, and T T' where it has none: what is added here makes that o o'. */
static void add_partly_known(struct es_work *w, uint32_t touched, struct es_arm *known)
{
    struct es_patient_sums total;
    uint32_t wider = 0;
    memset(&total, 0, sizeof total);
    for (uint32_t i = 0; i < touched; i++) {
        const uint32_t slot = w->touched[i];
        if (es_work_all_unknown(w, slot)) continue;
        combine(&total, &w->sums[slot], false);
        for (uint32_t k = w->wider_from[slot]; k < w->wider_from[slot + 1]; k++) {
            const uint32_t g = w->wider_list[k];
            if (!w->removed[g].rows) w->wider[wider++] = g;
            combine(&w->removed[g], &w->sums[slot], false);
        }
    }
    add_arm(known, &total, false);
    for (uint32_t i = 0; i < wider; i++) {
        const uint32_t g = w->wider[i];
        struct es_patient_sums other = total;
        combine(&other, &w->removed[g], true);
        if (w->sums[g].rows) add_joint(&w->summary[g], &w->sums[g], &other);
        combine(&other, &w->sums[g], false); /* t + o: its square is o o' + t o' + o t' + t t' */
        add_arm(&w->summary[g].rest, &total, true);
        add_arm(&w->summary[g].rest, &other, false);
        memset(&w->removed[g], 0, sizeof w->removed[g]);
    }
    /* The group nobody's level is known in has all known rows as its rest. */
    for (uint32_t i = 0; i < touched; i++)
        if (es_work_all_unknown(w, w->touched[i])) add_joint(&w->summary[w->touched[i]], &w->sums[w->touched[i]], &total);
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

/** Take t o' + o t' from the rest, and count the patients of both once again. */
static void take_joint(struct es_summary *s)
{
    for (int i = 0; i < ES_OVER_COUNT; i++) s->rest.patients[i] += s->shared[i];
    for (int i = 0; i < ES_OUTCOMES; i++)
        for (int j = 0; j < ES_OUTCOMES; j++) s->rest.product[i][j] -= s->joint[i][j] + s->joint[j][i];
    s->rest.scored_patients += s->shared_scored;
    s->rest.error_squares -= 2 * s->joint_error[0][0];
    s->rest.error_scored -= s->joint_error[0][1] + s->joint_error[1][0];
    s->rest.scored_squares -= 2 * (uint64_t)s->joint_error[1][1];
}

/** The rests. `known` has the products of patients who stand in several groups; group has the counts of all rows and the products
 * of patients in one group only, who enter the rests as whole sums. */
static void settle(struct es_work *w, struct es_arm *known)
{
    for (uint32_t k = 0; k < w->slots; k++)
        if (!es_work_all_unknown(w, k)) merge_arm(known, &w->summary[k].group, false);
    for (uint32_t k = 0; k < w->slots; k++) {
        struct es_summary *s = &w->summary[k];
        merge_arm(&s->rest, known, false);
        if (es_work_all_unknown(w, k)) continue;
        for (uint32_t i = w->wider_from[k]; i < w->wider_from[k + 1]; i++)
            merge_arm(&w->summary[w->wider_list[i]].rest, &s->group, true);
        merge_arm(&s->rest, &w->split[k], true);
        take_joint(s);
    }
}

/** Decisions of a group, in the order in which count_rests() gives them to its rest. */
enum { DECISION_COUNTS = 6 };

static void decisions(const struct es_summary *s, uint64_t count[DECISION_COUNTS])
{
    memcpy(count, s->decided, sizeof s->decided);
    memcpy(count + 2, s->verified, sizeof s->verified);
    memcpy(count + 4, s->unverified, sizeof s->unverified);
}

static void add_to_rest(struct es_summary *s, const uint64_t count[DECISION_COUNTS], bool away)
{
    const uint64_t sign = away ? UINT64_MAX : 1;
    for (int d = 0; d < 2; d++) {
        s->rest_decided[d] += sign * count[d];
        s->rest_verified[d] += sign * count[2 + d];
        s->rest_unverified[d] += sign * count[4 + d];
    }
}

/** Decided, verified and unverified counts of the rests: plain sums, from those of the groups. */
static void count_rests(struct es_work *w)
{
    uint64_t known[DECISION_COUNTS] = {0}, count[DECISION_COUNTS];
    for (uint32_t k = 0; k < w->slots; k++) {
        if (es_work_all_unknown(w, k)) continue;
        decisions(&w->summary[k], count);
        for (int i = 0; i < DECISION_COUNTS; i++) known[i] += count[i];
        for (uint32_t i = w->wider_from[k]; i < w->wider_from[k + 1]; i++)
            add_to_rest(&w->summary[w->wider_list[i]], count, true);
    }
    for (uint32_t k = 0; k < w->slots; k++) add_to_rest(&w->summary[k], known, false);
}

/** One patient is complete: into the groups' sums, and out of the scratch. */
static void add_patient(struct es_work *w, uint32_t touched, bool rests, struct es_arm *known)
{
    const bool one = touched == 1 || !rests;
    bool all_whole = true;
    for (uint32_t i = 0; i < touched; i++) {
        const uint32_t k = w->touched[i];
        all_whole &= w->whole[k];
        add_group(&w->summary[k], &w->sums[k], one ? &w->summary[k].group : &w->split[k]);
    }
    if (!one && all_whole) add_whole(w, touched, known);
    if (!one && !all_whole) add_partly_known(w, touched, known);
    for (uint32_t i = 0; i < touched; i++) memset(&w->sums[w->touched[i]], 0, sizeof w->sums[0]);
}

void es_work_patients(struct es_work *w)
{
    const bool rests = w->slots > 0 && w->summary[0].axes > 0;
    struct es_arm known;
    uint32_t touched = 0;
    memset(&known, 0, sizeof known);
    for (uint32_t k = 0; k < w->slots; k++) w->whole[k] = rests && whole(w, k);
    for (uint32_t i = 0; i < w->several; i++) {
        const uint32_t slot = w->slot_of[w->several_profile[i]];
        if (w->sums[slot].rows == 0) w->touched[touched++] = slot;
        add_row(w, i, &w->sums[slot]);
        if (!(w->several_trait[i] & ES_ROW_LAST)) continue;
        add_patient(w, touched, rests, &known);
        touched = 0;
    }
    if (rests) {
        settle(w, &known);
        count_rests(w);
    }
    for (uint32_t k = 0; k < w->slots; k++) merge_arm(&w->summary[k].group, &w->split[k], false);
}
