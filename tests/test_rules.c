/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of "From" over facts filled by hand, and what evensight facts --explain says of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/dataset.h"
#include "plugin/base/json.h"
#include "plugin/recognise/explain.h"
#include "plugin/recognise/internal.h"
#include "testlib.h"

static struct es_config *config;
static struct es_facts facts; /* big: not on the stack */
static struct es_report_facts report;
static struct es_algorithm algorithms[3];
static struct es_sr_finding items[4];
static struct es_report_text texts[2];
static struct es_tag_value values[2];
static struct es_message **messages;
static size_t count;
static char why[160];

/* A report under these models (a list in JSON), nothing in it yet, of one algorithm "Net" 1.0. */
static void begin(const char *models)
{
    char text[4000];
    struct es_error err = {0};
    es_config_free(config);
    config = NULL;
    (void)snprintf(text, sizeof text, "{\"Models\":[%s]}", models);
    if (es_config_parse(&config, text, strlen(text), NULL, &err) != ES_OK) printf("    %s\n", err.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    memset(&facts, 0, sizeof facts);
    memset(&report, 0, sizeof report);
    memset(items, 0, sizeof items);
    memset(algorithms, 0, sizeof algorithms);
    facts.kind = ES_OBJECT_SR;
    facts.form = ES_FORM_REPORT;
    facts.report = &report;
    (void)snprintf(facts.identity.study_uid, ES_UID_SIZE, "1.2.3");
    report.algorithms = algorithms;
    report.n_algorithms = 1;
    algorithms[0].source = ES_ALGORITHM_TID4019_CONTAINER;
    (void)snprintf(algorithms[0].name, ES_FACT_VALUE, "Net");
    (void)snprintf(algorithms[0].version, ES_FACT_VALUE, "1.0");
    report.findings = items;
    report.texts = texts;
    report.values = values;
}

static void code(struct es_code *out, const char *value, const char *scheme)
{
    (void)snprintf(out->value, sizeof out->value, "%s", value);
    (void)snprintf(out->scheme, sizeof out->scheme, "%s", scheme);
}

static struct es_sr_finding *number(const char *concept, double value)
{
    struct es_sr_finding *f = &items[report.n_findings++];
    f->type = ES_SR_NUM;
    f->has_number = true;
    f->number = value;
    code(&f->concept, concept, "DCM");
    return f;
}

static enum es_errc run(struct es_error *err)
{
    es_messages_free(messages, count);
    messages = NULL;
    count = 0;
    return es_messages_from_facts(&facts, config, "SENDER", false, &messages, &count, why, sizeof why, err);
}

#define NET(rest) "{\"Name\":\"net\",\"Recognise\":{\"AlgorithmName\":\"Net\"}," rest "}"
#define ONE(rule, options) NET("\"Findings\":[{\"Name\":\"f\"" options ",\"From\":[" rule "]}]")

static void every_key_of_recognise_is_asked(void)
{
    static const struct { struct es_recognise r; const char *refusal; } cases[] = {
        {{.algorithm_name = "net "}, NULL},           {{.algorithm_name = "Other"}, "AlgorithmName"},
        {{.version = "1.0"}, NULL},                   {{.version = "2"}, "Version"},
        {{.manufacturer = "MAKER"}, NULL},            {{.manufacturer = "X"}, "Manufacturer"},
        {{.device_uid = "1.2"}, NULL},                {{.device_uid = "1.3"}, "DeviceUID"},
        {{.remote_aet = "sender"}, NULL},             {{.remote_aet = "X"}, "RemoteAET"},
        {{.series_description = "^AI"}, NULL},        {{.series_description = "^X"}, "SeriesDescription"},
        {{.algorithm_name = "Net", .version = "2"}, "Version"}, {{.version = ""}, ""}};
    const struct es_algorithm a = {.name = "Net", .version = "1.0", .manufacturer = "Maker", .device_uid = "1.2", .series_description = "AI results"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *found = es_recognise_refusal(&cases[i].r, &a, "SENDER");
        CU_ASSERT((found == NULL) == (cases[i].refusal == NULL));
        if (found != NULL && cases[i].refusal != NULL) CU_ASSERT_STRING_EQUAL(found, cases[i].refusal);
    }
}

static void several_algorithms_of_one_report_are_several_results(void)
{
    begin(ONE("{\"SR\":{\"Concept\":\"1,DCM\"}}", "") ",{\"Name\":\"cad\",\"Recognise\":{\"AlgorithmName\":\"CAD\"},\"Findings\":[{\"Name\":\"f\","
          "\"From\":[{\"SR\":{\"Concept\":\"1,DCM\"}}]}]}");
    report.n_algorithms = 3;
    algorithms[1] = algorithms[2] = algorithms[0];
    (void)snprintf(algorithms[1].name, ES_FACT_VALUE, "CAD");
    (void)snprintf(algorithms[2].version, ES_FACT_VALUE, "2.0");
    for (uint32_t i = 0; i < 3; i++) number("1", 0.1 * (i + 1))->algorithm = i;
    CU_ASSERT_EQUAL_FATAL(run(NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(count, 3);
    static const char *const models[] = {"net", "cad", "net"}, *const versions[] = {"1.0", "1.0", "2.0"};
    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT_STRING_EQUAL(messages[i]->model_name, models[i]);
        CU_ASSERT_STRING_EQUAL(messages[i]->model_version, versions[i]);
        CU_ASSERT_EQUAL_FATAL(messages[i]->n_findings, 1);
        CU_ASSERT_DOUBLE_EQUAL(messages[i]->findings[0].score, 0.1 * (double)(i + 1), 1e-15);
    }
}

/* What a CAD report says of itself: result, failure or rejection. */
static void cad_summaries_decide(void)
{
    static const struct { enum es_cad_summary cad; bool finding; enum es_event_kind kind; enum es_result_status status; const char *reason; } cases[] = {
        {ES_CAD_WITHOUT, false, ES_EVENT_RESULT, ES_RESULT_OK, ""},
        {ES_CAD_WITH, true, ES_EVENT_RESULT, ES_RESULT_OK, ""},
        {ES_CAD_PARTLY_WITH, true, ES_EVENT_RESULT, ES_RESULT_OK, ""},
        {ES_CAD_PARTLY_WITHOUT, false, ES_EVENT_FAILURE, ES_RESULT_FAILED, "cad_not_all_succeeded"},
        {ES_CAD_FAILED, false, ES_EVENT_FAILURE, ES_RESULT_FAILED, "cad_none_succeeded"},
        {ES_CAD_NOT_ATTEMPTED, false, ES_EVENT_FAILURE, ES_RESULT_REJECTED, "cad_not_attempted"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin(NET("\"Findings\":[{\"Name\":\"f\",\"AbsenceMeans\":\"negative\",\"From\":[{\"SR\":{\"Concept\":\"1,DCM\"}}]},"
                  "{\"Name\":\"g\",\"AbsenceMeans\":\"negative\",\"From\":[{\"SR\":{\"Concept\":\"2,DCM\"}}]}]"));
        facts.form = ES_FORM_CAD;
        report.cad = cases[i].cad;
        if (cases[i].finding) (void)number("1", 0.5);
        CU_ASSERT_EQUAL_FATAL(run(NULL), ES_OK);
        CU_ASSERT_EQUAL_FATAL(count, 1);
        CU_ASSERT_EQUAL(messages[0]->kind, cases[i].kind);
        CU_ASSERT_EQUAL(messages[0]->result_status, cases[i].status);
        CU_ASSERT_STRING_EQUAL(messages[0]->reason, cases[i].reason);
        /* what a partly failed analysis does not mention is no "no" */
        CU_ASSERT_EQUAL(messages[0]->n_findings, cases[i].cad == ES_CAD_PARTLY_WITH ? 2u : cases[i].finding);
    }
    CU_ASSERT_EQUAL(messages[0]->n_attributes, 0);
    begin(ONE("{\"SR\":{\"Concept\":\"1,DCM\"}}", ""));
    report.failed_algorithms = 1;
    CU_ASSERT_EQUAL_FATAL(run(NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    CU_ASSERT_STRING_EQUAL(messages[0]->reason, "cad_failed");
}

static void what_cannot_be_used_is_no_silence(void)
{
    begin(ONE("{\"SR\":{\"Concept\":\"1,DCM\"}}", ",\"AbsenceMeans\":\"negative\""));
    number("1", 0)->has_number = false;
    CU_ASSERT_EQUAL_FATAL(run(NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    CU_ASSERT_EQUAL_FATAL(messages[0]->n_findings, 1);
    const struct es_finding *f = &messages[0]->findings[0];
    CU_ASSERT_FALSE(f->has_score || f->has_decision || f->has_value);
    CU_ASSERT_STRING_EQUAL(why, "finding f: an item without a number");
}

static void only_what_is_presented_counts(void)
{
    static const struct { const char *rule; enum es_rendering_intent intent; bool found; } cases[] = {
        {"{\"SR\":{\"Concept\":\"111059,DCM\",\"Any\":true}}", ES_INTENT_REQUIRED, true},
        {"{\"SR\":{\"Concept\":\"111059,DCM\",\"Any\":true}}", ES_INTENT_OPTIONAL, true},
        {"{\"SR\":{\"Concept\":\"111059,DCM\",\"Any\":true}}", ES_INTENT_HIDDEN, false},
        {"{\"SR\":{\"Concept\":\"111059,DCM\",\"Any\":true,\"Intent\":\"presented\"}}", ES_INTENT_HIDDEN, false},
        {"{\"SR\":{\"Concept\":\"111059,DCM\",\"Any\":true,\"Intent\":\"all\"}}", ES_INTENT_HIDDEN, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char model[300];
        (void)snprintf(model, sizeof model, ONE("%s", ""), cases[i].rule);
        begin(model);
        struct es_sr_finding *f = number("111059", 0);
        f->type = ES_SR_CODE;
        f->intent = cases[i].intent;
        CU_ASSERT_EQUAL_FATAL(run(NULL), ES_OK);
        CU_ASSERT_EQUAL(count, cases[i].found);
        if (count == 1) CU_ASSERT(messages[0]->findings[0].has_decision && messages[0]->findings[0].decision);
    }
}

/* One text under one rule of a tag; "-": no message and no words, "!...": left out, and why. */
static void tags_are_read_by_their_rules(void)
{
    static const struct { const char *options, *task, *text, *expected; } cases[] = {
        {"", "binary", "0.83", "score 0.83"},
        {"", "binary", "83%", "score 0.83"},
        {",\"Scale\":0.01", "binary", "83", "score 0.83"},
        {"", "binary", "83", "!a number outside 0..1"},
        {"", "binary", "high", "!a text that is no number"},
        {"", "measurement", "12.5", "value 12.5"},
        {",\"Number\":\"p=([0-9.]+)\"", "binary", "q=3 p=0.25", "score 0.25"},
        {",\"Number\":\"p=([0-9.]+)\"", "binary", "q=3", "-"},
        {",\"Number\":\"0\\\\.[0-9]+\"", "binary", "about 0.5 or so", "score 0.5"},
        {",\"Present\":\"^pos\"", "binary", "positive", "decision 1"},
        {",\"Present\":\"^pos\"", "binary", "negative", "-"},
        {",\"Present\":\"^pos\",\"Absent\":\"^neg\"", "binary", "negative", "decision 0"},
        {",\"Present\":\"^pos\",\"Absent\":\"^neg\"", "binary", "maybe", "!a text that is neither Present nor Absent"},
        {",\"JSON\":\"$.a.b\"", "binary", "{\"a\":{\"b\":0.4}}", "score 0.4"},
        {",\"JSON\":\"$.a.b\"", "binary", "{\"a\":{\"b\":true}}", "decision 1"},
        {",\"JSON\":\"$.a.b\"", "binary", "{\"a\":{\"b\":\"0.7\"}}", "score 0.7"},
        {",\"JSON\":\"$.a.b\"", "binary", "{\"a\":{\"b\":[1]}}", "!JSON at that path that is no number, text, true or false"},
        {",\"JSON\":\"$.a.b\"", "binary", "{\"a\":{}}", "-"},
        {",\"JSON\":\"$.a.b\"", "binary", "{", "!a value that is no JSON"},
        {",\"JSON\":\"$.s\",\"Present\":\"yes\",\"Absent\":\"no\"", "binary", "{\"s\":\"no\"}", "decision 0"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char model[600], found[200] = "-", text[80];
        (void)snprintf(model, sizeof model, ONE("{\"PrivateTag\":{\"Creator\":\"MAKER 1\",\"Tag\":\"0029,xx10\"%s}}", ",\"Task\":\"%s\""), cases[i].task,
                       cases[i].options);
        begin(model);
        (void)snprintf(text, sizeof text, "%s", cases[i].text);
        report.n_values = 2;
        values[0] = (struct es_tag_value){.path = {0x00290010}, .depth = 1, .vr = "LO", .creator = "MAKER 1", .text = text};
        values[1] = (struct es_tag_value){.path = {0x00290010}, .depth = 1, .vr = "LO", .creator = "OTHER", .text = text};
        CU_ASSERT_EQUAL_FATAL(run(NULL), ES_OK);
        if (count == 1) {
            const struct es_finding *f = &messages[0]->findings[0];
            if (f->has_decision) (void)snprintf(found, sizeof found, "decision %d", f->decision);
            else (void)snprintf(found, sizeof found, "%s %.15g", f->has_score ? "score" : "value", f->has_score ? f->score : f->value);
        } else if (strncmp(why, "finding f: ", 11) == 0) {
            (void)snprintf(found, sizeof found, "!%s", why + 11);
        } else {
            CU_ASSERT_STRING_EQUAL(why, "no rule matched a finding");
        }
        if (strcmp(found, cases[i].expected) != 0) printf("    case %zu: %s\n", i, found);
        CU_ASSERT_STRING_EQUAL(found, cases[i].expected);
    }
}

static void texts_are_read_as_a_person_would(void)
{
    static const struct { const char *text, *concept, *expected; } cases[] = {
        {"Pneumothorax on the left.", "121071", "decision 1"},
        {"No pneumothorax.", "121071", "decision 0"},
        {"Heart is normal.", "121071", "no rule matched a finding"},
        {"Possible pneumothorax.", "121071", "finding f: a text that says yes and no, or perhaps"},
        {"Pneumothorax on the left.", "121070", "no rule matched a finding"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[80], found[200];
        begin(ONE("{\"Text\":{\"Concept\":\"121071,DCM\",\"Present\":\"pneumothorax\"}}", ""));
        (void)snprintf(text, sizeof text, "%s", cases[i].text);
        texts[0] = (struct es_report_text){.text = text};
        code(&texts[0].concept, cases[i].concept, "DCM");
        report.n_texts = 1;
        CU_ASSERT_EQUAL_FATAL(run(NULL), ES_OK);
        if (count == 1) (void)snprintf(found, sizeof found, "decision %d", messages[0]->findings[0].decision);
        else (void)snprintf(found, sizeof found, "%s", why);
        CU_ASSERT_STRING_EQUAL(found, cases[i].expected);
    }
}

/* Of several texts yes stands above perhaps, and perhaps above no (narrative.h: doubt without yes is no answer). */
static void doubt_in_one_text_is_no_denial_in_another(void)
{
    static const struct { const char *first, *second, *expected; } cases[] = {
        {"Possible pneumothorax.", "No pneumothorax.", "finding f: a text that says yes and no, or perhaps"},
        {"No pneumothorax.", "Possible pneumothorax.", "finding f: a text that says yes and no, or perhaps"},
        {"Possible pneumothorax.", "Large pneumothorax.", "decision 1"},
        {"No pneumothorax.", "Large pneumothorax.", "decision 1"},
        {"No pneumothorax.", "Heart is normal.", "decision 0"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[2][80], found[200];
        begin(ONE("{\"Text\":{\"Concept\":\"121071,DCM\",\"Present\":\"pneumothorax\"}}", ""));
        for (size_t k = 0; k < 2; k++) {
            (void)snprintf(text[k], sizeof text[k], "%s", k == 0 ? cases[i].first : cases[i].second);
            texts[k] = (struct es_report_text){.text = text[k]};
            code(&texts[k].concept, "121071", "DCM");
        }
        report.n_texts = 2;
        CU_ASSERT_EQUAL_FATAL(run(NULL), ES_OK);
        if (count == 1) (void)snprintf(found, sizeof found, "decision %d", messages[0]->findings[0].decision);
        else (void)snprintf(found, sizeof found, "%s", why);
        CU_ASSERT_STRING_EQUAL(found, cases[i].expected);
    }
}

static void what_a_person_states_is_a_reference(void)
{
    static const struct { bool human; enum es_algorithm_source source; enum es_event_kind kind; } cases[] = {
        {true, ES_ALGORITHM_EQUIPMENT, ES_EVENT_REFERENCE},       {true, ES_ALGORITHM_NONE, ES_EVENT_REFERENCE},
        {true, ES_ALGORITHM_TID4019_GROUP, ES_EVENT_RESULT},      {false, ES_ALGORITHM_EQUIPMENT, ES_EVENT_RESULT},
        {true, ES_ALGORITHM_CONTRIBUTING_EQUIPMENT, ES_EVENT_RESULT}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin("{\"Name\":\"net\",\"Recognise\":{\"RemoteAET\":\"SENDER\"},\"Findings\":["
              "{\"Name\":\"f\",\"From\":[{\"SR\":{\"Concept\":\"1,DCM\",\"Present\":\"52101004,SCT\",\"Absent\":\"2667000,SCT\"}}]},"
              "{\"Name\":\"size\",\"Task\":\"measurement\",\"From\":[{\"SR\":{\"Concept\":\"2,DCM\"}}]},"
              "{\"Name\":\"p\",\"From\":[{\"SR\":{\"Concept\":\"3,DCM\"}}]}]}");
        report.human_observer = cases[i].human;
        report.complete = i != 1; /* PS3.3 C.17.2: PARTIAL is not final */
        algorithms[0].source = cases[i].source;
        struct es_sr_finding *f = number("1", 0);
        f->type = ES_SR_CODE;
        code(&f->value, "52101004", "SCT");
        (void)number("2", 6.5);
        (void)number("3", 0.9);
        CU_ASSERT_EQUAL_FATAL(run(NULL), ES_OK);
        CU_ASSERT_EQUAL_FATAL(count, 1);
        CU_ASSERT_EQUAL(messages[0]->kind, cases[i].kind);
        const bool reference = cases[i].kind == ES_EVENT_REFERENCE;
        CU_ASSERT_EQUAL_FATAL(messages[0]->n_findings, reference ? 2 : 3);
        CU_ASSERT_EQUAL(messages[0]->findings[0].has_label, reference);
        CU_ASSERT_EQUAL(messages[0]->findings[0].has_decision, !reference);
        CU_ASSERT(messages[0]->findings[1].has_value && messages[0]->findings[1].value == 6.5);
        CU_ASSERT_STRING_EQUAL(why, reference ? "finding p: a score in a person's report, which is no reference" : "");
        if (!reference) continue;
        CU_ASSERT_EQUAL(messages[0]->findings[0].label, 1);
        CU_ASSERT_EQUAL(messages[0]->reference_status, i != 1 ? ES_REFERENCE_FINAL : ES_REFERENCE_PRELIMINARY);
        CU_ASSERT_STRING_EQUAL(messages[0]->source, "structured-report");
        CU_ASSERT_STRING_EQUAL(messages[0]->model_name, "");
    }
}

static void an_object_can_say_that_it_failed(void)
{
    char text[40];
    begin(NET("\"FailedWhen\":[{\"Tag\":{\"Tag\":\"0070,0081\",\"Present\":\"^ERROR\"}}],\"Findings\":[{\"Name\":\"f\",\"From\":[{\"SR\":{\"Concept\":\"1,DCM\"}}]}]"));
    (void)number("1", 0.5);
    values[0] = (struct es_tag_value){.path = {0x00700081}, .depth = 1, .vr = "LO", .text = text};
    report.n_values = 1;
    (void)snprintf(text, sizeof text, "OK");
    CU_ASSERT_EQUAL_FATAL(run(NULL), ES_OK);
    CU_ASSERT_EQUAL(messages[0]->kind, ES_EVENT_RESULT);
    CU_ASSERT_STRING_EQUAL(why, "");
    (void)snprintf(text, sizeof text, "ERROR 7");
    CU_ASSERT_EQUAL_FATAL(run(NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    CU_ASSERT_EQUAL(messages[0]->kind, ES_EVENT_FAILURE);
    CU_ASSERT_STRING_EQUAL(messages[0]->reason, "failed_when");
}

static void the_version_is_read_where_it_stands(void)
{
    static const struct { const char *options, *text, *version; } cases[] = {
        {"", "3.1", "3.1"},
        {"", "", "1.0"}, /* nothing there: the algorithm's */
        {",\"Number\":\"v([0-9.]+)\"", "build v3.2 of May", "3.2"},
        {",\"Number\":\"v([0-9.]+)\"", "build of May", "1.0"},
        {",\"JSON\":\"$.model.version\"", "{\"model\":{\"version\":\"4\"}}", "4"},
        {",\"JSON\":\"$.model.version\"", "{\"model\":{\"version\":4.5}}", "4.5"},
        {",\"JSON\":\"$.model.version\"", "{\"model\":{}}", "1.0"},
        {",\"JSON\":\"$.model.version\"", "no JSON", "1.0"},
        {"", "0123456789012345678901234567890123456789012345678901234567890123456789", "1.0"}}; /* cut it would be another */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char model[500], text[80];
        (void)snprintf(model, sizeof model,
                       NET("\"VersionFrom\":[{\"PrivateTag\":{\"Creator\":\"C\",\"Tag\":\"0029,xx11\"%s}}],\"Findings\":[{\"Name\":\"f\",\"From\":[{\"SR\":{\"Concept\":\"1,DCM\"}}]}]"),
                       cases[i].options);
        begin(model);
        (void)number("1", 0.5);
        (void)snprintf(text, sizeof text, "%s", cases[i].text);
        values[0] = (struct es_tag_value){.path = {0x00290011}, .depth = 1, .vr = "LO", .creator = "C", .text = text};
        report.n_values = 1;
        CU_ASSERT_EQUAL_FATAL(run(NULL), ES_OK);
        CU_ASSERT_EQUAL_FATAL(count, 1);
        CU_ASSERT_STRING_EQUAL(messages[0]->model_version, cases[i].version);
        CU_ASSERT_PTR_NOT_NULL(strstr(config->document, "\"VersionFrom\":[{\"PrivateTag\":{\"Creator\":\"C\""));
    }
}

/* Written by hand: sorted keys, tags in capitals, what is not given left out. */
static void documents_carry_every_rule(void)
{
    static const struct { const char *rule, *document; } cases[] = {
        {"{\"SR\":{\"Concept\":\"1,A\",\"Any\":true,\"Intent\":\"all\"}}", "{\"SR\":{\"Any\":true,\"Concept\":\"1,A\",\"Intent\":\"all\"}}"},
        {"{\"SR\":{\"Concept\":\"1,A\",\"Intent\":\"presented\",\"Any\":false}}", "{\"SR\":{\"Concept\":\"1,A\"}}"},
        {"{\"Tag\":{\"Tag\":\"0070,0001/0070,000a\",\"Scale\":2}}", "{\"Tag\":{\"Scale\":2,\"Tag\":\"0070,0001/0070,000A\"}}"},
        {"{\"PrivateTag\":{\"Creator\":\"C\",\"Tag\":\"0029,1020\",\"JSON\":\"$.a\"}}", "{\"PrivateTag\":{\"Creator\":\"C\",\"JSON\":\"$.a\",\"Tag\":\"0029,xx20\"}}"},
        {"{\"Text\":{\"Present\":\"p\",\"Absent\":\"a\"}}", "{\"Text\":{\"Absent\":\"a\",\"Present\":\"p\"}}"},
        {"{\"Text\":{\"Concept\":\"1,A\",\"Number\":\"(1)\"}}", "{\"Text\":{\"Concept\":\"1,A\",\"Number\":\"(1)\"}}"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char model[500], from[300], failed[300];
        struct es_config *again = NULL;
        (void)snprintf(model, sizeof model, NET("\"FailedWhen\":[%s],\"Findings\":[{\"Name\":\"f\",\"From\":[%s]}]"), cases[i].rule, cases[i].rule);
        begin(model);
        (void)snprintf(from, sizeof from, "\"From\":[%s]", cases[i].document);
        (void)snprintf(failed, sizeof failed, "\"FailedWhen\":[%s]", cases[i].document);
        CU_ASSERT_PTR_NOT_NULL(strstr(config->document, from));
        CU_ASSERT_PTR_NOT_NULL(strstr(config->document, failed));
        CU_ASSERT_EQUAL_FATAL(es_config_from_documents(&again, config->document, config->plan_document, NULL), ES_OK);
        CU_ASSERT_STRING_EQUAL(again->document, config->document);
        es_config_free(again);
    }
}

/* A rule that is offered for what was left unread parses, and reads it. */
static void offered_rules_read_what_was_unread(void)
{
    static const char *const files[] = {"made/sr-probability.dcm", "made/cad-mammography.dcm", "ai-sr/sr-tid1500-four-groups.dcm"};
    size_t offered = 0;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[128];
        cJSON *before = NULL, *after = NULL;
        (void)snprintf(path, sizeof path, "dicom/%s", files[i]);
        begin("{\"Name\":\"m\",\"Recognise\":{\"SeriesDescription\":\"^\"},\"Findings\":[{\"Name\":\"f\"}]}");
        CU_ASSERT_EQUAL_FATAL(es_facts_read_file(es_testdata(path), &facts, NULL), ES_OK);
        CU_ASSERT_EQUAL_FATAL(es_explain(&before, "file", &facts, config, "", NULL), ES_OK);
        const cJSON *entry;
        cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(before, "unread")) {
            char text[2000], *rule = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(entry, "rule"));
            if (rule == NULL) continue; /* outside any group */
            const double expected = cJSON_GetObjectItemCaseSensitive(entry, "count")->valuedouble;
            (void)snprintf(text, sizeof text,
                           "{\"Models\":[{\"Name\":\"m\",\"Recognise\":{\"SeriesDescription\":\"^\"},\"Findings\":[{\"Name\":\"f\",\"Task\":\"measurement\",\"From\":[%s]}]}]}", rule);
            es_config_free(config);
            CU_ASSERT_EQUAL_FATAL(es_config_parse(&config, text, strlen(text), NULL, NULL), ES_OK);
            CU_ASSERT_EQUAL_FATAL(es_explain(&after, "file", &facts, config, "", NULL), ES_OK);
            double used = 0;
            const cJSON *done;
            cJSON_ArrayForEach(done, cJSON_GetObjectItemCaseSensitive(after, "rules"))
                used += cJSON_GetObjectItemCaseSensitive(done, "used")->valuedouble;
            CU_ASSERT(used >= expected);
            cJSON_free(rule);
            cJSON_Delete(after);
            offered++;
        }
        cJSON_Delete(before);
        es_facts_free(&facts);
    }
    CU_ASSERT_EQUAL(offered, 18); /* by eye: six kinds in each */
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"every_key_of_recognise_is_asked", every_key_of_recognise_is_asked},
        {"several_algorithms_of_one_report_are_several_results", several_algorithms_of_one_report_are_several_results},
        {"cad_summaries_decide", cad_summaries_decide},
        {"what_cannot_be_used_is_no_silence", what_cannot_be_used_is_no_silence},
        {"only_what_is_presented_counts", only_what_is_presented_counts},
        {"tags_are_read_by_their_rules", tags_are_read_by_their_rules},
        {"texts_are_read_as_a_person_would", texts_are_read_as_a_person_would},
        {"doubt_in_one_text_is_no_denial_in_another", doubt_in_one_text_is_no_denial_in_another},
        {"what_a_person_states_is_a_reference", what_a_person_states_is_a_reference},
        {"an_object_can_say_that_it_failed", an_object_can_say_that_it_failed},
        {"the_version_is_read_where_it_stands", the_version_is_read_where_it_stands},
        {"documents_carry_every_rule", documents_carry_every_rule},
        {"offered_rules_read_what_was_unread", offered_rules_read_what_was_unread},
        {NULL, NULL}};
    es_dicom_process_setup(true);
    const int status = es_test_main("rules", tests, argc, argv);
    es_messages_free(messages, count);
    es_config_free(config);
    return status;
}
