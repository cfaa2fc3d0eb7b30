/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the vector files of scores: AUROC, alone and by groups, and calibration. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/calibration.h"
#include "metrics/fit_points.h"
#include "metrics/order.h"
#include "metrics/proportion.h"
#include "metrics/ranking.h"
#include "metrics/special.h"
#include "vectors_kernels.h"

/** Scores and labels of a case, ranked. Freed by drop(). */
struct ranked {
    size_t n;
    double *score, *cluster;
    uint8_t *label;
    uint32_t *order;
    uint64_t *placed;
    struct es_ranks single, clustered;
};

static void drop(struct ranked *r)
{
    free(r->score);
    free(r->cluster);
    free(r->label);
    free(r->order);
    free(r->placed);
}

static struct ranked rank(const struct es_vec *v, const char *y_name, const char *s_name)
{
    struct ranked r;
    size_t n = 0, k = 0;
    memset(&r, 0, sizeof r);
    double *y = es_vec_in_array(v, y_name, &n);
    r.score = es_vec_in_array(v, s_name, &r.n);
    r.cluster = es_vec_in_array(v, "cluster", &k);
    r.label = calloc(n + 1, 1);
    r.order = calloc(n + 1, sizeof *r.order);
    r.placed = calloc(n + 1, sizeof *r.placed);
    uint64_t *key = calloc(2 * n + 1, sizeof *key);
    uint32_t *spare = calloc(n + 1, sizeof *spare);
    for (size_t i = 0; i < n; i++) {
        r.label[i] = y[i] != 0;
        r.order[i] = (uint32_t)i;
    }
    es_order_by_score(r.score, r.order, (uint32_t)n, key, spare);
    es_rank_place(r.score, r.label, r.order, (uint32_t)n, r.placed);
    double last = -1;
    for (size_t c = 0; c < (k ? n : 0); c++) last = fmax(last, r.cluster[c]);
    for (size_t i = 0; i < n; i++) {
        const uint64_t one[ES_PLACES] = {r.label[i] ? r.placed[i] : 0, r.label[i], r.label[i] ? 0 : r.placed[i], !r.label[i]};
        es_ranks_add(&r.single, one);
    }
    for (double c = 0; c <= last; c++) {
        uint64_t sums[ES_PLACES] = {0, 0, 0, 0};
        for (size_t i = 0; i < n; i++)
            if (r.cluster[i] == c) {
                sums[r.label[i] ? ES_PLACED_POSITIVE : ES_PLACED_NEGATIVE] += r.placed[i];
                sums[r.label[i] ? ES_POSITIVES : ES_NEGATIVES]++;
            }
        es_ranks_add(&r.clustered, sums);
    }
    free(y);
    free(key);
    free(spare);
    return r;
}

void es_vec_auroc(struct es_vec *v)
{
    while (es_vec_next(v)) {
        struct ranked r = rank(v, "y", "s");
        const double alpha = es_vec_in(v, "alpha"), m = (double)r.single.positives, n = (double)r.single.negatives;
        const double auc = es_ranks_auroc(&r.single), variance = es_ranks_variance(&r.single);
        const struct es_partial_areas areas = es_partial_areas(r.score, r.label, r.order, (uint32_t)r.n, 0.1, 0.8);
        es_vec_check(v, "m", m);
        es_vec_check(v, "n", n);
        es_vec_check(v, "auc", auc);
        es_vec_check(v, "auc_num2", (double)r.single.wins2);
        es_vec_check(v, "var", variance);
        es_vec_check_limits(v, "ci", es_auroc_wald(auc, variance, alpha));
        es_vec_check_limits(v, "ci_logit", es_auroc_logit(auc, variance, alpha));
        es_vec_check_limits(v, "ci_newcombe", es_auroc_newcombe(auc, m, n, alpha));
        es_vec_check(v, "pauc_fpr10", areas.fpr);
        es_vec_check(v, "pauc_fpr10_mcclish", areas.fpr_standardised);
        es_vec_check(v, "pauc_tpr80", areas.tpr);
        es_vec_check(v, "ap", es_average_precision(r.score, r.label, r.order, (uint32_t)r.n));
        drop(&r);
    }
}

static void check_normal(struct es_vec *v, double difference, double variance)
{
    const double se = sqrt(variance), half = es_norm_isf(es_vec_in(v, "alpha") / 2) * se;
    es_vec_check(v, "diff", difference);
    es_vec_check(v, "var", variance);
    es_vec_check(v, "z", difference / se);
    es_vec_check(v, "p", 2 * es_norm_sf(fabs(difference) / se));
    es_vec_check_pair(v, "ci", difference - half, difference + half);
}

/** pROC refers the unpaired statistic to t with Welch's degrees of freedom; the file gives it for information. */
static void check_welch(struct es_vec *v, const struct ranked *a, const struct ranked *b)
{
    const double va = es_ranks_variance(&a->single), vb = es_ranks_variance(&b->single), sum = va + vb;
    const double df = sum * sum / (va * va / ((double)a->n - 1) + vb * vb / ((double)b->n - 1));
    const double t = fabs(es_ranks_auroc(&a->single) - es_ranks_auroc(&b->single)) / sqrt(sum);
    es_vec_check(v, "df_pROC", df);
    es_vec_check(v, "p_pROC_t", 2 * es_t_sf(t, df));
}

static void run_clustered_auroc(struct es_vec *v)
{
    struct ranked r = rank(v, "y", "s");
    const double auc = es_ranks_auroc(&r.clustered), variance = es_ranks_variance(&r.clustered);
    const double single = es_ranks_variance(&r.single);
    es_vec_check(v, "auc", auc);
    es_vec_check(v, "var", variance);
    es_vec_check(v, "I", (double)r.clustered.patients);
    es_vec_check(v, "I10", (double)r.clustered.positive_patients);
    es_vec_check(v, "I01", (double)r.clustered.negative_patients);
    es_vec_check(v, "var_delong", single);
    es_vec_check(v, "deff", variance / single);
    es_vec_check_limits(v, "ci", es_auroc_wald(auc, variance, es_vec_in(v, "alpha")));
    drop(&r);
}

void es_vec_auroc_groups(struct es_vec *v)
{
    while (es_vec_next(v)) {
        const char *kind = es_vec_in_text(v, "kind");
        if (strcmp(kind, "cluster") == 0) {
            run_clustered_auroc(v);
            continue;
        }
        const bool paired = strcmp(kind, "paired") == 0;
        struct ranked a = rank(v, paired ? "y" : "y1", "s1"), b = rank(v, paired ? "y" : "y2", "s2");
        const double difference = es_ranks_auroc(&a.single) - es_ranks_auroc(&b.single);
        double variance = es_ranks_variance(&a.single) + es_ranks_variance(&b.single);
        if (paired) {
            const double covariance = es_rank_paired_covariance(a.placed, b.placed, a.label, (uint32_t)a.n);
            es_vec_check(v, "cov", covariance);
            variance -= 2 * covariance;
        } else
            check_welch(v, &a, &b);
        check_normal(v, difference, variance);
        drop(&a);
        drop(&b);
    }
}

static void check_fits(struct es_vec *v, const struct ranked *r)
{
    double *x = calloc(2 * r->n + 2, sizeof *x), *mean = x + r->n + 1;
    uint32_t *n = calloc(2 * r->n + 2, sizeof *n), *positives = n + r->n + 1;
    size_t count = 0;
    for (size_t i = 0; i < r->n; i++) {
        const double at = es_logit_clipped(r->score[r->order[i]]);
        if (count == 0 || x[count - 1] != at) x[count++] = at;
        n[count - 1]++;
        positives[count - 1] += r->label[r->order[i]];
    }
    const struct es_fit_columns columns = {x, n, positives, count};
    const struct es_logistic line = es_fit_line(&columns, NULL, mean), offset = es_fit_offset(&columns, 0, mean);
    es_vec_check_tol(v, "intercept", line.intercept, 1e-7, 1e-8);
    es_vec_check_tol(v, "slope", line.slope, 1e-7, v->abs);
    es_vec_check(v, "slope_se", line.slope_se);
    es_vec_check(v, "intercept_se", line.intercept_se);
    es_vec_check_tol(v, "citl", offset.intercept, 1e-7, 1e-8);
    es_vec_check(v, "citl_se", offset.intercept_se);
    free(x);
    free(n);
}

void es_vec_calibration(struct es_vec *v)
{
    while (es_vec_next(v)) {
        struct ranked r = rank(v, "y", "p");
        struct es_brier b;
        struct es_limits limits;
        double o = 0, e = 0, ece[3], mce[3], net[32], all[32];
        size_t thresholds = 0;
        double *t = es_vec_in_array(v, "thresholds", &thresholds);
        for (size_t i = 0; i < r.n; i++) {
            o += r.label[i];
            e += r.score[i];
        }
        es_brier(r.score, r.label, r.n, &b);
        es_calibration_error(r.score, r.label, r.n, 10, false, &ece[0], &mce[0]);
        es_calibration_error(r.score, r.label, r.n, 15, false, &ece[1], &mce[1]);
        es_calibration_error(r.score, r.label, r.n, 10, true, &ece[2], &mce[2]);
        for (size_t i = 0; i < thresholds && i < 32; i++) net[i] = es_net_benefit(r.score, r.label, r.n, t[i], &all[i]);
        es_vec_check(v, "n", (double)r.n);
        es_vec_check(v, "o", o);
        es_vec_check(v, "e", e);
        es_vec_check(v, "brier", b.score);
        es_vec_check(v, "rel", b.reliability);
        es_vec_check(v, "res", b.resolution);
        es_vec_check(v, "unc", b.uncertainty);
        es_vec_check(v, "wbv", b.within_variance);
        es_vec_check(v, "wbc", b.within_covariance);
        es_vec_check(v, "ece10", ece[0]);
        es_vec_check(v, "mce10", mce[0]);
        es_vec_check(v, "ece15", ece[1]);
        es_vec_check(v, "ece10_right", ece[2]);
        es_vec_check(v, "spiegelhalter_z", es_spiegelhalter(r.score, r.label, r.n));
        es_vec_check(v, "oe", es_observed_expected(o, e, (double)r.n, es_vec_in(v, "alpha"), &limits));
        es_vec_check_limits(v, "oe_ci", limits);
        es_vec_check_array(v, "net_benefit", net, thresholds);
        es_vec_check_array(v, "net_benefit_all", all, thresholds);
        check_fits(v, &r);
        free(t);
        drop(&r);
    }
}
