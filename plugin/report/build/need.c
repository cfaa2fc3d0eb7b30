/* SPDX-License-Identifier: Apache-2.0 */
/* "cases_needed": how many more positives or negatives of a group a verdict would take, how many exams that is, and how long it takes
 * at the present rate. Planning figures that inherit the noise of the difference: rounded up, never a stopping rule (METRICS E3). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "metrics/gap.h"
#include "metrics/planning.h"
#include "metrics/sequential.h"
#include "plugin/base/time.h"
#include "plugin/report/disclosure/disclosure.h"
#include "plugin/report/view.h"

#define DAYS_A_MONTH (365.25 / 12)
#define FARTHEST 120 /* months: past ten years a date would be a fancy */

struct es_report_span es_report_span(const struct es_sheet *sheet)
{
    struct es_report_span span = {ES_NO_DAY, ES_NO_DAY};
    for (uint32_t row = 0; row < sheet->rows; row++) {
        const int32_t day = sheet->exam_day[row];
        if (sheet->stage[row] != ES_STAGE_REFERENCED || day == ES_NO_DAY) continue;
        if (span.first == ES_NO_DAY || day < span.first) span.first = day;
        if (span.last == ES_NO_DAY || day > span.last) span.last = day;
    }
    return span;
}

/** Cases until the fixed-size test shows a disparity or parity, whichever is nearer, with power 0.8: METRICS E3 on effective counts. */
static double fixed_need(const struct es_trial *trial, const struct es_ruling *ruling)
{
    const struct es_comparison *c = &trial->raw;
    const double deff = c->deff >= 1 ? c->deff : 1, n1 = (double)c->n_group / deff, n2 = (double)c->n_rest / deff;
    if (trial->metric->kernel != ES_KERNEL_RATIO || !(n1 > 0) || !(n2 > 0)) return NAN;
    const struct es_plan_inputs in = {.p1 = (c->group * n1 + 1) / (n1 + 2), .p2 = (c->rest * n2 + 1) / (n2 + 2), .n1 = n1, .n2 = n2,
                                      .margin = trial->margin, .alpha = ruling->alpha, .power = 0.8};
    double nearest = (double)NAN;
    for (enum es_goal goal = ES_GOAL_DISPARITY; goal <= ES_GOAL_PARITY; goal++) {
        if (goal == ES_GOAL_PARITY && !(trial->margin > 0 && trial->margin < 1)) continue;
        const struct es_cases_needed need = es_plan_needed(&in, goal, ES_GROW_SCALE);
        if (need.reachable) nearest = fmin(nearest, ceil((double)need.additional * deff)); /* fmin: a NAN gives way */
    }
    return nearest;
}

/** Cases until the least numbers are there that any verdict is given from: the plan's in both arms, and those that the score sequence asks
 * for (es_gap_enough()); both arms grow alike. 0 when they are. */
static double least_need(const struct es_plan *plan, const struct es_trial *trial, const struct es_ruling *ruling)
{
    const struct es_comparison *c = &ruling->comparison;
    const bool score = strcmp(ruling->mode, "sequential") == 0, several = score && es_gap_clustered(&trial->sums);
    const double n1 = (double)c->n_group, n2 = (double)c->n_rest, found = c->group * n1 + c->rest * n2;
    const double cases = fmax(plan->min_cases, score ? ES_SEQUENTIAL_MIN_CASES : 0);
    const double patients = fmax(plan->min_patients, several ? ES_GAP_MIN_PATIENTS : 0);
    double factor = fmax(cases / fmin(n1, n2), patients / fmin((double)c->patients_group, (double)c->patients_rest));
    for (int found_or_missed = 0; score && found_or_missed < 2; found_or_missed++) {
        const double events = found_or_missed ? n1 + n2 - found : found, share = (events + 1) / (n1 + n2 + 2);
        factor = fmax(factor, 1 + (ES_SEQUENTIAL_MIN_EVENTS - events) / (share * (n1 + n2)));
    }
    return factor > 1 ? ceil((factor - 1) * n1 - 1e-6) : 0; /* 1e-6: what rounding may add to a whole number */
}

/** Cases still needed; NAN where a rate is not what is compared or none would do. */
static double needed(const struct es_plan *plan, const struct es_trial *trial, const struct es_ruling *ruling)
{
    if (trial->mean || !(trial->raw.n_group > 0) || !(trial->raw.n_rest > 0)) return NAN; /* no planning figure for means */
    const double more = strcmp(ruling->mode, "fixed") == 0 ? fixed_need(trial, ruling) : es_report_sequential_need(trial, ruling);
    return isnan(more) ? more : fmax(more, least_need(plan, trial, ruling));
}

/** Up to two significant digits. */
static double rounded_up(double x)
{
    double unit = 1;
    while (x / unit > 100) unit *= 10;
    return unit * ceil(x / unit);
}

/** Exams that are through (neither a result nor a reference is still to come), for each case of this class: what a case costs. */
static double exams_a_case(const struct es_trial *trial)
{
    double through = 0;
    for (int stage = ES_STAGE_REJECTED; stage < ES_STAGE_COUNT; stage++)
        if (stage != ES_STAGE_PENDING && stage != ES_STAGE_MATURING)
            through += (double)es_summary_stage(trial->summary, (enum es_stage)stage);
    return through / (double)trial->raw.n_group;
}

/** Months until then at the rate at which the group's cases came between the first and the last case; NAN without dates. */
static double months(const struct es_trial *trial, double more)
{
    const struct es_report_span *span = trial->from_plan_day ? &trial->part->judge_span : &trial->part->span;
    if (span->first == ES_NO_DAY || trial->raw.n_group == 0) return NAN;
    const double lasted = ((double)span->last - span->first + 1) / DAYS_A_MONTH;
    return more * lasted / (double)trial->raw.n_group;
}

/** "needs about 420 more positives, some 3,100 exams of this group, reached about 2026-08 at the present rate", of what is there. */
static void tell(struct es_tree *t, cJSON *out)
{
    const bool positives = cJSON_GetObjectItemCaseSensitive(out, "positives") != NULL;
    const double more = es_view_number(out, positives ? "positives" : "negatives"), exams = es_view_number(out, "exams");
    const char *until = es_view_string(out, "until");
    char words[240], cases[24], all[24], some[64] = "", at[64] = "";
    es_view_grouped((uint64_t)rounded_up(more), cases, sizeof cases);
    if (isfinite(exams)) {
        es_view_grouped((uint64_t)exams, all, sizeof all);
        snprintf(some, sizeof some, ", some %s exams of this group", all);
    }
    if (*until) snprintf(at, sizeof at, ", reached about %.10s at the present rate", until);
    if (es_view_number(out, "months") >= FARTHEST) snprintf(at, sizeof at, ", more than ten years at the present rate");
    snprintf(words, sizeof words, "needs about %s more %s%s%s", cases, positives ? "positives" : "negatives", some, at);
    es_tree_set(t, out, "words", cJSON_CreateString(words));
}

void es_report_need(struct es_report *report, const struct es_trial *trial, const struct es_ruling *ruling)
{
    struct es_tree *t = &report->tree;
    const bool positives = trial->metric->denominator == ES_PER_POSITIVE, negatives = trial->metric->denominator == ES_PER_NEGATIVE;
    const double more = positives || negatives ? needed(&report->config->plan, trial, ruling) : (double)NAN;
    if (!(more > 0)) {
        es_tree_text(t, trial->node, "cases_needed", NULL);
        return;
    }
    const double time = months(trial, more);
    char when[ES_DAY_TEXT] = "";
    cJSON *out = es_tree_object(t, trial->node, "cases_needed");
    es_tree_number(t, out, positives ? "positives" : "negatives", more);
    es_tree_number(t, out, "exams", rounded_up(more * exams_a_case(trial)));
    es_tree_number(t, out, "months", time < 1 ? ceil(time * 10) / 10 : ceil(time));
    if (time < FARTHEST && report->now != ES_NO_INSTANT) {
        es_day_format(es_instant_day(report->now) + (int32_t)ceil(time * DAYS_A_MONTH), when);
        when[7] = '\0'; /* the month */
    }
    es_tree_text_or_null(t, out, "until", when);
    tell(t, out);
}

void es_release_need(struct es_tree *tree, cJSON *comparison)
{
    cJSON *out = cJSON_GetObjectItemCaseSensitive(comparison, "cases_needed");
    if (!cJSON_IsObject(out)) return;
    cJSON_DeleteItemFromObjectCaseSensitive(out, "exams");
    tell(tree, out);
}
