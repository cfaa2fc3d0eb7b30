/* SPDX-License-Identifier: Apache-2.0 */
/** @file ledger.h
 * The append-only, hash-chained record of events: the only truth. Four calls and their kin; a store stands behind each ledger.
 *
 * leaf = SHA256(salt16 || body); link = SHA256(previous link32 || u32 LE node length, node || u64 LE seq || i64 LE received || leaf32);
 * the first link's previous is 32 zero bytes. One chain a node. One writer a chain at a time holds a lease.
 *
 * Entries are called by number: dense, from 1. In a ledger of one chain (SQLite) it is the seq. In a shared one (PostgreSQL, several nodes) it
 * counts the entries of all chains in the order in which this process learned of them: it never changes while the ledger is open and
 * means nothing outside; (node, seq) does.
 */
#ifndef ES_PLUGIN_LEDGER_H
#define ES_PLUGIN_LEDGER_H

#include "plugin/event/event.h"

struct es_ledger;

enum es_taken { ES_TAKEN, ES_DUPLICATE };

/** One body to append, or as stored. */
struct es_entry {
    uint64_t seq;                        /* its number; set by append, 0 when the entry waits in the spool */
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

/** Open (and create when it is not there and `create`) the ledger at "sqlite:/path" or "postgresql://..." (libpq's connection URI; a
 * password belongs into a password file). A relative path is taken from the working directory.
 * @param key_id  of the site's key: stored on creation; another id in the store is ES_E_STATE ("made with key X, this is key Y")
 * @param writer  take the writer's lease; ES_E_BUSY says who (process id, host, since) holds it
 * @return ES_OK, ES_E_IO, ES_E_STATE, ES_E_BUSY, ES_E_UNSUPPORTED (newer schema, with advice), ES_E_CONFIG (not a known store) */
ES_MUST_USE enum es_errc es_ledger_open(struct es_ledger **out, const char *url, const char *node, const char *key_id, bool create,
                                        bool writer, struct es_error *err);
/** True when no event was ever appended and no key id is stored: a key may be created. */
ES_MUST_USE enum es_errc es_ledger_is_new(const char *url, bool *is_new, struct es_error *err);
void es_ledger_close(struct es_ledger *ledger);

/** Look whether the store's file is whole, page by page: a file of up to `at_once` bytes before this returns, a larger one beside, on a thread of
 * its own. A store that is a server's sees to that itself. Once for each open ledger.
 * @return ES_OK: whole, or being looked at; ES_E_STATE: damaged, where; ES_E_IO: it cannot be read; ES_E_MEMORY, ES_E_BUSY */
ES_MUST_USE enum es_errc es_ledger_inspect(struct es_ledger *ledger, uint64_t at_once, struct es_error *err);
#define ES_LEDGER_AT_ONCE (UINT64_C(32) << 20) /* bytes; looked through in some hundredths of a second */
/** What the look beside has found so far; nothing is appended any more once it has found something.
 * @param wait  until it has ended @return ES_OK: nothing; else as es_ledger_inspect() */
ES_MUST_USE enum es_errc es_ledger_sound(struct es_ledger *ledger, bool wait, struct es_error *err);

/** Append a batch and commit durably. An entry whose identity is already there adds nothing. Sets seq of taken entries.
 * @return ES_OK, or ES_E_IO / ES_E_STATE: nothing was appended */
ES_MUST_USE enum es_errc es_ledger_append(struct es_ledger *ledger, struct es_entry *entries, size_t count, enum es_taken *taken,
                                          struct es_error *err);
/** Walk entries by number, from after + 1 to until; body is borrowed for the call. Return false from `each` to stop. */
ES_MUST_USE enum es_errc es_ledger_walk(struct es_ledger *ledger, uint64_t after, uint64_t until,
                                        bool (*each)(void *context, const struct es_entry *entry), void *context,
                                        struct es_error *err);
/** One entry by number to `each`, body borrowed for the call; not called when there is none. */
ES_MUST_USE enum es_errc es_ledger_visit(struct es_ledger *ledger, uint64_t number, bool (*each)(void *context, const struct es_entry *entry),
                                         void *context, struct es_error *err);
/** One entry by number; *body owned by the caller (NULL after erasure). */
ES_MUST_USE enum es_errc es_ledger_read(struct es_ledger *ledger, uint64_t number, struct es_entry *out, uint8_t **body,
                                        struct es_error *err);
/** Read under one snapshot until released: many reads then take the store's lock once, and what others append meanwhile is not seen.
 * Nothing is appended or erased between. Calls may be nested; every hold that gave ES_OK is released. */
ES_MUST_USE enum es_errc es_ledger_hold(struct es_ledger *ledger, struct es_error *err);
void es_ledger_release(struct es_ledger *ledger);
/** Behind a walk of the whole: give back what memory it left. */
void es_ledger_shrink(struct es_ledger *ledger);
/** Keep what is appended while a shared ledger is away in a file; what is there from before waits for es_ledger_hand_over(). Does nothing
 * for a ledger that cannot go away. */
ES_MUST_USE enum es_errc es_ledger_spool(struct es_ledger *ledger, const char *path, struct es_error *err);
/** Is no other node writing into it, and did none end without handing over its spool? @return ES_E_BUSY names the node, its process and host; ES_E_IO while a shared ledger is away */
ES_MUST_USE enum es_errc es_ledger_alone(struct es_ledger *ledger, struct es_error *err);
/** Do several nodes write into it? */
bool es_ledger_is_shared(const struct es_ledger *ledger);
/** Has the store gone away? *waiting: entries in the spool. While it is away what is appended, and masks (masks.h), go to the spool and
 * fail without one; all else fails with ES_E_IO. */
bool es_ledger_is_away(const struct es_ledger *ledger, uint64_t *waiting);
/** Of a shared ledger: come back if it was away (with growing pauses, 1 s to 1 min), learn what other nodes appended.
 * @return ES_OK; ES_E_IO while it is away; ES_E_STATE when what was known no longer stands there, as after an older backup was put back */
ES_MUST_USE enum es_errc es_ledger_refresh(struct es_ledger *ledger, struct es_error *err);
/** Append what waits in the spool, after what other nodes did meanwhile was taken in. Does nothing while the ledger is away.
 * @param unwanted  entries for which it is true are erased from the spool instead, with their masks: their person was erased meanwhile */
ES_MUST_USE enum es_errc es_ledger_hand_over(struct es_ledger *ledger, bool (*unwanted)(void *context, const struct es_entry *entry), void *context,
                                             struct es_error *err);
/** How many entries are known: the greatest number. */
uint64_t es_ledger_count(const struct es_ledger *ledger);
/** Where an entry stands: index into what es_ledger_heads() gives, and seq within that chain. false: no such number. */
bool es_ledger_place(const struct es_ledger *ledger, uint64_t number, size_t *chain, uint64_t *seq);
#define ES_ENTRY_WORDS (ES_NAME_SIZE + 40)
/** What an entry is called in messages: "entry 5", of a shared ledger "node north: entry 5", by its place in its chain. @return words */
const char *es_ledger_words(const struct es_ledger *ledger, uint64_t number, char words[ES_ENTRY_WORDS]);
/** Heads of all chains: the last entry that is known of each; seq 0 where there is none. Their order stays, new ones come behind.
 * *heads owned by the caller. */
ES_MUST_USE enum es_errc es_ledger_heads(struct es_ledger *ledger, struct es_head **heads, size_t *count, struct es_error *err);
/** The head of a chain as it was at seq (for a report as of an event). @param node  NULL: this node's */
ES_MUST_USE enum es_errc es_ledger_head_at(struct es_ledger *ledger, const char *node, uint64_t seq, struct es_head *out,
                                           struct es_error *err);
/** Remove salt, body and what the sender called and dated it of entries everywhere, the journal included; identity and leaf stay. One transaction: all or
 * none.
 * @param numbers  of any node; an entry that was erased before stays so
 * @param record   appended in the same transaction, as a batch of one; NULL: none. Its seq is set
 * @return ES_OK; ES_E_ARG when an entry is not there; ES_E_BUSY: erased, but a reader keeps the journal from being cut: es_ledger_scrub()
 * later; ES_E_IO, ES_E_STATE: nothing was erased */
ES_MUST_USE enum es_errc es_ledger_erase(struct es_ledger *ledger, const uint64_t *numbers, size_t count, struct es_entry *record,
                                         struct es_error *err);
/** Cut what was erased out of the store's journal. @return also ES_E_BUSY while a reader needs it */
ES_MUST_USE enum es_errc es_ledger_scrub(struct es_ledger *ledger, struct es_error *err);
/** Prove the chain, then the store's pages and indexes. Names the first bad entry: "entry 42: link does not follow from entry 41". */
ES_MUST_USE enum es_errc es_ledger_verify(struct es_ledger *ledger, uint64_t *entries, struct es_error *err);
/** Number of the entry with this identity, erased or not; 0 when none is known. */
ES_MUST_USE enum es_errc es_ledger_find(struct es_ledger *ledger, const uint8_t identity[ES_IDENTITY_SIZE], uint64_t *number,
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
