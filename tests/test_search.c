/* SPDX-License-Identifier: Apache-2.0 */
/* The search against every conjunction counted by itself. */
#include "metrics/search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/multiplicity.h"
#include "sheets.h"
#include "testlib.h"
#include "testrandom.h"

enum { ROWS = 900, AXES = 4 };
static uint32_t patient[ROWS];
static uint8_t level[AXES][ROWS], decision[ROWS], label[ROWS], stage[ROWS], mark[ROWS];
static double score[ROWS];
static int32_t day[ROWS];
static const uint8_t *const columns[AXES] = {level[0], level[1], level[2], level[3]};
static const uint8_t levels[AXES] = {3, 4, 3, 9};

/** Patients of several rows, levels that change between rows, many unknown; harm for level 1 of axis 0 with level 2 of axis 1. */
static struct es_sheet make(uint64_t seed, unsigned unknown)
{
    struct es_test_random r = {.seed = seed};
    uint32_t p = 0;
    for (uint32_t i = 0; i < ROWS; i++) {
        const bool again = i && es_test_below(&r, 3);
        p += i && !again;
        patient[i] = p;
        for (int a = 0; a < AXES; a++) {
            level[a][i] = (uint8_t)(1 + es_test_below(&r, levels[a] - 1u));
            if (again && es_test_below(&r, 3)) level[a][i] = level[a][i - 1];
            if (es_test_below(&r, 10) < unknown) level[a][i] = 0;
        }
        label[i] = es_test_below(&r, 5) > 0;
        const bool weak = level[0][i] == 1 && level[1][i] == 2;
        decision[i] = (es_test_unit(&r) < (weak ? 0.3 : 0.85)) == label[i];
        stage[i] = es_test_below(&r, 20) ? ES_STAGE_REFERENCED : ES_STAGE_PENDING;
        mark[i] = 0;
        score[i] = 0.5;
    }
    return (struct es_sheet){.rows = ROWS, .patients = p + 1, .axes = AXES, .patient = patient, .level = columns, .axis_levels = levels, .score = score,
                             .decision = decision, .label = label, .stage = stage, .mark = mark, .exam_day = day};
}

static const struct es_search_plan plan = {{ES_RATE_SENSITIVITY, false, false, false, 0}, 3, 12, 4, 0.05};

static void test_sums_are_those_of_each_conjunction(void)
{
    for (uint64_t seed = 1; seed <= 12; seed++) {
        const struct es_sheet s = make(seed, (unsigned)seed % 6);
        struct es_search found;
        CU_ASSERT_TRUE_FATAL(es_search_run(&s, &plan, &found));
        CU_ASSERT_TRUE(found.count > 5 && found.crossings + found.skipped == 14);
        for (size_t i = 0; i < found.count; i++) {
            const struct es_weak_group *w = &found.found[i];
            const struct es_gap_sums direct = es_gap_of_sheet(&s, &w->grouping, w->level, &plan.rule);
            CU_ASSERT_TRUE(memcmp(&direct, &w->sums, sizeof direct) == 0);
            CU_ASSERT_TRUE(i == 0 || found.found[i - 1].harm_least >= w->harm_least);
            CU_ASSERT_TRUE(w->harm_least <= w->harm && w->harm <= w->harm_most && w->deff >= 1);
        }
        es_search_free(&found);
    }
}

/** How many conjunctions with enough cases there are, found one by one. */
static size_t count_all(const struct es_sheet *s, const struct es_grouping *g)
{
    size_t count = 0;
    for (unsigned a = 1; a < levels[g->axis[0]]; a++)
        for (unsigned b = 1; b < (g->n > 1 ? levels[g->axis[1]] : 2u); b++)
            for (unsigned c = 1; c < (g->n > 2 ? levels[g->axis[2]] : 2u); c++) {
                const uint8_t l[3] = {(uint8_t)a, (uint8_t)b, (uint8_t)c};
                const struct es_gap_sums d = es_gap_of_sheet(s, g, l, &plan.rule);
                count += d.group.n >= plan.min_cases && d.rest.n >= plan.min_cases && d.group.patients >= plan.min_patients &&
                         d.rest.patients >= plan.min_patients;
            }
    return count;
}

static void test_none_is_missed(void)
{
    const struct es_sheet s = make(77, 2);
    struct es_search found;
    size_t expected = 0;
    CU_ASSERT_TRUE_FATAL(es_search_run(&s, &plan, &found));
    for (uint8_t a = 0; a < AXES; a++) {
        expected += count_all(&s, &(struct es_grouping){1, {a, 0, 0}});
        for (uint8_t b = (uint8_t)(a + 1); b < AXES; b++) {
            expected += count_all(&s, &(struct es_grouping){2, {a, b, 0}});
            for (uint8_t c = (uint8_t)(b + 1); c < AXES; c++) expected += count_all(&s, &(struct es_grouping){3, {a, b, c}});
        }
    }
    CU_ASSERT_EQUAL(found.count, expected);
    /* the corrected p-values are those of the whole list */
    double *p = calloc(found.count, sizeof *p), *adjusted = calloc(found.count, sizeof *adjusted);
    uint32_t *scratch = calloc(found.count, sizeof *scratch);
    for (size_t i = 0; i < found.count; i++) p[i] = found.found[i].p;
    es_benjamini_hochberg(p, found.count, scratch, adjusted);
    for (size_t i = 0; i < found.count; i++) CU_ASSERT_EQUAL(adjusted[i], found.found[i].p_adjusted);
    free(p);
    free(adjusted);
    free(scratch);
    es_search_free(&found);
}

static void test_planted_group_comes_first(void)
{
    const struct es_sheet s = make(5, 0);
    struct es_search found;
    CU_ASSERT_TRUE_FATAL(es_search_run(&s, &plan, &found));
    const struct es_weak_group *w = &found.found[0];
    CU_ASSERT_TRUE(w->grouping.n == 2 && w->grouping.axis[0] == 0 && w->grouping.axis[1] == 1);
    CU_ASSERT_TRUE(w->level[0] == 1 && w->level[1] == 2 && w->adds && w->harm_least > 0.3 && w->p_adjusted < 1e-6);
    /* what is only a part of the planted group inherits its harm */
    size_t inherited = 0;
    for (size_t i = 1; i < found.count; i++)
        if (found.found[i].grouping.n == 3 && found.found[i].level[0] == 1 && found.found[i].level[1] == 2 &&
            found.found[i].grouping.axis[0] == 0 && found.found[i].grouping.axis[1] == 1) {
            CU_ASSERT_FALSE(found.found[i].adds);
            inherited++;
        }
    CU_ASSERT_TRUE(inherited > 2);
    es_search_free(&found);
}

static void test_rare_levels_prune_crossings(void)
{
    const struct es_sheet s = make(9, 1);
    struct es_search found;
    struct es_search_plan rare = plan;
    rare.min_cases = 150; /* no level of the fourth axis has as many */
    CU_ASSERT_TRUE_FATAL(es_search_run(&s, &rare, &found));
    CU_ASSERT_TRUE(found.count > 0 && found.skipped >= 7);
    for (size_t i = 0; i < found.count; i++) {
        const struct es_gap_sums d = es_gap_of_sheet(&s, &found.found[i].grouping, found.found[i].level, &rare.rule);
        CU_ASSERT_TRUE(memcmp(&d, &found.found[i].sums, sizeof d) == 0 && d.group.n >= 150);
    }
    es_search_free(&found);
    rare.min_cases = 100000;
    CU_ASSERT_TRUE_FATAL(es_search_run(&s, &rare, &found));
    CU_ASSERT_TRUE(found.count == 0 && found.crossings == 0);
    es_search_free(&found);
}

static void test_order_changes_nothing(void)
{
    static struct test_sheet a, b;
    struct es_search x, y;
    test_sheet_fill(&a, 500, 3, 6);
    test_sheet_permute(&a, &b, 8);
    const struct es_search_plan both = {{ES_RATE_SPECIFICITY, false, true, false, 0}, 2, 10, 0, 0.05};
    CU_ASSERT_TRUE_FATAL(es_search_run(&a.sheet, &both, &x) && es_search_run(&b.sheet, &both, &y));
    CU_ASSERT_TRUE_FATAL(x.count == y.count && x.count > 5);
    for (size_t i = 0; i < x.count; i++)
        CU_ASSERT_TRUE(memcmp(&x.found[i].sums, &y.found[i].sums, sizeof x.found[i].sums) == 0 &&
                       x.found[i].harm_least == y.found[i].harm_least && x.found[i].p_adjusted == y.found[i].p_adjusted);
    es_search_free(&x);
    es_search_free(&y);
}

static void test_bad_plans_are_refused(void)
{
    const struct es_sheet s = make(1, 0), none = {0};
    struct es_search found;
    struct es_search_plan bad = plan;
    bad.depth = 4;
    CU_ASSERT_FALSE(es_search_run(&s, &bad, &found));
    bad.depth = 0;
    CU_ASSERT_FALSE(es_search_run(&s, &bad, &found));
    bad = plan;
    bad.min_cases = 0;
    CU_ASSERT_FALSE(es_search_run(&s, &bad, &found));
    bad = plan;
    bad.alpha = NAN;
    CU_ASSERT_FALSE(es_search_run(&s, &bad, &found));
    CU_ASSERT_TRUE(found.found == NULL && found.count == 0);
    CU_ASSERT_TRUE(es_search_run(&none, &plan, &found) && found.count == 0);
    es_search_free(&found);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"sums_are_those_of_each_conjunction", test_sums_are_those_of_each_conjunction},
        {"none_is_missed", test_none_is_missed},
        {"planted_group_comes_first", test_planted_group_comes_first},
        {"rare_levels_prune_crossings", test_rare_levels_prune_crossings},
        {"order_changes_nothing", test_order_changes_nothing},
        {"bad_plans_are_refused", test_bad_plans_are_refused},
        {NULL, NULL},
    };
    return es_test_main("search", tests, argc, argv);
}
