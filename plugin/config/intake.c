/* SPDX-License-Identifier: Apache-2.0 */
/* "Intake": which files are read how. */
#include "plugin/config/intake.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/base/charset.h"
#include "plugin/event/names.h"

#define MAX_RULES 64

#define COUNT_OF(table) (sizeof table / sizeof table[0])

static const char *const kinds[] = {"csv", "json", "jsonl", "hl7", "fhir", "mercure", "monai", "text", "png", NULL}; /* enum es_intake_kind */
static const char *const events[] = {"exam", "result", "reference", "alias", "patient_alias", "demographics", "retract", NULL};
static const enum es_event_kind event_kinds[] = {ES_EVENT_EXAM,          ES_EVENT_RESULT,       ES_EVENT_REFERENCE, ES_EVENT_ALIAS,
                                                 ES_EVENT_PATIENT_ALIAS, ES_EVENT_DEMOGRAPHICS, ES_EVENT_RETRACT};
static const char *const decimals[] = {".", ",", NULL};
static const char *const delimiters[] = {",", ";", "|", "tab", NULL};

const char *es_intake_kind_name(enum es_intake_kind kind)
{
    return kind < ES_INTAKE_KINDS ? kinds[kind] : "unknown";
}

void es_intake_source_clear(struct es_intake_source *source)
{
    es_json_path_free(source->path);
    es_pattern_free(source->pattern);
    cJSON_Delete(source->constant);
    cJSON_Delete(source->present);
    cJSON_Delete(source->otherwise);
    cJSON_Delete(source->values);
    cJSON_Delete(source->is);
    *source = (struct es_intake_source){0};
}

static void free_source(struct es_intake_source *source)
{
    if (source != NULL) es_intake_source_clear(source);
    free(source);
}

void es_intake_rule_clear(struct es_intake_rule *rule)
{
    for (size_t i = 0; i < rule->n_slots; i++) {
        for (size_t k = 0; k < rule->slots[i].n_sources; k++) es_intake_source_clear(&rule->slots[i].sources[k]);
        free(rule->slots[i].sources);
    }
    free(rule->slots);
    free_source(rule->where);
    free_source(rule->text);
    free(rule->findings);
    es_json_path_free(rule->each);
    es_text_reader_free(rule->reader);
    cJSON_Delete(rule->blank);
    cJSON_Delete(rule->columns);
    cJSON_Delete(rule->document);
    *rule = (struct es_intake_rule){0};
}

/* A rule while it is read: choices as indices, parts that need others first. */
struct rule_reading {
    struct es_intake_rule *rule;
    char name[ES_NAME_SIZE], source[ES_NAME_SIZE], model[ES_NAME_SIZE], version[ES_NAME_SIZE], charset[33];
    int32_t kind, event, decimal, delimiter;
    const cJSON *files, *map, *findings, *language, *where, *text, *each;
};

/* Keeps what is read once the kind is known. */
static enum es_errc keep(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct rule_reading *r = into;
    const struct {
        const char *key;
        const cJSON **where;
    } parts[] = {{"Files", &r->files}, {"Map", &r->map},   {"Findings", &r->findings}, {"Language", &r->language},
                 {"Where", &r->where}, {"Text", &r->text}, {"Each", &r->each}};
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (strcmp(parts[i].key, place->key) == 0) {
            *parts[i].where = item;
            return ES_OK;
        }
    return config_wrong(reader, place, "unknown part");
}

/* A list of texts, copied. */
static enum es_errc read_texts(struct config_reader *reader, const cJSON *item, const struct config_place *place, size_t least, size_t most,
                               cJSON **out)
{
    char text[ES_JSON_PATH_SIZE];
    size_t count = 0, i = 0;
    enum es_errc code = config_list(reader, item, place, least, most, &count);
    for (const cJSON *entry = code == ES_OK ? item->child : NULL; code == ES_OK && entry != NULL; entry = entry->next, i++) {
        const struct config_place here = {place, NULL, i};
        code = config_text(reader, entry, &here, false, text, sizeof text);
    }
    if (code != ES_OK) return code;
    *out = cJSON_Duplicate(item, true);
    return *out != NULL ? ES_OK : config_memory(reader);
}

static enum es_errc read_blank(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    return read_texts(reader, item, place, 0, ES_INTAKE_LISTED, &((struct rule_reading *)into)->rule->blank);
}

static enum es_errc read_columns(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    return read_texts(reader, item, place, 1, ES_INTAKE_COLUMNS, &((struct rule_reading *)into)->rule->columns);
}

#define R(field) offsetof(struct rule_reading, field), sizeof((struct rule_reading *)0)->field
static const struct config_key rule_keys[] = {
    {"Name", CONFIG_NAME, true, R(name), 0, 0, NULL, NULL},
    {"Kind", CONFIG_CHOICE, true, offsetof(struct rule_reading, kind), 0, 0, 0, kinds, NULL},
    {"Files", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, keep},
    {"Event", CONFIG_CHOICE, false, offsetof(struct rule_reading, event), 0, 0, 0, events, NULL},
    {"Source", CONFIG_NAME, false, R(source), 0, 0, NULL, NULL},
    {"Model", CONFIG_NAME, false, R(model), 0, 0, NULL, NULL},
    {"Version", CONFIG_NAME, false, R(version), 0, 0, NULL, NULL},
    {"Delimiter", CONFIG_CHOICE, false, offsetof(struct rule_reading, delimiter), 0, 0, 0, delimiters, NULL},
    {"Charset", CONFIG_NAME, false, R(charset), 0, 0, NULL, NULL},
    {"Decimal", CONFIG_CHOICE, false, offsetof(struct rule_reading, decimal), 0, 0, 0, decimals, NULL},
    {"Blank", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_blank},
    {"Columns", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_columns},
    {"Each", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, keep},
    {"Where", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, keep},
    {"Map", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, keep},
    {"Text", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, keep},
    {"Findings", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, keep},
    {"Language", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, keep},
};

static enum es_errc read_files(struct config_reader *reader, const cJSON *item, const struct config_place *place, struct es_intake_rule *rule)
{
    const struct config_place here = {place, "Files", 0};
    size_t count = 0, i = 0;
    if (item == NULL) return reader->stored ? ES_OK : config_wrong(reader, &here, "found nothing, expected this key");
    enum es_errc code = config_list(reader, item, &here, 1, ES_INTAKE_FILES, &count);
    for (const cJSON *entry = code == ES_OK ? item->child : NULL; code == ES_OK && entry != NULL; entry = entry->next, i++) {
        const struct config_place at = {&here, NULL, i};
        code = config_text(reader, entry, &at, false, rule->files[i], sizeof rule->files[i]);
        if (code == ES_OK && rule->files[i][0] == '\0') code = config_fault(reader, &at, entry, "a pattern of file names, such as \"*.csv\"");
        rule->n_files = i + 1;
    }
    return code;
}

/* "HL7": fields; "$" and "@": paths; keys that only CSV has, and so on. */
static enum es_errc check_kind(struct config_reader *reader, const cJSON *item, const struct config_place *place, const struct rule_reading *r)
{
    static const struct {
        const char *key;
        uint32_t kinds;
    } only[] = {{"Delimiter", 1u << ES_INTAKE_CSV},
                {"Decimal", 1u << ES_INTAKE_CSV},
                {"Columns", 1u << ES_INTAKE_CSV},
                {"Each", 1u << ES_INTAKE_JSON | 1u << ES_INTAKE_JSONL | 1u << ES_INTAKE_MERCURE | 1u << ES_INTAKE_MONAI},
                {"Charset", 1u << ES_INTAKE_CSV | 1u << ES_INTAKE_HL7 | 1u << ES_INTAKE_TEXT}};
    for (size_t i = 0; i < COUNT_OF(only); i++) {
        const struct config_place here = {place, only[i].key, 0};
        if (cJSON_GetObjectItemCaseSensitive(item, only[i].key) != NULL && (only[i].kinds & 1u << r->kind) == 0)
            return config_wrong(reader, &here, "no key of Kind \"%s\"", kinds[r->kind]);
    }
    return ES_OK;
}

static enum es_errc check_charset(struct config_reader *reader, const struct config_place *place, const char *name)
{
    const struct config_place here = {place, "Charset", 0};
    if (name[0] != '\0' && !es_charset_known(name)) return config_wrong(reader, &here, "found \"%s\", which is no character set here, expected one that iconv -l lists", name);
    return ES_OK;
}

static enum es_errc read_event(struct config_reader *reader, const cJSON *item, const struct config_place *place, struct rule_reading *r)
{
    const struct config_place here = {place, "Event", 0}, source = {place, "Source", 0}, model = {place, "Model", 0};
    if (cJSON_GetObjectItemCaseSensitive(item, "Event") != NULL) r->rule->event = event_kinds[r->event];
    else if (r->kind == ES_INTAKE_MERCURE || r->kind == ES_INTAKE_MONAI) r->rule->event = ES_EVENT_RESULT;
    else if (r->kind != ES_INTAKE_FHIR) return config_wrong(reader, &here, "found nothing, expected this key");
    if (r->source[0] != '\0' && !es_is_token(r->source))
        return config_wrong(reader, &source, "found \"%s\", expected at most 32 of A-Z a-z 0-9 _ . + -", r->source);
    if (r->model[0] != '\0' && es_config_model(reader->config, r->model) < 0)
        return config_wrong(reader, &model, "found \"%s\", expected the name of a model", r->model);
    return ES_OK;
}

static enum es_errc read_one_source(struct config_reader *reader, const cJSON *item, const struct config_place *place, const char *key,
                                    const struct es_intake_rule *rule, struct es_intake_source **out)
{
    const struct config_place here = {place, key, 0};
    if (item == NULL) return ES_OK;
    *out = calloc(1, sizeof **out);
    return *out != NULL ? config_read_source(reader, item, &here, rule->kind, *out) : config_memory(reader);
}

static enum es_errc read_each(struct config_reader *reader, const cJSON *item, const struct config_place *place, struct es_intake_rule *rule)
{
    const struct config_place here = {place, "Each", 0};
    char text[ES_JSON_PATH_SIZE];
    struct es_error why = {0};
    if (item == NULL) return ES_OK;
    enum es_errc code = config_text(reader, item, &here, false, text, sizeof text);
    if (code != ES_OK) return code;
    code = es_json_path_new(&rule->each, text, &why);
    return code == ES_E_CONFIG ? config_wrong(reader, &here, "%s", why.text) : code == ES_OK ? ES_OK : config_memory(reader);
}

static enum es_errc keep_document(struct config_reader *reader, const cJSON *item, struct es_intake_rule *rule)
{
    rule->document = cJSON_Duplicate(item, true);
    if (rule->document == NULL) return config_memory(reader);
    cJSON_DeleteItemFromObjectCaseSensitive(rule->document, "Files");
    return ES_OK;
}

static enum es_errc read_rule(struct config_reader *reader, const cJSON *item, const struct config_place *place, struct es_intake_rule *rule)
{
    struct rule_reading r = {.rule = rule};
    const struct config_place where = {place, "Where", 0};
    enum es_errc code = config_object(reader, item, place, rule_keys, COUNT_OF(rule_keys), &r);
    if (code != ES_OK) return code;
    rule->kind = (enum es_intake_kind)r.kind;
    rule->delimiter = delimiters[r.delimiter][0] == 't' ? '\t' : delimiters[r.delimiter][0];
    rule->decimal = decimals[r.decimal][0];
    memcpy(rule->name, r.name, sizeof rule->name);
    memcpy(rule->source, r.source, sizeof rule->source);
    memcpy(rule->model, r.model, sizeof rule->model);
    memcpy(rule->version, r.version, sizeof rule->version);
    memcpy(rule->charset, r.charset, sizeof rule->charset);
    code = check_kind(reader, item, place, &r);
    if (code == ES_OK) code = read_event(reader, item, place, &r);
    if (code == ES_OK) code = check_charset(reader, place, r.charset);
    if (code == ES_OK) code = read_files(reader, r.files, place, rule);
    if (code == ES_OK) code = read_each(reader, r.each, place, rule);
    if (code == ES_OK) code = read_one_source(reader, r.where, place, "Where", rule, &rule->where);
    if (code == ES_OK && rule->where != NULL && rule->where->is == NULL)
        code = config_wrong(reader, &where, "found no \"Is\", expected the list of texts that let a record in");
    if (code == ES_OK) code = read_one_source(reader, r.text, place, "Text", rule, &rule->text);
    if (code == ES_OK) code = config_read_map(reader, r.map, place, rule);
    if (code == ES_OK) code = config_read_intake_findings(reader, r.findings, r.language, place, rule);
    return code == ES_OK ? keep_document(reader, item, rule) : code;
}

enum es_errc config_read_intake(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_config *config = into;
    size_t count = 0, i = 0;
    enum es_errc code = config_list(reader, item, place, 0, MAX_RULES, &count);
    if (code != ES_OK || count == 0) return code;
    config->intake = calloc(count, sizeof *config->intake);
    if (config->intake == NULL) return config_memory(reader);
    for (const cJSON *entry = item->child; entry != NULL; entry = entry->next, i++) {
        const struct config_place here = {place, NULL, i};
        config->n_intake = i + 1; /* what was begun is freed with the configuration */
        code = read_rule(reader, entry, &here, &config->intake[i]);
        for (size_t k = 0; code == ES_OK && k < i; k++)
            if (strcmp(config->intake[k].name, config->intake[i].name) == 0)
                code = config_wrong(reader, &here, "found a second rule named \"%s\", expected names that differ", config->intake[i].name);
        if (code != ES_OK) return code;
    }
    return ES_OK;
}
