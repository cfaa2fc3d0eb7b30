/* SPDX-License-Identifier: Apache-2.0 */
/** @file event.h
 * Messages and events. A message is what somebody said, identifiers in clear, in memory only. An event is the message after
 * pseudonyms and vocabularies: what the ledger keeps. Its canonical body never changes once written.
 *
 * Canonical body: byte 0 is the schema (1); then fields in ascending order of number, each `u8 field, u32 LE length, bytes`.
 * Absent fields are not written. Integers little endian; instants int64 microseconds since 1970 UTC; dates int32 days;
 * doubles IEEE 754 binary64 LE, NaN refused, -0 stored as 0. Repeated things are one field whose bytes are a sorted
 * concatenation of records (u32 LE length, record), each record a nested list of fields; references are sorted pseudonyms of
 * 17 bytes each. Zero of an enum, false, "", an absent pseudonym and an unset time are absent fields. Numbers are never reused;
 * the one table of them stands in body.c.
 * Identity = HMAC of the body. `received`, `sent` and the sender's `event_id` are beside the body, not in it.
 */
#ifndef ES_PLUGIN_EVENT_H
#define ES_PLUGIN_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "dicom/facts.h"
#include "plugin/base/arena.h"
#include "plugin/config/config.h"
#include "plugin/mask/mask.h"
#include "plugin/pseudonym/pseudonym.h"

#define ES_NO_INSTANT INT64_MIN
#define ES_NO_DAY INT32_MIN
#define ES_MAX_EVENT_BODY (1u << 20)
#define ES_IDENTITY_SIZE 16
#define ES_MAX_EVENT_FINDINGS 256
#define ES_MAX_EVENT_LESIONS 256 /* of one finding */
#define ES_MAX_EVENT_REFERENCES 64 /* referenced series or images kept of one result */

enum es_event_kind {
    ES_EVENT_EXAM = 1,
    ES_EVENT_RESULT = 2,
    ES_EVENT_FAILURE = 3,
    ES_EVENT_REFERENCE = 4,
    ES_EVENT_ALIAS = 5,
    ES_EVENT_PATIENT_ALIAS = 6,
    ES_EVENT_RETRACT = 7,
    ES_EVENT_DEMOGRAPHICS = 8,
    ES_EVENT_PLAN = 9,
    ES_EVENT_CONFIG = 10,
    ES_EVENT_RELEASE = 11,
    ES_EVENT_ALARM = 12,
    ES_EVENT_OVERLAP = 13, /* how much a result's masks share with a reference's; written when both masks are there */
    ES_EVENT_ERASURE = 14, /* entries that were erased, and keyed hashes by which whom they spoke of stays away */
    ES_EVENT_KEY = 15,       /* one more key: its epoch and id */
    ES_EVENT_KEY_ALIAS = 16, /* two pseudonyms of one value: unit_id under a newer key, same_as under an older one; study: whose images */
    ES_EVENT_KINDS
};
const char *es_event_kind_name(enum es_event_kind kind);

enum es_result_status { ES_RESULT_OK = 1, ES_RESULT_FAILED = 2, ES_RESULT_REJECTED = 3, ES_RESULT_TIMEOUT = 4 };
/** Rank decides which reference is live: greater wins. ES_REFERENCE_CANCELLED leaves none. */
enum es_reference_status { ES_REFERENCE_PRELIMINARY = 1, ES_REFERENCE_FINAL = 2, ES_REFERENCE_CORRECTED = 3, ES_REFERENCE_CANCELLED = 4 };
enum es_reader_saw_ai { ES_SAW_UNKNOWN = 0, ES_SAW_NO = 1, ES_SAW_YES = 2 };
enum es_attribute_source { ES_SOURCE_IMAGE = 1, ES_SOURCE_RESULT_OBJECT = 2, ES_SOURCE_LINKAGE = 3 };

/** One lesion, or one mark of a model: a point, a ball or a box, in whatever frame the finding's marks and references share (mm of
 * the patient's, or pixels where the unit is an image); z is 0 in a plane. */
struct es_lesion {
    double place[3];  /* centre; with has_corner the lower corner of a box */
    double corner[3]; /* the upper corner of a box: nowhere below place */
    double radius;    /* > 0; not of a box */
    double score;     /* of a mark; finite */
    bool has_place, has_corner, has_radius, has_score;
};

/** Which of the two masks have a voxel (METRICS C3). */
enum es_overlap_state {
    ES_OVERLAP_NONE = 0, /* nothing was compared */
    ES_OVERLAP_MEASURED = 1,
    ES_OVERLAP_BOTH_EMPTY = 2,     /* no number is defined */
    ES_OVERLAP_RESULT_EMPTY = 3,   /* Dice and IoU are 0, distances undefined */
    ES_OVERLAP_REFERENCE_EMPTY = 4, /* the same; the volume difference is undefined too */
    ES_OVERLAP_NOT_COMPARABLE = 5  /* other image or grid: no number; the event's reason says which (mask/mask.h) */
};
/** What the comparison of two masks gave. */
struct es_overlap_values {
    enum es_overlap_state state;
    bool has_dice, has_iou, has_volume_difference, has_hd95, has_surface_distance;
    double dice, iou;         /* in [0,1] */
    double volume_difference; /* (result - reference) / reference, >= -1 */
    double hd95;              /* mm, >= 0: the greater of the two directed 95th percentiles */
    double surface_distance;  /* mm, >= 0: average symmetric surface distance */
};

/** One finding of a result, a reference or an overlap. has_* say what was given. */
struct es_finding {
    char name[ES_NAME_SIZE];
    bool has_score, has_value, has_decision, has_threshold, has_label, has_level, has_lesions;
    double score, value, threshold; /* finite */
    char units[17];                 /* of the value */
    bool decision;
    bool mask;                      /* a mask came with it; kept elsewhere until its partner is there */
    struct es_mask *voxels;         /* of a message: owned; NULL when the mask itself did not come */
    uint8_t mask_address[ES_IDENTITY_SIZE]; /* of an event: keyed hash of what is kept of the mask; zeroes when it did not come */
    uint8_t *mask_form;             /* of an event that was made: owned, beside the body; the stored form (mask/mask.h) */
    size_t mask_form_len;
    int32_t label;                  /* binary: 0 or 1 */
    int32_t level;                  /* ordinal, as a number */
    char category[ES_NAME_SIZE];    /* ordinal, as a word: a token, or a keyed hash; "" when none */
    bool evaluable;                 /* reference: false = it cannot be told */
    struct es_lesion *lesions;      /* owned by the message or event; sorted by es_lesion_order() in an event */
    size_t n_lesions;               /* has_lesions and 0: it was looked at, none is there */
    struct es_overlap_values overlap; /* of an overlap event */
};
/** Free what a finding owns. */
void es_finding_clear(struct es_finding *finding);
/** Total order of lesions as they are kept. */
int es_lesion_order(const struct es_lesion *a, const struct es_lesion *b);

/** One attribute as sent. */
struct es_message_attribute {
    char keyword[ES_NAME_SIZE];
    enum es_attribute_state state; /* before vocabulary: ABSENT, BLANK, INVALID, CONFLICT or PRESENT */
    char value[ES_FACT_VALUE];
};

/** A message, identifiers in clear. "" or ES_NO_*: not given. Big: on the heap. Wipe with es_message_clear(). */
struct es_message {
    enum es_event_kind kind;
    char study_uid[ES_UID_SIZE], series_uid[ES_UID_SIZE], sop_uid[ES_UID_SIZE];
    char accession[ES_ID_SIZE], accession_issuer[ES_ID_SIZE], patient_id[ES_ID_SIZE], patient_issuer[ES_ID_SIZE];
    int32_t study_day;
    enum es_exclusion excluded;
    enum es_attribute_source attribute_source;
    struct es_message_attribute attributes[ES_MAX_ATTRIBUTES];
    size_t n_attributes;
    enum es_unit_type unit;
    char unit_id[ES_UID_SIZE]; /* series or SOP instance UID, "L"/"R", lesion id; "" for exam */
    char model_name[ES_NAME_SIZE], model_version[ES_NAME_SIZE], model_manufacturer[ES_NAME_SIZE], device_uid[ES_UID_SIZE];
    enum es_algorithm_source model_rule;
    int64_t produced;          /* results: when produced; references: when established */
    bool zone_known;
    enum es_result_status result_status;
    enum es_reference_status reference_status;
    char reason[ES_NAME_SIZE]; /* a code: [a-z0-9_.-] */
    char source[ES_NAME_SIZE]; /* reference source or demographics source: a token */
    char labeller[ES_ID_SIZE], labeller_version[ES_NAME_SIZE];
    enum es_reader_saw_ai saw_ai;
    struct es_finding findings[ES_MAX_EVENT_FINDINGS];
    size_t n_findings;
    char (*series_refs)[ES_UID_SIZE], (*image_refs)[ES_UID_SIZE], (*study_refs)[ES_UID_SIZE]; /* owned: es_secret_list() */
    size_t n_series_refs, n_image_refs, n_study_refs;
    char same_as[ES_ID_SIZE], same_as_issuer[ES_ID_SIZE]; /* alias: the old study UID; patient_alias: the old patient id */
    char retract[2 * ES_IDENTITY_SIZE + 1]; /* identity in hex; "" when retract_event_id names it */
    char retract_event_id[ES_ID_SIZE];
    char result_identity[2 * ES_IDENTITY_SIZE + 1], reference_identity[2 * ES_IDENTITY_SIZE + 1]; /* overlap: in hex; both or none */
    char method[ES_NAME_SIZE]; /* overlap: how it was measured, with its version; a token */
    int32_t valid_from;
    char *document;            /* owned; plan, config, release, alarm, erasure: canonical JSON */
    char event_id[ES_ID_SIZE], event_source[ES_NAME_SIZE]; /* the sender's; beside the body */
    int64_t sent;              /* the sender's clock; beside the body */
};
/** Make empty (dates and instants unset, evaluable etc. default). Does not free. */
void es_message_init(struct es_message *message);
/** Wipe and free what it owns. */
void es_message_clear(struct es_message *message);

/** One attribute as kept: state and level text, or the keyed hash of a value outside the vocabulary. */
struct es_event_attribute {
    char keyword[ES_NAME_SIZE];
    enum es_attribute_state state;
    char value[ES_FACT_VALUE];     /* PRESENT: vocabulary level, whole number or equipment token. PatientAge: whole years "84",
                                      over 89 "90"; under two years days, "400d", unless it was given in years, "0" */
    struct es_pseudonym unmapped;  /* UNMAPPED: keyed hash of the folded value, so that a later vocabulary row matches it */
};

/** An event: no identifier, no free text, no birth date. */
struct es_event {
    enum es_event_kind kind;
    struct es_pseudonym study, series, instance, accession, accession_issuer, patient, patient_issuer;
    int32_t study_day;
    enum es_exclusion excluded;
    enum es_attribute_source attribute_source;
    struct es_event_attribute *attributes; /* sorted by keyword */
    size_t n_attributes;
    enum es_unit_type unit;
    struct es_pseudonym unit_id; /* kind SERIES or INSTANCE where the unit is one, so that it equals an exam's; es_side_unit(); else UNIT */
    char model_name[ES_NAME_SIZE], model_version[ES_NAME_SIZE], model_manufacturer[ES_NAME_SIZE];
    struct es_pseudonym device;
    enum es_algorithm_source model_rule;
    int64_t produced;
    bool zone_known;
    enum es_result_status result_status;
    enum es_reference_status reference_status;
    char reason[ES_NAME_SIZE], source[ES_NAME_SIZE];
    struct es_pseudonym labeller;
    char labeller_version[ES_NAME_SIZE];
    enum es_reader_saw_ai saw_ai;
    struct es_finding *findings; /* sorted by name */
    size_t n_findings;
    struct es_pseudonym *series_refs, *image_refs, *study_refs; /* sorted */
    size_t n_series_refs, n_image_refs, n_study_refs;
    struct es_pseudonym same_as, same_as_issuer;
    uint8_t retract[ES_IDENTITY_SIZE];  /* all zero when retract_event_id is set */
    struct es_pseudonym retract_event_id;
    int32_t valid_from;
    char *document;
    uint8_t result_identity[ES_IDENTITY_SIZE], reference_identity[ES_IDENTITY_SIZE]; /* overlap: the two events that were compared;
                                         all zero: the sender compared, it counts for the unit's live result and reference */
    char method[ES_NAME_SIZE];
    /* beside the body */
    uint8_t identity[ES_IDENTITY_SIZE];
    struct es_pseudonym event_id;
    int64_t sent;
};
void es_event_clear(struct es_event *event);
/** The unit id of a side, 'L' or 'R': the letter itself, which names nobody, so that headers and results meet without the key. */
static inline struct es_pseudonym es_side_unit(char side)
{
    return (struct es_pseudonym){{0, (uint8_t)side}};
}

/** Check a message's rules for its kind and make it an event: normalise, pseudonymise, apply vocabularies, drop attributes
 * the configuration does not want. @return ES_E_REFUSED with what was found and expected, never a value */
ES_MUST_USE enum es_errc es_event_make(struct es_event *out, const struct es_message *message, const struct es_config *config,
                                       const struct es_key *key, struct es_error *err);
/** Fold a value as it is hashed when unmapped: trimmed, ASCII letters upper case; the hash is es_key_pseudonym(ES_PSEUDONYM_VALUE,
 * keyword, folded). @param out  at least ES_FACT_VALUE bytes */
void es_attribute_fold(const char *value, char *out, size_t size);
/** One attribute as kept: vocabulary, age, banded number, equipment token (DESIGN 5). Written whole on ES_OK. */
ES_MUST_USE enum es_errc es_attribute_make(struct es_event_attribute *out, const struct es_message_attribute *sent,
                                           const struct es_config *config, const struct es_key *key, struct es_error *err);
/** The canonical body; *body is owned by the caller (free). Fills event->identity. */
ES_MUST_USE enum es_errc es_event_encode(struct es_event *event, const struct es_key *key, uint8_t **body, size_t *len,
                                         struct es_error *err);
/** Read a body back. @param out  empty after a failure
 * @return ES_E_PARSE naming field and offset, on any byte that does not belong */
ES_MUST_USE enum es_errc es_event_decode(struct es_event *out, const uint8_t *body, size_t len, struct es_error *err);
/** The same, but what the event points to stands in an arena and goes with it: such an event is never es_event_clear()ed. */
ES_MUST_USE enum es_errc es_event_decode_into(struct es_arena *arena, struct es_event *out, const uint8_t *body, size_t len,
                                              struct es_error *err);
/** As es_event_decode(), but of an exam, a result, a failure or a reference only what joins it to others and says when it was: kind, pseudonyms,
 * references to studies, series and images, days and instants. The rest of the body is stepped over and not proved. Several times faster. */
ES_MUST_USE enum es_errc es_event_decode_links(struct es_event *out, const uint8_t *body, size_t len, struct es_error *err);

/** The kind of a body, without reading the rest; 0 when it is no body of this schema. */
enum es_event_kind es_event_peek(const uint8_t *body, size_t len);

/** When an event's content says it happened: the greatest of produced, established, and the end of the study day; ES_NO_INSTANT
 * for kinds without a time of their own. "Now" of a report is the greatest of these, never the clock. */
int64_t es_event_instant(const struct es_event *event);

#endif
