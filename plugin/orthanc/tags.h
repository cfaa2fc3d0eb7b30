/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file tags.h
 * The wanted elements of a stored image from Orthanc's answers to /instances/{id}/tags?short and /content/..., so that a big
 * image need not be loaded whole. For the worker's thread.
 */
#ifndef ES_PLUGIN_ORTHANC_TAGS_H
#define ES_PLUGIN_ORTHANC_TAGS_H

#include <cjson/cJSON.h>

#include "dicom/elements.h"

/** Raw bytes of an element that Orthanc's dictionary does not know. @return false when there are none; *bytes: release() them */
struct orthanc_content {
    void *context;
    bool (*read)(void *context, uint32_t tag, const void **bytes, size_t *len);
    void (*release)(void *context);
};

/** Fill elements. Orthanc gives text as UTF-8, so SpecificCharacterSet is set to ISO_IR 192.
 * @param tags  the object of /tags?short: "gggg,eeee" to text, to null, or to a list of such objects */
void orthanc_tags_read(const cJSON *tags, const struct orthanc_content *content, struct es_elements *out);

#endif
