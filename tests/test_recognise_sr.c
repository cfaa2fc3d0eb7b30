/* SPDX-License-Identifier: Apache-2.0 */
/* Structured reports by their bytes to messages: every root title of TID 1500, Enhanced SR by a text rule, sides told by Laterality. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/dataset.h"
#include "dicom_make.h"
#include "plugin/recognise/recognise.h"
#include "testlib.h"

#define ENHANCED "1.2.840.10008.5.1.4.1.1.88.22"
#define COMPREHENSIVE "1.2.840.10008.5.1.4.1.1.88.33"

static struct es_config *config;
static struct es_message **messages;
static size_t count;
static char why[160];

static struct made empty(void) { return (struct made){.explicit_vr = true}; }

static struct made begin(const char *relationship, const char *type, const char *code, const char *scheme)
{
    struct made m = empty();
    make_text(&m, 0x0040A010, "CS", relationship);
    make_text(&m, 0x0040A040, "CS", type);
    if (code) make_code(&m, 0x0040A043, code, scheme, false);
    return m;
}

static void end(struct made *list, struct made item, struct made children)
{
    if (children.len > 0) make_nest(&item, 0x0040A730, "SQ", children, false);
    else free(children.p);
    make_nest(list, 0xFFFEE000u, "", item, false);
}

static void add_text(struct made *list, const char *relationship, const char *concept, const char *text)
{
    struct made item = begin(relationship, "TEXT", concept, "DCM");
    make_text(&item, 0x0040A160, "UT", text);
    end(list, item, empty());
}

/** A CODE item with these below it. Takes below. */
static void add_code(struct made *list, const char *relationship, const char *concept, const char *scheme, const char *value, struct made below)
{
    struct made item = begin(relationship, "CODE", concept, scheme);
    make_code(&item, 0x0040A168, value, "SCT", false);
    end(list, item, below);
}

static void add_number(struct made *list, const char *concept, const char *value)
{
    struct made num = begin("CONTAINS", "NUM", concept, "DCM"), measured = empty(), values = empty();
    make_code(&measured, 0x004008EA, "1", "UCUM", false);
    make_text(&measured, 0x0040A30A, "DS", value);
    make_nest(&values, 0xFFFEE000u, "", measured, false);
    make_nest(&num, 0x0040A300, "SQ", values, false);
    end(list, num, empty());
}

/** The messages of a report of this class and title with these items at its root. Takes root. */
static void recognise(const char *models, const char *sop_class, const char *title, struct made root)
{
    struct made m = make_begin(true, NULL);
    struct es_facts facts;
    struct es_error err = {0};
    es_config_free(config);
    config = NULL;
    if (es_config_parse(&config, models, strlen(models), NULL, &err) != ES_OK) printf("    %s\n", err.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    es_messages_free(messages, count);
    messages = NULL;
    count = 0;
    make_text(&m, 0x00080005, "CS", "ISO_IR 192");
    make_text(&m, 0x00080016, "UI", sop_class);
    make_text(&m, 0x00080018, "UI", "1.2.3.4");
    make_text(&m, 0x0020000D, "UI", "1.2.3");
    make_text(&m, 0x0040A040, "CS", "CONTAINER");
    make_code(&m, 0x0040A043, title, "DCM", false);
    make_nest(&m, 0x0040A730, "SQ", root, false);
    CU_ASSERT_EQUAL_FATAL(es_facts_read(m.p, m.len, &facts, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_messages_from_facts(&facts, config, "", false, &messages, &count, why, sizeof why, NULL), ES_OK);
    es_facts_free(&facts);
    free(m.p);
}

/* PS3.16 TID 1500 and CID 7021 (Measurement Report Document Titles): the title is one of these, and 126010 and 126011 hold the groups. */
static void every_title_of_a_measurement_report_is_read(void)
{
    static const char *const titles[] = {"126000", "126001", "126002", "126003"};
    for (size_t i = 0; i < 2 * sizeof titles / sizeof titles[0]; i++) {
        struct made root = empty(), all = empty(), group = empty();
        const bool derived = i % 2; /* (126011, DCM, "Derived Imaging Measurements") holds its numbers itself */
        add_text(&root, "HAS CONCEPT MOD", "111001", "Net");
        add_text(&root, "HAS CONCEPT MOD", "111003", "1.0");
        add_number(derived ? &all : &group, "122157", "0.75");
        if (!derived) end(&all, begin("CONTAINS", "CONTAINER", "125007", "DCM"), group);
        end(&root, begin("CONTAINS", "CONTAINER", derived ? "126011" : "126010", "DCM"), all);
        recognise("{\"Models\":[{\"Name\":\"net\",\"Recognise\":{\"AlgorithmName\":\"Net\"},\"Findings\":[{\"Name\":\"f\",\"From\":[{\"SR\":{\"Concept\":\"122157,DCM\"}}]}]}]}",
                  COMPREHENSIVE, titles[i / 2], root);
        CU_ASSERT_EQUAL_FATAL(count, 1);
        CU_ASSERT_EQUAL(messages[0]->kind, ES_EVENT_RESULT);
        CU_ASSERT_EQUAL_FATAL(messages[0]->n_findings, 1);
        CU_ASSERT_EQUAL(messages[0]->findings[0].score, 0.75);
    }
}

#define TEXT_RULE                                                                                                                              \
    "{\"Models\":[{\"Name\":\"net\",\"Recognise\":{\"AlgorithmName\":\"Net\"},\"Findings\":[{\"Name\":\"f\",\"From\":[{\"Text\":{\"Concept\":\"121071,DCM\",\"Present\":\"pleural effusion\"}}]}]}]}"

/* PS3.3 A.35.2: Enhanced SR; its texts are read by a rule of Text. */
static void enhanced_reports_are_read_by_a_text_rule(void)
{
    static const struct { const char *text; size_t messages; bool decision; } cases[] = {
        {"Small pleural effusion on the left.", 1, true}, {"No pleural effusion.", 1, false}, {"Heart of normal size.", 0, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct made root = empty(), section = empty();
        add_text(&root, "HAS CONCEPT MOD", "111001", "Net");
        add_text(&section, "CONTAINS", "121071", cases[i].text);
        end(&root, begin("CONTAINS", "CONTAINER", "121070", "DCM"), section);
        recognise(TEXT_RULE, ENHANCED, "18782-3", root);
        CU_ASSERT_EQUAL_FATAL(count, cases[i].messages);
        if (count > 0) CU_ASSERT(messages[0]->findings[0].has_decision && messages[0]->findings[0].decision == cases[i].decision);
    }
}

/* What a text says may stand behind its 256th byte, whatever letters come before; a line that begins with a capital begins a sentence
 * (narrative.h). By eye. */
static void long_reports_and_their_lines_are_read_to_the_end(void)
{
    static const struct { const char *first, *then; bool decision; } cases[] = {
        {"Herzgr\303\266\303\237e normal. ", "Small pleural effusion.", true},
        {"Heart of normal size. ", "No pleural effusion.", false},
        {"Herzgr\303\266\303\237e normal. ", "No pneumothorax\r\nSmall pleural effusion", true},
        {"Heart of normal size. ", "No pneumothorax\nSmall pleural effusion", true},
        {"Heart of normal size. ", "No pneumothorax\rSmall pleural effusion", true},
        {"Heart of normal size. ", "No pneumothorax or\nlarge pleural effusion", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct made root = empty(), section = empty();
        char text[4096] = "";
        for (int k = 0; k < 40; k++) es_test_append(text, sizeof text, cases[i].first);
        es_test_append(text, sizeof text, cases[i].then);
        add_text(&root, "HAS CONCEPT MOD", "111001", "Net");
        add_text(&section, "CONTAINS", "121071", text);
        end(&root, begin("CONTAINS", "CONTAINER", "121070", "DCM"), section);
        recognise(TEXT_RULE, ENHANCED, "18782-3", root);
        CU_ASSERT_EQUAL_FATAL(count, 1);
        CU_ASSERT(messages[0]->findings[0].has_decision && messages[0]->findings[0].decision == cases[i].decision);
    }
}

/* How a group tells its side: a Laterality below its Finding Site, in the group, by a code of SRT, by the site itself; or not. */
enum told { BELOW_SITE, IN_GROUP, RETIRED, BY_SITE, NOT_TOLD };

static void add_sided_group(struct made *list, enum told told, bool left, const char *score)
{
    static const char *const lateral[] = {"24028007", "7771000"}, *const breast[] = {"73056007", "80248007"}, *const old[] = {"G-A100", "G-A101"};
    struct made group = empty(), below = empty();
    if (told == BELOW_SITE) add_code(&below, "HAS CONCEPT MOD", "272741003", "SCT", lateral[left], empty());
    if (told == RETIRED) {
        struct made item = begin("HAS CONCEPT MOD", "CODE", "G-C171", "SRT");
        make_code(&item, 0x0040A168, old[left], "SRT", false);
        end(&below, item, empty());
    }
    add_code(&group, "HAS CONCEPT MOD", "363698007", "SCT", told == BY_SITE ? breast[left] : "76752008", below);
    if (told == IN_GROUP) add_code(&group, "HAS CONCEPT MOD", "272741003", "SCT", lateral[left], empty());
    add_number(&group, "122157", score);
    end(list, begin("CONTAINS", "CONTAINER", "125007", "DCM"), group);
}

#define SIDED "{\"Models\":[{\"Name\":\"net\",\"Recognise\":{\"AlgorithmName\":\"Net\"},\"Findings\":[{\"Name\":\"f\",\"Unit\":\"side\",\"AbsenceMeans\":\"negative\",\"From\":[{\"SR\":{\"Concept\":\"122157,DCM\"}}]}]}]}"

static void a_side_that_is_told_is_the_unit_of_a_finding_of_sides(void)
{
    for (enum told told = BELOW_SITE; told <= NOT_TOLD; told++) {
        struct made root = empty(), all = empty();
        add_text(&root, "HAS CONCEPT MOD", "111001", "Net");
        add_sided_group(&all, told, true, "0.25");
        add_sided_group(&all, told, false, "0.75");
        end(&root, begin("CONTAINS", "CONTAINER", "126010", "DCM"), all);
        recognise(SIDED, COMPREHENSIVE, "126000", root);
        if (told == NOT_TOLD) {
            CU_ASSERT_EQUAL(count, 0);
            CU_ASSERT_STRING_EQUAL(why, "finding f: the object does not tell its one unit");
            continue;
        }
        CU_ASSERT_EQUAL_FATAL(count, 2);
        for (size_t i = 0; i < 2; i++) {
            CU_ASSERT_EQUAL(messages[i]->unit, ES_UNIT_SIDE);
            CU_ASSERT_STRING_EQUAL(messages[i]->unit_id, i ? "R" : "L");
            CU_ASSERT_EQUAL_FATAL(messages[i]->n_findings, 1);
            CU_ASSERT_EQUAL(messages[i]->findings[0].score, i ? 0.75 : 0.25);
        }
    }
}

/* One side told: nothing of the other, whatever absence means, since nobody says that it was imaged. */
static void a_side_that_is_not_named_has_no_answer(void)
{
    struct made root = empty(), all = empty();
    add_text(&root, "HAS CONCEPT MOD", "111001", "Net");
    add_sided_group(&all, BELOW_SITE, true, "0.25");
    end(&root, begin("CONTAINS", "CONTAINER", "126010", "DCM"), all);
    recognise(SIDED, COMPREHENSIVE, "126000", root);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    CU_ASSERT_STRING_EQUAL(messages[0]->unit_id, "L");
}

/* CID 244: (51440002, SCT, "Bilateral"). */
static void what_is_told_of_both_sides_is_told_of_each(void)
{
    struct made root = empty(), all = empty(), group = empty();
    add_text(&root, "HAS CONCEPT MOD", "111001", "Net");
    add_code(&group, "HAS CONCEPT MOD", "272741003", "SCT", "51440002", empty());
    add_number(&group, "122157", "0.75");
    end(&all, begin("CONTAINS", "CONTAINER", "125007", "DCM"), group);
    end(&root, begin("CONTAINS", "CONTAINER", "126010", "DCM"), all);
    recognise(SIDED, COMPREHENSIVE, "126000", root);
    CU_ASSERT_EQUAL_FATAL(count, 2);
    for (size_t i = 0; i < 2; i++) {
        CU_ASSERT_STRING_EQUAL(messages[i]->unit_id, i == 0 ? "L" : "R");
        CU_ASSERT(messages[i]->n_findings == 1 && messages[i]->findings[0].score == 0.75);
    }
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"every_title_of_a_measurement_report_is_read", every_title_of_a_measurement_report_is_read},
        {"enhanced_reports_are_read_by_a_text_rule", enhanced_reports_are_read_by_a_text_rule},
        {"long_reports_and_their_lines_are_read_to_the_end", long_reports_and_their_lines_are_read_to_the_end},
        {"a_side_that_is_told_is_the_unit_of_a_finding_of_sides", a_side_that_is_told_is_the_unit_of_a_finding_of_sides},
        {"a_side_that_is_not_named_has_no_answer", a_side_that_is_not_named_has_no_answer},
        {"what_is_told_of_both_sides_is_told_of_each", what_is_told_of_both_sides_is_told_of_each},
        {NULL, NULL}};
    es_dicom_process_setup(true);
    const int status = es_test_main("recognise_sr", tests, argc, argv);
    es_messages_free(messages, count);
    es_config_free(config);
    return status;
}
