/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/order.h"
#include "metrics/special.h"
#include "metrics/sweep_work.h"

static bool allocate(struct es_work *w, size_t rows)
{
    const size_t n = rows ? rows : 1;
    w->outcome = calloc(n, sizeof *w->outcome);
    w->error = calloc(n, sizeof *w->error);
    w->score = calloc(n, sizeof *w->score);
    w->place_of = calloc(n, sizeof *w->place_of);
    w->slot = calloc(n, sizeof *w->slot);
    w->placed = calloc(n, sizeof *w->placed);
    w->rest_placed = calloc(n, sizeof *w->rest_placed);
    w->residual = calloc(n, sizeof *w->residual);
    w->rest_residual = calloc(n, sizeof *w->rest_residual);
    w->line_u = calloc(n, sizeof *w->line_u);
    w->line_v = calloc(n, sizeof *w->line_v);
    w->order = calloc(n, sizeof *w->order);
    w->value = calloc(n, sizeof *w->value);
    w->positive = calloc(n, sizeof *w->positive);
    w->slot_at = calloc(n, sizeof *w->slot_at);
    w->logit = calloc(n, sizeof *w->logit);
    w->odds = calloc(n, sizeof *w->odds);
    w->fixed = calloc(n, sizeof *w->fixed);
    w->points = calloc(n, sizeof *w->points);
    w->point_value = calloc(n, sizeof *w->point_value);
    return w->outcome && w->error && w->score && w->place_of && w->slot && w->placed && w->rest_placed && w->residual &&
           w->rest_residual && w->line_u && w->line_v && w->order && w->value && w->positive && w->slot_at && w->logit &&
           w->odds && w->fixed && w->points && w->point_value;
}

void es_work_close(struct es_work *w)
{
    free(w->outcome);
    free(w->error);
    free(w->score);
    free(w->place_of);
    free(w->slot);
    free(w->placed);
    free(w->rest_placed);
    free(w->residual);
    free(w->rest_residual);
    free(w->line_u);
    free(w->line_v);
    free(w->order);
    free(w->value);
    free(w->positive);
    free(w->slot_at);
    free(w->logit);
    free(w->odds);
    free(w->fixed);
    free(w->points);
    free(w->point_value);
}

/** Outcome codes, and the rows with a score in the order of the sheet. */
static void read_rows(struct es_work *w)
{
    static const uint8_t outcomes[3][2] = {{ES_TN, ES_FN}, {ES_FP, ES_TP}, {ES_N, ES_P}};
    const struct es_sheet *s = w->sheet;
    w->probability = true;
    for (uint32_t row = 0; row < s->rows; row++) {
        const bool referenced = s->stage[row] == ES_STAGE_REFERENCED;
        const double p = s->score[row];
        w->place_of[row] = UINT32_MAX;
        if (!referenced) continue;
        w->outcome[row] = outcomes[s->decision[row]][s->label[row]];
        if (isnan(p)) continue;
        w->order[w->scored++] = row;
        w->probability &= p >= 0 && p <= 1;
    }
    if (!w->probability) return;
    for (uint32_t i = 0; i < w->scored; i++) {
        const uint32_t row = w->order[i];
        const double p = s->score[row], gap = p - s->label[row];
        w->score[row] = (uint64_t)llrint(p * ES_GRID);
        w->error[row] = (uint64_t)llrint(gap * gap * ES_GRID);
    }
}

/** Number the distinct scores; equal is what compares equal. */
static void read_order(struct es_work *w)
{
    const double *score = w->sheet->score;
    for (uint32_t i = 0; i < w->scored; i++) {
        const uint32_t row = w->order[i];
        if (i == 0 || score[row] != score[w->order[i - 1]]) {
            const double p = fmin(1 - ES_LOGIT_CLIP, fmax(ES_LOGIT_CLIP, score[row]));
            w->logit[w->values] = w->probability ? es_logit_clipped(score[row]) : 0;
            w->odds[w->values] = w->probability ? p / (1 - p) : 1;
            w->values++;
        }
        w->value[i] = w->values - 1;
        w->positive[i] = w->sheet->label[row];
        w->place_of[row] = i;
    }
}

bool es_work_open(struct es_work *w, const struct es_sheet *sheet, const struct es_sweep_options *options)
{
    memset(w, 0, sizeof *w);
    w->sheet = sheet;
    w->options = options;
    w->everyone.reason = ES_N_ZERO;
    const size_t keys = 2 * (size_t)sheet->rows + 1;
    uint64_t *key = calloc(keys, sizeof *key);
    uint32_t *spare = calloc((size_t)sheet->rows + 1, sizeof *spare);
    const bool done = key && spare && allocate(w, sheet->rows);
    if (done) {
        read_rows(w);
        es_order_by_score(sheet->score, w->order, w->scored, key, spare);
        read_order(w);
    } else
        es_work_close(w);
    free(key);
    free(spare);
    return done;
}
