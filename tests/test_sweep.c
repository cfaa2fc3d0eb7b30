/* SPDX-License-Identifier: Apache-2.0 */
/* What a sweep gives at its edges, and that no order of rows changes a bit. test_sweep_direct.c has the formulas. */
#include "metrics/sweep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/coverage.h"
#include "metrics/proportion.h"
#include "metrics/special.h"
#include "metrics/summary.h"
#include "sheets.h"
#include "testlib.h"

static struct test_sheet sheet, other;

/** All that a report can read of a sweep, as bytes. */
static size_t estimates(const struct es_sweep *sweep, struct es_estimate *e, struct es_comparison *c)
{
    const struct es_level level = es_level_default();
    size_t n = 0;
    for (size_t i = 0; i < es_sweep_count(sweep); i++)
        for (size_t m = 0; m < es_metrics_count; m++, n++) {
            e[n] = es_metrics[m].finish(es_sweep_summary(sweep, i), &level);
            memset(&c[n], 0, sizeof c[n]);
            if (es_metrics[m].compare) es_metrics[m].compare(es_sweep_summary(sweep, i), &level, 0.05, &c[n]);
        }
    return n;
}

static bool same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static void test_order_changes_no_bit(void)
{
    enum { MOST = 64 * 32 };
    struct es_estimate *e = calloc(2 * MOST, sizeof *e);
    struct es_comparison *c = calloc(2 * MOST, sizeof *c);
    CU_ASSERT_TRUE_FATAL(e && c);
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct es_sweep *a = NULL, *b = NULL;
        test_sheet_fill(&sheet, 300, 3, seed % 6);
        test_sheet_permute(&sheet, &other, seed);
        CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet.sheet, test_groupings, 4, &a) &&
                             es_sweep_run(&other.sheet, test_groupings, 4, &b));
        CU_ASSERT_TRUE_FATAL(es_sweep_count(a) * es_metrics_count <= MOST);
        const size_t n = estimates(a, e, c), k = estimates(b, e + MOST, c + MOST);
        CU_ASSERT_EQUAL_FATAL(n, k);
        size_t different = 0;
        for (size_t i = 0; i < n; i++) {
            const struct es_estimate *x = &e[i], *y = &e[MOST + i];
            const struct es_comparison *u = &c[i], *v = &c[MOST + i];
            different += !(same(x->value, y->value) && same(x->lo, y->lo) && same(x->hi, y->hi) && x->n == y->n &&
                           x->patients == y->patients && x->flags == y->flags && x->status == y->status);
            different += !(same(u->difference, v->difference) && same(u->lo, v->lo) && same(u->hi, v->hi) &&
                           same(u->p_difference, v->p_difference) && same(u->p_lower, v->p_lower) && same(u->deff, v->deff));
        }
        CU_ASSERT_EQUAL(different, 0);
        es_sweep_free(a);
        es_sweep_free(b);
    }
    free(e);
    free(c);
}

static void test_empty_sheet_has_its_levels(void)
{
    struct es_sweep *sweep = NULL;
    const struct es_level level = es_level_default();
    test_sheet_fill(&sheet, 0, 2, 1);
    CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet.sheet, test_groupings, 4, &sweep));
    CU_ASSERT_EQUAL(es_sweep_count(sweep), 1 + 3 + 4);
    for (size_t i = 0; i < es_sweep_count(sweep); i++)
        for (size_t m = 0; m < es_metrics_count; m++) {
            const struct es_estimate e = es_metrics[m].finish(es_sweep_summary(sweep, i), &level);
            CU_ASSERT_EQUAL(e.status, ES_NOT_ESTIMABLE);
            CU_ASSERT_NOT_EQUAL(e.reason, ES_REASON_NONE);
            CU_ASSERT_TRUE(isnan(e.value) && isnan(e.lo) && isnan(e.hi));
        }
    CU_ASSERT_PTR_NULL(es_sweep_summary(sweep, es_sweep_count(sweep)));
    es_sweep_free(sweep);
    es_sweep_free(NULL);
}

static void test_one_patient_and_one_class(void)
{
    struct es_sweep *sweep = NULL;
    struct es_comparison c;
    const struct es_level level = es_level_default();
    test_sheet_fill(&sheet, 20, 1000, 3);
    CU_ASSERT_EQUAL_FATAL(sheet.sheet.patients, 1);
    for (int i = 0; i < 20; i++) {
        sheet.label[i] = 1;
        sheet.decision[i] = (uint8_t)(i & 1);
        sheet.stage[i] = ES_STAGE_REFERENCED;
        if (isnan(sheet.score[i])) sheet.score[i] = 0.5;
    }
    CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet.sheet, test_groupings, 2, &sweep));
    const struct es_summary *all = es_sweep_summary(sweep, 0);
    const struct es_estimate se = es_metric_find("sensitivity")->finish(all, &level);
    CU_ASSERT_EQUAL(se.value, 0.5);
    CU_ASSERT_EQUAL(se.flags, ES_FLAG_DEFF_UNKNOWN | ES_FLAG_FEW_CLUSTERS);
    CU_ASSERT_EQUAL(es_metric_find("specificity")->finish(all, &level).reason, ES_NO_NEGATIVES);
    CU_ASSERT_EQUAL(es_metric_find("auroc")->finish(all, &level).reason, ES_NO_NEGATIVES);
    CU_ASSERT_EQUAL(es_metric_find("calibration_in_the_large")->finish(all, &level).reason, ES_NO_NEGATIVES);
    CU_ASSERT_FALSE(es_metric_find("sensitivity")->compare(all, &level, 0.05, &c));
    CU_ASSERT_EQUAL(c.reason, ES_EVERYONE_HAS_NO_REST);
    CU_ASSERT_TRUE(isnan(es_metric_find("brier")->finish(all, &level).lo));
    es_sweep_free(sweep);
}

static void test_scores_that_are_no_probabilities(void)
{
    struct es_sweep *sweep = NULL;
    const struct es_level level = es_level_default();
    test_sheet_fill(&sheet, 100, 2, 4);
    sheet.stage[7] = ES_STAGE_REFERENCED;
    sheet.label[7] = 1;
    sheet.score[7] = 17.5;
    CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet.sheet, test_groupings, 1, &sweep));
    static const char *const names[] = {"brier", "oe_ratio", "calibration_in_the_large", "calibration_slope", "mean_score", "ece10"};
    for (size_t i = 0; i < 6; i++)
        CU_ASSERT_EQUAL(es_metric_find(names[i])->finish(es_sweep_summary(sweep, 0), &level).reason, ES_NOT_PROBABILITY);
    CU_ASSERT_EQUAL(es_metric_find("auroc")->finish(es_sweep_summary(sweep, 0), &level).status, ES_ESTIMATED);
    es_sweep_free(sweep);
    for (int i = 0; i < 100; i++) sheet.score[i] = (double)NAN;
    CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet.sheet, test_groupings, 1, &sweep));
    for (size_t i = 0; i < 6; i++)
        CU_ASSERT_EQUAL(es_metric_find(names[i])->finish(es_sweep_summary(sweep, 0), &level).reason, ES_NO_SCORES);
    CU_ASSERT_EQUAL(es_metric_find("auroc")->finish(es_sweep_summary(sweep, 0), &level).reason, ES_NO_SCORES);
    CU_ASSERT_EQUAL(es_metric_find("sensitivity")->finish(es_sweep_summary(sweep, 0), &level).status, ES_ESTIMATED);
    es_sweep_free(sweep);
}

/* METRICS J7: without one verified non-alert a miss cannot be seen. */
static void test_no_verified_negative_hides_misses(void)
{
    struct es_sweep *sweep = NULL;
    struct es_comparison c;
    uint64_t decided[2], verified[2];
    const struct es_level level = es_level_default();
    test_sheet_fill(&sheet, 200, 2, 5);
    for (int i = 0; i < 200; i++)
        if (sheet.decision[i] == 0 && sheet.level[0][i] == 1) {
            sheet.stage[i] = ES_STAGE_OVERDUE;
            sheet.label[i] = ES_NO_ANSWER;
        }
    CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet.sheet, test_groupings, 2, &sweep));
    const struct es_summary *s = es_sweep_summary(sweep, 1);
    es_summary_verification(s, decided, verified);
    CU_ASSERT_TRUE(decided[0] > 0 && verified[0] == 0 && verified[1] > 0);
    static const char *const blind[] = {"sensitivity", "specificity", "npv", "auroc", "sensitivity_all_eligible", "youden"};
    for (size_t i = 0; i < sizeof blind / sizeof blind[0]; i++)
        CU_ASSERT_EQUAL(es_metric_find(blind[i])->finish(s, &level).reason, ES_NO_VERIFIED_NEGATIVES);
    CU_ASSERT_EQUAL(es_metric_find("ppv")->finish(s, &level).status, ES_ESTIMATED);
    CU_ASSERT_FALSE(es_metric_find("sensitivity")->compare(s, &level, 0.05, &c));
    CU_ASSERT_EQUAL(c.reason, ES_NO_VERIFIED_NEGATIVES);
    CU_ASSERT_FALSE(es_metric_find("auroc")->compare(s, &level, 0.05, &c));
    CU_ASSERT_EQUAL(c.reason, ES_NO_VERIFIED_NEGATIVES);
    es_sweep_free(sweep);
    /* One that was labelled before its window closed is in no figure: it lets nobody see a miss either. */
    for (int i = 0, early = 0; i < 200 && early < 1; i++)
        if (sheet.decision[i] == 0 && sheet.level[0][i] == 1) {
            sheet.stage[i] = ES_STAGE_MATURING;
            sheet.label[i] = 0;
            early++;
        }
    CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet.sheet, test_groupings, 2, &sweep));
    s = es_sweep_summary(sweep, 1);
    es_summary_verification(s, decided, verified);
    CU_ASSERT_EQUAL(verified[0], 1);
    for (size_t i = 0; i < sizeof blind / sizeof blind[0]; i++)
        CU_ASSERT_EQUAL(es_metric_find(blind[i])->finish(s, &level).reason, ES_NO_VERIFIED_NEGATIVES);
    CU_ASSERT_FALSE(es_metric_find("sensitivity")->compare(s, &level, 0.05, &c));
    CU_ASSERT_EQUAL(c.reason, ES_NO_VERIFIED_NEGATIVES);
    CU_ASSERT_FALSE(es_metric_find("auroc")->compare(s, &level, 0.05, &c));
    CU_ASSERT_EQUAL(c.reason, ES_NO_VERIFIED_NEGATIVES);
    es_sweep_free(sweep);
}

/** Two groups of 100 patients, one case each: `found` of 50 diseased in the first are found, 30 of 50 in the second. */
static void two_groups(int found)
{
    test_sheet_fill(&sheet, 200, 1, 11);
    for (int i = 0; i < 200; i++) {
        const int within = i % 100;
        sheet.patient[i] = (uint32_t)i;
        sheet.level[0][i] = i < 100 ? 1 : 2;
        sheet.level[1][i] = 1;
        sheet.stage[i] = ES_STAGE_REFERENCED;
        sheet.label[i] = within < 50;
        sheet.decision[i] = within < 50 ? within < (i < 100 ? found : 30) : within < 55;
    }
    sheet.sheet.patients = 200;
}

/* METRICS J7: 45/50 against 30/50. Ten overdue non-alerts in the first could all be misses, 45/60 = 0.75; ten overdue alerts in the
 * second all hits, 40/60 = 0.67: the sign holds. With twenty each, 45/70 = 0.64 and 50/70 = 0.71: it does not. */
static void test_unverified_cases_veto_a_verdict(void)
{
    const struct es_level level = es_level_default();
    const struct es_metric *m = es_metric_find("sensitivity");
    for (int overdue = 0; overdue <= 20; overdue += 10) {
        struct es_sweep *sweep = NULL;
        struct es_comparison c;
        two_groups(45);
        for (int k = 0; k < overdue; k++) { /* out of the disease-free, so that sensitivity itself stays */
            const int rows[2] = {60 + k, 160 + k};
            for (int g = 0; g < 2; g++) {
                sheet.stage[rows[g]] = ES_STAGE_OVERDUE;
                sheet.label[rows[g]] = ES_NO_ANSWER;
                sheet.decision[rows[g]] = (uint8_t)g;
            }
        }
        CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet.sheet, test_groupings, 2, &sweep));
        CU_ASSERT_TRUE_FATAL(m->compare(es_sweep_summary(sweep, 1), &level, 0.05, &c));
        CU_ASSERT_DOUBLE_EQUAL(c.difference, 0.3, 1e-15);
        CU_ASSERT_EQUAL(c.reason, overdue == 20 ? ES_VERIFICATION : ES_REASON_NONE);
        const enum es_verdict v = es_verdict_of(&c, 0.05, 0.05, 0.05, 10, 50, c.p_difference, es_tost_p(&c));
        CU_ASSERT_EQUAL(v, overdue == 20 ? ES_VERDICT_NOT_ENOUGH : ES_VERDICT_DISPARITY);
        CU_ASSERT_EQUAL(c.reason, overdue == 20 ? ES_VERIFICATION : ES_REASON_NONE);
        es_sweep_free(sweep);
    }
}

/* Everybody found in both arms: no variance, so no design effect to speak of. */
static void test_difference_without_variance(void)
{
    struct es_sweep *sweep = NULL;
    struct es_comparison c;
    const struct es_level level = es_level_default();
    two_groups(50);
    for (int i = 100; i < 150; i++) sheet.decision[i] = 1;
    CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet.sheet, test_groupings, 2, &sweep));
    CU_ASSERT_TRUE_FATAL(es_metric_find("sensitivity")->compare(es_sweep_summary(sweep, 1), &level, 0.05, &c));
    CU_ASSERT_TRUE(c.flags & ES_FLAG_DEFF_UNKNOWN && c.deff == 1 && c.difference == 0);
    es_sweep_free(sweep);
}

/* METRICS A5 on the funnel: patient sums counted directly. */
static void test_shares_are_clustered(void)
{
    struct es_sweep *sweep = NULL;
    const struct es_level level = es_level_default();
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct es_cluster_sums sums = {0};
        uint32_t x = 0, n = 0;
        uint64_t labelled = 0, missing = 0;
        test_sheet_fill(&sheet, 250, seed % 2 ? 4 : 1, seed);
        for (uint32_t i = 0; i < 250; i++) {
            n += sheet.stage[i] >= ES_STAGE_REJECTED;
            x += sheet.stage[i] >= ES_STAGE_REFERENCED;
            labelled += sheet.stage[i] >= ES_STAGE_REFERENCED && sheet.decision[i] == 1 && sheet.label[i] != ES_NO_ANSWER;
            missing += sheet.stage[i] >= ES_STAGE_REFERENCED && sheet.decision[i] == 2 && sheet.label[i] == ES_NO_ANSWER;
            if (i + 1 < 250 && sheet.patient[i + 1] == sheet.patient[i]) continue;
            es_cluster_add(&sums, x, n);
            x = n = 0;
        }
        CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet.sheet, test_groupings, 1, &sweep));
        const struct es_estimate e = es_coverage_rate(es_sweep_summary(sweep, 0), ES_COVERAGE_RESULTED, &level);
        const struct es_limits w = es_wilson_clustered(&sums, level.alpha);
        CU_ASSERT_TRUE(e.n == sums.n && e.patients == sums.patients && e.lo == w.lo && e.hi == w.hi);
        const struct es_missingness m = es_missingness(es_sweep_summary(sweep, 0));
        CU_ASSERT_TRUE(m.labelled[1] == labelled && m.missing[2] == missing);
        es_sweep_free(sweep);
    }
}

/* All sixteen axes and three at a time: every grouping's units add up to everyone's. */
static void test_many_axes(void)
{
    enum { ROWS = 400 };
    static uint8_t level[ES_MAX_AXES][ROWS], levels[ES_MAX_AXES];
    const uint8_t *columns[ES_MAX_AXES];
    struct es_grouping g[1 + ES_MAX_AXES] = {{0, {0}}};
    struct es_sweep *sweep = NULL;
    uint64_t r = 5;
    test_sheet_fill(&sheet, ROWS, 2, 12);
    for (uint8_t a = 0; a < ES_MAX_AXES; a++) {
        levels[a] = (uint8_t)(a == 3 ? ES_MAX_LEVELS : 2 + a % 5);
        for (int i = 0; i < ROWS; i++) level[a][i] = (uint8_t)(test_random(&r) % levels[a]);
        columns[a] = level[a];
        g[1 + a] = (struct es_grouping){3, {a, (uint8_t)((a + 1) % ES_MAX_AXES), (uint8_t)((a + 5) % ES_MAX_AXES)}};
    }
    sheet.sheet.axes = ES_MAX_AXES;
    sheet.sheet.level = columns;
    sheet.sheet.axis_levels = levels;
    CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet.sheet, g, 1 + ES_MAX_AXES, &sweep));
    uint64_t units[1 + ES_MAX_AXES] = {0}, cases[1 + ES_MAX_AXES] = {0};
    for (size_t i = 0; i < es_sweep_count(sweep); i++) {
        const struct es_group_key key = es_sweep_key(sweep, i);
        units[key.grouping] += es_summary_units(es_sweep_summary(sweep, i));
        cases[key.grouping] += es_summary_cases(es_sweep_summary(sweep, i));
    }
    for (int k = 0; k <= ES_MAX_AXES; k++) CU_ASSERT_TRUE(units[k] == ROWS && cases[k] == cases[0]);
    es_sweep_free(sweep);
}

static void test_sensitivity_as_deployed(void)
{
    struct es_sweep *sweep = NULL;
    const struct es_level level = es_level_default();
    test_sheet_fill(&sheet, 300, 2, 6);
    CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet.sheet, test_groupings, 1, &sweep));
    double x = 0, n = 0;
    for (int i = 0; i < 300; i++) {
        const uint8_t st = sheet.stage[i];
        const bool unseen = st == ES_STAGE_REJECTED || st == ES_STAGE_FAILED || st == ES_STAGE_MISSING;
        if (sheet.label[i] != 1 || !(unseen || st == ES_STAGE_REFERENCED)) continue;
        n++;
        x += !unseen && sheet.decision[i] == 1;
    }
    const struct es_estimate e = es_metric_find("sensitivity_all_eligible")->finish(es_sweep_summary(sweep, 0), &level);
    CU_ASSERT_DOUBLE_EQUAL(e.value, x / n, 1e-15);
    CU_ASSERT_EQUAL((double)e.n, n);
    CU_ASSERT_TRUE(e.value < es_metric_find("sensitivity")->finish(es_sweep_summary(sweep, 0), &level).value);
    es_sweep_free(sweep);
}

static void test_malformed_is_refused(void)
{
    struct es_sweep *sweep = NULL;
    const struct es_grouping wrong[][2] = {{{1, {0}}, {0, {0}}}, {{0, {0}}, {1, {7}}}, {{0, {0}}, {2, {1, 1}}}, {{0, {0}}, {9, {0}}}};
    test_sheet_fill(&sheet, 50, 2, 7);
    for (size_t i = 0; i < 4; i++) CU_ASSERT_FALSE(es_sweep_run(&sheet.sheet, wrong[i], 2, &sweep));
    CU_ASSERT_FALSE(es_sweep_run(&sheet.sheet, test_groupings, 0, &sweep));
    sheet.patient[3] = 1000;
    CU_ASSERT_FALSE(es_sweep_run(&sheet.sheet, test_groupings, 4, &sweep));
    CU_ASSERT_PTR_NULL(sweep);
}

static void test_options_leave_out_what_they_say(void)
{
    struct es_sweep *sweep = NULL;
    struct es_comparison c;
    const struct es_level level = es_level_default();
    const struct es_sweep_options options = {0, false};
    test_sheet_fill(&sheet, 200, 2, 8);
    CU_ASSERT_TRUE_FATAL(es_sweep_run_with(&sheet.sheet, test_groupings, 2, &options, &sweep));
    const struct es_summary *s = es_sweep_summary(sweep, 1);
    CU_ASSERT_EQUAL(es_metric_find("auroc")->finish(s, &level).status, ES_ESTIMATED);
    CU_ASSERT_FALSE(es_metric_find("auroc")->compare(s, &level, 0.05, &c));
    CU_ASSERT_EQUAL(es_metric_find("calibration_slope")->finish(s, &level).reason, ES_N_ZERO);
    CU_ASSERT_TRUE(es_metric_find("sensitivity")->compare(s, &level, 0.05, &c));
    es_sweep_free(sweep);
}

static void test_levels_in_order_unknown_last(void)
{
    struct es_sweep *sweep = NULL;
    static const uint8_t expected[] = {1, 2, 3, 0};
    test_sheet_fill(&sheet, 200, 2, 9);
    CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet.sheet, test_groupings, 3, &sweep));
    for (size_t i = 0; i < 4; i++) CU_ASSERT_EQUAL(es_sweep_key(sweep, 4 + i).level[0], expected[i]);
    es_sweep_free(sweep);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"order_changes_no_bit", test_order_changes_no_bit},
                                           {"empty_sheet_has_its_levels", test_empty_sheet_has_its_levels},
                                           {"one_patient_and_one_class", test_one_patient_and_one_class},
                                           {"scores_that_are_no_probabilities", test_scores_that_are_no_probabilities},
                                           {"no_verified_negative_hides_misses", test_no_verified_negative_hides_misses},
                                           {"unverified_cases_veto_a_verdict", test_unverified_cases_veto_a_verdict},
                                           {"difference_without_variance", test_difference_without_variance},
                                           {"shares_are_clustered", test_shares_are_clustered},
                                           {"many_axes", test_many_axes},
                                           {"sensitivity_as_deployed", test_sensitivity_as_deployed},
                                           {"malformed_is_refused", test_malformed_is_refused},
                                           {"options_leave_out_what_they_say", test_options_leave_out_what_they_say},
                                           {"levels_in_order_unknown_last", test_levels_in_order_unknown_last},
                                           {NULL, NULL}};
    return es_test_main("sweep", tests, argc, argv);
}
