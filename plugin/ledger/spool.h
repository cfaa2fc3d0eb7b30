/* SPDX-License-Identifier: Apache-2.0 */
/** @file spool.h
 * Where a writer puts what it must keep while its shared ledger is away: a small SQLite ledger of its own, emptied when the store is back.
 *
 * What is put is durable. Draining appends to the shared ledger first, then notes how far it came, then erases; a crash between the two
 * makes duplicates, which the shared ledger knows by identity. An empty spool has no file.
 */
#ifndef ES_PLUGIN_LEDGER_SPOOL_H
#define ES_PLUGIN_LEDGER_SPOOL_H

#include "plugin/ledger/masks.h"

struct es_spool;

/** What is there from an earlier life is found again. @param path  of the file; its directory must be there when something is put
 * @return ES_OK, or what opening a ledger says (another key, damaged, held by another process) */
ES_MUST_USE enum es_errc es_spool_open(struct es_spool **out, const char *path, const char *node, const char *key_id, struct es_error *err);
void es_spool_close(struct es_spool *spool);
uint64_t es_spool_count(const struct es_spool *spool);
/** Keep a batch durably. taken[i] is ES_DUPLICATE for an identity that already waits. */
ES_MUST_USE enum es_errc es_spool_put(struct es_spool *spool, struct es_entry *entries, size_t count, enum es_taken *taken,
                                      struct es_error *err);
/** Keep masks durably (es_ledger_masks_keep()), with the limit that they will be kept under. */
ES_MUST_USE enum es_errc es_spool_keep_masks(struct es_spool *spool, const struct es_kept_mask *masks, size_t count, uint64_t limit,
                                             struct es_error *err);

/** Erase entries for which `unwanted` is true, and their masks; they are handed over to nobody. */
ES_MUST_USE enum es_errc es_spool_discard(struct es_spool *spool, bool (*unwanted)(void *context, const struct es_entry *entry), void *context,
                                          struct es_error *err);
/** Who takes what waits. Each may get again what it was given before, when a stop came between. */
struct es_spool_heir {
    void *context;
    enum es_errc (*append)(void *context, struct es_entry *entries, size_t count, struct es_error *err);
    enum es_errc (*keep)(void *context, const struct es_kept_mask *mask, uint64_t limit, struct es_error *err);
    enum es_errc (*add_dropped)(void *context, uint64_t count, struct es_error *err); /* masks that the spool had no room for */
};
/** Hand everything over and remove it: first the masks, so that who sees an event finds its mask, then entries in batches, oldest first.
 * Stops at the first failure; the rest waits. */
ES_MUST_USE enum es_errc es_spool_drain(struct es_spool *spool, const struct es_spool_heir *heir, struct es_error *err);

#endif
