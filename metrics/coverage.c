/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/coverage.h"

#include "metrics/catalogue_parts.h"

struct es_funnel es_funnel(const struct es_summary *s)
{
    struct es_funnel f = {.seen = es_summary_units(s),
                          .excluded = es_summary_stage(s, ES_STAGE_EXCLUDED),
                          .ineligible = es_summary_stage(s, ES_STAGE_INELIGIBLE),
                          .eligibility_unknown = es_summary_stage(s, ES_STAGE_ELIGIBILITY_UNKNOWN),
                          .rejected = es_summary_stage(s, ES_STAGE_REJECTED),
                          .failed = es_summary_stage(s, ES_STAGE_FAILED),
                          .pending = es_summary_stage(s, ES_STAGE_PENDING),
                          .missing = es_summary_stage(s, ES_STAGE_MISSING),
                          .referenced = es_summary_stage(s, ES_STAGE_REFERENCED),
                          .indeterminate = es_summary_stage(s, ES_STAGE_INDETERMINATE),
                          .maturing = es_summary_stage(s, ES_STAGE_MATURING),
                          .overdue = es_summary_stage(s, ES_STAGE_OVERDUE)};
    f.resulted = f.referenced + f.indeterminate + f.maturing + f.overdue;
    f.eligible = f.resulted + f.rejected + f.failed + f.pending + f.missing;
    return f;
}

const char *es_coverage_name(enum es_coverage which)
{
    static const char *const names[ES_COVERAGE_COUNT] = {
        [ES_COVERAGE_ELIGIBLE] = "eligible_of_seen",
        [ES_COVERAGE_RESULTED] = "resulted_of_eligible",
        [ES_COVERAGE_REFERENCED] = "referenced_of_resulted",
        [ES_COVERAGE_VERIFIED_ALERTS] = "verified_of_alerts",
        [ES_COVERAGE_VERIFIED_NON_ALERTS] = "verified_of_non_alerts",
    };
    return (unsigned)which < ES_COVERAGE_COUNT ? names[which] : "";
}

void es_coverage_counts(const struct es_summary *summary, enum es_coverage which, uint64_t *x, uint64_t *n)
{
    const bool known = (unsigned)which < ES_COVERAGE_COUNT;
    *x = known ? summary->share[which].x : 0;
    *n = known ? summary->share[which].n : 0;
}

struct es_estimate es_coverage_rate(const struct es_summary *summary, enum es_coverage which, const struct es_level *level)
{
    if ((unsigned)which >= ES_COVERAGE_COUNT) return es_not_estimable(ES_N_ZERO, 0, 0);
    const struct es_share *s = &summary->share[which];
    const struct es_cluster_sums sums = {s->patients, s->x, s->n, s->xx, s->xn, s->nn};
    return es_clustered_rate(&sums, ES_N_ZERO, level);
}

struct es_missingness es_missingness(const struct es_summary *summary)
{
    struct es_missingness m;
    for (unsigned decision = 0; decision < 3; decision++) {
        m.missing[decision] = summary->resulted[decision][0];
        m.labelled[decision] = summary->resulted[decision][1];
    }
    return m;
}
