/* SPDX-License-Identifier: Apache-2.0 */
/* For whom labels and attributes are missing: shares of two arms with joint patient terms. */
#include "metrics/catalogue_parts.h"
#include "metrics/coverage.h"

void es_verified_of_summary(const struct es_summary *s, struct es_verified *group, struct es_verified *rest)
{
    const uint64_t *g = s->group.count, *r = s->rest.count;
    *group = (struct es_verified){g[ES_TP], g[ES_FP], g[ES_FN], g[ES_TN], s->unverified[1], s->unverified[0]};
    *rest = (struct es_verified){r[ES_TP], r[ES_FP], r[ES_FN], r[ES_TN], s->rest_unverified[1], s->rest_unverified[0]};
}

struct es_gap_sums es_labelled_sums(const struct es_sheet *sheet, uint8_t axis, uint8_t level)
{
    const uint8_t *at = sheet->level[axis];
    struct es_gap_sums sums = {0};
    for (uint32_t row = 0; row < sheet->rows;) {
        const uint32_t patient = sheet->patient[row];
        struct es_gap_patient p = {0, 0, 0, 0};
        for (; row < sheet->rows && sheet->patient[row] == patient; row++) {
            const uint8_t stage = sheet->stage[row];
            if (stage != ES_STAGE_REFERENCED && stage != ES_STAGE_INDETERMINATE && stage != ES_STAGE_OVERDUE) continue;
            const bool labelled = stage == ES_STAGE_REFERENCED;
            if (at[row] == level) {
                p.ng++;
                p.xg += labelled;
            } else if (at[row] != 0) {
                p.nr++;
                p.xr += labelled;
            }
        }
        if (p.ng || p.nr) es_gap_add_patient(&sums, &p);
    }
    return sums;
}

struct es_gap_sums es_unknown_sums(const struct es_sheet *sheet, uint8_t axis)
{
    struct es_gap_sums sums = {0};
    for (uint32_t row = 0; row < sheet->rows;) {
        const uint32_t patient = sheet->patient[row];
        struct es_gap_patient p = {0, 0, 0, 0};
        for (; row < sheet->rows && sheet->patient[row] == patient; row++) {
            if (sheet->stage[row] < ES_STAGE_REFERENCED || sheet->decision[row] == ES_NO_ANSWER) continue;
            const bool unknown = sheet->level[axis][row] == 0;
            if (sheet->decision[row] == 1) {
                p.ng++;
                p.xg += unknown;
            } else {
                p.nr++;
                p.xr += unknown;
            }
        }
        if (p.ng || p.nr) es_gap_add_patient(&sums, &p);
    }
    return sums;
}

struct es_comparison es_share_comparison(const struct es_gap_sums *sums, const struct es_level *level)
{
    struct es_comparison out;
    es_comparison_none(&out, ES_N_ZERO);
    out.n_group = sums->group.n;
    out.n_rest = sums->rest.n;
    out.patients_group = sums->group.patients;
    out.patients_rest = sums->rest.patients;
    if (sums->group.n == 0 || sums->rest.n == 0) return out;
    out.deff = es_gap_deff(sums);
    const struct es_two_by_two t = {(double)sums->group.x / out.deff, (double)sums->group.n / out.deff,
                                    (double)sums->rest.x / out.deff, (double)sums->rest.n / out.deff};
    es_score_comparison(&t, level->alpha, level->equivalence, (double)NAN, &out);
    out.group = (double)sums->group.x / (double)sums->group.n;
    out.rest = (double)sums->rest.x / (double)sums->rest.n;
    out.difference = out.group - out.rest;
    out.method = ES_INTERVAL_MN_CLUSTERED;
    out.flags = es_few_clusters((double)sums->group.n, (double)sums->group.nn) | es_few_clusters((double)sums->rest.n, (double)sums->rest.nn);
    return out;
}
