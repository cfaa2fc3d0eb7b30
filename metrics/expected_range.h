/* SPDX-License-Identifier: Apache-2.0 */
/** @file expected_range.h
 * How far apart the best and the worst of several groups stand by chance alone (METRICS D1).
 *
 * The gap of the greatest and the smallest rate grows with the number of groups and with their smallness when nothing differs at
 * all, so it is never printed without this. Independent normal estimates of one common value with standard errors s_g:
 *     E[range] = integral over x of 1 - prod F_g(x) - prod (1 - F_g(x)),  F_g(x) = Phi(x / s_g),
 * since range = integral of [min <= x < max]. With equal errors this is Tippett's d_2 times the error (Biometrika 17:364 (1925),
 * doi:10.1093/biomet/17.3-4.364). No permutation, so no random numbers.
 */
#ifndef ES_METRICS_EXPECTED_RANGE_H
#define ES_METRICS_EXPECTED_RANGE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @param se  standard errors, each finite and >= 0
 * @return NAN below two groups or when an error is not of that kind; relative error below 1e-6. Cost: 400 evaluations a group */
double es_expected_range(const double *se, size_t count);

/** Number of cases whose Wilson interval around p would be as wide as one that was printed: undoes the design effect in it.
 * @param n  cases, the most that is returned: a design effect is never below 1 (METRICS J1)
 * @return NAN unless 0 <= p <= 1, n > 0, 0 < width < 1 */
double es_wilson_cases(double p, double n, double width, double alpha);

#ifdef __cplusplus
}
#endif
#endif
