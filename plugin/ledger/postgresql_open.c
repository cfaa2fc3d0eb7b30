/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a ledger in a PostgreSQL database: the schema, the key it was made with, the writer's lease. */
#include "plugin/ledger/postgresql.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "plugin/base/time.h"
#include "plugin/ledger/postgresql_sql.h"

#define SCHEMA_VERSION "1"
#define LOCKS 0x45765367   /* "EvSg": the class of our advisory locks */

/* Is there a schema of ours, one that we read? */
enum es_errc es_pg_check_schema(struct es_store *store, bool *there, struct es_error *err)
{
    char version[32];
    PGresult *result = es_pg_query(store, "SELECT to_regclass('evensight.meta') IS NOT NULL");
    const bool good = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;
    enum es_errc code = good ? ES_OK : es_pg_refuse(store, result, err);
    *there = good && strcmp(PQgetvalue(result, 0, 0), "t") == 0;
    PQclear(result);
    if (code != ES_OK || !*there) return code;
    code = es_pg_meta(store, "schema", version, sizeof version, err);
    if (code == ES_OK && strcmp(version, SCHEMA_VERSION) != 0)
        code = es_fail(err, ES_E_UNSUPPORTED, "ledger: the database has schema %.20s, this version reads %s: use the newer Evensight that wrote it",
                       version[0] ? version : "without version", SCHEMA_VERSION);
    return code;
}

enum es_errc es_pg_check_key(struct es_store *store, struct es_error *err)
{
    char stored[64];
    enum es_errc code = es_pg_meta(store, "key", stored, sizeof stored, err);
    if (code == ES_OK && strcmp(stored, store->key_id) == 0) {
        code = es_pg_meta(store, "normalisation", stored, sizeof stored, err);
        return code == ES_OK ? es_store_same_rules(stored, err) : code;
    }
    if (code != ES_OK) return code;
    if (!stored[0]) return es_fail(err, ES_E_IO, "ledger: the database holds no ledger"); /* but its tables, which no node has begun to use */
    return es_fail(err, ES_E_STATE, "ledger: the database was made with key %.40s, this is key %.40s: every node needs the same key file", stored,
                   store->key_id);
}

static enum es_errc lease_held(struct es_store *store, bool *ours, struct es_error *err)
{
    PGresult *result = NULL;
    const struct es_pg_given given[] = {TEXT(store->node)};
    char since[ES_INSTANT_TEXT] = "";
    enum es_errc code = es_pg_ask(store, LEASE_GET, given, PGRES_TUPLES_OK, &result, err);
    if (code != ES_OK) return code;
    *ours = false;
    if (PQntuples(result) == 1 && strcmp(PQgetvalue(result, 0, 4), store->token) == 0) {
        /* A connection of this very process that the server has not given up yet. */
        PGresult *ended = NULL;
        char backend[16];
        (void)snprintf(backend, sizeof backend, "%d", (int)es_pg_number(result, 0, 3));
        const struct es_pg_given whom[] = {TEXT(backend)};
        code = es_pg_ask(store, LEASE_END, whom, PGRES_TUPLES_OK, &ended, err);
        PQclear(ended);
        *ours = code == ES_OK;
    } else if (PQntuples(result) == 1) {
        es_instant_format(es_pg_number(result, 0, 2), since);
        code = es_fail(err, ES_E_BUSY, "ledger: node %s is being written by process %lld on %.60s since %s", store->node,
                       (long long)es_pg_number(result, 0, 0), PQgetvalue(result, 0, 1), since);
    } else {
        code = es_fail(err, ES_E_BUSY, "ledger: node %s is being opened by another process", store->node);
    }
    PQclear(result);
    return code;
}

static enum es_errc lease_try(struct es_store *store, bool *got, struct es_error *err)
{
    char locks[16];
    PGresult *result = NULL;
    (void)snprintf(locks, sizeof locks, "%d", LOCKS);
    const struct es_pg_given given[] = {TEXT(locks), TEXT(store->node)};
    const enum es_errc code = es_pg_ask(store, LEASE_TRY, given, PGRES_TUPLES_OK, &result, err);
    *got = code == ES_OK && PQntuples(result) == 1 && PQgetvalue(result, 0, 0)[0] == 1;
    PQclear(result);
    return code;
}

enum es_errc es_pg_lease(struct es_store *store, struct es_error *err)
{
    bool got = false, ours = true;
    enum es_errc code = lease_try(store, &got, err);
    for (int i = 0; code == ES_OK && !got && ours && i < 50; i++) {
        code = lease_held(store, &ours, err);
        if (code != ES_OK) return code;
        usleep(100000); /* its session ends */
        code = lease_try(store, &got, err);
    }
    if (code != ES_OK) return code;
    if (!got) return es_fail(err, ES_E_BUSY, "ledger: node %s is still held by an earlier connection of this process", store->node);
    char host[65] = "";
    (void)gethostname(host, sizeof host - 1);
    const struct es_pg_number_big pid = es_pg_big(getpid()), since = es_pg_big(es_clock());
    const struct es_pg_given given[] = {TEXT(store->node), NUMBER(pid), TEXT(host), NUMBER(since), TEXT(store->token)};
    code = es_pg_tell(store, LEASE_SET, given, err);
    store->leased = code == ES_OK;
    return code;
}

enum es_errc es_pg_alone(struct es_store *store, struct es_error *err)
{
    char locks[16], since[ES_INSTANT_TEXT] = "";
    PGresult *result = NULL;
    (void)snprintf(locks, sizeof locks, "%d", LOCKS);
    const struct es_pg_given given[] = {TEXT(locks), TEXT(store->node)};
    enum es_errc code = es_pg_ask(store, LEASE_OTHERS, given, PGRES_TUPLES_OK, &result, err);
    if (code == ES_OK && PQntuples(result) == 1) {
        const char *node = PQgetvalue(result, 0, 0), *host = PQgetvalue(result, 0, 2);
        const long long pid = (long long)es_pg_number(result, 0, 1);
        es_instant_format(es_pg_number(result, 0, 3), since);
        code = PQgetvalue(result, 0, 4)[0] == 1
                   ? es_fail(err, ES_E_BUSY, "ledger: node %s is being written by process %lld on %.40s since %s, expected no other node: stop it first", node,
                             pid, host, since)
                   : es_fail(err, ES_E_BUSY, "ledger: node %s (process %lld on %.30s since %s) has not ended in good order and may have something in its spool: start"
                             " and stop it, or, if it is gone for good, remove its row from evensight.lease", node, pid, host, since);
    }
    PQclear(result);
    return code;
}

enum es_errc es_pg_make_tables(struct es_store *store, struct es_error *err) { return es_pg_run(store, es_pg_schema, err); }

/* What the tables are made with; an administrator's may be without. */
static enum es_errc record_key(struct es_store *store, struct es_error *err)
{
    const struct es_pg_given key[] = {TEXT("key"), TEXT(store->key_id)};
    const struct es_pg_given rules[] = {TEXT("normalisation"), TEXT(ES_RULES)};
    const enum es_errc code = es_pg_tell(store, META_SET, key, err);
    return code == ES_OK ? es_pg_tell(store, META_SET, rules, err) : code;
}

enum es_errc es_pg_create_schema(struct es_store *store, bool there, struct es_error *err)
{
    char key[64] = "";
    enum es_errc code = there ? es_pg_meta(store, "key", key, sizeof key, err) : ES_OK;
    if (code != ES_OK || key[0]) return code;
    code = es_pg_run(store, "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(1165382503, 0)", err); /* two nodes may start at once */
    if (code == ES_OK && !there) code = es_pg_make_tables(store, err);
    if (code == ES_OK) code = es_pg_meta(store, "key", key, sizeof key, err);
    if (code == ES_OK && !key[0]) code = record_key(store, err);
    if (code == ES_OK) code = es_pg_commit(store, err);
    if (code != ES_OK) es_pg_rollback(store);
    return code;
}

/* Without it the same event would be taken twice. */
enum es_errc es_pg_check_unique(struct es_store *store, struct es_error *err)
{
    PGresult *result = NULL;
    char table[64] = "";
    const enum es_errc code = es_pg_ask(store, UNKEYED, NULL, PGRES_TUPLES_OK, &result, err);
    if (code == ES_OK && PQntuples(result) > 0) (void)snprintf(table, sizeof table, "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    if (code != ES_OK || !table[0]) return code;
    return es_fail(err, ES_E_STATE, "ledger: table %.60s has no primary key of identity alone, expected one: every event must be there once", table);
}
