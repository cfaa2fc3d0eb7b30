/* SPDX-License-Identifier: Apache-2.0 */
/** @file pattern.h
 * Regular expressions of the configuration, matched against texts of hostile objects: PCRE2 with limits. Any thread.
 */
#ifndef ES_PLUGIN_PATTERN_H
#define ES_PLUGIN_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

/** Does the pattern compile (PCRE2, UTF-8)?
 * @param why  what is wrong and where, when false; may be NULL */
bool es_pattern_check(const char *pattern, char *why, size_t size);
/** Does the pattern match somewhere in the text? False also when it does not compile, the text is no UTF-8 or a limit
 * (100,000 steps, 1 MiB) is reached. */
bool es_pattern_match(const char *pattern, const char *text);

#endif
