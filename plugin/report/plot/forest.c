/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/report/plot/forest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const es_forest_metrics[ES_FORESTS] = {"bias", "dice", "weighted_kappa", "lesion_sensitivity", "false_marks", "froc",
                                                   "sensitivity", "specificity", "auroc"};

bool es_forest_has(const struct es_view_finding *at, const char *metric)
{
    const cJSON *group = NULL;
    cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(at->finding, "groups"))
    {
        if (es_view_at(group, "metrics", metric)) return true;
    }
    return false;
}

void es_forest_value(const struct es_view_metric *metric, int decimals, char *out, size_t size)
{
    char value[40], lo[40], hi[40];
    es_view_fixed(metric->value, decimals, value, sizeof value);
    es_view_fixed(metric->lo, decimals, lo, sizeof lo);
    es_view_fixed(metric->hi, decimals, hi, sizeof hi);
    if (metric->status != ES_VIEW_ESTIMATED) (void)snprintf(out, size, "--");
    else if (!isfinite(metric->lo) || !isfinite(metric->hi)) (void)snprintf(out, size, "%s (no interval)", value);
    else (void)snprintf(out, size, "%s (%s to %s)", value, lo, hi);
}

void es_forest_remark(const struct es_view_metric *metric, char *out, size_t size)
{
    out[0] = '\0';
    if (metric->status == ES_VIEW_SUPPRESSED) (void)snprintf(out, size, "suppressed");
    if (metric->status == ES_VIEW_ABSENT) (void)snprintf(out, size, "not reported");
    if (metric->status == ES_VIEW_NOT_ESTIMABLE) es_utf8_clean(metric->words[0] ? metric->words : "not estimable", out, size);
}

void es_forest_verdict(const cJSON *comparison, char *out, size_t size)
{
    const char *verdict = es_view_string(comparison, "verdict"), *words = "";
    const double margin = es_view_number(comparison, "margin");
    char digits[40] = "";
    if (strcmp(verdict, "disparity") == 0) words = "disparity";
    else if (strcmp(verdict, "parity") == 0) words = "parity";
    else if (strcmp(verdict, "not_enough") == 0) words = "not enough to judge";
    else if (strcmp(es_view_string(comparison, "family"), "exploratory") == 0) words = "exploratory";
    else if (strcmp(es_view_string(comparison, "status"), "not_estimable") == 0) words = "not comparable";
    if (strcmp(words, "parity") == 0 && isfinite(margin)) es_view_fixed(margin, 2, digits, sizeof digits);
    (void)snprintf(out, size, "%s%s%s", words, digits[0] ? " within " : "", digits);
}

static const char *counted_by(const char *metric)
{
    if (strcmp(metric, "sensitivity") == 0) return "positives";
    if (strcmp(metric, "specificity") == 0) return "negatives";
    if (strcmp(metric, "lesion_sensitivity") == 0) return "lesions";
    return "cases";
}

static struct es_forest_row *add(struct es_forest *forest)
{
    if (forest->count == ES_MAX_FOREST_ROWS) {
        forest->left_out++;
        return NULL;
    }
    return &forest->rows[forest->count++];
}

/* Both limits or none: one alone would look like the other is there. */
static void add_agreement(struct es_forest *forest, struct es_forest_row *row, const char *metric)
{
    if (strcmp(metric, "bias") != 0 || row->metric.status != ES_VIEW_ESTIMATED) return;
    const struct es_view_metric lower = es_view_metric(row->group, "agreement_lower"), upper = es_view_metric(row->group, "agreement_upper");
    if (lower.status != ES_VIEW_ESTIMATED || upper.status != ES_VIEW_ESTIMATED) return;
    row->agreement[0] = lower.value;
    row->agreement[1] = upper.value;
    forest->agreement = true;
}

static void add_group(struct es_forest *forest, const cJSON *group, const char *metric, const char *axis)
{
    struct es_forest_row *row = add(forest);
    if (!row) return;
    const cJSON *levels = cJSON_GetObjectItemCaseSensitive(group, "group");
    *row = (struct es_forest_row){.group = group, .metric = es_view_metric(group, metric), .agreement = {NAN, NAN}};
    add_agreement(forest, row, metric);
    if (axis) es_utf8_clean(es_view_string(levels, axis), row->label, sizeof row->label);
    else es_view_label(levels, row->label, sizeof row->label);
    es_forest_remark(&row->metric, row->remark, sizeof row->remark);
    const cJSON *floor = es_view_at(group, "against_floor", metric);
    row->below_floor = strcmp(es_view_string(floor, "verdict"), "below") == 0;
    if (isfinite(es_view_number(floor, "floor"))) forest->floor = es_view_number(floor, "floor");
    if (!axis) forest->everyone = row->metric.value;
    es_forest_verdict(es_view_at(group, "against_rest", metric), row->verdict, sizeof row->verdict);
}

/* Groups of one axis, in the release's order, under a heading that stands only when there is one. */
static void add_axis(struct es_forest *forest, const cJSON *groups, const char *axis, const char *metric)
{
    const cJSON *group = NULL;
    bool headed = false;
    cJSON_ArrayForEach(group, groups)
    {
        const cJSON *levels = cJSON_GetObjectItemCaseSensitive(group, "group");
        if (es_view_axes(levels) != 1 || !cJSON_GetObjectItemCaseSensitive(levels, axis)) continue;
        struct es_forest_row *row = headed ? NULL : add(forest);
        if (row) {
            *row = (struct es_forest_row){.heading = axis};
            es_utf8_clean(axis, row->label, sizeof row->label);
        }
        headed = true;
        add_group(forest, group, metric, axis);
    }
}

static void widen(struct es_forest *forest, double value)
{
    if (!isfinite(value)) return;
    forest->lo = isnan(forest->lo) ? value : fmin(forest->lo, value);
    forest->hi = isnan(forest->hi) ? value : fmax(forest->hi, value);
}

/* Axis ends on round numbers that hold everything drawn, and at most ES_FOREST_TICKS - 1 steps between them. Ends are kept as
 * whole multiples of the step, so that ticks print as the round numbers they are. */
static void make_axis(struct es_forest *forest)
{
    static const double steps[] = {1, 2, 5};
    bool interval = false;
    forest->lo = forest->hi = NAN;
    for (size_t i = 0; i < forest->count; i++) {
        const struct es_view_metric *metric = &forest->rows[i].metric;
        if (!forest->rows[i].group || metric->status != ES_VIEW_ESTIMATED) continue;
        interval |= isfinite(metric->lo);
        widen(forest, metric->value);
        widen(forest, metric->lo);
        widen(forest, metric->hi);
        widen(forest, forest->rows[i].agreement[0]);
        widen(forest, forest->rows[i].agreement[1]);
    }
    if (forest->agreement) widen(forest, 0);
    /* Without an interval nothing shows how much of a difference is chance: a share is drawn on its whole range, so that none looks large.
     * So is a plot without any value. */
    if (!interval && !(forest->lo < 0) && !(forest->hi > 1)) {
        widen(forest, 0);
        widen(forest, 1);
    }
    widen(forest, forest->floor);
    const double margin = 1e-9; /* 0.3 / 0.1 is a little below 3 */
    double unit = 0.01;
    for (size_t i = 0; isfinite(unit); i++) {
        if (i > 0 && i % 3 == 0) unit *= 10;
        const double step = steps[i % 3] * unit, first = floor(forest->lo / step + margin), last = fmax(ceil(forest->hi / step - margin), first + 1.0);
        if (!(last - first <= 7.0)) continue;
        forest->decimals = step < 0.1 ? 2 : step < 1.0 ? 1 : 0;
        forest->n_ticks = 0;
        for (double k = first; k <= last; k += 1.0) forest->ticks[forest->n_ticks++] = k * step;
        forest->lo = first * step;
        forest->hi = last * step;
        forest->label_every = forest->decimals > 1 && forest->n_ticks > 5 ? 2 : 1;
        return;
    }
    forest->n_ticks = 0; /* not reached: values are finite */
}

double es_forest_at(const struct es_forest *forest, double value)
{
    const double at = (value - forest->lo) / (forest->hi - forest->lo);
    return at < 0.0 ? 0.0 : at > 1.0 ? 1.0 : at;
}

enum es_errc es_forest_make(struct es_forest *out, const cJSON *release, const struct es_view_finding *at, const char *metric,
                            struct es_error *err)
{
    struct es_forest forest = {.everyone = NAN, .floor = NAN, .n_title = counted_by(metric)};
    forest.rows = calloc(ES_MAX_FOREST_ROWS, sizeof *forest.rows);
    if (!forest.rows) return es_fail(err, ES_E_MEMORY, "forest plot: out of memory for %d rows", ES_MAX_FOREST_ROWS);
    const cJSON *groups = cJSON_GetObjectItemCaseSensitive(at->finding, "groups"), *group = NULL, *axis = NULL;
    cJSON_ArrayForEach(group, groups)
    {
        const cJSON *levels = cJSON_GetObjectItemCaseSensitive(group, "group");
        if (levels && es_view_axes(levels) == 0) add_group(&forest, group, metric, NULL);
    }
    cJSON_ArrayForEach(axis, cJSON_GetObjectItemCaseSensitive(release, "axes"))
        add_axis(&forest, groups, es_view_string(axis, "name"), metric);
    make_axis(&forest);
    bool aware = false;
    for (size_t i = 0; i < forest.count; i++) aware = aware || forest.rows[i].metric.ai_aware;
    const char *units = es_view_units(release, at, metric);
    (void)snprintf(forest.title, sizeof forest.title, "%.80s%s%.16s%s%s", es_view_title(release, metric), units[0] ? " (" : "", units,
                   units[0] ? ")" : "", aware ? ": agreement with an AI-aware reference" : "");
    *out = forest;
    return ES_OK;
}

void es_forest_clear(struct es_forest *forest)
{
    free(forest->rows);
    *forest = (struct es_forest){0};
}
