/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/dataset.h"
#include "dicom/seg.h"
#include "plugin/base/json.h"
#include "plugin/recognise/explain.h"
#include "plugin/recognise/recognise.h"
#include "seg_make.h"
#include "testlib.h"

static const char text[] =
    "{\"Models\":[{\"Name\":\"seg\",\"Recognise\":{\"AlgorithmName\":\"SegNet\"},\"Findings\":["
    "{\"Name\":\"liver\",\"Task\":\"segmentation\",\"From\":[{\"Seg\":{\"Property\":\"10200004,SCT\",\"Label\":\"liver\",\"Measure\":\"mask\"}}]},"
    "{\"Name\":\"both\",\"Task\":\"segmentation\",\"From\":[{\"Seg\":{\"Property\":\"10200004,SCT\",\"Measure\":\"mask\",\"Semiautomatic\":\"reference\"}}]},"
    "{\"Name\":\"volume\",\"Task\":\"measurement\",\"From\":[{\"Seg\":{\"Property\":\"10200004,SCT\",\"Measure\":\"volume\",\"Semiautomatic\":\"result\"}}]},"
    "{\"Name\":\"area\",\"Task\":\"measurement\",\"From\":[{\"Seg\":{\"Label\":\"LIVER 2\",\"Measure\":\"area\",\"Scale\":0.01}}]}]},"
    "{\"Name\":\"other\",\"Recognise\":{\"AlgorithmName\":\"Other\"},\"Findings\":["
    "{\"Name\":\"liver\",\"Task\":\"segmentation\",\"From\":[{\"Seg\":{\"Label\":\"Liver\",\"Measure\":\"mask\"}}]}]}]}";

static struct es_config *config;
static struct es_message **messages;
static size_t count;
static char why[200];

/** Two planes of 4 x 8; segment 1 has 3 voxels, segment 2 has 5, of which 1 is shared. */
static const uint8_t voxels[128] = {[0] = 1, [1] = 1, [40] = 1, [64 + 1] = 1, [64 + 2] = 1, [64 + 3] = 1, [64 + 4] = 1, [64 + 5] = 1};

static struct seg_plan plan_of(const char *maker)
{
    const struct seg_plan plan = {.syntax = EXPLICIT_UID, .type = "BINARY", .maker = maker, .exam = 1, .object = 1, .rows = 4, .columns = 8,
                                  .planes = 2, .segments = 2, .bits = 1, .row_spacing = 0.5, .column_spacing = 2, .between = 3, .thickness = 3,
                                  .step = 3, .voxels = voxels, .reader = "Reader^One"};
    return plan;
}

static void recognise(const struct seg_plan *plan)
{
    struct made m = make_seg(plan);
    struct es_facts facts;
    struct es_error err = {0};
    es_messages_free(messages, count);
    messages = NULL;
    count = 0;
    CU_ASSERT_EQUAL_FATAL(es_facts_read(m.p, m.len, &facts, NULL), ES_OK);
    if (es_messages_from_facts(&facts, config, "", false, &messages, &count, why, sizeof why, &err) != ES_OK) CU_FAIL_FATAL("refused");
    es_facts_free(&facts);
    free(m.p);
}

static const struct es_finding *finding(size_t message, const char *name)
{
    for (size_t i = 0; message < count && i < messages[message]->n_findings; i++)
        if (strcmp(messages[message]->findings[i].name, name) == 0) return &messages[message]->findings[i];
    return NULL;
}

static void automatic_segments_are_results(void)
{
    const struct seg_plan plan = plan_of("AUTOMATIC");
    recognise(&plan);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    const struct es_message *m = messages[0];
    CU_ASSERT_EQUAL(m->kind, ES_EVENT_RESULT);
    CU_ASSERT_STRING_EQUAL(m->model_name, "seg");
    CU_ASSERT_STRING_EQUAL(m->model_version, "1.0");
    CU_ASSERT_STRING_EQUAL(m->study_uid, SEG_ROOT ".1.1.1");
    CU_ASSERT_EQUAL_FATAL(m->n_series_refs, 1);
    CU_ASSERT_STRING_EQUAL(m->series_refs[0], SEG_ROOT ".1.2.1");
    CU_ASSERT_EQUAL_FATAL(m->n_image_refs, 2);
    CU_ASSERT_STRING_EQUAL(m->image_refs[1], SEG_ROOT ".1.3.2");
    CU_ASSERT_EQUAL_FATAL(m->n_findings, 4);
    const struct es_finding *liver = finding(0, "liver"), *both = finding(0, "both"), *volume = finding(0, "volume"), *area = finding(0, "area");
    CU_ASSERT_FATAL(liver && both && volume && area);
    CU_ASSERT(liver->mask && liver->voxels && es_mask_voxels(liver->voxels) == 3);
    CU_ASSERT(both->mask && both->voxels && es_mask_voxels(both->voxels) == 7);
    CU_ASSERT(volume->has_value && !volume->mask);
    CU_ASSERT_DOUBLE_EQUAL(volume->value, 8 * 3 / 1000.0, 1e-15);
    CU_ASSERT_STRING_EQUAL(volume->units, "mL");
    CU_ASSERT_DOUBLE_EQUAL(area->value, 5 * 0.01, 1e-15);
    CU_ASSERT_STRING_EQUAL(area->units, "mm2");
}

/* PS3.3 C.7.6.16.2.6: sources in DerivationImageSequence of each frame, and nowhere else; one slice stands in two frames. */
static void sources_of_frames_are_references_too(void)
{
    struct seg_plan plan = plan_of("AUTOMATIC");
    plan.by_frame = true;
    recognise(&plan);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    CU_ASSERT_EQUAL(messages[0]->n_series_refs, 0);
    CU_ASSERT_EQUAL_FATAL(messages[0]->n_image_refs, 2);
    CU_ASSERT_STRING_EQUAL(messages[0]->image_refs[0], SEG_ROOT ".1.3.1");
    CU_ASSERT_STRING_EQUAL(messages[0]->image_refs[1], SEG_ROOT ".1.3.2");
    plan.by_frame = false;
    plan.unnamed = true;
    recognise(&plan);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    CU_ASSERT_EQUAL(messages[0]->n_image_refs, 0);
}

static void manual_segments_are_references_and_need_no_model(void)
{
    struct seg_plan plan = plan_of("MANUAL");
    recognise(&plan);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    const struct es_message *m = messages[0];
    CU_ASSERT_EQUAL(m->kind, ES_EVENT_REFERENCE);
    CU_ASSERT_EQUAL(m->reference_status, ES_REFERENCE_FINAL);
    CU_ASSERT_STRING_EQUAL(m->source, "segmentation");
    CU_ASSERT_STRING_EQUAL(m->labeller, "Reader^One");
    CU_ASSERT_STRING_EQUAL(m->model_name, "");
    CU_ASSERT_EQUAL(m->n_attributes, 0);
    CU_ASSERT_EQUAL(m->n_image_refs, 2);
    CU_ASSERT_EQUAL(m->produced, INT64_C(20513) * 86400000000 + INT64_C(36000000000)); /* 2026-03-01 10:00, as if UTC */
    CU_ASSERT_EQUAL(m->n_findings, 4); /* the liver of both models is one */
    CU_ASSERT_STRING_EQUAL(why, "");
}

static void semiautomatic_segments_are_what_the_rule_says(void)
{
    const struct seg_plan plan = plan_of("SEMIAUTOMATIC");
    recognise(&plan);
    CU_ASSERT_EQUAL_FATAL(count, 2);
    CU_ASSERT_EQUAL(messages[0]->kind, ES_EVENT_REFERENCE);
    CU_ASSERT_EQUAL(messages[0]->n_findings, 1);
    CU_ASSERT_PTR_NOT_NULL(finding(0, "both"));
    CU_ASSERT_EQUAL(messages[1]->kind, ES_EVENT_RESULT);
    CU_ASSERT_EQUAL(messages[1]->n_findings, 1);
    CU_ASSERT_PTR_NOT_NULL(finding(1, "volume"));
}

static void a_segmentation_that_says_nothing_says_why(void)
{
    struct seg_plan plan = plan_of("AUTOMATIC");
    plan.property = "64033007";
    plan.label = "Kidney";
    recognise(&plan);
    CU_ASSERT_EQUAL(count, 0);
    CU_ASSERT_STRING_EQUAL(why, "no rule matched a finding");
    plan.algorithm = "Nobody";
    recognise(&plan);
    CU_ASSERT_STRING_EQUAL(why, "no model recognises it");
    plan = plan_of("AUTOMATIC");
    plan.row_spacing = 0;
    recognise(&plan);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    CU_ASSERT_PTR_NULL(finding(0, "volume"));
    CU_ASSERT_STRING_EQUAL(why, "finding volume: a segment of pixels whose spacing is not said");
    plan = plan_of("MANUAL");
    plan.between = plan.thickness = 0;
    plan.planes = 1;
    recognise(&plan);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    CU_ASSERT_PTR_NULL(finding(0, "volume"));
    CU_ASSERT_STRING_EQUAL(why, "finding volume: a segment on planes whose distance is not said");
}

static void pixels_that_cannot_be_read_are_no_empty_mask(void)
{
    struct seg_plan plan = plan_of("AUTOMATIC");
    plan.type = "SURFACE";
    recognise(&plan);
    CU_ASSERT_EQUAL(count, 0);
    CU_ASSERT_STRING_EQUAL(why, "finding liver: a segment whose pixels cannot be read");
}

static void the_stored_configuration_keeps_the_rule(void)
{
    struct es_config *again = NULL;
    CU_ASSERT_EQUAL_FATAL(es_config_from_documents(&again, config->document, config->plan_document, NULL), ES_OK);
    CU_ASSERT_STRING_EQUAL(again->document, config->document);
    const struct es_from_rule *rule = again->models[0].findings[1].from;
    CU_ASSERT_EQUAL(rule->kind, ES_FROM_SEG);
    CU_ASSERT_EQUAL(rule->measure, ES_MEASURE_MASK);
    CU_ASSERT_EQUAL(rule->semiautomatic, ES_ROLE_REFERENCE);
    CU_ASSERT_STRING_EQUAL(rule->concept.value, "10200004");
    es_config_free(again);
}

/* What a segmentation is to the rules, as one line: matches "number role", then unread "number key". */
static void explain_segments(const char *file, const char *rules, char *out, size_t size)
{
    char model[700], path[128];
    struct es_config *own = NULL;
    struct es_facts facts;
    cJSON *root = NULL;
    const cJSON *rule, *entry;
    int n = 0;
    out[0] = '\0';
    (void)snprintf(model, sizeof model, "{\"Models\":[{\"Name\":\"m\",\"Recognise\":{\"Manufacturer\":\"^\"},\"Findings\":[{\"Name\":\"f\",\"Task\":\"measurement\",\"From\":[%s]}]}]}", rules);
    (void)snprintf(path, sizeof path, "dicom/ai-seg/%s", file);
    CU_ASSERT_EQUAL_FATAL(es_config_parse(&own, model, strlen(model), NULL, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_facts_read_file(es_testdata(path), &facts, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_explain(&root, "file", &facts, own, "", NULL), ES_OK);
    cJSON_ArrayForEach(rule, cJSON_GetObjectItemCaseSensitive(root, "rules")) {
        cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(rule, "matches"))
            n += snprintf(out + n, size - (size_t)n, "%.0f %s;", cJSON_GetObjectItemCaseSensitive(entry, "SegmentNumber")->valuedouble,
                          cJSON_GetObjectItemCaseSensitive(entry, "as")->valuestring);
    }
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(root, "unread")) {
        const cJSON *because = cJSON_GetObjectItemCaseSensitive(entry, "because");
        if (!cJSON_IsArray(because)) continue;
        n += snprintf(out + n, size - (size_t)n, "%.0f unread", cJSON_GetObjectItemCaseSensitive(entry, "SegmentNumber")->valuedouble);
        cJSON_ArrayForEach(rule, because)
            n += snprintf(out + n, size - (size_t)n, " %s", cJSON_GetObjectItemCaseSensitive(rule, "key")->valuestring);
        n += snprintf(out + n, size - (size_t)n, ";");
    }
    cJSON_Delete(root);
    es_facts_free(&facts);
    es_config_free(own);
}

/* seg-pet-tumour.dcm: segment 1, MANUAL, M-80003 of SRT; seg-ct-liver-label.dcm: SEMIAUTOMATIC, T-62000; seg-ct-binary.dcm: AUTOMATIC,
 * 272673000 of SCT (dcmdump). */
static void every_segment_says_what_became_of_it(void)
{
    static const struct { const char *file, *rules, *said; } cases[] = {
        {"seg-pet-tumour.dcm", "{\"Seg\":{\"Property\":\"M-80003,SRT\",\"Measure\":\"volume\"}}", "1 reference;"},
        {"seg-pet-tumour.dcm", "{\"Seg\":{\"Property\":\"1,A\",\"Measure\":\"volume\"}},{\"Seg\":{\"Label\":\"other\",\"Measure\":\"mask\"}}", "1 unread Property Label;"},
        {"seg-ct-liver-label.dcm", "{\"Seg\":{\"Property\":\"T-62000,SRT\",\"Measure\":\"volume\"}}", "1 unread Semiautomatic;"},
        {"seg-ct-liver-label.dcm", "{\"Seg\":{\"Property\":\"T-62000,SRT\",\"Measure\":\"volume\",\"Semiautomatic\":\"reference\"}}", "1 reference;"},
        {"seg-ct-binary.dcm", "{\"SR\":{\"Concept\":\"1,A\"}}", "1 unread;"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char said[400];
        explain_segments(cases[i].file, cases[i].rules, said, sizeof said);
        CU_ASSERT_STRING_EQUAL(said, cases[i].said);
    }
}

/* What keeps a rule that means a segment from reading it: the model did not draw it, or a rule before was enough. */
static void a_rule_that_means_a_segment_says_why_not(void)
{
    char said[400];
    explain_segments("seg-ct-binary.dcm", "{\"Seg\":{\"Property\":\"272673000,SCT\",\"Measure\":\"volume\"}}", said, sizeof said);
    CU_ASSERT_STRING_EQUAL(said, "1 unread Recognise;"); /* the algorithm has no manufacturer */
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"automatic_segments_are_results", automatic_segments_are_results},
        {"every_segment_says_what_became_of_it", every_segment_says_what_became_of_it},
        {"a_rule_that_means_a_segment_says_why_not", a_rule_that_means_a_segment_says_why_not},
        {"sources_of_frames_are_references_too", sources_of_frames_are_references_too},
        {"manual_segments_are_references_and_need_no_model", manual_segments_are_references_and_need_no_model},
        {"semiautomatic_segments_are_what_the_rule_says", semiautomatic_segments_are_what_the_rule_says},
        {"a_segmentation_that_says_nothing_says_why", a_segmentation_that_says_nothing_says_why},
        {"pixels_that_cannot_be_read_are_no_empty_mask", pixels_that_cannot_be_read_are_no_empty_mask},
        {"the_stored_configuration_keeps_the_rule", the_stored_configuration_keeps_the_rule},
        {NULL, NULL}};
    struct es_error err = {0};
    es_dicom_process_setup(true);
    if (es_config_parse(&config, text, sizeof text - 1, NULL, &err) != ES_OK) {
        printf("%s\n", err.text);
        return 1;
    }
    const int status = es_test_main("recognise_seg", tests, argc, argv);
    es_messages_free(messages, count);
    es_config_free(config);
    return status;
}
