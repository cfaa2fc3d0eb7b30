/* SPDX-License-Identifier: Apache-2.0 */
/** @file fairness.h
 * Group fairness at an operating point, from the counts of each group (METRICS D1).
 *
 * Demographic parity is the alert rate; equal opportunity the true positive rate; equalised odds both rates: Hardt, Price,
 * Srebro, NeurIPS 2016; disparate impact: Feldman and others, KDD 2015, DOI 10.1145/2783258.2783311; predictive parity:
 * Chouldechova, Big Data 5:153 (2017), DOI 10.1089/big.2016.0047 (it cannot hold with equalised odds when prevalence
 * differs); generalised entropy: Speicher and others, KDD 2018, DOI 10.1145/3219819.3220046.
 *
 * A group whose metric is 0/0 is left out and counted, never scored 0. The gap of the greatest and the smallest group grows
 * with the number of groups under perfect parity: it is a summary, each group against its rest is the finding.
 */
#ifndef ES_METRICS_FAIRNESS_H
#define ES_METRICS_FAIRNESS_H

#include "metrics/confusion.h"
#include "metrics/proportion.h"

#ifdef __cplusplus
extern "C" {
#endif

enum es_fair_metric {
    ES_FAIR_ALERT_RATE,
    ES_FAIR_TPR,
    ES_FAIR_FPR, /* the only one of which less is better */
    ES_FAIR_PPV,
    ES_FAIR_NPV,
    ES_FAIR_ACCURACY,
    ES_FAIR_METRICS
};
/** "alert_rate", "tpr", "fpr", "ppv", "npv", "accuracy". */
const char *es_fair_metric_name(enum es_fair_metric metric);
/** Events and cases behind a metric, for intervals; x/n is its value. */
void es_fair_counts(const struct es_confusion *c, enum es_fair_metric metric, double *x, double *n);

/** Limits that hold for every pair of groups at once, and so for the greatest difference and the smallest ratio among them, whichever
 * groups those are: each of the k (k - 1) / 2 pairs at its Bonferroni share of alpha, by Miettinen and Nurminen for the difference and by
 * Koopman for the ratio. The greatest of the lower limits and the greatest of the upper limits of the (signed both ways) differences
 * are limits of max - min; the smallest of each of the ratios, of min / max. Conservative; groups are taken for independent (a patient in
 * two levels of one axis narrows or widens it a little: the comparison with the rest allows for it, this does not).
 *
 * @param p,n   rate and effective number of cases of each group, n > 0
 * @param ratio NAN when two rates are 0
 * @return false (all NAN) with fewer than two groups or a p or n that is none */
bool es_fair_range_limits(const double *p, const double *n, size_t count, double alpha, struct es_limits *difference,
                          struct es_limits *ratio);
/** The same for means with normal errors (calibration in the large). */
bool es_fair_range_normal(const double *mean, const double *se, size_t count, double alpha, struct es_limits *difference);

/** One metric over the groups. NAN where undefined. */
struct es_fair_gap {
    size_t defined;    /* groups whose metric is defined */
    double difference; /* greatest less smallest; NAN below two defined groups */
    double ratio;      /* smallest over greatest; NAN below two, and when the greatest is 0 */
    double worst;      /* smallest, of FPR the greatest; NAN when none is defined */
};
struct es_fair_gap es_fair_gap(const struct es_confusion *groups, size_t count, enum es_fair_metric metric);

/** A group against all others pooled. */
struct es_fair_rest {
    double group, rest;
    double difference;        /* group - rest; NAN when either is undefined */
    struct es_limits limits;  /* Miettinen-Nurminen */
    double ratio;             /* group / rest: the disparate impact ratio when the metric is the alert rate */
    struct es_limits ratio_limits; /* Koopman */
};
/** @param index  of the group; @param alpha two-sided, in (0,1)
 * @return all NAN when the pooled counts pass UINT64_MAX */
struct es_fair_rest es_fair_vs_rest(const struct es_confusion *groups, size_t count, size_t index, enum es_fair_metric metric,
                                    double alpha);

/** Equalised odds over the groups: NAN when either rate has fewer than two defined groups. */
struct es_equalised_odds {
    double difference_worst, difference_mean; /* of the TPR and FPR gaps */
    double ratio_worst;                       /* the smaller of the two ratios; NAN when either is */
};
struct es_equalised_odds es_equalised_odds(const struct es_confusion *groups, size_t count);

/** Inequality of the benefit b = decision - label + 1: 1 when right, 2 for a false alarm, 0 for a miss. NAN when all benefit
 * is 0 or there are no cases. */
struct es_benefit_entropy {
    double theil;          /* generalised entropy, exponent 1 */
    double squared;        /* exponent 2: half the squared coefficient of variation */
    double between_groups; /* exponent 2 with each case's benefit replaced by its group's mean */
};
struct es_benefit_entropy es_benefit_entropy(const struct es_confusion *groups, size_t count);

#ifdef __cplusplus
}
#endif
#endif
