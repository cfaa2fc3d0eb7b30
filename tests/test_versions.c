/* SPDX-License-Identifier: Apache-2.0 */
/* Two versions on the same units, through a real ledger. Intervals and p: Tango's equation (Stat Med 17:891, 1998) solved by bisection,
 * and McNemar's chi-square, in an independent Python script, on pairs divided by the design effect; a pair a patient has K/(K-1). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/view.h"
#include "testlib.h"
#include "versions_world.h"

static void changes_are_those_of_the_pairs(void)
{
    versions_start("none");
    versions_levelled_down();
    cJSON *tree = versions_compared(ES_AUDIENCE_INTERNAL);
    const cJSON *m = versions_group(tree, 0, 1, 1), *f = versions_group(tree, 0, 1, 0), *all = versions_group(tree, 0, 0, 0);
    CU_ASSERT_STRING_EQUAL(es_view_string(versions_get(m, "group"), "sex"), "M");
    CU_ASSERT_EQUAL(es_view_number(m, "cases"), 60);
    CU_ASSERT_EQUAL(es_view_number(versions_get(m, "pairs"), "only_before_right"), 12);
    CU_ASSERT_EQUAL(es_view_number(versions_get(m, "pairs"), "only_after_right"), 2);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(m, "before"), 52.0 / 60, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(m, "change"), -10.0 / 60, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(m, "lo"), -0.29360383118221, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(m, "hi"), -0.05007883345350, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(m, "p"), 0.008043292733076, 1e-13);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(m, "p_adjusted"), 2 * 0.008043292733076, 1e-13); /* Holm over F and M */
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(m, "design_effect"), 60.0 / 59, 1e-13);
    CU_ASSERT_STRING_EQUAL(es_view_string(m, "standing"), "harmed");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(f, "lo"), -0.23482798795217, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(f, "p_adjusted"), 0.3255129118943771, 1e-12);
    CU_ASSERT_STRING_EQUAL(es_view_string(f, "standing"), "no_change_shown");
    CU_ASSERT_EQUAL(es_view_number(all, "cases"), 90);
    /* 63/90: Wilson on 90 (K/(K-1) for the rate too) lies below 0.8; 75/90 before leaves it open */
    CU_ASSERT_STRING_EQUAL(es_view_string(versions_get(all, "against_floor"), "before"), "not_enough");
    CU_ASSERT_STRING_EQUAL(es_view_string(versions_get(all, "against_floor"), "after"), "below");
    cJSON_Delete(tree);
    es_world_close(&versions_world);
}

static void a_gap_that_closes_downwards_is_called_so(void)
{
    versions_start("none");
    versions_levelled_down();
    cJSON *tree = versions_compared(ES_AUDIENCE_INTERNAL);
    const cJSON *sex = versions_grouping(tree, 0, 1);
    CU_ASSERT_STRING_EQUAL(es_view_string(sex, "verdict"), "levelling_down");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(versions_get(sex, "gap"), "before"), 0.1, 1e-12); /* 52/60 - 23/30 */
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(versions_get(sex, "gap"), "after"), 0, 1e-12);    /* 42/60, 21/30 */
    CU_ASSERT_STRING_EQUAL(es_view_string(es_view_at(versions_get(sex, "worst"), "before", "group"), "sex"), "F");
    CU_ASSERT_PTR_NOT_NULL(strstr(es_view_string(sex, "words"), "levelling down: the gap narrowed (0.10 before, 0.00 after)"));
    /* one age band only: nothing to compare */
    CU_ASSERT_STRING_EQUAL(es_view_string(versions_grouping(tree, 0, 2), "why"), "fewer_than_two_groups");
    CU_ASSERT_STRING_EQUAL(es_view_string(versions_grouping(tree, 0, 3), "verdict"), "levelling_down");
    const cJSON *first = cJSON_GetArrayItem((cJSON *)(uintptr_t)es_view_at(tree, "summary", "sentences"), 0);
    CU_ASSERT_STRING_EQUAL(first->valuestring, "effusion: worse for everyone: sensitivity 0.83 before, 0.70 after.");
    cJSON_Delete(tree);
    es_world_close(&versions_world);
}

static void the_unpaired_stand_beside_with_their_title(void)
{
    versions_start("none");
    versions_levelled_down();
    cJSON *tree = versions_compared(ES_AUDIENCE_INTERNAL);
    const cJSON *unpaired = versions_get(versions_group(tree, 0, 1, 0), "unpaired");
    CU_ASSERT_STRING_EQUAL(es_view_string(unpaired, "title"), "confounded by time");
    CU_ASSERT_EQUAL(es_view_number(versions_get(unpaired, "before"), "cases"), 33);
    CU_ASSERT_EQUAL(es_view_number(versions_get(unpaired, "before"), "right"), 26);
    CU_ASSERT_EQUAL(es_view_number(versions_get(unpaired, "after"), "cases"), 32);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(unpaired, "change"), 21.0 / 32 - 26.0 / 33, 1e-15);
    const cJSON *counts = versions_get(cJSON_GetArrayItem(versions_get(tree, "findings"), 0), "units");
    CU_ASSERT_EQUAL(es_view_number(counts, "compared"), 100);
    CU_ASSERT_EQUAL(es_view_number(counts, "only_before"), 3);
    CU_ASSERT_EQUAL(es_view_number(counts, "only_after"), 2);
    cJSON_Delete(tree);
    es_world_close(&versions_world);
}

/* Windows (10 days) are open for exams of the last day; failures are no decisions. */
static void only_due_units_of_both_are_pairs(void)
{
    versions_start("none");
    versions_units(6, "F", 1, 1, 1);
    versions_units(5, "F", 0, 0, 0);
    versions_units(3, "F", 1, 0, -1); /* overdue */
    versions_unit(900, "F", 1, 1, 1, DAY + 38); /* maturing when all ends at DAY + 40 */
    versions_study++;
    versions_take(es_say_exam(versions_study, 901, DAY, "F", "050Y"));
    versions_take(es_say_result(versions_study, "1.0", "effusion", 0.9, AT(DAY)));
    versions_take(es_say_failure(versions_study, "2.0", ES_RESULT_FAILED, AT(DAY)));
    versions_take(es_say_reference(versions_study, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 5)));
    versions_close_windows();
    cJSON *tree = versions_compared(ES_AUDIENCE_INTERNAL);
    const cJSON *counts = versions_get(cJSON_GetArrayItem(versions_get(tree, "findings"), 0), "units");
    CU_ASSERT_EQUAL(es_view_number(counts, "compared"), 11);
    CU_ASSERT_EQUAL(es_view_number(counts, "only_before"), 1);
    CU_ASSERT_EQUAL(es_view_number(counts, "without_reference"), 3);
    CU_ASSERT_EQUAL(es_view_number(counts, "maturing"), 1);
    CU_ASSERT_EQUAL(es_view_number(versions_group(tree, 0, 0, 0), "cases"), 6);
    CU_ASSERT_EQUAL(es_view_number(versions_group(tree, 1, 0, 0), "cases"), 5);
    cJSON_Delete(tree);
    es_world_close(&versions_world);
}

/* No non-alert of version 2.0 was ever verified: its misses cannot be known (DESIGN 8, verification). */
static void without_a_verified_non_alert_nothing_is_told(void)
{
    versions_start("none");
    versions_units(6, "F", 1, 1, 1);
    versions_units(3, "F", 0, 1, 0);
    versions_units(3, "F", 1, 0, -1);
    versions_close_windows();
    cJSON *tree = versions_compared(ES_AUDIENCE_INTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(versions_group(tree, 0, 0, 0), "why"), "no_verified_negatives");
    CU_ASSERT_STRING_EQUAL(es_view_string(versions_group(tree, 1, 0, 0), "status"), "not_estimable");
    cJSON_Delete(tree);
    es_world_close(&versions_world);
}

/* Four patients of three pairs, s = -3, 0, 0, 1: design effect 36/11 (by hand in test_levelling.c). */
static void pairs_of_one_patient_are_not_independent(void)
{
    versions_start("none");
    for (int i = 0; i < 3; i++) versions_unit(1, "F", 1, 0, 1, DAY + i);
    for (int i = 0; i < 3; i++) versions_unit(2, "F", 1, 1, 1, DAY + i);
    for (int i = 0; i < 3; i++) versions_unit(3, "F", i > 0, i > 0, 1, DAY + i);
    for (int i = 0; i < 3; i++) versions_unit(4, "F", 0, i == 0, 1, DAY + i);
    versions_close_windows();
    cJSON *tree = versions_compared(ES_AUDIENCE_INTERNAL);
    const cJSON *all = versions_group(tree, 0, 0, 0);
    CU_ASSERT_EQUAL(es_view_number(all, "cases"), 12);
    CU_ASSERT_EQUAL(es_view_number(all, "patients"), 4);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(all, "design_effect"), 36.0 / 11, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(all, "standard_error"), sqrt(1.0 / 12), 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(all, "lo"), -0.6828418611769584, 1e-11);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(all, "hi"), 0.4778225715843072, 1e-11);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(all, "p"), 0.5804203667959205, 1e-12);
    CU_ASSERT_STRING_EQUAL(es_view_string(all, "reason"), "min_patients");
    cJSON_Delete(tree);
    es_world_close(&versions_world);
}

/** The plan asks for five patients: five are enough, four are not. */
static void as_many_patients_as_the_plan_asks_for_are_enough(void)
{
    for (unsigned patients = 4; patients <= 5; patients++) {
        versions_start("none");
        for (unsigned i = 0; i < 10; i++) versions_unit(1 + i % patients, "F", i % 2, i % 3 == 0, 1, DAY + (int32_t)i);
        versions_close_windows();
        cJSON *tree = versions_compared(ES_AUDIENCE_INTERNAL);
        CU_ASSERT_EQUAL(es_view_number(versions_group(tree, 0, 0, 0), "patients"), patients);
        CU_ASSERT_STRING_EQUAL(es_view_string(versions_group(tree, 0, 0, 0), "reason"), patients < 5 ? "min_patients" : "");
        cJSON_Delete(tree);
        es_world_close(&versions_world);
    }
}

static void what_is_not_there_is_named(void)
{
    static const struct {
        const char *model, *versions[2], *text;
    } cases[] = {{"net", {"1.0", "9"}, "no result of version \"9\" is known; versions there are: 1.0, 2.0, 3.0-beta"},
                 {"net", {"", "1.0"}, "no result of version \"\" is known; versions there are: 1.0, 2.0, 3.0-beta"},
                 {"other", {"1.0", "2.0"}, "no model \"other\" is configured; there are: net"},
                 {"net", {"2.0", "2.0"}, "both versions are \"2.0\""}};
    versions_start("none");
    versions_levelled_down();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct es_versions_options options = {cases[i].model, {cases[i].versions[0], cases[i].versions[1]}, ES_NO_DAY, ES_NO_DAY, 0};
        struct es_error err = {0};
        cJSON *tree = NULL;
        CU_ASSERT_EQUAL(es_versions_build(versions_world.site, &options, &tree, &err), ES_E_ARG);
        CU_ASSERT_STRING_EQUAL(err.text, cases[i].text);
        CU_ASSERT_PTR_NULL(tree);
    }
    const struct es_versions_options backwards = {"net", {"1.0", "2.0"}, DAY, DAY - 1, 0};
    cJSON *tree = NULL;
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_versions_build(versions_world.site, &backwards, &tree, &err), ES_E_ARG);
    CU_ASSERT_STRING_EQUAL(err.text, "the period ends before it begins");
    es_world_close(&versions_world);
}

static void a_period_leaves_out_other_exams(void)
{
    versions_start("none");
    versions_levelled_down();
    const struct es_versions_options options = {"net", {"1.0", "2.0"}, DAY + 1, ES_NO_DAY, 0};
    struct es_error err = {0};
    cJSON *tree = NULL;
    CU_ASSERT_EQUAL_FATAL(es_versions_build(versions_world.site, &options, &tree, &err), ES_OK);
    CU_ASSERT_EQUAL(es_view_number(versions_get(cJSON_GetArrayItem(versions_get(tree, "findings"), 0), "units"), "compared"), 0);
    CU_ASSERT_STRING_EQUAL(es_view_string(versions_group(tree, 0, 0, 0), "why"), "no_positives");
    cJSON_Delete(tree);
    es_world_close(&versions_world);
}

/* What is not compared is named, and never passes for a finding of which no group became worse. */
static void findings_of_other_tasks_are_named_as_not_compared(void)
{
    versions_start("none");
    versions_levelled_down();
    cJSON *tree = versions_compared(ES_AUDIENCE_EXTERNAL);
    const cJSON *entry, *list = versions_get(tree, "not_compared");
    int said = 0, unharmed = 0;
    CU_ASSERT_EQUAL(cJSON_GetArraySize(versions_get(tree, "findings")), 1);
    CU_ASSERT_EQUAL_FATAL(cJSON_GetArraySize(list), 1);
    CU_ASSERT_STRING_EQUAL(es_view_string(list->child, "finding"), "lvef");
    CU_ASSERT_STRING_EQUAL(es_view_string(list->child, "task"), "measurement");
    cJSON_ArrayForEach(entry, versions_get(versions_get(tree, "summary"), "sentences"))
        said += strcmp(entry->valuestring, "lvef (measurement) was not compared: versions are compared on binary findings; the report shows each version's own figures.") == 0;
    CU_ASSERT_EQUAL(said, 1);
    cJSON_Delete(tree);
    es_world_close(&versions_world);
    es_world_open(&versions_world, "{\"Site\":\"A\",\"Ledger\":\"sqlite:%s/ledger.db\",\"PseudonymKeyFile\":\"%s/site.key\",\"Axes\":[{\"Name\":\"sex\",\"Attribute\":\"PatientSex\"}],"
                          "\"Models\":[{\"Name\":\"net\",\"Findings\":[{\"Name\":\"lvef\",\"Task\":\"measurement\"}]}]}");
    versions_study = 1;
    versions_take(es_say_exam(1, 1, DAY, "F", "050Y"));
    versions_take(es_say_result(1, "1.0", "lvef", 0.5, AT(DAY)));
    versions_take(es_say_result(1, "2.0", "lvef", 0.5, AT(DAY)));
    tree = versions_compared(ES_AUDIENCE_INTERNAL);
    cJSON_ArrayForEach(entry, versions_get(versions_get(tree, "summary"), "sentences")) unharmed += strstr(entry->valuestring, "No group") != NULL;
    CU_ASSERT_EQUAL(unharmed, 0);
    cJSON_Delete(tree);
    es_world_close(&versions_world);
}

static void every_format_says_the_same(void)
{
    versions_start("none");
    versions_levelled_down();
    cJSON *tree = versions_compared(ES_AUDIENCE_INTERNAL), *other = cJSON_CreateObject();
    struct es_bytes json = {0}, again = {0}, text = {0}, html = {0};
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(es_versions_json(tree, &json, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_versions_json(tree, &again, NULL), ES_OK);
    CU_ASSERT_TRUE(json.len == again.len && memcmp(json.data, again.data, json.len) == 0);
    CU_ASSERT_EQUAL_FATAL(es_versions_text(tree, &text, NULL), ES_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)text.data, "0.87    0.70   \xe2\x88\x92" "0.17"));
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)text.data, "confounded by time"));
    CU_ASSERT_PTR_NULL(strstr((const char *)text.data, "age 60+")); /* nobody */
    CU_ASSERT_EQUAL_FATAL(es_versions_html(tree, &html, NULL), ES_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)html.data, "levelling down: the gap narrowed"));
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)html.data, "confounded by time"));
    CU_ASSERT_PTR_NULL(strstr((const char *)html.data, "<script"));
    CU_ASSERT_EQUAL(es_versions_json(other, &again, &err), ES_E_PARSE);
    CU_ASSERT_STRING_EQUAL(err.text, "found schema \"\", expected \"evensight-compare/1\"");
    CU_ASSERT_EQUAL(es_versions_text(other, &again, NULL), ES_E_PARSE);
    CU_ASSERT_EQUAL(es_versions_html(other, &again, NULL), ES_E_PARSE);
    es_bytes_free(&json);
    es_bytes_free(&again);
    es_bytes_free(&text);
    es_bytes_free(&html);
    cJSON_Delete(tree);
    cJSON_Delete(other);
    es_world_close(&versions_world);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"changes_are_those_of_the_pairs", changes_are_those_of_the_pairs},
        {"a_gap_that_closes_downwards_is_called_so", a_gap_that_closes_downwards_is_called_so},
        {"the_unpaired_stand_beside_with_their_title", the_unpaired_stand_beside_with_their_title},
        {"only_due_units_of_both_are_pairs", only_due_units_of_both_are_pairs},
        {"without_a_verified_non_alert_nothing_is_told", without_a_verified_non_alert_nothing_is_told},
        {"pairs_of_one_patient_are_not_independent", pairs_of_one_patient_are_not_independent},
        {"as_many_patients_as_the_plan_asks_for_are_enough", as_many_patients_as_the_plan_asks_for_are_enough},
        {"what_is_not_there_is_named", what_is_not_there_is_named},
        {"a_period_leaves_out_other_exams", a_period_leaves_out_other_exams},
        {"findings_of_other_tasks_are_named_as_not_compared", findings_of_other_tasks_are_named_as_not_compared},
        {"every_format_says_the_same", every_format_says_the_same},
        {NULL, NULL}};
    return es_test_main("versions", tests, argc, argv);
}
