/* SPDX-License-Identifier: Apache-2.0 */
/** @file report.h
 * From a site to a release, and from a release to what people and programs read.
 *
 * es_report_build() makes the whole report as one JSON tree (schema evensight-report/1, DESIGN 9) with disclosure control
 * applied: that tree is the release. Every output renders a release and nothing else, so no surface can show what another hides.
 * Nothing in a release depends on the clock or on the order of arrival.
 */
#ifndef ES_PLUGIN_REPORT_H
#define ES_PLUGIN_REPORT_H

#include <cjson/cJSON.h>

#include "plugin/site/site.h"

enum es_audience { ES_AUDIENCE_INTERNAL, ES_AUDIENCE_EXTERNAL };

struct es_report_options {
    int32_t from, to;          /* exam days, inclusive; ES_NO_DAY: open */
    enum es_audience audience;
};

/** @param out  owned by the caller: cJSON_Delete() */
ES_MUST_USE enum es_errc es_report_build(struct es_site *site, const struct es_report_options *options, cJSON **out,
                                         struct es_error *err);

/**
 * The report for outsiders, over the whole period. Under a rule that withholds anything it is the last that was made for them, until
 * `ReleaseEvery` has passed; then the next, so made that no difference from any earlier one tells of few (between.h), and recorded.
 *
 * @param record  may the ledger be written? Otherwise the last one is shown however old it is
 * @param out     owned by the caller: cJSON_Delete()
 * @return ES_E_STATE when there is none and none may be recorded
 */
ES_MUST_USE enum es_errc es_report_external(struct es_site *site, bool record, cJSON **out, struct es_error *err);

/** Bytes owned by the caller: free(). Text ends with a newline and a NUL that is not counted. */
struct es_bytes {
    unsigned char *data;
    size_t len;
};
void es_bytes_free(struct es_bytes *bytes);

/** Renderers. Same release, same bytes. @return ES_OK, ES_E_MEMORY, ES_E_PARSE (not a release) */
ES_MUST_USE enum es_errc es_render_json(const cJSON *release, struct es_bytes *out, struct es_error *err);
ES_MUST_USE enum es_errc es_render_csv(const cJSON *release, struct es_bytes *out, struct es_error *err);
ES_MUST_USE enum es_errc es_render_html(const cJSON *release, struct es_bytes *out, struct es_error *err);
ES_MUST_USE enum es_errc es_render_openmetrics(const cJSON *release, struct es_bytes *out, struct es_error *err);
/** A readable table of the findings for a terminal, at most `columns` wide. */
ES_MUST_USE enum es_errc es_render_text(const cJSON *release, unsigned columns, struct es_bytes *out, struct es_error *err);

/** PNG plots of a release, named "forest-<model>-<finding>-<metric>.png", "coverage-<model>-<finding>.png", "roc-<model>-<finding>-<axis>.png",
 * "calibration-<model>-<finding>-<axis>.png", "heat-<model>-<finding>-<metric>-<axis>-<axis>.png" for each crossing of two axes, "time-<model>-<finding>-<metric>-<axis>.png" for the
 * course of a planned rate ("-crossed" for the plan's intersections)
 * (characters outside [a-z0-9.-] become '-'; names of axes are cut at 16; equal names are numbered). */
struct es_plot_list {
    char (*names)[200];
    size_t count;
};
ES_MUST_USE enum es_errc es_plot_names(const cJSON *release, struct es_plot_list *out, struct es_error *err);
void es_plot_list_free(struct es_plot_list *list);
/** Draw one plot by name. @return also ES_E_ARG when the release has no such plot */
ES_MUST_USE enum es_errc es_render_plot(const cJSON *release, const char *name, struct es_bytes *out, struct es_error *err);

/** Append the release as an event (sha256 of its JSON bytes, audience, period, basis), once per distinct release, and its alarms. */
ES_MUST_USE enum es_errc es_report_record(struct es_site *site, const cJSON *release, struct es_error *err);

/**
 * Append the alarms of a release that the ledger does not hold yet, each once: an event says model, version, finding, group, metric,
 * direction and exam day, and nothing that moves with later cases, so that its identity stays. Only of a release for staff
 * over the whole period; of others nothing is recorded. No figure of a report rests on an alarm event.
 * @param taken  may be NULL; how many were new
 */
ES_MUST_USE enum es_errc es_report_record_alarms(struct es_site *site, const cJSON *release, size_t *taken, struct es_error *err);

#endif
