/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/sequential.h"

#include <math.h>

#include "testlib.h"
#include "testrandom.h"

/* Expected: closed forms. One failure in one case under a = b = 1: M(p) = 1/(2 (1-p)). */
static void test_mixture_closed_forms(void)
{
    CU_ASSERT_DOUBLE_EQUAL(es_log_mixture(0, 1, 1, 1, 0.25), -log(1.5), 1e-15);
    CU_ASSERT_EQUAL(es_log_mixture(0, 0, 0.5, 0.5, 0.25), 0);
    CU_ASSERT_EQUAL(es_log_mixture(1, 3, 0.5, 0.5, 0), INFINITY);
    CU_ASSERT_EQUAL(es_log_mixture(1, 3, 0.5, 0.5, 1), INFINITY);
    CU_ASSERT_TRUE(isfinite(es_log_mixture(0, 3, 0.5, 0.5, 0)) && isfinite(es_log_mixture(3, 3, 0.5, 0.5, 1)));
    CU_ASSERT_TRUE(isnan(es_log_mixture(4, 3, 0.5, 0.5, 0.5)) && isnan(es_log_mixture(-1, 3, 0.5, 0.5, 0.5)));
    CU_ASSERT_TRUE(isnan(es_log_mixture(1, 3, 0, 0.5, 0.5)) && isnan(es_log_mixture(1, 3, 0.5, 0.5, 1.5)));
    CU_ASSERT_TRUE(isnan(es_log_mixture(1, 3, 0.5, 0.5, NAN)));
}

/* The mixture is a mean of likelihood ratios, so its mean under p is 1 at any n: sum over s of binomial(s) M(s). */
static void test_mixture_is_a_martingale(void)
{
    const double p[] = {0.5, 0.03, 0.97};
    for (int k = 0; k < 3; k++)
        for (double n = 1; n <= 60; n += 13) {
            double mean = 0;
            for (double s = 0; s <= n; s++)
                mean += exp(lgamma(n + 1) - lgamma(s + 1) - lgamma(n - s + 1) + s * log(p[k]) + (n - s) * log1p(-p[k]) +
                            es_log_mixture(s, n, 0.5, 0.5, p[k]));
            CU_ASSERT_DOUBLE_EQUAL(mean, 1, 1e-11);
        }
}

/* Expected: mpmath with 50 digits. Plain -s ln p has an absolute error of 1e-7 and more here. */
static void test_large_counts_keep_their_digits(void)
{
    static const struct { double s, n, p, log_e; } cases[] = {
        {500050000, 1e9, 0.5, -5.5874242630346}, {1e12, 2e12 + 3e6, 0.5, -12.13787962588263}, {25, 1e9, 3e-8, -10.14712968978154}};
    for (int i = 0; i < 3; i++)
        CU_ASSERT_DOUBLE_EQUAL(es_log_mixture(cases[i].s, cases[i].n, 0.5, 0.5, cases[i].p), cases[i].log_e,
                               1e-9 * fabs(cases[i].log_e));
}

static void test_sequence_edges(void)
{
    struct es_limits cs = es_confidence_sequence(0, 0, 0.5, 0.5, 0.05);
    CU_ASSERT_TRUE(cs.lo == 0 && cs.hi == 1);
    cs = es_confidence_sequence(3, 2, 0.5, 0.5, 0.05);
    CU_ASSERT_TRUE(isnan(cs.lo) && isnan(cs.hi));
    cs = es_confidence_sequence(1, 2, 0.5, 0.5, 0);
    CU_ASSERT_TRUE(isnan(cs.lo));
    cs = es_confidence_sequence(7, 7, 0.5, 0.5, 0.05);
    CU_ASSERT_TRUE(cs.hi == 1 && cs.lo > 0.3 && cs.lo < 1);
    /* the ends solve the equation */
    cs = es_confidence_sequence(30, 1e8, 0.5, 0.5, 0.01);
    CU_ASSERT_DOUBLE_EQUAL(es_log_mixture(30, 1e8, 0.5, 0.5, cs.lo), log(100), 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(es_log_mixture(30, 1e8, 0.5, 0.5, cs.hi), log(100), 1e-9);
}

/** At every look of a stream with no difference the true difference 0 stays inside, but for a small share of streams. */
static void test_false_alarms_are_rare(void)
{
    struct es_test_random r = {.seed = 11};
    int strict = 0, score = 0;
    for (int run = 0; run < 200; run++) {
        struct es_two_by_two t = {0, 0, 0, 0};
        bool strict_alarm = false, score_alarm = false;
        for (int look = 0; look < 40; look++) {
            for (int i = 0; i < 25; i++) {
                t.x1 += es_test_unit(&r) < 0.8;
                t.x2 += es_test_unit(&r) < 0.8;
            }
            t.n1 += 25;
            t.n2 += 25;
            strict_alarm = strict_alarm || es_log_e_difference(&t, 0) >= log(20);
            score_alarm = score_alarm || es_score_sequence(&t, 0.1, 0.05).verdict == ES_VERDICT_DISPARITY;
        }
        strict += strict_alarm;
        score += score_alarm;
    }
    CU_ASSERT_TRUE(strict <= 10);  /* 5 % of 200; guaranteed by Ville's inequality in the mean */
    CU_ASSERT_TRUE(score <= 16);   /* 5 % and three standard errors */
}

static void test_empty_arms_say_nothing(void)
{
    const struct es_two_by_two none = {0, 0, 0, 0}, one = {3, 4, 0, 0}, other = {0, 0, 3, 4};
    struct es_e_difference e = es_e_difference(&none, 0.1, 0.05);
    CU_ASSERT_TRUE(isnan(e.difference) && e.log_e == 0 && e.p_anytime == 1 && e.limits.lo == -1 && e.limits.hi == 1);
    CU_ASSERT_EQUAL(e.verdict, ES_VERDICT_NOT_ENOUGH);
    e = es_e_difference(&one, 0.1, 0.05);
    CU_ASSERT_TRUE(e.log_e <= 0 && e.p_anytime == 1);
    CU_ASSERT_TRUE(es_log_e_difference(&other, -0.5) <= 0);
    CU_ASSERT_EQUAL(es_log_e_difference(&one, 0.75), es_log_mixture(3, 4, 0.5, 0.5, 0.75));
    const struct es_score_sequence s = es_score_sequence(&one, 0.1, 0.05);
    CU_ASSERT_TRUE(s.reason == ES_MIN_N && isnan(s.z) && s.limits.lo == -1);
    CU_ASSERT_EQUAL(s.verdict, ES_VERDICT_NOT_ENOUGH);
}

static void test_no_margin_no_parity(void)
{
    const struct es_two_by_two t = {9000, 10000, 9000, 10000};
    CU_ASSERT_EQUAL(es_e_difference(&t, 0.05, 0.05).verdict, ES_VERDICT_PARITY);
    const struct es_e_difference e = es_e_difference(&t, NAN, 0.05);
    CU_ASSERT_EQUAL(e.verdict, ES_VERDICT_NOT_ENOUGH);
    CU_ASSERT_TRUE(isnan(e.log_e_above) && isnan(e.log_e_below));
}

/** Exchanging the arms turns the interval round. */
static void test_arms_are_alike(void)
{
    const struct es_two_by_two t = {57, 200, 627, 900}, u = {627, 900, 57, 200};
    const struct es_e_difference a = es_e_difference(&t, 0.1, 0.05), b = es_e_difference(&u, 0.1, 0.05);
    CU_ASSERT_DOUBLE_EQUAL(a.limits.lo, -b.limits.hi, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(a.log_e_above, b.log_e_below, 1e-10);
    const struct es_limits c = es_score_sequence(&t, 0.1, 0.05).limits, d = es_score_sequence(&u, 0.1, 0.05).limits;
    CU_ASSERT_DOUBLE_EQUAL(c.lo, -d.hi, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(c.hi, -d.lo, 1e-12);
}

/** The verdict is read off the interval, both of whose sides count, and only past the smallest counts of each arm, of events and of others. */
static void test_the_score_verdict_follows_its_interval(void)
{
    static const struct {
        struct es_two_by_two t;
        double margin;
        enum es_verdict verdict;
    } cases[] = {{{500, 1000, 800, 1000}, 0.1, ES_VERDICT_DISPARITY},           {{800, 1000, 500, 1000}, 0.1, ES_VERDICT_DISPARITY},
                 {{50000, 100000, 50000, 100000}, 0.1, ES_VERDICT_PARITY},      {{10200, 20000, 10000, 20000}, 0.015, ES_VERDICT_NOT_ENOUGH},
                 {{10000, 20000, 10200, 20000}, 0.015, ES_VERDICT_NOT_ENOUGH}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct es_score_sequence s = es_score_sequence(&cases[i].t, cases[i].margin, 0.05);
        CU_ASSERT_EQUAL(s.reason, ES_REASON_NONE);
        CU_ASSERT_EQUAL(s.verdict, cases[i].verdict);
        CU_ASSERT_TRUE(s.limits.lo > -1 && s.limits.hi < 1);
        if (i == 3) CU_ASSERT_TRUE(s.limits.lo > -0.015 && s.limits.lo < 0 && s.limits.hi > 0.015); /* only one side is within the margin */
        if (i == 4) CU_ASSERT_TRUE(s.limits.hi < 0.015 && s.limits.hi > 0 && s.limits.lo < -0.015);
    }
    static const struct {
        struct es_two_by_two t;
        enum es_reason reason;
    } least[] = {{{5, 50, 5, 50}, ES_REASON_NONE}, {{5, 49, 5, 50}, ES_MIN_N},    {{5, 50, 5, 49}, ES_MIN_N},
                 {{5, 50, 4, 50}, ES_MIN_N},       {{45, 50, 46, 50}, ES_MIN_N},  {{45, 50, 45, 50}, ES_REASON_NONE}};
    for (size_t i = 0; i < sizeof least / sizeof least[0]; i++) CU_ASSERT_EQUAL(es_score_sequence(&least[i].t, 0.1, 0.05).reason, least[i].reason);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"mixture_closed_forms", test_mixture_closed_forms},
        {"mixture_is_a_martingale", test_mixture_is_a_martingale},
        {"large_counts_keep_their_digits", test_large_counts_keep_their_digits},
        {"sequence_edges", test_sequence_edges},
        {"false_alarms_are_rare", test_false_alarms_are_rare},
        {"empty_arms_say_nothing", test_empty_arms_say_nothing},
        {"no_margin_no_parity", test_no_margin_no_parity},
        {"arms_are_alike", test_arms_are_alike},
        {"the_score_verdict_follows_its_interval", test_the_score_verdict_follows_its_interval},
        {NULL, NULL},
    };
    return es_test_main("sequential", tests, argc, argv);
}
