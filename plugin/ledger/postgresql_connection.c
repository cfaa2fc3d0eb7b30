/* SPDX-License-Identifier: Apache-2.0 */
/* The connection to a PostgreSQL server: statements, errors in words, how long an answer is waited for. */
#include "plugin/ledger/postgresql.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define CHUNK "2000" /* rows a query of a walk */
/* How long a server may stay silent before it counts as away: longer than its own lock_timeout and statement_timeout, which are set below. */
#define SILENCE_MS 20000
#define LONG_SILENCE_MS 310000

#define ENTRY_COLUMNS "node, seq, received, sent, identity, event_id, body"
#define CHAIN_COLUMNS ENTRY_COLUMNS ", salt, leaf, link"
static const struct {
    const char *name, *sql;
    int parameters;
} statements[ES_PG_STATEMENTS] = {
    [INSERT] = {"insert", "INSERT INTO evensight.entry (" CHAIN_COLUMNS ") VALUES ($1, $2::bigint, $3::bigint, $4::bigint, $5::bytea, $6::bytea,"
                          " $7::bytea, $8::bytea, $9::bytea, $10::bytea) ON CONFLICT DO NOTHING", 10},
    [NODES] = {"nodes", "SELECT node FROM evensight.head ORDER BY node COLLATE \"C\"", 0},
    [NOTED] = {"noted", "SELECT seq FROM evensight.head WHERE node = $1", 1},
    [LAST] = {"last", "SELECT seq, link FROM evensight.entry WHERE node = $1 ORDER BY seq DESC LIMIT 1", 1},
    [NOTE_FIRST] = {"note_first", "INSERT INTO evensight.head (node, seq) VALUES ($1, $2::bigint) ON CONFLICT (node) DO NOTHING", 2},
    [NOTE_NEXT] = {"note_next", "UPDATE evensight.head SET seq = $2::bigint WHERE node = $1 AND seq = $3::bigint", 3},
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
    [LEASE_OTHERS] = {"lease_others", "SELECT l.node, l.pid, l.host, l.since, EXISTS (SELECT 1 FROM pg_locks k WHERE k.pid = l.backend AND k.locktype = 'advisory'"
                                      " AND k.classid = $1::oid AND k.granted) AS writing FROM evensight.lease l WHERE l.node <> $2 ORDER BY writing DESC, l.node LIMIT 1", 2},
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
    [OWNED] = {"owned", "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'evensight.entry'::regclass", 0},
    [ERASED] = {"erased", "SELECT identity FROM evensight.entry WHERE body IS NULL", 0},
    /* entry or a part of it that holds rows here and may hold one twice; parts on other servers are their administrator's. */
    [UNKEYED] = {"unkeyed", "SELECT c.relnamespace::regnamespace::text || '.' || c.relname FROM pg_class c WHERE (c.oid = 'evensight.entry'::regclass OR c.oid IN"
                            " (SELECT relid FROM pg_partition_tree('evensight.entry'))) AND c.relkind IN ('r', 'p') AND NOT EXISTS (SELECT 1 FROM pg_index i"
                            " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid"
                            " AND i.indnkeyatts = 1 AND i.indpred IS NULL AND a.attname = 'identity') AND NOT (c.relkind = 'p' AND"
                            " pg_get_partkeydef(c.oid) = 'HASH (identity)') ORDER BY 1 LIMIT 1", 0},
};

/* ---- errors ---- */

/* The server's state is such that nothing can be written for a while (SQLSTATE, PostgreSQL manual, appendix A): connection exception,
 * insufficient resources, operator intervention, read-only. */
static bool cannot_write(const char *state)
{
    return strncmp(state, "08", 2) == 0 || strncmp(state, "53", 2) == 0 || strncmp(state, "57P", 3) == 0 || strcmp(state, "25006") == 0;
}

/* The first line of what the server said: its details may hold values, this does not. */
enum es_errc es_pg_refuse(struct es_store *store, const PGresult *result, struct es_error *err)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *text = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    const bool gone = PQstatus(store->db) != CONNECTION_OK;
    if (gone || (state && cannot_write(state))) store->away = store->writer || store->away;
    if (gone || !state || strncmp(state, "57P", 3) == 0)
        return es_fail(err, ES_E_IO, gone || state ? "ledger: the PostgreSQL server does not answer" : "ledger: PostgreSQL: no memory for its answer");
    if (strcmp(state, "40P01") == 0 || strcmp(state, "40001") == 0 || strcmp(state, "55P03") == 0)
        return es_fail(err, ES_E_BUSY, "ledger: another node was writing the same; try again");
    if (strcmp(state, "53100") == 0) return es_fail(err, ES_E_IO, "ledger: the PostgreSQL server has no space left");
    if (strcmp(state, "25006") == 0) return es_fail(err, ES_E_IO, "ledger: the PostgreSQL server is read-only");
    if (strcmp(state, "42501") == 0) return es_fail(err, ES_E_IO, "ledger: the PostgreSQL role may not do this: %.120s", text ? text : "");
    if (strncmp(state, "XX", 2) == 0) return es_fail(err, ES_E_STATE, "ledger: the PostgreSQL database is damaged: %.120s", text ? text : "");
    return es_fail(err, ES_E_IO, "ledger: PostgreSQL: %.150s", text ? text : "it does not say what");
}

/* ---- answers ---- */

static bool wait_for(PGconn *db, short events, int milliseconds)
{
    struct pollfd at = {.fd = PQsocket(db), .events = events};
    int n;
    do n = poll(&at, 1, milliseconds);
    while (n < 0 && errno == EINTR);
    return n != 0;
}

/* Waits until something can be read (or written, when `events` asks for it). A server that holds the connection and says nothing would hold us for ever:
 * then the socket is ended here, which libpq finds out by itself. false: the connection is no more. */
static bool move_on(PGconn *db, short events, int milliseconds)
{
    if (!wait_for(db, events, milliseconds)) (void)shutdown(PQsocket(db), SHUT_RDWR);
    return PQconsumeInput(db) == 1;
}

/* What the server says to what was sent: the last result, or the error. NULL: it was not sent. */
static PGresult *answer(PGconn *db, bool sent, int milliseconds)
{
    PGresult *last = NULL;
    if (!sent) return NULL;
    while (PQflush(db) > 0 && move_on(db, POLLIN | POLLOUT, milliseconds)) {}
    for (;;) {
        while (PQisBusy(db) && move_on(db, POLLIN, milliseconds)) {}
        PGresult *next = PQgetResult(db);
        if (!next) return last;
        PQclear(last);
        last = next;
    }
}

PGresult *es_pg_query(struct es_store *store, const char *sql)
{
    return answer(store->db, PQsendQuery(store->db, sql) == 1, strncmp(sql, "VACUUM", 6) == 0 ? LONG_SILENCE_MS : SILENCE_MS);
}

/* ---- statements ---- */

enum es_errc es_pg_run(struct es_store *store, const char *sql, struct es_error *err)
{
    PGresult *result = es_pg_query(store, sql);
    const ExecStatusType status = PQresultStatus(result);
    const enum es_errc code = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? ES_OK : es_pg_refuse(store, result, err);
    PQclear(result);
    return code;
}

enum es_errc es_pg_commit(struct es_store *store, struct es_error *err)
{
    PGresult *result = es_pg_query(store, "COMMIT");
    /* COMMIT of a failed transaction answers ROLLBACK without an error. */
    const bool good = PQresultStatus(result) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(result), "COMMIT") == 0;
    const enum es_errc code = good ? ES_OK : PQresultStatus(result) == PGRES_COMMAND_OK ? es_fail(err, ES_E_IO, "ledger: PostgreSQL rolled the batch back")
                                                                                       : es_pg_refuse(store, result, err);
    PQclear(result);
    return code;
}

void es_pg_rollback(struct es_store *store) { PQclear(es_pg_query(store, "ROLLBACK")); }

struct es_pg_number_big es_pg_big(int64_t value) { return (struct es_pg_number_big){htobe64((uint64_t)value)}; }

enum es_errc es_pg_ask(struct es_store *store, enum es_pg_statement which, const struct es_pg_given *given, ExecStatusType expected, PGresult **out,
                        struct es_error *err)
{
    const char *values[10];
    int lengths[10], formats[10];
    *out = NULL;
    if (!store->ready[which]) {
        PGresult *made = answer(store->db, PQsendPrepare(store->db, statements[which].name, statements[which].sql, statements[which].parameters, NULL) == 1,
                                SILENCE_MS);
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
    PGresult *result = answer(store->db, PQsendQueryPrepared(store->db, statements[which].name, statements[which].parameters, values, lengths, formats, 1) == 1,
                              SILENCE_MS);
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

/* ---- connection ---- */

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
    if (PQsetnonblocking(store->db, 1) != 0) return es_pg_refuse(store, NULL, err);
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
