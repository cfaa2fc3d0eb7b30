/* SPDX-License-Identifier: Apache-2.0 */
/** @file relay.h
 * A long piece of work in chunks: made by two hands at once, used by one, in order.
 *
 * Opening a site reads the whole ledger again, twice: which events belong together, then what each bundle says. Both are mostly
 * reading and decoding, which need nobody; only a small part changes the site. So a second thread makes chunks ahead, for as long as this
 * call lasts, and the caller's thread uses them in their order (and makes some itself where it would wait). Each makes a few neighbours in a
 * run, which share pages of the ledger's file. What comes out does not depend on who made what. The second thread owns nothing, changes nothing that is shared, and is joined before the call returns: the
 * rule that one thread owns site and cohort stands.
 */
#ifndef ES_PLUGIN_RELAY_H
#define ES_PLUGIN_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dicom/error.h"

#define ES_RELAY_SLOTS 8
#define ES_RELAY_HANDS 2

/** The work. `hand` is 0 for the caller's thread, 1 for the second one: what is not shared is kept apart by it. */
struct es_relay {
    uint64_t chunks;
    /** Make chunk number `chunk` into its slot. Called on either thread, for each chunk once. */
    enum es_errc (*make)(void *context, unsigned hand, uint64_t chunk, void *slot, struct es_error *err);
    /** Use what was made. Called on the caller's thread only, chunk after chunk. */
    enum es_errc (*use)(void *context, uint64_t chunk, void *slot, struct es_error *err);
    void *context;
    void *slots[ES_RELAY_SLOTS]; /* borrowed; after a failure some hold chunks that were made and not used */
};

/** Do the work. @param help  with a second thread; without one, or when it cannot be started, the caller does all
 * @return ES_OK, or the first failure in the order of chunks */
ES_MUST_USE enum es_errc es_relay_run(const struct es_relay *relay, bool help, struct es_error *err);

#endif
