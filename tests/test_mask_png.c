/* SPDX-License-Identifier: Apache-2.0 */
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/mask/png.h"
#include "testlib.h"

/** A PNG in memory, written by libpng. */
struct file {
    uint8_t bytes[65536];
    size_t len;
};
static struct file file;

static void on_write(png_structp png, png_bytep bytes, size_t len)
{
    struct file *f = png_get_io_ptr(png);
    if (f->len + len > sizeof f->bytes) abort();
    memcpy(f->bytes + f->len, bytes, len);
    f->len += len;
}

/** Rows as they are in the file, of row_bytes each. */
static void write_png(unsigned width, unsigned height, int depth, int type, bool interlaced, const uint8_t *rows, size_t row_bytes,
                      const png_color *palette, int colours, const uint8_t *alpha, int transparent)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) abort();
    file.len = 0;
    png_set_write_fn(png, &file, on_write, NULL);
    png_set_IHDR(png, info, width, height, depth, type, interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (palette) png_set_PLTE(png, info, palette, colours);
    if (alpha) png_set_tRNS(png, info, alpha, transparent, NULL);
    png_write_info(png, info);
    const int passes = png_set_interlace_handling(png);
    for (int pass = 0; pass < passes; pass++)
        for (unsigned y = 0; y < height; y++) png_write_row(png, rows + y * row_bytes);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
}

/** Its mask as text: rows of '#' and '.'. */
static const char *drawn(int32_t value)
{
    static char text[4096];
    struct es_mask *mask = NULL;
    struct es_error err = {0};
    if (es_mask_of_png(&mask, file.bytes, file.len, value, &err) != ES_OK) {
        (void)snprintf(text, sizeof text, "%s", err.text);
        return text;
    }
    const size_t width = mask->columns + 1;
    memset(text, '.', width * mask->rows);
    for (uint32_t y = 0; y < mask->rows; y++) text[y * width + width - 1] = '/';
    text[width * mask->rows] = '\0';
    for (size_t i = 0; i < mask->n_runs; i++) memset(text + mask->runs[i].row * width + mask->runs[i].column, '#', mask->runs[i].length);
    es_mask_free(mask);
    return text;
}

static void grey_of_every_depth_interlaced_or_not(void)
{
    static const uint8_t one[2] = {0x58, 0x04}, two[4] = {0x10, 0x40, 0x00, 0x30}; /* 1 bit: .#.##. / .....#; 2 bits: 0100 10.. / .... 03 */
    static const uint8_t eight[12] = {0, 1, 0, 255, 7, 0, 0, 0, 0, 0, 0, 128};
    static const uint8_t sixteen[24] = {0, 0, 0, 1, 0, 0, 255, 255, 1, 0, 0, 0, [22] = 0, [23] = 2};
    for (int interlaced = 0; interlaced < 2; interlaced++) {
        write_png(6, 2, 1, PNG_COLOR_TYPE_GRAY, interlaced, one, 1, NULL, 0, NULL, 0);
        CU_ASSERT_STRING_EQUAL(drawn(ES_PNG_ANY), ".#.##./.....#/");
        write_png(6, 2, 2, PNG_COLOR_TYPE_GRAY, interlaced, two, 2, NULL, 0, NULL, 0);
        CU_ASSERT_STRING_EQUAL(drawn(ES_PNG_ANY), ".#..#./.....#/");
        CU_ASSERT_STRING_EQUAL(drawn(3), "....../.....#/");
        write_png(6, 2, 8, PNG_COLOR_TYPE_GRAY, interlaced, eight, 6, NULL, 0, NULL, 0);
        CU_ASSERT_STRING_EQUAL(drawn(ES_PNG_ANY), ".#.##./.....#/");
        CU_ASSERT_STRING_EQUAL(drawn(255), "...#../....../");
        write_png(6, 2, 16, PNG_COLOR_TYPE_GRAY, interlaced, sixteen, 12, NULL, 0, NULL, 0);
        CU_ASSERT_STRING_EQUAL(drawn(ES_PNG_ANY), ".#.##./.....#/"); /* 1 of 65535 is not nothing */
        CU_ASSERT_STRING_EQUAL(drawn(256), "....#./....../");
    }
}

/* An optimiser may give black any index: the colour decides, and one that is asked for by index is that index. */
static void palettes_by_colour_or_by_index(void)
{
    static const png_color palette[3] = {{255, 255, 255}, {0, 0, 0}, {0, 0, 9}};
    static const uint8_t alpha[3] = {255, 255, 0}, rows[3] = {0, 1, 2};
    for (int interlaced = 0; interlaced < 2; interlaced++) {
        write_png(3, 1, 8, PNG_COLOR_TYPE_PALETTE, interlaced, rows, 3, palette, 3, NULL, 0);
        CU_ASSERT_STRING_EQUAL(drawn(ES_PNG_ANY), "#.#/");
        CU_ASSERT_STRING_EQUAL(drawn(1), ".#./");
        write_png(3, 1, 8, PNG_COLOR_TYPE_PALETTE, interlaced, rows, 3, palette, 3, alpha, 3);
        CU_ASSERT_STRING_EQUAL(drawn(ES_PNG_ANY), "#../");
    }
}

static void colours_and_alpha(void)
{
    static const uint8_t rgb[9] = {0, 0, 0, 0, 0, 1, 9, 9, 9}, rgba[12] = {9, 0, 0, 0, 9, 0, 0, 1, 0, 0, 0, 255};
    static const uint8_t grey_alpha[8] = {0, 1, 0, 0, 1, 0, 1, 1}; /* two pixels of 16 bits: grey 1 alpha 0; grey 256 alpha 257 */
    write_png(3, 1, 8, PNG_COLOR_TYPE_RGB, false, rgb, 9, NULL, 0, NULL, 0);
    CU_ASSERT_STRING_EQUAL(drawn(ES_PNG_ANY), ".##/");
    CU_ASSERT_STRING_EQUAL(drawn(9), "PNG: found colours, expected grey or a palette where one value is inside");
    write_png(3, 1, 8, PNG_COLOR_TYPE_RGBA, true, rgba, 12, NULL, 0, NULL, 0);
    CU_ASSERT_STRING_EQUAL(drawn(ES_PNG_ANY), ".#./");
    write_png(2, 1, 16, PNG_COLOR_TYPE_GRAY_ALPHA, false, grey_alpha, 8, NULL, 0, NULL, 0);
    CU_ASSERT_STRING_EQUAL(drawn(ES_PNG_ANY), ".#/");
}

static void faults_are_named(void)
{
    static const uint8_t rows[64] = {1};
    struct es_mask *mask = NULL;
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_mask_of_png(&mask, "no image", 8, ES_PNG_ANY, &err), ES_E_PARSE);
    CU_ASSERT_STRING_EQUAL(err.text, "PNG: its signature is not there");
    write_png(8, 8, 8, PNG_COLOR_TYPE_GRAY, false, rows, 8, NULL, 0, NULL, 0);
    const size_t len = file.len;
    file.len = len - 20;
    CU_ASSERT_STRING_EQUAL(drawn(ES_PNG_ANY), "PNG: the file ends early");
    file.len = len;
    file.bytes[19] ^= 4; /* the width, whose check sum is then another */
    CU_ASSERT_STRING_EQUAL(drawn(ES_PNG_ANY), "PNG: IHDR: CRC error");
    file.bytes[19] ^= 4;
    for (size_t i = 0; i < len; i++) { /* every byte changed: read or refused in words */
        file.bytes[i] ^= 0x55;
        const char *text = drawn(ES_PNG_ANY);
        CU_ASSERT(text[0] == '#' || text[0] == '.' || strncmp(text, "PNG: ", 5) == 0);
        file.bytes[i] ^= 0x55;
    }
    static uint8_t wide[40000];
    write_png(40000, 1, 8, PNG_COLOR_TYPE_GRAY, false, wide, sizeof wide, NULL, 0, NULL, 0);
    CU_ASSERT_STRING_EQUAL(drawn(ES_PNG_ANY), "PNG: Invalid IHDR data");
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_mask_of_png(&mask, file.bytes, ES_MAX_PNG_BYTES + 1, ES_PNG_ANY, &err), ES_E_LIMIT);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"grey_of_every_depth_interlaced_or_not", grey_of_every_depth_interlaced_or_not},
        {"palettes_by_colour_or_by_index", palettes_by_colour_or_by_index},
        {"colours_and_alpha", colours_and_alpha},
        {"faults_are_named", faults_are_named},
        {NULL, NULL}};
    return es_test_main("mask_png", tests, argc, argv);
}
