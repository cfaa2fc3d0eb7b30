/* SPDX-License-Identifier: Apache-2.0 */
/* The search for weak groups in a release. Limits of 120/200 less 540/600 by Miettinen and Nurminen: R 4.2.2,
 *   z <- function(d) { f <- function(p2) { p1<-p2+d; -(120*log(p1)+80*log(1-p1)+540*log(p2)+60*log(1-p2)) }
 *     p2<-optimize(f,c(max(0,-d)+1e-12,min(1,1-d)-1e-12),tol=1e-13)$minimum; p1<-p2+d
 *     (-.3-d)/sqrt(800/799*(p1*(1-p1)/200+p2*(1-p2)/600)) }
 *   uniroot(function(d) z(d)-qnorm(.975), c(-.999,-.3), tol=1e-12); uniroot(function(d) z(d)+qnorm(.975), c(-.3,.999), tol=1e-12) */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/report.h"
#include "plugin/report/view.h"
#include "report_site.h"
#include "testlib.h"

static struct es_site site;

/** 60 % are found of F at 60+, 90 % of all others; the plan names sex and age only. */
static void one_corner(void)
{
    stand_in_init(&site);
    site.config.plan.n_groups = 2;
    site.config.plan.min_patients = 20;
    stand_in_positives(&site, 1, 1, 180, 20);
    stand_in_positives(&site, 1, 2, 120, 80);
    stand_in_positives(&site, 2, 1, 180, 20);
    stand_in_positives(&site, 2, 2, 180, 20);
}

static const cJSON *weak(const cJSON *release, int at)
{
    return cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(stand_in_part(release, "exploratory"), "weak_groups"), at);
}

static void the_corner_is_found_first(void)
{
    one_corner();
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *out = stand_in_part(release, "exploratory"), *first = weak(release, 0), *group = cJSON_GetObjectItemCaseSensitive(first, "group");
    /* levels F, M, 0-59, 60+ and their four crossings, on sensitivity; nobody is negative */
    CU_ASSERT_EQUAL(es_view_number(out, "searched"), 8);
    CU_ASSERT_STRING_EQUAL(es_view_string(group, "sex"), "F");
    CU_ASSERT_STRING_EQUAL(es_view_string(group, "age"), "60+");
    CU_ASSERT_STRING_EQUAL(es_view_string(first, "metric"), "sensitivity");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(first, "harm"), 0.3, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(first, "harm_least"), 0.229792929522379, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(first, "harm_most"), 0.372964210453522, 1e-9);
    CU_ASSERT_TRUE(es_view_number(first, "p_adjusted") < 1e-12);
    CU_ASSERT_FALSE(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(first, "in_plan")));
    CU_ASSERT_TRUE(strstr(es_view_string(first, "words"), "missed more often: 0.60 against 0.90; 30.0 points worse, 95 % 23.0 to 37.3") != NULL);
    /* F and 60+ are weak too, as the corner is in them: found, of the plan, each ranked by its own bound */
    CU_ASSERT_EQUAL(es_view_number(out, "found"), 3);
    CU_ASSERT_TRUE(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(weak(release, 1), "in_plan")));
    CU_ASSERT_TRUE(es_view_number(weak(release, 1), "harm_least") < es_view_number(first, "harm_least"));
    CU_ASSERT_TRUE(strstr(es_view_string(out, "words"), "8 comparisons of groups of up to 3 attributes were searched; 3 do worse") != NULL);
    CU_ASSERT_PTR_NULL(cJSON_GetObjectItemCaseSensitive(first, "hidden"));
    cJSON_Delete(release);
}

/** Where one level is weak throughout, its parts only inherit it: counted, not listed. */
static void what_only_inherits_is_counted(void)
{
    stand_in_init(&site);
    site.config.plan.min_patients = 20;
    stand_in_positives(&site, 1, 1, 120, 80);
    stand_in_positives(&site, 1, 2, 120, 80);
    stand_in_positives(&site, 2, 1, 180, 20);
    stand_in_positives(&site, 2, 2, 180, 20);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *out = stand_in_part(release, "exploratory");
    CU_ASSERT_STRING_EQUAL(es_view_string(cJSON_GetObjectItemCaseSensitive(weak(release, 0), "group"), "sex"), "F");
    CU_ASSERT_PTR_NULL(weak(release, 1));
    CU_ASSERT_EQUAL(es_view_number(out, "found"), 3);
    CU_ASSERT_EQUAL(es_view_number(out, "inherited"), 2);
    CU_ASSERT_TRUE(strstr(es_view_string(out, "words"), "2 more only inherit it from a wider group") != NULL);
    cJSON_Delete(release);
}

static void nothing_found_is_no_acquittal(void)
{
    stand_in_init(&site);
    site.config.plan.min_patients = 20;
    for (uint8_t sex = 1; sex <= 2; sex++)
        for (uint8_t age = 1; age <= 2; age++) stand_in_positives(&site, sex, age, 90, 10);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const char *words = es_view_string(stand_in_part(release, "exploratory"), "words");
    CU_ASSERT_PTR_NULL(weak(release, 0));
    CU_ASSERT_TRUE(strstr(words, "none can be told to do worse") != NULL && strstr(words, "not evidence") != NULL);
    CU_ASSERT_TRUE(strstr(words, "no bias") == NULL);
    cJSON_Delete(release);
}

/** A crossing that the report does not print is not shown to outsiders: its count could be taken from its parts' counts. */
static void outsiders_see_only_groups_of_the_report(void)
{
    one_corner();
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(cJSON_GetObjectItemCaseSensitive(weak(release, 0), "group"), "age"), "60+");
    cJSON_Delete(release);
    site.config.n_intersections = 0;
    release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    const cJSON *entry;
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(stand_in_part(release, "exploratory"), "weak_groups"))
        CU_ASSERT_EQUAL(es_view_axes(cJSON_GetObjectItemCaseSensitive(entry, "group")), 1);
    CU_ASSERT_EQUAL(es_view_number(stand_in_part(release, "exploratory"), "not_shown"), 1);
    CU_ASSERT_TRUE(strstr(es_view_string(stand_in_part(release, "exploratory"), "words"), "; 1 not shown") != NULL);
    cJSON_Delete(release);
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL); /* staff see it all the same */
    CU_ASSERT_STRING_EQUAL(es_view_string(cJSON_GetObjectItemCaseSensitive(weak(release, 0), "group"), "age"), "60+");
    cJSON_Delete(release);
    site.config.external = (struct es_disclosure){ES_DISCLOSE_NHS, 0};
    release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    CU_ASSERT_PTR_NULL(weak(release, 0));
    CU_ASSERT_EQUAL(es_view_number(stand_in_part(release, "exploratory"), "not_shown"), 3);
    cJSON_Delete(release);
}

/** With a suppressed rate in the group, outsiders do not get it by the search either; staff do not below their floor. */
static void a_suppressed_group_is_not_listed(void)
{
    stand_in_init(&site);
    site.config.plan.min_cases = site.config.plan.min_patients = 1;
    stand_in_positives(&site, 1, 1, 300, 10);
    stand_in_positives(&site, 2, 1, 300, 10);
    stand_in_positives(&site, 1, 2, 0, 4); /* four, all missed */
    site.config.internal = (struct es_disclosure){ES_DISCLOSE_FLOOR, 5};
    static const enum es_audience audiences[] = {ES_AUDIENCE_INTERNAL, ES_AUDIENCE_EXTERNAL};
    for (size_t i = 0; i < 2; i++) {
        cJSON *release = stand_in_release(&site, audiences[i]);
        const cJSON *entry;
        CU_ASSERT_TRUE(es_view_number(stand_in_part(release, "exploratory"), "not_shown") >= 1);
        cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(stand_in_part(release, "exploratory"), "weak_groups"))
            CU_ASSERT_TRUE(es_view_number(entry, "patients") >= 5);
        cJSON_Delete(release);
    }
}

static void page_and_terminal_show_it(void)
{
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    one_corner();
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_EQUAL_FATAL(es_render_html(release, &bytes, &err), ES_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)bytes.data, "Weak groups that nobody named: exploratory, no verdict"));
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)bytes.data, "named by the plan: its verdict stands above"));
    es_bytes_free(&bytes);
    CU_ASSERT_EQUAL_FATAL(es_render_text(release, 160, &bytes, &err), ES_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)bytes.data, "Exploratory: 8 comparisons"));
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)bytes.data, ": missed more often: 0.60 against 0.90; 30.0 points worse"));
    es_bytes_free(&bytes);
    cJSON_Delete(release);
}

static const struct es_test tests[] = {{"the_corner_is_found_first", the_corner_is_found_first},
                                       {"what_only_inherits_is_counted", what_only_inherits_is_counted},
                                       {"nothing_found_is_no_acquittal", nothing_found_is_no_acquittal},
                                       {"outsiders_see_only_groups_of_the_report", outsiders_see_only_groups_of_the_report},
                                       {"a_suppressed_group_is_not_listed", a_suppressed_group_is_not_listed},
                                       {"page_and_terminal_show_it", page_and_terminal_show_it},
                                       {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("report_weak", tests, argc, argv);
}
