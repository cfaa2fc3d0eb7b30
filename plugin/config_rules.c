/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of "From": where a finding's value stands in an object. A new kind of rule is a row of rule_keys. */
#include <stdlib.h>
#include <string.h>

#include "plugin/config_check.h"

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

static const struct config_key sr_keys[] = {
    {"Concept", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_rule_code},  {"Finding", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_rule_code},
    {"Site", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_rule_code},     {"Modifier", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_rule_code},
    {"Present", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_rule_code},  {"Absent", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_rule_code},
    {"Scale", CONFIG_NUMBER, false, offsetof(struct es_from_rule, scale), 0, 1e-9, 1e9, NULL, NULL},
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
    return ES_OK;
}

static enum es_errc read_path(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_from_rule *rule = into;
    rule->kind = ES_FROM_JSON;
    const enum es_errc code = config_text(reader, item, place, false, rule->path, sizeof rule->path);
    if (code != ES_OK) return code;
    if (rule->path[0] != '$' || rule->path[1] != '.' || rule->path[2] == '\0')
        return config_fault(reader, place, item, "a path such as \"$.effusion\"");
    return ES_OK;
}

/* One kind of rule a row; read sets rule->kind. */
static const struct config_key rule_keys[] = {
    {"SR", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_sr},
    {"JSON", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_path},
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
        if (cJSON_GetArraySize(entry) != 1) return config_wrong(reader, &here, "found %d keys, expected one of SR and JSON", cJSON_GetArraySize(entry));
    }
    return ES_OK;
}
