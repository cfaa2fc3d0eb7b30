/* SPDX-License-Identifier: Apache-2.0 */
/* One group of one stream in the tree: who was counted, how far each unit came, every estimate, floors. */
#include <math.h>
#include <string.h>

#include "plugin/report/build/build.h"

const char *const es_funnel_keys[] = {"seen",    "excluded", "ineligible",    "eligibility_unknown", "eligible", "resulted",
                                      "rejected", "failed",   "pending",       "missing",             "referenced", "indeterminate",
                                      "maturing", "overdue",  "late",          "out_of_scope",        NULL};

static void funnel(struct es_tree *t, cJSON *group, const struct es_summary *s)
{
    const uint64_t referenced = es_summary_stage(s, ES_STAGE_REFERENCED), indeterminate = es_summary_stage(s, ES_STAGE_INDETERMINATE),
                   maturing = es_summary_stage(s, ES_STAGE_MATURING), overdue = es_summary_stage(s, ES_STAGE_OVERDUE);
    const uint64_t resulted = referenced + indeterminate + maturing + overdue;
    const uint64_t rejected = es_summary_stage(s, ES_STAGE_REJECTED), failed = es_summary_stage(s, ES_STAGE_FAILED),
                   pending = es_summary_stage(s, ES_STAGE_PENDING), missing = es_summary_stage(s, ES_STAGE_MISSING);
    const uint64_t counts[] = {es_summary_units(s),
                               es_summary_stage(s, ES_STAGE_EXCLUDED),
                               es_summary_stage(s, ES_STAGE_INELIGIBLE),
                               es_summary_stage(s, ES_STAGE_ELIGIBILITY_UNKNOWN),
                               resulted + rejected + failed + pending + missing,
                               resulted,
                               rejected,
                               failed,
                               pending,
                               missing,
                               referenced,
                               indeterminate,
                               maturing,
                               overdue,
                               es_summary_marked(s, ES_MARK_LATE),
                               es_summary_marked(s, ES_MARK_OUT_OF_SCOPE)};
    cJSON *out = es_tree_object(t, group, "funnel");
    for (size_t i = 0; es_funnel_keys[i]; i++) es_tree_count(t, out, es_funnel_keys[i], counts[i]);
}

static void flags(struct es_tree *t, cJSON *parent, uint32_t bits)
{
    cJSON *out = es_tree_array(t, parent, "flags");
    for (uint32_t bit = 1; bit; bit <<= 1)
        if ((bits & bit) && es_flag_name(bit)) es_tree_text(t, out, NULL, es_flag_name(bit));
}

/* What others publish, each case taken for a patient: beside our own interval, to be compared with theirs. */
static void unclustered(struct es_tree *t, cJSON *out, const struct es_metric *metric, const struct es_summary *s, const struct es_estimate *e)
{
    const struct es_level level = es_level_default();
    struct es_unclustered intervals[ES_MAX_UNCLUSTERED];
    const size_t n = es_metric_unclustered(metric, s, e, &level, intervals);
    if (n == 0) return;
    cJSON *list = es_tree_array(t, out, "unclustered");
    for (size_t i = 0; i < n; i++) {
        cJSON *entry = es_tree_object(t, list, NULL);
        es_tree_text(t, entry, "method", es_interval_name(intervals[i].method));
        es_tree_number(t, entry, "lo", intervals[i].lo);
        es_tree_number(t, entry, "hi", intervals[i].hi);
    }
}

static void estimate(struct es_tree *t, cJSON *metrics, const struct es_metric *metric, const struct es_summary *s,
                     const struct es_estimate *e)
{
    cJSON *out = es_tree_object(t, metrics, metric->name);
    if (e->status == ES_SUPPRESSED) {
        es_tree_text(t, out, "status", ES_SUPPRESSED_WORD);
    } else if (e->status != ES_ESTIMATED || !isfinite(e->value)) {
        es_report_not_estimable(t, out, e->reason);
        es_tree_count(t, out, "n", e->n);
    } else {
        es_tree_text(t, out, "status", "estimated");
        es_tree_number(t, out, "value", e->value);
        es_tree_number(t, out, "lo", e->lo);
        es_tree_number(t, out, "hi", e->hi);
        es_tree_count(t, out, "n", e->n);
        es_tree_count(t, out, "patients", e->patients);
        es_tree_text(t, out, "method", es_interval_name(e->method));
        flags(t, out, e->flags);
        unclustered(t, out, metric, s, e);
    }
}

bool es_report_ai_aware(const struct es_summary *s, const struct es_metric *metric)
{
    static const char *const without_reference[] = {"alert_rate", "mean_score"};
    for (size_t i = 0; i < sizeof without_reference / sizeof without_reference[0]; i++)
        if (strcmp(metric->name, without_reference[i]) == 0) return false;
    return es_summary_marked(s, ES_MARK_AI_AWARE) > 0;
}

/** METRICS J5 with a fixed-size interval: the floor is met when the whole interval lies at or above it. */
static const char *fixed_floor(const struct es_estimate *e, double least)
{
    if (e->status != ES_ESTIMATED) return "not_enough";
    if (e->lo >= least) return "met";
    return e->hi < least ? "below" : "not_enough";
}

/** Where a group stands in the sweep that bears verdicts. */
struct place {
    const struct es_report_part *part;
    size_t index;               /* in part->sweep */
    const struct es_summary *s; /* of the judging sweep; NULL when no case is left from the plan's day on */
    bool named;                 /* by the plan */
};

/* In sequential modes a floor is judged by the confidence sequence at the plan's alpha, which may be looked at every day. */
static void one_floor(struct es_report *report, cJSON *out, const struct es_metric *metric, double least, const struct place *at)
{
    struct es_tree *t = &report->tree;
    const struct es_plan *plan = &report->config->plan;
    const struct es_level level = es_level_default();
    enum es_rate rate = ES_RATE_SENSITIVITY;
    const bool sequence = !plan->fixed && es_report_rate(metric, &rate);
    struct es_estimate e = es_not_estimable(ES_NO_CASES, 0, 0);
    const char *verdict = NULL;
    if (sequence) {
        if (at->s) {
            const struct es_gap_sums sums =
                at->named ? es_report_sums(at->part, at->index, at->s, rate) : es_gap_of_summary(at->s, rate);
            e = es_monitor_rate(&sums.group, plan->alpha);
        }
        const enum es_floor floor = es_floor_of(&e, least);
        verdict = floor == ES_FLOOR_NONE ? "not_enough" : es_floor_name(floor);
    } else {
        if (at->s) e = metric->finish(at->s, &level);
        verdict = plan->fixed ? fixed_floor(&e, least) : "not_enough"; /* without a sequential form there is no verdict for daily looks */
    }
    cJSON *entry = es_tree_object(t, out, metric->name);
    es_tree_number(t, entry, "floor", least);
    es_tree_text(t, entry, "verdict", at->named ? verdict : NULL);
    es_tree_number(t, entry, "value", e.value);
    es_tree_number(t, entry, "lo", e.lo);
    es_tree_number(t, entry, "hi", e.hi);
    es_tree_number(t, entry, "level", 1 - (sequence ? plan->alpha : level.alpha));
    es_tree_text(t, entry, "method", es_interval_name(e.method));
    if (!plan->fixed && !sequence) es_tree_text(t, entry, "reason", "no_sequential_test");
    cJSON *people = es_tree_object(t, entry, ES_HIDDEN);
    es_tree_count(t, people, "n", e.n);
    es_tree_count(t, people, "patients", e.patients);
}

/* A floor is judged for everyone and for the groups that the plan names; for others its value stands there without a verdict. */
static void floors(struct es_report *report, cJSON *group, uint32_t task, const struct place *at)
{
    cJSON *out = es_tree_object(&report->tree, group, "against_floor");
    for (size_t i = 0; i < es_metrics_count; i++) {
        const struct es_plan_metric *row = es_report_plan_metric(report, es_metrics[i].name);
        if (!row || isnan(row->floor) || !(es_metrics[i].tasks & task)) continue;
        one_floor(report, out, &es_metrics[i], row->floor, at);
    }
}

/** People behind the numbers, for disclosure; stripped before the tree leaves. */
static void hidden(struct es_tree *t, cJSON *group, const struct es_summary *s, const struct es_tally *tally)
{
    cJSON *out = es_tree_object(t, group, ES_HIDDEN);
    es_tree_count(t, out, "seen", es_summary_patients(s));
    es_tree_count(t, out, "positives", es_summary_positive_patients(s));
    es_tree_count(t, out, "negatives", es_summary_negative_patients(s));
    for (int stage = 0; stage < ES_STAGE_COUNT; stage++)
        es_tree_count(t, out, es_stage_name((enum es_stage)stage), tally->stage_patients[stage]);
}

static const struct es_summary *judged(const struct es_report *report, const struct es_report_part *part, size_t index)
{
    if (!part->judge) return es_sweep_summary(part->sweep, index);
    const struct es_group_key key = es_sweep_key(part->sweep, index);
    for (size_t i = 0; i < es_sweep_count(part->judge); i++)
        if (es_report_same_key(key, es_sweep_key(part->judge, i), report->groupings[key.grouping].n)) return es_sweep_summary(part->judge, i);
    return NULL;
}

static enum es_errc one_group(struct es_report *report, struct es_report_part *part, size_t index, uint32_t task, struct es_error *err)
{
    struct es_tree *t = &report->tree;
    const struct es_level level = es_level_default();
    const struct es_summary *s = es_sweep_summary(part->sweep, index);
    cJSON *group = es_tree_object(t, part->groups, NULL);
    es_report_group_key(report, group, "group", es_sweep_key(part->sweep, index));
    es_tree_count(t, group, "cases", es_summary_cases(s));
    es_tree_count(t, group, "patients", es_summary_case_patients(s));
    cJSON *denominators = es_tree_object(t, group, "denominators");
    es_tree_count(t, denominators, "positives", es_summary_positives(s));
    es_tree_count(t, denominators, "negatives", es_summary_negatives(s));
    funnel(t, group, s);
    es_report_verification(report, part, index, group);
    cJSON *metrics = es_tree_object(t, group, "metrics");
    for (size_t i = 0; i < es_metrics_count; i++) {
        if (!(es_metrics[i].tasks & task)) continue;
        struct es_estimate e = es_metrics[i].finish(s, &level);
        if (es_report_ai_aware(s, &es_metrics[i])) e.flags |= ES_FLAG_AI_AWARE;
        estimate(t, metrics, &es_metrics[i], s, &e);
    }
    const struct es_group_key key = es_sweep_key(part->sweep, index);
    const bool named = report->plan_day != ES_NO_DAY && (report->groupings[key.grouping].n == 0 ||
                                                         es_report_weight(report, key, es_summary_units(s) == 0) > 0);
    floors(report, group, task, &(struct place){part, index, judged(report, part, index), named});
    cJSON *against_rest = es_tree_object(t, group, "against_rest");
    hidden(t, group, s, &part->tallies[index]);
    if (t->failed) return es_fail(err, ES_E_MEMORY, "no memory for the report of %zu groups", es_sweep_count(part->sweep));
    return es_report_compare(report, part, index, against_rest, err);
}

enum es_errc es_report_groups(struct es_report *report, struct es_report_part *part, cJSON *finding, struct es_error *err)
{
    struct es_tree *t = &report->tree;
    const uint32_t task = es_finding_tasks(&report->config->models[part->stream->model].findings[part->stream->finding]);
    if (es_sweep_count(part->sweep) > 0) es_report_verification(report, part, 0, finding);
    es_tree_set(t, finding, "references", part->references);
    es_tree_set(t, finding, "curves", part->curves);
    es_tree_set(t, finding, "drift", part->drift);
    es_tree_set(t, finding, "exploratory", part->weak);
    if (part->missingness) es_tree_set(t, finding, "missingness", part->missingness);
    es_tree_set(t, finding, "alarms", part->alarms);
    es_tree_set(t, finding, "charts", part->charts);
    part->references = part->missingness = NULL;
    es_tree_set(t, finding, "series", part->series);
    es_tree_set(t, finding, "expected", part->expected);
    part->expected = NULL;
    part->curves = part->drift = part->weak = part->alarms = part->charts = part->series = NULL;
    part->groups = es_tree_array(t, finding, "groups");
    for (size_t i = 0; i < es_sweep_count(part->sweep); i++) {
        const enum es_errc e = one_group(report, part, i, task, err);
        if (e != ES_OK) return e;
    }
    return ES_OK;
}
