/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/root.h"

#include <math.h>
#include <stdbool.h>

enum { MAX_STEPS = 200 };

double es_root(es_function *f, const void *context, double lo, double hi, double tolerance)
{
    double a = hi, b = lo, fa = f(a, context), fb = f(b, context), t = 0.5;
    if (isnan(fa) || isnan(fb)) return NAN;
    if (fa == 0) return a;
    if (fb == 0) return b;
    if ((fa > 0) == (fb > 0)) return fabs(fa) < fabs(fb) ? a : b;
    for (int step = 0; step < MAX_STEPS; step++) {
        const double x = a + t * (b - a), fx = f(x, context);
        double c = b, fc = fb;
        if (fx == 0) return x;
        if ((fx > 0) == (fa > 0)) {
            c = a;
            fc = fa;
        } else {
            b = a;
            fb = fa;
        }
        a = x;
        fa = fx;
        const double best = fabs(fa) < fabs(fb) ? a : b;
        const double limit = 0.5 * tolerance / fabs(b - a);
        if (limit >= 0.5 || !(fabs(b - a) > 4e-16 * fabs(best))) return best;
        /* Inverse quadratic interpolation where the three points allow it (Chandrupatla's criterion). */
        const double xi = (a - b) / (c - b), phi = (fa - fb) / (fc - fb);
        t = 0.5;
        if (phi * phi < xi && (1 - phi) * (1 - phi) < 1 - xi)
            t = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb);
        t = fmin(fmax(t, limit), 1 - limit);
    }
    return fabs(fa) < fabs(fb) ? a : b;
}
