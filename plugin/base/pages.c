/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/base/pages.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "plugin/base/grow.h"

#define HUGE_PAGE ((size_t)2 * 1024 * 1024) /* on most processors that Linux runs on */

static void *map(size_t bytes)
{
    void *out = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return out == MAP_FAILED ? NULL : out;
}

/* What has no size still is an array. */
static bool bytes_of(uint64_t count, size_t size, size_t *bytes)
{
    return !__builtin_mul_overflow(count, size ? size : 1, bytes);
}

bool es_pages_grow(void **items, uint32_t *room, uint64_t need, size_t size)
{
    size_t before, after;
    uint32_t wanted;
    void *grown;
    if (need <= *room) return true;
    if (!es_grow_to(need, &wanted) || !bytes_of(*room, size, &before) || !bytes_of(wanted, size, &after)) return false;
    if (after < ES_PAGES_LEAST) {
        grown = realloc(*items, after);
    } else if (before >= ES_PAGES_LEAST) {
        grown = mremap(*items, before, after, MREMAP_MAYMOVE);
        if (grown == MAP_FAILED) grown = NULL;
    } else {
        grown = map(after);
        if (grown && before) memcpy(grown, *items, before);
        if (grown) free(*items);
    }
    if (!grown) return false;
    *items = grown;
    *room = wanted;
    return true;
}

void *es_pages_new(uint64_t count, size_t size)
{
    size_t bytes;
    if (!bytes_of(count, size, &bytes)) return NULL;
    if (bytes < ES_PAGES_LEAST) return calloc(1, bytes);
    void *out = map(bytes);
    /* A table is looked at anywhere, and full of it: fewer page tables to walk, and no memory lost. What grows would round up what it has. */
    if (out && bytes >= HUGE_PAGE) (void)madvise(out, bytes, MADV_HUGEPAGE);
    return out;
}

void es_pages_free(void *items, uint64_t room, size_t size)
{
    size_t bytes;
    if (!items || !bytes_of(room, size, &bytes)) return;
    if (bytes < ES_PAGES_LEAST) free(items);
    else munmap(items, bytes);
}
