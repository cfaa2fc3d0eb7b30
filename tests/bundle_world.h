/* SPDX-License-Identifier: Apache-2.0 */
/** @file bundle_world.h
 * Events filled by hand, and what a bundle of them comes to. Pseudonyms are one byte; identities another. For one test program.
 */
#ifndef ES_TESTS_BUNDLE_WORLD_H
#define ES_TESTS_BUNDLE_WORLD_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/bundle/bundle.h"
#include "testlib.h"

#define DAY 20000
#define NOON(day) ((int64_t)(day) * INT64_C(86400000000))

static const char config_form[] =
    "{\"Site\":\"A\",\"Ledger\":\"sqlite:x\",\"PseudonymKeyFile\":\"k\",\"Axes\":[{\"Name\":\"sex\",\"Attribute\":\"PatientSex\"},"
    "{\"Name\":\"race\",\"Linked\":\"race\"}],\"Models\":[{\"Name\":\"net\",\"Recognise\":{\"AlgorithmName\":\"Net\"}%s,"
    "\"Findings\":[{\"Name\":\"effusion\",\"Task\":\"binary\",\"Threshold\":0.5%s}]}]}";

static struct es_config *config;
static struct es_event events[16];
static size_t n_events, n_linked;
static struct es_event linked[4];
static struct es_event_attribute attributes[32];
static size_t n_attributes;
static struct es_finding findings[32];
static size_t n_findings;
static struct es_pseudonym refs[16];
static size_t n_refs;
static struct es_derived derived;
static struct es_arena arena; /* of what is derived */

/* Under eligibility and finding options ("" for none), nothing said yet. */
static inline void start(const char *eligible, const char *options)
{
    char text[1500];
    struct es_error err = {0};
    derived = (struct es_derived){0};
    es_arena_reset(&arena);
    es_config_free(config);
    config = NULL;
    snprintf(text, sizeof text, config_form, eligible, options);
    if (es_config_parse(&config, text, strlen(text), NULL, &err) != ES_OK) {
        fprintf(stderr, "%s\n", err.text);
        CU_FAIL_FATAL("configuration");
    }
    n_events = n_linked = n_attributes = n_findings = n_refs = 0;
}

static inline struct es_pseudonym name(uint8_t value)
{
    return (struct es_pseudonym){{1, value, value ? 0xEE : 0}};
}

static inline struct es_event *say(enum es_event_kind kind, uint8_t study, uint8_t identity)
{
    struct es_event *event = &events[n_events++];
    *event = (struct es_event){.kind = kind, .study_day = ES_NO_DAY, .valid_from = ES_NO_DAY, .produced = ES_NO_INSTANT,
                               .identity = {identity}};
    if (study) event->study = name(study);
    return event;
}

static inline struct es_event *with(struct es_event *event, const char *keyword, enum es_attribute_state state, const char *value)
{
    struct es_event_attribute *out = &attributes[n_attributes++];
    *out = (struct es_event_attribute){.state = state};
    snprintf(out->keyword, sizeof out->keyword, "%s", keyword);
    snprintf(out->value, sizeof out->value, "%s", value);
    if (event->n_attributes == 0) event->attributes = out;
    event->n_attributes++;
    return event;
}

static inline struct es_event *exam(uint8_t study, uint8_t identity, const char *sex)
{
    struct es_event *event = say(ES_EVENT_EXAM, study, identity);
    event->study_day = DAY;
    event->attribute_source = ES_SOURCE_IMAGE;
    return with(event, "PatientSex", sex[0] ? ES_ATTRIBUTE_PRESENT : ES_ATTRIBUTE_BLANK, sex);
}

static inline struct es_finding *finding_of(struct es_event *event, const char *text)
{
    struct es_finding *out = &findings[n_findings++];
    *out = (struct es_finding){.evaluable = true};
    snprintf(out->name, sizeof out->name, "%s", text);
    if (event->n_findings == 0) event->findings = out;
    event->n_findings++;
    return out;
}

static inline struct es_event *result(uint8_t study, uint8_t identity, const char *version, double score, int64_t produced)
{
    struct es_event *event = say(ES_EVENT_RESULT, study, identity);
    snprintf(event->model_name, sizeof event->model_name, "net");
    snprintf(event->model_version, sizeof event->model_version, "%s", version);
    event->result_status = ES_RESULT_OK;
    event->produced = produced;
    event->instance = name(identity); /* another object: another slot */
    struct es_finding *finding = finding_of(event, "effusion");
    finding->has_score = true;
    finding->score = score;
    return event;
}

static inline struct es_event *failure(uint8_t study, uint8_t identity, const char *version, enum es_result_status status)
{
    struct es_event *event = say(ES_EVENT_FAILURE, study, identity);
    snprintf(event->model_name, sizeof event->model_name, "net");
    snprintf(event->model_version, sizeof event->model_version, "%s", version);
    event->result_status = status;
    event->produced = NOON(DAY);
    return event;
}

static inline struct es_event *reference(uint8_t study, uint8_t identity, const char *source, enum es_reference_status status, int label,
                                  int64_t established)
{
    struct es_event *event = say(ES_EVENT_REFERENCE, study, identity);
    snprintf(event->source, sizeof event->source, "%s", source);
    event->reference_status = status;
    event->produced = established;
    struct es_finding *finding = finding_of(event, "effusion");
    finding->has_label = true;
    finding->label = label;
    return event;
}

static inline void series_ref(struct es_event *event, uint8_t series)
{
    refs[n_refs] = name(series);
    if (event->n_series_refs == 0) event->series_refs = &refs[n_refs];
    n_refs++;
    event->n_series_refs++;
}

/* Derive in the order given and in the reverse one: both must be equal. */
static inline void derive(void)
{
    const struct es_event *list[16], *reverse[16], *links[4];
    struct es_derived other;
    struct es_error err = {0};
    for (size_t i = 0; i < n_events; i++) list[i] = reverse[n_events - 1 - i] = &events[i];
    for (size_t i = 0; i < n_linked; i++) links[i] = &linked[i];
    es_arena_reset(&arena);
    CU_ASSERT_EQUAL_FATAL(es_bundle_derive(list, n_events, links, n_linked, config, &arena, &derived, &err), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_bundle_derive(reverse, n_events, links, n_linked, config, &arena, &other, &err), ES_OK);
    CU_ASSERT_EQUAL_FATAL(derived.n_exams, other.n_exams);
    CU_ASSERT_EQUAL_FATAL(derived.n_cases, other.n_cases);
    for (size_t i = 0; i < derived.n_cases; i++) {
        CU_ASSERT_EQUAL(derived.cases[i].decision, other.cases[i].decision);
        CU_ASSERT_EQUAL(derived.cases[i].label, other.cases[i].label);
        CU_ASSERT_EQUAL(derived.cases[i].result, other.cases[i].result);
        CU_ASSERT_EQUAL(derived.cases[i].produced, other.cases[i].produced);
        CU_ASSERT_STRING_EQUAL(derived.cases[i].version, other.cases[i].version);
    }
}

static inline const struct es_event_attribute *attribute(size_t number, const char *keyword)
{
    for (size_t i = 0; i < derived.exams[number].n_attributes; i++)
        if (strcmp(derived.exams[number].attributes[i].keyword, keyword) == 0) return &derived.exams[number].attributes[i];
    CU_FAIL_FATAL("no such attribute");
    return NULL;
}

#endif
