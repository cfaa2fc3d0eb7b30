/* SPDX-License-Identifier: Apache-2.0 */
/** @file chains.h
 * The chains of one ledger, and one number for every entry of all of them.
 *
 * Within its chain an entry is (node, seq). Who reads a ledger wants one dense number an entry: in a ledger of one chain that is the seq; where
 * several nodes write, entries are numbered in the order in which this process learns of them, so that numbers of known entries never change
 * while it runs. Another process numbers otherwise: numbers are never stored or shown. 6 bytes an entry and 4 in its chain.
 */
#ifndef ES_PLUGIN_LEDGER_CHAINS_H
#define ES_PLUGIN_LEDGER_CHAINS_H

#include "plugin/ledger/store.h"

#define ES_MAX_CHAINS 1024

struct es_chain {
    char node[ES_NAME_SIZE];
    uint64_t seq; /* of the last entry that is known */
    uint8_t link[ES_LINK_SIZE];
    uint32_t *number; /* [seq - 1]; not kept in a ledger of one chain */
    uint64_t room;
};
struct es_chains {
    bool one; /* one chain: numbers are seqs */
    struct es_chain *items;
    size_t count;
    uint16_t *chain; /* [number - 1]: where the entry stands */
    uint32_t *seq;
    uint64_t entries, room;
};

void es_chains_clear(struct es_chains *chains);
/** The chain of a node, added when it is not there; NULL: out of memory or more than ES_MAX_CHAINS. Pointers to chains end with the next call. */
struct es_chain *es_chains_of(struct es_chains *chains, const char *node);
/** Number the entries of a chain behind its last one up to `seq`, whose link is `link`. false: out of memory or numbers. */
bool es_chains_extend(struct es_chains *chains, struct es_chain *chain, uint64_t seq, const uint8_t link[ES_LINK_SIZE]);
/** How many numbers there are. */
uint64_t es_chains_count(const struct es_chains *chains);
/** 0: not known. node is not looked at in a ledger of one chain. */
uint64_t es_chains_number(const struct es_chains *chains, const char *node, uint64_t seq);
/** Where an entry stands; false: no such number. */
bool es_chains_place(const struct es_chains *chains, uint64_t number, const struct es_chain **chain, uint64_t *seq);
/** The longest run of entries of one chain that begins at `number` and ends at `until` at the latest: its chain, first seq, length. */
uint64_t es_chains_run(const struct es_chains *chains, uint64_t number, uint64_t until, const struct es_chain **chain, uint64_t *seq);

#endif
