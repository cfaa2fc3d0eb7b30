/* SPDX-License-Identifier: Apache-2.0 */
/* A file that is not DICOM, by a rule of its kind, to messages and events. Compiled once a kind: ES_FUZZ_RULE is the rule's number.
 * Held: every refusal has its words, on one line, and what is handed on is JSON of the schema or refused by it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/event/event.h"
#include "plugin/intake/intake.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define FINDINGS                                                                                                                                   \
    "\"Findings\":[{\"Finding\":\"f\",\"Codes\":[\"60046008,SCT\",\"EFF\"],\"Present\":[\"52101004,SCT\",\"POS\"],\"Absent\":[\"2667000,SCT\",\"NEG\"]," \
    "\"Positive\":[\"effusions?\"],\"Negative\":[\"angles are clear\"]},{\"Finding\":\"d\",\"Codes\":[\"DENS\"]},{\"Finding\":\"v\",\"Codes\":[\"VOL\"],\"Scale\":0.001}]"

static const char text[] =
    "{\"Axes\":[{\"Name\":\"sex\",\"Attribute\":\"PatientSex\"},{\"Name\":\"imd\",\"Linked\":\"imd\"}],"
    "\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{\"JSON\":\"$.f[*].p\"},{\"JSON\":\"$.f\"}]},{\"Name\":\"d\",\"Task\":\"ordinal\"},{\"Name\":\"v\",\"Task\":\"measurement\"}]}],"
    "\"Intake\":["
    "{\"Name\":\"csv\",\"Kind\":\"csv\",\"Files\":[\"*\"],\"Event\":\"result\",\"Model\":\"m\",\"Columns\":[\"u\",\"s\",\"t\",\"w\",\"r\"],\"Blank\":[\"NA\"],\"Text\":\"r\","
    "\"Map\":{\"study_uid\":{\"Column\":\"u\",\"Prefix\":\"1.2.\",\"Digits\":4},\"produced\":[{\"Column\":\"t\",\"Date\":\"DD.MM.YYYY hh:mm\",\"Zone\":\"Z\"},\"w\"],"
    "\"status\":{\"Column\":\"w\",\"Values\":{\"e\":\"failed\",\"r\":null},\"Otherwise\":\"ok\"},\"reason\":{\"Column\":\"w\",\"Pattern\":\"^([a-z]+)$\"},"
    "\"demographics\":{\"PatientSex\":\"r\"},\"findings\":[{\"finding\":{\"Constant\":\"f\"},\"score\":{\"Column\":\"s\",\"Scale\":0.01},\"decision\":\"w\"}]}},"
    "{\"Name\":\"hl7\",\"Kind\":\"hl7\",\"Files\":[\"*\"],\"Event\":\"reference\",\"Source\":\"s\",\"Map\":{\"event_id\":\"MSH-10.1\"}," FINDINGS "},"
    "{\"Name\":\"fhir\",\"Kind\":\"fhir\",\"Files\":[\"*\"],\"Source\":\"s\",\"Model\":\"m\"," FINDINGS "},"
    "{\"Name\":\"json\",\"Kind\":\"json\",\"Files\":[\"*\"],\"Event\":\"result\",\"Model\":\"m\",\"Each\":\"$.c[?@.k==\\\"x\\\"]\",\"Text\":\"@.text\",\"Where\":{\"Path\":\"@.k\",\"Is\":[\"x\"]},"
    "\"Map\":{\"study_uid\":[\"@.u\",\"$.u\"],\"status\":{\"Path\":\"@.exception\",\"Present\":\"failed\",\"Otherwise\":\"ok\"},\"produced\":\"@.t\","
    "\"unit\":{\"type\":\"@.unit.type\",\"id\":\"@.unit.id\"}}," FINDINGS "},"
    "{\"Name\":\"text\",\"Kind\":\"text\",\"Files\":[\"*\"],\"Event\":\"reference\",\"Source\":\"s\",\"Map\":{\"accession\":{\"File\":\"(.*)\"}}," FINDINGS "}]}";

static struct es_config *config;
static struct es_key *key;

static void tear_down(void)
{
    es_config_free(config);
    es_key_close(key);
}

static void set_up(void)
{
    static const uint8_t secret[32] = {1};
    if (config != NULL) return;
    if (es_config_parse(&config, text, sizeof text - 1, NULL, NULL) != ES_OK || es_key_from_bytes(&key, secret, NULL) != ES_OK) abort();
    (void)atexit(tear_down);
}

static void words(const struct es_error *why)
{
    if (why->code == ES_OK || why->text[0] == '\0' || strpbrk(why->text, "\r\n") != NULL) abort();
}

static enum es_errc take(void *context, uint64_t where, const cJSON *message, struct es_error *err)
{
    static struct es_message parsed;
    struct es_event event = {0};
    struct es_error why = {0};
    (void)context;
    (void)where;
    (void)err;
    if (!cJSON_IsObject(message)) abort();
    if (es_message_from_tree(&parsed, message, &why) != ES_OK) {
        words(&why);
        return ES_OK;
    }
    if (es_event_make(&event, &parsed, config, key, &why) == ES_OK) es_event_clear(&event);
    else words(&why);
    es_message_clear(&parsed);
    return ES_OK;
}

static void refuse(void *context, uint64_t where, const struct es_error *why)
{
    (void)context;
    (void)where;
    words(why);
}

static void silent(void *context, uint64_t where)
{
    (void)context;
    (void)where;
}

static void progress(void *context, uint64_t done, uint64_t total)
{
    (void)context;
    (void)done;
    (void)total;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct es_intake_sink sink = {NULL, take, refuse, silent, progress, NULL};
    struct es_error err = {0};
    set_up();
    if (es_intake_bytes(config, &config->intake[ES_FUZZ_RULE], "a/b.c", (const char *)bytes, len, &sink, &err) != ES_OK && err.text[0] == '\0') abort();
    return 0;
}
