/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/catalogue.h"
#include "plugin/base/pattern.h"
#include "plugin/base/units.h"
#include "plugin/config/check.h"
#include "plugin/event/names.h"

#define COUNT_OF(table) (sizeof table / sizeof table[0])

static const char *const tasks[] = {"binary", "ordinal", "measurement", "segmentation", "detection", NULL}; /* bit i of enum es_task */
static const char *const units[] = {"exam", "series", "image", "side", "lesion", NULL};                     /* enum es_unit_type */
static const char *const combines[] = {"max", "mean", "first", "latest", "any", NULL};                      /* enum es_combine */
static const char *const alerts[] = {"above", "below", NULL};
static const char *const matches[] = {"centre", "iou", NULL};
static const char *const absences[] = {"unknown", "negative", NULL};                                        /* enum es_absence */

const char *es_unit_type_name(enum es_unit_type type)
{
    return type < ES_UNIT_TYPES ? units[type] : "unknown";
}

const char *es_task_name(uint32_t task)
{
    for (unsigned i = 0; tasks[i] != NULL; i++)
        if (task == 1u << i) return tasks[i];
    return tasks[0];
}

uint32_t es_finding_tasks(const struct es_finding_config *finding)
{
    const bool decided = (finding->task & (ES_TASK_MEASUREMENT | ES_TASK_ORDINAL)) && !isnan(finding->threshold);
    return finding->task | (decided ? (uint32_t)ES_TASK_DECIDED : 0);
}

/* Choices are read as indices, then turned into the enums of the finding. */
struct finding_reading {
    struct es_finding_config finding;
    int32_t task, unit, combine, absence, alert, match;
    const cJSON *threshold, *from;
};

static enum es_errc keep_threshold(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    (void)reader;
    (void)place;
    ((struct finding_reading *)into)->threshold = item;
    return ES_OK;
}

static enum es_errc keep_from(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    (void)reader;
    (void)place;
    ((struct finding_reading *)into)->from = item;
    return ES_OK;
}

static enum es_errc read_own_references(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    return config_read_references(reader, item, place, &((struct finding_reading *)into)->finding.precedence);
}

static enum es_errc read_levels(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_finding_config *finding = &((struct finding_reading *)into)->finding;
    size_t count = 0, i = 0;
    enum es_errc code = config_list(reader, item, place, 2, ES_MAX_FINDING_LEVELS, &count);
    if (code != ES_OK) return code;
    for (const cJSON *entry = item->child; entry != NULL; entry = entry->next, i++) {
        const struct config_place here = {place, NULL, i};
        code = config_text(reader, entry, &here, true, finding->levels[i], sizeof finding->levels[i]);
        if (code == ES_OK && !es_is_token(finding->levels[i])) code = config_fault(reader, &here, entry, "a word of A-Z a-z 0-9 and \"_.+-\"");
        for (size_t k = 0; code == ES_OK && k < i; k++)
            if (strcmp(finding->levels[k], finding->levels[i]) == 0) code = config_fault(reader, &here, entry, "levels that differ");
        if (code != ES_OK) return code;
    }
    finding->n_levels = count;
    return ES_OK;
}

static enum es_errc read_units(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_finding_config *finding = &((struct finding_reading *)into)->finding;
    const enum es_errc code = config_text(reader, item, place, false, finding->units, sizeof finding->units);
    if (code == ES_OK && !es_units_known(finding->units)) return config_fault(reader, place, item, "units such as mm, ml, %% or 1");
    return code;
}

static enum es_errc read_range(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_finding_config *finding = &((struct finding_reading *)into)->finding;
    size_t count = 0;
    const enum es_errc code = config_list(reader, item, place, 2, 2, &count);
    if (code != ES_OK) return code;
    for (int i = 0; i < 2; i++) {
        const cJSON *entry = cJSON_GetArrayItem(item, i);
        const struct config_place here = {place, NULL, (size_t)i};
        if (!cJSON_IsNumber(entry) || !isfinite(entry->valuedouble)) return config_fault(reader, &here, entry, "a number");
        finding->range[i] = entry->valuedouble;
    }
    return finding->range[0] < finding->range[1] ? ES_OK : config_wrong(reader, place, "found bounds that do not ascend, expected [least, greatest]");
}

static const struct config_key finding_keys[] = {
    {"Name", CONFIG_NAME, true, offsetof(struct finding_reading, finding.name), ES_NAME_SIZE, 0, 0, NULL, NULL},
    {"Task", CONFIG_CHOICE, false, offsetof(struct finding_reading, task), 0, 0, 0, tasks, NULL},
    {"Unit", CONFIG_CHOICE, false, offsetof(struct finding_reading, unit), 0, 0, 0, units, NULL},
    {"Combine", CONFIG_CHOICE, false, offsetof(struct finding_reading, combine), 0, 0, 0, combines, NULL},
    {"Threshold", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, keep_threshold},
    {"AlertWhen", CONFIG_CHOICE, false, offsetof(struct finding_reading, alert), 0, 0, 0, alerts, NULL},
    {"Units", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_units},
    {"Range", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_range},
    {"Levels", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_levels},
    {"Match", CONFIG_CHOICE, false, offsetof(struct finding_reading, match), 0, 0, 0, matches, NULL},
    {"AbsenceMeans", CONFIG_CHOICE, false, offsetof(struct finding_reading, absence), 0, 0, 0, absences, NULL},
    {"ReferenceWithin", CONFIG_DURATION, false, offsetof(struct finding_reading, finding.reference_within_us), 0, 0, 0, NULL, NULL},
    {"References", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_own_references},
    {"From", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, keep_from},
};

/* A threshold is of the score: a probability where the task is binary. */
static enum es_errc read_threshold(struct config_reader *reader, const cJSON *item, const struct config_place *place,
                                   struct es_finding_config *finding)
{
    const struct config_place here = {place, "Threshold", 0};
    const double value = cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
    if (finding->task == ES_TASK_BINARY && !(value >= 0 && value <= 1)) return config_fault(reader, &here, item, "a number in 0..1");
    if (!isfinite(value)) return config_fault(reader, &here, item, "a number");
    finding->threshold = value;
    return ES_OK;
}

/* Keys that only some tasks have. */
static enum es_errc check_task(struct config_reader *reader, const struct config_place *place, const struct es_finding_config *finding)
{
    const bool measured = finding->task == ES_TASK_MEASUREMENT;
    if (!measured && finding->units[0] != '\0') return config_wrong(reader, place, "found Units, which only a measurement has");
    if (!measured && !isnan(finding->range[0])) return config_wrong(reader, place, "found Range, which only a measurement has");
    if (!measured && finding->alert_below) return config_wrong(reader, place, "found AlertWhen below, which only a measurement has");
    if (finding->task != ES_TASK_ORDINAL && finding->n_levels > 0) return config_wrong(reader, place, "found Levels, which only an ordinal finding has");
    if (finding->task != ES_TASK_DETECTION && finding->match_iou) return config_wrong(reader, place, "found Match iou, which only a detection has");
    return ES_OK;
}

static enum es_errc read_finding(struct config_reader *reader, const cJSON *item, const struct config_place *place,
                                 struct es_finding_config *out)
{
    const struct config_place from = {place, "From", 0};
    struct finding_reading reading = {.finding = {.threshold = NAN, .range = {NAN, NAN}, .reference_within_us = INT64_C(30) * 86400 * 1000000}};
    enum es_errc code = config_object(reader, item, place, finding_keys, COUNT_OF(finding_keys), &reading);
    if (code != ES_OK) return code;
    *out = reading.finding;
    out->task = 1u << reading.task;
    out->unit = (enum es_unit_type)reading.unit;
    out->combine = (enum es_combine)reading.combine;
    out->absence = (enum es_absence)reading.absence;
    out->alert_below = reading.alert == 1;
    out->match_iou = reading.match == 1;
    code = check_task(reader, place, out);
    if (code != ES_OK) return code;
    if (reading.threshold != NULL) code = read_threshold(reader, reading.threshold, place, out);
    if (code == ES_OK && reading.from != NULL) code = config_read_rules(reader, reading.from, &from, &out->from, &out->n_from);
    return code;
}

static enum es_errc read_findings(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_model_config *model = into;
    size_t count = 0, i = 0;
    enum es_errc code = config_list(reader, item, place, 1, ES_MAX_FINDINGS, &count);
    if (code != ES_OK) return code;
    model->findings = calloc(count, sizeof *model->findings);
    if (model->findings == NULL) return config_memory(reader);
    for (const cJSON *entry = item->child; entry != NULL; entry = entry->next, i++) {
        const struct config_place here = {place, NULL, i};
        struct es_finding_config *finding = &model->findings[i];
        code = read_finding(reader, entry, &here, finding);
        if (code == ES_OK && es_model_finding(model, finding->name) >= 0)
            code = config_wrong(reader, &here, "found a second finding named \"%s\", expected names that differ", finding->name);
        model->n_findings = i + 1; /* what was begun is freed with the model */
        if (code != ES_OK) return code;
    }
    return ES_OK;
}

/* Lists of eligible values: `size` bytes each, `n` beside them. */
static enum es_errc read_values(struct config_reader *reader, const cJSON *item, const struct config_place *place, char *values,
                                size_t size, size_t *n)
{
    size_t count = 0, i = 0;
    enum es_errc code = config_list(reader, item, place, 1, ES_MAX_LISTED, &count);
    if (code != ES_OK) return code;
    for (const cJSON *entry = item->child; entry != NULL; entry = entry->next, i++) {
        const struct config_place here = {place, NULL, i};
        code = config_text(reader, entry, &here, true, values + i * size, size);
        if (code != ES_OK) return code;
    }
    *n = count;
    return ES_OK;
}

static enum es_errc read_eligible_list(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_eligibility *e = into;
    if (strcmp(place->key, "Modality") == 0) return read_values(reader, item, place, e->modality[0], sizeof e->modality[0], &e->n_modality);
    if (strcmp(place->key, "BodyPartExamined") == 0)
        return read_values(reader, item, place, e->body_part[0], sizeof e->body_part[0], &e->n_body_part);
    return read_values(reader, item, place, e->view[0], sizeof e->view[0], &e->n_view);
}

static const struct config_key eligible_keys[] = {
    {"Modality", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_eligible_list},
    {"BodyPartExamined", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_eligible_list},
    {"ViewPosition", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_eligible_list},
    {"MinAge", CONFIG_COUNT, false, offsetof(struct es_eligibility, min_age), 0, 0, 89, NULL, NULL},
    {"MaxAge", CONFIG_COUNT, false, offsetof(struct es_eligibility, max_age), 0, 0, 89, NULL, NULL},
};

static enum es_errc read_eligible(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_eligibility *e = &((struct es_model_config *)into)->eligible;
    const enum es_errc code = config_object(reader, item, place, eligible_keys, COUNT_OF(eligible_keys), e);
    if (code == ES_OK && e->min_age >= 0 && e->max_age >= 0 && e->min_age > e->max_age)
        return config_wrong(reader, place, "found MinAge %d above MaxAge %d, expected the reverse", e->min_age, e->max_age);
    return code;
}

static enum es_errc read_pattern(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_recognise *r = into;
    char why[160];
    const enum es_errc code = config_text(reader, item, place, false, r->series_description, sizeof r->series_description);
    if (code == ES_OK && !es_pattern_check(r->series_description, why, sizeof why))
        return config_wrong(reader, place, "found a pattern that is none: %s", why);
    return code;
}

#define TEXT_KEY(name, field) {name, CONFIG_TEXT, false, offsetof(struct es_recognise, field), sizeof((struct es_recognise *)0)->field, 0, 0, NULL, NULL}
static const struct config_key recognise_keys[] = {
    TEXT_KEY("AlgorithmName", algorithm_name), TEXT_KEY("Version", version),       TEXT_KEY("Manufacturer", manufacturer),
    TEXT_KEY("DeviceUID", device_uid),         TEXT_KEY("RemoteAET", remote_aet),  {"SeriesDescription", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_pattern},
};

static enum es_errc read_recognise(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_model_config *model = into;
    const enum es_errc code = config_object(reader, item, place, recognise_keys, COUNT_OF(recognise_keys), &model->recognise);
    if (code == ES_OK && item->child == NULL) return config_wrong(reader, place, "found no key, expected at least one");
    return code;
}

static enum es_errc read_references(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    return config_read_references(reader, item, place, &((struct es_model_config *)into)->precedence);
}

static enum es_errc read_failed(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_model_config *model = into;
    return config_read_rules(reader, item, place, &model->failed, &model->n_failed);
}

/* Where the version stands when it is not where the standard puts it. */
static enum es_errc read_version(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_model_config *model = into;
    const enum es_errc code = config_read_rules(reader, item, place, &model->version, &model->n_version);
    for (size_t i = 0; code == ES_OK && i < model->n_version; i++) {
        const struct es_from_rule *rule = &model->version[i];
        const struct config_place here = {place, NULL, i};
        if (rule->kind != ES_FROM_TAG && rule->kind != ES_FROM_PRIVATE_TAG)
            return config_wrong(reader, &here, "found a rule of another kind, expected Tag or PrivateTag");
        if (rule->positive[0] != '\0' || rule->scale > 0)
            return config_wrong(reader, &here, "found Present or Scale, expected Tag with JSON or Number only");
    }
    return code;
}

static const struct config_key model_keys[] = {
    {"Name", CONFIG_NAME, true, offsetof(struct es_model_config, name), ES_NAME_SIZE, 0, 0, NULL, NULL},
    {"Recognise", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_recognise},
    {"Eligible", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_eligible},
    {"ExpectWithin", CONFIG_DURATION, false, offsetof(struct es_model_config, expect_within_us), 0, 0, 0, NULL, NULL},
    {"References", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_references},
    {"VersionFrom", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_version},
    {"FailedWhen", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_failed},
    {"Findings", CONFIG_OTHER, true, 0, 0, 0, 0, NULL, read_findings},
};

enum es_errc config_read_models(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_config *config = into;
    size_t count = 0, i = 0;
    enum es_errc code = config_list(reader, item, place, 1, ES_MAX_MODELS, &count);
    if (code != ES_OK) return code;
    config->models = calloc(count, sizeof *config->models);
    if (config->models == NULL) return config_memory(reader);
    for (const cJSON *entry = item->child; entry != NULL; entry = entry->next, i++) {
        const struct config_place here = {place, NULL, i};
        struct es_model_config *model = &config->models[i];
        model->expect_within_us = INT64_C(3600) * 1000000;
        model->eligible.min_age = model->eligible.max_age = -1;
        code = config_object(reader, entry, &here, model_keys, COUNT_OF(model_keys), model);
        for (size_t k = 0; code == ES_OK && k < model->n_findings; k++)
            if (model->findings[k].precedence.n == 0) model->findings[k].precedence = model->precedence;
        if (code == ES_OK && es_config_model(config, model->name) >= 0)
            code = config_wrong(reader, &here, "found a second model named \"%s\", expected names that differ", model->name);
        config->n_models = i + 1;
        if (code != ES_OK) return code;
    }
    return ES_OK;
}
