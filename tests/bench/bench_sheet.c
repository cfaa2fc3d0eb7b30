/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_sheet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint64_t draw(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 2685821657736338717u;
}

static double uniform(uint64_t *state)
{
    return (double)(draw(state) >> 11) * 0x1p-53;
}

void bench_columns_free(struct bench_columns *c)
{
    free(c->patient);
    for (int a = 0; a < BENCH_AXES; a++) free(c->level[a]);
    free(c->decision);
    free(c->label);
    free(c->stage);
    free(c->mark);
    free(c->score);
    free(c->day);
    memset(c, 0, sizeof *c);
}

static bool allocate(struct bench_columns *c, size_t n)
{
    bool done = (c->patient = calloc(n, sizeof *c->patient)) != NULL;
    for (int a = 0; a < BENCH_AXES; a++) done = (c->level[a] = calloc(n, 1)) && done;
    done = (c->decision = calloc(n, 1)) && done;
    done = (c->label = calloc(n, 1)) && done;
    done = (c->stage = calloc(n, 1)) && done;
    done = (c->mark = calloc(n, 1)) && done;
    done = (c->score = calloc(n, sizeof *c->score)) && done;
    return (c->day = calloc(n, sizeof *c->day)) && done;
}

bool bench_sheet(struct bench_columns *c, uint32_t rows, struct es_sheet *sheet)
{
    static const uint8_t levels[BENCH_AXES] = {3, 8, 6, 5, 4, 3};
    uint64_t r = 88172645463325252u;
    uint32_t patient = 0;
    memset(c, 0, sizeof *c);
    if (!allocate(c, (size_t)rows + 1)) return false;
    for (uint32_t i = 0; i < rows; i++) {
        const bool again = i && draw(&r) % 10 < 3;
        patient += i && !again;
        c->patient[i] = patient;
        for (int a = 0; a < BENCH_AXES; a++) {
            const uint8_t fresh = (uint8_t)(draw(&r) % 50 ? 1 + draw(&r) % (levels[a] - 1u) : 0);
            c->level[a][i] = again && draw(&r) % 8 ? c->level[a][i - 1] : fresh;
        }
        c->label[i] = uniform(&r) < 0.1;
        const double z = (c->label[i] ? 1.2 : 0) + uniform(&r) + uniform(&r) + uniform(&r) - 1.5;
        c->score[i] = 1 / (1 + exp(2.2 - 1.1 * z));
        c->decision[i] = c->score[i] >= 0.15;
        c->stage[i] = ES_STAGE_REFERENCED;
        c->mark[i] = ES_MARK_HAS_REFERENCE;
    }
    *sheet = (struct es_sheet){.rows = rows,
                               .patients = rows ? patient + 1 : 0,
                               .axes = BENCH_AXES,
                               .patient = c->patient,
                               .level = (const uint8_t *const *)c->level,
                               .axis_levels = levels,
                               .score = c->score,
                               .decision = c->decision,
                               .label = c->label,
                               .stage = c->stage,
                               .mark = c->mark,
                               .exam_day = c->day};
    return true;
}

void bench_groupings(struct es_grouping groupings[BENCH_GROUPINGS])
{
    size_t n = 0;
    groupings[n++] = (struct es_grouping){0, {0}};
    for (uint8_t a = 0; a < BENCH_AXES; a++) groupings[n++] = (struct es_grouping){1, {a}};
    for (uint8_t a = 0; a < BENCH_AXES; a++)
        for (uint8_t b = (uint8_t)(a + 1); b < BENCH_AXES; b++) groupings[n++] = (struct es_grouping){2, {a, b}};
}
