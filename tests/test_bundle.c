/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of the derivation, one test each, on events filled by hand: exams, results, units. References: test_bundle_references.c; which
 * exam they are of: test_bundle_pairing.c. */
#include "bundle_world.h"

static void an_exam_alone_gives_a_row_for_the_funnel(void)
{
    start("", "");
    exam(1, 1, "F");
    derive();
    CU_ASSERT_EQUAL_FATAL(derived.n_exams, 1);
    CU_ASSERT_EQUAL_FATAL(derived.n_cases, 1);
    CU_ASSERT_EQUAL(derived.cases[0].result, 0);
    CU_ASSERT_EQUAL(derived.cases[0].decision, ES_NO_ANSWER);
    CU_ASSERT_EQUAL(derived.cases[0].label, ES_NO_ANSWER);
    CU_ASSERT_EQUAL(derived.cases[0].eligible, ES_ELIGIBLE_YES);
    CU_ASSERT_STRING_EQUAL(derived.cases[0].version, "");
    CU_ASSERT_EQUAL(derived.exams[0].day, DAY);
    CU_ASSERT_FALSE(es_pseudonym_set(&derived.exams[0].patient));
}

static void attributes_of_two_images_are_merged_or_conflict(void)
{
    static const struct { enum es_attribute_state a, b; const char *x, *y; enum es_attribute_state state; const char *value; } cases[] = {
        {ES_ATTRIBUTE_PRESENT, ES_ATTRIBUTE_PRESENT, "F", "F", ES_ATTRIBUTE_PRESENT, "F"},
        {ES_ATTRIBUTE_PRESENT, ES_ATTRIBUTE_PRESENT, "F", "M", ES_ATTRIBUTE_CONFLICT, ""},
        {ES_ATTRIBUTE_ABSENT, ES_ATTRIBUTE_PRESENT, "", "M", ES_ATTRIBUTE_PRESENT, "M"},
        {ES_ATTRIBUTE_BLANK, ES_ATTRIBUTE_PRESENT, "", "M", ES_ATTRIBUTE_PRESENT, "M"},
        {ES_ATTRIBUTE_ABSENT, ES_ATTRIBUTE_BLANK, "", "", ES_ATTRIBUTE_BLANK, ""},
        {ES_ATTRIBUTE_CONFLICT, ES_ATTRIBUTE_PRESENT, "", "M", ES_ATTRIBUTE_CONFLICT, ""},
        {ES_ATTRIBUTE_NOT_STATED, ES_ATTRIBUTE_BLANK, "", "", ES_ATTRIBUTE_NOT_STATED, ""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start("", "");
        with(say(ES_EVENT_EXAM, 1, 1), "PatientSex", cases[i].a, cases[i].x);
        with(say(ES_EVENT_EXAM, 1, 2), "PatientSex", cases[i].b, cases[i].y);
        derive();
        CU_ASSERT_EQUAL_FATAL(derived.n_exams, 1);
        CU_ASSERT_EQUAL(attribute(0, "PatientSex")->state, cases[i].state);
        CU_ASSERT_STRING_EQUAL(attribute(0, "PatientSex")->value, cases[i].value);
    }
}

static void a_result_object_s_attributes_count_only_when_no_image_was_seen(void)
{
    start("", "");
    exam(1, 1, "F");
    exam(1, 2, "M")->attribute_source = ES_SOURCE_RESULT_OBJECT;
    derive();
    CU_ASSERT_STRING_EQUAL(attribute(0, "PatientSex")->value, "F");
    start("", "");
    exam(1, 2, "M")->attribute_source = ES_SOURCE_RESULT_OBJECT;
    derive();
    CU_ASSERT_STRING_EQUAL(attribute(0, "PatientSex")->value, "M");
}

static void an_exam_is_excluded_only_when_all_its_images_are(void)
{
    start("", "");
    exam(1, 1, "F")->excluded = ES_EXCLUDED_QUALITY_CONTROL;
    exam(1, 2, "O")->excluded = ES_EXCLUDED_PHANTOM;
    derive();
    CU_ASSERT_EQUAL(derived.exams[0].excluded, ES_EXCLUDED_PHANTOM);
    CU_ASSERT_TRUE(derived.cases[0].excluded);
    exam(1, 3, "M");
    derive();
    CU_ASSERT_EQUAL(derived.exams[0].excluded, ES_EXCLUDED_NOT);
    CU_ASSERT_FALSE(derived.cases[0].excluded);
    CU_ASSERT_STRING_EQUAL(attribute(0, "PatientSex")->value, "M"); /* excluded images say nothing of it */
}

static void the_latest_linked_attribute_by_the_exam_day_is_taken(void)
{
    static const struct { int32_t from; uint8_t identity, patient; const char *value; } given[] = {
        {DAY - 10, 1, 9, "old"}, {DAY, 2, 9, "now"}, {DAY + 1, 3, 9, "later"}, {DAY, 4, 8, "another"}};
    start("", "");
    exam(1, 1, "F")->patient = name(9);
    for (size_t i = 0; i < 4; i++) {
        struct es_event *event = &linked[n_linked++];
        *event = (struct es_event){.kind = ES_EVENT_DEMOGRAPHICS, .valid_from = given[i].from, .identity = {given[i].identity},
                                   .patient = name(given[i].patient)};
        with(event, "race", ES_ATTRIBUTE_PRESENT, given[i].value);
    }
    derive();
    CU_ASSERT_STRING_EQUAL(attribute(0, "race")->value, "now");
}

static void eligibility_is_yes_no_or_unknown(void)
{
    static const char rule[] = ",\"Eligible\":{\"Modality\":[\"CR\",\"dx\"],\"MinAge\":18,\"MaxAge\":80}";
    static const struct { const char *modality, *other, *age; enum es_eligible eligible; } cases[] = {
        {"DX", NULL, "50", ES_ELIGIBLE_YES}, {"CT", NULL, "50", ES_ELIGIBLE_NO},      {"CT", "CR", "50", ES_ELIGIBLE_YES},
        {"", NULL, "50", ES_ELIGIBLE_UNKNOWN}, {"CT", "", "50", ES_ELIGIBLE_UNKNOWN}, {"DX", NULL, "17", ES_ELIGIBLE_NO},
        {"DX", NULL, "18", ES_ELIGIBLE_YES}, {"DX", NULL, "80", ES_ELIGIBLE_YES},     {"DX", NULL, "81", ES_ELIGIBLE_NO},
        {"DX", NULL, "", ES_ELIGIBLE_UNKNOWN}, {"CT", NULL, "", ES_ELIGIBLE_NO},      {"DX", NULL, "540d", ES_ELIGIBLE_NO}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start(rule, "");
        for (uint8_t k = 0; k < (cases[i].other ? 2 : 1); k++) {
            const char *modality = k ? cases[i].other : cases[i].modality;
            struct es_event *event = say(ES_EVENT_EXAM, 1, (uint8_t)(k + 1));
            with(event, "Modality", modality[0] ? ES_ATTRIBUTE_PRESENT : ES_ATTRIBUTE_ABSENT, modality);
            with(event, "PatientAge", cases[i].age[0] ? ES_ATTRIBUTE_PRESENT : ES_ATTRIBUTE_BLANK, cases[i].age);
        }
        derive();
        if (derived.cases[0].eligible != cases[i].eligible) fprintf(stderr, "eligibility case %zu\n", i);
        CU_ASSERT_EQUAL(derived.cases[0].eligible, cases[i].eligible);
    }
}

/* ---- results ---- */

static void the_first_produced_result_of_a_version_counts(void)
{
    start("", "");
    exam(1, 1, "F");
    result(1, 2, "1.0", 0.9, NOON(DAY) + 5);
    result(1, 3, "1.0", 0.2, NOON(DAY) + 4);
    result(1, 4, "1.1", 0.7, NOON(DAY) + 9);
    derive();
    CU_ASSERT_EQUAL_FATAL(derived.n_cases, 2);
    CU_ASSERT_STRING_EQUAL(derived.cases[0].version, "1.0");
    CU_ASSERT_EQUAL(derived.cases[0].score, 0.2);
    CU_ASSERT_EQUAL(derived.cases[0].decision, 0);
    CU_ASSERT_STRING_EQUAL(derived.cases[1].version, "1.1");
    CU_ASSERT_EQUAL(derived.cases[1].decision, 1);
    CU_ASSERT_EQUAL(derived.cases[1].result_pairing, ES_PAIRED_STUDY);
}

/* Counted is the first produced; a later one of the same version that decides otherwise is told, in whatever order they came. */
static void a_later_result_that_decides_otherwise_is_told(void)
{
    static const struct { double first, second, third; bool changed; } cases[] = {
        {0.2, 0.3, 0.4, false}, {0.2, 0.9, 0.3, false}, {0.2, 0.3, 0.9, true}, {0.9, 0.2, 0.6, false}, {0.9, 0.8, 0.1, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start("", "");
        exam(1, 1, "F");
        result(1, 2, "1.0", cases[i].third, NOON(DAY) + 7);
        result(1, 3, "1.0", cases[i].first, NOON(DAY) + 4);
        result(1, 4, "1.0", cases[i].second, NOON(DAY) + 5);
        result(1, 5, "1.1", 1 - cases[i].first, NOON(DAY) + 9); /* another version is no change */
        derive();
        CU_ASSERT_EQUAL_FATAL(derived.n_cases, 2);
        CU_ASSERT_EQUAL(derived.cases[0].score, cases[i].first);
        CU_ASSERT_EQUAL(derived.cases[0].decision_changed, cases[i].changed);
        CU_ASSERT_FALSE(derived.cases[1].decision_changed);
    }
}

static void of_one_slot_the_latest_produced_is_live(void)
{
    start("", "");
    exam(1, 1, "F");
    result(1, 2, "1.0", 0.9, NOON(DAY) + 5)->instance = name(77);
    result(1, 3, "1.0", 0.2, NOON(DAY) + 6)->instance = name(77);
    derive();
    CU_ASSERT_EQUAL(derived.cases[0].score, 0.2);
    CU_ASSERT_EQUAL(derived.revised, 1);
}

/* Two references of one instant: identities hang on the site's key, so they may be either way round, and the same one stands. */
static void references_of_one_instant_do_not_hang_on_the_key(void)
{
    static const struct { const char *first, *second; int32_t says[2]; uint8_t label; } cases[] = {
        {"panel", "report", {0, 1}, 0}, {"panel", "report", {1, 0}, 1}, {"report", "report", {0, 1}, 1}, {"report", "report", {1, 0}, 1}};
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        const uint8_t swapped = i % 2;
        start("", "");
        exam(1, 1, "F");
        result(1, 2, "1.0", 0.9, NOON(DAY));
        reference(1, (uint8_t)(5 + swapped), cases[i / 2].first, ES_REFERENCE_FINAL, cases[i / 2].says[0], NOON(DAY) + 9)->labeller = name(81);
        reference(1, (uint8_t)(6 - swapped), cases[i / 2].second, ES_REFERENCE_FINAL, cases[i / 2].says[1], NOON(DAY) + 9)->labeller = name(82);
        derive();
        CU_ASSERT_EQUAL_FATAL(derived.n_cases, 1);
        CU_ASSERT_EQUAL(derived.cases[0].label, cases[i / 2].label);
        CU_ASSERT_STRING_EQUAL(derived.cases[0].reference_source, cases[i / 2].first);
    }
}

static void the_threshold_that_was_sent_decides_before_the_configured_one(void)
{
    static const struct { double score, sent; int decision; uint8_t decided; bool mismatch; } cases[] = {
        {0.4, NAN, -1, 0, false}, {0.5, NAN, -1, 1, false}, {0.4, 0.3, -1, 1, false}, {0.6, 0.7, -1, 0, false},
        {0.6, 0.7, 1, 1, true},   {0.6, 0.5, 1, 1, false},  {0.6, NAN, 0, 0, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start("", "");
        exam(1, 1, "F");
        struct es_finding *finding = result(1, 2, "1.0", cases[i].score, NOON(DAY))->findings;
        finding->has_threshold = !isnan(cases[i].sent);
        finding->threshold = finding->has_threshold ? cases[i].sent : 0;
        finding->has_decision = cases[i].decision >= 0;
        finding->decision = cases[i].decision > 0;
        derive();
        CU_ASSERT_EQUAL(derived.cases[0].decision, cases[i].decided);
        CU_ASSERT_EQUAL(derived.cases[0].mismatch, cases[i].mismatch);
        CU_ASSERT_EQUAL(isnan(derived.cases[0].threshold_sent), isnan(cases[i].sent));
    }
}

static void a_finding_that_is_not_named_is_no_or_nothing(void)
{
    start("", ",\"AbsenceMeans\":\"negative\"");
    exam(1, 1, "F");
    snprintf(result(1, 2, "1.0", 0.9, NOON(DAY))->findings[0].name, ES_NAME_SIZE, "other");
    derive();
    CU_ASSERT_EQUAL(derived.cases[0].result, ES_RESULT_OK);
    CU_ASSERT_EQUAL(derived.cases[0].decision, 0);
    CU_ASSERT_FALSE(derived.cases[0].has_score);
    CU_ASSERT_EQUAL(derived.unknown_finding, 1);
    start("", "");
    exam(1, 1, "F");
    snprintf(result(1, 2, "1.0", 0.9, NOON(DAY))->findings[0].name, ES_NAME_SIZE, "other");
    derive();
    CU_ASSERT_EQUAL_FATAL(derived.n_cases, 1);
    CU_ASSERT_EQUAL(derived.cases[0].result, 0);
}

static void a_failure_gives_way_to_a_result_and_names_the_worst_told(void)
{
    start("", "");
    exam(1, 1, "F");
    failure(1, 2, "1.0", ES_RESULT_TIMEOUT);
    derive();
    CU_ASSERT_EQUAL(derived.cases[0].result, ES_RESULT_TIMEOUT);
    failure(1, 3, "1.0", ES_RESULT_REJECTED)->instance = name(3);
    derive();
    CU_ASSERT_EQUAL_FATAL(derived.n_cases, 1);
    CU_ASSERT_EQUAL(derived.cases[0].result, ES_RESULT_REJECTED);
    failure(1, 4, "", ES_RESULT_FAILED); /* of no version: stands back */
    result(1, 5, "1.0", 0.9, NOON(DAY) + 9);
    derive();
    CU_ASSERT_EQUAL_FATAL(derived.n_cases, 1);
    CU_ASSERT_EQUAL(derived.cases[0].result, ES_RESULT_OK);
}

static void finer_units_are_combined_to_the_exam(void)
{
    static const struct { const char *combine; double score; uint8_t decision; } cases[] = {
        {"max", 0.8, 1}, {"mean", 0.45, 0}, {"first", 0.1, 0}, {"latest", 0.8, 1}, {"any", 0.8, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char option[64];
        snprintf(option, sizeof option, ",\"Combine\":\"%s\"", cases[i].combine);
        start("", option);
        exam(1, 1, "F");
        for (uint8_t side = 0; side < 2; side++) {
            struct es_event *event = result(1, (uint8_t)(2 + side), "1.0", side ? 0.8 : 0.1, NOON(DAY) + side);
            event->unit = ES_UNIT_SIDE;
            event->unit_id = name((uint8_t)(50 + side));
        }
        derive();
        CU_ASSERT_EQUAL_FATAL(derived.n_cases, 1);
        CU_ASSERT_DOUBLE_EQUAL(derived.cases[0].score, cases[i].score, 1e-15);
        CU_ASSERT_EQUAL(derived.cases[0].decision, cases[i].decision);
    }
}

/* What the finer units do not agree on is not told of the whole, and a mismatch of one is the whole's. */
static void the_threshold_of_a_whole_is_one_that_all_its_units_share(void)
{
    static const struct { double sent[2]; bool kept; } cases[] = {{{0.3, 0.3}, true}, {{0.3, 0.4}, false}, {{0.3, NAN}, false}, {{NAN, 0.3}, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start("", ",\"Combine\":\"max\"");
        exam(1, 1, "F");
        for (uint8_t side = 0; side < 2; side++) {
            struct es_event *event = result(1, (uint8_t)(2 + side), "1.0", side ? 0.1 : 0.8, NOON(DAY) + side);
            event->unit = ES_UNIT_SIDE;
            event->unit_id = name((uint8_t)(50 + side));
            event->findings->has_threshold = !isnan(cases[i].sent[side]);
            event->findings->threshold = event->findings->has_threshold ? cases[i].sent[side] : 0;
            event->findings->has_decision = side == 0 && i == 1;
            event->findings->decision = false; /* though 0.8 is above what was sent */
        }
        derive();
        CU_ASSERT_EQUAL_FATAL(derived.n_cases, 1);
        CU_ASSERT_TRUE(cases[i].kept ? derived.cases[0].threshold_sent == 0.3 : isnan(derived.cases[0].threshold_sent));
        CU_ASSERT_EQUAL(derived.cases[0].mismatch, i == 1);
        CU_ASSERT_EQUAL(derived.cases[0].produced, NOON(DAY) + 1); /* complete when the last came */
    }
}

static void units_of_series_are_there_even_when_nothing_came(void)
{
    start("", ",\"Unit\":\"series\"");
    exam(1, 1, "F")->series = name(21);
    exam(1, 2, "F")->series = name(22);
    struct es_event *event = result(1, 3, "1.0", 0.9, NOON(DAY));
    event->unit = ES_UNIT_SERIES;
    event->unit_id = name(22);
    derive();
    CU_ASSERT_EQUAL_FATAL(derived.n_cases, 2);
    CU_ASSERT_EQUAL(derived.cases[0].result, 0);
    CU_ASSERT_EQUAL(derived.cases[1].result, ES_RESULT_OK);
    CU_ASSERT_EQUAL(derived.cases[1].result_pairing, ES_PAIRED_SERIES);
    failure(1, 4, "", ES_RESULT_FAILED); /* of the whole exam: holds for the series of which nothing came */
    derive();
    CU_ASSERT_EQUAL(derived.cases[0].result, ES_RESULT_FAILED);
    CU_ASSERT_EQUAL(derived.cases[1].result, ES_RESULT_OK);
}

/* As of an exam: where one version fails and another answers, both are counted. */
static void a_version_that_failed_on_the_exam_failed_on_each_unit_whatever_another_said(void)
{
    start("", ",\"Unit\":\"series\"");
    exam(1, 1, "F")->series = name(21);
    exam(1, 2, "F")->series = name(22);
    struct es_event *event = result(1, 3, "1.0", 0.9, NOON(DAY));
    event->unit = ES_UNIT_SERIES;
    event->unit_id = name(22);
    failure(1, 4, "2.0", ES_RESULT_FAILED);
    failure(1, 5, "2.0", ES_RESULT_REJECTED)->instance = name(5); /* tells more */
    failure(1, 6, "1.0", ES_RESULT_TIMEOUT);
    failure(1, 7, "", ES_RESULT_FAILED); /* of no version: stands back */
    derive();
    static const struct { const char *version; enum es_result_status result; } expected[] = {
        {"1.0", ES_RESULT_TIMEOUT}, {"2.0", ES_RESULT_REJECTED}, {"1.0", ES_RESULT_OK}, {"2.0", ES_RESULT_REJECTED}};
    CU_ASSERT_EQUAL_FATAL(derived.n_cases, 4);
    for (size_t i = 0; i < 4; i++) {
        CU_ASSERT_STRING_EQUAL(derived.cases[i].version, expected[i].version);
        CU_ASSERT_EQUAL(derived.cases[i].result, expected[i].result);
    }
}

static void many_versions_that_fail_on_one_exam_make_few_rows_of_each_unit(void)
{
    start("", ",\"Unit\":\"series\"");
    exam(1, 1, "F")->series = name(21);
    for (uint8_t i = 0; i < 14; i++) {
        char version[8];
        snprintf(version, sizeof version, "v%u", (unsigned)i);
        failure(1, (uint8_t)(i + 2), version, i == 13 ? ES_RESULT_REJECTED : ES_RESULT_TIMEOUT);
    }
    derive();
    CU_ASSERT_EQUAL_FATAL(derived.n_cases, 8);
    CU_ASSERT_STRING_EQUAL(derived.cases[2].version, "v13"); /* the one that tells most is among them; in order of versions */
}

/* A result whose finding has no value: a secondary capture, a document. */
static struct es_event *presence(uint8_t study, uint8_t identity, const char *version, int64_t produced)
{
    struct es_event *event = result(study, identity, version, 0, produced);
    event->findings[0].has_score = false;
    return event;
}

static void a_screen_alone_is_a_result_without_a_value(void)
{
    start("", "");
    exam(1, 1, "F");
    presence(1, 2, "9.0", NOON(DAY));
    derive();
    CU_ASSERT_EQUAL_FATAL(derived.n_cases, 1);
    CU_ASSERT_EQUAL(derived.cases[0].result, ES_RESULT_OK);
    CU_ASSERT_FALSE(derived.cases[0].has_score);
    CU_ASSERT_FALSE(derived.cases[0].has_decision);
    CU_ASSERT_EQUAL(derived.cases[0].decision, ES_NO_ANSWER);
}

static void a_screen_never_stands_before_a_value(void)
{
    static const char *const versions[] = {"1.0", "9.0"}; /* the product's, and that of the workstation that made the screen */
    for (size_t i = 0; i < 2; i++) {
        start("", "");
        exam(1, 1, "F");
        presence(1, 2, versions[i], NOON(DAY)); /* produced before */
        result(1, 3, "1.0", 0.8, NOON(DAY) + 1000000);
        derive();
        CU_ASSERT_EQUAL_FATAL(derived.n_cases, 1);
        CU_ASSERT_STRING_EQUAL(derived.cases[0].version, "1.0");
        CU_ASSERT(derived.cases[0].has_score && derived.cases[0].score == 0.8);
        CU_ASSERT_EQUAL(derived.cases[0].decision, 1);
    }
    /* nor before values of finer units, nor before a silence that means no */
    start("", ",\"AbsenceMeans\":\"negative\"");
    exam(1, 1, "F");
    presence(1, 2, "1.0", NOON(DAY));
    result(1, 3, "1.0", 0, NOON(DAY))->n_findings = 0;
    derive();
    CU_ASSERT_EQUAL_FATAL(derived.n_cases, 1);
    CU_ASSERT_EQUAL(derived.cases[0].decision, 0);
    start("", "");
    exam(1, 1, "F");
    presence(1, 2, "1.0", NOON(DAY));
    struct es_event *side = result(1, 3, "1.0", 0.7, NOON(DAY));
    side->unit = ES_UNIT_SIDE;
    side->unit_id = name(9);
    derive();
    CU_ASSERT_EQUAL_FATAL(derived.n_cases, 1);
    CU_ASSERT(derived.cases[0].has_score && derived.cases[0].score == 0.7);
}

static void nothing_gives_nothing(void)
{
    start("", "");
    derive();
    CU_ASSERT_EQUAL(derived.n_exams, 0);
    CU_ASSERT_EQUAL(derived.n_cases, 0);
    es_arena_clear(&arena);
    es_config_free(config);
    config = NULL;
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"an_exam_alone_gives_a_row_for_the_funnel", an_exam_alone_gives_a_row_for_the_funnel},
        {"attributes_of_two_images_are_merged_or_conflict", attributes_of_two_images_are_merged_or_conflict},
        {"a_result_object_s_attributes_count_only_when_no_image_was_seen", a_result_object_s_attributes_count_only_when_no_image_was_seen},
        {"an_exam_is_excluded_only_when_all_its_images_are", an_exam_is_excluded_only_when_all_its_images_are},
        {"the_latest_linked_attribute_by_the_exam_day_is_taken", the_latest_linked_attribute_by_the_exam_day_is_taken},
        {"eligibility_is_yes_no_or_unknown", eligibility_is_yes_no_or_unknown},
        {"the_first_produced_result_of_a_version_counts", the_first_produced_result_of_a_version_counts},
        {"a_later_result_that_decides_otherwise_is_told", a_later_result_that_decides_otherwise_is_told},
        {"of_one_slot_the_latest_produced_is_live", of_one_slot_the_latest_produced_is_live},
        {"references_of_one_instant_do_not_hang_on_the_key", references_of_one_instant_do_not_hang_on_the_key},
        {"the_threshold_that_was_sent_decides_before_the_configured_one", the_threshold_that_was_sent_decides_before_the_configured_one},
        {"a_finding_that_is_not_named_is_no_or_nothing", a_finding_that_is_not_named_is_no_or_nothing},
        {"a_failure_gives_way_to_a_result_and_names_the_worst_told", a_failure_gives_way_to_a_result_and_names_the_worst_told},
        {"finer_units_are_combined_to_the_exam", finer_units_are_combined_to_the_exam},
        {"units_of_series_are_there_even_when_nothing_came", units_of_series_are_there_even_when_nothing_came},
        {"a_version_that_failed_on_the_exam_failed_on_each_unit_whatever_another_said", a_version_that_failed_on_the_exam_failed_on_each_unit_whatever_another_said},
        {"many_versions_that_fail_on_one_exam_make_few_rows_of_each_unit", many_versions_that_fail_on_one_exam_make_few_rows_of_each_unit},
        {"a_screen_alone_is_a_result_without_a_value", a_screen_alone_is_a_result_without_a_value},
        {"a_screen_never_stands_before_a_value", a_screen_never_stands_before_a_value},
        {"nothing_gives_nothing", nothing_gives_nothing},
        {"the_threshold_of_a_whole_is_one_that_all_its_units_share", the_threshold_of_a_whole_is_one_that_all_its_units_share},
        {NULL, NULL}};
    return es_test_main("bundle", tests, argc, argv);
}
