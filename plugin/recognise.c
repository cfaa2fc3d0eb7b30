/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/recognise.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/catalogue.h"
#include "plugin/pattern.h"

/* Messages of one object while they are made. */
struct gathering {
    const struct es_facts *facts;
    const struct es_config *config;
    struct es_message **messages;
    size_t count;
    char *why;
    size_t why_size;
    struct es_error *err;
};

void es_messages_free(struct es_message **messages, size_t count)
{
    if (messages == NULL) return;
    for (size_t i = 0; i < count; i++) {
        es_message_clear(messages[i]);
        free(messages[i]);
    }
    free(messages);
}

/* The first thing left out is told; the object may still say something. */
static void tell(struct gathering *g, const char *name, const char *what)
{
    if (g->why_size > 0 && g->why[0] == '\0') (void)snprintf(g->why, g->why_size, name[0] != '\0' ? "finding %s: %s" : "%s%s", name, what);
}

static struct es_message *new_message(struct gathering *g, enum es_event_kind kind)
{
    struct es_message *message = malloc(sizeof *message);
    if (message == NULL) {
        (void)es_fail(g->err, ES_E_MEMORY, "message: no memory");
        return NULL;
    }
    es_message_init(message);
    message->kind = kind;
    g->messages[g->count++] = message;
    return message;
}

static void copy(char *out, size_t size, const char *text)
{
    const size_t len = strnlen(text, size - 1);
    memcpy(out, text, len);
    out[len] = '\0';
}

/* Who, and what the configuration wants to know of how. */
static void take_facts(struct gathering *g, struct es_message *m)
{
    const struct es_identity *id = &g->facts->identity;
    copy(m->study_uid, sizeof m->study_uid, id->study_uid);
    copy(m->accession, sizeof m->accession, id->accession);
    copy(m->accession_issuer, sizeof m->accession_issuer, id->accession_issuer);
    copy(m->patient_id, sizeof m->patient_id, id->patient_id);
    copy(m->patient_issuer, sizeof m->patient_issuer, id->patient_issuer);
    m->study_day = id->study_day;
    for (size_t i = 0; i < g->facts->n_attributes && m->n_attributes < ES_MAX_ATTRIBUTES; i++) {
        const struct es_fact *fact = &g->facts->attributes[i];
        if (!es_config_wants(g->config, fact->keyword)) continue;
        struct es_message_attribute *a = &m->attributes[m->n_attributes++];
        copy(a->keyword, sizeof a->keyword, fact->keyword);
        a->state = fact->state;
        copy(a->value, sizeof a->value, fact->state == ES_ATTRIBUTE_PRESENT ? fact->value : "");
    }
}

static bool counts_images(const struct es_config *config)
{
    for (size_t i = 0; i < config->n_models; i++)
        for (size_t k = 0; k < config->models[i].n_findings; k++)
            if (config->models[i].findings[k].unit == ES_UNIT_IMAGE) return true;
    return false;
}

static enum es_errc make_exam(struct gathering *g, bool archive_copy)
{
    const struct es_facts *facts = g->facts;
    if (facts->identity.study_uid[0] == '\0')
        return es_fail(g->err, ES_E_REFUSED, "StudyInstanceUID: found none, expected one in an image");
    struct es_message *m = new_message(g, ES_EVENT_EXAM);
    if (m == NULL) return ES_E_MEMORY;
    take_facts(g, m);
    m->attribute_source = ES_SOURCE_IMAGE;
    copy(m->series_uid, sizeof m->series_uid, facts->identity.series_uid);
    /* One event a series: a message for each of a thousand slices would say the same a thousand times. */
    if (counts_images(g->config)) copy(m->sop_uid, sizeof m->sop_uid, facts->identity.sop_uid);
    m->excluded = facts->exclusion;
    if (m->excluded == ES_EXCLUDED_NOT && archive_copy) m->excluded = ES_EXCLUDED_COPY;
    if (m->excluded == ES_EXCLUDED_NOT && facts->identity_removed && g->config->exclude_identity_removed)
        m->excluded = ES_EXCLUDED_IDENTITY_REMOVED;
    return ES_OK;
}

/* ---- which model ---- */

/* "" is not asked for; else equal after trimming and case. */
static bool says(const char *wanted, const char *found)
{
    char a[256], b[256];
    if (wanted[0] == '\0') return true;
    es_attribute_fold(wanted, a, sizeof a);
    es_attribute_fold(found, b, sizeof b);
    return strcmp(a, b) == 0;
}

static bool recognises(const struct es_recognise *r, const struct es_algorithm *a, const char *description, const char *remote_aet)
{
    const bool asks = r->algorithm_name[0] != '\0' || r->version[0] != '\0' || r->manufacturer[0] != '\0' || r->device_uid[0] != '\0' ||
                      r->remote_aet[0] != '\0' || r->series_description[0] != '\0';
    return asks && says(r->algorithm_name, a->name) && says(r->version, a->version) && says(r->manufacturer, a->manufacturer) &&
           says(r->device_uid, a->device_uid) && says(r->remote_aet, remote_aet) &&
           (r->series_description[0] == '\0' || es_pattern_match(r->series_description, description));
}

static const struct es_algorithm *algorithm_of(const struct es_facts *facts)
{
    if (facts->report != NULL && facts->report->algorithm.source != ES_ALGORITHM_NONE) return &facts->report->algorithm;
    return &facts->algorithm;
}

static enum es_errc find_model(struct gathering *g, const char *remote_aet, const struct es_model_config **out)
{
    const struct es_algorithm *algorithm = algorithm_of(g->facts);
    const char *description = algorithm->series_description[0] != '\0' ? algorithm->series_description : g->facts->algorithm.series_description;
    const struct es_model_config *found = NULL;
    for (size_t i = 0; i < g->config->n_models; i++) {
        const struct es_model_config *model = &g->config->models[i];
        if (!recognises(&model->recognise, algorithm, description, remote_aet)) continue;
        if (found != NULL)
            return es_fail(g->err, ES_E_REFUSED, "object: found that models %s and %s both recognise it, expected one", found->name, model->name);
        found = model;
    }
    *out = found;
    return ES_OK;
}

/* ---- which findings ---- */

static bool code_matches(const struct es_code *wanted, const struct es_code *found)
{
    return wanted->value[0] == '\0' || (strcmp(wanted->value, found->value) == 0 && strcmp(wanted->scheme, found->scheme) == 0);
}

static bool rule_matches(const struct es_from_rule *rule, const struct es_sr_finding *item)
{
    if (rule->kind != ES_FROM_SR || !code_matches(&rule->concept, &item->concept) || !code_matches(&rule->finding, &item->finding) ||
        !code_matches(&rule->site, &item->site))
        return false;
    if (rule->modifier.value[0] == '\0') return true;
    for (uint32_t i = 0; i < item->n_modifiers; i++)
        if (code_matches(&rule->modifier, &item->modifiers[i])) return true;
    return false;
}

/* Factor by units; 0 for units that are no probability. */
static double probability_scale(const char *units)
{
    static const char *const ones[] = {"", "1", "{probability}", "[0,1]"};
    if (strcmp(units, "%") == 0) return 0.01;
    for (size_t i = 0; i < sizeof ones / sizeof ones[0]; i++)
        if (strcmp(units, ones[i]) == 0) return 1;
    return 0;
}

/* One item that a rule matched, as a finding. False: it says nothing usable, and why was told. */
static bool read_item(struct gathering *g, const struct es_finding_config *config, const struct es_from_rule *rule,
                      const struct es_sr_finding *item, struct es_finding *out)
{
    *out = (struct es_finding){.evaluable = true};
    copy(out->name, sizeof out->name, config->name);
    if (item->type == ES_SR_CODE) {
        const bool yes = rule->present.value[0] != '\0' && code_matches(&rule->present, &item->value);
        const bool no = rule->absent.value[0] != '\0' && code_matches(&rule->absent, &item->value);
        out->has_decision = yes || no;
        out->decision = yes;
        if (!out->has_decision) tell(g, config->name, "a code that is neither Present nor Absent");
        return out->has_decision;
    }
    if (item->type != ES_SR_NUM || !item->has_number || !isfinite(item->number)) {
        tell(g, config->name, "an item without a number");
        return false;
    }
    if (config->task != ES_TASK_BINARY && config->task != ES_TASK_ORDINAL) {
        out->has_value = true;
        out->value = rule->scale > 0 ? item->number * rule->scale : item->number;
        copy(out->units, sizeof out->units, item->units.value);
        return isfinite(out->value);
    }
    const double scale = rule->scale > 0 ? rule->scale : config->task == ES_TASK_ORDINAL ? 1 : probability_scale(item->units.value);
    out->has_score = true;
    /* 83 % is 0.83: dividing rounds once, multiplying by 0.01 does not */
    out->score = scale == 0.01 ? item->number / 100 : item->number * scale;
    if (scale == 0) tell(g, config->name, "a unit that is no probability; give the rule a Scale");
    else if (config->task == ES_TASK_BINARY && !(out->score >= 0 && out->score <= 1)) tell(g, config->name, "a number outside 0..1");
    else return true;
    return false;
}

/* Several items of one unit are one finding, by the finding's Combine. */
static void combine(enum es_combine how, struct es_finding *into, const struct es_finding *next, size_t seen)
{
    double *a = into->has_score ? &into->score : &into->value;
    const double b = into->has_score ? next->score : next->value;
    if (into->has_decision != next->has_decision || into->has_score != next->has_score) return; /* the first kind of item stands */
    if (into->has_decision) {
        if (how == ES_COMBINE_LATEST) into->decision = next->decision;
        else if (how != ES_COMBINE_FIRST) into->decision = into->decision || next->decision;
        return;
    }
    if (how == ES_COMBINE_LATEST) *a = b;
    else if (how == ES_COMBINE_MEAN) *a += (b - *a) / (double)(seen + 1);
    else if (how != ES_COMBINE_FIRST && b > *a) *a = b;
}

/* The first rule with a usable item decides; an object may say the same thing in two ways. */
static bool find_finding(struct gathering *g, const struct es_finding_config *config, struct es_finding *out)
{
    const struct es_report_facts *report = g->facts->report;
    for (size_t r = 0; r < config->n_from; r++) {
        size_t seen = 0;
        for (size_t i = 0; i < report->n_findings; i++) {
            struct es_finding one;
            if (!rule_matches(&config->from[r], &report->findings[i]) || !read_item(g, config, &config->from[r], &report->findings[i], &one)) continue;
            if (seen == 0) *out = one;
            else combine(config->combine, out, &one, seen);
            seen++;
        }
        if (seen > 0) return true;
    }
    return false;
}

/* ---- the result ---- */

/* More references than an event keeps are none: a part of them would pair by chance. */
static enum es_errc take_references(struct gathering *g, char (*from)[ES_UID_SIZE], size_t count, char (**out)[ES_UID_SIZE], size_t *n_out)
{
    if (count == 0 || count > ES_MAX_EVENT_REFERENCES) return ES_OK;
    *out = calloc(count, sizeof **out);
    if (*out == NULL) return es_fail(g->err, ES_E_MEMORY, "references: no memory");
    memcpy(*out, from, count * sizeof **out);
    *n_out = count;
    return ES_OK;
}

/* The message of a unit type, begun when the first of its findings comes. NULL: no memory, or the unit cannot be told. */
static struct es_message *message_of(struct gathering *g, const struct es_model_config *model, const struct es_finding_config *finding)
{
    const struct es_report_facts *report = g->facts->report;
    const struct es_algorithm *algorithm = algorithm_of(g->facts);
    for (size_t i = 0; i < g->count; i++)
        if (g->messages[i]->unit == finding->unit) return g->messages[i];
    const bool series = finding->unit == ES_UNIT_SERIES, image = finding->unit == ES_UNIT_IMAGE;
    if ((series && report->n_series != 1) || (image && report->n_images != 1) || (finding->unit != ES_UNIT_EXAM && !series && !image)) {
        tell(g, finding->name, "the object does not tell its one unit");
        return NULL;
    }
    struct es_message *m = new_message(g, ES_EVENT_RESULT);
    if (m == NULL) return NULL;
    take_facts(g, m);
    m->attribute_source = ES_SOURCE_RESULT_OBJECT;
    copy(m->sop_uid, sizeof m->sop_uid, g->facts->identity.sop_uid);
    m->unit = finding->unit;
    if (series) copy(m->unit_id, sizeof m->unit_id, report->series[0]);
    if (image) copy(m->unit_id, sizeof m->unit_id, report->images[0]);
    copy(m->model_name, sizeof m->model_name, model->name);
    copy(m->model_version, sizeof m->model_version, algorithm->version);
    copy(m->model_manufacturer, sizeof m->model_manufacturer, algorithm->manufacturer);
    copy(m->device_uid, sizeof m->device_uid, algorithm->device_uid);
    m->model_rule = algorithm->source;
    m->result_status = ES_RESULT_OK;
    m->produced = report->produced_us;
    m->zone_known = report->produced_zone_known;
    if (take_references(g, report->series, report->n_series, &m->series_refs, &m->n_series_refs) != ES_OK ||
        take_references(g, report->images, report->n_images, &m->image_refs, &m->n_image_refs) != ES_OK ||
        take_references(g, report->studies, report->n_studies, &m->study_refs, &m->n_study_refs) != ES_OK)
        return NULL;
    return m;
}

static enum es_errc make_results(struct gathering *g, const struct es_model_config *model)
{
    for (size_t i = 0; i < model->n_findings; i++) {
        const struct es_finding_config *config = &model->findings[i];
        struct es_finding finding;
        const bool found = find_finding(g, config, &finding);
        /* Silence is an answer only where the configuration says so; the bundle reads it as one. */
        if (!found && config->absence != ES_ABSENCE_NEGATIVE) continue;
        struct es_message *m = message_of(g, model, config);
        if (g->err != NULL && g->err->code == ES_E_MEMORY) return ES_E_MEMORY;
        if (m != NULL && found) m->findings[m->n_findings++] = finding; /* at most ES_MAX_FINDINGS, which fit */
    }
    if (g->count == 0) tell(g, "", "no rule matched a finding");
    return ES_OK;
}
_Static_assert(ES_MAX_FINDINGS <= ES_MAX_EVENT_FINDINGS, "an event holds every finding of a model");

static enum es_errc make_messages(struct gathering *g, const char *remote_aet, bool archive_copy)
{
    const struct es_model_config *model = NULL;
    const enum es_object_kind kind = g->facts->kind;
    if (kind == ES_OBJECT_IMAGE) return make_exam(g, archive_copy);
    if (kind == ES_OBJECT_DIRECTORY) tell(g, "", "a directory, no image");
    else if (kind == ES_OBJECT_OTHER) tell(g, "", "neither an image nor a result");
    else {
        const enum es_errc code = find_model(g, remote_aet, &model);
        if (code != ES_OK) return code;
        if (model == NULL) tell(g, "", "no model recognises it");
        else if (kind != ES_OBJECT_SR || g->facts->report == NULL) tell(g, "", "recognised, but it holds no structured report that can be read");
        else return make_results(g, model);
    }
    return ES_OK;
}

enum es_errc es_messages_from_facts(const struct es_facts *facts, const struct es_config *config, const char *remote_aet, bool archive_copy,
                                    struct es_message ***messages, size_t *count, char *why, size_t why_size, struct es_error *err)
{
    struct es_error inner = {0};
    struct gathering g = {.facts = facts, .config = config, .why = why, .why_size = why_size, .err = &inner};
    if (why_size > 0) why[0] = '\0';
    g.messages = calloc(ES_UNIT_TYPES, sizeof *g.messages);
    if (g.messages == NULL) return es_fail(err, ES_E_MEMORY, "messages: no memory");
    const enum es_errc code = make_messages(&g, remote_aet, archive_copy);
    if (code != ES_OK || g.count == 0) {
        es_messages_free(g.messages, g.count);
        g.messages = NULL;
        g.count = 0;
    }
    if (code != ES_OK) return es_fail(err, code, "%s", inner.text);
    *messages = g.messages;
    *count = g.count;
    return ES_OK;
}
