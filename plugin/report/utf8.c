/* SPDX-License-Identifier: Apache-2.0 */
/* Text of a release may hold any bytes that a JSON string may: what is drawn or written is well-formed UTF-8 (RFC 3629). */
#include <string.h>

#include "plugin/report/view.h"

#define REPLACEMENT 0xFFFDu

/* Cannot be shown, or turns the reading direction of what follows (Unicode 15, 23.2 and UAX 9). */
static bool unfit(uint32_t c)
{
    return (c < 0x20 && c != '\t' && c != '\n') || (c >= 0x7F && c <= 0x9F) || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF || (c & 0xFFFE) == 0xFFFE;
}

uint32_t es_utf8_next(const char **at)
{
    const unsigned char *in = (const unsigned char *)*at;
    const unsigned char first = in[0];
    if (first == 0) return 0;
    const size_t more = first < 0x80             ? 0
                        : (first & 0xE0) == 0xC0 ? 1
                        : (first & 0xF0) == 0xE0 ? 2
                        : (first & 0xF8) == 0xF0 ? 3
                                                 : 9;
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    *at += 1; /* an ill-formed byte stands for itself; its followers are looked at anew */
    if (more == 9) return REPLACEMENT;
    uint32_t c = more == 0 ? first : first & (0x3Fu >> more);
    for (size_t i = 1; i <= more; i++) {
        if ((in[i] & 0xC0) != 0x80) return REPLACEMENT; /* stops at the final NUL too */
        c = c << 6 | (in[i] & 0x3Fu);
    }
    if (c < least[more] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return REPLACEMENT;
    *at += more;
    return unfit(c) ? REPLACEMENT : c;
}

size_t es_utf8_count(const char *text)
{
    size_t n = 0;
    while (es_utf8_next(&text)) n++;
    return n;
}

size_t es_utf8_put(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

void es_utf8_clean(const char *in, char *out, size_t size)
{
    size_t len = 0;
    for (uint32_t c; (c = es_utf8_next(&in)) != 0;) {
        char bytes[4];
        const size_t n = es_utf8_put(c, bytes);
        if (len + n + 1 > size) break;
        memcpy(out + len, bytes, n);
        len += n;
    }
    if (size) out[len] = '\0';
}
