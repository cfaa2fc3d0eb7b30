/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/sweep.h"

#include <stdlib.h>
#include <string.h>

#include "metrics/sweep_work.h"

struct es_sweep {
    struct es_summary *summary;
    size_t count, room;
};

/* --- Groups of a grouping --- */

bool es_work_outside(const uint8_t *row, const uint8_t *group, unsigned axes)
{
    for (unsigned k = 0; k < axes; k++)
        if (row[k] != 0 && row[k] != group[k]) return true;
    return false;
}

/** Product of the axes' levels: cells of the crossing. At most 66^3. */
static size_t cells_of(const struct es_sheet *s, const struct es_grouping *g)
{
    size_t cells = 1;
    for (unsigned k = 0; k < g->n; k++) cells *= s->axis_levels[g->axis[k]];
    return cells;
}

/** Number of a row's cell; ascending numbers are the order of the report: levels ascending, unknown (0) last, on each axis. */
static size_t cell_of(const struct es_sheet *s, const struct es_grouping *g, uint32_t row)
{
    size_t cell = 0;
    for (unsigned k = 0; k < g->n; k++) {
        const uint8_t axis = g->axis[k], level = s->level[axis][row], levels = s->axis_levels[axis];
        cell = cell * levels + (level ? level - 1u : levels - 1u);
    }
    return cell;
}

static void levels_of(const struct es_sheet *s, const struct es_grouping *g, size_t cell, uint8_t *level)
{
    for (unsigned k = g->n; k-- > 0;) {
        const uint8_t levels = s->axis_levels[g->axis[k]];
        const size_t place = cell % levels;
        level[k] = (uint8_t)(place + 1 < levels ? place + 1 : 0);
        cell /= levels;
    }
}

/** Make room for `more` summaries, zeroed. */
static bool reserve(struct es_sweep *sweep, size_t more)
{
    size_t want, bytes;
    if (__builtin_add_overflow(sweep->count, more, &want)) return false;
    if (want <= sweep->room) return true;
    want += want / 2;
    if (__builtin_mul_overflow(want, sizeof *sweep->summary, &bytes)) return false;
    struct es_summary *grown = realloc(sweep->summary, bytes);
    if (!grown) return false;
    sweep->summary = grown;
    sweep->room = want;
    return true;
}

static void drop_groups(struct es_work *w)
{
    free(w->levels);
    free(w->sums);
    free(w->removed);
    free(w->residuals);
    free(w->split);
    free(w->by_kind);
    free(w->own);
    free(w->running);
    free(w->whole);
    free(w->touched);
    free(w->wider);
    free(w->wider_from);
    free(w->wider_list);
    free(w->start);
    free(w->end);
    free(w->outside);
}

/** For each group, the groups its rows are compatible with: itself, and where a level is unknown, each known one there. */
static bool make_wider(struct es_work *w, unsigned axes)
{
    const uint32_t slots = w->slots;
    size_t n = 0;
    w->wider_from = calloc((size_t)slots + 1, sizeof *w->wider_from);
    if (!w->wider_from) return false;
    for (int fill = 0; fill < 2; fill++) {
        n = 0;
        for (uint32_t s = 0; s < slots; s++) {
            const uint8_t *row = w->levels + (size_t)s * ES_MAX_GROUPING_AXES;
            bool whole = true;
            for (unsigned k = 0; k < axes; k++) whole &= row[k] != 0;
            w->wider_from[s] = (uint32_t)n;
            for (uint32_t g = whole ? s : 0; g < (whole ? s + 1 : slots); g++)
                if (!es_work_outside(row, w->levels + (size_t)g * ES_MAX_GROUPING_AXES, axes)) {
                    if (fill) w->wider_list[n] = g;
                    n++;
                }
        }
        if (n > UINT32_MAX) return false;
        w->wider_from[slots] = (uint32_t)n;
        if (!fill) w->wider_list = calloc(n + 1, sizeof *w->wider_list);
        if (!w->wider_list) return false;
    }
    return true;
}

static bool make_groups(struct es_work *w, uint32_t slots)
{
    const size_t n = (size_t)slots + 1;
    w->slots = slots;
    w->levels = calloc(n, ES_MAX_GROUPING_AXES);
    w->sums = calloc(n, sizeof *w->sums);
    w->removed = calloc(n, sizeof *w->removed);
    w->residuals = calloc(n, sizeof *w->residuals);
    w->split = calloc(n, sizeof *w->split);
    w->by_kind = calloc(n * ((size_t)w->kinds + 1), sizeof *w->by_kind);
    w->own = calloc(n, sizeof *w->own);
    w->running = calloc(n, sizeof *w->running);
    w->whole = calloc(n, sizeof *w->whole);
    w->touched = calloc(n, sizeof *w->touched);
    w->wider = calloc(n, sizeof *w->wider);
    w->start = calloc(n, sizeof *w->start);
    w->end = calloc(n, sizeof *w->end);
    w->outside = calloc(n, sizeof *w->outside);
    return w->levels && w->sums && w->removed && w->residuals && w->split && w->by_kind && w->own && w->running && w->whole && w->touched && w->wider &&
           w->start && w->end && w->outside;
}

/** Number the groups in use, write each profile's, and add their empty summaries. False when memory ran out. */
static bool enumerate(struct es_work *w, struct es_sweep *sweep, const struct es_grouping *g, uint32_t index)
{
    const struct es_sheet *sheet = w->sheet;
    const size_t cells = cells_of(sheet, g);
    uint32_t *number = calloc(cells, sizeof *number); /* 1 + slot */
    bool done = false;
    if (!number) return false;
    for (uint32_t p = 0; p < w->profiles; p++) number[cell_of(sheet, g, w->profile_row[p])] = 1;
    uint32_t slots = 0;
    for (size_t c = 0; c < cells; c++)
        if (number[c] || g->n <= 1) number[c] = ++slots;
    if (!make_groups(w, slots) || !reserve(sweep, slots)) goto out;
    w->summary = sweep->summary + sweep->count;
    memset(w->summary, 0, slots * sizeof *w->summary);
    for (size_t c = 0; c < cells; c++) {
        if (!number[c]) continue;
        const uint32_t slot = number[c] - 1;
        uint8_t *level = w->levels + (size_t)slot * ES_MAX_GROUPING_AXES;
        struct es_summary *s = &w->summary[slot];
        levels_of(sheet, g, c, level);
        s->key.grouping = index;
        memcpy(s->key.level, level, ES_MAX_GROUPING_AXES);
        s->axes = g->n;
        s->probability = w->probability;
        s->ece10 = (double)NAN;
    }
    for (uint32_t p = 0; p < w->profiles; p++) w->slot_of[p] = number[cell_of(sheet, g, w->profile_row[p])] - 1;
    sweep->count += slots;
    done = make_wider(w, g->n);
out:
    free(number);
    return done;
}

static void drop_and_forget(struct es_work *w)
{
    drop_groups(w);
    w->levels = NULL;
    w->sums = w->removed = NULL;
    w->residuals = NULL;
    w->split = NULL;
    w->by_kind = NULL;
    w->own = NULL;
    w->running = NULL;
    w->whole = NULL;
    w->touched = w->wider = w->wider_from = w->wider_list = w->start = w->end = NULL;
    w->outside = NULL;
}

static bool sweep_grouping(struct es_work *w, struct es_sweep *sweep, const struct es_grouping *g, uint32_t index)
{
    bool done = enumerate(w, sweep, g, index);
    if (done) {
        es_work_add_cells(w);
        es_work_place(w);
        es_work_patients(w);
        es_work_fit(w);
        if (g->n > 0 && g->n <= w->options->score_rest_axes)
            for (uint32_t k = 0; k < w->slots; k++) es_work_rest(w, k);
        done = es_work_measures(w);
    }
    drop_and_forget(w);
    return done;
}

/* --- A sweep --- */

static bool groupings_fit(const struct es_sheet *sheet, const struct es_grouping *groupings, size_t count)
{
    if (count == 0 || count > UINT32_MAX || groupings[0].n != 0) return false;
    for (size_t i = 0; i < count; i++) {
        if (groupings[i].n > ES_MAX_GROUPING_AXES) return false;
        for (unsigned k = 0; k < groupings[i].n; k++) {
            if (groupings[i].axis[k] >= sheet->axes) return false;
            for (unsigned j = 0; j < k; j++)
                if (groupings[i].axis[j] == groupings[i].axis[k]) return false;
        }
    }
    return true;
}

bool es_sweep_run_with(const struct es_sheet *sheet, const struct es_grouping *groupings, size_t count,
                       const struct es_sweep_options *options, struct es_sweep **out)
{
    *out = NULL;
    if (!es_sheet_check(sheet, NULL) || !groupings_fit(sheet, groupings, count)) return false;
    struct es_work work;
    struct es_sweep *sweep = calloc(1, sizeof *sweep);
    if (!sweep) return false;
    bool done = es_work_open(&work, sheet, groupings, count, options);
    for (size_t i = 0; i < count && done; i++) done = sweep_grouping(&work, sweep, &groupings[i], (uint32_t)i);
    es_work_close(&work);
    if (!done) {
        es_sweep_free(sweep);
        return false;
    }
    *out = sweep;
    return true;
}

bool es_sweep_run(const struct es_sheet *sheet, const struct es_grouping *groupings, size_t count, struct es_sweep **out)
{
    static const struct es_sweep_options everything = {ES_MAX_GROUPING_AXES, true};
    return es_sweep_run_with(sheet, groupings, count, &everything, out);
}

void es_sweep_free(struct es_sweep *sweep)
{
    if (!sweep) return;
    for (size_t i = 0; i < sweep->count; i++) free(sweep->summary[i].measured);
    free(sweep->summary);
    free(sweep);
}

size_t es_sweep_count(const struct es_sweep *sweep)
{
    return sweep->count;
}

struct es_group_key es_sweep_key(const struct es_sweep *sweep, size_t index)
{
    return sweep->summary[index].key;
}

const struct es_summary *es_sweep_summary(const struct es_sweep *sweep, size_t index)
{
    return index < sweep->count ? &sweep->summary[index] : NULL;
}
