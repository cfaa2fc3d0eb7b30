/* SPDX-License-Identifier: Apache-2.0 */
/* What outsiders are shown: the last release that was made for them, or the next when it is due. */
#include <stdlib.h>
#include <string.h>

#include "plugin/report/build/build.h"
#include "plugin/report/record/between.h"
#include "plugin/report/view.h"

#define MOST_TURNS 8 /* that other nodes may take before us, one after the other */

/** @param out  NULL still when another node took the turn */
static enum es_errc next_release(struct es_site *site, const struct es_external *kind, const cJSON *earlier, size_t n_same, uint64_t turn, cJSON **out,
                                 struct es_error *err)
{
    struct es_tree t = {0};
    cJSON *record = cJSON_CreateObject(), *release = NULL;
    const struct es_between between = {.earlier = earlier,
                                       .cells = es_tree_array(&t, record, "cells"),
                                       .beside = es_tree_object(&t, record, "beside"),
                                       .pairs = es_tree_array(&t, record, "pairs")};
    bool taken = false;
    enum es_errc e = t.failed ? es_fail(err, ES_E_MEMORY, "no memory for a release for outsiders") : kind->build(kind->context, site, &between, &release, err);
    if (e == ES_OK) {
        es_between_tell(&t, release, es_site_config(site), n_same);
        es_tree_copy(&t, record, "release", release);
        if (t.failed) e = es_fail(err, ES_E_MEMORY, "no memory for a release for outsiders");
    }
    struct es_error why = {0};
    if (e == ES_OK) {
        e = es_between_write(site, record, turn, &taken, &why);
        if (e == ES_E_BUSY && turn > 0) e = ES_OK; /* two wrote the same at once and the store took neither of ours: as if we had lost the turn */
        else if (e != ES_OK) (void)es_fail(err, e, "%s", why.text);
    }
    if (e == ES_OK && taken) e = es_between_as_recorded(release, out, err);
    cJSON_Delete(release);
    cJSON_Delete(record);
    return e;
}

/** *out NULL still: another node was first, and what it made is to be looked at. */
static enum es_errc try_release(struct es_site *site, const struct es_external *kind, bool record, cJSON **out, struct es_error *err)
{
    const struct es_config *config = es_site_config(site);
    cJSON *earlier = NULL, *one;
    const cJSON *last = NULL;
    size_t n_same = 0;
    uint64_t turn = 0;
    int32_t next = ES_NO_DAY;
    bool away = false;
    enum es_errc e = es_between_read(site, NULL, &earlier, &turn, err);
    if (e != ES_OK) return e;
    cJSON_ArrayForEach(one, earlier)
    {
        const cJSON *release = cJSON_GetObjectItemCaseSensitive(one, "release");
        if (!kind->same(kind->context, release)) continue;
        last = release;
        n_same++;
    }
    const bool shared = es_site_is_shared(site, &away);
    if (last && (!record || !es_between_due(config, es_view_string(last, "as_of"), es_site_now(site), &next))) e = es_between_as_recorded(last, out, err);
    else if (!record) e = es_between_none(err);
    else if (!away) e = next_release(site, kind, earlier, n_same, shared ? turn : 0, out, err);
    if (e == ES_OK && record && shared) (void)es_site_is_shared(site, &away);
    if (e == ES_OK && record && away) { /* what went to the spool may come behind another node's turn */
        cJSON_Delete(*out);
        *out = NULL;
        e = es_fail(err, ES_E_IO, "the shared ledger is away: a release for outsiders is made when it is back");
    }
    cJSON_Delete(earlier);
    return e;
}

enum es_errc es_external_release(struct es_site *site, const struct es_external *kind, bool record, cJSON **out, struct es_error *err)
{
    *out = NULL;
    for (int i = 0; i < MOST_TURNS; i++) {
        enum es_errc e = try_release(site, kind, record, out, err);
        if (e != ES_OK || *out) return e;
        e = es_site_refresh(site, err);
        if (e != ES_OK) return e;
    }
    return es_fail(err, ES_E_BUSY, "found %d turns of releases for outsiders taken by other nodes, one after the other: try again", MOST_TURNS);
}

/* ---- reports ---- */

static const struct es_report_options whole = {.from = ES_NO_DAY, .to = ES_NO_DAY, .audience = ES_AUDIENCE_EXTERNAL};

static bool is_report(const void *context, const cJSON *release)
{
    (void)context;
    return strcmp(es_view_string(release, "schema"), "evensight-report/1") == 0;
}

static enum es_errc build_report(const void *context, struct es_site *site, const struct es_between *between, cJSON **out, struct es_error *err)
{
    (void)context;
    return es_report_build_after(site, &whole, between, out, err);
}

enum es_errc es_report_external(struct es_site *site, bool record, cJSON **out, struct es_error *err)
{
    static const struct es_external kind = {is_report, build_report, NULL};
    if (es_site_config(site)->external.kind != ES_DISCLOSE_ALL) return es_external_release(site, &kind, record, out, err);
    const enum es_errc e = es_report_build(site, &whole, out, err);
    return e == ES_OK && record ? es_report_record(site, *out, err) : e;
}
