/* SPDX-License-Identifier: Apache-2.0 */
/* What the plan names: groupings, primary groups with their weights, and the plan as it stands in the report. */
#include <math.h>
#include <string.h>

#include "plugin/base/time.h"
#include "plugin/report/build/build.h"

static bool same_axes(const struct es_grouping *a, uint8_t n, const uint8_t *axis)
{
    if (a->n != n) return false;
    for (uint8_t i = 0; i < n; i++) {
        bool found = false;
        for (uint8_t j = 0; j < n; j++) found |= a->axis[i] == axis[j];
        if (!found) return false;
    }
    return true;
}

static void add_grouping(struct es_report *report, uint8_t n, const uint8_t *axis)
{
    for (size_t i = 0; i < report->n_groupings; i++)
        if (same_axes(&report->groupings[i], n, axis)) return;
    if (report->n_groupings == ES_MAX_GROUPINGS || n > ES_MAX_GROUPING_AXES) return;
    struct es_grouping *g = &report->groupings[report->n_groupings++];
    g->n = n;
    for (uint8_t i = 0; i < n; i++) g->axis[i] = axis[i];
}

void es_report_groupings(struct es_report *report)
{
    const struct es_config *config = report->config;
    report->n_groupings = 0;
    add_grouping(report, 0, NULL);
    for (size_t a = 0; a < config->n_axes; a++) add_grouping(report, 1, &(uint8_t){(uint8_t)a});
    for (size_t i = 0; i < config->n_intersections; i++) add_grouping(report, config->intersections[i].n, config->intersections[i].axis);
    for (size_t i = 0; i < config->plan.n_groups; i++) add_grouping(report, config->plan.groups[i].n, config->plan.groups[i].axis);
}

const struct es_plan_metric *es_report_plan_metric(const struct es_report *report, const char *name)
{
    const struct es_plan *plan = &report->config->plan;
    for (size_t i = 0; i < plan->n_metrics; i++)
        if (strcmp(plan->metrics[i].name, name) == 0) return &plan->metrics[i];
    return NULL;
}

/** Does this row of the plan name the group? `nobody`: no unit is in it; such a level counts only when it is named itself. */
static bool names(const struct es_report *report, const struct es_plan_group *row, struct es_group_key key, bool nobody)
{
    const struct es_grouping *grouping = &report->groupings[key.grouping];
    if (!same_axes(grouping, row->n, row->axis)) return false;
    for (uint8_t i = 0; i < row->n; i++) {
        uint8_t at = 0;
        while (grouping->axis[at] != row->axis[i]) at++;
        if (row->level[i][0] == '\0' && nobody) return false;
        if (row->level[i][0] != '\0' && strcmp(row->level[i], es_report_level(report, row->axis[i], key.level[at])) != 0) return false;
    }
    return true;
}

double es_report_weight(const struct es_report *report, struct es_group_key key, bool nobody)
{
    static const double weights[] = {0, 1, 1.0 / 4, 1.0 / 16}; /* METRICS E2 */
    const struct es_grouping *grouping = &report->groupings[key.grouping];
    for (uint8_t i = 0; i < grouping->n; i++)
        if (key.level[i] == 0) return 0;
    for (size_t i = 0; i < report->config->plan.n_groups; i++)
        if (names(report, &report->config->plan.groups[i], key, nobody)) return weights[grouping->n];
    return 0;
}

static void plan_groups(struct es_report *report, cJSON *plan)
{
    struct es_tree *t = &report->tree;
    cJSON *rows = es_tree_array(t, plan, "groups");
    for (size_t i = 0; i < report->config->plan.n_groups; i++) {
        const struct es_plan_group *row = &report->config->plan.groups[i];
        cJSON *entry = es_tree_object(t, rows, NULL);
        cJSON *group = es_tree_object(t, entry, "group");
        for (uint8_t a = 0; a < row->n; a++)
            es_tree_text_as(t, group, report->config->axes[row->axis[a]].name, row->level[a][0] ? row->level[a] : "*");
        es_tree_text(t, entry, "reason", row->reason);
        es_tree_text(t, entry, "source", row->source);
    }
}

void es_report_plan(struct es_report *report, cJSON *release)
{
    struct es_tree *t = &report->tree;
    const struct es_plan *plan = &report->config->plan;
    char since[ES_DAY_TEXT] = "";
    if (report->plan_day != ES_NO_DAY) es_day_format(report->plan_day, since);
    cJSON *out = es_tree_object(t, release, "plan");
    es_tree_text(t, out, "mode", plan->fixed ? "fixed" : plan->strict ? "strict" : "default");
    if (plan->fixed) es_tree_count(t, out, "planned_looks", plan->planned_looks);
    es_tree_text_or_null(t, out, "since", since);
    es_tree_bool(t, out, "declared_in_retrospect", report->retrospect);
    es_tree_count(t, out, "event_seq", report->plan_seq);
    cJSON *primary = es_tree_array(t, out, "primary_metrics");
    cJSON *margins = es_tree_object(t, out, "margins"), *floors = es_tree_object(t, out, "floors");
    for (size_t i = 0; i < plan->n_metrics; i++) {
        const struct es_plan_metric *m = &plan->metrics[i];
        if (m->primary) es_tree_text(t, primary, NULL, m->name);
        if (!isnan(m->margin)) es_tree_number_as(t, margins, m->name, m->margin);
        if (!isnan(m->floor)) es_tree_number_as(t, floors, m->name, m->floor);
    }
    es_tree_number(t, out, "alpha", plan->alpha);
    es_tree_count(t, out, "minimum_cases", plan->min_cases);
    es_tree_count(t, out, "minimum_patients", plan->min_patients);
    es_tree_number(t, out, "false_alarms_per_year", plan->false_alarms_per_year);
    es_tree_text(t, out, "verification_correction", plan->correct_verification ? "begg-greenes" : "none");
    plan_groups(report, out);
    report->plan_node = out;
}
