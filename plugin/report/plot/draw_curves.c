/* SPDX-License-Identifier: Apache-2.0 */
/* ROC curves over one square, and calibration in a panel for each level: everyone behind it in black, intervals and n beside. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plugin/report/plot/plot.h"

enum { SQUARE = 900, LEFT = 150, KEY = 1110, EDGE = 1560, KEY_ROW = 92, PANELS = 3, PANEL = 400, PANEL_STEP = 520, PANEL_ROW = 560 };

/* Each colour with its own dash, so that colour is never alone in telling lines apart. */
static const struct {
    enum es_ink ink;
    bool dashed;
    double width;
} styles[] = {{ES_INK_BLUE, false, 4}, {ES_INK_WARN, true, 4}, {ES_INK_ORANGE, false, 4}, {ES_INK_SKY, true, 4},
              {ES_INK_BLUE, true, 2.5}, {ES_INK_WARN, false, 2.5}, {ES_INK_ORANGE, true, 2.5}, {ES_INK_SKY, false, 2.5}};
#define STYLES (sizeof styles / sizeof styles[0])

/** Is this the key of everyone or of a level of the axis? */
static bool on_axis(const cJSON *key, const char *axis, bool everyone)
{
    const size_t axes = es_view_axes(key);
    return axes == 0 ? everyone : axes == 1 && strcmp(key->child->string, axis) == 0;
}

const cJSON *es_plot_curve_next(const struct es_view_finding *at, const char *axis, bool everyone, const cJSON *before)
{
    const cJSON *curve = before ? before->next
                                : cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(at->finding, "curves"), "by_group"), 0);
    while (curve && !on_axis(cJSON_GetObjectItemCaseSensitive(curve, "group"), axis, everyone)) curve = curve->next;
    return curve;
}

static const cJSON *group_of(const struct es_view_finding *at, const cJSON *key)
{
    const cJSON *group;
    cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(at->finding, "groups"))
    {
        if (cJSON_Compare(key, cJSON_GetObjectItemCaseSensitive(group, "group"), true)) return group;
    }
    return NULL;
}

static bool estimated(const cJSON *part)
{
    return strcmp(es_view_string(part, "status"), "estimated") == 0;
}

/** "suppressed" or why it is not estimable. */
static const char *why_not(const cJSON *part)
{
    const char *status = es_view_string(part, "status"), *words = es_view_string(part, "words");
    return strcmp(status, "not_estimable") == 0 && words[0] ? words : status[0] ? status : "not in the release";
}

static double number_at(const cJSON *list, int i)
{
    const cJSON *item = cJSON_GetArrayItem(list, i);
    return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

/** Axes of a unit square with its bottom left at (x, y), ticks at fifths. */
static void square(struct es_canvas *canvas, double x, double y, double side, double size, const char *across, const char *up)
{
    for (int i = 0; i <= 5; i++) {
        const double at = side * i / 5.0;
        char text[16];
        es_view_fixed(i / 5.0, 1, text, sizeof text);
        es_canvas_line(canvas, x + at, y, x + at, y - side, 1.5, false, ES_INK_GRID);
        es_canvas_line(canvas, x, y - at, x + side, y - at, 1.5, false, ES_INK_GRID);
        es_canvas_text(canvas, x + at, y + size + 8, 80, ES_MIDDLE, size, false, ES_INK_GREY, text);
        es_canvas_text(canvas, x - 12, y - at + size / 3, 80, ES_RIGHT, size, false, ES_INK_GREY, text);
    }
    es_canvas_line(canvas, x, y, x + side, y - side, 2, true, ES_INK_GREY);
    es_canvas_text(canvas, x + side / 2, y + 2 * size + 22, side, ES_MIDDLE, size + 1, false, ES_INK_BLACK, across);
    es_canvas_text(canvas, x, y - side - 14, side, ES_LEFT, size + 1, false, ES_INK_BLACK, up);
}

static void roc_line(struct es_canvas *canvas, const cJSON *roc, double bottom, double width, bool dashed, enum es_ink ink)
{
    double xy[2 * 128];
    size_t n = 0;
    const cJSON *point;
    cJSON_ArrayForEach(point, cJSON_GetObjectItemCaseSensitive(roc, "points"))
    {
        const double fpr = number_at(point, 0), tpr = number_at(point, 1);
        if (n == 128 || !isfinite(fpr) || !isfinite(tpr)) break;
        xy[2 * n] = LEFT + SQUARE * fpr;
        xy[2 * n++ + 1] = bottom - SQUARE * tpr;
    }
    es_canvas_path(canvas, xy, n, width, dashed, ink);
}

/** One line of the key: stroke, label, AUROC with interval, positives and negatives. */
static void key_row(struct es_canvas *canvas, const cJSON *curve, const cJSON *group, double y, double width, bool dashed, enum es_ink ink)
{
    const cJSON *roc = cJSON_GetObjectItemCaseSensitive(curve, "roc"), *of = cJSON_GetObjectItemCaseSensitive(group, "denominators");
    const struct es_view_metric auroc = es_view_metric(group, "auroc");
    const bool drawn = estimated(roc);
    char label[ES_VIEW_LABEL], text[200], value[120], positives[40], negatives[40];
    const double stroke[] = {KEY, y - 9, KEY + 62, y - 9};
    if (drawn) es_canvas_path(canvas, stroke, 2, width, dashed, ink);
    es_view_label(cJSON_GetObjectItemCaseSensitive(curve, "group"), label, sizeof label);
    es_canvas_text(canvas, KEY + 78, y, EDGE - KEY - 78, ES_LEFT, ES_PLOT_TEXT, true, ES_INK_BLACK, label);
    es_forest_value(&auroc, 2, value, sizeof value);
    (void)snprintf(text, sizeof text, "AUROC %s", value);
    es_canvas_text(canvas, KEY + 78, y + 28, EDGE - KEY - 78, ES_LEFT, drawn ? 22 : 19, false, drawn ? ES_INK_BLACK : ES_INK_GREY, drawn ? text : why_not(roc));
    es_view_count_text(es_view_count(of, "positives"), positives, sizeof positives);
    es_view_count_text(es_view_count(of, "negatives"), negatives, sizeof negatives);
    (void)snprintf(text, sizeof text, "%s positives, %s negatives", positives, negatives);
    es_canvas_text(canvas, KEY + 78, y + 54, EDGE - KEY - 78, ES_LEFT, 20, false, ES_INK_GREY, text);
}

static void operating_point(struct es_canvas *canvas, const cJSON *group, double bottom, enum es_ink ink)
{
    const struct es_view_metric tpr = es_view_metric(group, "sensitivity"), tnr = es_view_metric(group, "specificity");
    if (tpr.status == ES_VIEW_ESTIMATED && tnr.status == ES_VIEW_ESTIMATED)
        es_canvas_dot(canvas, LEFT + SQUARE * (1 - tnr.value), bottom - SQUARE * tpr.value, 10, false, ink);
}

static size_t curves_of(const struct es_view_finding *at, const char *axis)
{
    size_t n = 0;
    for (const cJSON *c = es_plot_curve_next(at, axis, true, NULL); c; c = es_plot_curve_next(at, axis, true, c)) n++;
    return n;
}

enum es_errc es_plot_roc(const cJSON *release, const struct es_view_finding *at, const char *axis, struct es_bytes *out, struct es_error *err)
{
    struct es_canvas *canvas = NULL;
    struct es_plot_frame frame;
    char title[120];
    const size_t count = curves_of(at, axis), rows = count > 64 ? 64 : count;
    const double top = ES_PLOT_HEAD + 60, square_end = top + SQUARE, key_end = top + KEY_ROW * (double)rows;
    const uint32_t height = (uint32_t)(square_end > key_end ? square_end : key_end) + 150 + ES_PLOT_FOOT;
    size_t i = 0;
    (void)snprintf(title, sizeof title, "ROC curves by %.64s", axis);
    enum es_errc rc = es_canvas_new(&canvas, height, err);
    if (rc) return rc;
    es_plot_frame_make(&frame, release, at, title);
    es_plot_frame_draw(canvas, &frame, height);
    square(canvas, LEFT, square_end, SQUARE, 22, "false alarms: 1 - specificity", "found: sensitivity");
    for (const cJSON *c = es_plot_curve_next(at, axis, true, NULL); c && i < rows; c = es_plot_curve_next(at, axis, true, c), i++) {
        const cJSON *key = cJSON_GetObjectItemCaseSensitive(c, "group"), *group = group_of(at, key);
        const bool everyone = es_view_axes(key) == 0, unknown = es_view_unknown(key);
        const size_t s = i ? (i - 1) % STYLES : 0;
        const enum es_ink ink = everyone ? ES_INK_BLACK : unknown ? ES_INK_GREY : styles[s].ink;
        const double width = everyone || unknown ? 3 : styles[s].width;
        const bool dashed = unknown || (!everyone && styles[s].dashed);
        roc_line(canvas, cJSON_GetObjectItemCaseSensitive(c, "roc"), square_end, width, dashed, ink);
        if (estimated(cJSON_GetObjectItemCaseSensitive(c, "roc"))) operating_point(canvas, group, square_end, ink);
        key_row(canvas, c, group, top + 20 + KEY_ROW * (double)i, width, dashed, ink);
    }
    es_canvas_text(canvas, 40, (double)height - ES_PLOT_FOOT + 6, ES_PLOT_WIDTH - 80, ES_LEFT, 20, false, ES_INK_GREY,
                   "Dot: as deployed. At most 101 exact points a curve; under a disclosure floor no step is over fewer people than it.");
    rc = es_plot_write(canvas, release, at, title, out, err);
    es_canvas_free(canvas);
    return rc;
}

static void bins(struct es_canvas *canvas, const cJSON *calibration, double x, double y, bool behind)
{
    double xy[2 * 10];
    size_t n = 0;
    const cJSON *bin;
    cJSON_ArrayForEach(bin, cJSON_GetObjectItemCaseSensitive(calibration, "bins"))
    {
        const double mean = es_view_number(bin, "mean_score"), observed = es_view_number(bin, "observed");
        if (n == 10 || !isfinite(mean) || !isfinite(observed)) continue;
        xy[2 * n] = x + PANEL * mean;
        xy[2 * n++ + 1] = y - PANEL * observed;
    }
    es_canvas_path(canvas, xy, n, behind ? 2.5 : 3, false, behind ? ES_INK_BLACK : ES_INK_BLUE);
    if (behind) return;
    cJSON_ArrayForEach(bin, cJSON_GetObjectItemCaseSensitive(calibration, "bins"))
    {
        const double at = x + PANEL * es_view_number(bin, "mean_score"), lo = es_view_number(bin, "lo"), hi = es_view_number(bin, "hi");
        if (isfinite(at) && isfinite(lo) && isfinite(hi)) es_canvas_line(canvas, at, y - PANEL * lo, at, y - PANEL * hi, 3, false, ES_INK_BLUE);
        if (isfinite(at)) es_canvas_dot(canvas, at, y - PANEL * es_view_number(bin, "observed"), 7, es_view_number(bin, "patients") < 50, ES_INK_BLUE);
    }
}

static void panel(struct es_canvas *canvas, const struct es_view_finding *at, const cJSON *curve, const cJSON *everyone, double x, double y)
{
    const cJSON *key = cJSON_GetObjectItemCaseSensitive(curve, "group"), *own = cJSON_GetObjectItemCaseSensitive(curve, "calibration");
    char label[ES_VIEW_LABEL], cases[40], text[200];
    es_view_label(key, label, sizeof label);
    es_view_count_text(es_view_count(group_of(at, key), "cases"), cases, sizeof cases);
    (void)snprintf(text, sizeof text, "%.100s, %s cases", label, cases);
    es_canvas_text(canvas, x, y - PANEL - 42, PANEL + 60, ES_LEFT, ES_PLOT_TEXT, true, ES_INK_BLACK, text);
    square(canvas, x, y, PANEL, 18, "mean score", "observed share");
    if (everyone != curve && estimated(own) && estimated(cJSON_GetObjectItemCaseSensitive(everyone, "calibration")))
        bins(canvas, cJSON_GetObjectItemCaseSensitive(everyone, "calibration"), x, y, true);
    if (estimated(own)) {
        bins(canvas, own, x, y, false);
        return;
    }
    es_canvas_box(canvas, x + 20, y - PANEL / 2.0 - 34, PANEL - 40, 54, ES_INK_WHITE);
    es_canvas_text(canvas, x + PANEL / 2.0, y - PANEL / 2.0, PANEL - 60, ES_MIDDLE, 22, false, ES_INK_GREY, why_not(own));
}

enum es_errc es_plot_calibration(const cJSON *release, const struct es_view_finding *at, const char *axis, struct es_bytes *out, struct es_error *err)
{
    struct es_canvas *canvas = NULL;
    struct es_plot_frame frame;
    char title[120];
    const size_t count = curves_of(at, axis), shown = count > 60 ? 60 : count;
    const size_t rows = (shown + PANELS - 1) / PANELS;
    const uint32_t height = (uint32_t)(ES_PLOT_HEAD + 40 + PANEL_ROW * rows + ES_PLOT_FOOT);
    const cJSON *everyone = es_plot_curve_next(at, axis, true, NULL);
    size_t i = 0;
    (void)snprintf(title, sizeof title, "Calibration by %.64s", axis);
    enum es_errc rc = es_canvas_new(&canvas, height, err);
    if (rc) return rc;
    es_plot_frame_make(&frame, release, at, title);
    es_plot_frame_draw(canvas, &frame, height);
    for (const cJSON *c = everyone; c && i < shown; c = es_plot_curve_next(at, axis, true, c), i++)
        panel(canvas, at, c, everyone, 90.0 + PANEL_STEP * (double)(i % PANELS), ES_PLOT_HEAD + 90.0 + PANEL + PANEL_ROW * (double)(i / PANELS));
    es_canvas_text(canvas, 40, (double)height - ES_PLOT_FOOT + 26, ES_PLOT_WIDTH - 80, ES_LEFT, 20, false, ES_INK_GREY,
                   "Blue: the group with 95 % intervals; hollow: fewer than 50 patients. Black: everyone. Above the dashed line the score understates the risk.");
    rc = es_plot_write(canvas, release, at, title, out, err);
    es_canvas_free(canvas);
    return rc;
}
