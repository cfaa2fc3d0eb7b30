/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/summary.h"

uint64_t es_summary_stage(const struct es_summary *summary, enum es_stage stage)
{
    return (unsigned)stage < ES_STAGE_COUNT ? summary->stage[stage] : 0;
}

uint64_t es_summary_marked(const struct es_summary *summary, enum es_row_mark mark)
{
    for (unsigned bit = 0; bit < 8; bit++)
        if ((unsigned)mark == 1u << bit) return summary->mark[bit];
    return 0;
}

uint64_t es_summary_units(const struct es_summary *summary)
{
    return summary->units;
}

uint64_t es_summary_patients(const struct es_summary *summary)
{
    return summary->patients;
}

uint64_t es_summary_cases(const struct es_summary *summary)
{
    return summary->cases;
}

uint64_t es_summary_positives(const struct es_summary *summary)
{
    return summary->positives;
}

uint64_t es_summary_negatives(const struct es_summary *summary)
{
    return summary->negatives;
}

uint64_t es_summary_case_patients(const struct es_summary *summary)
{
    return summary->case_patients;
}

uint64_t es_summary_positive_patients(const struct es_summary *summary)
{
    return summary->positive_patients;
}

uint64_t es_summary_negative_patients(const struct es_summary *summary)
{
    return summary->negative_patients;
}

void es_summary_confusion(const struct es_summary *summary, uint64_t *tp, uint64_t *fp, uint64_t *fn, uint64_t *tn)
{
    *tp = summary->group.count[ES_TP];
    *fp = summary->group.count[ES_FP];
    *fn = summary->group.count[ES_FN];
    *tn = summary->group.count[ES_TN];
}

void es_summary_verification(const struct es_summary *summary, uint64_t alerts[2], uint64_t verified[2])
{
    for (int decision = 0; decision < 2; decision++) {
        alerts[decision] = summary->decided[decision];
        verified[decision] = summary->verified[decision];
    }
}
