/* SPDX-License-Identifier: Apache-2.0 */
/* Which events belong together: a union-find over studies and accession numbers. Patients: people.c. */
#include <stdlib.h>
#include <string.h>

#include "plugin/site/internal.h"

#define MANY_TOUCHED 65536u /* before that the list may name one several times */

bool es_list_add(struct es_list *list, uint32_t item)
{
    if (!ES_GROW(list->items, list->room, (uint64_t)list->count + 1)) return false;
    list->items[list->count++] = item;
    return true;
}

void es_graph_clear(struct es_graph *graph)
{
    es_index_clear(&graph->keys);
    es_index_clear(&graph->people);
    es_index_clear(&graph->targets);
    es_series_clear(&graph->series);
    ES_PAGES_FREE(graph->nodes, graph->nodes_room);
    ES_PAGES_FREE(graph->patients, graph->patients_room);
    ES_PAGES_FREE(graph->links, graph->links_room);
    ES_PAGES_FREE(graph->next, graph->next_room);
    free(graph->retractions.items);
    free(graph->merges);
    free(graph->unsettled.items);
    free(graph->touched.items);
    free(graph->gone.items);
    memset(graph, 0, sizeof *graph);
}

uint32_t es_graph_root(struct es_graph *graph, uint32_t node)
{
    uint32_t *nodes = graph->nodes;
    while (nodes[node] & ES_CHILD) {
        const uint32_t parent = nodes[node] & ~ES_CHILD;
        if (!(nodes[parent] & ES_CHILD)) return parent;
        nodes[node] = nodes[parent]; /* halves the way for whoever comes next */
        node = nodes[node] & ~ES_CHILD;
    }
    return node;
}

static bool node_of(struct es_graph *graph, const struct es_pseudonym *key, uint32_t *node)
{
    bool added = false;
    if (graph->keys.count >= ES_CHILD || !ES_PAGES_GROW(graph->nodes, graph->nodes_room, (uint64_t)graph->keys.count + 1)) return false;
    if (!es_index_add(&graph->keys, key, node, &added)) return false;
    if (added) graph->nodes[*node] = 0;
    return true;
}

/* Two rings become one by exchanging the successors of one member of each. */
static void join_rings(uint32_t *next, uint32_t a, uint32_t b)
{
    const uint32_t behind = next[a];
    next[a] = next[b];
    next[b] = behind;
}

static void ring_add(struct es_graph *graph, uint32_t *last, uint32_t seq)
{
    graph->next[seq] = seq;
    if (*last != 0) join_rings(graph->next, *last, seq);
    *last = seq;
}

/* The smaller number stays root, so that a bundle's number settles. */
bool es_graph_unite(struct es_graph *graph, uint32_t a, uint32_t b)
{
    a = es_graph_root(graph, a);
    b = es_graph_root(graph, b);
    if (a == b) return true;
    const uint32_t root = a < b ? a : b, other = a < b ? b : a;
    if (!es_list_add(&graph->gone, other)) return false;
    if (graph->nodes[root] != 0 && graph->nodes[other] != 0) join_rings(graph->next, graph->nodes[root], graph->nodes[other]);
    else if (graph->nodes[other] != 0) graph->nodes[root] = graph->nodes[other];
    graph->nodes[other] = ES_CHILD | root;
    return true;
}

static int by_number(const void *left, const void *right)
{
    const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

void es_graph_settle_touched(struct es_graph *graph)
{
    struct es_list *touched = &graph->touched;
    bool ascending = true;
    uint32_t unique = 0;
    for (uint32_t i = 0; i < touched->count; i++) {
        touched->items[i] = es_graph_root(graph, touched->items[i]);
        ascending &= i == 0 || touched->items[i - 1] <= touched->items[i];
    }
    if (!ascending) qsort(touched->items, touched->count, sizeof *touched->items, by_number);
    for (uint32_t i = 0; i < touched->count; i++)
        if (unique == 0 || touched->items[i] != touched->items[unique - 1]) touched->items[unique++] = touched->items[i];
    touched->count = unique;
}

void es_graph_untouch(struct es_graph *graph)
{
    graph->touched.count = graph->gone.count = 0;
    graph->whole = 0;
}

/* A patient of many exams who is spoken of many times touches each of them as often: now and then each is named once. */
bool es_graph_touch(struct es_graph *graph, uint32_t node)
{
    if (graph->touched.count >= MANY_TOUCHED && graph->touched.count >= graph->touched_most) {
        es_graph_settle_touched(graph);
        graph->touched_most = graph->touched.count > UINT32_MAX / 2 ? UINT32_MAX : graph->touched.count * 2;
    }
    return es_list_add(&graph->touched, node);
}

static bool meet(struct es_graph *graph, uint32_t *at, const struct es_pseudonym *key)
{
    uint32_t node;
    if (!es_pseudonym_set(key)) return true;
    if (!node_of(graph, key, &node)) return false;
    if (*at == ES_NONE) *at = node;
    return es_graph_unite(graph, *at, node);
}

static bool link_patient(struct es_graph *graph, uint32_t node, const struct es_event *event)
{
    uint32_t patient;
    if (!es_pseudonym_set(&event->patient)) return true;
    if (!es_graph_patient(graph, &event->patient, &event->patient_issuer, &patient)) return false;
    const uint32_t last = graph->patients[patient].first_link;
    if (last != ES_NONE && graph->links[last].node == node) return true; /* a study's images mostly come one behind another */
    if (!ES_PAGES_GROW(graph->links, graph->links_room, (uint64_t)graph->n_links + 1)) return false;
    graph->links[graph->n_links] = (struct es_link){node, graph->patients[patient].first_link};
    graph->patients[patient].first_link = graph->n_links++;
    return true;
}

static bool add_to_bundle(struct es_graph *graph, const struct es_event *event, uint32_t seq)
{
    uint32_t node = ES_NONE;
    bool good = meet(graph, &node, &event->study) && meet(graph, &node, &event->accession);
    for (size_t i = 0; good && i < event->n_study_refs; i++) good = meet(graph, &node, &event->study_refs[i]);
    if (good && event->kind == ES_EVENT_ALIAS) good = meet(graph, &node, &event->same_as);
    if (good && node != ES_NONE) good = es_graph_series(graph, event, node);
    if (!good || node == ES_NONE) return good;
    if (event->kind == ES_EVENT_EXAM && !link_patient(graph, node, event)) return false;
    ring_add(graph, &graph->nodes[es_graph_root(graph, node)], seq);
    return es_graph_touch(graph, node);
}

static struct es_pseudonym identity_key(const uint8_t identity[ES_IDENTITY_SIZE])
{
    struct es_pseudonym key;
    memcpy(key.bytes, identity, ES_IDENTITY_SIZE);
    key.bytes[ES_IDENTITY_SIZE] = 0xFF; /* no matter when it meets an event id by chance: 2^-128 */
    return key;
}

static bool add_retraction(struct es_graph *graph, const struct es_event *event, uint32_t seq)
{
    const struct es_pseudonym key = es_pseudonym_set(&event->retract_event_id) ? event->retract_event_id : identity_key(event->retract);
    uint32_t target;
    bool added = false;
    if (!ES_GROW(graph->retractions.items, graph->retractions.room, (uint64_t)graph->targets.count + 1)) return false;
    if (!es_index_add(&graph->targets, &key, &target, &added)) return false;
    if (added) graph->retractions.items[target] = seq;
    return true;
}

uint32_t es_graph_retraction(const struct es_graph *graph, const struct es_event *event)
{
    if (graph->targets.count == 0 || event->kind == ES_EVENT_RETRACT) return 0;
    const struct es_pseudonym key = identity_key(event->identity);
    uint32_t target = es_index_find(&graph->targets, &key);
    if (target == ES_INDEX_NONE && es_pseudonym_set(&event->event_id)) target = es_index_find(&graph->targets, &event->event_id);
    return target == ES_INDEX_NONE ? 0 : graph->retractions.items[target];
}

bool es_graph_first_retraction(struct es_graph *graph, const struct es_event *retraction, uint32_t seq, const struct es_event *target)
{
    const struct es_pseudonym own = identity_key(target->identity);
    const struct es_pseudonym key = es_pseudonym_set(&retraction->retract_event_id) ? retraction->retract_event_id
                                                                                    : identity_key(retraction->retract);
    const uint32_t number = es_index_find(&graph->targets, &key);
    if (number == ES_INDEX_NONE || graph->retractions.items[number] != seq) return false;
    const bool by_identity = es_index_find(&graph->targets, &own) != ES_INDEX_NONE;
    const bool by_event_id = es_pseudonym_set(&target->event_id) && es_index_find(&graph->targets, &target->event_id) != ES_INDEX_NONE;
    return by_identity != by_event_id;
}

static bool add_demographics(struct es_graph *graph, const struct es_event *event, uint32_t seq)
{
    uint32_t patient;
    if (!es_graph_patient(graph, &event->patient, &event->patient_issuer, &patient)) return false;
    graph->with_demographics = true;
    graph->patients[es_graph_person(graph, patient)].told = true;
    ring_add(graph, &graph->patients[patient].last_event, seq);
    return es_graph_touch_person(graph, patient);
}

bool es_graph_add(struct es_graph *graph, const struct es_event *event, uint32_t seq)
{
    if (!ES_PAGES_GROW(graph->next, graph->next_room, (uint64_t)seq + 1)) return false;
    switch (event->kind) {
    case ES_EVENT_EXAM:
    case ES_EVENT_RESULT:
    case ES_EVENT_FAILURE:
    case ES_EVENT_REFERENCE:
    case ES_EVENT_OVERLAP:
    case ES_EVENT_ALIAS: return add_to_bundle(graph, event, seq);
    case ES_EVENT_DEMOGRAPHICS: return add_demographics(graph, event, seq);
    case ES_EVENT_RETRACT: return add_retraction(graph, event, seq);
    default: return true;
    }
}

bool es_graph_touch_event(struct es_graph *graph, const struct es_event *event)
{
    uint32_t number = ES_INDEX_NONE;
    if (event->kind == ES_EVENT_DEMOGRAPHICS || event->kind == ES_EVENT_PATIENT_ALIAS) {
        number = es_graph_find_patient(graph, event);
        return number == ES_NONE || es_graph_touch_person(graph, number);
    }
    if (es_pseudonym_set(&event->study)) number = es_index_find(&graph->keys, &event->study);
    else if (es_pseudonym_set(&event->accession)) number = es_index_find(&graph->keys, &event->accession);
    return number == ES_INDEX_NONE || es_graph_touch(graph, number);
}
