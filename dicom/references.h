/* SPDX-License-Identifier: Apache-2.0 */
/** @file references.h
 * What a report was made from: studies, series and source images of its evidence sequences and its content.
 *
 * Source: PS3.3 C.17.2.3 (evidence, hierarchical SOP instance reference macro, table C.17-3), C.18.4 (image references). Only
 * instances of image classes are source images; a series is named when it holds one of them, or when it names no instance.
 */
#ifndef ES_DICOM_REFERENCES_H
#define ES_DICOM_REFERENCES_H

#include "dicom/sr.h"

#define ES_MAX_REFERRING_FRAMES 8192 /* whose sources are read: as many as references are kept */

#ifdef __cplusplus
extern "C" {
#endif

/** CurrentRequestedProcedureEvidenceSequence (0040,A375) and PertinentOtherEvidenceSequence (0040,A385) of the root. */
ES_MUST_USE enum es_errc es_references_evidence(const struct es_item *root, struct es_report_facts *report, struct es_error *err);
/** What another result object was made from: evidence, ReferencedSeriesSequence (0008,1115), ReferencedImageSequence (0008,1140),
 * SourceImageSequence (0008,2112), SourceInstanceSequence (0042,0013), StudiesContainingOtherReferencedInstancesSequence (0008,1200);
 * PS3.3 C.11.11, C.8.20, C.12.4, C.24.2. Where none of these names an image: DerivationImageSequence (0008,9124) and
 * ReferencedImageSequence of the functional groups, shared and of at most ES_MAX_REFERRING_FRAMES frames. */
ES_MUST_USE enum es_errc es_references_object(const struct es_item *root, struct es_report_facts *report, struct es_error *err);
/** ReferencedSOPSequence (0008,1199) of an IMAGE content item. */
ES_MUST_USE enum es_errc es_references_item(const struct es_item *item, struct es_report_facts *report, struct es_error *err);
/** Name a series, unless it is already there or no UID. */
ES_MUST_USE enum es_errc es_references_series(const char *uid, struct es_report_facts *report, struct es_error *err);

#ifdef __cplusplus
}
#endif
#endif
