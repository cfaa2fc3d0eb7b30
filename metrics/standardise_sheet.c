/* SPDX-License-Identifier: Apache-2.0 */
/* Strata and patient terms of a sheet. Terms of a patient are formed from whole counts, stratum by stratum, and their squares are
 * added exactly: no order of rows or patients changes a bit. */
#include <math.h>
#include <string.h>

#include "metrics/exact_sum.h"
#include "metrics/standardise_parts.h"

/** One patient's counts by level of the second axis; a list of the levels met. */
struct patient {
    struct es_stratum at[ES_MAX_LEVELS];
    uint8_t met[ES_MAX_LEVELS];
    unsigned count;
};

/** Everything the walk over patients needs and gathers. */
struct walk {
    const struct es_sheet *sheet;
    const struct es_grouping *grouping;
    const uint8_t *level;
    const struct es_case_rule *rule;
    uint8_t axis;
    struct es_standard_strata strata;
    struct es_exact_sum mh, direct;
};

static void add(struct es_stratum *s, enum es_side side, bool success)
{
    if (side == ES_SIDE_GROUP) {
        s->ng++;
        s->xg += success;
    } else {
        s->nr++;
        s->xr += success;
    }
}

static void count_strata(struct walk *w)
{
    for (uint32_t row = 0; row < w->sheet->rows; row++) {
        if (!es_case_counts(w->sheet, w->rule, row)) continue;
        const enum es_side side = es_side_of(w->sheet, w->grouping, w->level, row);
        if (side != ES_SIDE_NONE) add(&w->strata.at[w->sheet->level[w->axis][row]], side, es_case_success(w->sheet, row));
    }
}

void es_standard_weigh(struct es_standard_strata *strata, struct es_standardised *out)
{
    double total = 0, sum = 0;
    uint64_t xg = 0, xr = 0;
    out->cases_unknown = strata->at[0].ng + strata->at[0].nr;
    strata->at[0] = (struct es_stratum){0, 0, 0, 0};
    for (unsigned k = 1; k < ES_MAX_LEVELS; k++) {
        const struct es_stratum *s = &strata->at[k];
        if (s->ng && s->nr) {
            const double n = (double)s->ng, m = (double)s->nr;
            out->strata++;
            out->cases_group += s->ng;
            out->cases_rest += s->nr;
            xg += s->xg;
            xr += s->xr;
            sum += strata->mh[k] = n * m / (n + m);
            total += strata->direct[k] = n + m;
        } else if (s->ng || s->nr) {
            out->one_armed++;
            out->is_one_armed[k] = true;
            out->cases_one_armed += s->ng + s->nr;
        }
    }
    for (unsigned k = 1; k < ES_MAX_LEVELS && out->strata; k++) {
        strata->mh[k] /= sum;
        strata->direct[k] /= total;
    }
    if (out->strata) out->crude = (double)xg / (double)out->cases_group - (double)xr / (double)out->cases_rest;
}

/** Add a patient's terms: strata in ascending order whatever the order of his rows. */
static void add_patient(struct walk *w, struct patient *p, struct es_standardised *out)
{
    double mh = 0, direct = 0;
    bool group = false, rest = false;
    for (unsigned k = 1; k < ES_MAX_LEVELS && p->count; k++) {
        const struct es_stratum *mine = &p->at[k], *s = &w->strata.at[k];
        if (mine->ng + mine->nr == 0 || !(w->strata.mh[k] > 0)) continue;
        const double n = (double)s->ng, m = (double)s->nr;
        const double u = ((double)mine->xg - (double)s->xg / n * (double)mine->ng) / n -
                         ((double)mine->xr - (double)s->xr / m * (double)mine->nr) / m;
        mh += w->strata.mh[k] * u;
        direct += w->strata.direct[k] * u;
        group = group || mine->ng;
        rest = rest || mine->nr;
    }
    out->patients += group || rest;
    out->patients_group += group;
    out->patients_rest += rest;
    es_exact_sum_add(&w->mh, mh * mh);
    es_exact_sum_add(&w->direct, direct * direct);
    for (unsigned i = 0; i < p->count; i++) p->at[p->met[i]] = (struct es_stratum){0, 0, 0, 0};
    p->count = 0;
}

static void walk_patients(struct walk *w, struct es_standardised *out)
{
    struct patient p;
    memset(&p, 0, sizeof p);
    for (uint32_t row = 0; row < w->sheet->rows; row++) {
        if (row && w->sheet->patient[row] != w->sheet->patient[row - 1] && p.count) add_patient(w, &p, out);
        if (!es_case_counts(w->sheet, w->rule, row)) continue;
        const enum es_side side = es_side_of(w->sheet, w->grouping, w->level, row);
        const uint8_t k = w->sheet->level[w->axis][row];
        if (side == ES_SIDE_NONE || k == 0) continue;
        if (p.at[k].ng + p.at[k].nr == 0) p.met[p.count++] = k;
        add(&p.at[k], side, es_case_success(w->sheet, row));
    }
    if (p.count) add_patient(w, &p, out);
}

/** max(1, K/(K-1) sum u^2 over the variance of independent cases). */
static double design_effect(const struct es_standard_strata *strata, const double *weight, double squares, uint64_t patients)
{
    double binomial = 0;
    for (unsigned k = 1; k < ES_MAX_LEVELS; k++) {
        if (!(weight[k] > 0)) continue;
        const struct es_stratum *s = &strata->at[k];
        const double n = (double)s->ng, m = (double)s->nr, p = (double)s->xg / n, q = (double)s->xr / m;
        binomial += weight[k] * weight[k] * (p * (1 - p) / n + q * (1 - q) / m);
    }
    if (patients < 2 || !(binomial > 0)) return 1;
    return fmax(1, (double)patients / ((double)patients - 1) * squares / binomial);
}

void es_standard_finish(const struct es_standard_strata *strata, double mh_squares, double direct_squares, double alpha,
                        struct es_standardised *out)
{
    out->mantel_haenszel_deff = design_effect(strata, strata->mh, mh_squares, out->patients);
    out->direct_deff = design_effect(strata, strata->direct, direct_squares, out->patients);
    out->mantel_haenszel = es_mantel_haenszel(strata->at, ES_MAX_LEVELS, out->mantel_haenszel_deff, alpha);
    out->direct = es_direct_standard(strata->at, ES_MAX_LEVELS, out->direct_deff, alpha);
}

void es_standardise(const struct es_sheet *sheet, const struct es_grouping *grouping, const uint8_t *level,
                    const struct es_case_rule *rule, uint8_t axis, double alpha, struct es_standardised *out)
{
    struct walk w;
    memset(&w, 0, sizeof w);
    w.sheet = sheet;
    w.grouping = grouping;
    w.level = level;
    w.rule = rule;
    w.axis = axis;
    *out = (struct es_standardised){.crude = NAN};
    count_strata(&w);
    es_standard_weigh(&w.strata, out);
    if (out->strata) walk_patients(&w, out);
    es_standard_finish(&w.strata, es_exact_sum_value(&w.mh), es_exact_sum_value(&w.direct), alpha, out);
}
