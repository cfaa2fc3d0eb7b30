/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical body of an event: its one table of fields, and writing by a walk of it. */
#include "plugin/event/body.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define E(member) offsetof(struct es_event, member)
const struct body_field event_body_fields[EVENT_FIELDS] = {
    {1, TYPE_ENUM, ES_EVENT_KINDS - 1, E(kind), 0},
    {2, TYPE_PSEUDONYM, 0, E(study), 0},
    {3, TYPE_PSEUDONYM, 0, E(series), 0},
    {4, TYPE_PSEUDONYM, 0, E(instance), 0},
    {5, TYPE_PSEUDONYM, 0, E(accession), 0},
    {6, TYPE_PSEUDONYM, 0, E(accession_issuer), 0},
    {7, TYPE_PSEUDONYM, 0, E(patient), 0},
    {8, TYPE_PSEUDONYM, 0, E(patient_issuer), 0},
    {9, TYPE_DAY, 0, E(study_day), 0},
    {10, TYPE_ENUM, ES_EXCLUSIONS - 1, E(excluded), 0},
    {11, TYPE_ENUM, ES_SOURCE_LINKAGE, E(attribute_source), 0},
    {12, TYPE_ATTRIBUTES, 0, E(attributes), E(n_attributes)},
    {13, TYPE_ENUM, ES_UNIT_TYPES - 1, E(unit), 0},
    {14, TYPE_PSEUDONYM, 0, E(unit_id), 0},
    {15, TYPE_TEXT, ES_NAME_SIZE - 1, E(model_name), 0},
    {16, TYPE_TEXT, ES_NAME_SIZE - 1, E(model_version), 0},
    {17, TYPE_TEXT, ES_NAME_SIZE - 1, E(model_manufacturer), 0},
    {18, TYPE_PSEUDONYM, 0, E(device), 0},
    {19, TYPE_ENUM, ES_ALGORITHM_EQUIPMENT, E(model_rule), 0},
    {20, TYPE_INSTANT, 0, E(produced), 0},
    {21, TYPE_BOOL, 0, E(zone_known), 0},
    {22, TYPE_ENUM, ES_RESULT_TIMEOUT, E(result_status), 0},
    {23, TYPE_ENUM, ES_REFERENCE_CANCELLED, E(reference_status), 0},
    {24, TYPE_TEXT, ES_NAME_SIZE - 1, E(reason), 0},
    {25, TYPE_TEXT, ES_NAME_SIZE - 1, E(source), 0},
    {26, TYPE_PSEUDONYM, 0, E(labeller), 0},
    {27, TYPE_TEXT, ES_NAME_SIZE - 1, E(labeller_version), 0},
    {28, TYPE_ENUM, ES_SAW_YES, E(saw_ai), 0},
    {29, TYPE_FINDINGS, 0, E(findings), E(n_findings)},
    {30, TYPE_PSEUDONYMS, 0, E(series_refs), E(n_series_refs)},
    {31, TYPE_PSEUDONYMS, 0, E(image_refs), E(n_image_refs)},
    {32, TYPE_PSEUDONYMS, 0, E(study_refs), E(n_study_refs)},
    {33, TYPE_PSEUDONYM, 0, E(same_as), 0},
    {34, TYPE_PSEUDONYM, 0, E(same_as_issuer), 0},
    {35, TYPE_IDENTITY, 0, E(retract), 0},
    {36, TYPE_PSEUDONYM, 0, E(retract_event_id), 0},
    {37, TYPE_DAY, 0, E(valid_from), 0},
    {38, TYPE_DOCUMENT, 0, E(document), 0},
    {39, TYPE_IDENTITY, 0, E(result_identity), 0},
    {40, TYPE_IDENTITY, 0, E(reference_identity), 0},
    {41, TYPE_TEXT, ES_NAME_SIZE - 1, E(method), 0},
};

#define A(member) offsetof(struct es_event_attribute, member)
const struct body_field event_body_attribute[ATTRIBUTE_FIELDS] = {
    {1, TYPE_TEXT, ES_NAME_SIZE - 1, A(keyword), 0},
    {2, TYPE_ENUM, ES_ATTRIBUTE_STATES - 1, A(state), 0},
    {3, TYPE_TEXT, ES_FACT_VALUE - 1, A(value), 0},
    {4, TYPE_PSEUDONYM, 0, A(unmapped), 0},
};

#define F(member) offsetof(struct es_finding, member)
const struct body_field event_body_finding[FINDING_FIELDS] = {
    {1, TYPE_TEXT, ES_NAME_SIZE - 1, F(name), 0},
    {2, TYPE_NUMBER, 0, F(score), F(has_score)},
    {3, TYPE_NUMBER, 0, F(value), F(has_value)},
    {4, TYPE_NUMBER, 0, F(threshold), F(has_threshold)},
    {5, TYPE_TEXT, 16, F(units), 0},
    {6, TYPE_ANSWER, 0, F(decision), F(has_decision)},
    {7, TYPE_WHOLE, 0, F(label), F(has_label)},
    {8, TYPE_NOT, 0, F(evaluable), 0},
    {9, TYPE_WHOLE, 0, F(level), F(has_level)},
    {10, TYPE_TEXT, ES_NAME_SIZE - 1, F(category), 0},
    {11, TYPE_BOOL, 0, F(mask), 0},
    {12, TYPE_BOOL, 0, F(has_lesions), 0},
    {13, TYPE_LESIONS, 0, F(lesions), F(n_lesions)},
    {14, TYPE_ENUM, ES_OVERLAP_NOT_COMPARABLE, F(overlap.state), 0},
    {15, TYPE_NUMBER, 0, F(overlap.dice), F(overlap.has_dice)},
    {16, TYPE_NUMBER, 0, F(overlap.iou), F(overlap.has_iou)},
    {17, TYPE_NUMBER, 0, F(overlap.volume_difference), F(overlap.has_volume_difference)},
    {18, TYPE_NUMBER, 0, F(overlap.hd95), F(overlap.has_hd95)},
    {19, TYPE_NUMBER, 0, F(overlap.surface_distance), F(overlap.has_surface_distance)},
    {20, TYPE_IDENTITY, 0, F(mask_address), 0},
};

#define L(member) offsetof(struct es_lesion, member)
const struct body_field event_body_lesion[LESION_FIELDS] = {
    {1, TYPE_POINT, 0, L(place), L(has_place)},
    {2, TYPE_POINT, 0, L(corner), L(has_corner)},
    {3, TYPE_NUMBER, 0, L(radius), L(has_radius)},
    {4, TYPE_NUMBER, 0, L(score), L(has_score)},
};

/* Bytes that grow up to ES_MAX_EVENT_BODY. */
struct bytes {
    uint8_t *data;
    size_t len, size;
    enum es_errc bad;
};

static void put(struct bytes *b, const void *data, size_t len)
{
    if (b->bad != ES_OK || len == 0) return;
    if (len > ES_MAX_EVENT_BODY - b->len) {
        b->bad = ES_E_LIMIT;
        return;
    }
    if (b->size - b->len < len) {
        size_t size = b->size == 0 ? 512 : b->size;
        while (size - b->len < len) size *= 2; /* at most twice ES_MAX_EVENT_BODY */
        uint8_t *grown = realloc(b->data, size);
        if (grown == NULL) {
            b->bad = ES_E_MEMORY;
            return;
        }
        b->data = grown;
        b->size = size;
    }
    memcpy(b->data + b->len, data, len);
    b->len += len;
}

static void little(uint64_t value, size_t len, uint8_t *out)
{
    for (size_t i = 0; i < len; i++) out[i] = (uint8_t)(value >> (8 * i));
}

static void put_field(struct bytes *b, uint8_t number, const void *data, size_t len)
{
    uint8_t head[5] = {number};
    little(len, 4, head + 1);
    put(b, head, sizeof head);
    put(b, data, len);
}

static void put_integer(struct bytes *b, uint8_t number, uint64_t value, size_t len)
{
    uint8_t data[8];
    little(value, len, data);
    put_field(b, number, data, len);
}

static void put_number(struct bytes *b, uint8_t number, double value)
{
    uint64_t bits;
    if (!isfinite(value)) {
        if (b->bad == ES_OK) b->bad = ES_E_ARG;
        return;
    }
    if (value == 0) value = 0; /* -0 */
    memcpy(&bits, &value, sizeof bits);
    put_integer(b, number, bits, 8);
}

static void put_point(struct bytes *b, uint8_t number, const double point[3])
{
    uint8_t data[24];
    for (int i = 0; i < 3; i++) {
        uint64_t bits;
        const double value = point[i] == 0 ? 0 : point[i]; /* -0 */
        if (!isfinite(value) && b->bad == ES_OK) b->bad = ES_E_ARG;
        memcpy(&bits, &value, sizeof bits);
        little(bits, 8, data + 8 * i);
    }
    put_field(b, number, data, sizeof data);
}

static void put_fields(struct bytes *b, const struct body_field *fields, size_t count, const void *object);

/* Length first: written as zero, then put right, so that a record is written once. */
static void put_records(struct bytes *b, uint8_t number, const struct body_field *fields, size_t n_fields, const void *items, size_t item_size,
                        size_t count)
{
    const size_t field_at = b->len;
    put_field(b, number, NULL, 0);
    for (size_t i = 0; i < count; i++) {
        const size_t record_at = b->len;
        static const uint8_t zero[4] = {0};
        put(b, zero, sizeof zero);
        put_fields(b, fields, n_fields, (const char *)items + i * item_size);
        if (b->bad == ES_OK) little(b->len - record_at - 4, 4, b->data + record_at);
    }
    if (b->bad == ES_OK) little(b->len - field_at - 5, 4, b->data + field_at + 1);
}

static void put_list(struct bytes *b, const struct body_field *f, const void *object)
{
    size_t count;
    const void *items;
    memcpy(&count, (const char *)object + f->beside, sizeof count);
    memcpy(&items, (const char *)object + f->offset, sizeof items);
    if (count == 0) return;
    if (f->type == TYPE_ATTRIBUTES)
        put_records(b, f->number, event_body_attribute, ATTRIBUTE_FIELDS, items, sizeof(struct es_event_attribute), count);
    else if (f->type == TYPE_FINDINGS)
        put_records(b, f->number, event_body_finding, FINDING_FIELDS, items, sizeof(struct es_finding), count);
    else if (f->type == TYPE_LESIONS)
        put_records(b, f->number, event_body_lesion, LESION_FIELDS, items, sizeof(struct es_lesion), count);
    else
        put_field(b, f->number, items, count * ES_PSEUDONYM_SIZE);
}

static void put_member(struct bytes *b, const struct body_field *f, const void *object)
{
    const char *member = (const char *)object + f->offset;
    const bool flagged = f->type == TYPE_ANSWER || f->type == TYPE_WHOLE || f->type == TYPE_NUMBER || f->type == TYPE_POINT; /* of lists `beside` is a count */
    const bool has = flagged && *((const bool *)object + f->beside);
    unsigned choice;
    int32_t whole;
    int64_t instant;
    double number;
    const char *text;
    switch (f->type) {
    case TYPE_ENUM:
        memcpy(&choice, member, sizeof choice);
        if (choice != 0) put_integer(b, f->number, choice, 1);
        break;
    case TYPE_BOOL:
    case TYPE_NOT:
        if (*(const bool *)member == (f->type == TYPE_BOOL)) put_integer(b, f->number, 1, 1);
        break;
    case TYPE_ANSWER:
        if (has) put_integer(b, f->number, *(const bool *)member, 1);
        break;
    case TYPE_DAY:
    case TYPE_WHOLE:
        memcpy(&whole, member, sizeof whole);
        if (f->type == TYPE_DAY ? whole != ES_NO_DAY : has) put_integer(b, f->number, (uint32_t)whole, 4);
        break;
    case TYPE_INSTANT:
        memcpy(&instant, member, sizeof instant);
        if (instant != ES_NO_INSTANT) put_integer(b, f->number, (uint64_t)instant, 8);
        break;
    case TYPE_NUMBER:
        memcpy(&number, member, sizeof number);
        if (has) put_number(b, f->number, number);
        break;
    case TYPE_TEXT:
        if (member[0] != '\0') put_field(b, f->number, member, strlen(member));
        break;
    case TYPE_DOCUMENT:
        memcpy(&text, member, sizeof text);
        if (text != NULL && text[0] != '\0') put_field(b, f->number, text, strlen(text));
        break;
    case TYPE_PSEUDONYM:
        if (!event_body_blank((const uint8_t *)member, ES_PSEUDONYM_SIZE)) put_field(b, f->number, member, ES_PSEUDONYM_SIZE);
        break;
    case TYPE_IDENTITY:
        if (!event_body_blank((const uint8_t *)member, ES_IDENTITY_SIZE)) put_field(b, f->number, member, ES_IDENTITY_SIZE);
        break;
    case TYPE_POINT:
        if (has) put_point(b, f->number, (const double *)(const void *)member);
        break;
    case TYPE_PSEUDONYMS:
    case TYPE_ATTRIBUTES:
    case TYPE_FINDINGS:
    case TYPE_LESIONS: put_list(b, f, object); break;
    }
}

/* Events hold findings, findings hold lesions: the depth is three. */
static void put_fields(struct bytes *b, const struct body_field *fields, size_t count, const void *object)
{
    for (size_t i = 0; i < count; i++) put_member(b, &fields[i], object);
}

enum es_errc es_event_encode(struct es_event *event, const struct es_key *key, uint8_t **body, size_t *len, struct es_error *err)
{
    struct bytes b = {0};
    const uint8_t schema = EVENT_SCHEMA;
    put(&b, &schema, 1);
    put_fields(&b, event_body_fields, EVENT_FIELDS, event);
    enum es_errc code = b.bad;
    if (code == ES_E_LIMIT) (void)es_fail(err, code, "event: found a body of more than 1 MiB, expected less");
    else if (code == ES_E_ARG) (void)es_fail(err, code, "event: found a number that is not finite");
    else if (code != ES_OK) (void)es_fail(err, code, "event: no memory for its body");
    if (code == ES_OK && es_key_identity(key, b.data, b.len, event->identity) != ES_OK)
        code = es_fail(err, ES_E_MEMORY, "event: no memory for its identity");
    if (code != ES_OK) {
        free(b.data);
        return code;
    }
    *body = b.data;
    *len = b.len;
    return ES_OK;
}
