/* SPDX-License-Identifier: Apache-2.0 */
/* Slots: messages that say one thing, of which one is live. Results, failures and references of a unit. */
#include <string.h>

#include "plugin/bundle/internal.h"

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
        if (event->reference_status == ES_REFERENCE_CANCELLED) es_bundle_stands(bundle, event, ES_CANCELS);
        else if (left < event->n_findings) es_bundle_stands(bundle, event, left ? ES_STANDS_PARTLY : ES_SUPERSEDED);
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

bool es_bundle_live(struct es_bundle *bundle, const struct es_event **events, size_t n, bool references, struct es_paired **out, size_t *n_out)
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
        bundle->out->revised += (uint32_t)(to - from - 1);
        for (size_t i = from; i + 1 < to; i++) es_bundle_stands(bundle, slots[i].event, ES_SUPERSEDED);
        live[kept++] = (struct es_paired){.event = slots[to - 1].event, .exam = UINT32_MAX};
    }
    *out = live;
    *n_out = kept;
    return true;
}
