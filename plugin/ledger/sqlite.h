/* SPDX-License-Identifier: Apache-2.0 */
/** @file sqlite.h
 * What the files of the SQLite store share: sqlite.c (its calls), sqlite_connection.c (statements, errors in words),
 * sqlite_schema.c (tables, and how older ones come forward), sqlite_open.c (open, close, the lease), sqlite_check.c (is the file whole?),
 * sqlite_masks.c (masks beside the chain). They alone call sqlite3.
 */
#ifndef ES_PLUGIN_LEDGER_SQLITE_H
#define ES_PLUGIN_LEDGER_SQLITE_H

#include <sqlite3.h>
#include <sys/types.h>

#include "plugin/ledger/store.h"

enum es_sqlite_statement { INSERT, HEAD, NOTE_HEAD, WALK, WALK_CHAIN, READ, READ_CHAIN, BY_EVENT_ID, FIND, ERASE, NOTE_SET, NOTE_DELETE, NOTE_GET, META_GET,
                           META_SET, LEASE_GET, LEASE_SET, LEASE_DELETE, HOLD, RELEASE, ES_SQLITE_STATEMENTS };
#define ENTRY_COLUMNS "seq, received, sent, identity, event_id, body"

/** A look at the whole file that goes on beside (sqlite_check.c). */
struct es_sqlite_check;

struct es_store {
    char *path;
    sqlite3 *db;
    sqlite3_stmt *statements[ES_SQLITE_STATEMENTS];
    int lease; /* descriptor of the lease file; -1 for a reader */
    dev_t device; /* of the file that a writer has open, and its number there */
    ino_t inode;
    bool written; /* by this connection */
    struct es_sqlite_walk *walk; /* that runs; NULL: none */
    struct es_sqlite_check *check; /* NULL: none was begun */
};

/* ---- sqlite_connection.c ---- */

/** An SQLite result code as ours, in words. */
enum es_errc es_sqlite_refuse(const struct es_store *store, int result, struct es_error *err);
/** What keeps a file from being opened: the path, its directory, its rights. */
enum es_errc es_sqlite_cannot_open(const char *path, struct es_error *err);
/** @param flags  SQLITE_OPEN_...; the connection belongs to one thread @param name  a path, or a URI with SQLITE_OPEN_URI */
ES_MUST_USE enum es_errc es_sqlite_connect(struct es_store *store, int flags, const char *name, struct es_error *err);
/** Commands that answer nothing. */
ES_MUST_USE enum es_errc es_sqlite_run(struct es_store *store, const char *sql, struct es_error *err);
void es_sqlite_rollback(struct es_store *store);
/** A statement of the table, prepared once and kept; es_sqlite_rest() it when its rows were read. */
ES_MUST_USE enum es_errc es_sqlite_ready(struct es_store *store, enum es_sqlite_statement which, sqlite3_stmt **out, struct es_error *err);
void es_sqlite_rest(sqlite3_stmt *statement);
/** Step and rest one that gives no row. */
enum es_errc es_sqlite_finish(struct es_store *store, sqlite3_stmt *statement, struct es_error *err);
/** The whole number that a query answers; no row is damage. */
ES_MUST_USE enum es_errc es_sqlite_number(struct es_store *store, const char *sql, int64_t *out, struct es_error *err);
/** A text of a table of name and value; "" when there is none. */
ES_MUST_USE enum es_errc es_sqlite_text_get(struct es_store *store, enum es_sqlite_statement which, const char *name, char *value, size_t size,
                                            struct es_error *err);
/** @param value  NULL: the statement has no second parameter */
ES_MUST_USE enum es_errc es_sqlite_text_set(struct es_store *store, enum es_sqlite_statement which, const char *name, const char *value,
                                            struct es_error *err);

/* ---- sqlite_schema.c ---- */

/** Ours, of a schema that we read? *version: what the file has; 0: nothing is in it at all.
 * @return ES_E_STATE: another program's, or damaged; ES_E_UNSUPPORTED: newer, with advice */
ES_MUST_USE enum es_errc es_sqlite_schema_read(struct es_store *store, int64_t *version, struct es_error *err);
/** Make the tables of a ledger in an empty file. All or nothing. */
ES_MUST_USE enum es_errc es_sqlite_schema_make(struct es_store *store, const char *node, const char *key_id, struct es_error *err);
/** Bring an older schema forward, step by step. All or nothing; what is stored stays as it is. */
ES_MUST_USE enum es_errc es_sqlite_schema_raise(struct es_store *store, int64_t version, struct es_error *err);
/** Is it the ledger of this node and key? */
ES_MUST_USE enum es_errc es_sqlite_owner(struct es_store *store, const char *node, const char *key_id, struct es_error *err);

/* ---- sqlite_open.c ---- */

ES_MUST_USE enum es_errc es_sqlite_open(struct es_store **out, const char *where, const char *node, const char *key_id, bool create, bool writer,
                                        struct es_error *err);
ES_MUST_USE enum es_errc es_sqlite_is_new(const char *where, bool *is_new, struct es_error *err);
void es_sqlite_close(struct es_store *store);

/* ---- sqlite_check.c ---- */

/** As inspect, sound and prove of store.h. */
ES_MUST_USE enum es_errc es_sqlite_inspect(struct es_store *store, uint64_t at_once, struct es_error *err);
ES_MUST_USE enum es_errc es_sqlite_sound(struct es_store *store, bool wait, struct es_error *err);
ES_MUST_USE enum es_errc es_sqlite_prove(struct es_store *store, struct es_error *err);
/** End a look that goes on beside, and free. NULL is allowed. */
void es_sqlite_check_end(struct es_sqlite_check *check);

extern const struct es_mask_store_type es_sqlite_masks;

#endif
