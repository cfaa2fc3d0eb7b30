/* SPDX-License-Identifier: Apache-2.0 */
/* One line to a message, by the tables of schema.c. */
#include "plugin/intake/jsonl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/json.h"
#include "plugin/base/time.h"
#include "plugin/intake/mask_keys.h"
#include "plugin/intake/schema.h"

#define MAX_PATH 80
#define MAX_LEVEL 1000 /* of an ordinal finding, either way */

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

static enum es_errc take_word(struct intake *in, const char *path, const cJSON *item, const struct es_schema_word *words, void *target)
{
    char list[120] = "";
    size_t len = 0;
    if (!cJSON_IsString(item)) return wrong(in, path, item->string, item, "string");
    for (const struct es_schema_word *w = words; w->text != NULL; w++) {
        if (strcmp(w->text, item->valuestring) == 0) {
            memcpy(target, &w->value, sizeof w->value);
            return ES_OK;
        }
        const int n = snprintf(list + len, sizeof list - len, "%s%s", len > 0 ? ", " : "found another word, expected ", w->text);
        if (n > 0 && len + (size_t)n < sizeof list) len += (size_t)n;
    }
    return off(in, path, item->string, list);
}

static enum es_errc take_scalar(struct intake *in, const char *path, const cJSON *item, const struct es_schema_key *key, char *object)
{
    char *target = object + key->offset;
    const double number = item->valuedouble;
    bool zone = false;
    switch (key->type) {
    case ES_TYPE_DAY:
        if (!cJSON_IsString(item)) return wrong(in, path, item->string, item, "string");
        return es_day_parse(item->valuestring, (int32_t *)(void *)target) ? ES_OK : off(in, path, item->string, "found no date, expected YYYYMMDD or YYYY-MM-DD");
    case ES_TYPE_INSTANT:
        if (!cJSON_IsString(item)) return wrong(in, path, item->string, item, "string");
        if (!es_instant_parse(item->valuestring, (int64_t *)(void *)target, &zone))
            return off(in, path, item->string, "found no time, expected YYYY-MM-DDThh:mm:ss with Z or an offset");
        if (key->offset == offsetof(struct es_message, produced)) in->message->zone_known = zone;
        return ES_OK;
    case ES_TYPE_NUMBER:
        if (!cJSON_IsNumber(item)) return wrong(in, path, item->string, item, "a number");
        if (!isfinite(number)) return off(in, path, item->string, "found a number that is not finite");
        memcpy(target, &number, sizeof number);
        return ES_OK;
    case ES_TYPE_WHOLE: {
        if (!cJSON_IsNumber(item)) return wrong(in, path, item->string, item, "a whole number");
        if (!(fabs(number) <= MAX_LEVEL) || number != floor(number)) return off(in, path, item->string, "found another number, expected a whole one in -1000..1000");
        const int32_t whole = (int32_t)number;
        memcpy(target, &whole, sizeof whole);
        return ES_OK;
    }
    case ES_TYPE_LABEL: {
        if (!cJSON_IsNumber(item)) return wrong(in, path, item->string, item, "0 or 1");
        if (number != 0 && number != 1) return off(in, path, item->string, "found another number, expected 0 or 1");
        const int32_t label = number == 1;
        memcpy(target, &label, sizeof label);
        return ES_OK;
    }
    case ES_TYPE_BOOL:
        if (!cJSON_IsBool(item)) return wrong(in, path, item->string, item, "true or false");
        *(bool *)(void *)target = cJSON_IsTrue(item);
        return ES_OK;
    case ES_TYPE_WORD: return take_word(in, path, item, key->words, target);
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

static enum es_errc take_member(struct intake *in, const char *path, const cJSON *item, const struct es_schema_key *key, void *object);

/* Walk an object by its table; depth is bounded by the tables: message, findings, finding, lesions, lesion. */
static enum es_errc take_object(struct intake *in, const char *path, const cJSON *object, const struct es_schema *schema, void *into)
{
    uint64_t seen = 0;
    const uint32_t kind = ES_KIND_BIT(in->message->kind);
    for (const cJSON *item = object->child; item != NULL; item = item->next) {
        size_t k = 0;
        while (k < schema->count && (strcmp(schema->keys[k].name, item->string) != 0 || (schema->keys[k].kinds != 0 && (schema->keys[k].kinds & kind) == 0))) k++;
        if (k == schema->count) {
            for (size_t i = 0; i < schema->count; i++)
                if (strcmp(schema->keys[i].name, item->string) == 0)
                    return es_fail(in->err, ES_E_REFUSED, "%s%s%s: no key of %s messages", path, path[0] != '\0' ? "." : "", item->string,
                                   es_event_kind_name(in->message->kind));
            return off(in, path, item->string, "unknown key");
        }
        if (seen & UINT64_C(1) << k) return off(in, path, item->string, "given twice, expected once");
        seen |= UINT64_C(1) << k;
        const enum es_errc code = take_member(in, path, item, &schema->keys[k], into);
        if (code != ES_OK) return code;
        if (schema->keys[k].has != 0) *((bool *)into + schema->keys[k].has) = true;
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
        const enum es_errc code = take_object(in, here, item, &es_schema_lesion, lesion);
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
        const enum es_errc code = take_object(in, path, item, &es_schema_finding, finding);
        if (code != ES_OK) return code;
    }
    return ES_OK;
}

static enum es_errc take_member(struct intake *in, const char *path, const cJSON *item, const struct es_schema_key *key, void *object)
{
    switch (key->type) {
    case ES_TYPE_EVENT: return ES_OK; /* read beforehand */
    case ES_TYPE_ATTRIBUTES: return take_attributes(in, item);
    case ES_TYPE_FINDINGS: return take_findings(in, item);
    case ES_TYPE_LESIONS: return take_lesions(in, path, item, object);
    case ES_TYPE_MASK_TEXT: /* made when the whole message was read */
        return cJSON_IsString(item) ? ES_OK : wrong(in, path, item->string, item, "string");
    case ES_TYPE_MASK_NUMBER: return cJSON_IsNumber(item) ? ES_OK : wrong(in, path, item->string, item, "number");
    case ES_TYPE_POINT:
    case ES_TYPE_BOX: return take_place(in, path, item, key->type == ES_TYPE_BOX, object);
    case ES_TYPE_UNIT:
    case ES_TYPE_MODEL:
        if (!cJSON_IsObject(item)) return wrong(in, path, item->string, item, "object");
        return key->type == ES_TYPE_UNIT ? take_object(in, item->string, item, &es_schema_unit, object)
                                      : take_object(in, item->string, item, &es_schema_model, object);
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
    if (code == ES_OK) code = take_object(&in, "", root, &es_schema_message, out);
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
