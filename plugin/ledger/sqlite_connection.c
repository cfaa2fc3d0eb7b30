/* SPDX-License-Identifier: Apache-2.0 */
/* The connection to an SQLite file: its errors in words, its statements. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/ledger/sqlite.h"

#define BUSY_MS 5000

#define ROW_COLUMNS ENTRY_COLUMNS ", salt, leaf, link"
static const char *const statement_sql[ES_SQLITE_STATEMENTS] = {
    [INSERT] = "INSERT INTO entry (" ROW_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (identity) DO NOTHING",
    [HEAD] = "SELECT head.seq, entry.seq, entry.link FROM head LEFT JOIN entry ON entry.seq = (SELECT max(seq) FROM entry)",
    [NOTE_HEAD] = "UPDATE head SET seq = ?1",
    [WALK] = "SELECT 1 FROM entry WHERE seq > ?1 AND es_each(" ENTRY_COLUMNS ") ORDER BY seq", /* which ends it: sqlite.c */
    [WALK_CHAIN] = "SELECT " ROW_COLUMNS " FROM entry WHERE seq > ?1 AND seq <= ?2 ORDER BY seq",
    [READ] = "SELECT " ENTRY_COLUMNS " FROM entry WHERE seq = ?1",
    [READ_CHAIN] = "SELECT " ROW_COLUMNS " FROM entry WHERE seq = ?1",
    [BY_EVENT_ID] = "SELECT " ENTRY_COLUMNS " FROM entry WHERE event_id = ?1 ORDER BY seq",
    [FIND] = "SELECT seq FROM entry WHERE identity = ?1",
    [ERASE] = "UPDATE entry SET salt = NULL, body = NULL, event_id = NULL, sent = NULL WHERE seq = ?1",
    [NOTE_SET] = "INSERT OR REPLACE INTO note (name, value) VALUES (?1, ?2)",
    [NOTE_DELETE] = "DELETE FROM note WHERE name = ?1",
    [NOTE_GET] = "SELECT value FROM note WHERE name = ?1",
    [META_GET] = "SELECT value FROM meta WHERE name = ?1",
    [META_SET] = "INSERT INTO meta (name, value) VALUES (?1, ?2)",
    [LEASE_GET] = "SELECT pid, host, since FROM lease",
    [LEASE_SET] = "INSERT OR REPLACE INTO lease (id, pid, host, since, token) VALUES (1, ?1, ?2, ?3, ?4)",
    [LEASE_DELETE] = "DELETE FROM lease",
    [HOLD] = "BEGIN",
    [RELEASE] = "COMMIT",
};

/* ---- errors ---- */

enum es_errc es_sqlite_cannot_open(const char *path, struct es_error *err)
{
    const char *slash = strrchr(path, '/');
    struct stat status;
    char folder[1024] = ".";
    if (slash && (size_t)(slash - path) < sizeof folder) {
        const size_t len = slash == path ? 1 : (size_t)(slash - path);
        memcpy(folder, path, len);
        folder[len] = '\0';
    }
    if (stat(folder, &status) != 0)
        return es_fail(err, ES_E_IO, "ledger: its directory %.160s: %s", folder, strerror(errno));
    if (!S_ISDIR(status.st_mode)) return es_fail(err, ES_E_IO, "ledger: %.160s is not a directory", folder);
    if (stat(path, &status) != 0) {
        const int why = errno == ENOENT && access(folder, W_OK) != 0 ? errno : ENOENT;
        return es_fail(err, ES_E_IO, "ledger: %.160s: %s", path, strerror(why));
    }
    if (S_ISDIR(status.st_mode)) return es_fail(err, ES_E_IO, "ledger: %.160s is a directory, expected a file", path);
    return es_fail(err, ES_E_IO, "ledger: %.160s: %s", path, strerror(access(path, R_OK | W_OK) != 0 ? errno : EIO));
}

enum es_errc es_sqlite_refuse(const struct es_store *store, int result, struct es_error *err)
{
    const char *path = store->path;
    switch (result & 0xff) {
    case SQLITE_NOMEM: return es_fail(err, ES_E_MEMORY, "ledger: out of memory");
    case SQLITE_CANTOPEN: return es_sqlite_cannot_open(path, err);
    case SQLITE_READONLY:
    case SQLITE_PERM: return es_fail(err, ES_E_IO, "ledger: %.160s cannot be written: read-only", path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return es_fail(err, ES_E_BUSY, "ledger: %.150s is locked by another program for more than %d s", path, BUSY_MS / 1000);
    case SQLITE_FULL: return es_fail(err, ES_E_IO, "ledger: no space left for %.160s", path);
    case SQLITE_NOTADB: return es_fail(err, ES_E_STATE, "ledger: %.150s is no SQLite file, or its start is damaged", path);
    case SQLITE_CORRUPT:
        return es_fail(err, ES_E_STATE, "ledger: %.130s is damaged (%s); restore it from a backup", path,
                       store->db ? sqlite3_errmsg(store->db) : sqlite3_errstr(result));
    case SQLITE_IOERR:
        return es_fail(err, ES_E_IO, "ledger: %.130s: %s (%s)", path, sqlite3_errstr(result),
                       strerror(store->db ? sqlite3_system_errno(store->db) : EIO));
    default:
        return es_fail(err, ES_E_IO, "ledger: %.120s: %s", path, store->db ? sqlite3_errmsg(store->db) : sqlite3_errstr(result));
    }
}

/* ---- statements ---- */

enum es_errc es_sqlite_run(struct es_store *store, const char *sql, struct es_error *err)
{
    const int result = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? ES_OK : es_sqlite_refuse(store, result, err);
}

enum es_errc es_sqlite_ready(struct es_store *store, enum es_sqlite_statement which, sqlite3_stmt **out, struct es_error *err)
{
    if (!store->statements[which]) {
        const int result = sqlite3_prepare_v3(store->db, statement_sql[which], -1, SQLITE_PREPARE_PERSISTENT,
                                              &store->statements[which], NULL);
        if (result != SQLITE_OK) return es_sqlite_refuse(store, result, err);
    }
    *out = store->statements[which];
    return ES_OK;
}

void es_sqlite_rollback(struct es_store *store) { sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL); }

void es_sqlite_rest(sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

enum es_errc es_sqlite_finish(struct es_store *store, sqlite3_stmt *statement, struct es_error *err)
{
    const int result = sqlite3_step(statement);
    const enum es_errc code = result == SQLITE_DONE ? ES_OK : es_sqlite_refuse(store, result, err);
    es_sqlite_rest(statement);
    return code;
}

enum es_errc es_sqlite_number(struct es_store *store, const char *sql, int64_t *out, struct es_error *err)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
    if (result == SQLITE_OK) {
        result = sqlite3_step(statement);
        if (result == SQLITE_ROW) *out = sqlite3_column_int64(statement, 0);
    }
    const enum es_errc code = result == SQLITE_ROW ? ES_OK : es_sqlite_refuse(store, result == SQLITE_DONE ? SQLITE_CORRUPT : result, err);
    sqlite3_finalize(statement);
    return code;
}

enum es_errc es_sqlite_text_get(struct es_store *store, enum es_sqlite_statement which, const char *name, char *value, size_t size,
                             struct es_error *err)
{
    sqlite3_stmt *statement = NULL;
    enum es_errc code = es_sqlite_ready(store, which, &statement, err);
    if (code != ES_OK) return code;
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    const int result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        const size_t len = (size_t)sqlite3_column_bytes(statement, 0);
        if (!text || len >= size)
            code = es_fail(err, ES_E_LIMIT, "ledger: value of \"%.40s\" has %zu bytes, room for %zu", name, len, size - 1);
        else memcpy(value, text, len + 1);
    } else if (result == SQLITE_DONE) {
        value[0] = '\0';
    } else {
        code = es_sqlite_refuse(store, result, err);
    }
    es_sqlite_rest(statement);
    return code;
}

enum es_errc es_sqlite_text_set(struct es_store *store, enum es_sqlite_statement which, const char *name, const char *value, struct es_error *err)
{
    sqlite3_stmt *statement = NULL;
    const enum es_errc code = es_sqlite_ready(store, which, &statement, err);
    if (code != ES_OK) return code;
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    if (value) sqlite3_bind_text(statement, 2, value, -1, SQLITE_STATIC);
    return es_sqlite_finish(store, statement, err);
}

enum es_errc es_sqlite_connect(struct es_store *store, int flags, const char *name, struct es_error *err)
{
    const int result = sqlite3_open_v2(name, &store->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (result != SQLITE_OK) return es_sqlite_refuse(store, result, err);
    sqlite3_busy_timeout(store->db, BUSY_MS);
    sqlite3_extended_result_codes(store->db, 1);
    /* Pages of 16 KiB (of a file yet to be made): reading three million entries again takes a fifth less of a processor than from 4 KiB. */
    /* A cache of 1 MiB (in KiB): a walk looks at each page once, and what has just been copied in is still near the processor. */
    return es_sqlite_run(store, "PRAGMA page_size = 16384; PRAGMA secure_delete = ON; PRAGMA cache_size = -1024; PRAGMA trusted_schema = OFF", err);
}
