/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/config/config.h"
#include "plugin/config/population.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/config/check.h"
#include "plugin/config/intake_rule.h"

#define MAX_CONFIGURATION (4u << 20)
#define COUNT_OF(table) (sizeof table / sizeof table[0])

static enum es_errc read_root(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_config *config = into;
    const enum es_errc code = config_text(reader, item, place, false, config->root, sizeof config->root);
    if (code != ES_OK) return code;
    const size_t len = strlen(config->root);
    if (len < 3 || config->root[0] != '/' || config->root[len - 1] != '/' || strspn(config->root, "abcdefghijklmnopqrstuvwxyz0123456789_-/") != len ||
        strstr(config->root, "//") != NULL)
        return config_fault(reader, place, item, "a path such as \"/evensight/\" of a-z 0-9 _ - /");
    return ES_OK;
}

/* "sqlite:PATH"; a relative path is taken from the base like every other file name. */
static enum es_errc read_ledger(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_config *config = into;
    static const char sqlite[] = "sqlite:";
    char path[sizeof config->ledger - sizeof sqlite];
    const enum es_errc code = config_text(reader, item, place, false, config->ledger, sizeof config->ledger);
    if (code != ES_OK || strncmp(config->ledger, "postgresql://", 13) == 0) return code;
    if (strncmp(config->ledger, sqlite, sizeof sqlite - 1) != 0 || config->ledger[sizeof sqlite - 1] == '\0')
        return config_fault(reader, place, item, "\"sqlite:PATH\" or \"postgresql://...\"");
    const cJSON file = {.type = cJSON_String, .valuestring = item->valuestring + sizeof sqlite - 1};
    const enum es_errc placed = config_file(reader, &file, place, path, sizeof path);
    if (placed == ES_OK) (void)snprintf(config->ledger, sizeof config->ledger, "%s%s", sqlite, path);
    return placed;
}

/* In a document of the ledger the file's text stands inside, so that a report can be made again without the file. */
static enum es_errc read_population_text(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_config *config = into;
    if (!cJSON_IsString(item)) return config_fault(reader, place, item, "a text");
    config->population_text = strdup(item->valuestring);
    return config->population_text != NULL ? ES_OK : config_memory(reader);
}

static enum es_errc read_population(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_config *config = into;
    if (reader->stored) {
        static const struct config_key inside[] = {{"Text", CONFIG_OTHER, true, 0, 0, 0, 0, NULL, read_population_text}};
        return config_object(reader, item, place, inside, COUNT_OF(inside), into);
    }
    const enum es_errc code = config_file(reader, item, place, config->reference_population, sizeof config->reference_population);
    if (code == ES_OK && access(config->reference_population, R_OK) != 0)
        return config_wrong(reader, place, "found \"%.100s\", which cannot be read (%s), expected a CSV file", config->reference_population,
                            strerror(errno));
    return code;
}

static enum es_errc read_disclosure(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_config *config = into;
    struct es_disclosure *out = strcmp(place->key, "Internal") == 0 ? &config->internal : &config->external;
    const char *text = cJSON_IsString(item) ? item->valuestring : "";
    if (strcmp(text, "none") == 0) {
        *out = (struct es_disclosure){ES_DISCLOSE_ALL, 0};
        return ES_OK;
    }
    if (strcmp(text, "nhs") == 0) {
        *out = (struct es_disclosure){ES_DISCLOSE_NHS, 0};
        return ES_OK;
    }
    uint32_t floor = 0;
    const char *digit = strncmp(text, "floor:", 6) == 0 ? text + 6 : "";
    for (; *digit >= '0' && *digit <= '9' && floor < 10000; digit++) floor = floor * 10 + (uint32_t)(*digit - '0');
    if (*digit != '\0' || floor < 2 || floor > 1000)
        return config_fault(reader, place, item, "\"none\", \"nhs\" or \"floor:N\" with N in 2..1000");
    *out = (struct es_disclosure){ES_DISCLOSE_FLOOR, floor};
    return ES_OK;
}

static const struct config_key disclosure_keys[] = {
    {"Internal", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_disclosure},
    {"External", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_disclosure},
    {"ReleaseEvery", CONFIG_DURATION, false, offsetof(struct es_config, release_every_us), 0, 0, 0, NULL, NULL},
};

static enum es_errc read_disclosures(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    const struct es_config *config = into;
    const enum es_errc code = config_object(reader, item, place, disclosure_keys, COUNT_OF(disclosure_keys), into);
    const cJSON *every = cJSON_GetObjectItemCaseSensitive(item, "ReleaseEvery");
    if (code != ES_OK || !every || config->release_every_us >= 60 * INT64_C(1000000)) return code;
    return config_wrong(reader, &(struct config_place){place, "ReleaseEvery", 0}, "found \"%.20s\", expected at least \"1m\"", every->valuestring);
}

static enum es_errc read_exclude(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    size_t count = 0, i = 0;
    const enum es_errc code = config_list(reader, item, place, 0, 8, &count);
    for (const cJSON *entry = code == ES_OK ? item->child : NULL; entry != NULL; entry = entry->next, i++) {
        const struct config_place here = {place, NULL, i};
        if (!cJSON_IsString(entry) || strcmp(entry->valuestring, "identity_removed") != 0)
            return config_fault(reader, &here, entry, "\"identity_removed\"");
        ((struct es_config *)into)->exclude_identity_removed = true;
    }
    return code;
}

#define FIELD(field) offsetof(struct es_config, field), sizeof((struct es_config *)0)->field
/* Axes stand before what names them: the table's order is the order of reading. */
static const struct config_key top_keys[] = {
    {"Enable", CONFIG_BOOL, false, FIELD(enable), 0, 0, NULL, NULL},
    {"Root", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_root},
    {"Site", CONFIG_NAME, false, FIELD(site), 0, 0, NULL, NULL},
    {"Node", CONFIG_NAME, false, FIELD(node), 0, 0, NULL, NULL},
    {"Ledger", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_ledger},
    {"LedgerSpool", CONFIG_FILE, false, FIELD(spool), 0, 0, NULL, NULL},
    {"PseudonymKeyFile", CONFIG_FILE, false, FIELD(key_file), 0, 0, NULL, NULL},
    {"MaskStoreLimit", CONFIG_COUNT, false, FIELD(mask_store_limit), 0, 1 << 20, NULL, NULL},
    {"Axes", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, config_read_axes},
    {"Intersections", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, config_read_intersections},
    {"MaximumLevels", CONFIG_COUNT, false, FIELD(max_levels), 2, 64, NULL, NULL},
    {"Models", CONFIG_OTHER, true, 0, 0, 0, 0, NULL, config_read_models},
    {"Intake", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, config_read_intake},
    {"Plan", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, config_read_plan},
    {"Disclosure", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_disclosures},
    {"ReferencePopulation", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_population},
    {"Exclude", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_exclude},
    {"PatientIDPrefix", CONFIG_TEXT, false, FIELD(patient_id_prefix), 0, 0, NULL, NULL},
    {"AccessionNumberPrefix", CONFIG_TEXT, false, FIELD(accession_prefix), 0, 0, NULL, NULL},
    {"Note", CONFIG_TEXT, false, FIELD(note), 0, 0, NULL, NULL},
};

static void set_defaults(struct es_config *config)
{
    config->enable = true;
    (void)snprintf(config->root, sizeof config->root, "/evensight/");
    (void)snprintf(config->site, sizeof config->site, "site");
    (void)snprintf(config->ledger, sizeof config->ledger, "sqlite:/var/lib/evensight/ledger.db");
    (void)snprintf(config->spool, sizeof config->spool, "/var/lib/evensight/spool.db");
    (void)snprintf(config->key_file, sizeof config->key_file, "/etc/evensight/site.key");
    config->axes[0] = (struct es_axis_config){.name = "sex", .attribute = "PatientSex", .vocabulary = es_vocabulary_builtin("dicom-sex")};
    config->axes[1] = (struct es_axis_config){.name = "age", .attribute = "PatientAge", .bands = {0, 18, 40, 60, 80}, .n_bands = 5};
    config->n_axes = 2;
    config->max_levels = 64;
    config->mask_store_limit = 256;
    config->plan = (struct es_plan){
        .since_day = INT32_MIN, .alpha = 0.05, .false_alarms_per_year = 1, .min_cases = 10, .min_patients = 50};
    config->internal = (struct es_disclosure){ES_DISCLOSE_FLOOR, 5};
    config->external = (struct es_disclosure){ES_DISCLOSE_NHS, 0};
}

static enum es_errc build(struct config_reader *reader, const cJSON *object, struct es_config **out)
{
    struct es_config *config = es_vocabulary_builtins_ready(NULL) == ES_OK ? calloc(1, sizeof *config) : NULL;
    if (config == NULL) return config_memory(reader);
    reader->config = config;
    set_defaults(config);
    enum es_errc code = config_object(reader, object, NULL, top_keys, COUNT_OF(top_keys), config);
    if (config->node[0] == '\0') memcpy(config->node, config->site, sizeof config->node);
    const struct config_place plan = {NULL, "Plan", 0};
    if (code == ES_OK && cJSON_GetObjectItemCaseSensitive(object, "Plan") == NULL) code = config_read_plan(reader, NULL, &plan, config);
    if (code == ES_OK && config->reference_population[0] != '\0')
        code = es_population_read(&config->population_text, config->reference_population, reader->err);
    if (code == ES_OK && config->population_text != NULL)
        code = es_population_parse(&config->population, config->population_text, strlen(config->population_text), config, reader->err);
    if (code == ES_OK) code = config_make_documents(reader);
    if (code != ES_OK) {
        es_config_free(config);
        return code;
    }
    *out = config;
    return ES_OK;
}

enum es_errc es_config_parse(struct es_config **out, const char *text, size_t len, const char *base, struct es_error *err)
{
    struct config_reader reader = {.base = base, .err = err};
    struct es_error inner = {0};
    cJSON *tree = NULL;
    if (len > MAX_CONFIGURATION) return es_fail(err, ES_E_CONFIG, "configuration: found more than 4 MiB, expected less");
    enum es_errc code = es_json_parse(&tree, text, len, true, &inner);
    if (code != ES_OK)
        return es_fail(err, code == ES_E_MEMORY ? code : ES_E_CONFIG, "configuration: %s", inner.text);
    const cJSON *section = cJSON_IsObject(tree) ? cJSON_GetObjectItemCaseSensitive(tree, "Evensight") : NULL;
    code = build(&reader, section != NULL ? section : tree, out);
    cJSON_Delete(tree);
    return code;
}

/* The whole file, at most MAX_CONFIGURATION + 1 bytes, so that a longer one is noticed. */
static enum es_errc slurp(const char *path, char **out, size_t *len, struct es_error *err)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) return es_fail(err, ES_E_IO, "configuration %s: %s", path, strerror(errno));
    char *text = malloc(MAX_CONFIGURATION + 1);
    enum es_errc code = text == NULL ? es_fail(err, ES_E_MEMORY, "configuration %s: no memory", path) : ES_OK;
    if (code == ES_OK) *len = fread(text, 1, MAX_CONFIGURATION + 1, file);
    if (code == ES_OK && ferror(file) != 0) code = es_fail(err, ES_E_IO, "configuration %s: %s", path, strerror(errno));
    (void)fclose(file);
    if (code == ES_OK) *out = text;
    else free(text);
    return code;
}

enum es_errc es_config_read(struct es_config **out, const char *path, struct es_error *err)
{
    char *text = NULL, base[1024];
    size_t len = 0;
    const char *slash = strrchr(path, '/');
    const size_t base_len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    if (base_len >= sizeof base) return es_fail(err, ES_E_IO, "configuration: found a path of more than 1023 bytes");
    memcpy(base, path, base_len);
    base[base_len] = '\0';
    enum es_errc code = slurp(path, &text, &len, err);
    if (code != ES_OK) return code;
    code = es_config_parse(out, text, len, base, err);
    free(text);
    return code;
}

enum es_errc es_config_from_documents(struct es_config **out, const char *document, const char *plan_document, struct es_error *err)
{
    struct config_reader reader = {.stored = true, .err = err};
    cJSON *tree = NULL, *plan = NULL;
    enum es_errc code = es_json_parse(&tree, document, strlen(document), false, err);
    if (code == ES_OK) code = es_json_parse(&plan, plan_document, strlen(plan_document), false, err);
    if (code == ES_OK && (!cJSON_IsObject(tree) || !cJSON_IsObject(plan)))
        code = es_fail(err, ES_E_CONFIG, "stored configuration: found %s and %s, expected two objects", es_json_kind(tree), es_json_kind(plan));
    if (code == ES_OK && cJSON_AddItemToObject(tree, "Plan", plan)) plan = NULL;
    if (code == ES_OK) code = plan != NULL ? config_memory(&reader) : build(&reader, tree, out);
    cJSON_Delete(plan);
    cJSON_Delete(tree);
    return code;
}

void es_config_free(struct es_config *config)
{
    if (config == NULL) return;
    for (size_t i = 0; i < config->n_models; i++) {
        for (size_t k = 0; k < config->models[i].n_findings; k++) free(config->models[i].findings[k].from);
        free(config->models[i].findings);
        free(config->models[i].failed);
        free(config->models[i].version);
    }
    free(config->models);
    for (size_t i = 0; i < config->n_intake; i++) es_intake_rule_clear(&config->intake[i]);
    free(config->intake);
    es_population_free(config->population);
    free(config->population_text);
    free(config->plan.groups);
    free(config->document);
    free(config->plan_document);
    for (size_t i = 0; i < ES_MAX_AXES; i++) {
        es_vocabulary_free(config->owned_vocabularies[i]);
        free(config->vocabulary_texts[i]);
    }
    free(config);
}

int es_config_model(const struct es_config *config, const char *name)
{
    for (size_t i = 0; i < config->n_models; i++)
        if (strcmp(config->models[i].name, name) == 0) return (int)i;
    return -1;
}

int es_model_finding(const struct es_model_config *model, const char *name)
{
    for (size_t i = 0; i < model->n_findings; i++)
        if (strcmp(model->findings[i].name, name) == 0) return (int)i;
    return -1;
}

int config_axis(const struct es_config *config, const char *name)
{
    for (size_t i = 0; i < config->n_axes; i++)
        if (strcmp(config->axes[i].name, name) == 0) return (int)i;
    return -1;
}

bool es_config_has_unit(const struct es_config *config, enum es_unit_type unit)
{
    for (size_t i = 0; i < config->n_models; i++)
        for (size_t k = 0; k < config->models[i].n_findings; k++)
            if (config->models[i].findings[k].unit == unit) return true;
    return false;
}

bool es_config_wants(const struct es_config *config, const char *keyword)
{
    for (size_t i = 0; i < config->n_axes; i++)
        if (strcmp(config->axes[i].attribute, keyword) == 0 || strcmp(config->axes[i].linked, keyword) == 0) return keyword[0] != '\0';
    for (size_t i = 0; i < config->n_models; i++) {
        const struct es_eligibility *e = &config->models[i].eligible;
        if ((e->n_modality > 0 && strcmp(keyword, "Modality") == 0) || (e->n_body_part > 0 && strcmp(keyword, "BodyPartExamined") == 0) ||
            (e->n_view > 0 && strcmp(keyword, "ViewPosition") == 0) ||
            ((e->min_age >= 0 || e->max_age >= 0) && strcmp(keyword, "PatientAge") == 0))
            return true;
    }
    return (strcmp(keyword, "Laterality") == 0 || strcmp(keyword, "ImageLaterality") == 0) && es_config_has_unit(config, ES_UNIT_SIDE);
}

bool es_config_links(const struct es_config *config, const char *name)
{
    for (size_t i = 0; i < config->n_axes; i++)
        if (name[0] != '\0' && strcmp(config->axes[i].linked, name) == 0) return true;
    return false;
}

size_t es_axis_band(const struct es_axis_config *axis, int32_t value)
{
    size_t band = axis->n_bands;
    for (size_t i = 0; i < axis->n_bands; i++)
        if (value >= axis->bands[i]) band = i;
    return band;
}

void es_axis_band_name(const struct es_axis_config *axis, size_t band, char *out, size_t size)
{
    if (band >= axis->n_bands) (void)snprintf(out, size, "<%d", axis->n_bands > 0 ? axis->bands[0] : 0);
    else if (band + 1 == axis->n_bands) (void)snprintf(out, size, "%d+", axis->bands[band]);
    else if (axis->bands[band + 1] - 1 == axis->bands[band]) (void)snprintf(out, size, "%d", axis->bands[band]);
    else (void)snprintf(out, size, "%d-%d", axis->bands[band], axis->bands[band + 1] - 1);
}
