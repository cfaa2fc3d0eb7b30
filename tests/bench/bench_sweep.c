/* SPDX-License-Identifier: Apache-2.0 */
/* How long a sweep takes: bench_sweep [CASES]. Six axes of 3, 8, 6, 5, 4 and 3 levels, everyone, each axis and all fifteen pairs;
 * about seven patients to ten cases. Prints the sweep without and with the passes over the rests, and the estimates. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "metrics/catalogue.h"

enum { AXES = 6, GROUPINGS = 22 };

static uint64_t state = 88172645463325252u;

static uint64_t draw(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 2685821657736338717u;
}

static double uniform(void)
{
    return (double)(draw() >> 11) * 0x1p-53;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct columns {
    uint32_t *patient;
    uint8_t *level[AXES], *decision, *label, *stage, *mark;
    double *score;
    int32_t *day;
};

static void *column(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);
    if (!p) exit(1);
    return p;
}

static struct es_sheet make(struct columns *c, uint32_t rows)
{
    static const uint8_t levels[AXES] = {3, 8, 6, 5, 4, 3};
    uint32_t patient = 0;
    c->patient = column(rows, sizeof *c->patient);
    for (int a = 0; a < AXES; a++) c->level[a] = column(rows, 1);
    c->decision = column(rows, 1);
    c->label = column(rows, 1);
    c->stage = column(rows, 1);
    c->mark = column(rows, 1);
    c->score = column(rows, sizeof *c->score);
    c->day = column(rows, sizeof *c->day);
    for (uint32_t i = 0; i < rows; i++) {
        const bool again = i && draw() % 10 < 3;
        patient += i && !again;
        c->patient[i] = patient;
        for (int a = 0; a < AXES; a++)
            c->level[a][i] = again && draw() % 8 ? c->level[a][i - 1] : (uint8_t)(draw() % 50 ? 1 + draw() % (levels[a] - 1u) : 0);
        c->label[i] = uniform() < 0.1;
        const double z = (c->label[i] ? 1.2 : 0) + uniform() + uniform() + uniform() - 1.5;
        c->score[i] = 1 / (1 + exp(2.2 - 1.1 * z));
        c->decision[i] = c->score[i] >= 0.15;
        c->stage[i] = ES_STAGE_REFERENCED;
    }
    return (struct es_sheet){rows,      patient + 1, AXES,     c->patient, (const uint8_t *const *)c->level, levels, c->score,
                             c->decision, c->label,    c->stage, c->mark,    c->day};
}

static double estimate(const struct es_sweep *sweep, size_t *made)
{
    const struct es_level level = es_level_default();
    const double start = now();
    *made = 0;
    for (size_t i = 0; i < es_sweep_count(sweep); i++)
        for (size_t m = 0; m < es_metrics_count; m++) {
            struct es_comparison c;
            const struct es_estimate e = es_metrics[m].finish(es_sweep_summary(sweep, i), &level);
            *made += e.status == ES_ESTIMATED;
            if (es_metrics[m].compare) *made += es_metrics[m].compare(es_sweep_summary(sweep, i), &level, 0.05, &c);
        }
    return now() - start;
}

int main(int argc, char **argv)
{
    const unsigned long asked = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
    if (asked == 0 || asked > UINT32_MAX) return 2;
    struct es_grouping g[GROUPINGS] = {{0, {0}}};
    size_t n = 1, made;
    struct columns c;
    for (uint8_t a = 0; a < AXES; a++) g[n++] = (struct es_grouping){1, {a}};
    for (uint8_t a = 0; a < AXES; a++)
        for (uint8_t b = (uint8_t)(a + 1); b < AXES; b++) g[n++] = (struct es_grouping){2, {a, b}};
    const struct es_sheet sheet = make(&c, (uint32_t)asked);
    static const struct {
        const char *name;
        struct es_sweep_options options;
    } runs[] = {{"rates, ranks, means", {0, false}}, {"and fits", {0, true}}, {"and rests of single axes", {1, true}}};
    printf("%lu cases, %u patients\n", asked, sheet.patients);
    for (size_t r = 0; r < sizeof runs / sizeof runs[0]; r++) {
        struct es_sweep *sweep = NULL;
        const double start = now();
        if (!es_sweep_run_with(&sheet, g, n, &runs[r].options, &sweep)) return 1;
        const double swept = now() - start, estimated = estimate(sweep, &made);
        printf("%-26s sweep %7.3f s, estimates %6.3f s (%zu figures of %zu groups)\n", runs[r].name, swept, estimated, made,
               es_sweep_count(sweep));
        es_sweep_free(sweep);
    }
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    printf("peak %.0f MiB, sheet included\n", (double)used.ru_maxrss / 1024);
    return 0;
}
