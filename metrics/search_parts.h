/* SPDX-License-Identifier: Apache-2.0 */
/** @file search_parts.h
 * Patient sums of every cell of one crossing of axes. Private to search*.c.
 *
 * Code 0 on an axis is "not known". A cell with a 0 in it is a pattern: its cases may belong to any full cell that agrees with
 * it, so they are in no group, and of the rest only of cells they disagree with. With V a patient's counts over all cases and e
 * his counts in the cells that agree with g (g itself and its patterns), his rest is r = V - e, and
 *
 *     sum r r = sum V V - 2 sum V e + sum e e,     sum g r = sum g V - sum g e.
 *
 * Products of two cells of one patient are put where the two agree: their meet, the code of whichever is known on each axis.
 * Sums over the cells that agree with g then need only the at most 8 patterns of g.
 */
#ifndef ES_METRICS_SEARCH_PARTS_H
#define ES_METRICS_SEARCH_PARTS_H

#include "metrics/gap.h"

/** Cases of the rule, in patient order, with codes instead of levels. */
struct es_search_cases {
    uint32_t count;
    uint32_t *patient;             /* [count] */
    uint8_t *success;              /* [count] */
    uint8_t *code[ES_MAX_AXES];    /* [axes][count]: 0 unknown, 1 .. codes-1 */
    uint8_t codes[ES_MAX_AXES];    /* codes in use on each axis, unknown included */
    uint8_t searched[ES_MAX_AXES]; /* codes 1 .. searched have enough cases; a higher one stands for the rare levels */
    uint8_t level[ES_MAX_AXES][ES_MAX_LEVELS]; /* of a code 1 .. searched */
    struct es_cluster_sums all;    /* V */
    uint32_t longest;              /* most cases of one patient */
};

/** A cell in which the patient at hand has cases. */
struct es_touch {
    uint32_t cell, x, n;
    uint8_t code[ES_MAX_GROUPING_AXES];
    bool pattern;
};
/** Cells of the largest crossing, and what one patient needs; owned by the search. */
struct es_search_work {
    struct es_cell *cells;
    uint32_t *slot;         /* [cells] 1 + place in touch; 0: none */
    struct es_touch *touch; /* [longest] */
};

/** Sums of one cell. */
struct es_cell {
    struct es_cluster_sums own;
    uint64_t vxx, vxn, vnx, vnn;     /* sum v_x e_x, v_x e_n, v_n e_x, v_n e_n, e: this cell's counts */
    uint64_t cxx, cxn, cnn;          /* patterns that meet here, both orders: sum x x', x n' + n x', n n' twice */
    uint64_t gxx, gxn, gnx, gnn;     /* this full cell with its patterns: sum x_g x', x_g n', n_g x', n_g n' */
    uint64_t within;                 /* patients all of whose cells agree, and meet here */
    uint64_t within_own;             /* of those, with a case in this very cell */
};

/** Number of cells of a crossing: the product of the codes of its axes, last axis fastest. */
size_t es_search_cells(const struct es_search_cases *cases, const struct es_grouping *grouping);
/** Fill work->cells for a crossing, from nothing. */
void es_search_count(const struct es_search_cases *cases, const struct es_grouping *grouping, struct es_search_work *work);
/** Sums of a full cell and its rest. `code` on each axis, all >= 1. */
struct es_gap_sums es_search_sums(const struct es_search_cases *cases, const struct es_grouping *grouping,
                                  const struct es_cell *cells, const uint8_t *code);

#endif
