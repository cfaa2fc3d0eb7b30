/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON line to a message, an event, its canonical body and back; bytes that begin with the schema's number are a body themselves.
 * Held: no failure without its words, and whatever decodes encodes to the same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/event/event.h"
#include "plugin/intake/jsonl.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct es_config *config;
static struct es_key *key;

static void tear_down(void)
{
    es_config_free(config);
    es_key_close(key);
}

static void set_up(void)
{
    static const char text[] = "{\"Axes\":[{\"Name\":\"sex\",\"Attribute\":\"PatientSex\"},{\"Name\":\"age\",\"Attribute\":\"PatientAge\"},"
                               "{\"Name\":\"ethnicity\",\"Attribute\":\"EthnicGroup\",\"Vocabulary\":\"nhs-ethnic-category\"},{\"Name\":\"imd\",\"Linked\":\"imd_decile\"}],"
                               "\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\"}]}]}";
    static const uint8_t secret[32] = {1};
    if (config != NULL) return;
    if (es_config_parse(&config, text, sizeof text - 1, NULL, NULL) != ES_OK || es_key_from_bytes(&key, secret, NULL) != ES_OK) abort();
    (void)atexit(tear_down);
}

static void decode(const uint8_t *body, size_t len, int must)
{
    struct es_event event = {0};
    struct es_error err = {0};
    uint8_t *again = NULL;
    size_t again_len = 0;
    const enum es_errc code = es_event_decode(&event, body, len, &err);
    if (code != ES_OK) {
        if (must || err.code != code || err.text[0] == '\0') abort();
        return;
    }
    if (es_event_encode(&event, key, &again, &again_len, NULL) != ES_OK || again_len != len || memcmp(again, body, len) != 0) abort();
    free(again);
    es_event_clear(&event);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct es_message message;
    struct es_event event = {0};
    struct es_error err = {0};
    uint8_t *body = NULL;
    size_t body_len = 0;
    set_up();
    if (len > 0 && bytes[0] == 1) {
        decode(bytes, len, 0);
        return 0;
    }
    enum es_errc code = es_message_from_json(&message, (const char *)bytes, len, &err);
    if (code == ES_OK) {
        code = es_event_make(&event, &message, config, key, &err);
        es_message_clear(&message);
    }
    if (code == ES_OK) {
        if (es_event_encode(&event, key, &body, &body_len, &err) == ES_OK) decode(body, body_len, 1);
        free(body);
        es_event_clear(&event);
    } else if (err.code != code || err.text[0] == '\0') {
        abort();
    }
    return 0;
}
