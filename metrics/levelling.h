/* SPDX-License-Identifier: Apache-2.0 */
/** @file levelling.h
 * Two versions on the same cases: did a gap close because the worse-off gained, or because others lost (METRICS D2).
 *
 * Paired change with the score interval of Tango, Stat Med 17:891 (1998),
 * DOI 10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B; McNemar's test without continuity correction; Holm
 * over the groups. On levelling down: Zietlow and others, CVPR 2022; Mittelstadt, Wachter, Russell 2023.
 */
#ifndef ES_METRICS_LEVELLING_H
#define ES_METRICS_LEVELLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics/proportion.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Cases of one group by who was right (for sensitivity: positives only). Real-valued under patient clusters. */
struct es_paired {
    double both, only_new, only_old, neither;
};

/** Tango's score interval of (only_new - only_old) / n; both NAN when there are no cases. */
struct es_limits es_tango(const struct es_paired *pairs, double alpha);
/** Tango's score statistic of H0: change = d, d in [-1,1]; 0 when the numerator is, infinite when only the variance is 0. */
double es_tango_z(const struct es_paired *pairs, double d);
/** McNemar's p; NAN when no case is discordant. */
double es_mcnemar(const struct es_paired *pairs);

/** Integer sums over patients of s_i = (only_new - only_old) and n_i pairs, for the variance of a paired change. `{0}` is empty. */
struct es_paired_sums {
    uint64_t patients, n, ss, nn; /* sum n_i, sum s_i^2, sum n_i^2 */
    int64_t s, sn;                /* sum s_i, sum s_i n_i */
};
/** One patient's pairs; nothing is added when there are none. */
void es_paired_add(struct es_paired_sums *sums, uint32_t only_new, uint32_t only_old, uint32_t n);
/** What patients with several pairs do to a change: ratio-estimator variance over patients (METRICS A5, J9), as es_clustered().
 * Obuchowski, Stat Med 17:1495 (1998). Doubles are NAN where undefined. */
struct es_paired_clustered {
    double variance;  /* K/(K-1) sum (s_i - n_i d)^2 / n^2; NAN when K < 2 */
    double deff;      /* variance over ((b+c)/n - d^2)/n, that of unclustered pairs; NAN when that is 0 or K < 2 */
    double deff_used; /* max(1, deff), 1 when deff is NAN */
};
struct es_paired_clustered es_paired_clustered(const struct es_paired_sums *sums, const struct es_paired *pairs);

/** What happened to one group. */
struct es_group_change {
    double before, after;   /* share right by the old and the new version; NAN without cases, as is change */
    double change;          /* after - before */
    struct es_limits limits;
    double p, p_adjusted;   /* p NAN without discordant cases; it then counts as 1 in Holm's family */
    bool harmed, improved;  /* p_adjusted <= alpha, by the sign of the change */
};

enum es_levelling {
    ES_NOT_NARROWED,
    ES_LEVELLING_DOWN,           /* narrowed, a group harmed, none better even in the point estimate */
    ES_LEVELLING_DOWN_SUSPECTED, /* narrowed, none better in the point estimate, none harmed at alpha */
    ES_LEVELLING_UP,             /* narrowed, a group improved, none harmed */
    ES_LEVELLING_MIXED
};
/** "not_narrowed", "levelling_down", "levelling_down_suspected", "levelling_up", "mixed". */
const char *es_levelling_name(enum es_levelling verdict);

struct es_levelling_summary {
    double gap_old, gap_new; /* greatest less smallest share over groups of at least min_cases; NAN below two such */
    enum es_levelling verdict;
};

/** Judge a change of version.
 * @param changes  `count` entries, written
 * @param scratch  `count` indices, and `work` 2 * count doubles, written */
struct es_levelling_summary es_levelling_judge(const struct es_paired *groups, size_t count, double alpha, double min_cases,
                                               struct es_group_change *changes, uint32_t *scratch, double *work);

#ifdef __cplusplus
}
#endif
#endif
