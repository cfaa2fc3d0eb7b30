/* SPDX-License-Identifier: Apache-2.0 */
/** @file between.h
 * A comparison for outsiders beside what they were told before, by reports and by comparisons, and beside the report of this moment.
 *
 * A grouping is shown in both measures or in none, as whole tables (under nhs a group). It is shown only where
 * - a report made now would show each version's cells of its groups: so all units tell nothing that a report would withhold, by itself or
 *   beside earlier releases;
 * - what both versions decided differs from no count told before, of either version, by few;
 * - its pairs differ from those of an earlier comparison of the two by none or enough, and where by none, no figure of it moved.
 */
#ifndef ES_PLUGIN_REPORT_VERSIONS_BETWEEN_H
#define ES_PLUGIN_REPORT_VERSIONS_BETWEEN_H

#include "plugin/report/disclosure/told.h"
#include "plugin/report/versions/internal.h"
#include "plugin/report/versions/versions.h"

enum { ES_VIEW_ALL, ES_VIEW_PAIRED, ES_PAIR_VIEWS };

/** One finding of a comparison. `{0}` is beside nothing: all calls do nothing. */
struct es_pair_beside {
    struct es_report *report;
    const struct es_versions_options *options; /* borrowed */
    const char *finding;                       /* borrowed */
    struct es_release_rule rule;
    struct es_told now[2];                     /* by side; owned, as are those then */
    struct es_told *then[2];
    size_t n_then[2];
    cJSON *keys[2][ES_PAIR_VIEWS], *cells[2][ES_PAIR_VIEWS]; /* of the record to be, by side; borrowed */
};

/** @return false when memory ran out; to be closed all the same */
bool es_pair_beside_open(struct es_pair_beside *beside, struct es_report *report, const struct es_versions_options *options,
                         const struct es_disclosure *rule, const char *finding);
void es_pair_beside_close(struct es_pair_beside *beside);
/** Hide what may not be told of a grouping. @param verdicts  of both measures, of the same groups */
void es_pair_beside_hide(const struct es_pair_beside *beside, struct es_pair_verdict verdicts[ES_PAIR_MEASURES]);
/** Did a figure of a grouping as it is to be shown move without its counts? @param shown  the grouping in the tree */
bool es_pair_beside_moved(const struct es_pair_beside *beside, enum es_pair_measure measure, const cJSON *shown);
/** Hide a grouping in both measures. */
void es_pair_hide_all(struct es_pair_verdict verdicts[ES_PAIR_MEASURES]);
/** Note what is shown of a grouping, with true counts, for later releases. */
void es_pair_beside_note(const struct es_pair_beside *beside, const struct es_pair_verdict verdicts[ES_PAIR_MEASURES]);
/** May a count of the finding's units be shown? Noted when it may. */
bool es_pair_beside_units(const struct es_pair_beside *beside, const char *name, uint64_t count);

#endif
