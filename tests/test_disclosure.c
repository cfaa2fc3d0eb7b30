/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/disclosure.h"

#include <string.h>

#include "testlib.h"
#include "testrandom.h"

#define SIDE 3

/** All tables with the same shown cells and totals, by trying every value of the hidden cells. */
struct search {
    const struct es_table *t;
    const uint8_t *hidden;
    uint64_t row[SIDE], column[SIDE]; /* what the hidden cells of a line add up to */
    uint64_t lo[SIDE * SIDE], hi[SIDE * SIDE];
};

static void try_all(struct search *s)
{
    size_t cell[SIDE * SIDE], cells = 0;
    uint64_t value[SIDE * SIDE] = {0};
    for (size_t i = 0; i < SIDE * SIDE; i++) {
        s->lo[i] = UINT64_MAX;
        s->hi[i] = 0;
        if (s->hidden[i]) cell[cells++] = i;
    }
    for (;;) {
        uint64_t row[SIDE] = {0}, column[SIDE] = {0};
        for (size_t k = 0; k < cells; k++) {
            row[cell[k] / SIDE] += value[k];
            column[cell[k] % SIDE] += value[k];
        }
        if (memcmp(row, s->row, sizeof row) == 0 && memcmp(column, s->column, sizeof column) == 0)
            for (size_t k = 0; k < cells; k++) {
                if (value[k] < s->lo[cell[k]]) s->lo[cell[k]] = value[k];
                if (value[k] > s->hi[cell[k]]) s->hi[cell[k]] = value[k];
            }
        size_t k = 0;
        while (k < cells && value[k] == s->row[cell[k] / SIDE]) value[k++] = 0;
        if (k == cells) return;
        value[k]++;
    }
}

/** The flow's limits are those of the search, for random tables and random patterns. */
static void test_limits_are_exact(void)
{
    struct es_test_random r = {.seed = 6};
    for (int round = 0; round < 300; round++) {
        uint64_t count[SIDE * SIDE];
        uint8_t hidden[SIDE * SIDE];
        const struct es_table t = {SIDE, SIDE, count, 3, false};
        struct search s = {.t = &t, .hidden = hidden};
        for (size_t i = 0; i < SIDE * SIDE; i++) {
            count[i] = es_test_below(&r, 4);
            hidden[i] = es_test_below(&r, 3) > 0;
            if (!hidden[i]) continue;
            s.row[i / SIDE] += count[i];
            s.column[i % SIDE] += count[i];
        }
        try_all(&s);
        for (uint32_t i = 0; i < SIDE * SIDE; i++) {
            struct es_interval_u64 limits;
            const bool ok = es_disclosure_limits(&t, hidden, i / SIDE, i % SIDE, &limits);
            CU_ASSERT_EQUAL(ok, hidden[i]);
            if (!ok) continue;
            CU_ASSERT_EQUAL(limits.lo, s.lo[i]);
            CU_ASSERT_EQUAL(limits.hi, s.hi[i]);
        }
    }
}

/** Whatever the table: published patterns hide every small cell and pass the audit; collapsed ones show nothing. */
static void test_every_published_pattern_is_safe(void)
{
    struct es_test_random r = {.seed = 7};
    int published = 0;
    for (int round = 0; round < 2000; round++) {
        uint64_t count[36], narrowest;
        uint8_t hidden[36];
        const struct es_table t = {1 + (uint32_t)es_test_below(&r, 6), 1 + (uint32_t)es_test_below(&r, 6), count,
                                   round % 2 ? ES_DISCLOSURE_INTERNAL : ES_DISCLOSURE_EXTERNAL, round % 5 == 0};
        const size_t size = (size_t)t.rows * t.columns;
        for (size_t i = 0; i < size; i++) count[i] = es_test_below(&r, es_test_below(&r, 4) ? 40 : 6);
        const enum es_disclosure_action action = es_disclosure_hide(&t, hidden);
        CU_ASSERT_NOT_EQUAL(action, ES_DISCLOSURE_FAILED);
        if (action == ES_DISCLOSURE_COLLAPSE) {
            for (size_t i = 0; i < size; i++) CU_ASSERT_EQUAL(hidden[i], 0);
            continue;
        }
        published++;
        for (size_t i = 0; i < size; i++) CU_ASSERT_TRUE(hidden[i] || !es_disclosure_small(&t, count[i]));
        CU_ASSERT_TRUE(es_disclosure_audit(&t, hidden, &narrowest));
        CU_ASSERT_TRUE(narrowest > 0);
    }
    CU_ASSERT_TRUE(published > 200);
}

static void test_small_totals_collapse(void)
{
    uint8_t hidden[4] = {9, 9, 9, 9};
    const uint64_t row[] = {1, 2}, two[] = {1, 2, 40, 50}, column[] = {2, 40, 1, 50};
    CU_ASSERT_EQUAL(es_disclosure_hide(&(struct es_table){1, 2, row, 5, false}, hidden), ES_DISCLOSURE_COLLAPSE);
    CU_ASSERT_EQUAL(es_disclosure_hide(&(struct es_table){2, 2, two, 5, false}, hidden), ES_DISCLOSURE_COLLAPSE);
    CU_ASSERT_EQUAL(es_disclosure_hide(&(struct es_table){2, 2, column, 5, false}, hidden), ES_DISCLOSURE_COLLAPSE);
    CU_ASSERT_EQUAL(hidden[0], 0);
    const uint64_t enough[] = {0, 5, 40, 50}; /* a total of the threshold itself is large enough */
    CU_ASSERT_NOT_EQUAL(es_disclosure_hide(&(struct es_table){2, 2, enough, 5, false}, hidden), ES_DISCLOSURE_COLLAPSE);
    /* the same counts in one line are no totals */
    CU_ASSERT_EQUAL(es_disclosure_hide(&(struct es_table){1, 4, two, 5, false}, hidden), ES_DISCLOSURE_PUBLISH);
    CU_ASSERT_EQUAL(es_disclosure_hide(&(struct es_table){4, 1, two, 5, false}, hidden), ES_DISCLOSURE_PUBLISH);
    CU_ASSERT_TRUE(hidden[0] && hidden[1] && hidden[2] && !hidden[3]);
}

static void test_out_of_range_is_refused(void)
{
    uint8_t hidden[2] = {0, 0};
    struct es_interval_u64 limits;
    const uint64_t count[] = {UINT64_MAX, 1}, fine[] = {1, 9};
    CU_ASSERT_EQUAL(es_disclosure_hide(&(struct es_table){1, 2, count, 5, false}, hidden), ES_DISCLOSURE_FAILED);
    CU_ASSERT_EQUAL(es_disclosure_hide(&(struct es_table){0, 2, fine, 5, false}, hidden), ES_DISCLOSURE_FAILED);
    CU_ASSERT_EQUAL(es_disclosure_hide(&(struct es_table){1, 2, fine, 0, false}, hidden), ES_DISCLOSURE_FAILED);
    CU_ASSERT_EQUAL(es_disclosure_hide(&(struct es_table){1, ES_DISCLOSURE_MAX_LINES + 1, fine, 5, false}, hidden),
                    ES_DISCLOSURE_FAILED);
    const struct es_table t = {1, 2, fine, 5, false};
    CU_ASSERT_FALSE(es_disclosure_limits(&t, hidden, 0, 0, &limits)); /* shown */
    CU_ASSERT_FALSE(es_disclosure_limits(&t, hidden, 1, 0, &limits));
    CU_ASSERT_FALSE(es_disclosure_audit(&t, hidden, NULL)); /* a small cell is shown */
    CU_ASSERT_FALSE(es_disclosure_audit(&(struct es_table){0, 0, fine, 5, false}, hidden, NULL));
}

static void test_steps_between_releases(void)
{
    CU_ASSERT_TRUE(es_disclosure_step_ok(20, 20, 5));
    CU_ASSERT_TRUE(es_disclosure_step_ok(20, 25, 5));
    CU_ASSERT_TRUE(es_disclosure_step_ok(25, 20, 5));
    CU_ASSERT_FALSE(es_disclosure_step_ok(20, 24, 5));
    CU_ASSERT_FALSE(es_disclosure_step_ok(24, 20, 5));
}

static void test_rounding(void)
{
    const uint64_t cases[][3] = {{0, 5, 0}, {2, 5, 0}, {3, 5, 5}, {7, 5, 5}, {8, 5, 10}, {5, 10, 10}, {4, 10, 0}, {15, 10, 20},
                                 {7, 1, 7}, {UINT64_MAX, 10, UINT64_MAX - 5}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CU_ASSERT_EQUAL(es_disclosure_round(cases[i][0], cases[i][1]), cases[i][2]);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"limits_are_exact", test_limits_are_exact},
        {"every_published_pattern_is_safe", test_every_published_pattern_is_safe},
        {"small_totals_collapse", test_small_totals_collapse},
        {"out_of_range_is_refused", test_out_of_range_is_refused},
        {"steps_between_releases", test_steps_between_releases},
        {"rounding", test_rounding},
        {NULL, NULL},
    };
    return es_test_main("disclosure", tests, argc, argv);
}
