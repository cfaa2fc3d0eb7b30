/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/standardise.h"

#include <math.h>

#include "metrics/special.h"

static const struct es_standard_difference nothing = {
    ES_NOT_ESTIMABLE, (double)NAN, (double)NAN, (double)NAN, (double)NAN, {(double)NAN, (double)NAN}, (double)NAN, 0};

static struct es_limits within(double lo, double hi, uint32_t *flags)
{
    if (lo < -1 || hi > 1) *flags |= ES_FLAG_CLIPPED;
    return (struct es_limits){fmax(lo, -1), fmin(hi, 1)};
}

struct es_standard_difference es_mantel_haenszel(const struct es_stratum *strata, size_t count, double deff, double alpha)
{
    struct es_standard_difference out = nothing;
    double weight = 0, group = 0, rest = 0, p = 0, q = 0;
    for (size_t k = 0; k < count; k++) {
        if (strata[k].ng == 0 || strata[k].nr == 0) continue;
        const double x = (double)strata[k].xg, n = (double)strata[k].ng, y = (double)strata[k].xr, m = (double)strata[k].nr;
        const double all = n + m;
        weight += n * m / all;
        group += x * m / all;
        rest += y * n / all;
        p += (n * n * y - m * m * x + n * m * (m - n) / 2) / (all * all);
        q += (x * (m - y) + y * (n - x)) / (2 * all);
    }
    if (!(weight > 0)) return out;
    const double z = es_norm_isf(alpha / 2), slope = deff * p / (weight * weight), null = deff * q / (weight * weight);
    out.status = ES_ESTIMATED;
    out.group = group / weight;
    out.rest = rest / weight;
    out.difference = (group - rest) / weight;
    out.variance = fmax(0, out.difference * slope + null);
    if (!(null > 0)) return out; /* every case of every stratum ended alike */
    const double middle = out.difference + z * z * slope / 2;
    const double half = sqrt(fmax(0, middle * middle - out.difference * out.difference + z * z * null));
    out.limits = within(middle - half, middle + half, &out.flags);
    out.p = 2 * es_norm_sf(fabs(out.difference) / sqrt(null));
    return out;
}

struct es_standard_difference es_direct_standard(const struct es_stratum *strata, size_t count, double deff, double alpha)
{
    struct es_standard_difference out = nothing;
    double total = 0, group = 0, rest = 0, variance = 0;
    for (size_t k = 0; k < count; k++)
        if (strata[k].ng && strata[k].nr) total += (double)strata[k].ng + (double)strata[k].nr;
    if (!(total > 0)) return out;
    for (size_t k = 0; k < count; k++) {
        if (strata[k].ng == 0 || strata[k].nr == 0) continue;
        const double n = (double)strata[k].ng, m = (double)strata[k].nr, w = (n + m) / total;
        const double p = (double)strata[k].xg / n, q = (double)strata[k].xr / m;
        group += w * p;
        rest += w * q;
        variance += w * w * (p * (1 - p) / n + q * (1 - q) / m);
    }
    out.status = ES_ESTIMATED;
    out.group = group;
    out.rest = rest;
    out.difference = group - rest;
    out.variance = deff * variance;
    if (!(variance > 0)) return out;
    const double se = sqrt(out.variance), half = es_norm_isf(alpha / 2) * se;
    out.limits = within(out.difference - half, out.difference + half, &out.flags);
    out.p = 2 * es_norm_sf(fabs(out.difference) / se);
    return out;
}

struct es_comparison es_standardised_comparison(const struct es_standardised *s, bool direct)
{
    const struct es_standard_difference *d = direct ? &s->direct : &s->mantel_haenszel;
    const double none = (double)NAN;
    return (struct es_comparison){.status = d->status,
                                  .reason = d->status == ES_ESTIMATED ? ES_REASON_NONE : ES_N_ZERO,
                                  .group = d->group,
                                  .rest = d->rest,
                                  .difference = d->difference,
                                  .lo = d->limits.lo,
                                  .hi = d->limits.hi,
                                  .lo_eq = none,
                                  .hi_eq = none,
                                  .p_difference = d->p,
                                  .p_lower = none,
                                  .p_upper = none,
                                  .n_group = s->cases_group,
                                  .n_rest = s->cases_rest,
                                  .patients_group = s->patients_group,
                                  .patients_rest = s->patients_rest,
                                  .deff = direct ? s->direct_deff : s->mantel_haenszel_deff,
                                  .method = d->status != ES_ESTIMATED ? ES_INTERVAL_NONE
                                            : direct                  ? ES_INTERVAL_NORMAL_JOINT
                                                                      : ES_INTERVAL_MANTEL_HAENSZEL,
                                  .flags = d->flags | (s->patients < 50 ? ES_FLAG_FEW_CLUSTERS : 0u)};
}
