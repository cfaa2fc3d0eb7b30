/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dicom/secret.h"
#include "plugin/base/hash.h"
#include "plugin/base/time.h"
#include "plugin/site/internal.h"
#include "site_world.h"
#include "testlib.h"

#define DAY 20000
#define AT(day) ((int64_t)(day) * 86400)

static struct es_message *of_series(struct es_message *message, unsigned series)
{
    if (message->kind == ES_EVENT_EXAM) {
        snprintf(message->series_uid, sizeof message->series_uid, "1.2.7.%u", series);
        return message;
    }
    message->series_refs = es_secret_list(1, sizeof *message->series_refs);
    if (!message->series_refs) abort();
    snprintf(message->series_refs[0], sizeof message->series_refs[0], "1.2.7.%u", series);
    message->n_series_refs = 1;
    return message;
}

/* Units that have a result, of the first finding and version 1.0; results without an exam; ambiguous ones. */
static void expect_paired(struct es_world *world, uint32_t resulted, uint64_t orphans, uint64_t ambiguous)
{
    struct es_cohort_counts counts;
    struct es_sheet_holder holder = es_world_sheet(world, 0, 0, INT64_MAX);
    uint32_t scored = 0;
    for (uint32_t i = 0; i < holder.sheet.rows; i++) scored += !isnan(holder.sheet.score[i]);
    es_sheet_holder_clear(&holder);
    CU_ASSERT_EQUAL(es_cohort_count(es_site_cohort(world->site), ES_NO_DAY, ES_NO_DAY, &counts, NULL), ES_OK);
    CU_ASSERT_EQUAL(scored, resulted);
    CU_ASSERT_EQUAL(counts.results_without_exam, orphans);
    CU_ASSERT_EQUAL(counts.ambiguous, ambiguous);
}

/* A result under a new StudyInstanceUID names the source series and nothing else. */
static void a_result_of_a_new_study_is_paired_by_its_source_series(void)
{
    for (int before = 0; before < 2; before++) {
        struct es_world world;
        uint64_t entries = 0;
        es_world_open(&world, NULL);
        for (int step = 0; step < 2; step++) {
            struct es_message *message = (step == 0) == (before == 1) ? es_say_result(90, "1.0", "effusion", 0.8, AT(DAY) + 60)
                                                                      : es_say_exam(1, 1, DAY, "F", "050Y");
            CU_ASSERT_EQUAL(es_world_take(&world, of_series(message, 5)), ES_OUTCOME_TAKEN);
        }
        expect_paired(&world, 1, 0, 0);
        es_world_take(&world, of_series(es_say_result(91, "1.0", "effusion", 0.7, AT(DAY) + 60), 6)); /* of nobody's series */
        expect_paired(&world, 1, 1, 0);
        es_world_reopen(&world, ES_SITE_WRITE);
        expect_paired(&world, 1, 1, 0);
        es_world_take(&world, of_series(es_say_exam(2, 1, DAY, "F", "050Y"), 6)); /* not any more */
        expect_paired(&world, 2, 0, 0);
        CU_ASSERT_EQUAL(es_site_verify(world.site, &entries, NULL), ES_OK);
        es_world_close(&world);
    }
}

/* A copied study has the series of its original: whose result it is cannot be told, whichever of the three came last. */
static void a_series_of_two_studies_is_ambiguous_in_any_order(void)
{
    static const int orders[][3] = {{0, 1, 2}, {0, 2, 1}, {2, 0, 1}, {2, 1, 0}, {1, 2, 0}};
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        struct es_world world;
        es_world_open(&world, NULL);
        for (int k = 0; k < 3; k++)
            es_world_take(&world, orders[i][k] == 2 ? of_series(es_say_result(90, "1.0", "effusion", 0.8, AT(DAY) + 60), 5)
                                                    : of_series(es_say_exam((unsigned)orders[i][k] + 1, 1, DAY, "F", "050Y"), 5));
        expect_paired(&world, 0, 0, 1);
        es_world_take(&world, of_series(es_say_result(2, "1.0", "effusion", 0.6, AT(DAY) + 60), 5)); /* names its own study */
        expect_paired(&world, 1, 0, 1);
        es_world_close(&world);
    }
}

/* A device that gives every study one SeriesInstanceUID: the studies stay exams of their own, each with its own result. */
static void one_series_uid_for_every_study_leaves_them_exams_of_their_own(void)
{
    struct es_world world;
    struct es_cohort_counts counts;
    es_world_open(&world, NULL);
    for (unsigned study = 1; study <= 40; study++) {
        es_world_take(&world, of_series(es_say_exam(study, study, DAY, "F", "050Y"), 5));
        es_world_take(&world, of_series(es_say_result(study, "1.0", "effusion", 0.8, AT(DAY) + 60), 5));
    }
    es_world_take(&world, of_series(es_say_result(90, "1.0", "effusion", 0.8, AT(DAY) + 60), 5));
    CU_ASSERT_EQUAL(es_cohort_count(es_site_cohort(world.site), ES_NO_DAY, ES_NO_DAY, &counts, NULL), ES_OK);
    CU_ASSERT_EQUAL(counts.exams, 40);
    expect_paired(&world, 40, 0, 1);
    es_world_close(&world);
}

static void an_exam_its_result_and_its_reference_become_one_case(void)
{
    struct es_world world;
    es_world_open(&world, NULL);
    CU_ASSERT_EQUAL(es_world_take(&world, es_say_exam(1, 1, DAY, "F", "084Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(es_world_take(&world, es_say_result(1, "1.0", "effusion", 0.8, AT(DAY) + 60)), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(es_world_take(&world, es_say_reference(1, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 2))), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(es_site_now(world.site), AT(DAY + 2) * 1000000);
    struct es_sheet_holder holder = es_world_sheet(&world, 0, 0, INT64_MAX);
    CU_ASSERT_EQUAL_FATAL(holder.sheet.rows, 1);
    CU_ASSERT_EQUAL(holder.sheet.patients, 1);
    CU_ASSERT_EQUAL(holder.sheet.score[0], 0.8);
    CU_ASSERT_EQUAL(holder.sheet.decision[0], 1);
    CU_ASSERT_EQUAL(holder.sheet.label[0], 1);
    CU_ASSERT_EQUAL(holder.sheet.stage[0], ES_STAGE_REFERENCED);
    CU_ASSERT_EQUAL(holder.sheet.mark[0], ES_MARK_HAS_REFERENCE);
    CU_ASSERT_STRING_EQUAL(holder.levels[0].names[holder.sheet.level[0][0]], "F");
    CU_ASSERT_STRING_EQUAL(holder.levels[1].names[holder.sheet.level[1][0]], "80+");
    CU_ASSERT_EQUAL(holder.sheet.level[2][0], 0);
    es_sheet_holder_clear(&holder);
    holder = es_world_sheet(&world, 0, 1, INT64_MAX); /* the result names no nodule, and absence means no */
    CU_ASSERT_EQUAL(holder.sheet.decision[0], 0);
    CU_ASSERT_TRUE(isnan(holder.sheet.score[0]));
    es_sheet_holder_clear(&holder);
    es_world_close(&world);
}

static void the_same_message_is_a_duplicate_and_another_of_its_slot_a_revision(void)
{
    struct es_world world;
    es_world_open(&world, NULL);
    CU_ASSERT_EQUAL(es_world_take(&world, es_say_exam(1, 1, DAY, "F", "084Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(es_world_take(&world, es_say_exam(1, 1, DAY, "F", "084Y")), ES_OUTCOME_DUPLICATE);
    CU_ASSERT_EQUAL(es_world_take(&world, es_say_reference(1, "report", ES_REFERENCE_PRELIMINARY, 0, AT(DAY))), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(es_world_take(&world, es_say_reference(1, "report", ES_REFERENCE_FINAL, 1, AT(DAY))), ES_OUTCOME_REVISED);
    struct es_message *nodule = es_say_reference(1, "report", ES_REFERENCE_FINAL, 1, AT(DAY));
    snprintf(nodule->findings[0].name, sizeof nodule->findings[0].name, "nodule");
    CU_ASSERT_EQUAL(es_world_take(&world, nodule), ES_OUTCOME_TAKEN); /* the same slot, but another finding */
    struct es_message *cancel = es_say_reference(1, "report", ES_REFERENCE_CANCELLED, 1, AT(DAY));
    cancel->n_findings = 0;
    CU_ASSERT_EQUAL(es_world_take(&world, cancel), ES_OUTCOME_REVISED);
    struct es_message *bad = es_say_exam(1, 1, DAY, "F", "084Y");
    snprintf(bad->study_uid, sizeof bad->study_uid, "no uid");
    struct es_message *good = es_say_exam(2, 1, DAY, "F", "084Y");
    const struct es_message *both[] = {bad, good};
    struct es_receipt receipts[2];
    CU_ASSERT_EQUAL(es_site_take(world.site, both, 2, receipts, NULL), ES_OK);
    CU_ASSERT_EQUAL(receipts[0].outcome, ES_OUTCOME_REFUSED);
    CU_ASSERT_PTR_NOT_NULL(strstr(receipts[0].error.text, "study_uid"));
    CU_ASSERT_EQUAL(receipts[1].outcome, ES_OUTCOME_TAKEN);
    es_unsay(bad);
    es_unsay(good);
    es_world_close(&world);
}

static void a_reference_before_its_exam_waits_and_is_paired(void)
{
    struct es_world world;
    struct es_cohort_counts counts;
    es_world_open(&world, NULL);
    CU_ASSERT_EQUAL(es_world_take(&world, es_say_reference(7, "report", ES_REFERENCE_FINAL, 1, AT(DAY))), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(es_cohort_count(es_site_cohort(world.site), ES_NO_DAY, ES_NO_DAY, &counts, NULL), ES_OK);
    CU_ASSERT_EQUAL(counts.references_without_exam, 1);
    es_world_reopen(&world, ES_SITE_WRITE);
    CU_ASSERT_EQUAL(es_world_take(&world, es_say_exam(7, 1, DAY, "M", "030Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(es_cohort_count(es_site_cohort(world.site), ES_NO_DAY, ES_NO_DAY, &counts, NULL), ES_OK);
    CU_ASSERT_EQUAL(counts.references_without_exam, 0);
    struct es_sheet_holder holder = es_world_sheet(&world, 0, 0, INT64_MAX);
    CU_ASSERT_EQUAL(holder.sheet.label[0], 1);
    es_sheet_holder_clear(&holder);
    es_world_close(&world);
}

static void a_retraction_by_event_id_before_or_behind_its_target_takes_it_out(void)
{
    for (int before = 0; before < 2; before++) {
        struct es_world world;
        struct es_cohort_counts counts;
        es_world_open(&world, NULL);
        (void)es_world_take(&world, es_say_exam(1, 1, DAY, "F", "050Y"));
        for (int step = 0; step < 2; step++) {
            if (step == before) {
                struct es_message *late = es_say_result(1, "1.0", "effusion", 0.9, AT(DAY + 9));
                snprintf(late->event_id, sizeof late->event_id, "m-1");
                snprintf(late->event_source, sizeof late->event_source, "ris");
                (void)es_world_take(&world, late);
            } else {
                struct es_message *retract = es_say(ES_EVENT_RETRACT, 0);
                snprintf(retract->retract_event_id, sizeof retract->retract_event_id, "m-1");
                snprintf(retract->event_source, sizeof retract->event_source, "ris");
                (void)es_world_take(&world, retract);
            }
        }
        for (int again = 0; again < 2; again++) {
            CU_ASSERT_EQUAL(es_cohort_count(es_site_cohort(world.site), ES_NO_DAY, ES_NO_DAY, &counts, NULL), ES_OK);
            CU_ASSERT_EQUAL(counts.retracted, 1);
            CU_ASSERT_EQUAL(es_site_now(world.site), AT(DAY + 1) * 1000000); /* of the exam: the late result is out */
            struct es_sheet_holder holder = es_world_sheet(&world, 0, 0, INT64_MAX);
            CU_ASSERT_EQUAL(holder.sheet.stage[0], ES_STAGE_MISSING);
            es_sheet_holder_clear(&holder);
            es_world_reopen(&world, ES_SITE_WRITE);
        }
        es_world_close(&world);
    }
}

static void demographics_reach_the_exams_of_all_aliases_of_a_patient(void)
{
    struct es_world world;
    es_world_open(&world, NULL);
    (void)es_world_take(&world, es_say_exam(1, 1, DAY, "F", "050Y"));
    (void)es_world_take(&world, es_say_exam(2, 2, DAY + 5, "F", "050Y"));
    (void)es_world_take(&world, es_say_demographics(2, "imd_decile", "3", DAY - 100));
    (void)es_world_take(&world, es_say_demographics(2, "imd_decile", "7", DAY + 3));
    struct es_sheet_holder holder = es_world_sheet(&world, 0, 0, INT64_MAX);
    CU_ASSERT_EQUAL(holder.sheet.patients, 2);
    es_sheet_holder_clear(&holder);
    struct es_message *alias = es_say(ES_EVENT_PATIENT_ALIAS, 0);
    snprintf(alias->patient_id, sizeof alias->patient_id, "PAT1");
    snprintf(alias->same_as, sizeof alias->same_as, "PAT2");
    snprintf(alias->event_id, sizeof alias->event_id, "merge");
    CU_ASSERT_EQUAL(es_world_take(&world, alias), ES_OUTCOME_TAKEN);
    for (int again = 0; again < 2; again++) {
        holder = es_world_sheet(&world, 0, 0, INT64_MAX);
        CU_ASSERT_EQUAL_FATAL(holder.sheet.rows, 2);
        CU_ASSERT_EQUAL(holder.sheet.patients, 1);
        CU_ASSERT_STRING_EQUAL(holder.levels[2].names[holder.sheet.level[2][0]], "3");
        CU_ASSERT_STRING_EQUAL(holder.levels[2].names[holder.sheet.level[2][1]], "7");
        es_sheet_holder_clear(&holder);
        es_world_reopen(&world, ES_SITE_WRITE);
    }
    struct es_message *retract = es_say(ES_EVENT_RETRACT, 0);
    snprintf(retract->retract_event_id, sizeof retract->retract_event_id, "merge");
    (void)es_world_take(&world, retract);
    holder = es_world_sheet(&world, 0, 0, INT64_MAX);
    CU_ASSERT_EQUAL(holder.sheet.patients, 2);
    es_sheet_holder_clear(&holder);
    uint64_t entries = 0;
    CU_ASSERT_EQUAL(es_site_verify(world.site, &entries, NULL), ES_OK);
    es_world_close(&world);
}

static void a_missing_or_other_key_is_refused_and_none_is_made(void)
{
    struct es_world world;
    struct es_error err = {0};
    char key[300], moved[300];
    es_world_open(&world, NULL);
    es_site_close(world.site);
    snprintf(key, sizeof key, "%s/site.key", world.folder);
    snprintf(moved, sizeof moved, "%s/other.key", world.folder);
    struct stat status;
    CU_ASSERT_EQUAL(stat(key, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 0777, 0640);
    CU_ASSERT_EQUAL_FATAL(rename(key, moved), 0);
    CU_ASSERT_EQUAL(es_site_open(&world.site, world.config, ES_SITE_WRITE, NULL, &err), ES_E_STATE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "but the ledger was made with one: restore it from a backup"));
    CU_ASSERT_EQUAL(access(key, F_OK), -1);
    struct es_key *other = NULL;
    CU_ASSERT_EQUAL_FATAL(es_key_create(&other, key, NULL), ES_OK);
    es_key_close(other);
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_site_open(&world.site, world.config, ES_SITE_WRITE, NULL, &err), ES_E_STATE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "was made with key "));
    CU_ASSERT_PTR_NULL(world.site);
    es_world_close(&world);
}

static void a_reader_of_nothing_is_told_and_a_reader_may_not_write(void)
{
    struct es_world world;
    struct es_error err = {0};
    es_world_open(&world, NULL);
    es_world_reopen(&world, ES_SITE_READ);
    struct es_message *exam = es_say_exam(1, 1, DAY, "F", "050Y");
    const struct es_message *list[] = {exam};
    struct es_receipt receipt;
    CU_ASSERT_EQUAL(es_site_take(world.site, list, 1, &receipt, &err), ES_E_STATE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "opened for reading"));
    es_unsay(exam);
    es_site_close(world.site);
    char path[300];
    snprintf(path, sizeof path, "%s/ledger.db", world.folder);
    unlink(path);
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_site_open(&world.site, world.config, ES_SITE_READ, NULL, &err), ES_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "No such file or directory"));
    es_world_close(&world);
}

static void configuration_and_plan_are_recorded_once_and_a_release_moves_no_basis(void)
{
    struct es_world world;
    bool retrospect = true;
    uint64_t plan_seq = 0;
    es_world_open(&world, NULL);
    CU_ASSERT_EQUAL(es_site_basis(world.site), 2);
    CU_ASSERT_EQUAL(es_site_plan_day(world.site, &retrospect, &plan_seq), es_instant_day(es_clock()));
    CU_ASSERT_FALSE(retrospect);
    CU_ASSERT_EQUAL(plan_seq, 2);
    es_world_reopen(&world, ES_SITE_WRITE);
    CU_ASSERT_EQUAL(es_site_basis(world.site), 2);
    (void)es_site_take_dirty(world.site);
    struct es_message *release = es_say(ES_EVENT_RELEASE, 0);
    release->document = strdup("{\"sha256\":\"00\"}");
    CU_ASSERT_EQUAL(es_world_take(&world, release), ES_OUTCOME_TAKEN);
    CU_ASSERT_FALSE(es_site_take_dirty(world.site));
    CU_ASSERT_EQUAL(es_site_basis(world.site), 2);
    es_world_close(&world);
}

static void a_clock_that_runs_ahead_closes_no_window(void)
{
    struct es_world world;
    es_world_open(&world, NULL);
    const int32_t today = es_instant_day(es_clock());
    CU_ASSERT_EQUAL(es_world_take(&world, es_say_exam(1, 1, DAY, "F", "084Y")), ES_OUTCOME_TAKEN);
    const int64_t now = es_site_now(world.site);
    CU_ASSERT_EQUAL(now, ES_MICROSECONDS_A_DAY * (DAY + 1));
    CU_ASSERT_EQUAL(es_world_take(&world, es_say_exam(2, 2, today + 400, "F", "084Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(es_site_now(world.site), now);
    CU_ASSERT_EQUAL(es_world_take(&world, es_say_exam(3, 3, today, "F", "084Y")), ES_OUTCOME_TAKEN); /* its day is not over yet */
    CU_ASSERT_EQUAL(es_site_now(world.site), ES_MICROSECONDS_A_DAY * (today + (int64_t)1));
    es_world_reopen(&world, ES_SITE_READ);
    CU_ASSERT_EQUAL(es_site_now(world.site), ES_MICROSECONDS_A_DAY * (today + (int64_t)1));
    es_world_close(&world);
}

static void verify_names_an_identity_that_is_not_its_body_s(void)
{
    struct es_world world;
    struct es_error err = {0};
    uint64_t entries = 0;
    es_world_open(&world, NULL);
    (void)es_world_take(&world, es_say_exam(1, 1, DAY, "F", "050Y"));
    CU_ASSERT_EQUAL(es_site_verify(world.site, &entries, &err), ES_OK);
    CU_ASSERT_EQUAL(entries, 3);
    /* The chain does not cover the identity: it is proved with the key. */
    struct es_entry entry = {.received = 1, .sent = ES_NO_INSTANT, .identity = {1}};
    enum es_taken taken;
    uint8_t *body = NULL;
    struct es_entry third;
    CU_ASSERT_EQUAL_FATAL(es_ledger_read(es_site_ledger(world.site), 3, &third, &body, NULL), ES_OK);
    entry.body = body;
    entry.len = third.len;
    CU_ASSERT_EQUAL_FATAL(es_ledger_append(es_site_ledger(world.site), &entry, 1, &taken, NULL), ES_OK);
    CU_ASSERT_EQUAL(es_site_verify(world.site, &entries, &err), ES_E_STATE);
    CU_ASSERT_STRING_EQUAL(err.text, "entry 4: its identity is not the one of its body");
    free(body);
    es_world_close(&world);
}

/* 700 linked attributes of a patient with 700 exams, in one batch: each touches them all, half a million times together. */
static void a_patient_who_is_spoken_of_often_takes_no_memory_for_it(void)
{
    enum { MANY = 700 };
    struct es_world world;
    struct es_message **batch = calloc(2 * MANY, sizeof *batch);
    struct es_receipt *receipts = calloc(2 * MANY, sizeof *receipts);
    struct es_cohort_counts counts;
    if (!batch || !receipts) abort();
    es_world_open(&world, NULL);
    for (unsigned i = 0; i < MANY; i++) {
        batch[i] = es_say_exam(i + 1, 1, DAY + (int32_t)i, "F", "050Y");
        batch[MANY + i] = es_say_demographics(1, "imd_decile", i % 2 ? "3" : "4", DAY + (int32_t)i);
    }
    CU_ASSERT_EQUAL_FATAL(es_site_take(world.site, (const struct es_message *const *)batch, 2 * MANY, receipts, NULL), ES_OK);
    CU_ASSERT_TRUE(world.site->graph.touched.room <= 1u << 17);
    CU_ASSERT_EQUAL(es_cohort_count(es_site_cohort(world.site), ES_NO_DAY, ES_NO_DAY, &counts, NULL), ES_OK);
    CU_ASSERT_EQUAL(counts.exams, MANY);
    CU_ASSERT_EQUAL(counts.patients, 1);
    for (unsigned i = 0; i < 2 * MANY; i++) es_unsay(batch[i]);
    free(batch);
    free(receipts);
    es_world_close(&world);
}

/* plugin/event/README.md: content sent under two ids is one event under the first; the second is a duplicate, and no handle of it. */
static void content_sent_under_two_ids_goes_by_the_first(void)
{
    struct es_world world;
    es_world_open(&world, NULL);
    for (int i = 1; i <= 2; i++) {
        struct es_message *exam = es_say_exam(1, 1, 20000, "F", "050Y");
        snprintf(exam->event_id, sizeof exam->event_id, "id-%d", i);
        CU_ASSERT_EQUAL(es_world_take(&world, exam), i == 1 ? ES_OUTCOME_TAKEN : ES_OUTCOME_DUPLICATE);
    }
    for (int i = 2; i >= 1; i--) {
        struct es_cohort_counts counts;
        struct es_message *retract = es_say(ES_EVENT_RETRACT, 0);
        snprintf(retract->retract_event_id, sizeof retract->retract_event_id, "id-%d", i);
        CU_ASSERT_EQUAL(es_world_take(&world, retract), ES_OUTCOME_TAKEN);
        CU_ASSERT_EQUAL(es_cohort_count(es_site_cohort(world.site), ES_NO_DAY, ES_NO_DAY, &counts, NULL), ES_OK);
        CU_ASSERT_EQUAL(counts.exams, i == 2 ? 1 : 0);
    }
    es_world_close(&world);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"content_sent_under_two_ids_goes_by_the_first", content_sent_under_two_ids_goes_by_the_first},
        {"an_exam_its_result_and_its_reference_become_one_case", an_exam_its_result_and_its_reference_become_one_case},
        {"a_result_of_a_new_study_is_paired_by_its_source_series", a_result_of_a_new_study_is_paired_by_its_source_series},
        {"a_series_of_two_studies_is_ambiguous_in_any_order", a_series_of_two_studies_is_ambiguous_in_any_order},
        {"one_series_uid_for_every_study_leaves_them_exams_of_their_own", one_series_uid_for_every_study_leaves_them_exams_of_their_own},
        {"the_same_message_is_a_duplicate_and_another_of_its_slot_a_revision",
         the_same_message_is_a_duplicate_and_another_of_its_slot_a_revision},
        {"a_reference_before_its_exam_waits_and_is_paired", a_reference_before_its_exam_waits_and_is_paired},
        {"a_retraction_by_event_id_before_or_behind_its_target_takes_it_out",
         a_retraction_by_event_id_before_or_behind_its_target_takes_it_out},
        {"demographics_reach_the_exams_of_all_aliases_of_a_patient", demographics_reach_the_exams_of_all_aliases_of_a_patient},
        {"a_missing_or_other_key_is_refused_and_none_is_made", a_missing_or_other_key_is_refused_and_none_is_made},
        {"a_reader_of_nothing_is_told_and_a_reader_may_not_write", a_reader_of_nothing_is_told_and_a_reader_may_not_write},
        {"configuration_and_plan_are_recorded_once_and_a_release_moves_no_basis",
         configuration_and_plan_are_recorded_once_and_a_release_moves_no_basis},
        {"a_clock_that_runs_ahead_closes_no_window", a_clock_that_runs_ahead_closes_no_window},
        {"verify_names_an_identity_that_is_not_its_body_s", verify_names_an_identity_that_is_not_its_body_s},
        {"a_patient_who_is_spoken_of_often_takes_no_memory_for_it", a_patient_who_is_spoken_of_often_takes_no_memory_for_it},
        {NULL, NULL}};
    return es_test_main("site", tests, argc, argv);
}
