/* SPDX-License-Identifier: Apache-2.0 */
/* ROC points and calibration bins of a release. Expected points are counted by hand or anew from the rows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/report.h"
#include "plugin/report/view.h"
#include "report_site.h"
#include "testlib.h"

static struct es_site site;

static const cJSON *curve_of(const cJSON *release, const char *label, const char *part)
{
    const cJSON *curves = cJSON_GetObjectItemCaseSensitive(stand_in_part(release, "curves"), "by_group");
    return cJSON_GetObjectItemCaseSensitive(stand_in_entry(curves, label, NULL), part);
}

static void row(uint8_t label, double score)
{
    stand_in_add(&site, 1, (struct stand_in_row){.sex = 1, .age = 1, .stage = ES_STAGE_REFERENCED, .mark = ES_MARK_HAS_REFERENCE,
                                                 .label = label, .decision = score >= 0.5});
    site.rows[site.n - 1].score = score;
}

static double at(const cJSON *roc, int point, int which)
{
    const cJSON *item = cJSON_GetArrayItem(cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(roc, "points"), point), which);
    return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

/** Positives 0.9 0.6 0.6 0.2, negatives 0.7 0.6 0.1 0.05: ties move both ways at once. */
static void every_point_of_a_small_curve_is_there(void)
{
    static const double want[7][3] = {{0, 0, NAN}, {0, 0.25, 0.9}, {0.25, 0.25, 0.7}, {0.5, 0.75, 0.6}, {0.5, 1, 0.2}, {0.75, 1, 0.1}, {1, 1, 0.05}};
    stand_in_init(&site);
    row(1, 0.9), row(1, 0.6), row(1, 0.6), row(1, 0.2), row(0, 0.7), row(0, 0.6), row(0, 0.1), row(0, 0.05);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *roc = curve_of(release, "everyone", "roc");
    CU_ASSERT_EQUAL(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(roc, "points")), 7);
    for (int i = 0; i < 7; i++)
        for (int k = 0; k < 3; k++) {
            if (isnan(want[i][k])) CU_ASSERT_TRUE(isnan(at(roc, i, k)));
            if (!isnan(want[i][k])) CU_ASSERT_DOUBLE_EQUAL(at(roc, i, k), want[i][k], 1e-15);
        }
    CU_ASSERT_STRING_EQUAL(es_view_string(curve_of(release, "sex M", "roc"), "why"), "no_cases");
    cJSON_Delete(release);
}

/** 0.3 belongs to [0.3, 0.4), 1 to the last. Observed 1 of 2 by 2 patients, K/(K-1) = 2, so Wilson on 1: 1/2 -+ z / (2 sqrt(1 + z^2)). */
static void bins_are_left_closed(void)
{
    stand_in_init(&site);
    row(1, 0.3), row(0, 0.35), row(0, 0.1), row(1, 1.0), row(1, 0.95);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *bins = cJSON_GetObjectItemCaseSensitive(curve_of(release, "sex F", "calibration"), "bins");
    CU_ASSERT_EQUAL_FATAL(cJSON_GetArraySize(bins), 3);
    const cJSON *b = cJSON_GetArrayItem(bins, 1);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(b, "from"), 0.3, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(b, "to"), 0.4, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(b, "mean_score"), 0.325, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(b, "observed"), 0.5, 0);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(b, "lo"), 0.5 - 1.959964 / (2 * sqrt(1 + 1.959964 * 1.959964)), 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(b, "hi"), 0.5 + 1.959964 / (2 * sqrt(1 + 1.959964 * 1.959964)), 1e-6);
    CU_ASSERT_EQUAL(es_view_number(cJSON_GetArrayItem(bins, 2), "n"), 2);
    cJSON_Delete(release);
}

/** Rows of everyone at or above a score, by class. */
static void above(double score, double *fpr, double *tpr)
{
    double x[2] = {0, 0}, n[2] = {0, 0};
    for (uint32_t i = 0; i < site.n; i++) {
        const struct stand_in_row *r = &site.rows[i];
        if (r->stage != ES_STAGE_REFERENCED || r->label > 1 || isnan(r->score)) continue;
        n[r->label]++;
        x[r->label] += r->score >= score;
    }
    *fpr = x[0] / n[0];
    *tpr = x[1] / n[1];
}

static void thinned_points_are_of_the_full_curve(void)
{
    stand_in_init(&site);
    stand_in_mixed(&site);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *roc = curve_of(release, "everyone", "roc");
    const int n = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(roc, "points"));
    CU_ASSERT(n > 60 && n <= 101);
    for (int i = 1; i < n; i++) {
        double fpr, tpr;
        above(at(roc, i, 2), &fpr, &tpr);
        CU_ASSERT_EQUAL(at(roc, i, 0), fpr);
        CU_ASSERT_EQUAL(at(roc, i, 1), tpr);
    }
    CU_ASSERT_EQUAL(at(roc, n - 1, 0), 1);
    CU_ASSERT_EQUAL(at(roc, n - 1, 1), 1);
    cJSON_Delete(release);
}

/** Under a floor a step is never over fewer people, and no threshold is told. */
static void steps_respect_the_floor(void)
{
    stand_in_init(&site);
    stand_in_mixed(&site);
    for (uint32_t i = 0; i < site.n; i++) site.rows[i].age = 1; /* small crossings would take everyone's total with them */
    site.config.external = (struct es_disclosure){ES_DISCLOSE_FLOOR, 11};
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    const cJSON *roc = curve_of(release, "everyone", "roc");
    const int n = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(roc, "points"));
    uint64_t total[2] = {0, 0};
    for (uint32_t i = 0; i < site.n; i++)
        if (site.rows[i].stage == ES_STAGE_REFERENCED && site.rows[i].label < 2 && !isnan(site.rows[i].score)) total[site.rows[i].label]++;
    CU_ASSERT(n > 5);
    for (int i = 1; i < n; i++)
        for (int y = 0; y < 2; y++) {
            const double step = nearbyint((at(roc, i, y) - at(roc, i - 1, y)) * (double)total[y]);
            CU_ASSERT(step == 0 || step >= 11);
            CU_ASSERT_TRUE(isnan(at(roc, i, 2)));
        }
    CU_ASSERT_STRING_EQUAL(es_view_string(curve_of(release, "sex O", "roc"), "status"), "suppressed");
    CU_ASSERT_STRING_EQUAL(es_view_string(curve_of(release, "sex F", "calibration"), "status"), "suppressed");
    cJSON_Delete(release);
}

static void bins_of_staff_hold_the_floor(void)
{
    stand_in_init(&site);
    stand_in_mixed(&site);
    site.config.internal = (struct es_disclosure){ES_DISCLOSE_FLOOR, 30};
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *bin, *bins = cJSON_GetObjectItemCaseSensitive(curve_of(release, "sex F", "calibration"), "bins");
    double n = 0, before = 0;
    CU_ASSERT(cJSON_GetArraySize(bins) > 1);
    cJSON_ArrayForEach(bin, bins)
    {
        CU_ASSERT(es_view_number(bin, "patients") >= 30);
        CU_ASSERT(es_view_number(bin, "from") >= before);
        before = es_view_number(bin, "to");
        n += es_view_number(bin, "n");
    }
    CU_ASSERT_EQUAL(n, 213); /* the cases of F in the reviewed golden report */
    cJSON_Delete(release);
}

static void scores_that_are_no_probabilities_have_no_bins(void)
{
    stand_in_init(&site);
    row(1, 3.5), row(0, -2), row(1, 0.4), row(0, 0.2);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(curve_of(release, "everyone", "calibration"), "why"), "not_probability");
    CU_ASSERT_STRING_EQUAL(es_view_string(curve_of(release, "everyone", "roc"), "status"), "estimated");
    cJSON_Delete(release);
}

/* Expected: scikit-learn 1.2.1 (average_precision_score, roc_auc_score(max_fpr=0.1), brier_score_loss), NumPy for the parts of the Brier score on
 * left-closed tenths; the area above TPR 0.8 and net benefit by hand: TPR rises from 0.75 to 1 at FPR 0.5, 3 of 4 found for 2 false alarms. */
/* Rows stand in the order of pseudonyms, which another key changes: the same four cases in every order, one report to the byte. Added as
 * they come, 0.49 + 3 x 0.09 and 3 x 0.09 + 0.49 differ in the last bit. */
static void figures_do_not_hang_on_the_order_of_patients(void)
{
    char *first = NULL;
    for (int positive = 0; positive < 4; positive++) {
        stand_in_init(&site);
        for (int i = 0; i < 4; i++) row(i == positive, 0.3);
        cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
        char *text = cJSON_PrintUnformatted(curve_of(release, "everyone", "figures"));
        CU_ASSERT_PTR_NOT_NULL_FATAL(text);
        if (first) CU_ASSERT_STRING_EQUAL(text, first);
        if (first) cJSON_free(text);
        else first = text;
        cJSON_Delete(release);
    }
    cJSON_free(first);
}

static void figures_of_the_scores_are_those_of_others(void)
{
    static const struct {
        const char *part, *key;
        double value;
    } want[] = {{"ranking", "average_precision", 0.7166666666666667},
                {"ranking", "prevalence", 0.5},
                {"ranking", "partial_auc_fpr_0.1_standardised", 0.6052631578947368},
                {"ranking", "partial_auc_tpr_0.8", 0.1},
                {"brier", "score", 0.2290625},
                {"brier", "reliability", 0.14572916666666666},
                {"brier", "resolution", 0.16666666666666666},
                {"brier", "uncertainty", 0.25},
                {"calibration_error", "maximal", 0.8},
                {"net_benefit", "threshold", 0.5},
                {"net_benefit", "model", 0.125},
                {"net_benefit", "alert_all", 0},
                {"histogram_auroc", "bins", 1024}};
    stand_in_init(&site);
    row(1, 0.9), row(1, 0.6), row(1, 0.6), row(1, 0.2), row(0, 0.7), row(0, 0.6), row(0, 0.1), row(0, 0.05);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *figures = curve_of(release, "everyone", "figures");
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        const double got = es_view_number(cJSON_GetObjectItemCaseSensitive(figures, want[i].part), want[i].key);
        if (!(fabs(got - want[i].value) < 1e-12)) printf("    %s %s: %.17g\n", want[i].part, want[i].key, got);
        CU_ASSERT_DOUBLE_EQUAL(got, want[i].value, 1e-12);
    }
    const cJSON *bound = cJSON_GetObjectItemCaseSensitive(figures, "histogram_auroc");
    CU_ASSERT_TRUE(es_view_number(bound, "at_least") <= 11.0 / 16 && es_view_number(bound, "at_most") >= 11.0 / 16);
    CU_ASSERT_STRING_EQUAL(es_view_string(cJSON_GetObjectItemCaseSensitive(curve_of(release, "sex M", "figures"), "ranking"), "why"), "no_cases");
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(es_render_html(release, &bytes, &err), ES_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)bytes.data, "<summary>Figures of the scores</summary>"));
    es_bytes_free(&bytes);
    cJSON_Delete(release);
    release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(curve_of(release, "everyone", "figures"), "status"), "suppressed");
    CU_ASSERT_PTR_NULL(cJSON_GetObjectItemCaseSensitive(curve_of(release, "everyone", "figures"), "ranking"));
    cJSON_Delete(release);
}

static const struct es_test tests[] = {{"every_point_of_a_small_curve_is_there", every_point_of_a_small_curve_is_there},
                                       {"bins_are_left_closed", bins_are_left_closed},
                                       {"thinned_points_are_of_the_full_curve", thinned_points_are_of_the_full_curve},
                                       {"steps_respect_the_floor", steps_respect_the_floor},
                                       {"bins_of_staff_hold_the_floor", bins_of_staff_hold_the_floor},
                                       {"scores_that_are_no_probabilities_have_no_bins", scores_that_are_no_probabilities_have_no_bins},
                                       {"figures_of_the_scores_are_those_of_others", figures_of_the_scores_are_those_of_others},
                                       {"figures_do_not_hang_on_the_order_of_patients", figures_do_not_hang_on_the_order_of_patients},
                                       {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("report_curves", tests, argc, argv);
}
