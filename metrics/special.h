/* SPDX-License-Identifier: Apache-2.0 */
/** @file special.h
 * The special functions that the formulas need, and no others (METRICS I3).
 *
 * Tails are computed as tails (never 1 - cdf). Every call is pure and thread-safe: no errno, no signgam, no exception.
 * An argument outside the domain, or NaN, gives NaN; a result past the range of a double gives infinity or 0.
 * Accuracy: about 1e-13 relative, quantiles 1e-12, checked by testdata/vectors/i3_special_functions.json.
 *
 * Source: DLMF chapters 7, 8; Boost.Math implements all but the Kolmogorov series and lbeta's argument checks.
 */
#ifndef ES_METRICS_SPECIAL_H
#define ES_METRICS_SPECIAL_H

#ifdef __cplusplus
extern "C" {
#endif

/** P(Z > x), Z standard normal; x may be infinite. 1 for -inf. */
double es_norm_sf(double x);
/** P(Z <= x). Equals es_norm_sf(-x). */
double es_norm_cdf(double x);
/** x with P(Z > x) = p, p in [0,1]; +inf at 0, -inf at 1. E.g. es_norm_isf(0.025) = 1.959964. */
double es_norm_isf(double p);

/** P(T > x), Student's t with df > 0 degrees of freedom (any real). */
double es_t_sf(double x, double df);
/** x with P(T > x) = p, p in (0,1), df > 0. */
double es_t_isf(double p, double df);

/** P(X > x), chi-square with df > 0; 1 for x <= 0. */
double es_chi2_sf(double x, double df);
/** x with P(X > x) = p, p in (0,1], df > 0. */
double es_chi2_isf(double p, double df);

/** Regularised lower incomplete gamma P(a, x), a > 0, x >= 0: the Poisson tail P(N >= a). */
double es_gamma_p(double a, double x);
/** Regularised upper incomplete gamma Q(a, x) = 1 - P(a, x), as a tail. */
double es_gamma_q(double a, double x);

/** ln Gamma(x), x > 0. */
double es_lgamma(double x);
/** ln B(a, b), a, b > 0, without cancellation for large arguments. */
double es_lbeta(double a, double b);
/** Regularised incomplete beta I_x(a, b), x in [0,1], a, b > 0. */
double es_beta_cdf(double x, double a, double b);
/** 1 - I_x(a, b), as a tail. */
double es_beta_sf(double x, double a, double b);
/** x with I_x(a, b) = p, p in [0,1], a, b > 0. */
double es_beta_ppf(double p, double a, double b);

/** P(K > x), the limit distribution of Kolmogorov: 2 sum (-1)^(k-1) exp(-2 k^2 x^2); 1 for x <= 0. */
double es_kolmogorov_sf(double x);

/** ln(p / (1 - p)), p in [0,1]; -inf at 0, +inf at 1. */
double es_logit(double p);
/** 1 / (1 + exp(-x)), without overflow. */
double es_expit(double x);

#ifdef __cplusplus
}
#endif
#endif
