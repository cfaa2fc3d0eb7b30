/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/sheet.h"

#include <math.h>
#include <string.h>

#include "metrics/coverage.h"
#include "sheets.h"
#include "testlib.h"

static struct test_sheet t;

static void expect(const char *fault)
{
    const char *found = "";
    CU_ASSERT_FALSE(es_sheet_check(&t.sheet, &found));
    CU_ASSERT_STRING_EQUAL(found, fault);
    CU_ASSERT_FALSE(es_sheet_check(&t.sheet, NULL));
    test_sheet_fill(&t, 60, 2, 1);
}

static void test_each_fault_is_named(void)
{
    const char *found = "untouched";
    test_sheet_fill(&t, 60, 2, 1);
    CU_ASSERT_TRUE(es_sheet_check(&t.sheet, &found));
    CU_ASSERT_STRING_EQUAL(found, "untouched");
    t.sheet.axes = ES_MAX_AXES + 1;
    expect("more axes than ES_MAX_AXES");
    t.axis_levels[1] = 0;
    expect("an axis has no level or more than ES_MAX_LEVELS");
    t.axis_levels[0] = ES_MAX_LEVELS + 1;
    expect("an axis has no level or more than ES_MAX_LEVELS");
    t.sheet.rows = UINT32_C(1) << 31;
    expect("more rows than 2147483647");
    t.sheet.rows = 0;
    expect("patients without a row");
    t.sheet.patients = 0;
    expect("rows without a patient");
    t.patient[0] = 1;
    expect("the first row's patient is not 0");
    t.level[0][5] = 3;
    expect("a level is not below its axis's number of levels");
    t.score[5] = INFINITY;
    expect("a score is infinite");
    t.decision[5] = 3;
    expect("a decision is not 0, 1 or no answer");
    t.label[5] = 3;
    expect("a label is not 0, 1 or no answer");
    t.stage[5] = ES_STAGE_COUNT;
    expect("a stage is not in the funnel");
    t.stage[5] = ES_STAGE_REFERENCED;
    t.label[5] = ES_NO_ANSWER;
    expect("a referenced row has no label");
    t.patient[59] = 0;
    expect("rows are not in patient order");
    t.patient[59] += 2;
    expect("a patient has no row");
    t.sheet.patients++;
    expect("the last row's patient is not patients - 1");
    test_sheet_fill(&t, 0, 2, 1);
    CU_ASSERT_TRUE(es_sheet_check(&t.sheet, NULL));
}

static void test_stage_names(void)
{
    for (int i = 0; i < ES_STAGE_COUNT; i++)
        for (int k = 0; k < i; k++) CU_ASSERT_STRING_NOT_EQUAL(es_stage_name(i), es_stage_name(k));
    CU_ASSERT_STRING_EQUAL(es_stage_name(ES_STAGE_REFERENCED), "referenced");
    CU_ASSERT_STRING_EQUAL(es_stage_name(ES_STAGE_COUNT), "");
}

static void test_shares_of_the_funnel(void)
{
    struct es_sweep *sweep = NULL;
    const struct es_level level = es_level_default();
    uint64_t eligible = 0, resulted = 0, silent = 0, silent_known = 0;
    test_sheet_fill(&t, 300, 2, 3);
    for (int i = 0; i < 300; i++) {
        eligible += t.stage[i] > ES_STAGE_ELIGIBILITY_UNKNOWN;
        resulted += t.stage[i] >= ES_STAGE_REFERENCED;
        silent += t.stage[i] >= ES_STAGE_REFERENCED && t.decision[i] == 0;
        silent_known += t.stage[i] >= ES_STAGE_REFERENCED && t.decision[i] == 0 && t.label[i] != ES_NO_ANSWER;
    }
    CU_ASSERT_TRUE_FATAL(es_sweep_run(&t.sheet, test_groupings, 1, &sweep));
    const struct es_summary *all = es_sweep_summary(sweep, 0);
    const struct es_estimate r = es_coverage_rate(all, ES_COVERAGE_RESULTED, &level);
    CU_ASSERT_EQUAL(r.n, eligible);
    CU_ASSERT_DOUBLE_EQUAL(r.value, (double)resulted / (double)eligible, 1e-15);
    CU_ASSERT_TRUE(r.lo < r.value && r.value < r.hi && r.method == ES_INTERVAL_WILSON_CLUSTERED);
    uint64_t x, n;
    es_coverage_counts(all, ES_COVERAGE_VERIFIED_NON_ALERTS, &x, &n);
    CU_ASSERT_TRUE(x == silent_known && n == silent && x < n);
    es_coverage_counts(all, ES_COVERAGE_COUNT, &x, &n);
    CU_ASSERT_TRUE(x == 0 && n == 0);
    CU_ASSERT_EQUAL(es_coverage_rate(all, ES_COVERAGE_COUNT, &level).reason, ES_N_ZERO);
    for (int i = 0; i < ES_COVERAGE_COUNT; i++) CU_ASSERT_TRUE(es_coverage_name(i)[0] != '\0');
    CU_ASSERT_STRING_EQUAL(es_coverage_name(ES_COVERAGE_COUNT), "");
    CU_ASSERT_EQUAL(es_summary_marked(all, (enum es_row_mark)3), 0);
    CU_ASSERT_EQUAL(es_summary_stage(all, ES_STAGE_COUNT), 0);
    es_sweep_free(sweep);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"each_fault_is_named", test_each_fault_is_named},
                                           {"stage_names", test_stage_names},
                                           {"shares_of_the_funnel", test_shares_of_the_funnel},
                                           {NULL, NULL}};
    return es_test_main("sheet", tests, argc, argv);
}
