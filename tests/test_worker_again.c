/* SPDX-License-Identifier: Apache-2.0 */
/* What a host holds and cannot give for a while: it waits, is asked for again, and is counted when its storage is back. And what was
 * stored again under its id with other content while we could not take it. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "plugin/worker/aside.h"
#include "testlib.h"
#include "worker_host.h"

static void test_pauses_double_and_the_tries_end(void)
{
    struct es_aside aside = {0};
    uint64_t now = 1000;
    CU_ASSERT_FALSE(es_aside_has(&aside, "a"));
    CU_ASSERT_PTR_NULL(es_aside_due(&aside, UINT64_MAX));
    for (unsigned n = 1; n < ES_ASIDE_TRIES; n++) {
        uint64_t pause = n < 11 ? UINT64_C(1000) << (n - 1) : 600000;
        if (pause > 600000) pause = 600000;
        CU_ASSERT_EQUAL(es_aside_put(&aside, "a", now, 1000), ES_OK);
        CU_ASSERT_PTR_NULL(es_aside_due(&aside, now + pause - 1));
        now += pause;
        CU_ASSERT_PTR_NOT_NULL_FATAL(es_aside_due(&aside, now));
        CU_ASSERT_STRING_EQUAL(es_aside_due(&aside, now), "a");
    }
    CU_ASSERT_TRUE(now > 23 * UINT64_C(3600000) && now < 25 * UINT64_C(3600000));
    CU_ASSERT_EQUAL(es_aside_put(&aside, "a", now, 1000), ES_E_REFUSED);
    CU_ASSERT_EQUAL(aside.count, 1);
    es_aside_read(&aside, "a");
    CU_ASSERT_PTR_NULL(es_aside_due(&aside, UINT64_MAX));
    CU_ASSERT_TRUE(es_aside_has(&aside, "a")); /* until it is committed */
    es_aside_commit(&aside);
    CU_ASSERT_EQUAL(aside.count, 0);
}

static void test_the_list_is_bounded(void)
{
    struct es_aside aside = {0};
    char id[ES_HOST_ID_SIZE];
    for (int i = 0; i < ES_ASIDE_OBJECTS; i++) {
        snprintf(id, sizeof id, "%d", i);
        CU_ASSERT_EQUAL(es_aside_put(&aside, id, 0, 1), ES_OK);
    }
    CU_ASSERT_EQUAL(es_aside_put(&aside, "one more", 0, 1), ES_E_LIMIT);
    CU_ASSERT_EQUAL(es_aside_put(&aside, "7", 0, 1), ES_OK); /* it has its place */
    es_aside_read(&aside, "0");
    es_aside_read(&aside, "unknown");
    es_aside_commit(&aside);
    CU_ASSERT_EQUAL(aside.count, ES_ASIDE_OBJECTS - 1);
    CU_ASSERT_FALSE(es_aside_has(&aside, "0"));
    CU_ASSERT_TRUE(es_aside_has(&aside, "1023"));
    CU_ASSERT_EQUAL(es_aside_put(&aside, "one more", 0, 1), ES_OK);
    es_aside_clear(&aside);
    CU_ASSERT_EQUAL(aside.count, 0);
}

static bool waiting_is(struct es_worker *worker, size_t expected, struct es_worker_status *status)
{
    for (int i = 0; i < 3000; i++) {
        es_worker_status(worker, status);
        if (status->catchup.waiting == expected && (expected == 0 || status->catchup.up_to_date)) return true;
        usleep(10000);
    }
    printf("%zu wait, expected %zu\n", status->catchup.waiting, expected);
    return false;
}

static void away_is(bool away)
{
    pthread_mutex_lock(&host.lock);
    host.away = away;
    pthread_mutex_unlock(&host.lock);
}

static void test_an_object_whose_storage_is_away_waits(void)
{
    struct es_worker_status status;
    char text[ES_STATUS_SIZE];
    struct es_config *config = NULL;
    struct es_worker *worker = begin_worker(&config, &status);
    away_is(true);
    host_store(30);
    for (size_t i = 0; i < 10; i++) { /* ten come as ids, twenty stand in the log only */
        struct es_stored item = {.kind = ES_ITEM_FETCH};
        snprintf(item.id, sizeof item.id, "%zu", i);
        CU_ASSERT_TRUE(hand_over(worker, &item));
    }
    CU_ASSERT_TRUE(waiting_is(worker, 30, &status));
    CU_ASSERT_EQUAL(status.phase, ES_WORKER_READY); /* the ledger is well, and others are taken */
    CU_ASSERT_FALSE(status.settled);
    CU_ASSERT_EQUAL(status.counts.unreadable, 0);
    (void)es_worker_status_json(&status, text, sizeof text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"unreadable\":0,\"waiting\":30}"));
    (void)es_worker_status_metrics(&status, text, sizeof text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nevensight_worker_objects_waiting 30\n"));
    away_is(false);
    CU_ASSERT_TRUE(settled(worker, &status));
    CU_ASSERT_EQUAL(seen(worker), 30);
    CU_ASSERT_EQUAL(status.counts.taken, 30);
    CU_ASSERT_EQUAL(status.counts.unreadable, 0);
    end_worker(worker);
    es_config_free(config);
}

/* Those of the first walk, and those of the log behind it. */
static void test_what_waits_survives_a_restart(void)
{
    struct es_worker_status status;
    struct es_config *config = host_configuration(es_test_tempdir());
    host_reset();
    host_store(20);
    away_is(true);
    struct es_worker *worker = start(config);
    es_worker_host_open(worker);
    CU_ASSERT_TRUE(waiting_is(worker, 20, &status));
    end_worker(worker);
    worker = start(config);
    es_worker_host_open(worker);
    CU_ASSERT_TRUE(waiting_is(worker, 20, &status));
    away_is(false);
    CU_ASSERT_TRUE(settled(worker, &status));
    CU_ASSERT_EQUAL(seen(worker), 20);
    away_is(true);
    host_store(50);
    CU_ASSERT_TRUE(offer(worker, 49)); /* its elements are here: the cursor passes all rows before it */
    CU_ASSERT_TRUE(waiting_is(worker, 29, &status));
    CU_ASSERT_EQUAL(status.catchup.cursor, 50);
    end_worker(worker);
    worker = start(config); /* and is away still */
    es_worker_host_open(worker);
    CU_ASSERT_TRUE(waiting_is(worker, 30, &status));
    CU_ASSERT_FALSE(status.catchup.walking);
    end_worker(worker);
    away_is(false);
    worker = start(config);
    open_and_settle(worker, &status);
    CU_ASSERT_EQUAL(seen(worker), 50);
    CU_ASSERT_FALSE(status.catchup.gap);
    end_worker(worker);
    const unsigned fetches = host.fetches;
    worker = start(config);
    open_and_settle(worker, &status);
    CU_ASSERT_EQUAL(host.fetches, fetches); /* none is asked for once more */
    end_worker(worker);
    es_config_free(config);
}

static void test_one_deleted_while_it_waits_is_gone(void)
{
    struct es_worker_status status;
    struct es_config *config = host_configuration(es_test_tempdir());
    host_reset();
    host_store(12);
    away_is(true);
    struct es_worker *worker = start(config);
    es_worker_host_open(worker);
    CU_ASSERT_TRUE(waiting_is(worker, 12, &status));
    host_store(7);
    away_is(false);
    CU_ASSERT_TRUE(settled(worker, &status));
    CU_ASSERT_EQUAL(seen(worker), 7);
    CU_ASSERT_EQUAL(status.counts.gone, 5);
    CU_ASSERT_EQUAL(status.counts.unreadable, 0);
    end_worker(worker);
    es_config_free(config);
}

static void test_more_than_may_wait_stop_the_log(void)
{
    struct es_worker_status status;
    struct es_config *config = host_configuration(es_test_tempdir());
    host_reset();
    host_store(ES_ASIDE_OBJECTS + 300);
    away_is(true);
    struct es_worker *worker = start(config);
    es_worker_host_open(worker);
    CU_ASSERT_TRUE(phase_is(worker, ES_WORKER_DEGRADED, &status));
    CU_ASSERT_STRING_EQUAL(status.reason, "1024 objects wait to be read, and one more: the storage is away");
    away_is(false);
    CU_ASSERT_TRUE(settled(worker, &status));
    CU_ASSERT_EQUAL(seen(worker), ES_ASIDE_OBJECTS + 300);
    CU_ASSERT_EQUAL(status.counts.unreadable, 0);
    end_worker(worker);
    es_config_free(config);
}

/* A thread of the host that is in the middle of filling its place: the worker takes nothing that came later. */
static struct es_stored *block(struct es_worker *worker)
{
    struct es_stored *place = es_worker_reserve(worker, "0");
    CU_ASSERT_PTR_NOT_NULL_FATAL(place);
    place->kind = ES_ITEM_FETCH;
    snprintf(place->id, sizeof place->id, "0");
    return place;
}

/* Fill the inbox behind it with what is stored already. */
static void fill(struct es_worker *worker, size_t objects)
{
    size_t n = 0;
    while (offer(worker, n % objects)) n++;
    CU_ASSERT_TRUE(n > 0);
}

static void overwrite(size_t count)
{
    pthread_mutex_lock(&host.lock);
    host.overwritten = count;
    pthread_mutex_unlock(&host.lock);
}

static bool offer_second(struct es_worker *worker, size_t i)
{
    struct es_stored item = {.kind = ES_ITEM_FACTS};
    snprintf(item.id, sizeof item.id, "%zu", i);
    host_make_second(i, &item.elements);
    return hand_over(worker, &item);
}

/* The second version of exams 0 to 9 of 30 comes to a full inbox; with room again each is read once more. @param place  what blocks the worker */
static void refuse_then_count_the_newer(struct es_worker *worker, struct es_stored *place)
{
    struct es_worker_status status;
    for (size_t i = 0; i < 10; i++) CU_ASSERT_FALSE(offer_second(worker, i));
    es_worker_commit(worker, place);
    CU_ASSERT_TRUE(settled(worker, &status));
    CU_ASSERT_EQUAL(seen(worker), 30);
    CU_ASSERT_EQUAL(status.counts.taken + status.counts.revised, 40);
}

/* Committed long ago, or waiting in the inbox while it is stored again: either way the newer content is counted. */
static void test_an_object_overwritten_while_the_inbox_is_full_is_read_again(void)
{
    for (int waits = 0; waits < 2; waits++) {
        struct es_worker_status status;
        struct es_config *config = NULL;
        struct es_worker *worker = begin_worker(&config, &status);
        host_store(30);
        for (size_t i = waits ? 10 : 0; i < 30; i++) CU_ASSERT_TRUE(offer(worker, i));
        if (!waits) CU_ASSERT_TRUE(settled(worker, &status));
        struct es_stored *place = block(worker);
        for (size_t i = 0; waits && i < 10; i++) CU_ASSERT_TRUE(offer(worker, i));
        fill(worker, 30);
        overwrite(10);
        refuse_then_count_the_newer(worker, place);
        end_worker(worker);
        es_config_free(config);
    }
}

/* Its row is passed for the sake of the older content before its thread comes to the inbox, which is full. */
static void test_a_row_passed_before_the_refusal_is_gone_back_to(void)
{
    struct es_worker_status status;
    struct es_config *config = NULL;
    struct es_worker *worker = begin_worker(&config, &status);
    host_store(30);
    for (size_t i = 0; i < 30; i++) CU_ASSERT_TRUE(offer(worker, i));
    CU_ASSERT_TRUE(settled(worker, &status));
    for (size_t i = 0; i < 10; i++) CU_ASSERT_TRUE(offer(worker, i)); /* sent once more: committed, and no row of it */
    CU_ASSERT_TRUE(settled(worker, &status));
    overwrite(10);
    CU_ASSERT_TRUE(offer(worker, 20));
    for (int i = 0; i < 1000 && status.catchup.cursor < 40; i++) {
        usleep(10000);
        es_worker_status(worker, &status);
    }
    CU_ASSERT_EQUAL(status.catchup.cursor, 40);
    CU_ASSERT_EQUAL(status.counts.taken, 30);
    struct es_stored *place = block(worker);
    fill(worker, 30);
    refuse_then_count_the_newer(worker, place);
    end_worker(worker);
    es_config_free(config);
}

static void test_an_overwritten_object_that_could_not_be_read_is_read_by_its_row(void)
{
    struct es_worker_status status;
    struct es_config *config = NULL;
    struct es_stored item = {.kind = ES_ITEM_FETCH, .id = "0"};
    struct es_worker *worker = begin_worker(&config, &status);
    host_store(5);
    for (int round = 0; round < 2; round++) { /* the second time no row comes of it: they stay remembered */
        for (size_t i = 0; i < 5; i++) CU_ASSERT_TRUE(offer(worker, i));
        CU_ASSERT_TRUE(settled(worker, &status));
    }
    pthread_mutex_lock(&host.lock);
    host.starved = 1;
    host.overwritten = 1;
    pthread_mutex_unlock(&host.lock);
    CU_ASSERT_TRUE(hand_over(worker, &item));
    CU_ASSERT_TRUE(phase_is(worker, ES_WORKER_DEGRADED, &status));
    CU_ASSERT_TRUE(settled(worker, &status));
    CU_ASSERT_EQUAL(status.counts.taken + status.counts.revised, 6);
    end_worker(worker);
    es_config_free(config);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"pauses_double_and_the_tries_end", test_pauses_double_and_the_tries_end},
        {"the_list_is_bounded", test_the_list_is_bounded},
        {"an_object_whose_storage_is_away_waits", test_an_object_whose_storage_is_away_waits},
        {"what_waits_survives_a_restart", test_what_waits_survives_a_restart},
        {"one_deleted_while_it_waits_is_gone", test_one_deleted_while_it_waits_is_gone},
        {"more_than_may_wait_stop_the_log", test_more_than_may_wait_stop_the_log},
        {"an_object_overwritten_while_the_inbox_is_full_is_read_again", test_an_object_overwritten_while_the_inbox_is_full_is_read_again},
        {"a_row_passed_before_the_refusal_is_gone_back_to", test_a_row_passed_before_the_refusal_is_gone_back_to},
        {"an_overwritten_object_that_could_not_be_read_is_read_by_its_row", test_an_overwritten_object_that_could_not_be_read_is_read_by_its_row},
        {NULL, NULL},
    };
    return es_test_main("worker_again", tests, argc, argv);
}
