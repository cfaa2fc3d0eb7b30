/* SPDX-License-Identifier: Apache-2.0 */
/** @file cohort.h
 * The columns of all cases in memory: the only state, always rebuildable from the ledger. Not locked: one thread owns it.
 */
#ifndef ES_PLUGIN_COHORT_H
#define ES_PLUGIN_COHORT_H

#include "metrics/sheet.h"
#include "plugin/bundle/bundle.h"

struct es_cohort;

ES_MUST_USE enum es_errc es_cohort_new(struct es_cohort **out, const struct es_config *config, struct es_error *err);
void es_cohort_free(struct es_cohort *cohort);
/** Put a bundle's rows in place of what it had. Marks the findings dirty that changed. */
ES_MUST_USE enum es_errc es_cohort_replace(struct es_cohort *cohort, uint32_t bundle, const struct es_derived *derived,
                                           struct es_error *err);
/** es_index_prefetch() of the patients of a bundle that will be replaced soon. */
void es_cohort_prefetch(const struct es_cohort *cohort, const struct es_derived *derived, bool deep);
/** Two cohorts hold the same rows, in whatever internal order; says the first difference ("model 0 finding 3: 12 rows against 11"). */
bool es_cohort_same(const struct es_cohort *a, const struct es_cohort *b, char *difference, size_t size);

/** What is counted beside cases. patients: told apart by identifier and issuer (bundle/bundle.h); ambiguous: results and references that more than
 * one exam may be meant by, and exams whose patient has no issuer where several are known. */
struct es_cohort_counts {
    uint64_t exams, patients, excluded[ES_EXCLUSIONS];
    uint64_t results_without_exam, references_without_exam, ambiguous, retracted, revised, unknown_model, unknown_finding,
        sources_disagree;
    uint64_t orphans[2][ES_ORPHANS]; /* results and failures, references: why they have no exam; by enum es_orphan */
    int32_t first_day, last_day; /* exam days of exams that are not excluded; ES_NO_DAY when none */
};
/** Exams of the period. @return ES_OK, ES_E_MEMORY (`out` is then as it was) */
ES_MUST_USE enum es_errc es_cohort_count(const struct es_cohort *cohort, int32_t from, int32_t to, struct es_cohort_counts *out, struct es_error *err);
/** Exams by state of an attribute (keyword or linked name), not excluded ones, within the period. */
void es_cohort_attribute_states(const struct es_cohort *cohort, const char *keyword, int32_t from, int32_t to,
                                uint64_t counts[ES_ATTRIBUTE_STATES]);

/** The levels of an axis in printing order: index 0 is "unknown"; then vocabulary order, then byte order; beyond
 * MaximumLevels by count then bytes into "other". Strings are owned by the list. */
struct es_levels {
    uint8_t count;
    char **names;
};
ES_MUST_USE enum es_errc es_cohort_levels(const struct es_cohort *cohort, size_t axis, struct es_levels *out, struct es_error *err);
void es_levels_clear(struct es_levels *levels);

/** A stretch of one model version and finding in which device, threshold, combine rule and reference sources stay the same.
 *
 * Reference sources: within one version, device and threshold each source has an interval, from the first to the last exam day of the
 * results that it labelled (a label counts for the source whose reference stands above). Sources whose intervals overlap, sharing a
 * day at least, belong to one epoch: connected components of intervals. A site that labels positives by pathology and negatives
 * by radiology has one epoch of both, never two that are split by outcome; only a clean cut in time begins another.
 * Sources none of whose exams has a day belong to the first epoch. No order of arrival can matter: the intervals are those of all cases.
 * Results without a reference belong to the epoch of their version, device and threshold in force on their exam day, failures
 * that name a version to the latest of it begun by then, units without a result to the epoch of the latest result by that day;
 * else to the first. A version or threshold that comes back after another continues its epoch: it is the same product again.
 *
 * There are at most ES_MAX_EPOCHS of a model and finding: a product that tells another device, threshold or version with every result would
 * otherwise make a report of its own for each of them, and what is asked of everyone could no longer be answered. Where there would be more,
 * devices are taken together; where that does not suffice, reference sources too, then thresholds (`threshold` is NAN), then versions
 * (`version` is ""). `cause` of the first epoch says so: "first+devices_together", "...sources_together", "...thresholds_together",
 * "...versions_together", the last of them that was needed. */
#define ES_MAX_EPOCHS 64
struct es_stream {
    uint16_t model, finding;
    char version[ES_NAME_SIZE]; /* "" while no result has told one */
    uint32_t epoch;             /* 1, 2, ... by first exam day, then version, within model and finding */
    int32_t from, to;           /* exam days of its cases; ES_NO_DAY */
    double threshold;           /* NAN when decisions are sent without one */
    char reference_source[ES_NAME_SIZE]; /* "" while none; several sorted by bytes and joined by "+", cut with "..." to fit */
    char cause[48];             /* "first" (above), "version", "threshold", "device", "reference_source", ... joined by "+" */
};
/** All streams, sorted by model, version, finding, epoch. *streams owned by the caller (free). Every configured model and finding has
 * at least one, even when no unit was seen. */
ES_MUST_USE enum es_errc es_cohort_streams(const struct es_cohort *cohort, struct es_stream **streams, size_t *count,
                                           struct es_error *err);

/** Where a case of a derivation stands in the funnel at an instant (DESIGN 8). */
enum es_stage es_derived_stage(const struct es_config *config, const struct es_derived *derived, const struct es_derived_case *row, int64_t now);

/** One stream's sheet: units of the stream in patient order. All buffers are owned by the sheet's holder. */
struct es_source_count {
    char source[ES_NAME_SIZE];
    uint64_t cases;
};
struct es_sheet_holder {
    struct es_sheet sheet; /* columns point into memory */
    struct es_source_count *sources; /* owned; whose reference stands, of the units that are referenced or indeterminate; by bytes */
    size_t n_sources;
    uint64_t sources_disagree;  /* of those: another source says otherwise */
    uint64_t decision_mismatch; /* units whose sent decision differs from score >= sent threshold */
    uint64_t decision_changed;  /* units of which a later result of the same version decides otherwise */
    struct es_levels levels[ES_MAX_AXES];
    void *memory;
    struct es_mark *marks; /* owned; of lesions */
    uint64_t not_compared[ES_COMPARED_KINDS]; /* cases whose window is closed and whose reference can be told, by why they were not
                                                 compared; ES_COMPARED_YES counts those with two empty masks, which are in no mean */
};
/**
 * @param from,to  exam days, inclusive; ES_NO_DAY: open. Units without a day are in when both are open
 * @param now      instant that decides pending/missing and maturing/referenced/overdue
 * @param plan_day exams before it carry ES_MARK_EXPLORATORY
 */
ES_MUST_USE enum es_errc es_cohort_sheet(const struct es_cohort *cohort, const struct es_stream *stream, int32_t from, int32_t to,
                                         int64_t now, int32_t plan_day, struct es_sheet_holder *out, struct es_error *err);
void es_sheet_holder_clear(struct es_sheet_holder *holder);
/** Two versions of one model and finding side by side, a row a unit, in patient order (METRICS J9).
 *
 * A row is a unit that is eligible, not excluded, whose reference window is closed, and that at least one of the two versions gave a
 * decision (its first produced live result). Units with both are the pairs; the others serve only the unpaired figures.
 * Thresholds, devices and reference sources within a version are pooled, as this is about versions. */
struct es_pairs {
    uint32_t rows, patients;
    uint8_t axes;
    const uint32_t *patient;      /* as in struct es_sheet */
    const uint8_t *const *level;  /* [axes][rows] */
    const uint8_t *label;         /* 0, 1, or ES_NO_ANSWER where no reference tells */
    const uint8_t *decision[2];   /* before, after: 0, 1 or ES_NO_ANSWER where that version gave none */
    const uint8_t *ai_aware;      /* 1: the reference reader may have seen an AI result */
    uint64_t maturing, maturing_patients; /* units that both decided and whose window is still open: they have no row */
    struct es_levels levels[ES_MAX_AXES];
    void *memory;                 /* owned */
};
/** @param versions  before, after; a version that no result has told gives no rows
 * @return ES_OK; ES_E_ARG when model or finding is not configured; ES_E_MEMORY */
ES_MUST_USE enum es_errc es_cohort_pairs(const struct es_cohort *cohort, uint16_t model, uint16_t finding, const char *const versions[2],
                                         int32_t from, int32_t to, int64_t now, struct es_pairs *out, struct es_error *err);
void es_pairs_clear(struct es_pairs *pairs);
/** Has the finding changed since its mark was last taken? Taking clears it. */
bool es_cohort_take_dirty(struct es_cohort *cohort, uint16_t model, uint16_t finding);

#endif
