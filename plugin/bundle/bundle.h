/* SPDX-License-Identifier: Apache-2.0 */
/** @file bundle.h
 * One bundle's events to cohort rows: a pure function of (the set of events, the patient's linked attributes, configuration).
 *
 * Events are sorted inside; duplicates, order and time of arrival decide nothing. Slot = the natural key of a kind: exam: series
 * (or SOP instance where a unit is an image; the study where neither is given); result and failure: study, unit, model + version,
 * SOP instance; reference: study, unit, source, labeller. Of one slot the live event is the greatest (status rank, then
 * produced/established, then identity); retracted events are out. References live for each finding: the live reference of a finding is
 * the greatest among the events of the slot that speak of it, so that two messages of one source about different findings stand side
 * by side. A cancelled reference cancels its findings, one without findings all of its slot. `revised` counts results that were
 * superseded, and references of which a finding was. Results used for performance are the first produced of a
 * unit, model and version; where the latest of them, which a workstation shows by now, decides otherwise, the case says so. Two live exam events that differ in an attribute make it a conflict, never first-wins.
 * A result of a study of its own (a new StudyInstanceUID) pairs by the series and images it names, then by its source studies, then by accession
 * number: the site brings their bundles together (site/series.c).
 * Pairing of results and references to exams: referenced SOP instance (where images are units), referenced series, study,
 * accession; which rule matched is kept; more than one candidate at a rule is `ambiguous` and pairs with none, unless one of them
 * is the study that the event itself names (an AI that also looked at a prior).
 *
 * Units: an exam's series, images and sides (ImageLaterality, else Laterality; B is both) are there as soon as a header shows them; eligibility
 * and exclusion are the unit's own. Results of finer units (image to series, side and exam; series to side and exam; side and lesion to
 * exam) come to a coarser one by the finding's Combine rule where none of the unit itself came; of several types of finer units the coarsest
 * is taken. References of finer units, of one source and labeller: positive when any part is, negative when every part that the headers show
 * (both sides where they show none; of lesions never) was told and none is, else none yet; never by the AI's Combine rule. A label of an
 * exam says nothing of its parts: it would label the negative ones alone. A failure of the exam is one of each of its units of which nothing
 * of the same version came.
 *
 * All exam events that are not retracted count: none supersedes another, they are merged. Within a result slot a result that came stands above a
 * rejection, that above a failure, that above a timeout. Several references of one unit: final above preliminary, then the finding's
 * configured precedence of sources, then status, established, the source whose name comes first, what it says (yes above no), identity (which
 * hangs on the site's key); what the foremost says stands, also that it cannot be told;
 * `sources_disagree` where another source says otherwise. A retraction cannot be retracted. Deriving two unrelated bundles as one gives
 * the same rows, so a bundle may hold more than it must.
 */
#ifndef ES_PLUGIN_BUNDLE_H
#define ES_PLUGIN_BUNDLE_H

#include "plugin/base/arena.h"
#include "plugin/event/event.h"

enum es_pairing {
    ES_PAIRED_NONE,      /* a result or reference without its exam: kept, paired when the exam comes */
    ES_PAIRED_INSTANCE,
    ES_PAIRED_SERIES,
    ES_PAIRED_STUDY,
    ES_PAIRED_ACCESSION,
    ES_PAIRED_AMBIGUOUS,
    ES_PAIRINGS
};
const char *es_pairing_name(enum es_pairing pairing);

/** What one rule of pairing came to, when it was tried. */
enum es_tried {
    ES_TRIED_NOT,       /* an earlier rule decided */
    ES_TRIED_UNNAMED,   /* the event names nothing that this rule looks for */
    ES_TRIED_NOBODY,    /* named, and no exam has it */
    ES_TRIED_ONE,       /* one exam: paired */
    ES_TRIED_OWN,       /* several exams, one of them the study that the event names: paired with that */
    ES_TRIED_SEVERAL,   /* several exams: ambiguous */
    ES_TRIED_ISSUER,    /* accession: exams have the number, under another issuer */
    ES_TRIED_NO_ISSUER, /* accession: exams of several issuers have the number, and the event tells none: ambiguous */
    ES_TRIEDS
};
const char *es_tried_name(enum es_tried tried);

/** Why a result or reference has no exam. */
enum es_orphan {
    ES_ORPHAN_NOT,
    ES_ORPHAN_STUDY,         /* its study (or series or images), and its accession number, were not seen */
    ES_ORPHAN_ACCESSION,     /* it names an accession number only, which no exam has */
    ES_ORPHAN_OTHER_ISSUER,  /* exams have the accession number, under another issuer */
    ES_ORPHAN_IMAGES,        /* its images are of several exams */
    ES_ORPHAN_SERIES,        /* its series are of several exams */
    ES_ORPHAN_STUDIES,       /* its source studies are several exams */
    ES_ORPHAN_ACCESSIONS,    /* several exams have its accession number */
    ES_ORPHAN_NO_ISSUER,     /* so they have, of several issuers, and it tells none */
    ES_ORPHANS
};
/** snake_case: "study_not_seen", ...; "" for ES_ORPHAN_NOT. */
const char *es_orphan_name(enum es_orphan orphan);

enum es_eligible { ES_ELIGIBLE_NO, ES_ELIGIBLE_UNKNOWN, ES_ELIGIBLE_YES };

/** One key for a patient's identifier and its issuer; the identifier itself when there is no issuer. Both are HMACs, so that the sum of
 * two pairs is equal by chance only. */
struct es_pseudonym es_patient_key(const struct es_pseudonym *patient, const struct es_pseudonym *issuer);

/** One exam (study) of a bundle. */
struct es_derived_exam {
    struct es_pseudonym study, patient; /* patient: es_patient_key(); absent: each such exam is a patient of its own, keyed by study */
    int32_t day;                        /* earliest study day of its live events; ES_NO_DAY */
    enum es_exclusion excluded;         /* every image excluded; the first reason in enum order */
    struct es_event_attribute *attributes; /* merged, one per wanted keyword (linked names included), sorted; state CONFLICT on disagreement */
    size_t n_attributes;
};

/** Could the model's answer be compared with the reference's? What could not is counted by reason. Binary findings: ES_COMPARED_NOT. */
enum es_compared {
    ES_COMPARED_NOT,        /* one of the two is not there, or binary */
    ES_COMPARED_YES,
    ES_COMPARED_NO_VALUE,   /* the result or the reference says nothing of the finding's kind */
    ES_COMPARED_UNITS,      /* units that cannot be turned into one another, or only one side tells its own */
    ES_COMPARED_LEVEL,      /* a level that is not configured */
    ES_COMPARED_NO_OVERLAP, /* masks on both sides, not yet compared */
    ES_COMPARED_OTHER_GRID, /* masks of another image or grid */
    ES_COMPARED_KINDS
};
/** "", "compared", "no_value", "units", "level", "no_overlap", "other_grid". */
const char *es_compared_name(enum es_compared compared);

/** What was compared; columns as in struct es_sheet, NAN where there is none. */
struct es_case_measures {
    double value[ES_MAX_MEASURES];
    uint32_t n_marks;
    uint32_t marked;        /* 1: every mark has a score */
    struct es_mark marks[]; /* padding zeroed */
};
/** Bytes of one, to compare and to copy. */
size_t es_case_measures_size(const struct es_case_measures *measures);
/** The columns that findings of a task (enum es_task bit) have. */
enum es_measures es_task_measures(uint32_t task);

/** One case: exam x unit x model (name + version) x finding. */
struct es_derived_case {
    uint32_t exam;              /* index into exams */
    uint16_t model, finding;    /* indices into the configuration */
    struct es_pseudonym unit;   /* of the unit's id; absent for the exam itself */
    char version[ES_NAME_SIZE]; /* "" when no result tells */
    struct es_pseudonym device; /* DeviceUID of the result; absent when none */
    double threshold_sent;      /* NAN: the configuration's threshold decides */
    char reference_source[ES_NAME_SIZE]; /* "" when no reference */
    enum es_eligible eligible; /* of the unit, by its own headers */
    bool excluded;             /* the exam, or all headers of the unit */
    enum es_result_status result; /* 0: none */
    enum es_pairing result_pairing, reference_pairing;
    bool has_score, has_decision; /* decision: sent, or score >= threshold */
    double score;               /* NAN when none */
    uint8_t decision;           /* 0, 1 or ES_NO_ANSWER */
    bool mismatch;              /* decision sent differs from score >= threshold sent */
    bool decision_changed;      /* a later result of the same version decides otherwise; the first is what is counted */
    int64_t produced;           /* ES_NO_INSTANT */
    bool has_reference, evaluable;
    uint8_t label;              /* 0, 1 or ES_NO_ANSWER */
    int64_t established;
    enum es_reader_saw_ai saw_ai;
    bool sources_disagree;      /* live references of different sources differ */
    enum es_compared compared;
    struct es_case_measures *measures; /* NULL unless ES_COMPARED_YES */
};

/** What it points to stands in the arena that es_bundle_derive() was given. */
struct es_derived {
    struct es_derived_exam *exams;
    size_t n_exams;
    struct es_derived_case *cases; /* sorted: exam, model, finding, unit, version */
    size_t n_cases;
    uint32_t results_without_exam, references_without_exam, ambiguous, retracted, revised; /* live or superseded events, by kind of trouble;
        to `ambiguous` the site adds exams whose patient is not told: no issuer where several are known */
    uint32_t orphans[2][ES_ORPHANS]; /* results and failures, references: of those without an exam, why */
    uint32_t unknown_model, unknown_finding; /* results or references naming what the
        configuration does not, or of a unit that none of its findings has and no header tells to be part of one */
};

/** Derive. Events are borrowed. linked: demographics events of the bundle's patients (retracted ones left out), borrowed; one
 * applies to the exams with the same patient and issuer. Which identifiers are one patient the caller knows: it has put one
 * pseudonym, without issuer, for all of them in both.
 * @param arena  where what *out points to stands, also after a failure, until it is reset
 * @param out    written whole on ES_OK */
ES_MUST_USE enum es_errc es_bundle_derive(const struct es_event *const *events, size_t n_events,
                                          const struct es_event *const *linked, size_t n_linked,
                                          const struct es_config *config, struct es_arena *arena, struct es_derived *out,
                                          struct es_error *err);

/** What became of one event in a derivation. */
enum es_standing {
    ES_STANDS,        /* counts, as far as it is paired and known */
    ES_STANDS_PARTLY, /* a reference of which some findings are superseded */
    ES_SUPERSEDED,    /* another of its slot is live */
    ES_CANCELS,       /* a cancelled reference: leaves none of what it names */
    ES_RETRACTED,
    ES_RETRACTS,
    ES_STANDINGS
};
const char *es_standing_name(enum es_standing standing);
struct es_note {
    const struct es_event *event; /* borrowed from the events given */
    enum es_standing standing;
    bool unknown_model;           /* its model is not configured: not paired */
    enum es_pairing rule;         /* results, failures, references */
    enum es_orphan orphan;
    uint32_t exam;                /* index into exams; UINT32_MAX: none */
    unsigned char tried[ES_PAIRED_ACCESSION + 1]; /* enum es_tried, by rule */
};
/** The same derivation, and what became of every event.
 * @param notes    room for n_events; one an event, by identity (duplicates once), exams included
 * @param n_notes  written with them on ES_OK */
ES_MUST_USE enum es_errc es_bundle_explain(const struct es_event *const *events, size_t n_events,
                                           const struct es_event *const *linked, size_t n_linked, const struct es_config *config,
                                           struct es_arena *arena, struct es_derived *out, struct es_note *notes, size_t *n_notes,
                                           struct es_error *err);

/** The attributes that exams carry under a configuration: those of the axes, linked names included, and those that eligibility asks for. */
#define ES_MAX_WANTED (ES_MAX_AXES + 4)
struct es_wanted {
    const char *keyword[ES_MAX_WANTED]; /* borrowed from the configuration; sorted by bytes, unique */
    bool linked[ES_MAX_WANTED];         /* comes from demographics events, not from images */
    size_t n;
};
void es_bundle_wanted(const struct es_config *config, struct es_wanted *out);
/** Same slot? (kinds that have one: exam, result and failure, reference; studies compared as they stand, aliases not applied) */
bool es_same_slot(const struct es_event *a, const struct es_event *b);
/** Same slot, and references speak of a same finding (a cancellation without findings speaks of all): one supersedes the other. */
bool es_same_matter(const struct es_event *a, const struct es_event *b);

#endif
