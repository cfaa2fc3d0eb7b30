/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/planning.h"

#include <math.h>

#include "metrics/special.h"

#define MAX_TABLES 10000000.0

struct es_plan_inputs es_plan_from_counts(const struct es_two_by_two *now, double margin, double alpha, double power)
{
    return (struct es_plan_inputs){.p1 = (now->x1 + 1.0) / (now->n1 + 2.0), .p2 = (now->x2 + 1.0) / (now->n2 + 2.0),
                                   .n1 = now->n1, .n2 = now->n2, .margin = margin, .alpha = alpha, .power = power};
}

static double variance(double p1, double n1, double p2, double n2) { return p1 * (1.0 - p1) / n1 + p2 * (1.0 - p2) / n2; }

/** Standard error under p1 - p2 = d at the limits that the restricted estimates tend to. */
static double null_se(const struct es_plan_inputs *in, double n1, double n2, double d)
{
    double p1, p2;
    const struct es_two_by_two expected = {in->p1 * n1, n1, in->p2 * n2, n2};
    es_restricted_rates(&expected, d, &p1, &p2);
    return sqrt(variance(p1, n1, p2, n2));
}

double es_plan_power(const struct es_plan_inputs *in, enum es_goal goal, double n1, double n2)
{
    const double d = in->p1 - in->p2, s1 = sqrt(variance(in->p1, n1, in->p2, n2));
    if (goal == ES_GOAL_DISPARITY) {
        const double pooled = (n1 * in->p1 + n2 * in->p2) / (n1 + n2);
        const double s0 = sqrt(variance(pooled, n1, pooled, n2));
        return es_norm_cdf((fabs(d) - es_norm_isf(in->alpha / 2.0) * s0) / s1);
    }
    if (fabs(d) >= in->margin) return 0.0;
    const double z = es_norm_isf(in->alpha), m = in->margin;
    const double upper = es_norm_cdf((m - d - z * null_se(in, n1, n2, m)) / s1);
    const double lower = es_norm_cdf((m + d - z * null_se(in, n1, n2, -m)) / s1);
    return fmax(0.0, upper + lower - 1.0);
}

static double power_at(const struct es_plan_inputs *in, enum es_goal goal, enum es_growth growth, uint64_t n1)
{
    const double n = (double)n1;
    return es_plan_power(in, goal, n, growth == ES_GROW_SCALE ? ceil(in->n2 / in->n1 * n) : in->n2);
}

struct es_cases_needed es_plan_needed(const struct es_plan_inputs *in, enum es_goal goal, enum es_growth growth)
{
    struct es_cases_needed out = {.power_now = NAN};
    if (!(in->n1 > 0.0 && in->n2 > 0.0)) return out;
    out.power_now = es_plan_power(in, goal, in->n1, in->n2);
    if (goal == ES_GOAL_PARITY ? fabs(in->p1 - in->p2) >= in->margin : in->p1 == in->p2) return out;
    uint64_t low = 0, high = 1; /* low is not enough, high is */
    while (power_at(in, goal, growth, high) < in->power) {
        if (high >= ES_PLANNING_CEILING) return out;
        low = high;
        high = 2 * high < ES_PLANNING_CEILING ? 2 * high : ES_PLANNING_CEILING;
    }
    while (high - low > 1) {
        const uint64_t middle = low + (high - low) / 2;
        if (power_at(in, goal, growth, middle) < in->power) low = middle;
        else high = middle;
    }
    out.reachable = true;
    out.needed = high;
    out.additional = (double)high > in->n1 ? (uint64_t)ceil((double)high - in->n1) : 0;
    return out;
}

uint64_t es_plan_equal_arms(const struct es_plan_inputs *in)
{
    const double d = in->p1 - in->p2, pooled = (in->p1 + in->p2) / 2.0;
    if (d == 0.0) return 0;
    const double root = es_norm_isf(in->alpha / 2.0) * sqrt(2.0 * pooled * (1.0 - pooled)) +
                        es_norm_isf(1.0 - in->power) * sqrt(in->p1 * (1.0 - in->p1) + in->p2 * (1.0 - in->p2));
    const double n = ceil(root * root / (d * d));
    return n <= (double)ES_PLANNING_CEILING ? (uint64_t)n : 0;
}

double es_plan_noninferiority(const struct es_plan_inputs *in)
{
    const double reach = in->p1 - in->p2 + in->margin, ratio = in->n2 / in->n1;
    if (!(reach > 0.0) || !(ratio > 0.0)) return NAN;
    const double s1 = sqrt(variance(in->p1, 1.0, in->p2, ratio)), s0 = null_se(in, 1.0, ratio, -in->margin);
    const double root = es_norm_isf(in->alpha) * s0 + es_norm_isf(1.0 - in->power) * s1;
    return root * root / (reach * reach) * (1.0 + ratio);
}

/** P(X = x) for a binomial. */
static double binomial(double x, double n, double p)
{
    if (p <= 0.0 || p >= 1.0) return x == (p <= 0.0 ? 0.0 : n) ? 1.0 : 0.0;
    return exp(-log1p(n) - es_lbeta(x + 1.0, n - x + 1.0) + x * log(p) + (n - x) * log1p(-p));
}

double es_plan_exact_power(const struct es_plan_inputs *in, enum es_goal goal, uint32_t n1, uint32_t n2)
{
    if (!((n1 + 1.0) * (n2 + 1.0) <= MAX_TABLES)) return NAN;
    const double z = es_norm_isf(goal == ES_GOAL_DISPARITY ? in->alpha / 2.0 : in->alpha);
    double power = 0.0;
    for (uint32_t x1 = 0; x1 <= n1; x1++) {
        const double chance1 = binomial(x1, n1, in->p1);
        if (chance1 < 1e-18) continue; /* adds less than the result's last digit */
        for (uint32_t x2 = 0; x2 <= n2; x2++) {
            const double chance = chance1 * binomial(x2, n2, in->p2);
            if (chance < 1e-22) continue;
            const struct es_two_by_two t = {x1, n1, x2, n2};
            const bool shown = goal == ES_GOAL_DISPARITY
                                   ? fabs(es_score_z(&t, 0.0, true)) >= z
                                   : es_score_z(&t, in->margin, true) <= -z && es_score_z(&t, -in->margin, true) >= z;
            if (shown) power += chance;
        }
    }
    return power;
}
