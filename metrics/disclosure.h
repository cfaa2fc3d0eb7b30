/* SPDX-License-Identifier: Apache-2.0 */
/** @file disclosure.h
 * Tables of counts that may be shown: small cells hidden, others with them, and a proof that they stay hidden (METRICS G2).
 *
 * Primary cells are 1 .. k-1. Where a line's total is printed, a single hidden cell can be got by subtraction and hidden cells
 * that add up to less than k give a small number away, so others are hidden with them. That local rule is not always enough,
 * so an audit follows: given all that is printed, and counts that are whole and not negative, between what limits must each
 * primary cell lie? The hidden cells form a transport problem, whose limits are whole and found by maximum flow (Edmonds, Karp,
 * J ACM 19:248 (1972), DOI 10.1145/321694.321699). A primary cell that is pinned makes whole lines hidden.
 * Background: Hundepool and others, Statistical Disclosure Control, Wiley 2012, DOI 10.1002/9781118348239.
 *
 * A table of one row (or column) has one printed total; else every row, every column and the grand total are printed.
 */
#ifndef ES_METRICS_DISCLOSURE_H
#define ES_METRICS_DISCLOSURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ES_DISCLOSURE_INTERNAL 5  /* k for authenticated staff */
#define ES_DISCLOSURE_EXTERNAL 11 /* k for anybody else */
#define ES_DISCLOSURE_MAX_LINES 4096

/** Counts, row after row. */
struct es_table {
    uint32_t rows, columns;   /* 1 .. ES_DISCLOSURE_MAX_LINES each */
    const uint64_t *count;    /* borrowed, rows * columns */
    uint64_t k;               /* >= 1: counts from 1 to k-1 are small */
    bool zero_is_sensitive;   /* then 0 is hidden as well */
};

enum es_disclosure_action {
    ES_DISCLOSURE_PUBLISH,  /* show the table with the hidden cells left out */
    ES_DISCLOSURE_COLLAPSE, /* a printed total is itself small: merge categories or drop an axis */
    ES_DISCLOSURE_FAILED    /* the table is out of range or memory ran out: show nothing */
};

/** Is a count small? */
bool es_disclosure_small(const struct es_table *table, uint64_t count);

/** Decide which cells to hide.
 * @param hidden  rows * columns bytes: 1 hides. Passed the audit on PUBLISH, all 0 on COLLAPSE; on FAILED all 1, or left as
 *                it was when the table is out of range */
enum es_disclosure_action es_disclosure_hide(const struct es_table *table, uint8_t *hidden);

/** What a reader can work out about one hidden cell. */
struct es_interval_u64 {
    uint64_t lo, hi;
};
/** Limits of one hidden cell from all that is printed.
 * @param row, column  of a cell with hidden = 1
 * @return false when out of range or memory ran out */
bool es_disclosure_limits(const struct es_table *table, const uint8_t *hidden, uint32_t row, uint32_t column,
                          struct es_interval_u64 *out);
/** Is every primary cell free by at least one?
 * @param narrowest  least hi - lo of the primary cells, UINT64_MAX when there is none; written; may be NULL
 * @return false when one is pinned or shown, or the audit could not be made */
bool es_disclosure_audit(const struct es_table *table, const uint8_t *hidden, uint64_t *narrowest);

/** May a new release follow an old one: is every cell that both show unchanged or changed by at least k? */
bool es_disclosure_step_ok(uint64_t before, uint64_t after, uint64_t k);
/** Nearest multiple of `base` (> 0), ties upwards; UINT64_MAX rounds down. */
uint64_t es_disclosure_round(uint64_t count, uint64_t base);

#ifdef __cplusplus
}
#endif
#endif
