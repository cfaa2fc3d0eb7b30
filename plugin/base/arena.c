/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/base/arena.h"

#include <stdlib.h>

#define LEAST 8192 /* of a block; each next one is twice the last, up to MOST */
#define MOST 1048576

struct es_arena_block *es_arena_grow(struct es_arena *arena, size_t need)
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
