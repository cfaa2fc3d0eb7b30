/* SPDX-License-Identifier: Apache-2.0 */
/** @file files.h
 * The files that a command line names: themselves, and everything below the folders, in byte order.
 */
#ifndef ES_PLUGIN_FILES_H
#define ES_PLUGIN_FILES_H

#include <stdbool.h>

#include "dicom/error.h"

struct es_files {
    char **paths; /* owned */
    size_t count, room;
    size_t unread; /* paths that are not there or cannot be read: named on stderr */
};
/** Gather. Folders are walked without following links; only regular files count. "-" stays as it is.
 * @return ES_OK (look at out->unread), ES_E_MEMORY */
ES_MUST_USE enum es_errc es_files_gather(struct es_files *out, char **paths, size_t count, struct es_error *err);
void es_files_clear(struct es_files *files);
/** Is it text that some rule of "Intake" should read: by the end of its name, or as it begins (JSON, HL7)? */
bool es_files_wants_rule(const char *path);

#endif
