/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles to the cohort: read a bundle's events again, derive, replace. */
#include <stdlib.h>
#include <string.h>

#include "plugin/site/internal.h"

/* Retractions stand in no bundle: those of the bundle's events are put beside them. */
static enum es_errc gather_retractions(struct es_site *site, const struct es_batch *batch, struct es_in_hand *events,
                                       struct es_error *err)
{
    const size_t count = events->count;
    for (size_t i = 0; i < count; i++) {
        const uint32_t seq = es_graph_retraction(&site->graph, events->list[i]);
        const enum es_errc code = seq == 0 ? ES_OK : es_gather_one(site, batch, seq, events, err);
        if (code != ES_OK) return code;
    }
    return ES_OK;
}

/* Demographics of every alias of one patient that are not retracted. */
static enum es_errc gather_person(struct es_site *site, const struct es_batch *batch, uint32_t patient, struct es_in_hand *linked,
                                  struct es_error *err)
{
    uint32_t member = patient;
    enum es_errc code = ES_OK;
    const size_t from = linked->count;
    if (!es_graph_told(&site->graph, patient)) return ES_OK;
    do {
        code = es_gather_ring(site, batch, site->graph.patients[member].last_event, linked, err);
        member = site->graph.patients[member].next_member;
    } while (code == ES_OK && member != patient);
    size_t kept = from;
    for (size_t i = from; i < linked->count; i++)
        if (es_graph_retraction(&site->graph, linked->list[i]) == 0) linked->list[kept++] = linked->list[i];
    linked->count = kept;
    return code;
}

/* A changed patient pseudonym is put into a shallow copy: the batch's own events stay as they are. */
struct renamed {
    struct es_event *copies;
    size_t count;
    struct es_pseudonym *names;   /* of the patients that were resolved; owned */
    struct es_pseudonym *unclear; /* within names: patients with an identifier whose issuer is not told */
    size_t n_unclear;
};
static const struct es_event *rename_patient(struct renamed *renamed, const struct es_event *event, const struct es_pseudonym *name)
{
    if (memcmp(&event->patient, name, sizeof *name) == 0 && !es_pseudonym_set(&event->patient_issuer)) return event;
    struct es_event *copy = &renamed->copies[renamed->count++];
    *copy = *event;
    copy->patient = *name;
    copy->patient_issuer = (struct es_pseudonym){{0}};
    return copy;
}

static enum es_errc resolve_people(struct es_site *site, const struct es_batch *batch, struct es_in_hand *events,
                                   struct es_in_hand *linked, struct renamed *renamed, struct es_error *err)
{
    size_t n_names = 0;
    const struct es_graph *graph = &site->graph;
    if (graph->n_merges == 0 && !graph->with_issuer && !graph->with_demographics) return ES_OK; /* nobody has anything to resolve */
    struct es_pseudonym *names = calloc(events->count ? events->count : 1, 2 * sizeof *names);
    if (!names) return es_fail(err, ES_E_MEMORY, "site: out of memory");
    renamed->unclear = names + events->count;
    renamed->names = names;
    for (size_t i = 0; i < events->count; i++) {
        const uint32_t patient = events->list[i]->kind == ES_EVENT_EXAM ? es_graph_find_patient(&site->graph, events->list[i]) : ES_NONE;
        if (patient == ES_NONE) continue;
        const struct es_patient *person = &site->graph.patients[patient];
        const bool unclear = es_graph_unclear(&site->graph, patient);
        if (person->next_member == patient && person->last_event == 0 && !unclear) continue; /* nothing to resolve: nearly everybody */
        const struct es_pseudonym name = *es_graph_canonical(&site->graph, patient);
        bool known = false;
        for (size_t k = 0; k < n_names && !known; k++) known = memcmp(&names[k], &name, sizeof name) == 0;
        if (known) continue;
        names[n_names++] = name;
        if (unclear) renamed->unclear[renamed->n_unclear++] = name;
        const enum es_errc code = gather_person(site, batch, patient, linked, err);
        if (code != ES_OK) return code;
    }
    if (n_names == 0) return ES_OK;
    renamed->copies = calloc(events->count + linked->count, sizeof *renamed->copies);
    if (!renamed->copies) return es_fail(err, ES_E_MEMORY, "site: out of memory");
    for (size_t i = 0; i < events->count + linked->count; i++) {
        const struct es_event **event = i < events->count ? &events->list[i] : &linked->list[i - events->count];
        const uint32_t patient = es_graph_find_patient(&site->graph, *event);
        if (patient == ES_NONE) continue;
        const struct es_pseudonym name = *es_graph_canonical(&site->graph, patient);
        *event = rename_patient(renamed, *event, &name);
    }
    return ES_OK;
}

/* Exams of patients that cannot be told for want of an issuer. */
static void count_unclear(const struct renamed *renamed, struct es_derived *derived)
{
    for (size_t i = 0; i < derived->n_exams; i++)
        for (size_t k = 0; k < renamed->n_unclear; k++)
            if (memcmp(&derived->exams[i].patient, &renamed->unclear[k], sizeof renamed->unclear[k]) == 0) {
                derived->ambiguous++;
                break;
            }
}

/* A new event is a revision when an earlier, unretracted one of its slot speaks of the same. */
static void find_revisions(struct es_site *site, const struct es_batch *batch, const struct es_in_hand *events)
{
    if (!batch) return;
    for (size_t i = 0; i < events->count; i++) {
        const uint32_t seq = events->seqs[i];
        if (seq < batch->first_seq || seq - batch->first_seq >= batch->n) continue;
        for (size_t k = 0; k < events->count; k++)
            if (events->seqs[k] < seq && es_same_matter(events->list[i], events->list[k]) &&
                es_graph_retraction(&site->graph, events->list[k]) == 0) {
                batch->revised[seq - batch->first_seq] = true;
                break;
            }
    }
}

/* What one bundle says, whose own events are in hand->events. */
static enum es_errc derive_bundle(struct es_site *site, const struct es_batch *batch, struct es_hand *hand, struct es_arena *arena,
                                  struct es_derived *derived, struct es_error *err)
{
    struct es_in_hand *events = &hand->events, *linked = &hand->linked;
    struct renamed renamed = {0};
    find_revisions(site, batch, events);
    enum es_errc code = es_site_find_pairs(site, events->list, events->seqs, events->count, err);
    if (code == ES_OK) code = gather_retractions(site, batch, events, err);
    if (code == ES_OK) code = resolve_people(site, batch, events, linked, &renamed, err);
    if (code == ES_OK)
        code = es_bundle_derive(events->list, events->count, linked->list, linked->count, site->config, arena, derived, err);
    if (code == ES_OK) count_unclear(&renamed, derived);
    free(renamed.copies);
    free(renamed.names);
    es_in_hand_clear(linked);
    return code;
}

enum es_errc es_site_derive_bundles(struct es_site *site, const struct es_batch *batch, const uint32_t *roots, size_t n,
                                    struct es_hand *hand, struct es_arena *arena, struct es_derived *derived, size_t *n_derived,
                                    struct es_error *err)
{
    size_t ends[ES_BUNDLES_AT_ONCE], at = 0;
    *n_derived = 0;
    enum es_errc code = es_gather_bundles(site, batch, roots, n, &hand->read, ends, err);
    for (size_t i = 0; code == ES_OK && i < n; i++) {
        derived[i] = (struct es_derived){0};
        for (; code == ES_OK && at < ends[i]; at++)
            if (!es_in_hand_add(&hand->events, hand->read.list[at], hand->read.seqs[at])) code = es_fail(err, ES_E_MEMORY, "site: out of memory");
        if (code == ES_OK) code = derive_bundle(site, batch, hand, arena, &derived[i], err);
        if (code == ES_OK) ++*n_derived;
        es_in_hand_clear(&hand->events);
    }
    es_in_hand_clear(&hand->read);
    return code;
}

void es_hand_free(struct es_hand *hand)
{
    es_in_hand_free(&hand->read);
    es_in_hand_free(&hand->events);
    es_in_hand_free(&hand->linked);
}

enum es_errc es_site_visit(struct es_site *site, uint32_t bundle_root,
                           enum es_errc (*visit)(void *context, const struct es_gathered *bundle, struct es_error *err), void *context,
                           struct es_error *err)
{
    struct es_in_hand events = {0}, linked = {0};
    struct renamed renamed = {0};
    enum es_errc code = es_ledger_hold(site->ledger, err);
    if (code != ES_OK) return code;
    code = es_gather_ring(site, NULL, site->graph.nodes[bundle_root], &events, err);
    if (code == ES_OK) code = gather_retractions(site, NULL, &events, err);
    if (code == ES_OK) code = resolve_people(site, NULL, &events, &linked, &renamed, err);
    es_ledger_release(site->ledger);
    const struct es_gathered bundle = {(const struct es_event *const *)events.list, (const struct es_event *const *)linked.list,
                                       events.seqs, linked.seqs, events.count, linked.count};
    if (code == ES_OK) code = visit(context, &bundle, err);
    free(renamed.copies);
    free(renamed.names);
    es_in_hand_free(&events);
    es_in_hand_free(&linked);
    return code;
}

static enum es_errc derive_some(struct es_site *site, const struct es_batch *batch, const uint32_t *roots, size_t n, struct es_hand *hand,
                                struct es_arena *arena, struct es_error *err)
{
    struct es_derived derived[ES_BUNDLES_AT_ONCE];
    size_t n_derived = 0;
    enum es_errc code = es_site_derive_bundles(site, batch, roots, n, hand, arena, derived, &n_derived, err);
    for (size_t i = 0; code == ES_OK && i < n_derived; i++) code = es_cohort_replace(site->cohort, roots[i], &derived[i], err);
    es_arena_reset(arena);
    return code;
}

enum es_errc es_site_derive(struct es_site *site, const struct es_batch *batch, struct es_error *err)
{
    static const struct es_derived empty;
    struct es_graph *graph = &site->graph;
    struct es_hand hand = {0};
    struct es_arena arena = {0};
    enum es_errc code = ES_OK;
    if (graph->touched.count == 0) return ES_OK;
    code = es_ledger_hold(site->ledger, err);
    if (code != ES_OK) return code;
    /* Merged roots first: their rows would be counted twice otherwise. */
    for (uint32_t i = 0; code == ES_OK && i < graph->gone.count; i++)
        code = es_cohort_replace(site->cohort, graph->gone.items[i], &empty, err);
    es_graph_settle_touched(graph);
    for (uint32_t i = 0; code == ES_OK && i < graph->touched.count; i += ES_BUNDLES_AT_ONCE) {
        const uint32_t left = graph->touched.count - i;
        code = derive_some(site, batch, graph->touched.items + i, left < ES_BUNDLES_AT_ONCE ? left : ES_BUNDLES_AT_ONCE, &hand, &arena, err);
        if (site->progress) site->progress->report(site->progress->context, "deriving", i, graph->touched.count);
    }
    es_ledger_release(site->ledger);
    es_hand_free(&hand);
    es_arena_clear(&arena);
    if (code != ES_OK) return code; /* what was touched stays so, and is derived with the next batch */
    es_graph_untouch(graph);
    return ES_OK;
}
