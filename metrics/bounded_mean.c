/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/bounded_mean.h"

#include <math.h>

/** Bets are cut here: half of what could be lost for capital, 1/2 for empirical Bernstein. */
#define TRUNCATION 0.5

struct es_bounded_mean es_bounded_mean_init(double alpha)
{
    return (struct es_bounded_mean){.alpha = alpha, .variance = 0.25};
}

double es_bounded_mean_bet(const struct es_bounded_mean *state)
{
    const double t = (double)state->n + 1.0;
    return sqrt(2.0 * log(2.0 / state->alpha) / (t * log1p(t) * state->variance));
}

bool es_bounded_mean_add(struct es_bounded_mean *state, double x)
{
    if (!(x >= 0.0 && x <= 1.0)) return false;
    const double bet = fmin(es_bounded_mean_bet(state), TRUNCATION);
    const double before = (double)state->n;
    /* the plain mean of the cases before; 0 before the first, for x and for 1 - x alike */
    const double up = state->n > 0 ? x - state->sum / before : x;
    const double down = state->n > 0 ? up : 1.0 - x;
    const double psi = -log1p(-bet) - bet;
    state->weighted += bet * x;
    state->weights += bet;
    state->penalty_up += up * up * psi;
    state->penalty_down += down * down * psi;
    state->n++;
    state->sum += x;
    const double mean = (0.5 + state->sum) / (before + 2.0);
    state->squares += (x - mean) * (x - mean);
    state->variance = (0.25 + state->squares) / (before + 2.0);
    return true;
}

struct es_limits es_empirical_bernstein(const struct es_bounded_mean *state)
{
    if (state->n == 0) return (struct es_limits){0.0, 1.0};
    const double centre = state->weighted / state->weights, stake = log(2.0 / state->alpha);
    return (struct es_limits){fmax(0.0, centre - (stake + state->penalty_up) / state->weights),
                              fmin(1.0, centre + (stake + state->penalty_down) / state->weights)};
}

void es_capital_add(struct es_capital *capital, double bet, double x)
{
    const double m = capital->mean;
    capital->log_up += log1p(fmin(bet, TRUNCATION / m) * (x - m));
    capital->log_down += log1p(-fmin(bet, TRUNCATION / (1.0 - m)) * (x - m));
    capital->highest = fmax(capital->highest, es_capital_log(capital));
}

double es_capital_log(const struct es_capital *capital) { return fmax(capital->log_up, capital->log_down) - log(2.0); }

struct es_limits es_capital_limits(const struct es_capital *capital, uint32_t steps, double alpha)
{
    const double threshold = -log(alpha);
    uint32_t first = 0, last = 0;
    for (uint32_t k = 1; k < steps; k++) {
        if (capital[k - 1].highest >= threshold) continue;
        if (first == 0) first = k;
        last = k;
    }
    if (first == 0) return (struct es_limits){NAN, NAN};
    return (struct es_limits){(first - 1.0) / steps, (last + 1.0) / steps};
}
