/* SPDX-License-Identifier: Apache-2.0 */
/* What the results that still await a reference would come to if the scores were calibrated (METRICS H2): for everyone, each level and each group of
 * the plan, from scores and decisions alone. An expectation and no measurement: never in a verdict, and only where something waits. */
#include <math.h>
#include <stdlib.h>

#include "metrics/label_free.h"
#include "metrics/special.h"
#include "plugin/report/build/build.h"

/** Room for one group's waiting results, used again for each. */
struct waiting {
    struct es_scored *by_score, *by_decision; /* owned: [rows] */
    size_t n;
    uint64_t maturing, overdue, patients;
    bool probability;
};

static bool waits(const struct es_sheet *s, uint32_t row)
{
    return (s->stage[row] == ES_STAGE_MATURING || s->stage[row] == ES_STAGE_OVERDUE) && !isnan(s->score[row]) && s->decision[row] != ES_NO_ANSWER;
}

static void gather(struct waiting *w, const struct es_sheet *s, const struct es_grouping *grouping, const uint8_t *level)
{
    uint32_t last = UINT32_MAX;
    w->n = 0;
    w->maturing = w->overdue = w->patients = 0;
    w->probability = true;
    for (uint32_t r = 0; r < s->rows; r++) {
        if (!waits(s, r) || es_side_of(s, grouping, level, r) != ES_SIDE_GROUP) continue;
        w->by_score[w->n] = (struct es_scored){s->score[r], s->score[r]};
        w->by_decision[w->n++] = (struct es_scored){s->decision[r], s->score[r]};
        *(s->stage[r] == ES_STAGE_MATURING ? &w->maturing : &w->overdue) += 1;
        w->probability &= s->score[r] >= 0 && s->score[r] <= 1;
        w->patients += s->patient[r] != last; /* rows of a patient are adjacent */
        last = s->patient[r];
    }
}

/** @param sd  NAN: no interval is known */
static void figure(struct es_tree *t, cJSON *out, const char *name, double value, double sd)
{
    const double reach = es_norm_isf(es_level_default().alpha / 2) * sd;
    cJSON *entry = es_tree_object(t, out, name);
    es_tree_number(t, entry, "value", value);
    es_tree_number(t, entry, "lo", isnan(value) ? value : fmax(0, value - reach)); /* fmax and fmin would take a NAN for a limit */
    es_tree_number(t, entry, "hi", isnan(value) ? value : fmin(1, value + reach));
}

static void fill(struct es_report *report, cJSON *out, struct waiting *w)
{
    struct es_tree *t = &report->tree;
    struct es_label_free deployed, ranked;
    /* decisions as sent: an alert is a 1 */
    if (!w->probability || !es_label_free(w->by_decision, w->n, 0.5, &deployed) || !es_label_free(w->by_score, w->n, 0.5, &ranked)) {
        es_report_not_estimable(t, out, ES_NOT_PROBABILITY);
        return;
    }
    es_tree_text(t, out, "status", "expected");
    es_tree_count(t, out, "results", w->n);
    es_tree_count(t, out, "patients", w->patients);
    es_tree_count(t, out, "maturing", w->maturing);
    es_tree_count(t, out, "overdue", w->overdue);
    es_tree_text(t, out, "assumes", "calibrated_scores");
    figure(t, out, "sensitivity", deployed.sensitivity, deployed.sd_sensitivity);
    figure(t, out, "specificity", deployed.specificity, deployed.sd_specificity);
    cJSON *auroc = es_tree_object(t, out, "auroc");
    es_tree_number(t, auroc, "value", ranked.auroc);
}

static bool listed(const struct es_report *report, const struct es_report_part *part, size_t i, struct es_group_key key)
{
    return report->groupings[key.grouping].n <= 1 || es_report_weight(report, key, es_summary_units(es_sweep_summary(part->sweep, i)) == 0) > 0;
}

enum es_errc es_report_expectation(struct es_report *report, const struct es_sheet *sheet, struct es_report_part *part, struct es_error *err)
{
    struct es_tree *t = &report->tree;
    struct waiting w = {.by_score = calloc((size_t)sheet->rows + 1, sizeof *w.by_score),
                        .by_decision = calloc((size_t)sheet->rows + 1, sizeof *w.by_decision)};
    part->expected = cJSON_CreateArray();
    const bool binary = report->config->models[part->stream->model].findings[part->stream->finding].task == ES_TASK_BINARY;
    bool made = w.by_score && w.by_decision && part->expected;
    for (size_t i = 0; made && binary && i < es_sweep_count(part->sweep); i++) {
        const struct es_group_key key = es_sweep_key(part->sweep, i);
        if (!listed(report, part, i, key)) continue;
        gather(&w, sheet, &report->groupings[key.grouping], key.level);
        if (w.n == 0) {
            if (i == 0) break; /* everyone: nothing waits */
            continue;
        }
        cJSON *out = es_tree_object(t, part->expected, NULL);
        es_report_group_key(report, out, "group", key);
        es_tree_count(t, es_tree_object(t, out, ES_HIDDEN), "patients", w.patients);
        fill(report, out, &w);
    }
    free(w.by_score);
    free(w.by_decision);
    made &= !t->failed;
    return made ? ES_OK : es_fail(err, ES_E_MEMORY, "no memory for what %u rows lead to expect", sheet->rows);
}
