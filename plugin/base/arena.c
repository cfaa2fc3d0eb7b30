/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/base/arena.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct es_arena_block {
    struct es_arena_block *next;
    size_t used, size;
    bool lent; /* not from malloc */
    _Alignas(max_align_t) unsigned char bytes[];
};

#define LEAST 8192 /* of a block; each next one is twice the last, up to MOST */
#define MOST 1048576

static struct es_arena_block *grow(struct es_arena *arena, size_t need)
{
    const size_t last = arena->blocks ? arena->blocks->size : 0;
    size_t room = last < LEAST / 2 ? LEAST : last > MOST / 2 ? MOST : 2 * last, whole;
    if (need > room) room = need;
    struct es_arena_block *block = NULL;
    if (__builtin_add_overflow(room, sizeof *block, &whole) || !(block = malloc(whole))) return NULL;
    *block = (struct es_arena_block){.next = arena->blocks, .size = room};
    arena->blocks = block;
    return block;
}

void *es_arena_room(struct es_arena *arena, size_t count, size_t size)
{
    size_t bytes, padded;
    if (__builtin_mul_overflow(count, size, &bytes) || __builtin_add_overflow(bytes, sizeof(max_align_t), &padded)) return NULL;
    padded -= padded % sizeof(max_align_t);
    struct es_arena_block *block = arena->blocks;
    if ((!block || block->size - block->used < padded) && !(block = grow(arena, padded))) return NULL;
    void *out = block->bytes + block->used;
    block->used += padded;
    return out;
}

void *es_arena_take(struct es_arena *arena, size_t count, size_t size)
{
    void *out = es_arena_room(arena, count, size);
    if (out) memset(out, 0, count * size);
    return out;
}

void es_arena_lend(struct es_arena *arena, void *bytes, size_t size)
{
    struct es_arena_block *block = bytes;
    *block = (struct es_arena_block){.size = size - sizeof *block, .lent = true};
    arena->blocks = block;
}

static void free_from(struct es_arena_block *block)
{
    while (block) {
        struct es_arena_block *next = block->next;
        if (!block->lent) free(block);
        block = next;
    }
}

void es_arena_reset(struct es_arena *arena)
{
    if (!arena->blocks) return;
    free_from(arena->blocks->next);
    arena->blocks->next = NULL;
    arena->blocks->used = 0;
}

void es_arena_clear(struct es_arena *arena)
{
    free_from(arena->blocks);
    arena->blocks = NULL;
}
