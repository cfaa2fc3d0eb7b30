/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/cusum.h"

#include <math.h>

#include "testlib.h"
#include "testrandom.h"

static void test_designs_out_of_range(void)
{
    struct es_cusum_design d = {.m = 7};
    const double bad[][2] = {{0, 0.1}, {0.1, 0.1}, {0.2, 0.1}, {0.5, 1}, {-0.1, 0.2}, {(double)NAN, 0.2}, {0.1, (double)NAN}, {1e-9, 2e-9}};
    for (int i = 0; i < 8; i++) CU_ASSERT_FALSE(es_cusum_design(bad[i][0], bad[i][1], &d));
    CU_ASSERT_EQUAL(d.m, 7);
    CU_ASSERT_TRUE(es_cusum_design(0.6, 0.95, &d));
    CU_ASSERT_EQUAL(d.m, 2); /* never below */
}

/* Expected: m = 2 is a walk by +-1 with a floor. To reach h = 1 takes 1/p cases; to reach 2 from 0: 1/p + 1/p + q/p^2. */
static void test_run_length_closed_forms(void)
{
    const double p = 0.3, q = 0.7;
    CU_ASSERT_DOUBLE_EQUAL(es_cusum_run_length(2, 1, p), 1 / p, 1e-14);
    CU_ASSERT_DOUBLE_EQUAL(es_cusum_run_length(2, 2, p), 2 / p + q / (p * p), 1e-13);
    CU_ASSERT_DOUBLE_EQUAL(es_cusum_run_length(9, 8, p), 1 / p, 1e-14); /* one error is enough */
    CU_ASSERT_EQUAL(es_cusum_run_length(4, 10, 1), 4); /* 3 a case */
    CU_ASSERT_EQUAL(es_cusum_run_length(4, 10, 0), INFINITY);
}

/** The equations a(s) = 1 + p a(s+m-1) + q a(s-1), solved by plain elimination. */
static double eliminated(uint32_t m, uint32_t h, double p)
{
    static double a[40][41];
    for (uint32_t s = 0; s < h; s++) {
        for (uint32_t j = 0; j <= h; j++) a[s][j] = j == h || j == s;
        a[s][s > 0 ? s - 1 : 0] -= 1 - p;
        if (s + m - 1 < h) a[s][s + m - 1] -= p;
    }
    for (uint32_t s = 0; s < h; s++)
        for (uint32_t i = 0; i < h; i++) {
            if (i == s) continue;
            const double f = a[i][s] / a[s][s];
            for (uint32_t j = 0; j <= h; j++) a[i][j] -= f * a[s][j];
        }
    return a[0][h] / a[0][0];
}

static void test_run_length_is_the_linear_solution(void)
{
    struct es_test_random r = {.seed = 13};
    for (int round = 0; round < 200; round++) {
        const uint32_t m = 2 + (uint32_t)es_test_below(&r, 12), h = 1 + (uint32_t)es_test_below(&r, 40);
        const double p = 0.02 + 0.5 * es_test_unit(&r);
        const double got = es_cusum_run_length(m, h, p), want = eliminated(m, h, p);
        /* plain elimination cancels: its error grows with the run length */
        if (got < 1e6) CU_ASSERT_DOUBLE_EQUAL(got, want, 1e-8 * want);
    }
}

/* Expected: mpmath, 80 digits, by LU decomposition. */
static void test_long_run_lengths_keep_their_digits(void)
{
    CU_ASSERT_DOUBLE_EQUAL(es_cusum_run_length(2, 30, 0.02), 5.402142182344082e+50, 1e-14 * 5.4e50);
    CU_ASSERT_DOUBLE_EQUAL(es_cusum_run_length(5, 40, 0.05), 19377910120.25417, 1e-14 * 2e10);
    CU_ASSERT_DOUBLE_EQUAL(es_cusum_run_length(5, 40, 0.15), 7770.603945335082, 1e-14 * 7770);
}

static void test_limit_is_the_smallest(void)
{
    const uint32_t h = es_cusum_limit(14, 0.05, 1000);
    CU_ASSERT_TRUE(es_cusum_run_length(14, h, 0.05) >= 1000);
    CU_ASSERT_TRUE(es_cusum_run_length(14, h - 1, 0.05) < 1000);
    CU_ASSERT_EQUAL(es_cusum_limit(14, 0.05, 1), 1);
    CU_ASSERT_EQUAL(es_cusum_limit(14, 0.05, NAN), 0);
    CU_ASSERT_EQUAL(es_cusum_limit(1, 0.05, 100), 0);
    CU_ASSERT_EQUAL(es_cusum_limit(14, 0, 100), 0);
    CU_ASSERT_EQUAL(es_cusum_limit(2, 0.9, 1e300), 0); /* errors nearly always: no limit is that long */
    CU_ASSERT_TRUE(isnan(es_cusum_run_length(1, 5, 0.1)) && isnan(es_cusum_run_length(3, 0, 0.1)));
    CU_ASSERT_TRUE(isnan(es_cusum_run_length(3, ES_CUSUM_MAX_LIMIT + 1, 0.1)) && isnan(es_cusum_run_length(3, 5, NAN)));
}

static void test_chart_restarts_after_an_alarm(void)
{
    struct es_cusum chart = {0};
    CU_ASSERT_FALSE(es_cusum_step(&chart, 4, 5, false));
    CU_ASSERT_EQUAL(chart.level, 0);
    CU_ASSERT_FALSE(es_cusum_step(&chart, 4, 5, true));
    CU_ASSERT_EQUAL(chart.level, 3);
    CU_ASSERT_TRUE(es_cusum_step(&chart, 4, 5, true));
    CU_ASSERT_FALSE(es_cusum_step(&chart, 4, 5, true));
    CU_ASSERT_EQUAL(chart.level, 3);
    CU_ASSERT_FALSE(es_cusum_step(&chart, 4, 5, false));
    CU_ASSERT_EQUAL(chart.level, 2);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"designs_out_of_range", test_designs_out_of_range},
        {"run_length_closed_forms", test_run_length_closed_forms},
        {"run_length_is_the_linear_solution", test_run_length_is_the_linear_solution},
        {"long_run_lengths_keep_their_digits", test_long_run_lengths_keep_their_digits},
        {"limit_is_the_smallest", test_limit_is_the_smallest},
        {"chart_restarts_after_an_alarm", test_chart_restarts_after_an_alarm},
        {NULL, NULL},
    };
    return es_test_main("cusum", tests, argc, argv);
}
