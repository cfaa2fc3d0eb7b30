/* SPDX-License-Identifier: Apache-2.0 */
/* Who is in the data against the reference population, at each step of the funnel (METRICS G1), read from the disclosed groups:
 * a level whose count is suppressed shows no share. In the sums over levels such ones go together as one, which a reader could
 * reckon from what is shown; a step whose total or unknowns are suppressed is suppressed as a whole. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/representation.h"
#include "plugin/config/population.h"
#include "plugin/report/build/build.h"
#include "plugin/report/view.h"

static const char *const steps[] = {"seen", "eligible", "resulted", "referenced"};

/** One axis at one step. */
struct census {
    const char *level[ES_MAX_LEVELS];
    double reference[ES_MAX_LEVELS];
    bool referenced[ES_MAX_LEVELS]; /* the reference names it */
    struct es_view_count x[ES_MAX_LEVELS];
    size_t count;
    struct es_view_count unknown, everyone;
};

static size_t place(struct census *c, const char *level)
{
    size_t i = 0;
    while (i < c->count && strcmp(c->level[i], level) != 0) i++;
    if (i == c->count && i < ES_MAX_LEVELS) {
        c->x[i] = (struct es_view_count){ES_SHOWN_NUMBER, 0}; /* a level that nobody has */
        c->level[c->count++] = level;
    }
    return i;
}

static void take(struct census *c, const struct es_report *report, size_t axis, const cJSON *groups, const char *step)
{
    const cJSON *group;
    const char *name = report->config->axes[axis].name;
    for (size_t i = 0; i < report->config->population->count; i++) {
        const struct es_population_row *row = &report->config->population->rows[i];
        if (row->axis != axis) continue;
        const size_t at = place(c, row->level);
        if (at == ES_MAX_LEVELS) continue;
        c->reference[at] = row->share;
        c->referenced[at] = true;
    }
    cJSON_ArrayForEach(group, groups)
    {
        const cJSON *key = cJSON_GetObjectItemCaseSensitive(group, "group");
        const struct es_view_count n = es_view_count(cJSON_GetObjectItemCaseSensitive(group, "funnel"), step);
        if (es_view_axes(key) == 0) c->everyone = n;
        if (es_view_axes(key) != 1 || strcmp(key->child->string, name) != 0) continue;
        if (strcmp(key->child->valuestring, "unknown") == 0) {
            c->unknown = n;
        } else {
            const size_t at = place(c, key->child->valuestring);
            if (at < ES_MAX_LEVELS) c->x[at] = n;
        }
    }
}

/** Counts for the comparison: shown levels, then the suppressed ones together. @return how many; 0 when totals are suppressed */
static uint32_t counts(const struct census *c, uint64_t x[ES_MAX_LEVELS + 1], double reference[ES_MAX_LEVELS + 1], bool *together)
{
    uint64_t rest = 0;
    double share = 0;
    uint32_t n = 0;
    *together = false;
    if (c->everyone.shown != ES_SHOWN_NUMBER || c->unknown.shown == ES_SHOWN_SUPPRESSED) return 0;
    if (c->everyone.n < c->unknown.n) return 0; /* rounded apart */
    rest = c->everyone.n - c->unknown.n;
    for (size_t i = 0; i < c->count; i++) {
        if (c->x[i].shown != ES_SHOWN_NUMBER) {
            share += c->reference[i];
            *together = true;
            continue;
        }
        x[n] = c->x[i].n;
        reference[n++] = c->reference[i];
        rest -= c->x[i].n < rest ? c->x[i].n : rest;
    }
    if (*together) {
        x[n] = rest;
        reference[n++] = share;
    }
    return n;
}

static void one_level(struct es_tree *t, cJSON *list, const struct census *c, size_t i, const struct es_share *share, uint64_t known)
{
    cJSON *out = es_tree_object(t, list, NULL);
    es_tree_text(t, out, "level", c->level[i]);
    if (c->referenced[i]) es_tree_number(t, out, "reference", c->reference[i]);
    else es_tree_text(t, out, "reference", NULL);
    if (!share) {
        es_tree_text(t, out, "status", ES_SUPPRESSED_WORD);
        return;
    }
    const double all = (double)known + (double)c->unknown.n, x = (double)c->x[i].n;
    es_tree_text(t, out, "status", !c->referenced[i] || !(c->reference[i] > 0) ? "off_reference" : known ? "estimated" : "not_estimable");
    es_tree_count(t, out, "n", c->x[i].n);
    es_tree_number(t, out, "share", known ? x / (double)known : (double)NAN);
    es_tree_number(t, out, "ratio", share->ratio);
    es_tree_number(t, out, "lo", share->limits.lo);
    es_tree_number(t, out, "hi", share->limits.hi);
    es_tree_number(t, out, "residual", share->residual);
    if (share->shortfall_reachable) es_tree_count(t, out, "shortfall", share->shortfall);
    else es_tree_text(t, out, "shortfall", NULL);
    es_tree_number(t, out, "share_if_no_unknown", all > 0 ? x / all : (double)NAN);
    es_tree_number(t, out, "share_if_all_unknown", all > 0 ? (x + (double)c->unknown.n) / all : (double)NAN);
}

static void one_step(struct es_tree *t, cJSON *parent, const struct census *c, const char *step)
{
    uint64_t x[ES_MAX_LEVELS + 1], known = 0;
    double reference[ES_MAX_LEVELS + 1];
    struct es_share shares[ES_MAX_LEVELS + 1];
    struct es_representation all;
    bool together;
    const struct es_level level = es_level_default();
    cJSON *out = es_tree_object(t, parent, step);
    const uint32_t n = counts(c, x, reference, &together);
    if (n == 0 || !es_representation(x, reference, n, level.alpha, shares, &all)) {
        es_tree_text(t, out, "status", ES_SUPPRESSED_WORD);
        return;
    }
    for (uint32_t i = 0; i < n; i++) known += x[i];
    es_tree_text(t, out, "status", all.n ? "estimated" : "not_estimable");
    es_tree_count(t, out, "n", known);
    es_tree_count(t, out, "unknown", c->unknown.n);
    es_tree_count(t, out, "off_reference", all.off_reference);
    es_tree_bool(t, out, "suppressed_levels_together", together);
    es_tree_number(t, out, "chi2", all.chi2);
    es_tree_count(t, out, "df", all.df);
    es_tree_number(t, out, "p", all.p);
    es_tree_number(t, out, "p_exact", all.p_exact);
    es_tree_number(t, out, "min_expected", all.min_expected);
    es_tree_number(t, out, "js_distance", all.js_distance);
    cJSON *list = es_tree_array(t, out, "levels");
    for (size_t i = 0, k = 0; i < c->count; i++) one_level(t, list, c, i, c->x[i].shown == ES_SHOWN_NUMBER ? &shares[k++] : NULL, known);
}

static void one_axis(struct es_report *report, cJSON *list, const struct es_view_finding *at, size_t axis)
{
    struct es_tree *t = &report->tree;
    const struct es_population *population = report->config->population;
    size_t row = 0;
    while (row < population->count && population->rows[row].axis != axis) row++;
    if (row == population->count) return; /* no reference for this axis */
    cJSON *out = es_tree_object(t, list, NULL);
    es_tree_text(t, out, "model", at->model_name);
    es_tree_text_or_null(t, out, "version", at->version);
    es_tree_text(t, out, "finding", at->name);
    es_tree_count(t, out, "epoch", at->epoch_id);
    es_tree_text(t, out, "axis", report->config->axes[axis].name);
    es_tree_text_or_null(t, out, "source", population->rows[row].source);
    es_tree_text_or_null(t, out, "date", population->rows[row].date);
    cJSON *funnel = es_tree_object(t, out, "steps");
    for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++) {
        struct census census = {.count = 0};
        take(&census, report, axis, cJSON_GetObjectItemCaseSensitive(at->finding, "groups"), steps[s]);
        one_step(t, funnel, &census, steps[s]);
    }
}

void es_report_representation(struct es_report *report, cJSON *release)
{
    struct es_view_finding at = {0};
    cJSON *list = cJSON_GetObjectItemCaseSensitive(release, "representation");
    while (report->config->population && !report->tree.failed && es_view_next(release, &at))
        for (size_t a = 0; a < report->config->n_axes; a++) one_axis(report, list, &at, a);
}
