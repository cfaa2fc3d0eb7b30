/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger in a PostgreSQL database that several nodes share. With
 * postgresql_open.c, postgresql_connection.c and postgresql_masks.c the only caller of libpq.
 *
 * Tables stand in the schema "evensight". The primary key of entry is the identity, so that the table can be distributed by it; node and seq
 * are a plain index. Every commit is synchronous. The writer's lease on its chain is an advisory lock of its session, which ends with the
 * connection however that ends; the row in `lease` says in words who holds it. */
#include "plugin/ledger/postgresql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void store_close(struct es_store *store)
{
    if (!store) return;
    if (store->db && store->leased && !store->away) {
        const struct es_pg_given given[] = {TEXT(store->node)};
        (void)es_pg_tell(store, LEASE_DELETE, given, NULL);
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
    code = es_pg_connect(store, err);
    if (code == ES_OK) code = es_pg_check_schema(store, &there, err);
    if (code == ES_OK && writer && create) code = es_pg_create_schema(store, there, err);
    else if (code == ES_OK && !there) code = es_fail(err, ES_E_IO, "ledger: the database holds no ledger");
    if (code == ES_OK) code = es_pg_check_key(store, err);
    if (code == ES_OK && writer) code = es_pg_check_unique(store, err);
    if (code == ES_OK && writer) code = es_pg_lease(store, err);
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
    code = es_pg_connect(store, err);
    if (code == ES_OK) code = es_pg_check_schema(store, &there, err);
    if (code == ES_OK && there) code = es_pg_meta(store, "key", key, sizeof key, err);
    if (code == ES_OK) *is_new = key[0] == '\0';
    store_close(store);
    return code;
}

static bool store_away(const struct es_store *store) { return store->away; }

static enum es_errc store_come_back(struct es_store *store, struct es_error *err)
{
    bool there = false;
    enum es_errc code = es_pg_connect(store, err);
    if (code == ES_OK) code = es_pg_check_schema(store, &there, err);
    if (code == ES_OK && !there) code = es_fail(err, ES_E_STATE, "ledger: the database that came back holds no ledger");
    if (code == ES_OK) code = es_pg_check_key(store, err);
    if (code == ES_OK && store->writer) code = es_pg_lease(store, err);
    store->away = code != ES_OK;
    return code;
}

static enum es_errc store_nodes(struct es_store *store, char (**nodes)[ES_NAME_SIZE], size_t *count, struct es_error *err)
{
    PGresult *result = NULL;
    const enum es_errc code = es_pg_ask(store, NODES, NULL, PGRES_TUPLES_OK, &result, err);
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
    return es_pg_run(store, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err);
}
static void store_release(struct es_store *store) { PQclear(es_pg_query(store, "COMMIT")); }
static enum es_errc store_begin(struct es_store *store, struct es_error *err) { return es_pg_run(store, "BEGIN", err); }

static enum es_errc store_insert(struct es_store *store, const struct es_row *row, bool *inserted, struct es_error *err)
{
    const struct es_entry *entry = &row->entry;
    const struct es_pg_number_big seq = es_pg_big((int64_t)entry->seq), received = es_pg_big(entry->received), sent = es_pg_big(entry->sent);
    const bool has_id = es_pseudonym_set(&entry->event_id), has_sent = entry->sent != ES_NO_INSTANT;
    if (entry->seq > INT64_MAX || entry->len > INT32_MAX) return es_fail(err, ES_E_LIMIT, "ledger: entry past the store's limits");
    const struct es_pg_given given[] = {TEXT(store->node),
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
    const enum es_errc code = es_pg_ask(store, INSERT, given, PGRES_COMMAND_OK, &result, err);
    if (code == ES_OK) *inserted = strcmp(PQcmdTuples(result), "1") == 0;
    PQclear(result);
    return code;
}

/* What is noted, and the last entry. seq and noted may differ while another node commits between the two questions, or on a cluster whose parts do
 * not show a commit at the same moment. */
static enum es_errc ask_head(struct es_store *store, const char *node, uint64_t *seq, uint8_t link[ES_LINK_SIZE], uint64_t *noted,
                             struct es_error *err)
{
    PGresult *result = NULL;
    const struct es_pg_given given[] = {TEXT(node)};
    enum es_errc code = es_pg_ask(store, NOTED, given, PGRES_TUPLES_OK, &result, err);
    if (code != ES_OK) return code;
    *noted = PQntuples(result) == 1 ? (uint64_t)es_pg_number(result, 0, 0) : 0;
    PQclear(result);
    code = es_pg_ask(store, LAST, given, PGRES_TUPLES_OK, &result, err);
    if (code != ES_OK) return code;
    *seq = PQntuples(result) == 1 ? (uint64_t)es_pg_number(result, 0, 0) : 0;
    memset(link, 0, ES_LINK_SIZE);
    if (*seq > 0 && !es_pg_bytes(result, 0, 1, link, ES_LINK_SIZE))
        code = es_fail(err, ES_E_STATE, "entry %llu: a column has not the length it was written with", (unsigned long long)*seq);
    PQclear(result);
    return code;
}

#define HEAD_TRIES 20
#define HEAD_PAUSE_US 50000 /* a commit is through long before */
static enum es_errc store_head(struct es_store *store, const char *node, uint64_t *seq, uint8_t link[ES_LINK_SIZE], uint64_t *noted,
                               struct es_error *err)
{
    enum es_errc code = ask_head(store, node, seq, link, noted, err);
    for (int i = 1; code == ES_OK && *seq != *noted && i < HEAD_TRIES; i++) {
        usleep(i == 1 ? 1000 : HEAD_PAUSE_US);
        code = ask_head(store, node, seq, link, noted, err);
    }
    return code;
}

static enum es_errc store_note_head(struct es_store *store, uint64_t before, uint64_t seq, struct es_error *err)
{
    const struct es_pg_number_big from = es_pg_big((int64_t)before), to = es_pg_big((int64_t)seq);
    const struct es_pg_given given[] = {TEXT(store->node), NUMBER(to), NUMBER(from)};
    PGresult *result = NULL;
    enum es_errc code = es_pg_ask(store, before == 0 ? NOTE_FIRST : NOTE_NEXT, given, PGRES_COMMAND_OK, &result, err);
    if (code == ES_OK && strcmp(PQcmdTuples(result), "1") != 0)
        code = es_fail(err, ES_E_STATE, "ledger: the head of node %s is no longer %llu: the database was restored from a backup, or changed by hand",
                       store->node, (unsigned long long)before);
    PQclear(result);
    return code;
}

static bool row_read(const PGresult *result, int i, bool chain, struct es_row *row)
{
    *row = (struct es_row){.node = PQgetvalue(result, i, 0)};
    row->entry.seq = (uint64_t)es_pg_number(result, i, 1);
    row->entry.received = es_pg_number(result, i, 2);
    row->entry.sent = PQgetisnull(result, i, 3) ? ES_NO_INSTANT : es_pg_number(result, i, 3);
    if (!es_pg_bytes(result, i, 4, row->entry.identity, ES_IDENTITY_SIZE)) return false;
    if (!PQgetisnull(result, i, 5) && !es_pg_bytes(result, i, 5, row->entry.event_id.bytes, ES_PSEUDONYM_SIZE)) return false;
    if (!PQgetisnull(result, i, 6)) {
        row->entry.len = (size_t)PQgetlength(result, i, 6);
        row->entry.body = (const uint8_t *)PQgetvalue(result, i, 6);
    }
    if (!chain) return true;
    if (!PQgetisnull(result, i, 7)) {
        row->salt = (const uint8_t *)PQgetvalue(result, i, 7);
        if (PQgetlength(result, i, 7) != ES_SALT_SIZE) return false;
    }
    return es_pg_bytes(result, i, 8, row->leaf, ES_LEAF_SIZE) && es_pg_bytes(result, i, 9, row->link, ES_LINK_SIZE);
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
    const struct es_pg_number_big to = es_pg_big(until > INT64_MAX ? INT64_MAX : (int64_t)until);
    bool ended = false;
    for (uint64_t at = after; !ended && at < until && at < INT64_MAX;) {
        PGresult *result = NULL;
        const struct es_pg_number_big from = es_pg_big((int64_t)at);
        const struct es_pg_given given[] = {TEXT(node), NUMBER(from), NUMBER(to)};
        enum es_errc code = es_pg_ask(store, chain ? WALK_CHAIN : WALK, given, PGRES_TUPLES_OK, &result, err);
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
    const struct es_pg_given given[] = {BYTES(event_id->bytes, ES_PSEUDONYM_SIZE)};
    enum es_errc code = es_pg_ask(store, BY_EVENT_ID, given, PGRES_TUPLES_OK, &result, err);
    if (code == ES_OK) code = rows(result, false, each, context, &last, &ended, err);
    PQclear(result);
    return code;
}

static enum es_errc store_find(struct es_store *store, const uint8_t identity[ES_IDENTITY_SIZE], char node[ES_NAME_SIZE], uint64_t *seq,
                               struct es_error *err)
{
    PGresult *result = NULL;
    const struct es_pg_given given[] = {BYTES(identity, ES_IDENTITY_SIZE)};
    const enum es_errc code = es_pg_ask(store, FIND, given, PGRES_TUPLES_OK, &result, err);
    *seq = 0;
    if (code == ES_OK && PQntuples(result) == 1) {
        (void)snprintf(node, ES_NAME_SIZE, "%s", PQgetvalue(result, 0, 0));
        *seq = (uint64_t)es_pg_number(result, 0, 1);
    }
    PQclear(result);
    return code;
}

static enum es_errc store_erase(struct es_store *store, const char *node, uint64_t seq, struct es_error *err)
{
    PGresult *result = NULL;
    const struct es_pg_number_big number = es_pg_big((int64_t)seq);
    const struct es_pg_given given[] = {TEXT(node), NUMBER(number)};
    enum es_errc code = es_pg_ask(store, ERASE, given, PGRES_COMMAND_OK, &result, err);
    if (code == ES_OK && strcmp(PQcmdTuples(result), "1") != 0)
        code = es_fail(err, ES_E_STATE, "entry %llu: not in the ledger", (unsigned long long)seq);
    PQclear(result);
    return code;
}

/* The old rows stay in the table's file until it is written anew. The server's own log and its backups are its administrator's. */
static enum es_errc store_scrub(struct es_store *store, struct es_error *err)
{
    PGresult *result = NULL;
    enum es_errc code = es_pg_ask(store, OWNED, NULL, PGRES_TUPLES_OK, &result, err);
    const bool owned = code == ES_OK && PQntuples(result) == 1 && PQgetvalue(result, 0, 0)[0] == 1;
    PQclear(result);
    if (code == ES_OK && !owned) /* the server would only remark it, and do nothing */
        return es_fail(err, ES_E_BUSY, "ledger: erased, but this role does not own evensight.entry, whose file keeps what was erased until its owner runs"
                                       " VACUUM FULL on it, on evensight.mask and evensight.mask_of");
    if (code == ES_OK) code = es_pg_run(store, "VACUUM FULL evensight.entry", err);
    return code == ES_OK ? es_pg_scrub_masks(store, err) : code;
}

static enum es_errc store_note_set(struct es_store *store, const char *name, const char *value, struct es_error *err)
{
    const struct es_pg_given given[] = {TEXT(store->node), TEXT(name), TEXT(value)};
    return es_pg_tell(store, value[0] ? NOTE_SET : NOTE_DELETE, given, err);
}

static enum es_errc store_note_get(struct es_store *store, const char *name, char *value, size_t size, struct es_error *err)
{
    PGresult *result = NULL;
    const struct es_pg_given given[] = {TEXT(store->node), TEXT(name)};
    enum es_errc code = es_pg_ask(store, NOTE_GET, given, PGRES_TUPLES_OK, &result, err);
    if (code != ES_OK) return code;
    value[0] = '\0';
    const size_t len = PQntuples(result) == 1 ? (size_t)PQgetlength(result, 0, 0) : 0;
    if (len >= size) code = es_fail(err, ES_E_LIMIT, "ledger: value of \"%.40s\" has %zu bytes, room for %zu", name, len, size - 1);
    else if (len > 0) memcpy(value, PQgetvalue(result, 0, 0), len + 1);
    PQclear(result);
    return code;
}

const struct es_store_type es_store_postgresql = {
    .prefix = "postgresql://", .masks = &es_pg_masks, .open = store_open, .is_new = store_is_new, .close = store_close, .nodes = store_nodes, .away = store_away,
    .come_back = store_come_back, .alone = es_pg_alone, .hold = store_hold, .release = store_release, .begin = store_begin, .commit = es_pg_commit,
    .rollback = es_pg_rollback, .insert = store_insert, .head = store_head, .note_head = store_note_head, .walk = store_walk, .read = store_read,
    .walk_event_id = store_walk_event_id, .find = store_find, .erase = store_erase, .scrub = store_scrub, .note_set = store_note_set,
    .note_get = store_note_get,
};
