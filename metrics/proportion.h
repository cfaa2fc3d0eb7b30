/* SPDX-License-Identifier: Apache-2.0 */
/** @file proportion.h
 * Intervals of one proportion, of a difference and of a ratio of two, and what patients with several cases do to them.
 *
 * Counts are real-valued on purpose: under patient clusters both x and n are divided by the design effect (METRICS A5, J1).
 * Every call: 0 <= x <= n, alpha in (0,1) two-sided; n = 0 or an argument outside its range gives NAN limits.
 */
#ifndef ES_METRICS_PROPORTION_H
#define ES_METRICS_PROPORTION_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Two limits; both NAN when there is no interval. */
struct es_limits {
    double lo, hi;
};

/* --- One proportion (METRICS A2) --- */

/** Wilson score interval without continuity correction; exactly 0 at x = 0 and 1 at x = n.
 * Wilson, JASA 22:209 (1927), doi:10.1080/01621459.1927.10502953. */
struct es_limits es_wilson(double x, double n, double alpha);
/** Clopper-Pearson exact interval. Biometrika 26:404 (1934), doi:10.1093/biomet/26.4.404. */
struct es_limits es_clopper_pearson(double x, double n, double alpha);
/** Jeffreys: equal tails of Beta(x+1/2, n-x+1/2), 0 and 1 forced at the ends.
 * Brown, Cai, DasGupta, Stat Sci 16:101 (2001), doi:10.1214/ss/1009213286. */
struct es_limits es_jeffreys(double x, double n, double alpha);

/* --- Difference p1 - p2 (METRICS A3) --- */

/** Two proportions, x1/n1 against x2/n2. */
struct es_two_by_two {
    double x1, n1, x2, n2;
};

/**
 * Score statistic of H0: p1 - p2 = d, variance at the restricted maximum likelihood estimates.
 *
 * The restricted estimate is the root of Miettinen and Nurminen's cubic, polished by safeguarded Newton steps on the score
 * equation in coordinates that keep their digits when d is near -1 or 1.
 *
 * @param d     in [-1, 1]
 * @param bias  multiply the variance by N/(N-1): Miettinen-Nurminen, Stat Med 4:213 (1985), doi:10.1002/sim.4780040211;
 *              without: Mee, Biometrics 40:1175 (1984); Farrington-Manning, Stat Med 9:1447 (1990), doi:10.1002/sim.4780091208
 * @return z; 0 when the numerator is 0; infinite when only the variance is; NAN when an n is 0
 */
double es_score_z(const struct es_two_by_two *t, double d, bool bias);
/** The two restricted estimates behind es_score_z(): p1 - p2 = d. NAN when an n is 0. */
void es_restricted_rates(const struct es_two_by_two *t, double d, double *p1, double *p2);
/** Miettinen-Nurminen interval: { d : |z(d)| <= z_alpha/2 }, limits to 1e-13. */
struct es_limits es_miettinen_nurminen(const struct es_two_by_two *t, double alpha);
/** Mee interval: the same without N/(N-1). */
struct es_limits es_mee(const struct es_two_by_two *t, double alpha);
/** Newcombe's hybrid score interval (method 10), closed form. Stat Med 17:873 (1998). */
struct es_limits es_newcombe(const struct es_two_by_two *t, double alpha);
/** Wald interval: checked against other tools, never printed (its coverage is poor). */
struct es_limits es_wald(const struct es_two_by_two *t, double alpha);

/* --- Ratio p1 / p2 (METRICS A4) --- */

/** p1/p2: NAN for 0/0, infinite when only x2 is 0. */
double es_ratio(const struct es_two_by_two *t);
/** Koopman's score interval, Biometrics 40:513 (1984), doi:10.2307/2531405; with `bias` the variance is multiplied by N/(N-1).
 * lo is 0 when x1 is 0, hi infinite when x2 is 0. */
struct es_limits es_koopman(const struct es_two_by_two *t, double alpha, bool bias);
/** Katz log interval, Biometrics 34:469 (1978), doi:10.2307/2530610; NAN with a zero cell. Checked, not printed. */
struct es_limits es_katz(const struct es_two_by_two *t, double alpha);
/** Katz with 1/2 added to each x and n: always defined. */
struct es_limits es_katz_adjusted(const struct es_two_by_two *t, double alpha);

/* --- Patient clusters (METRICS A5) --- */

/** Integer sums over patients of (x_i, n_i); merge by adding when no patient stands in both. `{0}` is empty. */
struct es_cluster_sums {
    uint64_t patients; /* with n_i > 0 */
    uint64_t x, n;     /* sum x_i, sum n_i */
    uint64_t xx, xn, nn; /* sum x_i^2, sum x_i n_i, sum n_i^2 */
};
void es_cluster_add(struct es_cluster_sums *sums, uint32_t x, uint32_t n);

/** What clustering does to a proportion. Doubles are NAN where undefined. */
struct es_clustered {
    double p;          /* x/n; NAN when n is 0 */
    double variance;   /* K/(K-1) sum (x_i - n_i p)^2 / n^2; NAN when K < 2 */
    double deff;       /* variance over p(1-p)/n; NAN when p is 0 or 1 or K < 2 */
    double deff_used;  /* max(1, deff), 1 when deff is NAN */
    double n_effective;/* n / deff_used */
    double kish;       /* n^2 / sum n_i^2: effective number of patients */
};
/** Ratio-estimator variance and design effect. Rao and Scott, Biometrics 48:577 (1992), doi:10.2307/2532311;
 * Obuchowski, Stat Med 17:1495 (1998). The sum of squares is exact in 128-bit integers. */
struct es_clustered es_clustered(const struct es_cluster_sums *sums);
/** Wilson interval on the effective counts. */
struct es_limits es_wilson_clustered(const struct es_cluster_sums *sums, double alpha);
/** Rao-Scott test of two independent clustered proportions: counts over their (unfloored) design effects, pooled chi-square.
 * @param p  written: its p-value; NAN when undefined
 * @return chi-square on 1 degree of freedom; NAN when a design effect is undefined */
double es_rao_scott(const struct es_cluster_sums *a, const struct es_cluster_sums *b, double *p);

#ifdef __cplusplus
}
#endif
#endif
