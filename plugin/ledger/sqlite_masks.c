/* SPDX-License-Identifier: Apache-2.0 */
/* Masks in the ledger's SQLite file (masks.h). */
#include <stdlib.h>
#include <string.h>

#include "plugin/ledger/sqlite.h"

static enum es_errc prepare(struct es_store *store, const char *sql, sqlite3_stmt **out, struct es_error *err)
{
    const int result = sqlite3_prepare_v2(store->db, sql, -1, out, NULL);
    return result == SQLITE_OK ? ES_OK : es_sqlite_refuse(store, result, err);
}

/* Ends a statement that gives no row. */
static enum es_errc finish(struct es_store *store, sqlite3_stmt *statement, struct es_error *err)
{
    const enum es_errc code = es_sqlite_finish(store, statement, err);
    sqlite3_finalize(statement);
    return code;
}

/* Up to three whole numbers of the first row; zeroes when there is none. */
static enum es_errc numbers(struct es_store *store, const char *sql, int64_t *out, int count, struct es_error *err)
{
    sqlite3_stmt *statement = NULL;
    enum es_errc code = prepare(store, sql, &statement, err);
    if (code != ES_OK) return code;
    const int result = sqlite3_step(statement);
    for (int i = 0; i < count; i++) out[i] = result == SQLITE_ROW ? sqlite3_column_int64(statement, i) : 0;
    if (result != SQLITE_ROW && result != SQLITE_DONE) code = es_sqlite_refuse(store, result, err);
    sqlite3_finalize(statement);
    return code;
}

/* A reader may have a ledger of schema 1 before it, which no writer of today has opened yet. */
static enum es_errc has_tables(struct es_store *store, bool *there, struct es_error *err)
{
    int64_t count = 0;
    const enum es_errc code = numbers(store, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'mask_of'", &count, 1, err);
    *there = count > 0;
    return code;
}

static enum es_errc keep_one(struct es_store *store, const struct es_kept_mask *mask, struct es_error *err)
{
    sqlite3_stmt *statement = NULL;
    enum es_errc code = prepare(store, "INSERT OR IGNORE INTO mask (address, bytes) VALUES (?1, ?2)", &statement, err);
    if (code != ES_OK) return code;
    sqlite3_bind_blob(statement, 1, mask->address, sizeof mask->address, SQLITE_STATIC);
    sqlite3_bind_blob64(statement, 2, mask->bytes, mask->len, SQLITE_STATIC);
    code = finish(store, statement, err);
    if (code == ES_OK) code = prepare(store, "INSERT OR IGNORE INTO mask_of VALUES (?1, ?2, ?3, 0)", &statement, err);
    if (code != ES_OK) return code;
    sqlite3_bind_blob(statement, 1, mask->identity, sizeof mask->identity, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 2, mask->address, sizeof mask->address, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, mask->produced);
    return finish(store, statement, err);
}

/* The order of dropping stands in masks.h. */
static enum es_errc drop_one(struct es_store *store, struct es_error *err)
{
    static const char *const sql[] = {
        "CREATE TEMP TABLE IF NOT EXISTS mask_going (address BLOB)",
        "DELETE FROM mask_going",
        "INSERT INTO mask_going SELECT address FROM mask_of GROUP BY address ORDER BY min(compared) DESC, max(produced), address LIMIT 1",
        "DELETE FROM mask WHERE address IN (SELECT address FROM mask_going)",
        "DELETE FROM mask_of WHERE address IN (SELECT address FROM mask_going)",
        "UPDATE mask_dropped SET count = count + 1"};
    enum es_errc code = ES_OK;
    for (size_t i = 0; i < sizeof sql / sizeof sql[0] && code == ES_OK; i++) code = es_sqlite_run(store, sql[i], err);
    return code;
}

static enum es_errc keep_below(struct es_store *store, uint64_t limit, struct es_error *err)
{
    int64_t stock[2];
    enum es_errc code;
    while ((code = numbers(store, "SELECT count(*), coalesce(sum(length(bytes)), 0) FROM mask", stock, 2, err)) == ES_OK &&
           stock[0] > 0 && (uint64_t)stock[1] > limit) {
        code = drop_one(store, err);
        if (code != ES_OK) return code;
    }
    return code;
}

static enum es_errc masks_keep(struct es_store *store, const struct es_kept_mask *masks, size_t count, uint64_t limit, struct es_error *err)
{
    enum es_errc code = es_sqlite_run(store, "BEGIN IMMEDIATE", err);
    if (code != ES_OK) return code;
    for (size_t i = 0; i < count && code == ES_OK; i++) /* one that is too large by itself must not push out all others */
        code = masks[i].len <= limit ? keep_one(store, &masks[i], err) : es_sqlite_run(store, "UPDATE mask_dropped SET count = count + 1", err);
    if (code == ES_OK) code = keep_below(store, limit, err);
    if (code == ES_OK) code = es_sqlite_run(store, "COMMIT", err);
    if (code != ES_OK) es_sqlite_rollback(store);
    return code;
}

static enum es_errc masks_read(struct es_store *store, const uint8_t *address, uint8_t **bytes, size_t *len, struct es_error *err)
{
    sqlite3_stmt *statement = NULL;
    bool there = false;
    *bytes = NULL;
    *len = 0;
    enum es_errc code = has_tables(store, &there, err);
    if (code != ES_OK || !there) return code;
    code = prepare(store, "SELECT bytes FROM mask WHERE address = ?1", &statement, err);
    if (code != ES_OK) return code;
    sqlite3_bind_blob(statement, 1, address, ES_MASK_ADDRESS_SIZE, SQLITE_STATIC);
    const int result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        const void *blob = sqlite3_column_blob(statement, 0);
        const size_t n = (size_t)sqlite3_column_bytes(statement, 0);
        *bytes = malloc(n > 0 ? n : 1);
        if (*bytes == NULL || (blob == NULL && n > 0)) code = es_fail(err, ES_E_MEMORY, "ledger: no room for a mask of %zu bytes", n);
        else if (n > 0) memcpy(*bytes, blob, n);
        *len = n;
    } else if (result != SQLITE_DONE) {
        code = es_sqlite_refuse(store, result, err);
    }
    if (code != ES_OK) {
        free(*bytes);
        *bytes = NULL;
    }
    sqlite3_finalize(statement);
    return code;
}

static enum es_errc masks_compared(struct es_store *store, const uint8_t *identity, const uint8_t *address, struct es_error *err)
{
    sqlite3_stmt *statement = NULL;
    bool there = false;
    enum es_errc code = has_tables(store, &there, err);
    if (code != ES_OK || !there) return code;
    code = prepare(store, "UPDATE mask_of SET compared = 1 WHERE identity = ?1 AND address = ?2", &statement, err);
    if (code != ES_OK) return code;
    sqlite3_bind_blob(statement, 1, identity, ES_IDENTITY_SIZE, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 2, address, ES_MASK_ADDRESS_SIZE, SQLITE_STATIC);
    return finish(store, statement, err);
}

static enum es_errc masks_forget(struct es_store *store, const uint8_t *identity, struct es_error *err)
{
    sqlite3_stmt *statement = NULL;
    bool there = false;
    enum es_errc code = has_tables(store, &there, err);
    if (code != ES_OK || !there) return code;
    code = prepare(store, "DELETE FROM mask_of WHERE identity = ?1", &statement, err);
    if (code != ES_OK) return code;
    sqlite3_bind_blob(statement, 1, identity, ES_IDENTITY_SIZE, SQLITE_STATIC);
    code = finish(store, statement, err);
    return code == ES_OK ? es_sqlite_run(store, "DELETE FROM mask WHERE address NOT IN (SELECT address FROM mask_of)", err) : code;
}

static enum es_errc masks_stock(struct es_store *store, struct es_mask_stock *out, struct es_error *err)
{
    int64_t n[3] = {0, 0, 0};
    bool there = false;
    enum es_errc code = has_tables(store, &there, err);
    if (code == ES_OK && there)
        code = numbers(store, "SELECT count(*), coalesce(sum(length(bytes)), 0), (SELECT count FROM mask_dropped) FROM mask", n, 3, err);
    if (code == ES_OK) *out = (struct es_mask_stock){(uint64_t)n[0], (uint64_t)n[1], (uint64_t)n[2]};
    return code;
}

static enum es_errc hand_row(struct es_store *store, sqlite3_stmt *row, struct es_kept_mask *mask, struct es_error *err)
{
    const void *identity = sqlite3_column_blob(row, 0), *address = sqlite3_column_blob(row, 1);
    if (!identity || !address || sqlite3_column_bytes(row, 0) != ES_IDENTITY_SIZE || sqlite3_column_bytes(row, 1) != ES_MASK_ADDRESS_SIZE)
        return es_sqlite_refuse(store, SQLITE_CORRUPT, err);
    memcpy(mask->identity, identity, ES_IDENTITY_SIZE);
    memcpy(mask->address, address, ES_MASK_ADDRESS_SIZE);
    mask->produced = sqlite3_column_int64(row, 2);
    mask->bytes = sqlite3_column_blob(row, 3);
    mask->len = (size_t)sqlite3_column_bytes(row, 3);
    return ES_OK;
}

static enum es_errc masks_walk(struct es_store *store, bool (*each)(void *context, const struct es_kept_mask *mask), void *context,
                               struct es_error *err)
{
    sqlite3_stmt *row = NULL;
    bool there = false, more = true;
    int result = SQLITE_ROW;
    enum es_errc code = has_tables(store, &there, err);
    if (code != ES_OK || !there) return code;
    code = prepare(store, "SELECT o.identity, o.address, o.produced, m.bytes FROM mask_of o JOIN mask m ON m.address = o.address"
                          " ORDER BY o.produced, o.address, o.identity", &row, err);
    while (code == ES_OK && more && (result = sqlite3_step(row)) == SQLITE_ROW) {
        struct es_kept_mask mask;
        code = hand_row(store, row, &mask, err);
        if (code == ES_OK) more = each(context, &mask);
    }
    if (code == ES_OK && result != SQLITE_ROW && result != SQLITE_DONE) code = es_sqlite_refuse(store, result, err);
    sqlite3_finalize(row);
    return code;
}

static enum es_errc masks_clear(struct es_store *store, struct es_error *err)
{
    bool there = false;
    enum es_errc code = has_tables(store, &there, err);
    if (code != ES_OK || !there) return code;
    code = es_sqlite_run(store, "BEGIN IMMEDIATE; DELETE FROM mask; DELETE FROM mask_of; UPDATE mask_dropped SET count = 0; COMMIT", err);
    if (code != ES_OK) es_sqlite_rollback(store);
    return code;
}

const struct es_mask_store_type es_sqlite_masks = {.keep = masks_keep, .read = masks_read, .compared = masks_compared, .forget = masks_forget,
                                                   .stock = masks_stock, .walk = masks_walk, .clear = masks_clear};
