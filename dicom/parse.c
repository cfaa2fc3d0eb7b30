/* SPDX-License-Identifier: Apache-2.0 */
/* The strict parsers of text.h: numbers, dates, times. Nothing here looks at the locale. */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/text.h"

#define DAY_US (INT64_C(86400) * 1000000)

static void trim(const char **text, size_t *len)
{
    while (*len > 0 && **text == ' ') {
        ++*text;
        --*len;
    }
    while (*len > 0 && ((*text)[*len - 1] == ' ' || (*text)[*len - 1] == '\0')) --*len;
}

static size_t digits(const char *text, size_t len)
{
    size_t n = 0;
    while (n < len && text[n] >= '0' && text[n] <= '9') n++;
    return n;
}

/** Whether it has the form of DS: [+-] digits [. digits] [E [+-] digits], at least one digit in the mantissa. */
static bool is_decimal(const char *text, size_t len)
{
    size_t i = len > 0 && (text[0] == '+' || text[0] == '-');
    const size_t whole = digits(text + i, len - i);
    i += whole;
    size_t fraction = 0;
    if (i < len && text[i] == '.') {
        fraction = digits(text + i + 1, len - i - 1);
        i += 1 + fraction;
    }
    if (whole + fraction == 0) return false;
    if (i < len && (text[i] == 'e' || text[i] == 'E')) {
        i++;
        if (i < len && (text[i] == '+' || text[i] == '-')) i++;
        const size_t exponent = digits(text + i, len - i);
        if (exponent == 0 || exponent > 4) return false;
        i += exponent;
    }
    return i == len;
}

#define EXACT_DIGITS 15 /* any so many make a whole number that a double holds exactly, as it does the powers of ten up to 22 */

static const double powers[EXACT_DIGITS + 1] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/** A decimal without exponent and of few digits, which is nearly every DS: two exact numbers, so that their quotient is rounded once and is what
 * strtod() finds (Clinger 1990, doi:10.1145/93542.93557). @return false when it is none */
static bool short_decimal(const char *text, size_t len, double *out)
{
    uint64_t whole = 0;
    size_t i = len > 0 && (text[0] == '+' || text[0] == '-'), n = 0, places = 0;
    bool point = false;
    for (; i < len; i++) {
        if (text[i] == '.' && !point) {
            point = true;
            continue;
        }
        if (text[i] < '0' || text[i] > '9' || n == EXACT_DIGITS) return false;
        whole = whole * 10 + (uint64_t)(text[i] - '0');
        n++;
        places += point;
    }
    if (n == 0) return false;
    const double value = (double)whole / powers[places];
    *out = text[0] == '-' ? -value : value;
    return true;
}

/** The C locale, made once and kept for the life of the process; 0 when the C library could not. */
static locale_t c_locale(void)
{
    static locale_t made; /* a race makes two of them: both are right, one is kept */
    locale_t known = __atomic_load_n(&made, __ATOMIC_ACQUIRE);
    if (known) return known;
    locale_t mine = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (mine && !__atomic_compare_exchange_n(&made, &known, mine, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        freelocale(mine);
        return known;
    }
    return mine;
}

bool es_text_number(const char *text, size_t len, double *out)
{
    char copy[64]; /* DS has at most 16 characters; longer ones are met, so long as they are numbers */
    trim(&text, &len);
    if (short_decimal(text, len, out)) return true;
    if (len == 0 || len >= sizeof copy || !is_decimal(text, len)) return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    char *end = NULL;
    const locale_t c = c_locale();
    if (!c) return false;
    const double value = strtod_l(copy, &end, c);
    if (end != copy + len || !isfinite(value)) return false;
    *out = value;
    return true;
}

/** Write `whole`, of at most ten digits, with a point before the last `places` of them. */
static void write_decimal(bool minus, uint64_t whole, unsigned places, char *out)
{
    char digits[16];
    unsigned n = 0;
    for (; whole > 0 || n <= places; whole /= 10) {
        if (n == places && places > 0) digits[n++] = '.', places = 0;
        digits[n++] = (char)('0' + whole % 10);
    }
    if (minus) *out++ = '-';
    while (n > 0) *out++ = digits[--n];
    *out = '\0';
}

void es_text_write_number(double value, char *out, size_t size)
{
    const double magnitude = fabs(value), most = 1e10;
    if (value == 0) value = 0; /* no minus */
    /* A decimal of at most ten digits whose nearest double is the value is what the format finds: the next such decimals are 1e5 doubles away. */
    for (unsigned places = 0; places <= 6 && (magnitude == 0 || magnitude >= 1e-4) && magnitude * powers[places] < most; places++) {
        const uint64_t whole = (uint64_t)(magnitude * powers[places] + 0.5);
        if (whole >= (uint64_t)most || (double)whole / powers[places] != magnitude) continue;
        write_decimal(value < 0, whole, places, out);
        return;
    }
    (void)snprintf(out, size, "%.10g", value);
    for (char *p = out; *p; p++)
        if (*p == ',') *p = '.';
}

/** Days since 1970-01-01 of a proleptic Gregorian date: whole 400-year eras of 146097 days, years from March. */
static int32_t days_from_civil(int year, int month, int day)
{
    const int y = month <= 2 ? year - 1 : year;
    const int era = y / 400, of_era = y % 400;
    const int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/** The reverse: year, and month and day as one number MMDD. */
static int civil_from_days(int32_t day, int *month_day)
{
    const int64_t z = (int64_t)day + 719468;
    const int era = (int)((z >= 0 ? z : z - 146096) / 146097), of_era = (int)(z - (int64_t)era * 146097);
    const int y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const int of_year = of_era - (365 * y + y / 4 - y / 100);
    const int m = (5 * of_year + 2) / 153;
    const int month = m < 10 ? m + 3 : m - 9;
    *month_day = month * 100 + of_year - (153 * m + 2) / 5 + 1;
    return y + era * 400 + (month <= 2);
}

int32_t es_text_years_between(int32_t from, int32_t to)
{
    int from_day = 0, to_day = 0;
    const int from_year = civil_from_days(from, &from_day), to_year = civil_from_days(to, &to_day);
    return to_year - from_year - (to_day < from_day);
}

static int number_of(const char *text, size_t n)
{
    int value = 0;
    for (size_t i = 0; i < n; i++) value = value * 10 + (text[i] - '0');
    return value;
}

bool es_text_date(const char *text, size_t len, int32_t *day)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    char plain[8];
    trim(&text, &len);
    if (len == 10 && text[4] == '.' && text[7] == '.') {
        memcpy(plain, text, 4);
        memcpy(plain + 4, text + 5, 2);
        memcpy(plain + 6, text + 8, 2);
    } else if (len == 8) {
        memcpy(plain, text, 8);
    } else {
        return false;
    }
    if (digits(plain, 8) != 8) return false;
    const int y = number_of(plain, 4), m = number_of(plain + 4, 2), d = number_of(plain + 6, 2);
    if (y < 1600 || y > 2399 || m < 1 || m > 12 || d < 1) return false;
    const bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    if (d > lengths[m - 1] + (m == 2 && leap)) return false;
    *day = days_from_civil(y, m, d);
    return true;
}

bool es_text_time(const char *text, size_t len, int64_t *us)
{
    char plain[6] = {'0', '0', '0', '0', '0', '0'};
    trim(&text, &len);
    size_t n = 0, i = 0;
    while (i < len && text[i] != '.' && n < 6) {
        if (digits(text + i, len - i) < 2) return false;
        plain[n++] = text[i++];
        plain[n++] = text[i++];
        if (i < len && text[i] == ':' && n < 6) i++;
    }
    if (n < 2) return false;
    int64_t fraction = 0, unit = 100000;
    if (i < len) {
        if (text[i] != '.' || n != 6) return false;
        const size_t f = digits(text + i + 1, len - i - 1);
        if (f == 0 || i + 1 + f != len) return false;
        for (size_t k = 0; k < f && k < 6; k++, unit /= 10) fraction += (text[i + 1 + k] - '0') * unit;
    }
    const int h = number_of(plain, 2), m = number_of(plain + 2, 2), s = number_of(plain + 4, 2);
    if (h > 23 || m > 59 || s > 60) return false;
    *us = ((int64_t)h * 3600 + m * 60 + s) * 1000000 + fraction;
    if (*us >= DAY_US) *us = DAY_US - 1; /* a leap second */
    return true;
}

bool es_text_zone(const char *text, size_t len, int64_t *us)
{
    trim(&text, &len);
    if (len != 5 || (text[0] != '+' && text[0] != '-') || digits(text + 1, 4) != 4) return false;
    const int h = number_of(text + 1, 2), m = number_of(text + 3, 2);
    if (h > 14 || m > 59) return false;
    const int64_t offset = ((int64_t)h * 3600 + m * 60) * 1000000;
    *us = text[0] == '-' ? -offset : offset;
    return true;
}
