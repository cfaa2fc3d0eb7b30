/* SPDX-License-Identifier: Apache-2.0 */
/* Real predictions against scikit-learn, statsmodels and pROC: the files under predictions/expected. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv_rows.h"
#include "metrics/catalogue.h"
#include "metrics/proportion.h"
#include "metrics/summary.h"

enum { MAX_ROWS = 23000, AXES = 3 };

/** Columns of one data set. Level names: index is the level, [0] unknown. */
static uint32_t patient[MAX_ROWS], rows, patients;
static uint8_t level[AXES][MAX_ROWS], decision[MAX_ROWS], label[MAX_ROWS], stage[MAX_ROWS], mark[MAX_ROWS];
static double score[MAX_ROWS];
static int32_t day[MAX_ROWS];

static const char *const ages[] = {"", "0-17", "18-39", "40-59", "60-79", "80+", NULL};
static const char *const sexes[] = {"", "F", "M", NULL};
static const char *const views[] = {"", "AP", "PA", NULL};
static const char *const genders[] = {"", "female", "male", NULL};
static const char *const races[] = {"", "asian", "black", "hispanic", "other", "white", NULL};

static uint8_t find(const char *const *names, const char *name)
{
    for (uint8_t i = 1; names[i]; i++)
        if (strcmp(names[i], name) == 0) return i;
    return 0;
}

static uint8_t band(double age)
{
    return (uint8_t)(age < 18 ? 1 : age < 40 ? 2 : age < 60 ? 3 : age < 80 ? 4 : 5);
}

static struct es_sheet sheet_of(uint8_t last)
{
    static const uint8_t *const levels[] = {level[0], level[1], level[2]};
    static uint8_t axis_levels[AXES] = {3, 6, 0};
    axis_levels[2] = last;
    return (struct es_sheet){.rows = rows, .patients = patients, .axes = AXES, .patient = patient, .level = levels, .axis_levels = axis_levels, .score = score,
                             .decision = decision, .label = label, .stage = stage, .mark = mark, .exam_day = day};
}

static const struct es_grouping groupings[] = {{0, {0}}, {1, {0}}, {1, {1}}, {1, {2}}, {2, {0, 1}}, {2, {0, 2}}, {2, {1, 2}}};
enum { GROUPINGS = sizeof groupings / sizeof groupings[0] };

/** Axes and levels of a group as the expected files write them: "sex|age_band F|18-39". */
static void name_group(struct es_group_key key, const char *const *const *names, const char *const *axes, char *out, size_t size)
{
    const struct es_grouping *g = &groupings[key.grouping];
    size_t at = 0;
    out[0] = '\0';
    if (g->n == 0) snprintf(out, size, "all all");
    for (unsigned k = 0; k < g->n; k++) at += (size_t)snprintf(out + at, size - at, "%s%s", k ? "|" : "", axes[g->axis[k]]);
    for (unsigned k = 0; k < g->n; k++) {
        const char *name = key.level[k] ? names[g->axis[k]][key.level[k]] : "(missing)";
        at += (size_t)snprintf(out + at, size - at, "%s%s", k ? "|" : " ", name);
    }
}

static double value(const struct es_summary *s, const char *metric)
{
    const struct es_level l = es_level_default();
    return es_metric_find(metric)->finish(s, &l).value;
}

static size_t compared;

/** Equal within 1e-9; a blank in the file is not compared. */
static void near(double got, const struct csv_table *c, const char *column, double tolerance)
{
    const double want = csv_number(c, column);
    if (isnan(want)) return;
    compared++;
    if (!(fabs(got - want) <= tolerance)) printf("    %s %s %s: expected %.15g, got %.15g\n", csv_text(c, "task"), csv_text(c, "group"), column, want, got);
    CU_ASSERT_TRUE(fabs(got - want) <= tolerance);
}

/** What the report shows beside its own intervals: DeLong's limits; Wilson's and Clopper and Pearson's of a rate. */
static void check_unclustered(const struct es_summary *s, const struct csv_table *c)
{
    static const struct {
        const char *metric, *column[ES_MAX_UNCLUSTERED][2];
    } shown[] = {{"sensitivity", {{"sens_wilson_lo", "sens_wilson_hi"}, {"sens_cp_lo", "sens_cp_hi"}}},
                {"specificity", {{"spec_wilson_lo", "spec_wilson_hi"}, {"spec_cp_lo", "spec_cp_hi"}}},
                {"ppv", {{"ppv_wilson_lo", "ppv_wilson_hi"}, {"ppv_cp_lo", "ppv_cp_hi"}}},
                {"npv", {{"npv_wilson_lo", "npv_wilson_hi"}, {"npv_cp_lo", "npv_cp_hi"}}},
                {"auroc", {{"auroc_proc_lo", "auroc_proc_hi"}, {NULL, NULL}}}};
    const struct es_level at = es_level_default();
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        const struct es_metric *metric = es_metric_find(shown[i].metric);
        const struct es_estimate e = metric->finish(s, &at);
        struct es_unclustered out[ES_MAX_UNCLUSTERED];
        const size_t n = es_metric_unclustered(metric, s, &e, &at, out);
        for (size_t k = 0; k < n; k++) {
            near(out[k].lo, c, shown[i].column[k][0], 1e-9);
            near(out[k].hi, c, shown[i].column[k][1], 1e-9);
        }
        if (e.status != ES_ESTIMATED) CU_ASSERT_EQUAL(n, 0);
    }
    near(es_ranks_delong(&s->ranks, s->placed_squares), c, "auroc_delong_var", 1e-9);
    struct es_unclustered none[ES_MAX_UNCLUSTERED];
    const struct es_metric *brier = es_metric_find("brier");
    const struct es_estimate e = brier->finish(s, &at);
    CU_ASSERT_EQUAL(es_metric_unclustered(brier, s, &e, &at, none), 0); /* nobody publishes such an interval */
}

static void check_limits(const struct es_summary *s, const struct csv_table *c)
{
    uint64_t tp, fp, fn, tn;
    es_summary_confusion(s, &tp, &fp, &fn, &tn);
    const struct {
        const char *name;
        uint64_t x, n;
    } rates[] = {{"sens", tp, tp + fn}, {"spec", tn, tn + fp}, {"ppv", tp, tp + fp}, {"npv", tn, tn + fn}};
    for (size_t i = 0; i < 4; i++) {
        char column[32];
        const struct es_limits w = es_wilson((double)rates[i].x, (double)rates[i].n, 0.05);
        const struct es_limits e = es_clopper_pearson((double)rates[i].x, (double)rates[i].n, 0.05);
        const double got[4] = {w.lo, w.hi, e.lo, e.hi};
        static const char *const ends[4] = {"wilson_lo", "wilson_hi", "cp_lo", "cp_hi"};
        for (int k = 0; k < 4; k++) {
            snprintf(column, sizeof column, "%s_%s", rates[i].name, ends[k]);
            near(got[k], c, column, 1e-9);
        }
    }
}

static void check_group(const struct es_summary *s, const struct csv_table *c)
{
    near((double)es_summary_units(s), c, "n_group", 0);
    near((double)es_summary_cases(s), c, "n", 0);
    near((double)es_summary_positives(s), c, "n_pos", 0);
    near(value(s, "prevalence"), c, "prevalence", 1e-9);
    near(value(s, "sensitivity"), c, "sens", 1e-9);
    near(value(s, "specificity"), c, "spec", 1e-9);
    near(value(s, "ppv"), c, "ppv", 1e-9);
    near(value(s, "npv"), c, "npv", 1e-9);
    near(value(s, "auroc"), c, "auroc", 1e-9);
    near(value(s, "oe_ratio"), c, "oe", 1e-9);
    near(value(s, "prevalence") - value(s, "mean_score"), c, "citl", 1e-9);
    near(value(s, "mean_score"), c, "mean_score", 1e-9);
    near(value(s, "brier"), c, "brier", 1e-9);
    near(value(s, "ece10"), c, "ece10", 1e-9);
    near(value(s, "calibration_in_the_large"), c, "cal_intercept", 1e-9);
    near(value(s, "calibration_slope"), c, "cal_slope", 1e-9);
    check_limits(s, c);
    check_unclustered(s, c);
}

/** Compare every row of the expected file that speaks of this task and of all images. */
static void check_task(const char *expected, const char *task, const struct es_sweep *sweep, const char *const *const *names,
                       const char *const *axes, size_t *found)
{
    struct csv_table c;
    char name[128], wanted[128];
    CU_ASSERT_TRUE_FATAL(csv_table_open(&c, es_testdata(expected)));
    while (csv_table_next(&c)) {
        if (strcmp(csv_text(&c, "subset"), "all") != 0 || strcmp(csv_text(&c, "task"), task) != 0) continue;
        snprintf(wanted, sizeof wanted, "%s %s", csv_text(&c, "dim"), csv_text(&c, "group"));
        for (size_t i = 0; i < es_sweep_count(sweep); i++) {
            name_group(es_sweep_key(sweep, i), names, axes, name, sizeof name);
            if (strcmp(name, wanted) != 0) continue;
            check_group(es_sweep_summary(sweep, i), &c);
            ++*found;
        }
    }
    free(c.text);
}

/** Threshold of a task, from the expected file. */
static double threshold_of(const char *expected, const char *task)
{
    struct csv_table c;
    double t = NAN;
    CU_ASSERT_TRUE_FATAL(csv_table_open(&c, es_testdata(expected)));
    while (csv_table_next(&c))
        if (strcmp(csv_text(&c, "task"), task) == 0) t = csv_number(&c, "threshold");
    free(c.text);
    return t;
}

static void new_row(const char *id, char *last, size_t size)
{
    if (rows == 0 || strcmp(id, last) != 0) patients++;
    snprintf(last, size, "%s", id);
    patient[rows] = patients - 1;
}

static void finish_row(double p, double y, double threshold)
{
    score[rows] = p;
    label[rows] = y == 1;
    decision[rows] = (uint8_t)(isnan(p) ? ES_NO_ANSWER : p >= threshold);
    stage[rows] = isnan(p) ? ES_STAGE_MISSING : ES_STAGE_REFERENCED;
    rows++;
}

static void nih(const char *task, size_t *found)
{
    static const char *const *const names[AXES] = {sexes, ages, views};
    static const char *const axes[AXES] = {"sex", "age_band", "view"};
    const char *expected = "predictions/expected/nih-chexnet.csv";
    const double threshold = threshold_of(expected, task);
    struct es_sweep *sweep = NULL;
    struct csv_table c;
    char p[64], y[64], last[32] = "";
    snprintf(p, sizeof p, "prob_%s", task);
    snprintf(y, sizeof y, "label_%s", task);
    CU_ASSERT_TRUE_FATAL(csv_table_open(&c, es_testdata("predictions/nih-chexnet/predictions.csv")));
    rows = patients = 0;
    while (csv_table_next(&c) && rows < MAX_ROWS) {
        new_row(csv_text(&c, "patient_id"), last, sizeof last);
        level[0][rows] = find(sexes, csv_text(&c, "sex"));
        level[1][rows] = band(csv_number(&c, "age"));
        level[2][rows] = find(views, csv_text(&c, "view"));
        finish_row(csv_number(&c, p), csv_number(&c, y), threshold);
    }
    free(c.text);
    CU_ASSERT_EQUAL(rows, 22433);
    CU_ASSERT_EQUAL(patients, 6187);
    const struct es_sheet sheet = sheet_of(3);
    CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet, groupings, GROUPINGS, &sweep));
    check_task(expected, task, sweep, names, axes, found);
    es_sweep_free(sweep);
}

static void test_nih_chexnet(void)
{
    static const char *const tasks[] = {"Atelectasis", "Cardiomegaly", "Consolidation", "Edema",
                                        "Effusion",    "Emphysema",    "Pneumothorax"};
    size_t found = 0;
    for (size_t i = 0; i < 7; i++) nih(tasks[i], &found);
    CU_ASSERT_EQUAL(found, 7 * 34);
}

static void test_support2(void)
{
    static const char *const *const names[AXES] = {genders, ages, races};
    static const char *const axes[AXES] = {"sex", "age_band", "race"};
    const char *expected = "predictions/expected/support2.csv", *task = "alive_180d by surv6m";
    struct es_sweep *sweep = NULL;
    struct csv_table c;
    char last[32] = "";
    size_t found = 0;
    const double threshold = threshold_of(expected, task);
    CU_ASSERT_TRUE_FATAL(csv_table_open(&c, es_testdata("predictions/support2/predictions.csv")));
    rows = patients = 0;
    while (csv_table_next(&c) && rows < MAX_ROWS) {
        new_row(csv_text(&c, "patient_id"), last, sizeof last);
        level[0][rows] = find(genders, csv_text(&c, "sex"));
        level[1][rows] = band(csv_number(&c, "age"));
        level[2][rows] = find(races, csv_text(&c, "race"));
        finish_row(csv_number(&c, "surv6m"), csv_number(&c, "alive_180d"), threshold);
    }
    free(c.text);
    CU_ASSERT_EQUAL(rows, 9105);
    const struct es_sheet sheet = sheet_of(6);
    CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet, groupings, GROUPINGS, &sweep));
    check_task(expected, task, sweep, names, axes, &found);
    CU_ASSERT_EQUAL(found, 57);
    es_sweep_free(sweep);
}

static void test_enough_was_compared(void)
{
    printf("    %zu figures compared\n", compared);
    CU_ASSERT_TRUE(compared > 7000);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"nih_chexnet", test_nih_chexnet},
                                           {"support2", test_support2},
                                           {"enough_was_compared", test_enough_was_compared},
                                           {NULL, NULL}};
    return es_test_main("predictions", tests, argc, argv);
}
