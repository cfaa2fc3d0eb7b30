/* SPDX-License-Identifier: Apache-2.0 */
/** @file measures.h
 * What a sweep keeps of measurements, levels, overlaps and lesions: means over patients in integers (METRICS C1-C4, A5, J1).
 *
 * A quantity is a ratio sum k / sum w over rows: a mean (w = 1), or a share of lesions (w = lesions of the unit). A value v stands on
 * a grid of 32 bits between the smallest and the greatest of the sheet, v = origin + step k, step a power of two, so that all sums are
 * integers and no order of rows or patients changes a bit; whole numbers and shares have step 1. Over patients (s_i, n_i) the ratio
 * estimator's variance K/(K-1) sum (s_i - m n_i)^2 / n^2 needs sum s^2, sum s n, sum n^2, a difference the joint sums beside.
 *
 * Concordance and limits of agreement are not ratios. Their standard errors are those of their influence functions summed by patient
 * (the linearisation that the ratio estimator is too): Huber, Proc 5th Berkeley Symp 1:221 (1967); for the concordance correlation
 * King, Chinchilli, Stat Med 20:2131 (2001), DOI 10.1002/sim.845, who also show that on levels it is quadratically weighted kappa.
 */
#ifndef ES_METRICS_MEASURES_H
#define ES_METRICS_MEASURES_H

#include "metrics/exact_form.h"
#include "metrics/sheet.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ES_QUANTITIES 6
/** Quantities of ES_MEASURES_VALUES. */
enum es_of_values { ES_Q_ERROR, ES_Q_ABSOLUTE, ES_Q_SQUARED };
/** Of ES_MEASURES_LEVELS. */
enum es_of_levels { ES_Q_SHIFT, ES_Q_EXACT, ES_Q_NEAR };
/** Of ES_MEASURES_OVERLAP; distances and volume only where both masks have voxels. */
enum es_of_overlap { ES_Q_DICE, ES_Q_IOU, ES_Q_VOLUME, ES_Q_HD95, ES_Q_DISTANCE, ES_Q_EMPTY };
/** Of ES_MEASURES_LESIONS. */
enum es_of_lesions { ES_Q_FOUND, ES_Q_FALSE };
/** How many quantities a kind has. */
unsigned es_quantities(enum es_measures kind);

/** v = origin + step k. */
struct es_scale {
    double origin, step;
};

/** Patient sums of one quantity in one arm. */
struct es_mean_sums {
    uint64_t n, patients; /* sum of weights; patients with one */
    es_i128 k, kk, kn, nn;/* sum k, and over patients s s, s n, n n */
};
/** Over patients of both arms: group times rest. */
struct es_mean_joint {
    es_i128 kk, kn, nk, nn;
    uint64_t shared; /* patients in both */
};

/** Statistics that are linearised. */
enum es_linear { ES_LINEAR_CONCORDANCE, ES_LINEAR_LOWER, ES_LINEAR_UPPER, ES_LINEARS };

/** What of two columns x, y agreement is made of; k on the grid of both. */
struct es_pair_sums {
    uint64_t n, patients;
    double step;
    es_i128 x, y, xx, yy, xy;
    es_i128 squares[ES_LINEARS]; /* over patients of (sum of influences)^2, on ES_LINEAR_GRID squared */
    bool linear;                 /* the influences could be summed */
};
#define ES_LINEAR_GRID 0x1p24

/** Moments of the pairs, centred, divisor n; NAN when n is 0. */
struct es_pair_moments {
    double n, shift;      /* mean x - mean y */
    double xx, yy, xy, dd;/* variances of x, y, their covariance, variance of x - y */
};

/** One group and its rest. */
struct es_measured {
    enum es_measures kind;
    struct es_scale scale[ES_QUANTITIES];
    struct es_mean_sums group[ES_QUANTITIES], rest[ES_QUANTITIES];
    struct es_mean_joint joint[ES_QUANTITIES];
    struct es_pair_sums pair; /* of values and levels */
    uint64_t both_empty;      /* units whose two masks are empty: in no mean */
    bool marked;              /* the sheet's marks have scores */
    double froc;              /* mean sensitivity at 1/8 .. 8 false marks a unit; NAN without marks or lesions */
};

/** origin + step k/n; NAN when n is 0. */
double es_mean_value(const struct es_mean_sums *sums, const struct es_scale *scale);
/** sum (s_i - m n_i)^2 / n^2 in the quantity's unit, squared; without K/(K-1). */
double es_mean_spread(const struct es_mean_sums *sums, const struct es_scale *scale);
/** The same of group times rest. */
double es_mean_cross(const struct es_measured *m, unsigned quantity);
struct es_pair_moments es_pair_moments_of(const struct es_pair_sums *sums);

#ifdef __cplusplus
}
#endif
#endif
