/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of a configuration: all that decides what is counted and shown, every default written out, so that two
 * configurations that mean the same are the same bytes, and a later change of a default changes no earlier report. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/catalogue.h"
#include "plugin/base/time.h"
#include "plugin/config/check.h"
#include "plugin/config/intake_rule.h"

/* cJSON answers NULL when memory runs out; one flag for a whole document. */
struct maker {
    bool bad;
};

static cJSON *made(struct maker *m, cJSON *item)
{
    m->bad = m->bad || item == NULL;
    return item;
}

static cJSON *put(struct maker *m, cJSON *object, const char *key, cJSON *item)
{
    if (made(m, item) == NULL) return NULL;
    const bool good = key == NULL ? cJSON_AddItemToArray(object, item) : cJSON_AddItemToObject(object, key, item);
    if (good) return item;
    cJSON_Delete(item);
    return made(m, NULL);
}

static void put_text(struct maker *m, cJSON *object, const char *key, const char *text)
{
    if (text[0] != '\0') (void)put(m, object, key, cJSON_CreateString(text));
}

static void put_number(struct maker *m, cJSON *object, const char *key, double number)
{
    if (isfinite(number)) (void)put(m, object, key, cJSON_CreateNumber(number));
}

static void put_duration(struct maker *m, cJSON *object, const char *key, int64_t microseconds)
{
    char text[32];
    const int64_t seconds = microseconds / 1000000;
    const bool days = seconds % 86400 == 0;
    (void)snprintf(text, sizeof text, "%lld%s", (long long)(days ? seconds / 86400 : seconds), days ? "d" : "s");
    put_text(m, object, key, text);
}

static void put_code(struct maker *m, cJSON *object, const char *key, const struct es_code *code)
{
    char text[ES_FACT_VALUE + 20];
    if (code->value[0] == '\0') return;
    (void)snprintf(text, sizeof text, "%s,%s", code->value, code->scheme);
    put_text(m, object, key, text);
}

static void put_axis(struct maker *m, cJSON *list, const struct es_config *config, size_t index)
{
    const struct es_axis_config *axis = &config->axes[index];
    cJSON *object = put(m, list, NULL, cJSON_CreateObject());
    if (object == NULL) return;
    put_text(m, object, "Name", axis->name);
    put_text(m, object, "Attribute", axis->attribute);
    put_text(m, object, "Linked", axis->linked);
    if (axis->n_bands > 0) (void)put(m, object, "Bands", cJSON_CreateIntArray(axis->bands, (int)axis->n_bands));
    if (axis->combination[0] != '\0') {
        put_text(m, object, "Multiple", "alone-or-in-combination");
        put_text(m, object, "Combination", axis->combination);
    }
    if (axis->vocabulary == NULL) return;
    (void)put(m, object, "Level", cJSON_CreateString(axis->group_level ? "group" : "value"));
    if (config->vocabulary_texts[index] == NULL) {
        put_text(m, object, "Vocabulary", es_vocabulary_name(axis->vocabulary));
    } else {
        cJSON *inside = put(m, object, "Vocabulary", cJSON_CreateObject());
        if (inside != NULL) (void)put(m, inside, "Text", cJSON_CreateString(config->vocabulary_texts[index]));
    }
}

static void put_sr(struct maker *m, cJSON *sr, const struct es_from_rule *rule)
{
    put_code(m, sr, "Concept", &rule->concept);
    put_code(m, sr, "Finding", &rule->finding);
    put_code(m, sr, "Site", &rule->site);
    put_code(m, sr, "Modifier", &rule->modifier);
    put_code(m, sr, "Present", &rule->present);
    put_code(m, sr, "Absent", &rule->absent);
    if (rule->any) (void)put(m, sr, "Any", cJSON_CreateTrue());
    if (rule->hidden) put_text(m, sr, "Intent", "all");
}

static void put_tag(struct maker *m, cJSON *tag, const struct es_from_rule *rule)
{
    char text[12 * ES_MAX_TAG_PATH] = "";
    size_t used = 0;
    for (uint8_t i = 0; i < rule->tag_depth && used < sizeof text; i++) {
        const unsigned group = rule->tag[i] >> 16, element = rule->tag[i] & 0xFFFF;
        const int n = (group & 1) != 0 ? snprintf(text + used, sizeof text - used, "%s%04X,xx%02X", i ? "/" : "", group, element)
                                       : snprintf(text + used, sizeof text - used, "%s%04X,%04X", i ? "/" : "", group, element);
        used += n > 0 ? (size_t)n : 0;
    }
    put_text(m, tag, "Tag", text);
    put_text(m, tag, "Creator", rule->creator);
    put_text(m, tag, "JSON", rule->path);
}

static void put_seg(struct maker *m, cJSON *inside, const struct es_from_rule *rule)
{
    put_code(m, inside, "Property", &rule->concept);
    put_text(m, inside, "Label", rule->label);
    put_text(m, inside, "Measure", es_seg_measure_name(rule->measure));
    if (rule->semiautomatic != ES_ROLE_NONE) put_text(m, inside, "Semiautomatic", es_seg_role_name(rule->semiautomatic));
}

static void put_rule(struct maker *m, cJSON *list, const struct es_from_rule *rule)
{
    static const char *const kinds[] = {"SR", "JSON", "Tag", "PrivateTag", "Text", "Seg"}; /* enum es_from_kind */
    cJSON *object = put(m, list, NULL, cJSON_CreateObject());
    if (object != NULL && rule->kind == ES_FROM_JSON) put_text(m, object, "JSON", rule->path);
    if (object == NULL || rule->kind == ES_FROM_JSON) return;
    cJSON *inside = put(m, object, kinds[rule->kind], cJSON_CreateObject());
    if (inside == NULL) return;
    if (rule->kind == ES_FROM_SR) put_sr(m, inside, rule);
    else if (rule->kind == ES_FROM_TEXT) put_code(m, inside, "Concept", &rule->concept);
    else if (rule->kind == ES_FROM_SEG) put_seg(m, inside, rule);
    else put_tag(m, inside, rule);
    put_text(m, inside, "Number", rule->number);
    put_text(m, inside, "Present", rule->positive);
    put_text(m, inside, "Absent", rule->negative);
    if (rule->scale > 0) put_number(m, inside, "Scale", rule->scale);
}

static void put_rules(struct maker *m, cJSON *object, const char *key, const struct es_from_rule *rules, size_t n)
{
    cJSON *list = n > 0 ? put(m, object, key, cJSON_CreateArray()) : NULL;
    for (size_t i = 0; list != NULL && i < n; i++) put_rule(m, list, &rules[i]);
}

static void put_finding(struct maker *m, cJSON *list, const struct es_finding_config *finding)
{
    static const char *const combines[] = {"max", "mean", "first", "latest", "any"};
    cJSON *object = put(m, list, NULL, cJSON_CreateObject());
    if (object == NULL) return;
    put_text(m, object, "Name", finding->name);
    put_text(m, object, "Task", es_task_name(finding->task));
    put_text(m, object, "Unit", es_unit_type_name(finding->unit));
    put_text(m, object, "Combine", combines[finding->combine]);
    put_number(m, object, "Threshold", finding->threshold);
    if (finding->alert_below) put_text(m, object, "AlertWhen", "below");
    if (finding->match_iou) put_text(m, object, "Match", "iou");
    if (finding->units[0] != '\0') put_text(m, object, "Units", finding->units);
    cJSON *list_of = !isnan(finding->range[0]) ? put(m, object, "Range", cJSON_CreateArray()) : NULL;
    for (int i = 0; list_of != NULL && i < 2; i++) put(m, list_of, NULL, cJSON_CreateNumber(finding->range[i]));
    list_of = finding->n_levels > 0 ? put(m, object, "Levels", cJSON_CreateArray()) : NULL;
    for (size_t i = 0; list_of != NULL && i < finding->n_levels; i++) put_text(m, list_of, NULL, finding->levels[i]);
    put_text(m, object, "AbsenceMeans", finding->absence == ES_ABSENCE_NEGATIVE ? "negative" : "unknown");
    put_duration(m, object, "ReferenceWithin", finding->reference_within_us);
    cJSON *references = finding->precedence.n > 0 ? put(m, object, "References", cJSON_CreateObject()) : NULL;
    cJSON *precedence = references != NULL ? put(m, references, "Precedence", cJSON_CreateArray()) : NULL;
    for (uint8_t i = 0; precedence != NULL && i < finding->precedence.n; i++) put_text(m, precedence, NULL, finding->precedence.source[i]);
    put_rules(m, object, "From", finding->from, finding->n_from);
}

static void put_values(struct maker *m, cJSON *object, const char *key, const char *values, size_t size, size_t count)
{
    cJSON *list = count > 0 ? put(m, object, key, cJSON_CreateArray()) : NULL;
    for (size_t i = 0; list != NULL && i < count; i++) put_text(m, list, NULL, values + i * size);
}

static void put_model(struct maker *m, cJSON *list, const struct es_model_config *model)
{
    const struct es_recognise *r = &model->recognise;
    const struct es_eligibility *e = &model->eligible;
    cJSON *object = put(m, list, NULL, cJSON_CreateObject());
    if (object == NULL) return;
    put_text(m, object, "Name", model->name);
    put_duration(m, object, "ExpectWithin", model->expect_within_us);
    const char *const texts[][2] = {{"AlgorithmName", r->algorithm_name}, {"Version", r->version}, {"Manufacturer", r->manufacturer},
                                    {"DeviceUID", r->device_uid}, {"RemoteAET", r->remote_aet}, {"SeriesDescription", r->series_description}};
    cJSON *recognise = NULL;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i][1][0] == '\0') continue;
        if (recognise == NULL) recognise = put(m, object, "Recognise", cJSON_CreateObject());
        if (recognise != NULL) put_text(m, recognise, texts[i][0], texts[i][1]);
    }
    cJSON *eligible = put(m, object, "Eligible", cJSON_CreateObject());
    if (eligible != NULL) {
        put_values(m, eligible, "Modality", e->modality[0], sizeof e->modality[0], e->n_modality);
        put_values(m, eligible, "BodyPartExamined", e->body_part[0], sizeof e->body_part[0], e->n_body_part);
        put_values(m, eligible, "ViewPosition", e->view[0], sizeof e->view[0], e->n_view);
        if (e->min_age >= 0) put_number(m, eligible, "MinAge", e->min_age);
        if (e->max_age >= 0) put_number(m, eligible, "MaxAge", e->max_age);
    }
    put_rules(m, object, "VersionFrom", model->version, model->n_version);
    put_rules(m, object, "FailedWhen", model->failed, model->n_failed);
    cJSON *findings = put(m, object, "Findings", cJSON_CreateArray());
    for (size_t i = 0; findings != NULL && i < model->n_findings; i++) put_finding(m, findings, &model->findings[i]);
}

static void put_disclosure(struct maker *m, cJSON *object, const char *key, const struct es_disclosure *disclosure)
{
    char text[24];
    (void)snprintf(text, sizeof text, "floor:%u", disclosure->floor);
    put_text(m, object, key, disclosure->kind == ES_DISCLOSE_ALL ? "none" : disclosure->kind == ES_DISCLOSE_NHS ? "nhs" : text);
}

static cJSON *config_tree(struct maker *m, const struct es_config *config)
{
    cJSON *root = made(m, cJSON_CreateObject());
    if (root == NULL) return NULL;
    put_text(m, root, "Site", config->site);
    put_text(m, root, "PatientIDPrefix", config->patient_id_prefix);
    put_text(m, root, "AccessionNumberPrefix", config->accession_prefix);
    put_text(m, root, "Note", config->note);
    put_number(m, root, "MaximumLevels", config->max_levels);
    cJSON *axes = put(m, root, "Axes", cJSON_CreateArray());
    for (size_t i = 0; axes != NULL && i < config->n_axes; i++) put_axis(m, axes, config, i);
    cJSON *crossings = put(m, root, "Intersections", cJSON_CreateArray());
    for (size_t i = 0; crossings != NULL && i < config->n_intersections; i++) {
        cJSON *names = put(m, crossings, NULL, cJSON_CreateArray());
        for (uint8_t k = 0; names != NULL && k < config->intersections[i].n; k++)
            put_text(m, names, NULL, config->axes[config->intersections[i].axis[k]].name);
    }
    cJSON *models = put(m, root, "Models", cJSON_CreateArray());
    for (size_t i = 0; models != NULL && i < config->n_models; i++) put_model(m, models, &config->models[i]);
    cJSON *intake = config->n_intake > 0 ? put(m, root, "Intake", cJSON_CreateArray()) : NULL;
    for (size_t i = 0; intake != NULL && i < config->n_intake; i++) (void)put(m, intake, NULL, cJSON_Duplicate(config->intake[i].document, true));
    cJSON *disclosure = put(m, root, "Disclosure", cJSON_CreateObject());
    if (disclosure != NULL) {
        put_disclosure(m, disclosure, "Internal", &config->internal);
        put_disclosure(m, disclosure, "External", &config->external);
        if (config->release_every_us > 0) put_duration(m, disclosure, "ReleaseEvery", config->release_every_us);
    }
    if (config->population_text != NULL) {
        cJSON *inside = put(m, root, "ReferencePopulation", cJSON_CreateObject());
        if (inside != NULL) (void)put(m, inside, "Text", cJSON_CreateString(config->population_text));
    }
    cJSON *exclude = put(m, root, "Exclude", cJSON_CreateArray());
    if (exclude != NULL && config->exclude_identity_removed) put_text(m, exclude, NULL, "identity_removed");
    return root;
}

/* A group is an axis by name, or an object of axes to levels. */
static void put_group(struct maker *m, cJSON *into, const char *key, const struct es_config *config, const struct es_plan_group *group)
{
    if (group->n == 1 && group->level[0][0] == '\0') {
        (void)put(m, into, key, cJSON_CreateString(config->axes[group->axis[0]].name));
        return;
    }
    cJSON *object = put(m, into, key, cJSON_CreateObject());
    for (uint8_t i = 0; object != NULL && i < group->n; i++) put_text(m, object, config->axes[group->axis[i]].name, group->level[i]);
}

static void put_plan_metrics(struct maker *m, cJSON *root, const struct es_plan *plan)
{
    cJSON *primary = put(m, root, "PrimaryMetrics", cJSON_CreateArray());
    cJSON *margin = put(m, root, "Margin", cJSON_CreateObject());
    cJSON *floors = put(m, root, "Floor", cJSON_CreateObject());
    for (size_t i = 0; !m->bad && i < plan->n_metrics; i++) {
        const struct es_plan_metric *metric = &plan->metrics[i];
        if (metric->primary) put_text(m, primary, NULL, metric->name);
        put_number(m, margin, metric->name, metric->margin);
        put_number(m, floors, metric->name, metric->floor);
    }
}

static cJSON *plan_tree(struct maker *m, const struct es_config *config)
{
    const struct es_plan *plan = &config->plan;
    cJSON *root = made(m, cJSON_CreateObject());
    if (root == NULL) return NULL;
    char day[ES_DAY_TEXT] = "";
    if (plan->since_day != INT32_MIN) es_day_format(plan->since_day, day);
    put_text(m, root, "Mode", plan->fixed ? "fixed" : plan->strict ? "strict" : "default");
    if (plan->fixed) put_number(m, root, "PlannedLooks", plan->planned_looks);
    put_text(m, root, "Since", day);
    if (plan->correct_verification) put_text(m, root, "VerificationCorrection", "begg-greenes"); /* documents without it stay as they were */
    put_plan_metrics(m, root, plan);
    put_number(m, root, "Alpha", plan->alpha);
    put_number(m, root, "MinimumCases", plan->min_cases);
    put_number(m, root, "MinimumPatients", plan->min_patients);
    put_number(m, root, "FalseAlarmsPerYear", plan->false_alarms_per_year);
    cJSON *groups = put(m, root, "PrimaryGroups", cJSON_CreateArray());
    cJSON *whys = put(m, root, "Why", cJSON_CreateArray());
    for (size_t i = 0; !m->bad && i < plan->n_groups; i++) {
        put_group(m, groups, NULL, config, &plan->groups[i]);
        cJSON *why = plan->groups[i].reason[0] != '\0' ? put(m, whys, NULL, cJSON_CreateObject()) : NULL;
        if (why == NULL) continue;
        put_group(m, why, "Group", config, &plan->groups[i]);
        put_text(m, why, "Reason", plan->groups[i].reason);
        put_text(m, why, "Source", plan->groups[i].source);
    }
    return root;
}

enum es_errc config_make_documents(struct config_reader *reader)
{
    struct es_config *config = reader->config;
    struct maker maker = {false};
    cJSON *document = config_tree(&maker, config), *plan = plan_tree(&maker, config);
    enum es_errc code = maker.bad ? config_memory(reader) : ES_OK;
    if (code == ES_OK) code = es_json_canonical(document, &config->document, reader->err);
    if (code == ES_OK) code = es_json_canonical(plan, &config->plan_document, reader->err);
    cJSON_Delete(document);
    cJSON_Delete(plan);
    return code;
}
