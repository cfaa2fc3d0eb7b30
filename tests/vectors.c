/* SPDX-License-Identifier: Apache-2.0 */
#include "vectors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testlib.h"

bool es_vec_open(struct es_vec *v, const char *dir, const char *file)
{
    char path[4096];
    size_t len = 0;
    memset(v, 0, sizeof *v);
    v->name = file;
    snprintf(path, sizeof path, "%s/%s", dir, file);
    char *text = es_test_slurp(path, &len);
    if (text) v->root = cJSON_ParseWithLength(text, len);
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

static void check_all_seen(struct es_vec *v)
{
    const cJSON *field = NULL;
    if (!cJSON_IsObject(v->expect)) return;
    cJSON_ArrayForEach(field, v->expect)
    {
        bool seen = false;
        for (size_t i = 0; i < v->seen_count && !seen; i++) seen = strcmp(v->seen[i], field->string) == 0;
        if (!seen) es_vec_fail(v, field->string, "expected, but nothing was compared with it");
    }
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
        v->item = v->item->next;
    } else {
        v->item = cJSON_GetObjectItemCaseSensitive(v->root, "cases");
        v->item = v->item ? v->item->child : NULL;
    }
    v->seen_count = 0;
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
        v->seen[v->seen_count++] = field;
    else
        es_vec_fail(v, field, "more fields than ES_VEC_MAX_SEEN");
}

double es_vec_number(const cJSON *item)
{
    if (cJSON_IsNumber(item)) return item->valuedouble;
    if (cJSON_IsString(item) && strcmp(item->valuestring, "inf") == 0) return INFINITY;
    if (cJSON_IsString(item) && strcmp(item->valuestring, "-inf") == 0) return -INFINITY;
    return NAN;
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
    return cJSON_GetObjectItemCaseSensitive(v->expect, field) != NULL;
}

static void compare(struct es_vec *v, const char *field, const cJSON *expected, double got, double rel, double absolute)
{
    const double want = es_vec_number(expected);
    char text[160];
    v->fields++;
    if (isnan(want) && isnan(got) && (!expected || cJSON_IsNull(expected))) return;
    if (want == got) return;
    const double error = fabs(got - want);
    if (isfinite(want) && isfinite(got) && error <= absolute + rel * fabs(want)) {
        if (want != 0 && error > absolute && error / fabs(want) > v->worst) v->worst = error / fabs(want);
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
    compare(v, field, cJSON_GetObjectItemCaseSensitive(v->expect, field), got, rel, absolute);
}

void es_vec_check_array(struct es_vec *v, const char *field, const double *got, size_t count)
{
    if (!es_vec_has(v, field)) return;
    const cJSON *want = cJSON_GetObjectItemCaseSensitive(v->expect, field);
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
    const cJSON *want = cJSON_GetObjectItemCaseSensitive(v->expect, field);
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
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(v->expect, field)) != got) es_vec_fail(v, field, "other truth value");
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
