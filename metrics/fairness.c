/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/fairness.h"

#include <math.h>

static const char *const names[ES_FAIR_METRICS] = {"alert_rate", "tpr", "fpr", "ppv", "npv", "accuracy"};

const char *es_fair_metric_name(enum es_fair_metric metric)
{
    return (unsigned)metric < ES_FAIR_METRICS ? names[metric] : "";
}

void es_fair_counts(const struct es_confusion *c, enum es_fair_metric metric, double *x, double *n)
{
    const double tp = (double)c->tp, fp = (double)c->fp, fn = (double)c->fn, tn = (double)c->tn;
    switch (metric) {
    case ES_FAIR_ALERT_RATE: *x = tp + fp, *n = tp + fp + fn + tn; return;
    case ES_FAIR_TPR: *x = tp, *n = tp + fn; return;
    case ES_FAIR_FPR: *x = fp, *n = fp + tn; return;
    case ES_FAIR_PPV: *x = tp, *n = tp + fp; return;
    case ES_FAIR_NPV: *x = tn, *n = tn + fn; return;
    case ES_FAIR_ACCURACY: *x = tp + tn, *n = tp + fp + fn + tn; return;
    case ES_FAIR_METRICS: break;
    }
    *x = *n = 0.0;
}

static double value_of(const struct es_confusion *c, enum es_fair_metric metric)
{
    double x, n;
    es_fair_counts(c, metric, &x, &n);
    return n > 0.0 ? x / n : (double)NAN;
}

struct es_fair_gap es_fair_gap(const struct es_confusion *groups, size_t count, enum es_fair_metric metric)
{
    struct es_fair_gap gap = {.difference = NAN, .ratio = NAN, .worst = NAN};
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        const double value = value_of(&groups[i], metric);
        if (isnan(value)) continue;
        gap.defined++;
        low = fmin(low, value);
        high = fmax(high, value);
    }
    if (gap.defined > 0) gap.worst = metric == ES_FAIR_FPR ? high : low;
    if (gap.defined > 1) {
        gap.difference = high - low;
        if (high > 0.0) gap.ratio = low / high;
    }
    return gap;
}

struct es_fair_rest es_fair_vs_rest(const struct es_confusion *groups, size_t count, size_t index, enum es_fair_metric metric,
                                    double alpha)
{
    struct es_fair_rest out = {NAN, NAN, NAN, {NAN, NAN}, NAN, {NAN, NAN}};
    struct es_confusion rest = {0};
    for (size_t i = 0; i < count; i++)
        if (i != index && !es_confusion_merge(&rest, &groups[i])) return out;
    struct es_two_by_two t;
    es_fair_counts(&groups[index], metric, &t.x1, &t.n1);
    es_fair_counts(&rest, metric, &t.x2, &t.n2);
    if (t.n1 > 0.0) out.group = t.x1 / t.n1;
    if (t.n2 > 0.0) out.rest = t.x2 / t.n2;
    out.difference = out.group - out.rest;
    if (isnan(out.difference)) return out;
    out.limits = es_miettinen_nurminen(&t, alpha);
    out.ratio = es_ratio(&t);
    out.ratio_limits = es_koopman(&t, alpha, false);
    return out;
}

struct es_equalised_odds es_equalised_odds(const struct es_confusion *groups, size_t count)
{
    const struct es_fair_gap tpr = es_fair_gap(groups, count, ES_FAIR_TPR), fpr = es_fair_gap(groups, count, ES_FAIR_FPR);
    struct es_equalised_odds out = {NAN, NAN, NAN};
    if (tpr.defined < 2 || fpr.defined < 2) return out;
    out.difference_worst = fmax(tpr.difference, fpr.difference);
    out.difference_mean = (tpr.difference + fpr.difference) / 2.0;
    if (!isnan(tpr.ratio) && !isnan(fpr.ratio)) out.ratio_worst = fmin(tpr.ratio, fpr.ratio);
    return out;
}

/** (b/mean)^2 - 1, halved and averaged, is the same as half of the average of (b/mean - 1)^2, which cannot cancel. */
static double square_of(double b, double mean) { return (b / mean - 1.0) * (b / mean - 1.0); }

struct es_benefit_entropy es_benefit_entropy(const struct es_confusion *groups, size_t count)
{
    struct es_benefit_entropy out = {NAN, NAN, NAN};
    double right = 0.0, false_alarms = 0.0, misses = 0.0;
    for (size_t i = 0; i < count; i++) {
        right += (double)groups[i].tp + (double)groups[i].tn;
        false_alarms += (double)groups[i].fp;
        misses += (double)groups[i].fn;
    }
    const double n = right + false_alarms + misses, mean = (right + 2.0 * false_alarms) / n;
    if (!(mean > 0.0)) return out;
    out.theil = (right / mean * log(1.0 / mean) + false_alarms * 2.0 / mean * log(2.0 / mean)) / n;
    out.theil = fmax(0.0, out.theil);
    out.squared = (right * square_of(1.0, mean) + false_alarms * square_of(2.0, mean) + misses) / (2.0 * n);
    out.between_groups = 0.0;
    for (size_t i = 0; i < count; i++) {
        const struct es_confusion *c = &groups[i];
        const double size = es_confusion_total(c);
        if (!(size > 0.0)) continue;
        const double benefit = ((double)c->tp + (double)c->tn + 2.0 * (double)c->fp) / size;
        out.between_groups += size * square_of(benefit, mean) / (2.0 * n);
    }
    return out;
}
