/* SPDX-License-Identifier: Apache-2.0 */
/** @file tag_values.h
 * Elements of a result object outside its SR content, private ones with their creator, for rules that name tags.
 *
 * Source: PS3.5 7.8 (private data elements: the block's creator stands at (gggg,00bb)), 6.2 (VRs). Read to a named depth; names of
 * people (PN), group 0010, UIDs, pixels, lookup tables and the functional groups of single frames are passed over.
 */
#ifndef ES_DICOM_TAG_VALUES_H
#define ES_DICOM_TAG_VALUES_H

#include "dicom/dataset.h"
#include "dicom/facts.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ES_MAX_TAG_VALUES 2048    /* kept of one object */
#define ES_MAX_TAGS_WALKED 100000 /* elements and items looked at */

/** Add the values, and the text objects of a presentation state (UnformattedTextValue, PS3.3 C.10.5) as texts.
 * @return ES_OK or ES_E_MEMORY; what is beyond a limit counts in items_skipped, what is no text in faults.bad_texts */
ES_MUST_USE enum es_errc es_tag_values_read(const struct es_item *root, const char *charset, size_t charset_len,
                                            struct es_report_facts *report, struct es_error *err);

#ifdef __cplusplus
}
#endif
#endif
