/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/confusion.h"

#include "metrics/proportion.h"

void es_confusion_add(struct es_confusion *c, bool alert, bool diseased)
{
    uint64_t *const cell[2][2] = {{&c->tn, &c->fn}, {&c->fp, &c->tp}};
    ++*cell[alert][diseased];
}

bool es_confusion_merge(struct es_confusion *into, const struct es_confusion *from)
{
    struct es_confusion sum;
    if (__builtin_add_overflow(into->tp, from->tp, &sum.tp) || __builtin_add_overflow(into->fp, from->fp, &sum.fp) ||
        __builtin_add_overflow(into->fn, from->fn, &sum.fn) || __builtin_add_overflow(into->tn, from->tn, &sum.tn))
        return false;
    *into = sum;
    return true;
}

double es_confusion_total(const struct es_confusion *c)
{
    return (double)c->tp + (double)c->fp + (double)c->fn + (double)c->tn;
}

/** x / n; NAN for 0/0, infinite for x/0. */
static double over(double x, double n)
{
    if (n > 0) return x / n;
    return x > 0 ? (double)INFINITY : (double)NAN;
}

struct es_operating_point es_operating_point(const struct es_confusion *c)
{
    /* As doubles from here: tp * tn passes 2^64 at counts of 2^32. */
    const double tp = (double)c->tp, fp = (double)c->fp, fn = (double)c->fn, tn = (double)c->tn;
    struct es_operating_point o = {.n = es_confusion_total(c)};
    o.sensitivity = over(tp, tp + fn);
    o.specificity = over(tn, fp + tn);
    o.ppv = over(tp, tp + fp);
    o.npv = over(tn, tn + fn);
    o.fpr = over(fp, fp + tn);
    o.fnr = over(fn, tp + fn);
    o.fdr = over(fp, tp + fp);
    o.fomr = over(fn, tn + fn);
    o.accuracy = over(tp + tn, o.n);
    o.balanced_accuracy = (o.sensitivity + o.specificity) / 2;
    o.f1 = over(2 * tp, 2 * tp + fp + fn);
    o.youden = o.sensitivity - o.fpr;
    o.lr_pos = over(o.sensitivity, o.fpr);
    o.lr_neg = over(o.fnr, o.specificity);
    if (isnan(o.sensitivity) || isnan(o.specificity)) o.lr_pos = o.lr_neg = NAN;
    o.dor = over(tp * tn, fp * fn);
    o.alert_rate = over(tp + fp, o.n);
    o.prevalence = over(tp + fn, o.n);
    return o;
}

static struct es_estimate rate(uint64_t x, uint64_t n, enum es_reason none, double alpha)
{
    if (n == 0) return es_not_estimable(none, 0, 0);
    const struct es_limits w = es_wilson((double)x, (double)n, alpha);
    return (struct es_estimate){.status = ES_ESTIMATED,
                                .value = (double)x / (double)n,
                                .lo = w.lo,
                                .hi = w.hi,
                                .n = n,
                                .patients = n,
                                .method = ES_INTERVAL_WILSON};
}

struct es_estimate es_sensitivity(const struct es_confusion *c, double alpha)
{
    return rate(c->tp, c->tp + c->fn, ES_NO_POSITIVES, alpha);
}

struct es_estimate es_specificity(const struct es_confusion *c, double alpha)
{
    return rate(c->tn, c->tn + c->fp, ES_NO_NEGATIVES, alpha);
}
