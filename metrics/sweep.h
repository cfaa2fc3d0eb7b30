/* SPDX-License-Identifier: Apache-2.0 */
/** @file sweep.h
 * One pass over a sheet makes every sum of every group: counts, patient sums, ranks, fits.
 *
 * All sums are integers (u64/u128; scores on a 2^-40 grid where they are added), so any order of the rows within the sheet's
 * patient order, and any numbering of the patients, gives the same bits.
 *
 * Group: a level on each axis of a grouping. Rest of a group: cases *known* not to be in it, i.e. with at least one axis of
 * the grouping at a known, different level. The group of everyone (a grouping without axes) has no rest. For a group whose
 * level is unknown, the rest is the cases whose level is known (exploratory). A patient may stand in a group and in its rest:
 * differences use joint per-patient terms (METRICS A5, J1).
 */
#ifndef ES_METRICS_SWEEP_H
#define ES_METRICS_SWEEP_H

#include "metrics/sheet.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ES_MAX_GROUPING_AXES 3

/** The axes that cross to make groups; n 0 is the grouping whose one group is everyone. */
struct es_grouping {
    uint8_t n;
    uint8_t axis[ES_MAX_GROUPING_AXES];
};

/** One group: its grouping and the level on each of that grouping's axes. */
struct es_group_key {
    uint32_t grouping;
    uint8_t level[ES_MAX_GROUPING_AXES];
};

/** What a sweep found for one group (and its rest). Opaque: read through catalogue.h and the calls below. */
struct es_summary;
/** A finished sweep; owns its summaries. */
struct es_sweep;

/**
 * Sweep a sheet.
 *
 * Performance sums use rows with stage ES_STAGE_REFERENCED only; funnel counts use every row. Groups that no row is in are
 * not listed, except each single-axis level of the sheet (a level nobody has is a zero row, not a vanished one).
 *
 * @param sheet      borrowed for the call only
 * @param groupings  borrowed for the call only; the first must be the empty grouping (everyone)
 * @param out        owned by the caller, es_sweep_free(); NULL on failure
 * @return false when memory ran out or the sheet is not well formed
 */
bool es_sweep_run(const struct es_sheet *sheet, const struct es_grouping *groupings, size_t count, struct es_sweep **out);
void es_sweep_free(struct es_sweep *sweep);

/** What a sweep may leave out; es_sweep_run() leaves out nothing. */
struct es_sweep_options {
    uint8_t score_rest_axes; /* ranks and calibration of the rest (for differences of AUROC and CITL) are gathered for groupings
                                of up to this many axes; each such group costs one pass over all rows with a score */
    bool fits;               /* calibration intercepts and slopes */
};
/** As es_sweep_run(). What was left out is not estimable (ES_N_ZERO) and has no comparison. */
bool es_sweep_run_with(const struct es_sheet *sheet, const struct es_grouping *groupings, size_t count,
                       const struct es_sweep_options *options, struct es_sweep **out);

/** Groups in order: groupings as given; within one, levels ascending with unknown (0) last on each axis. */
size_t es_sweep_count(const struct es_sweep *sweep);
struct es_group_key es_sweep_key(const struct es_sweep *sweep, size_t index);
const struct es_summary *es_sweep_summary(const struct es_sweep *sweep, size_t index);

/** Units of the group in one leaf of the funnel. */
uint64_t es_summary_stage(const struct es_summary *summary, enum es_stage stage);
/** Units with this mark (one bit of enum es_row_mark), any stage. */
uint64_t es_summary_marked(const struct es_summary *summary, enum es_row_mark mark);
/** Units seen, and patients with at least one. */
uint64_t es_summary_units(const struct es_summary *summary);
uint64_t es_summary_patients(const struct es_summary *summary);
/** Referenced cases (performance denominators): all, positives, negatives, patients behind each. */
uint64_t es_summary_cases(const struct es_summary *summary);
uint64_t es_summary_positives(const struct es_summary *summary);
uint64_t es_summary_negatives(const struct es_summary *summary);
uint64_t es_summary_case_patients(const struct es_summary *summary);
uint64_t es_summary_positive_patients(const struct es_summary *summary);
uint64_t es_summary_negative_patients(const struct es_summary *summary);
/** Confusion counts of the referenced cases with a decision. */
void es_summary_confusion(const struct es_summary *summary, uint64_t *tp, uint64_t *fp, uint64_t *fn, uint64_t *tn);
/** Resulted units with a decision, by decision, and how many of them are verified (have a label, window closed or not). */
void es_summary_verification(const struct es_summary *summary, uint64_t alerts[2], uint64_t verified[2]);

#ifdef __cplusplus
}
#endif
#endif
