/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/event/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/hash.h"

_Static_assert(ES_HASHED_NAME < ES_NAME_SIZE, "a hashed name stands where a name does");

static const char *const issuers[] = {"model", "finding", "version", "manufacturer", "units", "category"};

bool es_is_token(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-";
    const size_t len = strlen(text);
    size_t digits = 0;
    if (len == 0 || len > ES_TOKEN_MAX || strspn(text, plain) != len) return false;
    for (size_t i = 0; i < len; i++) digits += text[i] >= '0' && text[i] <= '9';
    return digits <= ES_TOKEN_DIGITS;
}

/* Units (UCUM) of what images are measured in. */
static bool usual_units(const char *text)
{
    static const char *const usual[] = {"1",   "%",   "mm", "cm", "m",  "um", "mm2", "cm2", "m2", "mm3", "cm3", "ml",   "mL",  "l",
                                        "L",   "mg",  "g",  "kg", "ms", "s",  "min", "h",   "d",  "wk",  "mo",  "a",    "deg", "rad",
                                        "HU", "[hnsf'U]", "{probability}", "[0,1]", "{score}", "{ratio}", "mm[Hg]", "mm/s", "cm/s", "m/s",
                                        "ml/min", "mL/min", "g/cm2", "mg/cm3", "g/ml", "g/mL", "kg/m2", "/min", "{beats}/min"};
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        if (strcmp(text, usual[i]) == 0) return true;
    return false;
}

static bool same_folded(const char *folded, const char *name)
{
    char other[ES_FACT_VALUE];
    es_attribute_fold(name, other, sizeof other);
    return strcmp(folded, other) == 0;
}

/* The configured name that this one means; exactly the same goes before the same but for case. NULL: none. */
static const char *configured(const struct es_config *config, enum es_name_kind kind, const char *name, const char *folded)
{
    const char *near = NULL;
    for (size_t m = 0; m < config->n_models; m++) {
        const struct es_model_config *model = &config->models[m];
        const size_t n = kind == ES_NAMES_MODEL ? 1 : model->n_findings;
        for (size_t i = 0; i < n; i++) {
            const char *one = kind == ES_NAMES_MODEL ? model->name : model->findings[i].name;
            if (strcmp(one, name) == 0) return one;
            if (near == NULL && same_folded(folded, one)) near = one;
        }
    }
    return near;
}

static enum es_errc hash_name(const struct es_key *key, enum es_name_kind kind, const char *folded, char out[ES_HASHED_NAME + 1],
                              struct es_error *err)
{
    struct es_pseudonym hash;
    if (es_key_pseudonym(key, ES_PSEUDONYM_VALUE, issuers[kind], folded, &hash) != ES_OK)
        return es_fail(err, ES_E_MEMORY, "%s: no memory for its keyed hash", issuers[kind]);
    out[0] = '~';
    es_hex(hash.bytes, sizeof hash.bytes, out + 1);
    return ES_OK;
}

enum es_errc es_name_keep(const struct es_config *config, const struct es_key *key, enum es_name_kind kind, const char *name, char *out,
                          size_t size, struct es_error *err)
{
    char folded[ES_FACT_VALUE], hashed[ES_HASHED_NAME + 1];
    const char *kept = NULL;
    enum es_errc code = ES_OK;
    es_attribute_fold(name, folded, sizeof folded);
    if (folded[0] == '\0') kept = "";
    else if (kind == ES_NAMES_MODEL || kind == ES_NAMES_FINDING) kept = configured(config, kind, name, folded);
    else if (kind == ES_NAMES_UNITS ? usual_units(name) : es_is_token(name)) kept = name;
    if (kept == NULL) {
        code = hash_name(key, kind, folded, hashed, err);
        kept = hashed;
    }
    if (code == ES_OK) (void)snprintf(out, size, "%.*s", (int)size - 1, kept);
    explicit_bzero(folded, sizeof folded);
    return code;
}

/* ---- put back ---- */

struct row {
    char hashed[ES_HASHED_NAME + 1];
    const char *name;
    enum es_name_kind kind;
};
/* A code of an axis' vocabulary, by the hash that an attribute value outside its vocabulary is kept as. */
struct value {
    struct es_pseudonym hash;
    const char *keyword, *code;
    const struct es_vocabulary *vocabulary;
};
struct es_names {
    struct value *values; /* sorted by hash */
    size_t n_values;
    size_t n;
    struct row rows[];
};

static int by_hash(const void *a, const void *b)
{
    return memcmp(((const struct value *)a)->hash.bytes, ((const struct value *)b)->hash.bytes, ES_PSEUDONYM_SIZE);
}

/* Codes of a vocabulary, each bare and with each of its schemes. */
static size_t codes_of(const struct es_vocabulary *vocabulary)
{
    size_t codes = 0, schemes = 0;
    while (vocabulary != NULL && es_vocabulary_code(vocabulary, codes) != NULL) codes++;
    while (vocabulary != NULL && es_vocabulary_scheme(vocabulary, schemes) != NULL) schemes++;
    return codes * (schemes + 1);
}

static bool add_value(struct es_names *names, const struct value *form, const char *scheme, const struct es_key *key)
{
    char text[ES_FACT_VALUE], folded[ES_FACT_VALUE];
    const int n = snprintf(text, sizeof text, "%s%s%s", form->code, scheme != NULL ? "^" : "", scheme != NULL ? scheme : "");
    if (n < 0 || (size_t)n >= sizeof text) return true; /* no event holds so long a value */
    es_attribute_fold(text, folded, sizeof folded);
    for (unsigned epoch = 1; epoch <= es_key_epochs(key); epoch++) {
        struct value *value = &names->values[names->n_values++];
        *value = *form;
        if (es_key_pseudonym(es_key_at(key, epoch), ES_PSEUDONYM_VALUE, form->keyword, folded, &value->hash) != ES_OK) return false;
    }
    return true;
}

static enum es_errc add_values(struct es_names *names, const struct es_config *config, const struct es_key *key, struct es_error *err)
{
    size_t count = 0;
    for (size_t a = 0; a < config->n_axes; a++)
        count += codes_of(config->axes[a].vocabulary);
    if (count == 0) return ES_OK;
    names->values = calloc(count * es_key_epochs(key), sizeof *names->values);
    if (names->values == NULL) return es_fail(err, ES_E_MEMORY, "names: no memory");
    for (size_t a = 0; a < config->n_axes; a++) {
        const struct es_axis_config *axis = &config->axes[a];
        const char *keyword = axis->linked[0] != '\0' ? axis->linked : axis->attribute, *code;
        for (size_t i = 0; axis->vocabulary != NULL && (code = es_vocabulary_code(axis->vocabulary, i)) != NULL; i++) {
            const struct value value = {.keyword = keyword, .code = code, .vocabulary = axis->vocabulary};
            const char *scheme = NULL;
            size_t k = 0;
            do { /* bare first, then as each scheme's code */
                if (!add_value(names, &value, scheme, key)) return es_fail(err, ES_E_MEMORY, "names: no memory");
            } while ((scheme = es_vocabulary_scheme(axis->vocabulary, k++)) != NULL);
        }
    }
    qsort(names->values, names->n_values, sizeof *names->values, by_hash);
    return ES_OK;
}

static enum es_errc add_row(struct es_names *names, const struct es_key *key, enum es_name_kind kind, const char *name, struct es_error *err)
{
    char folded[ES_FACT_VALUE];
    enum es_errc code = ES_OK;
    es_attribute_fold(name, folded, sizeof folded);
    for (unsigned epoch = 1; epoch <= es_key_epochs(key) && code == ES_OK; epoch++) {
        struct row *row = &names->rows[names->n++];
        row->kind = kind;
        row->name = name;
        code = hash_name(es_key_at(key, epoch), kind, folded, row->hashed, err);
    }
    return code;
}

void es_names_free(struct es_names *names)
{
    if (names == NULL) return;
    free(names->values);
    free(names);
}

enum es_errc es_names_new(struct es_names **out, const struct es_config *config, const struct es_key *key, struct es_error *err)
{
    size_t count = config->n_models, bytes = 0;
    enum es_errc code = ES_OK;
    *out = NULL;
    for (size_t m = 0; m < config->n_models; m++) count += config->models[m].n_findings;
    count *= es_key_epochs(key);
    if (__builtin_mul_overflow(count, sizeof(struct row), &bytes) || __builtin_add_overflow(bytes, sizeof(struct es_names), &bytes))
        return es_fail(err, ES_E_MEMORY, "names: no memory");
    struct es_names *names = calloc(1, bytes);
    if (names == NULL) return es_fail(err, ES_E_MEMORY, "names: no memory");
    for (size_t m = 0; code == ES_OK && m < config->n_models; m++) {
        const struct es_model_config *model = &config->models[m];
        code = add_row(names, key, ES_NAMES_MODEL, model->name, err);
        for (size_t i = 0; code == ES_OK && i < model->n_findings; i++)
            code = add_row(names, key, ES_NAMES_FINDING, model->findings[i].name, err);
    }
    if (code == ES_OK) code = add_values(names, config, key, err);
    if (code == ES_OK) *out = names;
    else es_names_free(names);
    return code;
}

static bool put_back(const struct es_names *names, enum es_name_kind kind, char name[ES_NAME_SIZE])
{
    if (name[0] != '~') return false; /* nearly always */
    for (size_t i = 0; i < names->n; i++) {
        if (names->rows[i].kind != kind || strcmp(names->rows[i].hashed, name) != 0) continue;
        (void)snprintf(name, ES_NAME_SIZE, "%s", names->rows[i].name);
        return true;
    }
    return false;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct es_finding *)a)->name, ((const struct es_finding *)b)->name);
}

/* A value that was outside its vocabulary, or came when there was none, and is a code of it now. */
static void put_back_value(const struct es_names *names, struct es_event_attribute *attribute)
{
    const struct value wanted = {.hash = attribute->unmapped};
    if (attribute->state != ES_ATTRIBUTE_UNMAPPED || names->n_values == 0) return;
    const struct value *found = bsearch(&wanted, names->values, names->n_values, sizeof wanted, by_hash);
    if (found == NULL || strcmp(found->keyword, attribute->keyword) != 0) return;
    const struct es_term term = es_vocabulary_find(found->vocabulary, found->code);
    attribute->state = term.state;
    attribute->unmapped = (struct es_pseudonym){{0}};
    if (term.state == ES_ATTRIBUTE_PRESENT) (void)snprintf(attribute->value, sizeof attribute->value, "%s", term.level);
}

void es_names_put_back(const struct es_names *names, struct es_event *event)
{
    bool changed = false;
    for (size_t i = 0; i < event->n_attributes; i++) put_back_value(names, &event->attributes[i]);
    (void)put_back(names, ES_NAMES_MODEL, event->model_name);
    for (size_t i = 0; i < event->n_findings; i++)
        if (put_back(names, ES_NAMES_FINDING, event->findings[i].name)) changed = true;
    if (changed) qsort(event->findings, event->n_findings, sizeof *event->findings, by_name);
}
