/* SPDX-License-Identifier: Apache-2.0 */
/* What two printed numbers leave of one another, where one counts part of what the other does: cases without a score (cases less the n of the
 * AUROC), results without a decision, references that came before their case counts, diseased cases whose result failed (the n of
 * sensitivity as deployed less the diseased), and cases from before the plan's day (all cases less those that bear verdicts). No such
 * number is printed by itself, but it is a count of people like any other. Each is additive over levels and stands in no other sum. */
#include <math.h>
#include <string.h>

#include "metrics/catalogue.h"
#include "plugin/report/build/build.h"
#include "plugin/report/disclosure/disclosure.h"
#include "plugin/report/view.h"

static void set(struct es_cell *cells, enum es_cell_key key, double value)
{
    cells[key].value = cells[key].people = value > 0 ? value : 0; /* NAN: not told */
}

/** Right and wrong cases of the rate that a verdict is drawn from; a floor's where there is one, as it rests on the same cases.
 * @return false when it tells none */
static bool judged(const cJSON *group, const char *rate, double *right, double *wrong)
{
    const cJSON *floor = es_view_at(group, "against_floor", rate), *comparison = es_view_at(group, "against_rest", rate);
    const double n = floor ? es_view_number(cJSON_GetObjectItemCaseSensitive(floor, ES_HIDDEN), "n")
                           : es_view_number(cJSON_GetObjectItemCaseSensitive(comparison, ES_HIDDEN), "n_group");
    const double value = floor ? es_view_number(floor, "value") : es_view_number(comparison, "group_value");
    *right = nearbyint(value * n);
    *wrong = n - *right;
    return isfinite(*right);
}

void es_release_leftovers_read(const cJSON *group, struct es_cell *cells)
{
    const double scored = es_view_number(es_view_at(group, "metrics", "auroc"), "n");
    const double deployed = es_view_number(es_view_at(group, "metrics", "sensitivity_all_eligible"), "n");
    const bool rates[2] = {cells[ES_CELL_TP].value + cells[ES_CELL_FN].value > 0, cells[ES_CELL_FP].value + cells[ES_CELL_TN].value > 0};
    double right = 0, wrong = 0;
    set(cells, ES_CELL_UNSCORED, cells[ES_CELL_CASES].value - scored);
    if (cells[ES_CELL_ALERTS].value + cells[ES_CELL_NON_ALERTS].value > 0)
        set(cells, ES_CELL_UNDECIDED, cells[ES_CELL_RESULTED].value - cells[ES_CELL_ALERTS].value - cells[ES_CELL_NON_ALERTS].value);
    if (rates[0]) set(cells, ES_CELL_UNDECIDED_POSITIVES, cells[ES_CELL_POSITIVES].value - cells[ES_CELL_TP].value - cells[ES_CELL_FN].value);
    if (rates[1]) set(cells, ES_CELL_UNDECIDED_NEGATIVES, cells[ES_CELL_NEGATIVES].value - cells[ES_CELL_FP].value - cells[ES_CELL_TN].value);
    if (rates[0] || rates[1]) {
        set(cells, ES_CELL_EARLY_ALERTS, cells[ES_CELL_ALERTS_VERIFIED].value - cells[ES_CELL_TP].value - cells[ES_CELL_FP].value);
        set(cells, ES_CELL_EARLY_NON_ALERTS, cells[ES_CELL_NON_ALERTS_VERIFIED].value - cells[ES_CELL_FN].value - cells[ES_CELL_TN].value);
    }
    set(cells, ES_CELL_UNSEEN_POSITIVES, deployed - cells[ES_CELL_POSITIVES].value);
    if (rates[0] && judged(group, "sensitivity", &right, &wrong)) {
        set(cells, ES_CELL_BEFORE_TP, cells[ES_CELL_TP].value - right);
        set(cells, ES_CELL_BEFORE_FN, cells[ES_CELL_FN].value - wrong);
    }
    if (rates[1] && judged(group, "specificity", &right, &wrong)) {
        set(cells, ES_CELL_BEFORE_TN, cells[ES_CELL_TN].value - right);
        set(cells, ES_CELL_BEFORE_FP, cells[ES_CELL_FP].value - wrong);
    }
}

static bool gone(const struct es_cell *cell)
{
    return cell->hidden && cell->value > 0;
}

void es_release_leftovers_tie(struct es_cell *c)
{
    if (gone(&c[ES_CELL_UNDECIDED])) c[ES_CELL_ALERTS].hidden = c[ES_CELL_NON_ALERTS].hidden = true;
    if (gone(&c[ES_CELL_EARLY_ALERTS])) c[ES_CELL_ALERTS_VERIFIED].hidden = true;
    if (gone(&c[ES_CELL_EARLY_NON_ALERTS])) c[ES_CELL_NON_ALERTS_VERIFIED].hidden = true;
    if (gone(&c[ES_CELL_UNDECIDED_POSITIVES])) c[ES_CELL_TP].hidden = c[ES_CELL_FN].hidden = true;
    if (gone(&c[ES_CELL_UNDECIDED_NEGATIVES])) c[ES_CELL_FP].hidden = c[ES_CELL_TN].hidden = true;
    if (gone(&c[ES_CELL_BEFORE_TP]) || gone(&c[ES_CELL_BEFORE_FN])) c[ES_CELL_BEFORE_TP].hidden = c[ES_CELL_BEFORE_FN].hidden = true;
    if (gone(&c[ES_CELL_BEFORE_FP]) || gone(&c[ES_CELL_BEFORE_TN])) c[ES_CELL_BEFORE_FP].hidden = c[ES_CELL_BEFORE_TN].hidden = true;
    /* What nothing tells: without cases there is no figure, without the confusion table no rate. */
    const bool no_cases = c[ES_CELL_CASES].hidden, no_rates = no_cases || gone(&c[ES_CELL_TP]) || gone(&c[ES_CELL_FN]) || gone(&c[ES_CELL_FP]) || gone(&c[ES_CELL_TN]);
    if (no_cases) c[ES_CELL_UNSCORED].hidden = true;
    for (size_t k = ES_CELL_UNDECIDED_POSITIVES; no_rates && k < ES_CELL_KEYS; k++) c[k].hidden = true;
}

bool es_release_leftovers_hidden(const char *metric, const struct es_cell *cells)
{
    const struct es_metric *m = es_metric_find(metric);
    const bool of_scores = m && (m->tasks & ES_TASK_BINARY) && m->kernel != ES_KERNEL_RATIO;
    if (strcmp(metric, "sensitivity_all_eligible") == 0) return gone(&cells[ES_CELL_UNSEEN_POSITIVES]);
    return of_scores && gone(&cells[ES_CELL_UNSCORED]);
}

bool es_release_before_hidden(const char *metric, const struct es_cell *cells)
{
    if (strcmp(metric, "sensitivity") == 0) return gone(&cells[ES_CELL_BEFORE_TP]) || gone(&cells[ES_CELL_BEFORE_FN]);
    return strcmp(metric, "specificity") == 0 && (gone(&cells[ES_CELL_BEFORE_FP]) || gone(&cells[ES_CELL_BEFORE_TN]));
}
