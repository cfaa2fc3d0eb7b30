/* SPDX-License-Identifier: Apache-2.0 */
/** @file sample_release.h
 * The release that tests of pages and plots render, with every kind of figure (testdata/golden/sample-release.json).
 */
#ifndef ES_TESTS_SAMPLE_RELEASE_H
#define ES_TESTS_SAMPLE_RELEASE_H

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "testlib.h"

/** Owned by the caller: cJSON_Delete(). */
static inline cJSON *sample(void)
{
    char *text = es_test_slurp(es_testdata("golden/sample-release.json"), NULL);
    cJSON *release = text ? cJSON_Parse(text) : NULL;
    free(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(release);
    return release;
}

#endif
