/* SPDX-License-Identifier: Apache-2.0 */
/* Columns, levels and stages, on derived bundles filled by hand. Epochs: test_epochs.c. */
#include "cohort_world.h"

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

/** All images of a unit are excluded, not those of the rest of its exam (bundle/unit.c). */
static void an_excluded_unit_of_an_exam_that_counts_is_excluded(void)
{
    struct bundle bundle;
    struct es_sheet_holder holder;
    start("");
    make(&bundle, 1, 1, DAY);
    bundle.cases[0].excluded = true;
    put(0, &bundle);
    sheet(1, ES_NO_DAY, ES_NO_DAY, INT64_MAX, ES_NO_DAY, &holder);
    CU_ASSERT_EQUAL_FATAL(holder.sheet.rows, 1);
    CU_ASSERT_EQUAL(holder.sheet.stage[0], ES_STAGE_EXCLUDED);
    es_sheet_holder_clear(&holder);
    finish();
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
    CU_ASSERT_EQUAL(es_cohort_count(cohort, ES_NO_DAY, ES_NO_DAY, &counts, NULL), ES_OK);
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

/** The first day is the second patient's, the last one the third's; only sources that disagree on an exam of the period are counted. */
static void days_and_disagreements_are_of_the_period(void)
{
    static const int32_t days[] = {DAY + 3, DAY - 2, DAY + 8, DAY + 1};
    struct es_cohort_counts counts;
    start("");
    for (uint32_t i = 0; i < 4; i++) {
        struct bundle bundle;
        make(&bundle, i + 1, i + 1, days[i]);
        bundle.cases[0].sources_disagree = i < 3;
        put(i, &bundle);
    }
    CU_ASSERT_EQUAL(es_cohort_count(cohort, ES_NO_DAY, ES_NO_DAY, &counts, NULL), ES_OK);
    CU_ASSERT_TRUE(counts.first_day == DAY - 2 && counts.last_day == DAY + 8 && counts.exams == 4 && counts.sources_disagree == 3);
    CU_ASSERT_EQUAL(es_cohort_count(cohort, DAY, DAY + 5, &counts, NULL), ES_OK);
    CU_ASSERT_TRUE(counts.first_day == DAY + 1 && counts.last_day == DAY + 3 && counts.exams == 2 && counts.sources_disagree == 1);
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
    CU_ASSERT_EQUAL(es_cohort_count(cohort, ES_NO_DAY, ES_NO_DAY, &counts, NULL), ES_OK);
    CU_ASSERT_EQUAL(counts.ambiguous, 4);
    CU_ASSERT_EQUAL(counts.revised, 4);
    CU_ASSERT_EQUAL(counts.results_without_exam, 2);
    derived = (struct es_derived){0};
    CU_ASSERT_EQUAL_FATAL(es_cohort_replace(cohort, 5, &derived, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_cohort_replace(cohort, 6, &derived, NULL), ES_OK);
    CU_ASSERT_EQUAL(es_cohort_count(cohort, ES_NO_DAY, ES_NO_DAY, &counts, NULL), ES_OK);
    CU_ASSERT_EQUAL(counts.ambiguous + counts.revised + counts.results_without_exam, 0);
    finish();
}

/* Exams 0 .. n-1, each with a scanner of its own, from the first or from the last. */
static void put_scanners(uint32_t n, bool backwards)
{
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t number = backwards ? n - 1 - i : i;
        struct bundle bundle;
        char name[16];
        make(&bundle, number, number, DAY);
        snprintf(name, sizeof name, "s%u", (unsigned)number);
        set(&bundle.attributes[0], "ManufacturerModelName", name);
        put(number, &bundle);
    }
}

static void check_scanners(uint64_t present, uint64_t invalid, size_t least_levels)
{
    uint64_t states[ES_ATTRIBUTE_STATES];
    struct es_levels levels;
    es_cohort_attribute_states(cohort, "ManufacturerModelName", ES_NO_DAY, ES_NO_DAY, states);
    CU_ASSERT_EQUAL(states[ES_ATTRIBUTE_PRESENT], present);
    CU_ASSERT_EQUAL(states[ES_ATTRIBUTE_INVALID], invalid);
    CU_ASSERT_EQUAL_FATAL(es_cohort_levels(cohort, 2, &levels, NULL), ES_OK);
    CU_ASSERT_TRUE(least_levels == 1 ? levels.count == 1 : levels.count >= least_levels);
    es_levels_clear(&levels);
}

/* Nearly every exam has its own, as where an attribute holds a number: not the first 65,000 count, but none, whatever came first. */
static void an_attribute_with_too_many_values_tells_nothing_in_any_order(void)
{
    static const uint32_t many[] = {65001, 66000};
    struct bundle bundle;
    for (size_t k = 0; k < sizeof many / sizeof many[0]; k++) {
        char difference[160] = "";
        struct es_cohort *first;
        start("");
        put_scanners(many[k], false);
        check_scanners(0, many[k], 1);
        first = cohort;
        CU_ASSERT_EQUAL_FATAL(es_cohort_new(&cohort, config, NULL), ES_OK);
        put_scanners(many[k], true);
        check_scanners(0, many[k], 1);
        CU_ASSERT_TRUE(es_cohort_same(first, cohort, difference, sizeof difference));
        es_cohort_free(first);
        finish();
    }
    start("");
    put_scanners(65000, true);
    check_scanners(65000, 0, 3);
    make(&bundle, 65000, 65000, DAY);
    set(&bundle.attributes[0], "ManufacturerModelName", "one more");
    put(65000, &bundle);
    check_scanners(0, 65001, 1);
    set(&bundle.attributes[0], "ManufacturerModelName", "s7"); /* corrected: as if it had never been said */
    put(65000, &bundle);
    check_scanners(65001, 0, 3);
    finish();
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"a_unit_stands_at_one_place_of_the_funnel", a_unit_stands_at_one_place_of_the_funnel},
        {"an_excluded_unit_of_an_exam_that_counts_is_excluded", an_excluded_unit_of_an_exam_that_counts_is_excluded},
        {"marks_say_late_exploratory_and_ai_aware", marks_say_late_exploratory_and_ai_aware},
        {"rows_stand_in_patient_order_within_the_period", rows_stand_in_patient_order_within_the_period},
        {"levels_stand_in_vocabulary_band_and_byte_order", levels_stand_in_vocabulary_band_and_byte_order},
        {"levels_beyond_the_maximum_become_other_by_count", levels_beyond_the_maximum_become_other_by_count},
        {"only_the_finding_that_changed_is_dirty", only_the_finding_that_changed_is_dirty},
        {"two_cohorts_are_the_same_when_their_rows_are_and_a_difference_is_named", two_cohorts_are_the_same_when_their_rows_are_and_a_difference_is_named},
        {"days_and_disagreements_are_of_the_period", days_and_disagreements_are_of_the_period},
        {"troubles_are_counted_by_bundle_and_taken_back", troubles_are_counted_by_bundle_and_taken_back},
        {"an_attribute_with_too_many_values_tells_nothing_in_any_order", an_attribute_with_too_many_values_tells_nothing_in_any_order},
        {NULL, NULL}};
    return es_test_main("cohort", tests, argc, argv);
}
