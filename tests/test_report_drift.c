/* SPDX-License-Identifier: Apache-2.0 */
/* Drift by month in a release. Expected numbers are worked from the definitions of METRICS F4 for the counts below. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/report.h"
#include "plugin/report/view.h"
#include "report_site.h"
#include "testlib.h"

static struct es_site site;
#define OCT_2024 19997 /* 2024-10-01 */
#define JAN_2025 20089 /* 2025-01-01 */

static const cJSON *month_of(const cJSON *release, int i)
{
    return cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(stand_in_part(release, "drift"), "months"), i);
}

/** Exams of new patients on one day, all with one score. */
static void exams(int32_t day, uint8_t sex, uint32_t count, double score)
{
    stand_in_add(&site, count, (struct stand_in_row){.sex = sex, .age = 1, .stage = ES_STAGE_REFERENCED, .mark = ES_MARK_HAS_REFERENCE, .day = day});
    for (uint32_t i = 1; i <= count; i++) site.rows[site.n - i].score = score;
}

/** The quarter: 30 F and 30 M, scores 0.15; January: 30 F, 10 M, scores 0.15. The last exam is on 2025-01-31. */
static void a_quarter_and_a_month(void)
{
    stand_in_init(&site);
    exams(OCT_2024, 1, 10, 0.15);
    exams(OCT_2024, 2, 10, 0.15);
    exams(OCT_2024 + 40, 1, 10, 0.15);
    exams(OCT_2024 + 40, 2, 10, 0.15);
    exams(OCT_2024 + 80, 1, 10, 0.15);
    exams(OCT_2024 + 80, 2, 10, 0.15);
    exams(JAN_2025 + 30, 1, 30, 0.15);
    exams(JAN_2025 + 30, 2, 10, 0.15);
}

static void months_are_held_against_the_quarter(void)
{
    a_quarter_and_a_month();
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(stand_in_part(release, "drift"), "baseline_from"), "2024-10");
    CU_ASSERT_STRING_EQUAL(es_view_string(stand_in_part(release, "drift"), "baseline_to"), "2024-12");
    CU_ASSERT_EQUAL(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(stand_in_part(release, "drift"), "months")), 4);
    const cJSON *january = month_of(release, 3), *sex = es_view_at(january, "axes", "sex"), *score = cJSON_GetObjectItemCaseSensitive(january, "score");
    CU_ASSERT_STRING_EQUAL(es_view_string(january, "month"), "2025-01");
    CU_ASSERT_EQUAL(es_view_number(january, "n"), 40);
    CU_ASSERT_EQUAL(es_view_number(january, "patients"), 40);
    /* 0.5 added to each count: (30.5, 10.5) / 41 against (30.5, 30.5) / 61 */
    const double a = 30.5 / 41, b = 10.5 / 41, psi = (a - 0.5) * log(a / 0.5) + (b - 0.5) * log(b / 0.5);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(sex, "psi"), psi, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(sex, "psi_expected"), 1.0 / 40 + 1.0 / 60, 1e-12);
    /* divergence of (3/4, 1/4) and (1/2, 1/2): middle (5/8, 3/8) */
    const double js = 0.5 * (0.75 * log2(0.75 / 0.625) + 0.25 * log2(0.25 / 0.375) + 0.5 * log2(0.5 / 0.625) + 0.5 * log2(0.5 / 0.375));
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(sex, "js_bits"), js, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(sex, "js_bits_expected"), (1.0 / 40 + 1.0 / 60) / (8 * log(2)), 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(score, "js_bits"), 0, 1e-12); /* the scores stayed */
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(score, "psi_expected"), 9 * (1.0 / 40 + 1.0 / 60), 1e-12);
    CU_ASSERT_PTR_NULL(es_view_at(january, "axes", "age")->child); /* one level alone */
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(es_render_html(release, &bytes, &err), ES_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)bytes.data, "Each month of exams against 2024-10 to 2024-12"));
    es_bytes_free(&bytes);
    cJSON_Delete(release);
}

static void without_a_whole_quarter_nothing_is_held_against_it(void)
{
    stand_in_init(&site);
    exams(OCT_2024 + 1, 1, 10, 0.2);
    exams(JAN_2025 + 80, 1, 10, 0.2); /* 2025-03-22 */
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(stand_in_part(release, "drift"), "words"), "no calendar quarter lies wholly within the exams");
    cJSON_Delete(release);
    stand_in_init(&site);
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(stand_in_part(release, "drift"), "words"), "no exam has a date");
    cJSON_Delete(release);
}

static void small_months_are_suppressed_and_never_one_alone(void)
{
    a_quarter_and_a_month();
    exams(JAN_2025 + 40, 1, 3, 0.15); /* February: three */
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(month_of(release, 4), "status"), "suppressed");
    CU_ASSERT_TRUE(isnan(es_view_number(month_of(release, 4), "n")));
    CU_ASSERT_STRING_EQUAL(es_view_string(month_of(release, 0), "status"), "suppressed"); /* else n of February would follow */
    CU_ASSERT_STRING_EQUAL(es_view_string(month_of(release, 1), "status"), "estimated");
    cJSON_Delete(release);
    site.config.internal = (struct es_disclosure){ES_DISCLOSE_FLOOR, 5};
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(month_of(release, 4), "status"), "suppressed");
    CU_ASSERT_STRING_EQUAL(es_view_string(month_of(release, 0), "status"), "estimated");
    cJSON_Delete(release);
}

/* Scores on another scale: deciles of the quarter. 60 scores 1..60 there give nine edges 6, 12, ... 54; January's forty are 1..10, four times:
 * 6 x 4 lie up to 6, the other 16 above. With 0.5 added: 24.5, 16.5 and eight of 0.5 in 45, against 6.5 in 65 each. */
static void scores_on_any_scale_are_watched(void)
{
    a_quarter_and_a_month();
    for (uint32_t i = 0; i < 60; i++) site.rows[i].score = 1 + i;
    for (uint32_t i = 60; i < 100; i++) site.rows[i].score = 1 + i % 10;
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *score = cJSON_GetObjectItemCaseSensitive(month_of(release, 3), "score");
    const double a = 24.5 / 45, b = 16.5 / 45, c = 0.5 / 45, r = 0.1;
    CU_ASSERT_STRING_EQUAL(es_view_string(stand_in_part(release, "drift"), "scores"), "deciles_of_the_quarter");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(score, "psi"), (a - r) * log(a / r) + (b - r) * log(b / r) + 8 * (c - r) * log(c / r), 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(score, "psi_expected"), 9 * (1.0 / 40 + 1.0 / 60), 1e-12);
    cJSON_Delete(release);
    for (uint32_t i = 0; i < 100; i++) site.rows[i].score = 7; /* one value: nothing can move */
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(stand_in_part(release, "drift"), "scores"), "none_to_compare");
    CU_ASSERT_PTR_NULL(cJSON_GetObjectItemCaseSensitive(month_of(release, 3), "score"));
    cJSON_Delete(release);
}

static bool suppressed(const cJSON *index)
{
    return strcmp(es_view_string(index, "status"), "suppressed") == 0 && isnan(es_view_number(index, "psi")) && isnan(es_view_number(index, "js_bits"));
}

/** How many (F, M) of January and of the quarter's 60 give the divergence that is printed? */
static int tables_that_fit(double js_bits, int n, int quarter)
{
    int fit = 0;
    for (int f = 0; f <= n; f++)
        for (int q = 0; q <= quarter; q++) {
            double bits = 0;
            for (int level = 0; level < 2; level++) {
                const double a = (level ? n - f : f) / (double)n, b = (level ? quarter - q : q) / (double)quarter;
                bits += (a > 0 ? a * log2(2 * a / (a + b)) : 0) / 2 + (b > 0 ? b * log2(2 * b / (a + b)) : 0) / 2;
            }
            fit += fabs(bits - js_bits) < 1e-12;
        }
    return fit;
}

/* An index with all its digits tells the table it was made of: 37 F and 3 M of January, but for which level is which. */
static void an_index_that_tells_of_few_is_not_for_outsiders(void)
{
    a_quarter_and_a_month();
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    CU_ASSERT_FALSE(suppressed(es_view_at(month_of(release, 3), "axes", "sex"))); /* ten at least of each sex in each month */
    CU_ASSERT_FALSE(suppressed(cJSON_GetObjectItemCaseSensitive(month_of(release, 3), "score")));
    cJSON_Delete(release);
    for (uint32_t i = 90; i < 97; i++) site.rows[i].sex = 1;
    cJSON *staff = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_EQUAL(tables_that_fit(es_view_number(es_view_at(month_of(staff, 3), "axes", "sex"), "js_bits"), 40, 60), 2);
    cJSON_Delete(staff);
    release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    for (int i = 0; i < 4; i++) {
        CU_ASSERT_TRUE(suppressed(es_view_at(month_of(release, i), "axes", "sex"))); /* of the others January would follow */
        CU_ASSERT_FALSE(suppressed(cJSON_GetObjectItemCaseSensitive(month_of(release, i), "score")));
    }
    cJSON_Delete(release);
    for (uint32_t i = 0; i < 4; i++) site.rows[i].score = 0.95;
    release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    CU_ASSERT_TRUE(suppressed(cJSON_GetObjectItemCaseSensitive(month_of(release, 2), "score")));
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(es_render_html(release, &bytes, &err), ES_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)bytes.data, "<th scope=\"row\">2025-01</th><td class=\"n\">40</td><td class=\"n\"><span class=\"mute\">suppressed</span>"));
    es_bytes_free(&bytes);
    cJSON_Delete(release);
    a_quarter_and_a_month(); /* many exams of few people are few */
    for (uint32_t i = 90; i < 100; i++) site.rows[i].patient = 90 + (i - 90) / 4;
    release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    CU_ASSERT_TRUE(suppressed(es_view_at(month_of(release, 3), "axes", "sex")));
    cJSON_Delete(release);
}

/* What the months that are shown leave of a level's total is a count too: of the hidden months together, and of no date. */
static void what_the_months_leave_of_a_total_is_no_count_of_few(void)
{
    a_quarter_and_a_month();
    exams(JAN_2025 + 70, 1, 3, 0.15); /* March: three F; with them the smallest month, October, is hidden */
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(month_of(release, 0), "status"), "suppressed");
    CU_ASSERT_TRUE(suppressed(es_view_at(month_of(release, 3), "axes", "sex"))); /* the quarter less November and December is October */
    cJSON_Delete(release);
    a_quarter_and_a_month();
    stand_in_add(&site, 3, (struct stand_in_row){.sex = 2, .age = 1, .stage = ES_STAGE_REFERENCED, .mark = ES_MARK_HAS_REFERENCE, .day = INT32_MIN});
    release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    CU_ASSERT_TRUE(suppressed(es_view_at(month_of(release, 3), "axes", "sex")));
    cJSON_Delete(release);
    a_quarter_and_a_month();
    exams(JAN_2025 + 40, 1, 2, 0.15); /* February and March: two each, together four, and the next smallest with them */
    exams(JAN_2025 + 70, 2, 2, 0.15);
    release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(month_of(release, 4), "status"), "suppressed");
    CU_ASSERT_STRING_EQUAL(es_view_string(month_of(release, 5), "status"), "suppressed");
    CU_ASSERT_STRING_EQUAL(es_view_string(month_of(release, 0), "status"), "suppressed");
    CU_ASSERT_STRING_EQUAL(es_view_string(month_of(release, 1), "status"), "estimated");
    cJSON_Delete(release);
}

/* From one index to the next, by how many each level changed could be reckoned; under nhs no index is made of rounded counts. */
static void later_and_rounded_reports_show_no_index(void)
{
    a_quarter_and_a_month();
    site.config.external = (struct es_disclosure){.kind = ES_DISCLOSE_NHS};
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    CU_ASSERT_TRUE(suppressed(es_view_at(month_of(release, 3), "axes", "sex")));
    CU_ASSERT_TRUE(suppressed(cJSON_GetObjectItemCaseSensitive(month_of(release, 3), "score")));
    CU_ASSERT_EQUAL(es_view_number(month_of(release, 3), "n"), 40);
    cJSON_Delete(release);
    a_quarter_and_a_month();
    site.config.external = (struct es_disclosure){.kind = ES_DISCLOSE_FLOOR, .floor = 5};
    site.config.release_every_us = INT64_C(86400000000);
    release = stand_in_external(&site, true);
    CU_ASSERT_FALSE(suppressed(es_view_at(month_of(release, 3), "axes", "sex")));
    cJSON_Delete(release);
    exams(JAN_2025 + 30, 1, 20, 0.15);
    exams(JAN_2025 + 30, 2, 1, 0.15); /* one man more among 21 */
    site.days += 2;
    release = stand_in_external(&site, true);
    CU_ASSERT_EQUAL(es_view_number(month_of(release, 3), "n"), 61);
    CU_ASSERT_TRUE(suppressed(es_view_at(month_of(release, 3), "axes", "sex")));
    CU_ASSERT_TRUE(suppressed(cJSON_GetObjectItemCaseSensitive(month_of(release, 3), "score")));
    cJSON_Delete(release);
    stand_in_end(&site);
}

static const struct es_test tests[] = {{"an_index_that_tells_of_few_is_not_for_outsiders", an_index_that_tells_of_few_is_not_for_outsiders},
                                       {"what_the_months_leave_of_a_total_is_no_count_of_few", what_the_months_leave_of_a_total_is_no_count_of_few},
                                       {"later_and_rounded_reports_show_no_index", later_and_rounded_reports_show_no_index},
                                       {"months_are_held_against_the_quarter", months_are_held_against_the_quarter},
                                       {"without_a_whole_quarter_nothing_is_held_against_it", without_a_whole_quarter_nothing_is_held_against_it},
                                       {"small_months_are_suppressed_and_never_one_alone", small_months_are_suppressed_and_never_one_alone},
                                       {"scores_on_any_scale_are_watched", scores_on_any_scale_are_watched},
                                       {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("report_drift", tests, argc, argv);
}
