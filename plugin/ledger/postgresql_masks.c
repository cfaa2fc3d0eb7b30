/* SPDX-License-Identifier: Apache-2.0 */
/* Masks in a PostgreSQL database that several nodes share (masks.h). Tables of their own, with the columns they have in SQLite; a database from
 * before there were any gets them with its first mask, and the schema's version stays: who knows nothing of them reads the ledger as before.
 *
 * One node at a time adds or removes masks: otherwise two of them would wait for each other's rows, and the limit be counted on what only
 * one of them sees. That order is a lock of the transaction, which ends with it; readers do not ask for it. */
#include <stdlib.h>
#include <string.h>

#include "plugin/ledger/postgresql.h"

#define LARGEST ((size_t)1 << 29) /* bytes of one mask; a value of PostgreSQL holds less than 1 GiB, and is sent as one */

/* READ COMMITTED whatever the server's default is: what others committed while the lock was waited for must be seen. */
static const char begin_sql[] = "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(1165382504, 0)";

static enum es_errc has_tables(struct es_store *store, bool *there, struct es_error *err)
{
    PGresult *result = NULL;
    *there = store->masks;
    if (store->masks) return ES_OK;
    const enum es_errc code = es_pg_ask(store, MASK_TABLES, NULL, PGRES_TUPLES_OK, &result, err);
    *there = code == ES_OK && PQntuples(result) == 1 && PQgetvalue(result, 0, 0)[0] == 1;
    PQclear(result);
    return code;
}

/* Ends what begin_sql began; from a commit on the tables are known to be there. */
static enum es_errc conclude(struct es_store *store, enum es_errc code, struct es_error *err)
{
    if (code == ES_OK) code = es_pg_commit(store, err);
    if (code == ES_OK) store->masks = true;
    else es_pg_rollback(store);
    return code;
}

static enum es_errc begin(struct es_store *store, bool create, bool *there, struct es_error *err)
{
    enum es_errc code = es_pg_run(store, begin_sql, err);
    if (code == ES_OK) code = has_tables(store, there, err);
    if (code == ES_OK && create && !*there) code = es_pg_make_tables(store, err);
    if (code != ES_OK || (!*there && !create)) es_pg_rollback(store);
    return code;
}

static enum es_errc add_dropped(struct es_store *store, uint64_t count, struct es_error *err)
{
    const struct es_pg_number_big number = es_pg_big(count > INT64_MAX ? INT64_MAX : (int64_t)count);
    const struct es_pg_given given[] = {NUMBER(number)};
    return es_pg_tell(store, MASK_DROPPED, given, err);
}

static enum es_errc keep_one(struct es_store *store, const struct es_kept_mask *mask, struct es_error *err)
{
    const struct es_pg_number_big produced = es_pg_big(mask->produced);
    const struct es_pg_given bytes[] = {BYTES(mask->address, ES_MASK_ADDRESS_SIZE), BYTES(mask->len ? mask->bytes : (const uint8_t *)"", mask->len)};
    const struct es_pg_given whose[] = {BYTES(mask->identity, ES_IDENTITY_SIZE), BYTES(mask->address, ES_MASK_ADDRESS_SIZE), NUMBER(produced)};
    const enum es_errc code = es_pg_tell(store, MASK_KEEP, bytes, err);
    return code == ES_OK ? es_pg_tell(store, MASK_OF_KEEP, whose, err) : code;
}

static enum es_errc count_stock(struct es_store *store, struct es_mask_stock *out, struct es_error *err)
{
    PGresult *result = NULL;
    const enum es_errc code = es_pg_ask(store, MASK_STOCK, NULL, PGRES_TUPLES_OK, &result, err);
    if (code != ES_OK) return code;
    *out = (struct es_mask_stock){(uint64_t)es_pg_number(result, 0, 0), (uint64_t)es_pg_number(result, 0, 1), (uint64_t)es_pg_number(result, 0, 2)};
    PQclear(result);
    return ES_OK;
}

static enum es_errc keep_below(struct es_store *store, uint64_t limit, struct es_error *err)
{
    struct es_mask_stock stock;
    const struct es_pg_number_big most = es_pg_big(limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
    const struct es_pg_given given[] = {NUMBER(most)};
    const enum es_errc code = count_stock(store, &stock, err);
    return code == ES_OK && stock.bytes > limit ? es_pg_tell(store, MASK_DROP, given, err) : code;
}

static enum es_errc masks_keep(struct es_store *store, const struct es_kept_mask *masks, size_t count, uint64_t limit, struct es_error *err)
{
    bool there = false;
    enum es_errc code = begin(store, true, &there, err);
    if (code != ES_OK) return code;
    for (size_t i = 0; i < count && code == ES_OK; i++) /* one that is too large by itself must not push out all others */
        code = masks[i].len <= limit && masks[i].len <= LARGEST ? keep_one(store, &masks[i], err) : add_dropped(store, 1, err);
    if (code == ES_OK) code = keep_below(store, limit, err);
    return conclude(store, code, err);
}

static enum es_errc masks_add_dropped(struct es_store *store, uint64_t count, struct es_error *err)
{
    bool there = false;
    const enum es_errc code = begin(store, true, &there, err);
    return code == ES_OK ? conclude(store, add_dropped(store, count, err), err) : code;
}

static enum es_errc masks_read(struct es_store *store, const uint8_t *address, uint8_t **bytes, size_t *len, struct es_error *err)
{
    PGresult *result = NULL;
    bool there = false;
    *bytes = NULL;
    *len = 0;
    enum es_errc code = has_tables(store, &there, err);
    if (code != ES_OK || !there) return code;
    const struct es_pg_given given[] = {BYTES(address, ES_MASK_ADDRESS_SIZE)};
    code = es_pg_ask(store, MASK_READ, given, PGRES_TUPLES_OK, &result, err);
    if (code == ES_OK && PQntuples(result) == 1) {
        const size_t n = (size_t)PQgetlength(result, 0, 0);
        *bytes = malloc(n > 0 ? n : 1);
        if (!*bytes) code = es_fail(err, ES_E_MEMORY, "ledger: no room for a mask of %zu bytes", n);
        else if (n > 0) memcpy(*bytes, PQgetvalue(result, 0, 0), n);
        *len = *bytes ? n : 0;
    }
    PQclear(result);
    return code;
}

static enum es_errc masks_compared(struct es_store *store, const uint8_t *identity, const uint8_t *address, struct es_error *err)
{
    bool there = false;
    const enum es_errc code = has_tables(store, &there, err);
    if (code != ES_OK || !there) return code;
    const struct es_pg_given given[] = {BYTES(identity, ES_IDENTITY_SIZE), BYTES(address, ES_MASK_ADDRESS_SIZE)};
    return es_pg_tell(store, MASK_COMPARED, given, err); /* one row by its key: needs no turn */
}

static enum es_errc masks_forget(struct es_store *store, const uint8_t *identity, struct es_error *err)
{
    bool there = false;
    enum es_errc code = begin(store, false, &there, err);
    if (code != ES_OK || !there) return code;
    const struct es_pg_given given[] = {BYTES(identity, ES_IDENTITY_SIZE)};
    code = es_pg_tell(store, MASK_FORGET, given, err);
    if (code == ES_OK) code = es_pg_tell(store, MASK_LOOSE, NULL, err);
    return conclude(store, code, err);
}

static enum es_errc masks_stock(struct es_store *store, struct es_mask_stock *out, struct es_error *err)
{
    bool there = false;
    const enum es_errc code = has_tables(store, &there, err);
    return code == ES_OK && there ? count_stock(store, out, err) : code;
}

static enum es_errc forget_erased(struct es_store *store, struct es_error *err)
{
    PGresult *result = NULL;
    enum es_errc code = es_pg_ask(store, ERASED, NULL, PGRES_TUPLES_OK, &result, err);
    for (int i = 0; code == ES_OK && i < PQntuples(result); i++) {
        const struct es_pg_given given[] = {BYTES(PQgetvalue(result, i, 0), PQgetlength(result, i, 0))};
        code = es_pg_tell(store, MASK_FORGET, given, err);
    }
    PQclear(result);
    return code;
}

enum es_errc es_pg_scrub_masks(struct es_store *store, struct es_error *err)
{
    bool there = false;
    enum es_errc code = begin(store, false, &there, err);
    if (code != ES_OK || !there) return code;
    code = forget_erased(store, err);
    if (code == ES_OK) code = es_pg_tell(store, MASK_LOOSE, NULL, err);
    code = conclude(store, code, err);
    if (code == ES_OK) code = es_pg_run(store, "VACUUM FULL evensight.mask", err);
    return code == ES_OK ? es_pg_run(store, "VACUUM FULL evensight.mask_of", err) : code;
}

const struct es_mask_store_type es_pg_masks = {.keep = masks_keep, .read = masks_read, .compared = masks_compared, .forget = masks_forget,
                                               .stock = masks_stock, .add_dropped = masks_add_dropped};
