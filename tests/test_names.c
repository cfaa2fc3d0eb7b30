/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "plugin/event/names.h"
#include "site_world.h"
#include "testlib.h"

#define DAY 20000
#define AT(day) ((int64_t)(day) * 86400)

static struct es_config *config;
static struct es_key *key;

static void set_up(void)
{
    static const char text[] = "{\"Axes\":[{\"Name\":\"sex\",\"Attribute\":\"PatientSex\"}],\"Models\":[{\"Name\":\"Net One\","
                               "\"Findings\":[{\"Name\":\"Effusion\"},{\"Name\":\"effusion\"}]}]}";
    static const uint8_t bytes[32] = {1};
    if (config != NULL) return;
    CU_ASSERT_EQUAL_FATAL(es_config_parse(&config, text, sizeof text - 1, NULL, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_key_from_bytes(&key, bytes, NULL), ES_OK);
}

static void tokens_are_short_and_have_few_digits(void)
{
    static const char *const good[] = {"1.0", "v2.1.0-rc+20260301", "radiology-report", "a", "12345678", "abcdefghijklmnopqrstuvwxyz_.+-AB"};
    static const char *const bad[] = {"", "a b", "123456789", "1.0;b", "Jos\xc3\xa9", "~a", "abcdefghijklmnopqrstuvwxyz_.+-ABC", "943-476-5919"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) CU_ASSERT_EQUAL(es_is_token(good[i]), i != 1); /* 11 digits */
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) CU_ASSERT_FALSE(es_is_token(bad[i]));
}

static void only_configured_names_and_tokens_stay_in_clear(void)
{
    static const struct {
        enum es_name_kind kind;
        const char *name, *kept; /* "~": hashed */
    } cases[] = {
        {ES_NAMES_MODEL, "Net One", "Net One"},   {ES_NAMES_MODEL, " NET one ", "Net One"}, {ES_NAMES_MODEL, "JOHN SMITH", "~"},
        {ES_NAMES_MODEL, "Effusion", "~"},        {ES_NAMES_MODEL, "  ", ""},               {ES_NAMES_FINDING, "effusion", "effusion"},
        {ES_NAMES_FINDING, "Effusion", "Effusion"}, {ES_NAMES_FINDING, "EFFUSION", "Effusion"}, {ES_NAMES_FINDING, "Net One", "~"},
        {ES_NAMES_VERSION, "2.1", "2.1"},         {ES_NAMES_VERSION, "2.1 of Smith", "~"},  {ES_NAMES_VERSION, "", ""},
        {ES_NAMES_MANUFACTURER, "ACME", "ACME"},  {ES_NAMES_MANUFACTURER, "1950-01-011", "~"}, {ES_NAMES_UNITS, "mm", "mm"},
        {ES_NAMES_UNITS, "SMITH", "~"},
    };
    set_up();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char kept[ES_NAME_SIZE];
        const size_t size = cases[i].kind == ES_NAMES_UNITS ? 17 : sizeof kept;
        CU_ASSERT_EQUAL_FATAL(es_name_keep(config, key, cases[i].kind, cases[i].name, kept, size, NULL), ES_OK);
        if (strcmp(cases[i].kept, "~") == 0) {
            CU_ASSERT_EQUAL(kept[0], '~');
            CU_ASSERT_EQUAL(strlen(kept), size == 17 ? 16 : ES_HASHED_NAME);
            CU_ASSERT_EQUAL(strspn(kept + 1, "0123456789abcdef"), strlen(kept) - 1);
        } else {
            CU_ASSERT_STRING_EQUAL(kept, cases[i].kept);
        }
    }
    char model[ES_NAME_SIZE], finding[ES_NAME_SIZE], folded[ES_NAME_SIZE];
    CU_ASSERT_EQUAL(es_name_keep(config, key, ES_NAMES_MODEL, "smith", model, sizeof model, NULL), ES_OK);
    CU_ASSERT_EQUAL(es_name_keep(config, key, ES_NAMES_MODEL, " SMITH", folded, sizeof folded, NULL), ES_OK);
    CU_ASSERT_EQUAL(es_name_keep(config, key, ES_NAMES_FINDING, "smith", finding, sizeof finding, NULL), ES_OK);
    CU_ASSERT_STRING_EQUAL(model, folded);
    CU_ASSERT_STRING_NOT_EQUAL(model, finding);
}

/* What a site that knows neither the model nor its findings took counts once they are configured. */
static void a_name_that_is_configured_later_finds_its_events(void)
{
    static const char before[] = "{\"Ledger\":\"sqlite:%s/ledger.db\",\"PseudonymKeyFile\":\"%s/site.key\",\"Axes\":[{\"Name\":\"sex\",\"Attribute\":\"PatientSex\"}],\"Models\":[{\"Name\":\"other\","
                                 "\"Findings\":[{\"Name\":\"none\",\"Task\":\"binary\",\"Threshold\":0.5}]}]}";
    static const char after[] = "{\"Ledger\":\"sqlite:%s/ledger.db\",\"PseudonymKeyFile\":\"%s/site.key\",\"Axes\":[{\"Name\":\"sex\",\"Attribute\":\"PatientSex\"}],\"Models\":[{\"Name\":\"NET\",\"Findings\":["
                                "{\"Name\":\"Nodule\",\"Task\":\"binary\",\"Threshold\":0.5},"
                                "{\"Name\":\"Effusion\",\"Task\":\"binary\",\"Threshold\":0.5}]}]}";
    static const char key_text[] = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20";
    struct es_world world;
    struct es_stream *streams = NULL;
    struct es_sheet_holder holder = {0};
    size_t n = 0;
    char folder[256];
    (void)snprintf(folder, sizeof folder, "%s", es_test_tempdir());
    es_world_open_in(&world, before, folder, key_text);
    CU_ASSERT_EQUAL(es_world_take(&world, es_say_exam(1, 1, DAY, "F", "")), ES_OUTCOME_TAKEN);
    struct es_message *result = es_say_result(1, "1.0", "effusion", 0.8, AT(DAY) + 60);
    result->findings[1] = result->findings[0];
    (void)snprintf(result->findings[1].name, ES_NAME_SIZE, "nodule");
    result->findings[1].score = 0.25;
    result->n_findings = 2;
    CU_ASSERT_EQUAL(es_world_take(&world, result), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(es_world_take(&world, es_say_reference(1, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 2))), ES_OUTCOME_TAKEN);
    es_world_close(&world);
    es_world_open_in(&world, after, folder, key_text);
    CU_ASSERT_EQUAL_FATAL(es_cohort_streams(es_site_cohort(world.site), &streams, &n, NULL), ES_OK);
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(streams[i].version, "1.0") != 0 || streams[i].finding > 1) continue;
        CU_ASSERT_EQUAL_FATAL(es_cohort_sheet(es_site_cohort(world.site), &streams[i], ES_NO_DAY, ES_NO_DAY, INT64_MAX, ES_NO_DAY, &holder, NULL), ES_OK);
        CU_ASSERT_EQUAL_FATAL(holder.sheet.rows, 1);
        CU_ASSERT_EQUAL(holder.sheet.score[0], streams[i].finding == 0 ? 0.25 : 0.8);
        if (streams[i].finding == 1) CU_ASSERT_EQUAL(holder.sheet.label[0], 1);
        es_sheet_holder_clear(&holder);
        found++;
    }
    CU_ASSERT_EQUAL(found, 2);
    uint64_t entries = 0;
    CU_ASSERT_EQUAL(es_site_verify(world.site, &entries, NULL), ES_OK);
    CU_ASSERT_TRUE(entries >= 4);
    free(streams);
    es_world_close(&world);
}

/* A station's name outside the alphabet of equipment is found by the vocabulary that is configured later. */
static void a_value_that_enters_a_vocabulary_later_is_its_level(void)
{
    static const char before[] = "{\"Ledger\":\"sqlite:%s/ledger.db\",\"PseudonymKeyFile\":\"%s/site.key\","
                                 "\"Axes\":[{\"Name\":\"s\",\"Attribute\":\"StationName\"}],\"Models\":[{\"Name\":\"m\","
                                 "\"Findings\":[{\"Name\":\"f\",\"Task\":\"binary\",\"Threshold\":0.5}]}]}";
    static const char after[] = "{\"Ledger\":\"sqlite:%s/ledger.db\",\"PseudonymKeyFile\":\"%s/site.key\","
                                "\"Axes\":[{\"Name\":\"s\",\"Attribute\":\"StationName\",\"Vocabulary\":\"%s/stations.csv\"}],\"Models\":["
                                "{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"Task\":\"binary\",\"Threshold\":0.5}]}]}";
    static const char key_text[] = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20";
    char folder[256], path[300];
    struct es_names *names = NULL;
    (void)snprintf(folder, sizeof folder, "%s/later", es_test_tempdir());
    CU_ASSERT_EQUAL_FATAL(mkdir(folder, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/stations.csv", folder);
    FILE *csv = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(csv);
    fputs("code,level,group,state,order\nct#1,Room 1,Hospital,present,1\n", csv);
    fclose(csv);
    struct es_event_attribute kept[2];
    struct es_message_attribute sent = {.keyword = "StationName", .state = ES_ATTRIBUTE_PRESENT, .value = " CT#1"};
    struct es_world world;
    es_world_open_in(&world, before, folder, key_text);
    CU_ASSERT_EQUAL_FATAL(es_attribute_make(&kept[0], &sent, world.config, es_site_key(world.site), NULL), ES_OK);
    (void)snprintf(sent.value, sizeof sent.value, "CT#2");
    CU_ASSERT_EQUAL_FATAL(es_attribute_make(&kept[1], &sent, world.config, es_site_key(world.site), NULL), ES_OK);
    CU_ASSERT_EQUAL(kept[0].state, ES_ATTRIBUTE_UNMAPPED);
    es_world_close(&world);
    es_world_open_in(&world, after, folder, key_text);
    struct es_event event = {.attributes = kept, .n_attributes = 2};
    CU_ASSERT_EQUAL_FATAL(es_names_new(&names, world.config, es_site_key(world.site), NULL), ES_OK);
    es_names_put_back(names, &event);
    CU_ASSERT_EQUAL(kept[0].state, ES_ATTRIBUTE_PRESENT);
    CU_ASSERT_STRING_EQUAL(kept[0].value, "Room 1");
    CU_ASSERT_FALSE(es_pseudonym_set(&kept[0].unmapped));
    CU_ASSERT_EQUAL(kept[1].state, ES_ATTRIBUTE_UNMAPPED);
    CU_ASSERT_TRUE(es_pseudonym_set(&kept[1].unmapped));
    es_names_free(names);
    es_world_close(&world);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"tokens_are_short_and_have_few_digits", tokens_are_short_and_have_few_digits},
        {"only_configured_names_and_tokens_stay_in_clear", only_configured_names_and_tokens_stay_in_clear},
        {"a_name_that_is_configured_later_finds_its_events", a_name_that_is_configured_later_finds_its_events},
        {"a_value_that_enters_a_vocabulary_later_is_its_level", a_value_that_enters_a_vocabulary_later_is_its_level},
        {NULL, NULL}};
    const int status = es_test_main("names", tests, argc, argv);
    es_key_close(key);
    es_config_free(config);
    return status;
}
