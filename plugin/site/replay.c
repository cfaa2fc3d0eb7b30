/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger read again into an empty site, and what every event does beside its bundle. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/time.h"
#include "plugin/site/keys.h"

static enum es_errc decoded(const struct es_site *site, enum es_errc code, const struct es_entry *entry, struct es_event *out, struct es_error *err)
{
    char words[ES_ENTRY_WORDS];
    if (code != ES_OK) {
        es_error_prefix(err, "%s", es_ledger_words(site->ledger, entry->seq, words));
        return code;
    }
    memcpy(out->identity, entry->identity, ES_IDENTITY_SIZE);
    out->event_id = entry->event_id;
    out->sent = entry->sent;
    return ES_OK;
}

enum es_errc es_site_decode_links(const struct es_site *site, const struct es_entry *entry, struct es_event *out, struct es_error *err)
{
    return decoded(site, es_event_decode_links(out, entry->body, entry->len, err), entry, out, err);
}

enum es_errc es_site_decode(const struct es_site *site, const struct es_entry *entry, struct es_arena *arena, struct es_event *out,
                            struct es_error *err)
{
    const enum es_errc code = decoded(site, arena ? es_event_decode_into(arena, out, entry->body, entry->len, err)
                                            : es_event_decode(out, entry->body, entry->len, err), entry, out, err);
    if (code != ES_OK) return code;
    es_site_rename_event(site, out);
    es_names_put_back(site->names, out);
    return ES_OK;
}

struct one {
    const struct es_site *site;
    struct es_arena *arena;
    struct es_event *out;
    bool found, there;
    enum es_errc code;
    struct es_error *err;
};
static bool decode_one(void *context, const struct es_entry *entry)
{
    struct one *one = context;
    one->found = true;
    if (!entry->body) return true;
    one->code = es_site_decode(one->site, entry, one->arena, one->out, one->err);
    one->there = one->code == ES_OK;
    return true;
}

enum es_errc es_site_read(struct es_site *site, uint32_t seq, struct es_arena *arena, struct es_event *out, bool *there,
                          struct es_error *err)
{
    struct one one = {.site = site, .arena = arena, .out = out, .err = err};
    const enum es_errc code = es_ledger_visit(site->ledger, seq, decode_one, &one, err);
    *there = one.there;
    if (code == ES_OK && !one.found) return es_fail(err, ES_E_STATE, "entry %u: not in the ledger", seq);
    return code == ES_OK ? one.code : code;
}

/* ---- retractions of what is already there ---- */

struct targets {
    struct es_site *site;
    const struct es_event *retraction;
    uint64_t seq; /* of the retraction */
    bool replay;
    enum es_errc code;
    struct es_error *err;
};

/* A clock that runs ahead must not close windows: an instant more than this after its receipt says nothing about now. Two days, since
 * an exam's instant is the end of its day wherever on earth that was. */
#define AHEAD (2 * ES_MICROSECONDS_A_DAY)

int64_t es_site_instant(const struct es_event *event, int64_t received)
{
    const int64_t instant = es_event_instant(event);
    return instant != ES_NO_INSTANT && instant - AHEAD > received ? ES_NO_INSTANT : instant;
}

static void retract_target(struct targets *targets, const struct es_event *event, uint64_t seq, int64_t received)
{
    struct es_site *site = targets->site;
    const int64_t instant = es_site_instant(event, received);
    bool good = true;
    if (event->kind == ES_EVENT_PATIENT_ALIAS) {
        es_graph_unmerge(&site->graph, seq);
        site->people_stale = true;
    }
    if (es_graph_first_retraction(&site->graph, targets->retraction, (uint32_t)targets->seq, event))
        good = es_graph_name(&site->graph, event, -1, targets->replay);
    if (instant != ES_NO_INSTANT && instant == site->now) site->now_stale = true;
    if (!good || !es_graph_touch_event(&site->graph, event)) targets->code = es_fail(targets->err, ES_E_MEMORY, "site: out of memory");
}

static bool each_target(void *context, const struct es_entry *entry)
{
    struct targets *targets = context;
    struct es_event event;
    if (!entry->body || entry->seq >= targets->seq) return true; /* what comes behind finds the retraction there */
    targets->code = es_site_decode(targets->site, entry, NULL, &event, targets->err);
    if (targets->code != ES_OK) return false;
    retract_target(targets, &event, entry->seq, entry->received);
    es_event_clear(&event);
    return targets->code == ES_OK;
}

static enum es_errc retract(struct es_site *site, const struct es_event *event, uint64_t own, bool replay, struct es_error *err)
{
    struct targets targets = {.site = site, .retraction = event, .seq = own, .replay = replay, .err = err};
    struct es_entry entry;
    uint8_t *body = NULL;
    uint64_t seq = 0;
    if (es_pseudonym_set(&event->retract_event_id)) {
        const enum es_errc code = es_site_walk_event_id(site, &event->retract_event_id, each_target, &targets, err);
        return code == ES_OK ? targets.code : code;
    }
    enum es_errc code = es_ledger_find(site->ledger, event->retract, &seq, err);
    if (code == ES_OK && seq != 0) code = es_ledger_read(site->ledger, seq, &entry, &body, err); /* within a walk: no other walk */
    if (code == ES_OK && seq != 0) (void)each_target(&targets, &entry);
    free(body);
    return code == ES_OK ? targets.code : code;
}

/* ---- one event ---- */

/* What counts moves the basis of its chain. */
static bool note_basis(struct es_site *site, const struct es_event *event, uint64_t number)
{
    size_t chain;
    uint64_t seq;
    if (event->kind == ES_EVENT_RELEASE || event->kind == ES_EVENT_ALARM) return true;
    if (!es_site_chain(site, number, &chain, &seq)) return false;
    if (number > site->basis) site->basis = number;
    if (seq > site->chains[chain].basis) site->chains[chain].basis = seq;
    site->dirty = true;
    return true;
}

static enum es_errc note_document(struct es_site *site, const struct es_event *event, uint64_t number, int64_t received,
                                  struct es_error *err)
{
    switch (event->kind) {
    case ES_EVENT_CONFIG:
    case ES_EVENT_PLAN: return es_site_note_document(site, event, number, received, err);
    case ES_EVENT_ERASURE: return es_site_note_erasure(site, event, err);
    case ES_EVENT_RELEASE:
        if (!event->document || !strstr(event->document, "\"published\":")) return ES_OK;
        return es_list_add(&site->releases, (uint32_t)number) ? ES_OK : es_fail(err, ES_E_MEMORY, "site: out of memory");
    case ES_EVENT_KEY: return es_site_note_key(site, event, err);
    default: return ES_OK;
    }
}

enum es_errc es_site_note(struct es_site *site, struct es_event *event, uint64_t seq, int64_t received, bool replay,
                          struct es_error *err)
{
    const int64_t instant = es_site_instant(event, received);
    if (seq > ES_MAX_EVENTS) return es_fail(err, ES_E_LIMIT, "site: more than %u events", ES_MAX_EVENTS);
    if (!note_basis(site, event, seq)) return es_fail(err, ES_E_MEMORY, "site: out of memory");
    if (seq > site->seen) site->seen = seq;
    enum es_errc code = note_document(site, event, seq, received, err);
    if (code == ES_OK && !es_site_note_names(site, event, (uint32_t)seq)) code = es_fail(err, ES_E_MEMORY, "site: out of memory");
    if (code == ES_OK && !es_graph_add(&site->graph, event, (uint32_t)seq)) code = es_fail(err, ES_E_MEMORY, "site: out of memory");
    if (code != ES_OK) return code;
    if (event->kind == ES_EVENT_RETRACT) return retract(site, event, seq, replay, err);
    const bool retracted = es_graph_retraction(&site->graph, event) != 0;
    if (event->kind == ES_EVENT_PATIENT_ALIAS && !es_graph_merge(&site->graph, event, (uint32_t)seq, retracted, replay))
        return es_fail(err, ES_E_MEMORY, "site: out of memory");
    if (!retracted && !es_graph_name(&site->graph, event, 1, replay)) return es_fail(err, ES_E_MEMORY, "site: out of memory");
    if (instant != ES_NO_INSTANT && !retracted && instant > site->now) site->now = instant;
    return ES_OK;
}

/* ---- settling ---- */

struct instants {
    struct es_site *site;
    int64_t now;
    enum es_errc code;
    struct es_error *err;
};
static bool each_instant(void *context, const struct es_entry *entry)
{
    struct instants *instants = context;
    struct es_event event;
    if (!entry->body || !es_site_sees(instants->site, entry->seq)) return true;
    instants->code = es_site_decode_links(instants->site, entry, &event, instants->err);
    if (instants->code != ES_OK) return false;
    es_site_rename_event(instants->site, &event);
    const int64_t instant = es_site_instant(&event, entry->received);
    if (instant != ES_NO_INSTANT && es_graph_retraction(&instants->site->graph, &event) == 0 && instant > instants->now)
        instants->now = instant;
    es_event_clear(&event);
    return true;
}

enum es_errc es_site_settle(struct es_site *site, struct es_error *err)
{
    if (site->people_stale || site->graph.unsettled.count > 0) {
        if (!es_graph_settle_people(&site->graph)) return es_fail(err, ES_E_MEMORY, "site: out of memory");
        site->people_stale = false;
    }
    if (site->now_stale) {
        struct instants instants = {.site = site, .now = ES_NO_INSTANT, .err = err};
        const enum es_errc code = es_ledger_walk(site->ledger, 0, UINT64_MAX, each_instant, &instants, err);
        if (code != ES_OK || instants.code != ES_OK) return code != ES_OK ? code : instants.code;
        site->now = instants.now;
        site->now_stale = false;
    }
    return ES_OK;
}

/* ---- the whole ledger ---- */

static enum es_errc read_all(struct es_site *site, bool check, struct es_error *err)
{
    const uint64_t last = es_ledger_count(site->ledger);
    site->now = ES_NO_INSTANT;
    enum es_errc code = es_site_begin_names(site, err);
    if (code == ES_OK) code = es_site_bulk_read(site, last, check, err);
    if (code != ES_OK) return code;
    site->seen = last;
    site->people_stale = site->graph.n_merges > 0 || site->graph.with_issuer;
    code = es_site_settle(site, err);
    for (uint32_t i = 0; code == ES_OK && i < site->graph.keys.count; i++)
        if (site->graph.nodes[i] != 0 && !(site->graph.nodes[i] & ES_CHILD) && !es_list_add(&site->graph.touched, i))
            code = es_fail(err, ES_E_MEMORY, "site: out of memory");
    if (code == ES_OK) code = es_site_bulk_derive(site, err);
    free(site->graph.touched.items); /* one entry a bundle: more than a batch ever needs */
    site->graph.touched = (struct es_list){0};
    site->graph.whole = 0;
    return code;
}

enum es_errc es_site_replay(struct es_site *site, bool check, struct es_error *err)
{
    enum es_errc code = es_ledger_hold(site->ledger, err);
    if (code != ES_OK) return code;
    site->graph.images = es_config_has_unit(site->config, ES_UNIT_IMAGE);
    code = read_all(site, check, err);
    es_ledger_release(site->ledger);
    es_ledger_shrink(site->ledger);
#ifdef __GLIBC__
    (void)malloc_trim(0); /* pages, bundles and events of the reading lie all over the heap */
#endif
    return code;
}
