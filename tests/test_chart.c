/* SPDX-License-Identifier: Apache-2.0 */
/* Charts of groups: the path of the reference vectors through a sheet, and the limit that shares the alarms. */
#include "metrics/chart.h"

#include <math.h>
#include <string.h>

#include "sheets.h"
#include "testlib.h"
#include "testrandom.h"
#include "vectors.h"

enum { MOST = 4000 };
static uint32_t patient[MOST];
static uint8_t level[MOST], decision[MOST], label[MOST], stage[MOST], mark[MOST];
static double score[MOST];
static int32_t day[MOST];
static const uint8_t *const columns[1] = {level};
static const uint8_t levels[1] = {3};
static const struct es_grouping grouping = {1, {0}};
static const uint8_t group[3] = {1, 0, 0};
static const struct es_case_rule misses = {.rate = ES_RATE_SENSITIVITY};

/** One positive a row, one row a patient, a day each; missed where told. */
static struct es_sheet sheet_of(uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++) {
        patient[i] = i;
        level[i] = 1;
        decision[i] = label[i] = 1;
        stage[i] = ES_STAGE_REFERENCED;
        mark[i] = 0;
        score[i] = 0.5;
        day[i] = (int32_t)i;
    }
    return (struct es_sheet){.rows = rows, .patients = rows, .axes = 1, .patient = patient, .level = columns, .axis_levels = levels, .score = score,
                             .decision = decision, .label = label, .stage = stage, .mark = mark, .exam_day = day};
}

/* Expected: f5_cusum.json: limits for a target run length, run lengths, and the level after the last case. */
static void test_vectors_through_a_sheet(void)
{
    struct es_vec v;
    unsigned seen = 0;
    CU_ASSERT_TRUE_FATAL(es_vec_open(&v, es_testdata("vectors"), "f5_cusum.json"));
    for (const cJSON *c = cJSON_GetObjectItem(v.root, "cases")->child; c; c = c->next) {
        const cJSON *in = cJSON_GetObjectItem(c, "in"), *expect = cJSON_GetObjectItem(c, "expect"), *x = cJSON_GetObjectItem(in, "x");
        const cJSON *limit = cJSON_GetObjectItem(expect, "h_for_arl");
        if (!cJSON_IsString(x) || !cJSON_IsNumber(limit)) continue;
        const uint32_t n = (uint32_t)strlen(x->valuestring);
        CU_ASSERT_TRUE_FATAL(n <= MOST);
        struct es_sheet s = sheet_of(n);
        uint64_t errors = 0;
        for (uint32_t i = 0; i < n; i++) errors += (decision[i] = x->valuestring[i] != '1') == 0;
        /* one chart, as many false alarms as make the target: 365.25 cases a year */
        const struct es_chart_plan plan = {es_vec_number(cJSON_GetObjectItem(in, "p0")), es_vec_number(cJSON_GetObjectItem(in, "p1")),
                                           365.25 / es_vec_number(cJSON_GetObjectItem(in, "target_arl0")), 1, 0, 0};
        struct es_timeline line;
        struct es_chart chart;
        struct es_chart_alarm alarms[64];
        CU_ASSERT_TRUE_FATAL(es_timeline_make(&s, &misses, &line));
        CU_ASSERT_TRUE_FATAL(es_chart_run(&s, &line, &misses, &grouping, group, &plan, &chart, alarms, 64));
        CU_ASSERT_EQUAL(chart.reason, ES_REASON_NONE);
        CU_ASSERT_EQUAL(chart.limit, (uint32_t)limit->valueint);
        CU_ASSERT_TRUE(chart.cases == n && chart.errors == errors && fabs(chart.cases_per_year - 365.25) < 1e-9);
        CU_ASSERT_TRUE(chart.run_length_0 >= es_vec_number(cJSON_GetObjectItem(in, "target_arl0")) * (1 - 1e-12));
        CU_ASSERT_TRUE(chart.run_length_1 < chart.run_length_0);
        /* the path by the definition */
        int64_t at = 0;
        uint32_t found = 0;
        for (uint32_t i = 0; i < n; i++) {
            at = decision[i] ? (at > 0 ? at - 1 : 0) : at + chart.design.m - 1;
            if (at < (int64_t)chart.limit) continue;
            CU_ASSERT_TRUE(found < chart.alarms && alarms[found].row == i && alarms[found].exam_day == (int32_t)i);
            found++;
            at = 0;
        }
        CU_ASSERT_EQUAL(chart.alarms, found);
        es_timeline_free(&line);
        seen++;
    }
    CU_ASSERT_TRUE(seen >= 3);
    es_vec_close(&v);
}

static void test_alarms_are_shared_over_charts(void)
{
    struct es_chart_plan plan = {0.05, 0.1, 1, 280, 0, 0};
    CU_ASSERT_EQUAL(es_chart_target(100, &plan), 28000);
    plan.false_alarms_per_year = 4;
    CU_ASSERT_EQUAL(es_chart_target(100, &plan), 7000);
    CU_ASSERT_EQUAL(es_chart_target(1e-6, &plan), 1);
    CU_ASSERT_TRUE(isnan(es_chart_target(0, &plan)) && isnan(es_chart_target(INFINITY, &plan)));
    plan.charts = 0;
    CU_ASSERT_TRUE(isnan(es_chart_target(100, &plan)));
    plan.charts = 1;
    plan.false_alarms_per_year = 0;
    CU_ASSERT_TRUE(isnan(es_chart_target(100, &plan)));
}

/** Twenty charts at their accepted rate give about as many alarms a year as the plan allows, and a real rise is found. */
static void test_promise_is_kept(void)
{
    struct es_test_random r = {.seed = 4};
    const struct es_chart_plan plan = {0.1, 0.2, 20, 20, 0, 0};
    uint32_t alarms = 0, late = 0;
    double years = 0;
    for (int chart = 0; chart < 60; chart++) {
        const struct es_sheet s = sheet_of(MOST);
        for (uint32_t i = 0; i < MOST; i++) decision[i] = es_test_unit(&r) >= 0.1;
        struct es_timeline line;
        struct es_chart c;
        CU_ASSERT_TRUE_FATAL(es_timeline_make(&s, &misses, &line));
        CU_ASSERT_TRUE_FATAL(es_chart_run(&s, &line, &misses, &grouping, group, &plan, &c, NULL, 0));
        alarms += c.alarms;
        years += MOST / 365.25;
        for (uint32_t i = MOST / 2; i < MOST; i++) decision[i] = es_test_unit(&r) >= 0.25;
        struct es_chart_alarm at[200];
        CU_ASSERT_TRUE_FATAL(es_chart_run(&s, &line, &misses, &grouping, group, &plan, &c, at, 200));
        uint32_t k = 0;
        while (k < c.alarms && at[k].exam_day < MOST / 2) k++;
        late += k == c.alarms || at[k].exam_day > MOST / 2 + 100;
        es_timeline_free(&line);
    }
    /* one alarm a year for each chart: 657 expected, standard error 26 */
    CU_ASSERT_TRUE(alarms > years - 110 && alarms < years + 110);
    CU_ASSERT_TRUE(late <= 3);
}

static void test_group_order_and_first_cases(void)
{
    struct es_sheet s = sheet_of(40);
    /* two cases a patient; the odd rows come first by day; every third row is outside the group or unknown */
    for (uint32_t i = 0; i < 40; i++) {
        patient[i] = i / 2;
        day[i] = i % 2 ? (int32_t)i : (int32_t)(100 + i);
        level[i] = i % 3 ? 1 : (uint8_t)(2 * (i % 2));
        decision[i] = 0;
    }
    s.patients = 20;
    const struct es_chart_plan plan = {0.3, 0.6, 300, 1, 0, 0};
    for (int first = 0; first < 2; first++) {
        const struct es_case_rule rule = {.rate = ES_RATE_SENSITIVITY, .first_only = first};
        struct es_timeline line;
        struct es_chart c;
        struct es_chart_alarm at[40];
        CU_ASSERT_TRUE_FATAL(es_timeline_make(&s, &rule, &line));
        CU_ASSERT_TRUE_FATAL(es_chart_run(&s, &line, &rule, &grouping, group, &plan, &c, at, 40));
        CU_ASSERT_EQUAL(c.cases, first ? 20u : 26u);
        CU_ASSERT_EQUAL(c.errors, c.cases);
        CU_ASSERT_TRUE(c.alarms > 1 && at[0].exam_day < at[1].exam_day && at[0].cases == at[0].errors);
        CU_ASSERT_TRUE(level[at[0].row] == 1);
        es_timeline_free(&line);
    }
}

static void test_no_chart(void)
{
    const struct es_sheet s = sheet_of(10);
    const uint8_t nobody[3] = {2, 0, 0};
    struct es_timeline line;
    struct es_chart c;
    struct es_chart_plan plan = {0.1, 0.2, 1, 1, 0, 0};
    CU_ASSERT_TRUE_FATAL(es_timeline_make(&s, &misses, &line));
    CU_ASSERT_TRUE(es_chart_run(&s, &line, &misses, &grouping, nobody, &plan, &c, NULL, 0));
    CU_ASSERT_TRUE(c.reason == ES_N_ZERO && isnan(c.run_length_0));
    plan.p1 = 0.05;
    CU_ASSERT_TRUE(es_chart_run(&s, &line, &misses, &grouping, group, &plan, &c, NULL, 0));
    CU_ASSERT_TRUE(c.reason == ES_NOT_REACHABLE && c.cases == 10 && c.alarms == 0);
    for (uint32_t i = 0; i < 10; i++) day[i] = INT32_MIN; /* no date: one day's worth */
    plan.p1 = 0.2;
    CU_ASSERT_TRUE(es_chart_run(&s, &line, &misses, &grouping, group, &plan, &c, NULL, 0));
    CU_ASSERT_DOUBLE_EQUAL(c.cases_per_year, 3652.5, 1e-9);
    es_timeline_free(&line);
}

/* Expected: Wilson's one-sided 90 % limit of 10 in 100, 0.14514186045495367 (closed form, Python 3.11). */
static void test_first_cases_set_the_chart(void)
{
    const struct es_sheet s = sheet_of(300);
    for (uint32_t i = 0; i < 300; i++) {
        decision[i] = !(i < 100 && i % 10 == 3) && i < 200;
        day[i] = (int32_t)(i * 2);
    }
    day[0] = day[1] = INT32_MIN;
    struct es_timeline line;
    struct es_chart_reference r;
    struct es_chart c;
    CU_ASSERT_TRUE_FATAL(es_timeline_make(&s, &misses, &line));
    CU_ASSERT_TRUE_FATAL(es_chart_reference_of(&s, &line, &misses, &grouping, group, 100, &r));
    CU_ASSERT_TRUE(r.cases == 100 && r.errors == 10 && r.first_day == 4 && r.last_day == 198);
    CU_ASSERT_DOUBLE_EQUAL(r.rate, 0.1, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(r.upper, 0.14514186045495367, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(r.cases_per_year, 100 / 195.0 * 365.25, 1e-9);
    const struct es_chart_plan plan = {r.upper, r.upper + 0.1, 1, 14, 365.25, 100};
    struct es_chart_alarm at[2];
    CU_ASSERT_TRUE_FATAL(es_chart_run(&s, &line, &misses, &grouping, group, &plan, &c, at, 2));
    CU_ASSERT_TRUE(at[0].cases == 109 && at[0].errors == 9 && at[0].rise_cases == 9 && at[0].rise_errors == 9 && at[0].rise_day == 400);
    CU_ASSERT_TRUE(at[1].cases == 9 && at[1].rise_cases == 9 && at[1].rise_day == 418);
    CU_ASSERT_TRUE(c.cases == 200 && c.errors == 100 && c.design.m == 5 && c.limit == 35 && c.cases_per_year == 365.25);
    CU_ASSERT_TRUE(c.alarms == 11 && c.last_alarm == (200 + 98) * 2); /* nine errors each */
    const uint8_t nobody[3] = {2, 0, 0};
    CU_ASSERT_TRUE_FATAL(es_chart_reference_of(&s, &line, &misses, &grouping, nobody, 100, &r));
    CU_ASSERT_TRUE(r.cases == 0 && isnan(r.upper) && isnan(r.rate) && r.first_day == INT32_MIN && r.cases_per_year == 0);
    es_timeline_free(&line);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"vectors_through_a_sheet", test_vectors_through_a_sheet},
        {"alarms_are_shared_over_charts", test_alarms_are_shared_over_charts},
        {"promise_is_kept", test_promise_is_kept},
        {"group_order_and_first_cases", test_group_order_and_first_cases},
        {"no_chart", test_no_chart},
        {"first_cases_set_the_chart", test_first_cases_set_the_chart},
        {NULL, NULL},
    };
    return es_test_main("chart", tests, argc, argv);
}
