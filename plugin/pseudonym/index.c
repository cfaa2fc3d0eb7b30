/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/pseudonym/index.h"

#include <string.h>

#include "plugin/base/pages.h"

/* Finaliser of SplitMix64 (Steele, Lea, Flood 2014, doi:10.1145/2660193.2660195) over both halves of the key. */
static uint64_t mix(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

uint64_t es_index_hash(const struct es_pseudonym *key)
{
    uint64_t low, high;
    memcpy(&low, key->bytes + 1, sizeof low);
    memcpy(&high, key->bytes + 9, sizeof high);
    return mix(mix(low ^ UINT64_C(0x9e3779b97f4a7c15)) ^ high ^ key->bytes[0]);
}

/* What stands in the table: number + 1, which needs no more bits than places do; in the bits above it some of the hash, so that another key
 * that was met on the way is nearly always told without looking at it, which would wait for memory. */
static uint32_t entry_of(uint32_t number, uint64_t hash, uint64_t mask) { return (number + 1) | ((uint32_t)(hash >> 32) & ~(uint32_t)mask); }
static uint32_t number_of(uint32_t entry, uint64_t mask) { return (entry & (uint32_t)mask) - 1; }

/* Slot of the key, or the free slot where it would stand. The table is never full. */
static uint64_t slot_of(const struct es_index *index, const struct es_pseudonym *key, uint64_t hash)
{
    const uint64_t mask = index->table_size - 1;
    const uint32_t print = (uint32_t)(hash >> 32) & ~(uint32_t)mask;
    uint64_t slot = hash & mask;
    for (;;) {
        const uint32_t entry = index->table[slot];
        if (entry == 0) return slot;
        if ((entry & ~(uint32_t)mask) == print && memcmp(index->keys[number_of(entry, mask)].bytes, key->bytes, ES_PSEUDONYM_SIZE) == 0) return slot;
        slot = (slot + 1) & mask;
    }
}

uint32_t es_index_find(const struct es_index *index, const struct es_pseudonym *key)
{
    if (index->count == 0) return ES_INDEX_NONE;
    const uint32_t entry = index->table[slot_of(index, key, es_index_hash(key))];
    return entry == 0 ? ES_INDEX_NONE : number_of(entry, index->table_size - 1);
}

uint32_t es_index_prefetch(const struct es_index *index, uint64_t hash, bool deep)
{
    if (index->table_size == 0) return ES_INDEX_NONE;
    const uint64_t mask = index->table_size - 1, slot = hash & mask;
    if (!deep) {
        __builtin_prefetch(&index->table[slot]);
        return ES_INDEX_NONE;
    }
    const uint32_t entry = index->table[slot];
    if (entry == 0) return ES_INDEX_NONE;
    const uint32_t number = number_of(entry, mask);
    __builtin_prefetch(&index->keys[number]);
    return number;
}

static bool grow_table(struct es_index *index)
{
    const uint64_t size = index->table_size ? index->table_size * 2 : 16;
    uint32_t *table = es_pages_new(size, sizeof *table);
    if (!table) return false;
    ES_PAGES_FREE(index->table, index->table_size);
    index->table = table;
    index->table_size = size;
    for (uint32_t i = 0; i < index->count; i++) {
        const uint64_t hash = es_index_hash(&index->keys[i]);
        uint64_t slot = hash & (size - 1);
        while (table[slot] != 0) slot = (slot + 1) & (size - 1);
        table[slot] = entry_of(i, hash, size - 1);
    }
    return true;
}

bool es_index_add(struct es_index *index, const struct es_pseudonym *key, uint32_t *number, bool *added)
{
    const uint64_t hash = es_index_hash(key);
    uint64_t slot = 0;
    if (index->table_size != 0) {
        slot = slot_of(index, key, hash);
        index->steps += 1 + ((slot - hash) & (index->table_size - 1));
        if (index->table[slot] != 0) {
            *number = number_of(index->table[slot], index->table_size - 1);
            if (added) *added = false;
            return true;
        }
    }
    if (index->count == ES_INDEX_MAX || !ES_PAGES_GROW(index->keys, index->keys_room, (uint64_t)index->count + 1)) return false;
    if (((uint64_t)index->count + 1) * 4 > index->table_size * 3) {
        if (!grow_table(index)) return false;
        slot = slot_of(index, key, hash);
    }
    index->keys[index->count] = *key;
    *number = index->count;
    index->table[slot] = entry_of(index->count++, hash, index->table_size - 1);
    if (added) *added = true;
    return true;
}

void es_index_clear(struct es_index *index)
{
    ES_PAGES_FREE(index->keys, index->keys_room);
    ES_PAGES_FREE(index->table, index->table_size);
    memset(index, 0, sizeof *index);
}

size_t es_index_bytes(const struct es_index *index)
{
    return (size_t)index->keys_room * sizeof *index->keys + (size_t)index->table_size * sizeof *index->table;
}
