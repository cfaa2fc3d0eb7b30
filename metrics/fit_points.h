/* SPDX-License-Identifier: Apache-2.0 */
/** @file fit_points.h
 * Logistic recalibration of many points, in columns, so that the compiler can use vector instructions.
 *
 * Sums are made in a fixed order of fixed partial sums with no contraction, so
 * the results are the same bits with vectors of any width. exp() is our own for that reason: its relative error is below 4e-16.
 */
#ifndef ES_METRICS_FIT_POINTS_H
#define ES_METRICS_FIT_POINTS_H

#include <stddef.h>
#include <stdint.h>

#include "metrics/calibration.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Cases of one logit x: n, of which `positives`. Borrowed columns, `count` long, x ascending, |x| <= 14 (es_logit_clipped()). */
struct es_fit_columns {
    const double *x;
    const uint32_t *n, *positives;
    size_t count;
};

/**
 * logit P = a + x, x as offset: calibration-in-the-large. Van Calster, BMC Med 17:230 (2019), doi:10.1186/s12916-019-1466-7. Newton
 * to a step below 1e-10, which leaves an error of its square; kept between the points where every x would be the largest or the smallest.
 * @param start  intercept to start from
 * @param mean   `count` values, written: the fitted P of each point within 1e-10, when the reason is ES_REASON_NONE
 * @return reason ES_NO_CASES, ES_NO_POSITIVES or ES_NO_NEGATIVES when there is no fit
 */
struct es_logistic es_fit_offset(const struct es_fit_columns *points, double start, double *mean);
/**
 * logit P = a + b x: recalibration. Cox, Biometrika 45:562 (1958). Newton as above; a step past the maximum along its direction is halved (the likelihood is concave).
 * @param start  fit to start from, or NULL: intercept 0, slope 1
 * @param mean   as above
 * @return also ES_ZERO_VARIANCE for one x, ES_SEPARATION where complete or quasi-complete separation leaves no finite fit
 */
struct es_logistic es_fit_line(const struct es_fit_columns *points, const struct es_logistic *start, double *mean);

/** exp(x), the one used above; |x| <= 700. For tests. */
double es_fit_exp(double x);

#ifdef __cplusplus
}
#endif
#endif
