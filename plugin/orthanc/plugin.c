/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The four functions Orthanc calls, and the two callbacks on its threads. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/readers.h"
#include "dicom/secret.h"
#include "dicom/skim.h"
#include "dicom/storing.h"
#include "plugin/base/json.h"
#include "plugin/orthanc/private.h"
#include "plugin/version.h"

struct orthanc_plugin orthanc_plugin;

ORTHANC_PLUGINS_API int32_t OrthancPluginInitialize(OrthancPluginContext *context);
ORTHANC_PLUGINS_API void OrthancPluginFinalize(void);
ORTHANC_PLUGINS_API const char *OrthancPluginGetName(void);
ORTHANC_PLUGINS_API const char *OrthancPluginGetVersion(void);

/* By its SOPClassUID alone; the worker reads whatever names none. */
ES_STORING static bool names_an_image(const struct es_elements *elements)
{
    char uid[ES_UID_SIZE] = "";
    const struct es_element *found = es_elements_find(elements, 0x00080016u);
    if (found == NULL || found->length == 0 || found->length >= sizeof uid) return false;
    memcpy(uid, es_elements_value(elements, found), found->length);
    return es_kind_of_class(uid) == ES_OBJECT_IMAGE;
}

/* Runs on Orthanc's storing thread, synchronously with its core and under a lock of the whole process: no REST call, no database,
 * no DICOM toolkit, no allocation, under 4 KiB of stack. Storing must succeed whatever happens here. Orthanc wrote to disk since it last had
 * us and the instance in its caches: what will be read is asked for first, and comes while Orthanc is asked for the rest. */
ES_STORING __attribute__((noinline)) static void look_at(const OrthancPluginDicomInstance *instance, const char *id)
{
    OrthancPluginContext *context = orthanc_plugin.context;
    if (orthanc_plugin.worker == NULL || instance == NULL || id == NULL) return;
    const size_t id_size = strlen(id) + 1;
    if (id_size > ES_HOST_ID_SIZE) return;
    es_storing_prefetch();
    const void *bytes = OrthancPluginGetInstanceData(context, instance);
    if (bytes != NULL) es_prefetch(bytes, 4096); /* most headers end before that */
    struct es_stored *item = es_worker_reserve(orthanc_plugin.worker, id);
    if (item == NULL) return;
    const int64_t size = OrthancPluginGetInstanceSize(context, instance);
    /* What did not come by C-STORE may be a copy that Orthanc made: the worker asks for its metadata. */
    const bool sent = OrthancPluginGetInstanceOrigin(context, instance) == OrthancPluginInstanceOrigin_DicomProtocol;
    memcpy(item->id, id, id_size);
    item->kind = ES_ITEM_FETCH;
    if (bytes != NULL && size > 0 && es_skim(bytes, (size_t)size, &item->elements, NULL) == ES_OK && !item->elements.unusual &&
        names_an_image(&item->elements))
        item->kind = sent ? ES_ITEM_FACTS : ES_ITEM_ASK;
    es_worker_commit(orthanc_plugin.worker, item);
}

ES_STORING static OrthancPluginErrorCode on_stored(const OrthancPluginDicomInstance *instance, const char *id)
{
    look_at(instance, id);
    es_secret_wipe_stack(); /* Orthanc's thread goes on, and a core dump would show what it read */
    return OrthancPluginErrorCode_Success;
}

static OrthancPluginErrorCode on_change(OrthancPluginChangeType change, OrthancPluginResourceType type, const char *id)
{
    (void)type;
    (void)id;
    if (orthanc_plugin.worker == NULL) return OrthancPluginErrorCode_Success;
    if (change == OrthancPluginChangeType_OrthancStarted) es_worker_host_open(orthanc_plugin.worker);
    /* A call into Orthanc that is still in flight when it tears down its core crashes it. */
    if (change == OrthancPluginChangeType_OrthancStopped) es_worker_host_close(orthanc_plugin.worker);
    return OrthancPluginErrorCode_Success;
}

/* Orthanc gives its whole merged configuration, passwords included: it is never logged, and wiped. */
static bool read_configuration(bool *enabled)
{
    struct es_error err = {0};
    cJSON *all = NULL;
    char *text = OrthancPluginGetConfiguration(orthanc_plugin.context);
    if (text == NULL) {
        snprintf(orthanc_plugin.reason, sizeof orthanc_plugin.reason, "Orthanc gave no configuration");
        return false;
    }
    *enabled = true;
    enum es_errc rc = es_json_parse(&all, text, strlen(text), true, &err);
    const cJSON *section = rc == ES_OK ? cJSON_GetObjectItemCaseSensitive(all, "Evensight") : NULL;
    const cJSON *enable = cJSON_GetObjectItemCaseSensitive(section, "Enable");
    if (rc == ES_OK && (section == NULL || cJSON_IsFalse(enable))) *enabled = false;
    else if (rc == ES_OK) rc = es_config_parse(&orthanc_plugin.config, text, strlen(text), NULL, &err);
    es_json_free(all);
    explicit_bzero(text, strlen(text));
    OrthancPluginFreeString(orthanc_plugin.context, text);
    if (rc != ES_OK) snprintf(orthanc_plugin.reason, sizeof orthanc_plugin.reason, "%s", err.text);
    return rc == ES_OK;
}

static void log_line(const char *format, const char *text)
{
    char line[ES_ERROR_TEXT + 128];
    snprintf(line, sizeof line, "evensight: %s%s", format, text);
    OrthancPluginLogWarning(orthanc_plugin.context, line);
}

/* Always 0: any other answer stops the whole archive. What is wrong is served by `status` and logged in one line. */
ORTHANC_PLUGINS_API int32_t OrthancPluginInitialize(OrthancPluginContext *context)
{
    bool enabled = false;
    struct es_error err = {0};
    OrthancPluginFinalize();
    orthanc_plugin.context = context;
    snprintf(orthanc_plugin.root, sizeof orthanc_plugin.root, "/evensight/");
    if (OrthancPluginCheckVersionAdvanced(context, 1, 10, 1) == 0) {
        log_line("not started: Orthanc 1.10.1 or newer is needed", "");
        return 0;
    }
    OrthancPluginSetDescription(context, "Checks imaging AI for bias: subgroup performance and coverage of what is stored here");
    if (read_configuration(&enabled) && !enabled) {
        log_line("not enabled (no section \"Evensight\", or its Enable is false)", "");
        return 0;
    }
    if (orthanc_plugin.config != NULL) {
        memcpy(orthanc_plugin.root, orthanc_plugin.config->root, sizeof orthanc_plugin.root);
        if (es_worker_start(&orthanc_plugin.worker, orthanc_plugin.config, &orthanc_host, NULL, &err) != ES_OK) {
            orthanc_plugin.worker = NULL;
            snprintf(orthanc_plugin.reason, sizeof orthanc_plugin.reason, "%s", err.text);
        }
    }
    orthanc_routes_register();
    if (orthanc_plugin.worker == NULL) {
        log_line("not started, storing goes on without it: ", orthanc_plugin.reason);
        return 0;
    }
    OrthancPluginRegisterOnStoredInstanceCallback(context, on_stored);
    OrthancPluginRegisterOnChangeCallback(context, on_change);
    log_line("started, report at ", orthanc_plugin.root);
    return 0;
}

/* May run twice, and without OrthancStopped when Orthanc could not start. */
ORTHANC_PLUGINS_API void OrthancPluginFinalize(void)
{
    struct es_worker *worker = orthanc_plugin.worker;
    orthanc_plugin.worker = NULL;
    es_worker_stop(worker);
    es_config_free(orthanc_plugin.config);
    orthanc_plugin.config = NULL;
    orthanc_plugin.reason[0] = '\0';
}

ORTHANC_PLUGINS_API const char *OrthancPluginGetName(void) { return "evensight"; }
ORTHANC_PLUGINS_API const char *OrthancPluginGetVersion(void) { return ES_VERSION; }
