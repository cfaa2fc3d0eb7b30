/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/agreement.h"

#include <math.h>
#include <string.h>

#include "testlib.h"
#include "testrandom.h"

static void test_agreement_edges(void)
{
    struct es_agreement a = {.d = {.n = 0}};
    struct es_agreement_summary s = es_agreement_summary(&a, 0.05);
    CU_ASSERT_TRUE(isnan(s.bias.value) && isnan(s.ccc.value) && isnan(s.icc21.value));
    CU_ASSERT_FALSE(es_agreement_add(&a, NAN, 1));
    CU_ASSERT_FALSE(es_agreement_add(&a, 1, INFINITY));
    CU_ASSERT_FALSE(es_agreement_add(&a, 9e149, -9e149)); /* the difference is past the limit */
    CU_ASSERT_EQUAL(a.x.n + a.y.n + a.d.n, 0);
    for (int i = 0; i < 5; i++) CU_ASSERT_TRUE(es_agreement_add(&a, 0.1 * i, 0.1 * i));
    s = es_agreement_summary(&a, 0.05);
    CU_ASSERT_EQUAL(s.ccc.value, 1);
    CU_ASSERT_TRUE(isnan(s.ccc.lo)); /* |ccc| = 1 */
    CU_ASSERT_EQUAL(s.icc31.value, 1);
    CU_ASSERT_TRUE(isnan(s.icc31.lo) && isnan(s.icc21.lo)); /* no error */
    CU_ASSERT_EQUAL(s.lower.value, 0);
    struct es_agreement constant = {.d = {.n = 0}};
    for (int i = 0; i < 4; i++) CU_ASSERT_TRUE(es_agreement_add(&constant, 2, 3));
    s = es_agreement_summary(&constant, 0.05);
    CU_ASSERT_TRUE(isnan(s.ccc.value)); /* both constant */
    CU_ASSERT_TRUE(isnan(s.icc31.value));
    CU_ASSERT_EQUAL(s.bias.value, -1);
}

/* Expected: mpmath, 30 digits. With so few degrees of freedom one F quantile of ICC(2,1) is beyond the range of a double and
 * the other below it: the limits tend to -n MSE / mixed, and ICC(2,1) itself passes -1. */
static void test_absolute_agreement_of_opposites(void)
{
    static const double x[] = {-3.437463, 5.880932, 12.796985, -1.510507}, y[] = {4.86814, -4.303131, -13.318122, 1.823934};
    struct es_agreement a = {.d = {.n = 0}};
    for (int i = 0; i < 4; i++) CU_ASSERT_TRUE(es_agreement_add(&a, x[i], y[i]));
    const struct es_agreement_summary s = es_agreement_summary(&a, 0.01);
    CU_ASSERT_DOUBLE_EQUAL(s.icc21.value, -1.209198008053, 1e-11);
    CU_ASSERT_DOUBLE_EQUAL(s.icc21.lo, -1.220321077669, 1e-11);
    CU_ASSERT_DOUBLE_EQUAL(s.icc21.hi, -1.220321076431, 1e-11);
    CU_ASSERT_DOUBLE_EQUAL(s.ccc.lo, -0.9995583249475, 1e-11);
    CU_ASSERT_DOUBLE_EQUAL(s.ccc.hi, 0.9863035448871, 1e-11);
}

/** Shards in any order give the same bits of everything. */
static void test_agreement_merges_exactly(void)
{
    struct es_test_random r = {.seed = 9};
    struct es_agreement whole = {.d = {.n = 0}}, a = {.d = {.n = 0}}, b = {.d = {.n = 0}};
    for (int i = 0; i < 300; i++) {
        const double x = es_test_unit(&r) * 100, y = x + es_test_unit(&r);
        CU_ASSERT_TRUE(es_agreement_add(&whole, x, y));
        CU_ASSERT_TRUE(es_agreement_add(es_test_below(&r, 3) ? &a : &b, x, y));
    }
    CU_ASSERT_TRUE(es_agreement_merge(&a, &b));
    const struct es_agreement_summary s = es_agreement_summary(&whole, 0.05), t = es_agreement_summary(&a, 0.05);
    CU_ASSERT_EQUAL(memcmp(&s, &t, sizeof s), 0);
    a.d.n = UINT64_MAX;
    CU_ASSERT_FALSE(es_agreement_merge(&a, &b));
    CU_ASSERT_FALSE(es_agreement_add(&a, 1, 1));
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"agreement_edges", test_agreement_edges},
        {"absolute_agreement_of_opposites", test_absolute_agreement_of_opposites},
        {"agreement_merges_exactly", test_agreement_merges_exactly},
        {NULL, NULL},
    };
    return es_test_main("agreement", tests, argc, argv);
}
