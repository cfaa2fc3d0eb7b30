/* SPDX-License-Identifier: Apache-2.0 */
/* An outsider with a linear program: from one printed report, over all sums at once (levels to everyone, crossings to their axes, parts of
 * the funnel to the whole, the confusion table to rates and denominators), can any count of 1..N-1 people be worked out?
 *
 * The attack is of its own making and shares no code with disclosure control: hidden counts are variables (at least 1, as zeros are
 * printed; those of the confusion table at least 0), and each small one is minimised and maximised by the simplex method with Bland's
 * rule (Math Oper Res 2:103 (1977), DOI 10.1287/moor.2.2.103). It fails when no two whole numbers lie between the limits. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/json.h"
#include "plugin/report/build/build.h"
#include "plugin/report/view.h"
#include "testlib.h"
#include "testrandom.h"

enum { SEXES = 3, AGES = 3, GROUPS = 1 + SEXES + AGES + SEXES * AGES, FLOOR = 5 };
static const char *const sexes[SEXES] = {"F", "M", "unknown"}, *const ages[AGES] = {"0-59", "60+", "unknown"};

/** Disjoint kinds of units; each unit is a patient. */
enum kind { EXCLUDED, REJECTED, MISSING, OVERDUE_ALERT, OVERDUE_NON_ALERT, TP, FN, FP, TN, KINDS };

/** Counts as printed, and the confusion table. */
static const struct {
    const char *section, *name;
    unsigned kinds; /* the kinds it counts, by bit */
} counts[] = {{"", "cases", 0x1e0}, {"denominators", "positives", 0x60}, {"denominators", "negatives", 0x180},
              {"funnel", "seen", 0x1ff}, {"funnel", "excluded", 0x001}, {"funnel", "eligible", 0x1fe}, {"funnel", "resulted", 0x1f8},
              {"funnel", "rejected", 0x002}, {"funnel", "missing", 0x004}, {"funnel", "referenced", 0x1e0}, {"funnel", "overdue", 0x018},
              {"verification", "alerts", 0x0a8}, {"verification", "alerts_verified", 0x0a0},
              {"verification", "non_alerts", 0x150}, {"verification", "non_alerts_verified", 0x140},
              {NULL, "tp", 0x020}, {NULL, "fn", 0x040}, {NULL, "fp", 0x080}, {NULL, "tn", 0x100}};
enum { COUNTS = sizeof counts / sizeof counts[0], POSITIVES = 1, NEGATIVES = 2, CONFUSION = 15 };

struct world {
    int kind[GROUPS][KINDS];
    cJSON *release;
};

static int true_count(const struct world *w, int group, int count)
{
    int n = 0;
    for (int k = 0; k < KINDS; k++) n += counts[count].kinds >> k & 1u ? w->kind[group][k] : 0;
    return n;
}

/* ---- the report ---- */

static void rate(cJSON *metrics, const char *name, int x, int n)
{
    cJSON *m = cJSON_AddObjectToObject(metrics, name);
    cJSON_AddStringToObject(m, "status", n ? "estimated" : "not_estimable");
    if (n) cJSON_AddNumberToObject(m, "value", (double)x / n);
    cJSON_AddNumberToObject(m, "n", n);
    cJSON_AddNumberToObject(m, "patients", n);
}

static void put_group(const struct world *w, int g, cJSON *groups, const char *sex, const char *age)
{
    static const char *const none[] = {"ineligible", "eligibility_unknown", "failed", "pending", "indeterminate", "maturing", "late", "out_of_scope"};
    cJSON *group = cJSON_CreateObject(), *key = cJSON_AddObjectToObject(group, "group");
    cJSON_AddItemToArray(groups, group);
    if (sex) cJSON_AddStringToObject(key, "sex", sex);
    if (age) cJSON_AddStringToObject(key, "age", age);
    for (int c = 0; c < CONFUSION; c++) {
        cJSON *in = *counts[c].section ? cJSON_GetObjectItemCaseSensitive(group, counts[c].section) : group;
        if (!in) in = cJSON_AddObjectToObject(group, counts[c].section);
        cJSON_AddNumberToObject(in, counts[c].name, true_count(w, g, c));
    }
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        cJSON_AddNumberToObject(cJSON_GetObjectItemCaseSensitive(group, "funnel"), none[i], 0);
    cJSON_AddNumberToObject(group, "patients", true_count(w, g, 0));
    const int *k = w->kind[g];
    cJSON *metrics = cJSON_AddObjectToObject(group, "metrics");
    rate(metrics, "sensitivity", k[TP], k[TP] + k[FN]);
    rate(metrics, "specificity", k[TN], k[TN] + k[FP]);
    rate(metrics, "ppv", k[TP], k[TP] + k[FP]);
    rate(metrics, "npv", k[TN], k[TN] + k[FN]);
    rate(metrics, "accuracy", k[TP] + k[TN], k[TP] + k[TN] + k[FP] + k[FN]);
    rate(metrics, "prevalence", k[TP] + k[FN], k[TP] + k[TN] + k[FP] + k[FN]);
}

static int crossing(int sex, int age) { return 1 + SEXES + AGES + sex * AGES + age; }

static void make(struct world *w, struct es_test_random *r)
{
    static const int scales[] = {3, 8, 20, 60};
    *w = (struct world){0};
    for (int s = 0; s < SEXES; s++)
        for (int a = 0; a < AGES; a++)
            for (int k = 0; k < KINDS; k++) {
                const int n = es_test_below(r, 5) == 0 ? 0 : (int)es_test_below(r, (uint32_t)scales[es_test_below(r, 4)]);
                w->kind[crossing(s, a)][k] = n;
                w->kind[0][k] += n;
                w->kind[1 + s][k] += n;
                w->kind[1 + SEXES + a][k] += n;
            }
    struct es_tree tree = {0};
    const struct es_disclosure rule = {ES_DISCLOSE_FLOOR, FLOOR};
    w->release = cJSON_CreateObject();
    cJSON_AddStringToObject(w->release, "schema", "evensight-report/1");
    cJSON *model = cJSON_CreateObject(), *finding = cJSON_CreateObject();
    cJSON_AddItemToArray(cJSON_AddArrayToObject(w->release, "models"), model);
    cJSON_AddItemToArray(cJSON_AddArrayToObject(model, "findings"), finding);
    cJSON *groups = cJSON_AddArrayToObject(finding, "groups");
    put_group(w, 0, groups, NULL, NULL);
    for (int s = 0; s < SEXES; s++) put_group(w, 1 + s, groups, sexes[s], NULL);
    for (int a = 0; a < AGES; a++) put_group(w, 1 + SEXES + a, groups, NULL, ages[a]);
    for (int s = 0; s < SEXES; s++)
        for (int a = 0; a < AGES; a++) put_group(w, crossing(s, a), groups, sexes[s], ages[a]);
    es_release_disclose(&tree, w->release, &rule, ES_AUDIENCE_EXTERNAL, NULL);
    CU_ASSERT_FALSE_FATAL(tree.failed);
}

/* ---- what an outsider knows ---- */

#define VARIABLES (GROUPS * COUNTS)
#define ROWS 1200
#define WIDTH (VARIABLES + ROWS + 1)

struct attack {
    double a[ROWS][WIDTH]; /* rows: sum of variables = right side, in the last column */
    size_t rows, basis[ROWS], n; /* variables 0 .. n-1; artificial ones behind */
    int variable[GROUPS][COUNTS]; /* -1: known */
    double known[GROUPS][COUNTS], least[VARIABLES];
};

static const cJSON *printed(const struct world *w, int g)
{
    struct es_view_finding at = {0};
    CU_ASSERT_TRUE_FATAL(es_view_next(w->release, &at));
    return cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(at.finding, "groups"), g);
}

/** Zeros are printed, except that classes are hidden with their cases, and verified counts with their rest, and where the way from seen to
 * referenced is left out: this site has no ineligible exam, so that group by group an outsider sees whether that zero is. */
static bool may_be_zero(const cJSON *group, int count)
{
    const bool left = isnan(es_view_number(cJSON_GetObjectItemCaseSensitive(group, "funnel"), "ineligible"));
    const bool of_cases = count == 0 || count == 9;
    if (left && (!of_cases || isnan(es_view_number(group, "cases")))) return true;
    return count >= CONFUSION || count == POSITIVES || count == NEGATIVES || count == 12 || count == 14;
}

/** A count of the confusion table follows from a printed rate: x of n. */
static double from_rate(const cJSON *group, const char *name, bool rest)
{
    const struct es_view_metric m = es_view_metric(group, name);
    if (m.status != ES_VIEW_ESTIMATED) return NAN;
    const double x = nearbyint(m.value * (double)m.n.n);
    return rest ? (double)m.n.n - x : x;
}

static void read_printed(const struct world *w, struct attack *t)
{
    static const char *const rates[4][2] = {{"sensitivity", "ppv"}, {"sensitivity", NULL}, {"specificity", NULL}, {"specificity", "npv"}};
    for (int g = 0; g < GROUPS; g++) {
        const cJSON *group = printed(w, g);
        for (int c = 0; c < COUNTS; c++) {
            double v = NAN;
            if (c < CONFUSION) {
                v = es_view_number(*counts[c].section ? cJSON_GetObjectItemCaseSensitive(group, counts[c].section) : group, counts[c].name);
            } else {
                const int i = c - CONFUSION;
                v = from_rate(group, rates[i][0], i == 1 || i == 2);
                if (isnan(v) && rates[i][1]) v = from_rate(group, rates[i][1], false);
            }
            if (c == POSITIVES && es_view_metric(group, "prevalence").status == ES_VIEW_ESTIMATED)
                CU_ASSERT_FALSE(isnan(v) || isnan(es_view_number(group, "cases"))); /* it would tell both */
            t->known[g][c] = v;
            t->variable[g][c] = isnan(v) ? (int)t->n : -1;
            if (isnan(v)) t->least[t->n++] = may_be_zero(group, c) ? 0 : 1;
        }
    }
}

/** total = sum of parts, all of one or several groups. */
static void equation(struct attack *t, const int (*cells)[2], size_t n)
{
    double *row = t->a[t->rows], right = 0;
    memset(row, 0, WIDTH * sizeof *row);
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        const double sign = i ? 1 : -1;
        const int v = t->variable[cells[i][0]][cells[i][1]];
        if (v < 0) {
            right -= sign * t->known[cells[i][0]][cells[i][1]];
        } else {
            row[v] += sign;
            right -= sign * t->least[v];
            any = true;
        }
    }
    if (!any) {
        CU_ASSERT_EQUAL(right, 0); /* what is printed adds up */
        return;
    }
    if (right < 0)
        for (size_t j = 0; j < t->n; j++) row[j] = -row[j];
    row[WIDTH - 1] = fabs(right);
    CU_ASSERT_TRUE_FATAL(++t->rows < ROWS);
}

static void equations(struct attack *t)
{
    static const int within[][6] = {{3, 4, 5, -1}, {5, 6, 7, 8, -1}, {6, 9, 10, -1}, {0, 1, 2, -1}, {6, 11, 13, -1}, {0, 9, -1},
                                    {1, 15, 16, -1}, {2, 17, 18, -1}, {12, 15, 17, -1}, {14, 16, 18, -1}};
    for (int g = 0; g < GROUPS; g++)
        for (size_t s = 0; s < sizeof within / sizeof within[0]; s++) {
            int cells[6][2];
            size_t n = 0;
            for (; within[s][n] >= 0; n++) cells[n][0] = g, cells[n][1] = within[s][n];
            equation(t, (const int(*)[2])cells, n);
        }
    for (int c = 0; c < COUNTS; c++) {
        int cells[1 + SEXES + AGES][2];
        for (int i = 0; i < 1 + SEXES + AGES; i++) cells[i][1] = c;
        cells[0][0] = 0;
        for (int s = 0; s < SEXES; s++) cells[1 + s][0] = 1 + s;
        equation(t, (const int(*)[2])cells, 1 + SEXES);
        for (int a = 0; a < AGES; a++) cells[1 + a][0] = 1 + SEXES + a;
        equation(t, (const int(*)[2])cells, 1 + AGES);
        for (int s = 0; s < SEXES; s++) {
            cells[0][0] = 1 + s;
            for (int a = 0; a < AGES; a++) cells[1 + a][0] = crossing(s, a);
            equation(t, (const int(*)[2])cells, 1 + AGES);
        }
        for (int a = 0; a < AGES; a++) {
            cells[0][0] = 1 + SEXES + a;
            for (int s = 0; s < SEXES; s++) cells[1 + s][0] = crossing(s, a);
            equation(t, (const int(*)[2])cells, 1 + SEXES);
        }
    }
}

/* ---- simplex ---- */

static void pivot(struct attack *t, size_t r, size_t column, double *cost)
{
    double *row = t->a[r];
    const double by = row[column];
    for (size_t j = 0; j < WIDTH; j++) row[j] /= by;
    for (size_t i = 0; i <= t->rows; i++) {
        double *other = i == t->rows ? cost : t->a[i];
        const double f = other[column];
        if (i == r || f == 0) continue;
        for (size_t j = 0; j < WIDTH; j++)
            if (row[j] != 0) other[j] -= f * row[j];
        other[column] = 0;
    }
    t->basis[r] = column;
}

/** Minimise; cost is reduced already. @return the least value, -INFINITY when there is none */
static double minimise(struct attack *t, double *cost, size_t columns)
{
    for (;;) {
        size_t column = 0, row = SIZE_MAX;
        double best = INFINITY;
        while (column < columns && cost[column] > -1e-9) column++;
        if (column == columns) return -cost[WIDTH - 1];
        for (size_t i = 0; i < t->rows; i++) {
            if (t->a[i][column] < 1e-9) continue;
            const double ratio = t->a[i][WIDTH - 1] / t->a[i][column];
            if (ratio < best - 1e-12 || (ratio < best + 1e-12 && row != SIZE_MAX && t->basis[i] < t->basis[row])) best = ratio, row = i;
        }
        if (row == SIZE_MAX) return -INFINITY;
        pivot(t, row, column, cost);
    }
}

static void feasible(struct attack *t, double *cost)
{
    memset(cost, 0, WIDTH * sizeof *cost);
    for (size_t i = 0; i < t->rows; i++) {
        t->a[i][t->n + i] = 1;
        t->basis[i] = t->n + i;
        for (size_t j = 0; j < t->n; j++) cost[j] -= t->a[i][j];
        cost[WIDTH - 1] -= t->a[i][WIDTH - 1];
    }
    CU_ASSERT_DOUBLE_EQUAL(minimise(t, cost, t->n), 0, 1e-6); /* the truth is one solution */
    for (size_t i = 0; i < t->rows;) { /* artificial variables leave the basis, or their row says nothing */
        size_t j = 0;
        if (t->basis[i] >= t->n) {
            while (j < t->n && fabs(t->a[i][j]) < 1e-9) j++;
            if (j == t->n) {
                t->rows--;
                memcpy(t->a[i], t->a[t->rows], sizeof t->a[i]);
                t->basis[i] = t->basis[t->rows];
                continue;
            }
            pivot(t, i, j, cost);
        }
        i++;
    }
}

static double limit(struct attack *t, int variable, double sign, double *cost)
{
    memset(cost, 0, WIDTH * sizeof *cost);
    cost[variable] = sign;
    for (size_t i = 0; i < t->rows; i++)
        if (t->basis[i] == (size_t)variable)
            for (size_t j = 0; j < WIDTH; j++) cost[j] -= sign * t->a[i][j];
    return sign * minimise(t, cost, t->n) + t->least[variable];
}

static void nothing_small_can_be_worked_out(void)
{
    struct es_test_random r = {.seed = 20260};
    struct attack *t = malloc(sizeof *t);
    double *cost = malloc(WIDTH * sizeof *cost);
    size_t small = 0, told = 0, shown = 0;
    CU_ASSERT_TRUE_FATAL(t && cost);
    for (int round = 0; round < 60; round++) {
        struct world w;
        make(&w, &r);
        memset(t, 0, sizeof *t);
        read_printed(&w, t);
        equations(t);
        feasible(t, cost);
        for (int g = 0; g < GROUPS; g++)
            for (int c = 0; c < COUNTS; c++) {
                const int n = true_count(&w, g, c), v = t->variable[g][c];
                shown += v < 0 && n > 0;
                if (n < 1 || n >= FLOOR) continue;
                small++;
                CU_ASSERT_TRUE(v >= 0);
                if (v < 0) continue;
                const double lo = limit(t, v, 1, cost), hi = limit(t, v, -1, cost);
                CU_ASSERT_TRUE(lo <= n + 1e-6 && hi >= n - 1e-6);
                if (floor(hi + 1e-6) > ceil(lo - 1e-6)) continue;
                if (told++ < 5) printf("    round %d: group %d, %s: %d in [%g, %g]\n", round, g, counts[c].name, n, lo, hi);
            }
        cJSON_Delete(w.release);
    }
    printf("    %zu small counts attacked, %zu worked out; %zu counts printed\n", small, told, shown);
    CU_ASSERT_EQUAL(told, 0);
    CU_ASSERT_TRUE(small > 100 && shown > 100);
    free(t);
    free(cost);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"nothing_small_can_be_worked_out", nothing_small_can_be_worked_out}, {NULL, NULL}};
    return es_test_main("release_attack", tests, argc, argv);
}
