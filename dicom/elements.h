/* SPDX-License-Identifier: Apache-2.0 */
/** @file elements.h
 * The wanted elements of one header as a flat copy: what skim.h and dataset.h fill and every reader reads.
 *
 * No pointers, at most 4096 bytes: copy it with memcpy, through a queue or between processes of one build. Values are the bytes
 * of the file in little endian order, without trailing padding (PS3.5 6.2), undecoded. Any thread; not locked.
 */
#ifndef ES_DICOM_ELEMENTS_H
#define ES_DICOM_ELEMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dicom/attributes.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ES_MAX_ELEMENTS 96        /* kept elements of one header */
#define ES_MAX_ELEMENT_VALUE 256  /* bytes of one value; longer ones are cut and marked */
#define ES_ELEMENT_BYTES 2536     /* bytes of all values together */
#define ES_MAX_CODE_ITEMS 8       /* code items kept of one sequence */

enum es_element_flag {
    ES_ELEMENT_CUT = 1,     /* longer than was kept: bytes, or items of a sequence */
    ES_ELEMENT_WRONG_VR = 2 /* a sequence where a value is wanted, or the reverse */
};

/** One element. For a wanted sequence: one entry with length 0 at the root, and its kept leaves with `parent` set. */
struct es_element {
    uint32_t tag;
    uint32_t parent; /* tag of the wanted sequence at the root, or 0 at the root itself */
    uint16_t offset; /* of the value in es_elements.bytes */
    uint16_t length;
    char vr[2];      /* as in the file; the table's where the file has none (implicit VR) or UN */
    uint8_t item;    /* with parent: which code item of it, from 0 */
    uint8_t flags;   /* es_element_flag */
};

/** The elements, in the order in which they stood. `{0}` is empty. */
struct es_elements {
    uint16_t count, used;
    uint8_t unusual;    /* something was cut or did not fit */
    uint8_t reserved[3];
    struct es_element element[ES_MAX_ELEMENTS];
    uint8_t bytes[ES_ELEMENT_BYTES];
};

/** Keep one element: copies the value, less its trailing padding where the VR is text.
 * @param vr     two letters, or NULL for the table's
 * @return the entry, or NULL when the table is full (then unusual is set) */
struct es_element *es_elements_add(struct es_elements *elements, uint32_t tag, uint32_t parent, unsigned item, const char *vr,
                                   const void *bytes, size_t len);
/** The same of a value with more behind it: `readable` bytes may be read there, at least len; some of those behind the value may come to lie behind
 * its copy. */
struct es_element *es_elements_add_part(struct es_elements *elements, uint32_t tag, uint32_t parent, unsigned item, const char *vr,
                                        const void *bytes, size_t len, size_t readable);
/** The element at the root, or NULL. */
const struct es_element *es_elements_find(const struct es_elements *elements, uint32_t tag);
/** A leaf of the item-th code item of a wanted sequence, or NULL. */
const struct es_element *es_elements_nested(const struct es_elements *elements, uint32_t parent, unsigned item, uint32_t tag);
/** Number of code items kept below a wanted sequence. */
unsigned es_elements_items(const struct es_elements *elements, uint32_t parent);
/** The value of an element of `elements`; borrowed; not NUL-terminated. */
const char *es_elements_value(const struct es_elements *elements, const struct es_element *element);
/** Make it empty: the counts only. What lies behind them is not to be read. */
void es_elements_clear(struct es_elements *elements);
/** Copy what is there and no more: a tenth of the whole for most headers. */
void es_elements_copy(struct es_elements *into, const struct es_elements *from);
/** Whether two sets say the same, wherever they lie. */
bool es_elements_equal(const struct es_elements *a, const struct es_elements *b);

#ifdef __cplusplus
}
#endif
#endif
