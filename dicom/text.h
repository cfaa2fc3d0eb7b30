/* SPDX-License-Identifier: Apache-2.0 */
/** @file text.h
 * DICOM text to UTF-8, and the strict little parsers of DICOM's text VRs.
 *
 * Sources: PS3.3 C.12.1.1.2 (SpecificCharacterSet), PS3.5 6.1 and 6.2 (repertoires, VRs). Character sets are converted with
 * iconv(3). Nothing here depends on the locale of the process. Any thread.
 */
#ifndef ES_DICOM_TEXT_H
#define ES_DICOM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ES_TEXT_SHORT 256 /* bytes of a value of a header */

enum es_text_status {
    ES_TEXT_OK,
    ES_TEXT_BLANK,    /* nothing but padding */
    ES_TEXT_TOO_LONG, /* does not fit the caller's room */
    ES_TEXT_BAD       /* not text of that character set; what could not be read is U+FFFD in out */
};

/**
 * Decode a value: to UTF-8, trimmed, without control characters (each becomes a space).
 *
 * @param charset  value of SpecificCharacterSet, not NUL-terminated; charset_len 0 means the default repertoire
 * @param len      of text that is not ASCII at most ES_TEXT_SHORT are read; what is longer is too long
 * @param out      always a NUL-terminated string; cut at a whole character when too long
 */
enum es_text_status es_text_decode(const char *charset, size_t charset_len, const char *bytes, size_t len, char *out, size_t size);
/**
 * The same of a text of any length.
 *
 * @param lines  line feeds stay (CR, CR LF and FF become one): where a line of a report ends bears on what it says (narrative.h)
 * @param size   at least 4 * len + 1: then nothing is too long
 */
enum es_text_status es_text_decode_long(const char *charset, size_t charset_len, const char *bytes, size_t len, bool lines, char *out,
                                        size_t size);

/** Copy text that has no character set (UI, CS codes): trimmed, printable ASCII only. @return as above */
enum es_text_status es_text_ascii(const char *bytes, size_t len, char *out, size_t size);
/** Upper-case ASCII in place. */
void es_text_upper(char *text);
/** Whether `needle` (lower case) occurs in `text`, whatever its case. */
bool es_text_contains(const char *text, const char *needle);
/** Whether an identifier is one of the words and runs that stand for "none": UNKNOWN, ANONYMOUS, N/A, 000000, XXXX, ... */
bool es_text_is_dummy(const char *text);
/** Whether it is a UID by PS3.5 9.1: 1 to 64 digits and dots. */
bool es_text_is_uid(const char *text);

/** Parse a DS or IS (PS3.5 6.2: fixed or floating decimal, padded with spaces), whole and nothing but one value.
 * @return false when it is none, or not finite */
bool es_text_number(const char *text, size_t len, double *out);
#define ES_NUMBER_SIZE 32
/** Write a finite number as `%.10g` does in the C locale, but never a minus before zero: 80.0000 and 80 are one level. Ten significant digits are more
 * than any DS of a header means. @param size  at least ES_NUMBER_SIZE */
void es_text_write_number(double value, char *out, size_t size);
/** Parse a DA: YYYYMMDD, or YYYY.MM.DD of before 1993; a real day of the years 1600 to 2399.
 * @param day  days since 1970-01-01 */
bool es_text_date(const char *text, size_t len, int32_t *day);
/** Anniversaries of `from` that have passed on `to` (days since 1970-01-01, from <= to): completed years of age. */
int32_t es_text_years_between(int32_t from, int32_t to);
/** Parse a TM: HH[MM[SS[.F{1-6}]]], or with colons of before 1993. @param us microseconds of the day */
bool es_text_time(const char *text, size_t len, int64_t *us);
/** Parse TimezoneOffsetFromUTC: &ZZXX, e.g. -0500. @param us  to be subtracted from local time to have UTC */
bool es_text_zone(const char *text, size_t len, int64_t *us);

#ifdef __cplusplus
}
#endif
#endif
