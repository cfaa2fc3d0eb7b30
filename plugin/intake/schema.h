/* SPDX-License-Identifier: Apache-2.0 */
/** @file schema.h
 * The keys of a message as tables (DESIGN 5): what each is, which kinds of event may have it, and where in struct es_message it goes.
 * jsonl.c reads by them; who builds messages asks es_message_key() (jsonl.h). Nobody else includes this.
 */
#ifndef ES_PLUGIN_INTAKE_SCHEMA_H
#define ES_PLUGIN_INTAKE_SCHEMA_H

#include <stddef.h>
#include <stdint.h>

#define ES_KIND_BIT(kind) (1u << (kind))

enum es_schema_type {
    ES_TYPE_TEXT, ES_TYPE_DAY, ES_TYPE_INSTANT, ES_TYPE_NUMBER, ES_TYPE_LABEL, ES_TYPE_BOOL, ES_TYPE_WORD, ES_TYPE_ATTRIBUTES,
    ES_TYPE_UNIT, ES_TYPE_MODEL, ES_TYPE_FINDINGS, ES_TYPE_EVENT, ES_TYPE_WHOLE, ES_TYPE_POINT, ES_TYPE_BOX, ES_TYPE_LESIONS,
    ES_TYPE_MASK_TEXT, ES_TYPE_MASK_NUMBER
};

/** A word and the enumerator it stands for; a list ends with NULL. */
struct es_schema_word {
    const char *text;
    unsigned value;
};

/** One key: which kinds may have it, what it is and where it goes. */
struct es_schema_key {
    const char *name;
    uint32_t kinds; /* bits of enum es_event_kind; 0: any */
    enum es_schema_type type;
    size_t offset, size;
    size_t has;     /* of the flag that says it was given; 0: none */
    const struct es_schema_word *words;
};

/** The keys of one object. */
struct es_schema {
    const struct es_schema_key *keys;
    size_t count;
};
extern const struct es_schema es_schema_message, es_schema_unit, es_schema_model, es_schema_finding, es_schema_lesion;

#endif
