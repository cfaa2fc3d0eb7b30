/* SPDX-License-Identifier: Apache-2.0 */
/** @file pattern.h
 * Regular expressions of the configuration, matched against texts of hostile objects: PCRE2 with limits.
 */
#ifndef ES_PLUGIN_PATTERN_H
#define ES_PLUGIN_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "dicom/error.h"

/** Does the pattern compile (PCRE2, UTF-8)? Any thread.
 * @param why  what is wrong and where, when false; may be NULL */
bool es_pattern_check(const char *pattern, char *why, size_t size);
/** Does the pattern match somewhere in the text? False also when it does not compile, the text is no UTF-8 or a limit
 * (100,000 steps, 1 MiB) is reached. Any thread. */
bool es_pattern_match(const char *pattern, const char *text);

/** A compiled pattern, for many texts. One thread at a time. */
struct es_pattern;
/** Bytes from .. to of a text; from > to: the group did not take part. */
struct es_span {
    size_t from, to;
};
enum es_match { ES_MATCH_NONE, ES_MATCH_FOUND, ES_MATCH_LIMIT };

/** Compile.
 * @param caseless  letters' case makes no difference
 * @param out       owned by the caller; NULL on failure
 * @return ES_OK, ES_E_CONFIG ("missing closing parenthesis at character 3"), ES_E_MEMORY */
ES_MUST_USE enum es_errc es_pattern_new(struct es_pattern **out, const char *pattern, bool caseless, struct es_error *err);
/** NULL is allowed. */
void es_pattern_free(struct es_pattern *pattern);
/** The first match at or after `from`.
 * @param text   len bytes of well-formed UTF-8 (es_utf8_valid()); not checked again
 * @param whole  the match; may be NULL
 * @param group  its first group in brackets, the whole where it has none; may be NULL
 * @return ES_MATCH_LIMIT when a limit (100,000 steps, 1 MiB) was reached or memory ran out: it is not known */
enum es_match es_pattern_find(struct es_pattern *pattern, const char *text, size_t len, size_t from, struct es_span *whole,
                              struct es_span *group);

#endif
