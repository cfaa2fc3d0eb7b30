/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts that may be looked at every day, in a whole report: figures of vectors/f2_eprocess_difference.json and
 * f1_confseq_proportion.json (made with mpmath and SciPy), reached through sheet, sweep, family and tree. */
#include <math.h>
#include <string.h>

#include "plugin/report/report.h"
#include "plugin/report/view.h"
#include "report_site.h"
#include "testlib.h"

static struct es_site site;

/* Primary groups of the stand-in: F, M, O, 0-59, 60+ weigh 1 each, F 60+ a quarter; times sensitivity and specificity. */
#define FAMILY (2 * 5.25)

static const cJSON *interval_of(const cJSON *comparison, int at)
{
    return cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(comparison, "intervals"), at);
}

static const char *floor_of(const cJSON *release, const char *label)
{
    return es_view_string(es_view_at(stand_in_group(release, label), "against_floor", "sensitivity"), "verdict");
}

/** Positives of one sex, `found` of `all`, one a patient. */
static void positives(uint8_t sex, uint32_t found, uint32_t all)
{
    struct stand_in_row r = {.sex = sex, .age = 1, .stage = ES_STAGE_REFERENCED, .mark = ES_MARK_HAS_REFERENCE, .label = 1, .decision = 1};
    stand_in_add(&site, found, r);
    r.decision = 0;
    stand_in_add(&site, all - found, r);
}

/* Vector e08: 57/200 against 627/900, margin 0.1, at its own 0.05. */
static void vector_e08(void)
{
    stand_in_init(&site);
    site.config.plan.alpha = 0.05 * FAMILY;
    positives(1, 57, 200);
    positives(2, 627, 900);
}

static void the_default_is_the_sequential_score_interval(void)
{
    vector_e08();
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *c = stand_in_rest(release, "sex F", "sensitivity"), *own = interval_of(c, 0), *plain = interval_of(c, 1);
    CU_ASSERT_STRING_EQUAL(es_view_string(cJSON_GetObjectItemCaseSensitive(release, "plan"), "mode"), "default");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "mode"), "sequential");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "family"), "primary");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "verdict"), "disparity");
    CU_ASSERT_STRING_EQUAL(es_view_string(own, "method"), "sequential-score");
    CU_ASSERT_TRUE(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(own, "adjusted")));
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(own, "level"), 0.95, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(own, "lo"), -0.5102811123896, 1e-8);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(own, "hi"), -0.2971848842984, 1e-8);
    CU_ASSERT_STRING_EQUAL(es_view_string(plain, "method"), "miettinen-nurminen-clustered");
    CU_ASSERT_TRUE(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(plain, "adjusted")));
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(plain, "lo"), -0.4773354026884, 2e-4); /* mn95, with deff K/(K-1) */
    /* 1/e of the normal mixture, METRICS F2(b), from the vector's z and v_opt */
    const double p0 = 684.0 / 1100, time = 1 / (p0 * (1 - p0) * (1.0 / 200 + 1.0 / 900)), z = -10.85440658724;
    const double rho = 618.255723202 / (2 * log(20) + log(1 + 2 * log(20)));
    const double p = exp(-(z * z * time / (2 * (time + rho)) + log(rho / (time + rho)) / 2));
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(c, "p") / p, 1, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(c, "p_adjusted") / (FAMILY * p), 1, 1e-6);
    CU_ASSERT_TRUE(stand_in_said(release, "Verdicts are sequential: may be looked at every day."));
    CU_ASSERT_FALSE(stand_in_said(release, "not for daily looking"));
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(cJSON_GetObjectItemCaseSensitive(release, "plan"), "alpha_over_epochs"), 0.05 * FAMILY, 1e-12);
    cJSON_Delete(release);
}

/* Vector e00: a difference that stays open; its cases needed are more than a single look would need. */
static void an_open_interval_says_what_is_lacking(void)
{
    stand_in_init(&site);
    site.config.plan.alpha = 0.05 * FAMILY;
    site.config.plan.metrics[0].margin = 0.05;
    positives(1, 88, 100);
    positives(2, 900, 1000);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *c = stand_in_rest(release, "sex F", "sensitivity");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "verdict"), "not_enough");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "reason"), "interval");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(interval_of(c, 0), "lo"), -0.1720012873265, 1e-8);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(interval_of(c, 0), "hi"), 0.05643222028975, 1e-8);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(c, "p_adjusted"), 1, 0);
    cJSON_Delete(release);
    site.config.plan.alpha = 0.05;
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    c = stand_in_rest(release, "sex F", "sensitivity");
    const double needed = es_view_number(cJSON_GetObjectItemCaseSensitive(c, "cases_needed"), "positives");
    cJSON_Delete(release);
    site.config.plan.fixed = true;
    site.config.plan.planned_looks = 1;
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    c = stand_in_rest(release, "sex F", "sensitivity");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "mode"), "fixed");
    const double once = es_view_number(cJSON_GetObjectItemCaseSensitive(c, "cases_needed"), "positives");
    CU_ASSERT(once > 0);
    CU_ASSERT(needed > once);
    CU_ASSERT(needed < 20 * once);
    cJSON_Delete(release);
}

/* At another alpha the floor's sequence is told at its own level; the figures of groups stay at 95 %. */
static void intervals_bear_their_own_level(void)
{
    stand_in_init(&site);
    site.config.plan.alpha = 0.01;
    positives(1, 40, 100);
    positives(2, 900, 1000);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    struct es_bytes page = {0};
    struct es_error err = {0};
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(es_view_at(stand_in_group(release, "sex F"), "against_floor", "sensitivity"), "level"), 0.99, 1e-12);
    CU_ASSERT_TRUE(stand_in_said(release, "sex F: sensitivity 0.40 (99 % "));
    CU_ASSERT_EQUAL_FATAL(es_render_html(release, &page, &err), ES_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)page.data, "Bar: 95 % interval"));
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)page.data, "by group, with 95 % intervals"));
    CU_ASSERT_PTR_NULL(strstr((const char *)page.data, "99 % interval"));
    es_bytes_free(&page);
    cJSON_Delete(release);
}

static double positives_needed(void)
{
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const double needed = es_view_number(cJSON_GetObjectItemCaseSensitive(stand_in_rest(release, "sex F", "sensitivity"), "cases_needed"), "positives");
    cJSON_Delete(release);
    return needed;
}

/* A difference of 0.095 is hard to show to be within a margin of 0.1 and easily shown not to be 0: the nearer verdict is what is asked. */
static void cases_needed_are_those_of_the_nearer_verdict(void)
{
    for (int fixed = 0; fixed < 2; fixed++) {
        stand_in_init(&site);
        site.config.plan.fixed = fixed;
        site.config.plan.planned_looks = 1;
        positives(1, 61, 76);
        positives(2, 897, 1000); /* 62 / 78 and 898 / 1002, as planned with: 0.101 apart; without the margin as with a great one */
        site.config.plan.metrics[0].margin = 0.11;
        site.config.plan.alpha = 0.0005; /* so that neither is shown */
        const double needed = positives_needed();
        CU_ASSERT_TRUE(needed > 0 && needed < 2000); /* of the 0.009 to the margin it would be tens of thousands */
    }
}

/* 49 women, 40 of them found, against 20 of 60 men: far apart, but no verdict below 50 cases and 50 patients. */
static void cases_needed_reach_the_least_numbers(void)
{
    stand_in_init(&site);
    positives(1, 40, 49);
    positives(2, 60, 180);
    CU_ASSERT_DOUBLE_EQUAL(positives_needed(), 1, 0); /* ES_SEQUENTIAL_MIN_CASES */
    site.config.plan.min_patients = 98;
    CU_ASSERT_DOUBLE_EQUAL(positives_needed(), 49, 0);
    site.config.plan.min_patients = 50;
    site.config.plan.min_cases = 100;
    CU_ASSERT_DOUBLE_EQUAL(positives_needed(), 51, 0);
    stand_in_init(&site); /* the rest lacks them: it grows as the group does */
    positives(1, 80, 80);
    positives(2, 8, 16);
    site.config.plan.min_patients = 1;
    CU_ASSERT_DOUBLE_EQUAL(positives_needed(), 80.0 * 50 / 16 - 80, 0);
    site.config.plan.min_patients = 64;
    CU_ASSERT_DOUBLE_EQUAL(positives_needed(), 80.0 * 64 / 16 - 80, 0);
    stand_in_init(&site); /* two missed of 300: ten are asked */
    positives(1, 150, 150);
    positives(2, 148, 150);
    CU_ASSERT_TRUE(positives_needed() >= 150.0 * 4 / 2);
}

/* Strict: of each patient the first exam since the plan's day. Vector e08 among earlier and later exams that were all found. */
static void strict_mode_counts_first_exams_only(void)
{
    static struct stand_in_row rows[1100];
    vector_e08();
    memcpy(rows, site.rows, sizeof rows);
    site.n = 0;
    for (uint32_t i = 0; i < 1100; i++) {
        struct stand_in_row early = rows[i], late = rows[i];
        early.day = site.plan_day - 1;
        late.day++;
        early.decision = late.decision = 1;
        early.score = late.score = 0.9;
        if (i % 5 == 0) site.rows[site.n++] = early;
        site.rows[site.n++] = rows[i];
        if (i % 3 == 0) site.rows[site.n++] = late;
    }
    site.config.plan.strict = true;
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *c = stand_in_rest(release, "sex F", "sensitivity"), *own = interval_of(c, 0), *plain = interval_of(c, 1);
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "mode"), "strict");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "verdict"), "disparity");
    CU_ASSERT_STRING_EQUAL(es_view_string(own, "method"), "e-process");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(c, "group_value"), 57.0 / 200, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(own, "lo"), -0.5529323107963, 1e-8);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(own, "hi"), -0.2481010138616, 1e-8);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(plain, "lo"), -0.4773354026884, 1e-8);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(plain, "hi"), -0.3390931850928, 1e-8);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(c, "p") / 6.038772152919e-23, 1, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(c, "p_adjusted") / (FAMILY * 6.038772152919e-23), 1, 1e-6);
    /* the floor rests on the same cases */
    const cJSON *floor = es_view_at(stand_in_group(release, "everyone"), "against_floor", "sensitivity");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(floor, "value"), 684.0 / 1100, 1e-12);
    cJSON_Delete(release);
    site.config.plan.strict = false;
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT(es_view_number(stand_in_rest(release, "sex F", "sensitivity"), "group_value") > 57.0 / 200);
    cJSON_Delete(release);
}

/* S500_n1000_a0.05_b0.5: [0.44241838, 0.55758161] */
static void floors_are_judged_by_the_confidence_sequence(void)
{
    static const struct {
        double floor;
        const char *verdict;
    } cases[] = {{0.4424, "met"}, {0.4425, "not_enough"}, {0.5575, "not_enough"}, {0.5576, "below"}};
    stand_in_init(&site);
    positives(1, 250, 500);
    positives(2, 250, 500);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        site.config.plan.metrics[0].floor = cases[i].floor;
        cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
        const cJSON *entry = es_view_at(stand_in_group(release, "everyone"), "against_floor", "sensitivity");
        CU_ASSERT_STRING_EQUAL(es_view_string(entry, "method"), "confidence-sequence");
        CU_ASSERT_DOUBLE_EQUAL(es_view_number(entry, "lo"), 0.4424183856766, 1e-8);
        CU_ASSERT_DOUBLE_EQUAL(es_view_number(entry, "hi"), 0.5575816143234, 1e-8);
        CU_ASSERT_STRING_EQUAL(floor_of(release, "everyone"), cases[i].verdict);
        cJSON_Delete(release);
    }
    /* one planned look is less strict: Wilson 0.469 to 0.531 */
    site.config.plan.fixed = true;
    site.config.plan.planned_looks = 1;
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(es_view_at(stand_in_group(release, "everyone"), "against_floor", "sensitivity"), "method"), "wilson-clustered");
    CU_ASSERT_STRING_EQUAL(floor_of(release, "everyone"), "below");
    site.config.plan.metrics[0].floor = 0.5400;
    cJSON_Delete(release);
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_STRING_EQUAL(floor_of(release, "everyone"), "below"); /* and the sequence leaves it open */
    cJSON_Delete(release);
}

static void below_the_methods_minima_there_is_no_interval(void)
{
    stand_in_init(&site);
    site.config.plan.min_patients = 1;
    positives(1, 20, 40);
    positives(2, 200, 300);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *c = stand_in_rest(release, "sex F", "sensitivity");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "verdict"), "not_enough");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "reason"), "min_n");
    CU_ASSERT_TRUE(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(interval_of(c, 0), "lo")));
    CU_ASSERT_TRUE(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(c, "p")));
    CU_ASSERT_TRUE(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(c, "p_adjusted")));
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(c, "difference"), 0.5 - 200.0 / 300, 1e-12);
    CU_ASSERT_TRUE(stand_in_said(release, "too few cases or patients for a verdict at any look"));
    cJSON_Delete(release);
    site.config.plan.min_patients = 50; /* the plan's own minimum is told first */
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(stand_in_rest(release, "sex F", "sensitivity"), "reason"), "min_patients");
    cJSON_Delete(release);
}

static void unverified_cases_forbid_a_sequential_verdict_too(void)
{
    vector_e08();
    /* M: 1500 non-alerts never looked at; were they diseased, M would be found in 627 of 2400, fewer than F's 57 of 200 */
    stand_in_add(&site, 1500, (struct stand_in_row){.sex = 2, .age = 1, .stage = ES_STAGE_OVERDUE, .label = ES_NO_ANSWER});
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *c = stand_in_rest(release, "sex F", "sensitivity");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "verdict"), "not_enough");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "reason"), "verification");
    cJSON_Delete(release);
}

static void a_metric_without_a_sequential_test_bears_no_daily_verdict(void)
{
    stand_in_init(&site);
    stand_in_mixed(&site);
    struct es_plan *plan = &site.config.plan;
    plan->metrics[plan->n_metrics++] = (struct es_plan_metric){.name = "auroc", .primary = true, .margin = 0.05, .floor = 0.5};
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *c = stand_in_rest(release, "sex F", "auroc"), *floor = es_view_at(stand_in_group(release, "sex F"), "against_floor", "auroc");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "family"), "primary");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "reason"), "no_sequential_test");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "verdict"), "not_enough");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "mode"), "fixed"); /* whose figures these are */
    CU_ASSERT_TRUE(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(c, "p_adjusted")));
    CU_ASSERT_STRING_EQUAL(es_view_string(floor, "verdict"), "not_enough");
    CU_ASSERT_TRUE(stand_in_said(release, "no test that may be looked at every day)") || stand_in_said(release, "no test that may be looked at every day;"));
    CU_ASSERT_STRING_EQUAL(es_view_string(floor, "reason"), "no_sequential_test");
    CU_ASSERT_TRUE(stand_in_said(release, "have no test that may be looked at every day"));
    /* it takes nothing from the others' alpha */
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(interval_of(stand_in_rest(release, "sex F", "sensitivity"), 0), "level"), 1 - 0.05 / FAMILY, 1e-12);
    cJSON_Delete(release);
    plan->fixed = true;
    plan->planned_looks = 1;
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    c = stand_in_rest(release, "sex F", "auroc");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "family"), "primary");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "mode"), "fixed");
    CU_ASSERT(*es_view_string(c, "verdict") != '\0');
    CU_ASSERT_STRING_EQUAL(floor_of(release, "everyone"), "met");
    cJSON_Delete(release);
}

/* The weights do not move with results: what cannot be compared keeps its share, and new cases of others change no level. */
static void shares_of_alpha_do_not_move(void)
{
    vector_e08();
    site.config.plan.alpha = 0.05;
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(interval_of(stand_in_rest(release, "sex F", "sensitivity"), 0), "level"), 1 - 0.05 / FAMILY, 1e-12);
    cJSON_Delete(release);
    positives(3, 60, 80); /* O had nobody before */
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(interval_of(stand_in_rest(release, "sex F", "sensitivity"), 0), "level"), 1 - 0.05 / FAMILY, 1e-12);
    cJSON_Delete(release);
}

static void planned_looks_share_alpha(void)
{
    cJSON *releases[2];
    vector_e08();
    site.config.plan.alpha = 0.05;
    site.config.plan.fixed = true;
    for (uint32_t looks = 1; looks <= 2; looks++) {
        site.config.plan.planned_looks = looks;
        releases[looks - 1] = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    }
    const cJSON *one = stand_in_rest(releases[0], "sex F", "sensitivity"), *two = stand_in_rest(releases[1], "sex F", "sensitivity");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(two, "p_adjusted") / es_view_number(one, "p_adjusted"), 2, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(1 - es_view_number(interval_of(two, 0), "level"), (1 - es_view_number(interval_of(one, 0), "level")) / 2, 1e-12);
    CU_ASSERT_TRUE(stand_in_said(releases[0], "Verdicts are fixed-size: 1 planned look; not for daily looking."));
    CU_ASSERT_TRUE(stand_in_said(releases[1], "Verdicts are fixed-size: 2 planned looks; not for daily looking."));
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(cJSON_GetObjectItemCaseSensitive(releases[1], "plan"), "planned_looks"), 2, 0);
    CU_ASSERT_PTR_NULL(cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(releases[1], "plan"), "alpha_over_epochs"));
    cJSON_Delete(releases[0]);
    cJSON_Delete(releases[1]);
}

static const struct es_test tests[] = {
    {"the_default_is_the_sequential_score_interval", the_default_is_the_sequential_score_interval},
    {"an_open_interval_says_what_is_lacking", an_open_interval_says_what_is_lacking},
    {"intervals_bear_their_own_level", intervals_bear_their_own_level},
                                       {"cases_needed_are_those_of_the_nearer_verdict", cases_needed_are_those_of_the_nearer_verdict},
                                       {"cases_needed_reach_the_least_numbers", cases_needed_reach_the_least_numbers},
                                       {"strict_mode_counts_first_exams_only", strict_mode_counts_first_exams_only},
    {"floors_are_judged_by_the_confidence_sequence", floors_are_judged_by_the_confidence_sequence},
    {"below_the_methods_minima_there_is_no_interval", below_the_methods_minima_there_is_no_interval},
    {"unverified_cases_forbid_a_sequential_verdict_too", unverified_cases_forbid_a_sequential_verdict_too},
    {"a_metric_without_a_sequential_test_bears_no_daily_verdict", a_metric_without_a_sequential_test_bears_no_daily_verdict},
    {"shares_of_alpha_do_not_move", shares_of_alpha_do_not_move},
    {"planned_looks_share_alpha", planned_looks_share_alpha},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("report_sequential", tests, argc, argv);
}
