/* SPDX-License-Identifier: Apache-2.0 */
#include "site_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testlib.h"

const char es_world_config[] = "{\"Enable\":true,\"Site\":\"A\"," ES_WORLD_SITE "]}";

static void fail(const char *what, const struct es_error *err)
{
    fprintf(stderr, "%s: %s\n", what, err->text);
    CU_FAIL_FATAL("world");
    abort();
}

static void write_key(const char *folder, const char *key)
{
    char path[300];
    snprintf(path, sizeof path, "%s/site.key", folder);
    FILE *file = fopen(path, "w");
    if (!file || fprintf(file, "%s\n", key) < 0 || fclose(file) != 0) abort();
}

void es_world_open(struct es_world *world, const char *text)
{
    es_world_open_in(world, text, es_test_tempdir(), NULL);
}

void es_world_open_in(struct es_world *world, const char *text, const char *folder_path, const char *key)
{
    struct es_error err = {0};
    char *filled = NULL;
    memset(world, 0, sizeof *world);
    snprintf(world->folder, sizeof world->folder, "%s", folder_path);
    if (key) write_key(folder_path, key);
    const char *form = text ? text : es_world_config, *at = form;
    size_t len = strlen(form) + 2 * sizeof world->folder;
    if (!(filled = calloc(1, len))) abort();
    for (size_t used = 0; *at;) { /* "%s" is the folder; nothing else is special */
        if (at[0] == '%' && at[1] == 's') {
            const size_t folder = strlen(world->folder);
            memcpy(filled + used, world->folder, folder);
            used += folder;
            at += 2;
        } else {
            filled[used++] = *at++;
        }
    }
    if (es_config_parse(&world->config, filled, strlen(filled), NULL, &err) != ES_OK) fail("configuration", &err);
    free(filled);
    if (es_site_open(&world->site, world->config, ES_SITE_WRITE, NULL, &err) != ES_OK) fail("open", &err);
}

void es_world_reopen(struct es_world *world, enum es_site_mode mode)
{
    struct es_error err = {0};
    es_site_close(world->site);
    if (es_site_open(&world->site, world->config, mode, NULL, &err) != ES_OK) fail("open again", &err);
}

void es_world_close(struct es_world *world)
{
    es_site_close(world->site);
    es_config_free(world->config);
}

void es_say_attribute(struct es_message *message, const char *keyword, const char *value)
{
    struct es_message_attribute *attribute = &message->attributes[message->n_attributes++];
    snprintf(attribute->keyword, sizeof attribute->keyword, "%s", keyword);
    snprintf(attribute->value, sizeof attribute->value, "%s", value);
    attribute->state = value[0] ? ES_ATTRIBUTE_PRESENT : ES_ATTRIBUTE_BLANK;
}

struct es_message *es_say(enum es_event_kind kind, unsigned study)
{
    struct es_message *message = malloc(sizeof *message);
    if (!message) abort();
    es_message_init(message);
    message->kind = kind;
    if (study) snprintf(message->study_uid, sizeof message->study_uid, "1.2.3.%u", study);
    return message;
}

struct es_message *es_say_exam(unsigned study, unsigned patient, int32_t day, const char *sex, const char *age)
{
    struct es_message *message = es_say(ES_EVENT_EXAM, study);
    if (patient) snprintf(message->patient_id, sizeof message->patient_id, "PAT%u", patient);
    message->study_day = day;
    es_say_attribute(message, "PatientSex", sex);
    es_say_attribute(message, "PatientAge", age);
    return message;
}

struct es_message *es_say_result(unsigned study, const char *version, const char *finding, double score, int64_t produced_s)
{
    struct es_message *message = es_say(ES_EVENT_RESULT, study);
    snprintf(message->model_name, sizeof message->model_name, "net");
    snprintf(message->model_version, sizeof message->model_version, "%s", version);
    message->result_status = ES_RESULT_OK;
    message->produced = produced_s * 1000000;
    message->zone_known = true;
    snprintf(message->findings[0].name, sizeof message->findings[0].name, "%s", finding);
    message->findings[0].has_score = true;
    message->findings[0].score = score;
    message->n_findings = 1;
    return message;
}

struct es_message *es_say_failure(unsigned study, const char *version, enum es_result_status status, int64_t produced_s)
{
    struct es_message *message = es_say(ES_EVENT_FAILURE, study);
    snprintf(message->model_name, sizeof message->model_name, "net");
    snprintf(message->model_version, sizeof message->model_version, "%s", version);
    message->result_status = status;
    message->produced = produced_s * 1000000;
    message->zone_known = true;
    return message;
}

struct es_message *es_say_reference(unsigned study, const char *source, enum es_reference_status status, int32_t label, int64_t established_s)
{
    struct es_message *message = es_say(ES_EVENT_REFERENCE, study);
    snprintf(message->source, sizeof message->source, "%s", source);
    message->reference_status = status;
    message->produced = established_s * 1000000;
    message->zone_known = true;
    message->saw_ai = ES_SAW_NO;
    snprintf(message->findings[0].name, sizeof message->findings[0].name, "effusion");
    message->findings[0].has_label = label >= 0;
    message->findings[0].label = label >= 0 ? label : 0;
    message->findings[0].evaluable = label >= 0;
    message->n_findings = 1;
    return message;
}

void es_unsay(struct es_message *message)
{
    es_message_clear(message);
    free(message);
}

enum es_outcome es_world_take(struct es_world *world, struct es_message *message)
{
    struct es_receipt receipt;
    struct es_error err = {0};
    const struct es_message *list[] = {message};
    if (es_site_take(world->site, list, 1, &receipt, &err) != ES_OK) fail("take", &err);
    if (receipt.outcome == ES_OUTCOME_REFUSED) fprintf(stderr, "refused: %s\n", receipt.error.text);
    es_unsay(message);
    return receipt.outcome;
}

struct es_message *es_say_demographics(unsigned patient, const char *keyword, const char *value, int32_t valid_from)
{
    struct es_message *message = es_say(ES_EVENT_DEMOGRAPHICS, 0);
    snprintf(message->patient_id, sizeof message->patient_id, "PAT%u", patient);
    snprintf(message->source, sizeof message->source, "linkage");
    es_say_attribute(message, keyword, value);
    message->valid_from = valid_from;
    return message;
}

void es_world_refuses_erased(struct es_world *world, struct es_message *message)
{
    struct es_receipt receipt;
    const struct es_message *list[] = {message};
    CU_ASSERT_EQUAL_FATAL(es_site_take(world->site, list, 1, &receipt, NULL), ES_OK);
    CU_ASSERT_EQUAL(receipt.outcome, ES_OUTCOME_REFUSED);
    CU_ASSERT_STRING_EQUAL(receipt.error.text, "of a person who was erased from this ledger on request");
    es_unsay(message);
}

void es_world_find(struct es_world *world, const char *sought, struct es_person *person)
{
    struct es_sought who;
    struct es_error err = {0};
    if (es_sought_parse(&who, sought, strlen(sought), &err) != ES_OK) fail("sought", &err);
    if (es_site_find_person(world->site, &who, person, &err) != ES_OK) fail("find", &err);
}

size_t es_world_forget(struct es_world *world, const char *sought)
{
    struct es_person person;
    es_world_find(world, sought, &person);
    const size_t count = person.count;
    CU_ASSERT_EQUAL(es_site_forget(world->site, &person, NULL), ES_OK);
    es_person_clear(&person);
    return count;
}

struct es_sheet_holder es_world_sheet(struct es_world *world, uint16_t model, uint16_t finding, int64_t now)
{
    struct es_sheet_holder out = {0};
    struct es_stream *streams = NULL;
    size_t n = 0;
    if (es_cohort_streams(es_site_cohort(world->site), &streams, &n, NULL) != ES_OK) CU_FAIL_FATAL("streams");
    for (size_t i = 0; i < n; i++)
        if (streams[i].model == model && streams[i].finding == finding && streams[i].epoch == 1) {
            const char *fault = NULL;
            if (es_cohort_sheet(es_site_cohort(world->site), &streams[i], ES_NO_DAY, ES_NO_DAY, now, ES_NO_DAY, &out, NULL) != ES_OK)
                CU_FAIL_FATAL("sheet");
            if (!es_sheet_check(&out.sheet, &fault)) {
                fprintf(stderr, "%s\n", fault);
                CU_FAIL("sheet is not well formed");
            }
        }
    free(streams);
    return out;
}
