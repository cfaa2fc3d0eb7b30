/* SPDX-License-Identifier: Apache-2.0 */
/** @file sr_algorithm.h
 * Which algorithm, gathered while sr.c walks the content: TID 4019, the observers of TID 1002 to 1004, and the lists of detections
 * and analyses that a CAD report performed (TID 4015 to 4018).
 */
#ifndef ES_DICOM_SR_ALGORITHM_H
#define ES_DICOM_SR_ALGORITHM_H

#include "dicom/sr.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One detection or analysis that was tried, and by what. */
struct es_sr_performed {
    struct es_code what; /* CID 6014 and its like */
    uint32_t algorithm;
};

#define ES_MAX_SR_PERFORMED 64

/** What has been gathered. `{0}` is nothing. */
struct es_sr_observation {
    char device_name[ES_FACT_VALUE], device_manufacturer[ES_FACT_VALUE], device_model[ES_FACT_VALUE], device_uid[ES_UID_SIZE];
    bool device, person;
    uint32_t first, container; /* algorithm + 1 of the first identification anywhere, and of the first outside any group; 0: none */
    struct es_sr_performed performed[ES_MAX_SR_PERFORMED];
    size_t n_performed;
    uint64_t succeeded, failed; /* algorithms of the lists, by bit */
    const char *charset;        /* borrowed */
    size_t charset_len;
};

/** Look at one content item for an observer. */
void es_sr_observe(struct es_sr_observation *o, const struct es_item *item, const struct es_code *concept);
/** TID 4019 among the direct children of an item.
 * @param in_group  whether the item is a measurement group, a measurement or below one
 * @return false when there is none; out is then untouched */
bool es_sr_identify(const struct es_sr_observation *o, const struct es_item *item, bool in_group, struct es_algorithm *out);
/** A detection or analysis of a CAD report's lists. */
void es_sr_performed(struct es_sr_observation *o, const struct es_code *what, uint32_t algorithm, bool succeeded);
/** The walk is over: give findings and texts without an identification around them the best of what there is (a CAD finding: who
 * performed such a detection; the first identified container; the device observer; what stands outside the content), drop what
 * nobody needs, and name the report's algorithm. */
void es_sr_conclude(const struct es_sr_observation *o, struct es_report_facts *report);

#ifdef __cplusplus
}
#endif
#endif
