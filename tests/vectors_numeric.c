/* SPDX-License-Identifier: Apache-2.0 */
/* Vector files I1 and I2: exact sums, the counter-based generator, the cluster bootstrap. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/bootstrap.h"
#include "metrics/exact_sum.h"
#include "metrics/philox.h"
#include "metrics/proportion.h"
#include "vectors_kernels.h"

/** The double of a C99 %a text, to the bit; NAN when it is not one. */
static double of_hex(const cJSON *item)
{
    char *end = NULL;
    const double x = cJSON_IsString(item) ? strtod(item->valuestring, &end) : (double)NAN;
    return end != NULL && *end == '\0' ? x : (double)NAN;
}

static void check_bits(struct es_vec *v, const char *field, double got)
{
    const cJSON *want = es_vec_want(v, field);
    if (want == NULL) return;
    const double expected = of_hex(want);
    char text[128];
    es_vec_saw(v, field);
    v->fields++;
    if (memcmp(&expected, &got, sizeof got) == 0) return;
    snprintf(text, sizeof text, "expected %a, got %a", expected, got);
    es_vec_fail(v, field, text);
}

void es_vec_exact_sum(struct es_vec *v)
{
    static const char *const orders[] = {"x", "x_permuted"};
    while (es_vec_next(v)) {
        struct es_exact_sum sum[2] = {{.waiting = 0}, {.waiting = 0}};
        struct es_exact_product square[2] = {{.waiting = 0}, {.waiting = 0}};
        for (int o = 0; o < 2; o++) {
            size_t n = 0;
            double *x = es_vec_in_array(v, orders[o], &n);
            for (size_t i = 0; i < n; i++)
                if (!es_exact_sum_add(&sum[o], x[i]) || !es_exact_product_add(&square[o], x[i], x[i]))
                    es_vec_fail(v, orders[o], "refused");
            free(x);
        }
        if (cJSON_GetObjectItemCaseSensitive(v->in, "x_permuted") != NULL &&
            (!es_exact_sum_equal(&sum[0], &sum[1]) || !es_exact_product_equal(&square[0], &square[1])))
            es_vec_fail(v, "x_permuted", "another order gave other bits");
        check_bits(v, "sum_hex", es_exact_sum_value(&sum[0]));
        check_bits(v, "sumsq_hex", es_exact_product_value(&square[0]));
        es_vec_check(v, "sum", es_exact_sum_value(&sum[0]));
    }
}

static uint64_t hex_word(const cJSON *item) { return cJSON_IsString(item) ? strtoull(item->valuestring, NULL, 16) : 0; }

static uint64_t hex_in(const struct es_vec *v, const char *name, int i)
{
    return hex_word(cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(v->in, name), i));
}

static void check_philox(struct es_vec *v)
{
    uint64_t counter[4], key[2], out[4];
    const cJSON *want = es_vec_want(v, "out");
    for (int i = 0; i < 4; i++) counter[i] = hex_in(v, "counter", i);
    for (int i = 0; i < 2; i++) key[i] = hex_in(v, "key", i);
    es_philox(counter, key, out);
    es_vec_saw(v, "out");
    v->fields++;
    for (int i = 0; i < 4; i++)
        if (!cJSON_IsString(cJSON_GetArrayItem(want, i)) || hex_word(cJSON_GetArrayItem(want, i)) != out[i])
            es_vec_fail(v, "out", "another word");
}

/** The ratio estimator's standard error, given for information beside the bootstrap's. */
static double linearised(const uint64_t *x, const uint64_t *n, size_t count)
{
    struct es_cluster_sums sums = {0};
    for (size_t i = 0; i < count; i++) es_cluster_add(&sums, (uint32_t)x[i], (uint32_t)n[i]);
    return sqrt(es_clustered(&sums).variance);
}

static void check_bootstrap(struct es_vec *v, const uint64_t *patient, const uint64_t *x, const uint64_t *n, size_t count)
{
    const uint64_t replicates = es_vec_in_whole(v, "B");
    struct es_bootstrap b = {.seed = es_vec_in_whole(v, "seed"), .stream = es_vec_in_whole(v, "stream"),
                             .replicates = (uint32_t)replicates, .x = es_vec_alloc(replicates, sizeof(uint64_t)),
                             .n = es_vec_alloc(replicates, sizeof(uint64_t))};
    double *scratch = es_vec_alloc(replicates, sizeof *scratch), *weights = es_vec_alloc(count, sizeof *weights);
    for (size_t i = 0; i < count; i++) {
        weights[i] = es_bootstrap_weight(&b, patient[i], 0);
        if (!es_bootstrap_add(&b, patient[i], x[i], n[i])) es_vec_fail(v, "x", "refused");
    }
    double first[5];
    for (uint32_t r = 0, k = 0; k < 5; r++) {
        if (r < b.replicates && b.n[r] == 0) continue;
        first[k++] = r < b.replicates ? (double)b.x[r] / (double)b.n[r] : (double)NAN;
    }
    const struct es_bootstrap_summary s = es_bootstrap_summary(&b, es_vec_in(v, "alpha"), scratch);
    es_vec_check_array(v, "weights_rep0", weights, count);
    es_vec_check_array(v, "first5", first, replicates < 5 ? (size_t)replicates : 5);
    es_vec_check_count(v, "n_ok", s.usable);
    es_vec_check(v, "se", s.se);
    es_vec_check_pair(v, "ci", s.lo, s.hi);
    es_vec_check(v, "se_linearised_info", linearised(x, n, count));
    free(scratch);
    free(weights);
    free(b.x);
    free(b.n);
}

void es_vec_bootstrap(struct es_vec *v)
{
    while (es_vec_next(v)) {
        if (cJSON_GetObjectItemCaseSensitive(v->in, "counter") != NULL) {
            check_philox(v);
            continue;
        }
        const cJSON *ids = cJSON_GetObjectItemCaseSensitive(v->in, "cluster_id");
        const cJSON *thresholds = cJSON_GetObjectItemCaseSensitive(v->in, "thresholds");
        const size_t count = (size_t)cJSON_GetArraySize(ids);
        uint64_t *patient = es_vec_alloc(count, sizeof *patient);
        for (size_t i = 0; i < count; i++) patient[i] = hex_word(cJSON_GetArrayItem(ids, (int)i));
        for (int j = 0; thresholds && j < ES_POISSON_THRESHOLDS; j++)
            if (hex_in(v, "thresholds", j) != es_poisson_thresholds[j]) es_vec_fail(v, "thresholds", "not ours");
        size_t nx = 0, nn = 0;
        uint64_t *x = es_vec_in_wholes(v, "x", &nx), *n = es_vec_in_wholes(v, "n", &nn);
        if (nx == count && nn == count) check_bootstrap(v, patient, x, n, count);
        else es_vec_fail(v, "x", "another number of patients");
        free(patient);
        free(x);
        free(n);
    }
}
