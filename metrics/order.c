/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/order.h"

#include <string.h>

/** A key whose unsigned order is the order of the doubles. */
static uint64_t key_of(double score)
{
    uint64_t bits;
    const double plain = score + 0.0; /* -0.0 becomes 0.0 */
    memcpy(&bits, &plain, sizeof bits);
    return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

void es_order_by_score(const double *score, uint32_t *order, uint32_t count, uint64_t *key, uint32_t *spare)
{
    uint64_t *from_key = key, *to_key = key + count;
    uint32_t *from = order, *to = spare;
    uint32_t seen[8][256];
    memset(seen, 0, sizeof seen);
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t k = from_key[i] = key_of(score[order[i]]);
        for (unsigned digit = 0; digit < 8; digit++) seen[digit][k >> (8 * digit) & 255]++;
    }
    for (unsigned digit = 0; digit < 8; digit++) {
        uint32_t *const at = seen[digit];
        if (count == 0 || at[from_key[0] >> (8 * digit) & 255] == count) continue;
        uint32_t start = 0;
        for (unsigned d = 0; d < 256; d++) {
            const uint32_t n = at[d];
            at[d] = start;
            start += n;
        }
        for (uint32_t i = 0; i < count; i++) {
            const uint32_t place = at[from_key[i] >> (8 * digit) & 255]++;
            to_key[place] = from_key[i];
            to[place] = from[i];
        }
        uint64_t *const swap_key = from_key;
        uint32_t *const swap = from;
        from_key = to_key;
        to_key = swap_key;
        from = to;
        to = swap;
    }
    if (from != order) memcpy(order, from, (size_t)count * sizeof *order);
}
