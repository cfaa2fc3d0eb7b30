/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/report/plot/course.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static int digits(const char *text, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9') return -1;
        value = 10 * value + (text[i] - '0');
    }
    return value;
}

double es_course_time(const char *text)
{
    const size_t len = strlen(text);
    if ((len != 7 && len != 10) || text[4] != '-' || (len == 10 && text[7] != '-')) return NAN;
    const int year = digits(text, 4), month = digits(text + 5, 2), day = len == 10 ? digits(text + 8, 2) : 1;
    if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31) return NAN;
    return 12.0 * year + (month - 1) + (day - 1) / 31.0;
}

void es_course_read(const cJSON *entry, struct es_course *out)
{
    const cJSON *month, *months = cJSON_GetObjectItemCaseSensitive(entry, "months");
    const int all = cJSON_GetArraySize(months);
    int skip = all > ES_MAX_COURSE ? all - ES_MAX_COURSE : 0;
    out->count = 0;
    cJSON_ArrayForEach(month, months)
    {
        if (skip-- > 0 || out->count == ES_MAX_COURSE) continue;
        const struct es_course_point p = {.at = es_course_time(es_view_string(month, "month")) + 1,
                                          .value = es_view_number(month, "value"),
                                          .lo = es_view_number(month, "lo"),
                                          .hi = es_view_number(month, "hi"),
                                          .rest = es_view_number(month, "rest"),
                                          .closed = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(month, "closed"))};
        if (isfinite(p.at) && isfinite(p.value) && isfinite(p.lo) && isfinite(p.hi)) out->points[out->count++] = p;
    }
}

static bool on_axis(const cJSON *key, const char *axis)
{
    const size_t axes = es_view_axes(key);
    if (!axis || axes == 0) return true;
    return axis[0] == '\0' ? axes > 1 : axes == 1 && strcmp(key->child->string, axis) == 0;
}

static const cJSON *series_of(const struct es_view_finding *at)
{
    return cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(at->finding, "series"), 0);
}

const cJSON *es_course_next(const struct es_view_finding *at, const char *metric, const char *axis, const cJSON *before)
{
    const cJSON *entry = before ? before->next : series_of(at);
    while (entry && !(strcmp(es_view_string(entry, "metric"), metric) == 0 && strcmp(es_view_string(entry, "status"), "estimated") == 0 &&
                      on_axis(cJSON_GetObjectItemCaseSensitive(entry, "group"), axis)))
        entry = entry->next;
    return entry;
}

const cJSON *es_course_of(const struct es_view_finding *at, const char *metric, const cJSON *group)
{
    const cJSON *entry = NULL;
    while ((entry = es_course_next(at, metric, NULL, entry)))
        if (cJSON_Compare(cJSON_GetObjectItemCaseSensitive(entry, "group"), group, true)) return entry;
    return NULL;
}

bool es_course_epoch(const cJSON *release, const struct es_view_finding *of, struct es_view_finding *at)
{
    while (es_view_next(release, at))
        if (strcmp(at->model_name, of->model_name) == 0 && strcmp(at->name, of->name) == 0) return true;
    return false;
}

static void widen(const struct es_view_finding *at, const char *metric, struct es_course_scale *s)
{
    struct es_course course;
    const cJSON *entry = NULL;
    while ((entry = es_course_next(at, metric, NULL, entry))) {
        es_course_read(entry, &course);
        for (size_t i = 0; i < course.count; i++) {
            s->from = fmin(s->from, course.points[i].at - 1);
            s->to = fmax(s->to, course.points[i].at);
            /* the first looks of small groups are wide: the estimates set the scale, not their limits alone */
            s->lo = fmin(s->lo, fmax(course.points[i].lo, course.points[i].value - 0.2));
            s->hi = fmax(s->hi, fmin(course.points[i].hi, course.points[i].value + 0.2));
        }
    }
}

bool es_course_scale(const cJSON *release, const struct es_view_finding *at, const char *metric, bool epochs, struct es_course_scale *out)
{
    struct es_view_finding other = {0};
    struct es_course_scale s = {INFINITY, -INFINITY, INFINITY, -INFINITY, NAN};
    s.floor = es_view_number(es_view_at(release, "plan", "floors"), metric);
    if (!epochs) widen(at, metric, &s);
    while (epochs && es_course_epoch(release, at, &other)) widen(&other, metric, &s);
    if (!(s.to > s.from)) return false;
    if (isfinite(s.floor)) s.lo = fmin(s.lo, s.floor);
    if (isfinite(s.floor)) s.hi = fmax(s.hi, s.floor);
    s.lo = fmax(0, floor(s.lo * 10) / 10);
    s.hi = fmin(1, ceil(s.hi * 10) / 10);
    if (s.hi <= s.lo) s.lo = s.hi >= 0.1 ? s.hi - 0.1 : 0, s.hi = s.lo + 0.1;
    *out = s;
    return true;
}

int es_course_step(const struct es_course_scale *scale, int most)
{
    static const int steps[] = {1, 2, 3, 6, 12, 24, 60, 120};
    const double months = scale->to - scale->from;
    size_t i = 0;
    while (i + 1 < sizeof steps / sizeof steps[0] && months / steps[i] > most) i++;
    return steps[i];
}

void es_course_month(double month, char *out, size_t size)
{
    const int whole = (int)floor(month);
    (void)snprintf(out, size, "%04d-%02d", whole / 12, whole % 12 + 1);
}
