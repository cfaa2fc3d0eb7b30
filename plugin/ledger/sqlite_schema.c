/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a ledger in an SQLite file, and how those of an older version come forward. */
#include <string.h>

#include "plugin/ledger/sqlite.h"

#define APPLICATION_ID 0x45765367 /* "EvSg": tells our files from other SQLite files */

/* Row i makes version i + 1 of what version i was: a new file gets them all, an older one those it lacks, so that both have the same tables.
 * A row that was released is never changed; what changes is a new one. tests/test_ledger_schema.c opens a file of each version. */
static const char *const steps[] = {
    /* 1: the chain, and notes beside it */
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE entry (seq INTEGER PRIMARY KEY, received INTEGER NOT NULL, sent INTEGER, identity BLOB NOT NULL,"
    " event_id BLOB, salt BLOB, body BLOB, leaf BLOB NOT NULL, link BLOB NOT NULL);"
    "CREATE UNIQUE INDEX entry_identity ON entry (identity);"
    "CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL);"
    "INSERT INTO head VALUES (1, 0);"
    "CREATE TABLE lease (id INTEGER PRIMARY KEY CHECK (id = 1), pid INTEGER NOT NULL, host TEXT NOT NULL, since INTEGER NOT NULL,"
    " token TEXT NOT NULL);"
    "CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;",
    /* 2: a retraction finds its event by an index; masks beside the chain. Some files of version 1 have the one or the other. */
    "CREATE INDEX IF NOT EXISTS entry_event_id ON entry (event_id) WHERE event_id IS NOT NULL;"
    "CREATE TABLE IF NOT EXISTS mask (address BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS mask_of (identity BLOB NOT NULL, address BLOB NOT NULL, produced INTEGER NOT NULL,"
    " compared INTEGER NOT NULL, PRIMARY KEY (identity, address)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS mask_of_address ON mask_of (address);"
    "CREATE TABLE IF NOT EXISTS mask_dropped (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL);"
    "INSERT OR IGNORE INTO mask_dropped VALUES (1, 0);",
};
#define VERSION ((int)(sizeof steps / sizeof steps[0]))

enum es_errc es_sqlite_schema_read(struct es_store *store, int64_t *version, struct es_error *err)
{
    int64_t application = 0, tables = 0;
    enum es_errc code = es_sqlite_number(store, "SELECT count(*) FROM sqlite_schema", &tables, err);
    if (code == ES_OK) code = es_sqlite_number(store, "PRAGMA application_id", &application, err);
    if (code == ES_OK) code = es_sqlite_number(store, "PRAGMA user_version", version, err);
    if (code != ES_OK || (tables == 0 && application == 0 && *version == 0)) return code;
    if (application != APPLICATION_ID)
        return es_fail(err, ES_E_STATE, "ledger: %.160s is an SQLite file of another program", store->path);
    if (*version > VERSION)
        return es_fail(err, ES_E_UNSUPPORTED,
                       "ledger: %.100s has schema %lld, this version reads up to %d: use the newer Evensight that wrote it", store->path,
                       (long long)*version, VERSION);
    if (*version < 1) return es_fail(err, ES_E_STATE, "ledger: %.150s has no schema version: damaged", store->path);
    return ES_OK;
}

/* The steps behind `version`, within a transaction. */
static enum es_errc climb(struct es_store *store, int64_t version, struct es_error *err)
{
    char sql[96];
    enum es_errc code = ES_OK;
    for (int i = (int)version; i < VERSION && code == ES_OK; i++) code = es_sqlite_run(store, steps[i], err);
    sqlite3_snprintf(sizeof sql, sql, "PRAGMA application_id = %d; PRAGMA user_version = %d;", APPLICATION_ID, VERSION);
    return code == ES_OK ? es_sqlite_run(store, sql, err) : code;
}

enum es_errc es_sqlite_schema_make(struct es_store *store, const char *node, const char *key_id, struct es_error *err)
{
    enum es_errc code = es_sqlite_run(store, "BEGIN IMMEDIATE", err);
    if (code != ES_OK) return code;
    code = climb(store, 0, err);
    if (code == ES_OK) code = es_sqlite_text_set(store, META_SET, "key", key_id, err);
    if (code == ES_OK) code = es_sqlite_text_set(store, META_SET, "node", node, err);
    if (code == ES_OK) code = es_sqlite_text_set(store, META_SET, "normalisation", ES_RULES, err);
    if (code == ES_OK) code = es_sqlite_run(store, "COMMIT", err);
    if (code != ES_OK) es_sqlite_rollback(store);
    return code;
}

enum es_errc es_sqlite_schema_raise(struct es_store *store, int64_t version, struct es_error *err)
{
    struct es_error inner = {0};
    if (version >= VERSION) return ES_OK;
    enum es_errc code = es_sqlite_run(store, "BEGIN IMMEDIATE", &inner);
    if (code == ES_OK) code = climb(store, version, &inner);
    if (code == ES_OK) code = es_sqlite_run(store, "COMMIT", &inner);
    if (code == ES_OK) return ES_OK;
    es_sqlite_rollback(store);
    return es_fail(err, code, "from schema %lld to %d: %s", (long long)version, VERSION, inner.text);
}

static enum es_errc same(struct es_store *store, const char *name, const char *what, const char *given, const char *advice, struct es_error *err)
{
    char stored[256];
    const enum es_errc code = es_sqlite_text_get(store, META_GET, name, stored, sizeof stored, err);
    if (code != ES_OK || strcmp(stored, given) == 0) return code;
    return es_fail(err, ES_E_STATE, "ledger: %.80s was made with %s %.40s, this is %s %.40s%s", store->path, what, stored, what, given, advice);
}

enum es_errc es_sqlite_owner(struct es_store *store, const char *node, const char *key_id, struct es_error *err)
{
    char rules[32];
    enum es_errc code = same(store, "key", "key", key_id, ": restore its key file from a backup", err);
    if (code == ES_OK) code = same(store, "node", "site", node, "", err);
    if (code == ES_OK) code = es_sqlite_text_get(store, META_GET, "normalisation", rules, sizeof rules, err);
    return code == ES_OK ? es_store_same_rules(rules, err) : code;
}
