/* SPDX-License-Identifier: Apache-2.0 */
/** @file object.h
 * What reports and other result objects say beyond their header: content of an SR, algorithm of a segmentation or map.
 */
#ifndef ES_DICOM_OBJECT_H
#define ES_DICOM_OBJECT_H

#include "dicom/dataset.h"
#include "dicom/facts.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Add to the facts of a header what the whole data set says: facts->report (references, texts, tag values; of
 * an SR its content too) and facts->algorithm.
 * @param root      the data set, whoever read it; not kept
 * @param elements  of the header, for its character set
 * @return ES_OK or ES_E_MEMORY (facts own nothing then) */
ES_MUST_USE enum es_errc es_object_read(const struct es_item *root, const struct es_elements *elements, struct es_facts *facts,
                                        struct es_error *err);

#ifdef __cplusplus
}
#endif
#endif
