/* SPDX-License-Identifier: Apache-2.0 */
/** @file body.h
 * The table of the canonical body's fields. Private to body.c (table, writing) and decode.c (reading).
 *
 * What has once been written is never changed: numbers, types and limits may only be added to.
 */
#ifndef ES_PLUGIN_EVENT_BODY_H
#define ES_PLUGIN_EVENT_BODY_H

#include "plugin/event/event.h"

#define EVENT_SCHEMA 1 /* byte 0 */

enum body_type {
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
    TYPE_FINDINGS,   /* records, sorted by name */
    TYPE_POINT,      /* three binary64 with a has-flag; finite, no -0 */
    TYPE_LESIONS     /* records, in the order of es_lesion_order() */
};

struct body_field {
    uint8_t number;
    enum body_type type;
    uint16_t max;   /* greatest enum value, or greatest length of a text */
    size_t offset;  /* of the member */
    size_t beside;  /* of its has-flag, or of the count of a list */
};

/* Numbers are 1, 2, 3, ...: the row of number n is n - 1. */
#define EVENT_FIELDS 41
#define ATTRIBUTE_FIELDS 4
#define FINDING_FIELDS 20
#define LESION_FIELDS 4
extern const struct body_field event_body_fields[EVENT_FIELDS], event_body_attribute[ATTRIBUTE_FIELDS], event_body_finding[FINDING_FIELDS],
    event_body_lesion[LESION_FIELDS];

/** Are all bytes zero? */
static inline bool event_body_blank(const uint8_t *bytes, size_t len)
{
    uint64_t any = 0, word;
    size_t i = 0;
    for (; len - i >= sizeof word; i += sizeof word) {
        __builtin_memcpy(&word, bytes + i, sizeof word);
        any |= word;
    }
    for (; i < len; i++) any |= bytes[i];
    return any == 0;
}

#endif
