/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/catalogue.h"
#include "metrics/special.h"
#include "plugin/report/build/build.h"
#include "plugin/report/report.h"
#include "plugin/report/view.h"
#include "report_site.h"
#include "testlib.h"

static struct es_site site;

static double count(const cJSON *group, const char *section, const char *name)
{
    return es_view_number(cJSON_GetObjectItemCaseSensitive(group, section), name);
}

static void adds_up(const cJSON *group)
{
    const cJSON *f = cJSON_GetObjectItemCaseSensitive(group, "funnel");
#define N(name) es_view_number(f, name)
    CU_ASSERT_DOUBLE_EQUAL(N("seen"), N("excluded") + N("ineligible") + N("eligibility_unknown") + N("eligible"), 0);
    CU_ASSERT_DOUBLE_EQUAL(N("eligible"), N("resulted") + N("rejected") + N("failed") + N("pending") + N("missing"), 0);
    CU_ASSERT_DOUBLE_EQUAL(N("resulted"), N("referenced") + N("indeterminate") + N("maturing") + N("overdue"), 0);
    CU_ASSERT_DOUBLE_EQUAL(N("referenced"), es_view_number(group, "cases"), 0);
    CU_ASSERT_DOUBLE_EQUAL(count(group, "denominators", "positives") + count(group, "denominators", "negatives"),
                           es_view_number(group, "cases"), 0);
#undef N
}

static void every_line_of_the_funnel_adds_up(void)
{
    stand_in_init(&site);
    stand_in_mixed(&site);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *group;
    CU_ASSERT_DOUBLE_EQUAL(count(stand_in_group(release, "everyone"), "funnel", "seen"), 1200, 0);
    cJSON_ArrayForEach(group, stand_in_part(release, "groups")) adds_up(group);
    cJSON_Delete(release);
}

static void every_axis_adds_up_to_everyone(void)
{
    static const char *const levels[2][5] = {{"sex F", "sex M", "sex O", "sex unknown", NULL}, {"age 0-59", "age 60+", "age unknown", NULL}};
    stand_in_init(&site);
    stand_in_mixed(&site);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *stage, *everyone = stand_in_group(release, "everyone");
    cJSON_ArrayForEach(stage, cJSON_GetObjectItemCaseSensitive(everyone, "funnel"))
    {
        for (size_t axis = 0; axis < 2; axis++) {
            double sum = 0;
            for (size_t l = 0; levels[axis][l]; l++) {
                const cJSON *level = stand_in_group(release, levels[axis][l]);
                CU_ASSERT_PTR_NOT_NULL_FATAL(level);
                sum += count(level, "funnel", stage->string);
            }
            CU_ASSERT_DOUBLE_EQUAL(sum, stage->valuedouble, 0);
        }
    }
    cJSON_Delete(release);
}

static void everyone_is_first_and_unknown_last_of_its_axis(void)
{
    static const char *const order[] = {"everyone", "sex F", "sex M", "sex O", "sex unknown", "age 0-59", "age 60+", "age unknown"};
    stand_in_init(&site);
    stand_in_mixed(&site);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    for (int i = 0; i < 8; i++) {
        char label[ES_VIEW_LABEL];
        es_view_label(cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(stand_in_part(release, "groups"), i), "group"), label, sizeof label);
        CU_ASSERT_STRING_EQUAL(label, order[i]);
    }
    cJSON_Delete(release);
}

/** 300 positives of each sex, found in `f` of F and `m` of M; 300 negatives of each, all without an alert. */
static void two_sexes(uint32_t f, uint32_t m)
{
    stand_in_init(&site);
    site.config.plan.fixed = true; /* the sequential default: test_report_sequential.c */
    site.config.plan.planned_looks = 1;
    for (uint8_t sex = 1; sex <= 2; sex++) {
        const uint32_t found = sex == 1 ? f : m;
        const struct stand_in_row like = {.sex = sex, .age = 1, .stage = ES_STAGE_REFERENCED, .mark = ES_MARK_HAS_REFERENCE};
        struct stand_in_row r = like;
        r.label = 1;
        r.decision = 1;
        stand_in_add(&site, found, r);
        r.decision = 0;
        stand_in_add(&site, 300 - found, r);
        r.label = 0;
        stand_in_add(&site, 300, r);
    }
}

static const cJSON *adjusted_interval(const cJSON *comparison)
{
    const cJSON *interval;
    cJSON_ArrayForEach(interval, cJSON_GetObjectItemCaseSensitive(comparison, "intervals"))
    {
        if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(interval, "adjusted"))) return interval;
    }
    return NULL;
}

/* 180/300 against 240/300, by hand: 600 patients of one exam each have the design effect K/(K-1) = 600/599 (METRICS A5, J1), so each arm
 * counts 299.5; z of the score statistic with N/(N-1) is then sqrt(598/599) 0.2 / sqrt(0.7 0.3 2/299.5). */
static void a_shown_disparity_bears_its_verdict_and_interval(void)
{
    two_sexes(180, 240);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *c = stand_in_rest(release, "sex F", "sensitivity"), *interval = adjusted_interval(c);
    const double z = sqrt(598.0 / 599) * 0.2 / sqrt(0.7 * 0.3 * 2 / 299.5), p = 2 * es_norm_sf(z);
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "verdict"), "disparity");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "family"), "primary");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "mode"), "fixed");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(c, "difference"), -0.2, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(c, "p") / p, 1, 1e-6);
    /* Four hypotheses have a p: sensitivity and specificity of F and M (age 0-59 has no rest). Holm: the smallest times four. */
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(c, "p_adjusted") / (4 * p), 1, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(interval, "level"), 1 - 0.05 / 4, 1e-12);
    CU_ASSERT(es_view_number(interval, "hi") < 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(es_view_string(c, "words"), "missed more often: 0.60 against 0.80"));
    CU_ASSERT_EQUAL(cJSON_GetArraySize(es_view_at(release, "summary", "disparities")), 2);
    cJSON_Delete(release);
}

/* Of 100 women 24 have no result, of 400 men 36: told. With 19 it is 2.86 standard errors, as one of three levels has by chance once in 80. */
static void gaps_in_coverage_are_beyond_chance_among_the_levels(void)
{
    for (uint32_t missing = 19; missing <= 24; missing += 5) {
        stand_in_init(&site);
        const uint32_t n[2][2] = {{100 - missing, missing}, {364, 36}};
        for (uint8_t k = 0; k < 4; k++)
            stand_in_add(&site, n[k / 2][k % 2], (struct stand_in_row){.sex = (uint8_t)(1 + k / 2), .age = 1, .label = k % 2 ? ES_NO_ANSWER : 1, .decision = k % 2 ? ES_NO_ANSWER : 1,
                                                                        .stage = k % 2 ? ES_STAGE_MISSING : ES_STAGE_REFERENCED, .mark = k % 2 ? 0 : ES_MARK_HAS_REFERENCE});
        cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
        CU_ASSERT_EQUAL(stand_in_said(release, "% of eligible exams have a result against 91 % in the rest"), missing == 24);
        cJSON_Delete(release);
    }
}

/* What is shown to differ is told with its direction and digits enough; figures printed alike are the same, and no others. */
static void words_say_what_the_figures_say(void)
{
    static const struct {
        const char *metric;
        double group, rest, lo, hi;
        const char *words;
    } cases[] = {{"sensitivity", 0.9012, 0.8972, 0.001, 0.007, "found more often: 0.901 against 0.897; difference 0.004, 95 % 0.001 to 0.007"},
                 {"specificity", 0.8999, 0.9003, -0.0007, -0.0001, "more false alarms: 0.8999 against 0.9003; difference \u22120.0004, 95 % \u22120.0007 to \u22120.0001"},
                 {"sensitivity", 0.9012, 0.8972, -0.001, 0.007, "the same to two places: 0.90 against 0.90; difference 0.00, 95 % 0.00 to 0.01"},
                 {"sensitivity", 0.846, 0.844, -0.1, 0.1, "nearly the same: 0.85 against 0.84; difference 0.00, 95 % \u22120.10 to 0.10"},
                 {"sensitivity", 0.70, 0.80, -0.1998, -0.0002, "missed more often: 0.70 against 0.80; difference \u22120.10, 95 % \u22120.1998 to \u22120.0002"},
                 {"calibration_in_the_large", -0.31, -0.39, -0.07, 0.23, /* both overstated: the direction is that of the comparison */
                  "risk rated lower for what was found: \u22120.31 against \u22120.39; difference 0.08, 95 % \u22120.07 to 0.23"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char words[240];
        es_report_words(words, sizeof words, es_metric_find(cases[i].metric), cases[i].group, cases[i].rest, cases[i].group - cases[i].rest, cases[i].lo,
                        cases[i].hi, 95, false);
        CU_ASSERT_STRING_EQUAL(words, cases[i].words);
        if (strcmp(words, cases[i].words) != 0) fprintf(stderr, "    %s\n", words);
    }
}

static void parity_is_claimed_within_the_margin_only(void)
{
    two_sexes(270, 270);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *c = stand_in_rest(release, "sex F", "sensitivity"), *interval = adjusted_interval(c);
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "verdict"), "parity");
    CU_ASSERT(es_view_number(interval, "lo") > -0.1 && es_view_number(interval, "hi") < 0.1);
    /* specificity has no margin in the plan: equal, yet no parity */
    CU_ASSERT_STRING_EQUAL(es_view_string(stand_in_rest(release, "sex F", "specificity"), "verdict"), "not_enough");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(interval, "lo"), -es_view_number(interval, "hi"), 1e-9); /* alike in both arms: both ends of one interval */
    cJSON_Delete(release);
}

static void too_few_cases_or_patients_bear_no_judgement(void)
{
    two_sexes(180, 240);
    struct stand_in_row o = {.sex = 3, .age = 1, .stage = ES_STAGE_REFERENCED, .mark = ES_MARK_HAS_REFERENCE, .label = 1, .decision = 0};
    stand_in_add(&site, 9, o);
    o.label = 0;
    stand_in_add(&site, 30, o);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(stand_in_rest(release, "sex O", "sensitivity"), "verdict"), "not_enough");
    CU_ASSERT_STRING_EQUAL(es_view_string(stand_in_rest(release, "sex O", "sensitivity"), "reason"), "min_cases");
    CU_ASSERT_STRING_EQUAL(es_view_string(stand_in_rest(release, "sex O", "specificity"), "reason"), "min_patients");
    cJSON_Delete(release);
}

static void unverified_cases_that_could_turn_the_sign_forbid_a_verdict(void)
{
    two_sexes(180, 240);
    /* M: 200 non-alerts never looked at. Were they all diseased, M would be found in 240 of 500, fewer than F's 180 of 300. */
    stand_in_add(&site, 200, (struct stand_in_row){.sex = 2, .age = 1, .stage = ES_STAGE_OVERDUE, .label = ES_NO_ANSWER});
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *c = stand_in_rest(release, "sex F", "sensitivity");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "verdict"), "not_enough");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "reason"), "verification");
    cJSON_Delete(release);
    two_sexes(180, 240);
    stand_in_add(&site, 90, (struct stand_in_row){.sex = 2, .age = 1, .stage = ES_STAGE_OVERDUE, .label = ES_NO_ANSWER});
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL); /* 240 of 390 is still more than 180 of 300 */
    CU_ASSERT_STRING_EQUAL(es_view_string(stand_in_rest(release, "sex F", "sensitivity"), "verdict"), "disparity");
    cJSON_Delete(release);
}

static void exams_before_the_plan_count_but_bear_no_verdict(void)
{
    two_sexes(180, 240);
    const uint32_t early = site.n;
    site.plan_day = site.rows[0].day + 1;
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *c = stand_in_rest(release, "sex F", "sensitivity");
    CU_ASSERT_DOUBLE_EQUAL(count(stand_in_group(release, "sex F"), "denominators", "positives"), 300, 0);
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "family"), "exploratory");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "reason"), "before_plan");
    CU_ASSERT_TRUE(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(c, "verdict")));
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(c, "difference"), 180.0 / 300 - 240.0 / 300, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(cJSON_GetObjectItemCaseSensitive(release, "summary"), "judged"), 0, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(cJSON_GetArrayItem(es_view_at(release, "summary", "sentences"), 1)->valuestring,
                                  "rest on exams from before the plan's day"));
    cJSON_Delete(release);
    CU_ASSERT_EQUAL(site.n, early);
}

static void verdicts_rest_on_exams_from_the_plans_day_on(void)
{
    two_sexes(180, 240);
    site.plan_day = site.rows[0].day;
    /* 120 more women, all found, the day before: they count for the estimate and not for the verdict */
    stand_in_add(&site, 120, (struct stand_in_row){.sex = 1, .age = 1, .stage = ES_STAGE_REFERENCED, .mark = ES_MARK_HAS_REFERENCE, .label = 1,
                                                   .decision = 1, .day = site.rows[0].day - 1});
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *c = stand_in_rest(release, "sex F", "sensitivity"), *flag, *flags = cJSON_GetObjectItemCaseSensitive(c, "flags");
    bool said = false;
    CU_ASSERT_DOUBLE_EQUAL(es_view_metric(stand_in_group(release, "sex F"), "sensitivity").value, 300.0 / 420, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(c, "group_value"), 0.6, 1e-12);
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "verdict"), "disparity");
    cJSON_ArrayForEach(flag, flags) said |= strcmp(flag->valuestring, "cases_from_plan_day") == 0;
    CU_ASSERT_TRUE(said);
    /* the floor too: 180 of 300 is below 0.7, 300 of 420 would not be */
    CU_ASSERT_STRING_EQUAL(es_view_string(es_view_at(stand_in_group(release, "sex F"), "against_floor", "sensitivity"), "verdict"), "below");
    cJSON_Delete(release);
}

static void a_reference_made_in_sight_of_the_ai_is_flagged(void)
{
    two_sexes(180, 240);
    site.rows[0].mark |= ES_MARK_AI_AWARE; /* one woman */
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_TRUE(es_view_metric(stand_in_group(release, "sex F"), "sensitivity").ai_aware);
    CU_ASSERT_FALSE(es_view_metric(stand_in_group(release, "sex M"), "sensitivity").ai_aware);
    CU_ASSERT_FALSE(es_view_metric(stand_in_group(release, "sex F"), "alert_rate").ai_aware);
    cJSON_Delete(release);
}

static void cases_needed_count_what_is_lacking(void)
{
    two_sexes(285, 279); /* 0.95 against 0.93: within the margin of 0.1, shown when there are enough */
    site.config.plan.alpha = 1e-9;
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *c = stand_in_rest(release, "sex F", "sensitivity");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "verdict"), "not_enough");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "reason"), "interval");
    CU_ASSERT(es_view_number(cJSON_GetObjectItemCaseSensitive(c, "cases_needed"), "positives") > 0);
    cJSON_Delete(release);
}

/** What is needed in exams and in time, by the rule of three: 300 positives of F came in 30 days, of 600 exams that are through. */
static void cases_needed_are_told_in_exams_and_months(void)
{
    two_sexes(285, 279);
    site.config.plan.alpha = 1e-9;
    uint32_t through = 0, positives = 0;
    stand_in_add(&site, 60, (struct stand_in_row){.sex = 1, .age = 1, .stage = ES_STAGE_MISSING, .decision = ES_NO_ANSWER, .label = ES_NO_ANSWER});
    stand_in_add(&site, 40, (struct stand_in_row){.sex = 1, .age = 1, .stage = ES_STAGE_MATURING, .label = ES_NO_ANSWER});
    for (uint32_t i = 0; i < site.n; i++) {
        struct stand_in_row *row = &site.rows[i];
        row->day = 20010 + (int32_t)(i % 61); /* two months and a day or so, of the referenced too */
        if (row->sex != 1) continue;
        through += row->stage == ES_STAGE_REFERENCED || row->stage == ES_STAGE_MISSING;
        positives += row->stage == ES_STAGE_REFERENCED && row->label == 1;
    }
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *needed = cJSON_GetObjectItemCaseSensitive(stand_in_rest(release, "sex F", "sensitivity"), "cases_needed"), *item;
    const double more = es_view_number(needed, "positives"), exams = more * through / positives;
    CU_ASSERT_TRUE(es_view_number(needed, "exams") >= exams && es_view_number(needed, "exams") <= 1.1 * exams);
    const double months = more * 61 / (365.25 / 12) / positives;
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(needed, "months"), months < 1 ? ceil(months * 10) / 10 : ceil(months), 1e-12);
    CU_ASSERT_EQUAL(strlen(es_view_string(needed, "until")), 7);
    CU_ASSERT_TRUE(strcmp(es_view_string(needed, "until"), "2025-02") >= 0); /* as of 2025-02-19 */
    CU_ASSERT_TRUE(strstr(es_view_string(needed, "words"), "more positives, some ") != NULL);
    bool listed = false;
    cJSON_ArrayForEach(item, es_view_at(release, "summary", "cannot_be_judged"))
        listed |= strcmp(es_view_string(item, "until"), es_view_string(needed, "until")) == 0;
    CU_ASSERT_TRUE(listed);
    cJSON_Delete(release);
    release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL); /* exams a case would tell how many are missing */
    needed = cJSON_GetObjectItemCaseSensitive(stand_in_rest(release, "sex F", "sensitivity"), "cases_needed");
    CU_ASSERT_TRUE(es_view_number(needed, "positives") > 0);
    CU_ASSERT_PTR_NULL(cJSON_GetObjectItemCaseSensitive(needed, "exams"));
    CU_ASSERT_TRUE(strstr(es_view_string(needed, "words"), "exams") == NULL);
    cJSON_Delete(release);
}

static void without_a_plan_event_nothing_is_judged(void)
{
    two_sexes(180, 240);
    site.plan_day = ES_NO_DAY;
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *c = stand_in_rest(release, "sex F", "sensitivity");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "family"), "exploratory");
    CU_ASSERT_TRUE(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(c, "verdict")));
    cJSON_Delete(release);
}

static void unknown_against_known_is_exploratory(void)
{
    stand_in_init(&site);
    stand_in_mixed(&site);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    const cJSON *c = stand_in_rest(release, "sex unknown", "specificity");
    CU_ASSERT_STRING_EQUAL(es_view_string(c, "family"), "exploratory");
    CU_ASSERT_TRUE(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(c, "verdict")));
    CU_ASSERT_EQUAL(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(stand_in_group(release, "everyone"), "against_rest")), 0);
    cJSON_Delete(release);
}

static void a_missed_floor_is_named_in_the_summary(void)
{
    two_sexes(150, 270);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_STRING_EQUAL(es_view_string(es_view_at(stand_in_group(release, "sex F"), "against_floor", "sensitivity"), "verdict"), "below");
    CU_ASSERT_STRING_EQUAL(es_view_string(es_view_at(stand_in_group(release, "sex M"), "against_floor", "sensitivity"), "verdict"), "met");
    CU_ASSERT_EQUAL(cJSON_GetArraySize(es_view_at(release, "summary", "floors_missed")), 1);
    /* F 0-59, the same women, is no group of the plan: its value stands there without a verdict */
    const cJSON *unnamed = es_view_at(stand_in_group(release, "sex F, age 0-59"), "against_floor", "sensitivity");
    CU_ASSERT_TRUE(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(unnamed, "verdict")));
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(unnamed, "value"), 0.5, 1e-12);
    cJSON_Delete(release);
}

static void the_words_no_bias_never_appear(void)
{
    two_sexes(270, 270);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(es_render_json(release, &bytes, &err), ES_OK);
    CU_ASSERT_PTR_NULL(strstr((const char *)bytes.data, "no bias"));
    CU_ASSERT_PTR_NULL(strstr((const char *)bytes.data, "hidden"));
    CU_ASSERT_PTR_NULL(strstr((const char *)bytes.data, "nan"));
    es_bytes_free(&bytes);
    cJSON_Delete(release);
}

static void an_empty_site_has_a_report(void)
{
    stand_in_init(&site);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    CU_ASSERT_DOUBLE_EQUAL(count(stand_in_group(release, "everyone"), "funnel", "seen"), 0, 0);
    CU_ASSERT_STRING_EQUAL(es_view_string(es_view_at(stand_in_group(release, "sex F"), "metrics", "sensitivity"), "status"), "not_estimable");
    cJSON_Delete(release);
}

static void a_period_that_ends_before_it_begins_is_refused(void)
{
    cJSON *release = NULL;
    struct es_error err = {0};
    stand_in_init(&site);
    CU_ASSERT_EQUAL(es_report_build(&site, &(struct es_report_options){.from = 20001, .to = 20000}, &release, &err), ES_E_ARG);
    CU_ASSERT_STRING_EQUAL(err.text, "the period ends before it begins");
    CU_ASSERT_PTR_NULL(release);
}

/** Disclosed counts of a group that must not follow from its line: see test_release.c; here, that both audiences build. */
static void outside_the_hospital_small_cells_are_words(void)
{
    two_sexes(180, 240);
    stand_in_add(&site, 3, (struct stand_in_row){.sex = 3, .age = 1, .stage = ES_STAGE_REFERENCED, .mark = ES_MARK_HAS_REFERENCE, .label = 1});
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    const cJSON *o = stand_in_group(release, "sex O");
    CU_ASSERT_STRING_EQUAL(es_view_string(o, "cases"), "suppressed");
    CU_ASSERT_STRING_EQUAL(es_view_string(es_view_at(o, "metrics", "sensitivity"), "status"), "suppressed");
    CU_ASSERT_STRING_EQUAL(es_view_string(cJSON_GetObjectItemCaseSensitive(release, "disclosure"), "rule"), "floor:5");
    /* the women's disparity would tell of those three: that none is counted does not mean that there is none */
    CU_ASSERT_EQUAL(cJSON_GetArraySize(es_view_at(release, "summary", "disparities")), 0);
    CU_ASSERT_TRUE(stand_in_said(release, "withheld, as they would tell of few patients"));
    CU_ASSERT_TRUE(stand_in_said(release, "Of what is withheld nothing is said: there may be disparities in it."));
    cJSON_Delete(release);
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_EQUAL(cJSON_GetArraySize(es_view_at(release, "summary", "disparities")), 2);
    CU_ASSERT_FALSE(stand_in_said(release, "withheld"));
    cJSON_Delete(release);
}

/** Where all that is planned is judged, no sentence counts what is not. */
static void nothing_undecided_is_no_sentence(void)
{
    stand_in_init(&site);
    site.config.plan.n_groups = 1; /* sex */
    for (uint8_t sex = 1; sex <= 3; sex++)
        for (uint8_t diseased = 0; diseased < 2; diseased++) {
            struct stand_in_row row = {.sex = sex, .age = 1, .stage = ES_STAGE_REFERENCED, .mark = ES_MARK_HAS_REFERENCE, .label = diseased};
            row.decision = sex == 1 ? diseased : !diseased; /* all right, or all wrong */
            stand_in_add(&site, 600, row);
        }
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_EQUAL(cJSON_GetArraySize(es_view_at(release, "summary", "cannot_be_judged")), 0);
    CU_ASSERT_FALSE(stand_in_said(release, "Cannot be judged yet"));
    cJSON_Delete(release);
}

static const struct es_test tests[] = {
    {"nothing_undecided_is_no_sentence", nothing_undecided_is_no_sentence},
    {"every_line_of_the_funnel_adds_up", every_line_of_the_funnel_adds_up},
    {"every_axis_adds_up_to_everyone", every_axis_adds_up_to_everyone},
    {"everyone_is_first_and_unknown_last_of_its_axis", everyone_is_first_and_unknown_last_of_its_axis},
    {"a_shown_disparity_bears_its_verdict_and_interval", a_shown_disparity_bears_its_verdict_and_interval},
    {"parity_is_claimed_within_the_margin_only", parity_is_claimed_within_the_margin_only},
    {"too_few_cases_or_patients_bear_no_judgement", too_few_cases_or_patients_bear_no_judgement},
    {"unverified_cases_that_could_turn_the_sign_forbid_a_verdict", unverified_cases_that_could_turn_the_sign_forbid_a_verdict},
    {"exams_before_the_plan_count_but_bear_no_verdict", exams_before_the_plan_count_but_bear_no_verdict},
    {"verdicts_rest_on_exams_from_the_plans_day_on", verdicts_rest_on_exams_from_the_plans_day_on},
    {"a_reference_made_in_sight_of_the_ai_is_flagged", a_reference_made_in_sight_of_the_ai_is_flagged},
    {"gaps_in_coverage_are_beyond_chance_among_the_levels", gaps_in_coverage_are_beyond_chance_among_the_levels},
    {"words_say_what_the_figures_say", words_say_what_the_figures_say},
    {"cases_needed_count_what_is_lacking", cases_needed_count_what_is_lacking},
    {"cases_needed_are_told_in_exams_and_months", cases_needed_are_told_in_exams_and_months},
    {"without_a_plan_event_nothing_is_judged", without_a_plan_event_nothing_is_judged},
    {"unknown_against_known_is_exploratory", unknown_against_known_is_exploratory},
    {"a_missed_floor_is_named_in_the_summary", a_missed_floor_is_named_in_the_summary},
    {"the_words_no_bias_never_appear", the_words_no_bias_never_appear},
    {"an_empty_site_has_a_report", an_empty_site_has_a_report},
    {"a_period_that_ends_before_it_begins_is_refused", a_period_that_ends_before_it_begins_is_refused},
    {"outside_the_hospital_small_cells_are_words", outside_the_hospital_small_cells_are_words},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("report", tests, argc, argv);
}
