/* SPDX-License-Identifier: Apache-2.0 */
/** @file tree.h
 * Adding members to a JSON tree with one failure flag in place of a check a line.
 *
 * Every call does nothing once `failed` is set, and returns NULL; the caller looks once, at the end. Parents own what is added.
 */
#ifndef ES_PLUGIN_REPORT_TREE_H
#define ES_PLUGIN_REPORT_TREE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** `{0}`: nothing failed yet. */
struct es_tree {
    bool failed; /* memory ran out somewhere */
};

/** A member of an object (name given) or of a list (name NULL). Names of our own vocabulary must be static: they are not copied. */
cJSON *es_tree_object(struct es_tree *tree, cJSON *parent, const char *name);
cJSON *es_tree_array(struct es_tree *tree, cJSON *parent, const char *name);
/** NAN and infinities become null: a number that is not one never leaves. */
cJSON *es_tree_number(struct es_tree *tree, cJSON *parent, const char *name, double value);
cJSON *es_tree_count(struct es_tree *tree, cJSON *parent, const char *name, uint64_t count);
cJSON *es_tree_bool(struct es_tree *tree, cJSON *parent, const char *name, bool value);
/** NULL becomes null. */
cJSON *es_tree_text(struct es_tree *tree, cJSON *parent, const char *name, const char *text);
/** "" becomes null. */
cJSON *es_tree_text_or_null(struct es_tree *tree, cJSON *parent, const char *name, const char *text);
/** Text under a name that is not static: an axis, an attribute, a metric of the plan. */
cJSON *es_tree_text_as(struct es_tree *tree, cJSON *parent, const char *name, const char *text);
cJSON *es_tree_number_as(struct es_tree *tree, cJSON *parent, const char *name, double value);
cJSON *es_tree_object_as(struct es_tree *tree, cJSON *parent, const char *name);
/** A deep copy of an item. */
cJSON *es_tree_copy(struct es_tree *tree, cJSON *parent, const char *name, const cJSON *item);
/** Put `item` (owned; freed on failure, NULL is a failure) in place of the member `name`, or add it. */
void es_tree_set(struct es_tree *tree, cJSON *parent, const char *name, cJSON *item);

/** The word that stands in place of a number that is not disclosed. */
#define ES_SUPPRESSED_WORD "suppressed"

#endif
