/* SPDX-License-Identifier: Apache-2.0 */
/* Can a count of few people be worked out from what is printed? Two audits, both as an outsider with pencil and paper would, or better.
 *
 * Tables: each line of an axis and each two-axis table of one count is a transport problem with every margin known, whose limits for a
 * hidden cell are exact (metrics/disclosure.h). Limits: over the whole finding, all sums at once (levels to their total, parts of a
 * funnel to its whole), the bounds of each hidden cell are tightened from the bounds of the others until nothing moves; this sees
 * chains of subtractions across tables. A count of few people whose limits meet has its whole line hidden (METRICS G2). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/disclosure.h"
#include "plugin/report/disclosure/disclosure.h"
#include "plugin/report/view.h"

/* ---- two-axis tables ---- */

static bool same_axes(const cJSON *a, const cJSON *b)
{
    const cJSON *x = a->child, *y = b->child;
    for (; x && y; x = x->next, y = y->next)
        if (strcmp(x->string, y->string) != 0) return false;
    return !x && !y;
}

static const cJSON *key_of(const struct es_release_table *t, size_t group)
{
    return cJSON_GetObjectItemCaseSensitive(t->group[group], "group");
}

/** Place of a level in a list that grows; SIZE_MAX when it is full. */
static size_t place(const char **names, size_t *n, size_t room, const char *name)
{
    for (size_t i = 0; i < *n; i++)
        if (strcmp(names[i], name) == 0) return i;
    if (*n == room) return SIZE_MAX;
    names[*n] = name;
    return (*n)++;
}

/** Lay the groups that cross the same two axes as group `first` out as a table. @return false when memory ran out */
static bool lay_out(const struct es_release_table *t, size_t first, struct es_release_square *out)
{
    const char *rows[ES_MAX_LEVELS], *columns[ES_MAX_LEVELS];
    size_t *at = calloc(ES_MAX_LEVELS * ES_MAX_LEVELS, sizeof *at);
    if (!at) return false;
    for (size_t i = 0; i < ES_MAX_LEVELS * ES_MAX_LEVELS; i++) at[i] = SIZE_MAX;
    *out = (struct es_release_square){.at = at};
    for (size_t g = first; g < t->groups; g++) {
        const cJSON *key = key_of(t, g);
        if (!same_axes(key, key_of(t, first))) continue;
        const size_t r = place(rows, &out->rows, ES_MAX_LEVELS, key->child->valuestring);
        const size_t c = place(columns, &out->columns, ES_MAX_LEVELS, key->child->next->valuestring);
        if (r == SIZE_MAX || c == SIZE_MAX) continue;
        at[r * ES_MAX_LEVELS + c] = g;
    }
    return true;
}

bool es_release_squares(struct es_release_table *t)
{
    for (size_t g = 0; g < t->groups; g++) {
        bool seen = false;
        if (cJSON_GetArraySize(key_of(t, g)) != 2) continue;
        for (size_t before = 0; before < g; before++) seen |= same_axes(key_of(t, before), key_of(t, g));
        if (seen) continue;
        struct es_release_square *grown = reallocarray(t->squares, t->n_squares + 1, sizeof *grown);
        if (!grown) return false;
        t->squares = grown;
        if (!lay_out(t, g, &t->squares[t->n_squares])) return false;
        t->n_squares++;
    }
    return true;
}

void es_release_squares_free(struct es_release_table *t)
{
    for (size_t i = 0; i < t->n_squares; i++) free(t->squares[i].at);
    free(t->squares);
}

/* ---- one count over all groups ---- */

/** Hide all that is shown and not 0 among `n` groups. @return was there any? */
static bool darken(const struct es_release_column *c, const size_t *groups, size_t n, size_t stride)
{
    bool changed = false;
    for (size_t i = 0; i < n; i++) {
        const size_t g = groups[i * stride];
        if (g == SIZE_MAX || c->hidden[g] || c->value[g] == 0) continue;
        c->hidden[g] = 1;
        changed = true;
    }
    return changed;
}

/** What a table of `rows` x `columns` groups lets see; cells that a hidden count cannot be below are taken off first. */
static bool pinned(const struct es_release_column *c, const size_t *at, size_t rows, size_t columns, size_t stride, size_t r, size_t k,
                   uint64_t *count, uint8_t *hidden)
{
    struct es_interval_u64 limits = {0, 0};
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            const size_t g = at[i * stride + j], to = i * columns + j;
            hidden[to] = g != SIZE_MAX && c->hidden[g];
            count[to] = g == SIZE_MAX ? 0 : c->value[g] - (hidden[to] ? c->least : 0);
        }
    const struct es_table table = {(uint32_t)rows, (uint32_t)columns, count, 1, false};
    return !es_disclosure_limits(&table, hidden, (uint32_t)r, (uint32_t)k, &limits) || limits.hi == limits.lo;
}

static bool audit_line(const struct es_release_table *t, const struct es_release_column *c, const struct es_release_line *line,
                       uint64_t *count, uint8_t *hidden)
{
    const size_t *members = t->members + line->first;
    bool changed = false;
    if (line->total == SIZE_MAX || c->hidden[line->total]) return false; /* no total is printed: nothing to subtract from */
    uint64_t sum = 0;
    for (size_t i = 0; i < line->n; i++) sum += c->value[members[i]];
    if (sum != c->value[line->total]) return false; /* a rate that is not estimable in the total, and is in a part: no sum either */
    for (size_t i = 0; i < line->n; i++) {
        if (!c->small[members[i]] || !pinned(c, members, 1, line->n, line->n, 0, i, count, hidden)) continue;
        if (!darken(c, members, line->n, 1)) c->hidden[line->total] = 1;
        changed = true;
        if (c->hidden[line->total]) break;
    }
    return changed;
}

static bool audit_square(const struct es_release_column *c, const struct es_release_square *s, uint64_t *count, uint8_t *hidden)
{
    bool changed = false;
    for (size_t r = 0; r < s->rows; r++)
        for (size_t k = 0; k < s->columns; k++) {
            const size_t g = s->at[r * ES_MAX_LEVELS + k];
            if (g == SIZE_MAX || !c->small[g]) continue;
            if (!pinned(c, s->at, s->rows, s->columns, ES_MAX_LEVELS, r, k, count, hidden)) continue;
            /* Totals stay: they may be hidden already, which this audit does not count on and the one over all sums does. */
            if (darken(c, s->at + r * ES_MAX_LEVELS, s->columns, 1) || darken(c, s->at + k, s->rows, ES_MAX_LEVELS)) changed = true;
            else for (size_t i = 0; i < s->rows; i++) changed |= darken(c, s->at + i * ES_MAX_LEVELS, s->columns, 1);
        }
    return changed;
}

bool es_release_audit_column(const struct es_release_table *t, const struct es_release_column *c, bool *failed)
{
    size_t room = t->groups;
    for (size_t s = 0; s < t->n_squares; s++)
        if (t->squares[s].rows * t->squares[s].columns > room) room = t->squares[s].rows * t->squares[s].columns;
    uint64_t *count = calloc(room + 1, sizeof *count);
    uint8_t *hidden = calloc(room + 1, 1);
    bool changed = false;
    if (count && hidden) {
        for (size_t l = 0; l < t->n_lines; l++) changed |= audit_line(t, c, &t->lines[l], count, hidden);
        for (size_t s = 0; s < t->n_squares; s++) changed |= audit_square(c, &t->squares[s], count, hidden);
    } else {
        *failed = true;
    }
    free(count);
    free(hidden);
    return changed;
}

/* ---- all sums at once ---- */

bool es_release_sum_known(const struct es_release_table *t, const struct es_release_sum *sum)
{
    for (size_t i = 0; i < sum->n; i++)
        if (t->cells[sum->cells[i]].left_out) return false;
    return true;
}

struct bounds {
    double lo, hi;
};

/** total = sum of parts: tighten each from the others. @return did anything move? */
static bool tighten(struct bounds *b, const size_t *cells, size_t n)
{
    double lo = 0, hi = 0;
    bool moved = false;
    for (size_t i = 1; i < n; i++) {
        lo += b[cells[i]].lo;
        hi += b[cells[i]].hi;
    }
    struct bounds *total = &b[cells[0]];
    if (lo > total->lo) total->lo = lo, moved = true;
    if (hi < total->hi) total->hi = hi, moved = true;
    for (size_t i = 1; i < n; i++) {
        struct bounds *part = &b[cells[i]];
        double others = 0; /* not by subtraction: infinities */
        for (size_t j = 1; j < n; j++) others += j == i ? 0 : b[cells[j]].hi;
        const double most = total->hi - (lo - part->lo), least = total->lo - others;
        if (most < part->hi) part->hi = most, moved = true;
        if (least > part->lo) {
            lo += least - part->lo;
            part->lo = least;
            moved = true;
        }
    }
    return moved;
}

/** Mark the cells whose limits meet. @return false when memory ran out */
static bool met(const struct es_release_table *t, const struct es_release_sum *sums, size_t n_sums, uint8_t *told)
{
    enum { ROUNDS = 100 }; /* each pass is linear; longer chains do not occur in tables of three axes */
    const size_t n = t->groups * ES_CELL_KEYS;
    struct bounds *b = calloc(n ? n : 1, sizeof *b);
    bool moved = true;
    if (!b) return false;
    for (size_t i = 0; i < n; i++)
        b[i] = t->cells[i].hidden ? (struct bounds){t->cells[i].value > 0, INFINITY} : (struct bounds){t->cells[i].value, t->cells[i].value};
    for (int round = 0; moved && round < ROUNDS; round++) {
        moved = false;
        for (size_t s = 0; s < n_sums; s++)
            if (es_release_sum_known(t, &sums[s])) moved |= tighten(b, sums[s].cells, sums[s].n);
    }
    for (size_t i = 0; i < n; i++) told[i] |= !(b[i].lo < b[i].hi);
    free(b);
    return true;
}

static bool hide(struct es_cell *cell)
{
    if (cell->hidden || !(cell->value > 0)) return false;
    cell->hidden = true;
    return true;
}

static bool leave(struct es_cell *cell)
{
    if (cell->left_out) return false;
    return cell->hidden = cell->left_out = true;
}

static bool leave_group(struct es_release_table *t, size_t g)
{
    bool changed = false;
    for (size_t k = 0; k < ES_CELL_KEYS; k++) changed |= leave(&t->cells[g * ES_CELL_KEYS + k]);
    return changed;
}

/** Of the way from seen to referenced, and of who was verified? The cases and their figures can do without. */
static bool of_the_way(size_t key)
{
    return key >= ES_CELL_SEEN && key < ES_CELL_TP && key != ES_CELL_REFERENCED;
}

/** Leave out the way of every group of the same axes, then of every group. @return was there any? */
static bool leave_way(struct es_release_table *t, size_t group)
{
    bool changed = false;
    for (int all = 0; all < 2 && !changed; all++)
        for (size_t g = 0; g < t->groups; g++)
            for (size_t k = 0; (all || same_axes(key_of(t, g), key_of(t, group))) && k < ES_CELL_KEYS; k++)
                if (of_the_way(k)) changed |= leave(&t->cells[g * ES_CELL_KEYS + k]);
    return changed;
}

/** The single axis with the most groups that are not left out; NULL: there is none. */
static const cJSON *widest(const struct es_release_table *t)
{
    const cJSON *axis = NULL;
    size_t most = 0;
    for (size_t g = 0; g < t->groups; g++) {
        size_t n = 0;
        if (es_view_axes(key_of(t, g)) != 1 || t->cells[g * ES_CELL_KEYS].left_out) continue;
        for (size_t i = 0; i < t->groups; i++) n += same_axes(key_of(t, i), key_of(t, g));
        if (n > most) axis = key_of(t, g), most = n;
    }
    return axis;
}

/** The last resort, and for a system too large to be solved: groups of several axes are left out, then those of this axis, and if it is of
 * none, everybody. @param axis  of the group at fault */
static bool give_way(struct es_release_table *t, const cJSON *axis)
{
    bool changed = false;
    for (size_t g = 0; g < t->groups; g++)
        if (es_view_axes(key_of(t, g)) > 1) changed |= leave_group(t, g);
    const bool several = changed;
    for (size_t g = 0; !several && axis && g < t->groups; g++)
        if (same_axes(key_of(t, g), axis)) changed |= leave_group(t, g);
    for (size_t g = 0; !changed && g < t->groups; g++) changed = leave_group(t, g);
    return changed;
}

/** Hide the same count in every group of the same axes. */
static bool darken_table(struct es_release_table *t, size_t cell)
{
    const cJSON *key = key_of(t, cell / ES_CELL_KEYS);
    bool changed = false;
    for (size_t g = 0; g < t->groups; g++)
        if (same_axes(key_of(t, g), key)) changed |= hide(&t->cells[g * ES_CELL_KEYS + cell % ES_CELL_KEYS]);
    return changed;
}

/** Hide a count in every group. */
static bool darken_key(struct es_release_table *t, size_t key)
{
    bool changed = false;
    for (size_t g = 0; g < t->groups; g++) changed |= hide(&t->cells[g * ES_CELL_KEYS + key]);
    return changed;
}

/** What is hidden for a cell that is told, the least first: the parts of the sums it stands in; its count in the whole table; the totals of
 * those sums; the way from seen to referenced, where it is a part of that; its group; whole groups. A leftover stands in no sum with the
 * other counts of its group, which stay. */
enum darken { DARKEN_PARTS, DARKEN_TABLE, DARKEN_TOTALS, DARKEN_WAY, DARKEN_GROUP, DARKEN_ALL, DARKENINGS };

/** @return was more hidden? */
static bool darken_around(struct es_release_table *t, const struct es_release_sum *sums, size_t n_sums, size_t cell, enum darken how)
{
    const size_t key = cell % ES_CELL_KEYS, group = cell / ES_CELL_KEYS;
    const bool leftover = key >= ES_CELL_UNSCORED, totals = how == DARKEN_TOTALS;
    bool changed = false;
    if (how == DARKEN_TABLE) return darken_table(t, cell);
    if (how == DARKEN_WAY) return leftover ? darken_key(t, key) : of_the_way(key) && leave_way(t, group);
    if (how == DARKEN_ALL) return !leftover && give_way(t, key_of(t, group));
    for (size_t k = 0; how == DARKEN_GROUP && !leftover && k < ES_CELL_UNSCORED; k++) changed |= hide(&t->cells[group * ES_CELL_KEYS + k]);
    for (size_t s = 0; how != DARKEN_GROUP && s < n_sums; s++) {
        bool in = false;
        for (size_t i = 0; i < sums[s].n; i++) in |= sums[s].cells[i] == cell;
        for (size_t i = totals ? 0 : 1; in && i < (totals ? 1 : sums[s].n); i++) changed |= hide(&t->cells[sums[s].cells[i]]);
    }
    return changed;
}

/** Hide around all cells that are told by the least that hides anything; from whole groups on around one of them, as the others may then be
 * told no more. @return was more hidden? */
static bool darken_told(struct es_release_table *t, const struct es_release_sum *sums, size_t n_sums, const uint8_t *told, size_t leftover)
{
    bool changed = false;
    for (int how = DARKEN_PARTS; how < DARKENINGS && !changed; how++)
        for (size_t i = 0; i < t->groups * ES_CELL_KEYS && !(changed && how >= DARKEN_WAY); i++) {
            const size_t key = i % ES_CELL_KEYS;
            const bool ours = leftover == ES_CELL_KEYS ? key < ES_CELL_UNSCORED : key == leftover;
            if (told[i] && ours && t->cells[i].small && t->cells[i].hidden) changed |= darken_around(t, sums, n_sums, i, (enum darken)how);
        }
    return changed;
}

bool es_release_audit_sums(struct es_release_table *t, const struct es_release_sum *sums, size_t n_sums, size_t leftover)
{
    const size_t n = t->groups * ES_CELL_KEYS;
    uint8_t *told = calloc(n ? n : 1, 1);
    bool changed = false;
    enum es_release_solved solved = ES_RELEASE_NO_MEMORY;
    if (told && met(t, sums, n_sums, told)) solved = es_release_determined(t, sums, n_sums, told);
    if (solved == ES_RELEASE_NO_MEMORY) /* better nothing than too much */
        for (size_t i = 0; i < n; i++) t->cells[i].hidden = true;
    if (solved == ES_RELEASE_TOO_LARGE) changed = leftover == ES_CELL_KEYS ? give_way(t, widest(t)) : darken_key(t, leftover);
    if (solved == ES_RELEASE_SOLVED) changed = darken_told(t, sums, n_sums, told, leftover);
    free(told);
    return changed;
}
