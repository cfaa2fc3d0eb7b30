/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons of two versions for outsiders: the last that was made, or the next when it is due. */
#include <string.h>

#include "plugin/report/build/build.h"
#include "plugin/report/record/between.h"
#include "plugin/report/versions/internal.h"
#include "plugin/report/versions/versions.h"
#include "plugin/report/view.h"

static bool is_of_pair(const void *context, const cJSON *release)
{
    const struct es_versions_options *options = context;
    const cJSON *compared = cJSON_GetObjectItemCaseSensitive(release, "compared");
    return compared && strcmp(es_view_string(compared, "model"), options->model) == 0 &&
           strcmp(es_view_string(compared, "before"), options->versions[0]) == 0 && strcmp(es_view_string(compared, "after"), options->versions[1]) == 0;
}

/** A comparison tells what a report tells of each version, so first a report is made, which nobody sees: what it would withhold, beside all
 * earlier releases, the comparison withholds. */
static enum es_errc build_comparison(const void *context, struct es_site *site, const struct es_between *between, cJSON **out, struct es_error *err)
{
    const struct es_report_options whole = {.from = ES_NO_DAY, .to = ES_NO_DAY, .audience = ES_AUDIENCE_EXTERNAL};
    struct es_tree t = {0};
    struct es_between with = *between;
    cJSON *now = cJSON_CreateObject(), *report = NULL;
    const struct es_between unseen = {.earlier = between->earlier, .cells = es_tree_array(&t, now, "cells"), .beside = es_tree_object(&t, now, "beside")};
    enum es_errc e = t.failed ? es_fail(err, ES_E_MEMORY, "no memory for a release for outsiders") : es_report_build_after(site, &whole, &unseen, &report, err);
    if (e == ES_OK) {
        es_tree_set(&t, now, "release", report);
        with.now = now;
        e = t.failed ? es_fail(err, ES_E_MEMORY, "no memory for a release for outsiders") : es_versions_build_after(site, context, &with, out, err);
    }
    cJSON_Delete(now);
    return e;
}

enum es_errc es_versions_external(struct es_site *site, const struct es_versions_options *options, bool record, cJSON **out, struct es_error *err)
{
    const struct es_versions_options whole = {options->model, {options->versions[0], options->versions[1]}, ES_NO_DAY, ES_NO_DAY, ES_AUDIENCE_EXTERNAL};
    const struct es_external kind = {is_of_pair, build_comparison, &whole};
    *out = NULL;
    if (es_site_config(site)->external.kind == ES_DISCLOSE_ALL) return es_versions_build(site, &whole, out, err);
    return es_external_release(site, &kind, record, out, err);
}
