/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of a sweep fails once: each time the sweep says so and leaves nothing behind (the sanitizer build looks). */
#include <stdlib.h>

#include "sheets.h"
#include "testlib.h"

/* The linker sends the sweep's calloc() and realloc() here (--wrap). */
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);

static long until_failure = -1; /* calls that still succeed; below 0: all do */

static bool fails(void)
{
    if (until_failure < 0) return false;
    if (until_failure == 0) return true;
    until_failure--;
    return false;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

static struct test_sheet sheet;

/** Fail the first call, the second, ... until the sweep succeeds. */
static long failures(const struct es_sweep_options *options)
{
    long n = 0;
    for (bool done = false; !done && n < 10000; n++) {
        struct es_sweep *sweep = (struct es_sweep *)&sheet; /* must not stay */
        until_failure = n;
        done = es_sweep_run_with(&sheet.sheet, test_groupings, 4, options, &sweep);
        until_failure = -1;
        CU_ASSERT_EQUAL(done, sweep != NULL);
        es_sweep_free(sweep);
    }
    return n - 1;
}

static void test_each_allocation_fails_once(void)
{
    static const struct es_sweep_options rates = {0, false}, fits = {0, true}, all = {2, true};
    test_sheet_fill(&sheet, 300, 2, 1);
    const long few = failures(&rates), more = failures(&fits), most = failures(&all);
    /* The rests lie where the fits' residuals were: they allocate nothing more. */
    CU_ASSERT_TRUE(30 < few && few < more && more == most && most < 1000);
}

static void test_growing_tables_fail_too(void)
{
    static const struct es_sweep_options rates = {0, false};
    test_sheet_fill(&sheet, SHEET_MAX_ROWS, 1, 2);
    for (int i = 0; i < SHEET_MAX_ROWS; i++) sheet.mark[i] = (uint8_t)(i % 256); /* many kinds of rows */
    CU_ASSERT_TRUE(failures(&rates) > 30);
}

static void test_measures_fail_too(void)
{
    static const struct es_sweep_options rates = {0, false};
    static double column[3][SHEET_MAX_ROWS];
    static const double *const columns[3] = {column[0], column[1], column[2]};
    static uint32_t from[SHEET_MAX_ROWS + 1];
    static const struct es_mark marks[1] = {{0.5, false}};
    test_sheet_fill(&sheet, 300, 2, 1);
    const long without = failures(&rates);
    for (int i = 0; i < SHEET_MAX_ROWS; i++) column[0][i] = column[1][i] = column[2][i] = i % 5;
    sheet.sheet.measure = columns;
    sheet.sheet.measures = ES_MEASURES_VALUES;
    CU_ASSERT_TRUE(failures(&rates) > without + 20);
    sheet.sheet.measures = ES_MEASURES_LESIONS;
    sheet.sheet.marks = marks;
    sheet.sheet.mark_from = from;
    CU_ASSERT_TRUE(failures(&rates) > without + 20);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"each_allocation_fails_once", test_each_allocation_fails_once},
                                           {"growing_tables_fail_too", test_growing_tables_fail_too},
                                           {"measures_fail_too", test_measures_fail_too},
                                           {NULL, NULL}};
    return es_test_main("sweep_memory", tests, argc, argv);
}
