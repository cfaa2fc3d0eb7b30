/* SPDX-License-Identifier: Apache-2.0 */
/* A rule of From and a text that it reads: the bytes up to the first NUL are the rule's JSON, what is behind it stands in a tag, in a
 * private tag and in a report. Held: no refusal without its words, the canonical document reads back to itself, scores are in 0..1. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/json.h"
#include "plugin/recognise/recognise.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Does the canonical document come to itself again? */
static void rebuild(const struct es_config *config)
{
    struct es_config *again = NULL;
    if (es_config_from_documents(&again, config->document, config->plan_document, NULL) != ES_OK) abort();
    if (strcmp(again->document, config->document) != 0) abort();
    es_config_free(again);
}

/* The text everywhere that the one rule could look. */
static void run(const struct es_config *config, char *text)
{
    static struct es_facts facts;
    struct es_algorithm algorithm = {.source = ES_ALGORITHM_EQUIPMENT, .manufacturer = "m"};
    const struct es_from_rule *rule = &config->models[0].findings[0].from[0];
    struct es_report_text texts[1] = {{.concept = rule->concept, .text = text}};
    struct es_tag_value values[1] = {{.depth = rule->tag_depth, .vr = "UT", .text = text}};
    struct es_report_facts report = {.algorithms = &algorithm, .n_algorithms = 1, .texts = texts, .n_texts = 1, .values = values, .n_values = 1};
    struct es_message **messages = NULL;
    size_t count = 0;
    char why[160];
    memcpy(values[0].path, rule->tag, sizeof values[0].path);
    memcpy(values[0].creator, rule->creator, sizeof values[0].creator);
    memset(&facts, 0, sizeof facts);
    facts.kind = ES_OBJECT_SR;
    facts.form = ES_FORM_REPORT;
    facts.report = &report;
    if (es_messages_from_facts(&facts, config, "", false, &messages, &count, why, sizeof why, NULL) != ES_OK) return;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < messages[i]->n_findings; k++) {
            const struct es_finding *f = &messages[i]->findings[k];
            if (f->has_score && !(f->score >= 0 && f->score <= 1)) abort();
        }
    es_messages_free(messages, count);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const char head[] = "{\"Models\":[{\"Name\":\"m\",\"Recognise\":{\"Manufacturer\":\"m\"},\"Findings\":[{\"Name\":\"f\",\"From\":[", tail[] = "]}]}]}";
    struct es_config *config = NULL;
    struct es_error err = {0};
    const uint8_t *end = memchr(bytes, 0, len);
    const size_t n = end ? (size_t)(end - bytes) : len, rest = end ? len - n - 1 : 0;
    char *text = malloc(sizeof head + sizeof tail + n), *value = malloc(rest + 1);
    if (!text || !value) abort();
    const int used = snprintf(text, sizeof head + sizeof tail + n, "%s%.*s%s", head, (int)n, (const char *)bytes, tail);
    memcpy(value, bytes + len - rest, rest);
    value[rest] = '\0';
    const enum es_errc code = es_config_parse(&config, text, (size_t)used, NULL, &err);
    if (code != ES_OK && (err.code != code || err.text[0] == '\0')) abort();
    if (code == ES_OK) rebuild(config);
    /* values of facts are UTF-8 without control characters (dicom/text.h) */
    for (size_t i = 0; i < rest; i++)
        if ((unsigned char)value[i] < 0x20) value[i] = ' ';
    if (code == ES_OK && config->models[0].findings[0].n_from == 1 && es_utf8_valid(value, strlen(value))) run(config, value);
    es_config_free(config);
    free(text);
    free(value);
    return 0;
}
