/* SPDX-License-Identifier: Apache-2.0 */
/* Subtraction between releases (METRICS G2, last sentence; DESIGN 8): what outsiders were shown once is theirs to keep.
 *
 * A count that differs from one that an earlier release showed, in the same group of the same finding, by 1 to floor-1, or with fewer than
 * floor patients more or fewer behind it, is held: it is small, whatever its size, with all that keeps small counts from being worked out
 * (disclosure/cells.c, disclosure/audit.c). So no held count follows from its own release; and as both releases obey the same sums, it does not
 * follow from their differences either. What remains is a sum: where a total is shown both times, the hidden counts of its parts have changed
 * together by a number that can be worked out. That number, too, must be 0 or at least floor, or more is hidden.
 * Every earlier release is looked at, not only the last, and comparisons of versions with it (told.h). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/disclosure/disclosure.h"
#include "plugin/report/view.h"

/* ---- counts ---- */

static bool few(double a, double b, double floor)
{
    return a != b && fabs(a - b) < floor;
}

/** Two sums take the people of their largest part for theirs: their parts are looked at for themselves. */
static bool has_people(size_t key)
{
    return key != ES_CELL_ELIGIBLE && key != ES_CELL_RESULTED;
}

static bool differs_by_few(const struct es_release_rule *rule, const struct es_cell *c, double value, double people, size_t key)
{
    if (isnan(value) || c->value == value) return false;
    if (rule->kind == ES_DISCLOSE_NHS && es_release_round5(c->value) == es_release_round5(value)) return false; /* the same number is printed */
    return few(c->value, value, rule->floor) || (has_people(key) && fabs(c->people - people) < rule->floor);
}

/** A group that an earlier release did not have, beside groups of the same axes that it had: levels that were cut otherwise then. */
static bool cut_otherwise(const struct es_release_table *t, const struct es_release_then *then, size_t g, size_t key)
{
    const double value = t->cells[g * ES_CELL_KEYS + key].value;
    const cJSON *axes = cJSON_GetObjectItemCaseSensitive(t->group[g], "group"), *other;
    if (key != ES_CELL_CASES && key != ES_CELL_SEEN) return false;
    cJSON_ArrayForEach(other, cJSON_GetObjectItemCaseSensitive(then->finding, "groups"))
    {
        const cJSON *was = cJSON_GetObjectItemCaseSensitive(other, "group"), *a = axes->child, *b = was ? was->child : NULL;
        while (a && b && strcmp(a->string, b->string) == 0) a = a->next, b = b->next;
        const double n = key == ES_CELL_CASES ? es_view_number(other, "cases") : es_view_number(cJSON_GetObjectItemCaseSensitive(other, "funnel"), "seen");
        if (!a && !b && !isnan(n) && few(value, n, t->rule.floor)) return true;
    }
    return false;
}

void es_release_hold(struct es_release_table *t)
{
    for (size_t i = 0; i < t->n_then; i++)
        for (size_t g = 0; g < t->groups; g++)
            for (size_t k = 0; k < ES_CELL_KEYS; k++) {
                struct es_cell *c = &t->cells[g * ES_CELL_KEYS + k];
                const size_t at = g * ES_CELL_KEYS + k;
                if (t->then[i].group[g]) c->held |= differs_by_few(&t->rule, c, t->then[i].value[at], t->then[i].people[at], k);
                else c->held |= c->value > 0 && cut_otherwise(t, &t->then[i], g, k);
                t->rule.held |= c->held;
                t->rule.later |= t->then[i].finding && !isnan(t->then[i].value[at]) && t->then[i].value[at] != c->value;
            }
}

/** By how much what is hidden in a sum changed; the best count to hide with it: its change makes that enough, or is the largest. */
static bool residual(struct es_release_table *t, const struct es_release_then *then, const struct es_release_sum *sum)
{
    double left = 0, whole = 0;
    bool any = false;
    size_t best = SIZE_MAX;
    double best_change = 0;
    if (t->cells[sum->cells[0]].hidden || isnan(then->value[sum->cells[0]])) return false;
    for (size_t i = 0; i < sum->n; i++) {
        const size_t at = sum->cells[i];
        whole += (i ? -1 : 1) * t->cells[at].value;
        if (t->cells[at].hidden || isnan(then->value[at])) any = true;
        else left += (i ? -1 : 1) * (t->cells[at].value - then->value[at]);
    }
    if (whole != 0) return false; /* a rate that is estimable in a part only: no sum */
    if (!any || left == 0 || fabs(left) >= t->rule.floor) return false;
    for (size_t i = 1; i < sum->n; i++) {
        const size_t at = sum->cells[i];
        if (t->cells[at].hidden || isnan(then->value[at]) || t->cells[at].value == then->value[at]) continue;
        const double change = fabs(left + t->cells[at].value - then->value[at]);
        const bool enough = change >= t->rule.floor, best_enough = best_change >= t->rule.floor;
        if (best != SIZE_MAX && (enough == best_enough ? (change < best_change) != enough : !enough)) continue;
        best = at;
        best_change = change;
    }
    t->cells[best == SIZE_MAX ? sum->cells[0] : best].hidden = true;
    return true;
}

bool es_release_between(struct es_release_table *t, const struct es_release_sum *sums, size_t n_sums)
{
    bool changed = false;
    for (size_t i = 0; i < t->n_then; i++)
        for (size_t s = 0; s < n_sums; s++) changed |= residual(t, &t->then[i], &sums[s]);
    return changed;
}

/* ---- figures ---- */

/** What is printed under the NHS rule is up to 2.5 off. */
static double step(const struct es_release_rule *rule)
{
    return rule->kind == ES_DISCLOSE_NHS ? rule->floor + 5 : rule->floor;
}

static double printed(const struct es_release_rule *rule, double count)
{
    return rule->kind == ES_DISCLOSE_NHS ? es_release_round5(count) : count;
}

/** Does the n of a figure, or the count over it, tell of few? */
static bool counts_held(const struct es_release_rule *rule, const cJSON *now, const cJSON *was)
{
    const double n = printed(rule, es_view_number(now, "n")), m = es_view_number(was, "n");
    const double patients = printed(rule, es_view_number(now, "patients")), before = es_view_number(was, "patients");
    if (isnan(n) || isnan(m)) return false;
    if (few(n, m, step(rule)) || (n != m && fabs(patients - before) < step(rule))) return true;
    if (!es_release_is_rate(now->string)) return false;
    const double x = printed(rule, nearbyint(es_view_number(now, "value") * es_view_number(now, "n"))), y = nearbyint(es_view_number(was, "value") * m);
    return few(x, y, step(rule)) || few(n - x, m - y, step(rule));
}

/* What a release shows is what its record reads as, so a number that did not change may come back with another last digit; and one that
 * did may have changed there only, as fits do when a row is another. */
bool es_release_moved(double now, double then)
{
    char text[64] = "";
    cJSON item = {.type = cJSON_Number, .valuedouble = now};
    if (isnan(now) || isnan(then)) return isnan(now) != isnan(then);
    if (fabs(now - then) > 1e-12 * fmax(1, fabs(then))) return true;
    if (!(now < then) && !(now > then)) return false;
    cJSON *read = cJSON_PrintPreallocated(&item, text, (int)sizeof text, false) ? cJSON_Parse(text) : NULL;
    const bool same = read && !(read->valuedouble < then) && !(read->valuedouble > then);
    cJSON_Delete(read);
    return !same;
}

static bool value_differs(const struct es_release_rule *rule, const cJSON *now, const cJSON *was)
{
    static const char *const numbers[] = {"value", "lo", "hi"};
    const double value = es_view_number(now, "value");
    if (rule->kind == ES_DISCLOSE_NHS) /* two places, and rates of rounded counts */
        return !es_release_is_rate(now->string) && nearbyint(value * 100) / 100 != es_view_number(was, "value");
    for (size_t i = 0; i < 3; i++) {
        if (es_release_moved(es_view_number(now, numbers[i]), es_view_number(was, numbers[i]))) return true;
    }
    return false;
}

bool es_release_figure_held(const struct es_release_table *t, size_t g, const cJSON *metric)
{
    for (size_t i = 0; i < t->n_then; i++) {
        const cJSON *was = t->then[i].group[g] ? es_view_at(t->then[i].group[g], "metrics", metric->string) : NULL;
        const size_t at = g * ES_CELL_KEYS + ES_CELL_CASES;
        if (!was) continue;
        if (counts_held(&t->rule, metric, was)) return true;
        /* an answer or a score was corrected, or one patient stands in the place of another */
        if (strcmp(es_view_string(was, "status"), "estimated") == 0 && value_differs(&t->rule, metric, was) &&
            !(fabs(t->cells[at].people - t->then[i].people[at]) >= t->rule.floor))
            return true;
    }
    return false;
}

/* ---- months and bins ---- */

/** Two entries of counts n and patients: few apart, or alike in their counts and not in the rest. Of a month's rest nothing is left in a
 * later release (withhold_indices). */
static bool entry_held(const struct es_release_rule *rule, const cJSON *now, const cJSON *was, bool month)
{
    static const char *const counts[] = {"n", "patients", "scored"};
    if (cJSON_Compare(now, was, true)) return false;
    const double n = es_view_number(now, "n"), m = es_view_number(was, "n");
    if (isnan(n) || isnan(m)) return false; /* one of them is not shown */
    if (n == m && !(month && rule->later)) return true;
    for (size_t i = 0; i < 3; i++) {
        const double a = es_view_number(now, counts[i]), b = es_view_number(was, counts[i]);
        if (n == m && a == b) continue;
        if (!isnan(a) && !isnan(b) && fabs(a - b) < step(rule)) return true;
    }
    const double x = nearbyint(es_view_number(now, "observed") * n), y = nearbyint(es_view_number(was, "observed") * m);
    return !isnan(x) && !isnan(y) && (few(x, y, step(rule)) || few(n - x, m - y, step(rule)));
}

/** Entries that carry the same name ("month", or "from" of a bin) are compared; bins must have the same edges. */
static bool list_held(const struct es_release_rule *rule, const cJSON *now, const cJSON *was, const char *name)
{
    const cJSON *a, *b;
    const bool bins = strcmp(name, "from") == 0;
    if (bins && was && now && cJSON_GetArraySize(now) != cJSON_GetArraySize(was)) return true;
    cJSON_ArrayForEach(a, now)
    {
        bool met = false;
        cJSON_ArrayForEach(b, was)
        {
            if (!cJSON_Compare(cJSON_GetObjectItemCaseSensitive(a, name), cJSON_GetObjectItemCaseSensitive(b, name), true)) continue;
            met = true;
            if (entry_held(rule, a, b, !bins)) return true;
        }
        if (bins && was && !met) return true;
    }
    return false;
}

static void withhold(struct es_tree *tree, cJSON *parent, const char *name)
{
    cJSON *out = cJSON_CreateObject();
    es_tree_text(tree, out, "status", ES_SUPPRESSED_WORD);
    es_tree_text(tree, out, "words", ES_HELD_WORDS);
    es_tree_set(tree, parent, name, out);
}

static const cJSON *curve_of(const cJSON *finding, const cJSON *key)
{
    const cJSON *curve;
    cJSON_ArrayForEach(curve, es_view_at(finding, "curves", "by_group"))
    {
        if (cJSON_Compare(cJSON_GetObjectItemCaseSensitive(curve, "group"), key, true)) return curve;
    }
    return NULL;
}

/** Indices tell how many of each level a month has (build/drift.c): beside those of an earlier release, by how many each changed. */
static void withhold_indices(struct es_tree *tree, const cJSON *finding)
{
    static const char *const names[] = {"score", "axes"};
    const cJSON *axis;
    cJSON *month;
    cJSON_ArrayForEach(month, cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(finding, "drift"), "months"))
        for (size_t i = 0; i < 2; i++) {
            cJSON *was = cJSON_GetObjectItemCaseSensitive(month, names[i]), *out = cJSON_CreateObject();
            if (i == 0) es_tree_text(tree, out, "status", ES_SUPPRESSED_WORD);
            else cJSON_ArrayForEach(axis, was) es_tree_text(tree, es_tree_object_as(tree, out, axis->string), "status", ES_SUPPRESSED_WORD);
            if (was) es_tree_set(tree, month, names[i], out);
            else cJSON_Delete(out);
        }
}

void es_release_sections_held(struct es_tree *tree, const struct es_release_table *t, cJSON *finding)
{
    cJSON *curve;
    if (t->rule.later) withhold_indices(tree, finding);
    for (size_t i = 0; i < t->n_then; i++) {
        const cJSON *then = t->then[i].finding;
        if (list_held(&t->rule, es_view_at(finding, "drift", "months"), es_view_at(then, "drift", "months"), "month")) withhold(tree, finding, "drift");
        cJSON_ArrayForEach(curve, cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(finding, "curves"), "by_group"))
        {
            const cJSON *was = curve_of(then, cJSON_GetObjectItemCaseSensitive(curve, "group"));
            if (was && list_held(&t->rule, es_view_at(curve, "calibration", "bins"), es_view_at(was, "calibration", "bins"), "from"))
                withhold(tree, curve, "calibration");
        }
    }
}

/* ---- counts outside the findings ---- */

/** Counts that differ from what was shown: by few, one of them? */
static bool object_held(const cJSON *now, const cJSON *shown, const cJSON *truth, const struct es_release_rule *rule)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, now)
    {
        const double a = item->valuedouble, b = es_view_number(truth, item->string);
        if (!cJSON_IsNumber(item) || isnan(b) || isnan(es_view_number(shown, item->string))) continue;
        if (few(a, b, rule->floor) && printed(rule, a) != printed(rule, b)) return true;
    }
    return false;
}

/** All that changed goes, as these counts may add up to one that is known. */
static void withhold_changed(struct es_tree *tree, cJSON *now, const cJSON *truth)
{
    cJSON *item, *next;
    for (item = now ? now->child : NULL; item; item = next) {
        next = item->next;
        if (cJSON_IsNumber(item) && item->valuedouble != es_view_number(truth, item->string))
            es_tree_set(tree, now, item->string, cJSON_CreateString(ES_SUPPRESSED_WORD));
    }
}

static void hold_object(struct es_tree *tree, cJSON *now, const cJSON *shown, const cJSON *truth, const struct es_release_rule *rule)
{
    cJSON *item, *next;
    if (!shown || !truth) return;
    if (object_held(now, shown, truth, rule)) withhold_changed(tree, now, truth);
    for (item = now ? now->child : NULL; item; item = next) {
        next = item->next;
        if (cJSON_IsObject(item)) /* one level more: attributes, reasons */
            hold_object(tree, item, cJSON_GetObjectItemCaseSensitive(shown, item->string), cJSON_GetObjectItemCaseSensitive(truth, item->string), rule);
    }
}

void es_release_beside_held(struct es_tree *tree, cJSON *release, const cJSON *earlier, const struct es_release_rule *rule)
{
    const cJSON *record, *truth;
    cJSON_ArrayForEach(record, earlier)
    {
        cJSON_ArrayForEach(truth, cJSON_GetObjectItemCaseSensitive(record, "beside"))
            hold_object(tree, cJSON_GetObjectItemCaseSensitive(release, truth->string), es_view_at(record, "release", truth->string), truth, rule);
    }
}
