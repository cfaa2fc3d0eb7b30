/* SPDX-License-Identifier: Apache-2.0 */
/* What the references say of each unit of a finding: those of the unit itself, and what those of its parts come to. */
#include <stdlib.h>
#include <string.h>

#include "metrics/catalogue.h"
#include "plugin/bundle/internal.h"

const struct es_finding *es_event_finding(const struct es_event *event, const char *name)
{
    size_t low = 0, high = event->n_findings; /* sorted by name */
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(event->findings[middle].name, name);
        if (order == 0) return &event->findings[middle];
        if (order < 0) low = middle + 1;
        else high = middle;
    }
    return NULL;
}

/* What a reference says, when all else is equal: identities hang on the site's key, and another key must not make another label. A yes
 * above a no, the greater value above the lesser, both above what cannot be told. */
static int by_word(const struct es_finding *a, const struct es_finding *b)
{
    if (a->evaluable != b->evaluable) return a->evaluable - b->evaluable;
    if (a->has_label && b->has_label && a->label != b->label) return a->label < b->label ? -1 : 1;
    if (a->has_level && b->has_level && a->level != b->level) return a->level < b->level ? -1 : 1;
    if (a->has_value && b->has_value && a->value != b->value) return a->value < b->value ? -1 : 1;
    return strcmp(b->category, a->category);
}

/* By unit, the one that decides last: final above preliminary, then the configured precedence of sources, status rank, established, the
 * source whose name comes first, what it says, identity. What the foremost source says stands, also that it cannot be told. */
static int by_label(const void *left, const void *right)
{
    const struct es_label *a = left, *b = right;
    const struct es_event *x = a->reference->event, *y = b->reference->event;
    const int order = es_pseudonym_order(&a->unit, &b->unit);
    if (order) return order;
    const bool x_early = x->reference_status == ES_REFERENCE_PRELIMINARY, y_early = y->reference_status == ES_REFERENCE_PRELIMINARY;
    if (x_early != y_early) return x_early ? -1 : 1;
    if (a->rank != b->rank) return a->rank < b->rank ? -1 : 1;
    if (x->reference_status != y->reference_status) return x->reference_status < y->reference_status ? -1 : 1;
    if (x->produced != y->produced) return x->produced < y->produced ? -1 : 1;
    const int source = strcmp(y->source, x->source), word = source ? source : by_word(a->finding, b->finding);
    return word ? word : memcmp(x->identity, y->identity, ES_IDENTITY_SIZE);
}

/* By whole unit, type of the finer one, source and labeller; the one that decides last. */
static int by_teller(const void *left, const void *right)
{
    const struct es_label *a = left, *b = right;
    const struct es_event *x = a->reference->event, *y = b->reference->event;
    int order = es_pseudonym_order(&a->unit, &b->unit);
    if (order == 0 && x->unit != y->unit) order = x->unit < y->unit ? -1 : 1;
    if (order == 0) order = strcmp(x->source, y->source);
    if (order == 0) order = es_pseudonym_order(&x->labeller, &y->labeller);
    return order ? order : by_label(left, right);
}
static bool same_teller(const struct es_label *a, const struct es_label *b)
{
    const struct es_event *x = a->reference->event, *y = b->reference->event;
    return es_pseudonym_order(&a->unit, &b->unit) == 0 && x->unit == y->unit && strcmp(x->source, y->source) == 0 &&
           es_pseudonym_order(&x->labeller, &y->labeller) == 0;
}

/* What one reader said of the parts of a unit, as a label of the whole: positive when any part is, negative when every part was told and
 * none is; else nothing yet. One part that cannot be told leaves the whole so. An ordinal whole is as high as its highest part. */
static const struct es_label *whole_of(const struct es_label *parts, size_t n, bool binary, bool *settled)
{
    const struct es_label *highest = NULL, *untold = NULL;
    *settled = false;
    for (size_t i = 0; i < n; i++) {
        const struct es_finding *finding = parts[i].finding;
        if (!finding->evaluable) {
            untold = &parts[i];
            continue;
        }
        if (!finding->has_label) return NULL; /* a measurement has no "any" */
        if (!highest || finding->label >= highest->finding->label) highest = &parts[i];
    }
    *settled = binary && highest && highest->finding->label == 1;
    return untold && !*settled ? untold : highest;
}

static bool add_whole(struct es_bundle *bundle, uint32_t exam, const struct es_finding_config *config, const struct es_label *parts, size_t n,
                      struct es_label *out, size_t *n_out)
{
    bool settled;
    const struct es_label *whole = whole_of(parts, n, config->task == ES_TASK_BINARY, &settled);
    if (!whole) return true;
    if (!settled) {
        struct es_pseudonym *told = es_arena_take(&bundle->arena, n, sizeof *told);
        struct es_pseudonym *room = es_arena_take(&bundle->arena, bundle->ranges[exam].count + 2, sizeof *room);
        if (!told || !room) return false;
        for (size_t i = 0; i < n; i++) told[i] = parts[i].reference->event->unit_id;
        if (!es_unit_complete(bundle, exam, config->unit, &whole->unit, whole->reference->event->unit, told, n, room)) return true;
    }
    out[(*n_out)++] = *whole;
    return true;
}

bool es_bundle_labels(struct es_bundle *bundle, uint32_t exam, const struct es_finding_config *config, const struct es_paired *references,
                      size_t n, struct es_label *out, size_t *n_out)
{
    size_t n_parts = 0, n_labels = 0;
    *n_out = 0;
    if (n == 0) return true;
    struct es_label *parts = es_arena_take(&bundle->arena, n, sizeof *parts);
    if (!parts) return false;
    for (size_t i = 0; i < n; i++) {
        const struct es_event *event = references[i].event;
        struct es_label label = {.reference = &references[i], .finding = es_event_finding(event, config->name)};
        if (!label.finding || (references[i].dead && references[i].dead[label.finding - event->findings])) continue;
        label.rank = es_precedence_rank(&config->precedence, event->source);
        const enum es_part part = es_unit_part(bundle, exam, config->unit, event, &label.unit);
        if (part == ES_PART_WHOLE) out[n_labels++] = label;
        if (part == ES_PART_FINER) parts[n_parts++] = label;
    }
    es_bundle_sort(parts, n_parts, sizeof *parts, by_teller);
    for (size_t from = 0, to; from < n_parts; from = to) {
        for (to = from + 1; to < n_parts && same_teller(&parts[from], &parts[to]);) to++;
        if (!add_whole(bundle, exam, config, parts + from, to - from, out, &n_labels)) return false;
    }
    es_bundle_sort(out, n_labels, sizeof *out, by_label);
    *n_out = n_labels;
    return true;
}
