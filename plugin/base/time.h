/* SPDX-License-Identifier: Apache-2.0 */
/** @file time.h
 * Days and instants as text (ISO 8601-1:2019), proleptic Gregorian, without locale or time zone of the machine.
 */
#ifndef ES_PLUGIN_TIME_H
#define ES_PLUGIN_TIME_H

#include <stdbool.h>
#include <stdint.h>

#define ES_DAY_TEXT 11     /* "2026-03-01" and the NUL */
#define ES_INSTANT_TEXT 28 /* "2026-03-01T10:02:11.123456Z" and the NUL */
#define ES_MICROSECONDS_A_DAY INT64_C(86400000000)

/** Days since 1970-01-01 of a date. @return false when there is no such date, or the year is outside 1..9999 */
bool es_day_from_date(int year, int month, int day, int32_t *out);
/** "YYYY-MM-DD" or "YYYYMMDD", the whole text. *out is left alone when false. */
bool es_day_parse(const char *text, int32_t *out);
/** Into "YYYY-MM-DD"; "" when the day is outside years 1..9999. */
void es_day_format(int32_t day, char out[ES_DAY_TEXT]);
/** "YYYY-MM-DDThh:mm[:ss[.ffffff]][Z|+hh:mm|-hh:mm]", the whole text. Without a zone the time is taken as if UTC.
 * A leap second (":60") is the second after it. */
bool es_instant_parse(const char *text, int64_t *microseconds, bool *zone_known);
/** Into "YYYY-MM-DDThh:mm:ssZ", with a fraction only when there is one. */
void es_instant_format(int64_t microseconds, char out[ES_INSTANT_TEXT]);
/** Day an instant falls on, in UTC. */
int32_t es_instant_day(int64_t microseconds);
/** The clock, microseconds since 1970 UTC. */
int64_t es_clock(void);
/** A clock that never steps, microseconds since some start: for pauses only. */
int64_t es_clock_monotonic(void);

#endif
