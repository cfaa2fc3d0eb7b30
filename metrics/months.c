/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/months.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/bootstrap.h"

static bool eligible(const struct es_sheet *s, uint32_t row)
{
    return s->stage[row] != ES_STAGE_EXCLUDED && s->stage[row] != ES_STAGE_INELIGIBLE &&
           s->stage[row] != ES_STAGE_ELIGIBILITY_UNKNOWN;
}

static bool scored(const struct es_sheet *s, uint32_t row)
{
    const uint8_t stage = s->stage[row];
    return (stage == ES_STAGE_REFERENCED || stage == ES_STAGE_INDETERMINATE || stage == ES_STAGE_MATURING ||
            stage == ES_STAGE_OVERDUE) && !isnan(s->score[row]);
}

/** Counts of one month, or of the reference period. */
struct counts {
    uint64_t eligible, scored, bin[ES_SCORE_BINS];
    uint64_t level[ES_MAX_AXES][ES_MAX_LEVELS];
};

/** A series under way: calendar months first .. first + span - 1. */
struct builder {
    const struct es_sheet *sheet;
    int32_t first, end; /* end: the first month left out */
    uint32_t span;
    struct counts *at; /* [span] */
    struct counts reference;
};

/** The month of an eligible, dated row before the end. */
static bool month_of(const struct builder *b, uint32_t row, int32_t *month)
{
    if (!eligible(b->sheet, row) || b->sheet->exam_day[row] == INT32_MIN) return false;
    *month = es_month_of_day(b->sheet->exam_day[row]);
    return *month < b->end;
}

static bool find_span(struct builder *b, uint64_t *undated)
{
    int32_t last = INT32_MIN, month;
    b->first = INT32_MAX;
    for (uint32_t row = 0; row < b->sheet->rows; row++) {
        *undated += eligible(b->sheet, row) && b->sheet->exam_day[row] == INT32_MIN;
        if (!month_of(b, row, &month)) continue;
        if (month < b->first) b->first = month;
        if (month > last) last = month;
    }
    if (last < b->first) return true; /* nothing is dated: span 0 */
    b->span = (uint32_t)(last - b->first) + 1;
    return b->span <= ES_MAX_MONTHS;
}

static void count_rows(struct builder *b)
{
    int32_t month;
    for (uint32_t row = 0; row < b->sheet->rows; row++) {
        if (!month_of(b, row, &month)) continue;
        struct counts *c = &b->at[month - b->first];
        c->eligible++;
        c->scored += scored(b->sheet, row);
        for (uint8_t a = 0; a < b->sheet->axes; a++) c->level[a][b->sheet->level[a][row]]++;
    }
}

/** The first months that hold enough. @return how many calendar months */
static uint32_t choose_reference(struct builder *b, uint64_t least)
{
    uint32_t months = 0;
    struct counts *r = &b->reference;
    while (months < b->span && (months == 0 || r->eligible < least)) {
        const struct counts *c = &b->at[months++];
        r->eligible += c->eligible;
        r->scored += c->scored;
        for (uint8_t a = 0; a < b->sheet->axes; a++)
            for (unsigned l = 0; l < ES_MAX_LEVELS; l++) r->level[a][l] += c->level[a][l];
    }
    return months;
}

/** Deciles of the reference scores: the smallest score that at least i tenths do not pass; equal ones once. */
static bool find_edges(const struct builder *b, uint32_t months, struct es_months *out)
{
    const uint64_t count = b->reference.scored;
    int32_t month;
    size_t n = 0;
    if (count == 0) return true;
    double *score = malloc((size_t)count * sizeof *score);
    if (!score) return false;
    for (uint32_t row = 0; row < b->sheet->rows; row++)
        if (month_of(b, row, &month) && (uint32_t)(month - b->first) < months && scored(b->sheet, row))
            score[n++] = b->sheet->score[row] + 0.0;
    es_sort_doubles(score, n);
    for (size_t i = 1; i < ES_SCORE_BINS; i++) {
        const double edge = score[(i * n + ES_SCORE_BINS - 1) / ES_SCORE_BINS - 1];
        if (edge < score[n - 1] && (out->bins == 0 || edge > out->edge[out->bins - 1])) out->edge[out->bins++] = edge;
    }
    out->bins++;
    free(score);
    return true;
}

static void count_bins(struct builder *b, uint32_t months, const struct es_months *out)
{
    int32_t month;
    for (uint32_t row = 0; row < b->sheet->rows && out->bins; row++) {
        if (!month_of(b, row, &month) || !scored(b->sheet, row)) continue;
        uint32_t bin = 0;
        while (bin + 1 < out->bins && b->sheet->score[row] > out->edge[bin]) bin++;
        b->at[month - b->first].bin[bin]++;
        if ((uint32_t)(month - b->first) < months) b->reference.bin[bin]++;
    }
}

/** es_drift() fails only when a total passes 2^64, and rows are counted in 32 bits. */
static void compare(const struct builder *b, uint32_t months, struct es_months *out)
{
    for (uint32_t i = 0; i < b->span; i++) {
        const struct counts *c = &b->at[i];
        if (c->eligible == 0) continue;
        struct es_month *m = &out->month[out->count++];
        *m = (struct es_month){.month = b->first + (int32_t)i, .reference = i < months, .eligible = c->eligible,
                               .scored = c->scored};
        (void)es_drift(c->bin, b->reference.bin, out->bins, &m->score);
        for (uint8_t a = 0; a < b->sheet->axes; a++)
            (void)es_drift(c->level[a], b->reference.level[a], b->sheet->axis_levels[a], &m->axis[a]);
    }
}

bool es_months_make(const struct es_sheet *sheet, int32_t closed_before, uint64_t least, struct es_months *out)
{
    struct builder b;
    struct es_months made = {0};
    memset(&b, 0, sizeof b);
    *out = made;
    b.sheet = sheet;
    b.end = closed_before == INT32_MAX ? INT32_MAX : es_month_of_day(closed_before);
    if (!find_span(&b, &made.undated)) return false;
    b.at = calloc(b.span ? b.span : 1, sizeof *b.at);
    made.month = calloc(b.span ? b.span : 1, sizeof *made.month);
    bool fits = b.at && made.month;
    if (fits && b.span) {
        count_rows(&b);
        const uint32_t months = choose_reference(&b, least);
        fits = find_edges(&b, months, &made);
        if (fits) {
            count_bins(&b, months, &made);
            compare(&b, months, &made);
            made.reference_first = b.first;
            made.reference_last = b.first + (int32_t)months - 1;
            made.reference_scored = b.reference.scored;
            made.reference_eligible = b.reference.eligible;
        }
    }
    free(b.at);
    if (!fits) {
        free(made.month);
        return false;
    }
    *out = made;
    return true;
}

void es_months_free(struct es_months *months)
{
    free(months->month);
    *months = (struct es_months){0};
}
