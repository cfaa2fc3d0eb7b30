/* SPDX-License-Identifier: Apache-2.0 */
/* Which plots a release has, their names, and the frame and provenance that all of them carry. */
#include "plugin/report/plot/course.h"
#include "plugin/report/plot/plot.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PLOTS 65536u
#define SLUG 61

enum kind { FOREST, COVERAGE, ROC, CALIBRATION, HEAT, COURSE };
static const char *const kinds[] = {"forest", "coverage", "roc", "calibration", "heat", "time"};

/* One plot of a release; what its kind does not need is NULL. */
struct plot {
    struct es_view_finding at;
    enum kind kind;
    const char *metric, *axis, *other;
};

/* File names are for every host and every file system: [a-z0-9.-] alone. */
static void slug(const char *text, char out[SLUG])
{
    size_t len = 0;
    for (; *text && len + 1 < SLUG; text++) {
        char c = *text;
        if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
        out[len++] = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ? c : '-';
    }
    out[len] = '\0';
}

static bool taken(const struct es_plot_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->names[i], name) == 0) return true;
    }
    return false;
}

/* Two models may differ in characters that a name cannot hold, or in their version alone: later ones are numbered. */
static void name_plot(struct es_plot_list *list, const struct plot *plot)
{
    char model[SLUG], finding[SLUG], epoch[16] = "", base[181], name[200];
    slug(plot->at.model_name, model);
    slug(plot->at.name, finding);
    if (plot->at.epoch_id > 1) (void)snprintf(epoch, sizeof epoch, "-e%u", plot->at.epoch_id);
    const char *parts[] = {plot->metric, plot->axis, plot->other};
    char tail[3 * 17 + 1] = "";
    for (size_t i = 0, len = 0; i < 3; i++) {
        char part[SLUG];
        if (!parts[i] || !parts[i][0]) continue;
        slug(parts[i], part);
        const int n = snprintf(tail + len, sizeof tail - len, "-%.16s", part);
        len += n > 0 ? (size_t)n : 0;
    }
    (void)snprintf(base, sizeof base, "%s-%.52s-%.52s%s%s", kinds[plot->kind], model, finding, tail, epoch);
    (void)snprintf(name, sizeof name, "%s.png", base);
    for (unsigned again = 2; taken(list, name); again++) (void)snprintf(name, sizeof name, "%s-%u.png", base, again);
    memcpy(list->names[list->count++], name, sizeof name);
}

/* Hand every plot of a finding to `list` and `plots`; only counts where `plots` is NULL. */
static void take(struct es_plot_list *list, struct plot *plots, size_t *count, struct plot plot)
{
    if (plots) {
        plots[list->count] = plot;
        name_plot(list, &plot);
    }
    (*count)++;
}

/* Does the finding have groups on exactly these two axes? */
static bool crossed(const struct es_view_finding *at, const char *axis, const char *other)
{
    const cJSON *group;
    cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(at->finding, "groups"))
    {
        const cJSON *key = cJSON_GetObjectItemCaseSensitive(group, "group");
        if (es_view_axes(key) == 2 && cJSON_GetObjectItemCaseSensitive(key, axis) && cJSON_GetObjectItemCaseSensitive(key, other)) return true;
    }
    return false;
}

/* Has the axis a curve of a level that is known? */
static bool known(const struct es_view_finding *at, const char *axis)
{
    const cJSON *curve = NULL;
    while ((curve = es_plot_curve_next(at, axis, false, curve)))
        if (!es_view_unknown(cJSON_GetObjectItemCaseSensitive(curve, "group"))) return true;
    return false;
}

static void plots_of(const cJSON *release, const struct es_view_finding *at, struct es_plot_list *list, struct plot *plots, size_t *count)
{
    static const char *const heats[] = {"sensitivity", "specificity"};
    const cJSON *axis, *other;
    for (size_t i = 0; i < ES_FORESTS; i++)
        if (es_forest_has(at, es_forest_metrics[i])) take(list, plots, count, (struct plot){*at, FOREST, es_forest_metrics[i], NULL, NULL});
    take(list, plots, count, (struct plot){*at, COVERAGE, NULL, NULL, NULL});
    cJSON_ArrayForEach(axis, cJSON_GetObjectItemCaseSensitive(release, "axes"))
    {
        const char *name = es_view_string(axis, "name");
        if (known(at, name)) {
            take(list, plots, count, (struct plot){*at, ROC, NULL, name, NULL});
            take(list, plots, count, (struct plot){*at, CALIBRATION, NULL, name, NULL});
        }
        for (other = axis->next; other; other = other->next)
            for (size_t i = 0; i < 2; i++)
                if (es_forest_has(at, heats[i]) && crossed(at, name, es_view_string(other, "name")))
                    take(list, plots, count, (struct plot){*at, HEAT, heats[i], name, es_view_string(other, "name")});
    }
}

/* One figure holds all epochs of a model and finding: it belongs to the first of them that has a course. */
static bool first_course(const cJSON *release, const struct es_view_finding *at, const char *metric)
{
    struct es_view_finding other = {0};
    while (es_course_epoch(release, at, &other))
        if (es_course_next(&other, metric, NULL, NULL)) return other.finding == at->finding;
    return false;
}

/* Has it a level of the axis, or an intersection, beside everyone? */
static bool has_course(const struct es_view_finding *at, const char *metric, const char *axis)
{
    const cJSON *entry = NULL;
    while ((entry = es_course_next(at, metric, axis, entry)))
        if (es_view_axes(cJSON_GetObjectItemCaseSensitive(entry, "group")) > 0) return true;
    return false;
}

static void courses_of(const cJSON *release, const struct es_view_finding *at, struct es_plot_list *list, struct plot *plots, size_t *count)
{
    const cJSON *axis, *metric;
    cJSON_ArrayForEach(metric, es_view_at(release, "plan", "primary_metrics"))
    {
        const char *name = cJSON_IsString(metric) ? metric->valuestring : "";
        if (!first_course(release, at, name)) continue;
        cJSON_ArrayForEach(axis, cJSON_GetObjectItemCaseSensitive(release, "axes"))
            if (has_course(at, name, es_view_string(axis, "name")))
                take(list, plots, count, (struct plot){*at, COURSE, name, es_view_string(axis, "name"), NULL});
        if (has_course(at, name, "")) take(list, plots, count, (struct plot){*at, COURSE, name, "", "crossed"});
    }
}

static size_t count_plots(const cJSON *release)
{
    struct es_view_finding at = {0};
    size_t count = 0;
    while (es_view_next(release, &at)) {
        plots_of(release, &at, NULL, NULL, &count);
        courses_of(release, &at, NULL, NULL, &count);
    }
    return count;
}

/* Names, and beside each the plot it stands for. Both owned by the caller. */
static enum es_errc enumerate(const cJSON *release, struct es_plot_list *list, struct plot **plots, struct es_error *err)
{
    struct es_view_finding at = {0};
    const enum es_errc rc = es_view_check(release, err);
    if (rc) return rc;
    const size_t count = count_plots(release);
    if (count > MAX_PLOTS) return es_fail(err, ES_E_LIMIT, "plots: %zu in the release, at most %u", count, MAX_PLOTS);
    list->count = 0;
    list->names = calloc(count + 1, sizeof *list->names);
    *plots = calloc(count + 1, sizeof **plots);
    if (!list->names || !*plots) {
        es_plot_list_free(list);
        free(*plots);
        *plots = NULL;
        return es_fail(err, ES_E_MEMORY, "plots: out of memory for %zu names", count);
    }
    size_t taken_so_far = 0;
    while (es_view_next(release, &at)) {
        plots_of(release, &at, list, *plots, &taken_so_far);
        courses_of(release, &at, list, *plots, &taken_so_far);
    }
    return ES_OK;
}

enum es_errc es_plot_names(const cJSON *release, struct es_plot_list *out, struct es_error *err)
{
    struct es_plot_list list = {0};
    struct plot *plots = NULL;
    const enum es_errc rc = enumerate(release, &list, &plots, err);
    free(plots);
    if (rc == ES_OK) *out = list;
    return rc;
}

void es_plot_list_free(struct es_plot_list *list)
{
    if (!list) return;
    free(list->names);
    *list = (struct es_plot_list){0};
}

/* cairo and fontconfig keep what all contexts of a process share: one plot at a time. */
static pthread_mutex_t drawing = PTHREAD_MUTEX_INITIALIZER;

static enum es_errc draw(const cJSON *release, const struct plot *plot, struct es_bytes *out, struct es_error *err)
{
    switch (plot->kind) {
    case FOREST: return es_plot_forest(release, &plot->at, plot->metric, out, err);
    case ROC: return es_plot_roc(release, &plot->at, plot->axis, out, err);
    case CALIBRATION: return es_plot_calibration(release, &plot->at, plot->axis, out, err);
    case HEAT: return es_plot_heat(release, &plot->at, plot->metric, plot->axis, plot->other, out, err);
    case COURSE: return es_plot_course(release, &plot->at, plot->metric, plot->axis, out, err);
    default: return es_plot_coverage(release, &plot->at, out, err);
    }
}

enum es_errc es_render_plot(const cJSON *release, const char *name, struct es_bytes *out, struct es_error *err)
{
    struct es_plot_list list = {0};
    struct plot *plots = NULL;
    enum es_errc rc = enumerate(release, &list, &plots, err);
    if (rc) return rc;
    size_t i = 0;
    while (i < list.count && strcmp(list.names[i], name) != 0) i++;
    if (i == list.count)
        rc = es_fail(err, ES_E_ARG, "plot: the release has no \"%.80s\" among its %zu plots", name, list.count);
    else {
        pthread_mutex_lock(&drawing);
        rc = draw(release, &plots[i], out, err);
        pthread_mutex_unlock(&drawing);
    }
    free(plots);
    es_plot_list_free(&list);
    return rc;
}

static void period_text(const cJSON *release, char *out, size_t size)
{
    const cJSON *period = cJSON_GetObjectItemCaseSensitive(release, "period");
    const char *from = es_view_string(period, "from"), *to = es_view_string(period, "to");
    if (!from[0]) from = es_view_string(period, "first_exam");
    if (!to[0]) to = es_view_string(period, "last_exam");
    (void)snprintf(out, size, "%.40s to %.40s", from[0] ? from : "the beginning", to[0] ? to : "the end");
}

/* Every chain's head: "A:67299:af2bdbe1...". */
static void heads_text(const cJSON *release, size_t digits, char *out, size_t size)
{
    const cJSON *head = NULL;
    size_t len = 0;
    out[0] = '\0';
    cJSON_ArrayForEach(head, es_view_at(release, "ledger", "heads"))
    {
        char seq[40] = "";
        const bool told = cJSON_GetObjectItemCaseSensitive(head, "seq") != NULL; /* not to outsiders */
        if (told) es_view_fixed(es_view_number(head, "seq"), 0, seq, sizeof seq);
        const int n = snprintf(out + len, size - len, "%s%s:%s%s%.*s", len ? ", " : "", es_view_string(head, "node"), seq,
                               told ? ":" : "", (int)digits, es_view_string(head, "link"));
        if (n < 0 || (size_t)n >= size - len) return; /* more chains than a line holds: cut */
        len += (size_t)n;
    }
}

void es_plot_frame_make(struct es_plot_frame *out, const cJSON *release, const struct es_view_finding *at, const char *title)
{
    char period[100], heads[200], epoch[32] = "";
    out->title = title;
    if (at->epoch_id > 1) (void)snprintf(epoch, sizeof epoch, ", epoch %u", at->epoch_id);
    (void)snprintf(out->subject, sizeof out->subject, "%.100s%s%.100s, %.100s%s", at->model_name, at->version[0] ? " " : "",
                   at->version, at->name, epoch);
    period_text(release, period, sizeof period);
    heads_text(release, 16, heads, sizeof heads);
    (void)snprintf(out->footer, sizeof out->footer, "Site %.100s. Exams of %s. Ledger %s. %.80s.",
                   es_view_string(release, "site"), period, heads, es_view_string(release, "software"));
}

void es_plot_frame_draw(struct es_canvas *canvas, const struct es_plot_frame *frame, uint32_t height)
{
    const double room = ES_PLOT_WIDTH - 80.0;
    es_canvas_text(canvas, 40, 52, room, ES_LEFT, 38, true, ES_INK_BLACK, frame->title);
    es_canvas_text(canvas, 40, 88, room, ES_LEFT, 27, false, ES_INK_GREY, frame->subject);
    es_canvas_text(canvas, 40, (double)height - 18, room, ES_LEFT, 19, false, ES_INK_GREY, frame->footer);
}

enum es_errc es_plot_write(struct es_canvas *canvas, const cJSON *release, const struct es_view_finding *at, const char *title,
                           struct es_bytes *out, struct es_error *err)
{
    char period[100], heads[1000], epoch[16], disclosure[120];
    const cJSON *rule = cJSON_GetObjectItemCaseSensitive(release, "disclosure");
    period_text(release, period, sizeof period);
    heads_text(release, 64, heads, sizeof heads);
    (void)snprintf(epoch, sizeof epoch, "%u", at->epoch_id);
    (void)snprintf(disclosure, sizeof disclosure, "%.40s, %.40s", es_view_string(rule, "audience"),
                   es_view_string(rule, "rule"));
    const struct es_png_text texts[] = {{"Title", title},
                                        {"Software", es_view_string(release, "software")},
                                        {"Site", es_view_string(release, "site")},
                                        {"Model", at->model_name},
                                        {"Version", at->version},
                                        {"Finding", at->name},
                                        {"Epoch", epoch},
                                        {"Period", period},
                                        {"As of", es_view_string(release, "as_of")},
                                        {"Ledger head", heads},
                                        {"Disclosure", disclosure},
                                        {"Note", es_view_string(release, "note")}};
    return es_canvas_png(canvas, texts, sizeof texts / sizeof texts[0], out, err);
}
