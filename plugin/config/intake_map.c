/* SPDX-License-Identifier: Apache-2.0 */
/* "Map" of an intake rule: a message of the schema with a source for each value. */
#include <stdlib.h>
#include <string.h>

#include "plugin/config/intake.h"

#define MAX_SLOTS 1024
#define MAX_SOURCES 8

#define COUNT_OF(table) (sizeof table / sizeof table[0])

/* ---- one source ---- */

struct source_reading {
    struct es_intake_source *out;
    char column[ES_JSON_PATH_SIZE], path[ES_JSON_PATH_SIZE], field[17], file[256], pattern[256];
    char prefix[sizeof ((struct es_intake_source *)0)->prefix], suffix[sizeof ((struct es_intake_source *)0)->suffix];
    double scale;
    uint32_t digits;
    bool content;
};

static enum es_errc keep_json(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_intake_source *out = ((struct source_reading *)into)->out;
    cJSON **target = strcmp(place->key, "Constant") == 0  ? &out->constant
                     : strcmp(place->key, "Present") == 0 ? &out->present
                                                          : &out->otherwise;
    if (!cJSON_IsString(item) && !cJSON_IsNumber(item) && !cJSON_IsBool(item) && !(cJSON_IsNull(item) && target == &out->otherwise))
        return config_fault(reader, place, item, "a text, a number, true or false");
    *target = cJSON_Duplicate(item, true);
    return *target != NULL ? ES_OK : config_memory(reader);
}

static enum es_errc read_values(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_intake_source *out = ((struct source_reading *)into)->out;
    if (!cJSON_IsObject(item) || item->child == NULL) return config_fault(reader, place, item, "an object such as {\"Yes\": 1, \"No\": 0}");
    for (const cJSON *entry = item->child; entry != NULL; entry = entry->next) {
        const struct config_place here = {place, entry->string, 0};
        if (!cJSON_IsString(entry) && !cJSON_IsNumber(entry) && !cJSON_IsBool(entry) && !cJSON_IsNull(entry))
            return config_fault(reader, &here, entry, "a text, a number, true, false, or null for \"nothing was said\"");
    }
    out->values = cJSON_Duplicate(item, true);
    return out->values != NULL ? ES_OK : config_memory(reader);
}

static enum es_errc read_is(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_intake_source *out = ((struct source_reading *)into)->out;
    size_t count = 0, i = 0;
    const enum es_errc code = config_list(reader, item, place, 1, ES_INTAKE_LISTED, &count);
    for (const cJSON *entry = code == ES_OK ? item->child : NULL; entry != NULL; entry = entry->next, i++) {
        const struct config_place here = {place, NULL, i};
        if (!cJSON_IsString(entry)) return config_fault(reader, &here, entry, "a text");
    }
    if (code != ES_OK) return code;
    out->is = cJSON_Duplicate(item, true);
    return out->is != NULL ? ES_OK : config_memory(reader);
}

/* Letters for numbers, once each, the rest as it stands. */
static enum es_errc read_date(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_intake_source *out = ((struct source_reading *)into)->out;
    const enum es_errc code = config_text(reader, item, place, false, out->date, sizeof out->date);
    if (code != ES_OK) return code;
    static const char *const needed[] = {"YYYY", "MM", "DD"};
    for (size_t i = 0; i < COUNT_OF(needed); i++) {
        const char *at = strstr(out->date, needed[i]);
        if (at == NULL || strstr(at + 1, needed[i]) != NULL)
            return config_fault(reader, place, item, "a form such as \"DD.MM.YYYY\" or \"YYYY-MM-DD hh:mm:ss\" with YYYY, MM and DD once each");
    }
    return ES_OK;
}

static enum es_errc read_zone(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_intake_source *out = ((struct source_reading *)into)->out;
    const enum es_errc code = config_text(reader, item, place, false, out->zone, sizeof out->zone);
    if (code != ES_OK) return code;
    const char *z = out->zone;
    const bool offset = strlen(z) == 6 && (z[0] == '+' || z[0] == '-') && z[3] == ':' && strspn(z + 1, "0123456789") == 2 && strspn(z + 4, "0123456789") == 2;
    return offset || strcmp(z, "Z") == 0 ? ES_OK : config_fault(reader, place, item, "\"Z\" or an offset such as \"+01:00\"");
}

#define S(field) offsetof(struct source_reading, field), sizeof((struct source_reading *)0)->field
static const struct config_key source_keys[] = {
    {"Column", CONFIG_TEXT, false, S(column), 0, 0, NULL, NULL},
    {"Path", CONFIG_TEXT, false, S(path), 0, 0, NULL, NULL},
    {"Field", CONFIG_TEXT, false, S(field), 0, 0, NULL, NULL},
    {"File", CONFIG_TEXT, false, S(file), 0, 0, NULL, NULL},
    {"Constant", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, keep_json},
    {"Content", CONFIG_BOOL, false, offsetof(struct source_reading, content), 0, 0, 0, NULL, NULL},
    {"Pattern", CONFIG_TEXT, false, S(pattern), 0, 0, NULL, NULL},
    {"Values", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_values},
    {"Present", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, keep_json},
    {"Otherwise", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, keep_json},
    {"Is", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_is},
    {"Digits", CONFIG_COUNT, false, offsetof(struct source_reading, digits), 0, 1, 32, NULL, NULL},
    {"Prefix", CONFIG_TEXT, false, S(prefix), 0, 0, NULL, NULL},
    {"Suffix", CONFIG_TEXT, false, S(suffix), 0, 0, NULL, NULL},
    {"Scale", CONFIG_NUMBER, false, offsetof(struct source_reading, scale), 0, 1e-9, 1e9, NULL, NULL},
    {"Date", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_date},
    {"Zone", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_zone},
};
/* "PID-3", "PID-3.4", "OBX-5.1.2": three letters or digits, a field, a component, a subcomponent. */
static bool field_good(const char *text)
{
    size_t parts = 0;
    for (size_t i = 0; i < 3; i++)
        if (!((text[i] >= 'A' && text[i] <= 'Z') || (i > 0 && text[i] >= '0' && text[i] <= '9'))) return false;
    const char *p = text + 3;
    while (*p == (parts == 0 ? '-' : '.') && parts < 3) {
        const size_t digits = strspn(p + 1, "0123456789");
        if (digits == 0 || digits > 2 || p[1] == '0') return false;
        p += 1 + digits;
        parts++;
    }
    return *p == '\0' && parts > 0;
}

static enum es_errc set_path(struct config_reader *reader, const struct config_place *place, const char *text, struct es_intake_source *out)
{
    struct es_error why = {0};
    out->kind = ES_TAKE_PATH;
    (void)memcpy(out->text, text, strlen(text) + 1);
    const enum es_errc code = es_json_path_new(&out->path, text, &why);
    return code == ES_E_CONFIG ? config_wrong(reader, place, "%s", why.text) : code == ES_OK ? ES_OK : config_memory(reader);
}

static enum es_errc set_pattern(struct config_reader *reader, const struct config_place *place, const char *text, struct es_intake_source *out)
{
    struct es_error why = {0};
    const enum es_errc code = es_pattern_new(&out->pattern, text, false, &why);
    return code == ES_E_CONFIG ? config_wrong(reader, place, "found a pattern that is none: %s", why.text) : code == ES_OK ? ES_OK : config_memory(reader);
}

/* A source by one text: what it names follows from the rule's kind. */
static enum es_errc set_text(struct config_reader *reader, const cJSON *item, const struct config_place *place, enum es_intake_kind kind,
                             const char *text, struct es_intake_source *out)
{
    if (kind == ES_INTAKE_CSV) {
        if (text[0] == '\0') return config_fault(reader, place, item, "the name of a column");
        out->kind = ES_TAKE_COLUMN;
        memcpy(out->text, text, strlen(text) + 1);
        return ES_OK;
    }
    if (kind == ES_INTAKE_TEXT || kind == ES_INTAKE_PNG) return config_fault(reader, place, item, "{\"File\": \"pattern with a group\"} or {\"Constant\": ...}");
    if (kind == ES_INTAKE_HL7 && text[0] != '@' && text[0] != '$') {
        if (!field_good(text)) return config_fault(reader, place, item, "a field such as \"PID-3.1\" or \"OBR-18\", or a path such as \"@.accession\"");
        out->kind = ES_TAKE_FIELD;
        memcpy(out->text, text, strlen(text) + 1);
        return ES_OK;
    }
    return set_path(reader, place, text, out);
}

static enum es_errc read_object(struct config_reader *reader, const cJSON *item, const struct config_place *place, enum es_intake_kind kind,
                                struct es_intake_source *out)
{
    struct source_reading r = {.out = out};
    enum es_errc code = config_object(reader, item, place, source_keys, COUNT_OF(source_keys), &r);
    if (code != ES_OK) return code;
    memcpy(out->prefix, r.prefix, sizeof out->prefix);
    memcpy(out->suffix, r.suffix, sizeof out->suffix);
    out->scale = r.scale;
    out->digits = r.digits;
    const char *const texts[] = {r.column, r.path, r.field};
    static const char *const names[] = {"Column", "Path", "Field"};
    const struct config_place content = {place, "Content", 0};
    if (r.content && kind != ES_INTAKE_PNG) return config_wrong(reader, &content, "no key of a rule of Kind \"%s\"", es_intake_kind_name(kind));
    size_t given = (size_t)(r.file[0] != '\0') + (out->constant != NULL) + r.content;
    for (size_t i = 0; i < 3; i++) given += texts[i][0] != '\0';
    if (given != 1) return config_wrong(reader, place, "found %zu of Column, Path, Field, File and Constant, expected one", given);
    if (r.pattern[0] != '\0' && r.file[0] != '\0') return config_wrong(reader, place, "found File and Pattern, expected one of them");
    const struct config_place file = {place, "File", 0}, pattern = {place, "Pattern", 0};
    if (r.pattern[0] != '\0') code = set_pattern(reader, &pattern, r.pattern, out);
    if (code != ES_OK) return code;
    if (out->constant != NULL) out->kind = ES_TAKE_CONSTANT;
    if (r.content) out->kind = ES_TAKE_CONTENT;
    if (out->constant != NULL || r.content) return ES_OK;
    if (r.file[0] != '\0') {
        out->kind = ES_TAKE_FILE;
        return set_pattern(reader, &file, r.file, out);
    }
    for (size_t i = 0; i < 3; i++) {
        const struct config_place here = {place, names[i], 0};
        const bool path = texts[i][0] == '@' || texts[i][0] == '$';
        if (texts[i][0] == '\0') continue;
        if ((i == 0 && kind != ES_INTAKE_CSV) || (i == 1 && (kind == ES_INTAKE_CSV || kind == ES_INTAKE_TEXT || kind == ES_INTAKE_PNG)) || (i == 2 && kind != ES_INTAKE_HL7) ||
            (i == 2 && path))
            return config_wrong(reader, &here, "no key of a rule of Kind \"%s\"", es_intake_kind_name(kind));
        if (i == 1) return set_path(reader, &here, texts[i], out);
        return set_text(reader, cJSON_GetObjectItemCaseSensitive(item, names[i]), &here, kind, texts[i], out);
    }
    return ES_OK;
}

enum es_errc config_read_source(struct config_reader *reader, const cJSON *item, const struct config_place *place, enum es_intake_kind kind,
                                struct es_intake_source *out)
{
    char text[ES_JSON_PATH_SIZE];
    out->column = SIZE_MAX;
    if (cJSON_IsObject(item)) {
        const enum es_errc code = read_object(reader, item, place, kind, out);
        const struct config_place is = {place, "Is", 0};
        const bool where = place->key != NULL && strcmp(place->key, "Where") == 0;
        return code == ES_OK && out->is != NULL && !where ? config_wrong(reader, &is, "found it here, expected it in Where only") : code;
    }
    if (!cJSON_IsString(item)) return config_fault(reader, place, item, "a column, path or field, or an object with one of them");
    const enum es_errc code = config_text(reader, item, place, false, text, sizeof text);
    return code == ES_OK ? set_text(reader, item, place, kind, text, out) : code;
}

/* ---- the map ---- */

struct mapping {
    struct config_reader *reader;
    struct es_intake_rule *rule;
    size_t room;
};

static enum es_errc add_slot(struct mapping *m, const cJSON *item, const struct config_place *place, const char *group, size_t finding,
                             enum es_message_type type)
{
    struct es_intake_rule *rule = m->rule;
    const size_t len = strlen(item->string);
    if (rule->n_slots == m->room) {
        const size_t room = m->room + 64;
        struct es_intake_slot *more = room <= MAX_SLOTS ? reallocarray(rule->slots, room, sizeof *more) : NULL;
        if (more == NULL) return room <= MAX_SLOTS ? config_memory(m->reader) : config_wrong(m->reader, place, "found more than %d values, expected fewer", MAX_SLOTS);
        rule->slots = more;
        m->room = room;
    }
    if (len >= ES_NAME_SIZE) return config_wrong(m->reader, place, "found a key of %zu bytes, expected at most %d", len, ES_NAME_SIZE - 1);
    struct es_intake_slot *slot = &rule->slots[rule->n_slots++];
    *slot = (struct es_intake_slot){.group = group, .finding = (uint16_t)finding, .type = type};
    memcpy(slot->key, item->string, len + 1);
    size_t count = 1, i = 0;
    if (cJSON_IsArray(item)) {
        const enum es_errc code = config_list(m->reader, item, place, 1, MAX_SOURCES, &count);
        if (code != ES_OK) return code;
    }
    slot->sources = calloc(count, sizeof *slot->sources);
    if (slot->sources == NULL) return config_memory(m->reader);
    slot->n_sources = count;
    if (!cJSON_IsArray(item)) return config_read_source(m->reader, item, place, rule->kind, &slot->sources[0]);
    for (const cJSON *entry = item->child; entry != NULL; entry = entry->next, i++) {
        const struct config_place here = {place, NULL, i};
        const enum es_errc code = config_read_source(m->reader, entry, &here, rule->kind, &slot->sources[i]);
        if (code != ES_OK) return code;
    }
    return ES_OK;
}

/* A result may turn out to be a failure, and FHIR's author decides between a result and a reference. */
static enum es_message_type key_type(const struct es_intake_rule *rule, const char *group, const char *name, const char **near)
{
    static const enum es_event_kind by_author[] = {ES_EVENT_RESULT, ES_EVENT_REFERENCE, ES_EVENT_FAILURE};
    enum es_message_type type = ES_MESSAGE_NONE;
    if (rule->event != 0) type = es_message_key(rule->event, group, name, near);
    if (rule->event == ES_EVENT_RESULT && type == ES_MESSAGE_NONE) return es_message_key(ES_EVENT_FAILURE, group, name, NULL);
    for (size_t i = 0; rule->event == 0 && type == ES_MESSAGE_NONE && i < COUNT_OF(by_author); i++)
        type = es_message_key(by_author[i], group, name, i == 0 ? near : NULL);
    return type;
}

static enum es_errc unknown(struct mapping *m, const struct config_place *place, const char *near)
{
    const char *event = m->rule->event != 0 ? es_event_kind_name(m->rule->event) : "result or reference";
    if (near != NULL) return config_wrong(m->reader, place, "unknown key of %s events, did you mean %s?", event, near);
    return config_wrong(m->reader, place, "unknown key of %s events", event);
}

static enum es_errc read_group(struct mapping *m, const cJSON *object, const struct config_place *place, const char *group, size_t finding)
{
    if (!cJSON_IsObject(object)) return config_fault(m->reader, place, object, "an object");
    for (const cJSON *entry = object->child; entry != NULL; entry = entry->next) {
        const struct config_place here = {place, entry->string, 0};
        const char *near = NULL;
        const bool attributes = strcmp(group, "findings") != 0 && strcmp(group, "unit") != 0 && strcmp(group, "model") != 0;
        const enum es_message_type type = attributes ? ES_MESSAGE_ATTRIBUTES : key_type(m->rule, group, entry->string, &near);
        if (type == ES_MESSAGE_NONE) return unknown(m, &here, near);
        const enum es_errc code = add_slot(m, entry, &here, group, finding, type);
        if (code != ES_OK) return code;
    }
    return ES_OK;
}

static enum es_errc read_findings(struct mapping *m, const cJSON *list, const struct config_place *place)
{
    size_t count = 0, i = 0;
    enum es_errc code = config_list(m->reader, list, place, 1, ES_MAX_EVENT_FINDINGS, &count);
    for (const cJSON *entry = code == ES_OK ? list->child : NULL; code == ES_OK && entry != NULL; entry = entry->next, i++) {
        const struct config_place here = {place, NULL, i};
        code = read_group(m, entry, &here, "findings", i);
        if (code == ES_OK && cJSON_GetObjectItemCaseSensitive(entry, "finding") == NULL)
            code = config_wrong(m->reader, &here, "found no \"finding\", expected its name, such as {\"Constant\": \"effusion\"}");
    }
    m->rule->n_findings_mapped = count;
    return code;
}

static enum es_errc read_entry(struct mapping *m, const cJSON *entry, const struct config_place *place)
{
    static const char *const groups[] = {"unit", "model", "demographics", "acquisition", "attributes"};
    const char *near = NULL;
    const enum es_message_type type = key_type(m->rule, "", entry->string, &near);
    if (type == ES_MESSAGE_NONE) return unknown(m, place, near);
    if (type == ES_MESSAGE_FINDINGS) return read_findings(m, entry, place);
    if (type != ES_MESSAGE_OBJECT && type != ES_MESSAGE_ATTRIBUTES) return add_slot(m, entry, place, "", 0, type);
    for (size_t i = 0; i < COUNT_OF(groups); i++)
        if (strcmp(groups[i], entry->string) == 0) return read_group(m, entry, place, groups[i], 0);
    return unknown(m, place, NULL);
}

/* What a kind itself says, where Map does not say otherwise. */
static const char *defaults_of(enum es_intake_kind kind)
{
    /* Records as intake/hl7.h and intake/fhir.h describe them. */
    static const char record[] =
        "{\"study_uid\":\"@.study_uid\",\"accession\":\"@.accession\",\"accession_issuer\":\"@.accession_issuer\",\"patient_id\":\"@.patient_id\","
        "\"patient_issuer\":\"@.patient_issuer\",\"model\":{\"name\":\"@.device.name\",\"version\":\"@.device.version\",\"manufacturer\":"
        "\"@.device.manufacturer\"},\"produced\":\"@.time\",\"established\":\"@.time\",\"labeller\":\"@.labeller\",\"event_id\":\"@.id\"}";
    /* mercure: common/types.py (TaskInfo, TaskStudy). */
    static const char mercure[] =
        "{\"study_uid\":[\"$.task.study.study_uid\",\"$.task[?@.uid_type==\\\"study\\\"].uid\",\"$.tags.StudyInstanceUID\"],"
        "\"series_uid\":\"$.task[?@.uid_type==\\\"series\\\"].uid\",\"accession\":\"$.task.info.acc\",\"patient_id\":\"$.task.info.mrn\","
        "\"status\":{\"Path\":\"$.result.exception\",\"Present\":\"failed\",\"Otherwise\":\"ok\"},"
        "\"reason\":{\"Path\":\"$.result.exception\",\"Pattern\":\"^([A-Za-z_.]{1,32})$\",\"Otherwise\":\"exception\"}}";
    /* MONAI Deploy: DICOM JSON (PS3.18 F.2) of an input instance beside the task's metadata.json. */
    static const char monai[] =
        "{\"study_uid\":\"$.input[\\\"0020000D\\\"].Value[0]\",\"accession\":\"$.input[\\\"00080050\\\"].Value[0]\","
        "\"patient_id\":\"$.input[\\\"00100020\\\"].Value[0]\",\"patient_issuer\":\"$.input[\\\"00100021\\\"].Value[0]\","
        "\"status\":{\"Path\":\"$.metadata.exception\",\"Present\":\"failed\",\"Otherwise\":\"ok\"},"
        "\"reason\":{\"Path\":\"$.metadata.exception\",\"Pattern\":\"^([A-Za-z_.]{1,32})$\",\"Otherwise\":\"exception\"}}";
    if (kind == ES_INTAKE_HL7 || kind == ES_INTAKE_FHIR) return record;
    return kind == ES_INTAKE_MERCURE ? mercure : kind == ES_INTAKE_MONAI ? monai : NULL;
}

static enum es_errc read_all(struct mapping *m, const cJSON *map, const struct config_place *place, const cJSON *over)
{
    for (const cJSON *entry = map != NULL ? map->child : NULL; entry != NULL; entry = entry->next) {
        const struct config_place here = {place, entry->string, 0};
        if (over != NULL && (cJSON_GetObjectItemCaseSensitive(over, entry->string) != NULL || key_type(m->rule, "", entry->string, NULL) == ES_MESSAGE_NONE))
            continue;
        const enum es_errc code = read_entry(m, entry, &here);
        if (code != ES_OK) return code;
    }
    return ES_OK;
}

enum es_errc config_read_map(struct config_reader *reader, const cJSON *item, const struct config_place *place, struct es_intake_rule *rule)
{
    struct mapping m = {.reader = reader, .rule = rule};
    const struct config_place here = {place, "Map", 0};
    const char *text = defaults_of(rule->kind);
    cJSON *empty = cJSON_CreateObject(), *defaults = NULL;
    enum es_errc code = empty != NULL ? ES_OK : config_memory(reader);
    if (code == ES_OK && item == NULL && text == NULL) code = config_wrong(reader, &here, "found nothing, expected this key");
    if (code == ES_OK && item != NULL && !cJSON_IsObject(item)) code = config_fault(reader, &here, item, "an object");
    if (code == ES_OK && text != NULL) code = es_json_parse(&defaults, text, strlen(text), false, reader->err);
    if (code == ES_OK) code = read_all(&m, item, &here, NULL);
    if (code == ES_OK) code = read_all(&m, defaults, &here, item != NULL ? item : empty);
    cJSON_Delete(defaults);
    cJSON_Delete(empty);
    return code;
}
