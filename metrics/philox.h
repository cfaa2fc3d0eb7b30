/* SPDX-License-Identifier: Apache-2.0 */
/** @file philox.h
 * A counter-based random generator: the same counter and key give the same words on every machine, in any order.
 *
 * Philox4x64-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11,
 * DOI 10.1145/2063384.2063405. Not for secrets.
 */
#ifndef ES_METRICS_PHILOX_H
#define ES_METRICS_PHILOX_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Four words of the counter under the key. */
void es_philox(const uint64_t counter[4], const uint64_t key[2], uint64_t out[4]);

#define ES_POISSON_THRESHOLDS 21

/** floor(2^64 P(Poisson(1) <= j)) for j = 0 .. 20: a word's weight is the number of thresholds not above it. */
extern const uint64_t es_poisson_thresholds[ES_POISSON_THRESHOLDS];

/** Poisson(1) weight of a uniform 64-bit word, 0 .. 21. */
uint32_t es_poisson_weight(uint64_t word);

#ifdef __cplusplus
}
#endif
#endif
