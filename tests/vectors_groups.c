/* SPDX-License-Identifier: Apache-2.0 */
/* Vector files D, E3, G and H2: fairness, levelling down, cases needed, representation, disclosure, label-free. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "metrics/disclosure.h"
#include "metrics/fairness.h"
#include "metrics/label_free.h"
#include "metrics/levelling.h"
#include "metrics/planning.h"
#include "metrics/representation.h"
#include "vectors_kernels.h"

static uint64_t member(const cJSON *object, const char *name)
{
    return es_vec_whole(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void check_fair_metric(struct es_vec *v, const struct es_confusion *groups, size_t count, enum es_fair_metric metric)
{
    char field[ES_VEC_NAME];
    const char *name = es_fair_metric_name(metric);
    double *values = es_vec_alloc(count, sizeof *values), *against = es_vec_alloc(count, sizeof *against);
    for (size_t i = 0; i < count; i++) {
        const struct es_fair_rest r = es_fair_vs_rest(groups, count, i, metric, 0.05);
        double x, n;
        es_fair_counts(&groups[i], metric, &x, &n);
        values[i] = n > 0.0 ? x / n : (double)NAN;
        against[i] = r.difference;
    }
    const struct es_fair_gap gap = es_fair_gap(groups, count, metric);
    snprintf(field, sizeof field, "%s.by_group", name);
    es_vec_check_array(v, field, values, count);
    snprintf(field, sizeof field, "%s.vs_rest", name);
    es_vec_check_array(v, field, against, count);
    snprintf(field, sizeof field, "%s.n_defined", name);
    es_vec_check_count(v, field, gap.defined);
    snprintf(field, sizeof field, "%s.diff", name);
    es_vec_check(v, field, gap.difference);
    snprintf(field, sizeof field, "%s.ratio", name);
    es_vec_check(v, field, gap.ratio);
    snprintf(field, sizeof field, "%s.worst", name);
    es_vec_check(v, field, gap.worst);
    free(values);
    free(against);
}

void es_vec_fairness(struct es_vec *v)
{
    while (es_vec_next(v)) {
        const cJSON *list = cJSON_GetObjectItemCaseSensitive(v->in, "groups"), *item = NULL;
        size_t count = 0;
        struct es_confusion *groups = es_vec_alloc((size_t)cJSON_GetArraySize(list), sizeof *groups);
        cJSON_ArrayForEach(item, list) groups[count++] =
            (struct es_confusion){member(item, "tp"), member(item, "fp"), member(item, "fn"), member(item, "tn")};
        for (int m = 0; m < ES_FAIR_METRICS; m++) check_fair_metric(v, groups, count, (enum es_fair_metric)m);
        const struct es_equalised_odds odds = es_equalised_odds(groups, count);
        es_vec_check(v, "eq_odds_diff_worst", odds.difference_worst);
        es_vec_check(v, "eq_odds_diff_mean", odds.difference_mean);
        es_vec_check(v, "eq_odds_ratio_worst", odds.ratio_worst);
        const struct es_benefit_entropy entropy = es_benefit_entropy(groups, count);
        es_vec_check(v, "theil", entropy.theil);
        es_vec_check(v, "ge2", entropy.squared);
        es_vec_check(v, "ge_between2", entropy.between_groups);
        free(groups);
    }
}

static void check_flags(struct es_vec *v, const char *field, const struct es_group_change *changes, size_t count, bool improved)
{
    const cJSON *want = es_vec_want(v, field);
    if (want == NULL) return;
    es_vec_saw(v, field);
    v->fields++;
    bool same = (size_t)cJSON_GetArraySize(want) == count;
    for (size_t i = 0; same && i < count; i++)
        same = cJSON_IsTrue(cJSON_GetArrayItem(want, (int)i)) == (improved ? changes[i].improved : changes[i].harmed);
    if (!same) es_vec_fail(v, field, "other truth values");
}

static void check_changes(struct es_vec *v, const struct es_group_change *changes, size_t count)
{
    double *column = es_vec_alloc(2 * count, sizeof *column);
    for (size_t i = 0; i < count; i++) column[i] = changes[i].change;
    es_vec_check_array(v, "change", column, count);
    for (size_t i = 0; i < count; i++) {
        column[2 * i] = changes[i].limits.lo;
        column[2 * i + 1] = changes[i].limits.hi;
    }
    es_vec_check_pairs(v, "ci", column, count);
    for (size_t i = 0; i < count; i++) column[i] = changes[i].p;
    es_vec_check_array(v, "p", column, count);
    for (size_t i = 0; i < count; i++) column[i] = changes[i].p_adjusted;
    es_vec_check_array(v, "p_holm", column, count);
    check_flags(v, "harmed", changes, count, false);
    check_flags(v, "improved", changes, count, true);
    free(column);
}

void es_vec_levelling(struct es_vec *v)
{
    while (es_vec_next(v)) {
        const cJSON *list = cJSON_GetObjectItemCaseSensitive(v->in, "groups"), *item = NULL;
        const size_t size = (size_t)cJSON_GetArraySize(list);
        struct es_paired *groups = es_vec_alloc(size, sizeof *groups);
        struct es_group_change *changes = es_vec_alloc(size, sizeof *changes);
        uint32_t *scratch = es_vec_alloc(size, sizeof *scratch);
        double *work = es_vec_alloc(2 * size, sizeof *work);
        size_t count = 0;
        cJSON_ArrayForEach(item, list) groups[count++] =
            (struct es_paired){(double)member(item, "a"), (double)member(item, "b"), (double)member(item, "c"),
                               (double)member(item, "d")};
        const double min_n = es_vec_in(v, "min_n"); /* METRICS section 0: 10 when a case does not say */
        const struct es_levelling_summary s =
            es_levelling_judge(groups, count, es_vec_in(v, "alpha"), isnan(min_n) ? 10.0 : min_n, changes, scratch, work);
        check_changes(v, changes, count);
        es_vec_check(v, "gap_old", s.gap_old);
        es_vec_check(v, "gap_new", s.gap_new);
        es_vec_check_text(v, "verdict", es_levelling_name(s.verdict));
        free(groups);
        free(changes);
        free(scratch);
        free(work);
    }
}

/** Whole answers are exact unless the power at either answer is within 1e-9 of the target (the file's note). */
static void check_needed(struct es_vec *v, const struct es_plan_inputs *in, const char *object, enum es_goal goal,
                         enum es_growth growth)
{
    char field[ES_VEC_NAME];
    const struct es_cases_needed needed = es_plan_needed(in, goal, growth);
    snprintf(field, sizeof field, "%s.power_now", object);
    es_vec_check(v, field, needed.power_now);
    snprintf(field, sizeof field, "%s.n1_needed", object);
    const cJSON *want = es_vec_want(v, field);
    const double n1 = es_vec_number(want), n2 = growth == ES_GROW_SCALE ? ceil(in->n2 / in->n1 * n1) : in->n2;
    const bool at_the_edge = cJSON_IsNumber(want) && fabs(es_plan_power(in, goal, n1, n2) - in->power) < 1e-9;
    if (!needed.reachable || at_the_edge) es_vec_check_tol(v, field, needed.reachable ? n1 : (double)NAN, 0, 0);
    else es_vec_check_count(v, field, needed.needed);
    snprintf(field, sizeof field, "%s.additional", object);
    if (!needed.reachable || at_the_edge) es_vec_check_tol(v, field, needed.reachable ? fmax(0.0, n1 - in->n1) : (double)NAN, 0, 0);
    else es_vec_check_count(v, field, needed.additional);
}

static void check_exact_power(struct es_vec *v, const struct es_plan_inputs *in, const char *field, enum es_goal goal)
{
    if (!es_vec_has(v, field)) return;
    const struct es_cases_needed needed = es_plan_needed(in, goal, ES_GROW_SCALE);
    const double n2 = ceil(in->n2 / in->n1 * (double)needed.needed);
    es_vec_check(v, field, needed.reachable ? es_plan_exact_power(in, goal, (uint32_t)needed.needed, (uint32_t)n2) : (double)NAN);
}

void es_vec_planning(struct es_vec *v)
{
    while (es_vec_next(v)) {
        const struct es_two_by_two now = {es_vec_in(v, "x1"), es_vec_in(v, "n1"), es_vec_in(v, "x2"), es_vec_in(v, "n2")};
        const struct es_plan_inputs in =
            es_plan_from_counts(&now, es_vec_in(v, "margin"), es_vec_in(v, "alpha"), es_vec_in(v, "power"));
        es_vec_check(v, "p1", in.p1);
        es_vec_check(v, "p2", in.p2);
        check_needed(v, &in, "disparity_scale", ES_GOAL_DISPARITY, ES_GROW_SCALE);
        check_needed(v, &in, "parity_scale", ES_GOAL_PARITY, ES_GROW_SCALE);
        check_needed(v, &in, "disparity_group_only", ES_GOAL_DISPARITY, ES_GROW_GROUP_ONLY);
        check_needed(v, &in, "parity_group_only", ES_GOAL_PARITY, ES_GROW_GROUP_ONLY);
        const uint64_t equal = es_plan_equal_arms(&in);
        if (equal > 0) es_vec_check_count(v, "equal_n_disparity", equal);
        else es_vec_check(v, "equal_n_disparity", NAN);
        es_vec_check(v, "noninf_total_FM", es_plan_noninferiority(&in));
        check_exact_power(v, &in, "exact_power_disparity_scale", ES_GOAL_DISPARITY);
        check_exact_power(v, &in, "exact_power_parity_scale", ES_GOAL_PARITY);
    }
}

static void check_shares(struct es_vec *v, const struct es_share *shares, size_t count)
{
    double *column = es_vec_alloc(2 * count, sizeof *column);
    for (size_t i = 0; i < count; i++) column[i] = shares[i].share;
    es_vec_check_array(v, "share", column, count);
    for (size_t i = 0; i < count; i++) column[i] = shares[i].ratio;
    es_vec_check_array(v, "ratio", column, count);
    for (size_t i = 0; i < count; i++) {
        column[2 * i] = shares[i].limits.lo;
        column[2 * i + 1] = shares[i].limits.hi;
    }
    es_vec_check_pairs(v, "ratio_ci", column, count);
    for (size_t i = 0; i < count; i++) column[i] = shares[i].residual;
    es_vec_check_array(v, "std_resid", column, count);
    for (size_t i = 0; i < count; i++) column[i] = shares[i].shortfall_reachable ? (double)shares[i].shortfall : (double)NAN;
    es_vec_check_array(v, "shortfall", column, count);
    free(column);
}

static void check_representation(struct es_vec *v)
{
    struct es_representation r;
    size_t n = 0, m = 0;
    uint64_t *x = es_vec_in_wholes(v, "x", &n);
    double *reference = es_vec_in_array(v, "ref", &m);
    struct es_share *shares = es_vec_alloc(n, sizeof *shares);
    if (n == m && es_representation(x, reference, (uint32_t)n, es_vec_in(v, "alpha"), shares, &r)) {
        check_shares(v, shares, n);
        es_vec_check_count(v, "n", r.n);
        es_vec_check_count(v, "off_reference", r.off_reference);
        es_vec_check(v, "chi2", r.chi2);
        es_vec_check_count(v, "df", r.df);
        es_vec_check(v, "p", r.p);
        es_vec_check(v, "min_expected", r.min_expected);
        es_vec_check(v, "js_dist", r.js_distance);
        es_vec_check(v, "p_exact", r.p_exact);
    } else {
        es_vec_fail(v, "x", "cannot be compared with its reference");
    }
    free(x);
    free(reference);
    free(shares);
}

/** Stage rates a / b per group, against expect.<field>. */
static void check_rates(struct es_vec *v, const char *field, const double *a, const double *b, size_t count)
{
    double *rate = es_vec_alloc(count, sizeof *rate);
    for (size_t i = 0; i < count; i++) rate[i] = b[i] > 0.0 ? a[i] / b[i] : (double)NAN;
    es_vec_check_array(v, field, rate, count);
    free(rate);
}

/** Labelled share of each group against all others pooled. */
static void check_labelled(struct es_vec *v, const double *labelled, const double *result, size_t count)
{
    double all_labelled = 0.0, all = 0.0;
    double *difference = es_vec_alloc(count, sizeof *difference), *limits = es_vec_alloc(2 * count, sizeof *limits);
    for (size_t i = 0; i < count; i++) {
        all_labelled += labelled[i];
        all += result[i];
    }
    for (size_t i = 0; i < count; i++) {
        const struct es_two_by_two t = {labelled[i], result[i], all_labelled - labelled[i], all - result[i]};
        const double alpha = es_vec_in(v, "alpha");
        const struct es_limits mn = es_miettinen_nurminen(&t, isnan(alpha) ? 0.05 : alpha);
        difference[i] = t.n1 > 0.0 && t.n2 > 0.0 ? t.x1 / t.n1 - t.x2 / t.n2 : (double)NAN;
        limits[2 * i] = mn.lo;
        limits[2 * i + 1] = mn.hi;
    }
    es_vec_check_array(v, "labelled_vs_rest", difference, count);
    es_vec_check_pairs(v, "labelled_vs_rest_mn", limits, count);
    free(difference);
    free(limits);
}

static void check_funnel(struct es_vec *v)
{
    static const char *const stages[] = {"eligible", "sent", "result", "labelled"};
    double *stage[4];
    size_t n[4];
    for (int i = 0; i < 4; i++) stage[i] = es_vec_in_array(v, stages[i], &n[i]);
    if (n[0] == n[1] && n[1] == n[2] && n[2] == n[3]) {
        check_rates(v, "sent_rate", stage[1], stage[0], n[0]);
        check_rates(v, "result_rate", stage[2], stage[1], n[0]);
        check_rates(v, "labelled_rate", stage[3], stage[2], n[0]);
        check_rates(v, "overall", stage[3], stage[0], n[0]);
        check_labelled(v, stage[3], stage[2], n[0]);
    } else {
        es_vec_fail(v, "eligible", "stages of different lengths");
    }
    for (int i = 0; i < 4; i++) free(stage[i]);
    size_t weights = 0;
    double *weight = es_vec_in_array(v, "weights", &weights);
    es_vec_check(v, "kish_ess", es_kish(weight, weights));
    free(weight);
}

void es_vec_representation(struct es_vec *v)
{
    while (es_vec_next(v)) {
        if (cJSON_GetObjectItemCaseSensitive(v->in, "eligible") != NULL) check_funnel(v);
        else check_representation(v);
    }
}

void es_vec_label_free(struct es_vec *v)
{
    while (es_vec_next(v)) {
        size_t n = 0, m = 0;
        double *s = es_vec_in_array(v, "s", &n), *p = es_vec_in_array(v, "p", &m);
        struct es_scored *cases = es_vec_alloc(n, sizeof *cases);
        struct es_label_free e;
        for (size_t i = 0; i < n && i < m; i++) cases[i] = (struct es_scored){s[i], p[i]};
        if (n == m && es_label_free(cases, n, es_vec_in(v, "threshold"), &e)) {
            const struct { const char *field; double got; } all[] = {
                {"etp", e.tp}, {"efp", e.fp}, {"efn", e.fn}, {"etn", e.tn}, {"sensitivity", e.sensitivity},
                {"specificity", e.specificity}, {"ppv", e.ppv}, {"npv", e.npv}, {"accuracy", e.accuracy}, {"f1", e.f1},
                {"auroc", e.auroc}, {"sd_etp", e.sd_tp}, {"sd_efn", e.sd_fn}, {"sd_sens", e.sd_sensitivity}};
            for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) es_vec_check(v, all[i].field, all[i].got);
        } else {
            es_vec_fail(v, "s", "refused");
        }
        free(s);
        free(p);
        free(cases);
    }
}
