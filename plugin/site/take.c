/* SPDX-License-Identifier: Apache-2.0 */
/* A batch of messages: made into events, appended in one commit, their bundles derived once. */
#include <stdlib.h>
#include <string.h>

#include "plugin/base/time.h"
#include "plugin/site/keys.h"

/* The accepted messages of a batch; index[i] is the message's place in the batch as given. */
struct taking {
    struct es_event *events;
    struct es_entry *entries;
    uint8_t **bodies;
    enum es_taken *taken;
    size_t *index;
    size_t n, room;
};

#define NOBODYS SIZE_MAX /* index of an event that no message is */
static const char erased[] = "of a person who was erased from this ledger on request";

static void clear(struct taking *taking)
{
    for (size_t i = 0; i < taking->n; i++) {
        es_event_clear(&taking->events[i]);
        free(taking->bodies[i]);
    }
    free(taking->events);
    free(taking->entries);
    free(taking->bodies);
    free(taking->taken);
    free(taking->index);
}

static bool grow(void **items, size_t count, size_t size)
{
    size_t bytes;
    void *grown = __builtin_mul_overflow(count, size, &bytes) ? NULL : realloc(*items, bytes);
    if (grown) *items = grown;
    return grown != NULL;
}

/* Room for `count` more. */
static bool reserve(struct taking *taking, size_t count)
{
    if (taking->n + count <= taking->room) return true;
    const size_t room = taking->n + count;
    const bool good = grow((void **)&taking->events, room, sizeof *taking->events) && grow((void **)&taking->entries, room, sizeof *taking->entries) &&
                      grow((void **)&taking->bodies, room, sizeof *taking->bodies) && grow((void **)&taking->taken, room, sizeof *taking->taken) &&
                      grow((void **)&taking->index, room, sizeof *taking->index);
    if (good) taking->room = room;
    return good;
}

static enum es_errc add_event(struct es_site *site, struct taking *taking, struct es_event *event, size_t index, int64_t received,
                              struct es_error *err)
{
    uint8_t *body = NULL;
    size_t len = 0;
    const enum es_errc code = es_event_encode(event, site->key, &body, &len, err);
    if (code != ES_OK) {
        es_event_clear(event);
        return code;
    }
    struct es_entry *entry = &taking->entries[taking->n];
    *entry = (struct es_entry){.received = received, .sent = event->sent, .event_id = event->event_id, .body = body, .len = len};
    memcpy(entry->identity, event->identity, ES_IDENTITY_SIZE);
    taking->events[taking->n] = *event;
    taking->bodies[taking->n] = body;
    taking->index[taking->n++] = index;
    return ES_OK;
}

/* After a rotation: what is known under older keys goes before the event; what was taken then is taken no second time. */
static enum es_errc make_former(struct es_site *site, struct taking *taking, const struct es_message *message, size_t left, size_t index,
                                int64_t received, struct es_receipt *receipt, struct es_error *err)
{
    struct es_former former;
    struct es_event event;
    enum es_errc code = es_former_make(&former, site, message, &event, err);
    if (code == ES_OK && (former.forgotten || former.duplicate)) {
        es_event_clear(&event);
        receipt->outcome = former.forgotten ? ES_OUTCOME_REFUSED : ES_OUTCOME_DUPLICATE;
        if (former.forgotten) code = es_fail(err, ES_E_REFUSED, "%s", erased);
    } else if (code == ES_OK) {
        if (!reserve(taking, left + former.n_aliases)) code = es_fail(err, ES_E_MEMORY, "site: out of memory");
        for (size_t i = 0; i < former.n_aliases && code == ES_OK; i++) code = add_event(site, taking, &former.aliases[i], NOBODYS, received, err);
        if (code == ES_OK) code = add_event(site, taking, &event, index, received, err);
        else es_event_clear(&event);
    }
    es_former_clear(&former);
    return code;
}

/* A message that is refused is its sender's trouble; anything else is ours. */
static bool is_ours(enum es_errc code) { return code == ES_E_MEMORY || code == ES_E_IO || code == ES_E_STATE; }

static enum es_errc make_events(struct es_site *site, const struct es_message *const *messages, size_t count, int64_t received,
                                struct es_receipt *receipts, struct taking *taking, struct es_error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct es_event event;
        struct es_error refusal = {0};
        receipts[i] = (struct es_receipt){.outcome = ES_OUTCOME_REFUSED};
        enum es_errc code;
        if (site->renames) {
            code = make_former(site, taking, messages[i], count - i, i, received, &receipts[i], &refusal);
        } else {
            code = es_event_make(&event, messages[i], site->config, site->key, &refusal);
            if (code == ES_OK && es_site_is_forgotten(site, &event)) {
                es_event_clear(&event);
                code = es_fail(&refusal, ES_E_REFUSED, "%s", erased);
            }
            if (code == ES_OK) code = add_event(site, taking, &event, i, received, &refusal);
        }
        if (code != ES_OK && is_ours(code)) return es_fail(err, code, "%s", refusal.text);
        if (code != ES_OK) receipts[i].error = refusal;
    }
    return ES_OK;
}

/* Cohort and graph follow what the ledger has taken. Where they cannot, the site is stale: some of the batch may have been noted, and who
 * sends it again is told of duplicates. */
static enum es_errc follow(struct es_site *site, struct taking *taking, struct es_receipt *receipts, struct es_error *err)
{
    struct es_batch batch = {0};
    enum es_errc code = ES_OK;
    batch.events = calloc(taking->n ? taking->n : 1, sizeof *batch.events);
    batch.revised = calloc(taking->n ? taking->n : 1, sizeof *batch.revised);
    size_t *place = calloc(taking->n ? taking->n : 1, sizeof *place);
    if (!batch.events || !batch.revised || !place) code = es_fail(err, ES_E_MEMORY, "site: out of memory");
    for (size_t i = 0; code == ES_OK && i < taking->n; i++) {
        if (taking->index[i] != NOBODYS) receipts[taking->index[i]].outcome = taking->taken[i] == ES_TAKEN ? ES_OUTCOME_TAKEN : ES_OUTCOME_DUPLICATE;
        if (taking->taken[i] != ES_TAKEN || taking->entries[i].seq == 0) continue; /* what waits in the spool counts when it is handed over */
        if (batch.n == 0) batch.first_seq = taking->entries[i].seq;
        batch.events[batch.n] = &taking->events[i];
        place[batch.n++] = taking->index[i];
    }
    for (size_t i = 0; code == ES_OK && i < batch.n; i++) {
        es_site_rename_event(site, batch.events[i]); /* the aliases it needs were noted before it */
        code = es_site_note(site, batch.events[i], batch.first_seq + i, taking->entries[0].received, false, err);
    }
    if (code == ES_OK && site->renames && site->renames->clash) {
        code = es_site_rebuild(site, err);
    } else if (code == ES_OK) {
        code = es_site_settle(site, err);
        if (code == ES_OK) code = es_site_derive(site, &batch, err);
    }
    for (size_t i = 0; code == ES_OK && i < batch.n; i++)
        if (batch.revised[i] && place[i] != NOBODYS) receipts[place[i]].outcome = ES_OUTCOME_REVISED;
    free(batch.events);
    free(batch.revised);
    free(place);
    if (code != ES_OK) site->stale = true;
    return code;
}

/* What was committed before a shared ledger went away is committed: the cohort follows when it is back. */
static enum es_errc settle_down(const struct es_site *site, enum es_errc code, struct es_error *err)
{
    uint64_t waiting;
    if (code != ES_E_IO || !es_ledger_is_away(site->ledger, &waiting)) return code;
    if (err) *err = (struct es_error){0};
    return ES_OK;
}

/* What others appended and could not be taken in (a key that is not here, a database that was put back) may forbid to add anything; and what we
 * appended and could not count is counted first. */
static enum es_errc caught_up(struct es_site *site, struct es_error *err)
{
    uint64_t waiting;
    return site->stale && !es_ledger_is_away(site->ledger, &waiting) ? es_site_refresh(site, err) : ES_OK;
}

enum es_errc es_site_take(struct es_site *site, const struct es_message *const *messages, size_t count, struct es_receipt *receipts,
                          struct es_error *err)
{
    struct taking taking = {0};
    if (site->mode != ES_SITE_WRITE) return es_fail(err, ES_E_STATE, "site: opened for reading, messages were to be taken");
    if (count == 0) return ES_OK;
    enum es_errc code = caught_up(site, err);
    if (code == ES_OK) code = reserve(&taking, count) ? ES_OK : es_fail(err, ES_E_MEMORY, "site: out of memory");
    if (code == ES_OK) code = make_events(site, messages, count, es_clock(), receipts, &taking, err);
    if (code == ES_OK) code = es_site_keep_masks(site, taking.events, taking.n, err);
    if (code == ES_OK) code = es_ledger_append(site->ledger, taking.entries, taking.n, taking.taken, err);
    if (code == ES_OK) code = settle_down(site, follow(site, &taking, receipts, err), err);
    clear(&taking);
    /* The batch is taken whatever becomes of this: pairs that could not be compared stay noted. */
    struct es_error later = {0};
    if (code == ES_OK && es_site_compare_masks(site, &later) != ES_OK) return ES_OK;
    return code;
}

enum es_errc es_site_append_events(struct es_site *site, struct es_event *events, size_t count, struct es_error *err)
{
    struct taking taking = {0};
    const int64_t now = es_clock();
    enum es_errc code = count == 0 || reserve(&taking, count) ? ES_OK : es_fail(err, ES_E_MEMORY, "site: out of memory");
    for (size_t i = 0; i < count; i++) {
        if (code == ES_OK) code = add_event(site, &taking, &events[i], NOBODYS, now, err);
        else es_event_clear(&events[i]);
    }
    if (code == ES_OK && count > 0) code = es_ledger_append(site->ledger, taking.entries, taking.n, taking.taken, err);
    if (code == ES_OK && count > 0) code = follow(site, &taking, NULL, err);
    clear(&taking);
    return code;
}

/* An event of our own that carries a document. Its instant of making is part of the body: a configuration that comes back is recorded
 * again. */
static enum es_errc make_document(struct es_site *site, struct taking *taking, enum es_event_kind kind, const char *document,
                                  struct es_error *err)
{
    struct es_message *message = malloc(sizeof *message);
    struct es_event event;
    if (!message) return es_fail(err, ES_E_MEMORY, "site: out of memory");
    es_message_init(message);
    message->kind = kind;
    message->document = strdup(document);
    enum es_errc code = message->document && reserve(taking, 1) ? ES_OK : es_fail(err, ES_E_MEMORY, "site: out of memory");
    if (code == ES_OK) code = es_event_make(&event, message, site->config, site->key, err);
    if (code == ES_OK) {
        const int64_t now = es_clock();
        event.produced = now;
        event.zone_known = true;
        code = add_event(site, taking, &event, 0, now, err);
    }
    es_message_clear(message);
    free(message);
    return code;
}

enum es_errc es_site_append_document(struct es_site *site, enum es_event_kind kind, const char *document, struct es_error *err)
{
    struct taking taking = {0};
    struct es_receipt receipt;
    enum es_errc code = make_document(site, &taking, kind, document, err);
    if (code == ES_OK) code = es_ledger_append(site->ledger, taking.entries, taking.n, taking.taken, err);
    if (code == ES_OK) code = follow(site, &taking, &receipt, err);
    clear(&taking);
    return code;
}

enum es_errc es_site_erase(struct es_site *site, const uint64_t *seqs, size_t count, const char *document, struct es_error *err)
{
    struct taking taking = {0};
    enum es_errc code = make_document(site, &taking, ES_EVENT_ERASURE, document, err);
    if (code == ES_OK) code = es_ledger_erase(site->ledger, seqs, count, taking.entries, err);
    clear(&taking);
    return code;
}
