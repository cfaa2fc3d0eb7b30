/* SPDX-License-Identifier: Apache-2.0 */
/* An outsider who keeps the reports of sixty days and subtracts them, while patients come singly and in groups, answers come late, levels,
 * answers and scores are corrected, exams are retracted and patients erased. What differs between two reports must be about no
 * patient or about the floor's number at least. The truth is kept beside it: whose rows differ between two days. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/json.h"
#include "plugin/report/build/build.h"
#include "plugin/report/view.h"
#include "report_site.h"
#include "testlib.h"
#include "testrandom.h"

enum { DAYS = 60, FLOOR = 5, PEOPLE = 3000, EXAMS = 2 };

static const char *const sexes[] = {"unknown", "F", "M", "O"}, *const ages[] = {"unknown", "0-59", "60+"};

struct person {
    struct stand_in_row exam[EXAMS];
    int exams; /* 0: not there */
};

static struct es_site site;
static struct person people[PEOPLE];
static uint32_t n_people;
static struct person *days[DAYS]; /* as they stood */
static cJSON *reports[DAYS];
static size_t compared, moved, withheld, figures, months;

/* ---- the hospital ---- */

static struct stand_in_row exam(struct es_test_random *r, uint32_t patient, uint8_t sex, uint8_t age, int32_t day)
{
    struct stand_in_row row = {.patient = patient, .sex = sex, .age = age, .day = 20000 + 4 * day, .label = (uint8_t)es_test_below(r, 2)};
    const uint64_t what = es_test_below(r, 10);
    row.decision = (uint8_t)(es_test_below(r, 5) ? row.label : !row.label);
    row.score = 0.5 * row.decision + 0.499 * es_test_unit(r);
    row.stage = what < 7 ? ES_STAGE_REFERENCED : what == 7 ? ES_STAGE_MATURING : what == 8 ? ES_STAGE_OVERDUE : ES_STAGE_PENDING;
    row.mark = row.stage == ES_STAGE_REFERENCED ? ES_MARK_HAS_REFERENCE : 0;
    return row;
}

static void arrive(struct es_test_random *r, uint64_t n, uint8_t sex, uint8_t age, int32_t day)
{
    for (; n > 0 && n_people < PEOPLE; n--, n_people++) {
        struct person *p = &people[n_people];
        p->exams = 1;
        p->exam[0] = exam(r, n_people, sex, age, day);
        if (es_test_below(r, 6) == 0) p->exam[p->exams++] = exam(r, n_people, sex, age, day);
    }
}

static void change_one(struct es_test_random *r, int32_t day, uint8_t least)
{
    struct person *p = &people[es_test_below(r, n_people)];
    struct stand_in_row *row = p->exams > 0 ? &p->exam[p->exams - 1] : NULL;
    if (!row) return;
    switch (es_test_below(r, 7)) {
    case 0: row->label = !row->label; break;                                  /* an answer is corrected */
    case 1: row->score = 0.5 * row->decision + 0.499 * es_test_unit(r); break; /* a score */
    case 2: row->sex = (uint8_t)(least + es_test_below(r, 2)); break;                   /* a level */
    case 3: p->exams--; break;                                                /* an exam is retracted */
    case 4: p->exams = 0; break;                                              /* the patient is erased */
    case 5:
        if (p->exams < EXAMS) p->exam[p->exams++] = exam(r, row->patient, row->sex, row->age, day);
        break;
    default:
        row->stage = ES_STAGE_REFERENCED; /* an answer comes late */
        row->mark = ES_MARK_HAS_REFERENCE | ES_MARK_LATE;
    }
}

/* Busy: every third day many come, and all levels are known. Else few come, of every level. */
static void pass_a_day(struct es_test_random *r, int32_t day, bool busy)
{
    const uint64_t burst = day == 0 ? 5 : es_test_below(r, busy ? 3 : 8) == 0;
    const uint8_t least = busy ? 1 : 0;
    for (uint64_t i = 0; i < burst; i++)
        for (uint8_t cell = 0; cell < 4; cell++) arrive(r, busy ? 25 + es_test_below(r, 10) : 12, 1 + cell % 2, 1 + cell / 2, day);
    for (uint64_t i = es_test_below(r, 3); i > 0; i--) arrive(r, 1, (uint8_t)(least + es_test_below(r, busy ? 2 : 4)), (uint8_t)(least + es_test_below(r, busy ? 2 : 3)), day);
    for (uint64_t i = es_test_below(r, 3); i > 0; i--) change_one(r, day, least);
    site.n = 0;
    for (uint32_t i = 0; i < n_people; i++)
        for (int e = 0; e < people[i].exams && site.n < STAND_IN_ROWS; e++) {
            struct stand_in_row row = people[i].exam[e];
            if (row.stage == ES_STAGE_PENDING) row.score = NAN, row.decision = ES_NO_ANSWER;
            if (row.stage != ES_STAGE_REFERENCED) row.label = ES_NO_ANSWER;
            site.rows[site.n++] = row;
        }
    days[day] = malloc(sizeof people);
    CU_ASSERT_PTR_NOT_NULL_FATAL(days[day]);
    memcpy(days[day], people, sizeof people);
}

/* ---- the truth ---- */

static bool of_level(const cJSON *key, const char *axis, const char *level)
{
    const cJSON *want = cJSON_GetObjectItemCaseSensitive(key, axis);
    return !want || strcmp(want->valuestring, level) == 0;
}

static int rows_of(const struct person *p, const cJSON *key, bool rest, struct stand_in_row out[EXAMS])
{
    int n = 0;
    for (int e = 0; e < p->exams; e++) {
        const bool in = of_level(key, "sex", sexes[p->exam[e].sex]) && of_level(key, "age", ages[p->exam[e].age]);
        if (in != rest) out[n++] = p->exam[e];
    }
    return n;
}

/** Patients whose rows in a group (or outside it) are others on another day. */
static size_t turnover(const cJSON *key, bool rest, const struct person *now, const struct person *then)
{
    size_t n = 0;
    for (uint32_t i = 0; i < PEOPLE; i++) {
        struct stand_in_row a[EXAMS], b[EXAMS];
        const int x = rows_of(&now[i], key, rest, a), y = rows_of(&then[i], key, rest, b);
        bool same = x == y;
        for (int e = 0; same && e < x; e++)
            same = a[e].stage == b[e].stage && a[e].label == b[e].label && a[e].decision == b[e].decision && !(a[e].score < b[e].score) &&
                   !(a[e].score > b[e].score) && a[e].sex == b[e].sex && a[e].age == b[e].age;
        n += !same;
    }
    return n;
}

/* ---- the attack ---- */

static const struct {
    const char *section, *name;
} counts[] = {{"", "cases"}, {"", "patients"}, {"denominators", "positives"}, {"denominators", "negatives"}, {"funnel", "seen"},
              {"funnel", "eligible"}, {"funnel", "resulted"}, {"funnel", "pending"}, {"funnel", "referenced"}, {"funnel", "maturing"},
              {"funnel", "overdue"}, {"funnel", "late"}, {"verification", "alerts"}, {"verification", "alerts_verified"},
              {"verification", "non_alerts"}, {"verification", "non_alerts_verified"}};
enum { COUNTS = sizeof counts / sizeof counts[0] };

static double count_of(const cJSON *group, size_t c)
{
    const cJSON *at = *counts[c].section ? cJSON_GetObjectItemCaseSensitive(group, counts[c].section) : group;
    return es_view_number(at, counts[c].name);
}

static const cJSON *groups_of(const cJSON *report)
{
    struct es_view_finding at = {0};
    return es_view_next(report, &at) ? cJSON_GetObjectItemCaseSensitive(at.finding, "groups") : NULL;
}

static const cJSON *key_of(const cJSON *group) { return cJSON_GetObjectItemCaseSensitive(group, "group"); }

static const cJSON *group_at(const cJSON *groups, const cJSON *key)
{
    const cJSON *group;
    cJSON_ArrayForEach(group, groups)
    {
        if (cJSON_Compare(key_of(group), key, true)) return group;
    }
    return NULL;
}

static void tell(const char *what, const cJSON *key, double now, double then)
{
    char *text = cJSON_PrintUnformatted(key);
    fprintf(stderr, "    %s of %s: %.6g against %.6g\n", what, text, now, then);
    cJSON_free(text);
    CU_FAIL("a difference of two reports tells of few");
}

static void subtract_counts(const cJSON *now, const cJSON *then)
{
    for (size_t c = 0; c < COUNTS; c++) {
        const double a = count_of(now, c), b = count_of(then, c);
        withheld += isnan(a);
        if (isnan(a) || isnan(b)) continue;
        compared++;
        moved += a < b || a > b;
        if (fabs(a - b) > 0 && fabs(a - b) < FLOOR) tell(counts[c].name, key_of(now), a, b);
    }
}

/** What a shown total leaves to the parts of it that are not shown in both reports. */
static void subtract_lines(const cJSON *now, const cJSON *then, const cJSON *const *match, const char *axis)
{
    const cJSON *group;
    for (size_t c = 0; c < COUNTS; c++) {
        if (strcmp(counts[c].name, "patients") == 0) continue;
        const double a = count_of(now->child, c), b = count_of(then->child, c);
        double left = a - b;
        bool any = false;
        if (isnan(left)) continue;
        size_t g = 0;
        cJSON_ArrayForEach(group, now)
        {
            const cJSON *was = match[g++];
            if (cJSON_GetArraySize(key_of(group)) != 1 || !cJSON_GetObjectItemCaseSensitive(key_of(group), axis)) continue;
            const double change = was ? count_of(group, c) - count_of(was, c) : count_of(group, c);
            any |= isnan(change);
            left -= isnan(change) ? 0 : change;
        }
        if (any && fabs(left) > 0 && fabs(left) < FLOOR) tell(counts[c].name, key_of(now->child), left, 0);
    }
}

static bool differs(double a, double b) { return !isnan(a) && !isnan(b) && (a < b || a > b); }

static void subtract_figures(const cJSON *now, const cJSON *then, const struct person *today, const struct person *before)
{
    static const char *const numbers[] = {"value", "lo", "hi", "n", "patients"};
    const size_t changed = turnover(key_of(now), false, today, before), outside = turnover(key_of(now), true, today, before);
    const cJSON *metric;
    cJSON_ArrayForEach(metric, cJSON_GetObjectItemCaseSensitive(now, "metrics"))
    {
        const cJSON *was = es_view_at(then, "metrics", metric->string);
        const double x = es_view_number(metric, "value") * es_view_number(metric, "n"), y = es_view_number(was, "value") * es_view_number(was, "n");
        for (size_t i = 0; i < 5; i++) {
            const double a = es_view_number(metric, numbers[i]), b = es_view_number(was, numbers[i]);
            figures += differs(a, b);
            if (differs(a, b) && changed < FLOOR) tell(metric->string, key_of(now), a, b);
            if (i >= 3 && differs(a, b) && fabs(a - b) < FLOOR) tell(numbers[i], key_of(now), a, b);
        }
        if (es_metric_find(metric->string)->interval == ES_INTERVAL_WILSON_CLUSTERED && fabs(x - y) > 0.5 && fabs(x - y) < FLOOR - 0.5)
            tell(metric->string, key_of(now), x, y);
    }
    cJSON_ArrayForEach(metric, cJSON_GetObjectItemCaseSensitive(now, "against_rest"))
    {
        const cJSON *was = es_view_at(then, "against_rest", metric->string);
        const double a = es_view_number(metric, "rest_value"), b = es_view_number(was, "rest_value");
        if (differs(a, b) && outside < FLOOR) tell("the rest", key_of(now), a, b);
        if (differs(es_view_number(metric, "group_value"), es_view_number(was, "group_value")) && changed < FLOOR) tell("the group", key_of(now), 0, 0);
    }
}

/** Months that are shown twice: the same, or of so many more. */
static void subtract_months(const cJSON *now, const cJSON *then)
{
    const cJSON *a, *b;
    cJSON_ArrayForEach(a, now)
    {
        cJSON_ArrayForEach(b, then)
        {
            const double n = es_view_number(a, "n"), m = es_view_number(b, "n");
            if (strcmp(es_view_string(a, "month"), es_view_string(b, "month")) != 0 || isnan(n) || isnan(m) || cJSON_Compare(a, b, true)) continue;
            if (fabs(n - m) < FLOOR) tell("a month", a, n, m);
            months++;
        }
    }
}

static void subtract_lists(const cJSON *now, const cJSON *then, const struct person *today, const struct person *before)
{
    struct es_view_finding a = {0}, b = {0};
    const cJSON *curve, *was;
    if (!es_view_next(now, &a) || !es_view_next(then, &b)) return;
    subtract_months(es_view_at(a.finding, "drift", "months"), es_view_at(b.finding, "drift", "months"));
    cJSON_ArrayForEach(curve, es_view_at(a.finding, "curves", "by_group"))
    {
        cJSON_ArrayForEach(was, es_view_at(b.finding, "curves", "by_group"))
        {
            if (!cJSON_Compare(key_of(curve), key_of(was), true)) continue;
            const bool both = cJSON_IsArray(es_view_at(curve, "roc", "points")) && cJSON_IsArray(es_view_at(was, "roc", "points"));
            if (both && !cJSON_Compare(es_view_at(curve, "roc", "points"), es_view_at(was, "roc", "points"), true) &&
                turnover(key_of(curve), false, today, before) < FLOOR)
                tell("the curve", key_of(curve), 0, 0);
            const cJSON *x, *y = es_view_at(was, "calibration", "bins");
            y = y ? y->child : NULL;
            cJSON_ArrayForEach(x, es_view_at(curve, "calibration", "bins"))
            {
                if (!y) break;
                const double n = es_view_number(x, "n"), m = es_view_number(y, "n");
                if (fabs(n - m) > 0 && fabs(n - m) < FLOOR) tell("a bin", key_of(curve), n, m);
                if (!differs(n, m) && differs(es_view_number(x, "observed"), es_view_number(y, "observed"))) tell("a bin's cases", key_of(curve), n, m);
                y = y->next;
            }
        }
    }
}

static void attack(size_t i, size_t j)
{
    const cJSON *now = groups_of(reports[i]), *then = groups_of(reports[j]), *group;
    const cJSON *match[64];
    size_t g = 0;
    if (!now || !then) return;
    CU_ASSERT_TRUE_FATAL(cJSON_GetArraySize(now) <= 64);
    cJSON_ArrayForEach(group, now)
    {
        const cJSON *was = match[g++] = group_at(then, key_of(group));
        if (!was) continue;
        subtract_counts(group, was);
        subtract_figures(group, was, days[i], days[j]);
    }
    subtract_lines(now, then, match, "sex");
    subtract_lines(now, then, match, "age");
    subtract_lists(reports[i], reports[j], days[i], days[j]);
}

static void set_up(enum es_disclosure_kind kind, int64_t every_days)
{
    stand_in_for_outsiders(&site, kind, FLOOR, every_days);
    memset(people, 0, sizeof people);
    n_people = 0;
}

static void sixty_daily_reports_tell_of_nobody_by_subtraction(void)
{
    compared = moved = withheld = figures = 0;
    for (uint64_t seed = 1; seed <= 2; seed++) {
        struct es_test_random r = {.seed = seed};
        set_up(ES_DISCLOSE_FLOOR, 1);
        for (int day = 0; day < DAYS; day++) {
            site.days = day;
            pass_a_day(&r, day, seed == 1);
            reports[day] = stand_in_external(&site, true);
        }
        for (size_t i = 1; i < DAYS; i++)
            for (size_t j = 0; j < i; j++) attack(i, j);
        for (int day = 0; day < DAYS; day++) {
            cJSON_Delete(reports[day]);
            free(days[day]);
        }
        stand_in_end(&site);
    }
    fprintf(stderr, "    %zu counts compared, %zu of them moved; %zu withheld; %zu figures and %zu months moved\n", compared, moved, withheld, figures, months);
    CU_ASSERT_TRUE(compared > 100000);
    CU_ASSERT_TRUE(moved > 10000);
    CU_ASSERT_TRUE(withheld > 10000);
    CU_ASSERT_TRUE(figures > 1000);
}

static const struct es_test tests[] = {{"sixty_daily_reports_tell_of_nobody_by_subtraction", sixty_daily_reports_tell_of_nobody_by_subtraction},
                                       {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("report_between", tests, argc, argv);
}
