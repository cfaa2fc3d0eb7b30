/* SPDX-License-Identifier: Apache-2.0 */
/** @file dicom_make.h
 * Small DICOM objects in memory for tests: Part 10, explicit or implicit VR little endian, byte by byte as PS3.5 7 says.
 */
#ifndef ES_TESTS_DICOM_MAKE_H
#define ES_TESTS_DICOM_MAKE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CT_CLASS "1.2.840.10008.5.1.4.1.1.2"
#define SR_CLASS "1.2.840.10008.5.1.4.1.1.88.33"

/** An object being made; free(p) at the end. */
struct made {
    uint8_t *p;
    size_t len, room;
    bool explicit_vr;
};

__attribute__((unused)) static void make_bytes(struct made *m, const void *bytes, size_t len)
{
    while (m->len + len > m->room) {
        m->room = m->room ? m->room * 2 : 1024;
        m->p = realloc(m->p, m->room);
        if (!m->p) abort();
    }
    if (len > 0) memcpy(m->p + m->len, bytes, len);
    m->len += len;
}

__attribute__((unused)) static void make_u16(struct made *m, unsigned v)
{
    const uint8_t b[2] = {(uint8_t)v, (uint8_t)(v >> 8)};
    make_bytes(m, b, 2);
}

__attribute__((unused)) static void make_u32(struct made *m, uint32_t v)
{
    make_u16(m, v & 0xFFFF);
    make_u16(m, v >> 16);
}

__attribute__((unused)) static bool make_is_long(const char *vr)
{
    static const char longs[] = "OB OD OF OL OV OW SQ UC UN UR UT";
    return strstr(longs, vr) != NULL;
}

__attribute__((unused)) static void make_head(struct made *m, uint32_t tag, const char *vr, uint32_t len)
{
    make_u16(m, tag >> 16);
    make_u16(m, tag & 0xFFFF);
    const bool bare = !m->explicit_vr || tag >> 16 == 0xFFFE;
    if (!bare) make_bytes(m, vr, 2);
    if (!bare && make_is_long(vr)) make_u16(m, 0);
    if (bare || make_is_long(vr)) make_u32(m, len);
    else make_u16(m, len);
}

/** Text, padded to an even length. */
__attribute__((unused)) static void make_text(struct made *m, uint32_t tag, const char *vr, const char *text)
{
    const size_t n = strlen(text);
    make_head(m, tag, vr, (uint32_t)(n + (n & 1)));
    make_bytes(m, text, n);
    if (n & 1) make_bytes(m, strcmp(vr, "UI") == 0 ? "" : " ", 1);
}

__attribute__((unused)) static void make_raw(struct made *m, uint32_t tag, const char *vr, const void *bytes, size_t len)
{
    make_head(m, tag, vr, (uint32_t)len);
    make_bytes(m, bytes, len);
}

/** Preamble and file meta information. */
__attribute__((unused)) static struct made make_begin(bool explicit_vr, const char *syntax)
{
    static const uint8_t preamble[128];
    struct made m = {.explicit_vr = true};
    struct made body = {.explicit_vr = true};
    make_bytes(&m, preamble, sizeof preamble);
    make_bytes(&m, "DICM", 4);
    make_text(&body, 0x00020010, "UI", syntax ? syntax : explicit_vr ? "1.2.840.10008.1.2.1" : "1.2.840.10008.1.2");
    uint8_t size[4] = {(uint8_t)body.len, 0, 0, 0};
    make_raw(&m, 0x00020000, "UL", size, 4);
    make_bytes(&m, body.p, body.len);
    free(body.p);
    m.explicit_vr = explicit_vr;
    return m;
}

/** A sequence or item, of defined length when `inner` is at hand. Takes inner. */
__attribute__((unused)) static void make_nest(struct made *m, uint32_t tag, const char *vr, struct made inner, bool undefined)
{
    make_head(m, tag, vr, undefined ? 0xFFFFFFFFu : (uint32_t)inner.len);
    make_bytes(m, inner.p, inner.len);
    if (undefined) make_head(m, tag == 0xFFFEE000u ? 0xFFFEE00Du : 0xFFFEE0DDu, "", 0);
    free(inner.p);
}

/** A code item: CodeValue, CodingSchemeDesignator, CodeMeaning. */
__attribute__((unused)) static void make_code_item(struct made *m, const char *value, const char *scheme, bool undefined)
{
    struct made item = {.explicit_vr = m->explicit_vr};
    make_text(&item, 0x00080100, "SH", value);
    make_text(&item, 0x00080102, "SH", scheme);
    make_text(&item, 0x00080104, "LO", "meaning");
    make_nest(m, 0xFFFEE000u, "", item, undefined);
}

/** A code sequence of one item. */
__attribute__((unused)) static void make_code(struct made *m, uint32_t tag, const char *value, const char *scheme, bool undefined)
{
    struct made items = {.explicit_vr = m->explicit_vr};
    make_code_item(&items, value, scheme, undefined);
    make_nest(m, tag, "SQ", items, undefined);
}

#endif
