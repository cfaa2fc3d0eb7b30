/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/philox.h"

#include "metrics/int128.h"

/* Multipliers and Weyl increments of the paper (Salmon et al. 2011, table 2 and section 3.3). */
#define MULTIPLIER_0 UINT64_C(0xD2E7470EE14C6C93)
#define MULTIPLIER_1 UINT64_C(0xCA5A826395121157)
#define WEYL_0 UINT64_C(0x9E3779B97F4A7C15)
#define WEYL_1 UINT64_C(0xBB67AE8584CAA73B)
#define ROUNDS 10

/* Computed with 80 decimal digits from sum e^-1/i!. The last ones differ from 2^64 by less than a weight's chance of 2^-60. */
const uint64_t es_poisson_thresholds[ES_POISSON_THRESHOLDS] = {
    UINT64_C(0x5e2d58d8b3bcdf1a), UINT64_C(0xbc5ab1b16779be35), UINT64_C(0xeb715e1dc1582dc2), UINT64_C(0xfb23979734a252f1),
    UINT64_C(0xff1025f59174dc3d), UINT64_C(0xffd90f3ba4055e19), UINT64_C(0xfffa8b71fc72c913), UINT64_C(0xffff540c0914b3c9),
    UINT64_C(0xffffed1f4aa8f120), UINT64_C(0xfffffe216e641462), UINT64_C(0xffffffd4d85d3183), UINT64_C(0xfffffffc6da262b4),
    UINT64_C(0xffffffffba12d178), UINT64_C(0xfffffffffb07c64c), UINT64_C(0xffffffffffab8ea5), UINT64_C(0xfffffffffffabe22),
    UINT64_C(0xffffffffffffb11a), UINT64_C(0xfffffffffffffba1), UINT64_C(0xffffffffffffffc5), UINT64_C(0xfffffffffffffffd),
    UINT64_C(0xffffffffffffffff),
};

void es_philox(const uint64_t counter[4], const uint64_t key[2], uint64_t out[4])
{
    uint64_t a = counter[0], b = counter[1], c = counter[2], d = counter[3];
    uint64_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < ROUNDS; round++) {
        const es_u128 left = (es_u128)MULTIPLIER_0 * a;
        const es_u128 right = (es_u128)MULTIPLIER_1 * c;
        a = (uint64_t)(right >> 64) ^ b ^ k0;
        c = (uint64_t)(left >> 64) ^ d ^ k1;
        b = (uint64_t)right;
        d = (uint64_t)left;
        k0 += WEYL_0;
        k1 += WEYL_1;
    }
    out[0] = a;
    out[1] = b;
    out[2] = c;
    out[3] = d;
}

uint32_t es_poisson_weight(uint64_t word)
{
    uint32_t weight = 0;
    while (weight < ES_POISSON_THRESHOLDS && es_poisson_thresholds[weight] <= word) weight++;
    return weight;
}
