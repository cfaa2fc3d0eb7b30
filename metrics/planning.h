/* SPDX-License-Identifier: Apache-2.0 */
/** @file planning.h
 * How many more cases a verdict would need (METRICS E3): a planning figure, never a stopping rule.
 *
 * Planning rates (x+1)/(n+2). Power of the two-sided difference test with pooled null variance; of two one-sided tests
 * against a margin with the restricted null variances of Farrington, Manning, Stat Med 9:1447 (1990),
 * DOI 10.1002/sim.4780091208. The figures inherit the noise of the observed difference.
 */
#ifndef ES_METRICS_PLANNING_H
#define ES_METRICS_PLANNING_H

#include <stdbool.h>
#include <stdint.h>

#include "metrics/proportion.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Beyond this many cases in the group a verdict counts as out of reach. */
#define ES_PLANNING_CEILING UINT64_C(1000000000)

enum es_growth {
    ES_GROW_SCALE,     /* the rest grows in proportion: n2 = ceil(n1 * now2 / now1) */
    ES_GROW_GROUP_ONLY /* the rest stays as it is */
};
enum es_goal { ES_GOAL_DISPARITY, ES_GOAL_PARITY };

/** What is known and wanted. */
struct es_plan_inputs {
    double p1, p2;       /* planning rates of group and rest */
    double n1, n2;       /* cases now, > 0 */
    double margin;       /* for parity, in (0,1) */
    double alpha, power; /* alpha two-sided for the difference, per side for parity; power e.g. 0.8 */
};
/** Planning rates from counts. */
struct es_plan_inputs es_plan_from_counts(const struct es_two_by_two *now, double margin, double alpha, double power);

/** Approximate power at given sizes, in [0,1]. */
double es_plan_power(const struct es_plan_inputs *in, enum es_goal goal, double n1, double n2);

/** Cases needed. */
struct es_cases_needed {
    double power_now;
    bool reachable;      /* false: |p1-p2| is at or beyond the margin, no difference, or the rest is too small */
    uint64_t needed;     /* of the group, when reachable */
    uint64_t additional; /* needed - n1, 0 when already there */
};
struct es_cases_needed es_plan_needed(const struct es_plan_inputs *in, enum es_goal goal, enum es_growth growth);

/** Cases of each arm for the difference test with equal arms, rounded up; 0 when p1 = p2 or beyond the ceiling. */
uint64_t es_plan_equal_arms(const struct es_plan_inputs *in);
/** Total cases n1 + n2 (not rounded), at the ratio now, to show p1 - p2 > -margin with one-sided alpha; NAN when p1 - p2 is
 * at or below -margin. */
double es_plan_noninferiority(const struct es_plan_inputs *in);

/** Power of the score tests by enumeration of all tables at whole sizes n1, n2: exact, cost n1 n2 score statistics.
 * @return NAN when n1 n2 passes 10^7 */
double es_plan_exact_power(const struct es_plan_inputs *in, enum es_goal goal, uint32_t n1, uint32_t n2);

#ifdef __cplusplus
}
#endif
#endif
