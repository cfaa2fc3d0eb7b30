/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/root.h"
#include "metrics/special.h"

#include <math.h>
#include <string.h>

#include "testlib.h"
#include "vectors.h"

/* Expected: mpmath and R, in testdata/vectors/i3_special_functions.json. */
static void test_vectors(void)
{
    es_vec_assert(es_vec_core, "i3_special_functions.json");
}

/* DLMF 8.17.4, 7.7.1 and 8.4.6: symmetry and closed forms. */
static void test_identities(void)
{
    CU_ASSERT_DOUBLE_EQUAL(es_beta_cdf(0.3, 2, 5) + es_beta_sf(0.3, 2, 5), 1, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(es_beta_cdf(0.3, 2, 5), es_beta_sf(0.7, 5, 2), 1e-14);
    CU_ASSERT_DOUBLE_EQUAL(es_gamma_q(1, 2.5), exp(-2.5), 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(es_gamma_p(3, 2) + es_gamma_q(3, 2), 1, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(es_norm_cdf(1.5), es_norm_sf(-1.5), 0);
    CU_ASSERT_DOUBLE_EQUAL(es_lgamma(5), log(24), 1e-14);
    CU_ASSERT_DOUBLE_EQUAL(es_chi2_isf(es_chi2_sf(7, 3), 3), 7, 1e-11);
    CU_ASSERT_DOUBLE_EQUAL(es_t_sf(es_t_isf(0.9, 7), 7), 0.9, 1e-13);
    CU_ASSERT_DOUBLE_EQUAL(es_expit(es_logit(0.37)), 0.37, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(es_expit(-800) + es_expit(800), 1, 0);
    CU_ASSERT_DOUBLE_EQUAL(es_t_sf(0.5, 40) + es_t_sf(-0.5, 40), 1, 1e-15);
    CU_ASSERT_EQUAL(es_t_isf(0.5, 3), 0);
}

/* B(a, b) = (a - 1) / (a + b - 1) B(a - 1, b) (DLMF 5.12.1 with 5.5.1), across the switches of method. */
static void test_lbeta_recurrence(void)
{
    static const double at[][2] = {{10.5, 12}, {11.2, 10.4}, {3, 1000001}, {25, 2e6}, {1e9, 1e9}, {9.9, 5e7}, {1e6, 0.5}, {1e18, 3}, {19.5, 4}};
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        const double a = at[i][0], b = at[i][1];
        const double step = log(a / (a + b)), got = es_lbeta(a + 1, b) - es_lbeta(a, b);
        CU_ASSERT_DOUBLE_EQUAL(got, step, 2e-15 * fabs(es_lbeta(a, b)) + 1e-13);
        CU_ASSERT_EQUAL(es_lbeta(a, b), es_lbeta(b, a));
    }
}

static void test_ends_of_the_range(void)
{
    CU_ASSERT_EQUAL(es_norm_isf(0), INFINITY);
    CU_ASSERT_EQUAL(es_norm_isf(1), -INFINITY);
    CU_ASSERT_EQUAL(es_norm_sf(INFINITY), 0);
    CU_ASSERT_EQUAL(es_norm_sf(-INFINITY), 1);
    CU_ASSERT_EQUAL(es_chi2_sf(-1, 2), 1);
    CU_ASSERT_EQUAL(es_chi2_sf(INFINITY, 2), 0);
    CU_ASSERT_EQUAL(es_gamma_p(2, INFINITY), 1);
    CU_ASSERT_EQUAL(es_beta_ppf(0, 2, 3), 0);
    CU_ASSERT_EQUAL(es_beta_ppf(1, 2, 3), 1);
    CU_ASSERT_EQUAL(es_t_sf(INFINITY, 3), 0);
    CU_ASSERT_EQUAL(es_t_sf(-INFINITY, 3), 1);
    CU_ASSERT_EQUAL(es_kolmogorov_sf(0), 1);
    CU_ASSERT_EQUAL(es_kolmogorov_sf(INFINITY), 0);
    CU_ASSERT_EQUAL(es_logit(0), -INFINITY);
    CU_ASSERT_EQUAL(es_logit(1), INFINITY);
}

static void test_outside_the_domain_is_nan(void)
{
    const double bad[] = {es_norm_sf(NAN),        es_norm_isf(-0.1),      es_norm_isf(1.1),       es_norm_isf(NAN),
                          es_t_sf(1, 0),          es_t_sf(NAN, 2),        es_t_isf(0, 2),         es_t_isf(0.5, -1),
                          es_chi2_sf(1, 0),       es_chi2_sf(NAN, 1),     es_chi2_isf(0, 1),      es_chi2_isf(0.5, 0),
                          es_gamma_p(0, 1),       es_gamma_p(1, -1),      es_gamma_q(-1, 1),      es_gamma_q(1, NAN),
                          es_lgamma(0),           es_lgamma(-1),          es_lbeta(0, 1),         es_lbeta(1, INFINITY),
                          es_beta_cdf(1.5, 1, 1), es_beta_cdf(0.5, 0, 1), es_beta_sf(-0.5, 1, 1), es_beta_sf(0.5, 1, NAN),
                          es_beta_ppf(2, 1, 1),   es_beta_ppf(0.5, 1, 0), es_kolmogorov_sf(NAN),  es_logit(2)};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) CU_ASSERT_TRUE(isnan(bad[i]));
}

/** A step just above 0: no curve to follow, and the relative gap to the root never closes. */
static double step(double x, const void *context)
{
    (void)context;
    return x > 0 ? 1 : -1;
}

static void test_root_ends_when_it_cannot_be_closer(void)
{
    const double x = es_root(step, NULL, -1, 1, 1e-320);
    CU_ASSERT_TRUE(fabs(x) < 1e-15);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"vectors", test_vectors},
                                           {"identities", test_identities},
                                           {"lbeta_recurrence", test_lbeta_recurrence},
                                           {"ends_of_the_range", test_ends_of_the_range},
                                           {"outside_the_domain_is_nan", test_outside_the_domain_is_nan},
                                           {"root_ends_when_it_cannot_be_closer", test_root_ends_when_it_cannot_be_closer},
                                           {NULL, NULL}};
    return es_test_main("special", tests, argc, argv);
}
