/* SPDX-License-Identifier: Apache-2.0 */
/** @file inflate.h
 * The deflated part of a Deflated Explicit VR Little Endian object (PS3.5 A.5, RFC 1951 without a zlib header), with a ceiling.
 * Wraps zlib. Any thread.
 */
#ifndef ES_DICOM_INFLATE_H
#define ES_DICOM_INFLATE_H

#include "dicom/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Inflate up to `most` bytes; what is behind them is left out, as is what is behind a damaged place.
 * @param out  owned by the caller: es_inflate_free()
 * @return ES_OK; ES_E_PARSE when not one byte comes out; ES_E_MEMORY */
ES_MUST_USE enum es_errc es_inflate(const void *bytes, size_t len, size_t most, void **out, size_t *out_len, struct es_error *err);
void es_inflate_free(void *bytes);

#ifdef __cplusplus
}
#endif
#endif
