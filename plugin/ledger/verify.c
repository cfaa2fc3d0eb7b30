/* SPDX-License-Identifier: Apache-2.0 */
/* The proof: every entry follows from the one before it, and the last one is the one that was noted. */
#include "plugin/ledger/internal.h"

#include <string.h>

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
    if (code == ES_OK) {
        struct es_error broken = {0};
        code = ledger->type->walk(ledger->store, node, 0, UINT64_MAX, true, prove_each, &proof, &broken);
        if (code == ES_OK) code = proof.code;
        else if (strncmp(broken.text, "entry ", 6) == 0) code = es_fail(&inner, code, "%s", broken.text);
        else code = es_fail(&inner, code, "entry %llu: cannot be read: %s", (unsigned long long)proof.seq + 1, broken.text);
    }
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
    if (code == ES_OK && ledger->type->prove) code = ledger->type->prove(ledger->store, err);
    if (code == ES_OK) *entries = all;
    return code;
}
