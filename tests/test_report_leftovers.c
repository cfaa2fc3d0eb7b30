/* SPDX-License-Identifier: Apache-2.0 */
/* Counts that are printed nowhere but are what two printed numbers leave of one another: of few cases no report for outsiders shows both. */
#include <math.h>
#include <string.h>

#include "plugin/report/view.h"
#include "report_site.h"
#include "testlib.h"

enum { FLOOR = 5, FEW = 3, MANY = 9 };

static struct es_site site;

/** Three paths from a group to numbers: the whole, and its parts. */
struct leftover {
    const char *what;
    struct stand_in_row like; /* the rows whose number is left */
    const char *whole[3], *part[2][3];
    bool figures; /* rates, of numbers that are not printed: shown or not is all that is asked */
};

#define REFERENCED .stage = ES_STAGE_REFERENCED, .mark = ES_MARK_HAS_REFERENCE
static const struct leftover leftovers[] = {
    {"cases without a score", {REFERENCED, .decision = 1, .label = 1, .score = -1}, {"cases"}, {{"metrics", "auroc", "n"}}, false},
    {"results without a decision", {.stage = ES_STAGE_MATURING, .decision = ES_NO_ANSWER, .label = ES_NO_ANSWER}, {"funnel", "resulted"},
     {{"verification", "alerts"}, {"verification", "non_alerts"}}, false},
    {"diseased cases without a decision", {REFERENCED, .decision = ES_NO_ANSWER, .label = 1}, {"denominators", "positives"}, {{"metrics", "sensitivity", "n"}}, false},
    {"references that came early", {.stage = ES_STAGE_MATURING, .mark = ES_MARK_HAS_REFERENCE, .decision = 1, .label = 1}, {"verification", "alerts_verified"},
     {{"metrics", "ppv", "n"}}, false},
    {"diseased cases whose result failed", {.stage = ES_STAGE_FAILED, .mark = ES_MARK_HAS_REFERENCE, .decision = ES_NO_ANSWER, .label = 1},
     {"metrics", "sensitivity_all_eligible", "n"}, {{"denominators", "positives"}}, false},
    {"cases from before the plan", {REFERENCED, .decision = 1, .label = 1, .day = 19999}, {"metrics", "sensitivity", "value"},
     {{"against_floor", "sensitivity", "value"}}, true},
    {"missed cases from before the plan", {REFERENCED, .decision = 0, .label = 1, .day = 19999}, {"metrics", "sensitivity", "value"},
     {{"against_floor", "sensitivity", "value"}}, true},
    {"false alarms from before the plan", {REFERENCED, .decision = 1, .label = 0, .day = 19999}, {"metrics", "specificity", "value"},
     {{"against_rest", "specificity", "group_value"}}, true},
    {"rightly silent cases from before the plan", {REFERENCED, .decision = 0, .label = 0, .day = 19999}, {"metrics", "specificity", "value"},
     {{"against_rest", "specificity", "group_value"}}, true},
    {"disease-free cases without a decision", {REFERENCED, .decision = ES_NO_ANSWER, .label = 0}, {"denominators", "negatives"},
     {{"metrics", "specificity", "n"}}, false},
    {"references without an alert that came early", {.stage = ES_STAGE_MATURING, .mark = ES_MARK_HAS_REFERENCE, .decision = 0, .label = 0},
     {"verification", "non_alerts_verified"}, {{"metrics", "npv", "n"}}, false},
};

/** Two sexes, 30 cases of each kind at each age, some without a result or a reference; and so many women over 60 more whose number is left. */
static void fill(const struct leftover *l, uint32_t n)
{
    stand_in_for_outsiders(&site, ES_DISCLOSE_FLOOR, FLOOR, 0);
    for (uint8_t k = 0; k < 16; k++)
        stand_in_add(&site, 30, (struct stand_in_row){.sex = (uint8_t)(1 + k % 2), .age = (uint8_t)(1 + k / 2 % 2), REFERENCED, .decision = k / 4 % 2, .label = k / 8});
    for (uint8_t k = 0; k < 8; k++) {
        const bool failed = k / 4;
        stand_in_add(&site, 20, (struct stand_in_row){.sex = (uint8_t)(1 + k % 2), .age = (uint8_t)(1 + k / 2 % 2), .label = ES_NO_ANSWER,
                                                      .stage = failed ? ES_STAGE_FAILED : ES_STAGE_MATURING, .decision = failed ? ES_NO_ANSWER : 0});
    }
    if (!l->whole[1] || strcmp(l->whole[1], "resulted") != 0) /* many without a decision: those with a reference are few for themselves */
        stand_in_add(&site, 20, (struct stand_in_row){.sex = 1, .age = 2, .stage = ES_STAGE_MATURING, .decision = ES_NO_ANSWER, .label = ES_NO_ANSWER});
    struct stand_in_row like = l->like;
    like.sex = 1;
    like.age = 2;
    const uint32_t first = site.n;
    stand_in_add(&site, n, like);
    for (uint32_t i = first; i < site.n; i++)
        if (like.score < 0 || like.decision == ES_NO_ANSWER) site.rows[i].score = NAN;
}

/** The number at a path of a group; NAN where none is shown. */
static double number(const cJSON *group, const char *const path[3])
{
    const cJSON *item = group;
    for (int i = 0; i < 3 && path[i]; i++) item = cJSON_GetObjectItemCaseSensitive(item, path[i]);
    return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

static double left(const cJSON *release, const char *label, const struct leftover *l)
{
    const cJSON *group = stand_in_group(release, label);
    double rest = number(group, l->whole);
    for (int i = 0; i < 2 && l->part[i][0]; i++) rest -= number(group, l->part[i]);
    return rest;
}

static bool is_left(const cJSON *release, const char *label, const struct leftover *l, double expected)
{
    const double rest = left(release, label, l);
    return l->figures ? !isnan(rest) : rest == expected;
}

static void few_are_not_left_of_two_numbers_that_outsiders_see(void)
{
    for (size_t i = 0; i < sizeof leftovers / sizeof *leftovers; i++) {
        fill(&leftovers[i], FEW);
        cJSON *staff = stand_in_release(&site, ES_AUDIENCE_INTERNAL), *others = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
        static const char *const women[] = {"sex F", "age 60+", "sex F, age 60+"}, *const nobody[] = {"sex M", "age 0-59"};
        for (size_t g = 0; g < 3; g++) {
            CU_ASSERT_TRUE(is_left(staff, women[g], &leftovers[i], FEW)); /* they are there */
            if (!isnan(left(others, women[g], &leftovers[i]))) CU_FAIL(leftovers[i].what);
        }
        /* nor by everyone's less those of the other level */
        for (size_t g = 0; g < 2; g++)
            if (!isnan(left(others, "everyone", &leftovers[i])) && !isnan(left(others, nobody[g], &leftovers[i]))) CU_FAIL(leftovers[i].what);
        CU_ASSERT_FALSE(isnan(number(stand_in_group(others, "sex F"), (const char *const[3]){"cases"}))); /* the rest stays */
        cJSON_Delete(staff);
        cJSON_Delete(others);
    }
}

static void many_may_be_left(void)
{
    for (size_t i = 0; i < sizeof leftovers / sizeof *leftovers; i++) {
        fill(&leftovers[i], MANY);
        cJSON *others = stand_in_release(&site, ES_AUDIENCE_EXTERNAL);
        if (strcmp(leftovers[i].part[0][0], "against_rest") != 0) CU_ASSERT_TRUE(is_left(others, "everyone", &leftovers[i], MANY)); /* who has no rest */
        CU_ASSERT_TRUE(is_left(others, "sex F", &leftovers[i], MANY));
        CU_ASSERT_TRUE(is_left(others, "sex M", &leftovers[i], 0));
        cJSON_Delete(others);
    }
}

static const struct es_test tests[] = {{"few_are_not_left_of_two_numbers_that_outsiders_see", few_are_not_left_of_two_numbers_that_outsiders_see},
                                       {"many_may_be_left", many_may_be_left},
                                       {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("report_leftovers", tests, argc, argv);
}
