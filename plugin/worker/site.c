/* SPDX-License-Identifier: Apache-2.0 */
/* The worker's site: opened, left when its ledger is in a bad state, tried again, followed when others share it. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "plugin/worker/internal.h"

#define MAX_PAUSE_MS 60000u

uint64_t es_worker_now_ms(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000 + (uint64_t)at.tv_nsec / 1000000;
}

void es_worker_set_phase(struct es_worker *worker, enum es_worker_phase phase, const char *reason)
{
    const int64_t now = es_clock();
    pthread_mutex_lock(&worker->lock);
    if (phase == ES_WORKER_DEGRADED && worker->status.phase != phase) worker->status.degraded_since = now;
    worker->status.phase = phase;
    snprintf(worker->status.reason, sizeof worker->status.reason, "%s", reason);
    pthread_mutex_unlock(&worker->lock);
}

/* Something of the site failed: say so once, and try again later, later each time. */
void es_worker_degrade(struct es_worker *worker, const struct es_error *err)
{
    char line[ES_ERROR_TEXT + 64];
    worker->pause_ms = worker->pause_ms == 0 ? worker->pace.retry_ms : worker->pause_ms * 2;
    if (worker->pause_ms > MAX_PAUSE_MS) worker->pause_ms = MAX_PAUSE_MS;
    worker->retry_at = es_worker_now_ms() + worker->pause_ms;
    es_worker_set_phase(worker, ES_WORKER_DEGRADED, err->text);
    if (strcmp(worker->logged, err->text) == 0) return;
    snprintf(worker->logged, sizeof worker->logged, "%s", err->text);
    /* a ledger that is not what it was may have lost something */
    snprintf(line, sizeof line, "degraded: %s; %strying again", err->text, err->code == ES_E_STATE ? "" : "nothing is lost, ");
    worker->host.log(worker->host.context, line);
}

void es_worker_recover(struct es_worker *worker)
{
    if (worker->pause_ms != 0) worker->host.log(worker->host.context, "the ledger can be written again");
    worker->pause_ms = 0;
    worker->retry_at = 0;
    worker->logged[0] = '\0';
    es_worker_set_phase(worker, ES_WORKER_READY, "");
}

bool es_worker_resting(const struct es_worker *worker) { return worker->retry_at != 0 && es_worker_now_ms() < worker->retry_at; }

/* The ledger is in a bad state: what is in memory may not be what is in the file. */
void es_worker_leave_site(struct es_worker *worker, const struct es_error *err)
{
    es_worker_degrade(worker, err);
    worker->damaged = es_ledger_sound(es_site_ledger(worker->site), false, NULL) != ES_OK;
    es_site_close(worker->site);
    worker->site = NULL;
}

bool es_worker_open_site(struct es_worker *worker)
{
    if (worker->site != NULL) return true;
    if (es_worker_resting(worker)) return false;
    struct es_error err = {0};
    bool is_new = false;
    /* A ledger that was there is never begun anew by us: it may only have been moved away. */
    if (worker->was_open && es_ledger_is_new(worker->config->ledger, &is_new, NULL) == ES_OK && is_new) {
        es_fail(&err, ES_E_STATE, "ledger: it is gone: put it back, or restart for a new one");
        es_worker_degrade(worker, &err);
        return false;
    }
    if (es_site_open(&worker->site, worker->config, ES_SITE_WRITE, NULL, &err) != ES_OK) {
        worker->site = NULL;
        es_worker_degrade(worker, &err);
        return false;
    }
    if (worker->damaged && es_ledger_sound(es_site_ledger(worker->site), true, &err) != ES_OK) {
        es_worker_leave_site(worker, &err);
        return false;
    }
    worker->damaged = false;
    worker->was_open = true;
    es_load_forget(worker->load); /* what was committed to another file, or to a later state of this one, is read again */
    es_catchup_restart(worker->catchup);
    worker->external_as_of[0] = '\0';
    worker->dirty = true;
    worker->dirty_since = es_worker_now_ms();
    es_worker_recover(worker);
    return true;
}

void es_worker_note_dirty(struct es_worker *worker)
{
    if (!es_site_take_dirty(worker->site) || worker->dirty) return;
    worker->dirty = true;
    worker->dirty_since = es_worker_now_ms();
}

#define FOLLOW_MS 1000 /* how often a shared ledger is asked for what other nodes appended */

/* A ledger that several nodes share: what others appended, and whether it is there at all. While it is away what is handed over goes to the
 * spool; only the host's log waits, whose cursor stands in the ledger. */
void es_worker_follow_ledger(struct es_worker *worker)
{
    struct es_error err = {0};
    if (worker->site == NULL || !es_ledger_is_shared(es_site_ledger(worker->site)) || es_worker_now_ms() < worker->follow_at) return;
    worker->follow_at = es_worker_now_ms() + FOLLOW_MS;
    const enum es_errc rc = es_site_refresh(worker->site, &err);
    uint64_t waiting;
    const bool away = rc != ES_OK && es_ledger_is_away(es_site_ledger(worker->site), &waiting);
    if (rc == ES_OK && worker->away) worker->host.log(worker->host.context, "the shared ledger is back");
    if (rc == ES_OK && (worker->away || worker->follow_failed)) es_worker_recover(worker);
    if (away && !worker->away) {
        char line[ES_ERROR_TEXT + 64];
        snprintf(line, sizeof line, "degraded: %s; what comes waits in the spool", err.text);
        worker->host.log(worker->host.context, line);
    }
    if (away) es_worker_set_phase(worker, ES_WORKER_DEGRADED, err.text);
    else if (rc != ES_OK) es_worker_degrade(worker, &err);
    worker->away = away;
    worker->follow_failed = rc != ES_OK && !away;
    if (rc == ES_OK) es_worker_note_dirty(worker);
}

/* What a look at the whole file beside has found by now. */
void es_worker_watch_file(struct es_worker *worker)
{
    struct es_error err = {0};
    if (worker->site != NULL && es_ledger_sound(es_site_ledger(worker->site), false, &err) != ES_OK) es_worker_leave_site(worker, &err);
}
