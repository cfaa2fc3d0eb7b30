/* SPDX-License-Identifier: Apache-2.0 */
/* Figures made of two rates: intervals under repeated exams, and what is said where one of the counts is nothing. */
#include <math.h>
#include <string.h>

#include "metrics/sweep.h"
#include "sheets.h"
#include "testlib.h"

static struct test_sheet made;

/* patient, label, decision; patients ascend */
struct row {
    uint8_t patient, label, decision;
};

static struct es_sweep *sweep_of(const struct row *rows, uint32_t n)
{
    static const struct es_grouping everyone = {0};
    struct es_sweep *sweep = NULL;
    memset(&made, 0, sizeof made);
    for (uint32_t i = 0; i < n; i++) {
        made.patient[i] = rows[i].patient;
        made.label[i] = rows[i].label;
        made.decision[i] = rows[i].decision;
        made.score[i] = (double)NAN;
        made.stage[i] = ES_STAGE_REFERENCED;
        made.mark[i] = ES_MARK_HAS_REFERENCE;
        made.exam_day[i] = 20000;
    }
    made.sheet = (struct es_sheet){.rows = n, .patients = n ? rows[n - 1].patient + 1u : 0, .axes = 0, .patient = made.patient,
                                   .level = made.levels, .axis_levels = made.axis_levels, .score = made.score,
                                   .decision = made.decision, .label = made.label, .stage = made.stage, .mark = made.mark,
                                   .exam_day = made.exam_day};
    CU_ASSERT_TRUE_FATAL(es_sweep_run(&made.sheet, &everyone, 1, &sweep));
    return sweep;
}

static struct es_estimate metric(const struct es_sweep *sweep, const char *name)
{
    const struct es_level level = es_level_default();
    const struct es_metric *m = es_metric_find(name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    return m->finish(es_sweep_summary(sweep, 0), &level);
}

/* 40 patients with one to three exams each (R 4.2: sample, rbinom, set.seed(11), as in the comment of the test below). */
static const struct row repeated[] = {
    {0,0,0}, {0,0,0}, {1,0,0}, {1,1,0}, {2,0,0}, {2,0,0}, {3,0,0}, {3,0,0}, {4,0,1}, {4,0,0}, {5,0,0}, {5,0,0}, {6,1,1},
    {7,0,0}, {8,1,1}, {9,1,1}, {9,1,1}, {10,1,1}, {11,0,1}, {11,0,1}, {11,0,1}, {12,0,0}, {13,0,0}, {13,1,1}, {13,0,0},
    {14,0,0}, {14,1,1}, {14,1,1}, {15,1,1}, {16,1,1}, {17,0,1}, {17,0,0}, {17,0,1}, {18,1,1}, {18,1,1}, {18,1,0},
    {19,0,1}, {19,1,0}, {19,1,0}, {20,0,0}, {21,1,1}, {22,1,0}, {23,1,1}, {23,0,1}, {24,0,0}, {25,1,1}, {26,0,0},
    {26,0,1}, {27,0,1}, {27,0,0}, {27,1,1}, {28,1,1}, {28,0,0}, {28,0,1}, {29,0,0}, {30,0,1}, {31,1,0}, {32,1,1},
    {32,1,1}, {33,0,0}, {34,1,1}, {34,0,1}, {35,1,1}, {36,0,1}, {36,1,1}, {36,0,1}, {37,1,0}, {38,0,0}, {38,0,0},
    {38,0,0}, {39,0,0}, {39,1,1}, {39,0,0}};

/* Computed in R 4.2 from the same rows by definition: per-patient terms by tapply(), Wilson limits in closed form, Koopman's limits by maximising
 * the restricted likelihood with optimize() and inverting the score statistic with uniroot(). */
static void limits_are_those_of_r(void)
{
    static const struct {
        const char *name;
        double value, lo, hi, tolerance;
    } expected[] = {
        {"youden", 0.4178294573643, 0.1463427935279, 0.6125533290657, 1e-12},
        {"balanced_accuracy", 0.7089147286822, 0.573171396764, 0.8062766645328, 1e-12},
        {"f1", 0.6764705882353, 0.5246796279609, 0.7984120550771, 1e-12},
        {"lr_positive", 2.197777777778, 1.305920107535, 3.883549801996, 1e-6}, /* optimize() stops at about 1e-8 of its argument */
        {"lr_negative", 0.3583333333333, 0.1614510858723, 0.7110427964232, 1e-6},
        {"diagnostic_odds_ratio", 6.133333333333, 1.814184301781, 20.73536726167, 1e-11},
    };
    struct es_sweep *sweep = sweep_of(repeated, sizeof repeated / sizeof repeated[0]);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        const struct es_estimate e = metric(sweep, expected[i].name);
        CU_ASSERT_EQUAL(e.status, ES_ESTIMATED);
        CU_ASSERT_DOUBLE_EQUAL(e.value, expected[i].value, 1e-12 * expected[i].value);
        CU_ASSERT_DOUBLE_EQUAL(e.lo, expected[i].lo, expected[i].tolerance * expected[i].lo);
        CU_ASSERT_DOUBLE_EQUAL(e.hi, expected[i].hi, expected[i].tolerance * expected[i].hi);
        CU_ASSERT_EQUAL(e.n, 73);
        CU_ASSERT_EQUAL(e.patients, 40);
        CU_ASSERT_EQUAL(e.flags & ES_FLAG_FEW_CLUSTERS, ES_FLAG_FEW_CLUSTERS);
    }
    es_sweep_free(sweep);
}

static void what_has_no_finite_value_says_so(void)
{
    static const char *const names[] = {"youden", "balanced_accuracy", "f1", "lr_positive", "lr_negative", "diagnostic_odds_ratio"};
    static const struct {
        struct row rows[4];
        uint32_t n;
        enum es_reason reasons[6]; /* ES_REASON_NONE: estimated */
    } cases[] = {
        {{{0, 1, 1}, {1, 1, 0}}, 2, {ES_NO_NEGATIVES, ES_NO_NEGATIVES, ES_REASON_NONE, ES_NO_NEGATIVES, ES_NO_NEGATIVES, ES_NO_NEGATIVES}},
        {{{0, 0, 1}, {1, 0, 0}}, 2, {ES_NO_POSITIVES, ES_NO_POSITIVES, ES_REASON_NONE, ES_NO_POSITIVES, ES_NO_POSITIVES, ES_NO_POSITIVES}},
        {{{0, 0, 0}, {1, 0, 0}}, 2, {ES_NO_POSITIVES, ES_NO_POSITIVES, ES_NO_POSITIVES, ES_NO_POSITIVES, ES_NO_POSITIVES, ES_NO_POSITIVES}},
        {{{0, 1, 1}, {1, 0, 0}}, 2, {ES_REASON_NONE, ES_REASON_NONE, ES_REASON_NONE, ES_UNBOUNDED, ES_REASON_NONE, ES_UNBOUNDED}}, /* all right */
        {{{0, 1, 0}, {1, 0, 0}}, 2, {ES_REASON_NONE, ES_REASON_NONE, ES_REASON_NONE, ES_ZERO_VARIANCE, ES_REASON_NONE, ES_ZERO_VARIANCE}}, /* silent */
        {{{0, 1, 1}, {1, 0, 1}}, 2, {ES_REASON_NONE, ES_REASON_NONE, ES_REASON_NONE, ES_REASON_NONE, ES_ZERO_VARIANCE, ES_ZERO_VARIANCE}}, /* always alerts */
        {{{0, 1, 0}, {1, 0, 1}, {2, 0, 0}}, 3, {ES_REASON_NONE, ES_REASON_NONE, ES_REASON_NONE, ES_REASON_NONE, ES_REASON_NONE, ES_REASON_NONE}},
        {{{0, 0, 0}}, 0, {ES_NO_CASES, ES_NO_CASES, ES_NO_CASES, ES_NO_CASES, ES_NO_CASES, ES_NO_CASES}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct es_sweep *sweep = sweep_of(cases[i].rows, cases[i].n);
        for (size_t k = 0; k < 6; k++) {
            const struct es_estimate e = metric(sweep, names[k]);
            CU_ASSERT_EQUAL(e.reason, cases[i].reasons[k]);
            CU_ASSERT_EQUAL(e.status, cases[i].reasons[k] == ES_REASON_NONE ? ES_ESTIMATED : ES_NOT_ESTIMABLE);
            if (e.status == ES_ESTIMATED && !isnan(e.lo)) CU_ASSERT_TRUE(e.lo <= e.value && e.value <= e.hi);
        }
        es_sweep_free(sweep);
    }
    CU_ASSERT_STRING_EQUAL(es_reason_code(ES_UNBOUNDED), "unbounded");
    CU_ASSERT_STRING_EQUAL(es_interval_name(ES_INTERVAL_MOVER), "mover-clustered");
    CU_ASSERT_STRING_EQUAL(es_interval_name(ES_INTERVAL_KOOPMAN_CLUSTERED), "koopman-clustered");
}

/* Nobody was hit: the odds ratio is 0, and its log has no interval. */
static void an_odds_ratio_of_nothing_has_no_limits(void)
{
    static const struct row rows[] = {{0, 1, 0}, {1, 0, 1}, {2, 0, 0}};
    struct es_sweep *sweep = sweep_of(rows, 3);
    const struct es_estimate dor = metric(sweep, "diagnostic_odds_ratio"), lr = metric(sweep, "lr_positive");
    CU_ASSERT_EQUAL(dor.value, 0);
    CU_ASSERT_TRUE(isnan(dor.lo) && isnan(dor.hi));
    CU_ASSERT_EQUAL(dor.method, ES_INTERVAL_NONE);
    CU_ASSERT_EQUAL(lr.value, 0);
    CU_ASSERT_EQUAL(lr.lo, 0);
    CU_ASSERT_TRUE(lr.hi > 0 && isfinite(lr.hi));
    es_sweep_free(sweep);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"limits_are_those_of_r", limits_are_those_of_r},
        {"what_has_no_finite_value_says_so", what_has_no_finite_value_says_so},
        {"an_odds_ratio_of_nothing_has_no_limits", an_odds_ratio_of_nothing_has_no_limits},
        {NULL, NULL},
    };
    return es_test_main("catalogue_pairs", tests, argc, argv);
}
