/* SPDX-License-Identifier: Apache-2.0 */
/** @file overlap.h
 * Two masks of one grid: how much they share, and how far apart their surfaces are (METRICS C3).
 *
 * Dice 2|A and B| / (|A| + |B|) and intersection over union come from integer counts. A surface voxel is a foreground voxel
 * with a background face neighbour; outside the grid is background. Distances run between voxel centres in millimetres.
 * HD95 is the greater of the two directed 95th percentiles (linear between order statistics), as in Maier-Hein and others,
 * Nat Methods 21:195 (2024), DOI 10.1038/s41592-023-02151-z; the percentile of the pooled distances, which some tools print
 * under the same name, is given apart. ASSD pools both directions, MASD is the mean of the two directed means.
 *
 * Distances are exact up to rounding: the squared Euclidean distance transform by lower envelopes of parabolas, Felzenszwalb,
 * Huttenlocher, Theory of Computing 8:415 (2012), DOI 10.4086/toc.2012.v008a019, one axis after another, within the box that
 * holds both masks. Cost: linear in that box, about 10 bytes a voxel of it.
 */
#ifndef ES_METRICS_OVERLAP_H
#define ES_METRICS_OVERLAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ES_OVERLAP_MAX_SIZE (1u << 20) /* voxels along one axis */

/** The grid both masks live on. Along an axis that is there but one voxel thick, every voxel is on the surface. */
struct es_grid {
    uint32_t axes;     /* 1 .. 3 */
    uint32_t size[3];  /* of the first `axes` axes, 0 .. ES_OVERLAP_MAX_SIZE; the last axis is the fastest */
    double spacing[3]; /* mm between voxel centres, 1e-9 .. 1e9 */
};

/** What was found. Doubles are NAN where undefined. */
struct es_overlap {
    uint64_t n_ai, n_ref, n_both; /* voxels */
    double volume_ai, volume_ref; /* mm^axes */
    double volume_difference;     /* ai - ref */
    double relative_difference;   /* (ai - ref) / ref; NAN when ref is empty */
    bool both_empty, one_empty;   /* such cases are counted, never averaged in silence */
    double dice, iou;             /* NAN when both are empty, 0 when one is */
    uint64_t surface_ai, surface_ref;
    double hd, hd95, hd95_pooled, assd, masd; /* mm; NAN when either is empty */
};

enum es_overlap_result {
    ES_OVERLAP_OK,
    ES_OVERLAP_BAD_GRID, /* axes, sizes or spacing out of range, or too many voxels to count */
    ES_OVERLAP_NO_MEMORY
};

/** Voxels of a grid.
 * @return false when the grid is out of range or the product does not fit a size_t */
bool es_grid_voxels(const struct es_grid *grid, size_t *out);

/** Compare two masks; a voxel is foreground when its byte is not 0.
 * @param ai, ref  borrowed, es_grid_voxels() bytes each
 * @param out      written whole on ES_OVERLAP_OK, otherwise left as it was */
enum es_overlap_result es_overlap_measure(const struct es_grid *grid, const uint8_t *ai, const uint8_t *ref,
                                          struct es_overlap *out);

#ifdef __cplusplus
}
#endif
#endif
