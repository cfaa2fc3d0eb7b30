/* SPDX-License-Identifier: Apache-2.0 */
/* Which references stand for a unit, and for which of its findings. */
#include "bundle_world.h"

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
    struct es_event *again = say(ES_EVENT_REFERENCE, 1, 7);
    again->reference_status = ES_REFERENCE_CANCELLED;
    again->produced = NOON(DAY + 2);
    snprintf(again->source, sizeof again->source, "report");
    check_labels(ES_NO_ANSWER, ES_NO_ANSWER, 3); /* the first cancellation of all is superseded by the second */
    say(ES_EVENT_RETRACT, 0, 8)->retract[0] = 7;
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

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"the_greatest_reference_is_live_and_cancelled_leaves_none", the_greatest_reference_is_live_and_cancelled_leaves_none},
        {"messages_of_one_source_about_different_findings_stand_side_by_side", messages_of_one_source_about_different_findings_stand_side_by_side},
        {"a_message_of_two_findings_lives_on_in_the_one_that_was_not_corrected", a_message_of_two_findings_lives_on_in_the_one_that_was_not_corrected},
        {"a_cancellation_cancels_its_findings_or_all_when_it_names_none", a_cancellation_cancels_its_findings_or_all_when_it_names_none},
        {"a_reference_that_cannot_tell_has_no_label", a_reference_that_cannot_tell_has_no_label},
        {NULL, NULL}};
    return es_test_main("bundle_references", tests, argc, argv);
}
