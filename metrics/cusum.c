/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/cusum.h"

#include <math.h>
#include <stdlib.h>

bool es_cusum_design(double p0, double p1, struct es_cusum_design *out)
{
    if (!(p0 > 0.0 && p1 > p0 && p1 < 1.0)) return false;
    const double w1 = log(p1 / p0), w0 = log1p(-(p1 - p0) / (1.0 - p0));
    const double step = nearbyint((w1 - w0) / -w0);
    if (!(step <= (double)ES_CUSUM_MAX_STEP)) return false;
    *out = (struct es_cusum_design){p0, p1, w1, w0, step < 2.0 ? 2u : (uint32_t)step};
    return true;
}

bool es_cusum_step(struct es_cusum *chart, uint32_t m, uint32_t h, bool error)
{
    const uint32_t before = chart->alarm ? 0 : chart->level;
    if (error) chart->level = before + (m - 1); /* below h + m: far from the end of 32 bits */
    else chart->level = before > 0 ? before - 1 : 0;
    chart->alarm = chart->level >= h;
    return chart->alarm;
}

/**
 * Walk the states upwards, taking each out of the chain once it is passed.
 *
 * State s goes to s + m - 1 with p and to s - 1 with 1 - p; from s - 1, taken out before, the chain comes back to s or
 * jumps to one of s+1 .. s+m-2 with known chances. `jump` holds these chances for the last state taken out, `arrive` the
 * chance that a chart from 0 is first seen at each state above. Neither depends on h: a state at or above h is an alarm, so
 * the run length for every h is a running sum.
 */
struct walk {
    uint32_t m;
    double p;
    uint32_t state;    /* the next to take out */
    double *jump;      /* [m-1]: chance to land at state + i from the one below, i = 0 .. m-2 */
    double *arrive;    /* [m]: chance that the chart lands at state + i, i = 0 .. m-1 */
    double stay;       /* expected cases from the state below until above it */
    double run_length; /* cases up to here: the run length for h = state */
};

static bool walk_start(struct walk *w, uint32_t m, double p)
{
    *w = (struct walk){.m = m, .p = p};
    if (m < 2 || m > ES_CUSUM_MAX_STEP || !(p > 0.0 && p < 1.0)) return false;
    w->jump = calloc(m, sizeof *w->jump);
    w->arrive = calloc((size_t)m + 1, sizeof *w->arrive);
    if (w->jump != NULL && w->arrive != NULL) w->arrive[0] = 1.0;
    return w->jump != NULL && w->arrive != NULL;
}

static void walk_end(struct walk *w)
{
    free(w->jump);
    free(w->arrive);
}

/** Take out one state. */
static void walk_step(struct walk *w)
{
    const uint32_t reach = w->m - 1;
    const double q = 1.0 - w->p;
    double leave = w->p, stay;
    if (w->state == 0) {
        stay = 1.0 / w->p; /* one in 1/p leaves the floor */
        for (uint32_t i = 0; i < reach; i++) w->jump[i] = 0.0;
        w->jump[reach - 1] = 1.0;
    } else {
        /* chance to leave upwards: all but coming back, added up rather than subtracted */
        for (uint32_t i = 1; i < reach; i++) leave += q * w->jump[i];
        stay = (1.0 + q * w->stay) / leave;
        for (uint32_t i = 0; i + 1 < reach; i++) w->jump[i] = q * w->jump[i + 1] / leave;
        w->jump[reach - 1] = w->p / leave;
    }
    w->stay = stay;
    /* jump[i] is now the chance to land at state + 1 + i */
    w->run_length += w->arrive[0] * stay;
    const double here = w->arrive[0];
    for (uint32_t i = 0; i < reach; i++) w->arrive[i] = w->arrive[i + 1] + here * w->jump[i];
    w->arrive[reach] = 0.0;
    w->state++;
}

double es_cusum_run_length(uint32_t m, uint32_t h, double p)
{
    struct walk w;
    if (h < 1 || h > ES_CUSUM_MAX_LIMIT || m < 2 || m > ES_CUSUM_MAX_STEP) return NAN;
    if (p == 0.0) return INFINITY;
    if (p == 1.0) return ceil((double)h / (m - 1.0));
    double result = NAN;
    if (walk_start(&w, m, p)) {
        while (w.state < h) walk_step(&w);
        result = w.run_length;
    }
    walk_end(&w);
    return result;
}

uint32_t es_cusum_limit(uint32_t m, double p, double target)
{
    struct walk w;
    uint32_t result = 0;
    if (isnan(target)) return 0;
    if (walk_start(&w, m, p)) {
        do walk_step(&w);
        while (w.run_length < target && w.state < ES_CUSUM_MAX_LIMIT);
        if (w.run_length >= target) result = w.state;
    }
    walk_end(&w);
    return result;
}
