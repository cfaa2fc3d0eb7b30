/* SPDX-License-Identifier: Apache-2.0 */
/* A PatientID is one person's within its issuer only. */
#include <stdio.h>
#include <string.h>

#include "site_world.h"
#include "testlib.h"
#include "testrandom.h"

#define DAY 20000

static struct es_message *issued(struct es_message *message, const char *issuer)
{
    snprintf(message->patient_issuer, sizeof message->patient_issuer, "%s", issuer);
    return message;
}

/* Patients, patients in the sheet, and ambiguous exams; the same when the ledger is read again. */
static void check_patients(struct es_world *world, uint64_t patients, uint64_t ambiguous)
{
    for (int again = 0; again < 2; again++) {
        struct es_cohort_counts counts;
        uint64_t entries = 0;
        CU_ASSERT_EQUAL(es_cohort_count(es_site_cohort(world->site), ES_NO_DAY, ES_NO_DAY, &counts, NULL), ES_OK);
        CU_ASSERT_EQUAL(counts.patients, patients);
        CU_ASSERT_EQUAL(counts.ambiguous, ambiguous);
        struct es_sheet_holder holder = es_world_sheet(world, 0, 0, INT64_MAX);
        CU_ASSERT_EQUAL(holder.sheet.patients, patients);
        es_sheet_holder_clear(&holder);
        CU_ASSERT_EQUAL(es_site_verify(world->site, &entries, NULL), ES_OK);
        if (again == 0) es_world_reopen(world, ES_SITE_WRITE);
    }
}

static void one_patient_id_of_two_issuers_is_two_patients(void)
{
    struct es_world world;
    es_world_open(&world, NULL);
    (void)es_world_take(&world, es_say_exam(1, 1, DAY, "F", "050Y"));
    check_patients(&world, 1, 0);
    (void)es_world_take(&world, issued(es_say_exam(2, 1, DAY, "F", "050Y"), "north")); /* the only issuer known: the same patient */
    check_patients(&world, 1, 0);
    struct es_message *south = issued(es_say_exam(3, 1, DAY, "F", "050Y"), "south");
    snprintf(south->event_id, sizeof south->event_id, "wrong");
    (void)es_world_take(&world, south); /* whose is exam 1 now? nobody can say */
    check_patients(&world, 3, 1);
    (void)es_world_take(&world, es_say_exam(4, 1, DAY, "F", "050Y")); /* nor this one, which is the same patient's */
    check_patients(&world, 3, 2);
    struct es_message *retract = es_say(ES_EVENT_RETRACT, 0);
    snprintf(retract->retract_event_id, sizeof retract->retract_event_id, "wrong");
    (void)es_world_take(&world, retract);
    check_patients(&world, 1, 0);
    es_world_close(&world);
}

static void aliases_and_demographics_go_by_issuer(void)
{
    struct es_world world;
    es_world_open(&world, NULL);
    (void)es_world_take(&world, issued(es_say_exam(1, 1, DAY, "F", "050Y"), "north"));
    (void)es_world_take(&world, issued(es_say_exam(2, 1, DAY + 1, "F", "050Y"), "south"));
    (void)es_world_take(&world, issued(es_say_exam(3, 2, DAY + 2, "F", "050Y"), "north"));
    (void)es_world_take(&world, issued(es_say_demographics(1, "imd_decile", "7", DAY - 9), "south"));
    check_patients(&world, 3, 0);
    struct es_message *alias = issued(es_say(ES_EVENT_PATIENT_ALIAS, 0), "north");
    snprintf(alias->patient_id, sizeof alias->patient_id, "PAT2");
    snprintf(alias->same_as, sizeof alias->same_as, "PAT1");
    snprintf(alias->same_as_issuer, sizeof alias->same_as_issuer, "south");
    CU_ASSERT_EQUAL(es_world_take(&world, alias), ES_OUTCOME_TAKEN);
    check_patients(&world, 2, 0);
    struct es_sheet_holder holder = es_world_sheet(&world, 0, 0, INT64_MAX);
    CU_ASSERT_EQUAL_FATAL(holder.sheet.rows, 3);
    for (uint32_t i = 0; i < 3; i++) /* the exam of PAT1 in the north is the one of DAY: it is nobody else's */
        CU_ASSERT_STRING_EQUAL(holder.levels[2].names[holder.sheet.level[2][i]], holder.sheet.exam_day[i] == DAY ? "unknown" : "7");
    es_sheet_holder_clear(&holder);
    es_world_close(&world);
}

static const char *any_issuer(struct es_test_random *random)
{
    static const char *const issuers[] = {"", "", "", "north", "south"};
    return issuers[(unsigned)es_test_below(random, 5)];
}

/* One of whatever makes two identifiers one patient, or no longer. */
static struct es_message *any_message(struct es_test_random *random, unsigned number)
{
    const unsigned kind = (unsigned)es_test_below(random, 10), patient = (unsigned)es_test_below(random, 12) + 1;
    struct es_message *message;
    if (kind < 3) message = es_say_exam((unsigned)es_test_below(random, 30) + 1, patient, DAY, "F", "050Y");
    else if (kind < 4) message = es_say_demographics(patient % 4 + 1, "imd_decile", number % 2 ? "7" : "3", DAY - 9);
    else if (kind < 8) {
        message = es_say(ES_EVENT_PATIENT_ALIAS, 0);
        snprintf(message->patient_id, sizeof message->patient_id, "PAT%u", patient);
        snprintf(message->same_as, sizeof message->same_as, "PAT%u", patient + 1 + (unsigned)es_test_below(random, 3));
        snprintf(message->same_as_issuer, sizeof message->same_as_issuer, "%s", any_issuer(random));
    } else {
        message = es_say(ES_EVENT_RETRACT, 0);
        snprintf(message->retract_event_id, sizeof message->retract_event_id, "e%u", (unsigned)es_test_below(random, number + 1));
        return message;
    }
    snprintf(message->event_id, sizeof message->event_id, "e%u", number);
    return issued(message, any_issuer(random));
}

/* Whatever comes in whatever batches: the cohort is the one that the ledger read again gives. */
static void patients_are_joined_and_parted_as_the_whole_ledger_says(void)
{
    enum { SEEDS = 12, BATCHES = 40, MOST = 12 };
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct es_world world;
        struct es_test_random random = {.seed = seed};
        uint64_t entries = 0;
        unsigned number = 0;
        es_world_open(&world, NULL);
        for (int batch = 0; batch < BATCHES; batch++) {
            struct es_message *messages[MOST];
            struct es_receipt receipts[MOST];
            struct es_error err = {0};
            const size_t n = es_test_below(&random, batch < 2 ? MOST : 3) + 1;
            for (size_t i = 0; i < n; i++) messages[i] = any_message(&random, number++);
            CU_ASSERT_EQUAL_FATAL(es_site_take(world.site, (const struct es_message *const *)messages, n, receipts, &err), ES_OK);
            for (size_t i = 0; i < n; i++) es_unsay(messages[i]);
            if (es_site_verify(world.site, &entries, &err) != ES_OK) {
                printf("seed %d, batch %d: %s\n", (int)seed, batch, err.text);
                CU_FAIL("not what the ledger says");
                break;
            }
        }
        es_world_close(&world);
    }
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"one_patient_id_of_two_issuers_is_two_patients", one_patient_id_of_two_issuers_is_two_patients},
                                           {"aliases_and_demographics_go_by_issuer", aliases_and_demographics_go_by_issuer},
                                           {"patients_are_joined_and_parted_as_the_whole_ledger_says",
                                            patients_are_joined_and_parted_as_the_whole_ledger_says},
                                           {NULL, NULL}};
    return es_test_main("site_issuers", tests, argc, argv);
}
