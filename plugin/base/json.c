/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/base/json.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/secret.h"
#include "plugin/base/json_check.h"

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

enum es_errc es_json_parse(cJSON **out, const char *text, size_t len, bool comments, struct es_error *err)
{
    if (len == SIZE_MAX || !es_utf8_valid(text, len)) return es_fail(err, ES_E_PARSE, "found bytes that are no UTF-8 text");
    char *copy = es_secret_new(len + 1);
    if (copy == NULL) return es_fail(err, ES_E_MEMORY, "JSON: no memory for %zu bytes", len);
    memcpy(copy, text, len);
    copy[len] = '\0';
    enum es_errc code = es_json_check(copy, len, comments, err);
    if (code == ES_OK) {
        cJSON *tree = cJSON_ParseWithLengthOpts(copy, len + 1, NULL, 1);
        if (tree == NULL) code = es_fail(err, ES_E_MEMORY, "JSON: no memory for a document");
        else *out = tree;
    }
    es_secret_free(copy);
    return code;
}

static void wipe_text(char *text)
{
    if (text != NULL) explicit_bzero(text, strlen(text));
}

/* Depth is bounded as that of reading is; what lies deeper was not read by us. */
static void wipe(cJSON *item, unsigned depth)
{
    for (; item != NULL; item = item->next) {
        if ((item->type & cJSON_IsReference) == 0) {
            wipe_text(item->valuestring);
            if (depth < ES_JSON_MAX_DEPTH) wipe(item->child, depth + 1);
        }
        if ((item->type & cJSON_StringIsConst) == 0) wipe_text(item->string);
        item->valuedouble = item->valueint = 0;
    }
}

void es_json_free(cJSON *tree)
{
    if (tree != NULL) wipe(tree, 0);
    cJSON_Delete(tree);
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
