/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/ledger/chains.h"

#include <stdlib.h>
#include <string.h>

void es_chains_clear(struct es_chains *chains)
{
    for (size_t i = 0; i < chains->count; i++) free(chains->items[i].number);
    free(chains->items);
    free(chains->chain);
    free(chains->seq);
    *chains = (struct es_chains){.one = chains->one};
}

static struct es_chain *find(const struct es_chains *chains, const char *node)
{
    for (size_t i = 0; i < chains->count; i++)
        if (strcmp(chains->items[i].node, node) == 0) return &chains->items[i];
    return NULL;
}

struct es_chain *es_chains_of(struct es_chains *chains, const char *node)
{
    struct es_chain *chain = find(chains, node);
    if (chain || chains->count == ES_MAX_CHAINS || strlen(node) >= ES_NAME_SIZE) return chain;
    struct es_chain *items = realloc(chains->items, (chains->count + 1) * sizeof *items);
    if (!items) return NULL;
    chains->items = items;
    chain = &items[chains->count++];
    *chain = (struct es_chain){0};
    memcpy(chain->node, node, strlen(node) + 1);
    return chain;
}

static bool grow(void **items, uint64_t room, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow((size_t)room, size, &bytes)) return false;
    void *grown = realloc(*items, bytes);
    if (grown) *items = grown;
    return grown != NULL;
}

bool es_chains_extend(struct es_chains *chains, struct es_chain *chain, uint64_t seq, const uint8_t link[ES_LINK_SIZE])
{
    if (!chains->one && seq > chain->seq) {
        const uint64_t more = seq - chain->seq, entries = chains->entries + more;
        if (entries >= UINT32_MAX || seq >= UINT32_MAX) return false;
        if (entries > chains->room) {
            const uint64_t room = entries + entries / 4 + 64;
            if (!grow((void **)&chains->chain, room, sizeof *chains->chain) || !grow((void **)&chains->seq, room, sizeof *chains->seq)) return false;
            chains->room = room;
        }
        if (seq > chain->room) {
            const uint64_t room = seq + seq / 4 + 64;
            if (!grow((void **)&chain->number, room, sizeof *chain->number)) return false;
            chain->room = room;
        }
        for (uint64_t s = chain->seq + 1; s <= seq; s++) {
            chains->chain[chains->entries] = (uint16_t)(chain - chains->items);
            chains->seq[chains->entries] = (uint32_t)s;
            chain->number[s - 1] = (uint32_t)++chains->entries;
        }
    }
    chain->seq = seq;
    memcpy(chain->link, link, ES_LINK_SIZE);
    return true;
}

uint64_t es_chains_count(const struct es_chains *chains)
{
    return chains->one ? chains->count > 0 ? chains->items[0].seq : 0 : chains->entries;
}

uint64_t es_chains_number(const struct es_chains *chains, const char *node, uint64_t seq)
{
    if (chains->one) return seq;
    const struct es_chain *chain = find(chains, node);
    return chain && seq > 0 && seq <= chain->seq ? chain->number[seq - 1] : 0;
}

bool es_chains_place(const struct es_chains *chains, uint64_t number, const struct es_chain **chain, uint64_t *seq)
{
    if (number == 0 || chains->count == 0) return false;
    if (!chains->one && number > chains->entries) return false;
    *chain = &chains->items[chains->one ? 0 : chains->chain[number - 1]];
    *seq = chains->one ? number : chains->seq[number - 1];
    return true;
}

uint64_t es_chains_run(const struct es_chains *chains, uint64_t number, uint64_t until, const struct es_chain **chain, uint64_t *seq)
{
    if (number > until || !es_chains_place(chains, number, chain, seq)) return 0;
    if (chains->one) return until - number == UINT64_MAX ? UINT64_MAX : until - number + 1;
    uint64_t length = 1;
    while (number + length <= until && number + length <= chains->entries && chains->chain[number + length - 1] == chains->chain[number - 1] &&
           chains->seq[number + length - 1] == *seq + length)
        length++;
    return length;
}
