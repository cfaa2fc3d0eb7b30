/* SPDX-License-Identifier: Apache-2.0 */
/** @file json_check.h
 * Whether a text is JSON (RFC 8259), before a tree is made of it. For json.c.
 */
#ifndef ES_PLUGIN_JSON_CHECK_H
#define ES_PLUGIN_JSON_CHECK_H

#include "plugin/base/json.h"

/** @param text      UTF-8 without NUL; comments are overwritten with blanks
 * @param comments  whether they may stand between tokens
 * @return ES_OK: cJSON reads it, memory permitting; ES_E_PARSE, ES_E_LIMIT (too deep): "line 3, column 7: ...", without the text itself */
ES_MUST_USE enum es_errc es_json_check(char *text, size_t len, bool comments, struct es_error *err);

#endif
