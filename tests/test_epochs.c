/* SPDX-License-Identifier: Apache-2.0 */
/* Epochs of a finding: what opens one, and which epoch is in force when nothing came. */
#include "cohort_world.h"

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

/* The results that tell no version have two epochs by their sources, a day apart; one that waits for its label is of the latter, also where
 * a result of another version, with the same device and threshold, came since. */
static void a_result_that_tells_no_version_is_never_counted_with_one_that_does(void)
{
    static const struct { int32_t day; const char *version, *source; } given[] = {
        {DAY, "", "a"}, {DAY + 1, "", "b"}, {DAY + 2, "2", "b"}, {DAY + 3, "", ""}};
    struct bundle bundle;
    struct es_stream *streams = NULL;
    size_t n = 0;
    uint32_t rows = 0;
    start("");
    for (uint32_t i = 0; i < 4; i++) {
        make(&bundle, i + 1, i + 1, given[i].day);
        answer(&bundle, given[i].version, 0.6, END_OF(given[i].day));
        if (given[i].source[0]) label(&bundle, given[i].source, 1);
        put(i, &bundle);
    }
    CU_ASSERT_EQUAL_FATAL(es_cohort_streams(cohort, &streams, &n, NULL), ES_OK);
    for (size_t i = 0; i < n; i++) {
        struct es_sheet_holder holder = {0};
        if (streams[i].finding != 0) continue;
        CU_ASSERT_EQUAL_FATAL(es_cohort_sheet(cohort, &streams[i], ES_NO_DAY, ES_NO_DAY, INT64_MAX, ES_NO_DAY, &holder, NULL), ES_OK);
        CU_ASSERT_EQUAL(holder.sheet.rows, streams[i].version[0] == '\0' && strcmp(streams[i].reference_source, "b") == 0 ? 2 : 1);
        rows += holder.sheet.rows;
        es_sheet_holder_clear(&holder);
    }
    CU_ASSERT_EQUAL(rows, 4);
    free(streams);
    finish();
}

/* What differs with every result begins an epoch each, up to the limit, and none beyond it. The rows of all epochs are all rows. */
static void what_changes_with_every_result_begins_no_epochs_without_end(void)
{
    static const struct { bool device, source, threshold, version, failed; const char *cause; } given[] = {
        {true, false, false, false, false, "first+devices_together"}, {false, true, false, false, false, "first+sources_together"},
        {true, false, true, false, false, "first+thresholds_together"}, {false, false, false, true, false, "first+versions_together"},
        {false, false, false, true, true, "first+versions_together"}};
    for (size_t g = 0; g < sizeof given / sizeof given[0]; g++) {
        for (uint32_t n = ES_MAX_EPOCHS; n <= ES_MAX_EPOCHS + 1; n++) {
            struct es_stream *streams = NULL;
            size_t count = 0, own = 0;
            uint32_t rows = 0;
            start("");
            for (uint32_t i = 0; i < n; i++) {
                struct bundle bundle;
                char name[16], source[16];
                snprintf(name, sizeof name, "v%u", given[g].version ? (unsigned)i : 1u);
                snprintf(source, sizeof source, "s%u", given[g].source ? (unsigned)i : 1u);
                make(&bundle, i + 1, i + 1, DAY + (int32_t)i);
                answer(&bundle, name, 0.7, END_OF(DAY));
                if (given[g].failed) bundle.cases[0].result = ES_RESULT_FAILED;
                if (given[g].threshold) bundle.cases[0].threshold_sent = (i + 1) / 100.0;
                if (given[g].device) bundle.cases[0].device.bytes[3] = (uint8_t)(i + 1);
                label(&bundle, source, 1);
                put(i, &bundle);
            }
            CU_ASSERT_EQUAL_FATAL(es_cohort_streams(cohort, &streams, &count, NULL), ES_OK);
            for (size_t i = 0; i < count; i++) {
                struct es_sheet_holder holder;
                if (streams[i].finding != 0) continue;
                if (streams[i].epoch == 1) CU_ASSERT_STRING_EQUAL(streams[i].cause, n > ES_MAX_EPOCHS ? given[g].cause : "first");
                if (n > ES_MAX_EPOCHS) {
                    CU_ASSERT_EQUAL(isnan(streams[i].threshold) != 0, given[g].threshold || (given[g].version && !given[g].failed));
                    CU_ASSERT_STRING_EQUAL(streams[i].version, given[g].version ? "" : "v1");
                }
                sheet(streams[i].epoch, ES_NO_DAY, ES_NO_DAY, INT64_MAX, ES_NO_DAY, &holder);
                rows += holder.sheet.rows;
                es_sheet_holder_clear(&holder);
                own++;
            }
            CU_ASSERT_EQUAL(own, n > ES_MAX_EPOCHS ? 1 : n);
            CU_ASSERT_EQUAL(rows, n);
            free(streams);
            finish();
        }
    }
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"an_epoch_opens_with_version_threshold_device_and_source", an_epoch_opens_with_version_threshold_device_and_source},
        {"sources_that_overlap_in_time_are_one_epoch_not_two_split_by_outcome", sources_that_overlap_in_time_are_one_epoch_not_two_split_by_outcome},
        {"overlapping_intervals_chain_and_a_clean_cut_begins_another_epoch", overlapping_intervals_chain_and_a_clean_cut_begins_another_epoch},
        {"a_source_without_any_exam_day_belongs_to_the_first_epoch_and_long_names_are_cut", a_source_without_any_exam_day_belongs_to_the_first_epoch_and_long_names_are_cut},
        {"a_version_that_comes_back_takes_its_days_silent_exams_with_it", a_version_that_comes_back_takes_its_days_silent_exams_with_it},
        {"a_result_that_tells_no_version_is_never_counted_with_one_that_does", a_result_that_tells_no_version_is_never_counted_with_one_that_does},
        {"what_changes_with_every_result_begins_no_epochs_without_end", what_changes_with_every_result_begins_no_epochs_without_end},
        {NULL, NULL}};
    return es_test_main("epochs", tests, argc, argv);
}
