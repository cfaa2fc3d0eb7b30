/* SPDX-License-Identifier: Apache-2.0 */
/** @file index.h
 * One open-addressed table from pseudonym to number, for millions of keys.
 *
 * Keys stand densely in the order of their first appearance, which is their number; the table beside them holds numbers, and in
 * the bits they leave some of the hash (linear probing, at most 3/4 full): 17 bytes and 5.3 to 10.7 bytes of table a key. Pseudonyms are HMACs, so their own bytes spread well;
 * they are mixed once more, so that chosen keys do not collide in a row. Not locked.
 */
#ifndef ES_PLUGIN_INDEX_H
#define ES_PLUGIN_INDEX_H

#include "plugin/pseudonym/pseudonym.h"

#define ES_INDEX_NONE UINT32_MAX
#define ES_INDEX_MAX 0xFFFFFFF0u /* keys of one index */

/** `{0}` is empty; es_index_clear() frees. */
struct es_index {
    struct es_pseudonym *keys; /* [count] */
    uint32_t count, keys_room;
    uint32_t *table;           /* number + 1, and bits of the hash above it; 0: free */
    uint64_t table_size;       /* a power of two, or 0 */
    uint64_t steps;            /* slots looked at by es_index_add(), for tests of growth */
};

/** Number of a key, or ES_INDEX_NONE. Changes nothing: several threads may ask while nobody adds. */
uint32_t es_index_find(const struct es_index *index, const struct es_pseudonym *key);
/** Number of a key, added when it is not there. *added may be NULL.
 * @return false when memory or numbers ran out; the index is then unchanged */
bool es_index_add(struct es_index *index, const struct es_pseudonym *key, uint32_t *number, bool *added);
/** What a key is looked up by: the same for every index. */
uint64_t es_index_hash(const struct es_pseudonym *key);
/** Ask memory for what finding a key will touch: first for its place in the table; then, once that has come, for the key that stands
 * there. Of use before many look-ups at once, which otherwise each wait for memory twice. @return with `deep`, the number of the entry
 * that will be looked at first, or ES_INDEX_NONE */
uint32_t es_index_prefetch(const struct es_index *index, uint64_t hash, bool deep);
void es_index_clear(struct es_index *index);
/** Bytes held. */
size_t es_index_bytes(const struct es_index *index);

#endif
