/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/proportion.h"

#include <math.h>

#include "metrics/exact_form.h"
#include "metrics/special.h"

static const struct es_limits no_limits = {(double)NAN, (double)NAN};

static bool valid(double x, double n, double alpha)
{
    return n > 0 && x >= 0 && x <= n && alpha > 0 && alpha < 1;
}

struct es_limits es_wilson(double x, double n, double alpha)
{
    if (!valid(x, n, alpha)) return no_limits;
    const double z = es_norm_isf(alpha / 2), z2 = z * z;
    const double all = n + z2, hi = (x + z2 / 2 + z * sqrt(z2 / 4 + x * (n - x) / n)) / all;
    struct es_limits out = {x / n * (x / all) / hi, hi}; /* product of the two roots: the lower limit keeps its digits */
    if (x == 0) out.lo = 0;
    if (x == n) out.hi = 1;
    return out;
}

struct es_limits es_clopper_pearson(double x, double n, double alpha)
{
    if (!valid(x, n, alpha)) return no_limits;
    return (struct es_limits){x > 0 ? es_beta_ppf(alpha / 2, x, n - x + 1) : 0,
                              x < n ? es_beta_ppf(1 - alpha / 2, x + 1, n - x) : 1};
}

struct es_limits es_jeffreys(double x, double n, double alpha)
{
    if (!valid(x, n, alpha)) return no_limits;
    return (struct es_limits){x > 0 ? es_beta_ppf(alpha / 2, x + 0.5, n - x + 0.5) : 0,
                              x < n ? es_beta_ppf(1 - alpha / 2, x + 0.5, n - x + 0.5) : 1};
}

void es_cluster_add(struct es_cluster_sums *sums, uint32_t x, uint32_t n)
{
    if (n == 0) return;
    sums->patients++;
    sums->x += x;
    sums->n += n;
    sums->xx += (uint64_t)x * x;
    sums->xn += (uint64_t)x * n;
    sums->nn += (uint64_t)n * n;
}

struct es_clustered es_clustered(const struct es_cluster_sums *sums)
{
    struct es_clustered out = {(double)NAN, (double)NAN, (double)NAN, 1, 0, 0};
    if (sums->n == 0) return out;
    const double n = (double)sums->n, k = (double)sums->patients;
    out.p = (double)sums->x / n;
    out.kish = n * n / (double)sums->nn;
    if (sums->patients >= 2) {
        /* sum (n x_i - x n_i)^2 / n^4 */
        const double squares = es_form(sums->n, sums->x, sums->n, sums->x, sums->xx, sums->xn, sums->xn, sums->nn);
        out.variance = k / (k - 1) * squares / (n * n) / (n * n);
        if (sums->x > 0 && sums->x < sums->n) out.deff = out.variance / (out.p * (1 - out.p) / n);
    }
    if (out.deff > 1) out.deff_used = out.deff;
    out.n_effective = n / out.deff_used;
    return out;
}

struct es_limits es_wilson_clustered(const struct es_cluster_sums *sums, double alpha)
{
    const struct es_clustered c = es_clustered(sums);
    /* x divided directly, so that x = 0 and x = n stay exact. */
    return es_wilson((double)sums->x / c.deff_used, (double)sums->n / c.deff_used, alpha);
}

double es_rao_scott(const struct es_cluster_sums *a, const struct es_cluster_sums *b, double *p)
{
    const double d1 = es_clustered(a).deff, d2 = es_clustered(b).deff;
    const double n1 = (double)a->n / d1, n2 = (double)b->n / d2, x1 = (double)a->x / d1, x2 = (double)b->x / d2;
    const double pooled = (x1 + x2) / (n1 + n2), gap = x1 / n1 - x2 / n2;
    const double chi2 = gap * gap / (pooled * (1 - pooled) * (1 / n1 + 1 / n2));
    *p = es_chi2_sf(chi2, 1);
    return chi2;
}
