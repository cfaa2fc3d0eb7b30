/* SPDX-License-Identifier: Apache-2.0 */
/* Counts behind the figures of measurements, levels, masks and lesions: printed nowhere, but a share and its n tell them, and so do two
 * figures of one group over unlike numbers of cases. */
#include <math.h>
#include <string.h>

#include "plugin/report/release.h"
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

/* ---- masks: figures over unlike numbers of cases ---- */

static const char *const of_masks[] = {"dice", "iou", "volume_difference", "hd95", "surface_distance", "empty_share"};
enum { MASKS = sizeof of_masks / sizeof of_masks[0] };

/** Is any number of cases or patients of this group, or a difference of two, one of few? */
static bool few_left_out(const struct es_release_rule *rule, const cJSON *group, const char *count, double whole)
{
    double n[MASKS + 1];
    n[MASKS] = whole;
    for (size_t i = 0; i < MASKS; i++) {
        n[i] = es_view_number(es_view_at(group, "metrics", of_masks[i]), count);
        if (isnan(n[i])) n[i] = 0; /* not estimable: over nobody */
        if (n[i] != whole && es_release_small(rule, n[i])) return true;
    }
    for (size_t i = 0; i <= MASKS; i++)
        for (size_t j = 0; j < i; j++)
            if (es_release_small(rule, fabs(n[i] - n[j]))) return true;
    return false;
}

bool es_release_masks_few(const struct es_release_table *table)
{
    for (size_t g = 0; g < table->groups; g++) {
        const struct es_cell *c = table->cells + g * ES_CELL_KEYS;
        if (!es_view_at(table->group[g], "metrics", "dice")) return false;
        if (few_left_out(&table->rule, table->group[g], "n", c[ES_CELL_CASES].value) ||
            few_left_out(&table->rule, table->group[g], "patients", c[ES_CELL_PATIENTS].value))
            return true;
    }
    return false;
}

void es_release_masks_hide(struct es_tree *tree, cJSON *metrics)
{
    static const char *const counts[] = {"n", "patients"};
    for (size_t i = 0; i < MASKS; i++) {
        cJSON *metric = cJSON_GetObjectItemCaseSensitive(metrics, of_masks[i]);
        for (size_t c = 0; c < 2; c++)
            if (cJSON_GetObjectItemCaseSensitive(metric, counts[c]))
                es_tree_set(tree, metric, counts[c], cJSON_CreateString(ES_SUPPRESSED_WORD));
    }
}
