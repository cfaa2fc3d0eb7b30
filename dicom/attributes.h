/* SPDX-License-Identifier: Apache-2.0 */
/** @file attributes.h
 * The one table of what is read from a header: tag, VR, PS3.6 keyword and what it is for.
 *
 * Sources: PS3.6 (tags, VRs, keywords), PS3.3 C.7.1.1 Patient, C.7.2.2 Patient Study, C.7.3.1 General Series, C.7.5.1 General
 * Equipment, C.8 (acquisition). Left out on purpose: names, addresses, comments, descriptions of the study and of protocols:
 * free text about a person is never an axis. Pure data; any thread.
 */
#ifndef ES_DICOM_ATTRIBUTES_H
#define ES_DICOM_ATTRIBUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What an attribute is read for; a row has one or two of them. */
enum es_attribute_use {
    ES_USE_IDENTITY = 1,     /* identifiers, dates, character set: never a fact */
    ES_USE_DEMOGRAPHICS = 2, /* who was imaged: a fact */
    ES_USE_ACQUISITION = 4,  /* how and where: a fact */
    ES_USE_EXCLUSION = 8     /* left out by rule (DESIGN 5) */
};

/** One attribute of the table. */
struct es_attribute {
    uint32_t tag;        /* 0xGGGGEEEE */
    char vr[3];          /* PS3.6 */
    bool retired;
    const char *keyword; /* PS3.6 */
    unsigned use;        /* es_attribute_use */
    uint32_t codes;      /* for SQ: the tag of the sequence that holds the codes, itself or one nested in its items; else 0 */
};

/** The table, by rising tag. */
extern const struct es_attribute es_attributes[];
extern const size_t es_n_attributes;
#define ES_MAX_ATTRIBUTE_ROWS 96 /* at least as many */
/** The greatest tag of the table: nothing behind it need be read of an image. */
#define ES_LAST_WANTED_TAG 0x00321064u

/** The row of a tag, or NULL. */
const struct es_attribute *es_attribute_find(uint32_t tag);
/** Whether a tag inside an item of a wanted sequence is kept: the parts of a code, and of an issuer (HL7v2 hierarchic designator). */
bool es_attribute_nested(uint32_t tag);
/** Whether the row becomes a fact (demographics or acquisition). */
bool es_attribute_is_fact(const struct es_attribute *row);
/** Whether the row's VR lets anybody write anything (SH, LO, ST, LT, UC, UT, PN; PS3.5 6.2). */
bool es_attribute_is_free_text(const struct es_attribute *row);

#ifdef __cplusplus
}
#endif
#endif
