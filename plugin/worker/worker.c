/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/worker/internal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dicom/secret.h"
#include "dicom/storing.h"

#define STACK_SIZE (8u << 20)
#define LINGER_MS 1000u /* so long after an item the worker looks for more by the clock, and need not be woken */

/* Commit what was gathered. A ledger in a bad state is closed and opened again, one that cannot be written is tried again. */
static bool flush(struct es_worker *worker)
{
    if (!es_load_any(worker->load)) return true;
    if (worker->site == NULL || es_worker_resting(worker)) return false;
    struct es_error err = {0};
    const enum es_errc rc = es_load_flush(worker->load, worker->site, &err);
    if (rc == ES_OK) {
        if (worker->pause_ms != 0) es_worker_recover(worker);
        es_worker_note_dirty(worker);
        return true;
    }
    if (rc == ES_E_STATE) es_worker_leave_site(worker, &err);
    else es_worker_degrade(worker, &err);
    return false;
}

static void take_item(struct es_worker *worker, const struct es_stored *item)
{
    struct es_error err = {0};
    enum es_errc rc;
    if (item->kind == ES_ITEM_FACTS)
        rc = es_load_elements(worker->load, worker->config, item->id, &item->elements, false, &err);
    else rc = es_catchup_fetch(worker->catchup, worker->inbox, worker->config, item->id, item->kind == ES_ITEM_ASK ? &item->elements : NULL,
                               worker->load, &err);
    if (rc != ES_OK) { /* not read: its row in the host's log is still ahead of the cursor, or a step finds it */
        es_load_forget_one(worker->load, item->id);
        es_catchup_owe(worker->catchup);
    }
    if (rc == ES_E_MEMORY) es_worker_degrade(worker, &err);
}

static void take_items(struct es_worker *worker)
{
    while (es_load_waiting(worker->load) < ES_LOAD_MESSAGES && es_inbox_take(worker->inbox, &worker->item))
        take_item(worker, &worker->item);
    worker->last_activity = es_worker_now_ms();
    es_catchup_owe(worker->catchup); /* the cursor has rows to pass */
    (void)flush(worker);
}

static int answer_lines(struct es_worker *worker, const struct es_job *job, char **answer, size_t *len)
{
    if (worker->site == NULL || es_worker_resting(worker)) return 503;
    struct es_error err = {0};
    const enum es_errc rc = es_load_lines(worker->site, job->body, job->len, &worker->lines, answer, &err);
    *len = *answer != NULL ? strlen(*answer) : 0;
    pthread_mutex_lock(&worker->lock);
    worker->idle = false; /* the asker must not find the release from before its lines settled */
    pthread_mutex_unlock(&worker->lock);
    if (rc == ES_OK && worker->pause_ms != 0) es_worker_recover(worker);
    es_worker_note_dirty(worker);
    if (rc == ES_E_STATE) es_worker_leave_site(worker, &err);
    else if (rc != ES_OK) es_worker_degrade(worker, &err);
    return rc == ES_OK ? 200 : 503;
}

static void take_jobs(struct es_worker *worker, bool stopping)
{
    struct es_job *job;
    while ((job = es_inbox_take_job(worker->inbox)) != NULL) {
        char *answer = NULL;
        size_t len = 0;
        int status = 503;
        if (!stopping)
            status = job->kind == ES_JOB_PLOT ? es_worker_plot(worker, job, &answer, &len) : answer_lines(worker, job, &answer, &len);
        es_inbox_answer(worker->inbox, job, status, answer, len);
    }
}

/* One step of catching up. What is missing is read at once, step by step; what came by the inbox only needs the cursor moved,
 * in a quiet moment or at the latest after thirty times that. */
static void catch_up(struct es_worker *worker, const struct es_inbox_view *view)
{
    const uint64_t now = es_worker_now_ms(), pause = worker->pace.catchup_ms;
    if (view->host_open && !worker->host_was_open) es_catchup_restart(worker->catchup);
    worker->host_was_open = view->host_open;
    if (view->refused != worker->last_overflow) {
        worker->last_overflow = view->refused;
        es_catchup_overflowed(worker->catchup, worker->inbox);
    }
    worker->step_due = view->host_open && worker->site != NULL && es_catchup_due(worker->catchup);
    if (!worker->step_due || es_worker_resting(worker)) return;
    const bool quiet = view->items == 0 && now - worker->last_activity >= pause;
    if (worker->following && !quiet && now - worker->last_step < 30 * pause) return;
    struct es_error err = {0};
    const enum es_errc rc = es_catchup_step(worker->catchup, worker->inbox, worker->site, worker->load,
                                            view->items == 0 && !es_load_any(worker->load), &err);
    const bool committed = flush(worker);
    if (rc == ES_OK && committed && es_catchup_commit(worker->catchup, worker->site, &err) != ES_OK) es_worker_degrade(worker, &err);
    else if (rc != ES_OK && rc != ES_E_BUSY) es_worker_degrade(worker, &err);
    if (rc == ES_OK && committed && worker->pause_ms != 0 && !es_worker_resting(worker)) es_worker_recover(worker);
    if (!committed) es_catchup_owe(worker->catchup);
    worker->following = es_catchup_state(worker->catchup)->up_to_date;
    worker->step_due = !worker->following;
    worker->last_step = es_worker_now_ms();
}

static struct es_load_counts sum(const struct es_load_counts *a, const struct es_load_counts *b)
{
    struct es_load_counts all = *a;
    all.taken += b->taken;
    all.revised += b->revised;
    all.duplicate += b->duplicate;
    all.refused += b->refused;
    return all;
}

/* What other threads may read of us. */
static void publish(struct es_worker *worker, const struct es_inbox_view *view)
{
    uint64_t waiting = 0;
    if (worker->site != NULL) (void)es_ledger_is_away(es_site_ledger(worker->site), &waiting);
    const struct es_load_counts counts = sum(es_load_counted(worker->load), &worker->lines);
    const struct es_catchup_state *catchup = es_catchup_state(worker->catchup);
    const bool idle = worker->site != NULL && !worker->dirty && !es_load_any(worker->load) && view->items == 0 && !view->job &&
                      catchup->up_to_date && catchup->waiting == 0;
    pthread_mutex_lock(&worker->lock);
    worker->status.counts = counts;
    worker->status.catchup = *catchup;
    worker->status.ledger_seq = worker->site != NULL ? es_site_basis(worker->site) : 0;
    worker->status.spooled = waiting;
    worker->idle = idle;
    worker->seen_offers = view->offered;
    pthread_mutex_unlock(&worker->lock);
}

/* Until when there is nothing to do but wait. */
static unsigned patience(const struct es_worker *worker)
{
    if (worker->site == NULL || es_load_any(worker->load)) return 100;
    if (worker->step_due && !worker->following) return 5; /* leaves the host to its own work */
    if (worker->step_due) return 50;
    return worker->dirty ? 20 : 250;
}

/* Wait for something to do. Items are gathered for a while first. A host's thread that wakes another one pays for it with a system call and
 * perhaps with its processor: while items keep coming we look every so often instead. */
static struct es_inbox_view gather(struct es_worker *worker)
{
    const unsigned most = patience(worker), batch = worker->pace.batch_ms;
    if (worker->last_activity != 0 && es_worker_now_ms() - worker->last_activity < LINGER_MS)
        return es_inbox_wait(worker->inbox, most < batch ? most : batch, ES_LOAD_MESSAGES);
    const struct es_inbox_view view = es_inbox_wait(worker->inbox, most, 1);
    if (view.items == 0 || view.stop || view.job || worker->site == NULL) return view;
    return es_inbox_wait(worker->inbox, batch, ES_LOAD_MESSAGES);
}

static void *run(void *argument)
{
    struct es_worker *worker = argument;
    /* Woken by the host's storing thread, it shall not take the processor from it at once (sched(7)). */
    (void)pthread_setschedparam(pthread_self(), SCHED_BATCH, &(const struct sched_param){0});
    for (;;) {
        (void)es_worker_open_site(worker);
        es_worker_follow_ledger(worker);
        es_worker_watch_file(worker);
        struct es_inbox_view view = gather(worker);
        const bool can_take = worker->site != NULL && flush(worker);
        if (view.items > 0 && can_take) {
            take_items(worker);
        } else if (view.items > 0 && !view.stop) {
            /* The ledger is not to be had: leave them where they are, and look again in a while. */
            nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
        }
        take_jobs(worker, view.stop);
        if (view.stop) break;
        view = es_inbox_wait(worker->inbox, 0, 1);
        catch_up(worker, &view);
        es_worker_render(worker, &view);
        publish(worker, &view);
    }
    /* What was handed over is committed, as far as it needs no host. */
    while (worker->site != NULL && flush(worker) && es_inbox_take(worker->inbox, &worker->item)) take_item(worker, &worker->item);
    if (worker->site != NULL) (void)flush(worker);
    take_jobs(worker, true);
    es_worker_record_shown(worker);
    es_site_close(worker->site);
    worker->site = NULL;
    es_worker_set_phase(worker, ES_WORKER_STOPPED, "");
    return NULL;
}

static void free_worker(struct es_worker *worker)
{
    if (worker == NULL) return;
    es_surface_drop(worker->surface);
    es_catchup_free(worker->catchup);
    es_load_free(worker->load);
    es_inbox_free(worker->inbox);
    pthread_mutex_destroy(&worker->lock);
    es_secret_stack_free(worker->stack, STACK_SIZE);
    es_secret_free(worker);
}

enum es_errc es_worker_start(struct es_worker **out, const struct es_config *config, const struct es_host *host,
                             const struct es_worker_pace *pace, struct es_error *err)
{
    struct es_worker *worker = es_secret_new(sizeof *worker);
    if (worker == NULL) return es_fail(err, ES_E_MEMORY, "memory ran out");
    pthread_mutex_init(&worker->lock, NULL);
    worker->config = config;
    worker->host = *host;
    if (pace != NULL) worker->pace = *pace;
    if (worker->pace.batch_ms == 0) worker->pace.batch_ms = 50;
    if (worker->pace.render_ms == 0) worker->pace.render_ms = 2000;
    if (worker->pace.catchup_ms == 0) worker->pace.catchup_ms = 1000;
    if (worker->pace.retry_ms == 0) worker->pace.retry_ms = 1000;
    enum es_errc rc = es_inbox_new(&worker->inbox, err);
    if (rc == ES_OK) rc = es_load_new(&worker->load, err);
    if (rc == ES_OK) rc = es_catchup_new(&worker->catchup, &worker->host, worker->pace.retry_ms, err);
    if (rc == ES_OK) {
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        worker->stack = es_secret_stack_new(STACK_SIZE);
        if (worker->stack == NULL || pthread_attr_setstack(&attributes, worker->stack, STACK_SIZE) != 0 ||
            pthread_create(&worker->thread, &attributes, run, worker) != 0)
            rc = es_fail(err, ES_E_MEMORY, "the worker's thread could not be started");
        pthread_attr_destroy(&attributes);
    }
    if (rc != ES_OK) {
        free_worker(worker);
        return rc;
    }
    *out = worker;
    return ES_OK;
}

void es_worker_stop(struct es_worker *worker)
{
    if (worker == NULL) return;
    es_inbox_stop(worker->inbox);
    pthread_join(worker->thread, NULL);
    free_worker(worker);
}

ES_STORING struct es_stored *es_worker_reserve(struct es_worker *worker, const char *id) { return es_inbox_reserve(worker->inbox, id); }
ES_STORING void es_worker_commit(struct es_worker *worker, struct es_stored *item) { es_inbox_commit(worker->inbox, item); }
void es_worker_host_open(struct es_worker *worker) { es_inbox_host_open(worker->inbox); }
void es_worker_host_close(struct es_worker *worker) { es_inbox_host_close(worker->inbox); }

bool es_worker_ask(struct es_worker *worker, struct es_job **job, unsigned timeout_ms)
{
    return es_inbox_ask(worker->inbox, job, timeout_ms);
}

struct es_surface *es_worker_surface(struct es_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    struct es_surface *surface = es_surface_hold(worker->surface);
    pthread_mutex_unlock(&worker->lock);
    if (surface != NULL) atomic_store(&surface->shown, true);
    return surface;
}

void es_worker_status(struct es_worker *worker, struct es_worker_status *out)
{
    size_t waiting = 0;
    uint64_t offered = 0, refused = 0;
    es_inbox_counts(worker->inbox, &waiting, &offered, &refused);
    pthread_mutex_lock(&worker->lock);
    *out = worker->status;
    out->settled = worker->idle && waiting == 0 && worker->seen_offers == offered && worker->status.phase == ES_WORKER_READY;
    pthread_mutex_unlock(&worker->lock);
    out->waiting = waiting;
    out->offered = offered;
    out->overflowed = refused;
}
