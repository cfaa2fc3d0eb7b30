/* SPDX-License-Identifier: Apache-2.0 */
/* Weak groups that nobody named: every conjunction of up to three levels with enough cases, on both rates, ranked by the harm that is
 * sure. Both rates are one family of Benjamini and Hochberg. What is found is a question for the next plan, never a verdict. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/multiplicity.h"
#include "metrics/search.h"
#include "plugin/report/disclosure/disclosure.h"
#include "plugin/report/view.h"

enum { DEPTH = 3, MOST = 20 /* listed */ };

/** Both searches, and what is listed of them. */
struct hunt {
    struct es_search search[2];
    const struct es_weak_group *listed[MOST];
    enum es_rate rate[MOST];
    size_t n, searched, found, inherited;
};

static bool correct(struct hunt *h)
{
    const size_t n = h->search[0].count, all = n + h->search[1].count;
    double *p = calloc(2 * all + 1, sizeof *p), *adjusted = p + all;
    uint32_t *scratch = calloc(all + 1, sizeof *scratch);
    const bool fits = p && scratch;
    for (size_t i = 0; fits && i < all; i++) p[i] = i < n ? h->search[0].found[i].p : h->search[1].found[i - n].p;
    if (fits) es_benjamini_hochberg(p, all, scratch, adjusted);
    for (size_t i = 0; fits && i < all; i++) (i < n ? &h->search[0].found[i] : &h->search[1].found[i - n])->p_adjusted = adjusted[i];
    free(p);
    free(scratch);
    return fits;
}

/** Merge the two rankings; sensitivity first where they are level. */
static void pick(struct hunt *h, double alpha)
{
    size_t at[2] = {0, 0};
    h->searched = h->search[0].count + h->search[1].count;
    while (at[0] < h->search[0].count || at[1] < h->search[1].count) {
        const struct es_weak_group *a = at[0] < h->search[0].count ? &h->search[0].found[at[0]] : NULL;
        const struct es_weak_group *b = at[1] < h->search[1].count ? &h->search[1].found[at[1]] : NULL;
        const bool first = a && (!b || a->harm_least >= b->harm_least);
        const struct es_weak_group *w = first ? a : b;
        at[first ? 0 : 1]++;
        if (!(w->p_adjusted <= alpha)) continue;
        h->found++;
        h->inherited += !w->adds;
        if (!w->adds || h->n == MOST) continue;
        h->rate[h->n] = first ? ES_RATE_SENSITIVITY : ES_RATE_SPECIFICITY;
        h->listed[h->n++] = w;
    }
}

static void group_object(struct es_report *report, cJSON *out, const struct es_weak_group *w)
{
    cJSON *group = es_tree_object(&report->tree, out, "group");
    for (uint8_t k = 0; k < w->grouping.n; k++)
        es_tree_text_as(&report->tree, group, report->config->axes[w->grouping.axis[k]].name,
                        es_report_level(report, w->grouping.axis[k], w->level[k]));
}

/** Does the plan name it? Then it has a verdict of its own, and stands here for completeness. */
static bool in_plan(const struct es_report *report, const struct es_weak_group *w)
{
    for (size_t i = 0; i < report->config->plan.n_groups; i++) {
        const struct es_plan_group *row = &report->config->plan.groups[i];
        uint8_t same = 0;
        for (uint8_t k = 0; k < w->grouping.n && row->n == w->grouping.n; k++)
            for (uint8_t j = 0; j < row->n; j++)
                if (row->axis[j] == w->grouping.axis[k] &&
                    (!row->level[j][0] || strcmp(row->level[j], es_report_level(report, row->axis[j], w->level[k])) == 0))
                    same++;
        if (same == w->grouping.n && report->plan_day != ES_NO_DAY) return true;
    }
    return false;
}

static void words_of(const struct es_metric *metric, const struct es_weak_group *w, char *out, size_t size)
{
    char group[24], rest[24], harm[24], lo[24], hi[24];
    es_view_fixed(w->group, 2, group, sizeof group);
    es_view_fixed(w->rest, 2, rest, sizeof rest);
    es_view_fixed(100 * w->harm, 1, harm, sizeof harm);
    es_view_fixed(100 * w->harm_least, 1, lo, sizeof lo);
    es_view_fixed(100 * w->harm_most, 1, hi, sizeof hi);
    snprintf(out, size, "%s: %s against %s; %s points worse, 95 %% %s to %s", metric->less, group, rest, harm, lo, hi);
}

static void entry(struct es_report *report, cJSON *list, const struct es_weak_group *w, enum es_rate rate)
{
    struct es_tree *t = &report->tree;
    char words[200];
    const struct es_metric *metric = es_metric_find(es_rate_name(rate));
    cJSON *out = es_tree_object(t, list, NULL);
    group_object(report, out, w);
    words_of(metric, w, words, sizeof words);
    es_tree_text(t, out, "metric", metric->name);
    es_tree_number(t, out, "group_value", w->group);
    es_tree_number(t, out, "rest_value", w->rest);
    es_tree_number(t, out, "harm", w->harm);
    es_tree_number(t, out, "harm_least", w->harm_least);
    es_tree_number(t, out, "harm_most", w->harm_most);
    es_tree_number(t, out, "p", w->p);
    es_tree_number(t, out, "p_adjusted", w->p_adjusted);
    es_tree_count(t, out, "n", w->sums.group.n);
    es_tree_count(t, out, "patients", w->sums.group.patients);
    es_tree_bool(t, out, "in_plan", in_plan(report, w));
    es_tree_text(t, out, "words", words);
    cJSON *people = es_tree_object(t, out, ES_HIDDEN);
    es_tree_count(t, people, "patients_rest", w->sums.rest.patients);
}

/** What was looked at and what is listed, in words; after disclosure too. */
static void tell(struct es_tree *t, cJSON *out)
{
    char text[640], searched[24], more[160] = "";
    const double found = es_view_number(out, "found"), hidden = es_view_number(out, "not_shown");
    const double listed = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(out, "weak_groups"));
    const double inherited = es_view_number(out, "inherited"), beyond = es_view_number(out, "beyond_list");
    int at = 0;
    es_view_grouped((uint64_t)es_view_number(out, "searched"), searched, sizeof searched);
    if (inherited > 0) at += snprintf(more + at, sizeof more - (size_t)at, "; %.0f more only inherit it from a wider group", inherited);
    if (beyond > 0) at += snprintf(more + at, sizeof more - (size_t)at, "; %.0f more not listed", beyond);
    if (hidden > 0) snprintf(more + at, sizeof more - (size_t)at, "; %.0f not shown", hidden);
    if (found > 0)
        snprintf(text, sizeof text,
                 "%s comparisons of groups of up to %d attributes were searched; %.0f do worse than the rest at a false discovery rate of "
                 "5 %%, %.0f listed%s. Not planned, no verdict: a question for the next plan.",
                 searched, DEPTH, found, listed, more);
    else
        snprintf(text, sizeof text,
                 "%s comparisons of groups of up to %d attributes were searched; none can be told to do worse than the rest at a false "
                 "discovery rate of 5 %%, which is not evidence that none does.",
                 searched, DEPTH);
    es_tree_set(t, out, "words", cJSON_CreateString(text));
}

static bool search(struct es_report *report, const struct es_sheet *sheet, struct hunt *h)
{
    const struct es_plan *plan = &report->config->plan;
    for (int rate = ES_RATE_SENSITIVITY; rate <= ES_RATE_SPECIFICITY; rate++) {
        const struct es_search_plan own = {.rule = {.rate = (enum es_rate)rate, .exploratory = true},
                                           .depth = DEPTH,
                                           .min_cases = plan->min_cases ? plan->min_cases : 1,
                                           .min_patients = plan->min_patients,
                                           .alpha = es_level_default().alpha};
        if (!es_search_run(sheet, &own, &h->search[rate])) return false;
    }
    return correct(h);
}

enum es_errc es_report_weak(struct es_report *report, const struct es_sheet *sheet, cJSON *out, struct es_error *err)
{
    struct es_tree *t = &report->tree;
    struct hunt h = {0};
    const bool fits = search(report, sheet, &h);
    if (fits) {
        pick(&h, es_level_default().alpha);
        es_tree_count(t, out, "searched", h.searched);
        es_tree_count(t, out, "depth", DEPTH);
        es_tree_number(t, out, "false_discovery_rate", es_level_default().alpha);
        es_tree_count(t, out, "found", h.found);
        es_tree_count(t, out, "inherited", h.inherited);
        es_tree_count(t, out, "beyond_list", h.found - h.inherited - h.n);
        es_tree_count(t, out, "not_shown", 0);
        cJSON *list = es_tree_array(t, out, "weak_groups");
        for (size_t i = 0; i < h.n; i++) entry(report, list, h.listed[i], h.rate[i]);
        tell(t, out);
    }
    for (int i = 0; i < 2; i++) es_search_free(&h.search[i]);
    return fits && !t->failed ? ES_OK : es_fail(err, ES_E_MEMORY, "no memory to search %u rows for weak groups", sheet->rows);
}

/* ---- disclosure ---- */

static bool same_levels(const cJSON *a, const cJSON *b)
{
    const cJSON *level;
    if (es_view_axes(a) != es_view_axes(b)) return false;
    cJSON_ArrayForEach(level, a) if (strcmp(es_view_string(b, level->string), level->valuestring) != 0) return false;
    return true;
}

/** Does the report show this very comparison among its groups? */
static bool shown(const cJSON *finding, const cJSON *weak)
{
    const cJSON *group, *key = cJSON_GetObjectItemCaseSensitive(weak, "group");
    const char *metric = es_view_string(weak, "metric");
    cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(finding, "groups"))
    {
        if (!same_levels(key, cJSON_GetObjectItemCaseSensitive(group, "group"))) continue;
        const cJSON *c = es_view_at(group, "against_rest", metric);
        return es_view_metric(group, metric).status == ES_VIEW_ESTIMATED &&
               es_view_number(c, "group_value") == es_view_number(weak, "group_value") &&
               es_view_number(c, "rest_value") == es_view_number(weak, "rest_value");
    }
    return false;
}

static bool hide(const cJSON *finding, const cJSON *weak, const struct es_release_rule *rule)
{
    if (rule->kind == ES_DISCLOSE_NHS || rule->later) return true;
    if (rule->external && !shown(finding, weak)) return true;
    return es_release_small(rule, es_view_number(weak, "patients")) ||
           es_release_small(rule, es_view_number(cJSON_GetObjectItemCaseSensitive(weak, ES_HIDDEN), "patients_rest"));
}

void es_release_weak(struct es_tree *tree, cJSON *finding, const struct es_release_rule *rule)
{
    cJSON *out = cJSON_GetObjectItemCaseSensitive(finding, "exploratory");
    cJSON *list = cJSON_GetObjectItemCaseSensitive(out, "weak_groups"), *weak, *next;
    double hidden = 0;
    for (weak = list ? list->child : NULL; weak; weak = next) {
        next = weak->next;
        if (!hide(finding, weak, rule)) continue;
        cJSON_Delete(cJSON_DetachItemViaPointer(list, weak));
        hidden++;
    }
    if (hidden == 0) return;
    es_tree_set(tree, out, "not_shown", cJSON_CreateNumber(hidden));
    tell(tree, out);
}
