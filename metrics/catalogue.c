/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/catalogue.h"

#include <string.h>

#include "metrics/catalogue_parts.h"
#include "metrics/proportion.h"

#define WILSON_SOURCE "Wilson 1927, doi:10.1080/01621459.1927.10502953; Rao and Scott 1992, doi:10.2307/2532311"
#define DECIDED_TASKS (ES_TASK_BINARY | ES_TASK_DECIDED)
#define MEAN_SOURCE "Bland and Altman 1999, doi:10.1177/096228029900800204; Rao and Scott 1992, doi:10.2307/2532311"
#define AGREEMENT_SOURCE "Bland and Altman 1999, doi:10.1177/096228029900800204"
#define OVERLAP_SOURCE "Maier-Hein 2024, doi:10.1038/s41592-023-02151-z"
#define CALIBRATION_SOURCE "Cox 1958; Van Calster 2019, doi:10.1186/s12916-019-1466-7"

struct es_level es_level_default(void)
{
    return (struct es_level){.alpha = 0.05, .equivalence = 0.05, .min_cases = 10, .min_patients = 50};
}

const struct es_metric es_metrics[] = {
    {"sensitivity", "Sensitivity", "proportion", "Share of diseased cases that raised an alert: TP / (TP + FN).", WILSON_SOURCE,
     "found more often", "missed more often", DECIDED_TASKS, ES_KERNEL_RATIO, ES_PER_POSITIVE, ES_INTERVAL_WILSON_CLUSTERED, 1,
     true, es_finish_sensitivity, es_compare_sensitivity},
    {"specificity", "Specificity", "proportion", "Share of disease-free cases without an alert: TN / (TN + FP).", WILSON_SOURCE,
     "fewer false alarms", "more false alarms", DECIDED_TASKS, ES_KERNEL_RATIO, ES_PER_NEGATIVE, ES_INTERVAL_WILSON_CLUSTERED, 1,
     true, es_finish_specificity, es_compare_specificity},
    {"ppv", "Positive predictive value", "proportion",
     "Share of alerts that are diseased: TP / (TP + FP); depends on prevalence.", WILSON_SOURCE, "alerts right more often",
     "alerts wrong more often", DECIDED_TASKS, ES_KERNEL_RATIO, ES_PER_ALERT, ES_INTERVAL_WILSON_CLUSTERED, 1, false,
     es_finish_ppv, es_compare_ppv},
    {"npv", "Negative predictive value", "proportion",
     "Share of non-alerts that are disease-free: TN / (TN + FN); depends on prevalence.", WILSON_SOURCE,
     "silence right more often", "silence wrong more often", DECIDED_TASKS, ES_KERNEL_RATIO, ES_PER_NON_ALERT,
     ES_INTERVAL_WILSON_CLUSTERED, 1, false, es_finish_npv, es_compare_npv},
    {"accuracy", "Accuracy", "proportion", "Share of right decisions: (TP + TN) / n; depends on prevalence.", WILSON_SOURCE,
     "right more often", "wrong more often", DECIDED_TASKS, ES_KERNEL_RATIO, ES_PER_CASE, ES_INTERVAL_WILSON_CLUSTERED, 1, false,
     es_finish_accuracy, es_compare_accuracy},
    {"balanced_accuracy", "Balanced accuracy", "proportion", "Mean of sensitivity and specificity.",
     "Brodersen 2010, doi:10.1109/ICPR.2010.764", "higher", "lower", DECIDED_TASKS, ES_KERNEL_RATIO, ES_PER_CASE,
     ES_INTERVAL_MOVER, 2, false, es_finish_balanced_accuracy, NULL},
    {"f1", "F1 score", "proportion", "2 TP / (2 TP + FP + FN); depends on prevalence.", "van Rijsbergen 1979", "higher", "lower",
     DECIDED_TASKS, ES_KERNEL_RATIO, ES_PER_CASE, ES_INTERVAL_WILSON_CLUSTERED, 1, false, es_finish_f1, NULL},
    {"youden", "Youden index", "proportion", "Sensitivity + specificity - 1.",
     "Youden 1950, doi:10.1002/1097-0142(1950)3:1<32::AID-CNCR2820030106>3.0.CO;2-3", "higher", "lower", DECIDED_TASKS,
     ES_KERNEL_RATIO, ES_PER_CASE, ES_INTERVAL_MOVER, 2, false, es_finish_youden, NULL},
    {"lr_positive", "Positive likelihood ratio", "ratio", "Sensitivity over the false alarm rate: how much an alert raises the odds.",
     "Simel 1991, J Clin Epidemiol 44:763; Koopman 1984, doi:10.2307/2531405", "alerts tell more", "alerts tell less", DECIDED_TASKS,
     ES_KERNEL_RATIO, ES_PER_CASE, ES_INTERVAL_KOOPMAN_CLUSTERED, 2, false, es_finish_lr_positive, NULL},
    {"lr_negative", "Negative likelihood ratio", "ratio", "Miss rate over specificity: how much silence lowers the odds.",
     "Simel 1991, J Clin Epidemiol 44:763; Koopman 1984, doi:10.2307/2531405", "silence tells less", "silence tells more", DECIDED_TASKS,
     ES_KERNEL_RATIO, ES_PER_CASE, ES_INTERVAL_KOOPMAN_CLUSTERED, 2, false, es_finish_lr_negative, NULL},
    {"diagnostic_odds_ratio", "Diagnostic odds ratio", "ratio", "TP TN / (FP FN): the odds of an alert in diseased over those in disease-free cases.",
     "Glas 2003, doi:10.1016/S0895-4356(03)00177-X", "higher", "lower", DECIDED_TASKS, ES_KERNEL_RATIO, ES_PER_CASE,
     ES_INTERVAL_LOG_RATIO, 2, false, es_finish_diagnostic_odds_ratio, NULL},
    {"prevalence", "Prevalence", "proportion", "Share of referenced cases that are diseased.", WILSON_SOURCE,
     "diseased more often", "diseased less often", DECIDED_TASKS, ES_KERNEL_RATIO, ES_PER_CASE, ES_INTERVAL_WILSON_CLUSTERED, 1,
     false, es_finish_prevalence, es_compare_prevalence},
    {"alert_rate", "Alert rate", "proportion", "Share of referenced cases with an alert: (TP + FP) / n.", WILSON_SOURCE,
     "alerted more often", "alerted less often", DECIDED_TASKS, ES_KERNEL_RATIO, ES_PER_CASE, ES_INTERVAL_WILSON_CLUSTERED, 1,
     false, es_finish_alert_rate, es_compare_alert_rate},
    {"sensitivity_all_eligible", "Sensitivity as deployed", "proportion",
     "Share of diseased eligible cases that raised an alert; a failed, rejected or missing result is no alert.", WILSON_SOURCE,
     "found more often", "missed more often", DECIDED_TASKS, ES_KERNEL_RATIO, ES_PER_ELIGIBLE_POSITIVE,
     ES_INTERVAL_WILSON_CLUSTERED, 1, false, es_finish_sensitivity_all_eligible, NULL},
    {"auroc", "AUROC", "proportion",
     "Chance that a diseased case scores above a disease-free one of the same group, ties one half.",
     "DeLong 1988, doi:10.2307/2531595; Obuchowski 1997, doi:10.2307/2533958; Newcombe 2006, doi:10.1002/sim.2324",
     "ranked better", "ranked worse", DECIDED_TASKS, ES_KERNEL_RANK, ES_PER_CASE, ES_INTERVAL_LOGIT_OBUCHOWSKI,
     2, true, es_finish_auroc, es_compare_auroc},
    {"brier", "Brier score", "proportion", "Mean squared distance of the probability from the outcome; 0 is best.",
     "Brier 1950, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2", "probabilities further off", "probabilities nearer",
     ES_TASK_BINARY, ES_KERNEL_MEAN, ES_PER_CASE, ES_INTERVAL_RATIO_CLUSTERED, 1, false, es_finish_brier, es_compare_brier},
    {"oe_ratio", "Observed over expected", "ratio", "Diseased cases over the sum of the probabilities; 1 is calibrated.",
     "Debray 2017, doi:10.1136/bmj.i6460", "risk rated lower for what was found", "risk rated higher for what was found", ES_TASK_BINARY, ES_KERNEL_MEAN,
     ES_PER_CASE, ES_INTERVAL_LOG_RATIO, 1, false, es_finish_oe_ratio, NULL},
    {"calibration_in_the_large", "Calibration in the large", "logit",
     "Intercept a of logit P = a + logit score; above 0 the scores understate the risk.", CALIBRATION_SOURCE,
     "risk rated lower for what was found", "risk rated higher for what was found", ES_TASK_BINARY, ES_KERNEL_FIT, ES_PER_CASE, ES_INTERVAL_FIT_CLUSTERED, 2,
     true, es_finish_citl, es_compare_citl},
    {"calibration_slope", "Calibration slope", "ratio",
     "Slope b of logit P = a + b logit score; below 1 the scores are too extreme.", CALIBRATION_SOURCE, "scores less extreme",
     "scores more extreme", ES_TASK_BINARY, ES_KERNEL_FIT, ES_PER_CASE, ES_INTERVAL_FIT_CLUSTERED, 2, false, es_finish_slope, NULL},
    {"calibration_intercept", "Calibration intercept", "logit", "Intercept a of logit P = a + b logit score.",
     CALIBRATION_SOURCE, "higher", "lower", ES_TASK_BINARY, ES_KERNEL_FIT, ES_PER_CASE, ES_INTERVAL_FIT_CLUSTERED, 2, false,
     es_finish_intercept, NULL},
    {"mean_score", "Mean score", "proportion", "Mean of the probabilities of the referenced cases.",
     "Rao and Scott 1992, doi:10.2307/2532311", "higher", "lower", ES_TASK_BINARY, ES_KERNEL_MEAN, ES_PER_CASE,
     ES_INTERVAL_RATIO_CLUSTERED, 1, false, es_finish_mean_score, NULL},
    {"ece10", "Expected calibration error", "proportion",
     "Mean gap between probability and rate over ten bins; biased upward when cases are few.", "Naeini 2015 (AAAI)", "higher",
     "lower", ES_TASK_BINARY, ES_KERNEL_CURVE, ES_PER_CASE, ES_INTERVAL_NONE, 1, false, es_finish_ece10, NULL},
    {"bias", "Bias", "value", "Mean of the model's value minus the reference's.", MEAN_SOURCE, "measured higher", "measured lower",
     ES_TASK_MEASUREMENT, ES_KERNEL_MEAN, ES_PER_CASE, ES_INTERVAL_T_CLUSTERED, 2, true, es_finish_bias, es_compare_bias},
    {"mae", "Mean absolute error", "value", "Mean distance of the model's value from the reference's.", MEAN_SOURCE, "further off",
     "nearer", ES_TASK_MEASUREMENT, ES_KERNEL_MEAN, ES_PER_CASE, ES_INTERVAL_T_CLUSTERED, 2, false, es_finish_mae, es_compare_mae},
    {"rmse", "Root mean square error", "value", "Square root of the mean squared distance from the reference.", MEAN_SOURCE,
     "further off", "nearer", ES_TASK_MEASUREMENT, ES_KERNEL_MEAN, ES_PER_CASE, ES_INTERVAL_T_CLUSTERED, 2, false, es_finish_rmse, NULL},
    {"agreement_lower", "Lower limit of agreement", "value", "Bias - 1.96 SD of the differences: 2.5 % of normally spread differences lie below.",
     AGREEMENT_SOURCE, "higher", "lower", ES_TASK_MEASUREMENT, ES_KERNEL_MEAN, ES_PER_CASE, ES_INTERVAL_LINEAR_CLUSTERED, 2, false,
     es_finish_agreement_lower, NULL},
    {"agreement_upper", "Upper limit of agreement", "value", "Bias + 1.96 SD of the differences: 2.5 % of normally spread differences lie above.",
     AGREEMENT_SOURCE, "higher", "lower", ES_TASK_MEASUREMENT, ES_KERNEL_MEAN, ES_PER_CASE, ES_INTERVAL_LINEAR_CLUSTERED, 2, false,
     es_finish_agreement_upper, NULL},
    {"ccc", "Concordance correlation", "ratio", "2 cov / (var + var + bias^2): agreement of the values, 1 is perfect.",
     "Lin 1989, doi:10.2307/2532051; King and Chinchilli 2001, doi:10.1002/sim.845", "agrees better", "agrees worse",
     ES_TASK_MEASUREMENT, ES_KERNEL_MEAN, ES_PER_CASE, ES_INTERVAL_LINEAR_CLUSTERED, 3, false, es_finish_ccc, NULL},
    {"icc", "Intraclass correlation", "ratio", "ICC(2,1), absolute agreement of two raters; 1 is perfect.",
     "McGraw and Wong 1996, doi:10.1037/1082-989X.1.1.30", "agrees better", "agrees worse", ES_TASK_MEASUREMENT, ES_KERNEL_MEAN,
     ES_PER_CASE, ES_INTERVAL_MCGRAW_WONG, 2, false, es_finish_icc, NULL},
    {"weighted_kappa", "Weighted kappa", "ratio", "Agreement of the levels beyond chance, quadratic weights; 1 is perfect.",
     "Cohen 1968, doi:10.1037/h0026256; King and Chinchilli 2001, doi:10.1002/sim.845", "agrees better", "agrees worse",
     ES_TASK_ORDINAL, ES_KERNEL_MEAN, ES_PER_CASE, ES_INTERVAL_LINEAR_CLUSTERED, 3, false, es_finish_kappa, NULL},
    {"exact_agreement", "Exact agreement", "proportion", "Share of cases at the same level as the reference.", WILSON_SOURCE,
     "agrees more often", "agrees less often", ES_TASK_ORDINAL, ES_KERNEL_MEAN, ES_PER_CASE, ES_INTERVAL_WILSON_CLUSTERED, 1, false,
     es_finish_exact_agreement, es_compare_exact_agreement},
    {"within_one", "Within one level", "proportion", "Share of cases at most one level away from the reference.", WILSON_SOURCE,
     "near more often", "near less often", ES_TASK_ORDINAL, ES_KERNEL_MEAN, ES_PER_CASE, ES_INTERVAL_WILSON_CLUSTERED, 1, false,
     es_finish_within_one, es_compare_within_one},
    {"level_shift", "Level shift", "levels", "Mean of the model's level minus the reference's.", MEAN_SOURCE, "graded higher",
     "graded lower", ES_TASK_ORDINAL, ES_KERNEL_MEAN, ES_PER_CASE, ES_INTERVAL_T_CLUSTERED, 2, false, es_finish_level_shift,
     es_compare_level_shift},
    {"dice", "Dice", "proportion", "Mean of 2 |A and B| / (|A| + |B|); 0 where one mask is empty, left out where both are.",
     OVERLAP_SOURCE, "overlaps better", "overlaps worse", ES_TASK_SEGMENTATION, ES_KERNEL_MEAN, ES_PER_CASE, ES_INTERVAL_T_CLUSTERED, 2,
     true, es_finish_dice, es_compare_dice},
    {"iou", "Intersection over union", "proportion", "Mean of |A and B| / |A or B|; empty masks as for Dice.", OVERLAP_SOURCE,
     "overlaps better", "overlaps worse", ES_TASK_SEGMENTATION, ES_KERNEL_MEAN, ES_PER_CASE, ES_INTERVAL_T_CLUSTERED, 2, false,
     es_finish_iou, es_compare_iou},
    {"volume_difference", "Volume difference", "ratio", "Mean of (model - reference) / reference; left out where the reference is empty.",
     OVERLAP_SOURCE, "drawn larger", "drawn smaller", ES_TASK_SEGMENTATION, ES_KERNEL_MEAN, ES_PER_CASE, ES_INTERVAL_T_CLUSTERED, 2,
     false, es_finish_volume_difference, es_compare_volume_difference},
    {"hd95", "Hausdorff distance, 95 %", "mm", "Mean of the greater directed 95th percentile of surface distances; neither mask empty.",
     OVERLAP_SOURCE, "edges further off", "edges nearer", ES_TASK_SEGMENTATION, ES_KERNEL_MEAN, ES_PER_CASE, ES_INTERVAL_T_CLUSTERED,
     2, false, es_finish_hd95, es_compare_hd95},
    {"surface_distance", "Mean surface distance", "mm", "Mean of the average symmetric surface distance; neither mask empty.",
     OVERLAP_SOURCE, "edges further off", "edges nearer", ES_TASK_SEGMENTATION, ES_KERNEL_MEAN, ES_PER_CASE, ES_INTERVAL_T_CLUSTERED,
     2, false, es_finish_surface_distance, es_compare_surface_distance},
    {"empty_share", "One mask empty", "proportion", "Share of cases in which the model or the reference, not both, drew nothing.",
     WILSON_SOURCE, "missed or invented more often", "missed or invented less often", ES_TASK_SEGMENTATION, ES_KERNEL_MEAN, ES_PER_CASE,
     ES_INTERVAL_WILSON_CLUSTERED, 1, false, es_finish_empty_share, es_compare_empty_share},
    {"lesion_sensitivity", "Lesion sensitivity", "proportion", "Share of the reference's lesions that a mark at the threshold is on.",
     WILSON_SOURCE, "lesions found more often", "lesions missed more often", ES_TASK_DETECTION, ES_KERNEL_RATIO, ES_PER_LESION,
     ES_INTERVAL_WILSON_CLUSTERED, 1, false, es_finish_lesion_sensitivity, es_compare_lesion_sensitivity},
    {"false_marks", "False marks a unit", "marks", "Mean number of marks at the threshold that are on no lesion.", MEAN_SOURCE,
     "more false marks", "fewer false marks", ES_TASK_DETECTION, ES_KERNEL_MEAN, ES_PER_CASE, ES_INTERVAL_T_CLUSTERED, 2, false,
     es_finish_false_marks, es_compare_false_marks},
    {"froc", "FROC score", "proportion", "Mean lesion sensitivity at 1/8, 1/4, 1/2, 1, 2, 4 and 8 false marks a unit.",
     "van Ginneken 2010, doi:10.1016/j.media.2010.05.005", "lesions found more often", "lesions missed more often", ES_TASK_DETECTION,
     ES_KERNEL_CURVE, ES_PER_LESION, ES_INTERVAL_NONE, 1, false, es_finish_froc, NULL},
};
const size_t es_metrics_count = sizeof es_metrics / sizeof es_metrics[0];

const struct es_metric *es_metric_find(const char *name)
{
    for (size_t i = 0; i < es_metrics_count; i++)
        if (strcmp(es_metrics[i].name, name) == 0) return &es_metrics[i];
    return NULL;
}

size_t es_metric_unclustered(const struct es_metric *metric, const struct es_summary *s, const struct es_estimate *estimate,
                             const struct es_level *level, struct es_unclustered out[ES_MAX_UNCLUSTERED])
{
    if (estimate->status != ES_ESTIMATED) return 0;
    if (metric->kernel == ES_KERNEL_RATIO && estimate->method == ES_INTERVAL_WILSON_CLUSTERED) {
        const double n = (double)estimate->n, x = nearbyint(estimate->value * n);
        const struct es_limits wilson = es_wilson(x, n, level->alpha), exact = es_clopper_pearson(x, n, level->alpha);
        out[0] = (struct es_unclustered){ES_INTERVAL_WILSON, wilson.lo, wilson.hi};
        out[1] = (struct es_unclustered){ES_INTERVAL_CLOPPER_PEARSON, exact.lo, exact.hi};
        return 2;
    }
    if (metric->kernel == ES_KERNEL_RANK && strcmp(metric->name, "auroc") == 0) {
        const struct es_limits limits = es_auroc_wald(estimate->value, es_ranks_delong(&s->ranks, s->placed_squares), level->alpha);
        out[0] = (struct es_unclustered){ES_INTERVAL_DELONG, limits.lo, limits.hi};
        return isnan(limits.lo) ? 0 : 1;
    }
    return 0;
}
