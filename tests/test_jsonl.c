/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugin/base/hash.h"
#include "plugin/intake/jsonl.h"
#include "testlib.h"

static struct es_message message; /* big: not on the stack */

static void read_line(const char *line)
{
    struct es_error err = {0};
    const enum es_errc code = es_message_from_json(&message, line, strlen(line), &err);
    if (code != ES_OK) printf("    %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(code, ES_OK);
}

static const struct es_message_attribute *attribute(const char *keyword)
{
    for (size_t i = 0; i < message.n_attributes; i++)
        if (strcmp(message.attributes[i].keyword, keyword) == 0) return &message.attributes[i];
    return NULL;
}

static const char exam_line[] =
    "{\"event\":\"exam\",\"study_uid\":\"1.2\",\"series_uid\":\"1.2.3\",\"accession\":\"A1\",\"accession_issuer\":\"H\",\"patient_id\":\"P1\","
    "\"patient_issuer\":\"H\",\"study_date\":\"20260301\",\"demographics\":{\"PatientSex\":\"F\",\"PatientAge\":\"084Y\",\"EthnicGroup\":null},"
    "\"acquisition\":{\"Modality\":\"DX\",\"Manufacturer\":\"\",\"ViewPosition\":\"PA\"}}";
static const char result_line[] =
    "{\"event\":\"result\",\"study_uid\":\"1.2\",\"sop_uid\":\"1.2.9\",\"unit\":{\"type\":\"exam\"},\"model\":{\"name\":\"chexnet\",\"version\":\"1.0\"},"
    "\"produced\":\"2026-03-01T10:02:11Z\",\"status\":\"ok\",\"findings\":[{\"finding\":\"effusion\",\"score\":0.83,\"decision\":true,"
    "\"threshold\":0.5},{\"finding\":\"lvef\",\"value\":54,\"units\":\"%\"}]}";

/* The lines of DESIGN 5. */
static void every_kind_is_read(void)
{
    read_line(exam_line);
    CU_ASSERT_EQUAL(message.kind, ES_EVENT_EXAM);
    CU_ASSERT_EQUAL(message.study_day, 20513); /* 2026-03-01 */
    CU_ASSERT_STRING_EQUAL(message.accession_issuer, "H");
    CU_ASSERT_EQUAL_FATAL(message.n_attributes, 6);
    CU_ASSERT_EQUAL(attribute("PatientSex")->state, ES_ATTRIBUTE_PRESENT);
    CU_ASSERT_EQUAL(attribute("EthnicGroup")->state, ES_ATTRIBUTE_ABSENT);
    CU_ASSERT_EQUAL(attribute("Manufacturer")->state, ES_ATTRIBUTE_BLANK);
    CU_ASSERT_STRING_EQUAL(attribute("ViewPosition")->value, "PA");
    es_message_clear(&message);
    read_line(result_line);
    CU_ASSERT_EQUAL(message.produced, INT64_C(1772359331000000)); /* date -d 2026-03-01T10:02:11Z +%s */
    CU_ASSERT_TRUE(message.zone_known);
    CU_ASSERT_EQUAL(message.result_status, ES_RESULT_OK);
    CU_ASSERT_EQUAL_FATAL(message.n_findings, 2);
    CU_ASSERT_TRUE(message.findings[0].has_score && message.findings[0].has_decision && message.findings[0].decision && message.findings[0].has_threshold);
    CU_ASSERT_DOUBLE_EQUAL(message.findings[0].score, 0.83, 0);
    CU_ASSERT_FALSE(message.findings[0].has_value);
    CU_ASSERT_TRUE(message.findings[1].has_value);
    CU_ASSERT_STRING_EQUAL(message.findings[1].units, "%");
    es_message_clear(&message);
    read_line("{\"event\":\"failure\",\"study_uid\":\"1.2\",\"model\":{\"name\":\"c\"},\"status\":\"timeout\",\"reason\":\"gpu\",\"produced\":\"2026-03-01T10:02\"}");
    CU_ASSERT_EQUAL(message.result_status, ES_RESULT_TIMEOUT);
    CU_ASSERT_FALSE(message.zone_known);
    es_message_clear(&message);
    read_line(" {\"event\":\"reference\",\"study_uid\":\"1.2\",\"unit\":{\"type\":\"side\",\"id\":\"L\"},\"source\":\"radiology-report\",\"status\":\"corrected\","
              "\"labeller\":\"x\",\"labeller_version\":\"2\",\"established\":\"2026-03-02T10:00:00+01:00\",\"reader_saw_ai\":\"no\","
              "\"findings\":[{\"finding\":\"effusion\",\"label\":1,\"evaluable\":true},{\"finding\":\"edema\",\"evaluable\":false}],\"event_id\":\"e1\",\"event_source\":\"ris\"}\n");
    CU_ASSERT_EQUAL(message.reference_status, ES_REFERENCE_CORRECTED);
    CU_ASSERT_EQUAL(message.saw_ai, ES_SAW_NO);
    CU_ASSERT_EQUAL(message.unit, ES_UNIT_SIDE);
    CU_ASSERT_TRUE(message.findings[0].has_label && message.findings[0].label == 1 && message.findings[0].evaluable);
    CU_ASSERT_FALSE(message.findings[1].evaluable || message.findings[1].has_label);
    CU_ASSERT_STRING_EQUAL(message.event_id, "e1");
    es_message_clear(&message);
    read_line("{\"event\":\"reference\",\"study_uid\":\"1.2\",\"source\":\"s\",\"findings\":[{\"finding\":\"a\",\"label\":0}]}");
    CU_ASSERT_EQUAL(message.reference_status, ES_REFERENCE_FINAL); /* the default */
    es_message_clear(&message);
    read_line("{\"event\":\"alias\",\"study_uid\":\"1.3\",\"same_as\":\"1.2\"}");
    CU_ASSERT_STRING_EQUAL(message.same_as, "1.2");
    es_message_clear(&message);
    read_line("{\"event\":\"patient_alias\",\"patient_id\":\"P2\",\"same_as\":\"P1\",\"same_as_issuer\":\"H\"}");
    CU_ASSERT_STRING_EQUAL(message.same_as_issuer, "H");
    es_message_clear(&message);
    read_line("{\"event\":\"retract\",\"identity\":\"000102030405060708090a0b0c0d0e0f\",\"reason\":\"wrong_patient\"}");
    CU_ASSERT_STRING_EQUAL(message.reason, "wrong_patient");
    es_message_clear(&message);
    read_line("{\"event\":\"demographics\",\"patient_id\":\"P1\",\"attributes\":{\"imd_decile\":\"3\"},\"source\":\"linkage\",\"valid_from\":\"2025-01-01\"}");
    CU_ASSERT_EQUAL(message.valid_from, 20089); /* 2025-01-01 */
    es_message_clear(&message);
}

/* No value of a line stands in a message: SECRET occurs in every bad one below. */
static void every_fault_is_named_without_a_value(void)
{
    static const struct { const char *line, *text; } cases[] = {
        {"", "message: line 1, column 1: the text ends too early"},
        {"{\"event\":\"exam\",\"study_uid\":\"SECRET", "message: line 1, column 29: found a string without its closing quote"},
        {"[\"SECRET\"]", "message: found list, expected object"},
        {"{\"study_uid\":\"SECRET\"}", "event: found nothing, expected the kind of event"},
        {"{\"event\":\"SECRET\"}", "event: found another word, expected exam, result, failure, reference, overlap, alias, patient_alias, retract or demographics"},
        {"{\"event\":\"plan\"}", "event: found plan, which only Evensight itself writes"},
        {"{\"event\":\"exam\",\"colour\":\"SECRET\"}", "colour: unknown key"},
        {"{\"event\":\"exam\",\"SECRET 1\":1}", "a key: unknown key"},
        {"{\"event\":\"exam\",\"findings\":[\"SECRET\"]}", "findings: no key of exam messages"},
        {"{\"event\":\"exam\",\"study_uid\":\"1\",\"study_uid\":\"SECRET\"}", "study_uid: given twice, expected once"},
        {"{\"event\":\"exam\",\"study_uid\":7}", "study_uid: found number, expected string"},
        {"{\"event\":\"exam\",\"study_uid\":null}", "study_uid: found null, expected string"},
        {"{\"event\":\"exam\",\"study_uid\":\"SECRET\\n\"}", "study_uid: found a control character"},
        {"{\"event\":\"exam\",\"study_uid\":\"SECRET67890123456789012345678901234567890123456789012345678901234567890\"}", "study_uid: found 71 bytes, expected at most 64"},
        {"{\"event\":\"exam\",\"study_date\":\"SECRET\"}", "study_date: found no date, expected YYYYMMDD or YYYY-MM-DD"},
        {"{\"event\":\"exam\",\"demographics\":{\"PatientSex\":1}}", "demographics.PatientSex: found number, expected string"},
        {"{\"event\":\"exam\",\"demographics\":[]}", "demographics: found list, expected object"},
        {"{\"event\":\"exam\",\"demographics\":{\"PatientSex\":\"F\"},\"acquisition\":{\"PatientSex\":\"SECRET\"}}", "acquisition.PatientSex: given twice, expected once"},
        {"{\"event\":\"result\",\"produced\":\"SECRET\"}", "produced: found no time, expected YYYY-MM-DDThh:mm:ss with Z or an offset"},
        {"{\"event\":\"result\",\"status\":\"SECRET\"}", "status: found another word, expected ok, failed, rejected, timeout"},
        {"{\"event\":\"result\",\"unit\":{\"type\":\"SECRET\"}}", "unit.type: found another word, expected exam, series, image, side, lesion"},
        {"{\"event\":\"result\",\"unit\":\"exam\"}", "unit: found string, expected object"},
        {"{\"event\":\"result\",\"model\":{\"name\":\"m\",\"vendor\":\"SECRET\"}}", "model.vendor: unknown key"},
        {"{\"event\":\"result\",\"findings\":{}}", "findings: found object, expected list"},
        {"{\"event\":\"result\",\"findings\":[1]}", "findings[0]: found number, expected object"},
        {"{\"event\":\"result\",\"findings\":[{\"finding\":\"a\"},{\"finding\":\"b\",\"score\":\"SECRET\"}]}", "findings[1].score: found string, expected a number"},
        {"{\"event\":\"result\",\"findings\":[{\"score\":1e999}]}", "findings[0].score: found a number that is not finite"},
        {"{\"event\":\"result\",\"findings\":[{\"decision\":1}]}", "findings[0].decision: found number, expected true or false"},
        {"{\"event\":\"result\",\"findings\":[{\"finding\":\"a\",\"mask_rle\":\"1 2\"}]}", "findings[0].mask_rle: found without mask_rows and mask_columns, expected both"},
        {"{\"event\":\"result\",\"findings\":[{\"finding\":\"a\",\"mask_rle\":\"1 2\",\"mask_rows\":0,\"mask_columns\":4}]}", "findings[0].mask_rows: found another number, expected a whole one in 1..1048576"},
        {"{\"event\":\"result\",\"findings\":[{\"finding\":\"a\",\"mask_rle\":\"1 2 3\",\"mask_rows\":3,\"mask_columns\":4}]}", "findings[0].mask_rle: number 3: found a start without a length"},
        {"{\"event\":\"result\",\"findings\":[{\"finding\":\"a\",\"mask_rle\":\"1 2\",\"mask_rle_2\":\"13 1\",\"mask_rows\":3,\"mask_columns\":4}]}", "findings[0].mask_rle_2: number 1: found a run outside pixels 1..12"},
        {"{\"event\":\"result\",\"findings\":[{\"finding\":\"a\",\"mask_rle\":7}]}", "findings[0].mask_rle: found number, expected string"},
        {"{\"event\":\"result\",\"findings\":[{\"finding\":\"a\",\"mask_rows\":\"7\"}]}", "findings[0].mask_rows: found string, expected number"},
        {"{\"event\":\"result\",\"findings\":[{\"finding\":\"a\",\"mask_png\":\"%%%\"}]}", "findings[0].mask_png: found text that is not base64"},
        {"{\"event\":\"result\",\"findings\":[{\"finding\":\"a\",\"mask_png\":\"SECRET==\"}]}", "findings[0].mask_png: PNG: its signature is not there"},
        {"{\"event\":\"result\",\"findings\":[{\"finding\":\"a\",\"mask_png\":\"QQ==\",\"mask_rle\":\"1 1\"}]}", "findings[0].mask_png: found beside mask_rle, expected one of them"},
        {"{\"event\":\"result\",\"findings\":[{\"finding\":\"a\",\"mask_png\":\"QQ==\",\"mask_png_value\":-2}]}", "findings[0].mask_png_value: found another number, expected a whole one in 0..65535"},
        {"{\"event\":\"result\",\"findings\":[{\"finding\":\"a\",\"mask_rle\":\"1 2\",\"mask_rows\":3,\"mask_columns\":4,\"mask_row_spacing\":0.5}]}", "findings[0].mask_row_spacing: found one spacing, expected both or none"},
        {"{\"event\":\"result\",\"findings\":[{\"finding\":\"a\",\"mask_rle\":\"1 2\",\"mask_rows\":3,\"mask_columns\":4,\"mask_row_spacing\":-1}]}", "findings[0].mask_row_spacing: found no distance in mm, expected one above 0 and below 10000"},
        {"{\"event\":\"result\",\"findings\":[{\"label\":1}]}", "findings[0].label: no key of result messages"},
        {"{\"event\":\"reference\",\"findings\":[{\"label\":2}]}", "findings[0].label: found another number, expected 0 or 1"},
        {"{\"event\":\"reference\",\"findings\":[{\"label\":true}]}", "findings[0].label: found true, expected 0 or 1"},
        {"{\"event\":\"reference\",\"reader_saw_ai\":\"SECRET\"}", "reader_saw_ai: found another word, expected yes, no, unknown"},
        {"{\"event\":\"exam\" /* no comments */}", "message: line 1, column 17: found \"/\", expected JSON"},
        {"{\"event\":\"exam\",\"study_uid\":\"\xff\"}", "message: found bytes that are no UTF-8 text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct es_error err = {0};
        CU_ASSERT_EQUAL(es_message_from_json(&message, cases[i].line, strlen(cases[i].line), &err), ES_E_REFUSED);
        if (strcmp(err.text, cases[i].text) != 0) printf("    case %zu: %s\n", i, err.text);
        CU_ASSERT_STRING_EQUAL(err.text, cases[i].text);
        CU_ASSERT_PTR_NULL(strstr(err.text, "SECRET"));
        CU_ASSERT_EQUAL(message.study_uid[0], '\0'); /* wiped */
    }
}

static void size_and_nesting_are_limited_before_parsing(void)
{
    char *line = malloc(ES_MAX_LINE + 2);
    struct es_error err = {0};
    CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    memset(line, '[', ES_MAX_LINE + 2);
    CU_ASSERT_EQUAL(es_message_from_json(&message, line, ES_MAX_LINE + 1, &err), ES_E_REFUSED);
    CU_ASSERT_STRING_EQUAL(err.text, "message: found 1048577 bytes, expected at most 1048576");
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_message_from_json(&message, line, ES_MAX_LINE, &err), ES_E_REFUSED);
    CU_ASSERT_STRING_EQUAL(err.text, "message: line 1, column 33: found brackets nested deeper than 32");
    free(line);
}

static double seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Prints the rate; what is held is that every line becomes a body that decodes. */
static void lines_become_bodies_at_a_rate(void)
{
    enum { LINES = 20000 };
    static const char text[] = "{\"Models\":[{\"Name\":\"chexnet\",\"Eligible\":{\"Modality\":[\"DX\"]},\"Findings\":[{\"Name\":\"effusion\"}]}]}";
    static const uint8_t bytes[32] = {1};
    struct es_config *config = NULL;
    struct es_key *key = NULL;
    CU_ASSERT_EQUAL_FATAL(es_config_parse(&config, text, sizeof text - 1, NULL, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_key_from_bytes(&key, bytes, NULL), ES_OK);
    size_t made = 0, total = 0;
    const double start = seconds();
    for (int i = 0; i < LINES; i++) {
        const char *line = i % 2 == 0 ? exam_line : result_line;
        struct es_event event = {0};
        uint8_t *body = NULL;
        size_t len = 0;
        if (es_message_from_json(&message, line, strlen(line), NULL) != ES_OK) continue;
        if (es_event_make(&event, &message, config, key, NULL) == ES_OK && es_event_encode(&event, key, &body, &len, NULL) == ES_OK) {
            made++;
            total += len;
        }
        free(body);
        es_event_clear(&event);
        es_message_clear(&message);
    }
    const double took = seconds() - start;
    printf("    %d lines to bodies in %.3f s: %.0f a second, %zu bytes a body\n", LINES, took, LINES / took, total / LINES);
    CU_ASSERT_EQUAL(made, LINES);
    es_config_free(config);
    es_key_close(key);
}

/* The same mask as runs of two parts and as a PNG of 4 x 3 grey pixels, made by Python's zlib and struct after the standard. */
static void masks_come_as_runs_or_as_png(void)
{
    static const char line[] =
        "{\"event\":\"result\",\"study_uid\":\"1.2.3\",\"model\":{\"name\":\"m\"},\"findings\":["
        "{\"finding\":\"a\",\"mask_rle\":\"3 4\",\"mask_rle_2\":\"11 1\",\"mask_rows\":3,\"mask_columns\":4,\"mask_image\":\"x.png\","
        "\"mask_row_spacing\":0.5,\"mask_column_spacing\":0.25},"
        "{\"finding\":\"b\",\"mask_png\":\"iVBORw0KGgoAAAANSUhEUgAAAAQAAAADCAAAAACRn/EaAAAAEklEQVR4nGNgYGBkBCEQYGQAAAA5AAYB1UxRAAAAAElFTkSuQmCC\"}]}";
    struct es_message *m = malloc(sizeof *m);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_EQUAL_FATAL(es_message_from_json(m, line, sizeof line - 1, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(m->n_findings, 2);
    const struct es_mask *a = m->findings[0].voxels, *b = m->findings[1].voxels;
    CU_ASSERT_FATAL(a != NULL && b != NULL && m->findings[0].mask && m->findings[1].mask);
    CU_ASSERT_EQUAL(es_mask_voxels(a), 5);
    CU_ASSERT_EQUAL_FATAL(a->n_runs, b->n_runs);
    CU_ASSERT_EQUAL(memcmp(a->runs, b->runs, a->n_runs * sizeof *a->runs), 0);
    CU_ASSERT_STRING_EQUAL(a->planes[0].image, "x.png");
    CU_ASSERT_EQUAL(a->spacing[0], 0.5);
    CU_ASSERT_EQUAL(a->spacing[1], 0.25);
    CU_ASSERT_STRING_EQUAL(b->planes[0].image, "1.2.3"); /* no other name: the exam's one image */
    es_message_clear(m);
    free(m);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"every_kind_is_read", every_kind_is_read},
        {"every_fault_is_named_without_a_value", every_fault_is_named_without_a_value},
        {"masks_come_as_runs_or_as_png", masks_come_as_runs_or_as_png},
        {"size_and_nesting_are_limited_before_parsing", size_and_nesting_are_limited_before_parsing},
        {"lines_become_bodies_at_a_rate", lines_become_bodies_at_a_rate},
        {NULL, NULL}};
    return es_test_main("jsonl", tests, argc, argv);
}
