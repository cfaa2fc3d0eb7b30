/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/ledger/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct es_store_type *const store_types[] = {&es_store_sqlite, &es_store_postgresql};

struct es_chain *es_ledger_own(struct es_ledger *ledger) { return es_chains_of(&ledger->chains, ledger->node); }

bool es_ledger_is_gone(const struct es_ledger *ledger) { return ledger->type->away && ledger->type->away(ledger->store); }

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

struct was {
    const uint8_t *link;
    bool same;
};
static bool is_same(void *context, const struct es_row *row)
{
    struct was *was = context;
    was->same = memcmp(row->link, was->link, ES_LINK_SIZE) == 0;
    return false;
}

/* What was known of a chain must still stand in it: a database that was restored from an older backup does not, even after it has grown again. */
static enum es_errc still_stands(struct es_ledger *ledger, const struct es_chain *chain, uint64_t seq, struct es_error *err)
{
    struct was was = {.link = chain->link};
    enum es_errc code = ES_OK;
    if (chain->seq == 0) return ES_OK;
    if (seq >= chain->seq) code = ledger->type->read(ledger->store, chain->node, chain->seq, true, is_same, &was, err);
    if (code != ES_OK || was.same) return code;
    return es_fail(err, ES_E_STATE, "ledger: node %s: entry %llu is %s: the database was restored from a backup, or changed by hand", chain->node,
                   (unsigned long long)chain->seq, seq >= chain->seq ? "not the one it was" : "gone");
}

/* The head must be the one that was noted with the last commit: rows cut off the end would go unseen otherwise. */
static enum es_errc load_head(struct es_ledger *ledger, const char *node, struct es_error *err)
{
    uint64_t seq = 0, noted = 0;
    uint8_t link[ES_LINK_SIZE];
    enum es_errc code = ledger->type->head(ledger->store, node, &seq, link, &noted, err);
    struct es_chain *chain = es_chains_of(&ledger->chains, node);
    if (code == ES_OK && !chain) code = es_fail(err, ES_E_MEMORY, "ledger: out of memory");
    if (code == ES_OK && noted == seq && seq == chain->seq && memcmp(link, chain->link, sizeof link) == 0) return ES_OK;
    if (code == ES_OK) code = still_stands(ledger, chain, seq, err);
    if (code != ES_OK) return code;
    if (noted != seq) {
        (void)es_fail(err, ES_E_STATE, "ledger: the last entry is %llu, the head was noted as %llu: entries were removed or added by hand",
                      (unsigned long long)seq, (unsigned long long)noted);
        if (!ledger->chains.one) es_error_prefix(err, "node %s", node);
        return ES_E_STATE;
    }
    return es_chains_extend(&ledger->chains, chain, seq, link) ? ES_OK : es_fail(err, ES_E_MEMORY, "ledger: out of memory or of numbers");
}

static bool is_among(const char *node, char (*nodes)[ES_NAME_SIZE], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(nodes[i], node) == 0) return true;
    return false;
}

enum es_errc es_ledger_load_heads(struct es_ledger *ledger, struct es_error *err)
{
    char (*nodes)[ES_NAME_SIZE] = NULL;
    size_t count = 0;
    if (!es_ledger_own(ledger)) return es_fail(err, ES_E_MEMORY, "ledger: out of memory");
    if (!ledger->type->nodes) return load_head(ledger, ledger->node, err);
    enum es_errc code = ledger->type->nodes(ledger->store, &nodes, &count, err);
    for (size_t i = 0; i < count && code == ES_OK; i++) code = load_head(ledger, nodes[i], err);
    for (size_t i = 0; i < ledger->chains.count && code == ES_OK; i++) /* a chain that is gone altogether */
        if (!is_among(ledger->chains.items[i].node, nodes, count)) code = still_stands(ledger, &ledger->chains.items[i], 0, err);
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
    if (code == ES_OK) code = es_ledger_load_heads(ledger, err);
    if (code != ES_OK) {
        es_ledger_close(ledger);
        return code;
    }
    *out = ledger;
    return ES_OK;
}

enum es_errc es_store_same_rules(const char *stored, struct es_error *err)
{
    const char *version = stored[0] ? stored : "1";
    if (strcmp(version, ES_RULES) == 0) return ES_OK;
    return es_fail(err, ES_E_UNSUPPORTED, "ledger: its identifiers were normalised by rules %.20s, this version has rules %s: use the Evensight that wrote it", version,
                   ES_RULES);
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

enum es_errc es_ledger_inspect(struct es_ledger *ledger, uint64_t at_once, struct es_error *err)
{
    return ledger->type->inspect ? ledger->type->inspect(ledger->store, at_once, err) : ES_OK;
}

enum es_errc es_ledger_sound(struct es_ledger *ledger, bool wait, struct es_error *err)
{
    return ledger->type->sound ? ledger->type->sound(ledger->store, wait, err) : ES_OK;
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

void es_ledger_shrink(struct es_ledger *ledger)
{
    if (ledger->type->shrink) ledger->type->shrink(ledger->store);
}

enum es_errc es_ledger_alone(struct es_ledger *ledger, struct es_error *err)
{
    return ledger->type->alone ? ledger->type->alone(ledger->store, err) : ES_OK;
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

const char *es_ledger_words(const struct es_ledger *ledger, uint64_t number, char words[ES_ENTRY_WORDS])
{
    const struct es_chain *chain;
    uint64_t seq;
    if (ledger->chains.one || !es_chains_place(&ledger->chains, number, &chain, &seq))
        (void)snprintf(words, ES_ENTRY_WORDS, "entry %llu", (unsigned long long)number);
    else (void)snprintf(words, ES_ENTRY_WORDS, "node %s: entry %llu", chain->node, (unsigned long long)seq);
    return words;
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
