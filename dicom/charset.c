/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom/charset.h"

#include <iconv.h>
#include <stdint.h>
#include <string.h>

/** Defined terms and what iconv calls them. The number is that of the ISO registry (PS3.3 C.12-2 to C.12-5). */
static const struct {
    const char *term, *iconv;
} terms[] = {
    {"6", "ASCII"},        {"100", "ISO-8859-1"}, {"101", "ISO-8859-2"}, {"109", "ISO-8859-3"},   {"110", "ISO-8859-4"},
    {"144", "ISO-8859-5"}, {"127", "ISO-8859-6"}, {"126", "ISO-8859-7"}, {"138", "ISO-8859-8"},   {"148", "ISO-8859-9"},
    {"203", "ISO-8859-15"},{"13", "SHIFT_JIS"},   {"166", "TIS-620"},    {"192", "UTF-8"},        {"149", "EUC-KR"},
    {"58", "GB2312"},      {"87", "EUC-JP"},      {"159", "EUC-JP"},
};

/** Escape sequences (behind ESC) and the set they bring in. PS3.3 tables C.12-3 and C.12-4. */
static const struct {
    char escape[4];
    const char *iconv;
    unsigned char bytes; /* of one character, when it comes as 7-bit in G0; 0 when G0 stays as it is and G1 is set */
} escapes[] = {
    {"(B", "ASCII", 1},       {"(J", "ASCII", 1},      {"$B", "EUC-JP", 2},      {"$@", "EUC-JP", 2},
    {"$(D", "EUC-JP", 3},     {")I", "SHIFT_JIS", 0},  {"$)C", "EUC-KR", 0},     {"$)A", "GB2312", 0},
    {"-A", "ISO-8859-1", 0},  {"-B", "ISO-8859-2", 0}, {"-C", "ISO-8859-3", 0},  {"-D", "ISO-8859-4", 0},
    {"-L", "ISO-8859-5", 0},  {"-G", "ISO-8859-6", 0}, {"-F", "ISO-8859-7", 0},  {"-H", "ISO-8859-8", 0},
    {"-M", "ISO-8859-9", 0},  {"-b", "ISO-8859-15", 0},{"-T", "TIS-620", 0},
};

/** Where UTF-8 goes. */
struct output {
    char *bytes; /* borrowed */
    size_t size, used;
};

static bool mark(struct output *o)
{
    if (o->size - o->used < 3) return false;
    memcpy(o->bytes + o->used, "\xEF\xBF\xBD", 3);
    o->used += 3;
    return false;
}

/** Convert a run of one character set. */
static bool convert(const char *from, const char *bytes, size_t len, struct output *o)
{
    bool good = true;
    if (len == 0) return true;
    const iconv_t to = iconv_open("UTF-8", from);
    if (to == (iconv_t)-1) return mark(o);
    char *p = (char *)(uintptr_t)bytes, *q = o->bytes + o->used; /* iconv takes its input without const */
    size_t left = len, room = o->size - o->used;
    while (left > 0 && iconv(to, &p, &left, &q, &room) == (size_t)-1) {
        o->used = (size_t)(q - o->bytes);
        good = mark(o);
        q = o->bytes + o->used;
        room = o->size - o->used;
        if (left == 0 || room < 4) break;
        p++;
        left--;
    }
    o->used = (size_t)(q - o->bytes);
    (void)iconv_close(to);
    return good;
}

/** A 7-bit run of a two-byte set (JIS X 0208: 2, JIS X 0212: 3 with its prefix) as EUC: the high bit set. */
static bool convert_shifted(unsigned bytes_each, const char *bytes, size_t len, struct output *o)
{
    char euc[768];
    bool good = true;
    for (size_t i = 0; i < len;) {
        size_t n = 0;
        for (; i < len && n + 3 < sizeof euc; i++) {
            if ((unsigned char)bytes[i] <= 0x20 || (unsigned char)bytes[i] > 0x7E) { /* delimiters stay single bytes */
                euc[n++] = bytes[i];
                continue;
            }
            if (bytes_each == 3) euc[n++] = (char)0x8F;
            euc[n++] = (char)(bytes[i] | 0x80);
            if (i + 1 < len) euc[n++] = (char)(bytes[++i] | 0x80);
        }
        good &= convert("EUC-JP", euc, n, o);
    }
    return good;
}

/** What iconv calls one value of SpecificCharacterSet; NULL when unknown. `extended` is set for "ISO 2022 ..." terms. */
static const char *iconv_name(const char *term, size_t len, bool *extended)
{
    while (len > 0 && (*term == ' ' || *term == '\0')) term++, len--;
    while (len > 0 && (term[len - 1] == ' ' || term[len - 1] == '\0')) len--;
    *extended = len >= 8 && memcmp(term, "ISO 2022", 8) == 0;
    if (len == 0) return "ASCII";
    if (len == 7 && memcmp(term, "GB18030", 7) == 0) return "GB18030";
    if (len == 3 && memcmp(term, "GBK", 3) == 0) return "GBK";
    size_t skip = 0;
    if (len > 7 && memcmp(term, "ISO_IR ", 7) == 0) skip = 7;
    else if (len > 12 && memcmp(term, "ISO 2022 IR ", 12) == 0) skip = 12;
    else return NULL;
    for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++)
        if (strlen(terms[i].term) == len - skip && memcmp(terms[i].term, term + skip, len - skip) == 0) return terms[i].iconv;
    return NULL;
}

/** Walk runs between escapes. G1 begins as `initial`. */
static bool convert_extended(const char *initial, const char *bytes, size_t len, struct output *o)
{
    const char *g1 = initial;
    unsigned g0_bytes = 1;
    bool good = true;
    for (size_t i = 0; i < len;) {
        size_t run = 0;
        while (i + run < len && bytes[i + run] != 0x1b) run++;
        if (g0_bytes > 1) good &= convert_shifted(g0_bytes, bytes + i, run, o);
        else good &= convert(g1, bytes + i, run, o);
        i += run;
        if (i >= len) break;
        i++; /* ESC */
        size_t e = 0;
        const size_t n_escapes = sizeof escapes / sizeof escapes[0];
        for (; e < n_escapes; e++) {
            const size_t n = strlen(escapes[e].escape);
            if (n <= len - i && memcmp(bytes + i, escapes[e].escape, n) == 0) break;
        }
        if (e == n_escapes) {
            good = mark(o);
            continue;
        }
        i += strlen(escapes[e].escape);
        if (escapes[e].bytes) g0_bytes = escapes[e].bytes;
        else g1 = escapes[e].iconv;
    }
    return good;
}

bool es_charset_to_utf8(const char *charset, size_t charset_len, const char *bytes, size_t len, char *out, size_t size, size_t *used)
{
    struct output o = {out, size, 0};
    size_t first = 0;
    while (first < charset_len && charset[first] != '\\') first++;
    bool extended = false;
    const char *initial = iconv_name(charset, first, &extended);
    if (first < charset_len) { /* several values: code extensions, whatever the first one is called */
        extended = true;
        const char *rest = charset + first + 1;
        size_t n = 0;
        bool ignored;
        while (first + 1 + n < charset_len && rest[n] != '\\') n++;
        const char *second = iconv_name(rest, n, &ignored);
        if (initial && second && strcmp(initial, "ASCII") == 0) initial = strcmp(second, "EUC-JP") == 0 ? "ASCII" : second;
    }
    bool good = false;
    if (!initial) (void)convert("ASCII", bytes, len, &o);
    else good = extended ? convert_extended(initial, bytes, len, &o) : convert(initial, bytes, len, &o);
    *used = o.used;
    return good;
}
