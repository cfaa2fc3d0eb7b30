/* SPDX-License-Identifier: Apache-2.0 */
/** @file internal.h
 * Inside the worker: what its parts share. All calls are the thread's own.
 */
#ifndef ES_PLUGIN_WORKER_INTERNAL_H
#define ES_PLUGIN_WORKER_INTERNAL_H

#include <pthread.h>

#include "plugin/base/time.h"
#include "plugin/worker/worker.h"

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
    uint64_t dirty_since, rendered_at, render_took, retry_at, last_activity, last_step, last_overflow;
    unsigned pause_ms;
    char logged[ES_ERROR_TEXT]; /* the failure that was last logged */
    char external_as_of[ES_INSTANT_TEXT]; /* of the last release for outsiders; "" when not known */
    struct es_stored item;
};

/* site.c */
/** Milliseconds of a clock that is never set: for pauses only, never for anything in a release. */
uint64_t es_worker_now_ms(void);
void es_worker_set_phase(struct es_worker *worker, enum es_worker_phase phase, const char *reason);
/** Something of the site failed: say so once, and try again later, later each time. */
void es_worker_degrade(struct es_worker *worker, const struct es_error *err);
void es_worker_recover(struct es_worker *worker);
/** Is the pause after a failure not over? */
bool es_worker_resting(const struct es_worker *worker);
/** Open the site unless it is open. @return is it open? */
bool es_worker_open_site(struct es_worker *worker);
/** Degrade, and close the site: it is opened again later. */
void es_worker_leave_site(struct es_worker *worker, const struct es_error *err);
void es_worker_follow_ledger(struct es_worker *worker);
void es_worker_watch_file(struct es_worker *worker);
/** A release is to be made when the site has changed. */
void es_worker_note_dirty(struct es_worker *worker);

/* release.c */
/** Draw a plot of the current release. @return HTTP status */
int es_worker_plot(struct es_worker *worker, const struct es_job *job, char **answer, size_t *len);
/** Mark the current release in the ledger, once somebody has seen it. */
void es_worker_record_shown(struct es_worker *worker);
/** Make the next release when it is time, and what goes with it. */
void es_worker_render(struct es_worker *worker, const struct es_inbox_view *view);

#endif
