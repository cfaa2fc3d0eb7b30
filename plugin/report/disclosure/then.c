/* SPDX-License-Identifier: Apache-2.0 */
/* What earlier releases told of a finding, laid beside its table; and what this one tells, noted for later ones. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/disclosure/told.h"
#include "plugin/report/view.h"

/* ---- what was shown ---- */

static const cJSON *finding_then(const cJSON *record, const char *place, const cJSON **cells)
{
    const cJSON *entry;
    struct es_view_finding at = {0};
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(record, "cells"))
    {
        if (!es_view_next(cJSON_GetObjectItemCaseSensitive(record, "release"), &at)) return NULL;
        if (strcmp(es_view_string(entry, "finding"), place) != 0) continue;
        *cells = cJSON_GetObjectItemCaseSensitive(entry, "groups");
        return at.finding;
    }
    return NULL;
}

/** An empty entry. @return NULL when memory ran out */
static struct es_release_then *add_then(struct es_release_table *t, const cJSON *finding)
{
    struct es_release_then *grown = reallocarray(t->then, t->n_then + 1, sizeof *grown);
    if (!grown) return NULL;
    t->then = grown;
    struct es_release_then *then = &grown[t->n_then++];
    *then = (struct es_release_then){.finding = finding};
    then->group = calloc(t->groups + 1, sizeof *then->group);
    then->value = calloc(t->groups + 1, ES_CELL_KEYS * sizeof *then->value);
    then->people = calloc(t->groups + 1, ES_CELL_KEYS * sizeof *then->people);
    if (!then->group || !then->value || !then->people) return NULL;
    for (size_t i = 0; i < t->groups * ES_CELL_KEYS; i++) then->value[i] = NAN;
    return then;
}

static size_t group_of(const struct es_release_table *t, const cJSON *key)
{
    size_t g = 0;
    while (g < t->groups && !cJSON_Compare(key, cJSON_GetObjectItemCaseSensitive(t->group[g], "group"), true)) g++;
    return g;
}

static bool read_then(struct es_release_table *t, const cJSON *finding, const cJSON *cells)
{
    struct es_release_then *then = add_then(t, finding);
    if (!then) return false;
    const cJSON *group = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(finding, "groups"), 0), *entry;
    for (entry = cells ? cells->child : NULL; group && entry; group = group->next, entry = entry->next) {
        const size_t g = group_of(t, cJSON_GetObjectItemCaseSensitive(group, "group"));
        const cJSON *pair;
        size_t k = 0;
        if (g == t->groups) continue;
        then->group[g] = group;
        cJSON_ArrayForEach(pair, entry)
        {
            if (cJSON_IsArray(pair) && cJSON_GetArraySize(pair) == 2 && k < ES_CELL_KEYS) {
                then->value[g * ES_CELL_KEYS + k] = pair->child->valuedouble;
                then->people[g * ES_CELL_KEYS + k] = pair->child->next->valuedouble;
            }
            k++;
        }
    }
    return true;
}

/* ---- what a comparison told ---- */

/** Does a finding's name without its epoch read so? */
static bool same_version(const char *place, const char *version)
{
    const size_t len = strlen(version);
    return strncmp(place, version, len) == 0 && place[len] == '|';
}

/** A comparison's view, as one of this epoch. @param others  take off what the version's other epochs have now: what is left is this one's */
static bool lay_view(struct es_release_table *tables, size_t n_tables, size_t number, const struct es_told *told, const char *version, bool others)
{
    struct es_release_table *t = &tables[number];
    struct es_release_then *then = add_then(t, NULL);
    if (!then) return false;
    for (size_t i = 0; i < told->n; i++) {
        const size_t g = group_of(t, told->groups[i].key);
        if (g == t->groups) continue;
        then->group[g] = told->groups[i].key;
        memcpy(&then->value[g * ES_CELL_KEYS], told->groups[i].value, sizeof told->groups[i].value);
        memcpy(&then->people[g * ES_CELL_KEYS], told->groups[i].people, sizeof told->groups[i].people);
        for (size_t n = 0; others && n < n_tables; n++) {
            const struct es_release_table *o = &tables[n];
            const size_t at = n != number && same_version(o->place, version) ? group_of(o, told->groups[i].key) : SIZE_MAX;
            for (size_t k = 0; at != SIZE_MAX && at < o->groups && k < ES_CELL_KEYS; k++) {
                then->value[g * ES_CELL_KEYS + k] -= o->cells[at * ES_CELL_KEYS + k].value;
                then->people[g * ES_CELL_KEYS + k] -= o->cells[at * ES_CELL_KEYS + k].people;
            }
        }
    }
    return true;
}

/** Comparisons pool a version's epochs: told is their sum, and with the others known, this one. */
static bool lay_comparison(struct es_release_table *tables, size_t n_tables, size_t number, const cJSON *record)
{
    char version[ES_PLACE_SIZE];
    bool several = false, there = true, good = true;
    (void)snprintf(version, sizeof version, "%s", tables[number].place);
    char *epoch = strrchr(version, '|');
    if (epoch) *epoch = '\0';
    for (size_t n = 0; n < n_tables; n++) several |= n != number && same_version(tables[n].place, version);
    for (size_t view = 0; good && there; view++) {
        struct es_told told;
        good = es_told_read(record, version, view, &told, &there);
        if (good && there) good = lay_view(tables, n_tables, number, &told, version, false);
        if (good && there && several) good = lay_view(tables, n_tables, number, &told, version, true);
        es_told_clear(&told);
    }
    return good;
}

bool es_release_then_read(struct es_release_table *tables, size_t n_tables, size_t number, const cJSON *earlier)
{
    const cJSON *record, *cells = NULL;
    cJSON_ArrayForEach(record, earlier)
    {
        const char *schema = es_view_string(cJSON_GetObjectItemCaseSensitive(record, "release"), "schema");
        if (strcmp(schema, "evensight-report/1") != 0) {
            if (!lay_comparison(tables, n_tables, number, record)) return false;
            continue;
        }
        const cJSON *finding = finding_then(record, tables[number].place, &cells);
        if (finding && !read_then(&tables[number], finding, cells)) return false;
    }
    return true;
}

void es_release_then_free(struct es_release_table *t)
{
    for (size_t i = 0; i < t->n_then; i++) {
        free(t->then[i].group);
        free(t->then[i].value);
        free(t->then[i].people);
    }
    free(t->then);
    t->then = NULL;
    t->n_then = 0;
}

void es_release_note(struct es_tree *tree, cJSON *cells, const struct es_release_table *t)
{
    cJSON *entry = es_tree_object(tree, cells, NULL);
    es_tree_text(tree, entry, "finding", t->place);
    cJSON *groups = es_tree_array(tree, entry, "groups");
    for (size_t g = 0; g < t->groups; g++) {
        cJSON *list = es_tree_array(tree, groups, NULL);
        for (size_t k = 0; k < ES_CELL_KEYS; k++) {
            const struct es_cell *c = &t->cells[g * ES_CELL_KEYS + k];
            const bool told = es_release_told(t, g, k);
            cJSON *pair = told ? es_tree_array(tree, list, NULL) : NULL;
            if (told) es_tree_number(tree, pair, NULL, c->value);
            if (told) es_tree_number(tree, pair, NULL, c->people);
            if (!told) es_tree_number(tree, list, NULL, NAN);
        }
    }
}
