/* SPDX-License-Identifier: Apache-2.0 */
/** @file root.h
 * One bracketed root finder for every inverted test.
 *
 * Source: Chandrupatla, Adv Eng Softw 28:145-149 (1997), doi:10.1016/S0965-9978(96)00051-8: inverse quadratic steps where they
 * are safe, bisection elsewhere; never more than a fixed number of calls.
 */
#ifndef ES_METRICS_ROOT_H
#define ES_METRICS_ROOT_H

#ifdef __cplusplus
extern "C" {
#endif

/** A function of one variable and what it needs to know; must be finite on the bracket. */
typedef double es_function(double x, const void *context);

/**
 * Find x in [lo, hi] where f changes sign.
 *
 * @param tolerance  absolute, on x; > 0
 * @return the end at which f is 0 or nearer to it when f has the same sign at both; NAN when f gives NAN at an end
 */
double es_root(es_function *f, const void *context, double lo, double hi, double tolerance);

#ifdef __cplusplus
}
#endif
#endif
