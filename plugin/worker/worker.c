/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/worker/worker.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dicom/secret.h"

#define STACK_SIZE (8u << 20)
#define MAX_PAUSE_MS 60000u
#define OUTSIDE_MS 3600000u
#define BUSY_RENDER_MS 10000u /* without a quiet moment a release is made so often */

struct es_worker {
    const struct es_config *config;
    struct es_host host;
    struct es_worker_pace pace;
    struct es_inbox *inbox;
    struct es_load *load;
    struct es_catchup *catchup;
    pthread_t thread;
    void *stack; /* the thread's: what it reads is in clear there */
    /* under the lock: what other threads read */
    pthread_mutex_t lock;
    struct es_worker_status status;
    struct es_surface *surface; /* changed by the thread only */
    uint64_t seen_offers;       /* offers that had been made when `idle` was found */
    bool idle;
    /* the thread's own */
    struct es_site *site;
    struct es_load_counts lines; /* of what was posted */
    bool dirty, host_was_open, step_due, was_open;
    bool following; /* the host's log was read to its end once: from now on it is followed in quiet moments */
    bool away, follow_failed; /* a shared ledger does not answer; it answers wrongly */
    bool damaged; /* a look beside found the ledger's file damaged: the next one is waited for */
    uint64_t follow_at;
    uint64_t dirty_since, rendered_at, render_took, outside_at, retry_at, last_activity, last_step, last_overflow;
    unsigned pause_ms;
    char logged[ES_ERROR_TEXT]; /* the failure that was last logged */
    struct es_stored item;
};

static uint64_t now_ms(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000 + (uint64_t)at.tv_nsec / 1000000;
}

static void set_phase(struct es_worker *worker, enum es_worker_phase phase, const char *reason)
{
    pthread_mutex_lock(&worker->lock);
    worker->status.phase = phase;
    snprintf(worker->status.reason, sizeof worker->status.reason, "%s", reason);
    pthread_mutex_unlock(&worker->lock);
}

/* Something of the site failed: say so once, and try again later, later each time. */
static void degrade(struct es_worker *worker, const struct es_error *err)
{
    char line[ES_ERROR_TEXT + 64];
    worker->pause_ms = worker->pause_ms == 0 ? worker->pace.retry_ms : worker->pause_ms * 2;
    if (worker->pause_ms > MAX_PAUSE_MS) worker->pause_ms = MAX_PAUSE_MS;
    worker->retry_at = now_ms() + worker->pause_ms;
    set_phase(worker, ES_WORKER_DEGRADED, err->text);
    if (strcmp(worker->logged, err->text) == 0) return;
    snprintf(worker->logged, sizeof worker->logged, "%s", err->text);
    snprintf(line, sizeof line, "degraded: %s; nothing is lost, trying again", err->text);
    worker->host.log(worker->host.context, line);
}

static void recover(struct es_worker *worker)
{
    if (worker->pause_ms != 0) worker->host.log(worker->host.context, "the ledger can be written again");
    worker->pause_ms = 0;
    worker->retry_at = 0;
    worker->logged[0] = '\0';
    set_phase(worker, ES_WORKER_READY, "");
}

static bool resting(const struct es_worker *worker) { return worker->retry_at != 0 && now_ms() < worker->retry_at; }

/* The ledger is in a bad state: what is in memory may not be what is in the file. */
static void leave_site(struct es_worker *worker, const struct es_error *err)
{
    degrade(worker, err);
    worker->damaged = es_ledger_sound(es_site_ledger(worker->site), false, NULL) != ES_OK;
    es_site_close(worker->site);
    worker->site = NULL;
}

static bool open_site(struct es_worker *worker)
{
    if (worker->site != NULL) return true;
    if (resting(worker)) return false;
    struct es_error err = {0};
    bool is_new = false;
    /* A ledger that was there is never begun anew by us: it may only have been moved away. */
    if (worker->was_open && es_ledger_is_new(worker->config->ledger, &is_new, NULL) == ES_OK && is_new) {
        es_fail(&err, ES_E_STATE, "ledger: it is gone: put it back, or restart for a new one");
        degrade(worker, &err);
        return false;
    }
    if (es_site_open(&worker->site, worker->config, ES_SITE_WRITE, NULL, &err) != ES_OK) {
        worker->site = NULL;
        degrade(worker, &err);
        return false;
    }
    if (worker->damaged && es_ledger_sound(es_site_ledger(worker->site), true, &err) != ES_OK) {
        leave_site(worker, &err);
        return false;
    }
    worker->damaged = false;
    worker->was_open = true;
    es_load_forget(worker->load); /* what was committed to another file, or to a later state of this one, is read again */
    es_catchup_restart(worker->catchup);
    worker->dirty = true;
    worker->dirty_since = now_ms();
    recover(worker);
    return true;
}

#define FOLLOW_MS 1000 /* how often a shared ledger is asked for what other nodes appended */

static void note_dirty(struct es_worker *worker);

/* A ledger that several nodes share: what others appended, and whether it is there at all. While it is away what is handed over goes to the
 * spool; only the host's log waits, whose cursor stands in the ledger. */
static void follow_ledger(struct es_worker *worker)
{
    struct es_error err = {0};
    if (worker->site == NULL || !es_ledger_is_shared(es_site_ledger(worker->site)) || now_ms() < worker->follow_at) return;
    worker->follow_at = now_ms() + FOLLOW_MS;
    const enum es_errc rc = es_site_refresh(worker->site, &err);
    uint64_t waiting;
    const bool away = rc != ES_OK && es_ledger_is_away(es_site_ledger(worker->site), &waiting);
    if (rc == ES_OK && worker->away) worker->host.log(worker->host.context, "the shared ledger is back");
    if (rc == ES_OK && (worker->away || worker->follow_failed)) recover(worker);
    if (away && !worker->away) {
        char line[ES_ERROR_TEXT + 64];
        snprintf(line, sizeof line, "degraded: %s; what comes waits in the spool", err.text);
        worker->host.log(worker->host.context, line);
    }
    if (away) set_phase(worker, ES_WORKER_DEGRADED, err.text);
    else if (rc != ES_OK) degrade(worker, &err);
    worker->away = away;
    worker->follow_failed = rc != ES_OK && !away;
    if (rc == ES_OK) note_dirty(worker);
}

/* What a look at the whole file beside has found by now. */
static void watch_file(struct es_worker *worker)
{
    struct es_error err = {0};
    if (worker->site != NULL && es_ledger_sound(es_site_ledger(worker->site), false, &err) != ES_OK) leave_site(worker, &err);
}

static void note_dirty(struct es_worker *worker)
{
    if (!es_site_take_dirty(worker->site) || worker->dirty) return;
    worker->dirty = true;
    worker->dirty_since = now_ms();
}

/* Commit what was gathered. A ledger in a bad state is closed and opened again, one that cannot be written is tried again. */
static bool flush(struct es_worker *worker)
{
    if (!es_load_any(worker->load)) return true;
    if (worker->site == NULL || resting(worker)) return false;
    struct es_error err = {0};
    const enum es_errc rc = es_load_flush(worker->load, worker->site, &err);
    if (rc == ES_OK) {
        if (worker->pause_ms != 0) recover(worker);
        note_dirty(worker);
        return true;
    }
    if (rc == ES_E_STATE) leave_site(worker, &err);
    else degrade(worker, &err);
    return false;
}

static void take_item(struct es_worker *worker, const struct es_stored *item)
{
    struct es_error err = {0};
    enum es_errc rc;
    if (item->kind == ES_ITEM_FACTS)
        rc = es_load_elements(worker->load, worker->config, item->id, &item->elements, false, &err);
    else rc = es_catchup_fetch(&worker->host, worker->inbox, worker->config, item->id, item->kind == ES_ITEM_ASK ? &item->elements : NULL,
                               worker->load, &err);
    /* Not read: its row in the host's log is still ahead of the cursor, or a step finds it. */
    if (rc != ES_OK) es_catchup_owe(worker->catchup);
    if (rc == ES_E_MEMORY) degrade(worker, &err);
}

static void take_items(struct es_worker *worker)
{
    while (es_load_waiting(worker->load) < ES_LOAD_MESSAGES && es_inbox_take(worker->inbox, &worker->item))
        take_item(worker, &worker->item);
    worker->last_activity = now_ms();
    es_catchup_owe(worker->catchup); /* the cursor has rows to pass */
    (void)flush(worker);
}

/* Plots are drawn when somebody asks: most never are. */
static int answer_plot(struct es_worker *worker, const struct es_job *job, char **answer, size_t *len)
{
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    if (worker->surface == NULL) return 503; /* written by this thread only */
    const enum es_errc rc = es_render_plot(worker->surface->release, job->body, &bytes, &err);
    if (rc != ES_OK) return rc == ES_E_ARG ? 404 : 500;
    *answer = (char *)bytes.data;
    *len = bytes.len;
    return 200;
}

static int answer_lines(struct es_worker *worker, const struct es_job *job, char **answer, size_t *len)
{
    if (worker->site == NULL || resting(worker)) return 503;
    struct es_error err = {0};
    const enum es_errc rc = es_load_lines(worker->site, job->body, job->len, &worker->lines, answer, &err);
    *len = *answer != NULL ? strlen(*answer) : 0;
    pthread_mutex_lock(&worker->lock);
    worker->idle = false; /* the asker must not find the release from before its lines settled */
    pthread_mutex_unlock(&worker->lock);
    if (rc == ES_OK && worker->pause_ms != 0) recover(worker);
    note_dirty(worker);
    if (rc == ES_E_STATE) leave_site(worker, &err);
    else if (rc != ES_OK) degrade(worker, &err);
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
            status = job->kind == ES_JOB_PLOT ? answer_plot(worker, job, &answer, &len) : answer_lines(worker, job, &answer, &len);
        es_inbox_answer(worker->inbox, job, status, answer, len);
    }
}

/* One step of catching up. What is missing is read at once, step by step; what came by the inbox only needs the cursor moved,
 * in a quiet moment or at the latest after thirty times that. */
static void catch_up(struct es_worker *worker, const struct es_inbox_view *view)
{
    const uint64_t now = now_ms(), pause = worker->pace.catchup_ms;
    if (view->host_open && !worker->host_was_open) es_catchup_restart(worker->catchup);
    worker->host_was_open = view->host_open;
    if (view->refused != worker->last_overflow) {
        worker->last_overflow = view->refused;
        es_catchup_owe(worker->catchup);
    }
    worker->step_due = view->host_open && worker->site != NULL && !es_catchup_state(worker->catchup)->up_to_date;
    if (!worker->step_due || resting(worker)) return;
    const bool quiet = view->items == 0 && now - worker->last_activity >= pause;
    if (worker->following && !quiet && now - worker->last_step < 30 * pause) return;
    struct es_error err = {0};
    const enum es_errc rc = es_catchup_step(worker->catchup, worker->inbox, worker->site, worker->load, &err);
    const bool committed = flush(worker);
    if (rc == ES_OK && committed && es_catchup_commit(worker->catchup, worker->site, &err) != ES_OK) degrade(worker, &err);
    else if (rc != ES_OK && rc != ES_E_BUSY) degrade(worker, &err);
    if (rc == ES_OK && committed && worker->pause_ms != 0 && !resting(worker)) recover(worker);
    if (!committed) es_catchup_owe(worker->catchup);
    worker->following = es_catchup_state(worker->catchup)->up_to_date;
    worker->step_due = !worker->following;
    worker->last_step = now_ms();
}

/* A release that somebody has seen is an event; one that nobody asked for is not. */
static void record_shown(struct es_worker *worker)
{
    struct es_surface *surface = worker->surface;
    struct es_error err = {0};
    if (surface == NULL || surface->release == NULL || !atomic_load(&surface->shown)) return;
    if (surface->recorded || worker->site == NULL || resting(worker)) return;
    if (es_report_record(worker->site, surface->release, &err) == ES_OK) surface->recorded = true;
    else degrade(worker, &err);
}

/* The next release for outsiders, where the configuration says how often: looked at once an hour. */
static void release_outside(struct es_worker *worker)
{
    const struct es_config *config = es_site_config(worker->site);
    const uint64_t now = now_ms();
    struct es_error err = {0};
    cJSON *release = NULL;
    if (config->release_every_us == 0 || config->external.kind == ES_DISCLOSE_ALL || now < worker->outside_at) return;
    worker->outside_at = now + OUTSIDE_MS;
    if (es_report_external(worker->site, true, &release, &err) == ES_OK) cJSON_Delete(release);
    else degrade(worker, &err);
}

static void render(struct es_worker *worker, const struct es_inbox_view *view)
{
    const uint64_t now = now_ms(), pause = worker->render_took * 3 > worker->pace.render_ms ? worker->render_took * 3
                                                                                            : worker->pace.render_ms;
    record_shown(worker);
    if (!worker->dirty || worker->site == NULL) return;
    if (worker->rendered_at != 0 && now < worker->rendered_at + pause) return;
    const bool busy = view->items > 0 || worker->step_due;
    if (busy && worker->rendered_at != 0 && now < worker->dirty_since + BUSY_RENDER_MS) return;
    struct es_surface *made = NULL;
    struct es_error err = {0};
    if (resting(worker)) return;
    if (es_surface_make(&made, worker->site, &err) != ES_OK) {
        degrade(worker, &err);
        return;
    }
    /* an alarm is recorded when it is found, whoever looks */
    if (es_report_record_alarms(worker->site, made->release, NULL, &err) != ES_OK) {
        es_surface_drop(made);
        degrade(worker, &err);
        return;
    }
    if (worker->pause_ms != 0 && !es_load_any(worker->load)) recover(worker);
    worker->dirty = false;
    worker->rendered_at = now_ms();
    worker->render_took = worker->rendered_at - now;
    struct es_mask_stock stock;
    const bool counted = es_ledger_masks_stock(es_site_ledger(worker->site), &stock, NULL) == ES_OK; /* else as it was */
    pthread_mutex_lock(&worker->lock);
    struct es_surface *old = worker->surface;
    worker->surface = made;
    worker->status.has_release = true;
    worker->status.release_basis = made->basis;
    if (counted) worker->status.masks = stock;
    worker->status.masks_limit = (uint64_t)es_site_config(worker->site)->mask_store_limit << 20;
    pthread_mutex_unlock(&worker->lock);
    es_surface_drop(old);
    release_outside(worker);
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
                      catchup->up_to_date;
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

static void *run(void *argument)
{
    struct es_worker *worker = argument;
    /* Woken by the host's storing thread, it shall not take the processor from it at once (sched(7)). */
    (void)pthread_setschedparam(pthread_self(), SCHED_BATCH, &(const struct sched_param){0});
    for (;;) {
        (void)open_site(worker);
        follow_ledger(worker);
        watch_file(worker);
        struct es_inbox_view view = es_inbox_wait(worker->inbox, patience(worker), 1);
        const bool can_take = worker->site != NULL && flush(worker);
        if (view.items > 0 && can_take) {
            if (!view.stop && !view.job) (void)es_inbox_wait(worker->inbox, worker->pace.batch_ms, ES_LOAD_MESSAGES);
            take_items(worker);
        } else if (view.items > 0 && !view.stop) {
            /* The ledger is not to be had: leave them where they are, and look again in a while. */
            nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
        }
        take_jobs(worker, view.stop);
        if (view.stop) break;
        view = es_inbox_wait(worker->inbox, 0, 1);
        catch_up(worker, &view);
        render(worker, &view);
        publish(worker, &view);
    }
    /* What was handed over is committed, as far as it needs no host. */
    while (worker->site != NULL && flush(worker) && es_inbox_take(worker->inbox, &worker->item)) take_item(worker, &worker->item);
    if (worker->site != NULL) (void)flush(worker);
    take_jobs(worker, true);
    record_shown(worker);
    es_site_close(worker->site);
    worker->site = NULL;
    set_phase(worker, ES_WORKER_STOPPED, "");
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
    if (rc == ES_OK) rc = es_catchup_new(&worker->catchup, &worker->host, err);
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

bool es_worker_offer(struct es_worker *worker, const struct es_stored *item) { return es_inbox_offer(worker->inbox, item); }
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
