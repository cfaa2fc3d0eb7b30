/* SPDX-License-Identifier: Apache-2.0 */
/** @file forest.h
 * What stands in a forest plot: one set of rows and one axis for the SVG of the page and for the PNG.
 *
 * Rows: everyone; then each axis of the release as a heading followed by all its levels, "unknown" last as the release has
 * them. Intersections are left to the tables. A level whose value cannot be shown keeps its row, with the reason where the
 * marker would be.
 *
 * A bias has its limits of agreement as a band behind it, and zero on its axis (Bland and Altman 1999, doi:10.1177/096228029900800204): what a
 * Bland-Altman plot says of each group, without a point for each person.
 */
#ifndef ES_PLUGIN_REPORT_PLOT_FOREST_H
#define ES_PLUGIN_REPORT_PLOT_FOREST_H

#include "plugin/report/view.h"

#define ES_MAX_FOREST_ROWS 600 /* headings included; what is past it is counted in left_out */
#define ES_FOREST_TICKS 12

struct es_forest_row {
    const cJSON *group;  /* the group's entry in the release; NULL for a heading */
    const char *heading; /* the axis; NULL for a group */
    char label[ES_VIEW_LABEL];
    struct es_view_metric metric;
    double agreement[2]; /* of a bias: the limits of agreement, between which 95 % of the differences lie; NAN */
    bool below_floor;
    char remark[160]; /* in place of a marker: "suppressed", "no diseased case was seen"; "" when estimated */
    char verdict[64]; /* against the rest: "disparity", "parity within 0.05", "not enough to judge", "exploratory", "" */
};

struct es_forest {
    struct es_forest_row *rows; /* owned */
    size_t count, left_out;
    char title[160];        /* the metric's; agreement with an AI-aware reference is said to be that */
    const char *n_title;    /* what n counts: "positives", "negatives", "cases" */
    double everyone, floor; /* NAN when there is none */
    bool agreement;         /* some row has limits of agreement: a Bland-Altman figure by group */
    double lo, hi;          /* of the axis; every interval lies within */
    double ticks[ES_FOREST_TICKS];
    size_t n_ticks;
    int decimals;       /* of the ticks */
    size_t label_every; /* label one tick in so many, so that labels of two decimals do not touch */
};

/** @param out  written whole on ES_OK; es_forest_clear() */
ES_MUST_USE enum es_errc es_forest_make(struct es_forest *out, const cJSON *release, const struct es_view_finding *at,
                                        const char *metric, struct es_error *err);
void es_forest_clear(struct es_forest *forest);
/** Place of a value on the axis, 0 at its low and 1 at its high end; cut to these. */
double es_forest_at(const struct es_forest *forest, double value);
/** True when some group of the finding has the metric at all (estimated or not). */
bool es_forest_has(const struct es_view_finding *at, const char *metric);
/** "0.78 (0.76 to 0.79)", "0.78 (no interval)"; "--" unless estimated. */
void es_forest_value(const struct es_view_metric *metric, int decimals, char *out, size_t size);
/** Why no value stands: "suppressed", "no diseased case was seen"; "" when estimated. */
void es_forest_remark(const struct es_view_metric *metric, char *out, size_t size);
/** The outcome against the rest in words. @param comparison  an entry of against_rest, or NULL */
void es_forest_verdict(const cJSON *comparison, char *out, size_t size);

/** Metrics that get a forest plot, in order. */
#define ES_FORESTS 9
extern const char *const es_forest_metrics[ES_FORESTS];

#endif
