/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/verdict.h"

#include <math.h>
#include <string.h>

#include "metrics/catalogue.h"
#include "metrics/multiplicity.h"
#include "testlib.h"
#include "vectors.h"

/* Expected: ratesci, R p.adjust and brute-force closed testing; see testdata/vectors/INDEX.md. */
static void test_vectors(void)
{
    es_vec_assert(es_vec_core, "e1_verdicts.json");
    es_vec_assert(es_vec_core, "e2_multiplicity.json");
}

static struct es_comparison some(double d, double half)
{
    struct es_comparison c;
    memset(&c, 0, sizeof c);
    c.status = ES_ESTIMATED;
    c.difference = d;
    c.lo = d - half;
    c.hi = d + half;
    c.n_group = c.n_rest = 100;
    c.patients_group = c.patients_rest = 80;
    return c;
}

static void test_rule_in_its_order(void)
{
    struct es_comparison c = some(-0.2, 0.05);
    CU_ASSERT_EQUAL(es_verdict_of(&c, 0.05, 0.05, 0.05, 10, 50, 0.001, 0.9), ES_VERDICT_DISPARITY);
    CU_ASSERT_EQUAL(c.flags, ES_FLAG_BEYOND_MARGIN);
    CU_ASSERT_EQUAL(es_verdict_of(&c, 0.05, 0.05, 0.05, 10, 50, 0.2, 0.9), ES_VERDICT_NOT_ENOUGH);
    CU_ASSERT_EQUAL(c.flags, 0);
    CU_ASSERT_EQUAL(c.reason, ES_REASON_NONE);
    CU_ASSERT_EQUAL(es_verdict_of(&c, 0.05, 0.05, 0.05, 10, 50, 0.01, 0.01), ES_VERDICT_PARITY);
    CU_ASSERT_EQUAL(c.flags, ES_FLAG_NONZERO);
    CU_ASSERT_EQUAL(es_verdict_of(&c, (double)NAN, 0.05, 0.05, 10, 50, 0.9, 0.01), ES_VERDICT_NOT_ENOUGH);
    CU_ASSERT_EQUAL(es_verdict_of(&c, (double)NAN, 0.05, 0.05, 10, 50, 0.01, (double)NAN), ES_VERDICT_DISPARITY);
    CU_ASSERT_EQUAL(c.flags, 0);
}

static void test_too_few_cases_or_patients_come_first(void)
{
    struct es_comparison c = some(-0.5, 0.01);
    c.n_rest = 9;
    CU_ASSERT_EQUAL(es_verdict_of(&c, 0.05, 0.05, 0.05, 10, 50, 1e-9, 0.9), ES_VERDICT_NOT_ENOUGH);
    CU_ASSERT_EQUAL(c.reason, ES_MIN_N);
    c.n_rest = 10;
    c.patients_group = 49;
    CU_ASSERT_EQUAL(es_verdict_of(&c, 0.05, 0.05, 0.05, 10, 50, 1e-9, 0.9), ES_VERDICT_NOT_ENOUGH);
    CU_ASSERT_EQUAL(c.reason, ES_MIN_N);
    c.patients_group = 50;
    CU_ASSERT_EQUAL(es_verdict_of(&c, 0.05, 0.05, 0.05, 10, 50, 1e-9, 0.9), ES_VERDICT_DISPARITY);
    c.patients_rest = 49;
    CU_ASSERT_EQUAL(es_verdict_of(&c, 0.05, 0.05, 0.05, 10, 50, 1e-9, 0.9), ES_VERDICT_NOT_ENOUGH);
}

static void test_no_p_is_not_enough_and_no_difference_no_verdict(void)
{
    struct es_comparison c = some(0.1, 0.1);
    CU_ASSERT_EQUAL(es_verdict_of(&c, 0.05, 0.05, 0.05, 10, 50, (double)NAN, (double)NAN), ES_VERDICT_NOT_ENOUGH);
    CU_ASSERT_EQUAL(c.reason, ES_ZERO_VARIANCE);
    c.status = ES_NOT_ESTIMABLE;
    CU_ASSERT_EQUAL(es_verdict_of(&c, 0.05, 0.05, 0.05, 10, 50, 0.01, 0.01), ES_VERDICT_NONE);
}

static void test_score_comparison_of_nothing(void)
{
    struct es_comparison c = some(0, 0);
    const struct es_two_by_two t = {0, 0, 1, 2}, u = {1, 2, 1, 2};
    CU_ASSERT_FALSE(es_score_comparison(&t, 0.05, 0.05, 0.05, &c));
    CU_ASSERT_EQUAL(c.reason, ES_N_ZERO);
    CU_ASSERT_TRUE(es_score_comparison(&u, 0.05, 0.05, (double)NAN, &c));
    CU_ASSERT_TRUE(isnan(es_tost_p(&c)));
    CU_ASSERT_EQUAL(c.p_difference, 1);
}

/* Equal p-values and weights get equal answers, whatever their place; nothing rises above 1. */
static void test_families_do_not_depend_on_order(void)
{
    const double p[] = {0.2, 0.01, 0.01, 0.9, (double)NAN, 0.01}, w[] = {1, 0.25, 1, 1, 1, 0.25};
    double a[6];
    uint32_t scratch[6];
    es_holm_weighted(p, w, 6, scratch, a);
    CU_ASSERT_EQUAL(a[1], a[5]);
    CU_ASSERT_TRUE(isnan(a[4]));
    /* By hand: family weight 3.5; p/w is least for [2]: 3.5 * 0.01; then [1] and [5]: 2.5 * 0.04. */
    CU_ASSERT_DOUBLE_EQUAL(a[2], 0.035, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(a[1], 0.1, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(a[0], 0.4, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(a[3], 0.9, 1e-15);
    es_holm(p, 6, scratch, a);
    CU_ASSERT_TRUE(a[1] == a[2] && a[2] == a[5]);
    es_holm(p, 0, scratch, a);
    es_benjamini_yekutieli(p + 4, 1, scratch, a);
    CU_ASSERT_TRUE(isnan(a[0]));
}

static void test_names(void)
{
    CU_ASSERT_STRING_EQUAL(es_verdict_name(ES_VERDICT_NONE), "");
    CU_ASSERT_STRING_EQUAL(es_verdict_name(ES_VERDICT_NOT_ENOUGH), "not_enough");
    CU_ASSERT_STRING_EQUAL(es_verdict_name(ES_VERDICT_PARITY), "parity");
    CU_ASSERT_STRING_EQUAL(es_verdict_name(ES_VERDICT_DISPARITY), "disparity");
    CU_ASSERT_STRING_EQUAL(es_verdict_name(17), "");
}

/* The catalogue: names once, complete rows, and verdicts only where DESIGN 8 allows them. */
static void test_catalogue_is_whole(void)
{
    static const char *const judged[] = {"sensitivity", "specificity", "auroc", "calibration_in_the_large", "bias", "dice"};
    size_t verdicts = 0;
    for (size_t i = 0; i < es_metrics_count; i++) {
        const struct es_metric *m = &es_metrics[i];
        CU_ASSERT_PTR_EQUAL(es_metric_find(m->name), m);
        CU_ASSERT_TRUE(m->title && m->unit && m->doc && m->source && m->more && m->less && m->finish);
        CU_ASSERT_TRUE(m->tasks != 0 && m->min_n > 0);
        for (const char *c = m->name; *c; c++) CU_ASSERT_TRUE((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_');
        if (m->verdict) CU_ASSERT_PTR_NOT_NULL(m->compare);
        verdicts += m->verdict;
    }
    CU_ASSERT_EQUAL(verdicts, 6);
    for (size_t i = 0; i < 6; i++) CU_ASSERT_TRUE(es_metric_find(judged[i])->verdict);
    CU_ASSERT_PTR_NULL(es_metric_find("luck"));
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"vectors", test_vectors},
        {"rule_in_its_order", test_rule_in_its_order},
        {"too_few_cases_or_patients_come_first", test_too_few_cases_or_patients_come_first},
        {"no_p_is_not_enough_and_no_difference_no_verdict", test_no_p_is_not_enough_and_no_difference_no_verdict},
        {"score_comparison_of_nothing", test_score_comparison_of_nothing},
        {"families_do_not_depend_on_order", test_families_do_not_depend_on_order},
        {"names", test_names},
        {"catalogue_is_whole", test_catalogue_is_whole},
        {NULL, NULL}};
    return es_test_main("verdict", tests, argc, argv);
}
