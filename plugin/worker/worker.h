/* SPDX-License-Identifier: Apache-2.0 */
/** @file worker.h
 * The one file with a thread: it owns a site, takes what a host's threads hand over, catches up with the host, and keeps the
 * current release rendered.
 *
 * Knows no host: what it needs of one is the table struct es_host (catchup.h). Calls say which thread may make them. A site that
 * cannot be opened or written makes the worker degraded: it says so, tries again with growing pauses, and loses nothing that
 * was acknowledged; what the inbox cannot hold meanwhile is read from the host's log later.
 */
#ifndef ES_PLUGIN_WORKER_H
#define ES_PLUGIN_WORKER_H

#include "plugin/ledger/masks.h"
#include "plugin/worker/catchup.h"
#include "plugin/worker/surface.h"

struct es_worker;

enum es_worker_phase { ES_WORKER_STARTING, ES_WORKER_READY, ES_WORKER_DEGRADED, ES_WORKER_STOPPED };
const char *es_worker_phase_name(enum es_worker_phase phase);

/** What the worker says of itself: plain values, copied out. */
struct es_worker_status {
    enum es_worker_phase phase;
    char reason[ES_ERROR_TEXT]; /* when degraded */
    int64_t degraded_since;     /* our clock, microseconds: when it became so, whatever the reasons since; when degraded */
    struct es_load_counts counts;
    uint64_t offered, overflowed; /* items handed over; items the inbox had no room for */
    size_t waiting;
    struct es_catchup_state catchup;
    uint64_t ledger_seq;        /* last event in the ledger */
    uint64_t spooled;           /* events that wait for a shared ledger to come back */
    struct es_mask_stock masks; /* kept beside the ledger, as of the current release */
    uint64_t masks_limit;       /* bytes */
    bool has_release;
    uint64_t release_basis;     /* last event in the current release */
    bool settled;               /* nothing waits: the current release shows all that was handed over */
};

/** Times, for tests to shorten. 0: the default. */
struct es_worker_pace {
    unsigned batch_ms;        /* 50: gather items so long */
    unsigned render_ms;       /* 2000: least time between releases */
    unsigned catchup_ms;      /* 1000: quiet time before the host's log is followed */
    unsigned retry_ms;        /* 1000: first pause after a failure; doubles up to 60 s; of an object, up to 600 times itself */
};

/**
 * Start the thread (8 MiB of stack). The site is opened there; failures show in the status.
 *
 * @param config  borrowed; must outlive the worker
 * @param host    copied; its context must outlive the worker
 * @param pace    may be NULL
 */
ES_MUST_USE enum es_errc es_worker_start(struct es_worker **out, const struct es_config *config, const struct es_host *host,
                                         const struct es_worker_pace *pace, struct es_error *err);
/** Commit what was handed over, end the thread, close the site, free. Threads of the host must be done with it. NULL is allowed. */
void es_worker_stop(struct es_worker *worker);

/* From any thread. None waits for work but es_worker_ask() and es_worker_host_close(). */

/** Hand over a stored instance: a place to fill, then the word that it is filled. No allocation, no copy. As es_inbox_reserve(). */
struct es_stored *es_worker_reserve(struct es_worker *worker, const char *id);
void es_worker_commit(struct es_worker *worker, struct es_stored *item);
/** The host may be called from now on. */
void es_worker_host_open(struct es_worker *worker);
/** The host may not be called any more: waits for the call in flight. */
void es_worker_host_close(struct es_worker *worker);
/** Ask and wait. As es_inbox_ask(). */
bool es_worker_ask(struct es_worker *worker, struct es_job **job, unsigned timeout_ms);
/** The current release; es_surface_drop() it. NULL while there is none. Marks it as shown: it is recorded as an event. */
struct es_surface *es_worker_surface(struct es_worker *worker);
void es_worker_status(struct es_worker *worker, struct es_worker_status *out);

/** The status as JSON into a buffer (no allocation, no JSON library, little stack). @return its length */
size_t es_worker_status_json(const struct es_worker_status *status, char *out, size_t size);
/** The same figures as OpenMetrics lines, without the closing "# EOF". @return length */
size_t es_worker_status_metrics(const struct es_worker_status *status, char *out, size_t size);
/** Escape text as the inside of a JSON string. @return out */
const char *es_json_escape(const char *text, char *out, size_t size);

#define ES_STATUS_SIZE 4608 /* bytes that either text fits in */

#endif
