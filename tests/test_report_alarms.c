/* SPDX-License-Identifier: Apache-2.0 */
/* Control charts and alarms in a release. Expected limit and accepted rate: a program of its own (Python 3.11, floats; Wilson's limit in
 * closed form, run lengths by Gaussian elimination of the chart's Markov chain): for 10 of 100 missed the upper limit is
 * 0.14514186045495367; rising by 0.1 the lattice is m = 5, and h = 35 is the first limit whose run length (5501.25) reaches
 * 365.25 cases a year times 14 charts; at 0.245 it takes 121.51. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/catalogue.h"
#include "plugin/report/report.h"
#include "plugin/report/view.h"
#include "report_site.h"
#include "testlib.h"

static struct es_site site;
#define DAY0 20000
#define REFERENCE 100
#define QUIET 200

/** Women with disease, one a day: 10 of the first 100 missed, 200 found, then `missed` in a row missed. */
static void women(uint32_t missed)
{
    struct stand_in_row r = {.sex = 1, .age = 1, .stage = ES_STAGE_REFERENCED, .mark = ES_MARK_HAS_REFERENCE, .label = 1, .decision = 1};
    stand_in_init(&site);
    stand_in_add(&site, REFERENCE + QUIET + missed, r);
    for (uint32_t i = 0; i < site.n; i++) {
        site.rows[i].day = DAY0 + (int32_t)i;
        if ((i < REFERENCE && i % 10 == 3) || i >= REFERENCE + QUIET) {
            site.rows[i].decision = 0;
            site.rows[i].score = 0.1;
        }
    }
}

static bool contains(const cJSON *release, enum es_errc (*render)(const cJSON *, struct es_bytes *, struct es_error *), const char *text)
{
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(render(release, &bytes, &err), ES_OK);
    const bool found = strstr((const char *)bytes.data, text) != NULL;
    es_bytes_free(&bytes);
    return found;
}

/* A mean has no chart: judged beside the rates, it takes none of the false alarms that the plan allows. */
static void metrics_without_charts_take_no_false_alarms(void)
{
    women(9);
    site.finding.task = ES_TASK_MEASUREMENT;
    site.finding.range[0] = 0;
    site.finding.range[1] = 100;
    site.measures = ES_MEASURES_VALUES;
    for (uint32_t i = 0; i < site.n; i++) site.rows[i].measure[0] = site.rows[i].measure[1] = 50;
    site.config.plan.n_metrics = 3;
    site.config.plan.metrics[2] = (struct es_plan_metric){.name = "bias", .primary = true, .margin = 1, .floor = (double)NAN};
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *alarm = stand_in_entry(stand_in_part(release, "alarms"), "sex F", "sensitivity");
    CU_ASSERT_EQUAL(es_view_number(alarm, "limit"), 35);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(alarm, "false_alarms_per_year"), 1.0 / 14, 1e-12);
    cJSON_Delete(release);
}

static void the_ninth_miss_in_a_row_raises_the_alarm(void)
{
    women(9); /* 9 x 4 >= 35 > 8 x 4 */
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *alarm = stand_in_entry(stand_in_part(release, "alarms"), "sex F", "sensitivity"), *in = cJSON_GetObjectItemCaseSensitive(alarm, "in_control");
    CU_ASSERT_EQUAL(cJSON_GetArraySize(stand_in_part(release, "alarms")), 3); /* everyone, sex F, age 0-59: the same women */
    CU_ASSERT_STRING_EQUAL(es_view_string(alarm, "exam_day"), "2025-08-08");
    CU_ASSERT_STRING_EQUAL(es_view_string(alarm, "direction"), "down");
    CU_ASSERT_EQUAL(es_view_number(alarm, "cases"), 9);
    CU_ASSERT_STRING_EQUAL(es_view_string(alarm, "since_about"), "2025-07-31"); /* the first miss: the chart stood at 0 */
    CU_ASSERT_EQUAL(es_view_number(alarm, "errors"), 9);
    CU_ASSERT_EQUAL(es_view_number(alarm, "limit"), 35);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(in, "error_rate"), 0.14514186045495367, 1e-12);
    CU_ASSERT_STRING_EQUAL(es_view_string(in, "source"), "first_patients");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(alarm, "watched_for"), 0.24514186045495367, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(alarm, "false_alarms_per_year"), 1.0 / 14, 1e-12);
    CU_ASSERT_STRING_EQUAL(es_view_string(alarm, "words"), "sensitivity fell: alarm at the exam of 2025-08-08; since about 2025-07-31, 9 of 9 "
                                                           "patients were missed (1.00; accepted up to 0.15)");
    const cJSON *chart = stand_in_entry(stand_in_part(release, "charts"), "everyone", "sensitivity");
    CU_ASSERT_STRING_EQUAL(es_view_string(chart, "state"), "alarm");
    CU_ASSERT_EQUAL(es_view_number(chart, "step"), 4);
    CU_ASSERT_EQUAL(es_view_number(chart, "level"), 0); /* begun again */
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(chart, "run_length_in_control"), 5501.250657348631, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(chart, "run_length_watched_for"), 121.51282564577767, 1e-8);
    const cJSON *summary = cJSON_GetObjectItemCaseSensitive(release, "summary");
    CU_ASSERT_EQUAL(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(summary, "alarms")), 3);
    CU_ASSERT_TRUE(contains(release, es_render_html, "charts with an alarm"));
    CU_ASSERT_TRUE(contains(release, es_render_html, "alarm at the exam of 2025-08-08"));
    CU_ASSERT_TRUE(contains(release, es_render_openmetrics, "evensight_alarm{"));
    cJSON_Delete(release);
}

static void eight_misses_raise_none(void)
{
    women(8);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *chart = stand_in_entry(stand_in_part(release, "charts"), "sex F", "sensitivity");
    CU_ASSERT_EQUAL(cJSON_GetArraySize(stand_in_part(release, "alarms")), 0);
    CU_ASSERT_STRING_EQUAL(es_view_string(chart, "state"), "quiet");
    CU_ASSERT_STRING_EQUAL(es_view_string(chart, "words"), "no alarm: the chart stands at 32 of 35");
    CU_ASSERT_EQUAL(cJSON_GetArraySize(es_view_at(release, "summary", "alarms")), 0);
    CU_ASSERT_TRUE(contains(release, es_render_html, "no alarm: the chart stands at 32 of 35"));
    cJSON_Delete(release);
}

static void later_cases_do_not_move_an_alarm(void)
{
    women(9);
    cJSON *before = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    struct stand_in_row r = {.sex = 2, .age = 2, .stage = ES_STAGE_REFERENCED, .mark = ES_MARK_HAS_REFERENCE, .label = 1, .decision = 1,
                             .day = DAY0 + 400};
    stand_in_add(&site, 500, r);
    r.sex = r.age = 1;
    stand_in_add(&site, 300, r);
    cJSON *after = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_TRUE(cJSON_Compare(stand_in_entry(stand_in_part(before, "alarms"), "sex F", "sensitivity"), stand_in_entry(stand_in_part(after, "alarms"), "sex F", "sensitivity"), true));
    cJSON_Delete(before);
    cJSON_Delete(after);
}

static void a_patient_counts_once(void)
{
    women(9);
    for (uint32_t i = REFERENCE + QUIET; i < site.n; i++) site.rows[i].patient = site.rows[REFERENCE + QUIET].patient;
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_EQUAL(cJSON_GetArraySize(stand_in_part(release, "alarms")), 0); /* nine missed exams of one woman are one error */
    CU_ASSERT_EQUAL(es_view_number(stand_in_entry(stand_in_part(release, "charts"), "sex F", "sensitivity"), "errors"), 1);
    cJSON_Delete(release);
}

static void the_floor_bounds_what_is_accepted(void)
{
    women(9);
    site.config.plan.metrics[0].floor = 0.9;
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *in = cJSON_GetObjectItemCaseSensitive(stand_in_entry(stand_in_part(release, "charts"), "sex F", "sensitivity"), "in_control");
    CU_ASSERT_STRING_EQUAL(es_view_string(in, "source"), "floor");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(in, "error_rate"), 0.1, 1e-12);
    cJSON_Delete(release);
    site.config.plan.metrics[0].floor = 1; /* accepts no error: there is no chart for that */
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *chart = stand_in_entry(stand_in_part(release, "charts"), "sex F", "sensitivity");
    CU_ASSERT_STRING_EQUAL(es_view_string(chart, "why"), "not_reachable");
    CU_ASSERT_EQUAL(cJSON_GetArraySize(stand_in_part(release, "alarms")), 0);
    cJSON_Delete(release);
}

static void what_has_no_chart_says_why(void)
{
    women(9);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *chart = stand_in_entry(stand_in_part(release, "charts"), "sex F", "specificity");
    CU_ASSERT_STRING_EQUAL(es_view_string(chart, "status"), "not_estimable");
    CU_ASSERT_STRING_EQUAL(es_view_string(chart, "why"), "min_n");
    CU_ASSERT_STRING_EQUAL(es_view_string(chart, "words"), "the first 100 patients set the accepted error rate: 0 so far");
    CU_ASSERT_PTR_NULL(stand_in_entry(stand_in_part(release, "charts"), "sex unknown", "sensitivity")); /* never in a plan */
    cJSON_Delete(release);
    site.n = REFERENCE;
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    chart = stand_in_entry(stand_in_part(release, "charts"), "sex F", "sensitivity");
    CU_ASSERT_STRING_EQUAL(es_view_string(chart, "why"), "n_zero");
    CU_ASSERT_TRUE(contains(release, es_render_html, "no case since the first 100 patients"));
    cJSON_Delete(release);
    site.plan_day = ES_NO_DAY;
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_EQUAL(cJSON_GetArraySize(stand_in_part(release, "charts")), 0);
    cJSON_Delete(release);
}

static size_t members(const cJSON *entry)
{
    size_t n = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, entry) n++;
    return n;
}

/* The day is one woman's exam; the accepted rate tells how many of the first hundred were missed. */
static void outsiders_see_the_state_alone(void)
{
    women(40); /* four alarms */
    for (uint32_t i = 0; i < 40; i++) /* enough found and missed for the rate to be shown, so that the alarm is too */
        stand_in_add(&site, 1, (struct stand_in_row){.sex = 2, .age = 2, .stage = ES_STAGE_REFERENCED, .mark = ES_MARK_HAS_REFERENCE, .label = 1,
                                                     .decision = i % 2, .day = DAY0 + 500});
    cJSON *staff = stand_in_release(&site, ES_AUDIENCE_INTERNAL), *others = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    CU_ASSERT_TRUE(cJSON_GetArraySize(stand_in_part(staff, "alarms")) >= 12);
    const cJSON *alarm = stand_in_entry(stand_in_part(others, "alarms"), "sex F", "sensitivity"), *chart = stand_in_entry(stand_in_part(others, "charts"), "sex F", "sensitivity");
    CU_ASSERT_PTR_NOT_NULL_FATAL(alarm);
    CU_ASSERT_EQUAL(cJSON_GetArraySize(stand_in_part(others, "alarms")), 3);
    CU_ASSERT_EQUAL(members(alarm), 4); /* group, metric, direction, words */
    CU_ASSERT_EQUAL(members(chart), 5); /* group, metric, status, state, words */
    CU_ASSERT_STRING_EQUAL(es_view_string(chart, "state"), "alarm");
    CU_ASSERT_TRUE(contains(others, es_render_html, "an alarm was raised"));
    chart = stand_in_entry(stand_in_part(others, "charts"), "sex M", "sensitivity");
    CU_ASSERT_STRING_EQUAL(es_view_string(chart, "words"), "too few patients for a chart");
    CU_ASSERT_EQUAL(members(chart), 5); /* group, metric, status, why, words: not how many so far */
    cJSON_Delete(staff);
    cJSON_Delete(others);
}

/** Four women among men: theirs is withheld, nobody else's. */
static void a_chart_is_withheld_where_its_own_group_is_small(void)
{
    static const struct {
        const char *label;
        bool shown;
    } groups[] = {{"everyone", true}, {"sex F", false}, {"sex M", true}};
    women(20);
    for (uint32_t i = 4; i < site.n; i++) site.rows[i].sex = 2;
    site.config.internal = (struct es_disclosure){ES_DISCLOSE_FLOOR, 5};
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    for (size_t i = 0; i < 3; i++) {
        const cJSON *chart = stand_in_entry(stand_in_part(release, "charts"), groups[i].label, "sensitivity");
        CU_ASSERT_PTR_NOT_NULL_FATAL(chart);
        CU_ASSERT_STRING_EQUAL(es_view_string(chart, "status"), groups[i].shown ? "estimated" : "suppressed");
        CU_ASSERT_EQUAL(stand_in_entry(stand_in_part(release, "alarms"), groups[i].label, "sensitivity") != NULL, groups[i].shown);
    }
    cJSON_Delete(release);
}

static void a_suppressed_group_shows_no_chart(void)
{
    women(9);
    site.config.internal = (struct es_disclosure){ES_DISCLOSE_FLOOR, 500}; /* above all that are there */
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *chart;
    CU_ASSERT_EQUAL(cJSON_GetArraySize(stand_in_part(release, "alarms")), 0);
    CU_ASSERT_EQUAL(cJSON_GetArraySize(es_view_at(release, "summary", "alarms")), 0);
    cJSON_ArrayForEach(chart, stand_in_part(release, "charts"))
    {
        if (strcmp(es_view_string(chart, "metric"), "sensitivity") != 0) continue;
        CU_ASSERT_STRING_EQUAL(es_view_string(chart, "status"), "suppressed");
        CU_ASSERT_EQUAL(members(chart), 3);
    }
    cJSON_Delete(release);
    site.config.internal = (struct es_disclosure){ES_DISCLOSE_NHS, 0};
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *alarm = stand_in_entry(stand_in_part(release, "alarms"), "sex F", "sensitivity");
    if (alarm) CU_ASSERT_PTR_NULL(cJSON_GetObjectItemCaseSensitive(alarm, "exam_day"));
    CU_ASSERT_PTR_NULL(cJSON_GetObjectItemCaseSensitive(stand_in_entry(stand_in_part(release, "charts"), "sex F", "sensitivity"), "errors"));
    cJSON_Delete(release);
}

static const struct es_test tests[] = {{"metrics_without_charts_take_no_false_alarms", metrics_without_charts_take_no_false_alarms},
                                       {"the_ninth_miss_in_a_row_raises_the_alarm", the_ninth_miss_in_a_row_raises_the_alarm},
                                       {"eight_misses_raise_none", eight_misses_raise_none},
                                       {"later_cases_do_not_move_an_alarm", later_cases_do_not_move_an_alarm},
                                       {"a_patient_counts_once", a_patient_counts_once},
                                       {"the_floor_bounds_what_is_accepted", the_floor_bounds_what_is_accepted},
                                       {"what_has_no_chart_says_why", what_has_no_chart_says_why},
                                       {"outsiders_see_the_state_alone", outsiders_see_the_state_alone},
                                       {"a_chart_is_withheld_where_its_own_group_is_small", a_chart_is_withheld_where_its_own_group_is_small},
        {"a_suppressed_group_shows_no_chart", a_suppressed_group_shows_no_chart},
                                       {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("report_alarms", tests, argc, argv);
}
