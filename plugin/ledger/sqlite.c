/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger in one SQLite file: the calls of a store (store.h).
 *
 * WAL with synchronous FULL: a commit is on the disk before it is acknowledged. secure_delete: what is erased is overwritten. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "plugin/ledger/sqlite.h"

static enum es_errc store_hold(struct es_store *store, struct es_error *err)
{
    sqlite3_stmt *s = NULL;
    const enum es_errc code = es_sqlite_ready(store, HOLD, &s, err);
    return code == ES_OK ? es_sqlite_finish(store, s, err) : code;
}

static void store_release(struct es_store *store)
{
    sqlite3_stmt *s = NULL;
    if (es_sqlite_ready(store, RELEASE, &s, NULL) != ES_OK || es_sqlite_finish(store, s, NULL) != ES_OK)
        es_sqlite_rollback(store); /* nothing was written: either ends the snapshot */
}

static void store_shrink(struct es_store *store) { (void)sqlite3_db_release_memory(store->db); }

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
    enum es_errc code = es_sqlite_sound(store, false, err);
    if (code == ES_OK) code = still_there(store, err);
    if (code == ES_OK && !store->written) code = es_sqlite_run(store, "PRAGMA cache_size = -8192", err); /* identities fall anywhere into their index */
    if (code == ES_OK) store->written = true;
    return code == ES_OK ? es_sqlite_run(store, "BEGIN IMMEDIATE", err) : code;
}

/* Looked at again behind the commit: what went into a file that is gone is not acknowledged. */
static enum es_errc store_commit(struct es_store *store, struct es_error *err)
{
    const enum es_errc code = es_sqlite_run(store, "COMMIT", err);
    return code == ES_OK ? still_there(store, err) : code;
}

static enum es_errc store_insert(struct es_store *store, const struct es_row *row, bool *inserted, struct es_error *err)
{
    sqlite3_stmt *s = NULL;
    const struct es_entry *entry = &row->entry;
    enum es_errc code = es_sqlite_ready(store, INSERT, &s, err);
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
    code = es_sqlite_finish(store, s, err);
    if (code == ES_OK) *inserted = sqlite3_changes(store->db) > 0;
    return code;
}

static enum es_errc store_head(struct es_store *store, const char *node, uint64_t *seq, uint8_t link[ES_LINK_SIZE], uint64_t *noted,
                               struct es_error *err)
{
    (void)node;
    sqlite3_stmt *s = NULL;
    enum es_errc code = es_sqlite_ready(store, HEAD, &s, err);
    if (code != ES_OK) return code;
    const int result = sqlite3_step(s);
    if (result == SQLITE_ROW) {
        *noted = (uint64_t)sqlite3_column_int64(s, 0);
        *seq = (uint64_t)sqlite3_column_int64(s, 1);
        memset(link, 0, ES_LINK_SIZE);
        if (*seq > 0 && sqlite3_column_bytes(s, 2) == ES_LINK_SIZE) memcpy(link, sqlite3_column_blob(s, 2), ES_LINK_SIZE);
    } else {
        code = es_sqlite_refuse(store, result == SQLITE_DONE ? SQLITE_CORRUPT : result, err);
    }
    es_sqlite_rest(s);
    return code;
}

static enum es_errc store_note_head(struct es_store *store, uint64_t before, uint64_t seq, struct es_error *err)
{
    (void)before; /* nobody else writes into the file, and one that was put in its place is noticed when a batch begins */
    sqlite3_stmt *s = NULL;
    const enum es_errc code = es_sqlite_ready(store, NOTE_HEAD, &s, err);
    if (code != ES_OK) return code;
    sqlite3_bind_int64(s, 1, (sqlite3_int64)seq);
    return es_sqlite_finish(store, s, err);
}

/* Bytes of a fixed size; false when they are not that long. */
static bool bytes_of(sqlite3_value *value, void *out, int size)
{
    const void *bytes = sqlite3_value_blob(value);
    if (!bytes || sqlite3_value_bytes(value) != size) return false;
    memcpy(out, bytes, (size_t)size);
    return true;
}

/* ENTRY_COLUMNS as an entry. */
static bool entry_of(sqlite3_value **values, struct es_entry *entry)
{
    memset(entry, 0, sizeof *entry);
    entry->seq = (uint64_t)sqlite3_value_int64(values[0]);
    entry->received = sqlite3_value_int64(values[1]);
    entry->sent = sqlite3_value_type(values[2]) == SQLITE_NULL ? ES_NO_INSTANT : sqlite3_value_int64(values[2]);
    if (!bytes_of(values[3], entry->identity, ES_IDENTITY_SIZE)) return false;
    if (sqlite3_value_type(values[4]) != SQLITE_NULL && !bytes_of(values[4], entry->event_id.bytes, ES_PSEUDONYM_SIZE)) return false;
    entry->body = sqlite3_value_blob(values[5]);
    if (entry->body) entry->len = (size_t)sqlite3_value_bytes(values[5]);
    else if (sqlite3_value_type(values[5]) != SQLITE_NULL) entry->body = (const uint8_t *)""; /* empty, not erased */
    return true;
}

/* sqlite3_column_value() may be read where nobody else uses the connection, which is its owner's alone. */
static bool row_read(sqlite3_stmt *s, bool chain, struct es_row *row)
{
    sqlite3_value *values[9];
    memset(row, 0, sizeof *row);
    for (int i = 0; i < (chain ? 9 : 6); i++) values[i] = sqlite3_column_value(s, i);
    if (!entry_of(values, &row->entry)) return false;
    if (!chain) return true;
    if (sqlite3_value_type(values[6]) != SQLITE_NULL) {
        row->salt = sqlite3_value_blob(values[6]);
        if (sqlite3_value_bytes(values[6]) != ES_SALT_SIZE) return false;
    }
    return bytes_of(values[7], row->leaf, ES_LEAF_SIZE) && bytes_of(values[8], row->link, ES_LINK_SIZE);
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
            code = es_sqlite_refuse(store, result, err);
            break;
        }
        if (!row_read(s, chain, &row)) {
            code = damaged_row(&row, err);
            break;
        }
        if (!each(context, &row)) break;
    }
    es_sqlite_rest(s);
    return code;
}

static void bind_range(sqlite3_stmt *s, uint64_t after, uint64_t until)
{
    sqlite3_bind_int64(s, 1, after > INT64_MAX ? INT64_MAX : (sqlite3_int64)after);
    sqlite3_bind_int64(s, 2, until > INT64_MAX ? INT64_MAX : (sqlite3_int64)until);
}

/* Entries of a walk without chain. They are handed on from within the statement, by a function that is no row's truth, so that nothing is
 * a row of the result; and it ends the statement itself, so that the last seq is compared once a row and not by the statement, which would first
 * read the row's seq another time: a third of the instructions of reading less (callgrind). */
struct es_sqlite_walk {
    bool (*each)(void *context, const struct es_row *row);
    void *context;
    uint64_t until;
    bool ended, damaged;
    struct es_row row;
};

static void each_row(sqlite3_context *context, int n, sqlite3_value **values)
{
    struct es_store *store = sqlite3_user_data(context);
    struct es_sqlite_walk *walk = store->walk;
    (void)n;
    if (!walk || walk->ended) return; /* NULL is no truth either */
    const uint64_t seq = (uint64_t)sqlite3_value_int64(values[0]);
    if (seq <= walk->until) {
        walk->damaged = !entry_of(values, &walk->row.entry);
        walk->ended = walk->damaged || !walk->each(walk->context, &walk->row);
    }
    walk->ended |= seq >= walk->until;
    if (walk->ended) sqlite3_result_error_code(context, SQLITE_ABORT); /* the statement ends here */
}

static enum es_errc walk_entries(struct es_store *store, uint64_t after, struct es_sqlite_walk *walk, struct es_error *err)
{
    sqlite3_stmt *s = NULL;
    if (!store->statements[WALK] && sqlite3_create_function_v2(store->db, "es_each", 6, SQLITE_UTF8 | SQLITE_DIRECTONLY, store, each_row, NULL,
                                                               NULL, NULL) != SQLITE_OK)
        return es_fail(err, ES_E_MEMORY, "ledger: out of memory");
    enum es_errc code = es_sqlite_ready(store, WALK, &s, err);
    if (code != ES_OK) return code;
    if (after >= walk->until) return ES_OK; /* no row would end it */
    sqlite3_bind_int64(s, 1, after > INT64_MAX ? INT64_MAX : (sqlite3_int64)after);
    store->walk = walk;
    const int result = sqlite3_step(s);
    store->walk = NULL;
    if (walk->damaged) code = damaged_row(&walk->row, err);
    else if (!walk->ended && result != SQLITE_DONE) code = es_sqlite_refuse(store, result, err);
    es_sqlite_rest(s);
    return code;
}

static enum es_errc store_walk(struct es_store *store, const char *node, uint64_t after, uint64_t until, bool chain,
                               bool (*each)(void *context, const struct es_row *row), void *context, struct es_error *err)
{
    struct es_sqlite_walk walk = {.each = each, .context = context, .until = until};
    sqlite3_stmt *s = NULL;
    (void)node;
    if (!chain) return walk_entries(store, after, &walk, err);
    const enum es_errc code = es_sqlite_ready(store, WALK_CHAIN, &s, err);
    if (code != ES_OK) return code;
    bind_range(s, after, until);
    return rows(store, s, true, each, context, err);
}

static enum es_errc store_read(struct es_store *store, const char *node, uint64_t seq, bool chain, bool (*each)(void *context, const struct es_row *row),
                               void *context, struct es_error *err)
{
    (void)node;
    sqlite3_stmt *s = NULL;
    const enum es_errc code = es_sqlite_ready(store, chain ? READ_CHAIN : READ, &s, err);
    if (code != ES_OK) return code;
    sqlite3_bind_int64(s, 1, seq > INT64_MAX ? INT64_MAX : (sqlite3_int64)seq);
    return rows(store, s, chain, each, context, err);
}

static enum es_errc store_walk_event_id(struct es_store *store, const struct es_pseudonym *event_id,
                                        bool (*each)(void *context, const struct es_row *row), void *context, struct es_error *err)
{
    sqlite3_stmt *s = NULL;
    const enum es_errc code = es_sqlite_ready(store, BY_EVENT_ID, &s, err);
    if (code != ES_OK) return code;
    sqlite3_bind_blob(s, 1, event_id->bytes, ES_PSEUDONYM_SIZE, SQLITE_STATIC);
    return rows(store, s, false, each, context, err);
}

static enum es_errc store_find(struct es_store *store, const uint8_t identity[ES_IDENTITY_SIZE], char node[ES_NAME_SIZE], uint64_t *seq, struct es_error *err)
{
    (void)node;
    sqlite3_stmt *s = NULL;
    enum es_errc code = es_sqlite_ready(store, FIND, &s, err);
    if (code != ES_OK) return code;
    sqlite3_bind_blob(s, 1, identity, ES_IDENTITY_SIZE, SQLITE_STATIC);
    const int result = sqlite3_step(s);
    if (result == SQLITE_ROW) *seq = (uint64_t)sqlite3_column_int64(s, 0);
    else if (result == SQLITE_DONE) *seq = 0;
    else code = es_sqlite_refuse(store, result, err);
    es_sqlite_rest(s);
    return code;
}

static enum es_errc store_erase(struct es_store *store, const char *node, uint64_t seq, struct es_error *err)
{
    (void)node;
    sqlite3_stmt *s = NULL;
    enum es_errc code = es_sqlite_ready(store, ERASE, &s, err);
    if (code != ES_OK) return code;
    sqlite3_bind_int64(s, 1, (sqlite3_int64)seq);
    code = es_sqlite_finish(store, s, err);
    if (code == ES_OK && sqlite3_changes(store->db) != 1)
        code = es_fail(err, ES_E_STATE, "entry %llu: not in the ledger", (unsigned long long)seq);
    return code;
}

/* The journal still holds the old pages until it is written back and cut. Our own look at the file is a reader too: its end is waited for. */
static enum es_errc store_scrub(struct es_store *store, struct es_error *err)
{
    int left = 0;
    const enum es_errc whole = es_sqlite_sound(store, true, err);
    if (whole != ES_OK) return whole;
    const int result = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &left, NULL);
    if (result == SQLITE_BUSY || left > 0)
        return es_fail(err, ES_E_BUSY, "ledger: erased, but a reader keeps its copy in the journal; try again when it has ended");
    return result == SQLITE_OK ? ES_OK : es_sqlite_refuse(store, result, err);
}

static enum es_errc store_note_set(struct es_store *store, const char *name, const char *value, struct es_error *err)
{
    return value[0] ? es_sqlite_text_set(store, NOTE_SET, name, value, err) : es_sqlite_text_set(store, NOTE_DELETE, name, NULL, err);
}

static enum es_errc store_note_get(struct es_store *store, const char *name, char *value, size_t size, struct es_error *err)
{
    return es_sqlite_text_get(store, NOTE_GET, name, value, size, err);
}

const struct es_store_type es_store_sqlite = {
    .prefix = "sqlite:", .masks = &es_sqlite_masks, .open = es_sqlite_open, .is_new = es_sqlite_is_new, .close = es_sqlite_close,
    .inspect = es_sqlite_inspect, .sound = es_sqlite_sound, .prove = es_sqlite_prove, .hold = store_hold, .release = store_release, .shrink = store_shrink,
    .begin = store_begin, .commit = store_commit, .rollback = es_sqlite_rollback, .insert = store_insert, .head = store_head,
    .note_head = store_note_head, .walk = store_walk, .read = store_read, .walk_event_id = store_walk_event_id, .find = store_find,
    .erase = store_erase, .scrub = store_scrub, .note_set = store_note_set, .note_get = store_note_get,
};
