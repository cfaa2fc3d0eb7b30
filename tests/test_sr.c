/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv_rows.h"
#include "dicom/dataset.h"
#include "dicom/facts.h"
#include "dicom/report.h"
#include "dicom/sr.h"
#include "dicom/text.h"
#include "dicom_make.h"
#include "testlib.h"

static struct es_facts facts;

static bool same(const char *what, const char *found, const char *expected)
{
    if (strcmp(found, expected) == 0) return true;
    printf("    %s is %s, not %s\n", what, found, expected);
    return false;
}

static bool open_report(const char *file)
{
    char relative[256];
    (void)snprintf(relative, sizeof relative, "dicom/%s", file);
    return es_facts_read_file(es_testdata(relative), &facts, NULL) == ES_OK && facts.report != NULL;
}

static struct csv_rows table(const char *name)
{
    struct csv_rows rows = {.text = es_test_slurp(es_testdata(name), NULL)};
    rows.next = rows.text;
    return rows;
}

static bool same_number(const char *text, const struct es_sr_finding *f)
{
    double value = 0;
    if (!text[0]) return !f->has_number;
    return es_text_number(text, strlen(text), &value) && f->has_number && f->number == value;
}

/** Columns: file,group,type,concept,concept_scheme,finding,finding_scheme,site,value,value_scheme,number,units,modifier */
static bool finding_is(const struct es_sr_finding *f, char *const c[])
{
    char group[12];
    (void)snprintf(group, sizeof group, "%u", (unsigned)f->group);
    return same("group", group, c[1]) && same("type", f->type == ES_SR_NUM ? "NUM" : "CODE", c[2]) && same("concept", f->concept.value, c[3]) &&
           same("concept scheme", f->concept.scheme, c[4]) && same("finding", f->finding.value, c[5]) &&
           same("finding scheme", f->finding.scheme, c[6]) && same("site", f->site.value, c[7]) && same("value", f->value.value, c[8]) &&
           same("value scheme", f->value.scheme, c[9]) && same_number(c[10], f) && same("units", f->units.value, c[11]) &&
           same("modifier", f->n_modifiers ? f->modifiers[0].value : "", c[12]);
}

static void every_finding_of_the_real_reports_is_listed(void)
{
    struct csv_rows rows = table("dicom/expected-findings.csv");
    char open[256] = "";
    size_t next = 0, n = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(rows.text);
    while (csv_next(&rows)) {
        CU_ASSERT_EQUAL_FATAL(rows.n, 13);
        if (strcmp(open, rows.cell[0]) != 0) {
            if (open[0]) CU_ASSERT_EQUAL(next, facts.report->n_findings);
            if (open[0]) es_facts_free(&facts);
            (void)snprintf(open, sizeof open, "%s", rows.cell[0]);
            CU_ASSERT_FATAL(open_report(open));
            next = 0;
        }
        CU_ASSERT_FATAL(next < facts.report->n_findings);
        CU_ASSERT(finding_is(&facts.report->findings[next++], rows.cell));
        n++;
    }
    CU_ASSERT_EQUAL(next, facts.report->n_findings);
    es_facts_free(&facts);
    free(rows.text);
    CU_ASSERT_EQUAL(n, 43);
}

/** Columns: file,index,concept,concept_scheme,number,units,modifiers */
static void the_large_report_is_read_in_order(void)
{
    struct csv_rows rows = table("dicom/expected-findings-sample.csv");
    CU_ASSERT_PTR_NOT_NULL_FATAL(rows.text);
    CU_ASSERT_FATAL(open_report("ai-sr/sr-tid1500-radiomics-device.dcm"));
    CU_ASSERT_EQUAL_FATAL(facts.report->n_findings, 1561);
    while (csv_next(&rows)) {
        char modifiers[256] = "";
        const struct es_sr_finding *f = &facts.report->findings[strtoul(rows.cell[1], NULL, 10)];
        CU_ASSERT(same("concept", f->concept.value, rows.cell[2]));
        CU_ASSERT(same("scheme", f->concept.scheme, rows.cell[3]));
        CU_ASSERT(same_number(rows.cell[4], f));
        CU_ASSERT(same("units", f->units.value, rows.cell[5]));
        for (uint32_t i = 0; i < f->n_modifiers; i++) {
            const size_t used = strlen(modifiers);
            (void)snprintf(modifiers + used, sizeof modifiers - used, "%s%s", i ? " " : "", f->modifiers[i].value);
        }
        CU_ASSERT(same("modifiers", modifiers, rows.cell[6]));
    }
    es_facts_free(&facts);
    free(rows.text);
}

/** Columns: file,title,title_scheme,source,name,version,device_uid,findings,series,images,studies,human,complete,verified,content_date */
static void reports_say_what_the_table_says(void)
{
    struct csv_rows rows = table("dicom/expected-reports.csv");
    size_t n = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(rows.text);
    while (csv_next(&rows)) {
        char *const *c = rows.cell;
        CU_ASSERT_EQUAL_FATAL(rows.n, 15);
        CU_ASSERT_FATAL(open_report(c[0]));
        const struct es_report_facts *r = facts.report;
        CU_ASSERT(same("title", r->title.value, c[1]));
        CU_ASSERT(same("title scheme", r->title.scheme, c[2]));
        CU_ASSERT(same("source", es_algorithm_source_name(r->algorithm.source), c[3]));
        CU_ASSERT(same("name", r->algorithm.name, c[4]));
        CU_ASSERT(same("version", r->algorithm.version, c[5]));
        CU_ASSERT(same("device", r->algorithm.device_uid, c[6]));
        CU_ASSERT_EQUAL(r->n_findings, strtoul(c[7], NULL, 10));
        CU_ASSERT_EQUAL(r->n_series, strtoul(c[8], NULL, 10));
        CU_ASSERT_EQUAL(r->n_images, strtoul(c[9], NULL, 10));
        CU_ASSERT_EQUAL(r->n_studies, strtoul(c[10], NULL, 10));
        CU_ASSERT(same("human", r->human_observer ? "1" : "0", c[11]));
        CU_ASSERT(same("complete", r->complete ? "1" : "0", c[12]));
        CU_ASSERT(same("verified", r->verified ? "1" : "0", c[13]));
        int32_t day = 0;
        int64_t us = 0;
        CU_ASSERT(es_text_date(c[14], 8, &day) && es_text_time(c[14] + 8, 6, &us));
        const int64_t expected = day * INT64_C(86400000000) + us;
        CU_ASSERT(r->produced_us >= expected && r->produced_us < expected + 1000000); /* dsrdump shows whole seconds */
        CU_ASSERT_EQUAL(r->items_skipped, 0);
        CU_ASSERT_FALSE(facts.partial);
        es_facts_free(&facts);
        n++;
    }
    free(rows.text);
    CU_ASSERT_EQUAL(n, 9);
}

static struct made item_begin(const char *relationship, const char *type, const char *code, const char *scheme)
{
    struct made m = {.explicit_vr = true};
    make_text(&m, 0x0040A010, "CS", relationship);
    make_text(&m, 0x0040A040, "CS", type);
    make_code(&m, 0x0040A043, code, scheme, true);
    return m;
}

/** Put an item, with its children, into a list of items. Takes both. */
static void item_end(struct made *list, struct made item, struct made children)
{
    if (children.len > 0) make_nest(&item, 0x0040A730, "SQ", children, true);
    else free(children.p);
    make_nest(list, 0xFFFEE000u, "", item, true);
}

static void add_text(struct made *list, const char *code, const char *text)
{
    struct made item = item_begin("HAS OBS CONTEXT", "TEXT", code, "DCM");
    make_text(&item, 0x0040A160, "UT", text);
    item_end(list, item, (struct made){.explicit_vr = true});
}

/** A NUM. fd may be NULL; children are taken. */
static void add_num(struct made *list, const char *relationship, const char *code, const char *ds, const double *fd, struct made children)
{
    struct made item = item_begin(relationship, "NUM", code, "99X"), value = {.explicit_vr = true}, values = {.explicit_vr = true};
    make_code(&value, 0x004008EA, "1", "UCUM", true);
    if (fd) make_raw(&value, 0x0040A161, "FD", fd, 8);
    make_text(&value, 0x0040A30A, "DS", ds);
    make_nest(&values, 0xFFFEE000u, "", value, true);
    make_nest(&item, 0x0040A300, "SQ", values, true);
    item_end(list, item, children);
}

static struct made empty(void)
{
    return (struct made){.explicit_vr = true};
}

/** A report with these items at its root. Takes root. */
static enum es_errc read_report(struct made root, const char *date, const char *time, const char *zone)
{
    struct made m = make_begin(true, NULL);
    make_text(&m, 0x00080016, "UI", SR_CLASS);
    if (date) make_text(&m, 0x00080023, "DA", date);
    if (time) make_text(&m, 0x00080033, "TM", time);
    make_text(&m, 0x00080070, "LO", "Maker");
    if (zone) make_text(&m, 0x00080201, "SH", zone);
    make_text(&m, 0x00081090, "LO", "Equipment");
    make_text(&m, 0x0020000D, "UI", "1.2.3");
    make_text(&m, 0x0040A040, "CS", "CONTAINER");
    make_code(&m, 0x0040A043, "126000", "DCM", true);
    make_nest(&m, 0x0040A730, "SQ", root, true);
    const enum es_errc code = es_facts_read(m.p, m.len, &facts, NULL);
    free(m.p);
    return code;
}

static void add_group(struct made *list, struct made children)
{
    item_end(list, item_begin("CONTAINS", "CONTAINER", "125007", "DCM"), children);
}

static void only_direct_children_are_findings(void)
{
    struct made root = empty(), group = empty(), inner = empty();
    add_num(&inner, "INFERRED FROM", "Kernel", "3.0", NULL, empty());
    add_num(&inner, "HAS PROPERTIES", "Property", "4.0", NULL, empty());
    add_num(&group, "CONTAINS", "Score", "0.83", NULL, inner);
    add_num(&group, "HAS OBS CONTEXT", "Context", "1", NULL, empty());
    add_num(&root, "CONTAINS", "Outside", "9", NULL, empty());
    add_group(&root, group);
    CU_ASSERT_EQUAL_FATAL(read_report(root, NULL, NULL, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(facts.report->n_findings, 1);
    CU_ASSERT_STRING_EQUAL(facts.report->findings[0].concept.value, "Score");
    CU_ASSERT_EQUAL(facts.report->findings[0].number, 0.83);
    CU_ASSERT_EQUAL(facts.report->items_read, 6);
    es_facts_free(&facts);
}

static void numbers_prefer_the_floating_point_value(void)
{
    const double fd = 1.0 / 3;
    struct made root = empty(), group = empty();
    add_num(&group, "CONTAINS", "A", "0.33", &fd, empty());
    add_num(&group, "CONTAINS", "B", "0.5", NULL, empty());
    add_num(&group, "CONTAINS", "C", "", NULL, empty());
    add_num(&group, "CONTAINS", "D", "much", NULL, empty());
    struct made none = item_begin("CONTAINS", "NUM", "E", "99X");
    make_code(&none, 0x0040A301, "114000", "DCM", true); /* Not a number, CID 42 */
    item_end(&group, none, empty());
    add_group(&root, group);
    CU_ASSERT_EQUAL_FATAL(read_report(root, NULL, NULL, NULL), ES_OK);
    const struct es_sr_finding *f = facts.report->findings;
    CU_ASSERT_EQUAL_FATAL(facts.report->n_findings, 5);
    CU_ASSERT(f[0].has_number && f[0].number == fd);
    CU_ASSERT(f[1].has_number && f[1].number == 0.5);
    CU_ASSERT_FALSE(f[2].has_number);
    CU_ASSERT_FALSE(f[3].has_number);
    CU_ASSERT_FALSE(f[4].has_number);
    CU_ASSERT_STRING_EQUAL(f[4].qualifier.value, "114000");
    CU_ASSERT_EQUAL(facts.report->items_skipped, 1); /* "much" */
    es_facts_free(&facts);
}

/** A report with TID 4019 in the places named by bits: 1 group, 2 container, 4 device observer. */
static void read_identified(unsigned where)
{
    struct made root = empty(), group = empty(), second = empty();
    if (where & 4) add_text(&root, "121013", "observer");
    if (where & 2) add_text(&root, "111001", "of container");
    if (where & 2) add_text(&root, "111003", "2.0");
    if (where & 1) add_text(&group, "111001", "of group");
    if (where & 1) add_text(&group, "122405", "its maker");
    add_num(&group, "CONTAINS", "Score", "1", NULL, empty());
    if (where & 1) add_text(&second, "111001", "of another group");
    if (where & 1) add_text(&second, "111003", "9.9");
    add_group(&root, group);
    add_group(&root, second);
    CU_ASSERT_EQUAL_FATAL(read_report(root, NULL, NULL, NULL), ES_OK);
}

static void the_nearest_identification_wins(void)
{
    static const struct {
        unsigned where;
        enum es_algorithm_source source;
        const char *name, *version, *manufacturer;
    } cases[] = {{7, ES_ALGORITHM_TID4019_GROUP, "of group", "", "its maker"}, {6, ES_ALGORITHM_TID4019_CONTAINER, "of container", "2.0", ""},
                 {4, ES_ALGORITHM_DEVICE_OBSERVER, "observer", "", ""},        {0, ES_ALGORITHM_EQUIPMENT, "Equipment", "", "Maker"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        read_identified(cases[i].where);
        const struct es_algorithm *a = &facts.report->algorithm;
        CU_ASSERT_EQUAL(a->source, cases[i].source);
        CU_ASSERT_STRING_EQUAL(a->name, cases[i].name);
        CU_ASSERT_STRING_EQUAL(a->version, cases[i].version); /* never the version of another group */
        CU_ASSERT_STRING_EQUAL(a->manufacturer, cases[i].manufacturer);
        es_facts_free(&facts);
    }
}

static void identification_below_a_measurement_counts_as_its_groups(void)
{
    struct made root = empty(), group = empty(), inner = empty();
    add_text(&inner, "111001", "of measurement");
    add_num(&group, "CONTAINS", "Score", "1", NULL, inner);
    add_text(&root, "111001", "of container");
    add_group(&root, group);
    CU_ASSERT_EQUAL_FATAL(read_report(root, NULL, NULL, NULL), ES_OK);
    CU_ASSERT_STRING_EQUAL(facts.report->algorithm.name, "of measurement");
    es_facts_free(&facts);
}

static void times_are_shifted_only_by_a_given_zone(void)
{
    CU_ASSERT_EQUAL_FATAL(read_report(empty(), "20200102", "030405", "-0500"), ES_OK);
    CU_ASSERT_EQUAL(facts.report->produced_us, INT64_C(1577952245000000)); /* date -u -d '2020-01-02 08:04:05' +%s */
    CU_ASSERT(facts.report->produced_zone_known);
    es_facts_free(&facts);
    CU_ASSERT_EQUAL_FATAL(read_report(empty(), "20200102", "030405", NULL), ES_OK);
    CU_ASSERT_EQUAL(facts.report->produced_us, INT64_C(1577934245000000));
    CU_ASSERT_FALSE(facts.report->produced_zone_known);
    es_facts_free(&facts);
    CU_ASSERT_EQUAL_FATAL(read_report(empty(), "20200102", NULL, NULL), ES_OK);
    CU_ASSERT_EQUAL(facts.report->produced_us, INT64_MIN);
    es_facts_free(&facts);
}

static void depth_beyond_the_limit_is_counted(void)
{
    struct made list = empty();
    add_num(&list, "CONTAINS", "Deep", "1", NULL, empty());
    for (int i = 0; i < ES_MAX_SR_DEPTH + 8; i++) {
        struct made outer = empty();
        item_end(&outer, item_begin("CONTAINS", "CONTAINER", "1", "99X"), list);
        list = outer;
    }
    CU_ASSERT_EQUAL_FATAL(read_report(list, NULL, NULL, NULL), ES_OK);
    CU_ASSERT_EQUAL(facts.report->items_skipped, 1);
    CU_ASSERT_EQUAL(facts.report->items_read, ES_MAX_SR_DEPTH);
    es_facts_free(&facts);
}

static void findings_beyond_the_limit_are_counted(void)
{
    struct made root = empty(), group = empty();
    for (int i = 0; i < ES_MAX_SR_FINDINGS + 5; i++) {
        struct made item = item_begin("CONTAINS", "NUM", "A", "99X");
        item_end(&group, item, empty());
    }
    add_group(&root, group);
    CU_ASSERT_EQUAL_FATAL(read_report(root, NULL, NULL, NULL), ES_OK);
    CU_ASSERT_EQUAL(facts.report->n_findings, ES_MAX_SR_FINDINGS);
    CU_ASSERT_EQUAL(facts.report->items_skipped, 5);
    es_facts_free(&facts);
}

/* ES_MAX_REPORT_TEXT and more: nothing of it is read, and that is said. */
static void a_text_that_is_too_long_to_keep_is_counted(void)
{
    struct made root = empty(), item = item_begin("CONTAINS", "TEXT", "121071", "DCM");
    char *text = malloc(70001);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    memset(text, 'x', 70000);
    text[70000] = '\0';
    make_text(&item, 0x0040A160, "UT", text);
    free(text);
    item_end(&root, item, empty());
    CU_ASSERT_EQUAL_FATAL(read_report(root, NULL, NULL, NULL), ES_OK);
    CU_ASSERT_EQUAL(facts.report->n_texts, 0);
    CU_ASSERT_EQUAL(facts.report->faults.bad_texts, 1);
    es_facts_free(&facts);
}

static void segmentations_name_their_algorithm(void)
{
    CU_ASSERT_EQUAL_FATAL(es_facts_read_file(es_testdata("dicom/ai-seg/seg-ct-binary.dcm"), &facts, NULL), ES_OK);
    CU_ASSERT_EQUAL(facts.algorithm.source, ES_ALGORITHM_SEGMENT);
    CU_ASSERT_STRING_EQUAL(facts.algorithm.name, "test"); /* dcmdump +P 0066,0036 and 0066,0031 */
    CU_ASSERT_STRING_EQUAL(facts.algorithm.version, "v1.0");
    CU_ASSERT_EQUAL(facts.report->n_findings, 0);
    CU_ASSERT_EQUAL(facts.form, ES_FORM_SEGMENTATION);
    es_facts_free(&facts);
    CU_ASSERT_EQUAL_FATAL(es_facts_read_file(es_testdata("dicom/ai-seg/seg-ct-liver-label.dcm"), &facts, NULL), ES_OK);
    CU_ASSERT_STRING_EQUAL(facts.algorithm.name, "SlicerEditor"); /* SEMIAUTOMATIC, (0062,0009) */
    es_facts_free(&facts);
}

/** A secondary capture with one contribution of this purpose; NULL: none is said. */
static enum es_algorithm_source contribution(const char *purpose, const char *scheme)
{
    struct made m = make_begin(true, NULL), item = empty(), items = empty();
    make_text(&m, 0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7");
    make_text(&m, 0x00081090, "LO", "Workstation");
    make_text(&item, 0x00080070, "LO", "Maker");
    make_text(&item, 0x00081090, "LO", "Finder");
    make_text(&item, 0x00181020, "LO", "3.1");
    if (purpose) make_code(&item, 0x0040A170, purpose, scheme, false);
    make_nest(&items, 0xFFFEE000u, "", item, false);
    make_nest(&m, 0x0018A001, "SQ", items, false);
    CU_ASSERT_EQUAL_FATAL(es_facts_read(m.p, m.len, &facts, NULL), ES_OK);
    const enum es_algorithm_source source = facts.algorithm.source;
    if (source == ES_ALGORITHM_CONTRIBUTING_EQUIPMENT) {
        CU_ASSERT_STRING_EQUAL(facts.algorithm.name, "Finder");
        CU_ASSERT_STRING_EQUAL(facts.algorithm.version, "3.1");
    }
    es_facts_free(&facts);
    free(m.p);
    return source;
}

/* IHE AIR 6.5.3.1 and PS3.16 CID 7005: 109101 Acquisition, 109102 Processing, 109104 De-identifying. */
static void contributions_count_by_purpose(void)
{
    CU_ASSERT_EQUAL(contribution(NULL, NULL), ES_ALGORITHM_CONTRIBUTING_EQUIPMENT);
    CU_ASSERT_EQUAL(contribution("Newcode1", "99IHE"), ES_ALGORITHM_CONTRIBUTING_EQUIPMENT);
    CU_ASSERT_EQUAL(contribution("109102", "DCM"), ES_ALGORITHM_CONTRIBUTING_EQUIPMENT);
    CU_ASSERT_EQUAL(contribution("109104", "DCM"), ES_ALGORITHM_EQUIPMENT);
    CU_ASSERT_EQUAL(contribution("109101", "DCM"), ES_ALGORITHM_EQUIPMENT);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"every_finding_of_the_real_reports_is_listed", every_finding_of_the_real_reports_is_listed},
        {"the_large_report_is_read_in_order", the_large_report_is_read_in_order},
        {"reports_say_what_the_table_says", reports_say_what_the_table_says},
        {"only_direct_children_are_findings", only_direct_children_are_findings},
        {"numbers_prefer_the_floating_point_value", numbers_prefer_the_floating_point_value},
        {"the_nearest_identification_wins", the_nearest_identification_wins},
        {"identification_below_a_measurement_counts_as_its_groups", identification_below_a_measurement_counts_as_its_groups},
        {"times_are_shifted_only_by_a_given_zone", times_are_shifted_only_by_a_given_zone},
        {"depth_beyond_the_limit_is_counted", depth_beyond_the_limit_is_counted},
        {"findings_beyond_the_limit_are_counted", findings_beyond_the_limit_are_counted},
        {"a_text_that_is_too_long_to_keep_is_counted", a_text_that_is_too_long_to_keep_is_counted},
        {"segmentations_name_their_algorithm", segmentations_name_their_algorithm},
        {"contributions_count_by_purpose", contributions_count_by_purpose},
        {NULL, NULL}};
    es_dicom_process_setup(true);
    return es_test_main("sr", tests, argc, argv);
}
