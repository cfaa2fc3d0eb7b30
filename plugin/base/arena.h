/* SPDX-License-Identifier: Apache-2.0 */
/** @file arena.h
 * Memory that is given out in pieces and taken back at once. Not locked.
 */
#ifndef ES_PLUGIN_ARENA_H
#define ES_PLUGIN_ARENA_H

#include <stddef.h>

/** `{0}` is empty; es_arena_clear() frees. */
struct es_arena {
    struct es_arena_block *blocks;
};
/** Zeroed, aligned for anything; valid until the arena is reset or cleared.
 * @return NULL when memory ran out or count * size overflows */
void *es_arena_take(struct es_arena *arena, size_t count, size_t size);
/** The same, not zeroed: for what is written whole before it is read. */
void *es_arena_room(struct es_arena *arena, size_t count, size_t size);
/** Give an empty arena its first block.
 * @param bytes  borrowed until the arena is cleared; aligned as max_align_t, at least 64 */
void es_arena_lend(struct es_arena *arena, void *bytes, size_t size);
/** Take everything back. The last block stays, so that the same work done again asks for no memory. */
void es_arena_reset(struct es_arena *arena);
void es_arena_clear(struct es_arena *arena);

#endif
