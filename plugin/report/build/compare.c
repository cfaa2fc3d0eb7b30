/* SPDX-License-Identifier: Apache-2.0 */
/* A group against its rest: what belongs to the plan's family waits until the family is known, all else is exploratory and bears no
 * verdict. Judged sequentially (sequential.c); in Mode "fixed" by weighted Holm (METRICS E2), each planned look at its share of alpha.
 * The interval beside a verdict is the one the verdict was drawn from. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/build/build.h"

static void not_estimable(struct es_tree *t, cJSON *node, enum es_reason reason, bool primary)
{
    es_report_not_estimable(t, node, reason);
    es_tree_text(t, node, "family", primary ? "primary" : "exploratory");
}

static void interval(struct es_tree *t, cJSON *intervals, enum es_interval method, double level, bool adjusted, double lo, double hi)
{
    cJSON *out = es_tree_object(t, intervals, NULL);
    es_tree_text(t, out, "method", es_interval_name(method));
    es_tree_number(t, out, "level", level);
    es_tree_bool(t, out, "adjusted", adjusted);
    es_tree_number(t, out, "lo", lo);
    es_tree_number(t, out, "hi", hi);
}

/** Members that a comparison has whether it is judged or not, up to the intervals. */
static cJSON *head(struct es_tree *t, cJSON *node, const struct es_comparison *c)
{
    es_tree_number(t, node, "difference", c->difference);
    es_tree_number(t, node, "group_value", c->group);
    es_tree_number(t, node, "rest_value", c->rest);
    return es_tree_array(t, node, "intervals");
}

static void people(struct es_tree *t, cJSON *node, const struct es_comparison *c)
{
    cJSON *out = es_tree_object(t, node, ES_HIDDEN);
    es_tree_count(t, out, "n_group", c->n_group);
    es_tree_count(t, out, "n_rest", c->n_rest);
    es_tree_count(t, out, "patients_group", c->patients_group);
    es_tree_count(t, out, "patients_rest", c->patients_rest);
}

static void flags(struct es_tree *t, cJSON *node, uint32_t bits, bool from_plan_day)
{
    cJSON *out = es_tree_array(t, node, "flags");
    for (uint32_t bit = 1; bit; bit <<= 1)
        if ((bits & bit) && es_flag_name(bit)) es_tree_text(t, out, NULL, es_flag_name(bit));
    if (from_plan_day) es_tree_text(t, out, NULL, "cases_from_plan_day");
}

static void exploratory(struct es_tree *t, cJSON *node, const struct es_metric *metric, const struct es_comparison *c,
                        const struct es_level *level, double margin, const char *reason)
{
    char words[240];
    const double percent = 100 * (1 - level->alpha);
    es_report_words(words, sizeof words, metric, c->group, c->rest, c->difference, c->lo, c->hi, percent, false);
    cJSON *intervals = head(t, node, c);
    interval(t, intervals, c->method, 1 - level->alpha, false, c->lo, c->hi);
    es_tree_text(t, node, "mode", "fixed");
    es_tree_number(t, node, "margin", margin);
    es_tree_text(t, node, "family", "exploratory");
    es_tree_text(t, node, "verdict", NULL);
    es_tree_number(t, node, "p", c->p_difference);
    es_tree_number(t, node, "p_adjusted", NAN);
    flags(t, node, c->flags, false);
    es_tree_text(t, node, "reason", reason);
    es_tree_text(t, node, "words", words);
    es_tree_text(t, node, "cases_needed", NULL);
    people(t, node, c);
}

static struct es_trial *new_trial(struct es_report *report)
{
    if (report->n_trials == report->trials_size) {
        const size_t size = report->trials_size ? report->trials_size * 2 : 64;
        struct es_trial *grown = reallocarray(report->trials, size, sizeof *grown);
        if (!grown) return NULL;
        report->trials = grown;
        report->trials_size = size;
    }
    struct es_trial *trial = &report->trials[report->n_trials++];
    *trial = (struct es_trial){.adjusted = NAN, .adjusted_tost = NAN};
    return trial;
}

/** The sweep that bears verdicts, and where this group stands in it; SIZE_MAX when no case is left from the plan's day on. */
static size_t judging(const struct es_report *report, const struct es_report_part *part, size_t index, const struct es_sweep **sweep,
                      const struct es_tally **tallies)
{
    *sweep = part->judge ? part->judge : part->sweep;
    *tallies = part->judge ? part->judge_tallies : part->tallies;
    if (!part->judge) return index;
    const struct es_group_key key = es_sweep_key(part->sweep, index);
    for (size_t i = 0; i < es_sweep_count(part->judge); i++)
        if (es_report_same_key(key, es_sweep_key(part->judge, i), report->groupings[key.grouping].n)) return i;
    return SIZE_MAX;
}

/** A comparison that bears no verdict, with the reason when it is one that the plan names. */
static void compare_exploratory(struct es_report *report, const struct es_report_part *part, size_t index,
                                const struct es_metric *metric, double margin, const char *reason, cJSON *node)
{
    const struct es_level level = es_level_default();
    struct es_comparison c = {0};
    if (!metric->compare(es_sweep_summary(part->sweep, index), &level, margin, &c) || c.status != ES_ESTIMATED) {
        not_estimable(&report->tree, node, c.reason, false);
        return;
    }
    if (es_report_ai_aware(es_sweep_summary(part->sweep, 0), metric)) c.flags |= ES_FLAG_AI_AWARE; /* group or rest */
    exploratory(&report->tree, node, metric, &c, &level, margin, reason);
    es_report_anytime(report, es_sweep_summary(part->sweep, index), metric, margin, node);
    es_report_adjusted(report, part->adjusted, es_sweep_key(part->sweep, index), metric, node);
}

/** The plan names it, so its answer is told among the plan's: it cannot be judged by a test that may be looked at every day. The figures
 * stay those of one look, and it takes no share of alpha (sequential.c). */
static void not_sequenced(struct es_tree *t, cJSON *node)
{
    es_tree_set(t, node, "family", cJSON_CreateString("primary"));
    if (cJSON_GetObjectItemCaseSensitive(node, "verdict"))
        es_tree_set(t, node, "verdict", cJSON_CreateString(es_verdict_name(ES_VERDICT_NOT_ENOUGH)));
}

static enum es_errc compare_primary(struct es_report *report, const struct es_report_part *part, size_t index,
                                    const struct es_metric *metric, double margin, double weight, cJSON *node, struct es_error *err)
{
    const struct es_sweep *sweep = NULL;
    const struct es_tally *tallies = NULL;
    const size_t at = judging(report, part, index, &sweep, &tallies);
    const struct es_level level = es_level_default();
    struct es_comparison c = {0};
    if (part->judge && (at == SIZE_MAX || es_summary_cases(es_sweep_summary(sweep, at)) == 0)) {
        compare_exploratory(report, part, index, metric, margin, "before_plan", node);
        return ES_OK;
    }
    if (at == SIZE_MAX || !metric->compare(es_sweep_summary(sweep, at), &level, margin, &c) || c.status != ES_ESTIMATED) {
        not_estimable(&report->tree, node, at == SIZE_MAX ? ES_NO_CASES : c.reason, true);
        return ES_OK;
    }
    enum es_rate rate = ES_RATE_SENSITIVITY;
    const bool sequential = !report->config->plan.fixed;
    const struct es_finding_config *finding = &report->config->models[part->stream->model].findings[part->stream->finding];
    double bounds[2];
    const bool mean = sequential && part->means && es_report_mean(finding, metric, bounds);
    if (sequential && !mean && !es_report_rate(metric, &rate)) {
        const bool unranged = strcmp(metric->name, "bias") == 0 && !es_report_mean(finding, metric, bounds);
        compare_exploratory(report, part, index, metric, margin, unranged ? es_reason_code(ES_NO_RANGE) : "no_sequential_test", node);
        not_sequenced(&report->tree, node);
        return ES_OK;
    }
    struct es_trial *trial = new_trial(report);
    if (!trial) return es_fail(err, ES_E_MEMORY, "no memory for comparison %zu", report->n_trials);
    trial->metric = metric;
    trial->part = part;
    trial->key = es_sweep_key(part->sweep, index);
    trial->summary = es_sweep_summary(sweep, at);
    trial->raw = c;
    if (mean) trial->mean = &part->means[index];
    else if (sequential) trial->sums = es_report_sums(part, index, trial->summary, rate);
    trial->node = node;
    trial->margin = margin;
    trial->weight = weight;
    trial->from_plan_day = part->judge != NULL;
    trial->ai_aware = es_report_ai_aware(es_sweep_summary(sweep, 0), metric);
    trial->turned = es_report_turned(report, sweep, tallies, at, metric, c.difference);
    trial->corrected = es_report_corrected(report, trial->summary, metric, c.deff);
    return ES_OK;
}

enum es_errc es_report_compare(struct es_report *report, const struct es_report_part *part, size_t index, cJSON *against_rest,
                               struct es_error *err)
{
    struct es_tree *t = &report->tree;
    const struct es_group_key key = es_sweep_key(part->sweep, index);
    const struct es_summary *s = es_sweep_summary(part->sweep, index);
    if (report->groupings[key.grouping].n == 0) return ES_OK; /* everyone has no rest */
    const uint32_t task = es_finding_tasks(&report->config->models[part->stream->model].findings[part->stream->finding]);
    const double weight = report->plan_day == ES_NO_DAY ? 0 : es_report_weight(report, key, es_summary_units(s) == 0);
    for (size_t i = 0; i < es_metrics_count; i++) {
        const struct es_metric *metric = &es_metrics[i];
        const struct es_plan_metric *row = es_report_plan_metric(report, metric->name);
        if (!(metric->tasks & task) || !metric->compare || (!metric->verdict && !row)) continue;
        const double margin = row ? row->margin : (double)NAN;
        cJSON *node = es_tree_object(t, against_rest, metric->name);
        if (metric->verdict && row && row->primary && weight > 0) {
            const enum es_errc e = compare_primary(report, part, index, metric, margin, weight, node, err);
            if (e != ES_OK) return e;
            continue;
        }
        compare_exploratory(report, part, index, metric, margin, NULL, node);
    }
    return t->failed ? es_fail(err, ES_E_MEMORY, "no memory for the comparisons") : ES_OK;
}

/** How much stricter than alone a hypothesis was judged: adjusted p over p, at most the whole family's weight over its own. */
static double strictness(double p, double adjusted, double whole)
{
    if (!(p > 0) || !(adjusted < 1)) return whole;
    return fmin(whole, fmax(1, adjusted / p));
}

const char *es_report_reason(const struct es_trial *trial, const struct es_comparison *c, const struct es_plan *plan, bool blocked)
{
    if (c->n_group < plan->min_cases || c->n_rest < plan->min_cases) return "min_cases";
    if (c->patients_group < plan->min_patients || c->patients_rest < plan->min_patients) return "min_patients";
    if (blocked || (trial->turned && !plan->correct_verification)) return es_reason_code(ES_VERIFICATION);
    return c->reason == ES_REASON_NONE ? "interval" : es_reason_code(c->reason);
}

/** The fixed-size test, recomputed at the level that the family's correction and the planned looks leave it. */
static void rule_fixed(const struct es_report *report, const struct es_trial *trial, double total, struct es_ruling *out)
{
    const struct es_plan *plan = &report->config->plan;
    const struct es_level plain = es_level_default();
    const double whole = plan->planned_looks * fmax(1, total / trial->weight), p_tost = fmax(trial->raw.p_lower, trial->raw.p_upper);
    struct es_level strict = plain;
    strict.alpha = plan->alpha / strictness(trial->raw.p_difference, trial->adjusted, whole);
    strict.equivalence = plan->alpha / strictness(p_tost, trial->adjusted_tost, whole);
    *out = (struct es_ruling){.mode = "fixed", .alpha = strict.alpha, .p = trial->raw.p_difference, .p_adjusted = trial->adjusted,
                              .plain = trial->raw.method, .plain_lo = trial->raw.lo, .plain_hi = trial->raw.hi};
    struct es_comparison *c = &out->comparison;
    if (!trial->metric->compare(trial->summary, &strict, trial->margin, c) || c->status != ES_ESTIMATED) *c = trial->raw;
    if (plan->correct_verification && c->reason == ES_VERIFICATION) c->reason = ES_REASON_NONE; /* es_report_blocked() has the word */
    out->verdict = es_verdict_of(c, trial->margin, plan->alpha, plan->alpha, plan->min_cases, plan->min_patients, trial->adjusted,
                                 trial->adjusted_tost);
    const bool blocked = es_report_blocked(report, trial, out->verdict);
    if (blocked) out->verdict = ES_VERDICT_NOT_ENOUGH;
    out->reason = out->verdict == ES_VERDICT_NOT_ENOUGH ? es_report_reason(trial, c, plan, blocked) : NULL;
    const bool parity = out->verdict == ES_VERDICT_PARITY;
    out->lo = parity ? c->lo_eq : c->lo;
    out->hi = parity ? c->hi_eq : c->hi;
    out->level = 1 - (parity ? 2 * strict.equivalence : strict.alpha);
    out->percent = 100 * (1 - (parity ? 2 : 1) * plan->alpha);
}

static void write_ruling(struct es_report *report, const struct es_trial *trial, const struct es_ruling *r)
{
    struct es_tree *t = &report->tree;
    const struct es_comparison *c = &r->comparison;
    char words[240];
    if (r->verdict == ES_VERDICT_NONE) {
        not_estimable(t, trial->node, c->reason, true);
        return;
    }
    es_report_words(words, sizeof words, trial->metric, c->group, c->rest, c->difference, r->lo, r->hi, r->percent, true);
    cJSON *intervals = head(t, trial->node, c);
    interval(t, intervals, c->method, r->level, true, r->lo, r->hi);
    interval(t, intervals, r->plain, 1 - es_level_default().alpha, false, r->plain_lo, r->plain_hi);
    es_tree_text(t, trial->node, "mode", r->mode);
    es_tree_number(t, trial->node, "margin", trial->margin);
    es_tree_text(t, trial->node, "family", "primary");
    es_tree_text(t, trial->node, "verdict", es_verdict_name(r->verdict));
    es_tree_number(t, trial->node, "p", r->p);
    es_tree_number(t, trial->node, "p_adjusted", r->p_adjusted);
    flags(t, trial->node, c->flags | (trial->ai_aware ? (uint32_t)ES_FLAG_AI_AWARE : 0), trial->from_plan_day);
    es_tree_text(t, trial->node, "reason", r->reason);
    es_tree_text(t, trial->node, "words", words);
    if (r->verdict == ES_VERDICT_NOT_ENOUGH && !(r->reason && strcmp(r->reason, es_reason_code(ES_VERIFICATION)) == 0))
        es_report_need(report, trial, r);
    else
        es_tree_text(t, trial->node, "cases_needed", NULL);
    if (isfinite(trial->corrected.difference)) {
        cJSON *corrected = es_tree_object(t, trial->node, "corrected");
        es_tree_text(t, corrected, "method", "begg-greenes");
        es_tree_bool(t, corrected, "declared", report->config->plan.correct_verification);
        es_tree_number(t, corrected, "difference", trial->corrected.difference);
        es_tree_number(t, corrected, "lo", trial->corrected.limits.lo);
        es_tree_number(t, corrected, "hi", trial->corrected.limits.hi);
    }
    people(t, trial->node, c);
    es_report_adjusted(report, trial->from_plan_day ? trial->part->judge_adjusted : trial->part->adjusted, trial->key, trial->metric,
                       trial->node);
}

/** Bonferroni over the planned looks: p against the whole alpha is p over the looks against each look's share. */
static double over_looks(const struct es_report *report, double p)
{
    return isnan(p) ? p : fmin(1, p * report->config->plan.planned_looks);
}

static enum es_errc judge_sequential(struct es_report *report, struct es_error *err)
{
    double epochs = 1;
    const double total = es_report_family(report, &epochs);
    es_tree_number(&report->tree, report->plan_node, "alpha_over_epochs", report->config->plan.alpha * epochs);
    for (size_t i = 0; i < report->n_trials; i++) {
        struct es_ruling ruling;
        if (report->trials[i].mean) es_report_rule_mean(report, &report->trials[i], total, &ruling);
        else es_report_rule_sequential(report, &report->trials[i], total, &ruling);
        write_ruling(report, &report->trials[i], &ruling);
    }
    return report->tree.failed ? es_fail(err, ES_E_MEMORY, "no memory for %zu verdicts", report->n_trials) : ES_OK;
}

enum es_errc es_report_judge(struct es_report *report, struct es_error *err)
{
    const size_t n = report->n_trials;
    if (!report->config->plan.fixed) return judge_sequential(report, err);
    if (n == 0) return ES_OK;
    if (n > UINT32_MAX) return es_fail(err, ES_E_LIMIT, "%zu comparisons in the plan, %u allowed", n, UINT32_MAX);
    double *work = calloc(n, 5 * sizeof *work);
    uint32_t *scratch = calloc(n, sizeof *scratch);
    if (!work || !scratch) {
        free(work);
        free(scratch);
        return es_fail(err, ES_E_MEMORY, "no memory to correct %zu comparisons", n);
    }
    double *p = work, *tost = work + n, *weight = work + 2 * n, *adjusted = work + 3 * n, *adjusted_tost = work + 4 * n, total = 0;
    for (size_t i = 0; i < n; i++) {
        const struct es_trial *trial = &report->trials[i];
        p[i] = trial->raw.p_difference;
        /* fmax would hide a NAN: without a margin there is no parity test in the family */
        tost[i] = isnan(trial->raw.p_lower) || isnan(trial->raw.p_upper) ? (double)NAN : fmax(trial->raw.p_lower, trial->raw.p_upper);
        weight[i] = trial->weight;
        total += trial->weight;
    }
    es_holm_weighted(p, weight, n, scratch, adjusted);
    es_holm_weighted(tost, weight, n, scratch, adjusted_tost);
    for (size_t i = 0; i < n; i++) {
        report->trials[i].adjusted = over_looks(report, adjusted[i]);
        report->trials[i].adjusted_tost = over_looks(report, adjusted_tost[i]);
    }
    for (size_t i = 0; i < n; i++) {
        struct es_ruling ruling;
        rule_fixed(report, &report->trials[i], total, &ruling);
        write_ruling(report, &report->trials[i], &ruling);
    }
    free(work);
    free(scratch);
    return report->tree.failed ? es_fail(err, ES_E_MEMORY, "no memory for %zu verdicts", n) : ES_OK;
}
