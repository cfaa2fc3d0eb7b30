/* SPDX-License-Identifier: Apache-2.0 */
/* For whom labels and attributes are missing, from the rows of a sheet. */
#include <math.h>
#include <string.h>

#include "metrics/catalogue.h"
#include "metrics/coverage.h"
#include "testlib.h"

enum { ROWS = 24, PATIENTS = 12, NO = ES_NO_ANSWER };
enum { R = ES_STAGE_REFERENCED, I = ES_STAGE_INDETERMINATE, O = ES_STAGE_OVERDUE, M = ES_STAGE_MATURING, E = ES_STAGE_EXCLUDED };
static const uint32_t patient[ROWS] = {0, 0, 0, 1, 1, 2, 3, 3, 3, 3, 4, 4, 5, 6, 6, 7, 7, 7, 8, 9, 9, 10, 11, 11};
static const uint8_t sex[ROWS] = {1, 1, 2, 1, 0, 1, 1, 1, 1, 2, 2, 2, 2, 0, 2, 1, 1, 0, 0, 2, 2, 1, 2, 1};
static const uint8_t stage[ROWS] = {R, R, R, O, R, R, I, O, O, R, R, R, M, R, O, R, R, R, O, R, I, M, E, R};
static const uint8_t decision[ROWS] = {1, 1, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, NO, 1, 1, 0, 0, 0, 1, 1};

static struct es_sheet whole(void)
{
    static uint8_t label[ROWS], mark[ROWS];
    static double score[ROWS];
    static int32_t day[ROWS];
    static const uint8_t *const level[1] = {sex};
    static const uint8_t levels[1] = {3};
    for (int i = 0; i < ROWS; i++) {
        label[i] = (uint8_t)(stage[i] == R ? i % 2 : NO);
        score[i] = (double)NAN;
    }
    return (struct es_sheet){.rows = ROWS, .patients = PATIENTS, .axes = 1, .patient = patient, .level = level, .axis_levels = levels, .score = score,
                             .decision = decision, .label = label, .stage = stage, .mark = mark, .exam_day = day};
}

static void is(const struct es_gap_sums *s, uint64_t xg, uint64_t ng, uint64_t xr, uint64_t nr, uint64_t kg, uint64_t kr, uint64_t shared)
{
    CU_ASSERT_EQUAL(s->group.x, xg);
    CU_ASSERT_EQUAL(s->group.n, ng);
    CU_ASSERT_EQUAL(s->rest.x, xr);
    CU_ASSERT_EQUAL(s->rest.n, nr);
    CU_ASSERT_EQUAL(s->group.patients, kg);
    CU_ASSERT_EQUAL(s->rest.patients, kr);
    CU_ASSERT_EQUAL(s->shared, shared);
}

/* R 4.2, here and below: u_i by tapply() over patients, deff = max(1, K/(K-1) sum u_i^2 / binomial variance), then Miettinen-Nurminen's
 * limits on x / deff and n / deff: uniroot() on the score statistic, the restricted rate by uniroot() on the likelihood's slope. */
static void labels_are_due_when_the_window_has_closed(void)
{
    const struct es_sheet sheet = whole();
    const struct es_level level = es_level_default();
    const struct es_gap_sums sums = es_labelled_sums(&sheet, 0, 1), other = es_labelled_sums(&sheet, 0, 2);
    is(&sums, 6, 10, 5, 7, 6, 5, 2);  /* maturing, excluded and unknown rows are in neither arm; patients 0 and 3 in both */
    is(&other, 5, 7, 6, 10, 5, 6, 2);
    const struct es_comparison c = es_share_comparison(&sums, &level), turned = es_share_comparison(&other, &level);
    CU_ASSERT_EQUAL(c.status, ES_ESTIMATED);
    CU_ASSERT_EQUAL(c.method, ES_INTERVAL_MN_CLUSTERED);
    CU_ASSERT_EQUAL(c.flags, ES_FLAG_FEW_CLUSTERS);
    CU_ASSERT_DOUBLE_EQUAL(c.deff, 1.784605560082743, 1e-12);
    CU_ASSERT_EQUAL(c.group, 6.0 / 10);
    CU_ASSERT_EQUAL(c.rest, 5.0 / 7);
    CU_ASSERT_EQUAL(c.difference, 6.0 / 10 - 5.0 / 7);
    CU_ASSERT_DOUBLE_EQUAL(c.lo, -0.616317038316859, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(c.hi, 0.484599097634385, 1e-9);
    CU_ASSERT_EQUAL(c.n_group, 10);
    CU_ASSERT_EQUAL(c.n_rest, 7);
    CU_ASSERT_EQUAL(c.patients_group, 6);
    CU_ASSERT_EQUAL(c.patients_rest, 5);
    CU_ASSERT_TRUE(isnan(c.p_lower) && isnan(c.p_upper)); /* no margin is declared for it */
    CU_ASSERT_DOUBLE_EQUAL(turned.lo, -c.hi, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(turned.hi, -c.lo, 1e-12);
}

static void unknowns_are_counted_by_what_was_decided(void)
{
    const struct es_sheet sheet = whole();
    const struct es_level level = es_level_default();
    const struct es_gap_sums sums = es_unknown_sums(&sheet, 0);
    is(&sums, 3, 11, 1, 11, 8, 7, 3); /* maturing rows too; not the excluded one, nor the one without a decision */
    const struct es_comparison c = es_share_comparison(&sums, &level);
    CU_ASSERT_EQUAL(c.status, ES_ESTIMATED);
    CU_ASSERT_EQUAL(c.deff, 1);
    CU_ASSERT_DOUBLE_EQUAL(c.difference, 2.0 / 11, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(c.lo, -0.170517157688734, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(c.hi, 0.507145364591462, 1e-9);
}

static void an_empty_arm_is_no_share(void)
{
    const struct es_level level = es_level_default();
    struct es_sheet sheet = whole();
    sheet.rows = 2; /* one patient, both rows of level 1 and alerted */
    const struct es_gap_sums labelled = es_labelled_sums(&sheet, 0, 1), outside = es_labelled_sums(&sheet, 0, 2), unknown = es_unknown_sums(&sheet, 0);
    const struct es_gap_sums *const sums[3] = {&labelled, &outside, &unknown};
    for (int i = 0; i < 3; i++) {
        const struct es_comparison c = es_share_comparison(sums[i], &level);
        CU_ASSERT_EQUAL(c.status, ES_NOT_ESTIMABLE);
        CU_ASSERT_EQUAL(c.reason, ES_N_ZERO);
        CU_ASSERT_EQUAL(c.n_group, i == 1 ? 0 : 2);
        CU_ASSERT_EQUAL(c.n_rest, i == 1 ? 2 : 0);
        CU_ASSERT_EQUAL(c.patients_group + c.patients_rest, 1);
        CU_ASSERT_TRUE(isnan(c.difference) && isnan(c.lo) && isnan(c.hi) && isnan(c.group) && isnan(c.rest));
    }
    sheet.rows = 0;
    const struct es_gap_sums none = es_labelled_sums(&sheet, 0, 1);
    is(&none, 0, 0, 0, 0, 0, 0, 0);
}

/* Counted by R from the same rows: the label of a referenced row is its index modulo 2. */
static void verified_cases_are_those_of_the_sweep(void)
{
    static const struct es_grouping groupings[2] = {{0, {0}}, {1, {0}}};
    static const struct es_verified female = {3, 1, 1, 0, 2, 1}, male = {1, 0, 2, 2, 0, 1};
    const struct es_sheet sheet = whole();
    struct es_sweep *sweep = NULL;
    int seen = 0;
    CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet, groupings, 2, &sweep));
    for (size_t g = 0; g < es_sweep_count(sweep); g++) {
        struct es_verified group, rest;
        const struct es_group_key key = es_sweep_key(sweep, g);
        if (key.grouping != 1 || key.level[0] != 1) continue;
        seen++;
        es_verified_of_summary(es_sweep_summary(sweep, g), &group, &rest);
        CU_ASSERT_EQUAL(memcmp(&group, &female, sizeof group), 0);
        CU_ASSERT_EQUAL(memcmp(&rest, &male, sizeof rest), 0);
    }
    CU_ASSERT_EQUAL(seen, 1);
    es_sweep_free(sweep);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"labels_are_due_when_the_window_has_closed", labels_are_due_when_the_window_has_closed},
        {"unknowns_are_counted_by_what_was_decided", unknowns_are_counted_by_what_was_decided},
        {"an_empty_arm_is_no_share", an_empty_arm_is_no_share},
        {"verified_cases_are_those_of_the_sweep", verified_cases_are_those_of_the_sweep},
        {NULL, NULL}};
    return es_test_main("coverage_gap", tests, argc, argv);
}
