/* SPDX-License-Identifier: Apache-2.0 */
/** @file jsonl.h
 * One line of JSON Lines to a message: the schema of events as others send them (DESIGN 5).
 *
 * Every key is known or refused by name, every type is checked, no value of the line stands in an error text. Whether the parts
 * suffice for the kind is es_event_make()'s to say. Any thread.
 */
#ifndef ES_PLUGIN_INTAKE_JSONL_H
#define ES_PLUGIN_INTAKE_JSONL_H

#include "plugin/event.h"

#define ES_MAX_LINE (1u << 20) /* bytes of one message */

/** Read one message.
 * @param line  borrowed; without its newline (white space around it is allowed)
 * @param out   initialised inside; written on ES_OK, otherwise cleared; es_message_clear()
 * @return ES_OK, ES_E_REFUSED ("findings[0].score: found string, expected a number"), ES_E_MEMORY */
ES_MUST_USE enum es_errc es_message_from_json(struct es_message *out, const char *line, size_t len, struct es_error *err);

#endif
