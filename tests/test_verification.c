/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/verification.h"

#include <math.h>

#include "testlib.h"
#include "vectors.h"

/* Expected: R survey, CompareTests; see testdata/vectors/INDEX.md. */
static void test_vectors(void)
{
    es_vec_assert(es_vec_core, "h1_verification_bias.json");
}

/* Every way to settle few unverified cases, by enumeration: the bounds are its extremes. */
static void test_bounds_are_the_extremes(void)
{
    const struct es_verified v = {9, 4, 3, 11, 3, 5};
    double lo[2] = {2, 2}, hi[2] = {-1, -1};
    struct es_corrected se, sp;
    CU_ASSERT_EQUAL(es_begg_greenes(&v, 1, 0.05, &se, &sp), ES_REASON_NONE);
    for (int i = 0; i <= 3; i++)
        for (int k = 0; k <= 5; k++) {
            const double a = 9 + i, b = 4 + 3 - i, c = 3 + k, d = 11 + 5 - k;
            const double at[2] = {a / (a + c), d / (b + d)};
            for (int m = 0; m < 2; m++) {
                lo[m] = fmin(lo[m], at[m]);
                hi[m] = fmax(hi[m], at[m]);
            }
        }
    CU_ASSERT_DOUBLE_EQUAL(se.worst, lo[0], 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(se.best, hi[0], 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(sp.worst, lo[1], 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(sp.best, hi[1], 1e-15);
    CU_ASSERT_TRUE(se.worst <= se.value && se.value <= se.best);
}

static void test_no_verified_case_is_a_reason(void)
{
    const struct es_verified blind = {9, 4, 0, 0, 0, 50}, empty = {0, 0, 0, 0, 0, 0};
    struct es_corrected se, sp;
    CU_ASSERT_EQUAL(es_begg_greenes(&blind, 1, 0.05, &se, &sp), ES_VERIFICATION);
    CU_ASSERT_TRUE(isnan(se.value) && isnan(sp.value));
    CU_ASSERT_EQUAL(se.naive, 1);
    CU_ASSERT_DOUBLE_EQUAL(se.worst, 9.0 / 59, 1e-15);
    CU_ASSERT_EQUAL(es_begg_greenes(&empty, 1, 0.05, &se, &sp), ES_NO_CASES);
    CU_ASSERT_EQUAL(es_begg_greenes(NULL, 0, 0.05, &se, &sp), ES_NO_CASES);
}

static void test_an_empty_cell_has_a_value_but_no_interval(void)
{
    const struct es_verified v = {9, 4, 0, 11, 3, 5};
    struct es_corrected se, sp;
    CU_ASSERT_EQUAL(es_begg_greenes(&v, 1, 0.05, &se, &sp), ES_REASON_NONE);
    CU_ASSERT_EQUAL(se.value, 1);
    CU_ASSERT_TRUE(isnan(se.logit_variance) && isnan(se.interval.lo) && isnan(sp.interval.hi));
}

static void test_bounds_that_overlap_can_reverse(void)
{
    struct es_corrected group = {.worst = 0.5, .best = 0.6}, rest = {.worst = 0.7, .best = 0.9};
    CU_ASSERT_FALSE(es_bounds_can_reverse(&group, &rest));
    CU_ASSERT_FALSE(es_bounds_can_reverse(&rest, &group));
    group.best = 0.75;
    CU_ASSERT_TRUE(es_bounds_can_reverse(&group, &rest));
    group.best = (double)NAN;
    CU_ASSERT_TRUE(es_bounds_can_reverse(&group, &rest));
}

/* R 4.2.2: bg() of test_report_verification.c, g<-bg(40,20,20,120,0,140), r<-bg(160,40,20,380,0,0), d<-0.5-0.888888888888889,
 * v<-(0.5*0.5)^2*0.0714285714285714+(0.888888888888889*0.111111111111111)^2*0.05625; d+c(-1,1)*qnorm(.975)*sqrt(v) */
static void test_a_corrected_gap_has_the_limits_of_r(void)
{
    const struct es_verified v[2] = {{40, 20, 20, 120, 0, 140}, {160, 40, 20, 380, 0, 0}}, bare = {9, 4, 0, 11, 3, 5};
    struct es_corrected se[2], sp[2], none, other;
    struct es_corrected_gap gap;
    for (int i = 0; i < 2; i++) CU_ASSERT_EQUAL(es_begg_greenes(&v[i], 1, 0.05, &se[i], &sp[i]), ES_REASON_NONE);
    CU_ASSERT_TRUE(es_corrected_gap(&se[0], &se[1], 1, 0.05, 0.05, &gap));
    CU_ASSERT_DOUBLE_EQUAL(gap.difference, -0.388888888888889, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(gap.limits.lo, -0.527659080465926, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(gap.limits.hi, -0.250118697311852, 1e-12);
    CU_ASSERT_TRUE(gap.inner.lo > gap.limits.lo && gap.inner.hi < gap.limits.hi);
    const struct es_limits before = se[0].interval;
    es_corrected_widen(&se[0], 2, 0.05);
    CU_ASSERT_TRUE(se[0].interval.lo < before.lo && se[0].interval.hi > before.hi);
    CU_ASSERT_EQUAL(es_begg_greenes(&bare, 1, 0.05, &none, &other), ES_REASON_NONE);
    CU_ASSERT_FALSE(es_corrected_gap(&none, &se[1], 1, 0.05, 0.05, &gap));
    CU_ASSERT_TRUE(isnan(gap.difference) && isnan(gap.limits.lo));
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"vectors", test_vectors},
        {"bounds_are_the_extremes", test_bounds_are_the_extremes},
        {"no_verified_case_is_a_reason", test_no_verified_case_is_a_reason},
        {"an_empty_cell_has_a_value_but_no_interval", test_an_empty_cell_has_a_value_but_no_interval},
        {"bounds_that_overlap_can_reverse", test_bounds_that_overlap_can_reverse},
        {"a_corrected_gap_has_the_limits_of_r", test_a_corrected_gap_has_the_limits_of_r},
        {NULL, NULL}};
    return es_test_main("verification", tests, argc, argv);
}
