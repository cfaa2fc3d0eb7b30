/* SPDX-License-Identifier: Apache-2.0 */
/* How long all numbers of a report take: bench_report [CASES...]. Without arguments 100,000, 1,000,000 and 10,000,000 cases, and the
 * same figures by NumPy and scikit-learn on the 1,000,000.
 *
 * Each line is made by a process of its own on one thread: seconds by the wall, seconds of the processor, and the process's peak
 * memory, the sheet included. `sort` is inside `sweep` and shown apart. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench_sheet.h"
#include "metrics/catalogue.h"
#include "metrics/order.h"
#include "metrics/search.h"
#include "metrics/standardise.h"

struct clocks {
    double wall, cpu;
};

static double read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static struct clocks now(void)
{
    return (struct clocks){read_clock(CLOCK_MONOTONIC), read_clock(CLOCK_PROCESS_CPUTIME_ID)};
}

static void part(const char *name, struct clocks from)
{
    const struct clocks to = now();
    printf("  %s %.3f s (cpu %.3f)", name, to.wall - from.wall, to.cpu - from.cpu);
}

/** Every estimate, comparison and verdict that a sweep has, Holm's correction per metric. */
static bool estimate(const struct es_sweep *sweep, size_t *figures, size_t *verdicts)
{
    const struct es_level level = es_level_default();
    const size_t groups = es_sweep_count(sweep);
    const double margin = 0.05;
    struct es_comparison *c = calloc(groups, sizeof *c);
    double *p = calloc(4 * groups, sizeof *p), *weight = p ? p + groups : NULL, *adjusted = p ? p + 2 * groups : NULL,
           *parity = p ? p + 3 * groups : NULL;
    uint32_t *scratch = calloc(groups, sizeof *scratch);
    const bool done = c && p && scratch;
    for (size_t m = 0; m < es_metrics_count && done; m++) {
        for (size_t i = 0; i < groups; i++) {
            const struct es_summary *s = es_sweep_summary(sweep, i);
            *figures += es_metrics[m].finish(s, &level).status == ES_ESTIMATED;
            const bool compared = es_metrics[m].verdict && es_metrics[m].compare(s, &level, margin, &c[i]);
            weight[i] = i < 30 ? 1 : 0.25;
            p[i] = compared ? c[i].p_difference : (double)NAN;
            parity[i] = compared ? es_tost_p(&c[i]) : (double)NAN;
            if (!compared) c[i].status = ES_NOT_ESTIMABLE;
        }
        es_holm_weighted(p, weight, groups, scratch, adjusted);
        for (size_t i = 0; i < groups; i++)
            *verdicts += c[i].status == ES_ESTIMATED && es_verdict_of(&c[i], margin, level.alpha, level.equivalence, level.min_cases,
                                                                      level.min_patients, adjusted[i], parity[i]) != ES_VERDICT_NONE;
    }
    free(c);
    free(p);
    free(scratch);
    return done;
}

static bool sort_alone(const struct es_sheet *sheet)
{
    const size_t n = (size_t)sheet->rows + 1;
    uint64_t *key = calloc(2 * n, sizeof *key);
    uint32_t *order = calloc(n, sizeof *order), *spare = calloc(n, sizeof *spare);
    const bool done = key && order && spare;
    for (uint32_t i = 0; i < sheet->rows && done; i++) order[i] = i;
    const struct clocks from = now();
    if (done) es_order_by_score(sheet->score, order, sheet->rows, key, spare);
    part("sort", from);
    free(key);
    free(order);
    free(spare);
    return done;
}

/** One line, in a child. */
static int run(const struct es_sheet *sheet, const char *name, const struct es_sweep_options *options)
{
    struct es_grouping groupings[BENCH_GROUPINGS];
    struct es_sweep *sweep = NULL;
    size_t figures = 0, verdicts = 0;
    bench_groupings(groupings);
    printf(" %-34s", name);
    const struct clocks start = now();
    if (!es_sweep_run_with(sheet, groupings, BENCH_GROUPINGS, options, &sweep)) return 1;
    part("sweep", start);
    const struct clocks swept = now();
    if (!estimate(sweep, &figures, &verdicts)) return 1;
    part("estimates", swept);
    part("both", start);
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    printf("  peak %.0f MiB\n   %zu groups, %zu estimates with intervals, %zu verdicts;", (double)used.ru_maxrss / 1024,
           es_sweep_count(sweep), figures, verdicts);
    es_sweep_free(sweep);
    const bool sorted = sort_alone(sheet);
    printf("\n");
    fflush(stdout);
    return sorted ? 0 : 1;
}

static bool in_child(const struct es_sheet *sheet, const char *name, const struct es_sweep_options *options)
{
    int status = 0;
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) _exit(run(sheet, name, options));
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool put(FILE *f, const void *column, size_t size, size_t n)
{
    return fwrite(column, size, n, f) == n;
}

/** The columns as they lie in memory, for the script. */
static bool write_columns(const struct es_sheet *s, FILE *f)
{
    bool done = put(f, s->patient, sizeof *s->patient, s->rows) && put(f, s->score, sizeof *s->score, s->rows) &&
                put(f, s->decision, 1, s->rows) && put(f, s->label, 1, s->rows);
    for (int a = 0; a < BENCH_AXES && done; a++) done = put(f, s->level[a], 1, s->rows);
    return done && fflush(f) == 0;
}

static void peer(const struct es_sheet *sheet)
{
    char path[] = "/tmp/es_bench_XXXXXX", rows[16];
    const int fd = mkstemp(path);
    FILE *f = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (!f) {
        if (fd >= 0) close(fd);
        return;
    }
    if (write_columns(sheet, f)) {
        snprintf(rows, sizeof rows, "%u", sheet->rows);
        fflush(stdout);
        const pid_t child = fork();
        if (child == 0) {
            /* The system's Python first: that is where its packages are. */
            execl("/usr/bin/python3", "python3", ES_SOURCE_DIR "/tests/bench/bench_report.py", path, rows, (char *)NULL);
            execlp("python3", "python3", ES_SOURCE_DIR "/tests/bench/bench_report.py", path, rows, (char *)NULL);
            puts(" NumPy and scikit-learn: python3 is not there");
            fflush(stdout);
            _exit(0);
        }
        if (child > 0) waitpid(child, NULL, 0);
    }
    fclose(f);
    unlink(path);
}

/** Both rates of each level against its rest given each other axis, and the search for weak groups as the report runs it. */
static bool standardised(const struct es_sheet *sheet)
{
    const struct clocks start = now();
    struct es_standard_table table;
    printf(" %-34s", "gaps given another axis");
    for (int rate = 0; rate < 2; rate++) {
        const struct es_case_rule rule = {.rate = (enum es_rate)rate, .exploratory = true};
        if (!es_standardise_all(sheet, &rule, 0.05, &table)) return false;
        es_standard_table_free(&table);
    }
    part("all pairs of axes", start);
    const struct clocks from = now();
    size_t count = 0;
    for (int rate = 0; rate < 2; rate++) {
        const struct es_search_plan plan = {{.rate = (enum es_rate)rate, .exploratory = true}, 3, 10, 50, 0.05};
        struct es_search found;
        if (!es_search_run(sheet, &plan, &found)) return false;
        count += found.count;
        es_search_free(&found);
    }
    part("weak groups", from);
    printf(" (%zu)\n", count);
    return true;
}

static bool bench(uint32_t cases, bool beside)
{
    static const struct es_sweep_options rates = {0, false}, fits = {0, true}, all = {1, true};
    struct bench_columns c;
    struct es_sheet sheet;
    const struct clocks start = now();
    bool done = bench_sheet(&c, cases, &sheet);
    if (done) {
        printf("%u cases, %u patients;", cases, sheet.patients);
        part("made in", start);
        const struct clocks made = now();
        done = es_sheet_check(&sheet, NULL);
        part("sheet checked in", made);
        printf("\n");
        done = done && standardised(&sheet);
        done = done && in_child(&sheet, "rates, AUROC, Brier, O:E, verdicts", &rates) &&
               in_child(&sheet, "and calibration fits", &fits) && in_child(&sheet, "and AUROC, CITL verdicts of axes", &all);
        if (done && beside) peer(&sheet);
    }
    bench_columns_free(&c);
    return done;
}

int main(int argc, char **argv)
{
    static const uint32_t sizes[] = {100000, 1000000, 10000000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0] && argc == 1; i++)
        if (!bench(sizes[i], sizes[i] == 1000000)) return 1;
    for (int i = 1; i < argc; i++) {
        char *end = NULL;
        const unsigned long cases = strtoul(argv[i], &end, 10);
        if (*end || cases == 0 || cases > UINT32_MAX) return 2;
        if (!bench((uint32_t)cases, i == 1)) return 1;
    }
    return 0;
}
