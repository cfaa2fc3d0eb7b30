/* SPDX-License-Identifier: Apache-2.0 */
/** @file seg.h
 * Segmentations: which segments there are, who or what made them, where their voxels lie and how large they are.
 *
 * Source: PS3.3 A.51 (Segmentation), A.98 (Label Map Segmentation), C.8.20.2 (Segmentation Image), C.8.20.4 (Segment Description),
 * C.7.6.16 (multi-frame functional groups), C.7.6.17.3 (TILED_FULL); PS3.5 8.2.2 and annex G (RLE). Read are native, deflated and
 * RLE pixels of 1, 8 or 16 bits, BINARY, FRACTIONAL and LABELMAP; nothing is resampled.
 *
 * A fraction counts as inside from one half of MaximumFractionalValue on; a volume by fractional OCCUPANCY is the sum of the
 * fractions, by PROBABILITY the voxels that are inside.
 *
 * How far apart planes lie, in this order, and which rule decided is kept:
 *  - `between`: SpacingBetweenSlices, unless the least distance of two planes' positions is no whole multiple of it (planes on which
 *    nothing is drawn may be left out of the object, so that a multiple is no contradiction);
 *  - `positions`: the least distance of two planes, when all other distances are whole multiples of it;
 *  - `thickness`: SliceThickness of an object of a single plane, or of one whose planes have no positions;
 *  - else unknown, and so are volumes. A tolerance of 1 % of the spacing is allowed.
 */
#ifndef ES_DICOM_SEG_H
#define ES_DICOM_SEG_H

#include "dicom/dataset.h"
#include "dicom/facts.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ES_MAX_SEG_SEGMENTS 4096                /* described in one object */
#define ES_MAX_SEG_FRAMES 65536                 /* of one object */
#define ES_MAX_SEG_PIXELS (UINT64_C(1) << 31)   /* rows x columns x frames that are looked at */
#define ES_MAX_SEG_RUNS 4194304u                /* runs of all segments of one object, 16 bytes each */
#define ES_MAX_SEG_MATRIX (1u << 20)            /* rows or columns of a total pixel matrix */
#define ES_SEG_SAME_PLACE 0.01                  /* mm: positions this near are one plane */

enum es_seg_type { ES_SEG_OTHER, ES_SEG_BINARY, ES_SEG_FRACTIONAL, ES_SEG_LABELMAP };
/** "binary", "fractional", "labelmap", "other". */
const char *es_seg_type_name(enum es_seg_type type);
/** SegmentAlgorithmType (0062,0008). */
enum es_seg_maker { ES_SEG_UNSAID, ES_SEG_MANUAL, ES_SEG_SEMIAUTOMATIC, ES_SEG_AUTOMATIC };
/** "manual", "semiautomatic", "automatic", "unsaid". */
const char *es_seg_maker_name(enum es_seg_maker maker);
enum es_seg_slices { ES_SLICES_UNKNOWN, ES_SLICES_BETWEEN, ES_SLICES_POSITIONS, ES_SLICES_THICKNESS };
/** "between", "positions", "thickness", "unknown". */
const char *es_seg_slices_name(enum es_seg_slices rule);

/** Neighbouring voxels of one row that are inside. */
struct es_seg_run {
    uint32_t plane, row, column, length; /* plane: index into planes; row and column from 0; length > 0 */
};
/** One plane that frames lie on. */
struct es_seg_plane {
    char instance[ES_UID_SIZE]; /* the one source image of its frames; "" when none or several are named */
    uint32_t frame;             /* frame of that image, from 1; 0 when none or several are named */
    double position;            /* mm along the normal of the planes (row direction x column direction); NAN when unknown */
};
struct es_seg_segment {
    uint32_t number;               /* SegmentNumber */
    char label[ES_FACT_VALUE];     /* SegmentLabel, UTF-8; for rules, never printed in a report */
    struct es_code category, property; /* SegmentedPropertyCategory- and TypeCodeSequence */
    enum es_seg_maker maker;
    char algorithm_name[ES_FACT_VALUE], algorithm_version[ES_FACT_VALUE];
    uint64_t voxels;               /* inside */
    uint32_t planes;               /* planes that hold some of them */
    double area_mm2;               /* on the plane where it is greatest; NAN without pixel spacing */
    double volume_ml;              /* NAN without pixel spacing or distance of planes */
    const struct es_seg_run *runs; /* sorted by plane, row, column; neither touching nor overlapping; borrowed from the facts */
    size_t n_runs;
};
struct es_seg_facts {
    enum es_seg_type type;
    uint32_t frames, rows, columns;  /* rows and columns of the lattice: of a frame, or of the total pixel matrix where frames are tiles */
    double spacing[2];               /* mm between rows, between columns; NAN when unknown */
    double slice_spacing;            /* mm between planes; NAN when unknown */
    enum es_seg_slices slices;       /* which rule said so */
    bool has_orientation;            /* the two below are known, and equal in all frames */
    double orientation[6];           /* unit vectors: direction along a row, along a column */
    double origin[2];                /* mm of the first pixel's centre along those directions */
    char frame_of_reference[ES_UID_SIZE];
    char reader[ES_FACT_VALUE];      /* ContentCreatorName; identifies a person: to be hashed, never kept */
    struct es_seg_plane *planes;     /* owned; sorted by position where known */
    size_t n_planes;
    struct es_seg_segment *segments; /* owned; in the order of the object */
    size_t n_segments;
    struct es_seg_run *runs;         /* owned; those of all segments */
    uint64_t skipped;                /* frames without a segment that is described; labels that nothing describes count once each */
    char unread[96];                 /* why no pixel was read ("pixel data of 12 bytes, expected 96"); "" when all were */
};

/** Is this SOP class one that es_seg_read() understands? */
bool es_seg_class(const char *sop_class_uid);
/**
 * Read a segmentation that was parsed with ES_DATASET_PIXELS.
 *
 * Pixels that cannot be read leave the description of the segments, with no voxels, and say why in `unread`.
 *
 * @param elements  of the header, for its character set
 * @param out       owned by the caller: es_seg_free()
 * @return ES_OK, or ES_E_MEMORY
 */
ES_MUST_USE enum es_errc es_seg_read(const struct es_dataset *dataset, const struct es_elements *elements, struct es_seg_facts **out,
                                     struct es_error *err);
/** Free. NULL is allowed. */
void es_seg_free(struct es_seg_facts *seg);

#ifdef __cplusplus
}
#endif
#endif
