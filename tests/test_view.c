/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a release, numbers and text for people, and what stands in a forest plot. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/plot/forest.h"
#include "sample_release.h"

static void numbers_are_rounded_to_fixed_places(void)
{
    static const struct {
        double value;
        int decimals;
        const char *text;
    } cases[] = {{0.12345, 3, "0.123"},
                 {0.9995, 3, "1.000"},
                 {1.0, 0, "1"},
                 {0.05, 2, "0.05"},
                 {-0.004, 2, "0.00"},
                 {-0.5, 1,
                  "\xe2\x88\x92"
                  "0.5"},
                 {12.5, 0, "13"},
                 {(double)NAN, 2, "--"},
                 {(double)INFINITY, 2, "--"},
                 {1e13, 0, "--"},
                 {0.25, 7, "--"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[40];
        es_view_fixed(cases[i].value, cases[i].decimals, text, sizeof text);
        CU_ASSERT_STRING_EQUAL(text, cases[i].text);
    }
}

static void counts_are_grouped_by_thousands(void)
{
    static const struct {
        uint64_t n;
        const char *text;
    } cases[] = {{0, "0"},          {999, "999"},           {1000, "1,000"},
                 {22433, "22,433"}, {1234567, "1,234,567"}, {UINT64_MAX, "18,446,744,073,709,551,615"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[40];
        es_view_grouped(cases[i].n, text, sizeof text);
        CU_ASSERT_STRING_EQUAL(text, cases[i].text);
    }
}

/* "0 %" and "100 %" are said of nothing and of all alone. */
static void shares_near_the_ends_are_not_rounded_onto_them(void)
{
    static const struct {
        uint64_t part, whole;
        const char *text;
    } cases[] = {{0, 10, "0 %"}, {1, 1000, "<1 %"}, {999, 1000, ">99 %"}, {1000, 1000, "100 %"}, {1, 8, "13 %"}, {0, 0, "--"}};
    char text[16];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        es_view_percent((struct es_view_count){ES_SHOWN_NUMBER, cases[i].part},
                        (struct es_view_count){ES_SHOWN_NUMBER, cases[i].whole}, text, sizeof text);
        CU_ASSERT_STRING_EQUAL(text, cases[i].text);
    }
    es_view_percent((struct es_view_count){ES_SHOWN_SUPPRESSED, 0}, (struct es_view_count){ES_SHOWN_NUMBER, 10}, text,
                    sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "--");
}

/* Well-formed sequences: RFC 3629, sections 3 and 7; ill-formed: sections 3 and 10 (overlong, surrogates, past U+10FFFF, stray
 * bytes). U+202E turns the reading direction (Unicode 15, 23.2). */
static void ill_formed_text_is_replaced(void)
{
#define R "\xef\xbf\xbd"
    static const struct {
        const char *in, *out;
    } cases[] = {{"A\xe2\x89\xa2\xce\x91.", "A\xe2\x89\xa2\xce\x91."},
                 {"\xf0\xa3\x8e\xb4", "\xf0\xa3\x8e\xb4"},
                 {"\xc0\x80", R R},
                 {"\xed\xa0\x80", R R R},
                 {"\xf4\x90\x80\x80", R R R R},
                 {"a\x80z", "a" R "z"},
                 {"\xe2\x82", R R},
                 {"a\x01\x7f", "a" R R},
                 {"x\xe2\x80\xae", "x" R}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[64];
        es_utf8_clean(cases[i].in, out, sizeof out);
        CU_ASSERT_STRING_EQUAL(out, cases[i].out);
    }
#undef R
    char cut[4];
    es_utf8_clean("ab\xc3\xa9", cut, sizeof cut); /* the last character has no room whole */
    CU_ASSERT_STRING_EQUAL(cut, "ab");
}

static void what_is_no_release_is_refused_by_name(void)
{
    static const struct {
        const char *json, *text;
    } cases[] = {
        {"[]", "release: no JSON object"},
        {"{}", "release: schema is \"\", expected \"evensight-report/1\""},
        {"{\"schema\":\"evensight-report/9\"}", "release: schema is \"evensight-report/9\", expected \"evensight-report/1\""},
        {"{\"schema\":\"evensight-report/1\",\"models\":{}}", "release: models is no array"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct es_error err = {0};
        cJSON *tree = cJSON_Parse(cases[i].json);
        CU_ASSERT_EQUAL(es_view_check(tree, &err), ES_E_PARSE);
        CU_ASSERT_STRING_EQUAL(err.text, cases[i].text);
        cJSON_Delete(tree);
    }
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_view_check(NULL, &err), ES_E_PARSE);
}

static void suppressed_absent_and_not_estimable_stay_apart(void)
{
    cJSON *group = cJSON_Parse("{\"cases\":\"suppressed\",\"patients\":7,\"bad\":-1,\"metrics\":{"
                               "\"a\":{\"status\":\"suppressed\"},"
                               "\"b\":{\"status\":\"not_estimable\",\"words\":\"no diseased case was seen\",\"n\":0},"
                               "\"c\":{\"status\":\"estimated\",\"value\":0.5,\"lo\":null,\"hi\":null,\"n\":4},"
                               "\"d\":{\"status\":\"estimated\",\"value\":null}}}");
    CU_ASSERT_EQUAL(es_view_count(group, "cases").shown, ES_SHOWN_SUPPRESSED);
    CU_ASSERT_EQUAL(es_view_count(group, "patients").n, 7);
    CU_ASSERT_EQUAL(es_view_count(group, "bad").shown, ES_SHOWN_ABSENT);
    CU_ASSERT_EQUAL(es_view_count(group, "none").shown, ES_SHOWN_ABSENT);
    CU_ASSERT_EQUAL(es_view_metric(group, "a").status, ES_VIEW_SUPPRESSED);
    CU_ASSERT_EQUAL(es_view_metric(group, "b").status, ES_VIEW_NOT_ESTIMABLE);
    CU_ASSERT_STRING_EQUAL(es_view_metric(group, "b").words, "no diseased case was seen");
    CU_ASSERT_TRUE(isnan(es_view_metric(group, "c").lo));
    CU_ASSERT_EQUAL(es_view_metric(group, "d").status, ES_VIEW_NOT_ESTIMABLE);
    CU_ASSERT_EQUAL(es_view_metric(group, "e").status, ES_VIEW_ABSENT);
    char text[64];
    const struct es_view_metric without = es_view_metric(group, "c"), none = es_view_metric(group, "b");
    es_forest_value(&without, 2, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "0.50 (no interval)");
    es_forest_value(&none, 2, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "--");
    cJSON_Delete(group);
}

static void findings_are_walked_in_order(void)
{
    cJSON *release = sample();
    struct es_view_finding at = {0};
    char seen[200] = "";
    while (es_view_next(release, &at)) {
        const size_t len = strlen(seen);
        (void)snprintf(seen + len, sizeof seen - len, "%u %s %s %s; ", at.index, at.model_name, at.version, at.name);
        CU_ASSERT_PTR_NOT_NULL(at.epoch);
    }
    CU_ASSERT_STRING_EQUAL(seen, "1 chexnet 1.0 effusion; 2 chexnet 1.0 pneumothorax; 3 edge-emphysema  emphysema; ");
    cJSON_Delete(release);
}

static void a_forest_has_everyone_then_each_axis_with_unknown_last(void)
{
    cJSON *release = sample();
    struct es_view_finding at = {0};
    struct es_forest forest;
    CU_ASSERT_TRUE_FATAL(es_view_next(release, &at));
    CU_ASSERT_EQUAL_FATAL(es_forest_make(&forest, release, &at, "sensitivity", NULL), ES_OK);
    /* as in the sample: everyone; sex 4, age 6, ethnicity 6, view 3 levels, a heading each; no intersection */
    CU_ASSERT_EQUAL_FATAL(forest.count, 1 + 5 + 7 + 7 + 4);
    CU_ASSERT_STRING_EQUAL(forest.rows[0].label, "everyone");
    CU_ASSERT_DOUBLE_EQUAL(forest.everyone, forest.rows[0].metric.value, 0.0);
    CU_ASSERT_STRING_EQUAL(forest.rows[1].heading, "sex");
    for (size_t i = 1; i < forest.count; i++) {
        const bool last = i + 1 == forest.count || forest.rows[i + 1].heading != NULL;
        if (!forest.rows[i].heading) CU_ASSERT_EQUAL(strcmp(forest.rows[i].label, "unknown") == 0, last);
    }
    CU_ASSERT_DOUBLE_EQUAL(forest.floor, 0.75, 0.0);
    CU_ASSERT_STRING_EQUAL(forest.n_title, "positives");
    es_forest_clear(&forest);
    cJSON_Delete(release);
}

/* DESIGN 8, verification: unless the reader did not see the AI result, the figure is titled agreement. */
static void agreement_with_an_ai_aware_reference_is_called_that(void)
{
    cJSON *release = sample();
    struct es_view_finding at = {0};
    struct es_forest forest;
    CU_ASSERT_TRUE_FATAL(es_view_next(release, &at));
    cJSON *group = cJSON_GetArrayItem(cJSON_GetObjectItem(at.finding, "groups"), 1);
    cJSON *flags = cJSON_GetObjectItem(cJSON_GetObjectItem(cJSON_GetObjectItem(group, "metrics"), "sensitivity"), "flags");
    cJSON_AddItemToArray(flags, cJSON_CreateString("ai_aware"));
    CU_ASSERT_EQUAL_FATAL(es_forest_make(&forest, release, &at, "sensitivity", NULL), ES_OK);
    CU_ASSERT_STRING_EQUAL(forest.title, "Sensitivity: agreement with an AI-aware reference");
    es_forest_clear(&forest);
    CU_ASSERT_EQUAL_FATAL(es_forest_make(&forest, release, &at, "specificity", NULL), ES_OK);
    CU_ASSERT_STRING_EQUAL(forest.title, "Specificity");
    es_forest_clear(&forest);
    cJSON_Delete(release);
}

/* A bias has the limits of agreement behind it: both or none, within the axis, which holds zero. */
static void a_bias_has_its_limits_of_agreement(void)
{
#define VALUE(v) "{\"status\":\"estimated\",\"value\":" v ",\"lo\":" v ",\"hi\":" v ",\"n\":50}"
    static const char text[] =
        "{\"metrics\":[{\"name\":\"bias\",\"title\":\"Bias\",\"unit\":\"value\"},{\"name\":\"ccc\",\"unit\":\"ratio\"}],"
        "\"axes\":[{\"name\":\"sex\"}],\"models\":[{\"name\":\"m\",\"version\":\"1\",\"epochs\":[{\"id\":1}],\"findings\":[{\"finding\":\"f\",\"units\":\"ml\",\"epoch\":1,\"groups\":["
        "{\"group\":{},\"metrics\":{\"bias\":" VALUE("6.5") ",\"agreement_lower\":" VALUE("3.25") ",\"agreement_upper\":" VALUE("9.75") "}},"
        "{\"group\":{\"sex\":\"F\"},\"metrics\":{\"bias\":" VALUE("7") ",\"agreement_lower\":" VALUE("2") ",\"agreement_upper\":{\"status\":\"suppressed\"}}},"
        "{\"group\":{\"sex\":\"M\"},\"metrics\":{\"bias\":{\"status\":\"suppressed\"},\"agreement_lower\":" VALUE("2") ",\"agreement_upper\":" VALUE("9") "}}]}]}]}";
    cJSON *release = cJSON_Parse(text);
    struct es_view_finding at = {0};
    struct es_forest forest;
    CU_ASSERT_PTR_NOT_NULL_FATAL(release);
    CU_ASSERT_TRUE_FATAL(es_view_next(release, &at));
    CU_ASSERT_EQUAL_FATAL(es_forest_make(&forest, release, &at, "bias", NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(forest.count, 4); /* everyone, the heading, F, M */
    CU_ASSERT_STRING_EQUAL(forest.title, "Bias (ml)");
    CU_ASSERT_STRING_EQUAL(es_view_units(release, &at, "ccc"), ""); /* a ratio has none */
    CU_ASSERT_TRUE(forest.agreement);
    CU_ASSERT_TRUE(forest.rows[0].agreement[0] == 3.25 && forest.rows[0].agreement[1] == 9.75);
    CU_ASSERT_TRUE(isnan(forest.rows[2].agreement[0]) && isnan(forest.rows[2].agreement[1]));
    CU_ASSERT_TRUE(isnan(forest.rows[3].agreement[0]));
    CU_ASSERT_TRUE(forest.lo <= 0 && forest.hi >= 9.75);
    es_forest_clear(&forest);
    CU_ASSERT_EQUAL_FATAL(es_forest_make(&forest, release, &at, "agreement_lower", NULL), ES_OK);
    CU_ASSERT_FALSE(forest.agreement);
    es_forest_clear(&forest);
    cJSON_Delete(release);
#undef VALUE
}

/* Axes hold what is drawn, whatever the units; without a value there is the whole range of a share, and the floor on it. */
static void an_axis_holds_what_is_drawn(void)
{
    static const struct {
        const char *metric;
        double lo, hi;
        int ticks;
    } cases[] = {{"{\"status\":\"estimated\",\"value\":4800,\"lo\":-1500,\"hi\":12000,\"n\":50}", -2000, 12000, 8},
                 {"{\"status\":\"estimated\",\"value\":2e7,\"lo\":1.1e7,\"hi\":2.4e7,\"n\":50}", 0, 2.5e7, 6},
                 {"{\"status\":\"estimated\",\"value\":0.91,\"lo\":0.9,\"hi\":0.93,\"n\":50}", 0.7, 0.95, 6},
                 {"{\"status\":\"not_estimable\",\"why\":\"no_positives\",\"n\":0}", 0, 1, 6}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1200];
        snprintf(text, sizeof text,
                 "{\"metrics\":[{\"name\":\"sensitivity\"}],\"axes\":[],\"plan\":{\"floors\":{\"sensitivity\":0.7}},\"models\":[{\"name\":\"m\",\"version\":\"1\",\"epochs\":[{\"id\":1}],"
                 "\"findings\":[{\"finding\":\"f\",\"epoch\":1,\"groups\":[{\"group\":{},\"metrics\":{\"sensitivity\":%s},\"against_floor\":{\"sensitivity\":{\"floor\":0.7}}}]}]}]}",
                 cases[i].metric);
        cJSON *release = cJSON_Parse(text);
        struct es_view_finding at = {0};
        struct es_forest forest;
        CU_ASSERT_TRUE_FATAL(release && es_view_next(release, &at));
        CU_ASSERT_EQUAL_FATAL(es_forest_make(&forest, release, &at, "sensitivity", NULL), ES_OK);
        CU_ASSERT_DOUBLE_EQUAL(forest.lo, cases[i].lo, 1e-9 * fabs(cases[i].hi));
        CU_ASSERT_DOUBLE_EQUAL(forest.hi, cases[i].hi, 1e-9 * fabs(cases[i].hi));
        CU_ASSERT_EQUAL(forest.n_ticks, (size_t)cases[i].ticks);
        es_forest_clear(&forest);
        cJSON_Delete(release);
    }
}

/* Without intervals nothing shows how much of a difference is chance: then the axis is the whole range of a share. */
static void a_score_without_intervals_stands_on_the_whole_axis(void)
{
    static const char text[] =
        "{\"axes\":[{\"name\":\"sex\"}],\"models\":[{\"name\":\"m\",\"version\":\"1\",\"epochs\":[{\"id\":1}],\"findings\":[{\"finding\":\"f\",\"epoch\":1,\"groups\":["
        "{\"group\":{},\"metrics\":{\"froc\":{\"status\":\"estimated\",\"value\":0.63,\"n\":50}}},"
        "{\"group\":{\"sex\":\"F\"},\"metrics\":{\"froc\":{\"status\":\"estimated\",\"value\":0.57,\"n\":20}}}]}]}]}";
    cJSON *release = cJSON_Parse(text);
    struct es_view_finding at = {0};
    struct es_forest forest;
    CU_ASSERT_PTR_NOT_NULL_FATAL(release);
    CU_ASSERT_TRUE_FATAL(es_view_next(release, &at));
    CU_ASSERT_EQUAL_FATAL(es_forest_make(&forest, release, &at, "froc", NULL), ES_OK);
    CU_ASSERT(forest.lo == 0 && forest.hi == 1);
    es_forest_clear(&forest);
    cJSON_Delete(release);
}

static void every_interval_lies_within_the_axis(void)
{
    cJSON *release = sample();
    struct es_view_finding at = {0};
    while (es_view_next(release, &at)) {
        for (size_t m = 0; m < ES_FORESTS; m++) {
            struct es_forest forest;
            CU_ASSERT_EQUAL_FATAL(es_forest_make(&forest, release, &at, es_forest_metrics[m], NULL), ES_OK);
            CU_ASSERT_TRUE(forest.n_ticks >= 2 && forest.n_ticks <= ES_FOREST_TICKS);
            CU_ASSERT_DOUBLE_EQUAL(es_forest_at(&forest, forest.ticks[0]), 0.0, 1e-12);
            CU_ASSERT_DOUBLE_EQUAL(es_forest_at(&forest, forest.ticks[forest.n_ticks - 1]), 1.0, 1e-12);
            for (size_t i = 0; i < forest.count; i++) {
                const struct es_view_metric *metric = &forest.rows[i].metric;
                if (!forest.rows[i].group || metric->status != ES_VIEW_ESTIMATED) continue;
                CU_ASSERT_TRUE(metric->lo >= forest.lo - 1e-9 && metric->hi <= forest.hi + 1e-9);
            }
            es_forest_clear(&forest);
        }
    }
    cJSON_Delete(release);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"numbers_are_rounded_to_fixed_places", numbers_are_rounded_to_fixed_places},
        {"counts_are_grouped_by_thousands", counts_are_grouped_by_thousands},
        {"shares_near_the_ends_are_not_rounded_onto_them", shares_near_the_ends_are_not_rounded_onto_them},
        {"ill_formed_text_is_replaced", ill_formed_text_is_replaced},
        {"what_is_no_release_is_refused_by_name", what_is_no_release_is_refused_by_name},
        {"suppressed_absent_and_not_estimable_stay_apart", suppressed_absent_and_not_estimable_stay_apart},
        {"findings_are_walked_in_order", findings_are_walked_in_order},
        {"a_forest_has_everyone_then_each_axis_with_unknown_last", a_forest_has_everyone_then_each_axis_with_unknown_last},
        {"agreement_with_an_ai_aware_reference_is_called_that", agreement_with_an_ai_aware_reference_is_called_that},
        {"every_interval_lies_within_the_axis", every_interval_lies_within_the_axis},
        {"an_axis_holds_what_is_drawn", an_axis_holds_what_is_drawn},
    {"a_bias_has_its_limits_of_agreement", a_bias_has_its_limits_of_agreement},
        {"a_score_without_intervals_stands_on_the_whole_axis", a_score_without_intervals_stands_on_the_whole_axis},
        {NULL, NULL}};
    return es_test_main("view", tests, argc, argv);
}
