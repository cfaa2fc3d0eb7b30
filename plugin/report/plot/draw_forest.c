/* SPDX-License-Identifier: Apache-2.0 */
/* Forest plot of a metric by group: marker, interval, n and patients, and the verdict in words. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plugin/report/plot/plot.h"

/* Columns in pixels. Numbers end at their place, text begins at it. */
enum { LABEL = 40, LEFT = 330, RIGHT = 740, VALUE = 764, COUNT = 1158, PATIENTS = 1284, VERDICT = 1310, EDGE = 1560 };

static double across(const struct es_forest *forest, double value)
{
    return LEFT + (RIGHT - LEFT) * es_forest_at(forest, value);
}

static void upright(struct es_canvas *canvas, const struct es_forest *forest, double value, double top, double bottom,
                    double width, bool dashed, enum es_ink ink)
{
    if (isfinite(value)) es_canvas_line(canvas, across(forest, value), top, across(forest, value), bottom, width, dashed, ink);
}

static void heads(struct es_canvas *canvas, const struct es_forest *forest, double y)
{
    es_canvas_text(canvas, LABEL, y, LEFT - LABEL - 10, ES_LEFT, ES_PLOT_TEXT, true, ES_INK_BLACK, "group");
    es_canvas_text(canvas, LEFT, y, RIGHT - LEFT, ES_LEFT, ES_PLOT_TEXT, true, ES_INK_BLACK, forest->title);
    es_canvas_text(canvas, VALUE, y, COUNT - VALUE - 142, ES_LEFT, ES_PLOT_TEXT, true, ES_INK_BLACK, "value (95 % interval)");
    es_canvas_text(canvas, COUNT, y, 130, ES_RIGHT, ES_PLOT_TEXT, true, ES_INK_BLACK, forest->n_title);
    es_canvas_text(canvas, PATIENTS, y, 120, ES_RIGHT, ES_PLOT_TEXT, true, ES_INK_BLACK, "patients");
    es_canvas_text(canvas, VERDICT, y, EDGE - VERDICT, ES_LEFT, ES_PLOT_TEXT, true, ES_INK_BLACK, "against the rest");
}

/* The band of the limits of agreement, with its ends. */
static void band(struct es_canvas *canvas, const struct es_forest *forest, const struct es_forest_row *row, double y)
{
    if (!isfinite(row->agreement[0])) return;
    const double lo = across(forest, row->agreement[0]), hi = across(forest, row->agreement[1]);
    es_canvas_line(canvas, lo, y, hi, y, 16, false, ES_INK_GRID);
    es_canvas_line(canvas, lo, y - 8, lo, y + 8, 2, false, ES_INK_GREY);
    es_canvas_line(canvas, hi, y - 8, hi, y + 8, 2, false, ES_INK_GREY);
}

static void mark(struct es_canvas *canvas, const struct es_forest *forest, const struct es_forest_row *row, double y)
{
    const struct es_view_metric *metric = &row->metric;
    const enum es_ink ink = row->below_floor ? ES_INK_WARN : ES_INK_BLUE;
    if (isfinite(metric->lo) && isfinite(metric->hi)) {
        const double lo = across(forest, metric->lo), hi = across(forest, metric->hi);
        es_canvas_line(canvas, lo, y, hi, y, 4.5, false, ink);
        es_canvas_line(canvas, lo, y - 9, lo, y + 9, 3.0, false, ink);
        es_canvas_line(canvas, hi, y - 9, hi, y + 9, 3.0, false, ink);
    }
    const double x = across(forest, metric->value);
    if (row->below_floor) es_canvas_box(canvas, x - 9.5, y - 9.5, 19, 19, ink);
    else es_canvas_dot(canvas, x, y, 8.5, metric->few_patients, ink);
}

static void draw_row(struct es_canvas *canvas, const struct es_forest *forest, const struct es_forest_row *row, double top)
{
    const double base = top + 30;
    char text[200];
    if (row->heading) {
        es_canvas_text(canvas, LABEL, base, LEFT - LABEL - 10, ES_LEFT, ES_PLOT_TEXT, true, ES_INK_BLACK, row->label);
        return;
    }
    es_canvas_text(canvas, LABEL + 24, base, LEFT - LABEL - 36, ES_LEFT, ES_PLOT_TEXT, false, ES_INK_BLACK, row->label);
    if (row->remark[0]) {
        es_canvas_box(canvas, LEFT + 2, top + 3, RIGHT - LEFT - 4, ES_PLOT_ROW - 6,
                      ES_INK_WHITE); /* no line through the words */
        es_canvas_text(canvas, LEFT + 12, base, RIGHT - LEFT - 12, ES_LEFT, 22, false, ES_INK_GREY, row->remark);
        es_canvas_text(canvas, VALUE, base, 275, ES_LEFT, ES_PLOT_TEXT, false, ES_INK_GREY,
                       row->metric.status == ES_VIEW_SUPPRESSED ? "suppressed" : "--");
    } else {
        band(canvas, forest, row, top + ES_PLOT_ROW / 2.0);
        mark(canvas, forest, row, top + ES_PLOT_ROW / 2.0);
        es_forest_value(&row->metric, 2, text, sizeof text);
        es_canvas_text(canvas, VALUE, base, 275, ES_LEFT, ES_PLOT_TEXT, false, ES_INK_BLACK, text);
    }
    if (row->metric.status != ES_VIEW_SUPPRESSED) {
        es_view_count_text(row->metric.n, text, sizeof text);
        es_canvas_text(canvas, COUNT, base, 115, ES_RIGHT, ES_PLOT_TEXT, false, ES_INK_BLACK, text);
        es_view_count_text(row->metric.patients, text, sizeof text);
        es_canvas_text(canvas, PATIENTS, base, 115, ES_RIGHT, ES_PLOT_TEXT, false, ES_INK_BLACK, text);
    }
    const bool shown = strcmp(row->verdict, "disparity") == 0;
    es_canvas_text(canvas, VERDICT, base, EDGE - VERDICT, ES_LEFT, 22, shown, shown ? ES_INK_WARN : ES_INK_GREY, row->verdict);
}

static void axis(struct es_canvas *canvas, const struct es_forest *forest, double top, double bottom)
{
    char text[40];
    for (size_t i = 0; i < forest->n_ticks; i++) {
        upright(canvas, forest, forest->ticks[i], top, bottom, 1.5, false, ES_INK_GRID);
        if (i % forest->label_every) continue;
        es_view_fixed(forest->ticks[i], forest->decimals, text, sizeof text);
        es_canvas_text(canvas, across(forest, forest->ticks[i]), bottom + 28, 90, ES_MIDDLE, 21, false, ES_INK_GREY, text);
    }
    es_canvas_line(canvas, LEFT, bottom, RIGHT, bottom, 2.0, false, ES_INK_GREY);
    upright(canvas, forest, forest->everyone, top, bottom, 2.5, false, ES_INK_BLACK);
    upright(canvas, forest, forest->floor, top, bottom, 3.0, true, ES_INK_WARN);
}

/* What the lines and marks mean, in one line of its own. */
static void legend(struct es_canvas *canvas, const cJSON *release, const struct es_forest *forest, double y)
{
    char text[160], looks[80];
    double x = LABEL;
    es_canvas_line(canvas, x, y - 8, x + 40, y - 8, 2.5, false, ES_INK_BLACK);
    x += 52 + es_canvas_text(canvas, x + 52, y, 400, ES_LEFT, 21, false, ES_INK_BLACK, "everyone") + 34;
    if (isfinite(forest->floor)) {
        char floor_text[40];
        es_view_fixed(forest->floor, 2, floor_text, sizeof floor_text);
        (void)snprintf(text, sizeof text, "floor of the plan, %s", floor_text);
        es_canvas_line(canvas, x, y - 8, x + 40, y - 8, 3.0, true, ES_INK_WARN);
        x += 52 + es_canvas_text(canvas, x + 52, y, 400, ES_LEFT, 21, false, ES_INK_BLACK, text) + 34;
        es_canvas_box(canvas, x, y - 17, 19, 19, ES_INK_WARN);
        x += 30 + es_canvas_text(canvas, x + 30, y, 400, ES_LEFT, 21, false, ES_INK_BLACK, "below the floor") + 34;
    }
    if (forest->agreement) {
        es_canvas_line(canvas, x, y - 8, x + 40, y - 8, 16, false, ES_INK_GRID);
        x += 52 + es_canvas_text(canvas, x + 52, y, 500, ES_LEFT, 21, false, ES_INK_BLACK, "limits of agreement (bias ± 1.96 SD)") + 34;
    }
    es_canvas_dot(canvas, x + 9, y - 8, 8.5, true, ES_INK_BLUE);
    es_canvas_text(canvas, x + 30, y, 400, ES_LEFT, 21, false, ES_INK_BLACK, "rests on few patients");
    es_view_looks(release, looks, sizeof looks);
    (void)snprintf(text, sizeof text, "verdicts %s", looks);
    es_canvas_text(canvas, EDGE, y, 640, ES_RIGHT, 21, false, ES_INK_GREY, text);
}

enum es_errc es_plot_forest(const cJSON *release, const struct es_view_finding *at, const char *metric, struct es_bytes *out,
                            struct es_error *err)
{
    struct es_forest forest;
    struct es_canvas *canvas = NULL;
    struct es_plot_frame frame;
    char title[160];
    enum es_errc rc = es_forest_make(&forest, release, at, metric, err);
    if (rc) return rc;
    const double top = ES_PLOT_HEAD + 56, bottom = top + ES_PLOT_ROW * (double)forest.count;
    const uint32_t height = (uint32_t)bottom + 28 + 56 + ES_PLOT_FOOT - 20;
    if (forest.left_out)
        (void)snprintf(title, sizeof title, "%.80s by group (%zu more rows in the table)", forest.title, forest.left_out);
    else (void)snprintf(title, sizeof title, "%.80s by group", forest.title);
    rc = es_canvas_new(&canvas, height, err);
    if (rc) goto out;
    es_plot_frame_make(&frame, release, at, title);
    es_plot_frame_draw(canvas, &frame, height);
    heads(canvas, &forest, ES_PLOT_HEAD + 36);
    for (size_t i = 0; i < forest.count; i++) {
        if (forest.rows[i].heading)
            es_canvas_box(canvas, LABEL - 12, top + ES_PLOT_ROW * (double)i + 2, EDGE - LABEL + 24, ES_PLOT_ROW - 4,
                          ES_INK_LIGHT);
    }
    axis(canvas, &forest, top, bottom);
    for (size_t i = 0; i < forest.count; i++) draw_row(canvas, &forest, &forest.rows[i], top + ES_PLOT_ROW * (double)i);
    legend(canvas, release, &forest, bottom + 74);
    rc = es_plot_write(canvas, release, at, title, out, err);
out:
    es_canvas_free(canvas);
    es_forest_clear(&forest);
    return rc;
}
