/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/intake/jsonl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/json.h"
#include "plugin/intake/mask_keys.h"
#include "plugin/time.h"

#define MAX_PATH 80
#define MAX_LEVEL 1000 /* of an ordinal finding, either way */
#define COUNT_OF(table) (sizeof table / sizeof table[0])

enum type { TYPE_TEXT, TYPE_DAY, TYPE_INSTANT, TYPE_NUMBER, TYPE_LABEL, TYPE_BOOL, TYPE_WORD, TYPE_ATTRIBUTES, TYPE_UNIT, TYPE_MODEL, TYPE_FINDINGS, TYPE_EVENT,
            TYPE_WHOLE, TYPE_POINT, TYPE_BOX, TYPE_LESIONS,
            TYPE_MASK_TEXT, TYPE_MASK_NUMBER };

struct word {
    const char *text;
    unsigned value;
};

/* One key: which kinds may have it, what it is and where it goes. */
struct key {
    const char *name;
    uint32_t kinds; /* bits of enum es_event_kind; 0: any */
    enum type type;
    size_t offset, size;
    size_t has;     /* of the flag that says it was given; 0: none */
    const struct word *words;
};

#define BIT(kind) (1u << (kind))
#define EXAM BIT(ES_EVENT_EXAM)
#define RESULT (BIT(ES_EVENT_RESULT) | BIT(ES_EVENT_FAILURE))
#define REFERENCE BIT(ES_EVENT_REFERENCE)
#define ALIAS BIT(ES_EVENT_ALIAS)
#define PATIENT_ALIAS BIT(ES_EVENT_PATIENT_ALIAS)
#define RETRACT BIT(ES_EVENT_RETRACT)
#define DEMOGRAPHICS BIT(ES_EVENT_DEMOGRAPHICS)
#define OVERLAP BIT(ES_EVENT_OVERLAP)
#define IMAGED (EXAM | RESULT | REFERENCE | OVERLAP)

static const struct word result_words[] = {
    {"ok", ES_RESULT_OK}, {"failed", ES_RESULT_FAILED}, {"rejected", ES_RESULT_REJECTED}, {"timeout", ES_RESULT_TIMEOUT}, {NULL, 0}};
static const struct word reference_words[] = {{"preliminary", ES_REFERENCE_PRELIMINARY}, {"final", ES_REFERENCE_FINAL},
                                              {"corrected", ES_REFERENCE_CORRECTED},     {"cancelled", ES_REFERENCE_CANCELLED}, {NULL, 0}};
static const struct word saw_words[] = {{"yes", ES_SAW_YES}, {"no", ES_SAW_NO}, {"unknown", ES_SAW_UNKNOWN}, {NULL, 0}};
static const struct word unit_words[] = {
    {"exam", ES_UNIT_EXAM}, {"series", ES_UNIT_SERIES}, {"image", ES_UNIT_IMAGE}, {"side", ES_UNIT_SIDE}, {"lesion", ES_UNIT_LESION}, {NULL, 0}};

static const struct word empty_words[] = {
    {"both", ES_OVERLAP_BOTH_EMPTY}, {"result", ES_OVERLAP_RESULT_EMPTY}, {"reference", ES_OVERLAP_REFERENCE_EMPTY}, {NULL, 0}};

#define M(member) offsetof(struct es_message, member), sizeof((struct es_message *)0)->member
static const struct key message_keys[] = {
    {"event", 0, TYPE_EVENT, 0, 0, 0, NULL},
    {"study_uid", IMAGED | ALIAS, TYPE_TEXT, M(study_uid), 0, NULL},
    {"series_uid", IMAGED, TYPE_TEXT, M(series_uid), 0, NULL},
    {"sop_uid", IMAGED, TYPE_TEXT, M(sop_uid), 0, NULL},
    {"accession", IMAGED, TYPE_TEXT, M(accession), 0, NULL},
    {"accession_issuer", IMAGED, TYPE_TEXT, M(accession_issuer), 0, NULL},
    {"patient_id", IMAGED | PATIENT_ALIAS | DEMOGRAPHICS, TYPE_TEXT, M(patient_id), 0, NULL},
    {"patient_issuer", IMAGED | PATIENT_ALIAS | DEMOGRAPHICS, TYPE_TEXT, M(patient_issuer), 0, NULL},
    {"study_date", IMAGED, TYPE_DAY, M(study_day), 0, NULL},
    {"demographics", EXAM | BIT(ES_EVENT_RESULT), TYPE_ATTRIBUTES, 0, 0, 0, NULL},
    {"acquisition", EXAM | BIT(ES_EVENT_RESULT), TYPE_ATTRIBUTES, 0, 0, 0, NULL},
    {"attributes", DEMOGRAPHICS, TYPE_ATTRIBUTES, 0, 0, 0, NULL},
    {"unit", RESULT | REFERENCE | OVERLAP, TYPE_UNIT, 0, 0, 0, NULL},
    {"model", RESULT | OVERLAP, TYPE_MODEL, 0, 0, 0, NULL},
    {"produced", RESULT | OVERLAP, TYPE_INSTANT, M(produced), 0, NULL},
    {"established", REFERENCE, TYPE_INSTANT, M(produced), 0, NULL},
    {"status", RESULT, TYPE_WORD, M(result_status), 0, result_words},
    {"status", REFERENCE, TYPE_WORD, M(reference_status), 0, reference_words},
    {"reason", BIT(ES_EVENT_FAILURE) | RETRACT, TYPE_TEXT, M(reason), 0, NULL},
    {"source", REFERENCE | DEMOGRAPHICS, TYPE_TEXT, M(source), 0, NULL},
    {"labeller", REFERENCE, TYPE_TEXT, M(labeller), 0, NULL},
    {"labeller_version", REFERENCE, TYPE_TEXT, M(labeller_version), 0, NULL},
    {"reader_saw_ai", REFERENCE, TYPE_WORD, M(saw_ai), 0, saw_words},
    {"findings", BIT(ES_EVENT_RESULT) | REFERENCE | OVERLAP, TYPE_FINDINGS, 0, 0, 0, NULL},
    {"result", OVERLAP, TYPE_TEXT, M(result_identity), 0, NULL},
    {"reference", OVERLAP, TYPE_TEXT, M(reference_identity), 0, NULL},
    {"method", OVERLAP, TYPE_TEXT, M(method), 0, NULL},
    {"same_as", ALIAS | PATIENT_ALIAS, TYPE_TEXT, M(same_as), 0, NULL},
    {"same_as_issuer", PATIENT_ALIAS, TYPE_TEXT, M(same_as_issuer), 0, NULL},
    {"identity", RETRACT, TYPE_TEXT, M(retract), 0, NULL},
    {"retract_event_id", RETRACT, TYPE_TEXT, M(retract_event_id), 0, NULL},
    {"valid_from", DEMOGRAPHICS, TYPE_DAY, M(valid_from), 0, NULL},
    {"event_id", 0, TYPE_TEXT, M(event_id), 0, NULL},
    {"event_source", 0, TYPE_TEXT, M(event_source), 0, NULL},
    {"sent", 0, TYPE_INSTANT, M(sent), 0, NULL},
};
static const struct key unit_keys[] = {
    {"type", 0, TYPE_WORD, M(unit), 0, unit_words},
    {"id", 0, TYPE_TEXT, M(unit_id), 0, NULL},
};
static const struct key model_keys[] = {
    {"name", 0, TYPE_TEXT, M(model_name), 0, NULL},
    {"version", 0, TYPE_TEXT, M(model_version), 0, NULL},
    {"manufacturer", 0, TYPE_TEXT, M(model_manufacturer), 0, NULL},
    {"device_uid", 0, TYPE_TEXT, M(device_uid), 0, NULL},
};
#define F(member) offsetof(struct es_finding, member), sizeof((struct es_finding *)0)->member
#define H(member) offsetof(struct es_finding, member)
#define ANSWER (BIT(ES_EVENT_RESULT) | REFERENCE)
static const struct key finding_keys[] = {
    {"finding", 0, TYPE_TEXT, F(name), 0, NULL},
    {"score", BIT(ES_EVENT_RESULT), TYPE_NUMBER, F(score), H(has_score), NULL},
    {"value", ANSWER, TYPE_NUMBER, F(value), H(has_value), NULL},
    {"units", ANSWER, TYPE_TEXT, F(units), 0, NULL},
    {"level", ANSWER, TYPE_WHOLE, F(level), H(has_level), NULL},
    {"category", ANSWER, TYPE_TEXT, F(category), 0, NULL},
    {"mask", ANSWER, TYPE_BOOL, F(mask), 0, NULL},
    {"mask_rle", ANSWER, TYPE_MASK_TEXT, 0, 0, 0, NULL}, /* mask_keys.h */
    {"mask_rle_2", ANSWER, TYPE_MASK_TEXT, 0, 0, 0, NULL},
    {"mask_rle_3", ANSWER, TYPE_MASK_TEXT, 0, 0, 0, NULL},
    {"mask_rows", ANSWER, TYPE_MASK_NUMBER, 0, 0, 0, NULL},
    {"mask_columns", ANSWER, TYPE_MASK_NUMBER, 0, 0, 0, NULL},
    {"mask_png", ANSWER, TYPE_MASK_TEXT, 0, 0, 0, NULL},
    {"mask_png_value", ANSWER, TYPE_MASK_NUMBER, 0, 0, 0, NULL},
    {"mask_row_spacing", ANSWER, TYPE_MASK_NUMBER, 0, 0, 0, NULL},
    {"mask_column_spacing", ANSWER, TYPE_MASK_NUMBER, 0, 0, 0, NULL},
    {"mask_image", ANSWER, TYPE_MASK_TEXT, 0, 0, 0, NULL},
    {"lesions", ANSWER, TYPE_LESIONS, 0, 0, H(has_lesions), NULL},
    {"decision", BIT(ES_EVENT_RESULT), TYPE_BOOL, F(decision), H(has_decision), NULL},
    {"threshold", BIT(ES_EVENT_RESULT), TYPE_NUMBER, F(threshold), H(has_threshold), NULL},
    {"label", REFERENCE, TYPE_LABEL, F(label), H(has_label), NULL},
    {"evaluable", REFERENCE, TYPE_BOOL, F(evaluable), 0, NULL},
    {"dice", OVERLAP, TYPE_NUMBER, F(overlap.dice), H(overlap.has_dice), NULL},
    {"iou", OVERLAP, TYPE_NUMBER, F(overlap.iou), H(overlap.has_iou), NULL},
    {"volume_difference", OVERLAP, TYPE_NUMBER, F(overlap.volume_difference), H(overlap.has_volume_difference), NULL},
    {"hd95", OVERLAP, TYPE_NUMBER, F(overlap.hd95), H(overlap.has_hd95), NULL},
    {"mean_surface_distance", OVERLAP, TYPE_NUMBER, F(overlap.surface_distance), H(overlap.has_surface_distance), NULL},
    {"empty", OVERLAP, TYPE_WORD, F(overlap.state), 0, empty_words},
};
#define L(member) offsetof(struct es_lesion, member), sizeof((struct es_lesion *)0)->member
#define LH(member) offsetof(struct es_lesion, member)
static const struct key lesion_keys[] = {
    {"place", 0, TYPE_POINT, L(place), LH(has_place), NULL},
    {"box", 0, TYPE_BOX, 0, 0, LH(has_corner), NULL},
    {"radius", 0, TYPE_NUMBER, L(radius), LH(has_radius), NULL},
    {"score", BIT(ES_EVENT_RESULT), TYPE_NUMBER, L(score), LH(has_score), NULL},
};

struct intake {
    struct es_message *message;
    struct es_error *err;
};

/* ---- messages ---- */

/* Keys are part of the schema, not of a person; still only plain ones are repeated. */
static const char *key_text(const char *key)
{
    const size_t len = strlen(key);
    return len > 0 && len <= 40 && strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") == len ? key : "a key";
}

static enum es_errc wrong(struct intake *in, const char *path, const char *key, const cJSON *found, const char *expected)
{
    return es_fail(in->err, ES_E_REFUSED, "%s%s%s: found %s, expected %s", path, path[0] != '\0' ? "." : "", key_text(key), es_json_kind(found), expected);
}

static enum es_errc off(struct intake *in, const char *path, const char *key, const char *what)
{
    return es_fail(in->err, ES_E_REFUSED, "%s%s%s: %s", path, path[0] != '\0' ? "." : "", key_text(key), what);
}

/* ---- values ---- */

static enum es_errc take_text(struct intake *in, const char *path, const cJSON *item, void *target, size_t size)
{
    if (!cJSON_IsString(item)) return wrong(in, path, item->string, item, "string");
    const size_t len = strlen(item->valuestring);
    if (len >= size) return es_fail(in->err, ES_E_REFUSED, "%s%s%s: found %zu bytes, expected at most %zu", path, path[0] != '\0' ? "." : "", key_text(item->string), len, size - 1);
    for (const char *p = item->valuestring; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20) return off(in, path, item->string, "found a control character");
    memcpy(target, item->valuestring, len + 1);
    return ES_OK;
}

static enum es_errc take_word(struct intake *in, const char *path, const cJSON *item, const struct word *words, void *target)
{
    char list[120] = "";
    size_t len = 0;
    if (!cJSON_IsString(item)) return wrong(in, path, item->string, item, "string");
    for (const struct word *w = words; w->text != NULL; w++) {
        if (strcmp(w->text, item->valuestring) == 0) {
            memcpy(target, &w->value, sizeof w->value);
            return ES_OK;
        }
        const int n = snprintf(list + len, sizeof list - len, "%s%s", len > 0 ? ", " : "found another word, expected ", w->text);
        if (n > 0 && len + (size_t)n < sizeof list) len += (size_t)n;
    }
    return off(in, path, item->string, list);
}

static enum es_errc take_scalar(struct intake *in, const char *path, const cJSON *item, const struct key *key, char *object)
{
    char *target = object + key->offset;
    const double number = item->valuedouble;
    bool zone = false;
    switch (key->type) {
    case TYPE_DAY:
        if (!cJSON_IsString(item)) return wrong(in, path, item->string, item, "string");
        return es_day_parse(item->valuestring, (int32_t *)(void *)target) ? ES_OK : off(in, path, item->string, "found no date, expected YYYYMMDD or YYYY-MM-DD");
    case TYPE_INSTANT:
        if (!cJSON_IsString(item)) return wrong(in, path, item->string, item, "string");
        if (!es_instant_parse(item->valuestring, (int64_t *)(void *)target, &zone))
            return off(in, path, item->string, "found no time, expected YYYY-MM-DDThh:mm:ss with Z or an offset");
        if (key->offset == offsetof(struct es_message, produced)) in->message->zone_known = zone;
        return ES_OK;
    case TYPE_NUMBER:
        if (!cJSON_IsNumber(item)) return wrong(in, path, item->string, item, "a number");
        if (!isfinite(number)) return off(in, path, item->string, "found a number that is not finite");
        memcpy(target, &number, sizeof number);
        return ES_OK;
    case TYPE_WHOLE: {
        if (!cJSON_IsNumber(item)) return wrong(in, path, item->string, item, "a whole number");
        if (!(fabs(number) <= MAX_LEVEL) || number != floor(number)) return off(in, path, item->string, "found another number, expected a whole one in -1000..1000");
        const int32_t whole = (int32_t)number;
        memcpy(target, &whole, sizeof whole);
        return ES_OK;
    }
    case TYPE_LABEL: {
        if (!cJSON_IsNumber(item)) return wrong(in, path, item->string, item, "0 or 1");
        if (number != 0 && number != 1) return off(in, path, item->string, "found another number, expected 0 or 1");
        const int32_t label = number == 1;
        memcpy(target, &label, sizeof label);
        return ES_OK;
    }
    case TYPE_BOOL:
        if (!cJSON_IsBool(item)) return wrong(in, path, item->string, item, "true or false");
        *(bool *)(void *)target = cJSON_IsTrue(item);
        return ES_OK;
    case TYPE_WORD: return take_word(in, path, item, key->words, target);
    default: return take_text(in, path, item, target, key->size);
    }
}

/* Keyword to string; null is absent, "" is blank. */
static enum es_errc take_attributes(struct intake *in, const cJSON *object)
{
    struct es_message *m = in->message;
    if (!cJSON_IsObject(object)) return wrong(in, "", object->string, object, "object");
    for (const cJSON *item = object->child; item != NULL; item = item->next) {
        const size_t len = strlen(item->string);
        if (len == 0 || len >= sizeof m->attributes[0].keyword) return off(in, object->string, item->string, "found a key that is no keyword");
        for (size_t i = 0; i < m->n_attributes; i++)
            if (strcmp(m->attributes[i].keyword, item->string) == 0) return off(in, object->string, item->string, "given twice, expected once");
        if (m->n_attributes == ES_MAX_ATTRIBUTES) return off(in, "", object->string, "found more than 64 attributes");
        struct es_message_attribute *a = &m->attributes[m->n_attributes];
        memcpy(a->keyword, item->string, len + 1);
        if (!cJSON_IsNull(item)) {
            const enum es_errc code = take_text(in, object->string, item, a->value, sizeof a->value);
            if (code != ES_OK) return code;
        }
        a->state = cJSON_IsNull(item) ? ES_ATTRIBUTE_ABSENT : a->value[0] == '\0' ? ES_ATTRIBUTE_BLANK : ES_ATTRIBUTE_PRESENT;
        m->n_attributes++;
    }
    return ES_OK;
}

/* ---- objects ---- */

static enum es_errc take_member(struct intake *in, const char *path, const cJSON *item, const struct key *key, void *object);

/* Walk an object by its table; depth is bounded by the tables: message, findings, finding, lesions, lesion. */
static enum es_errc take_object(struct intake *in, const char *path, const cJSON *object, const struct key *keys, size_t count, void *into)
{
    uint64_t seen = 0;
    const uint32_t kind = BIT(in->message->kind);
    for (const cJSON *item = object->child; item != NULL; item = item->next) {
        size_t k = 0;
        while (k < count && (strcmp(keys[k].name, item->string) != 0 || (keys[k].kinds != 0 && (keys[k].kinds & kind) == 0))) k++;
        if (k == count) {
            for (size_t i = 0; i < count; i++)
                if (strcmp(keys[i].name, item->string) == 0)
                    return es_fail(in->err, ES_E_REFUSED, "%s%s%s: no key of %s messages", path, path[0] != '\0' ? "." : "", item->string,
                                   es_event_kind_name(in->message->kind));
            return off(in, path, item->string, "unknown key");
        }
        if (seen & UINT64_C(1) << k) return off(in, path, item->string, "given twice, expected once");
        seen |= UINT64_C(1) << k;
        const enum es_errc code = take_member(in, path, item, &keys[k], into);
        if (code != ES_OK) return code;
        if (keys[k].has != 0) *((bool *)into + keys[k].has) = true;
    }
    return ES_OK;
}

/* Two or three numbers; z is 0 in a plane. @param wide  a box: the lower corner, then the upper one */
static enum es_errc take_place(struct intake *in, const char *path, const cJSON *list, bool wide, struct es_lesion *lesion)
{
    const int count = cJSON_GetArraySize(list), axes = wide ? count / 2 : count;
    if (!cJSON_IsArray(list)) return wrong(in, path, list->string, list, wide ? "a list of 4 or 6 numbers" : "a list of 2 or 3 numbers");
    if ((wide && count != 4 && count != 6) || (!wide && count != 2 && count != 3))
        return off(in, path, list->string, wide ? "found another count, expected 4 or 6 numbers" : "found another count, expected 2 or 3 numbers");
    if (lesion->has_place) return off(in, path, list->string, "found place and box, expected one of them");
    int i = 0;
    for (const cJSON *item = list->child; item != NULL; item = item->next, i++) {
        if (!cJSON_IsNumber(item)) return wrong(in, path, list->string, item, "numbers");
        if (!isfinite(item->valuedouble)) return off(in, path, list->string, "found a number that is not finite");
        if (i < axes) lesion->place[i] = item->valuedouble;
        else lesion->corner[i - axes] = item->valuedouble;
    }
    lesion->has_place = true;
    return ES_OK;
}

static enum es_errc take_lesions(struct intake *in, const char *path, const cJSON *list, struct es_finding *finding)
{
    char here[MAX_PATH];
    if (!cJSON_IsArray(list)) return wrong(in, path, list->string, list, "list");
    const int count = cJSON_GetArraySize(list);
    if (count > ES_MAX_EVENT_LESIONS) return off(in, path, list->string, "found more than 256 lesions");
    if (count == 0) return ES_OK;
    finding->lesions = calloc((size_t)count, sizeof *finding->lesions);
    if (finding->lesions == NULL) return es_fail(in->err, ES_E_MEMORY, "lesions: no memory");
    for (const cJSON *item = list->child; item != NULL; item = item->next) {
        (void)snprintf(here, sizeof here, "%s.lesions[%zu]", path, finding->n_lesions);
        struct es_lesion *lesion = &finding->lesions[finding->n_lesions++];
        if (!cJSON_IsObject(item)) return es_fail(in->err, ES_E_REFUSED, "%s: found %s, expected object", here, es_json_kind(item));
        const enum es_errc code = take_object(in, here, item, lesion_keys, COUNT_OF(lesion_keys), lesion);
        if (code != ES_OK) return code;
    }
    return ES_OK;
}

static enum es_errc take_findings(struct intake *in, const cJSON *list)
{
    struct es_message *m = in->message;
    if (!cJSON_IsArray(list)) return wrong(in, "", list->string, list, "list");
    for (const cJSON *item = list->child; item != NULL; item = item->next) {
        char path[MAX_PATH];
        if (m->n_findings == ES_MAX_EVENT_FINDINGS) return off(in, "", list->string, "found more than 256 findings");
        (void)snprintf(path, sizeof path, "findings[%zu]", m->n_findings);
        struct es_finding *finding = &m->findings[m->n_findings++];
        finding->evaluable = true;
        if (!cJSON_IsObject(item)) return es_fail(in->err, ES_E_REFUSED, "%s: found %s, expected object", path, es_json_kind(item));
        const enum es_errc code = take_object(in, path, item, finding_keys, COUNT_OF(finding_keys), finding);
        if (code != ES_OK) return code;
    }
    return ES_OK;
}

static enum es_errc take_member(struct intake *in, const char *path, const cJSON *item, const struct key *key, void *object)
{
    switch (key->type) {
    case TYPE_EVENT: return ES_OK; /* read beforehand */
    case TYPE_ATTRIBUTES: return take_attributes(in, item);
    case TYPE_FINDINGS: return take_findings(in, item);
    case TYPE_LESIONS: return take_lesions(in, path, item, object);
    case TYPE_MASK_TEXT: /* made when the whole message was read */
        return cJSON_IsString(item) ? ES_OK : wrong(in, path, item->string, item, "string");
    case TYPE_MASK_NUMBER: return cJSON_IsNumber(item) ? ES_OK : wrong(in, path, item->string, item, "number");
    case TYPE_POINT:
    case TYPE_BOX: return take_place(in, path, item, key->type == TYPE_BOX, object);
    case TYPE_UNIT:
    case TYPE_MODEL:
        if (!cJSON_IsObject(item)) return wrong(in, path, item->string, item, "object");
        return key->type == TYPE_UNIT ? take_object(in, item->string, item, unit_keys, COUNT_OF(unit_keys), object)
                                      : take_object(in, item->string, item, model_keys, COUNT_OF(model_keys), object);
    default: return take_scalar(in, path, item, key, object);
    }
}

static enum es_errc take_kind(struct intake *in, const cJSON *root)
{
    const cJSON *event = cJSON_GetObjectItemCaseSensitive(root, "event");
    if (!cJSON_IsString(event)) return es_fail(in->err, ES_E_REFUSED, "event: found %s, expected the kind of event", es_json_kind(event));
    for (unsigned kind = 1; kind < ES_EVENT_KINDS; kind++) {
        if (strcmp(event->valuestring, es_event_kind_name(kind)) != 0) continue;
        if (kind >= ES_EVENT_PLAN && kind != ES_EVENT_OVERLAP) return es_fail(in->err, ES_E_REFUSED, "event: found %s, which only Evensight itself writes", es_event_kind_name(kind));
        in->message->kind = kind;
        return ES_OK;
    }
    return es_fail(in->err, ES_E_REFUSED,
                   "event: found another word, expected exam, result, failure, reference, overlap, alias, patient_alias, retract or demographics");
}

/* Masks, once it is known whose they are. */
static enum es_errc take_masks(struct intake *in, const cJSON *root)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "findings");
    enum es_errc code = ES_OK;
    size_t i = 0;
    for (const cJSON *item = list != NULL ? list->child : NULL; item != NULL && i < in->message->n_findings && code == ES_OK; item = item->next, i++) {
        char path[MAX_PATH];
        (void)snprintf(path, sizeof path, "findings[%zu]", i);
        code = es_intake_mask(item, path, in->message, &in->message->findings[i], in->err);
    }
    return code;
}

/* What was not said and has one sensible meaning. */
static void set_defaults(struct es_message *m)
{
    if (m->kind == ES_EVENT_RESULT && m->result_status == 0) m->result_status = ES_RESULT_OK;
    if (m->kind == ES_EVENT_REFERENCE && m->reference_status == 0) m->reference_status = ES_REFERENCE_FINAL;
}

enum es_errc es_message_from_tree(struct es_message *out, const cJSON *root, struct es_error *err)
{
    struct intake in = {out, err};
    enum es_errc code = ES_OK;
    es_message_init(out);
    if (!cJSON_IsObject(root)) code = es_fail(err, ES_E_REFUSED, "message: found %s, expected object", es_json_kind(root));
    if (code == ES_OK) code = take_kind(&in, root);
    if (code == ES_OK) code = take_object(&in, "", root, message_keys, COUNT_OF(message_keys), out);
    if (code == ES_OK) code = take_masks(&in, root);
    if (code == ES_OK) set_defaults(out);
    else es_message_clear(out);
    return code;
}

enum es_errc es_message_from_json(struct es_message *out, const char *line, size_t len, struct es_error *err)
{
    struct es_error inner = {0};
    cJSON *root = NULL;
    es_message_init(out);
    if (len > ES_MAX_LINE) return es_fail(err, ES_E_REFUSED, "message: found %zu bytes, expected at most %u", len, ES_MAX_LINE);
    enum es_errc code = es_json_parse(&root, line, len, false, &inner);
    if (code != ES_OK) return es_fail(err, code == ES_E_MEMORY ? code : ES_E_REFUSED, "message: %s", inner.text);
    code = es_message_from_tree(out, root, err);
    es_json_free(root);
    return code;
}

/* ---- the schema, for those who build messages ---- */

static enum es_message_type public_type(enum type type)
{
    switch (type) {
    case TYPE_DAY: return ES_MESSAGE_DAY;
    case TYPE_INSTANT: return ES_MESSAGE_INSTANT;
    case TYPE_WHOLE:
    case TYPE_MASK_NUMBER:
    case TYPE_NUMBER: return ES_MESSAGE_NUMBER;
    case TYPE_LESIONS:
    case TYPE_POINT:
    case TYPE_BOX: return ES_MESSAGE_TREE;
    case TYPE_LABEL: return ES_MESSAGE_LABEL;
    case TYPE_BOOL: return ES_MESSAGE_BOOL;
    case TYPE_ATTRIBUTES: return ES_MESSAGE_ATTRIBUTES;
    case TYPE_UNIT:
    case TYPE_MODEL: return ES_MESSAGE_OBJECT;
    case TYPE_FINDINGS: return ES_MESSAGE_FINDINGS;
    case TYPE_EVENT: return ES_MESSAGE_NONE;
    case TYPE_MASK_TEXT: return ES_MESSAGE_LONG;
    case TYPE_TEXT:
    case TYPE_WORD: break;
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
        const struct key *keys;
        size_t count;
    } groups[] = {{"", message_keys, COUNT_OF(message_keys)},
                  {"unit", unit_keys, COUNT_OF(unit_keys)},
                  {"model", model_keys, COUNT_OF(model_keys)},
                  {"findings", finding_keys, COUNT_OF(finding_keys)}};
    const char *found = NULL;
    for (size_t g = 0; g < COUNT_OF(groups); g++) {
        if (strcmp(groups[g].group, group) != 0) continue;
        for (size_t i = 0; i < groups[g].count; i++) {
            const struct key *key = &groups[g].keys[i];
            if ((key->kinds != 0 && (key->kinds & BIT(kind)) == 0) || key->type == TYPE_EVENT) continue;
            if (strcmp(key->name, name) == 0) return public_type(key->type);
            if (found == NULL && alike(key->name, name)) found = key->name;
        }
    }
    if (near != NULL) *near = found;
    return ES_MESSAGE_NONE;
}
