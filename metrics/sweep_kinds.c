/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of patients with several rows. What their rows are (decided, alerted, positive, ...) takes few forms, so most patients of
 * a grouping, those with all rows in one group, are only counted by group and kind; the products of a kind are made once and
 * times that count. What is left to add for each is its own: scores, squared errors and placements. */
#include <stdlib.h>
#include <string.h>

#include "metrics/sweep_work.h"

enum { ES_KIND_SLOTS = 1024 }; /* of the table that finds a kind again; a power of two, and sparse with ES_KINDS in it */

/** The counts of the patient whose rows start at *i, nothing of its own; *i moves to the next patient's. */
static void read_kind(const struct es_work *w, uint32_t *i, struct es_patient_sums *t)
{
    memset(t, 0, sizeof *t);
    do es_sums_add_row(w, *i, t);
    while (!(w->several_trait[(*i)++] & ES_ROW_LAST));
    t->error = t->score = 0;
}

static uint32_t hash_of(const struct es_patient_sums *t)
{
    uint64_t h = 0;
    const uint32_t parts[] = {t->cases, t->positives, t->scored, t->observed, t->eligible[0], t->eligible[1], t->rows};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) h = (h ^ parts[i]) * 0x9e3779b97f4a7c15u;
    for (int i = 0; i < ES_OUTCOMES; i++) h = (h ^ t->count[i]) * 0x9e3779b97f4a7c15u;
    return (uint32_t)(h >> 40) & (ES_KIND_SLOTS - 1);
}

/** Number of a kind, a new one if there is room; ES_NO_KIND otherwise. `table` has 1 + number. */
static uint32_t intern(struct es_work *w, uint16_t table[ES_KIND_SLOTS], const struct es_patient_sums *t)
{
    uint32_t at = hash_of(t);
    for (; table[at]; at = (at + 1) & (ES_KIND_SLOTS - 1))
        if (memcmp(&w->kind[table[at] - 1], t, sizeof *t) == 0) return table[at] - 1u;
    if (w->kinds == ES_KINDS) return ES_NO_KIND;
    w->kind[w->kinds++] = *t;
    table[at] = (uint16_t)w->kinds;
    return w->kinds - 1;
}

bool es_work_kinds(struct es_work *w)
{
    uint16_t table[ES_KIND_SLOTS] = {0};
    struct es_patient_sums t;
    uint32_t patients = 0;
    for (uint32_t i = 0; i < w->several; i++) patients += w->several_trait[i] & ES_ROW_LAST ? 1 : 0;
    w->kind = calloc(ES_KINDS, sizeof *w->kind);
    w->kind_of = calloc((size_t)patients + 1, sizeof *w->kind_of);
    if (!w->kind || !w->kind_of) return false;
    for (uint32_t i = 0, patient = 0; i < w->several; patient++) {
        read_kind(w, &i, &t);
        w->kind_of[patient] = (uint8_t)intern(w, table, &t);
    }
    return true;
}

/** Own sums of the patient whose rows start at *i; *i moves to the next patient's. False when the rows are of several groups. */
static inline bool read_patient(const struct es_work *w, uint32_t *i, uint32_t slot, struct es_own *own)
{
    bool one = true, last = false;
    memset(own, 0, sizeof *own);
    for (; !last; (*i)++) {
        const uint32_t trait = w->several_trait[*i];
        const unsigned y = trait & ES_ROW_POSITIVE ? 1 : 0;
        const uint64_t placed = w->placed[*i]; /* 0 without a score */
        one &= w->slot_of[w->several_profile[*i]] == slot;
        last = trait & ES_ROW_LAST;
        own->placed[y] += placed;
        own->squares[y] += placed * placed; /* of 32 bits each */
        if (!w->probability || !(trait & ES_ROW_SCORED)) continue;
        own->error += es_row_error(w->several_score[*i], y);
        own->score += es_row_score(w->several_score[*i]);
    }
    return one;
}

static inline void add_own(struct es_kind_sums *k, struct es_own_products *p, const struct es_own *own)
{
    es_own_placed(k, p, own->placed);
    k->error += own->error;
    k->score += own->score;
    for (int y = 0; y < 2; y++) p->squares[y] += own->squares[y];
    p->error += (es_u128)own->error * own->error;
    p->score += (es_u128)own->score * own->score;
}

void es_work_in_one_group(struct es_work *w, uint32_t *i, uint32_t *patient)
{
    for (; *i < w->several; (*patient)++) {
        const uint32_t slot = w->slot_of[w->several_profile[*i]], kind = w->kind_of[*patient];
        uint32_t next = *i;
        struct es_own own;
        if (kind == ES_NO_KIND || !read_patient(w, &next, slot, &own)) return;
        add_own(&w->by_kind[(size_t)slot * w->kinds + kind], &w->own[slot], &own);
        *i = next;
    }
}

void es_kind_to_ranks(struct es_ranks *r, const struct es_patient_sums *t, const struct es_kind_sums *k)
{
    const uint64_t n = k->patients, o = t->observed, rest = t->scored - o;
    const es_u128 up = k->placed[1], down = k->placed[0];
    const es_u128 v[ES_PLACES][ES_PLACES] = {
        [ES_PLACED_POSITIVE] = {[ES_POSITIVES] = up * o, [ES_NEGATIVES] = up * rest},
        [ES_PLACED_NEGATIVE] = {[ES_POSITIVES] = down * o, [ES_NEGATIVES] = down * rest},
        [ES_POSITIVES] = {[ES_PLACED_POSITIVE] = up * o, [ES_PLACED_NEGATIVE] = down * o,
                          [ES_POSITIVES] = (es_u128)n * o * o, [ES_NEGATIVES] = (es_u128)n * o * rest},
        [ES_NEGATIVES] = {[ES_PLACED_POSITIVE] = up * rest, [ES_PLACED_NEGATIVE] = down * rest,
                          [ES_POSITIVES] = (es_u128)n * o * rest, [ES_NEGATIVES] = (es_u128)n * rest * rest}};
    r->positives += n * o;
    r->negatives += n * rest;
    r->positive_patients += n * (o > 0);
    r->negative_patients += n * (rest > 0);
    r->patients += n;
    r->wins2 += up;
    for (int i = 0; i < ES_PLACES; i++)
        for (int j = 0; j < ES_PLACES; j++) r->product[i][j] += v[i][j];
}

/** All patients of a kind who have their rows in one group. */
static void add_kind(struct es_summary *s, const struct es_patient_sums *t, const struct es_kind_sums *k)
{
    es_sums_to_group(s, t, &s->group, k->patients);
    s->group.error_scored += k->error * t->scored;
    if (t->scored == 0) return;
    es_kind_to_ranks(&s->ranks, t, k);
    s->observed_squares += k->patients * t->observed * t->observed;
    s->score_positives += k->score * t->observed;
    s->score_scored += k->score * t->scored;
}

void es_own_to_ranks(struct es_ranks *r, const struct es_own_products *p)
{
    r->product[ES_PLACED_POSITIVE][ES_PLACED_POSITIVE] += p->placed[1];
    r->product[ES_PLACED_NEGATIVE][ES_PLACED_NEGATIVE] += p->placed[0];
    r->product[ES_PLACED_POSITIVE][ES_PLACED_NEGATIVE] += p->placed_both;
    r->product[ES_PLACED_NEGATIVE][ES_PLACED_POSITIVE] += p->placed_both;
}

static void add_products(struct es_summary *s, const struct es_own_products *p)
{
    es_own_to_ranks(&s->ranks, p);
    for (int y = 0; y < 2; y++) s->placed_squares[y] += p->squares[y];
    s->group.error_squares += p->error;
    s->score_squares += p->score;
}

void es_work_add_kinds(struct es_work *w)
{
    for (uint32_t slot = 0; slot < w->slots; slot++) {
        for (uint32_t k = 0; k < w->kinds; k++) {
            const struct es_kind_sums *sums = &w->by_kind[(size_t)slot * w->kinds + k];
            if (sums->patients) add_kind(&w->summary[slot], &w->kind[k], sums);
        }
        add_products(&w->summary[slot], &w->own[slot]);
    }
}
