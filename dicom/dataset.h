/* SPDX-License-Identifier: Apache-2.0 */
/** @file dataset.h
 * A parsed data set, whatever its transfer syntax: DCMTK behind a few C calls. dcmtk.cpp alone includes DCMTK.
 *
 * No exception leaves, nothing of DCMTK's global state is touched except by es_dicom_process_setup(true), and hostile bytes meet
 * the limits below. A data set is used by one thread at a time; different ones by different threads. Needs up to 2 MiB of stack:
 * never on an archive's threads.
 */
#ifndef ES_DICOM_DATASET_H
#define ES_DICOM_DATASET_H

#include "dicom/elements.h"
#include "dicom/error.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ES_MAX_OBJECT_BYTES ((size_t)64 << 20)   /* bytes of a file, and of an inflated data set, that are looked at */
#define ES_MAX_PARSE_STACK ((size_t)1 << 20)     /* stack that nested sequences may take, bytes */
#define ES_MAX_PARSE_READS 40000000u             /* reads of the parser, some four an element */
#define ES_MAX_PARSE_SECONDS 10                  /* processor time: disordered tags cost DCMTK quadratic time */

/** A parsed object. Opaque; owns a copy of its values. */
struct es_dataset;
/** A data set or an item of a sequence of it; lives as long as its es_dataset, or the outline it is of (outline.h). */
struct es_item;

/** How far to parse. */
enum es_dataset_extent {
    ES_DATASET_HEADER, /* up to ES_LAST_WANTED_TAG */
    ES_DATASET_WHOLE,  /* up to the pixels: (5600,0000) and above are left out */
    ES_DATASET_PIXELS  /* to the end, pixel data included: takes as much memory again as the object */
};

/**
 * Prepare this process. Once, at start, before threads.
 *
 * @param own_process  true in our own program: DCMTK's log is silenced and the tags it does not know are added to its
 *                     dictionary. false inside a host: does nothing at all; raw bytes of such tags are read by us.
 */
void es_dicom_process_setup(bool own_process);

/**
 * Parse an object: Part 10, or a bare data set.
 *
 * A data set that breaks off or is malformed behind its first elements is returned as far as it could be read; es_dataset_broken()
 * then says why.
 *
 * @param bytes  borrowed during the call
 * @return ES_OK, ES_E_PARSE (nothing could be read), ES_E_LIMIT, ES_E_MEMORY
 */
ES_MUST_USE enum es_errc es_dataset_parse(struct es_dataset **out, const void *bytes, size_t len, enum es_dataset_extent extent,
                                          struct es_error *err);
/** Free. NULL is allowed. */
void es_dataset_free(struct es_dataset *dataset);
/** Why the data set could not be read to the end; NULL when it could. Borrowed. */
const char *es_dataset_broken(const struct es_dataset *dataset);
/** Copy the wanted elements, file meta information included. @param out written whole */
void es_dataset_elements(const struct es_dataset *dataset, struct es_elements *out);
/** The data set itself as an item. */
const struct es_item *es_dataset_root(const struct es_dataset *dataset);

/* Finding an element by its tag passes those before it: O(n) of their number. Whoever looks at many elements, or at many items of one
 * sequence, goes by a cursor, which is O(1). */

/** The item of a sequence behind `previous` (NULL: its first one); NULL when there is none, or no such sequence. O(1) behind another one
 * when asked in order, as long as nobody else walks the same sequence meanwhile. */
const struct es_item *es_item_next(const struct es_item *parent, uint32_t sequence, const struct es_item *previous);
/** Raw text of an element, trailing padding removed, not decoded. @return false when it is not there, is a sequence or does not
 * fit (then the beginning is in out). @param out always a NUL-terminated string; size > 0 */
bool es_item_text(const struct es_item *item, uint32_t tag, char *out, size_t size);
/** One element of an item, found by es_item_walk() or es_item_find(). `{0}` is none. */
struct es_item_cursor {
    const void *at;  /* opaque */
    uint32_t tag;    /* 0xGGGGEEEE */
    char vr[3];      /* as found */
    bool sequence;
    size_t length;   /* bytes of its value */
};
/** The next element of an item, in the order of tags. @return false at the end */
bool es_item_walk(const struct es_item *item, struct es_item_cursor *cursor);
/** The element of this tag. @return false when it is not there; the cursor is then none */
bool es_item_find(const struct es_item *item, uint32_t tag, struct es_item_cursor *cursor);
/** Elements of an item, those of its sequences apart. O(1). */
size_t es_item_count(const struct es_item *item);
/** Raw bytes of an element, little endian. @return how many were copied: min(its length, room); 0 also when it is a sequence or was not kept */
size_t es_item_bytes(const struct es_item *item, uint32_t tag, void *out, size_t room);
/** As es_item_text(), es_item_bytes(), es_item_number() and es_item_next(), of the element at a cursor; of none: nothing. */
bool es_cursor_text(const struct es_item_cursor *cursor, char *out, size_t size);
size_t es_cursor_bytes(const struct es_item_cursor *cursor, void *out, size_t room);
bool es_cursor_number(const struct es_item_cursor *cursor, double *out);
const struct es_item *es_cursor_next(const struct es_item_cursor *sequence, const struct es_item *previous);
/** Pixel data (7FE0,0010) as stored. Borrowed from the data set, numbers in little endian order. */
struct es_pixels {
    const uint8_t *native; /* NULL when it is encapsulated, or was not read */
    size_t native_len;     /* bytes */
    uint32_t fragments;    /* of encapsulated pixel data, without the offset table; 0 of native */
    char syntax[65];       /* TransferSyntaxUID of the file meta information; "" when there is none */
};
/** Pixel data of an object that was parsed with ES_DATASET_PIXELS; none of one that is broken. @param out written whole */
void es_dataset_pixels(const struct es_dataset *dataset, struct es_pixels *out);
/** The fragment behind `previous` (NULL: the first one behind the offset table) and its bytes, borrowed; NULL bytes when it has none
 * that can be read. @return NULL when there is none. O(1) when asked in order. */
const void *es_dataset_fragment(const struct es_dataset *dataset, const void *previous, const uint8_t **bytes, size_t *len);
/** Unpack one segment of an RLE frame (PS3.5 annex G: PackBits). @return whether exactly out_len bytes came out, padding apart */
bool es_rle_unpack(const uint8_t *bytes, size_t len, uint8_t *out, size_t out_len);

/** The first value of a binary VR (US, SS, UL, SL, FL, FD). @return false when it is not there or no such VR */
bool es_item_number(const struct es_item *item, uint32_t tag, double *out);

#ifdef __cplusplus
}
#endif
#endif
