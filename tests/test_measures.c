/* SPDX-License-Identifier: Apache-2.0 */
/* Measurements, levels, overlaps and lesions through the sweep and the catalogue. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/catalogue.h"
#include "metrics/measures.h"
#include "metrics/summary.h"
#include "sheets.h"
#include "testlib.h"

enum { ROWS = 24, PATIENTS = 16 };
static const uint32_t patient[ROWS] = {0, 0, 1, 2, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 11, 11, 11, 12, 13, 14, 14, 15};
static const uint8_t sex[ROWS] = {1, 2, 1, 2, 1, 2, 1, 2, 0, 1, 2, 1, 1, 2, 2, 1, 2, 1, 2, 1, 2, 1, 1, 0};
static const double ai[ROWS] = {45.5, 55.75, 60.25, 55, 49.75, 38.25, 26.25, 22, 27.5, 45.75, 61.75, 66,
                                56.75, 49, 42, 33.75, 24, 29, 45.75, 65, 72.25, 61.25, 49.25, 42};
static const double ref[ROWS] = {40, 53.25, 60.5, 58.25, 48, 34.75, 24.5, 22.75, 30, 43.25, 56.5, 63.5,
                                 61, 50.75, 37.25, 27.5, 25.75, 33.25, 46.75, 59.75, 66.5, 64, 53.5, 40};
static const double graded[ROWS] = {2, 3, 4, 3, 0, 0, 1, 4, 3, 4, 3, 2, 0, 1, 2, 3, 3, 3, 1, 0, 2, 2, 3, 2};
static const double grade[ROWS] = {2, 3, 4, 3, 1, 0, 1, 2, 3, 4, 3, 1, 0, 1, 2, 3, 4, 3, 1, 0, 1, 2, 3, 4};

static const struct es_grouping groupings[2] = {{0, {0}}, {1, {0}}};
/* Columns that a test may change; begin() sets them. */
static uint8_t decision[ROWS], label[ROWS], stage[ROWS], mark[ROWS];
static double score[ROWS], columns[ES_MAX_MEASURES][ROWS];
static int32_t day[ROWS];

static struct es_sheet begin(enum es_measures kind)
{
    static const uint8_t *const level[1] = {sex};
    static const uint8_t levels[1] = {3};
    static const double *const measure[ES_MAX_MEASURES] = {columns[0], columns[1], columns[2], columns[3], columns[4], columns[5]};
    for (int i = 0; i < ROWS; i++) {
        decision[i] = label[i] = ES_NO_ANSWER;
        stage[i] = ES_STAGE_REFERENCED;
        mark[i] = 0;
        score[i] = (double)NAN;
        day[i] = i;
    }
    return (struct es_sheet){.rows = ROWS, .patients = PATIENTS, .axes = 1, .patient = patient, .level = level, .axis_levels = levels,
                             .score = score, .decision = decision, .label = label, .stage = stage, .mark = mark, .exam_day = day,
                             .measures = kind, .measure = measure};
}

static struct es_sweep *swept(const struct es_sheet *sheet)
{
    struct es_sweep *sweep = NULL;
    const char *fault = NULL;
    if (!es_sheet_check(sheet, &fault)) printf("    %s\n", fault);
    CU_ASSERT_TRUE_FATAL(es_sweep_run(sheet, groupings, 2, &sweep));
    return sweep;
}

static struct es_estimate estimate(const struct es_sweep *sweep, size_t group, const char *name)
{
    const struct es_level level = es_level_default();
    const struct es_metric *metric = es_metric_find(name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(metric);
    return metric->finish(es_sweep_summary(sweep, group), &level);
}

static void is(const struct es_estimate *e, double value, double lo, double hi, uint64_t n, uint64_t patients)
{
    CU_ASSERT_EQUAL_FATAL(e->status, ES_ESTIMATED);
    if (!(fabs(e->value - value) < 1e-8) || !(fabs(e->lo - lo) < 1e-7) || !(fabs(e->hi - hi) < 1e-7))
        printf("    %.10f %.10f %.10f against %.10f %.10f %.10f\n", e->value, e->lo, e->hi, value, lo, hi);
    CU_ASSERT_DOUBLE_EQUAL(e->value, value, 1e-8);
    if (isnan(lo)) CU_ASSERT_TRUE(isnan(e->lo) && isnan(e->hi));
    if (!isnan(lo)) CU_ASSERT_DOUBLE_EQUAL(e->lo, lo, 1e-7);
    if (!isnan(hi)) CU_ASSERT_DOUBLE_EQUAL(e->hi, hi, 1e-7);
    CU_ASSERT_EQUAL(e->n, n);
    CU_ASSERT_EQUAL(e->patients, patients);
}

/* R 4.2: statistics with patient weights; standard errors sqrt(K/(K-1) sum u^2), u the numerical derivative of the statistic by a
 * patient's weight (infinitesimal jackknife, step 1e-4); t quantiles of K - 1. ICC by aov() of the first exams. */
static void measurements_agree_with_r(void)
{
    const struct es_sheet sheet = begin(ES_MEASURES_VALUES);
    memcpy(columns[0], ai, sizeof ai);
    memcpy(columns[1], ref, sizeof ref);
    struct es_sweep *sweep = swept(&sheet);
    struct es_estimate e = estimate(sweep, 0, "bias");
    is(&e, 0.9375, -0.8747181840, 2.7497181840, 24, 16);
    CU_ASSERT_EQUAL(e.method, ES_INTERVAL_T_CLUSTERED);
    CU_ASSERT_TRUE(e.flags & ES_FLAG_FEW_CLUSTERS);
    e = estimate(sweep, 0, "mae");
    is(&e, 3.1666666667, 2.4687946508, 3.8645386825, 24, 16);
    e = estimate(sweep, 0, "rmse");
    is(&e, sqrt(12.8125), sqrt(7.8795240795), sqrt(17.7454759205), 24, 16);
    const double t15 = 2.131449545559323; /* qt(0.975, 15) */
    e = estimate(sweep, 0, "agreement_lower");
    is(&e, -5.9788254109, -5.9788254109 - t15 * 0.9951593845, -5.9788254109 + t15 * 0.9951593845, 24, 16);
    e = estimate(sweep, 0, "agreement_upper");
    is(&e, 7.8538254109, 7.8538254109 - t15 * 0.9679451436, 7.8538254109 + t15 * 0.9679451436, 24, 16);
    e = estimate(sweep, 0, "ccc");
    is(&e, 0.9669879342, 0.9462033072, 0.9798255563, 24, 16);
    e = estimate(sweep, 0, "icc"); /* several cases a patient: no interval */
    CU_ASSERT_EQUAL(e.status, ES_ESTIMATED);
    CU_ASSERT_TRUE(isnan(e.lo));
    e = estimate(sweep, 1, "bias"); /* F */
    is(&e, 0.8125, -1.9788993999, 3.6038993999, 12, 11);
    const struct es_level level = es_level_default();
    struct es_comparison c = {0};
    CU_ASSERT_TRUE_FATAL(es_metric_find("bias")->compare(es_sweep_summary(sweep, 1), &level, 2.0, &c));
    CU_ASSERT_DOUBLE_EQUAL(c.difference, -0.5125, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(c.hi - c.difference, 1.959963984540054 * 1.3195878279, 1e-7);
    CU_ASSERT_EQUAL(c.patients_group, 11);
    CU_ASSERT_EQUAL(es_summary_cases(es_sweep_summary(sweep, 0)), 24);
    CU_ASSERT_EQUAL(es_summary_case_patients(es_sweep_summary(sweep, 0)), 16);
    CU_ASSERT_EQUAL(es_summary_positives(es_sweep_summary(sweep, 0)) + es_summary_negatives(es_sweep_summary(sweep, 0)), 0);
    e = estimate(sweep, 0, "sensitivity");
    CU_ASSERT_EQUAL(e.status, ES_NOT_ESTIMABLE);
    e = estimate(sweep, 0, "dice"); /* of another kind of measure */
    CU_ASSERT_EQUAL(e.status, ES_NOT_ESTIMABLE);
    es_sweep_free(sweep);
}

static void one_case_a_patient_gives_icc_its_interval(void)
{
    struct es_sheet sheet = begin(ES_MEASURES_VALUES);
    memcpy(columns[0], ai, sizeof ai);
    memcpy(columns[1], ref, sizeof ref);
    for (int i = 1; i < ROWS; i++)
        if (patient[i] == patient[i - 1]) stage[i] = ES_STAGE_MATURING;
    struct es_sweep *sweep = swept(&sheet);
    const struct es_estimate e = estimate(sweep, 0, "icc");
    CU_ASSERT_EQUAL_FATAL(e.status, ES_ESTIMATED);
    CU_ASSERT_DOUBLE_EQUAL(e.value, 0.9732039215, 1e-9);
    CU_ASSERT_EQUAL(e.method, ES_INTERVAL_MCGRAW_WONG);
    CU_ASSERT_TRUE(e.lo < e.value && e.value < e.hi && e.hi < 1);
    CU_ASSERT_EQUAL(e.n, 16);
    es_sweep_free(sweep);
}

/* R: 1 - sum(w tab) / sum(w expected), w = (i - j)^2; Wilson on effective counts is tested with the rates. */
static void levels_agree_with_r(void)
{
    const struct es_sheet sheet = begin(ES_MEASURES_LEVELS);
    memcpy(columns[0], graded, sizeof graded);
    memcpy(columns[1], grade, sizeof grade);
    struct es_sweep *sweep = swept(&sheet);
    struct es_estimate e = estimate(sweep, 0, "weighted_kappa");
    CU_ASSERT_DOUBLE_EQUAL(e.value, 0.8485804416, 1e-9);
    CU_ASSERT_TRUE(e.lo > 0.5 && e.lo < e.value && e.value < e.hi && e.hi < 1);
    e = estimate(sweep, 0, "exact_agreement");
    CU_ASSERT_DOUBLE_EQUAL(e.value, 18.0 / 24, 1e-12);
    CU_ASSERT_EQUAL(e.method, ES_INTERVAL_WILSON_CLUSTERED);
    e = estimate(sweep, 0, "within_one");
    CU_ASSERT_DOUBLE_EQUAL(e.value, 22.0 / 24, 1e-12);
    e = estimate(sweep, 0, "level_shift");
    CU_ASSERT_DOUBLE_EQUAL(e.value, 0, 1e-12); /* sum(graded - grade) is 0 */
    es_sweep_free(sweep);
}

/* METRICS C3: 0.8, 0.6, one empty (0), both empty (left out): Dice (0.8 + 0.6 + 0)/3, distances over two. */
static void empty_masks_are_counted_and_never_averaged_in_silence(void)
{
    const struct es_sheet sheet = begin(ES_MEASURES_OVERLAP);
    static const double states[4] = {ES_PART_MEASURED, ES_PART_MEASURED, ES_PART_RESULT_EMPTY, ES_PART_BOTH_EMPTY};
    static const double dices[4] = {0.8, 0.6, 0, NAN}, volumes[4] = {0.1, -0.3, -1, NAN}, hd[4] = {2, 4, NAN, NAN};
    for (int i = 0; i < ROWS; i++) {
        const int k = i < 4 ? i : 0;
        columns[0][i] = states[k];
        columns[1][i] = dices[k];
        columns[2][i] = dices[k] / (2 - dices[k]);
        columns[3][i] = volumes[k];
        columns[4][i] = hd[k];
        columns[5][i] = hd[k] / 2;
        if (i >= 4) stage[i] = ES_STAGE_OVERDUE;
    }
    struct es_sweep *sweep = swept(&sheet);
    struct es_estimate e = estimate(sweep, 0, "dice");
    CU_ASSERT_DOUBLE_EQUAL(e.value, 1.4 / 3, 1e-9);
    CU_ASSERT_EQUAL(e.n, 3);
    e = estimate(sweep, 0, "volume_difference");
    CU_ASSERT_DOUBLE_EQUAL(e.value, -0.4, 1e-9);
    e = estimate(sweep, 0, "hd95");
    CU_ASSERT_DOUBLE_EQUAL(e.value, 3, 1e-9);
    CU_ASSERT_EQUAL(e.n, 2);
    e = estimate(sweep, 0, "surface_distance");
    CU_ASSERT_DOUBLE_EQUAL(e.value, 1.5, 1e-9);
    e = estimate(sweep, 0, "empty_share");
    CU_ASSERT_DOUBLE_EQUAL(e.value, 1.0 / 3, 1e-12);
    CU_ASSERT_EQUAL(es_sweep_summary(sweep, 0)->measured->both_empty, 1);
    es_sweep_free(sweep);
    for (int i = 0; i < 4; i++) columns[0][i] = ES_PART_BOTH_EMPTY;
    sweep = swept(&sheet);
    e = estimate(sweep, 0, "dice");
    CU_ASSERT_EQUAL(e.status, ES_NOT_ESTIMABLE);
    CU_ASSERT_EQUAL(e.reason, ES_EMPTY_MASKS);
    es_sweep_free(sweep);
}

/* By hand: lesions 2 1 0 3, found 1 1 0 2, false 0 1 2 1: 4 of 6 lesions, 4 false marks on 4 units. */
static void lesions_are_shares_of_lesions(void)
{
    struct es_sheet sheet = begin(ES_MEASURES_LESIONS);
    static const double lesions[4] = {2, 1, 0, 3}, found[4] = {1, 1, 0, 2}, falsely[4] = {0, 1, 2, 1};
    static const struct es_mark marks[] = {{0.9, true}, {0.8, true}, {0.7, false}, {0.6, false}, {0.5, false}, {0.9, true}, {0.4, true}, {0.3, false}};
    static const uint32_t until[5] = {0, 1, 3, 5, 8};
    uint32_t from[ROWS + 1];
    for (int i = 0; i <= ROWS; i++) from[i] = until[i < 4 ? i : 4];
    for (int i = 0; i < ROWS; i++) {
        const int k = i < 4 ? i : 0;
        columns[0][i] = lesions[k];
        columns[1][i] = found[k];
        columns[2][i] = falsely[k];
        if (i >= 4) stage[i] = ES_STAGE_OVERDUE;
    }
    struct es_sweep *sweep = swept(&sheet);
    struct es_estimate e = estimate(sweep, 0, "lesion_sensitivity");
    CU_ASSERT_DOUBLE_EQUAL(e.value, 4.0 / 6, 1e-12);
    CU_ASSERT_EQUAL(e.n, 6);
    e = estimate(sweep, 0, "false_marks");
    CU_ASSERT_DOUBLE_EQUAL(e.value, 1, 1e-12);
    CU_ASSERT_EQUAL(e.n, 4);
    e = estimate(sweep, 0, "froc");
    CU_ASSERT_EQUAL(e.reason, ES_NO_MARKS);
    es_sweep_free(sweep);
    sheet.marks = marks;
    sheet.mark_from = from;
    sweep = swept(&sheet);
    e = estimate(sweep, 0, "froc");
    /* points (0, 0) (0, 2/6) (0, 3/6), then false marks 1/4, 2/4, 3/4 at 3/6, (3/4, 4/6), (1, 4/6): at 1/8, 1/4, 1/2 it is 3/6, then 4/6 */
    CU_ASSERT_DOUBLE_EQUAL(e.value, (3 * 3.0 / 6 + 4 * 4.0 / 6) / 7, 1e-12);
    es_sweep_free(sweep);
    for (int i = 0; i < 4; i++) columns[0][i] = columns[1][i] = 0;
    sheet.marks = NULL;
    sweep = swept(&sheet);
    e = estimate(sweep, 0, "lesion_sensitivity");
    CU_ASSERT_EQUAL(e.reason, ES_NO_LESIONS);
    es_sweep_free(sweep);
}

/* --- Rests, joint terms and order, on random sheets with unknown levels --- */

static struct test_sheet first, second;
static double values[2][2][SHEET_MAX_ROWS]; /* [sheet][column] */

static void measure(struct test_sheet *t, double (*own)[SHEET_MAX_ROWS], const double **list)
{
    /* a row's values follow from what moves with it: its score and day */
    for (uint32_t i = 0; i < t->sheet.rows; i++) {
        const double s = isnan(t->score[i]) ? 0.5 : t->score[i];
        own[0][i] = isnan(t->score[i]) ? (double)NAN : 1000 + 37 * s * s;
        own[1][i] = 1001 + 31 * s + (double)(t->exam_day[i] % 7) / 3;
    }
    list[0] = own[0];
    list[1] = own[1];
    t->sheet.measures = ES_MEASURES_VALUES;
    t->sheet.measure = list;
}

static void no_order_of_rows_or_patients_changes_a_bit(void)
{
    static const double *a_list[2], *b_list[2];
    for (uint64_t seed = 1; seed <= 20; seed++) {
        test_sheet_fill(&first, 400, 3, seed);
        test_sheet_permute(&first, &second, seed);
        measure(&first, values[0], a_list);
        measure(&second, values[1], b_list);
        struct es_sweep *a = NULL, *b = NULL;
        CU_ASSERT_TRUE_FATAL(es_sweep_run(&first.sheet, test_groupings, 4, &a));
        CU_ASSERT_TRUE_FATAL(es_sweep_run(&second.sheet, test_groupings, 4, &b));
        CU_ASSERT_EQUAL_FATAL(es_sweep_count(a), es_sweep_count(b));
        for (size_t g = 0; g < es_sweep_count(a); g++)
            CU_ASSERT_EQUAL(memcmp(es_sweep_summary(a, g)->measured, es_sweep_summary(b, g)->measured, sizeof(struct es_measured)), 0);
        es_sweep_free(a);
        es_sweep_free(b);
    }
}

/* sum u_i^2 with u_i = (s_gi - m_g n_gi)/n_g - (s_ri - m_r n_ri)/n_r, from the rows themselves. */
static double direct_variance(const struct test_sheet *t, const double (*own)[SHEET_MAX_ROWS], const struct es_grouping *grouping,
                              const uint8_t *level, double *difference)
{
    double n[2] = {0}, s[2] = {0}, sum = 0;
    uint32_t patients = 0;
    for (int turn = 0; turn < 2; turn++) {
        for (uint32_t i = 0, end; i < t->sheet.rows; i = end) {
            double pn[2] = {0}, ps[2] = {0};
            for (end = i; end < t->sheet.rows && t->patient[end] == t->patient[i]; end++) {
                if (t->stage[end] != ES_STAGE_REFERENCED || isnan(own[0][end])) continue;
                bool in = true, out = false;
                for (unsigned k = 0; k < grouping->n; k++) {
                    const uint8_t at = t->level[grouping->axis[k]][end];
                    in = in && at == level[k];
                    out = out || (at != 0 && at != level[k]);
                }
                if (!in && !out) continue;
                pn[out] += 1;
                ps[out] += own[0][end] - own[1][end];
            }
            for (int arm = 0; arm < 2 && turn == 0; arm++) {
                n[arm] += pn[arm];
                s[arm] += ps[arm];
            }
            if (turn == 0 || pn[0] + pn[1] == 0) continue;
            patients++;
            const double u = (ps[0] - s[0] / n[0] * pn[0]) / n[0] - (ps[1] - s[1] / n[1] * pn[1]) / n[1];
            sum += u * u;
        }
        if (n[0] == 0 || n[1] == 0) return (double)NAN;
    }
    *difference = s[0] / n[0] - s[1] / n[1];
    return sum * patients / (patients - 1);
}

static void differences_use_joint_terms_of_patients(void)
{
    static const double *list[2];
    const struct es_level level = es_level_default();
    const struct es_metric *bias = es_metric_find("bias");
    int compared = 0;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct es_sweep *sweep = NULL;
        test_sheet_fill(&first, 300, 4, seed);
        measure(&first, values[0], list);
        CU_ASSERT_TRUE_FATAL(es_sweep_run(&first.sheet, test_groupings, 4, &sweep));
        for (size_t g = 1; g < es_sweep_count(sweep); g++) {
            const struct es_group_key key = es_sweep_key(sweep, g);
            struct es_comparison c = {0};
            double difference = 0;
            const double v = direct_variance(&first, (const double(*)[SHEET_MAX_ROWS])values[0], &test_groupings[key.grouping], key.level, &difference);
            if (!bias->compare(es_sweep_summary(sweep, g), &level, (double)NAN, &c)) {
                CU_ASSERT_TRUE(isnan(v));
                continue;
            }
            compared++;
            CU_ASSERT_DOUBLE_EQUAL(c.difference, difference, 1e-7);
            CU_ASSERT_DOUBLE_EQUAL((c.hi - c.lo) / 2, 1.959963984540054 * sqrt(v), 1e-6 * sqrt(v));
        }
        es_sweep_free(sweep);
    }
    CU_ASSERT_TRUE(compared > 100);
}

static void bad_columns_are_refused(void)
{
    struct es_sheet sheet = begin(ES_MEASURES_VALUES);
    struct es_sweep *sweep = NULL;
    const char *fault = NULL;
    memcpy(columns[0], ai, sizeof ai);
    memcpy(columns[1], ref, sizeof ref);
    columns[1][3] = (double)INFINITY;
    CU_ASSERT_FALSE(es_sheet_check(&sheet, &fault));
    CU_ASSERT_STRING_EQUAL(fault, "a measure is infinite");
    CU_ASSERT_FALSE(es_sweep_run(&sheet, groupings, 2, &sweep));
    columns[1][3] = (double)NAN; /* not compared: left out, as a row without a model's value is */
    sweep = swept(&sheet);
    CU_ASSERT_EQUAL(estimate(sweep, 0, "bias").n, 23);
    es_sweep_free(sweep);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"measurements_agree_with_r", measurements_agree_with_r},
        {"one_case_a_patient_gives_icc_its_interval", one_case_a_patient_gives_icc_its_interval},
        {"levels_agree_with_r", levels_agree_with_r},
        {"empty_masks_are_counted_and_never_averaged_in_silence", empty_masks_are_counted_and_never_averaged_in_silence},
        {"lesions_are_shares_of_lesions", lesions_are_shares_of_lesions},
        {"no_order_of_rows_or_patients_changes_a_bit", no_order_of_rows_or_patients_changes_a_bit},
        {"differences_use_joint_terms_of_patients", differences_use_joint_terms_of_patients},
        {"bad_columns_are_refused", bad_columns_are_refused},
        {NULL, NULL}};
    return es_test_main("measures", tests, argc, argv);
}
