/* SPDX-License-Identifier: Apache-2.0 */
/** @file sweep_work.h
 * The working memory of one sweep, and its passes in the order in which they run. Private to the sweep's files.
 */
#ifndef ES_METRICS_SWEEP_WORK_H
#define ES_METRICS_SWEEP_WORK_H

#include "metrics/calibration.h"
#include "metrics/summary.h"

/** One patient's sums in one group. */
struct es_tally {
    uint32_t count[ES_OUTCOMES];
    uint32_t scored, observed;       /* cases with a score; positives among them */
    uint32_t cases, positives;       /* referenced */
    uint32_t eligible[2];            /* alerted and all positives among the eligible */
    uint64_t error, score;           /* on the grid */
    uint64_t placed[2];              /* placements of negatives [0] and of positives [1] */
    es_i128 residual, line[2];       /* offset fit; line fit: u, v */
    bool touched;
};

/** Rows of the sheet prepared once, and arrays rewritten for every grouping. */
struct es_work {
    const struct es_sheet *sheet;
    const struct es_sweep_options *options;
    bool probability;
    bool fitted; /* residuals of this grouping were written */
    /* per row */
    uint8_t *outcome;     /* enum es_outcome of a referenced row, else 0 */
    uint64_t *error, *score; /* on the grid; 0 without a score */
    uint32_t *place_of;   /* row's index in score order, UINT32_MAX without a score */
    uint32_t *slot;       /* the row's group in this grouping */
    uint64_t *placed, *rest_placed; /* twice the pairs won within the group, within the rest */
    int64_t *residual, *rest_residual, *line_u, *line_v;
    /* per scored row, in score order */
    uint32_t scored;
    uint32_t *order;      /* row */
    uint32_t *value;      /* index of its distinct score */
    uint8_t *positive;
    uint32_t *slot_at;    /* slot[order[i]] */
    /* per distinct score, ascending */
    uint32_t values;
    double *logit, *odds;
    int64_t *fixed;       /* scratch: a fit's mean on the grid */
    struct es_fit_point *points;
    uint32_t *point_value;/* distinct score of a point */
    /* per group of this grouping */
    uint32_t slots;
    const uint8_t *levels; /* [slots][ES_MAX_GROUPING_AXES] */
    struct es_summary *summary; /* [slots] */
    struct es_tally *tally, *removed;
    struct es_arm *several; /* [slots]: of patients who stand in several groups, or in one that is not wholly known */
    uint32_t *touched, *wider;
    uint32_t *wider_from, *wider_list; /* groups that a partly unknown row is compatible with: list[from[s]..from[s+1]) */
    uint64_t *counts;     /* [3 * slots] */
    uint8_t *outside;     /* [slots]: rows of that group are in the rest of the group at hand */
    struct es_logistic everyone; /* line fit of all, where the others start */
};

/** Check nothing, allocate everything, sort once. False when memory ran out: nothing is left to close. */
bool es_work_open(struct es_work *w, const struct es_sheet *sheet, const struct es_sweep_options *options);
void es_work_close(struct es_work *w);
/** Placements of each scored row within its group (METRICS B1), all groups of the grouping at once. */
void es_work_place(struct es_work *w);
/** Fits of each group; writes residual, line_u, line_v of its rows. False when memory ran out. */
bool es_work_fit(struct es_work *w);
/** Patient sums of groups and rests, in patient order. */
void es_work_patients(struct es_work *w);
/** Ranks and calibration of one group's rest and their joint terms with the group. */
void es_work_rest(struct es_work *w, uint32_t group);
/** Is a row at levels `row` known not to be in the group at levels `group`? */
bool es_work_outside(const uint8_t *row, const uint8_t *group, unsigned axes);

#endif
