/* SPDX-License-Identifier: Apache-2.0 */
/* One order of an HL7 message as JSON: who, when, and what was observed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/text.h"
#include "plugin/base/json.h"
#include "plugin/intake/hl7_internal.h"

#define TEXT_SIZE ES_TEXT_MAX /* of one report */
#define MAX_REPETITIONS 64

struct building {
    const struct es_hl7_record *record;
    cJSON *root;
    char *text;     /* the report, line by line; TEXT_SIZE bytes */
    size_t text_len;
    bool memory;
};

static void put(struct building *b, cJSON *object, const char *key, const char *text)
{
    if (text[0] != '\0' && cJSON_AddStringToObject(object, key, text) == NULL) b->memory = true;
}

static bool field(const struct building *b, const char *name, char *out, size_t size)
{
    const char *text = NULL;
    size_t len = 0;
    return es_hl7_field(b->record, name, out, size, &text, &len);
}

/* The first of several fields that holds something. */
static void put_first(struct building *b, const char *key, const char *const *names, size_t n)
{
    char text[ES_FACT_VALUE];
    for (size_t i = 0; i < n; i++)
        if (field(b, names[i], text, sizeof text)) {
            put(b, b->root, key, text);
            return;
        }
}

static const struct es_hl7_segment *own(const struct building *b, const char *name, size_t *at)
{
    for (; *at < b->record->to; ++*at)
        if (es_hl7_is_segment(&b->record->message->segments[*at], name)) return &b->record->message->segments[*at];
    return NULL;
}

/* ---- who ---- */

/* PID-3 is a list: the medical record number (MR) goes before a patient's internal number (PI), that before the first. */
static void put_patient(struct building *b)
{
    const struct es_hl7_message *m = b->record->message;
    const struct es_hl7_segment *pid = NULL;
    static const char *const types[] = {"MR", "PI"};
    struct es_hl7_part best = {NULL, 0};
    int rank = -1;
    for (size_t i = b->record->from; pid == NULL && i-- > 0;)
        if (es_hl7_is_segment(&m->segments[i], "PID")) pid = &m->segments[i];
    for (size_t i = b->record->from; pid == NULL && i < b->record->to; i++)
        if (es_hl7_is_segment(&m->segments[i], "PID")) pid = &m->segments[i];
    if (pid == NULL) return;
    const struct es_hl7_part list = es_hl7_field_of(m, pid, 3);
    for (unsigned i = 0; i < MAX_REPETITIONS; i++) {
        bool there = false;
        const struct es_hl7_part one = es_hl7_split(list, m->repetition, i, &there);
        if (!there) break;
        const struct es_hl7_part type = es_hl7_component(m, one, 5, 1);
        int found = 0;
        for (int t = 0; t < 2; t++)
            if (type.len == 2 && memcmp(type.text, types[t], 2) == 0) found = 2 - t;
        if (es_hl7_component(m, one, 1, 1).len > 0 && found > rank) {
            rank = found;
            best = one;
        }
    }
    char text[ES_FACT_VALUE];
    if (rank < 0) return;
    if (es_hl7_text(m, es_hl7_component(m, best, 1, 1), text, sizeof text) > 0) put(b, b->root, "patient_id", text);
    if (es_hl7_text(m, es_hl7_component(m, best, 4, 1), text, sizeof text) > 0 || es_hl7_text(m, es_hl7_component(m, best, 4, 2), text, sizeof text) > 0)
        put(b, b->root, "patient_issuer", text);
}

static void put_accession(struct building *b)
{
    static const char *const names[] = {"OBR-18.1", "OBR-20.1", "OBR-3.1", "OBR-2.1"};
    static const char *const issuers[] = {NULL, NULL, "OBR-3.2", "OBR-2.2"};
    char text[ES_FACT_VALUE];
    for (size_t i = 0; i < 4; i++) {
        if (!field(b, names[i], text, sizeof text)) continue;
        put(b, b->root, "accession", text);
        if (issuers[i] != NULL && field(b, issuers[i], text, sizeof text)) put(b, b->root, "accession_issuer", text);
        return;
    }
}

static void put_time(struct building *b)
{
    static const char *const names[] = {"OBR-22.1", "OBR-7.1", "MSH-7.1"};
    char text[64], time[ES_INTAKE_TIME];
    for (size_t i = 0; i < 3; i++)
        if (field(b, names[i], text, sizeof text) && es_hl7_time(text, time)) {
            put(b, b->root, "time", time);
            return;
        }
}

/* ---- what ---- */

/* HL7 tables 0085 (OBX-11) and 0123 (OBR-25). NULL: no word of its own. */
static const char *status_of(char c)
{
    switch (c) {
    case 'F':
    case 'U': return "final";
    case 'C': return "corrected";
    case 'P':
    case 'R':
    case 'S':
    case 'I':
    case 'A':
    case 'O':
    case 'B':
    case 'V': return "preliminary";
    case 'X':
    case 'D':
    case 'W': return "cancelled";
    default: return NULL;
    }
}

static void put_status(struct building *b)
{
    char text[16];
    if (field(b, "OBR-25", text, sizeof text) && status_of(text[0]) != NULL) put(b, b->root, "status", status_of(text[0]));
}

/* "value,scheme" of a coded element and its alternative. */
static cJSON *codes_of(struct building *b, struct es_hl7_part element, cJSON *list)
{
    const struct es_hl7_message *m = b->record->message;
    char value[ES_FACT_VALUE], scheme[64], both[ES_FACT_VALUE + 65];
    for (unsigned first = 1; list != NULL && first <= 4; first += 3) {
        if (es_hl7_text(m, es_hl7_component(m, element, first, 1), value, sizeof value) == 0) continue;
        const bool named = es_hl7_text(m, es_hl7_component(m, element, first + 2, 1), scheme, sizeof scheme) > 0;
        (void)snprintf(both, sizeof both, "%s%s%s", value, named ? "," : "", scheme);
        cJSON *item = cJSON_CreateString(both);
        if (item == NULL || !cJSON_AddItemToArray(list, item)) b->memory = true;
    }
    return list;
}

static void add_line(struct building *b, const char *line)
{
    const size_t len = strlen(line);
    if (b->text_len + len + 2 > TEXT_SIZE) return;
    memcpy(b->text + b->text_len, line, len);
    b->text_len += len;
    b->text[b->text_len++] = '\n';
    b->text[b->text_len] = '\0';
}

static void put_coded(struct building *b, cJSON *observation, struct es_hl7_part values)
{
    const struct es_hl7_message *m = b->record->message;
    cJSON *answers = cJSON_AddArrayToObject(observation, "answers");
    char text[1024];
    if (answers == NULL) b->memory = true;
    for (unsigned i = 0; i < MAX_REPETITIONS; i++) {
        bool there = false;
        const struct es_hl7_part one = es_hl7_split(values, m->repetition, i, &there);
        if (!there) break;
        (void)codes_of(b, one, answers);
        if (i == 0 && (es_hl7_text(m, es_hl7_component(m, one, 2, 1), text, sizeof text) > 0 || es_hl7_text(m, es_hl7_component(m, one, 1, 1), text, sizeof text) > 0))
            put(b, observation, "text", text);
    }
}

/* Repetitions of a text are its lines. */
static void put_lines(struct building *b, cJSON *observation, struct es_hl7_part values, bool cancelled)
{
    const struct es_hl7_message *m = b->record->message;
    const size_t start = b->text_len;
    char *line = malloc(values.len + 1 > 1024 ? values.len * 3 + 4 : 4096);
    const size_t room = values.len + 1 > 1024 ? values.len * 3 + 4 : 4096;
    if (line == NULL) b->memory = true;
    for (unsigned i = 0; line != NULL && i < MAX_REPETITIONS; i++) {
        bool there = false;
        const struct es_hl7_part one = es_hl7_split(values, m->repetition, i, &there);
        if (!there) break;
        (void)es_hl7_text(m, one, line, room);
        add_line(b, line);
    }
    free(line);
    if (b->text_len > start) {
        const size_t last = b->text_len - 1;
        b->text[last] = '\0';
        put(b, observation, "text", b->text + start);
        b->text[last] = '\n';
    }
    if (cancelled) { /* what was taken back is no part of the report */
        b->text_len = start;
        b->text[start] = '\0';
    }
}

static void put_number(struct building *b, cJSON *observation, struct es_hl7_part value)
{
    char text[64];
    double number = 0;
    const size_t len = es_hl7_text(b->record->message, value, text, sizeof text);
    if (es_text_number(text, len, &number)) {
        if (cJSON_AddNumberToObject(observation, "number", number) == NULL) b->memory = true;
    } else if (len > 0) {
        put(b, observation, "text", text);
    }
}

/* Structured number (SN): ^ comparator, number; only an equal one is a number. */
static void put_structured(struct building *b, cJSON *observation, struct es_hl7_part value)
{
    char comparator[8];
    const struct es_hl7_message *m = b->record->message;
    (void)es_hl7_text(m, es_hl7_component(m, value, 1, 1), comparator, sizeof comparator);
    if ((comparator[0] == '\0' || strcmp(comparator, "=") == 0) && es_hl7_component(m, value, 3, 1).len == 0)
        put_number(b, observation, es_hl7_component(m, value, 2, 1));
    else put(b, observation, "text", "a range");
}

static void put_side(struct building *b, cJSON *observation, const struct es_hl7_segment *obx)
{
    static const char *const left[] = {"L", "LEFT", "LT", "7771000"}, *const right[] = {"R", "RIGHT", "RT", "24028007"};
    char text[32];
    bool there = false;
    const struct es_hl7_message *m = b->record->message;
    const struct es_hl7_part one = es_hl7_split(es_hl7_field_of(m, obx, 20), m->repetition, 0, &there);
    (void)es_hl7_text(m, es_hl7_component(m, one, 1, 1), text, sizeof text);
    es_text_upper(text);
    for (size_t i = 0; i < 4; i++) {
        if (strcmp(text, left[i]) == 0) put(b, observation, "side", "L");
        if (strcmp(text, right[i]) == 0) put(b, observation, "side", "R");
    }
}

static void put_observation(struct building *b, const struct es_hl7_segment *obx, cJSON *list)
{
    const struct es_hl7_message *m = b->record->message;
    char type[8] = "", status[8] = "", units[64] = "";
    bool there = false;
    const struct es_hl7_part values = es_hl7_field_of(m, obx, 5), value = es_hl7_split(values, m->repetition, 0, &there);
    (void)es_hl7_text(m, es_hl7_field_of(m, obx, 2), type, sizeof type);
    (void)es_hl7_text(m, es_hl7_field_of(m, obx, 11), status, sizeof status);
    (void)es_hl7_text(m, es_hl7_component(m, es_hl7_field_of(m, obx, 6), 1, 1), units, sizeof units);
    const char *word = status_of(status[0]);
    const bool cancelled = word != NULL && strcmp(word, "cancelled") == 0;
    if (status[0] == 'N' || strcmp(type, "ED") == 0 || strcmp(type, "RP") == 0) return; /* not asked; a document that is not text */
    cJSON *observation = cJSON_CreateObject();
    if (observation == NULL || !cJSON_AddItemToArray(list, observation)) {
        es_json_free(observation);
        b->memory = true;
        return;
    }
    if (codes_of(b, es_hl7_field_of(m, obx, 3), cJSON_AddArrayToObject(observation, "codes")) == NULL) b->memory = true;
    if (word != NULL) put(b, observation, "status", word);
    put(b, observation, "units", units);
    put_side(b, observation, obx);
    if (values.len == 0) return;
    if (strcmp(type, "NM") == 0) put_number(b, observation, value);
    else if (strcmp(type, "SN") == 0) put_structured(b, observation, value);
    else if (strcmp(type, "CE") == 0 || strcmp(type, "CWE") == 0 || strcmp(type, "CNE") == 0 || strcmp(type, "CF") == 0) put_coded(b, observation, values);
    else put_lines(b, observation, values, cancelled);
}

/* StudyInstanceUID: ZDS-1 (IHE Radiology), IPC-3, or an observation under 113014 or 110180 of DCM. */
static void put_study(struct building *b, const cJSON *observations)
{
    static const char *const names[] = {"ZDS-1.1", "IPC-3.1"};
    static const char *const codes[] = {"113014,DCM", "110180,DCM"};
    put_first(b, "study_uid", names, 2);
    for (const cJSON *o = observations->child; o != NULL && cJSON_GetObjectItemCaseSensitive(b->root, "study_uid") == NULL; o = o->next) {
        const cJSON *text = cJSON_GetObjectItemCaseSensitive(o, "text");
        bool wanted = false;
        for (const cJSON *code = cJSON_GetObjectItemCaseSensitive(o, "codes")->child; code != NULL; code = code->next)
            for (size_t i = 0; i < 2; i++) wanted |= strcmp(code->valuestring, codes[i]) == 0;
        if (wanted && cJSON_IsString(text) && es_text_is_uid(text->valuestring)) put(b, b->root, "study_uid", text->valuestring);
    }
}

cJSON *es_hl7_json(const struct es_hl7_record *record)
{
    static const char *const labellers[] = {"OBR-32.1.1", "OBX-16.1"}, *const ids[] = {"OBR-3", "OBR-2"};
    struct building b = {.record = record, .root = cJSON_CreateObject(), .text = malloc(TEXT_SIZE + 1)};
    cJSON *observations = b.root != NULL ? cJSON_AddArrayToObject(b.root, "observations") : NULL;
    b.memory = b.text == NULL || observations == NULL;
    if (!b.memory) {
        b.text[0] = '\0';
        put_patient(&b);
        put_accession(&b);
        put_time(&b);
        put_status(&b);
        put_first(&b, "labeller", labellers, 2);
        put_first(&b, "id", ids, 2);
        const struct es_hl7_segment *obx = NULL;
        for (size_t at = record->from; !b.memory && (obx = own(&b, "OBX", &at)) != NULL; at++) put_observation(&b, obx, observations);
        if (!b.memory) put_study(&b, observations);
        put(&b, b.root, "text", b.text);
    }
    if (b.text != NULL) explicit_bzero(b.text, b.text_len);
    free(b.text);
    if (!b.memory) return b.root;
    es_json_free(b.root);
    return NULL;
}
