/* SPDX-License-Identifier: Apache-2.0 */
/** @file versions.h
 * Two versions of one model compared on the same units: who gained, who lost, and whether a gap closed by levelling down.
 *
 * METRICS D2 and J9. es_versions_build() makes one JSON tree (schema evensight-compare/1) with disclosure control applied; the
 * renderers read nothing else. Only units that both versions decided and whose reference window is closed with a label count;
 * what each version did on all of its own units stands beside, titled "confounded by time".
 *
 * Change of a group: (only after right - only before right) / pairs, with the score interval of Tango, Stat Med 17:891 (1998), on
 * counts divided by the design effect of the paired difference over patients (J1), and McNemar's p on the same counts.
 * Holm's correction and the verdict are over the groups of one grouping (an axis, or a crossing of axes) that are known on every
 * axis and have the plan's minimum of cases and patients. The verdict words are those of metrics/levelling.h.
 *
 * Disclosure: `Internal` floors suppress a group with 1 to N-1 paired patients. `External` floors are all or nothing for a grouping: one cell
 * of 1 to N-1 patients anywhere, in either measure, hides the grouping, as whole tables without a small cell cannot be subtracted from one another
 * nor from a report.
 * nhs: 1 to 7 suppressed, counts to the nearest 5, rates from rounded counts, no intervals.
 */
#ifndef ES_PLUGIN_REPORT_VERSIONS_VERSIONS_H
#define ES_PLUGIN_REPORT_VERSIONS_VERSIONS_H

#include "plugin/report/report.h"

struct es_versions_options {
    const char *model, *versions[2]; /* before, after; borrowed */
    int32_t from, to;                /* exam days, inclusive; ES_NO_DAY: open */
    enum es_audience audience;
};

/** @param out  owned by the caller: cJSON_Delete(); NULL on failure
 * @return ES_OK; ES_E_ARG for an unknown model or version (the text names those that exist), for a version against itself, and for
 * a period that ends before it begins; ES_E_MEMORY */
ES_MUST_USE enum es_errc es_versions_build(struct es_site *site, const struct es_versions_options *options, cJSON **out,
                                           struct es_error *err);

/** The comparison for outsiders, as es_report_external() makes reports: recorded, shown again until `ReleaseEvery` has passed; in the next, what
 * differs by few from what outsiders were told before, by a report or a comparison, is withheld (versions/between.h). Periods are not looked at: the whole.
 * @param record  may the ledger be written?
 * @return ES_E_STATE when there is none and none may be recorded; else as es_versions_build() */
ES_MUST_USE enum es_errc es_versions_external(struct es_site *site, const struct es_versions_options *options, bool record, cJSON **out,
                                              struct es_error *err);

/** Renderers. Same tree, same bytes. @return ES_OK, ES_E_MEMORY, ES_E_PARSE (not such a tree) */
ES_MUST_USE enum es_errc es_versions_json(const cJSON *tree, struct es_bytes *out, struct es_error *err);
ES_MUST_USE enum es_errc es_versions_text(const cJSON *tree, struct es_bytes *out, struct es_error *err);
ES_MUST_USE enum es_errc es_versions_html(const cJSON *tree, struct es_bytes *out, struct es_error *err);

#endif
