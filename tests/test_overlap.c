/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/overlap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/bootstrap.h"
#include "metrics/distance.h"
#include "testlib.h"
#include "testrandom.h"

#define MOST 600 /* voxels of a random grid */

/** The slow way: surfaces by definition, all pairs of distances. */
struct slow {
    size_t n[2];
    double at[2][MOST][3];
    double d[2 * MOST];
};

static bool is_set(const struct es_grid *g, const uint8_t *mask, const long at[3])
{
    size_t index = 0;
    for (uint32_t a = 0; a < g->axes; a++) {
        if (at[a] < 0 || at[a] >= (long)g->size[a]) return false;
        index = index * g->size[a] + (size_t)at[a];
    }
    return mask[index] != 0;
}

static void find_surface(const struct es_grid *g, const uint8_t *mask, size_t voxels, struct slow *s, int which)
{
    for (size_t i = 0; i < voxels; i++) {
        long at[3] = {0};
        size_t rest = i;
        for (uint32_t a = g->axes; a-- > 0; rest /= g->size[a]) at[a] = (long)(rest % g->size[a]);
        if (!is_set(g, mask, at)) continue;
        bool surface = false;
        for (uint32_t a = 0; a < g->axes; a++)
            for (long step = -1; step <= 1; step += 2) {
                at[a] += step;
                surface = surface || !is_set(g, mask, at);
                at[a] -= step;
            }
        if (!surface) continue;
        for (int a = 0; a < 3; a++) s->at[which][s->n[which]][a] = (double)at[a] * g->spacing[a];
        s->n[which]++;
    }
}

static double nearest(const struct slow *s, const double *from, int to)
{
    double best = INFINITY;
    for (size_t j = 0; j < s->n[to]; j++) {
        double d2 = 0;
        for (int a = 0; a < 3; a++) d2 += (from[a] - s->at[to][j][a]) * (from[a] - s->at[to][j][a]);
        best = fmin(best, d2);
    }
    return sqrt(best);
}

static void compare(const struct es_grid *g, const uint8_t *ai, const uint8_t *ref, size_t voxels)
{
    static struct slow s;
    struct es_overlap o;
    memset(&s, 0, sizeof s);
    CU_ASSERT_EQUAL_FATAL(es_overlap_measure(g, ai, ref, &o), ES_OVERLAP_OK);
    find_surface(g, ai, voxels, &s, 0);
    find_surface(g, ref, voxels, &s, 1);
    if (s.n[0] == 0 || s.n[1] == 0) {
        CU_ASSERT_TRUE(isnan(o.hd) && isnan(o.hd95) && isnan(o.assd) && isnan(o.masd) && isnan(o.hd95_pooled));
        return;
    }
    double mean[2] = {0, 0}, p95[2];
    for (int side = 0; side < 2; side++) {
        double *d = s.d + (side ? s.n[0] : 0);
        for (size_t i = 0; i < s.n[side]; i++) mean[side] += d[i] = nearest(&s, s.at[side][i], !side);
        es_sort_doubles(d, s.n[side]);
        p95[side] = es_quantile_sorted(d, s.n[side], 0.95);
    }
    const size_t all = s.n[0] + s.n[1];
    CU_ASSERT_EQUAL(o.surface_ai, s.n[0]);
    CU_ASSERT_EQUAL(o.surface_ref, s.n[1]);
    CU_ASSERT_DOUBLE_EQUAL(o.hd95, fmax(p95[0], p95[1]), 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(o.assd, (mean[0] + mean[1]) / (double)all, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(o.masd, (mean[0] / (double)s.n[0] + mean[1] / (double)s.n[1]) / 2, 1e-9);
    es_sort_doubles(s.d, all);
    CU_ASSERT_DOUBLE_EQUAL(o.hd, s.d[all - 1], 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(o.hd95_pooled, es_quantile_sorted(s.d, all, 0.95), 1e-9);
}

/** Sparse and dense noise, and boxes, on small grids of one, two and three axes. */
static void test_all_pairs_agree(void)
{
    struct es_test_random r = {.seed = 4};
    uint8_t mask[2][MOST];
    for (int round = 0; round < 400; round++) {
        struct es_grid g = {.axes = 1 + (uint32_t)es_test_below(&r, 3)};
        size_t voxels;
        for (uint32_t a = 0; a < g.axes; a++) {
            g.size[a] = 1 + (uint32_t)es_test_below(&r, g.axes == 3 ? 8 : g.axes == 2 ? 20 : 60);
            g.spacing[a] = 0.1 + 3 * es_test_unit(&r);
        }
        CU_ASSERT_TRUE_FATAL(es_grid_voxels(&g, &voxels));
        const double density[2] = {es_test_unit(&r) * es_test_unit(&r), es_test_unit(&r)};
        for (int m = 0; m < 2; m++)
            for (size_t i = 0; i < voxels; i++) mask[m][i] = es_test_unit(&r) < density[m] ? 255 : 0;
        compare(&g, mask[0], mask[1], voxels);
    }
}

static void test_transform_is_exact(void)
{
    struct es_test_random r = {.seed = 5};
    const uint32_t size[3] = {7, 9, 11};
    const double spacing[3] = {2.5, 0.7, 1.3};
    static double field[7 * 9 * 11], start[7 * 9 * 11];
    struct es_distance_line line;
    CU_ASSERT_TRUE_FATAL(es_distance_line_init(&line, 11));
    for (size_t i = 0; i < 7 * 9 * 11; i++) field[i] = start[i] = es_test_unit(&r) < 0.01 ? 0.0 : (double)INFINITY;
    es_distance_squared(field, size, spacing, &line);
    for (size_t i = 0; i < 7 * 9 * 11; i++) {
        double best = INFINITY;
        for (size_t j = 0; j < 7 * 9 * 11; j++) {
            if (start[j] > 0) continue;
            const double d[3] = {spacing[0] * ((double)(i / 99) - (double)(j / 99)),
                                 spacing[1] * ((double)(i / 11 % 9) - (double)(j / 11 % 9)),
                                 spacing[2] * ((double)(i % 11) - (double)(j % 11))};
            best = fmin(best, d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
        }
        CU_ASSERT_DOUBLE_EQUAL(field[i], best, 1e-12 * best);
    }
    es_distance_line_free(&line);
}

/** A slab one voxel thick: an axis that is there makes every voxel surface, one that is not there does not. */
static void test_thin_axis(void)
{
    uint8_t full[25];
    struct es_overlap o;
    memset(full, 1, sizeof full);
    const struct es_grid flat = {2, {5, 5}, {1, 1}}, slab = {3, {1, 5, 5}, {4, 1, 1}};
    CU_ASSERT_EQUAL_FATAL(es_overlap_measure(&flat, full, full, &o), ES_OVERLAP_OK);
    CU_ASSERT_EQUAL(o.surface_ai, 16);
    CU_ASSERT_EQUAL_FATAL(es_overlap_measure(&slab, full, full, &o), ES_OVERLAP_OK);
    CU_ASSERT_EQUAL(o.surface_ai, 25);
    CU_ASSERT_EQUAL(o.volume_ai, 100);
    CU_ASSERT_EQUAL(o.hd, 0);
}

static void test_bad_grids_are_refused(void)
{
    const uint8_t voxel = 1;
    struct es_overlap o = {.dice = -7};
    const struct es_grid bad[] = {
        {0, {1}, {1}}, {4, {1}, {1}}, {1, {ES_OVERLAP_MAX_SIZE + 1}, {1}}, {1, {1}, {0}}, {1, {1}, {-1}}, {1, {1}, {(double)NAN}},
        {1, {1}, {1e10}},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        size_t voxels;
        CU_ASSERT_FALSE(es_grid_voxels(&bad[i], &voxels));
        CU_ASSERT_EQUAL(es_overlap_measure(&bad[i], &voxel, &voxel, &o), ES_OVERLAP_BAD_GRID);
    }
    CU_ASSERT_EQUAL(o.dice, -7);
    const struct es_grid empty = {2, {0, 5}, {1, 1}};
    CU_ASSERT_EQUAL(es_overlap_measure(&empty, &voxel, &voxel, &o), ES_OVERLAP_OK);
    CU_ASSERT_TRUE(o.both_empty && isnan(o.dice));
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"all_pairs_agree", test_all_pairs_agree},
        {"transform_is_exact", test_transform_is_exact},
        {"thin_axis", test_thin_axis},
        {"bad_grids_are_refused", test_bad_grids_are_refused},
        {NULL, NULL},
    };
    return es_test_main("overlap", tests, argc, argv);
}
