/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "csv_rows.h"
#include "dicom/dataset.h"
#include "dicom/facts.h"
#include "dicom/skim.h"
#include "dicom/text.h"
#include "dicom_make.h"
#include "testlib.h"

static struct es_facts facts;

static bool same(const char *file, const char *what, const char *found, const char *expected)
{
    if (strcmp(found, expected) == 0) return true;
    printf("    %s: %s is %s, not %s\n", file, what, found, expected);
    return false;
}

static bool same_fact(const char *file, const char *keyword, const char *state, const char *value)
{
    const struct es_fact *f = es_facts_attribute(&facts, keyword);
    return f && same(file, keyword, es_attribute_state_name(f->state), state) && same(file, keyword, f->value, value);
}

/** Columns: file,kind,exclusion,identity_removed,partial,study_date,Modality,sex_state,sex,age_state,age,age_reason,age_derived,
 * ethnic_state,ethnic,Manufacturer */
static bool row_holds(char *const c[])
{
    int32_t day = INT32_MIN;
    const struct es_fact *age = es_facts_attribute(&facts, "PatientAge"), *maker = es_facts_attribute(&facts, "Manufacturer");
    const struct es_fact *modality = es_facts_attribute(&facts, "Modality");
    if (c[5][0]) (void)es_text_date(c[5], strlen(c[5]), &day);
    return same(c[0], "kind", es_object_kind_name(facts.kind), c[1]) && same(c[0], "exclusion", es_exclusion_name(facts.exclusion), c[2]) &&
           same(c[0], "identity_removed", facts.identity_removed ? "1" : "0", c[3]) && same(c[0], "partial", facts.partial ? "1" : "0", c[4]) &&
           facts.identity.study_day == day && same(c[0], "Modality", modality->value, c[6]) && same_fact(c[0], "PatientSex", c[7], c[8]) &&
           same_fact(c[0], "PatientAge", c[9], c[10]) && same(c[0], "reason", age->reason, c[11]) &&
           same(c[0], "derived", age->derived ? "1" : "0", c[12]) && same_fact(c[0], "EthnicGroup", c[13], c[14]) &&
           same(c[0], "Manufacturer", maker->value, c[15]);
}

static void read_table(bool from_file)
{
    struct csv_rows rows = {.text = es_test_slurp(es_testdata("dicom/expected-facts.csv"), NULL)};
    CU_ASSERT_PTR_NOT_NULL_FATAL(rows.text);
    rows.next = rows.text;
    unsigned n = 0;
    while (csv_next(&rows)) {
        char relative[256];
        size_t len = 0;
        struct es_error err = {0};
        CU_ASSERT_EQUAL_FATAL(rows.n, 16);
        (void)snprintf(relative, sizeof relative, "dicom/%s", rows.cell[0]);
        char *bytes = es_test_slurp(es_testdata(relative), &len);
        CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
        const enum es_errc code = from_file ? es_facts_read_file(es_testdata(relative), &facts, &err) : es_facts_read(bytes, len, &facts, &err);
        n++;
        if (strncmp(rows.cell[1], "error:", 6) == 0) {
            CU_ASSERT(same(relative, "error", es_errc_name(code), rows.cell[1] + 6));
            CU_ASSERT(err.text[0] != '\0');
        } else {
            CU_ASSERT_EQUAL(code, ES_OK);
            if (code == ES_OK) CU_ASSERT(row_holds(rows.cell));
            if (code == ES_OK) es_facts_free(&facts);
        }
        free(bytes);
    }
    free(rows.text);
    CU_ASSERT_EQUAL(n, 63);
}

static void every_object_says_what_the_table_says(void)
{
    read_table(false);
}

static void files_say_what_their_bytes_say(void)
{
    read_table(true);
}

static void partial_reads_say_what_was_found_and_expected(void)
{
    static const char *const cases[][2] = {
        {"dicom/malformed/truncated-pixels-mr.dcm", "(7fe0,0010) claims 8192 bytes, 8130 remain"},
        {"dicom/malformed/truncated-bulk-3gb.dcm", "(7fe0,0010) claims 3221225472 bytes, 98080 remain"},
        {"dicom/malformed/truncated-mid-value.dcm", "(0010,0010) claims 100 bytes, 5 remain"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CU_ASSERT_EQUAL_FATAL(es_facts_read_file(es_testdata(cases[i][0]), &facts, NULL), ES_OK);
        CU_ASSERT(facts.partial);
        CU_ASSERT(same(cases[i][0], "reason", facts.partial_reason, cases[i][1]));
        es_facts_free(&facts);
    }
}

/** A named edit of a real file: the bytes of `from` become `to`, once. */
static char *edited(const char *file, const char *from, const char *to, size_t n, size_t *len)
{
    char *bytes = es_test_slurp(es_testdata(file), len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    char *at = memmem(bytes, *len, from, n);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    memcpy(at, to, n);
    return bytes;
}

static void edits_of_a_real_ct_change_one_fact(void)
{
    static const struct {
        const char *name, *from, *to;
        size_t n;
        const char *keyword;
        enum es_attribute_state state;
        const char *value, *reason;
    } edits[] = {
        {"ct_patientage_400y", "043Y", "400Y", 4, "PatientAge", ES_ATTRIBUTE_INVALID, "", "implausible"},
        {"ct_patientage_without_unit", "043Y", "0043", 4, "PatientAge", ES_ATTRIBUTE_INVALID, "", "no_unit"},
        {"ct_patientage_in_weeks", "043Y", "043W", 4, "PatientAge", ES_ATTRIBUTE_PRESENT, "301D", ""},
        {"ct_patientsex_lower_case", "\x40\0CS\2\0M ", "\x40\0CS\2\0m ", 8, "PatientSex", ES_ATTRIBUTE_PRESENT, "M", ""},
        {"ct_patientsex_unknown_code", "\x40\0CS\2\0M ", "\x40\0CS\2\0U ", 8, "PatientSex", ES_ATTRIBUTE_PRESENT, "U", ""},
        {"ct_patientsex_blank", "\x40\0CS\2\0M ", "\x40\0CS\2\0  ", 8, "PatientSex", ES_ATTRIBUTE_BLANK, "", ""},
        {"ct_patientsex_not_latin", "\x40\0CS\2\0M ", "\x40\0CS\2\0\xe9 ", 8, "PatientSex", ES_ATTRIBUTE_PRESENT, "é", ""},
        {"ct_manufacturer_with_controls", "GE MEDICAL", "GE\1MEDICAL", 10, "Manufacturer", ES_ATTRIBUTE_PRESENT, "GE MEDICAL SYSTEMS", ""},
    };
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        size_t len = 0;
        char *bytes = edited("dicom/images/ct-m-043y.dcm", edits[i].from, edits[i].to, edits[i].n, &len);
        CU_ASSERT_EQUAL_FATAL(es_facts_read(bytes, len, &facts, NULL), ES_OK);
        const struct es_fact *f = es_facts_attribute(&facts, edits[i].keyword);
        CU_ASSERT(same(edits[i].name, "state", es_attribute_state_name(f->state), es_attribute_state_name(edits[i].state)));
        CU_ASSERT(same(edits[i].name, "value", f->value, edits[i].value));
        CU_ASSERT(same(edits[i].name, "reason", f->reason, edits[i].reason));
        es_facts_free(&facts);
        free(bytes);
    }
}

/** Exclusion of a header with one more text element behind PatientSex. */
static enum es_exclusion exclusion_with(uint32_t tag, const char *vr, const char *text)
{
    struct made m = make_begin(true, NULL);
    make_text(&m, 0x00080016, "UI", CT_CLASS);
    if (tag < 0x00100040) make_text(&m, tag, vr, text);
    make_text(&m, 0x00100040, "CS", "F");
    if (tag > 0x00100040) make_text(&m, tag, vr, text);
    CU_ASSERT_EQUAL_FATAL(es_facts_read(m.p, m.len, &facts, NULL), ES_OK);
    const enum es_exclusion exclusion = facts.exclusion;
    es_facts_free(&facts);
    free(m.p);
    return exclusion;
}

static void exclusions_are_by_rule(void)
{
    CU_ASSERT_EQUAL(exclusion_with(0x00100200, "CS", "YES"), ES_EXCLUDED_PHANTOM);
    CU_ASSERT_EQUAL(exclusion_with(0x00100200, "CS", "NO"), ES_EXCLUDED_NOT);
    CU_ASSERT_EQUAL(exclusion_with(0x00100020, "LO", "QA_Phantom_7"), ES_EXCLUDED_PHANTOM);
    CU_ASSERT_EQUAL(exclusion_with(0x00102203, "CS", "ALTERED"), ES_EXCLUDED_VETERINARY);
    CU_ASSERT_EQUAL(exclusion_with(0x00102203, "CS", ""), ES_EXCLUDED_NOT);
    CU_ASSERT_EQUAL(exclusion_with(0x00102201, "LO", "Canis familiaris"), ES_EXCLUDED_VETERINARY);
    CU_ASSERT_EQUAL(exclusion_with(0x00102201, "LO", "Homo sapiens"), ES_EXCLUDED_NOT);
    CU_ASSERT_EQUAL(exclusion_with(0x00102292, "LO", "Labrador"), ES_EXCLUDED_VETERINARY);
    CU_ASSERT_EQUAL(exclusion_with(0x00102299, "LO", "Royal Veterinary College"), ES_EXCLUDED_VETERINARY);
    CU_ASSERT_EQUAL(exclusion_with(0x00080080, "LO", "Veterans Hospital"), ES_EXCLUDED_NOT);
    CU_ASSERT_EQUAL(exclusion_with(0x00280300, "CS", "YES"), ES_EXCLUDED_QUALITY_CONTROL);
    CU_ASSERT_EQUAL(exclusion_with(0x00120062, "CS", "YES"), ES_EXCLUDED_NOT); /* by configuration, not here */
}

/** The fact of an element that stands alone in a header. */
static struct es_fact fact_of(const char *keyword, uint32_t tag, const char *vr, const void *bytes, size_t len)
{
    struct made m = make_begin(true, NULL);
    make_text(&m, 0x00080016, "UI", CT_CLASS);
    make_raw(&m, tag, vr, bytes, len);
    CU_ASSERT_EQUAL_FATAL(es_facts_read(m.p, m.len, &facts, NULL), ES_OK);
    const struct es_fact f = *es_facts_attribute(&facts, keyword);
    es_facts_free(&facts);
    free(m.p);
    return f;
}

static void numbers_have_one_form(void)
{
    static const struct {
        const char *text, *value, *reason;
    } cases[] = {{"80.0000 ", "80", ""}, {"80", "80", ""}, {"8.0E1 ", "80", ""}, {"0.000 ", "", "implausible"}, {"-5", "", "implausible"},
                 {"1\\2 ", "", "several_values"}, {"ten ", "", "not_a_number"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct es_fact f = fact_of("PatientWeight", 0x00101030, "DS", cases[i].text, strlen(cases[i].text) & ~1u);
        CU_ASSERT(same(cases[i].text, "value", f.value, cases[i].value));
        CU_ASSERT(same(cases[i].text, "reason", f.reason, cases[i].reason));
    }
    CU_ASSERT_STRING_EQUAL(fact_of("PregnancyStatus", 0x001021C0, "US", "\4\0", 2).value, "4");
    CU_ASSERT_EQUAL(fact_of("PregnancyStatus", 0x001021C0, "US", "", 0).state, ES_ATTRIBUTE_BLANK);
    CU_ASSERT_STRING_EQUAL(fact_of("ExaminedBodyThickness", 0x00109431, "FL", "\0\0\x48\x42", 4).value, "50"); /* IEEE 754: 0x42480000 */
    CU_ASSERT_STRING_EQUAL(fact_of("PatientSex", 0x00100040, "US", "\4\0", 2).reason, "wrong_vr");
    CU_ASSERT_STRING_EQUAL(fact_of("PatientSize", 0x00101020, "DS", "170 ", 4).reason, "implausible"); /* centimetres */
}

static void coded_facts_join_their_items(void)
{
    struct made m = make_begin(false, NULL), items = {.explicit_vr = false};
    make_text(&m, 0x00080016, "UI", CT_CLASS);
    make_code_item(&items, "2106-3", "CDCREC", true);
    make_code_item(&items, "2054-5", "CDCREC", false);
    make_nest(&m, 0x00102161, "SQ", items, true);
    CU_ASSERT_EQUAL_FATAL(es_facts_read(m.p, m.len, &facts, NULL), ES_OK);
    CU_ASSERT_STRING_EQUAL(es_facts_attribute(&facts, "EthnicGroupCodeSequence")->value, "2106-3^CDCREC\\2054-5^CDCREC");
    CU_ASSERT_PTR_NULL(es_facts_attribute(&facts, "PatientName"));
    CU_ASSERT_PTR_NULL(es_facts_attribute(&facts, "PatientBirthDate"));
    es_facts_free(&facts);
    free(m.p);
}

static void identifiers_lose_padding_and_dummies(void)
{
    struct made m = make_begin(true, NULL), issuer = {.explicit_vr = true}, items = {.explicit_vr = true};
    make_text(&m, 0x00080016, "UI", CT_CLASS);
    make_text(&m, 0x00080018, "UI", "../../etc/passwd");
    make_text(&m, 0x00080050, "SH", " A123 ");
    make_text(&issuer, 0x00400031, "UT", "RIS");
    make_nest(&items, 0xFFFEE000u, "", issuer, false);
    make_nest(&m, 0x00080051, "SQ", items, false);
    make_text(&m, 0x00100020, "LO", "UNKNOWN");
    make_text(&m, 0x00100021, "LO", "Hospital");
    make_text(&m, 0x0020000D, "UI", "1.2.3");
    CU_ASSERT_EQUAL_FATAL(es_facts_read(m.p, m.len, &facts, NULL), ES_OK);
    CU_ASSERT_STRING_EQUAL(facts.identity.study_uid, "1.2.3");
    CU_ASSERT_STRING_EQUAL(facts.identity.sop_uid, "");
    CU_ASSERT_STRING_EQUAL(facts.identity.accession, "A123");
    CU_ASSERT_STRING_EQUAL(facts.identity.accession_issuer, "RIS");
    CU_ASSERT_STRING_EQUAL(facts.identity.patient_id, "");
    CU_ASSERT_STRING_EQUAL(facts.identity.patient_issuer, "Hospital");
    CU_ASSERT_EQUAL(facts.identity.study_day, INT32_MIN);
    es_facts_free(&facts);
    free(m.p);
}

/* The queue's way: skim, copy, read elsewhere. For images it gives the same facts. */
static void facts_from_skimmed_elements_are_the_same(void)
{
    static struct es_facts from;
    static struct es_elements elements;
    size_t len = 0;
    char *bytes = es_test_slurp(es_testdata("dicom/images/mr-m-033y-1.dcm"), &len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    CU_ASSERT_EQUAL_FATAL(es_facts_read(bytes, len, &facts, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_skim(bytes, len, &elements, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_facts_from_elements(&elements, &from, NULL), ES_OK);
    CU_ASSERT_EQUAL(from.kind, facts.kind);
    CU_ASSERT_EQUAL(memcmp(&from.identity, &facts.identity, sizeof from.identity), 0);
    CU_ASSERT_EQUAL(from.n_attributes, facts.n_attributes);
    for (size_t i = 0; i < from.n_attributes; i++) {
        CU_ASSERT_EQUAL(from.attributes[i].state, facts.attributes[i].state);
        CU_ASSERT_STRING_EQUAL(from.attributes[i].value, facts.attributes[i].value);
    }
    es_facts_free(&facts);
    free(bytes);
}

static void what_is_no_dicom_is_refused_with_words(void)
{
    static struct es_elements none;
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_facts_read("hello", 5, &facts, &err), ES_E_PARSE);
    CU_ASSERT_STRING_EQUAL(err.text, "parse data set: 5 bytes are no DICOM object");
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_facts_read(NULL, 5, &facts, &err), ES_E_ARG);
    CU_ASSERT_STRING_EQUAL(err.text, "facts: no bytes given");
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_facts_from_elements(&none, &facts, &err), ES_E_PARSE);
    CU_ASSERT_STRING_EQUAL(err.text, "no DICOM object: SOPClassUID, StudyInstanceUID, SeriesInstanceUID and Modality expected, none found");
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_facts_read_file(es_testdata("dicom/README.md"), &facts, &err), ES_E_PARSE);
    CU_ASSERT(err.text[0] != '\0');
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_facts_read_file("/nonexistent", &facts, &err), ES_E_IO);
    CU_ASSERT_STRING_EQUAL(err.text, "open file: No such file or directory");
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_facts_read_file("/dev/null", &facts, &err), ES_E_IO);
    CU_ASSERT_STRING_EQUAL(err.text, "open file: no regular file");
    es_facts_free(NULL);
}

/* Deep nesting and disorder must end in an answer. Depth 200,000 would take DCMTK's parser far past any stack. */
static void deep_nesting_ends_in_a_partial_read(void)
{
    struct made m = make_begin(true, NULL);
    make_text(&m, 0x00080016, "UI", CT_CLASS);
    for (int i = 0; i < 200000; i++) {
        make_head(&m, 0x00101002, "SQ", 0xFFFFFFFFu);
        make_head(&m, 0xFFFEE000u, "", 0xFFFFFFFFu);
    }
    CU_ASSERT_EQUAL_FATAL(es_facts_read(m.p, m.len, &facts, NULL), ES_OK);
    CU_ASSERT(facts.partial);
    CU_ASSERT_STRING_EQUAL(facts.partial_reason, "data set: sequences are nested too deep");
    es_facts_free(&facts);
    free(m.p);
}

/* A value of 4 GB in an object of 200 bytes: no memory is taken for it. */
static void claims_beyond_the_object_cost_nothing(void)
{
    struct made m = make_begin(true, NULL);
    make_text(&m, 0x00080016, "UI", CT_CLASS);
    make_head(&m, 0x00091010, "OB", 0xFFFFFFF0u);
    CU_ASSERT_EQUAL_FATAL(es_facts_read(m.p, m.len, &facts, NULL), ES_OK);
    CU_ASSERT(facts.partial);
    CU_ASSERT_STRING_EQUAL(facts.partial_reason, "(0009,1010) claims 4294967280 bytes, 0 remain");
    es_facts_free(&facts);
    free(m.p);
}

/* More than the 64 MiB that are read of a file, tags out of order so that it is not skimmed: its header ends long before, and what is
 * claimed is held against the whole file. */
static void images_larger_than_what_is_read_are_read(void)
{
    static const struct { uint32_t claimed; const char *reason; } cases[] = {{90u << 20, ""}, {100u << 20, "(7fe0,0010) claims 104857600 bytes, 94371840 remain"}};
    for (size_t i = 0; i < 2; i++) {
        char path[512];
        struct made m = make_begin(true, NULL);
        struct es_error err = {0};
        make_text(&m, 0x00080016, "UI", CT_CLASS);
        make_text(&m, 0x00080060, "CS", "CT");
        make_text(&m, 0x00100040, "CS", "F ");
        make_text(&m, 0x00090010, "LO", "OUT OF ORDER");
        make_text(&m, 0x0020000D, "UI", "1.2.3");
        make_head(&m, 0x7FE00010, "OW", cases[i].claimed);
        (void)snprintf(path, sizeof path, "%s/large.dcm", es_test_tempdir());
        FILE *file = fopen(path, "wb");
        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        CU_ASSERT_EQUAL(fwrite(m.p, 1, m.len, file), m.len);
        CU_ASSERT_EQUAL(fflush(file), 0);
        CU_ASSERT_EQUAL(ftruncate(fileno(file), (off_t)(m.len + (90u << 20))), 0); /* zeroes that take no room */
        (void)fclose(file);
        free(m.p);
        CU_ASSERT_EQUAL_FATAL(es_facts_read_file(path, &facts, &err), ES_OK);
        CU_ASSERT_STRING_EQUAL(es_facts_attribute(&facts, "PatientSex")->value, "F");
        CU_ASSERT_STRING_EQUAL(facts.partial_reason, cases[i].reason);
        CU_ASSERT_EQUAL(facts.partial, i == 1);
        es_facts_free(&facts);
    }
}

static void write_file(char path[512], const struct made *m)
{
    (void)snprintf(path, 512, "%s/object.dcm", es_test_tempdir());
    FILE *file = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fwrite(m->p, 1, m->len, file), m->len);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

/* Secondary captures whose pixels begin in the first 4 KiB of the file, later, and far beyond what is read first; whole, and cut off. */
static void results_in_files_are_read_as_far_as_their_pixels(void)
{
    static const size_t before[] = {100, 8000, 40000}, pixels = 100000;
    static char zeros[100000];
    for (int i = 0; i < 6; i++) {
        char path[512];
        const bool cut = i >= 3;
        struct made m = make_begin(true, NULL);
        make_text(&m, 0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7");
        make_text(&m, 0x00080060, "CS", "OT");
        make_text(&m, 0x0020000D, "UI", "1.2.3");
        make_code(&m, 0x00400260, "1234", "99TEST", true);
        make_raw(&m, 0x00420011, "OB", zeros, before[i % 3]);
        make_text(&m, 0x00540400, "SH", "last");
        make_raw(&m, 0x7FE00010, "OW", zeros, pixels);
        if (cut) m.len -= 90;
        write_file(path, &m);
        CU_ASSERT_EQUAL_FATAL(es_facts_read_file(path, &facts, NULL), ES_OK);
        CU_ASSERT_EQUAL(facts.kind, ES_OBJECT_RESULT);
        CU_ASSERT_STRING_EQUAL(facts.partial_reason, cut ? "(7fe0,0010) claims 100000 bytes, 99910 remain" : "");
        CU_ASSERT_PTR_NOT_NULL_FATAL(facts.report);
        const struct es_tag_value *values = facts.report->values;
        const size_t n = facts.report->n_values;
        CU_ASSERT_FATAL(n >= 4);
        CU_ASSERT_STRING_EQUAL(values[n - 1].text, "last");
        CU_ASSERT_EQUAL(values[n - 1].path[0], 0x00540400u);
        CU_ASSERT_STRING_EQUAL(values[1].text, "1234");
        CU_ASSERT_EQUAL(values[1].path[0], 0x00400260u);
        CU_ASSERT_EQUAL(values[1].path[1], 0x00080100u);
        es_facts_free(&facts);
        free(m.p);
    }
}

static void every_enumeration_has_its_words(void)
{
    CU_ASSERT_STRING_EQUAL(es_attribute_state_name(ES_ATTRIBUTE_NOT_STATED), "not_stated");
    CU_ASSERT_STRING_EQUAL(es_attribute_state_name((enum es_attribute_state)99), "unknown");
    CU_ASSERT_STRING_EQUAL(es_object_kind_name(ES_OBJECT_OTHER), "other");
    CU_ASSERT_STRING_EQUAL(es_exclusion_name(ES_EXCLUDED_IDENTITY_REMOVED), "identity_removed");
    CU_ASSERT_STRING_EQUAL(es_algorithm_source_name(ES_ALGORITHM_EQUIPMENT), "equipment");
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"every_object_says_what_the_table_says", every_object_says_what_the_table_says},
        {"files_say_what_their_bytes_say", files_say_what_their_bytes_say},
        {"partial_reads_say_what_was_found_and_expected", partial_reads_say_what_was_found_and_expected},
        {"edits_of_a_real_ct_change_one_fact", edits_of_a_real_ct_change_one_fact},
        {"exclusions_are_by_rule", exclusions_are_by_rule},
        {"numbers_have_one_form", numbers_have_one_form},
        {"coded_facts_join_their_items", coded_facts_join_their_items},
        {"identifiers_lose_padding_and_dummies", identifiers_lose_padding_and_dummies},
        {"facts_from_skimmed_elements_are_the_same", facts_from_skimmed_elements_are_the_same},
        {"what_is_no_dicom_is_refused_with_words", what_is_no_dicom_is_refused_with_words},
        {"deep_nesting_ends_in_a_partial_read", deep_nesting_ends_in_a_partial_read},
        {"claims_beyond_the_object_cost_nothing", claims_beyond_the_object_cost_nothing},
        {"images_larger_than_what_is_read_are_read", images_larger_than_what_is_read_are_read},
        {"results_in_files_are_read_as_far_as_their_pixels", results_in_files_are_read_as_far_as_their_pixels},
        {"every_enumeration_has_its_words", every_enumeration_has_its_words},
        {NULL, NULL}};
    es_dicom_process_setup(true);
    return es_test_main("facts", tests, argc, argv);
}
