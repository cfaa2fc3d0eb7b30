/* SPDX-License-Identifier: Apache-2.0 */
/* Columns, levels, epochs and stages, on derived bundles filled by hand. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/cohort.h"
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

static void start(const char *more)
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

static void finish(void)
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

static void set(struct es_event_attribute *out, const char *keyword, const char *value)
{
    snprintf(out->keyword, sizeof out->keyword, "%s", keyword);
    snprintf(out->value, sizeof out->value, "%s", value);
    out->state = value[0] ? ES_ATTRIBUTE_PRESENT : ES_ATTRIBUTE_ABSENT;
}

static void make(struct bundle *bundle, uint32_t number, uint32_t patient, int32_t day)
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

static void answer(struct bundle *bundle, const char *version, double score, int64_t produced)
{
    struct es_derived_case *row = &bundle->cases[0];
    snprintf(row->version, sizeof row->version, "%s", version);
    row->result = ES_RESULT_OK;
    row->has_score = row->has_decision = true;
    row->score = score;
    row->decision = score >= 0.5;
    row->produced = produced;
}

static void label(struct bundle *bundle, const char *source, int value)
{
    struct es_derived_case *row = &bundle->cases[0];
    snprintf(row->reference_source, sizeof row->reference_source, "%s", source);
    row->has_reference = true;
    row->evaluable = value >= 0;
    row->label = value >= 0 ? (uint8_t)value : (uint8_t)ES_NO_ANSWER;
    row->saw_ai = ES_SAW_NO;
}

static void put(uint32_t number, struct bundle *bundle)
{
    CU_ASSERT_EQUAL_FATAL(es_cohort_replace(cohort, number, &bundle->derived, NULL), ES_OK);
}

static void sheet(uint32_t epoch, int32_t from, int32_t to, int64_t now, int32_t plan_day, struct es_sheet_holder *out)
{
    const struct es_stream stream = {.epoch = epoch};
    const char *fault = NULL;
    CU_ASSERT_EQUAL_FATAL(es_cohort_sheet(cohort, &stream, from, to, now, plan_day, out, NULL), ES_OK);
    CU_ASSERT_TRUE(es_sheet_check(&out->sheet, &fault));
}

/* DESIGN 8: ExpectWithin and ReferenceWithin start at the end of the exam's day. */
static void a_unit_stands_at_one_place_of_the_funnel(void)
{
    static const struct {
        enum es_exclusion excluded; enum es_eligible eligible; enum es_result_status result; int label; /* -2: none, -1: cannot be told */
        int64_t now; enum es_stage stage; uint32_t mark;
    } cases[] = {
        {ES_EXCLUDED_PHANTOM, ES_ELIGIBLE_YES, ES_RESULT_OK, 1, INT64_MAX, ES_STAGE_EXCLUDED, ES_MARK_HAS_REFERENCE},
        {0, ES_ELIGIBLE_NO, 0, -2, INT64_MAX, ES_STAGE_INELIGIBLE, 0},
        {0, ES_ELIGIBLE_NO, ES_RESULT_OK, -2, INT64_MAX, ES_STAGE_INELIGIBLE, ES_MARK_OUT_OF_SCOPE},
        {0, ES_ELIGIBLE_UNKNOWN, ES_RESULT_OK, -2, INT64_MAX, ES_STAGE_ELIGIBILITY_UNKNOWN, 0},
        {0, ES_ELIGIBLE_YES, ES_RESULT_REJECTED, -2, INT64_MAX, ES_STAGE_REJECTED, 0},
        {0, ES_ELIGIBLE_YES, ES_RESULT_FAILED, -2, INT64_MAX, ES_STAGE_FAILED, 0},
        {0, ES_ELIGIBLE_YES, ES_RESULT_TIMEOUT, -2, INT64_MAX, ES_STAGE_FAILED, 0},
        {0, ES_ELIGIBLE_YES, 0, -2, END_OF(DAY) + 2 * HOUR - 1, ES_STAGE_PENDING, 0},
        {0, ES_ELIGIBLE_YES, 0, -2, END_OF(DAY) + 2 * HOUR, ES_STAGE_MISSING, 0},
        {0, ES_ELIGIBLE_YES, ES_RESULT_OK, 1, END_OF(DAY + 10) - 1, ES_STAGE_MATURING, ES_MARK_HAS_REFERENCE},
        {0, ES_ELIGIBLE_YES, ES_RESULT_OK, 1, END_OF(DAY + 10), ES_STAGE_REFERENCED, ES_MARK_HAS_REFERENCE},
        {0, ES_ELIGIBLE_YES, ES_RESULT_OK, -1, END_OF(DAY + 10), ES_STAGE_INDETERMINATE, 0},
        {0, ES_ELIGIBLE_YES, ES_RESULT_OK, -2, END_OF(DAY + 10), ES_STAGE_OVERDUE, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bundle bundle;
        struct es_sheet_holder holder;
        start("");
        make(&bundle, 1, 1, DAY);
        bundle.exam.excluded = cases[i].excluded;
        bundle.cases[0].excluded = cases[i].excluded != ES_EXCLUDED_NOT;
        bundle.cases[0].eligible = cases[i].eligible;
        if (cases[i].result == ES_RESULT_OK) answer(&bundle, "1", 0.7, END_OF(DAY));
        bundle.cases[0].result = cases[i].result;
        if (cases[i].label > -2) label(&bundle, "report", cases[i].label);
        put(0, &bundle);
        sheet(1, ES_NO_DAY, ES_NO_DAY, cases[i].now, ES_NO_DAY, &holder);
        CU_ASSERT_EQUAL_FATAL(holder.sheet.rows, 1);
        if (holder.sheet.stage[0] != cases[i].stage || holder.sheet.mark[0] != cases[i].mark)
            fprintf(stderr, "case %zu: stage %u mark %u\n", i, holder.sheet.stage[0], holder.sheet.mark[0]);
        CU_ASSERT_EQUAL(holder.sheet.stage[0], cases[i].stage);
        CU_ASSERT_EQUAL(holder.sheet.mark[0], cases[i].mark);
        es_sheet_holder_clear(&holder);
        finish();
    }
}

static void marks_say_late_exploratory_and_ai_aware(void)
{
    struct bundle bundle;
    struct es_sheet_holder holder;
    start("");
    make(&bundle, 1, 1, DAY);
    answer(&bundle, "1", 0.7, END_OF(DAY) + 2 * HOUR + 1);
    label(&bundle, "report", 0);
    bundle.cases[0].saw_ai = ES_SAW_UNKNOWN;
    bundle.cases[0].mismatch = true;
    put(0, &bundle);
    sheet(1, ES_NO_DAY, ES_NO_DAY, INT64_MAX, DAY + 1, &holder);
    CU_ASSERT_EQUAL(holder.sheet.mark[0], ES_MARK_LATE | ES_MARK_EXPLORATORY | ES_MARK_AI_AWARE | ES_MARK_DECISION_MISMATCH |
                                              ES_MARK_HAS_REFERENCE);
    es_sheet_holder_clear(&holder);
    sheet(1, ES_NO_DAY, ES_NO_DAY, INT64_MAX, DAY, &holder);
    CU_ASSERT_EQUAL(holder.sheet.mark[0] & ES_MARK_EXPLORATORY, 0);
    es_sheet_holder_clear(&holder);
    finish();
}

static void rows_stand_in_patient_order_within_the_period(void)
{
    static const struct { uint32_t patient; int32_t day; double score; } given[] = {
        {2, DAY + 2, 0.22}, {1, DAY + 9, 0.19}, {2, DAY + 1, 0.21}, {3, ES_NO_DAY, 0.3}, {1, DAY, 0.1}};
    static const double all[] = {0.1, 0.19, 0.21, 0.22, 0.3}, some[] = {0.21, 0.22};
    struct es_sheet_holder holder;
    start("");
    for (uint32_t i = 0; i < 5; i++) {
        struct bundle bundle;
        make(&bundle, i, given[i].patient, given[i].day);
        answer(&bundle, "1", given[i].score, END_OF(DAY));
        put(i, &bundle);
    }
    sheet(1, ES_NO_DAY, ES_NO_DAY, INT64_MAX, ES_NO_DAY, &holder);
    CU_ASSERT_EQUAL_FATAL(holder.sheet.rows, 5);
    CU_ASSERT_EQUAL(holder.sheet.patients, 3);
    for (int i = 0; i < 5; i++) CU_ASSERT_EQUAL(holder.sheet.score[i], all[i]);
    es_sheet_holder_clear(&holder);
    sheet(1, DAY + 1, DAY + 2, INT64_MAX, ES_NO_DAY, &holder);
    CU_ASSERT_EQUAL_FATAL(holder.sheet.rows, 2);
    CU_ASSERT_EQUAL(holder.sheet.patients, 1);
    for (int i = 0; i < 2; i++) CU_ASSERT_EQUAL(holder.sheet.score[i], some[i]);
    es_sheet_holder_clear(&holder);
    struct es_cohort_counts counts;
    es_cohort_count(cohort, ES_NO_DAY, ES_NO_DAY, &counts);
    CU_ASSERT_EQUAL(counts.exams, 5);
    CU_ASSERT_EQUAL(counts.patients, 3);
    CU_ASSERT_EQUAL(counts.first_day, DAY);
    CU_ASSERT_EQUAL(counts.last_day, DAY + 9);
    finish();
}

static void levels_stand_in_vocabulary_band_and_byte_order(void)
{
    static const char *const sexes[] = {"M", "F", "", "F"}, *const ages[] = {"85", "540d", "", "40"}, *const scanners[] = {"b", "a", "c", "b"};
    struct es_levels levels;
    uint64_t states[ES_ATTRIBUTE_STATES];
    start("");
    for (uint32_t i = 0; i < 4; i++) {
        struct bundle bundle;
        make(&bundle, i, i, DAY);
        set(&bundle.attributes[0], "ManufacturerModelName", scanners[i]);
        set(&bundle.attributes[1], "PatientAge", ages[i]);
        set(&bundle.attributes[2], "PatientSex", sexes[i]);
        put(i, &bundle);
    }
    static const char *const expected[3][6] = {{"unknown", "F", "M"}, {"unknown", "0-17", "18-39", "40-79", "80+"}, {"unknown", "a", "b", "c"}};
    static const uint8_t count[3] = {3, 5, 4};
    for (size_t axis = 0; axis < 3; axis++) {
        CU_ASSERT_EQUAL_FATAL(es_cohort_levels(cohort, axis, &levels, NULL), ES_OK);
        CU_ASSERT_EQUAL_FATAL(levels.count, count[axis]);
        for (uint8_t i = 0; i < levels.count; i++) CU_ASSERT_STRING_EQUAL(levels.names[i], expected[axis][i]);
        es_levels_clear(&levels);
    }
    es_cohort_attribute_states(cohort, "PatientSex", ES_NO_DAY, ES_NO_DAY, states);
    CU_ASSERT_EQUAL(states[ES_ATTRIBUTE_PRESENT], 3);
    CU_ASSERT_EQUAL(states[ES_ATTRIBUTE_ABSENT], 1);
    struct es_sheet_holder holder;
    sheet(1, ES_NO_DAY, ES_NO_DAY, INT64_MAX, ES_NO_DAY, &holder);
    CU_ASSERT_STRING_EQUAL(holder.levels[1].names[holder.sheet.level[1][1]], "0-17"); /* 540 days */
    es_sheet_holder_clear(&holder);
    finish();
}

static void levels_beyond_the_maximum_become_other_by_count(void)
{
    struct es_levels levels;
    start("\"MaximumLevels\":2,");
    for (uint32_t i = 0; i < 6; i++) { /* d 3 times, a, b, c once: d, then a by bytes */
        struct bundle bundle;
        static const char *const names[] = {"d", "c", "d", "b", "a", "d"};
        make(&bundle, i, i, DAY);
        set(&bundle.attributes[0], "ManufacturerModelName", names[i]);
        put(i, &bundle);
    }
    CU_ASSERT_EQUAL_FATAL(es_cohort_levels(cohort, 2, &levels, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(levels.count, 4);
    CU_ASSERT_STRING_EQUAL(levels.names[1], "a");
    CU_ASSERT_STRING_EQUAL(levels.names[2], "d");
    CU_ASSERT_STRING_EQUAL(levels.names[3], "other");
    es_levels_clear(&levels);
    struct es_sheet_holder holder;
    sheet(1, ES_NO_DAY, ES_NO_DAY, INT64_MAX, ES_NO_DAY, &holder);
    uint32_t other = 0;
    for (uint32_t i = 0; i < holder.sheet.rows; i++) other += holder.sheet.level[2][i] == 3;
    CU_ASSERT_EQUAL(other, 2);
    es_sheet_holder_clear(&holder);
    finish();
}

static void an_epoch_opens_with_version_threshold_device_and_source(void)
{
    struct es_stream *streams = NULL;
    size_t n = 0;
    static const struct { const char *version, *source; double threshold; uint8_t device; } given[] = {
        {"1", "report", NAN, 0}, {"1", "report", 0.5, 0}, /* the configured threshold, sent: no change */
        {"1", "", NAN, 0},                                /* not labelled yet: of the first */
        {"2", "report", NAN, 0}, {"2", "report", 0.6, 0}, {"2", "report", 0.6, 7}, {"2", "biopsy", 0.6, 7}};
    static const struct { const char *version, *cause; int32_t from, to; } expected[] = {
        {"1", "first", DAY, DAY + 2}, {"2", "version", DAY + 3, DAY + 3}, {"2", "threshold", DAY + 4, DAY + 4},
        {"2", "device", DAY + 5, DAY + 5}, {"2", "reference_source", DAY + 6, DAY + 8}};
    start("");
    for (uint32_t i = 0; i < 9; i++) {
        struct bundle bundle;
        make(&bundle, i, i, DAY + (int32_t)i);
        if (i < 7) {
            answer(&bundle, given[i].version, 0.7, END_OF(DAY));
            bundle.cases[0].threshold_sent = given[i].threshold;
            bundle.cases[0].device.bytes[3] = given[i].device;
            if (given[i].source[0]) label(&bundle, given[i].source, 1);
        } else if (i == 7) {
            bundle.cases[0].result = ES_RESULT_FAILED; /* of no version; and 8 is silent: of the epoch in force */
        }
        put(i, &bundle);
    }
    CU_ASSERT_EQUAL_FATAL(es_cohort_streams(cohort, &streams, &n, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(n, 6); /* five of the first finding, one silent of the second */
    size_t seen = 0;
    uint32_t rows = 0;
    for (size_t i = 0; i < n; i++) {
        if (streams[i].finding != 0) {
            CU_ASSERT_STRING_EQUAL(streams[i].version, "");
            CU_ASSERT_EQUAL(streams[i].epoch, 1);
            CU_ASSERT_STRING_EQUAL(streams[i].cause, "first");
            continue;
        }
        struct es_sheet_holder holder;
        CU_ASSERT_EQUAL_FATAL(streams[i].epoch, ++seen);
        CU_ASSERT_STRING_EQUAL(streams[i].version, expected[seen - 1].version);
        CU_ASSERT_STRING_EQUAL(streams[i].cause, expected[seen - 1].cause);
        CU_ASSERT_EQUAL(streams[i].from, expected[seen - 1].from);
        CU_ASSERT_EQUAL(streams[i].to, expected[seen - 1].to);
        sheet(streams[i].epoch, ES_NO_DAY, ES_NO_DAY, INT64_MAX, ES_NO_DAY, &holder);
        rows += holder.sheet.rows;
        es_sheet_holder_clear(&holder);
    }
    CU_ASSERT_EQUAL(rows, 9); /* every unit is of exactly one epoch */
    free(streams);
    struct es_sheet_holder none;
    struct es_error err = {0};
    const struct es_stream sixth = {.epoch = 6};
    CU_ASSERT_EQUAL(es_cohort_sheet(cohort, &sixth, ES_NO_DAY, ES_NO_DAY, 0, ES_NO_DAY, &none, &err), ES_E_ARG);
    CU_ASSERT_STRING_EQUAL(err.text, "cohort: epoch 6 asked for, there are 5");
    finish();
}

/* One result a row; epochs expected in order. The rows are put in both directions: no order may matter. */
struct labelled {
    int32_t day;
    const char *source;
    int label;
};
struct expected_epoch {
    const char *source;
    int32_t from, to;
    uint32_t rows, positive;
};
static void check_epochs(const struct labelled *given, uint32_t n, const struct expected_epoch *expected, size_t n_expected)
{
    for (int backwards = 0; backwards < 2; backwards++) {
        struct es_stream *streams = NULL;
        size_t count = 0, seen = 0;
        start("");
        for (uint32_t k = 0; k < n; k++) {
            const uint32_t i = backwards ? n - 1 - k : k;
            struct bundle bundle;
            make(&bundle, i, i, given[i].day);
            answer(&bundle, "1", 0.7, END_OF(DAY));
            if (given[i].source[0]) label(&bundle, given[i].source, given[i].label);
            put(i, &bundle);
        }
        CU_ASSERT_EQUAL_FATAL(es_cohort_streams(cohort, &streams, &count, NULL), ES_OK);
        for (size_t i = 0; i < count; i++) {
            struct es_sheet_holder holder;
            uint32_t positive = 0;
            if (streams[i].finding != 0) continue;
            CU_ASSERT_FATAL(seen < n_expected);
            CU_ASSERT_STRING_EQUAL(streams[i].reference_source, expected[seen].source);
            CU_ASSERT_STRING_EQUAL(streams[i].cause, seen ? "reference_source" : "first");
            CU_ASSERT_EQUAL(streams[i].from, expected[seen].from);
            CU_ASSERT_EQUAL(streams[i].to, expected[seen].to);
            sheet(streams[i].epoch, ES_NO_DAY, ES_NO_DAY, INT64_MAX, ES_NO_DAY, &holder);
            for (uint32_t row = 0; row < holder.sheet.rows; row++) positive += holder.sheet.label[row] == 1;
            CU_ASSERT_EQUAL(holder.sheet.rows, expected[seen].rows);
            CU_ASSERT_EQUAL(positive, expected[seen].positive);
            es_sheet_holder_clear(&holder);
            seen++;
        }
        CU_ASSERT_EQUAL(seen, n_expected);
        free(streams);
        finish();
    }
}

static void sources_that_overlap_in_time_are_one_epoch_not_two_split_by_outcome(void)
{
    static const struct labelled given[] = {{DAY, "radiology", 0}, {DAY + 1, "pathology", 1}, {DAY + 2, "radiology", 0}, {DAY + 3, "pathology", 1},
                                            {DAY + 4, "", 0}, {DAY - 1, "", 0}};
    static const struct expected_epoch expected[] = {{"pathology+radiology", DAY - 1, DAY + 4, 6, 2}};
    check_epochs(given, 6, expected, 1);
}

/* a [0,2], b [2,4] and c [4,6] hang together though a and c do not overlap; d [7,8] is cut cleanly, and what has no label yet
 * belongs to the epoch in force on its day. */
static void overlapping_intervals_chain_and_a_clean_cut_begins_another_epoch(void)
{
    static const struct labelled given[] = {{DAY, "a", 1}, {DAY + 2, "a", 0}, {DAY + 2, "b", 1}, {DAY + 4, "b", 1}, {DAY + 4, "c", 0},
                                            {DAY + 6, "c", 0}, {DAY + 7, "d", 1}, {DAY + 8, "d", 0}, {DAY + 3, "", 0}, {DAY + 9, "", 0}};
    static const struct expected_epoch expected[] = {{"a+b+c", DAY, DAY + 6, 7, 3}, {"d", DAY + 7, DAY + 9, 3, 1}};
    check_epochs(given, 10, expected, 2);
}

static void a_source_without_any_exam_day_belongs_to_the_first_epoch_and_long_names_are_cut(void)
{
    static const struct labelled undated[] = {{DAY, "b", 1}, {DAY + 1, "c", 0}, {ES_NO_DAY, "a", 1}};
    static const struct expected_epoch first[] = {{"a+b", DAY, DAY, 2, 2}, {"c", DAY + 1, DAY + 1, 1, 0}};
    static const struct labelled alone[] = {{ES_NO_DAY, "a", 1}, {ES_NO_DAY, "b", 0}};
    static const struct expected_epoch one[] = {{"a+b", ES_NO_DAY, ES_NO_DAY, 2, 1}};
    static const struct labelled lengthy[] = {{DAY, "a-reference-source-with-a-rather-long-name", 1}, {DAY, "another-one-that-is-long-as-well", 0}};
    static const struct expected_epoch cut[] = {{"a-reference-source-with-a-rather-long-name+another-one-that-i...", DAY, DAY, 2, 1}};
    check_epochs(undated, 3, first, 2);
    check_epochs(alone, 2, one, 1);
    check_epochs(lengthy, 2, cut, 1);
}

static void a_version_that_comes_back_takes_its_days_silent_exams_with_it(void)
{
    struct bundle bundle;
    struct es_stream *streams = NULL;
    size_t n = 0;
    start("");
    /* days 0-3 version 1, days 4-7 version 2, days 8-11 version 1 again; on odd days no result came */
    for (uint32_t i = 0; i < 12; i++) {
        make(&bundle, i + 1, i + 1, DAY + (int32_t)i);
        if (i % 2 == 0) answer(&bundle, i >= 4 && i < 8 ? "2" : "1", 0.6, END_OF(DAY + (int32_t)i));
        put(i, &bundle);
    }
    CU_ASSERT_EQUAL_FATAL(es_cohort_streams(cohort, &streams, &n, NULL), ES_OK);
    for (size_t i = 0; i < n; i++) {
        struct es_sheet_holder holder = {0};
        if (streams[i].finding != 0) continue;
        CU_ASSERT_EQUAL_FATAL(es_cohort_sheet(cohort, &streams[i], ES_NO_DAY, ES_NO_DAY, INT64_MAX, ES_NO_DAY, &holder, NULL), ES_OK);
        const bool second = strcmp(streams[i].version, "2") == 0;
        uint32_t missing = 0;
        for (uint32_t row = 0; row < holder.sheet.rows; row++) missing += holder.sheet.stage[row] == ES_STAGE_MISSING;
        CU_ASSERT_EQUAL(holder.sheet.rows, second ? 4 : 8);
        CU_ASSERT_EQUAL(missing, second ? 2 : 4);
        CU_ASSERT_EQUAL(streams[i].from, second ? DAY + 4 : DAY);
        CU_ASSERT_EQUAL(streams[i].to, second ? DAY + 7 : DAY + 11);
        es_sheet_holder_clear(&holder);
    }
    free(streams);
    finish();
}

static void only_the_finding_that_changed_is_dirty(void)
{
    struct bundle bundle;
    start("");
    make(&bundle, 1, 1, DAY);
    put(0, &bundle);
    CU_ASSERT_TRUE(es_cohort_take_dirty(cohort, 0, 0));
    CU_ASSERT_TRUE(es_cohort_take_dirty(cohort, 0, 1));
    put(0, &bundle);
    CU_ASSERT_FALSE(es_cohort_take_dirty(cohort, 0, 0));
    label(&bundle, "report", 1);
    put(0, &bundle);
    CU_ASSERT_TRUE(es_cohort_take_dirty(cohort, 0, 0));
    CU_ASSERT_FALSE(es_cohort_take_dirty(cohort, 0, 0));
    CU_ASSERT_FALSE(es_cohort_take_dirty(cohort, 0, 1));
    bundle.attributes[2].value[0] = 'M';
    put(0, &bundle);
    CU_ASSERT_TRUE(es_cohort_take_dirty(cohort, 0, 1));
    finish();
}

static void two_cohorts_are_the_same_when_their_rows_are_and_a_difference_is_named(void)
{
    char difference[120];
    struct es_cohort *other = NULL;
    struct bundle bundle;
    static const struct es_derived empty;
    start("");
    CU_ASSERT_EQUAL_FATAL(es_cohort_new(&other, config, NULL), ES_OK);
    for (uint32_t i = 0; i < 50; i++) {
        make(&bundle, i, i % 7, DAY + (int32_t)i);
        if (i % 3) answer(&bundle, i % 2 ? "1" : "2", i / 50.0, END_OF(DAY));
        put(i, &bundle);
    }
    put(60, &(struct bundle){0});
    for (uint32_t k = 0; k < 50; k++) { /* another order, other numbers, rows that come and go */
        const uint32_t i = 49 - k;
        make(&bundle, i, i % 7, DAY + (int32_t)i);
        CU_ASSERT_EQUAL_FATAL(es_cohort_replace(other, 3 * i, &bundle.derived, NULL), ES_OK);
        if (k % 5 == 0) CU_ASSERT_EQUAL_FATAL(es_cohort_replace(other, 3 * i, &empty, NULL), ES_OK);
        if (i % 3) answer(&bundle, i % 2 ? "1" : "2", i / 50.0, END_OF(DAY));
        CU_ASSERT_EQUAL_FATAL(es_cohort_replace(other, 3 * i, &bundle.derived, NULL), ES_OK);
    }
    CU_ASSERT_TRUE(es_cohort_same(cohort, other, difference, sizeof difference));
    make(&bundle, 4, 4, DAY + 4);
    answer(&bundle, "2", 4 / 50.0 + 1e-9, END_OF(DAY));
    CU_ASSERT_EQUAL_FATAL(es_cohort_replace(other, 12, &bundle.derived, NULL), ES_OK);
    CU_ASSERT_FALSE(es_cohort_same(cohort, other, difference, sizeof difference));
    CU_ASSERT_STRING_EQUAL(difference, "model 0 finding 0: 50 rows each, with other contents");
    CU_ASSERT_EQUAL_FATAL(es_cohort_replace(other, 12, &empty, NULL), ES_OK);
    CU_ASSERT_FALSE(es_cohort_same(cohort, other, difference, sizeof difference));
    CU_ASSERT_STRING_EQUAL(difference, "exams: 50 rows against 49");
    es_cohort_free(other);
    finish();
}

static void troubles_are_counted_by_bundle_and_taken_back(void)
{
    struct es_cohort_counts counts;
    struct es_derived derived = {.ambiguous = 3, .revised = 2, .results_without_exam = 1};
    start("");
    CU_ASSERT_EQUAL_FATAL(es_cohort_replace(cohort, 5, &derived, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_cohort_replace(cohort, 6, &derived, NULL), ES_OK);
    derived.ambiguous = 1;
    CU_ASSERT_EQUAL_FATAL(es_cohort_replace(cohort, 5, &derived, NULL), ES_OK);
    es_cohort_count(cohort, ES_NO_DAY, ES_NO_DAY, &counts);
    CU_ASSERT_EQUAL(counts.ambiguous, 4);
    CU_ASSERT_EQUAL(counts.revised, 4);
    CU_ASSERT_EQUAL(counts.results_without_exam, 2);
    derived = (struct es_derived){0};
    CU_ASSERT_EQUAL_FATAL(es_cohort_replace(cohort, 5, &derived, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_cohort_replace(cohort, 6, &derived, NULL), ES_OK);
    es_cohort_count(cohort, ES_NO_DAY, ES_NO_DAY, &counts);
    CU_ASSERT_EQUAL(counts.ambiguous + counts.revised + counts.results_without_exam, 0);
    finish();
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"a_unit_stands_at_one_place_of_the_funnel", a_unit_stands_at_one_place_of_the_funnel},
        {"marks_say_late_exploratory_and_ai_aware", marks_say_late_exploratory_and_ai_aware},
        {"rows_stand_in_patient_order_within_the_period", rows_stand_in_patient_order_within_the_period},
        {"levels_stand_in_vocabulary_band_and_byte_order", levels_stand_in_vocabulary_band_and_byte_order},
        {"levels_beyond_the_maximum_become_other_by_count", levels_beyond_the_maximum_become_other_by_count},
        {"an_epoch_opens_with_version_threshold_device_and_source", an_epoch_opens_with_version_threshold_device_and_source},
        {"sources_that_overlap_in_time_are_one_epoch_not_two_split_by_outcome", sources_that_overlap_in_time_are_one_epoch_not_two_split_by_outcome},
        {"overlapping_intervals_chain_and_a_clean_cut_begins_another_epoch", overlapping_intervals_chain_and_a_clean_cut_begins_another_epoch},
        {"a_source_without_any_exam_day_belongs_to_the_first_epoch_and_long_names_are_cut",
         a_source_without_any_exam_day_belongs_to_the_first_epoch_and_long_names_are_cut},
        {"a_version_that_comes_back_takes_its_days_silent_exams_with_it",
                                            a_version_that_comes_back_takes_its_days_silent_exams_with_it},
        {"only_the_finding_that_changed_is_dirty", only_the_finding_that_changed_is_dirty},
        {"two_cohorts_are_the_same_when_their_rows_are_and_a_difference_is_named",
         two_cohorts_are_the_same_when_their_rows_are_and_a_difference_is_named},
        {"troubles_are_counted_by_bundle_and_taken_back", troubles_are_counted_by_bundle_and_taken_back},
        {NULL, NULL}};
    return es_test_main("cohort", tests, argc, argv);
}
