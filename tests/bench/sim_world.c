/* SPDX-License-Identifier: Apache-2.0 */
#include "sim_world.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/philox.h"

const uint8_t sim_first[SIM_AXES + 1] = {0, 2, 5, 9, 14, 20};
/* Shares of the levels of each axis, in hundredths. */
static const uint8_t share[SIM_GROUPS] = {55, 45, 50, 30, 20, 40, 30, 20, 10, 35, 25, 20, 12, 8, 40, 20, 15, 10, 9, 6};

struct sim_random sim_random(uint64_t seed, uint64_t stream, uint64_t index)
{
    return (struct sim_random){.key = {seed, stream}, .counter = {0, index, 0, 0}, .left = 0};
}

double sim_unit(struct sim_random *r)
{
    if (r->left == 0) {
        es_philox(r->counter, r->key, r->word);
        r->counter[0]++;
        r->left = 4;
    }
    return (double)(r->word[--r->left] >> 11) * 0x1p-53;
}

double sim_normal(struct sim_random *r)
{
    const double u = sim_unit(r), v = sim_unit(r);
    return sqrt(-2 * log1p(-u)) * cos(2 * M_PI * v);
}

/** Gamma(a, 1): Marsaglia, Tsang, ACM Trans Math Softw 26:363 (2000), DOI 10.1145/358407.358414. */
static double gamma_of(struct sim_random *r, double a)
{
    const double boost = a < 1 ? pow(1 - sim_unit(r), 1 / a) : 1, d = (a < 1 ? a + 1 : a) - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        const double x = sim_normal(r), v = (1 + c * x) * (1 + c * x) * (1 + c * x);
        if (v > 0 && log1p(-sim_unit(r)) < x * x / 2 + d - d * v + d * log(v)) return boost * d * v;
    }
}

double sim_beta(struct sim_random *r, double a, double b)
{
    const double x = gamma_of(r, a), y = gamma_of(r, b);
    return x + y > 0 ? x / (x + y) : a > b;
}

static uint8_t level_of(struct sim_random *r, unsigned axis)
{
    double at = sim_unit(r) * 100;
    uint8_t level = 0;
    for (unsigned g = sim_first[axis]; g + 1 < sim_first[axis + 1] && at >= share[g]; g++, level++) at -= share[g];
    return level;
}

bool sim_run_open(struct sim_run *run, const struct sim_scenario *s, uint32_t weeks)
{
    const uint32_t patients = s->per_week / s->images * weeks;
    *run = (struct sim_run){.room = patients * s->images, .patients = patients};
    run->cases = calloc(run->room, sizeof *run->cases);
    run->spare = calloc(run->room, sizeof *run->spare);
    if (run->cases && run->spare) return true;
    sim_run_free(run);
    return false;
}

void sim_run_free(struct sim_run *run)
{
    free(run->cases);
    free(run->spare);
    *run = (struct sim_run){0};
}

/** Stable counting sort by exam week or by the week of the label; cases past the horizon are cut off. */
static void sort_cases(struct sim_run *run, bool by_label)
{
    uint32_t at[SIM_MAX_WEEKS + 64] = {0};
    const uint32_t last = sizeof at / sizeof at[0] - 1;
    for (uint32_t i = 0; i < run->count; i++) at[by_label ? run->cases[i].labelled : run->cases[i].week]++;
    for (uint32_t w = 0, start = 0; w <= last; w++) {
        const uint32_t n = at[w];
        at[w] = start;
        start += n;
    }
    for (uint32_t i = 0; i < run->count; i++)
        run->spare[at[by_label ? run->cases[i].labelled : run->cases[i].week]++] = run->cases[i];
    struct sim_case *const swap = run->cases;
    run->cases = run->spare;
    run->spare = swap;
}

void sim_run_by_label(struct sim_run *run)
{
    sort_cases(run, true);
}

/** Two outcomes of a patient are both his own draw with chance icc, so their correlation is icc and each has the rate. */
static void draw_patient(struct sim_run *run, const struct sim_scenario *s, uint32_t patient, uint32_t entry, struct sim_random *r)
{
    uint8_t home[SIM_AXES];
    const double own = sim_unit(r), sharing = sqrt(s->icc);
    for (unsigned a = 0; a < SIM_AXES; a++) home[a] = level_of(r, a);
    for (uint32_t i = 0; i < s->images; i++) {
        struct sim_case *c = &run->cases[run->count++];
        *c = (struct sim_case){.patient = patient, .week = (uint16_t)entry};
        if (s->images > 1) c->week = (uint16_t)(entry + (uint32_t)(sim_unit(r) * 4));
        for (unsigned a = 0; a < SIM_AXES; a++)
            c->level[a] = s->moved > 0 && sim_unit(r) < s->moved ? level_of(r, a) : home[a];
        const double rate = s->rate - (c->level[0] == 1 ? s->gap : 0);
        c->found = (s->icc > 0 && sim_unit(r) < sharing ? own : sim_unit(r)) < rate;
        c->labelled = c->week;
        if (s->delays) c->labelled = (uint16_t)(c->week + (c->found ? 1 : c->level[0] == 0 ? 12 : 4));
    }
}

void sim_run_draw(struct sim_run *run, const struct sim_scenario *s, uint32_t weeks, uint64_t seed, uint64_t index)
{
    uint64_t stream = 0;
    for (const char *p = s->name; *p; p++) stream = stream * 131 + (unsigned char)*p;
    struct sim_random r = sim_random(seed, stream, index);
    const uint32_t a_week = s->per_week / s->images;
    run->count = 0;
    for (uint32_t p = 0; p < run->patients; p++) draw_patient(run, s, p, p / a_week < weeks ? p / a_week : weeks - 1, &r);
    sort_cases(run, false);
}

bool sim_state_open(struct sim_state *state, uint32_t patients)
{
    *state = (struct sim_state){.patient = calloc(patients ? patients : 1, sizeof *state->patient), .patients = patients};
    return state->patient != NULL;
}

void sim_state_free(struct sim_state *state)
{
    free(state->patient);
    state->patient = NULL;
}

void sim_state_clear(struct sim_state *state)
{
    memset(state->sums, 0, sizeof state->sums);
    memset(state->first, 0, sizeof state->first);
    memset(state->patient, 0, state->patients * sizeof *state->patient);
}

void sim_state_add(struct sim_state *state, const struct sim_case *c)
{
    struct es_gap_patient *p = state->patient[c->patient];
    for (unsigned a = 0; a < SIM_AXES; a++)
        for (unsigned g = sim_first[a]; g < sim_first[a + 1]; g++) {
            const enum es_side side = g - sim_first[a] == c->level[a] ? ES_SIDE_GROUP : ES_SIDE_REST;
            struct es_gap_patient none = {0};
            if (p[g].ng + p[g].nr == 0) es_gap_add_case(&state->first[g], &none, side, c->found);
            es_gap_add_case(&state->sums[g], &p[g], side, c->found);
        }
}
