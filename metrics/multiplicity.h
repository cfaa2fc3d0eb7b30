/* SPDX-License-Identifier: Apache-2.0 */
/** @file multiplicity.h
 * Adjusted p-values of a family (METRICS E2). Weighted Holm is in verdict.h.
 *
 * All calls: p[n] in [0,1]; a NAN is left out of the family (the others see a smaller one) and stays NAN in adjusted[n].
 * `scratch` holds n indices and is written. Results do not depend on the order of equal p-values.
 */
#ifndef ES_METRICS_MULTIPLICITY_H
#define ES_METRICS_MULTIPLICITY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Holm, Scand J Stat 6:65 (1979): familywise error under any dependence. */
void es_holm(const double *p, size_t n, uint32_t *scratch, double *adjusted);
/** Hochberg, Biometrika 75:800 (1988), doi:10.1093/biomet/75.4.800: step-up, for independent or positively dependent tests. */
void es_hochberg(const double *p, size_t n, uint32_t *scratch, double *adjusted);
/** Benjamini and Hochberg, JRSS B 57:289 (1995): false discovery rate, for exploratory lists. */
void es_benjamini_hochberg(const double *p, size_t n, uint32_t *scratch, double *adjusted);
/** Benjamini and Yekutieli, Ann Stat 29:1165 (2001), doi:10.1214/aos/1013699998: the same under any dependence. */
void es_benjamini_yekutieli(const double *p, size_t n, uint32_t *scratch, double *adjusted);

#ifdef __cplusplus
}
#endif
#endif
