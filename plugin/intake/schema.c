/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/intake/schema.h"

#include <string.h>

#include "plugin/intake/jsonl.h"

#define COUNT_OF(table) (sizeof table / sizeof table[0])
#define BIT(kind) ES_KIND_BIT(kind)
#define EXAM BIT(ES_EVENT_EXAM)
#define RESULT (BIT(ES_EVENT_RESULT) | BIT(ES_EVENT_FAILURE))
#define REFERENCE BIT(ES_EVENT_REFERENCE)
#define ALIAS BIT(ES_EVENT_ALIAS)
#define PATIENT_ALIAS BIT(ES_EVENT_PATIENT_ALIAS)
#define RETRACT BIT(ES_EVENT_RETRACT)
#define DEMOGRAPHICS BIT(ES_EVENT_DEMOGRAPHICS)
#define OVERLAP BIT(ES_EVENT_OVERLAP)
#define IMAGED (EXAM | RESULT | REFERENCE | OVERLAP)

static const struct es_schema_word result_words[] = {
    {"ok", ES_RESULT_OK}, {"failed", ES_RESULT_FAILED}, {"rejected", ES_RESULT_REJECTED}, {"timeout", ES_RESULT_TIMEOUT}, {NULL, 0}};
static const struct es_schema_word reference_words[] = {{"preliminary", ES_REFERENCE_PRELIMINARY}, {"final", ES_REFERENCE_FINAL},
                                              {"corrected", ES_REFERENCE_CORRECTED},     {"cancelled", ES_REFERENCE_CANCELLED}, {NULL, 0}};
static const struct es_schema_word saw_words[] = {{"yes", ES_SAW_YES}, {"no", ES_SAW_NO}, {"unknown", ES_SAW_UNKNOWN}, {NULL, 0}};
static const struct es_schema_word unit_words[] = {
    {"exam", ES_UNIT_EXAM}, {"series", ES_UNIT_SERIES}, {"image", ES_UNIT_IMAGE}, {"side", ES_UNIT_SIDE}, {"lesion", ES_UNIT_LESION}, {NULL, 0}};

static const struct es_schema_word empty_words[] = {
    {"both", ES_OVERLAP_BOTH_EMPTY}, {"result", ES_OVERLAP_RESULT_EMPTY}, {"reference", ES_OVERLAP_REFERENCE_EMPTY}, {NULL, 0}};

#define M(member) offsetof(struct es_message, member), sizeof((struct es_message *)0)->member
static const struct es_schema_key message_keys[] = {
    {"event", 0, ES_TYPE_EVENT, 0, 0, 0, NULL},
    {"study_uid", IMAGED | ALIAS, ES_TYPE_TEXT, M(study_uid), 0, NULL},
    {"series_uid", IMAGED, ES_TYPE_TEXT, M(series_uid), 0, NULL},
    {"sop_uid", IMAGED, ES_TYPE_TEXT, M(sop_uid), 0, NULL},
    {"accession", IMAGED, ES_TYPE_TEXT, M(accession), 0, NULL},
    {"accession_issuer", IMAGED, ES_TYPE_TEXT, M(accession_issuer), 0, NULL},
    {"patient_id", IMAGED | PATIENT_ALIAS | DEMOGRAPHICS, ES_TYPE_TEXT, M(patient_id), 0, NULL},
    {"patient_issuer", IMAGED | PATIENT_ALIAS | DEMOGRAPHICS, ES_TYPE_TEXT, M(patient_issuer), 0, NULL},
    {"study_date", IMAGED, ES_TYPE_DAY, M(study_day), 0, NULL},
    {"demographics", EXAM | BIT(ES_EVENT_RESULT), ES_TYPE_ATTRIBUTES, 0, 0, 0, NULL},
    {"acquisition", EXAM | BIT(ES_EVENT_RESULT), ES_TYPE_ATTRIBUTES, 0, 0, 0, NULL},
    {"attributes", DEMOGRAPHICS, ES_TYPE_ATTRIBUTES, 0, 0, 0, NULL},
    {"unit", RESULT | REFERENCE | OVERLAP, ES_TYPE_UNIT, 0, 0, 0, NULL},
    {"model", RESULT | OVERLAP, ES_TYPE_MODEL, 0, 0, 0, NULL},
    {"produced", RESULT | OVERLAP, ES_TYPE_INSTANT, M(produced), 0, NULL},
    {"established", REFERENCE, ES_TYPE_INSTANT, M(produced), 0, NULL},
    {"status", RESULT, ES_TYPE_WORD, M(result_status), 0, result_words},
    {"status", REFERENCE, ES_TYPE_WORD, M(reference_status), 0, reference_words},
    {"reason", BIT(ES_EVENT_FAILURE) | RETRACT, ES_TYPE_TEXT, M(reason), 0, NULL},
    {"source", REFERENCE | DEMOGRAPHICS, ES_TYPE_TEXT, M(source), 0, NULL},
    {"labeller", REFERENCE, ES_TYPE_TEXT, M(labeller), 0, NULL},
    {"labeller_version", REFERENCE, ES_TYPE_TEXT, M(labeller_version), 0, NULL},
    {"reader_saw_ai", REFERENCE, ES_TYPE_WORD, M(saw_ai), 0, saw_words},
    {"findings", BIT(ES_EVENT_RESULT) | REFERENCE | OVERLAP, ES_TYPE_FINDINGS, 0, 0, 0, NULL},
    {"result", OVERLAP, ES_TYPE_TEXT, M(result_identity), 0, NULL},
    {"reference", OVERLAP, ES_TYPE_TEXT, M(reference_identity), 0, NULL},
    {"method", OVERLAP, ES_TYPE_TEXT, M(method), 0, NULL},
    {"same_as", ALIAS | PATIENT_ALIAS, ES_TYPE_TEXT, M(same_as), 0, NULL},
    {"same_as_issuer", PATIENT_ALIAS, ES_TYPE_TEXT, M(same_as_issuer), 0, NULL},
    {"identity", RETRACT, ES_TYPE_TEXT, M(retract), 0, NULL},
    {"retract_event_id", RETRACT, ES_TYPE_TEXT, M(retract_event_id), 0, NULL},
    {"valid_from", DEMOGRAPHICS, ES_TYPE_DAY, M(valid_from), 0, NULL},
    {"event_id", 0, ES_TYPE_TEXT, M(event_id), 0, NULL},
    {"event_source", 0, ES_TYPE_TEXT, M(event_source), 0, NULL},
    {"sent", 0, ES_TYPE_INSTANT, M(sent), 0, NULL},
};
static const struct es_schema_key unit_keys[] = {
    {"type", 0, ES_TYPE_WORD, M(unit), 0, unit_words},
    {"id", 0, ES_TYPE_TEXT, M(unit_id), 0, NULL},
};
static const struct es_schema_key model_keys[] = {
    {"name", 0, ES_TYPE_TEXT, M(model_name), 0, NULL},
    {"version", 0, ES_TYPE_TEXT, M(model_version), 0, NULL},
    {"manufacturer", 0, ES_TYPE_TEXT, M(model_manufacturer), 0, NULL},
    {"device_uid", 0, ES_TYPE_TEXT, M(device_uid), 0, NULL},
};
#define F(member) offsetof(struct es_finding, member), sizeof((struct es_finding *)0)->member
#define H(member) offsetof(struct es_finding, member)
#define ANSWER (BIT(ES_EVENT_RESULT) | REFERENCE)
static const struct es_schema_key finding_keys[] = {
    {"finding", 0, ES_TYPE_TEXT, F(name), 0, NULL},
    {"score", BIT(ES_EVENT_RESULT), ES_TYPE_NUMBER, F(score), H(has_score), NULL},
    {"value", ANSWER, ES_TYPE_NUMBER, F(value), H(has_value), NULL},
    {"units", ANSWER, ES_TYPE_TEXT, F(units), 0, NULL},
    {"level", ANSWER, ES_TYPE_WHOLE, F(level), H(has_level), NULL},
    {"category", ANSWER, ES_TYPE_TEXT, F(category), 0, NULL},
    {"mask", ANSWER, ES_TYPE_BOOL, F(mask), 0, NULL},
    {"mask_rle", ANSWER, ES_TYPE_MASK_TEXT, 0, 0, 0, NULL}, /* mask_keys.h */
    {"mask_rle_2", ANSWER, ES_TYPE_MASK_TEXT, 0, 0, 0, NULL},
    {"mask_rle_3", ANSWER, ES_TYPE_MASK_TEXT, 0, 0, 0, NULL},
    {"mask_rows", ANSWER, ES_TYPE_MASK_NUMBER, 0, 0, 0, NULL},
    {"mask_columns", ANSWER, ES_TYPE_MASK_NUMBER, 0, 0, 0, NULL},
    {"mask_png", ANSWER, ES_TYPE_MASK_TEXT, 0, 0, 0, NULL},
    {"mask_png_value", ANSWER, ES_TYPE_MASK_NUMBER, 0, 0, 0, NULL},
    {"mask_row_spacing", ANSWER, ES_TYPE_MASK_NUMBER, 0, 0, 0, NULL},
    {"mask_column_spacing", ANSWER, ES_TYPE_MASK_NUMBER, 0, 0, 0, NULL},
    {"mask_image", ANSWER, ES_TYPE_MASK_TEXT, 0, 0, 0, NULL},
    {"lesions", ANSWER, ES_TYPE_LESIONS, 0, 0, H(has_lesions), NULL},
    {"decision", BIT(ES_EVENT_RESULT), ES_TYPE_BOOL, F(decision), H(has_decision), NULL},
    {"threshold", BIT(ES_EVENT_RESULT), ES_TYPE_NUMBER, F(threshold), H(has_threshold), NULL},
    {"label", REFERENCE, ES_TYPE_LABEL, F(label), H(has_label), NULL},
    {"evaluable", REFERENCE, ES_TYPE_BOOL, F(evaluable), 0, NULL},
    {"dice", OVERLAP, ES_TYPE_NUMBER, F(overlap.dice), H(overlap.has_dice), NULL},
    {"iou", OVERLAP, ES_TYPE_NUMBER, F(overlap.iou), H(overlap.has_iou), NULL},
    {"volume_difference", OVERLAP, ES_TYPE_NUMBER, F(overlap.volume_difference), H(overlap.has_volume_difference), NULL},
    {"hd95", OVERLAP, ES_TYPE_NUMBER, F(overlap.hd95), H(overlap.has_hd95), NULL},
    {"mean_surface_distance", OVERLAP, ES_TYPE_NUMBER, F(overlap.surface_distance), H(overlap.has_surface_distance), NULL},
    {"empty", OVERLAP, ES_TYPE_WORD, F(overlap.state), 0, empty_words},
};
#define L(member) offsetof(struct es_lesion, member), sizeof((struct es_lesion *)0)->member
#define LH(member) offsetof(struct es_lesion, member)
static const struct es_schema_key lesion_keys[] = {
    {"place", 0, ES_TYPE_POINT, L(place), LH(has_place), NULL},
    {"box", 0, ES_TYPE_BOX, 0, 0, LH(has_corner), NULL},
    {"radius", 0, ES_TYPE_NUMBER, L(radius), LH(has_radius), NULL},
    {"score", BIT(ES_EVENT_RESULT), ES_TYPE_NUMBER, L(score), LH(has_score), NULL},
};

const struct es_schema es_schema_message = {message_keys, COUNT_OF(message_keys)};
const struct es_schema es_schema_unit = {unit_keys, COUNT_OF(unit_keys)};
const struct es_schema es_schema_model = {model_keys, COUNT_OF(model_keys)};
const struct es_schema es_schema_finding = {finding_keys, COUNT_OF(finding_keys)};
const struct es_schema es_schema_lesion = {lesion_keys, COUNT_OF(lesion_keys)};

/* ---- for those who build messages ---- */

static enum es_message_type public_type(enum es_schema_type type)
{
    switch (type) {
    case ES_TYPE_DAY: return ES_MESSAGE_DAY;
    case ES_TYPE_INSTANT: return ES_MESSAGE_INSTANT;
    case ES_TYPE_WHOLE:
    case ES_TYPE_MASK_NUMBER:
    case ES_TYPE_NUMBER: return ES_MESSAGE_NUMBER;
    case ES_TYPE_LESIONS:
    case ES_TYPE_POINT:
    case ES_TYPE_BOX: return ES_MESSAGE_TREE;
    case ES_TYPE_LABEL: return ES_MESSAGE_LABEL;
    case ES_TYPE_BOOL: return ES_MESSAGE_BOOL;
    case ES_TYPE_ATTRIBUTES: return ES_MESSAGE_ATTRIBUTES;
    case ES_TYPE_UNIT:
    case ES_TYPE_MODEL: return ES_MESSAGE_OBJECT;
    case ES_TYPE_FINDINGS: return ES_MESSAGE_FINDINGS;
    case ES_TYPE_EVENT: return ES_MESSAGE_NONE;
    case ES_TYPE_MASK_TEXT: return ES_MESSAGE_LONG;
    case ES_TYPE_TEXT:
    case ES_TYPE_WORD: break;
    }
    return ES_MESSAGE_TEXT;
}

/* Alike: the same first letters, or the one within the other. */
static bool alike(const char *a, const char *b)
{
    return strncmp(a, b, 4) == 0 || strstr(a, b) != NULL || strstr(b, a) != NULL;
}

enum es_message_type es_message_key(enum es_event_kind kind, const char *group, const char *name, const char **near)
{
    static const struct {
        const char *group;
        const struct es_schema *schema;
    } groups[] = {{"", &es_schema_message}, {"unit", &es_schema_unit}, {"model", &es_schema_model}, {"findings", &es_schema_finding}};
    const char *found = NULL;
    for (size_t g = 0; g < COUNT_OF(groups); g++) {
        if (strcmp(groups[g].group, group) != 0) continue;
        for (size_t i = 0; i < groups[g].schema->count; i++) {
            const struct es_schema_key *key = &groups[g].schema->keys[i];
            if ((key->kinds != 0 && (key->kinds & BIT(kind)) == 0) || key->type == ES_TYPE_EVENT) continue;
            if (strcmp(key->name, name) == 0) return public_type(key->type);
            if (found == NULL && alike(key->name, name)) found = key->name;
        }
    }
    if (near != NULL) *near = found;
    return ES_MESSAGE_NONE;
}
