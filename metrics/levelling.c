/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/levelling.h"

#include <math.h>

#include "metrics/multiplicity.h"
#include "metrics/root.h"
#include "metrics/special.h"

/* Gaps closer than this are the same: they come from divisions of counts. */
#define SAME_GAP 1e-12

static double cases_of(const struct es_paired *p) { return p->both + p->only_new + p->only_old + p->neither; }

/** d >= 0. The restricted share of only_old pairs solves 2n q^2 + B q - C = 0 with C >= 0: one sign, no cancellation. */
static double tango_upwards(double n, double gain, double loss, double d)
{
    const double over = gain - loss - n * d;
    if (over == 0.0) return 0.0;
    const double b = (2.0 * n - gain + loss) * d - gain - loss, c = loss * d * (1.0 - d);
    const double root = sqrt(b * b + 8.0 * n * c);
    const double q = b > 0.0 ? 2.0 * c / (b + root) : (root - b) / (4.0 * n);
    const double variance = n * (2.0 * q + d * (1.0 - d));
    return variance > 0.0 ? over / sqrt(variance) : copysign((double)INFINITY, over);
}

double es_tango_z(const struct es_paired *pairs, double d)
{
    const double n = cases_of(pairs);
    if (!(n > 0.0)) return NAN;
    return d >= 0.0 ? tango_upwards(n, pairs->only_new, pairs->only_old, d)
                    : -tango_upwards(n, pairs->only_old, pairs->only_new, -d);
}

struct tango {
    const struct es_paired *pairs;
    double target;
};

static double tango_excess(double d, const void *context)
{
    const struct tango *t = context;
    return fmax(-1e300, fmin(1e300, es_tango_z(t->pairs, d) - t->target));
}

struct es_limits es_tango(const struct es_paired *pairs, double alpha)
{
    const double n = cases_of(pairs), z = es_norm_isf(alpha / 2.0);
    if (!(n > 0.0) || !(z > 0.0)) return (struct es_limits){NAN, NAN};
    const double change = (pairs->only_new - pairs->only_old) / n;
    const struct tango low = {pairs, z}, high = {pairs, -z};
    struct es_limits out = {-1.0, 1.0};
    if (change > -1.0) out.lo = es_root(tango_excess, &low, -1.0, change, 1e-13);
    if (change < 1.0) out.hi = es_root(tango_excess, &high, change, 1.0, 1e-13);
    return out;
}

double es_mcnemar(const struct es_paired *pairs)
{
    const double discordant = pairs->only_new + pairs->only_old, gain = pairs->only_new - pairs->only_old;
    return discordant > 0.0 ? es_chi2_sf(gain * gain / discordant, 1.0) : (double)NAN;
}

void es_paired_add(struct es_paired_sums *sums, uint32_t only_new, uint32_t only_old, uint32_t n)
{
    const int64_t s = (int64_t)only_new - (int64_t)only_old;
    if (n == 0) return;
    sums->patients++;
    sums->n += n;
    sums->s += s;
    sums->ss += (uint64_t)(s * s);
    sums->sn += s * (int64_t)n;
    sums->nn += (uint64_t)n * n;
}

struct es_paired_clustered es_paired_clustered(const struct es_paired_sums *sums, const struct es_paired *pairs)
{
    struct es_paired_clustered out = {NAN, NAN, 1.0};
    const double n = (double)sums->n, k = (double)sums->patients;
    if (sums->patients < 2) return out;
    const double d = (double)sums->s / n;
    const double squares = fmax(0.0, (double)sums->ss - 2.0 * d * (double)sums->sn + d * d * (double)sums->nn);
    const double unclustered = ((pairs->only_new + pairs->only_old) / n - d * d) / n;
    out.variance = k / (k - 1.0) * squares / (n * n);
    if (unclustered > 0.0) {
        out.deff = out.variance / unclustered;
        out.deff_used = fmax(1.0, out.deff);
    }
    return out;
}

const char *es_levelling_name(enum es_levelling verdict)
{
    switch (verdict) {
    case ES_NOT_NARROWED: return "not_narrowed";
    case ES_LEVELLING_DOWN: return "levelling_down";
    case ES_LEVELLING_DOWN_SUSPECTED: return "levelling_down_suspected";
    case ES_LEVELLING_UP: return "levelling_up";
    case ES_LEVELLING_MIXED: return "mixed";
    }
    return "";
}

static struct es_group_change change_of(const struct es_paired *pairs, double alpha)
{
    struct es_group_change g = {.before = NAN, .after = NAN, .change = NAN, .p = NAN};
    const double n = cases_of(pairs);
    g.limits = es_tango(pairs, alpha);
    if (!(n > 0.0)) return g;
    g.before = (pairs->both + pairs->only_old) / n;
    g.after = (pairs->both + pairs->only_new) / n;
    g.change = (pairs->only_new - pairs->only_old) / n;
    g.p = es_mcnemar(pairs);
    return g;
}

static void gaps(const struct es_paired *groups, const struct es_group_change *changes, size_t count, double min_cases,
                 struct es_levelling_summary *s)
{
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (isnan(changes[i].change) || cases_of(&groups[i]) < min_cases) continue;
        used++;
        low[0] = fmin(low[0], changes[i].before);
        high[0] = fmax(high[0], changes[i].before);
        low[1] = fmin(low[1], changes[i].after);
        high[1] = fmax(high[1], changes[i].after);
    }
    s->gap_old = used > 1 ? high[0] - low[0] : (double)NAN;
    s->gap_new = used > 1 ? high[1] - low[1] : (double)NAN;
}

struct es_levelling_summary es_levelling_judge(const struct es_paired *groups, size_t count, double alpha, double min_cases,
                                               struct es_group_change *changes, uint32_t *scratch, double *work)
{
    struct es_levelling_summary s = {.verdict = ES_NOT_NARROWED};
    double *p = work, *adjusted = work + count;
    bool any_up = false, any_harmed = false, any_improved = false;
    for (size_t i = 0; i < count; i++) {
        changes[i] = change_of(&groups[i], alpha);
        p[i] = isnan(changes[i].p) ? 1.0 : changes[i].p;
    }
    es_holm(p, count, scratch, adjusted);
    for (size_t i = 0; i < count; i++) {
        struct es_group_change *g = &changes[i];
        g->p_adjusted = adjusted[i];
        g->harmed = adjusted[i] <= alpha && g->change < 0.0;
        g->improved = adjusted[i] <= alpha && g->change > 0.0;
        any_up = any_up || g->change > 0.0;
        any_harmed = any_harmed || g->harmed;
        any_improved = any_improved || g->improved;
    }
    gaps(groups, changes, count, min_cases, &s);
    if (!(s.gap_new < s.gap_old - SAME_GAP)) return s; /* nor when there is no gap to speak of */
    if (!any_up) s.verdict = any_harmed ? ES_LEVELLING_DOWN : ES_LEVELLING_DOWN_SUSPECTED;
    else s.verdict = any_improved && !any_harmed ? ES_LEVELLING_UP : ES_LEVELLING_MIXED;
    return s;
}
