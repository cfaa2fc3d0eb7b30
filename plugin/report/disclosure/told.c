/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/report/disclosure/told.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/view.h"

void es_told_place(const char *model, const char *version, const char *finding, char out[ES_PLACE_SIZE])
{
    (void)snprintf(out, ES_PLACE_SIZE, "%.99s|%.99s|%.99s", model, version, finding);
}

const struct es_told_group *es_told_find(const struct es_told *told, const cJSON *key)
{
    for (size_t i = 0; i < told->n; i++)
        if (cJSON_Compare(told->groups[i].key, key, true)) return &told->groups[i];
    return NULL;
}

void es_told_clear(struct es_told *told)
{
    free(told->groups);
    *told = (struct es_told){0};
}

/** Add a group's cells to what is there of it; what one part did not tell the sum does not. @param at  where it is likely to be */
static bool add(struct es_told *told, size_t at, const cJSON *key, const cJSON *cells)
{
    struct es_told_group *g = at < told->n && cJSON_Compare(told->groups[at].key, key, true) ? &told->groups[at] : NULL;
    const cJSON *pair = cells ? cells->child : NULL;
    for (size_t i = 0; !g && i < told->n; i++)
        if (cJSON_Compare(told->groups[i].key, key, true)) g = &told->groups[i];
    if (!g) {
        struct es_told_group *grown = reallocarray(told->groups, told->n + 1, sizeof *grown);
        if (!grown) return false;
        told->groups = grown;
        g = &grown[told->n++];
        *g = (struct es_told_group){.key = key};
    }
    for (size_t k = 0; k < ES_CELL_KEYS; k++, pair = pair ? pair->next : NULL) {
        const bool shown = cJSON_IsArray(pair) && cJSON_GetArraySize(pair) == 2;
        g->value[k] += shown ? pair->child->valuedouble : (double)NAN;
        g->people[k] += shown ? pair->child->next->valuedouble : (double)NAN;
    }
    return true;
}

/** `groups`: objects with a member "group", one a list of cells. */
static bool add_all(struct es_told *told, const cJSON *groups, const cJSON *cells)
{
    const cJSON *group = groups ? groups->child : NULL, *entry = cells ? cells->child : NULL;
    for (size_t at = 0; group && entry; group = group->next, entry = entry->next, at++)
        if (!add(told, at, cJSON_GetObjectItemCaseSensitive(group, "group"), entry)) return false;
    return true;
}

/** Is it the place, or an epoch of it? */
static bool is_of(const char *finding, const char *place)
{
    const size_t len = strlen(place);
    return strncmp(finding, place, len) == 0 && (finding[len] == '\0' || (finding[len] == '|' && strchr(finding + len + 1, '|') == NULL));
}

bool es_told_read(const cJSON *record, const char *place, size_t view, struct es_told *out, bool *there)
{
    const cJSON *entry;
    struct es_view_finding at = {0};
    size_t met = 0;
    bool good = true;
    *out = (struct es_told){0};
    *there = false;
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(record, "cells"))
    {
        const cJSON *groups = cJSON_GetObjectItemCaseSensitive(entry, "keys"), *cells = cJSON_GetObjectItemCaseSensitive(entry, "groups");
        const bool comparison = groups != NULL;
        if (!comparison && !es_view_next(cJSON_GetObjectItemCaseSensitive(record, "release"), &at)) break;
        if (!comparison) groups = cJSON_GetObjectItemCaseSensitive(at.finding, "groups");
        if (!is_of(es_view_string(entry, "finding"), place)) continue;
        met++;
        if (view != (comparison ? met - 1 : met) && (comparison || view != 0)) continue;
        *there = true;
        good = good && add_all(out, groups, cells);
    }
    return good;
}
