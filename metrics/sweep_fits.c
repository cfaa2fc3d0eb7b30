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
 * point, so a fit visits scores, not rows, and does not depend on the order of tied rows. */
static void gather(struct es_work *w)
{
    uint64_t start = 0;
    for (uint32_t k = 0; k < w->slots; k++) {
        w->start[k] = w->end[k] = (uint32_t)start;
        start += w->summary[k].group.scored;
    }
    memset(w->running, 0, sizeof *w->running * w->slots); /* block: rows of the group so far */
    for (uint32_t i = 0, value = 0; i < w->scored; i++) {
        value += (w->flag[i] & ES_SCORED_NEW) && i;
        add_point(w, w->slot_of[w->profile_at[i]], i, w->logit[value]);
    }
}

/** The expected calibration error over ten left-closed bins, from the profiles' sums on the grid. */
static void calibration_error(struct es_work *w)
{
    struct es_running *r = w->running; /* squares[0]: sum of scores of the bin, seen[1]: positives */
    for (uint32_t k = 0; k < w->slots; k++) w->summary[k].ece10 = w->summary[k].group.scored ? 0 : (double)NAN;
    for (unsigned b = 0; b < ECE_BINS; b++) {
        memset(r, 0, sizeof *r * w->slots);
        for (uint32_t p = 0; p < w->profiles; p++) {
            const struct es_bin_sum *sum = &w->bin[(size_t)p * ECE_BINS + b];
            r[w->slot_of[p]].squares[0] += sum->score;
            r[w->slot_of[p]].seen[1] += sum->positives;
        }
        for (uint32_t k = 0; k < w->slots; k++)
            w->summary[k].ece10 += fabs((double)r[k].seen[1] - (double)r[k].squares[0] / ES_GRID);
    }
    for (uint32_t k = 0; k < w->slots; k++)
        if (w->summary[k].group.scored) w->summary[k].ece10 /= (double)w->summary[k].group.scored;
}

struct es_offset_fit es_work_fit_offset(struct es_work *w, uint32_t from, uint32_t to)
{
    const struct es_fit_columns f = {w->point_x + from, w->point_n + from, w->point_positives + from, (size_t)to - from};
    const double start = w->everyone_offset.reason == ES_REASON_NONE ? w->everyone_offset.intercept : 0;
    const struct es_logistic fit = es_fit_offset(&f, start, w->mean);
    return (struct es_offset_fit){fit.reason, fit.intercept, fit.information[0], 0, 0};
}

/** One patient's residuals into the sums of a group. */
static inline void add_offset(struct es_offset_fit *f, es_i128 r)
{
    f->patients++;
    f->squares += (es_u128)(r * r);
}
static inline void add_line(struct es_line_fit *f, es_i128 u, es_i128 v)
{
    f->patients++;
    f->squares[0] += u * u;
    f->squares[1] += u * v;
    f->squares[2] += v * v;
}

void es_work_spread_offset(struct es_work *w, struct es_offset_fit *out, uint32_t from, uint32_t rows, bool rest)
{
    struct es_offset_fit fit = *out;
    const bool fitted = fit.reason == ES_REASON_NONE;
    uint32_t point = 0;
    for (uint32_t i = 0; i < rows; i++) {
        const uint8_t flag = w->grouped_flag[from + i];
        __builtin_prefetch(&w->residual[w->grouped_at[from + i + ES_AHEAD]], 1);
        point += (flag & ES_SCORED_NEW) && i;
        const int64_t r = fitted ? es_nearest(((double)(flag & ES_SCORED_POSITIVE) - w->mean[point]) * ES_GRID) : 0;
        if (flag & ES_SCORED_ALONE)
            add_offset(&fit, r);
        else
            *(rest ? &w->residual[w->grouped_at[from + i]].u : &w->residual[w->grouped_at[from + i]].r) = r;
    }
    *out = fit;
}

/** The same about the line fit, and times x. */
static void spread_line(struct es_work *w, uint32_t k)
{
    struct es_line_fit fit = w->summary[k].line;
    const uint32_t from = w->start[k], rows = (uint32_t)w->summary[k].group.scored;
    const bool fitted = fit.reason == ES_REASON_NONE;
    uint32_t point = 0;
    for (uint32_t i = 0; i < rows; i++) {
        const uint8_t flag = w->grouped_flag[from + i];
        int64_t u = 0, v = 0;
        __builtin_prefetch(&w->residual[w->grouped_at[from + i + ES_AHEAD]], 1);
        __builtin_prefetch(&w->of_rest[w->grouped_at[from + i + ES_AHEAD]], 1);
        point += (flag & ES_SCORED_NEW) && i;
        if (fitted) {
            const double gap = (double)(flag & ES_SCORED_POSITIVE) - w->mean[point];
            u = es_nearest(gap * ES_GRID_COARSE);
            v = es_nearest(gap * w->point_x[from + point] * ES_GRID_COARSE);
        }
        if (flag & ES_SCORED_ALONE) {
            add_line(&fit, u, v);
        } else {
            w->residual[w->grouped_at[from + i]].u = u;
            w->of_rest[w->grouped_at[from + i]].v = v;
        }
    }
    w->summary[k].line = fit;
}

/** Both fits of a group; the means of the first are used up before the second's are made. */
static void fit_group(struct es_work *w, uint32_t k)
{
    struct es_summary *s = &w->summary[k];
    const uint32_t from = w->start[k], to = w->end[k];
    const struct es_fit_columns f = {w->point_x + from, w->point_n + from, w->point_positives + from, (size_t)to - from};
    const bool known = w->everyone_line.reason == ES_REASON_NONE;
    s->offset = es_work_fit_offset(w, from, to);
    es_work_spread_offset(w, &s->offset, from, (uint32_t)s->group.scored, false);
    const struct es_logistic line = es_fit_line(&f, known ? &w->everyone_line : NULL, w->mean);
    s->line = (struct es_line_fit){.reason = line.reason, .intercept = line.intercept, .slope = line.slope};
    memcpy(s->line.information, line.information, sizeof line.information);
    spread_line(w, k);
    if (s->axes > 0) return;
    w->everyone_line = line;
    w->everyone_offset.reason = s->offset.reason;
    w->everyone_offset.intercept = s->offset.intercept;
}

/** Residuals of the patient whose rows start at i, if all are scored and in one group: then the number of rows, else 0. */
static inline uint32_t in_one_group(const struct es_work *w, uint32_t i, struct es_patient_residuals *p)
{
    const uint32_t k = w->slot_of[w->several_profile[i]], from = i;
    memset(p, 0, sizeof *p);
    for (;; i++) {
        const uint32_t trait = w->several_trait[i];
        if (!(trait & ES_ROW_SCORED) || w->slot_of[w->several_profile[i]] != k) return 0;
        p->r += w->residual[i].r;
        p->u += w->residual[i].u;
        p->v += w->of_rest[i].v;
        if (trait & ES_ROW_LAST) return i + 1 - from;
    }
}

static void add_patient(struct es_work *w, uint32_t k, const struct es_patient_residuals *p)
{
    add_offset(&w->summary[k].offset, p->r);
    add_line(&w->summary[k].line, p->u, p->v);
}

/** The patient whose rows start at *i, who stands in several groups; *i moves to the next patient's. */
static void add_split(struct es_work *w, uint32_t *i)
{
    struct es_patient_residuals *sums = w->residuals;
    uint32_t touched = 0;
    bool last = false;
    for (; !last; (*i)++) {
        const uint32_t trait = w->several_trait[*i], k = w->slot_of[w->several_profile[*i]];
        last = trait & ES_ROW_LAST;
        if (!(trait & ES_ROW_SCORED)) continue;
        if (!sums[k].scored) w->touched[touched++] = k;
        sums[k].scored = true;
        sums[k].r += w->residual[*i].r;
        sums[k].u += w->residual[*i].u;
        sums[k].v += w->of_rest[*i].v;
    }
    for (uint32_t t = 0; t < touched; t++) {
        add_patient(w, w->touched[t], &sums[w->touched[t]]);
        memset(&sums[w->touched[t]], 0, sizeof *sums);
    }
}

/** Patients with several rows. */
static void add_several(struct es_work *w)
{
    for (uint32_t i = 0; i < w->several;) {
        struct es_patient_residuals p;
        const uint32_t rows = in_one_group(w, i, &p);
        if (rows) add_patient(w, w->slot_of[w->several_profile[i]], &p);
        i += rows;
        if (rows == 0) add_split(w, &i);
    }
}

void es_work_fit(struct es_work *w)
{
    const enum es_reason none = w->probability ? ES_N_ZERO : ES_NOT_PROBABILITY;
    for (uint32_t k = 0; k < w->slots; k++) w->summary[k].offset.reason = w->summary[k].line.reason = none;
    if (!w->fits) return;
    calibration_error(w);
    gather(w);
    for (uint32_t k = 0; k < w->slots; k++) fit_group(w, k);
    add_several(w);
}
