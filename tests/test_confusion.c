/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/confusion.h"

#include <math.h>

#include "metrics/proportion.h"
#include "testlib.h"
#include "vectors.h"

/* Expected: scikit-learn, epiR, R, DescTools, ratesci, survey, aod; see testdata/vectors/INDEX.md. */
static void test_vectors(void)
{
    es_vec_assert(es_vec_core, "a1_confusion.json");
    es_vec_assert(es_vec_core, "a2_proportion_ci.json");
    es_vec_assert(es_vec_core, "a3_diff_ci.json");
    es_vec_assert(es_vec_core, "a4_ratio_ci.json");
    es_vec_assert(es_vec_core, "a5_clustered_proportion.json");
}

/* Expected: Newcombe, Stat Med 17:857-872 (1998), table I, Wilson without continuity correction. */
static void test_sensitivity_matches_newcombe(void)
{
    static const struct {
        uint64_t tp, fn;
        double lo, hi;
    } cases[] = {{81, 182, 0.2553, 0.3662}, {0, 20, 0.0000, 0.1611}, {15, 133, 0.0624, 0.1605}, {1, 28, 0.0061, 0.1718}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct es_confusion c = {.tp = cases[i].tp, .fn = cases[i].fn};
        const struct es_estimate e = es_sensitivity(&c, 0.05);
        CU_ASSERT_EQUAL_FATAL(e.status, ES_ESTIMATED);
        CU_ASSERT_DOUBLE_EQUAL(e.lo, cases[i].lo, 5e-5);
        CU_ASSERT_DOUBLE_EQUAL(e.hi, cases[i].hi, 5e-5);
        CU_ASSERT_EQUAL(e.method, ES_INTERVAL_WILSON);
    }
}

static void test_add_counts_the_right_cell(void)
{
    struct es_confusion c = {0, 0, 0, 0};
    es_confusion_add(&c, true, true);
    es_confusion_add(&c, true, false);
    es_confusion_add(&c, true, false);
    es_confusion_add(&c, false, true);
    CU_ASSERT_TRUE(c.tp == 1 && c.fp == 2 && c.fn == 1 && c.tn == 0);
    CU_ASSERT_EQUAL(es_specificity(&c, 0.05).value, 0);
    CU_ASSERT_EQUAL(es_confusion_total(&c), 4);
}

static void test_merge_at_the_limit_changes_nothing(void)
{
    struct es_confusion into = {1, 2, 3, UINT64_MAX};
    const struct es_confusion one = {1, 1, 1, 1}, zero = {4, 5, 6, 0};
    CU_ASSERT_FALSE(es_confusion_merge(&into, &one));
    CU_ASSERT_TRUE(into.tp == 1 && into.fp == 2 && into.fn == 3 && into.tn == UINT64_MAX);
    CU_ASSERT_TRUE(es_confusion_merge(&into, &zero));
    CU_ASSERT_TRUE(into.tp == 5 && into.fp == 7 && into.fn == 9 && into.tn == UINT64_MAX);
}

static void test_nothing_seen_is_a_reason(void)
{
    const struct es_confusion none = {0, 0, 0, 0};
    const struct es_estimate se = es_sensitivity(&none, 0.05), sp = es_specificity(&none, 0.05);
    CU_ASSERT_EQUAL(se.reason, ES_NO_POSITIVES);
    CU_ASSERT_EQUAL(sp.reason, ES_NO_NEGATIVES);
    CU_ASSERT_TRUE(isnan(se.value) && isnan(sp.lo));
    CU_ASSERT_STRING_EQUAL(es_reason_code(se.reason), "no_positives");
}

/* An estimate lies in its interval and an interval in the parameter space, on a grid with real-valued counts. */
static void test_limits_hold_the_estimate(void)
{
    static const double ns[] = {0.4, 1, 2.5, 17, 400.25, 1e6};
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < 6; j++)
            for (int a = 0; a <= 4; a++)
                for (int b = 0; b <= 4; b++) {
                    const struct es_two_by_two t = {ns[i] * a / 4, ns[i], ns[j] * b / 4, ns[j]};
                    const double d = t.x1 / t.n1 - t.x2 / t.n2;
                    const struct es_limits all[] = {es_miettinen_nurminen(&t, 0.05), es_mee(&t, 0.05), es_newcombe(&t, 0.05)};
                    for (int k = 0; k < 3; k++) {
                        CU_ASSERT_TRUE(all[k].lo <= d + 1e-15 && d <= all[k].hi + 1e-15);
                        CU_ASSERT_TRUE(all[k].lo >= -1 - 1e-15 && all[k].hi <= 1 + 1e-15);
                    }
                    const struct es_limits r = es_koopman(&t, 0.05, true);
                    if (a > 0 && b > 0) CU_ASSERT_TRUE(r.lo <= es_ratio(&t) * (1 + 1e-12) && es_ratio(&t) <= r.hi * (1 + 1e-12));
                    /* The test and the interval agree: z at a limit is the quantile. */
                    if (all[0].lo > -1 && all[0].lo < d)
                        CU_ASSERT_DOUBLE_EQUAL(es_score_z(&t, all[0].lo, true), 1.959963984540054, 1e-6);
                }
}

/* Exchanging the arms mirrors the interval; exchanging events and non-events does too. */
static void test_difference_is_symmetric(void)
{
    const struct es_two_by_two t = {7, 31, 55, 60}, swapped = {55, 60, 7, 31}, flipped = {24, 31, 5, 60};
    const struct es_limits a = es_miettinen_nurminen(&t, 0.1), b = es_miettinen_nurminen(&swapped, 0.1),
                           c = es_miettinen_nurminen(&flipped, 0.1);
    CU_ASSERT_DOUBLE_EQUAL(a.lo, -b.hi, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(a.hi, -b.lo, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(a.lo, -c.hi, 1e-12);
}

/* Restricted rates maximise the likelihood: the score equation is 0 between the ends, for d over the whole range. */
static void test_restricted_rates_solve_the_score_equation(void)
{
    const struct es_two_by_two t = {3, 19, 40, 47};
    for (int k = -99; k <= 99; k += 3) {
        const double d = k / 100.0;
        double p, q;
        es_restricted_rates(&t, d, &p, &q);
        CU_ASSERT_DOUBLE_EQUAL(p - q, d, 1e-15);
        const double u = t.x1 / p - (t.n1 - t.x1) / (1 - p) + t.x2 / q - (t.n2 - t.x2) / (1 - q);
        const double size = t.x1 / p + (t.n1 - t.x1) / (1 - p) + t.x2 / q + (t.n2 - t.x2) / (1 - q);
        CU_ASSERT_TRUE(fabs(u) <= 1e-11 * size);
    }
}

static void test_outside_the_domain_is_nan(void)
{
    const struct es_two_by_two empty = {0, 0, 1, 2}, over = {3, 2, 1, 2}, fine = {1, 2, 1, 2};
    double p, q;
    const double bad[] = {es_wilson(3, 2, 0.05).lo,
                          es_wilson(1, 2, 0).hi,
                          es_clopper_pearson(0, 0, 0.05).lo,
                          es_jeffreys(-1, 2, 0.05).lo,
                          es_score_z(&empty, 0, true),
                          es_score_z(&fine, 1.5, true),
                          es_miettinen_nurminen(&over, 0.05).lo,
                          es_mee(&fine, 1).lo,
                          es_newcombe(&empty, 0.05).lo,
                          es_wald(&empty, 0.05).lo,
                          es_ratio(&empty),
                          es_koopman(&empty, 0.05, false).lo,
                          es_katz(&over, 0.05).lo,
                          es_katz_adjusted(&over, 0.05).hi};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) CU_ASSERT_TRUE(isnan(bad[i]));
    es_restricted_rates(&empty, 0.2, &p, &q);
    CU_ASSERT_TRUE(isnan(p) && isnan(q));
}

static void test_every_name_is_there(void)
{
    for (int r = 0; r < ES_REASON_COUNT; r++) {
        CU_ASSERT_EQUAL(es_reason_code(r)[0] != '\0', r != ES_REASON_NONE);
        CU_ASSERT_EQUAL(es_reason_words(r)[0] != '\0', r != ES_REASON_NONE);
    }
    CU_ASSERT_STRING_EQUAL(es_reason_code(ES_REASON_COUNT), "");
    CU_ASSERT_STRING_EQUAL(es_reason_words(ES_REASON_COUNT), "");
    for (unsigned bit = 0; bit < 7; bit++) CU_ASSERT_PTR_NOT_NULL(es_flag_name(1u << bit));
    CU_ASSERT_PTR_NULL(es_flag_name(1u << 30));
    for (int m = 0; m <= ES_INTERVAL_WILSON; m++) CU_ASSERT_TRUE(es_interval_name(m)[0] != '\0');
    CU_ASSERT_STRING_EQUAL(es_interval_name(99), "");
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"vectors", test_vectors},
        {"sensitivity_matches_newcombe", test_sensitivity_matches_newcombe},
        {"add_counts_the_right_cell", test_add_counts_the_right_cell},
        {"merge_at_the_limit_changes_nothing", test_merge_at_the_limit_changes_nothing},
        {"nothing_seen_is_a_reason", test_nothing_seen_is_a_reason},
        {"limits_hold_the_estimate", test_limits_hold_the_estimate},
        {"difference_is_symmetric", test_difference_is_symmetric},
        {"restricted_rates_solve_the_score_equation", test_restricted_rates_solve_the_score_equation},
        {"outside_the_domain_is_nan", test_outside_the_domain_is_nan},
        {"every_name_is_there", test_every_name_is_there},
        {NULL, NULL}};
    return es_test_main("confusion", tests, argc, argv);
}
