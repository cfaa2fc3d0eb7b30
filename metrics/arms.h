/* SPDX-License-Identifier: Apache-2.0 */
/** @file arms.h
 * Which rows of a sheet are the cases of a rate, in which arm (group or rest) each stands, and in what order they count.
 *
 * Order (METRICS J3): a case counts when its reference window is closed, in exam-date order, never when its label arrives. A
 * row with stage ES_STAGE_REFERENCED is closed, and the window is the same for all, so exam-date order is closing order. Rows
 * with an unknown exam day stand before all others: they are counted, not dropped.
 */
#ifndef ES_METRICS_ARMS_H
#define ES_METRICS_ARMS_H

#include "metrics/sweep.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A rate that may bear a sequential verdict. "Success" is an alert on a positive, or none on a negative. */
enum es_rate { ES_RATE_SENSITIVITY, ES_RATE_SPECIFICITY };
/** "sensitivity", "specificity"; "" for anything else. */
const char *es_rate_name(enum es_rate rate);

/** Which rows count. `{0}`: sensitivity, all cases of a patient, from the plan's date on, without end. */
struct es_case_rule {
    enum es_rate rate;
    bool first_only;    /* strict mode: of each patient only the first case by exam day, then row (METRICS J2) */
    bool exploratory;   /* count rows marked ES_MARK_EXPLORATORY too */
    bool bounded;       /* leave out exams after `last_day` */
    int32_t last_day;   /* days since 1970-01-01, inclusive */
};

/** Where a row stands for a group: the rest is what is known to be outside (sweep.h). */
enum es_side { ES_SIDE_NONE, ES_SIDE_GROUP, ES_SIDE_REST };

/** The arm of a row for the group with these levels (level[k] on axis grouping->axis[k]; a level 0 is "unknown", whose rest is
 * what is known). Cost: the axes of the grouping. */
static inline enum es_side es_side_of(const struct es_sheet *sheet, const struct es_grouping *grouping, const uint8_t *level,
                                    uint32_t row)
{
    bool in = true, outside = false;
    for (unsigned k = 0; k < grouping->n; k++) {
        const uint8_t at = sheet->level[grouping->axis[k]][row];
        in = in && at == level[k];
        outside = outside || (at != 0 && at != level[k]);
    }
    return in ? ES_SIDE_GROUP : outside ? ES_SIDE_REST : ES_SIDE_NONE;
}

/** Is the row a case of this rule (first_only apart, which needs the patient's other rows)?
 * Stage referenced, a decision, a label of the rate's class, within the days. */
static inline bool es_case_counts(const struct es_sheet *sheet, const struct es_case_rule *rule, uint32_t row)
{
    return sheet->stage[row] == ES_STAGE_REFERENCED && sheet->decision[row] != ES_NO_ANSWER &&
           sheet->label[row] == (rule->rate == ES_RATE_SENSITIVITY ? 1 : 0) &&
           (rule->exploratory || !(sheet->mark[row] & ES_MARK_EXPLORATORY)) &&
           !(rule->bounded && sheet->exam_day[row] > rule->last_day);
}
/** Did a case succeed: alert on a positive, none on a negative? */
static inline bool es_case_success(const struct es_sheet *sheet, uint32_t row)
{
    return sheet->decision[row] == sheet->label[row];
}

/** The cases of a rule in the order they count: exam day, then row. One serves all groups of a rule. */
struct es_timeline {
    uint32_t *row;  /* owned, es_timeline_free() */
    uint32_t count;
};
/**
 * Sort the cases of a rule (first_only is left to what walks it, since a first case must stand in an arm). Linear.
 * @param sheet  borrowed for the call
 * @param out    written whole on true: owned by the caller; {NULL, 0} on false
 * @return false when memory ran out
 */
bool es_timeline_make(const struct es_sheet *sheet, const struct es_case_rule *rule, struct es_timeline *out);
/** {NULL, 0} is allowed. */
void es_timeline_free(struct es_timeline *timeline);

/** How often one looks. */
enum es_every { ES_EVERY_DAY, ES_EVERY_WEEK, ES_EVERY_MONTH };
/** Months since January 1970 of a day since 1970-01-01, proleptic Gregorian; any day. 0 is January 1970. */
int32_t es_month_of_day(int32_t day);
/** First day (since 1970-01-01) of a month counted as above; |month| <= 2000000. */
int32_t es_month_first_day(int32_t month);
/** Last day of the period that holds `day`: the day, its Sunday, or the last of its month. INT32_MIN stays. */
int32_t es_period_end(int32_t day, enum es_every every);
/**
 * The looks of a timeline: the last day of each period with at least one dated case, ascending.
 * @param looks  written, at most `room`; may be NULL when room is 0
 * @return how many looks there are, also when that is more than `room`
 */
uint32_t es_looks(const struct es_sheet *sheet, const struct es_timeline *timeline, enum es_every every, int32_t *looks,
                  uint32_t room);

#ifdef __cplusplus
}
#endif
#endif
