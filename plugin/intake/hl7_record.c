/* SPDX-License-Identifier: Apache-2.0 */
/* One order of an HL7 message as JSON: who, when, and what was observed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/text.h"
#include "plugin/base/json.h"
#include "plugin/intake/hl7_internal.h"

#define MAX_REPETITIONS 64 /* identifiers and coded answers of one field; lines of a text are not counted */
#define ID_SIZE 1200       /* one that is too long for the schema is refused there by its length; cut, it could be another's */

struct building {
    const struct es_hl7_record *record;
    cJSON *root;
    char *text;     /* the report, line by line: room for all that the order's segments hold */
    size_t text_len, text_room;
    const char *text_status; /* the least settled of its lines; NULL: none says */
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
    char text[ID_SIZE];
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
    struct es_hl7_part list = es_hl7_field_of(m, pid, 3), one;
    for (unsigned i = 0; i < MAX_REPETITIONS && es_hl7_next(&list, m->repetition, &one); i++) {
        const struct es_hl7_part type = es_hl7_component(m, one, 5, 1);
        int found = 0;
        for (int t = 0; t < 2; t++)
            if (type.len == 2 && memcmp(type.text, types[t], 2) == 0) found = 2 - t;
        if (es_hl7_component(m, one, 1, 1).len > 0 && found > rank) {
            rank = found;
            best = one;
        }
    }
    char text[ID_SIZE];
    if (rank < 0) return;
    if (es_hl7_text(m, es_hl7_component(m, best, 1, 1), text, sizeof text) > 0) put(b, b->root, "patient_id", text);
    if (es_hl7_text(m, es_hl7_component(m, best, 4, 1), text, sizeof text) > 0 || es_hl7_text(m, es_hl7_component(m, best, 4, 2), text, sizeof text) > 0)
        put(b, b->root, "patient_issuer", text);
}

static void put_accession(struct building *b)
{
    static const char *const names[] = {"OBR-18.1", "OBR-20.1", "OBR-3.1", "OBR-2.1"};
    static const char *const issuers[] = {NULL, NULL, "OBR-3.2", "OBR-2.2"};
    char text[ID_SIZE];
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

/* OBX-11, HL7 table 0085: A amended, B appended and V verified are said of what was final (v2.8). NULL: no word of its own. */
static const char *status_of(char c)
{
    switch (c) {
    case 'F':
    case 'U':
    case 'V': return "final";
    case 'A':
    case 'B':
    case 'C': return "corrected";
    case 'P':
    case 'R':
    case 'S':
    case 'I':
    case 'O': return "preliminary";
    case 'X':
    case 'D':
    case 'W': return "cancelled";
    default: return NULL;
    }
}

/* OBR-25, HL7 table 0123: A some results, M corrected and not final, N performed and not read. NULL: Y and Z say that nothing is known. */
static const char *order_status_of(char c)
{
    switch (c) {
    case 'F': return "final";
    case 'C': return "corrected";
    case 'A':
    case 'I':
    case 'M':
    case 'N':
    case 'O':
    case 'P':
    case 'R':
    case 'S': return "preliminary";
    case 'X': return "cancelled";
    default: return NULL;
    }
}

static void put_status(struct building *b)
{
    char text[16];
    const char *word = field(b, "OBR-25", text, sizeof text) ? order_status_of(text[0]) : NULL;
    if (word == NULL) word = b->text_status;
    if (word != NULL) put(b, b->root, "status", word);
}

/* "value,scheme" of a coded element and its alternative. */
static cJSON *codes_of(struct building *b, struct es_hl7_part element, cJSON *list)
{
    const struct es_hl7_message *m = b->record->message;
    char value[256], scheme[256], both[512];
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
    if (b->text_len + len + 2 > b->text_room) return; /* never: no escape is longer than it was, each line had its separator */
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
    struct es_hl7_part one;
    for (unsigned i = 0; i < MAX_REPETITIONS && es_hl7_next(&values, m->repetition, &one); i++) {
        (void)codes_of(b, one, answers);
        if (i == 0 && (es_hl7_text(m, es_hl7_component(m, one, 2, 1), text, sizeof text) > 0 || es_hl7_text(m, es_hl7_component(m, one, 1, 1), text, sizeof text) > 0))
            put(b, observation, "text", text);
    }
}

/* Repetitions of a text are its lines. */
static void put_lines(struct building *b, cJSON *observation, struct es_hl7_part values, const char *status)
{
    const struct es_hl7_message *m = b->record->message;
    const size_t start = b->text_len, room = values.len + 4;
    struct es_hl7_part one;
    char *line = malloc(room);
    if (line == NULL) b->memory = true;
    while (line != NULL && es_hl7_next(&values, m->repetition, &one)) {
        (void)es_hl7_text(m, one, line, room);
        add_line(b, line);
    }
    if (line != NULL) explicit_bzero(line, room);
    free(line);
    if (b->text_len > start) {
        const size_t last = b->text_len - 1;
        b->text[last] = '\0';
        put(b, observation, "text", b->text + start);
        b->text[last] = '\n';
    }
    if (status != NULL && strcmp(status, "cancelled") == 0) { /* what was taken back is no part of the report */
        b->text_len = start;
        b->text[start] = '\0';
    } else {
        b->text_status = es_status_lesser(b->text_status, status);
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
    else put_lines(b, observation, values, word);
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

/* Bytes that the lines of a record's text take at most. */
static size_t text_room(const struct es_hl7_record *record)
{
    size_t room = 1; /* of a message of at most ES_HL7_MAX_MESSAGE bytes */
    for (size_t i = record->from; i < record->to; i++) room += record->message->segments[i].len + 2;
    return room;
}

static void put_all(struct building *b, cJSON *observations)
{
    static const char *const labellers[] = {"OBR-32.1.1", "OBX-16.1"}, *const ids[] = {"OBR-3", "OBR-2"};
    const struct es_hl7_segment *obx = NULL;
    put_patient(b);
    put_accession(b);
    put_time(b);
    put_first(b, "labeller", labellers, 2);
    put_first(b, "id", ids, 2);
    for (size_t at = b->record->from; !b->memory && (obx = own(b, "OBX", &at)) != NULL; at++) put_observation(b, obx, observations);
    put_status(b);
    if (!b->memory) put_study(b, observations);
    put(b, b->root, "text", b->text);
}

cJSON *es_hl7_json(const struct es_hl7_record *record)
{
    struct building b = {.record = record, .root = cJSON_CreateObject(), .text_room = text_room(record)};
    cJSON *observations = b.root != NULL ? cJSON_AddArrayToObject(b.root, "observations") : NULL;
    b.text = calloc(1, b.text_room);
    b.memory = b.text == NULL || observations == NULL;
    if (!b.memory) put_all(&b, observations);
    if (b.text != NULL) explicit_bzero(b.text, b.text_len);
    free(b.text);
    if (!b.memory) return b.root;
    es_json_free(b.root);
    return NULL;
}
