/* SPDX-License-Identifier: Apache-2.0 */
/* A planned rate over time, as small inline SVGs, one a group, with the last look's numbers below each. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plugin/report/html/html.h"
#include "plugin/report/plot/course.h"

enum { WIDTH = 564, TALL = 150, LEFT = 40, RIGHT = 520, TOP = 24, BOTTOM = TOP + TALL, HEIGHT = BOTTOM + 26 };

static void put_x(struct es_page *page, const struct es_course_scale *s, double month)
{
    es_page_fixed(page, LEFT + (RIGHT - LEFT) * (month - s->from) / (s->to - s->from), 1);
}

static void put_y(struct es_page *page, const struct es_course_scale *s, double value)
{
    es_page_fixed(page, BOTTOM - TALL * fmin(1, fmax(0, (value - s->lo) / (s->hi - s->lo))), 1);
}

static void put_point(struct es_page *page, const struct es_course_scale *s, double month, double value, const char *command)
{
    es_page_put(page, command);
    put_x(page, s, month);
    es_page_put(page, " ");
    put_y(page, s, value);
}

static void axes(struct es_page *page, const struct es_course_scale *s)
{
    char text[24];
    const int tenths = (int)lround((s->hi - s->lo) * 10), step = es_course_step(s, 6);
    for (int i = 0; i <= tenths; i++) {
        const double value = s->lo + i / 10.0;
        es_page_put(page, "<path class=\"g\" d=\"");
        put_point(page, s, s->from, value, "M");
        es_page_putf(page, "H%d\"/>", RIGHT);
        if (tenths > 6 && i % 2) continue;
        es_page_putf(page, "<text class=\"mu e\" x=\"%d\" y=\"", LEFT - 6);
        put_y(page, s, value);
        es_page_put(page, "\" dy=\"4\">");
        es_page_fixed(page, value, 1);
        es_page_put(page, "</text>");
    }
    for (double m = s->from; m < s->to - 0.5; m += step) {
        es_course_month(m, text, sizeof text);
        es_page_put(page, "<text class=\"mu\" x=\"");
        put_x(page, s, m);
        es_page_putf(page, "\" y=\"%d\">%s</text>", BOTTOM + 18, text); /* digits of our own making */
    }
}

static void band(struct es_page *page, const struct es_course_scale *s, const struct es_course *c)
{
    es_page_put(page, "<path class=\"cs\" d=\"");
    for (size_t i = 0; i < c->count; i++) put_point(page, s, c->points[i].at, c->points[i].hi, i ? "L" : "M");
    for (size_t i = c->count; i-- > 0;) put_point(page, s, c->points[i].at, c->points[i].lo, "L");
    es_page_put(page, "z\"/>");
}

static void lines(struct es_page *page, const struct es_course_scale *s, const struct es_course *c)
{
    bool begun = false;
    for (size_t i = 0; i < c->count; i++) {
        if (!isfinite(c->points[i].rest)) continue;
        put_point(page, s, c->points[i].at, c->points[i].rest, begun ? "L" : "<path class=\"cr\" d=\"M");
        begun = true;
    }
    if (begun) es_page_put(page, "\"/>");
    es_page_put(page, "<path class=\"w\" d=\"");
    for (size_t i = 0; i < c->count; i++) put_point(page, s, c->points[i].at, c->points[i].value, i ? "L" : "M");
    es_page_put(page, "\"/>");
    for (size_t i = 0; i < c->count; i++) {
        es_page_put(page, c->points[i].closed ? "<circle class=\"p\" cx=\"" : "<circle class=\"pf\" cx=\"");
        put_x(page, s, c->points[i].at);
        es_page_put(page, "\" cy=\"");
        put_y(page, s, c->points[i].value);
        es_page_put(page, "\" r=\"3\"/>");
    }
}

static void alarms(struct es_page *page, const struct es_course_scale *s, const struct es_view_finding *at, const char *metric, const cJSON *group)
{
    const cJSON *alarm;
    cJSON_ArrayForEach(alarm, cJSON_GetObjectItemCaseSensitive(at->finding, "alarms"))
    {
        const double when = es_course_time(es_view_string(alarm, "exam_day"));
        if (strcmp(es_view_string(alarm, "metric"), metric) != 0 || !(when >= s->from && when <= s->to) ||
            !cJSON_Compare(cJSON_GetObjectItemCaseSensitive(alarm, "group"), group, true))
            continue;
        es_page_put(page, "<path class=\"wb\" d=\"");
        put_point(page, s, when, s->lo, "M");
        es_page_putf(page, "V%d\"/><text class=\"m al\" x=\"", TOP);
        put_x(page, s, when);
        es_page_putf(page, "\" y=\"%d\">alarm</text>", TOP - 4);
    }
}

static void one(struct es_page *page, const cJSON *release, const struct es_view_finding *at, const char *metric, const cJSON *entry,
                const struct es_course_scale *s)
{
    struct es_course course;
    const cJSON *group = cJSON_GetObjectItemCaseSensitive(entry, "group");
    es_course_read(entry, &course);
    if (course.count == 0) return;
    const struct es_course_point *last = &course.points[course.count - 1];
    char label[ES_VIEW_LABEL];
    es_view_label(group, label, sizeof label);
    es_page_putf(page, "<figure><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH, HEIGHT);
    es_page_text(page, es_view_title(release, metric));
    es_page_put(page, " over time, ");
    es_page_text(page, label);
    es_page_put(page, "\">");
    axes(page, s);
    band(page, s, &course);
    if (isfinite(s->floor)) {
        es_page_put(page, "<path class=\"fl\" d=\"");
        put_point(page, s, s->from, s->floor, "M");
        es_page_putf(page, "H%d\"/><text class=\"mu\" x=\"%d\" y=\"", RIGHT, RIGHT + 5);
        put_y(page, s, s->floor);
        es_page_put(page, "\" dy=\"4\">floor</text>");
    }
    lines(page, s, &course);
    alarms(page, s, at, metric, group);
    es_page_put(page, "</svg><figcaption><strong>");
    es_page_label(page, group);
    es_page_put(page, "</strong>: ");
    es_page_fixed(page, last->value, 2);
    es_page_put(page, " at the end (");
    es_page_limits(page, last->lo, last->hi, 2);
    es_page_put(page, ")");
    if (isfinite(last->rest)) {
        es_page_put(page, ", the rest ");
        es_page_fixed(page, last->rest, 2);
    }
    es_page_put(page, "</figcaption></figure>\n");
}

void es_html_courses(struct es_page *page, const cJSON *release, const struct es_view_finding *at)
{
    const cJSON *metric;
    cJSON_ArrayForEach(metric, es_view_at(release, "plan", "primary_metrics"))
    {
        const char *name = cJSON_IsString(metric) ? metric->valuestring : "";
        const cJSON *entry = NULL;
        struct es_course_scale scale;
        if (!es_course_scale(release, at, name, false, &scale)) continue;
        es_page_put(page, "<details><summary>");
        es_page_text(page, es_view_title(release, name));
        es_page_put(page, " over time</summary>\n<div class=\"figures\">\n");
        while ((entry = es_course_next(at, name, NULL, entry))) one(page, release, at, name, entry, &scale);
        es_page_put(page, "</div>\n<p class=\"sub\">Blue: the estimate from all cases of the epoch up to the end of each month; hollow: reference "
                          "windows of that month are still open. Pale band: confidence sequence, which holds at all months together. "
                          "Black: the rest. Dashed: the plan's floor.</p>\n</details>\n");
    }
}
