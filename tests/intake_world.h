/* SPDX-License-Identifier: Apache-2.0 */
/** @file intake_world.h
 * What tests of plugin/intake/ share: a configuration with one rule, bytes, and what became of them as text:
 * one line a message ("2 {...}", canonical JSON), a refusal ("3 refused: ...") or silence ("4 silent").
 */
#ifndef ES_TESTS_INTAKE_WORLD_H
#define ES_TESTS_INTAKE_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/json.h"
#include "plugin/intake/intake.h"
#include "testlib.h"

struct intake_world {
    struct es_config *config;
    char got[65536];
    size_t len;
};

static inline void world_line(struct intake_world *w, uint64_t where, const char *what, const char *text)
{
    const int n = snprintf(w->got + w->len, sizeof w->got - w->len, "%llu %s%s\n", (unsigned long long)where, what, text);
    if (n > 0 && w->len + (size_t)n < sizeof w->got) w->len += (size_t)n;
}

static inline enum es_errc world_take(void *context, uint64_t where, const cJSON *message, struct es_error *err)
{
    char *text = NULL;
    static struct es_message parsed; /* what is handed on is of the schema */
    struct es_error why = {0};
    if (es_json_canonical(message, &text, err) != ES_OK) return ES_E_MEMORY;
    world_line(context, where, "", text);
    if (es_message_from_tree(&parsed, message, &why) != ES_OK) world_line(context, where, "not of the schema: ", why.text);
    else es_message_clear(&parsed);
    free(text);
    return ES_OK;
}

static inline void world_refuse(void *context, uint64_t where, const struct es_error *why) { world_line(context, where, "refused: ", why->text); }
static inline void world_silent(void *context, uint64_t where) { world_line(context, where, "silent", ""); }
static inline void world_progress(void *context, uint64_t done, uint64_t total)
{
    (void)context;
    (void)done;
    (void)total;
}

#define WORLD_MODELS                                                                                                                     \
    "\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"effusion\",\"From\":[{\"JSON\":\"$.effusion\"}]},{\"Name\":\"pneumothorax\"},"   \
    "{\"Name\":\"density\",\"Task\":\"ordinal\"},{\"Name\":\"lvef\",\"Task\":\"measurement\"}]}]"

/** The configuration with these rules; printed and fatal when it has a fault. */
static inline void world_open(struct intake_world *w, const char *rules)
{
    char text[16384];
    struct es_error err = {0};
    w->len = 0;
    w->got[0] = '\0';
    (void)snprintf(text, sizeof text, "{" WORLD_MODELS ",\"Intake\":[%s]}", rules);
    w->config = NULL;
    if (es_config_parse(&w->config, text, strlen(text), NULL, &err) != ES_OK) printf("    %s\n", err.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w->config);
}

static inline void world_close(struct intake_world *w)
{
    es_config_free(w->config);
    w->config = NULL;
}

static inline struct es_intake_sink world_sink(struct intake_world *w)
{
    return (struct es_intake_sink){w, world_take, world_refuse, world_silent, world_progress, NULL};
}

/** Bytes by the one rule: what becomes of them. */
static inline void world_expect_bytes(const char *rule, const char *path, const char *bytes, size_t len, const char *expected)
{
    static struct intake_world w;
    struct es_error err = {0};
    world_open(&w, rule);
    const struct es_intake_sink sink = world_sink(&w);
    CU_ASSERT_EQUAL(es_intake_bytes(w.config, &w.config->intake[0], path, bytes, len, &sink, &err), ES_OK);
    CU_ASSERT_STRING_EQUAL(w.got, expected);
    if (strcmp(w.got, expected) != 0) printf("    got:\n%s    expected:\n%s", w.got, expected);
    world_close(&w);
}

static inline void world_expect(const char *rule, const char *text, const char *expected)
{
    world_expect_bytes(rule, "folder/file", text, strlen(text), expected);
}

#endif
