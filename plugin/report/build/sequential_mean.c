/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts on means that may be looked at every day: bias of a measurement whose range is told, Dice (METRICS F3). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/build/build.h"

bool es_report_mean(const struct es_finding_config *finding, const struct es_metric *metric, double bounds[2])
{
    bounds[0] = 0;
    bounds[1] = 1;
    if (strcmp(metric->name, "dice") == 0) return true;
    if (strcmp(metric->name, "bias") != 0) return false;
    bounds[1] = finding->range[1] - finding->range[0];
    bounds[0] = -bounds[1];
    return bounds[1] > 0; /* false when NAN */
}

enum es_errc es_report_means(const struct es_report *report, const struct es_sheet *sheet, struct es_report_part *part, struct es_error *err)
{
    const struct es_finding_config *finding = &report->config->models[part->stream->model].findings[part->stream->finding];
    const struct es_metric *metric = es_metric_find(sheet->measures == ES_MEASURES_OVERLAP ? "dice" : "bias");
    const struct es_plan_metric *row = metric ? es_report_plan_metric(report, metric->name) : NULL;
    struct es_mean_order order;
    double bounds[2];
    if (report->config->plan.fixed || report->plan_day == ES_NO_DAY || !row || !row->primary) return ES_OK;
    if ((sheet->measures != ES_MEASURES_VALUES && sheet->measures != ES_MEASURES_OVERLAP) || !es_report_mean(finding, metric, bounds)) return ES_OK;
    const size_t n = es_sweep_count(part->sweep);
    const double total = es_report_family(report, NULL);
    part->means = calloc(n + 1, sizeof *part->means);
    if (!part->means || !es_mean_order_make(sheet, &order)) return es_fail(err, ES_E_MEMORY, "no memory for the means of %zu groups", n);
    bool done = true;
    for (size_t i = 0; done && i < n; i++) {
        const struct es_group_key key = es_sweep_key(part->sweep, i);
        const struct es_grouping *grouping = &report->groupings[key.grouping];
        const double weight = es_report_weight(report, key, es_summary_units(es_sweep_summary(part->sweep, i)) == 0);
        if (grouping->n == 0 || !(weight > 0)) continue;
        done = es_mean_gap_make(sheet, &order, grouping, key.level, bounds[0], bounds[1],
                                es_alpha_share(report->config->plan.alpha, weight, fmax(total, weight)), &part->means[i]);
    }
    es_mean_order_free(&order);
    return done ? ES_OK : es_fail(err, ES_E_MEMORY, "no memory for the means of %zu groups", n);
}

void es_report_rule_mean(const struct es_report *report, const struct es_trial *trial, double total, struct es_ruling *out)
{
    const struct es_plan *plan = &report->config->plan;
    const double share = es_alpha_share(plan->alpha, trial->weight, fmax(total, trial->weight));
    struct es_comparison *c = &out->comparison;
    *out = (struct es_ruling){.mode = plan->strict ? "strict" : "sequential", .level = 1 - share, .alpha = share,
                              .percent = 100 * (1 - plan->alpha), .p = (double)NAN, .p_adjusted = (double)NAN};
    out->verdict = es_mean_gap_verdict(trial->mean, trial->margin, plan->min_cases, plan->min_patients, c);
    if (out->verdict == ES_VERDICT_NONE) return;
    out->lo = c->lo;
    out->hi = c->hi;
    out->reason = out->verdict == ES_VERDICT_NOT_ENOUGH ? es_report_reason(trial, c, plan, false) : NULL;
    out->plain = trial->raw.method;
    out->plain_lo = trial->raw.lo;
    out->plain_hi = trial->raw.hi;
}
