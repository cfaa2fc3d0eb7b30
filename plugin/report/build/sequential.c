/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts that may be looked at every day (METRICS F, J2, J4, J5): the default. Each comparison is judged at its own share of alpha,
 * which the plan fixes and no result moves, from the interval that holds at all looks together. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/sequential.h"
#include "metrics/special.h"
#include "plugin/report/build/build.h"

bool es_report_rate(const struct es_metric *metric, enum es_rate *rate)
{
    static const enum es_rate rates[] = {ES_RATE_SENSITIVITY, ES_RATE_SPECIFICITY};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++)
        if (strcmp(metric->name, es_rate_name(rates[i])) == 0) {
            *rate = rates[i];
            return true;
        }
    return false;
}

enum es_errc es_report_firsts(const struct es_report *report, const struct es_sheet *sheet, struct es_report_part *part,
                              struct es_error *err)
{
    if (!report->config->plan.strict || report->plan_day == ES_NO_DAY) return ES_OK;
    const size_t n = es_sweep_count(part->sweep);
    part->firsts = calloc(n + 1, sizeof *part->firsts);
    if (!part->firsts) return es_fail(err, ES_E_MEMORY, "no memory for the first cases of %zu groups", n);
    for (size_t i = 0; i < n; i++) {
        const struct es_group_key key = es_sweep_key(part->sweep, i);
        const struct es_grouping *grouping = &report->groupings[key.grouping];
        if (grouping->n > 0 && !(es_report_weight(report, key, es_summary_units(es_sweep_summary(part->sweep, i)) == 0) > 0)) continue;
        for (int rate = ES_RATE_SENSITIVITY; rate <= ES_RATE_SPECIFICITY; rate++) {
            /* exams before the plan's day are marked exploratory and do not count */
            const struct es_case_rule rule = {.rate = (enum es_rate)rate, .first_only = true};
            part->firsts[i][rate] = es_gap_of_sheet(sheet, grouping, key.level, &rule);
        }
    }
    return ES_OK;
}

struct es_gap_sums es_report_sums(const struct es_report_part *part, size_t index, const struct es_summary *summary, enum es_rate rate)
{
    return part->firsts ? part->firsts[index][rate] : es_gap_of_summary(summary, rate);
}

/** The weight of all groups the plan names, and how many they are. Levels and crossings that nobody has yet count too, as somebody
 * may come. @param count  may be NULL */
static double weight_of_groups(const struct es_report *report, uint32_t *count)
{
    double sum = 0;
    if (count) *count = 0;
    for (size_t g = 0; g < report->n_groupings; g++) {
        const struct es_grouping *grouping = &report->groupings[g];
        struct es_group_key key = {.grouping = (uint32_t)g};
        bool more = grouping->n > 0;
        for (uint8_t i = 0; i < grouping->n; i++) {
            key.level[i] = 1;
            more &= report->levels[grouping->axis[i]].count > 1;
        }
        while (more) {
            const double weight = es_report_weight(report, key, false);
            sum += weight;
            if (count && weight > 0) (*count)++;
            uint8_t at = 0; /* the next combination of known levels */
            while (at < grouping->n && ++key.level[at] >= report->levels[grouping->axis[at]].count) key.level[at++] = 1;
            more = at < grouping->n;
        }
    }
    return sum;
}

/** How many metrics of one stream the plan judges; with `rates`, the rates alone. */
static double metrics_of(const struct es_report *report, const struct es_stream *stream, bool rates)
{
    const struct es_finding_config *finding = &report->config->models[stream->model].findings[stream->finding];
    const uint32_t task = es_finding_tasks(finding);
    double metrics = 0;
    for (size_t i = 0; i < es_metrics_count; i++) {
        const struct es_plan_metric *row = es_report_plan_metric(report, es_metrics[i].name);
        enum es_rate rate;
        double bounds[2];
        if (row && row->primary && (es_metrics[i].tasks & task) &&
            (es_report_rate(&es_metrics[i], &rate) || (!rates && es_report_mean(finding, &es_metrics[i], bounds))))
            metrics++;
    }
    return metrics;
}

/* An epoch (version, threshold, reference source) has an alpha of its own (METRICS J4), so a finding counts once in the family. */
double es_report_family(const struct es_report *report, double *epochs)
{
    const double groups = weight_of_groups(report, NULL);
    double family = 0, spent = 0;
    for (size_t i = 0; i < report->n_streams; i++) {
        const struct es_stream *stream = &report->streams[i];
        bool again = false;
        for (size_t k = 0; k < i; k++)
            again |= report->streams[k].model == stream->model && report->streams[k].finding == stream->finding;
        const double weight = groups * metrics_of(report, stream, false);
        spent += weight;
        if (!again) family += weight;
    }
    if (epochs) *epochs = family > 0 ? spent / family : 1;
    return family;
}

/* A finding's earlier epochs have ended: their charts run no more, and a finding counts once. */
uint32_t es_report_charts(const struct es_report *report)
{
    uint32_t groups = 0;
    double charts = 0;
    (void)weight_of_groups(report, &groups);
    for (size_t i = 0; i < report->n_streams; i++) {
        bool again = false;
        for (size_t k = 0; k < i; k++)
            again |= report->streams[k].model == report->streams[i].model && report->streams[k].finding == report->streams[i].finding;
        if (!again) charts += (1.0 + groups) * metrics_of(report, &report->streams[i], true);
    }
    return charts < 1 ? 1 : charts > UINT32_MAX ? UINT32_MAX : (uint32_t)charts;
}

/** The fixed-size 95 % interval beside it: of the same cases. */
static void plain_interval(const struct es_trial *trial, bool strict, struct es_ruling *out)
{
    out->plain = trial->raw.method;
    out->plain_lo = trial->raw.lo;
    out->plain_hi = trial->raw.hi;
    if (!strict) return;
    const struct es_gap_sums *s = &trial->sums;
    const struct es_two_by_two t = {(double)s->group.x, (double)s->group.n, (double)s->rest.x, (double)s->rest.n};
    const struct es_limits limits = es_miettinen_nurminen(&t, es_level_default().alpha);
    out->plain = ES_INTERVAL_MN_CLUSTERED; /* nobody has two cases: deff 1 */
    out->plain_lo = limits.lo;
    out->plain_hi = limits.hi;
}

void es_report_rule_sequential(const struct es_report *report, const struct es_trial *trial, double total, struct es_ruling *out)
{
    const struct es_plan *plan = &report->config->plan;
    const double whole = fmax(total, trial->weight), share = es_alpha_share(plan->alpha, trial->weight, whole);
    const struct es_monitor_plan own = {.mode = plan->strict ? ES_MONITOR_STRICT : ES_MONITOR_DEFAULT,
                                        .alpha = share,
                                        .margin = trial->margin < 1 ? trial->margin : (double)NAN,
                                        .min_cases = plan->min_cases,
                                        .min_patients = plan->min_patients};
    *out = (struct es_ruling){.mode = plan->strict ? "strict" : "sequential", .level = 1 - share, .alpha = share,
                              .percent = 100 * (1 - plan->alpha)};
    struct es_comparison *c = &out->comparison;
    out->verdict = es_monitor_gap(&trial->sums, &own, c);
    if (out->verdict == ES_VERDICT_NONE) return;
    c->method = plan->strict ? ES_INTERVAL_E_PROCESS : ES_INTERVAL_SEQUENTIAL_SCORE; /* named below its minima too */
    const bool blocked = es_report_blocked(report, trial, out->verdict);
    if (blocked) out->verdict = ES_VERDICT_NOT_ENOUGH;
    out->lo = c->lo;
    out->hi = c->hi;
    out->p = c->p_difference;
    out->p_adjusted = isnan(out->p) ? (double)NAN : fmin(1, out->p * (whole / trial->weight));
    out->reason = out->verdict == ES_VERDICT_NOT_ENOUGH ? es_report_reason(trial, c, plan, blocked) : NULL;
    plain_interval(trial, plan->strict, out);
}

/** Would the score sequence decide, with power 0.8, at this variance of the difference? `distance`: of the difference from what is
 * to be excluded. */
static bool decides(double distance, double variance, double rho, double alpha)
{
    const double time = 1 / variance;
    return distance * time >= es_normal_mixture_bound(time, rho, alpha) + es_norm_isf(0.2) * sqrt(time);
}

/** By what factor both arms must grow until the sequence decides; NAN: beyond a thousand million cases of the group. */
static double growth(double distance, double variance, double rho, double alpha, double n1)
{
    double lo = 1, hi = 1e9 / n1;
    if (!(distance > 0) || !(hi > lo) || !decides(distance, variance / hi, rho, alpha)) return NAN;
    for (int i = 0; i < 60; i++) {
        const double middle = sqrt(lo * hi);
        if (decides(distance, variance / middle, rho, alpha)) hi = middle;
        else lo = middle;
    }
    return hi;
}

double es_report_sequential_need(const struct es_trial *trial, const struct es_ruling *ruling)
{
    const struct es_comparison *c = &ruling->comparison;
    const double deff = trial->raw.deff >= 1 && strcmp(ruling->mode, "strict") != 0 ? trial->raw.deff : 1;
    const double n1 = (double)c->n_group / deff, n2 = (double)c->n_rest / deff;
    if (!(n1 > 0 && n2 > 0)) return NAN;
    const double p1 = (c->group * n1 + 1) / (n1 + 2), p2 = (c->rest * n2 + 1) / (n2 + 2), gap = fabs(p1 - p2);
    const bool tests = trial->margin > 0 && trial->margin < 1;
    const double rho = es_mixture_rho(es_sequence_best_time(tests ? trial->margin : ES_GAP_TUNING_MARGIN, ruling->alpha), ruling->alpha);
    const double variance = p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2;
    const double disparity = growth(gap, variance, rho, ruling->alpha, n1);
    const double parity = tests ? growth(trial->margin - gap, variance, rho, ruling->alpha, n1) : (double)NAN;
    return ceil((fmin(disparity, parity) - 1) * n1 * deff); /* fmin: of one that is out of reach, the other */
}
