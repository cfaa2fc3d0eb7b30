/* SPDX-License-Identifier: Apache-2.0 */
/** @file jsonl.h
 * One line of JSON Lines to a message: the schema of events as others send them (DESIGN 5).
 *
 * Every key is known or refused by name, every type is checked, no value of the line stands in an error text. Whether the parts
 * suffice for the kind is es_event_make()'s to say. Any thread.
 */
#ifndef ES_PLUGIN_INTAKE_JSONL_H
#define ES_PLUGIN_INTAKE_JSONL_H

#include <cjson/cJSON.h>

#include "plugin/event/event.h"

#define ES_MAX_LINE (1u << 20) /* bytes of one message */

/** Read one message.
 * @param line  borrowed; without its newline (white space around it is allowed)
 * @param out   initialised inside; written on ES_OK, otherwise cleared; es_message_clear()
 * @return ES_OK, ES_E_REFUSED ("findings[0].score: found string, expected a number"), ES_E_MEMORY */
ES_MUST_USE enum es_errc es_message_from_json(struct es_message *out, const char *line, size_t len, struct es_error *err);

/** The same from a tree, which is borrowed. */
ES_MUST_USE enum es_errc es_message_from_tree(struct es_message *out, const cJSON *root, struct es_error *err);

/** What a key of the schema holds. ES_MESSAGE_NONE: the kind of event has no such key. */
enum es_message_type {
    ES_MESSAGE_NONE,
    ES_MESSAGE_TEXT,   /* texts, and words of a list */
    ES_MESSAGE_LONG,   /* a text of any length that a line can have: the runs or the image of a mask */
    ES_MESSAGE_DAY,
    ES_MESSAGE_INSTANT,
    ES_MESSAGE_NUMBER,
    ES_MESSAGE_LABEL,  /* 0 or 1 */
    ES_MESSAGE_BOOL,
    ES_MESSAGE_TREE,   /* lesions: a list of objects of the schema, passed on as it stands */
    ES_MESSAGE_OBJECT, /* unit, model */
    ES_MESSAGE_ATTRIBUTES,
    ES_MESSAGE_FINDINGS
};
/** Look a key up, for those who build messages of the schema.
 * @param group  "" for the message itself, or "unit", "model", "findings"
 * @param near   a key of that group whose name is like it, for messages, when there is none; NULL otherwise; may be NULL */
enum es_message_type es_message_key(enum es_event_kind kind, const char *group, const char *name, const char **near);

#endif
