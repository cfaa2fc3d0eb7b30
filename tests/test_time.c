/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "plugin/base/time.h"
#include "testlib.h"

/* Expected: POSIX.1-2017 4.16 "Seconds Since the Epoch"; `date -u -d ... +%s` of GNU coreutils 9.1 divided by 86400. */
static void test_days(void)
{
    static const struct { const char *text; int32_t day; } cases[] = {
        {"1970-01-01", 0}, {"1969-12-31", -1}, {"2000-02-29", 11016}, {"20260301", 20513}, {"1900-03-01", -25508},
        {"0001-01-01", -719162}, {"9999-12-31", 2932896}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int32_t day = 12345;
        char text[ES_DAY_TEXT];
        CU_ASSERT_TRUE_FATAL(es_day_parse(cases[i].text, &day));
        CU_ASSERT_EQUAL(day, cases[i].day);
        es_day_format(day, text);
        int32_t again = 0;
        CU_ASSERT_TRUE(es_day_parse(text, &again));
        CU_ASSERT_EQUAL(again, day);
    }
}

static void test_what_is_no_day_is_refused(void)
{
    static const char *const bad[] = {"", "2026", "2026-13-01", "2026-02-29", "1900-02-29", "2026-3-1", "2026-03-01 ", "2026-0301",
                                      "0000-01-01", "20260301x", "-026-03-01", "2026/03/01"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int32_t day = 7;
        CU_ASSERT_FALSE(es_day_parse(bad[i], &day));
        CU_ASSERT_EQUAL(day, 7);
    }
}

/* Expected: `date -u -d TEXT +%s` of GNU coreutils 9.1. */
static void test_instants(void)
{
    static const struct { const char *text; int64_t us; bool zone; const char *out; } cases[] = {
        {"2026-03-01T10:02:11Z", INT64_C(1772359331000000), true, "2026-03-01T10:02:11Z"},
        {"2026-03-01T10:02:11.5+01:00", INT64_C(1772355731500000), true, "2026-03-01T09:02:11.500000Z"},
        {"2026-03-01T10:02", INT64_C(1772359320000000), false, "2026-03-01T10:02:00Z"},
        {"1969-12-31T23:59:59.999999Z", -1, true, "1969-12-31T23:59:59.999999Z"},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800000000), true, "2017-01-01T00:00:00Z"},
        {"2026-03-01T10:02:11.1234567Z", INT64_C(1772359331123456), true, "2026-03-01T10:02:11.123456Z"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t us = 0;
        bool zone = !cases[i].zone;
        char text[ES_INSTANT_TEXT];
        CU_ASSERT_TRUE_FATAL(es_instant_parse(cases[i].text, &us, &zone));
        CU_ASSERT_EQUAL(us, cases[i].us);
        CU_ASSERT_EQUAL(zone, cases[i].zone);
        es_instant_format(us, text);
        CU_ASSERT_STRING_EQUAL(text, cases[i].out);
    }
    CU_ASSERT_EQUAL(es_instant_day(-1), -1);
    CU_ASSERT_EQUAL(es_instant_day(0), 0);
}

static void test_what_is_no_instant_is_refused(void)
{
    static const char *const bad[] = {"", "2026-03-01", "2026-03-01T", "2026-03-01T24:00Z", "2026-03-01T10:60Z", "2026-03-01T10:02:61Z",
                                      "2026-03-01T10:02:11.Z", "2026-03-01T10:02:11+15:00", "2026-03-01T10:02:11z ", "2026-03-01 10:02"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t us = 5;
        bool zone = false;
        CU_ASSERT_FALSE(es_instant_parse(bad[i], &us, &zone));
        CU_ASSERT_EQUAL(us, 5);
    }
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"days", test_days},
                                           {"what_is_no_day_is_refused", test_what_is_no_day_is_refused},
                                           {"instants", test_instants},
                                           {"what_is_no_instant_is_refused", test_what_is_no_instant_is_refused},
                                           {NULL, NULL}};
    return es_test_main("time", tests, argc, argv);
}
