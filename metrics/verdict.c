/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/verdict.h"

#include "metrics/special.h"

const char *es_verdict_name(enum es_verdict verdict)
{
    static const char *const names[] = {"", "not_enough", "parity", "disparity"};
    return (size_t)verdict < sizeof names / sizeof names[0] ? names[verdict] : "";
}

bool es_score_comparison(const struct es_two_by_two *t, double alpha, double equivalence, double margin, struct es_comparison *out)
{
    out->status = ES_NOT_ESTIMABLE;
    out->reason = ES_N_ZERO;
    if (!(t->n1 > 0 && t->n2 > 0)) return false;
    const struct es_limits two_sided = es_miettinen_nurminen(t, alpha), inner = es_miettinen_nurminen(t, 2 * equivalence);
    out->status = ES_ESTIMATED;
    out->reason = ES_REASON_NONE;
    out->group = t->x1 / t->n1;
    out->rest = t->x2 / t->n2;
    out->difference = out->group - out->rest;
    out->lo = two_sided.lo;
    out->hi = two_sided.hi;
    out->lo_eq = inner.lo;
    out->hi_eq = inner.hi;
    out->p_difference = 2 * es_norm_sf(fabs(es_score_z(t, 0, true)));
    const bool tests = margin > 0 && margin < 1;
    out->p_lower = tests ? es_norm_sf(es_score_z(t, -margin, true)) : (double)NAN;
    out->p_upper = tests ? es_norm_cdf(es_score_z(t, margin, true)) : (double)NAN;
    return true;
}

double es_tost_p(const struct es_comparison *c)
{
    if (isnan(c->p_lower) || isnan(c->p_upper)) return NAN;
    return fmax(c->p_lower, c->p_upper);
}

enum es_verdict es_verdict_of(struct es_comparison *c, double margin, double alpha, double equivalence, uint32_t min_cases,
                              uint32_t min_patients, double p_difference_adjusted, double p_tost_adjusted)
{
    if (c->status != ES_ESTIMATED) return ES_VERDICT_NONE;
    c->flags &= ~(uint32_t)(ES_FLAG_NONZERO | ES_FLAG_BEYOND_MARGIN);
    const bool reversible = c->reason == ES_VERIFICATION;
    c->reason = ES_REASON_NONE;
    if (c->n_group < min_cases || c->n_rest < min_cases || c->patients_group < min_patients || c->patients_rest < min_patients) {
        c->reason = ES_MIN_N;
        return ES_VERDICT_NOT_ENOUGH;
    }
    if (reversible) {
        c->reason = ES_VERIFICATION;
        return ES_VERDICT_NOT_ENOUGH;
    }
    if (isnan(p_difference_adjusted)) {
        c->reason = ES_ZERO_VARIANCE;
        return ES_VERDICT_NOT_ENOUGH;
    }
    const bool differs = p_difference_adjusted <= alpha;
    /* Comparisons with NAN are false: without a margin there is no parity and nothing beyond it. */
    if (margin > 0 && p_tost_adjusted <= equivalence) {
        if (differs) c->flags |= ES_FLAG_NONZERO;
        return ES_VERDICT_PARITY;
    }
    if (differs) {
        if (c->lo > margin || c->hi < -margin) c->flags |= ES_FLAG_BEYOND_MARGIN;
        return ES_VERDICT_DISPARITY;
    }
    return ES_VERDICT_NOT_ENOUGH;
}
