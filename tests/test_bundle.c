/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of the derivation, one test each, on events filled by hand. */
#include "bundle_world.h"

/* ---- exams ---- */

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

/* ---- references ---- */

static void the_greatest_reference_is_live_and_cancelled_leaves_none(void)
{
    start("", "");
    exam(1, 1, "F");
    reference(1, 2, "report", ES_REFERENCE_PRELIMINARY, 1, NOON(DAY + 9));
    reference(1, 3, "report", ES_REFERENCE_FINAL, 0, NOON(DAY + 1));
    derive();
    CU_ASSERT_EQUAL(derived.cases[0].label, 0);
    CU_ASSERT_EQUAL(derived.revised, 1);
    reference(1, 4, "pathology", ES_REFERENCE_FINAL, 1, NOON(DAY + 2));
    derive();
    CU_ASSERT_EQUAL(derived.cases[0].label, 1);
    CU_ASSERT_STRING_EQUAL(derived.cases[0].reference_source, "pathology");
    CU_ASSERT_TRUE(derived.cases[0].sources_disagree);
    reference(1, 5, "pathology", ES_REFERENCE_CANCELLED, 1, NOON(DAY));
    derive();
    CU_ASSERT_EQUAL(derived.cases[0].label, 0);
    CU_ASSERT_FALSE(derived.cases[0].sources_disagree);
    reference(1, 6, "report", ES_REFERENCE_CANCELLED, 1, NOON(DAY));
    derive();
    CU_ASSERT_FALSE(derived.cases[0].has_reference);
    CU_ASSERT_EQUAL(derived.cases[0].label, ES_NO_ANSWER);
}

#define AND_NODULE "},{\"Name\":\"nodule\",\"Task\":\"binary\",\"Threshold\":0.5"

static struct es_event *and_nodule(struct es_event *event, int label)
{
    struct es_finding *finding = finding_of(event, "nodule");
    finding->has_label = true;
    finding->label = label;
    return event;
}

static struct es_event *nodule(struct es_event *event)
{
    snprintf(event->findings[0].name, sizeof event->findings[0].name, "nodule");
    return event;
}

/* Labels of effusion and nodule, and what was superseded. */
static void check_labels(uint8_t effusion, uint8_t nodules, uint64_t revised)
{
    derive();
    CU_ASSERT_EQUAL_FATAL(derived.n_cases, 2);
    CU_ASSERT_EQUAL(derived.cases[0].label, effusion);
    CU_ASSERT_EQUAL(derived.cases[1].label, nodules);
    CU_ASSERT_EQUAL(derived.revised, revised);
}

static void messages_of_one_source_about_different_findings_stand_side_by_side(void)
{
    start("", AND_NODULE);
    exam(1, 1, "F");
    reference(1, 2, "report", ES_REFERENCE_FINAL, 1, NOON(DAY));
    nodule(reference(1, 3, "report", ES_REFERENCE_FINAL, 0, NOON(DAY + 1)));
    check_labels(1, 0, 0);
    CU_ASSERT_TRUE(es_same_slot(&events[1], &events[2]));
    CU_ASSERT_FALSE(es_same_matter(&events[1], &events[2]));
    nodule(reference(1, 4, "report", ES_REFERENCE_CORRECTED, 1, NOON(DAY)));
    check_labels(1, 1, 1);
    CU_ASSERT_TRUE(es_same_matter(&events[2], &events[3]));
}

static void a_message_of_two_findings_lives_on_in_the_one_that_was_not_corrected(void)
{
    start("", AND_NODULE);
    exam(1, 1, "F");
    and_nodule(reference(1, 2, "report", ES_REFERENCE_FINAL, 1, NOON(DAY)), 1);
    reference(1, 3, "report", ES_REFERENCE_CORRECTED, 0, NOON(DAY));
    check_labels(0, 1, 1);
    nodule(reference(1, 4, "report", ES_REFERENCE_PRELIMINARY, 0, NOON(DAY + 5)));
    check_labels(0, 1, 2);
}

static void a_cancellation_cancels_its_findings_or_all_when_it_names_none(void)
{
    start("", AND_NODULE);
    exam(1, 1, "F");
    and_nodule(reference(1, 2, "report", ES_REFERENCE_FINAL, 1, NOON(DAY)), 1);
    reference(1, 3, "report", ES_REFERENCE_CANCELLED, 1, NOON(DAY));
    check_labels(ES_NO_ANSWER, 1, 1);
    CU_ASSERT_FALSE(derived.cases[0].has_reference);
    say(ES_EVENT_REFERENCE, 1, 4)->reference_status = ES_REFERENCE_CANCELLED;
    check_labels(ES_NO_ANSWER, 1, 1); /* of another source: nothing of this one */
    struct es_event *all = say(ES_EVENT_REFERENCE, 1, 5);
    all->reference_status = ES_REFERENCE_CANCELLED;
    all->produced = NOON(DAY + 1);
    snprintf(all->source, sizeof all->source, "report");
    check_labels(ES_NO_ANSWER, ES_NO_ANSWER, 2);
    CU_ASSERT_FALSE(derived.cases[1].has_reference);
    CU_ASSERT_TRUE(es_same_matter(&events[1], all));
    say(ES_EVENT_RETRACT, 0, 6)->retract[0] = 5;
    check_labels(ES_NO_ANSWER, 1, 1);
}

static void a_reference_that_cannot_tell_has_no_label(void)
{
    start("", "");
    exam(1, 1, "F");
    reference(1, 2, "report", ES_REFERENCE_FINAL, 1, NOON(DAY))->findings[0].evaluable = false;
    derive();
    CU_ASSERT_TRUE(derived.cases[0].has_reference);
    CU_ASSERT_FALSE(derived.cases[0].evaluable);
    CU_ASSERT_EQUAL(derived.cases[0].label, ES_NO_ANSWER);
}

/* ---- pairing, aliases, retractions ---- */

static void accession_numbers_pair_under_the_issuer_rule(void)
{
    /* Issuers of exam 1 and exam 2 (0: absent), of the reference, and where it goes: 1, 2, 0 none, 9 ambiguous. */
    static const struct { uint8_t first, second, own, goes; } cases[] = {
        {5, 6, 5, 1}, {5, 6, 6, 2}, {5, 6, 7, 0}, {5, 6, 0, 9}, {5, 0, 5, 1}, {5, 0, 6, 2}, {0, 0, 5, 9}, {5, 5, 5, 9}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start("", "");
        for (uint8_t k = 1; k <= 2; k++) {
            struct es_event *event = exam(k, k, "F");
            event->accession = name(40);
            if (k == 1 ? cases[i].first : cases[i].second) event->accession_issuer = name(k == 1 ? cases[i].first : cases[i].second);
        }
        struct es_event *event = reference(0, 3, "report", ES_REFERENCE_FINAL, 1, NOON(DAY));
        event->accession = name(40);
        if (cases[i].own) event->accession_issuer = name(cases[i].own);
        derive();
        uint8_t goes = derived.cases[0].has_reference ? 1 : derived.cases[1].has_reference ? 2 : derived.ambiguous ? 9 : 0;
        if (goes != cases[i].goes) fprintf(stderr, "issuer case %zu: %u\n", i, goes);
        CU_ASSERT_EQUAL(goes, cases[i].goes);
        CU_ASSERT_EQUAL(derived.references_without_exam, cases[i].goes == 0 ? 1 : 0);
        if (goes == 1) CU_ASSERT_EQUAL(derived.cases[0].reference_pairing, ES_PAIRED_ACCESSION);
    }
    start("", "");
    exam(1, 1, "F")->accession = name(40);
    events[0].accession_issuer = name(5);
    reference(0, 3, "report", ES_REFERENCE_FINAL, 1, NOON(DAY))->accession = name(40);
    derive();
    CU_ASSERT_TRUE(derived.cases[0].has_reference); /* absent issuer, one candidate */
}

/* Exams 1 (series 21, accession 40 of issuer 5) and 2 (series 22, accession 40 of 6, accession 41 of none); what the result names, and
 * by hand, which reason it is left with and what each rule came to: instance, series, study, accession. */
static void an_orphan_tells_why_and_what_was_tried(void)
{
    enum { U = ES_TRIED_UNNAMED, O = ES_TRIED_NOBODY, N = ES_TRIED_NOT };
    static const struct { uint8_t study, accession, issuer, series[2]; enum es_orphan why; unsigned char tried[4]; } cases[] = {
        {9, 0, 0, {0, 0}, ES_ORPHAN_STUDY, {U, U, O, U}},
        {9, 49, 0, {0, 0}, ES_ORPHAN_STUDY, {U, U, O, O}},
        {0, 49, 0, {0, 0}, ES_ORPHAN_ACCESSION, {U, U, U, O}},
        {0, 40, 7, {0, 0}, ES_ORPHAN_OTHER_ISSUER, {U, U, U, ES_TRIED_ISSUER}},
        {0, 40, 0, {0, 0}, ES_ORPHAN_NO_ISSUER, {U, U, U, ES_TRIED_NO_ISSUER}},
        {0, 40, 5, {0, 0}, ES_ORPHAN_NOT, {U, U, U, ES_TRIED_ONE}},
        {9, 0, 0, {21, 22}, ES_ORPHAN_SERIES, {U, ES_TRIED_SEVERAL, N, N}},
        {1, 0, 0, {21, 22}, ES_ORPHAN_NOT, {U, ES_TRIED_OWN, N, N}},
        {9, 0, 0, {29, 22}, ES_ORPHAN_NOT, {U, ES_TRIED_ONE, N, N}},
        {1, 49, 0, {29, 0}, ES_ORPHAN_NOT, {U, O, ES_TRIED_ONE, N}}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct es_event *list[16];
        struct es_note notes[16];
        size_t n_notes = 0;
        start("", "");
        for (uint8_t k = 1; k <= 2; k++) {
            struct es_event *event = exam(k, k, "F");
            event->series = name((uint8_t)(20 + k));
            event->accession = name(40);
            event->accession_issuer = name((uint8_t)(4 + k));
        }
        struct es_event *event = result(cases[i].study, 3, "1.0", 0.9, NOON(DAY));
        if (cases[i].accession) event->accession = name(cases[i].accession);
        if (cases[i].issuer) event->accession_issuer = name(cases[i].issuer);
        for (int k = 0; k < 2; k++)
            if (cases[i].series[k]) series_ref(event, cases[i].series[k]);
        for (size_t k = 0; k < n_events; k++) list[k] = &events[n_events - 1 - k];
        es_derived_clear(&derived);
        CU_ASSERT_EQUAL_FATAL(es_bundle_explain(list, n_events, NULL, 0, config, &derived, notes, &n_notes, NULL), ES_OK);
        CU_ASSERT_EQUAL_FATAL(n_notes, 3);
        const struct es_note *note = &notes[2]; /* by identity */
        CU_ASSERT_PTR_EQUAL(note->event, event);
        if (note->orphan != cases[i].why) fprintf(stderr, "orphan case %zu: %s\n", i, es_orphan_name(note->orphan));
        CU_ASSERT_EQUAL(note->orphan, cases[i].why);
        CU_ASSERT_EQUAL(note->exam == UINT32_MAX, cases[i].why != ES_ORPHAN_NOT);
        CU_ASSERT_EQUAL(memcmp(note->tried + 1, cases[i].tried, 4), 0);
        CU_ASSERT_EQUAL(notes[0].exam, 0);
        CU_ASSERT_EQUAL(notes[1].exam, 1);
        for (int k = 1; k < ES_ORPHANS; k++) CU_ASSERT_EQUAL(derived.orphans[0][k], (int)cases[i].why == k);
        for (int k = 1; k < ES_ORPHANS; k++) CU_ASSERT_EQUAL(derived.orphans[1][k], 0);
    }
}

static void every_event_has_a_standing(void)
{
    static const enum es_standing expected[] = {ES_STANDS, ES_SUPERSEDED, ES_STANDS, ES_STANDS_PARTLY, ES_CANCELS, ES_RETRACTED, ES_RETRACTS};
    const struct es_event *list[16];
    struct es_note notes[16];
    size_t n_notes = 0;
    start("", "");
    exam(1, 1, "F");
    result(1, 2, "1.0", 0.9, NOON(DAY) + 5)->instance = name(77);
    result(1, 3, "1.0", 0.2, NOON(DAY) + 6)->instance = name(77);
    struct es_event *both = reference(1, 4, "report", ES_REFERENCE_FINAL, 1, NOON(DAY));
    *finding_of(both, "nodule") = (struct es_finding){.name = "nodule", .has_label = true, .evaluable = true};
    reference(1, 5, "report", ES_REFERENCE_CANCELLED, 1, NOON(DAY));
    snprintf(result(1, 6, "2.0", 0.1, NOON(DAY))->model_name, ES_NAME_SIZE, "nobody");
    say(ES_EVENT_RETRACT, 0, 7)->retract[0] = 6;
    for (size_t k = 0; k < n_events; k++) list[k] = &events[k];
    list[n_events] = &events[2]; /* a duplicate */
    es_derived_clear(&derived);
    CU_ASSERT_EQUAL_FATAL(es_bundle_explain(list, n_events + 1, NULL, 0, config, &derived, notes, &n_notes, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(n_notes, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < n_notes; i++) {
        if (notes[i].standing != expected[i]) fprintf(stderr, "event %zu: %s\n", i + 1, es_standing_name(notes[i].standing));
        CU_ASSERT_EQUAL(notes[i].standing, expected[i]);
    }
}

static void a_referenced_series_pairs_before_the_study(void)
{
    start("", "");
    exam(1, 1, "F")->series = name(21);
    exam(2, 2, "F")->series = name(22);
    series_ref(result(9, 3, "1.0", 0.9, NOON(DAY)), 22);
    derive();
    CU_ASSERT_EQUAL(derived.cases[0].result, 0);
    CU_ASSERT_EQUAL(derived.cases[1].result, ES_RESULT_OK);
    CU_ASSERT_EQUAL(derived.cases[1].result_pairing, ES_PAIRED_SERIES);
    struct es_event *both = result(9, 4, "1.0", 0.9, NOON(DAY));
    series_ref(both, 21);
    series_ref(both, 22);
    derive();
    CU_ASSERT_EQUAL(derived.ambiguous, 1);
    both->study = name(1); /* it names its own study: the other series is a prior */
    derive();
    CU_ASSERT_EQUAL(derived.ambiguous, 0);
    CU_ASSERT_EQUAL(derived.cases[0].result, ES_RESULT_OK);
}

static void what_has_no_exam_or_model_is_counted(void)
{
    start("", "");
    exam(1, 1, "F");
    result(8, 2, "1.0", 0.9, NOON(DAY));
    reference(8, 3, "report", ES_REFERENCE_FINAL, 1, NOON(DAY));
    snprintf(result(1, 4, "1.0", 0.9, NOON(DAY))->model_name, ES_NAME_SIZE, "nobody");
    derive();
    CU_ASSERT_EQUAL(derived.results_without_exam, 1);
    CU_ASSERT_EQUAL(derived.references_without_exam, 1);
    CU_ASSERT_EQUAL(derived.unknown_model, 1);
}

static void an_alias_makes_two_studies_one_exam(void)
{
    start("", "");
    exam(1, 1, "F");
    exam(2, 2, "F");
    struct es_event *alias = say(ES_EVENT_ALIAS, 2, 3);
    alias->same_as = name(1);
    result(2, 4, "1.0", 0.9, NOON(DAY));
    derive();
    CU_ASSERT_EQUAL_FATAL(derived.n_exams, 1);
    CU_ASSERT_EQUAL(derived.cases[0].result, ES_RESULT_OK);
    struct es_event *retract = say(ES_EVENT_RETRACT, 0, 5);
    retract->retract[0] = 3;
    derive();
    CU_ASSERT_EQUAL(derived.n_exams, 2);
    CU_ASSERT_EQUAL(derived.retracted, 1);
}

static void a_retraction_brings_the_event_before_back(void)
{
    start("", "");
    exam(1, 1, "F");
    reference(1, 2, "report", ES_REFERENCE_FINAL, 0, NOON(DAY));
    reference(1, 3, "report", ES_REFERENCE_CORRECTED, 1, NOON(DAY))->event_id = name(70);
    derive();
    CU_ASSERT_EQUAL(derived.cases[0].label, 1);
    say(ES_EVENT_RETRACT, 0, 4)->retract_event_id = name(70);
    derive();
    CU_ASSERT_EQUAL(derived.cases[0].label, 0);
    CU_ASSERT_EQUAL(derived.retracted, 1);
    CU_ASSERT_EQUAL(derived.revised, 0);
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
    es_derived_clear(&derived);
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
        {"of_one_slot_the_latest_produced_is_live", of_one_slot_the_latest_produced_is_live},
        {"the_threshold_that_was_sent_decides_before_the_configured_one", the_threshold_that_was_sent_decides_before_the_configured_one},
        {"a_finding_that_is_not_named_is_no_or_nothing", a_finding_that_is_not_named_is_no_or_nothing},
        {"a_failure_gives_way_to_a_result_and_names_the_worst_told", a_failure_gives_way_to_a_result_and_names_the_worst_told},
        {"finer_units_are_combined_to_the_exam", finer_units_are_combined_to_the_exam},
        {"units_of_series_are_there_even_when_nothing_came", units_of_series_are_there_even_when_nothing_came},
        {"the_greatest_reference_is_live_and_cancelled_leaves_none", the_greatest_reference_is_live_and_cancelled_leaves_none},
        {"messages_of_one_source_about_different_findings_stand_side_by_side", messages_of_one_source_about_different_findings_stand_side_by_side},
        {"a_message_of_two_findings_lives_on_in_the_one_that_was_not_corrected",
         a_message_of_two_findings_lives_on_in_the_one_that_was_not_corrected},
        {"a_cancellation_cancels_its_findings_or_all_when_it_names_none", a_cancellation_cancels_its_findings_or_all_when_it_names_none},
        {"a_reference_that_cannot_tell_has_no_label", a_reference_that_cannot_tell_has_no_label},
        {"accession_numbers_pair_under_the_issuer_rule", accession_numbers_pair_under_the_issuer_rule},
        {"an_orphan_tells_why_and_what_was_tried", an_orphan_tells_why_and_what_was_tried},
        {"every_event_has_a_standing", every_event_has_a_standing},
        {"a_referenced_series_pairs_before_the_study", a_referenced_series_pairs_before_the_study},
        {"what_has_no_exam_or_model_is_counted", what_has_no_exam_or_model_is_counted},
        {"an_alias_makes_two_studies_one_exam", an_alias_makes_two_studies_one_exam},
        {"a_retraction_brings_the_event_before_back", a_retraction_brings_the_event_before_back},
        {"a_screen_alone_is_a_result_without_a_value", a_screen_alone_is_a_result_without_a_value},
        {"a_screen_never_stands_before_a_value", a_screen_never_stands_before_a_value},
        {"nothing_gives_nothing", nothing_gives_nothing},
        {NULL, NULL}};
    return es_test_main("bundle", tests, argc, argv);
}
