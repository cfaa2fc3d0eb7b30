/* SPDX-License-Identifier: Apache-2.0 */
/** @file sr_algorithm.h
 * Which algorithm, gathered while sr.c walks the content: TID 4019 and the observers of TID 1002 to 1004.
 */
#ifndef ES_DICOM_SR_ALGORITHM_H
#define ES_DICOM_SR_ALGORITHM_H

#include "dicom/sr.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One place where TID 4019 was found: all its items have the same parent, so that two algorithms never mix. */
struct es_sr_identification {
    const struct es_item *parent; /* NULL: none yet */
    char name[ES_FACT_VALUE], version[ES_FACT_VALUE], manufacturer[ES_FACT_VALUE], family[ES_FACT_VALUE];
};

/** What has been gathered. `{0}` is nothing. */
struct es_sr_observation {
    struct es_sr_identification group, container;
    char device_name[ES_FACT_VALUE], device_manufacturer[ES_FACT_VALUE], device_model[ES_FACT_VALUE], device_uid[ES_UID_SIZE];
    bool device, person;
    const char *charset; /* borrowed */
    size_t charset_len;
};

/** Look at one content item.
 * @param parent    the item that holds it
 * @param in_group  whether it lies in a measurement group
 * @return whether it was one of ours */
bool es_sr_observe(struct es_sr_observation *o, const struct es_item *item, const struct es_code *concept, const struct es_item *parent,
                   bool in_group);
/** The best of what was gathered, else the fallback. series_description is always that of the fallback. */
void es_sr_conclude(const struct es_sr_observation *o, const struct es_algorithm *fallback, struct es_algorithm *out);

#ifdef __cplusplus
}
#endif
#endif
