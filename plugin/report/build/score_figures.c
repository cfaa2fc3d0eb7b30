/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of the scores of one group beside its curves: areas under parts of the curve, average precision, the parts of the Brier score,
 * calibration errors, net benefit, and what a histogram of the scores would have told of the AUROC (METRICS B1, B3, B4). Single values
 * without intervals: descriptions, never compared. */
#include <math.h>
#include <stdlib.h>

#include "metrics/calibration.h"
#include "metrics/histogram.h"
#include "metrics/ranking.h"
#include "plugin/report/build/build.h"

#define HISTOGRAM 1024 /* bins (METRICS 0) */
#define FPR_LIMIT 0.1
#define TPR_LIMIT 0.8

static void not_made(struct es_tree *t, cJSON *parent, const char *name, enum es_reason reason)
{
    cJSON *out = es_tree_object(t, parent, name);
    es_report_not_estimable(t, out, reason);
}

static void ranking(struct es_tree *t, cJSON *out, const struct es_sheet *s, const uint32_t *rows, uint32_t n)
{
    uint64_t positives = 0;
    for (uint32_t i = 0; i < n; i++) positives += s->label[rows[i]];
    if (positives == 0 || positives == n) {
        not_made(t, out, "ranking", n == 0 ? ES_NO_CASES : positives == 0 ? ES_NO_POSITIVES : ES_NO_NEGATIVES);
        return;
    }
    const struct es_partial_areas areas = es_partial_areas(s->score, s->label, rows, n, FPR_LIMIT, TPR_LIMIT);
    cJSON *ranks = es_tree_object(t, out, "ranking");
    es_tree_text(t, ranks, "status", "estimated");
    es_tree_number(t, ranks, "average_precision", es_average_precision(s->score, s->label, rows, n));
    es_tree_number(t, ranks, "prevalence", (double)positives / (double)n); /* what the average precision of chance is */
    es_tree_number(t, ranks, "partial_auc_fpr_0.1", areas.fpr);
    es_tree_number(t, ranks, "partial_auc_fpr_0.1_standardised", areas.fpr_standardised);
    es_tree_number(t, ranks, "partial_auc_tpr_0.8", areas.tpr);
}

static void histogram(struct es_tree *t, cJSON *out, const double *p, const uint8_t *y, uint32_t n)
{
    uint64_t counts[2][HISTOGRAM] = {{0}};
    struct es_histogram h = {HISTOGRAM, counts[1], counts[0], 0};
    struct es_histogram_auroc a;
    for (uint32_t i = 0; i < n; i++)
        if (!es_histogram_add(&h, p[i], y[i] == 1)) return;
    if (!es_histogram_auroc(&h, &a) || a.m == 0 || a.n == 0) {
        not_made(t, out, "histogram_auroc", a.m == 0 ? ES_NO_POSITIVES : ES_NO_NEGATIVES);
        return;
    }
    cJSON *bound = es_tree_object(t, out, "histogram_auroc");
    es_tree_text(t, bound, "status", "estimated");
    es_tree_count(t, bound, "bins", HISTOGRAM);
    es_tree_number(t, bound, "value", a.auroc);
    es_tree_number(t, bound, "at_least", a.lo);
    es_tree_number(t, bound, "at_most", a.hi);
}

static void calibration(struct es_tree *t, cJSON *out, const double *p, const uint8_t *y, uint32_t n, double threshold)
{
    struct es_brier b;
    double expected = NAN, maximal = NAN, all = NAN;
    if (!es_brier(p, y, n, &b) || !es_calibration_error(p, y, n, 10, false, &expected, &maximal)) {
        not_made(t, out, "brier", ES_NO_CASES);
        return;
    }
    cJSON *brier = es_tree_object(t, out, "brier");
    es_tree_text(t, brier, "status", "estimated");
    es_tree_number(t, brier, "score", b.score);
    es_tree_number(t, brier, "reliability", b.reliability);
    es_tree_number(t, brier, "resolution", b.resolution);
    es_tree_number(t, brier, "uncertainty", b.uncertainty);
    es_tree_number(t, brier, "within_variance", b.within_variance);
    es_tree_number(t, brier, "within_covariance", b.within_covariance);
    cJSON *error = es_tree_object(t, out, "calibration_error");
    es_tree_text(t, error, "status", "estimated");
    es_tree_number(t, error, "expected", expected);
    es_tree_number(t, error, "maximal", maximal);
    es_tree_number(t, error, "spiegelhalter_z", es_spiegelhalter(p, y, n));
    if (!(threshold >= 0 && threshold < 1)) return; /* decisions as sent: no threshold to weigh harms by */
    const double benefit = es_net_benefit(p, y, n, threshold, &all);
    cJSON *net = es_tree_object(t, out, "net_benefit");
    es_tree_text(t, net, "status", "estimated");
    es_tree_number(t, net, "threshold", threshold);
    es_tree_number(t, net, "model", benefit);
    es_tree_number(t, net, "alert_all", all);
}

/* Scores and labels, of one score the negatives first: rows of one score stand in patient order, which hangs on the site's key, and sums
 * must not. @param rows  ascending score */
static void list_cases(const struct es_sheet *sheet, const uint32_t *rows, uint32_t n, double *p, uint8_t *y)
{
    for (uint32_t from = 0, to; from < n; from = to) {
        uint32_t positives = 0;
        for (to = from; to < n && sheet->score[rows[to]] == sheet->score[rows[from]]; to++) positives += sheet->label[rows[to]] == 1;
        for (uint32_t i = from; i < to; i++) {
            p[i] = sheet->score[rows[i]];
            y[i] = i >= to - positives;
        }
    }
}

bool es_report_score_figures(struct es_tree *t, cJSON *parent, const struct es_sheet *sheet, const uint32_t *rows, uint32_t n,
                             bool probability, double threshold, bool staff)
{
    cJSON *out = es_tree_object(t, parent, "figures");
    if (!staff) { /* of every group, one value more about the same few cases */
        es_tree_text(t, out, "status", ES_SUPPRESSED_WORD);
        es_tree_text(t, out, "words", "figures of the scores are for staff");
        return true;
    }
    double *p = malloc(((size_t)n + 1) * sizeof *p);
    uint8_t *y = malloc((size_t)n + 1);
    const bool fits = p && y;
    if (fits) list_cases(sheet, rows, n, p, y);
    if (fits) ranking(t, out, sheet, rows, n);
    if (fits && n > 0 && probability) {
        histogram(t, out, p, y, n);
        calibration(t, out, p, y, n, threshold);
    } else if (fits) {
        not_made(t, out, "brier", n == 0 ? ES_NO_CASES : ES_NOT_PROBABILITY);
    }
    free(p);
    free(y);
    return fits;
}
