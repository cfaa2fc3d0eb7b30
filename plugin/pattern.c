/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>

#define MATCH_STEPS 100000
#define MATCH_KIB 1024

static pcre2_code *compile(const char *pattern, int *error, PCRE2_SIZE *at)
{
    return pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, error, at, NULL);
}

bool es_pattern_check(const char *pattern, char *why, size_t size)
{
    int error = 0;
    PCRE2_SIZE at = 0;
    pcre2_code *code = compile(pattern, &error, &at);
    if (code == NULL && why != NULL) {
        PCRE2_UCHAR message[120] = "";
        (void)pcre2_get_error_message(error, message, sizeof message);
        (void)snprintf(why, size, "%s at character %zu", (const char *)message, (size_t)at + 1);
    }
    const bool good = code != NULL;
    pcre2_code_free(code);
    return good;
}

bool es_pattern_match(const char *pattern, const char *text)
{
    int error = 0;
    PCRE2_SIZE at = 0;
    pcre2_code *code = compile(pattern, &error, &at);
    if (code == NULL) return false;
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(code, NULL);
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    bool matches = false;
    if (data != NULL && context != NULL) {
        (void)pcre2_set_match_limit(context, MATCH_STEPS);
        (void)pcre2_set_heap_limit(context, MATCH_KIB);
        matches = pcre2_match(code, (PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, 0, 0, data, context) >= 0;
    }
    pcre2_match_context_free(context);
    pcre2_match_data_free(data);
    pcre2_code_free(code);
    return matches;
}
