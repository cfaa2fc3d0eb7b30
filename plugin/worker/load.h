/* SPDX-License-Identifier: Apache-2.0 */
/** @file load.h
 * From stored objects to events that are committed: what the worker gathers before one commit. One thread.
 *
 * Objects are remembered as committed by a hash of their host's id in memory, in a table of fixed size where a newer one may push
 * an older one out: the worst that follows is that an object is read twice, and twice read is once counted.
 */
#ifndef ES_PLUGIN_LOAD_H
#define ES_PLUGIN_LOAD_H

#include "plugin/site/site.h"
#include "plugin/worker/inbox.h"

#define ES_LOAD_MESSAGES 256 /* full from here on: flush */

struct es_load_counts {
    uint64_t skimmed, fetched;                 /* objects, by how they were read */
    uint64_t taken, revised, duplicate, refused; /* events */
    uint64_t silent;                           /* objects that say nothing here */
    uint64_t gone, too_large, unreadable;      /* objects the host no longer has, or we did not read */
};

struct es_load;
ES_MUST_USE enum es_errc es_load_new(struct es_load **out, struct es_error *err);
void es_load_free(struct es_load *load);
/** Messages waiting. */
size_t es_load_waiting(const struct es_load *load);
/** Is there anything that a flush would commit or mark as done? */
bool es_load_any(const struct es_load *load);
/** Make messages of one object. What is wrong with it is counted, not an error. Elements are those of an image, of which it does
 * not matter who sent it.
 * @param id  the host's id of it
 * @return ES_OK or ES_E_MEMORY */
ES_MUST_USE enum es_errc es_load_elements(struct es_load *load, const struct es_config *config, const char *id,
                                          const struct es_elements *elements, bool archive_copy, struct es_error *err);
ES_MUST_USE enum es_errc es_load_bytes(struct es_load *load, const struct es_config *config, const char *id, const void *bytes,
                                       size_t len, const char *remote_aet, bool archive_copy, struct es_error *err);
enum es_load_lost { ES_LOAD_GONE, ES_LOAD_TOO_LARGE, ES_LOAD_UNREADABLE };
/** An object that cannot be read: counted and done with. */
void es_load_lost(struct es_load *load, const char *id, enum es_load_lost why);
/** Commit. On failure everything stays, to be tried again. */
ES_MUST_USE enum es_errc es_load_flush(struct es_load *load, struct es_site *site, struct es_error *err);
/** Was this object committed lately? */
bool es_load_committed(const struct es_load *load, const char *id);
/** A row of the host's log is passed, or a newer version of the object is not read yet: what was committed of it stands for no later row. */
void es_load_forget_one(struct es_load *load, const char *id);
/** Remember none as committed: the ledger is another one. */
void es_load_forget(struct es_load *load);
const struct es_load_counts *es_load_counted(const struct es_load *load);

/** Take a body of JSON Lines and say what became of it, as JSON:
 * {"taken":n,"revised":n,"duplicate":n,"refused":n,"lines":[{"line":3,"reason":"..."}]}. Blank lines are nothing.
 * "lines" are the first 100 refused ones by rising number; "lines_left_out" counts the others when there are any.
 * @param answer  owned by the caller (free), written on every return but ES_E_MEMORY
 * @return ES_OK; ES_E_IO or ES_E_STATE when the ledger said no: then "committed" tells how many lines were committed before */
ES_MUST_USE enum es_errc es_load_lines(struct es_site *site, const char *body, size_t len, struct es_load_counts *counts,
                                       char **answer, struct es_error *err);

#endif
