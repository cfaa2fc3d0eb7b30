/* SPDX-License-Identifier: Apache-2.0 */
/** @file pages.h
 * The few great arrays of a site and its cohort. Once they are great they come straight from the kernel, which moves their pages when they
 * grow, copies nothing, and has them back when they are freed.
 *
 * malloc() would do so too, but only in a process that never freed a great block: glibc then keeps all up to that size (at most 32 MiB) in its
 * heap (mallopt(3), M_MMAP_THRESHOLD), where an array that grows is copied, stands there twice meanwhile, and leaves a hole. A PACS frees
 * an image at a time, and its allocator is not ours to set.
 */
#ifndef ES_PLUGIN_PAGES_H
#define ES_PLUGIN_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** From so many bytes on an array is pages; below it is of malloc(). */
#define ES_PAGES_LEAST ((size_t)256 * 1024)

/** As es_grow(), for an array that es_pages_free() frees.
 * @param room  items it has room for: what the call before wrote, nothing else, since how the array is kept hangs on it */
bool es_pages_grow(void **items, uint32_t *room, uint64_t need, size_t size);
#define ES_PAGES_GROW(items, room, need) es_pages_grow((void **)&(items), &(room), (need), sizeof *(items))
/** Room for count items, zeroed. @return NULL when memory ran out or count * size overflows */
void *es_pages_new(uint64_t count, size_t size);
/** Free what has room for so many items of that size. NULL is allowed. */
void es_pages_free(void *items, uint64_t room, size_t size);
#define ES_PAGES_FREE(items, room) es_pages_free((items), (room), sizeof *(items))

#endif
