/* SPDX-License-Identifier: Apache-2.0 */
/** @file arena.h
 * Memory that is given out in pieces and taken back at once. Not locked.
 */
#ifndef ES_PLUGIN_ARENA_H
#define ES_PLUGIN_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct es_arena_block {
    struct es_arena_block *next;
    size_t used, size;
    bool lent; /* not from malloc */
    _Alignas(max_align_t) unsigned char bytes[];
};
/** `{0}` is empty; es_arena_clear() frees. */
struct es_arena {
    struct es_arena_block *blocks;
};
/** A further block, with room for so many bytes; NULL: out of memory. For es_arena_room() only. */
struct es_arena_block *es_arena_grow(struct es_arena *arena, size_t need);
/** Aligned for anything, not zeroed; valid until the arena is reset or cleared.
 * @return NULL when memory ran out or count * size overflows */
static inline void *es_arena_room(struct es_arena *arena, size_t count, size_t size)
{
    size_t bytes, padded;
    if (__builtin_mul_overflow(count, size, &bytes) || __builtin_add_overflow(bytes, sizeof(max_align_t), &padded)) return NULL;
    padded -= padded % sizeof(max_align_t);
    struct es_arena_block *block = arena->blocks;
    if ((!block || block->size - block->used < padded) && !(block = es_arena_grow(arena, padded))) return NULL;
    void *out = block->bytes + block->used;
    block->used += padded;
    return out;
}
/** Zeroed. */
static inline void *es_arena_take(struct es_arena *arena, size_t count, size_t size)
{
    void *out = es_arena_room(arena, count, size);
    return out ? memset(out, 0, count * size) : NULL;
}
/** Give an empty arena its first block.
 * @param bytes  borrowed until the arena is cleared; aligned as max_align_t, at least 64 */
void es_arena_lend(struct es_arena *arena, void *bytes, size_t size);
/** Take everything back. The last block stays, so that the same work done again asks for no memory. */
void es_arena_reset(struct es_arena *arena);
void es_arena_clear(struct es_arena *arena);

#endif
