/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted of a cohort beside its cases: exams, patients, exclusions, troubles, states of attributes. */
#include <stdlib.h>
#include <string.h>

#include "plugin/cohort/internal.h"

enum es_errc es_cohort_trouble(struct es_cohort *cohort, uint32_t bundle, const struct es_derived *derived, struct es_error *err)
{
    uint32_t counts[ES_TROUBLES] = {derived->results_without_exam, derived->references_without_exam, derived->ambiguous,
                                derived->retracted, derived->revised, derived->unknown_model, derived->unknown_finding};
    struct es_trouble *trouble = NULL;
    uint32_t any = 0;
    memcpy(counts + 7, derived->orphans, sizeof derived->orphans);
    for (int i = 0; i < ES_TROUBLES; i++) any |= counts[i];
    if (!any && !cohort->troubles) return ES_OK;
    HASH_FIND(hh, cohort->troubles, &bundle, sizeof bundle, trouble);
    if (!trouble && any) {
        trouble = calloc(1, sizeof *trouble);
        if (!trouble) return es_fail(err, ES_E_MEMORY, "cohort: out of memory");
        trouble->bundle = bundle;
        HASH_ADD(hh, cohort->troubles, bundle, sizeof trouble->bundle, trouble);
        if (!trouble->hh.tbl) {
            free(trouble);
            return es_fail(err, ES_E_MEMORY, "cohort: out of memory");
        }
    }
    if (!trouble) return ES_OK;
    for (int i = 0; i < ES_TROUBLES; i++) {
        cohort->trouble[i] += (uint64_t)counts[i] - trouble->counts[i]; /* unsigned: exact also when it falls */
        trouble->counts[i] = counts[i];
    }
    if (!any) {
        HASH_DEL(cohort->troubles, trouble);
        free(trouble);
    }
    return ES_OK;
}

int es_cohort_attribute(const struct es_cohort *cohort, const char *keyword)
{
    for (size_t i = 0; i < cohort->wanted.n; i++)
        if (strcmp(cohort->wanted.keyword[i], keyword) == 0) return (int)i;
    return -1;
}

static void count_disagreement(const struct es_cohort *cohort, int32_t from, int32_t to, struct es_cohort_counts *out)
{
    for (uint32_t s = 0; s < cohort->n_slots; s++)
        for (uint32_t i = 0; i < cohort->slots[s].count; i++) {
            const struct es_case_row *row = &cohort->slots[s].rows[i];
            if (row->exam != ES_NO_ROW && row->sources_disagree && es_in_period(cohort->exams[row->exam].day, from, to))
                out->sources_disagree++;
        }
}

enum es_errc es_cohort_count(const struct es_cohort *cohort, int32_t from, int32_t to, struct es_cohort_counts *out, struct es_error *err)
{
    uint32_t last = ES_NO_ROW;
    const enum es_errc code = es_cohort_order(cohort, err);
    if (code != ES_OK) return code;
    *out = (struct es_cohort_counts){.first_day = ES_NO_DAY, .last_day = ES_NO_DAY,
        .results_without_exam = cohort->trouble[0], .references_without_exam = cohort->trouble[1], .ambiguous = cohort->trouble[2],
        .retracted = cohort->trouble[3], .revised = cohort->trouble[4], .unknown_model = cohort->trouble[5],
        .unknown_finding = cohort->trouble[6]};
    memcpy(out->orphans, cohort->trouble + 7, sizeof out->orphans);
    for (uint32_t i = 0; i < cohort->order->count; i++) {
        const struct es_exam_row *exam = &cohort->exams[cohort->order->exams[i]];
        if (!es_in_period(exam->day, from, to)) continue;
        out->exams++;
        if (exam->patient != last) out->patients++;
        last = exam->patient;
        if (exam->excluded != ES_EXCLUDED_NOT) {
            out->excluded[exam->excluded]++;
        } else if (exam->day != ES_NO_DAY) {
            if (out->first_day == ES_NO_DAY || exam->day < out->first_day) out->first_day = exam->day;
            if (out->last_day == ES_NO_DAY || exam->day > out->last_day) out->last_day = exam->day;
        }
    }
    count_disagreement(cohort, from, to, out);
    return ES_OK;
}

void es_cohort_attribute_states(const struct es_cohort *cohort, const char *keyword, int32_t from, int32_t to,
                                uint64_t counts[ES_ATTRIBUTE_STATES])
{
    const int attribute = es_cohort_attribute(cohort, keyword);
    memset(counts, 0, ES_ATTRIBUTE_STATES * sizeof counts[0]);
    if (attribute < 0) return;
    const bool crowded = es_cohort_crowded(cohort, (size_t)attribute);
    for (uint32_t i = 0; i < cohort->n_exams; i++) {
        const struct es_exam_row *exam = &cohort->exams[i];
        if (!exam->used || exam->excluded != ES_EXCLUDED_NOT || !es_in_period(exam->day, from, to)) continue;
        counts[es_value_at(&cohort->dictionaries[attribute], es_exam_codes(cohort, i)[attribute], crowded)->state]++;
    }
}
