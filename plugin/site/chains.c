/* SPDX-License-Identifier: Apache-2.0 */
/* What a site keeps of each chain of its ledger: how far it is read, the last configuration and plan, what a report is computed from. */
#include <stdlib.h>
#include <string.h>

#include "plugin/site/internal.h"

static bool room_for(struct es_site *site, size_t chains)
{
    if (chains <= site->n_chains) return true;
    struct es_site_chain *grown = realloc(site->chains, chains * sizeof *grown);
    if (!grown) return false;
    memset(grown + site->n_chains, 0, (chains - site->n_chains) * sizeof *grown);
    site->chains = grown;
    site->n_chains = chains;
    return true;
}

bool es_site_chain(struct es_site *site, uint64_t number, size_t *chain, uint64_t *seq)
{
    return es_ledger_place(site->ledger, number, chain, seq) && room_for(site, *chain + 1);
}

bool es_site_sees(const struct es_site *site, uint64_t number)
{
    size_t chain;
    uint64_t seq;
    if (!site->earlier) return true;
    return es_ledger_place(site->ledger, number, &chain, &seq) && chain < site->n_chains && seq <= site->chains[chain].limit;
}

enum es_errc es_site_same_limits(struct es_site *site, const struct es_site *other, struct es_error *err)
{
    if (!room_for(site, other->n_chains)) return es_fail(err, ES_E_MEMORY, "site: out of memory");
    for (size_t i = 0; i < other->n_chains; i++) site->chains[i].limit = other->chains[i].limit;
    site->earlier = other->earlier;
    return ES_OK;
}

/* ---- documents ---- */

/* The latest of all chains by receipt; of equal ones, and of those that say the same, the one by the first node. Within a chain the last one
 * counts whatever the clock said. */
static const struct es_document *latest(const struct es_site *site, const struct es_head *heads, bool plan)
{
    const struct es_document *best = NULL;
    const char *node = "";
    for (size_t i = 0; i < site->n_chains; i++) {
        const struct es_document *document = plan ? &site->chains[i].plan : &site->chains[i].config;
        if (!document->text) continue;
        const bool later = !best || document->received > best->received ||
                           (document->received == best->received && strcmp(heads[i].node, node) < 0);
        if (!later) continue;
        best = document;
        node = heads[i].node;
    }
    return best;
}

/* Since when the document is in force: another node may have recorded the same words before. */
static const struct es_document *first_of_same(const struct es_site *site, const struct es_document *best)
{
    for (size_t i = 0; best && i < site->n_chains; i++) {
        const struct es_document *document = &site->chains[i].plan;
        if (document->text && document->received < best->received && strcmp(document->text, best->text) == 0) best = document;
    }
    return best;
}

enum es_errc es_site_note_document(struct es_site *site, const struct es_event *event, uint64_t number, int64_t received,
                                   struct es_error *err)
{
    const bool plan = event->kind == ES_EVENT_PLAN;
    struct es_head *heads = NULL;
    size_t chain, n_heads;
    uint64_t seq;
    char *copy = strdup(event->document ? event->document : "");
    if (!copy || !es_site_chain(site, number, &chain, &seq)) {
        free(copy);
        return es_fail(err, ES_E_MEMORY, "site: out of memory");
    }
    const enum es_errc code = es_ledger_heads(site->ledger, &heads, &n_heads, err);
    if (code != ES_OK) { /* before the text that is in force goes */
        free(copy);
        return code;
    }
    struct es_document *own = plan ? &site->chains[chain].plan : &site->chains[chain].config;
    free(own->text);
    *own = (struct es_document){copy, seq, received};
    const struct es_document *best = latest(site, heads, plan), *first = plan ? first_of_same(site, best) : best;
    free(heads);
    if (plan) {
        site->plan_document = best->text;
        site->plan_seq = first->seq;
        site->plan_received = first->received;
    } else {
        site->config_document = best->text;
        site->config_seq = best->seq;
        site->configurations++;
    }
    return ES_OK;
}

/* ---- heads ---- */

static int by_node(const void *left, const void *right)
{
    return strcmp(((const struct es_head *)left)->node, ((const struct es_head *)right)->node);
}

enum es_errc es_site_heads(const struct es_site *site, struct es_head **heads, size_t *count, struct es_error *err)
{
    struct es_head *list = NULL;
    size_t n = 0, kept = 0;
    enum es_errc code = es_ledger_heads(site->ledger, &list, &n, err);
    for (size_t i = 0; i < n && i < site->n_chains && code == ES_OK; i++) {
        if (site->chains[i].basis == 0) continue;
        const struct es_head chain = list[i];
        code = es_ledger_head_at(site->ledger, chain.node, site->chains[i].basis, &list[kept++], err);
    }
    if (code != ES_OK) {
        free(list);
        return code;
    }
    if (kept > 1) qsort(list, kept, sizeof *list, by_node);
    *heads = list;
    *count = kept;
    return ES_OK;
}
