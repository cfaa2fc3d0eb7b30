/* SPDX-License-Identifier: Apache-2.0 */
/** @file ledger.h
 * The append-only, hash-chained record of events: the only truth. Four calls and their kin; a store stands behind each ledger.
 *
 * leaf = SHA256(salt16 || body); link = SHA256(previous link32 || u32 LE node length, node || u64 LE seq || i64 LE received || leaf32);
 * the first link's previous is 32 zero bytes. One chain a node. One writer at a time holds a lease.
 */
#ifndef ES_PLUGIN_LEDGER_H
#define ES_PLUGIN_LEDGER_H

#include "plugin/event.h"

struct es_ledger;

enum es_taken { ES_TAKEN, ES_DUPLICATE };

/** One body to append, or as stored. */
struct es_entry {
    uint64_t seq;                        /* 1, 2, ... of its node; set by append */
    int64_t received;                    /* microseconds UTC; ours */
    int64_t sent;                        /* the sender's, or ES_NO_INSTANT */
    uint8_t identity[ES_IDENTITY_SIZE];
    struct es_pseudonym event_id;        /* of the sender; absent pseudonym when none */
    const uint8_t *body;                 /* borrowed; NULL after erasure */
    size_t len;
};

struct es_head {
    char node[ES_NAME_SIZE];
    uint64_t seq;
    uint8_t link[32];
};

/** Open (and create when it is not there and `create`) the ledger at "sqlite:/path". A relative path is taken from the working directory.
 * @param key_id  of the site's key: stored on creation; another id in the store is ES_E_STATE ("made with key X, this is key Y")
 * @param writer  take the writer's lease; ES_E_BUSY says who (process id, host, since) holds it
 * @return ES_OK, ES_E_IO, ES_E_STATE, ES_E_BUSY, ES_E_UNSUPPORTED (newer schema, with advice), ES_E_CONFIG (not a known store) */
ES_MUST_USE enum es_errc es_ledger_open(struct es_ledger **out, const char *url, const char *node, const char *key_id, bool create,
                                        bool writer, struct es_error *err);
/** True when no event was ever appended and no key id is stored: a key may be created. */
ES_MUST_USE enum es_errc es_ledger_is_new(const char *url, bool *is_new, struct es_error *err);
void es_ledger_close(struct es_ledger *ledger);

/** Append a batch and commit durably. An entry whose identity is already there adds nothing. Sets seq of taken entries.
 * @return ES_OK, or ES_E_IO / ES_E_STATE: nothing was appended */
ES_MUST_USE enum es_errc es_ledger_append(struct es_ledger *ledger, struct es_entry *entries, size_t count, enum es_taken *taken,
                                          struct es_error *err);
/** Walk entries with seq > after in order; body is borrowed for the call. Return false from `each` to stop. */
ES_MUST_USE enum es_errc es_ledger_walk(struct es_ledger *ledger, uint64_t after, uint64_t until,
                                        bool (*each)(void *context, const struct es_entry *entry), void *context,
                                        struct es_error *err);
/** One entry by seq to `each`, body borrowed for the call; not called when there is none. */
ES_MUST_USE enum es_errc es_ledger_visit(struct es_ledger *ledger, uint64_t seq, bool (*each)(void *context, const struct es_entry *entry),
                                         void *context, struct es_error *err);
/** One entry by seq; *body owned by the caller (NULL after erasure). */
ES_MUST_USE enum es_errc es_ledger_read(struct es_ledger *ledger, uint64_t seq, struct es_entry *out, uint8_t **body,
                                        struct es_error *err);
/** Read under one snapshot until released: many reads then take the store's lock once, and what others append meanwhile is not seen.
 * Nothing is appended or erased between. Calls may be nested; every hold that gave ES_OK is released. */
ES_MUST_USE enum es_errc es_ledger_hold(struct es_ledger *ledger, struct es_error *err);
void es_ledger_release(struct es_ledger *ledger);
/** Heads of all chains (of this node: last entry). *heads owned by the caller. */
ES_MUST_USE enum es_errc es_ledger_heads(struct es_ledger *ledger, struct es_head **heads, size_t *count, struct es_error *err);
/** The head as it was at seq (for a report as of an event). */
ES_MUST_USE enum es_errc es_ledger_head_at(struct es_ledger *ledger, uint64_t seq, struct es_head *out, struct es_error *err);
/** Remove salt and body of entries everywhere, the journal included; identity and leaf stay. One transaction: all or none.
 * @param seqs    of this node; an entry that was erased before stays so
 * @param record  appended in the same transaction, as a batch of one; NULL: none. Its seq is set
 * @return ES_OK; ES_E_ARG when an entry is not there; ES_E_BUSY: erased, but a reader keeps the journal from being cut: es_ledger_scrub()
 * later; ES_E_IO, ES_E_STATE: nothing was erased */
ES_MUST_USE enum es_errc es_ledger_erase(struct es_ledger *ledger, const uint64_t *seqs, size_t count, struct es_entry *record,
                                         struct es_error *err);
/** Cut what was erased out of the store's journal. @return also ES_E_BUSY while a reader needs it */
ES_MUST_USE enum es_errc es_ledger_scrub(struct es_ledger *ledger, struct es_error *err);
/** Prove the chain. Names the first bad entry: "entry 42: link does not follow from entry 41". */
ES_MUST_USE enum es_errc es_ledger_verify(struct es_ledger *ledger, uint64_t *entries, struct es_error *err);
/** Seq of the entry with this identity, erased or not; 0 when there is none. */
ES_MUST_USE enum es_errc es_ledger_find(struct es_ledger *ledger, const uint8_t identity[ES_IDENTITY_SIZE], uint64_t *seq,
                                        struct es_error *err);
/** Walk the entries with this event id (of the sender) in order; body is borrowed for the call. */
ES_MUST_USE enum es_errc es_ledger_walk_event_id(struct es_ledger *ledger, const struct es_pseudonym *event_id,
                                                 bool (*each)(void *context, const struct es_entry *entry), void *context,
                                                 struct es_error *err);
/** Small named values beside the chain (host cursors). value "" deletes. get: "" when there is none. */
ES_MUST_USE enum es_errc es_ledger_note_set(struct es_ledger *ledger, const char *name, const char *value, struct es_error *err);
ES_MUST_USE enum es_errc es_ledger_note_get(struct es_ledger *ledger, const char *name, char *value, size_t size,
                                            struct es_error *err);
#endif
