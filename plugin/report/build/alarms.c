/* SPDX-License-Identifier: Apache-2.0 */
/* Control charts: everyone and each group of the plan, for each of its rates, watched for a rise of the error rate (METRICS F5, J3,
 * J6). Cases are those that may bear verdicts: from the plan's day on, windows closed, in exam-date order; of each patient the first,
 * since several cases of one would raise more false alarms than promised. The group's first REFERENCE patients set the accepted
 * rate, by its upper limit (chart.h) and never above what the plan's floor allows, and with it and their pace the chart stands
 * fixed: later cases cannot move an alarm that was raised. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "metrics/chart.h"
#include "plugin/base/time.h"
#include "plugin/report/build/build.h"
#include "plugin/report/view.h"

#define REFERENCE 100
#define ALARMS 64         /* of one chart that are listed; all are counted */
#define LEAST_RISE 0.05   /* where the plan has no margin for the rate: METRICS 0, defaults */

/** One chart on its way into the tree. */
struct watch {
    const struct es_sheet *sheet;
    const struct es_timeline *timeline;
    struct es_case_rule rule;
    struct es_group_key key;
    const struct es_grouping *grouping;
    const struct es_plan_metric *metric;
    struct es_chart_reference reference;
    struct es_chart_plan plan;
    struct es_chart chart;
    struct es_chart_alarm alarms[ALARMS];
    bool floor; /* the accepted rate is the floor's */
};

static const char *error_words(enum es_rate rate)
{
    return rate == ES_RATE_SENSITIVITY ? "missed" : "alerted on falsely";
}

/** Head of a chart's or an alarm's entry, with the people behind it for disclosure. */
static cJSON *entry(struct es_report *report, cJSON *list, const struct watch *w)
{
    struct es_tree *t = &report->tree;
    cJSON *out = es_tree_object(t, list, NULL);
    es_report_group_key(report, out, "group", w->key);
    es_tree_text(t, out, "metric", es_rate_name(w->rule.rate));
    es_tree_count(t, es_tree_object(t, out, ES_HIDDEN), "patients", w->reference.cases + w->chart.cases);
    return out;
}

static void no_chart(struct es_report *report, cJSON *charts, const struct watch *w, enum es_reason reason)
{
    struct es_tree *t = &report->tree;
    char words[160];
    cJSON *out = entry(report, charts, w);
    if (w->reference.cases < REFERENCE)
        (void)snprintf(words, sizeof words, "the first %d patients set the accepted error rate: %llu so far", REFERENCE,
                       (unsigned long long)w->reference.cases);
    else if (reason == ES_N_ZERO)
        (void)snprintf(words, sizeof words, "no case since the first %d patients, who set the accepted error rate", REFERENCE);
    else
        (void)snprintf(words, sizeof words, "no chart can watch for this rise: the accepted error rate is too near 0 or 1");
    es_tree_text(t, out, "status", "not_estimable");
    es_tree_text(t, out, "why", es_reason_code(reason));
    es_tree_text(t, out, "words", words);
    es_tree_count(t, out, "n", w->reference.cases);
}

static void control(struct es_tree *t, cJSON *out, const struct watch *w)
{
    cJSON *in = es_tree_object(t, out, "in_control");
    es_tree_number(t, in, "error_rate", w->plan.p0);
    es_tree_text(t, in, "source", w->floor ? "floor" : "first_patients");
    es_tree_count(t, in, "patients", w->reference.cases);
    es_tree_number(t, in, "observed", w->reference.rate);
    es_tree_number(t, out, "watched_for", w->plan.p1);
    es_tree_count(t, out, "limit", w->chart.limit);
    es_tree_number(t, out, "false_alarms_per_year", w->plan.false_alarms_per_year / w->plan.charts);
}

/** "sensitivity fell: alarm at the exam of 2026-03-08; since about 2025-12-05, 60 of 250 patients were missed (0.24; accepted up to
 * 0.17)". */
static void alarm(struct es_report *report, cJSON *alarms, const struct watch *w, uint32_t at)
{
    struct es_tree *t = &report->tree;
    const struct es_chart_alarm *a = &w->alarms[at];
    char words[240], day[ES_DAY_TEXT] = "no date", since[ES_DAY_TEXT] = "no date", accepted[24], rate[24];
    cJSON *out = entry(report, alarms, w);
    if (a->exam_day != INT32_MIN) es_day_format(a->exam_day, day);
    if (a->rise_day != INT32_MIN) es_day_format(a->rise_day, since);
    es_view_fixed(w->plan.p0, 2, accepted, sizeof accepted);
    es_view_fixed((double)a->rise_errors / (double)a->rise_cases, 2, rate, sizeof rate);
    (void)snprintf(words, sizeof words, "%s fell: alarm at the exam of %s; since about %s, %llu of %llu patients were %s (%s; accepted up to %s)",
                   es_rate_name(w->rule.rate), day, since, (unsigned long long)a->rise_errors, (unsigned long long)a->rise_cases,
                   error_words(w->rule.rate), rate, accepted);
    es_tree_text(t, out, "direction", "down");
    es_report_day(t, out, "exam_day", a->exam_day == INT32_MIN ? ES_NO_DAY : a->exam_day);
    es_report_day(t, out, "since_about", a->rise_day == INT32_MIN ? ES_NO_DAY : a->rise_day);
    es_tree_count(t, out, "cases", a->rise_cases);
    es_tree_count(t, out, "errors", a->rise_errors);
    control(t, out, w);
    es_tree_text(t, out, "words", words);
}

static void state(struct es_report *report, cJSON *charts, const struct watch *w)
{
    struct es_tree *t = &report->tree;
    const struct es_chart *c = &w->chart;
    char words[200], day[ES_DAY_TEXT] = "no date";
    const uint32_t level = c->state.alarm ? 0 : c->state.level;
    cJSON *out = entry(report, charts, w);
    if (c->last_alarm != INT32_MIN) es_day_format(c->last_alarm, day);
    if (c->alarms == 0)
        (void)snprintf(words, sizeof words, "no alarm: the chart stands at %u of %u", level, c->limit);
    else
        (void)snprintf(words, sizeof words, "%u alarm%s, %sat the exam of %s; begun again, the chart stands at %u of %u", c->alarms,
                       c->alarms == 1 ? "" : "s", c->alarms == 1 ? "" : "the last ", day, level, c->limit);
    es_tree_text(t, out, "status", "estimated");
    es_tree_text(t, out, "state", c->alarms ? "alarm" : "quiet");
    es_tree_count(t, out, "alarms", c->alarms);
    es_report_day(t, out, "last_alarm", c->last_alarm == INT32_MIN ? ES_NO_DAY : c->last_alarm);
    es_tree_count(t, out, "level", level);
    control(t, out, w);
    es_tree_count(t, out, "step", c->design.m - 1);
    es_tree_count(t, out, "cases", c->cases);
    es_tree_count(t, out, "errors", c->errors);
    es_tree_number(t, out, "cases_per_year", c->cases_per_year);
    es_tree_number(t, out, "run_length_in_control", c->run_length_0);
    es_tree_number(t, out, "run_length_watched_for", c->run_length_1);
    es_tree_text(t, out, "words", words);
}

/** Chart of one group. @return false when memory ran out */
static bool watch_group(struct es_report *report, const struct watch *like, struct es_report_part *part)
{
    struct watch w = *like;
    if (!es_chart_reference_of(w.sheet, w.timeline, &w.rule, w.grouping, w.key.level, REFERENCE, &w.reference)) return false;
    if (w.reference.cases < REFERENCE) {
        no_chart(report, part->charts, &w, ES_MIN_N);
        return true;
    }
    const double most = isnan(w.metric->floor) ? 1 : 1 - w.metric->floor; /* error rate that the plan's floor allows */
    w.floor = most < w.reference.upper;
    w.plan.p0 = w.floor ? most : w.reference.upper;
    w.plan.p1 = w.plan.p0 + (w.metric->margin > 0 ? w.metric->margin : LEAST_RISE);
    w.plan.cases_per_year = w.reference.cases_per_year;
    w.plan.skip = REFERENCE;
    if (!es_chart_run(w.sheet, w.timeline, &w.rule, w.grouping, w.key.level, &w.plan, &w.chart, w.alarms, ALARMS)) return false;
    if (w.chart.reason != ES_REASON_NONE) {
        no_chart(report, part->charts, &w, w.chart.reason);
        return true;
    }
    for (uint32_t i = 0; i < w.chart.alarms && i < ALARMS; i++) alarm(report, part->alarms, &w, i);
    state(report, part->charts, &w);
    return true;
}

static bool watch_rate(struct es_report *report, struct watch *w, struct es_report_part *part)
{
    struct es_timeline timeline;
    if (!es_timeline_make(w->sheet, &w->rule, &timeline)) return false;
    bool made = true;
    w->timeline = &timeline;
    for (size_t i = 0; made && i < es_sweep_count(part->sweep); i++) {
        w->key = es_sweep_key(part->sweep, i);
        w->grouping = &report->groupings[w->key.grouping];
        if (w->grouping->n > 0 && !(es_report_weight(report, w->key, es_summary_units(es_sweep_summary(part->sweep, i)) == 0) > 0)) continue;
        made = watch_group(report, w, part);
    }
    es_timeline_free(&timeline);
    return made;
}

enum es_errc es_report_alarms(struct es_report *report, const struct es_sheet *sheet, struct es_report_part *part, struct es_error *err)
{
    const uint32_t task = es_finding_tasks(&report->config->models[part->stream->model].findings[part->stream->finding]);
    part->charts = cJSON_CreateArray();
    part->alarms = cJSON_CreateArray();
    bool made = part->charts && part->alarms;
    struct watch w = {.sheet = sheet,
                      .plan = {.false_alarms_per_year = report->config->plan.false_alarms_per_year, .charts = es_report_charts(report)}};
    for (size_t i = 0; made && report->plan_day != ES_NO_DAY && i < es_metrics_count; i++) {
        enum es_rate rate;
        w.metric = es_report_plan_metric(report, es_metrics[i].name);
        if (!w.metric || !w.metric->primary || !(es_metrics[i].tasks & task) || !es_report_rate(&es_metrics[i], &rate)) continue;
        w.rule = (struct es_case_rule){.rate = rate, .first_only = true};
        made = watch_rate(report, &w, part);
    }
    return made && !report->tree.failed ? ES_OK : es_fail(err, ES_E_MEMORY, "no memory for the control charts of %u rows", sheet->rows);
}
