/* SPDX-License-Identifier: Apache-2.0 */
/* Levels of an axis: from what exams carry to names in printing order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugin/cohort/internal.h"

/* A level while it is being listed. Order: below all bands, bands, vocabulary order, bytes. */
struct named {
    char name[ES_FACT_VALUE];
    uint32_t order;
    uint64_t count;
};

static const char *axis_keyword(const struct es_axis_config *axis) { return axis->linked[0] ? axis->linked : axis->attribute; }

/* Whole number; an age in days ("540d") is cut to whole years. */
static bool whole_number(const char *text, int32_t *out)
{
    const bool minus = text[0] == '-';
    int64_t number = 0;
    size_t i = minus ? 1 : 0;
    const size_t first = i;
    for (; text[i] >= '0' && text[i] <= '9' && i < first + 9; i++) number = number * 10 + (text[i] - '0');
    if (i == first) return false;
    if (text[i] == 'd' && text[i + 1] == '\0') number /= 365;
    else if (text[i] != '\0') return false;
    *out = (int32_t)(minus ? -number : number);
    return true;
}

static void band_name(const struct es_axis_config *axis, size_t band, struct named *out)
{
    const int lower = axis->bands[band];
    out->order = (uint32_t)band + 1;
    if (band + 1 == axis->n_bands) snprintf(out->name, sizeof out->name, "%d+", lower);
    else if (axis->bands[band + 1] - 1 == lower) snprintf(out->name, sizeof out->name, "%d", lower);
    else snprintf(out->name, sizeof out->name, "%d-%d", lower, axis->bands[band + 1] - 1);
}

/* Several answers in one value, "A\\D": the level or group of each part. */
static const char *next_part(const struct es_axis_config *axis, const char **at, char part[ES_FACT_VALUE])
{
    const size_t len = strcspn(*at, "\\");
    snprintf(part, ES_FACT_VALUE, "%.*s", (int)len, *at);
    *at = (*at)[len] ? *at + len + 1 : NULL;
    if (!axis->group_level) return part;
    const struct es_term term = es_vocabulary_find(axis->vocabulary, part);
    return term.state == ES_ATTRIBUTE_PRESENT ? term.group : NULL;
}

/* Is the axis' own level among the answers? */
static bool combined(const struct es_axis_config *axis, const char *text, struct named *out)
{
    bool yes = false;
    for (const char *at = text; at;) {
        char part[ES_FACT_VALUE];
        const char *level = next_part(axis, &at, part);
        if (!level) return false;
        yes |= strcmp(level, axis->combination) == 0;
    }
    *out = (struct named){.order = yes ? 1 : 2};
    snprintf(out->name, sizeof out->name, "%s", yes ? "yes" : "no");
    return true;
}

/* Answers of one group are that group; of several, "multiple". */
static bool several(const struct es_axis_config *axis, const char *text, struct named *out)
{
    char first[ES_FACT_VALUE] = "";
    bool many = false;
    for (const char *at = text; at;) {
        char part[ES_FACT_VALUE];
        const char *level = next_part(axis, &at, part);
        if (!level) return false;
        many |= first[0] && strcmp(first, level) != 0;
        if (!first[0]) snprintf(first, sizeof first, "%s", level);
    }
    *out = (struct named){.order = many ? UINT32_MAX - 1 : es_vocabulary_order(axis->vocabulary, first)};
    snprintf(out->name, sizeof out->name, "%s", many ? "multiple" : first);
    return true;
}

/* Level of a value; false: unknown. */
static bool level_of(const struct es_axis_config *axis, const struct es_value *value, struct named *out)
{
    const char *text = value->text + 1;
    *out = (struct named){.order = UINT32_MAX};
    if (value->state != ES_ATTRIBUTE_PRESENT || text[0] == '\0') return false;
    if (axis->n_bands > 0) {
        int32_t number;
        size_t band = axis->n_bands;
        if (!whole_number(text, &number)) return false;
        while (band > 0 && number < axis->bands[band - 1]) band--;
        if (band > 0) {
            band_name(axis, band - 1, out);
        } else {
            out->order = 0;
            snprintf(out->name, sizeof out->name, "<%d", axis->bands[0]);
        }
        return true;
    }
    if (axis->vocabulary && axis->combination[0]) return combined(axis, text, out);
    if (axis->vocabulary && strchr(text, '\\')) return several(axis, text, out);
    if (axis->vocabulary && axis->group_level) {
        const struct es_term term = es_vocabulary_find(axis->vocabulary, text);
        if (term.state != ES_ATTRIBUTE_PRESENT || !term.group) return false;
        text = term.group;
    }
    snprintf(out->name, sizeof out->name, "%s", text);
    if (axis->vocabulary) out->order = es_vocabulary_order(axis->vocabulary, text);
    return strcasecmp(text, "unknown") != 0;
}

static int by_print(const void *left, const void *right)
{
    const struct named *a = left, *b = right;
    if (a->order != b->order) return a->order < b->order ? -1 : 1;
    return strcmp(a->name, b->name);
}
static int by_count(const void *left, const void *right)
{
    const struct named *a = left, *b = right;
    if (a->count != b->count) return a->count > b->count ? -1 : 1;
    return strcmp(a->name, b->name);
}

static void count_codes(const struct es_cohort *cohort, int attribute, uint64_t *counts)
{
    for (uint32_t i = 0; i < cohort->n_exams; i++)
        if (cohort->exams[i].used) counts[es_exam_codes(cohort, i)[attribute]]++;
}

/* Names that occur, and every band, each once, in printing order. */
static size_t list_names(const struct es_cohort *cohort, const struct es_axis_config *axis, int attribute, const uint64_t *counts,
                         struct named *out)
{
    size_t n = 0, unique = 0;
    for (size_t i = 0; i < axis->n_bands; i++) {
        out[n] = (struct named){0};
        band_name(axis, i, &out[n++]);
    }
    const bool crowded = attribute >= 0 && es_cohort_crowded(cohort, (size_t)attribute);
    for (uint32_t code = 0; attribute >= 0 && code < cohort->dictionaries[attribute].count; code++) {
        if (counts[code] == 0 || !level_of(axis, es_value_at(&cohort->dictionaries[attribute], code, crowded), &out[n])) continue;
        out[n++].count = counts[code];
    }
    qsort(out, n, sizeof *out, by_print);
    for (size_t i = 0; i < n; i++) {
        if (unique > 0 && strcmp(out[i].name, out[unique - 1].name) == 0) out[unique - 1].count += out[i].count;
        else out[unique++] = out[i];
    }
    return unique;
}

static enum es_errc fill(struct es_levels *out, const struct named *names, size_t n, bool other, struct es_error *err)
{
    struct es_levels levels = {0};
    levels.names = calloc(n + 2, sizeof *levels.names);
    if (!levels.names) return es_fail(err, ES_E_MEMORY, "cohort: out of memory");
    bool good = (levels.names[levels.count++] = strdup("unknown")) != NULL;
    for (size_t i = 0; good && i < n; i++) good = (levels.names[levels.count++] = strdup(names[i].name)) != NULL;
    if (good && other) good = (levels.names[levels.count++] = strdup("other")) != NULL;
    if (!good) {
        es_levels_clear(&levels);
        return es_fail(err, ES_E_MEMORY, "cohort: out of memory");
    }
    *out = levels;
    return ES_OK;
}

enum es_errc es_cohort_levels(const struct es_cohort *cohort, size_t axis, struct es_levels *out, struct es_error *err)
{
    const struct es_axis_config *config = &cohort->config->axes[axis];
    const int attribute = es_cohort_attribute(cohort, axis_keyword(config));
    const uint32_t codes = attribute < 0 ? 0 : cohort->dictionaries[attribute].count;
    uint32_t most = cohort->config->max_levels;
    if (most == 0 || most > ES_MAX_LEVELS - 2) most = ES_MAX_LEVELS - 2;
    uint64_t *counts = calloc((size_t)codes + 1, sizeof *counts);
    struct named *names = calloc((size_t)codes + config->n_bands + 1, sizeof *names);
    enum es_errc code = counts && names ? ES_OK : es_fail(err, ES_E_MEMORY, "cohort: out of memory");
    if (code == ES_OK) {
        if (attribute >= 0) count_codes(cohort, attribute, counts);
        size_t n = list_names(cohort, config, attribute, counts, names);
        const bool other = n > most;
        if (other) {
            qsort(names, n, sizeof *names, by_count);
            n = most;
            qsort(names, n, sizeof *names, by_print);
        }
        code = fill(out, names, n, other, err);
    }
    free(counts);
    free(names);
    return code;
}

void es_levels_clear(struct es_levels *levels)
{
    if (!levels) return;
    for (size_t i = 0; levels->names && i < levels->count; i++) free(levels->names[i]);
    free(levels->names);
    memset(levels, 0, sizeof *levels);
}

enum es_errc es_cohort_level_map(const struct es_cohort *cohort, size_t axis, const struct es_levels *levels, uint8_t *map,
                                 struct es_error *err)
{
    const struct es_axis_config *config = &cohort->config->axes[axis];
    const int attribute = es_cohort_attribute(cohort, axis_keyword(config));
    if (attribute < 0) return es_fail(err, ES_E_STATE, "cohort: axis %zu has no attribute", axis);
    const bool crowded = es_cohort_crowded(cohort, (size_t)attribute);
    for (uint32_t code = 0; code < cohort->dictionaries[attribute].count; code++) {
        struct named level;
        map[code] = 0;
        if (!level_of(config, es_value_at(&cohort->dictionaries[attribute], code, crowded), &level)) continue;
        uint8_t at = 1;
        while (at < levels->count && strcmp(levels->names[at], level.name) != 0) at++;
        map[code] = at < levels->count ? at : (uint8_t)(levels->count - 1); /* past MaximumLevels: "other" stands last */
    }
    return ES_OK;
}
