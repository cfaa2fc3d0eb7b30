/* SPDX-License-Identifier: Apache-2.0 */
/** @file outline.h
 * The outline of a data set in the bytes it lies in: what dataset.h's items and cursors are of an object as plain as nearly all are.
 *
 * One pass notes where each element begins, in 28 bytes each; no value is looked at or copied before it is asked for. That pass knows objects of PS3.10
 * with a group length in explicit VR little endian (PS3.5 A.2, or A.4 up to the pixels) whose tags rise, whose lengths are right and whose pixel
 * data, if any, is all there and comes last. Whatever is out of the ordinary is left to es_dataset_parse(): where the two could differ, this one
 * must refuse. es_item_*() and es_cursor_*() of dataset.h, and so every reader, work on either. One outline by one thread at a time.
 */
#ifndef ES_DICOM_OUTLINE_H
#define ES_DICOM_OUTLINE_H

#include "dicom/dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ES_OUTLINE_NODES 200000 /* elements and items of one object */
#define ES_OUTLINE_DEPTH 32     /* sequences and items within one another */

/** Opaque. Its items end with it. */
struct es_outline;

/**
 * Note where the elements of an object begin, up to its pixel data.
 *
 * @param bytes  borrowed until es_outline_free(): the object, or its beginning
 * @param len    bytes at hand
 * @param total  bytes of the whole object, at least len
 * @return ES_OK: nothing of the object is cut off; ES_E_UNSUPPORTED: read it by es_dataset_parse(), or give more of it; ES_E_MEMORY
 */
ES_MUST_USE enum es_errc es_outline_new(struct es_outline **out, const void *bytes, size_t len, uint64_t total);
/** NULL is allowed. */
void es_outline_free(struct es_outline *outline);
/** The data set as an item. */
const struct es_item *es_outline_root(const struct es_outline *outline);

/* For dcmtk.cpp, where the functions of dataset.h stand. An address of ours is odd, which no object of DCMTK's is. */

/** An element or item of an outline, or NULL. */
struct es_node;
static inline bool es_outline_is(const void *handle) { return ((uintptr_t)handle & 1) != 0; }
/** What an item or a cursor's place stands for. */
const struct es_node *es_outline_node(const void *handle);
const struct es_node *es_outline_find(const struct es_item *item, uint32_t tag);
/** As the functions of dataset.h, of an element that may be NULL. */
const struct es_item *es_outline_next(const struct es_node *sequence, const struct es_item *previous);
bool es_outline_walk(const struct es_item *item, struct es_item_cursor *cursor);
bool es_outline_point(const struct es_node *element, struct es_item_cursor *cursor);
size_t es_outline_count(const struct es_item *item);
bool es_outline_text(const struct es_node *element, char *out, size_t size);
size_t es_outline_bytes(const struct es_node *element, void *out, size_t room);
bool es_outline_number(const struct es_node *element, double *out);

#define ES_MAX_VALUE 65536 /* bytes; of a longer value only that it is there is known, whoever reads it */
#define ES_VALUE_TEXT 1024 /* bytes of a value that can be text */

/** Text of a value's first bytes, without its trailing padding. @param len  of the whole value @return whether all of it fits */
bool es_value_text(const char value[ES_VALUE_TEXT], size_t len, char *out, size_t size);

#ifdef __cplusplus
}
#endif
#endif
