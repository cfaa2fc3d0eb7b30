/* SPDX-License-Identifier: Apache-2.0 */
/** @file int128.h
 * 128-bit integers by name, for products of counts that pass 2^64. gcc and clang have them on every 64-bit target.
 */
#ifndef ES_METRICS_INT128_H
#define ES_METRICS_INT128_H

__extension__ typedef unsigned __int128 es_u128;
__extension__ typedef __int128 es_i128;

#endif
