/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical body of an event: one table of fields, read and written by one walk each. What has once been written is never
 * changed: numbers, types and limits below may only be added to. */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/event.h"
#include "plugin/json.h"

#define SCHEMA 1

enum type {
    TYPE_ENUM,       /* u8, 1..max; 0 is absent */
    TYPE_BOOL,       /* u8 1; false is absent */
    TYPE_ANSWER,     /* u8 0 or 1; absent without its has-flag */
    TYPE_NOT,        /* u8 1 means false; true is absent */
    TYPE_DAY,        /* i32; ES_NO_DAY is absent */
    TYPE_INSTANT,    /* i64; ES_NO_INSTANT is absent */
    TYPE_WHOLE,      /* i32 with a has-flag */
    TYPE_NUMBER,     /* binary64 with a has-flag; finite, no -0 */
    TYPE_TEXT,       /* UTF-8, 1..max bytes; "" is absent */
    TYPE_DOCUMENT,   /* the same, on the heap */
    TYPE_PSEUDONYM,  /* 17 bytes; the absent one is absent */
    TYPE_IDENTITY,   /* 16 bytes, not all zero */
    TYPE_PSEUDONYMS, /* sorted, distinct; at least one */
    TYPE_ATTRIBUTES, /* records, sorted by keyword */
    TYPE_FINDINGS    /* records, sorted by name */
};

struct field {
    uint8_t number;
    enum type type;
    uint16_t max;   /* greatest enum value, or greatest length of a text */
    size_t offset;  /* of the member */
    size_t beside;  /* of its has-flag, or of the count of a list */
};

#define E(member) offsetof(struct es_event, member)
static const struct field event_fields[] = {
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
};

#define A(member) offsetof(struct es_event_attribute, member)
static const struct field attribute_fields[] = {
    {1, TYPE_TEXT, ES_NAME_SIZE - 1, A(keyword), 0},
    {2, TYPE_ENUM, ES_ATTRIBUTE_STATES - 1, A(state), 0},
    {3, TYPE_TEXT, ES_FACT_VALUE - 1, A(value), 0},
    {4, TYPE_PSEUDONYM, 0, A(unmapped), 0},
};

#define F(member) offsetof(struct es_finding, member)
static const struct field finding_fields[] = {
    {1, TYPE_TEXT, ES_NAME_SIZE - 1, F(name), 0},
    {2, TYPE_NUMBER, 0, F(score), F(has_score)},
    {3, TYPE_NUMBER, 0, F(value), F(has_value)},
    {4, TYPE_NUMBER, 0, F(threshold), F(has_threshold)},
    {5, TYPE_TEXT, 16, F(units), 0},
    {6, TYPE_ANSWER, 0, F(decision), F(has_decision)},
    {7, TYPE_WHOLE, 0, F(label), F(has_label)},
    {8, TYPE_NOT, 0, F(evaluable), 0},
};
#define COUNT_OF(table) (sizeof table / sizeof table[0])

/* ---- writing ---- */

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

static void put_fields(struct bytes *b, const struct field *fields, size_t count, const void *object);

/* Length first: written as zero, then put right, so that a record is written once. */
static void put_records(struct bytes *b, uint8_t number, const struct field *fields, size_t n_fields, const void *items, size_t item_size,
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

static bool all_zero(const uint8_t *bytes, size_t len)
{
    uint8_t any = 0;
    for (size_t i = 0; i < len; i++) any |= bytes[i];
    return any == 0;
}

static void put_list(struct bytes *b, const struct field *f, const void *object)
{
    size_t count;
    const void *items;
    memcpy(&count, (const char *)object + f->beside, sizeof count);
    memcpy(&items, (const char *)object + f->offset, sizeof items);
    if (count == 0) return;
    if (f->type == TYPE_ATTRIBUTES)
        put_records(b, f->number, attribute_fields, COUNT_OF(attribute_fields), items, sizeof(struct es_event_attribute), count);
    else if (f->type == TYPE_FINDINGS)
        put_records(b, f->number, finding_fields, COUNT_OF(finding_fields), items, sizeof(struct es_finding), count);
    else
        put_field(b, f->number, items, count * ES_PSEUDONYM_SIZE);
}

static void put_member(struct bytes *b, const struct field *f, const void *object)
{
    const char *member = (const char *)object + f->offset;
    const bool flagged = f->type == TYPE_ANSWER || f->type == TYPE_WHOLE || f->type == TYPE_NUMBER; /* of lists `beside` is a count */
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
        if (!all_zero((const uint8_t *)member, ES_PSEUDONYM_SIZE)) put_field(b, f->number, member, ES_PSEUDONYM_SIZE);
        break;
    case TYPE_IDENTITY:
        if (!all_zero((const uint8_t *)member, ES_IDENTITY_SIZE)) put_field(b, f->number, member, ES_IDENTITY_SIZE);
        break;
    case TYPE_PSEUDONYMS:
    case TYPE_ATTRIBUTES:
    case TYPE_FINDINGS: put_list(b, f, object); break;
    }
}

/* Records do not nest: the depth is two. */
static void put_fields(struct bytes *b, const struct field *fields, size_t count, const void *object)
{
    for (size_t i = 0; i < count; i++) put_member(b, &fields[i], object);
}

enum es_errc es_event_encode(struct es_event *event, const struct es_key *key, uint8_t **body, size_t *len, struct es_error *err)
{
    struct bytes b = {0};
    const uint8_t schema = SCHEMA;
    put(&b, &schema, 1);
    put_fields(&b, event_fields, COUNT_OF(event_fields), event);
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

/* ---- reading ---- */

struct reading {
    const uint8_t *body;
    struct es_error *err;
};

static uint64_t read_little(const uint8_t *data, size_t len)
{
    uint64_t value = 0;
    for (size_t i = len; i-- > 0;) value = value << 8 | data[i];
    return value;
}

static enum es_errc fault(struct reading *r, const struct field *f, const uint8_t *at, const char *what)
{
    return es_fail(r->err, ES_E_PARSE, "event body: field %u at byte %zu: %s", f->number, (size_t)(at - r->body), what);
}

static enum es_errc read_fields(struct reading *r, const struct field *fields, size_t count, const uint8_t *data, size_t len, void *object);

/* Records into a fresh array of items; keys (the first member, a text) ascend. */
static enum es_errc read_records(struct reading *r, const struct field *f, const uint8_t *data, size_t len, void *object)
{
    const bool findings = f->type == TYPE_FINDINGS;
    const size_t item_size = findings ? sizeof(struct es_finding) : sizeof(struct es_event_attribute);
    size_t count = 0;
    for (size_t at = 0; at < len; count++) {
        const uint64_t record = len - at < 4 ? UINT64_MAX : read_little(data + at, 4);
        if (record > len - at - 4) return fault(r, f, data + at, "a record runs past its field");
        at += 4 + (size_t)record;
    }
    if (count == 0) return fault(r, f, data, "found no record, expected at least one");
    if (count > ES_MAX_EVENT_FINDINGS) return fault(r, f, data, "found too many records");
    char *items = calloc(count, item_size);
    if (items == NULL) return es_fail(r->err, ES_E_MEMORY, "event body: no memory for records");
    memcpy((char *)object + f->offset, &items, sizeof items);
    memcpy((char *)object + f->beside, &count, sizeof count);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t record = (size_t)read_little(data + at, 4);
        char *item = items + i * item_size;
        if (findings) ((struct es_finding *)(void *)item)->evaluable = true;
        const enum es_errc code = read_fields(r, findings ? finding_fields : attribute_fields,
                                              findings ? COUNT_OF(finding_fields) : COUNT_OF(attribute_fields), data + at + 4, record, item);
        if (code != ES_OK) return code;
        /* name and keyword are the first members of their structs */
        if (item[0] == '\0') return fault(r, f, data + at, "found a record without its name");
        if (i > 0 && strcmp(item - item_size, item) >= 0) return fault(r, f, data + at, "found records out of order");
        at += 4 + record;
    }
    return ES_OK;
}
_Static_assert(offsetof(struct es_finding, name) == 0, "records are ordered by their first member");
_Static_assert(offsetof(struct es_event_attribute, keyword) == 0, "records are ordered by their first member");
_Static_assert(sizeof(struct es_pseudonym) == ES_PSEUDONYM_SIZE, "lists of pseudonyms are written as they lie");
_Static_assert(sizeof(enum es_event_kind) == sizeof(unsigned), "enums are read and written as unsigned");

static enum es_errc read_pseudonyms(struct reading *r, const struct field *f, const uint8_t *data, size_t len, void *object)
{
    const size_t count = len / ES_PSEUDONYM_SIZE;
    if (len == 0 || len % ES_PSEUDONYM_SIZE != 0) return fault(r, f, data, "found a length that is no multiple of 17");
    if (count > ES_MAX_EVENT_REFERENCES) return fault(r, f, data, "found too many references");
    for (size_t i = 0; i < count; i++) {
        if (all_zero(data + i * ES_PSEUDONYM_SIZE, ES_PSEUDONYM_SIZE)) return fault(r, f, data, "found an absent pseudonym");
        if (i > 0 && memcmp(data + (i - 1) * ES_PSEUDONYM_SIZE, data + i * ES_PSEUDONYM_SIZE, ES_PSEUDONYM_SIZE) >= 0)
            return fault(r, f, data + i * ES_PSEUDONYM_SIZE, "found references out of order");
    }
    void *items = malloc(len);
    if (items == NULL) return es_fail(r->err, ES_E_MEMORY, "event body: no memory for references");
    memcpy(items, data, len);
    memcpy((char *)object + f->offset, &items, sizeof items);
    memcpy((char *)object + f->beside, &count, sizeof count);
    return ES_OK;
}

static enum es_errc read_number(struct reading *r, const struct field *f, const uint8_t *data, void *object)
{
    const uint64_t bits = read_little(data, 8);
    double number;
    memcpy(&number, &bits, sizeof number);
    if (!isfinite(number) || bits == UINT64_C(1) << 63) return fault(r, f, data, "found a number that is not finite, or -0");
    memcpy((char *)object + f->offset, &number, sizeof number);
    return ES_OK;
}

static enum es_errc read_text(struct reading *r, const struct field *f, const uint8_t *data, size_t len, void *object)
{
    const size_t max = f->type == TYPE_DOCUMENT ? ES_MAX_EVENT_BODY : f->max;
    char *text = (char *)object + f->offset;
    if (len == 0 || len > max) return fault(r, f, data, "found an empty or too long text");
    if (!es_utf8_valid((const char *)data, len)) return fault(r, f, data, "found bytes that are no UTF-8 text");
    if (f->type == TYPE_DOCUMENT) {
        text = malloc(len + 1);
        if (text == NULL) return es_fail(r->err, ES_E_MEMORY, "event body: no memory for its document");
        memcpy((char *)object + f->offset, &text, sizeof text);
    }
    memcpy(text, data, len);
    text[len] = '\0';
    return ES_OK;
}

static enum es_errc read_integer(struct reading *r, const struct field *f, const uint8_t *data, size_t len, void *object)
{
    const uint64_t value = read_little(data, len);
    char *member = (char *)object + f->offset;
    const unsigned choice = (unsigned)value;
    const int32_t whole = (int32_t)(uint32_t)value;
    const int64_t instant = (int64_t)value;
    switch (f->type) {
    case TYPE_ENUM:
        if (value == 0 || value > f->max) return fault(r, f, data, "found a value outside its list");
        memcpy(member, &choice, sizeof choice);
        return ES_OK;
    case TYPE_BOOL:
    case TYPE_NOT:
        if (value != 1) return fault(r, f, data, "found another value, expected 1");
        *(bool *)member = f->type == TYPE_BOOL;
        return ES_OK;
    case TYPE_ANSWER:
        if (value > 1) return fault(r, f, data, "found another value, expected 0 or 1");
        *(bool *)member = value == 1;
        return ES_OK;
    case TYPE_DAY:
    case TYPE_WHOLE:
        if (f->type == TYPE_DAY && whole == ES_NO_DAY) return fault(r, f, data, "found an unset day");
        memcpy(member, &whole, sizeof whole);
        return ES_OK;
    default:
        if (instant == ES_NO_INSTANT) return fault(r, f, data, "found an unset instant");
        memcpy(member, &instant, sizeof instant);
        return ES_OK;
    }
}

/* Length that a type must have; 0: any. */
static size_t fixed_length(enum type type)
{
    switch (type) {
    case TYPE_ENUM:
    case TYPE_BOOL:
    case TYPE_NOT:
    case TYPE_ANSWER: return 1;
    case TYPE_DAY:
    case TYPE_WHOLE: return 4;
    case TYPE_INSTANT:
    case TYPE_NUMBER: return 8;
    case TYPE_PSEUDONYM: return ES_PSEUDONYM_SIZE;
    case TYPE_IDENTITY: return ES_IDENTITY_SIZE;
    default: return 0;
    }
}

static enum es_errc read_member(struct reading *r, const struct field *f, const uint8_t *data, size_t len, void *object)
{
    const size_t fixed = fixed_length(f->type);
    if (fixed != 0 && len != fixed)
        return es_fail(r->err, ES_E_PARSE, "event body: field %u at byte %zu: found %zu bytes, expected %zu", f->number,
                       (size_t)(data - r->body), len, fixed);
    enum es_errc code;
    switch (f->type) {
    case TYPE_TEXT:
    case TYPE_DOCUMENT: return read_text(r, f, data, len, object);
    case TYPE_PSEUDONYM:
    case TYPE_IDENTITY:
        if (all_zero(data, len)) return fault(r, f, data, "found zeroes, expected the field to be absent");
        memcpy((char *)object + f->offset, data, len);
        return ES_OK;
    case TYPE_PSEUDONYMS: return read_pseudonyms(r, f, data, len, object);
    case TYPE_ATTRIBUTES:
    case TYPE_FINDINGS: return read_records(r, f, data, len, object);
    case TYPE_NUMBER: code = read_number(r, f, data, object); break;
    default: code = read_integer(r, f, data, len, object); break;
    }
    if (code == ES_OK && f->beside != 0) *((bool *)object + f->beside) = true;
    return code;
}

static enum es_errc read_fields(struct reading *r, const struct field *fields, size_t count, const uint8_t *data, size_t len, void *object)
{
    size_t at = 0, next = 0; /* fields ascend: the search goes on where it stopped */
    while (at < len) {
        if (len - at < 5) return es_fail(r->err, ES_E_PARSE, "event body: byte %zu: found %zu bytes, expected a field", (size_t)(data + at - r->body), len - at);
        const uint8_t number = data[at];
        const uint64_t size = read_little(data + at + 1, 4);
        while (next < count && fields[next].number < number) next++;
        if (next == count || fields[next].number != number)
            return es_fail(r->err, ES_E_PARSE, "event body: byte %zu: found field %u, which is unknown or out of order",
                           (size_t)(data + at - r->body), number);
        if (size > len - at - 5) return fault(r, &fields[next], data + at, "it runs past the end");
        const enum es_errc code = read_member(r, &fields[next], data + at + 5, (size_t)size, object);
        if (code != ES_OK) return code;
        at += 5 + (size_t)size;
        next++;
    }
    return ES_OK;
}

enum es_errc es_event_decode(struct es_event *out, const uint8_t *body, size_t len, struct es_error *err)
{
    struct es_event event = {.study_day = ES_NO_DAY, .valid_from = ES_NO_DAY, .produced = ES_NO_INSTANT, .sent = ES_NO_INSTANT};
    struct reading reading = {body, err};
    if (len == 0 || len > ES_MAX_EVENT_BODY) return es_fail(err, ES_E_PARSE, "event body: found %zu bytes, expected 1 to 1048576", len);
    if (body[0] != SCHEMA) return es_fail(err, ES_E_UNSUPPORTED, "event body: found schema %u, expected 1", body[0]);
    enum es_errc code = read_fields(&reading, event_fields, COUNT_OF(event_fields), body + 1, len - 1, &event);
    if (code == ES_OK && event.kind == 0) code = es_fail(err, ES_E_PARSE, "event body: found no kind");
    if (code == ES_OK) *out = event;
    else es_event_clear(&event);
    return code;
}
