/* SPDX-License-Identifier: Apache-2.0 */
#include "sheets.h"

#include <string.h>

const struct es_grouping test_groupings[4] = {{0, {0}}, {1, {0}}, {1, {1}}, {2, {0, 1}}};

uint64_t test_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 2685821657736338717u;
}

static double uniform(uint64_t *state)
{
    return (double)(test_random(state) >> 11) * 0x1p-53;
}

static void borrow(struct test_sheet *t, uint32_t rows, uint32_t patients)
{
    for (int a = 0; a < SHEET_AXES; a++) t->levels[a] = t->level[a];
    t->axis_levels[0] = 3;
    t->axis_levels[1] = 4;
    t->sheet = (struct es_sheet){.rows = rows,
                                 .patients = patients,
                                 .axes = SHEET_AXES,
                                 .patient = t->patient,
                                 .level = t->levels,
                                 .axis_levels = t->axis_levels,
                                 .score = t->score,
                                 .decision = t->decision,
                                 .label = t->label,
                                 .stage = t->stage,
                                 .mark = t->mark,
                                 .exam_day = t->exam_day};
}

void test_sheet_fill(struct test_sheet *t, uint32_t rows, uint32_t per_patient, uint64_t seed)
{
    uint64_t r = seed * 2654435761u + 88172645463325252u;
    uint32_t patient = 0;
    memset(t, 0, sizeof *t);
    for (uint32_t i = 0; i < rows; i++) {
        if (i && test_random(&r) % per_patient == 0) patient++;
        const bool same = i && t->patient[i - 1] == patient && patient == t->patient[i - 1];
        t->patient[i] = patient;
        /* Mostly of the patient, sometimes of the exam, sometimes unknown. */
        t->level[0][i] = same && test_random(&r) % 5 ? t->level[0][i - 1] : (uint8_t)(test_random(&r) % 3);
        t->level[1][i] = same && test_random(&r) % 3 ? t->level[1][i - 1] : (uint8_t)(test_random(&r) % 4);
        t->label[i] = uniform(&r) < (patient % 3 ? 0.3 : 0.6);
        const double s = 0.05 + 0.85 * uniform(&r) * (t->label[i] ? 1 : 0.8);
        t->score[i] = test_random(&r) % 3 ? s : (double)(int)(s * 8) / 8 + 0.01; /* some ties */
        t->decision[i] = t->score[i] >= 0.4;
        t->stage[i] = ES_STAGE_REFERENCED;
        if (test_random(&r) % 6 == 0) t->stage[i] = (uint8_t)(test_random(&r) % ES_STAGE_COUNT);
        if (test_random(&r) % 20 == 0) t->score[i] = (double)NAN;
        if (test_random(&r) % 25 == 0) t->decision[i] = ES_NO_ANSWER;
        if (t->stage[i] != ES_STAGE_REFERENCED && test_random(&r) % 2) t->label[i] = ES_NO_ANSWER;
        t->mark[i] = (uint8_t)(test_random(&r) % 64);
        t->exam_day[i] = (int32_t)(test_random(&r) % 1000);
    }
    borrow(t, rows, rows ? patient + 1 : 0);
}

static void copy_row(const struct test_sheet *from, uint32_t i, struct test_sheet *to, uint32_t j, uint32_t patient)
{
    to->patient[j] = patient;
    for (int a = 0; a < SHEET_AXES; a++) to->level[a][j] = from->level[a][i];
    to->score[j] = from->score[i];
    to->decision[j] = from->decision[i];
    to->label[j] = from->label[i];
    to->stage[j] = from->stage[i];
    to->mark[j] = from->mark[i];
    to->exam_day[j] = from->exam_day[i];
}

static void shuffle(uint32_t *v, uint32_t n, uint64_t *r)
{
    for (uint32_t i = n; i > 1; i--) {
        const uint32_t j = (uint32_t)(test_random(r) % i), swap = v[i - 1];
        v[i - 1] = v[j];
        v[j] = swap;
    }
}

void test_sheet_permute(const struct test_sheet *from, struct test_sheet *to, uint64_t seed)
{
    uint32_t patients[SHEET_MAX_ROWS], rows[SHEET_MAX_ROWS], out = 0;
    uint64_t r = seed + 1;
    memset(to, 0, sizeof *to);
    for (uint32_t p = 0; p < from->sheet.patients; p++) patients[p] = p;
    shuffle(patients, from->sheet.patients, &r);
    for (uint32_t p = 0; p < from->sheet.patients; p++) {
        uint32_t n = 0;
        for (uint32_t i = 0; i < from->sheet.rows; i++)
            if (from->patient[i] == patients[p]) rows[n++] = i;
        shuffle(rows, n, &r);
        for (uint32_t i = 0; i < n; i++) copy_row(from, rows[i], to, out++, p);
    }
    borrow(to, from->sheet.rows, from->sheet.patients);
}
