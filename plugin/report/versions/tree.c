/* SPDX-License-Identifier: Apache-2.0 */
/* One measure of one grouping as JSON, disclosed while it is written: nothing of a hidden group reaches the tree. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plugin/report/disclosure/disclosure.h"
#include "plugin/report/versions/internal.h"
#include "plugin/report/view.h"

struct writer {
    struct es_report *report;
    const struct es_pair_verdict *v;
    bool nhs;
};

static void count(const struct writer *w, cJSON *parent, const char *name, uint64_t n)
{
    struct es_tree *t = &w->report->tree;
    if (w->nhs && n > 0 && n < 8)
        es_tree_text(t, parent, name, ES_SUPPRESSED_WORD);
    else if (w->nhs)
        es_tree_number(t, parent, name, es_release_round5((double)n));
    else
        es_tree_count(t, parent, name, n);
}

/** x / n, under nhs of rounded counts; NAN without cases. */
static double share_of(const struct writer *w, const struct es_cluster_sums *s)
{
    const double x = (double)s->x, n = (double)s->n;
    if (!w->nhs) return n > 0 ? x / n : (double)NAN;
    return n > 0 ? fmin(1, es_release_round5(x) / es_release_round5(n)) : (double)NAN;
}

static double alpha_of(const struct writer *w)
{
    return w->report->config->plan.alpha;
}

static void interval(const struct writer *w, cJSON *parent, struct es_limits limits)
{
    es_tree_number(&w->report->tree, parent, "lo", w->nhs ? (double)NAN : limits.lo);
    es_tree_number(&w->report->tree, parent, "hi", w->nhs ? (double)NAN : limits.hi);
}

static void alone(const struct writer *w, cJSON *parent, const char *name, const struct es_cluster_sums *s, bool hidden)
{
    struct es_tree *t = &w->report->tree;
    cJSON *out = es_tree_object(t, parent, name);
    if (hidden || s->n == 0) {
        es_tree_text(t, out, "status", hidden ? ES_SUPPRESSED_WORD : "not_estimable");
        return;
    }
    es_tree_text(t, out, "status", "estimated");
    count(w, out, "cases", s->n);
    count(w, out, "right", s->x);
    es_tree_number(t, out, "value", share_of(w, s));
    interval(w, out, es_wilson_clustered(s, alpha_of(w)));
}

static void unpaired(const struct writer *w, cJSON *group, const struct es_pair_result *r)
{
    struct es_tree *t = &w->report->tree;
    const struct es_cluster_sums *share = r->counts->share;
    cJSON *out = es_tree_object(t, group, "unpaired");
    es_tree_text(t, out, "title", "confounded by time");
    alone(w, out, "before", &share[ES_SHARE_ALL_BEFORE], r->alone_hidden[0]);
    alone(w, out, "after", &share[ES_SHARE_ALL_AFTER], r->alone_hidden[1]);
    const double change = share_of(w, &share[ES_SHARE_ALL_AFTER]) - share_of(w, &share[ES_SHARE_ALL_BEFORE]);
    es_tree_number(t, out, "change", r->alone_hidden[0] || r->alone_hidden[1] ? (double)NAN : change);
}

/** METRICS J5 with a fixed-size interval: two versions are compared once, not every day. */
static const char *floor_verdict(const struct writer *w, const struct es_cluster_sums *s)
{
    const struct es_limits limits = es_wilson_clustered(s, alpha_of(w));
    if (limits.lo >= w->v->floor) return "met";
    return limits.hi < w->v->floor ? "below" : "not_enough";
}

static void floors(const struct writer *w, cJSON *group, const struct es_pair_result *r)
{
    struct es_tree *t = &w->report->tree;
    if (isnan(w->v->floor)) return;
    cJSON *out = es_tree_object(t, group, "against_floor");
    es_tree_number(t, out, "floor", w->v->floor);
    es_tree_text(t, out, "before", floor_verdict(w, &r->counts->share[ES_SHARE_BEFORE]));
    es_tree_text(t, out, "after", floor_verdict(w, &r->counts->share[ES_SHARE_AFTER]));
}

static void standing(struct es_tree *t, cJSON *group, const struct es_pair_result *r)
{
    static const struct {
        const char *word, *reason;
    } words[] = {[ES_PAIR_EXPLORATORY] = {"exploratory", NULL},
                 [ES_PAIR_MIN_CASES] = {"not_enough", "min_cases"},
                 [ES_PAIR_MIN_PATIENTS] = {"not_enough", "min_patients"}};
    const char *judged = r->change.harmed ? "harmed" : r->change.improved ? "improved" : "no_change_shown";
    es_tree_text(t, group, "standing", r->standing == ES_PAIR_JUDGED ? judged : words[r->standing].word);
    es_tree_text(t, group, "reason", r->standing == ES_PAIR_JUDGED ? NULL : words[r->standing].reason);
}

static void numbers(const struct writer *w, cJSON *group, const struct es_pair_result *r)
{
    struct es_tree *t = &w->report->tree;
    const struct es_pair_counts *c = r->counts;
    const double none = (double)NAN;
    count(w, group, "cases", c->paired.n);
    count(w, group, "patients", c->paired.patients);
    cJSON *pairs = es_tree_object(t, group, "pairs");
    count(w, pairs, "both_right", c->cell[ES_PAIR_BOTH]);
    count(w, pairs, "only_before_right", c->cell[ES_PAIR_ONLY_BEFORE]);
    count(w, pairs, "only_after_right", c->cell[ES_PAIR_ONLY_AFTER]);
    count(w, pairs, "both_wrong", c->cell[ES_PAIR_NEITHER]);
    const double before = share_of(w, &c->share[ES_SHARE_BEFORE]), after = share_of(w, &c->share[ES_SHARE_AFTER]);
    es_tree_number(t, group, "before", before);
    es_tree_number(t, group, "after", after);
    es_tree_number(t, group, "change", after - before);
    interval(w, group, r->change.limits);
    es_tree_text(t, group, "method", "tango-clustered");
    es_tree_number(t, group, "standard_error", w->nhs ? none : sqrt(r->clustered.variance));
    es_tree_number(t, group, "design_effect", w->nhs ? none : r->clustered.deff_used);
    es_tree_number(t, group, "p", w->nhs ? none : r->change.p);
    es_tree_number(t, group, "p_adjusted", w->nhs ? none : r->change.p_adjusted);
    standing(t, group, r);
    floors(w, group, r);
}

static void put_group(const struct writer *w, cJSON *list, const struct es_pair_result *r)
{
    struct es_tree *t = &w->report->tree;
    cJSON *group = es_tree_object(t, list, NULL);
    es_report_group_key(w->report, group, "group", r->group->key);
    es_tree_bool(t, group, "seen", r->group->rows > 0);
    if (r->hidden) {
        es_tree_text(t, group, "status", ES_SUPPRESSED_WORD);
    } else if (r->counts->paired.n == 0 || r->standing == ES_PAIR_UNVERIFIED) {
        const enum es_reason why = r->counts->paired.n > 0                     ? ES_NO_VERIFIED_NEGATIVES
                                   : w->v->measure == ES_PAIR_SENSITIVITY ? ES_NO_POSITIVES
                                                                          : ES_NO_NEGATIVES;
        es_report_not_estimable(t, group, why);
    } else {
        es_tree_text(t, group, "status", "estimated");
        numbers(w, group, r);
    }
    if (r->standing != ES_PAIR_UNVERIFIED) unpaired(w, group, r);
}

/** What the verdict means, with the gaps as they are shown. */
static void verdict_words(const struct es_pair_verdict *v, const double gap[2], char *out, size_t size)
{
    static const char *const words[] = {
        [ES_NOT_NARROWED] = "the gap between the best and the worst group did not narrow (%s before, %s after)",
        [ES_LEVELLING_DOWN] = "levelling down: the gap narrowed (%s before, %s after) while groups got worse and none got better",
        [ES_LEVELLING_DOWN_SUSPECTED] =
            "levelling down suspected: the gap narrowed (%s before, %s after), no group got better, and no loss is beyond chance",
        [ES_LEVELLING_UP] = "levelling up: the gap narrowed (%s before, %s after), a group got better and none is shown to be worse",
        [ES_LEVELLING_MIXED] = "mixed: the gap narrowed (%s before, %s after); some groups rose, without a clear gain or beside a loss"};
    char before[24], after[24];
    es_view_fixed(gap[0], 2, before, sizeof before);
    es_view_fixed(gap[1], 2, after, sizeof after);
    const char *text = words[v->summary.verdict], *at = text;
    size_t used = 0, gaps = 0;
    while (*at && used + 1 < size) { /* "%s" stands for the two gaps, in this order */
        if (at[0] == '%' && at[1] == 's') {
            const char *value = gaps++ == 0 ? before : after;
            for (; *value && used + 1 < size; value++) out[used++] = *value;
            at += 2;
        } else {
            out[used++] = *at++;
        }
    }
    out[used] = '\0';
}

/** Gaps of what is shown: under nhs of rounded rates. */
static void shown_gaps(const struct writer *w, double gap[2])
{
    gap[0] = w->v->summary.gap_old;
    gap[1] = w->v->summary.gap_new;
    if (!w->nhs) return;
    for (int side = 0; side < 2; side++) {
        double low = INFINITY, high = -INFINITY;
        for (size_t i = 0; i < w->v->count; i++) {
            if (w->v->results[i].standing != ES_PAIR_JUDGED) continue;
            const double share = share_of(w, &w->v->results[i].counts->share[ES_SHARE_BEFORE + side]);
            low = fmin(low, share);
            high = fmax(high, share);
        }
        gap[side] = isnan(gap[side]) ? gap[side] : high - low;
    }
}

static void worst(const struct writer *w, cJSON *parent)
{
    static const char *const names[] = {"before", "after"};
    struct es_tree *t = &w->report->tree;
    cJSON *out = es_tree_object(t, parent, "worst");
    for (int side = 0; side < 2; side++) {
        cJSON *entry = es_tree_object(t, out, names[side]);
        const struct es_pair_result *r = &w->v->results[w->v->worst_at[side]];
        es_report_group_key(w->report, entry, "group", r->group->key);
        es_tree_number(t, entry, "value", share_of(w, &r->counts->share[ES_SHARE_BEFORE + side]));
    }
}

static void judgement(const struct writer *w, cJSON *out)
{
    struct es_tree *t = &w->report->tree;
    const struct es_pair_verdict *v = w->v;
    char words[240];
    double gap[2];
    if (v->hidden || v->judged < 2) {
        es_tree_text(t, out, "verdict", NULL);
        es_tree_text(t, out, "why", v->hidden ? ES_SUPPRESSED_WORD : "fewer_than_two_groups");
        return;
    }
    shown_gaps(w, gap);
    verdict_words(v, gap, words, sizeof words);
    es_tree_text(t, out, "verdict", es_levelling_name(v->summary.verdict));
    es_tree_text(t, out, "words", words);
    es_tree_count(t, out, "judged", v->judged);
    cJSON *gaps = es_tree_object(t, out, "gap");
    es_tree_number(t, gaps, "before", gap[0]);
    es_tree_number(t, gaps, "after", gap[1]);
    es_tree_number(t, gaps, "change", gap[1] - gap[0]);
    worst(w, out);
}

void es_pair_put(struct es_report *report, const struct es_disclosure *rule, const struct es_pair_verdict *verdict,
                 const struct es_grouping *grouping, cJSON *list)
{
    struct es_tree *t = &report->tree;
    const struct writer w = {report, verdict, rule->kind == ES_DISCLOSE_NHS};
    cJSON *out = es_tree_object(t, list, NULL);
    cJSON *axes = es_tree_array(t, out, "axes");
    for (uint8_t a = 0; a < grouping->n; a++) es_tree_text(t, axes, NULL, report->config->axes[grouping->axis[a]].name);
    if (grouping->n > 0) judgement(&w, out);
    cJSON *groups = es_tree_array(t, out, "groups");
    for (size_t i = 0; i < verdict->count && !t->failed; i++) put_group(&w, groups, &verdict->results[i]);
}
