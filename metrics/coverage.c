/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/coverage.h"

#include "metrics/proportion.h"

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
    const struct es_funnel f = es_funnel(summary);
    uint64_t decided[2], verified[2];
    es_summary_verification(summary, decided, verified);
    const uint64_t counts[ES_COVERAGE_COUNT][2] = {
        [ES_COVERAGE_ELIGIBLE] = {f.eligible, f.seen - f.excluded},
        [ES_COVERAGE_RESULTED] = {f.resulted, f.eligible},
        [ES_COVERAGE_REFERENCED] = {f.referenced, f.resulted},
        [ES_COVERAGE_VERIFIED_ALERTS] = {verified[1], decided[1]},
        [ES_COVERAGE_VERIFIED_NON_ALERTS] = {verified[0], decided[0]},
    };
    const bool known = (unsigned)which < ES_COVERAGE_COUNT;
    *x = known ? counts[which][0] : 0;
    *n = known ? counts[which][1] : 0;
}

struct es_estimate es_coverage_rate(const struct es_summary *summary, enum es_coverage which, const struct es_level *level)
{
    uint64_t x, n;
    es_coverage_counts(summary, which, &x, &n);
    if (n == 0) return es_not_estimable(ES_N_ZERO, 0, 0);
    const struct es_limits w = es_wilson((double)x, (double)n, level->alpha);
    return (struct es_estimate){ES_ESTIMATED, ES_REASON_NONE, (double)x / (double)n, w.lo, w.hi, n, 0, ES_INTERVAL_WILSON, 0};
}
