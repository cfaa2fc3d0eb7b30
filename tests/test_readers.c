/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of the readers of headers and reports that no real object of testdata/ happens to need. Codes: PS3.16 CID 7454 (species), CID 244,
 * CID 6022 (sides), CID 6042 (CAD summaries); PS3.3 table 10-17 (issuers), C.17.2.3 (evidence), C.8.20.4 (segments). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/dataset.h"
#include "dicom/facts.h"
#include "dicom/text.h"
#include "dicom_make.h"
#include "testlib.h"

static struct es_facts facts;

static struct made empty(void) { return (struct made){.explicit_vr = true}; }

/** Take an object and read it. */
static void read_made(struct made m)
{
    CU_ASSERT_EQUAL_FATAL(es_facts_read(m.p, m.len, &facts, NULL), ES_OK);
    free(m.p);
}

static void a_species_that_is_not_human_is_veterinary(void)
{
    static const struct { const char *code, *scheme; enum es_exclusion exclusion; } cases[] = {
        {"337915000", "SCT", ES_EXCLUDED_NOT}, {"L-85B00", "SRT", ES_EXCLUDED_NOT}, {"448771007", "SCT", ES_EXCLUDED_VETERINARY}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct made m = make_begin(true, NULL);
        make_text(&m, 0x00080016, "UI", CT_CLASS);
        make_code(&m, 0x00102202, cases[i].code, cases[i].scheme, false);
        read_made(m);
        CU_ASSERT_EQUAL(facts.exclusion, cases[i].exclusion);
        es_facts_free(&facts);
    }
}

static void an_issuer_is_its_universal_entity_before_its_local_name(void)
{
    struct made m = make_begin(true, NULL), item = empty(), items = empty();
    make_text(&m, 0x00080016, "UI", CT_CLASS);
    make_text(&m, 0x00080050, "SH", "A1");
    make_text(&item, 0x00400031, "UT", "LOCAL");
    make_text(&item, 0x00400032, "UT", "1.2.3.4");
    make_nest(&items, 0xFFFEE000u, "", item, false);
    make_nest(&m, 0x00080051, "SQ", items, false);
    read_made(m);
    CU_ASSERT_STRING_EQUAL(facts.identity.accession_issuer, "1.2.3.4");
    es_facts_free(&facts);
}

/* ES_MAX_CODE_ITEMS are kept; a part of somebody's answers would be another answer. */
static void more_codes_than_are_kept_are_no_answer(void)
{
    for (int n = 8; n <= 9; n++) {
        struct made m = make_begin(true, NULL), items = empty();
        make_text(&m, 0x00080016, "UI", CT_CLASS);
        make_text(&m, 0x00080060, "CS", "CT");
        for (int i = 0; i < n; i++) make_code_item(&items, "1", "L", false);
        make_nest(&m, 0x00102161, "SQ", items, false);
        read_made(m);
        const struct es_fact *fact = es_facts_attribute(&facts, "EthnicGroupCodeSequence");
        CU_ASSERT_EQUAL(fact->state, n == 8 ? ES_ATTRIBUTE_PRESENT : ES_ATTRIBUTE_INVALID);
        CU_ASSERT_STRING_EQUAL(fact->reason, n == 8 ? "" : "too_many_items");
        es_facts_free(&facts);
    }
}

/** A SEG of one segment, no pixels. */
static void read_segment(const char *type)
{
    struct made m = make_begin(true, NULL), item = empty(), items = empty();
    make_text(&m, 0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.66.4");
    make_text(&m, 0x00081090, "LO", "Workstation");
    make_raw(&item, 0x00620004, "US", "\1", 2);
    make_text(&item, 0x00620008, "CS", type);
    make_text(&item, 0x00620009, "LO", "Brush");
    make_nest(&items, 0xFFFEE000u, "", item, false);
    make_nest(&m, 0x00620002, "SQ", items, false);
    read_made(m);
}

static void what_a_hand_drew_names_no_algorithm(void)
{
    read_segment("MANUAL");
    CU_ASSERT_STRING_EQUAL(facts.algorithm.name, "Workstation");
    es_facts_free(&facts);
    read_segment("SEMIAUTOMATIC");
    CU_ASSERT_STRING_EQUAL(facts.algorithm.name, "Brush");
    es_facts_free(&facts);
}

/* ---- reports ---- */

static struct made begin_item(const char *relationship, const char *type, const char *concept, const char *scheme)
{
    struct made m = empty();
    make_text(&m, 0x0040A010, "CS", relationship);
    make_text(&m, 0x0040A040, "CS", type);
    make_code(&m, 0x0040A043, concept, scheme, false);
    return m;
}

/** Takes both. */
static void end_item(struct made *list, struct made item, struct made children)
{
    if (children.len > 0) make_nest(&item, 0x0040A730, "SQ", children, false);
    else free(children.p);
    make_nest(list, 0xFFFEE000u, "", item, false);
}

static void add_code(struct made *list, const char *relationship, const char *concept, const char *scheme, const char *value, struct made below)
{
    struct made item = begin_item(relationship, "CODE", concept, scheme);
    make_code(&item, 0x0040A168, value, scheme, false);
    end_item(list, item, below);
}

static struct made begin_report(void)
{
    struct made m = make_begin(true, NULL);
    make_text(&m, 0x00080016, "UI", SR_CLASS);
    return m;
}

/** Takes all. */
static void read_report(struct made m, struct made content)
{
    make_text(&m, 0x0040A040, "CS", "CONTAINER");
    if (content.len > 0) make_nest(&m, 0x0040A730, "SQ", content, false);
    else free(content.p);
    read_made(m);
    CU_ASSERT_PTR_NOT_NULL_FATAL(facts.report);
}

/* A site of the item itself, with a side below it, stands for the group's. */
static void a_measurement_of_the_other_side_is_of_that_side(void)
{
    struct made content = empty(), group = empty(), left = empty(), right = empty(), own = empty();
    struct made item = begin_item("CONTAINS", "NUM", "1", "L");
    add_code(&left, "HAS CONCEPT MOD", "272741003", "SCT", "7771000", empty());
    add_code(&group, "HAS CONCEPT MOD", "363698007", "SCT", "76752008", left);
    add_code(&right, "HAS CONCEPT MOD", "272741003", "SCT", "24028007", empty());
    add_code(&own, "HAS CONCEPT MOD", "363698007", "SCT", "76752008", right);
    end_item(&group, item, own);
    end_item(&group, begin_item("CONTAINS", "NUM", "2", "L"), empty());
    end_item(&content, begin_item("CONTAINS", "CONTAINER", "125007", "DCM"), group);
    read_report(begin_report(), content);
    CU_ASSERT_EQUAL_FATAL(facts.report->n_findings, 2);
    CU_ASSERT_EQUAL(facts.report->findings[0].side, 'R');
    CU_ASSERT_EQUAL(facts.report->findings[1].side, 'L');
    es_facts_free(&facts);
}

/* 64 characters fit, 65 would be cut to another code. */
static void a_code_that_is_too_long_is_none(void)
{
    for (int n = 64; n <= 65; n++) {
        char value[80] = "";
        struct made content = empty(), group = empty(), item = begin_item("CONTAINS", "CODE", "1", "L");
        struct made code = empty(), codes = empty();
        memset(value, '7', (size_t)n);
        make_text(&code, 0x00080102, "SH", "L");
        make_text(&code, 0x00080119, "UC", value);
        make_nest(&codes, 0xFFFEE000u, "", code, false);
        make_nest(&item, 0x0040A168, "SQ", codes, false);
        end_item(&group, item, empty());
        end_item(&content, begin_item("CONTAINS", "CONTAINER", "125007", "DCM"), group);
        read_report(begin_report(), content);
        CU_ASSERT_EQUAL(facts.report->n_findings, n == 64);
        CU_ASSERT_EQUAL(facts.report->faults.empty_codes, n == 65);
        es_facts_free(&facts);
    }
}

/** Evidence of one series with one instance of this class; NULL: none. */
static void read_evidence(const char *sop_class)
{
    struct made m = begin_report(), instance = empty(), instances = empty(), one = empty(), all = empty(), study = empty(), studies = empty();
    if (sop_class) {
        make_text(&instance, 0x00081150, "UI", sop_class);
        make_text(&instance, 0x00081155, "UI", "1.2.5");
        make_nest(&instances, 0xFFFEE000u, "", instance, false);
        make_nest(&one, 0x00081199, "SQ", instances, false);
    }
    make_text(&one, 0x0020000E, "UI", "1.2.4");
    make_nest(&all, 0xFFFEE000u, "", one, false);
    make_nest(&study, 0x00081115, "SQ", all, false);
    make_text(&study, 0x0020000D, "UI", "1.2.3");
    make_nest(&studies, 0xFFFEE000u, "", study, false);
    make_nest(&m, 0x0040A375, "SQ", studies, false);
    read_report(m, empty());
    CU_ASSERT_EQUAL(facts.report->n_studies, 1);
}

static void a_series_is_named_by_its_images_or_by_itself(void)
{
    static const struct { const char *sop_class; size_t series, images; } cases[] = {{CT_CLASS, 1, 1}, {SR_CLASS, 0, 0}, {NULL, 1, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        read_evidence(cases[i].sop_class);
        CU_ASSERT_EQUAL(facts.report->n_series, cases[i].series);
        CU_ASSERT_EQUAL(facts.report->n_images, cases[i].images);
        es_facts_free(&facts);
    }
}

/* Letters without the escape that PS3.5 6.1.2.5.3 asks for, in the set that the second value names. */
static void letters_without_their_escape_are_of_the_second_set(void)
{
    char out[65];
    CU_ASSERT_EQUAL(es_text_decode("\\ISO 2022 IR 100", 16, "J\xe9r\xf4me", 6, out, sizeof out), ES_TEXT_OK);
    CU_ASSERT_STRING_EQUAL(out, "J\xc3\xa9r\xc3\xb4me");
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"a_species_that_is_not_human_is_veterinary", a_species_that_is_not_human_is_veterinary},
        {"an_issuer_is_its_universal_entity_before_its_local_name", an_issuer_is_its_universal_entity_before_its_local_name},
        {"more_codes_than_are_kept_are_no_answer", more_codes_than_are_kept_are_no_answer},
        {"what_a_hand_drew_names_no_algorithm", what_a_hand_drew_names_no_algorithm},
        {"a_measurement_of_the_other_side_is_of_that_side", a_measurement_of_the_other_side_is_of_that_side},
        {"a_code_that_is_too_long_is_none", a_code_that_is_too_long_is_none},
        {"a_series_is_named_by_its_images_or_by_itself", a_series_is_named_by_its_images_or_by_itself},
        {"letters_without_their_escape_are_of_the_second_set", letters_without_their_escape_are_of_the_second_set},
        {NULL, NULL}};
    es_dicom_process_setup(true);
    return es_test_main("readers", tests, argc, argv);
}
