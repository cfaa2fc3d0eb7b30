/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/mean_gap.h"

#include <math.h>
#include <stdlib.h>

#include "metrics/arms.h"
#include "metrics/bounded_mean.h"

/** The value of a row; NAN where it does not count. */
static double value_of(const struct es_sheet *s, uint32_t row)
{
    if (s->stage[row] != ES_STAGE_REFERENCED || (s->mark[row] & ES_MARK_EXPLORATORY)) return (double)NAN;
    return s->measures == ES_MEASURES_VALUES ? s->measure[0][row] - s->measure[1][row] : s->measure[1][row];
}

struct dated {
    double value;
    int32_t day;
    uint32_t row;
};
static int by_day(const void *left, const void *right)
{
    const struct dated *a = left, *b = right;
    if (a->day != b->day) return a->day < b->day ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

bool es_mean_order_make(const struct es_sheet *s, struct es_mean_order *out)
{
    uint32_t n = 0;
    *out = (struct es_mean_order){NULL, 0, NULL};
    if (s->measures != ES_MEASURES_VALUES && s->measures != ES_MEASURES_OVERLAP) return false;
    struct dated *rows = calloc((size_t)s->rows + 1, sizeof *rows);
    out->row = calloc((size_t)s->rows + 1, sizeof *out->row);
    out->value = calloc((size_t)s->rows + 1, sizeof *out->value);
    const bool done = rows && out->row && out->value;
    for (uint32_t row = 0; done && row < s->rows; row++) {
        const double v = value_of(s, row);
        if (isfinite(v)) rows[n++] = (struct dated){v, s->exam_day[row], row};
    }
    if (done) qsort(rows, n, sizeof *rows, by_day);
    for (uint32_t i = 0; done && i < n; i++) {
        out->row[i] = rows[i].row;
        out->value[i] = rows[i].value;
    }
    out->count = n;
    free(rows);
    if (!done) es_mean_order_free(out);
    return done;
}

void es_mean_order_free(struct es_mean_order *order)
{
    free(order->row);
    free(order->value);
    *order = (struct es_mean_order){NULL, 0, NULL};
}

bool es_mean_gap_make(const struct es_sheet *s, const struct es_mean_order *order, const struct es_grouping *grouping,
                      const uint8_t *level, double least, double most, double alpha, struct es_mean_gap *out)
{
    const double width = most - least;
    struct es_bounded_mean arm[2] = {es_bounded_mean_init(alpha / 2), es_bounded_mean_init(alpha / 2)};
    bool *seen = calloc((size_t)s->patients + 1, sizeof *seen);
    double sum[2] = {0, 0};
    *out = (struct es_mean_gap){.group = (double)NAN, .rest = (double)NAN, .lo = -width, .hi = width};
    for (uint32_t i = 0; seen && i < order->count; i++) {
        const uint32_t row = order->row[i];
        const enum es_side side = es_side_of(s, grouping, level, row);
        if (side == ES_SIDE_NONE || seen[s->patient[row]]) continue;
        const double given = order->value[i], v = fmin(most, fmax(least, given));
        const int which = side == ES_SIDE_REST;
        seen[s->patient[row]] = true;
        out->clipped |= v != given;
        sum[which] += v;
        (void)es_bounded_mean_add(&arm[which], fmin(1, fmax(0, (v - least) / width)));
    }
    out->n_group = arm[0].n;
    out->n_rest = arm[1].n;
    if (out->n_group > 0) out->group = sum[0] / (double)out->n_group;
    if (out->n_rest > 0) out->rest = sum[1] / (double)out->n_rest;
    if (out->n_group > 0 && out->n_rest > 0) {
        const struct es_limits g = es_empirical_bernstein(&arm[0]), r = es_empirical_bernstein(&arm[1]);
        out->lo = width * (g.lo - r.hi);
        out->hi = width * (g.hi - r.lo);
    }
    const bool done = seen != NULL;
    free(seen);
    return done;
}

enum es_verdict es_mean_gap_verdict(const struct es_mean_gap *gap, double margin, uint32_t min_cases, uint32_t min_patients,
                                    struct es_comparison *c)
{
    const double none = (double)NAN;
    *c = (struct es_comparison){.status = ES_NOT_ESTIMABLE, .reason = ES_N_ZERO, .group = gap->group, .rest = gap->rest,
                                .difference = none, .lo = none, .hi = none, .lo_eq = none, .hi_eq = none, .p_difference = none,
                                .p_lower = none, .p_upper = none, .n_group = gap->n_group, .n_rest = gap->n_rest,
                                .patients_group = gap->n_group, .patients_rest = gap->n_rest, .deff = 1,
                                .method = ES_INTERVAL_BERNSTEIN, .flags = gap->clipped ? ES_FLAG_CLIPPED : 0u};
    if (gap->n_group == 0 || gap->n_rest == 0) return ES_VERDICT_NONE;
    c->status = ES_ESTIMATED;
    c->reason = ES_REASON_NONE;
    c->difference = gap->group - gap->rest;
    const uint64_t least = min_cases > min_patients ? min_cases : min_patients;
    if (gap->n_group < least || gap->n_rest < least) {
        c->reason = ES_MIN_N;
        return ES_VERDICT_NOT_ENOUGH;
    }
    c->lo = c->lo_eq = gap->lo;
    c->hi = c->hi_eq = gap->hi;
    const bool differs = c->lo > 0 || c->hi < 0;
    if (margin > 0 && c->lo > -margin && c->hi < margin) {
        c->flags |= differs ? ES_FLAG_NONZERO : 0u;
        return ES_VERDICT_PARITY;
    }
    if (differs && (c->lo > margin || c->hi < -margin)) c->flags |= ES_FLAG_BEYOND_MARGIN;
    return differs ? ES_VERDICT_DISPARITY : ES_VERDICT_NOT_ENOUGH;
}
