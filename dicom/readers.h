/* SPDX-License-Identifier: Apache-2.0 */
/** @file readers.h
 * From the elements of a header to facts: one reader for each concern, whoever filled the elements.
 *
 * identity.c, demographics.c, acquisition.c and exclusion.c; facts.c calls them in that order. None allocates but for what
 * iconv(3) does on text that is not ASCII. Any thread.
 */
#ifndef ES_DICOM_READERS_H
#define ES_DICOM_READERS_H

#include "dicom/elements.h"
#include "dicom/facts.h"
#include "dicom/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Identifiers and study day. An invalid UID (PS3.5 9.1) is "", as is a dummy value in PatientID or AccessionNumber. */
void es_identity_read(const struct es_elements *elements, struct es_identity *out);
/** What the object is, by SOPClassUID; IMAGE for an object that names none but has an image's Modality. */
enum es_object_kind es_kind_read(const struct es_elements *elements, const struct es_identity *identity);
/** Kind of a SOP class: the tables of PS3.4 B.5 and PS3.6 annex A; ES_OBJECT_OTHER when unknown. */
enum es_object_kind es_kind_of_class(const char *sop_class_uid);
/** Ask for the tables that es_kind_of_class() looks things up in (storing.h). */
void es_kind_prefetch(void);
/** What of a result it is; ES_FORM_NONE when it is none. */
enum es_result_form es_form_of_class(const char *sop_class_uid);
/** Why the object is left out, and whether its identity was removed. COPY and IDENTITY_REMOVED are never set here: the host and
 * the configuration know those. */
enum es_exclusion es_exclusion_read(const struct es_elements *elements, bool *identity_removed);
/** One demographic attribute. PatientAge looks at the birth date, study date, size and weight too.
 * @param e    the row's element at the root; NULL when it has none
 * @param out  all zero before the call, as of the two below */
void es_demographic_read(const struct es_elements *elements, const struct es_attribute *row, const struct es_element *e, struct es_fact *out);
/** One acquisition attribute. */
void es_acquisition_read(const struct es_elements *elements, const struct es_attribute *row, const struct es_element *e, struct es_fact *out);
/** Any attribute by its VR alone: text, number or codes. What the two above do unless a rule of their own says more. */
void es_fact_read(const struct es_elements *elements, const struct es_attribute *row, const struct es_element *e, struct es_fact *out);
/** Decode an element as text under the header's SpecificCharacterSet. BLANK when it is not there. */
enum es_text_status es_element_text(const struct es_elements *elements, uint32_t tag, char *out, size_t size);
/** A number of the header: DS or binary. @return false when it is not there or none */
bool es_element_number(const struct es_elements *elements, uint32_t tag, double *out);
/** Algorithm of the object by its General Equipment module: source EQUIPMENT, or NONE when that is empty or the object is an
 * image (whose equipment is the scanner). Series description is always set. */
void es_equipment_read(const struct es_elements *elements, enum es_object_kind kind, struct es_algorithm *out);

#ifdef __cplusplus
}
#endif
#endif
