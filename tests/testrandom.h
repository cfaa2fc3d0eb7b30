/* SPDX-License-Identifier: Apache-2.0 */
/** @file testrandom.h
 * Random numbers for tests: the same on every machine and in every run.
 */
#ifndef ES_TESTS_TESTRANDOM_H
#define ES_TESTS_TESTRANDOM_H

#include <stdint.h>

#include "metrics/philox.h"

/** A stream; `{seed}` starts it. */
struct es_test_random {
    uint64_t seed, drawn;
};

static inline uint64_t es_test_word(struct es_test_random *r)
{
    const uint64_t counter[4] = {r->drawn++, 0, 0, 0}, key[2] = {r->seed, 0};
    uint64_t out[4];
    es_philox(counter, key, out);
    return out[0];
}
/** Below `limit`, > 0. */
static inline uint64_t es_test_below(struct es_test_random *r, uint64_t limit) { return es_test_word(r) % limit; }
/** In [0, 1). */
static inline double es_test_unit(struct es_test_random *r) { return (double)(es_test_word(r) >> 11) * 0x1p-53; }

#endif
