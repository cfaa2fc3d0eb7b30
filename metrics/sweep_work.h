/* SPDX-License-Identifier: Apache-2.0 */
/** @file sweep_work.h
 * The working memory of one sweep, and its passes in the order in which they run. Private to the sweep's files.
 *
 * What makes it fast: rows that have the same levels on every axis share a *profile*, and a grouping is a small table from
 * profile to group. Sums that do not need to know whose row it is are made once, in *cells* of one profile and one kind of row,
 * and only added together for each grouping. The same holds for patients with one row. What is left for each grouping is one
 * walk in score order (placements) and one over the rows of patients with several rows.
 */
#ifndef ES_METRICS_SWEEP_WORK_H
#define ES_METRICS_SWEEP_WORK_H

#include "metrics/calibration.h"
#include "metrics/measures.h"
#include "metrics/summary.h"

enum { ECE_BINS = 10 };

/** What a row is, as bits. */
enum es_trait {
    ES_ROW_OUTCOME = 7,            /* enum es_outcome of a referenced row */
    ES_ROW_REFERENCED = 1u << 3,
    ES_ROW_POSITIVE = 1u << 4,     /* label is 1 */
    ES_ROW_SCORED = 1u << 5,       /* referenced, with a score */
    ES_ROW_ELIGIBLE = 1u << 6,     /* positive and in the denominator of sensitivity as deployed */
    ES_ROW_FOUND = 1u << 7,        /* of those, alerted */
    ES_ROW_SHARE_OF = 8,           /* shift: in the denominator of share k */
    ES_ROW_SHARE_IN = 8 + ES_SHARES, /* shift: and in its numerator */
    ES_ROW_LAST = 1u << (8 + 2 * ES_SHARES), /* last of its patient */
    ES_ROW_LABELLED = 1u << (9 + 2 * ES_SHARES) /* referenced, with a label of 0 or 1: it has an outcome */
};

/** Rows of one profile that are of one kind. At most ES_CELL_ROWS, so that sums on the grid fit. */
struct es_cell {
    uint32_t profile, rows;
    uint8_t stage, decision, label, mark;
    bool scored, alone; /* alone: each row is its patient's only one */
    uint64_t score, error; /* sums on the grid */
    es_u128 score_squares, error_squares; /* of rows alone */
};
#define ES_CELL_ROWS (1u << 23)

/** One patient's sums in one group. */
struct es_patient_sums {
    uint32_t rows;
    uint32_t count[ES_OUTCOMES];
    uint32_t scored, observed;       /* cases with a score; positives among them */
    uint32_t cases, positives, negatives; /* referenced; of those with a label */
    uint32_t eligible[2];            /* alerted and all positives among the eligible */
    uint32_t share[ES_SHARES][2];    /* numerator, denominator */
    uint64_t error, score;           /* on the grid */
    uint64_t placed[2];              /* placements of negatives [0] and of positives [1] */
    es_u128 placed_squares[2];       /* sums of their squares */
};

/** Most kinds of patients with several rows (sweep_kinds.c); one of a further kind is added up row by row. */
enum { ES_KINDS = 255, ES_NO_KIND = ES_KINDS };
/** Patients of one kind with all rows in one group: what is their own, added up. Grid sums and doubled placements as above. */
struct es_kind_sums {
    uint64_t patients;
    uint64_t placed[2];
    es_u128 error, score;
};
/** One such patient's own sums. */
struct es_own {
    uint64_t placed[2], error, score;
    es_u128 squares[2]; /* of the placements of negatives, of positives */
};
/** Products of own sums, over the patients of a group. */
struct es_own_products {
    es_u128 squares[2], placed[2], placed_both, error, score;
};

/** The nearest whole number, ties to even, as llrint() gives it; without a call. |x| < 2^51, rounding to nearest (METRICS I1 requires it). */
static inline int64_t es_nearest(double x)
{
    return (int64_t)((x + 0x1.8p52) - 0x1.8p52);
}

/** A score on the grid. */
static inline uint64_t es_row_score(double p)
{
    return (uint64_t)es_nearest(p * ES_GRID);
}
/** Its squared error on the grid; `y`: 1 for a positive. */
static inline uint64_t es_row_error(double p, unsigned y)
{
    const double gap = p - y;
    return (uint64_t)es_nearest(gap * gap * ES_GRID);
}

/** One row's residuals on the grids. */
struct es_residuals {
    int64_t r, u; /* of the offset fit; of the line fit. Once those are added up, u: of the offset fit of a rest */
};
/** Of one row of a patient with several: v until the fits of the groups are added up, then its place in a rest. */
union es_of_rest {
    int64_t v;       /* residual of the line fit times x, on the grid */
    uint64_t placed; /* twice the pairs won within the rest */
};
/** Scored rows of one profile in one bin of the expected calibration error. */
struct es_bin_sum {
    es_u128 score; /* on the grid */
    uint64_t positives;
};
/** One patient's, in one group. */
struct es_patient_residuals {
    es_i128 r, u, v;
    bool scored;
};

/** Scored rows of a group as the walk in score order goes; [0] negatives, [1] positives. */
struct es_running {
    uint64_t seen[2], before[2]; /* all rows so far; before the present block of ties */
    uint64_t positives;          /* all */
    uint64_t alone[2], placed[2];/* rows alone: how many, sum of placements */
    es_u128 squares[2];          /* and of their squares */
    uint64_t block;              /* number of the block that `before` belongs to */
};

/** Walks in score order write to rows of patients in no order: they ask for the memory of the row this far on. */
enum { ES_AHEAD = 24 };

/** Flags of a scored row, in score order. */
enum es_scored_flag { ES_SCORED_POSITIVE = 1, ES_SCORED_NEW = 2 /* its score is not the one before's */, ES_SCORED_ALONE = 4 };

struct es_work {
    const struct es_sheet *sheet;
    const struct es_sweep_options *options;
    bool probability, fits; /* calibration fits are wanted and possible */
    /* profiles */
    uint32_t profiles;
    uint32_t *profile_row; /* a row that has it */
    uint32_t *slot_of;     /* [profiles]: the group in this grouping */
    uint32_t *row_profile; /* [rows], only with measures */
    struct es_scale scale[ES_QUANTITIES], pair_scale; /* of the measures, from the grouping of everyone on */
    uint8_t *outside_of;   /* [profiles]: 1 in the rest of the group at hand */
    struct es_cell *cell;
    uint32_t cells;
    /* rows of patients with several, in patient order */
    uint32_t several;
    uint32_t *several_profile, *several_trait;
    double *several_score; /* 0 where there is none; only of probabilities */
    uint8_t *kind_of;                        /* of each patient with several: number of the kind */
    struct es_patient_sums *kind;            /* [kinds]: counts of a patient of that kind */
    uint32_t kinds;
    uint32_t *placed;                        /* [several + 1]: twice the pairs won within the group */
    union es_of_rest *of_rest;               /* [several + 1], of the fits and of the rests */
    struct es_residuals *residual;           /* [several + 1], of the fits */
    /* scored rows, in score order */
    uint32_t scored;
    uint32_t *profile_at, *several_at; /* profile; index among the rows of patients with several, else `several`; ES_AHEAD more behind */
    uint8_t *flag;
    /* distinct scores, ascending; only with fits */
    uint32_t values;
    double *logit;
    struct es_bin_sum *bin; /* [profiles][ECE_BINS] */
    /* points of fits: distinct scores of a group, group after group */
    double *point_x;
    double *mean; /* fitted P of the points of the group at hand */
    uint32_t *point_n, *point_positives;
    uint32_t *grouped_at;  /* several_at (ES_AHEAD more behind) and flag of the scored rows, group after group; then those of a rest */
    uint8_t *grouped_flag;
    /* per group of this grouping */
    uint32_t slots;
    uint8_t *levels;            /* [slots][ES_MAX_GROUPING_AXES] */
    struct es_summary *summary; /* [slots]: of the sweep */
    struct es_patient_sums *sums, *removed; /* all zero between patients */
    struct es_patient_residuals *residuals; /* likewise */
    struct es_kind_sums *by_kind;            /* [slots][kinds] */
    struct es_own_products *own;
    struct es_arm *split;       /* of patients who stand in several groups */
    struct es_running *running;
    bool *whole;                /* every level of the group is known */
    uint32_t *touched, *wider;
    uint32_t *wider_from, *wider_list; /* groups that a row of slot s is not known to be outside of: list[from[s]..from[s+1]) */
    uint32_t *start, *end;      /* of a group's points */
    bool *outside;              /* rows of that group are in the rest of the group at hand */
    struct es_logistic everyone_offset, everyone_line; /* where the others start */
};

/** Check nothing, allocate the rows' arrays, sort once. False when memory ran out; close in any case. */
bool es_work_open(struct es_work *w, const struct es_sheet *sheet, const struct es_grouping *groupings, size_t count,
                  const struct es_sweep_options *options);
void es_work_close(struct es_work *w);
/** Profiles and cells of the sheet (sweep_cells.c). `used` axes only. Writes each row's profile. */
bool es_work_profiles(struct es_work *w, const bool *used, uint32_t *profile);
bool es_work_cells(struct es_work *w, const uint32_t *profile);
/** Traits of a row; ES_ROW_LAST is not among them. */
uint32_t es_row_trait(uint8_t stage, uint8_t decision, uint8_t label, bool scored);
/** Denominators (bits of enum es_over) that a case with this outcome is in. Rates are over decided cases. */
static inline unsigned es_outcome_over(unsigned outcome)
{
    static const uint8_t over[ES_OUTCOMES] = {
        [ES_TP] = 1 << ES_OVER_POSITIVES | 1 << ES_OVER_ALERTS | 1 << ES_OVER_DECIDED | 1 << ES_OVER_CASES,
        [ES_FP] = 1 << ES_OVER_NEGATIVES | 1 << ES_OVER_ALERTS | 1 << ES_OVER_DECIDED | 1 << ES_OVER_CASES,
        [ES_FN] = 1 << ES_OVER_POSITIVES | 1 << ES_OVER_NON_ALERTS | 1 << ES_OVER_DECIDED | 1 << ES_OVER_CASES,
        [ES_TN] = 1 << ES_OVER_NEGATIVES | 1 << ES_OVER_NON_ALERTS | 1 << ES_OVER_DECIDED | 1 << ES_OVER_CASES,
        [ES_P] = 1 << ES_OVER_CASES,
        [ES_N] = 1 << ES_OVER_CASES};
    return over[outcome];
}
/** Is the row its patient's only one? */
bool es_row_alone(const struct es_sheet *sheet, uint32_t row);
/** Cells into the groups' sums. */
void es_work_add_cells(struct es_work *w);

/** Placements within the groups (METRICS B1), all groups of the grouping at once; ranks of the patients with one row. */
void es_work_place(struct es_work *w);
/** Kinds of the patients with several rows. Needs their packed rows and an empty `placed`. False when memory ran out. */
bool es_work_kinds(struct es_work *w);
/** Count the patients from number *patient, whose rows start at *i, on, as long as each is of a kind and has all rows in one group.
 * Both move to the first who is not, or behind the last row. */
void es_work_in_one_group(struct es_work *w, uint32_t *i, uint32_t *patient);
/** Ranks of all patients of a kind, but for the products of two placements; those of them all. */
void es_kind_to_ranks(struct es_ranks *r, const struct es_patient_sums *kind, const struct es_kind_sums *sums);
void es_own_to_ranks(struct es_ranks *r, const struct es_own_products *products);
/** Count a patient with these sums of placements (of negatives, of positives). */
static inline void es_own_placed(struct es_kind_sums *kind, struct es_own_products *products, const uint64_t placed[2])
{
    kind->patients++;
    for (int y = 0; y < 2; y++) {
        kind->placed[y] += placed[y];
        products->placed[y] += (es_u128)placed[y] * placed[y];
    }
    products->placed_both += (es_u128)placed[0] * placed[1];
}
/** The patients so counted into the groups' sums. */
void es_work_add_kinds(struct es_work *w);
/** Row i of those of patients with several into its patient's sums. */
void es_sums_add_row(const struct es_work *w, uint32_t i, struct es_patient_sums *t);
/** Denominators that a patient has a case in, as bits of enum es_over. */
unsigned es_sums_overs(const struct es_patient_sums *t);
/** A patient's products into an arm, `times` over; minus once takes them away (unsigned sums wrap and come back). */
void es_sums_to_arm(struct es_arm *arm, const struct es_patient_sums *t, uint64_t times);
/** What of a patient belongs to the group alone, scores apart, `times` over; `arm` takes the decisions and errors. */
void es_sums_to_group(struct es_summary *s, const struct es_patient_sums *t, struct es_arm *arm, uint64_t times);
/** A patient's scores and placements into the group. */
void es_sums_to_scores(struct es_summary *s, const struct es_patient_sums *t);
/** Patients with several rows; then the sums of all rests. */
void es_work_patients(struct es_work *w);
/** Fits of each group and their patient sums. */
void es_work_fit(struct es_work *w);
/** Fit the points [from, to) by an offset from where everyone's lies; the mean of each is written from 0 on. */
struct es_offset_fit es_work_fit_offset(struct es_work *w, uint32_t from, uint32_t to);
/** Residuals about the offset fit of rows packed in grouped_at, grouped_flag from `from` on, on the grid: kept for patients with several
 * rows (as r, or as u for a rest), added up for the others. Zero when it is not fitted. */
void es_work_spread_offset(struct es_work *w, struct es_offset_fit *fit, uint32_t from, uint32_t rows, bool rest);
/** Measures of each group, its rest and both (sweep_measures.c). False when memory ran out. */
bool es_work_measures(struct es_work *w);
/* A placement is kept doubled: a positive's is the negatives below it plus the negatives not above it, a negative's is the
 * positives above it plus the positives not below it. Ties then count one half of two, and everything is an integer. */

/** A row's placement among `seen` after its ties and `before` them. */
static inline uint64_t es_placement(unsigned y, const uint64_t before[2], const uint64_t seen[2], uint64_t positives)
{
    return y ? before[0] + seen[0] : 2 * positives - before[1] - seen[1];
}
/** End of the block of equal scores that starts at i; one past the last is flagged new. */
static inline uint32_t es_ties_end(const uint8_t *flag, uint32_t i)
{
    uint32_t end = i + 1;
    while (!(flag[end] & ES_SCORED_NEW)) end++;
    return end;
}
/** Ranks of patients with one row, from their sums. */
void es_running_to_ranks(struct es_ranks *ranks, const struct es_running *r);
/** Ranks and calibration of one group's rest and their joint terms with the group (sweep_rests.c). */
void es_work_rest(struct es_work *w, uint32_t group);
/** Is a row at levels `row` known not to be in the group at levels `group`? */
bool es_work_outside(const uint8_t *row, const uint8_t *group, unsigned axes);
/** No level of the group is known. */
bool es_work_all_unknown(const struct es_work *w, uint32_t slot);

#endif
