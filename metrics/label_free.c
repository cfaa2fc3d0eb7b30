/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/label_free.h"

#include <math.h>
#include <stdlib.h>

static int by_score(const void *a, const void *b)
{
    const struct es_scored *x = a, *y = b;
    if (x->score != y->score) return x->score < y->score ? -1 : 1;
    return (x->probability > y->probability) - (x->probability < y->probability);
}

static double ratio(double over, double under) { return under > 0.0 ? over / under : (double)NAN; }

/** Expected concordance over cases in ascending order of score. */
static double concordance(const struct es_scored *cases, size_t count)
{
    double wins = 0.0, diseased = 0.0, healthy = 0.0;
    for (size_t i = 0; i < count;) {
        double here_diseased = 0.0, here_healthy = 0.0;
        const double score = cases[i].score;
        for (; i < count && cases[i].score == score; i++) {
            here_diseased += cases[i].probability;
            here_healthy += 1.0 - cases[i].probability;
        }
        wins += here_diseased * (healthy + here_healthy / 2.0);
        diseased += here_diseased;
        healthy += here_healthy;
    }
    return ratio(wins, diseased * healthy);
}

bool es_label_free(struct es_scored *cases, size_t count, double threshold, struct es_label_free *out)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(cases[i].score) || !(cases[i].probability >= 0.0 && cases[i].probability <= 1.0)) return false;
    if (count > 1) qsort(cases, count, sizeof *cases, by_score);
    struct es_label_free e = {0};
    double var_tp = 0.0, var_fn = 0.0;
    for (size_t i = 0; i < count; i++) {
        const double p = cases[i].probability;
        const bool alert = cases[i].score >= threshold;
        *(alert ? &e.tp : &e.fn) += p;
        *(alert ? &e.fp : &e.tn) += 1.0 - p;
        *(alert ? &var_tp : &var_fn) += p * (1.0 - p);
    }
    const double positives = e.tp + e.fn;
    e.sensitivity = ratio(e.tp, positives);
    e.specificity = ratio(e.tn, e.tn + e.fp);
    e.ppv = ratio(e.tp, e.tp + e.fp);
    e.npv = ratio(e.tn, e.tn + e.fn);
    e.accuracy = ratio(e.tp + e.tn, (double)count);
    e.f1 = ratio(2.0 * e.tp, 2.0 * e.tp + e.fp + e.fn);
    e.auroc = concordance(cases, count);
    e.sd_tp = sqrt(var_tp);
    e.sd_fn = sqrt(var_fn);
    /* independent TP and FN: d(sens)/d(tp) = fn / (tp + fn)^2, d(sens)/d(fn) = -tp / (tp + fn)^2 */
    e.sd_sensitivity = ratio(hypot(e.fn * e.sd_tp, e.tp * e.sd_fn), positives * positives);
    /* p and 1 - p vary alike: FP has the variance of TP, TN that of FN */
    const double negatives = e.fp + e.tn;
    e.sd_specificity = ratio(hypot(e.fp * e.sd_fn, e.tn * e.sd_tp), negatives * negatives);
    *out = e;
    return true;
}
