/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/planning.h"

#include <math.h>

#include "testlib.h"

/* Expected: R 4.2, power.prop.test(p1=.5, p2=.75, power=.9) gives n = 76.7 per group. */
static void test_equal_arms_as_in_r(void)
{
    struct es_plan_inputs in = {.p1 = 0.5, .p2 = 0.75, .n1 = 10, .n2 = 10, .margin = 0.05, .alpha = 0.05, .power = 0.9};
    CU_ASSERT_EQUAL(es_plan_equal_arms(&in), 77);
    in.p2 = 0.5;
    CU_ASSERT_EQUAL(es_plan_equal_arms(&in), 0);
    in.p2 = 0.5 + 1e-7;
    CU_ASSERT_EQUAL(es_plan_equal_arms(&in), 0); /* beyond the ceiling */
}

/** The answer is enough, and one case less is not. */
static void test_needed_is_the_first_that_is_enough(void)
{
    const struct es_two_by_two now = {18, 20, 850, 1000};
    const struct es_plan_inputs in = es_plan_from_counts(&now, 0.05, 0.05, 0.8);
    for (int goal = ES_GOAL_DISPARITY; goal <= ES_GOAL_PARITY; goal++) {
        const struct es_cases_needed c = es_plan_needed(&in, (enum es_goal)goal, ES_GROW_SCALE);
        CU_ASSERT_TRUE_FATAL(c.reachable);
        const double n = (double)c.needed;
        CU_ASSERT_TRUE(es_plan_power(&in, (enum es_goal)goal, n, 50 * n) >= 0.8);
        CU_ASSERT_TRUE(es_plan_power(&in, (enum es_goal)goal, n - 1, 50 * (n - 1)) < 0.8);
        CU_ASSERT_EQUAL(c.additional, c.needed - 20);
    }
}

static void test_out_of_reach(void)
{
    struct es_plan_inputs in = {.p1 = 0.7, .p2 = 0.8, .n1 = 50, .n2 = 50, .margin = 0.1, .alpha = 0.05, .power = 0.8};
    CU_ASSERT_FALSE(es_plan_needed(&in, ES_GOAL_PARITY, ES_GROW_SCALE).reachable); /* |d| at the margin */
    CU_ASSERT_EQUAL(es_plan_power(&in, ES_GOAL_PARITY, 1e6, 1e6), 0);
    CU_ASSERT_TRUE(isnan(es_plan_noninferiority(&(struct es_plan_inputs){.p1 = 0.7, .p2 = 0.85, .n1 = 1, .n2 = 1, .margin = 0.1})));
    in.p1 = 0.8;
    CU_ASSERT_FALSE(es_plan_needed(&in, ES_GOAL_DISPARITY, ES_GROW_SCALE).reachable); /* no difference */
    in.p1 = 0.79;
    in.n2 = 5;
    CU_ASSERT_FALSE(es_plan_needed(&in, ES_GOAL_DISPARITY, ES_GROW_GROUP_ONLY).reachable); /* the rest is too small */
    in.n1 = 0;
    CU_ASSERT_TRUE(isnan(es_plan_needed(&in, ES_GOAL_PARITY, ES_GROW_SCALE).power_now));
    in.p1 = 0.6;
    in.p2 = 0.9;
    in.n1 = in.n2 = 500;
    CU_ASSERT_EQUAL(es_plan_needed(&in, ES_GOAL_DISPARITY, ES_GROW_SCALE).additional, 0); /* already there */
}

/** With no difference at all the test's exact size is near alpha. */
static void test_exact_power_is_the_size_without_a_difference(void)
{
    const struct es_plan_inputs in = {.p1 = 0.5, .p2 = 0.5, .n1 = 60, .n2 = 60, .margin = 0.2, .alpha = 0.05, .power = 0.8};
    const double size = es_plan_exact_power(&in, ES_GOAL_DISPARITY, 60, 60);
    CU_ASSERT_TRUE(size > 0.03 && size < 0.07);
    CU_ASSERT_TRUE(isnan(es_plan_exact_power(&in, ES_GOAL_PARITY, 100000, 1000)));
    const struct es_plan_inputs sure = {.p1 = 1, .p2 = 0, .n1 = 9, .n2 = 9, .margin = 0.2, .alpha = 0.05, .power = 0.8};
    CU_ASSERT_EQUAL(es_plan_exact_power(&sure, ES_GOAL_DISPARITY, 9, 9), 1);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"equal_arms_as_in_r", test_equal_arms_as_in_r},
        {"needed_is_the_first_that_is_enough", test_needed_is_the_first_that_is_enough},
        {"out_of_reach", test_out_of_reach},
        {"exact_power_is_the_size_without_a_difference", test_exact_power_is_the_size_without_a_difference},
        {NULL, NULL},
    };
    return es_test_main("planning", tests, argc, argv);
}
