/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/arms.h"

#include <stdlib.h>

const char *es_rate_name(enum es_rate rate)
{
    return rate == ES_RATE_SENSITIVITY ? "sensitivity" : rate == ES_RATE_SPECIFICITY ? "specificity" : "";
}

#define DIGITS 65536u

/** The day as an unsigned number of the same order. */
static uint32_t key_of(const struct es_sheet *sheet, uint32_t row)
{
    return (uint32_t)sheet->exam_day[row] ^ 0x80000000u;
}

/** One stable pass over 16 bits of the key; `at` has DIGITS places. */
static void pass(const struct es_sheet *sheet, const uint32_t *from, uint32_t *to, uint32_t count, unsigned shift, uint32_t *at)
{
    for (uint32_t d = 0; d < DIGITS; d++) at[d] = 0;
    for (uint32_t i = 0; i < count; i++) at[key_of(sheet, from[i]) >> shift & (DIGITS - 1)]++;
    uint32_t start = 0;
    for (uint32_t d = 0; d < DIGITS; d++) {
        const uint32_t n = at[d];
        at[d] = start;
        start += n;
    }
    for (uint32_t i = 0; i < count; i++) to[at[key_of(sheet, from[i]) >> shift & (DIGITS - 1)]++] = from[i];
}

bool es_timeline_make(const struct es_sheet *sheet, const struct es_case_rule *rule, struct es_timeline *out)
{
    uint32_t count = 0;
    *out = (struct es_timeline){NULL, 0};
    for (uint32_t row = 0; row < sheet->rows; row++) count += es_case_counts(sheet, rule, row);
    uint32_t *rows = calloc(count ? count : 1, sizeof *rows), *spare = calloc(count ? count : 1, sizeof *spare);
    uint32_t *at = malloc(DIGITS * sizeof *at);
    const bool fits = rows && spare && at;
    if (fits) {
        uint32_t n = 0;
        for (uint32_t row = 0; row < sheet->rows; row++)
            if (es_case_counts(sheet, rule, row)) rows[n++] = row;
        pass(sheet, rows, spare, count, 0, at);
        pass(sheet, spare, rows, count, 16, at);
        *out = (struct es_timeline){rows, count};
        rows = NULL;
    }
    free(rows);
    free(spare);
    free(at);
    return fits;
}

void es_timeline_free(struct es_timeline *timeline)
{
    free(timeline->row);
    *timeline = (struct es_timeline){NULL, 0};
}

/* The Gregorian calendar repeats after 400 years of 146097 days; years here begin in March, so that a leap day is the last.
 * Day 719468 of that count is 1970-01-01. */
#define ERA_DAYS 146097
#define ERA_MONTHS 4800
#define EPOCH_DAYS 719468
#define EPOCH_MONTHS (1970 * 12 - 2) /* months from March of year 0 to January 1970 */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int32_t es_month_of_day(int32_t day)
{
    const int64_t days = (int64_t)day + EPOCH_DAYS, era = floor_div(days, ERA_DAYS), in_era = days - era * ERA_DAYS;
    const int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    const int64_t in_year = in_era - (365 * year + year / 4 - year / 100), month = (5 * in_year + 2) / 153;
    return (int32_t)(era * ERA_MONTHS + year * 12 + month - EPOCH_MONTHS);
}

static int64_t first_day(int64_t month)
{
    const int64_t months = month + EPOCH_MONTHS, era = floor_div(months, ERA_MONTHS), in_era = months - era * ERA_MONTHS;
    const int64_t year = in_era / 12, in_year = (153 * (in_era % 12) + 2) / 5;
    return era * ERA_DAYS + 365 * year + year / 4 - year / 100 + in_year - EPOCH_DAYS;
}

int32_t es_month_first_day(int32_t month)
{
    return (int32_t)first_day(month);
}

int32_t es_period_end(int32_t day, enum es_every every)
{
    int64_t end = day;
    if (day == INT32_MIN || every == ES_EVERY_DAY) return day;
    if (every == ES_EVERY_WEEK) end = 7 * floor_div((int64_t)day + 3, 7) + 3; /* 1970-01-01 was a Thursday */
    else end = first_day((int64_t)es_month_of_day(day) + 1) - 1;
    return end > INT32_MAX ? INT32_MAX : (int32_t)end;
}

uint32_t es_looks(const struct es_sheet *sheet, const struct es_timeline *timeline, enum es_every every, int32_t *looks,
                  uint32_t room)
{
    uint32_t count = 0;
    int32_t last = INT32_MIN;
    for (uint32_t i = 0; i < timeline->count; i++) {
        const int32_t day = sheet->exam_day[timeline->row[i]];
        if (day == INT32_MIN || (count && day <= last)) continue;
        last = es_period_end(day, every);
        if (count < room) looks[count] = last;
        count++;
    }
    return count;
}
