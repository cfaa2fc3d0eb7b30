/* SPDX-License-Identifier: Apache-2.0 */
/** @file document.h
 * JSON documents and JSON Lines by a rule; and what stands in a folder beside a result of mercure or MONAI Deploy.
 *
 * mercure (common/types.py): result.json in a module's output folder, task.json beside it or in a folder above, and *.tags of the
 * images: {"result":..., "task":..., "tags":...}. MONAI Deploy: metadata.json somewhere in a task's output below
 * PAYLOAD/workflows/...; PAYLOAD/dcm/STUDY/SERIES/INSTANCE.dcm.json is the DICOM JSON of an input: {"metadata":..., "input":...}.
 */
#ifndef ES_PLUGIN_INTAKE_DOCUMENT_H
#define ES_PLUGIN_INTAKE_DOCUMENT_H

#include "plugin/intake/record.h"

#define ES_MAX_RECORDS 100000 /* that "Each" may select of one document */

/** Every record of a parsed document. */
ES_MUST_USE enum es_errc es_document_take(const struct es_intake_rule *rule, const struct es_config *config, const char *file, const cJSON *document,
                                          const struct es_intake_sink *sink, struct es_error *err);
/** Put the document of a mercure or MONAI rule together around a file's own.
 * @param own  becomes part of the result, also on failure
 * @param out  owned by the caller */
ES_MUST_USE enum es_errc es_document_around(const struct es_intake_rule *rule, const char *path, cJSON *own, cJSON **out, struct es_error *err);
/** A file's bytes, at most `most`; owned by the caller, NUL-terminated. @return ES_OK, ES_E_IO, ES_E_LIMIT, ES_E_MEMORY, with words */
ES_MUST_USE enum es_errc es_document_slurp(const char *path, size_t most, char **out, size_t *len, struct es_error *err);

#endif
