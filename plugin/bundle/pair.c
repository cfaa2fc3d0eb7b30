/* SPDX-License-Identifier: Apache-2.0 */
/* Which exam a result or a reference is of: referenced instance, referenced series, study, accession number; in this order. */
#include <stdlib.h>
#include <string.h>

#include "plugin/bundle/internal.h"

const char *es_tried_name(enum es_tried tried)
{
    static const char *const names[ES_TRIEDS] = {"not_reached", "not_named", "no_exam_has_it", "one_exam",
                                                 "several_exams_one_named", "several_exams", "other_issuer", "issuer_not_told"};
    return (unsigned)tried < ES_TRIEDS ? names[tried] : "";
}

const char *es_orphan_name(enum es_orphan orphan)
{
    static const char *const names[ES_ORPHANS] = {"", "study_not_seen", "accession_not_seen", "accession_of_other_issuer",
        "images_of_several_exams", "series_of_several_exams", "studies_of_several_exams", "accession_of_several_exams", "issuer_not_told"};
    return (unsigned)orphan < ES_ORPHANS ? names[orphan] : "";
}

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
    es_bundle_sort(bundle->keys, bundle->n_keys, sizeof *bundle->keys, by_key);
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
static enum es_tried match_accession(const struct es_bundle *bundle, struct candidates *found, const struct es_event *event)
{
    const enum es_pairing rule = ES_PAIRED_ACCESSION;
    const struct es_pseudonym *issuer = NULL;
    bool exact = false, conflict = false;
    if (!es_pseudonym_set(&event->accession)) return ES_TRIED_UNNAMED;
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
    if (!named && conflict) return ES_TRIED_NO_ISSUER;
    return found->first == UINT32_MAX && issuer ? ES_TRIED_ISSUER : ES_TRIED_NOBODY;
}

/* What a rule came to is kept; true when it decided. named: the event names something of the kind. */
static bool settle(struct es_paired *paired, const struct candidates *found, enum es_pairing rule, bool named)
{
    paired->tried[rule] = named ? ES_TRIED_NOBODY : ES_TRIED_UNNAMED;
    if (found->first == UINT32_MAX) return false;
    if (found->several && !found->own) {
        paired->rule = ES_PAIRED_AMBIGUOUS;
        paired->tried[rule] = ES_TRIED_SEVERAL;
        return true;
    }
    paired->rule = rule;
    paired->exam = found->several ? found->own_exam : found->first;
    paired->tried[rule] = found->several ? ES_TRIED_OWN : ES_TRIED_ONE;
    return true;
}

static void pair_by_accession(const struct es_bundle *bundle, struct es_paired *paired, const struct candidates *none)
{
    struct candidates found = *none;
    const enum es_tried tried = match_accession(bundle, &found, paired->event);
    if (tried == ES_TRIED_NO_ISSUER) paired->rule = ES_PAIRED_AMBIGUOUS;
    else if (settle(paired, &found, ES_PAIRED_ACCESSION, true)) return;
    paired->tried[ES_PAIRED_ACCESSION] = (unsigned char)tried;
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
    if (settle(paired, &found, ES_PAIRED_INSTANCE, event->n_image_refs > 0 || event->unit == ES_UNIT_IMAGE)) return;
    found = none;
    for (size_t i = 0; i < event->n_series_refs; i++) match(bundle, &found, ES_PAIRED_SERIES, &event->series_refs[i]);
    if (event->unit == ES_UNIT_SERIES) match(bundle, &found, ES_PAIRED_SERIES, &event->unit_id);
    match(bundle, &found, ES_PAIRED_SERIES, &event->series);
    if (settle(paired, &found, ES_PAIRED_SERIES, event->n_series_refs > 0 || event->unit == ES_UNIT_SERIES || es_pseudonym_set(&event->series)))
        return;
    found = none;
    if (none.own_exam != UINT32_MAX) {
        add_candidate(&found, none.own_exam);
    } else {
        for (size_t i = 0; i < event->n_study_refs; i++) {
            const struct es_pseudonym other = es_bundle_study(bundle, &event->study_refs[i]);
            match(bundle, &found, ES_PAIRED_STUDY, &other);
        }
    }
    if (settle(paired, &found, ES_PAIRED_STUDY, event->n_study_refs > 0 || es_pseudonym_set(&event->study))) return;
    pair_by_accession(bundle, paired, &none);
}

static enum es_orphan orphan_of(const struct es_paired *paired)
{
    static const enum es_orphan several[] = {[ES_PAIRED_INSTANCE] = ES_ORPHAN_IMAGES, [ES_PAIRED_SERIES] = ES_ORPHAN_SERIES,
                                             [ES_PAIRED_STUDY] = ES_ORPHAN_STUDIES, [ES_PAIRED_ACCESSION] = ES_ORPHAN_ACCESSIONS};
    if (paired->exam != UINT32_MAX) return ES_ORPHAN_NOT;
    for (int rule = ES_PAIRED_INSTANCE; rule <= ES_PAIRED_ACCESSION; rule++)
        if (paired->tried[rule] == ES_TRIED_SEVERAL) return several[rule];
    if (paired->tried[ES_PAIRED_ACCESSION] == ES_TRIED_NO_ISSUER) return ES_ORPHAN_NO_ISSUER;
    if (paired->tried[ES_PAIRED_ACCESSION] == ES_TRIED_ISSUER) return ES_ORPHAN_OTHER_ISSUER;
    return paired->tried[ES_PAIRED_STUDY] == ES_TRIED_UNNAMED ? ES_ORPHAN_ACCESSION : ES_ORPHAN_STUDY;
}

static void note(struct es_bundle *bundle, const struct es_paired *paired)
{
    struct es_note *at = es_bundle_note(bundle, paired->event);
    if (!at) return;
    at->rule = paired->rule;
    at->exam = paired->exam;
    at->orphan = paired->orphan;
    memcpy(at->tried, paired->tried, sizeof at->tried);
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
static void pair_all(struct es_bundle *bundle, struct es_paired *events, size_t *n, uint32_t *without_exam, uint32_t orphans[ES_ORPHANS])
{
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++) {
        pair(bundle, &events[i]);
        events[i].orphan = orphan_of(&events[i]);
        note(bundle, &events[i]);
        if (events[i].orphan != ES_ORPHAN_NOT) orphans[events[i].orphan]++;
        if (events[i].rule == ES_PAIRED_AMBIGUOUS) bundle->out->ambiguous++;
        else if (events[i].rule == ES_PAIRED_NONE) ++*without_exam;
        else events[kept++] = events[i];
    }
    *n = kept;
    es_bundle_sort(events, kept, sizeof *events, by_exam);
}

enum es_errc es_bundle_pair(struct es_bundle *bundle)
{
    size_t known = 0;
    for (size_t i = 0; i < bundle->n_results; i++) {
        const int model = es_config_model(bundle->config, bundle->results[i].event->model_name);
        if (model < 0) {
            struct es_note *at = es_bundle_note(bundle, bundle->results[i].event);
            if (at) at->unknown_model = true;
            bundle->out->unknown_model++;
            continue;
        }
        bundle->results[known] = bundle->results[i];
        bundle->results[known++].model = (uint16_t)model;
    }
    bundle->n_results = known;
    if (!make_keys(bundle)) return es_fail(bundle->err, ES_E_MEMORY, "bundle: out of memory");
    if (bundle->n_results) pair_all(bundle, bundle->results, &bundle->n_results, &bundle->out->results_without_exam, bundle->out->orphans[0]);
    if (bundle->n_references) pair_all(bundle, bundle->references, &bundle->n_references, &bundle->out->references_without_exam,
                                        bundle->out->orphans[1]);
    return ES_OK;
}
