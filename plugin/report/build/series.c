/* SPDX-License-Identifier: Apache-2.0 */
/* Each planned rate over time, for everyone and each group of the plan: the estimate from all cases up to the end of a month, with its
 * confidence sequence (METRICS F1, J2, J3), which holds at all months together. The last month is where the floor's verdict stands.
 *
 * From one printed look to the next, what came in between could be worked out: looks over fewer new patients than the floor are joined
 * to the next. Outsiders get no series, as groups that add up would have to be joined alike. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/time.h"
#include "plugin/report/build/build.h"

#define DAY_US (INT64_C(86400) * 1000000)

/** What a month is printed from. */
struct course {
    struct es_report *report;
    const struct es_report_part *part;
    const struct es_sheet *sheet;
    struct es_case_rule rule;
    struct es_timeline timeline;
    struct es_monitor_plan plan;
    struct es_look *looks;
    int32_t *days; /* last day of each month with a case */
    uint32_t count;
    uint64_t least; /* new patients that a look must rest on; 1: every look is printed */
    int32_t closed; /* windows of exams up to this day are closed */
};

/** Were `now` and `before` told, would fewer than `least` patients stand between them? */
static bool tells(const struct es_cluster_sums *now, const struct es_cluster_sums *before, uint64_t least)
{
    return now->n != before->n && now->patients - before->patients < least;
}

static void month_name(int32_t day, char out[ES_DAY_TEXT])
{
    es_day_format(day, out);
    if (strlen(out) > 3) out[strlen(out) - 3] = '\0';
}

static void look(struct es_tree *t, cJSON *months, const struct es_look *l, bool rest, bool closed)
{
    char name[ES_DAY_TEXT] = "";
    cJSON *out = es_tree_object(t, months, NULL);
    month_name(l->day, name);
    es_tree_text(t, out, "month", name);
    es_tree_bool(t, out, "closed", closed);
    es_tree_count(t, out, "n", l->sums.group.n);
    es_tree_count(t, out, "patients", l->sums.group.patients);
    es_tree_number(t, out, "value", l->group.value);
    es_tree_number(t, out, "lo", l->group.lo);
    es_tree_number(t, out, "hi", l->group.hi);
    es_tree_number(t, out, "rest", rest ? l->rest.value : (double)NAN);
}

static void months(const struct course *c, cJSON *out)
{
    struct es_tree *t = &c->report->tree;
    const struct es_cluster_sums none = {0};
    const struct es_cluster_sums *group = &none, *rest = &none;
    cJSON *list = es_tree_array(t, out, "months");
    for (uint32_t i = 0; i < c->count; i++) {
        const struct es_look *l = &c->looks[i];
        if (l->group.status != ES_ESTIMATED || tells(&l->sums.group, group, c->least)) continue;
        const bool beside = l->rest.status == ES_ESTIMATED && !tells(&l->sums.rest, rest, c->least);
        look(t, list, l, beside, l->day <= c->closed);
        group = &l->sums.group;
        if (beside) rest = &l->sums.rest;
    }
}

static void head(struct es_report *report, cJSON *out, const struct es_group_key *key, const char *metric, uint64_t patients)
{
    struct es_tree *t = &report->tree;
    es_report_group_key(report, out, "group", *key);
    es_tree_text(t, out, "metric", metric);
    es_tree_count(t, es_tree_object(t, out, ES_HIDDEN), "patients", patients);
}

/** One group. @return false when memory ran out */
static bool one(struct course *c, const struct es_group_key *key, cJSON *list)
{
    struct es_tree *t = &c->report->tree;
    const struct es_grouping *grouping = &c->report->groupings[key->grouping];
    if (c->count && !es_monitor_series(c->sheet, &c->timeline, &c->rule, grouping, key->level, &c->plan, c->plan.alpha, c->days, c->count, c->looks))
        return false;
    const struct es_look *last = c->count ? &c->looks[c->count - 1] : NULL;
    cJSON *out = es_tree_object(t, list, NULL);
    head(c->report, out, key, es_rate_name(c->rule.rate), last ? last->sums.group.patients : 0);
    if (!last || last->group.status != ES_ESTIMATED) {
        const enum es_reason reason = c->rule.rate == ES_RATE_SENSITIVITY ? ES_NO_POSITIVES : ES_NO_NEGATIVES;
        es_report_not_estimable(t, out, reason);
        return true;
    }
    es_tree_text(t, out, "status", "estimated");
    es_tree_text(t, out, "method", es_interval_name(last->group.method));
    es_tree_number(t, out, "level", 1 - c->plan.alpha);
    months(c, out);
    return true;
}

static bool named(const struct es_report *report, const struct es_report_part *part, size_t i, struct es_group_key key)
{
    return report->groupings[key.grouping].n == 0 ||
           es_report_weight(report, key, es_summary_units(es_sweep_summary(part->sweep, i)) == 0) > 0;
}

/** One rate, all groups. @return false when memory ran out */
static bool one_rate(struct course *c, cJSON *list)
{
    bool made = es_timeline_make(c->sheet, &c->rule, &c->timeline);
    if (!made) return false;
    c->count = es_looks(c->sheet, &c->timeline, ES_EVERY_MONTH, NULL, 0);
    c->days = calloc((size_t)c->count + 1, sizeof *c->days);
    c->looks = calloc((size_t)c->count + 1, sizeof *c->looks);
    made = c->days && c->looks;
    if (made) (void)es_looks(c->sheet, &c->timeline, ES_EVERY_MONTH, c->days, c->count);
    for (size_t i = 0; made && i < es_sweep_count(c->part->sweep); i++) {
        const struct es_group_key key = es_sweep_key(c->part->sweep, i);
        if (named(c->report, c->part, i, key)) made = one(c, &key, list);
    }
    free(c->days);
    free(c->looks);
    es_timeline_free(&c->timeline);
    return made;
}

/** A metric that may not be looked at every day has no course: said once, for everyone. */
static void no_course(struct es_report *report, const char *metric, cJSON *list)
{
    struct es_tree *t = &report->tree;
    const struct es_group_key everyone = {0};
    cJSON *out = es_tree_object(t, list, NULL);
    head(report, out, &everyone, metric, 0);
    es_tree_text(t, out, "status", "not_estimable");
    es_tree_text(t, out, "why", "no_sequential_test");
    es_tree_text(t, out, "words", "no interval of it may be looked at again and again");
}

enum es_errc es_report_series(struct es_report *report, const struct es_sheet *sheet, struct es_report_part *part, struct es_error *err)
{
    const struct es_finding_config *finding = &report->config->models[part->stream->model].findings[part->stream->finding];
    const struct es_plan *plan = &report->config->plan;
    const bool external = report->options->audience == ES_AUDIENCE_EXTERNAL;
    const struct es_disclosure *rule = external ? &report->config->external : &report->config->internal;
    const int64_t closed = report->now == ES_NO_INSTANT ? ES_NO_INSTANT : report->now - finding->reference_within_us - DAY_US;
    struct course c = {.report = report, .part = part, .sheet = sheet,
                       .plan = {.mode = plan->strict ? ES_MONITOR_STRICT : ES_MONITOR_DEFAULT, .alpha = plan->alpha, .margin = NAN},
                       .least = rule->kind == ES_DISCLOSE_FLOOR && rule->floor > 1 ? rule->floor : 1,
                       .closed = closed == ES_NO_INSTANT ? INT32_MIN : es_instant_day(closed)};
    part->series = cJSON_CreateArray();
    bool made = part->series != NULL;
    for (size_t i = 0; made && report->plan_day != ES_NO_DAY && i < es_metrics_count; i++) {
        const struct es_plan_metric *row = es_report_plan_metric(report, es_metrics[i].name);
        if (!row || !row->primary || !(es_metrics[i].tasks & es_finding_tasks(finding))) continue;
        c.rule = (struct es_case_rule){.first_only = plan->strict};
        if (es_report_rate(&es_metrics[i], &c.rule.rate)) made = one_rate(&c, part->series);
        else no_course(report, es_metrics[i].name, part->series);
    }
    return made && !report->tree.failed ? ES_OK : es_fail(err, ES_E_MEMORY, "no memory for the course of %u rows", sheet->rows);
}
