/* SPDX-License-Identifier: Apache-2.0 */
/* A record to messages: values by the rule's map, findings beside them, one message for each status and side. */
#include "plugin/intake/record.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/base/json.h"
#include "plugin/intake/watch.h"

struct making {
    const struct es_intake_rule *rule;
    const struct es_config *config;
    const struct es_record *record;
    const struct es_intake_sink *sink;
    cJSON **values; /* [n_slots]; owned until put into a message */
    enum es_event_kind kind;
    bool memory;    /* ran out */
    struct es_error *err;
};

static cJSON *add(struct making *m, cJSON *object, const char *key, cJSON *item)
{
    if (item != NULL && object != NULL && cJSON_AddItemToObject(object, key, item)) return item;
    cJSON_Delete(item);
    m->memory = true;
    return NULL;
}

static const cJSON *mapped(const struct making *m, const char *group, const char *key)
{
    for (size_t i = 0; i < m->rule->n_slots; i++)
        if (strcmp(m->rule->slots[i].group, group) == 0 && strcmp(m->rule->slots[i].key, key) == 0) return m->values[i];
    return NULL;
}

static bool maps(const struct es_intake_rule *rule, const char *key)
{
    for (size_t i = 0; i < rule->n_slots; i++)
        if (rule->slots[i].group[0] == '\0' && strcmp(rule->slots[i].key, key) == 0) return true;
    return false;
}

static bool same_text(const cJSON *item, const char *text)
{
    return cJSON_IsString(item) && strcmp(item->valuestring, text) == 0;
}

/* ---- what kind of message ---- */

/* A result that is not ok is a failure; without a rule's word a device speaks results and a person references. */
static enum es_event_kind kind_of(const struct making *m)
{
    enum es_event_kind kind = m->rule->event;
    if (kind == 0) {
        const cJSON *author = cJSON_GetObjectItemCaseSensitive(m->record->current, "device");
        kind = author != NULL ? ES_EVENT_RESULT : ES_EVENT_REFERENCE;
    }
    const cJSON *status = kind == ES_EVENT_RESULT ? mapped(m, "", "status") : NULL;
    return status != NULL && !same_text(status, "ok") ? ES_EVENT_FAILURE : kind;
}

/* ---- the message ---- */

static cJSON *group_of(struct making *m, cJSON *message, const char *group)
{
    if (group[0] == '\0') return message;
    cJSON *object = cJSON_GetObjectItemCaseSensitive(message, group);
    return object != NULL ? object : add(m, message, group, cJSON_CreateObject());
}

static bool schema_has(const struct making *m, const struct es_intake_slot *slot)
{
    const bool attribute = slot->type == ES_MESSAGE_ATTRIBUTES;
    if (slot->group[0] != '\0' && es_message_key(m->kind, "", slot->group, NULL) == ES_MESSAGE_NONE) return false;
    return attribute || es_message_key(m->kind, slot->group, slot->key, NULL) != ES_MESSAGE_NONE;
}

/* Constants of the rule, for what was not mapped to something. */
static void add_constants(struct making *m, cJSON *message)
{
    const struct es_intake_rule *rule = m->rule;
    const bool result = m->kind == ES_EVENT_RESULT || m->kind == ES_EVENT_FAILURE;
    if (result && (rule->model[0] != '\0' || rule->version[0] != '\0')) {
        cJSON *model = group_of(m, message, "model");
        const char *const texts[][2] = {{"name", rule->model}, {"version", rule->version}};
        for (size_t i = 0; model != NULL && i < 2; i++) {
            if (texts[i][1][0] == '\0') continue;
            cJSON_DeleteItemFromObjectCaseSensitive(model, texts[i][0]);
            (void)add(m, model, texts[i][0], cJSON_CreateString(texts[i][1]));
        }
    }
    if (rule->source[0] != '\0' && es_message_key(m->kind, "", "source", NULL) != ES_MESSAGE_NONE &&
        cJSON_GetObjectItemCaseSensitive(message, "source") == NULL)
        (void)add(m, message, "source", cJSON_CreateString(rule->source));
    if (cJSON_GetObjectItemCaseSensitive(message, "event_id") != NULL && cJSON_GetObjectItemCaseSensitive(message, "event_source") == NULL)
        (void)add(m, message, "event_source", cJSON_CreateString(rule->name));
}

/* All but findings. */
static cJSON *base_message(struct making *m)
{
    cJSON *message = cJSON_CreateObject();
    if (message == NULL) m->memory = true;
    if (message != NULL) (void)add(m, message, "event", cJSON_CreateString(es_event_kind_name(m->kind)));
    for (size_t i = 0; !m->memory && i < m->rule->n_slots; i++) {
        const struct es_intake_slot *slot = &m->rule->slots[i];
        if (m->values[i] == NULL || strcmp(slot->group, "findings") == 0 || !schema_has(m, slot)) continue;
        cJSON *object = group_of(m, message, slot->group);
        (void)add(m, object, slot->key, m->values[i]);
        m->values[i] = NULL;
    }
    if (!m->memory) add_constants(m, message);
    return message;
}

/* Findings of the map: those that hold more than their name. */
static void mapped_findings(struct making *m, struct es_stated *room, size_t *count)
{
    for (size_t f = 0; !m->memory && f < m->rule->n_findings_mapped; f++) {
        cJSON *finding = cJSON_CreateObject();
        bool more = false;
        if (finding == NULL) m->memory = true;
        for (size_t i = 0; finding != NULL && i < m->rule->n_slots; i++) {
            const struct es_intake_slot *slot = &m->rule->slots[i];
            if (strcmp(slot->group, "findings") != 0 || slot->finding != f || m->values[i] == NULL || !schema_has(m, slot)) continue;
            /* units and thresholds beside nothing say nothing */
            more |= strcmp(slot->key, "finding") != 0 && strcmp(slot->key, "units") != 0 && strcmp(slot->key, "threshold") != 0;
            (void)add(m, finding, slot->key, m->values[i]);
            m->values[i] = NULL;
        }
        if (more && !m->memory) room[(*count)++] = (struct es_stated){.finding = finding};
        else es_json_free(finding);
    }
}

/* ---- handing on ---- */

static enum es_errc hand_on(struct making *m, const cJSON *message)
{
    return m->sink->take(m->sink->context, m->record->where, message, m->err);
}

static bool same_place(const struct es_stated *a, const struct es_stated *b)
{
    return a->side == b->side && (a->status == b->status || (a->status != NULL && b->status != NULL && strcmp(a->status, b->status) == 0));
}

static const char *record_status(const struct making *m)
{
    const cJSON *status = cJSON_GetObjectItemCaseSensitive(m->record->current, "status");
    return cJSON_IsString(status) ? status->valuestring : NULL;
}

/* The message of one status and side, from `first` on. */
static enum es_errc take_group(struct making *m, const cJSON *base, struct es_stated *stated, size_t count, size_t first)
{
    cJSON *message = cJSON_Duplicate(base, true), *unit = NULL, *findings = NULL;
    const char side[2] = {stated[first].side, '\0'};
    const char *status = stated[first].status;
    if (message == NULL) m->memory = true;
    else findings = add(m, message, "findings", cJSON_CreateArray());
    if (!m->memory && side[0] != '\0' && cJSON_GetObjectItemCaseSensitive(message, "unit") == NULL) {
        unit = add(m, message, "unit", cJSON_CreateObject());
        (void)add(m, unit, "type", cJSON_CreateString("side"));
        (void)add(m, unit, "id", cJSON_CreateString(side));
    }
    if (!m->memory && m->kind == ES_EVENT_REFERENCE && status != NULL && cJSON_GetObjectItemCaseSensitive(message, "status") == NULL)
        (void)add(m, message, "status", cJSON_CreateString(status));
    for (size_t i = count; !m->memory && i-- > first;) { /* `first` is compared last: its finding is moved too */
        if (stated[i].finding == NULL || !same_place(&stated[i], &stated[first])) continue;
        if (!cJSON_AddItemToArray(findings, stated[i].finding)) m->memory = true;
        else stated[i].finding = NULL;
    }
    const enum es_errc code = m->memory ? es_fail(m->err, ES_E_MEMORY, "memory ran out") : hand_on(m, message);
    es_json_free(message);
    return code;
}

/* What is cancelled: a reference by its status, a result by taking back what was sent under its id. */
static enum es_errc take_cancelled(struct making *m, cJSON *base)
{
    if (m->kind == ES_EVENT_REFERENCE) {
        if (cJSON_GetObjectItemCaseSensitive(base, "status") == NULL) (void)add(m, base, "status", cJSON_CreateString("cancelled"));
        return m->memory ? es_fail(m->err, ES_E_MEMORY, "memory ran out") : hand_on(m, base);
    }
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(base, "event_id");
    if (!cJSON_IsString(id)) {
        m->sink->silent(m->sink->context, m->record->where);
        return ES_OK;
    }
    cJSON *message = cJSON_CreateObject();
    if (message == NULL) m->memory = true;
    else (void)add(m, message, "event", cJSON_CreateString("retract"));
    if (!m->memory) (void)add(m, message, "retract_event_id", cJSON_CreateString(id->valuestring));
    if (!m->memory) (void)add(m, message, "event_source", cJSON_CreateString(m->rule->name));
    if (!m->memory) (void)add(m, message, "reason", cJSON_CreateString("cancelled"));
    const enum es_errc code = m->memory ? es_fail(m->err, ES_E_MEMORY, "memory ran out") : hand_on(m, message);
    es_json_free(message);
    return code;
}

static const struct es_model_config *model_of(const struct making *m, const cJSON *base)
{
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(base, "model"), "name");
    const int index = cJSON_IsString(name) ? es_config_model(m->config, name->valuestring) : -1;
    return index >= 0 ? &m->config->models[index] : NULL;
}

/* A result without findings says that something came; but not where findings were looked for and none stood there, unless
 * silence is an answer. */
static bool empty_speaks(const struct making *m, const struct es_model_config *model)
{
    bool looked = m->rule->n_findings_mapped > 0 || m->rule->n_findings > 0;
    if (m->kind != ES_EVENT_RESULT) return m->kind != ES_EVENT_REFERENCE;
    for (size_t i = 0; model != NULL && i < model->n_findings; i++) {
        if (model->findings[i].absence == ES_ABSENCE_NEGATIVE) return true;
        for (size_t r = 0; r < model->findings[i].n_from; r++) looked |= model->findings[i].from[r].kind == ES_FROM_JSON;
    }
    return !looked;
}

static enum es_errc refuse(struct making *m, enum es_errc code, const struct es_error *why)
{
    if (code == ES_E_MEMORY) return es_fail(m->err, code, "%s", why->text);
    m->sink->refuse(m->sink->context, m->record->where, why);
    return ES_OK;
}

/* FailedWhen of the model said yes: the result becomes a failure. */
static enum es_errc take_failed(struct making *m, cJSON *base)
{
    static const char *const no_longer[] = {"event", "demographics", "acquisition", "status"};
    for (size_t i = 0; i < sizeof no_longer / sizeof no_longer[0]; i++) cJSON_DeleteItemFromObjectCaseSensitive(base, no_longer[i]);
    (void)add(m, base, "event", cJSON_CreateString("failure"));
    (void)add(m, base, "status", cJSON_CreateString("failed"));
    (void)add(m, base, "reason", cJSON_CreateString("failed_when"));
    return m->memory ? es_fail(m->err, ES_E_MEMORY, "memory ran out") : hand_on(m, base);
}

/* What has no status of its own has the record's; in a corrected report, what is final is part of the correction. */
static void settle_status(struct es_stated *stated, size_t count, const char *status)
{
    for (size_t i = 0; status != NULL && i < count; i++)
        if (stated[i].status == NULL || (strcmp(status, "corrected") == 0 && strcmp(stated[i].status, "final") == 0)) stated[i].status = status;
}

static enum es_errc take_findings(struct making *m, cJSON *base, struct es_stated *stated)
{
    size_t count = 0;
    struct es_error why = {0};
    const struct es_model_config *model = model_of(m, base);
    enum es_errc code = ES_OK;
    const char *status = record_status(m);
    if (status != NULL && strcmp(status, "cancelled") == 0) return take_cancelled(m, base);
    if (m->kind == ES_EVENT_RESULT && model != NULL && es_json_says_failed(model, m->record->answers != NULL ? m->record->answers : m->record->current))
        return take_failed(m, base);
    if (m->kind == ES_EVENT_RESULT || m->kind == ES_EVENT_REFERENCE) {
        mapped_findings(m, stated, &count);
        if (!m->memory && m->rule->n_findings_mapped == 0)
            code = es_record_findings(m->rule, m->config, m->kind, model, m->record, m->sink->watch, stated, &count, &why);
    }
    settle_status(stated, count, status);
    if (m->memory) code = es_fail(m->err, ES_E_MEMORY, "memory ran out");
    else if (code != ES_OK) code = refuse(m, code, &why);
    else if (count == 0 && !empty_speaks(m, model)) m->sink->silent(m->sink->context, m->record->where);
    else if (count == 0) code = hand_on(m, base);
    else
        for (size_t i = 0; code == ES_OK && i < count; i++)
            if (stated[i].finding != NULL) code = take_group(m, base, stated, count, i);
    for (size_t i = 0; i < count; i++) es_json_free(stated[i].finding);
    return code;
}

static enum es_errc take_values(struct making *m)
{
    struct es_error why = {0};
    for (size_t i = 0; i < m->rule->n_slots; i++) {
        const enum es_errc code = es_record_value(m->rule, &m->rule->slots[i], m->record, &m->values[i], &why);
        es_watch_value(m->sink->watch, i, m->values[i] != NULL);
        if (code != ES_OK) return refuse(m, code, &why);
    }
    m->kind = kind_of(m);
    /* a status that was mapped and says nothing: not yet an outcome */
    if ((m->rule->event == ES_EVENT_RESULT || m->rule->event == ES_EVENT_REFERENCE) && maps(m->rule, "status") && mapped(m, "", "status") == NULL) {
        m->sink->silent(m->sink->context, m->record->where);
        return ES_OK;
    }
    struct es_stated *stated = calloc(ES_MAX_EVENT_FINDINGS, sizeof *stated);
    cJSON *base = base_message(m);
    const enum es_errc code =
        stated == NULL || m->memory ? es_fail(m->err, ES_E_MEMORY, "memory ran out") : take_findings(m, base, stated);
    es_json_free(base);
    free(stated);
    return code;
}

enum es_errc es_record_take(const struct es_intake_rule *rule, const struct es_config *config, const struct es_record *record,
                            const struct es_intake_sink *sink, struct es_error *err)
{
    struct making m = {.rule = rule, .config = config, .record = record, .sink = sink, .err = err};
    const bool wanted = es_record_wanted(rule, record);
    es_watch_record(sink->watch, record->where, wanted);
    if (!wanted) return ES_OK;
    m.values = calloc(rule->n_slots + 1, sizeof(cJSON *));
    if (m.values == NULL) return es_fail(err, ES_E_MEMORY, "memory ran out");
    const enum es_errc code = take_values(&m);
    for (size_t i = 0; i < rule->n_slots; i++) es_json_free(m.values[i]);
    free(m.values);
    return code;
}
