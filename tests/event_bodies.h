/* SPDX-License-Identifier: Apache-2.0 */
/** @file event_bodies.h
 * Stored bodies with one thing wrong, and what is said of each; and the site that messages are made into events for.
 */
#ifndef ES_TESTS_EVENT_BODIES_H
#define ES_TESTS_EVENT_BODIES_H

#include <stdio.h>
#include <string.h>

#include "plugin/base/hash.h"
#include "plugin/config/config.h"
#include "plugin/event/event.h"
#include "plugin/pseudonym/pseudonym.h"
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

/** A configuration with axes of every kind, and a key. Owned by the caller. */
static inline void event_site(struct es_config **config, struct es_key **key)
{
    static const char text[] =
        "{\"Axes\":[{\"Name\":\"sex\",\"Attribute\":\"PatientSex\"},{\"Name\":\"age\",\"Attribute\":\"PatientAge\"},"
        "{\"Name\":\"ethnicity\",\"Attribute\":\"EthnicGroup\",\"Vocabulary\":\"nhs-ethnic-category\"},"
        "{\"Name\":\"scanner\",\"Attribute\":\"ManufacturerModelName\"},{\"Name\":\"imd\",\"Linked\":\"imd_decile\"},"
        "{\"Name\":\"n\",\"Linked\":\"visits\",\"Bands\":[0,5]}],\"PatientIDPrefix\":\"HX\","
        "\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\"},{\"Name\":\"effusion\"}]}]}";
    static const uint8_t bytes[32] = {1};
    CU_ASSERT_EQUAL_FATAL(es_config_parse(config, text, sizeof text - 1, NULL, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_key_from_bytes(key, bytes, NULL), ES_OK);
}

#endif
