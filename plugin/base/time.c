/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/base/time.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static bool leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && leap(year) ? 29 : days[month - 1];
}

bool es_day_from_date(int year, int month, int day, int32_t *out)
{
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > month_days(year, month)) return false;
    int32_t days = 0;
    for (int m = 1; m < month; m++) days += month_days(year, m);
    const int before = year - 1; /* whole years since year 1 */
    days += before * 365 + before / 4 - before / 100 + before / 400 + day - 1;
    *out = days - 719162; /* 0001-01-01 is 719162 days before 1970-01-01 */
    return true;
}

/* `count` digits at *p as a number; moves *p. */
static bool digits(const char **p, int count, int *out)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if ((*p)[i] < '0' || (*p)[i] > '9') return false;
        value = value * 10 + ((*p)[i] - '0');
    }
    *p += count;
    *out = value;
    return true;
}

static bool literal(const char **p, char c)
{
    if (**p != c) return false;
    (*p)++;
    return true;
}

static bool date_at(const char **p, int32_t *out)
{
    int year, month, day;
    if (!digits(p, 4, &year)) return false;
    const bool dashes = literal(p, '-');
    if (!digits(p, 2, &month) || (dashes && !literal(p, '-')) || !digits(p, 2, &day)) return false;
    return es_day_from_date(year, month, day, out);
}

bool es_day_parse(const char *text, int32_t *out)
{
    int32_t day;
    if (!date_at(&text, &day) || *text != '\0') return false;
    *out = day;
    return true;
}

void es_day_format(int32_t day, char out[ES_DAY_TEXT])
{
    const int64_t seconds = (int64_t)day * 86400;
    struct tm tm;
    const time_t t = (time_t)seconds;
    out[0] = '\0';
    if (!gmtime_r(&t, &tm) || tm.tm_year < 1 - 1900 || tm.tm_year > 9999 - 1900) return;
    (void)snprintf(out, ES_DAY_TEXT, "%04u-%02u-%02u", (unsigned)(tm.tm_year + 1900) % 10000u, (unsigned)(tm.tm_mon + 1) % 100u,
                   (unsigned)tm.tm_mday % 100u);
}

/* hh:mm[:ss[.f...]] to microseconds of the day. */
static bool clock_at(const char **p, int64_t *out)
{
    int hour, minute, second = 0;
    int64_t fraction = 0;
    if (!digits(p, 2, &hour) || !literal(p, ':') || !digits(p, 2, &minute)) return false;
    if (literal(p, ':')) {
        if (!digits(p, 2, &second)) return false;
        if (literal(p, '.')) {
            int64_t unit = 100000;
            const char *start = *p;
            for (; **p >= '0' && **p <= '9'; (*p)++, unit /= 10) fraction += unit * (**p - '0'); /* digits past the sixth add 0 */
            if (*p == start) return false;
        }
    }
    if (hour > 23 || minute > 59 || second > 60) return false;
    *out = ((int64_t)hour * 3600 + minute * 60 + second) * 1000000 + fraction;
    return true;
}

bool es_instant_parse(const char *text, int64_t *microseconds, bool *zone_known)
{
    int32_t day;
    int64_t clock;
    if (!date_at(&text, &day) || !literal(&text, 'T') || !clock_at(&text, &clock)) return false;
    int64_t instant = (int64_t)day * ES_MICROSECONDS_A_DAY + clock;
    bool zone = false;
    if (*text == 'Z') {
        zone = true;
        text++;
    } else if (*text == '+' || *text == '-') {
        const int sign = *text == '+' ? 1 : -1;
        int hour, minute;
        text++;
        if (!digits(&text, 2, &hour) || (literal(&text, ':'), !digits(&text, 2, &minute)) || hour > 14 || minute > 59) return false;
        instant -= sign * ((int64_t)hour * 3600 + minute * 60) * 1000000;
        zone = true;
    }
    if (*text != '\0') return false;
    *microseconds = instant;
    *zone_known = zone;
    return true;
}

int32_t es_instant_day(int64_t microseconds)
{
    int64_t day = microseconds / ES_MICROSECONDS_A_DAY;
    if (microseconds % ES_MICROSECONDS_A_DAY < 0) day--;
    return (int32_t)day;
}

void es_instant_format(int64_t microseconds, char out[ES_INSTANT_TEXT])
{
    char date[ES_DAY_TEXT];
    const int32_t day = es_instant_day(microseconds);
    es_day_format(day, date);
    const int64_t rest = microseconds - (int64_t)day * ES_MICROSECONDS_A_DAY;
    const unsigned second = (unsigned)(rest / 1000000), fraction = (unsigned)(rest % 1000000);
    if (date[0] == '\0') {
        out[0] = '\0';
    } else if (fraction) {
        (void)snprintf(out, ES_INSTANT_TEXT, "%sT%02u:%02u:%02u.%06uZ", date, second / 3600 % 24, second / 60 % 60, second % 60,
                       fraction % 1000000u);
    } else {
        (void)snprintf(out, ES_INSTANT_TEXT, "%sT%02u:%02u:%02uZ", date, second / 3600 % 24, second / 60 % 60, second % 60);
    }
}

static int64_t read_clock(clockid_t which)
{
    struct timespec now;
    if (clock_gettime(which, &now) != 0) return 0;
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
int64_t es_clock(void) { return read_clock(CLOCK_REALTIME); }
int64_t es_clock_monotonic(void) { return read_clock(CLOCK_MONOTONIC); }
