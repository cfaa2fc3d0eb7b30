/* SPDX-License-Identifier: Apache-2.0 */
/* The sweep against direct formulas on every pair of rows and every patient (METRICS J1), and against itself in another order. */
#include "metrics/sweep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/coverage.h"
#include "metrics/proportion.h"
#include "metrics/special.h"
#include "metrics/summary.h"
#include "sheets.h"
#include "testlib.h"

static struct test_sheet sheet, other;

/** One arm's cases as the definition says, O(n) to find: 0 out, 1 group, 2 rest. */
static int arm_of(const struct test_sheet *t, const struct es_grouping *g, const uint8_t *key, uint32_t row)
{
    bool in = true, outside = false;
    for (unsigned k = 0; k < g->n; k++) {
        const uint8_t level = t->level[g->axis[k]][row];
        in = in && level == key[k];
        outside = outside || (level != 0 && level != key[k]);
    }
    return in ? 1 : outside ? 2 : 0;
}

/** A patient's numbers in one arm: x and n of a rate, placements of both classes, squared error, residual. */
struct direct {
    double x[3], n[3], k[3]; /* totals of the two arms [1], [2]; patients */
    double *px[3], *pn[3];   /* per patient */
};

static void direct_open(struct direct *d, uint32_t patients)
{
    memset(d, 0, sizeof *d);
    for (int a = 1; a < 3; a++) {
        d->px[a] = calloc(patients + 1, sizeof(double));
        d->pn[a] = calloc(patients + 1, sizeof(double));
    }
}

static void direct_close(struct direct *d)
{
    for (int a = 1; a < 3; a++) {
        free(d->px[a]);
        free(d->pn[a]);
    }
}

static void direct_add(struct direct *d, int arm, uint32_t patient, double x, double n)
{
    if (arm == 0) return;
    d->x[arm] += x;
    d->n[arm] += n;
    d->px[arm][patient] += x;
    d->pn[arm][patient] += n;
}

/** K/(K-1) sum u_i^2 of METRICS J1; *own is the same of the group alone. */
static double direct_variance(const struct direct *d, uint32_t patients, double *own)
{
    double sum = 0, alone = 0, k = 0, k1 = 0;
    const double pg = d->x[1] / d->n[1], pr = d->x[2] / d->n[2];
    for (uint32_t i = 0; i < patients; i++) {
        const double g = (d->px[1][i] - pg * d->pn[1][i]) / d->n[1], r = (d->px[2][i] - pr * d->pn[2][i]) / d->n[2];
        sum += (g - r) * (g - r);
        alone += g * g;
        k += d->pn[1][i] > 0 || d->pn[2][i] > 0;
        k1 += d->pn[1][i] > 0;
    }
    *own = k1 / (k1 - 1) * alone;
    return k / (k - 1) * sum;
}

static bool in_rate(const char *name, const struct test_sheet *t, uint32_t row, double *x)
{
    const uint8_t d = t->decision[row], y = t->label[row];
    if (t->stage[row] != ES_STAGE_REFERENCED) return false;
    *x = y;
    if (strcmp(name, "prevalence") == 0) return true;
    if (d == ES_NO_ANSWER) return false;
    *x = d;
    if (strcmp(name, "alert_rate") == 0) return true;
    if (strcmp(name, "sensitivity") == 0) return y == 1;
    *x = d == y;
    if (strcmp(name, "accuracy") == 0) return true;
    if (strcmp(name, "specificity") == 0) return y == 0;
    if (strcmp(name, "npv") == 0) return d == 0;
    return d == 1; /* ppv */
}

/** Does an arm have non-alerts and no label for any of them, and does the metric need to see misses (METRICS J7)? */
static bool gated(const struct test_sheet *t, const struct es_grouping *g, const uint8_t *key, int arm, const char *name)
{
    bool silent = false, verified = false;
    if (strcmp(name, "ppv") == 0 || strcmp(name, "alert_rate") == 0 || strcmp(name, "prevalence") == 0) return false;
    for (uint32_t i = 0; i < t->sheet.rows; i++) {
        if (t->stage[i] < ES_STAGE_REFERENCED || t->decision[i] != 0 || arm_of(t, g, key, i) != arm) continue;
        silent = true;
        verified = verified || t->label[i] != ES_NO_ANSWER;
    }
    return silent && !verified;
}

static void check_rate(const struct test_sheet *t, const struct es_summary *s, const struct es_grouping *g,
                       const struct es_metric *m)
{
    const struct es_level level = es_level_default();
    struct es_comparison c;
    struct direct d;
    double own, x;
    direct_open(&d, t->sheet.patients);
    const struct es_group_key key = s->key;
    for (uint32_t row = 0; row < t->sheet.rows; row++)
        if (in_rate(m->name, t, row, &x)) direct_add(&d, arm_of(t, g, key.level, row), t->patient[row], x, 1);
    const double joint = direct_variance(&d, t->sheet.patients, &own);
    const struct es_estimate e = m->finish(s, &level);
    CU_ASSERT_EQUAL((double)e.n, d.n[1]);
    if (gated(t, g, key.level, 1, m->name)) {
        CU_ASSERT_EQUAL(e.reason, ES_NO_VERIFIED_NEGATIVES);
    } else if (d.n[1] > 0) {
        const double p = d.x[1] / d.n[1], deff = p > 0 && p < 1 && isfinite(own) ? fmax(1, own / (p * (1 - p) / d.n[1])) : 1;
        const struct es_limits w = es_wilson(d.x[1] / deff, d.n[1] / deff, level.alpha);
        CU_ASSERT_EQUAL(e.status, ES_ESTIMATED);
        CU_ASSERT_DOUBLE_EQUAL(e.value, p, 1e-15);
        CU_ASSERT_DOUBLE_EQUAL(e.lo, w.lo, 1e-12);
        CU_ASSERT_DOUBLE_EQUAL(e.hi, w.hi, 1e-12);
    } else
        CU_ASSERT_EQUAL(e.status, ES_NOT_ESTIMABLE);
    const bool compared = m->compare(s, &level, 0.05, &c);
    const bool blind = gated(t, g, key.level, 1, m->name) || gated(t, g, key.level, 2, m->name);
    CU_ASSERT_EQUAL(compared, g->n > 0 && d.n[1] > 0 && d.n[2] > 0 && !blind);
    if (compared) {
        const double p = d.x[1] / d.n[1], q = d.x[2] / d.n[2], b = p * (1 - p) / d.n[1] + q * (1 - q) / d.n[2];
        CU_ASSERT_DOUBLE_EQUAL(c.difference, p - q, 1e-15);
        CU_ASSERT_EQUAL((double)c.n_rest, d.n[2]);
        if (b > 0) CU_ASSERT_DOUBLE_EQUAL(c.deff, fmax(1, joint / b), 1e-11 * fmax(1, joint / b));
        CU_ASSERT_TRUE(c.lo <= c.difference && c.difference <= c.hi);
        CU_ASSERT_TRUE(c.lo <= c.lo_eq && c.hi_eq <= c.hi);
    }
    direct_close(&d);
}

static void check_brier(const struct test_sheet *t, const struct es_summary *s, const struct es_grouping *g)
{
    const struct es_level level = es_level_default();
    const struct es_metric *m = es_metric_find("brier");
    struct es_comparison c;
    struct direct d;
    double own;
    direct_open(&d, t->sheet.patients);
    for (uint32_t row = 0; row < t->sheet.rows; row++) {
        const double gap = t->score[row] - t->label[row];
        if (t->stage[row] == ES_STAGE_REFERENCED && !isnan(gap))
            direct_add(&d, arm_of(t, g, s->key.level, row), t->patient[row], gap * gap, 1);
    }
    const double joint = direct_variance(&d, t->sheet.patients, &own), z = es_norm_isf(0.025);
    const struct es_estimate e = m->finish(s, &level);
    if (e.status == ES_ESTIMATED) {
        CU_ASSERT_DOUBLE_EQUAL(e.value, d.x[1] / d.n[1], 1e-11);
        if (!isnan(e.lo) && !(e.flags & ES_FLAG_CLIPPED)) CU_ASSERT_DOUBLE_EQUAL((e.hi - e.value) / z, sqrt(own), 1e-10);
    } else
        CU_ASSERT_EQUAL(d.n[1], 0);
    if (m->compare(s, &level, 0.05, &c) && c.method == ES_INTERVAL_NORMAL_JOINT)
        CU_ASSERT_DOUBLE_EQUAL((c.hi - c.difference) / z, sqrt(joint), 1e-10);
    direct_close(&d);
}

/** Obuchowski's placements by all pairs. */
static void place(const struct test_sheet *t, const struct es_grouping *g, const uint8_t *key, int arm, double *placed, double *m,
                  double *n, double *auc)
{
    double wins = 0;
    *m = *n = 0;
    for (uint32_t i = 0; i < t->sheet.rows; i++) {
        placed[i] = 0;
        if (t->stage[i] != ES_STAGE_REFERENCED || isnan(t->score[i]) || arm_of(t, g, key, i) != arm) continue;
        *(t->label[i] ? m : n) += 1;
        for (uint32_t j = 0; j < t->sheet.rows; j++) {
            if (t->stage[j] != ES_STAGE_REFERENCED || isnan(t->score[j]) || arm_of(t, g, key, j) != arm) continue;
            if (t->label[j] == t->label[i]) continue;
            const double high = t->label[i] ? t->score[i] : t->score[j], low = t->label[i] ? t->score[j] : t->score[i];
            placed[i] += high > low ? 1 : high == low ? 0.5 : 0;
        }
        if (t->label[i]) wins += placed[i];
    }
    *auc = wins / (*m * *n);
}

/** Per patient: deviations of positives and of negatives, and whether there are any. */
static void deviations(const struct test_sheet *t, const struct es_grouping *g, const uint8_t *key, int arm, double *a, double *b,
                       uint8_t *has, double *auc, double *m, double *n)
{
    static double placed[SHEET_MAX_ROWS];
    place(t, g, key, arm, placed, m, n, auc);
    memset(a, 0, SHEET_MAX_ROWS * sizeof *a);
    memset(b, 0, SHEET_MAX_ROWS * sizeof *b);
    memset(has, 0, SHEET_MAX_ROWS);
    for (uint32_t i = 0; i < t->sheet.rows; i++) {
        if (t->stage[i] != ES_STAGE_REFERENCED || isnan(t->score[i]) || arm_of(t, g, key, i) != arm) continue;
        if (t->label[i])
            a[t->patient[i]] += (placed[i] / *n - *auc) / *m;
        else
            b[t->patient[i]] += (placed[i] / *m - *auc) / *n;
        has[t->patient[i]] |= t->label[i] ? 1 : 2;
    }
}

static double variance_of(const double *a, const double *b, const uint8_t *has, uint32_t patients)
{
    double saa = 0, sbb = 0, sab = 0, ka = 0, kb = 0, k = 0;
    for (uint32_t i = 0; i < patients; i++) {
        saa += a[i] * a[i];
        sbb += b[i] * b[i];
        sab += a[i] * b[i];
        ka += has[i] & 1;
        kb += (has[i] & 2) > 0;
        k += has[i] > 0;
    }
    if (ka < 2 || kb < 2) return NAN;
    return ka / (ka - 1) * saa + kb / (kb - 1) * sbb + 2 * k / (k - 1) * sab;
}

static void check_auroc(const struct test_sheet *t, const struct es_summary *s, const struct es_grouping *g)
{
    static double a[3][SHEET_MAX_ROWS], b[3][SHEET_MAX_ROWS];
    static uint8_t has[3][SHEET_MAX_ROWS];
    double auc[3], m[3], n[3], variance[3], covariance = 0, k = 0;
    const struct es_level level = es_level_default();
    const struct es_metric *metric = es_metric_find("auroc");
    struct es_comparison c;
    for (int arm = 1; arm < 3; arm++) {
        deviations(t, g, s->key.level, arm, a[arm], b[arm], has[arm], &auc[arm], &m[arm], &n[arm]);
        variance[arm] = variance_of(a[arm], b[arm], has[arm], t->sheet.patients);
    }
    for (uint32_t i = 0; i < t->sheet.patients; i++) {
        covariance += (a[1][i] + b[1][i]) * (a[2][i] + b[2][i]);
        k += has[1][i] || has[2][i];
    }
    covariance *= k / (k - 1);
    const struct es_estimate e = metric->finish(s, &level);
    CU_ASSERT_EQUAL(e.status == ES_ESTIMATED, m[1] > 0 && n[1] > 0);
    if (e.status != ES_ESTIMATED) return;
    CU_ASSERT_DOUBLE_EQUAL(e.value, auc[1], 1e-15);
    if (variance[1] >= 0) CU_ASSERT_DOUBLE_EQUAL(es_ranks_variance(&s->ranks), variance[1], 1e-12 * fmax(variance[1], 1e-3));
    if (!metric->compare(s, &level, 0.05, &c)) return;
    CU_ASSERT_DOUBLE_EQUAL(c.rest, auc[2], 1e-15);
    if (c.method != ES_INTERVAL_NORMAL_JOINT) return;
    const double joint = variance[1] + variance[2] - 2 * covariance;
    CU_ASSERT_DOUBLE_EQUAL((c.hi - c.difference) / es_norm_isf(0.025), sqrt(joint), 1e-11);
}

/** Calibration-in-the-large by bisection, and its joint variance. */
static void check_citl(const struct test_sheet *t, const struct es_summary *s, const struct es_grouping *g)
{
    static double u[3][SHEET_MAX_ROWS];
    static uint8_t has[SHEET_MAX_ROWS];
    const struct es_level level = es_level_default();
    const struct es_metric *metric = es_metric_find("calibration_in_the_large");
    struct es_comparison c;
    double at[3];
    if (!metric->compare(s, &level, 0.2, &c)) return;
    memset(u, 0, sizeof u);
    memset(has, 0, sizeof has);
    for (int arm = 1; arm < 3; arm++) {
        double lo = -30, hi = 30, info = 0;
        for (int step = 0; step < 200; step++) {
            double sum = 0;
            at[arm] = (lo + hi) / 2;
            for (uint32_t i = 0; i < t->sheet.rows; i++)
                if (t->stage[i] == ES_STAGE_REFERENCED && !isnan(t->score[i]) && arm_of(t, g, s->key.level, i) == arm)
                    sum += t->label[i] - es_expit(at[arm] + es_logit(t->score[i]));
            *(sum > 0 ? &lo : &hi) = at[arm];
        }
        for (uint32_t i = 0; i < t->sheet.rows; i++)
            if (t->stage[i] == ES_STAGE_REFERENCED && !isnan(t->score[i]) && arm_of(t, g, s->key.level, i) == arm) {
                const double mu = es_expit(at[arm] + es_logit(t->score[i]));
                u[arm][t->patient[i]] += t->label[i] - mu;
                info += mu * (1 - mu);
                has[t->patient[i]] = 1;
            }
        for (uint32_t i = 0; i < t->sheet.patients; i++) u[arm][i] /= info;
    }
    double sum = 0, k = 0;
    for (uint32_t i = 0; i < t->sheet.patients; i++) {
        sum += (u[1][i] - u[2][i]) * (u[1][i] - u[2][i]);
        k += has[i];
    }
    CU_ASSERT_DOUBLE_EQUAL(c.group, at[1], 1e-11);
    CU_ASSERT_DOUBLE_EQUAL(c.rest, at[2], 1e-11);
    CU_ASSERT_DOUBLE_EQUAL((c.hi - c.difference) / es_norm_isf(0.025), sqrt(k / (k - 1) * sum), 1e-9);
}

static void check_funnel(const struct test_sheet *t, const struct es_summary *s, const struct es_grouping *g)
{
    uint64_t units = 0, stage[ES_STAGE_COUNT] = {0}, late = 0, patients = 0;
    for (uint32_t i = 0, last = UINT32_MAX; i < t->sheet.rows; i++) {
        if (arm_of(t, g, s->key.level, i) != 1) continue;
        units++;
        stage[t->stage[i]]++;
        late += (t->mark[i] & ES_MARK_LATE) != 0;
        patients += t->patient[i] != last;
        last = t->patient[i];
    }
    CU_ASSERT_EQUAL(es_summary_units(s), units);
    CU_ASSERT_EQUAL(es_summary_patients(s), patients);
    CU_ASSERT_EQUAL(es_summary_marked(s, ES_MARK_LATE), late);
    for (unsigned k = 0; k < ES_STAGE_COUNT; k++) CU_ASSERT_EQUAL(es_summary_stage(s, k), stage[k]);
    const struct es_funnel f = es_funnel(s);
    CU_ASSERT_EQUAL(f.seen, f.excluded + f.ineligible + f.eligibility_unknown + f.eligible);
}

static void test_equals_direct_formulas(void)
{
    static const char *const rates[] = {"sensitivity", "specificity", "ppv", "npv", "accuracy", "alert_rate", "prevalence"};
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct es_sweep *sweep = NULL;
        test_sheet_fill(&sheet, (uint32_t)(40 + 15 * seed), seed % 2 ? 4 : 2, seed);
        CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet.sheet, test_groupings, 4, &sweep));
        for (size_t i = 0; i < es_sweep_count(sweep); i++) {
            const struct es_summary *s = es_sweep_summary(sweep, i);
            const struct es_grouping *g = &test_groupings[es_sweep_key(sweep, i).grouping];
            check_funnel(&sheet, s, g);
            for (size_t k = 0; k < sizeof rates / sizeof rates[0]; k++) check_rate(&sheet, s, g, es_metric_find(rates[k]));
            check_brier(&sheet, s, g);
            check_auroc(&sheet, s, g);
            if (g->n) check_citl(&sheet, s, g);
        }
        es_sweep_free(sweep);
    }
}

/** All that a report can read of a sweep, as bytes. */
static size_t estimates(const struct es_sweep *sweep, struct es_estimate *e, struct es_comparison *c)
{
    const struct es_level level = es_level_default();
    size_t n = 0;
    for (size_t i = 0; i < es_sweep_count(sweep); i++)
        for (size_t m = 0; m < es_metrics_count; m++, n++) {
            e[n] = es_metrics[m].finish(es_sweep_summary(sweep, i), &level);
            memset(&c[n], 0, sizeof c[n]);
            if (es_metrics[m].compare) es_metrics[m].compare(es_sweep_summary(sweep, i), &level, 0.05, &c[n]);
        }
    return n;
}

static bool same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static void test_order_changes_no_bit(void)
{
    enum { MOST = 64 * 32 };
    struct es_estimate *e = calloc(2 * MOST, sizeof *e);
    struct es_comparison *c = calloc(2 * MOST, sizeof *c);
    CU_ASSERT_TRUE_FATAL(e && c);
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct es_sweep *a = NULL, *b = NULL;
        test_sheet_fill(&sheet, 300, 3, seed % 6);
        test_sheet_permute(&sheet, &other, seed);
        CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet.sheet, test_groupings, 4, &a) &&
                             es_sweep_run(&other.sheet, test_groupings, 4, &b));
        CU_ASSERT_TRUE_FATAL(es_sweep_count(a) * es_metrics_count <= MOST);
        const size_t n = estimates(a, e, c), k = estimates(b, e + MOST, c + MOST);
        CU_ASSERT_EQUAL_FATAL(n, k);
        size_t different = 0;
        for (size_t i = 0; i < n; i++) {
            const struct es_estimate *x = &e[i], *y = &e[MOST + i];
            const struct es_comparison *u = &c[i], *v = &c[MOST + i];
            different += !(same(x->value, y->value) && same(x->lo, y->lo) && same(x->hi, y->hi) && x->n == y->n &&
                           x->patients == y->patients && x->flags == y->flags && x->status == y->status);
            different += !(same(u->difference, v->difference) && same(u->lo, v->lo) && same(u->hi, v->hi) &&
                           same(u->p_difference, v->p_difference) && same(u->p_lower, v->p_lower) && same(u->deff, v->deff));
        }
        CU_ASSERT_EQUAL(different, 0);
        es_sweep_free(a);
        es_sweep_free(b);
    }
    free(e);
    free(c);
}

static void test_empty_sheet_has_its_levels(void)
{
    struct es_sweep *sweep = NULL;
    const struct es_level level = es_level_default();
    test_sheet_fill(&sheet, 0, 2, 1);
    CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet.sheet, test_groupings, 4, &sweep));
    CU_ASSERT_EQUAL(es_sweep_count(sweep), 1 + 3 + 4);
    for (size_t i = 0; i < es_sweep_count(sweep); i++)
        for (size_t m = 0; m < es_metrics_count; m++) {
            const struct es_estimate e = es_metrics[m].finish(es_sweep_summary(sweep, i), &level);
            CU_ASSERT_EQUAL(e.status, ES_NOT_ESTIMABLE);
            CU_ASSERT_NOT_EQUAL(e.reason, ES_REASON_NONE);
            CU_ASSERT_TRUE(isnan(e.value) && isnan(e.lo) && isnan(e.hi));
        }
    CU_ASSERT_PTR_NULL(es_sweep_summary(sweep, es_sweep_count(sweep)));
    es_sweep_free(sweep);
    es_sweep_free(NULL);
}

static void test_one_patient_and_one_class(void)
{
    struct es_sweep *sweep = NULL;
    struct es_comparison c;
    const struct es_level level = es_level_default();
    test_sheet_fill(&sheet, 20, 1000, 3);
    CU_ASSERT_EQUAL_FATAL(sheet.sheet.patients, 1);
    for (int i = 0; i < 20; i++) {
        sheet.label[i] = 1;
        sheet.decision[i] = (uint8_t)(i & 1);
        sheet.stage[i] = ES_STAGE_REFERENCED;
        if (isnan(sheet.score[i])) sheet.score[i] = 0.5;
    }
    CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet.sheet, test_groupings, 2, &sweep));
    const struct es_summary *all = es_sweep_summary(sweep, 0);
    const struct es_estimate se = es_metric_find("sensitivity")->finish(all, &level);
    CU_ASSERT_EQUAL(se.value, 0.5);
    CU_ASSERT_EQUAL(se.flags, ES_FLAG_DEFF_UNKNOWN | ES_FLAG_FEW_CLUSTERS);
    CU_ASSERT_EQUAL(es_metric_find("specificity")->finish(all, &level).reason, ES_NO_NEGATIVES);
    CU_ASSERT_EQUAL(es_metric_find("auroc")->finish(all, &level).reason, ES_NO_NEGATIVES);
    CU_ASSERT_EQUAL(es_metric_find("calibration_in_the_large")->finish(all, &level).reason, ES_NO_NEGATIVES);
    CU_ASSERT_FALSE(es_metric_find("sensitivity")->compare(all, &level, 0.05, &c));
    CU_ASSERT_EQUAL(c.reason, ES_EVERYONE_HAS_NO_REST);
    CU_ASSERT_TRUE(isnan(es_metric_find("brier")->finish(all, &level).lo));
    es_sweep_free(sweep);
}

static void test_scores_that_are_no_probabilities(void)
{
    struct es_sweep *sweep = NULL;
    const struct es_level level = es_level_default();
    test_sheet_fill(&sheet, 100, 2, 4);
    sheet.stage[7] = ES_STAGE_REFERENCED;
    sheet.label[7] = 1;
    sheet.score[7] = 17.5;
    CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet.sheet, test_groupings, 1, &sweep));
    static const char *const names[] = {"brier", "oe_ratio", "calibration_in_the_large", "calibration_slope", "mean_score", "ece10"};
    for (size_t i = 0; i < 6; i++)
        CU_ASSERT_EQUAL(es_metric_find(names[i])->finish(es_sweep_summary(sweep, 0), &level).reason, ES_NOT_PROBABILITY);
    CU_ASSERT_EQUAL(es_metric_find("auroc")->finish(es_sweep_summary(sweep, 0), &level).status, ES_ESTIMATED);
    es_sweep_free(sweep);
    for (int i = 0; i < 100; i++) sheet.score[i] = (double)NAN;
    CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet.sheet, test_groupings, 1, &sweep));
    for (size_t i = 0; i < 6; i++)
        CU_ASSERT_EQUAL(es_metric_find(names[i])->finish(es_sweep_summary(sweep, 0), &level).reason, ES_NO_SCORES);
    CU_ASSERT_EQUAL(es_metric_find("auroc")->finish(es_sweep_summary(sweep, 0), &level).reason, ES_NO_SCORES);
    CU_ASSERT_EQUAL(es_metric_find("sensitivity")->finish(es_sweep_summary(sweep, 0), &level).status, ES_ESTIMATED);
    es_sweep_free(sweep);
}

/* METRICS J7: without one verified non-alert a miss cannot be seen. */
static void test_no_verified_negative_hides_misses(void)
{
    struct es_sweep *sweep = NULL;
    struct es_comparison c;
    uint64_t decided[2], verified[2];
    const struct es_level level = es_level_default();
    test_sheet_fill(&sheet, 200, 2, 5);
    for (int i = 0; i < 200; i++)
        if (sheet.decision[i] == 0 && sheet.level[0][i] == 1) {
            sheet.stage[i] = ES_STAGE_OVERDUE;
            sheet.label[i] = ES_NO_ANSWER;
        }
    CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet.sheet, test_groupings, 2, &sweep));
    const struct es_summary *s = es_sweep_summary(sweep, 1);
    es_summary_verification(s, decided, verified);
    CU_ASSERT_TRUE(decided[0] > 0 && verified[0] == 0 && verified[1] > 0);
    static const char *const blind[] = {"sensitivity", "specificity", "npv", "auroc", "sensitivity_all_eligible", "youden"};
    for (size_t i = 0; i < sizeof blind / sizeof blind[0]; i++)
        CU_ASSERT_EQUAL(es_metric_find(blind[i])->finish(s, &level).reason, ES_NO_VERIFIED_NEGATIVES);
    CU_ASSERT_EQUAL(es_metric_find("ppv")->finish(s, &level).status, ES_ESTIMATED);
    CU_ASSERT_FALSE(es_metric_find("sensitivity")->compare(s, &level, 0.05, &c));
    CU_ASSERT_EQUAL(c.reason, ES_NO_VERIFIED_NEGATIVES);
    CU_ASSERT_FALSE(es_metric_find("auroc")->compare(s, &level, 0.05, &c));
    CU_ASSERT_EQUAL(c.reason, ES_NO_VERIFIED_NEGATIVES);
    es_sweep_free(sweep);
}

static void test_sensitivity_as_deployed(void)
{
    struct es_sweep *sweep = NULL;
    const struct es_level level = es_level_default();
    test_sheet_fill(&sheet, 300, 2, 6);
    CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet.sheet, test_groupings, 1, &sweep));
    double x = 0, n = 0;
    for (int i = 0; i < 300; i++) {
        const uint8_t st = sheet.stage[i];
        const bool unseen = st == ES_STAGE_REJECTED || st == ES_STAGE_FAILED || st == ES_STAGE_MISSING;
        if (sheet.label[i] != 1 || !(unseen || st == ES_STAGE_REFERENCED)) continue;
        n++;
        x += !unseen && sheet.decision[i] == 1;
    }
    const struct es_estimate e = es_metric_find("sensitivity_all_eligible")->finish(es_sweep_summary(sweep, 0), &level);
    CU_ASSERT_DOUBLE_EQUAL(e.value, x / n, 1e-15);
    CU_ASSERT_EQUAL((double)e.n, n);
    CU_ASSERT_TRUE(e.value < es_metric_find("sensitivity")->finish(es_sweep_summary(sweep, 0), &level).value);
    es_sweep_free(sweep);
}

static void test_malformed_is_refused(void)
{
    struct es_sweep *sweep = NULL;
    const struct es_grouping wrong[][2] = {{{1, {0}}, {0, {0}}}, {{0, {0}}, {1, {7}}}, {{0, {0}}, {2, {1, 1}}}, {{0, {0}}, {9, {0}}}};
    test_sheet_fill(&sheet, 50, 2, 7);
    for (size_t i = 0; i < 4; i++) CU_ASSERT_FALSE(es_sweep_run(&sheet.sheet, wrong[i], 2, &sweep));
    CU_ASSERT_FALSE(es_sweep_run(&sheet.sheet, test_groupings, 0, &sweep));
    sheet.patient[3] = 1000;
    CU_ASSERT_FALSE(es_sweep_run(&sheet.sheet, test_groupings, 4, &sweep));
    CU_ASSERT_PTR_NULL(sweep);
}

static void test_options_leave_out_what_they_say(void)
{
    struct es_sweep *sweep = NULL;
    struct es_comparison c;
    const struct es_level level = es_level_default();
    const struct es_sweep_options options = {0, false};
    test_sheet_fill(&sheet, 200, 2, 8);
    CU_ASSERT_TRUE_FATAL(es_sweep_run_with(&sheet.sheet, test_groupings, 2, &options, &sweep));
    const struct es_summary *s = es_sweep_summary(sweep, 1);
    CU_ASSERT_EQUAL(es_metric_find("auroc")->finish(s, &level).status, ES_ESTIMATED);
    CU_ASSERT_FALSE(es_metric_find("auroc")->compare(s, &level, 0.05, &c));
    CU_ASSERT_EQUAL(es_metric_find("calibration_slope")->finish(s, &level).reason, ES_N_ZERO);
    CU_ASSERT_TRUE(es_metric_find("sensitivity")->compare(s, &level, 0.05, &c));
    es_sweep_free(sweep);
}

static void test_levels_in_order_unknown_last(void)
{
    struct es_sweep *sweep = NULL;
    static const uint8_t expected[] = {1, 2, 3, 0};
    test_sheet_fill(&sheet, 200, 2, 9);
    CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet.sheet, test_groupings, 3, &sweep));
    for (size_t i = 0; i < 4; i++) CU_ASSERT_EQUAL(es_sweep_key(sweep, 4 + i).level[0], expected[i]);
    es_sweep_free(sweep);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"equals_direct_formulas", test_equals_direct_formulas},
                                           {"order_changes_no_bit", test_order_changes_no_bit},
                                           {"empty_sheet_has_its_levels", test_empty_sheet_has_its_levels},
                                           {"one_patient_and_one_class", test_one_patient_and_one_class},
                                           {"scores_that_are_no_probabilities", test_scores_that_are_no_probabilities},
                                           {"no_verified_negative_hides_misses", test_no_verified_negative_hides_misses},
                                           {"sensitivity_as_deployed", test_sensitivity_as_deployed},
                                           {"malformed_is_refused", test_malformed_is_refused},
                                           {"options_leave_out_what_they_say", test_options_leave_out_what_they_say},
                                           {"levels_in_order_unknown_last", test_levels_in_order_unknown_last},
                                           {NULL, NULL}};
    return es_test_main("sweep", tests, argc, argv);
}
