/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/ledger/spool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH 500
#define NOTE_DRAINED "drained"
#define NOTE_MASK_LIMIT "mask_limit" /* bytes */

struct es_spool {
    char path[1024], node[ES_NAME_SIZE], key_id[64];
    struct es_ledger *ledger; /* NULL: no file */
    uint64_t drained;         /* entries up to this one were handed over */
};

uint64_t es_spool_count(const struct es_spool *spool) { return spool->ledger ? es_ledger_count(spool->ledger) - spool->drained : 0; }

/* A number as a note holds it; what is too large stands for the greatest. */
static uint64_t number_of(const char *text)
{
    uint64_t value = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        if (__builtin_mul_overflow(value, (uint64_t)10, &value) || __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value)) return UINT64_MAX;
    return value;
}

static enum es_errc open_file(struct es_spool *spool, struct es_error *err)
{
    char url[1100], text[32];
    (void)snprintf(url, sizeof url, "sqlite:%s", spool->path);
    enum es_errc code = es_ledger_open(&spool->ledger, url, spool->node, spool->key_id, true, true, err);
    if (code == ES_OK) code = es_ledger_note_get(spool->ledger, NOTE_DRAINED, text, sizeof text, err);
    if (code != ES_OK) {
        es_error_prefix(err, "spool");
        es_ledger_close(spool->ledger);
        spool->ledger = NULL;
        return code;
    }
    spool->drained = number_of(text);
    if (spool->drained > es_ledger_count(spool->ledger)) spool->drained = es_ledger_count(spool->ledger);
    return ES_OK;
}

enum es_errc es_spool_open(struct es_spool **out, const char *path, const char *node, const char *key_id, struct es_error *err)
{
    struct es_spool *spool = calloc(1, sizeof *spool);
    *out = NULL;
    if (!spool) return es_fail(err, ES_E_MEMORY, "spool: out of memory");
    (void)snprintf(spool->path, sizeof spool->path, "%s", path);
    (void)snprintf(spool->node, sizeof spool->node, "%s", node);
    (void)snprintf(spool->key_id, sizeof spool->key_id, "%s", key_id);
    const enum es_errc code = access(path, F_OK) == 0 ? open_file(spool, err) : ES_OK;
    if (code != ES_OK) {
        es_spool_close(spool);
        return code;
    }
    *out = spool;
    return ES_OK;
}

void es_spool_close(struct es_spool *spool)
{
    if (!spool) return;
    es_ledger_close(spool->ledger);
    free(spool);
}

enum es_errc es_spool_put(struct es_spool *spool, struct es_entry *entries, size_t count, enum es_taken *taken, struct es_error *err)
{
    enum es_errc code = spool->ledger ? ES_OK : open_file(spool, err);
    if (code == ES_OK) code = es_ledger_append(spool->ledger, entries, count, taken, err);
    for (size_t i = 0; i < count; i++) entries[i].seq = 0; /* its place in the shared ledger is not known yet */
    return code;
}

enum es_errc es_spool_keep_masks(struct es_spool *spool, const struct es_kept_mask *masks, size_t count, uint64_t limit, struct es_error *err)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)limit);
    enum es_errc code = spool->ledger ? ES_OK : open_file(spool, err);
    if (code == ES_OK) code = es_ledger_note_set(spool->ledger, NOTE_MASK_LIMIT, text, err);
    return code == ES_OK ? es_ledger_masks_keep(spool->ledger, masks, count, limit, err) : code;
}

/* ---- discarding ---- */

struct discard {
    struct es_spool *spool;
    bool (*unwanted)(void *context, const struct es_entry *entry);
    void *context;
    uint64_t seqs[BATCH];
    uint8_t identities[BATCH][ES_IDENTITY_SIZE];
    size_t count;
};

static bool look(void *context, const struct es_entry *entry)
{
    struct discard *discard = context;
    if (!entry->body || !discard->unwanted(discard->context, entry)) return true;
    memcpy(discard->identities[discard->count], entry->identity, ES_IDENTITY_SIZE);
    discard->seqs[discard->count++] = entry->seq;
    return discard->count < BATCH;
}

enum es_errc es_spool_discard(struct es_spool *spool, bool (*unwanted)(void *context, const struct es_entry *entry), void *context,
                              struct es_error *err)
{
    if (es_spool_count(spool) == 0) return ES_OK;
    struct discard *discard = malloc(sizeof *discard);
    if (!discard) return es_fail(err, ES_E_MEMORY, "spool: out of memory");
    uint64_t after = spool->drained;
    enum es_errc code = ES_OK;
    do {
        *discard = (struct discard){.spool = spool, .unwanted = unwanted, .context = context};
        code = es_ledger_walk(spool->ledger, after, UINT64_MAX, look, discard, err);
        for (size_t i = 0; i < discard->count && code == ES_OK; i++) code = es_ledger_masks_forget(spool->ledger, discard->identities[i], err);
        if (code == ES_OK && discard->count > 0) {
            after = discard->seqs[discard->count - 1];
            code = es_ledger_erase(spool->ledger, discard->seqs, discard->count, NULL, err);
        }
    } while (code == ES_OK && discard->count == BATCH);
    free(discard);
    return code;
}

/* ---- draining ---- */

struct mask_drain {
    const struct es_spool_heir *heir;
    uint64_t limit;
    enum es_errc code;
    struct es_error *err;
};

static bool hand_mask(void *context, const struct es_kept_mask *mask)
{
    struct mask_drain *drain = context;
    drain->code = drain->heir->keep(drain->heir->context, mask, drain->limit, drain->err);
    return drain->code == ES_OK;
}

static enum es_errc drain_masks(struct es_spool *spool, const struct es_spool_heir *heir, struct es_error *err)
{
    char text[32];
    struct mask_drain drain = {.heir = heir, .err = err};
    struct es_mask_stock stock;
    enum es_errc code = es_ledger_masks_stock(spool->ledger, &stock, err);
    if (code != ES_OK || (stock.masks == 0 && stock.dropped == 0)) return code;
    code = es_ledger_note_get(spool->ledger, NOTE_MASK_LIMIT, text, sizeof text, err);
    if (code != ES_OK) return code;
    drain.limit = number_of(text);
    code = es_ledger_masks_walk(spool->ledger, hand_mask, &drain, err);
    if (code == ES_OK) code = drain.code;
    if (code == ES_OK && stock.dropped > 0) code = heir->add_dropped(heir->context, stock.dropped, err);
    return code == ES_OK ? es_ledger_masks_clear(spool->ledger, err) : code;
}

struct batch {
    struct es_entry entries[BATCH];
    uint8_t *bodies[BATCH]; /* owned while a batch is handed over */
    uint64_t seqs[BATCH];
    size_t count;
    bool no_memory;
};

static bool gather(void *context, const struct es_entry *entry)
{
    struct batch *batch = context;
    struct es_entry *copy = &batch->entries[batch->count];
    *copy = *entry;
    if (!entry->body) return true; /* erased: handed over before */
    uint8_t *body = malloc(entry->len ? entry->len : 1);
    batch->no_memory = body == NULL;
    if (!body) return false;
    if (entry->len) memcpy(body, entry->body, entry->len);
    copy->body = batch->bodies[batch->count] = body;
    batch->seqs[batch->count++] = entry->seq;
    return batch->count < BATCH;
}

static enum es_errc drain_one(struct es_spool *spool, struct batch *batch, const struct es_spool_heir *heir, struct es_error *err)
{
    char text[32];
    batch->count = 0;
    batch->no_memory = false;
    enum es_errc code = es_ledger_walk(spool->ledger, spool->drained, UINT64_MAX, gather, batch, err);
    if (code == ES_OK && batch->no_memory) code = es_fail(err, ES_E_MEMORY, "spool: out of memory");
    if (code == ES_OK && batch->count > 0) code = heir->append(heir->context, batch->entries, batch->count, err);
    for (size_t i = 0; i < batch->count; i++) free(batch->bodies[i]);
    if (code != ES_OK) return code;
    const uint64_t last = batch->count > 0 ? batch->seqs[batch->count - 1] : es_ledger_count(spool->ledger);
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)last);
    code = es_ledger_note_set(spool->ledger, NOTE_DRAINED, text, err);
    if (code == ES_OK) spool->drained = last;
    return code;
}

/* Everything is in the shared ledger: what was kept here is overwritten before its file goes. */
static enum es_errc remove_file(struct es_spool *spool, struct es_error *err)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lease"};
    const uint64_t count = es_ledger_count(spool->ledger);
    uint64_t *seqs = calloc(count ? count : 1, sizeof *seqs);
    if (!seqs) return es_fail(err, ES_E_MEMORY, "spool: out of memory");
    for (uint64_t i = 0; i < count; i++) seqs[i] = i + 1;
    const enum es_errc code = es_ledger_erase(spool->ledger, seqs, count, NULL, err);
    free(seqs);
    if (code != ES_OK) return code;
    es_ledger_close(spool->ledger);
    spool->ledger = NULL;
    spool->drained = 0;
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char name[1100];
        (void)snprintf(name, sizeof name, "%s%s", spool->path, suffixes[i]);
        (void)unlink(name);
    }
    return ES_OK;
}

enum es_errc es_spool_drain(struct es_spool *spool, const struct es_spool_heir *heir, struct es_error *err)
{
    if (!spool->ledger) return ES_OK;
    struct batch *batch = malloc(sizeof *batch);
    if (!batch) return es_fail(err, ES_E_MEMORY, "spool: out of memory");
    enum es_errc code = drain_masks(spool, heir, err);
    while (code == ES_OK && es_spool_count(spool) > 0) code = drain_one(spool, batch, heir, err);
    free(batch);
    return code == ES_OK ? remove_file(spool, err) : code;
}
