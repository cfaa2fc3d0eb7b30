/* SPDX-License-Identifier: Apache-2.0 */
/* How long the weak-group search takes: bench_search [CASES]. Six axes of 3, 8, 6, 5, 4 and 3 levels, depth 3, at least 100 cases;
 * about seven patients to ten cases; every case a positive, so that none is spared. Prints one line a size: a tenth, CASES, and
 * the search with all levels known beside the one with 2 % unknown. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "metrics/search.h"

enum { AXES = 6 };
static const uint8_t levels[AXES] = {4, 9, 7, 6, 5, 4}; /* unknown included */
static uint64_t state = 88172645463325252u;

static uint64_t draw(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 2685821657736338717u;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *column(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);
    if (!p) exit(1);
    return p;
}

static void bench(uint32_t rows, unsigned unknown_percent)
{
    uint32_t *patient = column(rows, sizeof *patient), p = 0;
    uint8_t *level[AXES], *decision = column(rows, 1), *label = column(rows, 1), *stage = column(rows, 1), *mark = column(rows, 1);
    double *score = column(rows, sizeof *score);
    int32_t *day = column(rows, sizeof *day);
    for (int a = 0; a < AXES; a++) level[a] = column(rows, 1);
    for (uint32_t i = 0; i < rows; i++) {
        const bool again = i && draw() % 10 < 3;
        p += i && !again;
        patient[i] = p;
        for (int a = 0; a < AXES; a++) {
            level[a][i] = again && draw() % 8 ? level[a][i - 1] : (uint8_t)(1 + draw() % (levels[a] - 1u));
            if (draw() % 100 < unknown_percent) level[a][i] = 0;
        }
        label[i] = 1;
        decision[i] = draw() % 100 < (level[0][i] == 1 && level[1][i] == 2 && level[3][i] == 1 ? 70u : 85u);
        stage[i] = ES_STAGE_REFERENCED;
    }
    const struct es_sheet sheet = {.rows = rows, .patients = p + 1, .axes = AXES, .patient = patient, .level = (const uint8_t *const *)level, .axis_levels = levels, .score = score,
                             .decision = decision, .label = label, .stage = stage, .mark = mark, .exam_day = day};
    const struct es_search_plan plan = {{ES_RATE_SENSITIVITY, false, false, false, 0}, 3, 100, 50, 0.05};
    struct es_search found;
    const double start = now();
    if (!es_search_run(&sheet, &plan, &found)) exit(1);
    const double took = now() - start;
    size_t sure = 0;
    for (size_t i = 0; i < found.count; i++) sure += found.found[i].p_adjusted <= 0.05;
    printf("%9u cases, %2u %% unknown: %5zu conjunctions in %llu crossings, %3zu below 5 %% by BH, %6.2f s", rows, unknown_percent,
           found.count, (unsigned long long)found.crossings, sure, took);
    if (found.count) {
        printf("; first:");
        for (unsigned k = 0; k < found.found[0].grouping.n; k++)
            printf(" %u=%u", found.found[0].grouping.axis[k], found.found[0].level[k]);
        printf(", harm at least %.3f", found.found[0].harm_least);
    }
    printf("\n");
    es_search_free(&found);
    free(patient);
    for (int a = 0; a < AXES; a++) free(level[a]);
    free(decision);
    free(label);
    free(stage);
    free(mark);
    free(score);
    free(day);
}

int main(int argc, char **argv)
{
    char *end = NULL;
    errno = 0;
    const unsigned long rows = argc > 1 ? strtoul(argv[1], &end, 10) : 1000000;
    if (errno || (end && (end == argv[1] || *end)) || rows < 10 || rows > 100000000) {
        fprintf(stderr, "usage: bench_search [CASES]\n");
        return 2;
    }
    bench((uint32_t)(rows / 10), 2);
    bench((uint32_t)rows, 0);
    bench((uint32_t)rows, 2);
    return 0;
}
