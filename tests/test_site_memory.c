/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever allocation fails while a batch is taken, and whoever gives it again: what is in the ledger is in the report, once. */
#include <stdlib.h>

#include "plugin/report/report.h"
#include "site_world.h"
#include "testlib.h"

/* The linker sends the library's allocations here: -Wl,--wrap. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static long until = -1; /* allocations that still succeed; below 0: all do. Only the next one fails */

static bool spent(void)
{
    return until >= 0 && until-- == 0;
}

void *__wrap_malloc(size_t size) { return spent() ? NULL : __real_malloc(size); }
void *__wrap_calloc(size_t count, size_t size) { return spent() ? NULL : __real_calloc(count, size); }
void *__wrap_realloc(void *old, size_t size) { return spent() ? NULL : __real_realloc(old, size); }

#define DAY 20000
#define AT(day) ((int64_t)(day) * 86400)
#define BATCH 7

/* One of everything that the site notes of an event: bundles that merge, a patient with linked attributes, a retraction. */
static void say(struct es_message *batch[BATCH], unsigned study)
{
    batch[0] = es_say_exam(study, study, DAY, "F", "050Y");
    batch[1] = es_say_result(study, "1.0", "effusion", 0.8, AT(DAY));
    batch[2] = es_say_reference(study, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 1));
    batch[3] = es_say_demographics(study, "imd_decile", "3", DAY - 10);
    batch[4] = es_say_reference(study, "other", ES_REFERENCE_FINAL, 0, AT(DAY - 2)); /* not the last of all: "now" stays */
    snprintf(batch[4]->event_id, sizeof batch[4]->event_id, "wrong-%u", study);
    batch[5] = es_say(ES_EVENT_RETRACT, study);
    snprintf(batch[5]->retract_event_id, sizeof batch[5]->retract_event_id, "wrong-%u", study);
    batch[6] = es_say(ES_EVENT_PATIENT_ALIAS, study);
    batch[6]->study_uid[0] = '\0';
    snprintf(batch[6]->patient_id, sizeof batch[6]->patient_id, "PAT%u", study);
    snprintf(batch[6]->same_as, sizeof batch[6]->same_as, "OLD%u", study);
}

static enum es_errc take(struct es_world *world, struct es_message *const batch[BATCH], struct es_receipt receipts[BATCH])
{
    return es_site_take(world->site, (const struct es_message *const *)batch, BATCH, receipts, NULL);
}

static void a_batch_that_memory_ran_out_in_is_counted_once_when_it_is_given_again(void)
{
    struct es_world world;
    struct es_receipt receipts[BATCH];
    unsigned kept = 0, failed = 0;
    bool ended = false;
    es_world_open(&world, NULL);
    for (unsigned n = 0; n < 4000 && !ended; n++) {
        struct es_message *batch[BATCH];
        struct es_cohort_counts counts;
        uint64_t entries = 0;
        say(batch, n + 1);
        until = (long)n;
        const enum es_errc code = take(&world, batch, receipts);
        ended = until >= 0; /* nothing was left to fail */
        until = -1;
        failed += code != ES_OK;
        if (code != ES_OK) {
            kept += !es_site_is_whole(world.site);
            if (n % 2) CU_ASSERT_EQUAL(es_site_refresh(world.site, NULL), ES_OK);
            if (n % 2) CU_ASSERT_TRUE(es_site_is_whole(world.site));
            CU_ASSERT_EQUAL(take(&world, batch, receipts), ES_OK);
        }
        CU_ASSERT_TRUE(es_site_is_whole(world.site));
        CU_ASSERT_EQUAL(es_cohort_count(es_site_cohort(world.site), ES_NO_DAY, ES_NO_DAY, &counts, NULL), ES_OK);
        CU_ASSERT_EQUAL(counts.exams, n + 1);
        CU_ASSERT_EQUAL(counts.retracted, n + 1);
        if (n % 16 == 0 || ended) CU_ASSERT_EQUAL(es_site_verify(world.site, &entries, NULL), ES_OK);
        for (size_t i = 0; i < BATCH; i++) es_unsay(batch[i]);
    }
    CU_ASSERT_TRUE(ended);
    CU_ASSERT_TRUE(failed > kept);
    CU_ASSERT_TRUE(kept > 10); /* behind the commit */
    es_world_close(&world);
}

/* A report between the failure and the batch's coming again is of the whole ledger, or is refused. */
static void a_report_behind_a_failure_is_of_the_whole_ledger(void)
{
    const struct es_report_options options = {.from = ES_NO_DAY, .to = ES_NO_DAY, .audience = ES_AUDIENCE_INTERNAL};
    struct es_world world;
    struct es_receipt receipts[BATCH];
    unsigned found = 0;
    es_world_open(&world, NULL);
    for (unsigned n = 0; n < 4000 && found < 3; n++) {
        struct es_message *batch[BATCH];
        struct es_cohort_counts counts;
        cJSON *release = NULL;
        say(batch, n + 1);
        until = (long)n;
        const enum es_errc code = take(&world, batch, receipts);
        until = -1;
        if (code != ES_OK && !es_site_is_whole(world.site)) {
            CU_ASSERT_EQUAL(es_report_build(world.site, &options, &release, NULL), ES_OK);
            cJSON_Delete(release);
            CU_ASSERT_EQUAL(es_cohort_count(es_site_cohort(world.site), ES_NO_DAY, ES_NO_DAY, &counts, NULL), ES_OK);
            CU_ASSERT_EQUAL(counts.exams, n + 1);
            found++;
        }
        if (code != ES_OK) CU_ASSERT_EQUAL(take(&world, batch, receipts), ES_OK);
        for (size_t i = 0; i < BATCH; i++) es_unsay(batch[i]);
    }
    CU_ASSERT_EQUAL(found, 3);
    es_world_close(&world);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"a_batch_that_memory_ran_out_in_is_counted_once_when_it_is_given_again", a_batch_that_memory_ran_out_in_is_counted_once_when_it_is_given_again},
        {"a_report_behind_a_failure_is_of_the_whole_ledger", a_report_behind_a_failure_is_of_the_whole_ledger},
        {NULL, NULL}};
    return es_test_main("site_memory", tests, argc, argv);
}
