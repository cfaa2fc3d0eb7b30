/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls to Orthanc's REST interface, made by the worker between OrthancStarted and OrthancStopped only. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/readers.h"
#include "plugin/base/json.h"
#include "plugin/orthanc/private.h"
#include "plugin/orthanc/tags.h"

#define SMALL_OBJECT (1u << 20) /* bytes: read whole, whatever it is; bigger images by their tags */
#define MAX_ANSWER (256u << 20) /* bytes of a JSON answer that are looked at */

/* An answer may name a patient. */
static void release(OrthancPluginMemoryBuffer *answer)
{
    if (answer->data != NULL) explicit_bzero(answer->data, answer->size);
    OrthancPluginFreeMemoryBuffer(orthanc_plugin.context, answer);
}

/* GET from the core's own interface, past other plugins. */
static enum es_errc get(const char *uri, OrthancPluginMemoryBuffer *out, struct es_error *err)
{
    memset(out, 0, sizeof *out);
    const OrthancPluginErrorCode code = OrthancPluginRestApiGet(orthanc_plugin.context, out, uri);
    if (code == OrthancPluginErrorCode_Success) return ES_OK;
    if (code == OrthancPluginErrorCode_UnknownResource || code == OrthancPluginErrorCode_InexistentItem)
        return es_fail(err, ES_E_REFUSED, "Orthanc no longer has it");
    if (code == OrthancPluginErrorCode_NotEnoughMemory) return es_fail(err, ES_E_MEMORY, "Orthanc ran out of memory");
    if (code == OrthancPluginErrorCode_BadFileFormat) return es_fail(err, ES_E_PARSE, "Orthanc finds no DICOM in its own file");
    return es_fail(err, ES_E_IO, "Orthanc's REST interface answered with error %d", (int)code);
}

static enum es_errc get_json(const char *uri, cJSON **out, struct es_error *err)
{
    OrthancPluginMemoryBuffer answer;
    enum es_errc rc = get(uri, &answer, err);
    if (rc != ES_OK) return rc;
    if (answer.size > MAX_ANSWER) rc = es_fail(err, ES_E_LIMIT, "Orthanc's answer has %u bytes", (unsigned)answer.size);
    else rc = es_json_parse(out, answer.data, answer.size, false, err);
    release(&answer);
    return rc;
}

static const char *text_of(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(item) ? item->valuestring : "";
}

/* Orthanc's ids are five groups of eight hexadecimal digits; nothing else goes into a URI of ours. */
static bool is_id(const char *id)
{
    return strlen(id) == 44 && strspn(id, "0123456789abcdef-") == 44;
}

/* "" when there is none. */
static enum es_errc study_uid(const char *instance, char *out, size_t size, struct es_error *err)
{
    char uri[128];
    cJSON *study = NULL;
    out[0] = '\0';
    if (!is_id(instance)) return ES_OK;
    snprintf(uri, sizeof uri, "/instances/%s/study", instance);
    const enum es_errc rc = get_json(uri, &study, err);
    if (rc == ES_E_REFUSED) return ES_OK;
    if (rc != ES_OK) return rc;
    const char *uid = text_of(cJSON_GetObjectItemCaseSensitive(study, "MainDicomTags"), "StudyInstanceUID");
    const int n = snprintf(out, size, "%s", uid);
    if (n < 0 || (size_t)n >= size) out[0] = '\0';
    es_json_free(study);
    return ES_OK;
}

/* A copy that Orthanc made: anonymised, or modified into another study. Modified within its study, or with the original gone,
 * it is a correction. */
static enum es_errc is_archive_copy(const cJSON *metadata, const char *id, bool *out, struct es_error *err)
{
    char mine[ES_UID_SIZE], original[ES_UID_SIZE];
    const char *from = text_of(metadata, "ModifiedFrom");
    *out = text_of(metadata, "AnonymizedFrom")[0] != '\0';
    if (*out || from[0] == '\0') return ES_OK;
    enum es_errc rc = study_uid(id, mine, sizeof mine, err);
    if (rc == ES_OK) rc = study_uid(from, original, sizeof original, err);
    if (rc == ES_OK) *out = mine[0] != '\0' && original[0] != '\0' && strcmp(mine, original) != 0;
    return rc;
}

/* Bytes of the stored file. */
static enum es_errc size_of(const char *id, uint64_t *out, struct es_error *err)
{
    char uri[128], digits[24] = "";
    OrthancPluginMemoryBuffer answer;
    snprintf(uri, sizeof uri, "/instances/%s/attachments/dicom/size", id);
    const enum es_errc rc = get(uri, &answer, err);
    if (rc != ES_OK) return rc;
    if (answer.size < sizeof digits) memcpy(digits, answer.data, answer.size);
    release(&answer);
    char *end = NULL;
    *out = strtoull(digits, &end, 10);
    return end != digits ? ES_OK : es_fail(err, ES_E_PARSE, "Orthanc's size of an object: found no number");
}

/* An element that Orthanc shows as null, asked for by itself. */
struct content_source {
    const char *id;
    OrthancPluginMemoryBuffer answer;
    struct es_error err; /* it is there and cannot be had now */
};

static bool content_read(void *context, uint32_t tag, const void **bytes, size_t *len)
{
    struct content_source *source = context;
    char uri[128];
    snprintf(uri, sizeof uri, "/instances/%s/content/%04x-%04x", source->id, (unsigned)(tag >> 16), (unsigned)(tag & 0xffffu));
    struct es_error err = {0};
    const enum es_errc rc = get(uri, &source->answer, &err);
    if (rc == ES_E_IO || rc == ES_E_MEMORY) source->err = err;
    if (rc != ES_OK) return false;
    *bytes = source->answer.data;
    *len = source->answer.size;
    return true;
}

static void content_release(void *context)
{
    struct content_source *source = context;
    release(&source->answer);
}

static enum es_errc fetch_tags(const char *id, struct es_host_object *out, struct es_error *err)
{
    char uri[128];
    cJSON *tags = NULL;
    snprintf(uri, sizeof uri, "/instances/%s/tags?short", id);
    const enum es_errc rc = get_json(uri, &tags, err);
    if (rc != ES_OK) return rc;
    struct content_source source = {.id = id};
    const struct orthanc_content content = {&source, content_read, content_release};
    orthanc_tags_read(tags, &content, &out->elements);
    es_json_free(tags);
    if (source.err.code != ES_OK) return es_fail(err, source.err.code, "%s", source.err.text);
    out->has_elements = true;
    return ES_OK;
}

static enum es_errc fetch_file(const char *id, struct es_host_object *out, struct es_error *err)
{
    char uri[128];
    OrthancPluginMemoryBuffer *file = calloc(1, sizeof *file);
    if (file == NULL) return es_fail(err, ES_E_MEMORY, "memory ran out");
    snprintf(uri, sizeof uri, "/instances/%s/file", id);
    const enum es_errc rc = get(uri, file, err);
    if (rc != ES_OK) {
        free(file);
        return rc;
    }
    out->bytes = file->data;
    out->len = file->size;
    out->holder = file;
    return ES_OK;
}

/* As large as it may be, in the way that suits it. */
static enum es_errc fetch_content(const char *id, bool image, struct es_host_object *out, struct es_error *err)
{
    uint64_t size = 0;
    const enum es_errc rc = size_of(id, &size, err);
    if (rc != ES_OK) return rc;
    if (size <= SMALL_OBJECT) return fetch_file(id, out, err);
    if (image) return fetch_tags(id, out, err);
    if (size <= ES_HOST_OBJECT_BYTES) return fetch_file(id, out, err);
    return es_fail(err, ES_E_LIMIT, "an object of more than %u MiB", (unsigned)(ES_HOST_OBJECT_BYTES >> 20));
}

static enum es_errc host_fetch(void *context, const char *id, struct es_host_object *out, struct es_error *err)
{
    (void)context;
    char uri[128];
    cJSON *metadata = NULL;
    if (!is_id(id)) return es_fail(err, ES_E_ARG, "not an id of Orthanc");
    snprintf(uri, sizeof uri, "/instances/%s/metadata?expand", id);
    enum es_errc rc = get_json(uri, &metadata, err);
    if (rc != ES_OK) return rc;
    snprintf(out->remote_aet, sizeof out->remote_aet, "%.16s", text_of(metadata, "RemoteAET"));
    rc = is_archive_copy(metadata, id, &out->archive_copy, err);
    const bool image = es_kind_of_class(text_of(metadata, "SopClassUid")) == ES_OBJECT_IMAGE;
    es_json_free(metadata);
    if (rc != ES_OK || out->has_elements) return rc;
    struct es_error why = {0};
    rc = fetch_content(id, image, out, &why);
    if (rc == ES_E_REFUSED && get_json(uri, &metadata, NULL) == ES_OK) { /* its file is gone, but Orthanc holds the instance */
        es_json_free(metadata);
        return es_fail(err, ES_E_IO, "Orthanc holds an instance, but finds no file of it");
    }
    return rc == ES_OK ? rc : es_fail(err, rc, "%s", why.text);
}

static void host_release(void *context, struct es_host_object *object)
{
    (void)context;
    if (object->holder == NULL) return;
    release(object->holder);
    free(object->holder);
    object->holder = NULL;
    object->bytes = NULL;
}

static uint64_t number_of(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble < 9007199254740992.0 ? (uint64_t)item->valuedouble : 0;
}

static enum es_errc host_changes(void *context, uint64_t since, unsigned limit, struct es_host_change *rows, size_t *count,
                                 uint64_t *last, struct es_error *err)
{
    (void)context;
    char uri[96];
    cJSON *answer = NULL;
    const cJSON *item = NULL;
    snprintf(uri, sizeof uri, "/changes?since=%" PRIu64 "&limit=%u", since, limit);
    const enum es_errc rc = get_json(uri, &answer, err);
    if (rc != ES_OK) return rc;
    *count = 0;
    *last = number_of(answer, "Last");
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(answer, "Changes")) {
        if (*count == limit) break;
        struct es_host_change *row = &rows[(*count)++];
        row->seq = number_of(item, "Seq");
        row->new_instance = strcmp(text_of(item, "ChangeType"), "NewInstance") == 0;
        snprintf(row->id, sizeof row->id, "%.44s", text_of(item, "ID"));
        snprintf(row->date, sizeof row->date, "%.31s", text_of(item, "Date"));
    }
    es_json_free(answer);
    /* "Last" is of the page while there is more; the log's own end is asked for apart. */
    if (*count == limit) {
        if (get_json("/changes?last", &answer, err) != ES_OK) return err != NULL ? err->code : ES_E_IO;
        *last = number_of(answer, "Last");
        es_json_free(answer);
    }
    return ES_OK;
}

static enum es_errc host_series(void *context, uint64_t since, unsigned limit, char (*ids)[ES_HOST_ID_SIZE], size_t *count,
                                struct es_error *err)
{
    (void)context;
    char uri[96];
    cJSON *answer = NULL;
    const cJSON *item = NULL;
    snprintf(uri, sizeof uri, "/series?since=%" PRIu64 "&limit=%u", since, limit);
    const enum es_errc rc = get_json(uri, &answer, err);
    if (rc != ES_OK) return rc;
    *count = 0;
    cJSON_ArrayForEach(item, answer) {
        if (*count == limit) break;
        snprintf(ids[(*count)++], ES_HOST_ID_SIZE, "%.44s", cJSON_IsString(item) ? item->valuestring : "");
    }
    es_json_free(answer);
    return ES_OK;
}

static enum es_errc host_instances(void *context, const char *series, char (**ids)[ES_HOST_ID_SIZE], size_t *count,
                                   struct es_error *err)
{
    (void)context;
    char uri[96];
    cJSON *answer = NULL;
    const cJSON *item = NULL;
    *count = 0;
    if (!is_id(series)) return es_fail(err, ES_E_ARG, "not an id of Orthanc");
    snprintf(uri, sizeof uri, "/series/%s", series);
    enum es_errc rc = get_json(uri, &answer, err);
    if (rc != ES_OK) return rc;
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(answer, "Instances");
    const size_t n = (size_t)cJSON_GetArraySize(list);
    char(*out)[ES_HOST_ID_SIZE] = calloc(n != 0 ? n : 1, sizeof *out);
    if (out == NULL) rc = es_fail(err, ES_E_MEMORY, "memory ran out");
    else {
        cJSON_ArrayForEach(item, list) snprintf(out[(*count)++], ES_HOST_ID_SIZE, "%.44s", cJSON_IsString(item) ? item->valuestring : "");
        *ids = out;
    }
    es_json_free(answer);
    return rc;
}

static void host_log(void *context, const char *line)
{
    (void)context;
    char text[512];
    snprintf(text, sizeof text, "evensight: %s", line);
    OrthancPluginLogWarning(orthanc_plugin.context, text);
}

const struct es_host orthanc_host = {.fetch = host_fetch,
                                     .release = host_release,
                                     .changes = host_changes,
                                     .series = host_series,
                                     .instances = host_instances,
                                     .log = host_log};
