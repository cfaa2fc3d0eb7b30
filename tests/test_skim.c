/* SPDX-License-Identifier: Apache-2.0 */
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/dataset.h"
#include "dicom/skim.h"
#include "dicom_make.h"
#include "skim_parts.h"
#include "testlib.h"

static struct es_elements skimmed, parsed;

/** Elements by DCMTK. @return false when it cannot be read or breaks off */
static bool by_dcmtk(const void *bytes, size_t len)
{
    struct es_dataset *ds = NULL;
    if (es_dataset_parse(&ds, bytes, len, ES_DATASET_HEADER, NULL) != ES_OK) return false;
    es_dataset_elements(ds, &parsed);
    const bool whole = es_dataset_broken(ds) == NULL;
    es_dataset_free(ds);
    return whole;
}

/* Whatever the size of the parts: the same elements, and the same cut end where one is found. */
static void same_in_parts(const uint8_t *bytes, size_t len, const struct es_elements *whole)
{
    static struct es_elements elements;
    for (size_t part = 300; part <= 9600; part *= 2) { /* no value of more than 256 bytes is kept */
        struct skim_parts parts = {.bytes = bytes, .len = len, .part = part};
        struct es_error end = {0};
        CU_ASSERT_EQUAL(skim_in_parts(&parts, &elements, &end, NULL), ES_OK);
        CU_ASSERT(es_elements_equal(whole, &elements));
    }
}

static unsigned files, agreed, left;

static int compare(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)ftw;
    size_t len = 0;
    const char *dot = strrchr(path, '.');
    if (flag != FTW_F || (dot && strcmp(dot, ".dcm") != 0)) return 0;
    char *bytes = es_test_slurp(path, &len);
    if (!bytes) return 0;
    files++;
    if (es_skim(bytes, len, &skimmed, NULL) == ES_OK) {
        same_in_parts((const uint8_t *)bytes, len, &skimmed);
        const bool whole = by_dcmtk(bytes, len);
        CU_ASSERT(whole);
        CU_ASSERT(es_elements_equal(&skimmed, &parsed));
        if (!es_elements_equal(&skimmed, &parsed)) printf("    differs: %s\n", path);
        else agreed++;
    } else {
        left++;
    }
    free(bytes);
    return 0;
}

/* Every real object: where the skim answers, it says what DCMTK says. */
static void skim_and_dcmtk_agree_on_every_file(void)
{
    files = agreed = left = 0;
    (void)nftw(es_testdata("dicom"), compare, 16, FTW_PHYS);
    printf("    %u files: %u agreed, %u left to DCMTK\n", files, agreed, left);
    CU_ASSERT(files >= 63);
    CU_ASSERT(agreed >= 45);
    CU_ASSERT_EQUAL(agreed + left, files);
}

static void all_demographics(struct made *m, bool undefined)
{
    make_text(m, 0x00080016, "UI", CT_CLASS);
    make_text(m, 0x00080020, "DA", "20200102");
    make_code(m, 0x00080051, "ignored", "ignored", undefined);
    make_text(m, 0x00100040, "CS", "F");
    struct made items = {.explicit_vr = m->explicit_vr}, item = {.explicit_vr = m->explicit_vr};
    make_code(&item, 0x00100044, "446151000124109", "SCT", undefined);
    make_text(&item, 0x00100045, "UT", "comment");
    make_nest(&items, 0xFFFEE000u, "", item, undefined);
    make_nest(m, 0x00100041, "SQ", items, undefined);
    make_text(m, 0x00102160, "SH", "A");
    make_code(m, 0x00102161, "413490006", "SCT", undefined);
    make_text(m, 0x00102162, "UC", "White\\Irish");
    make_raw(m, 0x001021C0, "US", "\4\0", 2);
    make_text(m, 0x0020000D, "UI", "1.2.3");
}

/** What the object above says, however written. */
static void check_demographics(const struct es_elements *e)
{
    const struct es_element *code = es_elements_nested(e, 0x00100041, 0, 0x00080100);
    CU_ASSERT_PTR_NOT_NULL_FATAL(code);
    CU_ASSERT_NSTRING_EQUAL(es_elements_value(e, code), "446151000124109", 15);
    code = es_elements_nested(e, 0x00102161, 0, 0x00080100);
    CU_ASSERT_PTR_NOT_NULL_FATAL(code);
    CU_ASSERT_NSTRING_EQUAL(es_elements_value(e, code), "413490006", 9);
    const struct es_element *groups = es_elements_find(e, 0x00102162);
    CU_ASSERT_PTR_NOT_NULL_FATAL(groups);
    CU_ASSERT_EQUAL(groups->length, 11);
    CU_ASSERT_NSTRING_EQUAL(groups->vr, "UC", 2);
}

static void check_all_forms(void)
{
    for (int form = 0; form < 4; form++) {
        struct made m = make_begin(form & 1, NULL);
        all_demographics(&m, form & 2);
        CU_ASSERT_EQUAL_FATAL(es_skim(m.p, m.len, &skimmed, NULL), ES_OK);
        check_demographics(&skimmed);
        CU_ASSERT(by_dcmtk(m.p, m.len));
        check_demographics(&parsed);
        CU_ASSERT(es_elements_equal(&skimmed, &parsed));
        free(m.p);
    }
}

/* DCMTK 3.6.7 does not know (0010,0041), (0010,0044), (0010,2161), (0010,2162): under implicit VR we read its raw bytes. */
static void unknown_tags_are_read_without_touching_the_dictionary(void)
{
    es_dicom_process_setup(false);
    check_all_forms();
}

static void unknown_tags_are_read_with_an_extended_dictionary(void)
{
    es_dicom_process_setup(true);
    check_all_forms();
}

/* PS3.5 6.2.2: a sequence that a sender does not know comes as UN and is implicit VR little endian inside. */
static void sequence_sent_as_un_is_read(void)
{
    struct made inner = {.explicit_vr = false};
    make_code_item(&inner, "413490006", "SCT", false);
    struct made m = make_begin(true, NULL);
    make_text(&m, 0x00080016, "UI", CT_CLASS);
    make_nest(&m, 0x00102161, "UN", inner, false);
    make_text(&m, 0x0020000D, "UI", "1.2.3");
    CU_ASSERT_EQUAL_FATAL(es_skim(m.p, m.len, &skimmed, NULL), ES_OK);
    CU_ASSERT_PTR_NOT_NULL(es_elements_nested(&skimmed, 0x00102161, 0, 0x00080100));
    CU_ASSERT(by_dcmtk(m.p, m.len));
    CU_ASSERT(es_elements_equal(&skimmed, &parsed));
    free(m.p);
}

/** What the skim says of a header with one odd element in front of StudyInstanceUID. */
static enum es_errc with(struct made odd, const char *syntax, struct es_error *err)
{
    struct made m = make_begin(odd.explicit_vr, syntax);
    make_text(&m, 0x00080016, "UI", CT_CLASS);
    make_text(&m, 0x00100040, "CS", "F");
    make_bytes(&m, odd.p, odd.len);
    make_text(&m, 0x0020000D, "UI", "1.2.3");
    const enum es_errc code = es_skim(m.p, m.len, &skimmed, err);
    free(m.p);
    free(odd.p);
    return code;
}

static void expect(struct made odd, const char *syntax, enum es_errc code, const char *text)
{
    struct es_error err = {0};
    CU_ASSERT_EQUAL(with(odd, syntax, &err), code);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, text));
    if (!strstr(err.text, text)) printf("    said: %s\n", err.text);
}

static void unusual_things_are_left_to_dcmtk(void)
{
    struct made o = {.explicit_vr = true};
    expect(o, "1.2.840.10008.1.2.2", ES_E_UNSUPPORTED, "transfer syntax");
    expect(o, "1.2.840.10008.1.2.1.99", ES_E_UNSUPPORTED, "transfer syntax");
    make_text(&o, 0x00100040, "CS", "M");
    expect(o, NULL, ES_E_UNSUPPORTED, "(0010,0040) is repeated or out of order");
    o = (struct made){.explicit_vr = true};
    make_text(&o, 0x00080070, "LO", "late");
    expect(o, NULL, ES_E_UNSUPPORTED, "(0008,0070) is repeated or out of order");
    o = (struct made){.explicit_vr = true};
    make_raw(&o, 0x00101010, "AS", "045", 3);
    expect(o, NULL, ES_E_UNSUPPORTED, "(0010,1010) has an odd length");
    o = (struct made){.explicit_vr = true};
    make_text(&o, 0x00101010, "ZZ", "045Y");
    expect(o, NULL, ES_E_UNSUPPORTED, "(0010,1010) has no known VR");
    o = (struct made){.explicit_vr = true};
    make_code(&o, 0x00101010, "a", "b", false);
    expect(o, NULL, ES_E_UNSUPPORTED, "(0010,1010) is a sequence");
    o = (struct made){.explicit_vr = true};
    make_text(&o, 0x00102161, "LO", "text");
    expect(o, NULL, ES_E_UNSUPPORTED, "(0010,2161) is no sequence");
}

static void values_too_long_to_keep_are_left_to_dcmtk(void)
{
    char text[ES_MAX_ELEMENT_VALUE + 3] = "";
    memset(text, 'A', sizeof text - 1);
    struct made o = {.explicit_vr = true};
    make_text(&o, 0x00102160, "SH", text);
    expect(o, NULL, ES_E_UNSUPPORTED, "(0010,2160) is longer than is kept");
    o = (struct made){.explicit_vr = true};
    struct made items = {.explicit_vr = true};
    for (int i = 0; i < ES_MAX_CODE_ITEMS + 1; i++) make_code_item(&items, "A", "B", false);
    make_nest(&o, 0x00102161, "SQ", items, false);
    expect(o, NULL, ES_E_UNSUPPORTED, "(0010,2161) has more items than are kept");
}

static void broken_sequences_are_left_to_dcmtk(void)
{
    struct made o = {.explicit_vr = true};
    make_raw(&o, 0x00101002, "SQ", "garbage!", 8);
    expect(o, NULL, ES_E_UNSUPPORTED, "has no known VR");
    o = (struct made){.explicit_vr = true};
    struct made bare = {.explicit_vr = true};
    make_text(&bare, 0x00080100, "SH", "no item around");
    make_nest(&o, 0x00101002, "SQ", bare, false);
    expect(o, NULL, ES_E_UNSUPPORTED, "(0008,0100) stands where an item is expected");
    o = (struct made){.explicit_vr = true};
    struct made items = {.explicit_vr = true};
    make_head(&items, 0xFFFEE000u, "", 400); /* the item passes the end of its sequence */
    make_nest(&o, 0x00101002, "SQ", items, false);
    expect(o, NULL, ES_E_UNSUPPORTED, "passes the end");
    struct made deep = {.explicit_vr = true};
    make_text(&deep, 0x00080100, "SH", "x");
    for (int i = 0; i <= ES_SKIM_DEPTH; i++) {
        struct made item = {.explicit_vr = true}, sequence = {.explicit_vr = true};
        make_nest(&item, 0xFFFEE000u, "", deep, false);
        make_nest(&sequence, 0x00101002, "SQ", item, false);
        deep = sequence;
    }
    expect(deep, NULL, ES_E_UNSUPPORTED, "lies too deep");
}

/** An unwanted sequence of one item that holds `inner` and is then spoilt, or not, in front of StudyInstanceUID. */
static struct made unwanted(struct made inner, bool open_sequence, bool open_item)
{
    struct made o = {.explicit_vr = true}, items = {.explicit_vr = true};
    make_nest(&items, 0xFFFEE000u, "", inner, open_item);
    make_nest(&o, 0x00101002, "SQ", items, open_sequence); /* OtherPatientIDsSequence */
    return o;
}

static struct made one_text(uint32_t tag, const char *vr, const char *text)
{
    struct made inner = {.explicit_vr = true};
    make_text(&inner, 0x00100020, "LO", "P");
    make_text(&inner, tag, vr, text);
    return inner;
}

/* What nobody wants is passed over whatever its form, and is still judged. */
static void unwanted_sequences_are_walked(void)
{
    for (unsigned form = 0; form < 4; form++) {
        const bool open = form & 1, open_item = form & 2;
        struct made nested = one_text(0x00100022, "CS", "TEXT");
        make_code(&nested, 0x00100024, "a", "b", open);
        struct made good[] = {one_text(0x00100022, "CS", "TEXT"), one_text(0x00100022, "UT", "wide"), {.explicit_vr = true}, nested};
        for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
            struct made m = make_begin(true, NULL), o = unwanted(good[i], open, open_item);
            make_text(&m, 0x00100040, "CS", "F");
            make_bytes(&m, o.p, o.len);
            make_text(&m, 0x0020000D, "UI", "1.2.3");
            make_text(&m, 0x00400254, "LO", "behind the wanted tags");
            CU_ASSERT_EQUAL(es_skim(m.p, m.len, &skimmed, NULL), ES_OK);
            CU_ASSERT_TRUE(by_dcmtk(m.p, m.len));
            CU_ASSERT_TRUE(es_elements_equal(&skimmed, &parsed));
            CU_ASSERT_PTR_NOT_NULL(es_elements_find(&skimmed, 0x0020000D));
            same_in_parts(m.p, m.len, &skimmed);
            free(o.p);
            free(m.p);
        }
        expect(unwanted(one_text(0x00080005, "CS", "x"), open, open_item), NULL, ES_E_UNSUPPORTED, "(0008,0005) is repeated or out of order");
        expect(unwanted(one_text(0x00020010, "UI", "1"), open, open_item), NULL, ES_E_UNSUPPORTED, "(0002,0010) does not belong here");
        expect(unwanted(one_text(0x00100022, "ZZ", "x"), open, open_item), NULL, ES_E_UNSUPPORTED, "(0010,0022) has no known VR");
        struct made odd = {.explicit_vr = true};
        make_raw(&odd, 0x00100022, "CS", "odd", 3);
        make_text(&odd, 0x00100030, "DA", "");
        expect(unwanted(odd, open, open_item), NULL, ES_E_UNSUPPORTED, "(0010,0022) has an odd length");
        struct made long_one = {.explicit_vr = true};
        make_head(&long_one, 0x00100022, "CS", 60000);
        expect(unwanted(long_one, open, open_item), NULL, open && open_item ? ES_E_PARSE : ES_E_UNSUPPORTED,
               open && open_item ? "(0010,0022) ends behind" : "(0010,0022) passes the end");
        struct made reserved = unwanted(one_text(0x00100022, "CS", "x"), open, open_item);
        reserved.p[6] = 1;
        expect(reserved, NULL, ES_E_UNSUPPORTED, "(0010,1002) has reserved bytes that are not zero");
        struct made ended = unwanted(one_text(0x00100022, "CS", "x"), open, open_item);
        if (open) ended.p[ended.len - 4] = 8;             /* SequenceDelimitationItem */
        else if (open_item) ended.p[ended.len - 4] = 8;   /* ItemDelimitationItem */
        if (open || open_item) expect(ended, NULL, ES_E_UNSUPPORTED, open ? "(fffe,e0dd) has a length" : "(fffe,e00d) has a length");
        else free(ended.p);
    }
}

/* Cut at every length: never out of bounds (ASan), and PARSE, which asks for more bytes, up to the end of the last wanted tag. */
static void every_cut_of_a_header_is_noticed(void)
{
    for (int form = 0; form < 4; form++) {
        struct made m = make_begin(form & 1, NULL);
        all_demographics(&m, form & 2);
        const size_t wanted_end = m.len;
        make_text(&m, 0x00400254, "LO", "behind the wanted tags");
        for (size_t len = 0; len < wanted_end; len++) {
            uint8_t *exact = malloc(len ? len : 1);
            CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
            memcpy(exact, m.p, len);
            const enum es_errc code = es_skim(exact, len, &skimmed, NULL);
            /* a cut between two elements of the data set itself cannot be told from an object that ends there */
            const bool same = code != ES_OK || (by_dcmtk(exact, len) && es_elements_equal(&skimmed, &parsed));
            CU_ASSERT(same);
            CU_ASSERT(code == ES_OK || code == ES_E_PARSE || code == ES_E_UNSUPPORTED);
            free(exact);
        }
        CU_ASSERT_EQUAL(es_skim(m.p, m.len, &skimmed, NULL), ES_OK);
        free(m.p);
    }
}

static void no_dicom_is_said_plainly(void)
{
    struct es_error err = {0};
    char text[200] = "this is not DICOM";
    CU_ASSERT_EQUAL(es_skim(text, sizeof text, &skimmed, &err), ES_E_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "no preamble"));
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_skim(text, 20, &skimmed, &err), ES_E_PARSE);
    CU_ASSERT_STRING_EQUAL(err.text, "skim: 20 bytes given, a preamble alone has 132");
}

static void a_cut_end_is_named(void)
{
    struct es_error err = {0};
    struct made m = make_begin(true, NULL);
    make_text(&m, 0x00080016, "UI", CT_CLASS);
    make_head(&m, 0x7FE00010, "OW", 1000);
    make_bytes(&m, "1234567890", 10);
    es_skim_end(m.p, m.len, m.len, &err);
    CU_ASSERT_EQUAL(err.code, ES_E_PARSE);
    CU_ASSERT_STRING_EQUAL(err.text, "(7fe0,0010) claims 1000 bytes, 10 remain");
    CU_ASSERT_EQUAL(err.tag, 0x7FE00010);
    struct es_error same = {0}, none = {0};
    static struct es_elements elements;
    CU_ASSERT_EQUAL(es_skim_to_end(m.p, m.len, m.len, &elements, &same, NULL), ES_OK);
    CU_ASSERT_EQUAL(same.code, ES_E_PARSE);
    CU_ASSERT_STRING_EQUAL(same.text, err.text);
    es_skim_end(m.p, m.len, m.len + 990, &none);
    CU_ASSERT_EQUAL(es_skim_to_end(m.p, m.len, m.len + 990, &elements, &none, NULL), ES_OK);
    CU_ASSERT_EQUAL(none.code, ES_OK);
    free(m.p);
}

/* A long private value between the header's wanted tags, and long pixels behind them, are not read. */
static void long_values_are_not_read_in_parts(void)
{
    enum { LONG = 100000, PART = 400 };
    static char filler[LONG];
    struct es_error end = {0}, cut = {0}, err = {0};
    struct made m = make_begin(true, NULL);
    make_text(&m, 0x00080016, "UI", CT_CLASS);
    make_raw(&m, 0x00091001, "OB", filler, LONG);
    make_text(&m, 0x00100040, "CS", "F");
    make_text(&m, 0x00400254, "LO", "behind the wanted tags");
    make_raw(&m, 0x7FE00010, "OW", filler, LONG);
    struct skim_parts parts = {.bytes = m.p, .len = m.len, .part = PART};
    CU_ASSERT_EQUAL(skim_in_parts(&parts, &skimmed, &end, &err), ES_OK);
    CU_ASSERT_PTR_NOT_NULL(es_elements_find(&skimmed, 0x00100040));
    CU_ASSERT_EQUAL(end.code, ES_OK);
    CU_ASSERT_EQUAL(parts.reads, 2);
    /* cut inside the pixels: seen though they begin far behind the first part */
    parts = (struct skim_parts){.bytes = m.p, .len = m.len - 1000, .part = PART};
    CU_ASSERT_EQUAL(skim_in_parts(&parts, &skimmed, &cut, &err), ES_OK);
    CU_ASSERT_STRING_EQUAL(cut.text, "(7fe0,0010) claims 100000 bytes, 99000 remain");
    /* cut inside the private value: more bytes are asked for, in vain */
    parts = (struct skim_parts){.bytes = m.p, .len = 5000, .part = PART};
    CU_ASSERT_EQUAL(skim_in_parts(&parts, &skimmed, &end, &err), ES_E_PARSE);
    CU_ASSERT_STRING_EQUAL(err.text, "skim: (0009,1001) ends behind the 5000 bytes given");
    free(m.p);
}

/* What is longer than a part is left to whoever reads it whole; a source that fails ends the reading. */
static void parts_that_are_not_enough_are_left(void)
{
    char text[ES_MAX_ELEMENT_VALUE] = "";
    struct es_error end = {0}, err = {0}, gone = {0};
    struct made m = make_begin(true, NULL);
    memset(text, 'A', sizeof text - 2);
    make_text(&m, 0x00080016, "UI", CT_CLASS);
    make_text(&m, 0x00102160, "SH", text);
    struct skim_parts parts = {.bytes = m.p, .len = m.len, .part = 140};
    CU_ASSERT_EQUAL(skim_in_parts(&parts, &skimmed, &end, &err), ES_E_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "(0010,2160) is longer than is kept"));
    parts = (struct skim_parts){.bytes = m.p, .len = 0, .part = 140};
    const struct es_skim_source none = {skim_part, &parts};
    CU_ASSERT_EQUAL(es_skim_parts(&none, m.len, &skimmed, &end, &gone), ES_E_PARSE);
    CU_ASSERT_NOT_EQUAL(gone.text[0], '\0');
    free(m.p);
}

static void *skim_on_small_stack(void *arg)
{
    struct made *m = arg;
    enum es_errc code = ES_OK;
    for (int i = 0; i < 1000 && code == ES_OK; i++) code = es_skim(m->p, m->len, &skimmed, NULL);
    return code == ES_OK ? m : NULL;
}

/* DESIGN 10: an archive's threads have 100 KiB. 16 KiB, the least that Linux grants, and the thread's own needs are inside it. */
static void skim_needs_little_stack(void)
{
    pthread_attr_t attr;
    pthread_t thread;
    void *result = NULL;
    struct made m = make_begin(true, NULL);
    all_demographics(&m, true);
    CU_ASSERT_EQUAL_FATAL(pthread_attr_init(&attr), 0);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    const size_t size = 256 * 1024;
#else
    const size_t size = 16384;
#endif
    CU_ASSERT_EQUAL_FATAL(pthread_attr_setstacksize(&attr, size), 0);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, &attr, skim_on_small_stack, &m), 0);
    CU_ASSERT_EQUAL(pthread_join(thread, &result), 0);
    CU_ASSERT_PTR_EQUAL(result, &m);
    (void)pthread_attr_destroy(&attr);
    free(m.p);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"unknown_tags_are_read_without_touching_the_dictionary", unknown_tags_are_read_without_touching_the_dictionary},
        {"unknown_tags_are_read_with_an_extended_dictionary", unknown_tags_are_read_with_an_extended_dictionary},
        {"skim_and_dcmtk_agree_on_every_file", skim_and_dcmtk_agree_on_every_file},
        {"sequence_sent_as_un_is_read", sequence_sent_as_un_is_read},
        {"unusual_things_are_left_to_dcmtk", unusual_things_are_left_to_dcmtk},
        {"values_too_long_to_keep_are_left_to_dcmtk", values_too_long_to_keep_are_left_to_dcmtk},
        {"broken_sequences_are_left_to_dcmtk", broken_sequences_are_left_to_dcmtk},
        {"unwanted_sequences_are_walked", unwanted_sequences_are_walked},
        {"every_cut_of_a_header_is_noticed", every_cut_of_a_header_is_noticed},
        {"no_dicom_is_said_plainly", no_dicom_is_said_plainly},
        {"a_cut_end_is_named", a_cut_end_is_named},
        {"long_values_are_not_read_in_parts", long_values_are_not_read_in_parts},
        {"parts_that_are_not_enough_are_left", parts_that_are_not_enough_are_left},
        {"skim_needs_little_stack", skim_needs_little_stack},
        {NULL, NULL}};
    return es_test_main("skim", tests, argc, argv);
}
