/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/report/plot/png.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/view.h"

/* What libpng's callbacks need: the growing file, and the failure to report. libpng leaves by longjmp, so all that is freed
 * after it lives here, in memory that the jump does not touch. */
struct writer {
    unsigned char *data;
    size_t len, size;
    enum es_errc code;
    char text[120];
    unsigned char *row; /* one row as RGB */
    png_text *texts;
    char **latin; /* the texts as Latin-1 */
    size_t count;
};

static void fail(struct writer *writer, enum es_errc code, const char *text)
{
    if (writer->code) return;
    writer->code = code;
    (void)snprintf(writer->text, sizeof writer->text, "%s", text);
}

static void on_error(png_structp png, png_const_charp text)
{
    fail(png_get_error_ptr(png), ES_E_IO, text);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png, (void)text; /* about metadata of read files; nothing we write draws one */
}

static void on_write(png_structp png, png_bytep bytes, size_t n)
{
    struct writer *writer = png_get_io_ptr(png);
    size_t need = 0;
    if (__builtin_add_overflow(writer->len, n, &need) || need > ES_MAX_PNG_BYTES) {
        fail(writer, ES_E_LIMIT, "file would be larger than its ceiling");
        png_longjmp(png, 1);
    }
    if (need > writer->size) {
        const size_t size = need < ES_MAX_PNG_BYTES / 2 ? 2 * need : ES_MAX_PNG_BYTES;
        unsigned char *data = realloc(writer->data, size);
        if (!data) {
            fail(writer, ES_E_MEMORY, "out of memory");
            png_longjmp(png, 1);
        }
        writer->data = data;
        writer->size = size;
    }
    memcpy(writer->data + writer->len, bytes, n);
    writer->len = need;
}

static void on_flush(png_structp png)
{
    (void)png;
}

/* UTF-8 to ISO 8859-1, whose codes are Unicode's first 256. Newlines are allowed, other controls are not. */
static char *latin1(const char *text)
{
    char *out = malloc(strlen(text) + 1);
    size_t len = 0;
    if (!out) return NULL;
    for (uint32_t c; (c = es_utf8_next(&text)) != 0;) out[len++] = c > 0xFF || c == '\t' ? '?' : (char)(unsigned char)c;
    out[len] = '\0';
    return out;
}

static bool prepare(struct writer *writer, const struct es_picture *picture, const struct es_png_text *texts, size_t count)
{
    writer->row = malloc((size_t)picture->width * 3);
    writer->texts = calloc(count + 1, sizeof *writer->texts);
    writer->latin = calloc(count + 1, sizeof *writer->latin);
    writer->count = count;
    if (!writer->row || !writer->texts || !writer->latin) return false;
    for (size_t i = 0; i < count; i++) {
        writer->latin[i] = latin1(texts[i].text);
        if (!writer->latin[i]) return false;
        writer->texts[i].compression = PNG_TEXT_COMPRESSION_NONE;
        writer->texts[i].key = (char *)(uintptr_t)texts[i].key; /* libpng copies it; its type is just not const */
        writer->texts[i].text = writer->latin[i];
        writer->texts[i].text_length = strlen(writer->latin[i]);
    }
    return true;
}

static void release(struct writer *writer)
{
    for (size_t i = 0; writer->latin && i < writer->count; i++) free(writer->latin[i]);
    free(writer->latin);
    free(writer->texts);
    free(writer->row);
}

static void put_row(png_structp png, struct writer *writer, const struct es_picture *picture, uint32_t y)
{
    const unsigned char *from = picture->pixels + y * picture->stride;
    for (uint32_t x = 0; x < picture->width; x++) {
        uint32_t pixel;
        memcpy(&pixel, from + 4 * (size_t)x, sizeof pixel);
        writer->row[3 * (size_t)x] = (unsigned char)(pixel >> 16);
        writer->row[3 * (size_t)x + 1] = (unsigned char)(pixel >> 8);
        writer->row[3 * (size_t)x + 2] = (unsigned char)pixel;
    }
    png_write_row(png, writer->row);
}

/* Between setjmp and the jump nothing but *writer changes. */
static void write_all(png_structp png, png_infop info, struct writer *writer, const struct es_picture *picture)
{
    if (setjmp(png_jmpbuf(png))) return;
    png_set_write_fn(png, writer, on_write, on_flush);
    png_set_compression_level(png, 6);
    png_set_IHDR(png, info, picture->width, picture->height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_text(png, info, writer->texts, (int)writer->count);
    png_write_info(png, info);
    for (uint32_t y = 0; y < picture->height; y++) put_row(png, writer, picture, y);
    png_write_end(png, info);
}

static enum es_errc check(const struct es_picture *picture, const struct es_png_text *texts, size_t count, struct es_error *err)
{
    if (!picture->pixels || picture->width == 0 || picture->height == 0 || picture->stride < (size_t)picture->width * 4)
        return es_fail(err, ES_E_ARG, "png: no picture of %u x %u, %zu bytes a row", picture->width, picture->height,
                       picture->stride);
    if (picture->width > ES_MAX_PNG_SIDE || picture->height > ES_MAX_PNG_SIDE)
        return es_fail(err, ES_E_LIMIT, "png: %u x %u pixels, at most %u a side", picture->width, picture->height,
                       ES_MAX_PNG_SIDE);
    for (size_t i = 0; i < count; i++) {
        const size_t len = strlen(texts[i].key);
        if (len == 0 || len > ES_PNG_KEY)
            return es_fail(err, ES_E_ARG, "png: keyword %zu has %zu bytes, allowed are 1 to %d", i, len, ES_PNG_KEY);
    }
    if (count > 64) return es_fail(err, ES_E_LIMIT, "png: %zu texts, at most 64", count);
    return ES_OK;
}

enum es_errc es_png_write(const struct es_picture *picture, const struct es_png_text *texts, size_t count, struct es_bytes *out,
                          struct es_error *err)
{
    struct writer writer = {0};
    const enum es_errc rc = check(picture, texts, count, err);
    if (rc) return rc;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &writer, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info || !prepare(&writer, picture, texts, count)) fail(&writer, ES_E_MEMORY, "out of memory");
    else write_all(png, info, &writer, picture);
    png_destroy_write_struct(&png, &info);
    release(&writer);
    if (writer.code) {
        free(writer.data);
        return es_fail(err, writer.code, "png: %s", writer.text);
    }
    out->data = writer.data;
    out->len = writer.len;
    return ES_OK;
}
