/* SPDX-License-Identifier: Apache-2.0 */
/* What the plan does not name: every comparison of a model's finding that bears no verdict, with the false discovery rate of the list
 * controlled (Benjamini, Hochberg, METRICS E2). Formed from what the release shows, so that no adjusted p-value tells of a hidden one.
 *
 * In Mode "default" the p-value of a rate is the anytime-valid one, min(1, 1/e) of the sequential score sequence (METRICS F2), so the list
 * may be read every day. Other metrics, rates below that method's minima, and all of them in "strict" (whose e-process takes one case a
 * patient, kept for the plan's groups alone) and "fixed" have the p-value of one look; the two kinds are adjusted apart and told apart. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/multiplicity.h"
#include "plugin/report/build/build.h"
#include "plugin/report/view.h"

void es_report_anytime(struct es_report *report, const struct es_summary *summary, const struct es_metric *metric, double margin, cJSON *node)
{
    const struct es_plan *plan = &report->config->plan;
    enum es_rate rate;
    double p = NAN;
    if (!plan->fixed && !plan->strict && es_report_rate(metric, &rate)) {
        const struct es_gap_sums sums = es_gap_of_summary(summary, rate);
        const struct es_gap_sequence s = es_gap_sequence(&sums, margin > 0 && margin < 1 ? margin : (double)NAN, plan->alpha);
        if (s.reason == ES_REASON_NONE) p = s.p_anytime;
    }
    es_tree_number(&report->tree, node, "p_anytime", p);
}

static bool is_exploratory(const cJSON *comparison)
{
    return strcmp(es_view_string(comparison, "family"), "exploratory") == 0 && cJSON_GetObjectItemCaseSensitive(comparison, "p");
}

/** The p-value that is adjusted; of one look unless an anytime-valid one is there. NAN when there is none of this kind. */
static double p_of(const cJSON *comparison, bool anytime)
{
    const double at_any = es_view_number(comparison, "p_anytime");
    return anytime ? at_any : isfinite(at_any) ? (double)NAN : es_view_number(comparison, "p");
}

/** Walk the exploratory comparisons: count them, read their p-values, or write the adjusted ones. */
static size_t walk(struct es_tree *tree, const cJSON *finding, bool anytime, double *p, const double *adjusted)
{
    const cJSON *group;
    size_t n = 0;
    cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(finding, "groups"))
    {
        cJSON *c;
        cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(group, "against_rest"))
        {
            if (!is_exploratory(c)) continue;
            if (p) p[n] = p_of(c, anytime);
            if (adjusted && isfinite(adjusted[n])) {
                es_tree_set(tree, c, "p_adjusted", cJSON_CreateNumber(adjusted[n]));
                es_tree_set(tree, c, "p_basis", cJSON_CreateString(anytime ? "anytime" : "one_look"));
            }
            n++;
        }
    }
    return n;
}

void es_report_exploratory(struct es_tree *tree, const cJSON *release)
{
    struct es_view_finding at = {0};
    while (!tree->failed && es_view_next(release, &at)) {
        const size_t n = walk(tree, at.finding, false, NULL, NULL);
        double *p = calloc(2 * n + 1, sizeof *p);
        uint32_t *scratch = calloc(n + 1, sizeof *scratch);
        if (!p || !scratch) tree->failed = true;
        for (int anytime = 0; anytime < 2 && !tree->failed; anytime++) {
            walk(tree, at.finding, anytime, p, NULL);
            es_benjamini_hochberg(p, n, scratch, p + n);
            walk(tree, at.finding, anytime, NULL, p + n);
        }
        free(p);
        free(scratch);
    }
}
