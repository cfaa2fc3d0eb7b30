/* SPDX-License-Identifier: Apache-2.0 */
/* Estimates, floors and comparisons under disclosure: a statistic must not tell what its counts may not. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/disclosure/disclosure.h"
#include "plugin/report/view.h"

static struct es_cell *row(const struct es_release_table *t, size_t group)
{
    return t->cells + group * ES_CELL_KEYS;
}

static bool estimated(const cJSON *metric)
{
    return strcmp(es_view_string(metric, "status"), "estimated") == 0;
}

/** A plain share x / n: its value and n tell x. Composites are RATIO too: Youden's index has no such interval, F1 no such n. */
static bool is_rate(const struct es_metric *m)
{
    return m && (m->kernel == ES_KERNEL_RATIO || m->kernel == ES_KERNEL_MEAN) && m->interval == ES_INTERVAL_WILSON_CLUSTERED && strcmp(m->name, "f1") != 0;
}

bool es_release_is_rate(const char *metric)
{
    return is_rate(es_metric_find(metric));
}

/** Made of the four cells of the confusion table. */
static bool of_confusion(const struct es_metric *m)
{
    return m && m->kernel == ES_KERNEL_RATIO && m->denominator != ES_PER_LESION && strcmp(m->name, "prevalence") != 0;
}

/** Does the value together with its n tell a cell of 1..floor-1 cases: those counted, or the others? */
static bool tells_a_cell(const struct es_release_rule *rule, double value, double n)
{
    const double x = nearbyint(value * n);
    return es_release_small(rule, x) || es_release_small(rule, n - x);
}

/** A mean that is a count over n: only what was counted can be few. */
static bool counts_marks(const struct es_metric *m)
{
    return m && strcmp(m->name, "false_marks") == 0;
}

/** The FROC score times 7 n is the sum of lesions found at its seven points: a sum of few could be few at each. */
static bool tells_misses(const struct es_release_rule *rule, double value, double n)
{
    const double found = 7 * value * n, missed = 7 * n - found;
    return (found > 0.5 && found < 7 * rule->floor - 0.5) || (missed > 0.5 && missed < 7 * rule->floor - 0.5);
}

/** Do the rates or means of a comparison tell a count of few, in this arm? */
static bool tells_arm(const struct es_release_rule *rule, const struct es_metric *m, double value, double n)
{
    if (counts_marks(m)) return es_release_small(rule, nearbyint(value * n));
    return is_rate(m) && tells_a_cell(rule, value, n);
}

static bool denominator_hidden(const struct es_metric *m, const struct es_cell *c, bool external)
{
    if (!m || c[ES_CELL_CASES].hidden) return true;
    /* A statistic of both classes rests on the smaller; a composite of rates would tell the hidden one. */
    const bool both = m->kernel == ES_KERNEL_RANK || m->kernel == ES_KERNEL_FIT || m->kernel == ES_KERNEL_CURVE ||
                      (m->kernel == ES_KERNEL_RATIO && !is_rate(m)) || (external && m->denominator == ES_PER_CASE);
    if (both) return c[ES_CELL_POSITIVES].hidden || c[ES_CELL_NEGATIVES].hidden;
    switch (m->denominator) {
    case ES_PER_POSITIVE: return c[ES_CELL_POSITIVES].hidden;
    case ES_PER_NEGATIVE: return c[ES_CELL_NEGATIVES].hidden;
    case ES_PER_ALERT: return c[ES_CELL_ALERTS].hidden;
    case ES_PER_NON_ALERT: return c[ES_CELL_NON_ALERTS].hidden;
    default: return false;
    }
}

static bool must_hide(const struct es_release_table *t, const cJSON *metric, const struct es_cell *c)
{
    const struct es_metric *m = es_metric_find(metric->string);
    const double n = es_view_number(metric, "n"), patients = es_view_number(metric, "patients");
    if (denominator_hidden(m, c, t->rule.external)) return true;
    if (es_release_small(&t->rule, t->rule.kind == ES_DISCLOSE_NHS ? n : patients)) return true;
    const bool cells = t->rule.external || t->rule.kind == ES_DISCLOSE_NHS;
    if (!cells) return false;
    if (of_confusion(m) && (c[ES_CELL_TP].held || c[ES_CELL_FN].held || c[ES_CELL_FP].held || c[ES_CELL_TN].held)) return true;
    if (t->rule.kind == ES_DISCLOSE_FLOOR && of_confusion(m) && (c[ES_CELL_TP].hidden || c[ES_CELL_TN].hidden)) return true;
    if (t->rule.kind == ES_DISCLOSE_FLOOR && es_release_measures_hidden(m->name, c)) return true;
    if (t->rule.kind == ES_DISCLOSE_FLOOR && es_release_leftovers_hidden(m->name, c)) return true;
    if (counts_marks(m)) return es_release_small(&t->rule, nearbyint(es_view_number(metric, "value") * n));
    if (strcmp(m->name, "froc") == 0) return tells_misses(&t->rule, es_view_number(metric, "value"), n);
    if (!is_rate(m)) return false;
    /* Under the NHS rule the rate is made of rounded counts, so only the count itself matters. */
    if (t->rule.kind == ES_DISCLOSE_NHS) return es_release_small(&t->rule, nearbyint(es_view_number(metric, "value") * n));
    return tells_a_cell(&t->rule, es_view_number(metric, "value"), n);
}

static void suppress(struct es_tree *tree, cJSON *metrics, const char *name)
{
    cJSON *out = cJSON_CreateObject();
    es_tree_text(tree, out, "status", ES_SUPPRESSED_WORD);
    es_tree_set(tree, metrics, name, out);
}

/** Figures of levels or lesions of which one is hidden: the others go too. */
static void hide_family(struct es_tree *tree, cJSON *metrics)
{
    cJSON *metric, *other, *next;
    cJSON_ArrayForEach(metric, metrics)
    {
        if (strcmp(es_view_string(metric, "status"), ES_SUPPRESSED_WORD) != 0) continue;
        for (other = metrics->child; other; other = next) {
            next = other->next;
            if (strcmp(es_view_string(other, "status"), ES_SUPPRESSED_WORD) != 0 && es_release_measures_family(metric->string, other->string))
                suppress(tree, metrics, other->string); /* that a figure cannot be made tells something too */
        }
    }
}

/** Sensitivity as deployed adds cases that the table has not: without it the table is told as before. */
static bool tells_the_table(const cJSON *metric)
{
    return of_confusion(es_metric_find(metric->string)) && strcmp(metric->string, "sensitivity_all_eligible") != 0;
}

/** The four cells of the confusion table follow from any three rates: one hidden rate hides them all, but the case mix. */
static void hide_confusion(struct es_tree *tree, cJSON *metrics)
{
    cJSON *metric, *next;
    bool any = false;
    cJSON_ArrayForEach(metric, metrics)
        any |= tells_the_table(metric) && strcmp(es_view_string(metric, "status"), ES_SUPPRESSED_WORD) == 0;
    for (metric = any ? metrics->child : NULL; metric; metric = next) {
        next = metric->next;
        if (of_confusion(es_metric_find(metric->string)) && estimated(metric))
            suppress(tree, metrics, metric->string);
    }
}

static void set_number(struct es_tree *tree, cJSON *object, const char *name, double value)
{
    if (cJSON_GetObjectItemCaseSensitive(object, name))
        es_tree_set(tree, object, name, isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

/** NHS: rates from rounded counts, other statistics to two places, no intervals. */
static double rounded_rate(const struct es_metric *m, double value, double n)
{
    if (!is_rate(m)) return nearbyint(value * 100) / 100;
    const double x = es_release_round5(nearbyint(value * n)), whole = es_release_round5(n);
    return whole > 0 ? fmin(1, x / whole) : (double)NAN;
}

static void round_metric(struct es_tree *tree, cJSON *metric)
{
    const double n = es_view_number(metric, "n");
    set_number(tree, metric, "value", rounded_rate(es_metric_find(metric->string), es_view_number(metric, "value"), n));
    set_number(tree, metric, "lo", NAN);
    set_number(tree, metric, "hi", NAN);
    set_number(tree, metric, "n", es_release_round5(n));
    set_number(tree, metric, "patients", es_release_round5(es_view_number(metric, "patients")));
}

static void estimates(struct es_tree *tree, struct es_release_table *t, size_t g)
{
    cJSON *metric, *next, *metrics = cJSON_GetObjectItemCaseSensitive(t->group[g], "metrics");
    const bool strict = t->rule.external && t->rule.kind == ES_DISCLOSE_FLOOR;
    for (metric = metrics ? metrics->child : NULL; metric; metric = next) {
        next = metric->next;
        const bool told = estimated(metric);
        if (row(t, g)[ES_CELL_CASES].hidden || (told && must_hide(t, metric, row(t, g))) || es_release_figure_held(t, g, metric) ||
            (!told && es_release_small(&t->rule, es_view_number(metric, "n"))) ||
            (!told && strict && es_release_leftovers_hidden(metric->string, row(t, g)))) /* its n is printed all the same */
            suppress(tree, metrics, metric->string);
    }
    cJSON_ArrayForEach(metric, metrics) /* of use to staff who compare with published figures; it would tell how patients repeat */
        if (t->rule.external || t->rule.kind == ES_DISCLOSE_NHS) cJSON_DeleteItemFromObjectCaseSensitive(metric, "unclustered");
    if (strict) {
        hide_confusion(tree, metrics);
        hide_family(tree, metrics);
    }
    if (t->rule.kind != ES_DISCLOSE_NHS) return;
    cJSON_ArrayForEach(metric, metrics)
    {
        if (estimated(metric)) round_metric(tree, metric);
        else set_number(tree, metric, "n", es_release_round5(es_view_number(metric, "n"))); /* not estimable: n is a count all the same */
    }
}

/** One level's statistic follows from the others' and the total's: a single hidden one of a line hides the next smallest. */
static bool complete_line(struct es_tree *tree, struct es_release_table *t, const struct es_release_line *line, const char *name)
{
    size_t hidden = 0;
    cJSON *least = NULL;
    double least_n = INFINITY;
    for (size_t i = 0; i < line->n; i++) {
        cJSON *metrics = cJSON_GetObjectItemCaseSensitive(t->group[t->members[line->first + i]], "metrics");
        const cJSON *metric = cJSON_GetObjectItemCaseSensitive(metrics, name);
        if (strcmp(es_view_string(metric, "status"), ES_SUPPRESSED_WORD) == 0) hidden++;
        if (estimated(metric) && es_view_number(metric, "n") < least_n) {
            least_n = es_view_number(metric, "n");
            least = metrics;
        }
    }
    if (hidden != 1 || !least) return false;
    suppress(tree, least, name);
    if (of_confusion(es_metric_find(name))) hide_confusion(tree, least);
    hide_family(tree, least);
    return true;
}

static void complete(struct es_tree *tree, struct es_release_table *t)
{
    for (bool changed = true; changed && !tree->failed;) {
        changed = false;
        for (size_t l = 0; l < t->n_lines; l++)
            for (size_t m = 0; m < es_metrics_count; m++) changed |= complete_line(tree, t, &t->lines[l], es_metrics[m].name);
    }
}

static bool metric_hidden(const cJSON *group, const char *name)
{
    const cJSON *metric = es_view_at(group, "metrics", name);
    return metric && strcmp(es_view_string(metric, "status"), ES_SUPPRESSED_WORD) == 0;
}

/** A rest is what is known to be outside a group. Everyone less the group and less those whose level is unknown is printed nowhere, so that
 * it tells an outsider of levels that are hidden, unless those of unknown level are shown (or nobody). */
static bool rest_is_new(const struct es_release_table *t, const cJSON *group, const char *metric)
{
    const cJSON *key = cJSON_GetObjectItemCaseSensitive(group, "group");
    if (t->rule.kind != ES_DISCLOSE_FLOOR || !t->rule.external) return false;
    for (size_t g = 0; g < t->groups; g++) {
        const cJSON *other = cJSON_GetObjectItemCaseSensitive(t->group[g], "group"), *axis;
        size_t shared = 0;
        const bool hidden = metric_hidden(t->group[g], metric) || es_release_before_hidden(metric, row(t, g));
        if (!es_view_unknown(other) || !hidden || !(row(t, g)[ES_CELL_CASES].value > 0)) continue;
        cJSON_ArrayForEach(axis, other) shared += cJSON_GetObjectItemCaseSensitive(key, axis->string) != NULL;
        if (shared == (size_t)cJSON_GetArraySize(other)) return true;
    }
    return false;
}

/** After an earlier release, a rest may be a level that is held, or a sum of such. */
static bool rest_is_held(const struct es_release_table *t, const cJSON *group, const char *metric)
{
    const cJSON *key = cJSON_GetObjectItemCaseSensitive(group, "group");
    if (t->n_then == 0) return false;
    for (size_t g = 0; g < t->groups; g++) {
        const cJSON *other = cJSON_GetObjectItemCaseSensitive(t->group[g], "group"), *a = key->child, *b = other->child;
        while (a && b && strcmp(a->string, b->string) == 0) a = a->next, b = b->next;
        if (((!a && !b) || !other->child) && metric_hidden(t->group[g], metric)) return true;
    }
    return false;
}

/** Are the cases that bear verdicts, beside all cases, a secret of this group? */
static bool before_hidden(const struct es_release_table *t, size_t g, const char *metric)
{
    return t->rule.kind == ES_DISCLOSE_FLOOR && t->rule.external && es_release_before_hidden(metric, row(t, g));
}

static void floors(struct es_tree *tree, struct es_release_table *t, size_t g)
{
    cJSON *group = t->group[g];
    cJSON *entry, *next, *list = cJSON_GetObjectItemCaseSensitive(group, "against_floor");
    for (entry = list ? list->child : NULL; entry; entry = next) {
        next = entry->next;
        const cJSON *hidden = cJSON_GetObjectItemCaseSensitive(entry, ES_HIDDEN);
        const double n = es_view_number(hidden, "n"), patients = es_view_number(hidden, "patients");
        const struct es_metric *m = es_metric_find(entry->string);
        const bool small = es_release_small(&t->rule, patients) ||
                           (t->rule.external && tells_arm(&t->rule, m, es_view_number(entry, "value"), n));
        if (metric_hidden(group, entry->string) || small || before_hidden(t, g, entry->string)) {
            cJSON_DeleteItemFromObjectCaseSensitive(list, entry->string);
        } else if (t->rule.kind == ES_DISCLOSE_NHS) {
            set_number(tree, entry, "value", rounded_rate(m, es_view_number(entry, "value"), n));
            set_number(tree, entry, "lo", NAN);
            set_number(tree, entry, "hi", NAN);
        }
    }
}

static void withhold(struct es_tree *tree, cJSON *list, const cJSON *comparison)
{
    const bool primary = strcmp(es_view_string(comparison, "family"), "primary") == 0;
    cJSON *out = cJSON_CreateObject();
    es_report_not_estimable(tree, out, ES_TOO_SMALL_TO_SHOW);
    es_tree_text(tree, out, "family", primary ? "primary" : "exploratory");
    es_tree_set(tree, list, comparison->string, out);
}

static void round_comparison(struct es_tree *tree, cJSON *c, const cJSON *hidden)
{
    char words[240];
    const struct es_metric *m = es_metric_find(c->string);
    const double group = rounded_rate(m, es_view_number(c, "group_value"), es_view_number(hidden, "n_group"));
    const double rest = rounded_rate(m, es_view_number(c, "rest_value"), es_view_number(hidden, "n_rest"));
    es_report_words(words, sizeof words, m, group, rest, group - rest, NAN, NAN, 95, false);
    set_number(tree, c, "difference", group - rest);
    set_number(tree, c, "group_value", group);
    set_number(tree, c, "rest_value", rest);
    set_number(tree, c, "p", NAN);
    set_number(tree, c, "p_adjusted", NAN);
    set_number(tree, c, "p_anytime", NAN);
    set_number(tree, c, "cases_needed", NAN);
    es_tree_set(tree, c, "intervals", cJSON_CreateArray());
    es_tree_set(tree, c, "words", cJSON_CreateString(words));
}

static void comparisons(struct es_tree *tree, struct es_release_table *t, size_t g)
{
    cJSON *group = t->group[g];
    cJSON *c, *next, *list = cJSON_GetObjectItemCaseSensitive(group, "against_rest");
    for (c = list ? list->child : NULL; c; c = next) {
        next = c->next;
        const cJSON *hidden = cJSON_GetObjectItemCaseSensitive(c, ES_HIDDEN);
        const double n = es_view_number(hidden, "n_rest"), people = es_view_number(hidden, "patients_rest");
        bool small = es_release_small(&t->rule, people) || es_release_small(&t->rule, es_view_number(hidden, "patients_group"));
        const struct es_metric *m = es_metric_find(c->string);
        if ((t->rule.external || t->rule.kind == ES_DISCLOSE_NHS) && hidden)
            small |= tells_arm(&t->rule, m, es_view_number(c, "rest_value"), n) ||
                     tells_arm(&t->rule, m, es_view_number(c, "group_value"), es_view_number(hidden, "n_group"));
        if (metric_hidden(group, c->string) || small || before_hidden(t, g, c->string) || rest_is_new(t, group, c->string) || rest_is_held(t, group, c->string)) {
            withhold(tree, list, c);
        } else {
            if (t->rule.kind == ES_DISCLOSE_NHS && hidden) round_comparison(tree, c, hidden);
            es_release_adjusted(tree, c, &t->rule);
            if (t->rule.external || t->rule.kind == ES_DISCLOSE_NHS) /* made of unverified cases by AI result, which are printed nowhere */
                cJSON_DeleteItemFromObjectCaseSensitive(c, "corrected");
            if (t->rule.external) es_release_need(tree, c);
        }
    }
}

void es_release_statistics(struct es_tree *tree, struct es_release_table *t)
{
    const bool strict = t->rule.external && t->rule.kind == ES_DISCLOSE_FLOOR, few = strict && es_release_compared_few(t);
    for (size_t g = 0; g < t->groups; g++) {
        cJSON *metric, *next, *metrics = cJSON_GetObjectItemCaseSensitive(t->group[g], "metrics");
        estimates(tree, t, g);
        for (metric = few ? metrics->child : NULL; metric; metric = next) {
            next = metric->next;
            if (estimated(metric) && es_release_tells_n(metric->string)) suppress(tree, metrics, metric->string);
        }
        if (few) hide_family(tree, metrics);
    }
    if (strict) complete(tree, t);
    for (size_t g = 0; few && g < t->groups; g++) es_release_compared_hide(tree, cJSON_GetObjectItemCaseSensitive(t->group[g], "metrics"));
    for (size_t g = 0; g < t->groups && !tree->failed; g++) {
        floors(tree, t, g);
        comparisons(tree, t, g);
    }
}
