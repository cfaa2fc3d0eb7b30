/* SPDX-License-Identifier: Apache-2.0 */
/** @file exact_sum.h
 * Sums of doubles without rounding: any order and any sharding give the same bits (METRICS I1).
 *
 * A sum is one very wide fixed-point integer, in the manner of Kulisch (Computer Arithmetic and Validity, 2013) and of
 * Neal's small superaccumulator (arXiv:1505.05571): limbs of 32 value bits in 64-bit words, so that carries may wait.
 * Bit 0 of a sum weighs 2^-1074, bit 0 of a sum of products 2^-2148: every finite double, and every product of two, is a
 * whole number of those. There is no intermediate overflow: 1e308+1e308-1e308-1e308+5e-324 is 5e-324. Rounding happens
 * once, at output, to nearest with ties to even; a zero sum is +0.
 *
 * Cost: some 3 (sum) or 5 (products) word additions a value. Ceiling: 2^63 values. No allocation, no I/O, no locks.
 */
#ifndef ES_METRICS_EXACT_SUM_H
#define ES_METRICS_EXACT_SUM_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ES_EXACT_SUM_LIMBS 68      /* 2098 bits of doubles and 64 of carry room */
#define ES_EXACT_PRODUCT_LIMBS 134 /* 4196 bits of products and 64 of carry room */

/** An exact sum of doubles. `{0}` is empty; copy freely. Compare with es_exact_sum_equal(), as carries may be waiting. */
struct es_exact_sum {
    int64_t limb[ES_EXACT_SUM_LIMBS]; /* value = sum limb[i] 2^(32 i - 1074) */
    uint32_t waiting;                 /* additions since carries were last passed on */
};

/** An exact sum of products of two doubles each. `{0}` is empty. */
struct es_exact_product {
    int64_t limb[ES_EXACT_PRODUCT_LIMBS]; /* value = sum limb[i] 2^(32 i - 2148) */
    uint32_t waiting;
};

/** Add x.
 * @return false when x is NaN or infinite; the sum is then unchanged */
bool es_exact_sum_add(struct es_exact_sum *sum, double x);
/** Add x*y, without rounding the product.
 * @return false when either is NaN or infinite; the sum is then unchanged */
bool es_exact_product_add(struct es_exact_product *sum, double x, double y);

/** Add `from` into `into`, as if its values had been added one by one. Associative and commutative to the bit. */
void es_exact_sum_merge(struct es_exact_sum *into, const struct es_exact_sum *from);
void es_exact_product_merge(struct es_exact_product *into, const struct es_exact_product *from);

/** Take `from` out of `into`: the inverse of merge, for a corrected or retracted value. */
void es_exact_sum_subtract(struct es_exact_sum *into, const struct es_exact_sum *from);
void es_exact_product_subtract(struct es_exact_product *into, const struct es_exact_product *from);

/** The sum, correctly rounded; infinite only when the exact sum rounds beyond DBL_MAX. Never -0. */
double es_exact_sum_value(const struct es_exact_sum *sum);
double es_exact_product_value(const struct es_exact_product *sum);
/** sqrt(sum / divisor) of a sum that is not negative: right also where the sum itself would leave the range of a double, as the
 * squares of values below 1e-154 and above 1e154 do. @param divisor  > 0 */
double es_exact_product_root(const struct es_exact_product *sum, double divisor);

/** Do two sums hold the same exact number? */
bool es_exact_sum_equal(const struct es_exact_sum *a, const struct es_exact_sum *b);
bool es_exact_product_equal(const struct es_exact_product *a, const struct es_exact_product *b);

/**
 * Centred second moment: n sum xy - (sum x)(sum y), formed exactly, rounded once, divided by n.
 *
 * With y = x it is sum (x - mean)^2: no cancellation whatever the offset, and never negative.
 *
 * @param n  number of pairs behind the three sums, > 0
 */
double es_exact_moment(const struct es_exact_sum *x, const struct es_exact_sum *y, const struct es_exact_product *xy,
                       uint64_t n);
/** Standard deviation, divisor n - 1, from the same exact number; as es_exact_product_root() for values of any size. NAN when n < 2. */
double es_exact_deviation(const struct es_exact_sum *x, const struct es_exact_product *xx, uint64_t n);

#ifdef __cplusplus
}
#endif
#endif
