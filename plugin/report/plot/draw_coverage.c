/* SPDX-License-Identifier: Apache-2.0 */
/* Coverage by group: of those seen, how many were eligible, got a result, and have a reference. Unknown is a group like any
 * other. */
#include <stdio.h>
#include <string.h>

#include "plugin/report/plot/plot.h"

enum { LABEL = 40, FIRST = 318, STEP = 316, BAR = 108, STAGES = 4, EDGE = 1560 };

static const struct {
    const char *name, *of, *head;
} stages[STAGES] = {{"seen", NULL, "seen (of everyone)"},
                    {"eligible", "seen", "eligible (of seen)"},
                    {"resulted", "eligible", "result (of eligible)"},
                    {"referenced", "resulted", "reference (of results)"}};

/* Rows as in the forest plots. The metric does not matter here, so that a finding without any still has its coverage. */
static void draw_row(struct es_canvas *canvas, const struct es_forest_row *row, const cJSON *everyone, double top)
{
    const double base = top + 30;
    if (row->heading) {
        es_canvas_box(canvas, LABEL - 12, top + 2, EDGE - LABEL + 24, ES_PLOT_ROW - 4, ES_INK_LIGHT);
        es_canvas_text(canvas, LABEL, base, FIRST - LABEL, ES_LEFT, ES_PLOT_TEXT, true, ES_INK_BLACK, row->label);
        return;
    }
    const cJSON *funnel = cJSON_GetObjectItemCaseSensitive(row->group, "funnel");
    const bool unknown = es_view_unknown(cJSON_GetObjectItemCaseSensitive(row->group, "group"));
    es_canvas_text(canvas, LABEL + 24, base, FIRST - LABEL - 36, ES_LEFT, ES_PLOT_TEXT, false, ES_INK_BLACK, row->label);
    for (int i = 0; i < STAGES; i++) {
        const struct es_view_count part = es_view_count(funnel, stages[i].name);
        const struct es_view_count whole = stages[i].of ? es_view_count(funnel, stages[i].of) : es_view_count(everyone, "seen");
        const double x = FIRST + STEP * i;
        char count[40], percent[16], text[64];
        if (part.shown == ES_SHOWN_NUMBER && whole.shown == ES_SHOWN_NUMBER && whole.n) {
            const double share = part.n < whole.n ? (double)part.n / (double)whole.n : 1.0;
            es_canvas_box(canvas, x, top + 11, BAR, 22, ES_INK_GRID);
            es_canvas_box(canvas, x, top + 11, BAR * share, 22, unknown ? ES_INK_GREY : ES_INK_BLUE);
        }
        es_view_count_text(part, count, sizeof count);
        es_view_percent(part, whole, percent, sizeof percent);
        if (strcmp(percent, "--") == 0) (void)snprintf(text, sizeof text, "%s", count);
        else (void)snprintf(text, sizeof text, "%s (%s)", count, percent);
        es_canvas_text(canvas, x + BAR + 12, base, STEP - BAR - 24, ES_LEFT, 23, false,
                       part.shown == ES_SHOWN_NUMBER ? ES_INK_BLACK : ES_INK_GREY, text);
    }
}

enum es_errc es_plot_coverage(const cJSON *release, const struct es_view_finding *at, struct es_bytes *out,
                              struct es_error *err)
{
    struct es_forest forest;
    struct es_canvas *canvas = NULL;
    struct es_plot_frame frame;
    const cJSON *everyone = NULL;
    enum es_errc rc = es_forest_make(&forest, release, at, "", err);
    if (rc) return rc;
    const double top = ES_PLOT_HEAD + 56, bottom = top + ES_PLOT_ROW * (double)forest.count;
    const uint32_t height = (uint32_t)bottom + ES_PLOT_FOOT;
    rc = es_canvas_new(&canvas, height, err);
    if (rc) goto out;
    es_plot_frame_make(&frame, release, at, "Coverage by group");
    es_plot_frame_draw(canvas, &frame, height);
    for (int i = 0; i < STAGES; i++)
        es_canvas_text(canvas, FIRST + STEP * i, ES_PLOT_HEAD + 36, STEP - 12, ES_LEFT, ES_PLOT_TEXT, true, ES_INK_BLACK,
                       stages[i].head);
    for (size_t i = 0; i < forest.count; i++) {
        const cJSON *levels = forest.rows[i].group ? cJSON_GetObjectItemCaseSensitive(forest.rows[i].group, "group") : NULL;
        if (levels && es_view_axes(levels) == 0) everyone = cJSON_GetObjectItemCaseSensitive(forest.rows[i].group, "funnel");
        draw_row(canvas, &forest.rows[i], everyone, top + ES_PLOT_ROW * (double)i);
    }
    rc = es_plot_write(canvas, release, at, frame.title, out, err);
out:
    es_canvas_free(canvas);
    es_forest_clear(&forest);
    return rc;
}
