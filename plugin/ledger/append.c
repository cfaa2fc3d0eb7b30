/* SPDX-License-Identifier: Apache-2.0 */
/* The chain grows by batches; what is erased stays in it as a fingerprint. */
#include "plugin/ledger/internal.h"

#include <stdlib.h>
#include <string.h>

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
    const uint64_t before = es_ledger_own(ledger)->seq;
    if (code == ES_OK && *seq != before) code = ledger->type->note_head(ledger->store, before, *seq, err);
    free(salts);
    return code;
}

/* Commits what was done, or undoes it; the head moves only with a commit. Entries from `before` on get their numbers. */
static enum es_errc conclude(struct es_ledger *ledger, enum es_errc code, uint64_t seq, const uint8_t link[ES_LINK_SIZE],
                             struct es_entry *entries, size_t count, struct es_error *err)
{
    struct es_chain *chain = es_ledger_own(ledger);
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

enum es_errc es_ledger_append_now(struct es_ledger *ledger, struct es_entry *entries, size_t count, enum es_taken *taken, struct es_error *err)
{
    uint64_t seq = es_ledger_own(ledger)->seq;
    uint8_t link[ES_LINK_SIZE];
    memcpy(link, es_ledger_own(ledger)->link, sizeof link);
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
    if (!es_ledger_is_gone(ledger)) code = es_ledger_append_now(ledger, entries, count, taken, &inner);
    if (code == ES_OK || !ledger->spool || !es_ledger_is_gone(ledger))
        return code == ES_OK ? ES_OK : es_fail(err, code, "%s", inner.text[0] ? inner.text : "ledger: the store does not answer");
    for (size_t i = 0; i < count; i++) entries[i].seq = 0;
    return es_spool_put(ledger->spool, entries, count, taken, err);
}

enum es_errc es_ledger_erase(struct es_ledger *ledger, const uint64_t *numbers, size_t count, struct es_entry *record,
                             struct es_error *err)
{
    if (!ledger->writer) return es_fail(err, ES_E_STATE, "ledger: opened for reading, an entry was to be erased");
    for (size_t i = 0; i < count; i++)
        if (numbers[i] == 0 || numbers[i] > es_ledger_count(ledger))
            return es_fail(err, ES_E_ARG, "entry %llu: not in the ledger, whose last is %llu", (unsigned long long)numbers[i],
                           (unsigned long long)es_ledger_count(ledger));
    uint64_t seq = es_ledger_own(ledger)->seq, at = 0;
    uint8_t link[ES_LINK_SIZE];
    enum es_taken taken = ES_TAKEN;
    const struct es_chain *chain;
    memcpy(link, es_ledger_own(ledger)->link, sizeof link);
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
