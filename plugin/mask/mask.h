/* SPDX-License-Identifier: Apache-2.0 */
/** @file mask.h
 * A mask: which voxels of an image a finding covers, as runs on the grid of its source; its stored form, and two of them compared.
 *
 * Grid: rows and columns of the image, planes one behind the other. Nothing is resampled. Stored form (it never changes; a new one
 * has another first byte): 'M', 1, then little endian u32 rows, columns, planes; u64 runs; u8 what is known (1 pixel spacing, 2 slice
 * spacing, 4 orientation); 3 + 6 + 2 doubles; 17 bytes of the frame of reference; each plane: 17 bytes of its image, u32 frame, u8
 * whether its position is known, double; each run as four LEB128 numbers: planes since the last run, row or rows since it, column or
 * columns since its end, length - 1. Identifiers are pseudonyms in it. Address = HMAC of the stored form under the site's key.
 */
#ifndef ES_PLUGIN_MASK_H
#define ES_PLUGIN_MASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dicom/facts.h"
#include "plugin/pseudonym/pseudonym.h"

#define ES_MAX_MASK_SIDE (1u << 20)    /* rows or columns */
#define ES_MAX_MASK_PLANES 65536u
#define ES_MAX_MASK_RUNS 4194304u
#define ES_MAX_MASK_BYTES ((size_t)64 << 20) /* of a stored form */
#define ES_MAX_MASK_BOX ((size_t)1 << 25)    /* voxels of the box around both masks in which distances are measured */
#define ES_MASK_ADDRESS_SIZE 16

/** Neighbouring voxels of one row. */
struct es_mask_run {
    uint32_t plane, row, column, length;
};
struct es_mask_plane {
    char image[ES_UID_SIZE];    /* SOP instance of the source in clear, before it is stored; "" when not known, and of a stored mask */
    struct es_pseudonym source; /* of a stored mask */
    uint32_t frame;             /* of that instance; 0 when not told */
    double position;            /* mm along the planes' normal; NAN when unknown */
};
struct es_mask {
    uint32_t rows, columns;
    double spacing[2], slice_spacing; /* mm between rows, between columns, between planes; NAN when unknown */
    bool has_orientation;
    double orientation[6], origin[2]; /* as in dicom/seg.h */
    char space[ES_UID_SIZE];          /* frame of reference in clear; "" when none */
    struct es_pseudonym space_hash;   /* of a stored mask */
    struct es_mask_plane *planes;     /* owned */
    size_t n_planes;
    struct es_mask_run *runs;         /* owned; sorted by plane, row, column; neither touching nor overlapping */
    size_t n_runs;
};

struct es_seg_facts;
struct es_seg_segment;
/** The voxels of the segments that are listed, together, as one mask.
 * @param segments  indices into seg->segments
 * @return ES_OK; ES_E_REFUSED when the pixels could not be read, with why; ES_E_MEMORY */
ES_MUST_USE enum es_errc es_mask_of_seg(struct es_mask **out, const struct es_seg_facts *seg, const size_t *segments, size_t count,
                                        struct es_error *err);
/** A mask of one plane from runs in row order: pairs of start and length, starts counted from 1 at index = row x columns + column + 1.
 * @param text  numbers between blanks; "" is an empty mask
 * @return ES_OK, ES_E_PARSE ("number 3: ..."), ES_E_LIMIT, ES_E_MEMORY */
ES_MUST_USE enum es_errc es_mask_of_runs(struct es_mask **out, const char *text, size_t len, uint32_t rows, uint32_t columns,
                                         struct es_error *err);
/** A mask of one plane from a byte a pixel; what is not 0 is inside. */
ES_MUST_USE enum es_errc es_mask_of_bytes(struct es_mask **out, const uint8_t *bytes, uint32_t rows, uint32_t columns,
                                          struct es_error *err);
/** Add the voxels of another mask of the same shape and planes (lungs are left and right). @return ES_E_REFUSED when they differ */
ES_MUST_USE enum es_errc es_mask_join(struct es_mask *into, const struct es_mask *other, struct es_error *err);
/** Sort runs by place; those that touch or overlap become one. @return how many are left */
size_t es_mask_settle(struct es_mask_run *runs, size_t count);
/** Free. NULL is allowed. */
void es_mask_free(struct es_mask *mask);
uint64_t es_mask_voxels(const struct es_mask *mask);

/** The stored form; *bytes is owned by the caller (free). @param address  HMAC of it */
ES_MUST_USE enum es_errc es_mask_encode(const struct es_mask *mask, const struct es_key *key, uint8_t **bytes, size_t *len,
                                        uint8_t address[ES_MASK_ADDRESS_SIZE], struct es_error *err);
/** Read a stored form back. @return ES_E_PARSE naming what is wrong, ES_E_LIMIT, ES_E_MEMORY */
ES_MUST_USE enum es_errc es_mask_decode(struct es_mask **out, const uint8_t *bytes, size_t len, struct es_error *err);

/** Can two masks be compared? Each but the first is counted by its name. */
enum es_mask_match {
    ES_MASK_COMPARED,
    ES_MASK_OTHER_IMAGE,     /* no source image, and no frame of reference, is named by both */
    ES_MASK_OTHER_GRID,      /* rows, columns, spacing or orientation differ, or their offset is no whole number of pixels */
    ES_MASK_OTHER_PLANES,    /* positions do not lie on one lattice, contradict the images they name, or a plane has neither */
    ES_MASK_MATCHES
};
/** "compared", "other_image", "other_grid", "other_planes". */
const char *es_mask_match_name(enum es_mask_match match);

#define ES_MASK_METHOD "evensight-overlap-1" /* changes with every change of a number that es_mask_compare() gives */

/** What the comparison gave; METRICS C3, conventions of metrics/overlap.h. */
struct es_mask_overlap {
    enum es_mask_match match;
    uint64_t n_result, n_reference, n_both; /* voxels */
    double dice, iou;          /* NAN when both are empty, 0 when one is */
    double volume_difference;  /* (result - reference) / reference; NAN when the reference is empty */
    double hd95, surface_distance; /* mm; NAN when either is empty, spacing is unknown, or the box is larger than ES_MAX_MASK_BOX */
};
/**
 * Compare two stored masks on their common grid.
 *
 * Planes are the same when they name the same image and frame; else when their positions differ by at most a tenth of the slice
 * spacing (0.1 mm where that is unknown). A plane that only one of them has is background in the other. One common plane is
 * compared in two dimensions, more in three.
 *
 * @return ES_OK (look at out->match), ES_E_MEMORY */
ES_MUST_USE enum es_errc es_mask_compare(const struct es_mask *result, const struct es_mask *reference, struct es_mask_overlap *out,
                                         struct es_error *err);

#endif
