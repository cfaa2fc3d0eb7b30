/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/representation.h"

#include <math.h>

#include "testlib.h"

static void test_groups_outside_the_reference_are_listed_apart(void)
{
    const uint64_t x[] = {30, 7, 10};
    const double reference[] = {0.5, 0, 0.5};
    struct es_share s[3];
    struct es_representation r;
    CU_ASSERT_TRUE_FATAL(es_representation(x, reference, 3, 0.05, s, &r));
    CU_ASSERT_EQUAL(r.n, 40);
    CU_ASSERT_EQUAL(r.off_reference, 7);
    CU_ASSERT_EQUAL(r.df, 1);
    CU_ASSERT_EQUAL(r.chi2, 10); /* (30-20)^2/20 twice */
    CU_ASSERT_TRUE(isnan(s[1].share) && isnan(s[1].ratio) && s[1].shortfall == 0);
    CU_ASSERT_EQUAL(s[0].ratio, 1.5);
}

static void test_one_group_is_no_test(void)
{
    const uint64_t x[] = {9};
    const double reference[] = {1};
    struct es_share s[1];
    struct es_representation r;
    CU_ASSERT_TRUE_FATAL(es_representation(x, reference, 1, 0.05, s, &r));
    CU_ASSERT_TRUE(r.df == 0 && r.p == 1 && r.p_exact == 1 && r.js_distance == 0);
    CU_ASSERT_TRUE(isnan(s[0].residual));
}

static void test_no_cases(void)
{
    const uint64_t x[] = {0, 0};
    const double reference[] = {0.5, 0.5};
    struct es_share s[2];
    struct es_representation r;
    CU_ASSERT_TRUE_FATAL(es_representation(x, reference, 2, 0.05, s, &r));
    CU_ASSERT_TRUE(r.n == 0 && isnan(r.chi2) && isnan(r.p) && isnan(r.p_exact) && isnan(r.js_distance) && isnan(s[0].share));
}

static void test_bad_references_are_refused(void)
{
    const uint64_t x[] = {1, UINT64_MAX};
    struct es_share s[2];
    struct es_representation r = {.n = 5};
    const double bad[][2] = {{0, 0}, {-0.1, 1.1}, {(double)NAN, 1}, {INFINITY, 1}};
    for (int i = 0; i < 4; i++) CU_ASSERT_FALSE(es_representation((const uint64_t[]){1, 2}, bad[i], 2, 0.05, s, &r));
    CU_ASSERT_FALSE(es_representation(x, (const double[]){0.5, 0.5}, 2, 0.05, s, &r));
    CU_ASSERT_EQUAL(r.n, 5);
}

/** The shortfall is enough, and one case less is not; a whole answer is not rounded up. */
static void test_shortfall_is_the_fewest(void)
{
    for (uint64_t have = 0; have < 40; have++) {
        const uint64_t x[] = {have, 100};
        const double reference[] = {0.25, 0.75};
        struct es_share s[2];
        struct es_representation r;
        CU_ASSERT_TRUE_FATAL(es_representation(x, reference, 2, 0.05, s, &r));
        const uint64_t k = s[0].shortfall;
        /* share >= 1/5, in whole numbers */
        CU_ASSERT_TRUE(5 * (have + k) >= have + k + 100);
        if (k > 0) CU_ASSERT_TRUE(5 * (have + k - 1) < have + k - 1 + 100);
    }
    struct es_share s[2];
    struct es_representation r;
    CU_ASSERT_TRUE_FATAL(es_representation((const uint64_t[]){1, 9}, (const double[]){2, 0.5}, 2, 0.05, s, &r));
    CU_ASSERT_FALSE(s[0].shortfall_reachable); /* 0.8 of a share of 2 cannot be had */
}

/* Expected: the two-sided binomial test by probability ordering, summed from its definition. */
static void test_exact_p_of_two_groups_is_the_binomial_test(void)
{
    const double p[] = {0.4, 0.6};
    double want = 0;
    const double seen = 45 * pow(0.4, 2) * pow(0.6, 8);
    for (int k = 0; k <= 10; k++) {
        const double chance = exp(lgamma(11) - lgamma(k + 1) - lgamma(11 - k)) * pow(0.4, k) * pow(0.6, 10 - k);
        if (chance <= seen * (1 + 1e-7)) want += chance;
    }
    CU_ASSERT_DOUBLE_EQUAL(es_multinomial_p((const uint64_t[]){2, 8}, p, 2), want, 1e-12);
}

static void test_outcomes(void)
{
    CU_ASSERT_EQUAL(es_multinomial_outcomes(3, 3), 10);
    CU_ASSERT_EQUAL(es_multinomial_outcomes(0, 4), 1);
    CU_ASSERT_EQUAL(es_multinomial_outcomes(5, 1), 1);
    CU_ASSERT_EQUAL(es_multinomial_outcomes(0, 0), 1);
    CU_ASSERT_EQUAL(es_multinomial_outcomes(1, 0), 0);
    CU_ASSERT_EQUAL(es_multinomial_outcomes(UINT64_MAX, 2), UINT64_MAX);
    CU_ASSERT_EQUAL(es_multinomial_outcomes(1000, 500), UINT64_MAX);
    CU_ASSERT_TRUE(isnan(es_multinomial_p((const uint64_t[]){1000000, 1}, (const double[]){0.5, 0.5}, 2)));
    CU_ASSERT_TRUE(isnan(es_multinomial_p((const uint64_t[]){UINT64_MAX, 1}, (const double[]){0.5, 0.5}, 2)));
}

/** All outcomes together have chance 1: when what was seen is the likeliest, p is 1. */
static void test_likeliest_outcome_has_p_1(void)
{
    CU_ASSERT_DOUBLE_EQUAL(es_multinomial_p((const uint64_t[]){4, 4, 4, 4}, (const double[]){0.25, 0.25, 0.25, 0.25}, 4), 1, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_multinomial_p((const uint64_t[]){1, 0, 0}, (const double[]){0.2, 0.3, 0.5}, 3), 0.2, 1e-15);
}

static void test_kish(void)
{
    CU_ASSERT_EQUAL(es_kish((const double[]){2, 2, 2}, 3), 3);
    CU_ASSERT_DOUBLE_EQUAL(es_kish((const double[]){1e200, 1e200, 0}, 3), 2, 1e-15);
    CU_ASSERT_TRUE(isnan(es_kish((const double[]){0, 0}, 2)) && isnan(es_kish(NULL, 0)));
    CU_ASSERT_TRUE(isnan(es_kish((const double[]){1, -1}, 2)) && isnan(es_kish((const double[]){1, INFINITY}, 2)));
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"groups_outside_the_reference_are_listed_apart", test_groups_outside_the_reference_are_listed_apart},
        {"one_group_is_no_test", test_one_group_is_no_test},
        {"no_cases", test_no_cases},
        {"bad_references_are_refused", test_bad_references_are_refused},
        {"shortfall_is_the_fewest", test_shortfall_is_the_fewest},
        {"exact_p_of_two_groups_is_the_binomial_test", test_exact_p_of_two_groups_is_the_binomial_test},
        {"outcomes", test_outcomes},
        {"likeliest_outcome_has_p_1", test_likeliest_outcome_has_p_1},
        {"kish", test_kish},
        {NULL, NULL},
    };
    return es_test_main("representation", tests, argc, argv);
}
