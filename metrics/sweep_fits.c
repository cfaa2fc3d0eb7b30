/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/sweep_work.h"

enum { ECE_BINS = 10 };

/** Share the points' array out to the groups, a segment each, and fill it in score order: equal scores of a group are one
 * point, so a fit visits scores, not rows, and does not depend on the order of tied rows.
 * counts: [slot][0] start of the segment, [1] its end so far */
static void gather(struct es_work *w)
{
    memset(w->counts, 0, 3 * sizeof *w->counts * w->slots);
    for (uint32_t i = 0; i < w->scored; i++) w->counts[3 * (size_t)w->slot_at[i] + 2]++;
    uint64_t start = 0;
    for (uint32_t k = 0; k < w->slots; k++) {
        uint64_t *c = w->counts + 3 * (size_t)k;
        c[0] = c[1] = start;
        start += c[2];
    }
    for (uint32_t i = 0; i < w->scored; i++) {
        uint64_t *c = w->counts + 3 * (size_t)w->slot_at[i];
        const uint32_t v = w->value[i];
        if (c[1] == c[0] || w->point_value[c[1] - 1] != v) {
            w->points[c[1]] = (struct es_fit_point){w->logit[v], w->odds[v], 0, 0};
            w->point_value[c[1]++] = v;
        }
        struct es_fit_point *p = &w->points[c[1] - 1];
        p->n++;
        p->positives += w->positive[i];
    }
}

/** Expected calibration error over ten left-closed bins; sums on the grid, so in any order. */
static bool bin(struct es_work *w)
{
    struct bin {
        uint64_t n, positives, score;
    } *bins = calloc((size_t)w->slots * ECE_BINS, sizeof *bins);
    if (!bins) return false;
    for (uint32_t i = 0; i < w->scored; i++) {
        const uint32_t row = w->order[i];
        struct bin *b = bins + (size_t)w->slot_at[i] * ECE_BINS + es_calibration_bin(w->sheet->score[row], ECE_BINS);
        b->n++;
        b->positives += w->positive[i];
        b->score += w->score[row];
    }
    for (uint32_t k = 0; k < w->slots; k++) {
        double sum = 0;
        uint64_t n = 0;
        for (const struct bin *b = bins + (size_t)k * ECE_BINS; b < bins + (size_t)(k + 1) * ECE_BINS; b++) {
            sum += fabs((double)b->positives - (double)b->score / ES_GRID);
            n += b->n;
        }
        if (n) w->summary[k].ece10 = sum / (double)n;
    }
    free(bins);
    return true;
}

bool es_work_fit(struct es_work *w)
{
    struct es_summary *const all = w->summary;
    const enum es_reason none = w->probability ? ES_N_ZERO : ES_NOT_PROBABILITY;
    for (uint32_t k = 0; k < w->slots; k++) all[k].offset.reason = all[k].line.reason = none;
    w->fitted = w->probability && w->options->fits;
    if (!w->fitted) return true;
    if (w->slots && !bin(w)) return false;
    gather(w);
    for (uint32_t k = 0; k < w->slots; k++) {
        const uint64_t *c = w->counts + 3 * (size_t)k;
        const size_t n = (size_t)(c[1] - c[0]);
        const struct es_logistic offset = es_fit_offset(w->points + c[0], n);
        const bool known = w->everyone.reason == ES_REASON_NONE && isfinite(w->everyone.slope);
        const struct es_logistic line = es_fit_line(w->points + c[0], n, known ? &w->everyone : NULL);
        all[k].offset = (struct es_offset_fit){offset.reason, offset.intercept, offset.information[0], 0, 0};
        all[k].line = (struct es_line_fit){.reason = line.reason, .intercept = line.intercept, .slope = line.slope};
        memcpy(all[k].line.information, line.information, sizeof line.information);
        if (all[k].axes == 0) w->everyone = line;
    }
    for (uint32_t i = 0; i < w->scored; i++) {
        const struct es_summary *s = &all[w->slot_at[i]];
        const uint32_t row = w->order[i];
        const double x = w->logit[w->value[i]], y = w->positive[i];
        w->residual[row] = w->line_u[row] = w->line_v[row] = 0;
        if (s->offset.reason == ES_REASON_NONE) {
            const double t = exp(s->offset.intercept) * w->odds[w->value[i]];
            w->residual[row] = llrint((y - t / (1 + t)) * ES_GRID);
        }
        if (s->line.reason == ES_REASON_NONE) {
            const double mu = 1 / (1 + exp(-(s->line.intercept + s->line.slope * x)));
            w->line_u[row] = llrint((y - mu) * ES_GRID_COARSE);
            w->line_v[row] = llrint((y - mu) * x * ES_GRID_COARSE);
        }
    }
    return true;
}
