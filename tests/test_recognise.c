/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/recognise/recognise.h"
#include "testlib.h"

static struct es_config *config;
static struct es_facts facts; /* big: not on the stack */
static struct es_report_facts report;
static struct es_sr_finding items[16];
static struct es_algorithm algorithms[2];
static char series[1][ES_UID_SIZE] = {"1.2.3.4"};

static const char text[] =
    "{\"Exclude\":[\"identity_removed\"],\"Models\":["
    "{\"Name\":\"net\",\"Recognise\":{\"AlgorithmName\":\"Net\"},\"Findings\":["
    "{\"Name\":\"effusion\",\"From\":[{\"SR\":{\"Concept\":\"122157,DCM\",\"Finding\":\"60046008,SCT\"}}]},"
    "{\"Name\":\"nodule\",\"Combine\":\"max\",\"From\":[{\"SR\":{\"Concept\":\"P,99X\",\"Finding\":\"N,99X\"}},{\"SR\":{\"Concept\":\"P2,99X\"}}]},"
    "{\"Name\":\"avg\",\"Combine\":\"mean\",\"From\":[{\"SR\":{\"Concept\":\"AVG,99X\",\"Modifier\":\"MEAN,99X\"}}]},"
    "{\"Name\":\"raw\",\"From\":[{\"SR\":{\"Concept\":\"RAW,99X\",\"Scale\":0.001}}]},"
    "{\"Name\":\"present\",\"From\":[{\"SR\":{\"Concept\":\"Q,99X\",\"Present\":\"52101004,SCT\",\"Absent\":\"2667000,SCT\"}}]},"
    "{\"Name\":\"lvef\",\"Task\":\"measurement\",\"From\":[{\"SR\":{\"Concept\":\"10230-1,LN\"}}]}]},"
    "{\"Name\":\"quiet\",\"Recognise\":{\"SeriesDescription\":\"^quiet\",\"RemoteAET\":\"QAI\"},\"Findings\":[{\"Name\":\"bleed\",\"AbsenceMeans\":\"negative\","
    "\"From\":[{\"SR\":{\"Concept\":\"B,99X\"}}]}]},"
    "{\"Name\":\"twin\",\"Recognise\":{\"Version\":\"2\"},\"Findings\":[{\"Name\":\"f\"}]}]}";

static void code(struct es_code *out, const char *value, const char *scheme)
{
    (void)snprintf(out->value, sizeof out->value, "%s", value);
    (void)snprintf(out->scheme, sizeof out->scheme, "%s", scheme);
}

static void begin(enum es_object_kind kind)
{
    if (config == NULL) CU_ASSERT_EQUAL_FATAL(es_config_parse(&config, text, sizeof text - 1, NULL, NULL), ES_OK);
    memset(&facts, 0, sizeof facts);
    memset(&report, 0, sizeof report);
    memset(items, 0, sizeof items);
    facts.kind = kind;
    (void)snprintf(facts.identity.study_uid, ES_UID_SIZE, "1.2.3");
    (void)snprintf(facts.identity.series_uid, ES_UID_SIZE, "1.2.3.4");
    (void)snprintf(facts.identity.sop_uid, ES_UID_SIZE, "1.2.3.4.5");
    facts.identity.study_day = 100;
    if (kind != ES_OBJECT_SR) return;
    facts.report = &report;
    report.findings = items;
    report.series = series;
    report.n_series = 1;
    report.produced_us = 77;
    report.algorithm.source = ES_ALGORITHM_TID4019_GROUP;
    (void)snprintf(report.algorithm.name, ES_FACT_VALUE, "NET ");
    (void)snprintf(report.algorithm.version, ES_FACT_VALUE, "1.0;b");
}

static struct es_sr_finding *item(const char *concept, const char *scheme, double number, const char *units)
{
    struct es_sr_finding *i = &items[report.n_findings++];
    i->type = ES_SR_NUM;
    i->has_number = true;
    i->number = number;
    code(&i->concept, concept, scheme);
    code(&i->units, units, "UCUM");
    return i;
}

static struct es_message **messages;
static size_t count;
static char why[120];

static enum es_errc run(const char *aet, bool archive_copy, struct es_error *err)
{
    es_messages_free(messages, count);
    messages = NULL;
    count = 0;
    if (facts.report != NULL && report.n_algorithms == 0) { /* one, unless the test says more */
        algorithms[0] = report.algorithm;
        report.algorithms = algorithms;
        report.n_algorithms = 1;
    }
    return es_messages_from_facts(&facts, config, aet, archive_copy, &messages, &count, why, sizeof why, err);
}

static const struct es_finding *finding(const char *name)
{
    for (size_t i = 0; count > 0 && i < messages[0]->n_findings; i++)
        if (strcmp(messages[0]->findings[i].name, name) == 0) return &messages[0]->findings[i];
    return NULL;
}

static void an_image_is_one_exam_with_the_wanted_attributes(void)
{
    begin(ES_OBJECT_IMAGE);
    facts.attributes[0] = (struct es_fact){.keyword = "PatientSex", .state = ES_ATTRIBUTE_PRESENT, .value = "F"};
    facts.attributes[1] = (struct es_fact){.keyword = "ViewPosition", .state = ES_ATTRIBUTE_PRESENT, .value = "PA"};
    facts.attributes[2] = (struct es_fact){.keyword = "PatientAge", .state = ES_ATTRIBUTE_INVALID, .reason = "no_unit"};
    facts.n_attributes = 3;
    CU_ASSERT_EQUAL_FATAL(run("", false, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    CU_ASSERT_EQUAL(messages[0]->kind, ES_EVENT_EXAM);
    CU_ASSERT_STRING_EQUAL(messages[0]->study_uid, "1.2.3");
    CU_ASSERT_STRING_EQUAL(messages[0]->series_uid, "1.2.3.4");
    CU_ASSERT_STRING_EQUAL(messages[0]->sop_uid, ""); /* no finding's unit is an image */
    CU_ASSERT_EQUAL(messages[0]->study_day, 100);
    CU_ASSERT_EQUAL_FATAL(messages[0]->n_attributes, 2);
    CU_ASSERT_STRING_EQUAL(messages[0]->attributes[0].value, "F");
    CU_ASSERT_EQUAL(messages[0]->attributes[1].state, ES_ATTRIBUTE_INVALID);
    CU_ASSERT_EQUAL(messages[0]->excluded, ES_EXCLUDED_NOT);
    CU_ASSERT_STRING_EQUAL(why, "");
}

static void exclusions_are_kept_with_their_first_reason(void)
{
    begin(ES_OBJECT_IMAGE);
    facts.identity_removed = true;
    CU_ASSERT_EQUAL_FATAL(run("", false, NULL), ES_OK);
    CU_ASSERT_EQUAL(messages[0]->excluded, ES_EXCLUDED_IDENTITY_REMOVED);
    CU_ASSERT_EQUAL_FATAL(run("", true, NULL), ES_OK);
    CU_ASSERT_EQUAL(messages[0]->excluded, ES_EXCLUDED_COPY);
    facts.exclusion = ES_EXCLUDED_PHANTOM;
    CU_ASSERT_EQUAL_FATAL(run("", true, NULL), ES_OK);
    CU_ASSERT_EQUAL(messages[0]->excluded, ES_EXCLUDED_PHANTOM);
    facts.identity.study_uid[0] = '\0';
    struct es_error err = {0};
    CU_ASSERT_EQUAL(run("", false, &err), ES_E_REFUSED);
    CU_ASSERT_STRING_EQUAL(err.text, "StudyInstanceUID: found none, expected one in an image");
}

static void rules_turn_items_into_findings(void)
{
    begin(ES_OBJECT_SR);
    facts.exclusion = ES_EXCLUDED_PHANTOM; /* AI objects are recognised before anything is excluded */
    code(&item("122157", "DCM", 83, "%")->finding, "60046008", "SCT");
    code(&item("122157", "DCM", 0.1, "1")->finding, "other", "SCT");
    code(&item("P", "99X", 0.2, "{probability}")->finding, "N", "99X");
    code(&item("P", "99X", 0.7, "1")->finding, "N", "99X");
    (void)item("P2", "99X", 0.9, "1"); /* the first rule decided */
    struct es_sr_finding *one = item("AVG", "99X", 0.25, "1"), *two = item("AVG", "99X", 0.75, "1"), *three = item("AVG", "99X", 1, "1");
    code(&one->modifiers[0], "MEAN", "99X");
    code(&two->modifiers[1], "MEAN", "99X");
    one->n_modifiers = 1;
    two->n_modifiers = 2;
    code(&three->modifiers[0], "SD", "99X");
    three->n_modifiers = 1;
    (void)item("RAW", "99X", 400, "furlong");
    struct es_sr_finding *present = item("Q", "99X", 0, "");
    present->type = ES_SR_CODE;
    present->has_number = false;
    code(&present->value, "52101004", "SCT");
    (void)item("10230-1", "LN", 54, "%");
    CU_ASSERT_EQUAL_FATAL(run("", false, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    const struct es_message *m = messages[0];
    CU_ASSERT_EQUAL(m->kind, ES_EVENT_RESULT);
    CU_ASSERT_STRING_EQUAL(m->model_name, "net");
    CU_ASSERT_STRING_EQUAL(m->model_version, "1.0;b");
    CU_ASSERT_EQUAL(m->model_rule, ES_ALGORITHM_TID4019_GROUP);
    CU_ASSERT_STRING_EQUAL(m->sop_uid, "1.2.3.4.5");
    CU_ASSERT_EQUAL(m->n_series_refs, 1);
    CU_ASSERT_EQUAL(m->produced, 77);
    CU_ASSERT_EQUAL_FATAL(m->n_findings, 6);
    CU_ASSERT_DOUBLE_EQUAL(finding("effusion")->score, 0.83, 0); /* 83 % is exactly 0.83 */
    CU_ASSERT_DOUBLE_EQUAL(finding("nodule")->score, 0.7, 0);
    CU_ASSERT_DOUBLE_EQUAL(finding("avg")->score, 0.5, 0);
    CU_ASSERT_DOUBLE_EQUAL(finding("raw")->score, 0.4, 1e-15);
    CU_ASSERT_TRUE(finding("present")->has_decision && finding("present")->decision);
    CU_ASSERT_TRUE(finding("lvef")->has_value && !finding("lvef")->has_score);
    CU_ASSERT_DOUBLE_EQUAL(finding("lvef")->value, 54, 0);
    CU_ASSERT_STRING_EQUAL(finding("lvef")->units, "%");
    CU_ASSERT_STRING_EQUAL(why, "");
}

static void what_cannot_be_used_is_named_and_left_out(void)
{
    static const struct { const char *concept, *scheme; double number; const char *units, *why; bool has, is_code; } cases[] = {
        {"122157", "DCM", 1.7, "1", "finding effusion: a number outside 0..1", true, false},
        {"122157", "DCM", -0.1, "", "finding effusion: a number outside 0..1", true, false},
        {"122157", "DCM", 0.5, "mm", "finding effusion: a unit that is no probability; give the rule a Scale", true, false},
        {"122157", "DCM", 0.5, "1", "finding effusion: an item without a number", false, false},
        {"Q", "99X", 0, "", "finding present: a code that is neither Present nor Absent", false, true},
        {"nothing", "99X", 0.5, "1", "no rule matched a finding", true, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin(ES_OBJECT_SR);
        struct es_sr_finding *it = item(cases[i].concept, cases[i].scheme, cases[i].number, cases[i].units);
        it->has_number = cases[i].has;
        if (cases[i].is_code) it->type = ES_SR_CODE;
        code(&it->finding, "60046008", "SCT");
        CU_ASSERT_EQUAL_FATAL(run("", false, NULL), ES_OK);
        CU_ASSERT_EQUAL(count, 0);
        CU_ASSERT_PTR_NULL(messages);
        CU_ASSERT_STRING_EQUAL(why, cases[i].why);
    }
}

static void silence_is_a_result_where_the_configuration_says_so(void)
{
    begin(ES_OBJECT_SR);
    (void)snprintf(report.algorithm.name, ES_FACT_VALUE, "something");
    (void)snprintf(report.algorithm.series_description, ES_FACT_VALUE, "quiet v3");
    CU_ASSERT_EQUAL_FATAL(run("OTHER", false, NULL), ES_OK);
    CU_ASSERT_EQUAL(count, 0);
    CU_ASSERT_STRING_EQUAL(why, "no model recognises it");
    CU_ASSERT_EQUAL_FATAL(run("QAI", false, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    CU_ASSERT_STRING_EQUAL(messages[0]->model_name, "quiet");
    CU_ASSERT_EQUAL(messages[0]->n_findings, 0);
}

static void objects_that_say_nothing_say_why(void)
{
    static const struct { enum es_object_kind kind; const char *why; } cases[] = {
        {ES_OBJECT_DIRECTORY, "a directory, no image"}, {ES_OBJECT_OTHER, "neither an image nor a result"}, {ES_OBJECT_RESULT, "no model recognises it"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin(cases[i].kind);
        CU_ASSERT_EQUAL_FATAL(run("", false, NULL), ES_OK);
        CU_ASSERT_EQUAL(count, 0);
        CU_ASSERT_STRING_EQUAL(why, cases[i].why);
    }
    begin(ES_OBJECT_RESULT);
    facts.algorithm.source = ES_ALGORITHM_SEGMENT;
    (void)snprintf(facts.algorithm.name, ES_FACT_VALUE, "Net");
    CU_ASSERT_EQUAL_FATAL(run("", false, NULL), ES_OK);
    CU_ASSERT_STRING_EQUAL(why, "recognised, but its content could not be read");
}

static void two_models_for_one_object_are_refused(void)
{
    begin(ES_OBJECT_SR);
    (void)snprintf(report.algorithm.version, ES_FACT_VALUE, "2");
    struct es_error err = {0};
    CU_ASSERT_EQUAL(run("", false, &err), ES_E_REFUSED);
    CU_ASSERT_STRING_EQUAL(err.text, "object: found that models net and twin both recognise it, expected one");
    CU_ASSERT_EQUAL(count, 0);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"an_image_is_one_exam_with_the_wanted_attributes", an_image_is_one_exam_with_the_wanted_attributes},
        {"exclusions_are_kept_with_their_first_reason", exclusions_are_kept_with_their_first_reason},
        {"rules_turn_items_into_findings", rules_turn_items_into_findings},
        {"what_cannot_be_used_is_named_and_left_out", what_cannot_be_used_is_named_and_left_out},
        {"silence_is_a_result_where_the_configuration_says_so", silence_is_a_result_where_the_configuration_says_so},
        {"objects_that_say_nothing_say_why", objects_that_say_nothing_say_why},
        {"two_models_for_one_object_are_refused", two_models_for_one_object_are_refused},
        {NULL, NULL}};
    const int status = es_test_main("recognise", tests, argc, argv);
    es_messages_free(messages, count);
    es_config_free(config);
    return status;
}
