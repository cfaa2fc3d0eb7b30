/* SPDX-License-Identifier: Apache-2.0 */
/* One value of a record: fetched by its source, changed as the source says, and given the type that the schema wants. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/text.h"
#include "plugin/base/json.h"
#include "plugin/base/time.h"
#include "plugin/intake/hl7.h"
#include "plugin/intake/record.h"

#define ROOM 1200
#define MOST_EXACT 9007199254740991.0 /* 2^53 - 1: RFC 8259 section 6 */

/* A value while it is looked at. text is set for all but ABSENT and BLANK. */
enum state { ABSENT, BLANK, THERE, WRONG }; /* WRONG: a list or an object */
struct value {
    enum state state;
    const char *text; /* into the record or room; not NUL-terminated */
    size_t len;
    const cJSON *json; /* a number, true or false; NULL: the text */
    char room[ROOM];
};

static void trim(struct value *v)
{
    while (v->len > 0 && (v->text[0] == ' ' || v->text[0] == '\t')) {
        v->text++;
        v->len--;
    }
    while (v->len > 0 && (v->text[v->len - 1] == ' ' || v->text[v->len - 1] == '\t')) v->len--;
}

static void set_text(struct value *v, const char *text, size_t len)
{
    v->state = THERE;
    v->text = text;
    v->len = len;
    trim(v);
    if (v->len == 0) v->state = BLANK;
}

static void set_json(struct value *v, const cJSON *item)
{
    if (item == NULL || cJSON_IsNull(item)) return;
    if (cJSON_IsString(item)) {
        set_text(v, item->valuestring, strlen(item->valuestring));
        return;
    }
    v->state = cJSON_IsNumber(item) || cJSON_IsBool(item) ? THERE : WRONG;
    v->json = item;
    if (cJSON_IsNumber(item)) es_json_number(item->valuedouble, v->room);
    else (void)snprintf(v->room, sizeof v->room, "%s", cJSON_IsTrue(item) ? "true" : "false");
    v->text = v->room;
    v->len = strlen(v->room);
}

static void fetch(const struct es_intake_source *source, const struct es_record *record, struct value *v)
{
    const char *text = NULL;
    size_t len = 0;
    *v = (struct value){.state = ABSENT};
    switch (source->kind) {
    case ES_TAKE_COLUMN:
        if (source->column < record->n_cells) set_text(v, record->cells[source->column], strlen(record->cells[source->column]));
        return;
    case ES_TAKE_PATH:
        set_json(v, es_json_path_first(source->path, es_json_path_is_current(source->path) ? record->current : record->document));
        return;
    case ES_TAKE_FIELD:
        if (record->hl7 != NULL && es_hl7_field(record->hl7, source->text, v->room, sizeof v->room, &text, &len)) set_text(v, text, len);
        return;
    case ES_TAKE_CONTENT:
        if (record->text != NULL) set_text(v, record->text, record->text_len);
        return;
    case ES_TAKE_FILE:
        set_text(v, record->file, strlen(record->file));
        return;
    case ES_TAKE_CONSTANT:
        set_json(v, source->constant);
        return;
    }
}

static bool listed(const cJSON *list, const struct value *v)
{
    for (const cJSON *entry = list != NULL ? list->child : NULL; entry != NULL; entry = entry->next)
        if (strlen(entry->valuestring) == v->len && memcmp(entry->valuestring, v->text, v->len) == 0) return true;
    return false;
}

/* The source's own word for it, or the first group of its pattern. */
static void narrow(const struct es_intake_rule *rule, const struct es_intake_source *source, struct value *v)
{
    struct es_span group;
    if (v->state == THERE && listed(rule->blank, v)) v->state = BLANK;
    if (v->state != THERE || source->pattern == NULL) return;
    if (!es_utf8_valid(v->text, v->len) || es_pattern_find(source->pattern, v->text, v->len, 0, NULL, &group) != ES_MATCH_FOUND || group.from > group.to) {
        v->state = ABSENT;
        return;
    }
    v->json = NULL;
    set_text(v, v->text + group.from, group.to - group.from);
}

static const cJSON *value_of(const cJSON *values, const struct value *v)
{
    for (const cJSON *entry = values->child; entry != NULL; entry = entry->next)
        if (strlen(entry->string) == v->len && memcmp(entry->string, v->text, v->len) == 0) return entry;
    return NULL;
}

/* ---- types ---- */

static enum es_errc refuse(struct es_error *err, const struct es_intake_slot *slot, const char *what)
{
    const char *group = slot->group;
    if (strcmp(group, "findings") == 0) return es_fail(err, ES_E_REFUSED, "findings[%u].%s: %s", slot->finding, slot->key, what);
    return es_fail(err, ES_E_REFUSED, "%s%s%s: %s", group, group[0] != '\0' ? "." : "", slot->key, what);
}

static enum es_errc finish(cJSON *item, cJSON **out, struct es_error *err)
{
    *out = item;
    return item != NULL ? ES_OK : es_fail(err, ES_E_MEMORY, "memory ran out");
}

static bool number_of(const struct es_intake_rule *rule, const struct value *v, double *out)
{
    char text[64];
    if (v->json != NULL && cJSON_IsNumber(v->json)) {
        *out = v->json->valuedouble;
        return isfinite(*out);
    }
    if (v->len == 0 || v->len >= sizeof text) return false;
    memcpy(text, v->text, v->len);
    for (size_t i = 0; i < v->len; i++) {
        if (rule->decimal != ',') continue;
        if (text[i] == '.') return false;
        if (text[i] == ',') text[i] = '.';
    }
    return es_text_number(text, v->len, out);
}

static enum es_errc as_number(const struct es_intake_rule *rule, const struct es_intake_slot *slot, const struct es_intake_source *source,
                              const struct value *v, cJSON **out, struct es_error *err)
{
    double number = 0;
    if (slot->type == ES_MESSAGE_LABEL && v->json != NULL && cJSON_IsBool(v->json)) return finish(cJSON_CreateNumber(cJSON_IsTrue(v->json)), out, err);
    if (!number_of(rule, v, &number))
        return refuse(err, slot, rule->decimal == ',' ? "found a text, expected a number with a comma" : "found a text, expected a number");
    if (source->scale > 0) { /* 83 % is 0.83: dividing by 100 rounds once, multiplying by 0.01 twice */
        const double whole = nearbyint(1 / source->scale);
        number = 1 / whole == source->scale ? number / whole : number * source->scale;
    }
    if (!isfinite(number)) return refuse(err, slot, "found a number that is not finite");
    return finish(cJSON_CreateNumber(number), out, err);
}

static enum es_errc as_bool(const struct es_intake_slot *slot, const struct value *v, cJSON **out, struct es_error *err)
{
    static const struct {
        const char *text;
        bool value;
    } words[] = {{"true", true}, {"false", false}, {"1", true}, {"0", false}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i].text) == v->len && strncasecmp(words[i].text, v->text, v->len) == 0)
            return finish(cJSON_CreateBool(words[i].value), out, err);
    return refuse(err, slot, "found another text, expected true, false, 1 or 0, or Values that say what is meant");
}

/* Digits of a form, each letter of it one digit; false where the text does not follow it. */
static bool by_form(const char *form, const struct value *v, char out[ES_INTAKE_TIME], bool *has_time)
{
    static const struct {
        const char *letters;
        size_t at;
    } parts[] = {{"YYYY", 0}, {"MM", 5}, {"DD", 8}, {"hh", 11}, {"mm", 14}, {"ss", 17}};
    const char *p = v->text, *end = v->text + v->len;
    memcpy(out, "0000-00-00T00:00:00", 20);
    *has_time = false;
    while (*form != '\0') {
        size_t k = 0;
        while (k < sizeof parts / sizeof parts[0] && strncmp(form, parts[k].letters, strlen(parts[k].letters)) != 0) k++;
        if (k == sizeof parts / sizeof parts[0]) {
            if (p == end || *p++ != *form++) return false;
            continue;
        }
        const size_t n = strlen(parts[k].letters);
        if ((size_t)(end - p) < n || strspn(p, "0123456789") < n) return false;
        memcpy(out + parts[k].at, p, n);
        *has_time |= k >= 3;
        form += n;
        p += n;
    }
    return p == end;
}

/* A day or an instant as ISO 8601. What has no form goes on as it stands: the schema checks it. */
static enum es_errc as_time(const struct es_intake_slot *slot, const struct es_intake_source *source, struct value *v, cJSON **out,
                            struct es_error *err)
{
    char text[ES_INTAKE_TIME + 8];
    bool has_time = false;
    if (source->date[0] != '\0') {
        if (!by_form(source->date, v, text, &has_time)) return refuse(err, slot, "found a text that does not follow Date");
    } else {
        if (v->len >= ES_INTAKE_TIME) return refuse(err, slot, "found a text that is too long for a time");
        memcpy(text, v->text, v->len);
        text[v->len] = '\0';
        has_time = strchr(text, 'T') != NULL;
        if (slot->type == ES_MESSAGE_INSTANT && !has_time && strlen(text) <= 10) {
            int32_t day = 0;
            if (!es_day_parse(text, &day)) return refuse(err, slot, "found no time, expected YYYY-MM-DDThh:mm:ss or a Date that says how it is written");
            es_day_format(day, text);
            (void)snprintf(text + 10, sizeof text - 10, "T00:00:00");
        }
    }
    if (slot->type == ES_MESSAGE_DAY && strchr(text, 'T') != NULL) *strchr(text, 'T') = '\0';
    const char *clock = strchr(text, 'T');
    const bool zoned = clock == NULL || clock[strcspn(clock, "Z+-")] != '\0';
    if (!zoned) (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s", source->zone);
    return finish(cJSON_CreateString(text), out, err);
}

/* How long a text may be the schema says: a mask's runs are many. A number that is a text is an identifier, a version or an attribute. */
static enum es_errc as_text(const struct es_intake_slot *slot, const struct value *v, cJSON **out, struct es_error *err)
{
    if (v->json != NULL && cJSON_IsNumber(v->json) && !(fabs(v->json->valuedouble) <= MOST_EXACT))
        return refuse(err, slot, "found a number beyond 9007199254740991, which is not exact, expected it as text in quotes");
    char *text = malloc(v->len + 1);
    if (text == NULL) return es_fail(err, ES_E_MEMORY, "memory ran out");
    memcpy(text, v->text, v->len);
    text[v->len] = '\0';
    const bool good = strlen(text) == v->len && es_utf8_valid(text, v->len);
    const enum es_errc code = good ? finish(cJSON_CreateString(text), out, err)
                                   : refuse(err, slot, "found bytes that are no UTF-8 text; Charset says which they are");
    free(text);
    return code;
}

/* The runs or the image of a mask: ASCII, or it is refused where it is read. */
static enum es_errc as_long_text(const struct es_intake_slot *slot, const struct value *v, cJSON **out, struct es_error *err)
{
    if (memchr(v->text, '\0', v->len) != NULL) return refuse(err, slot, "found a text with a zero byte in it");
    char *text = malloc(v->len + 1); /* of a file that is in memory */
    if (text == NULL) return es_fail(err, ES_E_MEMORY, "memory ran out");
    memcpy(text, v->text, v->len);
    text[v->len] = '\0';
    cJSON *item = cJSON_CreateString(text);
    free(text);
    return finish(item, out, err);
}

/* Lesions in a cell of CSV or a field: their list as JSON, in a text. */
static enum es_errc as_tree(const struct es_intake_slot *slot, const struct value *v, cJSON **out, struct es_error *err)
{
    struct es_error why = {0};
    cJSON *tree = NULL;
    const enum es_errc code = es_json_parse(&tree, v->text, v->len, false, &why);
    if (code == ES_E_MEMORY) return es_fail(err, code, "%s", why.text);
    if (code == ES_OK && cJSON_IsArray(tree)) return finish(tree, out, err);
    cJSON_Delete(tree);
    return refuse(err, slot, "found a text or a number, expected a list of objects, or one as JSON in a text");
}

static enum es_errc convert(const struct es_intake_rule *rule, const struct es_intake_slot *slot, const struct es_intake_source *source,
                            struct value *v, cJSON **out, struct es_error *err)
{
    switch (slot->type) {
    case ES_MESSAGE_NUMBER:
    case ES_MESSAGE_LABEL: return as_number(rule, slot, source, v, out, err);
    case ES_MESSAGE_BOOL: return as_bool(slot, v, out, err);
    case ES_MESSAGE_DAY:
    case ES_MESSAGE_INSTANT: return as_time(slot, source, v, out, err);
    case ES_MESSAGE_TREE: return as_tree(slot, v, out, err);
    case ES_MESSAGE_LONG: return as_long_text(slot, v, out, err);
    default: return as_text(slot, v, out, err);
    }
}

/* What the source says in the value's stead: Present, Values, Otherwise. *done: nothing more is to be done. */
static enum es_errc replace(const struct es_intake_slot *slot, const struct es_intake_source *source, struct value *v, bool *done, struct es_error *err)
{
    const cJSON *word = NULL;
    *done = false;
    if (v->state == WRONG) return refuse(err, slot, "found a list or an object, expected a text, a number, true or false");
    if (v->state == THERE && source->present != NULL) {
        word = source->present;
    } else if (v->state == THERE && source->values != NULL) {
        word = value_of(source->values, v);
        if (word == NULL) word = source->otherwise;
        if (word == NULL && slot->type != ES_MESSAGE_ATTRIBUTES) return refuse(err, slot, "found a value that Values does not list");
    } else if (v->state != THERE) {
        word = source->otherwise;
    }
    if (word == NULL) return ES_OK;
    *v = (struct value){.state = ABSENT};
    *done = cJSON_IsNull(word);
    set_json(v, word);
    return ES_OK;
}

/* Zeroes before a whole number, and what stands around it. False: too long. */
static bool join(const struct es_intake_source *source, struct value *v)
{
    char joined[ROOM];
    size_t zeroes = source->digits > v->len ? source->digits - v->len : 0;
    for (size_t i = 0; i < v->len; i++)
        if (v->text[i] < '0' || v->text[i] > '9') zeroes = 0;
    if (zeroes == 0 && source->prefix[0] == '\0' && source->suffix[0] == '\0') return true;
    const int n = snprintf(joined, sizeof joined, "%s%.*s%.*s%s", source->prefix, (int)zeroes, "00000000000000000000000000000000",
                           (int)(v->len < ROOM ? v->len : ROOM), v->text, source->suffix);
    if (n < 0 || (size_t)n >= sizeof joined) return false;
    memcpy(v->room, joined, (size_t)n + 1);
    v->text = v->room;
    v->len = (size_t)n;
    v->json = NULL;
    return true;
}

enum es_errc es_record_value(const struct es_intake_rule *rule, const struct es_intake_slot *slot, const struct es_record *record, cJSON **out,
                             struct es_error *err)
{
    bool blank = false, done = false;
    struct value v;
    *out = NULL;
    for (size_t i = 0; i < slot->n_sources; i++) {
        const struct es_intake_source *source = &slot->sources[i];
        fetch(source, record, &v);
        if (v.state == WRONG && slot->type == ES_MESSAGE_TREE) return finish(cJSON_Duplicate(v.json, true), out, err);
        narrow(rule, source, &v);
        const enum es_errc code = replace(slot, source, &v, &done, err);
        if (code != ES_OK || done) return code;
        blank |= v.state == BLANK;
        if (v.state != THERE) continue;
        if (!join(source, &v)) return refuse(err, slot, "found a text of more than 1199 bytes, expected a shorter one");
        return convert(rule, slot, source, &v, out, err);
    }
    if (blank && slot->type == ES_MESSAGE_ATTRIBUTES) return finish(cJSON_CreateString(""), out, err);
    return ES_OK;
}

bool es_record_wanted(const struct es_intake_rule *rule, const struct es_record *record)
{
    struct value v;
    if (rule->where == NULL) return true;
    fetch(rule->where, record, &v);
    narrow(rule, rule->where, &v);
    return v.state == THERE && listed(rule->where->is, &v);
}

const char *es_record_text(const struct es_intake_rule *rule, const struct es_record *record, size_t *len)
{
    const cJSON *item = NULL;
    *len = 0;
    if (record->text != NULL) {
        *len = record->text_len;
        return record->text;
    }
    const struct es_intake_source *source = rule->text;
    if (source != NULL && source->kind == ES_TAKE_COLUMN && source->column < record->n_cells) {
        *len = strlen(record->cells[source->column]);
        return record->cells[source->column];
    }
    if (source != NULL && source->kind == ES_TAKE_PATH)
        item = es_json_path_first(source->path, es_json_path_is_current(source->path) ? record->current : record->document);
    else if (source == NULL && (rule->kind == ES_INTAKE_HL7 || rule->kind == ES_INTAKE_FHIR))
        item = cJSON_GetObjectItemCaseSensitive(record->current, "text");
    if (!cJSON_IsString(item)) return NULL;
    *len = strlen(item->valuestring);
    return item->valuestring;
}
