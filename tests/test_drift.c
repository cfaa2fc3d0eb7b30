/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/drift.h"

#include <math.h>

#include "testlib.h"

static void test_empty_sides_are_undefined(void)
{
    struct es_drift d;
    const uint64_t some[] = {3, 4}, none[] = {0, 0};
    CU_ASSERT_TRUE(es_drift(some, none, 2, &d));
    CU_ASSERT_TRUE(isnan(d.js_bits) && isnan(d.total_variation) && isnan(d.chi2) && isnan(d.psi_raw) && isnan(d.psi_expected));
    CU_ASSERT_TRUE(isfinite(d.psi)); /* the 0.5 stands for what is not there */
    CU_ASSERT_TRUE(es_drift(some, some, 0, &d));
    CU_ASSERT_TRUE(isnan(d.psi));
}

static void test_one_bin_cannot_differ(void)
{
    struct es_drift d;
    CU_ASSERT_TRUE(es_drift((const uint64_t[]){5, 0}, (const uint64_t[]){9, 0}, 2, &d));
    CU_ASSERT_TRUE(d.df == 0 && d.chi2 == 0 && d.chi2_p == 1 && d.js_distance == 0 && d.total_variation == 0);
    CU_ASSERT_TRUE(isnan(d.psi_raw)); /* an empty bin */
}

static void test_overflow_is_refused(void)
{
    struct es_drift d = {.psi = 7};
    const uint64_t big[] = {UINT64_MAX, 1}, some[] = {1, 1};
    CU_ASSERT_FALSE(es_drift(big, some, 2, &d));
    CU_ASSERT_FALSE(es_drift(some, big, 2, &d));
    CU_ASSERT_EQUAL(d.psi, 7);
}

/* Expected: mpmath, 60 digits, on these very doubles. The plain sum of p log p has no digit of the first right. */
static void test_small_divergences_keep_their_digits(void)
{
    const double a[] = {0.5 + 1e-9, 0.5 - 1e-9}, b[] = {0.5, 0.5}, c[] = {0.62, 0.38};
    CU_ASSERT_DOUBLE_EQUAL(es_jensen_shannon(a, b, 2), 7.213475196851113e-19, 1e-12 * 7.213475196851113e-19);
    CU_ASSERT_DOUBLE_EQUAL(es_jensen_shannon(c, b, 2), 0.01056651010890581, 1e-14 * 0.01056651010890581);
    CU_ASSERT_DOUBLE_EQUAL(es_jensen_shannon((const double[]){1, 0}, (const double[]){0, 1}, 2), 1, 1e-15);
    CU_ASSERT_EQUAL(es_jensen_shannon(b, b, 2), 0);
}

static void test_kolmogorov_smirnov_edges(void)
{
    double x[] = {3, 1, 2}, y[] = {2, 2, NAN};
    struct es_kolmogorov k = {.p = 7};
    CU_ASSERT_FALSE(es_kolmogorov_smirnov(x, 3, y, 3, &k));
    CU_ASSERT_FALSE(es_kolmogorov_smirnov(y, 3, x, 3, &k));
    CU_ASSERT_EQUAL(k.p, 7);
    CU_ASSERT_TRUE(es_kolmogorov_smirnov(x, 3, y, 2, &k));
    CU_ASSERT_DOUBLE_EQUAL(k.distance, 1.0 / 3, 1e-16); /* ties move both */
    CU_ASSERT_TRUE(es_kolmogorov_smirnov(x, 0, y, 2, &k));
    CU_ASSERT_TRUE(isnan(k.distance) && isnan(k.p));
    double far[] = {9, 8, 7};
    CU_ASSERT_TRUE(es_kolmogorov_smirnov(x, 3, far, 3, &k));
    CU_ASSERT_EQUAL(k.distance, 1);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"empty_sides_are_undefined", test_empty_sides_are_undefined},
        {"one_bin_cannot_differ", test_one_bin_cannot_differ},
        {"overflow_is_refused", test_overflow_is_refused},
        {"small_divergences_keep_their_digits", test_small_divergences_keep_their_digits},
        {"kolmogorov_smirnov_edges", test_kolmogorov_smirnov_edges},
        {NULL, NULL},
    };
    return es_test_main("drift", tests, argc, argv);
}
