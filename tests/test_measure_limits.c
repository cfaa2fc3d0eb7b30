/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of measures at the ends of 128 bits: rounded where a product passes them, without an interval where a sum would. */
#include <math.h>
#include <stdlib.h>

#include "metrics/catalogue.h"
#include "metrics/measures.h"
#include "metrics/summary.h"
#include "testlib.h"

/* 2^32 pairs, one half (0, 0), the other (2^32, 0) steps of 2^-32: x is 0 or 1, its variance and that of x - y 1/4. Times n the sum of
 * squares is 2^127. */
static void moments_of_the_greatest_sheet_are_those_of_a_coin(void)
{
    struct es_pair_sums sums = {.n = UINT64_C(1) << 32, .patients = UINT64_C(1) << 32, .step = 0x1p-32};
    sums.x = (es_i128)1 << 63;
    sums.xx = (es_i128)1 << 95;
    const struct es_pair_moments m = es_pair_moments_of(&sums);
    CU_ASSERT_EQUAL(m.shift, 0.5);
    CU_ASSERT_EQUAL(m.xx, 0.25);
    CU_ASSERT_EQUAL(m.dd, 0.25);
    CU_ASSERT_EQUAL(m.yy, 0);
    CU_ASSERT_EQUAL(m.xy, 0);
}

/* One patient of 2^20 rows, all 0, and 2^20 patients of one row of 2^50 steps: the mean is 2^49 steps, sum (s - m n)^2 is 2^138 for the
 * one and 2^118 for the others together. */
static void spread_beyond_128_bits_keeps_its_digits(void)
{
    struct es_mean_sums sums = {.n = UINT64_C(1) << 21, .patients = (UINT64_C(1) << 20) + 1};
    const struct es_scale scale = {0, 0x1p-40};
    sums.k = sums.kn = (es_i128)1 << 70;
    sums.kk = (es_i128)1 << 120;
    sums.nn = ((es_i128)1 << 40) + ((es_i128)1 << 20);
    CU_ASSERT_EQUAL(es_mean_value(&sums, &scale), 0x1p9);
    CU_ASSERT_EQUAL(es_mean_spread(&sums, &scale), 0x1p16 + 0x1p-4); /* (2^138 + 2^118) / 2^42 2^-80 */
}

/** A sheet of two patients, the second of the last row; owned columns. */
struct long_sheet {
    uint32_t rows;
    uint32_t *patient;
    uint8_t *none, *stage; /* none: marks */
    uint8_t *answer;       /* ES_NO_ANSWER */
    double *score, *measure[2];
    int32_t *day;
};

static void end(struct long_sheet *t)
{
    free(t->patient);
    free(t->none);
    free(t->stage);
    free(t->answer);
    free(t->score);
    free(t->measure[0]);
    free(t->measure[1]);
    free(t->day);
}

static void begin(struct long_sheet *t, uint32_t rows)
{
    *t = (struct long_sheet){.rows = rows, .patient = calloc(rows, sizeof(uint32_t)), .none = calloc(rows, 1), .stage = calloc(rows, 1),
                             .answer = calloc(rows, 1), .score = calloc(rows, sizeof(double)), .day = calloc(rows, sizeof(int32_t)),
                             .measure = {calloc(rows, sizeof(double)), calloc(rows, sizeof(double))}};
    CU_ASSERT_TRUE_FATAL(t->patient && t->none && t->stage && t->answer && t->score && t->day && t->measure[0] && t->measure[1]);
    for (uint32_t i = 0; i < rows; i++) {
        t->stage[i] = ES_STAGE_REFERENCED;
        t->answer[i] = ES_NO_ANSWER;
        t->score[i] = (double)NAN;
    }
    t->patient[rows - 1] = 1;
}

/** Lower limit of agreement of the whole sheet. */
static struct es_estimate lower(const struct long_sheet *t, bool linear)
{
    static const struct es_grouping everyone[1] = {{0, {0}}};
    const double *const measure[2] = {t->measure[0], t->measure[1]};
    const struct es_sheet sheet = {.rows = t->rows, .patients = 2, .patient = t->patient, .score = t->score, .decision = t->answer,
                                   .label = t->answer, .stage = t->stage, .mark = t->none, .exam_day = t->day,
                                   .measures = ES_MEASURES_VALUES, .measure = measure};
    const struct es_level level = es_level_default();
    struct es_sweep *sweep = NULL;
    CU_ASSERT_TRUE_FATAL(es_sweep_run(&sheet, everyone, 1, &sweep));
    const struct es_summary *summary = es_sweep_summary(sweep, 0);
    CU_ASSERT_EQUAL(summary->measured->pair.n, t->rows);
    CU_ASSERT_EQUAL(summary->measured->pair.linear, linear);
    const struct es_estimate e = es_metric_find("agreement_lower")->finish(summary, &level);
    es_sweep_free(sweep);
    return e;
}

/* From 0 to 1.5 a step is 2^-31. One pair differs by a step, the others by 0.98 of it, which the grid does not see: each has an influence
 * of about 0.94 n, where those of differences on the grid are at most 3 on average. 2^20 of them in one patient, squared, pass 2^127. */
static void influences_that_cannot_be_summed_make_no_interval(void)
{
    for (uint32_t rows = 1u << 10; rows <= 1u << 20; rows <<= 10) {
        const double step = 0x1p-31;
        const bool few = rows == 1u << 10;
        struct long_sheet t;
        begin(&t, rows);
        for (uint32_t i = 0; i < rows; i++) {
            const double off = (i % 2 ? 0.49 : -0.49) * step;
            t.measure[0][i] = 0.5 + off;
            t.measure[1][i] = 0.5 - off;
        }
        t.measure[0][0] = t.measure[1][0] = 0;
        t.measure[0][1] = t.measure[1][1] = 1.5;
        t.measure[0][2] = 0.5 + step;
        t.measure[1][2] = 0.5;
        const struct es_estimate e = lower(&t, few);
        CU_ASSERT_EQUAL(e.status, ES_ESTIMATED);
        CU_ASSERT_TRUE(isfinite(e.value));
        CU_ASSERT_EQUAL(isfinite(e.lo) != 0, few);
        CU_ASSERT_EQUAL(isfinite(e.hi) != 0, few);
        end(&t);
    }
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"moments_of_the_greatest_sheet_are_those_of_a_coin", moments_of_the_greatest_sheet_are_those_of_a_coin},
        {"spread_beyond_128_bits_keeps_its_digits", spread_beyond_128_bits_keeps_its_digits},
        {"influences_that_cannot_be_summed_make_no_interval", influences_that_cannot_be_summed_make_no_interval},
        {NULL, NULL}};
    return es_test_main("measure_limits", tests, argc, argv);
}
