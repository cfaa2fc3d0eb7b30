/* SPDX-License-Identifier: Apache-2.0 */
/** @file masks.h
 * Masks kept beside the chain, so that a result's and a reference's can be compared whichever comes first.
 *
 * Content-addressed: equal masks are kept once, under their keyed hash; each event that brought one names it. Outside the chain: nothing
 * here decides what is in the ledger, and `verify` does not look at it. Capped: past the limit, masks are dropped in a fixed order: first
 * those whose every event has been compared, among equals the oldest by what their events say, then by address. A pair that was compared
 * stays as long as there is room, because a corrected reference must find the result's mask again (and the reverse). What was dropped is counted.
 */
#ifndef ES_PLUGIN_LEDGER_MASKS_H
#define ES_PLUGIN_LEDGER_MASKS_H

#include "plugin/ledger/ledger.h"
#include "plugin/mask/mask.h"

/** One mask of one event. */
struct es_kept_mask {
    uint8_t identity[ES_IDENTITY_SIZE];     /* of the event */
    uint8_t address[ES_MASK_ADDRESS_SIZE];
    int64_t produced;                       /* of the event; ES_NO_INSTANT counts as the oldest */
    const uint8_t *bytes;                   /* stored form (mask/mask.h); borrowed */
    size_t len;
};
struct es_mask_stock {
    uint64_t masks, bytes; /* that are kept */
    uint64_t dropped;      /* for want of room, ever */
};

/** Keep masks, durably, then drop what is past the limit. One that is there already is not kept again.
 *
 * Those of an event whose entry is erased are left out. While a shared ledger is away they go to its spool, under the same limit.
 * @param limit  bytes of stored forms; 0 keeps none
 * @return ES_OK; ES_E_UNSUPPORTED (this kind of ledger keeps none), ES_E_IO, ES_E_STATE */
ES_MUST_USE enum es_errc es_ledger_masks_keep(struct es_ledger *ledger, const struct es_kept_mask *masks, size_t count, uint64_t limit,
                                              struct es_error *err);
/** A mask by its address. @param bytes  owned by the caller (free); NULL when there is none (any more) */
ES_MUST_USE enum es_errc es_ledger_mask_read(struct es_ledger *ledger, const uint8_t address[ES_MASK_ADDRESS_SIZE], uint8_t **bytes,
                                             size_t *len, struct es_error *err);
/** Note that a mask of an event has been compared: from now on they are the first to go. */
ES_MUST_USE enum es_errc es_ledger_mask_compared(struct es_ledger *ledger, const uint8_t identity[ES_IDENTITY_SIZE],
                                                 const uint8_t address[ES_MASK_ADDRESS_SIZE], struct es_error *err);
/** Remove all masks of an event (a person was erased); one that another event brought too stays for that. */
ES_MUST_USE enum es_errc es_ledger_masks_forget(struct es_ledger *ledger, const uint8_t identity[ES_IDENTITY_SIZE], struct es_error *err);
/** What is there by now. Of a shared ledger: by all nodes, without what waits in spools. */
ES_MUST_USE enum es_errc es_ledger_masks_stock(struct es_ledger *ledger, struct es_mask_stock *out, struct es_error *err);
/** What a spool needs: every kept mask, once for each event that brought it, the oldest first; borrowed for the call. `each` ends the walk
 * with false. Then remove all of them, and what was dropped counts anew. @return ES_E_UNSUPPORTED unless in a file of one's own (SQLite) */
ES_MUST_USE enum es_errc es_ledger_masks_walk(struct es_ledger *ledger, bool (*each)(void *context, const struct es_kept_mask *mask),
                                              void *context, struct es_error *err);
ES_MUST_USE enum es_errc es_ledger_masks_clear(struct es_ledger *ledger, struct es_error *err);

#endif
