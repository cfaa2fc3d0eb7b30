/* SPDX-License-Identifier: Apache-2.0 */
/** @file render.h
 * What the renderers of a comparison of two versions share.
 */
#ifndef ES_PLUGIN_REPORT_VERSIONS_RENDER_H
#define ES_PLUGIN_REPORT_VERSIONS_RENDER_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "dicom/error.h"

/** @return ES_OK, or ES_E_PARSE saying what was found where such a tree was expected */
ES_MUST_USE enum es_errc es_versions_check(const cJSON *tree, struct es_error *err);
/** A group's standing in plain words: "worse", "too few cases", "suppressed". */
void es_versions_standing(const cJSON *group, char *out, size_t size);

/** Is the group worth a line? A level that nobody has is not, unless it is "unknown". */
bool es_versions_worth(const cJSON *group);

#endif
