/* SPDX-License-Identifier: Apache-2.0 */
/** @file sr_cad.h
 * What only computer-aided detection reports have: findings that carry properties, and summaries of what succeeded.
 *
 * Source: PS3.16 TID 4000 to 4018 (mammography), 4100 to 4106 (chest), 4120 (colon); CID 6034, 6042, 6047.
 */
#ifndef ES_DICOM_SR_CAD_H
#define ES_DICOM_SR_CAD_H

#include "dicom/sr.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What an item is in a CAD report. */
enum es_sr_cad_place {
    ES_SR_CAD_NOT,
    ES_SR_CAD_FINDING,    /* (111059) single image finding, (111015) composite feature: CODE, a finding and a group */
    ES_SR_CAD_IMPRESSION, /* (111034) individual impression or recommendation: CONTAINER, a group */
    ES_SR_CAD_SUCCEEDED,  /* (111063) successful detections, (111062) successful analyses */
    ES_SR_CAD_FAILED,     /* (111025) failed detections, (111024) failed analyses */
    ES_SR_CAD_PERFORMED   /* (111022) detection performed, (111004) analysis performed: CODE */
};
enum es_sr_cad_place es_sr_cad_place(const struct es_code *concept, const char *type);

/** The summaries of one report. `{0}` is none. */
struct es_sr_cad {
    enum es_cad_summary overall, detections, analyses;
};
/** Look at one item for a summary. @return whether it was one */
bool es_sr_cad_observe(struct es_sr_cad *cad, const struct es_item *item, const struct es_code *concept);
/** The overall one when it is there, else what follows from the two others. */
enum es_cad_summary es_sr_cad_conclude(const struct es_sr_cad *cad, bool findings);

#ifdef __cplusplus
}
#endif
#endif
