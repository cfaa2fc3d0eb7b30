/* SPDX-License-Identifier: Apache-2.0 */
/** @file plot.h
 * Drawing on a canvas: the few strokes that the plots share. plot/canvas.c alone calls cairo.
 *
 * Text is drawn with cairo's toy interface in the family "sans", which fontconfig resolves: the package fonts-dejavu-core is
 * what the plots are laid out for. The same release gives the same bytes on one machine; another font or another build of cairo
 * may give others.
 */
#ifndef ES_PLUGIN_REPORT_PLOT_PLOT_H
#define ES_PLUGIN_REPORT_PLOT_PLOT_H

#include "plugin/report/plot/forest.h"
#include "plugin/report/plot/png.h"

#define ES_PLOT_WIDTH 1600 /* pixels; the height grows with the rows */
#define ES_PLOT_TEXT 24    /* height of plain text in pixels */
#define ES_PLOT_ROW 44     /* pixels of a row */

struct es_canvas;

/** Okabe-Ito colours, darkened where they carry text. */
enum es_ink {
    ES_INK_BLACK,
    ES_INK_GREY,
    ES_INK_LIGHT,
    ES_INK_GRID,
    ES_INK_BLUE,
    ES_INK_SKY,
    ES_INK_ORANGE,
    ES_INK_WARN,
    ES_INK_WHITE
};
enum es_align { ES_LEFT, ES_MIDDLE, ES_RIGHT };

/** A white canvas ES_PLOT_WIDTH wide. @return ES_OK, ES_E_MEMORY, ES_E_LIMIT (taller than ES_MAX_PNG_SIDE) */
ES_MUST_USE enum es_errc es_canvas_new(struct es_canvas **out, uint32_t height, struct es_error *err);
void es_canvas_free(struct es_canvas *canvas);
/** Text whose base line starts, is centred or ends at x; made up to a quarter smaller, then cut with an ellipsis, to fit `room`
 * pixels. @return its width in pixels */
double es_canvas_text(struct es_canvas *canvas, double x, double y, double room, enum es_align align, double size, bool bold,
                      enum es_ink ink, const char *text);
void es_canvas_line(struct es_canvas *canvas, double x0, double y0, double x1, double y1, double width, bool dashed,
                    enum es_ink ink);
void es_canvas_box(struct es_canvas *canvas, double x, double y, double width, double height, enum es_ink ink);
/** A round mark, filled or hollow. */
void es_canvas_dot(struct es_canvas *canvas, double x, double y, double radius, bool hollow, enum es_ink ink);
/** A line through `count` points (x, y alternating); nothing below two. */
void es_canvas_path(struct es_canvas *canvas, const double *xy, size_t count, double width, bool dashed, enum es_ink ink);
/** A polygon of `count` points (x, y alternating), filled; nothing below three. */
void es_canvas_area(struct es_canvas *canvas, const double *xy, size_t count, const uint8_t rgb[3]);
/** A box in a colour of a scale. */
void es_canvas_fill(struct es_canvas *canvas, double x, double y, double width, double height, const uint8_t rgb[3]);
/** Write it with provenance. @return also ES_E_MEMORY when cairo failed on the way */
ES_MUST_USE enum es_errc es_canvas_png(struct es_canvas *canvas, const struct es_png_text *texts, size_t count,
                                       struct es_bytes *out, struct es_error *err);

/** Title, subtitle and footer with the provenance that stands in the PNG's texts too. */
struct es_plot_frame {
    const char *title; /* "Sensitivity by group" */
    char subject[400]; /* "chexnet 1.0, effusion" */
    char footer[700];  /* site, period, ledger head, software */
};
void es_plot_frame_make(struct es_plot_frame *out, const cJSON *release, const struct es_view_finding *at, const char *title);
/** Draw the frame's title and subject at the top, the footer at the bottom. */
void es_plot_frame_draw(struct es_canvas *canvas, const struct es_plot_frame *frame, uint32_t height);
#define ES_PLOT_HEAD 104
#define ES_PLOT_FOOT 84

/** Write a canvas with the provenance of the finding as tEXt: Title, Software, Site, Model, Version, Finding, Epoch, Period, As
 * of, Ledger head, Disclosure, Note. */
ES_MUST_USE enum es_errc es_plot_write(struct es_canvas *canvas, const cJSON *release, const struct es_view_finding *at,
                                       const char *title, struct es_bytes *out, struct es_error *err);

ES_MUST_USE enum es_errc es_plot_forest(const cJSON *release, const struct es_view_finding *at, const char *metric,
                                        struct es_bytes *out, struct es_error *err);
ES_MUST_USE enum es_errc es_plot_coverage(const cJSON *release, const struct es_view_finding *at, struct es_bytes *out,
                                          struct es_error *err);

/** The next curve of everyone (when asked for) and of the axis's levels after `before`, NULL to begin. @return NULL at the end */
const cJSON *es_plot_curve_next(const struct es_view_finding *at, const char *axis, bool everyone, const cJSON *before);
ES_MUST_USE enum es_errc es_plot_roc(const cJSON *release, const struct es_view_finding *at, const char *axis, struct es_bytes *out,
                                     struct es_error *err);
ES_MUST_USE enum es_errc es_plot_calibration(const cJSON *release, const struct es_view_finding *at, const char *axis,
                                             struct es_bytes *out, struct es_error *err);
/** A rate over time: everyone and the levels of an axis ("": the intersections), all epochs of the model and finding. */
ES_MUST_USE enum es_errc es_plot_course(const cJSON *release, const struct es_view_finding *at, const char *metric, const char *axis,
                                        struct es_bytes *out, struct es_error *err);
/** Heat map of a metric over the crossing of two axes. */
ES_MUST_USE enum es_errc es_plot_heat(const cJSON *release, const struct es_view_finding *at, const char *metric, const char *axis,
                                      const char *other, struct es_bytes *out, struct es_error *err);
/** A step of the heat map's scale, 0 the lightest. @return true when text on it is white */
bool es_plot_heat_dark(size_t step, uint8_t rgb[3]);

#endif
