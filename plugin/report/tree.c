/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/report/tree.h"

#include <math.h>

enum naming { STATIC_NAME, COPIED_NAME };

/** Put an item under its parent; the item is freed when that fails. */
static cJSON *put(struct es_tree *tree, cJSON *parent, const char *name, cJSON *item, enum naming naming)
{
    bool ok = !tree->failed && item && parent;
    if (ok) {
        if (!name)
            ok = cJSON_AddItemToArray(parent, item);
        else if (naming == STATIC_NAME)
            ok = cJSON_AddItemToObjectCS(parent, name, item);
        else
            ok = cJSON_AddItemToObject(parent, name, item);
    }
    if (ok) return item;
    cJSON_Delete(item);
    tree->failed = true;
    return NULL;
}

static cJSON *number(double value)
{
    return isfinite(value) ? cJSON_CreateNumber(value == 0 ? 0 : value) : cJSON_CreateNull();
}

cJSON *es_tree_object(struct es_tree *tree, cJSON *parent, const char *name)
{
    return tree->failed ? NULL : put(tree, parent, name, cJSON_CreateObject(), STATIC_NAME);
}

cJSON *es_tree_array(struct es_tree *tree, cJSON *parent, const char *name)
{
    return tree->failed ? NULL : put(tree, parent, name, cJSON_CreateArray(), STATIC_NAME);
}

cJSON *es_tree_number(struct es_tree *tree, cJSON *parent, const char *name, double value)
{
    return tree->failed ? NULL : put(tree, parent, name, number(value), STATIC_NAME);
}

cJSON *es_tree_count(struct es_tree *tree, cJSON *parent, const char *name, uint64_t count)
{
    return es_tree_number(tree, parent, name, (double)count);
}

cJSON *es_tree_bool(struct es_tree *tree, cJSON *parent, const char *name, bool value)
{
    return tree->failed ? NULL : put(tree, parent, name, cJSON_CreateBool(value), STATIC_NAME);
}

cJSON *es_tree_text(struct es_tree *tree, cJSON *parent, const char *name, const char *text)
{
    return tree->failed ? NULL : put(tree, parent, name, text ? cJSON_CreateString(text) : cJSON_CreateNull(), STATIC_NAME);
}

cJSON *es_tree_text_or_null(struct es_tree *tree, cJSON *parent, const char *name, const char *text)
{
    return es_tree_text(tree, parent, name, text && *text ? text : NULL);
}

cJSON *es_tree_text_as(struct es_tree *tree, cJSON *parent, const char *name, const char *text)
{
    return tree->failed ? NULL : put(tree, parent, name, text ? cJSON_CreateString(text) : cJSON_CreateNull(), COPIED_NAME);
}

cJSON *es_tree_number_as(struct es_tree *tree, cJSON *parent, const char *name, double value)
{
    return tree->failed ? NULL : put(tree, parent, name, number(value), COPIED_NAME);
}

cJSON *es_tree_object_as(struct es_tree *tree, cJSON *parent, const char *name)
{
    return tree->failed ? NULL : put(tree, parent, name, cJSON_CreateObject(), COPIED_NAME);
}

cJSON *es_tree_copy(struct es_tree *tree, cJSON *parent, const char *name, const cJSON *item)
{
    return tree->failed ? NULL : put(tree, parent, name, cJSON_Duplicate(item, true), STATIC_NAME);
}

/* What replaces an item gets its name: no allocation. cJSON's own replacement by name copies it, does not check the copy, and an item without a
 * name hides all that stand behind it, which then could not be suppressed. */
static void take_name(cJSON *item, cJSON *old)
{
    if (item->string != NULL && (item->type & cJSON_StringIsConst) == 0) cJSON_free(item->string);
    item->string = old->string;
    item->type = (item->type & ~cJSON_StringIsConst) | (old->type & cJSON_StringIsConst);
    old->string = NULL;
    old->type &= ~cJSON_StringIsConst;
}

void es_tree_set(struct es_tree *tree, cJSON *parent, const char *name, cJSON *item)
{
    if (!item || tree->failed) {
        cJSON_Delete(item);
        tree->failed = true;
        return;
    }
    cJSON *old = cJSON_GetObjectItemCaseSensitive(parent, name);
    if (old != NULL) {
        take_name(item, old);
        if (cJSON_ReplaceItemViaPointer(parent, old, item)) return;
    } else if (cJSON_AddItemToObject(parent, name, item)) {
        return;
    }
    cJSON_Delete(item);
    tree->failed = true;
}
