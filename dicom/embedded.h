/* SPDX-License-Identifier: Apache-2.0 */
/** @file embedded.h
 * Files of dicom/vocabularies/ as bytes inside the library; the C file is made at build time by embed.cmake.
 */
#ifndef ES_DICOM_EMBEDDED_H
#define ES_DICOM_EMBEDDED_H

#include <stddef.h>

/** One file. */
struct es_embedded {
    const char *name;           /* without .csv */
    const unsigned char *bytes; /* not NUL-terminated */
    size_t len;
};

#define ES_MAX_EMBEDDED 16
extern const struct es_embedded es_embedded_vocabularies[];
extern const size_t es_n_embedded_vocabularies;

#endif
