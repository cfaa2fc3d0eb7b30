/* SPDX-License-Identifier: Apache-2.0 */
/* One measure of one grouping: changes, Holm's correction, the levelling-down verdict, and who may not be shown. */
#include <math.h>
#include <stdlib.h>

#include "plugin/report/versions/internal.h"

const char *es_pair_measure_name(enum es_pair_measure measure)
{
    return measure == ES_PAIR_SENSITIVITY ? "sensitivity" : "specificity";
}

static enum es_pair_standing standing_of(const struct es_plan *plan, const struct es_grouping *grouping, const struct es_pair_group *g,
                                         const struct es_pair_counts *c)
{
    for (int side = 0; side < 2; side++)
        if (g->unverified[side] > 0 && g->verified[side] == 0) return ES_PAIR_UNVERIFIED;
    for (uint8_t a = 0; a < grouping->n; a++)
        if (g->key.level[a] == 0) return ES_PAIR_EXPLORATORY;
    if (c->paired.n < plan->min_cases || c->paired.n == 0) return ES_PAIR_MIN_CASES;
    return c->paired.patients < plan->min_patients ? ES_PAIR_MIN_PATIENTS : ES_PAIR_JUDGED;
}

/** Counts over the design effect (J1): what interval, test and verdict rest on. */
static struct es_paired effective(const struct es_pair_counts *c, struct es_paired_clustered *clustered)
{
    const struct es_paired raw = {(double)c->cell[ES_PAIR_BOTH], (double)c->cell[ES_PAIR_ONLY_AFTER],
                                  (double)c->cell[ES_PAIR_ONLY_BEFORE], (double)c->cell[ES_PAIR_NEITHER]};
    *clustered = es_paired_clustered(&c->paired, &raw);
    const double d = clustered->deff_used;
    return (struct es_paired){raw.both / d, raw.only_new / d, raw.only_old / d, raw.neither / d};
}

/* ---- disclosure ---- */

/** A count of 1 .. least-1 is not shown. */
static bool small(uint64_t least, uint64_t people)
{
    return people > 0 && people < least;
}

/** Of either measure: a report tells their sum, so that the one would tell the other. */
static bool any_small_cell(uint64_t least, const struct es_pair_group *g)
{
    bool any = false;
    for (int m = 0; m < ES_PAIR_MEASURES; m++)
        for (int i = 0; i < ES_PAIR_CELLS; i++) any |= small(least, g->measure[m].people[i]);
    return any;
}

/** nhs looks at the counts that are printed and at those that a printed rate is made of. */
static bool small_share(uint64_t least, const struct es_cluster_sums *share)
{
    return small(least, share->n) || small(least, share->x);
}

static void hide(const struct es_disclosure *rule, enum es_audience audience, struct es_pair_verdict *v)
{
    const uint64_t least = rule->kind == ES_DISCLOSE_NHS ? 8 : rule->kind == ES_DISCLOSE_FLOOR ? rule->floor : 0;
    const bool whole = rule->kind == ES_DISCLOSE_FLOOR && audience == ES_AUDIENCE_EXTERNAL;
    bool all = false;
    for (size_t i = 0; i < v->count; i++) {
        struct es_pair_result *r = &v->results[i];
        const struct es_cluster_sums *share = r->counts->share;
        if (whole) {
            all |= any_small_cell(least, r->group);
        } else if (rule->kind == ES_DISCLOSE_NHS) {
            r->hidden = small_share(least, &share[ES_SHARE_BEFORE]) || small_share(least, &share[ES_SHARE_AFTER]);
            for (int side = 0; side < 2; side++) r->alone_hidden[side] = small_share(least, &share[ES_SHARE_ALL_BEFORE + side]);
        } else {
            r->hidden = small(least, r->counts->paired.patients);
            for (int side = 0; side < 2; side++) r->alone_hidden[side] = small(least, share[ES_SHARE_ALL_BEFORE + side].patients);
        }
    }
    for (size_t i = 0; i < v->count; i++) {
        struct es_pair_result *r = &v->results[i];
        r->hidden |= all;
        r->alone_hidden[0] |= all;
        r->alone_hidden[1] |= all;
        v->hidden |= r->hidden && (r->standing == ES_PAIR_JUDGED || all);
    }
}

/* ---- judging ---- */

static void worst_of(struct es_pair_verdict *v)
{
    v->worst[0] = v->worst[1] = NAN;
    for (size_t i = 0; i < v->count; i++) {
        const struct es_pair_result *r = &v->results[i];
        if (r->standing != ES_PAIR_JUDGED) continue;
        const double share[2] = {r->change.before, r->change.after};
        for (int side = 0; side < 2; side++) {
            if (share[side] >= v->worst[side]) continue; /* false while there is none: NAN */
            v->worst[side] = share[side];
            v->worst_at[side] = i;
        }
    }
}

/** The rest bears no verdict: interval and uncorrected p only. */
static void describe(struct es_pair_result *r, const struct es_paired *pairs, double alpha)
{
    uint32_t scratch = 0;
    double work[2];
    (void)es_levelling_judge(pairs, 1, alpha, 0, &r->change, &scratch, work);
    r->change.p_adjusted = NAN;
    r->change.harmed = r->change.improved = false;
}

bool es_pair_judge(const struct es_report *report, const struct es_disclosure *rule, enum es_audience audience,
                   const struct es_pair_group *groups, size_t count, enum es_pair_measure measure, struct es_pair_verdict *out)
{
    const struct es_plan *plan = &report->config->plan;
    const struct es_plan_metric *row = es_report_plan_metric(report, es_pair_measure_name(measure));
    const size_t room = count ? count : 1;
    struct es_pair_verdict v = {.measure = measure, .count = count, .floor = row ? row->floor : (double)NAN};
    struct es_paired *pairs = calloc(room, sizeof *pairs), *judged = calloc(room, sizeof *judged);
    struct es_group_change *changes = calloc(room, sizeof *changes);
    uint32_t *scratch = calloc(room, sizeof *scratch);
    double *work = calloc(room, 2 * sizeof *work);
    v.results = calloc(room, sizeof *v.results);
    const bool ok = pairs && judged && changes && scratch && work && v.results;
    for (size_t i = 0; ok && i < count; i++) {
        struct es_pair_result *r = &v.results[i];
        r->group = &groups[i];
        r->counts = &groups[i].measure[measure];
        r->standing = standing_of(plan, &report->groupings[groups[i].key.grouping], r->group, r->counts);
        pairs[i] = effective(r->counts, &r->clustered);
        if (r->standing == ES_PAIR_JUDGED) judged[v.judged++] = pairs[i];
    }
    if (ok) {
        size_t at = 0;
        v.summary = es_levelling_judge(judged, v.judged, plan->alpha, 0, changes, scratch, work);
        for (size_t i = 0; i < count; i++) {
            if (v.results[i].standing == ES_PAIR_JUDGED) v.results[i].change = changes[at++];
            else describe(&v.results[i], &pairs[i], plan->alpha);
        }
        worst_of(&v);
        hide(rule, audience, &v);
    }
    free(pairs);
    free(judged);
    free(changes);
    free(scratch);
    free(work);
    if (ok) *out = v;
    else free(v.results);
    return ok;
}

void es_pair_verdict_clear(struct es_pair_verdict *verdict)
{
    free(verdict->results);
    *verdict = (struct es_pair_verdict){0};
}
