/* SPDX-License-Identifier: Apache-2.0 */
/** @file inbox.h
 * What a host's threads hand to the worker: a bounded ring of flat items, a short queue of jobs, and the gate of the host.
 *
 * One mutex stands around all of it and is held for a few instructions: items are filled and copied out where they lie, outside it, so a
 * host's storing thread never waits for work. A full ring
 * refuses: the host's own log of changes is then read again (catchup.h), so that nothing is lost. No thread is made here.
 */
#ifndef ES_PLUGIN_INBOX_H
#define ES_PLUGIN_INBOX_H

#include "dicom/elements.h"
#include "dicom/error.h"

#define ES_HOST_ID_SIZE 64  /* a host's id of an instance or series, with the NUL */
#define ES_INBOX_ITEMS 1024 /* about 4.3 MiB, allocated once */
#define ES_INBOX_JOBS 8     /* waiting at a time */
#define ES_INBOX_BODY (8u << 20) /* bytes of one job's body at most */

/** FNV-1a, 64 bits (Fowler, Noll, Vo), of a host's id. Never 0. */
static inline uint64_t es_host_id_hash(const char *id)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *id != '\0'; id++) hash = (hash ^ (unsigned char)*id) * UINT64_C(1099511628211);
    return hash != 0 ? hash : 1;
}

/** A set of ids: one may be found in it that was never put there, none is missed. 16 KiB; `{0}` is empty. */
#define ES_ID_SET_BITS (1u << 17)
struct es_id_set {
    uint64_t bits[ES_ID_SET_BITS / 64];
};
static inline void es_id_set_add(struct es_id_set *set, const char *id)
{
    const uint64_t at = es_host_id_hash(id) % ES_ID_SET_BITS;
    set->bits[at / 64] |= UINT64_C(1) << at % 64;
}
static inline bool es_id_set_has(const struct es_id_set *set, const char *id)
{
    const uint64_t at = es_host_id_hash(id) % ES_ID_SET_BITS;
    return (set->bits[at / 64] >> at % 64 & 1) != 0;
}

enum es_item_kind {
    ES_ITEM_FACTS, /* elements are here */
    ES_ITEM_ASK,   /* elements are here; the host is asked whether it made the object itself, as a copy */
    ES_ITEM_FETCH  /* only the id: the worker reads the object from the host */
};

/** One stored instance. Flat: copied whole. */
struct es_stored {
    enum es_item_kind kind;
    char id[ES_HOST_ID_SIZE];
    struct es_elements elements; /* of an image; not of ES_ITEM_FETCH */
};

enum es_job_kind {
    ES_JOB_INGEST, /* body: JSON Lines */
    ES_JOB_PLOT    /* body: name of a plot */
};

/** One request that is answered by the worker while the asking thread waits. */
struct es_job {
    enum es_job_kind kind;
    char *body; /* owned by the job; NUL-terminated */
    size_t len;
    int status; /* HTTP status of the answer */
    char *answer; /* owned by the job */
    size_t answer_len;
    bool done, abandoned;
    struct es_job *next;
};

struct es_inbox;

ES_MUST_USE enum es_errc es_inbox_new(struct es_inbox **out, struct es_error *err);
/** Only when no other thread can reach it any more. */
void es_inbox_free(struct es_inbox *inbox);

/* From any thread. */

/** A place for one item, to be filled where it lies; the caller's until es_inbox_commit(), which must follow soon: what was reserved later
 * waits for it. Nothing of what it held before is wiped.
 * @param id  of the instance; not kept: it is still to be filled in
 * @return NULL when the inbox is full or stopping: the loss is marked */
struct es_stored *es_inbox_reserve(struct es_inbox *inbox, const char *id);
/** Hand the item over. */
void es_inbox_commit(struct es_inbox *inbox, struct es_stored *item);
/** Hand in a job and wait for its answer.
 * @param job  made by es_job_new(); NULL afterwards when it was abandoned or refused, else the caller's, es_job_free()
 * @return true when the answer is there; false: too many jobs, stopping, or no answer within the time */
bool es_inbox_ask(struct es_inbox *inbox, struct es_job **job, unsigned timeout_ms);
/** Copies the body. NULL when memory ran out or len > ES_INBOX_BODY. */
struct es_job *es_job_new(enum es_job_kind kind, const void *body, size_t len);
void es_job_free(struct es_job *job);
/** The worker shall end. */
void es_inbox_stop(struct es_inbox *inbox);
/** From now on the host may be called. */
void es_inbox_host_open(struct es_inbox *inbox);
/** No further call to the host begins; returns when the one in flight has ended. */
void es_inbox_host_close(struct es_inbox *inbox);
/** Items waiting, those being filled among them; places asked for so far; those refused. */
void es_inbox_counts(struct es_inbox *inbox, size_t *waiting, uint64_t *offered, uint64_t *refused);

/* For the worker's thread. */

struct es_inbox_view {
    size_t items;
    bool job, stop, host_open;
    uint64_t offered, refused;
};
/** Wait until something is there, at most so long; with `items_wanted` more than 1 also until that many are. */
struct es_inbox_view es_inbox_wait(struct es_inbox *inbox, unsigned timeout_ms, size_t items_wanted);
bool es_inbox_take(struct es_inbox *inbox, struct es_stored *out);
/** Move the ids of what was refused since the last call into a set that may hold others. */
void es_inbox_take_refused(struct es_inbox *inbox, struct es_id_set *into);
struct es_job *es_inbox_take_job(struct es_inbox *inbox);
/** Hand the answer back (the job is not to be touched afterwards). `answer` becomes the job's. */
void es_inbox_answer(struct es_inbox *inbox, struct es_job *job, int status, char *answer, size_t len);
/** Begin a call to the host. @return false when it is closed: do not call, do not leave */
bool es_inbox_host_enter(struct es_inbox *inbox);
void es_inbox_host_leave(struct es_inbox *inbox);

#endif
