/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the vector files of the metrics core: operating points, scores, verdicts, verification, special functions. */
#include "vectors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/special.h"

static double special(const char *fn, const double *a)
{
    if (strcmp(fn, "norm_sf") == 0) return es_norm_sf(a[0]);
    if (strcmp(fn, "norm_isf") == 0) return es_norm_isf(a[0]);
    if (strcmp(fn, "t_sf") == 0) return es_t_sf(a[0], a[1]);
    if (strcmp(fn, "t_isf") == 0) return es_t_isf(a[0], a[1]);
    if (strcmp(fn, "chi2_sf") == 0) return es_chi2_sf(a[0], a[1]);
    if (strcmp(fn, "beta_cdf") == 0) return es_beta_cdf(a[0], a[1], a[2]);
    if (strcmp(fn, "beta_ppf") == 0) return es_beta_ppf(a[0], a[1], a[2]);
    if (strcmp(fn, "lbeta") == 0) return es_lbeta(a[0], a[1]);
    if (strcmp(fn, "kolmogorov_sf") == 0) return es_kolmogorov_sf(a[0]);
    return NAN;
}

static void run_special(struct es_vec *v)
{
    while (es_vec_next(v)) {
        double a[3] = {NAN, NAN, NAN};
        size_t n = 0;
        double *args = es_vec_in_array(v, "args", &n);
        const char *fn = es_vec_in_text(v, "fn");
        for (size_t i = 0; i < n && i < 3; i++) a[i] = args[i];
        free(args);
        /* The file's note: quantiles are held to 1e-11. */
        const bool quantile = fn && (strstr(fn, "_isf") || strstr(fn, "_ppf"));
        es_vec_check_tol(v, "value", fn ? special(fn, a) : (double)NAN, quantile ? 1e-11 : v->rel, v->abs);
    }
}

const struct es_vec_section es_vec_core[] = {{"i3_special_functions.json", run_special}, {NULL, NULL}};
