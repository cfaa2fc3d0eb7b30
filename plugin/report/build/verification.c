/* SPDX-License-Identifier: Apache-2.0 */
/* Who was verified, by AI result: shares of each group, the naive rates beside the corrected ones and their bounds (METRICS H1, J7), the
 * labelled rate against the rest, and attributes that are missing by AI result (METRICS G1). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/coverage.h"
#include "plugin/report/build/build.h"
#include "plugin/report/view.h"

static void share(struct es_tree *t, cJSON *parent, const char *name, const struct es_summary *s, enum es_coverage which)
{
    const struct es_level level = es_level_default();
    const struct es_estimate e = es_coverage_rate(s, which, &level);
    cJSON *out = es_tree_object(t, parent, name);
    if (e.status != ES_ESTIMATED) {
        es_report_not_estimable(t, out, e.reason);
        return;
    }
    es_tree_text(t, out, "status", "estimated");
    es_tree_number(t, out, "value", e.value);
    es_tree_number(t, out, "lo", e.lo);
    es_tree_number(t, out, "hi", e.hi);
    es_tree_count(t, out, "n", e.n);
    es_tree_count(t, out, "patients", e.patients);
    es_tree_text(t, out, "method", es_interval_name(e.method));
}

static void words_of(const struct es_corrected *c, char *out, size_t size)
{
    char naive[24], value[24], lo[24], hi[24], worst[24], best[24], interval[80] = "";
    es_view_fixed(c->naive, 2, naive, sizeof naive);
    es_view_fixed(c->value, 2, value, sizeof value);
    es_view_fixed(c->interval.lo, 2, lo, sizeof lo);
    es_view_fixed(c->interval.hi, 2, hi, sizeof hi);
    es_view_fixed(c->worst, 2, worst, sizeof worst);
    es_view_fixed(c->best, 2, best, sizeof best);
    if (c->worst == c->best) {
        snprintf(out, size, "%s; every case past its window was verified, nothing is to be corrected", naive);
        return;
    }
    if (isfinite(c->interval.lo)) snprintf(interval, sizeof interval, " (95 %% %s to %s)", lo, hi);
    snprintf(out, size, "%s of verified cases; %s%s if unverified cases are like verified ones of the same AI result; %s to %s whatever they are",
             naive, value, interval, worst, best);
}

static void corrected(struct es_tree *t, cJSON *parent, const char *name, const struct es_summary *s, struct es_corrected c,
                      enum es_reason reason, enum es_rate rate)
{
    char words[360];
    cJSON *out = es_tree_object(t, parent, name);
    if (reason == ES_REASON_NONE && !isfinite(c.value)) reason = rate == ES_RATE_SENSITIVITY ? ES_NO_POSITIVES : ES_NO_NEGATIVES;
    if (reason != ES_REASON_NONE) {
        es_report_not_estimable(t, out, reason);
        es_tree_number(t, out, "worst", c.worst);
        es_tree_number(t, out, "best", c.best);
        return;
    }
    const struct es_gap_sums sums = es_gap_of_summary(s, rate);
    es_corrected_widen(&c, es_clustered(&sums.group).deff_used, es_level_default().alpha);
    words_of(&c, words, sizeof words);
    es_tree_text(t, out, "status", "estimated");
    es_tree_number(t, out, "naive", c.naive);
    es_tree_number(t, out, "value", c.value);
    es_tree_number(t, out, "lo", c.interval.lo);
    es_tree_number(t, out, "hi", c.interval.hi);
    es_tree_number(t, out, "worst", c.worst);
    es_tree_number(t, out, "best", c.best);
    es_tree_text(t, out, "method", "begg-greenes");
    es_tree_text(t, out, "words", words);
}

/** Percentage of a share and of another, their difference in points with its limits. */
struct shares {
    char a[24], b[24], difference[24], lo[24], hi[24];
};

static struct shares in_points(const struct es_comparison *c)
{
    struct shares s;
    es_view_fixed(100 * c->group, 1, s.a, sizeof s.a);
    es_view_fixed(100 * c->rest, 1, s.b, sizeof s.b);
    es_view_fixed(100 * c->difference, 1, s.difference, sizeof s.difference);
    es_view_fixed(100 * c->lo, 1, s.lo, sizeof s.lo);
    es_view_fixed(100 * c->hi, 1, s.hi, sizeof s.hi);
    return s;
}

static void gap_of_shares(struct es_tree *t, cJSON *out, const struct es_comparison *c, const char *words)
{
    if (c->status != ES_ESTIMATED) {
        es_report_not_estimable(t, out, c->reason);
    } else {
        es_tree_text(t, out, "status", "estimated");
        es_tree_number(t, out, "value", c->group);
        es_tree_number(t, out, "rest_value", c->rest);
        es_tree_number(t, out, "difference", c->difference);
        es_tree_number(t, out, "lo", c->lo);
        es_tree_number(t, out, "hi", c->hi);
        es_tree_text(t, out, "method", es_interval_name(c->method));
        es_tree_text(t, out, "words", words);
    }
    es_tree_count(t, out, "n", c->n_group);
    es_tree_count(t, out, "n_rest", c->n_rest);
    cJSON *people = es_tree_object(t, out, ES_HIDDEN);
    es_tree_count(t, people, "patients_group", c->patients_group);
    es_tree_count(t, people, "patients_rest", c->patients_rest);
}

static void labelled(struct es_tree *t, cJSON *parent, const struct es_comparison *c)
{
    char words[240];
    const struct shares s = in_points(c);
    snprintf(words, sizeof words, "%s %% of results past their window have a reference, %s %% in the rest; difference %s points, 95 %% %s to %s",
             s.a, s.b, s.difference, s.lo, s.hi);
    gap_of_shares(t, es_tree_object(t, parent, "labelled"), c, words);
}

void es_report_verification(struct es_report *report, const struct es_report_part *part, size_t index, cJSON *parent)
{
    struct es_tree *t = &report->tree;
    const struct es_summary *s = es_sweep_summary(part->sweep, index);
    uint64_t alerts[2] = {0}, verified[2] = {0}; /* by decision: 0 non-alert, 1 alert */
    es_summary_verification(s, alerts, verified);
    cJSON *out = es_tree_object(t, parent, "verification");
    es_tree_count(t, out, "alerts", alerts[1]);
    es_tree_count(t, out, "alerts_verified", verified[1]);
    es_tree_count(t, out, "non_alerts", alerts[0]);
    es_tree_count(t, out, "non_alerts_verified", verified[0]);
    if (!part->labelled) return; /* no binary finding */
    struct es_verified cells, rest;
    struct es_corrected sensitivity, specificity;
    es_verified_of_summary(s, &cells, &rest);
    enum es_reason reason = es_begg_greenes(&cells, 1, es_level_default().alpha, &sensitivity, &specificity);
    if (alerts[0] > 0 && verified[0] == 0) reason = ES_NO_VERIFIED_NEGATIVES; /* METRICS J7 */
    share(t, out, "share_of_alerts", s, ES_COVERAGE_VERIFIED_ALERTS);
    share(t, out, "share_of_non_alerts", s, ES_COVERAGE_VERIFIED_NON_ALERTS);
    corrected(t, out, "sensitivity", s, sensitivity, reason, ES_RATE_SENSITIVITY);
    corrected(t, out, "specificity", s, specificity, reason, ES_RATE_SPECIFICITY);
    const struct es_group_key key = es_sweep_key(part->sweep, index);
    if (report->groupings[key.grouping].n == 1) labelled(t, out, &part->labelled[index]);
    cJSON *unverified = es_tree_object(t, out, ES_HIDDEN);
    es_tree_count(t, unverified, "alerts", cells.alert_unverified);
    es_tree_count(t, unverified, "non_alerts", cells.no_alert_unverified);
}

struct es_corrected_gap es_report_corrected(const struct es_report *report, const struct es_summary *s, const struct es_metric *metric,
                                            double deff)
{
    const double none = (double)NAN, alpha = report->config->plan.alpha;
    struct es_corrected_gap out = {none, {none, none}, {none, none}};
    struct es_verified cells[2];
    struct es_corrected rates[2][2]; /* arm; sensitivity, specificity */
    enum es_rate rate;
    if (!es_report_rate(metric, &rate)) return out;
    es_verified_of_summary(s, &cells[0], &cells[1]);
    if (cells[0].alert_unverified + cells[0].no_alert_unverified + cells[1].alert_unverified + cells[1].no_alert_unverified == 0) return out;
    for (int arm = 0; arm < 2; arm++)
        if (es_begg_greenes(&cells[arm], 1, alpha, &rates[arm][0], &rates[arm][1]) != ES_REASON_NONE) return out;
    const int which = rate == ES_RATE_SENSITIVITY ? 0 : 1;
    (void)es_corrected_gap(&rates[0][which], &rates[1][which], deff >= 1 ? deff : 1, alpha, alpha, &out);
    return out;
}

bool es_report_blocked(const struct es_report *report, const struct es_trial *trial, enum es_verdict verdict)
{
    const struct es_corrected_gap *c = &trial->corrected;
    if (!trial->turned || (verdict != ES_VERDICT_DISPARITY && verdict != ES_VERDICT_PARITY)) return false;
    if (!report->config->plan.correct_verification || !isfinite(c->difference)) return true;
    if (verdict == ES_VERDICT_PARITY) return !(c->inner.lo > -trial->margin && c->inner.hi < trial->margin);
    return !(trial->raw.difference < 0 ? c->limits.hi < 0 : c->limits.lo > 0);
}

static void missingness(struct es_report *report, const struct es_sheet *sheet, uint8_t axis, cJSON *out)
{
    struct es_tree *t = &report->tree;
    const struct es_level level = es_level_default();
    const struct es_gap_sums sums = es_unknown_sums(sheet, axis);
    const struct es_comparison c = es_share_comparison(&sums, &level);
    const char *name = report->config->axes[axis].name;
    const struct shares s = in_points(&c);
    char words[360];
    if (sums.group.x + sums.rest.x == 0)
        snprintf(words, sizeof words, "%.60s is known for every result", name);
    else
        snprintf(words, sizeof words, "%.60s is unknown for %s %% of alerts and %s %% of non-alerts; difference %s points, 95 %% %s to %s", name,
                 s.a, s.b, s.difference, s.lo, s.hi);
    gap_of_shares(t, es_tree_object_as(t, out, name), &c, words);
}

enum es_errc es_report_missing(struct es_report *report, const struct es_sheet *sheet, struct es_report_part *part, struct es_error *err)
{
    const struct es_level level = es_level_default();
    const size_t n = es_sweep_count(part->sweep);
    part->labelled = calloc(n + 1, sizeof *part->labelled);
    part->missingness = cJSON_CreateObject();
    if (!part->labelled || !part->missingness) return es_fail(err, ES_E_MEMORY, "no memory for what is missing in %zu groups", n);
    for (size_t i = 0; i < n; i++) {
        const struct es_group_key key = es_sweep_key(part->sweep, i);
        const struct es_grouping *grouping = &report->groupings[key.grouping];
        if (grouping->n != 1) continue;
        const struct es_gap_sums sums = es_labelled_sums(sheet, grouping->axis[0], key.level[0]);
        part->labelled[i] = es_share_comparison(&sums, &level);
    }
    for (uint8_t a = 0; a < sheet->axes; a++) missingness(report, sheet, a, part->missingness);
    return report->tree.failed ? es_fail(err, ES_E_MEMORY, "no memory for what is missing") : ES_OK;
}
