/* SPDX-License-Identifier: Apache-2.0 */
/** @file vectors.h
 * Reads the reference vectors (schema bias-monitor-vectors/1) and compares with their tolerances.
 *
 * A number passes when |got - expected| <= abs + rel * |expected|; null matches NAN only; "inf" and "-inf" match infinities;
 * strings and integers match exactly. A case's `tol` overrides the file's `tolerance`, and `tolerance.fields` overrides both for
 * the field it names. Expected numbers carry 13 significant digits: where a file's tolerance is 0, ours are rounded to as many
 * before they are compared. A field of `expect` nobody compared is a failure ("unknown field"), so that no part of a vector
 * passes unread. A field inside an object of `expect` goes by both names: "ba.sd".
 */
#ifndef ES_TESTS_VECTORS_H
#define ES_TESTS_VECTORS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics/int128.h"

#define ES_VEC_MAX_SEEN 96
#define ES_VEC_NAME 64

/** One open vector file and the case it stands at. */
struct es_vec {
    const char *name;          /* file name, borrowed */
    cJSON *root;               /* owned */
    const cJSON *item;         /* the current case */
    const cJSON *in, *expect;  /* of the current case */
    const char *id;            /* of the current case */
    double rel, abs;           /* of the current case */
    char seen[ES_VEC_MAX_SEEN][ES_VEC_NAME]; /* fields of expect that were compared */
    size_t seen_count;
    size_t cases, fields, failed; /* failed: comparisons */
    size_t failed_before;         /* `failed` when the current case began */
    size_t failed_cases;          /* complete once es_vec_next() has given false */
    double worst;              /* worst relative error among the passing numbers */
};

/** How a section's file is run: walks all cases with es_vec_next(). */
struct es_vec_section {
    const char *file;               /* "a1_confusion.json" */
    void (*run)(struct es_vec *v);
};
/** Sections of the metrics core and of the other kernels; each ends with {NULL, NULL}. */
extern const struct es_vec_section es_vec_core[];
extern const struct es_vec_section es_vec_kernels[];

/** Open `dir`/`file`; false (with a CUnit failure) when it cannot be read or has another schema. */
bool es_vec_open(struct es_vec *v, const char *dir, const char *file);
/** Step to the next case; checks that every expected field of the last one was compared. false at the end. */
bool es_vec_next(struct es_vec *v);
/** Free. The counts stay readable. */
void es_vec_close(struct es_vec *v);
/** Run one section on testdata/vectors as a CUnit assertion: cases > 0, fields > 0, failed == 0. */
void es_vec_assert(const struct es_vec_section *sections, const char *file);

/** A JSON number; null and missing give NAN, "inf"/"-inf" infinities. */
double es_vec_number(const cJSON *item);
/** in.<name> as a number, as a text (NULL when absent), as an array's numbers (count written; free() it; NULL when absent). */
double es_vec_in(const struct es_vec *v, const char *name);
const char *es_vec_in_text(const struct es_vec *v, const char *name);
double *es_vec_in_array(const struct es_vec *v, const char *name, size_t *count);
/** Numbers of any array, nested arrays not allowed; free() it. */
double *es_vec_array(const cJSON *array, size_t *count);

/** Is the field expected by this case? */
bool es_vec_has(const struct es_vec *v, const char *field);
/** Compare expect.<field>; a field that is not expected is not compared. */
void es_vec_check(struct es_vec *v, const char *field, double got);
/** As es_vec_check(), with a tolerance of the field's own. */
void es_vec_check_tol(struct es_vec *v, const char *field, double got, double rel, double abs);
void es_vec_check_array(struct es_vec *v, const char *field, const double *got, size_t count);
void es_vec_check_pair(struct es_vec *v, const char *field, double lo, double hi);
void es_vec_check_text(struct es_vec *v, const char *field, const char *got);
void es_vec_check_bool(struct es_vec *v, const char *field, bool got);
/** Compare a count exactly; expect.<field> is a whole number, or a text of digits where JSON numbers lose them. */
void es_vec_check_count(struct es_vec *v, const char *field, es_u128 got);
/** The expected item of a field, NULL when absent; nothing is marked as compared. */
const cJSON *es_vec_want(const struct es_vec *v, const char *field);
/** A whole number from in, exact up to 2^64 - 1 when given as a number below 2^53 or as a text of digits; 0 when absent. */
uint64_t es_vec_whole(const cJSON *item);
uint64_t es_vec_in_whole(const struct es_vec *v, const char *name);
/** in.<name> as whole numbers; count written; free() it; NULL when absent. */
uint64_t *es_vec_in_wholes(const struct es_vec *v, const char *name, size_t *count);
/** Compare any JSON number against a value, inside a structure the caller walks; `field` is for the message. */
void es_vec_compare(struct es_vec *v, const char *field, const cJSON *expected, double got);
/** Say that a field was compared by the caller's own walk. */
void es_vec_saw(struct es_vec *v, const char *field);
/** Count a failure with a message. */
void es_vec_fail(struct es_vec *v, const char *field, const char *what);

#endif
