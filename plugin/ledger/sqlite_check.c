/* SPDX-License-Identifier: Apache-2.0 */
/* Is the file whole? SQLite's own checks of its pages and rows (PRAGMA quick_check, sqlite.org/pragma.html), which see what the chain's
 * proof does not: a page that nobody happens to read. A large file is looked at by a thread of its own, on a connection of its own, so that
 * opening does not wait for it; it takes what time nobody else wants, since the ledger is read again meanwhile. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "plugin/ledger/sqlite.h"

struct es_sqlite_check {
    struct es_store own; /* path and connection */
    pthread_t thread;
    bool joined;
    atomic_bool stop, ended;
    enum es_errc code; /* from here on the thread's, until it has ended */
    struct es_error found;
};

/* The first row that a check answers is "ok", or names the first fault by page and table, never by a value. */
static enum es_errc look(struct es_store *store, const char *sql, struct es_error *err)
{
    sqlite3_stmt *statement = NULL;
    enum es_errc code = ES_OK;
    int result = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
    if (result == SQLITE_OK) result = sqlite3_step(statement);
    const char *text = result == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    if (text && strcmp(text, "ok") != 0)
        code = es_fail(err, ES_E_STATE, "ledger: %.100s is damaged (%.*s); restore it from a backup", store->path, (int)strcspn(text, "\n"), text);
    if (result != SQLITE_ROW) code = es_sqlite_refuse(store, result == SQLITE_DONE ? SQLITE_CORRUPT : result, err);
    sqlite3_finalize(statement);
    return code;
}

static int ask_to_stop(void *context)
{
    const struct es_sqlite_check *check = context;
    return atomic_load(&check->stop);
}

/* Being told to stop, no memory and a lock are no answer, so nothing was found. */
static void *run(void *context)
{
    struct es_sqlite_check *check = context;
    enum es_errc code = ES_OK;
    (void)pthread_setschedparam(pthread_self(), SCHED_IDLE, &(const struct sched_param){0});
    if (es_sqlite_connect(&check->own, SQLITE_OPEN_READWRITE, check->own.path, NULL) == ES_OK) {
        sqlite3_progress_handler(check->own.db, 10000, ask_to_stop, check);
        code = look(&check->own, "PRAGMA quick_check(1)", &check->found);
    }
    if (!atomic_load(&check->stop) && (code == ES_E_STATE || code == ES_E_IO)) check->code = code;
    sqlite3_close(check->own.db);
    check->own.db = NULL;
    atomic_store(&check->ended, true);
    return NULL;
}

static void join(struct es_sqlite_check *check)
{
    if (!check->joined) pthread_join(check->thread, NULL);
    check->joined = true;
}

void es_sqlite_check_end(struct es_sqlite_check *check)
{
    if (!check) return;
    atomic_store(&check->stop, true);
    join(check);
    free(check->own.path);
    free(check);
}

enum es_errc es_sqlite_inspect(struct es_store *store, uint64_t at_once, struct es_error *err)
{
    struct stat status;
    if (store->check) return ES_OK;
    if (stat(store->path, &status) != 0 || (uint64_t)status.st_size <= at_once) return look(store, "PRAGMA quick_check(1)", err);
    struct es_sqlite_check *check = calloc(1, sizeof *check);
    if (check) check->own.path = strdup(store->path);
    if (!check || !check->own.path || pthread_create(&check->thread, NULL, run, check) != 0) {
        if (check) free(check->own.path);
        free(check);
        return es_fail(err, ES_E_MEMORY, "ledger: no memory to look whether the file is whole");
    }
    store->check = check;
    return ES_OK;
}

enum es_errc es_sqlite_sound(struct es_store *store, bool wait, struct es_error *err)
{
    struct es_sqlite_check *check = store->check;
    if (!check) return ES_OK;
    if (wait) join(check);
    if (!atomic_load(&check->ended) || check->code == ES_OK) return ES_OK;
    return es_fail(err, check->code, "%s", check->found.text);
}

enum es_errc es_sqlite_prove(struct es_store *store, struct es_error *err) { return look(store, "PRAGMA integrity_check(1)", err); }
