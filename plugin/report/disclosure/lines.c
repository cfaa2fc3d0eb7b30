/* SPDX-License-Identifier: Apache-2.0 */
/* Which groups add up to which: the lines of every table that a finding's groups form. */
#include <stdlib.h>
#include <string.h>

#include "plugin/report/disclosure/disclosure.h"
#include "plugin/report/view.h"

/** Do two groups differ at most in the level of this axis? Keys stand in the order of their grouping. */
static bool one_line(const cJSON *a, const cJSON *b, const char *axis)
{
    const cJSON *x = a->child, *y = b->child;
    for (; x && y; x = x->next, y = y->next) {
        if (strcmp(x->string, y->string) != 0) return false;
        if (strcmp(x->string, axis) != 0 && strcmp(x->valuestring, y->valuestring) != 0) return false;
    }
    return !x && !y;
}

/** Is `total` the group that a line through `member` along this axis adds up to? */
static bool adds_up_to(const cJSON *total, const cJSON *member, const char *axis)
{
    const cJSON *level;
    if (cJSON_GetArraySize(total) + 1 != cJSON_GetArraySize(member)) return false;
    cJSON_ArrayForEach(level, member)
    {
        if (strcmp(level->string, axis) != 0 && strcmp(es_view_string(total, level->string), level->valuestring) != 0) return false;
    }
    return true;
}

static bool add_member(struct es_release_table *t, size_t group)
{
    if (t->n_members == t->members_size) {
        const size_t size = t->members_size ? t->members_size * 2 : 256;
        size_t *grown = reallocarray(t->members, size, sizeof *grown);
        if (!grown) return false;
        t->members = grown;
        t->members_size = size;
    }
    t->members[t->n_members++] = group;
    return true;
}

static bool add_line(struct es_release_table *t, const cJSON *const *key, size_t first, const char *axis)
{
    struct es_release_line line = {t->n_members, 0, SIZE_MAX};
    for (size_t j = 0; j < first; j++)
        if (one_line(key[first], key[j], axis)) return true; /* seen from there */
    for (size_t j = 0; j < t->groups; j++) {
        if (line.total == SIZE_MAX && adds_up_to(key[j], key[first], axis)) line.total = j;
        if (!one_line(key[first], key[j], axis)) continue;
        if (!add_member(t, j)) return false;
        line.n++;
    }
    if (t->n_lines == t->lines_size) {
        const size_t size = t->lines_size ? t->lines_size * 2 : 64;
        struct es_release_line *grown = reallocarray(t->lines, size, sizeof *grown);
        if (!grown) return false;
        t->lines = grown;
        t->lines_size = size;
    }
    t->lines[t->n_lines++] = line;
    return true;
}

bool es_release_lines(struct es_release_table *t)
{
    const cJSON **key = calloc(t->groups ? t->groups : 1, sizeof *key), *level;
    bool ok = key != NULL;
    for (size_t g = 0; ok && g < t->groups; g++) key[g] = cJSON_GetObjectItemCaseSensitive(t->group[g], "group");
    for (size_t g = 0; ok && g < t->groups; g++) {
        cJSON_ArrayForEach(level, key[g])
        {
            ok = ok && add_line(t, key, g, level->string);
        }
    }
    free(key);
    return ok;
}
