/* SPDX-License-Identifier: Apache-2.0 */
#include "vectors_kernels.h"

#include <stdio.h>
#include <stdlib.h>

const struct es_vec_section es_vec_kernels[] = {
    {"b4_histogram_auroc.json", es_vec_histogram},
    {"c1_moments.json", es_vec_moments},
    {"c2_agreement.json", es_vec_agreement},
    {"c3_segmentation.json", es_vec_overlap},
    {"c4_detection.json", es_vec_detection},
    {"d1_group_fairness.json", es_vec_fairness},
    {"d2_levelling_down.json", es_vec_levelling},
    {"e3_cases_needed.json", es_vec_planning},
    {"f1_confseq_proportion.json", es_vec_sequence},
    {"f2_eprocess_difference.json", es_vec_difference},
    {"f3_confseq_bounded_mean.json", es_vec_bounded_mean},
    {"f4_drift.json", es_vec_drift},
    {"f5_cusum.json", es_vec_cusum},
    {"g1_coverage.json", es_vec_representation},
    {"g2_suppression.json", es_vec_disclosure},
    {"h2_label_free.json", es_vec_label_free},
    {"i1_exact_sum.json", es_vec_exact_sum},
    {"i2_rng_bootstrap.json", es_vec_bootstrap},
    {NULL, NULL},
};

void es_vec_check_pairs(struct es_vec *v, const char *field, const double *got, size_t count)
{
    if (!es_vec_has(v, field)) return;
    const cJSON *want = es_vec_want(v, field), *pair = NULL;
    es_vec_saw(v, field);
    if (!cJSON_IsArray(want) || (size_t)cJSON_GetArraySize(want) != count) {
        es_vec_fail(v, field, "array of another length");
        return;
    }
    cJSON_ArrayForEach(pair, want)
    {
        for (int i = 0; i < 2; i++, got++) {
            const cJSON *item = cJSON_IsNull(pair) ? pair : cJSON_GetArrayItem(pair, i);
            es_vec_compare(v, field, item, *got);
        }
    }
}

void *es_vec_alloc(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (memory == NULL) {
        fputs("test_vectors: no memory\n", stderr);
        exit(2);
    }
    return memory;
}
