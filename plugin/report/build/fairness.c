/* SPDX-License-Identifier: Apache-2.0 */
/* Group fairness over the levels of one axis (METRICS D1), read from the disclosed groups alone: what a group does not show
 * cannot show here. Levels that are unknown stand outside; what is not estimable or suppressed is left out and counted. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/expected_range.h"
#include "metrics/fairness.h"
#include "metrics/special.h"
#include "plugin/report/build/build.h"
#include "plugin/report/view.h"

#define NO_FAIR ES_FAIR_METRICS /* not a rate */

/** What is compared, and the metric of the groups that it is read from. */
static const struct {
    const char *name, *title, *from;
    enum es_fair_metric rate;
    bool complement; /* 1 - the metric */
} measures[] = {{"alert_rate", "Alert rate (demographic parity)", "alert_rate", ES_FAIR_ALERT_RATE, false},
                {"tpr", "True positive rate (equal opportunity)", "sensitivity", ES_FAIR_TPR, false},
                {"fpr", "False positive rate", "specificity", ES_FAIR_FPR, true},
                {"ppv", "PPV (predictive parity)", "ppv", ES_FAIR_PPV, false},
                {"accuracy", "Accuracy", "accuracy", ES_FAIR_ACCURACY, false},
                {"calibration_in_the_large", "Calibration in the large (logit)", "calibration_in_the_large", NO_FAIR, false}};
#define MEASURES (sizeof measures / sizeof measures[0])

/** One measure over the levels that show it. */
struct gathered {
    const char *level[ES_MAX_LEVELS];
    struct es_confusion counts[ES_MAX_LEVELS]; /* of a rate: the cells that it reads, the others 0 */
    double value[ES_MAX_LEVELS], n[ES_MAX_LEVELS], lo[ES_MAX_LEVELS], hi[ES_MAX_LEVELS];
    size_t count, not_estimable, suppressed;
};

static uint64_t whole(double x)
{
    return x > 0 ? (uint64_t)nearbyint(x) : 0;
}

/** x of n, in the cells that the measure reads. */
static struct es_confusion cells(enum es_fair_metric rate, double x, double n)
{
    const uint64_t all = whole(n), hit = whole(x) < all ? whole(x) : all, miss = all - hit;
    switch (rate) {
    case ES_FAIR_FPR: return (struct es_confusion){.fp = hit, .tn = miss};
    case ES_FAIR_PPV: return (struct es_confusion){.tp = hit, .fp = miss};
    default: return (struct es_confusion){.tp = hit, .fn = miss};
    }
}

/** The level of a group on this axis; NULL when it is of other axes. */
static const char *level_on(const cJSON *group, const char *axis)
{
    const cJSON *levels = cJSON_GetObjectItemCaseSensitive(group, "group");
    return es_view_axes(levels) == 1 && strcmp(levels->child->string, axis) == 0 ? levels->child->valuestring : NULL;
}

static void gather(struct gathered *out, const cJSON *groups, const char *axis, size_t measure)
{
    const cJSON *group;
    cJSON_ArrayForEach(group, groups)
    {
        const char *level = level_on(group, axis);
        if (!level || strcmp(level, "unknown") == 0) continue;
        const struct es_view_metric m = es_view_metric(group, measures[measure].from);
        const double n = m.n.shown == ES_SHOWN_NUMBER ? (double)m.n.n : (double)NAN;
        if (m.status == ES_VIEW_SUPPRESSED) {
            out->suppressed++;
        } else if (m.status != ES_VIEW_ESTIMATED || !isfinite(m.value) || out->count == ES_MAX_LEVELS) {
            out->not_estimable++;
        } else {
            const size_t i = out->count++;
            const bool turn = measures[measure].complement;
            out->level[i] = level;
            out->value[i] = turn ? 1 - m.value : m.value;
            out->n[i] = n;
            out->lo[i] = turn ? 1 - m.hi : m.lo;
            out->hi[i] = turn ? 1 - m.lo : m.hi;
            if (measures[measure].rate != NO_FAIR && isfinite(n))
                out->counts[i] = cells(measures[measure].rate, out->value[i] * n, n);
        }
    }
}

/** E[range] if every level had the pooled value; NAN when intervals are withheld. */
static double under_parity(const struct gathered *g, bool rate)
{
    const struct es_level level = es_level_default();
    double se[ES_MAX_LEVELS], events = 0, cases = 0;
    for (size_t i = 0; i < g->count; i++) {
        events += g->value[i] * g->n[i];
        cases += g->n[i];
    }
    const double pooled = events / cases;
    for (size_t i = 0; i < g->count; i++) {
        const double width = g->hi[i] - g->lo[i];
        const double effective = rate ? es_wilson_cases(g->value[i], g->n[i], width, level.alpha) : (double)NAN;
        se[i] = rate ? sqrt(pooled * (1 - pooled) / effective) : width / (2 * es_norm_isf(level.alpha / 2));
    }
    const double range = es_expected_range(se, g->count);
    return rate && range > 1 ? 1 : range; /* NAN stays */
}

/** Effective number of cases behind each level's printed interval; NAN when intervals are withheld. */
static void effective(const struct gathered *g, double *n)
{
    for (size_t i = 0; i < g->count; i++)
        n[i] = es_wilson_cases(g->value[i], g->n[i], g->hi[i] - g->lo[i], es_level_default().alpha);
}

/** Limits of the gap and of the ratio, for all pairs of levels at once. `parts`: how many measures share alpha. */
static void limits_of(const struct gathered *g, bool rate, double parts, struct es_limits *gap, struct es_limits *ratio)
{
    const double alpha = es_level_default().alpha;
    double error[ES_MAX_LEVELS];
    *ratio = (struct es_limits){NAN, NAN};
    if (rate) {
        effective(g, error);
        (void)es_fair_range_limits(g->value, error, g->count, alpha / parts, gap, ratio);
        return;
    }
    for (size_t i = 0; i < g->count; i++) error[i] = (g->hi[i] - g->lo[i]) / (2 * es_norm_isf(alpha / 2));
    (void)es_fair_range_normal(g->value, error, g->count, alpha / parts, gap);
}

static void put_limits(struct es_tree *t, cJSON *out, const char *lo, const char *hi, struct es_limits limits)
{
    es_tree_number(t, out, lo, limits.lo);
    es_tree_number(t, out, hi, limits.hi);
}

static size_t extreme(const struct gathered *g, bool greatest)
{
    size_t at = 0;
    for (size_t i = 1; i < g->count; i++)
        if (greatest ? g->value[i] > g->value[at] : g->value[i] < g->value[at]) at = i;
    return at;
}

static void level_value(struct es_tree *t, cJSON *out, const char *name, const struct gathered *g, size_t at)
{
    if (g->count == 0) {
        es_tree_text(t, out, name, NULL);
        return;
    }
    cJSON *entry = es_tree_object(t, out, name);
    es_tree_text(t, entry, "level", g->level[at]);
    es_tree_number(t, entry, "value", g->value[at]);
}

/** Less is better of the FPR; of calibration, near 0; of the others more is. */
static size_t worst(const struct gathered *g, size_t measure)
{
    if (measures[measure].rate != NO_FAIR) return extreme(g, measures[measure].rate == ES_FAIR_FPR);
    size_t at = 0;
    for (size_t i = 1; i < g->count; i++)
        if (fabs(g->value[i]) > fabs(g->value[at])) at = i;
    return at;
}

static void words(struct es_tree *t, cJSON *out, const struct gathered *g, double difference, struct es_limits limits, double ratio,
                  double expected)
{
    char text[280], gap[24], by_chance[24], share[24], lo[24], hi[24], interval[64] = "";
    if (g->count < 2) {
        es_tree_text(t, out, "words", "fewer than two levels to compare");
        return;
    }
    es_view_fixed(difference, 3, gap, sizeof gap);
    es_view_fixed(expected, 3, by_chance, sizeof by_chance);
    es_view_fixed(ratio, 3, share, sizeof share);
    es_view_fixed(limits.lo, 3, lo, sizeof lo);
    es_view_fixed(limits.hi, 3, hi, sizeof hi);
    if (isfinite(limits.lo)) (void)snprintf(interval, sizeof interval, " (95 %% %s to %s)", lo, hi);
    (void)snprintf(text, sizeof text, "%zu levels, %s apart%s%s%s%s%s", g->count, gap, interval, isfinite(ratio) ? ", ratio " : "",
                   isfinite(ratio) ? share : "", isfinite(expected) ? "; expected by chance under parity: " : "",
                   isfinite(expected) ? by_chance : "");
    es_tree_text(t, out, "words", text);
}

static void measure(struct es_tree *t, cJSON *metrics, const cJSON *groups, const char *axis, size_t m, struct gathered *g)
{
    const bool rate = measures[m].rate != NO_FAIR;
    *g = (struct gathered){0};
    gather(g, groups, axis, m);
    if (g->count + g->not_estimable + g->suppressed == 0) return;
    double difference = NAN, ratio = NAN;
    if (rate) {
        const struct es_fair_gap gap = es_fair_gap(g->counts, g->count, measures[m].rate);
        difference = gap.difference;
        ratio = gap.ratio;
    } else if (g->count >= 2) {
        difference = g->value[extreme(g, true)] - g->value[extreme(g, false)];
    }
    const double expected = g->count >= 2 ? under_parity(g, rate) : (double)NAN;
    struct es_limits gap_limits, ratio_limits;
    limits_of(g, rate, 1, &gap_limits, &ratio_limits);
    cJSON *out = es_tree_object(t, metrics, measures[m].name);
    es_tree_text(t, out, "title", measures[m].title);
    es_tree_count(t, out, "n_defined", g->count);
    es_tree_count(t, out, "n_not_estimable", g->not_estimable);
    es_tree_count(t, out, "n_suppressed", g->suppressed);
    es_tree_number(t, out, "difference", difference);
    put_limits(t, out, "difference_lo", "difference_hi", gap_limits);
    es_tree_number(t, out, "expected_under_parity", expected);
    es_tree_number(t, out, "ratio", ratio);
    put_limits(t, out, "ratio_lo", "ratio_hi", ratio_limits);
    level_value(t, out, "lowest", g, extreme(g, false));
    level_value(t, out, "highest", g, extreme(g, true));
    if (measures[m].rate != ES_FAIR_ALERT_RATE) level_value(t, out, "worst", g, worst(g, m)); /* no rate of alerts is the bad one */
    words(t, out, g, difference, gap_limits, ratio, expected);
}

/** From the levels that show both rates. */
static void equalised_odds(struct es_tree *t, cJSON *out, const cJSON *groups, const char *axis, struct gathered *g)
{
    struct es_confusion counts[ES_MAX_LEVELS];
    size_t n = 0;
    const cJSON *group;
    cJSON_ArrayForEach(group, groups)
    {
        const char *level = level_on(group, axis);
        const struct es_view_metric tpr = es_view_metric(group, "sensitivity"), tnr = es_view_metric(group, "specificity");
        if (!level || strcmp(level, "unknown") == 0 || n == ES_MAX_LEVELS) continue;
        counts[n] = (struct es_confusion){0};
        if (tpr.status == ES_VIEW_ESTIMATED && tpr.n.shown == ES_SHOWN_NUMBER) {
            const struct es_confusion c = cells(ES_FAIR_TPR, tpr.value * (double)tpr.n.n, (double)tpr.n.n);
            counts[n].tp = c.tp;
            counts[n].fn = c.fn;
        }
        if (tnr.status == ES_VIEW_ESTIMATED && tnr.n.shown == ES_SHOWN_NUMBER) {
            const struct es_confusion c = cells(ES_FAIR_FPR, (1 - tnr.value) * (double)tnr.n.n, (double)tnr.n.n);
            counts[n].fp = c.fp;
            counts[n].tn = c.tn;
        }
        n++;
    }
    const struct es_equalised_odds odds = es_equalised_odds(counts, n);
    cJSON *entry = es_tree_object(t, out, "equalised_odds");
    es_tree_number(t, entry, "difference_worst", odds.difference_worst);
    struct es_limits gap[2], ratio[2]; /* both gaps at once: each at half of alpha */
    for (size_t m = 0; m < 2; m++) {
        *g = (struct gathered){0};
        gather(g, groups, axis, m + 1); /* tpr, fpr */
        limits_of(g, true, 2, &gap[m], &ratio[m]);
    }
    const bool both = isfinite(gap[0].lo) && isfinite(gap[1].lo); /* fmax would pass over a NAN */
    put_limits(t, entry, "difference_worst_lo", "difference_worst_hi",
               both ? (struct es_limits){fmax(gap[0].lo, gap[1].lo), fmax(gap[0].hi, gap[1].hi)} : (struct es_limits){NAN, NAN});
    es_tree_number(t, entry, "difference_mean", odds.difference_mean);
    put_limits(t, entry, "difference_mean_lo", "difference_mean_hi",
               (struct es_limits){(gap[0].lo + gap[1].lo) / 2, (gap[0].hi + gap[1].hi) / 2});
    es_tree_number(t, entry, "ratio_worst", odds.ratio_worst);
    const bool ratios = isfinite(ratio[0].lo) && isfinite(ratio[1].lo);
    put_limits(t, entry, "ratio_worst_lo", "ratio_worst_hi",
               ratios ? (struct es_limits){fmin(ratio[0].lo, ratio[1].lo), fmin(ratio[0].hi, ratio[1].hi)} : (struct es_limits){NAN, NAN});
}

/** PPV follows prevalence (Chouldechova 2017), so it is never shown without. */
static void prevalence(struct es_tree *t, cJSON *out, const cJSON *groups, const char *axis, struct gathered *g)
{
    const cJSON *group;
    *g = (struct gathered){0};
    cJSON_ArrayForEach(group, groups)
    {
        const char *level = level_on(group, axis);
        const struct es_view_metric m = es_view_metric(group, "prevalence");
        if (!level || strcmp(level, "unknown") == 0 || m.status != ES_VIEW_ESTIMATED || g->count == ES_MAX_LEVELS) continue;
        g->level[g->count] = level;
        g->value[g->count++] = m.value;
    }
    cJSON *entry = es_tree_object(t, out, "prevalence");
    level_value(t, entry, "lowest", g, extreme(g, false));
    level_value(t, entry, "highest", g, extreme(g, true));
}

static size_t known_levels(const cJSON *groups, const char *axis)
{
    size_t n = 0;
    const cJSON *group;
    cJSON_ArrayForEach(group, groups)
    {
        const char *level = level_on(group, axis);
        n += level && strcmp(level, "unknown") != 0;
    }
    return n;
}

void es_report_fairness(struct es_tree *t, cJSON *release)
{
    struct es_view_finding at = {0};
    struct gathered *g = malloc(sizeof *g);
    if (!g) t->failed = true;
    while (!t->failed && es_view_next(release, &at)) {
        cJSON *finding = cJSON_GetObjectItemCaseSensitive(at.model, "findings")->child;
        while (finding != at.finding) finding = finding->next; /* the same node, through a pointer that may write */
        const cJSON *axis, *groups = cJSON_GetObjectItemCaseSensitive(finding, "groups");
        cJSON *fairness = es_tree_object(t, finding, "fairness");
        cJSON_ArrayForEach(axis, cJSON_GetObjectItemCaseSensitive(release, "axes"))
        {
            const char *name = es_view_string(axis, "name");
            cJSON *out = es_tree_object_as(t, fairness, name);
            es_tree_count(t, out, "levels", known_levels(groups, name));
            cJSON *metrics = es_tree_object(t, out, "metrics");
            for (size_t m = 0; m < MEASURES; m++) measure(t, metrics, groups, name, m, g);
            equalised_odds(t, out, groups, name, g);
            prevalence(t, out, groups, name, g);
        }
    }
    free(g);
}
