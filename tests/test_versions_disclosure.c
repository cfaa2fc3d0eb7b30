/* SPDX-License-Identifier: Apache-2.0 */
/* What a comparison of two versions withholds: by itself, beside an earlier one, and beside reports. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/view.h"
#include "testlib.h"
#include "versions_world.h"

/* 3 people are asked for; F has one whom only the new version found, so nobody of this axis is shown, everyone neither: nor without the disease,
 * as a report tells the cases of a group, and with them the one measure the other. */
static void outsiders_see_a_grouping_whole_or_not_at_all(void)
{
    versions_start("none");
    versions_levelled_down();
    cJSON *tree = versions_compared(ES_AUDIENCE_EXTERNAL);
    for (int m = 0; m < 2; m++)
        for (int g = 0; g < 4; g++) {
            const cJSON *one;
            const cJSON *in = versions_grouping(tree, m, g);
            CU_ASSERT_FALSE(*es_view_string(in, "verdict"));
            CU_ASSERT_PTR_NULL(versions_get(in, "gap"));
            cJSON_ArrayForEach(one, versions_get(in, "groups"))
            {
                CU_ASSERT_STRING_EQUAL(es_view_string(one, "status"), "suppressed");
                CU_ASSERT_FALSE(versions_has_numbers(one));
            }
        }
    const cJSON *counts = versions_get(cJSON_GetArrayItem(versions_get(tree, "findings"), 0), "units");
    CU_ASSERT_EQUAL(es_view_count(counts, "compared").shown, ES_SHOWN_SUPPRESSED);
    cJSON_Delete(tree);
    es_world_close(&versions_world);
}

/** A result of a later day, of no exam: all windows close, the next release is due, and no funnel has one more. */
static void pass_to(int32_t day)
{
    versions_study++;
    versions_take(es_say_result(versions_study, "3.0-beta", "effusion", 0.5, AT(day)));
}

static char *for_outsiders(bool record, cJSON **tree)
{
    const struct es_versions_options options = {"net", {"1.0", "2.0"}, ES_NO_DAY, ES_NO_DAY, ES_AUDIENCE_EXTERNAL};
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    cJSON_Delete(*tree);
    if (es_versions_external(versions_world.site, &options, record, tree, &err) != ES_OK) {
        fprintf(stderr, "%s\n", err.text);
        CU_FAIL_FATAL("comparison for outsiders");
    }
    CU_ASSERT_EQUAL_FATAL(es_versions_json(*tree, &bytes, NULL), ES_OK);
    return (char *)bytes.data;
}

/* Of each sex and cell five. One man more, a month later: no grouping that he is in is shown; four, another month later: all are. */
static void comparisons_for_outsiders_cannot_be_subtracted(void)
{
    const struct es_versions_options options = {"net", {"1.0", "2.0"}, ES_NO_DAY, ES_NO_DAY, ES_AUDIENCE_EXTERNAL};
    struct es_error err = {0};
    cJSON *tree = NULL;
    versions_start("none");
    for (int i = 0; i < 16; i++) versions_units(5, i & 1 ? "F" : "M", i >> 1 & 1, i >> 2 & 1, i >> 3 & 1);
    pass_to(DAY + 40);
    CU_ASSERT_EQUAL(es_versions_external(versions_world.site, &options, false, &tree, &err), ES_E_STATE);
    char *first = for_outsiders(true, &tree);
    CU_ASSERT_EQUAL(es_view_number(versions_group(tree, 0, 0, 0), "cases"), 40);
    versions_unit(versions_study + 1, "M", 1, 1, 1, DAY + 1);
    char *same = for_outsiders(true, &tree); /* not due */
    CU_ASSERT_STRING_EQUAL(same, first);
    free(same);
    pass_to(DAY + 80);
    same = for_outsiders(true, &tree); /* due, but by one */
    CU_ASSERT_STRING_NOT_EQUAL(same, first);
    for (int m = 0; m < 2; m++)
        for (int g = 0; g < 4; g++) CU_ASSERT_STRING_EQUAL(es_view_string(versions_group(tree, m, g, 0), "status"), "suppressed");
    CU_ASSERT_EQUAL(es_view_count(versions_get(cJSON_GetArrayItem(versions_get(tree, "findings"), 0), "units"), "compared").shown, ES_SHOWN_SUPPRESSED);
    free(first);
    first = same;
    for (int i = 0; i < 3; i++) versions_unit(versions_study + 1, "M", 1, 1, 1, DAY + 1);
    pass_to(DAY + 120);
    same = for_outsiders(false, &tree); /* of one who may not write */
    CU_ASSERT_STRING_EQUAL(same, first);
    free(same);
    same = for_outsiders(true, &tree);
    CU_ASSERT_STRING_NOT_EQUAL(same, first);
    CU_ASSERT_EQUAL(es_view_number(versions_group(tree, 0, 0, 0), "cases"), 44);
    CU_ASSERT_EQUAL(es_view_number(versions_get(tree, "disclosure"), "earlier_releases"), 2);
    free(same);
    free(first);
    cJSON_Delete(tree);
    es_world_close(&versions_world);
}

static void staff_see_no_group_of_few_patients(void)
{
    versions_start("floor:20");
    versions_levelled_down();
    cJSON *tree = versions_compared(ES_AUDIENCE_INTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(versions_group(tree, 1, 1, 0), "status"), "suppressed"); /* ten women without the disease */
    CU_ASSERT_FALSE(versions_has_numbers(versions_group(tree, 1, 1, 0)));
    CU_ASSERT_STRING_EQUAL(es_view_string(versions_group(tree, 0, 1, 0), "status"), "estimated");
    CU_ASSERT_STRING_EQUAL(es_view_string(versions_grouping(tree, 0, 1), "verdict"), "levelling_down");
    cJSON_Delete(tree);
    es_world_close(&versions_world);
}

/* STANDARDS 4.3: 52 of 60 becomes 50 of 60; 1 to 7 is not shown. */
static void the_nhs_rule_rounds_counts_and_rates(void)
{
    versions_start("nhs");
    versions_levelled_down();
    cJSON *tree = versions_compared(ES_AUDIENCE_INTERNAL);
    const cJSON *m = versions_group(tree, 0, 1, 1);
    CU_ASSERT_EQUAL(es_view_number(versions_get(m, "pairs"), "only_before_right"), 10);
    CU_ASSERT_EQUAL(es_view_count(versions_get(m, "pairs"), "only_after_right").shown, ES_SHOWN_SUPPRESSED);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(m, "before"), 50.0 / 60, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(m, "after"), 40.0 / 60, 1e-15);
    CU_ASSERT_TRUE(isnan(es_view_number(m, "lo")) && isnan(es_view_number(m, "p")));
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(versions_get(versions_grouping(tree, 0, 1), "gap"), "before"), 50.0 / 60 - 25.0 / 30, 1e-15);
    cJSON_Delete(tree);
    es_world_close(&versions_world);
}

/** Of each sex and cell five, on pairs: nothing of it is small. */
static void five_of_each(void)
{
    for (int i = 0; i < 16; i++) versions_units(5, i & 1 ? "F" : "M", i >> 1 & 1, i >> 2 & 1, i >> 3 & 1);
}

static const cJSON *report_group(const cJSON *report, const char *version)
{
    struct es_view_finding at = {0};
    while (es_view_next(report, &at))
        if (strcmp(at.version, version) == 0) return cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(at.finding, "groups"), 0);
    CU_FAIL_FATAL("no such version");
    return NULL;
}

static cJSON *report_for_outsiders(void)
{
    cJSON *report = NULL;
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(es_report_external(versions_world.site, true, &report, &err), ES_OK);
    return report;
}

/* Two women without an answer: a report tells how many results there are of women, so it withholds how many have one. Those that a comparison tells
 * of, with the disease and without, come to just as many. */
static void what_a_report_of_the_moment_would_withhold_is_withheld(void)
{
    for (int few = 0; few < 2; few++) {
        cJSON *tree = NULL;
        versions_start("none");
        five_of_each();
        if (few) versions_units(2, "F", 1, 1, -1);
        pass_to(DAY + 40);
        free(for_outsiders(true, &tree));
        CU_ASSERT_EQUAL(versions_has_numbers(versions_group(tree, 0, 1, 0)), !few);
        CU_ASSERT_EQUAL(versions_has_numbers(versions_group(tree, 1, 1, 0)), !few);
        cJSON_Delete(tree);
        es_world_close(&versions_world);
    }
}

/* A report tells 42 with the disease of version 1.0, two of whom version 2.0 had not decided. When these are five, all units are three more than were told,
 * which is enough; those that both decided are two fewer, which is not. */
static void what_both_decided_is_laid_beside_earlier_reports(void)
{
    for (int few = 0; few < 2; few++) {
        cJSON *tree = NULL;
        versions_start("none");
        five_of_each();
        if (few) versions_units(2, "M", 1, -1, 1);
        pass_to(DAY + 40);
        cJSON *report = report_for_outsiders();
        const double told = es_view_number(cJSON_GetObjectItemCaseSensitive(report_group(report, "1.0"), "denominators"), "positives");
        CU_ASSERT_EQUAL(told, few ? 42 : 40);
        versions_units(few ? 3 : 5, "M", 1, -1, 1);
        pass_to(DAY + 80);
        free(for_outsiders(true, &tree));
        CU_ASSERT_EQUAL(versions_has_numbers(versions_group(tree, 0, 0, 0)), !few);
        cJSON_Delete(report);
        cJSON_Delete(tree);
        es_world_close(&versions_world);
    }
}

/* A comparison told 40 with the disease. A report a month later, of two more, does not tell them; of four it does. */
static void reports_are_laid_beside_earlier_comparisons(void)
{
    for (unsigned more = 2; more <= 4; more += 2) {
        cJSON *tree = NULL;
        versions_start("none");
        five_of_each();
        pass_to(DAY + 40);
        free(for_outsiders(true, &tree));
        CU_ASSERT_EQUAL(es_view_number(versions_group(tree, 0, 0, 0), "cases"), 40);
        versions_units(more, "M", 1, 1, 1);
        pass_to(DAY + 80);
        cJSON *report = report_for_outsiders();
        const double told = es_view_number(cJSON_GetObjectItemCaseSensitive(report_group(report, "1.0"), "denominators"), "positives");
        CU_ASSERT_TRUE(more == 4 ? told == 44 : isnan(told));
        cJSON_Delete(report);
        cJSON_Delete(tree);
        es_world_close(&versions_world);
    }
}

/* One man in the place of another, so that every count is as before: what moved is the clustering of two exams. */
static void a_figure_that_moved_without_its_counts_is_withheld(void)
{
    cJSON *tree = NULL;
    versions_start("none");
    five_of_each();
    versions_unit(900, "M", 1, 1, 1, DAY);
    versions_unit(900, "M", 1, 1, 1, DAY);
    versions_unit(901, "M", 1, 1, 1, DAY);
    versions_unit(902, "M", 0, 0, 1, DAY);
    pass_to(DAY + 40);
    free(for_outsiders(true, &tree));
    CU_ASSERT_EQUAL(es_view_number(versions_group(tree, 0, 0, 0), "cases"), 44);
    CU_ASSERT_TRUE(es_world_forget(&versions_world, "{\"patient_id\":\"PAT900\"}") > 0);
    CU_ASSERT_TRUE(es_world_forget(&versions_world, "{\"patient_id\":\"PAT901\"}") > 0);
    versions_unit(903, "M", 1, 1, 1, DAY);
    versions_unit(904, "M", 1, 1, 1, DAY);
    versions_unit(904, "M", 1, 1, 1, DAY);
    pass_to(DAY + 80);
    free(for_outsiders(true, &tree));
    const cJSON *everyone = versions_group(tree, 0, 0, 0);
    CU_ASSERT_EQUAL(es_view_number(everyone, "cases"), 44); /* the same figures: nothing tells that they are others */
    CU_ASSERT_TRUE(es_world_forget(&versions_world, "{\"patient_id\":\"PAT904\"}") > 0);
    versions_unit(905, "M", 1, 1, 1, DAY);
    versions_unit(902, "M", 1, 1, 1, DAY); /* now 902 is he who has two */
    pass_to(DAY + 120);
    free(for_outsiders(true, &tree));
    CU_ASSERT_FALSE(versions_has_numbers(versions_group(tree, 0, 0, 0)));
    CU_ASSERT_FALSE(versions_has_numbers(versions_group(tree, 0, 1, 1)));
    CU_ASSERT_FALSE(versions_has_numbers(versions_group(tree, 1, 0, 0)));
    CU_ASSERT_FALSE(versions_has_numbers(versions_group(tree, 0, 1, 0))); /* a grouping goes whole */
    cJSON_Delete(tree);
    es_world_close(&versions_world);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"outsiders_see_a_grouping_whole_or_not_at_all", outsiders_see_a_grouping_whole_or_not_at_all},
        {"comparisons_for_outsiders_cannot_be_subtracted", comparisons_for_outsiders_cannot_be_subtracted},
        {"what_a_report_of_the_moment_would_withhold_is_withheld", what_a_report_of_the_moment_would_withhold_is_withheld},
        {"what_both_decided_is_laid_beside_earlier_reports", what_both_decided_is_laid_beside_earlier_reports},
        {"reports_are_laid_beside_earlier_comparisons", reports_are_laid_beside_earlier_comparisons},
        {"a_figure_that_moved_without_its_counts_is_withheld", a_figure_that_moved_without_its_counts_is_withheld},
        {"staff_see_no_group_of_few_patients", staff_see_no_group_of_few_patients},
        {"the_nhs_rule_rounds_counts_and_rates", the_nhs_rule_rounds_counts_and_rates},
        {NULL, NULL}};
    return es_test_main("versions_disclosure", tests, argc, argv);
}
