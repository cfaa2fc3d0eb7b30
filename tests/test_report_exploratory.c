/* SPDX-License-Identifier: Apache-2.0 */
/* Exploratory comparisons: the false discovery rate of the list, and p-values that hold on any day. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/report.h"
#include "plugin/report/view.h"
#include "report_site.h"
#include "testlib.h"

static struct es_site site;

static void positives(uint8_t sex, uint32_t found, uint32_t all)
{
    struct stand_in_row r = {.sex = sex, .age = 1, .stage = ES_STAGE_REFERENCED, .mark = ES_MARK_HAS_REFERENCE, .label = 1, .decision = 1};
    stand_in_add(&site, found, r);
    r.decision = 0;
    stand_in_add(&site, all - found, r);
}

struct listed {
    double p, adjusted;
};

/** What the list says of one kind of p-value. */
static size_t gather(const cJSON *release, const char *basis, struct listed *out, size_t room)
{
    struct es_view_finding at = {0};
    size_t n = 0;
    while (es_view_next(release, &at)) {
        const cJSON *group, *c;
        cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(at.finding, "groups"))
        {
            cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(group, "against_rest"))
            {
                if (strcmp(es_view_string(c, "family"), "exploratory") != 0) {
                    CU_ASSERT_PTR_NULL(cJSON_GetObjectItemCaseSensitive(c, "p_basis"));
                    continue;
                }
                if (strcmp(es_view_string(c, "p_basis"), basis) != 0 || n == room) continue;
                out[n].p = es_view_number(c, strcmp(basis, "anytime") == 0 ? "p_anytime" : "p");
                out[n++].adjusted = es_view_number(c, "p_adjusted");
            }
        }
    }
    return n;
}

/** The definition: the least p_j m / rank_j over all p_j that are not smaller; ranks count ties upward. */
static double by_definition(const struct listed *list, size_t n, double p)
{
    double least = 1;
    for (size_t j = 0; j < n; j++) {
        size_t rank = 0;
        for (size_t k = 0; k < n; k++) rank += list[k].p <= list[j].p;
        if (list[j].p >= p) least = fmin(least, list[j].p * (double)n / (double)rank);
    }
    return least;
}

static void check(const cJSON *release, const char *basis, size_t at_least)
{
    static struct listed list[400];
    const size_t n = gather(release, basis, list, 400);
    CU_ASSERT_TRUE(n >= at_least);
    for (size_t i = 0; i < n; i++) CU_ASSERT_DOUBLE_EQUAL(list[i].adjusted, by_definition(list, n, list[i].p), 1e-12);
}

static void the_list_is_adjusted_by_benjamini_and_hochberg(void)
{
    stand_in_init(&site);
    stand_in_mixed(&site);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    check(release, "one_look", 5);
    cJSON_Delete(release);
    site.plan_day = ES_NO_DAY; /* no plan: all is exploratory */
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    check(release, "anytime", 3);
    check(release, "one_look", 5);
    cJSON_Delete(release);
    site.config.plan.fixed = true;
    site.config.plan.planned_looks = 1;
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    check(release, "anytime", 0);
    CU_ASSERT_EQUAL(gather(release, "anytime", NULL, 0), 0);
    check(release, "one_look", 10);
    cJSON_Delete(release);
}

/* Vector e08 of f2_eprocess_difference.json (57/200 against 627/900, margin 0.1): z and v_opt; the normal mixture of METRICS F2(b). */
static void a_rates_p_holds_on_any_day(void)
{
    const double p0 = 684.0 / 1100, time = 1 / (p0 * (1 - p0) * (1.0 / 200 + 1.0 / 900)), z = -10.85440658724;
    const double rho = 618.255723202 / (2 * log(20) + log(1 + 2 * log(20)));
    const double p = exp(-(z * z * time / (2 * (time + rho)) + log(rho / (time + rho)) / 2));
    stand_in_init(&site);
    site.plan_day = ES_NO_DAY;
    positives(1, 57, 200);
    positives(2, 627, 900);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    struct es_view_finding at = {0};
    struct listed list[8];
    CU_ASSERT_TRUE_FATAL(es_view_next(release, &at));
    CU_ASSERT_EQUAL(gather(release, "anytime", list, 8), 4); /* F and M, alone and as F 0-59 and M 0-59: one difference, seen from two sides */
    CU_ASSERT_DOUBLE_EQUAL(list[0].p / p, 1, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(list[0].adjusted / p, 1, 1e-6);
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(es_render_html(release, &bytes, &err), ES_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)bytes.data, "<span class=\"sub row\">any day</span>"));
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)bytes.data, "Exploratory: not in the plan"));
    es_bytes_free(&bytes);
    cJSON_Delete(release);
    site.config.plan.strict = true; /* no e-process outside the plan's groups */
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_EQUAL(gather(release, "anytime", list, 8), 0);
    CU_ASSERT_TRUE(gather(release, "one_look", list, 8) >= 2);
    cJSON_Delete(release);
}

/* The family is what is shown: else an adjusted p-value could be a hidden one times a number. */
static void what_is_hidden_is_in_no_family(void)
{
    stand_in_init(&site);
    stand_in_mixed(&site);
    site.plan_day = ES_NO_DAY;
    cJSON *all = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    static struct listed list[400];
    const size_t n = gather(all, "one_look", list, 400) + gather(all, "anytime", list, 400);
    cJSON_Delete(all);
    site.config.internal = (struct es_disclosure){ES_DISCLOSE_FLOOR, 60};
    cJSON *some = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_TRUE(gather(some, "one_look", list, 400) + gather(some, "anytime", list, 400) < n);
    check(some, "one_look", 1);
    check(some, "anytime", 1);
    cJSON_Delete(some);
    site.config.internal = (struct es_disclosure){ES_DISCLOSE_NHS, 0};
    some = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_EQUAL(gather(some, "one_look", list, 400) + gather(some, "anytime", list, 400), 0);
    cJSON_Delete(some);
    check(some = stand_in_release(&site, ES_AUDIENCE_EXTERNAL), "one_look", 0);
    cJSON_Delete(some);
}

static const struct es_test tests[] = {{"the_list_is_adjusted_by_benjamini_and_hochberg", the_list_is_adjusted_by_benjamini_and_hochberg},
                                       {"a_rates_p_holds_on_any_day", a_rates_p_holds_on_any_day},
                                       {"what_is_hidden_is_in_no_family", what_is_hidden_is_in_no_family},
                                       {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("report_exploratory", tests, argc, argv);
}
