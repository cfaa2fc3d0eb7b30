/* SPDX-License-Identifier: Apache-2.0 */
/** @file cohort_world.h
 * A cohort of two findings, and bundles filled by hand, one exam each.
 */
#ifndef ES_TESTS_COHORT_WORLD_H
#define ES_TESTS_COHORT_WORLD_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/cohort/cohort.h"
#include "testlib.h"

#define DAY 20000
#define HOUR INT64_C(3600000000)
#define END_OF(day) (((int64_t)(day) + 1) * 24 * HOUR)

static const char config_form[] =
    "{\"Site\":\"A\",\"Ledger\":\"sqlite:x\",\"PseudonymKeyFile\":\"k\",%s\"Axes\":[{\"Name\":\"sex\",\"Attribute\":\"PatientSex\"},"
    "{\"Name\":\"age\",\"Attribute\":\"PatientAge\",\"Bands\":[0,18,40,80]},{\"Name\":\"scanner\",\"Attribute\":\"ManufacturerModelName\"}],"
    "\"Models\":[{\"Name\":\"net\",\"Recognise\":{\"AlgorithmName\":\"Net\"},\"ExpectWithin\":\"2h\","
    "\"Findings\":[{\"Name\":\"effusion\",\"Task\":\"binary\",\"Threshold\":0.5,\"ReferenceWithin\":\"10d\"},"
    "{\"Name\":\"nodule\",\"Task\":\"binary\",\"Threshold\":0.5,\"ReferenceWithin\":\"10d\"}]}]}";

static struct es_config *config;
static struct es_cohort *cohort;

static inline void start(const char *more)
{
    char text[1500];
    struct es_error err = {0};
    snprintf(text, sizeof text, config_form, more);
    if (es_config_parse(&config, text, strlen(text), NULL, &err) != ES_OK) {
        fprintf(stderr, "%s\n", err.text);
        CU_FAIL_FATAL("configuration");
    }
    CU_ASSERT_EQUAL_FATAL(es_cohort_new(&cohort, config, NULL), ES_OK);
}

static inline void finish(void)
{
    es_cohort_free(cohort);
    es_config_free(config);
}

/* One bundle of one exam with a case for each finding: the first as given, the second silent. */
struct bundle {
    struct es_event_attribute attributes[3];
    struct es_derived_exam exam;
    struct es_derived_case cases[2];
    struct es_derived derived;
};

static inline void set(struct es_event_attribute *out, const char *keyword, const char *value)
{
    snprintf(out->keyword, sizeof out->keyword, "%s", keyword);
    snprintf(out->value, sizeof out->value, "%s", value);
    out->state = value[0] ? ES_ATTRIBUTE_PRESENT : ES_ATTRIBUTE_ABSENT;
}

static inline void make(struct bundle *bundle, uint32_t number, uint32_t patient, int32_t day)
{
    memset(bundle, 0, sizeof *bundle);
    bundle->exam.study.bytes[0] = bundle->exam.patient.bytes[0] = 1;
    memcpy(bundle->exam.study.bytes + 1, &number, sizeof number);
    memcpy(bundle->exam.patient.bytes + 9, &patient, sizeof patient);
    bundle->exam.day = day;
    set(&bundle->attributes[0], "ManufacturerModelName", "");
    set(&bundle->attributes[1], "PatientAge", "50");
    set(&bundle->attributes[2], "PatientSex", "F");
    bundle->exam.attributes = bundle->attributes;
    bundle->exam.n_attributes = 3;
    for (uint16_t i = 0; i < 2; i++)
        bundle->cases[i] = (struct es_derived_case){.finding = i, .threshold_sent = NAN, .score = NAN, .decision = ES_NO_ANSWER,
            .label = ES_NO_ANSWER, .produced = ES_NO_INSTANT, .established = ES_NO_INSTANT, .eligible = ES_ELIGIBLE_YES};
    bundle->derived = (struct es_derived){.exams = &bundle->exam, .n_exams = 1, .cases = bundle->cases, .n_cases = 2};
}

static inline void answer(struct bundle *bundle, const char *version, double score, int64_t produced)
{
    struct es_derived_case *row = &bundle->cases[0];
    snprintf(row->version, sizeof row->version, "%s", version);
    row->result = ES_RESULT_OK;
    row->has_score = row->has_decision = true;
    row->score = score;
    row->decision = score >= 0.5;
    row->produced = produced;
}

static inline void label(struct bundle *bundle, const char *source, int value)
{
    struct es_derived_case *row = &bundle->cases[0];
    snprintf(row->reference_source, sizeof row->reference_source, "%s", source);
    row->has_reference = true;
    row->evaluable = value >= 0;
    row->label = value >= 0 ? (uint8_t)value : (uint8_t)ES_NO_ANSWER;
    row->saw_ai = ES_SAW_NO;
}

static inline void put(uint32_t number, struct bundle *bundle)
{
    CU_ASSERT_EQUAL_FATAL(es_cohort_replace(cohort, number, &bundle->derived, NULL), ES_OK);
}

static inline void sheet(uint32_t epoch, int32_t from, int32_t to, int64_t now, int32_t plan_day, struct es_sheet_holder *out)
{
    const struct es_stream stream = {.epoch = epoch};
    const char *fault = NULL;
    CU_ASSERT_EQUAL_FATAL(es_cohort_sheet(cohort, &stream, from, to, now, plan_day, out, NULL), ES_OK);
    CU_ASSERT_TRUE(es_sheet_check(&out->sheet, &fault));
}

#endif
