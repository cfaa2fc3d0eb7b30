/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/moments.h"

#include <math.h>
#include <string.h>

#include "testlib.h"
#include "testrandom.h"

static void add_all(struct es_moments *m, const double *d, size_t n)
{
    for (size_t i = 0; i < n; i++) CU_ASSERT_TRUE_FATAL(es_moments_add(m, d[i]));
}

/* Expected by hand: 2 4 4 4 5 5 7 9 has mean 5 and sum of squared deviations 32. */
static void test_textbook_numbers(void)
{
    struct es_moments m = {.n = 0};
    add_all(&m, (const double[]){2, 4, 4, 4, 5, 5, 7, 9}, 8);
    const struct es_error_summary s = es_moments_summary(&m, 0.05);
    CU_ASSERT_EQUAL(s.mean, 5);
    CU_ASSERT_EQUAL(s.m2, 32);
    CU_ASSERT_EQUAL(s.variance, 32.0 / 7);
    CU_ASSERT_DOUBLE_EQUAL(s.rmse, sqrt(29), 1e-15);
    CU_ASSERT_EQUAL(s.min, 2);
    CU_ASSERT_EQUAL(s.max, 9);
}

/** An offset of 2^40 loses nothing: Welford's method would keep some 4 digits of the variance here. */
static void test_offset_costs_no_digits(void)
{
    struct es_moments plain = {.n = 0}, shifted = {.n = 0};
    struct es_test_random r = {.seed = 8};
    for (int i = 0; i < 1000; i++) {
        const double d = (double)es_test_below(&r, 1 << 12) * 0x1p-12; /* d + 2^40 is exact */
        CU_ASSERT_TRUE(es_moments_add(&plain, d) && es_moments_add(&shifted, d + 0x1p40));
    }
    CU_ASSERT_EQUAL(es_moments_summary(&plain, 0.05).m2, es_moments_summary(&shifted, 0.05).m2);
}

static void test_refused_changes_nothing(void)
{
    struct es_moments m = {.n = 0}, before;
    add_all(&m, (const double[]){1, -2}, 2);
    before = m;
    const double bad[] = {NAN, INFINITY, -INFINITY, 1.1e150, -1.1e150};
    for (int i = 0; i < 5; i++) CU_ASSERT_FALSE(es_moments_add(&m, bad[i]));
    CU_ASSERT_EQUAL(memcmp(&m, &before, sizeof m), 0);
    CU_ASSERT_TRUE(es_moments_add(&m, 1e150));
    m.n = UINT64_MAX;
    CU_ASSERT_FALSE(es_moments_add(&m, 1));
    CU_ASSERT_FALSE(es_moments_merge(&m, &before));
    CU_ASSERT_EQUAL(m.n, UINT64_MAX);
}

static void test_undefined_is_nan(void)
{
    struct es_moments m = {.n = 0}, none = {.n = 0};
    struct es_error_summary s = es_moments_summary(&m, 0.05);
    CU_ASSERT_TRUE(isnan(s.mean) && isnan(s.sd) && isnan(s.mae) && isnan(s.rmse) && isnan(s.min) && isnan(s.lo));
    CU_ASSERT_EQUAL(s.m2, 0);
    add_all(&m, (const double[]){-0.0}, 1);
    CU_ASSERT_TRUE(es_moments_merge(&none, &m));
    s = es_moments_summary(&none, 0.05);
    CU_ASSERT_EQUAL(s.mean, 0);
    CU_ASSERT_FALSE(signbit(s.min));
    CU_ASSERT_TRUE(isnan(s.variance) && isnan(s.lo));
}

static void test_welch_without_spread(void)
{
    struct es_moments a = {.n = 0}, b = {.n = 0};
    CU_ASSERT_TRUE(isnan(es_welch(&a, &b, 0.05).difference));
    add_all(&a, (const double[]){1, 1, 1}, 3);
    add_all(&b, (const double[]){3}, 1);
    CU_ASSERT_EQUAL(es_welch(&a, &b, 0.05).difference, -2);
    CU_ASSERT_TRUE(isnan(es_welch(&a, &b, 0.05).p));
    add_all(&b, (const double[]){3}, 1);
    const struct es_welch w = es_welch(&a, &b, 0.05);
    CU_ASSERT_EQUAL(w.se, 0);
    CU_ASSERT_TRUE(isnan(w.p) && isnan(w.lo) && isnan(w.df));
    /* one arm without spread: the other's degrees of freedom */
    add_all(&b, (const double[]){4, 5, 6}, 3);
    CU_ASSERT_DOUBLE_EQUAL(es_welch(&a, &b, 0.05).df, 4, 1e-12);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"textbook_numbers", test_textbook_numbers},
        {"offset_costs_no_digits", test_offset_costs_no_digits},
        {"refused_changes_nothing", test_refused_changes_nothing},
        {"undefined_is_nan", test_undefined_is_nan},
        {"welch_without_spread", test_welch_without_spread},
        {NULL, NULL},
    };
    return es_test_main("moments", tests, argc, argv);
}
