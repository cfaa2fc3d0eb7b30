/* SPDX-License-Identifier: Apache-2.0 */
/** @file catchup.h
 * What a host has stored that the ledger has not seen: its log of changes followed by a cursor, and a walk of everything it holds
 * when the log cannot be trusted. For the worker's thread.
 *
 * The cursor moves only past rows whose object is committed, and is kept in the ledger. Each start compares one remembered
 * early row (sequence number, id, date; kept as a keyed hash, for a host's ids are unsalted hashes of identifiers) with the
 * host's log: when it differs, or the log ends before the cursor, the log was replaced or emptied, and every series the host
 * holds is walked, a bounded step at a time. A new ledger starts with such a walk too. The promise: whatever the host still
 * holds is counted, once.
 *
 * An object may be stored again under its id with other content: its old row vanishes from the log and a new one stands at the end. So
 * what was committed by way of the inbox stands for one row, and only while nothing waits in the inbox. An id that a full inbox refused is
 * read by its row whatever was committed of it, and the log is read again from the first row that was passed unread in the last minute or two:
 * a storing thread comes to the inbox after its row is in the log.
 *
 * An object that the host holds and cannot give (its storage is away) is put aside and asked for again, later each time (aside.h). The
 * cursor goes on; where it stood before the first of them is kept beside it, and the log is read again from there after a start.
 * So no id of a host is ever written down.
 */
#ifndef ES_PLUGIN_CATCHUP_H
#define ES_PLUGIN_CATCHUP_H

#include "plugin/worker/load.h"

#define ES_AET_SIZE 17       /* PS3.5 AE: 16 characters */
#define ES_HOST_DATE_SIZE 32
#define ES_HOST_ROWS 100     /* rows or ids of one call to the host */
#define ES_HOST_OBJECT_BYTES (64u << 20) /* an AI object beyond this is counted as too_large */

/** One row of the host's log. */
struct es_host_change {
    uint64_t seq;
    bool new_instance;
    char id[ES_HOST_ID_SIZE];
    char date[ES_HOST_DATE_SIZE]; /* as the host writes it */
};

/** One object as the host gave it: its elements (of a big image), or its bytes. */
struct es_host_object {
    bool has_elements; /* when it is handed to fetch(): they are known already, and only archive_copy is asked */
    struct es_elements elements;
    const void *bytes;
    void *holder; /* of the bytes, for release() */
    size_t len;
    char remote_aet[ES_AET_SIZE];
    bool archive_copy; /* a copy the host made */
};

/** How the worker calls a host. Every call is made from the worker's thread, between es_inbox_host_open() and _close(). */
struct es_host {
    void *context;
    /** @return ES_OK; ES_E_REFUSED: it is gone; ES_E_LIMIT: too large; ES_E_MEMORY, ES_E_IO: the host has it and cannot give it now;
     * anything else: it cannot be read, now or later */
    enum es_errc (*fetch)(void *context, const char *id, struct es_host_object *out, struct es_error *err);
    void (*release)(void *context, struct es_host_object *object);
    /** Rows with seq > since, rising; at most ES_HOST_ROWS. `last`: the greatest seq of the whole log. */
    enum es_errc (*changes)(void *context, uint64_t since, unsigned limit, struct es_host_change *rows, size_t *count,
                            uint64_t *last, struct es_error *err);
    /** Series of the host, in an order that only deletion changes; at most ES_HOST_ROWS. */
    enum es_errc (*series)(void *context, uint64_t since, unsigned limit, char (*ids)[ES_HOST_ID_SIZE], size_t *count,
                           struct es_error *err);
    /** Instances of a series; *ids is owned by the caller (free). ES_E_REFUSED: it is gone. */
    enum es_errc (*instances)(void *context, const char *series, char (**ids)[ES_HOST_ID_SIZE], size_t *count, struct es_error *err);
    /** One line, without identifiers. Any time. */
    void (*log)(void *context, const char *line);
};

struct es_catchup_state {
    uint64_t cursor;
    bool walking;
    uint64_t series_walked;          /* of the walk in progress or the last one */
    bool gap;                        /* the log could not be trusted since the last start */
    char gap_from[ES_HOST_DATE_SIZE];/* host's date of the last row known before; "" when not known */
    int64_t gap_noticed, gap_closed; /* our clock; ES_NO_INSTANT */
    bool up_to_date;                 /* the last step found nothing left */
    size_t waiting;                  /* objects that could not be read and are asked for again */
};

struct es_catchup;
/** @param pause_ms  before an object that could not be read is asked for again; at least 1 */
ES_MUST_USE enum es_errc es_catchup_new(struct es_catchup **out, const struct es_host *host, unsigned pause_ms, struct es_error *err);
void es_catchup_free(struct es_catchup *catchup);
const struct es_catchup_state *es_catchup_state(const struct es_catchup *catchup);
/** The host was opened, or the site: read what is remembered, check the log at the next step. */
void es_catchup_restart(struct es_catchup *catchup);
/** Something was stored that did not come by the inbox, or may not have: there is something to do. */
void es_catchup_owe(struct es_catchup *catchup);
/** The inbox refused something. */
void es_catchup_overflowed(struct es_catchup *catchup, struct es_inbox *inbox);
/** Is there something to do, or to ask for again, now? */
bool es_catchup_due(const struct es_catchup *catchup);
/**
 * One bounded step: fill `load` from the host. The caller flushes it, then calls es_catchup_commit().
 *
 * @param quiet  nothing waits in the inbox, nor in `load`; while something does, no row is passed for the sake of what was committed
 * @return ES_OK; ES_E_BUSY: the host is closed; else the host's failure, to be tried again later
 */
ES_MUST_USE enum es_errc es_catchup_step(struct es_catchup *catchup, struct es_inbox *inbox, struct es_site *site,
                                         struct es_load *load, bool quiet, struct es_error *err);
/** What the step read is committed: move and keep the cursor. */
ES_MUST_USE enum es_errc es_catchup_commit(struct es_catchup *catchup, struct es_site *site, struct es_error *err);
/** Read one object from the host into load. Gone, too large and unreadable ones are counted; one that cannot be had now is put aside.
 * @param skimmed  its elements, when they are known and the host is only asked whether it made the object as a copy; else NULL
 * @return ES_OK, ES_E_BUSY, ES_E_MEMORY; ES_E_IO: too many are put aside already */
ES_MUST_USE enum es_errc es_catchup_fetch(struct es_catchup *catchup, struct es_inbox *inbox, const struct es_config *config,
                                          const char *id, const struct es_elements *skimmed, struct es_load *load,
                                          struct es_error *err);

#endif
