/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/levelling.h"

#include <math.h>

#include "metrics/special.h"
#include "testlib.h"
#include "testrandom.h"

/* Expected: without discordant pairs the score equation is n d = z sqrt(n d (1 - d)), so d = z^2 / (n + z^2). */
static void test_tango_without_discordant_pairs(void)
{
    const struct es_paired pairs = {50, 0, 0, 10};
    const double z = es_norm_isf(0.025), want = z * z / (60 + z * z);
    const struct es_limits ci = es_tango(&pairs, 0.05);
    CU_ASSERT_DOUBLE_EQUAL(ci.lo, -want, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(ci.hi, want, 1e-12);
}

/* Expected: R, packages ratesci and PropCIs, Tango's score interval. */
static void test_tango_as_in_r(void)
{
    const struct es_paired pairs = {40, 2, 12, 6};
    const struct es_limits ci = es_tango(&pairs, 0.05);
    CU_ASSERT_DOUBLE_EQUAL(ci.lo, -0.2924556399556, 1e-11);
    CU_ASSERT_DOUBLE_EQUAL(ci.hi, -0.05117596514382, 1e-11);
}

/** The limits solve |z| = z_alpha/2, and exchanging the versions turns them round. */
static void test_tango_solves_its_equation(void)
{
    struct es_test_random r = {.seed = 12};
    for (int round = 0; round < 300; round++) {
        const struct es_paired p = {(double)es_test_below(&r, 40), (double)es_test_below(&r, 12), (double)es_test_below(&r, 12),
                                    1 + (double)es_test_below(&r, 40)};
        const struct es_paired q = {p.both, p.only_old, p.only_new, p.neither};
        const struct es_limits a = es_tango(&p, 0.05), b = es_tango(&q, 0.05);
        CU_ASSERT_DOUBLE_EQUAL(a.lo, -b.hi, 1e-11);
        CU_ASSERT_DOUBLE_EQUAL(a.hi, -b.lo, 1e-11);
        CU_ASSERT_DOUBLE_EQUAL(es_tango_z(&p, a.lo), es_norm_isf(0.025), 1e-6);
        CU_ASSERT_DOUBLE_EQUAL(es_tango_z(&p, a.hi), -es_norm_isf(0.025), 1e-6);
    }
}

static void test_edges(void)
{
    const struct es_paired none = {0, 0, 0, 0}, up = {0, 5, 0, 0}, down = {0, 0, 5, 0};
    CU_ASSERT_TRUE(isnan(es_tango(&none, 0.05).lo) && isnan(es_tango_z(&none, 0)) && isnan(es_mcnemar(&none)));
    CU_ASSERT_EQUAL(es_tango(&up, 0.05).hi, 1);
    CU_ASSERT_EQUAL(es_tango(&down, 0.05).lo, -1);
    CU_ASSERT_TRUE(es_tango(&up, 0.05).lo > 0 && es_tango(&down, 0.05).hi < 0);
    CU_ASSERT_EQUAL(es_tango_z(&(struct es_paired){3, 2, 2, 3}, 0), 0);
    CU_ASSERT_EQUAL(es_tango_z(&(struct es_paired){3, 2, 2, 3}, 1), -INFINITY);
}

/* By hand: four patients of three pairs, s = -3, 0, 0, 1, so d = -2/12. The squares of s - 3d are 6.25, 0.25, 0.25, 2.25, together 9;
 * variance 4/3 * 9/144 = 1/12. Unclustered (4/12 - 1/36)/12 = 11/432. */
static void test_patients_with_several_pairs(void)
{
    struct es_paired_sums sums = {0};
    const struct es_paired pairs = {5, 1, 3, 3};
    es_paired_add(&sums, 0, 3, 3);
    es_paired_add(&sums, 0, 0, 3);
    es_paired_add(&sums, 0, 0, 0); /* nobody */
    es_paired_add(&sums, 0, 0, 3);
    es_paired_add(&sums, 1, 0, 3);
    CU_ASSERT_EQUAL(sums.patients, 4);
    CU_ASSERT_EQUAL(sums.n, 12);
    const struct es_paired_clustered got = es_paired_clustered(&sums, &pairs);
    CU_ASSERT_DOUBLE_EQUAL(got.variance, 1.0 / 12, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(got.deff, 36.0 / 11, 1e-13);
    CU_ASSERT_EQUAL(got.deff_used, got.deff);
}

/** One patient tells no variance; none discordant has none; a pair a patient is the unclustered variance with K/(K-1). */
static void test_design_effects_at_the_edges(void)
{
    struct es_paired_sums one = {0}, calm = {0}, single = {0};
    es_paired_add(&one, 1, 0, 2);
    CU_ASSERT_TRUE(isnan(es_paired_clustered(&one, &(struct es_paired){1, 1, 0, 0}).variance));
    CU_ASSERT_EQUAL(es_paired_clustered(&one, &(struct es_paired){1, 1, 0, 0}).deff_used, 1);
    for (int i = 0; i < 5; i++) es_paired_add(&calm, 0, 0, 2);
    CU_ASSERT_EQUAL(es_paired_clustered(&calm, &(struct es_paired){10, 0, 0, 0}).variance, 0);
    CU_ASSERT_TRUE(isnan(es_paired_clustered(&calm, &(struct es_paired){10, 0, 0, 0}).deff));
    for (uint32_t i = 0; i < 60; i++) es_paired_add(&single, i < 2, i >= 2 && i < 14, 1);
    CU_ASSERT_DOUBLE_EQUAL(es_paired_clustered(&single, &(struct es_paired){40, 2, 12, 6}).deff, 60.0 / 59, 1e-13);
}

static enum es_levelling judge(const struct es_paired *groups, size_t count, double min_cases)
{
    struct es_group_change changes[4];
    uint32_t scratch[4];
    double work[8];
    return es_levelling_judge(groups, count, 0.05, min_cases, changes, scratch, work).verdict;
}

static void test_each_verdict(void)
{
    const struct es_paired harmed[] = {{40, 2, 12, 6}, {20, 1, 3, 6}}, suspected[] = {{40, 1, 3, 6}, {20, 0, 0, 10}};
    const struct es_paired up[] = {{40, 2, 2, 16}, {18, 14, 2, 16}}, mixed[] = {{30, 10, 1, 9}, {30, 1, 8, 1}};
    const struct es_paired wider[] = {{40, 9, 0, 1}, {20, 0, 0, 20}};
    CU_ASSERT_EQUAL(judge(harmed, 2, 1), ES_LEVELLING_DOWN);
    CU_ASSERT_EQUAL(judge(suspected, 2, 1), ES_LEVELLING_DOWN_SUSPECTED);
    CU_ASSERT_EQUAL(judge(up, 2, 1), ES_LEVELLING_UP);
    CU_ASSERT_EQUAL(judge(mixed, 2, 1), ES_LEVELLING_MIXED);
    CU_ASSERT_EQUAL(judge(wider, 2, 1), ES_NOT_NARROWED);
    CU_ASSERT_EQUAL(judge(harmed, 2, 50), ES_NOT_NARROWED); /* one group left: no gap */
    CU_ASSERT_EQUAL(judge(harmed, 0, 1), ES_NOT_NARROWED);
}

static void test_names(void)
{
    CU_ASSERT_STRING_EQUAL(es_levelling_name(ES_NOT_NARROWED), "not_narrowed");
    CU_ASSERT_STRING_EQUAL(es_levelling_name(ES_LEVELLING_DOWN), "levelling_down");
    CU_ASSERT_STRING_EQUAL(es_levelling_name(ES_LEVELLING_DOWN_SUSPECTED), "levelling_down_suspected");
    CU_ASSERT_STRING_EQUAL(es_levelling_name(ES_LEVELLING_UP), "levelling_up");
    CU_ASSERT_STRING_EQUAL(es_levelling_name(ES_LEVELLING_MIXED), "mixed");
    CU_ASSERT_STRING_EQUAL(es_levelling_name((enum es_levelling)99), "");
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"tango_without_discordant_pairs", test_tango_without_discordant_pairs},
        {"tango_as_in_r", test_tango_as_in_r},
        {"tango_solves_its_equation", test_tango_solves_its_equation},
        {"edges", test_edges},
        {"patients_with_several_pairs", test_patients_with_several_pairs},
        {"design_effects_at_the_edges", test_design_effects_at_the_edges},
        {"each_verdict", test_each_verdict},
        {"names", test_names},
        {NULL, NULL},
    };
    return es_test_main("levelling", tests, argc, argv);
}
