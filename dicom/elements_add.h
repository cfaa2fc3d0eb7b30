/* SPDX-License-Identifier: Apache-2.0 */
/* How a text value is added to elements.h: for its own functions, and for the skim, which adds most without a call. */
#ifndef ES_DICOM_ELEMENTS_ADD_H
#define ES_DICOM_ELEMENTS_ADD_H

#include <string.h>

#include "dicom/elements.h"

/** A text's length without its trailing padding (PS3.5 6.2: a space, or for UI a NUL; both are met on either). */
static inline size_t es_text_length(const uint8_t *value, size_t len)
{
    while (len > 0 && ((value[len - 1] == ' ') | (value[len - 1] == 0))) len--;
    return len;
}

#define ES_ELEMENT_AT_ONCE 64 /* bytes; most values are shorter */

/** Keep one element of a text VR at the root whose value is short and has enough bytes behind it that may be read: with the same few instructions
 * whatever its length, since jumps that depend on it are guessed wrong for every other value.
 * @return the entry; NULL, and nothing is done, when it is not such a value: es_elements_add_part() */
static inline struct es_element *es_elements_add_short(struct es_elements *elements, uint32_t tag, const char *vr, const uint8_t *value, size_t len,
                                                       size_t readable)
{
    if ((len > ES_ELEMENT_AT_ONCE) | (readable < ES_ELEMENT_AT_ONCE) | (elements->count >= ES_MAX_ELEMENTS) |
        (sizeof elements->bytes - elements->used < ES_ELEMENT_AT_ONCE))
        return NULL;
    len = es_text_length(value, len);
    struct es_element *e = &elements->element[elements->count++];
    *e = (struct es_element){.tag = tag, .offset = elements->used, .length = (uint16_t)len, .vr = {vr[0], vr[1]}};
    memcpy(elements->bytes + elements->used, value, ES_ELEMENT_AT_ONCE);
    elements->used = (uint16_t)(elements->used + len);
    return e;
}

#endif
