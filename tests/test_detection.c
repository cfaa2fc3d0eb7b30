/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/detection.h"

#include <math.h>

#include "testlib.h"

static void test_froc_edges(void)
{
    double hits[] = {0.5, NAN}, misses[] = {0.5, 0.2};
    struct es_froc_point points[5];
    struct es_marks marks = {hits, 2, misses, 2, 4, 2};
    CU_ASSERT_EQUAL(es_froc_capacity(&marks), 5);
    CU_ASSERT_EQUAL(es_froc(&marks, points), 0); /* NaN */
    marks.hit_count = 1;
    CU_ASSERT_EQUAL(es_froc(&marks, points), 3);
    CU_ASSERT_EQUAL(points[1].fppi, 0.5); /* the tie is one point */
    CU_ASSERT_EQUAL(points[1].sensitivity, 0.25);
    CU_ASSERT_EQUAL(es_froc_sensitivity(&marks, points, 3, 0.25), 0.125);
    CU_ASSERT_EQUAL(es_froc_sensitivity(&marks, points, 3, 99), 0.25);
    CU_ASSERT_TRUE(isnan(es_froc_sensitivity(&marks, points, 3, -1)) && isnan(es_froc_sensitivity(&marks, points, 0, 1)));
    marks.lesions = 0;
    CU_ASSERT_EQUAL(es_froc(&marks, points), 3);
    CU_ASSERT_TRUE(isnan(points[1].sensitivity) && isnan(es_froc_score(&marks, points, 3)));
    marks.lesions = 4;
    marks.images = 0;
    CU_ASSERT_EQUAL(es_froc(&marks, points), 3);
    CU_ASSERT_TRUE(isnan(points[1].fppi) && isnan(es_froc_score(&marks, points, 3)));
    marks = (struct es_marks){.lesions = 3, .images = 2};
    CU_ASSERT_EQUAL(es_froc(&marks, points), 1); /* no marks: nothing is found at any rate */
    CU_ASSERT_EQUAL(es_froc_score_camelyon(&marks, points, 1), 0);
    marks.lesions = 0;
    CU_ASSERT_TRUE(isnan(es_froc_score(&marks, points, 1)));
    marks.lesions = 3;
    const struct es_froc_point steps[] = {{1, 0, 0}, {0.9, 0, 0.3}, {0.8, 0.5, 0.4}, {0.7, 0.5, 0.6}};
    CU_ASSERT_EQUAL(es_froc_sensitivity(&marks, steps, 4, 0), 0.3); /* the highest where several share a rate */
    CU_ASSERT_EQUAL(es_froc_sensitivity(&marks, steps, 4, 0.5), 0.6);
    CU_ASSERT_DOUBLE_EQUAL(es_froc_sensitivity(&marks, steps, 4, 0.25), 0.35, 1e-15);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"froc_edges", test_froc_edges},
        {NULL, NULL},
    };
    return es_test_main("detection", tests, argc, argv);
}
