/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/bounded_mean.h"

#include <math.h>

#include "testlib.h"

static void test_bounded_mean_edges(void)
{
    struct es_bounded_mean state = es_bounded_mean_init(0.05);
    struct es_limits limits = es_empirical_bernstein(&state);
    CU_ASSERT_TRUE(limits.lo == 0 && limits.hi == 1);
    CU_ASSERT_FALSE(es_bounded_mean_add(&state, -0.1) || es_bounded_mean_add(&state, 1.1) || es_bounded_mean_add(&state, NAN));
    CU_ASSERT_EQUAL(state.n, 0);
    struct es_capital grid[9];
    for (int k = 0; k < 9; k++) grid[k] = (struct es_capital){.mean = (k + 1) / 10.0};
    for (int i = 0; i < 3000; i++) {
        const double bet = es_bounded_mean_bet(&state);
        for (int k = 0; k < 9; k++) es_capital_add(&grid[k], bet, i % 2);
        CU_ASSERT_TRUE_FATAL(es_bounded_mean_add(&state, i % 2));
    }
    limits = es_empirical_bernstein(&state);
    CU_ASSERT_TRUE(limits.lo > 0.4 && limits.lo < 0.5 && limits.hi > 0.5 && limits.hi < 0.6);
    limits = es_capital_limits(grid, 10, 0.05);
    CU_ASSERT_DOUBLE_EQUAL(limits.lo, 0.4, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(limits.hi, 0.6, 1e-15);
    for (int k = 0; k < 9; k++) grid[k].highest = 100;
    limits = es_capital_limits(grid, 10, 0.05);
    CU_ASSERT_TRUE(isnan(limits.lo) && isnan(limits.hi));
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"bounded_mean_edges", test_bounded_mean_edges},
        {NULL, NULL},
    };
    return es_test_main("bounded_mean", tests, argc, argv);
}
