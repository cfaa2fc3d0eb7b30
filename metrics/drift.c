/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/drift.h"

#include <math.h>

#include "metrics/bootstrap.h"
#include "metrics/int128.h"
#include "metrics/special.h"

/** (1+t) ln(1+t) + (1-t) ln(1-t), t in [-1,1]: the even series sum t^2k / (k (2k-1)) where the logarithms would cancel. */
static double bend(double t)
{
    const double t2 = t * t;
    if (t2 >= 1.0) return 2.0 * log(2.0);
    if (t2 > 0.04) return (1.0 + t) * log1p(t) + (1.0 - t) * log1p(-t);
    double power = t2, sum = 0.0;
    for (int k = 1; k <= 12; k++, power *= t2) sum += power / (k * (2.0 * k - 1.0));
    return sum;
}

double es_jensen_shannon(const double *a, const double *b, uint32_t count)
{
    double sum = 0.0;
    for (uint32_t i = 0; i < count; i++) {
        const double both = a[i] + b[i];
        if (both > 0.0) sum += both / 4.0 * bend((a[i] - b[i]) / both);
    }
    return sum / log(2.0);
}

static bool total(const uint64_t *count, uint32_t bins, uint64_t *out)
{
    *out = 0;
    for (uint32_t i = 0; i < bins; i++)
        if (__builtin_add_overflow(*out, count[i], out)) return false;
    return true;
}

static double stability(const uint64_t *now, const uint64_t *reference, uint32_t bins, double n, double m, double add)
{
    double psi = 0.0;
    for (uint32_t i = 0; i < bins; i++) {
        const double a = ((double)now[i] + add) / (n + add * bins);
        const double e = ((double)reference[i] + add) / (m + add * bins);
        psi += (a - e) * log(a / e);
    }
    return psi;
}

/** Everything that needs cases on both sides. */
static void compare(const uint64_t *now, const uint64_t *reference, uint32_t bins, struct es_drift *d)
{
    const double n = (double)d->n_now, m = (double)d->n_reference, all = n + m;
    double variation = 0.0, js = 0.0, chi2 = 0.0;
    uint32_t kept = 0;
    bool empty_bin = false;
    for (uint32_t i = 0; i < bins; i++) {
        const double o1 = (double)now[i], o2 = (double)reference[i], column = o1 + o2;
        const double a = o1 / n, e = o2 / m;
        if (now[i] == 0 || reference[i] == 0) empty_bin = true;
        if (!(column > 0.0)) continue;
        kept++;
        variation += fabs(a - e);
        js += (a + e) / 4.0 * bend((a - e) / (a + e));
        const double e1 = n * column / all, e2 = m * column / all;
        chi2 += (o1 - e1) * (o1 - e1) / e1 + (o2 - e2) * (o2 - e2) / e2;
    }
    d->psi_expected = (bins - 1.0) * (1.0 / n + 1.0 / m);
    if (!empty_bin) d->psi_raw = stability(now, reference, bins, n, m, 0.0);
    d->js_bits = js / log(2.0);
    d->js_distance = sqrt(d->js_bits);
    d->total_variation = variation / 2.0;
    d->chi2 = chi2;
    d->df = kept - 1;
    d->chi2_p = kept > 1 ? es_chi2_sf(chi2, d->df) : 1.0; /* one bin cannot differ */
}

bool es_drift(const uint64_t *now, const uint64_t *reference, uint32_t bins, struct es_drift *out)
{
    struct es_drift d = {.psi = NAN, .psi_expected = NAN, .psi_raw = NAN, .js_bits = NAN, .js_distance = NAN,
                         .total_variation = NAN, .chi2 = NAN, .chi2_p = NAN};
    if (!total(now, bins, &d.n_now) || !total(reference, bins, &d.n_reference)) return false;
    if (bins > 0) d.psi = stability(now, reference, bins, (double)d.n_now, (double)d.n_reference, 0.5);
    if (d.n_now > 0 && d.n_reference > 0) compare(now, reference, bins, &d);
    *out = d;
    return true;
}

bool es_kolmogorov_smirnov(double *x, size_t m, double *y, size_t n, struct es_kolmogorov *out)
{
    for (size_t i = 0; i < m; i++)
        if (isnan(x[i])) return false;
    for (size_t i = 0; i < n; i++)
        if (isnan(y[i])) return false;
    *out = (struct es_kolmogorov){NAN, NAN};
    if (m == 0 || n == 0) return true;
    es_sort_doubles(x, m);
    es_sort_doubles(y, n);
    es_u128 greatest = 0; /* of |i n - j m|, exact */
    size_t i = 0, j = 0;
    while (i < m && j < n) {
        const double at = x[i] < y[j] ? x[i] : y[j];
        while (i < m && x[i] == at) i++;
        while (j < n && y[j] == at) j++;
        const es_u128 a = (es_u128)i * n, b = (es_u128)j * m;
        const es_u128 gap = a > b ? a - b : b - a;
        if (gap > greatest) greatest = gap;
    }
    out->distance = (double)greatest / ((double)m * (double)n);
    out->p = es_kolmogorov_sf(sqrt((double)m * (double)n / ((double)m + (double)n)) * out->distance);
    return true;
}
