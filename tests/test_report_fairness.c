/* SPDX-License-Identifier: Apache-2.0 */
/* Gaps between the levels of an axis in a release. Expected numbers are worked by hand from the counts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/report.h"
#include "plugin/report/view.h"
#include "report_site.h"
#include "testlib.h"

static struct es_site site;

static void add(uint8_t sex, uint8_t label, uint8_t decision, uint32_t count)
{
    stand_in_add(&site, count, (struct stand_in_row){.sex = sex, .age = 1, .stage = ES_STAGE_REFERENCED, .mark = ES_MARK_HAS_REFERENCE,
                                                     .label = label, .decision = decision});
}

/** F: 60 of 100 found, 10 false alarms of 100; M: 160 of 200, 30 of 200; unknown: all wrong. */
static void two_levels(void)
{
    stand_in_init(&site);
    add(1, 1, 1, 60);
    add(1, 1, 0, 40);
    add(1, 0, 1, 10);
    add(1, 0, 0, 90);
    add(2, 1, 1, 160);
    add(2, 1, 0, 40);
    add(2, 0, 1, 30);
    add(2, 0, 0, 170);
    add(0, 1, 0, 50);
}

static const cJSON *of_sex(const cJSON *release)
{
    struct es_view_finding at = {0};
    CU_ASSERT_TRUE_FATAL(es_view_next(release, &at));
    return es_view_at(at.finding, "fairness", "sex");
}

static void gap(const cJSON *axis, const char *name, double difference, double ratio, const char *worst)
{
    const cJSON *m = es_view_at(axis, "metrics", name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(m, "difference"), difference, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(m, "ratio"), ratio, 1e-12);
    CU_ASSERT_EQUAL(es_view_number(m, "n_defined"), 2);
    CU_ASSERT_EQUAL(es_view_number(m, "n_not_estimable"), 1); /* O: nobody */
    if (worst) CU_ASSERT_STRING_EQUAL(es_view_string(cJSON_GetObjectItemCaseSensitive(m, "worst"), "level"), worst);
}

static void gaps_are_those_of_the_known_levels(void)
{
    two_levels();
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *axis = of_sex(release);
    CU_ASSERT_EQUAL(es_view_number(axis, "levels"), 3);
    gap(axis, "alert_rate", 190.0 / 400 - 70.0 / 200, (70.0 / 200) / (190.0 / 400), NULL);
    gap(axis, "tpr", 0.2, 0.75, "F");
    gap(axis, "fpr", 0.05, 0.1 / 0.15, "M"); /* the greatest is the worst */
    gap(axis, "ppv", 60.0 / 70 - 160.0 / 190, (160.0 / 190) / (60.0 / 70), "M");
    gap(axis, "accuracy", 330.0 / 400 - 150.0 / 200, (150.0 / 200) / (330.0 / 400), "F");
    CU_ASSERT_PTR_NULL(cJSON_GetObjectItemCaseSensitive(es_view_at(axis, "metrics", "alert_rate"), "worst"));
    const cJSON *odds = cJSON_GetObjectItemCaseSensitive(axis, "equalised_odds");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(odds, "difference_worst"), 0.2, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(odds, "difference_mean"), 0.125, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(odds, "ratio_worst"), 0.1 / 0.15, 1e-12);
    const cJSON *prevalence = cJSON_GetObjectItemCaseSensitive(axis, "prevalence");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(cJSON_GetObjectItemCaseSensitive(prevalence, "highest"), "value"), 0.5, 1e-12);
    cJSON_Delete(release);
}

/** Two levels: E|X - Y| = sqrt(2/pi) times the error of the difference, variances with the factor K/(K-1) of patients. */
static void chance_alone_is_told_beside_the_gap(void)
{
    two_levels();
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *tpr = es_view_at(of_sex(release), "metrics", "tpr");
    const double p = 220.0 / 300, want = sqrt(2 / M_PI * p * (1 - p) * (1.0 / 99 + 1.0 / 199));
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(tpr, "expected_under_parity"), want, 1e-6);
    CU_ASSERT_STRING_EQUAL(es_view_string(tpr, "words"), "2 levels, 0.200 apart (95 % 0.091 to 0.312), ratio 0.750; expected by chance under parity: 0.043");
    /* R 4.2.2, the Miettinen-Nurminen z of test_report_weak.c on 0.8 of 199 and 0.6 of 99 */
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(tpr, "difference_lo"), 0.0906891347077678, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(tpr, "difference_hi"), 0.3119069053184280, 1e-6);
    CU_ASSERT_TRUE(es_view_number(tpr, "ratio_lo") < 0.75 && es_view_number(tpr, "ratio_hi") > 0.75 && es_view_number(tpr, "ratio_hi") < 1);
    const cJSON *odds = cJSON_GetObjectItemCaseSensitive(of_sex(release), "equalised_odds");
    CU_ASSERT_TRUE(es_view_number(odds, "difference_worst_lo") < 0.0907 && es_view_number(odds, "difference_worst_hi") > 0.3119);
    cJSON_Delete(release);
}

static void a_suppressed_level_is_counted_and_left_out(void)
{
    two_levels();
    add(3, 1, 0, 3); /* three of O: all missed */
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    const cJSON *tpr = es_view_at(of_sex(release), "metrics", "tpr");
    CU_ASSERT(es_view_number(tpr, "n_suppressed") >= 1);
    CU_ASSERT(isnan(es_view_number(tpr, "difference")) || fabs(es_view_number(tpr, "difference") - 0.2) < 1e-12);
    CU_ASSERT_EQUAL(es_view_number(tpr, "n_defined") + es_view_number(tpr, "n_suppressed") + es_view_number(tpr, "n_not_estimable"), 3);
    cJSON_Delete(release);
}

static void without_intervals_nothing_is_expected(void)
{
    two_levels();
    site.config.external = (struct es_disclosure){ES_DISCLOSE_NHS, 0};
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    const cJSON *tpr = es_view_at(of_sex(release), "metrics", "tpr");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(tpr, "difference"), 0.2, 1e-12);
    CU_ASSERT_TRUE(isnan(es_view_number(tpr, "expected_under_parity")) && isnan(es_view_number(tpr, "difference_lo")));
    CU_ASSERT_STRING_EQUAL(es_view_string(tpr, "words"), "2 levels, 0.200 apart, ratio 0.750");
    cJSON_Delete(release);
}

static void an_empty_site_has_no_gap(void)
{
    stand_in_init(&site);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *tpr = es_view_at(of_sex(release), "metrics", "tpr");
    CU_ASSERT_EQUAL(es_view_number(tpr, "n_not_estimable"), 3);
    CU_ASSERT_TRUE(isnan(es_view_number(tpr, "difference")));
    CU_ASSERT_STRING_EQUAL(es_view_string(tpr, "words"), "fewer than two levels to compare");
    cJSON_Delete(release);
}

static void page_and_table_show_it(void)
{
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    two_levels();
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_EQUAL_FATAL(es_render_html(release, &bytes, &err), ES_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)bytes.data, "Levels of sex"));
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)bytes.data, "<td class=\"n\">2 of 3<span class=\"sub row\">1 not estimable</span></td>"));
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)bytes.data, "grows with the number of levels"));
    es_bytes_free(&bytes);
    CU_ASSERT_EQUAL_FATAL(es_render_csv(release, &bytes, &err), ES_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)bytes.data, "\"sex: highest less lowest\",,,,,\"tpr\","));
    es_bytes_free(&bytes);
    cJSON_Delete(release);
}

static const struct es_test tests[] = {{"gaps_are_those_of_the_known_levels", gaps_are_those_of_the_known_levels},
                                       {"chance_alone_is_told_beside_the_gap", chance_alone_is_told_beside_the_gap},
                                       {"a_suppressed_level_is_counted_and_left_out", a_suppressed_level_is_counted_and_left_out},
                                       {"without_intervals_nothing_is_expected", without_intervals_nothing_is_expected},
                                       {"an_empty_site_has_no_gap", an_empty_site_has_no_gap},
                                       {"page_and_table_show_it", page_and_table_show_it},
                                       {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("report_fairness", tests, argc, argv);
}
