/* SPDX-License-Identifier: Apache-2.0 */
/** @file count.h
 * Pairs of two versions, counted by group: what versions.c turns into changes. Integers only.
 */
#ifndef ES_PLUGIN_REPORT_VERSIONS_COUNT_H
#define ES_PLUGIN_REPORT_VERSIONS_COUNT_H

#include "metrics/levelling.h"
#include "metrics/sweep.h"
#include "plugin/cohort/cohort.h"

/** Disjoint cells of one measure: who was right on the units of both, and on those of one version only. */
enum es_pair_cell {
    ES_PAIR_BOTH,
    ES_PAIR_ONLY_AFTER,
    ES_PAIR_ONLY_BEFORE,
    ES_PAIR_NEITHER,
    ES_ALONE_BEFORE_RIGHT,
    ES_ALONE_BEFORE_WRONG,
    ES_ALONE_AFTER_RIGHT,
    ES_ALONE_AFTER_WRONG,
    ES_PAIR_CELLS
};
enum es_pair_measure { ES_PAIR_SENSITIVITY, ES_PAIR_SPECIFICITY, ES_PAIR_MEASURES };
/** Shares whose patient sums are kept: on the pairs, and on all units of each version. */
enum es_pair_share { ES_SHARE_BEFORE, ES_SHARE_AFTER, ES_SHARE_ALL_BEFORE, ES_SHARE_ALL_AFTER, ES_PAIR_SHARES };

struct es_pair_counts {
    uint64_t cell[ES_PAIR_CELLS];
    uint32_t people[ES_PAIR_CELLS]; /* patients with a unit in the cell */
    struct es_paired_sums paired;
    struct es_cluster_sums share[ES_PAIR_SHARES];
    uint32_t now[ES_PAIR_CELLS]; /* of the patient being added */
};
struct es_pair_group {
    struct es_group_key key;
    uint64_t rows;
    uint64_t unverified[2];      /* non-alerts of before, after without a reference, window closed */
    uint64_t verified[2];        /* non-alerts of before, after with one */
    struct es_pair_counts measure[ES_PAIR_MEASURES];
    uint32_t patient; /* being added, + 1; 0: none */
};

/** Count one grouping. Levels ascending with unknown last on each axis; a group nobody is in is left out unless the grouping has one axis.
 * @param number  the grouping's number, for the keys
 * @param out     owned by the caller (free); NULL on failure
 * @return false when memory ran out */
bool es_pairs_count(const struct es_pairs *pairs, const struct es_grouping *grouping, uint32_t number, struct es_pair_group **out,
                    size_t *count);

#endif
