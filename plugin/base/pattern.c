/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/base/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

#define MATCH_STEPS 100000
#define MATCH_KIB 1024

static pcre2_code *compile(const char *pattern, bool caseless, int *error, PCRE2_SIZE *at)
{
    const uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | (caseless ? PCRE2_CASELESS : 0);
    return pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, error, at, NULL);
}

bool es_pattern_check(const char *pattern, char *why, size_t size)
{
    int error = 0;
    PCRE2_SIZE at = 0;
    pcre2_code *code = compile(pattern, false, &error, &at);
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
    pcre2_code *code = compile(pattern, false, &error, &at);
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

struct es_pattern {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *context;
};

enum es_errc es_pattern_new(struct es_pattern **out, const char *pattern, bool caseless, struct es_error *err)
{
    int error = 0;
    PCRE2_SIZE at = 0;
    struct es_pattern *made = calloc(1, sizeof *made);
    *out = NULL;
    if (made == NULL) return es_fail(err, ES_E_MEMORY, "pattern: no memory");
    made->code = compile(pattern, caseless, &error, &at);
    if (made->code == NULL) {
        PCRE2_UCHAR message[120] = "";
        free(made);
        (void)pcre2_get_error_message(error, message, sizeof message);
        return es_fail(err, ES_E_CONFIG, "%s at character %zu", (const char *)message, (size_t)at + 1);
    }
    made->data = pcre2_match_data_create_from_pattern(made->code, NULL);
    made->context = pcre2_match_context_create(NULL);
    if (made->data == NULL || made->context == NULL) {
        es_pattern_free(made);
        return es_fail(err, ES_E_MEMORY, "pattern: no memory");
    }
    (void)pcre2_set_match_limit(made->context, MATCH_STEPS);
    (void)pcre2_set_heap_limit(made->context, MATCH_KIB);
    *out = made;
    return ES_OK;
}

void es_pattern_free(struct es_pattern *pattern)
{
    if (pattern == NULL) return;
    pcre2_match_context_free(pattern->context);
    pcre2_match_data_free(pattern->data);
    pcre2_code_free(pattern->code);
    free(pattern);
}

enum es_match es_pattern_find(struct es_pattern *pattern, const char *text, size_t len, size_t from, struct es_span *whole,
                              struct es_span *group)
{
    if (from > len) return ES_MATCH_NONE;
    const int n = pcre2_match(pattern->code, (PCRE2_SPTR)text, len, from, PCRE2_NO_UTF_CHECK, pattern->data, pattern->context);
    if (n == PCRE2_ERROR_NOMATCH) return ES_MATCH_NONE;
    if (n < 0) return ES_MATCH_LIMIT;
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(pattern->data);
    if (at[0] > at[1]) return ES_MATCH_NONE; /* \\K in a look-ahead can turn a match round */
    const size_t first = pcre2_get_ovector_count(pattern->data) > 1 ? 2 : 0;
    if (whole != NULL) *whole = (struct es_span){at[0], at[1]};
    if (group != NULL) *group = at[first] == PCRE2_UNSET ? (struct es_span){1, 0} : (struct es_span){at[first], at[first + 1]};
    return ES_MATCH_FOUND;
}
