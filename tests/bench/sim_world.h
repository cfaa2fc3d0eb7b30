/* SPDX-License-Identifier: Apache-2.0 */
/** @file sim_world.h
 * A made-up department: patients, images, twenty planned groups, weekly looks. Everything follows from a seed.
 */
#ifndef ES_TESTS_BENCH_SIM_WORLD_H
#define ES_TESTS_BENCH_SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "metrics/gap.h"

enum { SIM_AXES = 5, SIM_GROUPS = 20, SIM_MAX_WEEKS = 200 };

/** What one scenario supposes. */
struct sim_scenario {
    const char *name;
    uint32_t images;    /* per patient, over four weeks when more than one */
    double icc;         /* correlation of two outcomes of a patient */
    double moved;       /* chance that an exam stands at another level than its patient, on each axis */
    double rate;        /* sensitivity */
    double gap;         /* taken from the rate on exams of group 1 */
    uint32_t per_week;  /* positives examined a week */
    bool delays;        /* AI-negatives labelled after 12 weeks in group 0 and 4 elsewhere, AI-positives after 1 */
};

/** One positive exam. */
struct sim_case {
    uint32_t patient;
    uint16_t week, labelled;   /* of the exam; when its label arrives */
    uint8_t level[SIM_AXES];
    uint8_t found;             /* the AI alerted */
};

/** Cases of one run in exam order. */
struct sim_run {
    struct sim_case *cases;  /* owned, sim_run_free() */
    struct sim_case *spare;
    uint32_t count, room, patients;
};
bool sim_run_open(struct sim_run *run, const struct sim_scenario *scenario, uint32_t weeks);
void sim_run_free(struct sim_run *run);
/** Draw run number `index` of a scenario; the same for the same seed, in any order. */
void sim_run_draw(struct sim_run *run, const struct sim_scenario *scenario, uint32_t weeks, uint64_t seed, uint64_t index);
/** Put the cases in order of arrival of their labels instead. */
void sim_run_by_label(struct sim_run *run);

/** First group of an axis; axes have 2, 3, 4, 5 and 6 levels. */
extern const uint8_t sim_first[SIM_AXES + 1];

/** What is known so far of the twenty groups. */
struct sim_state {
    struct es_gap_sums sums[SIM_GROUPS];
    struct es_gap_sums first[SIM_GROUPS];                /* one case a patient */
    struct es_gap_patient (*patient)[SIM_GROUPS];        /* owned */
    uint32_t patients;
};
bool sim_state_open(struct sim_state *state, uint32_t patients);
void sim_state_free(struct sim_state *state);
void sim_state_clear(struct sim_state *state);
void sim_state_add(struct sim_state *state, const struct sim_case *c);

/** Uniform numbers of one stream. */
struct sim_random {
    uint64_t key[2], counter[4], word[4];
    unsigned left;
};
struct sim_random sim_random(uint64_t seed, uint64_t stream, uint64_t index);
double sim_unit(struct sim_random *r);
/** Standard normal (sum of a pair by Box and Muller's method). */
double sim_normal(struct sim_random *r);
/** Beta(a, b): with a + b = 1/icc - 1 a patient's own rate in the beta-binomial model. */
double sim_beta(struct sim_random *r, double a, double b);

#endif
