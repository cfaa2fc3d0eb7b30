/* SPDX-License-Identifier: Apache-2.0 */
/** @file calibration.h
 * Do the probabilities mean what they say? (METRICS B3)
 *
 * p must lie in [0,1] and y be 0 or 1 (checked by the caller). Sums run in the order of the arrays: give them in score order for
 * results that do not depend on the order of arrival.
 */
#ifndef ES_METRICS_CALIBRATION_H
#define ES_METRICS_CALIBRATION_H

#include "metrics/estimate.h"
#include "metrics/proportion.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Logits are taken of p clipped to [1e-6, 1 - 1e-6]. */
#define ES_LOGIT_CLIP 1e-6
/** logit(p), clipped as above: in [-13.8, 13.8]. */
double es_logit_clipped(double p);

/** A logistic fit; fit_points.h makes it. */
struct es_logistic {
    enum es_reason reason;     /* ES_REASON_NONE; ES_NO_CASES; ES_NO_POSITIVES; ES_NO_NEGATIVES; ES_SEPARATION; ES_ZERO_VARIANCE (one x) */
    double intercept, slope;   /* slope is 1 for the offset model */
    double intercept_se, slope_se; /* model-based, independent cases; slope_se NAN for the offset model */
    double information[3];     /* sum w, sum w x, sum w x^2 with w = mu (1 - mu) */
};

/** Brier score and its decomposition on ten left-closed bins with the bin's mean forecast: score = rel - res + unc + wbv - wbc.
 * Brier, Mon Weather Rev 78:1 (1950); Murphy, J Appl Meteorol 12:595 (1973); Stephenson, Weather Forecast 23:752 (2008). */
struct es_brier {
    double score, reliability, resolution, uncertainty, within_variance, within_covariance;
};
bool es_brier(const double *p, const uint8_t *y, size_t n, struct es_brier *out);

#define ES_MAX_BINS 100
/** Bin of p among equal-width left-closed bins [m/M, (m+1)/M), the last closed at 1. */
unsigned es_calibration_bin(double p, unsigned bins);
/** Expected (mean) and maximal gap between mean forecast and rate over equal-width bins, Naeini, AAAI 2015. Biased upward at
 * small n: a description, not a test.
 * @param bins  1 .. ES_MAX_BINS
 * @param right_closed  (l,u] with the first bin closed, as scikit-learn does; otherwise [l,u) with the last closed
 * @return false (nothing written) when n is 0 */
bool es_calibration_error(const double *p, const uint8_t *y, size_t n, unsigned bins, bool right_closed, double *expected,
                          double *maximal);

/** Observed over expected with exp(+-z sqrt((1 - O/n)/O)); limits NAN when O is 0. Debray, BMJ 356:i6460 (2017). */
double es_observed_expected(double observed, double expected, double n, double alpha, struct es_limits *limits);
/** Spiegelhalter's z, Stat Med 5:421 (1986); NAN when every p is 0, 1/2 or 1. */
double es_spiegelhalter(const double *p, const uint8_t *y, size_t n);
/** tp/n - fp/n t/(1-t), alert iff p >= t, 0 <= t < 1; *all is that of alerting for everyone.
 * Vickers and Elkin, Med Decis Making 26:565 (2006), doi:10.1177/0272989X06295361. */
double es_net_benefit(const double *p, const uint8_t *y, size_t n, double threshold, double *all);

#ifdef __cplusplus
}
#endif
#endif
