/* SPDX-License-Identifier: Apache-2.0 */
/* Which exam a result or reference is of: accession numbers and issuers, series, aliases; what is retracted, and why something stays alone. */
#include "bundle_world.h"

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
        es_arena_reset(&arena);
        CU_ASSERT_EQUAL_FATAL(es_bundle_explain(list, n_events, NULL, 0, config, &arena, &derived, notes, &n_notes, NULL), ES_OK);
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
    es_arena_reset(&arena);
    CU_ASSERT_EQUAL_FATAL(es_bundle_explain(list, n_events + 1, NULL, 0, config, &arena, &derived, notes, &n_notes, NULL), ES_OK);
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

/* Two exams of one accession number, of two issuers: what a reader says of the one does not take the place of what is said of the other. */
static void references_by_accession_number_of_two_issuers_are_no_revision(void)
{
    start("", "");
    for (uint8_t k = 1; k <= 2; k++) {
        struct es_event *event = exam(k, k, "F");
        event->accession = name(40);
        event->accession_issuer = name((uint8_t)(4 + k));
        event = reference(0, (uint8_t)(10 + k), "report", ES_REFERENCE_FINAL, k == 1, NOON(DAY) + k);
        event->accession = name(40);
        event->accession_issuer = name((uint8_t)(4 + k));
    }
    derive();
    CU_ASSERT_EQUAL_FATAL(derived.n_cases, 2);
    CU_ASSERT_EQUAL(derived.revised, 0);
    for (size_t i = 0; i < 2; i++) {
        CU_ASSERT_TRUE(derived.cases[i].has_reference);
        CU_ASSERT_EQUAL(derived.cases[i].label, derived.cases[i].exam == 0);
    }
}

/* The series that a message itself is of: one without a study that is known, and without a list of references. */
static void a_result_is_paired_by_its_own_series(void)
{
    start("", "");
    exam(1, 1, "F")->series = name(21);
    exam(2, 2, "F")->series = name(22);
    result(9, 3, "1.0", 0.9, NOON(DAY))->series = name(22);
    derive();
    CU_ASSERT_EQUAL_FATAL(derived.n_cases, 2);
    CU_ASSERT_EQUAL(derived.cases[0].result, 0);
    CU_ASSERT_EQUAL(derived.cases[1].result, ES_RESULT_OK);
    CU_ASSERT_EQUAL(derived.cases[1].result_pairing, ES_PAIRED_SERIES);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"accession_numbers_pair_under_the_issuer_rule", accession_numbers_pair_under_the_issuer_rule},
        {"an_orphan_tells_why_and_what_was_tried", an_orphan_tells_why_and_what_was_tried},
        {"every_event_has_a_standing", every_event_has_a_standing},
        {"a_referenced_series_pairs_before_the_study", a_referenced_series_pairs_before_the_study},
        {"what_has_no_exam_or_model_is_counted", what_has_no_exam_or_model_is_counted},
        {"an_alias_makes_two_studies_one_exam", an_alias_makes_two_studies_one_exam},
        {"a_retraction_brings_the_event_before_back", a_retraction_brings_the_event_before_back},
        {"references_by_accession_number_of_two_issuers_are_no_revision", references_by_accession_number_of_two_issuers_are_no_revision},
        {"a_result_is_paired_by_its_own_series", a_result_is_paired_by_its_own_series},
        {NULL, NULL}};
    return es_test_main("bundle_pairing", tests, argc, argv);
}
