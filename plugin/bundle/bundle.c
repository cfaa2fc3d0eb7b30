/* SPDX-License-Identifier: Apache-2.0 */
/* Which events of a bundle count: duplicates and retracted ones out, studies under their aliases. */
#include <stdlib.h>
#include <string.h>

#include "plugin/bundle/internal.h"

void es_bundle_sort(void *items, size_t n, size_t size, int (*order)(const void *, const void *))
{
    unsigned char spare[256], *at = items;
    if (n < 2) return;
    if (n > 8 || size > sizeof spare) {
        qsort(items, n, size, order);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        size_t k = i;
        while (k > 0 && order(at + (k - 1) * size, at + i * size) > 0) k--;
        if (k == i) continue;
        memcpy(spare, at + i * size, size);
        memmove(at + (k + 1) * size, at + k * size, (i - k) * size);
        memcpy(at + k * size, spare, size);
    }
}

const char *es_pairing_name(enum es_pairing pairing)
{
    static const char *const names[ES_PAIRINGS] = {"none", "instance", "series", "study", "accession", "ambiguous"};
    return (unsigned)pairing < ES_PAIRINGS ? names[pairing] : "none";
}

const char *es_standing_name(enum es_standing standing)
{
    static const char *const names[ES_STANDINGS] = {"stands", "stands_partly", "superseded", "cancels", "retracted", "retracts"};
    return (unsigned)standing < ES_STANDINGS ? names[standing] : "";
}

int es_first_produced(const struct es_event *a, const struct es_event *b)
{
    const bool a_set = a->produced != ES_NO_INSTANT, b_set = b->produced != ES_NO_INSTANT;
    if (a_set != b_set) return a_set ? -1 : 1;
    if (a->produced != b->produced) return a->produced < b->produced ? -1 : 1;
    return memcmp(a->identity, b->identity, ES_IDENTITY_SIZE);
}

static int by_identity(const void *left, const void *right)
{
    const struct es_event *const *a = left, *const *b = right;
    return memcmp((*a)->identity, (*b)->identity, ES_IDENTITY_SIZE);
}

static int by_pseudonym(const void *left, const void *right)
{
    return es_pseudonym_order(left, right);
}

struct es_note *es_bundle_note(struct es_bundle *bundle, const struct es_event *event)
{
    size_t low = 0, high = bundle->notes ? bundle->n_notes : 0;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (memcmp(bundle->notes[middle].event->identity, event->identity, ES_IDENTITY_SIZE) < 0) low = middle + 1;
        else high = middle;
    }
    return bundle->notes && low < bundle->n_notes ? &bundle->notes[low] : NULL;
}

void es_bundle_stands(struct es_bundle *bundle, const struct es_event *event, enum es_standing standing)
{
    struct es_note *note = es_bundle_note(bundle, event);
    if (note) note->standing = standing;
}

/* ---- retractions ---- */

/* What the retractions of a bundle name: identities (in the first 16 bytes) and event ids, each sorted. */
struct retracted {
    struct es_pseudonym *identities, *event_ids;
    size_t n_identities, n_event_ids;
};

static bool collect_retracted(struct es_bundle *bundle, const struct es_event **events, size_t n, struct retracted *out)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) count += events[i]->kind == ES_EVENT_RETRACT;
    *out = (struct retracted){0};
    if (count == 0) return true;
    out->identities = es_arena_take(&bundle->arena, count, sizeof *out->identities);
    out->event_ids = es_arena_take(&bundle->arena, count, sizeof *out->event_ids);
    if (!out->identities || !out->event_ids) return false;
    for (size_t i = 0; i < n; i++) {
        if (events[i]->kind != ES_EVENT_RETRACT) continue;
        if (es_pseudonym_set(&events[i]->retract_event_id)) out->event_ids[out->n_event_ids++] = events[i]->retract_event_id;
        else memcpy(out->identities[out->n_identities++].bytes, events[i]->retract, ES_IDENTITY_SIZE);
    }
    es_bundle_sort(out->identities, out->n_identities, sizeof *out->identities, by_pseudonym);
    es_bundle_sort(out->event_ids, out->n_event_ids, sizeof *out->event_ids, by_pseudonym);
    return true;
}

static bool is_retracted(const struct retracted *retracted, const struct es_event *event)
{
    struct es_pseudonym identity = {{0}};
    memcpy(identity.bytes, event->identity, ES_IDENTITY_SIZE);
    return (retracted->n_identities &&
            bsearch(&identity, retracted->identities, retracted->n_identities, sizeof identity, by_pseudonym)) ||
           (retracted->n_event_ids && es_pseudonym_set(&event->event_id) &&
            bsearch(&event->event_id, retracted->event_ids, retracted->n_event_ids, sizeof identity, by_pseudonym));
}

/* ---- aliases ---- */

static uint32_t alias_number(const struct es_bundle *bundle, const struct es_pseudonym *study)
{
    const struct es_pseudonym *found = bundle->n_aliases
        ? bsearch(study, bundle->alias_names, bundle->n_aliases, sizeof *study, by_pseudonym)
        : NULL;
    return found ? (uint32_t)(found - bundle->alias_names) : UINT32_MAX;
}

static uint32_t alias_root(const struct es_bundle *bundle, uint32_t number)
{
    while (bundle->alias_of[number] != number) number = bundle->alias_of[number] = bundle->alias_of[bundle->alias_of[number]];
    return number;
}

struct es_pseudonym es_bundle_study(const struct es_bundle *bundle, const struct es_pseudonym *study)
{
    const uint32_t number = alias_number(bundle, study);
    return number == UINT32_MAX ? *study : bundle->alias_names[alias_root(bundle, number)];
}

static bool resolve_aliases(struct es_bundle *bundle, const struct es_event **events, size_t n)
{
    size_t count = 0, unique = 0;
    for (size_t i = 0; i < n; i++) count += events[i]->kind == ES_EVENT_ALIAS;
    if (count == 0) return true;
    struct es_pseudonym *names = es_arena_take(&bundle->arena, count, 2 * sizeof *names);
    bundle->alias_of = es_arena_take(&bundle->arena, count, 2 * sizeof *bundle->alias_of);
    if (!names || !bundle->alias_of) return false;
    count = 0;
    for (size_t i = 0; i < n; i++) {
        if (events[i]->kind != ES_EVENT_ALIAS) continue;
        names[count++] = events[i]->study;
        names[count++] = events[i]->same_as;
    }
    es_bundle_sort(names, count, sizeof *names, by_pseudonym);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || es_pseudonym_order(&names[i], &names[unique - 1]) != 0) names[unique++] = names[i];
    bundle->alias_names = names;
    bundle->n_aliases = unique;
    for (size_t i = 0; i < unique; i++) bundle->alias_of[i] = (uint32_t)i;
    for (size_t i = 0; i < n; i++) {
        if (events[i]->kind != ES_EVENT_ALIAS) continue;
        const uint32_t a = alias_root(bundle, alias_number(bundle, &events[i]->study));
        const uint32_t b = alias_root(bundle, alias_number(bundle, &events[i]->same_as));
        bundle->alias_of[a > b ? a : b] = a > b ? b : a;
    }
    return true;
}

/* ---- the whole ---- */

static bool sort_out(struct es_bundle *bundle, const struct es_event *const *given, size_t n_given)
{
    const struct es_event **events = es_arena_take(&bundle->arena, n_given ? n_given : 1, sizeof *events);
    struct retracted retracted;
    size_t n = 0, live = 0;
    if (!events) return false;
    for (size_t i = 0; i < n_given; i++) events[i] = given[i];
    es_bundle_sort(events, n_given, sizeof *events, by_identity);
    for (size_t i = 0; i < n_given; i++)
        if (n == 0 || by_identity(&events[i], &events[n - 1]) != 0) events[n++] = events[i];
    for (bundle->n_notes = 0; bundle->notes && bundle->n_notes < n; bundle->n_notes++)
        bundle->notes[bundle->n_notes] = (struct es_note){.event = events[bundle->n_notes], .exam = UINT32_MAX};
    if (!collect_retracted(bundle, events, n, &retracted)) return false;
    for (size_t i = 0; i < n; i++) {
        const bool out = is_retracted(&retracted, events[i]);
        if (events[i]->kind == ES_EVENT_RETRACT || out)
            es_bundle_stands(bundle, events[i], events[i]->kind == ES_EVENT_RETRACT ? ES_RETRACTS : ES_RETRACTED);
        if (events[i]->kind == ES_EVENT_RETRACT) continue;
        if (out) bundle->out->retracted++;
        else events[live++] = events[i];
    }
    if (!resolve_aliases(bundle, events, live)) return false;
    bundle->exam_events = es_arena_take(&bundle->arena, live ? live : 1, sizeof *bundle->exam_events);
    if (!bundle->exam_events) return false;
    for (size_t i = 0; i < live; i++)
        if (events[i]->kind == ES_EVENT_EXAM && es_pseudonym_set(&events[i]->study))
            bundle->exam_events[bundle->n_exam_events++] = events[i];
    bundle->overlaps = es_arena_take(&bundle->arena, live ? live : 1, sizeof *bundle->overlaps);
    if (!bundle->overlaps) return false;
    for (size_t i = 0; i < live; i++)
        if (events[i]->kind == ES_EVENT_OVERLAP) bundle->overlaps[bundle->n_overlaps++] = events[i];
    return es_bundle_live(bundle, events, live, false, &bundle->results, &bundle->n_results) &&
           es_bundle_live(bundle, events, live, true, &bundle->references, &bundle->n_references);
}

enum es_errc es_bundle_derive(const struct es_event *const *events, size_t n_events, const struct es_event *const *linked,
                              size_t n_linked, const struct es_config *config, struct es_arena *arena, struct es_derived *out, struct es_error *err)
{
    return es_bundle_explain(events, n_events, linked, n_linked, config, arena, out, NULL, NULL, err);
}

/* Exams are noted where they are counted; results and references where they are paired. */
static void note_exams(struct es_bundle *bundle)
{
    for (uint32_t exam = 0; bundle->notes && exam < bundle->out->n_exams; exam++)
        for (size_t i = 0; i < bundle->ranges[exam].count; i++)
            es_bundle_note(bundle, bundle->exam_events[bundle->ranges[exam].first + i])->exam = exam;
}

enum es_errc es_bundle_explain(const struct es_event *const *events, size_t n_events, const struct es_event *const *linked,
                               size_t n_linked, const struct es_config *config, struct es_arena *arena, struct es_derived *out,
                               struct es_note *notes, size_t *n_notes, struct es_error *err)
{
    struct es_derived derived = {0};
    struct es_bundle bundle = {.config = config, .linked = linked, .n_linked = n_linked, .keep = arena, .notes = notes, .out = &derived, .err = err};
    _Alignas(max_align_t) unsigned char first[8192]; /* enough for nearly every bundle */
    es_arena_lend(&bundle.arena, first, sizeof first);
    enum es_errc code = sort_out(&bundle, events, n_events) ? ES_OK : es_fail(err, ES_E_MEMORY, "bundle: out of memory");
    if (code == ES_OK) code = es_bundle_exams(&bundle);
    if (code == ES_OK) note_exams(&bundle);
    if (code == ES_OK) code = es_bundle_pair(&bundle);
    if (code == ES_OK) code = es_bundle_cases(&bundle);
    es_arena_clear(&bundle.arena);
    if (code == ES_OK && n_notes) *n_notes = bundle.n_notes;
    if (code == ES_OK) *out = derived;
    return code;
}
