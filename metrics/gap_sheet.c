/* SPDX-License-Identifier: Apache-2.0 */
/* Patient sums of a group and its rest, from the rows of a sheet or from what a sweep kept. */
#include "metrics/gap.h"
#include "metrics/summary.h"

/** The patient's first case of either arm by exam day, then row. */
static void first_of(const struct es_sheet *sheet, uint32_t row, enum es_side arm, uint32_t *first, enum es_side *first_arm)
{
    if (*first_arm != ES_SIDE_NONE && sheet->exam_day[row] >= sheet->exam_day[*first]) return;
    *first = row;
    *first_arm = arm;
}

struct es_gap_sums es_gap_of_sheet(const struct es_sheet *sheet, const struct es_grouping *grouping, const uint8_t *level,
                                   const struct es_case_rule *rule)
{
    struct es_gap_sums sums = {0};
    uint32_t row = 0;
    while (row < sheet->rows) {
        const uint32_t patient = sheet->patient[row];
        struct es_gap_patient counts = {0, 0, 0, 0};
        uint32_t first = row;
        enum es_side first_arm = ES_SIDE_NONE;
        for (; row < sheet->rows && sheet->patient[row] == patient; row++) {
            if (!es_case_counts(sheet, rule, row)) continue;
            const enum es_side arm = es_side_of(sheet, grouping, level, row);
            if (arm == ES_SIDE_NONE) continue;
            if (rule->first_only) {
                first_of(sheet, row, arm, &first, &first_arm);
                continue;
            }
            counts.ng += arm == ES_SIDE_GROUP;
            counts.nr += arm == ES_SIDE_REST;
            counts.xg += arm == ES_SIDE_GROUP && es_case_success(sheet, row);
            counts.xr += arm == ES_SIDE_REST && es_case_success(sheet, row);
        }
        if (first_arm != ES_SIDE_NONE) es_gap_add_case(&sums, &counts, first_arm, es_case_success(sheet, first));
        else if (counts.ng || counts.nr) es_gap_add_patient(&sums, &counts);
    }
    return sums;
}

/* The sweep keeps whole matrices of second moments over the basic outcomes; n = success + failure. */

static struct es_cluster_sums arm_of_summary(const struct es_arm *arm, unsigned success, unsigned failure, enum es_over over)
{
    const uint64_t ss = arm->product[success][success], sf = arm->product[success][failure];
    return (struct es_cluster_sums){.patients = arm->patients[over],
                                    .x = arm->count[success],
                                    .n = arm->count[success] + arm->count[failure],
                                    .xx = ss,
                                    .xn = ss + sf,
                                    .nn = ss + 2 * sf + arm->product[failure][failure]};
}

struct es_gap_sums es_gap_of_summary(const struct es_summary *s, enum es_rate rate)
{
    const bool hits = rate == ES_RATE_SENSITIVITY;
    const unsigned a = hits ? ES_TP : ES_TN, b = hits ? ES_FN : ES_FP;
    const enum es_over over = hits ? ES_OVER_POSITIVES : ES_OVER_NEGATIVES;
    const uint64_t aa = s->joint[a][a], ab = s->joint[a][b], ba = s->joint[b][a], bb = s->joint[b][b];
    return (struct es_gap_sums){.group = arm_of_summary(&s->group, a, b, over),
                                .rest = arm_of_summary(&s->rest, a, b, over),
                                .xx = aa,
                                .xn = aa + ab,
                                .nx = aa + ba,
                                .nn = aa + ab + ba + bb,
                                .shared = s->shared[over]};
}
