/* SPDX-License-Identifier: Apache-2.0 */
/** @file postgresql.h
 * The connection behind the PostgreSQL store: statements, errors in words, schema, the lease. Only the files of the store include this.
 */
#ifndef ES_PLUGIN_LEDGER_POSTGRESQL_H
#define ES_PLUGIN_LEDGER_POSTGRESQL_H

#include <libpq-fe.h>

#include "plugin/ledger/store.h"

enum es_pg_statement { INSERT, NODES, NOTED, LAST, NOTE_FIRST, NOTE_NEXT, WALK, WALK_CHAIN, BY_EVENT_ID, FIND, ERASE, NOTE_SET, NOTE_DELETE, NOTE_GET, META_GET, META_SET,
                 LEASE_TRY, LEASE_GET, LEASE_SET, LEASE_DELETE, LEASE_OTHERS, LEASE_END,
                 MASK_TABLES, MASK_KEEP, MASK_OF_KEEP, MASK_DROP, MASK_DROPPED, MASK_READ, MASK_COMPARED, MASK_FORGET, MASK_LOOSE, MASK_STOCK,
                 ERASED, UNKEYED, OWNED,
                 ES_PG_STATEMENTS };

struct es_store {
    char *url, node[ES_NAME_SIZE], key_id[64], token[33];
    PGconn *db;
    bool writer, leased, away, ready[ES_PG_STATEMENTS];
    bool masks; /* their tables are known to be there */
};

/** One parameter: text (len -1), bytes, or NULL. */
struct es_pg_given {
    const void *data;
    int len;
};
#define TEXT(text) {(text), -1}
#define BYTES(bytes, size) {(bytes), (int)(size)}

/** A number as int8send writes it. */
struct es_pg_number_big {
    uint64_t big;
};
struct es_pg_number_big es_pg_big(int64_t value);
#define NUMBER(name) {&(name).big, 8}

/** What went wrong, in words: the first line of what the server said; its details may hold values, this does not. */
ES_MUST_USE enum es_errc es_pg_refuse(struct es_store *store, const PGresult *result, struct es_error *err);
/** What the server answers to commands without parameters; owned by the caller: PQclear(). NULL or an error when it stays silent for too long, which
 * ends the connection. */
PGresult *es_pg_query(struct es_store *store, const char *sql);
/** The same for those that answer nothing. */
ES_MUST_USE enum es_errc es_pg_run(struct es_store *store, const char *sql, struct es_error *err);
/** COMMIT, and see that it was one. */
ES_MUST_USE enum es_errc es_pg_commit(struct es_store *store, struct es_error *err);
void es_pg_rollback(struct es_store *store);
/** A prepared statement; the answer is owned by the caller: PQclear(). NULL unless ES_OK. */
ES_MUST_USE enum es_errc es_pg_ask(struct es_store *store, enum es_pg_statement which, const struct es_pg_given *given, ExecStatusType expected,
                                   PGresult **out, struct es_error *err);
/** The same for one that answers nothing. */
enum es_errc es_pg_tell(struct es_store *store, enum es_pg_statement which, const struct es_pg_given *given, struct es_error *err);
/** A number of 4 or 8 bytes. */
int64_t es_pg_number(const PGresult *result, int row, int column);
/** Bytes of a fixed size; false when they are NULL or of another. */
bool es_pg_bytes(const PGresult *result, int row, int column, void *out, int size);

ES_MUST_USE enum es_errc es_pg_connect(struct es_store *store, struct es_error *err);
/** A value beside the chains; "" when there is none. */
ES_MUST_USE enum es_errc es_pg_meta(struct es_store *store, const char *name, char *value, size_t size, struct es_error *err);
/** Is there a schema of ours, one that we read? */
ES_MUST_USE enum es_errc es_pg_check_schema(struct es_store *store, bool *there, struct es_error *err);
/** Make what of the tables is missing (postgresql.sql). */
ES_MUST_USE enum es_errc es_pg_make_tables(struct es_store *store, struct es_error *err);
/** Tables and the key they are made with, unless all is there. @param there  as es_pg_check_schema() found */
ES_MUST_USE enum es_errc es_pg_create_schema(struct es_store *store, bool there, struct es_error *err);
/** Can no event be there twice? An administrator may have made the tables. @return ES_E_STATE names the table without the key */
ES_MUST_USE enum es_errc es_pg_check_unique(struct es_store *store, struct es_error *err);
ES_MUST_USE enum es_errc es_pg_check_key(struct es_store *store, struct es_error *err);
/** Take the lease on the node's chain. @return ES_E_BUSY: who holds it */
ES_MUST_USE enum es_errc es_pg_lease(struct es_store *store, struct es_error *err);

/** Is no other node writing? @return ES_E_BUSY: the first that is, and which process */
ES_MUST_USE enum es_errc es_pg_alone(struct es_store *store, struct es_error *err);

/** Masks beside the chains (postgresql_masks.c). */
extern const struct es_mask_store_type es_pg_masks;
/** Remove masks of erased entries that another node kept while they were being erased, and write the tables anew. */
ES_MUST_USE enum es_errc es_pg_scrub_masks(struct es_store *store, struct es_error *err);

#endif
