/* SPDX-License-Identifier: Apache-2.0 */
/* Rates over time in a release. Expected limits: vectors/f1_confseq_proportion.json (mpmath, SciPy), cases S1_n25, S60_n333 and S3_n10 at
 * alpha 0.05 with prior Beta(1/2, 1/2). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/plot/course.h"
#include "plugin/report/report.h"
#include "plugin/report/view.h"
#include "report_site.h"
#include "testlib.h"
#include "well_formed.h"

static struct es_site site;
#define OCT_2024 20010 /* 2024-10-14 */
#define MONTH 31

static void positives(uint8_t sex, int32_t day, uint32_t found, uint32_t all)
{
    struct stand_in_row r = {.sex = sex, .age = 1, .stage = ES_STAGE_REFERENCED, .mark = ES_MARK_HAS_REFERENCE, .label = 1, .decision = 1, .day = day};
    stand_in_add(&site, found, r);
    r.decision = 0;
    stand_in_add(&site, all - found, r);
}

/** Women: 1 of 25 found in October, 60 of 333 by November, three more in December, two more in January. Men: 3 of 10 in October. */
static void four_months(void)
{
    stand_in_init(&site);
    positives(1, OCT_2024, 1, 25);
    positives(2, OCT_2024, 3, 10);
    positives(1, OCT_2024 + MONTH, 59, 308);
    positives(1, OCT_2024 + 2 * MONTH, 3, 3);
    positives(1, OCT_2024 + 3 * MONTH, 2, 2);
}

static const cJSON *month_of(const cJSON *entry, int i)
{
    return cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(entry, "months"), i);
}

static int months_of(const cJSON *entry)
{
    return cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(entry, "months"));
}

static void looks_are_confidence_sequences_of_all_cases_so_far(void)
{
    four_months();
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *f = stand_in_entry(stand_in_part(release, "series"), "sex F", "sensitivity"), *october = month_of(f, 0), *november = month_of(f, 1);
    CU_ASSERT_STRING_EQUAL(es_view_string(f, "method"), "confidence-sequence");
    CU_ASSERT_EQUAL(months_of(f), 4);
    CU_ASSERT_STRING_EQUAL(es_view_string(october, "month"), "2024-10");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(october, "lo"), 0.0001148828381822, 1e-10);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(october, "hi"), 0.2772133052198, 1e-10);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(october, "rest"), 0.3, 1e-15);
    CU_ASSERT_EQUAL(es_view_number(november, "n"), 333);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(november, "value"), 60.0 / 333, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(november, "lo"), 0.1146706020618, 1e-10);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(november, "hi"), 0.2611912896069, 1e-10);
    CU_ASSERT_TRUE(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(november, "closed")));
    const cJSON *m = stand_in_entry(stand_in_part(release, "series"), "sex M", "sensitivity");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(month_of(m, 0), "lo"), 0.03251513978806, 1e-10);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(month_of(m, 0), "hi"), 0.747587109915, 1e-10);
    CU_ASSERT_STRING_EQUAL(es_view_string(stand_in_entry(stand_in_part(release, "series"), "everyone", "specificity"), "why"), "no_negatives");
    CU_ASSERT_PTR_NULL(stand_in_entry(stand_in_part(release, "series"), "sex unknown", "sensitivity"));
    /* the last look is what the floor is judged by */
    struct es_view_finding at = {0};
    CU_ASSERT_TRUE_FATAL(es_view_next(release, &at));
    const cJSON *group = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(at.finding, "groups"), 0);
    const cJSON *floor = es_view_at(group, "against_floor", "sensitivity"), *last = month_of(stand_in_entry(stand_in_part(release, "series"), "everyone", "sensitivity"), 3);
    CU_ASSERT_EQUAL(es_view_number(floor, "lo"), es_view_number(last, "lo"));
    CU_ASSERT_EQUAL(es_view_number(floor, "hi"), es_view_number(last, "hi"));
    cJSON_Delete(release);
}

/* Groups of one and of two axes: what a screen reader says of a figure is text, and no mark-up of its own. */
static void figures_are_well_formed_and_named(void)
{
    four_months();
    stand_in_positives(&site, 1, 2, 30, 30);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(es_render_html(release, &bytes, &err), ES_OK);
    CU_ASSERT_STRING_EQUAL(es_test_markup_fault((char *)bytes.data), "");
    CU_ASSERT_PTR_NOT_NULL(strstr((char *)bytes.data, "aria-label=\"Sensitivity over time, sex F, age 60+\""));
    free(bytes.data);
    cJSON_Delete(release);
}

static void open_windows_are_told(void)
{
    four_months();
    site.finding.reference_within_us = INT64_C(60) * 86400 * 1000000; /* of now, 2025-02-19: exams up to 2024-12-20 */
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *f = stand_in_entry(stand_in_part(release, "series"), "sex F", "sensitivity");
    CU_ASSERT_TRUE(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(month_of(f, 1), "closed")));
    CU_ASSERT_TRUE(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(month_of(f, 2), "closed")));
    cJSON_Delete(release);
}

static void a_look_over_few_new_patients_waits_for_the_next(void)
{
    four_months();
    site.config.internal = (struct es_disclosure){ES_DISCLOSE_FLOOR, 5};
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *f = stand_in_entry(stand_in_part(release, "series"), "sex F", "sensitivity");
    CU_ASSERT_EQUAL(months_of(f), 3); /* three women in December: subtracting would tell their rate */
    CU_ASSERT_STRING_EQUAL(es_view_string(month_of(f, 2), "month"), "2025-01");
    CU_ASSERT_EQUAL(es_view_number(month_of(f, 2), "n"), 338);
    const cJSON *m = stand_in_entry(stand_in_part(release, "series"), "sex M", "sensitivity"); /* nobody new, but the rest moves: not by three */
    CU_ASSERT_TRUE(isnan(es_view_number(month_of(m, 2), "rest")));
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(month_of(m, 3), "rest"), 65.0 / 338, 1e-15);
    cJSON_Delete(release);
}

static void outsiders_and_suppressed_groups_have_no_course(void)
{
    four_months();
    site.config.internal = (struct es_disclosure){ES_DISCLOSE_FLOOR, 20};
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *m = stand_in_entry(stand_in_part(release, "series"), "sex M", "sensitivity");
    CU_ASSERT_STRING_EQUAL(es_view_string(m, "status"), "suppressed");
    CU_ASSERT_EQUAL(cJSON_GetArraySize(m), 3); /* group, metric, status */
    CU_ASSERT_STRING_EQUAL(es_view_string(stand_in_entry(stand_in_part(release, "series"), "sex F", "sensitivity"), "status"), "estimated");
    cJSON_Delete(release);
    static const struct es_disclosure rules[] = {{ES_DISCLOSE_FLOOR, 5}, {ES_DISCLOSE_NHS, 0}};
    for (size_t i = 0; i < 2; i++) {
        site.config.external = rules[i];
        release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
        struct es_view_finding at = {0};
        const cJSON *entry;
        CU_ASSERT_TRUE_FATAL(es_view_next(release, &at));
        cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(at.finding, "series"))
        {
            CU_ASSERT_STRING_EQUAL(es_view_string(entry, "status"), "suppressed");
            CU_ASSERT_EQUAL(cJSON_GetArraySize(entry), 3);
        }
        cJSON_Delete(release);
    }
}

static void strict_mode_counts_first_exams(void)
{
    four_months();
    site.config.plan.strict = true;
    const uint32_t n = site.n;
    positives(1, OCT_2024 + 5 * MONTH, 9, 9);
    for (uint32_t i = n; i < site.n; i++) site.rows[i].patient = site.rows[n - 1].patient;
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *f = stand_in_entry(stand_in_part(release, "series"), "sex F", "sensitivity");
    CU_ASSERT_EQUAL(es_view_number(month_of(f, months_of(f) - 1), "n"), 338);
    cJSON_Delete(release);
}

static void a_metric_without_a_sequence_says_so(void)
{
    four_months();
    site.config.plan.metrics[1] = (struct es_plan_metric){.name = "auroc", .primary = true, .margin = (double)NAN, .floor = (double)NAN};
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(stand_in_entry(stand_in_part(release, "series"), "everyone", "auroc"), "why"), "no_sequential_test");
    cJSON_Delete(release);
    site.plan_day = ES_NO_DAY;
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_PTR_NULL(stand_in_entry(stand_in_part(release, "series"), "everyone", "sensitivity"));
    cJSON_Delete(release);
}

static void the_page_draws_each_group(void)
{
    four_months();
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(es_render_html(release, &bytes, &err), ES_OK);
    const char *page = (const char *)bytes.data;
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "Sensitivity over time</summary>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, ": 0.19 at the end ("));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "), the rest 0.30</figcaption>"));
    CU_ASSERT_PTR_NULL(strstr(page, "Specificity over time")); /* nothing to draw */
    es_bytes_free(&bytes);
    struct es_plot_list list;
    bool there = false;
    CU_ASSERT_EQUAL_FATAL(es_plot_names(release, &list, &err), ES_OK);
    for (size_t i = 0; i < list.count; i++) there |= strcmp(list.names[i], "time-chexnet-effusion-sensitivity-sex.png") == 0;
    CU_ASSERT_TRUE(there);
    es_plot_list_free(&list);
    CU_ASSERT_EQUAL(es_render_plot(release, "time-chexnet-effusion-sensitivity-sex.png", &bytes, &err), ES_OK);
    es_bytes_free(&bytes);
    cJSON_Delete(release);
}

static void times_are_read_and_written(void)
{
    static const char *const bad[] = {"", "2024", "2024-13", "2024-00", "2024/10", "20241014", "2024-10-32", "2024-10x14", "abcd-ef"};
    char text[16];
    CU_ASSERT_DOUBLE_EQUAL(es_course_time("2024-10"), 12 * 2024 + 9, 0);
    CU_ASSERT_DOUBLE_EQUAL(es_course_time("2024-10-01"), 12 * 2024 + 9, 0);
    CU_ASSERT_DOUBLE_EQUAL(es_course_time("2024-12-31"), 12 * 2024 + 11 + 30.0 / 31, 1e-9);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) CU_ASSERT_TRUE(isnan(es_course_time(bad[i])));
    es_course_month(12 * 2025, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "2025-01");
    es_course_month(12 * 2024 + 11.9, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "2024-12");
    CU_ASSERT_EQUAL(es_course_step(&(struct es_course_scale){.from = 0, .to = 7}, 7), 1);
    CU_ASSERT_EQUAL(es_course_step(&(struct es_course_scale){.from = 0, .to = 18}, 7), 3);
    CU_ASSERT_EQUAL(es_course_step(&(struct es_course_scale){.from = 0, .to = 5000}, 7), 120);
}

static const struct es_test tests[] = {{"looks_are_confidence_sequences_of_all_cases_so_far", looks_are_confidence_sequences_of_all_cases_so_far},
                                       {"figures_are_well_formed_and_named", figures_are_well_formed_and_named},
                                       {"open_windows_are_told", open_windows_are_told},
                                       {"a_look_over_few_new_patients_waits_for_the_next", a_look_over_few_new_patients_waits_for_the_next},
                                       {"outsiders_and_suppressed_groups_have_no_course", outsiders_and_suppressed_groups_have_no_course},
                                       {"strict_mode_counts_first_exams", strict_mode_counts_first_exams},
                                       {"a_metric_without_a_sequence_says_so", a_metric_without_a_sequence_says_so},
                                       {"the_page_draws_each_group", the_page_draws_each_group},
                                       {"times_are_read_and_written", times_are_read_and_written},
                                       {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("report_series", tests, argc, argv);
}
