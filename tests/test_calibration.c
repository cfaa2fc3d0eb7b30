/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/calibration.h"

#include <math.h>

#include "metrics/special.h"
#include "testlib.h"
#include "vectors.h"

/* Expected: scikit-learn, R glm, rms, statsmodels, dcurves; see testdata/vectors/INDEX.md. */
static void test_vectors(void)
{
    es_vec_assert(es_vec_core, "b3_calibration.json");
}

static struct es_fit_point point(double x, uint32_t n, uint32_t positives)
{
    return (struct es_fit_point){x, exp(x), n, positives};
}

/* Two values of x are fitted exactly: logit of the rate at each. */
static void test_two_points_have_a_closed_form(void)
{
    const struct es_fit_point p[] = {point(-1, 10, 2), point(2, 20, 15)};
    const struct es_logistic fit = es_fit_line(p, 2, NULL);
    const double low = log(2.0 / 8), high = log(15.0 / 5);
    CU_ASSERT_EQUAL(fit.reason, ES_REASON_NONE);
    CU_ASSERT_DOUBLE_EQUAL(fit.slope, (high - low) / 3, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(fit.intercept, low + fit.slope, 1e-12);
    const struct es_logistic one = es_fit_offset(p, 1);
    CU_ASSERT_DOUBLE_EQUAL(one.intercept, low + 1, 1e-12);
}

/* A far start changes neither answer nor convergence. */
static void test_start_does_not_matter(void)
{
    struct es_fit_point p[40];
    for (int i = 0; i < 40; i++) p[i] = point(-6 + 0.3 * i, 7, (uint32_t)(i / 8 + (i % 3 == 0)));
    const struct es_logistic far = {ES_REASON_NONE, -12, 6, 0, 0, {0, 0, 0}};
    const struct es_logistic a = es_fit_line(p, 40, NULL), b = es_fit_line(p, 40, &far);
    CU_ASSERT_EQUAL(b.reason, ES_REASON_NONE);
    CU_ASSERT_DOUBLE_EQUAL(a.slope, b.slope, 1e-11);
    CU_ASSERT_DOUBLE_EQUAL(a.intercept, b.intercept, 1e-11);
}

static void test_no_finite_fit_is_a_reason(void)
{
    const struct es_fit_point apart[] = {point(-1, 3, 0), point(1, 3, 3)}, touching[] = {point(-1, 3, 0), point(1, 3, 1)};
    const struct es_fit_point backwards[] = {point(-1, 3, 3), point(1, 3, 0)};
    const struct es_fit_point same[] = {point(0.5, 9, 4)}, sick[] = {point(0, 2, 2), point(1, 2, 2)}, well[] = {point(0, 2, 0)};
    CU_ASSERT_EQUAL(es_fit_line(apart, 2, NULL).reason, ES_SEPARATION);
    CU_ASSERT_EQUAL(es_fit_line(backwards, 2, NULL).reason, ES_SEPARATION);
    CU_ASSERT_EQUAL(es_fit_line(touching, 2, NULL).reason, ES_SEPARATION);
    CU_ASSERT_EQUAL(es_fit_line(same, 1, NULL).reason, ES_ZERO_VARIANCE);
    CU_ASSERT_EQUAL(es_fit_line(sick, 2, NULL).reason, ES_NO_NEGATIVES);
    CU_ASSERT_EQUAL(es_fit_offset(well, 1).reason, ES_NO_POSITIVES);
    CU_ASSERT_EQUAL(es_fit_offset(well, 0).reason, ES_NO_CASES);
    CU_ASSERT_TRUE(isnan(es_fit_line(apart, 2, NULL).slope));
    CU_ASSERT_EQUAL(es_fit_offset(apart, 2).reason, ES_REASON_NONE);
}

static void test_bins_are_left_closed(void)
{
    for (unsigned k = 0; k < 10; k++) {
        const double edge = k / 10.0;
        CU_ASSERT_EQUAL(es_calibration_bin(edge, 10), k);
        if (k) CU_ASSERT_EQUAL(es_calibration_bin(nextafter(edge, 0), 10), k - 1);
    }
    CU_ASSERT_EQUAL(es_calibration_bin(1, 10), 9);
}

static void test_empty_is_undefined(void)
{
    const double p[] = {0.5, 0.5};
    const uint8_t y[] = {0, 1};
    double a = 7, b = 7, all = 7;
    struct es_brier brier;
    struct es_limits limits;
    CU_ASSERT_FALSE(es_calibration_error(p, y, 0, 10, false, &a, &b));
    CU_ASSERT_FALSE(es_calibration_error(p, y, 2, 0, false, &a, &b));
    CU_ASSERT_FALSE(es_calibration_error(p, y, 2, ES_MAX_BINS + 1, false, &a, &b));
    CU_ASSERT_TRUE(a == 7 && b == 7);
    CU_ASSERT_FALSE(es_brier(p, y, 0, &brier));
    CU_ASSERT_TRUE(isnan(es_spiegelhalter(p, y, 2)));
    CU_ASSERT_TRUE(isnan(es_net_benefit(p, y, 2, 1, &all)) && isnan(all));
    CU_ASSERT_TRUE(isnan(es_observed_expected(0, 0, 0, 0.05, &limits)) && isnan(limits.lo));
    CU_ASSERT_TRUE(isnan(es_observed_expected(0, 0, 3, 0.05, &limits)));
    CU_ASSERT_EQUAL(es_observed_expected(1, 0, 3, 0.05, &limits), INFINITY);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"vectors", test_vectors},
                                           {"two_points_have_a_closed_form", test_two_points_have_a_closed_form},
                                           {"start_does_not_matter", test_start_does_not_matter},
                                           {"no_finite_fit_is_a_reason", test_no_finite_fit_is_a_reason},
                                           {"bins_are_left_closed", test_bins_are_left_closed},
                                           {"empty_is_undefined", test_empty_is_undefined},
                                           {NULL, NULL}};
    return es_test_main("calibration", tests, argc, argv);
}
