/* SPDX-License-Identifier: Apache-2.0 */
/** @file intake.h
 * A file that is not DICOM to messages, by the rules of "Intake". Which rules read a file is its name's matter: every rule whose Files
 * match reads it, in the configuration's order, so that a row may be an exam, a result and a reference at once.
 *
 * Files of a folder that belong to another (task.json and *.tags beside mercure's result.json) are read with it. Read whole, but for
 * CSV and JSON Lines; ceilings are named below. One thread.
 */
#ifndef ES_PLUGIN_INTAKE_INTAKE_H
#define ES_PLUGIN_INTAKE_INTAKE_H

#include "plugin/intake/record.h"

#define ES_INTAKE_MAX_DOCUMENT (64u << 20) /* bytes of a JSON document */

/** What a file is to the rules. */
enum es_intake_fit {
    ES_INTAKE_NO_RULE,  /* no rule reads it */
    ES_INTAKE_READ,     /* at least one does */
    ES_INTAKE_BESIDE    /* belongs to another file, with which it is read: mercure's task.json, tags */
};
enum es_intake_fit es_intake_fits(const struct es_config *config, const char *path);
/** What rules there are, for a file that none reads: "asah (csv: asah*.csv), ris (hl7: *.hl7)". */
void es_intake_list(const struct es_config *config, char *out, size_t size);

/** Read a file by every rule that fits. What is wrong with the file or a record goes to the sink.
 * @return ES_OK, ES_E_MEMORY, or what the sink's take() said */
ES_MUST_USE enum es_errc es_intake_file(const struct es_config *config, const char *path, const struct es_intake_sink *sink, struct es_error *err);
/** Read bytes by one rule, as if they were a file of that name: for tests and fuzzing. mercure and MONAI: the document as it would be
 * put together ({"result":..., "task":...}; {"metadata":..., "input":...}). */
ES_MUST_USE enum es_errc es_intake_bytes(const struct es_config *config, struct es_intake_rule *rule, const char *path, const char *bytes, size_t len,
                                         const struct es_intake_sink *sink, struct es_error *err);

#endif
