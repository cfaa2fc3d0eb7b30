/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/verification.h"

#include "metrics/special.h"

static double over(double x, double n)
{
    return n > 0 ? x / n : (double)NAN;
}

/** The verified cells of the strata together, as doubles. */
struct cells {
    double a, b, c, d, u1, u0;
};

static void add(struct cells *all, const struct es_verified *s)
{
    all->a += (double)s->alert_diseased;
    all->b += (double)s->alert_free;
    all->c += (double)s->no_alert_diseased;
    all->d += (double)s->no_alert_free;
    all->u1 += (double)s->alert_unverified;
    all->u0 += (double)s->no_alert_unverified;
}

static void interval(struct es_corrected *e, double alpha)
{
    const double half = es_norm_isf(alpha / 2) * sqrt(e->logit_variance), centre = es_logit(e->value);
    if (isfinite(half) && isfinite(centre)) e->interval = (struct es_limits){es_expit(centre - half), es_expit(centre + half)};
}

/** Variances of a single stratum (Begg and Greenes 1983, appendix; both need every cell filled). */
static void variances(const struct cells *k, struct es_corrected *se, struct es_corrected *sp)
{
    const double n1 = k->a + k->b + k->u1, n0 = k->c + k->d + k->u0;
    if (!(k->a > 0 && k->b > 0 && k->c > 0 && k->d > 0)) return;
    const double common = (n1 + n0) / (n1 * n0);
    se->logit_variance = common + k->b / (k->a * (k->a + k->b)) + k->d / (k->c * (k->c + k->d));
    sp->logit_variance = common + k->a / (k->b * (k->a + k->b)) + k->c / (k->d * (k->c + k->d));
}

/** Linearised variance of a weighted proportion with weights taken as known: n/(n-1) sum w^2 (y - p)^2 / (sum w)^2, where the
 * x verified cases of weight wx are successes, the y of weight wy are not, and n counts all verified cases of the design. */
static double weighted(double x, double wx, double y, double wy, double n)
{
    const double total = x * wx + y * wy, p = over(x * wx, total);
    if (!(n > 1) || !(total > 0)) return NAN;
    return n / (n - 1) * (x * wx * wx * (1 - p) * (1 - p) + y * wy * wy * p * p) / (total * total);
}

enum es_reason es_begg_greenes(const struct es_verified *strata, size_t count, double alpha, struct es_corrected *sensitivity,
                               struct es_corrected *specificity)
{
    const double none = (double)NAN;
    const struct es_corrected empty = {none, none, none, {none, none}, none, none, none};
    struct cells all = {0, 0, 0, 0, 0, 0};
    double found = 0, missed = 0, cleared = 0, false_alarm = 0;
    bool blind = false;
    *sensitivity = *specificity = empty;
    for (size_t i = 0; i < count; i++) {
        struct cells k = {0, 0, 0, 0, 0, 0};
        add(&k, &strata[i]);
        add(&all, &strata[i]);
        const double n1 = k.a + k.b + k.u1, n0 = k.c + k.d + k.u0;
        blind |= (n1 > 0 && k.a + k.b == 0) || (n0 > 0 && k.c + k.d == 0);
        if (k.a + k.b > 0) {
            found += n1 * (k.a / (k.a + k.b));
            false_alarm += n1 * (k.b / (k.a + k.b));
        }
        if (k.c + k.d > 0) {
            missed += n0 * (k.c / (k.c + k.d));
            cleared += n0 * (k.d / (k.c + k.d));
        }
    }
    const double n = all.a + all.b + all.c + all.d;
    if (n + all.u1 + all.u0 == 0) return ES_NO_CASES;
    sensitivity->naive = over(all.a, all.a + all.c);
    specificity->naive = over(all.d, all.b + all.d);
    /* Worst for sensitivity: every unverified non-alert is diseased and no unverified alert is; best: the reverse. */
    sensitivity->worst = over(all.a, all.a + all.c + all.u0);
    sensitivity->best = over(all.a + all.u1, all.a + all.c + all.u1);
    specificity->worst = over(all.d, all.b + all.d + all.u1);
    specificity->best = over(all.d + all.u0, all.b + all.d + all.u0);
    if (blind) return ES_VERIFICATION;
    sensitivity->value = over(found, found + missed);
    specificity->value = over(cleared, cleared + false_alarm);
    if (count != 1) return ES_REASON_NONE;
    variances(&all, sensitivity, specificity);
    interval(sensitivity, alpha);
    interval(specificity, alpha);
    const double w1 = over(all.a + all.b + all.u1, all.a + all.b), w0 = over(all.c + all.d + all.u0, all.c + all.d);
    sensitivity->weighted_variance = weighted(all.a, isnan(w1) ? 0 : w1, all.c, isnan(w0) ? 0 : w0, n);
    specificity->weighted_variance = weighted(all.d, isnan(w0) ? 0 : w0, all.b, isnan(w1) ? 0 : w1, n);
    return ES_REASON_NONE;
}

bool es_bounds_can_reverse(const struct es_corrected *group, const struct es_corrected *rest)
{
    /* Written so that NAN bounds count as able to. */
    return !(group->worst > rest->best || group->best < rest->worst);
}

void es_corrected_widen(struct es_corrected *value, double deff, double alpha)
{
    value->logit_variance *= deff;
    value->weighted_variance *= deff;
    interval(value, alpha);
}

bool es_corrected_gap(const struct es_corrected *group, const struct es_corrected *rest, double deff, double alpha, double equivalence,
                      struct es_corrected_gap *out)
{
    const double none = (double)NAN, g = group->value, r = rest->value;
    const double variance = deff * (g * g * (1 - g) * (1 - g) * group->logit_variance + r * r * (1 - r) * (1 - r) * rest->logit_variance);
    *out = (struct es_corrected_gap){none, {none, none}, {none, none}};
    if (!(variance > 0) || !isfinite(variance)) return false;
    const double outer = es_norm_isf(alpha / 2) * sqrt(variance), inner = es_norm_isf(equivalence) * sqrt(variance);
    out->difference = g - r;
    out->limits = (struct es_limits){fmax(-1, g - r - outer), fmin(1, g - r + outer)};
    out->inner = (struct es_limits){fmax(-1, g - r - inner), fmin(1, g - r + inner)};
    return true;
}
