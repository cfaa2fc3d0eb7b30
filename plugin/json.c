/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/json.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool es_utf8_valid(const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + len;
    while (p < end) {
        if (end - p >= 8) { /* eight ASCII letters at once: no top bit, and none zero */
            uint64_t word;
            memcpy(&word, p, sizeof word);
            if (((word | (word - UINT64_C(0x0101010101010101))) & UINT64_C(0x8080808080808080)) == 0) {
                p += 8;
                continue;
            }
        }
        if (*p == 0) return false;
        if (*p < 0x80) {
            p++;
            continue;
        }
        const size_t more = *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : 1;
        if (*p < 0xc2 || *p > 0xf4 || (size_t)(end - p) <= more) return false;
        uint32_t code = *p & (0x3fu >> more);
        for (size_t i = 1; i <= more; i++) {
            if ((p[i] & 0xc0) != 0x80) return false;
            code = code << 6 | (p[i] & 0x3fu);
        }
        if ((more == 2 && (code < 0x800 || (code >= 0xd800 && code <= 0xdfff))) || (more == 3 && (code < 0x10000 || code > 0x10ffff)))
            return false;
        p += more + 1;
    }
    return true;
}

/* Where in the text a message points. */
static enum es_errc fail_at(struct es_error *err, enum es_errc code, const char *text, size_t at, const char *what)
{
    size_t line = 1, start = 0;
    for (size_t i = 0; i < at; i++)
        if (text[i] == '\n') {
            line++;
            start = i + 1;
        }
    return es_fail(err, code, "line %zu, column %zu: %s", line, at - start + 1, what);
}

struct scan {
    char *text; /* the copy; comments are blanked in it */
    size_t len, at, depth;
    bool comments;
    struct es_error *err;
};

static enum es_errc scan_string(struct scan *s)
{
    for (size_t i = s->at + 1; i < s->len; i++) {
        const unsigned char c = (unsigned char)s->text[i];
        if (c < 0x20) return fail_at(s->err, ES_E_PARSE, s->text, i, "found a control character in a string, expected an escape");
        if (c == '"') {
            s->at = i + 1;
            return ES_OK;
        }
        if (c != '\\') continue;
        if (s->len - i > 5 && memcmp(s->text + i, "\\u0000", 6) == 0)
            return fail_at(s->err, ES_E_PARSE, s->text, i, "found \\u0000 in a string, which no text may hold");
        i++;
    }
    return fail_at(s->err, ES_E_PARSE, s->text, s->at, "found a string without its closing quote");
}

static enum es_errc scan_comment(struct scan *s)
{
    const size_t start = s->at;
    const bool line = start + 1 < s->len && s->text[start + 1] == '/';
    if (!s->comments || start + 1 >= s->len || (!line && s->text[start + 1] != '*'))
        return fail_at(s->err, ES_E_PARSE, s->text, start, "found \"/\", expected JSON");
    size_t end = start + 2;
    if (line) {
        while (end < s->len && s->text[end] != '\n') end++;
    } else {
        while (end + 1 < s->len && !(s->text[end] == '*' && s->text[end + 1] == '/')) end++;
        if (end + 1 >= s->len) return fail_at(s->err, ES_E_PARSE, s->text, start, "found a comment without its end");
        end += 2;
    }
    for (size_t i = start; i < end; i++)
        if (s->text[i] != '\n') s->text[i] = ' '; /* blanks, so that line and column stay true */
    s->at = end;
    return ES_OK;
}

static enum es_errc scan_text(struct scan *s)
{
    while (s->at < s->len) {
        const char c = s->text[s->at];
        enum es_errc code = ES_OK;
        if (c == '"') {
            code = scan_string(s);
        } else if (c == '/') {
            code = scan_comment(s);
        } else {
            if (c == '[' || c == '{') s->depth++;
            if ((c == ']' || c == '}') && s->depth > 0) s->depth--;
            if (s->depth > ES_JSON_MAX_DEPTH)
                return fail_at(s->err, ES_E_LIMIT, s->text, s->at, "found brackets nested deeper than 32");
            s->at++;
        }
        if (code != ES_OK) return code;
    }
    return ES_OK;
}

enum es_errc es_json_parse(cJSON **out, const char *text, size_t len, bool comments, struct es_error *err)
{
    if (len == SIZE_MAX || !es_utf8_valid(text, len)) return es_fail(err, ES_E_PARSE, "found bytes that are no UTF-8 text");
    char *copy = malloc(len + 1);
    if (copy == NULL) return es_fail(err, ES_E_MEMORY, "JSON: no memory for %zu bytes", len);
    memcpy(copy, text, len);
    copy[len] = '\0';
    struct scan scan = {.text = copy, .len = len, .comments = comments, .err = err};
    enum es_errc code = scan_text(&scan);
    if (code == ES_OK) {
        const char *end = copy;
        cJSON *tree = cJSON_ParseWithLengthOpts(copy, len + 1, &end, 1);
        if (tree == NULL)
            code = fail_at(err, ES_E_PARSE, copy, (size_t)(end - copy), end - copy >= (ptrdiff_t)len ? "the text ends too early" : "found what is no JSON");
        else
            *out = tree;
    }
    free(copy);
    return code;
}

const char *es_json_kind(const cJSON *item)
{
    if (item == NULL) return "nothing";
    switch (item->type & 0xff) {
    case cJSON_False: return "false";
    case cJSON_True: return "true";
    case cJSON_NULL: return "null";
    case cJSON_Number: return "number";
    case cJSON_String: return "string";
    case cJSON_Array: return "list";
    case cJSON_Object: return "object";
    default: return "nothing";
    }
}

void es_json_number(double value, char out[ES_JSON_NUMBER_SIZE])
{
    if (value == 0) value = 0; /* -0 */
    if (fabs(value) < 9007199254740992.0 && value == floor(value)) {
        (void)snprintf(out, ES_JSON_NUMBER_SIZE, "%lld", (long long)value);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        (void)snprintf(out, ES_JSON_NUMBER_SIZE, "%.*g", digits, value);
        if (strtod(out, NULL) == value) break;
    }
    for (char *p = out; *p != '\0'; p++) /* a locale's decimal sign */
        if (strchr("0123456789+-eE", *p) == NULL) *p = '.';
}

/* Text that grows; bad once memory ran out. */
struct text {
    char *bytes;
    size_t len, size;
    bool bad;
};

static void put(struct text *text, const char *bytes, size_t len)
{
    if (text->bad) return;
    if (text->size - text->len <= len) {
        size_t size = text->size == 0 ? 256 : text->size;
        while (size - text->len <= len && size <= SIZE_MAX / 4) size *= 2;
        char *grown = size - text->len > len ? realloc(text->bytes, size) : NULL;
        if (grown == NULL) {
            text->bad = true;
            return;
        }
        text->bytes = grown;
        text->size = size;
    }
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
    text->bytes[text->len] = '\0';
}

static void put_string(struct text *text, const char *value)
{
    put(text, "\"", 1);
    for (const char *p = value; *p != '\0'; p++) {
        const unsigned char c = (unsigned char)*p;
        char escape[8];
        if (c == '"' || c == '\\') {
            (void)snprintf(escape, sizeof escape, "\\%c", c);
            put(text, escape, 2);
        } else if (c < 0x20) {
            (void)snprintf(escape, sizeof escape, "\\u%04x", (unsigned)c);
            put(text, escape, 6);
        } else {
            put(text, p, 1);
        }
    }
    put(text, "\"", 1);
}

static int by_key(const void *a, const void *b)
{
    const cJSON *const *x = a, *const *y = b;
    return strcmp((*x)->string, (*y)->string);
}

static bool put_item(struct text *text, const cJSON *item, unsigned depth);

static bool put_object(struct text *text, const cJSON *object, unsigned depth)
{
    size_t count = 0, i = 0;
    for (const cJSON *child = object->child; child != NULL; child = child->next) count++;
    const cJSON **sorted = calloc(count + 1, sizeof *sorted);
    if (sorted == NULL) {
        text->bad = true;
        return true;
    }
    for (const cJSON *child = object->child; child != NULL; child = child->next) sorted[i++] = child;
    qsort(sorted, count, sizeof *sorted, by_key);
    bool good = true;
    put(text, "{", 1);
    for (i = 0; good && i < count; i++) {
        if (i > 0) put(text, ",", 1);
        put_string(text, sorted[i]->string);
        put(text, ":", 1);
        good = put_item(text, sorted[i], depth);
    }
    put(text, "}", 1);
    free(sorted);
    return good;
}

static bool put_array(struct text *text, const cJSON *array, unsigned depth)
{
    bool good = true;
    put(text, "[", 1);
    for (const cJSON *child = array->child; good && child != NULL; child = child->next) {
        if (child != array->child) put(text, ",", 1);
        good = put_item(text, child, depth);
    }
    put(text, "]", 1);
    return good;
}

/* Depth is bounded: ES_JSON_MAX_DEPTH. */
static bool put_item(struct text *text, const cJSON *item, unsigned depth)
{
    char number[ES_JSON_NUMBER_SIZE];
    switch (item->type & 0xff) {
    case cJSON_False: put(text, "false", 5); return true;
    case cJSON_True: put(text, "true", 4); return true;
    case cJSON_NULL: put(text, "null", 4); return true;
    case cJSON_String: put_string(text, item->valuestring); return true;
    case cJSON_Number:
        if (!isfinite(item->valuedouble)) return false;
        es_json_number(item->valuedouble, number);
        put(text, number, strlen(number));
        return true;
    case cJSON_Array: return depth < ES_JSON_MAX_DEPTH && put_array(text, item, depth + 1);
    case cJSON_Object: return depth < ES_JSON_MAX_DEPTH && put_object(text, item, depth + 1);
    default: return false;
    }
}

enum es_errc es_json_canonical(const cJSON *item, char **out, struct es_error *err)
{
    struct text text = {0};
    const bool good = put_item(&text, item, 0);
    if (!good || text.bad) {
        free(text.bytes);
        if (!good) return es_fail(err, ES_E_ARG, "JSON: found a number that is not finite, or a tree nested deeper than 32");
        return es_fail(err, ES_E_MEMORY, "JSON: no memory for a document");
    }
    *out = text.bytes;
    return ES_OK;
}
