/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/hash.h"
#include "plugin/ledger_chains.h"
#include "plugin/ledger_spool.h"
#include "plugin/time.h"

static const struct es_store_type *const store_types[] = {&es_store_sqlite, &es_store_postgresql};

#define FIRST_PAUSE_US 1000000  /* before the first attempt to come back; doubled up to the longest */
#define LONGEST_PAUSE_US 60000000

struct es_ledger {
    const struct es_store_type *type;
    struct es_store *store;
    struct es_hasher *hasher;
    char node[ES_NAME_SIZE], key_id[64];
    bool writer;
    unsigned holds;
    struct es_chains chains;
    struct es_spool *spool; /* NULL: none; what is appended while the store is away */
    int64_t try_at, pause;  /* when to try to come back, monotonic microseconds */
};

/* The writer's own chain. It is added when the ledger opens, so that it is always there. */
static struct es_chain *own(struct es_ledger *ledger) { return es_chains_of(&ledger->chains, ledger->node); }

static bool is_away(const struct es_ledger *ledger) { return ledger->type->away && ledger->type->away(ledger->store); }


static void put_u64(uint8_t *out, uint64_t value)
{
    for (int i = 0; i < 8; i++) out[i] = (uint8_t)(value >> (8 * i));
}

enum es_errc es_chain_leaf(struct es_hasher *hasher, const uint8_t salt[ES_SALT_SIZE], const uint8_t *body, size_t len,
                           uint8_t leaf[ES_LEAF_SIZE], struct es_error *err)
{
    const struct es_hash_part parts[] = {{salt, ES_SALT_SIZE}, {body, len}};
    return es_hasher_sha256(hasher, parts, 2, leaf, err);
}

enum es_errc es_chain_link(struct es_hasher *hasher, const uint8_t previous[ES_LINK_SIZE], const char *node, uint64_t seq,
                           int64_t received, const uint8_t leaf[ES_LEAF_SIZE], uint8_t link[ES_LINK_SIZE], struct es_error *err)
{
    uint8_t length[4], number[8], instant[8];
    const size_t len = strlen(node);
    for (int i = 0; i < 4; i++) length[i] = (uint8_t)(len >> (8 * i));
    put_u64(number, seq);
    put_u64(instant, (uint64_t)received);
    const struct es_hash_part parts[] = {{previous, ES_LINK_SIZE}, {length, 4}, {node, len}, {number, 8}, {instant, 8},
                                         {leaf, ES_LEAF_SIZE}};
    return es_hasher_sha256(hasher, parts, sizeof parts / sizeof parts[0], link, err);
}

static const struct es_store_type *type_of(const char *url, const char **where, struct es_error *err)
{
    for (size_t i = 0; i < sizeof store_types / sizeof store_types[0]; i++) {
        const size_t len = strlen(store_types[i]->prefix);
        if (strncmp(url, store_types[i]->prefix, len) == 0 && url[len] != '\0') {
            *where = url + len;
            return store_types[i];
        }
    }
    (void)es_fail(err, ES_E_CONFIG, "ledger: found \"%.20s\", expected \"sqlite:\" and the path of a file, or \"postgresql://\"", url);
    return NULL;
}

/* The head must be the one that was noted with the last commit: rows cut off the end would go unseen otherwise. */
static enum es_errc load_head(struct es_ledger *ledger, const char *node, struct es_error *err)
{
    uint64_t seq = 0, noted = 0;
    uint8_t link[ES_LINK_SIZE];
    const enum es_errc code = ledger->type->head(ledger->store, node, &seq, link, &noted, err);
    if (code != ES_OK) return code;
    if (noted != seq)
        return es_fail(err, ES_E_STATE, "ledger: the last entry is %llu, the head was noted as %llu: entries were removed or added by hand",
                       (unsigned long long)seq, (unsigned long long)noted);
    struct es_chain *chain = es_chains_of(&ledger->chains, node);
    if (!chain || (seq >= chain->seq && !es_chains_extend(&ledger->chains, chain, seq, link)))
        return es_fail(err, ES_E_MEMORY, "ledger: out of memory or of numbers");
    if (seq < chain->seq)
        return es_fail(err, ES_E_STATE, "ledger: the last entry of node %s is %llu, it was %llu before: entries were removed", node,
                       (unsigned long long)seq, (unsigned long long)chain->seq);
    return ES_OK;
}

static enum es_errc load_heads(struct es_ledger *ledger, struct es_error *err)
{
    char (*nodes)[ES_NAME_SIZE] = NULL;
    size_t count = 0;
    if (!own(ledger)) return es_fail(err, ES_E_MEMORY, "ledger: out of memory");
    if (!ledger->type->nodes) return load_head(ledger, ledger->node, err);
    enum es_errc code = ledger->type->nodes(ledger->store, &nodes, &count, err);
    for (size_t i = 0; i < count && code == ES_OK; i++) code = load_head(ledger, nodes[i], err);
    free(nodes);
    return code;
}

enum es_errc es_ledger_open(struct es_ledger **out, const char *url, const char *node, const char *key_id, bool create, bool writer,
                            struct es_error *err)
{
    const char *where = NULL;
    *out = NULL;
    if (node[0] == '\0' || strlen(node) >= ES_NAME_SIZE) return es_fail(err, ES_E_ARG, "ledger: a node needs a name");
    const struct es_store_type *type = type_of(url, &where, err);
    if (!type) return ES_E_CONFIG;
    struct es_ledger *ledger = calloc(1, sizeof *ledger);
    if (!ledger) return es_fail(err, ES_E_MEMORY, "ledger: out of memory");
    ledger->type = type;
    ledger->writer = writer;
    ledger->chains.one = type->nodes == NULL;
    memcpy(ledger->node, node, strlen(node) + 1);
    (void)snprintf(ledger->key_id, sizeof ledger->key_id, "%s", key_id);
    enum es_errc code = es_hasher_new(&ledger->hasher, err);
    if (code == ES_OK) code = type->open(&ledger->store, where, node, key_id, create, writer, err);
    if (code == ES_OK) code = load_heads(ledger, err);
    if (code != ES_OK) {
        es_ledger_close(ledger);
        return code;
    }
    *out = ledger;
    return ES_OK;
}

enum es_errc es_ledger_is_new(const char *url, bool *is_new, struct es_error *err)
{
    const char *where = NULL;
    const struct es_store_type *type = type_of(url, &where, err);
    return type ? type->is_new(where, is_new, err) : ES_E_CONFIG;
}

void es_ledger_close(struct es_ledger *ledger)
{
    if (!ledger) return;
    es_spool_close(ledger->spool);
    if (ledger->store) ledger->type->close(ledger->store);
    es_chains_clear(&ledger->chains);
    es_hasher_free(ledger->hasher);
    free(ledger);
}

/* Inserts one entry behind *seq and *link, and moves both on when it was taken. */
static enum es_errc append_one(struct es_ledger *ledger, struct es_entry *entry, const uint8_t *salt, uint64_t *seq, uint8_t *link,
                               enum es_taken *taken, struct es_error *err)
{
    struct es_row row = {.entry = *entry, .salt = salt, .node = ledger->node};
    bool inserted = false;
    row.entry.seq = *seq + 1;
    enum es_errc code = es_chain_leaf(ledger->hasher, salt, entry->body, entry->len, row.leaf, err);
    if (code == ES_OK)
        code = es_chain_link(ledger->hasher, link, ledger->node, row.entry.seq, entry->received, row.leaf, row.link, err);
    if (code == ES_OK) code = ledger->type->insert(ledger->store, &row, &inserted, err);
    if (code != ES_OK) return code;
    *taken = inserted ? ES_TAKEN : ES_DUPLICATE;
    if (!inserted) return ES_OK;
    entry->seq = row.entry.seq;
    *seq = row.entry.seq;
    memcpy(link, row.link, ES_LINK_SIZE);
    return ES_OK;
}

/* Entries behind the head, within a transaction that the caller has begun. */
static enum es_errc append_all(struct es_ledger *ledger, struct es_entry *entries, size_t count, enum es_taken *taken, uint64_t *seq,
                               uint8_t link[ES_LINK_SIZE], struct es_error *err)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, (size_t)ES_SALT_SIZE, &bytes)) return es_fail(err, ES_E_LIMIT, "ledger: batch too large");
    uint8_t *salts = malloc(bytes);
    if (!salts) return es_fail(err, ES_E_MEMORY, "ledger: out of memory");
    enum es_errc code = es_random(salts, bytes, err);
    for (size_t i = 0; i < count && code == ES_OK; i++)
        code = append_one(ledger, &entries[i], salts + i * ES_SALT_SIZE, seq, link, &taken[i], err);
    if (code == ES_OK && *seq != own(ledger)->seq) code = ledger->type->note_head(ledger->store, *seq, err);
    free(salts);
    return code;
}

/* Commits what was done, or undoes it; the head moves only with a commit. Entries from `before` on get their numbers. */
static enum es_errc conclude(struct es_ledger *ledger, enum es_errc code, uint64_t seq, const uint8_t link[ES_LINK_SIZE],
                             struct es_entry *entries, size_t count, struct es_error *err)
{
    struct es_chain *chain = own(ledger);
    const uint64_t before = chain->seq;
    if (code == ES_OK) code = ledger->type->commit(ledger->store, err);
    if (code != ES_OK) {
        ledger->type->rollback(ledger->store);
        return code;
    }
    if (!es_chains_extend(&ledger->chains, chain, seq, link)) return es_fail(err, ES_E_MEMORY, "ledger: out of memory or of numbers");
    for (size_t i = 0; i < count; i++)
        if (entries[i].seq > before) entries[i].seq = es_chains_number(&ledger->chains, ledger->node, entries[i].seq);
    return ES_OK;
}

static enum es_errc append_now(struct es_ledger *ledger, struct es_entry *entries, size_t count, enum es_taken *taken, struct es_error *err)
{
    uint64_t seq = own(ledger)->seq;
    uint8_t link[ES_LINK_SIZE];
    memcpy(link, own(ledger)->link, sizeof link);
    enum es_errc code = ledger->type->begin(ledger->store, err);
    if (code != ES_OK) return code;
    for (size_t i = 0; i < count; i++) entries[i].seq = 0;
    code = append_all(ledger, entries, count, taken, &seq, link, err);
    return conclude(ledger, code, seq, link, entries, count, err);
}

enum es_errc es_ledger_append(struct es_ledger *ledger, struct es_entry *entries, size_t count, enum es_taken *taken,
                              struct es_error *err)
{
    struct es_error inner = {0};
    enum es_errc code = ES_E_IO;
    if (!ledger->writer) return es_fail(err, ES_E_STATE, "ledger: opened for reading, an entry was to be appended");
    if (count == 0) return ES_OK;
    if (!is_away(ledger)) code = append_now(ledger, entries, count, taken, &inner);
    if (code == ES_OK || !ledger->spool || !is_away(ledger))
        return code == ES_OK ? ES_OK : es_fail(err, code, "%s", inner.text[0] ? inner.text : "ledger: the store does not answer");
    for (size_t i = 0; i < count; i++) entries[i].seq = 0;
    return es_spool_put(ledger->spool, entries, count, taken, err);
}

/* ---- a store that may go away ---- */

enum es_errc es_ledger_spool(struct es_ledger *ledger, const char *path, struct es_error *err)
{
    if (!ledger->type->away || !ledger->writer) return ES_OK; /* a file beside a file would be of no use */
    return es_spool_open(&ledger->spool, path, ledger->node, ledger->key_id, err);
}

bool es_ledger_is_shared(const struct es_ledger *ledger) { return ledger->type->nodes != NULL; }
bool es_ledger_is_away(const struct es_ledger *ledger, uint64_t *waiting)
{
    *waiting = ledger->spool ? es_spool_count(ledger->spool) : 0;
    return is_away(ledger);
}
uint64_t es_ledger_count(const struct es_ledger *ledger) { return es_chains_count(&ledger->chains); }

static enum es_errc try_to_come_back(struct es_ledger *ledger, struct es_error *err)
{
    const int64_t now = es_clock_monotonic();
    if (now < ledger->try_at) return es_fail(err, ES_E_IO, "ledger: the store does not answer");
    const enum es_errc code = ledger->type->come_back(ledger->store, err);
    ledger->pause = code == ES_OK ? 0 : ledger->pause == 0 ? FIRST_PAUSE_US : ledger->pause * 2 > LONGEST_PAUSE_US ? LONGEST_PAUSE_US : ledger->pause * 2;
    ledger->try_at = now + ledger->pause;
    return code;
}

static enum es_errc drain_batch(void *context, struct es_entry *entries, size_t count, struct es_error *err)
{
    struct es_ledger *ledger = context;
    enum es_taken *taken = calloc(count, sizeof *taken);
    if (!taken) return es_fail(err, ES_E_MEMORY, "ledger: out of memory");
    const enum es_errc code = append_now(ledger, entries, count, taken, err);
    free(taken);
    return code;
}

enum es_errc es_ledger_refresh(struct es_ledger *ledger, struct es_error *err)
{
    if (!ledger->type->nodes) return ES_OK;
    enum es_errc code = is_away(ledger) ? try_to_come_back(ledger, err) : ES_OK;
    if (code == ES_OK) code = load_heads(ledger, err);
    if (code == ES_OK && ledger->spool) code = es_spool_drain(ledger->spool, drain_batch, ledger, err);
    return code;
}

enum es_errc es_ledger_hold(struct es_ledger *ledger, struct es_error *err)
{
    const enum es_errc code = ledger->holds > 0 ? ES_OK : ledger->type->hold(ledger->store, err);
    if (code == ES_OK) ledger->holds++;
    return code;
}

void es_ledger_release(struct es_ledger *ledger)
{
    if (ledger->holds > 0 && --ledger->holds == 0) ledger->type->release(ledger->store);
}

/* Entries as stored, given on under their numbers. */
struct walk {
    const struct es_ledger *ledger;
    const char *node; /* of the rows, where they do not tell */
    bool (*each)(void *context, const struct es_entry *entry);
    void *context;
    bool ended;
};
static bool walk_each(void *context, const struct es_row *row)
{
    struct walk *walk = context;
    struct es_entry entry = row->entry;
    entry.seq = es_chains_number(&walk->ledger->chains, row->node ? row->node : walk->node, row->entry.seq);
    if (entry.seq == 0) return true; /* newer than what is known: comes with the next refresh */
    walk->ended = !walk->each(walk->context, &entry);
    return !walk->ended;
}
enum es_errc es_ledger_walk(struct es_ledger *ledger, uint64_t after, uint64_t until,
                            bool (*each)(void *context, const struct es_entry *entry), void *context, struct es_error *err)
{
    struct walk walk = {ledger, ledger->node, each, context, false};
    const struct es_chain *chain;
    uint64_t seq, length;
    if (ledger->chains.one) return ledger->type->walk(ledger->store, ledger->node, after, until, false, walk_each, &walk, err);
    for (uint64_t number = after + 1; !walk.ended && (length = es_chains_run(&ledger->chains, number, until, &chain, &seq)) > 0; number += length) {
        walk.node = chain->node;
        const enum es_errc code = ledger->type->walk(ledger->store, chain->node, seq - 1, seq + length - 1, false, walk_each, &walk, err);
        if (code != ES_OK) return code;
    }
    return ES_OK;
}

enum es_errc es_ledger_visit(struct es_ledger *ledger, uint64_t number, bool (*each)(void *context, const struct es_entry *entry),
                             void *context, struct es_error *err)
{
    struct walk walk = {ledger, ledger->node, each, context, false};
    const struct es_chain *chain;
    uint64_t seq;
    if (!es_chains_place(&ledger->chains, number, &chain, &seq)) return ES_OK;
    walk.node = chain->node;
    return ledger->type->read(ledger->store, chain->node, seq, false, walk_each, &walk, err);
}

enum es_errc es_ledger_walk_event_id(struct es_ledger *ledger, const struct es_pseudonym *event_id,
                                     bool (*each)(void *context, const struct es_entry *entry), void *context, struct es_error *err)
{
    struct walk walk = {ledger, ledger->node, each, context, false};
    return ledger->type->walk_event_id(ledger->store, event_id, walk_each, &walk, err);
}

struct reading {
    struct es_entry *out;
    uint8_t *body, *link;
    bool found, no_memory;
};
static bool read_each(void *context, const struct es_row *row)
{
    struct reading *reading = context;
    reading->found = true;
    if (reading->link) memcpy(reading->link, row->link, ES_LINK_SIZE);
    if (!reading->out) return true;
    *reading->out = row->entry;
    if (row->entry.body) {
        reading->body = malloc(row->entry.len ? row->entry.len : 1);
        if (!reading->body) reading->no_memory = true;
        else memcpy(reading->body, row->entry.body, row->entry.len);
    }
    reading->out->body = reading->body;
    return true;
}
enum es_errc es_ledger_read(struct es_ledger *ledger, uint64_t number, struct es_entry *out, uint8_t **body, struct es_error *err)
{
    struct es_entry entry = {0};
    struct reading reading = {.out = &entry};
    const struct es_chain *chain;
    uint64_t seq;
    enum es_errc code = ES_OK;
    if (es_chains_place(&ledger->chains, number, &chain, &seq))
        code = ledger->type->read(ledger->store, chain->node, seq, false, read_each, &reading, err);
    if (code != ES_OK) return code;
    if (reading.no_memory) return es_fail(err, ES_E_MEMORY, "ledger: out of memory");
    if (!reading.found) return es_fail(err, ES_E_STATE, "entry %llu: not in the ledger", (unsigned long long)number);
    *out = entry;
    out->seq = number;
    *body = reading.body;
    return ES_OK;
}

enum es_errc es_ledger_heads(struct es_ledger *ledger, struct es_head **heads, size_t *count, struct es_error *err)
{
    struct es_head *list = calloc(ledger->chains.count, sizeof *list);
    if (!list) return es_fail(err, ES_E_MEMORY, "ledger: out of memory");
    for (size_t i = 0; i < ledger->chains.count; i++) {
        const struct es_chain *chain = &ledger->chains.items[i];
        memcpy(list[i].node, chain->node, sizeof list[i].node);
        list[i].seq = chain->seq;
        memcpy(list[i].link, chain->link, sizeof list[i].link);
    }
    *heads = list;
    *count = ledger->chains.count;
    return ES_OK;
}

bool es_ledger_place(const struct es_ledger *ledger, uint64_t number, size_t *index, uint64_t *seq)
{
    const struct es_chain *chain;
    if (!es_chains_place(&ledger->chains, number, &chain, seq)) return false;
    *index = (size_t)(chain - ledger->chains.items);
    return true;
}

enum es_errc es_ledger_head_at(struct es_ledger *ledger, const char *node, uint64_t seq, struct es_head *out, struct es_error *err)
{
    struct es_head head = {.seq = seq};
    struct reading reading = {.link = head.link};
    const struct es_chain *chain = node ? NULL : own(ledger);
    for (size_t i = 0; node && i < ledger->chains.count; i++)
        if (strcmp(ledger->chains.items[i].node, node) == 0) chain = &ledger->chains.items[i];
    if (!chain) return es_fail(err, ES_E_STATE, "node %.64s: not in the ledger", node);
    memcpy(head.node, chain->node, sizeof head.node);
    if (seq != 0) {
        const enum es_errc code = ledger->type->read(ledger->store, chain->node, seq, true, read_each, &reading, err);
        if (code != ES_OK) return code;
        if (!reading.found)
            return es_fail(err, ES_E_STATE, "entry %llu: not in the ledger, whose last is %llu", (unsigned long long)seq,
                           (unsigned long long)chain->seq);
    }
    *out = head;
    return ES_OK;
}

enum es_errc es_ledger_erase(struct es_ledger *ledger, const uint64_t *numbers, size_t count, struct es_entry *record,
                             struct es_error *err)
{
    if (!ledger->writer) return es_fail(err, ES_E_STATE, "ledger: opened for reading, an entry was to be erased");
    for (size_t i = 0; i < count; i++)
        if (numbers[i] == 0 || numbers[i] > es_ledger_count(ledger))
            return es_fail(err, ES_E_ARG, "entry %llu: not in the ledger, whose last is %llu", (unsigned long long)numbers[i],
                           (unsigned long long)es_ledger_count(ledger));
    uint64_t seq = own(ledger)->seq, at = 0;
    uint8_t link[ES_LINK_SIZE];
    enum es_taken taken = ES_TAKEN;
    const struct es_chain *chain;
    memcpy(link, own(ledger)->link, sizeof link);
    enum es_errc code = ledger->type->begin(ledger->store, err);
    if (code != ES_OK) return code;
    for (size_t i = 0; i < count && code == ES_OK; i++)
        if (es_chains_place(&ledger->chains, numbers[i], &chain, &at)) code = ledger->type->erase(ledger->store, chain->node, at, err);
    if (code == ES_OK && record) code = append_all(ledger, record, 1, &taken, &seq, link, err);
    code = conclude(ledger, code, seq, link, record, record ? 1 : 0, err);
    return code == ES_OK ? ledger->type->scrub(ledger->store, err) : code;
}

enum es_errc es_ledger_scrub(struct es_ledger *ledger, struct es_error *err)
{
    if (!ledger->writer) return es_fail(err, ES_E_STATE, "ledger: opened for reading, its journal was to be cut");
    return ledger->type->scrub(ledger->store, err);
}

struct proof {
    struct es_ledger *ledger;
    const char *node;
    uint64_t seq;
    uint8_t link[ES_LINK_SIZE];
    enum es_errc code;
    struct es_error *err;
};
static bool prove_each(void *context, const struct es_row *row)
{
    struct proof *proof = context;
    struct es_hasher *hasher = proof->ledger->hasher;
    const unsigned long long seq = row->entry.seq, expected = proof->seq + 1;
    uint8_t leaf[ES_LEAF_SIZE], link[ES_LINK_SIZE];
    if (seq != expected) {
        proof->code = es_fail(proof->err, ES_E_STATE, "entry %llu: found where entry %llu was expected", seq, expected);
        return false;
    }
    if (row->entry.body && row->salt) {
        proof->code = es_chain_leaf(hasher, row->salt, row->entry.body, row->entry.len, leaf, proof->err);
        if (proof->code == ES_OK && memcmp(leaf, row->leaf, sizeof leaf) != 0)
            proof->code = es_fail(proof->err, ES_E_STATE, "entry %llu: its body is not the one that was recorded", seq);
    } else if (row->entry.body || row->salt) {
        proof->code = es_fail(proof->err, ES_E_STATE, "entry %llu: half erased (salt or body is left)", seq);
    }
    if (proof->code == ES_OK)
        proof->code = es_chain_link(hasher, proof->link, proof->node, row->entry.seq, row->entry.received, row->leaf, link,
                              proof->err);
    if (proof->code == ES_OK && memcmp(link, row->link, sizeof link) != 0)
        proof->code = es_fail(proof->err, ES_E_STATE, "entry %llu: link does not follow from entry %llu", seq, expected - 1);
    proof->seq = row->entry.seq;
    memcpy(proof->link, link, sizeof link);
    return proof->code == ES_OK;
}

static enum es_errc verify_chain(struct es_ledger *ledger, const char *node, uint64_t *entries, struct es_error *err)
{
    struct es_error inner = {0};
    struct proof proof = {.ledger = ledger, .node = node, .err = &inner};
    uint64_t last = 0, noted = 0;
    uint8_t link[ES_LINK_SIZE];
    /* The head is asked first: what a writer elsewhere appends meanwhile makes the walk longer, never shorter. */
    enum es_errc code = ledger->type->head(ledger->store, node, &last, link, &noted, &inner);
    if (code == ES_OK) code = ledger->type->walk(ledger->store, node, 0, UINT64_MAX, true, prove_each, &proof, &inner);
    if (code == ES_OK) code = proof.code;
    if (code == ES_OK && proof.seq < noted)
        code = es_fail(&inner, ES_E_STATE, "ledger: the last entry is %llu, the head was noted as %llu: entries were removed",
                       (unsigned long long)proof.seq, (unsigned long long)noted);
    if (code == ES_OK) *entries += proof.seq;
    else if (ledger->chains.one) return es_fail(err, code, "%s", inner.text);
    else return es_fail(err, code, "node %s: %s", node, inner.text);
    return ES_OK;
}

enum es_errc es_ledger_verify(struct es_ledger *ledger, uint64_t *entries, struct es_error *err)
{
    uint64_t all = 0;
    enum es_errc code = ES_OK;
    for (size_t i = 0; i < ledger->chains.count && code == ES_OK; i++) code = verify_chain(ledger, ledger->chains.items[i].node, &all, err);
    if (code == ES_OK) *entries = all;
    return code;
}

enum es_errc es_ledger_find(struct es_ledger *ledger, const uint8_t identity[ES_IDENTITY_SIZE], uint64_t *number, struct es_error *err)
{
    char node[ES_NAME_SIZE] = "";
    uint64_t seq = 0;
    const enum es_errc code = ledger->type->find(ledger->store, identity, node, &seq, err);
    if (code == ES_OK) *number = seq == 0 ? 0 : es_chains_number(&ledger->chains, node, seq);
    return code;
}

enum es_errc es_ledger_note_set(struct es_ledger *ledger, const char *name, const char *value, struct es_error *err)
{
    if (!ledger->writer) return es_fail(err, ES_E_STATE, "ledger: opened for reading, a note was to be written");
    return ledger->type->note_set(ledger->store, name, value, err);
}

enum es_errc es_ledger_note_get(struct es_ledger *ledger, const char *name, char *value, size_t size, struct es_error *err)
{
    return ledger->type->note_get(ledger->store, name, value, size, err);
}

/* ---- masks beside the chain ---- */

static enum es_errc no_masks(struct es_error *err)
{
    return es_fail(err, ES_E_UNSUPPORTED, "ledger: this kind of ledger keeps no masks");
}

enum es_errc es_ledger_masks_keep(struct es_ledger *ledger, const struct es_kept_mask *masks, size_t count, uint64_t limit, struct es_error *err)
{
    if (!ledger->writer) return es_fail(err, ES_E_STATE, "ledger: opened for reading, a mask was to be kept");
    if (count == 0) return ES_OK;
    return ledger->type->masks ? ledger->type->masks->keep(ledger->store, masks, count, limit, err) : no_masks(err);
}

enum es_errc es_ledger_mask_read(struct es_ledger *ledger, const uint8_t address[ES_MASK_ADDRESS_SIZE], uint8_t **bytes,
                                 size_t *len, struct es_error *err)
{
    *bytes = NULL;
    return ledger->type->masks ? ledger->type->masks->read(ledger->store, address, bytes, len, err) : ES_OK;
}

enum es_errc es_ledger_mask_compared(struct es_ledger *ledger, const uint8_t identity[ES_IDENTITY_SIZE],
                                      const uint8_t address[ES_MASK_ADDRESS_SIZE], struct es_error *err)
{
    if (!ledger->writer) return es_fail(err, ES_E_STATE, "ledger: opened for reading, a mask was to be marked");
    return ledger->type->masks ? ledger->type->masks->compared(ledger->store, identity, address, err) : no_masks(err);
}

enum es_errc es_ledger_masks_forget(struct es_ledger *ledger, const uint8_t identity[ES_IDENTITY_SIZE], struct es_error *err)
{
    if (!ledger->writer) return es_fail(err, ES_E_STATE, "ledger: opened for reading, masks were to be removed");
    return ledger->type->masks ? ledger->type->masks->forget(ledger->store, identity, err) : ES_OK;
}

enum es_errc es_ledger_masks_stock(struct es_ledger *ledger, struct es_mask_stock *out, struct es_error *err)
{
    *out = (struct es_mask_stock){0};
    return ledger->type->masks ? ledger->type->masks->stock(ledger->store, out, err) : ES_OK;
}
