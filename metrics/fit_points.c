/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/fit_points.h"

#include <math.h>
#include <string.h>

#include "metrics/special.h"

enum { MAX_STEPS = 60, MAX_HALVINGS = 40, BLOCK = 128, LANES = 4, COARSE = 256, FARTHEST = 700 };
/* A Newton step this small changes the next one's size to its square: the fit is as good as doubles make it. */
static const double enough = 1e-10;
/* A step of the linear predictor after which means need no exp(); what is then left out is below 1e-13. */
static const double small = 3e-5;

/** exp for |x| <= 700: x = k ln 2 + r, |r| <= ln 2 / 2, Taylor to r^13 (remainder below 5e-18), and k into the exponent.
 * ln 2 in two parts so that k times the first is exact (Cody and Waite 1980). */
static inline double exp_of(double x)
{
    const double shift = 0x1.8p52, high = 0x1.62e42fefa0000p-1, low = 0x1.cf79abc9e3b39p-40;
    const double shifted = x * 0x1.71547652b82fep+0 + shift, k = shifted - shift, r = (x - k * high) - k * low;
    double p = 1.0 / 6227020800;
    p = p * r + 1.0 / 479001600;
    p = p * r + 1.0 / 39916800;
    p = p * r + 1.0 / 3628800;
    p = p * r + 1.0 / 362880;
    p = p * r + 1.0 / 40320;
    p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120;
    p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6;
    p = p * r + 0.5;
    p = p * r + 1;
    p = p * r + 1;
    uint64_t bits;
    double scale;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 1023) << 52;
    memcpy(&scale, &bits, sizeof scale);
    return p * scale;
}

double es_fit_exp(double x)
{
    return exp_of(x);
}

/** Sums over points: n mean, n mean x, and with w = n mean (1 - mean) w, w x, w x x. */
struct sums {
    double mean, mean_x, w[3];
};

/* Wider vectors where the machine has them. Without contraction and with sums in fixed lanes they give the same bits. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

/** What point i at x adds to each of the five sums: its mean m and its weight w, n included. */
static inline void keep_terms(double x, double m, double w, size_t i, double term[5][BLOCK])
{
    const double wx = w * x;
    term[0][i] = m;
    term[1][i] = m * x;
    term[2][i] = w;
    term[3][i] = wx;
    term[4][i] = wx * x;
}

/** From `count` on there are no points. */
static inline void no_terms(size_t count, double term[5][BLOCK])
{
    for (unsigned k = 0; k < 5; k++)
        for (size_t i = count; i < BLOCK; i++) term[k][i] = 0;
}

/** The columns of at most BLOCK points at a + b x: fitted P, and the terms of the five sums. Beyond `count` they are zero. */
WIDE static void terms(const double *restrict x, const uint32_t *restrict n, size_t count, double a, double b, double *restrict mean,
                  double term[5][BLOCK])
{
    for (size_t i = 0; i < count; i++) {
        const double t = exp_of(-(a + b * x[i])), p = 1 / (1 + t), m = (double)(int32_t)n[i] * p, w = m * (t * p);
        mean[i] = p;
        keep_terms(x[i], m, w, i, term);
    }
    no_terms(count, term);
}

/** The same after a step so small that no exp() is needed: with d = da + db x the mean moves by p (1 - p) (d + (1 - 2 p) d d / 2)
 * and what is left out is below d^3. */
WIDE static void nudged_terms(const double *restrict x, const uint32_t *restrict n, size_t count, double da, double db,
                         double *restrict mean, double term[5][BLOCK])
{
    for (size_t i = 0; i < count; i++) {
        const double p0 = mean[i], d = da + db * x[i], p = p0 + p0 * (1 - p0) * (d + (0.5 - p0) * d * d);
        const double m = (double)(int32_t)n[i] * p, w = m * (1 - p);
        mean[i] = p;
        keep_terms(x[i], m, w, i, term);
    }
    no_terms(count, term);
}

/** Largest |a + b x|. */
static double farthest(const struct es_fit_columns *f, double a, double b)
{
    return fmax(fabs(a + b * f->x[0]), fabs(a + b * f->x[f->count - 1]));
}

/** Sums at a + b x; or, when `nudge`, a + b x further on than the means are. */
static struct sums sum(const struct es_fit_columns *f, double a, double b, bool nudge, double *mean)
{
    double lanes[5][LANES] = {{0}}, term[5][BLOCK], total[5];
    for (size_t i = 0; i < f->count; i += BLOCK) {
        const size_t left = f->count - i, count = left < BLOCK ? left : BLOCK;
        if (nudge)
            nudged_terms(f->x + i, f->n + i, count, a, b, mean + i, term);
        else
            terms(f->x + i, f->n + i, count, a, b, mean + i, term);
        for (unsigned k = 0; k < 5; k++)
            for (size_t j = 0; j < BLOCK; j += LANES)
                for (size_t lane = 0; lane < LANES; lane++) lanes[k][lane] += term[k][j + lane];
    }
    for (unsigned k = 0; k < 5; k++) total[k] = (lanes[k][0] + lanes[k][1]) + (lanes[k][2] + lanes[k][3]);
    return (struct sums){total[0], total[1], {total[2], total[3], total[4]}};
}

/** Sums at a + b x. Where exp() would leave its range they are NAN, as a step that far is of no use. */
static struct sums sums_at(const struct es_fit_columns *f, double a, double b, double *mean)
{
    const double none = (double)NAN;
    if (!(farthest(f, a, b) <= FARTHEST)) return (struct sums){none, none, {none, none, none}};
    return sum(f, a, b, false, mean);
}

/** Sums at a + b x, where the means are da + db x behind. */
static struct sums sums_after(const struct es_fit_columns *f, double a, double b, double da, double db, double *mean)
{
    return farthest(f, da, db) <= small ? sum(f, da, db, true, mean) : sums_at(f, a, b, mean);
}

/** What the data say: cases, positives, and sum of x over the positives. Do the classes overlap by more than one x? */
struct observed {
    double cases, positives, x;
    bool overlap;
};

/** Neighbouring points put together: a run of them at its mean x less and plus its standard deviation, each with all its cases.
 * The fit of these, to twice the observed sums, is within some 1e-6 of the fit of all, and costs next to nothing. */
struct coarse {
    double x[2 * COARSE];
    uint32_t n[2 * COARSE];
    struct es_fit_columns columns;
    struct observed observed;
};

static struct observed observe(const struct es_fit_columns *f, struct coarse *coarse)
{
    const size_t run = f->count / COARSE + 1;
    uint64_t n = 0, o = 0;
    double x = 0, low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    size_t at = 0;
    for (size_t i = 0; i < f->count; at += 2) {
        const size_t end = f->count - i < run ? f->count : i + run;
        uint32_t cases = 0;
        double sum = 0, squares = 0;
        const double origin = f->x[i];
        for (; i < end; i++) {
            const double nx = (double)f->n[i] * (f->x[i] - origin);
            const uint32_t positives = f->positives[i];
            cases += f->n[i];
            sum += nx;
            squares += nx * (f->x[i] - origin);
            o += positives;
            x += (double)positives * f->x[i];
            if (positives) {
                low[1] = low[1] < f->x[i] ? low[1] : f->x[i];
                high[1] = f->x[i]; /* ascending */
            }
            if (positives < f->n[i]) {
                low[0] = low[0] < f->x[i] ? low[0] : f->x[i];
                high[0] = f->x[i];
            }
        }
        n += cases;
        const double mean = sum / cases, spread = sqrt(fmax(0, squares / cases - mean * mean));
        coarse->n[at] = coarse->n[at + 1] = cases;
        coarse->x[at] = origin + mean - spread;
        coarse->x[at + 1] = origin + mean + spread;
    }
    const bool overlap = high[0] > low[1] && high[1] > low[0];
    coarse->columns = (struct es_fit_columns){coarse->x, coarse->n, NULL, at};
    coarse->observed = (struct observed){2 * (double)n, 2 * (double)o, 2 * x, overlap};
    return (struct observed){(double)n, (double)o, x, overlap};
}

static enum es_reason classes(const struct observed *o)
{
    if (o->cases == 0) return ES_NO_CASES;
    if (o->positives == 0) return ES_NO_POSITIVES;
    return o->positives == o->cases ? ES_NO_NEGATIVES : ES_REASON_NONE;
}

static struct es_logistic failed(enum es_reason reason)
{
    const double none = (double)NAN;
    return (struct es_logistic){reason, none, none, none, none, {none, none, none}};
}

/** Root of positives - sum of means, by Newton from `a`; *w is the information where the means were taken. */
static double solve_offset(const struct es_fit_columns *f, const struct observed *o, double a, double *mean, double *w)
{
    const double centre = es_logit(o->positives / o->cases);
    double lo = centre - f->x[f->count - 1], hi = centre - f->x[0];
    a = fmin(hi, fmax(lo, a));
    struct sums s = sums_at(f, a, 1, mean);
    for (int step = 0; step < MAX_STEPS; step++) {
        const double g = o->positives - s.mean;
        *w = s.w[0];
        *(g > 0 ? &lo : &hi) = a;
        double next = a + g / s.w[0];
        if (!(next >= lo && next <= hi)) next = 0.5 * (lo + hi);
        const double moved = next - a;
        a = next;
        if (fabs(moved) < enough) break;
        s = sums_after(f, a, 1, moved, 0, mean);
    }
    return a;
}

struct es_logistic es_fit_offset(const struct es_fit_columns *f, double start, double *mean)
{
    struct coarse coarse;
    const struct observed o = observe(f, &coarse);
    const enum es_reason reason = classes(&o);
    if (reason != ES_REASON_NONE) return failed(reason);
    double w = 0, scratch[2 * COARSE];
    if (f->count > 4 * COARSE) start = solve_offset(&coarse.columns, &coarse.observed, start, scratch, &w);
    struct es_logistic out = failed(ES_REASON_NONE);
    out.intercept = solve_offset(f, &o, start, mean, &w);
    out.slope = 1;
    out.intercept_se = 1 / sqrt(w);
    out.information[0] = w;
    return out;
}

/** The Newton step at s; false when the information is singular. */
static bool step_of(const struct sums *s, const struct observed *o, double *da, double *db)
{
    const double det = s->w[0] * s->w[2] - s->w[1] * s->w[1], ga = o->positives - s->mean, gb = o->x - s->mean_x;
    *da = (s->w[2] * ga - s->w[1] * gb) / det;
    *db = (s->w[0] * gb - s->w[1] * ga) / det;
    return isfinite(*da) && isfinite(*db);
}

/** Log-likelihood at a + b x. */
static double likelihood(const struct es_fit_columns *f, const struct observed *o, double a, double b)
{
    double sum = 0;
    for (size_t i = 0; i < f->count; i++) {
        const double eta = a + b * f->x[i];
        sum += f->n[i] * (fmax(eta, 0) + log1p(exp(-fabs(eta))));
    }
    return a * o->positives + b * o->x - sum;
}

/** A place and the sums there. */
struct place {
    double a, b;
    struct sums s;
};

/** Is `next`, at the end of a step along which the likelihood rose by `uphill` a step at first, as good as `from`? The likelihood
 * is concave: where it still rises, or falls by next to nothing, it need not be looked at. */
static bool better(const struct es_fit_columns *f, const struct observed *o, const struct place *from, const struct place *next,
                   double uphill)
{
    const double da = next->a - from->a, db = next->b - from->b;
    const double at_end = da * (o->positives - next->s.mean) + db * (o->x - next->s.mean_x);
    if (at_end >= -1e-3 * uphill) return true;
    return isfinite(at_end) && likelihood(f, o, next->a, next->b) >= likelihood(f, o, from->a, from->b);
}

/** Newton from *at to the maximum; its sums are where the means were taken. False when the information is singular, or no maximum
 * was found. */
static bool solve_line(const struct es_fit_columns *f, const struct observed *o, struct place *at, double *mean)
{
    double da, db;
    at->s = sums_at(f, at->a, at->b, mean);
    for (int step = 0; step < MAX_STEPS && step_of(&at->s, o, &da, &db); step++) {
        if (fabs(da) < enough && fabs(db) < enough) {
            at->a += da;
            at->b += db;
            return true;
        }
        const double uphill = da * (o->positives - at->s.mean) + db * (o->x - at->s.mean_x);
        struct place next = {at->a + da, at->b + db, sums_after(f, at->a + da, at->b + db, da, db, mean)};
        double part = 1;
        for (int half = 0; half < MAX_HALVINGS && !better(f, o, at, &next, part * uphill); half++) {
            part /= 2;
            next.a = at->a + part * da;
            next.b = at->b + part * db;
            next.s = sums_at(f, next.a, next.b, mean);
        }
        *at = next;
    }
    return false;
}

struct es_logistic es_fit_line(const struct es_fit_columns *f, const struct es_logistic *start, double *mean)
{
    struct coarse coarse;
    const struct observed o = observe(f, &coarse);
    const enum es_reason reason = classes(&o);
    if (reason != ES_REASON_NONE) return failed(reason);
    if (f->count < 2) return failed(ES_ZERO_VARIANCE);
    if (!o.overlap) return failed(ES_SEPARATION);
    struct place at = {.a = start ? start->intercept : 0, .b = start ? start->slope : 1};
    double scratch[2 * COARSE];
    if (f->count > 4 * COARSE) {
        struct place near = at;
        if (solve_line(&coarse.columns, &coarse.observed, &near, scratch)) at = near;
    }
    if (!solve_line(f, &o, &at, mean)) return failed(ES_ZERO_VARIANCE);
    const double *w = at.s.w, det = w[0] * w[2] - w[1] * w[1];
    return (struct es_logistic){ES_REASON_NONE, at.a, at.b, sqrt(w[2] / det), sqrt(w[0] / det), {w[0], w[1], w[2]}};
}
