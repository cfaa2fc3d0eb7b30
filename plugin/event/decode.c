/* SPDX-License-Identifier: Apache-2.0 */
/* Reading of the canonical body: the same table, walked over bytes. Whatever does not belong is refused by field and place. */
#include <endian.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/json.h"
#include "plugin/event/body.h"

struct reading {
    const uint8_t *body;
    struct es_error *err;
    bool links; /* of the outer fields only those that join and date an event */
    struct es_arena *arena; /* NULL: each list and document has memory of its own */
};

static void *room_for(struct reading *r, size_t count, size_t size)
{
    return r->arena ? es_arena_take(r->arena, count, size) : calloc(count, size);
}

static inline uint64_t read_little(const uint8_t *data, size_t len)
{
    uint64_t value = 0;
    if (len == 4 || len == 8) { /* nearly always, and known where this is called */
        memcpy(&value, data, len);
        return le64toh(value);
    }
    for (size_t i = len; i-- > 0;) value = value << 8 | data[i];
    return value;
}

static enum es_errc fault(struct reading *r, const struct body_field *f, const uint8_t *at, const char *what)
{
    return es_fail(r->err, ES_E_PARSE, "event body: field %u at byte %zu: %s", f->number, (size_t)(at - r->body), what);
}

static enum es_errc read_fields(struct reading *r, const struct body_field *fields, size_t count, const uint8_t *data, size_t len, void *object);

/* What a list of records is made of. */
struct records {
    const struct body_field *fields;
    size_t n_fields, item_size, most;
};
static struct records records_of(enum body_type type)
{
    if (type == TYPE_FINDINGS) return (struct records){event_body_finding, FINDING_FIELDS, sizeof(struct es_finding), ES_MAX_EVENT_FINDINGS};
    if (type == TYPE_LESIONS) return (struct records){event_body_lesion, LESION_FIELDS, sizeof(struct es_lesion), ES_MAX_EVENT_LESIONS};
    return (struct records){event_body_attribute, ATTRIBUTE_FIELDS, sizeof(struct es_event_attribute), ES_MAX_EVENT_FINDINGS};
}

/* Names and keywords ascend; lesions, which may be alike, never descend. */
static enum es_errc check_record(struct reading *r, const struct body_field *f, const uint8_t *at, const char *item, const char *before)
{
    if (f->type == TYPE_LESIONS) {
        const struct es_lesion *lesion = (const void *)item;
        if (!lesion->has_place) return fault(r, f, at, "found a lesion without its place");
        if (before != NULL && es_lesion_order((const void *)before, lesion) > 0) return fault(r, f, at, "found records out of order");
        return ES_OK;
    }
    /* name and keyword are the first members of their structs */
    if (item[0] == '\0') return fault(r, f, at, "found a record without its name");
    if (before != NULL && strcmp(before, item) >= 0) return fault(r, f, at, "found records out of order");
    return ES_OK;
}

/* Records into a fresh array of items. */
static enum es_errc read_records(struct reading *r, const struct body_field *f, const uint8_t *data, size_t len, void *object)
{
    const struct records kind = records_of(f->type);
    size_t count = 0;
    for (size_t at = 0; at < len; count++) {
        const size_t left = len - at;
        const uint64_t record = left < 4 ? UINT64_MAX : read_little(data + at, 4);
        if (left < 4 || record > left - 4) return fault(r, f, data + at, "a record runs past its field");
        at += 4 + (size_t)record;
    }
    if (count == 0) return fault(r, f, data, "found no record, expected at least one");
    if (count > kind.most) return fault(r, f, data, "found too many records");
    char *items = room_for(r, count, kind.item_size);
    if (items == NULL) return es_fail(r->err, ES_E_MEMORY, "event body: no memory for records");
    memcpy((char *)object + f->offset, &items, sizeof items);
    memcpy((char *)object + f->beside, &count, sizeof count);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t record = (size_t)read_little(data + at, 4);
        char *item = items + i * kind.item_size;
        if (f->type == TYPE_FINDINGS) ((struct es_finding *)(void *)item)->evaluable = true;
        enum es_errc code = read_fields(r, kind.fields, kind.n_fields, data + at + 4, record, item);
        if (code == ES_OK) code = check_record(r, f, data + at, item, i > 0 ? item - kind.item_size : NULL);
        if (code != ES_OK) return code;
        at += 4 + record;
    }
    return ES_OK;
}
_Static_assert(offsetof(struct es_lesion, has_place) != 0, "a flag at 0 would be none");
_Static_assert(offsetof(struct es_finding, name) == 0, "records are ordered by their first member");
_Static_assert(offsetof(struct es_event_attribute, keyword) == 0, "records are ordered by their first member");
_Static_assert(sizeof(struct es_pseudonym) == ES_PSEUDONYM_SIZE, "lists of pseudonyms are written as they lie");
_Static_assert(sizeof(enum es_event_kind) == sizeof(unsigned), "enums are read and written as unsigned");

static enum es_errc read_pseudonyms(struct reading *r, const struct body_field *f, const uint8_t *data, size_t len, void *object)
{
    const size_t count = len / ES_PSEUDONYM_SIZE;
    if (len == 0 || len % ES_PSEUDONYM_SIZE != 0) return fault(r, f, data, "found a length that is no multiple of 17");
    if (count > ES_MAX_EVENT_REFERENCES) return fault(r, f, data, "found too many references");
    for (size_t i = 0; i < count; i++) {
        if (event_body_blank(data + i * ES_PSEUDONYM_SIZE, ES_PSEUDONYM_SIZE)) return fault(r, f, data, "found an absent pseudonym");
        if (i > 0 && memcmp(data + (i - 1) * ES_PSEUDONYM_SIZE, data + i * ES_PSEUDONYM_SIZE, ES_PSEUDONYM_SIZE) >= 0)
            return fault(r, f, data + i * ES_PSEUDONYM_SIZE, "found references out of order");
    }
    void *items = room_for(r, len, 1);
    if (items == NULL) return es_fail(r->err, ES_E_MEMORY, "event body: no memory for references");
    memcpy(items, data, len);
    memcpy((char *)object + f->offset, &items, sizeof items);
    memcpy((char *)object + f->beside, &count, sizeof count);
    return ES_OK;
}

/* One number, or the three of a point. */
static enum es_errc read_numbers(struct reading *r, const struct body_field *f, const uint8_t *data, size_t len, void *object)
{
    for (size_t at = 0; at < len; at += 8) {
        const uint64_t bits = read_little(data + at, 8);
        double number;
        memcpy(&number, &bits, sizeof number);
        if (!isfinite(number) || bits == UINT64_C(1) << 63) return fault(r, f, data + at, "found a number that is not finite, or -0");
        memcpy((char *)object + f->offset + at, &number, sizeof number);
    }
    return ES_OK;
}

static enum es_errc read_text(struct reading *r, const struct body_field *f, const uint8_t *data, size_t len, void *object)
{
    const size_t max = f->type == TYPE_DOCUMENT ? ES_MAX_EVENT_BODY : f->max;
    char *text = (char *)object + f->offset;
    if (len == 0 || len > max) return fault(r, f, data, "found an empty or too long text");
    if (!es_utf8_valid((const char *)data, len)) return fault(r, f, data, "found bytes that are no UTF-8 text");
    if (f->type == TYPE_DOCUMENT) {
        text = room_for(r, len + 1, 1);
        if (text == NULL) return es_fail(r->err, ES_E_MEMORY, "event body: no memory for its document");
        memcpy((char *)object + f->offset, &text, sizeof text);
    }
    memcpy(text, data, len);
    text[len] = '\0';
    return ES_OK;
}

static enum es_errc read_integer(struct reading *r, const struct body_field *f, const uint8_t *data, size_t len, void *object)
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
static const uint8_t fixed_length[] = {
    [TYPE_ENUM] = 1,    [TYPE_BOOL] = 1,     [TYPE_NOT] = 1,   [TYPE_ANSWER] = 1,
    [TYPE_DAY] = 4,     [TYPE_WHOLE] = 4,    [TYPE_INSTANT] = 8, [TYPE_NUMBER] = 8,
    [TYPE_POINT] = 24,  [TYPE_PSEUDONYM] = ES_PSEUDONYM_SIZE, [TYPE_IDENTITY] = ES_IDENTITY_SIZE, [TYPE_LESIONS] = 0};

static enum es_errc read_member(struct reading *r, const struct body_field *f, const uint8_t *data, size_t len, void *object)
{
    const size_t fixed = fixed_length[f->type];
    if (fixed != 0 && len != fixed)
        return es_fail(r->err, ES_E_PARSE, "event body: field %u at byte %zu: found %zu bytes, expected %zu", f->number,
                       (size_t)(data - r->body), len, fixed);
    enum es_errc code;
    switch (f->type) {
    case TYPE_TEXT:
    case TYPE_DOCUMENT: return read_text(r, f, data, len, object);
    case TYPE_PSEUDONYM:
    case TYPE_IDENTITY:
        if (event_body_blank(data, len)) return fault(r, f, data, "found zeroes, expected the field to be absent");
        memcpy((char *)object + f->offset, data, len);
        return ES_OK;
    case TYPE_PSEUDONYMS: return read_pseudonyms(r, f, data, len, object);
    case TYPE_ATTRIBUTES:
    case TYPE_FINDINGS:
    case TYPE_LESIONS: return read_records(r, f, data, len, object);
    case TYPE_NUMBER:
    case TYPE_POINT: code = read_numbers(r, f, data, len, object); break;
    default: code = read_integer(r, f, data, len, object); break;
    }
    if (code == ES_OK && f->beside != 0) *((bool *)object + f->beside) = true;
    return code;
}

/* Is a field of this type one of those by which events find each other, or of when they happened? All lists of pseudonyms are. */
static inline bool is_link(enum body_type type)
{
    return ((1u << TYPE_ENUM | 1u << TYPE_DAY | 1u << TYPE_INSTANT | 1u << TYPE_PSEUDONYM | 1u << TYPE_PSEUDONYMS) >> type & 1u) != 0;
}

/* ASCII letters without a zero, as nearly every name and value is; false, with `to` undone, when they are not only that. */
static inline bool copy_ascii(char *to, const uint8_t *from, size_t len)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
    uint64_t word, strange = 0;
    if (len >= sizeof word) {
        for (size_t i = 0; i < len; i += sizeof word) {
            if (i > len - sizeof word) i = len - sizeof word; /* the last word overlaps the one before */
            memcpy(&word, from + i, sizeof word);
            memcpy(to + i, &word, sizeof word);
            strange |= (word | (word - ones)) & tops;
        }
    } else {
        for (size_t i = 0; i < len; i++) {
            to[i] = (char)from[i];
            strange |= (from[i] | (from[i] - 1u)) & 0x80u;
        }
    }
    to[strange ? 0 : len] = '\0';
    return strange == 0;
}

#define EXPONENT UINT64_C(0x7ff0000000000000) /* of a binary64; all ones: infinite, or no number */

/* What nearly every field is, in few instructions: opening a ledger reads some ten of them of every event. false: it is something else, or nothing
 * that belongs here, and read_member() sees to it. */
static inline bool read_usual(const struct body_field *f, const uint8_t *data, uint64_t size, void *object)
{
    char *member = (char *)object + f->offset;
    unsigned choice;
    uint64_t number;
    switch (f->type) {
    case TYPE_PSEUDONYM:
        if (size != ES_PSEUDONYM_SIZE || event_body_blank(data, ES_PSEUDONYM_SIZE)) return false;
        memcpy(member, data, ES_PSEUDONYM_SIZE);
        return true;
    case TYPE_TEXT: return size != 0 && size <= f->max && copy_ascii(member, data, (size_t)size);
    case TYPE_ENUM:
        choice = data[0];
        if (size != 1 || choice == 0 || choice > f->max) return false;
        memcpy(member, &choice, sizeof choice);
        return true;
    case TYPE_NUMBER:
        if (size != sizeof number) return false;
        memcpy(&number, data, sizeof number);
        number = le64toh(number);
        if ((number & EXPONENT) == EXPONENT || number == UINT64_C(1) << 63) return false; /* not finite, or -0 */
        memcpy(member, &number, sizeof number);
        *((bool *)object + f->beside) = true;
        return true;
    default: return false;
    }
}

static enum es_errc read_fields(struct reading *r, const struct body_field *fields, size_t count, const uint8_t *data, size_t len, void *object)
{
    const uint8_t *const end = data + len;
    const bool links = r->links;
    unsigned last = 0; /* fields ascend; the row of a number is the one before it (body.h) */
    while (data < end) {
        const size_t left = (size_t)(end - data);
        if (left < 5) return es_fail(r->err, ES_E_PARSE, "event body: byte %zu: found %zu bytes, expected a field", (size_t)(data - r->body), left);
        const unsigned number = data[0];
        const uint64_t size = read_little(data + 1, 4);
        if (number <= last || number > count)
            return es_fail(r->err, ES_E_PARSE, "event body: byte %zu: found field %u, which is unknown or out of order",
                           (size_t)(data - r->body), number);
        const struct body_field *field = &fields[number - 1];
        if (size > left - 5) return fault(r, field, data, "it runs past the end");
        if ((!links || is_link(field->type)) && (size == 0 || !read_usual(field, data + 5, size, object))) {
            const enum es_errc code = read_member(r, field, data + 5, (size_t)size, object);
            if (code != ES_OK) return code;
        }
        data += 5 + (size_t)size;
        last = number;
    }
    return ES_OK;
}

static enum es_errc decode(struct es_arena *arena, struct es_event *out, const uint8_t *body, size_t len, bool links, struct es_error *err)
{
    struct reading reading = {body, err, links, arena};
    memset(out, 0, sizeof *out);
    out->study_day = out->valid_from = ES_NO_DAY;
    out->produced = out->sent = ES_NO_INSTANT;
    if (len == 0 || len > ES_MAX_EVENT_BODY) return es_fail(err, ES_E_PARSE, "event body: found %zu bytes, expected 1 to 1048576", len);
    if (body[0] != EVENT_SCHEMA) return es_fail(err, ES_E_UNSUPPORTED, "event body: found schema %u, expected 1", body[0]);
    enum es_errc code = read_fields(&reading, event_body_fields, EVENT_FIELDS, body + 1, len - 1, out);
    if (code == ES_OK && out->kind == 0) code = es_fail(err, ES_E_PARSE, "event body: found no kind");
    if (code != ES_OK && arena) memset(out, 0, sizeof *out);
    else if (code != ES_OK) es_event_clear(out);
    return code;
}

enum es_errc es_event_decode(struct es_event *out, const uint8_t *body, size_t len, struct es_error *err)
{
    return decode(NULL, out, body, len, false, err);
}

enum es_errc es_event_decode_into(struct es_arena *arena, struct es_event *out, const uint8_t *body, size_t len, struct es_error *err)
{
    return decode(arena, out, body, len, false, err);
}

enum es_event_kind es_event_peek(const uint8_t *body, size_t len)
{
    const bool good = len >= 7 && body[0] == EVENT_SCHEMA && body[1] == event_body_fields[0].number && read_little(body + 2, 4) == 1 &&
                      body[6] < ES_EVENT_KINDS;
    return good ? (enum es_event_kind)body[6] : (enum es_event_kind)0;
}

enum es_errc es_event_decode_links(struct es_event *out, const uint8_t *body, size_t len, struct es_error *err)
{
    const enum es_event_kind kind = es_event_peek(body, len);
    return decode(NULL, out, body, len, kind >= ES_EVENT_EXAM && kind <= ES_EVENT_REFERENCE, err);
}
