/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/base/grow.h"

#include <stdlib.h>

bool es_grow_to(uint64_t need, uint32_t *room)
{
    const uint64_t wanted = need + need / 4 + 16;
    if (need >= UINT32_MAX || wanted >= UINT32_MAX) return false;
    *room = (uint32_t)wanted;
    return true;
}

bool es_grow(void **items, uint32_t *room, uint64_t need, size_t size)
{
    size_t bytes;
    uint32_t wanted;
    if (need <= *room) return true;
    if (!es_grow_to(need, &wanted) || __builtin_mul_overflow((size_t)wanted, size ? size : 1, &bytes)) return false;
    void *grown = realloc(*items, bytes);
    if (!grown) return false;
    *items = grown;
    *room = wanted;
    return true;
}
