/* SPDX-License-Identifier: Apache-2.0 */
/* Entries by number, whichever chain they stand in. */
#include "plugin/ledger/internal.h"

#include <stdlib.h>
#include <string.h>

/* Entries as stored, given on under their numbers. */
struct walk {
    const struct es_ledger *ledger;
    const char *node; /* of the rows, where they do not tell */
    bool (*each)(void *context, const struct es_entry *entry);
    void *context;
    bool ended;
    uint64_t next; /* seq of a shared chain that must come now; 0: any may */
    enum es_errc code;
    struct es_error *err;
};

/* On a shared server somebody may have removed a row, or a part of a cluster may not show it yet: not to be passed over in silence. */
static enum es_errc is_missing(const struct walk *walk)
{
    return es_fail(walk->err, ES_E_STATE, "ledger: node %s: entry %llu is not there, expected every one up to the last", walk->node,
                   (unsigned long long)walk->next);
}

static bool walk_each(void *context, const struct es_row *row)
{
    struct walk *walk = context;
    struct es_entry entry = row->entry;
    if (walk->next != 0 && row->entry.seq != walk->next) {
        walk->code = is_missing(walk);
        return false;
    }
    if (walk->next != 0) walk->next++;
    entry.seq = es_chains_number(&walk->ledger->chains, row->node ? row->node : walk->node, row->entry.seq);
    if (entry.seq == 0) return true; /* newer than what is known: comes with the next refresh */
    walk->ended = !walk->each(walk->context, &entry);
    return !walk->ended;
}

enum es_errc es_ledger_walk(struct es_ledger *ledger, uint64_t after, uint64_t until,
                            bool (*each)(void *context, const struct es_entry *entry), void *context, struct es_error *err)
{
    struct walk walk = {.ledger = ledger, .node = ledger->node, .each = each, .context = context, .err = err};
    const struct es_chain *chain;
    uint64_t seq, length;
    if (ledger->chains.one) return ledger->type->walk(ledger->store, ledger->node, after, until, false, walk_each, &walk, err);
    for (uint64_t number = after + 1; !walk.ended && (length = es_chains_run(&ledger->chains, number, until, &chain, &seq)) > 0; number += length) {
        walk.node = chain->node;
        walk.next = seq;
        enum es_errc code = ledger->type->walk(ledger->store, chain->node, seq - 1, seq + length - 1, false, walk_each, &walk, err);
        if (code == ES_OK) code = walk.code;
        if (code == ES_OK && !walk.ended && walk.next != seq + length) code = is_missing(&walk);
        if (code != ES_OK) return code;
    }
    return ES_OK;
}

enum es_errc es_ledger_visit(struct es_ledger *ledger, uint64_t number, bool (*each)(void *context, const struct es_entry *entry),
                             void *context, struct es_error *err)
{
    struct walk walk = {.ledger = ledger, .node = ledger->node, .each = each, .context = context};
    const struct es_chain *chain;
    uint64_t seq;
    if (!es_chains_place(&ledger->chains, number, &chain, &seq)) return ES_OK;
    walk.node = chain->node;
    return ledger->type->read(ledger->store, chain->node, seq, false, walk_each, &walk, err);
}

enum es_errc es_ledger_walk_event_id(struct es_ledger *ledger, const struct es_pseudonym *event_id,
                                     bool (*each)(void *context, const struct es_entry *entry), void *context, struct es_error *err)
{
    struct walk walk = {.ledger = ledger, .node = ledger->node, .each = each, .context = context};
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

enum es_errc es_ledger_head_at(struct es_ledger *ledger, const char *node, uint64_t seq, struct es_head *out, struct es_error *err)
{
    struct es_head head = {.seq = seq};
    struct reading reading = {.link = head.link};
    const struct es_chain *chain = node ? NULL : es_ledger_own(ledger);
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
