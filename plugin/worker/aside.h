/* SPDX-License-Identifier: Apache-2.0 */
/** @file aside.h
 * Objects that a host holds and could not give: their storage is away for a while. Each is asked for again, later each time, a bounded
 * number of times. For the worker's thread; no clock of its own, no file: what the list stood for is told to the ledger by catchup.h.
 */
#ifndef ES_PLUGIN_ASIDE_H
#define ES_PLUGIN_ASIDE_H

#include "plugin/worker/inbox.h"

#define ES_ASIDE_OBJECTS 1024 /* waiting at a time */
#define ES_ASIDE_TRIES 150    /* then it is given up: with a first pause of a second and the longest of ten minutes, after a day */
#define ES_ASIDE_LONGEST 600  /* times the first pause */

/** {0} is empty. Host's ids are unsalted hashes of identifiers: es_aside_clear() wipes them. */
struct es_aside {
    struct es_aside_object {
        char id[ES_HOST_ID_SIZE];
        uint64_t due;   /* milliseconds of the caller's clock */
        unsigned tries; /* that failed */
        bool read;      /* it was settled in the step in progress */
    } *objects;         /* ES_ASIDE_OBJECTS of them, made with the first */
    size_t count;
};

bool es_aside_has(const struct es_aside *aside, const char *id);
/** It could not be had now: keep it, or put it off further.
 * @param first_ms  pause before it is asked for again the first time; doubles with each failure
 * @return ES_OK; ES_E_REFUSED: it was tried as often as it may be; ES_E_LIMIT: no room; ES_E_MEMORY */
ES_MUST_USE enum es_errc es_aside_put(struct es_aside *aside, const char *id, uint64_t now_ms, unsigned first_ms);
/** One whose time has come and that was not read; NULL when there is none. Valid until the list changes. */
const char *es_aside_due(const struct es_aside *aside, uint64_t now_ms);
/** It was read, or is gone, or is given up: done with as soon as what was read is committed. Unknown ids are nothing. */
void es_aside_read(struct es_aside *aside, const char *id);
/** What was read is committed: drop it. */
void es_aside_commit(struct es_aside *aside);
void es_aside_clear(struct es_aside *aside);

#endif
