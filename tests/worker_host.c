/* SPDX-License-Identifier: Apache-2.0 */
#include "worker_host.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testlib.h"

struct worker_host host = {.lock = PTHREAD_MUTEX_INITIALIZER};

void host_reset(void)
{
    pthread_mutex_lock(&host.lock);
    host.objects = host.first_logged = host.overwritten = 0;
    host.fetches = host.lines = host.asked = 0;
    host.copies = 0;
    host.starved = 0;
    host.away = false;
    host.slow = 0;
    host.date = "20260301T100000";
    host.in_call = host.closed = host.called_when_closed = false;
    pthread_mutex_unlock(&host.lock);
}

void host_store(size_t objects)
{
    pthread_mutex_lock(&host.lock);
    host.objects = objects;
    pthread_mutex_unlock(&host.lock);
}

static void put(struct es_elements *elements, uint32_t tag, const char *vr, const char *text)
{
    (void)es_elements_add(elements, tag, 0, 0, vr, text, strlen(text));
}

static void make(size_t i, const char *sex, struct es_elements *out)
{
    char text[64];
    memset(out, 0, sizeof *out);
    put(out, 0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.1.1");
    snprintf(text, sizeof text, "1.2.3.1.%zu", i + 1);
    put(out, 0x00080018, "UI", text);
    put(out, 0x00080020, "DA", "20260301");
    put(out, 0x00080060, "CS", "DX");
    snprintf(text, sizeof text, "P%zu", i + 1);
    put(out, 0x00100020, "LO", text);
    put(out, 0x00100040, "CS", sex);
    snprintf(text, sizeof text, "1.2.3.2.%zu", i + 1);
    put(out, 0x0020000d, "UI", text);
    snprintf(text, sizeof text, "1.2.3.3.%zu", i + 1);
    put(out, 0x0020000e, "UI", text);
}

void host_make_exam(size_t i, struct es_elements *out) { make(i, i % 2 != 0 ? "F" : "M", out); }
void host_make_second(size_t i, struct es_elements *out) { make(i, "O", out); }

static enum es_errc fetch(void *context, const char *id, struct es_host_object *out, struct es_error *err)
{
    (void)context;
    pthread_mutex_lock(&host.lock);
    const size_t i = strtoul(id, NULL, 10), objects = host.objects, overwritten = host.overwritten;
    host.fetches++;
    host.asked += out->has_elements;
    const bool starved = host.starved > 0;
    host.starved -= starved;
    const bool away = host.away;
    out->archive_copy = i < objects && i + host.copies >= objects;
    host.in_call = true;
    host.called_when_closed |= host.closed;
    const useconds_t slow = host.slow;
    pthread_mutex_unlock(&host.lock);
    if (slow > 0) usleep(slow);
    pthread_mutex_lock(&host.lock);
    host.in_call = false;
    pthread_mutex_unlock(&host.lock);
    if (starved) return es_fail(err, ES_E_MEMORY, "the host ran out of memory");
    if (i >= objects) return es_fail(err, ES_E_REFUSED, "gone");
    if (away) return es_fail(err, ES_E_IO, "the storage is away");
    if (!out->has_elements && i < overwritten) host_make_second(i, &out->elements);
    else if (!out->has_elements) host_make_exam(i, &out->elements);
    out->has_elements = true;
    return ES_OK;
}

static void release(void *context, struct es_host_object *object)
{
    (void)context;
    (void)object;
}

static enum es_errc changes(void *context, uint64_t since, unsigned limit, struct es_host_change *rows, size_t *count, uint64_t *last,
                            struct es_error *err)
{
    (void)context;
    (void)err;
    pthread_mutex_lock(&host.lock);
    host.called_when_closed |= host.closed;
    *count = 0;
    const size_t end = host.objects + host.overwritten;
    for (size_t i = since > host.first_logged ? since : host.first_logged; i < end && *count < limit; i++) {
        if (i < host.overwritten) continue;
        struct es_host_change *row = &rows[(*count)++];
        row->seq = i + 1;
        row->new_instance = true;
        snprintf(row->id, sizeof row->id, "%zu", i < host.objects ? i : i - host.objects);
        snprintf(row->date, sizeof row->date, "%s", host.date);
    }
    *last = host.first_logged < host.objects ? end : 0;
    pthread_mutex_unlock(&host.lock);
    return ES_OK;
}

static enum es_errc series(void *context, uint64_t since, unsigned limit, char (*ids)[ES_HOST_ID_SIZE], size_t *count,
                           struct es_error *err)
{
    (void)context;
    (void)err;
    pthread_mutex_lock(&host.lock);
    *count = 0;
    for (size_t i = since; i < host.objects && *count < limit; i++) snprintf(ids[(*count)++], ES_HOST_ID_SIZE, "%zu", i);
    pthread_mutex_unlock(&host.lock);
    return ES_OK;
}

static enum es_errc instances(void *context, const char *id, char (**ids)[ES_HOST_ID_SIZE], size_t *count, struct es_error *err)
{
    (void)context;
    *ids = calloc(1, sizeof **ids);
    if (*ids == NULL) return es_fail(err, ES_E_MEMORY, "memory ran out");
    snprintf((*ids)[0], ES_HOST_ID_SIZE, "%s", id);
    *count = 1;
    return ES_OK;
}

static void log_line(void *context, const char *line)
{
    (void)context;
    (void)line;
    pthread_mutex_lock(&host.lock);
    host.lines++;
    pthread_mutex_unlock(&host.lock);
}

const struct es_host host_table = {.fetch = fetch, .release = release, .changes = changes, .series = series,
                                     .instances = instances, .log = log_line};

struct es_config *host_configuration_with(const char *folder, const char *ledger)
{
    char text[2048];
    struct es_config *config = NULL;
    struct es_error err = {0};
    const int n = snprintf(text, sizeof text,
                           "{\"Site\":\"T\",%s,\"PseudonymKeyFile\":\"%s/site.key\","
                           "\"Axes\":[{\"Name\":\"sex\",\"Attribute\":\"PatientSex\"}],"
                           "\"Models\":[{\"Name\":\"m\",\"Recognise\":{\"AlgorithmName\":\"M\"},\"Eligible\":{\"Modality\":[\"DX\"]},"
                           "\"Findings\":[{\"Name\":\"f\",\"Task\":\"binary\",\"Threshold\":0.5,"
                           "\"From\":[{\"SR\":{\"Concept\":\"122157,DCM\"}}]}]}]}",
                           ledger, folder);
    if (es_config_parse(&config, text, (size_t)n, NULL, &err) != ES_OK) printf("configuration: %s\n", err.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    return config;
}

struct es_config *host_configuration(const char *folder)
{
    char ledger[1024];
    snprintf(ledger, sizeof ledger, "\"Ledger\":\"sqlite:%s/ledger.db\"", folder);
    return host_configuration_with(folder, ledger);
}

static const struct es_worker_pace pace = {.batch_ms = 5, .render_ms = 20, .catchup_ms = 20, .retry_ms = 20};

struct es_worker *start(const struct es_config *config)
{
    struct es_worker *worker = NULL;
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(es_worker_start(&worker, config, &host_table, &pace, &err), ES_OK);
    return worker;
}

bool settled(struct es_worker *worker, struct es_worker_status *status)
{
    for (int i = 0; i < 3000; i++) {
        es_worker_status(worker, status);
        if (status->settled) return true;
        usleep(10000);
    }
    printf("not settled: %s %s\n", es_worker_phase_name(status->phase), status->reason);
    return false;
}

bool phase_is(struct es_worker *worker, enum es_worker_phase phase, struct es_worker_status *status)
{
    for (int i = 0; i < 3000; i++) {
        es_worker_status(worker, status);
        if (status->phase == phase) return true;
        usleep(10000);
    }
    printf("%s, expected %s: %s\n", es_worker_phase_name(status->phase), es_worker_phase_name(phase), status->reason);
    return false;
}

void open_and_settle(struct es_worker *worker, struct es_worker_status *status)
{
    es_worker_host_open(worker);
    CU_ASSERT_TRUE(settled(worker, status));
}

struct es_worker *begin_worker(struct es_config **config, struct es_worker_status *status)
{
    *config = host_configuration(es_test_tempdir());
    host_reset();
    struct es_worker *worker = start(*config);
    open_and_settle(worker, status);
    return worker;
}

void end_worker(struct es_worker *worker)
{
    es_worker_host_close(worker);
    es_worker_stop(worker);
}

int funnel(struct es_worker *worker, const char *line)
{
    struct es_surface *surface = es_worker_surface(worker);
    if (surface == NULL) return -1;
    cJSON *report = cJSON_Parse((const char *)surface->pages[ES_PAGE_JSON].data);
    es_surface_drop(surface);
    const cJSON *at = cJSON_GetArrayItem(cJSON_GetObjectItem(report, "models"), 0);
    at = cJSON_GetArrayItem(cJSON_GetObjectItem(at, "findings"), 0);
    at = cJSON_GetArrayItem(cJSON_GetObjectItem(at, "groups"), 0);
    at = cJSON_GetObjectItem(cJSON_GetObjectItem(at, "funnel"), line);
    const int n = cJSON_IsNumber(at) ? at->valueint : -1;
    cJSON_Delete(report);
    return n;
}

int seen(struct es_worker *worker) { return funnel(worker, "seen"); }

bool hand_over(struct es_worker *worker, const struct es_stored *item)
{
    struct es_stored *place = es_worker_reserve(worker, item->id);
    if (place == NULL) return false;
    *place = *item;
    es_worker_commit(worker, place);
    return true;
}

bool offer(struct es_worker *worker, size_t i)
{
    struct es_stored item = {.kind = ES_ITEM_FACTS};
    snprintf(item.id, sizeof item.id, "%zu", i);
    host_make_exam(i, &item.elements);
    return hand_over(worker, &item);
}
