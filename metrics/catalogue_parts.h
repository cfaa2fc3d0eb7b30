/* SPDX-License-Identifier: Apache-2.0 */
/** @file catalogue_parts.h
 * The functions behind the rows of the catalogue. Private to metrics/.
 */
#ifndef ES_METRICS_CATALOGUE_PARTS_H
#define ES_METRICS_CATALOGUE_PARTS_H

#include "metrics/catalogue.h"
#include "metrics/summary.h"

#define ES_FINISH(name) struct es_estimate es_finish_##name(const struct es_summary *s, const struct es_level *level)
#define ES_COMPARE(name) \
    bool es_compare_##name(const struct es_summary *s, const struct es_level *level, double margin, struct es_comparison *out)

/** Outcomes as bits. */
enum {
    ES_BIT_TP = 1 << ES_TP,
    ES_BIT_FP = 1 << ES_FP,
    ES_BIT_FN = 1 << ES_FN,
    ES_BIT_TN = 1 << ES_TN,
    ES_BIT_P = 1 << ES_P,
    ES_BIT_N = 1 << ES_N,
    ES_BITS_DECIDED = ES_BIT_TP | ES_BIT_FP | ES_BIT_FN | ES_BIT_TN
};
/** A rate: cases with an outcome in `x` over cases with an outcome in `n` (bits above; x within n). */
struct es_rate_def {
    unsigned x, n;
    enum es_over over;
    enum es_reason empty; /* reason when nothing is in n */
    bool needs_misses;    /* not to be had without verified non-alerts */
};
extern const struct es_rate_def es_rate_sensitivity, es_rate_specificity;
/** Patient sums of a rate in one arm. */
struct es_cluster_sums es_rate_sums(const struct es_arm *arm, const struct es_rate_def *rate);
/** Cases with an outcome in the mask. */
uint64_t es_count_of(const uint64_t *v, unsigned mask);
/** Sum over patients of (count in a) times (count in b). */
uint64_t es_product_of(const uint64_t v[ES_OUTCOMES][ES_OUTCOMES], unsigned a, unsigned b);

ES_FINISH(sensitivity);
ES_FINISH(specificity);
ES_FINISH(ppv);
ES_FINISH(npv);
ES_FINISH(accuracy);
ES_FINISH(balanced_accuracy);
ES_FINISH(f1);
ES_FINISH(youden);
ES_FINISH(lr_positive);
ES_FINISH(lr_negative);
ES_FINISH(diagnostic_odds_ratio);
ES_FINISH(prevalence);
ES_FINISH(alert_rate);
ES_FINISH(sensitivity_all_eligible);
ES_FINISH(auroc);
ES_FINISH(brier);
ES_FINISH(oe_ratio);
ES_FINISH(citl);
ES_FINISH(slope);
ES_FINISH(intercept);
ES_FINISH(mean_score);
ES_FINISH(ece10);

ES_FINISH(bias);
ES_FINISH(mae);
ES_FINISH(rmse);
ES_FINISH(agreement_lower);
ES_FINISH(agreement_upper);
ES_FINISH(ccc);
ES_FINISH(icc);
ES_FINISH(kappa);
ES_FINISH(exact_agreement);
ES_FINISH(within_one);
ES_FINISH(level_shift);
ES_FINISH(dice);
ES_FINISH(iou);
ES_FINISH(volume_difference);
ES_FINISH(hd95);
ES_FINISH(surface_distance);
ES_FINISH(empty_share);
ES_FINISH(lesion_sensitivity);
ES_FINISH(false_marks);
ES_FINISH(froc);

ES_COMPARE(sensitivity);
ES_COMPARE(specificity);
ES_COMPARE(ppv);
ES_COMPARE(npv);
ES_COMPARE(accuracy);
ES_COMPARE(prevalence);
ES_COMPARE(alert_rate);
ES_COMPARE(auroc);
ES_COMPARE(brier);
ES_COMPARE(citl);
ES_COMPARE(bias);
ES_COMPARE(mae);
ES_COMPARE(exact_agreement);
ES_COMPARE(within_one);
ES_COMPARE(level_shift);
ES_COMPARE(dice);
ES_COMPARE(iou);
ES_COMPARE(volume_difference);
ES_COMPARE(hd95);
ES_COMPARE(surface_distance);
ES_COMPARE(empty_share);
ES_COMPARE(lesion_sensitivity);
ES_COMPARE(false_marks);

/** No verified non-alert although there are non-alerts: misses of a group, or of its rest, cannot be seen (METRICS J7). Verified are those
 * that the figure is made of: a label that came before its case's window closed is in no figure yet, so it shows no miss. */
bool es_blind_group(const struct es_summary *s);
bool es_blind_rest(const struct es_summary *s);
/** ES_FLAG_FEW_CLUSTERS when the Kish-effective number of patients is below 50 (METRICS J1). */
uint32_t es_few_clusters(double n, double squares);
/** A share of clustered counts with its Wilson interval on effective counts; `empty` is the reason when n is 0. */
struct es_estimate es_clustered_rate(const struct es_cluster_sums *sums, enum es_reason empty, const struct es_level *level);
/** Start a comparison: all doubles NAN, not estimable for `reason`. */
void es_comparison_none(struct es_comparison *out, enum es_reason reason);
/** Fill p-values and intervals of a difference with a normal standard error. */
void es_comparison_normal(struct es_comparison *out, double variance, const struct es_level *level, double margin);

#endif
