/* SPDX-License-Identifier: Apache-2.0 */
/* Which events of a bundle count: duplicates and retracted ones out, the live one of each slot. */
#include <stdlib.h>
#include <string.h>

#include "plugin/bundle_internal.h"

struct es_arena_block {
    struct es_arena_block *next;
    size_t used, size;
    bool lent; /* not from malloc */
    _Alignas(max_align_t) unsigned char bytes[];
};

/* The first block stands on the stack: enough for nearly every bundle. */
#define FIRST_BLOCK 8192
union first_block {
    struct es_arena_block block;
    unsigned char bytes[sizeof(struct es_arena_block) + FIRST_BLOCK];
};

void *es_arena_take(struct es_arena *arena, size_t count, size_t size)
{
    size_t bytes, padded;
    if (__builtin_mul_overflow(count, size, &bytes) || __builtin_add_overflow(bytes, sizeof(max_align_t), &padded)) return NULL;
    padded -= padded % sizeof(max_align_t);
    struct es_arena_block *block = arena->blocks;
    if (!block || block->size - block->used < padded) {
        const size_t room = padded > 8192 ? padded : 8192;
        size_t whole;
        if (__builtin_add_overflow(room, sizeof *block, &whole) || !(block = malloc(whole))) return NULL;
        *block = (struct es_arena_block){.next = arena->blocks, .size = room};
        arena->blocks = block;
    }
    void *out = block->bytes + block->used;
    block->used += padded;
    memset(out, 0, bytes);
    return out;
}

void es_arena_clear(struct es_arena *arena)
{
    while (arena->blocks) {
        struct es_arena_block *next = arena->blocks->next;
        if (!arena->blocks->lent) free(arena->blocks);
        arena->blocks = next;
    }
}

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

static void note_standing(struct es_bundle *bundle, const struct es_event *event, enum es_standing standing)
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

/* ---- slots ---- */

static int result_slot_order(const struct es_event *a, const struct es_event *b)
{
    int order = strcmp(a->model_name, b->model_name);
    if (order == 0) order = strcmp(a->model_version, b->model_version);
    if (order == 0) order = es_pseudonym_order(&a->instance, &b->instance);
    return order;
}

static int reference_slot_order(const struct es_event *a, const struct es_event *b)
{
    const int order = strcmp(a->source, b->source);
    return order ? order : es_pseudonym_order(&a->labeller, &b->labeller);
}

/* Where no study is named, accession number and issuer stand for it. */
static int slot_order(const struct es_event *a, const struct es_pseudonym *a_study, const struct es_event *b,
                      const struct es_pseudonym *b_study)
{
    int order = es_pseudonym_order(a_study, b_study);
    if (order == 0 && !es_pseudonym_set(a_study)) {
        order = es_pseudonym_order(&a->accession, &b->accession);
        if (order == 0) order = es_pseudonym_order(&a->accession_issuer, &b->accession_issuer);
    }
    if (order == 0 && a->unit != b->unit) order = a->unit < b->unit ? -1 : 1;
    if (order == 0) order = es_pseudonym_order(&a->unit_id, &b->unit_id);
    if (order != 0) return order;
    return a->kind == ES_EVENT_REFERENCE ? reference_slot_order(a, b) : result_slot_order(a, b);
}

static bool is_result(const struct es_event *event)
{
    return event->kind == ES_EVENT_RESULT || event->kind == ES_EVENT_FAILURE;
}

bool es_same_slot(const struct es_event *a, const struct es_event *b)
{
    if (a->kind == ES_EVENT_EXAM && b->kind == ES_EVENT_EXAM) {
        if (es_pseudonym_set(&a->instance) || es_pseudonym_set(&b->instance))
            return es_pseudonym_order(&a->instance, &b->instance) == 0;
        if (es_pseudonym_set(&a->series) || es_pseudonym_set(&b->series)) return es_pseudonym_order(&a->series, &b->series) == 0;
        return es_pseudonym_order(&a->study, &b->study) == 0;
    }
    const bool alike = (is_result(a) && is_result(b)) || (a->kind == ES_EVENT_REFERENCE && b->kind == ES_EVENT_REFERENCE);
    return alike && slot_order(a, &a->study, b, &b->study) == 0;
}

/* Greater rank stands above: a result that came above a rejection, a failure, a timeout; references by their status. */
static int rank_of(const struct es_event *event)
{
    if (event->kind == ES_EVENT_REFERENCE) return (int)event->reference_status;
    switch (event->result_status) {
    case ES_RESULT_OK: return 4;
    case ES_RESULT_REJECTED: return 3;
    case ES_RESULT_FAILED: return 2;
    case ES_RESULT_TIMEOUT: return 1;
    }
    return event->kind == ES_EVENT_RESULT ? 4 : 0;
}

static int live_order(const struct es_event *a, const struct es_event *b)
{
    const int left = rank_of(a), right = rank_of(b);
    if (left != right) return left < right ? -1 : 1;
    if (a->produced != b->produced) return a->produced < b->produced ? -1 : 1;
    return memcmp(a->identity, b->identity, ES_IDENTITY_SIZE);
}

struct slotted {
    const struct es_event *event;
    struct es_pseudonym study;
};
/* By slot, the live one last. */
static int by_slot(const void *left, const void *right)
{
    const struct slotted *a = left, *b = right;
    const int order = slot_order(a->event, &a->study, b->event, &b->study);
    return order ? order : live_order(a->event, b->event);
}

static bool same_group(const struct slotted *a, const struct slotted *b)
{
    return slot_order(a->event, &a->study, b->event, &b->study) == 0;
}

/* ---- references: live for each finding ---- */

/* A finding that an event of a slot speaks of: at is the event's place in the slot, the live one last. */
struct spoken {
    const char *name;
    size_t at, finding;
};
static int by_name(const void *left, const void *right)
{
    const struct spoken *a = left, *b = right;
    const int order = strcmp(a->name, b->name);
    return order ? order : a->at < b->at ? -1 : a->at > b->at;
}

static bool cancels_all(const struct es_event *event)
{
    return event->reference_status == ES_REFERENCE_CANCELLED && event->n_findings == 0;
}

/* Marks what is superseded in a slot of several references; dead[i] has an item for each finding of the i-th. */
static bool mark_dead(struct es_bundle *bundle, const struct slotted *slots, size_t n, bool **dead)
{
    size_t count = 0, cancelled = 0; /* events before `cancelled` are cancelled whole */
    for (size_t i = 0; i < n; i++) {
        count += slots[i].event->n_findings;
        if (cancels_all(slots[i].event)) cancelled = i;
    }
    struct spoken *spoken = es_arena_take(&bundle->arena, count ? count : 1, sizeof *spoken);
    if (!spoken) return false;
    count = 0;
    for (size_t i = 0; i < n; i++) {
        const struct es_event *event = slots[i].event;
        dead[i] = es_arena_take(&bundle->arena, event->n_findings + 1, sizeof *dead[i]); /* the last: any */
        if (!dead[i]) return false;
        for (size_t k = 0; k < event->n_findings; k++) spoken[count++] = (struct spoken){event->findings[k].name, i, k};
        if (cancels_all(event) && i < cancelled) dead[i][0] = true;
    }
    es_bundle_sort(spoken, count, sizeof *spoken, by_name);
    for (size_t i = 0; i < count; i++) {
        bool *own = dead[spoken[i].at];
        const bool greater = i + 1 < count && strcmp(spoken[i].name, spoken[i + 1].name) == 0;
        if (!greater && spoken[i].at >= cancelled) continue;
        own[spoken[i].finding] = own[slots[spoken[i].at].event->n_findings] = true;
    }
    return true;
}

/* Keeps what is live of one slot; an event of which nothing is live goes. */
static bool keep_references(struct es_bundle *bundle, const struct slotted *slots, size_t n, struct es_paired *live, size_t *kept)
{
    bool **dead = NULL;
    if (n > 1) {
        dead = es_arena_take(&bundle->arena, n, sizeof *dead);
        if (!dead || !mark_dead(bundle, slots, n, dead)) return false;
    }
    for (size_t i = 0; i < n; i++) {
        const struct es_event *event = slots[i].event;
        size_t left = event->n_findings;
        for (size_t k = 0; dead && k < event->n_findings; k++) left -= dead[i][k];
        if (dead) bundle->out->revised += dead[i][event->n_findings];
        if (event->reference_status == ES_REFERENCE_CANCELLED) note_standing(bundle, event, ES_CANCELS);
        else if (left < event->n_findings) note_standing(bundle, event, left ? ES_STANDS_PARTLY : ES_SUPERSEDED);
        if (left == 0 || event->reference_status == ES_REFERENCE_CANCELLED) continue;
        live[(*kept)++] = (struct es_paired){.event = event, .exam = UINT32_MAX, .dead = left < event->n_findings ? dead[i] : NULL};
    }
    return true;
}

static bool share_finding(const struct es_event *a, const struct es_event *b)
{
    if (cancels_all(a) || cancels_all(b)) return true;
    for (size_t i = 0, k = 0; i < a->n_findings && k < b->n_findings;) { /* sorted by name */
        const int order = strcmp(a->findings[i].name, b->findings[k].name);
        if (order == 0) return true;
        if (order < 0) i++;
        else k++;
    }
    return false;
}

bool es_same_matter(const struct es_event *a, const struct es_event *b)
{
    return es_same_slot(a, b) && (a->kind != ES_EVENT_REFERENCE || share_finding(a, b));
}

/* The live events of the results, or of the references. A cancelled reference is live, and leaves none. */
static bool keep_live(struct es_bundle *bundle, const struct es_event **events, size_t n, bool references, struct es_paired **out,
                      size_t *n_out)
{
    size_t count = 0, kept = 0;
    for (size_t i = 0; i < n; i++) count += references ? events[i]->kind == ES_EVENT_REFERENCE : is_result(events[i]);
    if (count == 0) return true;
    struct slotted *slots = es_arena_take(&bundle->arena, count, sizeof *slots);
    struct es_paired *live = es_arena_take(&bundle->arena, count, sizeof *live);
    if (!slots || !live) return false;
    count = 0;
    for (size_t i = 0; i < n; i++)
        if (references ? events[i]->kind == ES_EVENT_REFERENCE : is_result(events[i]))
            slots[count++] = (struct slotted){events[i], es_bundle_study(bundle, &events[i]->study)};
    es_bundle_sort(slots, count, sizeof *slots, by_slot);
    for (size_t from = 0, to; from < count; from = to) {
        for (to = from + 1; to < count && same_group(&slots[from], &slots[to]);) to++;
        if (references) {
            if (!keep_references(bundle, slots + from, to - from, live, &kept)) return false;
            continue;
        }
        bundle->out->revised += to - from - 1;
        for (size_t i = from; i + 1 < to; i++) note_standing(bundle, slots[i].event, ES_SUPERSEDED);
        live[kept++] = (struct es_paired){.event = slots[to - 1].event, .exam = UINT32_MAX};
    }
    *out = live;
    *n_out = kept;
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
            note_standing(bundle, events[i], events[i]->kind == ES_EVENT_RETRACT ? ES_RETRACTS : ES_RETRACTED);
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
    return keep_live(bundle, events, live, false, &bundle->results, &bundle->n_results) &&
           keep_live(bundle, events, live, true, &bundle->references, &bundle->n_references);
}

enum es_errc es_bundle_derive(const struct es_event *const *events, size_t n_events, const struct es_event *const *linked,
                              size_t n_linked, const struct es_config *config, struct es_derived *out, struct es_error *err)
{
    return es_bundle_explain(events, n_events, linked, n_linked, config, out, NULL, NULL, err);
}

/* Exams are noted where they are counted; results and references where they are paired. */
static void note_exams(struct es_bundle *bundle)
{
    for (uint32_t exam = 0; bundle->notes && exam < bundle->out->n_exams; exam++)
        for (size_t i = 0; i < bundle->ranges[exam].count; i++)
            es_bundle_note(bundle, bundle->exam_events[bundle->ranges[exam].first + i])->exam = exam;
}

enum es_errc es_bundle_explain(const struct es_event *const *events, size_t n_events, const struct es_event *const *linked,
                               size_t n_linked, const struct es_config *config, struct es_derived *out, struct es_note *notes,
                               size_t *n_notes, struct es_error *err)
{
    struct es_derived derived = {0};
    struct es_bundle bundle = {.config = config, .linked = linked, .n_linked = n_linked, .notes = notes, .out = &derived, .err = err};
    union first_block first;
    first.block = (struct es_arena_block){.size = FIRST_BLOCK, .lent = true};
    bundle.arena.blocks = &first.block;
    enum es_errc code = sort_out(&bundle, events, n_events) ? ES_OK : es_fail(err, ES_E_MEMORY, "bundle: out of memory");
    if (code == ES_OK) code = es_bundle_exams(&bundle);
    if (code == ES_OK) note_exams(&bundle);
    if (code == ES_OK) code = es_bundle_pair(&bundle);
    if (code == ES_OK) code = es_bundle_cases(&bundle);
    es_arena_clear(&bundle.arena);
    if (code == ES_OK && n_notes) *n_notes = bundle.n_notes;
    if (code == ES_OK) *out = derived;
    else es_derived_clear(&derived);
    return code;
}

void es_derived_clear(struct es_derived *derived)
{
    if (!derived) return;
    for (size_t i = 0; i < derived->n_exams; i++) free(derived->exams[i].attributes);
    for (size_t i = 0; i < derived->n_cases; i++) free(derived->cases[i].measures);
    free(derived->exams);
    free(derived->cases);
    memset(derived, 0, sizeof *derived);
}
