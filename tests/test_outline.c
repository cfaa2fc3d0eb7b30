/* SPDX-License-Identifier: Apache-2.0 */
/* es_outline_new() against DCMTK, and what it must leave to it. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/outline.h"
#include "tests/dicom_make.h"
#include "tests/outline_compare.h"
#include "testlib.h"

static unsigned files, seen;

static bool is_seen(const void *bytes, size_t len, uint64_t total)
{
    struct es_outline *outline = NULL;
    const bool made = es_outline_new(&outline, bytes, len, total) == ES_OK;
    CU_ASSERT_EQUAL(made, outline != NULL);
    es_outline_free(outline);
    return made;
}

static void check(const void *bytes, size_t len, const char *name)
{
    const char *why = NULL;
    CU_ASSERT(outline_agrees(bytes, len, &why));
    if (why) printf("    %s: %s\n", name, why);
}

static int compare(const char *path, const struct stat *st, int type, struct FTW *at)
{
    size_t len = 0;
    (void)st;
    (void)at;
    char *bytes = type == FTW_F ? es_test_slurp(path, &len) : NULL;
    if (!bytes) return 0;
    files++;
    seen += is_seen(bytes, len, len);
    check(bytes, len, path);
    free(bytes);
    return 0;
}

static void outline_and_dcmtk_agree_on_every_file(void)
{
    files = seen = 0;
    (void)nftw(es_testdata("dicom"), compare, 16, FTW_PHYS);
    printf("    %u files: %u seen, the others left to DCMTK\n", files, seen);
    CU_ASSERT(files >= 63);
    CU_ASSERT(seen >= 40);
}

/* A result with each VR, private blocks, sequences of both kinds of length, in one another and empty. */
static struct made result(bool undefined)
{
    struct made m = make_begin(true, NULL);
    make_text(&m, 0x00080005, "CS", "ISO_IR 100");
    make_raw(&m, 0x00080008, "CS", "", 0);
    make_text(&m, 0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7");
    make_code(&m, 0x00081032, "12345", "SCT", undefined);
    make_text(&m, 0x00090010, "LO", "MAKER  ");
    make_text(&m, 0x00090011, "LO", "OTHER ");
    make_raw(&m, 0x00091001, "UN", "\1\2\3\4", 4);
    make_text(&m, 0x00091002, "LT", "  two lines\r\nof text  ");
    make_raw(&m, 0x00091003, "US", "\4\0\5\0", 4);
    make_raw(&m, 0x00091004, "SS", "\377\377", 2);
    make_raw(&m, 0x00091005, "UL", "\1\2\3\377", 4);
    make_raw(&m, 0x00091006, "SL", "\376\377\377\377", 4);
    make_raw(&m, 0x00091007, "FL", "\0\0\300\77", 4);
    make_raw(&m, 0x00091008, "FD", "\0\0\0\0\0\0\4\300", 8);
    make_raw(&m, 0x00091009, "AT", "\10\0\26\0", 4);
    make_raw(&m, 0x0009100A, "OW", "\1\2\3\4\5\6", 6);
    make_raw(&m, 0x0009100B, "US", "", 0);
    struct made inner = {.explicit_vr = true}, items = {.explicit_vr = true}, none = {.explicit_vr = true};
    make_text(&inner, 0x00081150, "UI", "1.2.840.10008.5.1.4.1.1.2");
    make_code(&inner, 0x0040A170, "121322", "DCM", !undefined);
    make_nest(&items, 0xFFFEE000u, "", inner, undefined);
    make_nest(&items, 0xFFFEE000u, "", none, !undefined);
    make_nest(&m, 0x00420013, "SQ", items, undefined);
    struct made empty = {.explicit_vr = true};
    make_nest(&m, 0x0054000A, "SQ", empty, undefined);
    return m;
}

static void made_objects_are_seen_as_dcmtk_reads_them(void)
{
    for (int undefined = 0; undefined < 2; undefined++) {
        struct made m = result(undefined != 0);
        CU_ASSERT(is_seen(m.p, m.len, m.len));
        check(m.p, m.len, "made");
        make_raw(&m, 0x7FE00010, "OW", "\1\2\3\4", 4);
        CU_ASSERT(is_seen(m.p, m.len, m.len));
        check(m.p, m.len, "made with pixels");
        free(m.p);
    }
}

/* Values around ES_VALUE_TEXT and ES_MAX_VALUE, where DCMTK keeps none. */
static void long_values_are_what_dcmtk_makes_of_them(void)
{
    static const size_t lengths[] = {1014, 1016, 1018, 1022, 1024, 1026, 2000, 65534};
    static char text[65600];
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct made m = result(false);
        make_raw(&m, 0x00751001, "LT", text, lengths[i]);
        CU_ASSERT(is_seen(m.p, m.len, m.len));
        check(m.p, m.len, "long");
        free(m.p);
    }
    struct made m = result(false);
    make_raw(&m, 0x00291001, "UT", text, 65536);
    make_raw(&m, 0x00291002, "UT", text, 65538);
    make_raw(&m, 0x00291003, "OB", text, 65538);
    check(m.p, m.len, "very long");
    free(m.p);
}

/* Every beginning of an object: with nothing behind it it is cut off, and no byte beyond it is touched; with the rest in the file the pixels may be
 * elsewhere. */
static void beginnings_are_seen_only_when_the_pixels_begin_in_them(void)
{
    struct made m = result(true);
    make_raw(&m, 0x00750010, "LO", "last", 4);
    const size_t header = m.len;
    make_raw(&m, 0x7FE00010, "OW", "\1\2\3\4\5\6\7\10", 8);
    for (size_t len = 0; len <= m.len; len++) {
        char *exact = malloc(len > 0 ? len : 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
        memcpy(exact, m.p, len);
        CU_ASSERT_EQUAL(is_seen(exact, len, m.len), len >= header + 12);
        const char *why = NULL;
        CU_ASSERT(outline_agrees(exact, len, &why)); /* whole elements only: as DCMTK reads it */
        free(exact);
    }
    CU_ASSERT_FALSE(is_seen(m.p, m.len, m.len + 2)); /* something behind the pixels */
    free(m.p);
}

static void what_is_unusual_is_left_to_dcmtk(void)
{
    struct made m = result(false);
    static const struct { uint32_t tag; char vr[3]; const char *bytes; size_t len; } bad[] = {
        {0x00080005, "CS", "A ", 2},       /* out of order */
        {0x00750011, "ZZ", "A ", 2},       /* no VR */
        {0x00750010, "UN", "A ", 2},       /* no creator */
        {0x00750011, "US", "abcdef\0", 7}, /* odd */
        {0x00750011, "UL", "abcdef", 6},   /* no whole numbers */
        {0x60000010, "US", "\1\0", 2},     /* overlays before the pixels */
        {0x7FE00009, "OD", "abcdefgh", 8}, /* pixels in floating point */
        {0x7FE00010, "OB", "abc", 3}};
    const size_t len = m.len;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        make_raw(&m, bad[i].tag, bad[i].vr, bad[i].bytes, bad[i].len);
        CU_ASSERT_FALSE(is_seen(m.p, m.len, m.len));
        m.len = len;
    }
    CU_ASSERT(is_seen(m.p, len, len));
    free(m.p);
    static const char *const syntaxes[] = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4", "1.2.3"};
    for (size_t i = 0; i < sizeof syntaxes / sizeof syntaxes[0]; i++) {
        struct made other = make_begin(true, syntaxes[i]);
        make_text(&other, 0x00080060, "CS", "SR");
        CU_ASSERT_FALSE(is_seen(other.p, other.len, other.len));
        free(other.p);
    }
}

static void sequences_too_deep_are_left_to_dcmtk(void)
{
    for (unsigned depth = 1; depth <= ES_OUTLINE_DEPTH; depth++) {
        struct made inside = {.explicit_vr = true};
        make_text(&inside, 0x00080060, "CS", "SR");
        for (unsigned i = 0; i < depth; i++) {
            struct made item = {.explicit_vr = true}, sequence = {.explicit_vr = true};
            make_nest(&item, 0xFFFEE000u, "", inside, i & 1);
            make_nest(&sequence, 0x0040A730, "SQ", item, i & 2);
            inside = sequence;
        }
        struct made m = make_begin(true, NULL);
        make_text(&m, 0x00080060, "CS", "SR");
        make_bytes(&m, inside.p, inside.len);
        CU_ASSERT_EQUAL(is_seen(m.p, m.len, m.len), 2 * depth + 1 <= ES_OUTLINE_DEPTH);
        check(m.p, m.len, "nested");
        free(inside.p);
        free(m.p);
    }
}

static uint64_t state;

static unsigned below(unsigned limit)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(state >> 33) % limit;
}

static void grow(struct made *m, unsigned depth);

static void grow_element(struct made *m, uint32_t tag, unsigned depth)
{
    static const char vrs[][3] = {"AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "OB", "OD", "OF", "OL", "OV", "OW",
                                  "PN", "SH", "SL", "SQ", "SS", "ST", "TM", "UC", "UI", "UL", "UN", "UR", "US", "UT", "SQ", "LO", "UI", "US"};
    const bool creator = (tag >> 16 & 1) != 0 && (tag & 0xFFFF) >= 0x10 && (tag & 0xFFFF) <= 0xFF;
    const char *vr = creator && below(20) != 0 ? "LO" : vrs[below(sizeof vrs / sizeof vrs[0])];
    const bool undefined = below(2) != 0;
    if (strcmp(vr, "SQ") == 0) {
        struct made items = {.explicit_vr = true};
        for (unsigned n = below(4); depth < 4 && n > 0; n--) {
            struct made item = {.explicit_vr = true};
            grow(&item, depth + 1);
            make_nest(&items, 0xFFFEE000u, "", item, below(2) != 0);
        }
        make_nest(m, tag, vr, items, undefined);
        return;
    }
    char value[64];
    const size_t len = below(4) == 0 ? 0 : 8 * below(7) + (below(12) == 0 ? 2 * below(4) : 0);
    for (size_t i = 0; i < len; i++) value[i] = below(20) == 0 ? (char)below(256) : "0123456789.\\ AZ^"[below(16)];
    for (size_t n = below(4); n > 0 && n <= len; n--) value[len - n] = below(2) ? ' ' : '\0';
    make_raw(m, tag, vr, value, len);
}

/* Elements of known and unknown tags with any VR at all, their own or not. */
static void grow(struct made *m, unsigned depth)
{
    static const uint16_t groups[] = {0x0008, 0x0009, 0x0010, 0x0018, 0x0020, 0x0028, 0x0029, 0x0040, 0x0042, 0x0054, 0x0070, 0x5400, 0x6000, 0x7FE0};
    static const uint16_t elements[] = {0x0000, 0x0001, 0x0005, 0x0010, 0x0011, 0x0020, 0x0100, 0x1001, 0x1010, 0x1140, 0x1201, 0x3000, 0x3006, 0xA730};
    for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++) {
        if (below(3) != 0 || (depth == 0 && groups[g] >= 0x5600)) continue;
        for (size_t e = 0; e < sizeof elements / sizeof elements[0]; e++)
            if (below(4) == 0) grow_element(m, (uint32_t)groups[g] << 16 | elements[e], depth);
    }
}

/* Generated objects, and each with a few bytes changed. */
static void generated_objects_are_seen_as_dcmtk_reads_them(void)
{
    unsigned outlined = 0, changed = 0;
    state = 12;
    for (int i = 0; i < 1500 && CU_get_number_of_failures() == 0; i++) {
        struct made m = make_begin(true, NULL);
        const size_t begin = m.len;
        grow(&m, 0);
        if (below(2)) make_raw(&m, 0x7FE00010, below(2) ? "OB" : "OW", "\1\2\3\4", 4);
        outlined += is_seen(m.p, m.len, m.len);
        check(m.p, m.len, "generated");
        for (unsigned n = 0; n < 4 && m.len > begin; n++) {
            m.p[begin + below((unsigned)(m.len - begin))] = (uint8_t)(below(2) ? below(256) : below(9));
            changed += is_seen(m.p, m.len, m.len);
            check(m.p, m.len, "changed");
        }
        free(m.p);
    }
    CU_ASSERT(outlined > 150);
    CU_ASSERT(changed > 150);
    printf("    %u seen as generated, %u as changed\n", outlined, changed);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"outline_and_dcmtk_agree_on_every_file", outline_and_dcmtk_agree_on_every_file},
        {"made_objects_are_seen_as_dcmtk_reads_them", made_objects_are_seen_as_dcmtk_reads_them},
        {"long_values_are_what_dcmtk_makes_of_them", long_values_are_what_dcmtk_makes_of_them},
        {"beginnings_are_seen_only_when_the_pixels_begin_in_them", beginnings_are_seen_only_when_the_pixels_begin_in_them},
        {"what_is_unusual_is_left_to_dcmtk", what_is_unusual_is_left_to_dcmtk},
        {"sequences_too_deep_are_left_to_dcmtk", sequences_too_deep_are_left_to_dcmtk},
        {"generated_objects_are_seen_as_dcmtk_reads_them", generated_objects_are_seen_as_dcmtk_reads_them},
        {NULL, NULL}};
    es_dicom_process_setup(true);
    return es_test_main("outline", tests, argc, argv);
}
