/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/catalogue.h"
#include "plugin/config/check.h"

#define COUNT_OF(table) (sizeof table / sizeof table[0])
#define MAX_PLAN_GROUPS 256

static const char *const corrections[] = {"none", "begg-greenes", NULL};
static const char *const modes[] = {"default", "strict", "fixed", NULL};

/* The plan while it is read: groups need the axes, reasons need the groups. */
struct plan_reading {
    struct es_plan values;
    int32_t mode, correction;
    const cJSON *metrics, *groups, *margin, *floor, *why;
};

static enum es_errc keep(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct plan_reading *r = into;
    (void)reader;
    if (strcmp(place->key, "PrimaryMetrics") == 0) r->metrics = item;
    else if (strcmp(place->key, "PrimaryGroups") == 0) r->groups = item;
    else if (strcmp(place->key, "Margin") == 0) r->margin = item;
    else if (strcmp(place->key, "Floor") == 0) r->floor = item;
    else r->why = item;
    return ES_OK;
}

static const struct config_key plan_keys[] = {
    {"Mode", CONFIG_CHOICE, false, offsetof(struct plan_reading, mode), 0, 0, 0, modes, NULL},
    {"PlannedLooks", CONFIG_COUNT, false, offsetof(struct plan_reading, values.planned_looks), 0, 1, 1000, NULL, NULL},
    {"Since", CONFIG_DAY, false, offsetof(struct plan_reading, values.since_day), 0, 0, 0, NULL, NULL},
    {"PrimaryMetrics", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, keep},
    {"PrimaryGroups", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, keep},
    {"Alpha", CONFIG_NUMBER, false, offsetof(struct plan_reading, values.alpha), 0, 0.0001, 0.5, NULL, NULL},
    {"Margin", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, keep},
    {"Floor", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, keep},
    {"MinimumCases", CONFIG_COUNT, false, offsetof(struct plan_reading, values.min_cases), 0, 1, 1000000, NULL, NULL},
    {"MinimumPatients", CONFIG_COUNT, false, offsetof(struct plan_reading, values.min_patients), 0, 1, 1000000, NULL, NULL},
    {"FalseAlarmsPerYear", CONFIG_NUMBER, false, offsetof(struct plan_reading, values.false_alarms_per_year), 0, 0.001, 1000, NULL, NULL},
    {"VerificationCorrection", CONFIG_CHOICE, false, offsetof(struct plan_reading, correction), 0, 0, 0, corrections, NULL},
    {"Why", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, keep},
};

/* The metric of this name in the plan, made when it is new. Only metrics that may bear a verdict can have a role (DESIGN 8). */
static enum es_errc plan_metric(struct config_reader *reader, const cJSON *found, const char *name, const struct config_place *place,
                                struct es_plan_metric **out)
{
    struct es_plan *plan = &reader->config->plan;
    const struct es_metric *metric = es_metric_find(name);
    if (metric == NULL || !metric->verdict) {
        char words[ES_ERROR_TEXT / 2] = "";
        size_t len = 0;
        for (size_t i = 0; i < es_metrics_count; i++) {
            const size_t n = strlen(es_metrics[i].name);
            if (!es_metrics[i].verdict || len + n + 3 > sizeof words) continue;
            if (len > 0) {
                memcpy(words + len, ", ", 3);
                len += 2;
            }
            memcpy(words + len, es_metrics[i].name, n + 1);
            len += n;
        }
        if (metric != NULL) return config_wrong(reader, place, "found a metric that bears no verdict, expected one of %s", words);
        if (found != NULL) return config_fault(reader, place, found, "one of %s", words);
        return config_wrong(reader, place, "unknown key, expected one of %s", words);
    }
    for (size_t i = 0; i < plan->n_metrics; i++)
        if (strcmp(plan->metrics[i].name, name) == 0) {
            *out = &plan->metrics[i];
            return ES_OK;
        }
    if (plan->n_metrics == ES_MAX_PRIMARY) return config_wrong(reader, place, "found more metrics, expected at most %d", ES_MAX_PRIMARY);
    *out = &plan->metrics[plan->n_metrics++];
    **out = (struct es_plan_metric){.margin = NAN, .floor = NAN};
    memcpy((*out)->name, name, strlen(name) + 1); /* names of the catalogue are shorter than ES_NAME_SIZE */
    return ES_OK;
}

static enum es_errc read_primary_metrics(struct config_reader *reader, const cJSON *item, const struct config_place *place)
{
    const struct config_place list = {place, "PrimaryMetrics", 0};
    size_t count = 0, i = 0;
    enum es_errc code = config_list(reader, item, &list, 0, ES_MAX_PRIMARY, &count);
    for (const cJSON *name = code == ES_OK ? item->child : NULL; name != NULL; name = name->next, i++) {
        const struct config_place here = {&list, NULL, i};
        struct es_plan_metric *metric = NULL;
        if (!cJSON_IsString(name)) return config_fault(reader, &here, name, "the name of a metric");
        code = plan_metric(reader, name, name->valuestring, &here, &metric);
        if (code != ES_OK) return code;
        if (metric->primary) return config_wrong(reader, &here, "given twice, expected once");
        metric->primary = true;
    }
    return code;
}

/* Margin and Floor: metric to number. */
static enum es_errc read_metric_numbers(struct config_reader *reader, const cJSON *item, const struct config_place *place, const char *key,
                                        size_t offset, bool positive)
{
    const struct config_place object = {place, key, 0};
    if (!cJSON_IsObject(item)) return config_fault(reader, &object, item, "an object of metric to number");
    for (const cJSON *entry = item->child; entry != NULL; entry = entry->next) {
        const struct config_place here = {&object, entry->string, 0};
        struct es_plan_metric *metric = NULL;
        const enum es_errc code = plan_metric(reader, NULL, entry->string, &here, &metric);
        if (code != ES_OK) return code;
        double *target = (double *)(void *)((char *)metric + offset);
        if (!isnan(*target)) return config_wrong(reader, &here, "given twice, expected once");
        const bool proportion = strcmp(es_metric_find(metric->name)->unit, "proportion") == 0;
        const double value = cJSON_IsNumber(entry) ? entry->valuedouble : (double)NAN;
        if (!isfinite(value) || (positive && value <= 0) || (proportion && (value < 0 || value > 1)))
            return config_fault(reader, &here, entry, "%s%s", positive ? "a number above 0" : "a number", proportion ? ", at most 1" : "");
        *target = value;
    }
    return ES_OK;
}

/* A level that can never occur would make a group that silently has no cases. */
static bool level_possible(const struct es_axis_config *axis, const char *level)
{
    char name[ES_FACT_VALUE];
    if (axis->n_bands > 0) {
        for (size_t i = 0; i <= axis->n_bands; i++) {
            es_axis_band_name(axis, i, name, sizeof name);
            if (strcmp(name, level) == 0) return true;
        }
        return false;
    }
    if (axis->combination[0] != '\0') return strcmp(level, "yes") == 0 || strcmp(level, "no") == 0;
    if (axis->vocabulary == NULL || strcmp(level, "multiple") == 0) return true;
    for (const char *const *known = es_vocabulary_levels(axis->vocabulary, axis->group_level); *known != NULL; known++)
        if (strcmp(*known, level) == 0) return true;
    return false;
}

static enum es_errc read_levels(struct config_reader *reader, const cJSON *item, const struct config_place *place, struct es_plan_group *group)
{
    static const char wanted[] = "the name of an axis, or an object of one to three axes to levels";
    if (!cJSON_IsObject(item) || item->child == NULL) return config_fault(reader, place, item, "%s", wanted);
    for (const cJSON *entry = item->child; entry != NULL; entry = entry->next) {
        const struct config_place here = {place, entry->string, 0};
        const int axis = config_axis(reader->config, entry->string);
        char level[ES_FACT_VALUE];
        if (axis < 0) return config_wrong(reader, &here, "unknown key, expected the name of an axis");
        if (group->n == 3) return config_fault(reader, place, item, "%s", wanted);
        const enum es_errc code = config_text(reader, entry, &here, false, level, sizeof level);
        if (code != ES_OK) return code;
        const struct es_axis_config *a = &reader->config->axes[axis];
        if (level[0] == '\0' || strcmp(level, "unknown") == 0 || strcmp(level, "other") == 0 || !level_possible(a, level))
            return config_fault(reader, &here, entry, "a level of the axis \"%s\"%s", a->name,
                                a->n_bands > 0 ? ", such as \"18-39\" between two edges" : " (unknown and other are never primary)");
        uint8_t at = group->n++; /* by axis, so that the same group reads the same */
        for (uint8_t i = 0; i < at; i++)
            if (group->axis[i] == axis) return config_wrong(reader, &here, "given twice, expected once");
        for (; at > 0 && group->axis[at - 1] > axis; at--) {
            group->axis[at] = group->axis[at - 1];
            memcpy(group->level[at], group->level[at - 1], sizeof level);
        }
        group->axis[at] = (uint8_t)axis;
        memcpy(group->level[at], level, sizeof level);
    }
    return ES_OK;
}

static enum es_errc read_group(struct config_reader *reader, const cJSON *item, const struct config_place *place, struct es_plan_group *group)
{
    *group = (struct es_plan_group){0};
    if (!cJSON_IsString(item)) return read_levels(reader, item, place, group);
    const int axis = config_axis(reader->config, item->valuestring);
    if (axis < 0) return config_fault(reader, place, item, "the name of an axis, or an object of one to three axes to levels");
    group->n = 1;
    group->axis[0] = (uint8_t)axis;
    return ES_OK;
}

static bool same_group(const struct es_plan_group *a, const struct es_plan_group *b)
{
    bool same = a->n == b->n;
    for (uint8_t i = 0; same && i < a->n; i++) same = a->axis[i] == b->axis[i] && strcmp(a->level[i], b->level[i]) == 0;
    return same;
}

static enum es_errc read_groups(struct config_reader *reader, const cJSON *item, const struct config_place *place)
{
    struct es_plan *plan = &reader->config->plan;
    const struct config_place list = {place, "PrimaryGroups", 0};
    size_t count = 0, i = 0;
    enum es_errc code = config_list(reader, item, &list, 0, MAX_PLAN_GROUPS, &count);
    if (code != ES_OK) return code;
    plan->groups = calloc(count + 1, sizeof *plan->groups);
    if (plan->groups == NULL) return config_memory(reader);
    for (const cJSON *entry = item->child; entry != NULL; entry = entry->next, i++) {
        const struct config_place here = {&list, NULL, i};
        code = read_group(reader, entry, &here, &plan->groups[i]);
        if (code != ES_OK) return code;
        for (size_t k = 0; k < i; k++)
            if (same_group(&plan->groups[k], &plan->groups[i])) return config_wrong(reader, &here, "given twice, expected once");
        plan->n_groups = i + 1;
    }
    return ES_OK;
}

/* Without PrimaryGroups every level of every axis is one: a plan made before the data, if a wide one. */
static enum es_errc default_groups(struct config_reader *reader)
{
    struct es_config *config = reader->config;
    config->plan.groups = calloc(config->n_axes + 1, sizeof *config->plan.groups);
    if (config->plan.groups == NULL) return config_memory(reader);
    for (size_t i = 0; i < config->n_axes; i++) config->plan.groups[i] = (struct es_plan_group){.n = 1, .axis = {(uint8_t)i, 0, 0}};
    config->plan.n_groups = config->n_axes;
    return ES_OK;
}

struct why_reading {
    const cJSON *group;
    char reason[256], source[256];
};

static enum es_errc keep_group(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    (void)reader;
    (void)place;
    ((struct why_reading *)into)->group = item;
    return ES_OK;
}

static const struct config_key why_keys[] = {
    {"Group", CONFIG_OTHER, true, 0, 0, 0, 0, NULL, keep_group},
    {"Reason", CONFIG_TEXT, true, offsetof(struct why_reading, reason), 256, 0, 0, NULL, NULL},
    {"Source", CONFIG_TEXT, false, offsetof(struct why_reading, source), 256, 0, 0, NULL, NULL},
};

static enum es_errc read_why(struct config_reader *reader, const cJSON *item, const struct config_place *place)
{
    struct es_plan *plan = &reader->config->plan;
    const struct config_place list = {place, "Why", 0};
    size_t count = 0, i = 0;
    enum es_errc code = config_list(reader, item, &list, 0, MAX_PLAN_GROUPS, &count);
    for (const cJSON *entry = code == ES_OK ? item->child : NULL; entry != NULL; entry = entry->next, i++) {
        const struct config_place here = {&list, NULL, i}, group_place = {&here, "Group", 0};
        struct why_reading reading = {0};
        struct es_plan_group group;
        code = config_object(reader, entry, &here, why_keys, COUNT_OF(why_keys), &reading);
        if (code == ES_OK) code = read_group(reader, reading.group, &group_place, &group);
        if (code != ES_OK) return code;
        size_t k = 0;
        while (k < plan->n_groups && !same_group(&plan->groups[k], &group)) k++;
        if (k == plan->n_groups) return config_wrong(reader, &group_place, "names no group of PrimaryGroups, expected one of them");
        if (plan->groups[k].reason[0] != '\0') return config_wrong(reader, &group_place, "given twice, expected once");
        memcpy(plan->groups[k].reason, reading.reason, sizeof reading.reason);
        memcpy(plan->groups[k].source, reading.source, sizeof reading.source);
    }
    return code;
}

enum es_errc config_read_plan(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_config *config = into;
    struct plan_reading reading = {.values = config->plan};
    enum es_errc code = item == NULL ? ES_OK : config_object(reader, item, place, plan_keys, COUNT_OF(plan_keys), &reading);
    if (code != ES_OK) return code;
    config->plan = reading.values;
    config->plan.strict = reading.mode == 1;
    config->plan.fixed = reading.mode == 2;
    config->plan.correct_verification = reading.correction == 1;
    const struct config_place looks = {place, "PlannedLooks", 0};
    if (config->plan.fixed && config->plan.planned_looks == 0)
        return config_wrong(reader, &looks, "found nothing, expected how often the plan looks (Mode \"fixed\" is for planned looks)");
    if (!config->plan.fixed && config->plan.planned_looks > 0)
        return config_wrong(reader, &looks, "found without Mode \"fixed\", expected nothing (sequential verdicts may be looked at every day)");
    if (reading.metrics != NULL) {
        code = read_primary_metrics(reader, reading.metrics, place);
    } else {
        struct es_plan_metric *metric = NULL;
        for (int i = 0; code == ES_OK && i < 2; i++) {
            code = plan_metric(reader, NULL, i == 0 ? "sensitivity" : "specificity", place, &metric);
            if (code == ES_OK) metric->primary = true;
        }
    }
    if (code == ES_OK && reading.margin != NULL)
        code = read_metric_numbers(reader, reading.margin, place, "Margin", offsetof(struct es_plan_metric, margin), true);
    if (code == ES_OK && reading.floor != NULL)
        code = read_metric_numbers(reader, reading.floor, place, "Floor", offsetof(struct es_plan_metric, floor), false);
    if (code == ES_OK) code = reading.groups != NULL ? read_groups(reader, reading.groups, place) : default_groups(reader);
    if (code == ES_OK && reading.why != NULL) code = read_why(reader, reading.why, place);
    return code;
}
