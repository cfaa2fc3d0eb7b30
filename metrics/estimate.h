/* SPDX-License-Identifier: Apache-2.0 */
/** @file estimate.h
 * What a statistic is here: estimated, not estimable (with the reason), or suppressed.
 *
 * Nothing in metrics/ prints, allocates without need, reads a clock or knows DICOM.
 */
#ifndef ES_METRICS_ESTIMATE_H
#define ES_METRICS_ESTIMATE_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Read first: the doubles of an estimate are NAN unless ES_ESTIMATED. */
enum es_status { ES_NOT_ESTIMABLE, ES_ESTIMATED, ES_SUPPRESSED };

/** Why a statistic is not estimable (0/0 is a reason, never a 0), or what to know about it. */
enum es_reason {
    ES_REASON_NONE,
    ES_NO_CASES,
    ES_NO_POSITIVES,
    ES_NO_NEGATIVES,
    ES_NO_PREDICTED_POSITIVES,
    ES_NO_PREDICTED_NEGATIVES,
    ES_N_ZERO,
    ES_N_LT_2,
    ES_ZERO_VARIANCE,
    ES_SEPARATION,
    ES_NOT_PROBABILITY,
    ES_NO_SCORES,
    ES_MIN_N,
    ES_NOT_REACHABLE,
    ES_NO_VERIFIED_NEGATIVES,
    ES_VERIFICATION,
    ES_EVERYONE_HAS_NO_REST,
    ES_NO_REST,
    ES_TOO_SMALL_TO_SHOW,
    ES_NO_LESIONS,
    ES_EMPTY_MASKS,
    ES_NO_MARKS,
    ES_NO_RANGE,
    ES_NO_OVERLAP,
    ES_UNBOUNDED,
    ES_REASON_COUNT
};

/** snake_case code of a reason as it stands in the report, e.g. "no_positives"; "" for ES_REASON_NONE. */
const char *es_reason_code(enum es_reason reason);
/** The reason in words for people, e.g. "no diseased case was seen". */
const char *es_reason_words(enum es_reason reason);

/** Flags of an estimate; printed by name. */
enum es_flag {
    ES_FLAG_FEW_CLUSTERS = 1u << 0,  /* interval rests on fewer than 50 patients (METRICS J1) */
    ES_FLAG_DEFF_FLOORED = 1u << 1,  /* design effect below 1 taken as 1 */
    ES_FLAG_DEFF_UNKNOWN = 1u << 2,  /* proportion is 0 or 1, or one patient: design effect taken as 1 */
    ES_FLAG_BEYOND_MARGIN = 1u << 3, /* the whole interval lies beyond the margin */
    ES_FLAG_NONZERO = 1u << 4,       /* parity within the margin, yet a difference was shown */
    ES_FLAG_AI_AWARE = 1u << 5,      /* the reference reader may have seen the AI result */
    ES_FLAG_CLIPPED = 1u << 6        /* limits cut at the edge of the parameter space */
};
/** snake_case name of one flag bit, NULL when the bit is unknown. */
const char *es_flag_name(uint32_t flag);

/** How an interval was made; printed by name. */
enum es_interval {
    ES_INTERVAL_NONE,
    ES_INTERVAL_WILSON_CLUSTERED,  /* Wilson on the effective n (METRICS A2, A5) */
    ES_INTERVAL_LOGIT_OBUCHOWSKI,  /* logit, patient-clustered AUROC variance (B1, B2) */
    ES_INTERVAL_NEWCOMBE_AUROC,    /* Newcombe 2006 method 5, when the variance is 0 or unknown */
    ES_INTERVAL_RATIO_CLUSTERED,   /* normal, ratio-estimator variance over patients (A5) */
    ES_INTERVAL_LOG_RATIO,         /* exp(+-z se log), O:E */
    ES_INTERVAL_FIT_CLUSTERED,     /* sandwich over patients around a logistic fit */
    ES_INTERVAL_MN_CLUSTERED,      /* Miettinen-Nurminen on effective counts, joint patient terms (A3, J1) */
    ES_INTERVAL_NORMAL_JOINT,      /* difference +- z se, joint patient terms */
    ES_INTERVAL_WILSON,            /* Wilson, each unit by itself (funnel shares) */
    ES_INTERVAL_SEQUENTIAL_SCORE,  /* score statistic against a normal-mixture boundary, patient sums (F2(b), J2) */
    ES_INTERVAL_E_PROCESS,         /* universal inference, one case per patient (F2(a)) */
    ES_INTERVAL_CONFIDENCE_SEQUENCE, /* beta-binomial mixture of one rate (F1) */
    ES_INTERVAL_MANTEL_HAENSZEL,   /* standardised difference, Klingenberg limits, patient-clustered (J8) */
    ES_INTERVAL_T_CLUSTERED,       /* t on patients - 1 around a mean, ratio-estimator variance over patients (C1, A5) */
    ES_INTERVAL_LINEAR_CLUSTERED,  /* influence functions summed by patient (measures.h) */
    ES_INTERVAL_MCGRAW_WONG,       /* F, one case a patient (C2) */
    ES_INTERVAL_MOVER,             /* sum of two rates from their Wilson limits and their correlation over patients (Zou and Donner 2008) */
    ES_INTERVAL_KOOPMAN_CLUSTERED, /* ratio of two rates, score limits on effective counts (A4, J1) */
    ES_INTERVAL_CLOPPER_PEARSON,   /* exact binomial, each case by itself (A2) */
    ES_INTERVAL_DELONG,            /* AUROC -+ z se by DeLong, each case by itself, cut at 0 and 1 (B1) */
    ES_INTERVAL_BERNSTEIN          /* difference of two empirical-Bernstein confidence sequences, one case a patient (F3) */
};
const char *es_interval_name(enum es_interval method);

/** A statistic with its interval and the count it rests on. */
struct es_estimate {
    enum es_status status;
    enum es_reason reason; /* ES_REASON_NONE when estimated */
    double value, lo, hi;  /* NAN unless estimated; lo and hi NAN also when only the value is known */
    uint64_t n;            /* denominator: cases */
    uint64_t patients;     /* patients contributing to the denominator */
    enum es_interval method;
    uint32_t flags;        /* enum es_flag */
};

/** An estimate that could not be made, for this reason. */
struct es_estimate es_not_estimable(enum es_reason reason, uint64_t n, uint64_t patients);

#ifdef __cplusplus
}
#endif
#endif
