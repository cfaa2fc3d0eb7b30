/* SPDX-License-Identifier: Apache-2.0 */
/** @file internal.h
 * Inside es_versions_build(): one measure of one grouping, judged (versions/judge.c), then put into the tree (versions/tree.c).
 */
#ifndef ES_PLUGIN_REPORT_VERSIONS_INTERNAL_H
#define ES_PLUGIN_REPORT_VERSIONS_INTERNAL_H

#include "plugin/report/build/build.h"
#include "plugin/report/versions/count.h"
#include "plugin/report/versions/versions.h"

/** Why a group is not part of the verdict. */
enum es_pair_standing {
    ES_PAIR_JUDGED,
    ES_PAIR_EXPLORATORY,  /* a level is unknown */
    ES_PAIR_MIN_CASES,
    ES_PAIR_MIN_PATIENTS,
    ES_PAIR_UNVERIFIED    /* no verified non-alert: not estimable at all (DESIGN 8, verification) */
};

struct es_pair_result {
    const struct es_pair_group *group; /* borrowed */
    const struct es_pair_counts *counts;
    enum es_pair_standing standing;
    struct es_paired_clustered clustered;
    struct es_group_change change; /* p_adjusted NAN unless judged */
    bool hidden;                   /* by the disclosure rule */
    bool alone_hidden[2];          /* the unpaired figures of before, after */
};

/** One measure of one grouping. */
struct es_pair_verdict {
    enum es_pair_measure measure;
    struct es_pair_result *results; /* owned, one a group */
    size_t count, judged;
    struct es_levelling_summary summary;
    bool hidden;       /* a judged group is hidden: no verdict, no gap */
    double floor;      /* of the plan; NAN: none */
    double worst[2];   /* least share of the judged, before and after; NAN */
    size_t worst_at[2];
};

/** "sensitivity", "specificity". */
const char *es_pair_measure_name(enum es_pair_measure measure);

/** @param groups  borrowed by the verdict
 * @return false when memory ran out */
bool es_pair_judge(const struct es_report *report, const struct es_disclosure *rule, enum es_audience audience,
                   const struct es_pair_group *groups, size_t count, enum es_pair_measure measure, struct es_pair_verdict *out);
void es_pair_verdict_clear(struct es_pair_verdict *verdict);
/** Put it into `list`. The tree's failure is in report->tree. */
void es_pair_put(struct es_report *report, const struct es_disclosure *rule, const struct es_pair_verdict *verdict,
                 const struct es_grouping *grouping, cJSON *list);
/** es_versions_build() beside earlier releases. @param between  NULL: by itself */
ES_MUST_USE enum es_errc es_versions_build_after(struct es_site *site, const struct es_versions_options *options, const struct es_between *between,
                                                 cJSON **out, struct es_error *err);
/** The words of the top, from the disclosed tree. */
void es_pair_summary(struct es_tree *tree, cJSON *release);

#endif
