/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of "From": where a finding's value stands in an object. A new kind of rule is a row of rule_keys. */
#include <stdlib.h>
#include <string.h>

#include "plugin/base/pattern.h"
#include "plugin/config/check.h"

#define ES_MAX_RULES 64 /* of one list */

#define COUNT_OF(table) (sizeof table / sizeof table[0])

/* From rules: codes, by the key's name. */
struct code_key {
    const char *name;
    size_t offset;
};

static enum es_errc read_rule_code(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    static const struct code_key codes[] = {{"Concept", offsetof(struct es_from_rule, concept)},
                                            {"Finding", offsetof(struct es_from_rule, finding)},
                                            {"Site", offsetof(struct es_from_rule, site)},
                                            {"Modifier", offsetof(struct es_from_rule, modifier)},
                                            {"Present", offsetof(struct es_from_rule, present)},
                                            {"Absent", offsetof(struct es_from_rule, absent)}};
    for (size_t i = 0; i < COUNT_OF(codes); i++)
        if (strcmp(codes[i].name, place->key) == 0)
            return config_code(reader, item, place, (struct es_code *)(void *)((char *)into + codes[i].offset));
    return config_wrong(reader, place, "unknown code");
}

static enum es_errc read_property(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    return config_code(reader, item, place, &((struct es_from_rule *)into)->concept);
}

static enum es_errc read_pattern(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_from_rule *rule = into;
    char why[160];
    char *const text = strcmp(place->key, "Number") == 0 ? rule->number : strcmp(place->key, "Present") == 0 ? rule->positive : rule->negative;
    const enum es_errc code = config_text(reader, item, place, false, text, ES_PATTERN_SIZE);
    if (code != ES_OK) return code;
    if (text[0] == '\0') return config_fault(reader, place, item, "a pattern");
    if (!es_pattern_check(text, why, sizeof why)) return config_wrong(reader, place, "found a pattern that is none: %s", why);
    return ES_OK;
}

static enum es_errc read_path(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_from_rule *rule = into;
    struct es_json_path *path = NULL;
    struct es_error why = {0};
    rule->kind = ES_FROM_JSON; /* where it is a key of another kind, that kind is set afterwards */
    enum es_errc code = config_text(reader, item, place, false, rule->path, sizeof rule->path);
    if (code != ES_OK) return code;
    if (rule->path[0] != '$' || rule->path[1] == '\0') return config_fault(reader, place, item, "a path such as \"$.effusion\"");
    code = es_json_path_new(&path, rule->path, &why);
    es_json_path_free(path);
    if (code == ES_E_MEMORY) return config_memory(reader);
    return code == ES_OK ? ES_OK : config_wrong(reader, place, "%s", why.text);
}

static bool read_hex(const char **at, size_t digits, uint32_t *out)
{
    *out = 0;
    for (size_t i = 0; i < digits; i++) {
        const char c = (*at)[i];
        const bool upper = c >= 'A' && c <= 'F', lower = c >= 'a' && c <= 'f', decimal = c >= '0' && c <= '9';
        if (!upper && !lower && !decimal) return false;
        *out = *out << 4 | (uint32_t)(decimal ? c - '0' : (upper ? c - 'A' : c - 'a') + 10);
    }
    *at += digits;
    return true;
}

/* "gggg,eeee", and where private, whose block can be anywhere, "gggg,xxee". */
static bool read_one_tag(const char **at, uint32_t *tag)
{
    uint32_t group, element;
    if (!read_hex(at, 4, &group) || **at != ',') return false;
    ++*at;
    const bool own = (group & 1) != 0;
    if (own && (strncmp(*at, "xx", 2) == 0 || strncmp(*at, "XX", 2) == 0)) {
        *at += 2;
        if (!read_hex(at, 2, &element)) return false;
    } else if (!read_hex(at, 4, &element)) {
        return false;
    }
    *tag = group << 16 | (own ? element & 0xFF : element);
    return true;
}

static enum es_errc read_tag_path(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_from_rule *rule = into;
    char text[64];
    const enum es_errc code = config_text(reader, item, place, false, text, sizeof text);
    if (code != ES_OK) return code;
    const char *at = text;
    while (rule->tag_depth < ES_MAX_TAG_PATH && read_one_tag(&at, &rule->tag[rule->tag_depth])) {
        rule->tag_depth++;
        if (*at == '\0') return ES_OK;
        if (*at++ != '/') break;
    }
    return config_fault(reader, place, item, "a tag such as \"0018,9445\" or \"0029,xx10\", with the sequences around it as \"0070,0001/0070,0006\", at most %d",
                        ES_MAX_TAG_PATH);
}

static enum es_errc read_intent(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    static const char *const words[] = {"presented", "all"};
    const char *word = cJSON_IsString(item) ? item->valuestring : "";
    if (strcmp(word, words[0]) != 0 && strcmp(word, words[1]) != 0) return config_fault(reader, place, item, "\"presented\" or \"all\"");
    ((struct es_from_rule *)into)->hidden = strcmp(word, words[1]) == 0;
    return ES_OK;
}

#define CODE_KEY(name) {name, CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_rule_code}
#define PATTERN_KEY(name) {name, CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_pattern}
#define SCALE_KEY {"Scale", CONFIG_NUMBER, false, offsetof(struct es_from_rule, scale), 0, 1e-9, 1e9, NULL, NULL}

static const struct config_key sr_keys[] = {
    CODE_KEY("Concept"), CODE_KEY("Finding"), CODE_KEY("Site"), CODE_KEY("Modifier"), CODE_KEY("Present"), CODE_KEY("Absent"),
    SCALE_KEY,
    {"Any", CONFIG_BOOL, false, offsetof(struct es_from_rule, any), 0, 0, 0, NULL, NULL},
    {"Intent", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_intent},
};

static enum es_errc read_sr(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_from_rule *rule = into;
    rule->kind = ES_FROM_SR;
    const enum es_errc code = config_object(reader, item, place, sr_keys, COUNT_OF(sr_keys), rule);
    if (code != ES_OK) return code;
    if (rule->concept.value[0] == '\0' && rule->finding.value[0] == '\0')
        return config_wrong(reader, place, "found neither Concept nor Finding, expected at least one");
    if ((rule->present.value[0] == '\0') != (rule->absent.value[0] == '\0'))
        return config_wrong(reader, place, "found one of Present and Absent, expected both or none");
    if (rule->any && (rule->present.value[0] != '\0' || rule->scale > 0))
        return config_wrong(reader, place, "found Any beside Present, Absent or Scale, expected it alone");
    return ES_OK;
}

/* What is asked of a text: a number in it, or whether it means yes or no. */
static enum es_errc check_reading(struct config_reader *reader, const struct config_place *place, const struct es_from_rule *rule)
{
    if (rule->negative[0] != '\0' && rule->positive[0] == '\0')
        return config_wrong(reader, place, "found Absent without Present, expected both or Present alone");
    if (rule->positive[0] != '\0' && (rule->number[0] != '\0' || rule->scale > 0))
        return config_wrong(reader, place, "found Present beside Number or Scale, expected a decision or a number");
    return ES_OK;
}

#define TAG_KEYS                                                                                                          \
    {"Tag", CONFIG_OTHER, true, 0, 0, 0, 0, NULL, read_tag_path}, {"JSON", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_path}, \
        PATTERN_KEY("Number"), PATTERN_KEY("Present"), PATTERN_KEY("Absent"), SCALE_KEY

static enum es_errc read_tag(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    static const struct config_key keys[] = {TAG_KEYS};
    struct es_from_rule *rule = into;
    const enum es_errc code = config_object(reader, item, place, keys, COUNT_OF(keys), rule);
    rule->kind = ES_FROM_TAG;
    if (code != ES_OK) return code;
    if ((rule->tag[rule->tag_depth - 1] >> 16 & 1) != 0)
        return config_wrong(reader, place, "found a private tag, expected PrivateTag with its Creator");
    return check_reading(reader, place, rule);
}

static enum es_errc read_private_tag(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    static const struct config_key keys[] = {
        TAG_KEYS, {"Creator", CONFIG_TEXT, true, offsetof(struct es_from_rule, creator), ES_FACT_VALUE, 0, 0, NULL, NULL}};
    struct es_from_rule *rule = into;
    const enum es_errc code = config_object(reader, item, place, keys, COUNT_OF(keys), rule);
    rule->kind = ES_FROM_PRIVATE_TAG;
    if (code != ES_OK) return code;
    if (rule->creator[0] == '\0') return config_wrong(reader, place, "found no Creator, expected the text of the block's PrivateCreator");
    if ((rule->tag[rule->tag_depth - 1] >> 16 & 1) == 0)
        return config_wrong(reader, place, "found a tag of an even group, expected a private one such as \"0029,xx10\"");
    return check_reading(reader, place, rule);
}

static enum es_errc read_text(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    static const struct config_key keys[] = {CODE_KEY("Concept"), PATTERN_KEY("Number"), PATTERN_KEY("Present"), PATTERN_KEY("Absent"), SCALE_KEY};
    struct es_from_rule *rule = into;
    rule->kind = ES_FROM_TEXT;
    const enum es_errc code = config_object(reader, item, place, keys, COUNT_OF(keys), rule);
    if (code != ES_OK) return code;
    if (rule->number[0] == '\0' && rule->positive[0] == '\0') return config_wrong(reader, place, "found neither Number nor Present, expected one of them");
    return check_reading(reader, place, rule);
}

static const char *const measures[] = {"volume", "area", "mask", NULL};         /* enum es_seg_measure */
static const char *const roles[] = {"ignore", "result", "reference", NULL};     /* enum es_seg_role */

const char *es_seg_measure_name(enum es_seg_measure measure) { return measures[measure]; }
const char *es_seg_role_name(enum es_seg_role role) { return roles[role]; }

static enum es_errc read_seg(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct reading {
        struct es_from_rule rule;
        int32_t measure, role;
    } reading = {.rule = {.kind = ES_FROM_SEG}};
    static const struct config_key keys[] = {
        {"Property", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_property},
        {"Label", CONFIG_TEXT, false, offsetof(struct reading, rule.label), ES_FACT_VALUE, 0, 0, NULL, NULL},
        {"Measure", CONFIG_CHOICE, true, offsetof(struct reading, measure), 0, 0, 0, measures, NULL},
        {"Semiautomatic", CONFIG_CHOICE, false, offsetof(struct reading, role), 0, 0, 0, roles, NULL},
        {"Scale", CONFIG_NUMBER, false, offsetof(struct reading, rule.scale), 0, 1e-9, 1e9, NULL, NULL},
    };
    _Static_assert(offsetof(struct reading, rule) == 0, "read_property() is handed the rule");
    const enum es_errc code = config_object(reader, item, place, keys, COUNT_OF(keys), &reading);
    if (code != ES_OK) return code;
    reading.rule.measure = (enum es_seg_measure)reading.measure;
    reading.rule.semiautomatic = (enum es_seg_role)reading.role;
    if (reading.rule.concept.value[0] == '\0' && reading.rule.label[0] == '\0')
        return config_wrong(reader, place, "found neither Property nor Label, expected at least one");
    if (reading.rule.measure == ES_MEASURE_MASK && reading.rule.scale > 0)
        return config_wrong(reader, place, "found Scale beside the Measure \"mask\", expected it of a number only");
    *(struct es_from_rule *)into = reading.rule;
    return ES_OK;
}

/* One kind of rule a row; read sets rule->kind. */
static const struct config_key rule_keys[] = {
    {"SR", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_sr},
    {"Tag", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_tag},
    {"PrivateTag", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_private_tag},
    {"Text", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_text},
    {"JSON", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_path},
    {"Seg", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_seg},
};

enum es_errc config_read_rules(struct config_reader *reader, const cJSON *item, const struct config_place *list, struct es_from_rule **out,
                               size_t *n_out)
{
    size_t count = 0, i = 0;
    enum es_errc code = config_list(reader, item, list, 1, ES_MAX_RULES, &count);
    if (code != ES_OK) return code;
    *out = calloc(count, sizeof **out);
    if (*out == NULL) return config_memory(reader);
    *n_out = count;
    for (const cJSON *entry = item->child; entry != NULL; entry = entry->next, i++) {
        const struct config_place here = {list, NULL, i};
        code = config_object(reader, entry, &here, rule_keys, COUNT_OF(rule_keys), &(*out)[i]);
        if (code != ES_OK) return code;
        if (cJSON_GetArraySize(entry) != 1)
            return config_wrong(reader, &here, "found %d keys, expected one of SR, Tag, PrivateTag, Text, JSON and Seg", cJSON_GetArraySize(entry));
    }
    return ES_OK;
}
