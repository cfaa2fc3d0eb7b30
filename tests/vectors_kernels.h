/* SPDX-License-Identifier: Apache-2.0 */
/** @file vectors_kernels.h
 * The runners behind es_vec_kernels, one a vector file, and what they share.
 */
#ifndef ES_TESTS_VECTORS_KERNELS_H
#define ES_TESTS_VECTORS_KERNELS_H

#include "metrics/proportion.h"
#include "vectors.h"

void es_vec_auroc(struct es_vec *v);          /* b1 */
void es_vec_auroc_groups(struct es_vec *v);   /* b2 */
void es_vec_calibration(struct es_vec *v);    /* b3 */
void es_vec_histogram(struct es_vec *v);      /* b4 */
void es_vec_moments(struct es_vec *v);        /* c1 */
void es_vec_agreement(struct es_vec *v);      /* c2 */
void es_vec_overlap(struct es_vec *v);        /* c3 */
void es_vec_detection(struct es_vec *v);      /* c4 */
void es_vec_fairness(struct es_vec *v);       /* d1 */
void es_vec_levelling(struct es_vec *v);      /* d2 */
void es_vec_planning(struct es_vec *v);       /* e3 */
void es_vec_sequence(struct es_vec *v);       /* f1 */
void es_vec_difference(struct es_vec *v);     /* f2 */
void es_vec_bounded_mean(struct es_vec *v);   /* f3 */
void es_vec_drift(struct es_vec *v);          /* f4 */
void es_vec_cusum(struct es_vec *v);          /* f5 */
void es_vec_representation(struct es_vec *v); /* g1 */
void es_vec_disclosure(struct es_vec *v);     /* g2 */
void es_vec_label_free(struct es_vec *v);     /* h2 */
void es_vec_exact_sum(struct es_vec *v);      /* i1 */
void es_vec_bootstrap(struct es_vec *v);      /* i2 */

/** Compare expect.<field>, [lo, hi]. */
void es_vec_check_limits(struct es_vec *v, const char *field, struct es_limits limits);
/** Compare expect.<field>, an array of [lo, hi], with `count` pairs standing one after the other. */
void es_vec_check_pairs(struct es_vec *v, const char *field, const double *got, size_t count);
/** malloc() that ends the program when there is no memory: a test has nothing to go on with. At least one byte. */
void *es_vec_alloc(size_t count, size_t size);

#endif
