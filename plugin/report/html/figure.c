/* SPDX-License-Identifier: Apache-2.0 */
/* Forest plots of the page: small inline SVG, whose numbers stand in the table that follows it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plugin/report/html/html.h"
#include "plugin/report/plot/forest.h"

/* In units of the viewBox; text is 13 of them high, so that a figure of a page's width prints at more than 9 points. */
enum { WIDTH = 564, LEFT = 116, PLOT = 206, VALUE = LEFT + PLOT + 14, COUNT = WIDTH - 2, ROW = 22, HEAD = 32, FOOT = 28 };

#define LABEL_CHARS 12  /* that LEFT has room for */
#define LABEL_MOST 34   /* past it a label is cut; the table has it whole */
#define REMARK_CHARS 33 /* that the plot has room for */
#define REMARK_WIDE 68  /* with the interval's column */
#define TITLE_CHARS 24

static int characters(const char *text)
{
    int count = 0;
    while (es_utf8_next(&text) != 0) count++;
    return count;
}

/* At most so many characters, the last an ellipsis when the text was longer. */
static const char *cut(const char *text, int most, char *out, size_t size)
{
    const bool whole = characters(text) <= most;
    size_t len = 0;
    for (int i = 0; i < (whole ? most : most - 1) && *text && len + 8 < size; i++)
        len += es_utf8_put(es_utf8_next(&text), out + len);
    (void)snprintf(out + len, size - len, "%s", whole ? "" : "\xe2\x80\xa6");
    return out;
}

/* What the labels need left of where the figure would begin; the view box starts that much further left. */
static int indent_for(const struct es_forest *forest)
{
    int longest = LABEL_CHARS;
    for (size_t i = 0; i < forest->count; i++) {
        const int length = characters(forest->rows[i].label);
        if (length > longest) longest = length;
    }
    return 8 *
           ((longest < LABEL_MOST ? longest : LABEL_MOST) - LABEL_CHARS); /* 13 units of DejaVu Sans advance by less than 8 */
}

static void text_at(struct es_page *page, int x, int y, const char *class, const char *text)
{
    es_page_putf(page, "<text x=\"%d\" y=\"%d\"%s%s%s>", x, y, class ? " class=\"" : "", class ? class : "", class ? "\"" : "");
    es_page_text(page, text);
    es_page_put(page, "</text>");
}

/* Tenths of a unit: fine enough for the eye, and the same digits everywhere. */
static void put_x(struct es_page *page, const struct es_forest *forest, double value)
{
    es_page_fixed(page, LEFT + PLOT * es_forest_at(forest, value), 1);
}

static void line(struct es_page *page, const struct es_forest *forest, double value, int top, int bottom, const char *class)
{
    if (!isfinite(value)) return;
    es_page_putf(page, "<path class=\"%s\" d=\"M", class);
    put_x(page, forest, value);
    es_page_putf(page, " %dV%d\"/>", top, bottom);
}

/* The band of the limits of agreement. */
static void band(struct es_page *page, const struct es_forest *forest, const struct es_forest_row *row, int y)
{
    if (!isfinite(row->agreement[0])) return;
    es_page_put(page, "<path class=\"la\" d=\"M");
    put_x(page, forest, row->agreement[0]);
    es_page_putf(page, " %dH", y);
    put_x(page, forest, row->agreement[1]);
    es_page_put(page, "\"/>");
}

static void marker(struct es_page *page, const struct es_forest *forest, const struct es_forest_row *row, int y)
{
    if (isfinite(row->metric.lo) && isfinite(row->metric.hi)) {
        es_page_putf(page, "<path class=\"%s\" d=\"M", row->below_floor ? "wb" : "w");
        put_x(page, forest, row->metric.lo);
        es_page_putf(page, " %dv8m0 -4H", y - 4);
        put_x(page, forest, row->metric.hi);
        es_page_put(page, "m0 -4v8\"/>");
    }
    const double x = LEFT + PLOT * es_forest_at(forest, row->metric.value);
    if (row->below_floor) { /* a square, so that colour is not all that tells it */
        es_page_put(page, "<rect class=\"pb\" x=\"");
        es_page_fixed(page, x - 5.0, 1);
        es_page_putf(page, "\" y=\"%d\" width=\"10\" height=\"10\"/>", y - 5);
        return;
    }
    es_page_putf(page, "<circle class=\"%s\" cx=\"", row->metric.few_patients ? "pf" : "p");
    es_page_fixed(page, x, 1);
    es_page_putf(page, "\" cy=\"%d\" r=\"5\"/>", y);
}

static void draw_row(struct es_page *page, const struct es_forest *forest, const struct es_forest_row *row, int top, int indent)
{
    const int base = top + 16;
    char text[200];
    if (row->heading) {
        text_at(page, 2 - indent, base, "h", cut(row->label, LABEL_MOST, text, sizeof text));
        return;
    }
    text_at(page, 12 - indent, base, NULL, cut(row->label, LABEL_MOST, text, sizeof text));
    if (row->remark[0]) {
        es_page_putf(page, "<rect class=\"bg\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>", LEFT + 1, top + 2, PLOT - 2,
                     ROW - 4);
        const bool suppressed = row->metric.status == ES_VIEW_SUPPRESSED, wide = !suppressed && strlen(row->remark) > REMARK_CHARS;
        text_at(page, LEFT + 6, base, "mu", cut(row->remark, wide ? REMARK_WIDE : REMARK_CHARS, text, sizeof text));
        if (!wide) text_at(page, VALUE, base, "mu", suppressed ? "suppressed" : "--"); /* else the words stand in its place */
    } else {
        band(page, forest, row, top + ROW / 2);
        marker(page, forest, row, top + ROW / 2);
        es_forest_value(&row->metric, 2, text, sizeof text);
        text_at(page, VALUE, base, NULL, text);
    }
    es_view_count_text(row->metric.n, text, sizeof text);
    if (row->metric.status != ES_VIEW_SUPPRESSED) text_at(page, COUNT, base, "e", text);
}

static void draw_axis(struct es_page *page, const struct es_forest *forest, int bottom)
{
    char text[80];
    for (size_t i = 0; i < forest->n_ticks; i++) {
        line(page, forest, forest->ticks[i], HEAD - 4, bottom, "g");
        if (i % forest->label_every) continue;
        es_view_fixed(forest->ticks[i], forest->decimals, text, sizeof text);
        es_page_put(page, "<text class=\"m\" x=\"");
        put_x(page, forest, forest->ticks[i]);
        es_page_putf(page, "\" y=\"%d\">", bottom + 18);
        es_page_text(page, text);
        es_page_put(page, "</text>");
    }
    line(page, forest, forest->everyone, HEAD - 4, bottom, "ev");
    line(page, forest, forest->floor, HEAD - 4, bottom, "fl");
    text_at(page, LEFT, 16, "h", cut(forest->title, TITLE_CHARS, text, sizeof text));
    text_at(page, VALUE, 16, "h", "95 % interval");
    text_at(page, COUNT, 16, "h e", forest->n_title);
}

static void caption(struct es_page *page, const struct es_view_finding *at, const struct es_forest *forest)
{
    es_page_put(page, "<figcaption>");
    es_page_text(page, forest->title);
    es_page_put(page, " by group: ");
    es_page_finding(page, at);
    es_page_put(page, ". Bar: 95 % interval. ");
    if (isfinite(forest->everyone)) es_page_put(page, "<span class=\"key ev\"></span> everyone. ");
    if (isfinite(forest->floor)) {
        es_page_put(page, "<span class=\"key fl\"></span> floor of the plan, ");
        es_page_fixed(page, forest->floor, 2);
        es_page_put(page, "; a square marks a group shown to be below it. ");
    }
    if (forest->agreement) es_page_put(page, "<span class=\"key la\"></span> limits of agreement: bias ± 1.96 SD of the differences, between which about 95 % lie when they are spread normally. ");
    es_page_put(page, "Hollow: rests on few patients.");
    if (forest->left_out) es_page_putf(page, " %zu more rows are in the table.", forest->left_out);
    es_page_put(page, "</figcaption>");
}

void es_html_forest(struct es_page *page, const cJSON *release, const struct es_view_finding *at, const char *metric)
{
    struct es_forest forest;
    const enum es_errc made = es_forest_make(&forest, release, at, metric, NULL);
    if (made) {
        if (!page->failed) page->failed = made;
        return;
    }
    const int bottom = HEAD + ROW * (int)forest.count, height = bottom + FOOT, indent = indent_for(&forest);
    es_page_putf(page, "<figure class=\"forest\"><svg viewBox=\"%d 0 %d %d\" role=\"img\" aria-label=\"", -indent,
                 WIDTH + indent, height);
    es_page_text(page, forest.title);
    es_page_put(page, " by group with intervals; the same numbers are in the table of figures below\">");
    draw_axis(page, &forest, bottom);
    for (size_t i = 0; i < forest.count; i++) draw_row(page, &forest, &forest.rows[i], HEAD + ROW * (int)i, indent);
    es_page_put(page, "</svg>");
    caption(page, at, &forest);
    es_page_put(page, "</figure>\n");
    es_forest_clear(&forest);
}
