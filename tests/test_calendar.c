/* SPDX-License-Identifier: Apache-2.0 */
/* Months and periods by which exams are looked at, against the C library's calendar. */
#include <time.h>

#include "metrics/arms.h"
#include "testlib.h"

/** Every month of four centuries and more, against the C library's calendar. */
static void test_calendar_is_that_of_the_library(void)
{
    for (int month = -2400; month < 3600; month++) {
        struct tm tm = {.tm_year = 70 + (month >= 0 ? month / 12 : -((11 - month) / 12)), .tm_mday = 1};
        tm.tm_mon = month - 12 * (tm.tm_year - 70);
        const int32_t day = (int32_t)(timegm(&tm) / 86400);
        CU_ASSERT_EQUAL(es_month_first_day(month), day);
        CU_ASSERT_EQUAL(es_month_of_day(day), month);
        CU_ASSERT_EQUAL(es_month_of_day(day - 1), month - 1);
        CU_ASSERT_EQUAL(es_period_end(day, ES_EVERY_MONTH), es_month_first_day(month + 1) - 1);
    }
    CU_ASSERT_EQUAL(es_period_end(3, ES_EVERY_WEEK), 3);  /* Sunday 1970-01-04 */
    CU_ASSERT_EQUAL(es_period_end(4, ES_EVERY_WEEK), 10); /* the Monday after */
    CU_ASSERT_EQUAL(es_period_end(-4, ES_EVERY_WEEK), -4);
    CU_ASSERT_EQUAL(es_period_end(-3, ES_EVERY_WEEK), 3);
    CU_ASSERT_EQUAL(es_period_end(77, ES_EVERY_DAY), 77);
    CU_ASSERT_EQUAL(es_period_end(INT32_MIN, ES_EVERY_MONTH), INT32_MIN);
    CU_ASSERT_EQUAL(es_period_end(INT32_MAX, ES_EVERY_MONTH), INT32_MAX);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"calendar_is_that_of_the_library", test_calendar_is_that_of_the_library},
        {NULL, NULL},
    };
    return es_test_main("calendar", tests, argc, argv);
}
