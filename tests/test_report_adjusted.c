/* SPDX-License-Identifier: Apache-2.0 */
/* "adjusted_for" of a release. Expected numbers: R 4.2.2 by the code in test_standardise.c; with one case a patient the design effect is
 * K/(K-1), K patients:
 *   mh(data.frame(x1=c(90,540), n1=c(100,900), x0=c(810,60), n0=c(900,100)), 2000/1999)     all equipment
 *   mh(data.frame(x1=c(40,18), n1=c(50,30), x0=c(90,110), n0=c(100,150)), 330/329)          people and equipment */
#include <stdlib.h>
#include <string.h>

#include "plugin/report/report.h"
#include "plugin/report/view.h"
#include "report_site.h"
#include "testlib.h"

static struct es_site site;

static const cJSON *given(const cJSON *release, const char *label, const char *metric)
{
    return cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(stand_in_rest(release, label, metric), "adjusted_for"), 0);
}

/** F is mostly at 60+, where fewer are found, whoever they are: the gap is of the age. */
static void equipment(void)
{
    stand_in_init(&site);
    stand_in_positives(&site, 1, 1, 90, 10);
    stand_in_positives(&site, 1, 2, 540, 360);
    stand_in_positives(&site, 2, 1, 810, 90);
    stand_in_positives(&site, 2, 2, 60, 40);
}

static void a_gap_of_equipment_vanishes(void)
{
    equipment();
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *raw = stand_in_rest(release, "sex F", "sensitivity"), *e = given(release, "sex F", "sensitivity");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(raw, "difference"), 0.63 - 0.87, 1e-12);
    CU_ASSERT_STRING_EQUAL(es_view_string(e, "axis"), "age");
    CU_ASSERT_STRING_EQUAL(es_view_string(e, "method"), "mantel-haenszel");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(e, "difference"), 0, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(e, "crude"), 0.63 - 0.87, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(e, "lo"), -0.06065064837519535540, 1e-8);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(e, "hi"), 0.05808839470122895837, 1e-8);
    CU_ASSERT_EQUAL(es_view_number(e, "strata"), 2);
    CU_ASSERT_EQUAL(es_view_number(e, "n"), 2000);
    CU_ASSERT_TRUE(strstr(es_view_string(e, "words"), "of the gap of 24.0 points, nothing remains when age is held equal (95 % ") != NULL);
    /* and the reverse: held equal in sex, the gap of age stays */
    const cJSON *reverse = given(release, "age 60+", "sensitivity");
    CU_ASSERT_STRING_EQUAL(es_view_string(reverse, "axis"), "sex");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(reverse, "difference"), -0.3, 1e-12);
    CU_ASSERT_PTR_NULL(cJSON_GetObjectItemCaseSensitive(e, "hidden"));
    cJSON_Delete(release);
}

static void the_numbers_are_those_of_the_formula(void)
{
    stand_in_init(&site);
    stand_in_positives(&site, 1, 1, 40, 10);
    stand_in_positives(&site, 1, 2, 18, 12);
    stand_in_positives(&site, 2, 1, 90, 10);
    stand_in_positives(&site, 2, 2, 110, 40);
    stand_in_positives(&site, 1, 0, 3, 4); /* of unknown age: left out and counted */
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *e = given(release, "sex F", "sensitivity");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(e, "difference"), -0.1142857142857142683, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(e, "lo"), -0.2246092671778766592, 1e-8);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(e, "hi"), -0.0077366609729697250, 1e-8);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(cJSON_GetObjectItemCaseSensitive(e, "direct"), "difference"),
                           (150 * (0.8 - 0.9) + 180 * (0.6 - 110.0 / 150)) / 330, 1e-12);
    CU_ASSERT_EQUAL(es_view_number(e, "cases_unknown"), 7);
    CU_ASSERT_EQUAL(es_view_number(e, "n"), 330);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(e, "crude"), 58.0 / 80 - 200.0 / 250, 1e-12);
    CU_ASSERT_TRUE(strstr(es_view_string(e, "words"), "the gap of 7.5 points becomes 11.4 when age is held equal") != NULL);
    CU_ASSERT_TRUE(strstr(es_view_string(e, "words"), "; 7 cases left out") != NULL);
    cJSON_Delete(release);
}

static void without_a_shared_level_there_is_a_reason(void)
{
    stand_in_init(&site);
    stand_in_positives(&site, 1, 1, 80, 20);
    stand_in_positives(&site, 2, 2, 90, 10);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *e = given(release, "sex F", "sensitivity");
    CU_ASSERT_STRING_EQUAL(es_view_string(e, "status"), "not_estimable");
    CU_ASSERT_STRING_EQUAL(es_view_string(e, "why"), "no_overlap");
    CU_ASSERT_STRING_EQUAL(es_view_string(e, "words"), "at no level of the other attribute are there cases of both the group and the rest");
    const cJSON *one_armed = cJSON_GetObjectItemCaseSensitive(e, "one_armed");
    CU_ASSERT_EQUAL(cJSON_GetArraySize(one_armed), 2);
    CU_ASSERT_STRING_EQUAL(cJSON_GetArrayItem(one_armed, 1)->valuestring, "60+");
    CU_ASSERT_EQUAL(es_view_number(e, "cases_one_armed"), 200);
    cJSON_Delete(release);
}

/** One small cell of the crossing, and outsiders see no gap of either axis given the other; staff do; under nhs nobody outside does. */
static void outsiders_see_none_over_small_cells(void)
{
    equipment();
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(given(release, "sex F", "sensitivity"), "status"), "estimated");
    cJSON_Delete(release);
    site.config.external = (struct es_disclosure){ES_DISCLOSE_NHS, 0};
    release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    const cJSON *e = given(release, "sex F", "sensitivity");
    CU_ASSERT_STRING_EQUAL(es_view_string(e, "status"), "suppressed");
    CU_ASSERT_EQUAL(cJSON_GetArraySize(e), 3); /* axis, status, words: nothing else */
    cJSON_Delete(release);

    equipment();
    stand_in_positives(&site, 3, 1, 20, 20);
    stand_in_positives(&site, 3, 2, 20, 3); /* three misses; the crossing is not of the report, whose own numbers are all large */
    site.config.n_intersections = 0;
    site.config.plan.n_groups = 2;
    release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    static const char *const places[] = {"sex F", "sex M", "age 0-59", "age 60+"};
    for (size_t i = 0; i < 4; i++) {
        const cJSON *entry, *entries = cJSON_GetObjectItemCaseSensitive(stand_in_rest(release, places[i], "sensitivity"), "adjusted_for");
        CU_ASSERT_EQUAL(cJSON_GetArraySize(entries), 1);
        cJSON_ArrayForEach(entry, entries) CU_ASSERT_STRING_EQUAL(es_view_string(entry, "status"), "suppressed");
    }
    cJSON_Delete(release);
    site.config.internal = (struct es_disclosure){ES_DISCLOSE_FLOOR, 5};
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(given(release, "sex F", "sensitivity"), "status"), "estimated");
    cJSON_Delete(release);
}

/** A hundred women, but the age of three is known: what is held equal rests on three, and staff with a floor of five do not see it. */
static void staff_see_none_that_rests_on_few(void)
{
    for (uint8_t few = 1; few <= 2; few++) { /* the group's, the rest's */
        stand_in_init(&site);
        stand_in_positives(&site, few, 0, 60, 37);
        stand_in_positives(&site, few, 1, 2, 1);
        stand_in_positives(&site, 3 - few, 1, 80, 20);
        for (int floor = 0; floor < 2; floor++) {
            site.config.internal = (struct es_disclosure){floor ? ES_DISCLOSE_FLOOR : ES_DISCLOSE_ALL, 5};
            cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
            CU_ASSERT_TRUE(es_view_number(stand_in_rest(release, "sex F", "sensitivity"), "rest_value") > 0); /* the comparison itself is shown */
            CU_ASSERT_STRING_EQUAL(es_view_string(given(release, "sex F", "sensitivity"), "status"), floor ? "suppressed" : "estimated");
            cJSON_Delete(release);
        }
    }
}

/** Before the plan's day nothing is judged, and the gap held equal is of the cases that are. */
static void it_rests_on_the_cases_of_its_comparison(void)
{
    equipment();
    for (uint32_t i = 0; i < 100; i++) { /* the first: F, 0-59 */
        site.rows[i].day = site.plan_day - 5;
        site.rows[i].mark |= ES_MARK_EXPLORATORY;
    }
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *e = given(release, "sex F", "sensitivity");
    CU_ASSERT_EQUAL(es_view_number(e, "n"), 1000);
    CU_ASSERT_EQUAL(es_view_number(e, "strata"), 1);
    cJSON_Delete(release);
}

static void the_page_folds_it_under_the_gap(void)
{
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    equipment();
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_EQUAL_FATAL(es_render_html(release, &bytes, &err), ES_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)bytes.data, "<summary>held equal: age "));
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)bytes.data, "nothing remains when age is held equal"));
    es_bytes_free(&bytes);
    cJSON_Delete(release);
}

static const struct es_test tests[] = {{"a_gap_of_equipment_vanishes", a_gap_of_equipment_vanishes},
                                       {"the_numbers_are_those_of_the_formula", the_numbers_are_those_of_the_formula},
                                       {"without_a_shared_level_there_is_a_reason", without_a_shared_level_there_is_a_reason},
                                       {"outsiders_see_none_over_small_cells", outsiders_see_none_over_small_cells},
                                       {"staff_see_none_that_rests_on_few", staff_see_none_that_rests_on_few},
                                       {"it_rests_on_the_cases_of_its_comparison", it_rests_on_the_cases_of_its_comparison},
                                       {"the_page_folds_it_under_the_gap", the_page_folds_it_under_the_gap},
                                       {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("report_adjusted", tests, argc, argv);
}
