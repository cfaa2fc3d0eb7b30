/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/hash.h"
#include "plugin/event/findings.h"
#include "plugin/event/names.h"

/* What a making carries along. */
struct making {
    struct es_event *event;
    const struct es_message *message;
    const struct es_config *config;
    const struct es_key *key;
    struct es_error *err;
};

/* Parts of a message that a kind takes over; what is not taken is not looked at. */
enum part {
    PART_EXAM = 1u << 0,       /* study, series, instance, accession, patient, day */
    PART_STUDY = 1u << 1,      /* study_uid must be there */
    PART_ANCHOR = 1u << 2,     /* study_uid or an accession number must be there */
    PART_PATIENT = 1u << 3,    /* patient_id must be there */
    PART_ATTRIBUTES = 1u << 4,
    PART_MODEL = 1u << 5,
    PART_UNIT = 1u << 6,
    PART_TIME = 1u << 7,
    PART_FINDINGS = 1u << 8,
    PART_REFERENCE = 1u << 9,  /* source, labeller, status, saw_ai */
    PART_REFS = 1u << 10,
    PART_REASON = 1u << 11,
    PART_SOURCE = 1u << 12,
    PART_SAME_AS = 1u << 13,
    PART_RETRACT = 1u << 14,
    PART_DOCUMENT = 1u << 15,
    PART_STATUS = 1u << 16,    /* of a result or failure */
    PART_COMPARED = 1u << 17   /* method, and the identities of what was compared */
};

static const uint32_t parts_of[ES_EVENT_KINDS] = {
    [ES_EVENT_EXAM] = PART_EXAM | PART_STUDY | PART_ATTRIBUTES,
    [ES_EVENT_RESULT] = PART_EXAM | PART_ANCHOR | PART_ATTRIBUTES | PART_MODEL | PART_STATUS | PART_UNIT | PART_TIME | PART_FINDINGS |
                        PART_REFS,
    [ES_EVENT_FAILURE] = PART_EXAM | PART_ANCHOR | PART_MODEL | PART_STATUS | PART_UNIT | PART_TIME | PART_REASON | PART_REFS,
    [ES_EVENT_REFERENCE] = PART_EXAM | PART_ANCHOR | PART_UNIT | PART_TIME | PART_FINDINGS | PART_REFERENCE | PART_SOURCE | PART_REFS,
    [ES_EVENT_ALIAS] = PART_EXAM | PART_STUDY | PART_SAME_AS,
    [ES_EVENT_PATIENT_ALIAS] = PART_EXAM | PART_PATIENT | PART_SAME_AS,
    [ES_EVENT_RETRACT] = PART_RETRACT | PART_REASON,
    [ES_EVENT_DEMOGRAPHICS] = PART_EXAM | PART_PATIENT | PART_ATTRIBUTES | PART_SOURCE,
    [ES_EVENT_PLAN] = PART_DOCUMENT,
    [ES_EVENT_CONFIG] = PART_DOCUMENT,
    [ES_EVENT_RELEASE] = PART_DOCUMENT,
    [ES_EVENT_ALARM] = PART_DOCUMENT,
    [ES_EVENT_OVERLAP] = PART_EXAM | PART_ANCHOR | PART_MODEL | PART_UNIT | PART_TIME | PART_REASON | PART_FINDINGS | PART_COMPARED,
    [ES_EVENT_ERASURE] = PART_DOCUMENT,
    [ES_EVENT_KEY] = PART_DOCUMENT,
};

/* PS3.5 9.1 forbids leading zeros in a component, but archives hold such UIDs: an exam that carries one was still imaged. So only
 * length and characters are held to it. */
static bool uid_good(const char *uid)
{
    const size_t len = strlen(uid);
    return len > 0 && len <= 64 && strspn(uid, "0123456789.") == len && strspn(uid, ".") == 0;
}

static enum es_errc refuse(struct making *m, const char *what, const char *why)
{
    return es_fail(m->err, ES_E_REFUSED, "%s: %s", what, why);
}

static enum es_errc pseudonym(struct making *m, enum es_pseudonym_kind kind, const char *issuer, const char *value, struct es_pseudonym *out)
{
    const enum es_errc code = es_key_pseudonym(m->key, kind, issuer, value, out);
    return code == ES_OK ? ES_OK : es_fail(m->err, code, "pseudonym: no memory");
}

static enum es_errc uid(struct making *m, const char *what, enum es_pseudonym_kind kind, const char *value, struct es_pseudonym *out)
{
    if (value[0] != '\0' && !uid_good(value)) return refuse(m, what, "found no well-formed UID, expected at most 64 digits and dots (PS3.5 9.1)");
    return pseudonym(m, kind, NULL, value, out);
}

/* Identifiers meet after normalisation; the issuer is hashed apart, so that an absent one can match. */
static enum es_errc identifier(struct making *m, enum es_pseudonym_kind kind, const char *value, const char *prefix, struct es_pseudonym *out)
{
    char normal[ES_ID_SIZE];
    es_normalise_id(value, prefix, normal, sizeof normal);
    const enum es_errc code = pseudonym(m, kind, NULL, normal, out);
    explicit_bzero(normal, sizeof normal);
    return code;
}

/* Words that are kept in clear: a narrow alphabet and few digits, so that nothing personal hides in them. */
static enum es_errc token(struct making *m, const char *what, const char *value, char *out)
{
    if (value[0] != '\0' && !es_is_token(value))
        return es_fail(m->err, ES_E_REFUSED, "%s: found another text, expected at most %d of A-Z a-z 0-9 and \"_.+-\" with at most %d digits",
                       what, ES_TOKEN_MAX, ES_TOKEN_DIGITS);
    memcpy(out, value, strlen(value) + 1);
    return ES_OK;
}

static enum es_errc name(struct making *m, enum es_name_kind kind, const char *value, char *out, size_t size)
{
    return es_name_keep(m->config, m->key, kind, value, out, size, m->err);
}

#define STEP(call) if (code == ES_OK) code = (call)

static enum es_errc make_identity(struct making *m, uint32_t parts)
{
    const struct es_message *s = m->message;
    struct es_event *e = m->event;
    enum es_errc code = ES_OK;
    e->study_day = s->study_day;
    e->excluded = s->kind == ES_EVENT_EXAM ? s->excluded : ES_EXCLUDED_NOT;
    STEP(uid(m, "study_uid", ES_PSEUDONYM_STUDY, s->study_uid, &e->study));
    STEP(uid(m, "series_uid", ES_PSEUDONYM_SERIES, s->series_uid, &e->series));
    STEP(uid(m, "sop_uid", ES_PSEUDONYM_INSTANCE, s->sop_uid, &e->instance));
    STEP(identifier(m, ES_PSEUDONYM_ACCESSION, s->accession, m->config->accession_prefix, &e->accession));
    STEP(identifier(m, ES_PSEUDONYM_PATIENT, s->patient_id, m->config->patient_id_prefix, &e->patient));
    if (es_pseudonym_set(&e->accession))
        STEP(identifier(m, ES_PSEUDONYM_ACCESSION_ISSUER, s->accession_issuer, NULL, &e->accession_issuer));
    if (es_pseudonym_set(&e->patient)) STEP(identifier(m, ES_PSEUDONYM_PATIENT_ISSUER, s->patient_issuer, NULL, &e->patient_issuer));
    if (code != ES_OK) return code;
    if ((parts & PART_STUDY) != 0 && !es_pseudonym_set(&e->study)) return refuse(m, "study_uid", "found none, expected the StudyInstanceUID");
    if ((parts & PART_ANCHOR) != 0 && !es_pseudonym_set(&e->study) && !es_pseudonym_set(&e->accession))
        return refuse(m, "study_uid", "found neither it nor accession, expected one of them");
    if ((parts & PART_PATIENT) != 0 && !es_pseudonym_set(&e->patient))
        return refuse(m, "patient_id", "found none or a dummy value, expected an identifier");
    return ES_OK;
}

static int by_keyword(const void *a, const void *b)
{
    return strcmp(((const struct es_event_attribute *)a)->keyword, ((const struct es_event_attribute *)b)->keyword);
}

static enum es_errc make_attributes(struct making *m)
{
    const struct es_message *s = m->message;
    struct es_event *e = m->event;
    e->attribute_source = s->kind == ES_EVENT_EXAM ? ES_SOURCE_IMAGE
                          : s->kind == ES_EVENT_DEMOGRAPHICS ? ES_SOURCE_LINKAGE : ES_SOURCE_RESULT_OBJECT;
    if (s->n_attributes == 0 && s->kind != ES_EVENT_EXAM) e->attribute_source = 0;
    if (s->kind == ES_EVENT_DEMOGRAPHICS && s->n_attributes == 0) return refuse(m, "attributes", "found none, expected at least one");
    if (s->n_attributes == 0) return ES_OK;
    e->attributes = calloc(s->n_attributes, sizeof *e->attributes);
    if (e->attributes == NULL) return es_fail(m->err, ES_E_MEMORY, "attributes: no memory");
    for (size_t i = 0; i < s->n_attributes; i++) {
        const enum es_errc code = es_attribute_make(&e->attributes[e->n_attributes], &s->attributes[i], m->config, m->key, m->err);
        if (code != ES_OK) return code;
        if (es_config_wants(m->config, s->attributes[i].keyword)) e->n_attributes++;
    }
    if (e->n_attributes > 1) qsort(e->attributes, e->n_attributes, sizeof *e->attributes, by_keyword);
    for (size_t i = 1; i < e->n_attributes; i++)
        if (by_keyword(&e->attributes[i - 1], &e->attributes[i]) == 0)
            return es_fail(m->err, ES_E_REFUSED, "attribute %s: given twice, expected once", e->attributes[i].keyword);
    return ES_OK;
}

static enum es_errc make_model(struct making *m)
{
    const struct es_message *s = m->message;
    struct es_event *e = m->event;
    enum es_errc code = ES_OK;
    STEP(name(m, ES_NAMES_MODEL, s->model_name, e->model_name, sizeof e->model_name));
    STEP(name(m, ES_NAMES_VERSION, s->model_version, e->model_version, sizeof e->model_version));
    STEP(name(m, ES_NAMES_MANUFACTURER, s->model_manufacturer, e->model_manufacturer, sizeof e->model_manufacturer));
    if (code == ES_OK && e->model_name[0] == '\0')
        return refuse(m, "model.name", "found none, expected the model's name in the configuration");
    STEP(uid(m, "model.device_uid", ES_PSEUDONYM_DEVICE, s->device_uid, &e->device));
    e->model_rule = s->model_rule;
    return code;
}

static enum es_errc make_status(struct making *m)
{
    const struct es_message *s = m->message;
    const bool ok = s->result_status == ES_RESULT_OK;
    m->event->result_status = s->result_status;
    if (s->result_status != 0 && ok == (s->kind == ES_EVENT_RESULT)) return ES_OK;
    return refuse(m, "status", s->kind == ES_EVENT_RESULT ? "found another, expected ok (a failure is an event of its own)"
                                                          : "found another, expected failed, rejected or timeout");
}

static enum es_errc make_unit(struct making *m)
{
    const struct es_message *s = m->message;
    struct es_event *e = m->event;
    char folded[ES_FACT_VALUE];
    e->unit = s->unit;
    if ((unsigned)s->unit >= ES_UNIT_TYPES) return refuse(m, "unit.type", "found another, expected exam, series, image, side or lesion");
    if ((s->unit == ES_UNIT_EXAM) != (s->unit_id[0] == '\0'))
        return refuse(m, "unit.id", s->unit == ES_UNIT_EXAM ? "found one, expected none for an exam" : "found none, expected the unit's id");
    if (s->unit == ES_UNIT_EXAM) return ES_OK;
    if (s->unit == ES_UNIT_SERIES) return uid(m, "unit.id", ES_PSEUDONYM_SERIES, s->unit_id, &e->unit_id);
    if (s->unit == ES_UNIT_IMAGE) return uid(m, "unit.id", ES_PSEUDONYM_INSTANCE, s->unit_id, &e->unit_id);
    es_attribute_fold(s->unit_id, folded, sizeof folded);
    if (s->unit == ES_UNIT_SIDE) {
        if (strcmp(folded, "L") != 0 && strcmp(folded, "R") != 0) return refuse(m, "unit.id", "found another side, expected L or R");
        e->unit_id = es_side_unit(folded[0]);
        return ES_OK;
    }
    return pseudonym(m, ES_PSEUDONYM_UNIT, NULL, folded, &e->unit_id);
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct es_pseudonym));
}

static enum es_errc make_refs(struct making *m, const char *what, enum es_pseudonym_kind kind, char (*uids)[ES_UID_SIZE], size_t count,
                              struct es_pseudonym **out, size_t *n_out)
{
    if (count == 0) return ES_OK;
    if (count > ES_MAX_EVENT_REFERENCES) return refuse(m, what, "found more than 64, expected fewer");
    struct es_pseudonym *made = calloc(count, sizeof *made);
    if (made == NULL) return es_fail(m->err, ES_E_MEMORY, "references: no memory");
    *out = made;
    for (size_t i = 0; i < count; i++) {
        if (uids[i][0] == '\0') return refuse(m, what, "found an empty UID");
        const enum es_errc code = uid(m, what, kind, uids[i], &made[i]);
        if (code != ES_OK) return code;
    }
    qsort(made, count, sizeof *made, by_bytes);
    size_t kept = 1;
    for (size_t i = 1; i < count; i++)
        if (by_bytes(&made[kept - 1], &made[i]) != 0) made[kept++] = made[i];
    *n_out = kept;
    return ES_OK;
}

static enum es_errc make_reference(struct making *m)
{
    const struct es_message *s = m->message;
    struct es_event *e = m->event;
    enum es_errc code = ES_OK;
    char trimmed[ES_FACT_VALUE];
    if ((unsigned)s->reference_status < ES_REFERENCE_PRELIMINARY || (unsigned)s->reference_status > ES_REFERENCE_CANCELLED)
        return refuse(m, "status", "found another, expected preliminary, final, corrected or cancelled");
    e->reference_status = s->reference_status;
    e->saw_ai = s->saw_ai;
    es_attribute_fold(s->labeller, trimmed, sizeof trimmed);
    STEP(pseudonym(m, ES_PSEUDONYM_LABELLER, NULL, trimmed, &e->labeller));
    STEP(token(m, "labeller_version", s->labeller_version, e->labeller_version));
    return code;
}

static enum es_errc make_same_as(struct making *m)
{
    const struct es_message *s = m->message;
    struct es_event *e = m->event;
    enum es_errc code = ES_OK;
    if (s->kind == ES_EVENT_ALIAS) {
        STEP(uid(m, "same_as", ES_PSEUDONYM_STUDY, s->same_as, &e->same_as));
    } else {
        STEP(identifier(m, ES_PSEUDONYM_PATIENT, s->same_as, m->config->patient_id_prefix, &e->same_as));
        STEP(identifier(m, ES_PSEUDONYM_PATIENT_ISSUER, s->same_as_issuer, NULL, &e->same_as_issuer));
    }
    if (code == ES_OK && !es_pseudonym_set(&e->same_as)) return refuse(m, "same_as", "found none or a dummy value, expected an identifier");
    const struct es_pseudonym *own = s->kind == ES_EVENT_ALIAS ? &e->study : &e->patient;
    if (code == ES_OK && memcmp(own, &e->same_as, sizeof *own) == 0 && memcmp(&e->patient_issuer, &e->same_as_issuer, sizeof *own) == 0)
        return refuse(m, "same_as", "found the same identifier twice, expected two");
    return code;
}

/* An identity of another event, from hex. */
static enum es_errc identity(struct making *m, const char *what, const char *hex, uint8_t out[ES_IDENTITY_SIZE])
{
    uint8_t any = 0;
    if (!es_unhex(hex, out, ES_IDENTITY_SIZE)) return refuse(m, what, "found no identity, expected 32 hex digits");
    for (size_t i = 0; i < ES_IDENTITY_SIZE; i++) any |= out[i];
    return any == 0 ? refuse(m, what, "found zeroes, expected an identity") : ES_OK;
}

static enum es_errc make_retract(struct making *m)
{
    const struct es_message *s = m->message;
    if ((s->retract[0] != '\0') == (s->retract_event_id[0] != '\0'))
        return refuse(m, "identity", "found both or none of identity and retract_event_id, expected one");
    if (s->retract[0] == '\0') return pseudonym(m, ES_PSEUDONYM_EVENT_ID, s->event_source, s->retract_event_id, &m->event->retract_event_id);
    return identity(m, "identity", s->retract, m->event->retract);
}

/* What was compared, and how. Without identities the sender compared, and it counts for the unit's live result and reference. */
static enum es_errc make_compared(struct making *m)
{
    const struct es_message *s = m->message;
    enum es_errc code = ES_OK;
    if (s->n_findings == 0) return refuse(m, "findings", "found none, expected at least one");
    if (s->method[0] == '\0') return refuse(m, "method", "found none, expected how the masks were compared, with its version");
    STEP(token(m, "method", s->method, m->event->method));
    if ((s->result_identity[0] == '\0') != (s->reference_identity[0] == '\0'))
        return refuse(m, "result", "found one of result and reference, expected both identities or none");
    if (code != ES_OK || s->result_identity[0] == '\0') return code;
    STEP(identity(m, "result", s->result_identity, m->event->result_identity));
    STEP(identity(m, "reference", s->reference_identity, m->event->reference_identity));
    return code;
}

static enum es_errc make_document(struct making *m)
{
    if (m->message->document == NULL || m->message->document[0] == '\0') return refuse(m, "document", "found none, expected an object");
    if (strlen(m->message->document) > ES_MAX_EVENT_BODY - 64) return refuse(m, "document", "found more than 1 MiB, expected less");
    m->event->document = strdup(m->message->document);
    return m->event->document != NULL ? ES_OK : es_fail(m->err, ES_E_MEMORY, "document: no memory");
}

static enum es_errc make_all(struct making *m)
{
    const struct es_message *s = m->message;
    struct es_event *e = m->event;
    if (s->kind == 0 || (unsigned)s->kind >= ES_EVENT_KINDS) return refuse(m, "event", "found no kind of event");
    const uint32_t parts = parts_of[s->kind];
    enum es_errc code = ES_OK;
    if (parts & PART_EXAM) STEP(make_identity(m, parts));
    if (parts & PART_MODEL) STEP(make_model(m));
    if (parts & PART_STATUS) STEP(make_status(m));
    if (parts & PART_UNIT) STEP(make_unit(m));
    if (parts & PART_ATTRIBUTES) STEP(make_attributes(m));
    if (parts & PART_COMPARED) STEP(make_compared(m));
    if (parts & PART_FINDINGS) STEP(es_event_findings(e, s, m->config, m->key, m->err));
    if (parts & PART_REFERENCE) STEP(make_reference(m));
    if ((parts & PART_SOURCE) && code == ES_OK && s->source[0] == '\0') code = refuse(m, "source", "found none, expected a name such as radiology-report");
    if (parts & PART_SOURCE) STEP(token(m, "source", s->source, e->source));
    if (parts & PART_REASON) STEP(token(m, "reason", s->reason, e->reason));
    if (parts & PART_REFS) {
        STEP(make_refs(m, "series", ES_PSEUDONYM_SERIES, s->series_refs, s->n_series_refs, &e->series_refs, &e->n_series_refs));
        STEP(make_refs(m, "images", ES_PSEUDONYM_INSTANCE, s->image_refs, s->n_image_refs, &e->image_refs, &e->n_image_refs));
        STEP(make_refs(m, "studies", ES_PSEUDONYM_STUDY, s->study_refs, s->n_study_refs, &e->study_refs, &e->n_study_refs));
    }
    if (parts & PART_SAME_AS) STEP(make_same_as(m));
    if (parts & PART_RETRACT) STEP(make_retract(m));
    if (parts & PART_DOCUMENT) STEP(make_document(m));
    if (parts & PART_TIME) {
        e->produced = s->produced;
        e->zone_known = s->produced != ES_NO_INSTANT && s->zone_known;
    }
    if (s->kind == ES_EVENT_DEMOGRAPHICS) e->valid_from = s->valid_from;
    if (s->event_id[0] != '\0') STEP(pseudonym(m, ES_PSEUDONYM_EVENT_ID, s->event_source, s->event_id, &e->event_id));
    e->sent = s->sent;
    return code;
}

enum es_errc es_event_make(struct es_event *out, const struct es_message *message, const struct es_config *config, const struct es_key *key,
                           struct es_error *err)
{
    struct es_event event = {.kind = message->kind, .study_day = ES_NO_DAY, .valid_from = ES_NO_DAY, .produced = ES_NO_INSTANT, .sent = ES_NO_INSTANT};
    struct making making = {&event, message, config, key, err};
    const enum es_errc code = make_all(&making);
    if (code == ES_OK) *out = event;
    else es_event_clear(&event);
    return code;
}
