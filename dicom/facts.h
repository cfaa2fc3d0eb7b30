/* SPDX-License-Identifier: Apache-2.0 */
/** @file facts.h
 * What one DICOM object says, as plain values: who was imaged and how, or what an algorithm found.
 *
 * The one entry point of dicom/ for hosts. No statistics, no configuration, no pseudonyms: identifiers are still in clear here
 * and must not be logged. Sources: PS3.3 (modules), PS3.5 (VRs), PS3.6 (keywords), PS3.16 (TID 1500, 1501, 4019).
 */
#ifndef ES_DICOM_FACTS_H
#define ES_DICOM_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dicom/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Five ways of not having a value, and having one. Each is counted apart. */
enum es_attribute_state {
    ES_ATTRIBUTE_ABSENT,     /* the element is not there */
    ES_ATTRIBUTE_BLANK,      /* there, with no value */
    ES_ATTRIBUTE_INVALID,    /* a value that breaks the standard or cannot be true; fact.reason says how */
    ES_ATTRIBUTE_NOT_STATED, /* the vocabulary says: asked, not told (e.g. NHS Z) */
    ES_ATTRIBUTE_UNMAPPED,   /* a readable value that is outside the vocabulary */
    ES_ATTRIBUTE_CONFLICT,   /* two sources or two images disagree */
    ES_ATTRIBUTE_PRESENT,
    ES_ATTRIBUTE_STATES
};
/** "absent", "blank", "invalid", "not_stated", "unmapped", "conflict", "present". */
const char *es_attribute_state_name(enum es_attribute_state state);

struct es_elements;
struct es_seg_facts;

enum es_object_kind {
    ES_OBJECT_IMAGE,    /* counts as (part of) an exam */
    ES_OBJECT_SR,       /* a structured report; see .report */
    ES_OBJECT_RESULT,   /* may carry an AI result in another form: SEG, presentation state, parametric map, secondary capture, ... */
    ES_OBJECT_DIRECTORY,/* DICOMDIR */
    ES_OBJECT_OTHER     /* waveform, plan, raw data, ... neither image nor result */
};
const char *es_object_kind_name(enum es_object_kind kind);

/** What carries a result: by SOP class (PS3.4 B.5). NONE for whatever is no report and no result. */
enum es_result_form {
    ES_FORM_NONE,
    ES_FORM_REPORT,            /* a structured report of any class but the two below */
    ES_FORM_CAD,               /* Mammography, Chest or Colon CAD SR */
    ES_FORM_KEY_OBJECT,        /* key object selection document */
    ES_FORM_PRESENTATION,      /* presentation state */
    ES_FORM_SEGMENTATION,      /* segmentation, surface or label map */
    ES_FORM_SECONDARY_CAPTURE,
    ES_FORM_DOCUMENT,          /* encapsulated PDF, CDA, ... */
    ES_FORM_OTHER,             /* parametric map, bulk annotations, content assessment, structure set */
    ES_FORMS
};
/** "none", "report", "cad", "key_object", "presentation", "segmentation", "secondary_capture", "document", "other". */
const char *es_result_form_name(enum es_result_form form);

/** Left out by rule, and counted by reason (DESIGN 5). */
enum es_exclusion {
    ES_EXCLUDED_NOT,
    ES_EXCLUDED_PHANTOM,          /* QualityControlSubject YES, or a phantom by rule */
    ES_EXCLUDED_VETERINARY,       /* PatientSpecies*, PatientSexNeutered or PatientBreed*, ResponsibleOrganization says animal */
    ES_EXCLUDED_QUALITY_CONTROL,  /* QualityControlImage YES */
    ES_EXCLUDED_COPY,             /* a copy the archive made (the host tells: AnonymizedFrom) */
    ES_EXCLUDED_IDENTITY_REMOVED, /* PatientIdentityRemoved YES, when the configuration excludes those */
    ES_EXCLUSIONS
};
const char *es_exclusion_name(enum es_exclusion exclusion);

#define ES_FACT_VALUE 65    /* UTF-8, with the NUL; longer values are cut and marked invalid (too_long) */
#define ES_FACT_REASON 33
#define ES_UID_SIZE 65      /* PS3.5: 64 characters */
#define ES_ID_SIZE 65       /* LO: 64 characters */
#define ES_MAX_ATTRIBUTES 64

/** One attribute. The text is UTF-8, trimmed, without control characters. */
struct es_fact {
    const char *keyword;            /* PS3.6 keyword; static */
    enum es_attribute_state state;  /* before any vocabulary: absent, blank, invalid, conflict or present */
    bool derived;                   /* e.g. PatientAge from PatientBirthDate and StudyDate */
    char value[ES_FACT_VALUE];      /* "" unless present. PatientAge: normalised nnnD (under 2 years, unless given in years) or nnnY. Code sequences: "value^scheme" */
    char reason[ES_FACT_REASON];    /* snake_case, when invalid or conflict: "no_unit", "implausible", "differs_from_birth_date",
                                     * "birth_date_implausible", "birth_date_malformed" (no PatientAge beside such a birth date);
                                     * of a derived PatientAge: why the one given was not believed, "" when none was given */
};

/** Identifiers, in clear. "" when absent, blank or a dummy value (PS3.15 E.1). Trimmed; not yet normalised. */
struct es_identity {
    char study_uid[ES_UID_SIZE], series_uid[ES_UID_SIZE], sop_uid[ES_UID_SIZE], sop_class_uid[ES_UID_SIZE];
    char accession[ES_ID_SIZE], accession_issuer[ES_ID_SIZE];
    char patient_id[ES_ID_SIZE], patient_issuer[ES_ID_SIZE];
    int32_t study_day; /* StudyDate, days since 1970-01-01; INT32_MIN when unknown */
};

/** A coded concept: CodeValue (or Long/URN) and CodingSchemeDesignator; SRT and SCT kept as found. */
struct es_code {
    char value[ES_FACT_VALUE];
    char scheme[17];
};

enum es_sr_value { ES_SR_NUM, ES_SR_CODE, ES_SR_TEXT };

#define ES_MAX_MODIFIERS 4

/** (111056, DCM, "Rendering Intent") of a CAD finding, CID 6034: only what is to be presented was shown to the reader. */
enum es_rendering_intent { ES_INTENT_NONE, ES_INTENT_REQUIRED, ES_INTENT_OPTIONAL, ES_INTENT_HIDDEN };
/** "", "required", "optional", "not_for_presentation". */
const char *es_rendering_intent_name(enum es_rendering_intent intent);

/** One finding: a NUM or CODE that is a direct child of a measurement group, or of a finding of a CAD report. */
struct es_sr_finding {
    uint32_t group;          /* index of its measurement group or CAD finding, from 0 */
    uint32_t algorithm;      /* index into algorithms of the report: the nearest that is identified */
    enum es_rendering_intent intent;
    enum es_sr_value type;
    struct es_code concept;  /* ConceptNameCodeSequence of the item */
    struct es_code finding;  /* (121071, DCM, "Finding") of the group, or what kind of CAD finding it is; "" when none */
    struct es_code site;     /* (363698007, SCT, "Finding Site") of the group or item; "" when none */
    char side;               /* 'L', 'R', 'B' both: (272741003, SCT, "Laterality") of site, group or item, or a breast told as left or right; 0 */
    struct es_code modifiers[ES_MAX_MODIFIERS]; /* e.g. (121401, DCM, "Derivation") values: tell equal concepts apart */
    uint32_t n_modifiers;
    struct es_code value;    /* when type is ES_SR_CODE */
    bool has_number;         /* false for an empty NUM */
    double number;           /* when type is ES_SR_NUM: FloatingPointValue when given, else NumericValue */
    struct es_code units;    /* as found, e.g. "1", "%", "{probability}" in UCUM */
    struct es_code qualifier;/* NumericValueQualifierCodeSequence; "" when none */
};

/** How the algorithm was recognised (STANDARDS 3.1), best first. */
enum es_algorithm_source {
    ES_ALGORITHM_NONE,
    ES_ALGORITHM_TID4019_GROUP,
    ES_ALGORITHM_TID4019_CONTAINER,
    ES_ALGORITHM_DEVICE_OBSERVER,        /* TID 1004 */
    ES_ALGORITHM_SEGMENT,
    ES_ALGORITHM_CONTRIBUTING_EQUIPMENT,
    ES_ALGORITHM_EQUIPMENT               /* General Equipment module */
};
const char *es_algorithm_source_name(enum es_algorithm_source source);

struct es_algorithm {
    enum es_algorithm_source source;
    char name[ES_FACT_VALUE], version[ES_FACT_VALUE], manufacturer[ES_FACT_VALUE], device_uid[ES_UID_SIZE];
    char series_description[ES_FACT_VALUE]; /* of the object: for rules; never printed in a report */
};

/** A text of a report (TEXT content item) or of a presentation state (text object). Patients' words: matched, never shown or kept. */
struct es_report_text {
    struct es_code concept, finding; /* of the item and of its group; "" when none */
    uint32_t algorithm;
    char *text;                      /* owned; UTF-8 */
};

#define ES_MAX_TAG_PATH 4
/** One element of a result object outside its SR content, for rules that name tags. PN and group 0010 are never among them. */
struct es_tag_value {
    uint32_t path[ES_MAX_TAG_PATH]; /* tags of the sequences around it, then its own: 0xGGGGEEEE. Private: 0xGGGG00EE, without the block */
    uint8_t depth;                  /* tags in path, 1.. */
    char vr[3];
    char creator[ES_FACT_VALUE];    /* PrivateCreator of its block; "" for a standard tag */
    char *text;                     /* owned; UTF-8. Of a binary VR its first number */
};

/** (111017, DCM, "CAD Processing and Findings Summary"), CID 6047; or from the summaries of detections and analyses (CID 6042). */
enum es_cad_summary {
    ES_CAD_NONE,           /* no CAD report, or it says nothing of it */
    ES_CAD_WITHOUT,        /* all algorithms succeeded, without findings */
    ES_CAD_WITH,           /* all succeeded, with findings */
    ES_CAD_PARTLY_WITHOUT, /* not all succeeded, without findings */
    ES_CAD_PARTLY_WITH,    /* not all succeeded, with findings */
    ES_CAD_FAILED,         /* none succeeded */
    ES_CAD_NOT_ATTEMPTED
};
/** "none", "all_succeeded_without_findings", ... */
const char *es_cad_summary_name(enum es_cad_summary summary);

/** What is wrong with a report, counted; none of it stops the reading. */
struct es_report_faults {
    uint64_t empty_numbers;        /* NUM without a measured value: its qualifier may say why (PS3.3 C.18.1) */
    uint64_t bad_numbers;          /* NUM whose value is no number */
    uint64_t empty_codes;          /* CODE without a code, NUM or CODE without a concept name */
    uint64_t missing_relationships;/* items without RelationshipType */
    uint64_t dangling_references;  /* images that no evidence sequence names, references to items that are not there */
    uint64_t bad_texts;            /* no text of the SpecificCharacterSet, or cut because it is too long */
};

/** The counts by name, for whoever shows them. @return false when there are fewer */
bool es_report_fault(const struct es_report_faults *faults, size_t index, const char **name, uint64_t *count);

#define ES_MAX_UNREAD 64
/** What a report says outside any group: a NUM or CODE that was not read as a finding. */
struct es_unread_item {
    enum es_sr_value type;
    struct es_code concept;
    uint64_t count;
};

/** What a report or result object says. Arrays are owned by the facts that hold it. */
struct es_report_facts {
    struct es_code title;              /* concept name of the root container */
    struct es_algorithm algorithm;     /* that of the first finding; of a report without findings the first identified */
    struct es_algorithm *algorithms;   /* at least one; those that findings and texts name */
    size_t n_algorithms;
    uint64_t failed_algorithms;        /* by bit: those a CAD report lists under failed detections or analyses only */
    struct es_sr_finding *findings;
    size_t n_findings;
    struct es_report_text *texts;
    size_t n_texts;
    struct es_tag_value *values;
    size_t n_values;
    enum es_cad_summary cad;
    struct es_report_faults faults;
    struct es_unread_item unread[ES_MAX_UNREAD];
    size_t n_unread;
    char (*series)[ES_UID_SIZE];       /* referenced series, in order of appearance, unique */
    size_t n_series;
    char (*images)[ES_UID_SIZE];       /* referenced SOP instances that are source images, unique */
    size_t n_images;
    char (*studies)[ES_UID_SIZE];      /* studies named by the evidence sequences, unique */
    size_t n_studies;
    int64_t produced_us;               /* ContentDate/Time in microseconds since 1970 as if UTC; INT64_MIN when unknown */
    bool produced_zone_known;          /* TimezoneOffsetFromUTC was given and applied */
    bool complete, verified;           /* CompletionFlag COMPLETE, VerificationFlag VERIFIED */
    bool human_observer;               /* TID 1003 person observer and no device observer */
    uint64_t items_read, items_skipped;/* content items seen; items left unread (limits, malformed) */
};

/** Everything one object says. */
struct es_facts {
    enum es_object_kind kind;
    enum es_result_form form;
    struct es_identity identity;
    enum es_exclusion exclusion;
    bool identity_removed;             /* PatientIdentityRemoved YES (not by itself an exclusion) */
    struct es_fact attributes[ES_MAX_ATTRIBUTES]; /* one for every attribute of the table in attributes.h, in its order */
    size_t n_attributes;
    struct es_algorithm algorithm;     /* of the object, outside any SR content */
    struct es_report_facts *report;    /* owned; NULL unless kind is ES_OBJECT_SR or ES_OBJECT_RESULT and the whole object was read */
    struct es_seg_facts *seg;          /* owned; of a segmentation (seg.h), else NULL */
    bool partial;                      /* the object is truncated or malformed behind what was read */
    char partial_reason[ES_ERROR_TEXT];/* what was found and expected, when partial */
};

/**
 * Read the facts of one DICOM object in memory.
 *
 * A missing or malformed attribute is a state of a fact, not an error. The pixels of images are never decoded.
 *
 * @param bytes  borrowed, not kept; Part 10, or a bare data set without preamble
 * @param out    written whole on ES_OK; free with es_facts_free()
 * @return ES_OK (look at out->partial), ES_E_PARSE (no DICOM, or nothing readable), ES_E_LIMIT, ES_E_MEMORY
 */
ES_MUST_USE enum es_errc es_facts_read(const void *bytes, size_t len, struct es_facts *out, struct es_error *err);
/** The same from a file; pixel data beyond the header is not loaded. @return also ES_E_IO */
ES_MUST_USE enum es_errc es_facts_read_file(const char *path, struct es_facts *out, struct es_error *err);
/**
 * Facts from the flat elements of a header (elements.h), e.g. those that es_skim() kept on an archive's thread.
 *
 * The same as es_facts_read() of the object for images; of reports and results the header only (report stays NULL, algorithm is
 * that of the General Equipment module). Opens nothing.
 *
 * @return ES_OK, or ES_E_PARSE when the elements name neither SOP class, study, series nor modality
 */
ES_MUST_USE enum es_errc es_facts_from_elements(const struct es_elements *elements, struct es_facts *out, struct es_error *err);
/** Free what facts own; `{0}` and NULL are allowed. */
void es_facts_free(struct es_facts *facts);
/** The fact with this PS3.6 keyword, or NULL when the table has none. */
const struct es_fact *es_facts_attribute(const struct es_facts *facts, const char *keyword);

#ifdef __cplusplus
}
#endif
#endif
