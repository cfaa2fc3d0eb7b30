/* SPDX-License-Identifier: Apache-2.0 */
/* Random sites with findings of levels, masks and lesions, shown to outsiders under floor:5. The attack reads shares, means, their numbers
 * of cases and what rests tell, sums them over groups and levels, and looks for a count of 1..4 that no other number than the true one
 * fits. It shares no code with disclosure control. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/catalogue.h"
#include "plugin/report/report.h"
#include "plugin/report/view.h"
#include "report_site.h"
#include "testlib.h"
#include "testrandom.h"

/* Kinds of one unit, one patient each: levels: equal, one away, further; masks: both drawn, result empty, reference empty, both empty;
 * lesions (one a unit): found, missed. */
enum { SEXES = 4, AGES = 3, GROUPS = 1 + SEXES + AGES + SEXES * AGES, KINDS = 4, CASES = KINDS, COUNTS, FLOOR = 5, ROUNDS = 150 };
static const struct { enum es_measures measures; uint32_t task; int kinds; } findings[] = {
    {ES_MEASURES_LEVELS, ES_TASK_ORDINAL, 3}, {ES_MEASURES_OVERLAP, ES_TASK_SEGMENTATION, 4}, {ES_MEASURES_LESIONS, ES_TASK_DETECTION, 2}};
static struct es_site site;
static int truth[GROUPS][COUNTS];
static double lo[GROUPS][COUNTS], hi[GROUPS][COUNTS];

static int crossing(int sex, int age) { return 1 + SEXES + AGES + sex * AGES + age; }

static void row_of(enum es_measures measures, int kind, double m[ES_MAX_MEASURES], struct es_test_random *r)
{
    for (int i = 0; i < ES_MAX_MEASURES; i++) m[i] = (double)NAN;
    if (measures == ES_MEASURES_LEVELS) {
        m[1] = 1;
        m[0] = kind == 0 ? 1 : kind == 1 ? 2 * (double)es_test_below(r, 2) : 3;
    } else if (measures == ES_MEASURES_LESIONS) {
        m[0] = 1;
        m[1] = kind == 0;
        m[2] = (double)(es_test_below(r, 8) == 0);
    } else {
        static const enum es_overlap_part parts[] = {ES_PART_MEASURED, ES_PART_RESULT_EMPTY, ES_PART_REFERENCE_EMPTY, ES_PART_BOTH_EMPTY};
        m[0] = parts[kind];
        if (kind < 3) m[1] = m[2] = kind ? 0 : 0.5 + es_test_unit(r) / 2;
        if (kind < 2) m[3] = kind ? -1 : es_test_unit(r) - 0.5;
        if (kind == 0) m[4] = 5 * es_test_unit(r), m[5] = es_test_unit(r);
    }
}

static void fill(int finding, struct es_test_random *r)
{
    static const uint32_t scales[] = {3, 9, 40, 60};
    memset(truth, 0, sizeof truth);
    stand_in_init(&site);
    site.finding.task = findings[finding].task;
    site.measures = findings[finding].measures;
    site.config.plan.min_cases = site.config.plan.min_patients = 1;
    const uint32_t least = es_test_below(r, 3) ? 5 : 0;
    for (uint8_t sex = 0; sex < SEXES; sex++)
        for (uint8_t age = 0; age < AGES; age++)
            for (int k = 0; k < findings[finding].kinds; k++) {
                const bool absent = es_test_below(r, 6) == 0 || (least && (sex == 0 || age == 0) && es_test_below(r, 4) != 0);
                const uint32_t scale = scales[es_test_below(r, 4)];
                const uint32_t n = absent ? 0 : (es_test_below(r, 8) ? least : 0) + (uint32_t)es_test_below(r, scale);
                struct stand_in_row row = {.sex = sex, .age = age, .stage = ES_STAGE_REFERENCED, .mark = ES_MARK_HAS_REFERENCE,
                                           .decision = ES_NO_ANSWER, .label = ES_NO_ANSWER};
                for (uint32_t i = 0; i < n; i++) {
                    row_of(findings[finding].measures, k, row.measure, r);
                    stand_in_add(&site, 1, row);
                }
                const int at[] = {0, 1 + sex, 1 + SEXES + age, crossing(sex, age)};
                for (int g = 0; g < 4; g++) truth[at[g]][k] += (int)n, truth[at[g]][CASES] += (int)n;
            }
}

/* ---- what is printed ---- */

static const cJSON *not_compared(const cJSON *release)
{
    return cJSON_GetObjectItemCaseSensitive(stand_in_part(release, "references"), "not_compared");
}

static const cJSON *group_of(const cJSON *release, int sex, int age)
{
    static const char *const sexes[] = {"unknown", "F", "M", "O"}, *const ages[] = {"unknown", "0-59", "60+"};
    const cJSON *group;
    cJSON_ArrayForEach(group, stand_in_part(release, "groups"))
    {
        const cJSON *key = cJSON_GetObjectItemCaseSensitive(group, "group");
        if (strcmp(es_view_string(key, "sex"), sex < SEXES ? sexes[sex] : "") == 0 && strcmp(es_view_string(key, "age"), age < AGES ? ages[age] : "") == 0)
            return group;
    }
    return NULL;
}

/** Of group g, in the order of truth; NULL where a crossing is not there. */
static const cJSON *at_place(const cJSON *release, int g)
{
    if (g == 0) return group_of(release, SEXES, AGES);
    if (g < 1 + SEXES) return group_of(release, g - 1, AGES);
    if (g < 1 + SEXES + AGES) return group_of(release, SEXES, g - 1 - SEXES);
    return group_of(release, (g - 1 - SEXES - AGES) / AGES, (g - 1 - SEXES - AGES) % AGES);
}

static void is(int g, int count, double v)
{
    if (isnan(v)) return;
    CU_ASSERT_EQUAL(v, truth[g][count]); /* what is shown is true */
    lo[g][count] = hi[g][count] = v;
}

/** value * n and n of a metric; NAN when not shown. */
static double number(const cJSON *group, const char *name, bool times)
{
    const struct es_view_metric m = es_view_metric(group, name);
    if (m.n.shown != ES_SHOWN_NUMBER) return (double)NAN;
    if (m.status == ES_VIEW_NOT_ESTIMABLE) return times ? (double)NAN : (double)m.n.n;
    if (m.status != ES_VIEW_ESTIMATED) return (double)NAN;
    return times ? nearbyint(m.value * (double)m.n.n) : (double)m.n.n;
}

static void read_printed(int finding, const cJSON *release)
{
    for (int g = 0; g < GROUPS; g++) {
        const cJSON *group = at_place(release, g);
        for (int k = 0; k < COUNTS; k++) lo[g][k] = 0, hi[g][k] = group && (k == CASES || k < findings[finding].kinds) ? 1e9 : 0;
        if (!group) continue;
        const double cases = es_view_number(group, "cases");
        is(g, CASES, cases);
        if (findings[finding].measures == ES_MEASURES_LEVELS) {
            const double x = number(group, "exact_agreement", true), near = number(group, "within_one", true);
            is(g, 0, x);
            is(g, 1, near - x);
            is(g, 2, number(group, "within_one", false) - near);
        } else if (findings[finding].measures == ES_MEASURES_LESIONS) {
            const double x = number(group, "lesion_sensitivity", true);
            is(g, 0, x);
            is(g, 1, number(group, "lesion_sensitivity", false) - x);
        } else {
            const double drawn = number(group, "dice", false), both = number(group, "hd95", false), volume = number(group, "volume_difference", false);
            is(g, 0, both);
            is(g, 1, volume - both);
            is(g, 2, drawn - volume);
            is(g, 3, cases - drawn);
            is(g, 0, number(group, "empty_share", false) - number(group, "empty_share", true));
        }
    }
}

/* ---- sums ---- */

struct cell { int group, count; };

static bool tighten(const struct cell *cells, int n)
{
    bool moved = false;
    for (int i = 0; i < n; i++) { /* cells[0] is the total */
        double least = 0, most = 0;
        for (int j = 0; j < n; j++) {
            if (j == i) continue;
            const double sign = i == 0 || j == 0 ? 1 : -1; /* a part is the total less the other parts */
            const double l = lo[cells[j].group][cells[j].count], h = hi[cells[j].group][cells[j].count];
            least += sign > 0 ? l : -h;
            most += sign > 0 ? h : -l;
        }
        double *l = &lo[cells[i].group][cells[i].count], *h = &hi[cells[i].group][cells[i].count];
        if (least > *l) *l = least, moved = true;
        if (most < *h) *h = most, moved = true;
    }
    return moved;
}

static bool pass(void)
{
    struct cell cells[8];
    bool moved = false;
    for (int g = 0; g < GROUPS; g++) {
        cells[0] = (struct cell){g, CASES};
        for (int k = 0; k < KINDS; k++) cells[1 + k] = (struct cell){g, k};
        moved |= tighten(cells, 1 + KINDS);
    }
    for (int k = 0; k < COUNTS; k++) {
        for (int s = -1; s < SEXES; s++) { /* everyone, and each sex: over ages */
            cells[0] = (struct cell){1 + s, k};
            for (int a = 0; a < AGES; a++) cells[1 + a] = (struct cell){s < 0 ? 1 + SEXES + a : crossing(s, a), k};
            moved |= tighten(cells, 1 + AGES);
        }
        for (int a = -1; a < AGES; a++) {
            cells[0] = (struct cell){a < 0 ? 0 : 1 + SEXES + a, k};
            for (int s = 0; s < SEXES; s++) cells[1 + s] = (struct cell){a < 0 ? 1 + s : crossing(s, a), k};
            moved |= tighten(cells, 1 + SEXES);
        }
    }
    return moved;
}

/* ---- what rests tell ---- */

/** Sex O is the rest of F less M: do its cases of this kind follow from the rate of that rest? */
static bool rest_tells(const cJSON *release, const char *metric, int kinds)
{
    const cJSON *f = group_of(release, 1, AGES), *m = group_of(release, 2, AGES), *o = group_of(release, 3, AGES);
    const cJSON *c = es_view_at(f, "against_rest", metric);
    if (strcmp(es_view_string(c, "status"), "not_estimable") == 0 || isnan(es_view_number(c, "rest_value")) || es_view_metric(o, metric).status == ES_VIEW_ESTIMATED)
        return false;
    const double x = number(m, metric, true), n = number(m, metric, false), rate = es_view_number(c, "rest_value");
    int fits = 0;
    bool true_one = false;
    if (isnan(x) || isnan(n)) return false;
    for (int whole = 1; whole < 2000; whole++)
        for (int part = 0; part <= whole; part++) {
            if (fabs((x + part) / (n + whole) - rate) > 1e-13) continue;
            fits++;
            true_one |= part == truth[4][0] + (kinds > 1 ? truth[4][1] : 0);
        }
    return fits == 1 && true_one && truth[4][CASES] < FLOOR && truth[4][CASES] > 0;
}

static bool hidden(const cJSON *group, const char *metric)
{
    return es_view_metric(group, metric).status == ES_VIEW_SUPPRESSED;
}

static void outsiders_cannot_work_out_small_counts(void)
{
    struct es_test_random r = {.seed = 815};
    size_t attacked[3] = {0}, shown[3] = {0}, figures[3] = {0};
    for (int round = 0; round < ROUNDS; round++) {
        const int f = round % 3;
        fill(f, &r);
        cJSON *release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
        CU_ASSERT_PTR_NULL(not_compared(release));
        read_printed(f, release);
        for (int g = 0; g < GROUPS; g++) figures[f] += es_view_metric(at_place(release, g), f == 0 ? "exact_agreement" : f == 1 ? "dice" : "lesion_sensitivity").status == ES_VIEW_ESTIMATED;
        for (int g = 0; g < GROUPS; g++)
            for (int k = 0; k < COUNTS; k++) shown[f] += lo[g][k] == hi[g][k] && lo[g][k] > 0;
        for (int i = 0; i < 200 && pass(); i++) continue;
        for (int g = 0; g < GROUPS; g++)
            for (int k = 0; k < COUNTS; k++) {
                const int n = truth[g][k];
                CU_ASSERT_TRUE(lo[g][k] <= n && hi[g][k] >= n);
                if (n < 1 || n >= FLOOR) continue;
                attacked[f]++;
                if (lo[g][k] == hi[g][k]) printf("    round %d, task %d: group %d, kind %d: %d\n", round, f, g, k, n);
                CU_ASSERT_TRUE(lo[g][k] < hi[g][k]);
            }
        for (int g = 0; g < GROUPS; g++) { /* composites of a hidden share go with it */
            const cJSON *group = at_place(release, g);
            if (f == 0) CU_ASSERT_TRUE(!group || (hidden(group, "exact_agreement") == hidden(group, "weighted_kappa") && hidden(group, "exact_agreement") == hidden(group, "level_shift")));
            if (f == 2) {
                const double marks = number(group, "false_marks", true);
                CU_ASSERT_TRUE(isnan(marks) || marks == 0 || marks >= FLOOR);
            }
        }
        if (f != 1) CU_ASSERT_FALSE(rest_tells(release, f == 0 ? "exact_agreement" : "lesion_sensitivity", 1));
        cJSON_Delete(release);
    }
    for (int f = 0; f < 3; f++) {
        printf("    task %d: %zu small counts attacked, %zu counts told, %zu figures shown\n", f, attacked[f], shown[f], figures[f]);
        CU_ASSERT_TRUE(attacked[f] > 100 && shown[f] > 50 && figures[f] > 20);
    }
}

/* One of few O beside known F and M, with some of unknown sex: the rest of F is M and O, and would tell O to the digit. */
static void a_rest_does_not_tell_the_level_that_is_hidden(void)
{
    stand_in_init(&site);
    site.finding.task = ES_TASK_ORDINAL;
    site.measures = ES_MEASURES_LEVELS;
    site.config.plan.min_cases = site.config.plan.min_patients = 1;
    site.config.plan.metrics[0] = (struct es_plan_metric){.name = "exact_agreement", .margin = 0.1, .floor = (double)NAN};
    static const uint32_t counts[4][2] = {{2, 8}, {60, 21}, {70, 31}, {3, 1}};
    for (uint8_t sex = 0; sex < 4; sex++)
        for (int off = 0; off < 2; off++)
            stand_in_add(&site, counts[sex][off], (struct stand_in_row){.sex = sex, .age = 1, .stage = ES_STAGE_REFERENCED, .mark = ES_MARK_HAS_REFERENCE,
                                                                        .decision = ES_NO_ANSWER, .label = ES_NO_ANSWER, .measure = {1 + off, 1}});
    cJSON *staff = stand_in_release(&site, ES_AUDIENCE_INTERNAL), *outside = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
    const char *const path[] = {"against_rest", "exact_agreement"};
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(es_view_at(group_of(staff, 1, AGES), path[0], path[1]), "rest_value"), 73.0 / 105, 1e-12);
    CU_ASSERT_STRING_EQUAL(es_view_string(es_view_at(group_of(outside, 1, AGES), path[0], path[1]), "why"), "suppressed");
    CU_ASSERT_TRUE(hidden(group_of(outside, 3, AGES), "exact_agreement") && !hidden(group_of(outside, 1, AGES), "exact_agreement"));
    cJSON_Delete(staff);
    cJSON_Delete(outside);
}

/* Three values in a unit that does not meet the reference's: beside the cases, the n of the bias would tell them. */
static void a_bias_does_not_tell_how_many_were_not_compared(void)
{
    for (uint32_t lost = 0; lost <= 9; lost += 3) {
        stand_in_init(&site);
        site.finding.task = ES_TASK_MEASUREMENT;
        site.measures = ES_MEASURES_VALUES;
        struct stand_in_row row = {.sex = 1, .age = 1, .stage = ES_STAGE_REFERENCED, .mark = ES_MARK_HAS_REFERENCE, .decision = 0, .label = 0, .measure = {4, 3}};
        stand_in_add(&site, 40, row);
        row.measure[0] = (double)NAN;
        stand_in_add(&site, lost, row);
        cJSON *release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
        const cJSON *everyone = group_of(release, SEXES, AGES);
        const struct es_view_metric m = es_view_metric(everyone, "bias");
        CU_ASSERT_EQUAL(es_view_number(everyone, "cases"), 40 + lost);
        CU_ASSERT_EQUAL(m.status, ES_VIEW_ESTIMATED);
        CU_ASSERT_DOUBLE_EQUAL(m.value, 1, 1e-12);
        CU_ASSERT_EQUAL(m.n.shown, lost == 3 ? ES_SHOWN_SUPPRESSED : ES_SHOWN_NUMBER);
        CU_ASSERT_EQUAL(m.patients.shown, lost == 3 ? ES_SHOWN_SUPPRESSED : ES_SHOWN_NUMBER);
        cJSON_Delete(release);
    }
}

/* The floor for staff and the NHS rule: a mean over few patients, a share of few, few marks. */
static void staff_and_nhs_rules_hold_for_means(void)
{
    stand_in_init(&site);
    site.config.internal = (struct es_disclosure){ES_DISCLOSE_FLOOR, 5};
    site.finding.task = ES_TASK_SEGMENTATION;
    site.measures = ES_MEASURES_OVERLAP;
    static const uint32_t counts[4] = {0, 40, 40, 4};
    for (uint8_t sex = 1; sex < 4; sex++)
        stand_in_add(&site, counts[sex], (struct stand_in_row){.sex = sex, .age = 1, .stage = ES_STAGE_REFERENCED, .mark = ES_MARK_HAS_REFERENCE, .decision = ES_NO_ANSWER,
                                                               .label = ES_NO_ANSWER, .measure = {ES_PART_MEASURED, 0.83, 0.7, 0.1, 3, 1}});
    stand_in_add(&site, 3, (struct stand_in_row){.sex = 1, .age = 1, .stage = ES_STAGE_REFERENCED, .mark = ES_MARK_HAS_REFERENCE, .decision = ES_NO_ANSWER,
                                                 .label = ES_NO_ANSWER, .measure = {ES_PART_RESULT_EMPTY, 0, 0, -1, (double)NAN, (double)NAN}});
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_TRUE(hidden(group_of(release, 3, AGES), "dice") && hidden(group_of(release, 3, AGES), "hd95"));
    CU_ASSERT_EQUAL(es_view_number(group_of(release, 3, AGES), "cases"), 4); /* staff see counts */
    CU_ASSERT_EQUAL(es_view_metric(group_of(release, 1, AGES), "empty_share").status, ES_VIEW_ESTIMATED);
    CU_ASSERT_EQUAL(es_view_number(not_compared(release), "both_empty"), 0);
    cJSON_Delete(release);
    site.config.internal = (struct es_disclosure){ES_DISCLOSE_NHS, 0};
    release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_TRUE(hidden(group_of(release, 1, AGES), "empty_share")); /* 3 of 43 */
    CU_ASSERT_DOUBLE_EQUAL(es_view_metric(group_of(release, 2, AGES), "dice").value, 0.83, 1e-12);
    CU_ASSERT_TRUE(isnan(es_view_metric(group_of(release, 2, AGES), "dice").lo));
    CU_ASSERT_STRING_EQUAL(es_view_string(not_compared(release), "both_empty"), "suppressed");
    cJSON_Delete(release);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"outsiders_cannot_work_out_small_counts", outsiders_cannot_work_out_small_counts},
                                           {"a_rest_does_not_tell_the_level_that_is_hidden", a_rest_does_not_tell_the_level_that_is_hidden},
                                           {"a_bias_does_not_tell_how_many_were_not_compared", a_bias_does_not_tell_how_many_were_not_compared},
                                           {"staff_and_nhs_rules_hold_for_means", staff_and_nhs_rules_hold_for_means},
                                           {NULL, NULL}};
    return es_test_main("report_attack_measures", tests, argc, argv);
}
