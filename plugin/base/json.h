/* SPDX-License-Identifier: Apache-2.0 */
/** @file json.h
 * JSON in and out, with what cJSON leaves open settled once: nesting, size, comments, control characters, canonical text.
 *
 * RFC 8259. Reading checks depth and characters before cJSON sees a byte, so that no input can exhaust the stack or smuggle a NUL.
 * Canonical text: keys sorted by bytes, no white space, numbers in the shortest form that reads back to the same binary64,
 * -0 as 0, strings in UTF-8 with only the escapes that are needed. Any thread.
 */
#ifndef ES_PLUGIN_JSON_H
#define ES_PLUGIN_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "dicom/error.h"

#define ES_JSON_MAX_DEPTH 32      /* of [ and { together */
#define ES_JSON_NUMBER_SIZE 32

/** Parse a whole text.
 * @param text      borrowed; need not end with a NUL
 * @param comments  allow // and C-style comments between tokens
 * @param out       owned by the caller: es_json_free() where it may name a patient, else cJSON_Delete()
 * @return ES_OK, ES_E_PARSE ("line 3, column 7: ..."; without the text itself), ES_E_LIMIT (too deep), ES_E_MEMORY */
ES_MUST_USE enum es_errc es_json_parse(cJSON **out, const char *text, size_t len, bool comments, struct es_error *err);

/** Overwrite every text and number of a tree that was parsed, then free it. The nodes are cJSON's, on the ordinary heap: its allocation hooks are
 * the whole process's, and not ours to set. NULL is allowed. A tree of ours, not part of a list. */
void es_json_free(cJSON *tree);

/** Canonical text of a tree.
 * @param out  owned by the caller, free()
 * @return ES_OK, ES_E_ARG (a number that is not finite, or a tree deeper than ES_JSON_MAX_DEPTH), ES_E_MEMORY */
ES_MUST_USE enum es_errc es_json_canonical(const cJSON *item, char **out, struct es_error *err);

/** A finite number as JSON, shortest form that reads back the same. */
void es_json_number(double value, char out[ES_JSON_NUMBER_SIZE]);

/** What an item is, for messages: `string`, `number`, `true`, `null`, `list`, `object`; `nothing` for NULL. Never its value. */
const char *es_json_kind(const cJSON *item);

/** Is the text well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates) without NUL? */
bool es_utf8_valid(const char *text, size_t len);

#endif
