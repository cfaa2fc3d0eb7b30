/* SPDX-License-Identifier: Apache-2.0 */
/* Earlier states of a site, and persons who are erased from it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/json.h"
#include "plugin/base/time.h"
#include "site_world.h"
#include "testlib.h"

#define DAY 20000
#define AT(day) ((int64_t)(day) * 86400)

/* `n` exams of patients 1.., each with result and reference. */
static void fill(struct es_world *world, unsigned from, unsigned n)
{
    for (unsigned i = from; i < from + n; i++) {
        CU_ASSERT_EQUAL(es_world_take(world, es_say_exam(i, i, DAY + (int32_t)i, i % 2 ? "F" : "M", "050Y")), ES_OUTCOME_TAKEN);
        CU_ASSERT_EQUAL(es_world_take(world, es_say_result(i, "1.0", "effusion", 0.1 * (i % 10), AT(DAY + (int)i) + 60)), ES_OUTCOME_TAKEN);
        CU_ASSERT_EQUAL(es_world_take(world, es_say_reference(i, "report", ES_REFERENCE_FINAL, i % 3 == 0, AT(DAY + (int)i + 1))), ES_OUTCOME_TAKEN);
    }
}

static uint64_t last_of(struct es_world *world)
{
    struct es_head *heads = NULL;
    size_t n = 0;
    CU_ASSERT_EQUAL_FATAL(es_ledger_heads(es_site_ledger(world->site), &heads, &n, NULL), ES_OK);
    const uint64_t seq = heads[0].seq;
    free(heads);
    return seq;
}

static uint64_t exams_of(struct es_site *site)
{
    struct es_cohort_counts counts;
    CU_ASSERT_EQUAL(es_cohort_count(es_site_cohort(site), ES_NO_DAY, ES_NO_DAY, &counts, NULL), ES_OK);
    return counts.exams;
}

static void every_prefix_is_the_site_of_then(void)
{
    struct es_world world;
    uint64_t seqs[6], exams[6];
    int64_t nows[6];
    es_world_open(&world, NULL);
    for (unsigned i = 0; i < 6; i++) {
        fill(&world, i + 1, 1);
        if (i == 3) { /* a retraction takes the first exam out, and an alias joins two */
            struct es_message *alias = es_say(ES_EVENT_ALIAS, 3);
            snprintf(alias->same_as, sizeof alias->same_as, "1.2.3.2");
            CU_ASSERT_EQUAL(es_world_take(&world, alias), ES_OUTCOME_TAKEN);
        }
        seqs[i] = last_of(&world);
        exams[i] = exams_of(world.site);
        nows[i] = es_site_now(world.site);
    }
    CU_ASSERT_EQUAL(exams[5], 5);
    for (unsigned i = 0; i < 6; i++) {
        struct es_site *then = NULL;
        uint64_t entries = 0;
        CU_ASSERT_EQUAL_FATAL(es_site_open_as_of(&then, world.config, &(struct es_head){.seq = seqs[i]}, 1, NULL, NULL), ES_OK);
        CU_ASSERT_EQUAL(exams_of(then), exams[i]);
        CU_ASSERT_EQUAL(es_site_now(then), nows[i]);
        CU_ASSERT_EQUAL(es_site_basis(then), seqs[i]);
        CU_ASSERT_EQUAL(es_site_verify(then, &entries, NULL), ES_OK);
        es_site_close(then);
    }
    es_world_close(&world);
}

static void refuse_as_of(const struct es_config *config, uint64_t seq, const char *words)
{
    struct es_site *site = NULL;
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_site_open_as_of(&site, config, &(struct es_head){.seq = seq}, 1, NULL, &err), ES_E_ARG);
    CU_ASSERT_PTR_NULL(site);
    CU_ASSERT_STRING_EQUAL(err.text, words);
}

static void a_state_that_never_was_is_refused(void)
{
    struct es_world world;
    es_world_open(&world, NULL); /* entry 1: the configuration, entry 2: the plan */
    refuse_as_of(world.config, 0, "as of entry 0: entries are counted from 1");
    refuse_as_of(world.config, 1, "as of entry 1: no configuration and plan were recorded by then");
    refuse_as_of(world.config, 3, "as of entry 3: not in the ledger, whose last is 2");
    es_world_close(&world);
}

static void an_erased_person_is_gone_and_stays_away(void)
{
    struct es_world world;
    uint64_t entries = 0;
    es_world_open(&world, NULL);
    fill(&world, 1, 4);
    const uint64_t before = last_of(&world);
    CU_ASSERT_EQUAL(es_world_forget(&world, "{\"patient_id\":\"pat2\"}"), 3); /* identifiers meet after normalisation */
    CU_ASSERT_EQUAL(exams_of(world.site), 3);
    CU_ASSERT_EQUAL(es_site_verify(world.site, &entries, NULL), ES_OK);
    CU_ASSERT_EQUAL(entries, before + 1);
    for (int again = 0; again < 2; again++) { /* and after a restart */
        es_world_refuses_erased(&world, es_say_exam(2, 2, DAY + 2, "M", "050Y"));
        es_world_refuses_erased(&world, es_say_exam(2, 0, DAY + 2, "M", ""));          /* another body of the same study */
        es_world_refuses_erased(&world, es_say_exam(77, 2, DAY + 50, "M", "051Y"));    /* another exam of the same patient */
        es_world_refuses_erased(&world, es_say_result(2, "2.0", "effusion", 0.5, AT(DAY + 9)));
        es_world_refuses_erased(&world, es_say_reference(2, "audit", ES_REFERENCE_FINAL, 1, AT(DAY + 9)));
        es_world_reopen(&world, ES_SITE_WRITE);
        CU_ASSERT_EQUAL(exams_of(world.site), 3);
    }
    CU_ASSERT_EQUAL(es_world_forget(&world, "{\"patient_id\":\"PAT2\"}"), 0);
    CU_ASSERT_EQUAL(es_world_take(&world, es_say_exam(9, 9, DAY + 9, "F", "050Y")), ES_OUTCOME_TAKEN); /* others come as ever */
    char words[160];
    snprintf(words, sizeof words,
             "as of entry %llu: entries before it were erased on request at entry %llu; reports as of that entry or later can be made",
             (unsigned long long)before, (unsigned long long)before + 1);
    refuse_as_of(world.config, before, words);
    struct es_site *then = NULL;
    CU_ASSERT_EQUAL_FATAL(es_site_open_as_of(&then, world.config, &(struct es_head){.seq = before + 1}, 1, NULL, NULL), ES_OK);
    CU_ASSERT_EQUAL(exams_of(then), 3);
    es_site_close(then);
    CU_ASSERT_EQUAL_FATAL(es_site_open_as_of(&then, world.config, &(struct es_head){.seq = 5}, 1, NULL, NULL), ES_OK); /* before anything of theirs: as it was */
    CU_ASSERT_EQUAL(exams_of(then), 1);
    es_site_close(then);
    es_world_close(&world);
}

static void aliases_and_linked_attributes_go_too(void)
{
    struct es_world world;
    struct es_person person;
    es_world_open(&world, NULL);
    fill(&world, 1, 3);
    struct es_message *alias = es_say(ES_EVENT_PATIENT_ALIAS, 0);
    snprintf(alias->patient_id, sizeof alias->patient_id, "PAT1");
    snprintf(alias->same_as, sizeof alias->same_as, "PAT2");
    CU_ASSERT_EQUAL(es_world_take(&world, alias), ES_OUTCOME_TAKEN);
    struct es_message *linked = es_say(ES_EVENT_DEMOGRAPHICS, 0);
    snprintf(linked->patient_id, sizeof linked->patient_id, "PAT2");
    snprintf(linked->source, sizeof linked->source, "linkage");
    linked->attribute_source = ES_SOURCE_LINKAGE;
    linked->attributes[0] = (struct es_message_attribute){"imd_decile", ES_ATTRIBUTE_PRESENT, "3"};
    linked->n_attributes = 1;
    CU_ASSERT_EQUAL(es_world_take(&world, linked), ES_OUTCOME_TAKEN);
    es_world_find(&world, "{\"study_uid\":\"1.2.3.1\"}", &person);
    CU_ASSERT_EQUAL(person.count, 8); /* two exams with result and reference, the alias, the attributes */
    CU_ASSERT_EQUAL(person.exams, 2);
    CU_ASSERT_EQUAL(es_site_forget(world.site, &person, NULL), ES_OK);
    es_person_clear(&person);
    CU_ASSERT_EQUAL(exams_of(world.site), 1);
    es_world_refuses_erased(&world, es_say_exam(50, 2, DAY, "F", "050Y"));
    es_world_close(&world);
}

/* Two patients' exams under one accession number are one bundle: only the person's own entries go. */
static void another_s_exam_in_the_same_bundle_stays(void)
{
    struct es_world world;
    es_world_open(&world, NULL);
    for (unsigned i = 1; i <= 2; i++) {
        struct es_message *exam = es_say_exam(i, i, DAY, "F", "050Y");
        snprintf(exam->accession, sizeof exam->accession, "ACC7");
        CU_ASSERT_EQUAL(es_world_take(&world, exam), ES_OUTCOME_TAKEN);
        CU_ASSERT_EQUAL(es_world_take(&world, es_say_result(i, "1.0", "effusion", 0.5, AT(DAY) + 60)), ES_OUTCOME_TAKEN);
    }
    CU_ASSERT_EQUAL(es_world_forget(&world, "{\"patient_id\":\"PAT1\"}"), 2);
    CU_ASSERT_EQUAL(exams_of(world.site), 1);
    CU_ASSERT_EQUAL(es_world_take(&world, es_say_reference(2, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 1))), ES_OUTCOME_TAKEN);
    es_world_refuses_erased(&world, es_say_reference(1, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 1)));
    es_world_close(&world);
}

static struct es_message *with_issuer(struct es_message *message, const char *issuer)
{
    snprintf(message->patient_issuer, sizeof message->patient_issuer, "%s", issuer);
    return message;
}

static void one_identifier_of_two_issuers_must_be_told_apart(void)
{
    struct es_world world;
    struct es_sought who = {.patient_id = "PAT1"};
    struct es_person person;
    struct es_error err = {0};
    es_world_open(&world, NULL);
    CU_ASSERT_EQUAL(es_world_take(&world, with_issuer(es_say_exam(1, 1, DAY, "F", "050Y"), "NORTH")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(es_world_take(&world, with_issuer(es_say_exam(2, 1, DAY, "F", "050Y"), "SOUTH")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(es_site_find_person(world.site, &who, &person, &err), ES_E_ARG);
    CU_ASSERT_STRING_EQUAL(err.text, "patient_id: found 2 issuers of it, expected patient_issuer to tell which");
    CU_ASSERT_EQUAL(es_world_forget(&world, "{\"patient_id\":\"PAT1\",\"patient_issuer\":\"NORTH\"}"), 1);
    CU_ASSERT_EQUAL(exams_of(world.site), 1);
    es_world_refuses_erased(&world, with_issuer(es_say_exam(3, 1, DAY, "F", "050Y"), "NORTH"));
    CU_ASSERT_EQUAL(es_world_take(&world, with_issuer(es_say_exam(4, 1, DAY, "F", "050Y"), "SOUTH")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(es_world_forget(&world, "{\"patient_id\":\"PAT1\"}"), 2); /* one issuer is left */
    es_world_refuses_erased(&world, es_say_exam(5, 1, DAY, "F", "050Y"));          /* without issuer: nobody else goes by it */
    es_world_close(&world);
}

static void whom_is_checked(void)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"", "found no JSON (line 1, column 1: the text ends too early), expected an object such as {\"patient_id\":\"...\"}"},
        {"[]", "found list, expected an object such as {\"patient_id\":\"...\"}"},
        {"{}", "found no identifier, expected patient_id, study_uid or accession"},
        {"{\"patient_issuer\":\"A\"}", "found no identifier, expected patient_id, study_uid or accession"},
        {"{\"patient_id\":7}", "patient_id: found number, expected a string"},
        {"{\"patient\":\"secret\"}", "found another key, expected patient_id, patient_issuer, study_uid or accession"},
        {"{\"study_uid\":\"1234567890123456789012345678901234567890123456789012345678901234567890\"}", "study_uid: found 70 bytes, expected at most 64"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct es_sought who;
        struct es_error err = {0};
        CU_ASSERT_EQUAL(es_sought_parse(&who, cases[i].text, strlen(cases[i].text), &err), ES_E_ARG);
        if (strcmp(err.text, cases[i].words) != 0) fprintf(stderr, "    %s\n", err.text);
        CU_ASSERT_STRING_EQUAL(err.text, cases[i].words);
    }
    struct es_world world;
    struct es_person person;
    struct es_error err = {0};
    es_world_open(&world, NULL);
    CU_ASSERT_EQUAL(es_site_find_person(world.site, &(struct es_sought){.patient_id = "UNKNOWN"}, &person, &err), ES_E_ARG);
    CU_ASSERT_STRING_EQUAL(err.text, "patient_id: found a dummy value, expected an identifier");
    es_world_find(&world, "{\"patient_id\":\"P\",\"study_uid\":\"1.2\",\"accession\":\"A\"}", &person);
    CU_ASSERT_EQUAL(person.count, 0);
    es_person_clear(&person);
    fill(&world, 1, 1);
    es_world_find(&world, "{\"patient_id\":\"PAT1\"}", &person);
    es_world_reopen(&world, ES_SITE_READ);
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_site_forget(world.site, &person, &err), ES_E_STATE);
    CU_ASSERT_STRING_EQUAL(err.text, "site: opened for reading, a person was to be erased");
    es_person_clear(&person);
    es_world_close(&world);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"every_prefix_is_the_site_of_then", every_prefix_is_the_site_of_then},
        {"a_state_that_never_was_is_refused", a_state_that_never_was_is_refused},
        {"an_erased_person_is_gone_and_stays_away", an_erased_person_is_gone_and_stays_away},
        {"aliases_and_linked_attributes_go_too", aliases_and_linked_attributes_go_too},
        {"another_s_exam_in_the_same_bundle_stays", another_s_exam_in_the_same_bundle_stays},
        {"one_identifier_of_two_issuers_must_be_told_apart", one_identifier_of_two_issuers_must_be_told_apart},
        {"whom_is_checked", whom_is_checked},
        {NULL, NULL},
    };
    return es_test_main("history", tests, argc, argv);
}
