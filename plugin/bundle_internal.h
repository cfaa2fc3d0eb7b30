/* SPDX-License-Identifier: Apache-2.0 */
/** @file bundle_internal.h
 * What the files of the derivation share: bundle.c (which events count), bundle_exam.c (exams, attributes, eligibility),
 * bundle_pair.c (which exam a result or reference is of), bundle_case.c (rows). Nobody else includes this.
 */
#ifndef ES_PLUGIN_BUNDLE_INTERNAL_H
#define ES_PLUGIN_BUNDLE_INTERNAL_H

#include "plugin/bundle.h"

/** Memory of one derivation, freed at once. */
struct es_arena {
    struct es_arena_block *blocks;
};
/** Zeroed; NULL when memory ran out or count * size overflows. */
void *es_arena_take(struct es_arena *arena, size_t count, size_t size);
void es_arena_clear(struct es_arena *arena);

/** One way to find an exam. Sorted by rule, key, exam. */
struct es_pair_key {
    enum es_pairing rule;
    struct es_pseudonym key, issuer; /* issuer: accession numbers only */
    uint32_t exam;
};

/** A live result, failure or reference and its exam. */
struct es_paired {
    const struct es_event *event;
    uint32_t exam;         /* UINT32_MAX: none */
    uint16_t model;        /* results and failures */
    const bool *dead;      /* references: [n_findings] superseded in their slot; NULL when none is */
    enum es_pairing rule;
};

/** Events of one exam: exam_events[first .. first + count). */
struct es_exam_range {
    size_t first, count;
};

struct es_bundle {
    const struct es_config *config;
    const struct es_event *const *linked;
    size_t n_linked;
    struct es_arena arena;
    const struct es_event **exam_events; /* live, sorted by canonical study, identity */
    size_t n_exam_events;
    struct es_paired *results, *references; /* live; after pairing sorted by exam (and model) */
    size_t n_results, n_references;
    struct es_pseudonym *alias_names; /* sorted; alias_of[i] is the number of the smallest name of the same study */
    uint32_t *alias_of;
    size_t n_aliases;
    struct es_exam_range *ranges; /* of out->exams */
    struct es_pair_key *keys;
    size_t n_keys;
    size_t cases_room;
    struct es_derived *out;
    struct es_error *err;
};

static inline int es_pseudonym_order(const struct es_pseudonym *a, const struct es_pseudonym *b)
{
    return __builtin_memcmp(a->bytes, b->bytes, ES_PSEUDONYM_SIZE);
}
/** The study under which all its aliases go. */
struct es_pseudonym es_bundle_study(const struct es_bundle *bundle, const struct es_pseudonym *study);
/** Fill out->exams, ranges. */
ES_MUST_USE enum es_errc es_bundle_exams(struct es_bundle *bundle);
/** Is the exam one the model is meant for? */
enum es_eligible es_bundle_eligible(const struct es_bundle *bundle, uint32_t exam, const struct es_eligibility *rule);
/** Pair results and references; count those without an exam. */
ES_MUST_USE enum es_errc es_bundle_pair(struct es_bundle *bundle);
/** Fill out->cases. */
ES_MUST_USE enum es_errc es_bundle_cases(struct es_bundle *bundle);
/** First produced first; then by identity. Events without an instant last. */
int es_first_produced(const struct es_event *a, const struct es_event *b);

#endif
