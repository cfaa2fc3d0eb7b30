/* SPDX-License-Identifier: Apache-2.0 */
/* Which patient identifiers are one patient: a union-find over (identifier, issuer).
 *
 * What joins them is a function of the set of unretracted events, never of their order: aliases, and the issuer rule (internal.h). Joins
 * that must be undone make everybody stand alone again, and all joins are made anew. */
#include <stdlib.h>
#include <string.h>

#include "plugin/site/internal.h"

uint32_t es_graph_person(const struct es_graph *graph, uint32_t patient)
{
    const struct es_patient *patients = graph->patients;
    while (patients[patient].parent != patient) patient = patients[patient].parent;
    return patient;
}

const struct es_pseudonym *es_graph_canonical(const struct es_graph *graph, uint32_t patient)
{
    return &graph->people.keys[graph->patients[es_graph_person(graph, patient)].best];
}

bool es_graph_told(const struct es_graph *graph, uint32_t patient) { return graph->patients[es_graph_person(graph, patient)].told; }
bool es_graph_unclear(const struct es_graph *graph, uint32_t patient) { return graph->patients[es_graph_person(graph, patient)].unclear; }

static bool add_key(struct es_graph *graph, const struct es_pseudonym *key, uint32_t *patient, bool *added)
{
    *added = false;
    if (!ES_PAGES_GROW(graph->patients, graph->patients_room, (uint64_t)graph->people.count + 1)) return false;
    if (!es_index_add(&graph->people, key, patient, added)) return false;
    if (*added)
        graph->patients[*patient] = (struct es_patient){.parent = *patient, .next_member = *patient, .first_link = ES_NONE,
                                                        .plain = *patient, .issuers = ES_NONE, .best = *patient};
    return true;
}

bool es_graph_patient(struct es_graph *graph, const struct es_pseudonym *id, const struct es_pseudonym *issuer, uint32_t *patient)
{
    const struct es_pseudonym key = es_patient_key(id, issuer);
    uint32_t plain;
    bool added, fresh;
    if (!add_key(graph, &key, patient, &added)) return false;
    if (!added || !es_pseudonym_set(issuer)) return true;
    if (!add_key(graph, id, &plain, &fresh)) return false;
    graph->patients[*patient].plain = plain;
    graph->patients[*patient].issuers = graph->patients[plain].issuers;
    graph->patients[plain].issuers = *patient;
    graph->with_issuer = true;
    return true;
}

uint32_t es_graph_find_patient(const struct es_graph *graph, const struct es_event *event)
{
    if (!es_pseudonym_set(&event->patient)) return ES_NONE;
    const struct es_pseudonym key = es_patient_key(&event->patient, &event->patient_issuer);
    const uint32_t patient = es_index_find(&graph->people, &key);
    return patient == ES_INDEX_NONE ? ES_NONE : patient;
}

/* How many issuers are known for an identifier: 0, 1 or 2 for more. *one: the last of them. */
static int known_issuers(const struct es_graph *graph, uint32_t plain, uint32_t *one)
{
    int known = 0;
    for (uint32_t at = graph->patients[plain].issuers; at != ES_NONE && known < 2; at = graph->patients[at].issuers) {
        if (graph->patients[at].named == 0) continue;
        known++;
        *one = at;
    }
    return known;
}

/* One more or one fewer unretracted event names the patient. */
static bool name(struct es_graph *graph, uint32_t patient, int change, bool replay)
{
    struct es_patient *at = &graph->patients[patient];
    const bool before = at->named > 0;
    uint32_t one;
    at->named = change > 0 ? at->named + 1 : at->named > 0 ? at->named - 1 : 0;
    if (replay || before == (at->named > 0)) return true;
    const uint32_t plain = at->plain;
    const bool matters = plain == patient ? known_issuers(graph, plain, &one) > 0 : graph->patients[plain].named > 0;
    return !matters || (es_graph_touch_person(graph, plain) && es_list_add(&graph->unsettled, plain));
}

bool es_graph_name(struct es_graph *graph, const struct es_event *event, int change, bool replay)
{
    uint32_t patient;
    if (event->kind != ES_EVENT_EXAM && event->kind != ES_EVENT_DEMOGRAPHICS && event->kind != ES_EVENT_PATIENT_ALIAS) return true;
    if (!es_pseudonym_set(&event->patient)) return true;
    if (!es_graph_patient(graph, &event->patient, &event->patient_issuer, &patient) || !name(graph, patient, change, replay)) return false;
    if (event->kind != ES_EVENT_PATIENT_ALIAS) return true;
    return es_graph_patient(graph, &event->same_as, &event->same_as_issuer, &patient) && name(graph, patient, change, replay);
}

bool es_graph_touch_person(struct es_graph *graph, uint32_t patient)
{
    uint32_t member = patient;
    const uint32_t root = es_graph_person(graph, patient);
    if (graph->whole == root + 1) return true; /* many messages of one patient: once is enough */
    do {
        for (uint32_t link = graph->patients[member].first_link; link != ES_NONE; link = graph->links[link].next)
            if (!es_graph_touch(graph, graph->links[link].node)) return false;
        member = graph->patients[member].next_member;
    } while (member != patient);
    graph->whole = root + 1;
    return true;
}

/* Is the key of a's person smaller than that of b's? */
static bool is_before(const struct es_graph *graph, uint32_t a, uint32_t b)
{
    return memcmp(es_graph_canonical(graph, a)->bytes, es_graph_canonical(graph, b)->bytes, ES_PSEUDONYM_SIZE) < 0;
}

static void join(struct es_graph *graph, uint32_t a, uint32_t b)
{
    struct es_patient *patients = graph->patients;
    const uint32_t x = es_graph_person(graph, a), y = es_graph_person(graph, b);
    if (x == y) return;
    const uint32_t root = patients[x].rank >= patients[y].rank ? x : y, other = root == x ? y : x;
    const uint32_t behind = patients[x].next_member;
    patients[x].next_member = patients[y].next_member;
    patients[y].next_member = behind;
    if (is_before(graph, other, root)) patients[root].best = patients[other].best;
    patients[root].told |= patients[other].told;
    patients[root].unclear |= patients[other].unclear;
    if (patients[root].rank == patients[other].rank) patients[root].rank++;
    patients[other].parent = root;
    graph->whole = 0;
}

/* Does becoming one with `other` change what the patient's exams say? One that stood alone may have gone by another name. */
static bool joining_changes(const struct es_graph *graph, uint32_t patient, uint32_t other)
{
    const struct es_patient *own = &graph->patients[es_graph_person(graph, patient)], *others = &graph->patients[es_graph_person(graph, other)];
    return graph->patients[patient].next_member == patient || others->told || (others->unclear && !own->unclear) || is_before(graph, other, patient);
}

bool es_graph_merge(struct es_graph *graph, const struct es_event *event, uint32_t seq, bool retracted, bool replay)
{
    struct es_merge merge = {.seq = seq, .off = retracted};
    if (!es_graph_patient(graph, &event->patient, &event->patient_issuer, &merge.a) ||
        !es_graph_patient(graph, &event->same_as, &event->same_as_issuer, &merge.b) ||
        !ES_GROW(graph->merges, graph->merges_room, (uint64_t)graph->n_merges + 1))
        return false;
    graph->merges[graph->n_merges++] = merge;
    if (retracted || replay) return true;
    if (es_graph_person(graph, merge.a) == es_graph_person(graph, merge.b)) return true;
    if (joining_changes(graph, merge.a, merge.b) && !es_graph_touch_person(graph, merge.a)) return false;
    if (joining_changes(graph, merge.b, merge.a) && !es_graph_touch_person(graph, merge.b)) return false;
    join(graph, merge.a, merge.b);
    return true;
}

void es_graph_unmerge(struct es_graph *graph, uint64_t seq)
{
    uint32_t low = 0, high = graph->n_merges; /* ascending */
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (graph->merges[middle].seq < seq) low = middle + 1;
        else high = middle;
    }
    if (low < graph->n_merges && graph->merges[low].seq == seq) graph->merges[low].off = true;
}

bool es_graph_settle_people(struct es_graph *graph)
{
    struct es_patient *patients = graph->patients;
    uint32_t one = ES_NONE;
    graph->whole = 0;
    for (uint32_t i = 0; i < graph->people.count; i++) {
        struct es_patient *at = &patients[i];
        at->parent = at->next_member = at->best = i;
        at->rank = 0;
        at->told = at->last_event != 0;
        at->unclear = graph->with_issuer && at->plain == i && at->named > 0 && known_issuers(graph, i, &one) > 1;
    }
    for (uint32_t i = 0; graph->with_issuer && i < graph->people.count; i++) {
        if (patients[i].plain == i && patients[i].named > 0 && known_issuers(graph, i, &one) == 1) join(graph, i, one);
    }
    for (uint32_t i = 0; i < graph->n_merges; i++)
        if (!graph->merges[i].off) join(graph, graph->merges[i].a, graph->merges[i].b);
    for (uint32_t i = 0; i < graph->unsettled.count; i++)
        if (!es_graph_touch_person(graph, graph->unsettled.items[i])) return false;
    graph->unsettled.count = 0;
    return true;
}
