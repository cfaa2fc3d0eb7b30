/* SPDX-License-Identifier: Apache-2.0 */
/** @file ranking.h
 * AUROC by ranks: exact numerator, DeLong and patient-clustered variance, intervals, partial areas, average precision.
 *
 * Scores are only compared. -0.0 equals 0.0; NaN is the caller's to keep out. `order` is row indices in ascending score
 * (es_order_by_score()); labels are 0 or 1.
 */
#ifndef ES_METRICS_RANKING_H
#define ES_METRICS_RANKING_H

#include "metrics/estimate.h"
#include "metrics/exact_form.h"
#include "metrics/proportion.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Basic sums of placements: twice the number of pairs won (a tie counts 1), and the cases behind them. */
enum es_place { ES_PLACED_POSITIVE, ES_POSITIVES, ES_PLACED_NEGATIVE, ES_NEGATIVES, ES_PLACES };

/** Sums over patients of ranks (METRICS B1, B2). `{0}` is empty. With each case its own patient this is DeLong's method. */
struct es_ranks {
    uint64_t positives, negatives;                               /* m, n: with a score */
    uint64_t positive_patients, negative_patients, patients;     /* I10, I01, I */
    es_u128 wins2;                                               /* 2 wins + ties over all m n pairs */
    es_u128 product[ES_PLACES][ES_PLACES];
};

/** Doubled placement of every row: for a positive, negatives below plus negatives not above; for a negative, positives above
 * plus positives not below. O(n).
 * @param placed  n values, written */
void es_rank_place(const double *score, const uint8_t *label, const uint32_t *order, uint32_t n, uint64_t *placed);
/** Add one patient: their sums in the order of enum es_place. */
void es_ranks_add(struct es_ranks *ranks, const uint64_t patient[ES_PLACES]);
/** (2 wins + ties) / (2 m n); NAN when a class is missing. */
double es_ranks_auroc(const struct es_ranks *ranks);
/** Variance of the AUROC over patients; NAN with fewer than two patients of a class, or when it comes out negative.
 * Obuchowski, Biometrics 53:567 (1997), doi:10.2307/2533958; DeLong, Biometrics 44:837 (1988), doi:10.2307/2531595. */
double es_ranks_variance(const struct es_ranks *ranks);
/** DeLong's variance, every case taken for a patient of its own.
 * @param squares  sums of squared doubled placements of negatives [0] and positives [1]
 * @return NAN with fewer than two cases of a class */
double es_ranks_delong(const struct es_ranks *ranks, const es_u128 squares[2]);
/** Covariance of two AUROCs over patients who stand in both.
 * @param joint     sums over patients of (place of a) times (place of b)
 * @param patients  patients in either, for the factor K/(K-1)
 * @return 0 when nobody stands in both; NAN when an AUROC is undefined or patients < 2 */
double es_ranks_covariance(const struct es_ranks *a, const struct es_ranks *b, es_u128 joint[ES_PLACES][ES_PLACES],
                           uint64_t patients);
/** DeLong covariance of two AUROCs of the same cases (no clusters), from placements by es_rank_place() of each score.
 * Divisors m - 1 and n - 1; NAN when a class has fewer than two cases. */
double es_rank_paired_covariance(const uint64_t *placed1, const uint64_t *placed2, const uint8_t *label, uint32_t n);

/** auc -+ z se, cut at 0 and 1; NAN without a variance. */
struct es_limits es_auroc_wald(double auc, double variance, double alpha);
/** expit(logit(auc) -+ z se / (auc (1 - auc))); NAN when auc is 0 or 1 or the variance is 0 or unknown. Pepe (2003). */
struct es_limits es_auroc_logit(double auc, double variance, double alpha);
/** Newcombe's method 5, Stat Med 25:559 (2006), doi:10.1002/sim.2324: needs only m and n (may be effective numbers). */
struct es_limits es_auroc_newcombe(double auc, double m, double n, double alpha);

/** Areas of the ROC curve, points joined by straight lines. McClish, Med Decis Making 9:190 (1989). NAN when a class is missing. */
struct es_partial_areas {
    double fpr; /* area over fpr in [0, limit] */
    double fpr_standardised; /* (1 + (A - min) / (max - min)) / 2; below 0.5 when worse than chance */
    double tpr; /* area of the band tpr in [limit, 1]: integral of (1 - fpr) over tpr */
};
struct es_partial_areas es_partial_areas(const double *score, const uint8_t *label, const uint32_t *order, uint32_t n,
                                         double fpr_limit, double tpr_limit);
/** Step sum of (R_k - R_{k-1}) P_k over distinct thresholds. Davis and Goadrich, ICML 2006; Boyd, ECML 2013. NAN without a
 * positive. */
double es_average_precision(const double *score, const uint8_t *label, const uint32_t *order, uint32_t n);

#ifdef __cplusplus
}
#endif
#endif
