/* SPDX-License-Identifier: Apache-2.0 */
/** @file gap.h
 * A rate in a group and in its rest, kept as integer sums over patients, and the sequential score interval of its difference.
 *
 * The interval of sequential.h (METRICS F2(b)) supposes independent cases. Several cases of one patient are not: with ICC 0.3 it
 * gives false alarms in 29 % (4 images a patient) to 96 % (20 images) of runs. Here (METRICS J2) the variance at a supposed
 * difference d is formed from patients:
 *
 *     u_i(d) = (x_gi - p_g~ n_gi) / n_g - (x_ri - p_r~ n_ri) / n_r,     v(d) = max( sum_i u_i(d)^2, binomial v(d) ),
 *
 * with p_g~ - p_r~ = d the restricted rates of the score test (proportion.h): centred at the null, not at what was seen. A
 * patient may stand in both arms (J1). sum u_i^2 is a quadratic form in (p_g~, p_r~) whose ten coefficients are sums of
 * integers, so a value of d costs the same whatever the number of patients, and the sums do not depend on any order. The set is
 * { d : |p_g - p_r - d| < sqrt(K/(K-1) v(d)) c(1/v(d)) }, K patients, c the normal-mixture boundary of sequential.h tuned by
 * rho = v_opt / (2 ln(1/a) + ln(1 + 2 ln(1/a))), v_opt = ((z_a + z_0.2) / margin)^2. When no patient has two cases the binomial
 * v(d) stands alone, K is the number of cases, and this is exactly es_score_sequence().
 *
 * Waudby-Smith and others, Ann Stat 52:2613 (2024); Howard and others, Ann Stat 49:1055 (2021), DOI 10.1214/20-AOS1991;
 * Miettinen, Nurminen, Stat Med 4:213 (1985), DOI 10.1002/sim.4780040211. Asymptotic in the number of patients; the
 * combination is our own and is shown by simulation (tests/bench/sim_verdicts).
 */
#ifndef ES_METRICS_GAP_H
#define ES_METRICS_GAP_H

#include "metrics/arms.h"
#include "metrics/proportion.h"
#include "metrics/verdict.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One patient's successes and cases in each arm. */
struct es_gap_patient {
    uint32_t xg, ng, xr, nr; /* xg <= ng, xr <= nr; each at most 2^31 */
};

/** Integer sums over patients of both arms; `{0}` is empty. Merge by adding when no patient stands in both. */
struct es_gap_sums {
    struct es_cluster_sums group, rest;
    uint64_t xx, xn, nx, nn; /* sum x_gi x_ri, x_gi n_ri, n_gi x_ri, n_gi n_ri */
    uint64_t shared;         /* patients with a case in both */
};

/** Add a whole patient. */
void es_gap_add_patient(struct es_gap_sums *sums, const struct es_gap_patient *patient);
/** Add one case of a patient, in O(1): `patient` holds what was added of the patient before, and is brought up to date. */
void es_gap_add_case(struct es_gap_sums *sums, struct es_gap_patient *patient, enum es_side side, bool success);
/** Add `from` into `into`. */
void es_gap_merge(struct es_gap_sums *into, const struct es_gap_sums *from);
/** Patients with a case in either arm. */
uint64_t es_gap_patients(const struct es_gap_sums *sums);
/** Has any patient two cases? */
bool es_gap_clustered(const struct es_gap_sums *sums);

/** The sums of one group of a sheet and its rest: one pass in patient order, no memory.
 * @param level  on each axis of the grouping */
struct es_gap_sums es_gap_of_sheet(const struct es_sheet *sheet, const struct es_grouping *grouping, const uint8_t *level,
                                   const struct es_case_rule *rule);
/** The same from a sweep, in O(1): all referenced cases of the sheet that was swept, exploratory ones too. */
struct es_gap_sums es_gap_of_summary(const struct es_summary *summary, enum es_rate rate);

/** Variance of p_g - p_r if the difference is d. Both NAN when an arm is empty or d is not in [-1, 1]. */
struct es_gap_variance {
    double used;     /* v(d) above */
    double binomial; /* p_g~ (1 - p_g~) / n_g + p_r~ (1 - p_r~) / n_r: were every case independent */
};
struct es_gap_variance es_gap_null_variance(const struct es_gap_sums *sums, double d);
/** J1: deff = max(1, var / binomial var), var = K/(K-1) sum u_i^2 at the observed rates. 1 when the binomial variance is 0 or
 * there are fewer than two patients. */
double es_gap_deff(const struct es_gap_sums *sums);

/** Fewest patients in each arm when patients have several cases. */
#define ES_GAP_MIN_PATIENTS 50
/** Margin that tunes the boundary where none was declared. */
#define ES_GAP_TUNING_MARGIN 0.05

/** Evidence on a difference that may be looked at any number of times. */
struct es_gap_sequence {
    enum es_reason reason;   /* ES_REASON_NONE; ES_MIN_N: below the minima, verdict not_enough; ES_N_ZERO: an arm is empty */
    enum es_verdict verdict; /* parity: limits inside the margin; else disparity: 0 outside them; else not_enough */
    double difference;       /* NAN when an arm is empty */
    double z, critical;      /* at d = 0; critical NAN and z 0 or infinite when v(0) is 0 */
    double log_e;            /* ln of the mixture martingale against d = 0; NAN when v(0) is 0 */
    double p_anytime;        /* min(1, 1/e) */
    double deff;             /* v(0) used over binomial, >= 1 */
    struct es_limits limits; /* hull of the set above; [-1, 1] when an arm is empty. Shown only when reason is none */
    uint32_t flags;          /* ES_FLAG_NONZERO, ES_FLAG_BEYOND_MARGIN */
};
/**
 * The sequential score interval and what follows from it.
 *
 * Minima: 50 cases in each arm, 10 pooled successes and 10 pooled failures, and 50 patients in each arm when any patient has
 * two cases. Below them there is no verdict, and no other method steps in.
 *
 * @param margin  in (0,1); NAN: parity is never claimed and the boundary is tuned for ES_GAP_TUNING_MARGIN
 * @param alpha   the hypothesis's own share (es_alpha_share()), fixed before the first case
 */
struct es_gap_sequence es_gap_sequence(const struct es_gap_sums *sums, double margin, double alpha);
/** Is d excluded at this look? One evaluation instead of an interval; an excluded d may lie in the hull of the interval. */
bool es_gap_excludes(const struct es_gap_sums *sums, double d, double margin, double alpha);
/** Are there enough cases, events and patients for es_gap_sequence() to give a verdict? */
bool es_gap_enough(const struct es_gap_sums *sums);

#ifdef __cplusplus
}
#endif
#endif
