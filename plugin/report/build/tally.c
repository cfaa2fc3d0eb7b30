/* SPDX-License-Identifier: Apache-2.0 */
/* What the sweep does not hold: unverified cases by decision, and patients behind each leaf of the funnel. */
#include <stdlib.h>
#include <string.h>

#include "plugin/report/build/build.h"

/** Where a row's group stands in the sweep: one table a grouping, indexed by its levels in mixed radix. */
struct finder {
    const struct es_grouping *grouping;
    const struct es_sheet *sheet;
    int32_t *index; /* owned; -1: not listed */
};

static size_t place(const struct finder *f, const uint8_t *level)
{
    size_t at = 0;
    for (uint8_t i = 0; i < f->grouping->n; i++) at = at * f->sheet->axis_levels[f->grouping->axis[i]] + level[i];
    return at;
}

static bool finder_make(struct finder *f, const struct es_sweep *sweep, uint32_t grouping)
{
    size_t size = 1;
    for (uint8_t i = 0; i < f->grouping->n; i++) size *= f->sheet->axis_levels[f->grouping->axis[i]]; /* <= 66^3 */
    f->index = malloc(size * sizeof *f->index);
    if (!f->index) return false;
    for (size_t i = 0; i < size; i++) f->index[i] = -1;
    for (size_t i = 0; i < es_sweep_count(sweep); i++) {
        const struct es_group_key key = es_sweep_key(sweep, i);
        if (key.grouping == grouping) f->index[place(f, key.level)] = (int32_t)i;
    }
    return true;
}

/** Count one grouping's rows. seen: [groups][stages], the last patient counted there, plus one. */
static void count_rows(const struct finder *f, struct es_tally *tallies, uint32_t *seen)
{
    const struct es_sheet *s = f->sheet;
    for (uint32_t row = 0; row < s->rows; row++) {
        uint8_t level[ES_MAX_GROUPING_AXES];
        for (uint8_t i = 0; i < f->grouping->n; i++) level[i] = s->level[f->grouping->axis[i]][row];
        const int32_t group = f->index[place(f, level)];
        if (group < 0 || s->stage[row] >= ES_STAGE_COUNT) continue;
        struct es_tally *t = &tallies[group];
        if (s->stage[row] == ES_STAGE_OVERDUE && s->decision[row] != ES_NO_ANSWER) t->unverified[s->decision[row]]++;
        uint32_t *last = &seen[(size_t)group * ES_STAGE_COUNT + s->stage[row]];
        if (*last == s->patient[row] + 1) continue;
        *last = s->patient[row] + 1;
        t->stage_patients[s->stage[row]]++;
    }
}

struct es_tally *es_report_tally(const struct es_report *report, const struct es_sheet *sheet, const struct es_sweep *sweep)
{
    const size_t groups = es_sweep_count(sweep);
    struct es_tally *tallies = calloc(groups ? groups : 1, sizeof *tallies);
    uint32_t *seen = calloc((groups ? groups : 1) * ES_STAGE_COUNT, sizeof *seen);
    bool ok = tallies && seen;
    for (uint32_t g = 0; ok && g < report->n_groupings; g++) {
        struct finder f = {&report->groupings[g], sheet, NULL};
        ok = finder_make(&f, sweep, g);
        if (ok) count_rows(&f, tallies, seen);
        free(f.index);
    }
    free(seen);
    if (!ok) {
        free(tallies);
        return NULL;
    }
    return tallies;
}

/** Cases behind a rate: it was right or wrong, and how many unverified ones could add to either. */
struct bounds {
    uint64_t right, wrong, may_right, may_wrong;
};

static void add(struct bounds *b, const struct es_summary *s, const struct es_tally *t, bool sensitivity)
{
    uint64_t tp = 0, fp = 0, fn = 0, tn = 0;
    es_summary_confusion(s, &tp, &fp, &fn, &tn);
    b->right += sensitivity ? tp : tn;
    b->wrong += sensitivity ? fn : fp;
    /* Sensitivity: an unverified alert may be a hit, an unverified non-alert a miss. Specificity: the other way round. */
    b->may_right += t->unverified[sensitivity ? 1 : 0];
    b->may_wrong += t->unverified[sensitivity ? 0 : 1];
}

static double share(uint64_t x, uint64_t n)
{
    return n ? (double)x / (double)n : 0;
}

/** Known not to be in the group: at least one axis at a known, different level (sweep.h). */
static bool in_rest(struct es_group_key group, struct es_group_key other, uint8_t axes)
{
    for (uint8_t i = 0; i < axes; i++)
        if (other.level[i] != 0 && other.level[i] != group.level[i]) return true;
    return false;
}

bool es_report_turned(const struct es_report *report, const struct es_sweep *sweep, const struct es_tally *tallies, size_t index,
                      const struct es_metric *metric, double difference)
{
    const bool sensitivity = strcmp(metric->name, "sensitivity") == 0;
    if (!sensitivity && strcmp(metric->name, "specificity") != 0) return false;
    const struct es_group_key key = es_sweep_key(sweep, index);
    const uint8_t axes = report->groupings[key.grouping].n;
    struct bounds group = {0}, rest = {0};
    add(&group, es_sweep_summary(sweep, index), &tallies[index], sensitivity);
    for (size_t i = 0; i < es_sweep_count(sweep); i++) {
        const struct es_group_key other = es_sweep_key(sweep, i);
        if (other.grouping == key.grouping && in_rest(key, other, axes)) add(&rest, es_sweep_summary(sweep, i), &tallies[i], sensitivity);
    }
    if (group.may_right + group.may_wrong + rest.may_right + rest.may_wrong == 0) return false;
    const struct bounds *low = difference >= 0 ? &group : &rest, *high = difference >= 0 ? &rest : &group;
    const double least = share(low->right, low->right + low->wrong + low->may_wrong);
    const double most = share(high->right + high->may_right, high->right + high->may_right + high->wrong);
    return least - most < 0;
}
