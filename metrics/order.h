/* SPDX-License-Identifier: Apache-2.0 */
/** @file order.h
 * Rows in score order: one stable sort a sheet.
 */
#ifndef ES_METRICS_ORDER_H
#define ES_METRICS_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Sort row indices by score, ascending; equal scores (-0.0 equals 0.0) keep the order they came in.
 *
 * Least-significant-digit radix sort on the doubles' bits: at most eight passes of linear cost, passes in which all keys
 * agree are skipped. Scores are only compared, never calculated with.
 *
 * @param score  indexed by the row numbers in `order`; no NaN among those
 * @param order  count row numbers; rewritten in score order
 * @param key    scratch, 2 * count
 * @param spare  scratch, count
 */
void es_order_by_score(const double *score, uint32_t *order, uint32_t count, uint64_t *key, uint32_t *spare);

#ifdef __cplusplus
}
#endif
#endif
