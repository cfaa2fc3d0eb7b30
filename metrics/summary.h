/* SPDX-License-Identifier: Apache-2.0 */
/** @file summary.h
 * What a sweep keeps of one group and its rest: integer sums over patients, and fits. Private to metrics/.
 *
 * Second moments over patients are kept as whole matrices of a few basic counts, so that every metric that is a ratio of
 * linear combinations of them gets its clustered variance, and every difference its joint terms, without a sum of its own.
 */
#ifndef ES_METRICS_SUMMARY_H
#define ES_METRICS_SUMMARY_H

#include "metrics/measures.h"
#include "metrics/ranking.h"
#include "metrics/sweep.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Scores, squared errors and residuals are added on this grid: an integer number of 2^-40. */
#define ES_GRID 0x1p40
/** Score times residual needs more room to the left: 2^-36. */
#define ES_GRID_COARSE 0x1p36

/** Basic counts of a referenced case; the last two are cases without a decision. */
enum es_outcome { ES_TP, ES_FP, ES_FN, ES_TN, ES_P, ES_N, ES_OUTCOMES };
/** Denominators whose patients are counted. */
enum es_over { ES_OVER_POSITIVES, ES_OVER_NEGATIVES, ES_OVER_ALERTS, ES_OVER_NON_ALERTS, ES_OVER_DECIDED, ES_OVER_CASES, ES_OVER_COUNT };

/** Shares of the funnel whose patient sums are kept: enum es_coverage (coverage.h), in its order. */
#define ES_SHARES 5
/** Patient sums of a share: x of n units. */
struct es_share {
    uint64_t x, n, patients, xx, xn, nn; /* patients with a unit in n; sums over them of x x, x n, n n */
};

/** Patient sums of decisions and squared errors in one arm. */
struct es_arm {
    uint64_t count[ES_OUTCOMES];
    uint64_t product[ES_OUTCOMES][ES_OUTCOMES]; /* sum over patients v_a v_b */
    uint64_t patients[ES_OVER_COUNT];
    uint64_t scored, scored_patients, scored_squares; /* n, K, sum n_i^2 of cases with a score */
    es_u128 error, error_scored, error_squares;       /* squared error b: sum b_i, b_i n_i, b_i^2, on the grid */
};

/** Calibration-in-the-large of one arm: logit P = a + logit score. */
struct es_offset_fit {
    enum es_reason reason; /* ES_REASON_NONE when fitted */
    double intercept;      /* a */
    double information;    /* sum mu (1 - mu) */
    es_u128 squares;       /* sum over patients of (residual sum)^2, grid^2 */
    uint64_t patients;
};

/** Logistic recalibration logit P = a + b logit score, of a group. */
struct es_line_fit {
    enum es_reason reason;
    double intercept, slope;
    double information[3];     /* sum w, sum w x, sum w x^2 */
    es_i128 squares[3];        /* sums over patients of u u, u v, v v; u residual, v residual times x, ES_GRID_COARSE^2 */
    uint64_t patients;
};

struct es_summary {
    struct es_group_key key;
    uint8_t axes; /* of its grouping; 0: everyone */
    bool probability; /* every referenced score of the sheet lies in [0,1] */
    uint64_t stage[ES_STAGE_COUNT], mark[8], units, patients;
    uint64_t decided[2], verified[2]; /* by decision */
    uint64_t rest_decided[2], rest_verified[2];
    uint64_t unverified[2], rest_unverified[2]; /* window closed without a label, by decision */
    uint64_t cases, positives, negatives, case_patients, positive_patients, negative_patients;
    uint64_t resulted[3][2]; /* units with a result: by decision (0, 1, none) and by whether a label is there */
    struct es_share share[ES_SHARES];
    struct es_arm group, rest;
    uint64_t joint[ES_OUTCOMES][ES_OUTCOMES]; /* sum over patients v_a(group) v_b(rest) */
    uint64_t shared[ES_OVER_COUNT];           /* patients with a case in both arms */
    es_u128 joint_error[2][2];                /* (b, n) of the group times (b, n) of the rest */
    uint64_t shared_scored;
    /* scores of the group: sums of score and positives among the scored */
    es_u128 score, score_squares, score_positives, score_scored; /* s, s^2, s o, s n */
    uint64_t observed, observed_squares;                         /* o, o^2 */
    /* positives among all eligible, and those alerted (METRICS J9) */
    uint64_t eligible_patients, eligible[2], eligible_products[3]; /* x, n; xx, xn, nn */
    struct es_ranks ranks, rest_ranks;
    es_u128 placed_squares[2]; /* of all cases of the group: squared doubled placements of negatives, of positives */
    es_u128 joint_ranks[ES_PLACES][ES_PLACES];
    uint64_t shared_ranked;
    struct es_offset_fit offset, rest_offset;
    es_i128 joint_offset;
    struct es_line_fit line;
    struct es_measured *measured; /* owned by the sweep; NULL without measures */
    double ece10; /* NAN without a probability */
    bool rest_scored; /* rest_ranks, rest_offset and their joint sums were gathered */
};

#ifdef __cplusplus
}
#endif
#endif
