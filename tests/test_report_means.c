/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts on means in a whole report, in the default mode that may be looked at every day: bias of a measurement with a range, Dice. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/bounded_mean.h"
#include "metrics/catalogue.h"
#include "plugin/report/report.h"
#include "plugin/report/view.h"
#include "report_site.h"
#include "testlib.h"

static struct es_site site;
#define FAMILY 5.25 /* F, M, O, 0-59, 60+ weigh 1 each, F 60+ a quarter; one primary metric */

static void begin(uint32_t task, enum es_measures measures, const char *metric, double margin)
{
    stand_in_init(&site);
    site.finding.task = task;
    site.finding.threshold = (double)NAN;
    site.finding.range[0] = site.finding.range[1] = (double)NAN;
    site.measures = measures;
    site.config.plan.n_metrics = 1;
    site.config.plan.metrics[0] = (struct es_plan_metric){.primary = true, .margin = margin, .floor = (double)NAN};
    memcpy(site.config.plan.metrics[0].name, metric, strlen(metric) + 1);
    site.config.plan.alpha = 0.05 * FAMILY; /* so that each group of one axis is judged at 0.05 */
}

/* One row a patient; differences, or Dice, by turns least and most. */
static void add(uint8_t sex, uint32_t n, double least, double most)
{
    for (uint32_t i = 0; i < n; i++) {
        const double v = i % 2 ? least : most;
        struct stand_in_row r = {.sex = sex, .age = 1, .stage = ES_STAGE_REFERENCED, .mark = ES_MARK_HAS_REFERENCE, .decision = ES_NO_ANSWER,
                                 .label = ES_NO_ANSWER, .measure = {50 + v, 50}};
        if (site.measures == ES_MEASURES_OVERLAP) {
            const double row[ES_MAX_MEASURES] = {ES_PART_MEASURED, v, v / (2 - v), 0, 3, 1};
            memcpy(r.measure, row, sizeof row);
        }
        stand_in_add(&site, 1, r);
    }
}

/** The interval of an arm, by the kernel that has vectors of its own (test_bounded_mean). */
static struct es_limits arm(uint32_t n, double least, double most, double from, double to)
{
    struct es_bounded_mean m = es_bounded_mean_init(0.025);
    for (uint32_t i = 0; i < n; i++) CU_ASSERT_TRUE(es_bounded_mean_add(&m, ((i % 2 ? least : most) - from) / (to - from)));
    return es_empirical_bernstein(&m);
}

static void a_bias_that_differs_is_a_disparity(void)
{
    begin(ES_TASK_MEASUREMENT, ES_MEASURES_VALUES, "bias", 1);
    site.finding.range[0] = 0;
    site.finding.range[1] = 40;
    add(1, 900, 7, 9);
    add(2, 1100, -1, 1);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *c = stand_in_rest(release, "sex F", "bias"), *own = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(c, "intervals"), 0);
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "verdict"), "disparity");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "mode"), "sequential");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "family"), "primary");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(c, "difference"), 8, 1e-9);
    const struct es_limits f = arm(900, 7, 9, -40, 40), m = arm(1100, -1, 1, -40, 40);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(own, "lo"), 80 * (f.lo - m.hi), 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(own, "hi"), 80 * (f.hi - m.lo), 1e-9);
    CU_ASSERT_TRUE(es_view_number(own, "lo") > 1 && es_view_number(own, "hi") < 16);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(own, "level"), 0.95, 1e-12);
    CU_ASSERT_TRUE(stand_in_said(release, "Verdicts are sequential: may be looked at every day."));
    cJSON_Delete(release);
}

static void the_same_bias_within_the_margin_is_parity(void)
{
    begin(ES_TASK_MEASUREMENT, ES_MEASURES_VALUES, "bias", 12);
    site.finding.range[0] = 0;
    site.finding.range[1] = 40;
    add(1, 900, -1, 1);
    add(2, 1100, -1, 1);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(stand_in_rest(release, "sex F", "bias"), "verdict"), "parity");
    cJSON_Delete(release);
    site.config.plan.metrics[0].margin = (double)NAN; /* without a margin there is no parity */
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(stand_in_rest(release, "sex F", "bias"), "verdict"), "not_enough");
    cJSON_Delete(release);
}

static void a_bias_without_a_range_bears_no_daily_verdict(void)
{
    begin(ES_TASK_MEASUREMENT, ES_MEASURES_VALUES, "bias", 1);
    add(1, 900, 7, 9);
    add(2, 1100, -1, 1);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *c = stand_in_rest(release, "sex F", "bias");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "verdict"), "not_enough");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "reason"), "no_range");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(c, "difference"), 8, 1e-9); /* the figures are there all the same */
    CU_ASSERT_TRUE(stand_in_said(release, "no range of the measurement is configured"));
    cJSON_Delete(release);
}

/** No limits, and the value: [1, 1] would say that no mask can ever be drawn worse. */
static void is_bare(const cJSON *release, const char *metric, double value)
{
    const struct es_view_metric m = es_view_metric(stand_in_group(release, "sex F"), metric);
    CU_ASSERT_EQUAL(m.status, ES_VIEW_ESTIMATED);
    CU_ASSERT_DOUBLE_EQUAL(m.value, value, 1e-6);
    CU_ASSERT_TRUE(isnan(m.lo) && isnan(m.hi));
}

static void cases_all_alike_have_no_limits(void)
{
    begin(ES_TASK_SEGMENTATION, ES_MEASURES_OVERLAP, "dice", 0.1);
    add(1, 60, 1, 1);
    add(2, 60, 0.5, 1);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    is_bare(release, "dice", 1);
    cJSON_Delete(release);
    stand_in_init(&site);
    stand_in_positives(&site, 1, 1, 30, 0);
    stand_in_positives(&site, 2, 1, 30, 30);
    for (uint32_t i = 0; i < 30; i++) site.rows[i].score = 0.75;
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    is_bare(release, "mean_score", 0.75);
    is_bare(release, "brier", 0.0625);
    cJSON_Delete(release);
}

static void dice_is_judged_between_nought_and_one(void)
{
    begin(ES_TASK_SEGMENTATION, ES_MEASURES_OVERLAP, "dice", 0.2);
    add(1, 900, 0.45, 0.55);
    add(2, 1100, 0.85, 0.95);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *c = stand_in_rest(release, "sex F", "dice"), *own = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(c, "intervals"), 0);
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "verdict"), "disparity");
    const struct es_limits f = arm(900, 0.45, 0.55, 0, 1), m = arm(1100, 0.85, 0.95, 0, 1);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(own, "lo"), f.lo - m.hi, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(own, "hi"), f.hi - m.lo, 1e-9);
    cJSON_Delete(release);
    begin(ES_TASK_SEGMENTATION, ES_MEASURES_OVERLAP, "dice", 0.2);
    add(1, 900, 0.85, 0.95);
    add(2, 1100, 0.85, 0.95);
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(stand_in_rest(release, "sex F", "dice"), "verdict"), "parity");
    cJSON_Delete(release);
}

static void below_the_minima_there_is_not_enough(void)
{
    begin(ES_TASK_SEGMENTATION, ES_MEASURES_OVERLAP, "dice", 0.2);
    add(1, 45, 0.1, 0.2); /* the plan wants 50 patients */
    add(2, 1100, 0.85, 0.95);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *c = stand_in_rest(release, "sex F", "dice");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "verdict"), "not_enough");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "reason"), "min_patients");
    cJSON_Delete(release);
    begin(ES_TASK_SEGMENTATION, ES_MEASURES_OVERLAP, "dice", 0.2);
    add(1, 60, 0.80, 0.90); /* enough people, and an interval that stays open */
    add(2, 1100, 0.85, 0.95);
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    c = stand_in_rest(release, "sex F", "dice");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "verdict"), "not_enough");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "reason"), "interval");
    cJSON_Delete(release);
}

/* A terminal shows the figures of the task, not those of decisions that there are none of; the page what was not compared. */
static void terminal_and_page_show_what_the_task_has(void)
{
    struct es_bytes bytes = {0};
    begin(ES_TASK_SEGMENTATION, ES_MEASURES_OVERLAP, "dice", 0.2);
    add(1, 60, 0.80, 0.90);
    add(2, 80, 0.85, 0.95);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_EQUAL_FATAL(es_render_text(release, 140, &bytes, NULL), ES_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr((char *)bytes.data, "Dice"));
    CU_ASSERT_PTR_NOT_NULL(strstr((char *)bytes.data, "0.85 [")); /* of women */
    CU_ASSERT_PTR_NULL(strstr((char *)bytes.data, "AUROC"));
    es_bytes_free(&bytes);
    cJSON_Delete(release);
    begin(ES_TASK_MEASUREMENT, ES_MEASURES_VALUES, "bias", 1);
    add(1, 60, 7, 9);
    add(2, 80, -1, 1);
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_EQUAL_FATAL(es_render_text(release, 140, &bytes, NULL), ES_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr((char *)bytes.data, "mean error"));
    CU_ASSERT_PTR_NOT_NULL(strstr((char *)bytes.data, "bias not judged (its range is not told)"));
    es_bytes_free(&bytes);
    struct es_view_finding at = {0};
    CU_ASSERT_TRUE_FATAL(es_view_next(release, &at));
    const cJSON *counts = es_view_at(at.finding, "references", "not_compared");
    CU_ASSERT_EQUAL_FATAL(es_render_html(release, &bytes, NULL), ES_OK);
    CU_ASSERT_PTR_NULL(strstr((char *)bytes.data, "In no mean")); /* all were compared */
    es_bytes_free(&bytes);
    cJSON_SetNumberValue(cJSON_GetObjectItemCaseSensitive(counts, "units"), 3);
    cJSON_SetNumberValue(cJSON_GetObjectItemCaseSensitive(counts, "no_value"), 2);
    CU_ASSERT_EQUAL_FATAL(es_render_html(release, &bytes, NULL), ES_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr((char *)bytes.data, "<dt>In no mean</dt><dd>no value 2, units do not meet 3</dd>"));
    es_bytes_free(&bytes);
    cJSON_Delete(release);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"a_bias_that_differs_is_a_disparity", a_bias_that_differs_is_a_disparity},
                                           {"the_same_bias_within_the_margin_is_parity", the_same_bias_within_the_margin_is_parity},
                                           {"a_bias_without_a_range_bears_no_daily_verdict", a_bias_without_a_range_bears_no_daily_verdict},
                                           {"cases_all_alike_have_no_limits", cases_all_alike_have_no_limits},
                                           {"dice_is_judged_between_nought_and_one", dice_is_judged_between_nought_and_one},
                                           {"below_the_minima_there_is_not_enough", below_the_minima_there_is_not_enough},
                                           {"terminal_and_page_show_what_the_task_has", terminal_and_page_show_what_the_task_has},
                                           {NULL, NULL}};
    return es_test_main("report_means", tests, argc, argv);
}
