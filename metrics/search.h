/* SPDX-License-Identifier: Apache-2.0 */
/** @file search.h
 * Weak groups nobody named: all conjunctions of up to three axis levels, ranked by the harm that is sure (exploratory).
 *
 * Harm of a conjunction (sex F and age 80+ and scanner B) on a rate: rate of its rest minus its own rate; a rest is what is
 * known to be outside (sweep.h). Its lower bound is the far end of the two-sided 1 - alpha Miettinen-Nurminen interval on counts
 * divided by the joint design effect (METRICS A3, J1). All conjunctions with enough cases are tested, one-sided, and their
 * p-values corrected by Benjamini and Hochberg, JRSS B 57:289 (1995): what comes out is a question for the next plan, never a
 * verdict.
 *
 * A conjunction has no more cases than any part of it (Agrawal, Srikant, VLDB 1994), so axes are crossed only where every pair
 * has one with enough cases, and levels that are too rare share one cell that is known yet not searched. Whether a conjunction is
 * tested depends on its number of cases alone, not on outcomes: the correction holds.
 *
 * One pass over the cases for each crossing, all sums integers: any order of rows within patients and of patients gives the same
 * result. Cost: cases x crossings (41 with six axes) and, for each patient and crossing, the square of the cells he stands in.
 */
#ifndef ES_METRICS_SEARCH_H
#define ES_METRICS_SEARCH_H

#include "metrics/gap.h"

#ifdef __cplusplus
extern "C" {
#endif

struct es_search_plan {
    struct es_case_rule rule;  /* first_only is not read */
    uint8_t depth;             /* levels joined at most, 1 .. 3 */
    uint32_t min_cases;        /* in the group and in its rest, >= 1 */
    uint32_t min_patients;     /* in the group and in its rest; 0: none */
    double alpha;              /* of the bound, two-sided */
};

/** One conjunction that was tested. */
struct es_weak_group {
    struct es_grouping grouping;              /* axes ascending */
    uint8_t level[ES_MAX_GROUPING_AXES];      /* on each; >= 1 */
    struct es_gap_sums sums;
    double deff;                              /* joint, >= 1 */
    double group, rest;                       /* the rates */
    double harm, harm_least, harm_most;       /* rest - group, with the 1 - alpha limits */
    double p, p_adjusted;                     /* one-sided, group is not worse; NAN when no statistic could be formed */
    bool adds;                                /* harm_least is above that of every part of it: not only inherited */
};

/** What a search found; owned, es_search_free(). */
struct es_search {
    struct es_weak_group *found; /* all tested, by harm_least descending, then fewer axes, then axes and levels ascending */
    size_t count;                /* = number of tests corrected for */
    uint64_t crossings, skipped; /* groupings walked, and left out because some pair had no cell with enough cases */
};
/**
 * Search a sheet.
 * @param sheet  borrowed for the call; well formed
 * @param out    written whole on true
 * @return false when memory ran out or the plan is out of range; `out` is then empty
 */
bool es_search_run(const struct es_sheet *sheet, const struct es_search_plan *plan, struct es_search *out);
/** `{0}` is allowed. */
void es_search_free(struct es_search *search);

#ifdef __cplusplus
}
#endif
#endif
