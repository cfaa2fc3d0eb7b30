/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/fairness.h"

#include <math.h>

#include "testlib.h"

static void test_names(void)
{
    CU_ASSERT_STRING_EQUAL(es_fair_metric_name(ES_FAIR_ALERT_RATE), "alert_rate");
    CU_ASSERT_STRING_EQUAL(es_fair_metric_name(ES_FAIR_ACCURACY), "accuracy");
    CU_ASSERT_STRING_EQUAL(es_fair_metric_name(ES_FAIR_METRICS), "");
}

/** A group without positives is left out and counted, not scored 0. */
static void test_undefined_groups_are_left_out(void)
{
    const struct es_confusion groups[] = {{8, 1, 2, 9}, {0, 3, 0, 17}, {0, 0, 0, 0}};
    struct es_fair_gap gap = es_fair_gap(groups, 3, ES_FAIR_TPR);
    CU_ASSERT_EQUAL(gap.defined, 1);
    CU_ASSERT_TRUE(isnan(gap.difference) && isnan(gap.ratio) && gap.worst == 0.8);
    gap = es_fair_gap(groups, 3, ES_FAIR_FPR);
    CU_ASSERT_EQUAL(gap.defined, 2);
    CU_ASSERT_EQUAL(gap.worst, 0.15); /* more is worse */
    gap = es_fair_gap(groups + 2, 1, ES_FAIR_PPV);
    CU_ASSERT_TRUE(gap.defined == 0 && isnan(gap.worst));
    CU_ASSERT_TRUE(isnan(es_equalised_odds(groups, 3).difference_worst));
    double x = 9, n = 9;
    es_fair_counts(&groups[0], ES_FAIR_METRICS, &x, &n);
    CU_ASSERT_TRUE(x == 0 && n == 0);
}

static void test_nobody_alerted_has_no_ratio(void)
{
    const struct es_confusion groups[] = {{0, 0, 5, 9}, {0, 0, 1, 7}};
    const struct es_fair_gap gap = es_fair_gap(groups, 2, ES_FAIR_ALERT_RATE);
    CU_ASSERT_TRUE(gap.difference == 0 && isnan(gap.ratio));
    const struct es_equalised_odds odds = es_equalised_odds(groups, 2);
    CU_ASSERT_TRUE(odds.difference_mean == 0 && isnan(odds.ratio_worst));
    const struct es_benefit_entropy none = es_benefit_entropy((const struct es_confusion[]){{0, 0, 4, 0}}, 1);
    CU_ASSERT_TRUE(isnan(none.theil) && isnan(none.squared)); /* only misses: no benefit at all */
    CU_ASSERT_TRUE(isnan(es_benefit_entropy(groups, 0).theil));
    const struct es_benefit_entropy right = es_benefit_entropy((const struct es_confusion[]){{3, 0, 0, 4}}, 1);
    CU_ASSERT_TRUE(right.theil == 0 && right.squared == 0 && right.between_groups == 0);
}

/* Expected: Speicher and others 2018, definition 1, by its sum over cases with b = 1 (x 6), 2, 0 and mean 1. */
static void test_entropy_by_its_definition(void)
{
    const struct es_benefit_entropy e = es_benefit_entropy((const struct es_confusion[]){{3, 1, 1, 3}}, 1);
    CU_ASSERT_DOUBLE_EQUAL(e.theil, 2 * log(2) / 8, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(e.squared, ((4 - 1) + (0 - 1)) / (8 * 2.0), 1e-15);
}

static void test_rest_is_everyone_else(void)
{
    const struct es_confusion groups[] = {{8, 1, 2, 9}, {6, 4, 4, 16}, {0, 0, 10, 0}};
    const struct es_fair_rest r = es_fair_vs_rest(groups, 3, 0, ES_FAIR_TPR, 0.05);
    CU_ASSERT_EQUAL(r.group, 0.8);
    CU_ASSERT_EQUAL(r.rest, 0.3);
    CU_ASSERT_TRUE(r.limits.lo < r.difference && r.difference < r.limits.hi);
    CU_ASSERT_DOUBLE_EQUAL(r.ratio, 8.0 / 3, 1e-15);
    CU_ASSERT_TRUE(r.ratio_limits.lo < r.ratio && r.ratio < r.ratio_limits.hi);
    const struct es_confusion huge[] = {{1, 1, 1, 1}, {UINT64_MAX, 0, 0, 1}, {1, 0, 0, 1}};
    CU_ASSERT_TRUE(isnan(es_fair_vs_rest(huge, 3, 0, ES_FAIR_TPR, 0.05).group));
    CU_ASSERT_TRUE(isnan(es_fair_vs_rest(groups, 1, 0, ES_FAIR_TPR, 0.05).difference)); /* no rest */
}

/* R 4.2.2: each pair by the Miettinen-Nurminen z (uniroot of the score statistic) at alpha 0.05 / 3; means with qnorm(1 - .05 / 6):
 * (0.6, 100) (0.8, 200): -0.33577 to -0.06778; (0.6, 100) (0.75, 50): -0.32302 to 0.05057; (0.8, 200) (0.75, 50): -0.09013 to 0.22866 */
static void test_limits_of_a_range_hold_for_all_pairs(void)
{
    const double p[] = {0.6, 0.8, 0.75}, n[] = {100, 200, 50}, mean[] = {0.1, 0.5, -0.2}, se[] = {0.1, 0.2, 0.15};
    struct es_limits gap, ratio;
    CU_ASSERT_TRUE(es_fair_range_limits(p, n, 3, 0.05, &gap, &ratio));
    CU_ASSERT_DOUBLE_EQUAL(gap.lo, 0.0677827310862884, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(gap.hi, 0.3357667424306489, 1e-9);
    const struct es_two_by_two t = {60, 100, 160, 200};
    const struct es_limits own = es_koopman(&t, 0.05 / 3, false); /* the pair of least and greatest; its limits are checked in test_vectors */
    CU_ASSERT_DOUBLE_EQUAL(ratio.lo, own.lo, 1e-12);
    CU_ASSERT_TRUE(ratio.hi <= own.hi && ratio.hi > 0.75);
    CU_ASSERT_TRUE(es_fair_range_normal(mean, se, 3, 0.05, &gap));
    CU_ASSERT_DOUBLE_EQUAL(gap.lo, 0.101505050045372, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(gap.hi, 1.298494949954628, 1e-12);
    CU_ASSERT_FALSE(es_fair_range_limits(p, n, 1, 0.05, &gap, &ratio));
    CU_ASSERT_TRUE(isnan(gap.lo) && isnan(ratio.hi));
    const double none[] = {0, 0}, few[] = {10, NAN};
    CU_ASSERT_TRUE(es_fair_range_limits(none, n, 2, 0.05, &gap, &ratio) && gap.lo == 0 && gap.hi > 0 && isnan(ratio.lo));
    CU_ASSERT_FALSE(es_fair_range_limits(p, few, 2, 0.05, &gap, &ratio));
    CU_ASSERT_FALSE(es_fair_range_normal(mean, none, 2, 0.05, &gap) || es_fair_range_normal(mean, se, 1, 0.05, &gap));
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"names", test_names},
        {"undefined_groups_are_left_out", test_undefined_groups_are_left_out},
        {"nobody_alerted_has_no_ratio", test_nobody_alerted_has_no_ratio},
        {"entropy_by_its_definition", test_entropy_by_its_definition},
        {"rest_is_everyone_else", test_rest_is_everyone_else},
        {"limits_of_a_range_hold_for_all_pairs", test_limits_of_a_range_hold_for_all_pairs},
        {NULL, NULL},
    };
    return es_test_main("fairness", tests, argc, argv);
}
