/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dicom/attributes.h"
#include "plugin/config/check.h"

#define MAX_VOCABULARY_FILE (1u << 20)
#define HIGHEST 99999 /* of a linked number: more digits are not kept (event/attributes.c) */
#define OLDEST_AGE 90 /* ages over 89 are kept as 90 (45 CFR 164.514(b)(2)(i)(C)) */

/* What one axis is read into before its parts are held against each other. */
struct axis_reading {
    struct es_axis_config axis;
    const cJSON *bands, *vocabulary;
    int32_t level; /* index into levels[]; -1: not given */
    int32_t multiple; /* index into multiples[]; -1: not given */
};

static const char *const levels[] = {"value", "group", NULL};
static const char *const multiples[] = {"multiple", "alone-or-in-combination", NULL};

static config_read_fn read_attribute, keep_bands, keep_vocabulary;

static const struct config_key axis_keys[] = {
    {"Name", CONFIG_NAME, true, offsetof(struct axis_reading, axis.name), ES_NAME_SIZE, 0, 0, NULL, NULL},
    {"Attribute", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, read_attribute},
    {"Linked", CONFIG_NAME, false, offsetof(struct axis_reading, axis.linked), ES_NAME_SIZE, 0, 0, NULL, NULL},
    {"Bands", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, keep_bands},
    {"Vocabulary", CONFIG_OTHER, false, 0, 0, 0, 0, NULL, keep_vocabulary},
    {"Level", CONFIG_CHOICE, false, offsetof(struct axis_reading, level), 0, 0, 0, levels, NULL},
    {"Multiple", CONFIG_CHOICE, false, offsetof(struct axis_reading, multiple), 0, 0, 0, multiples, NULL},
    {"Combination", CONFIG_TEXT, false, offsetof(struct axis_reading, axis.combination), ES_FACT_VALUE, 0, 0, NULL, NULL},
};

/* Free text about people is kept only as a vocabulary's level; about equipment it is held to its own alphabet (event/attributes.c). */
static bool needs_vocabulary(const char *keyword)
{
    for (size_t i = 0; i < es_n_attributes; i++)
        if (strcmp(es_attributes[i].keyword, keyword) == 0)
            return (es_attributes[i].use & ES_USE_DEMOGRAPHICS) != 0 && es_attribute_is_free_text(&es_attributes[i]);
    return false;
}

static bool attribute_is_fact(const char *keyword)
{
    for (size_t i = 0; i < es_n_attributes; i++)
        if (strcmp(es_attributes[i].keyword, keyword) == 0) return es_attribute_is_fact(&es_attributes[i]);
    return false;
}

static enum es_errc read_attribute(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct axis_reading *reading = into;
    const enum es_errc code = config_text(reader, item, place, true, reading->axis.attribute, ES_NAME_SIZE);
    if (code != ES_OK) return code;
    if (!attribute_is_fact(reading->axis.attribute))
        return config_fault(reader, place, item, "the PS3.6 keyword of an attribute that is read, such as PatientSex or ViewPosition");
    return ES_OK;
}

static enum es_errc keep_bands(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    (void)reader;
    (void)place;
    ((struct axis_reading *)into)->bands = item;
    return ES_OK;
}

static enum es_errc keep_vocabulary(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    (void)reader;
    (void)place;
    ((struct axis_reading *)into)->vocabulary = item;
    return ES_OK;
}

static enum es_errc read_bands(struct config_reader *reader, const cJSON *item, const struct config_place *place,
                               struct es_axis_config *axis)
{
    const bool age = strcmp(axis->attribute, "PatientAge") == 0;
    const int32_t highest = age ? OLDEST_AGE : reader->stored ? 1000000000 : HIGHEST;
    const struct config_place list = {place, "Bands", 0};
    size_t count = 0;
    const enum es_errc code = config_list(reader, item, &list, 1, ES_MAX_BANDS, &count);
    if (code != ES_OK) return code;
    size_t i = 0;
    for (const cJSON *edge = item->child; edge != NULL; edge = edge->next, i++) {
        const struct config_place here = {&list, NULL, i};
        const int64_t lowest = i > 0 ? (int64_t)axis->bands[i - 1] + 1 : age ? 0 : -(int64_t)highest;
        const double value = cJSON_IsNumber(edge) ? edge->valuedouble : (double)highest + 1;
        if (!(value >= (double)lowest && value <= (double)highest) || value != (double)(int32_t)value)
            return config_fault(reader, &here, edge, "a whole number in %lld..%d, greater than the edge before", (long long)lowest, highest);
        axis->bands[i] = (int32_t)value;
    }
    axis->n_bands = count;
    return ES_OK;
}

/* The same file of an earlier axis: one vocabulary, so that both may read one attribute. */
static const struct es_vocabulary *shared(const struct es_config *config, const char *text)
{
    for (size_t i = 0; i < config->n_axes; i++)
        if (config->vocabulary_texts[i] != NULL && strcmp(config->vocabulary_texts[i], text) == 0) return config->axes[i].vocabulary;
    return NULL;
}

/* The file's own text goes into the document, so that a report can be made again after the file has changed. */
static enum es_errc slurp(struct config_reader *reader, const char *path, const struct config_place *place, char **out)
{
    enum es_errc code = ES_OK;
    char *text = malloc(MAX_VOCABULARY_FILE + 1);
    FILE *file = fopen(path, "re");
    if (text == NULL) {
        code = config_memory(reader);
    } else if (file == NULL) {
        code = config_wrong(reader, place, "found \"%s\", which cannot be read; expected a CSV file or the name of a vocabulary", path);
    } else {
        const size_t len = fread(text, 1, MAX_VOCABULARY_FILE + 1, file);
        if (ferror(file) != 0) code = config_wrong(reader, place, "found \"%s\", which cannot be read", path);
        else if (len > MAX_VOCABULARY_FILE) code = config_wrong(reader, place, "found a file of more than 1 MiB, expected a vocabulary");
        else if (!es_utf8_valid(text, len)) code = config_wrong(reader, place, "found a file that is no UTF-8 text, expected a CSV file");
        else text[len] = '\0';
    }
    if (file != NULL) (void)fclose(file);
    if (code == ES_OK) *out = text;
    else free(text);
    return code;
}

static enum es_errc load_file(struct config_reader *reader, const char *path, const struct config_place *place, size_t index)
{
    struct es_error inner = {0};
    if (es_vocabulary_load(&reader->config->owned_vocabularies[index], path, &inner) == ES_OK) return ES_OK;
    return config_wrong(reader, place, "%s", inner.text);
}

/* A vocabulary that stands inside a stored document. */
static enum es_errc load_text(struct config_reader *reader, const char *text, const struct config_place *place, size_t index)
{
    char path[64];
    const int fd = memfd_create("vocabulary", MFD_CLOEXEC);
    if (fd < 0) return config_memory(reader);
    const size_t len = strlen(text);
    const bool wrote = write(fd, text, len) == (ssize_t)len;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const enum es_errc code = wrote ? load_file(reader, path, place, index) : config_memory(reader);
    (void)close(fd);
    return code;
}

static enum es_errc read_vocabulary(struct config_reader *reader, const cJSON *item, const struct config_place *place,
                                    struct es_axis_config *axis, size_t index)
{
    const struct config_place here = {place, "Vocabulary", 0};
    const cJSON *text = reader->stored ? cJSON_GetObjectItemCaseSensitive(item, "Text") : NULL;
    char path[1024];
    enum es_errc code;
    if (cJSON_IsString(text)) {
        char *copy = strdup(text->valuestring);
        if (copy == NULL) return config_memory(reader);
        axis->vocabulary = shared(reader->config, copy);
        reader->config->vocabulary_texts[index] = copy;
        if (axis->vocabulary != NULL) return ES_OK;
        code = load_text(reader, copy, &here, index);
    } else {
        if (!cJSON_IsString(item)) return config_fault(reader, &here, item, "the name of a vocabulary or of a CSV file");
        axis->vocabulary = es_vocabulary_builtin(item->valuestring);
        if (axis->vocabulary != NULL) return ES_OK;
        code = config_file(reader, item, &here, path, sizeof path);
        if (code == ES_OK) code = slurp(reader, path, &here, &reader->config->vocabulary_texts[index]);
        if (code == ES_OK) axis->vocabulary = shared(reader->config, reader->config->vocabulary_texts[index]);
        if (axis->vocabulary != NULL) return code;
        if (code == ES_OK) code = load_file(reader, path, &here, index);
    }
    if (code == ES_OK) axis->vocabulary = reader->config->owned_vocabularies[index];
    return code;
}

static enum es_errc finish_axis(struct config_reader *reader, const struct config_place *place, struct axis_reading *reading,
                                size_t index)
{
    struct es_axis_config *axis = &reading->axis;
    static const int32_t age_bands[] = {0, 18, 40, 60, 80};
    enum es_errc code = ES_OK;
    if ((axis->attribute[0] != '\0') == (axis->linked[0] != '\0'))
        return config_wrong(reader, place, "found %s of Attribute and Linked, expected exactly one",
                            axis->attribute[0] != '\0' ? "both" : "none");
    if (axis->linked[0] != '\0' && attribute_is_fact(axis->linked))
        return config_wrong(reader, place, "found Linked \"%s\", which is an attribute of the header; expected Attribute", axis->linked);
    if (reading->bands != NULL && reading->vocabulary != NULL)
        return config_wrong(reader, place, "found both of Bands and Vocabulary, expected at most one");
    if (reading->bands != NULL && axis->linked[0] == '\0' && strcmp(axis->attribute, "PatientAge") != 0)
        return config_wrong(reader, place, "found Bands, expected them with PatientAge or Linked only");
    if (reading->level == 1 && reading->vocabulary == NULL)
        return config_wrong(reader, place, "found Level \"group\" without Vocabulary, expected both");
    axis->group_level = reading->level == 1;
    if (reading->bands != NULL) code = read_bands(reader, reading->bands, place, axis);
    if (code == ES_OK && reading->vocabulary != NULL) code = read_vocabulary(reader, reading->vocabulary, place, axis, index);
    if (reading->bands == NULL && strcmp(axis->attribute, "PatientAge") == 0) {
        memcpy(axis->bands, age_bands, sizeof age_bands);
        axis->n_bands = sizeof age_bands / sizeof age_bands[0];
    }
    if (reading->vocabulary == NULL && strcmp(axis->attribute, "PatientSex") == 0) axis->vocabulary = es_vocabulary_builtin("dicom-sex");
    if (code == ES_OK && axis->vocabulary == NULL && !reader->stored && needs_vocabulary(axis->attribute)) { /* older ledgers stay readable */
        const struct config_place here = {place, "Vocabulary", 0};
        return config_wrong(reader, &here, "found none, expected one: %s holds free text", axis->attribute);
    }
    return code;
}

static bool known_level(const struct es_axis_config *axis, const char *level)
{
    for (const char *const *known = es_vocabulary_levels(axis->vocabulary, axis->group_level); *known != NULL; known++)
        if (strcmp(*known, level) == 0) return true;
    return false;
}

static enum es_errc check_multiple(struct config_reader *reader, const struct config_place *place, const struct axis_reading *reading)
{
    const struct es_axis_config *axis = &reading->axis;
    const struct config_place here = {place, "Combination", 0};
    if (reading->multiple >= 0 && axis->vocabulary == NULL) return config_wrong(reader, place, "found Multiple without Vocabulary, expected both");
    if (axis->combination[0] == '\0') return ES_OK;
    if (reading->multiple != 1)
        return config_wrong(reader, place, "found Combination without Multiple \"alone-or-in-combination\", expected both");
    if (!known_level(axis, axis->combination))
        return config_wrong(reader, &here, "found \"%s\", expected a %s of the vocabulary", axis->combination, axis->group_level ? "group" : "level");
    return ES_OK;
}

static enum es_errc add_axis(struct config_reader *reader, const struct config_place *place, const struct es_axis_config *axis)
{
    struct es_config *config = reader->config;
    if (config->n_axes == ES_MAX_AXES)
        return config_wrong(reader, place, "found more axes than %d, one for each level of \"alone-or-in-combination\"; expected fewer", ES_MAX_AXES);
    if (config_axis(config, axis->name) >= 0)
        return config_wrong(reader, place, "found a second axis named \"%s\", expected names that differ", axis->name);
    /* An event keeps one value of an attribute: what two axes read must mean the same. */
    for (size_t k = 0; k < config->n_axes; k++) {
        const struct es_axis_config *other = &config->axes[k];
        if (strcmp(other->attribute, axis->attribute) == 0 && strcmp(other->linked, axis->linked) == 0 &&
            (other->vocabulary != axis->vocabulary || (other->n_bands > 0) != (axis->n_bands > 0)))
            return config_wrong(reader, place, "found another vocabulary or bands than axis \"%s\" has for the same attribute", other->name);
    }
    config->axes[config->n_axes++] = *axis;
    return ES_OK;
}

/* Alone or in combination: people of several answers stand in several groups, so each level is an axis of its own, with "yes", "no" and
 * "unknown"; every one of them adds up to everyone, and the rest of a group is known not to be in it. */
static enum es_errc add_combinations(struct config_reader *reader, const struct config_place *place, const struct axis_reading *reading)
{
    const size_t first = reader->config->n_axes;
    const char *text = reader->config->vocabulary_texts[first];
    for (const char *const *level = es_vocabulary_levels(reading->axis.vocabulary, reading->axis.group_level); *level != NULL; level++) {
        struct es_axis_config axis = reading->axis;
        const size_t at = reader->config->n_axes;
        const int n = snprintf(axis.name, sizeof axis.name, "%s %s", reading->axis.name, *level);
        if (n < 0 || (size_t)n >= sizeof axis.name)
            return config_wrong(reader, place, "found a name that is too long with the level \"%s\" behind it, expected a shorter one", *level);
        (void)snprintf(axis.combination, sizeof axis.combination, "%s", *level);
        const enum es_errc code = add_axis(reader, place, &axis);
        if (code != ES_OK) return code;
        if (text != NULL && at != first && (reader->config->vocabulary_texts[at] = strdup(text)) == NULL) return config_memory(reader);
    }
    return ES_OK;
}

enum es_errc config_read_axes(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_config *config = into;
    size_t count = 0, i = 0;
    enum es_errc code = config_list(reader, item, place, 0, ES_MAX_AXES, &count);
    if (code != ES_OK) return code;
    config->n_axes = 0; /* instead of the default ones */
    for (const cJSON *entry = item->child; entry != NULL; entry = entry->next, i++) {
        const struct config_place here = {place, NULL, i};
        struct axis_reading reading = {.level = -1, .multiple = -1};
        code = config_object(reader, entry, &here, axis_keys, sizeof axis_keys / sizeof axis_keys[0], &reading);
        if (code == ES_OK && config->n_axes == ES_MAX_AXES) code = add_axis(reader, &here, &reading.axis);
        if (code == ES_OK) code = finish_axis(reader, &here, &reading, config->n_axes);
        if (code == ES_OK) code = check_multiple(reader, &here, &reading);
        if (code == ES_OK)
            code = reading.multiple == 1 && reading.axis.combination[0] == '\0' ? add_combinations(reader, &here, &reading)
                                                                               : add_axis(reader, &here, &reading.axis);
        if (code != ES_OK) return code;
    }
    return ES_OK;
}

static enum es_errc add_intersection(struct config_reader *reader, const struct config_place *place, const struct es_intersection *made)
{
    struct es_config *config = reader->config;
    for (size_t i = 0; i < config->n_intersections; i++)
        if (config->intersections[i].n == made->n && memcmp(config->intersections[i].axis, made->axis, made->n) == 0)
            return config_wrong(reader, place, "given twice, expected once");
    if (config->n_intersections == ES_MAX_INTERSECTIONS)
        return config_wrong(reader, place, "found more intersections, expected at most %d", ES_MAX_INTERSECTIONS);
    config->intersections[config->n_intersections++] = *made;
    return ES_OK;
}

static enum es_errc read_intersection(struct config_reader *reader, const cJSON *item, const struct config_place *place)
{
    struct es_intersection made = {0};
    size_t count = 0, i = 0;
    const enum es_errc code = config_list(reader, item, place, 2, 3, &count);
    if (code != ES_OK) return code;
    for (const cJSON *name = item->child; name != NULL; name = name->next, i++) {
        const struct config_place here = {place, NULL, i};
        const int axis = cJSON_IsString(name) ? config_axis(reader->config, name->valuestring) : -1;
        if (axis < 0) return config_fault(reader, &here, name, "the name of an axis");
        uint8_t at = made.n; /* sorted, so that ["age","sex"] and ["sex","age"] are one */
        while (at > 0 && made.axis[at - 1] > (uint8_t)axis) {
            made.axis[at] = made.axis[at - 1];
            at--;
        }
        if (at > 0 && made.axis[at - 1] == (uint8_t)axis) return config_fault(reader, &here, name, "axes that differ");
        made.axis[at] = (uint8_t)axis;
        made.n++;
    }
    return add_intersection(reader, place, &made);
}

enum es_errc config_read_intersections(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    const struct es_config *config = into;
    size_t count = 0, i = 0;
    enum es_errc code = ES_OK;
    if (cJSON_IsString(item) && strcmp(item->valuestring, "pairs") == 0) {
        for (uint8_t a = 0; a < config->n_axes; a++)
            for (uint8_t b = (uint8_t)(a + 1); code == ES_OK && b < config->n_axes; b++)
                code = add_intersection(reader, place, &(struct es_intersection){2, {a, b, 0}});
        return code;
    }
    if (!cJSON_IsArray(item)) return config_fault(reader, place, item, "\"pairs\" or a list of lists of axis names");
    code = config_list(reader, item, place, 0, ES_MAX_INTERSECTIONS, &count);
    for (const cJSON *entry = item->child; code == ES_OK && entry != NULL; entry = entry->next, i++) {
        const struct config_place here = {place, NULL, i};
        code = read_intersection(reader, entry, &here);
    }
    return code;
}
