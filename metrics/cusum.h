/* SPDX-License-Identifier: Apache-2.0 */
/** @file cusum.h
 * An alarm for a rise of an error rate from p0 to p1: the Bernoulli CUSUM on an integer lattice (METRICS F5).
 *
 * Score +(m-1) on an error and -1 otherwise, floor 0, alarm at h, restart at 0; m = round((w1 - w0) / -w0) with the log
 * likelihood weights w1 = ln(p1/p0), w0 = ln((1-p1)/(1-p0)): Reynolds, Stoumbos, J Qual Technol 31:87-108 (1999),
 * DOI 10.1080/00224065.1999.11979900; Steiner and others, Biostatistics 1:441 (2000), DOI 10.1093/biostatistics/1.4.441.
 * Page, Biometrika 41:100 (1954). Run lengths are those of the lattice used, exact after Brook, Evans, Biometrika 59:539
 * (1972), by state reduction without a subtraction (Grassmann, Taksar, Heyman, Oper Res 33:1107 (1985)), so that every digit
 * holds also for run lengths of millions. Cost: h m, memory m.
 */
#ifndef ES_METRICS_CUSUM_H
#define ES_METRICS_CUSUM_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ES_CUSUM_MAX_STEP 100000u    /* m: p0 and p1 both minute, beyond which a chart is no use */
#define ES_CUSUM_MAX_LIMIT 10000000u /* h */

/** The lattice of a chart. */
struct es_cusum_design {
    double p0, p1; /* 0 < p0 < p1 < 1 */
    double w1, w0; /* > 0, < 0 */
    uint32_t m;    /* >= 2 */
};
/** @return false when the rates are out of order or range, or m would pass ES_CUSUM_MAX_STEP */
bool es_cusum_design(double p0, double p1, struct es_cusum_design *out);

/** A running chart. `{0}` stands at 0. */
struct es_cusum {
    uint32_t level; /* S; 0 .. h, h or above only right after an alarm */
    bool alarm;     /* the last case raised it; the next one starts from 0 */
};
/** Take one case.
 * @return true when S reaches h */
bool es_cusum_step(struct es_cusum *chart, uint32_t m, uint32_t h, bool error);

/** Mean number of cases from 0 to an alarm when the error rate is p.
 * @param h  1 .. ES_CUSUM_MAX_LIMIT
 * @return NAN when out of range or memory; +infinity when p is 0 */
double es_cusum_run_length(uint32_t m, uint32_t h, double p);

/** Smallest h whose run length at rate p is at least `target`; 0 when none up to ES_CUSUM_MAX_LIMIT is, or out of range or
 * memory. */
uint32_t es_cusum_limit(uint32_t m, double p, double target);

#ifdef __cplusplus
}
#endif
#endif
