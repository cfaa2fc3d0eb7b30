/* SPDX-License-Identifier: Apache-2.0 */
/* Sequential verdicts under patient clusters: against the reference vectors where no patient has two cases, and against direct
 * sums over patients where many have. */
#include "metrics/monitor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/sequential.h"
#include "sheets.h"
#include "testlib.h"
#include "testrandom.h"
#include "vectors.h"

static struct test_sheet sheet, other;
static const struct es_monitor_plan plain = {ES_MONITOR_DEFAULT, 0.05, 0.05, 0, 0};

/** Sums of patients with one case each. */
static struct es_gap_sums singles(uint64_t x1, uint64_t n1, uint64_t x2, uint64_t n2)
{
    return (struct es_gap_sums){.group = {n1, x1, n1, x1, x1, n1}, .rest = {n2, x2, n2, x2, x2, n2}};
}

static const cJSON *vector_cases(struct es_vec *v, const char *file)
{
    CU_ASSERT_TRUE_FATAL(es_vec_open(v, es_testdata("vectors"), file));
    return cJSON_GetObjectItem(v->root, "cases")->child;
}

static double number(const cJSON *object, const char *name)
{
    return es_vec_number(cJSON_GetObjectItem(object, name));
}

static void near(double got, const cJSON *expected)
{
    const double e = es_vec_number(expected);
    CU_ASSERT_TRUE((isnan(got) && isnan(e)) || fabs(got - e) <= 1e-9 + 1e-8 * fabs(e));
}

/* Expected: f2_eprocess_difference.json. One case a patient: the default is F2(b), strict is F2(a). */
static void test_singletons_are_f2(void)
{
    struct es_vec v;
    unsigned seen = 0;
    for (const cJSON *c = vector_cases(&v, "f2_eprocess_difference.json"); c; c = c->next, seen++) {
        const cJSON *in = cJSON_GetObjectItem(c, "in"), *expect = cJSON_GetObjectItem(c, "expect");
        if (!(number(in, "n1") > 0 && number(in, "n2") > 0)) continue;
        const struct es_gap_sums s = singles((uint64_t)number(in, "x1"), (uint64_t)number(in, "n1"), (uint64_t)number(in, "x2"),
                                             (uint64_t)number(in, "n2"));
        struct es_monitor_plan plan = {ES_MONITOR_DEFAULT, number(in, "alpha"), number(in, "margin"), 0, 0};
        const struct es_gap_sequence q = es_gap_sequence(&s, plan.margin, plan.alpha);
        const cJSON *cs = cJSON_GetObjectItem(expect, "seq_score_cs"), *strict = cJSON_GetObjectItem(expect, "cs");
        near(q.limits.lo, cs->child);
        near(q.limits.hi, cs->child->next);
        near(q.z, cJSON_GetObjectItem(expect, "z_at_0"));
        near(q.critical, cJSON_GetObjectItem(expect, "crit_at_0"));
        struct es_comparison d;
        const enum es_verdict verdict = es_monitor_gap(&s, &plan, &d);
        const char *expected = cJSON_GetObjectItem(expect, "verdict_seq")->valuestring;
        CU_ASSERT_STRING_EQUAL(d.reason == ES_MIN_N ? "min_n" : es_verdict_name(verdict), expected);
        CU_ASSERT_TRUE(d.reason == ES_MIN_N ? isnan(d.lo) && isnan(d.hi) : d.lo == q.limits.lo && d.hi == q.limits.hi);
        plan.mode = ES_MONITOR_STRICT;
        CU_ASSERT_STRING_EQUAL(es_verdict_name(es_monitor_gap(&s, &plan, &d)), cJSON_GetObjectItem(expect, "verdict")->valuestring);
        near(d.lo, strict->child);
        near(d.hi, strict->child->next);
        near(d.p_difference, cJSON_GetObjectItem(expect, "p_anytime"));
        CU_ASSERT_EQUAL(d.method, ES_INTERVAL_E_PROCESS);
    }
    CU_ASSERT_TRUE(seen >= 9);
    es_vec_close(&v);
}

/* Expected: f1_confseq_proportion.json. */
static void test_singletons_are_f1(void)
{
    struct es_vec v;
    unsigned seen = 0;
    for (const cJSON *c = vector_cases(&v, "f1_confseq_proportion.json"); c; c = c->next) {
        const cJSON *in = cJSON_GetObjectItem(c, "in"), *cs = cJSON_GetObjectItem(cJSON_GetObjectItem(c, "expect"), "cs");
        const double n = number(in, "n"), s = number(in, "S");
        if (number(in, "a") != 0.5 || number(in, "b") != 0.5 || !(n > 0)) continue;
        const struct es_cluster_sums sums = {(uint64_t)n, (uint64_t)s, (uint64_t)n, (uint64_t)s, (uint64_t)s, (uint64_t)n};
        const struct es_estimate e = es_monitor_rate(&sums, number(in, "alpha"));
        near(e.lo, cs->child);
        near(e.hi, cs->child->next);
        CU_ASSERT_TRUE(e.status == ES_ESTIMATED && e.method == ES_INTERVAL_CONFIDENCE_SEQUENCE && e.flags == 0);
        seen++;
    }
    CU_ASSERT_TRUE(seen >= 10);
    es_vec_close(&v);
}

/** Clustered patients, some in both arms. */
struct world {
    struct es_gap_patient patient[400];
    unsigned patients;
    struct es_gap_sums sums;
};

static void world_make(struct world *w, uint64_t seed, unsigned patients, unsigned most, double rate)
{
    struct es_test_random r = {.seed = seed};
    memset(w, 0, sizeof *w);
    w->patients = patients;
    for (unsigned i = 0; i < patients; i++) {
        struct es_gap_patient *p = &w->patient[i];
        const bool good = es_test_unit(&r) < rate;
        const unsigned n = 1 + (unsigned)es_test_below(&r, most);
        for (unsigned k = 0; k < n; k++) {
            const bool x = es_test_unit(&r) < 0.5 ? good : es_test_unit(&r) < rate;
            const bool in = es_test_below(&r, 4) ? i % 3 == 0 : i % 3 == 1;
            if (in) p->xg += x, p->ng++;
            else p->xr += x, p->nr++;
        }
        es_gap_add_patient(&w->sums, p);
    }
}

/** v(d) as METRICS J2 says it, patient by patient. */
static double direct_variance(const struct world *w, double d)
{
    const double ng = (double)w->sums.group.n, nr = (double)w->sums.rest.n;
    const struct es_two_by_two t = {(double)w->sums.group.x, ng, (double)w->sums.rest.x, nr};
    double p, q, sum = 0;
    es_restricted_rates(&t, d, &p, &q);
    for (unsigned i = 0; i < w->patients; i++) {
        const struct es_gap_patient *k = &w->patient[i];
        const double u = (k->xg - p * k->ng) / ng - (k->xr - q * k->nr) / nr;
        sum += u * u;
    }
    return fmax(sum, p * (1 - p) / ng + q * (1 - q) / nr);
}

static bool direct_inside(const struct world *w, double d, double margin, double alpha)
{
    const double v = direct_variance(w, d), k = (double)es_gap_patients(&w->sums);
    const double gap = (double)w->sums.group.x / (double)w->sums.group.n - (double)w->sums.rest.x / (double)w->sums.rest.n;
    const double rho = es_mixture_rho(es_sequence_best_time(margin, alpha), alpha);
    return (gap - d) * (gap - d) / (v * k / (k - 1)) < (1 + rho * v) * log((1 / v + rho) / (rho * alpha * alpha));
}

static void test_variance_is_the_sum_over_patients(void)
{
    static struct world w;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        world_make(&w, seed, 150 + 10 * (unsigned)seed, 2 + (unsigned)seed % 6, seed % 2 ? 0.85 : 0.98);
        for (double d = -0.9; d < 0.95; d += 0.15) {
            const double v = direct_variance(&w, d);
            CU_ASSERT_DOUBLE_EQUAL(es_gap_null_variance(&w.sums, d).used, v, 1e-12 * v);
        }
    }
    CU_ASSERT_TRUE(isnan(es_gap_null_variance(&w.sums, 1.5).used));
}

/** The limits are the outermost points of a fine grid that the definition leaves in, to the grid's width. */
static void test_interval_is_the_hull_of_the_set(void)
{
    static struct world w;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        const double alpha = seed % 3 ? 0.05 : 0.0025, margin = seed % 4 ? 0.05 : 0.1;
        world_make(&w, 100 + seed, 180 + 10 * (unsigned)seed, 2 + (unsigned)seed % 5, 0.85);
        const struct es_gap_sequence q = es_gap_sequence(&w.sums, margin, alpha);
        double lo = 2, hi = -2;
        for (int i = -2000; i <= 2000; i++)
            if (direct_inside(&w, i / 2000.0, margin, alpha)) {
                lo = fmin(lo, i / 2000.0);
                hi = fmax(hi, i / 2000.0);
            }
        CU_ASSERT_TRUE(q.limits.lo <= lo && q.limits.lo > lo - 1 / 1999.0);
        CU_ASSERT_TRUE(q.limits.hi >= hi && q.limits.hi < hi + 1 / 1999.0);
        CU_ASSERT_EQUAL(es_gap_excludes(&w.sums, 0, margin, alpha), !direct_inside(&w, 0, margin, alpha));
        /* the e-value and the boundary say the same */
        CU_ASSERT_EQUAL(q.log_e >= -log(alpha), fabs(q.z) >= q.critical);
    }
}

/** J1 by its formula. */
static void test_design_effect_is_joint(void)
{
    static struct world w;
    world_make(&w, 7, 300, 6, 0.8);
    const double ng = (double)w.sums.group.n, nr = (double)w.sums.rest.n, k = (double)w.patients;
    const double p = (double)w.sums.group.x / ng, q = (double)w.sums.rest.x / nr;
    double sum = 0;
    for (unsigned i = 0; i < w.patients; i++) {
        const struct es_gap_patient *m = &w.patient[i];
        const double u = (m->xg - p * m->ng) / ng - (m->xr - q * m->nr) / nr;
        sum += u * u;
    }
    const double deff = k / (k - 1) * sum / (p * (1 - p) / ng + q * (1 - q) / nr);
    CU_ASSERT_TRUE(deff > 1);
    CU_ASSERT_DOUBLE_EQUAL(es_gap_deff(&w.sums), deff, 1e-12 * deff);
    const struct es_gap_sums one = singles(5, 10, 6, 10);
    CU_ASSERT_EQUAL(es_gap_deff(&one), 1);
}

static bool same_sums(const struct es_gap_sums *a, const struct es_gap_sums *b) { return memcmp(a, b, sizeof *a) == 0; }

/** One case at a time, in any order, gives the sums of whole patients. */
static void test_cases_add_up_to_patients(void)
{
    static struct world w;
    static struct es_gap_patient built[400];
    struct es_gap_sums sums = {0}, half = {0}, rest = {0};
    world_make(&w, 3, 200, 5, 0.7);
    memset(built, 0, sizeof built);
    for (int round = 0; round < 8; round++)
        for (unsigned i = 0; i < w.patients; i++) {
            const struct es_gap_patient *p = &w.patient[i];
            struct es_gap_patient *b = &built[i];
            if (b->nr < p->nr) es_gap_add_case(&sums, b, ES_SIDE_REST, b->xr < p->xr);
            if (b->ng < p->ng) es_gap_add_case(&sums, b, ES_SIDE_GROUP, b->xg < p->xg);
            es_gap_add_case(&sums, b, ES_SIDE_NONE, true);
        }
    CU_ASSERT_TRUE(same_sums(&sums, &w.sums));
    for (unsigned i = 0; i < w.patients; i++) es_gap_add_patient(i % 2 ? &half : &rest, &w.patient[i]);
    es_gap_merge(&half, &rest);
    CU_ASSERT_TRUE(same_sums(&half, &w.sums));
}

/** A sheet read in one pass, the sweep's summary and rows added in exam order agree. */
static void test_sheet_sweep_and_series_agree(void)
{
    static const enum es_rate rates[] = {ES_RATE_SENSITIVITY, ES_RATE_SPECIFICITY};
    test_sheet_fill(&sheet, 500, 3, 4);
    struct es_sweep *sweep;
    CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet.sheet, test_groupings, 4, &sweep));
    for (int r = 0; r < 2; r++) {
        const struct es_case_rule rule = {.rate = rates[r], .exploratory = true};
        struct es_timeline line;
        CU_ASSERT_TRUE_FATAL(es_timeline_make(&sheet.sheet, &rule, &line));
        const int32_t end = INT32_MAX;
        for (size_t i = 0; i < es_sweep_count(sweep); i++) {
            const struct es_group_key key = es_sweep_key(sweep, i);
            const struct es_grouping *g = &test_groupings[key.grouping];
            const struct es_gap_sums a = es_gap_of_sheet(&sheet.sheet, g, key.level, &rule);
            const struct es_gap_sums b = es_gap_of_summary(es_sweep_summary(sweep, i), rates[r]);
            struct es_look look;
            CU_ASSERT_TRUE_FATAL(es_monitor_series(&sheet.sheet, &line, &rule, g, key.level, &plain, 0.05, &end, 1, &look));
            CU_ASSERT_TRUE(g->n == 0 || same_sums(&a, &b));
            CU_ASSERT_TRUE(same_sums(&a, &look.sums));
            CU_ASSERT_TRUE(look.verdict == es_monitor_gap(&a, &plain, &look.comparison));
        }
        es_timeline_free(&line);
    }
    es_sweep_free(sweep);
}

/** Every look of a series is the sheet bounded by its day; strict takes the first case of each patient. */
static void test_looks_are_the_sheet_until_then(void)
{
    const struct es_grouping *g = &test_groupings[1];
    const uint8_t level[3] = {1, 0, 0};
    test_sheet_fill(&sheet, 600, 3, 9);
    sheet.exam_day[17] = INT32_MIN;
    for (int first = 0; first < 2; first++) {
        struct es_case_rule rule = {.rate = ES_RATE_SPECIFICITY, .first_only = first};
        const struct es_monitor_plan plan = {first ? ES_MONITOR_STRICT : ES_MONITOR_DEFAULT, 0.05, 0.05, 0, 0};
        struct es_timeline line;
        int32_t days[200];
        static struct es_look looks[200];
        CU_ASSERT_TRUE_FATAL(es_timeline_make(&sheet.sheet, &rule, &line));
        const uint32_t count = es_looks(&sheet.sheet, &line, ES_EVERY_MONTH, days, 200);
        CU_ASSERT_TRUE_FATAL(count > 20 && count < 40);
        CU_ASSERT_EQUAL(es_looks(&sheet.sheet, &line, ES_EVERY_MONTH, NULL, 0), count);
        CU_ASSERT_TRUE_FATAL(es_monitor_series(&sheet.sheet, &line, &rule, g, level, &plan, 0.05, days, count, looks));
        rule.bounded = true;
        for (uint32_t i = 0; i < count; i++) {
            rule.last_day = days[i];
            const struct es_gap_sums sums = es_gap_of_sheet(&sheet.sheet, g, level, &rule);
            CU_ASSERT_TRUE(looks[i].day == days[i] && (i == 0 || days[i] > days[i - 1]));
            CU_ASSERT_TRUE(same_sums(&sums, &looks[i].sums));
            CU_ASSERT_TRUE(!first || !es_gap_clustered(&sums));
        }
        CU_ASSERT_PTR_NULL(es_first_look(looks, count, ES_VERDICT_DISPARITY));
        CU_ASSERT_PTR_EQUAL(es_first_look(looks, count, looks[0].verdict), &looks[0]);
        es_timeline_free(&line);
    }
}

static void test_order_of_rows_within_patients_is_nothing(void)
{
    test_sheet_fill(&sheet, 400, 4, 21);
    test_sheet_permute(&sheet, &other, 5);
    const uint8_t level[3] = {1, 2, 0};
    const struct es_case_rule rule = {.rate = ES_RATE_SENSITIVITY};
    const struct es_gap_sums a = es_gap_of_sheet(&sheet.sheet, &test_groupings[3], level, &rule);
    const struct es_gap_sums b = es_gap_of_sheet(&other.sheet, &test_groupings[3], level, &rule);
    CU_ASSERT_TRUE(a.group.n > 0 && same_sums(&a, &b));
}

static void test_minima(void)
{
    struct es_comparison c;
    struct es_gap_sums s = singles(45, 50, 450, 500);
    CU_ASSERT_TRUE(es_gap_enough(&s));
    CU_ASSERT_EQUAL(es_monitor_gap(&s, &plain, &c), ES_VERDICT_NOT_ENOUGH);
    CU_ASSERT_TRUE(c.reason == ES_REASON_NONE && c.lo < -0.01 && c.hi > 0.01 && c.lo_eq == c.lo && c.deff == 1);
    s = singles(45, 49, 450, 500); /* 49 cases */
    CU_ASSERT_EQUAL(es_monitor_gap(&s, &plain, &c), ES_VERDICT_NOT_ENOUGH);
    CU_ASSERT_TRUE(c.status == ES_ESTIMATED && c.reason == ES_MIN_N && isnan(c.lo) && c.difference > 0);
    s = singles(100, 100, 491, 500); /* 9 failures */
    CU_ASSERT_FALSE(es_gap_enough(&s));
    s = singles(4, 100, 5, 500); /* 9 successes */
    CU_ASSERT_FALSE(es_gap_enough(&s));
    s = singles(80, 100, 400, 500);
    s.group.patients = 49; /* some have several */
    CU_ASSERT_FALSE(es_gap_enough(&s));
    s = singles(80, 100, 400, 500);
    s.rest.patients = 49;
    CU_ASSERT_FALSE(es_gap_enough(&s));
    s.rest.patients = 50;
    CU_ASSERT_TRUE(es_gap_enough(&s));
    s = singles(80, 100, 40, 49);
    CU_ASSERT_FALSE(es_gap_enough(&s));
    s = singles(80, 100, 0, 0);
    CU_ASSERT_EQUAL(es_monitor_gap(&s, &plain, &c), ES_VERDICT_NONE);
    CU_ASSERT_TRUE(c.status == ES_NOT_ESTIMABLE && c.reason == ES_N_ZERO && isnan(c.group) && c.n_group == 100);
    CU_ASSERT_FALSE(es_gap_excludes(&s, 0, 0.05, 0.05));
    CU_ASSERT_TRUE(es_gap_sequence(&s, 0.05, 0.05).limits.lo == -1 && isnan(es_gap_null_variance(&s, 0).used));
    /* the plan's own minima, and strict refuses patients that were counted twice */
    s = singles(80, 100, 400, 500);
    struct es_monitor_plan plan = {ES_MONITOR_DEFAULT, 0.05, 0.05, 101, 0};
    CU_ASSERT_TRUE(es_monitor_gap(&s, &plan, &c) == ES_VERDICT_NOT_ENOUGH && c.reason == ES_MIN_N);
    for (int rest_is_small = 0; rest_is_small < 2; rest_is_small++) {
        const struct es_gap_sums t = rest_is_small ? singles(400, 500, 80, 100) : s;
        plan = (struct es_monitor_plan){ES_MONITOR_DEFAULT, 0.05, 0.05, 0, 101};
        CU_ASSERT_TRUE(es_monitor_gap(&t, &plan, &c) == ES_VERDICT_NOT_ENOUGH && c.reason == ES_MIN_N);
        plan.min_patients = 100;
        CU_ASSERT_TRUE(es_monitor_gap(&t, &plan, &c) == ES_VERDICT_NOT_ENOUGH && c.reason == ES_REASON_NONE);
    }
    plan = (struct es_monitor_plan){ES_MONITOR_STRICT, 0.05, 0.05, 0, 0};
    s.rest.patients = 499;
    CU_ASSERT_TRUE(es_monitor_gap(&s, &plan, &c) == ES_VERDICT_NOT_ENOUGH && c.reason == ES_MIN_N);
}

static void test_verdict_words_and_flags(void)
{
    struct es_comparison c;
    struct es_gap_sums s = singles(6500, 10000, 8500, 10000);
    CU_ASSERT_EQUAL(es_monitor_gap(&s, &plain, &c), ES_VERDICT_DISPARITY);
    CU_ASSERT_TRUE(c.flags == ES_FLAG_BEYOND_MARGIN && c.hi < -0.05 && c.p_difference < 1e-10 && c.p_lower == 1);
    CU_ASSERT_TRUE(c.p_upper < 1e-10 && c.method == ES_INTERVAL_SEQUENTIAL_SCORE && c.n_group == 10000);
    s = singles(91000, 100000, 90000, 100000);
    CU_ASSERT_EQUAL(es_monitor_gap(&s, &plain, &c), ES_VERDICT_PARITY);
    CU_ASSERT_TRUE(c.flags == ES_FLAG_NONZERO && c.p_lower < 0.05 && c.p_upper < 0.05 && c.lo > 0 && c.hi < 0.05);
    struct es_monitor_plan plan = plain;
    plan.margin = NAN; /* no margin: no parity, the difference stands */
    CU_ASSERT_EQUAL(es_monitor_gap(&s, &plan, &c), ES_VERDICT_DISPARITY);
    CU_ASSERT_TRUE(isnan(c.p_lower) && isnan(c.p_upper) && c.flags == 0);
    plan.mode = ES_MONITOR_STRICT;
    s = singles(90500, 100000, 90000, 100000);
    CU_ASSERT_EQUAL(es_monitor_gap(&s, &plan, &c), ES_VERDICT_NOT_ENOUGH);
    plan.margin = 0.05;
    CU_ASSERT_EQUAL(es_monitor_gap(&s, &plan, &c), ES_VERDICT_PARITY);
    s = singles(93000, 100000, 90000, 100000);
    CU_ASSERT_TRUE(es_monitor_gap(&s, &plan, &c) == ES_VERDICT_PARITY && c.flags == ES_FLAG_NONZERO);
    s = singles(6500, 10000, 8500, 10000);
    CU_ASSERT_TRUE(es_monitor_gap(&s, &plan, &c) == ES_VERDICT_DISPARITY && c.flags == ES_FLAG_BEYOND_MARGIN);
    CU_ASSERT_STRING_EQUAL(es_interval_name(ES_INTERVAL_SEQUENTIAL_SCORE), "sequential-score");
    CU_ASSERT_STRING_EQUAL(es_interval_name(ES_INTERVAL_E_PROCESS), "e-process");
    CU_ASSERT_STRING_EQUAL(es_interval_name(ES_INTERVAL_CONFIDENCE_SEQUENCE), "confidence-sequence");
    CU_ASSERT_STRING_EQUAL(es_rate_name(ES_RATE_SENSITIVITY), "sensitivity");
    CU_ASSERT_STRING_EQUAL(es_rate_name(ES_RATE_SPECIFICITY), "specificity");
    CU_ASSERT_STRING_EQUAL(es_rate_name((enum es_rate)9), "");
}

/** Arms in which everything, or nothing, succeeded. */
static void test_extremes(void)
{
    static const uint64_t x[][2] = {{100, 500}, {0, 0}, {100, 0}, {0, 500}};
    for (int i = 0; i < 4; i++) {
        const struct es_gap_sums s = singles(x[i][0], 100, x[i][1], 500);
        const struct es_gap_sequence q = es_gap_sequence(&s, 0.05, 0.05);
        const struct es_two_by_two t = {(double)x[i][0], 100, (double)x[i][1], 500};
        const struct es_limits e = es_score_sequence(&t, 0.05, 0.05).limits;
        CU_ASSERT_DOUBLE_EQUAL(q.limits.lo, e.lo, 1e-9);
        CU_ASSERT_DOUBLE_EQUAL(q.limits.hi, e.hi, 1e-9);
        CU_ASSERT_TRUE(q.limits.lo <= q.difference && q.difference <= q.limits.hi);
    }
    /* the same with two cases a patient: no spread between patients, so the floor is what holds */
    struct es_gap_sums s = {0};
    for (int i = 0; i < 100; i++) es_gap_add_patient(&s, &(struct es_gap_patient){i % 2 ? 2 : 0, i % 2 ? 2 : 0, 0, i % 2 ? 0 : 2});
    const struct es_gap_sequence q = es_gap_sequence(&s, 0.05, 0.05);
    CU_ASSERT_TRUE(q.difference == 1 && q.limits.hi == 1 && q.limits.lo < 1 && q.limits.lo > 0);
}

/** One rate under clusters: limits solve the definition, patient by patient, and widen with the clusters. */
static void test_rate_under_clusters(void)
{
    static struct world w;
    world_make(&w, 31, 400, 4, 0.6);
    const struct es_cluster_sums *s = &w.sums.rest;
    const double n = (double)s->n, x = (double)s->x;
    const struct es_estimate e = es_monitor_rate(s, 0.05);
    const double ends[2] = {e.lo, e.hi};
    for (int i = 0; i < 2; i++) {
        double sum = 0;
        for (unsigned k = 0; k < w.patients; k++) {
            const double u = w.patient[k].xr - ends[i] * w.patient[k].nr;
            sum += u * u;
        }
        const double deff = fmin(fmax(1, sum / (n * ends[i] * (1 - ends[i]))), (double)s->nn / n);
        CU_ASSERT_TRUE(deff > 1);
        CU_ASSERT_DOUBLE_EQUAL(es_log_mixture(x / deff, n / deff, 0.5, 0.5, ends[i]), log(20), 1e-7);
    }
    const struct es_limits naive = es_confidence_sequence(x, n, 0.5, 0.5, 0.05);
    CU_ASSERT_TRUE(e.lo < naive.lo && naive.hi < e.hi && e.lo < e.value && e.value < e.hi && e.flags == 0);
    const struct es_cluster_sums none = {0}, all = {60, 240, 240, 960, 960, 960}, nil = {60, 0, 240, 0, 0, 960},
                                 lone = {10, 20, 40, 50, 80, 160};
    CU_ASSERT_EQUAL(es_monitor_rate(&none, 0.05).reason, ES_N_ZERO);
    const struct es_estimate top = es_monitor_rate(&all, 0.05), bottom = es_monitor_rate(&nil, 0.05);
    CU_ASSERT_TRUE(top.hi == 1 && top.lo > 0.5 && top.lo < 0.99 && bottom.lo == 0 && bottom.hi < 0.5);
    CU_ASSERT_DOUBLE_EQUAL(top.lo, 1 - bottom.hi, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(top.lo, es_confidence_sequence(60, 60, 0.5, 0.5, 0.05).lo, 1e-9); /* as many as there are patients */
    CU_ASSERT_EQUAL(es_monitor_rate(&lone, 0.05).flags, ES_FLAG_FEW_CLUSTERS | ES_FLAG_DEFF_UNKNOWN);
}

static void test_floor(void)
{
    struct es_estimate e = {.status = ES_ESTIMATED, .lo = 0.8, .hi = 0.9};
    CU_ASSERT_STRING_EQUAL(es_floor_name(es_floor_of(&e, 0.8)), "met");
    CU_ASSERT_STRING_EQUAL(es_floor_name(es_floor_of(&e, 0.85)), "not_enough");
    CU_ASSERT_STRING_EQUAL(es_floor_name(es_floor_of(&e, 0.9)), "not_enough");
    CU_ASSERT_STRING_EQUAL(es_floor_name(es_floor_of(&e, 0.901)), "below");
    CU_ASSERT_STRING_EQUAL(es_floor_name(es_floor_of(&e, NAN)), "");
    e.flags = ES_FLAG_FEW_CLUSTERS;
    CU_ASSERT_EQUAL(es_floor_of(&e, 0.5), ES_FLOOR_NOT_ENOUGH);
    e.status = ES_NOT_ESTIMABLE;
    CU_ASSERT_EQUAL(es_floor_of(&e, 0.5), ES_FLOOR_NONE);
    CU_ASSERT_STRING_EQUAL(es_floor_name((enum es_floor)7), "");
}

static void test_alpha_is_shared(void)
{
    CU_ASSERT_DOUBLE_EQUAL(es_alpha_share(0.05, 1, 20), 0.0025, 1e-18);
    CU_ASSERT_DOUBLE_EQUAL(es_alpha_share(0.05, 0.25, 2), 0.00625, 1e-18);
    CU_ASSERT_TRUE(isnan(es_alpha_share(0.05, 0, 1)) && isnan(es_alpha_share(0.05, 2, 1)) && isnan(es_alpha_share(1, 1, 1)));
    CU_ASSERT_TRUE(isnan(es_alpha_share(0.05, 1, INFINITY)));
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"singletons_are_f2", test_singletons_are_f2},
        {"singletons_are_f1", test_singletons_are_f1},
        {"variance_is_the_sum_over_patients", test_variance_is_the_sum_over_patients},
        {"interval_is_the_hull_of_the_set", test_interval_is_the_hull_of_the_set},
        {"design_effect_is_joint", test_design_effect_is_joint},
        {"cases_add_up_to_patients", test_cases_add_up_to_patients},
        {"sheet_sweep_and_series_agree", test_sheet_sweep_and_series_agree},
        {"looks_are_the_sheet_until_then", test_looks_are_the_sheet_until_then},
        {"order_of_rows_within_patients_is_nothing", test_order_of_rows_within_patients_is_nothing},
        {"minima", test_minima},
        {"verdict_words_and_flags", test_verdict_words_and_flags},
        {"extremes", test_extremes},
        {"rate_under_clusters", test_rate_under_clusters},
        {"floor", test_floor},
        {"alpha_is_shared", test_alpha_is_shared},
        {NULL, NULL},
    };
    return es_test_main("monitor", tests, argc, argv);
}
