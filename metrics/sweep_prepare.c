/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/order.h"
#include "metrics/special.h"
#include "metrics/sweep_work.h"

void es_work_close(struct es_work *w)
{
    free(w->profile_row);
    free(w->row_profile);
    free(w->slot_of);
    free(w->outside_of);
    free(w->cell);
    free(w->several_profile);
    free(w->several_trait);
    free(w->several_score);
    free(w->kind);
    free(w->kind_of);
    free(w->placed);
    free(w->of_rest);
    free(w->residual);
    free(w->profile_at);
    free(w->several_at);
    free(w->flag);
    free(w->logit);
    free(w->point_x);
    free(w->mean);
    free(w->bin);
    free(w->point_n);
    free(w->point_positives);
    free(w->grouped_at);
    free(w->grouped_flag);
}

static bool has_score(const struct es_sheet *s, uint32_t row)
{
    return s->stage[row] == ES_STAGE_REFERENCED && s->label[row] != ES_NO_ANSWER && !isnan(s->score[row]);
}

/** How many rows of which kind, and are the scores probabilities? */
static void read_rows(struct es_work *w)
{
    const struct es_sheet *s = w->sheet;
    w->probability = true;
    for (uint32_t row = 0; row < s->rows; row++) {
        w->several += !es_row_alone(s, row);
        if (!has_score(s, row)) continue;
        w->scored++;
        w->probability &= s->score[row] >= 0 && s->score[row] <= 1;
    }
    w->fits = w->probability && w->options->fits;
}

/** Copy the rows of patients with several, in the sheet's order. */
static bool pack_several(struct es_work *w, const uint32_t *profile)
{
    const struct es_sheet *s = w->sheet;
    const size_t n = (size_t)w->several + 1;
    w->several_profile = calloc(n, sizeof *w->several_profile);
    w->several_trait = calloc(n, sizeof *w->several_trait);
    if (w->probability) w->several_score = calloc(n, sizeof *w->several_score);
    if (!w->several_profile || !w->several_trait || (w->probability && !w->several_score)) return false;
    for (uint32_t row = 0, i = 0; row < s->rows; row++) {
        if (es_row_alone(s, row)) continue;
        const bool scored = has_score(s, row), last = row + 1 == s->rows || s->patient[row + 1] != s->patient[row];
        w->several_profile[i] = profile[row];
        w->several_trait[i] = es_row_trait(s->stage[row], s->decision[row], s->label[row], scored) | (last ? ES_ROW_LAST : 0u);
        if (scored && w->probability) w->several_score[i] = s->score[row];
        i++;
    }
    return true;
}

/** The scored rows in score order: what is kept of them. */
static bool pack_scored(struct es_work *w, const uint32_t *order, const uint32_t *profile, const uint32_t *several)
{
    const struct es_sheet *s = w->sheet;
    const size_t n = (size_t)w->scored + 1;
    w->profile_at = calloc(n, sizeof *w->profile_at);
    w->several_at = calloc(n + ES_AHEAD, sizeof *w->several_at);
    w->flag = calloc(n, sizeof *w->flag);
    if (!w->profile_at || !w->several_at || !w->flag) return false;
    for (uint32_t i = 0; i < w->scored; i++) {
        const uint32_t row = order[i];
        const bool alone = es_row_alone(s, row), fresh = i == 0 || s->score[row] != s->score[order[i - 1]];
        w->profile_at[i] = profile[row];
        w->several_at[i] = alone ? w->several : several[row];
        w->flag[i] = (uint8_t)((s->label[row] ? ES_SCORED_POSITIVE : 0) | (fresh ? ES_SCORED_NEW : 0) | (alone ? ES_SCORED_ALONE : 0));
        w->values += fresh;
    }
    w->flag[w->scored] = ES_SCORED_NEW;
    return true;
}

/** Distinct scores; and the sums behind the expected calibration error of any group, which is made of profiles. */
static bool pack_values(struct es_work *w, const uint32_t *order)
{
    w->logit = calloc((size_t)w->values + 1, sizeof *w->logit);
    w->bin = calloc((size_t)w->profiles * ECE_BINS + 1, sizeof *w->bin);
    if (!w->logit || !w->bin) return false;
    uint32_t values = 0, bin = 0;
    uint64_t score = 0;
    for (uint32_t i = 0; i < w->scored; i++) {
        if (w->flag[i] & ES_SCORED_NEW) {
            const double p = w->sheet->score[order[i]];
            w->logit[values++] = es_logit_clipped(p);
            score = (uint64_t)es_nearest(p * ES_GRID);
            bin = es_calibration_bin(p, ECE_BINS);
        }
        struct es_bin_sum *sum = &w->bin[(size_t)w->profile_at[i] * ECE_BINS + bin];
        sum->score += score;
        sum->positives += w->flag[i] & ES_SCORED_POSITIVE;
    }
    return true;
}

/** Sort the scored rows and keep what the walks need. `profile` is each row's. */
static bool pack_order(struct es_work *w, const uint32_t *profile)
{
    const struct es_sheet *s = w->sheet;
    uint64_t *key = calloc(2 * (size_t)w->scored + 1, sizeof *key);
    uint32_t *order = calloc((size_t)w->scored + 1, sizeof *order), *spare = calloc((size_t)w->scored + 1, sizeof *spare);
    uint32_t *several = NULL;
    bool done = key && order && spare;
    if (done) {
        for (uint32_t row = 0, n = 0; row < s->rows; row++)
            if (has_score(s, row)) order[n++] = row;
        es_order_by_score(s->score, order, w->scored, key, spare);
    }
    free(key);
    free(spare);
    if (done) done = (several = calloc((size_t)s->rows + 1, sizeof *several)) != NULL;
    if (done) {
        for (uint32_t row = 0, n = 0; row < s->rows; row++)
            if (!es_row_alone(s, row)) several[row] = n++;
        done = pack_scored(w, order, profile, several) && (!w->fits || pack_values(w, order));
    }
    free(several);
    free(order);
    return done;
}

static bool make_results(struct es_work *w)
{
    const size_t several = (size_t)w->several + 1, scored = (size_t)w->scored + 1;
    const bool rests = w->options->score_rest_axes > 0;
    w->placed = calloc(several, sizeof *w->placed);
    if (!w->placed) return false;
    if ((rests || w->fits) && !(w->of_rest = calloc(several, sizeof *w->of_rest))) return false;
    if (rests || w->fits) {
        w->grouped_at = calloc(scored + ES_AHEAD, sizeof *w->grouped_at);
        w->grouped_flag = calloc(scored, sizeof *w->grouped_flag);
        if (!w->grouped_at || !w->grouped_flag) return false;
    }
    if (!w->fits) return true;
    w->residual = calloc(several, sizeof *w->residual);
    w->point_x = calloc(scored, sizeof *w->point_x);
    w->mean = calloc(scored, sizeof *w->mean);
    w->point_n = calloc(scored, sizeof *w->point_n);
    w->point_positives = calloc(scored, sizeof *w->point_positives);
    return w->residual && w->point_x && w->mean && w->point_n && w->point_positives;
}

bool es_work_open(struct es_work *w, const struct es_sheet *sheet, const struct es_grouping *groupings, size_t count,
                  const struct es_sweep_options *options)
{
    bool used[ES_MAX_AXES] = {false};
    memset(w, 0, sizeof *w);
    w->sheet = sheet;
    w->options = options;
    w->everyone_offset.reason = w->everyone_line.reason = ES_N_ZERO;
    for (size_t i = 0; i < count; i++)
        for (unsigned k = 0; k < groupings[i].n; k++) used[groupings[i].axis[k]] = true;
    uint32_t *profile = calloc((size_t)sheet->rows + 1, sizeof *profile);
    if (!profile) return false;
    read_rows(w);
    const bool done = es_work_profiles(w, used, profile) && es_work_cells(w, profile) && pack_order(w, profile) &&
                      pack_several(w, profile);
    if (sheet->measures) w->row_profile = profile;
    else free(profile);
    return done && make_results(w) && es_work_kinds(w);
}
