/* SPDX-License-Identifier: Apache-2.0 */
/* The connection to a PostgreSQL server: statements, errors in words, the schema, the writer's lease. */
#include "plugin/ledger/postgresql.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/base/time.h"

#define SCHEMA_VERSION "1"
#define CHUNK "2000"       /* rows a query of a walk */
#define LOCKS 0x45765367   /* "EvSg": the class of our advisory locks */

static const char schema_sql[] =
    "CREATE SCHEMA IF NOT EXISTS evensight;"
    "CREATE TABLE IF NOT EXISTS evensight.meta (name text PRIMARY KEY, value text NOT NULL);"
    "CREATE TABLE IF NOT EXISTS evensight.entry (identity bytea PRIMARY KEY, node text NOT NULL, seq bigint NOT NULL, received bigint NOT NULL,"
    " sent bigint, event_id bytea, salt bytea, body bytea, leaf bytea NOT NULL, link bytea NOT NULL);"
    "CREATE INDEX IF NOT EXISTS entry_node_seq ON evensight.entry (node, seq);"
    "CREATE INDEX IF NOT EXISTS entry_event_id ON evensight.entry (event_id) WHERE event_id IS NOT NULL;"
    "CREATE TABLE IF NOT EXISTS evensight.head (node text PRIMARY KEY, seq bigint NOT NULL);"
    "CREATE TABLE IF NOT EXISTS evensight.lease (node text PRIMARY KEY, pid bigint NOT NULL, host text NOT NULL, since bigint NOT NULL,"
    " backend integer NOT NULL, token text NOT NULL);"
    "CREATE TABLE IF NOT EXISTS evensight.note (node text NOT NULL, name text NOT NULL, value text NOT NULL, PRIMARY KEY (node, name));"
    "INSERT INTO evensight.meta VALUES ('schema', '" SCHEMA_VERSION "') ON CONFLICT DO NOTHING;";

#define ENTRY_COLUMNS "node, seq, received, sent, identity, event_id, body"
#define CHAIN_COLUMNS ENTRY_COLUMNS ", salt, leaf, link"
static const struct {
    const char *name, *sql;
    int parameters;
} statements[ES_PG_STATEMENTS] = {
    [INSERT] = {"insert", "INSERT INTO evensight.entry (" CHAIN_COLUMNS ") VALUES ($1, $2::bigint, $3::bigint, $4::bigint, $5::bytea, $6::bytea,"
                          " $7::bytea, $8::bytea, $9::bytea, $10::bytea) ON CONFLICT (identity) DO NOTHING", 10},
    [NODES] = {"nodes", "SELECT node FROM evensight.head ORDER BY node COLLATE \"C\"", 0},
    [HEAD] = {"head", "SELECT coalesce((SELECT seq FROM evensight.head WHERE node = $1), 0::bigint), coalesce(e.seq, 0::bigint), e.link FROM (SELECT 1) one"
                      " LEFT JOIN (SELECT seq, link FROM evensight.entry WHERE node = $1 ORDER BY seq DESC LIMIT 1) e ON true", 1},
    [NOTE_HEAD] = {"note_head", "INSERT INTO evensight.head (node, seq) VALUES ($1, $2::bigint) ON CONFLICT (node) DO UPDATE SET seq = excluded.seq", 2},
    [WALK] = {"walk", "SELECT " ENTRY_COLUMNS " FROM evensight.entry WHERE node = $1 AND seq > $2::bigint AND seq <= $3::bigint ORDER BY seq LIMIT " CHUNK, 3},
    [WALK_CHAIN] = {"walk_chain",
                    "SELECT " CHAIN_COLUMNS " FROM evensight.entry WHERE node = $1 AND seq > $2::bigint AND seq <= $3::bigint ORDER BY seq LIMIT " CHUNK, 3},
    [BY_EVENT_ID] = {"by_event_id", "SELECT " ENTRY_COLUMNS " FROM evensight.entry WHERE event_id = $1::bytea ORDER BY node, seq", 1},
    [FIND] = {"find", "SELECT node, seq FROM evensight.entry WHERE identity = $1::bytea", 1},
    [ERASE] = {"erase", "UPDATE evensight.entry SET salt = NULL, body = NULL, event_id = NULL, sent = NULL WHERE node = $1 AND seq = $2::bigint", 2},
    [NOTE_SET] = {"note_set", "INSERT INTO evensight.note (node, name, value) VALUES ($1, $2, $3) ON CONFLICT (node, name) DO UPDATE SET value = excluded.value", 3},
    [NOTE_DELETE] = {"note_delete", "DELETE FROM evensight.note WHERE node = $1 AND name = $2", 2},
    [NOTE_GET] = {"note_get", "SELECT value FROM evensight.note WHERE node = $1 AND name = $2", 2},
    [META_GET] = {"meta_get", "SELECT value FROM evensight.meta WHERE name = $1", 1},
    [META_SET] = {"meta_set", "INSERT INTO evensight.meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", 2},
    [LEASE_TRY] = {"lease_try", "SELECT pg_try_advisory_lock($1::int, hashtext($2))", 2},
    [LEASE_GET] = {"lease_get", "SELECT pid, host, since, backend, token FROM evensight.lease WHERE node = $1", 1},
    [LEASE_SET] = {"lease_set", "INSERT INTO evensight.lease (node, pid, host, since, backend, token) VALUES ($1, $2::bigint, $3, $4::bigint, pg_backend_pid(), $5)"
                                " ON CONFLICT (node) DO UPDATE SET pid = excluded.pid, host = excluded.host, since = excluded.since,"
                                " backend = excluded.backend, token = excluded.token", 5},
    [LEASE_DELETE] = {"lease_delete", "DELETE FROM evensight.lease WHERE node = $1", 1},
    [LEASE_OTHERS] = {"lease_others", "SELECT l.node, l.pid, l.host, l.since FROM evensight.lease l JOIN pg_locks k ON k.pid = l.backend"
                                      " WHERE l.node <> $2 AND k.locktype = 'advisory' AND k.classid = $1::oid AND k.granted ORDER BY l.node LIMIT 1", 2},
    [LEASE_END] = {"lease_end", "SELECT pg_terminate_backend($1::int)", 1},
    [MASK_TABLES] = {"mask_tables", "SELECT to_regclass('evensight.mask_dropped') IS NOT NULL", 0},
    [MASK_KEEP] = {"mask_keep", "INSERT INTO evensight.mask (address, bytes) VALUES ($1::bytea, $2::bytea) ON CONFLICT (address) DO NOTHING", 2},
    [MASK_OF_KEEP] = {"mask_of_keep", "INSERT INTO evensight.mask_of (identity, address, produced, compared) VALUES ($1::bytea, $2::bytea, $3::bigint, 0)"
                                      " ON CONFLICT (identity, address) DO NOTHING", 3},
    /* In the order of masks.h, seen from what stays: as many from this end as have room. */
    [MASK_DROP] = {"mask_drop", "WITH whose AS (SELECT address, min(compared) AS compared, max(produced) AS produced FROM evensight.mask_of GROUP BY address),"
                                " ranked AS (SELECT m.address, sum(octet_length(m.bytes)) OVER (ORDER BY w.compared, w.produced DESC, m.address DESC"
                                " ROWS UNBOUNDED PRECEDING) AS total FROM evensight.mask m JOIN whose w ON w.address = m.address),"
                                " gone AS (DELETE FROM evensight.mask m USING ranked r WHERE m.address = r.address AND r.total > $1::bigint RETURNING m.address),"
                                " loose AS (DELETE FROM evensight.mask_of o USING gone g WHERE o.address = g.address)"
                                " UPDATE evensight.mask_dropped SET count = count + (SELECT count(*) FROM gone)", 1},
    [MASK_DROPPED] = {"mask_dropped", "UPDATE evensight.mask_dropped SET count = count + $1::bigint", 1},
    [MASK_READ] = {"mask_read", "SELECT bytes FROM evensight.mask WHERE address = $1::bytea", 1},
    [MASK_COMPARED] = {"mask_compared", "UPDATE evensight.mask_of SET compared = 1 WHERE identity = $1::bytea AND address = $2::bytea", 2},
    [MASK_FORGET] = {"mask_forget", "DELETE FROM evensight.mask_of WHERE identity = $1::bytea", 1},
    [MASK_LOOSE] = {"mask_loose", "DELETE FROM evensight.mask m WHERE NOT EXISTS (SELECT 1 FROM evensight.mask_of o WHERE o.address = m.address)", 0},
    [MASK_STOCK] = {"mask_stock", "SELECT count(*), coalesce(sum(octet_length(bytes)), 0)::bigint, (SELECT d.count FROM evensight.mask_dropped d)"
                                  " FROM evensight.mask", 0},
};

/* ---- errors ---- */

/* The first line of what the server said: its details may hold values, this does not. */
enum es_errc es_pg_refuse(struct es_store *store, const PGresult *result, struct es_error *err)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *text = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    if (PQstatus(store->db) != CONNECTION_OK || (state && (strncmp(state, "57P", 3) == 0 || strncmp(state, "08", 2) == 0))) {
        store->away = store->writer || store->away;
        return es_fail(err, ES_E_IO, "ledger: the PostgreSQL server does not answer");
    }
    if (state && (strcmp(state, "40P01") == 0 || strcmp(state, "40001") == 0 || strcmp(state, "55P03") == 0))
        return es_fail(err, ES_E_BUSY, "ledger: another node was writing the same; try again");
    if (state && strcmp(state, "53100") == 0) return es_fail(err, ES_E_IO, "ledger: the PostgreSQL server has no space left");
    if (state && strcmp(state, "25006") == 0) return es_fail(err, ES_E_IO, "ledger: the PostgreSQL server is read-only");
    if (state && strcmp(state, "42501") == 0) return es_fail(err, ES_E_IO, "ledger: the PostgreSQL role may not do this: %.120s", text ? text : "");
    if (state && strncmp(state, "XX", 2) == 0) return es_fail(err, ES_E_STATE, "ledger: the PostgreSQL database is damaged: %.120s", text ? text : "");
    return es_fail(err, ES_E_IO, "ledger: PostgreSQL: %.150s", text ? text : "no memory for its answer");
}

/* ---- statements ---- */

enum es_errc es_pg_run(struct es_store *store, const char *sql, struct es_error *err)
{
    PGresult *result = PQexec(store->db, sql);
    const ExecStatusType status = PQresultStatus(result);
    const enum es_errc code = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? ES_OK : es_pg_refuse(store, result, err);
    PQclear(result);
    return code;
}

enum es_errc es_pg_commit(struct es_store *store, struct es_error *err)
{
    PGresult *result = PQexec(store->db, "COMMIT");
    /* COMMIT of a failed transaction answers ROLLBACK without an error. */
    const bool good = PQresultStatus(result) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(result), "COMMIT") == 0;
    const enum es_errc code = good ? ES_OK : PQresultStatus(result) == PGRES_COMMAND_OK ? es_fail(err, ES_E_IO, "ledger: PostgreSQL rolled the batch back")
                                                                                       : es_pg_refuse(store, result, err);
    PQclear(result);
    return code;
}

void es_pg_rollback(struct es_store *store) { PQclear(PQexec(store->db, "ROLLBACK")); }

struct es_pg_number_big es_pg_big(int64_t value) { return (struct es_pg_number_big){htobe64((uint64_t)value)}; }

enum es_errc es_pg_ask(struct es_store *store, enum es_pg_statement which, const struct es_pg_given *given, ExecStatusType expected, PGresult **out,
                        struct es_error *err)
{
    const char *values[10];
    int lengths[10], formats[10];
    *out = NULL;
    if (!store->ready[which]) {
        PGresult *made = PQprepare(store->db, statements[which].name, statements[which].sql, statements[which].parameters, NULL);
        const bool good = PQresultStatus(made) == PGRES_COMMAND_OK;
        const enum es_errc code = good ? ES_OK : es_pg_refuse(store, made, err);
        PQclear(made);
        if (!good) return code;
        store->ready[which] = true;
    }
    for (int i = 0; i < statements[which].parameters; i++) {
        values[i] = given[i].data;
        lengths[i] = given[i].len < 0 ? 0 : given[i].len;
        formats[i] = given[i].len >= 0;
    }
    PGresult *result = PQexecPrepared(store->db, statements[which].name, statements[which].parameters, values, lengths, formats, 1);
    if (PQresultStatus(result) == expected) {
        *out = result;
        return ES_OK;
    }
    const enum es_errc code = es_pg_refuse(store, result, err);
    PQclear(result);
    return code;
}

enum es_errc es_pg_tell(struct es_store *store, enum es_pg_statement which, const struct es_pg_given *given, struct es_error *err)
{
    PGresult *result = NULL;
    const enum es_errc code = es_pg_ask(store, which, given, PGRES_COMMAND_OK, &result, err);
    PQclear(result);
    return code;
}

int64_t es_pg_number(const PGresult *result, int row, int column)
{
    uint64_t value = 0;
    if (PQgetlength(result, row, column) == 4) {
        uint32_t four;
        memcpy(&four, PQgetvalue(result, row, column), 4);
        return (int32_t)be32toh(four);
    }
    if (PQgetlength(result, row, column) == 8) memcpy(&value, PQgetvalue(result, row, column), 8);
    return (int64_t)be64toh(value);
}

bool es_pg_bytes(const PGresult *result, int row, int column, void *out, int size)
{
    if (PQgetisnull(result, row, column) || PQgetlength(result, row, column) != size) return false;
    memcpy(out, PQgetvalue(result, row, column), (size_t)size);
    return true;
}

/* ---- connection and lease ---- */

/* What the server remarks goes nowhere: it may name values. */
static void say_nothing(void *context, const char *message)
{
    (void)context;
    (void)message;
}

enum es_errc es_pg_connect(struct es_store *store, struct es_error *err)
{
    /* What the URL itself says about these stands behind and wins. */
    const char *const keys[] = {"application_name", "connect_timeout", "keepalives_idle", "keepalives_interval", "keepalives_count",
                                "tcp_user_timeout", "client_encoding", "dbname", NULL};
    const char *const values[] = {"evensight", "3", "10", "5", "3", "15000", "UTF8", store->url, NULL};
    if (store->db) PQfinish(store->db);
    memset(store->ready, 0, sizeof store->ready);
    store->leased = store->masks = false;
    store->db = PQconnectdbParams(keys, values, 1);
    if (!store->db) return es_fail(err, ES_E_MEMORY, "ledger: out of memory");
    (void)PQsetNoticeProcessor(store->db, say_nothing, NULL);
    if (PQstatus(store->db) != CONNECTION_OK) {
        const char *text = PQerrorMessage(store->db);
        return es_fail(err, ES_E_IO, "ledger: no connection: %.*s", (int)(strcspn(text, "\n") > 180 ? 180 : strcspn(text, "\n")), text);
    }
    return es_pg_run(store, "SET synchronous_commit = on; SET lock_timeout = '10s'; SET statement_timeout = '300s'; SET client_min_messages = warning", err);
}

enum es_errc es_pg_meta(struct es_store *store, const char *name, char *value, size_t size, struct es_error *err)
{
    PGresult *result = NULL;
    const struct es_pg_given given[] = {TEXT(name)};
    const enum es_errc code = es_pg_ask(store, META_GET, given, PGRES_TUPLES_OK, &result, err);
    value[0] = '\0';
    if (code == ES_OK && PQntuples(result) == 1) (void)snprintf(value, size, "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    return code;
}

/* Is there a schema of ours, one that we read? */
enum es_errc es_pg_check_schema(struct es_store *store, bool *there, struct es_error *err)
{
    char version[32];
    PGresult *result = PQexec(store->db, "SELECT to_regclass('evensight.meta') IS NOT NULL");
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
    return es_fail(err, ES_E_STATE, "ledger: the database was made with key %.40s, this is key %.40s: every node needs the same key file",
                   stored[0] ? stored : "none", store->key_id);
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
        es_instant_format(es_pg_number(result, 0, 3), since);
        code = es_fail(err, ES_E_BUSY, "ledger: node %s is being written by process %lld on %.40s since %s, expected no other node: stop it first",
                       PQgetvalue(result, 0, 0), (long long)es_pg_number(result, 0, 1), PQgetvalue(result, 0, 2), since);
    }
    PQclear(result);
    return code;
}

enum es_errc es_pg_create_schema(struct es_store *store, struct es_error *err)
{
    enum es_errc code = es_pg_run(store, "BEGIN; SELECT pg_advisory_xact_lock(1165382503, 0)", err); /* two nodes may start at once */
    if (code == ES_OK) code = es_pg_run(store, schema_sql, err);
    const struct es_pg_given key[] = {TEXT("key"), TEXT(store->key_id)};
    const struct es_pg_given rules[] = {TEXT("normalisation"), TEXT(ES_RULES)};
    if (code == ES_OK) code = es_pg_tell(store, META_SET, key, err);
    if (code == ES_OK) code = es_pg_tell(store, META_SET, rules, err);
    if (code == ES_OK) code = es_pg_run(store, "COMMIT", err);
    if (code != ES_OK) PQclear(PQexec(store->db, "ROLLBACK"));
    return code;
}
