/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/exact_sum.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/int128.h"
#include "testlib.h"
#include "testrandom.h"

/** Any finite double, all exponents alike. */
static double any_double(struct es_test_random *r)
{
    double x;
    do {
        const uint64_t bits = es_test_word(r);
        memcpy(&x, &bits, sizeof x);
    } while (!isfinite(x));
    return x;
}

static double sum_of(const double *x, size_t n)
{
    struct es_exact_sum s = {.waiting = 0};
    for (size_t i = 0; i < n; i++) CU_ASSERT_TRUE_FATAL(es_exact_sum_add(&s, x[i]));
    return es_exact_sum_value(&s);
}

/* Expected by hand: the exact sum of what is written, rounded to nearest even. */
static void test_known_sums(void)
{
    CU_ASSERT_EQUAL(sum_of((const double[]){1e308, 1e308, -1e308, -1e308, 5e-324}, 5), 5e-324);
    CU_ASSERT_EQUAL(sum_of((const double[]){1, 1e100, 1, -1e100}, 4), 2);
    CU_ASSERT_EQUAL(sum_of((const double[]){0x1p53, 1}, 2), 0x1p53);           /* tie, to even */
    CU_ASSERT_EQUAL(sum_of((const double[]){0x1p53, 1, 0x1p-1074}, 3), 0x1p53 + 2); /* just above the tie */
    CU_ASSERT_EQUAL(sum_of((const double[]){0x1p53, 3}, 2), 0x1p53 + 4);       /* tie, to even */
    CU_ASSERT_EQUAL(sum_of((const double[]){DBL_MAX, DBL_MAX}, 2), INFINITY);
    CU_ASSERT_EQUAL(sum_of((const double[]){-DBL_MAX, -DBL_MAX}, 2), -INFINITY);
    CU_ASSERT_EQUAL(sum_of((const double[]){DBL_MAX, 0x1p969}, 2), DBL_MAX);   /* less than half a last place */
    CU_ASSERT_EQUAL(sum_of((const double[]){DBL_MAX, 0x1p970}, 2), INFINITY);  /* the tie rounds away */
    CU_ASSERT_EQUAL(sum_of((const double[]){DBL_MIN, -0x1p-1074}, 2), DBL_MIN - 0x1p-1074);
    CU_ASSERT_EQUAL(sum_of((const double[]){-0x1p-1074, 0x1p-1073}, 2), 0x1p-1074);
}

static void test_zero_is_never_negative(void)
{
    CU_ASSERT_FALSE(signbit(sum_of((const double[]){-0.0, -0.0}, 2)));
    CU_ASSERT_FALSE(signbit(sum_of((const double[]){-1.5, 1.5}, 2)));
    CU_ASSERT_FALSE(signbit(sum_of(NULL, 0)));
}

static void test_products(void)
{
    struct es_exact_product p = {.waiting = 0};
    CU_ASSERT_TRUE(es_exact_product_add(&p, 0x1p-1074, 0x1p-1074));
    CU_ASSERT_EQUAL(es_exact_product_value(&p), 0.0); /* 2^-2148 is below half the smallest double */
    CU_ASSERT_TRUE(es_exact_product_add(&p, 0x1p-600, 0x1p-475));
    CU_ASSERT_EQUAL(es_exact_product_value(&p), 0x1p-1074); /* 2^-1075 and a little: above the tie */
    CU_ASSERT_TRUE(es_exact_product_add(&p, DBL_MAX, DBL_MAX));
    CU_ASSERT_EQUAL(es_exact_product_value(&p), INFINITY);
    CU_ASSERT_TRUE(es_exact_product_add(&p, -DBL_MAX, DBL_MAX));
    CU_ASSERT_EQUAL(es_exact_product_value(&p), 0x1p-1074);
    struct es_exact_product q = {.waiting = 0};
    CU_ASSERT_TRUE(es_exact_product_add(&q, 1 + DBL_EPSILON, 1 + DBL_EPSILON));
    CU_ASSERT_TRUE(es_exact_product_add(&q, -1, 1 + 2 * DBL_EPSILON));
    CU_ASSERT_EQUAL(es_exact_product_value(&q), 0x1p-104); /* the part that rounding a square loses */
}

static void test_not_finite_changes_nothing(void)
{
    struct es_exact_sum s = {.waiting = 0};
    struct es_exact_product p = {.waiting = 0};
    CU_ASSERT_TRUE(es_exact_sum_add(&s, 2.5));
    CU_ASSERT_TRUE(es_exact_product_add(&p, 2.5, 2));
    const double bad[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_FALSE(es_exact_sum_add(&s, bad[i]));
        CU_ASSERT_FALSE(es_exact_product_add(&p, bad[i], 1));
        CU_ASSERT_FALSE(es_exact_product_add(&p, 1, bad[i]));
    }
    CU_ASSERT_EQUAL(es_exact_sum_value(&s), 2.5);
    CU_ASSERT_EQUAL(es_exact_product_value(&p), 5);
}

/** Carries that waited as long as they may are passed on, and nothing of the sum changes. */
static void test_waiting_carries_are_passed_on(void)
{
    struct es_exact_sum s = {.waiting = 0};
    struct es_exact_product p = {.waiting = 0};
    for (int i = 0; i < 3; i++) {
        s.waiting = p.waiting = (1u << 30) - 1;
        CU_ASSERT_TRUE(es_exact_sum_add(&s, -0x1.fffffffffffffp-1));
        CU_ASSERT_TRUE(es_exact_product_add(&p, -0x1.fffffffffffffp-1, 0x1p40));
        CU_ASSERT_EQUAL(s.waiting + p.waiting, 0);
    }
    CU_ASSERT_EQUAL(es_exact_sum_value(&s), 3 * -0x1.fffffffffffffp-1);
    CU_ASSERT_EQUAL(es_exact_product_value(&p), 3 * -0x1.fffffffffffffp39);
}

#define VALUES 400

/** Any permutation, any sharding, any order of merging: the same exact number. */
static void test_merge_law(void)
{
    struct es_test_random r = {.seed = 1};
    double x[VALUES];
    for (int round = 0; round < 40; round++) {
        struct es_exact_sum whole = {.waiting = 0}, shard[8] = {{.waiting = 0}}, merged = {.waiting = 0};
        struct es_exact_product squares = {.waiting = 0}, part[8] = {{.waiting = 0}}, all = {.waiting = 0};
        for (int i = 0; i < VALUES; i++) x[i] = round % 2 ? any_double(&r) : es_test_unit(&r) - 0.5;
        for (int i = 0; i < VALUES; i++) {
            (void)es_exact_sum_add(&whole, x[i]);
            (void)es_exact_product_add(&squares, x[i], x[i]);
        }
        for (int i = VALUES - 1; i >= 0; i--) { /* a random permutation, dealt to random shards */
            const size_t k = es_test_below(&r, (uint64_t)i + 1), to = es_test_below(&r, 8);
            const double moved = x[k];
            x[k] = x[i];
            x[i] = moved;
            (void)es_exact_sum_add(&shard[to], moved);
            (void)es_exact_product_add(&part[to], moved, moved);
        }
        for (int i = 0; i < 8; i++) {
            const int k = (i * 5 + round) % 8;
            es_exact_sum_merge(&merged, &shard[k]);
            es_exact_product_merge(&all, &part[k]);
        }
        CU_ASSERT_TRUE(es_exact_sum_equal(&merged, &whole));
        CU_ASSERT_TRUE(es_exact_product_equal(&all, &squares));
        const double a = es_exact_sum_value(&merged), b = es_exact_sum_value(&whole);
        CU_ASSERT_EQUAL(memcmp(&a, &b, sizeof a), 0);
        es_exact_sum_subtract(&merged, &whole);
        es_exact_product_subtract(&all, &squares);
        CU_ASSERT_TRUE(es_exact_sum_equal(&merged, &(struct es_exact_sum){.waiting = 0}));
        CU_ASSERT_EQUAL(es_exact_product_value(&all), 0.0);
    }
}

/** Integers below 2^40 add exactly in 64 bits, and their centred moments in 128: an independent route to the same numbers. */
static void test_moment_of_integers(void)
{
    struct es_test_random r = {.seed = 2};
    for (int round = 0; round < 50; round++) {
        struct es_exact_sum sx = {.waiting = 0}, sy = {.waiting = 0};
        struct es_exact_product sxy = {.waiting = 0};
        es_i128 x_sum = 0, y_sum = 0, xy_sum = 0;
        const uint64_t n = 1 + es_test_below(&r, 300);
        for (uint64_t i = 0; i < n; i++) {
            const int64_t x = (int64_t)es_test_below(&r, UINT64_C(1) << 40) - (INT64_C(1) << 39);
            const int64_t y = (int64_t)es_test_below(&r, UINT64_C(1) << 40);
            (void)es_exact_sum_add(&sx, (double)x);
            (void)es_exact_sum_add(&sy, (double)y);
            (void)es_exact_product_add(&sxy, (double)x, (double)y);
            x_sum += x;
            y_sum += y;
            xy_sum += (es_i128)x * y;
        }
        const es_i128 exact = (es_i128)n * xy_sum - x_sum * y_sum;
        CU_ASSERT_EQUAL(es_exact_moment(&sx, &sy, &sxy, n), (double)exact / (double)n);
    }
    const struct es_exact_sum none = {.waiting = 0};
    const struct es_exact_product nothing = {.waiting = 0};
    CU_ASSERT_TRUE(isnan(es_exact_moment(&none, &none, &nothing, 0)));
}

/** A constant has no spread, however it rounds; so have subnormal ones. */
static void test_moment_of_a_constant_is_zero(void)
{
    const double constants[] = {0.1, -1e300, 0x1p-1074, 1e150};
    for (int c = 0; c < 4; c++) {
        struct es_exact_sum s = {.waiting = 0};
        struct es_exact_product p = {.waiting = 0};
        for (int i = 0; i < 77; i++) {
            (void)es_exact_sum_add(&s, constants[c]);
            (void)es_exact_product_add(&p, constants[c], constants[c]);
        }
        CU_ASSERT_EQUAL(es_exact_moment(&s, &s, &p, 77), 0.0);
    }
}

/* By hand: 3e-200 and 4e-200 have root sum of squares 5e-200, whose square no double holds; likewise 3e200 and 4e200. */
static void test_roots_of_squares_beyond_the_range_of_a_double(void)
{
    static const double sizes[] = {1e-200, 1e-300, 1, 1e200};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const double d[] = {3 * sizes[i], 4 * sizes[i]};
        struct es_exact_sum sum = {.waiting = 0};
        struct es_exact_product squares = {.waiting = 0};
        for (int k = 0; k < 2; k++)
            CU_ASSERT_TRUE(es_exact_sum_add(&sum, d[k]) && es_exact_product_add(&squares, d[k], d[k]));
        CU_ASSERT_DOUBLE_EQUAL(es_exact_product_root(&squares, 1), 5 * sizes[i], 1e-15 * 5 * sizes[i]);
        CU_ASSERT_DOUBLE_EQUAL(es_exact_deviation(&sum, &squares, 2), sqrt(0.5) * sizes[i], 1e-15 * sizes[i]);
    }
}

static void test_roots_without_a_value(void)
{
    struct es_exact_sum sum = {.waiting = 0};
    struct es_exact_product squares = {.waiting = 0};
    CU_ASSERT_EQUAL(es_exact_product_root(&squares, 3), 0);
    CU_ASSERT_TRUE(isnan(es_exact_deviation(&sum, &squares, 1)));
    CU_ASSERT_TRUE(es_exact_product_add(&squares, -1, 1));
    CU_ASSERT_EQUAL(es_exact_product_root(&squares, 3), 0);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"known_sums", test_known_sums},
        {"zero_is_never_negative", test_zero_is_never_negative},
        {"products", test_products},
        {"not_finite_changes_nothing", test_not_finite_changes_nothing},
        {"waiting_carries_are_passed_on", test_waiting_carries_are_passed_on},
        {"merge_law", test_merge_law},
        {"moment_of_integers", test_moment_of_integers},
        {"moment_of_a_constant_is_zero", test_moment_of_a_constant_is_zero},
        {"roots_of_squares_beyond_the_range_of_a_double", test_roots_of_squares_beyond_the_range_of_a_double},
                                           {"roots_without_a_value", test_roots_without_a_value},
                                           {NULL, NULL},
    };
    return es_test_main("exact_sum", tests, argc, argv);
}
