/* SPDX-License-Identifier: Apache-2.0 */
/* Vector files F: confidence sequences, sequential differences, bounded means, drift, CUSUM. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/bounded_mean.h"
#include "metrics/cusum.h"
#include "metrics/drift.h"
#include "metrics/sequential.h"
#include "vectors_kernels.h"

void es_vec_sequence(struct es_vec *v)
{
    while (es_vec_next(v)) {
        const double s = es_vec_in(v, "S"), n = es_vec_in(v, "n");
        const double given_a = es_vec_in(v, "a"), given_b = es_vec_in(v, "b");
        const double a = isnan(given_a) ? 0.5 : given_a, b = isnan(given_b) ? 0.5 : given_b;
        const struct es_limits cs = es_confidence_sequence(s, n, a, b, es_vec_in(v, "alpha"));
        size_t count = 0;
        double *p0 = es_vec_in_array(v, "p0", &count);
        for (size_t i = 0; i < count; i++) p0[i] = es_log_mixture(s, n, a, b, p0[i]);
        es_vec_check_pair(v, "cs", cs.lo, cs.hi);
        es_vec_check_array(v, "logE_at", p0, count);
        free(p0);
    }
}

static const char *verdict_text(enum es_verdict verdict, enum es_reason reason)
{
    return reason == ES_MIN_N ? es_reason_code(reason) : es_verdict_name(verdict);
}

void es_vec_difference(struct es_vec *v)
{
    while (es_vec_next(v)) {
        const struct es_two_by_two t = {es_vec_in(v, "x1"), es_vec_in(v, "n1"), es_vec_in(v, "x2"), es_vec_in(v, "n2")};
        const double margin = es_vec_in(v, "margin"), alpha = es_vec_in(v, "alpha");
        const struct es_e_difference e = es_e_difference(&t, margin, alpha);
        const struct es_score_sequence s = es_score_sequence(&t, margin, alpha);
        const struct es_limits box = es_sequence_rectangle(&t, alpha), mn = es_miettinen_nurminen(&t, alpha);
        es_vec_check(v, "diff", e.difference);
        es_vec_check(v, "logE0", e.log_e);
        es_vec_check(v, "p_anytime", e.p_anytime);
        es_vec_check(v, "logE_ge", e.log_e_above);
        es_vec_check(v, "logE_le", e.log_e_below);
        es_vec_check_pair(v, "cs", e.limits.lo, e.limits.hi);
        es_vec_check_text(v, "verdict", verdict_text(e.verdict, ES_REASON_NONE));
        es_vec_check_pair(v, "rect", box.lo, box.hi);
        es_vec_check(v, "v_opt", es_sequence_best_time(margin, alpha));
        es_vec_check(v, "z_at_0", s.z);
        es_vec_check(v, "crit_at_0", s.critical);
        es_vec_check_pair(v, "seq_score_cs", s.limits.lo, s.limits.hi);
        es_vec_check_pair(v, "mn95", mn.lo, mn.hi);
        es_vec_check_text(v, "verdict_seq", verdict_text(s.verdict, s.reason));
    }
}

#define GRID 1000u /* candidates of the hedged interval: the file's note, "on a 1/1000 grid" */

/** Feed the cases to one candidate mean and give its capital at the indices `at`. */
static void capital_at(const double *x, size_t n, double alpha, double mean, const double *at, size_t count, double *out)
{
    struct es_bounded_mean state = es_bounded_mean_init(alpha);
    struct es_capital capital = {.mean = mean};
    for (size_t i = 0; i < n; i++) {
        const double bet = es_bounded_mean_bet(&state);
        es_capital_add(&capital, bet, x[i]);
        (void)es_bounded_mean_add(&state, x[i]);
        for (size_t k = 0; k < count; k++)
            if ((double)i == at[k]) out[k] = es_capital_log(&capital);
    }
}

static void check_capital(struct es_vec *v, const double *x, size_t n, double alpha)
{
    size_t count = 0;
    double *at = es_vec_in_array(v, "at", &count), *out = es_vec_alloc(count, sizeof *out);
    const cJSON *item = NULL, *list = cJSON_GetObjectItemCaseSensitive(v->expect, "log_capital");
    cJSON_ArrayForEach(item, list) /* "m0.3": the candidate mean */
    {
        char field[ES_VEC_NAME];
        const double mean = item->string[0] == 'm' ? strtod(item->string + 1, NULL) : (double)NAN;
        if (!(mean > 0.0 && mean < 1.0)) continue; /* stays unread, and is a failure */
        capital_at(x, n, alpha, mean, at, count, out);
        snprintf(field, sizeof field, "log_capital.%s", item->string);
        es_vec_check_array(v, field, out, count);
    }
    free(at);
    free(out);
}

static void check_hedged(struct es_vec *v, const double *x, size_t n, double alpha)
{
    struct es_capital *grid = es_vec_alloc(GRID - 1, sizeof *grid);
    struct es_bounded_mean state = es_bounded_mean_init(alpha);
    for (uint32_t k = 1; k < GRID; k++) grid[k - 1].mean = (double)k / GRID;
    for (size_t i = 0; i < n; i++) {
        const double bet = es_bounded_mean_bet(&state);
        for (uint32_t k = 1; k < GRID; k++) es_capital_add(&grid[k - 1], bet, x[i]);
        (void)es_bounded_mean_add(&state, x[i]);
    }
    const struct es_limits hedged = es_capital_limits(grid, GRID, alpha);
    es_vec_check_pair(v, "hedged", hedged.lo, hedged.hi);
    free(grid);
}

static void check_bernstein(struct es_vec *v, const double *x, size_t n, double alpha)
{
    size_t count = 0;
    double *at = es_vec_in_array(v, "eb_at", &count);
    double *lo = es_vec_alloc(count, sizeof *lo), *hi = es_vec_alloc(count, sizeof *hi);
    struct es_bounded_mean state = es_bounded_mean_init(alpha);
    for (size_t i = 0; i < n; i++) {
        if (!es_bounded_mean_add(&state, x[i])) es_vec_fail(v, "x", "refused");
        const struct es_limits limits = es_empirical_bernstein(&state);
        for (size_t k = 0; k < count; k++)
            if ((double)i == at[k]) {
                lo[k] = limits.lo;
                hi[k] = limits.hi;
            }
    }
    es_vec_check_array(v, "eb_lower", lo, count);
    es_vec_check_array(v, "eb_upper", hi, count);
    free(at);
    free(lo);
    free(hi);
}

void es_vec_bounded_mean(struct es_vec *v)
{
    while (es_vec_next(v)) {
        const double alpha = es_vec_in(v, "alpha");
        if (cJSON_GetObjectItemCaseSensitive(v->in, "x") == NULL) {
            const double time = es_vec_in(v, "v"), rho = es_mixture_rho(es_vec_in(v, "v_opt"), es_vec_in(v, "alpha_opt"));
            const double bound = es_normal_mixture_bound(time, rho, alpha);
            es_vec_check(v, "normal_mixture", bound);
            es_vec_check(v, "log_mixture_at_bound", es_log_normal_mixture(bound, time, rho));
            continue;
        }
        size_t n = 0;
        double *x = es_vec_in_array(v, "x", &n);
        check_capital(v, x, n, alpha);
        check_bernstein(v, x, n, alpha);
        check_hedged(v, x, n, alpha);
        free(x);
    }
}

static void check_histograms(struct es_vec *v)
{
    struct es_drift d;
    size_t n = 0, m = 0;
    uint64_t *now = es_vec_in_wholes(v, "now", &n), *reference = es_vec_in_wholes(v, "ref", &m);
    if (n == m && es_drift(now, reference, (uint32_t)n, &d)) {
        es_vec_check(v, "psi", d.psi);
        es_vec_check(v, "psi_raw", d.psi_raw);
        es_vec_check(v, "jsd_bits", d.js_bits);
        es_vec_check(v, "js_dist", d.js_distance);
        es_vec_check(v, "tv", d.total_variation);
        es_vec_check(v, "chi2", d.chi2);
        es_vec_check_count(v, "df", d.df);
        es_vec_check(v, "chi2_p", d.chi2_p);
    } else {
        es_vec_fail(v, "now", "cannot be compared");
    }
    free(now);
    free(reference);
}

void es_vec_drift(struct es_vec *v)
{
    while (es_vec_next(v)) {
        if (cJSON_GetObjectItemCaseSensitive(v->in, "now") != NULL) {
            check_histograms(v);
            continue;
        }
        struct es_kolmogorov k = {NAN, NAN};
        size_t m = 0, n = 0;
        double *x = es_vec_in_array(v, "x", &m), *y = es_vec_in_array(v, "y", &n);
        if (!es_kolmogorov_smirnov(x, m, y, n, &k)) es_vec_fail(v, "x", "refused");
        es_vec_check(v, "D", k.distance);
        es_vec_check(v, "p", k.p);
        free(x);
        free(y);
    }
}

static void check_path(struct es_vec *v, uint32_t m, uint32_t h)
{
    const char *x = es_vec_in_text(v, "x");
    if (x == NULL) return;
    const size_t n = strlen(x);
    double *path = es_vec_alloc(n, sizeof *path), *signals = es_vec_alloc(n, sizeof *signals);
    size_t alarms = 0;
    struct es_cusum chart = {0};
    for (size_t i = 0; i < n; i++) {
        if (es_cusum_step(&chart, m, h, x[i] == '1')) signals[alarms++] = (double)i;
        path[i] = chart.level;
    }
    es_vec_check_array(v, "path", path, n);
    es_vec_check_array(v, "signals", signals, alarms);
    free(path);
    free(signals);
}

void es_vec_cusum(struct es_vec *v)
{
    while (es_vec_next(v)) {
        struct es_cusum_design d;
        const uint32_t h = (uint32_t)es_vec_in_whole(v, "h");
        if (!es_cusum_design(es_vec_in(v, "p0"), es_vec_in(v, "p1"), &d)) {
            es_vec_fail(v, "p0", "refused");
            continue;
        }
        es_vec_check(v, "w1", d.w1);
        es_vec_check(v, "w0", d.w0);
        es_vec_check_count(v, "m", d.m);
        es_vec_check(v, "arl0", es_cusum_run_length(d.m, h, d.p0));
        es_vec_check(v, "arl1", es_cusum_run_length(d.m, h, d.p1));
        es_vec_check_count(v, "h_for_arl", es_cusum_limit(d.m, d.p0, es_vec_in(v, "target_arl0")));
        check_path(v, d.m, h);
    }
}
