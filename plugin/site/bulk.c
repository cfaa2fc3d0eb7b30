/* SPDX-License-Identifier: Apache-2.0 */
/* The whole ledger read again: entries to the graph, then bundles to the cohort, each in chunks that two threads may make (relay.h). */
#include <stdlib.h>
#include <string.h>

#include "plugin/site/keys.h"
#include "plugin/site/relay.h"

#define FEW 20000         /* entries for which a second thread is not worth starting */
#define ENTRIES 256       /* of a chunk */

/* What each hand reads with: hand 0 the site itself, hand 1 a copy with a ledger handle of its own. */
struct hands {
    struct es_site *site, copy, *of[ES_RELAY_HANDS];
    bool two;
};

/* A second handle is opened only for long ledgers; without it the work is done by one. */
static void hands_open(struct hands *hands, struct es_site *site, uint64_t entries)
{
    const struct es_config *config = site->config;
    memset(hands, 0, sizeof *hands);
    hands->site = hands->of[0] = hands->of[1] = site;
    if (entries < FEW || es_ledger_is_shared(site->ledger) || site->renames) return; /* a shared ledger's numbers, and names after a rotation, are of one thread */
    hands->copy = *site;
    hands->copy.ledger = NULL;
    hands->copy.pairs = NULL;
    hands->copy.n_pairs = hands->copy.pairs_room = 0;
    if (es_ledger_open(&hands->copy.ledger, config->ledger, config->node, es_key_id(es_key_at(site->key, 1)), false, false,
                       NULL) != ES_OK) return;
    if (es_ledger_hold(hands->copy.ledger, NULL) != ES_OK) return;
    hands->of[1] = &hands->copy;
    hands->two = true;
}

/* What the second hand found is the site's. false: out of memory. */
static bool hands_close(struct hands *hands)
{
    const bool good = !hands->two || es_site_join_pairs(hands->site, &hands->copy);
    if (hands->two) {
        free(hands->copy.pairs);
        es_ledger_release(hands->copy.ledger);
    }
    es_ledger_close(hands->copy.ledger);
    return good;
}

static bool slots_new(struct es_relay *relay, size_t size)
{
    bool good = true;
    for (size_t i = 0; i < ES_RELAY_SLOTS; i++) good &= (relay->slots[i] = calloc(1, size)) != NULL;
    return good;
}

static void slots_free(struct es_relay *relay, void (*drop)(void *slot))
{
    for (size_t i = 0; i < ES_RELAY_SLOTS; i++) {
        if (relay->slots[i]) drop(relay->slots[i]);
        free(relay->slots[i]);
    }
}

/* ---- entries ---- */

struct entries {
    struct es_event events[ENTRIES];
    struct keys {
        uint64_t study, accession, patient; /* es_index_hash(); 0: none */
        uint32_t series;                    /* es_series_print(); 0, a place like any other, when none is named */
    } keys[ENTRIES];
    uint64_t seqs[ENTRIES];
    int64_t received[ENTRIES];
    size_t n;
};

struct reading {
    struct hands hands;
    bool check;
    uint64_t last;
};

/* Where one chunk's walk puts its entries. */
struct filling {
    const struct es_site *site;
    const struct es_key *key; /* to prove identities; NULL: not */
    struct entries *into;
    enum es_errc code;
    struct es_error *err;
};

/* Of its body, under any of the keys. */
static bool is_identity(const struct es_key *key, const struct es_entry *entry)
{
    uint8_t identity[ES_IDENTITY_SIZE];
    bool same = false;
    for (unsigned epoch = es_key_epochs(key); epoch > 0 && !same; epoch--)
        same = es_key_identity(es_key_at(key, epoch), entry->body, entry->len, identity) != ES_OK ||
               memcmp(identity, entry->identity, sizeof identity) == 0;
    return same;
}

static struct keys keys_of(const struct es_event *event)
{
    const struct es_pseudonym patient = es_patient_key(&event->patient, &event->patient_issuer);
    return (struct keys){.study = es_pseudonym_set(&event->study) ? es_index_hash(&event->study) : 0,
                         .accession = es_pseudonym_set(&event->accession) ? es_index_hash(&event->accession) : 0,
                         .patient = es_pseudonym_set(&event->patient) ? es_index_hash(&patient) : 0,
                         .series = es_series_print(&event->series)};
}

static bool fill(void *context, const struct es_entry *entry)
{
    struct filling *f = context;
    struct entries *into = f->into;
    if (!entry->body || !es_site_sees(f->site, entry->seq)) return true;
    if (f->key && !is_identity(f->key, entry)) {
        char words[ES_ENTRY_WORDS];
        f->code = es_fail(f->err, ES_E_STATE, "%s: its identity is not the one of its body", es_ledger_words(f->site->ledger, entry->seq, words));
        return false;
    }
    /* What an exam, a result or a reference says is read, and proved, when its bundle is derived. After a rotation every hash in it is noted. */
    f->code = f->site->renames ? es_site_decode(f->site, entry, NULL, &into->events[into->n], f->err)
                               : es_site_decode_links(f->site, entry, &into->events[into->n], f->err);
    if (f->code != ES_OK) return false;
    into->keys[into->n] = keys_of(&into->events[into->n]);
    into->seqs[into->n] = entry->seq;
    into->received[into->n++] = entry->received;
    return true;
}

static enum es_errc make_entries(void *context, unsigned hand, uint64_t chunk, void *slot, struct es_error *err)
{
    const struct reading *reading = context;
    const uint64_t after = chunk * ENTRIES, until = after + ENTRIES < reading->last ? after + ENTRIES : reading->last;
    struct filling filling = {.site = reading->hands.of[hand], .key = reading->check ? reading->hands.site->key : NULL, .into = slot, .err = err};
    filling.into->n = 0;
    const enum es_errc code = es_ledger_walk(reading->hands.of[hand]->ledger, after, until, fill, &filling, err);
    return code == ES_OK ? filling.code : code;
}

static void clear_entries(void *slot)
{
    struct entries *entries = slot;
    for (size_t i = 0; i < entries->n; i++) {
        struct es_event *event = &entries->events[i];
        if (event->study_refs || event->attributes || event->findings || event->series_refs || event->image_refs || event->document)
            es_event_clear(event); /* seldom: links own nothing but references to other studies */
    }
    entries->n = 0;
}

/* The keys of all entries at hand: their places in the tables first, then the keys and nodes that stand there. */
static void prefetch(const struct es_graph *graph, const struct entries *entries)
{
    for (int deep = 0; deep < 2; deep++)
        for (size_t i = 0; i < entries->n; i++) {
            const struct keys *keys = &entries->keys[i];
            const uint32_t study = keys->study ? es_index_prefetch(&graph->keys, keys->study, deep) : ES_INDEX_NONE;
            const uint32_t accession = keys->accession ? es_index_prefetch(&graph->keys, keys->accession, deep) : ES_INDEX_NONE;
            const uint32_t patient = keys->patient ? es_index_prefetch(&graph->people, keys->patient, deep) : ES_INDEX_NONE;
            if (!deep) es_series_prefetch(&graph->series, keys->series);
            if (study != ES_INDEX_NONE) __builtin_prefetch(&graph->nodes[study]);
            if (accession != ES_INDEX_NONE) __builtin_prefetch(&graph->nodes[accession]);
            if (patient != ES_INDEX_NONE) __builtin_prefetch(&graph->patients[patient]);
        }
}

static enum es_errc use_entries(void *context, uint64_t chunk, void *slot, struct es_error *err)
{
    const struct reading *reading = context;
    struct es_site *site = reading->hands.site;
    struct entries *entries = slot;
    enum es_errc code = ES_OK;
    prefetch(&site->graph, entries);
    for (size_t i = 0; code == ES_OK && i < entries->n; i++) {
        es_site_rename_event(site, &entries->events[i]); /* aliases of this chunk were noted since it was read */
        code = es_site_note(site, &entries->events[i], entries->seqs[i], entries->received[i], true, err);
        es_graph_untouch(&site->graph); /* every bundle is derived at the end */
    }
    clear_entries(entries);
    if (site->progress && chunk % 16 == 0)
        site->progress->report(site->progress->context, "reading the ledger", chunk * ENTRIES, reading->last);
    return code;
}

enum es_errc es_site_bulk_read(struct es_site *site, uint64_t last, bool check, struct es_error *err)
{
    struct reading reading = {.check = check, .last = last};
    struct es_relay relay = {.chunks = last / ENTRIES + (last % ENTRIES != 0), .make = make_entries, .use = use_entries, .context = &reading};
    hands_open(&reading.hands, site, check ? 0 : last); /* the key proves identities for one thread only */
    enum es_errc code = slots_new(&relay, sizeof(struct entries)) ? es_relay_run(&relay, reading.hands.two, err)
                                                                        : es_fail(err, ES_E_MEMORY, "site: out of memory");
    slots_free(&relay, clear_entries);
    if (!hands_close(&reading.hands) && code == ES_OK) code = es_fail(err, ES_E_MEMORY, "site: out of memory");
    return code;
}

/* ---- bundles ---- */

struct bundles {
    struct es_derived derived[ES_BUNDLES_AT_ONCE];
    size_t n;
    struct es_arena arena;
};

struct deriving {
    struct hands hands;
    struct es_hand working[ES_RELAY_HANDS];
};

static enum es_errc make_bundles(void *context, unsigned hand, uint64_t chunk, void *slot, struct es_error *err)
{
    struct deriving *deriving = context;
    const struct es_list *roots = &deriving->hands.site->graph.touched;
    const uint64_t from = chunk * ES_BUNDLES_AT_ONCE, left = roots->count - from;
    struct bundles *bundles = slot;
    return es_site_derive_bundles(deriving->hands.of[hand], NULL, roots->items + from, left < ES_BUNDLES_AT_ONCE ? (size_t)left : ES_BUNDLES_AT_ONCE,
                                  &deriving->working[hand], &bundles->arena, bundles->derived, &bundles->n, err);
}

static void drop_bundles(void *slot)
{
    struct bundles *bundles = slot;
    es_arena_clear(&bundles->arena);
}

static enum es_errc use_bundles(void *context, uint64_t chunk, void *slot, struct es_error *err)
{
    const struct deriving *deriving = context;
    struct es_site *site = deriving->hands.site;
    const struct es_list *roots = &site->graph.touched;
    struct bundles *bundles = slot;
    enum es_errc code = ES_OK;
    for (int deep = 0; deep < 2; deep++)
        for (size_t i = 0; i < bundles->n; i++) es_cohort_prefetch(site->cohort, &bundles->derived[i], deep);
    for (size_t i = 0; code == ES_OK && i < bundles->n; i++)
        code = es_cohort_replace(site->cohort, roots->items[chunk * ES_BUNDLES_AT_ONCE + i], &bundles->derived[i], err);
    es_arena_reset(&bundles->arena);
    if (site->progress && chunk % 8 == 0)
        site->progress->report(site->progress->context, "deriving", chunk * ES_BUNDLES_AT_ONCE, roots->count);
    return code;
}

enum es_errc es_site_bulk_derive(struct es_site *site, struct es_error *err)
{
    struct deriving deriving = {0};
    const uint32_t roots = site->graph.touched.count;
    struct es_relay relay = {.chunks = roots / ES_BUNDLES_AT_ONCE + (roots % ES_BUNDLES_AT_ONCE != 0), .make = make_bundles, .use = use_bundles, .context = &deriving};
    enum es_errc code = es_ledger_hold(site->ledger, err);
    if (code != ES_OK) return code;
    hands_open(&deriving.hands, site, roots);
    code = slots_new(&relay, sizeof(struct bundles)) ? es_relay_run(&relay, deriving.hands.two, err)
                                                     : es_fail(err, ES_E_MEMORY, "site: out of memory");
    slots_free(&relay, drop_bundles);
    if (!hands_close(&deriving.hands) && code == ES_OK) code = es_fail(err, ES_E_MEMORY, "site: out of memory");
    for (size_t i = 0; i < ES_RELAY_HANDS; i++) es_hand_free(&deriving.working[i]);
    es_ledger_release(site->ledger);
    if (code == ES_OK) es_graph_untouch(&site->graph);
    return code;
}
