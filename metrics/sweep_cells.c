/* SPDX-License-Identifier: Apache-2.0 */
/* What of a row does not depend on the grouping: its profile, its traits, and the sums of all rows that share both. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/coverage.h"
#include "metrics/sweep_work.h"

_Static_assert((int)ES_COVERAGE_COUNT == ES_SHARES, "a share of the funnel for each coverage");

/* --- Keys, in a table of 1 + index --- */

struct key {
    uint64_t a, b;
};

/** Open-addressed; grows by doubling while more than half full. The keys themselves stand in an array of their own. */
struct table {
    uint32_t *place; /* 0: empty, else 1 + index of the key */
    size_t room;     /* a power of two */
    struct key *key;
    uint32_t keys;
    size_t key_room;
};

static uint64_t mix(struct key k)
{
    uint64_t h = (k.a ^ k.b * 0x9e3779b97f4a7c15u) * 0xbf58476d1ce4e5b9u;
    h ^= h >> 32;
    return h * 0x94d049bb133111ebu >> 16;
}

static void put(struct table *t, uint32_t index)
{
    size_t at = mix(t->key[index]) & (t->room - 1);
    while (t->place[at]) at = (at + 1) & (t->room - 1);
    t->place[at] = index + 1;
}

static bool grow(struct table *t)
{
    const size_t room = t->room ? 2 * t->room : 1024;
    struct key *key = realloc(t->key, room / 2 * sizeof *key);
    if (!key) return false;
    t->key = key;
    uint32_t *place = calloc(room, sizeof *place);
    if (!place) return false;
    free(t->place);
    t->place = place;
    t->room = room;
    t->key_room = room / 2;
    for (uint32_t i = 0; i < t->keys; i++) put(t, i);
    return true;
}

/** Index of the key, a new one when it is not there; UINT32_MAX when memory ran out. */
static uint32_t find(struct table *t, struct key key)
{
    if (t->room) {
        size_t at = mix(key) & (t->room - 1);
        for (; t->place[at]; at = (at + 1) & (t->room - 1)) {
            const struct key *there = &t->key[t->place[at] - 1];
            if (there->a == key.a && there->b == key.b) return t->place[at] - 1;
        }
    }
    if (t->keys == t->key_room && !grow(t)) return UINT32_MAX;
    t->key[t->keys] = key;
    put(t, t->keys);
    return t->keys++;
}

static void drop(struct table *t)
{
    free(t->place);
    free(t->key);
}

/* --- Profiles --- */

enum { LEVEL_BITS = 7, LEVELS_PER_WORD = 9 }; /* ES_MAX_LEVELS < 128; ES_MAX_AXES <= 2 * 9 */
_Static_assert(ES_MAX_LEVELS < 1 << LEVEL_BITS && ES_MAX_AXES <= 2 * LEVELS_PER_WORD, "levels fit a key");

static struct key levels_key(const struct es_sheet *s, const uint8_t *axis, unsigned axes, uint32_t row)
{
    struct key k = {0, 0};
    for (unsigned i = 0; i < axes; i++) {
        uint64_t *word = i < LEVELS_PER_WORD ? &k.a : &k.b;
        *word = *word << LEVEL_BITS | s->level[axis[i]][row];
    }
    return k;
}

bool es_work_profiles(struct es_work *w, const bool *used, uint32_t *profile)
{
    const struct es_sheet *s = w->sheet;
    struct table table = {NULL, 0, NULL, 0, 0};
    uint8_t axis[ES_MAX_AXES];
    unsigned axes = 0;
    bool done = false;
    for (uint8_t a = 0; a < s->axes; a++)
        if (used[a]) axis[axes++] = a;
    for (uint32_t row = 0; row < s->rows; row++) {
        profile[row] = find(&table, levels_key(s, axis, axes, row));
        if (profile[row] == UINT32_MAX) goto out;
    }
    w->profiles = table.keys;
    w->profile_row = calloc(table.keys + (size_t)1, sizeof *w->profile_row);
    w->slot_of = calloc(table.keys + (size_t)1, sizeof *w->slot_of);
    w->outside_of = calloc(table.keys + (size_t)1, sizeof *w->outside_of);
    if (!w->profile_row || !w->slot_of || !w->outside_of) goto out;
    for (uint32_t row = s->rows; row-- > 0;) w->profile_row[profile[row]] = row;
    done = true;
out:
    drop(&table);
    return done;
}

/* --- Traits --- */

static bool labelled(uint8_t label)
{
    return label != ES_NO_ANSWER;
}

/** Numerator and denominator of each share of the funnel, for one unit. */
static void shares(uint8_t stage, uint8_t decision, uint8_t label, bool in[ES_SHARES], bool of[ES_SHARES])
{
    const bool resulted = stage >= ES_STAGE_REFERENCED, known = labelled(label);
    const bool eligible = stage >= ES_STAGE_REJECTED;
    of[ES_COVERAGE_ELIGIBLE] = stage != ES_STAGE_EXCLUDED;
    in[ES_COVERAGE_ELIGIBLE] = of[ES_COVERAGE_RESULTED] = eligible;
    in[ES_COVERAGE_RESULTED] = of[ES_COVERAGE_REFERENCED] = resulted;
    in[ES_COVERAGE_REFERENCED] = stage == ES_STAGE_REFERENCED;
    of[ES_COVERAGE_VERIFIED_ALERTS] = resulted && decision == 1;
    in[ES_COVERAGE_VERIFIED_ALERTS] = resulted && decision == 1 && known;
    of[ES_COVERAGE_VERIFIED_NON_ALERTS] = resulted && decision == 0;
    in[ES_COVERAGE_VERIFIED_NON_ALERTS] = resulted && decision == 0 && known;
}

uint32_t es_row_trait(uint8_t stage, uint8_t decision, uint8_t label, bool scored)
{
    static const uint8_t outcomes[3][2] = {{ES_TN, ES_FN}, {ES_FP, ES_TP}, {ES_N, ES_P}};
    const bool unseen = stage == ES_STAGE_REJECTED || stage == ES_STAGE_FAILED || stage == ES_STAGE_MISSING;
    bool in[ES_SHARES], of[ES_SHARES];
    uint32_t t = label == 1 ? ES_ROW_POSITIVE : 0;
    shares(stage, decision, label, in, of);
    for (unsigned k = 0; k < ES_SHARES; k++)
        t |= (uint32_t)of[k] << (ES_ROW_SHARE_OF + k) | (uint32_t)in[k] << (ES_ROW_SHARE_IN + k);
    if (stage == ES_STAGE_REFERENCED) t |= ES_ROW_REFERENCED;
    if (stage == ES_STAGE_REFERENCED && labelled(label)) t |= ES_ROW_LABELLED | outcomes[decision][label] | (scored ? ES_ROW_SCORED : 0u);
    if (label == 1 && (unseen || stage == ES_STAGE_REFERENCED))
        t |= ES_ROW_ELIGIBLE | (!unseen && decision == 1 ? ES_ROW_FOUND : 0u);
    return t;
}

bool es_row_alone(const struct es_sheet *s, uint32_t row)
{
    const uint32_t p = s->patient[row];
    return (row == 0 || s->patient[row - 1] != p) && (row + 1 == s->rows || s->patient[row + 1] != p);
}

/* --- Cells --- */

static struct key cell_key(const struct es_sheet *s, uint32_t row, uint32_t profile, bool alone, uint32_t part)
{
    const bool scored = s->stage[row] == ES_STAGE_REFERENCED && labelled(s->label[row]) && !isnan(s->score[row]);
    const uint64_t kind = (uint64_t)s->stage[row] | (uint64_t)s->decision[row] << 8 | (uint64_t)s->label[row] << 16 |
                          (uint64_t)s->mark[row] << 24 | (uint64_t)scored << 32 | (uint64_t)alone << 33;
    return (struct key){kind, (uint64_t)profile << 32 | part};
}

static void begin_cell(struct es_cell *c, struct key key)
{
    memset(c, 0, sizeof *c);
    c->profile = (uint32_t)(key.b >> 32);
    c->stage = (uint8_t)key.a;
    c->decision = (uint8_t)(key.a >> 8);
    c->label = (uint8_t)(key.a >> 16);
    c->mark = (uint8_t)(key.a >> 24);
    c->scored = key.a >> 32 & 1;
    c->alone = key.a >> 33 & 1;
}

static void add_to_cell(const struct es_work *w, struct es_cell *c, uint32_t row)
{
    c->rows++;
    if (!c->scored || !w->probability) return;
    const uint64_t score = es_row_score(w->sheet->score[row]), error = es_row_error(w->sheet->score[row], w->sheet->label[row]);
    c->score += score;
    c->error += error;
    if (!c->alone) return;
    c->score_squares += (es_u128)score * score;
    c->error_squares += (es_u128)error * error;
}

bool es_work_cells(struct es_work *w, const uint32_t *profile)
{
    const struct es_sheet *s = w->sheet;
    struct table table = {NULL, 0, NULL, 0, 0};
    size_t room = 0;
    bool done = false;
    for (uint32_t row = 0; row < s->rows; row++) {
        const bool alone = es_row_alone(s, row);
        uint32_t at, part = 0;
        struct key key;
        do { /* a full cell has another one beside it */
            key = cell_key(s, row, profile[row], alone, part++);
            at = find(&table, key);
            if (at == UINT32_MAX) goto out;
        } while (at < w->cells && w->cell[at].rows == ES_CELL_ROWS);
        if (at == w->cells) {
            if (w->cells == room) {
                room = room ? room + room / 2 : 512;
                struct es_cell *grown = realloc(w->cell, room * sizeof *grown);
                if (!grown) goto out;
                w->cell = grown;
            }
            begin_cell(&w->cell[w->cells++], key);
        }
        add_to_cell(w, &w->cell[at], row);
    }
    done = true;
out:
    drop(&table);
    return done;
}

/** Sums of rows whose patients do not matter. */
static void add_rows(struct es_summary *s, const struct es_cell *c, uint32_t trait)
{
    const uint64_t n = c->rows;
    s->units += n;
    s->stage[c->stage] += n;
    for (unsigned bit = 0, marks = c->mark; marks; bit++, marks >>= 1) s->mark[bit] += marks & 1 ? n : 0;
    if (c->stage >= ES_STAGE_REFERENCED) s->resulted[c->decision][c->label != ES_NO_ANSWER] += n;
    if (c->stage == ES_STAGE_OVERDUE && c->decision != ES_NO_ANSWER) s->unverified[c->decision] += n;
    for (unsigned k = 0; k < ES_SHARES; k++) {
        s->share[k].x += trait >> (ES_ROW_SHARE_IN + k) & 1 ? n : 0;
        s->share[k].n += trait >> (ES_ROW_SHARE_OF + k) & 1 ? n : 0;
    }
    if (trait & ES_ROW_ELIGIBLE) {
        s->eligible[0] += trait & ES_ROW_FOUND ? n : 0;
        s->eligible[1] += n;
    }
    if (!(trait & ES_ROW_REFERENCED)) return;
    s->cases += n;
    if (!(trait & ES_ROW_LABELLED)) return;
    *(trait & ES_ROW_POSITIVE ? &s->positives : &s->negatives) += n;
    s->group.count[trait & ES_ROW_OUTCOME] += n;
    if (!c->scored) return;
    s->group.scored += n;
    s->observed += trait & ES_ROW_POSITIVE ? n : 0;
    s->group.error += c->error;
    s->score += c->score;
}

/** Sums over patients, of those with one row. */
static void add_alone(struct es_summary *s, const struct es_cell *c, uint32_t trait)
{
    const uint64_t n = c->rows, y = trait & ES_ROW_POSITIVE ? 1 : 0;
    const unsigned outcome = trait & ES_ROW_OUTCOME;
    s->patients += n;
    for (unsigned k = 0; k < ES_SHARES; k++) {
        struct es_share *share = &s->share[k];
        const uint64_t x = trait >> (ES_ROW_SHARE_IN + k) & 1 ? n : 0, of = trait >> (ES_ROW_SHARE_OF + k) & 1 ? n : 0;
        share->patients += of;
        share->xx += x;
        share->xn += x;
        share->nn += of;
    }
    if (trait & ES_ROW_ELIGIBLE) {
        s->eligible_patients += n;
        s->eligible_products[0] += trait & ES_ROW_FOUND ? n : 0;
        s->eligible_products[1] += trait & ES_ROW_FOUND ? n : 0;
        s->eligible_products[2] += n;
    }
    if (!(trait & ES_ROW_REFERENCED)) return;
    s->case_patients += n;
    if (!(trait & ES_ROW_LABELLED)) return;
    *(y ? &s->positive_patients : &s->negative_patients) += n;
    s->group.product[outcome][outcome] += n;
    for (unsigned i = 0; i < ES_OVER_COUNT; i++) s->group.patients[i] += es_outcome_over(outcome) >> i & 1 ? n : 0;
    if (!c->scored) return;
    s->group.scored_patients += n;
    s->group.scored_squares += n;
    s->group.error_scored += c->error;
    s->group.error_squares += c->error_squares;
    s->observed_squares += y * n;
    s->score_squares += c->score_squares;
    s->score_positives += y * c->score;
    s->score_scored += c->score;
}

void es_work_add_cells(struct es_work *w)
{
    for (uint32_t i = 0; i < w->cells; i++) {
        const struct es_cell *c = &w->cell[i];
        struct es_summary *s = &w->summary[w->slot_of[c->profile]];
        const uint32_t trait = es_row_trait(c->stage, c->decision, c->label, c->scored);
        add_rows(s, c, trait);
        if (c->alone) add_alone(s, c, trait);
    }
    for (uint32_t k = 0; k < w->slots; k++)
        for (int d = 0; d < 2; d++) {
            w->summary[k].verified[d] = w->summary[k].resulted[d][1];
            w->summary[k].decided[d] = w->summary[k].resulted[d][0] + w->summary[k].resulted[d][1];
        }
}
