/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/label_free.h"

#include <math.h>

#include "testlib.h"

static void test_label_free_edges(void)
{
    struct es_scored cases[] = {{0.9, 1}, {0.1, 0}};
    struct es_label_free e;
    CU_ASSERT_TRUE(es_label_free(cases, 2, 0.5, &e));
    CU_ASSERT_EQUAL(e.sensitivity, 1);
    CU_ASSERT_EQUAL(e.auroc, 1);
    CU_ASSERT_EQUAL(e.sd_sensitivity, 0);
    CU_ASSERT_TRUE(es_label_free(cases, 0, 0.5, &e));
    CU_ASSERT_TRUE(isnan(e.sensitivity) && isnan(e.accuracy) && isnan(e.auroc) && isnan(e.f1));
    const struct es_scored bad[] = {{NAN, 0.5}, {INFINITY, 0.5}, {0.5, NAN}, {0.5, 1.01}, {0.5, -0.01}};
    e.tp = 42;
    for (int i = 0; i < 5; i++) {
        struct es_scored one = bad[i];
        CU_ASSERT_FALSE(es_label_free(&one, 1, 0.5, &e));
    }
    CU_ASSERT_EQUAL(e.tp, 42);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"label_free_edges", test_label_free_edges},
        {NULL, NULL},
    };
    return es_test_main("label_free", tests, argc, argv);
}
