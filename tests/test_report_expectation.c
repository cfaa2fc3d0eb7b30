/* SPDX-License-Identifier: Apache-2.0 */
/* What is expected of results without a reference. Expected numbers are worked from the definitions of METRICS H2 for four scores. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/report.h"
#include "plugin/report/view.h"
#include "report_site.h"
#include "testlib.h"

static struct es_site site;

/** Women who wait: 0.9 and 0.6 with an alert, 0.2 and 0.1 without. Men with a reference. */
static void four_wait(void)
{
    static const double scores[] = {0.9, 0.6, 0.2, 0.1};
    stand_in_init(&site);
    stand_in_add(&site, 20, (struct stand_in_row){.sex = 2, .age = 1, .stage = ES_STAGE_REFERENCED, .mark = ES_MARK_HAS_REFERENCE, .label = 1, .decision = 1});
    for (size_t i = 0; i < 4; i++) {
        stand_in_add(&site, 1, (struct stand_in_row){.sex = 1, .age = 1, .stage = i == 3 ? ES_STAGE_OVERDUE : ES_STAGE_MATURING, .label = ES_NO_ANSWER,
                                                     .decision = i < 2});
        site.rows[site.n - 1].score = scores[i];
    }
}

static void scores_lead_to_expected_rates(void)
{
    four_wait();
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *f = stand_in_entry(stand_in_part(release, "expected"), "sex F", NULL), *sens = cJSON_GetObjectItemCaseSensitive(f, "sensitivity"),
                *spec = cJSON_GetObjectItemCaseSensitive(f, "specificity");
    const double z = 1.959963984540054;
    CU_ASSERT_STRING_EQUAL(es_view_string(f, "status"), "expected"); /* never "estimated" */
    CU_ASSERT_STRING_EQUAL(es_view_string(f, "assumes"), "calibrated_scores");
    CU_ASSERT_EQUAL(es_view_number(f, "results"), 4);
    CU_ASSERT_EQUAL(es_view_number(f, "maturing"), 3);
    CU_ASSERT_EQUAL(es_view_number(f, "overdue"), 1);
    /* TP 1.5, FN 0.3, FP 0.5, TN 1.7; variances 0.33 among alerts, 0.25 among the others */
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(sens, "value"), 1.5 / 1.8, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(sens, "lo"), 1.5 / 1.8 - z * hypot(0.3 * sqrt(0.33), 1.5 * sqrt(0.25)) / (1.8 * 1.8), 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(sens, "hi"), 1, 0);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(spec, "value"), 1.7 / 2.2, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(spec, "lo"), 1.7 / 2.2 - z * hypot(0.5 * sqrt(0.25), 1.7 * sqrt(0.33)) / (2.2 * 2.2), 1e-12);
    /* pairs won by the diseased, self-pairs one half: 0.9 (0.05 + 0.4 + 0.8 + 0.9) + 0.6 (0.2 + 0.8 + 0.9) + 0.2 (0.4 + 0.9) + 0.1 0.45 */
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(cJSON_GetObjectItemCaseSensitive(f, "auroc"), "value"), (0.9 * 2.15 + 0.6 * 1.9 + 0.2 * 1.3 + 0.1 * 0.45) / (1.8 * 2.2), 1e-12);
    CU_ASSERT_PTR_NOT_NULL(stand_in_entry(stand_in_part(release, "expected"), "everyone", NULL));
    CU_ASSERT_PTR_NULL(stand_in_entry(stand_in_part(release, "expected"), "sex M", NULL)); /* none of theirs waits */
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(es_render_html(release, &bytes, &err), ES_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)bytes.data, "Expected of results that await a reference: no measurement"));
    es_bytes_free(&bytes);
    cJSON_Delete(release);
}

/* Scores of nought expect no disease: of none, no rate, and no limits from 0 to 1 either. */
static void of_no_expected_case_there_is_no_rate(void)
{
    four_wait();
    for (uint32_t i = site.n - 4; i < site.n; i++) site.rows[i].score = 0;
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *sens = cJSON_GetObjectItemCaseSensitive(stand_in_entry(stand_in_part(release, "expected"), "sex F", NULL), "sensitivity");
    CU_ASSERT_PTR_NOT_NULL(sens);
    CU_ASSERT_TRUE(isnan(es_view_number(sens, "value")) && isnan(es_view_number(sens, "lo")) && isnan(es_view_number(sens, "hi")));
    cJSON_Delete(release);
}

static void without_probabilities_or_waiting_results_there_is_none(void)
{
    four_wait();
    site.rows[site.n - 1].score = 1.5;
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(stand_in_entry(stand_in_part(release, "expected"), "sex F", NULL), "why"), "not_probability");
    cJSON_Delete(release);
    site.n = 20;
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_EQUAL(cJSON_GetArraySize(stand_in_part(release, "expected")), 0);
    cJSON_Delete(release);
}

static void few_patients_and_outsiders_are_told_nothing(void)
{
    four_wait();
    site.config.internal = (struct es_disclosure){ES_DISCLOSE_FLOOR, 5};
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL), *others = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(stand_in_entry(stand_in_part(release, "expected"), "sex F", NULL), "status"), "suppressed");
    CU_ASSERT_EQUAL(cJSON_GetArraySize(stand_in_entry(stand_in_part(release, "expected"), "sex F", NULL)), 2); /* group and status */
    CU_ASSERT_EQUAL(cJSON_GetArraySize(stand_in_part(others, "expected")), 0);
    cJSON_Delete(release);
    cJSON_Delete(others);
    site.config.internal = (struct es_disclosure){ES_DISCLOSE_NHS, 0};
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_EQUAL(cJSON_GetArraySize(stand_in_part(release, "expected")), 0);
    cJSON_Delete(release);
}

static const struct es_test tests[] = {{"scores_lead_to_expected_rates", scores_lead_to_expected_rates},
                                       {"of_no_expected_case_there_is_no_rate", of_no_expected_case_there_is_no_rate},
                                       {"without_probabilities_or_waiting_results_there_is_none", without_probabilities_or_waiting_results_there_is_none},
                                       {"few_patients_and_outsiders_are_told_nothing", few_patients_and_outsiders_are_told_nothing},
                                       {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("report_expectation", tests, argc, argv);
}
