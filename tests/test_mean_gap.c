/* SPDX-License-Identifier: Apache-2.0 */
/* Means of a group and its rest, watched every day. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "metrics/bounded_mean.h"
#include "metrics/mean_gap.h"
#include "testlib.h"

enum { ROWS = 800 };
static uint32_t patient[ROWS];
static uint8_t sex[ROWS], decision[ROWS], label[ROWS], stage[ROWS], mark[ROWS];
static double score[ROWS], ai[ROWS], ref[ROWS];
static int32_t day[ROWS];
static const struct es_grouping by_sex = {1, {0}};
static const uint8_t female[1] = {1};

/* Two rows a patient, group by turns; the second row of each is far off and must not count. */
static struct es_sheet make(double shift, int32_t step)
{
    static const uint8_t *const level[1] = {sex};
    static const uint8_t levels[1] = {3};
    static const double *const measure[2] = {ai, ref};
    uint64_t state = 88172645463325252u;
    for (uint32_t i = 0; i < ROWS; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const double noise = (double)(state >> 11) * 0x1p-53 - 0.5;
        patient[i] = i / 2;
        sex[i] = (uint8_t)(1 + patient[i] % 2);
        decision[i] = label[i] = ES_NO_ANSWER;
        stage[i] = ES_STAGE_REFERENCED;
        mark[i] = 0;
        score[i] = (double)NAN;
        ref[i] = 50;
        ai[i] = i % 2 ? 90 : 50 + 4 * noise + (sex[i] == 1 ? shift : 0);
        day[i] = (int32_t)i * step;
    }
    return (struct es_sheet){.rows = ROWS, .patients = ROWS / 2, .axes = 1, .patient = patient, .level = level, .axis_levels = levels, .score = score,
                             .decision = decision, .label = label, .stage = stage, .mark = mark, .exam_day = day,
                             .measures = ES_MEASURES_VALUES, .measure = measure};
}

static struct es_mean_gap gap_of(const struct es_sheet *sheet, double bound, double alpha)
{
    struct es_mean_order order;
    struct es_mean_gap gap;
    CU_ASSERT_TRUE_FATAL(es_mean_order_make(sheet, &order));
    CU_ASSERT_TRUE_FATAL(es_mean_gap_make(sheet, &order, &by_sex, female, -bound, bound, alpha, &gap));
    es_mean_order_free(&order);
    return gap;
}

static void each_patient_counts_once_and_the_first_time(void)
{
    const struct es_sheet sheet = make(0, 1);
    const struct es_mean_gap gap = gap_of(&sheet, 100, 0.05);
    struct es_bounded_mean arm[2] = {es_bounded_mean_init(0.025), es_bounded_mean_init(0.025)};
    for (uint32_t i = 0; i < ROWS; i += 2) CU_ASSERT_TRUE(es_bounded_mean_add(&arm[sex[i] - 1], (ai[i] - ref[i] + 100) / 200));
    const struct es_limits g = es_empirical_bernstein(&arm[0]), r = es_empirical_bernstein(&arm[1]);
    CU_ASSERT_EQUAL(gap.n_group, ROWS / 4);
    CU_ASSERT_EQUAL(gap.n_rest, ROWS / 4);
    CU_ASSERT_FALSE(gap.clipped);
    CU_ASSERT_DOUBLE_EQUAL(gap.lo, 200 * (g.lo - r.hi), 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(gap.hi, 200 * (g.hi - r.lo), 1e-9);
    CU_ASSERT_TRUE(gap.lo < 0 && gap.hi > 0);
    CU_ASSERT_TRUE(fabs(gap.group - gap.rest) < 0.6);
    /* the other way round in time the far rows come first */
    const struct es_sheet back = make(0, -1);
    CU_ASSERT_DOUBLE_EQUAL(gap_of(&back, 100, 0.05).group, 40, 1e-9);
}

static void cases_of_one_day_count_in_the_order_of_rows(void)
{
    struct es_sheet sheet = make(3, 1);
    const struct es_mean_gap dated = gap_of(&sheet, 100, 0.05);
    struct es_mean_order order;
    sheet = make(3, 0);
    CU_ASSERT_TRUE_FATAL(es_mean_order_make(&sheet, &order));
    CU_ASSERT_EQUAL(order.count, ROWS);
    for (uint32_t i = 0; i < order.count; i++) CU_ASSERT_EQUAL(order.row[i], i);
    es_mean_order_free(&order);
    const struct es_mean_gap same = gap_of(&sheet, 100, 0.05);
    CU_ASSERT_EQUAL(same.group, dated.group);
    CU_ASSERT_EQUAL(same.rest, dated.rest);
    CU_ASSERT_EQUAL(same.lo, dated.lo);
    CU_ASSERT_EQUAL(same.hi, dated.hi);
}

static void verdicts_follow_the_interval(void)
{
    struct es_comparison c;
    struct es_sheet sheet = make(30, 1);
    struct es_mean_gap gap = gap_of(&sheet, 50, 0.05);
    CU_ASSERT_EQUAL(es_mean_gap_verdict(&gap, 1, 10, 50, &c), ES_VERDICT_DISPARITY);
    CU_ASSERT_TRUE(c.lo > 1 && (c.flags & ES_FLAG_BEYOND_MARGIN) && c.method == ES_INTERVAL_BERNSTEIN);
    CU_ASSERT_TRUE(isnan(c.p_difference));
    CU_ASSERT_EQUAL(es_mean_gap_verdict(&gap, 1, 10, 201, &c), ES_VERDICT_NOT_ENOUGH);
    CU_ASSERT_EQUAL(c.reason, ES_MIN_N);
    CU_ASSERT_TRUE(isnan(c.lo));
    sheet = make(0, 1);
    gap = gap_of(&sheet, 50, 0.05);
    CU_ASSERT_EQUAL(es_mean_gap_verdict(&gap, 30, 10, 50, &c), ES_VERDICT_PARITY);
    CU_ASSERT_EQUAL(es_mean_gap_verdict(&gap, (double)NAN, 10, 50, &c), ES_VERDICT_NOT_ENOUGH); /* no margin: never parity */
    CU_ASSERT_TRUE(gap_of(&sheet, 1, 0.05).clipped); /* differences beyond the bounds are said, not hidden */
    for (uint32_t i = 0; i < ROWS; i++) mark[i] = ES_MARK_EXPLORATORY; /* before the plan */
    gap = gap_of(&sheet, 50, 0.05);
    CU_ASSERT_EQUAL(es_mean_gap_verdict(&gap, 1, 0, 0, &c), ES_VERDICT_NONE);
    CU_ASSERT_EQUAL(c.reason, ES_N_ZERO);
}

/* 300 worlds without a difference, looked at after every tenth case: the interval excludes 0 in at most alpha of them. */
static void looking_every_day_gives_few_false_alarms(void)
{
    int alarms = 0;
    uint64_t state = 5;
    for (int world = 0; world < 300; world++) {
        struct es_bounded_mean arm[2] = {es_bounded_mean_init(0.05), es_bounded_mean_init(0.05)};
        bool alarm = false;
        for (int i = 0; i < 400; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            (void)es_bounded_mean_add(&arm[i % 2], (double)(state >> 11) * 0x1p-53);
            if (i % 10 != 9) continue;
            const struct es_limits g = es_empirical_bernstein(&arm[0]), r = es_empirical_bernstein(&arm[1]);
            alarm |= g.lo > r.hi || g.hi < r.lo;
        }
        alarms += alarm;
    }
    printf("    %d of 300 with a false alarm, alpha 0.10\n", alarms);
    CU_ASSERT_TRUE(alarms <= 30);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"each_patient_counts_once_and_the_first_time", each_patient_counts_once_and_the_first_time},
        {"cases_of_one_day_count_in_the_order_of_rows", cases_of_one_day_count_in_the_order_of_rows},
        {"verdicts_follow_the_interval", verdicts_follow_the_interval},
        {"looking_every_day_gives_few_false_alarms", looking_every_day_gives_few_false_alarms},
        {NULL, NULL}};
    return es_test_main("mean_gap", tests, argc, argv);
}
