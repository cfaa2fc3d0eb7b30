/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "metrics/calibration.h"
#include "metrics/special.h"

enum { MAX_STEPS = 50, MAX_HALVINGS = 30 };
static const double enough = 1e-12;

double es_logit_clipped(double p)
{
    return es_logit(fmin(1 - ES_LOGIT_CLIP, fmax(ES_LOGIT_CLIP, p)));
}

/** Positives and cases; a reason when one class is missing. */
static enum es_reason classes(const struct es_fit_point *points, size_t count, double *positives, double *cases)
{
    uint64_t o = 0, n = 0;
    for (size_t i = 0; i < count; i++) {
        o += points[i].positives;
        n += points[i].n;
    }
    *positives = (double)o;
    *cases = (double)n;
    if (n == 0) return ES_NO_CASES;
    if (o == 0) return ES_NO_POSITIVES;
    return o == n ? ES_NO_NEGATIVES : ES_REASON_NONE;
}

static struct es_logistic failed(enum es_reason reason)
{
    const double none = (double)NAN;
    return (struct es_logistic){reason, none, none, none, none, {none, none, none}};
}

struct es_logistic es_fit_offset(const struct es_fit_point *points, size_t count)
{
    double o, n, a, w = 0, lo, hi;
    const enum es_reason reason = classes(points, count, &o, &n);
    if (reason != ES_REASON_NONE) return failed(reason);
    /* The root lies where every x would be the largest, or the smallest. */
    lo = es_logit(o / n) - points[count - 1].x;
    hi = es_logit(o / n) - points[0].x;
    a = fmin(hi, fmax(lo, 0));
    for (int step = 0; step < 2 * MAX_STEPS; step++) {
        double sum = 0;
        const double factor = exp(a);
        w = 0;
        for (size_t i = 0; i < count; i++) {
            const double t = factor * points[i].odds, rest = 1 / (1 + t);
            sum += points[i].n * t * rest;
            w += points[i].n * t * rest * rest;
        }
        const double g = o - sum;
        if (g > 0)
            lo = a;
        else
            hi = a;
        double next = a + g / w;
        if (!(next >= lo && next <= hi)) next = 0.5 * (lo + hi);
        const double moved = fabs(next - a);
        a = next;
        if (moved < enough) break;
    }
    struct es_logistic out = failed(ES_REASON_NONE);
    out.intercept = a;
    out.slope = 1;
    out.intercept_se = 1 / sqrt(w);
    out.information[0] = w;
    return out;
}

/** Do the classes overlap by more than one value of x? Otherwise the likelihood has no maximum. */
static bool overlap(const struct es_fit_point *points, size_t count)
{
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (size_t i = 0; i < count; i++) {
        const bool has[2] = {points[i].positives < points[i].n, points[i].positives > 0};
        for (int y = 0; y < 2; y++) {
            if (!has[y]) continue;
            low[y] = fmin(low[y], points[i].x);
            high[y] = fmax(high[y], points[i].x);
        }
    }
    return high[0] > low[1] && high[1] > low[0];
}

struct gradient {
    double likelihood, ga, gb, w[3];
};

static struct gradient gradient_at(const struct es_fit_point *points, size_t count, double a, double b)
{
    struct gradient s = {0, 0, 0, {0, 0, 0}};
    for (size_t i = 0; i < count; i++) {
        const double x = points[i].x, eta = a + b * x, n = points[i].n, o = points[i].positives;
        const double e = exp(-fabs(eta)), mu = eta >= 0 ? 1 / (1 + e) : e / (1 + e), w = n * (e / ((1 + e) * (1 + e)));
        s.likelihood += o * eta - n * (fmax(eta, 0) + log1p(e));
        s.ga += o - n * mu;
        s.gb += (o - n * mu) * x;
        s.w[0] += w;
        s.w[1] += w * x;
        s.w[2] += w * x * x;
    }
    return s;
}

struct es_logistic es_fit_line(const struct es_fit_point *points, size_t count, const struct es_logistic *start)
{
    double o, n;
    const enum es_reason reason = classes(points, count, &o, &n);
    if (reason != ES_REASON_NONE) return failed(reason);
    if (count < 2) return failed(ES_ZERO_VARIANCE);
    if (!overlap(points, count)) return failed(ES_SEPARATION);
    double a = start ? start->intercept : 0, b = start ? start->slope : 1;
    struct gradient s = gradient_at(points, count, a, b);
    for (int step = 0; step < MAX_STEPS; step++) {
        const double det = s.w[0] * s.w[2] - s.w[1] * s.w[1];
        double da = (s.w[2] * s.ga - s.w[1] * s.gb) / det, db = (s.w[0] * s.gb - s.w[1] * s.ga) / det;
        if (!isfinite(da) || !isfinite(db)) return failed(ES_ZERO_VARIANCE);
        struct gradient next = gradient_at(points, count, a + da, b + db);
        /* A Newton step may overshoot far from the maximum; the likelihood is concave, so half of it will do. */
        for (int half = 0; half < MAX_HALVINGS && !(next.likelihood >= s.likelihood - 1e-9 * fabs(s.likelihood)); half++) {
            da /= 2;
            db /= 2;
            next = gradient_at(points, count, a + da, b + db);
        }
        a += da;
        b += db;
        s = next;
        if (fabs(da) < enough && fabs(db) < enough) break;
    }
    const double det = s.w[0] * s.w[2] - s.w[1] * s.w[1];
    return (struct es_logistic){ES_REASON_NONE, a, b, sqrt(s.w[2] / det), sqrt(s.w[0] / det), {s.w[0], s.w[1], s.w[2]}};
}
