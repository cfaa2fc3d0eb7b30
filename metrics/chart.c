/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/chart.h"

#include <math.h>
#include <stdlib.h>

#include "metrics/proportion.h"

double es_chart_target(double cases_per_year, const struct es_chart_plan *plan)
{
    if (!(cases_per_year > 0 && isfinite(cases_per_year) && plan->false_alarms_per_year > 0 && plan->charts >= 1)) return NAN;
    return fmax(1, cases_per_year * plan->charts / plan->false_alarms_per_year);
}

#define DAYS_PER_YEAR 365.25

/** Walks the cases of a group in order. */
struct feed {
    const struct es_sheet *sheet;
    const struct es_timeline *timeline;
    const struct es_grouping *grouping;
    const uint8_t *level;
    uint8_t *seen; /* patients who entered; NULL: all cases enter */
    uint32_t next;
};

/** The next case's row; false after the last. */
static bool take(struct feed *f, uint32_t *row)
{
    while (f->next < f->timeline->count) {
        *row = f->timeline->row[f->next++];
        if (es_side_of(f->sheet, f->grouping, f->level, *row) != ES_SIDE_GROUP) continue;
        if (!f->seen) return true;
        uint8_t *seen = &f->seen[f->sheet->patient[*row]];
        if (*seen) continue;
        *seen = 1;
        return true;
    }
    return false;
}

/** From the first case again, past the first `skip`. */
static void rewind_feed(struct feed *f, uint32_t skip)
{
    f->next = 0;
    for (uint32_t p = 0; f->seen && p < f->sheet->patients; p++) f->seen[p] = 0;
    for (uint32_t row; skip > 0 && take(f, &row);) skip--;
}

/** @return false when memory ran out */
static bool open_feed(struct feed *f, bool first_only)
{
    if (!first_only) return true;
    f->seen = calloc(f->sheet->patients ? f->sheet->patients : 1, 1);
    return f->seen != NULL;
}

/** Days from the first dated exam of the timeline to its last; 1 when none is dated. */
static double days_of(const struct es_sheet *sheet, const struct es_timeline *t)
{
    uint32_t first = 0;
    while (first < t->count && sheet->exam_day[t->row[first]] == INT32_MIN) first++;
    if (first == t->count) return 1;
    return (double)sheet->exam_day[t->row[t->count - 1]] - (double)sheet->exam_day[t->row[first]] + 1;
}

/** Lattice and limit for the rate observed; ES_NOT_REACHABLE when there is none. */
static enum es_reason tune(const struct es_chart_plan *plan, struct es_chart *c)
{
    const double target = es_chart_target(c->cases_per_year, plan);
    if (isnan(target) || !es_cusum_design(plan->p0, plan->p1, &c->design)) return ES_NOT_REACHABLE;
    c->limit = es_cusum_limit(c->design.m, plan->p0, target);
    if (c->limit == 0) return ES_NOT_REACHABLE;
    c->run_length_0 = es_cusum_run_length(c->design.m, c->limit, plan->p0);
    c->run_length_1 = es_cusum_run_length(c->design.m, c->limit, plan->p1);
    return ES_REASON_NONE;
}

static void run(struct feed *f, struct es_chart *c, struct es_chart_alarm *alarms, uint32_t room)
{
    struct es_chart_alarm now = {0};
    for (uint32_t row; take(f, &row);) {
        const bool error = !es_case_success(f->sheet, row);
        now.row = row;
        now.exam_day = f->sheet->exam_day[row];
        now.cases++;
        now.errors += error;
        if (now.rise_cases == 0) now.rise_day = now.exam_day;
        now.rise_cases++;
        now.rise_errors += error;
        const bool alarm = es_cusum_step(&c->state, c->design.m, c->limit, error);
        if (alarm) {
            if (c->alarms < room) alarms[c->alarms] = now;
            c->alarms++;
            c->last_alarm = now.exam_day;
            now.cases = now.errors = 0;
        }
        if (alarm || c->state.level == 0) now.rise_cases = now.rise_errors = 0;
    }
}

bool es_chart_reference_of(const struct es_sheet *sheet, const struct es_timeline *timeline, const struct es_case_rule *rule,
                           const struct es_grouping *grouping, const uint8_t *level, uint32_t least,
                           struct es_chart_reference *out)
{
    struct feed f = {sheet, timeline, grouping, level, NULL, 0};
    struct es_chart_reference r = {.first_day = INT32_MIN, .last_day = INT32_MIN, .rate = NAN, .upper = NAN};
    if (!open_feed(&f, rule->first_only)) return false;
    for (uint32_t row; r.cases < least && take(&f, &row);) {
        r.cases++;
        r.errors += !es_case_success(sheet, row);
        if (sheet->exam_day[row] == INT32_MIN) continue;
        if (r.first_day == INT32_MIN) r.first_day = sheet->exam_day[row];
        r.last_day = sheet->exam_day[row];
    }
    free(f.seen);
    const double days = r.first_day == INT32_MIN ? 1 : (double)r.last_day - (double)r.first_day + 1;
    r.cases_per_year = (double)r.cases / days * DAYS_PER_YEAR;
    if (r.cases) {
        r.rate = (double)r.errors / (double)r.cases;
        r.upper = es_wilson((double)r.errors, (double)r.cases, 2 * 0.1).hi;
    }
    *out = r;
    return true;
}

bool es_chart_run(const struct es_sheet *sheet, const struct es_timeline *timeline, const struct es_case_rule *rule,
                  const struct es_grouping *grouping, const uint8_t *level, const struct es_chart_plan *plan,
                  struct es_chart *out, struct es_chart_alarm *alarms, uint32_t room)
{
    struct feed f = {sheet, timeline, grouping, level, NULL, 0};
    struct es_chart c = {.reason = ES_N_ZERO, .last_alarm = INT32_MIN, .run_length_0 = NAN, .run_length_1 = NAN};
    if (!open_feed(&f, rule->first_only)) return false;
    rewind_feed(&f, plan->skip);
    for (uint32_t row; take(&f, &row);) {
        c.cases++;
        c.errors += !es_case_success(sheet, row);
    }
    if (c.cases) {
        c.cases_per_year = plan->cases_per_year > 0 ? plan->cases_per_year : (double)c.cases / days_of(sheet, timeline) * DAYS_PER_YEAR;
        c.reason = tune(plan, &c);
        rewind_feed(&f, plan->skip);
        if (c.reason == ES_REASON_NONE) run(&f, &c, alarms, room);
    }
    free(f.seen);
    *out = c;
    return true;
}
