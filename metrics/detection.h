/* SPDX-License-Identifier: Apache-2.0 */
/** @file detection.h
 * Lesions found against false marks per image: the free-response operating characteristic (METRICS C4).
 *
 * Matching of marks to lesions is done before, by a recorded rule. One point for each distinct score, lowest included, and
 * (0,0) first. Sensitivity at a rate of false positives is linear between points, the highest where several share a rate,
 * and flat to the right: van Ginneken and others, Med Image Anal 14:707-722 (2010), DOI 10.1016/j.media.2010.05.005.
 * Intervals are not made here: lesions of one patient are not independent (METRICS A5).
 */
#ifndef ES_METRICS_DETECTION_H
#define ES_METRICS_DETECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The marks of a set of images. Scores are the caller's and are sorted in place, highest first. */
struct es_marks {
    double *hits;      /* best score of each reference lesion that was marked */
    size_t hit_count;
    double *misses;    /* scores of marks that match no lesion */
    size_t miss_count;
    uint64_t lesions;  /* reference lesions, marked or not */
    uint64_t images;
};

/** One operating point: everything scored at or above `threshold` is a mark. */
struct es_froc_point {
    double threshold;   /* +infinity for the first point */
    double fppi;        /* false positives per image; NAN when there are no images (the first point excepted: 0) */
    double sensitivity; /* NAN when there are no lesions (the first point excepted: 0) */
};

/** Most points a curve can have. */
size_t es_froc_capacity(const struct es_marks *marks);

/** Make the curve.
 * @param points  es_froc_capacity() entries, written
 * @return the number of points, 0 when a score is NaN */
size_t es_froc(struct es_marks *marks, struct es_froc_point *points);

/** Sensitivity at a rate of false positives.
 * @param marks   what the points were made of: without lesions or images there is no sensitivity, whatever the points say
 * @param points  of es_froc()
 * @return NAN without lesions, images or points, and when fppi is below 0 */
double es_froc_sensitivity(const struct es_marks *marks, const struct es_froc_point *points, size_t count, double fppi);

/** Mean sensitivity at 1/8, 1/4, 1/2, 1, 2, 4, 8 false positives an image. */
double es_froc_score(const struct es_marks *marks, const struct es_froc_point *points, size_t count);
/** The same at 1/4, 1/2, 1, 2, 4, 8, as in the CAMELYON16 challenge. */
double es_froc_score_camelyon(const struct es_marks *marks, const struct es_froc_point *points, size_t count);

#ifdef __cplusplus
}
#endif
#endif
