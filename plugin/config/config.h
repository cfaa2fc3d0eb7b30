/* SPDX-License-Identifier: Apache-2.0 */
/** @file config.h
 * The configuration: JSON with comments, every key checked, every default in one place.
 *
 * The same object stands in Orthanc's configuration under "Evensight" and in a file elsewhere ({"Evensight": {...}} or the bare
 * object). A fault is one message: the key's path, what was found, what is allowed.
 */
#ifndef ES_PLUGIN_CONFIG_H
#define ES_PLUGIN_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "dicom/error.h"
#include "dicom/facts.h"
#include "dicom/vocabulary.h"
#include "metrics/sheet.h"
#include "plugin/base/json_path.h"

#define ES_MAX_MODELS 64
#define ES_MAX_FINDINGS 256      /* of one model */
#define ES_MAX_BANDS 32
#define ES_MAX_INTERSECTIONS 120 /* groupings of two or three axes */
#define ES_NAME_SIZE 65          /* names of sites, axes, models, findings: [A-Za-z0-9 _.+-], at most 64 */

/** One attribute that makes groups. */
struct es_axis_config {
    char name[ES_NAME_SIZE];
    char attribute[ES_NAME_SIZE]; /* PS3.6 keyword of dicom/attributes.h; "" when linked */
    char linked[ES_NAME_SIZE];    /* name of a demographics attribute that comes by linkage; "" when from DICOM */
    const struct es_vocabulary *vocabulary; /* NULL: values are levels as they stand. PatientSex: dicom-sex by default */
    bool group_level;             /* Level "group": the vocabulary's high-level groups */
    char combination[ES_FACT_VALUE]; /* Multiple "alone-or-in-combination": the level or group that this axis is about; levels "yes", "no" */
    int32_t bands[ES_MAX_BANDS];  /* lower edges, ascending; whole years for PatientAge, whole numbers for linked numbers */
    size_t n_bands;               /* 0: no bands */
};

enum es_unit_type { ES_UNIT_EXAM, ES_UNIT_SERIES, ES_UNIT_IMAGE, ES_UNIT_SIDE, ES_UNIT_LESION, ES_UNIT_TYPES };
const char *es_unit_type_name(enum es_unit_type type);
enum es_combine { ES_COMBINE_MAX, ES_COMBINE_MEAN, ES_COMBINE_FIRST, ES_COMBINE_LATEST, ES_COMBINE_ANY };
enum es_absence { ES_ABSENCE_UNKNOWN, ES_ABSENCE_NEGATIVE };

enum es_from_kind { ES_FROM_SR, ES_FROM_JSON, ES_FROM_TAG, ES_FROM_PRIVATE_TAG, ES_FROM_TEXT, ES_FROM_SEG };
enum es_seg_measure { ES_MEASURE_VOLUME, ES_MEASURE_AREA, ES_MEASURE_MASK };
/** What segments made by a tool and a hand together are. MANUAL ones are references, AUTOMATIC ones results, always. */
enum es_seg_role { ES_ROLE_NONE, ES_ROLE_RESULT, ES_ROLE_REFERENCE };
/** "volume", "area", "mask"; "ignore", "result", "reference". */
const char *es_seg_measure_name(enum es_seg_measure measure);
const char *es_seg_role_name(enum es_seg_role role);
#define ES_PATTERN_SIZE 256
/** Where a finding's value stands in an object. "" fields match anything, or do nothing. */
struct es_from_rule {
    enum es_from_kind kind;
    struct es_code concept, finding, site, modifier; /* SR: "CODE,SCHEME"; concept of Text too. SNOMED CT and SNOMED-RT are one */
    struct es_code present, absent;                  /* SR CODE items: the values that mean yes and no */
    bool any;                                        /* SR: an item that matches means yes, whatever it holds (a CAD mark) */
    bool hidden;                                     /* SR: CAD findings that are not for presentation count too */
    char label[ES_FACT_VALUE];                       /* Seg: SegmentLabel, whatever its case; the Property is `concept` */
    enum es_seg_measure measure;                     /* Seg: mL, mm2 on the plane where it is greatest, or the mask itself */
    enum es_seg_role semiautomatic;                  /* Seg */
    double scale;                                    /* a number is multiplied by this; when 0 the units decide */
    char path[ES_JSON_PATH_SIZE];                    /* JSON path: of a JSON document, or of the JSON that a tag holds */
    uint32_t tag[ES_MAX_TAG_PATH];                   /* Tag, PrivateTag: sequences around it, then its own, as in es_tag_value */
    uint8_t tag_depth;
    char creator[ES_FACT_VALUE];                     /* PrivateTag: PrivateCreator of its block */
    char number[ES_PATTERN_SIZE];                    /* PCRE2: its first group, else the whole match, is the number in a text */
    char positive[ES_PATTERN_SIZE], negative[ES_PATTERN_SIZE]; /* PCRE2: texts that mean yes and no */
};

#define ES_MAX_SOURCES 8
/** Reference sources in the order in which their word stands ("References": {"Precedence": [...]}); empty: status and time decide. */
struct es_precedence {
    char source[ES_MAX_SOURCES][33]; /* tokens */
    uint8_t n;
};
/** n of the first source, 1 of the last, 0 of one that is not listed. */
unsigned es_precedence_rank(const struct es_precedence *precedence, const char *source);

#define ES_MAX_FINDING_LEVELS 16
#define ES_LEVEL_SIZE 33
struct es_finding_config {
    char name[ES_NAME_SIZE];
    uint32_t task;               /* one enum es_task bit (metrics/catalogue.h) */
    enum es_unit_type unit;
    enum es_combine combine;
    double threshold;            /* NAN: decisions must be sent. Of a measurement or ordinal finding: what is at or beyond it is a positive */
    bool alert_below;            /* "AlertWhen": "below": a measurement alerts, and is a positive, below its threshold */
    char units[17];              /* "Units" of a measurement: what values are turned into; "": the base of their kind (plugin/base/units.h) */
    double range[2];             /* "Range" of a measurement, in its units: what can be measured; NAN: not told */
    char levels[ES_MAX_FINDING_LEVELS][ES_LEVEL_SIZE]; /* "Levels" of an ordinal finding, lowest first */
    size_t n_levels;             /* 0: levels are whole numbers */
    bool match_iou;              /* "Match": "iou" of boxes at least 0.1; else a mark's centre lies in the lesion (METRICS C4) */
    enum es_absence absence;
    int64_t reference_within_us; /* >= 0 */
    struct es_precedence precedence; /* its own, else its model's */
    struct es_from_rule *from;
    size_t n_from;
};

/** The configured word of an enum es_task bit: "binary", "ordinal", ... */
const char *es_task_name(uint32_t task);
/** The tasks (enum es_task bits) whose metrics a finding has: its own, and ES_TASK_DECIDED where a threshold makes decisions of a
 * measurement or a level. */
uint32_t es_finding_tasks(const struct es_finding_config *finding);

#define ES_MAX_LISTED 16
/** Which exams the model is meant for. Empty lists allow everything. Values compare trimmed and case-folded. */
struct es_eligibility {
    char modality[ES_MAX_LISTED][17];
    size_t n_modality;
    char body_part[ES_MAX_LISTED][ES_FACT_VALUE];
    size_t n_body_part;
    char view[ES_MAX_LISTED][17];
    size_t n_view;
    int32_t min_age, max_age; /* whole years; -1: no limit */
};

/** Empty strings are not asked for. Series description is a PCRE2 pattern. */
struct es_recognise {
    char algorithm_name[ES_FACT_VALUE], version[ES_FACT_VALUE], manufacturer[ES_FACT_VALUE], device_uid[ES_UID_SIZE];
    char remote_aet[17], series_description[256];
};

struct es_model_config {
    char name[ES_NAME_SIZE];
    struct es_recognise recognise;
    struct es_eligibility eligible;
    struct es_precedence precedence; /* of findings without their own */
    int64_t expect_within_us;
    struct es_from_rule *version; /* VersionFrom: Tag and PrivateTag only; the first that reads a text names the version */
    size_t n_version;
    struct es_from_rule *failed; /* FailedWhen: an object of which one of these says yes is a failure */
    size_t n_failed;
    struct es_finding_config *findings;
    size_t n_findings;
};

/** One group the plan names: a level (or every level, "" ) on one to three axes. */
struct es_plan_group {
    uint8_t n;
    uint8_t axis[3];
    char level[3][ES_FACT_VALUE]; /* "": every level of the axis (only when n is 1) */
    char reason[256], source[256];/* from "Why"; "" when none */
};

#define ES_MAX_PRIMARY 16
struct es_plan_metric {
    char name[ES_NAME_SIZE];
    bool primary;
    double margin, floor; /* NAN: none */
};
struct es_plan {
    bool strict;                  /* Mode "strict": one case a patient, e-process */
    bool fixed;                   /* Mode "fixed": fixed-size tests; with neither: "default", the sequential score interval */
    uint32_t planned_looks;       /* "PlannedLooks" of Mode "fixed": 1 .. 1000, alpha is shared by them; 0 in the other modes */
    int32_t since_day;            /* "Since": first exam date the plan speaks of; INT32_MIN: from the day its event was recorded */
    struct es_plan_metric metrics[ES_MAX_PRIMARY]; /* every metric with a role, a margin or a floor */
    size_t n_metrics;
    struct es_plan_group *groups;
    size_t n_groups;
    double alpha, false_alarms_per_year;
    uint32_t min_cases, min_patients;
    bool correct_verification;    /* "VerificationCorrection": "begg-greenes": unverified cases are taken to be like verified ones of the
                                     same AI result (METRICS J7); else "none" */
};

enum es_disclosure_kind { ES_DISCLOSE_ALL, ES_DISCLOSE_FLOOR, ES_DISCLOSE_NHS };
struct es_disclosure {
    enum es_disclosure_kind kind;
    uint32_t floor; /* ES_DISCLOSE_FLOOR: counts of 1 .. floor-1 patients are suppressed */
};

/** Axes that cross, as indices into axes. */
struct es_intersection {
    uint8_t n; /* 2 or 3 */
    uint8_t axis[3];
};

struct es_intake_rule; /* plugin/config/intake_rule.h */

struct es_config {
    bool enable;
    char root[ES_NAME_SIZE];   /* "/evensight/" */
    char site[ES_NAME_SIZE];
    char node[ES_NAME_SIZE];   /* "Node": whose chain is written in a ledger that several share; the site's name unless told */
    char ledger[1024];         /* "sqlite:/path" or "postgresql://..." */
    char spool[1024];          /* "LedgerSpool": where appends wait while a shared ledger is away */
    char key_file[1024];
    struct es_axis_config axes[ES_MAX_AXES];
    size_t n_axes;
    uint32_t max_levels;       /* MaximumLevels, default 64 */
    int32_t mask_store_limit;  /* MaskStoreLimit: MiB of masks kept beside the ledger (ledger/masks.h); default 256 */
    struct es_intersection intersections[ES_MAX_INTERSECTIONS];
    size_t n_intersections;
    struct es_model_config *models;
    size_t n_models;
    struct es_intake_rule *intake; /* owned: "Intake", how files that are not DICOM are read */
    size_t n_intake;
    struct es_plan plan;
    struct es_disclosure internal, external;
    int64_t release_every_us; /* Disclosure.ReleaseEvery: least time between two releases for outsiders, which hosts then make by themselves;
                                 0: not stated, 30 days, made when asked for */
    bool exclude_identity_removed;  /* "Exclude": ["identity_removed"] */
    char patient_id_prefix[ES_NAME_SIZE], accession_prefix[ES_NAME_SIZE]; /* stripped before hashing, when there */
    char reference_population[1024]; /* "ReferencePopulation": CSV file, "" when none; must exist */
    struct es_population *population; /* owned: what that file says (plugin/config/population.h); NULL when none */
    char *population_text;     /* owned: the file as it stood; it goes into `document` */
    char note[512];            /* "Note": a line shown on every report, e.g. that study dates are invented */
    char *document;            /* owned: canonical JSON of all that decides what is counted (no paths, keys, roots); the config event */
    char *plan_document;       /* owned: canonical JSON of "Plan"; the plan event */
    struct es_vocabulary *owned_vocabularies[ES_MAX_AXES]; /* loaded from files; [axis], NULL where built in */
    char *vocabulary_texts[ES_MAX_AXES];                   /* owned: the files as they stood; [axis]; they go into `document` */
};

/** Parse a configuration. Every key is checked; the first fault ends it.
 * @param text  borrowed; JSON, comments allowed. The object itself, or one with the key "Evensight" (others are ignored then)
 * @param base  directory that relative file names are taken from; NULL: the working directory
 * @param out   owned by the caller, es_config_free(); NULL on failure
 * @return ES_OK, ES_E_CONFIG with "Models[0].Findings[2].Threshold: found \"high\", expected a number", ES_E_MEMORY */
ES_MUST_USE enum es_errc es_config_parse(struct es_config **out, const char *text, size_t len, const char *base,
                                         struct es_error *err);
/** The same from a file. @return also ES_E_IO */
ES_MUST_USE enum es_errc es_config_read(struct es_config **out, const char *path, struct es_error *err);
void es_config_free(struct es_config *config);
/** Rebuild from a stored config and plan document (as-of reports, verify). */
ES_MUST_USE enum es_errc es_config_from_documents(struct es_config **out, const char *document, const char *plan_document,
                                                  struct es_error *err);
/** Index of a model or finding by name; -1 when there is none. */
int es_config_model(const struct es_config *config, const char *name);
int es_model_finding(const struct es_model_config *model, const char *name);
/** Is this attribute needed (by an axis, an eligibility rule, or as laterality by a unit that is a side)? Only such are stored. */
bool es_config_wants(const struct es_config *config, const char *keyword);
/** Is a unit of this type asked for by any finding? */
bool es_config_has_unit(const struct es_config *config, enum es_unit_type unit);
/** Is this the linked name of an axis? */
bool es_config_links(const struct es_config *config, const char *name);
/** Name of a band: "0-17", "18-39", ..., "80+"; index n_bands is what lies below the first edge ("<18").
 * @param band  0 .. n_bands; band i holds bands[i] <= value < bands[i + 1] */
void es_axis_band_name(const struct es_axis_config *axis, size_t band, char *out, size_t size);
/** Band of a whole number: 0 .. n_bands - 1, or n_bands when it lies below the first edge. */
size_t es_axis_band(const struct es_axis_config *axis, int32_t value);

#endif
