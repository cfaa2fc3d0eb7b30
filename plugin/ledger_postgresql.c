/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger in a PostgreSQL database that several nodes share. The only file that calls libpq.
 *
 * Tables stand in the schema "evensight". The primary key of entry is the identity, so that the table can be distributed by it; node and seq
 * are a plain index. Every commit is synchronous. The writer's lease on its chain is an advisory lock of its session, which ends with the
 * connection however that ends; the row in `lease` says in words who holds it. */
#include <endian.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/ledger_store.h"
#include "plugin/time.h"

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

enum statement { INSERT, NODES, HEAD, NOTE_HEAD, WALK, WALK_CHAIN, BY_EVENT_ID, FIND, ERASE, NOTE_SET, NOTE_DELETE, NOTE_GET, META_GET, META_SET,
                 LEASE_TRY, LEASE_GET, LEASE_SET, LEASE_DELETE, LEASE_END, STATEMENTS };
#define ENTRY_COLUMNS "node, seq, received, sent, identity, event_id, body"
#define CHAIN_COLUMNS ENTRY_COLUMNS ", salt, leaf, link"
static const struct {
    const char *name, *sql;
    int parameters;
} statements[STATEMENTS] = {
    [INSERT] = {"insert", "INSERT INTO evensight.entry (" CHAIN_COLUMNS ") VALUES ($1, $2::bigint, $3::bigint, $4::bigint, $5::bytea, $6::bytea,"
                          " $7::bytea, $8::bytea, $9::bytea, $10::bytea) ON CONFLICT (identity) DO NOTHING", 10},
    [NODES] = {"nodes", "SELECT node FROM evensight.head ORDER BY node COLLATE \"C\"", 0},
    [HEAD] = {"head", "SELECT coalesce((SELECT seq FROM evensight.head WHERE node = $1), 0::bigint), coalesce(e.seq, 0::bigint), e.link FROM (SELECT 1) one"
                      " LEFT JOIN LATERAL (SELECT seq, link FROM evensight.entry WHERE node = $1 ORDER BY seq DESC LIMIT 1) e ON true", 1},
    [NOTE_HEAD] = {"note_head", "INSERT INTO evensight.head (node, seq) VALUES ($1, $2::bigint) ON CONFLICT (node) DO UPDATE SET seq = excluded.seq", 2},
    [WALK] = {"walk", "SELECT " ENTRY_COLUMNS " FROM evensight.entry WHERE node = $1 AND seq > $2::bigint AND seq <= $3::bigint ORDER BY seq LIMIT " CHUNK, 3},
    [WALK_CHAIN] = {"walk_chain",
                    "SELECT " CHAIN_COLUMNS " FROM evensight.entry WHERE node = $1 AND seq > $2::bigint AND seq <= $3::bigint ORDER BY seq LIMIT " CHUNK, 3},
    [BY_EVENT_ID] = {"by_event_id", "SELECT " ENTRY_COLUMNS " FROM evensight.entry WHERE event_id = $1::bytea ORDER BY node, seq", 1},
    [FIND] = {"find", "SELECT node, seq FROM evensight.entry WHERE identity = $1::bytea", 1},
    [ERASE] = {"erase", "UPDATE evensight.entry SET salt = NULL, body = NULL WHERE node = $1 AND seq = $2::bigint", 2},
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
    [LEASE_END] = {"lease_end", "SELECT pg_terminate_backend($1::int)", 1},
};

struct es_store {
    char *url, node[ES_NAME_SIZE], key_id[64], token[33];
    PGconn *db;
    bool writer, leased, away, ready[STATEMENTS];
};

/* ---- errors ---- */

/* The first line of what the server said: its details may hold values, this does not. */
static enum es_errc refuse(struct es_store *store, const PGresult *result, struct es_error *err)
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

static enum es_errc run(struct es_store *store, const char *sql, struct es_error *err)
{
    PGresult *result = PQexec(store->db, sql);
    const ExecStatusType status = PQresultStatus(result);
    const enum es_errc code = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? ES_OK : refuse(store, result, err);
    PQclear(result);
    return code;
}

/** One parameter: text (len -1), bytes, or NULL. */
struct given {
    const void *data;
    int len;
};
#define TEXT(text) {(text), -1}
#define BYTES(bytes, size) {(bytes), (int)(size)}

/** A number as int8send writes it. */
struct number {
    uint64_t big;
};
static struct number big(int64_t value) { return (struct number){htobe64((uint64_t)value)}; }
#define NUMBER(name) {&(name).big, 8}

static enum es_errc ask(struct es_store *store, enum statement which, const struct given *given, ExecStatusType expected, PGresult **out,
                        struct es_error *err)
{
    const char *values[10];
    int lengths[10], formats[10];
    *out = NULL;
    if (!store->ready[which]) {
        PGresult *made = PQprepare(store->db, statements[which].name, statements[which].sql, statements[which].parameters, NULL);
        const bool good = PQresultStatus(made) == PGRES_COMMAND_OK;
        const enum es_errc code = good ? ES_OK : refuse(store, made, err);
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
    const enum es_errc code = refuse(store, result, err);
    PQclear(result);
    return code;
}

static enum es_errc tell(struct es_store *store, enum statement which, const struct given *given, struct es_error *err)
{
    PGresult *result = NULL;
    const enum es_errc code = ask(store, which, given, PGRES_COMMAND_OK, &result, err);
    PQclear(result);
    return code;
}

static int64_t column_number(const PGresult *result, int row, int column)
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

static bool column_bytes(const PGresult *result, int row, int column, void *out, int size)
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

static enum es_errc connect_db(struct es_store *store, struct es_error *err)
{
    /* What the URL itself says about these stands behind and wins. */
    const char *const keys[] = {"application_name", "connect_timeout", "keepalives_idle", "keepalives_interval", "keepalives_count",
                                "tcp_user_timeout", "client_encoding", "dbname", NULL};
    const char *const values[] = {"evensight", "3", "10", "5", "3", "15000", "UTF8", store->url, NULL};
    if (store->db) PQfinish(store->db);
    memset(store->ready, 0, sizeof store->ready);
    store->leased = false;
    store->db = PQconnectdbParams(keys, values, 1);
    if (!store->db) return es_fail(err, ES_E_MEMORY, "ledger: out of memory");
    (void)PQsetNoticeProcessor(store->db, say_nothing, NULL);
    if (PQstatus(store->db) != CONNECTION_OK) {
        const char *text = PQerrorMessage(store->db);
        return es_fail(err, ES_E_IO, "ledger: no connection: %.*s", (int)(strcspn(text, "\n") > 180 ? 180 : strcspn(text, "\n")), text);
    }
    return run(store, "SET synchronous_commit = on; SET lock_timeout = '10s'; SET statement_timeout = '300s'; SET client_min_messages = warning", err);
}

static enum es_errc meta_get(struct es_store *store, const char *name, char *value, size_t size, struct es_error *err)
{
    PGresult *result = NULL;
    const struct given given[] = {TEXT(name)};
    const enum es_errc code = ask(store, META_GET, given, PGRES_TUPLES_OK, &result, err);
    value[0] = '\0';
    if (code == ES_OK && PQntuples(result) == 1) (void)snprintf(value, size, "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    return code;
}

/* Is there a schema of ours, one that we read? */
static enum es_errc check_schema(struct es_store *store, bool *there, struct es_error *err)
{
    char version[32];
    PGresult *result = PQexec(store->db, "SELECT to_regclass('evensight.meta') IS NOT NULL");
    const bool good = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;
    enum es_errc code = good ? ES_OK : refuse(store, result, err);
    *there = good && strcmp(PQgetvalue(result, 0, 0), "t") == 0;
    PQclear(result);
    if (code != ES_OK || !*there) return code;
    code = meta_get(store, "schema", version, sizeof version, err);
    if (code == ES_OK && strcmp(version, SCHEMA_VERSION) != 0)
        code = es_fail(err, ES_E_UNSUPPORTED, "ledger: the database has schema %.20s, this version reads %s: use the newer Evensight that wrote it",
                       version[0] ? version : "without version", SCHEMA_VERSION);
    return code;
}

static enum es_errc check_key(struct es_store *store, struct es_error *err)
{
    char stored[64];
    const enum es_errc code = meta_get(store, "key", stored, sizeof stored, err);
    if (code != ES_OK || strcmp(stored, store->key_id) == 0) return code;
    return es_fail(err, ES_E_STATE, "ledger: the database was made with key %.40s, this is key %.40s: every node needs the same key file",
                   stored[0] ? stored : "none", store->key_id);
}

static enum es_errc lease_held(struct es_store *store, bool *ours, struct es_error *err)
{
    PGresult *result = NULL;
    const struct given given[] = {TEXT(store->node)};
    char since[ES_INSTANT_TEXT] = "";
    enum es_errc code = ask(store, LEASE_GET, given, PGRES_TUPLES_OK, &result, err);
    if (code != ES_OK) return code;
    *ours = false;
    if (PQntuples(result) == 1 && strcmp(PQgetvalue(result, 0, 4), store->token) == 0) {
        /* A connection of this very process that the server has not given up yet. */
        PGresult *ended = NULL;
        char backend[16];
        (void)snprintf(backend, sizeof backend, "%d", (int)column_number(result, 0, 3));
        const struct given whom[] = {TEXT(backend)};
        code = ask(store, LEASE_END, whom, PGRES_TUPLES_OK, &ended, err);
        PQclear(ended);
        *ours = code == ES_OK;
    } else if (PQntuples(result) == 1) {
        es_instant_format(column_number(result, 0, 2), since);
        code = es_fail(err, ES_E_BUSY, "ledger: node %s is being written by process %lld on %.60s since %s", store->node,
                       (long long)column_number(result, 0, 0), PQgetvalue(result, 0, 1), since);
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
    const struct given given[] = {TEXT(locks), TEXT(store->node)};
    const enum es_errc code = ask(store, LEASE_TRY, given, PGRES_TUPLES_OK, &result, err);
    *got = code == ES_OK && PQntuples(result) == 1 && PQgetvalue(result, 0, 0)[0] == 1;
    PQclear(result);
    return code;
}

static enum es_errc lease_take(struct es_store *store, struct es_error *err)
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
    const struct number pid = big(getpid()), since = big(es_clock());
    const struct given given[] = {TEXT(store->node), NUMBER(pid), TEXT(host), NUMBER(since), TEXT(store->token)};
    code = tell(store, LEASE_SET, given, err);
    store->leased = code == ES_OK;
    return code;
}

static enum es_errc create_schema(struct es_store *store, struct es_error *err)
{
    enum es_errc code = run(store, "BEGIN; SELECT pg_advisory_xact_lock(1165382503, 0)", err); /* two nodes may start at once */
    if (code == ES_OK) code = run(store, schema_sql, err);
    const struct given key[] = {TEXT("key"), TEXT(store->key_id)};
    if (code == ES_OK) code = tell(store, META_SET, key, err);
    if (code == ES_OK) code = run(store, "COMMIT", err);
    if (code != ES_OK) PQclear(PQexec(store->db, "ROLLBACK"));
    return code;
}

/* ---- store ---- */

static void store_close(struct es_store *store)
{
    if (!store) return;
    if (store->db && store->leased && !store->away) {
        const struct given given[] = {TEXT(store->node)};
        (void)tell(store, LEASE_DELETE, given, NULL);
    }
    if (store->db) PQfinish(store->db);
    if (store->url) explicit_bzero(store->url, strlen(store->url)); /* it may hold a password */
    free(store->url);
    free(store);
}

static enum es_errc store_new(struct es_store **out, const char *where, const char *node, const char *key_id, struct es_error *err)
{
    static const char prefix[] = "postgresql://";
    uint8_t token[16];
    struct es_store *store = calloc(1, sizeof *store);
    const size_t size = sizeof prefix + strlen(where);
    if (store) store->url = malloc(size);
    if (!store || !store->url) {
        free(store);
        return es_fail(err, ES_E_MEMORY, "ledger: out of memory");
    }
    (void)snprintf(store->url, size, "%s%s", prefix, where);
    (void)snprintf(store->node, sizeof store->node, "%s", node);
    (void)snprintf(store->key_id, sizeof store->key_id, "%s", key_id);
    const enum es_errc code = es_random(token, sizeof token, err);
    if (code != ES_OK) {
        store_close(store);
        return code;
    }
    es_hex(token, sizeof token, store->token);
    *out = store;
    return ES_OK;
}

static enum es_errc store_open(struct es_store **out, const char *where, const char *node, const char *key_id, bool create, bool writer,
                               struct es_error *err)
{
    struct es_store *store = NULL;
    bool there = false;
    enum es_errc code = store_new(&store, where, node, key_id, err);
    if (code != ES_OK) return code;
    code = connect_db(store, err);
    if (code == ES_OK) code = check_schema(store, &there, err);
    if (code == ES_OK && !there)
        code = writer && create ? create_schema(store, err) : es_fail(err, ES_E_IO, "ledger: the database holds no ledger");
    if (code == ES_OK) code = check_key(store, err);
    if (code == ES_OK && writer) code = lease_take(store, err);
    if (code != ES_OK) {
        store_close(store);
        return code;
    }
    store->writer = writer;
    *out = store;
    return ES_OK;
}

static enum es_errc store_is_new(const char *where, bool *is_new, struct es_error *err)
{
    struct es_store *store = NULL;
    bool there = false;
    char key[64] = "";
    enum es_errc code = store_new(&store, where, "", "", err);
    if (code != ES_OK) return code;
    code = connect_db(store, err);
    if (code == ES_OK) code = check_schema(store, &there, err);
    if (code == ES_OK && there) code = meta_get(store, "key", key, sizeof key, err);
    if (code == ES_OK) *is_new = key[0] == '\0';
    store_close(store);
    return code;
}

static bool store_away(const struct es_store *store) { return store->away; }

static enum es_errc store_come_back(struct es_store *store, struct es_error *err)
{
    bool there = false;
    enum es_errc code = connect_db(store, err);
    if (code == ES_OK) code = check_schema(store, &there, err);
    if (code == ES_OK && !there) code = es_fail(err, ES_E_STATE, "ledger: the database that came back holds no ledger");
    if (code == ES_OK) code = check_key(store, err);
    if (code == ES_OK && store->writer) code = lease_take(store, err);
    store->away = code != ES_OK;
    return code;
}

static enum es_errc store_nodes(struct es_store *store, char (**nodes)[ES_NAME_SIZE], size_t *count, struct es_error *err)
{
    PGresult *result = NULL;
    const enum es_errc code = ask(store, NODES, NULL, PGRES_TUPLES_OK, &result, err);
    if (code != ES_OK) return code;
    const int n = PQntuples(result);
    char(*list)[ES_NAME_SIZE] = calloc(n > 0 ? (size_t)n : 1, sizeof *list);
    for (int i = 0; list && i < n; i++) (void)snprintf(list[i], sizeof list[i], "%s", PQgetvalue(result, i, 0));
    PQclear(result);
    if (!list) return es_fail(err, ES_E_MEMORY, "ledger: out of memory");
    *nodes = list;
    *count = (size_t)n;
    return ES_OK;
}

static enum es_errc store_hold(struct es_store *store, struct es_error *err)
{
    return run(store, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err);
}
static void store_release(struct es_store *store) { PQclear(PQexec(store->db, "COMMIT")); }
static enum es_errc store_begin(struct es_store *store, struct es_error *err) { return run(store, "BEGIN", err); }
static enum es_errc store_commit(struct es_store *store, struct es_error *err)
{
    PGresult *result = PQexec(store->db, "COMMIT");
    /* COMMIT of a failed transaction answers ROLLBACK without an error. */
    const bool good = PQresultStatus(result) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(result), "COMMIT") == 0;
    const enum es_errc code = good ? ES_OK : PQresultStatus(result) == PGRES_COMMAND_OK ? es_fail(err, ES_E_IO, "ledger: PostgreSQL rolled the batch back")
                                                                                       : refuse(store, result, err);
    PQclear(result);
    return code;
}
static void store_rollback(struct es_store *store) { PQclear(PQexec(store->db, "ROLLBACK")); }

static enum es_errc store_insert(struct es_store *store, const struct es_row *row, bool *inserted, struct es_error *err)
{
    const struct es_entry *entry = &row->entry;
    const struct number seq = big((int64_t)entry->seq), received = big(entry->received), sent = big(entry->sent);
    const bool has_id = es_pseudonym_set(&entry->event_id), has_sent = entry->sent != ES_NO_INSTANT;
    if (entry->seq > INT64_MAX || entry->len > INT32_MAX) return es_fail(err, ES_E_LIMIT, "ledger: entry past the store's limits");
    const struct given given[] = {TEXT(store->node),
                                  NUMBER(seq),
                                  NUMBER(received),
                                  {has_sent ? (const void *)&sent.big : NULL, 8},
                                  BYTES(entry->identity, ES_IDENTITY_SIZE),
                                  {has_id ? entry->event_id.bytes : NULL, ES_PSEUDONYM_SIZE},
                                  BYTES(entry->len ? entry->body : (const uint8_t *)"", entry->len),
                                  BYTES(row->salt, ES_SALT_SIZE),
                                  BYTES(row->leaf, ES_LEAF_SIZE),
                                  BYTES(row->link, ES_LINK_SIZE)};
    PGresult *result = NULL;
    const enum es_errc code = ask(store, INSERT, given, PGRES_COMMAND_OK, &result, err);
    if (code == ES_OK) *inserted = strcmp(PQcmdTuples(result), "1") == 0;
    PQclear(result);
    return code;
}

static enum es_errc store_head(struct es_store *store, const char *node, uint64_t *seq, uint8_t link[ES_LINK_SIZE], uint64_t *noted,
                               struct es_error *err)
{
    PGresult *result = NULL;
    const struct given given[] = {TEXT(node)};
    enum es_errc code = ask(store, HEAD, given, PGRES_TUPLES_OK, &result, err);
    if (code != ES_OK) return code;
    memset(link, 0, ES_LINK_SIZE);
    *noted = (uint64_t)column_number(result, 0, 0);
    *seq = (uint64_t)column_number(result, 0, 1);
    if (*seq > 0 && !column_bytes(result, 0, 2, link, ES_LINK_SIZE))
        code = es_fail(err, ES_E_STATE, "entry %llu: a column has not the length it was written with", (unsigned long long)*seq);
    PQclear(result);
    return code;
}

static enum es_errc store_note_head(struct es_store *store, uint64_t seq, struct es_error *err)
{
    const struct number number = big((int64_t)seq);
    const struct given given[] = {TEXT(store->node), NUMBER(number)};
    return tell(store, NOTE_HEAD, given, err);
}

static bool row_read(const PGresult *result, int i, bool chain, struct es_row *row)
{
    *row = (struct es_row){.node = PQgetvalue(result, i, 0)};
    row->entry.seq = (uint64_t)column_number(result, i, 1);
    row->entry.received = column_number(result, i, 2);
    row->entry.sent = PQgetisnull(result, i, 3) ? ES_NO_INSTANT : column_number(result, i, 3);
    if (!column_bytes(result, i, 4, row->entry.identity, ES_IDENTITY_SIZE)) return false;
    if (!PQgetisnull(result, i, 5) && !column_bytes(result, i, 5, row->entry.event_id.bytes, ES_PSEUDONYM_SIZE)) return false;
    if (!PQgetisnull(result, i, 6)) {
        row->entry.len = (size_t)PQgetlength(result, i, 6);
        row->entry.body = (const uint8_t *)PQgetvalue(result, i, 6);
    }
    if (!chain) return true;
    if (!PQgetisnull(result, i, 7)) {
        row->salt = (const uint8_t *)PQgetvalue(result, i, 7);
        if (PQgetlength(result, i, 7) != ES_SALT_SIZE) return false;
    }
    return column_bytes(result, i, 8, row->leaf, ES_LEAF_SIZE) && column_bytes(result, i, 9, row->link, ES_LINK_SIZE);
}

/* Hands over what a query gave. *last: seq of the last row; *ended: the reader wants no more. */
static enum es_errc rows(const PGresult *result, bool chain, bool (*each)(void *context, const struct es_row *row), void *context, uint64_t *last,
                         bool *ended, struct es_error *err)
{
    for (int i = 0; i < PQntuples(result); i++) {
        struct es_row row;
        const bool good = row_read(result, i, chain, &row);
        *last = row.entry.seq;
        if (!good) return es_fail(err, ES_E_STATE, "entry %llu: a column has not the length it was written with", (unsigned long long)row.entry.seq);
        if (!each(context, &row)) {
            *ended = true;
            break;
        }
    }
    return ES_OK;
}

static enum es_errc store_walk(struct es_store *store, const char *node, uint64_t after, uint64_t until, bool chain,
                               bool (*each)(void *context, const struct es_row *row), void *context, struct es_error *err)
{
    const struct number to = big(until > INT64_MAX ? INT64_MAX : (int64_t)until);
    bool ended = false;
    for (uint64_t at = after; !ended && at < until && at < INT64_MAX;) {
        PGresult *result = NULL;
        const struct number from = big((int64_t)at);
        const struct given given[] = {TEXT(node), NUMBER(from), NUMBER(to)};
        enum es_errc code = ask(store, chain ? WALK_CHAIN : WALK, given, PGRES_TUPLES_OK, &result, err);
        if (code != ES_OK) return code;
        ended = PQntuples(result) == 0;
        code = rows(result, chain, each, context, &at, &ended, err);
        PQclear(result);
        if (code != ES_OK) return code;
    }
    return ES_OK;
}

static enum es_errc store_read(struct es_store *store, const char *node, uint64_t seq, bool chain,
                               bool (*each)(void *context, const struct es_row *row), void *context, struct es_error *err)
{
    return seq == 0 ? ES_OK : store_walk(store, node, seq - 1, seq, chain, each, context, err);
}

static enum es_errc store_walk_event_id(struct es_store *store, const struct es_pseudonym *event_id,
                                        bool (*each)(void *context, const struct es_row *row), void *context, struct es_error *err)
{
    PGresult *result = NULL;
    uint64_t last = 0;
    bool ended = false;
    const struct given given[] = {BYTES(event_id->bytes, ES_PSEUDONYM_SIZE)};
    enum es_errc code = ask(store, BY_EVENT_ID, given, PGRES_TUPLES_OK, &result, err);
    if (code == ES_OK) code = rows(result, false, each, context, &last, &ended, err);
    PQclear(result);
    return code;
}

static enum es_errc store_find(struct es_store *store, const uint8_t identity[ES_IDENTITY_SIZE], char node[ES_NAME_SIZE], uint64_t *seq,
                               struct es_error *err)
{
    PGresult *result = NULL;
    const struct given given[] = {BYTES(identity, ES_IDENTITY_SIZE)};
    const enum es_errc code = ask(store, FIND, given, PGRES_TUPLES_OK, &result, err);
    *seq = 0;
    if (code == ES_OK && PQntuples(result) == 1) {
        (void)snprintf(node, ES_NAME_SIZE, "%s", PQgetvalue(result, 0, 0));
        *seq = (uint64_t)column_number(result, 0, 1);
    }
    PQclear(result);
    return code;
}

static enum es_errc store_erase(struct es_store *store, const char *node, uint64_t seq, struct es_error *err)
{
    PGresult *result = NULL;
    const struct number number = big((int64_t)seq);
    const struct given given[] = {TEXT(node), NUMBER(number)};
    enum es_errc code = ask(store, ERASE, given, PGRES_COMMAND_OK, &result, err);
    if (code == ES_OK && strcmp(PQcmdTuples(result), "1") != 0)
        code = es_fail(err, ES_E_STATE, "entry %llu: not in the ledger", (unsigned long long)seq);
    PQclear(result);
    return code;
}

/* The old rows stay in the table's file until it is written anew. The server's own log and its backups are its administrator's. */
static enum es_errc store_scrub(struct es_store *store, struct es_error *err) { return run(store, "VACUUM FULL evensight.entry", err); }

static enum es_errc store_note_set(struct es_store *store, const char *name, const char *value, struct es_error *err)
{
    const struct given given[] = {TEXT(store->node), TEXT(name), TEXT(value)};
    return tell(store, value[0] ? NOTE_SET : NOTE_DELETE, given, err);
}

static enum es_errc store_note_get(struct es_store *store, const char *name, char *value, size_t size, struct es_error *err)
{
    PGresult *result = NULL;
    const struct given given[] = {TEXT(store->node), TEXT(name)};
    enum es_errc code = ask(store, NOTE_GET, given, PGRES_TUPLES_OK, &result, err);
    if (code != ES_OK) return code;
    value[0] = '\0';
    const size_t len = PQntuples(result) == 1 ? (size_t)PQgetlength(result, 0, 0) : 0;
    if (len >= size) code = es_fail(err, ES_E_LIMIT, "ledger: value of \"%.40s\" has %zu bytes, room for %zu", name, len, size - 1);
    else if (len > 0) memcpy(value, PQgetvalue(result, 0, 0), len + 1);
    PQclear(result);
    return code;
}

const struct es_store_type es_store_postgresql = {
    .prefix = "postgresql://", .open = store_open, .is_new = store_is_new, .close = store_close, .nodes = store_nodes, .away = store_away,
    .come_back = store_come_back, .hold = store_hold, .release = store_release, .begin = store_begin, .commit = store_commit,
    .rollback = store_rollback, .insert = store_insert, .head = store_head, .note_head = store_note_head, .walk = store_walk, .read = store_read,
    .walk_event_id = store_walk_event_id, .find = store_find, .erase = store_erase, .scrub = store_scrub, .note_set = store_note_set,
    .note_get = store_note_get,
};
