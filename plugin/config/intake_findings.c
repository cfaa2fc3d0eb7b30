/* SPDX-License-Identifier: Apache-2.0 */
/* "Findings" and "Language" of an intake rule: coded observations and patterns of report texts. */
#include <stdlib.h>
#include <string.h>

#include "plugin/config/intake.h"

#define COUNT_OF(table) (sizeof table / sizeof table[0])

static const char *const combine_words[] = {"one", "highest", NULL}; /* enum es_intake_combine */
static const char *const as_words[] = {"task", "score", "value", "label", "decision", NULL}; /* enum es_intake_as */

struct finding_reading {
    struct es_intake_finding finding;
    int32_t as, combine;
    const cJSON *positive, *negative;
};

/* "VALUE,SCHEME"; a text without a comma is a value of any scheme, or a plain text. */
static enum es_errc read_code(struct config_reader *reader, const cJSON *item, const struct config_place *place, struct es_code *out)
{
    if (cJSON_IsString(item) && strchr(item->valuestring, ',') == NULL) {
        const enum es_errc code = config_text(reader, item, place, false, out->value, sizeof out->value);
        if (code == ES_OK && out->value[0] == '\0') return config_fault(reader, place, item, "a code or a text");
        memcpy(out->scheme, "*", 2);
        return code;
    }
    return config_code(reader, item, place, out);
}

static enum es_errc read_codes(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_intake_finding *f = &((struct finding_reading *)into)->finding;
    const bool present = strcmp(place->key, "Present") == 0, absent = strcmp(place->key, "Absent") == 0;
    struct es_code *out = present ? f->present : absent ? f->absent : f->codes;
    size_t count = 0, i = 0;
    enum es_errc code = config_list(reader, item, place, 1, ES_INTAKE_CODES, &count);
    for (const cJSON *entry = code == ES_OK ? item->child : NULL; code == ES_OK && entry != NULL; entry = entry->next, i++) {
        const struct config_place here = {place, NULL, i};
        code = read_code(reader, entry, &here, &out[i]);
    }
    if (present) f->n_present = count;
    else if (absent) f->n_absent = count;
    else f->n_codes = count;
    return code;
}

static enum es_errc keep_patterns(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct finding_reading *r = into;
    size_t count = 0, i = 0;
    const enum es_errc code = config_list(reader, item, place, 1, ES_TEXT_MAX_PATTERNS, &count);
    for (const cJSON *entry = code == ES_OK ? item->child : NULL; entry != NULL; entry = entry->next, i++) {
        const struct config_place here = {place, NULL, i};
        if (!cJSON_IsString(entry)) return config_fault(reader, &here, entry, "a pattern");
    }
    if (strcmp(place->key, "Positive") == 0) r->positive = item;
    else r->negative = item;
    return code;
}

static const struct config_key finding_keys[] = {
    {"Finding", CONFIG_NAME, true, offsetof(struct finding_reading, finding.name), ES_NAME_SIZE, 0, 0, NULL, NULL},
    {"Codes", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_codes},
    {"Present", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_codes},
    {"Absent", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_codes},
    {"As", CONFIG_CHOICE, false, offsetof(struct finding_reading, as), 0, 0, 0, as_words, NULL},
    {"Scale", CONFIG_NUMBER, false, offsetof(struct finding_reading, finding.scale), 0, 1e-9, 1e9, NULL, NULL},
    {"Combine", CONFIG_CHOICE, false, offsetof(struct finding_reading, combine), 0, 0, 0, combine_words, NULL},
    {"Positive", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, keep_patterns},
    {"Negative", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, keep_patterns},
};

/* Borrowed texts of a JSON list. */
static struct es_text_list list_of(const cJSON *list, const char **room)
{
    struct es_text_list out = {room, 0};
    for (const cJSON *entry = list != NULL ? list->child : NULL; entry != NULL && out.n < ES_TEXT_MAX_PATTERNS; entry = entry->next)
        room[out.n++] = entry->valuestring;
    return out;
}

static enum es_errc reader_fault(struct config_reader *reader, const struct config_place *place, enum es_errc code, const struct es_error *why)
{
    return code == ES_E_MEMORY ? config_memory(reader) : config_wrong(reader, place, "found a pattern that is none: %s", why->text);
}

/* Language: lists by name; what is not given is English. */
static enum es_errc make_reader(struct config_reader *reader, const cJSON *language, const struct config_place *place, struct es_intake_rule *rule)
{
    static const char *const names[] = {"Before", "After", "DoubtBefore", "DoubtAfter", "Pseudo", "Ends", "Skip"};
    const char *rooms[COUNT_OF(names)][ES_TEXT_MAX_PATTERNS];
    struct es_text_language own = {0};
    struct es_text_list *const lists[] = {&own.before, &own.after, &own.doubt_before, &own.doubt_after, &own.pseudo, &own.ends, &own.skip};
    const struct config_place here = {place, "Language", 0};
    struct es_error why = {0};
    if (language != NULL && !cJSON_IsObject(language)) return config_fault(reader, &here, language, "an object of lists of patterns");
    for (const cJSON *entry = language != NULL ? language->child : NULL; entry != NULL; entry = entry->next) {
        const struct config_place at = {&here, entry->string, 0};
        struct finding_reading unused = {0};
        size_t k = 0, count = 0;
        while (k < COUNT_OF(names) && strcmp(names[k], entry->string) != 0) k++;
        if (k == COUNT_OF(names)) return config_wrong(reader, &at, "unknown key, expected one of Before, After, DoubtBefore, DoubtAfter, Pseudo, Ends, Skip");
        enum es_errc code = config_list(reader, entry, &at, 0, ES_TEXT_MAX_PATTERNS, &count);
        if (code == ES_OK && count > 0) code = keep_patterns(reader, entry, &at, &unused);
        if (code != ES_OK) return code;
        *lists[k] = list_of(entry, rooms[k]);
    }
    const enum es_errc code = es_text_reader_new(&rule->reader, &own, &why);
    return code == ES_OK ? ES_OK : reader_fault(reader, &here, code, &why);
}

static enum es_errc add_patterns(struct config_reader *reader, const struct finding_reading *r, const struct config_place *place,
                                 struct es_intake_rule *rule, struct es_intake_finding *out)
{
    const char *positive[ES_TEXT_MAX_PATTERNS], *negative[ES_TEXT_MAX_PATTERNS];
    struct es_error why = {0};
    out->text = -1;
    if (r->positive == NULL && r->negative == NULL) return ES_OK;
    const enum es_errc code = es_text_reader_add(rule->reader, list_of(r->positive, positive), list_of(r->negative, negative), &why);
    if (code != ES_OK) return reader_fault(reader, place, code, &why);
    out->text = (int)es_text_reader_count(rule->reader) - 1;
    return ES_OK;
}

static bool some_model_has(const struct es_config *config, const char *name)
{
    for (size_t i = 0; i < config->n_models; i++)
        if (es_model_finding(&config->models[i], name) >= 0) return true;
    return false;
}

static enum es_errc read_finding(struct config_reader *reader, const cJSON *entry, const struct config_place *place, struct es_intake_rule *rule,
                                 struct es_intake_finding *out)
{
    struct finding_reading r = {0};
    const struct config_place name = {place, "Finding", 0};
    enum es_errc code = config_object(reader, entry, place, finding_keys, COUNT_OF(finding_keys), &r);
    if (code != ES_OK) return code;
    *out = r.finding;
    out->as = (enum es_intake_as)r.as;
    out->combine = (enum es_intake_combine)r.combine;
    if (!some_model_has(reader->config, out->name)) return config_wrong(reader, &name, "found \"%s\", expected the name of a finding of a model", out->name);
    if (out->n_codes == 0 && r.positive == NULL)
        return config_wrong(reader, place, "found neither Codes nor Positive, expected one of them or both");
    return add_patterns(reader, &r, place, rule, out);
}

enum es_errc config_read_intake_findings(struct config_reader *reader, const cJSON *findings, const cJSON *language,
                                         const struct config_place *place, struct es_intake_rule *rule)
{
    const struct config_place here = {place, "Findings", 0};
    size_t count = 0, i = 0;
    enum es_errc code = ES_OK;
    if (findings != NULL) code = config_list(reader, findings, &here, 1, ES_MAX_FINDINGS, &count);
    if (code == ES_OK && (findings != NULL || language != NULL)) code = make_reader(reader, language, place, rule);
    if (code != ES_OK || count == 0) return code;
    rule->findings = calloc(count, sizeof *rule->findings);
    if (rule->findings == NULL) return config_memory(reader);
    for (const cJSON *entry = findings->child; code == ES_OK && entry != NULL; entry = entry->next, i++) {
        const struct config_place at = {&here, NULL, i};
        code = read_finding(reader, entry, &at, rule, &rule->findings[i]);
        for (size_t k = 0; code == ES_OK && k < i; k++)
            if (strcmp(rule->findings[k].name, rule->findings[i].name) == 0)
                code = config_wrong(reader, &at, "found \"%s\" twice, expected each finding once", rule->findings[i].name);
    }
    rule->n_findings = count;
    return code;
}
