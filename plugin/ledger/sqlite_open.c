/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing a ledger in an SQLite file: readers, and the one writer with its lease.
 *
 * The writer's lease is a lock that the kernel holds for the open file beside the ledger ("<ledger>.lease"), so that it ends with its process
 * however that ends, and in another container too; the row in `lease` says in words who holds it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/base/time.h"
#include "plugin/ledger/sqlite.h"

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
        code = es_sqlite_connect(store, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, name, err);
    }
    sqlite3_free(journal);
    sqlite3_free(name);
    return code;
}

static enum es_errc open_reader(struct es_store *store, int64_t *version, struct es_error *err)
{
    struct es_error first = {0};
    if (access(store->path, F_OK) != 0) return es_sqlite_cannot_open(store->path, err);
    enum es_errc code = es_sqlite_connect(store, SQLITE_OPEN_READWRITE, store->path, &first);
    if (code == ES_OK) code = es_sqlite_schema_read(store, version, &first);
    if (code == ES_OK || code == ES_E_STATE || code == ES_E_UNSUPPORTED) {
        if (code != ES_OK) (void)es_fail(err, code, "%s", first.text);
        return code;
    }
    if (access(store->path, R_OK) != 0) return es_sqlite_cannot_open(store->path, err);
    code = connect_immutable(store, err);
    return code == ES_OK ? es_sqlite_schema_read(store, version, err) : code;
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
    int64_t version = 0;
    if (es_sqlite_connect(store, SQLITE_OPEN_READWRITE, store->path, NULL) == ES_OK && es_sqlite_schema_read(store, &version, NULL) == ES_OK &&
        version > 0 && es_sqlite_ready(store, LEASE_GET, &statement, NULL) == ES_OK && sqlite3_step(statement) == SQLITE_ROW) {
        es_instant_format(sqlite3_column_int64(statement, 2), since);
        code = es_fail(err, ES_E_BUSY, "ledger: %.90s is being written by process %lld on %.60s since %s", store->path,
                       (long long)sqlite3_column_int64(statement, 0), (const char *)sqlite3_column_text(statement, 1), since);
        es_sqlite_rest(statement);
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
            const enum es_errc code = es_sqlite_cannot_open(store->path, &found);
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
    const enum es_errc code = es_sqlite_ready(store, LEASE_SET, &statement, err);
    if (code != ES_OK) return code;
    sqlite3_bind_int64(statement, 1, getpid());
    sqlite3_bind_text(statement, 2, host, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, es_clock());
    sqlite3_bind_text(statement, 4, token, -1, SQLITE_STATIC);
    return es_sqlite_finish(store, statement, err);
}

/* ---- store ---- */

static enum es_errc open_writer(struct es_store *store, const char *node, const char *key_id, bool create, struct es_error *err)
{
    struct stat status;
    int64_t version = 0;
    if (stat(store->path, &status) == 0 && !S_ISREG(status.st_mode)) return es_sqlite_cannot_open(store->path, err);
    if (access(store->path, F_OK) != 0 && !create) return es_sqlite_cannot_open(store->path, err);
    enum es_errc code = lease_lock(store, err);
    if (code != ES_OK) return code;
    const int fd = open(store->path, O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0640); /* the journal takes on this mode */
    if (fd < 0) return es_fail(err, ES_E_IO, "ledger: %.160s cannot be written: %s", store->path, strerror(errno));
    const bool known = fstat(fd, &status) == 0;
    store->device = known ? status.st_dev : 0;
    store->inode = known ? status.st_ino : 0;
    close(fd);
    code = es_sqlite_connect(store, SQLITE_OPEN_READWRITE, store->path, err);
    if (code == ES_OK) code = es_sqlite_schema_read(store, &version, err);
    if (code == ES_OK && version == 0 && !create)
        code = es_fail(err, ES_E_STATE, "ledger: %.160s is empty", store->path);
    if (code == ES_OK) code = es_sqlite_run(store, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", err);
    if (code == ES_OK && version == 0) code = es_sqlite_schema_make(store, node, key_id, err);
    if (code == ES_OK) code = es_sqlite_owner(store, node, key_id, err);
    if (code == ES_OK && version > 0) code = es_sqlite_schema_raise(store, version, err);
    if (code == ES_OK) code = lease_record(store, err);
    return code;
}

void es_sqlite_close(struct es_store *store)
{
    if (!store) return;
    es_sqlite_check_end(store->check);
    sqlite3_stmt *statement = NULL;
    if (store->db && store->lease >= 0 && store->statements[LEASE_SET] && es_sqlite_ready(store, LEASE_DELETE, &statement, NULL) == ES_OK)
        (void)es_sqlite_finish(store, statement, NULL);
    for (int i = 0; i < ES_SQLITE_STATEMENTS; i++) sqlite3_finalize(store->statements[i]);
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

enum es_errc es_sqlite_open(struct es_store **out, const char *where, const char *node, const char *key_id, bool create, bool writer,
                               struct es_error *err)
{
    struct es_store *store = NULL;
    int64_t version = 0;
    enum es_errc code = store_new(&store, where, err);
    if (code != ES_OK) return code;
    if (writer) {
        code = open_writer(store, node, key_id, create, err);
    } else {
        code = open_reader(store, &version, err);
        if (code == ES_OK && version == 0) code = es_fail(err, ES_E_STATE, "ledger: %.160s is empty", where);
        if (code == ES_OK) code = es_sqlite_owner(store, node, key_id, err);
    }
    if (code != ES_OK) {
        es_sqlite_close(store);
        return code;
    }
    *out = store;
    return ES_OK;
}

enum es_errc es_sqlite_is_new(const char *where, bool *is_new, struct es_error *err)
{
    struct es_store *store = NULL;
    struct stat status;
    int64_t known = 0;
    int64_t version = 0;
    if (stat(where, &status) != 0 && errno == ENOENT) {
        *is_new = true;
        return ES_OK;
    }
    enum es_errc code = store_new(&store, where, err);
    if (code != ES_OK) return code;
    code = S_ISREG(status.st_mode) ? open_reader(store, &version, err) : es_sqlite_cannot_open(where, err);
    if (code == ES_OK && version > 0)
        code = es_sqlite_number(store, "SELECT (SELECT count(*) FROM meta WHERE name = 'key') + (SELECT count(*) FROM head WHERE seq > 0)",
                             &known, err);
    if (code == ES_OK) *is_new = version == 0 || known == 0;
    es_sqlite_close(store);
    return code;
}
