/* SPDX-License-Identifier: Apache-2.0 */
/* Verification in a release: shares, corrected rates, labelled rates, missing attributes. Expected numbers: R 4.2.2,
 *   bg <- function(a,b,c,d,u1,u0,k=1) { n1<-a+b+u1; n0<-c+d+u0; z<-qnorm(.975); common<-(n1+n0)/(n1*n0)
 *     se<-n1*a/(a+b)/(n1*a/(a+b)+n0*c/(c+d)); v<-common+b/(a*(a+b))+d/(c*(c+d))
 *     c(se, plogis(qlogis(se)+c(-1,1)*z*sqrt(k*v)), v) }
 *   g<-bg(40,20,20,120,0,140); r<-bg(160,40,20,380,0,0)
 * (Begg and Greenes 1983; the vectors of h1_verification_bias.json hold the kernel to CompareTests and survey), and for differences of
 * shares the Miettinen-Nurminen z of test_report_weak.c. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/coverage.h"
#include "plugin/report/report.h"
#include "plugin/report/view.h"
#include "report_site.h"
#include "testlib.h"

static struct es_site site;

static void add(uint8_t sex, uint8_t stage, uint8_t decision, uint8_t label, uint32_t count)
{
    stand_in_add(&site, count, (struct stand_in_row){.sex = sex, .age = 1, .stage = stage, .decision = decision, .label = label,
                                                     .mark = stage == ES_STAGE_REFERENCED ? ES_MARK_HAS_REFERENCE : 0});
}

/** tp, fn, fp, tn, and non-alerts that nobody verified in time. */
static void table(uint8_t sex, uint32_t tp, uint32_t fn, uint32_t fp, uint32_t tn, uint32_t unverified)
{
    add(sex, ES_STAGE_REFERENCED, 1, 1, tp);
    add(sex, ES_STAGE_REFERENCED, 0, 1, fn);
    add(sex, ES_STAGE_REFERENCED, 1, 0, fp);
    add(sex, ES_STAGE_REFERENCED, 0, 0, tn);
    add(sex, ES_STAGE_OVERDUE, 0, ES_NO_ANSWER, unverified);
}

static const cJSON *of(const cJSON *release, const char *label, const char *name)
{
    return es_view_at(stand_in_group(release, label), "verification", name);
}

static void corrected_rates_are_those_of_r(void)
{
    stand_in_init(&site);
    table(1, 40, 20, 20, 120, 140);
    table(2, 160, 20, 40, 380, 0);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *e = of(release, "sex F", "sensitivity");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(e, "naive"), 40.0 / 60, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(e, "value"), 0.5, 1e-12);
    /* the naive rate's design effect, K/(K-1) of 60 patients, is in the limits: plogis(qlogis(.5)+c(-1,1)*z*sqrt(60/59*v)) */
    const double half = 1.959963984540054 * sqrt(60.0 / 59 * 0.0714285714285714);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(e, "lo"), 1 / (1 + exp(half)), 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(e, "hi"), 1 / (1 + exp(-half)), 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(e, "worst"), 0.2, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(e, "best"), 40.0 / 60, 1e-12);
    CU_ASSERT_STRING_EQUAL(es_view_string(e, "words"), "0.67 of verified cases; 0.50 (95 % 0.37 to 0.63) if unverified cases are like verified "
                                                       "ones of the same AI result; 0.20 to 0.67 whatever they are");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(of(release, "sex F", "specificity"), "value"), 0.923076923076923, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(of(release, "sex M", "sensitivity"), "value"), 160.0 / 180, 1e-12); /* all verified: as seen */
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(of(release, "sex F", "share_of_non_alerts"), "value"), 0.5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(of(release, "sex F", "share_of_alerts"), "value"), 1, 1e-12);
    CU_ASSERT_PTR_NULL(of(release, "sex F", "hidden"));
    struct es_view_finding at = {0};
    CU_ASSERT_TRUE_FATAL(es_view_next(release, &at));
    CU_ASSERT_PTR_NOT_NULL(es_view_at(at.finding, "verification", "sensitivity")); /* everyone's */
    CU_ASSERT_PTR_NULL(es_view_at(at.finding, "verification", "hidden"));
    cJSON_Delete(release);
}

static void without_a_verified_non_alert_there_is_a_reason_and_bounds(void)
{
    stand_in_init(&site);
    table(1, 40, 0, 20, 0, 60);
    table(2, 160, 20, 40, 380, 0);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *e = of(release, "sex F", "sensitivity");
    CU_ASSERT_STRING_EQUAL(es_view_string(e, "why"), "no_verified_negatives");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(e, "worst"), 0.4, 1e-12);
    CU_ASSERT_EQUAL(es_view_number(e, "best"), 1);
    CU_ASSERT_STRING_EQUAL(es_view_string(of(release, "sex O", "sensitivity"), "why"), "no_cases");
    CU_ASSERT_STRING_EQUAL(es_view_string(of(release, "sex O", "share_of_alerts"), "status"), "not_estimable");
    cJSON_Delete(release);
}

static const cJSON *judged(const cJSON *release)
{
    return es_view_at(stand_in_group(release, "sex F"), "against_rest", "sensitivity");
}

/** Non-alerts of M that nobody verified could turn the difference round; the plan's declaration decides, when the corrected difference agrees. */
static void a_declared_correction_lets_a_verdict_stand(void)
{
    for (int fixed = 0; fixed < 2; fixed++) {
        stand_in_init(&site);
        site.config.plan.fixed = fixed;
        site.config.plan.planned_looks = (uint32_t)fixed;
        table(1, 200, 100, 20, 120, 0);
        table(2, 480, 60, 40, 1140, 300);
        cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
        CU_ASSERT_STRING_EQUAL(es_view_string(judged(release), "verdict"), "not_enough");
        CU_ASSERT_STRING_EQUAL(es_view_string(judged(release), "reason"), "verification");
        const cJSON *corrected = cJSON_GetObjectItemCaseSensitive(judged(release), "corrected");
        const double m = 480.0 / (480 + 1500.0 * 60 / 1200);
        CU_ASSERT_DOUBLE_EQUAL(es_view_number(corrected, "difference"), 200.0 / 300 - m, 1e-12);
        CU_ASSERT_TRUE(es_view_number(corrected, "hi") < 0 && cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(corrected, "declared")));
        cJSON_Delete(release);
        site.config.plan.correct_verification = true;
        release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
        CU_ASSERT_STRING_EQUAL(es_view_string(judged(release), "verdict"), "disparity");
        CU_ASSERT_STRING_EQUAL(es_view_string(cJSON_GetObjectItemCaseSensitive(release, "plan"), "verification_correction"), "begg-greenes");
        cJSON_Delete(release);
        /* M: few non-alerts verified, half of them diseased: corrected, M is found in 480 of 1230, fewer than F */
        stand_in_init(&site);
        site.config.plan.fixed = fixed;
        site.config.plan.planned_looks = (uint32_t)fixed;
        site.config.plan.correct_verification = true;
        table(1, 200, 100, 20, 120, 0);
        table(2, 480, 60, 40, 60, 1380);
        release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
        CU_ASSERT_STRING_EQUAL(es_view_string(judged(release), "verdict"), "not_enough");
        CU_ASSERT_STRING_EQUAL(es_view_string(judged(release), "reason"), "verification");
        cJSON_Delete(release);
    }
}

static void labelled_rates_stand_against_the_rest(void)
{
    stand_in_init(&site);
    table(1, 40, 20, 20, 40, 80);   /* 120 of 200 labelled */
    table(2, 160, 20, 40, 320, 60); /* 540 of 600 */
    add(1, ES_STAGE_MATURING, 0, ES_NO_ANSWER, 50); /* not due yet */
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *gap = of(release, "sex F", "labelled");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(gap, "value"), 0.6, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(gap, "difference"), -0.3, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(gap, "lo"), -0.372964210453522, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(gap, "hi"), -0.229792929522379, 1e-9);
    CU_ASSERT_STRING_EQUAL(es_view_string(gap, "words"), "60.0 % of results past their window have a reference, 90.0 % in the rest; "
                                                         "difference \xe2\x88\x92" "30.0 points, 95 % \xe2\x88\x92" "37.3 to \xe2\x88\x92" "23.0");
    CU_ASSERT_PTR_NULL(of(release, "everyone", "labelled"));
    cJSON_Delete(release);
}

/** 120 of 200 alerts and 540 of 600 non-alerts are of unknown sex. */
static void unknown(void)
{
    stand_in_init(&site);
    add(0, ES_STAGE_REFERENCED, 1, 1, 120);
    add(1, ES_STAGE_REFERENCED, 1, 1, 80);
    add(0, ES_STAGE_REFERENCED, 0, 0, 540);
    add(1, ES_STAGE_OVERDUE, 0, ES_NO_ANSWER, 60);
}

static void unknowns_are_told_by_ai_result(void)
{
    unknown();
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    struct es_view_finding at = {0};
    CU_ASSERT_TRUE_FATAL(es_view_next(release, &at));
    const cJSON *gap = es_view_at(at.finding, "missingness", "sex"), *entry;
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(gap, "difference"), -0.3, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(gap, "lo"), -0.372964210453522, 1e-9);
    CU_ASSERT_EQUAL(es_view_number(gap, "n"), 200);
    CU_ASSERT_PTR_NULL(cJSON_GetObjectItemCaseSensitive(gap, "hidden"));
    bool told = false;
    cJSON_ArrayForEach(entry, es_view_at(release, "summary", "coverage_gaps")) told |= strcmp(es_view_string(entry, "what"), "unknown_by_result") == 0;
    CU_ASSERT_TRUE(told);
    cJSON_Delete(release);
}

static void outsiders_see_no_verification_that_tells_few(void)
{
    stand_in_init(&site);
    table(1, 40, 20, 20, 120, 140);
    table(2, 160, 20, 40, 380, 30);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(of(release, "sex F", "sensitivity"), "status"), "estimated");
    CU_ASSERT_PTR_NULL(cJSON_GetObjectItemCaseSensitive(judged(release), "corrected"));
    cJSON_Delete(release);
    add(2, ES_STAGE_OVERDUE, 1, ES_NO_ANSWER, 3); /* three alerts of M that nobody verified: F's would tell them by subtraction */
    release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    static const char *const labels[] = {"everyone", "sex F", "sex M", "age 0-59"};
    for (size_t i = 0; i < 4; i++)
        for (int k = 0; k < 2; k++)
            CU_ASSERT_STRING_EQUAL(es_view_string(of(release, labels[i], k ? "sensitivity" : "specificity"), "status"), "suppressed");
    cJSON_Delete(release);
    site.config.internal = (struct es_disclosure){ES_DISCLOSE_FLOOR, 5};
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(of(release, "sex M", "sensitivity"), "status"), "estimated");
    cJSON_Delete(release);
    site.config.external = (struct es_disclosure){ES_DISCLOSE_NHS, 0};
    release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    static const char *const names[] = {"sensitivity", "specificity", "share_of_alerts", "share_of_non_alerts", "labelled"};
    for (size_t i = 0; i < 5; i++) CU_ASSERT_STRING_EQUAL(es_view_string(of(release, "sex M", names[i]), "status"), "suppressed");
    cJSON_Delete(release);
    unknown();
    add(2, ES_STAGE_REFERENCED, 1, 1, 2); /* two of M: the alerts of a level are hidden, and with them who is unknown */
    site.config.external = (struct es_disclosure){ES_DISCLOSE_FLOOR, 5};
    release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    struct es_view_finding at = {0};
    CU_ASSERT_TRUE_FATAL(es_view_next(release, &at));
    CU_ASSERT_STRING_EQUAL(es_view_string(es_view_at(at.finding, "missingness", "sex"), "status"), "suppressed");
    cJSON_Delete(release);
}

static void the_page_shows_it(void)
{
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    stand_in_init(&site);
    table(1, 40, 20, 20, 120, 140);
    table(2, 160, 20, 40, 380, 0);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_EQUAL_FATAL(es_render_html(release, &bytes, &err), ES_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)bytes.data, "Who was verified, and what follows"));
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)bytes.data, "0.67 \xe2\x86\x92 <strong>0.50</strong>"));
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)bytes.data, "The plan does not make it"));
    es_bytes_free(&bytes);
    cJSON_Delete(release);
}

static const struct es_test tests[] = {
    {"corrected_rates_are_those_of_r", corrected_rates_are_those_of_r},
    {"without_a_verified_non_alert_there_is_a_reason_and_bounds", without_a_verified_non_alert_there_is_a_reason_and_bounds},
    {"a_declared_correction_lets_a_verdict_stand", a_declared_correction_lets_a_verdict_stand},
    {"labelled_rates_stand_against_the_rest", labelled_rates_stand_against_the_rest},
    {"unknowns_are_told_by_ai_result", unknowns_are_told_by_ai_result},
    {"outsiders_see_no_verification_that_tells_few", outsiders_see_no_verification_that_tells_few},
    {"the_page_shows_it", the_page_shows_it},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("report_verification", tests, argc, argv);
}
