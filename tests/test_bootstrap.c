/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/bootstrap.h"

#include <math.h>
#include <string.h>

#include "metrics/philox.h"
#include "testlib.h"
#include "testrandom.h"

/* Expected: known answers of the Random123 distribution (kat_vectors, philox4x64 with 10 rounds). */
static void test_philox_known_answers(void)
{
    const uint64_t zero[4] = {0}, ones[4] = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
    uint64_t out[4];
    es_philox(zero, zero, out);
    CU_ASSERT_EQUAL(out[0], UINT64_C(0x16554d9eca36314c));
    CU_ASSERT_EQUAL(out[3], UINT64_C(0x7e68b68aec7ba23b));
    es_philox(ones, ones, out);
    CU_ASSERT_EQUAL(out[0], UINT64_C(0x87b092c3013fe90b));
    CU_ASSERT_EQUAL(out[3], UINT64_C(0xa09caebf594f0ba0));
}

/** The thresholds rise, and split words as P(Poisson(1) <= j) does: e^-1 = 0.36788, 2 e^-1, 2.5 e^-1. */
static void test_poisson_weights(void)
{
    for (int j = 1; j < ES_POISSON_THRESHOLDS; j++) CU_ASSERT_TRUE(es_poisson_thresholds[j] > es_poisson_thresholds[j - 1]);
    CU_ASSERT_EQUAL(es_poisson_weight(0), 0);
    CU_ASSERT_EQUAL(es_poisson_weight(UINT64_MAX), ES_POISSON_THRESHOLDS);
    for (uint32_t j = 0; j < ES_POISSON_THRESHOLDS; j++) {
        CU_ASSERT_EQUAL(es_poisson_weight(es_poisson_thresholds[j]), j + 1);
        CU_ASSERT_EQUAL(es_poisson_weight(es_poisson_thresholds[j] - 1), j);
    }
    CU_ASSERT_DOUBLE_EQUAL((double)es_poisson_thresholds[0] * 0x1p-64, exp(-1), 1e-15);
    CU_ASSERT_DOUBLE_EQUAL((double)es_poisson_thresholds[2] * 0x1p-64, 2.5 * exp(-1), 1e-15);
}

#define PATIENTS 60
#define REPLICATES 50

static void test_any_order_and_sharding_is_the_same(void)
{
    struct es_test_random r = {.seed = 3};
    uint64_t ax[REPLICATES] = {0}, an[REPLICATES] = {0}, bx[REPLICATES] = {0}, bn[REPLICATES] = {0}, cx[REPLICATES] = {0},
             cn[REPLICATES] = {0};
    struct es_bootstrap whole = {9, 4, REPLICATES, ax, an, 0}, first = {9, 4, REPLICATES, bx, bn, 0},
                        second = {9, 4, REPLICATES, cx, cn, 0};
    uint64_t n[PATIENTS];
    for (uint64_t i = 0; i < PATIENTS; i++) n[i] = 1 + es_test_below(&r, 5);
    for (uint64_t i = 0; i < PATIENTS; i++) CU_ASSERT_TRUE(es_bootstrap_add(&whole, i * 7919, n[i] / 2, n[i]));
    for (uint64_t i = PATIENTS; i-- > 0;)
        CU_ASSERT_TRUE(es_bootstrap_add(es_test_below(&r, 2) ? &first : &second, i * 7919, n[i] / 2, n[i]));
    CU_ASSERT_TRUE(es_bootstrap_merge(&second, &first));
    CU_ASSERT_EQUAL(memcmp(ax, cx, sizeof ax), 0);
    CU_ASSERT_EQUAL(memcmp(an, cn, sizeof an), 0);
    CU_ASSERT_EQUAL(whole.ceiling, second.ceiling);
}

static void test_refused_changes_nothing(void)
{
    uint64_t x[2] = {0}, n[2] = {0}, ox[2] = {0}, on[2] = {0};
    struct es_bootstrap b = {1, 1, 2, x, n, 0}, other = {1, 2, 2, ox, on, 0};
    CU_ASSERT_FALSE(es_bootstrap_add(&b, 1, 0, UINT64_MAX / 20));
    CU_ASSERT_EQUAL(n[0] + n[1] + b.ceiling, 0);
    CU_ASSERT_TRUE(es_bootstrap_add(&b, 1, 0, UINT64_MAX / 21));
    CU_ASSERT_FALSE(es_bootstrap_add(&b, 2, 1, 1));
    CU_ASSERT_FALSE(es_bootstrap_merge(&b, &other));
    other.stream = 1;
    other.ceiling = UINT64_MAX;
    CU_ASSERT_FALSE(es_bootstrap_merge(&b, &other));
    other.replicates = 1;
    CU_ASSERT_FALSE(es_bootstrap_merge(&b, &other));
}

static void test_summary_without_usable_replicates(void)
{
    uint64_t x[3] = {0, 0, 2}, n[3] = {0, 0, 4};
    double scratch[3];
    struct es_bootstrap b = {1, 1, 2, x, n, 0};
    struct es_bootstrap_summary s = es_bootstrap_summary(&b, 0.05, scratch);
    CU_ASSERT_EQUAL(s.usable, 0);
    CU_ASSERT_TRUE(isnan(s.lo) && isnan(s.hi) && isnan(s.se));
    b.replicates = 3;
    s = es_bootstrap_summary(&b, 0.05, scratch);
    CU_ASSERT_EQUAL(s.usable, 1);
    CU_ASSERT_EQUAL(s.lo, 0.5);
    CU_ASSERT_TRUE(isnan(s.se));
}

/* Expected: R, quantile(c(1,2,4,8), c(0,.1,.5,.9,1), type=7) is 1, 1.3, 3, 6.8, 8. */
static void test_quantiles(void)
{
    const double v[] = {1, 2, 4, 8};
    CU_ASSERT_EQUAL(es_quantile_sorted(v, 4, 0), 1);
    CU_ASSERT_DOUBLE_EQUAL(es_quantile_sorted(v, 4, 0.1), 1.3, 1e-15);
    CU_ASSERT_EQUAL(es_quantile_sorted(v, 4, 0.5), 3);
    CU_ASSERT_DOUBLE_EQUAL(es_quantile_sorted(v, 4, 0.9), 6.8, 1e-14);
    CU_ASSERT_EQUAL(es_quantile_sorted(v, 4, 1), 8);
    CU_ASSERT_EQUAL(es_quantile_sorted(v, 1, 0.7), 1);
    CU_ASSERT_TRUE(isnan(es_quantile_sorted(v, 0, 0.5)));
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"philox_known_answers", test_philox_known_answers},
        {"poisson_weights", test_poisson_weights},
        {"any_order_and_sharding_is_the_same", test_any_order_and_sharding_is_the_same},
        {"refused_changes_nothing", test_refused_changes_nothing},
        {"summary_without_usable_replicates", test_summary_without_usable_replicates},
        {"quantiles", test_quantiles},
        {NULL, NULL},
    };
    return es_test_main("bootstrap", tests, argc, argv);
}
