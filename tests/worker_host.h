/* SPDX-License-Identifier: Apache-2.0 */
/** @file worker_host.h
 * A host that lives in memory, for tests of the worker: one series with one instance for each object; object i has id "i" and is
 * exam i of patient i.
 */
#ifndef ES_TESTS_WORKER_HOST_H
#define ES_TESTS_WORKER_HOST_H

#include <pthread.h>
#include <unistd.h>

#include "plugin/worker.h"

struct worker_host {
    pthread_mutex_t lock;
    size_t objects;       /* the host holds 0 .. objects-1 */
    size_t first_logged;  /* its log has rows for first_logged .. objects-1, with seq i + 1 */
    const char *date;     /* of every row */
    unsigned fetches, lines;
    useconds_t slow;      /* a fetch takes so long */
    bool in_call, closed, called_when_closed;
};
extern struct worker_host host;
extern const struct es_host host_table;

void host_reset(void);
void host_store(size_t objects);
void host_make_exam(size_t i, struct es_elements *out);
/** A configuration with ledger and key in a folder, one axis, one model, one finding. */
struct es_config *host_configuration(const char *folder);

#endif
