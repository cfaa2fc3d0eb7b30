/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/sheet.h"

const char *es_stage_name(enum es_stage stage)
{
    static const char *const names[ES_STAGE_COUNT] = {
        [ES_STAGE_EXCLUDED] = "excluded",     [ES_STAGE_INELIGIBLE] = "ineligible",
        [ES_STAGE_REJECTED] = "rejected",     [ES_STAGE_ELIGIBILITY_UNKNOWN] = "eligibility_unknown",
        [ES_STAGE_FAILED] = "failed",         [ES_STAGE_PENDING] = "pending",
        [ES_STAGE_MISSING] = "missing",       [ES_STAGE_REFERENCED] = "referenced",
        [ES_STAGE_MATURING] = "maturing",     [ES_STAGE_INDETERMINATE] = "indeterminate",
        [ES_STAGE_OVERDUE] = "overdue",
    };
    return (unsigned)stage < ES_STAGE_COUNT ? names[stage] : "";
}

unsigned es_measure_columns(enum es_measures kind)
{
    static const uint8_t columns[ES_MEASURES_KINDS] = {[ES_MEASURES_VALUES] = 2, [ES_MEASURES_LEVELS] = 2, [ES_MEASURES_OVERLAP] = 6,
                                                       [ES_MEASURES_LESIONS] = 3};
    return (unsigned)kind < ES_MEASURES_KINDS ? columns[kind] : 0;
}

/** First fault of the columns' ranges, NULL when there is none. */
static const char *row_fault(const struct es_sheet *s, uint32_t row)
{
    for (uint8_t a = 0; a < s->axes; a++)
        if (s->level[a][row] >= s->axis_levels[a]) return "a level is not below its axis's number of levels";
    if (isinf(s->score[row])) return "a score is infinite";
    if (s->decision[row] > ES_NO_ANSWER) return "a decision is not 0, 1 or no answer";
    if (s->label[row] > ES_NO_ANSWER) return "a label is not 0, 1 or no answer";
    if (s->stage[row] >= ES_STAGE_COUNT) return "a stage is not in the funnel";
    if (s->stage[row] == ES_STAGE_REFERENCED && s->label[row] == ES_NO_ANSWER && !s->measures) return "a referenced row has no label";
    for (unsigned i = 0; i < es_measure_columns(s->measures); i++)
        if (isinf(s->measure[i][row])) return "a measure is infinite";
    if (s->marks && s->mark_from[row] > s->mark_from[row + 1]) return "marks are not in row order";
    return NULL;
}

static const char *fault_of(const struct es_sheet *s)
{
    if (s->axes > ES_MAX_AXES) return "more axes than ES_MAX_AXES";
    for (uint8_t a = 0; a < s->axes; a++)
        if (s->axis_levels[a] == 0 || s->axis_levels[a] > ES_MAX_LEVELS) return "an axis has no level or more than ES_MAX_LEVELS";
    if (s->rows > INT32_MAX) return "more rows than 2147483647";
    if (s->rows == 0) return s->patients ? "patients without a row" : NULL;
    if (s->patients == 0) return "rows without a patient";
    if (s->patient[0] != 0) return "the first row's patient is not 0";
    for (uint32_t row = 0; row < s->rows; row++) {
        const char *fault = row_fault(s, row);
        if (fault) return fault;
        if (row && s->patient[row] < s->patient[row - 1]) return "rows are not in patient order";
        if (row && s->patient[row] - s->patient[row - 1] > 1) return "a patient has no row";
    }
    return s->patient[s->rows - 1] + 1 == s->patients ? NULL : "the last row's patient is not patients - 1";
}

bool es_sheet_check(const struct es_sheet *sheet, const char **fault)
{
    const char *found = fault_of(sheet);
    if (found && fault) *fault = found;
    return !found;
}
