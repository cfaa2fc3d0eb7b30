/* SPDX-License-Identifier: Apache-2.0 */
/* Result objects of every form: what dicom/ reads of them, against tables written by eye from dsrdump, dcmdump and pydicom. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv_rows.h"
#include "dicom/dataset.h"
#include "dicom/report.h"
#include "dicom/sr.h"
#include "dicom_make.h"
#include "testlib.h"

static struct es_facts facts;

static bool same(const char *what, const char *found, const char *expected)
{
    if (strcmp(found, expected) == 0) return true;
    printf("    %s is %s, not %s\n", what, found, expected);
    return false;
}

static bool same_count(const char *what, size_t found, const char *expected)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%zu", found);
    return same(what, text, expected);
}

static bool open_object(const char *file)
{
    char relative[256];
    (void)snprintf(relative, sizeof relative, "dicom/%s", file);
    return es_facts_read_file(es_testdata(relative), &facts, NULL) == ES_OK;
}

static size_t private_values(const struct es_report_facts *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_values; i++) n += r->values[i].creator[0] != '\0';
    return n;
}

/** Columns: file,kind,form,series,images,studies,source,name,version,algorithms,texts,private,cad */
static void objects_say_what_the_table_says(void)
{
    struct csv_rows rows = {.text = es_test_slurp(es_testdata("dicom/expected-objects.csv"), NULL)};
    size_t n = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(rows.text);
    rows.next = rows.text;
    while (csv_next(&rows)) {
        char *const *c = rows.cell;
        CU_ASSERT_EQUAL_FATAL(rows.n, 13);
        CU_ASSERT_FATAL(open_object(c[0]));
        const struct es_report_facts *r = facts.report;
        CU_ASSERT_PTR_NOT_NULL_FATAL(r);
        const bool good = same("kind", es_object_kind_name(facts.kind), c[1]) && same("form", es_result_form_name(facts.form), c[2]) &&
                          same_count("series", r->n_series, c[3]) && same_count("images", r->n_images, c[4]) &&
                          same_count("studies", r->n_studies, c[5]) && same("source", es_algorithm_source_name(r->algorithm.source), c[6]) &&
                          same("name", r->algorithm.name, c[7]) && same("version", r->algorithm.version, c[8]) &&
                          same_count("algorithms", r->n_algorithms, c[9]) && same_count("texts", r->n_texts, c[10]) &&
                          same_count("private", private_values(r), c[11]) && same("cad", es_cad_summary_name(r->cad), c[12]);
        if (!good) printf("    in %s\n", c[0]);
        CU_ASSERT(good);
        es_facts_free(&facts);
        n++;
    }
    free(rows.text);
    CU_ASSERT_EQUAL(n, 25);
}

/* By eye from dsrdump: the algorithms of two groups, and of none around the qualitative evaluation. */
static void every_finding_names_its_algorithm(void)
{
    static const char *const names[] = {"Effusion Finder", "Effusion Finder", "Nodule Finder", "Nodule Finder", "Nodule Finder", "Example Server"};
    static const char *const versions[] = {"2.1", "2.1", "0.9", "0.9", "0.9", "9.0"};
    CU_ASSERT_FATAL(open_object("made/sr-probability.dcm"));
    const struct es_report_facts *r = facts.report;
    CU_ASSERT_EQUAL_FATAL(r->n_findings, 6);
    for (size_t i = 0; i < 6; i++) {
        const struct es_algorithm *a = &r->algorithms[r->findings[i].algorithm];
        CU_ASSERT(same("algorithm", a->name, names[i]) && same("version", a->version, versions[i]));
    }
    CU_ASSERT_EQUAL(r->produced_us, INT64_C(1772356500000000)); /* date -u -d '2026-03-01 09:15:00' +%s: 10:15 at +0100 */
    CU_ASSERT(r->produced_zone_known);
    es_facts_free(&facts);
}

/* By eye from dsrdump: the marks of TID 4006, what is shown, and by which detection. */
static void cad_findings_keep_their_rendering_intent(void)
{
    CU_ASSERT_FATAL(open_object("made/cad-mammography.dcm"));
    const struct es_report_facts *r = facts.report;
    CU_ASSERT_EQUAL_FATAL(r->n_findings, 6);
    for (size_t i = 0; i < 6; i++) {
        const struct es_sr_finding *f = &r->findings[i];
        CU_ASSERT_EQUAL(f->intent, i < 3 ? ES_INTENT_REQUIRED : ES_INTENT_HIDDEN);
        CU_ASSERT_STRING_EQUAL(f->finding.value, i < 3 ? "F-01775" : "F-01796");
        CU_ASSERT_EQUAL(f->type, i % 3 == 0 ? ES_SR_CODE : ES_SR_NUM);
        CU_ASSERT_EQUAL(f->group, i < 3 ? 1u : 2u); /* the impression around them is 0 */
        CU_ASSERT_STRING_EQUAL(r->algorithms[f->algorithm].name, "Example CAD");
    }
    CU_ASSERT(r->findings[2].has_number && r->findings[2].number == 62);
    CU_ASSERT_STRING_EQUAL(r->findings[2].concept.value, "111047");
    CU_ASSERT_EQUAL(r->failed_algorithms, 0);
    es_facts_free(&facts);
    CU_ASSERT_FATAL(open_object("made/cad-mammography-failed.dcm"));
    CU_ASSERT_EQUAL(facts.report->failed_algorithms, 1);
    CU_ASSERT_EQUAL(facts.report->n_findings, 0);
    es_facts_free(&facts);
}

/* dcmdump of the presentation state. */
static void private_tags_lose_their_block_and_keep_their_creator(void)
{
    static const struct { uint8_t depth; uint32_t path[2]; const char *vr, *begins; } expected[] = {
        {1, {0x00290010, 0}, "DS", "0.83"},
        {1, {0x00290011, 0}, "LO", "1.0.3"},
        {1, {0x00290020, 0}, "UT", "{\"schema\":2,"},
        {2, {0x00290030, 0x00290031}, "DS", "0.91"}};
    size_t n = 0;
    CU_ASSERT_FATAL(open_object("made/gsps-private.dcm"));
    const struct es_report_facts *r = facts.report;
    for (size_t i = 0; i < r->n_values; i++) {
        const struct es_tag_value *v = &r->values[i];
        CU_ASSERT(v->path[0] >> 16 != 0x0010);
        CU_ASSERT(strcmp(v->vr, "PN") != 0);
        if (v->creator[0] == '\0') continue;
        CU_ASSERT_FATAL(n < 4);
        CU_ASSERT_STRING_EQUAL(v->creator, "EXAMPLE CXR AI 1.0");
        CU_ASSERT_EQUAL(v->depth, expected[n].depth);
        CU_ASSERT_EQUAL(memcmp(v->path, expected[n].path, v->depth * sizeof v->path[0]), 0);
        CU_ASSERT_STRING_EQUAL(v->vr, expected[n].vr);
        CU_ASSERT_EQUAL(strncmp(v->text, expected[n].begins, strlen(expected[n].begins)), 0);
        n++;
    }
    CU_ASSERT_EQUAL(n, 4);
    CU_ASSERT_EQUAL_FATAL(r->n_texts, 2);
    CU_ASSERT_STRING_EQUAL(r->texts[1].text, "No pneumothorax");
    es_facts_free(&facts);
}

/* dcmdump of the annotation report: three TEXT items without RelationshipType; its patient's evidence names what it refers to. */
static void a_real_report_s_faults_are_counted(void)
{
    CU_ASSERT_FATAL(open_object("ai-sr/sr-annotation-report-for-ai.dcm"));
    CU_ASSERT_EQUAL(facts.report->faults.missing_relationships, 3);
    CU_ASSERT_EQUAL(facts.report->faults.dangling_references, 0);
    es_facts_free(&facts);
}

/* ---- what is wrong with a report is counted ---- */

static struct made empty(void) { return (struct made){.explicit_vr = true}; }

static struct made begin(const char *relationship, const char *type, const char *code)
{
    struct made m = empty();
    if (relationship) make_text(&m, 0x0040A010, "CS", relationship);
    make_text(&m, 0x0040A040, "CS", type);
    if (code) make_code(&m, 0x0040A043, code, "DCM", false);
    return m;
}

static void end(struct made *list, struct made item, struct made children)
{
    if (children.len > 0) make_nest(&item, 0x0040A730, "SQ", children, false);
    else free(children.p);
    make_nest(list, 0xFFFEE000u, "", item, false);
}

/** A report of this class with these items at its root; a character set where one is given. Takes root. */
static void read_report(const char *sop_class, const char *charset, struct made root)
{
    struct made m = make_begin(true, NULL);
    if (charset) make_text(&m, 0x00080005, "CS", charset);
    make_text(&m, 0x00080016, "UI", sop_class);
    make_text(&m, 0x0020000D, "UI", "1.2.3");
    make_text(&m, 0x0040A040, "CS", "CONTAINER");
    make_code(&m, 0x0040A043, "126000", "DCM", false);
    make_nest(&m, 0x0040A730, "SQ", root, false);
    CU_ASSERT_EQUAL_FATAL(es_facts_read(m.p, m.len, &facts, NULL), ES_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(facts.report);
    free(m.p);
}

static void add_number(struct made *list, const char *ds)
{
    struct made num = begin("CONTAINS", "NUM", "111047"), value = empty(), values = empty();
    if (ds) {
        make_text(&value, 0x0040A30A, "DS", ds);
        make_nest(&values, 0xFFFEE000u, "", value, false);
    }
    make_nest(&num, 0x0040A300, "SQ", values, false);
    end(list, num, empty());
}

static void faults_are_counted_and_the_rest_is_read(void)
{
    struct made root = empty(), group = empty(), image, way;
    add_number(&group, NULL);     /* an empty sequence */
    add_number(&group, "");       /* an empty value */
    add_number(&group, "plenty"); /* no number */
    add_number(&group, "0.5");
    end(&group, begin("CONTAINS", "NUM", NULL), empty());        /* no concept */
    end(&group, begin("CONTAINS", "CODE", "121071"), empty());   /* a header without its code is a header */
    end(&group, begin("CONTAINS", "CODE", "111023"), empty());   /* no code */
    end(&group, begin(NULL, "CODE", "111023"), empty());         /* nor a relationship */
    image = begin("CONTAINS", "IMAGE", NULL);
    end(&group, image, empty()); /* refers to nothing */
    image = begin("CONTAINS", "IMAGE", NULL);
    way = empty();
    struct made items = empty();
    make_text(&way, 0x00081150, "UI", CT_CLASS);
    make_text(&way, 0x00081155, "UI", "1.2.3.4");
    make_nest(&items, 0xFFFEE000u, "", way, false);
    make_nest(&image, 0x00081199, "SQ", items, false);
    end(&group, image, empty()); /* no evidence names it */
    struct made by_way = empty();
    static const uint8_t there[] = {1, 0, 0, 0, 1, 0, 0, 0}, nowhere[] = {1, 0, 0, 0, 7, 0, 0, 0};
    for (int i = 0; i < 2; i++) {
        by_way = empty();
        make_text(&by_way, 0x0040A010, "CS", "INFERRED FROM");
        make_raw(&by_way, 0x0040DB73, "UL", i ? nowhere : there, 8);
        end(&group, by_way, empty());
    }
    end(&root, begin("CONTAINS", "CONTAINER", "125007"), group);
    read_report(SR_CLASS, NULL, root);
    const struct es_report_facts *r = facts.report;
    CU_ASSERT_EQUAL(r->n_findings, 4);
    CU_ASSERT_EQUAL(r->faults.empty_numbers, 2);
    CU_ASSERT_EQUAL(r->faults.bad_numbers, 1);
    CU_ASSERT_EQUAL(r->faults.empty_codes, 3);
    CU_ASSERT_EQUAL(r->faults.missing_relationships, 1);
    CU_ASSERT_EQUAL(r->faults.dangling_references, 3);
    CU_ASSERT_EQUAL(r->n_images, 1);
    es_facts_free(&facts);
}

static void a_wrong_character_set_is_counted(void)
{
    struct made root = empty(), item = begin("CONTAINS", "TEXT", "121071");
    make_text(&item, 0x0040A160, "UT", "Kleiner Erguß \xC3\xBC\xFF");
    end(&root, item, empty());
    read_report("1.2.840.10008.5.1.4.1.1.88.11", "ISO_IR 192", root);
    CU_ASSERT_EQUAL(facts.report->faults.bad_texts, 1);
    CU_ASSERT_EQUAL(facts.report->n_texts, 1);
    es_facts_free(&facts);
}

static void numbers_outside_any_group_are_named_as_unread(void)
{
    struct made root = empty();
    add_number(&root, "0.5");
    add_number(&root, "0.6");
    read_report(SR_CLASS, NULL, root);
    CU_ASSERT_EQUAL(facts.report->n_findings, 0);
    CU_ASSERT_EQUAL_FATAL(facts.report->n_unread, 1);
    CU_ASSERT_EQUAL(facts.report->unread[0].count, 2);
    CU_ASSERT_STRING_EQUAL(facts.report->unread[0].concept.value, "111047");
    es_facts_free(&facts);
}

/* PS3.16 CID 6047 and 6042: the overall summary decides, else the two parts. */
static void cad_summaries_of_parts(void)
{
    static const struct { const char *overall, *detections, *analyses; enum es_cad_summary expected; } cases[] = {
        {"111242", "111224", "111224", ES_CAD_WITH},         {"111243", NULL, NULL, ES_CAD_PARTLY_WITHOUT},
        {"111244", NULL, NULL, ES_CAD_PARTLY_WITH},          {NULL, "111222", "111225", ES_CAD_WITHOUT},
        {NULL, "111224", "111225", ES_CAD_FAILED},           {NULL, "111224", "111222", ES_CAD_PARTLY_WITHOUT},
        {NULL, "111223", NULL, ES_CAD_PARTLY_WITHOUT},       {NULL, "111225", "111225", ES_CAD_NOT_ATTEMPTED},
        {NULL, NULL, "111224", ES_CAD_FAILED},               {NULL, NULL, NULL, ES_CAD_NONE}, {"999", NULL, NULL, ES_CAD_NONE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct { const char *concept, *value; } parts[] = {
            {"111017", cases[i].overall}, {"111064", cases[i].detections}, {"111065", cases[i].analyses}};
        struct made root = empty();
        for (size_t k = 0; k < 3; k++) {
            if (!parts[k].value) continue;
            struct made item = begin("CONTAINS", "CODE", parts[k].concept);
            make_code(&item, 0x0040A168, parts[k].value, "DCM", false);
            end(&root, item, empty());
        }
        read_report("1.2.840.10008.5.1.4.1.1.88.50", NULL, root);
        CU_ASSERT_EQUAL(facts.report->cad, cases[i].expected);
        CU_ASSERT_EQUAL(facts.form, ES_FORM_CAD);
        es_facts_free(&facts);
    }
}

/* PS3.16 table O-1, read in pydicom 2.3.1 (sr/_snomed_dict.py): G-C0E3 is 363698007, T-28000 39607008, F-01775 129769006. */
static void snomed_forms_are_one_concept(void)
{
    static const struct { struct es_code a, b; bool same; } cases[] = {
        {{"G-C0E3", "SRT"}, {"363698007", "SCT"}, true},     {{"G-C0E3", "SNM3"}, {"G-C0E3", "99SDM"}, true},
        {{"T-28000", "SRT"}, {"39607008", "SCT"}, true},     {{"F-01775", "SRT"}, {"129769006", "SCT"}, true},
        {{"T-28000", "SRT"}, {"363698007", "SCT"}, false},   {{"ZZZ", "SRT"}, {"ZZZ", "SNM3"}, true},
        {{"ZZZ", "SRT"}, {"ZZZ", "SCT"}, false},             {{"1", "DCM"}, {"1", "DCM"}, true}, {{"1", "DCM"}, {"1", "99X"}, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CU_ASSERT_EQUAL(es_code_same(&cases[i].a, &cases[i].b), cases[i].same);
        CU_ASSERT_EQUAL(es_code_same(&cases[i].b, &cases[i].a), cases[i].same);
    }
    const char *last = "", *srt, *sct;
    const size_t n = es_code_synonyms(SIZE_MAX, &srt, &sct);
    CU_ASSERT(n > 900);
    for (size_t i = 0; i < n; i++, last = srt) {
        (void)es_code_synonyms(i, &srt, &sct);
        CU_ASSERT(strcmp(last, srt) < 0); /* in order, none twice: the search depends on it */
        CU_ASSERT_EQUAL(strspn(sct, "0123456789"), strlen(sct));
    }
}

static void limits_of_texts_and_tags_are_counted(void)
{
    struct made root = empty();
    for (int i = 0; i < ES_MAX_REPORT_TEXTS + 3; i++) {
        struct made item = begin("CONTAINS", "TEXT", "121071");
        make_text(&item, 0x0040A160, "UT", "x");
        end(&root, item, empty());
    }
    read_report(SR_CLASS, NULL, root);
    CU_ASSERT_EQUAL(facts.report->n_texts, ES_MAX_REPORT_TEXTS);
    CU_ASSERT_EQUAL(facts.report->items_skipped, 3);
    es_facts_free(&facts);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"objects_say_what_the_table_says", objects_say_what_the_table_says},
        {"every_finding_names_its_algorithm", every_finding_names_its_algorithm},
        {"cad_findings_keep_their_rendering_intent", cad_findings_keep_their_rendering_intent},
        {"private_tags_lose_their_block_and_keep_their_creator", private_tags_lose_their_block_and_keep_their_creator},
        {"a_real_report_s_faults_are_counted", a_real_report_s_faults_are_counted},
        {"faults_are_counted_and_the_rest_is_read", faults_are_counted_and_the_rest_is_read},
        {"a_wrong_character_set_is_counted", a_wrong_character_set_is_counted},
        {"numbers_outside_any_group_are_named_as_unread", numbers_outside_any_group_are_named_as_unread},
        {"cad_summaries_of_parts", cad_summaries_of_parts},
        {"snomed_forms_are_one_concept", snomed_forms_are_one_concept},
        {"limits_of_texts_and_tags_are_counted", limits_of_texts_and_tags_are_counted},
        {NULL, NULL}};
    es_dicom_process_setup(true);
    return es_test_main("made", tests, argc, argv);
}
