/* SPDX-License-Identifier: Apache-2.0 */
/** @file mask_keys.h
 * The mask of a finding in a message of the schema: "mask_rle" (pairs of start and length, mask/mask.h; "mask_rle_2" and "_3" add to it) with
 * "mask_rows" and "mask_columns", or "mask_png" (base64) with or without "mask_png_value"; "mask_row_spacing" and
 * "mask_column_spacing" in mm; "mask_image" names the image it is drawn on. Without that name, all masks of one unit (or, of exams, one
 * study) are taken to be of its one image.
 */
#ifndef ES_PLUGIN_INTAKE_MASK_KEYS_H
#define ES_PLUGIN_INTAKE_MASK_KEYS_H

#include <cjson/cJSON.h>

#include "plugin/event/event.h"

/** Make the mask of one finding; nothing when it has none of the keys.
 * @param object   of the finding, whose types were checked
 * @param path     of the finding, for messages
 * @param message  whose identifiers and unit were read
 * @return ES_OK, ES_E_REFUSED ("findings[0].mask_rle: number 3: ..."), ES_E_MEMORY */
ES_MUST_USE enum es_errc es_intake_mask(const cJSON *object, const char *path, const struct es_message *message, struct es_finding *finding,
                                        struct es_error *err);

#endif
