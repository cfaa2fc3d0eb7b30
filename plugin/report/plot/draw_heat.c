/* SPDX-License-Identifier: Apache-2.0 */
/* One metric over the crossing of two axes. A single-hue scale from light to dark, readable without colour; words and n stand in
 * every cell. The scale runs over the values shown, and its ends are printed. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plugin/report/plot/plot.h"

enum { LEFT = 300, EDGE = 1560, CELL = 108, HEADS = 60, MAX_SIDE = 66 };

/* Cividis-like steps of one hue (blue), from light to dark; text is black on the light ones and white on the dark ones, each at
 * least 4.5 : 1 (WCAG 2.1, 1.4.3). */
static const struct {
    uint8_t rgb[3];
    bool dark;
} scale[] = {{{0xf1, 0xf6, 0xfb}, false}, {{0xd6, 0xe6, 0xf4}, false}, {{0xae, 0xcf, 0xea}, false}, {{0x7f, 0xb2, 0xdc}, false},
             {{0x2f, 0x74, 0xb0}, true},  {{0x12, 0x5a, 0x96}, true},  {{0x06, 0x3f, 0x73}, true}};
#define STEPS (sizeof scale / sizeof scale[0])

bool es_plot_heat_dark(size_t step, uint8_t rgb[3])
{
    if (step >= STEPS) step = STEPS - 1;
    memcpy(rgb, scale[step].rgb, 3);
    return scale[step].dark;
}

struct heat {
    const char *axis[2];
    const char *level[2][MAX_SIDE];
    size_t count[2];
    double lo, hi; /* of the values shown; NAN when none is */
};

/** A group on exactly these two axes. */
static bool crossing(const cJSON *key, const struct heat *h)
{
    return es_view_axes(key) == 2 && cJSON_GetObjectItemCaseSensitive(key, h->axis[0]) && cJSON_GetObjectItemCaseSensitive(key, h->axis[1]);
}

static void side(const cJSON *release, struct heat *h, int which)
{
    const cJSON *axis, *level;
    cJSON_ArrayForEach(axis, cJSON_GetObjectItemCaseSensitive(release, "axes"))
    {
        if (strcmp(es_view_string(axis, "name"), h->axis[which]) != 0) continue;
        cJSON_ArrayForEach(level, cJSON_GetObjectItemCaseSensitive(axis, "levels"))
        {
            if (cJSON_IsString(level) && h->count[which] < MAX_SIDE) h->level[which][h->count[which]++] = level->valuestring;
        }
    }
}

static const cJSON *cell_of(const struct es_view_finding *at, const struct heat *h, size_t row, size_t column)
{
    const cJSON *group;
    cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(at->finding, "groups"))
    {
        const cJSON *key = cJSON_GetObjectItemCaseSensitive(group, "group");
        if (crossing(key, h) && strcmp(es_view_string(key, h->axis[0]), h->level[0][row]) == 0 &&
            strcmp(es_view_string(key, h->axis[1]), h->level[1][column]) == 0)
            return group;
    }
    return NULL;
}

static void range(struct heat *h, const struct es_view_finding *at, const char *metric)
{
    const cJSON *group;
    h->lo = h->hi = NAN;
    cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(at->finding, "groups"))
    {
        if (!crossing(cJSON_GetObjectItemCaseSensitive(group, "group"), h)) continue;
        const struct es_view_metric m = es_view_metric(group, metric);
        if (m.status != ES_VIEW_ESTIMATED) continue;
        h->lo = fmin(h->lo, m.value); /* fmin and fmax pass over NAN */
        h->hi = fmax(h->hi, m.value);
    }
}

static size_t step_of(const struct heat *h, double value)
{
    if (!(h->hi > h->lo)) return 0;
    const double at = (value - h->lo) / (h->hi - h->lo) * STEPS;
    return at >= STEPS ? STEPS - 1 : (size_t)at;
}

static void draw_cell(struct es_canvas *canvas, const struct heat *h, const cJSON *group, const char *metric, double x, double y, double width)
{
    const double middle = x + width / 2, room = width - 14;
    const struct es_view_metric m = es_view_metric(group, metric);
    char text[200];
    if (m.status != ES_VIEW_ESTIMATED) {
        es_canvas_box(canvas, x + 2, y + 2, width - 4, CELL - 4, ES_INK_LIGHT);
        if (group) es_forest_remark(&m, text, sizeof text);
        else (void)snprintf(text, sizeof text, "nobody was seen");
        es_canvas_text(canvas, middle, y + 46, room, ES_MIDDLE, 20, false, ES_INK_GREY, m.status == ES_VIEW_SUPPRESSED ? "suppressed" : group ? "not estimable" : text);
        if (group && m.status == ES_VIEW_NOT_ESTIMABLE) es_canvas_text(canvas, middle, y + 74, room, ES_MIDDLE, 17, false, ES_INK_GREY, text);
        return;
    }
    uint8_t rgb[3];
    const enum es_ink ink = es_plot_heat_dark(step_of(h, m.value), rgb) ? ES_INK_WHITE : ES_INK_BLACK;
    es_canvas_fill(canvas, x + 2, y + 2, width - 4, CELL - 4, rgb);
    es_view_fixed(m.value, 2, text, sizeof text);
    es_canvas_text(canvas, middle, y + 38, room, ES_MIDDLE, 28, true, ink, text);
    if (isfinite(m.lo) && isfinite(m.hi)) {
        char lo[24], hi[24];
        es_view_fixed(m.lo, 2, lo, sizeof lo);
        es_view_fixed(m.hi, 2, hi, sizeof hi);
        (void)snprintf(text, sizeof text, "%s to %s", lo, hi);
        es_canvas_text(canvas, middle, y + 66, room, ES_MIDDLE, 20, false, ink, text);
    }
    char n[40];
    es_view_count_text(m.n, n, sizeof n);
    (void)snprintf(text, sizeof text, "n %s%s", n, m.few_patients ? "*" : "");
    es_canvas_text(canvas, middle, y + 92, room, ES_MIDDLE, 20, false, ink, text);
}

/** The scale with its ends; below it what n counts. */
static void legend(struct es_canvas *canvas, const struct heat *h, const char *n_title, double y)
{
    char text[160];
    es_view_fixed(h->lo, 2, text, sizeof text);
    double x = LEFT + es_canvas_text(canvas, LEFT, y, 120, ES_LEFT, 21, false, ES_INK_BLACK, text) + 12;
    for (size_t i = 0; i < STEPS; i++, x += 60) {
        uint8_t rgb[3];
        (void)es_plot_heat_dark(i, rgb);
        es_canvas_box(canvas, x, y - 20, 60, 28, ES_INK_GREY);
        es_canvas_fill(canvas, x + 1, y - 19, 58, 26, rgb);
    }
    es_view_fixed(h->hi, 2, text, sizeof text);
    es_canvas_text(canvas, x + 12, y, 120, ES_LEFT, 21, false, ES_INK_BLACK, text);
    (void)snprintf(text, sizeof text, "n: %.40s. * few patients. No cell is a verdict by itself.", n_title);
    es_canvas_text(canvas, EDGE, y, 640, ES_RIGHT, 20, false, ES_INK_GREY, text);
}

enum es_errc es_plot_heat(const cJSON *release, const struct es_view_finding *at, const char *metric, const char *axis, const char *other,
                          struct es_bytes *out, struct es_error *err)
{
    struct heat h = {.axis = {axis, other}};
    struct es_canvas *canvas = NULL;
    struct es_plot_frame frame;
    char title[240];
    side(release, &h, 0);
    side(release, &h, 1);
    if (h.count[1] > h.count[0]) h = (struct heat){.axis = {other, axis}}; /* the longer axis runs down */
    if (h.count[0] == 0) {
        side(release, &h, 0);
        side(release, &h, 1);
    }
    range(&h, at, metric);
    (void)snprintf(title, sizeof title, "%.80s by %.64s and %.64s", es_view_title(release, metric), h.axis[0], h.axis[1]);
    const double top = ES_PLOT_HEAD + HEADS + 30, width = (EDGE - LEFT) / (double)(h.count[1] ? h.count[1] : 1);
    const double bottom = top + CELL * (double)h.count[0];
    const uint32_t height = (uint32_t)bottom + 70 + ES_PLOT_FOOT;
    enum es_errc rc = es_canvas_new(&canvas, height, err);
    if (rc) return rc;
    es_plot_frame_make(&frame, release, at, title);
    es_plot_frame_draw(canvas, &frame, height);
    es_canvas_text(canvas, LEFT, ES_PLOT_HEAD + 34, EDGE - LEFT, ES_LEFT, ES_PLOT_TEXT, false, ES_INK_GREY, h.axis[1]);
    es_canvas_text(canvas, 40, top - 14, LEFT - 60, ES_LEFT, ES_PLOT_TEXT, false, ES_INK_GREY, h.axis[0]);
    for (size_t c = 0; c < h.count[1]; c++)
        es_canvas_text(canvas, LEFT + width * ((double)c + 0.5), top - 14, width - 12, ES_MIDDLE, ES_PLOT_TEXT, true, ES_INK_BLACK, h.level[1][c]);
    for (size_t r = 0; r < h.count[0]; r++) {
        const double y = top + CELL * (double)r;
        es_canvas_text(canvas, 40, y + CELL / 2.0 + 8, LEFT - 56, ES_LEFT, ES_PLOT_TEXT, true, ES_INK_BLACK, h.level[0][r]);
        for (size_t c = 0; c < h.count[1]; c++) draw_cell(canvas, &h, cell_of(at, &h, r, c), metric, LEFT + width * (double)c, y, width);
    }
    legend(canvas, &h, strcmp(metric, "sensitivity") == 0 ? "positives" : strcmp(metric, "specificity") == 0 ? "negatives" : "cases", bottom + 48);
    rc = es_plot_write(canvas, release, at, title, out, err);
    es_canvas_free(canvas);
    return rc;
}
