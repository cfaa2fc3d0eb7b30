/* SPDX-License-Identifier: Apache-2.0 */
/** @file course.h
 * Reading a rate's course over time from a release: what the page and the plots of it share.
 *
 * Months count from year 0; a month's look lies at its end. Everything borrows the release.
 */
#ifndef ES_PLUGIN_REPORT_PLOT_COURSE_H
#define ES_PLUGIN_REPORT_PLOT_COURSE_H

#include "plugin/report/view.h"

#define ES_MAX_COURSE 240 /* months that are drawn: the last twenty years */

/** One month's look. */
struct es_course_point {
    double at;                 /* months; the end of the month */
    double value, lo, hi, rest; /* rest NAN when there is none */
    bool closed;               /* every reference window of the month is over */
};
/** One group's course within one epoch. */
struct es_course {
    struct es_course_point points[ES_MAX_COURSE];
    size_t count;
};
/** @param entry  of a finding's "series" */
void es_course_read(const cJSON *entry, struct es_course *out);
/** "YYYY-MM" or "YYYY-MM-DD" as months, the day as a part of its month. NAN when it is neither. */
double es_course_time(const char *text);

/** The next estimated entry of a metric after `before` (NULL: the first). @param axis  everyone and that axis's levels; NULL: all;
 * "" : everyone and the intersections */
const cJSON *es_course_next(const struct es_view_finding *at, const char *metric, const char *axis, const cJSON *before);
/** The entry of the same metric and group in another finding of the release; NULL when it has none. */
const cJSON *es_course_of(const struct es_view_finding *at, const char *metric, const cJSON *group);

/** What a figure's axes span. */
struct es_course_scale {
    double from, to; /* months, from the first month's beginning */
    double lo, hi;   /* of the metric, tenths */
    double floor;    /* of the plan; NAN when there is none */
};
/** Over all groups of a metric and, when `epochs` is set, all epochs and versions of the same model and finding.
 * @return false when there is no look at all */
bool es_course_scale(const cJSON *release, const struct es_view_finding *at, const char *metric, bool epochs, struct es_course_scale *out);
/** The next finding of the same model and finding, this one included: start with `{0}`. */
bool es_course_epoch(const cJSON *release, const struct es_view_finding *of, struct es_view_finding *at);

/** Beginning of a time axis's labels: every `step` months such that at most `most` labels stand. */
int es_course_step(const struct es_course_scale *scale, int most);
/** "2026-03" of a month. */
void es_course_month(double month, char *out, size_t size);

#endif
