/* SPDX-License-Identifier: Apache-2.0 */
/* An alarm that a report finds becomes an event of the ledger, once, and changes no report. */
#include <stdlib.h>
#include <string.h>

#include "plugin/report/report.h"
#include "plugin/report/view.h"
#include "site_world.h"
#include "testlib.h"
#include "worker_host.h"

#define DAY 20000
#define AT(day) ((int64_t)(day) * 86400)

static const char config[] =
    "{\"Enable\":true,\"Site\":\"A\",\"Ledger\":\"sqlite:%s/ledger.db\",\"PseudonymKeyFile\":\"%s/site.key\","
    "\"Axes\":[{\"Name\":\"sex\",\"Attribute\":\"PatientSex\"}],"
    "\"Models\":[{\"Name\":\"net\",\"Recognise\":{\"AlgorithmName\":\"Net\"},"
    "\"Findings\":[{\"Name\":\"effusion\",\"Task\":\"binary\",\"Threshold\":0.5,\"ReferenceWithin\":\"1d\"}]}],"
    "\"Plan\":{\"PrimaryMetrics\":[\"sensitivity\"],\"PrimaryGroups\":[\"sex\"],\"Margin\":{\"sensitivity\":0.1},\"Since\":\"20200101\"}}";

/** Women with disease, a case a day: 10 of the first 100 missed, then all missed. */
static void fill(struct es_world *world, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        const bool missed = i >= 100 || i % 10 == 3;
        CU_ASSERT_EQUAL_FATAL(es_world_take(world, es_say_exam(i + 1, i + 1, DAY + (int32_t)i, "F", "050Y")), ES_OUTCOME_TAKEN);
        CU_ASSERT_EQUAL_FATAL(es_world_take(world, es_say_result(i + 1, "1.0", "effusion", missed ? 0.2 : 0.8, AT(DAY + i) + 60)), ES_OUTCOME_TAKEN);
        CU_ASSERT_EQUAL_FATAL(es_world_take(world, es_say_reference(i + 1, "report", ES_REFERENCE_FINAL, 1, AT(DAY + i) + 120)), ES_OUTCOME_TAKEN);
    }
}

static cJSON *build(struct es_world *world, struct es_report_options options)
{
    cJSON *release = NULL;
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(es_report_build(world->site, &options, &release, &err), ES_OK);
    return release;
}

static const struct es_report_options everything = {ES_NO_DAY, ES_NO_DAY, ES_AUDIENCE_INTERNAL};

static char *bytes_of(struct es_world *world)
{
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    cJSON *release = build(world, everything);
    CU_ASSERT_EQUAL_FATAL(es_render_json(release, &bytes, &err), ES_OK);
    cJSON_Delete(release);
    return (char *)bytes.data;
}

static size_t record(struct es_world *world)
{
    size_t taken = 99;
    struct es_error err = {0};
    cJSON *release = build(world, everything);
    CU_ASSERT_EQUAL(es_report_record_alarms(world->site, release, &taken, &err), ES_OK);
    cJSON_Delete(release);
    return taken;
}

static void an_alarm_is_recorded_once_and_moves_nothing(void)
{
    struct es_world world;
    struct es_error err = {0};
    uint64_t entries = 0, more = 0;
    es_world_open(&world, config);
    fill(&world, 0, 110);
    char *before = bytes_of(&world);
    CU_ASSERT_PTR_NOT_NULL(strstr(before, "\"exam_day\""));
    CU_ASSERT_EQUAL(es_site_verify(world.site, &entries, &err), ES_OK);
    const size_t first = record(&world);
    CU_ASSERT_EQUAL(first, 2); /* everyone and sex F */
    CU_ASSERT_EQUAL(es_site_verify(world.site, &more, &err), ES_OK);
    CU_ASSERT_EQUAL(more, entries + 2);
    CU_ASSERT_EQUAL(record(&world), 0);
    char *after = bytes_of(&world);
    CU_ASSERT_STRING_EQUAL(before, after);
    free(after);
    es_world_reopen(&world, ES_SITE_WRITE);
    CU_ASSERT_EQUAL(record(&world), 0);
    after = bytes_of(&world);
    CU_ASSERT_STRING_EQUAL(before, after);
    free(after);
    free(before);
    /* an alarm stays what it was when cases follow; a second one is new */
    fill(&world, 110, 111);
    CU_ASSERT_EQUAL(record(&world), 0);
    fill(&world, 111, 116); /* six misses each: the 106th and the 112th woman */
    CU_ASSERT_EQUAL(record(&world), 2);
    CU_ASSERT_EQUAL(es_site_verify(world.site, &entries, &err), ES_OK);
    es_world_close(&world);
}

static void recording_a_report_records_its_alarms(void)
{
    struct es_world world;
    struct es_error err = {0};
    uint64_t entries = 0, more = 0;
    es_world_open(&world, config);
    fill(&world, 0, 110);
    CU_ASSERT_EQUAL(es_site_verify(world.site, &entries, &err), ES_OK);
    cJSON *release = build(&world, everything);
    CU_ASSERT_EQUAL(es_report_record(world.site, release, &err), ES_OK);
    CU_ASSERT_EQUAL(es_report_record(world.site, release, &err), ES_OK);
    cJSON_Delete(release);
    CU_ASSERT_EQUAL(es_site_verify(world.site, &more, &err), ES_OK);
    CU_ASSERT_EQUAL(more, entries + 3); /* two alarms and the release */
    es_world_close(&world);
}

/* Charts of another period begin elsewhere, and outsiders are told no day. */
static void parts_and_other_audiences_record_none(void)
{
    static const struct es_report_options others[] = {{DAY, ES_NO_DAY, ES_AUDIENCE_INTERNAL}, {ES_NO_DAY, DAY + 111, ES_AUDIENCE_INTERNAL},
                                                      {ES_NO_DAY, ES_NO_DAY, ES_AUDIENCE_EXTERNAL}};
    struct es_world world;
    struct es_error err = {0};
    es_world_open(&world, config);
    fill(&world, 0, 110);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        size_t taken = 99;
        cJSON *release = build(&world, others[i]);
        CU_ASSERT_EQUAL(es_report_record_alarms(world.site, release, &taken, &err), ES_OK);
        CU_ASSERT_EQUAL(taken, 0);
        cJSON_Delete(release);
    }
    es_world_reopen(&world, ES_SITE_READ);
    cJSON *release = build(&world, everything);
    CU_ASSERT_EQUAL(es_report_record_alarms(world.site, release, NULL, &err), ES_E_STATE);
    CU_ASSERT_STRING_EQUAL(err.text, "site: opened for reading, messages were to be taken");
    cJSON_Delete(release);
    es_world_close(&world);
}

/* The plugin's worker sweeps whether anybody looks or not: what it finds is in the ledger. */
static void the_worker_records_what_nobody_asked_for(void)
{
    static const struct es_worker_pace pace = {.batch_ms = 5, .render_ms = 20, .catchup_ms = 20, .retry_ms = 20};
    struct es_world world;
    struct es_worker *worker = NULL;
    struct es_worker_status status;
    struct es_error err = {0};
    uint64_t entries = 0, more = 0;
    es_world_open(&world, config);
    fill(&world, 0, 110);
    CU_ASSERT_EQUAL(es_site_verify(world.site, &entries, &err), ES_OK);
    es_site_close(world.site);
    host_reset();
    CU_ASSERT_EQUAL_FATAL(es_worker_start(&worker, world.config, &host_table, &pace, &err), ES_OK);
    es_worker_host_open(worker);
    for (int i = 0; i < 3000; i++) {
        es_worker_status(worker, &status);
        if (status.settled && status.has_release) break;
        usleep(10000);
    }
    CU_ASSERT_TRUE(status.settled);
    CU_ASSERT_EQUAL(status.release_basis, entries); /* alarms move no release */
    end_worker(worker);
    CU_ASSERT_EQUAL_FATAL(es_site_open(&world.site, world.config, ES_SITE_WRITE, NULL, &err), ES_OK);
    CU_ASSERT_EQUAL(es_site_verify(world.site, &more, &err), ES_OK);
    CU_ASSERT_EQUAL(more, entries + 2);
    CU_ASSERT_EQUAL(record(&world), 0);
    es_world_close(&world);
}

static const struct es_test tests[] = {{"an_alarm_is_recorded_once_and_moves_nothing", an_alarm_is_recorded_once_and_moves_nothing},
                                       {"recording_a_report_records_its_alarms", recording_a_report_records_its_alarms},
                                       {"parts_and_other_audiences_record_none", parts_and_other_audiences_record_none},
                                       {"the_worker_records_what_nobody_asked_for", the_worker_records_what_nobody_asked_for},
                                       {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("alarm_events", tests, argc, argv);
}
