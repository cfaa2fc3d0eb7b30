/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "metrics/expected_range.h"
#include "metrics/proportion.h"
#include "testlib.h"

/* d_2, the mean range of n standard normal values: Tippett 1925; ISO 7870-2, table of control chart factors. */
static void equal_errors_give_tippetts_numbers(void)
{
    static const struct {
        size_t n;
        double d2;
    } table[] = {{2, 1.128379}, {3, 1.692569}, {4, 2.058751}, {5, 2.325929}, {6, 2.534413}, {10, 3.077505}, {25, 3.930629}};
    double se[25];
    for (size_t i = 0; i < 25; i++) se[i] = 0.02;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        CU_ASSERT_DOUBLE_EQUAL(es_expected_range(se, table[i].n), 0.02 * table[i].d2, 0.02 * 2e-6);
}

/* E|X - Y| = sqrt(2/pi) sqrt(a^2 + b^2): the mean of a half-normal. */
static void two_unequal_errors_give_the_half_normal_mean(void)
{
    static const double pairs[][2] = {{0.01, 0.02}, {0.001, 0.2}, {1e-5, 1}, {0, 0.1}};
    for (size_t i = 0; i < 4; i++) {
        const double want = sqrt(2 / M_PI) * hypot(pairs[i][0], pairs[i][1]);
        CU_ASSERT_DOUBLE_EQUAL(es_expected_range(pairs[i], 2), want, 1e-6 * want);
    }
}

static void nothing_is_made_of_one_group_or_bad_errors(void)
{
    const double bad[][2] = {{0.1, NAN}, {0.1, -0.1}, {INFINITY, 0.1}}, none[] = {0, 0};
    for (size_t i = 0; i < 3; i++) CU_ASSERT_TRUE(isnan(es_expected_range(bad[i], 2)));
    CU_ASSERT_TRUE(isnan(es_expected_range(none, 1)));
    CU_ASSERT_EQUAL(es_expected_range(none, 2), 0);
}

static void the_design_effect_of_an_interval_is_found_again(void)
{
    static const double rates[] = {0, 0.1, 0.5, 0.93, 1};
    for (size_t i = 0; i < 5; i++)
        for (double deff = 1; deff < 10; deff += 1.7) {
            const double n = 340 / deff;
            const struct es_limits l = es_wilson(rates[i] * n, n, 0.05);
            CU_ASSERT_DOUBLE_EQUAL(es_wilson_cases(rates[i], 340, l.hi - l.lo, 0.05), n, 1e-6);
        }
    CU_ASSERT_DOUBLE_EQUAL(es_wilson_cases(0.4, 50, 0.01, 0.05), 50, 0); /* narrower than single cases allow */
    CU_ASSERT_TRUE(isnan(es_wilson_cases(0.4, 0, 0.1, 0.05)));
    CU_ASSERT_TRUE(isnan(es_wilson_cases(1.1, 10, 0.1, 0.05)));
    CU_ASSERT_TRUE(isnan(es_wilson_cases(0.5, 10, NAN, 0.05)));
}

static const struct es_test tests[] = {{"equal_errors_give_tippetts_numbers", equal_errors_give_tippetts_numbers},
                                       {"two_unequal_errors_give_the_half_normal_mean", two_unequal_errors_give_the_half_normal_mean},
                                       {"nothing_is_made_of_one_group_or_bad_errors", nothing_is_made_of_one_group_or_bad_errors},
                                       {"the_design_effect_of_an_interval_is_found_again", the_design_effect_of_an_interval_is_found_again},
                                       {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("expected_range", tests, argc, argv);
}
