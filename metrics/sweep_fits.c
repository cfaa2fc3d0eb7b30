/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "metrics/fit_points.h"
#include "metrics/sweep_work.h"

/** Put row i, in score order, into the last point of its group, or a new one when its score is another. */
static inline void add_point(struct es_work *w, uint32_t k, uint32_t i, double x)
{
    const uint8_t flag = w->flag[i] & (ES_SCORED_POSITIVE | ES_SCORED_ALONE);
    uint32_t end = w->end[k];
    const uint32_t place = w->start[k] + (uint32_t)w->running[k].block++;
    const bool fresh = end == w->start[k] || w->point_x[end - 1] != x;
    if (fresh) {
        w->point_x[end] = x;
        w->point_n[end] = w->point_positives[end] = 0;
        w->end[k] = ++end;
    }
    w->point_n[end - 1]++;
    w->point_positives[end - 1] += flag & ES_SCORED_POSITIVE;
    w->grouped_at[place] = w->several_at[i];
    w->grouped_flag[place] = (uint8_t)(flag | (fresh ? ES_SCORED_NEW : 0));
}

/** Share the points' columns out to the groups, a segment each, and fill it in score order: equal scores of a group are one
 * point, so a fit visits scores, not rows, and does not depend on the order of tied rows. On the way the expected calibration
 * error over ten left-closed bins; scores ascend, and so do bins; sums on the grid, so in any order. */
static void gather(struct es_work *w)
{
    uint64_t start = 0;
    for (uint32_t k = 0; k < w->slots; k++) {
        w->start[k] = w->end[k] = (uint32_t)start;
        start += w->summary[k].group.scored;
        w->summary[k].ece10 = w->summary[k].group.scored ? 0 : (double)NAN;
    }
    struct es_running *r = w->running; /* squares[0]: sum of scores, seen[1]: positives, block: rows of the group so far */
    memset(r, 0, sizeof *r * w->slots);
    uint32_t i = 0, value = 0;
    uint64_t score = 0;
    for (unsigned b = 0; b < ECE_BINS; b++) {
        for (; i < w->scored; i++) {
            if (w->flag[i] & ES_SCORED_NEW) {
                const uint32_t next = value + (i > 0);
                if (next >= w->bin_end[b]) break;
                value = next;
                score = (uint64_t)llrint(w->score_of[value] * ES_GRID);
            }
            const uint32_t k = w->slot_of[w->profile_at[i]];
            r[k].squares[0] += score;
            r[k].seen[1] += w->flag[i] & ES_SCORED_POSITIVE;
            add_point(w, k, i, w->logit[value]);
        }
        for (uint32_t k = 0; k < w->slots; k++) {
            w->summary[k].ece10 += fabs((double)r[k].seen[1] - (double)r[k].squares[0] / ES_GRID);
            r[k].squares[0] = r[k].seen[1] = 0;
        }
    }
    for (uint32_t k = 0; k < w->slots; k++)
        if (w->summary[k].group.scored) w->summary[k].ece10 /= (double)w->summary[k].group.scored;
}

struct es_offset_fit es_work_fit_offset(struct es_work *w, uint32_t from, uint32_t to)
{
    const struct es_fit_columns f = {w->point_x + from, w->point_n + from, w->point_positives + from, (size_t)to - from};
    const double start = w->everyone_offset.reason == ES_REASON_NONE ? w->everyone_offset.intercept : 0;
    const struct es_logistic fit = es_fit_offset(&f, start, w->point_mean + from);
    return (struct es_offset_fit){fit.reason, fit.intercept, fit.information[0], 0, 0};
}

static void fit_groups(struct es_work *w)
{
    for (uint32_t k = 0; k < w->slots; k++) {
        struct es_summary *s = &w->summary[k];
        const uint32_t from = w->start[k], to = w->end[k];
        const struct es_fit_columns f = {w->point_x + from, w->point_n + from, w->point_positives + from, (size_t)to - from};
        const bool known = w->everyone_line.reason == ES_REASON_NONE;
        s->offset = es_work_fit_offset(w, from, to);
        const struct es_logistic line = es_fit_line(&f, known ? &w->everyone_line : NULL, w->point_line + from);
        s->line = (struct es_line_fit){.reason = line.reason, .intercept = line.intercept, .slope = line.slope};
        memcpy(s->line.information, line.information, sizeof line.information);
        if (s->axes > 0) continue;
        w->everyone_line = line;
        w->everyone_offset.reason = s->offset.reason;
        w->everyone_offset.intercept = s->offset.intercept;
    }
}

/** Sums over patients of products of their residuals. */
struct squares {
    uint64_t patients;
    es_i128 rr, uu, uv, vv;
};

static inline void add_residuals(struct squares *s, es_i128 r, es_i128 u, es_i128 v)
{
    s->patients++;
    s->rr += r * r;
    s->uu += u * u;
    s->uv += u * v;
    s->vv += v * v;
}

static void add_squares(struct es_summary *s, const struct squares *sums)
{
    s->offset.patients += sums->patients;
    s->offset.squares += (es_u128)sums->rr;
    s->line.patients += sums->patients;
    s->line.squares[0] += sums->uu;
    s->line.squares[1] += sums->uv;
    s->line.squares[2] += sums->vv;
}

/** Residuals of a group's rows on the grids: kept for patients with several rows, added up for the others. */
static void spread(struct es_work *w, uint32_t k)
{
    struct es_summary *s = &w->summary[k];
    const uint32_t from = w->start[k];
    const bool offset = s->offset.reason == ES_REASON_NONE, line = s->line.reason == ES_REASON_NONE;
    struct squares sums = {0, 0, 0, 0, 0};
    uint32_t point = from;
    for (uint32_t i = 0; i < s->group.scored; i++) {
        const uint8_t flag = w->grouped_flag[from + i];
        int64_t r = 0, u = 0, v = 0;
        point += (flag & ES_SCORED_NEW) && i;
        const double y = flag & ES_SCORED_POSITIVE;
        if (offset) r = llrint((y - w->point_mean[point]) * ES_GRID);
        if (line) {
            const double gap = y - w->point_line[point];
            u = llrint(gap * ES_GRID_COARSE);
            v = llrint(gap * w->point_x[point] * ES_GRID_COARSE);
        }
        if (flag & ES_SCORED_ALONE)
            add_residuals(&sums, r, u, v);
        else
            w->residual[w->grouped_at[from + i]] = (struct es_residuals){r, u, v};
    }
    add_squares(s, &sums);
}

/** Patients with several rows. */
static void add_several(struct es_work *w)
{
    struct es_patient_residuals *sums = w->residuals;
    uint32_t touched = 0;
    for (uint32_t i = 0; i < w->several; i++) {
        const uint32_t trait = w->several_trait[i], k = w->slot_of[w->several_profile[i]];
        if (trait & ES_ROW_SCORED) {
            if (!sums[k].scored) w->touched[touched++] = k;
            sums[k].scored = true;
            sums[k].r += w->residual[i].r;
            sums[k].u += w->residual[i].u;
            sums[k].v += w->residual[i].v;
        }
        if (!(trait & ES_ROW_LAST)) continue;
        for (uint32_t t = 0; t < touched; t++) {
            struct es_patient_residuals *p = &sums[w->touched[t]];
            struct squares one = {0, 0, 0, 0, 0};
            add_residuals(&one, p->r, p->u, p->v);
            add_squares(&w->summary[w->touched[t]], &one);
            memset(p, 0, sizeof *p);
        }
        touched = 0;
    }
}

void es_work_fit(struct es_work *w)
{
    const enum es_reason none = w->probability ? ES_N_ZERO : ES_NOT_PROBABILITY;
    for (uint32_t k = 0; k < w->slots; k++) w->summary[k].offset.reason = w->summary[k].line.reason = none;
    if (!w->fits) return;
    gather(w);
    fit_groups(w);
    for (uint32_t k = 0; k < w->slots; k++) spread(w, k);
    add_several(w);
}
