/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/histogram.h"

#include <math.h>
#include <string.h>

#include "testlib.h"
#include "testrandom.h"

#define BINS 16
#define CASES 200

struct rows {
    uint64_t positive[BINS], negative[BINS];
};
static struct es_histogram over(struct rows *rows) { return (struct es_histogram){BINS, rows->positive, rows->negative, 0}; }

/** The raw AUROC of any scores lies within the bounds of their histogram. */
static void test_bounds_hold_the_raw_value(void)
{
    struct es_test_random r = {.seed = 10};
    for (int round = 0; round < 200; round++) {
        struct rows rows = {{0}, {0}};
        struct es_histogram h = over(&rows);
        struct es_histogram_auroc a;
        double score[CASES], wins = 0, m = 0;
        bool positive[CASES];
        for (int i = 0; i < CASES; i++) {
            positive[i] = es_test_below(&r, 4) == 0;
            m += positive[i];
            score[i] = es_test_below(&r, 3) ? es_test_unit(&r) : (double)es_test_below(&r, 9) / 8;
            if (score[i] > 1) score[i] = 1;
            CU_ASSERT_TRUE(es_histogram_add(&h, score[i], positive[i]));
        }
        for (int i = 0; i < CASES; i++)
            for (int j = 0; j < CASES; j++)
                if (positive[i] && !positive[j]) wins += score[i] > score[j] ? 1 : score[i] == score[j] ? 0.5 : 0;
        CU_ASSERT_TRUE_FATAL(es_histogram_auroc(&h, &a));
        if (a.m == 0) continue;
        const double raw = wins / (m * (CASES - m));
        CU_ASSERT_TRUE(raw >= a.lo - 1e-12 && raw <= a.hi + 1e-12);
        CU_ASSERT_TRUE(a.lo >= 0 && a.hi <= 1);
        uint64_t tp, fp, fn, tn, want = 0;
        es_histogram_counts(&h, 5, &tp, &fp, &fn, &tn);
        for (int i = 0; i < CASES; i++) want += positive[i] && score[i] >= 5.0 / BINS;
        CU_ASSERT_EQUAL(tp, want);
        CU_ASSERT_EQUAL(tp + fp + fn + tn, CASES);
    }
}

static void test_edges_of_the_range(void)
{
    struct rows rows = {{0}, {0}};
    struct es_histogram h = over(&rows);
    const double out[] = {-0.001, 1.001, NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 5; i++) CU_ASSERT_TRUE(es_histogram_add(&h, out[i], true));
    CU_ASSERT_EQUAL(h.out_of_range, 5);
    CU_ASSERT_TRUE(es_histogram_add(&h, 0, true) && es_histogram_add(&h, -0.0, true) && es_histogram_add(&h, 1, true));
    CU_ASSERT_EQUAL(rows.positive[0], 2);
    CU_ASSERT_EQUAL(rows.positive[BINS - 1], 1);
    rows.positive[3] = UINT64_MAX;
    CU_ASSERT_FALSE(es_histogram_add(&h, 3.5 / BINS, true));
    CU_ASSERT_EQUAL(rows.positive[3], UINT64_MAX);
    CU_ASSERT_FALSE(es_histogram_bins_ok(0) || es_histogram_bins_ok(1) || es_histogram_bins_ok(12) ||
                    es_histogram_bins_ok(ES_HISTOGRAM_MAX_BINS * 2));
    CU_ASSERT_TRUE(es_histogram_bins_ok(2) && es_histogram_bins_ok(1024));
}

static void test_too_many_cases_are_refused(void)
{
    struct rows rows = {{0}, {0}};
    const struct es_histogram h = over(&rows);
    struct es_histogram_auroc a = {.auroc = 7};
    rows.positive[0] = UINT64_C(1) << 62;
    rows.negative[1] = (UINT64_C(1) << 63) - 1;
    CU_ASSERT_TRUE(es_histogram_auroc(&h, &a));
    CU_ASSERT_EQUAL(a.auroc, 0);
    rows.negative[1] = UINT64_C(1) << 63;
    a.auroc = 7;
    CU_ASSERT_FALSE(es_histogram_auroc(&h, &a));
    CU_ASSERT_EQUAL(a.auroc, 7);
}

/** 2 m n is past 2^64 here: DeLong on a symmetric table must still give 1/2 and a variance of the right size. */
static void test_wide_products(void)
{
    struct rows rows = {{0}, {0}};
    const struct es_histogram h = over(&rows);
    struct es_histogram_auroc a;
    const uint64_t big = UINT64_C(10000000000);
    rows.positive[2] = rows.negative[2] = rows.positive[7] = rows.negative[7] = big;
    CU_ASSERT_TRUE_FATAL(es_histogram_auroc(&h, &a));
    CU_ASSERT_EQUAL(a.auroc, 0.5);
    CU_ASSERT_EQUAL(a.same_bin, 0.5);
    /* placements are 1/4 and 3/4 by halves: variance 1/16 of each arm */
    CU_ASSERT_DOUBLE_EQUAL(a.variance * (double)big, 2 * (1.0 / 16) / 2, 1e-9);
}

static void test_merge_at_the_limit_changes_nothing(void)
{
    struct rows a = {{0}, {0}}, b = {{0}, {0}}, before;
    struct es_histogram into = over(&a), from = over(&b);
    a.positive[0] = 5;
    a.negative[9] = UINT64_MAX;
    b.positive[0] = 1;
    before = a;
    CU_ASSERT_TRUE(es_histogram_merge(&into, &from));
    CU_ASSERT_EQUAL(a.positive[0], 6);
    before = a;
    b.negative[9] = 1;
    CU_ASSERT_FALSE(es_histogram_merge(&into, &from));
    b.negative[9] = 0;
    from.out_of_range = into.out_of_range = UINT64_MAX;
    CU_ASSERT_FALSE(es_histogram_merge(&into, &from));
    from.bins = 8;
    CU_ASSERT_FALSE(es_histogram_merge(&into, &from));
    CU_ASSERT_EQUAL(memcmp(&a, &before, sizeof a), 0);
}

static void test_one_class_has_no_auroc(void)
{
    struct rows rows = {{0}, {0}};
    const struct es_histogram h = over(&rows);
    struct es_histogram_auroc a;
    CU_ASSERT_TRUE(es_histogram_auroc(&h, &a));
    CU_ASSERT_TRUE(isnan(a.auroc) && isnan(a.lo) && isnan(a.variance) && isnan(a.average_precision));
    rows.positive[4] = 3;
    CU_ASSERT_TRUE(es_histogram_auroc(&h, &a));
    CU_ASSERT_TRUE(isnan(a.auroc) && a.average_precision == 1);
    rows.negative[4] = 1;
    CU_ASSERT_TRUE(es_histogram_auroc(&h, &a));
    CU_ASSERT_TRUE(a.auroc == 0.5 && a.lo == 0 && a.hi == 1 && isnan(a.variance));
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"bounds_hold_the_raw_value", test_bounds_hold_the_raw_value},
        {"edges_of_the_range", test_edges_of_the_range},
        {"too_many_cases_are_refused", test_too_many_cases_are_refused},
        {"wide_products", test_wide_products},
        {"merge_at_the_limit_changes_nothing", test_merge_at_the_limit_changes_nothing},
        {"one_class_has_no_auroc", test_one_class_has_no_auroc},
        {NULL, NULL},
    };
    return es_test_main("histogram", tests, argc, argv);
}
