/* SPDX-License-Identifier: Apache-2.0 */
/** @file hl7_internal.h
 * What hl7.c (messages, fields) and hl7_record.c (records as JSON) share.
 */
#ifndef ES_PLUGIN_INTAKE_HL7_INTERNAL_H
#define ES_PLUGIN_INTAKE_HL7_INTERNAL_H

#include "plugin/intake/hl7.h"

struct es_hl7_segment {
    const char *text; /* UTF-8, not NUL-terminated */
    size_t len;
    uint64_t line;
};

struct es_hl7_message {
    struct es_hl7_segment *segments;
    size_t n;
    char field, component, repetition, escape, subcomponent; /* MSH-1, MSH-2 */
};

struct es_hl7_record {
    const struct es_hl7_message *message;
    size_t from, to;          /* segments of the order: its OBR stands at `order` */
    size_t order;
    size_t group, group_end;  /* segments of its patient, from PID to that patient's first order: looked at after the record's own */
    size_t head;              /* then those before the message's first PID or order */
};

/** A part of a text; len 0: empty. */
struct es_hl7_part {
    const char *text;
    size_t len;
};
bool es_hl7_is_segment(const struct es_hl7_segment *segment, const char *name);
/** Field n (from 1) of a segment, all repetitions. */
struct es_hl7_part es_hl7_field_of(const struct es_hl7_message *message, const struct es_hl7_segment *segment, unsigned n);
/** The index-th part (from 0) of a text between separators. *there is false past the last. */
struct es_hl7_part es_hl7_split(struct es_hl7_part text, char separator, unsigned index, bool *there);
/** Component c and subcomponent s (from 1) of one repetition. */
struct es_hl7_part es_hl7_component(const struct es_hl7_message *message, struct es_hl7_part repetition, unsigned c, unsigned s);
/** The first part of *rest, which is moved behind it. @return false when nothing was left; `{NULL, 0}` is nothing, an empty part is one */
bool es_hl7_next(struct es_hl7_part *rest, char separator, struct es_hl7_part *out);
/** Escapes resolved, "" (deleted) as nothing; cut at size - 1 on a whole character. @return the length, at most that of part */
size_t es_hl7_text(const struct es_hl7_message *message, struct es_hl7_part part, char *out, size_t size);
/** A date and time (DTM) as ISO 8601: "20260301100211.5+0100" -> "2026-03-01T10:02:11.5+01:00". @return false: less than a day, or none */
bool es_hl7_time(const char *text, char out[ES_INTAKE_TIME]);

/** The record as JSON. NULL: memory ran out. */
cJSON *es_hl7_json(const struct es_hl7_record *record);

#endif
