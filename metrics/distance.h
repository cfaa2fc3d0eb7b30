/* SPDX-License-Identifier: Apache-2.0 */
/** @file distance.h
 * Exact squared Euclidean distance transform on a grid of up to three axes with spacing.
 *
 * Felzenszwalb, Huttenlocher, Theory of Computing 8:415 (2012), DOI 10.4086/toc.2012.v008a019: the transform is separable;
 * along a line it is the lower envelope of one parabola a sample. Linear time.
 */
#ifndef ES_METRICS_DISTANCE_H
#define ES_METRICS_DISTANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One line's working room: `capacity` samples. */
struct es_distance_line {
    uint32_t capacity;
    double *height; /* capacity */
    double *start;  /* capacity: where a parabola becomes the lowest */
    uint32_t *apex; /* capacity */
};
/** @return false when memory ran out; nothing to free then */
bool es_distance_line_init(struct es_distance_line *line, uint32_t capacity);
void es_distance_line_free(struct es_distance_line *line);

/** Turn a field of 0 (feature) and INFINITY (elsewhere) into squared distances to the nearest feature, in place.
 * @param size     samples along each axis, the last the fastest; all > 0 and <= line->capacity
 * @param spacing  distance between samples along each axis, > 0 */
void es_distance_squared(double *field, const uint32_t size[3], const double spacing[3], struct es_distance_line *line);

#ifdef __cplusplus
}
#endif
#endif
