/* SPDX-License-Identifier: Apache-2.0 */
/** @file internal.h
 * What the files of the ledger share: ledger.c (open, close, heads, notes), append.c (the chain grows, entries are erased),
 * masks.c (masks beside the chain), read.c (walks and single entries), verify.c (the proof), away.c (a store that may go away).
 */
#ifndef ES_PLUGIN_LEDGER_INTERNAL_H
#define ES_PLUGIN_LEDGER_INTERNAL_H

#include "plugin/ledger/chains.h"
#include "plugin/ledger/spool.h"

struct es_ledger {
    const struct es_store_type *type;
    struct es_store *store;
    struct es_hasher *hasher;
    char node[ES_NAME_SIZE], key_id[64];
    bool writer;
    unsigned holds;
    struct es_chains chains;
    struct es_spool *spool; /* NULL: none; what is appended while the store is away */
    int64_t try_at, pause;  /* when to try to come back, monotonic microseconds */
};

/** The writer's own chain. It is added when the ledger opens, so that it is always there. */
struct es_chain *es_ledger_own(struct es_ledger *ledger);
/** Has the store gone away? */
bool es_ledger_is_gone(const struct es_ledger *ledger);
/** Learn how far each chain reaches by now. */
ES_MUST_USE enum es_errc es_ledger_load_heads(struct es_ledger *ledger, struct es_error *err);
/** Append to the store itself, whatever waits in the spool. Sets seq of taken entries to their numbers, of others to 0. */
ES_MUST_USE enum es_errc es_ledger_append_now(struct es_ledger *ledger, struct es_entry *entries, size_t count, enum es_taken *taken,
                                              struct es_error *err);
/** Keep masks in the store itself, whatever waits in the spool; those of erased entries are left out. The store keeps masks; count > 0. */
ES_MUST_USE enum es_errc es_ledger_masks_keep_now(struct es_ledger *ledger, const struct es_kept_mask *masks, size_t count, uint64_t limit,
                                                  struct es_error *err);

#endif
