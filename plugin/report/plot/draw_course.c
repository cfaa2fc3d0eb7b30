/* SPDX-License-Identifier: Apache-2.0 */
/* A rate over time, a panel for each group: the estimate from all cases so far, its confidence sequence, the rest, the floor, where
 * epochs begin and where alarms were raised. All epochs of a model and finding stand in one figure, since one follows the other. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plugin/report/plot/course.h"
#include "plugin/report/plot/plot.h"

enum { ACROSS = 2, WIDE = 640, TALL = 300, STEP = 770, ROW = 450, LEFT = 110, MOST = 40 };

struct frame {
    const struct es_course_scale *scale;
    double x, y; /* bottom left in pixels */
};

static double x_of(const struct frame *f, double month)
{
    return f->x + WIDE * (month - f->scale->from) / (f->scale->to - f->scale->from);
}

static double y_of(const struct frame *f, double value)
{
    const double part = (value - f->scale->lo) / (f->scale->hi - f->scale->lo);
    return f->y - TALL * fmin(1, fmax(0, part)); /* limits of the first looks may lie outside */
}

static void axes(struct es_canvas *canvas, const struct frame *f)
{
    char text[24];
    const int tenths = (int)lround((f->scale->hi - f->scale->lo) * 10), step = es_course_step(f->scale, 7);
    for (int i = 0; i <= tenths; i++) {
        const double value = f->scale->lo + i / 10.0;
        es_canvas_line(canvas, f->x, y_of(f, value), f->x + WIDE, y_of(f, value), 1.5, false, ES_INK_GRID);
        if (tenths > 6 && i % 2) continue;
        es_view_fixed(value, 1, text, sizeof text);
        es_canvas_text(canvas, f->x - 12, y_of(f, value) + 7, 80, ES_RIGHT, 20, false, ES_INK_GREY, text);
    }
    for (double m = f->scale->from; m < f->scale->to - 0.5; m += step) {
        es_course_month(m, text, sizeof text);
        es_canvas_line(canvas, x_of(f, m), f->y, x_of(f, m), f->y + 8, 1.5, false, ES_INK_GREY);
        es_canvas_text(canvas, x_of(f, m), f->y + 30, 110, ES_LEFT, 18, false, ES_INK_GREY, text);
    }
    es_canvas_line(canvas, f->x, f->y, f->x + WIDE, f->y, 2, false, ES_INK_GREY);
}

static void band(struct es_canvas *canvas, const struct frame *f, const struct es_course *c)
{
    double xy[4 * ES_MAX_COURSE];
    for (size_t i = 0; i < c->count; i++) {
        xy[2 * i] = x_of(f, c->points[i].at);
        xy[2 * i + 1] = y_of(f, c->points[i].hi);
        const size_t back = 2 * c->count - 1 - i;
        xy[2 * back] = xy[2 * i];
        xy[2 * back + 1] = y_of(f, c->points[i].lo);
    }
    static const uint8_t pale[3] = {0xcf, 0xe3, 0xf2};
    es_canvas_area(canvas, xy, 2 * c->count, pale);
    if (c->count == 1) es_canvas_line(canvas, xy[0], xy[1], xy[0], xy[3], 4, false, ES_INK_SKY);
}

static void lines(struct es_canvas *canvas, const struct frame *f, const struct es_course *c)
{
    double value[2 * ES_MAX_COURSE], rest[2 * ES_MAX_COURSE];
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++) {
        value[2 * i] = x_of(f, c->points[i].at);
        value[2 * i + 1] = y_of(f, c->points[i].value);
        if (!isfinite(c->points[i].rest)) continue;
        rest[2 * n] = value[2 * i];
        rest[2 * n++ + 1] = y_of(f, c->points[i].rest);
    }
    es_canvas_path(canvas, rest, n, 2.5, false, ES_INK_BLACK);
    es_canvas_path(canvas, value, c->count, 3.5, false, ES_INK_BLUE);
    for (size_t i = 0; i < c->count; i++) es_canvas_dot(canvas, value[2 * i], value[2 * i + 1], 5, !c->points[i].closed, ES_INK_BLUE);
}

/** Alarms of the group in one epoch: a line with the word at its top. */
static void alarms(struct es_canvas *canvas, const struct frame *f, const struct es_view_finding *at, const char *metric, const cJSON *group)
{
    const cJSON *alarm;
    double last = -INFINITY;
    cJSON_ArrayForEach(alarm, cJSON_GetObjectItemCaseSensitive(at->finding, "alarms"))
    {
        const double when = es_course_time(es_view_string(alarm, "exam_day"));
        if (strcmp(es_view_string(alarm, "metric"), metric) != 0 || !(when >= f->scale->from && when <= f->scale->to) ||
            !cJSON_Compare(cJSON_GetObjectItemCaseSensitive(alarm, "group"), group, true))
            continue;
        const double x = x_of(f, when);
        es_canvas_line(canvas, x, f->y, x, f->y - TALL, 3, false, ES_INK_WARN);
        if (x - last > 70) es_canvas_text(canvas, x, f->y - TALL - 6, 80, ES_MIDDLE, 18, true, ES_INK_WARN, "alarm");
        last = x;
    }
}

static void epoch_line(struct es_canvas *canvas, const struct frame *f, const struct es_view_finding *at, const struct es_course *c)
{
    char text[80];
    if (c->count == 0 || c->points[0].at - 1 <= f->scale->from) return;
    const double x = x_of(f, c->points[0].at - 1);
    es_canvas_line(canvas, x, f->y, x, f->y - TALL, 2, true, ES_INK_GREY);
    (void)snprintf(text, sizeof text, "%.30s epoch %u", at->version, at->epoch_id);
    es_canvas_text(canvas, x + 6, f->y - 8, 200, ES_LEFT, 18, false, ES_INK_GREY, text);
}

static void floor_line(struct es_canvas *canvas, const struct frame *f)
{
    if (!isfinite(f->scale->floor)) return;
    es_canvas_line(canvas, f->x, y_of(f, f->scale->floor), f->x + WIDE, y_of(f, f->scale->floor), 3, true, ES_INK_WARN);
    es_canvas_text(canvas, f->x + WIDE + 10, y_of(f, f->scale->floor) + 6, 60, ES_LEFT, 18, false, ES_INK_WARN, "floor");
}

static void panel(struct es_canvas *canvas, const cJSON *release, const struct es_view_finding *of, const char *metric, const cJSON *group,
                  const struct frame *f)
{
    struct es_view_finding at = {0};
    struct es_course course;
    char label[ES_VIEW_LABEL];
    es_view_label(group, label, sizeof label);
    es_canvas_text(canvas, f->x, f->y - TALL - 34, WIDE, ES_LEFT, ES_PLOT_TEXT, true, ES_INK_BLACK, label);
    axes(canvas, f);
    for (int layer = 0; layer < 2; layer++) {
        at = (struct es_view_finding){0};
        if (layer == 1) floor_line(canvas, f);
        while (es_course_epoch(release, of, &at)) {
            const cJSON *entry = es_course_of(&at, metric, group);
            course.count = 0;
            if (entry) es_course_read(entry, &course);
            if (layer == 0) {
                band(canvas, f, &course);
                epoch_line(canvas, f, &at, &course);
                alarms(canvas, f, &at, metric, group);
            } else {
                lines(canvas, f, &course);
            }
        }
    }
}

enum es_errc es_plot_course(const cJSON *release, const struct es_view_finding *at, const char *metric, const char *axis,
                            struct es_bytes *out, struct es_error *err)
{
    struct es_canvas *canvas = NULL;
    struct es_plot_frame frame;
    struct es_course_scale scale = {0, 1, 0, 1, NAN};
    char title[160];
    size_t count = 0, i = 0;
    for (const cJSON *e = es_course_next(at, metric, axis, NULL); e; e = es_course_next(at, metric, axis, e)) count++;
    if (count > MOST) count = MOST;
    (void)es_course_scale(release, at, metric, true, &scale);
    const size_t rows = (count + ACROSS - 1) / ACROSS;
    const uint32_t height = (uint32_t)(ES_PLOT_HEAD + ROW * rows + 90 + ES_PLOT_FOOT);
    (void)snprintf(title, sizeof title, "%.64s over time by %.64s", es_view_title(release, metric), axis[0] ? axis : "intersection");
    enum es_errc rc = es_canvas_new(&canvas, height, err);
    if (rc) return rc;
    es_plot_frame_make(&frame, release, at, title);
    es_plot_frame_draw(canvas, &frame, height);
    for (const cJSON *e = es_course_next(at, metric, axis, NULL); e && i < count; e = es_course_next(at, metric, axis, e), i++) {
        const struct frame f = {&scale, LEFT + STEP * (double)(i % ACROSS), ES_PLOT_HEAD + 80.0 + TALL + ROW * (double)(i / ACROSS)};
        panel(canvas, release, at, metric, cJSON_GetObjectItemCaseSensitive(e, "group"), &f);
    }
    const double below = (double)height - ES_PLOT_FOOT - 26;
    es_canvas_text(canvas, 40, below, ES_PLOT_WIDTH - 80, ES_LEFT, 20, false, ES_INK_GREY,
                   "Blue: the estimate from all cases of the epoch up to the end of each month (hollow: reference windows still open). Pale band: confidence sequence,");
    es_canvas_text(canvas, 40, below + 28, ES_PLOT_WIDTH - 80, ES_LEFT, 20, false, ES_INK_GREY,
                   "which holds at all months together. Black: the rest. Dashed: the plan's floor; where an epoch begins, all is counted anew.");
    rc = es_plot_write(canvas, release, at, title, out, err);
    es_canvas_free(canvas);
    return rc;
}
