/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger in one SQLite file. With ledger_sqlite_masks.c the only caller of sqlite3: its quirks and errors become ours here.
 *
 * WAL with synchronous FULL: a commit is on the disk before it is acknowledged. secure_delete: what is erased is overwritten.
 * The writer's lease is a lock that the kernel holds for the open file beside the ledger ("<ledger>.lease"), so that it ends with its process
 * however that ends, and in another container too; the row in `lease` says in words who holds it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/ledger_ahead.h"
#include "plugin/ledger_sqlite.h"
#include "plugin/time.h"

#define SCHEMA_VERSION 1
#define APPLICATION_ID 0x45765367 /* "EvSg": tells our files from other SQLite files */
#define BUSY_MS 5000

static const char schema_sql[] =
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE entry (seq INTEGER PRIMARY KEY, received INTEGER NOT NULL, sent INTEGER, identity BLOB NOT NULL,"
    " event_id BLOB, salt BLOB, body BLOB, leaf BLOB NOT NULL, link BLOB NOT NULL);"
    "CREATE UNIQUE INDEX entry_identity ON entry (identity);"
    "CREATE INDEX entry_event_id ON entry (event_id) WHERE event_id IS NOT NULL;"
    "CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL);"
    "INSERT INTO head VALUES (1, 0);"
    "CREATE TABLE lease (id INTEGER PRIMARY KEY CHECK (id = 1), pid INTEGER NOT NULL, host TEXT NOT NULL, since INTEGER NOT NULL,"
    " token TEXT NOT NULL);"
    "CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;";

enum statement { INSERT, HEAD, NOTE_HEAD, WALK, WALK_CHAIN, READ, READ_CHAIN, BY_EVENT_ID, FIND, ERASE, NOTE_SET, NOTE_DELETE, NOTE_GET, META_GET, META_SET, LEASE_GET,
                 LEASE_SET, LEASE_DELETE, HOLD, RELEASE, STATEMENTS };
#define ENTRY_COLUMNS "seq, received, sent, identity, event_id, body"
#define ROW_COLUMNS ENTRY_COLUMNS ", salt, leaf, link"
static const char ahead_sql[] = "SELECT " ENTRY_COLUMNS " FROM entry WHERE seq >= ?1 ORDER BY seq";
static const char *const statement_sql[STATEMENTS] = {
    [INSERT] = "INSERT INTO entry (" ROW_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (identity) DO NOTHING",
    [HEAD] = "SELECT head.seq, entry.seq, entry.link FROM head LEFT JOIN entry ON entry.seq = (SELECT max(seq) FROM entry)",
    [NOTE_HEAD] = "UPDATE head SET seq = ?1",
    [WALK] = "SELECT " ENTRY_COLUMNS " FROM entry WHERE seq > ?1 AND seq <= ?2 ORDER BY seq",
    [WALK_CHAIN] = "SELECT " ROW_COLUMNS " FROM entry WHERE seq > ?1 AND seq <= ?2 ORDER BY seq",
    [READ] = "SELECT " ENTRY_COLUMNS " FROM entry WHERE seq = ?1",
    [READ_CHAIN] = "SELECT " ROW_COLUMNS " FROM entry WHERE seq = ?1",
    [BY_EVENT_ID] = "SELECT " ENTRY_COLUMNS " FROM entry WHERE event_id = ?1 ORDER BY seq",
    [FIND] = "SELECT seq FROM entry WHERE identity = ?1",
    [ERASE] = "UPDATE entry SET salt = NULL, body = NULL WHERE seq = ?1",
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

struct es_store {
    char *path;
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
    int lease; /* descriptor of the lease file; -1 for a reader */
    dev_t device; /* of the file that a writer has open, and its number there */
    ino_t inode;
    bool held; /* under a snapshot: rows may be read ahead */
    struct es_ahead ahead;
};

/* ---- errors ---- */

static enum es_errc cannot_open(const char *path, struct es_error *err)
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

/* An SQLite result code as ours, in words. */
static enum es_errc refuse(const struct es_store *store, int result, struct es_error *err)
{
    const char *path = store->path;
    switch (result & 0xff) {
    case SQLITE_NOMEM: return es_fail(err, ES_E_MEMORY, "ledger: out of memory");
    case SQLITE_CANTOPEN: return cannot_open(path, err);
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

sqlite3 *es_sqlite_db(struct es_store *store) { return store->db; }

enum es_errc es_sqlite_refuse(const struct es_store *store, int result, struct es_error *err) { return refuse(store, result, err); }

/* ---- statements ---- */

static enum es_errc run(struct es_store *store, const char *sql, struct es_error *err)
{
    const int result = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? ES_OK : refuse(store, result, err);
}

static enum es_errc ready(struct es_store *store, enum statement which, sqlite3_stmt **out, struct es_error *err)
{
    if (!store->statements[which]) {
        const int result = sqlite3_prepare_v3(store->db, statement_sql[which], -1, SQLITE_PREPARE_PERSISTENT,
                                              &store->statements[which], NULL);
        if (result != SQLITE_OK) return refuse(store, result, err);
    }
    *out = store->statements[which];
    return ES_OK;
}

static void rest(sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

/* Ends a statement that gives no row. */
static enum es_errc finish(struct es_store *store, sqlite3_stmt *statement, struct es_error *err)
{
    const int result = sqlite3_step(statement);
    const enum es_errc code = result == SQLITE_DONE ? ES_OK : refuse(store, result, err);
    rest(statement);
    return code;
}

static enum es_errc pragma_number(struct es_store *store, const char *sql, int64_t *out, struct es_error *err)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
    if (result == SQLITE_OK) {
        result = sqlite3_step(statement);
        if (result == SQLITE_ROW) *out = sqlite3_column_int64(statement, 0);
    }
    const enum es_errc code = result == SQLITE_ROW ? ES_OK : refuse(store, result == SQLITE_DONE ? SQLITE_CORRUPT : result, err);
    sqlite3_finalize(statement);
    return code;
}

/* A text of a table of name and value; "" when there is none. */
static enum es_errc text_get(struct es_store *store, enum statement which, const char *name, char *value, size_t size,
                             struct es_error *err)
{
    sqlite3_stmt *statement = NULL;
    enum es_errc code = ready(store, which, &statement, err);
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
        code = refuse(store, result, err);
    }
    rest(statement);
    return code;
}

static enum es_errc text_set(struct es_store *store, enum statement which, const char *name, const char *value, struct es_error *err)
{
    sqlite3_stmt *statement = NULL;
    const enum es_errc code = ready(store, which, &statement, err);
    if (code != ES_OK) return code;
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    if (value) sqlite3_bind_text(statement, 2, value, -1, SQLITE_STATIC);
    return finish(store, statement, err);
}

/* ---- opening ---- */

static enum es_errc check_owner(struct es_store *store, const char *name, const char *what, const char *given, struct es_error *err)
{
    char stored[256];
    const enum es_errc code = text_get(store, META_GET, name, stored, sizeof stored, err);
    if (code != ES_OK || strcmp(stored, given) == 0) return code;
    return es_fail(err, ES_E_STATE, "ledger: %.100s was made with %s %.70s, this is %s %.40s", store->path, what, stored, what, given);
}

static enum es_errc create_schema(struct es_store *store, const char *node, const char *key_id, struct es_error *err)
{
    char sql[128];
    enum es_errc code = run(store, "BEGIN IMMEDIATE", err);
    if (code != ES_OK) return code;
    sqlite3_snprintf(sizeof sql, sql, "PRAGMA application_id = %d; PRAGMA user_version = %d;", APPLICATION_ID, SCHEMA_VERSION);
    code = run(store, schema_sql, err);
    if (code == ES_OK) code = run(store, sql, err);
    if (code == ES_OK) code = text_set(store, META_SET, "key", key_id, err);
    if (code == ES_OK) code = text_set(store, META_SET, "node", node, err);
    if (code == ES_OK) code = run(store, "COMMIT", err);
    if (code != ES_OK) sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return code;
}

/* Ours, of a schema that we read? *empty: nothing is in the file at all. */
static enum es_errc check_schema(struct es_store *store, bool *empty, struct es_error *err)
{
    int64_t application = 0, version = 0, tables = 0;
    enum es_errc code = pragma_number(store, "SELECT count(*) FROM sqlite_schema", &tables, err);
    if (code == ES_OK) code = pragma_number(store, "PRAGMA application_id", &application, err);
    if (code == ES_OK) code = pragma_number(store, "PRAGMA user_version", &version, err);
    if (code != ES_OK) return code;
    *empty = tables == 0 && application == 0 && version == 0;
    if (*empty) return ES_OK;
    if (application != APPLICATION_ID)
        return es_fail(err, ES_E_STATE, "ledger: %.160s is an SQLite file of another program", store->path);
    if (version > SCHEMA_VERSION)
        return es_fail(err, ES_E_UNSUPPORTED,
                       "ledger: %.100s has schema %lld, this version reads up to %d: use the newer Evensight that wrote it", store->path,
                       (long long)version, SCHEMA_VERSION);
    if (version < 1) return es_fail(err, ES_E_STATE, "ledger: %.150s has no schema version: damaged", store->path);
    return ES_OK;
}

static enum es_errc connect_db(struct es_store *store, int flags, const char *name, struct es_error *err)
{
    const int result = sqlite3_open_v2(name, &store->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (result != SQLITE_OK) return refuse(store, result, err);
    sqlite3_busy_timeout(store->db, BUSY_MS);
    sqlite3_extended_result_codes(store->db, 1);
    return run(store, "PRAGMA secure_delete = ON; PRAGMA cache_size = -16384; PRAGMA trusted_schema = OFF", err);
}

/* A reader without the right to write beside the file: a cleanly closed ledger has no journal and may be read as it stands. */
static enum es_errc connect_immutable(struct es_store *store, struct es_error *err)
{
    char *journal = sqlite3_mprintf("%s-wal", store->path);
    char *name = NULL;
    enum es_errc code = ES_OK;
    if (!journal) return es_fail(err, ES_E_MEMORY, "ledger: out of memory");
    if (strpbrk(store->path, "?#%") || access(journal, F_OK) == 0)
        code = es_fail(err, ES_E_IO, "ledger: %.100s has a journal beside it, which a reader must be allowed to open for writing", store->path);
    else if (!(name = sqlite3_mprintf("file:%s?immutable=1", store->path))) code = es_fail(err, ES_E_MEMORY, "ledger: out of memory");
    if (code == ES_OK) {
        sqlite3_close(store->db);
        store->db = NULL;
        code = connect_db(store, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, name, err);
    }
    sqlite3_free(journal);
    sqlite3_free(name);
    return code;
}

static enum es_errc open_reader(struct es_store *store, bool *empty, struct es_error *err)
{
    struct es_error first = {0};
    if (access(store->path, F_OK) != 0) return cannot_open(store->path, err);
    enum es_errc code = connect_db(store, SQLITE_OPEN_READWRITE, store->path, &first);
    if (code == ES_OK) code = check_schema(store, empty, &first);
    if (code == ES_OK || code == ES_E_STATE || code == ES_E_UNSUPPORTED) {
        if (code != ES_OK) (void)es_fail(err, code, "%s", first.text);
        return code;
    }
    if (access(store->path, R_OK) != 0) return cannot_open(store->path, err);
    code = connect_immutable(store, err);
    return code == ES_OK ? check_schema(store, empty, err) : code;
}

/* ---- lease ---- */

/* Tells this life of this process from any other: boot id and start time (proc(5), field 22). */
static void life_token(char *out, size_t size)
{
    char boot[40] = "", status[1024] = "";
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        const ssize_t got = read(fd, boot, 36);
        boot[got > 0 ? got : 0] = '\0';
        close(fd);
    }
    fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        const ssize_t got = read(fd, status, sizeof status - 1);
        status[got > 0 ? got : 0] = '\0';
        close(fd);
    }
    const char *field = strrchr(status, ')'); /* behind the program's name, which may hold anything */
    for (int i = 0; field && i < 20; i++) field = strchr(field + 1, ' ');
    sqlite3_snprintf((int)size, out, "%s/%.*s", boot, field ? (int)strcspn(field + 1, " ") : 0, field ? field + 1 : "");
}

static enum es_errc lease_held(struct es_store *store, struct es_error *err)
{
    sqlite3_stmt *statement = NULL;
    char since[ES_INSTANT_TEXT] = "";
    enum es_errc code = ES_E_BUSY;
    bool empty = false;
    if (connect_db(store, SQLITE_OPEN_READWRITE, store->path, NULL) == ES_OK && check_schema(store, &empty, NULL) == ES_OK &&
        !empty && ready(store, LEASE_GET, &statement, NULL) == ES_OK && sqlite3_step(statement) == SQLITE_ROW) {
        es_instant_format(sqlite3_column_int64(statement, 2), since);
        code = es_fail(err, ES_E_BUSY, "ledger: %.90s is being written by process %lld on %.60s since %s", store->path,
                       (long long)sqlite3_column_int64(statement, 0), (const char *)sqlite3_column_text(statement, 1), since);
        rest(statement);
    } else {
        code = es_fail(err, ES_E_BUSY, "ledger: %.150s is being opened by another process", store->path);
    }
    return code;
}

static enum es_errc lease_lock(struct es_store *store, struct es_error *err)
{
    char *name = sqlite3_mprintf("%s.lease", store->path);
    if (!name) return es_fail(err, ES_E_MEMORY, "ledger: out of memory");
    store->lease = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    sqlite3_free(name);
    if (store->lease < 0) {
        const int why = errno;
        struct stat status;
        if (why == ENOENT || why == ENOTDIR || stat(store->path, &status) != 0 || S_ISDIR(status.st_mode)) {
            struct es_error found = {0};
            const enum es_errc code = cannot_open(store->path, &found);
            if (why == ENOENT || why == ENOTDIR) return es_fail(err, code, "%s", found.text);
        }
        return es_fail(err, ES_E_IO, "ledger: beside %.150s nothing can be written: %s", store->path, strerror(why));
    }
    if (flock(store->lease, LOCK_EX | LOCK_NB) == 0) return ES_OK;
    if (errno == EWOULDBLOCK) return lease_held(store, err);
    return es_fail(err, ES_E_IO, "ledger: no lock to be had beside %.130s: %s", store->path, strerror(errno));
}

static enum es_errc lease_record(struct es_store *store, struct es_error *err)
{
    sqlite3_stmt *statement = NULL;
    char host[65] = "", token[96];
    (void)gethostname(host, sizeof host - 1);
    life_token(token, sizeof token);
    const enum es_errc code = ready(store, LEASE_SET, &statement, err);
    if (code != ES_OK) return code;
    sqlite3_bind_int64(statement, 1, getpid());
    sqlite3_bind_text(statement, 2, host, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, es_clock());
    sqlite3_bind_text(statement, 4, token, -1, SQLITE_STATIC);
    return finish(store, statement, err);
}

/* ---- store ---- */

static enum es_errc open_writer(struct es_store *store, const char *node, const char *key_id, bool create, struct es_error *err)
{
    struct stat status;
    bool empty = false;
    if (stat(store->path, &status) == 0 && !S_ISREG(status.st_mode)) return cannot_open(store->path, err);
    if (access(store->path, F_OK) != 0 && !create) return cannot_open(store->path, err);
    enum es_errc code = lease_lock(store, err);
    if (code != ES_OK) return code;
    const int fd = open(store->path, O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0640); /* the journal takes on this mode */
    if (fd < 0) return es_fail(err, ES_E_IO, "ledger: %.160s cannot be written: %s", store->path, strerror(errno));
    const bool known = fstat(fd, &status) == 0;
    store->device = known ? status.st_dev : 0;
    store->inode = known ? status.st_ino : 0;
    close(fd);
    code = connect_db(store, SQLITE_OPEN_READWRITE, store->path, err);
    if (code == ES_OK) code = check_schema(store, &empty, err);
    if (code == ES_OK && empty && !create)
        code = es_fail(err, ES_E_STATE, "ledger: %.160s is empty", store->path);
    if (code == ES_OK) code = run(store, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", err);
    if (code == ES_OK && empty) code = create_schema(store, node, key_id, err);
    if (code == ES_OK) code = check_owner(store, "key", "key", key_id, err);
    if (code == ES_OK) code = check_owner(store, "node", "site", node, err);
    if (code == ES_OK) code = lease_record(store, err);
    return code;
}

static void store_close(struct es_store *store)
{
    if (!store) return;
    sqlite3_stmt *statement = NULL;
    if (store->db && store->lease >= 0 && store->statements[LEASE_SET] && ready(store, LEASE_DELETE, &statement, NULL) == ES_OK)
        (void)finish(store, statement, NULL);
    es_ahead_free(&store->ahead);
    for (int i = 0; i < STATEMENTS; i++) sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->db);
    if (store->lease >= 0) close(store->lease); /* ends the lock */
    free(store->path);
    free(store);
}

static enum es_errc store_new(struct es_store **out, const char *where, struct es_error *err)
{
    struct es_store *store = calloc(1, sizeof *store);
    if (store) store->path = strdup(where);
    if (!store || !store->path) {
        free(store);
        return es_fail(err, ES_E_MEMORY, "ledger: out of memory");
    }
    store->lease = -1;
    *out = store;
    return ES_OK;
}

static enum es_errc store_open(struct es_store **out, const char *where, const char *node, const char *key_id, bool create, bool writer,
                               struct es_error *err)
{
    struct es_store *store = NULL;
    bool empty = false;
    enum es_errc code = store_new(&store, where, err);
    if (code != ES_OK) return code;
    if (writer) {
        code = open_writer(store, node, key_id, create, err);
    } else {
        code = open_reader(store, &empty, err);
        if (code == ES_OK && empty) code = es_fail(err, ES_E_STATE, "ledger: %.160s is empty", where);
        if (code == ES_OK) code = check_owner(store, "key", "key", key_id, err);
        if (code == ES_OK) code = check_owner(store, "node", "site", node, err);
    }
    if (code != ES_OK) {
        store_close(store);
        return code;
    }
    *out = store;
    return ES_OK;
}

static enum es_errc store_is_new(const char *where, bool *is_new, struct es_error *err)
{
    struct es_store *store = NULL;
    struct stat status;
    int64_t known = 0;
    bool empty = false;
    if (stat(where, &status) != 0 && errno == ENOENT) {
        *is_new = true;
        return ES_OK;
    }
    enum es_errc code = store_new(&store, where, err);
    if (code != ES_OK) return code;
    code = S_ISREG(status.st_mode) ? open_reader(store, &empty, err) : cannot_open(where, err);
    if (code == ES_OK && !empty)
        code = pragma_number(store, "SELECT (SELECT count(*) FROM meta WHERE name = 'key') + (SELECT count(*) FROM head WHERE seq > 0)",
                             &known, err);
    if (code == ES_OK) *is_new = empty || known == 0;
    store_close(store);
    return code;
}

static enum es_errc store_hold(struct es_store *store, struct es_error *err)
{
    sqlite3_stmt *s = NULL;
    enum es_errc code = ready(store, HOLD, &s, err);
    if (code == ES_OK) code = finish(store, s, err);
    store->held = code == ES_OK;
    return code;
}

static void store_release(struct es_store *store)
{
    sqlite3_stmt *s = NULL;
    es_ahead_stop(&store->ahead);
    store->held = false;
    if (ready(store, RELEASE, &s, NULL) != ES_OK || finish(store, s, NULL) != ES_OK)
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL); /* nothing was written: either ends the snapshot */
}

/* A file that was removed or replaced while it was open still takes every write, and nobody will ever find them again. */
static enum es_errc still_there(const struct es_store *store, struct es_error *err)
{
    struct stat status;
    if (stat(store->path, &status) != 0)
        return es_fail(err, ES_E_STATE, "ledger: %.110s is gone (%s): put it back", store->path, strerror(errno));
    if (status.st_dev == store->device && status.st_ino == store->inode) return ES_OK;
    return es_fail(err, ES_E_STATE, "ledger: another file stands at %.120s now", store->path);
}

static enum es_errc store_begin(struct es_store *store, struct es_error *err)
{
    const enum es_errc code = still_there(store, err);
    return code == ES_OK ? run(store, "BEGIN IMMEDIATE", err) : code;
}

/* Looked at again behind the commit: what went into a file that is gone is not acknowledged. */
static enum es_errc store_commit(struct es_store *store, struct es_error *err)
{
    const enum es_errc code = run(store, "COMMIT", err);
    return code == ES_OK ? still_there(store, err) : code;
}
static void store_rollback(struct es_store *store) { sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL); }

static enum es_errc store_insert(struct es_store *store, const struct es_row *row, bool *inserted, struct es_error *err)
{
    sqlite3_stmt *s = NULL;
    const struct es_entry *entry = &row->entry;
    enum es_errc code = ready(store, INSERT, &s, err);
    if (code != ES_OK) return code;
    if (entry->seq > INT64_MAX || entry->len > INT32_MAX) return es_fail(err, ES_E_LIMIT, "ledger: entry past the store's limits");
    sqlite3_bind_int64(s, 1, (sqlite3_int64)entry->seq);
    sqlite3_bind_int64(s, 2, entry->received);
    if (entry->sent != ES_NO_INSTANT) sqlite3_bind_int64(s, 3, entry->sent);
    sqlite3_bind_blob(s, 4, entry->identity, ES_IDENTITY_SIZE, SQLITE_STATIC);
    if (es_pseudonym_set(&entry->event_id)) sqlite3_bind_blob(s, 5, entry->event_id.bytes, ES_PSEUDONYM_SIZE, SQLITE_STATIC);
    sqlite3_bind_blob(s, 7, row->salt, ES_SALT_SIZE, SQLITE_STATIC);
    sqlite3_bind_blob(s, 6, entry->len ? entry->body : (const uint8_t *)"", (int)entry->len, SQLITE_STATIC);
    sqlite3_bind_blob(s, 8, row->leaf, ES_LEAF_SIZE, SQLITE_STATIC);
    sqlite3_bind_blob(s, 9, row->link, ES_LINK_SIZE, SQLITE_STATIC);
    code = finish(store, s, err);
    if (code == ES_OK) *inserted = sqlite3_changes(store->db) > 0;
    return code;
}

static enum es_errc store_head(struct es_store *store, const char *node, uint64_t *seq, uint8_t link[ES_LINK_SIZE], uint64_t *noted,
                               struct es_error *err)
{
    (void)node;
    sqlite3_stmt *s = NULL;
    enum es_errc code = ready(store, HEAD, &s, err);
    if (code != ES_OK) return code;
    const int result = sqlite3_step(s);
    if (result == SQLITE_ROW) {
        *noted = (uint64_t)sqlite3_column_int64(s, 0);
        *seq = (uint64_t)sqlite3_column_int64(s, 1);
        memset(link, 0, ES_LINK_SIZE);
        if (*seq > 0 && sqlite3_column_bytes(s, 2) == ES_LINK_SIZE) memcpy(link, sqlite3_column_blob(s, 2), ES_LINK_SIZE);
    } else {
        code = refuse(store, result == SQLITE_DONE ? SQLITE_CORRUPT : result, err);
    }
    rest(s);
    return code;
}

static enum es_errc store_note_head(struct es_store *store, uint64_t seq, struct es_error *err)
{
    sqlite3_stmt *s = NULL;
    const enum es_errc code = ready(store, NOTE_HEAD, &s, err);
    if (code != ES_OK) return code;
    sqlite3_bind_int64(s, 1, (sqlite3_int64)seq);
    return finish(store, s, err);
}

/* A fixed-size column; false when it is not that long. */
static bool column(sqlite3_stmt *s, int index, void *out, int size)
{
    const void *bytes = sqlite3_column_blob(s, index);
    if (!bytes || sqlite3_column_bytes(s, index) != size) return false;
    memcpy(out, bytes, (size_t)size);
    return true;
}

static bool row_read(sqlite3_stmt *s, bool chain, struct es_row *row)
{
    memset(row, 0, sizeof *row);
    row->entry.seq = (uint64_t)sqlite3_column_int64(s, 0);
    row->entry.received = sqlite3_column_int64(s, 1);
    row->entry.sent = sqlite3_column_type(s, 2) == SQLITE_NULL ? ES_NO_INSTANT : sqlite3_column_int64(s, 2);
    if (!column(s, 3, row->entry.identity, ES_IDENTITY_SIZE)) return false;
    if (sqlite3_column_type(s, 4) != SQLITE_NULL && !column(s, 4, row->entry.event_id.bytes, ES_PSEUDONYM_SIZE)) return false;
    row->entry.body = sqlite3_column_blob(s, 5);
    if (row->entry.body) row->entry.len = (size_t)sqlite3_column_bytes(s, 5);
    else if (sqlite3_column_type(s, 5) != SQLITE_NULL) row->entry.body = (const uint8_t *)""; /* empty, not erased */
    if (!chain) return true;
    if (sqlite3_column_type(s, 6) != SQLITE_NULL) {
        row->salt = sqlite3_column_blob(s, 6);
        if (sqlite3_column_bytes(s, 6) != ES_SALT_SIZE) return false;
    }
    return column(s, 7, row->leaf, ES_LEAF_SIZE) && column(s, 8, row->link, ES_LINK_SIZE);
}

static enum es_errc damaged_row(const struct es_row *row, struct es_error *err)
{
    return es_fail(err, ES_E_STATE, "entry %llu: a column has not the length it was written with", (unsigned long long)row->entry.seq);
}

static enum es_errc rows(struct es_store *store, sqlite3_stmt *s, bool chain, bool (*each)(void *context, const struct es_row *row), void *context,
                         struct es_error *err)
{
    enum es_errc code = ES_OK;
    for (;;) {
        struct es_row row;
        const int result = sqlite3_step(s);
        if (result == SQLITE_DONE) break;
        if (result != SQLITE_ROW) {
            code = refuse(store, result, err);
            break;
        }
        if (!row_read(s, chain, &row)) {
            code = damaged_row(&row, err);
            break;
        }
        if (!each(context, &row)) break;
    }
    rest(s);
    return code;
}

static enum es_errc store_walk(struct es_store *store, const char *node, uint64_t after, uint64_t until, bool chain,
                               bool (*each)(void *context, const struct es_row *row), void *context, struct es_error *err)
{
    (void)node;
    sqlite3_stmt *s = NULL;
    const enum es_errc code = ready(store, chain ? WALK_CHAIN : WALK, &s, err);
    if (code != ES_OK) return code;
    sqlite3_bind_int64(s, 1, after > INT64_MAX ? INT64_MAX : (sqlite3_int64)after);
    sqlite3_bind_int64(s, 2, until > INT64_MAX ? INT64_MAX : (sqlite3_int64)until);
    return rows(store, s, chain, each, context, err);
}

static enum es_errc store_read(struct es_store *store, const char *node, uint64_t seq, bool chain, bool (*each)(void *context, const struct es_row *row),
                               void *context, struct es_error *err)
{
    (void)node;
    sqlite3_stmt *s = NULL;
    if (store->held && !chain && seq > 0 && seq <= INT64_MAX) {
        const int result = es_ahead_row(&store->ahead, store->db, ahead_sql, seq, &s);
        struct es_row row;
        if (result == SQLITE_ROW && !row_read(s, false, &row)) return damaged_row(&row, err);
        if (result == SQLITE_ROW) (void)each(context, &row);
        if (result != SQLITE_DONE) return result == SQLITE_ROW ? ES_OK : refuse(store, result, err);
    }
    const enum es_errc code = ready(store, chain ? READ_CHAIN : READ, &s, err);
    if (code != ES_OK) return code;
    sqlite3_bind_int64(s, 1, seq > INT64_MAX ? INT64_MAX : (sqlite3_int64)seq);
    return rows(store, s, chain, each, context, err);
}

static enum es_errc store_walk_event_id(struct es_store *store, const struct es_pseudonym *event_id,
                                        bool (*each)(void *context, const struct es_row *row), void *context, struct es_error *err)
{
    sqlite3_stmt *s = NULL;
    const enum es_errc code = ready(store, BY_EVENT_ID, &s, err);
    if (code != ES_OK) return code;
    sqlite3_bind_blob(s, 1, event_id->bytes, ES_PSEUDONYM_SIZE, SQLITE_STATIC);
    return rows(store, s, false, each, context, err);
}

static enum es_errc store_find(struct es_store *store, const uint8_t identity[ES_IDENTITY_SIZE], char node[ES_NAME_SIZE], uint64_t *seq, struct es_error *err)
{
    (void)node;
    sqlite3_stmt *s = NULL;
    enum es_errc code = ready(store, FIND, &s, err);
    if (code != ES_OK) return code;
    sqlite3_bind_blob(s, 1, identity, ES_IDENTITY_SIZE, SQLITE_STATIC);
    const int result = sqlite3_step(s);
    if (result == SQLITE_ROW) *seq = (uint64_t)sqlite3_column_int64(s, 0);
    else if (result == SQLITE_DONE) *seq = 0;
    else code = refuse(store, result, err);
    rest(s);
    return code;
}

static enum es_errc store_erase(struct es_store *store, const char *node, uint64_t seq, struct es_error *err)
{
    (void)node;
    sqlite3_stmt *s = NULL;
    enum es_errc code = ready(store, ERASE, &s, err);
    if (code != ES_OK) return code;
    sqlite3_bind_int64(s, 1, (sqlite3_int64)seq);
    code = finish(store, s, err);
    if (code == ES_OK && sqlite3_changes(store->db) != 1)
        code = es_fail(err, ES_E_STATE, "entry %llu: not in the ledger", (unsigned long long)seq);
    return code;
}

/* The journal still holds the old pages until it is written back and cut. */
static enum es_errc store_scrub(struct es_store *store, struct es_error *err)
{
    int left = 0;
    const int result = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &left, NULL);
    if (result == SQLITE_BUSY || left > 0)
        return es_fail(err, ES_E_BUSY, "ledger: erased, but a reader keeps its copy in the journal; try again when it has ended");
    return result == SQLITE_OK ? ES_OK : refuse(store, result, err);
}

static enum es_errc store_note_set(struct es_store *store, const char *name, const char *value, struct es_error *err)
{
    return value[0] ? text_set(store, NOTE_SET, name, value, err) : text_set(store, NOTE_DELETE, name, NULL, err);
}

static enum es_errc store_note_get(struct es_store *store, const char *name, char *value, size_t size, struct es_error *err)
{
    return text_get(store, NOTE_GET, name, value, size, err);
}

const struct es_store_type es_store_sqlite = {
    .prefix = "sqlite:", .masks = &es_sqlite_masks, .open = store_open, .is_new = store_is_new, .close = store_close, .hold = store_hold, .release = store_release, .begin = store_begin,
    .commit = store_commit, .rollback = store_rollback, .insert = store_insert, .head = store_head, .note_head = store_note_head,
    .walk = store_walk, .read = store_read, .walk_event_id = store_walk_event_id, .find = store_find, .erase = store_erase, .scrub = store_scrub,
    .note_set = store_note_set,
    .note_get = store_note_get,
};
