/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger that several nodes share: what the others appended is taken in as it comes. */
#include <stdlib.h>

#include "plugin/site/keys.h"

enum es_errc es_site_rebuild(struct es_site *site, struct es_error *err)
{
    es_site_clear(site);
    site->now = ES_NO_INSTANT;
    site->basis = site->seen = site->config_seq = site->plan_seq = site->configurations = 0;
    site->config_document = site->plan_document = NULL;
    site->now_stale = site->people_stale = false;
    site->dirty = true;
    enum es_errc code = es_cohort_new(&site->cohort, site->config, err);
    if (code == ES_OK) code = es_site_replay(site, false, err);
    site->stale = code != ES_OK; /* half of it would be a wrong answer: once more, then */
    return code;
}

struct following {
    struct es_site *site;
    bool erased; /* a person was erased elsewhere */
    enum es_errc code;
    struct es_error *err;
};
static bool each_new(void *context, const struct es_entry *entry)
{
    struct following *following = context;
    struct es_event event;
    if (!entry->body) return true;
    following->erased = es_event_peek(entry->body, entry->len) == ES_EVENT_ERASURE;
    if (following->erased) return false;
    following->code = es_site_decode(following->site, entry, NULL, &event, following->err);
    if (following->code != ES_OK) return false;
    following->code = es_site_note(following->site, &event, entry->seq, entry->received, false, following->err);
    es_event_clear(&event);
    return following->code == ES_OK;
}

static enum es_errc follow(struct es_site *site, struct es_error *err)
{
    struct following following = {.site = site, .err = err};
    enum es_errc code = es_ledger_walk(site->ledger, site->seen, UINT64_MAX, each_new, &following, err);
    if (code == ES_OK) code = following.code;
    if (code == ES_OK && (following.erased || (site->renames && site->renames->clash))) return es_site_rebuild(site, err);
    if (code == ES_OK) code = es_site_settle(site, err);
    if (code == ES_OK) code = es_site_derive(site, NULL, err);
    if (code == ES_OK) site->seen = es_ledger_count(site->ledger);
    else site->stale = true; /* some of it may have been noted */
    return code;
}

enum es_errc es_site_refresh(struct es_site *site, struct es_error *err)
{
    if (!es_ledger_is_shared(site->ledger) || site->earlier) return ES_OK;
    enum es_errc code = es_ledger_refresh(site->ledger, err);
    if (code != ES_OK) return code;
    if (site->stale) code = es_site_rebuild(site, err);
    else if (site->seen < es_ledger_count(site->ledger)) code = follow(site, err);
    /* A mask here and its partner there: whoever learns of both compares, and who comes second adds a duplicate. What fails stays noted for
     * the next time. */
    struct es_error later = {0};
    if (code == ES_OK && site->mode == ES_SITE_WRITE && es_site_compare_masks(site, &later) != ES_OK) return ES_OK;
    return code;
}
