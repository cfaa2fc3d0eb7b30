/* SPDX-License-Identifier: Apache-2.0 */
/* The worker against a host that lives in memory: what is handed over, what is in the host's log, what the host holds. */
#include <cjson/cJSON.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "testlib.h"
#include "worker_host.h"

static void test_what_is_handed_over_is_in_the_release(void)
{
    struct es_worker_status status;
    struct es_config *config = NULL;
    struct es_worker *worker = begin_worker(&config, &status);
    host_store(60);
    for (size_t i = 0; i < 60; i++) CU_ASSERT_TRUE(offer(worker, i));
    CU_ASSERT_TRUE(settled(worker, &status));
    CU_ASSERT_EQUAL(seen(worker), 60);
    CU_ASSERT_EQUAL(status.counts.skimmed, 60);
    CU_ASSERT_EQUAL(status.counts.fetched, 0);
    CU_ASSERT_EQUAL(status.catchup.cursor, 60);
    end_worker(worker);
    es_config_free(config);
}

static void test_the_host_is_asked_for_its_copies(void)
{
    struct es_worker_status status;
    struct es_config *config = NULL;
    struct es_stored item = {.kind = ES_ITEM_ASK};
    struct es_worker *worker = begin_worker(&config, &status);
    host.copies = 3;
    host_store(20);
    for (size_t i = 0; i < 20; i++) {
        snprintf(item.id, sizeof item.id, "%zu", i);
        host_make_exam(i, &item.elements);
        CU_ASSERT_TRUE(hand_over(worker, &item));
    }
    CU_ASSERT_TRUE(settled(worker, &status));
    CU_ASSERT_EQUAL(status.counts.skimmed, 20);
    CU_ASSERT_EQUAL(host.fetches, 20);
    CU_ASSERT_EQUAL(host.asked, 20);
    CU_ASSERT_EQUAL(seen(worker), 20);
    CU_ASSERT_EQUAL(funnel(worker, "excluded"), 3);
    es_worker_host_close(worker);
    /* While it is closed nobody can be asked: those wait for its log. */
    host.copies = 0;
    host_store(21);
    snprintf(item.id, sizeof item.id, "20");
    host_make_exam(20, &item.elements);
    CU_ASSERT_TRUE(hand_over(worker, &item));
    usleep(200000);
    CU_ASSERT_EQUAL(host.fetches, 20);
    open_and_settle(worker, &status);
    CU_ASSERT_EQUAL(seen(worker), 21);
    CU_ASSERT_EQUAL(funnel(worker, "excluded"), 3);
    end_worker(worker);
    es_config_free(config);
}

static void test_what_only_the_log_has_is_fetched_once(void)
{
    struct es_worker_status status;
    struct es_config *config = NULL;
    struct es_worker *worker = begin_worker(&config, &status);
    end_worker(worker);
    host_store(250); /* while nobody listened */
    worker = start(config);
    open_and_settle(worker, &status);
    CU_ASSERT_EQUAL(seen(worker), 250);
    CU_ASSERT_EQUAL(status.counts.taken, 250);
    CU_ASSERT_EQUAL(host.fetches, 250);
    CU_ASSERT_FALSE(status.catchup.gap);
    end_worker(worker);
    /* And not again after the next start. */
    worker = start(config);
    open_and_settle(worker, &status);
    CU_ASSERT_EQUAL(host.fetches, 250);
    CU_ASSERT_EQUAL(seen(worker), 250);
    end_worker(worker);
    es_config_free(config);
}

static void test_what_the_host_had_no_memory_for_is_fetched_again(void)
{
    struct es_worker_status status;
    struct es_config *config = host_configuration(es_test_tempdir());
    host_reset();
    host_store(5);
    host.starved = 2;
    struct es_worker *worker = start(config);
    es_worker_host_open(worker);
    CU_ASSERT_TRUE(phase_is(worker, ES_WORKER_DEGRADED, &status));
    CU_ASSERT_STRING_EQUAL(status.reason, "the host ran out of memory");
    CU_ASSERT_TRUE(settled(worker, &status));
    CU_ASSERT_EQUAL(seen(worker), 5);
    CU_ASSERT_EQUAL(status.counts.unreadable, 0);
    CU_ASSERT_EQUAL(host.fetches, 7);
    end_worker(worker);
    es_config_free(config);
}

static void test_a_full_inbox_loses_nothing(void)
{
    struct es_worker_status status;
    struct es_config *config = NULL;
    struct es_worker *worker = begin_worker(&config, &status);
    host_store(3 * ES_INBOX_ITEMS);
    size_t refused = 0;
    for (size_t i = 0; i < 3 * ES_INBOX_ITEMS; i++) refused += offer(worker, i) ? 0 : 1;
    CU_ASSERT_TRUE(refused > 0);
    CU_ASSERT_TRUE(settled(worker, &status));
    CU_ASSERT_EQUAL(status.overflowed, refused);
    CU_ASSERT_EQUAL(seen(worker), 3 * ES_INBOX_ITEMS);
    CU_ASSERT_EQUAL(status.counts.taken, 3 * ES_INBOX_ITEMS);
    end_worker(worker);
    es_config_free(config);
}

static void test_an_archive_with_an_empty_log_is_walked(void)
{
    struct es_worker_status status;
    struct es_config *config = host_configuration(es_test_tempdir());
    host_reset();
    host_store(230);
    host.first_logged = 230;
    struct es_worker *worker = start(config);
    open_and_settle(worker, &status);
    CU_ASSERT_EQUAL(seen(worker), 230);
    CU_ASSERT_EQUAL(status.catchup.series_walked, 230);
    CU_ASSERT_FALSE(status.catchup.gap); /* a new ledger: nothing was missed */
    end_worker(worker);
    es_config_free(config);
}

static void test_a_replaced_log_is_a_gap_closed_by_a_walk(void)
{
    struct es_worker_status status;
    struct es_config *config = NULL;
    struct es_worker *worker = begin_worker(&config, &status);
    host_store(50);
    for (size_t i = 0; i < 50; i++) (void)offer(worker, i);
    CU_ASSERT_TRUE(settled(worker, &status));
    end_worker(worker);
    /* Another database under the same sequence numbers, with more in it than its log tells. */
    host.date = "20260401T100000";
    host_store(80);
    worker = start(config);
    open_and_settle(worker, &status);
    CU_ASSERT_TRUE(status.catchup.gap);
    CU_ASSERT_STRING_EQUAL(status.catchup.gap_from, "20260301T100000");
    CU_ASSERT_NOT_EQUAL(status.catchup.gap_noticed, ES_NO_INSTANT);
    CU_ASSERT_NOT_EQUAL(status.catchup.gap_closed, ES_NO_INSTANT);
    CU_ASSERT_EQUAL(seen(worker), 80);
    CU_ASSERT_EQUAL(status.ledger_seq > 0, true);
    end_worker(worker);
    /* The new log is the one that is known now. */
    worker = start(config);
    open_and_settle(worker, &status);
    CU_ASSERT_FALSE(status.catchup.gap);
    end_worker(worker);
    es_config_free(config);
}

static void test_closing_the_host_waits_for_the_call_in_flight(void)
{
    struct es_worker_status status;
    struct es_config *config = NULL;
    struct es_worker *worker = begin_worker(&config, &status);
    host.slow = 100000;
    host_store(30);
    struct es_stored item = {.kind = ES_ITEM_FETCH};
    for (size_t i = 0; i < 30; i++) {
        snprintf(item.id, sizeof item.id, "%zu", i);
        CU_ASSERT_TRUE(hand_over(worker, &item));
    }
    bool in_call = false;
    for (int i = 0; i < 500 && !in_call; i++) {
        usleep(5000);
        pthread_mutex_lock(&host.lock);
        in_call = host.in_call;
        pthread_mutex_unlock(&host.lock);
    }
    CU_ASSERT_TRUE(in_call);
    es_worker_host_close(worker);
    pthread_mutex_lock(&host.lock);
    host.closed = true;
    CU_ASSERT_FALSE(host.in_call);
    pthread_mutex_unlock(&host.lock);
    usleep(200000);
    es_worker_stop(worker);
    CU_ASSERT_FALSE(host.called_when_closed);
    /* What was not read is read after the next start. */
    host.closed = false;
    host.slow = 0;
    worker = start(config);
    open_and_settle(worker, &status);
    CU_ASSERT_EQUAL(seen(worker), 30);
    end_worker(worker);
    es_config_free(config);
}

static void test_posted_lines_are_answered_after_the_commit(void)
{
    static const char body[] = "{\"event\":\"exam\",\"study_uid\":\"1.2.3\",\"patient_id\":\"A1\",\"study_date\":\"20260301\","
                               "\"acquisition\":{\"Modality\":\"DX\"}}\n\nno JSON\n";
    struct es_worker_status status;
    struct es_config *config = NULL;
    struct es_worker *worker = begin_worker(&config, &status);
    const uint64_t before = status.ledger_seq;
    for (int round = 0; round < 2; round++) {
        struct es_job *job = es_job_new(ES_JOB_INGEST, body, sizeof body - 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(job);
        CU_ASSERT_TRUE_FATAL(es_worker_ask(worker, &job, 10000));
        CU_ASSERT_EQUAL(job->status, 200);
        cJSON *answer = cJSON_Parse(job->answer);
        CU_ASSERT_EQUAL(cJSON_GetObjectItem(answer, "taken")->valueint, round == 0);
        CU_ASSERT_EQUAL(cJSON_GetObjectItem(answer, "duplicate")->valueint, round == 1);
        CU_ASSERT_EQUAL(cJSON_GetObjectItem(answer, "refused")->valueint, 1);
        const cJSON *line = cJSON_GetArrayItem(cJSON_GetObjectItem(answer, "lines"), 0);
        CU_ASSERT_EQUAL(cJSON_GetObjectItem(line, "line")->valueint, 3);
        CU_ASSERT_TRUE(strlen(cJSON_GetObjectItem(line, "reason")->valuestring) > 0);
        cJSON_Delete(answer);
        es_job_free(job);
    }
    CU_ASSERT_TRUE(settled(worker, &status));
    CU_ASSERT_EQUAL(status.ledger_seq, before + 1);
    CU_ASSERT_EQUAL(seen(worker), 1);
    struct es_job *plot = es_job_new(ES_JOB_PLOT, "none.png", 8);
    CU_ASSERT_TRUE_FATAL(es_worker_ask(worker, &plot, 10000));
    CU_ASSERT_EQUAL(plot->status, 404);
    es_job_free(plot);
    end_worker(worker);
    CU_ASSERT_PTR_NULL(es_job_new(ES_JOB_INGEST, body, (size_t)ES_INBOX_BODY + 1));
    es_config_free(config);
}

static void test_an_unwritable_ledger_degrades_and_recovers(void)
{
    struct es_worker_status status;
    char folder[512], file[600];
    snprintf(folder, sizeof folder, "%s/later", es_test_tempdir());
    struct es_config *config = host_configuration(folder);
    host_reset();
    struct es_worker *worker = start(config);
    es_worker_host_open(worker);
    host_store(10);
    for (size_t i = 0; i < 10; i++) CU_ASSERT_TRUE(offer(worker, i));
    CU_ASSERT_TRUE(phase_is(worker, ES_WORKER_DEGRADED, &status));
    CU_ASSERT_TRUE(strlen(status.reason) > 0);
    CU_ASSERT_FALSE(status.settled);
    struct es_job *job = es_job_new(ES_JOB_INGEST, "", 0);
    CU_ASSERT_TRUE_FATAL(es_worker_ask(worker, &job, 10000));
    CU_ASSERT_EQUAL(job->status, 503);
    es_job_free(job);
    char text[ES_STATUS_SIZE];
    (void)es_worker_status_json(&status, text, sizeof text);
    cJSON *parsed = cJSON_Parse(text);
    CU_ASSERT_PTR_NOT_NULL(cJSON_GetObjectItem(parsed, "reason"));
    cJSON_Delete(parsed);
    CU_ASSERT_EQUAL(host.lines, 1);
    CU_ASSERT_EQUAL(mkdir(folder, 0700), 0);
    CU_ASSERT_TRUE(settled(worker, &status));
    CU_ASSERT_EQUAL(seen(worker), 10);
    end_worker(worker);
    static const char *const left[] = {"ledger.db", "ledger.db-wal", "ledger.db-shm", "site.key", "."};
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
        snprintf(file, sizeof file, "%s/%s", folder, left[i]);
        (void)remove(file);
    }
    es_config_free(config);
}

/* Behind ten exams a large table whose pages nobody reads. One of them is damaged: the ledger opens as ever, and what looks through it finds out. */
static void test_a_damaged_page_of_a_large_ledger_is_found_and_waited_for(void)
{
    static const uint8_t noise[4096] = {0x5A};
    struct es_worker_status status;
    char path[600];
    uint8_t page[sizeof noise];
    const char *folder = es_test_tempdir();
    struct es_config *config = host_configuration(folder);
    snprintf(path, sizeof path, "%s/ledger.db", folder);
    host_reset();
    host_store(10);
    struct es_worker *worker = start(config);
    open_and_settle(worker, &status);
    end_worker(worker);
    host_reset(); /* its log is empty: nothing but the look could come upon the page */
    sqlite3 *db = NULL;
    CU_ASSERT_EQUAL_FATAL(sqlite3_open(path, &db), SQLITE_OK);
    CU_ASSERT_EQUAL_FATAL(sqlite3_exec(db, "CREATE TABLE bulk (bytes BLOB); INSERT INTO bulk VALUES (zeroblob(50000000)); PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    const int fd = open(path, O_RDWR);
    const off_t at = 6000 * (off_t)sizeof noise;
    CU_ASSERT_EQUAL_FATAL(pread(fd, page, sizeof page, at), (ssize_t)sizeof page);
    CU_ASSERT_EQUAL_FATAL(pwrite(fd, noise, sizeof noise, at), (ssize_t)sizeof noise);
    worker = start(config);
    es_worker_host_open(worker);
    CU_ASSERT_TRUE(phase_is(worker, ES_WORKER_DEGRADED, &status));
    CU_ASSERT_PTR_NOT_NULL(strstr(status.reason, "is damaged ("));
    for (int i = 0; i < 100; i++) { /* it stays so, however often it is tried again */
        es_worker_status(worker, &status);
        CU_ASSERT_EQUAL(status.phase, ES_WORKER_DEGRADED);
        usleep(10000);
    }
    struct es_job *job = es_job_new(ES_JOB_INGEST, "", 0);
    CU_ASSERT_TRUE_FATAL(es_worker_ask(worker, &job, 10000));
    CU_ASSERT_EQUAL(job->status, 503);
    es_job_free(job);
    CU_ASSERT_EQUAL_FATAL(pwrite(fd, page, sizeof page, at), (ssize_t)sizeof page);
    close(fd);
    CU_ASSERT_TRUE(phase_is(worker, ES_WORKER_READY, &status));
    CU_ASSERT_TRUE(settled(worker, &status));
    CU_ASSERT_EQUAL(seen(worker), 10);
    end_worker(worker);
    es_config_free(config);
}

/* From the storing thread's side: what an item costs and how large it is. */
static void test_an_item_is_flat_and_small(void)
{
    CU_ASSERT_TRUE(sizeof(struct es_elements) <= 4096);
    CU_ASSERT_TRUE(sizeof(struct es_stored) <= 4096 + 96);
}

static void test_status_text_escapes_what_it_quotes(void)
{
    struct es_worker_status status = {.phase = ES_WORKER_DEGRADED, .reason = "found \"high\"\n\\"};
    char text[ES_STATUS_SIZE];
    CU_ASSERT_EQUAL(es_worker_status_json(&status, text, sizeof text), strlen(text));
    cJSON *parsed = cJSON_Parse(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(parsed);
    CU_ASSERT_STRING_EQUAL(cJSON_GetObjectItem(parsed, "reason")->valuestring, "found \"high\"\n\\");
    CU_ASSERT_STRING_EQUAL(cJSON_GetObjectItem(parsed, "state")->valuestring, "degraded");
    cJSON_Delete(parsed);
    CU_ASSERT_EQUAL(es_worker_status_metrics(&status, text, sizeof text), strlen(text));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nevensight_worker_ready 0\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nevensight_worker_events_refused_total 0\n")); /* the last: all of them fit */
}

static void test_status_counts_masks(void)
{
    const struct es_worker_status status = {.phase = ES_WORKER_READY, .masks = {3, 4096, 7}, .masks_limit = 1 << 20};
    char text[ES_STATUS_SIZE];
    (void)es_worker_status_json(&status, text, sizeof text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, ",\"masks\":{\"kept\":3,\"bytes\":4096,\"limit\":1048576,\"dropped\":7},"));
    (void)es_worker_status_metrics(&status, text, sizeof text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nevensight_masks_kept 3\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nevensight_masks_bytes 4096\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nevensight_masks_limit_bytes 1048576\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nevensight_masks_dropped_total 7\n"));
}

/* A rule refuses line 1 at the commit, after line 2 was found to be no message; of 130 the first 100 are named. */
static void test_refused_lines_stand_in_order(void)
{
    static const char rule[] = "{\"event\":\"exam\"}\n";
    char body[130 * (sizeof rule - 1)];
    size_t len = 0;
    struct es_config *config = host_configuration(es_test_tempdir());
    host_reset();
    struct es_worker *worker = start(config);
    es_worker_host_open(worker);
    for (int i = 0; i < 130; i++) {
        const char *line = i % 2 == 0 ? rule : "x\n";
        memcpy(body + len, line, strlen(line));
        len += strlen(line);
    }
    struct es_job *job = es_job_new(ES_JOB_INGEST, body, len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(job);
    CU_ASSERT_TRUE_FATAL(es_worker_ask(worker, &job, 10000));
    cJSON *answer = cJSON_Parse(job->answer);
    const cJSON *lines = cJSON_GetObjectItem(answer, "lines");
    CU_ASSERT_EQUAL(cJSON_GetObjectItem(answer, "refused")->valueint, 130);
    CU_ASSERT_EQUAL_FATAL(cJSON_GetArraySize(lines), 100);
    CU_ASSERT_EQUAL(cJSON_GetObjectItem(answer, "lines_left_out")->valueint, 30);
    for (int i = 0; i < 100; i++) {
        const cJSON *line = cJSON_GetArrayItem(lines, i);
        CU_ASSERT_EQUAL(cJSON_GetObjectItem(line, "line")->valueint, i + 1);
        CU_ASSERT_TRUE(strncmp(cJSON_GetObjectItem(line, "reason")->valuestring, i % 2 == 0 ? "study_uid" : "message", 7) == 0);
    }
    cJSON_Delete(answer);
    es_job_free(job);
    end_worker(worker);
    es_config_free(config);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"an_item_is_flat_and_small", test_an_item_is_flat_and_small},
        {"status_text_escapes_what_it_quotes", test_status_text_escapes_what_it_quotes},
        {"status_counts_masks", test_status_counts_masks},
        {"what_is_handed_over_is_in_the_release", test_what_is_handed_over_is_in_the_release},
        {"the_host_is_asked_for_its_copies", test_the_host_is_asked_for_its_copies},
        {"what_only_the_log_has_is_fetched_once", test_what_only_the_log_has_is_fetched_once},
        {"what_the_host_had_no_memory_for_is_fetched_again", test_what_the_host_had_no_memory_for_is_fetched_again},
        {"a_full_inbox_loses_nothing", test_a_full_inbox_loses_nothing},
        {"an_archive_with_an_empty_log_is_walked", test_an_archive_with_an_empty_log_is_walked},
        {"a_replaced_log_is_a_gap_closed_by_a_walk", test_a_replaced_log_is_a_gap_closed_by_a_walk},
        {"closing_the_host_waits_for_the_call_in_flight", test_closing_the_host_waits_for_the_call_in_flight},
        {"posted_lines_are_answered_after_the_commit", test_posted_lines_are_answered_after_the_commit},
        {"refused_lines_stand_in_order", test_refused_lines_stand_in_order},
        {"an_unwritable_ledger_degrades_and_recovers", test_an_unwritable_ledger_degrades_and_recovers},
        {"a_damaged_page_of_a_large_ledger_is_found_and_waited_for", test_a_damaged_page_of_a_large_ledger_is_found_and_waited_for},
        {NULL, NULL},
    };
    return es_test_main("worker", tests, argc, argv);
}
