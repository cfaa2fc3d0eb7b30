/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the vector files of the metrics core: operating points, verdicts, verification, special functions. */
#include "vectors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/confusion.h"
#include "metrics/multiplicity.h"
#include "metrics/proportion.h"
#include "metrics/special.h"
#include "metrics/verdict.h"
#include "metrics/verification.h"
#include "vectors_kernels.h"

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

void es_vec_check_limits(struct es_vec *v, const char *field, struct es_limits limits)
{
    es_vec_check_pair(v, field, limits.lo, limits.hi);
}

static void run_proportion(struct es_vec *v)
{
    while (es_vec_next(v)) {
        const double x = es_vec_in(v, "x"), n = es_vec_in(v, "n"), alpha = es_vec_in(v, "alpha");
        es_vec_check(v, "estimate", n > 0 ? x / n : (double)NAN);
        es_vec_check_limits(v, "wilson", es_wilson(x, n, alpha));
        es_vec_check_limits(v, "clopper_pearson", es_clopper_pearson(x, n, alpha));
        es_vec_check_limits(v, "jeffreys", es_jeffreys(x, n, alpha));
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
        es_vec_check_limits(v, "newcombe", es_newcombe(&t, alpha));
        es_vec_check_limits(v, "mn", es_miettinen_nurminen(&t, alpha));
        es_vec_check_limits(v, "mee", es_mee(&t, alpha));
        es_vec_check_limits(v, "wald", es_wald(&t, alpha));
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
        es_vec_check_limits(v, "katz", es_katz(&t, alpha));
        es_vec_check_limits(v, "katz_adj", es_katz_adjusted(&t, alpha));
        es_vec_check_limits(v, "koopman", es_koopman(&t, alpha, false));
        es_vec_check_limits(v, "mn", es_koopman(&t, alpha, true));
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
        es_vec_check_limits(v, "wilson_eff", es_wilson_clustered(&sums, es_vec_in(v, "alpha")));
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
        es_vec_check_limits(v, "se_ci", se.interval);
        es_vec_check_limits(v, "sp_ci", sp.interval);
        es_vec_check(v, "ipw_var_fixed_se", se.weighted_variance);
    }
}

const struct es_vec_section es_vec_core[] = {{"a1_confusion.json", run_confusion},
                                             {"a2_proportion_ci.json", run_proportion},
                                             {"a3_diff_ci.json", run_difference},
                                             {"a4_ratio_ci.json", run_ratio},
                                             {"a5_clustered_proportion.json", run_clustered},
                                             {"b1_auroc.json", es_vec_auroc},
                                             {"b2_auroc_groups.json", es_vec_auroc_groups},
                                             {"b3_calibration.json", es_vec_calibration},
                                             {"e1_verdicts.json", run_verdict},
                                             {"e2_multiplicity.json", run_multiplicity},
                                             {"h1_verification_bias.json", run_verification},
                                             {"i3_special_functions.json", run_special},
                                             {NULL, NULL}};
