/* SPDX-License-Identifier: Apache-2.0 */
/* An outsider who keeps every report and every comparison of versions and subtracts the one from the other, of the same moment and of others, while
 * exams come singly and in groups, versions miss some of them, labels come late or are corrected, and persons are erased. Each patient has
 * one exam, so what a difference tells is a number of patients: it must be 0 or the floor at least. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/versions/versions.h"
#include "plugin/report/view.h"
#include "site_world.h"
#include "testlib.h"
#include "testrandom.h"

enum { FLOOR = 3, STEPS = 10, VERSIONS = 3, FIRST_DAY = 16436, EVERY = 8, MAX_TOLD = 20000 };

#define CONFIG(axes)                                                                                                     \
    "{\"Site\":\"A\",\"Ledger\":\"sqlite:%s/ledger.db\",\"PseudonymKeyFile\":\"%s/site.key\","                             \
    "\"Axes\":[{\"Name\":\"sex\",\"Attribute\":\"PatientSex\"}" axes ","                                                   \
    "\"Models\":[{\"Name\":\"net\",\"Findings\":[{\"Name\":\"effusion\",\"Task\":\"binary\",\"Threshold\":0.5,\"ReferenceWithin\":\"1d\"}]}]," \
    "\"Plan\":{\"MinimumCases\":5,\"MinimumPatients\":5},\"Disclosure\":{\"External\":\"floor:3\",\"ReleaseEvery\":\"7d\"}}"
static const char *const configs[] = {CONFIG("]"), CONFIG(",{\"Name\":\"age\",\"Attribute\":\"PatientAge\",\"Bands\":[0,60]}],\"Intersections\":[[\"sex\",\"age\"]]")};
static const char *const versions[VERSIONS] = {"1.0", "2.0", "3.0"};

enum cell { POSITIVES, FOUND, MISSED, NEGATIVES, CLEARED, FALSE_ALERTS, CASES, CELLS };
static const char *const cell_names[CELLS] = {"positives", "found", "missed", "negatives", "cleared", "false alerts", "cases"};

/** A number that was told of a group and a version. */
struct told {
    char *key; /* of the group; owned */
    int step, version, release;
    unsigned epoch; /* 0: of all epochs together */
    bool comparison;
    double value[CELLS]; /* NAN: not told */
};
static struct told told[MAX_TOLD];
static size_t n_told, differences, across, withheld;
static struct es_world world;
static unsigned exams;
static struct {
    bool labelled, gone;
    int32_t day;
    int label;
} exam[6000];

/* ---- the hospital ---- */

/* Messages wait, so that a day is one commit. */
static struct es_message *waiting[4000];
static size_t n_waiting;

static void flush(void)
{
    static struct es_receipt receipts[sizeof waiting / sizeof waiting[0]];
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(es_site_take(world.site, (const struct es_message *const *)waiting, n_waiting, receipts, &err), ES_OK);
    for (size_t i = 0; i < n_waiting; i++) {
        CU_ASSERT_NOT_EQUAL(receipts[i].outcome, ES_OUTCOME_REFUSED);
        es_unsay(waiting[i]);
    }
    n_waiting = 0;
}

static void take(struct es_message *message)
{
    if (n_waiting == sizeof waiting / sizeof waiting[0]) flush();
    waiting[n_waiting++] = message;
}

/** @param cut  exams from that day on are read by pathology: another epoch */
static void label(unsigned i, int value, enum es_reference_status status, int32_t cut)
{
    take(es_say_reference(i, exam[i].day < cut ? "report" : "pathology", status, value, (int64_t)exam[i].day * 86400 + 3600 + status));
    exam[i].labelled = true;
    exam[i].label = value;
}

static void arrive(struct es_test_random *r, const char *sex, bool old, int32_t day, uint64_t n, int32_t cut, bool third)
{
    const bool miss = es_test_below(r, 12) == 0; /* now and then a version leaves exams out */
    for (; n > 0 && exams + 1 < sizeof exam / sizeof exam[0]; n--) {
        const unsigned i = ++exams;
        const int truth = es_test_below(r, old ? 2 : 4) == 0;
        exam[i].day = day;
        take(es_say_exam(i, i, day, sex, old ? "070Y" : "050Y"));
        for (int v = 0; v < (third ? VERSIONS : VERSIONS - 1); v++) {
            if (miss && es_test_below(r, 3) == 0) continue;
            const bool alert = es_test_below(r, 3) ? truth : !truth;
            take(es_say_result(i, versions[v], "effusion", alert ? 0.9 : 0.1, (int64_t)day * 86400 + v));
        }
        if (es_test_below(r, 30) != 0) label(i, truth, ES_REFERENCE_FINAL, cut);
    }
}

static void change_one(struct es_test_random *r, int32_t cut)
{
    char who[40];
    const unsigned i = 1 + (unsigned)es_test_below(r, exams);
    if (exam[i].gone) return;
    flush();
    switch (es_test_below(r, 3)) {
    case 0: label(i, exam[i].labelled ? !exam[i].label : (int)es_test_below(r, 2), ES_REFERENCE_CORRECTED, cut); break;
    case 1:
        snprintf(who, sizeof who, "{\"patient_id\":\"PAT%u\"}", i);
        CU_ASSERT_TRUE(es_world_forget(&world, who) > 0);
        exam[i].gone = true;
        break;
    default:
        if (!exam[i].labelled) label(i, (int)es_test_below(r, 2), ES_REFERENCE_FINAL, cut);
    }
}

/* ---- what is told ---- */

static struct told *add(const cJSON *group, int step, int version, int release, unsigned epoch, bool comparison)
{
    char *key = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(group, "group"));
    for (size_t i = n_told; i-- > 0 && told[i].release == release;)
        if (told[i].version == version && told[i].epoch == epoch && strcmp(told[i].key, key) == 0 && epoch != UINT32_MAX) {
            cJSON_free(key);
            return &told[i];
        }
    CU_ASSERT_TRUE_FATAL(n_told < MAX_TOLD);
    struct told *t = &told[n_told++];
    *t = (struct told){key, step, version, release, epoch == UINT32_MAX ? 0 : epoch, comparison, {0}};
    for (int c = 0; c < CELLS; c++) t->value[c] = NAN;
    return t;
}

static int version_of(const char *name)
{
    int v = 0;
    while (v < VERSIONS && strcmp(versions[v], name) != 0) v++;
    return v;
}

static void rate(const cJSON *group, const char *metric, double *right, double *wrong)
{
    const cJSON *m = es_view_at(group, "metrics", metric);
    const double n = es_view_number(m, "n");
    if (strcmp(es_view_string(m, "status"), "estimated") != 0) return;
    *right = nearbyint(es_view_number(m, "value") * n);
    *wrong = n - *right;
}

static void keep_report(const cJSON *report, int step, int release)
{
    struct es_view_finding at = {0};
    const cJSON *group;
    while (es_view_next(report, &at)) {
        const int v = version_of(at.version);
        if (v == VERSIONS) continue;
        cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(at.finding, "groups"))
        {
            struct told *one = add(group, step, v, release, at.epoch_id, false);
            one->value[CASES] = es_view_number(group, "cases");
            one->value[POSITIVES] = es_view_number(cJSON_GetObjectItemCaseSensitive(group, "denominators"), "positives");
            one->value[NEGATIVES] = es_view_number(cJSON_GetObjectItemCaseSensitive(group, "denominators"), "negatives");
            rate(group, "sensitivity", &one->value[FOUND], &one->value[MISSED]);
            rate(group, "specificity", &one->value[CLEARED], &one->value[FALSE_ALERTS]);
            for (int c = 0; c < CELLS; c++) withheld += isnan(one->value[c]);
            const struct told epoch = *one; /* the list may grow */
            const size_t before = n_told;
            struct told *sum = add(group, step, v, release, 0, false);
            for (int c = 0; c < CELLS; c++) sum->value[c] = n_told > before ? epoch.value[c] : sum->value[c] + epoch.value[c];
        }
    }
}

static void keep_comparison(const cJSON *tree, int step, int release)
{
    const cJSON *compared = cJSON_GetObjectItemCaseSensitive(tree, "compared"), *measure, *grouping, *group;
    const char *const sides[] = {"before", "after"};
    const cJSON *finding = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(tree, "findings"), 0);
    for (int side = 0; side < 2; side++) {
        const int v = version_of(es_view_string(compared, sides[side]));
        cJSON_ArrayForEach(measure, cJSON_GetObjectItemCaseSensitive(finding, "measures"))
        {
            const int first = strcmp(es_view_string(measure, "measure"), "sensitivity") == 0 ? POSITIVES : NEGATIVES;
            cJSON_ArrayForEach(grouping, cJSON_GetObjectItemCaseSensitive(measure, "groupings"))
            {
                cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(grouping, "groups"))
                {
                    const cJSON *pairs = cJSON_GetObjectItemCaseSensitive(group, "pairs"), *alone = es_view_at(group, "unpaired", sides[side]);
                    struct told *all = add(group, step, v, release, 0, true);
                    const double n = es_view_number(alone, "cases"), x = es_view_number(alone, "right");
                    all->value[first] = n;
                    all->value[first + 1] = x;
                    all->value[first + 2] = n - x;
                    withheld += isnan(n);
                    struct told *both = add(group, step, v, release, UINT32_MAX, true);
                    const double right = es_view_number(pairs, "both_right") + es_view_number(pairs, side == 0 ? "only_before_right" : "only_after_right");
                    both->value[first] = es_view_number(group, "cases");
                    both->value[first + 1] = right;
                    both->value[first + 2] = both->value[first] - right;
                }
            }
        }
    }
}

/* ---- the attack ---- */

static bool small(double x) { return x > 0 && x < FLOOR; }

static void tell(const char *what, const struct told *a, const struct told *b, double x, double y)
{
    if (differences + across < 3000000) printf("    %s of %s, version %s: %g (%s, step %d) and %g (%s, step %d)\n", what, a->key, versions[a->version], x,
           a->comparison ? "comparison" : "report", a->step, y, b->comparison ? "comparison" : "report", b->step);
    CU_FAIL("a difference tells of few");
}

/** A count of one release that follows from the sum of another, of the same moment. */
static void subtract_parts(const struct told *a, const struct told *b)
{
    static const enum cell sums[][3] = {{CASES, POSITIVES, NEGATIVES}, {POSITIVES, FOUND, MISSED}, {NEGATIVES, CLEARED, FALSE_ALERTS}};
    for (size_t s = 0; s < sizeof sums / sizeof sums[0]; s++)
        for (int part = 1; part < 3; part++) {
            const double whole = a->value[sums[s][0]], x = b->value[sums[s][part]];
            if (isnan(whole) || isnan(x)) continue;
            differences++;
            if (small(fabs(whole - x))) tell(cell_names[sums[s][3 - part]], a, b, whole, x);
        }
}

static void attack(void)
{
    for (size_t i = 0; i < n_told; i++)
        for (size_t j = 0; j < i; j++) {
            const struct told *a = &told[i], *b = &told[j];
            if (a->version != b->version || strcmp(a->key, b->key) != 0) continue;
            if (a->epoch != b->epoch && a->epoch != 0 && b->epoch != 0) continue; /* two epochs: other exams */
            if (a->comparison == b->comparison && !a->comparison && (a->epoch == 0 || b->epoch == 0)) continue; /* reports: by epoch */
            for (int c = 0; c < CELLS; c++) {
                if (isnan(a->value[c]) || isnan(b->value[c])) continue;
                if (a->comparison != b->comparison) across++;
                else differences++;
                if (small(fabs(a->value[c] - b->value[c]))) tell(cell_names[c], a, b, a->value[c], b->value[c]);
            }
            if (a->step != b->step || a->comparison == b->comparison || a->epoch != 0 || b->epoch != 0) continue;
            subtract_parts(a, b);
            subtract_parts(b, a);
        }
}

static void forget_told(void)
{
    for (size_t i = 0; i < n_told; i++) cJSON_free(told[i].key);
    n_told = 0;
    exams = 0;
    memset(exam, 0, sizeof exam);
}

static void release(struct es_test_random *r, int step, int *releases, bool report)
{
    struct es_error err = {0};
    cJSON *tree = NULL;
    if (report) {
        CU_ASSERT_EQUAL_FATAL(es_report_external(world.site, true, &tree, &err), ES_OK);
        keep_report(tree, step, (*releases)++);
    } else {
        const int second = step >= STEPS / 2 && es_test_below(r, 2) ? 2 : 1;
        const struct es_versions_options options = {"net", {versions[0], versions[second]}, ES_NO_DAY, ES_NO_DAY, ES_AUDIENCE_EXTERNAL};
        const enum es_errc e = es_versions_external(world.site, &options, true, &tree, &err);
        if (e == ES_OK) keep_comparison(tree, step, (*releases)++);
        else CU_ASSERT_EQUAL(e, ES_E_ARG); /* no result of the third version yet */
    }
    cJSON_Delete(tree);
}

static void live(uint64_t seed, bool epochs)
{
    struct es_test_random r = {seed, 0};
    const int32_t cut = epochs ? FIRST_DAY + EVERY * STEPS / 2 : INT32_MAX;
    int releases = 0;
    es_world_open(&world, configs[seed / 2 % 2]);
    for (int step = 0; step < STEPS; step++) {
        const int32_t day = FIRST_DAY + EVERY * step;
        const bool quiet = step == 0 || es_test_below(&r, 3) > 0; /* many of all kinds, and nothing is corrected */
        for (int g = 0; g < 4; g++)
            arrive(&r, g & 1 ? "F" : "M", g & 2, day, quiet ? 40 + es_test_below(&r, 40) : es_test_below(&r, 5), cut, step >= STEPS / 2);
        for (uint64_t n = quiet ? 0 : es_test_below(&r, 4); n > 0; n--) change_one(&r, cut);
        take(es_say_result(9000 + (unsigned)step, "1.0", "effusion", 0.5, (int64_t)(day + 3) * 86400)); /* of no exam: closes the windows */
        flush();
        const bool first = es_test_below(&r, 2);
        release(&r, step, &releases, first);
        if (es_test_below(&r, 3)) release(&r, step, &releases, !first);
    }
    attack();
    es_world_close(&world);
    forget_told();
}

static void a_comparison_subtracted_from_a_report_tells_of_nobody(void)
{
    for (uint64_t seed = 1; seed <= 8; seed++) live(seed, seed % 2 == 0);
    /* that the attack had something to work on, and disclosure something to do */
    CU_ASSERT_TRUE(across > 500);
    CU_ASSERT_TRUE(differences > 500);
    CU_ASSERT_TRUE(withheld > 500);
    printf("    %zu differences across kinds, %zu others, %zu counts withheld\n", across, differences, withheld);
}

static const struct es_test tests[] = {{"a_comparison_subtracted_from_a_report_tells_of_nobody", a_comparison_subtracted_from_a_report_tells_of_nobody},
                                       {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("versions_attack", tests, argc, argv);
}
