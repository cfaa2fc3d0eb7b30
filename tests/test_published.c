/* SPDX-License-Identifier: Apache-2.0 */
/* Every figure of predictions/expected of asah, nih-chexnet and support2, from the rows themselves by the kernels alone: each task,
 * group, crossing and subset (counts, rates with Wilson and Clopper-Pearson limits, AUROC with DeLong's variance and limits, calibration),
 * and the differences between groups and between scores. Expected: statsmodels 0.13.5, scikit-learn 1.2.1, pROC 1.18.0. The data of
 * asah are GPL: all is read from the bulk data, and skipped where that is absent. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/calibration.h"
#include "metrics/fit_points.h"
#include "metrics/moments.h"
#include "metrics/proportion.h"
#include "metrics/special.h"
#include "published.h"
#include "testlib.h"

/* --- One row of an expected file --- */

static void check_rates(const struct es_confusion *m, const struct csv_table *t)
{
    const struct {
        const char *name;
        uint64_t x, n;
    } rates[] = {{"sens", m->tp, m->tp + m->fn}, {"spec", m->tn, m->tn + m->fp}, {"ppv", m->tp, m->tp + m->fp}, {"npv", m->tn, m->tn + m->fn}};
    static const char *const ends[] = {"wilson_lo", "wilson_hi", "cp_lo", "cp_hi"};
    for (size_t i = 0; i < 4; i++) {
        char column[32];
        const struct es_limits w = es_wilson((double)rates[i].x, (double)rates[i].n, 0.05);
        const struct es_limits e = es_clopper_pearson((double)rates[i].x, (double)rates[i].n, 0.05);
        const double limits[] = {w.lo, w.hi, e.lo, e.hi};
        near((double)rates[i].x / (double)rates[i].n, t, rates[i].name);
        for (int k = 0; k < 4; k++) {
            snprintf(column, sizeof column, "%s_%s", rates[i].name, ends[k]);
            near(limits[k], t, column);
        }
    }
}

static void check_ranks(const struct cases *c, const struct csv_table *t)
{
    const double auc = es_ranks_auroc(&c->ranks), variance = es_ranks_variance(&c->ranks);
    const struct es_limits limits = es_auroc_wald(auc, variance, 0.05);
    near(auc, t, "auroc");
    near(variance, t, "auroc_delong_var");
    near(auc, t, "auroc_proc");
    near(limits.lo, t, "auroc_proc_lo");
    near(limits.hi, t, "auroc_proc_hi");
    near(variance, t, "auroc_proc_var");
}

static void check_fits(struct cases *c, const struct csv_table *t)
{
    struct es_fit_columns f = {c->logit, c->point_n, c->point_positives, 0};
    for (uint32_t i = 0; i < c->n; i++) {
        const double x = es_logit_clipped(c->score[c->order[i]]);
        if (f.count == 0 || c->logit[f.count - 1] != x) {
            c->point_n[f.count] = c->point_positives[f.count] = 0;
            c->logit[f.count++] = x;
        }
        c->point_n[f.count - 1]++;
        c->point_positives[f.count - 1] += c->label[c->order[i]];
    }
    near(es_fit_offset(&f, 0, c->mean).intercept, t, "cal_intercept");
    near(es_fit_line(&f, NULL, c->mean).slope, t, "cal_slope");
}

static void check_calibration(struct cases *c, const struct csv_table *t)
{
    double sum = 0, expected = NAN, maximal = NAN;
    uint64_t positives = 0;
    struct es_brier brier = {.score = NAN};
    for (uint32_t i = 0; i < c->n; i++) {
        sum += c->score[i];
        positives += c->label[i];
    }
    (void)es_brier(c->score, c->label, c->n, &brier);
    (void)es_calibration_error(c->score, c->label, c->n, 10, false, &expected, &maximal);
    near((double)positives / c->n - sum / c->n, t, "citl");
    near((double)positives / sum, t, "oe");
    near(sum / c->n, t, "mean_score");
    near(brier.score, t, "brier");
    near(expected, t, "ece10");
    check_fits(c, t);
}

static void check_row(const struct set *s, const struct csv_table *t, struct cases *c)
{
    gather(s, csv_text(t, "subset"), csv_text(t, "dim"), csv_text(t, "group"), csv_text(t, "score"), csv_text(t, "label"), c);
    const struct es_confusion m = confusion(c, csv_number(t, "threshold"));
    near(c->all, t, "n_group");
    near(c->all - c->n, t, "n_unscored");
    near(c->n, t, "n");
    near((double)(m.tp + m.fn), t, "n_pos");
    near((double)(m.fp + m.tn), t, "n_neg");
    near((double)(m.tp + m.fn) / c->n, t, "prevalence");
    near((double)m.tp, t, "tp");
    near((double)m.fp, t, "fp");
    near((double)m.fn, t, "fn");
    near((double)m.tn, t, "tn");
    check_rates(&m, t);
    check_ranks(c, t);
    if (!isnan(csv_number(t, "brier"))) check_calibration(c, t);
}

static const struct {
    const char *name, *file;
} sets[] = {{"nih-chexnet", "predictions/nih-chexnet/predictions.csv"},
            {"support2", "predictions/support2/predictions.csv"},
            {"asah", "predictions/asah/asah.csv"}};
enum { SETS = sizeof sets / sizeof sets[0] };

static void every_row_of_the_three_sets(void)
{
    struct cases *c = calloc(1, sizeof *c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    size_t rows = 0;
    for (size_t i = 0; i < SETS; i++) {
        char expected[64];
        struct set s;
        struct csv_table t;
        snprintf(expected, sizeof expected, "predictions/expected/%s.csv", sets[i].name);
        if (!csv_table_open(&t, es_bulkdata(expected)) || !set_open(&s, sets[i].name, sets[i].file)) {
            free(c);
            es_test_skip("the bulk data is not there");
            return;
        }
        const size_t before = compared;
        for (; csv_table_next(&t); rows++) check_row(&s, &t, c);
        printf("    %s: %zu figures\n", sets[i].name, compared - before);
        set_close(&s);
        free(t.text);
    }
    free(c);
    CU_ASSERT_EQUAL(rows, 336 + 57 + 42);
    printf("    %zu figures compared\n", compared);
    CU_ASSERT_EQUAL(compared, 14190 + 2337 + 1404);
}

/* --- Differences --- */

/** Name of the score and label columns of a task. */
static void columns_of(const char *set, const char *task, char *score, char *label, size_t size)
{
    const bool nih = strcmp(set, "nih-chexnet") == 0, support = strcmp(set, "support2") == 0;
    snprintf(score, size, "%s%s", nih ? "prob_" : "", support ? "surv6m" : task);
    snprintf(label, size, "%s%s", nih ? "label_" : "", support ? "alive_180d" : nih ? task : "poor");
}

static double threshold_of(const char *set, const char *task)
{
    char expected[64];
    struct csv_table t;
    double threshold = NAN;
    snprintf(expected, sizeof expected, "predictions/expected/%s.csv", set);
    if (!csv_table_open(&t, es_bulkdata(expected))) return threshold;
    while (isnan(threshold) && csv_table_next(&t))
        if (strcmp(csv_text(&t, "task"), task) == 0) threshold = csv_number(&t, "threshold");
    free(t.text);
    return threshold;
}

static void rate_difference(const struct set *s, const struct csv_table *t, struct cases *c)
{
    char score[64], label[64];
    struct es_confusion m[2];
    columns_of(s->name, csv_text(t, "task"), score, label, sizeof score);
    const double threshold = threshold_of(s->name, csv_text(t, "task"));
    for (int arm = 0; arm < 2; arm++) {
        gather(s, csv_text(t, "subset"), csv_text(t, "dim"), csv_text(t, arm ? "reference" : "group"), score, label, c);
        m[arm] = confusion(c, threshold);
    }
    const bool sens = strcmp(csv_text(t, "metric"), "sens") == 0;
    const struct es_two_by_two two = {(double)(sens ? m[0].tp : m[0].tn), (double)(sens ? m[0].tp + m[0].fn : m[0].tn + m[0].fp),
                                      (double)(sens ? m[1].tp : m[1].tn), (double)(sens ? m[1].tp + m[1].fn : m[1].tn + m[1].fp)};
    const struct es_limits newcombe = es_newcombe(&two, 0.05);
    const double z = es_score_z(&two, 0, false); /* at 0 the restricted rates are the pooled one */
    near(two.x1 / two.n1, t, "value");
    near(two.x2 / two.n2, t, "reference_value");
    near(two.x1 / two.n1 - two.x2 / two.n2, t, "difference");
    near(newcombe.lo, t, "newcombe_lo");
    near(newcombe.hi, t, "newcombe_hi");
    near(z, t, "pooled_z");
    near(2 * es_norm_sf(fabs(z)), t, "p_value");
}

/** pROC gives a t test whose degrees of freedom are Welch's, of the two variances as if each came of one sample of the group. */
static void auroc_unpaired(const struct set *s, const struct csv_table *t, struct cases *c)
{
    char score[64], label[64];
    double auc[2], variance[2], n[2];
    columns_of(s->name, csv_text(t, "task"), score, label, sizeof score);
    for (int arm = 0; arm < 2; arm++) {
        char dim[64];
        snprintf(dim, sizeof dim, "%s", csv_text(t, arm ? "b" : "a"));
        char *group = strchr(dim, '=');
        CU_ASSERT_PTR_NOT_NULL_FATAL(group);
        *group++ = '\0';
        gather(s, "all", dim, group, score, label, c);
        auc[arm] = es_ranks_auroc(&c->ranks);
        variance[arm] = es_ranks_variance(&c->ranks);
        n[arm] = c->n;
    }
    const double sum = variance[0] + variance[1], difference = auc[0] - auc[1], statistic = difference / sqrt(sum);
    const double df = sum * sum / (variance[0] * variance[0] / (n[0] - 1) + variance[1] * variance[1] / (n[1] - 1));
    near(auc[0], t, "auroc_a");
    near(auc[1], t, "auroc_b");
    near(difference, t, "difference");
    near(statistic, t, "statistic");
    near(df, t, "df");
    near(2 * es_t_sf(fabs(statistic), df), t, "p_value");
}

static void auroc_paired(const struct set *s, const struct csv_table *t, struct cases *c)
{
    static uint64_t placed[2][MAX_ROWS];
    double auc[2], variance[2];
    for (int arm = 0; arm < 2; arm++) {
        gather(s, "all", "all", "all", csv_text(t, arm ? "b" : "a"), "poor", c);
        memcpy(placed[arm], c->placed, c->n * sizeof placed[arm][0]);
        auc[arm] = es_ranks_auroc(&c->ranks);
        variance[arm] = es_ranks_variance(&c->ranks);
    }
    const double covariance = es_rank_paired_covariance(placed[0], placed[1], c->label, c->n);
    const double difference = auc[0] - auc[1], se = sqrt(variance[0] + variance[1] - 2 * covariance), half = es_norm_isf(0.025) * se;
    near(auc[0], t, "auroc_a");
    near(auc[1], t, "auroc_b");
    near(difference, t, "difference");
    near(difference / se, t, "statistic");
    near(2 * es_norm_sf(fabs(difference / se)), t, "p_value");
    near(difference - half, t, "diff_lo");
    near(difference + half, t, "diff_hi");
}

static void differences(const char *file, size_t rows, size_t figures)
{
    struct cases *c = calloc(1, sizeof *c);
    struct set s[SETS];
    struct csv_table t = {0};
    size_t opened = 0, found = 0;
    const size_t before = compared;
    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    while (opened < SETS && set_open(&s[opened], sets[opened].name, sets[opened].file)) opened++;
    const bool there = opened == SETS && csv_table_open(&t, es_bulkdata(file));
    while (there && csv_table_next(&t))
        for (size_t i = 0; i < SETS; i++) {
            if (strcmp(csv_text(&t, "dataset"), sets[i].name) != 0) continue;
            found++;
            if (strstr(file, "rate_")) rate_difference(&s[i], &t, c);
            else if (strcmp(csv_text(&t, "kind"), "paired") == 0) auroc_paired(&s[i], &t, c);
            else auroc_unpaired(&s[i], &t, c);
        }
    for (size_t i = 0; i < opened; i++) set_close(&s[i]);
    free(t.text);
    free(c);
    if (!there) {
        es_test_skip("the bulk data is not there");
        return;
    }
    printf("    %zu figures compared\n", compared - before);
    CU_ASSERT_EQUAL(found, rows);
    CU_ASSERT_EQUAL(compared - before, figures);
}

static void differences_of_rates(void) { differences("predictions/expected/rate_differences.csv", 74, 74 * 7); }
static void differences_of_aurocs(void) { differences("predictions/expected/auroc_differences.csv", 25, 22 * 6 + 3 * 7); }

/* --- A stream of measurements --- */

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void estimated_dice_by_group(void)
{
    static double dice[MAX_ROWS];
    struct set cases, scores;
    struct csv_table t;
    if (!set_open(&cases, "nih-chexnet", sets[0].file) ||
        !set_open(&scores, "nih-chexnet", "predictions/nih-chexnet/segmentation_rca_dice.csv") ||
        !csv_table_open(&t, es_bulkdata("predictions/expected/nih-chexnet_rca_dice.csv"))) {
        es_test_skip("the bulk data is not there");
        return;
    }
    CU_ASSERT_EQUAL_FATAL(cases.rows, scores.rows);
    const size_t before = compared;
    while (csv_table_next(&t)) {
        struct es_moments m = {.n = 0};
        size_t n = 0;
        for (size_t row = 0; row < cases.rows; row++) {
            CU_ASSERT_STRING_EQUAL_FATAL(value(&cases, row, "image_index"), value(&scores, row, "image_index"));
            if (!in_group(&cases, row, csv_text(&t, "dim"), csv_text(&t, "group"))) continue;
            dice[n] = decimal(value(&scores, row, "rca_dice"));
            CU_ASSERT_TRUE(es_moments_add(&m, dice[n++]));
        }
        const struct es_error_summary s = es_moments_summary(&m, 0.05);
        qsort(dice, n, sizeof *dice, by_size);
        const double place = 0.05 * (double)(n - 1);
        const size_t below = (size_t)place;
        near((double)n, &t, "n");
        near(s.mean, &t, "mean");
        near(s.sd, &t, "sd");
        near(s.lo, &t, "t_lo");
        near(s.hi, &t, "t_hi");
        near((dice[(n - 1) / 2] + dice[n / 2]) / 2, &t, "median");
        near(dice[below] + (place - (double)below) * (dice[below + 1] - dice[below]), &t, "p05");
    }
    printf("    %zu figures compared\n", compared - before);
    CU_ASSERT_EQUAL(compared - before, 70);
    set_close(&cases);
    set_close(&scores);
    free(t.text);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"every_row_of_the_three_sets", every_row_of_the_three_sets},
                                           {"differences_of_rates", differences_of_rates},
                                           {"differences_of_aurocs", differences_of_aurocs},
                                           {"estimated_dice_by_group", estimated_dice_by_group},
                                           {NULL, NULL}};
    return es_test_main("published", tests, argc, argv);
}
