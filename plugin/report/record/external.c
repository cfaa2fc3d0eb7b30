/* SPDX-License-Identifier: Apache-2.0 */
/* What outsiders are shown: the last release that was made for them, or the next when it is due. */
#include <stdlib.h>

#include "plugin/report/build/build.h"
#include "plugin/report/record/between.h"
#include "plugin/report/view.h"

static enum es_errc next_report(struct es_site *site, const cJSON *earlier, cJSON **out, struct es_error *err)
{
    const struct es_report_options options = {.from = ES_NO_DAY, .to = ES_NO_DAY, .audience = ES_AUDIENCE_EXTERNAL};
    struct es_tree t = {0};
    cJSON *record = cJSON_CreateObject(), *release = NULL;
    const struct es_between between = {.earlier = earlier, .cells = es_tree_array(&t, record, "cells"), .beside = es_tree_object(&t, record, "beside")};
    enum es_errc e = t.failed ? es_fail(err, ES_E_MEMORY, "no memory for a release for outsiders") : es_report_build_after(site, &options, &between, &release, err);
    if (e == ES_OK) {
        es_between_tell(&t, release, es_site_config(site), (size_t)cJSON_GetArraySize(earlier));
        es_tree_copy(&t, record, "release", release);
        if (t.failed) e = es_fail(err, ES_E_MEMORY, "no memory for a release for outsiders");
    }
    if (e == ES_OK) e = es_between_write(site, record, err);
    if (e == ES_OK) e = es_between_as_recorded(release, out, err);
    cJSON_Delete(release);
    cJSON_Delete(record);
    return e;
}

enum es_errc es_report_external(struct es_site *site, bool record, cJSON **out, struct es_error *err)
{
    const struct es_config *config = es_site_config(site);
    cJSON *earlier = NULL;
    int32_t next = ES_NO_DAY;
    if (config->external.kind == ES_DISCLOSE_ALL) {
        const struct es_report_options options = {.from = ES_NO_DAY, .to = ES_NO_DAY, .audience = ES_AUDIENCE_EXTERNAL};
        const enum es_errc e = es_report_build(site, &options, out, err);
        return e == ES_OK && record ? es_report_record(site, *out, err) : e;
    }
    enum es_errc e = es_between_read(site, "evensight-report/1", &earlier, err);
    if (e != ES_OK) return e;
    const int n = cJSON_GetArraySize(earlier);
    cJSON *last = n > 0 ? cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(earlier, n - 1), "release") : NULL;
    if (last && (!record || !es_between_due(config, es_view_string(last, "as_of"), es_site_now(site), &next)))
        *out = cJSON_DetachItemViaPointer(cJSON_GetArrayItem(earlier, n - 1), last);
    else if (record)
        e = next_report(site, earlier, out, err);
    else
        e = es_between_none(err);
    cJSON_Delete(earlier);
    return e;
}
