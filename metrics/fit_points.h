/* SPDX-License-Identifier: Apache-2.0 */
/** @file fit_points.h
 * Logistic recalibration of many points, in columns, so that the compiler can use vector instructions.
 *
 * The same fits as es_fit_offset() and es_fit_line() of calibration.h, for a sweep: columns instead of structs, a start near
 * the answer, and the fitted means written out. Sums are made in a fixed order of fixed partial sums with no contraction, so
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

/** Cases of one logit x: n, of which `positives`. Borrowed columns, `count` long, x ascending and each value once. */
struct es_fit_columns {
    const double *x;
    const uint32_t *n, *positives;
    size_t count;
};

/**
 * logit P = a + x. Newton, kept between the points where every x would be the largest or the smallest.
 * @param start  intercept to start from
 * @param mean   written: the fitted P of each point, when the reason is ES_REASON_NONE
 */
struct es_logistic es_fit_offset_columns(const struct es_fit_columns *points, double start, double *mean);
/**
 * logit P = a + b x. Newton; a step past the maximum along its direction is halved (the likelihood is concave).
 * @param start  fit to start from, or NULL: intercept 0, slope 1
 * @param mean   as above
 */
struct es_logistic es_fit_line_columns(const struct es_fit_columns *points, const struct es_logistic *start, double *mean);

/** exp(x), the one used above; |x| <= 700. For tests. */
double es_fit_exp(double x);

#ifdef __cplusplus
}
#endif
#endif
