/* SPDX-License-Identifier: Apache-2.0 */
/* Months and drift by month, against the calendar and against counts made row by row. */
#include "metrics/months.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "sheets.h"
#include "testlib.h"

static struct test_sheet sheet, other;

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

static bool counts(uint32_t row)
{
    const uint8_t s = sheet.stage[row];
    return s != ES_STAGE_EXCLUDED && s != ES_STAGE_INELIGIBLE && s != ES_STAGE_ELIGIBILITY_UNKNOWN;
}

static bool has_score(uint32_t row)
{
    const uint8_t s = sheet.stage[row];
    return counts(row) && s != ES_STAGE_REJECTED && s != ES_STAGE_FAILED && s != ES_STAGE_PENDING && s != ES_STAGE_MISSING &&
           !isnan(sheet.score[row]);
}

static void test_series_is_counted_row_by_row(void)
{
    struct es_months m;
    test_sheet_fill(&sheet, 600, 3, 2);
    sheet.exam_day[5] = INT32_MIN;
    sheet.stage[5] = ES_STAGE_PENDING;
    CU_ASSERT_TRUE_FATAL(es_months_make(&sheet.sheet, INT32_MAX, 50, &m));
    CU_ASSERT_TRUE(m.count >= 33 && m.undated == 1 && m.reference_first == 0 && m.reference_last >= 1);
    CU_ASSERT_TRUE(m.bins == 10 && m.reference_eligible >= 50);
    uint64_t mix[4] = {0}, bins[ES_SCORE_BINS] = {0};
    for (uint32_t row = 0; row < 600; row++) {
        const int32_t month = es_month_of_day(sheet.exam_day[row]);
        if (!counts(row) || sheet.exam_day[row] == INT32_MIN || month > m.reference_last) continue;
        mix[sheet.level[1][row]]++;
        uint32_t b = 0;
        while (has_score(row) && b < 9 && sheet.score[row] > m.edge[b]) b++;
        bins[b] += has_score(row);
    }
    for (uint32_t i = 0; i < m.count; i++) {
        const struct es_month *at = &m.month[i];
        uint64_t now[4] = {0}, score[ES_SCORE_BINS] = {0}, eligible = 0, scored = 0;
        for (uint32_t row = 0; row < 600; row++) {
            if (!counts(row) || sheet.exam_day[row] == INT32_MIN || es_month_of_day(sheet.exam_day[row]) != at->month) continue;
            eligible++;
            now[sheet.level[1][row]]++;
            uint32_t b = 0;
            while (has_score(row) && b < 9 && sheet.score[row] > m.edge[b]) b++;
            score[b] += has_score(row);
            scored += has_score(row);
        }
        struct es_drift axis, scores;
        CU_ASSERT_TRUE_FATAL(es_drift(now, mix, 4, &axis) && es_drift(score, bins, m.bins, &scores));
        CU_ASSERT_TRUE(at->eligible == eligible && at->scored == scored && at->reference == (at->month <= m.reference_last));
        CU_ASSERT_TRUE(at->axis[1].psi == axis.psi && at->axis[1].psi_expected == axis.psi_expected);
        CU_ASSERT_TRUE(at->score.psi == scores.psi && at->score.n_reference == m.reference_scored);
    }
    es_months_free(&m);
    CU_ASSERT_TRUE(m.month == NULL && m.count == 0);
}

/** A change of scores and of scanners from one month on stands out against its expectation; the months before do not. */
static void test_change_stands_out(void)
{
    struct es_months m;
    test_sheet_fill(&sheet, 600, 1, 5);
    for (uint32_t row = 0; row < 600; row++) {
        sheet.exam_day[row] = (int32_t)(row % 12) * 30 + 15;
        sheet.stage[row] = ES_STAGE_REFERENCED;
        sheet.score[row] = (double)(row * 37 % 600) / 600;
        sheet.level[0][row] = (uint8_t)(1 + row / 12 % 2);
        if (row % 12 < 8) continue;
        sheet.score[row] = 0.5 + sheet.score[row] / 2;
        sheet.level[0][row] = 1;
    }
    CU_ASSERT_TRUE_FATAL(es_months_make(&sheet.sheet, INT32_MAX, 150, &m));
    CU_ASSERT_TRUE_FATAL(m.count == 12);
    for (uint32_t i = 0; i < 12; i++) {
        const bool changed = i >= 8;
        CU_ASSERT_EQUAL(m.month[i].score.psi > 3 * m.month[i].score.psi_expected, changed);
        CU_ASSERT_EQUAL(m.month[i].axis[0].psi > 3 * m.month[i].axis[0].psi_expected, changed);
    }
    es_months_free(&m);
    /* closed before the change: the later months are not there */
    CU_ASSERT_TRUE_FATAL(es_months_make(&sheet.sheet, es_month_first_day(8) + 3, 150, &m));
    CU_ASSERT_EQUAL(m.month[m.count - 1].month, 7);
    es_months_free(&m);
}

static void test_edges_of_scores(void)
{
    struct es_months m;
    test_sheet_fill(&sheet, 100, 1, 3);
    for (uint32_t row = 0; row < 100; row++) {
        sheet.exam_day[row] = 10;
        sheet.stage[row] = ES_STAGE_REFERENCED;
        sheet.score[row] = row < 50 ? 1 : 2; /* two values: two bins */
    }
    CU_ASSERT_TRUE_FATAL(es_months_make(&sheet.sheet, INT32_MAX, 1000, &m));
    CU_ASSERT_TRUE(m.count == 1 && m.bins == 2 && m.edge[0] == 1 && m.month[0].reference && m.month[0].score.psi == 0);
    es_months_free(&m);
    for (uint32_t row = 0; row < 100; row++) sheet.score[row] = 7;
    CU_ASSERT_TRUE_FATAL(es_months_make(&sheet.sheet, INT32_MAX, 10, &m));
    CU_ASSERT_EQUAL(m.bins, 1);
    es_months_free(&m);
    for (uint32_t row = 0; row < 100; row++) sheet.score[row] = (double)NAN;
    CU_ASSERT_TRUE_FATAL(es_months_make(&sheet.sheet, INT32_MAX, 10, &m));
    CU_ASSERT_TRUE(m.bins == 0 && isnan(m.month[0].score.psi) && m.month[0].eligible == 100 && m.month[0].scored == 0);
    es_months_free(&m);
    sheet.exam_day[0] = 1000000; /* centuries apart */
    CU_ASSERT_FALSE(es_months_make(&sheet.sheet, INT32_MAX, 10, &m));
    CU_ASSERT_TRUE(m.month == NULL);
    const struct es_sheet none = {0};
    CU_ASSERT_TRUE(es_months_make(&none, INT32_MAX, 10, &m) && m.count == 0);
    es_months_free(&m);
}

static void test_order_changes_nothing(void)
{
    struct es_months a, b;
    test_sheet_fill(&sheet, 500, 3, 12);
    test_sheet_permute(&sheet, &other, 4);
    CU_ASSERT_TRUE_FATAL(es_months_make(&sheet.sheet, INT32_MAX, 60, &a) && es_months_make(&other.sheet, INT32_MAX, 60, &b));
    CU_ASSERT_TRUE_FATAL(a.count == b.count && a.bins == b.bins);
    CU_ASSERT_TRUE(memcmp(a.edge, b.edge, sizeof a.edge) == 0);
    for (uint32_t i = 0; i < a.count; i++) {
        CU_ASSERT_TRUE(a.month[i].month == b.month[i].month && a.month[i].scored == b.month[i].scored);
        CU_ASSERT_TRUE(a.month[i].score.psi == b.month[i].score.psi && a.month[i].axis[1].psi == b.month[i].axis[1].psi);
    }
    es_months_free(&a);
    es_months_free(&b);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"calendar_is_that_of_the_library", test_calendar_is_that_of_the_library},
        {"series_is_counted_row_by_row", test_series_is_counted_row_by_row},
        {"change_stands_out", test_change_stands_out},
        {"edges_of_scores", test_edges_of_scores},
        {"order_changes_nothing", test_order_changes_nothing},
        {NULL, NULL},
    };
    return es_test_main("months", tests, argc, argv);
}
