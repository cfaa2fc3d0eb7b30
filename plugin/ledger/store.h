/* SPDX-License-Identifier: Apache-2.0 */
/** @file store.h
 * What a store must do for the ledger: keep rows and find them. Knows no hashing; the chain is made in ledger.c.
 *
 * Only ledger.c and the stores include this. A store turns its library's errors into words once, here behind.
 */
#ifndef ES_PLUGIN_LEDGER_STORE_H
#define ES_PLUGIN_LEDGER_STORE_H

#include "plugin/base/hash.h"
#include "plugin/ledger/ledger.h"
#include "plugin/ledger/masks.h"
#include "plugin/pseudonym/pseudonym.h"

#define ES_SALT_SIZE 16
#define ES_LEAF_SIZE 32
#define ES_LINK_SIZE 32

/** One row as kept: the entry and its place in the chain. Pointers are borrowed for the call. entry.seq counts within its chain. */
struct es_row {
    struct es_entry entry;
    const char *node;    /* of the chain; NULL: the store has one */
    const uint8_t *salt; /* ES_SALT_SIZE bytes; NULL after erasure, as entry.body is */
    uint8_t leaf[ES_LEAF_SIZE], link[ES_LINK_SIZE];
};

struct es_store;

/** Masks beside the chain, as in masks.h. */
struct es_mask_store_type {
    enum es_errc (*keep)(struct es_store *store, const struct es_kept_mask *masks, size_t count, uint64_t limit, struct es_error *err);
    enum es_errc (*read)(struct es_store *store, const uint8_t *address, uint8_t **bytes, size_t *len, struct es_error *err);
    enum es_errc (*compared)(struct es_store *store, const uint8_t *identity, const uint8_t *address, struct es_error *err);
    enum es_errc (*forget)(struct es_store *store, const uint8_t *identity, struct es_error *err);
    enum es_errc (*stock)(struct es_store *store, struct es_mask_stock *out, struct es_error *err);
    /** Of a store that a spool is made of; NULL otherwise. */
    enum es_errc (*walk)(struct es_store *store, bool (*each)(void *context, const struct es_kept_mask *mask), void *context, struct es_error *err);
    enum es_errc (*clear)(struct es_store *store, struct es_error *err);
    /** Of a store that has a spool: count what was dropped there. NULL otherwise. */
    enum es_errc (*add_dropped)(struct es_store *store, uint64_t count, struct es_error *err);
};

/** One kind of store. Every call but close may fail with ES_E_IO, ES_E_STATE (damaged), ES_E_BUSY or ES_E_MEMORY. */
struct es_store_type {
    const char *prefix; /* of the URL: "sqlite:" */
    const struct es_mask_store_type *masks; /* NULL: it keeps none; a store that may go away keeps them */
    enum es_errc (*open)(struct es_store **out, const char *where, const char *node, const char *key_id, bool create, bool writer,
                         struct es_error *err);
    /** Is nothing there yet: no store, or one without key and entries? */
    enum es_errc (*is_new)(const char *where, bool *is_new, struct es_error *err);
    void (*close)(struct es_store *store);
    /** As es_ledger_inspect(), es_ledger_sound(), and the whole of it, indexes included, for es_ledger_verify(). NULL: the server sees to it. */
    enum es_errc (*inspect)(struct es_store *store, uint64_t at_once, struct es_error *err);
    enum es_errc (*sound)(struct es_store *store, bool wait, struct es_error *err);
    enum es_errc (*prove)(struct es_store *store, struct es_error *err);
    /** The chains that are there, sorted by bytes; *nodes owned by the caller (free). NULL: the store holds the writer's chain only, and
     * `node` below is not looked at. */
    enum es_errc (*nodes)(struct es_store *store, char (**nodes)[ES_NAME_SIZE], size_t *count, struct es_error *err);
    /** After a failure: has the store gone away, so that it may come back? NULL: never. */
    bool (*away)(const struct es_store *store);
    /** Try to come back; ES_OK when the store answers and the lease is held again. NULL with `away`. */
    enum es_errc (*come_back)(struct es_store *store, struct es_error *err);
    /** ES_OK when no other node is writing and all have ended in good order, else ES_E_BUSY and who is. NULL: there is one writer at a time. */
    enum es_errc (*alone)(struct es_store *store, struct es_error *err);
    /** Begin and end a snapshot for reading. */
    enum es_errc (*hold)(struct es_store *store, struct es_error *err);
    void (*release)(struct es_store *store);
    /** Give back memory that is held to read faster. NULL: there is none. */
    void (*shrink)(struct es_store *store);
    enum es_errc (*begin)(struct es_store *store, struct es_error *err);
    enum es_errc (*commit)(struct es_store *store, struct es_error *err);
    void (*rollback)(struct es_store *store);
    /** Insert into the writer's chain unless the identity is there. */
    enum es_errc (*insert)(struct es_store *store, const struct es_row *row, bool *inserted, struct es_error *err);
    /** Greatest seq of a chain and its link (0 and zeros when empty), and the seq that was noted with the last commit. */
    enum es_errc (*head)(struct es_store *store, const char *node, uint64_t *seq, uint8_t link[ES_LINK_SIZE], uint64_t *noted,
                         struct es_error *err);
    /** Between begin and commit. @return ES_E_STATE when it is not `before` that is noted: the chain is another than the writer's. */
    enum es_errc (*note_head)(struct es_store *store, uint64_t before, uint64_t seq, struct es_error *err);
    /** chain false: salt, leaf and link of the rows are not read, and left zero. */
    enum es_errc (*walk)(struct es_store *store, const char *node, uint64_t after, uint64_t until, bool chain,
                         bool (*each)(void *context, const struct es_row *row), void *context, struct es_error *err);
    /** One row to `each`, which is not called when there is none. */
    enum es_errc (*read)(struct es_store *store, const char *node, uint64_t seq, bool chain,
                         bool (*each)(void *context, const struct es_row *row), void *context, struct es_error *err);
    enum es_errc (*walk_event_id)(struct es_store *store, const struct es_pseudonym *event_id,
                                  bool (*each)(void *context, const struct es_row *row), void *context, struct es_error *err);
    /** seq 0: not there. node[0] stays as it is in a store of one chain. */
    enum es_errc (*find)(struct es_store *store, const uint8_t identity[ES_IDENTITY_SIZE], char node[ES_NAME_SIZE], uint64_t *seq,
                         struct es_error *err);
    /** Overwrite and remove salt, body, event_id and sent; between begin and commit. */
    enum es_errc (*erase)(struct es_store *store, const char *node, uint64_t seq, struct es_error *err);
    /** Make the journal forget what was erased. ES_E_BUSY while a reader needs it. */
    enum es_errc (*scrub)(struct es_store *store, struct es_error *err);
    enum es_errc (*note_set)(struct es_store *store, const char *name, const char *value, struct es_error *err);
    enum es_errc (*note_get)(struct es_store *store, const char *name, char *value, size_t size, struct es_error *err);
};

/** ES_NORMALISATION as text. */
#define ES_RULES_TEXT_OF(number) #number
#define ES_RULES_TEXT(number) ES_RULES_TEXT_OF(number)
#define ES_RULES ES_RULES_TEXT(ES_NORMALISATION)

extern const struct es_store_type es_store_sqlite, es_store_postgresql;

/** By which rules identifiers were normalised before they were hashed: `stored` is what a store keeps under "normalisation", "" in one that was
 * made before that was kept, by version 1. Other rules would not find who is there.
 * @return ES_OK, or ES_E_UNSUPPORTED with advice */
ES_MUST_USE enum es_errc es_store_same_rules(const char *stored, struct es_error *err);

/** leaf = SHA256(salt || body). */
ES_MUST_USE enum es_errc es_chain_leaf(struct es_hasher *hasher, const uint8_t salt[ES_SALT_SIZE], const uint8_t *body, size_t len,
                                       uint8_t leaf[ES_LEAF_SIZE], struct es_error *err);
/** link = SHA256(previous || u32 LE node length, node || u64 LE seq || i64 LE received || leaf). */
ES_MUST_USE enum es_errc es_chain_link(struct es_hasher *hasher, const uint8_t previous[ES_LINK_SIZE], const char *node, uint64_t seq,
                                       int64_t received, const uint8_t leaf[ES_LEAF_SIZE], uint8_t link[ES_LINK_SIZE],
                                       struct es_error *err);

#endif
