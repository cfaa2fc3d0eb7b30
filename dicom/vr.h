/* SPDX-License-Identifier: Apache-2.0 */
/** @file vr.h
 * The value representations of PS3.5 6.2: how each is written, and what its values are.
 *
 * One table, found by the two letters without a search, for it is asked for every element header that an archive's storing thread
 * hops over. Pure data; any thread.
 */
#ifndef ES_DICOM_VR_H
#define ES_DICOM_VR_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum es_vr_property {
    ES_VR_KNOWN = 1,  /* it is one at all */
    ES_VR_WIDE = 2,   /* explicit: 32-bit length behind two reserved bytes, else 16-bit (PS3.5 7.1.2) */
    ES_VR_BINARY = 4, /* numbers or bytes rather than text */
    ES_VR_FREE = 8    /* lets anybody write anything */
};

#define ES_VR_LETTERS 26u
/** es_vr_property of each VR, by es_vr_index(). */
extern const uint8_t es_vrs[ES_VR_LETTERS * ES_VR_LETTERS];

/** The properties of a VR; 0 when the two letters are none. `vr` needs no NUL. */
static inline unsigned es_vr_properties(const void *vr)
{
    const uint8_t *letters = (const uint8_t *)vr;
    const unsigned first = (unsigned)letters[0] - 'A', second = (unsigned)letters[1] - 'A';
    return first < ES_VR_LETTERS && second < ES_VR_LETTERS ? es_vrs[first * ES_VR_LETTERS + second] : 0;
}

/** Whether a VR is a number in bytes (US, FL, ...) or bytes (OB, ...) rather than text. */
static inline bool es_vr_is_binary(const void *vr) { return (es_vr_properties(vr) & ES_VR_BINARY) != 0; }

#ifdef __cplusplus
}
#endif
#endif
