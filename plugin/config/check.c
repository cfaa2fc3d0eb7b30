/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/config/check.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/time.h"

#define PLACE_DEPTH 12
#define PLACE_SIZE 120

/* From the outermost link inwards. The chain is as deep as the tables are: a handful. */
static void place_text(const struct config_place *place, char out[PLACE_SIZE])
{
    const struct config_place *chain[PLACE_DEPTH];
    size_t n = 0, len = 0;
    for (; place != NULL && n < PLACE_DEPTH; place = place->up)
        if (place->key == NULL || place->key[0] != '\0') chain[n++] = place;
    out[0] = '\0';
    while (n-- > 0 && len < PLACE_SIZE) {
        const int wrote = chain[n]->key != NULL
                              ? snprintf(out + len, PLACE_SIZE - len, "%s%.60s", len > 0 ? "." : "", chain[n]->key)
                              : snprintf(out + len, PLACE_SIZE - len, "[%zu]", chain[n]->index);
        len += wrote > 0 ? (size_t)wrote : 0;
    }
    if (out[0] == '\0') (void)snprintf(out, PLACE_SIZE, "Evensight");
}

static void found_text(const cJSON *item, char *out, size_t size)
{
    char number[ES_JSON_NUMBER_SIZE];
    if (cJSON_IsString(item)) {
        (void)snprintf(out, size, "string \"%.40s\"", item->valuestring);
        for (char *p = out; *p != '\0'; p++)
            if ((unsigned char)*p < 0x20 || (unsigned char)*p == 0x7f) *p = ' ';
    } else if (cJSON_IsNumber(item) && isfinite(item->valuedouble)) {
        es_json_number(item->valuedouble, number);
        (void)snprintf(out, size, "number %s", number);
    } else {
        (void)snprintf(out, size, "%s", es_json_kind(item));
    }
}

enum es_errc config_wrong(struct config_reader *reader, const struct config_place *place, const char *format, ...)
{
    char where[PLACE_SIZE], what[ES_ERROR_TEXT];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(what, sizeof what, format, list);
    va_end(list);
    place_text(place, where);
    return es_fail(reader->err, ES_E_CONFIG, "%s: %s", where, what);
}

enum es_errc config_fault(struct config_reader *reader, const struct config_place *place, const cJSON *found, const char *expected,
                          ...)
{
    char what[80], wanted[ES_ERROR_TEXT];
    va_list list;
    va_start(list, expected);
    (void)vsnprintf(wanted, sizeof wanted, expected, list);
    va_end(list);
    found_text(found, what, sizeof what);
    return config_wrong(reader, place, "found %s, expected %s", what, wanted);
}

enum es_errc config_memory(struct config_reader *reader)
{
    return es_fail(reader->err, ES_E_MEMORY, "configuration: no memory");
}

enum es_errc config_list(struct config_reader *reader, const cJSON *item, const struct config_place *place, size_t least, size_t most,
                         size_t *count)
{
    if (!cJSON_IsArray(item)) return config_fault(reader, place, item, "a list");
    size_t n = 0;
    for (const cJSON *child = item->child; child != NULL; child = child->next) n++;
    if (n < least) return config_wrong(reader, place, "found a list of %zu, expected at least %zu", n, least);
    if (n > most) return config_wrong(reader, place, "found a list of %zu, expected at most %zu", n, most);
    *count = n;
    return ES_OK;
}

static bool name_character(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c != '\0' && strchr(" _.+-", c) != NULL);
}

enum es_errc config_text(struct config_reader *reader, const cJSON *item, const struct config_place *place, bool name, char *out,
                         size_t size)
{
    if (!cJSON_IsString(item))
        return config_fault(reader, place, item, name ? "a name of at most %zu characters" : "a text of at most %zu bytes", size - 1);
    const char *text = item->valuestring;
    const size_t len = strlen(text);
    bool good = len < size && !(name && (len == 0 || text[0] == ' ' || text[len - 1] == ' '));
    for (size_t i = 0; good && i < len; i++)
        good = name ? name_character(text[i]) : (unsigned char)text[i] >= 0x20 && (unsigned char)text[i] != 0x7f;
    if (!good)
        return config_fault(reader, place, item,
                            name ? "a name of 1 to %zu characters of A-Z a-z 0-9 space _ . + - (no space at its ends)"
                                 : "a text of at most %zu bytes without control characters",
                            size - 1);
    memcpy(out, text, len + 1);
    return ES_OK;
}

enum es_errc config_code(struct config_reader *reader, const cJSON *item, const struct config_place *place, struct es_code *out)
{
    static const char wanted[] = "a code as \"VALUE,SCHEME\", such as \"60046008,SCT\"";
    if (!cJSON_IsString(item)) return config_fault(reader, place, item, "%s", wanted);
    const char *text = item->valuestring, *comma = strrchr(text, ',');
    if (comma == NULL || comma == text || comma[1] == '\0') return config_fault(reader, place, item, "%s", wanted);
    const size_t value = (size_t)(comma - text), scheme = strlen(comma + 1);
    if (value >= sizeof out->value || scheme >= sizeof out->scheme) return config_fault(reader, place, item, "%s", wanted);
    memcpy(out->value, text, value);
    out->value[value] = '\0';
    memcpy(out->scheme, comma + 1, scheme + 1);
    return ES_OK;
}

enum es_errc config_file(struct config_reader *reader, const cJSON *item, const struct config_place *place, char *out, size_t size)
{
    if (!cJSON_IsString(item) || item->valuestring[0] == '\0') return config_fault(reader, place, item, "a file name");
    const bool relative = item->valuestring[0] != '/' && reader->base != NULL && reader->base[0] != '\0';
    const int n = snprintf(out, size, "%s%s%s", relative ? reader->base : "", relative ? "/" : "", item->valuestring);
    if (n < 0 || (size_t)n >= size) return config_wrong(reader, place, "found a path that is too long, expected at most %zu bytes", size - 1);
    return ES_OK;
}

/* "15m": a whole number and one unit. */
static enum es_errc read_duration(struct config_reader *reader, const cJSON *item, const struct config_place *place, int64_t *out)
{
    static const struct { char unit; int64_t seconds; } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    static const char wanted[] = "a duration such as \"90s\", \"15m\", \"1h\" or \"30d\", at most 36500d";
    if (!cJSON_IsString(item)) return config_fault(reader, place, item, "%s", wanted);
    const char *p = item->valuestring;
    int64_t number = 0;
    size_t digits = 0;
    for (; *p >= '0' && *p <= '9' && digits < 10; p++, digits++) number = number * 10 + (*p - '0');
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (digits > 0 && p[0] == units[i].unit && p[1] == '\0' && number * units[i].seconds <= INT64_C(36500) * 86400) {
            *out = number * units[i].seconds * 1000000;
            return ES_OK;
        }
    return config_fault(reader, place, item, "%s", wanted);
}

static enum es_errc read_choice(struct config_reader *reader, const cJSON *item, const struct config_place *place,
                                const struct config_key *key, int32_t *out)
{
    char words[ES_ERROR_TEXT] = "";
    size_t len = 0;
    for (int32_t i = 0; key->words[i] != NULL; i++) {
        if (cJSON_IsString(item) && strcmp(item->valuestring, key->words[i]) == 0) {
            *out = i;
            return ES_OK;
        }
        const int n = snprintf(words + len, sizeof words - len, "%s\"%s\"", i > 0 ? ", " : "", key->words[i]);
        if (n > 0 && len + (size_t)n < sizeof words) len += (size_t)n;
    }
    return config_fault(reader, place, item, "one of %s", words);
}

static enum es_errc read_number(struct config_reader *reader, const cJSON *item, const struct config_place *place,
                                const struct config_key *key, void *target)
{
    char lo[ES_JSON_NUMBER_SIZE], hi[ES_JSON_NUMBER_SIZE];
    const bool whole = key->kind == CONFIG_COUNT;
    const double value = cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
    if (!(value >= key->lo && value <= key->hi) || (whole && value != floor(value))) {
        es_json_number(key->lo, lo);
        es_json_number(key->hi, hi);
        return config_fault(reader, place, item, "%s in %s..%s", whole ? "a whole number" : "a number", lo, hi);
    }
    if (whole) *(uint32_t *)target = (uint32_t)value;
    else *(double *)target = value == 0 ? 0 : value;
    return ES_OK;
}

static enum es_errc read_key(struct config_reader *reader, const cJSON *item, const struct config_place *place,
                             const struct config_key *key, void *into)
{
    void *target = (char *)into + key->offset;
    switch (key->kind) {
    case CONFIG_BOOL:
        if (!cJSON_IsBool(item)) return config_fault(reader, place, item, "true or false");
        *(bool *)target = cJSON_IsTrue(item);
        return ES_OK;
    case CONFIG_NUMBER:
    case CONFIG_COUNT: return read_number(reader, item, place, key, target);
    case CONFIG_NAME: return config_text(reader, item, place, true, target, key->size);
    case CONFIG_TEXT: return config_text(reader, item, place, false, target, key->size);
    case CONFIG_CHOICE: return read_choice(reader, item, place, key, target);
    case CONFIG_DURATION: return read_duration(reader, item, place, target);
    case CONFIG_DAY:
        if (!cJSON_IsString(item) || !es_day_parse(item->valuestring, target))
            return config_fault(reader, place, item, "a date as \"YYYY-MM-DD\"");
        return ES_OK;
    case CONFIG_FILE: return config_file(reader, item, place, target, key->size);
    case CONFIG_OTHER: break;
    }
    return key->read(reader, item, place, into);
}

/* Levenshtein distance, cut off: names are short. */
static size_t distance(const char *a, const char *b)
{
    size_t row[65];
    const size_t m = strlen(a), n = strlen(b);
    if (m > 64 || n > 64) return SIZE_MAX;
    for (size_t j = 0; j <= n; j++) row[j] = j;
    for (size_t i = 1; i <= m; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            const size_t change = corner + ((a[i - 1] | 0x20) != (b[j - 1] | 0x20));
            corner = row[j];
            const size_t gap = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = change < gap ? change : gap;
        }
    }
    return row[n];
}

static enum es_errc unknown_key(struct config_reader *reader, const struct config_place *place, const struct config_key *keys,
                                size_t count)
{
    char names[ES_ERROR_TEXT] = "";
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        if (distance(place->key, keys[i].name) <= 2) return config_wrong(reader, place, "unknown key, did you mean %s?", keys[i].name);
        const int n = snprintf(names + len, sizeof names - len, "%s%s", i > 0 ? ", " : "", keys[i].name);
        if (n > 0 && len + (size_t)n < sizeof names) len += (size_t)n;
    }
    return config_wrong(reader, place, "unknown key, expected one of %s", names);
}

enum es_errc config_object(struct config_reader *reader, const cJSON *item, const struct config_place *place,
                           const struct config_key *keys, size_t count, void *into)
{
    uint64_t seen = 0; /* tables have fewer than 64 rows */
    if (!cJSON_IsObject(item)) return config_fault(reader, place, item, "an object");
    for (const cJSON *child = item->child; child != NULL; child = child->next) {
        const struct config_place here = {place, child->string, 0};
        size_t k = 0;
        while (k < count && strcmp(keys[k].name, child->string) != 0) k++;
        if (k == count) return unknown_key(reader, &here, keys, count);
        if (seen & UINT64_C(1) << k) return config_wrong(reader, &here, "given twice, expected once");
        seen |= UINT64_C(1) << k;
    }
    /* In the table's order, so that what a key refers to (axes) is read before it. */
    for (size_t k = 0; k < count; k++) {
        const struct config_place here = {place, keys[k].name, 0};
        if (seen & UINT64_C(1) << k) {
            const enum es_errc code = read_key(reader, cJSON_GetObjectItemCaseSensitive(item, keys[k].name), &here, &keys[k], into);
            if (code != ES_OK) return code;
        } else if (keys[k].required) {
            return config_wrong(reader, &here, "found nothing, expected this key");
        }
    }
    return ES_OK;
}
