/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/expected_range.h"

#include <math.h>

#include "metrics/proportion.h"

#define STEPS 400 /* even: Simpson */

/** 1 - prod F - prod (1 - F) at x. */
static double spread_at(const double *se, size_t count, double x)
{
    double below = 1, above = 1;
    for (size_t g = 0; g < count; g++) {
        if (se[g] == 0) {
            above = 0; /* known to be 0, and x > 0 */
            continue;
        }
        const double upper = 0.5 * erfc(x / se[g] * M_SQRT1_2);
        below *= 1 - upper;
        above *= upper;
    }
    return 1 - below - above;
}

double es_expected_range(const double *se, size_t count)
{
    double most = 0;
    if (count < 2) return NAN;
    for (size_t g = 0; g < count; g++) {
        if (!isfinite(se[g]) || se[g] < 0) return NAN;
        most = fmax(most, se[g]);
    }
    if (most == 0) return 0;
    /* Symmetric in x. x = end u^3 puts points where the errors of large groups lie; past end every tail is below 1e-22. */
    const double end = 10 * most;
    double sum = 0;
    for (int i = 1; i <= STEPS; i++) { /* at u = 0 the Jacobian is 0 */
        const double u = (double)i / STEPS, weight = i == STEPS ? 1 : i % 2 ? 4 : 2;
        sum += weight * spread_at(se, count, end * u * u * u) * 3 * end * u * u;
    }
    return 2 * sum / (3.0 * STEPS);
}

double es_wilson_cases(double p, double n, double width, double alpha)
{
    if (!(p >= 0) || !(p <= 1) || !(n > 0) || !(width > 0) || !(width < 1)) return NAN;
    const struct es_limits all = es_wilson(p * n, n, alpha);
    if (!(width > all.hi - all.lo)) return n;
    double lo = 0, hi = n; /* the width falls as cases grow */
    for (int i = 0; i < 200 && hi - lo > 1e-12 * n; i++) {
        const double middle = lo + (hi - lo) / 2;
        const struct es_limits limits = es_wilson(p * middle, middle, alpha);
        if (limits.hi - limits.lo > width)
            lo = middle;
        else
            hi = middle;
    }
    return lo + (hi - lo) / 2;
}
