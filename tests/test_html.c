/* SPDX-License-Identifier: Apache-2.0 */
/* The report page: structure, order, escaping, and one golden page. ES_RENEW_GOLDEN=1 rewrites the golden page. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/html/html.h"
#include "sample_release.h"
#include "well_formed.h"

static cJSON *member(const cJSON *object, const char *key)
{
    cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    CU_ASSERT_PTR_NOT_NULL_FATAL(item);
    return item;
}

static char *page_of(const cJSON *release)
{
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(es_render_html(release, &bytes, &err), ES_OK);
    CU_ASSERT_EQUAL_FATAL(strlen((char *)bytes.data), bytes.len);
    return (char *)bytes.data; /* free() */
}

static size_t times(const char *text, const char *what)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at++) count++;
    return count;
}

static void the_page_is_well_formed(void)
{
    cJSON *release = sample();
    char *page = page_of(release);
    CU_ASSERT_STRING_EQUAL(es_test_markup_fault(page), "");
    CU_ASSERT_EQUAL(strncmp(page, "<!DOCTYPE html>\n<html lang=\"en\">", 32), 0);
    CU_ASSERT_EQUAL(times(page, "<title>"), 1);
    CU_ASSERT_EQUAL(times(page, "<h1>"), 1);
    CU_ASSERT_STRING_EQUAL(page + strlen(page) - 8, "</html>\n");
    free(page);
    cJSON_Delete(release);
}

/* The check itself must be able to fail. */
static void the_check_finds_faults(void)
{
    CU_ASSERT_STRING_EQUAL(es_test_markup_fault("<p title=\"<b>\">a</p>"), "p");
    CU_ASSERT_STRING_EQUAL(es_test_markup_fault("<p title=\"a\"b\">a</p>"), "p");
    CU_ASSERT_STRING_EQUAL(es_test_markup_fault("<p><b></p></b>"), "p");
    CU_ASSERT_STRING_EQUAL(es_test_markup_fault("<p>"), "p");
    CU_ASSERT_STRING_EQUAL(es_test_markup_fault("a < b"), "<");
    CU_ASSERT_STRING_EQUAL(es_test_markup_fault("<p><br></p>"), "");
}

static void nothing_is_fetched_or_run(void)
{
    static const char *const foreign[] = {"<script", "javascript:", " src=",   "<link", "@import",
                                          "url(",    "<iframe",     "onclick", "onload"};
    cJSON *release = sample();
    char *page = page_of(release);
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) CU_ASSERT_PTR_NULL(strstr(page, foreign[i]));
    CU_ASSERT_EQUAL(times(page, "href=\""), times(page, "href=\"#"));
    free(page);
    cJSON_Delete(release);
}

/* Targets of links exist, and no two elements share an id. */
static void links_lead_somewhere(void)
{
    cJSON *release = sample();
    char *page = page_of(release);
    size_t links = 0;
    for (const char *at = page; (at = strstr(at, "href=\"#")) != NULL; at += 7, links++) {
        char id[80];
        (void)snprintf(id, sizeof id, " id=\"%.*s\"", (int)strcspn(at + 7, "\""), at + 7);
        CU_ASSERT_EQUAL(times(page, id), 1);
    }
    CU_ASSERT_TRUE(links > 10);
    free(page);
    cJSON_Delete(release);
}

static void the_summary_comes_first(void)
{
    static const char *const order[] = {"id=\"summary\"", "class=\"says\"", "id=\"floors\"",   "id=\"disparities\"",
                                        "id=\"gaps\"",    "id=\"parities\"", "id=\"seen\"",    "id=\"f1\"",
                                        "id=\"f2\"",      "id=\"f3\"",       "id=\"cannot\"",  "id=\"provenance\""};
    cJSON *release = sample();
    char *page = page_of(release);
    const char *before = page;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        const char *at = strstr(page, order[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(at);
        CU_ASSERT_TRUE(at > before);
        before = at;
    }
    CU_ASSERT_TRUE(strstr(page, "43 comparisons of the plan were judged") < strstr(page, "<table"));
    free(page);
    cJSON_Delete(release);
}

static void every_sentence_stands_once(void)
{
    cJSON *release = sample();
    char *page = page_of(release);
    const cJSON *sentence = NULL;
    cJSON_ArrayForEach(sentence, member(member(release, "summary"), "sentences"))
    {
        CU_ASSERT_EQUAL(times(page, sentence->valuestring), 1);
    }
    free(page);
    cJSON_Delete(release);
}

/* Part of a page from one mark to the next. free() it. */
static char *between(const char *page, const char *from, const char *to)
{
    const char *start = strstr(page, from), *end = start ? strstr(start, to) : NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(end);
    return strndup(start, (size_t)(end - start));
}

static void every_group_has_its_row(void)
{
    cJSON *release = sample();
    char *page = page_of(release), *chapter = between(page, "id=\"f2\"", "id=\"f3\"");
    char *table = between(chapter, "<caption>Figures by group", "</table>");
    const cJSON *group = NULL,
                *groups = member(cJSON_GetArrayItem(member(cJSON_GetArrayItem(member(release, "models"), 0), "findings"), 1),
                                 "groups");
    cJSON_ArrayForEach(group, groups)
    {
        char row[400] = "<th scope=\"row\">";
        const cJSON *level = NULL;
        if (!member(group, "group")->child) (void)snprintf(row, sizeof row, "<th scope=\"row\">everyone");
        cJSON_ArrayForEach(level, member(group, "group"))
        {
            const size_t len = strlen(row);
            (void)snprintf(row + len, sizeof row - len, "%s<span class=\"g\">%s %s</span>", level->prev->next ? ", " : "",
                           level->string, level->valuestring);
        }
        const size_t len = strlen(row);
        (void)snprintf(row + len, sizeof row - len, "</th>");
        CU_ASSERT_EQUAL(times(table, row), 1);
    }
    free(table);
    free(chapter);
    free(page);
    cJSON_Delete(release);
}

static void unknown_suppressed_and_not_estimable_are_said(void)
{
    cJSON *release = sample();
    char *page = page_of(release);
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "<tr class=\"unknown\"><th scope=\"row\">unknown</th>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "<span class=\"mute\">suppressed</span>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "-- not estimable: no case was seen"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "no diseased case was seen"));
    CU_ASSERT_PTR_NULL(strstr(page, ">nan"));
    free(page);
    cJSON_Delete(release);
}

static void verdicts_are_words_and_labelled_as_fixed_size(void)
{
    cJSON *release = sample();
    char *page = page_of(release);
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "<span class=\"v grey\">not enough to judge</span>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "<span class=\"v blue\">parity within 0.05</span>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "<span class=\"v warn\">disparity</span>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "exploratory: no verdict"));
    CU_ASSERT_EQUAL(times(page, "Verdicts are fixed-size: 1 planned look; not for daily looking."), 4); /* above, and under each of three tables */
    for (char *c = page; *c; c++) *c = (char)tolower((unsigned char)*c);
    CU_ASSERT_PTR_NULL(strstr(page, "no bias"));
    CU_ASSERT_PTR_NULL(strstr(page, "unbiased"));
    free(page);
    cJSON_Delete(release);
}

/* sRGB relative luminance, WCAG 2.1 "relative luminance". */
static double luminance(unsigned long rgb)
{
    static const double weight[] = {0.2126, 0.7152, 0.0722};
    double sum = 0.0;
    for (int i = 0; i < 3; i++) {
        const double c = (double)(rgb >> (16 - 8 * i) & 0xFF) / 255.0;
        sum += weight[i] * (c <= 0.03928 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4));
    }
    return sum;
}

/* WCAG 2.1, 1.4.3: text against its ground, at least 4.5 : 1. White text on --warn has the contrast of --warn on white. */
static void colours_of_text_have_contrast(void)
{
    static const char *const names[] = {"--ink:#", "--mute:#", "--blue:#", "--warn:#"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *at = strstr(es_html_style[0], names[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(at);
        const unsigned long rgb = strtoul(at + strlen(names[i]), NULL, 16);
        CU_ASSERT_TRUE(1.05 / (luminance(rgb) + 0.05) >= 4.5);
        CU_ASSERT_TRUE((luminance(0xf3f5f7) + 0.05) / (luminance(rgb) + 0.05) >= 4.5);
    }
}

#define HOSTILE "<script>alert(1)</script>\" onload='x' & \xff\xe2\x80\xae"
#define HOSTILE_ESCAPED "&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x&#39; &amp; \xef\xbf\xbd\xef\xbf\xbd"

/* Replace every string (and every member's name that is data) of a tree. Depth is that of the sample: 12 at most. */
static void poison(cJSON *item, int depth)
{
    if (depth > 16) return;
    for (cJSON *child = item->child; child; child = child->next) {
        if (cJSON_IsString(child) && strcmp(child->valuestring, "evensight-report/1") != 0 &&
            strcmp(child->valuestring, "estimated") != 0)
            cJSON_SetValuestring(child, HOSTILE);
        poison(child, depth + 1);
    }
}

static void hostile_text_is_escaped_everywhere(void)
{
    cJSON *release = sample();
    poison(release, 0);
    cJSON *sex = cJSON_CreateObject(); /* names of members that are data: an axis and an attribute */
    cJSON_AddStringToObject(sex, HOSTILE, HOSTILE);
    cJSON *groups =
        member(cJSON_GetArrayItem(member(cJSON_GetArrayItem(member(release, "models"), 0), "findings"), 0), "groups");
    cJSON_ReplaceItemInObjectCaseSensitive(cJSON_GetArrayItem(groups, 1), "group", sex);
    cJSON_AddItemToObject(member(release, "attributes"), HOSTILE, cJSON_CreateObject());
    cJSON_AddNumberToObject(member(release, "unpaired"), HOSTILE, 3);
    char *page = page_of(release);
    CU_ASSERT_STRING_EQUAL(es_test_markup_fault(page), "");
    CU_ASSERT_PTR_NULL(strstr(page, "<script"));
    CU_ASSERT_PTR_NULL(strstr(page, "onload='"));
    CU_ASSERT_PTR_NULL(strstr(page, "\xff"));
    CU_ASSERT_PTR_NULL(strstr(page, "\xe2\x80\xae"));
    CU_ASSERT_TRUE(times(page, HOSTILE_ESCAPED) > 100);
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "<title>Bias report, site " HOSTILE_ESCAPED "</title>"));
    free(page);
    cJSON_Delete(release);
}

static void the_same_release_gives_the_same_bytes(void)
{
    cJSON *release = sample(), *again = sample();
    char *a = page_of(release), *b = page_of(again);
    CU_ASSERT_STRING_EQUAL(a, b);
    free(a);
    free(b);
    cJSON_Delete(release);
    cJSON_Delete(again);
}

static void an_empty_release_still_makes_a_page(void)
{
    cJSON *release = cJSON_Parse("{\"schema\":\"evensight-report/1\",\"models\":[]}");
    char *page = page_of(release);
    CU_ASSERT_STRING_EQUAL(es_test_markup_fault(page), "");
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "Nothing was reported."));
    free(page);
    cJSON_Delete(release);
}

static void what_is_no_release_gives_no_page(void)
{
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    cJSON *tree = cJSON_Parse("{\"schema\":\"other\"}");
    CU_ASSERT_EQUAL(es_render_html(tree, &bytes, &err), ES_E_PARSE);
    CU_ASSERT_STRING_EQUAL(err.text, "release: schema is \"other\", expected \"evensight-report/1\"");
    CU_ASSERT_PTR_NULL(bytes.data);
    cJSON_Delete(tree);
}

/* A failed page hands nothing over and says why. */
static void a_page_past_its_ceiling_is_refused(void)
{
    struct es_page page = {.failed = ES_E_LIMIT};
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    es_page_put(&page, "more");
    CU_ASSERT_EQUAL(page.len, 0);
    CU_ASSERT_EQUAL(es_page_take(&page, &bytes, &err), ES_E_LIMIT);
    CU_ASSERT_STRING_EQUAL(err.text, "page: longer than 268435456 bytes");
    CU_ASSERT_PTR_NULL(bytes.data);
}

static void keep(cJSON *array, int count)
{
    while (cJSON_GetArraySize(array) > count) cJSON_DeleteItemFromArray(array, count);
}

/* One finding, one axis and a few lines of the summary: small enough for a reviewer to read the golden page's diff. */
static cJSON *small_sample(void)
{
    static const char *const lists[] = {"floors_missed", "disparities", "parities", "cannot_be_judged", "sentences"};
    cJSON *release = sample(), *models = member(release, "models");
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) keep(member(member(release, "summary"), lists[i]), 3);
    keep(member(release, "axes"), 1);
    keep(models, 1);
    cJSON *findings = member(cJSON_GetArrayItem(models, 0), "findings");
    keep(findings, 1);
    keep(member(cJSON_GetArrayItem(findings, 0), "groups"), 5); /* everyone and the four levels of sex */
    return release;
}

static void the_page_is_the_golden_one(void)
{
    const char *path = es_testdata("golden/sample-report.html");
    cJSON *release = small_sample();
    char *page = page_of(release);
    if (getenv("ES_RENEW_GOLDEN")) {
        FILE *file = fopen(path, "wb");
        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        CU_ASSERT_EQUAL(fputs(page, file) >= 0, 1);
        CU_ASSERT_EQUAL(fclose(file), 0);
    }
    char *golden = es_test_slurp(path, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(golden);
    CU_ASSERT_STRING_EQUAL(page, golden);
    free(golden);
    free(page);
    cJSON_Delete(release);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"the_page_is_well_formed", the_page_is_well_formed},
        {"the_check_finds_faults", the_check_finds_faults},
        {"nothing_is_fetched_or_run", nothing_is_fetched_or_run},
        {"links_lead_somewhere", links_lead_somewhere},
        {"the_summary_comes_first", the_summary_comes_first},
        {"every_sentence_stands_once", every_sentence_stands_once},
        {"every_group_has_its_row", every_group_has_its_row},
        {"unknown_suppressed_and_not_estimable_are_said", unknown_suppressed_and_not_estimable_are_said},
        {"verdicts_are_words_and_labelled_as_fixed_size", verdicts_are_words_and_labelled_as_fixed_size},
        {"colours_of_text_have_contrast", colours_of_text_have_contrast},
        {"hostile_text_is_escaped_everywhere", hostile_text_is_escaped_everywhere},
        {"the_same_release_gives_the_same_bytes", the_same_release_gives_the_same_bytes},
        {"an_empty_release_still_makes_a_page", an_empty_release_still_makes_a_page},
        {"what_is_no_release_gives_no_page", what_is_no_release_gives_no_page},
        {"a_page_past_its_ceiling_is_refused", a_page_past_its_ceiling_is_refused},
        {"the_page_is_the_golden_one", the_page_is_the_golden_one},
        {NULL, NULL}};
    return es_test_main("html", tests, argc, argv);
}
