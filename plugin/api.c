/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/evensight.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/secret.h"
#include "plugin/report/report.h"
#include "plugin/version.h"

struct evensight {
    pthread_mutex_t lock;
    struct es_config *config;
    struct es_site *site;
};

static _Thread_local struct es_error last;

static evensight_status status_of(enum es_errc code)
{
    switch (code) {
    case ES_OK: return EVENSIGHT_OK;
    case ES_E_ARG:
    case ES_E_CONFIG: return EVENSIGHT_USAGE;
    case ES_E_MEMORY: return EVENSIGHT_MEMORY;
    case ES_E_IO:
    case ES_E_STATE:
    case ES_E_BUSY: return EVENSIGHT_LEDGER;
    default: return EVENSIGHT_REFUSED;
    }
}

const char *evensight_version(void)
{
    return ES_VERSION;
}

const char *evensight_error(void)
{
    return last.text;
}

void evensight_free(void *bytes)
{
    free(bytes);
}

evensight_status evensight_open(evensight **out, const char *configuration)
{
    last = (struct es_error){0};
    if (!out || !configuration) return status_of(es_fail(&last, ES_E_ARG, "a place for the handle and a configuration file are needed"));
    *out = NULL;
    evensight *handle = calloc(1, sizeof *handle);
    if (!handle) return status_of(es_fail(&last, ES_E_MEMORY, "memory ran out"));
    enum es_errc rc = es_config_read(&handle->config, configuration, &last);
    if (rc == ES_E_IO) rc = ES_E_CONFIG;
    if (rc == ES_OK) rc = es_site_open(&handle->site, handle->config, ES_SITE_WRITE, NULL, &last);
    if (rc != ES_OK || pthread_mutex_init(&handle->lock, NULL) != 0) {
        if (rc == ES_OK) rc = es_fail(&last, ES_E_MEMORY, "no lock could be made");
        es_site_close(handle->site);
        es_config_free(handle->config);
        free(handle);
        return status_of(rc);
    }
    *out = handle;
    return EVENSIGHT_OK;
}

void evensight_close(evensight *handle)
{
    if (!handle) return;
    es_site_close(handle->site);
    es_config_free(handle->config);
    (void)pthread_mutex_destroy(&handle->lock);
    free(handle);
}

/* Written whole, or up to the size that the caller's build knew. */
static void answer(evensight_receipt *receipt, evensight_receipt counted)
{
    if (!receipt) return;
    counted.size = receipt->size < sizeof counted ? receipt->size : sizeof counted;
    if (counted.size >= sizeof counted.size) memcpy(receipt, &counted, counted.size);
}

static void count(evensight_receipt *counted, const struct es_receipt *receipts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        switch (receipts[i].outcome) {
        case ES_OUTCOME_TAKEN: counted->taken++; break;
        case ES_OUTCOME_REVISED: counted->revised++; break;
        case ES_OUTCOME_DUPLICATE: counted->duplicate++; break;
        case ES_OUTCOME_REFUSED:
            counted->refused++;
            if (last.code == ES_OK) last = receipts[i].error;
            break;
        }
    }
}

static enum es_errc take(evensight *handle, struct es_message *const *messages, size_t n, evensight_receipt *counted)
{
    if (n == 0) return ES_OK;
    struct es_receipt *receipts = calloc(n, sizeof *receipts);
    if (!receipts) return es_fail(&last, ES_E_MEMORY, "memory ran out");
    (void)pthread_mutex_lock(&handle->lock);
    const enum es_errc rc = es_site_take(handle->site, (const struct es_message *const *)messages, n, receipts, &last);
    (void)pthread_mutex_unlock(&handle->lock);
    if (rc == ES_OK) count(counted, receipts, n);
    free(receipts);
    return rc;
}

static evensight_status take_facts(evensight *handle, const struct es_facts *facts, evensight_receipt *receipt)
{
    evensight_receipt counted = {0};
    struct es_message **messages = NULL;
    size_t n = 0;
    char why[160] = "";
    enum es_errc rc = es_messages_from_facts(facts, handle->config, "", false, &messages, &n, why, sizeof why, &last);
    if (rc == ES_OK && n == 0) counted.silent = 1;
    if (rc == ES_OK) rc = take(handle, messages, n, &counted);
    es_messages_free(messages, n);
    answer(receipt, counted);
    return rc == ES_OK && counted.refused ? EVENSIGHT_REFUSED : status_of(rc);
}

evensight_status evensight_take_object(evensight *handle, const void *bytes, size_t length, evensight_receipt *receipt)
{
    last = (struct es_error){0};
    if (!handle || (!bytes && length)) return status_of(es_fail(&last, ES_E_ARG, "a handle and bytes are needed"));
    struct es_facts facts = {0};
    if (es_facts_read(bytes, length, &facts, &last) != ES_OK) return EVENSIGHT_REFUSED;
    const evensight_status status = take_facts(handle, &facts, receipt);
    es_facts_free(&facts);
    es_secret_wipe_deep_stack();
    return status;
}

evensight_status evensight_take_file(evensight *handle, const char *path, evensight_receipt *receipt)
{
    last = (struct es_error){0};
    if (!handle || !path) return status_of(es_fail(&last, ES_E_ARG, "a handle and a path are needed"));
    struct es_facts facts = {0};
    if (es_facts_read_file(path, &facts, &last) != ES_OK) return EVENSIGHT_REFUSED;
    const evensight_status status = take_facts(handle, &facts, receipt);
    es_facts_free(&facts);
    es_secret_wipe_deep_stack();
    return status;
}

#define LINES_A_BATCH 256

struct lines {
    struct es_message *message[LINES_A_BATCH]; /* owned */
    size_t count;
};

static void lines_clear(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        es_message_clear(lines->message[i]);
        es_secret_free(lines->message[i]);
    }
    lines->count = 0;
}

/* One line into the batch; a line that is no message is counted as refused. */
static enum es_errc add_line(struct lines *lines, const char *line, size_t length, evensight_receipt *counted)
{
    struct es_error why = {0};
    struct es_message *message = es_secret_new(sizeof *message);
    if (!message) return es_fail(&last, ES_E_MEMORY, "memory ran out");
    es_message_init(message);
    if (es_message_from_json(message, line, length, &why) == ES_OK) {
        lines->message[lines->count++] = message;
        return ES_OK;
    }
    es_message_clear(message);
    es_secret_free(message);
    counted->refused++;
    if (last.code == ES_OK) last = why;
    return ES_OK;
}

evensight_status evensight_take_events(evensight *handle, const char *text, size_t length, evensight_receipt *receipt)
{
    last = (struct es_error){0};
    if (!handle || (!text && length)) return status_of(es_fail(&last, ES_E_ARG, "a handle and lines are needed"));
    evensight_receipt counted = {0};
    struct lines *lines = calloc(1, sizeof *lines);
    enum es_errc rc = lines ? ES_OK : es_fail(&last, ES_E_MEMORY, "memory ran out");
    for (size_t at = 0; rc == ES_OK && at < length;) {
        const char *end = memchr(text + at, '\n', length - at);
        const size_t n = end ? (size_t)(end - (text + at)) : length - at;
        if (n > 0 && !(n == 1 && text[at] == '\r')) rc = add_line(lines, text + at, n, &counted);
        at += n + 1;
        if (rc == ES_OK && (lines->count == LINES_A_BATCH || at >= length)) {
            rc = take(handle, lines->message, lines->count, &counted);
            lines_clear(lines);
        }
    }
    if (lines) lines_clear(lines);
    free(lines);
    es_secret_wipe_deep_stack();
    answer(receipt, counted);
    return rc == ES_OK && counted.refused ? EVENSIGHT_REFUSED : status_of(rc);
}

static enum es_errc text_140(const cJSON *release, struct es_bytes *out, struct es_error *err)
{
    return es_render_text(release, 140, out, err);
}

evensight_status evensight_report(evensight *handle, const char *format, char **bytes, size_t *length)
{
    static const struct {
        const char *name;
        enum es_errc (*render)(const cJSON *, struct es_bytes *, struct es_error *);
    } formats[] = {{"json", es_render_json}, {"html", es_render_html}, {"csv", es_render_csv},
                   {"openmetrics", es_render_openmetrics}, {"text", text_140}};
    last = (struct es_error){0};
    if (!handle || !format || !bytes || !length) return status_of(es_fail(&last, ES_E_ARG, "a handle, a format and two places are needed"));
    size_t f = 0;
    while (f < sizeof formats / sizeof formats[0] && strcmp(formats[f].name, format) != 0) f++;
    if (f == sizeof formats / sizeof formats[0])
        return status_of(es_fail(&last, ES_E_ARG, "format: found \"%.20s\", expected json, html, csv, openmetrics or text", format));
    const struct es_report_options options = {.from = ES_NO_DAY, .to = ES_NO_DAY, .audience = ES_AUDIENCE_INTERNAL};
    cJSON *release = NULL;
    struct es_bytes out = {0};
    (void)pthread_mutex_lock(&handle->lock);
    enum es_errc rc = es_report_build(handle->site, &options, &release, &last);
    if (rc == ES_OK) rc = es_report_record(handle->site, release, &last);
    (void)pthread_mutex_unlock(&handle->lock);
    if (rc == ES_OK) rc = formats[f].render(release, &out, &last);
    cJSON_Delete(release);
    if (rc != ES_OK) return status_of(rc);
    *bytes = (char *)out.data;
    *length = out.len;
    return EVENSIGHT_OK;
}

evensight_status evensight_verify(evensight *handle, uint64_t *entries)
{
    last = (struct es_error){0};
    if (!handle || !entries) return status_of(es_fail(&last, ES_E_ARG, "a handle and a place for the number are needed"));
    (void)pthread_mutex_lock(&handle->lock);
    const enum es_errc rc = es_site_verify(handle->site, entries, &last);
    (void)pthread_mutex_unlock(&handle->lock);
    return status_of(rc);
}
