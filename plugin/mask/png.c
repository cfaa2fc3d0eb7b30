/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/mask/png.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CHUNKS 1000           /* ancillary ones that are looked at */
#define MAX_CHUNK_BYTES 1000000   /* of one of them, unpacked */

/* All that libpng's jumps may leave behind stands here, with the caller of those who jump. */
struct reading {
    const uint8_t *at, *end;
    png_structp png;
    png_infop info;
    png_uint_32 width, height;
    int depth, type, interlace;
    size_t row_bytes;
    uint8_t *pixels; /* owned; rows of row_bytes */
    uint8_t **rows;  /* owned */
    uint8_t *inside; /* owned; a byte a pixel */
    char why[96];
};

static void on_error(png_structp png, png_const_charp message)
{
    struct reading *r = png_get_error_ptr(png);
    (void)snprintf(r->why, sizeof r->why, "%s", message);
    longjmp(png_jmpbuf(png), 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void on_read(png_structp png, png_bytep out, size_t len)
{
    struct reading *r = png_get_io_ptr(png);
    if ((size_t)(r->end - r->at) < len) png_error(png, "the file ends early");
    memcpy(out, r->at, len);
    r->at += len;
}

/* The two functions that libpng may jump into: neither owns anything. */
static bool read_header(struct reading *r)
{
    if (setjmp(png_jmpbuf(r->png))) return false;
    png_set_user_limits(r->png, ES_MAX_PNG_SIDE, ES_MAX_PNG_SIDE);
    png_set_chunk_cache_max(r->png, MAX_CHUNKS);
    png_set_chunk_malloc_max(r->png, MAX_CHUNK_BYTES);
    png_set_read_fn(r->png, r, on_read);
    png_read_info(r->png, r->info);
    (void)png_get_IHDR(r->png, r->info, &r->width, &r->height, &r->depth, &r->type, &r->interlace, NULL, NULL);
    png_set_packing(r->png); /* a byte a pixel, with the value it has */
    (void)png_set_interlace_handling(r->png);
    png_read_update_info(r->png, r->info);
    r->row_bytes = png_get_rowbytes(r->png, r->info);
    return true;
}

static bool read_pixels(struct reading *r)
{
    if (setjmp(png_jmpbuf(r->png))) return false;
    png_read_image(r->png, r->rows);
    png_read_end(r->png, NULL);
    return true;
}

static bool make_room(struct reading *r)
{
    r->pixels = malloc(r->row_bytes * r->height); /* checked by the caller */
    r->rows = malloc(r->height * sizeof *r->rows);
    r->inside = malloc((size_t)r->width * r->height);
    if (r->pixels == NULL || r->rows == NULL || r->inside == NULL) return false;
    for (png_uint_32 i = 0; i < r->height; i++) r->rows[i] = r->pixels + i * r->row_bytes;
    return true;
}

static uint32_t sample(const uint8_t *pixel, unsigned index, unsigned bytes)
{
    return bytes == 2 ? (uint32_t)pixel[2 * index] << 8 | pixel[2 * index + 1] : pixel[index];
}

/* Which palette indices are inside: a colour that is neither black nor wholly transparent. */
static void look_at_palette(const struct reading *r, bool inside[256])
{
    png_colorp colours = NULL;
    png_bytep alpha = NULL;
    int count = 0, transparent = 0;
    memset(inside, 0, 256 * sizeof *inside);
    (void)png_get_PLTE(r->png, r->info, &colours, &count);
    (void)png_get_tRNS(r->png, r->info, &alpha, &transparent, NULL);
    for (int i = 0; i < count && i < 256; i++)
        inside[i] = (colours[i].red || colours[i].green || colours[i].blue) && !(alpha != NULL && i < transparent && alpha[i] == 0);
}

static void decide(struct reading *r, int32_t value)
{
    const unsigned bytes = r->depth == 16 ? 2 : 1, channels = png_get_channels(r->png, r->info);
    const unsigned colours = r->type & PNG_COLOR_MASK_COLOR && r->type != PNG_COLOR_TYPE_PALETTE ? 3 : 1;
    const bool palette = r->type == PNG_COLOR_TYPE_PALETTE && value == ES_PNG_ANY;
    bool by_index[256];
    if (palette) look_at_palette(r, by_index);
    for (size_t y = 0; y < r->height; y++)
        for (size_t x = 0; x < r->width; x++) {
            const uint8_t *pixel = r->rows[y] + x * bytes * channels;
            bool inside = false;
            for (unsigned c = 0; c < colours && value == ES_PNG_ANY; c++) inside = inside || sample(pixel, c, bytes) != 0;
            if (palette) inside = by_index[pixel[0]];
            if (value != ES_PNG_ANY) inside = sample(pixel, 0, bytes) == (uint32_t)value;
            if (channels > colours && sample(pixel, colours, bytes) == 0) inside = false; /* alpha */
            r->inside[y * r->width + x] = inside;
        }
}

static enum es_errc read_all(struct reading *r, int32_t value, struct es_mask **out, struct es_error *err)
{
    size_t size = 0;
    if (!read_header(r)) return es_fail(err, ES_E_PARSE, "PNG: %s", r->why);
    if (value != ES_PNG_ANY && r->type != PNG_COLOR_TYPE_GRAY && r->type != PNG_COLOR_TYPE_GRAY_ALPHA && r->type != PNG_COLOR_TYPE_PALETTE)
        return es_fail(err, ES_E_UNSUPPORTED, "PNG: found colours, expected grey or a palette where one value is inside");
    if (__builtin_mul_overflow(r->row_bytes, (size_t)r->height, &size) || size > ES_MAX_PNG_DECODED)
        return es_fail(err, ES_E_LIMIT, "PNG: %u x %u pixels take more than %zu bytes", r->width, r->height, ES_MAX_PNG_DECODED);
    if (!make_room(r)) return es_fail(err, ES_E_MEMORY, "PNG: no room for %u x %u pixels", r->width, r->height);
    if (!read_pixels(r)) return es_fail(err, ES_E_PARSE, "PNG: %s", r->why);
    decide(r, value);
    return es_mask_of_bytes(out, r->inside, r->height, r->width, err);
}

enum es_errc es_mask_of_png(struct es_mask **out, const void *bytes, size_t len, int32_t value, struct es_error *err)
{
    struct reading r = {.at = bytes};
    enum es_errc code;
    if (len > ES_MAX_PNG_BYTES) return es_fail(err, ES_E_LIMIT, "PNG: %zu bytes, at most %zu are read", len, ES_MAX_PNG_BYTES);
    if (len < 8 || png_sig_cmp(bytes, 0, 8) != 0) return es_fail(err, ES_E_PARSE, "PNG: its signature is not there");
    r.end = r.at + len;
    r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, on_error, on_warning);
    r.info = r.png != NULL ? png_create_info_struct(r.png) : NULL;
    if (r.info == NULL) code = es_fail(err, ES_E_MEMORY, "PNG: out of memory");
    else code = read_all(&r, value, out, err);
    png_destroy_read_struct(&r.png, &r.info, NULL);
    free(r.pixels);
    free(r.rows);
    free(r.inside);
    return code;
}
