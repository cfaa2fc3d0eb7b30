/* SPDX-License-Identifier: Apache-2.0 */
/** @file confusion.h
 * The operating point: four counts and everything that is computed from them (METRICS A1).
 */
#ifndef ES_METRICS_CONFUSION_H
#define ES_METRICS_CONFUSION_H

#include "metrics/estimate.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Counts of cases, not weights. `{0}` is empty; copy freely. */
struct es_confusion {
    uint64_t tp, fp, fn, tn;
};

/** Count one case. */
void es_confusion_add(struct es_confusion *c, bool alert, bool diseased);
/** Add `from` into `into`, as if its cases had been added one by one.
 * @return false when a count would pass UINT64_MAX; `into` is then unchanged */
bool es_confusion_merge(struct es_confusion *into, const struct es_confusion *from);
/** Cases counted, as a double: four counts of 2^64 do not fit in 64 bits. */
double es_confusion_total(const struct es_confusion *c);

/** Values at an operating point. NAN is 0/0, undefined, never 0; the three ratios may be infinite. */
struct es_operating_point {
    double n;
    double sensitivity, specificity; /* tp/(tp+fn), tn/(fp+tn) */
    double ppv, npv;                 /* tp/(tp+fp), tn/(tn+fn); depend on prevalence */
    double fpr, fnr;                 /* fp/(fp+tn), fn/(tp+fn): counted, not 1 - x */
    double fdr, fomr;                /* fp/(tp+fp); false omission rate fn/(tn+fn) */
    double accuracy;                 /* (tp+tn)/n */
    double balanced_accuracy;        /* (sensitivity+specificity)/2; NAN unless both classes were seen */
    double f1;                       /* 2tp/(2tp+fp+fn) */
    double youden;                   /* sensitivity+specificity-1 */
    double lr_pos, lr_neg;           /* sensitivity/fpr, fnr/specificity; Simel, J Clin Epidemiol 44:763 (1991) */
    double dor;                      /* tp tn / (fp fn) */
    double alert_rate, prevalence;   /* (tp+fp)/n, (tp+fn)/n */
};
struct es_operating_point es_operating_point(const struct es_confusion *c);

/** Sensitivity with its Wilson interval for independent cases. @param alpha two-sided, in (0,1)
 * @return ES_NO_POSITIVES when tp + fn is 0. `patients` of the result is its n. */
struct es_estimate es_sensitivity(const struct es_confusion *c, double alpha);
/** Specificity, likewise; ES_NO_NEGATIVES. */
struct es_estimate es_specificity(const struct es_confusion *c, double alpha);

#ifdef __cplusplus
}
#endif
#endif
