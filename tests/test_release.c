/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/json.h"
#include "plugin/report/build/build.h"
#include "plugin/report/view.h"
#include "testlib.h"

#define LEVELS 4

/** What a level holds: units and patients with a result and a reference. */
struct level {
    const char *name;
    int positives, negatives, tp, tn, patients, positive_patients, negative_patients;
};

static void group(char *out, size_t size, const struct level *l, const char *key)
{
    const int cases = l->positives + l->negatives;
    snprintf(out, size,
             "{\"group\":{%s},\"cases\":%d,\"patients\":%d,\"denominators\":{\"positives\":%d,\"negatives\":%d},"
             "\"funnel\":{\"seen\":%d,\"excluded\":0,\"ineligible\":0,\"eligibility_unknown\":0,\"eligible\":%d,\"resulted\":%d,\"rejected\":0,"
             "\"failed\":0,\"pending\":0,\"missing\":0,\"referenced\":%d,\"indeterminate\":0,\"maturing\":0,\"overdue\":0,\"late\":0,"
             "\"out_of_scope\":0},\"verification\":{\"alerts\":%d,\"alerts_verified\":%d,\"non_alerts\":%d,\"non_alerts_verified\":%d},"
             "\"metrics\":{\"sensitivity\":{\"status\":\"estimated\",\"value\":%.17g,\"lo\":0.1,\"hi\":0.9,\"n\":%d,\"patients\":%d,\"flags\":[]},"
             "\"specificity\":{\"status\":\"estimated\",\"value\":%.17g,\"lo\":0.1,\"hi\":0.9,\"n\":%d,\"patients\":%d,\"flags\":[]},"
             "\"auroc\":{\"status\":\"estimated\",\"value\":0.876543,\"lo\":0.1,\"hi\":0.9,\"n\":%d,\"patients\":%d,\"flags\":[]}},"
             "\"against_floor\":{\"sensitivity\":{\"floor\":0.8,\"verdict\":\"below\",\"value\":0.5,\"lo\":0.4,\"hi\":0.6,\"hidden\":"
             "{\"n\":%d,\"patients\":%d}}},"
             "\"against_rest\":{\"sensitivity\":{\"difference\":-0.1,\"group_value\":0.5,\"rest_value\":0.6,\"intervals\":[{\"lo\":-0.2,\"hi\":0}],"
             "\"family\":\"primary\",\"verdict\":\"disparity\",\"p\":0.01,\"p_adjusted\":0.02,\"words\":\"missed more often: 0.50 against 0.60\","
             "\"cases_needed\":null,\"hidden\":{\"n_group\":%d,\"n_rest\":100,\"patients_group\":%d,\"patients_rest\":90}}},"
             "\"hidden\":{\"seen\":%d,\"positives\":%d,\"negatives\":%d,\"referenced\":%d}}",
             key, cases, l->patients, l->positives, l->negatives, cases, cases, cases, cases, cases / 2, cases / 2, cases - cases / 2,
             cases - cases / 2, l->positives ? (double)l->tp / l->positives : 0.0, l->positives, l->positive_patients,
             l->negatives ? (double)l->tn / l->negatives : 0.0, l->negatives, l->negative_patients, cases, l->patients, l->positives,
             l->positive_patients, l->positives, l->positive_patients, l->patients, l->positive_patients, l->negative_patients, l->patients);
}

/** Everyone and the levels of one axis, disclosed. */
static cJSON *disclosed(const struct level levels[LEVELS], struct es_disclosure rule, enum es_audience audience)
{
    static char text[LEVELS * 4096], one[3000], key[64];
    struct level all = {.name = ""};
    struct es_error err = {0};
    struct es_tree tree = {0};
    cJSON *release = NULL;
    for (int i = 0; i < LEVELS; i++) {
        all.positives += levels[i].positives;
        all.negatives += levels[i].negatives;
        all.tp += levels[i].tp;
        all.tn += levels[i].tn;
        all.patients += levels[i].patients;
        all.positive_patients += levels[i].positive_patients;
        all.negative_patients += levels[i].negative_patients;
    }
    group(one, sizeof one, &all, "");
    int at = snprintf(text, sizeof text,
                      "{\"schema\":\"evensight-report/1\",\"excluded\":{\"phantom\":3,\"copy\":40},\"attributes\":{\"PatientSex\":{\"present\":900,"
                      "\"absent\":2,\"blank\":60,\"invalid\":0}},\"unpaired\":{\"ambiguous\":2},\"corrections\":{\"revised\":31},"
                      "\"models\":[{\"name\":\"m\",\"version\":null,\"epochs\":[],\"findings\":[{\"finding\":\"f\",\"epoch\":1,"
                      "\"verification\":{\"alerts\":0,\"alerts_verified\":0,\"non_alerts\":0,\"non_alerts_verified\":0},"
                      "\"references\":{\"sources\":{\"report\":40,\"pathology\":9},\"sources_disagree\":11,\"decision_mismatch\":0},"
                      "\"groups\":[%s", one);
    for (int i = 0; i < LEVELS; i++) {
        snprintf(key, sizeof key, "\"sex\":\"%s\"", levels[i].name);
        group(one, sizeof one, &levels[i], key);
        at += snprintf(text + at, sizeof text - (size_t)at, ",%s", one);
    }
    snprintf(text + at, sizeof text - (size_t)at, "]}]}]}");
    CU_ASSERT_EQUAL_FATAL(es_json_parse(&release, text, strlen(text), false, &err), ES_OK);
    es_release_disclose(&tree, release, &rule, audience, NULL);
    CU_ASSERT_FALSE_FATAL(tree.failed);
    return release;
}

static const cJSON *finding_of(const cJSON *release)
{
    struct es_view_finding at = {0};
    CU_ASSERT_TRUE_FATAL(es_view_next(release, &at));
    return at.finding;
}

static const cJSON *at(const cJSON *release, int index)
{
    return cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(finding_of(release), "groups"), index);
}

static const char *status(const cJSON *release, int index, const char *metric)
{
    return es_view_string(es_view_at(at(release, index), "metrics", metric), "status");
}

static bool hidden(const cJSON *release, int index, const char *section, const char *name)
{
    const cJSON *in = *section ? cJSON_GetObjectItemCaseSensitive(at(release, index), section) : at(release, index);
    return es_view_count(in, name).shown == ES_SHOWN_SUPPRESSED;
}

/* Groups: 0 everyone, 1 F, 2 M, 3 O (small), 4 unknown. */
static const struct level one_small[LEVELS] = {{"F", 60, 100, 40, 80, 150, 58, 95},
                                               {"M", 50, 90, 40, 70, 130, 48, 88},
                                               {"O", 2, 30, 1, 20, 25, 2, 24},
                                               {"unknown", 20, 40, 10, 30, 55, 19, 38}};

static void without_a_rule_all_is_shown_and_nothing_hidden_stays(void)
{
    cJSON *release = disclosed(one_small, (struct es_disclosure){ES_DISCLOSE_ALL, 0}, ES_AUDIENCE_INTERNAL);
    char *text = cJSON_PrintUnformatted(release);
    CU_ASSERT_PTR_NULL(strstr(text, "hidden"));
    CU_ASSERT_PTR_NULL(strstr(text, "suppressed"));
    CU_ASSERT_STRING_EQUAL(status(release, 3, "sensitivity"), "estimated");
    cJSON_free(text);
    cJSON_Delete(release);
}

static void staff_see_no_statistic_over_few_patients(void)
{
    cJSON *release = disclosed(one_small, (struct es_disclosure){ES_DISCLOSE_FLOOR, 5}, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_STRING_EQUAL(status(release, 3, "sensitivity"), "suppressed");
    CU_ASSERT_STRING_EQUAL(status(release, 3, "auroc"), "suppressed"); /* rests on the two positives too */
    CU_ASSERT_STRING_EQUAL(status(release, 3, "specificity"), "estimated");
    CU_ASSERT_FALSE(hidden(release, 3, "denominators", "positives")); /* a count is no statistic */
    CU_ASSERT_FALSE(hidden(release, 3, "", "cases"));
    /* no verdict and no floor for what is not shown */
    const cJSON *c = es_view_at(at(release, 3), "against_rest", "sensitivity");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "status"), "not_estimable");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "why"), "suppressed");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "verdict"), "");
    CU_ASSERT_PTR_NULL(es_view_at(at(release, 3), "against_floor", "sensitivity"));
    /* the others stay whole */
    for (int i = 0; i < 5; i++)
        if (i != 3) CU_ASSERT_STRING_EQUAL(status(release, i, "sensitivity"), "estimated");
    cJSON_Delete(release);
}

static void patients_count_not_exams(void)
{
    struct level levels[LEVELS];
    memcpy(levels, one_small, sizeof levels);
    levels[2] = (struct level){"O", 40, 30, 20, 20, 4, 4, 4}; /* seventy exams of four people */
    cJSON *release = disclosed(levels, (struct es_disclosure){ES_DISCLOSE_FLOOR, 5}, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_STRING_EQUAL(status(release, 3, "sensitivity"), "suppressed");
    CU_ASSERT_STRING_EQUAL(status(release, 3, "specificity"), "suppressed");
    cJSON_Delete(release);
}

static void a_hidden_cell_cannot_be_had_by_subtraction(void)
{
    cJSON *release = disclosed(one_small, (struct es_disclosure){ES_DISCLOSE_FLOOR, 5}, ES_AUDIENCE_EXTERNAL);
    static const struct {
        const char *section, *name;
    } lines[] = {{"denominators", "positives"}, {"denominators", "negatives"}, {"", "cases"}, {"funnel", "referenced"}};
    CU_ASSERT_TRUE(hidden(release, 3, "denominators", "positives"));
    CU_ASSERT_TRUE(hidden(release, 4, "denominators", "positives")); /* the next smallest of the line */
    for (size_t l = 0; l < 4; l++) {
        int n = 0;
        for (int i = 0; i < 5; i++) n += hidden(release, i, lines[l].section, lines[l].name);
        CU_ASSERT(n != 1);
    }
    /* within each group: cases = positives + negatives must not have a single unknown */
    for (int i = 0; i < 5; i++) {
        const int n = hidden(release, i, "", "cases") + hidden(release, i, "denominators", "positives") + hidden(release, i, "denominators", "negatives");
        CU_ASSERT(n != 1);
    }
    int told = 0;
    for (int i = 1; i < 5; i++) told += strcmp(status(release, i, "sensitivity"), "suppressed") == 0;
    CU_ASSERT(told >= 2);
    cJSON_Delete(release);
}

static void a_rate_that_tells_a_small_cell_is_hidden_from_others(void)
{
    struct level levels[LEVELS];
    memcpy(levels, one_small, sizeof levels);
    levels[2] = (struct level){"O", 50, 30, 48, 20, 70, 45, 28}; /* two missed: 50 shown with 0.96 would tell */
    cJSON *release = disclosed(levels, (struct es_disclosure){ES_DISCLOSE_FLOOR, 5}, ES_AUDIENCE_EXTERNAL);
    CU_ASSERT_STRING_EQUAL(status(release, 3, "sensitivity"), "suppressed");
    CU_ASSERT_FALSE(hidden(release, 3, "denominators", "positives"));
    cJSON_Delete(release);
    release = disclosed(levels, (struct es_disclosure){ES_DISCLOSE_FLOOR, 5}, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_STRING_EQUAL(status(release, 3, "sensitivity"), "estimated");
    cJSON_Delete(release);
}

/* STANDARDS 4.3: 0 stays, 1-7 is not shown, others to the nearest 5; rates from rounded values. */
static void the_nhs_rule_rounds_to_fives(void)
{
    static const struct level levels[LEVELS] = {{"F", 62, 101, 41, 80, 150, 58, 95}, {"M", 7, 90, 7, 70, 92, 7, 88}, {"O", 8, 30, 8, 22, 35, 8, 28}, {"unknown", 0, 0, 0, 0, 0, 0, 0}};
    cJSON *release = disclosed(levels, (struct es_disclosure){ES_DISCLOSE_NHS, 0}, ES_AUDIENCE_EXTERNAL);
    const cJSON *f = at(release, 1), *sensitivity = es_view_at(f, "metrics", "sensitivity");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(cJSON_GetObjectItemCaseSensitive(f, "denominators"), "positives"), 60, 0);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(cJSON_GetObjectItemCaseSensitive(f, "denominators"), "negatives"), 100, 0);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(f, "cases"), 165, 0);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(sensitivity, "value"), 40.0 / 60, 1e-15);
    CU_ASSERT_TRUE(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(sensitivity, "lo")));
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(es_view_at(f, "metrics", "auroc"), "value"), 0.88, 1e-15);
    CU_ASSERT_TRUE(hidden(release, 2, "denominators", "positives")); /* 7 */
    CU_ASSERT_STRING_EQUAL(status(release, 2, "sensitivity"), "suppressed");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(cJSON_GetObjectItemCaseSensitive(at(release, 3), "denominators"), "positives"), 10, 0); /* 8 */
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(at(release, 4), "cases"), 0, 0);
    /* words are made of what is shown */
    const cJSON *c = es_view_at(f, "against_rest", "sensitivity");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "words"), "missed more often: 0.50 against 0.60; difference \xe2\x88\x92" "0.10");
    CU_ASSERT_EQUAL(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(c, "intervals")), 0);
    cJSON_Delete(release);
}

static void counts_beside_the_groups_obey_too(void)
{
    cJSON *release = disclosed(one_small, (struct es_disclosure){ES_DISCLOSE_FLOOR, 5}, ES_AUDIENCE_EXTERNAL);
    const cJSON *states = es_view_at(release, "attributes", "PatientSex"), *excluded = cJSON_GetObjectItemCaseSensitive(release, "excluded");
    CU_ASSERT_EQUAL(es_view_count(states, "absent").shown, ES_SHOWN_SUPPRESSED);
    CU_ASSERT_EQUAL(es_view_count(states, "blank").shown, ES_SHOWN_SUPPRESSED); /* complement */
    CU_ASSERT_EQUAL(es_view_count(states, "present").shown, ES_SHOWN_NUMBER);
    CU_ASSERT_EQUAL(es_view_count(states, "invalid").n, 0);
    CU_ASSERT_EQUAL(es_view_count(excluded, "phantom").shown, ES_SHOWN_SUPPRESSED);
    CU_ASSERT_EQUAL(es_view_count(cJSON_GetObjectItemCaseSensitive(release, "unpaired"), "ambiguous").shown, ES_SHOWN_SUPPRESSED);
    CU_ASSERT_EQUAL(es_view_count(cJSON_GetObjectItemCaseSensitive(release, "corrections"), "revised").n, 31);
    struct es_view_finding at = {0};
    CU_ASSERT_TRUE_FATAL(es_view_next(release, &at)); /* parts of a line of the funnel: none, however great */
    CU_ASSERT_EQUAL(es_view_count(es_view_at(at.finding, "references", "sources"), "report").shown, ES_SHOWN_SUPPRESSED);
    CU_ASSERT_EQUAL(es_view_count(es_view_at(at.finding, "references", "sources"), "pathology").shown, ES_SHOWN_SUPPRESSED);
    CU_ASSERT_EQUAL(es_view_count(cJSON_GetObjectItemCaseSensitive(at.finding, "references"), "sources_disagree").shown, ES_SHOWN_SUPPRESSED);
    cJSON_Delete(release);
    release = disclosed(one_small, (struct es_disclosure){ES_DISCLOSE_FLOOR, 5}, ES_AUDIENCE_INTERNAL);
    at = (struct es_view_finding){0};
    CU_ASSERT_TRUE_FATAL(es_view_next(release, &at));
    CU_ASSERT_EQUAL(es_view_count(es_view_at(at.finding, "references", "sources"), "pathology").n, 9);
    cJSON_Delete(release);
}

/* Beside the number of exams, which is printed: one absent and one blank of 902 are known to be one each, as zeros are shown; 2 and 1 that
 * they are three together. */
static void hidden_counts_of_a_line_are_no_few_together(void)
{
    static const struct {
        int absent, blank, invalid;
        bool invalid_hidden, present_hidden;
    } cases[] = {{1, 1, 40, true, false}, {2, 1, 0, false, true}, {2, 3, 40, false, false}, {3, 0, 40, true, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[300];
        struct es_tree tree = {0};
        snprintf(text, sizeof text, "{\"schema\":\"evensight-report/1\",\"models\":[],\"attributes\":{\"PatientSex\":{\"present\":900,\"absent\":%d,"
                                    "\"blank\":%d,\"invalid\":%d}}}", cases[i].absent, cases[i].blank, cases[i].invalid);
        cJSON *release = cJSON_Parse(text);
        es_release_disclose(&tree, release, &(struct es_disclosure){ES_DISCLOSE_FLOOR, 5}, ES_AUDIENCE_EXTERNAL, NULL);
        const cJSON *states = es_view_at(release, "attributes", "PatientSex");
        CU_ASSERT_FALSE_FATAL(tree.failed);
        CU_ASSERT_EQUAL(es_view_count(states, "absent").shown, ES_SHOWN_SUPPRESSED);
        CU_ASSERT_EQUAL(es_view_count(states, "blank").shown, cases[i].blank ? ES_SHOWN_SUPPRESSED : ES_SHOWN_NUMBER);
        CU_ASSERT_EQUAL(es_view_count(states, "invalid").shown, cases[i].invalid_hidden ? ES_SHOWN_SUPPRESSED : ES_SHOWN_NUMBER);
        CU_ASSERT_EQUAL(es_view_count(states, "present").shown, cases[i].present_hidden ? ES_SHOWN_SUPPRESSED : ES_SHOWN_NUMBER);
        cJSON_Delete(release);
    }
}

static void a_findings_verification_is_that_of_everyone(void)
{
    cJSON *release = disclosed(one_small, (struct es_disclosure){ES_DISCLOSE_NHS, 0}, ES_AUDIENCE_EXTERNAL);
    CU_ASSERT_TRUE(cJSON_Compare(cJSON_GetObjectItemCaseSensitive(finding_of(release), "verification"),
                                 cJSON_GetObjectItemCaseSensitive(at(release, 0), "verification"), true));
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(cJSON_GetObjectItemCaseSensitive(finding_of(release), "verification"), "alerts"), 195, 0);
    cJSON_Delete(release);
}

static long allowed; /* allocations that still succeed */
static void *scarce(size_t size) { return allowed-- > 0 ? malloc(size) : NULL; }

/* Memory that runs out while a count is replaced: the count, or what stands behind it, must not stay without anybody knowing. cJSON 1.7.15's
 * replacement by name leaves an item without a name then, at which every search ends. */
static void a_replaced_count_is_replaced_or_the_release_fails(void)
{
    static const char *const names[] = {"seen", "eligible", "resulted"};
    unsigned failures = 0;
    for (long n = 0; n < 12; n++) {
        struct es_tree tree = {0};
        cJSON *counts = cJSON_CreateObject();
        for (size_t i = 0; i < 3; i++) (void)es_tree_count(&tree, counts, names[i], 4);
        allowed = n;
        cJSON_InitHooks(&(cJSON_Hooks){scarce, free});
        for (size_t i = 0; i < 3; i++) es_tree_set(&tree, counts, names[i], cJSON_CreateString("suppressed"));
        cJSON_InitHooks(NULL);
        CU_ASSERT_EQUAL(cJSON_GetArraySize(counts), 3);
        for (size_t i = 0; i < 3; i++) {
            const cJSON *item = cJSON_GetObjectItemCaseSensitive(counts, names[i]);
            CU_ASSERT_PTR_NOT_NULL_FATAL(item);
            CU_ASSERT(tree.failed || cJSON_IsString(item));
        }
        failures += tree.failed;
        cJSON_Delete(counts);
    }
    CU_ASSERT_EQUAL(failures, 6); /* three texts, each an item and its copy: with six allocations nothing fails */
}

static const struct es_test tests[] = {
    {"without_a_rule_all_is_shown_and_nothing_hidden_stays", without_a_rule_all_is_shown_and_nothing_hidden_stays},
    {"staff_see_no_statistic_over_few_patients", staff_see_no_statistic_over_few_patients},
    {"patients_count_not_exams", patients_count_not_exams},
    {"a_hidden_cell_cannot_be_had_by_subtraction", a_hidden_cell_cannot_be_had_by_subtraction},
    {"a_rate_that_tells_a_small_cell_is_hidden_from_others", a_rate_that_tells_a_small_cell_is_hidden_from_others},
    {"the_nhs_rule_rounds_to_fives", the_nhs_rule_rounds_to_fives},
    {"counts_beside_the_groups_obey_too", counts_beside_the_groups_obey_too},
    {"hidden_counts_of_a_line_are_no_few_together", hidden_counts_of_a_line_are_no_few_together},
    {"a_findings_verification_is_that_of_everyone", a_findings_verification_is_that_of_everyone},
    {"a_replaced_count_is_replaced_or_the_release_fails", a_replaced_count_is_replaced_or_the_release_fails},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("release", tests, argc, argv);
}
