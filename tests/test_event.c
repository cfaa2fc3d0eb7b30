/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/secret.h"
#include "event_bodies.h"
#include "plugin/base/hash.h"
#include "plugin/base/time.h"
#include "plugin/event/body.h"

static struct es_config *config;
static struct es_key *key;
static struct es_message message; /* big: not on the stack */

static void set_up(void)
{
    if (config == NULL) event_site(&config, &key);
}

static void begin(enum es_event_kind kind)
{
    set_up();
    es_message_clear(&message);
    es_message_init(&message);
    message.kind = kind;
}

static void set(char *field, const char *text)
{
    memcpy(field, text, strlen(text) + 1);
}

static void add_attribute(const char *keyword, const char *value)
{
    struct es_message_attribute *a = &message.attributes[message.n_attributes++];
    set(a->keyword, keyword);
    set(a->value, value);
    a->state = ES_ATTRIBUTE_PRESENT;
}

static struct es_finding *add_finding(const char *name)
{
    struct es_finding *f = &message.findings[message.n_findings++];
    *f = (struct es_finding){.evaluable = true};
    set(f->name, name);
    return f;
}

static void begin_result(void)
{
    begin(ES_EVENT_RESULT);
    set(message.study_uid, "1.2.3");
    set(message.model_name, "m");
    set(message.model_version, "1.0");
    message.result_status = ES_RESULT_OK;
    message.produced = INT64_C(1772359331000000);
    message.zone_known = true;
    struct es_finding *f = add_finding("effusion");
    f->has_score = f->has_decision = true;
    f->score = 0.75;
    f->decision = true;
}

static struct es_event make(void)
{
    struct es_event event = {0};
    struct es_error err = {0};
    const enum es_errc code = es_event_make(&event, &message, config, key, &err);
    if (code != ES_OK) printf("    %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(code, ES_OK);
    return event;
}

static void refused_with(const char *text)
{
    struct es_event event = {0};
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_event_make(&event, &message, config, key, &err), ES_E_REFUSED);
    if (strcmp(err.text, text) != 0) printf("    found:    %s\n    expected: %s\n", err.text, text);
    CU_ASSERT_STRING_EQUAL(err.text, text);
    CU_ASSERT_PTR_NULL(event.findings);
}

/* Every body reads back to the event that gives it again. */
static void round_trip(struct es_event *event)
{
    uint8_t *body = NULL, *again = NULL;
    size_t len = 0, again_len = 0;
    struct es_event read = {0};
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(es_event_encode(event, key, &body, &len, &err), ES_OK);
    const enum es_errc code = es_event_decode(&read, body, len, &err);
    if (code != ES_OK) printf("    %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(code, ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_event_encode(&read, key, &again, &again_len, &err), ES_OK);
    CU_ASSERT_EQUAL_FATAL(len, again_len);
    CU_ASSERT_EQUAL(memcmp(body, again, len), 0);
    CU_ASSERT_EQUAL(memcmp(event->identity, read.identity, ES_IDENTITY_SIZE), 0);
    /* cut anywhere it is refused, or at a field's end it is another, shorter event: never a crash */
    for (size_t cut = 0; cut < len; cut++) {
        struct es_event part = {0};
        if (es_event_decode(&part, body, cut, NULL) == ES_OK) es_event_clear(&part);
    }
    es_event_clear(&read);
    free(body);
    free(again);
}

/* The golden body: written by hand from the table of event/body.c; the pseudonym is the one of test_pseudonym.c (Python's hmac). */
static const char golden[] =
    "01"
    "01" "01000000" "02"                                                   /* kind: result */
    "02" "11000000" "01fd90de08b72c69f16536100b45faecf4"                                            /* study */
    "0f" "01000000" "6d"                                                   /* model name */
    "10" "03000000" "312e30"                                               /* model version */
    "14" "08000000" "c0ae5690f34b0600"                                     /* produced */
    "15" "01000000" "01"                                                   /* zone known */
    "16" "01000000" "01"                                                   /* status: ok */
    "1d" "24000000"                                                        /* findings */
      "20000000"
        "01" "08000000" "6566667573696f6e"                                 /* effusion */
        "02" "08000000" "000000000000e83f"                                 /* score 0.75 */
        "06" "01000000" "01";                                              /* decision */

static void the_canonical_body_is_as_it_was(void)
{
    begin_result();
    struct es_event event = make();
    uint8_t *body = NULL;
    size_t len = 0;
    char hex[1024];
    CU_ASSERT_EQUAL_FATAL(es_event_encode(&event, key, &body, &len, NULL), ES_OK);
    CU_ASSERT_TRUE_FATAL(len < sizeof hex / 2);
    es_hex(body, len, hex);
    if (strcmp(hex, golden) != 0) printf("    %s\n    %s\n", hex, golden);
    CU_ASSERT_STRING_EQUAL(hex, golden);
    free(body);
    es_event_clear(&event);
}

static void every_kind_reads_back(void)
{
    begin_result();
    struct es_finding *f = add_finding("lvef");
    f->has_value = true;
    f->value = -0.0;
    set(f->units, "%");
    set(message.device_uid, "1.2.840.1");
    set(message.accession, "A0001");
    set(message.accession_issuer, "HOSP");
    set(message.model_manufacturer, "ACME (UK)");
    message.model_rule = ES_ALGORITHM_TID4019_GROUP;
    message.unit = ES_UNIT_SIDE;
    set(message.unit_id, "l");
    message.series_refs = es_secret_list(3, sizeof *message.series_refs);
    CU_ASSERT_PTR_NOT_NULL_FATAL(message.series_refs);
    set(message.series_refs[0], "1.9");
    set(message.series_refs[1], "1.8");
    set(message.series_refs[2], "1.9");
    message.n_series_refs = 3;
    struct es_event event = make();
    CU_ASSERT_EQUAL(event.n_series_refs, 2); /* once each */
    CU_ASSERT_EQUAL(event.n_findings, 2);
    round_trip(&event);
    es_event_clear(&event);

    begin(ES_EVENT_EXAM);
    set(message.study_uid, "1.2.3");
    set(message.series_uid, "1.2.3.4");
    set(message.patient_id, "HX0007");
    message.study_day = 20000;
    message.excluded = ES_EXCLUDED_PHANTOM;
    add_attribute("PatientSex", "f");
    add_attribute("PatientAge", "084Y");
    add_attribute("EthnicGroup", "quite other");
    add_attribute("ManufacturerModelName", " MX 8000 ");
    event = make();
    round_trip(&event);
    es_event_clear(&event);

    begin(ES_EVENT_REFERENCE);
    set(message.accession, "77");
    set(message.source, "radiology-report");
    set(message.labeller, "Dr A");
    message.reference_status = ES_REFERENCE_FINAL;
    message.saw_ai = ES_SAW_NO;
    add_finding("a")->evaluable = false;
    f = add_finding("b");
    f->has_label = true;
    f->label = 1;
    event = make();
    round_trip(&event);
    es_event_clear(&event);

    begin(ES_EVENT_RETRACT);
    set(message.retract, "000102030405060708090a0b0c0d0e0f");
    set(message.reason, "sent_in_error");
    event = make();
    round_trip(&event);
    es_event_clear(&event);

    begin(ES_EVENT_PLAN);
    message.document = strdup("{\"a\":1}");
    event = make();
    round_trip(&event);
    es_event_clear(&event);
    es_message_clear(&message);
}

static void order_and_event_id_do_not_change_the_identity(void)
{
    uint8_t first[ES_IDENTITY_SIZE] = {0}, *body = NULL;
    size_t len = 0;
    for (int turn = 0; turn < 2; turn++) {
        begin_result();
        message.n_findings = 0;
        add_finding(turn == 0 ? "a" : "b");
        add_finding(turn == 0 ? "b" : "a");
        if (turn == 1) {
            set(message.event_id, "id-1");
            set(message.event_source, "ris");
            message.sent = 5;
        }
        struct es_event event = make();
        CU_ASSERT_EQUAL_FATAL(es_event_encode(&event, key, &body, &len, NULL), ES_OK);
        if (turn == 0) memcpy(first, event.identity, sizeof first);
        else {
            CU_ASSERT_EQUAL(memcmp(first, event.identity, sizeof first), 0);
            CU_ASSERT_TRUE(es_pseudonym_set(&event.event_id));
        }
        free(body);
        es_event_clear(&event);
    }
}

static void rules_of_each_kind(void)
{
    begin(ES_EVENT_EXAM);
    refused_with("study_uid: found none, expected the StudyInstanceUID");
    set(message.study_uid, "1.2 SMITH");
    refused_with("study_uid: found no well-formed UID, expected at most 64 digits and dots (PS3.5 9.1)");
    set(message.study_uid, ".1.2");
    refused_with("study_uid: found no well-formed UID, expected at most 64 digits and dots (PS3.5 9.1)");
    set(message.study_uid, "1.2.3");
    add_attribute("PatientName", "X^Y");
    refused_with("attribute PatientName: found a name that is neither a PS3.6 keyword that is read nor a Linked name");
    begin(ES_EVENT_EXAM);
    set(message.study_uid, "1.2.3");
    add_attribute("John Smith", "x");
    refused_with("attribute (unprintable): found a name that is neither a PS3.6 keyword that is read nor a Linked name");
    begin(ES_EVENT_EXAM);
    set(message.study_uid, "1.2.3");
    add_attribute("PatientSex", "F");
    add_attribute("PatientSex", "M");
    refused_with("attribute PatientSex: given twice, expected once");

    begin_result();
    message.study_uid[0] = '\0';
    refused_with("study_uid: found neither it nor accession, expected one of them");
    set(message.accession, "UNKNOWN"); /* a dummy value is none */
    refused_with("study_uid: found neither it nor accession, expected one of them");
    begin_result();
    message.model_name[0] = '\0';
    refused_with("model.name: found none, expected the model's name in the configuration");
    set(message.model_name, "  ");
    refused_with("model.name: found none, expected the model's name in the configuration");
    begin_result();
    message.result_status = ES_RESULT_FAILED;
    refused_with("status: found another, expected ok (a failure is an event of its own)");
    begin_result();
    message.findings[0].score = (double)INFINITY;
    refused_with("findings[0]: found a number that is not finite");
    begin_result();
    (void)add_finding("effusion");
    refused_with("finding effusion: given twice, expected once");
    begin_result();
    (void)add_finding("SMITH");
    (void)add_finding(" smith ");
    refused_with("finding (not configured): given twice, expected once");
    begin_result();
    message.unit = ES_UNIT_SIDE;
    refused_with("unit.id: found none, expected the unit's id");
    set(message.unit_id, "up");
    refused_with("unit.id: found another side, expected L or R");
    begin(ES_EVENT_REFERENCE);
    set(message.study_uid, "1.2.3");
    message.reference_status = ES_REFERENCE_FINAL;
    refused_with("findings: found none, expected at least one");
    struct es_finding *f = add_finding("a");
    refused_with("findings[0]: found none of label, value, level, category, lesions and mask, expected one, or \"evaluable\":false");
    f->has_label = true;
    f->label = 2;
    refused_with("findings[0]: found another label, expected 0 or 1");
    f->label = 1;
    refused_with("source: found none, expected a name such as radiology-report");
    static const char *const no_tokens[] = {"John Smith", "NHS-943-476-5919", "a;b", "thirty-three-letters-are-too-many"};
    for (size_t i = 0; i < sizeof no_tokens / sizeof no_tokens[0]; i++) {
        set(message.source, no_tokens[i]);
        refused_with("source: found another text, expected at most 32 of A-Z a-z 0-9 and \"_.+-\" with at most 8 digits");
        set(message.source, "report");
        set(message.labeller_version, no_tokens[i]);
        refused_with("labeller_version: found another text, expected at most 32 of A-Z a-z 0-9 and \"_.+-\" with at most 8 digits");
        message.labeller_version[0] = '\0';
    }
    begin(ES_EVENT_ALIAS);
    set(message.study_uid, "1.2");
    refused_with("same_as: found none or a dummy value, expected an identifier");
    set(message.same_as, "1.2");
    refused_with("same_as: found the same identifier twice, expected two");
    begin(ES_EVENT_RETRACT);
    refused_with("identity: found both or none of identity and retract_event_id, expected one");
    set(message.retract, "zz");
    refused_with("identity: found no identity, expected 32 hex digits");
    set(message.retract, "000102030405060708090a0b0c0d0e0f");
    set(message.reason, "of John Smith");
    refused_with("reason: found another text, expected at most 32 of A-Z a-z 0-9 and \"_.+-\" with at most 8 digits");
    begin(ES_EVENT_DEMOGRAPHICS);
    set(message.patient_id, "0000");
    refused_with("patient_id: found none or a dummy value, expected an identifier");
    set(message.patient_id, "7");
    refused_with("attributes: found none, expected at least one");
    begin(ES_EVENT_CONFIG);
    refused_with("document: found none, expected an object");
    begin(0);
    refused_with("event: found no kind of event");
}

static void unwanted_attributes_are_dropped_and_the_rest_sorted(void)
{
    begin(ES_EVENT_EXAM);
    set(message.study_uid, "1.2.3");
    add_attribute("PatientSex", "F");
    add_attribute("ViewPosition", "PA"); /* no axis, no rule wants it */
    add_attribute("EthnicGroup", "A");
    struct es_event event = make();
    CU_ASSERT_EQUAL_FATAL(event.n_attributes, 2);
    CU_ASSERT_STRING_EQUAL(event.attributes[0].keyword, "EthnicGroup");
    CU_ASSERT_STRING_EQUAL(event.attributes[1].keyword, "PatientSex");
    es_event_clear(&event);
}

static void identifiers_meet_after_normalisation(void)
{
    struct es_event events[2];
    for (int i = 0; i < 2; i++) {
        begin(ES_EVENT_EXAM);
        set(message.study_uid, "1.2.3");
        set(message.patient_id, i == 0 ? "hx000123" : " 123 ");
        events[i] = make();
    }
    CU_ASSERT_EQUAL(memcmp(&events[0].patient, &events[1].patient, sizeof events[0].patient), 0);
    CU_ASSERT_TRUE(es_pseudonym_set(&events[0].patient));
    es_event_clear(&events[0]);
    es_event_clear(&events[1]);
}

static void the_instant_is_of_the_content(void)
{
    struct es_event event = {.kind = ES_EVENT_EXAM, .study_day = 10, .produced = ES_NO_INSTANT};
    CU_ASSERT_EQUAL(es_event_instant(&event), 11 * ES_MICROSECONDS_A_DAY);
    event.kind = ES_EVENT_RESULT;
    event.produced = 12 * ES_MICROSECONDS_A_DAY;
    CU_ASSERT_EQUAL(es_event_instant(&event), 12 * ES_MICROSECONDS_A_DAY);
    event.study_day = ES_NO_DAY;
    event.produced = ES_NO_INSTANT;
    CU_ASSERT_EQUAL(es_event_instant(&event), ES_NO_INSTANT);
    event.kind = ES_EVENT_PLAN;
    event.produced = 5;
    CU_ASSERT_EQUAL(es_event_instant(&event), ES_NO_INSTANT);
    CU_ASSERT_STRING_EQUAL(es_event_kind_name(ES_EVENT_ALARM), "alarm");
    CU_ASSERT_STRING_EQUAL(es_event_kind_name(ES_EVENT_EXAM), "exam");
    CU_ASSERT_STRING_EQUAL(es_event_kind_name(ES_EVENT_DEMOGRAPHICS), "demographics");
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"the_canonical_body_is_as_it_was", the_canonical_body_is_as_it_was},
        {"every_kind_reads_back", every_kind_reads_back},
        {"order_and_event_id_do_not_change_the_identity", order_and_event_id_do_not_change_the_identity},
        {"rules_of_each_kind", rules_of_each_kind},
        {"unwanted_attributes_are_dropped_and_the_rest_sorted", unwanted_attributes_are_dropped_and_the_rest_sorted},
        {"identifiers_meet_after_normalisation", identifiers_meet_after_normalisation},
        {"the_instant_is_of_the_content", the_instant_is_of_the_content},
        {NULL, NULL}};
    const int status = es_test_main("event", tests, argc, argv);
    es_config_free(config);
    es_key_close(key);
    es_message_clear(&message);
    return status;
}
