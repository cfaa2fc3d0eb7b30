/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger that several nodes share: what the others appended is taken in as it comes. */
#include <stdlib.h>

#include "plugin/event/pseudonyms.h"
#include "plugin/site/keys.h"

enum es_errc es_site_rebuild(struct es_site *site, struct es_error *err)
{
    struct es_cohort *fresh = NULL;
    enum es_errc code = es_cohort_new(&fresh, site->config, err);
    if (code != ES_OK) {
        site->stale = true;
        return code;
    }
    es_site_clear(site);
    site->cohort = fresh; /* there is always one, so that whoever asks finds it */
    site->now = ES_NO_INSTANT;
    site->basis = site->seen = site->config_seq = site->plan_seq = site->configurations = 0;
    site->config_document = site->plan_document = NULL;
    site->now_stale = site->people_stale = false;
    site->dirty = true;
    code = es_site_replay(site, false, err);
    site->stale = code != ES_OK; /* half of it would be a wrong answer: once more, then */
    return code;
}

bool es_site_is_whole(const struct es_site *site) { return !site->stale || es_ledger_is_shared(site->ledger); }

struct following {
    struct es_site *site;
    bool erased;   /* a person was erased elsewhere */
    bool leftover; /* an entry of one who was erased, by a node that did not know it yet */
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
    following->leftover = following->leftover || es_site_is_forgotten(following->site, &event);
    following->code = es_site_note(following->site, &event, entry->seq, entry->received, false, following->err);
    es_event_clear(&event);
    return following->code == ES_OK;
}

static enum es_errc follow(struct es_site *site, struct es_error *err)
{
    struct following following = {.site = site, .err = err};
    const uint64_t seen = site->seen;
    enum es_errc code = es_ledger_walk(site->ledger, site->seen, UINT64_MAX, each_new, &following, err);
    if (code == ES_OK) code = following.code;
    if (code == ES_OK && (following.erased || following.leftover) && site->mode == ES_SITE_WRITE) {
        code = es_site_rebuild(site, err);
        return code == ES_OK ? es_site_forget_leftovers(site, seen, err) : code;
    }
    if (code == ES_OK && (following.erased || (site->renames && site->renames->clash))) return es_site_rebuild(site, err);
    if (code == ES_OK) code = es_site_settle(site, err);
    if (code == ES_OK) code = es_site_derive(site, NULL, err);
    if (code == ES_OK) site->seen = es_ledger_count(site->ledger);
    else site->stale = true; /* some of it may have been noted */
    return code;
}

static enum es_errc catch_up(struct es_site *site, struct es_error *err)
{
    if (site->stale) return es_site_rebuild(site, err);
    return site->seen < es_ledger_count(site->ledger) ? follow(site, err) : ES_OK;
}

/* ---- what waited in the spool ---- */

/* Aliases of the spool itself: what is behind them was hashed with a newer key than that under which a person was erased. */
struct spooled {
    struct es_site *site;
    struct es_index from;
    struct es_pseudonym *to; /* [from.count] */
    uint32_t room;
    bool failed;
};

static bool note_alias(struct spooled *spooled, const struct es_event *alias)
{
    uint32_t at;
    if (!ES_GROW(spooled->to, spooled->room, (uint64_t)spooled->from.count + 1) || !es_index_add(&spooled->from, &alias->unit_id, &at, NULL)) return false;
    spooled->to[at] = alias->same_as;
    return true;
}

static bool rename_spooled(void *context, struct es_pseudonym *p, bool personal)
{
    const struct spooled *spooled = context;
    const uint32_t at = es_index_find(&spooled->from, p);
    (void)personal;
    if (at != ES_INDEX_NONE) *p = spooled->to[at];
    return true;
}

/* Of a person who was erased at another node while it waited? What cannot be read is handed over: the ledger says so then. */
static bool is_unwanted(void *context, const struct es_entry *entry)
{
    struct spooled *spooled = context;
    struct es_event event;
    if (spooled->site->forgotten.count == 0 || es_site_decode(spooled->site, entry, NULL, &event, NULL) != ES_OK) return false;
    bool unwanted;
    if (event.kind == ES_EVENT_KEY_ALIAS) {
        unwanted = es_site_is_forgotten_name(spooled->site, "name", &event.same_as) || es_site_is_forgotten_name(spooled->site, "study", &event.study);
        spooled->failed = spooled->failed || !note_alias(spooled, &event);
    } else {
        if (spooled->from.count > 0) (void)es_event_pseudonyms(&event, rename_spooled, spooled);
        unwanted = es_site_is_forgotten(spooled->site, &event);
    }
    es_event_clear(&event);
    return unwanted;
}

enum es_errc es_site_hand_over(struct es_site *site, struct es_error *err)
{
    struct spooled spooled = {.site = site};
    enum es_errc code = es_ledger_hand_over(site->ledger, is_unwanted, &spooled, err);
    if (code == ES_OK && spooled.failed) code = es_fail(err, ES_E_MEMORY, "site: out of memory");
    es_index_clear(&spooled.from);
    free(spooled.to);
    return code == ES_OK ? catch_up(site, err) : code;
}

enum es_errc es_site_refresh(struct es_site *site, struct es_error *err)
{
    if (!es_ledger_is_shared(site->ledger) || site->earlier) return es_site_is_whole(site) ? ES_OK : es_site_rebuild(site, err);
    enum es_errc code = es_ledger_refresh(site->ledger, err);
    if (code == ES_OK) code = catch_up(site, err);
    if (code == ES_OK && site->mode == ES_SITE_WRITE) code = es_site_hand_over(site, err); /* after what others did: keys, erasures */
    /* A mask here and its partner there: whoever learns of both compares, and who comes second adds a duplicate. What fails stays noted for
     * the next time. */
    struct es_error later = {0};
    if (code == ES_OK && site->mode == ES_SITE_WRITE && es_site_compare_masks(site, &later) != ES_OK) return ES_OK;
    return code;
}
