/* SPDX-License-Identifier: Apache-2.0 */
#include <cairo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/plot/plot.h"

struct es_canvas {
    cairo_surface_t *surface;
    cairo_t *cairo;
};

/* Okabe and Ito, Color Universal Design (2008); blue and vermilion darkened to a contrast of 4.5 : 1 and more on white. */
static const unsigned char inks[][3] = {
    [ES_INK_BLACK] = {0x1a, 0x1a, 0x1a},  [ES_INK_GREY] = {0x54, 0x54, 0x54}, [ES_INK_LIGHT] = {0xf0, 0xf2, 0xf4},
    [ES_INK_GRID] = {0xd6, 0xda, 0xde},   [ES_INK_BLUE] = {0x00, 0x56, 0x8a}, [ES_INK_SKY] = {0x56, 0xb4, 0xe9},
    [ES_INK_ORANGE] = {0xe6, 0x9f, 0x00}, [ES_INK_WARN] = {0xa3, 0x47, 0x00}, [ES_INK_WHITE] = {0xff, 0xff, 0xff}};

static void use(struct es_canvas *canvas, enum es_ink ink)
{
    cairo_set_source_rgb(canvas->cairo, inks[ink][0] / 255.0, inks[ink][1] / 255.0, inks[ink][2] / 255.0);
}

enum es_errc es_canvas_new(struct es_canvas **out, uint32_t height, struct es_error *err)
{
    if (height == 0 || height > ES_MAX_PNG_SIDE)
        return es_fail(err, ES_E_LIMIT, "plot: %u pixels high, allowed are 1 to %u", height, ES_MAX_PNG_SIDE);
    struct es_canvas *canvas = calloc(1, sizeof *canvas);
    if (!canvas) return es_fail(err, ES_E_MEMORY, "plot: out of memory");
    canvas->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, ES_PLOT_WIDTH, (int)height);
    canvas->cairo = cairo_create(canvas->surface); /* never NULL: a surface in error gives a context in error */
    if (cairo_status(canvas->cairo) != CAIRO_STATUS_SUCCESS) {
        const char *why = cairo_status_to_string(cairo_status(canvas->cairo));
        es_canvas_free(canvas);
        return es_fail(err, ES_E_MEMORY, "plot: %s", why);
    }
    /* Grey antialiasing and no hinting: how a display is wired must not change what is written. */
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_set_font_options(canvas->cairo, options);
    cairo_font_options_destroy(options);
    use(canvas, ES_INK_WHITE);
    cairo_paint(canvas->cairo);
    *out = canvas;
    return ES_OK;
}

void es_canvas_free(struct es_canvas *canvas)
{
    if (!canvas) return;
    cairo_destroy(canvas->cairo);
    cairo_surface_destroy(canvas->surface);
    free(canvas);
}

static double width_of(struct es_canvas *canvas, const char *text)
{
    cairo_text_extents_t extents;
    cairo_text_extents(canvas->cairo, text, &extents);
    return extents.x_advance;
}

/* Drop characters from the end until the text and an ellipsis fit. */
static void fit(struct es_canvas *canvas, char *text, size_t size, double room)
{
    static const char ellipsis[] = "\xe2\x80\xa6";
    size_t len = strlen(text);
    if (width_of(canvas, text) <= room) return;
    do {
        while (len > 0 && ((unsigned char)text[len - 1] & 0xC0) == 0x80) len--;
        if (len > 0) len--;
        if (len + sizeof ellipsis <= size) memcpy(text + len, ellipsis, sizeof ellipsis);
    } while (len > 0 && width_of(canvas, text) > room);
}

double es_canvas_text(struct es_canvas *canvas, double x, double y, double room, enum es_align align, double size, bool bold,
                      enum es_ink ink, const char *text)
{
    char clean[1024]; /* cairo refuses ill-formed UTF-8 and draws nothing from then on */
    es_utf8_clean(text, clean, sizeof clean);
    cairo_select_font_face(canvas->cairo, "sans", CAIRO_FONT_SLANT_NORMAL,
                           bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(canvas->cairo, size);
    const double wide = width_of(canvas, clean);
    if (wide > room)
        cairo_set_font_size(canvas->cairo, size * fmax(0.75, room / wide)); /* a little smaller before anything is cut */
    fit(canvas, clean, sizeof clean, room);
    const double width = width_of(canvas, clean);
    use(canvas, ink);
    cairo_move_to(canvas->cairo, align == ES_RIGHT ? x - width : align == ES_MIDDLE ? x - width / 2.0 : x, y);
    cairo_show_text(canvas->cairo, clean);
    return width;
}

void es_canvas_line(struct es_canvas *canvas, double x0, double y0, double x1, double y1, double width, bool dashed,
                    enum es_ink ink)
{
    static const double dashes[] = {12.0, 8.0};
    use(canvas, ink);
    cairo_set_line_width(canvas->cairo, width);
    cairo_set_dash(canvas->cairo, dashes, dashed ? 2 : 0, 0.0);
    cairo_move_to(canvas->cairo, x0, y0);
    cairo_line_to(canvas->cairo, x1, y1);
    cairo_stroke(canvas->cairo);
}

void es_canvas_box(struct es_canvas *canvas, double x, double y, double width, double height, enum es_ink ink)
{
    use(canvas, ink);
    cairo_rectangle(canvas->cairo, x, y, width, height);
    cairo_fill(canvas->cairo);
}

void es_canvas_path(struct es_canvas *canvas, const double *xy, size_t count, double width, bool dashed, enum es_ink ink)
{
    static const double dashes[] = {16.0, 8.0};
    if (count < 2) return;
    use(canvas, ink);
    cairo_set_line_width(canvas->cairo, width);
    cairo_set_dash(canvas->cairo, dashes, dashed ? 2 : 0, 0.0);
    cairo_set_line_join(canvas->cairo, CAIRO_LINE_JOIN_ROUND);
    cairo_move_to(canvas->cairo, xy[0], xy[1]);
    for (size_t i = 1; i < count; i++) cairo_line_to(canvas->cairo, xy[2 * i], xy[2 * i + 1]);
    cairo_stroke(canvas->cairo);
}

void es_canvas_area(struct es_canvas *canvas, const double *xy, size_t count, const uint8_t rgb[3])
{
    if (count < 3) return;
    cairo_set_source_rgb(canvas->cairo, rgb[0] / 255.0, rgb[1] / 255.0, rgb[2] / 255.0);
    cairo_move_to(canvas->cairo, xy[0], xy[1]);
    for (size_t i = 1; i < count; i++) cairo_line_to(canvas->cairo, xy[2 * i], xy[2 * i + 1]);
    cairo_close_path(canvas->cairo);
    cairo_fill(canvas->cairo);
}

void es_canvas_fill(struct es_canvas *canvas, double x, double y, double width, double height, const uint8_t rgb[3])
{
    cairo_set_source_rgb(canvas->cairo, rgb[0] / 255.0, rgb[1] / 255.0, rgb[2] / 255.0);
    cairo_rectangle(canvas->cairo, x, y, width, height);
    cairo_fill(canvas->cairo);
}

void es_canvas_dot(struct es_canvas *canvas, double x, double y, double radius, bool hollow, enum es_ink ink)
{
    cairo_new_path(canvas->cairo);
    cairo_arc(canvas->cairo, x, y, radius, 0.0, 2.0 * M_PI);
    use(canvas, hollow ? ES_INK_WHITE : ink);
    cairo_fill_preserve(canvas->cairo);
    use(canvas, ink);
    cairo_set_dash(canvas->cairo, NULL, 0, 0.0);
    cairo_set_line_width(canvas->cairo, 3.0);
    cairo_stroke(canvas->cairo);
}

enum es_errc es_canvas_png(struct es_canvas *canvas, const struct es_png_text *texts, size_t count, struct es_bytes *out,
                           struct es_error *err)
{
    const cairo_status_t status = cairo_status(canvas->cairo);
    if (status != CAIRO_STATUS_SUCCESS) return es_fail(err, ES_E_MEMORY, "plot: %s", cairo_status_to_string(status));
    cairo_surface_flush(canvas->surface);
    const struct es_picture picture = {
        (uint32_t)cairo_image_surface_get_width(canvas->surface), (uint32_t)cairo_image_surface_get_height(canvas->surface),
        (size_t)cairo_image_surface_get_stride(canvas->surface), cairo_image_surface_get_data(canvas->surface)};
    return es_png_write(&picture, texts, count, out, err);
}
