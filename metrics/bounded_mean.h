/* SPDX-License-Identifier: Apache-2.0 */
/** @file bounded_mean.h
 * Anytime-valid evidence on a mean of numbers in [0,1], such as Dice, case by case in time order (METRICS F3).
 *
 * Two constructions of Waudby-Smith, Ramdas, JRSS B 86:1 (2024), DOI 10.1093/jrsssb/qkad009:
 * - hedged capital: bet for and against each candidate mean m, half the stake each;
 * - predictable-mixture empirical Bernstein: closed form, wider, constant memory.
 * Both depend on the order of the cases, so they do not merge.
 */
#ifndef ES_METRICS_BOUNDED_MEAN_H
#define ES_METRICS_BOUNDED_MEAN_H

#include <stdbool.h>
#include <stdint.h>

#include "metrics/proportion.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What both bets rest on: shrunken mean and variance of the cases so far. Make with es_bounded_mean_init(). */
struct es_bounded_mean {
    double alpha;    /* two-sided, in (0,1) */
    uint64_t n;
    double sum;      /* of x */
    double squares;  /* of (x - mean so far)^2, means shrunken as below */
    double variance; /* (1/4 + squares) / (n + 1), before the next case */
    /* empirical Bernstein: for the mean itself, and for 1 - x */
    double weighted, weights, penalty_up, penalty_down;
};
struct es_bounded_mean es_bounded_mean_init(double alpha);

/** Size of the next bet before truncation: sqrt(2 ln(2/alpha) / (t ln(1+t) variance)), t = n + 1. */
double es_bounded_mean_bet(const struct es_bounded_mean *state);
/** Take one case.
 * @return false when x is outside [0,1] or NaN; nothing is then changed */
bool es_bounded_mean_add(struct es_bounded_mean *state, double x);
/** Empirical Bernstein interval of the cases so far, within [0,1]; [0,1] when there are none. No running intersection. */
struct es_limits es_empirical_bernstein(const struct es_bounded_mean *state);

/** Capital against one candidate mean. `{.mean = m}` is the start, m in (0,1). */
struct es_capital {
    double mean;
    double log_up, log_down; /* of the bets that the true mean is higher, lower */
    double highest;          /* greatest es_capital_log() so far; 0 at the start is below any threshold */
};
/** Bet on one case with the size es_bounded_mean_bet() gave before it was seen. */
void es_capital_add(struct es_capital *capital, double bet, double x);
/** ln of the hedged capital: the greater half. */
double es_capital_log(const struct es_capital *capital);

/** Candidates on a grid: k/steps, k = 1 .. steps-1, that never lost ln(1/alpha), widened by one step on each side.
 * @param capital  steps - 1 entries, in order of their means, all fed with the same cases
 * @return both NAN when every candidate is excluded */
struct es_limits es_capital_limits(const struct es_capital *capital, uint32_t steps, double alpha);

#ifdef __cplusplus
}
#endif
#endif
