/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger so long that two threads read it again: the same cohort as one thread makes of it, and as was there before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "site_world.h"
#include "testlib.h"

#define DAY 20000
#define EXAMS 20600 /* beyond what one thread reads alone */
#define BATCH 1000

/* Exams of all, results of every third, references of every fourth (backwards), linked attributes of some. */
static struct es_message *message_of(unsigned round, unsigned i)
{
    const int64_t noon = (int64_t)(DAY + i % 300) * 86400 + 43200;
    char decile[4];
    snprintf(decile, sizeof decile, "%u", 1 + (1 + i % 5000) % 10);
    switch (round) {
    case 0: return es_say_exam(i + 1, 1 + i % 5000, DAY + (int32_t)(i % 300), i % 2 ? "F" : "M", i % 3 ? "084Y" : "041Y");
    case 1: return i % 3 ? NULL : es_say_result(i + 1, "1.0", "effusion", (double)(i % 100) / 100, noon);
    case 2: return i % 4 ? NULL : es_say_reference(EXAMS - i, "report", ES_REFERENCE_FINAL, i % 8 == 0, noon + 86400);
    default: return i % 97 ? NULL : es_say_demographics(1 + i % 5000, "imd_decile", decile, DAY);
    }
}

static void take_all(struct es_world *world, unsigned round)
{
    struct es_message *list[BATCH];
    struct es_receipt receipts[BATCH];
    size_t n = 0;
    for (unsigned i = 0; i <= EXAMS; i++) {
        if (i < EXAMS && (list[n] = message_of(round, i))) n++;
        if (n < BATCH && i < EXAMS) continue;
        CU_ASSERT_EQUAL_FATAL(es_site_take(world->site, (const struct es_message *const *)list, n, receipts, NULL), ES_OK);
        while (n > 0) es_unsay(list[--n]);
    }
}

static void two_threads_make_the_cohort_that_was_there(void)
{
    struct es_world world;
    struct es_error err = {0};
    struct es_cohort_counts before, after;
    uint64_t entries = 0;
    es_world_open(&world, NULL);
    for (unsigned round = 0; round < 4; round++) take_all(&world, round);
    CU_ASSERT_EQUAL(es_cohort_count(es_site_cohort(world.site), ES_NO_DAY, ES_NO_DAY, &before, NULL), ES_OK);
    CU_ASSERT_EQUAL(es_site_verify(world.site, &entries, &err), ES_OK); /* one thread, against what came in batches */
    CU_ASSERT_TRUE(entries > EXAMS * 3 / 2);
    es_world_reopen(&world, ES_SITE_READ); /* two threads */
    CU_ASSERT_EQUAL(es_cohort_count(es_site_cohort(world.site), ES_NO_DAY, ES_NO_DAY, &after, NULL), ES_OK);
    CU_ASSERT_EQUAL(memcmp(&before, &after, sizeof before), 0);
    CU_ASSERT_EQUAL(after.exams, EXAMS);
    CU_ASSERT_EQUAL(after.patients, 5000);
    CU_ASSERT_EQUAL(es_site_verify(world.site, &entries, &err), ES_OK);
    if (err.code != ES_OK) fprintf(stderr, "    %s\n", err.text);
    es_world_close(&world);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"two_threads_make_the_cohort_that_was_there", two_threads_make_the_cohort_that_was_there},
                                           {NULL, NULL}};
    return es_test_main("site_bulk", tests, argc, argv);
}
