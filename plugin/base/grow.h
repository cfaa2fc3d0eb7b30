/* SPDX-License-Identifier: Apache-2.0 */
/** @file grow.h
 * Arrays that grow: the one way by which the site, the cohort and what asks them make room for more.
 */
#ifndef ES_PLUGIN_GROW_H
#define ES_PLUGIN_GROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Room for `need` items of `size` bytes; a quarter more is taken each time, so that adding one by one costs a constant number of copies.
 * @param items  an array from malloc, or NULL; moved
 * @param room   items it has room for
 * @return false when memory ran out, or there would be UINT32_MAX items: both are then as they were */
bool es_grow(void **items, uint32_t *room, uint64_t need, size_t size);
/** How many items will have room when `need` are asked for. @return false when they would be UINT32_MAX */
bool es_grow_to(uint64_t need, uint32_t *room);
#define ES_GROW(items, room, need) es_grow((void **)&(items), &(room), (need), sizeof *(items))

#endif
