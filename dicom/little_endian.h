/* SPDX-License-Identifier: Apache-2.0 */
/* Little endian bytes, and the marks between elements (PS3.5 7.3, 7.5), for those that read a data set in the bytes it lies in: the skim and the outline. */
#ifndef ES_DICOM_LITTLE_ENDIAN_H
#define ES_DICOM_LITTLE_ENDIAN_H

#include <stdint.h>

#define ES_UNDEFINED_LENGTH 0xFFFFFFFFu
#define ES_TAG_ITEM 0xFFFEE000u
#define ES_TAG_ITEM_END 0xFFFEE00Du
#define ES_TAG_SEQUENCE_END 0xFFFEE0DDu

static inline uint32_t es_u16(const uint8_t *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8; }
static inline uint32_t es_u32(const uint8_t *p) { return es_u16(p) | es_u16(p + 2) << 16; }
/** A tag as 0xGGGGEEEE. */
static inline uint32_t es_tag_at(const uint8_t *p) { return es_u16(p) << 16 | es_u16(p + 2); }

#endif
