/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/disclosure.h"

#include <stdlib.h>
#include <string.h>

/** A row or a column as a walk over the table. */
struct line {
    size_t first, stride;
    uint32_t cells;
};

static struct line row_of(const struct es_table *t, uint32_t row)
{
    return (struct line){(size_t)row * t->columns, 1, t->columns};
}

static struct line column_of(const struct es_table *t, uint32_t column) { return (struct line){column, t->columns, t->rows}; }

/* A single row has no column totals beside its cells, and the reverse. */
static bool rows_printed(const struct es_table *t) { return t->rows > 1 ? t->columns > 1 : true; }
static bool columns_printed(const struct es_table *t) { return t->rows > 1; }

static bool in_range(const struct es_table *t)
{
    uint64_t total = 0;
    if (t->rows < 1 || t->columns < 1 || t->rows > ES_DISCLOSURE_MAX_LINES || t->columns > ES_DISCLOSURE_MAX_LINES || t->k < 1)
        return false;
    for (size_t i = 0; i < (size_t)t->rows * t->columns; i++)
        if (__builtin_add_overflow(total, t->count[i], &total)) return false;
    return total < UINT64_MAX / 2; /* room for flows */
}

bool es_disclosure_small(const struct es_table *table, uint64_t count)
{
    return count < table->k && (count > 0 || table->zero_is_sensitive);
}

static uint64_t line_total(const struct es_table *t, struct line l)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < l.cells; i++) total += t->count[l.first + i * l.stride];
    return total;
}

/** Is any printed total 1 .. k-1? */
static bool small_margin(const struct es_table *t)
{
    uint64_t grand = 0;
    bool small = false;
    for (uint32_t r = 0; r < t->rows; r++) {
        const uint64_t total = line_total(t, row_of(t, r));
        grand += total;
        if (rows_printed(t)) small = small || (total > 0 && total < t->k);
    }
    if (columns_printed(t))
        for (uint32_t c = 0; c < t->columns; c++) {
            const uint64_t total = line_total(t, column_of(t, c));
            small = small || (total > 0 && total < t->k);
        }
    return small || (grand > 0 && grand < t->k);
}

/** Apply the complement rule to one line.
 * @return true when a cell was hidden */
static bool complement(const struct es_table *t, struct line l, uint8_t *hidden)
{
    bool changed = false;
    for (;;) {
        uint32_t count = 0, pick = UINT32_MAX;
        uint64_t sum = 0;
        for (uint32_t i = 0; i < l.cells; i++) {
            const size_t at = l.first + i * l.stride;
            if (hidden[at]) {
                count++;
                sum += t->count[at];
                continue;
            }
            /* the smallest that is not 0, the first of equals; a 0 only when there is nothing else */
            const uint64_t best = pick == UINT32_MAX ? 0 : t->count[l.first + pick * l.stride];
            if (pick == UINT32_MAX || (t->count[at] > 0 && (best == 0 || t->count[at] < best))) pick = i;
        }
        if (count == 0 || (count > 1 && sum >= t->k) || pick == UINT32_MAX) return changed;
        hidden[l.first + pick * l.stride] = 1;
        changed = true;
    }
}

static void settle(const struct es_table *t, uint8_t *hidden)
{
    bool changed = true;
    while (changed) { /* each turn hides at least one cell more, so it ends */
        changed = false;
        if (rows_printed(t))
            for (uint32_t r = 0; r < t->rows; r++) changed = complement(t, row_of(t, r), hidden) || changed;
        if (columns_printed(t))
            for (uint32_t c = 0; c < t->columns; c++) changed = complement(t, column_of(t, c), hidden) || changed;
    }
}

static void hide_line(struct line l, uint8_t *hidden)
{
    for (uint32_t i = 0; i < l.cells; i++) hidden[l.first + i * l.stride] = 1;
}

/** Hide a whole line through a pinned primary cell.
 * @return PUBLISH when one was hidden, COLLAPSE when there is nothing left to hide, FAILED when memory ran out */
static enum es_disclosure_action hide_pinned(const struct es_table *t, uint8_t *hidden)
{
    bool changed = false;
    for (uint32_t r = 0; r < t->rows; r++)
        for (uint32_t c = 0; c < t->columns; c++) {
            struct es_interval_u64 limits;
            if (!es_disclosure_small(t, t->count[(size_t)r * t->columns + c])) continue;
            if (!es_disclosure_limits(t, hidden, r, c, &limits)) return ES_DISCLOSURE_FAILED;
            if (limits.hi > limits.lo) continue;
            const struct line lines[2] = {row_of(t, r), column_of(t, c)};
            for (int i = 0; i < 2 && !changed; i++)
                for (uint32_t j = 0; j < lines[i].cells; j++)
                    if (!hidden[lines[i].first + j * lines[i].stride]) {
                        hide_line(lines[i], hidden);
                        changed = true;
                        break;
                    }
            if (changed) return ES_DISCLOSURE_PUBLISH;
        }
    return ES_DISCLOSURE_COLLAPSE;
}

enum es_disclosure_action es_disclosure_hide(const struct es_table *table, uint8_t *hidden)
{
    if (!in_range(table)) return ES_DISCLOSURE_FAILED; /* its size is not to be trusted, so hidden is left alone */
    const size_t cells = (size_t)table->rows * table->columns;
    memset(hidden, 0, cells);
    if (small_margin(table)) return ES_DISCLOSURE_COLLAPSE;
    for (size_t i = 0; i < cells; i++) hidden[i] = es_disclosure_small(table, table->count[i]);
    settle(table, hidden);
    while (!es_disclosure_audit(table, hidden, NULL)) {
        const enum es_disclosure_action step = hide_pinned(table, hidden);
        if (step != ES_DISCLOSURE_PUBLISH) { /* all hidden and still pinned, the totals alone give it away; or no memory */
            memset(hidden, step == ES_DISCLOSURE_FAILED, cells);
            return step;
        }
        settle(table, hidden);
    }
    return ES_DISCLOSURE_PUBLISH;
}

bool es_disclosure_audit(const struct es_table *table, const uint8_t *hidden, uint64_t *narrowest)
{
    uint64_t least = UINT64_MAX;
    if (!in_range(table)) return false;
    for (uint32_t r = 0; r < table->rows; r++)
        for (uint32_t c = 0; c < table->columns; c++) {
            const size_t at = (size_t)r * table->columns + c;
            struct es_interval_u64 limits = {0, 0};
            if (!es_disclosure_small(table, table->count[at])) continue;
            if (hidden[at] && !es_disclosure_limits(table, hidden, r, c, &limits)) return false;
            if (limits.hi - limits.lo < least) least = limits.hi - limits.lo;
        }
    if (narrowest != NULL) *narrowest = least;
    return least > 0;
}

bool es_disclosure_step_ok(uint64_t before, uint64_t after, uint64_t k)
{
    const uint64_t change = before > after ? before - after : after - before;
    return change == 0 || change >= k;
}

uint64_t es_disclosure_round(uint64_t count, uint64_t base)
{
    const uint64_t over = count % base, down = count - over;
    uint64_t up;
    if (over < base - over || __builtin_add_overflow(down, base, &up)) return down;
    return up;
}
