/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever allocation fails, the call says so, gives nothing out and leaves nothing behind (the leak checker watches). */
#include <stdlib.h>

#include "metrics/chart.h"
#include "metrics/monitor.h"
#include "metrics/search.h"
#include "sheets.h"
#include "testlib.h"

/* The linker sends the library's allocations here: -Wl,--wrap. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static long until = -1; /* allocations that still succeed; below 0: all do */

static bool spent(void)
{
    if (until < 0) return false;
    if (until == 0) return true;
    until--;
    return false;
}

void *__wrap_malloc(size_t size) { return spent() ? NULL : __real_malloc(size); }
void *__wrap_calloc(size_t count, size_t size) { return spent() ? NULL : __real_calloc(count, size); }
void *__wrap_realloc(void *old, size_t size) { return spent() ? NULL : __real_realloc(old, size); }

static struct test_sheet sheet;
static const struct es_case_rule rule = {.rate = ES_RATE_SENSITIVITY, .first_only = true, .exploratory = true};
static const uint8_t level[3] = {1, 0, 0};

static bool timeline(void)
{
    struct es_timeline t;
    const bool made = es_timeline_make(&sheet.sheet, &rule, &t);
    CU_ASSERT_TRUE(made || (t.row == NULL && t.count == 0));
    es_timeline_free(&t);
    return made;
}

static struct es_timeline line;

static bool series(void)
{
    const struct es_monitor_plan plan = {ES_MONITOR_STRICT, 0.05, 0.05, 0, 0};
    const int32_t end = INT32_MAX;
    struct es_look look;
    return es_monitor_series(&sheet.sheet, &line, &rule, &test_groupings[1], level, &plan, 0.05, &end, 1, &look);
}

static bool chart(void)
{
    const struct es_chart_plan plan = {.p0 = 0.3, .p1 = 0.5, .false_alarms_per_year = 1, .charts = 1};
    struct es_chart c = {.cases = 77};
    const bool made = es_chart_run(&sheet.sheet, &line, &rule, &test_groupings[1], level, &plan, &c, NULL, 0);
    CU_ASSERT_TRUE(made || c.cases == 77);
    /* without memory for its limit a chart says that none can be had */
    return made && c.reason == ES_REASON_NONE && c.run_length_0 > 0 && c.run_length_1 > 0;
}

static bool reference(void)
{
    const struct es_case_rule first = {.rate = rule.rate, .first_only = true};
    struct es_chart_reference r = {.cases = 77};
    const bool made = es_chart_reference_of(&sheet.sheet, &line, &first, &test_groupings[1], level, 50, &r);
    CU_ASSERT_TRUE(made || r.cases == 77);
    return made;
}

static bool search(void)
{
    const struct es_search_plan plan = {rule, 3, 1, 0, 0.05};
    struct es_search s;
    const bool made = es_search_run(&sheet.sheet, &plan, &s);
    CU_ASSERT_TRUE(made || (s.found == NULL && s.count == 0));
    es_search_free(&s);
    return made;
}

/** Fail the first allocation, then the second, and so on, until the call succeeds. */
static void fail_each(bool (*call)(void), long at_least)
{
    long failing = 0;
    bool made = false;
    while (!made && failing < 1000) {
        until = failing++;
        made = call();
        until = -1;
    }
    CU_ASSERT_TRUE(made && failing > at_least);
}

static void test_every_allocation_may_fail(void)
{
    test_sheet_fill(&sheet, 500, 2, 3);
    fail_each(timeline, 3);
    CU_ASSERT_TRUE_FATAL(es_timeline_make(&sheet.sheet, &rule, &line));
    fail_each(series, 1);
    fail_each(chart, 3);
    fail_each(reference, 1);
    fail_each(search, 8);
    es_timeline_free(&line);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"every_allocation_may_fail", test_every_allocation_may_fail},
        {NULL, NULL},
    };
    return es_test_main("monitor_memory", tests, argc, argv);
}
