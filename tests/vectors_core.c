/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the vector files of the metrics core: operating points, scores, verdicts, verification, special functions. */
#include "vectors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/calibration.h"
#include "metrics/confusion.h"
#include "metrics/multiplicity.h"
#include "metrics/order.h"
#include "metrics/proportion.h"
#include "metrics/ranking.h"
#include "metrics/special.h"
#include "metrics/verdict.h"
#include "metrics/verification.h"

static double special(const char *fn, const double *a)
{
    if (strcmp(fn, "norm_sf") == 0) return es_norm_sf(a[0]);
    if (strcmp(fn, "norm_isf") == 0) return es_norm_isf(a[0]);
    if (strcmp(fn, "t_sf") == 0) return es_t_sf(a[0], a[1]);
    if (strcmp(fn, "t_isf") == 0) return es_t_isf(a[0], a[1]);
    if (strcmp(fn, "chi2_sf") == 0) return es_chi2_sf(a[0], a[1]);
    if (strcmp(fn, "beta_cdf") == 0) return es_beta_cdf(a[0], a[1], a[2]);
    if (strcmp(fn, "beta_ppf") == 0) return es_beta_ppf(a[0], a[1], a[2]);
    if (strcmp(fn, "lbeta") == 0) return es_lbeta(a[0], a[1]);
    if (strcmp(fn, "kolmogorov_sf") == 0) return es_kolmogorov_sf(a[0]);
    return NAN;
}

static void run_special(struct es_vec *v)
{
    while (es_vec_next(v)) {
        double a[3] = {NAN, NAN, NAN};
        size_t n = 0;
        double *args = es_vec_in_array(v, "args", &n);
        const char *fn = es_vec_in_text(v, "fn");
        for (size_t i = 0; i < n && i < 3; i++) a[i] = args[i];
        free(args);
        /* The file's note: quantiles are held to 1e-11. */
        const bool quantile = fn && (strstr(fn, "_isf") || strstr(fn, "_ppf"));
        es_vec_check_tol(v, "value", fn ? special(fn, a) : (double)NAN, quantile ? 1e-11 : v->rel, v->abs);
    }
}

static uint64_t whole(const cJSON *object, const char *name)
{
    return (uint64_t)es_vec_number(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void run_confusion(struct es_vec *v)
{
    while (es_vec_next(v)) {
        const struct es_confusion c = {whole(v->in, "tp"), whole(v->in, "fp"), whole(v->in, "fn"), whole(v->in, "tn")};
        const struct es_operating_point o = es_operating_point(&c);
        const struct {
            const char *name;
            double value;
        } fields[] = {{"n", o.n},
                      {"sensitivity", o.sensitivity},
                      {"specificity", o.specificity},
                      {"ppv", o.ppv},
                      {"npv", o.npv},
                      {"fpr", o.fpr},
                      {"fnr", o.fnr},
                      {"fdr", o.fdr},
                      {"for", o.fomr},
                      {"accuracy", o.accuracy},
                      {"balanced_accuracy", o.balanced_accuracy},
                      {"f1", o.f1},
                      {"youden", o.youden},
                      {"lr_pos", o.lr_pos},
                      {"lr_neg", o.lr_neg},
                      {"alert_rate", o.alert_rate},
                      {"prevalence", o.prevalence},
                      {"dor", o.dor}};
        for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) es_vec_check(v, fields[i].name, fields[i].value);
    }
}

static void check_limits(struct es_vec *v, const char *field, struct es_limits limits)
{
    es_vec_check_pair(v, field, limits.lo, limits.hi);
}

static void run_proportion(struct es_vec *v)
{
    while (es_vec_next(v)) {
        const double x = es_vec_in(v, "x"), n = es_vec_in(v, "n"), alpha = es_vec_in(v, "alpha");
        es_vec_check(v, "estimate", n > 0 ? x / n : (double)NAN);
        check_limits(v, "wilson", es_wilson(x, n, alpha));
        check_limits(v, "clopper_pearson", es_clopper_pearson(x, n, alpha));
        check_limits(v, "jeffreys", es_jeffreys(x, n, alpha));
    }
}

static struct es_two_by_two table(const struct es_vec *v)
{
    return (struct es_two_by_two){es_vec_in(v, "x1"), es_vec_in(v, "n1"), es_vec_in(v, "x2"), es_vec_in(v, "n2")};
}

static void run_difference(struct es_vec *v)
{
    while (es_vec_next(v)) {
        const struct es_two_by_two t = table(v);
        const double alpha = es_vec_in(v, "alpha"), z = es_score_z(&t, 0, true);
        es_vec_check(v, "diff", t.x1 / t.n1 - t.x2 / t.n2);
        check_limits(v, "newcombe", es_newcombe(&t, alpha));
        check_limits(v, "mn", es_miettinen_nurminen(&t, alpha));
        check_limits(v, "mee", es_mee(&t, alpha));
        check_limits(v, "wald", es_wald(&t, alpha));
        es_vec_check(v, "mn_z_at_0", z);
        es_vec_check(v, "mn_p2_at_0", 2 * es_norm_sf(fabs(z)));
    }
}

static void run_ratio(struct es_vec *v)
{
    while (es_vec_next(v)) {
        const struct es_two_by_two t = table(v);
        const double alpha = es_vec_in(v, "alpha");
        es_vec_check(v, "ratio", es_ratio(&t));
        check_limits(v, "katz", es_katz(&t, alpha));
        check_limits(v, "katz_adj", es_katz_adjusted(&t, alpha));
        check_limits(v, "koopman", es_koopman(&t, alpha, false));
        check_limits(v, "mn", es_koopman(&t, alpha, true));
    }
}

static struct es_cluster_sums clusters(const struct es_vec *v, const char *x_name, const char *n_name)
{
    struct es_cluster_sums sums = {0, 0, 0, 0, 0, 0};
    size_t nx = 0, nn = 0;
    double *x = es_vec_in_array(v, x_name, &nx), *n = es_vec_in_array(v, n_name, &nn);
    for (size_t i = 0; i < nx && i < nn; i++) es_cluster_add(&sums, (uint32_t)x[i], (uint32_t)n[i]);
    free(x);
    free(n);
    return sums;
}

static void run_clustered(struct es_vec *v)
{
    while (es_vec_next(v)) {
        if (strcmp(es_vec_in_text(v, "kind"), "raoscott") == 0) {
            const struct es_cluster_sums a = clusters(v, "x1", "n1"), b = clusters(v, "x2", "n2");
            double p;
            const double chi2 = es_rao_scott(&a, &b, &p);
            es_vec_check(v, "deff1", es_clustered(&a).deff);
            es_vec_check(v, "deff2", es_clustered(&b).deff);
            es_vec_check(v, "chisq", chi2);
            es_vec_check(v, "p", p);
            continue;
        }
        const struct es_cluster_sums sums = clusters(v, "x", "n");
        const struct es_clustered c = es_clustered(&sums);
        es_vec_check(v, "p", c.p);
        es_vec_check(v, "var", c.variance);
        es_vec_check(v, "deff", c.deff);
        es_vec_check(v, "deff_used", c.deff_used);
        es_vec_check(v, "n_eff", c.n_effective);
        check_limits(v, "wilson_eff", es_wilson_clustered(&sums, es_vec_in(v, "alpha")));
    }
}

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

static void run_auroc(struct es_vec *v)
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
        check_limits(v, "ci", es_auroc_wald(auc, variance, alpha));
        check_limits(v, "ci_logit", es_auroc_logit(auc, variance, alpha));
        check_limits(v, "ci_newcombe", es_auroc_newcombe(auc, m, n, alpha));
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
    check_limits(v, "ci", es_auroc_wald(auc, variance, es_vec_in(v, "alpha")));
    drop(&r);
}

static void run_auroc_groups(struct es_vec *v)
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
    struct es_fit_point *points = calloc(r->n + 1, sizeof *points);
    size_t count = 0;
    for (size_t i = 0; i < r->n; i++) {
        const double x = es_logit_clipped(r->score[r->order[i]]);
        if (count == 0 || points[count - 1].x != x) points[count++] = (struct es_fit_point){x, exp(x), 0, 0};
        points[count - 1].n++;
        points[count - 1].positives += r->label[r->order[i]];
    }
    const struct es_logistic line = es_fit_line(points, count, NULL), offset = es_fit_offset(points, count);
    es_vec_check_tol(v, "intercept", line.intercept, 1e-7, 1e-8);
    es_vec_check_tol(v, "slope", line.slope, 1e-7, v->abs);
    es_vec_check(v, "slope_se", line.slope_se);
    es_vec_check(v, "intercept_se", line.intercept_se);
    es_vec_check_tol(v, "citl", offset.intercept, 1e-7, 1e-8);
    es_vec_check(v, "citl_se", offset.intercept_se);
    free(points);
}

static void run_calibration(struct es_vec *v)
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
        check_limits(v, "oe_ci", limits);
        es_vec_check_array(v, "net_benefit", net, thresholds);
        es_vec_check_array(v, "net_benefit_all", all, thresholds);
        check_fits(v, &r);
        free(t);
        drop(&r);
    }
}

static void run_verdict(struct es_vec *v)
{
    while (es_vec_next(v)) {
        const struct es_two_by_two t = table(v);
        const double margin = es_vec_in(v, "margin"), alpha = es_vec_in(v, "alpha");
        struct es_comparison c;
        memset(&c, 0, sizeof c);
        es_score_comparison(&t, alpha, alpha, margin, &c);
        c.n_group = (uint64_t)t.n1;
        c.n_rest = (uint64_t)t.n2;
        const double tost = es_tost_p(&c);
        const enum es_verdict verdict =
            es_verdict_of(&c, margin, alpha, alpha, (uint32_t)es_vec_in(v, "min_n"), 0, c.p_difference, tost);
        es_vec_check(v, "diff", c.difference);
        es_vec_check(v, "z0", es_score_z(&t, 0, true));
        es_vec_check(v, "p_diff", c.p_difference);
        es_vec_check(v, "z_lower", es_score_z(&t, -margin, true));
        es_vec_check(v, "z_upper", es_score_z(&t, margin, true));
        es_vec_check(v, "p_lower", c.p_lower);
        es_vec_check(v, "p_upper", c.p_upper);
        es_vec_check(v, "p_tost", tost);
        es_vec_check_pair(v, "ci95", c.lo, c.hi);
        es_vec_check_pair(v, "ci90", c.lo_eq, c.hi_eq);
        es_vec_check_text(v, "verdict", es_verdict_name(verdict));
        const uint32_t flag = c.flags & (ES_FLAG_NONZERO | ES_FLAG_BEYOND_MARGIN);
        es_vec_check_text(v, "flag", c.reason ? es_reason_code(c.reason) : flag ? es_flag_name(flag) : "");
    }
}

static void run_multiplicity(struct es_vec *v)
{
    while (es_vec_next(v)) {
        size_t n = 0, w = 0;
        double *p = es_vec_in_array(v, "p", &n), *weights = es_vec_in_array(v, "weights", &w);
        double *adjusted = calloc(n + 1, sizeof *adjusted);
        uint32_t *scratch = calloc(n + 1, sizeof *scratch);
        es_holm(p, n, scratch, adjusted);
        es_vec_check_array(v, "holm", adjusted, n);
        es_benjamini_hochberg(p, n, scratch, adjusted);
        es_vec_check_array(v, "bh", adjusted, n);
        es_benjamini_yekutieli(p, n, scratch, adjusted);
        es_vec_check_array(v, "by", adjusted, n);
        es_hochberg(p, n, scratch, adjusted);
        es_vec_check_array(v, "hochberg", adjusted, n);
        es_holm_weighted(p, weights, n, scratch, adjusted);
        es_vec_check_array(v, "weighted_holm", adjusted, n);
        free(p);
        free(weights);
        free(adjusted);
        free(scratch);
    }
}

static void run_verification(struct es_vec *v)
{
    while (es_vec_next(v)) {
        struct es_verified strata[32];
        struct es_corrected se, sp;
        size_t n = 0;
        const cJSON *one = NULL;
        cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(v->in, "strata"))
        {
            if (n < 32)
                strata[n++] = (struct es_verified){whole(one, "a"), whole(one, "b"),  whole(one, "c"),
                                                   whole(one, "d"), whole(one, "u1"), whole(one, "u0")};
        }
        es_begg_greenes(strata, n, es_vec_in(v, "alpha"), &se, &sp);
        es_vec_check(v, "se_naive", se.naive);
        es_vec_check(v, "sp_naive", sp.naive);
        es_vec_check(v, "se", se.value);
        es_vec_check(v, "sp", sp.value);
        es_vec_check(v, "var_logit_se", se.logit_variance);
        es_vec_check(v, "var_logit_sp", sp.logit_variance);
        check_limits(v, "se_ci", se.interval);
        check_limits(v, "sp_ci", sp.interval);
        es_vec_check(v, "ipw_var_fixed_se", se.weighted_variance);
    }
}

const struct es_vec_section es_vec_core[] = {{"a1_confusion.json", run_confusion},
                                             {"a2_proportion_ci.json", run_proportion},
                                             {"a3_diff_ci.json", run_difference},
                                             {"a4_ratio_ci.json", run_ratio},
                                             {"a5_clustered_proportion.json", run_clustered},
                                             {"b1_auroc.json", run_auroc},
                                             {"b2_auroc_groups.json", run_auroc_groups},
                                             {"b3_calibration.json", run_calibration},
                                             {"e1_verdicts.json", run_verdict},
                                             {"e2_multiplicity.json", run_multiplicity},
                                             {"h1_verification_bias.json", run_verification},
                                             {"i3_special_functions.json", run_special},
                                             {NULL, NULL}};
