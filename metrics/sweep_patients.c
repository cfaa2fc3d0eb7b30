/* SPDX-License-Identifier: Apache-2.0 */
/* Patients with several rows, and the sums of all rests.
 *
 * Over one patient let T be the known rows, t those in a group and o = T - t those in its rest. Then
 *     sum o o' = sum T T' - sum t t' - sum t o' - sum o t',
 * so a rest needs no sum of its own: everyone's known rows, less the group's, less what joins the two. Only a patient with rows
 * whose levels are partly unknown (in no rest of the groups they may be in) is done by hand. */
#include <string.h>

#include "metrics/sweep_work.h"

/** To take a patient from an arm: minus once. */
#define AWAY UINT64_MAX

/** A patient who stands in both arms. */
static void add_joint(struct es_summary *s, const struct es_patient_sums *own, const struct es_patient_sums *other)
{
    if (own->cases == 0 || other->cases == 0) return;
    const unsigned both = es_sums_overs(own) & es_sums_overs(other);
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
    es_sums_to_arm(known, &total, 1);
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
    es_sums_to_arm(known, &total, 1);
    for (uint32_t i = 0; i < wider; i++) {
        const uint32_t g = w->wider[i];
        struct es_patient_sums other = total;
        combine(&other, &w->removed[g], true);
        if (w->sums[g].rows) add_joint(&w->summary[g], &w->sums[g], &other);
        combine(&other, &w->sums[g], false); /* t + o: its square is o o' + t o' + o t' + t t' */
        es_sums_to_arm(&w->summary[g].rest, &total, AWAY);
        es_sums_to_arm(&w->summary[g].rest, &other, 1);
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

/** The rows from *i on are a patient's: into the groups' sums; *i moves to the next patient's. */
static void add_patient(struct es_work *w, uint32_t *i, bool rests, struct es_arm *known)
{
    bool all_whole = true, last = false;
    uint32_t touched = 0;
    for (; !last; (*i)++) {
        const uint32_t slot = w->slot_of[w->several_profile[*i]];
        if (w->sums[slot].rows == 0) w->touched[touched++] = slot;
        es_sums_add_row(w, *i, &w->sums[slot]);
        last = w->several_trait[*i] & ES_ROW_LAST;
    }
    const bool one = touched == 1 || !rests;
    for (uint32_t t = 0; t < touched; t++) {
        const uint32_t k = w->touched[t];
        all_whole &= w->whole[k];
        es_sums_to_group(&w->summary[k], &w->sums[k], one ? &w->summary[k].group : &w->split[k], 1);
        es_sums_to_scores(&w->summary[k], &w->sums[k]);
    }
    if (!one && all_whole) add_whole(w, touched, known);
    if (!one && !all_whole) add_partly_known(w, touched, known);
    for (uint32_t t = 0; t < touched; t++) memset(&w->sums[w->touched[t]], 0, sizeof w->sums[0]);
}

void es_work_patients(struct es_work *w)
{
    const bool rests = w->slots > 0 && w->summary[0].axes > 0;
    struct es_arm known;
    memset(&known, 0, sizeof known);
    for (uint32_t k = 0; k < w->slots; k++) w->whole[k] = rests && whole(w, k);
    for (uint32_t i = 0, patient = 0; es_work_in_one_group(w, &i, &patient), i < w->several; patient++)
        add_patient(w, &i, rests, &known);
    es_work_add_kinds(w);
    if (rests) {
        settle(w, &known);
        count_rests(w);
    }
    for (uint32_t k = 0; k < w->slots; k++) merge_arm(&w->summary[k].group, &w->split[k], false);
}
