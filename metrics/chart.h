/* SPDX-License-Identifier: Apache-2.0 */
/** @file chart.h
 * A CUSUM for one group of a sheet: an alarm when its error rate rises (METRICS F5, J3, J6).
 *
 * Cases enter in exam-date order when their windows are closed. The limit h is chosen so that all running charts together give
 * FalseAlarmsPerYear at the rates observed: a chart that takes c cases a year and is allowed its equal share of the alarms needs a
 * run length of c charts / alarms cases (cusum.h finds the least h). A chart counts cases, not patients: several cases of one
 * patient make false alarms more frequent than promised; es_case_rule.first_only takes one case of each.
 */
#ifndef ES_METRICS_CHART_H
#define ES_METRICS_CHART_H

#include "metrics/arms.h"
#include "metrics/cusum.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a chart watches for. */
struct es_chart_plan {
    double p0, p1;                /* error rate that is accepted, and that must be found: 0 < p0 < p1 < 1 */
    double false_alarms_per_year; /* of all charts together, > 0 */
    uint32_t charts;              /* running at once over all models, findings, rates and groups; >= 1 */
    double cases_per_year;        /* at which the group's cases come; 0: as observed over the cases that enter */
    uint32_t skip;                /* the group's first cases, which set the accepted rate and do not enter */
};

/** Run length in cases that gives a chart its share: cases_per_year charts / false_alarms_per_year, at least 1; NAN when out of
 * range. */
double es_chart_target(double cases_per_year, const struct es_chart_plan *plan);

/** One alarm; the chart restarts from 0 with the next case. */
struct es_chart_alarm {
    uint32_t row;     /* of the sheet: the case that raised it */
    int32_t exam_day; /* of that case */
    uint64_t cases, errors; /* since the start or the last alarm, this case included */
    int32_t rise_day;       /* exam day of the first case after the chart last stood at 0: about when the rise began (Page 1954) */
    uint64_t rise_cases, rise_errors; /* from that case to this one */
};

/** Where a chart stands. */
struct es_chart {
    enum es_reason reason;  /* ES_REASON_NONE; ES_N_ZERO: no case; ES_NOT_REACHABLE: no lattice or limit for these rates */
    struct es_cusum_design design;
    uint32_t limit;         /* h */
    double cases_per_year;  /* the plan's, or observed: cases over the days from the timeline's first exam to its last, both
                               included */
    double run_length_0, run_length_1; /* cases to an alarm at p0 and p1, exact for this lattice and limit */
    uint64_t cases, errors; /* all that entered */
    struct es_cusum state;
    int32_t last_alarm;     /* exam day of the last alarm; INT32_MIN: none, or of a case without a day */
    uint32_t alarms;        /* all; only as many as there was room for were written */
};
/** What a group's first cases say of it, so that chart and limit stand fixed from then on. */
struct es_chart_reference {
    uint64_t cases, errors;    /* at most as many cases as were asked for; fewer: it is not complete */
    int32_t first_day, last_day; /* of the dated ones; INT32_MIN when none is */
    double rate, upper;        /* errors / cases, and the upper limit of its one-sided 90 % Wilson interval; NAN without a case */
    double cases_per_year;     /* cases over the days from first to last, both included */
};
/**
 * The first `least` cases of a group.
 *
 * A chart whose accepted rate was estimated keeps its promise of false alarms only when the estimate was not too low. With the
 * upper limit in its place it does so in nine of ten groups: Gandy, Kvaloy, Scand J Stat 40:647 (2013),
 * DOI 10.1002/sjos.12006. The price is that a small rise takes longer to be found.
 *
 * @return false when memory ran out (first_only needs 1 byte a patient); *out is then unchanged
 */
bool es_chart_reference_of(const struct es_sheet *sheet, const struct es_timeline *timeline, const struct es_case_rule *rule,
                           const struct es_grouping *grouping, const uint8_t *level, uint32_t least,
                           struct es_chart_reference *out);
/**
 * Run the chart of a group over a timeline (arms.h). No memory but for the limit's own (h m).
 *
 * An error is a miss (sensitivity) or a false alert (specificity). With first_only the patients' first cases *in the group*
 * enter, which needs 1 byte a patient.
 *
 * @param rule    the one the timeline was made for
 * @param alarms  written in order, at most `room`; may be NULL when room is 0
 * @return false when memory ran out; *out is then unchanged
 */
bool es_chart_run(const struct es_sheet *sheet, const struct es_timeline *timeline, const struct es_case_rule *rule,
                  const struct es_grouping *grouping, const uint8_t *level, const struct es_chart_plan *plan,
                  struct es_chart *out, struct es_chart_alarm *alarms, uint32_t room);

#ifdef __cplusplus
}
#endif
#endif
