/* SPDX-License-Identifier: Apache-2.0 */
/** @file png.h
 * Writing a PNG (ISO/IEC 15948) with provenance as tEXt chunks. png.c alone calls libpng.
 */
#ifndef ES_PLUGIN_REPORT_PLOT_PNG_H
#define ES_PLUGIN_REPORT_PLOT_PNG_H

#include "plugin/report/report.h"

#define ES_MAX_PNG_SIDE 30000u              /* pixels; cairo's own ceiling is 32767 */
#define ES_MAX_PNG_BYTES ((size_t)32 << 20) /* of the written file */
#define ES_PNG_KEY 79                       /* bytes of a tEXt keyword at most (ISO/IEC 15948, 11.3.4.2) */

/** An opaque picture: 32-bit words 0xXXRRGGBB in host order, X ignored, as cairo's RGB24 holds them. */
struct es_picture {
    uint32_t width, height;      /* 1 to ES_MAX_PNG_SIDE */
    size_t stride;               /* bytes from row to row, at least 4 width */
    const unsigned char *pixels; /* borrowed */
};
/** One tEXt entry. The text is UTF-8 and is written as Latin-1, which tEXt is; what has no place there becomes '?'. */
struct es_png_text {
    const char *key; /* 1 to ES_PNG_KEY bytes */
    const char *text;
};

/** Write 8-bit RGB. Same picture and texts, same bytes (on one build of libpng and zlib); no time is written.
 * @param out  written whole on ES_OK; es_bytes_free()
 * @return ES_OK, ES_E_ARG (no picture, keyword too long), ES_E_LIMIT (too large), ES_E_MEMORY, ES_E_IO with libpng's words */
ES_MUST_USE enum es_errc es_png_write(const struct es_picture *picture, const struct es_png_text *texts, size_t count,
                                      struct es_bytes *out, struct es_error *err);

#endif
