/* SPDX-License-Identifier: Apache-2.0 */
/* What the sequential verdicts promise, by simulation (METRICS F2, J2, J3): sim_verdicts [--runs N] [--seed N] [--quiet].
 * A plan of 20 groups on five axes, 60 weekly looks, alpha 0.05 shared by weight. Beside each figure stands what a careless
 * method gives on the same runs. Ends with 1 when a share of false alarms is surely above 5 %, or a coverage below 93 %. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "metrics/catalogue.h"
#include "metrics/monitor.h"
#include "metrics/sequential.h"
#include "metrics/special.h"
#include "sim_world.h"

enum { WEEKS = 60, WINDOW = 12 };
#define ALPHA 0.05
#define MARGIN 0.05

struct options {
    uint32_t runs;
    uint64_t seed;
    bool quiet;
};
static bool failed;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void progress(const struct options *o, const char *name, uint32_t run)
{
    const uint32_t step = o->runs >= 20 ? o->runs / 20 : 1;
    if (!o->quiet && (run % step == 0 || run + 1 == o->runs)) fprintf(stderr, "\r%-28s %5u / %u", name, run + 1, o->runs);
    if (!o->quiet && run + 1 == o->runs) fputc('\n', stderr);
}

static bool default_shows(const struct es_gap_sums *s, double alpha)
{
    /* 0 outside the hull implies 0 excluded: most looks need one evaluation */
    return es_gap_enough(s) && es_gap_excludes(s, 0, MARGIN, alpha) &&
           es_gap_sequence(s, MARGIN, alpha).verdict == ES_VERDICT_DISPARITY;
}

static struct es_two_by_two table_of(const struct es_gap_sums *s, double deff)
{
    return (struct es_two_by_two){(double)s->group.x / deff, (double)s->group.n / deff, (double)s->rest.x / deff,
                                  (double)s->rest.n / deff};
}

static bool strict_shows(const struct es_gap_sums *first, double alpha)
{
    const struct es_two_by_two t = table_of(first, 1);
    return es_log_e_difference(&t, 0) >= -log(alpha);
}

/** The fixed-size score test on effective counts, corrected for the family, as if this look were the only one. */
static bool fixed_shows(const struct es_gap_sums *s, double z)
{
    if (s->group.n < 10 || s->rest.n < 10) return false;
    const struct es_two_by_two t = table_of(s, es_gap_deff(s));
    return fabs(es_score_z(&t, 0, true)) >= z;
}

/** The sequential interval for independent cases, as if every image were a patient. */
static bool careless_shows(const struct es_gap_sums *s, double alpha)
{
    struct es_gap_sums t = {.group = s->group, .rest = s->rest};
    t.group.patients = t.group.xn = t.group.nn = s->group.n;
    t.rest.patients = t.rest.nn = s->rest.n;
    t.group.xx = t.group.xn = s->group.x;
    t.rest.xx = t.rest.xn = s->rest.x;
    return default_shows(&t, alpha);
}

enum { BY_DEFAULT, BY_STRICT, BY_CARELESS, BY_FIXED, METHODS };

/** First week (from 1) at which each method shows a disparity in each group; 0: never. Weeks count from the exam. */
static void watch(struct sim_state *state, const struct sim_run *run, bool by_label, uint32_t window,
                  uint16_t first[METHODS][SIM_GROUPS])
{
    const double alpha = es_alpha_share(ALPHA, 1, SIM_GROUPS), z = es_norm_isf(alpha / 2);
    uint32_t next = 0;
    memset(first, 0, METHODS * sizeof first[0]);
    sim_state_clear(state);
    for (uint16_t week = 0; week < WEEKS; week++) {
        for (; next < run->count; next++) {
            const struct sim_case *c = &run->cases[next];
            if ((by_label ? c->labelled : c->week + window) > week) break;
            sim_state_add(state, c);
        }
        for (unsigned g = 0; g < SIM_GROUPS; g++) {
            const struct es_gap_sums *s = &state->sums[g];
            if (!first[BY_DEFAULT][g] && default_shows(s, alpha)) first[BY_DEFAULT][g] = (uint16_t)(week + 1);
            if (!first[BY_STRICT][g] && strict_shows(&state->first[g], alpha)) first[BY_STRICT][g] = (uint16_t)(week + 1);
            if (!first[BY_CARELESS][g] && careless_shows(s, alpha)) first[BY_CARELESS][g] = (uint16_t)(week + 1);
            if (!first[BY_FIXED][g] && fixed_shows(s, z)) first[BY_FIXED][g] = (uint16_t)(week + 1);
        }
    }
}

static bool any(const uint16_t *first)
{
    for (unsigned g = 0; g < SIM_GROUPS; g++)
        if (first[g]) return true;
    return false;
}

/** Surely beyond a bound: by the exact 99.8 % interval of the share. */
static void hold(uint32_t count, uint32_t runs, double most)
{
    if (es_clopper_pearson(count, runs, 0.002).lo > most) failed = true;
}

static bool open_all(const struct sim_scenario *s, struct sim_run *run, struct sim_state *state)
{
    if (!sim_run_open(run, s, WEEKS)) return false;
    if (sim_state_open(state, run->patients)) return true;
    sim_run_free(run);
    return false;
}

static double percent(uint32_t count, uint32_t runs)
{
    return 100.0 * count / runs;
}

static void no_disparity(const struct options *o)
{
    static const struct sim_scenario scenarios[] = {
        {"1 image a patient", 1, 0, 0, 0.85, 0, 240, false},
        {"1 image, rate 0.97", 1, 0, 0, 0.97, 0, 240, false},
        {"4 images, ICC 0.3", 4, 0.3, 0, 0.85, 0, 240, false},
        {"4 images, ICC 0.3, rate 0.97", 4, 0.3, 0, 0.97, 0, 240, false},
        {"20 images, ICC 0.3", 20, 0.3, 0, 0.85, 0, 600, false},
        {"20 images, ICC 0.3, rate 0.97", 20, 0.3, 0, 0.97, 0, 600, false},
        {"4 images, shared patients", 4, 0.3, 0.3, 0.85, 0, 240, false},
        {"20 images, shared patients", 20, 0.3, 0.3, 0.85, 0, 600, false},
    };
    printf("No disparity: runs of %u weekly looks with any false \"disparity\" among %d groups\n", WEEKS, SIM_GROUPS);
    printf("%-30s %9s %9s %9s | %12s %12s %7s\n", "", "per week", "default", "strict", "as if each", "fixed test,", "time");
    printf("%-30s %9s %9s %9s | %12s %12s %7s\n", "", "", "", "", "independent", "each week", "");
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        const struct sim_scenario *s = &scenarios[i];
        struct sim_run run;
        struct sim_state state;
        uint32_t count[METHODS] = {0};
        const double start = now();
        if (!open_all(s, &run, &state)) exit(1);
        for (uint32_t r = 0; r < o->runs; r++) {
            uint16_t first[METHODS][SIM_GROUPS];
            progress(o, s->name, r);
            sim_run_draw(&run, s, WEEKS, o->seed, r);
            watch(&state, &run, false, 0, first);
            for (int m = 0; m < METHODS; m++) count[m] += any(first[m]);
        }
        printf("%-30s %9u %8.2f%% %8.2f%% | %11.2f%% %11.2f%% %6.1fs\n", s->name, s->per_week, percent(count[0], o->runs),
               percent(count[1], o->runs), percent(count[2], o->runs), percent(count[3], o->runs), now() - start);
        hold(count[BY_DEFAULT], o->runs, 0.05);
        hold(count[BY_STRICT], o->runs, 0.05);
        sim_run_free(&run);
        sim_state_free(&state);
    }
}

static void delays(const struct options *o)
{
    static const struct sim_scenario s = {"labels after 12 and 4 weeks", 1, 0, 0, 0.85, 0, 240, true};
    struct sim_run run;
    struct sim_state state;
    uint32_t closed = 0, strict = 0, arriving = 0, arriving_strict = 0;
    const double start = now();
    if (!open_all(&s, &run, &state)) exit(1);
    for (uint32_t r = 0; r < o->runs; r++) {
        uint16_t first[METHODS][SIM_GROUPS];
        progress(o, s.name, r);
        sim_run_draw(&run, &s, WEEKS, o->seed, r);
        watch(&state, &run, false, WINDOW, first);
        closed += any(first[BY_DEFAULT]);
        strict += any(first[BY_STRICT]);
        sim_run_by_label(&run);
        watch(&state, &run, true, 0, first);
        arriving += any(first[BY_DEFAULT]);
        arriving_strict += any(first[BY_STRICT]);
    }
    printf("\nNo disparity, AI-negatives labelled after 12 weeks in one group and 4 elsewhere (AI-positives 1):\n");
    printf("%-30s %8.2f%% default, %.2f%% strict\n", "windows closed (12 weeks)", percent(closed, o->runs), percent(strict, o->runs));
    printf("%-30s %8.2f%% default, %.2f%% strict   (%.1fs)\n", "labels as they arrive", percent(arriving, o->runs),
           percent(arriving_strict, o->runs), now() - start);
    hold(closed, o->runs, 0.05);
    hold(strict, o->runs, 0.05);
    sim_run_free(&run);
    sim_state_free(&state);
}

/** Median first week over the runs; a run that never shows counts as later than all. */
static void print_median(const char *what, const uint32_t *weeks, uint32_t runs)
{
    uint32_t below = 0, week = 0;
    for (week = 1; week <= WEEKS; week++) {
        below += weeks[week];
        if (2 * below >= runs) break;
    }
    if (week <= WEEKS) printf("  %-58s %4u weeks   (never within %d: %.1f%%)\n", what, week, WEEKS, percent(weeks[0], runs));
    else printf("  %-58s  > %d weeks   (never: %.1f%%)\n", what, WEEKS, percent(weeks[0], runs));
}

static void detection(const struct options *o, const struct sim_scenario *s)
{
    struct sim_run run;
    struct sim_state state;
    uint32_t first[METHODS][WEEKS + 1] = {{0}}, single[WEEKS + 1] = {0};
    const double start = now(), z = es_norm_isf(ALPHA / SIM_GROUPS / 2);
    if (!open_all(s, &run, &state)) exit(1);
    for (uint32_t r = 0; r < o->runs; r++) {
        uint16_t week[METHODS][SIM_GROUPS];
        progress(o, s->name, r);
        sim_run_draw(&run, s, WEEKS, o->seed, r);
        watch(&state, &run, false, 0, week);
        for (int m = 0; m < METHODS; m++) first[m][week[m][1]]++;
        sim_state_clear(&state);
        for (uint32_t w = 0, next = 0; w < WEEKS; w++) {
            for (; next < run.count && run.cases[next].week <= w; next++) sim_state_add(&state, &run.cases[next]);
            single[w + 1] += fixed_shows(&state.sums[1], z);
        }
    }
    printf("\nA real gap of 10 points (0.75 against 0.85, 45 %% of cases; %s, %u positives a week):\n", s->name, s->per_week);
    print_median("sequential, default: median first week shown", first[BY_DEFAULT], o->runs);
    print_median("sequential, strict", first[BY_STRICT], o->runs);
    print_median("fixed test looked at every week (false alarms: see above)", first[BY_FIXED], o->runs);
    for (uint32_t power = 50; power <= 80; power += 30)
        for (uint32_t w = 1; w <= WEEKS; w++)
            if (100 * single[w] >= power * o->runs) {
                printf("  fixed test, one look only: %u %% power if that look is in week %*u\n", power, 12, w);
                break;
            }
    printf("  (%.1fs)\n", now() - start);
    sim_run_free(&run);
    sim_state_free(&state);
}

/* Coverage of fixed intervals with 100 patients of 20 images each. */
enum { PATIENTS = 100, IMAGES = 20 };

static bool inside(struct es_limits l, double value)
{
    return l.lo <= value && value <= l.hi;
}

static struct es_cluster_sums draw_arm(struct sim_random *r, double rate, double icc, struct es_gap_patient *patient, bool group)
{
    struct es_cluster_sums s = {0};
    for (int p = 0; p < PATIENTS; p++) {
        const double own = sim_beta(r, rate * (1 / icc - 1), (1 - rate) * (1 / icc - 1));
        uint32_t x = 0;
        for (int i = 0; i < IMAGES; i++) x += sim_unit(r) < own;
        es_cluster_add(&s, x, IMAGES);
        if (group) patient[p].xg = x, patient[p].ng = IMAGES;
        else patient[p].xr = x, patient[p].nr = IMAGES;
    }
    return s;
}

/** AUROC of 10 positives and 10 negatives a patient, patients' scores shifted by a normal effect with variance icc. */
static void draw_scores(struct sim_random *r, double icc, double shift, double *score, uint8_t *label)
{
    for (int p = 0; p < PATIENTS; p++) {
        const double effect = sqrt(icc) * sim_normal(r);
        for (int i = 0; i < IMAGES; i++) {
            label[p * IMAGES + i] = (uint8_t)(i % 2);
            score[p * IMAGES + i] = (i % 2 ? shift : 0) + effect + sqrt(1 - icc) * sim_normal(r);
        }
    }
}

static struct es_limits auroc_of(const double *score, const uint8_t *label, bool clustered)
{
    static uint32_t patient[PATIENTS * IMAGES];
    static uint8_t decision[PATIENTS * IMAGES], stage[PATIENTS * IMAGES], mark[PATIENTS * IMAGES];
    static int32_t day[PATIENTS * IMAGES];
    const uint32_t rows = PATIENTS * IMAGES;
    for (uint32_t i = 0; i < rows; i++) {
        patient[i] = clustered ? i / IMAGES : i;
        decision[i] = score[i] > 0;
        stage[i] = ES_STAGE_REFERENCED;
    }
    const struct es_sheet sheet = {.rows = rows, .patients = patient[rows - 1] + 1, .patient = patient, .score = score,
                                   .decision = decision, .label = label, .stage = stage, .mark = mark, .exam_day = day};
    const struct es_grouping everyone = {0};
    const struct es_level level = es_level_default();
    struct es_sweep *sweep;
    if (!es_sweep_run(&sheet, &everyone, 1, &sweep)) exit(1);
    const struct es_estimate e = es_metric_find("auroc")->finish(es_sweep_summary(sweep, 0), &level);
    es_sweep_free(sweep);
    return (struct es_limits){e.lo, e.hi};
}

static void print_coverage(const char *what, uint32_t clustered, uint32_t naive, uint32_t runs)
{
    printf("  %-44s %8.2f%% %8.2f%%\n", what, percent(clustered, runs), percent(naive, runs));
    if (es_clopper_pearson(clustered, runs, 0.002).hi < 0.93) failed = true;
}

static void coverage(const struct options *o)
{
    static const double rates[] = {0.7, 0.85, 0.95};
    const double icc = 0.3, start = now(), shift = 1.2;
    printf("\nCoverage of 95 %% intervals, %d patients of %d images, ICC %.1f:%14s %9s\n", PATIENTS, IMAGES, icc, "clustered", "naive");
    for (int k = 0; k < 3; k++) {
        uint32_t wilson = 0, naive = 0, gap = 0, naive_gap = 0;
        for (uint32_t run = 0; run < o->runs; run++) {
            struct sim_random r = sim_random(o->seed, 1000 + (uint64_t)k, run);
            struct es_gap_patient a[PATIENTS] = {{0}}, b[PATIENTS] = {{0}};
            const struct es_cluster_sums group = draw_arm(&r, rates[k], icc, a, true);
            const struct es_cluster_sums rest = draw_arm(&r, rates[k] - 0.1, icc, b, false);
            struct es_gap_sums sums = {0};
            for (int p = 0; p < PATIENTS; p++) es_gap_add_patient(&sums, &a[p]), es_gap_add_patient(&sums, &b[p]);
            const double deff = es_gap_deff(&sums);
            const struct es_two_by_two t = table_of(&sums, deff), u = table_of(&sums, 1);
            wilson += inside(es_wilson_clustered(&group, ALPHA), rates[k]);
            naive += inside(es_wilson((double)group.x, (double)group.n, ALPHA), rates[k]);
            gap += inside(es_miettinen_nurminen(&t, ALPHA), 0.1);
            naive_gap += inside(es_miettinen_nurminen(&u, ALPHA), 0.1);
            (void)rest;
        }
        char what[64];
        snprintf(what, sizeof what, "rate %.2f, Wilson", rates[k]);
        print_coverage(what, wilson, naive, o->runs);
        snprintf(what, sizeof what, "%.2f against %.2f, Miettinen-Nurminen", rates[k], rates[k] - 0.1);
        print_coverage(what, gap, naive_gap, o->runs);
    }
    uint32_t clustered = 0, naive = 0;
    const double far = es_norm_cdf(shift / sqrt(2)), own = es_norm_cdf(shift / sqrt(2 * (1 - icc)));
    const double area = far + (own - far) / PATIENTS; /* one pair in a hundred is of one patient */
    for (uint32_t run = 0; run < o->runs; run++) {
        static double score[PATIENTS * IMAGES];
        static uint8_t label[PATIENTS * IMAGES];
        struct sim_random r = sim_random(o->seed, 2000, run);
        progress(o, "AUROC", run);
        draw_scores(&r, icc, shift, score, label);
        clustered += inside(auroc_of(score, label, true), area);
        naive += inside(auroc_of(score, label, false), area);
    }
    print_coverage("AUROC 0.80, logit", clustered, naive, o->runs);
    printf("  (%.1fs)\n", now() - start);
}

/** How often a weekly confidence sequence of one rate is ever wrong (METRICS F1 under clusters). */
static void sequences(const struct options *o)
{
    static const struct sim_scenario scenarios[] = {{"1 image a patient", 1, 0, 0, 0.85, 0, 60, false},
                                                    {"4 images, ICC 0.3", 4, 0.3, 0, 0.85, 0, 60, false},
                                                    {"20 images, ICC 0.3", 20, 0.3, 0, 0.85, 0, 200, false},
                                                    {"4 images, ICC 0.3, 0.97", 4, 0.3, 0, 0.97, 0, 60, false},
                                                    {"20 images, ICC 0.3, 0.97", 20, 0.3, 0, 0.97, 0, 200, false}};
    printf("\n95 %% confidence sequence of one rate, %u weekly looks: runs in which it is ever wrong, once 50 patients are there\n", WEEKS);
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        const struct sim_scenario *s = &scenarios[i];
        struct sim_run run;
        struct sim_state state;
        uint32_t wrong = 0, naive = 0;
        if (!open_all(s, &run, &state)) exit(1);
        for (uint32_t r = 0; r < o->runs; r++) {
            bool off = false, naive_off = false;
            progress(o, s->name, r);
            sim_run_draw(&run, s, WEEKS, o->seed, r);
            sim_state_clear(&state);
            for (uint32_t w = 0, next = 0; w < WEEKS; w++) {
                for (; next < run.count && run.cases[next].week <= w; next++) sim_state_add(&state, &run.cases[next]);
                const struct es_cluster_sums *arm = &state.sums[0].group;
                const struct es_estimate e = es_monitor_rate(arm, ALPHA);
                if (e.status != ES_ESTIMATED || (arm->patients < arm->n && arm->patients < ES_GAP_MIN_PATIENTS)) continue;
                off = off || e.lo > s->rate || e.hi < s->rate;
                naive_off = naive_off || es_log_mixture((double)arm->x, (double)arm->n, 0.5, 0.5, s->rate) >= -log(ALPHA);
            }
            wrong += off;
            naive += naive_off;
        }
        printf("  %-30s %8.2f%%   as if independent %.2f%%\n", s->name, percent(wrong, o->runs), percent(naive, o->runs));
        hold(wrong, o->runs, 0.05);
        sim_run_free(&run);
        sim_state_free(&state);
    }
}

static bool whole(const char *text, uint64_t most, uint64_t *out)
{
    char *end;
    errno = 0;
    const unsigned long long n = strtoull(text, &end, 10);
    if (errno || end == text || *end || text[0] == '-' || n > most) return false;
    *out = n;
    return true;
}

int main(int argc, char **argv)
{
    struct options o = {.runs = 2000, .seed = 20261122};
    static const struct sim_scenario gaps[] = {{"1 image a patient", 1, 0, 0, 0.85, 0.1, 60, false},
                                               {"4 images, ICC 0.3", 4, 0.3, 0, 0.85, 0.1, 60, false}};
    for (int i = 1; i < argc; i++) {
        uint64_t n = 0;
        if (strcmp(argv[i], "--quiet") == 0) o.quiet = true;
        else if (strcmp(argv[i], "--runs") == 0 && i + 1 < argc && whole(argv[++i], 1000000, &n) && n > 0) o.runs = (uint32_t)n;
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc && whole(argv[++i], UINT64_MAX, &n)) o.seed = n;
        else {
            fprintf(stderr, "usage: sim_verdicts [--runs N] [--seed N] [--quiet]\n");
            return 2;
        }
    }
    const double start = now();
    setvbuf(stdout, NULL, _IOLBF, 0); /* rows show as they are ready, also in a pipe */
    printf("%u runs, seed %llu, alpha %.2f shared by 20 groups, margin %.2f\n\n", o.runs, (unsigned long long)o.seed, ALPHA, MARGIN);
    no_disparity(&o);
    delays(&o);
    for (int i = 0; i < 2; i++) detection(&o, &gaps[i]);
    sequences(&o);
    coverage(&o);
    printf("\n%.1f s in all; %s\n", now() - start, failed ? "a promise is NOT kept" : "all promises kept");
    return failed;
}
