/* SPDX-License-Identifier: Apache-2.0 */
/** @file sequential.h
 * Intervals and evidence that may be looked at every day (METRICS F1, F2).
 *
 * One proportion: the beta-binomial mixture, Robbins, Ann Math Stat 41:1397 (1970), DOI 10.1214/aoms/1177696786; Howard and
 * others, Ann Stat 49:1055 (2021), DOI 10.1214/20-AOS1991. State is (events, cases).
 *
 * Difference, strict: universal inference, Wasserman, Ramdas, Balakrishnan, PNAS 117:16880 (2020),
 * DOI 10.1073/pnas.1922664117, with the mixtures above as numerators; finite-sample valid at any sizes. Difference, default:
 * the score statistic against a normal-mixture boundary of its null variance, Waudby-Smith and others, Ann Stat 52:2613
 * (2024), asymptotic: only with 50 cases in each arm and 10 pooled events and non-events. Which of the two is used is chosen
 * before the first case and never switched on results.
 *
 * All of it supposes independent cases in time order (patients with several cases: METRICS J2).
 */
#ifndef ES_METRICS_SEQUENTIAL_H
#define ES_METRICS_SEQUENTIAL_H

#include <stdbool.h>

#include "metrics/proportion.h"
#include "metrics/verdict.h"

#ifdef __cplusplus
extern "C" {
#endif

/** ln of the mixture martingale: lnB(a+s, b+n-s) - lnB(a,b) - s ln p - (n-s) ln(1-p), the log e-value against p.
 *
 * For large counts it is formed around s/n, so that it keeps its digits where -s ln p alone has none left.
 *
 * @param a, b  > 0, the Beta prior; 1/2 and 1/2 unless there is a reason
 * @param p     in [0,1]; +infinity where p excludes what was seen
 * @return NAN when an argument is out of range; 0 when n is 0 */
double es_log_mixture(double s, double n, double a, double b, double p);
/** Confidence sequence { p : es_log_mixture < ln(1/alpha) }. [0,1] when n is 0; 0 at s = 0, 1 at s = n. */
struct es_limits es_confidence_sequence(double s, double n, double a, double b, double alpha);

/** ln of the e-value against p1 - p2 = d: both mixtures over the greatest likelihood under d. An empty arm says nothing. */
double es_log_e_difference(const struct es_two_by_two *t, double d);

/** Evidence on a difference, strict. */
struct es_e_difference {
    double difference;        /* NAN when an arm is empty */
    double log_e;             /* against 0 */
    double p_anytime;         /* min(1, 1/e) */
    double log_e_above;       /* against d >= margin */
    double log_e_below;       /* against d <= -margin */
    struct es_limits limits;  /* { d : log e(d) < ln(1/alpha) } */
    enum es_verdict verdict;  /* parity: both margins excluded; else disparity: 0 excluded; else not enough */
};
/** @param margin  in (0,1); NAN: parity is never claimed */
struct es_e_difference es_e_difference(const struct es_two_by_two *t, double margin, double alpha);

/** Bonferroni rectangle: each arm's confidence sequence at alpha/2. */
struct es_limits es_sequence_rectangle(const struct es_two_by_two *t, double alpha);

/** Intrinsic time at which the boundary is tightest: ((z_alpha + z_0.2) / margin)^2. */
double es_sequence_best_time(double margin, double alpha);
/** Mixing parameter for it: v / (2 ln(1/alpha) + ln(1 + 2 ln(1/alpha))), Howard and others (2021), closed form. */
double es_mixture_rho(double best_time, double alpha);
/** Normal mixture boundary sqrt((v + rho) ln((v + rho) / (rho alpha^2))) of a sum with variance v. */
double es_normal_mixture_bound(double v, double rho, double alpha);
/** ln of the normal mixture martingale at a sum s with variance v: s^2 / (2 (v + rho)) + ln(rho / (v + rho)) / 2. */
double es_log_normal_mixture(double s, double v, double rho);

/** The smallest counts the default may be used with. */
#define ES_SEQUENTIAL_MIN_CASES 50
#define ES_SEQUENTIAL_MIN_EVENTS 10

/** Evidence on a difference, default. */
struct es_score_sequence {
    double z;                /* at 0 */
    double critical;         /* c(1/v(0)); NAN when the null variance is 0 */
    struct es_limits limits; /* { d : |z(d)| < c(1/v(d)) } */
    enum es_verdict verdict; /* ES_VERDICT_NOT_ENOUGH with reason ES_MIN_N below the smallest counts */
    enum es_reason reason;
};
/** @param margin  in (0,1): tunes the boundary too */
struct es_score_sequence es_score_sequence(const struct es_two_by_two *t, double margin, double alpha);

#ifdef __cplusplus
}
#endif
#endif
