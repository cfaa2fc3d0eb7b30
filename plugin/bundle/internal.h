/* SPDX-License-Identifier: Apache-2.0 */
/** @file internal.h
 * What the files of the derivation share: bundle.c (which events count), slot.c (which of a slot is live), exam.c (exams, attributes, eligibility),
 * pair.c (which exam a result or reference is of), unit.c (units of an exam), label.c (what references
 * say of them), answer.c (what results say of them), measure.c (how far both are apart), case.c (rows). Nobody else includes this.
 */
#ifndef ES_PLUGIN_BUNDLE_INTERNAL_H
#define ES_PLUGIN_BUNDLE_INTERNAL_H

#include "plugin/bundle/bundle.h"

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
    enum es_orphan orphan; /* why there is none */
    unsigned char tried[ES_PAIRED_ACCESSION + 1]; /* enum es_tried, by rule */
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
    struct es_arena arena; /* of this derivation */
    struct es_arena *keep; /* where what is derived stands */
    const struct es_event **exam_events; /* live, sorted by canonical study, identity */
    size_t n_exam_events;
    struct es_paired *results, *references; /* live; after pairing sorted by exam (and model) */
    size_t n_results, n_references;
    const struct es_event **overlaps; /* not retracted; which of them stands is decided a row (measure.c) */
    size_t n_overlaps;
    struct es_pseudonym *alias_names; /* sorted; alias_of[i] is the number of the smallest name of the same study */
    uint32_t *alias_of;
    size_t n_aliases;
    struct es_exam_range *ranges; /* of out->exams */
    struct es_pair_key *keys;
    size_t n_keys;
    size_t cases_room;
    struct es_note *notes; /* [n_notes] by identity; NULL: nobody asks */
    size_t n_notes;
    struct es_derived *out;
    struct es_error *err;
};

/** qsort(), but for the two or three items that nearly every bundle has: those are put in order in place. */
void es_bundle_sort(void *items, size_t n, size_t size, int (*order)(const void *, const void *));

static inline int es_pseudonym_order(const struct es_pseudonym *a, const struct es_pseudonym *b)
{
    return __builtin_memcmp(a->bytes, b->bytes, ES_PSEUDONYM_SIZE);
}
/** The study under which all its aliases go. */
struct es_pseudonym es_bundle_study(const struct es_bundle *bundle, const struct es_pseudonym *study);
/** The note of an event; NULL when nobody asks. */
struct es_note *es_bundle_note(struct es_bundle *bundle, const struct es_event *event);
/** Note where an event stands, when somebody asks. */
void es_bundle_stands(struct es_bundle *bundle, const struct es_event *event, enum es_standing standing);
/** The live events of the results and failures, or of the references: by slot, one of each; a cancelled reference is live, and leaves none.
 * @return false when memory ran out */
bool es_bundle_live(struct es_bundle *bundle, const struct es_event **events, size_t n, bool references, struct es_paired **out, size_t *n_out);
/** Fill out->exams, ranges. */
ES_MUST_USE enum es_errc es_bundle_exams(struct es_bundle *bundle);
/** Is the exam's unit one the model is meant for? Judged by the headers of that unit; by all of the exam when unit is absent. */
enum es_eligible es_bundle_eligible(const struct es_bundle *bundle, uint32_t exam, enum es_unit_type type, const struct es_pseudonym *unit,
                                    const struct es_eligibility *rule);

/* ---- units (unit.c) ---- */

/** Is a header of this unit? One that does not tell (no series, no instance, no laterality) is of every unit. An absent unit has all. */
bool es_unit_has(enum es_unit_type type, const struct es_pseudonym *unit, const struct es_event *header);
/** Units of a type that the exam's headers show: series, images, sides by ImageLaterality or Laterality. Not unique.
 * @param out  room for as many as the exam has headers, and two
 * @return how many */
size_t es_units_seen(const struct es_bundle *bundle, uint32_t exam, enum es_unit_type type, struct es_pseudonym *out);
/** Are all headers of the unit excluded ones? false when there is none. */
bool es_unit_excluded(const struct es_bundle *bundle, uint32_t exam, enum es_unit_type type, const struct es_pseudonym *unit);
/** Can `finer` be a part of `coarser`? Everything is of an exam; an image of a series or side, a series of a side. */
bool es_unit_finer(enum es_unit_type finer, enum es_unit_type coarser);
enum es_part { ES_PART_NONE, ES_PART_WHOLE, ES_PART_FINER };
/** Which unit of a type a result or reference speaks of: it itself (WHOLE), one it is part of by the headers (FINER), or none. */
enum es_part es_unit_part(const struct es_bundle *bundle, uint32_t exam, enum es_unit_type type, const struct es_event *event,
                          struct es_pseudonym *unit);
/** Is every finer unit of a whole among those told? Expected are those the headers show; of sides, where no header tells, both.
 * @param room  as for es_units_seen() */
bool es_unit_complete(const struct es_bundle *bundle, uint32_t exam, enum es_unit_type type, const struct es_pseudonym *whole,
                      enum es_unit_type finer, const struct es_pseudonym *told, size_t n_told, struct es_pseudonym *room);
/** Pair results and references; count those without an exam. */
ES_MUST_USE enum es_errc es_bundle_pair(struct es_bundle *bundle);
/** Fill out->cases. */
ES_MUST_USE enum es_errc es_bundle_cases(struct es_bundle *bundle);
/* ---- references (label.c) ---- */

/** What a reference says of one unit of a finding. */
struct es_label {
    struct es_pseudonym unit;
    const struct es_paired *reference;
    const struct es_finding *finding;
    unsigned rank; /* of its source, by the configured precedence; greater stands above */
};
/** The finding of an event by its name; NULL. */
const struct es_finding *es_event_finding(const struct es_event *event, const char *name);
/** Labels of a finding's units from one exam's references, also from those of parts of a unit; by unit, the one that decides last.
 * @param out  room for n
 * @return false when memory ran out */
bool es_bundle_labels(struct es_bundle *bundle, uint32_t exam, const struct es_finding_config *config, const struct es_paired *references,
                      size_t n, struct es_label *out, size_t *n_out);
/* ---- answers (answer.c) ---- */

/** One result or failure that speaks of a unit of the finding at hand, or of a part of it. */
struct es_cell {
    struct es_pseudonym unit;
    bool finer;
    const struct es_paired *result;
    const struct es_finding *finding; /* NULL: a failure, or absent where absence means negative */
};
/** Is it a result that came, not a failure? */
bool es_event_came(const struct es_event *event);
/** How much a result tells of its finding: a value (3) before silence that means no (2), that before a presence whose value nobody knows
 * (1: a screen, a document); 0: it did not come. */
int es_cell_tells(const struct es_cell *cell);
/** A rejection tells more than a failure, that more than a timeout; then the first. Greater stands above. */
int es_failure_order(const struct es_event *a, const struct es_event *b);
/** Fill a row's result from the cells of one unit and version. @param cells  those of the unit itself first, then by finer unit, first
 * produced first
 * @return the cell whose result stands; NULL: none came */
const struct es_cell *es_bundle_decide(const struct es_finding_config *config, const struct es_cell *cells, size_t n, struct es_derived_case *out);
/* ---- measures (measure.c) ---- */

/** The value of a measurement in the finding's units, or an ordinal finding's level as a number.
 * @param given  in the finding's own units: of ES_TASK_MEASUREMENT; its value, or its threshold
 * @return ES_COMPARED_YES, or why there is none; *out is then NAN */
enum es_compared es_finding_value(const struct es_finding_config *config, const struct es_finding *finding, double *out);
/** Is a score an alert, a value a positive? False when either is NAN. */
static inline bool es_finding_alerts(const struct es_finding_config *config, double score, double threshold)
{
    return config->alert_below ? score < threshold : score >= threshold;
}
/** Compare a unit's answer with its reference; fills compared, measures, and the label of what has a threshold.
 * @param cell     what the result says; finding may be NULL
 * @param label    NULL: no reference
 * @return false when memory ran out */
bool es_bundle_measure(struct es_bundle *bundle, const struct es_finding_config *config, const struct es_event *result,
                       const struct es_finding *answer, const struct es_label *label, struct es_derived_case *row);
/** First produced first; then by identity. Events without an instant last. */
int es_first_produced(const struct es_event *a, const struct es_event *b);

#endif
