/* SPDX-License-Identifier: Apache-2.0 */
/* Results whose StudyInstanceUID is new: put together with the exam whose series or images they name.
 *
 * An exam's series stand in one open-addressed table of 8 bytes an entry: 32 bits of the pseudonym and the number of a node (16 to 32 bytes a
 * series). Images stand there too where they are units. Pseudonyms are HMACs, so two series meet in 32 bits by chance only, and what is put together without need is derived to the same
 * rows (bundle/bundle.h). Exams of one series are put together too, so that a result meets all of them whichever came first; of more than eight
 * (a device that gives every study one SeriesInstanceUID) the first eight are, which is ambiguous already. Results that name such a series
 * make one great bundle, as one accession number for everybody does: slow to derive, and still right.
 * What a result names before the exam has come waits in a list of its own. */
#include <stdlib.h>
#include <string.h>

#include "plugin/site/internal.h"

#define SAME_SERIES 8 /* exams of one series that are put together */

uint32_t es_series_print(const struct es_pseudonym *key)
{
    uint32_t print;
    memcpy(&print, key->bytes + 1, sizeof print);
    return print * UINT32_C(0x9E3779B1); /* chosen keys do not stand in a row */
}

void es_series_prefetch(const struct es_series *series, uint32_t print)
{
    if (series->size > 0) __builtin_prefetch(&series->slots[print & (series->size - 1)]);
}

static uint64_t slot_of(uint32_t print, uint32_t node) { return (uint64_t)print << 32 | ((uint64_t)node + 1); }

/* At most half full, so that runs are short. */
static bool grow(struct es_series *series)
{
    if (series->size > 0 && (uint64_t)series->count * 2 < series->size) return true;
    const uint64_t size = series->size ? series->size * 2 : 64;
    uint64_t *slots = es_pages_new(size, sizeof *slots);
    if (!slots) return false;
    for (uint64_t i = 0; i < series->size; i++) {
        if (series->slots[i] == 0) continue;
        uint64_t at = (series->slots[i] >> 32) & (size - 1);
        while (slots[at] != 0) at = (at + 1) & (size - 1);
        slots[at] = series->slots[i];
    }
    ES_PAGES_FREE(series->slots, series->size);
    series->slots = slots;
    series->size = size;
    return true;
}

/* Exams known to have the series. @return how many of nodes[] are filled */
static size_t find(const struct es_series *series, uint32_t print, uint32_t nodes[SAME_SERIES])
{
    size_t n = 0;
    if (series->size == 0) return 0;
    for (uint64_t at = print & (series->size - 1); series->slots[at] != 0 && n < SAME_SERIES; at = (at + 1) & (series->size - 1))
        if (series->slots[at] >> 32 == print) nodes[n++] = (uint32_t)series->slots[at] - 1;
    return n;
}

static bool add(struct es_series *series, uint32_t print, uint32_t node)
{
    if (!grow(series)) return false;
    uint64_t at = print & (series->size - 1);
    while (series->slots[at] != 0) at = (at + 1) & (series->size - 1);
    series->slots[at] = slot_of(print, node);
    series->count++;
    return true;
}

/* ---- those that wait ---- */

static bool wait_for(struct es_series *series, const struct es_pseudonym *key, uint32_t node)
{
    uint32_t number;
    bool added = false;
    if (!ES_GROW(series->first, series->first_room, (uint64_t)series->wanted.count + 1) ||
        !ES_GROW(series->waiting, series->waiting_room, (uint64_t)series->n_waiting + 1) ||
        !es_index_add(&series->wanted, key, &number, &added))
        return false;
    if (added) series->first[number] = ES_NONE;
    series->waiting[series->n_waiting] = (struct es_link){node, series->first[number]};
    series->first[number] = series->n_waiting++;
    return true;
}

/* ---- events ---- */

static bool exam_has(struct es_graph *graph, const struct es_pseudonym *key, uint32_t node)
{
    struct es_series *series = &graph->series;
    uint32_t nodes[SAME_SERIES];
    bool known = false;
    if (!es_pseudonym_set(key)) return true;
    const uint32_t print = es_series_print(key);
    const size_t n = find(series, print, nodes);
    for (size_t i = 0; i < n; i++) known |= es_graph_root(graph, nodes[i]) == es_graph_root(graph, node);
    if (!known && n == SAME_SERIES) return true;
    for (size_t i = 0; i < n && !known; i++)
        if (!es_graph_unite(graph, nodes[i], node)) return false;
    if (!known && !add(series, print, node)) return false;
    const uint32_t number = series->wanted.count ? es_index_find(&series->wanted, key) : ES_INDEX_NONE;
    if (number == ES_INDEX_NONE) return true;
    for (uint32_t at = series->first[number]; at != ES_NONE; at = series->waiting[at].next)
        if (!es_graph_unite(graph, series->waiting[at].node, node)) return false;
    series->first[number] = ES_NONE; /* they are with the exam now */
    return true;
}

static bool names(struct es_graph *graph, const struct es_pseudonym *key, uint32_t node)
{
    uint32_t nodes[SAME_SERIES];
    if (!es_pseudonym_set(key)) return true;
    const size_t n = find(&graph->series, es_series_print(key), nodes);
    for (size_t i = 0; i < n; i++)
        if (!es_graph_unite(graph, nodes[i], node)) return false;
    return n > 0 || wait_for(&graph->series, key, node);
}

bool es_graph_series(struct es_graph *graph, const struct es_event *event, uint32_t node)
{
    if (event->kind == ES_EVENT_EXAM) 
        return exam_has(graph, &event->series, node) && (!graph->images || exam_has(graph, &event->instance, node));
    if (event->kind != ES_EVENT_RESULT && event->kind != ES_EVENT_FAILURE && event->kind != ES_EVENT_REFERENCE) return true;
    bool good = names(graph, &event->series, node);
    for (size_t i = 0; good && i < event->n_series_refs; i++) good = names(graph, &event->series_refs[i], node);
    for (size_t i = 0; good && graph->images && i < event->n_image_refs; i++) good = names(graph, &event->image_refs[i], node);
    if (good && (event->unit == ES_UNIT_SERIES || (graph->images && event->unit == ES_UNIT_IMAGE))) good = names(graph, &event->unit_id, node);
    return good;
}

void es_series_clear(struct es_series *series)
{
    ES_PAGES_FREE(series->slots, series->size);
    free(series->first);
    free(series->waiting);
    es_index_clear(&series->wanted);
    *series = (struct es_series){0};
}
