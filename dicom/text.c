/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom/text.h"

#include <stdint.h>
#include <string.h>

#include "dicom/charset.h"

static bool is_pad(char c)
{
    return c == ' ' || c == '\0' || c == '\t' || c == '\r' || c == '\n';
}

static void trim(const char **bytes, size_t *len)
{
    while (*len > 0 && is_pad(**bytes)) {
        ++*bytes;
        --*len;
    }
    while (*len > 0 && is_pad((*bytes)[*len - 1])) --*len;
}

/** How many of the first bytes are ASCII that prints, 0x20 to 0x7E: eight at a time, since nearly every value is nothing else. */
static size_t printing(const char *text, size_t len)
{
    const uint64_t high = UINT64_C(0x8080808080808080), ones = UINT64_C(0x0101010101010101);
    size_t n = 0;
    for (uint64_t eight; len - n >= sizeof eight; n += sizeof eight) {
        memcpy(&eight, text + n, sizeof eight);
        if ((eight & high) != 0 || ((eight + 0x60 * ones) & high) != high || ((eight + ones) & high) != 0) break;
    }
    while (n < len && (unsigned char)text[n] >= 0x20 && (unsigned char)text[n] <= 0x7E) n++;
    return n;
}

static bool plain_ascii(const char *bytes, size_t len)
{
    for (size_t i = printing(bytes, len); i < len; i++)
        if ((unsigned char)bytes[i] >= 0x80 || bytes[i] == 0x1b) return false;
    return true;
}

/** Length of the UTF-8 character at s (at most left bytes), at least 1. */
static size_t character(const char *s, size_t left)
{
    const unsigned char c = (unsigned char)*s;
    const size_t want = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    return want < left ? want : left;
}

/** What stands for a control character. */
static char replacement(unsigned char c, bool lines)
{
    return lines && (c == '\n' || c == '\r' || c == '\f') ? '\n' : ' ';
}

/** Copy UTF-8 into out, which may be where it lies or begin before it: controls (C0, DEL, C1) become spaces (line ends line feeds,
 * when these are asked for), outer spaces go, never half a character. */
static enum es_text_status settle(const char *utf8, size_t len, bool lines, char *out, size_t size)
{
    size_t used = 0;
    enum es_text_status status = ES_TEXT_OK;
    trim(&utf8, &len);
    for (size_t i = 0; i < len;) {
        const size_t run = printing(utf8 + i, len - i), room = size - 1 - used;
        if (run > 0) {
            memmove(out + used, utf8 + i, run < room ? run : room);
            used += run < room ? run : room;
            i += run;
            if (run <= room) continue;
            status = ES_TEXT_TOO_LONG;
            break;
        }
        const unsigned char c = (unsigned char)utf8[i];
        const size_t n = c < 0x80 ? 1 : character(utf8 + i, len - i);
        if (used + n >= size) {
            status = ES_TEXT_TOO_LONG;
            break;
        }
        const bool c1 = n == 2 && c == 0xC2 && (unsigned char)utf8[i + 1] < 0xA0;
        if (lines && c == '\r' && i + 1 < len && utf8[i + 1] == '\n') i++;
        if (c < 0x20 || c == 0x7F || c1) out[used++] = replacement(c, lines);
        else if (n == 1) out[used++] = (char)c;
        else {
            memmove(out + used, utf8 + i, n);
            used += n;
        }
        i += n;
    }
    while (used > 0 && is_pad(out[used - 1])) used--;
    out[used] = '\0';
    return status == ES_TEXT_OK && used == 0 ? ES_TEXT_BLANK : status;
}

enum es_text_status es_text_decode_long(const char *charset, size_t charset_len, const char *bytes, size_t len, bool lines, char *out,
                                        size_t size)
{
    out[0] = '\0';
    trim(&bytes, &len);
    if (len == 0) return ES_TEXT_BLANK;
    if (plain_ascii(bytes, len)) return settle(bytes, len, lines, out, size);
    size_t used = 0;
    const bool good = es_charset_to_utf8(charset, charset_len, bytes, len, out, size - 1, &used);
    const enum es_text_status status = settle(out, used, lines, out, size);
    return good ? status : ES_TEXT_BAD;
}

enum es_text_status es_text_decode(const char *charset, size_t charset_len, const char *bytes, size_t len, char *out, size_t size)
{
    char utf8[4 * ES_TEXT_SHORT + 1];
    out[0] = '\0';
    trim(&bytes, &len);
    if (plain_ascii(bytes, len)) return settle(bytes, len, false, out, size);
    const bool cut = len > ES_TEXT_SHORT;
    const enum es_text_status whole = es_text_decode_long(charset, charset_len, bytes, cut ? ES_TEXT_SHORT : len, false, utf8, sizeof utf8);
    const enum es_text_status status = settle(utf8, strlen(utf8), false, out, size);
    if (whole == ES_TEXT_BAD) return whole;
    return cut && status == ES_TEXT_OK ? ES_TEXT_TOO_LONG : status;
}

enum es_text_status es_text_ascii(const char *bytes, size_t len, char *out, size_t size)
{
    out[0] = '\0';
    trim(&bytes, &len);
    if (printing(bytes, len) < len) return ES_TEXT_BAD;
    return settle(bytes, len, false, out, size);
}

void es_text_upper(char *text)
{
    for (; *text; text++)
        if (*text >= 'a' && *text <= 'z') *text = (char)(*text - 'a' + 'A');
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool es_text_contains(const char *text, const char *needle)
{
    for (; *text; text++) {
        size_t i = 0;
        while (needle[i] && lower(text[i]) == needle[i]) i++;
        if (!needle[i]) return true;
    }
    return needle[0] == '\0';
}

static bool same_word(const char *text, const char *word)
{
    while (*text && lower(*text) == *word) {
        text++;
        word++;
    }
    return *text == *word;
}

bool es_text_is_dummy(const char *text)
{
    static const char *const words[] = {"unknown", "anonymous",   "anonymized", "anonymised", "anon",    "none", "null", "nil",
                                        "na",      "n/a",         "no id",      "noid",       "not set", "undefined",
                                        "unspecified", "patient", "patientid",  "test"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (same_word(text, words[i])) return true;
    const char first = text[0];
    if (!first || !strchr("09xX-?*._ ", first)) return false;
    size_t n = 0;
    while (text[n] == first) n++;
    return text[n] == '\0' && (first != '9' || n >= 3); /* 9 and 99 may be somebody's number */
}

bool es_text_is_uid(const char *text)
{
    const size_t n = strspn(text, "0123456789.");
    return n > 0 && n <= 64 && text[n] == '\0';
}
