/* SPDX-License-Identifier: Apache-2.0 */
/* What was known at each look: cases are added in the order they count, nothing is added twice. */
#include <stdlib.h>

#include "metrics/monitor.h"

static void look_at(const struct es_gap_sums *sums, const struct es_monitor_plan *plan, double rate_alpha, int32_t day,
                    struct es_look *out)
{
    out->day = day;
    out->sums = *sums;
    out->group = es_monitor_rate(&sums->group, rate_alpha);
    out->rest = es_monitor_rate(&sums->rest, rate_alpha);
    out->verdict = es_monitor_gap(sums, plan, &out->comparison);
}

bool es_monitor_series(const struct es_sheet *sheet, const struct es_timeline *timeline, const struct es_case_rule *rule,
                       const struct es_grouping *grouping, const uint8_t *level, const struct es_monitor_plan *plan,
                       double rate_alpha, const int32_t *looks, uint32_t count, struct es_look *out)
{
    struct es_gap_patient *patient = calloc(sheet->patients ? sheet->patients : 1, sizeof *patient);
    struct es_gap_sums sums = {0};
    uint32_t next = 0;
    if (!patient) return false;
    for (uint32_t l = 0; l < count; l++) {
        for (; next < timeline->count && sheet->exam_day[timeline->row[next]] <= looks[l]; next++) {
            const uint32_t row = timeline->row[next];
            struct es_gap_patient *p = &patient[sheet->patient[row]];
            if (rule->first_only && p->ng + p->nr > 0) continue;
            es_gap_add_case(&sums, p, es_side_of(sheet, grouping, level, row), es_case_success(sheet, row));
        }
        look_at(&sums, plan, rate_alpha, looks[l], &out[l]);
    }
    free(patient);
    return true;
}

const struct es_look *es_first_look(const struct es_look *looks, uint32_t count, enum es_verdict verdict)
{
    for (uint32_t i = 0; i < count; i++)
        if (looks[i].verdict == verdict) return &looks[i];
    return NULL;
}
