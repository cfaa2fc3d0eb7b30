/* SPDX-License-Identifier: Apache-2.0 */
/** @file seg_internal.h
 * What the files of the segmentation reader share: seg.c (segments, sizes), seg_frames.c (functional groups to planes), seg_pixels.c
 * (pixels to runs).
 */
#ifndef ES_DICOM_SEG_INTERNAL_H
#define ES_DICOM_SEG_INTERNAL_H

#include "dicom/seg.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One frame and its place. */
struct seg_frame {
    uint32_t segment;  /* index into segments; ES_MAX_SEG_SEGMENTS: none, or the pixels tell */
    uint32_t plane;    /* index into planes, once these are made */
    uint32_t row, column; /* of its first pixel in the lattice */
    uint32_t source_frame;
    double position;   /* NAN */
    char instance[ES_UID_SIZE];
};
/** An object while it is read. */
struct seg_reading {
    struct es_seg_facts *facts;
    const struct es_dataset *dataset;
    const struct es_item *root;
    struct seg_frame *frames; /* owned; facts->frames of them */
    uint32_t rows, columns;   /* of a frame */
    uint32_t bits;            /* BitsAllocated: 1, 8 or 16 */
    double full;              /* MaximumFractionalValue */
    bool occupancy;           /* SegmentationFractionalType OCCUPANCY */
    double thickness, between;/* SliceThickness, SpacingBetweenSlices; NAN */
    double *fractions;        /* owned; sum of the fractions of each segment */
};

/** Places of all frames, then planes, spacing and orientation. @return ES_OK (facts->unread may be set), ES_E_MEMORY */
ES_MUST_USE enum es_errc es_seg_frames(struct seg_reading *reading, struct es_error *err);
/** Runs and voxels of all segments. @return ES_OK (facts->unread may be set), ES_E_MEMORY */
ES_MUST_USE enum es_errc es_seg_pixels(struct seg_reading *reading, struct es_error *err);
/** Index of the segment with this number; ES_MAX_SEG_SEGMENTS when there is none. */
uint32_t es_seg_find(const struct es_seg_facts *facts, uint32_t number);
/** Say why the pixels stay unread; the first reason stays. */
void es_seg_unread(struct es_seg_facts *facts, const char *fmt, ...) ES_PRINTF(2, 3);

#ifdef __cplusplus
}
#endif
#endif
