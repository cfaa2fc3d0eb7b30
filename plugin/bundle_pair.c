/* SPDX-License-Identifier: Apache-2.0 */
/* Which exam a result or a reference is of: referenced instance, referenced series, study, accession number; in this order. */
#include <stdlib.h>
#include <string.h>

#include "plugin/bundle_internal.h"

static int by_key(const void *left, const void *right)
{
    const struct es_pair_key *a = left, *b = right;
    if (a->rule != b->rule) return a->rule < b->rule ? -1 : 1;
    int order = es_pseudonym_order(&a->key, &b->key);
    if (order == 0) order = es_pseudonym_order(&a->issuer, &b->issuer);
    if (order == 0 && a->exam != b->exam) order = a->exam < b->exam ? -1 : 1;
    return order;
}

static void add_key(struct es_bundle *bundle, enum es_pairing rule, const struct es_pseudonym *key, const struct es_pseudonym *issuer,
                    uint32_t exam)
{
    if (!es_pseudonym_set(key)) return;
    struct es_pair_key *out = &bundle->keys[bundle->n_keys++];
    *out = (struct es_pair_key){.rule = rule, .key = *key, .exam = exam};
    if (issuer) out->issuer = *issuer;
}

static bool make_keys(struct es_bundle *bundle)
{
    size_t count, unique = 0;
    if (__builtin_mul_overflow(bundle->n_exam_events, (size_t)3, &count) ||
        __builtin_add_overflow(count, bundle->out->n_exams, &count))
        return false;
    bundle->keys = es_arena_take(&bundle->arena, count ? count : 1, sizeof *bundle->keys);
    if (!bundle->keys) return false;
    for (uint32_t exam = 0; exam < bundle->out->n_exams; exam++) {
        add_key(bundle, ES_PAIRED_STUDY, &bundle->out->exams[exam].study, NULL, exam);
        for (size_t i = 0; i < bundle->ranges[exam].count; i++) {
            const struct es_event *event = bundle->exam_events[bundle->ranges[exam].first + i];
            add_key(bundle, ES_PAIRED_INSTANCE, &event->instance, NULL, exam);
            add_key(bundle, ES_PAIRED_SERIES, &event->series, NULL, exam);
            add_key(bundle, ES_PAIRED_ACCESSION, &event->accession, &event->accession_issuer, exam);
        }
    }
    qsort(bundle->keys, bundle->n_keys, sizeof *bundle->keys, by_key);
    for (size_t i = 0; i < bundle->n_keys; i++)
        if (unique == 0 || by_key(&bundle->keys[i], &bundle->keys[unique - 1]) != 0) bundle->keys[unique++] = bundle->keys[i];
    bundle->n_keys = unique;
    return true;
}

/* First key of (rule, key): the caller goes on while both stay. */
static size_t first_key(const struct es_bundle *bundle, enum es_pairing rule, const struct es_pseudonym *key)
{
    const struct es_pair_key wanted = {.rule = rule, .key = *key};
    size_t low = 0, high = bundle->n_keys;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (by_key(&bundle->keys[middle], &wanted) < 0) low = middle + 1;
        else high = middle;
    }
    return low;
}

static bool key_is(const struct es_bundle *bundle, size_t at, enum es_pairing rule, const struct es_pseudonym *key)
{
    return at < bundle->n_keys && bundle->keys[at].rule == rule && es_pseudonym_order(&bundle->keys[at].key, key) == 0;
}

/* What a rule found so far. */
struct candidates {
    uint32_t first; /* UINT32_MAX: none */
    bool several, own;
    uint32_t own_exam; /* exam of the study that the event itself names; UINT32_MAX */
};

static void add_candidate(struct candidates *found, uint32_t exam)
{
    if (found->first == UINT32_MAX) found->first = exam;
    else if (found->first != exam) found->several = true;
    if (exam == found->own_exam) found->own = true;
}

static void match(const struct es_bundle *bundle, struct candidates *found, enum es_pairing rule, const struct es_pseudonym *key)
{
    if (!es_pseudonym_set(key)) return;
    for (size_t at = first_key(bundle, rule, key); key_is(bundle, at, rule, key); at++) add_candidate(found, bundle->keys[at].exam);
}

/* Issuers: an equal one matches; an absent one, on either side, matches unless the candidates' issuers conflict. */
static bool match_accession(const struct es_bundle *bundle, struct candidates *found, const struct es_event *event)
{
    const enum es_pairing rule = ES_PAIRED_ACCESSION;
    const struct es_pseudonym *issuer = NULL;
    bool exact = false, conflict = false;
    if (!es_pseudonym_set(&event->accession)) return true;
    const size_t from = first_key(bundle, rule, &event->accession);
    for (size_t at = from; key_is(bundle, at, rule, &event->accession); at++) {
        const struct es_pseudonym *other = &bundle->keys[at].issuer;
        if (!es_pseudonym_set(other)) continue;
        if (es_pseudonym_order(other, &event->accession_issuer) == 0) exact = true;
        if (issuer && es_pseudonym_order(issuer, other) != 0) conflict = true;
        issuer = other;
    }
    const bool named = es_pseudonym_set(&event->accession_issuer);
    for (size_t at = from; key_is(bundle, at, rule, &event->accession); at++) {
        const struct es_pseudonym *other = &bundle->keys[at].issuer;
        if (named && (exact ? es_pseudonym_order(other, &event->accession_issuer) != 0 : es_pseudonym_set(other))) continue;
        add_candidate(found, bundle->keys[at].exam);
    }
    return named || !conflict;
}

static bool settle(struct es_paired *paired, const struct candidates *found, enum es_pairing rule)
{
    if (found->first == UINT32_MAX) return false;
    if (found->several && !found->own) {
        paired->rule = ES_PAIRED_AMBIGUOUS;
        return true;
    }
    paired->rule = rule;
    paired->exam = found->several ? found->own_exam : found->first;
    return true;
}

static void pair(const struct es_bundle *bundle, struct es_paired *paired)
{
    const struct es_event *event = paired->event;
    const struct es_pseudonym study = es_bundle_study(bundle, &event->study);
    struct candidates none = {.first = UINT32_MAX, .own_exam = UINT32_MAX}, found = none;
    match(bundle, &found, ES_PAIRED_STUDY, &study);
    none.own_exam = found.first;
    found = none;
    for (size_t i = 0; i < event->n_image_refs; i++) match(bundle, &found, ES_PAIRED_INSTANCE, &event->image_refs[i]);
    if (event->unit == ES_UNIT_IMAGE) match(bundle, &found, ES_PAIRED_INSTANCE, &event->unit_id);
    if (settle(paired, &found, ES_PAIRED_INSTANCE)) return;
    found = none;
    for (size_t i = 0; i < event->n_series_refs; i++) match(bundle, &found, ES_PAIRED_SERIES, &event->series_refs[i]);
    if (event->unit == ES_UNIT_SERIES) match(bundle, &found, ES_PAIRED_SERIES, &event->unit_id);
    match(bundle, &found, ES_PAIRED_SERIES, &event->series);
    if (settle(paired, &found, ES_PAIRED_SERIES)) return;
    found = none;
    if (none.own_exam != UINT32_MAX) {
        add_candidate(&found, none.own_exam);
    } else {
        for (size_t i = 0; i < event->n_study_refs; i++) {
            const struct es_pseudonym other = es_bundle_study(bundle, &event->study_refs[i]);
            match(bundle, &found, ES_PAIRED_STUDY, &other);
        }
    }
    if (settle(paired, &found, ES_PAIRED_STUDY)) return;
    found = none;
    if (!match_accession(bundle, &found, event)) {
        paired->rule = ES_PAIRED_AMBIGUOUS;
        return;
    }
    (void)settle(paired, &found, ES_PAIRED_ACCESSION);
}

/* By exam, then model, then identity: one exam's events stand together. */
static int by_exam(const void *left, const void *right)
{
    const struct es_paired *a = left, *b = right;
    if (a->exam != b->exam) return a->exam < b->exam ? -1 : 1;
    if (a->model != b->model) return a->model < b->model ? -1 : 1;
    return memcmp(a->event->identity, b->event->identity, ES_IDENTITY_SIZE);
}

/* Leaves those that have an exam at the front and counts the others. */
static void pair_all(struct es_bundle *bundle, struct es_paired *events, size_t *n, uint64_t *without_exam)
{
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++) {
        pair(bundle, &events[i]);
        if (events[i].rule == ES_PAIRED_AMBIGUOUS) bundle->out->ambiguous++;
        else if (events[i].rule == ES_PAIRED_NONE) ++*without_exam;
        else events[kept++] = events[i];
    }
    *n = kept;
    qsort(events, kept, sizeof *events, by_exam);
}

enum es_errc es_bundle_pair(struct es_bundle *bundle)
{
    size_t known = 0;
    for (size_t i = 0; i < bundle->n_results; i++) {
        const int model = es_config_model(bundle->config, bundle->results[i].event->model_name);
        if (model < 0) {
            bundle->out->unknown_model++;
            continue;
        }
        bundle->results[known] = bundle->results[i];
        bundle->results[known++].model = (uint16_t)model;
    }
    bundle->n_results = known;
    if (!make_keys(bundle)) return es_fail(bundle->err, ES_E_MEMORY, "bundle: out of memory");
    if (bundle->n_results) pair_all(bundle, bundle->results, &bundle->n_results, &bundle->out->results_without_exam);
    if (bundle->n_references) pair_all(bundle, bundle->references, &bundle->n_references, &bundle->out->references_without_exam);
    return ES_OK;
}
