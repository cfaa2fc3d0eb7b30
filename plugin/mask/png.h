/* SPDX-License-Identifier: Apache-2.0 */
/** @file png.h
 * A mask from a PNG image (ISO/IEC 15948): grey, palette or colour, 1 to 16 bits, interlaced or not. libpng stands behind png.c.
 */
#ifndef ES_PLUGIN_MASK_PNG_H
#define ES_PLUGIN_MASK_PNG_H

#include "plugin/mask/mask.h"

#define ES_MAX_PNG_BYTES ((size_t)64 << 20)   /* of a file */
#define ES_MAX_PNG_SIDE 32768u                /* pixels */
#define ES_MAX_PNG_DECODED ((size_t)256 << 20)/* bytes of its unpacked pixels */
#define ES_PNG_ANY (-1)

/**
 * Read a mask of one plane.
 *
 * @param value  ES_PNG_ANY: a pixel is inside when it is neither black nor wholly transparent, of a palette by its colour; else the
 *               grey value or palette index that is inside (one file of several labels), 0..65535
 * @param out    owned by the caller; its image, spacing and position are unknown
 * @return ES_OK, ES_E_PARSE ("PNG: CRC error"), ES_E_LIMIT, ES_E_UNSUPPORTED (a value asked of a colour image), ES_E_MEMORY
 */
ES_MUST_USE enum es_errc es_mask_of_png(struct es_mask **out, const void *bytes, size_t len, int32_t value, struct es_error *err);

#endif
