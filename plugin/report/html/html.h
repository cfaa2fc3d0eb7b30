/* SPDX-License-Identifier: Apache-2.0 */
/** @file html.h
 * The parts of the report page that html.c puts together. Text of a release goes through es_page_text() alone (render/page.h).
 */
#ifndef ES_PLUGIN_REPORT_HTML_HTML_H
#define ES_PLUGIN_REPORT_HTML_HTML_H

#include "plugin/report/render/page.h"

/** Everything before the page's own header: its title is `what` and the site. @param tree  of the report or of a comparison */
void es_html_head(struct es_page *page, const cJSON *tree, const char *what);
/* The parts, in the order of the page. Each borrows the release. */
extern const char *const es_html_style[]; /* the style element, in pieces, ended by NULL */
void es_html_summary(struct es_page *page, const cJSON *release);
/** What cannot be judged and what it would take: long, so that it stands behind the findings. */
void es_html_cannot(struct es_page *page, const cJSON *release);
void es_html_seen(struct es_page *page, const cJSON *release);
void es_html_coverage(struct es_page *page, const cJSON *release, const struct es_view_finding *at);
void es_html_finding(struct es_page *page, const cJSON *release, const struct es_view_finding *at);
void es_html_comparisons(struct es_page *page, const cJSON *release, const struct es_view_finding *at);
/** What remains of a comparison's gap when another attribute is held equal, for its cell. */
void es_html_adjusted(struct es_page *page, const cJSON *comparison);
/** Shares against the reference population, when there is one. */
void es_html_population(struct es_page *page, const cJSON *release, const struct es_view_finding *at);
/** Drift by month. */
void es_html_drift(struct es_page *page, const cJSON *release, const struct es_view_finding *at);
/** Control charts and alarms. */
void es_html_alarms(struct es_page *page, const cJSON *release, const struct es_view_finding *at);
/** Planned rates over time. */
void es_html_courses(struct es_page *page, const cJSON *release, const struct es_view_finding *at);
/** What is expected of results without a reference. */
void es_html_expectation(struct es_page *page, const struct es_view_finding *at);
/** Gaps between the levels of each attribute. */
void es_html_fairness(struct es_page *page, const cJSON *release, const struct es_view_finding *at);
/** Who was verified, and what follows for the rates. */
void es_html_verification(struct es_page *page, const cJSON *release, const struct es_view_finding *at);
/** Figures of the scores beside the curves. */
void es_html_scores(struct es_page *page, const cJSON *release, const struct es_view_finding *at);
/** Weak groups that nobody named. */
void es_html_weak(struct es_page *page, const cJSON *release, const struct es_view_finding *at);
/** Forest plot as inline SVG. */
void es_html_forest(struct es_page *page, const cJSON *release, const struct es_view_finding *at, const char *metric);
void es_html_provenance(struct es_page *page, const cJSON *release);

#endif
