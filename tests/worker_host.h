/* SPDX-License-Identifier: Apache-2.0 */
/** @file worker_host.h
 * A host that lives in memory, for tests of the worker: one series with one instance for each object; object i has id "i" and is
 * exam i of patient i.
 */
#ifndef ES_TESTS_WORKER_HOST_H
#define ES_TESTS_WORKER_HOST_H

#include <pthread.h>
#include <unistd.h>

#include "plugin/worker/worker.h"

struct worker_host {
    pthread_mutex_t lock;
    size_t objects;       /* the host holds 0 .. objects-1 */
    size_t first_logged;  /* its log has rows for first_logged .. objects-1, with seq i + 1 */
    size_t overwritten;   /* objects 0 .. overwritten-1 were stored again, by host_make_second(): their rows went to the end of the log */
    const char *date;     /* of every row */
    size_t copies;        /* the last so many of them are copies that it made itself */
    unsigned fetches, lines;
    unsigned asked;       /* of the fetches, those of objects whose elements were known */
    unsigned starved;     /* so many fetches from now on find no memory */
    bool away;            /* what it holds cannot be read */
    useconds_t slow;      /* a fetch takes so long */
    bool in_call, closed, called_when_closed;
};
extern struct worker_host host;
extern const struct es_host host_table;

void host_reset(void);
void host_store(size_t objects);
void host_make_exam(size_t i, struct es_elements *out);
/** The same exam as it is after its patient's sex was corrected. */
void host_make_second(size_t i, struct es_elements *out);
/** A configuration with ledger and key in a folder, one axis, one model, one finding. */
struct es_config *host_configuration(const char *folder);
/** The same with other keys for its ledger: "\"Ledger\":...". */
struct es_config *host_configuration_with(const char *folder, const char *ledger);

/** A worker in a hurry, of this host. */
struct es_worker *start(const struct es_config *config);
/** Open the host for it, and wait until nothing waits. */
void open_and_settle(struct es_worker *worker, struct es_worker_status *status);
/** An empty host, a configuration of its own folder (owned by the caller) and a worker that has seen all there is: nothing. */
struct es_worker *begin_worker(struct es_config **config, struct es_worker_status *status);
/** Close the host and stop the worker. */
void end_worker(struct es_worker *worker);
/** Wait, at most half a minute, until nothing waits; until it is in that phase. */
bool settled(struct es_worker *worker, struct es_worker_status *status);
bool phase_is(struct es_worker *worker, enum es_worker_phase phase, struct es_worker_status *status);
/** A line of the funnel of the current release's first finding, everyone; -1 while there is no release. seen: "seen", all exams. */
int funnel(struct es_worker *worker, const char *line);
int seen(struct es_worker *worker);
/** Hand over exam i. */
bool offer(struct es_worker *worker, size_t i);
/* Hand over a copy of an item. @return false when the inbox is full */
bool hand_over(struct es_worker *worker, const struct es_stored *item);

#endif
