/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/calibration.h"

#include <math.h>

#include "metrics/fit_points.h"
#include "metrics/special.h"
#include "testlib.h"
#include "vectors.h"

/* Expected: scikit-learn, R glm, rms, statsmodels, dcurves; see testdata/vectors/INDEX.md. */
static void test_vectors(void)
{
    es_vec_assert(es_vec_core, "b3_calibration.json");
}

enum { MOST = 6000 };

struct point {
    double x;
    uint32_t n, positives;
};

static struct point point(double x, uint32_t n, uint32_t positives)
{
    return (struct point){x, n, positives};
}

static double column_x[MOST], mean[MOST];
static uint32_t column_n[MOST], column_positives[MOST];

static struct es_fit_columns columns(const struct point *p, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        column_x[i] = p[i].x;
        column_n[i] = p[i].n;
        column_positives[i] = p[i].positives;
    }
    return (struct es_fit_columns){column_x, column_n, column_positives, count};
}

static struct es_logistic fit_line(const struct point *p, size_t count, const struct es_logistic *start)
{
    const struct es_fit_columns f = columns(p, count);
    return es_fit_line(&f, start, mean);
}

static struct es_logistic fit_offset(const struct point *p, size_t count)
{
    const struct es_fit_columns f = columns(p, count);
    return es_fit_offset(&f, 0, mean);
}

/* Two values of x are fitted exactly: logit of the rate at each. */
static void test_two_points_have_a_closed_form(void)
{
    const struct point p[] = {point(-1, 10, 2), point(2, 20, 15)};
    const struct es_logistic fit = fit_line(p, 2, NULL);
    const double low = log(2.0 / 8), high = log(15.0 / 5);
    CU_ASSERT_EQUAL(fit.reason, ES_REASON_NONE);
    CU_ASSERT_DOUBLE_EQUAL(fit.slope, (high - low) / 3, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(fit.intercept, low + fit.slope, 1e-12);
    const struct es_logistic one = fit_offset(p, 1);
    CU_ASSERT_DOUBLE_EQUAL(one.intercept, low + 1, 1e-12);
}

/* A far start changes neither answer nor convergence. */
static void test_start_does_not_matter(void)
{
    struct point p[40];
    for (int i = 0; i < 40; i++) p[i] = point(-6 + 0.3 * i, 7, (uint32_t)(i / 8 + (i % 3 == 0)));
    const struct es_logistic far = {ES_REASON_NONE, -12, 6, 0, 0, {0, 0, 0}};
    const struct es_logistic a = fit_line(p, 40, NULL), b = fit_line(p, 40, &far);
    CU_ASSERT_EQUAL(b.reason, ES_REASON_NONE);
    CU_ASSERT_DOUBLE_EQUAL(a.slope, b.slope, 1e-11);
    CU_ASSERT_DOUBLE_EQUAL(a.intercept, b.intercept, 1e-11);
}

static void test_no_finite_fit_is_a_reason(void)
{
    const struct point apart[] = {point(-1, 3, 0), point(1, 3, 3)}, touching[] = {point(-1, 3, 0), point(1, 3, 1)};
    const struct point backwards[] = {point(-1, 3, 3), point(1, 3, 0)};
    const struct point same[] = {point(0.5, 9, 4)}, sick[] = {point(0, 2, 2), point(1, 2, 2)}, well[] = {point(0, 2, 0)};
    CU_ASSERT_EQUAL(fit_line(apart, 2, NULL).reason, ES_SEPARATION);
    CU_ASSERT_EQUAL(fit_line(backwards, 2, NULL).reason, ES_SEPARATION);
    CU_ASSERT_EQUAL(fit_line(touching, 2, NULL).reason, ES_SEPARATION);
    CU_ASSERT_EQUAL(fit_line(same, 1, NULL).reason, ES_ZERO_VARIANCE);
    CU_ASSERT_EQUAL(fit_line(sick, 2, NULL).reason, ES_NO_NEGATIVES);
    CU_ASSERT_EQUAL(fit_offset(well, 1).reason, ES_NO_POSITIVES);
    CU_ASSERT_EQUAL(fit_offset(well, 0).reason, ES_NO_CASES);
    CU_ASSERT_TRUE(isnan(fit_line(apart, 2, NULL).slope));
    CU_ASSERT_EQUAL(fit_offset(apart, 2).reason, ES_REASON_NONE);
}

/* exp() against the C library's over its whole range: one unit in the last place is 2.2e-16. */
static void test_own_exp(void)
{
    double worst = 0;
    for (int i = -70000; i <= 70000; i++) {
        const double x = i * 0.01 + 0.00123 * (i % 7);
        if (fabs(x) > 700) continue;
        worst = fmax(worst, fabs(es_fit_exp(x) / exp(x) - 1));
    }
    CU_ASSERT_TRUE(worst < 4e-16);
}

/* Many points: at the fit the score equations hold, and the means are those of the fit. The points' positives are no fit's. */
static void test_many_points_solve_the_score_equations(void)
{
    static struct point p[MOST];
    for (int i = 0; i < MOST; i++) p[i] = point(-7 + 0.002 * i + (i > 5000 ? 1 : 0), 1 + (uint32_t)(i % 3), (uint32_t)(i % (2 + i / 700) == 0));
    for (int which = 0; which < 2; which++) {
        const struct es_logistic fit = which ? fit_line(p, MOST, NULL) : fit_offset(p, MOST);
        double g = 0, gx = 0, w = 0, wx = 0, wxx = 0, worst = 0;
        for (int i = 0; i < MOST; i++) {
            const double mu = 1 / (1 + exp(-(fit.intercept + fit.slope * p[i].x))), gap = p[i].positives - p[i].n * mu;
            g += gap;
            gx += gap * p[i].x;
            w += p[i].n * mu * (1 - mu);
            wx += p[i].n * mu * (1 - mu) * p[i].x;
            wxx += p[i].n * mu * (1 - mu) * p[i].x * p[i].x;
            worst = fmax(worst, fabs(mean[i] - mu));
        }
        CU_ASSERT_EQUAL(fit.reason, ES_REASON_NONE);
        CU_ASSERT_DOUBLE_EQUAL(g / w, 0, 1e-12);
        if (which) CU_ASSERT_DOUBLE_EQUAL(gx / w, 0, 1e-12);
        CU_ASSERT_DOUBLE_EQUAL(fit.information[0], w, 1e-10 * w);
        if (which) CU_ASSERT_DOUBLE_EQUAL(fit.information[1], wx, 1e-10 * fabs(wx));
        if (which) CU_ASSERT_DOUBLE_EQUAL(fit.slope_se, sqrt(w / (w * wxx - wx * wx)), 1e-10 * fit.slope_se);
        CU_ASSERT_TRUE(worst < 1e-10); /* the means may be the last step behind */
    }
}

/* A start from which exp() would leave its range: the step is cut until it does not. */
static void test_absurd_start(void)
{
    const struct point p[] = {point(-2, 10, 2), point(0, 10, 3), point(2, 20, 15)};
    const struct es_logistic far = {ES_REASON_NONE, 30, -40, 0, 0, {0, 0, 0}};
    const struct es_logistic a = fit_line(p, 3, NULL), b = fit_line(p, 3, &far);
    CU_ASSERT_TRUE(b.reason == ES_ZERO_VARIANCE || fabs(a.slope - b.slope) < 1e-9);
    const struct es_fit_columns f = columns(p, 3);
    CU_ASSERT_DOUBLE_EQUAL(es_fit_offset(&f, 1000, mean).intercept, fit_offset(p, 3).intercept, 1e-11);
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
                                           {"own_exp", test_own_exp},
                                           {"many_points_solve_the_score_equations", test_many_points_solve_the_score_equations},
                                           {"absurd_start", test_absurd_start},
                                           {"bins_are_left_closed", test_bins_are_left_closed},
                                           {"empty_is_undefined", test_empty_is_undefined},
                                           {NULL, NULL}};
    return es_test_main("calibration", tests, argc, argv);
}
