// SPDX-License-Identifier: Apache-2.0
// Boost.Math behind plain C calls: doubles stay doubles, errors are return values, no exception reaches a C frame.
#include "metrics/special.h"

#include <cfloat>
#include <cmath>
#include <limits>

#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/gamma.hpp>

namespace
{
namespace bm = boost::math;
namespace bp = boost::math::policies;

using Policy = bp::policy<bp::promote_double<false>, bp::promote_float<false>, bp::domain_error<bp::ignore_error>,
                          bp::pole_error<bp::ignore_error>, bp::overflow_error<bp::ignore_error>,
                          bp::underflow_error<bp::ignore_error>, bp::denorm_error<bp::ignore_error>,
                          bp::evaluation_error<bp::ignore_error>, bp::rounding_error<bp::ignore_error>,
                          bp::indeterminate_result_error<bp::ignore_error>>;

const double nan_value = std::numeric_limits<double>::quiet_NaN();
const double infinity = std::numeric_limits<double>::infinity();
const double sqrt_half = 0.70710678118654752440;
const double sqrt_two = 1.41421356237309504880;

/** Run one call; what could still be thrown (root finders running dry) becomes NaN. */
template <class F> double guarded(F call) noexcept
{
    try {
        return call();
    } catch (...) {       // GCOVR_EXCL_LINE: the policy above lets nothing be thrown; this keeps it so for C callers
        return nan_value; // GCOVR_EXCL_LINE
    }
}

bool positive(double x)
{
    return x > 0 && x <= DBL_MAX;
}

bool probability(double p)
{
    return p >= 0 && p <= 1;
}

/** Two-sided tail of t: P(|T| > |x|), from the incomplete beta function. */
double t_two_tails(double x, double df)
{
    const double x2 = x * x;
    if (std::isinf(x2)) return 0;
    /* The smaller of df/(df+x^2) and x^2/(df+x^2) keeps its digits. */
    return df > x2 ? bm::ibetac(0.5, df / 2, x2 / (df + x2), Policy()) : bm::ibeta(df / 2, 0.5, df / (df + x2), Policy());
}

/** Stirling's remainder ln G(x) - (x - 1/2) ln x + x - ln(2 pi)/2 for x >= 10 (DLMF 5.11.1). */
double stirling_remainder(double x)
{
    static const double c[] = {1.0 / 12,   -1.0 / 360,       1.0 / 1260, -1.0 / 1680,
                               1.0 / 1188, -691.0 / 360360, 1.0 / 156,  -3617.0 / 122400};
    const double r = 1 / (x * x);
    double sum = 0;
    for (int i = 7; i >= 0; i--) sum = sum * r + c[i];
    return sum / x;
}

/** ln B(a, b) for 10 < a <= b: the leading terms of three ln Gamma cancel by algebra, not by subtraction. */
double lbeta_stirling(double a, double b)
{
    const double half_log_two_pi = 0.91893853320467274178;
    const double s = a + b;
    return half_log_two_pi - 0.5 * std::log(a) + a * std::log(a / s) + (b - 0.5) * std::log1p(-a / s) +
           (stirling_remainder(a) + stirling_remainder(b) - stirling_remainder(s));
}
} // namespace

extern "C" double es_norm_sf(double x)
{
    if (std::isnan(x)) return nan_value;
    return guarded([=] { return 0.5 * bm::erfc(x * sqrt_half, Policy()); });
}

extern "C" double es_norm_cdf(double x)
{
    return es_norm_sf(-x);
}

extern "C" double es_norm_isf(double p)
{
    if (!probability(p)) return nan_value;
    if (p == 0) return infinity;
    if (p == 1) return -infinity;
    return guarded([=] { return sqrt_two * bm::erfc_inv(2 * p, Policy()); });
}

extern "C" double es_t_sf(double x, double df)
{
    if (std::isnan(x) || !positive(df)) return nan_value;
    return guarded([=] {
        const double half = 0.5 * t_two_tails(x, df);
        return x > 0 ? half : 1 - half;
    });
}

extern "C" double es_t_isf(double p, double df)
{
    if (!(p > 0 && p < 1) || !positive(df)) return nan_value;
    if (p == 0.5) return 0;
    return guarded([=] {
        const double tail = p < 0.5 ? p : 1 - p; /* 1 - p is exact enough for p in (0.5, 1) */
        double y = 0;
        const double u = bm::ibeta_inv(df / 2, 0.5, 2 * tail, &y, Policy()); /* u = df/(df+t^2), y = 1-u */
        const double t = std::sqrt(df * y / u);
        return p < 0.5 ? t : -t;
    });
}

extern "C" double es_chi2_sf(double x, double df)
{
    if (std::isnan(x) || !positive(df)) return nan_value;
    return x <= 0 ? 1 : es_gamma_q(df / 2, x / 2);
}

extern "C" double es_chi2_isf(double p, double df)
{
    if (!(p > 0 && p <= 1) || !positive(df)) return nan_value;
    return guarded([=] { return 2 * bm::gamma_q_inv(df / 2, p, Policy()); });
}

extern "C" double es_gamma_p(double a, double x)
{
    if (!positive(a) || !(x >= 0)) return nan_value;
    if (std::isinf(x)) return 1;
    return guarded([=] { return bm::gamma_p(a, x, Policy()); });
}

extern "C" double es_gamma_q(double a, double x)
{
    if (!positive(a) || !(x >= 0)) return nan_value;
    if (std::isinf(x)) return 0;
    return guarded([=] { return bm::gamma_q(a, x, Policy()); });
}

extern "C" double es_lgamma(double x)
{
    if (!positive(x)) return nan_value;
    return guarded([=] { return bm::lgamma(x, Policy()); });
}

extern "C" double es_lbeta(double a, double b)
{
    if (!positive(a) || !positive(b)) return nan_value;
    const double small = a < b ? a : b;
    const double large = a < b ? b : a;
    return guarded([=] {
        if (small > 10) return lbeta_stirling(small, large);
        if (large > 1e17) return bm::lgamma(small, Policy()) - small * std::log(large); /* next term is small^2/large */
        /* A difference of two large logarithms would lose its digits; a ratio of gammas does not. */
        if (large > 20) return bm::lgamma(small, Policy()) + std::log(bm::tgamma_delta_ratio(large, small, Policy()));
        return bm::lgamma(small, Policy()) + bm::lgamma(large, Policy()) - bm::lgamma(small + large, Policy());
    });
}

extern "C" double es_beta_cdf(double x, double a, double b)
{
    if (!probability(x) || !positive(a) || !positive(b)) return nan_value;
    return guarded([=] { return bm::ibeta(a, b, x, Policy()); });
}

extern "C" double es_beta_sf(double x, double a, double b)
{
    if (!probability(x) || !positive(a) || !positive(b)) return nan_value;
    return guarded([=] { return bm::ibetac(a, b, x, Policy()); });
}

extern "C" double es_beta_ppf(double p, double a, double b)
{
    if (!probability(p) || !positive(a) || !positive(b)) return nan_value;
    return guarded([=] { return bm::ibeta_inv(a, b, p, Policy()); });
}

extern "C" double es_kolmogorov_sf(double x)
{
    if (std::isnan(x)) return nan_value;
    if (x <= 0) return 1;
    if (x < 1) {
        /* Theta-function dual, fast for small x: cdf = sqrt(2 pi)/x sum exp(-(2k-1)^2 pi^2 / (8 x^2)). */
        const double w = -1.2337005501361697 / (x * x);
        double cdf = 0;
        for (int k = 1; k <= 9; k += 2) cdf += std::exp(w * k * k);
        return 1 - cdf * 2.5066282746310002 / x;
    }
    double sum = 0;
    for (int k = 6; k >= 1; k--) sum += (k % 2 ? 2 : -2) * std::exp(-2.0 * k * k * x * x);
    return sum;
}

extern "C" double es_logit(double p)
{
    if (!probability(p)) return nan_value;
    return std::log(p) - std::log1p(-p);
}

extern "C" double es_expit(double x)
{
    if (x >= 0) return 1 / (1 + std::exp(-x));
    const double e = std::exp(x);
    return e / (1 + e);
}
