/* SPDX-License-Identifier: Apache-2.0 */
/* Ingest, reports and shutdown at once, as a host's threads do them: instances handed over, lines posted, reports and plots asked for, status read, while the
 * worker commits, renders, follows the log and is stopped, again and again. What was acknowledged is there at the end, once. Meant for
 * ThreadSanitizer; with tests/postgresql/run.sh also two nodes of one shared ledger whose server goes away meanwhile. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/report/report.h"
#include "plugin/site/site.h"
#include "shared_server.h"
#include "worker_host.h"

#define STORING 2 /* threads of each kind, a worker */
#define POSTING 3
#define READING 2
#define LINES 2 /* exams of a post */
#define MOST_POSTS 4096

/* What all threads share. */
static struct {
    atomic_bool end;
    useconds_t pause;                     /* between two instances, and ten times that between posts */
    atomic_uint posts;                   /* numbers given out */
    atomic_bool acknowledged[MOST_POSTS]; /* by number */
    atomic_uint again;                    /* acknowledged posts that were taken once more at once */
    atomic_uint read, plots, answered;
} crowd;

static void post_of(unsigned number, char *body, size_t size)
{
    size_t at = 0;
    for (unsigned i = 0; i < LINES; i++) {
        const unsigned exam = number * LINES + i;
        at += (size_t)snprintf(body + at, size - at,
                               "{\"event\":\"exam\",\"study_uid\":\"1.2.9.%u\",\"patient_id\":\"Q%u\",\"study_date\":\"20260301\","
                               "\"demographics\":{\"PatientSex\":\"%c\"},\"acquisition\":{\"Modality\":\"DX\"}}\n"
                               "{\"event\":\"result\",\"study_uid\":\"1.2.9.%u\",\"model\":{\"name\":\"m\",\"version\":\"1\"},"
                               "\"produced\":\"2026-03-01T10:00:00Z\",\"status\":\"ok\",\"findings\":[{\"finding\":\"f\",\"score\":0.%u}]}\n",
                               exam, exam % 50, exam % 2 ? 'F' : 'M', exam, exam % 10);
    }
}

/* @return the answer's HTTP status; 0: none */
static int post(struct es_worker *worker, unsigned number, unsigned *taken)
{
    char body[LINES * 512];
    post_of(number, body, sizeof body);
    struct es_job *job = es_job_new(ES_JOB_INGEST, body, strlen(body));
    if (!job || !es_worker_ask(worker, &job, 30000) || !job) return 0;
    const int status = job->status;
    const char *words = job->answer ? strstr(job->answer, "\"taken\":") : NULL;
    *taken = words ? (unsigned)strtoul(words + 8, NULL, 10) : 0;
    es_job_free(job);
    return status;
}

static void *store(void *worker)
{
    while (!atomic_load(&crowd.end)) {
        pthread_mutex_lock(&host.lock);
        const size_t i = host.objects++;
        pthread_mutex_unlock(&host.lock);
        (void)offer(worker, i); /* a full inbox: read from the log */
        usleep(crowd.pause);
    }
    return NULL;
}

/* A new post, then the same again. */
static void *send_lines(void *worker)
{
    while (!atomic_load(&crowd.end)) {
        unsigned taken = 0;
        const unsigned number = atomic_fetch_add(&crowd.posts, 1);
        if (number >= MOST_POSTS) break;
        if (post(worker, number, &taken) == 200) {
            atomic_store(&crowd.acknowledged[number], true);
            atomic_fetch_add(&crowd.answered, 1);
            if (post(worker, number, &taken) == 200 && taken > 0) atomic_fetch_add(&crowd.again, 1);
        }
        usleep(10 * crowd.pause);
    }
    return NULL;
}

static void look_at_plot(struct es_worker *worker, const struct es_surface *surface)
{
    struct es_plot_list list = {0};
    if (es_plot_names(surface->release, &list, NULL) != ES_OK || list.count == 0) return;
    const char *name = list.names[atomic_load(&crowd.read) % list.count];
    struct es_job *job = es_job_new(ES_JOB_PLOT, name, strlen(name));
    if (job && es_worker_ask(worker, &job, 30000) && job) {
        if (job->status == 200) atomic_fetch_add(&crowd.plots, 1);
        es_job_free(job);
    }
    es_plot_list_free(&list);
}

static void *read_reports(void *worker)
{
    char text[ES_STATUS_SIZE];
    struct es_worker_status status;
    volatile unsigned sum = 0;
    while (!atomic_load(&crowd.end)) {
        struct es_surface *surface = es_worker_surface(worker);
        for (int page = 0; surface && page < ES_PAGES; page++)
            for (size_t i = 0; i < surface->pages[page].len; i += 64) sum += surface->pages[page].data[i];
        if (surface && atomic_fetch_add(&crowd.read, 1) % 8 == 0) look_at_plot(worker, surface);
        es_surface_drop(surface);
        es_worker_status(worker, &status);
        (void)es_worker_status_json(&status, text, sizeof text);
        (void)es_worker_status_metrics(&status, text, sizeof text);
        usleep(2000);
    }
    return NULL;
}

struct staff {
    pthread_t threads[STORING + POSTING + READING];
    size_t n;
};

static void engage(struct staff *staff, struct es_worker *worker)
{
    static void *(*const works[])(void *) = {store, store, send_lines, send_lines, send_lines, read_reports, read_reports};
    _Static_assert(sizeof works / sizeof works[0] == STORING + POSTING + READING, "one a thread");
    for (staff->n = 0; staff->n < sizeof works / sizeof works[0]; staff->n++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&staff->threads[staff->n], NULL, works[staff->n], worker), 0);
}

static void dismiss(struct staff *staff)
{
    for (size_t i = 0; i < staff->n; i++) pthread_join(staff->threads[i], NULL);
}

/* The order in which a host ends: no more calls to it, while its threads still come; then they end; then we do, in the middle of what was handed over. */
static void life(struct es_config *const *configs, size_t workers, unsigned ms, void (*meanwhile)(void))
{
    struct es_worker *worker[2] = {NULL, NULL};
    struct staff staff[2];
    const unsigned before = atomic_load(&crowd.read);
    pthread_mutex_lock(&host.lock);
    host.closed = false;
    pthread_mutex_unlock(&host.lock);
    atomic_store(&crowd.end, false);
    for (size_t i = 0; i < workers; i++) {
        worker[i] = start(configs[i]);
        es_worker_host_open(worker[i]);
        engage(&staff[i], worker[i]);
    }
    usleep(ms * 1000);
    if (meanwhile) meanwhile();
    for (unsigned i = 0; i < 3000 && atomic_load(&crowd.read) == before; i++) usleep(10000); /* not before a report was seen */
    for (size_t i = 0; i < workers; i++) es_worker_host_close(worker[i]);
    pthread_mutex_lock(&host.lock);
    host.closed = true;
    pthread_mutex_unlock(&host.lock);
    usleep(50000);
    atomic_store(&crowd.end, true);
    for (size_t i = 0; i < workers; i++) dismiss(&staff[i]);
    for (size_t i = 0; i < workers; i++) es_worker_stop(worker[i]);
    pthread_mutex_lock(&host.lock);
    CU_ASSERT_FALSE(host.called_when_closed);
    host.closed = false;
    pthread_mutex_unlock(&host.lock);
}

static void begin(useconds_t pause)
{
    crowd.pause = pause;
    host_reset();
    atomic_store(&crowd.posts, 0);
    atomic_store(&crowd.again, 0);
    atomic_store(&crowd.read, 0);
    atomic_store(&crowd.plots, 0);
    atomic_store(&crowd.answered, 0);
    for (size_t i = 0; i < MOST_POSTS; i++) atomic_store(&crowd.acknowledged[i], false);
}

/* In peace: every acknowledged post adds nothing, the rest is posted, and everything is counted once. */
static void all_is_there(const struct es_config *config)
{
    struct es_worker_status status;
    struct es_worker *worker = start(config);
    const unsigned posts = atomic_load(&crowd.posts);
    unsigned taken = 0, lost = 0, unanswered = 0;
    open_and_settle(worker, &status);
    for (unsigned number = 0; number < posts; number++) {
        if (post(worker, number, &taken) != 200) unanswered++;
        else if (taken > 0 && atomic_load(&crowd.acknowledged[number])) lost++;
    }
    CU_ASSERT_EQUAL(unanswered, 0);
    CU_ASSERT_EQUAL(lost, 0);
    CU_ASSERT_TRUE(settled(worker, &status));
    CU_ASSERT_EQUAL(seen(worker), (int)(host.objects + (size_t)posts * LINES));
    end_worker(worker);
    struct es_site *site = NULL;
    struct es_error err = {0};
    uint64_t entries = 0;
    CU_ASSERT_EQUAL_FATAL(es_site_open(&site, config, ES_SITE_READ, NULL, &err), ES_OK);
    CU_ASSERT_EQUAL(es_site_verify(site, &entries, &err), ES_OK);
    CU_ASSERT_STRING_EQUAL(err.text, "");
    es_site_close(site);
    printf("    %zu objects, %u posts of which %u were answered, %u reports and %u plots read; %llu entries\n", host.objects, posts,
           atomic_load(&crowd.answered), atomic_load(&crowd.read), atomic_load(&crowd.plots), (unsigned long long)entries);
    CU_ASSERT_TRUE(atomic_load(&crowd.answered) > 0 && atomic_load(&crowd.read) > 0 && atomic_load(&crowd.plots) > 0);
}

static void ingest_reports_and_shutdown_at_once(void)
{
    struct es_config *config = host_configuration(es_test_tempdir());
    begin(1000);
    for (unsigned i = 0; i < 4; i++) life(&config, 1, 300 + 300 * i, NULL);
    CU_ASSERT_EQUAL(atomic_load(&crowd.again), 0); /* a shared ledger that is away cannot tell: its spool knows only what came since */
    all_is_there(config);
    es_config_free(config);
}

static void a_server_that_goes_away(void)
{
    control("kill");
    usleep(1500000);
    control("start");
    usleep(2500000);
}

static void two_nodes_and_a_server_that_goes_away(void)
{
    struct es_config *configs[2];
    if (!fresh_database()) return;
    for (size_t i = 0; i < 2; i++) {
        char ledger[1500], key[600];
        const char *folder = es_test_tempdir();
        snprintf(ledger, sizeof ledger, "\"Node\":\"%s\",\"Ledger\":\"%s\",\"LedgerSpool\":\"%s/spool.db\"", i ? "south" : "north", url, folder);
        snprintf(key, sizeof key, "%s/site.key", folder);
        FILE *file = fopen(key, "w");
        CU_ASSERT_TRUE_FATAL(file && fputs("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n", file) >= 0 && fclose(file) == 0);
        configs[i] = host_configuration_with(folder, ledger);
    }
    begin(100000);
    life(configs, 2, 1000, NULL);
    life(configs, 2, 1000, a_server_that_goes_away);
    /* What waits in the other node's spool is handed over when it is opened. */
    struct es_worker_status status;
    struct es_worker *worker = start(configs[1]);
    open_and_settle(worker, &status);
    CU_ASSERT_EQUAL(status.spooled, 0);
    end_worker(worker);
    all_is_there(configs[0]);
    for (size_t i = 0; i < 2; i++) es_config_free(configs[i]);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"ingest_reports_and_shutdown_at_once", ingest_reports_and_shutdown_at_once},
        {"two_nodes_and_a_server_that_goes_away", two_nodes_and_a_server_that_goes_away},
        {NULL, NULL},
    };
    return es_test_main("threads", tests, argc, argv);
}
