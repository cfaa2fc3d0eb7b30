/* SPDX-License-Identifier: Apache-2.0 */
/* The sweep against direct formulas on every pair of rows and every patient (METRICS J1). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/coverage.h"
#include "metrics/proportion.h"
#include "metrics/special.h"
#include "metrics/summary.h"
#include "sheets.h"
#include "testlib.h"

static struct test_sheet sheet;

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
    uint64_t units = 0, stage[ES_STAGE_COUNT] = {0}, late = 0, patients = 0, cases[2] = {0, 0}, of[3] = {0, 0, 0}, counts[4];
    uint32_t seen[3] = {UINT32_MAX, UINT32_MAX, UINT32_MAX};
    for (uint32_t i = 0, last = UINT32_MAX; i < t->sheet.rows; i++) {
        if (arm_of(t, g, s->key.level, i) != 1) continue;
        for (unsigned k = 0; k < 3 && t->stage[i] == ES_STAGE_REFERENCED; k++) { /* negatives, positives, cases */
            if (k < 2 && t->label[i] != k) continue;
            of[k] += seen[k] != t->patient[i];
            seen[k] = t->patient[i];
        }
        if (t->stage[i] == ES_STAGE_REFERENCED) cases[t->label[i]]++;
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
    CU_ASSERT_TRUE(es_summary_negatives(s) == cases[0] && es_summary_positives(s) == cases[1]);
    CU_ASSERT_EQUAL(es_summary_cases(s), cases[0] + cases[1]);
    CU_ASSERT_TRUE(es_summary_negative_patients(s) == of[0] && es_summary_positive_patients(s) == of[1]);
    CU_ASSERT_EQUAL(es_summary_case_patients(s), of[2]);
    es_summary_confusion(s, &counts[0], &counts[1], &counts[2], &counts[3]);
    CU_ASSERT_TRUE(counts[0] + counts[2] <= cases[1] && counts[1] + counts[3] <= cases[0]);
    const struct es_funnel f = es_funnel(s);
    CU_ASSERT_EQUAL(f.seen, f.excluded + f.ineligible + f.eligibility_unknown + f.eligible);
}

/** The sheet of the test's column arrays, every figure of every group. */
static void check_sheet(void)
{
    static const char *const rates[] = {"sensitivity", "specificity", "ppv", "npv", "accuracy", "alert_rate", "prevalence"};
    struct es_sweep *sweep = NULL;
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

static void test_equals_direct_formulas(void)
{
    for (uint64_t seed = 1; seed <= 12; seed++) {
        test_sheet_fill(&sheet, (uint32_t)(40 + 15 * seed), seed % 2 ? 4 : 2, seed);
        check_sheet();
    }
}

/** Some 400 patients of six rows, hardly two of them alike: more kinds than are told apart. */
static void test_equals_direct_formulas_with_many_kinds(void)
{
    test_sheet_fill(&sheet, SHEET_MAX_ROWS, 6, 99);
    check_sheet();
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"equals_direct_formulas", test_equals_direct_formulas},
                                           {"equals_direct_formulas_with_many_kinds", test_equals_direct_formulas_with_many_kinds},
                                           {NULL, NULL}};
    return es_test_main("sweep_direct", tests, argc, argv);
}
