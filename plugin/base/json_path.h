/* SPDX-License-Identifier: Apache-2.0 */
/** @file json_path.h
 * Paths into JSON: a small, bounded part of JSONPath (RFC 9535, https://www.rfc-editor.org/rfc/rfc9535).
 *
 *     $                      the document; @ the current record, where records are read one by one
 *     .name  ["name"]        a member; the shorthand is letters, digits and _ (RFC 9535 2.5.1.1), anything else stands in quotes,
 *                            single or double, where \\ and the quote are escaped by a backslash
 *     [3]  [-1]              an element of a list, from its end when negative
 *     .*  [*]                every member or element
 *     [?@.a.b=="text"]       every one whose a.b equals a text, a number, true, false or null; != too; without either: that has it.
 *                            Inside stand members and elements only
 *
 * Not there: descendants (..), slices, lists of selectors, functions, order and logic in filters. Names compare byte for byte; of
 * doubled names the first counts. A path has at most 16 steps; one look visits at most 100,000 values. Any thread.
 */
#ifndef ES_PLUGIN_JSON_PATH_H
#define ES_PLUGIN_JSON_PATH_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "dicom/error.h"

#define ES_JSON_PATH_SIZE 256     /* bytes of a path, its NUL included */
#define ES_JSON_PATH_STEPS 16
#define ES_JSON_PATH_VISITS 100000

/** A path that has been read. Opaque, never changed after: es_json_path_new(), es_json_path_free(). */
struct es_json_path;

/** Read a path.
 * @param text  borrowed; the operator's, so it may stand in messages
 * @param out   owned by the caller; NULL on failure
 * @return ES_OK, ES_E_CONFIG ("at character 4: found \"..\", expected a name"), ES_E_MEMORY */
ES_MUST_USE enum es_errc es_json_path_new(struct es_json_path **out, const char *text, struct es_error *err);
/** NULL is allowed. */
void es_json_path_free(struct es_json_path *path);
/** Does it begin with @ (the current record)? */
bool es_json_path_is_current(const struct es_json_path *path);

/** The values that a path selects, in the document's order.
 * @param root     where $ or @ stands; NULL selects nothing
 * @param found    borrowed pointers into root, the first `most` of them
 * @param limited  set when the look was given up at ES_JSON_PATH_VISITS values; may be NULL
 * @return how many were selected; may be more than `most` */
size_t es_json_path_find(const struct es_json_path *path, const cJSON *root, const cJSON **found, size_t most, bool *limited);
/** The first value selected, or NULL. */
const cJSON *es_json_path_first(const struct es_json_path *path, const cJSON *root);

#endif
