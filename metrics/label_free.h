/* SPDX-License-Identifier: Apache-2.0 */
/** @file label_free.h
 * What performance would be expected if the scores were calibrated: no labels used, so never a verdict (METRICS H2).
 *
 * p is the calibrated probability of disease. Expected counts are sums of p or 1-p over alerts and non-alerts; metrics are
 * ratios of expectations. AUROC is the expected concordance with each case diseased with weight p and healthy with 1-p,
 * ties and self-pairs one half. Standard deviations: Poisson-binomial, the delta method for sensitivity and specificity.
 * Source: confidence-based performance estimation as documented by NannyML; valid only while calibration holds in the group.
 */
#ifndef ES_METRICS_LABEL_FREE_H
#define ES_METRICS_LABEL_FREE_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct es_scored {
    double score;       /* finite */
    double probability; /* in [0,1] */
};

/** Expected counts and metrics; NAN where a denominator is 0. */
struct es_label_free {
    double tp, fp, fn, tn;
    double sensitivity, specificity, ppv, npv, accuracy, f1, auroc;
    double sd_tp, sd_fn, sd_sensitivity, sd_specificity;
};

/** @param cases      sorted in place by score, then probability, so that the result does not depend on their order
 * @param threshold  an alert is a score at or above it
 * @return false when a score is not finite or a probability is outside [0,1]; `out` is then unchanged */
bool es_label_free(struct es_scored *cases, size_t count, double threshold, struct es_label_free *out);

#ifdef __cplusplus
}
#endif
#endif
