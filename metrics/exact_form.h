/* SPDX-License-Identifier: Apache-2.0 */
/** @file exact_form.h
 * Sums of squares of patient deviations, from integer sums, without cancellation.
 *
 * A variance over patients is sum_i (a x_i - b y_i)(c u_i - d v_i) with totals a..d. Expanded it is four products of integers
 * that nearly cancel; they are formed in 128 bits and rounded once, so the result does not depend on any order (METRICS J10).
 */
#ifndef ES_METRICS_EXACT_FORM_H
#define ES_METRICS_EXACT_FORM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

__extension__ typedef unsigned __int128 es_u128;
__extension__ typedef __int128 es_i128;

/**
 * a c sum(xu) - a d sum(xv) - b c sum(yu) + b d sum(yv).
 *
 * Exact when every product fits in 127 bits (counts up to some 10^8 cases); past that the four products are rounded to
 * doubles first, and the result has a relative error of about 1e-16 times their size over the result.
 *
 * @param a..d  totals; at most 2^127 - 1
 */
double es_form(es_u128 a, es_u128 b, es_u128 c, es_u128 d, es_u128 xu, es_u128 xv, es_u128 yu, es_u128 yv);

#ifdef __cplusplus
}
#endif
#endif
