/* SPDX-License-Identifier: Apache-2.0 */
/* Counts behind the figures of measurements, levels, masks and lesions: printed nowhere, but a share and its n tell them, and so do two
 * figures of one group over unlike numbers of cases. */
#include <math.h>
#include <string.h>

#include "plugin/report/disclosure/disclosure.h"
#include "plugin/report/view.h"

/** Figures that go together: from those that are left the hidden one could be worked out, or guessed. */
static const struct {
    const char *metric;
    enum es_cell_key from, to; /* cells that it tells of */
} tells[] = {{"exact_agreement", ES_CELL_EXACT, ES_CELL_FAR},      {"within_one", ES_CELL_EXACT, ES_CELL_FAR},
             {"level_shift", ES_CELL_EXACT, ES_CELL_FAR},          {"weighted_kappa", ES_CELL_EXACT, ES_CELL_FAR},
             {"empty_share", ES_CELL_ONE_EMPTY, ES_CELL_TWO_DRAWN}, {"lesion_sensitivity", ES_CELL_FOUND, ES_CELL_MISSED},
             {"froc", ES_CELL_FOUND, ES_CELL_MISSED},              {"false_marks", ES_CELL_FALSE_MARKS, ES_CELL_FALSE_MARKS}};

static void set(struct es_cell *cells, enum es_cell_key key, double value)
{
    cells[key].value = cells[key].people = fmax(0, value);
}

/** Round(value n) and n of an estimated metric. @return false when there is none */
static bool counted(const cJSON *group, const char *name, double *x, double *n)
{
    const cJSON *metric = es_view_at(group, "metrics", name);
    *n = es_view_number(metric, "n");
    *x = nearbyint(es_view_number(metric, "value") * *n);
    return strcmp(es_view_string(metric, "status"), "estimated") == 0 && isfinite(*x);
}

void es_release_measures_read(const cJSON *group, struct es_cell *cells)
{
    double x = 0, n = 0, near = 0;
    if (counted(group, "exact_agreement", &x, &n) && counted(group, "within_one", &near, &n)) {
        set(cells, ES_CELL_EXACT, x);
        set(cells, ES_CELL_ONE_OFF, near - x);
        set(cells, ES_CELL_FAR, n - near);
    }
    if (counted(group, "empty_share", &x, &n)) {
        set(cells, ES_CELL_DRAWN, n);
        set(cells, ES_CELL_ONE_EMPTY, x);
        set(cells, ES_CELL_TWO_DRAWN, n - x);
    }
    if (counted(group, "lesion_sensitivity", &x, &n)) {
        set(cells, ES_CELL_LESIONS, n);
        cells[ES_CELL_LESIONS].people = es_view_number(es_view_at(group, "metrics", "lesion_sensitivity"), "patients");
        set(cells, ES_CELL_FOUND, x);
        set(cells, ES_CELL_MISSED, n - x);
    }
    if (counted(group, "false_marks", &x, &n)) set(cells, ES_CELL_FALSE_MARKS, x);
}

bool es_release_measures_hidden(const char *metric, const struct es_cell *cells)
{
    for (size_t i = 0; i < sizeof tells / sizeof tells[0]; i++) {
        if (strcmp(tells[i].metric, metric) != 0) continue;
        for (size_t k = tells[i].from; k <= (size_t)tells[i].to; k++)
            if (cells[k].hidden && cells[k].value > 0) return true;
    }
    return false;
}

bool es_release_measures_family(const char *a, const char *b)
{
    size_t at[2] = {0, 0};
    for (int side = 0; side < 2; side++) {
        while (at[side] < sizeof tells / sizeof tells[0] && strcmp(tells[at[side]].metric, side ? b : a) != 0) at[side]++;
        if (at[side] == sizeof tells / sizeof tells[0]) return false;
    }
    return tells[at[0]].from == tells[at[1]].from;
}

/* ---- figures over unlike numbers of cases: of masks that are empty, of values and levels that could not be compared ---- */

/** Figures of cases that were compared: their n, beside the cases, tells how many were not. */
static bool of_compared(const struct es_metric *m)
{
    return m && m->denominator == ES_PER_CASE &&
           (m->tasks & (ES_TASK_MEASUREMENT | ES_TASK_ORDINAL | ES_TASK_SEGMENTATION | ES_TASK_DETECTION)) && !(m->tasks & (ES_TASK_BINARY | ES_TASK_DECIDED));
}

/** Is any number of cases or patients of this group, or a difference of two, one of few? */
static bool few_left_out(const struct es_release_rule *rule, const cJSON *group, const char *count, double whole)
{
    const cJSON *metric, *other, *metrics = cJSON_GetObjectItemCaseSensitive(group, "metrics");
    cJSON_ArrayForEach(metric, metrics)
    {
        if (!of_compared(es_metric_find(metric->string))) continue;
        const double told = es_view_number(metric, count), n = isnan(told) ? 0 : told; /* not estimable: over nobody */
        if (n != whole && (es_release_small(rule, n) || es_release_small(rule, fabs(whole - n)))) return true;
        for (other = metric->next; other; other = other->next) {
            const double m = es_view_number(other, count);
            if (of_compared(es_metric_find(other->string)) && es_release_small(rule, fabs(n - (isnan(m) ? 0 : m)))) return true;
        }
    }
    return false;
}

bool es_release_compared_few(const struct es_release_table *table)
{
    for (size_t g = 0; g < table->groups; g++) {
        const struct es_cell *c = table->cells + g * ES_CELL_KEYS;
        if (few_left_out(&table->rule, table->group[g], "n", c[ES_CELL_CASES].value) ||
            few_left_out(&table->rule, table->group[g], "patients", c[ES_CELL_PATIENTS].value))
            return true;
    }
    return false;
}

bool es_release_tells_n(const char *metric)
{
    const struct es_metric *m = es_metric_find(metric);
    return of_compared(m) && (m->interval == ES_INTERVAL_WILSON_CLUSTERED || strcmp(metric, "false_marks") == 0);
}

void es_release_compared_hide(struct es_tree *tree, cJSON *metrics)
{
    static const char *const counts[] = {"n", "patients"};
    cJSON *metric;
    cJSON_ArrayForEach(metric, metrics)
        for (size_t c = 0; of_compared(es_metric_find(metric->string)) && c < 2; c++)
            if (cJSON_GetObjectItemCaseSensitive(metric, counts[c]))
                es_tree_set(tree, metric, counts[c], cJSON_CreateString(ES_SUPPRESSED_WORD));
}
