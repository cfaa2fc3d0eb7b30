/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/ranking.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "metrics/order.h"
#include "sheets.h"
#include "testlib.h"
#include "vectors.h"

/* Expected: pROC, scikit-learn, auRoc, Hmisc, dAUC; see testdata/vectors/INDEX.md. */
static void test_vectors(void)
{
    es_vec_assert(es_vec_core, "b1_auroc.json");
    es_vec_assert(es_vec_core, "b2_auroc_groups.json");
}

static void test_order_is_ascending_and_stable(void)
{
    enum { N = 500 };
    static double score[N];
    uint32_t order[N], spare[N];
    uint64_t key[2 * N], r = 5;
    static const double odd[] = {-0.0, 0.0, DBL_MAX, -DBL_MAX, 5e-324, -5e-324, 1, -1};
    for (uint32_t i = 0; i < N; i++) {
        order[i] = i;
        score[i] = i % 3 ? (double)(int64_t)(test_random(&r) % 41) - 20 : odd[test_random(&r) % 8];
    }
    es_order_by_score(score, order, N, key, spare);
    for (uint32_t i = 1; i < N; i++) {
        const uint32_t a = order[i - 1], b = order[i];
        CU_ASSERT_TRUE(score[a] < score[b] || (score[a] == score[b] && a < b));
    }
    es_order_by_score(score, order, 0, key, spare);
}

/* Both classes count each pair once: the placements of either add up to the numerator, and one less the AUROC is the AUROC of the
 * reversed scores. */
static void test_numerator_from_either_side(void)
{
    enum { N = 200 };
    double score[2][N];
    uint8_t label[N];
    uint32_t order[N], spare[N];
    uint64_t key[2 * N], placed[N], r = 9;
    double auc[2];
    for (uint32_t i = 0; i < N; i++) {
        score[0][i] = (double)(test_random(&r) % 30);
        score[1][i] = -score[0][i];
        label[i] = test_random(&r) % 3 == 0;
    }
    for (int k = 0; k < 2; k++) {
        struct es_ranks ranks;
        uint64_t sum[2] = {0, 0};
        memset(&ranks, 0, sizeof ranks);
        for (uint32_t i = 0; i < N; i++) order[i] = i;
        es_order_by_score(score[k], order, N, key, spare);
        es_rank_place(score[k], label, order, N, placed);
        for (uint32_t i = 0; i < N; i++) {
            const uint64_t one[ES_PLACES] = {label[i] ? placed[i] : 0, label[i], label[i] ? 0 : placed[i], !label[i]};
            sum[label[i]] += placed[i];
            es_ranks_add(&ranks, one);
        }
        CU_ASSERT_EQUAL(sum[0], sum[1]);
        auc[k] = es_ranks_auroc(&ranks);
    }
    CU_ASSERT_DOUBLE_EQUAL(auc[0] + auc[1], 1, 1e-15);
}

static void test_missing_class_is_undefined(void)
{
    const double score[] = {0.1, 0.2};
    const uint8_t label[] = {0, 0};
    const uint32_t order[] = {0, 1};
    const uint64_t placed[] = {0, 0}, nobody[ES_PLACES] = {0, 0, 0, 0};
    struct es_ranks none;
    es_u128 joint[ES_PLACES][ES_PLACES] = {{0}};
    memset(&none, 0, sizeof none);
    es_ranks_add(&none, nobody);
    CU_ASSERT_EQUAL(none.patients, 0);
    CU_ASSERT_TRUE(isnan(es_ranks_auroc(&none)));
    CU_ASSERT_TRUE(isnan(es_ranks_variance(&none)));
    CU_ASSERT_TRUE(isnan(es_ranks_covariance(&none, &none, joint, 5)));
    CU_ASSERT_TRUE(isnan(es_rank_paired_covariance(placed, placed, label, 2)));
    CU_ASSERT_TRUE(isnan(es_partial_areas(score, label, order, 2, 0.1, 0.8).fpr));
    CU_ASSERT_TRUE(isnan(es_average_precision(score, label, order, 2)));
    CU_ASSERT_TRUE(isnan(es_auroc_wald(0.5, (double)NAN, 0.05).lo));
    CU_ASSERT_TRUE(isnan(es_auroc_logit(1, 0.01, 0.05).lo));
    CU_ASSERT_TRUE(isnan(es_auroc_newcombe(0.5, 0, 3, 0.05).lo));
}

/* Exact while it fits in 127 bits; past that, close. (a x - b y)(a x - b y) with x = y and a = b is 0. */
static void test_exact_form_and_its_limit(void)
{
    CU_ASSERT_EQUAL(es_form(1000000007, 999999937, 1000000007, 999999937, 1, 1, 1, 1), 4900.0);
    CU_ASSERT_EQUAL(es_form(3, 2, 5, 7, 11, 13, 17, 19), 3.0 * 5 * 11 - 3.0 * 7 * 13 - 2.0 * 5 * 17 + 2.0 * 7 * 19);
    const es_u128 big = (es_u128)1 << 90;
    CU_ASSERT_DOUBLE_EQUAL(es_form(big, 0, big, 0, 4, 0, 0, 0) / 0x1p182, 1, 1e-15);
    CU_ASSERT_EQUAL(es_form(0, big, 0, big, 5, 0, 0, 0), 0);
}

/* By hand: positives 3, 2 and negatives 1, 2 have doubled placements 4, 3 and 3, 4; A = 7/8. Var V10 = Var V01 = (1/4)^2 / 2, so the
 * variance is 2 (1/32) / 2 = 1/32. The same cases four thousand million times over leave 128 bits. */
static void test_delong_takes_each_case_for_a_patient(void)
{
    const struct es_ranks r = {.positives = 2, .negatives = 2, .wins2 = 7};
    CU_ASSERT_DOUBLE_EQUAL(es_ranks_delong(&r, (const es_u128[]){25, 25}), 1.0 / 32, 1e-15);
    CU_ASSERT_TRUE(isnan(es_ranks_delong(&(const struct es_ranks){.positives = 1, .negatives = 2, .wins2 = 3}, (const es_u128[]){5, 9})));
    CU_ASSERT_TRUE(isnan(es_ranks_delong(&(const struct es_ranks){.positives = 2, .negatives = 1, .wins2 = 3}, (const es_u128[]){9, 5})));
    const uint64_t k = UINT64_C(4000000000);
    const struct es_ranks many = {.positives = 2 * k, .negatives = 2 * k, .wins2 = (es_u128)7 * k * k};
    const es_u128 squares = (es_u128)25 * k * k * k;
    const double n = 2 * (double)k, want = 2 * (n / 64) / (n - 1) / n; /* every deviation is 1/8 */
    CU_ASSERT_DOUBLE_EQUAL(es_ranks_delong(&many, (const es_u128[]){squares, squares}) / want, 1, 1e-9);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"vectors", test_vectors},
                                           {"order_is_ascending_and_stable", test_order_is_ascending_and_stable},
                                           {"numerator_from_either_side", test_numerator_from_either_side},
                                           {"missing_class_is_undefined", test_missing_class_is_undefined},
                                           {"exact_form_and_its_limit", test_exact_form_and_its_limit},
                                           {"delong_takes_each_case_for_a_patient", test_delong_takes_each_case_for_a_patient},
                                           {NULL, NULL}};
    return es_test_main("ranking", tests, argc, argv);
}
