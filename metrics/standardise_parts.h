/* SPDX-License-Identifier: Apache-2.0 */
/** @file standardise_parts.h
 * What one gap and all gaps of a sheet share: strata into weights, and sums over patients into the result. Private to standardise*.c.
 */
#ifndef ES_METRICS_STANDARDISE_PARTS_H
#define ES_METRICS_STANDARDISE_PARTS_H

#include "metrics/standardise.h"

/** Strata by level of the second axis with both kinds of weights, 0 where a stratum is not used. */
struct es_standard_strata {
    struct es_stratum at[ES_MAX_LEVELS];
    double mh[ES_MAX_LEVELS], direct[ES_MAX_LEVELS];
};

/** Which strata count, what is left out, and the weights. Stratum 0 (level not known) is counted as left out and emptied.
 * @param out  its counts of strata and cases, and crude, are added to an otherwise empty one */
void es_standard_weigh(struct es_standard_strata *strata, struct es_standardised *out);
/** The part of a patient's term u_i that one case adds: weight (x - p) / n, with the sign of its arm. */
static inline double es_standard_term(const struct es_stratum *s, double weight, bool group, bool success)
{
    const double n = (double)(group ? s->ng : s->nr), p = (double)(group ? s->xg : s->xr) / n;
    return (group ? weight : -weight) * ((success ? 1 : 0) - p) / n;
}
/** Design effects from the sums of squared patient terms, then both differences. */
void es_standard_finish(const struct es_standard_strata *strata, double mh_squares, double direct_squares, double alpha,
                        struct es_standardised *out);

#endif
