/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of the kernels fails once: each must say so, leave its output alone and lose nothing. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/cusum.h"
#include "metrics/disclosure.h"
#include "metrics/distance.h"
#include "metrics/overlap.h"
#include "metrics/representation.h"
#include "testlib.h"

/* The linker sends the kernels' calloc() here (--wrap). */
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

static int until_failure = -1; /* calls that still succeed; below 0: all do */

void *__wrap_calloc(size_t count, size_t size)
{
    if (until_failure == 0) return NULL;
    if (until_failure > 0) until_failure--;
    return __real_calloc(count, size);
}

#define MOST_CALLS 20

static void test_overlap(void)
{
    const struct es_grid grid = {2, {4, 4}, {1, 1}};
    uint8_t mask[16];
    struct es_overlap o = {.dice = -3};
    memset(mask, 1, sizeof mask);
    int failures = 0;
    for (int n = 0; n < MOST_CALLS; n++) {
        until_failure = n;
        const enum es_overlap_result result = es_overlap_measure(&grid, mask, mask, &o);
        until_failure = -1;
        if (result == ES_OVERLAP_OK) break;
        CU_ASSERT_EQUAL(result, ES_OVERLAP_NO_MEMORY);
        CU_ASSERT_EQUAL(o.dice, -3);
        failures++;
    }
    CU_ASSERT_EQUAL(failures, 7);
    CU_ASSERT_EQUAL(o.dice, 1);
}

static void test_distance_line(void)
{
    for (int n = 0; n < 3; n++) {
        struct es_distance_line line;
        until_failure = n;
        CU_ASSERT_FALSE(es_distance_line_init(&line, 5));
        until_failure = -1;
        CU_ASSERT_PTR_NULL(line.height);
        CU_ASSERT_PTR_NULL(line.apex);
    }
}

static void test_cusum(void)
{
    for (int n = 0; n < 2; n++) {
        until_failure = n;
        CU_ASSERT_TRUE(isnan(es_cusum_run_length(5, 9, 0.1)));
        until_failure = n;
        CU_ASSERT_EQUAL(es_cusum_limit(5, 0.1, 50), 0);
        until_failure = -1;
    }
    CU_ASSERT_TRUE(es_cusum_limit(5, 0.1, 50) > 0);
}

/** The chi-square part needs no memory; the exact p and the distance do. */
static void test_representation(void)
{
    const uint64_t x[] = {3, 5};
    const double reference[] = {0.5, 0.5};
    struct es_share shares[2];
    struct es_representation r;
    for (int n = 0; n < 5; n++) {
        until_failure = n;
        CU_ASSERT_TRUE(es_representation(x, reference, 2, 0.05, shares, &r));
        until_failure = -1;
        CU_ASSERT_EQUAL(r.chi2, 0.5);
        CU_ASSERT_TRUE(isnan(r.p_exact));
        CU_ASSERT_EQUAL(isnan(r.js_distance) != 0, n < 2);
    }
    CU_ASSERT_TRUE(es_representation(x, reference, 2, 0.05, shares, &r));
    CU_ASSERT_FALSE(isnan(r.p_exact));
}

/** Without an audit nothing is shown. */
static void test_disclosure(void)
{
    const uint64_t count[] = {3, 60, 20, 70, 80, 20, 9, 40, 41};
    const struct es_table table = {3, 3, count, 5, false};
    uint8_t hidden[9];
    for (int n = 0; n < 3; n++) {
        until_failure = n;
        CU_ASSERT_EQUAL(es_disclosure_hide(&table, hidden), ES_DISCLOSURE_FAILED);
        until_failure = -1;
        for (int i = 0; i < 9; i++) CU_ASSERT_EQUAL(hidden[i], 1);
    }
    CU_ASSERT_EQUAL(es_disclosure_hide(&table, hidden), ES_DISCLOSURE_PUBLISH);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"overlap", test_overlap},
        {"distance_line", test_distance_line},
        {"cusum", test_cusum},
        {"representation", test_representation},
        {"disclosure", test_disclosure},
        {NULL, NULL},
    };
    return es_test_main("kernel_memory", tests, argc, argv);
}
