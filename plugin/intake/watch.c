/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/intake/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/json.h"
#include "plugin/intake/intake.h"

struct es_intake_watch {
    cJSON *rules;       /* list, borrowed from the whole */
    const struct es_intake_rule *rule;
    cJSON *entry;       /* of the rule at hand */
    cJSON *record;      /* at hand; NULL: not listed */
    cJSON *observation; /* at hand; NULL: none, or not listed */
    uint64_t read, unwanted, silent, messages, refused;
    bool open;          /* a record has no outcome yet */
    uint64_t *with;     /* [slots]: records that had a value */
    size_t n_with;
    bool bad;           /* memory ran out */
    const struct es_config *config;
    struct es_key *key; /* of zeroes: nothing is kept under it */
};

/* ---- the tree ---- */

static cJSON *put(struct es_intake_watch *w, cJSON *into, const char *key, cJSON *item)
{
    if (item != NULL && into != NULL && (key == NULL ? cJSON_AddItemToArray(into, item) : cJSON_AddItemToObject(into, key, item))) return item;
    w->bad = true;
    cJSON_Delete(item);
    return NULL;
}

static void put_text(struct es_intake_watch *w, cJSON *into, const char *key, const char *text) { (void)put(w, into, key, cJSON_CreateString(text)); }
static void put_count(struct es_intake_watch *w, cJSON *into, const char *key, uint64_t n) { (void)put(w, into, key, cJSON_CreateNumber((double)n)); }

static cJSON *list_of(struct es_intake_watch *w, cJSON *object, const char *key)
{
    cJSON *list = cJSON_GetObjectItemCaseSensitive(object, key);
    return list != NULL ? list : put(w, object, key, cJSON_CreateArray());
}

/* "demographics.PatientSex", "findings.effusion.score" as the map names them. */
static void name_slot(const struct es_intake_slot *slot, char *out, size_t size)
{
    if (slot->group[0] == '\0') (void)snprintf(out, size, "%s", slot->key);
    else if (strcmp(slot->group, "findings") == 0) (void)snprintf(out, size, "findings[%u].%s", slot->finding, slot->key);
    else (void)snprintf(out, size, "%s.%s", slot->group, slot->key);
}

/* ---- a rule ---- */

static void list_sources(struct es_intake_watch *w, cJSON *key, const struct es_intake_slot *slot)
{
    static const char *const kinds[] = {[ES_TAKE_COLUMN] = "column", [ES_TAKE_PATH] = "path",       [ES_TAKE_FIELD] = "field",
                                        [ES_TAKE_CONTENT] = "content", [ES_TAKE_FILE] = "file name", [ES_TAKE_CONSTANT] = "constant"};
    cJSON *from = list_of(w, key, "from");
    for (size_t i = 0; i < slot->n_sources; i++) {
        char text[ES_JSON_PATH_SIZE + 16];
        const struct es_intake_source *source = &slot->sources[i];
        (void)snprintf(text, sizeof text, "%s%s%s", kinds[source->kind], source->text[0] != '\0' ? " " : "", source->text);
        put_text(w, from, NULL, text);
    }
}

/* What is known of a rule when its file ends. */
static void end_rule(struct es_intake_watch *w)
{
    if (w->rule == NULL) return;
    cJSON *records = put(w, w->entry, "counts", cJSON_CreateObject()), *keys = put(w, w->entry, "keys", cJSON_CreateArray());
    put_count(w, records, "records", w->read);
    put_count(w, records, "not_let_in_by_where", w->unwanted);
    put_count(w, records, "silent", w->silent);
    put_count(w, records, "messages", w->messages);
    put_count(w, records, "refused", w->refused);
    for (size_t i = 0; i < w->n_with; i++) {
        char name[2 * ES_NAME_SIZE];
        cJSON *key = put(w, keys, NULL, cJSON_CreateObject());
        name_slot(&w->rule->slots[i], name, sizeof name);
        put_text(w, key, "key", name);
        list_sources(w, key, &w->rule->slots[i]);
        put_count(w, key, "with_a_value", w->with[i]);
        put_count(w, key, "without", w->read - w->unwanted - w->with[i]);
    }
    free(w->with);
    w->with = NULL;
    w->rule = NULL;
    w->entry = w->record = w->observation = NULL;
    w->read = w->unwanted = w->silent = w->messages = w->refused = w->n_with = 0;
    w->open = false;
}

void es_watch_rule(struct es_intake_watch *w, const struct es_intake_rule *rule)
{
    if (w == NULL) return;
    end_rule(w);
    w->rule = rule;
    w->n_with = rule->n_slots;
    w->with = calloc(rule->n_slots + 1, sizeof *w->with);
    if (w->with == NULL) {
        w->bad = true;
        w->n_with = 0;
    }
    w->entry = put(w, w->rules, NULL, cJSON_CreateObject());
    put_text(w, w->entry, "rule", rule->name);
    put_text(w, w->entry, "kind", es_intake_kind_name(rule->kind));
    (void)list_of(w, w->entry, "records");
}

static bool names_column(const struct es_intake_rule *rule, const char *name)
{
    const struct es_intake_source *others[] = {rule->where, rule->text};
    for (size_t i = 0; i < rule->n_slots; i++)
        for (size_t k = 0; k < rule->slots[i].n_sources; k++)
            if (rule->slots[i].sources[k].kind == ES_TAKE_COLUMN && strcmp(rule->slots[i].sources[k].text, name) == 0) return true;
    for (size_t i = 0; i < 2; i++)
        if (others[i] != NULL && others[i]->kind == ES_TAKE_COLUMN && strcmp(others[i]->text, name) == 0) return true;
    return false;
}

void es_watch_columns(struct es_intake_watch *w, const char *const *names, size_t count)
{
    if (w == NULL) return;
    cJSON *unread = list_of(w, w->entry, "unread_columns");
    for (size_t i = 0; i < count; i++)
        if (!names_column(w->rule, names[i])) put_text(w, unread, NULL, names[i]);
}

/* ---- a record ---- */

void es_watch_record(struct es_intake_watch *w, uint64_t where, bool wanted)
{
    if (w == NULL) return;
    w->read++;
    w->unwanted += !wanted;
    w->open = wanted;
    w->observation = w->record = NULL;
    if (w->read > ES_WATCH_LISTED) return;
    w->record = put(w, list_of(w, w->entry, "records"), NULL, cJSON_CreateObject());
    if (where > 0) put_count(w, w->record, "at", where);
    if (!wanted) put_text(w, w->record, "outcome", "not let in by Where");
}

void es_watch_value(struct es_intake_watch *w, size_t slot, bool there)
{
    if (w == NULL) return;
    if (there && slot < w->n_with) w->with[slot]++;
    if (w->record == NULL || there) return;
    char name[2 * ES_NAME_SIZE];
    name_slot(&w->rule->slots[slot], name, sizeof name);
    put_text(w, list_of(w, w->record, "without"), NULL, name);
}

void es_watch_observation(struct es_intake_watch *w, const cJSON *codes)
{
    if (w == NULL || w->record == NULL) return;
    w->observation = put(w, list_of(w, w->record, "observations"), NULL, cJSON_CreateObject());
    (void)put(w, w->observation, "Codes", codes != NULL ? cJSON_Duplicate(codes, true) : cJSON_CreateArray());
    put_text(w, w->observation, "read", "by no finding of the rule");
}

/* As what: the key of the schema that holds the answer. */
static const char *as_what(const cJSON *found)
{
    static const char *const keys[] = {"label", "decision", "score", "value", "level", "category", "evaluable"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (cJSON_HasObjectItem(found, keys[i])) return keys[i];
    return "finding";
}

void es_watch_finding(struct es_intake_watch *w, const char *in, const char *finding, const cJSON *found, const char *why)
{
    if (w == NULL || w->record == NULL) return;
    const bool here = strcmp(in, "observation") == 0;
    if (here) cJSON_DeleteItemFromObjectCaseSensitive(w->observation, "read");
    cJSON *one = put(w, list_of(w, here ? w->observation : w->record, here ? "read_as" : "findings"), NULL, cJSON_CreateObject());
    put_text(w, one, "finding", finding);
    if (!here) put_text(w, one, "in", in);
    if (found != NULL) put_text(w, one, "as", as_what(found));
    else put_text(w, one, "left_out", why != NULL && why[0] != '\0' ? why : "nothing is stated");
}

/* ---- what becomes of it ---- */

/* What the ledger would say of it. @param read  written */
static enum es_errc judge(const struct es_intake_watch *w, struct es_message *read, const cJSON *message, struct es_error *why)
{
    struct es_event *event = calloc(1, sizeof *event);
    enum es_errc code = event == NULL ? es_fail(why, ES_E_MEMORY, "memory ran out") : es_message_from_tree(read, message, why);
    if (code == ES_OK) {
        code = es_event_make(event, read, w->config, w->key, why);
        if (code == ES_OK) es_event_clear(event);
        else es_message_clear(read);
    }
    free(event);
    return code;
}

static enum es_errc on_message(void *context, uint64_t where, const cJSON *message, struct es_error *err)
{
    struct es_intake_watch *w = context;
    struct es_message *read = malloc(sizeof *read);
    struct es_error why = {0};
    (void)where;
    if (read == NULL) return es_fail(err, ES_E_MEMORY, "memory ran out");
    const bool good = judge(w, read, message, &why) == ES_OK;
    w->messages += good;
    w->refused += !good;
    w->open = false;
    if (w->record != NULL) {
        cJSON *one = put(w, list_of(w, w->record, "messages"), NULL, cJSON_CreateObject());
        put_text(w, one, "event", cJSON_GetObjectItemCaseSensitive(message, "event")->valuestring);
        if (good && read->model_name[0] != '\0') put_text(w, one, "model", read->model_name);
        if (good && read->n_findings > 0) put_count(w, one, "findings", read->n_findings);
        if (!good) put_text(w, one, "refused", why.text);
    }
    if (good) es_message_clear(read);
    free(read);
    return why.code == ES_E_MEMORY ? es_fail(err, ES_E_MEMORY, "memory ran out") : ES_OK;
}

static void on_refusal(void *context, uint64_t where, const struct es_error *why)
{
    struct es_intake_watch *w = context;
    cJSON *into = w->open ? w->record : NULL;
    w->refused++;
    if (into == NULL && (w->open || w->refused > ES_WATCH_LISTED)) return; /* not listed */
    if (into == NULL) { /* no record: the file, its header, a row that is none */
        into = put(w, list_of(w, w->entry, "refused"), NULL, cJSON_CreateObject());
        if (where > 0) put_count(w, into, "at", where);
    }
    put_text(w, into, "refused", why->text);
    w->open = false;
}

static void on_silence(void *context, uint64_t where)
{
    struct es_intake_watch *w = context;
    (void)where;
    w->silent++;
    w->open = false;
    if (w->record != NULL) put_text(w, w->record, "outcome", "says nothing of a finding");
}

static void on_progress(void *context, uint64_t done, uint64_t total)
{
    (void)context;
    (void)done;
    (void)total;
}

enum es_errc es_intake_explain(cJSON **out, const struct es_config *config, const char *path, struct es_error *err)
{
    static const uint8_t zeroes[ES_KEY_SIZE];
    struct es_intake_watch watch = {.config = config};
    const struct es_intake_sink sink = {&watch, on_message, on_refusal, on_silence, on_progress, &watch};
    cJSON *whole = cJSON_CreateObject();
    put_text(&watch, whole, "file", path);
    watch.rules = put(&watch, whole, "rules", cJSON_CreateArray());
    enum es_errc code = watch.bad ? ES_E_MEMORY : es_key_from_bytes(&watch.key, zeroes, err);
    if (code == ES_OK) code = es_intake_file(config, path, &sink, err);
    end_rule(&watch);
    es_key_close(watch.key);
    if (code == ES_OK && !watch.bad) {
        *out = whole;
        return ES_OK;
    }
    es_json_free(whole);
    return code != ES_OK && code != ES_E_MEMORY ? code : es_fail(err, ES_E_MEMORY, "explain: no memory");
}
