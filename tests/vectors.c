/* SPDX-License-Identifier: Apache-2.0 */
#include "vectors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testlib.h"

/** JSON readers keep numbers as doubles. Whole numbers of 16 digits or more are therefore put in quotes before parsing, so that
 * their digits survive; es_vec_number() and es_vec_whole() read both. Quotes already there are walked past. */
static char *quote_long_wholes(const char *text, size_t len, size_t *out_len)
{
    char *out = malloc(2 * len + 1);
    size_t o = 0;
    bool quoted = false;
    for (size_t i = 0; out && i < len;) {
        const size_t digits = quoted ? 0 : strspn(text + i, "0123456789");
        const bool starts = i == 0 || !strchr("0123456789.eE+-", text[i - 1]);
        const bool whole = digits >= 16 && starts && (i + digits >= len || !strchr(".eE", text[i + digits]));
        const size_t take = digits ? digits : (quoted && text[i] == '\\' && i + 1 < len) ? 2 : 1;
        if (text[i] == '"') quoted = !quoted;
        if (whole) out[o++] = '"';
        memcpy(out + o, text + i, take);
        o += take;
        i += take;
        if (whole) out[o++] = '"';
    }
    *out_len = o;
    return out;
}

bool es_vec_open(struct es_vec *v, const char *dir, const char *file)
{
    char path[4096];
    size_t len = 0;
    memset(v, 0, sizeof *v);
    v->name = file;
    snprintf(path, sizeof path, "%s/%s", dir, file);
    char *text = es_test_slurp(path, &len);
    size_t quoted_len = 0;
    char *quoted = text ? quote_long_wholes(text, len, &quoted_len) : NULL;
    if (quoted) v->root = cJSON_ParseWithLength(quoted, quoted_len);
    free(quoted);
    free(text);
    const cJSON *schema = cJSON_GetObjectItemCaseSensitive(v->root, "schema");
    if (schema && cJSON_IsString(schema) && strcmp(schema->valuestring, "bias-monitor-vectors/1") == 0) return true;
    es_vec_fail(v, "", "cannot be read as bias-monitor-vectors/1");
    es_vec_close(v);
    return false;
}

void es_vec_close(struct es_vec *v)
{
    cJSON_Delete(v->root);
    v->root = NULL;
    v->item = v->in = v->expect = NULL;
    v->id = "";
}

static bool was_seen(const struct es_vec *v, const char *field)
{
    for (size_t i = 0; i < v->seen_count; i++)
        if (strcmp(v->seen[i], field) == 0) return true;
    return false;
}

static void check_all_seen(struct es_vec *v)
{
    static const char unknown[] = "unknown field: expected, but nothing was compared with it";
    const cJSON *field = NULL, *inner = NULL;
    if (!cJSON_IsObject(v->expect)) return;
    cJSON_ArrayForEach(field, v->expect)
    {
        if (was_seen(v, field->string)) continue;
        if (!cJSON_IsObject(field)) {
            es_vec_fail(v, field->string, unknown);
            continue;
        }
        cJSON_ArrayForEach(inner, field)
        {
            char name[ES_VEC_NAME];
            snprintf(name, sizeof name, "%s.%s", field->string, inner->string);
            if (!was_seen(v, name)) es_vec_fail(v, name, unknown);
        }
    }
}

/** The file's tolerance of one field, when it has one of its own. */
static double field_tolerance(const struct es_vec *v, const char *field, const char *name, double otherwise)
{
    const cJSON *fields =
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(v->root, "tolerance"), "fields");
    const cJSON *own = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(fields, field), name);
    return cJSON_IsNumber(own) ? own->valuedouble : otherwise;
}

static double tolerance(const struct es_vec *v, const char *name, double otherwise)
{
    const cJSON *own = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(v->item, "tol"), name);
    const cJSON *file = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(v->root, "tolerance"), name);
    if (cJSON_IsNumber(own)) return own->valuedouble;
    return cJSON_IsNumber(file) ? file->valuedouble : otherwise;
}

bool es_vec_next(struct es_vec *v)
{
    if (v->item) {
        check_all_seen(v);
        v->failed_cases += v->failed > v->failed_before;
        v->item = v->item->next;
    } else {
        v->item = cJSON_GetObjectItemCaseSensitive(v->root, "cases");
        v->item = v->item ? v->item->child : NULL;
    }
    v->seen_count = 0;
    v->failed_before = v->failed;
    if (!v->item) return false;
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(v->item, "id");
    v->id = cJSON_IsString(id) ? id->valuestring : "?";
    v->in = cJSON_GetObjectItemCaseSensitive(v->item, "in");
    v->expect = cJSON_GetObjectItemCaseSensitive(v->item, "expect");
    v->rel = tolerance(v, "rel", 1e-12);
    v->abs = tolerance(v, "abs", 0);
    v->cases++;
    return true;
}

void es_vec_fail(struct es_vec *v, const char *field, const char *what)
{
    v->failed++;
    printf("    %s %s %s: %s\n", v->name, v->id ? v->id : "", field, what);
}

void es_vec_saw(struct es_vec *v, const char *field)
{
    if (v->seen_count < ES_VEC_MAX_SEEN)
        snprintf(v->seen[v->seen_count++], ES_VEC_NAME, "%s", field);
    else
        es_vec_fail(v, field, "more fields than ES_VEC_MAX_SEEN");
}

double es_vec_number(const cJSON *item)
{
    if (cJSON_IsNumber(item)) return item->valuedouble;
    if (cJSON_IsString(item) && strcmp(item->valuestring, "inf") == 0) return INFINITY;
    if (cJSON_IsString(item) && strcmp(item->valuestring, "-inf") == 0) return -INFINITY;
    if (cJSON_IsString(item) && item->valuestring[0] && strspn(item->valuestring, "0123456789") == strlen(item->valuestring))
        return strtod(item->valuestring, NULL);
    return NAN;
}

uint64_t es_vec_whole(const cJSON *item)
{
    if (cJSON_IsString(item)) return strtoull(item->valuestring, NULL, 10);
    return cJSON_IsNumber(item) && item->valuedouble > 0 && item->valuedouble < 9e15 ? (uint64_t)item->valuedouble : 0;
}

uint64_t es_vec_in_whole(const struct es_vec *v, const char *name)
{
    return es_vec_whole(cJSON_GetObjectItemCaseSensitive(v->in, name));
}

uint64_t *es_vec_in_wholes(const struct es_vec *v, const char *name, size_t *count)
{
    const cJSON *array = cJSON_GetObjectItemCaseSensitive(v->in, name), *item = NULL;
    *count = 0;
    if (!cJSON_IsArray(array)) return NULL;
    const size_t n = (size_t)cJSON_GetArraySize(array);
    uint64_t *out = calloc(n ? n : 1, sizeof *out);
    if (!out) return NULL;
    cJSON_ArrayForEach(item, array) out[(*count)++] = es_vec_whole(item);
    return out;
}

const cJSON *es_vec_want(const struct es_vec *v, const char *field)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(v->expect, field);
    const char *dot = strchr(field, '.');
    char first[ES_VEC_NAME];
    if (item || !dot || (size_t)(dot - field) >= sizeof first) return item;
    memcpy(first, field, (size_t)(dot - field));
    first[dot - field] = 0;
    return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(v->expect, first), dot + 1);
}

double es_vec_in(const struct es_vec *v, const char *name)
{
    return es_vec_number(cJSON_GetObjectItemCaseSensitive(v->in, name));
}

const char *es_vec_in_text(const struct es_vec *v, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(v->in, name);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

double *es_vec_array(const cJSON *array, size_t *count)
{
    *count = 0;
    if (!cJSON_IsArray(array)) return NULL;
    const size_t n = (size_t)cJSON_GetArraySize(array);
    double *out = malloc((n ? n : 1) * sizeof *out);
    if (!out) return NULL;
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, array) out[(*count)++] = es_vec_number(item);
    return out;
}

double *es_vec_in_array(const struct es_vec *v, const char *name, size_t *count)
{
    return es_vec_array(cJSON_GetObjectItemCaseSensitive(v->in, name), count);
}

bool es_vec_has(const struct es_vec *v, const char *field)
{
    return es_vec_want(v, field) != NULL;
}

/** To 13 significant digits, as the files are written. */
static double to_13_digits(double x)
{
    char text[40];
    snprintf(text, sizeof text, "%.12e", x);
    return strtod(text, NULL);
}

static void compare(struct es_vec *v, const char *field, const cJSON *expected, double got, double rel, double absolute)
{
    const double want = es_vec_number(expected);
    char text[160];
    v->fields++;
    rel = field_tolerance(v, field, "rel", rel);
    absolute = field_tolerance(v, field, "abs", absolute);
    if (isnan(want) && isnan(got) && cJSON_IsNull(expected)) return;
    if (want == got) return;
    if (rel == 0 && absolute == 0 && want == to_13_digits(got)) return;
    const double error = fabs(got - want);
    if (isfinite(want) && isfinite(got) && error <= absolute + rel * fabs(want)) {
        /* near 0 the absolute part decides, and a relative error says nothing */
        if (absolute <= rel * fabs(want) && error > v->worst * fabs(want)) v->worst = error / fabs(want);
        return;
    }
    snprintf(text, sizeof text, "expected %.17g, got %.17g (difference %.3g)", want, got, got - want);
    es_vec_fail(v, field, text);
}

void es_vec_compare(struct es_vec *v, const char *field, const cJSON *expected, double got)
{
    compare(v, field, expected, got, v->rel, v->abs);
}

void es_vec_check(struct es_vec *v, const char *field, double got)
{
    es_vec_check_tol(v, field, got, v->rel, v->abs);
}

void es_vec_check_tol(struct es_vec *v, const char *field, double got, double rel, double absolute)
{
    if (!es_vec_has(v, field)) return;
    es_vec_saw(v, field);
    compare(v, field, es_vec_want(v, field), got, rel, absolute);
}

void es_vec_check_array(struct es_vec *v, const char *field, const double *got, size_t count)
{
    if (!es_vec_has(v, field)) return;
    const cJSON *want = es_vec_want(v, field);
    es_vec_saw(v, field);
    if (cJSON_IsNull(want)) {
        for (size_t i = 0; i < count; i++) compare(v, field, want, got[i], v->rel, v->abs);
        return;
    }
    if (!cJSON_IsArray(want) || (size_t)cJSON_GetArraySize(want) != count) {
        es_vec_fail(v, field, "array of another length");
        return;
    }
    size_t i = 0;
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, want) compare(v, field, item, got[i++], v->rel, v->abs);
}

void es_vec_check_pair(struct es_vec *v, const char *field, double lo, double hi)
{
    es_vec_check_array(v, field, (const double[]){lo, hi}, 2);
}

void es_vec_check_text(struct es_vec *v, const char *field, const char *got)
{
    if (!es_vec_has(v, field)) return;
    const cJSON *want = es_vec_want(v, field);
    es_vec_saw(v, field);
    v->fields++;
    if (cJSON_IsNull(want) ? got == NULL : cJSON_IsString(want) && got && strcmp(want->valuestring, got) == 0) return;
    char text[200];
    snprintf(text, sizeof text, "expected \"%s\", got \"%s\"", cJSON_IsString(want) ? want->valuestring : "null",
             got ? got : "null");
    es_vec_fail(v, field, text);
}

void es_vec_check_bool(struct es_vec *v, const char *field, bool got)
{
    if (!es_vec_has(v, field)) return;
    es_vec_saw(v, field);
    v->fields++;
    const cJSON *want = es_vec_want(v, field);
    if (!cJSON_IsBool(want) || cJSON_IsTrue(want) != got) es_vec_fail(v, field, "other truth value");
}

void es_vec_check_count(struct es_vec *v, const char *field, es_u128 got)
{
    if (!es_vec_has(v, field)) return;
    const cJSON *want = es_vec_want(v, field);
    char digits[48] = "", text[160];
    es_vec_saw(v, field);
    v->fields++;
    size_t at = sizeof digits - 1;
    do digits[--at] = (char)('0' + (int)(got % 10));
    while (got /= 10);
    memmove(digits, digits + at, sizeof digits - at);
    char expected[48] = "";
    if (cJSON_IsNumber(want)) snprintf(expected, sizeof expected, "%.0f", want->valuedouble);
    if (cJSON_IsString(want)) snprintf(expected, sizeof expected, "%s", want->valuestring);
    if (strcmp(expected, digits) == 0 && !(cJSON_IsNumber(want) && want->valuedouble != floor(want->valuedouble))) return;
    snprintf(text, sizeof text, "expected %s, got %s", expected[0] ? expected : "null", digits);
    es_vec_fail(v, field, text);
}

void es_vec_assert(const struct es_vec_section *sections, const char *file)
{
    for (; sections->file; sections++)
        if (strcmp(sections->file, file) == 0) {
            struct es_vec v;
            const bool open = es_vec_open(&v, es_testdata("vectors"), file);
            CU_ASSERT_TRUE(open);
            if (open) sections->run(&v);
            CU_ASSERT_TRUE(v.cases > 0);
            CU_ASSERT_TRUE(v.fields > 0);
            CU_ASSERT_EQUAL(v.failed, 0);
            es_vec_close(&v);
            return;
        }
    CU_FAIL("no such section");
}
