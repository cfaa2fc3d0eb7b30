/* SPDX-License-Identifier: Apache-2.0 */
/** @file event_bodies.h
 * Stored bodies with one thing wrong, and what is said of each.
 */
#ifndef ES_TESTS_EVENT_BODIES_H
#define ES_TESTS_EVENT_BODIES_H

#include <stdio.h>
#include <string.h>

#include "plugin/base/hash.h"
#include "plugin/event/event.h"
#include "testlib.h"

struct bad_body {
    const char *hex, *text;
};

/** None is decoded; each says where it is wrong, what was found and what was expected. */
static inline void refuse_bodies(const struct bad_body *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t body[256];
        struct es_event event = {0};
        struct es_error err = {0};
        const size_t len = strlen(cases[i].hex) / 2;
        CU_ASSERT_TRUE_FATAL(len <= sizeof body && es_unhex(cases[i].hex, body, len));
        CU_ASSERT_NOT_EQUAL(es_event_decode(&event, body, len, &err), ES_OK);
        if (strcmp(err.text, cases[i].text) != 0) printf("    case %zu: %s\n", i, err.text);
        CU_ASSERT_STRING_EQUAL(err.text, cases[i].text);
    }
}

#endif
