/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/worker/aside.h"

#include <stdio.h>
#include <string.h>

#include "dicom/secret.h"

static struct es_aside_object *find(const struct es_aside *aside, const char *id)
{
    for (size_t i = 0; i < aside->count; i++)
        if (strcmp(aside->objects[i].id, id) == 0) return &aside->objects[i];
    return NULL;
}

bool es_aside_has(const struct es_aside *aside, const char *id) { return find(aside, id) != NULL; }

enum es_errc es_aside_put(struct es_aside *aside, const char *id, uint64_t now_ms, unsigned first_ms)
{
    struct es_aside_object *object = find(aside, id);
    if (object == NULL) {
        if (aside->objects == NULL && (aside->objects = es_secret_list(ES_ASIDE_OBJECTS, sizeof *aside->objects)) == NULL)
            return ES_E_MEMORY;
        if (aside->count == ES_ASIDE_OBJECTS) return ES_E_LIMIT;
        object = &aside->objects[aside->count++];
        memset(object, 0, sizeof *object);
        snprintf(object->id, sizeof object->id, "%s", id);
    }
    if (++object->tries >= ES_ASIDE_TRIES) return ES_E_REFUSED;
    const unsigned doublings = object->tries - 1 < 10 ? object->tries - 1 : 10;
    const uint64_t times = UINT64_C(1) << doublings;
    object->due = now_ms + (times < ES_ASIDE_LONGEST ? times : ES_ASIDE_LONGEST) * first_ms;
    object->read = false;
    return ES_OK;
}

const char *es_aside_due(const struct es_aside *aside, uint64_t now_ms)
{
    for (size_t i = 0; i < aside->count; i++)
        if (!aside->objects[i].read && aside->objects[i].due <= now_ms) return aside->objects[i].id;
    return NULL;
}

void es_aside_read(struct es_aside *aside, const char *id)
{
    struct es_aside_object *object = find(aside, id);
    if (object != NULL) object->read = true;
}

void es_aside_commit(struct es_aside *aside)
{
    size_t kept = 0;
    for (size_t i = 0; i < aside->count; i++) {
        if (aside->objects[i].read) continue;
        if (kept != i) aside->objects[kept] = aside->objects[i];
        kept++;
    }
    aside->count = kept;
    if (kept == 0) es_aside_clear(aside);
}

void es_aside_clear(struct es_aside *aside)
{
    es_secret_free(aside->objects);
    *aside = (struct es_aside){0};
}
