/* SPDX-License-Identifier: Apache-2.0 */
/** @file sr.h
 * Structured reports by a bounded walk of ContentSequence (0040,A730): findings, algorithm, references.
 *
 * Source: PS3.3 C.17.3 (SR document content), C.17.2 (general), C.18.1 (numeric measurement); PS3.16 TID 1500 (imaging
 * measurement report), 1501, 1410 and 1411 (measurement groups), 300 (measurement), 1003 and 1004 (observers), 4019 (algorithm
 * identification), 4000 to 4018 and 4100 (mammography and chest CAD). Nothing is refused for not following a template: what is there is read. The walk keeps its own stack.
 */
#ifndef ES_DICOM_SR_H
#define ES_DICOM_SR_H

#include "dicom/dataset.h"
#include "dicom/facts.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ES_MAX_SR_DEPTH 32         /* content items within content items; PS3.16's templates need 8 */
#define ES_MAX_SR_ITEMS 200000     /* content items read of one report */
#define ES_MAX_SR_REFERENCES 8192  /* kept of each kind: instances, series, studies, items that refer to others */
#define ES_MAX_SR_LOOKUPS 4000000  /* steps from item to item in search of what is referred to; what lies behind is not missed */

/**
 * Read a report.
 *
 * A finding is a NUM or CODE that a measurement group (125007, DCM), derived measurements (126011, DCM) or qualitative evaluations
 * (C0034375, UMLS) contain directly; what is inferred from or a property of it is not. The group's Finding, Finding category and
 * Finding Site describe its findings and are none. In a CAD report (TID 4000, 4100, 4120) a single image finding (111059, DCM), a
 * composite feature (111015, DCM) and an individual impression (111034, DCM) are groups whose properties are findings; the first two
 * are findings themselves. A TEXT that is no observation context is a text. Items past a limit, and those that cannot be read, are
 * counted in items_skipped, what is wrong in faults. A report without any group has no findings, which is no error.
 *
 * Algorithm: the nearest TID 4019 around a finding, itself included; else of a CAD report that which performed such a detection;
 * else the first container with one; else the device observer; else `fallback`. Device Observer Model Name, where Device Observer
 * Name stands too, is the version: TID 1004 has no other place for one.
 *
 * @param charset  SpecificCharacterSet of the header, charset_len bytes
 * @param report   of es_report_new(): its one algorithm is the fallback; gets all the rest but time and tag values
 * @return ES_OK or ES_E_MEMORY
 */
ES_MUST_USE enum es_errc es_sr_read(const struct es_item *root, const char *charset, size_t charset_len, struct es_report_facts *report,
                                    struct es_error *err);

/** First item of a code sequence: CodeValue, LongCodeValue or URNCodeValue with its scheme. @return false when there is none; out is then empty */
bool es_code_read(const struct es_item *item, uint32_t sequence, struct es_code *out);
/** Whether a code is this one. */
bool es_code_is(const struct es_code *code, const char *value, const char *scheme);
/** Whether two codes are one concept: equal, or SNOMED CT and its older SNOMED-RT form (synonyms.c). */
bool es_code_same(const struct es_code *a, const struct es_code *b);
/** One row of the table of synonyms, for tests. @return the number of rows; srt and sct are set when index is below it */
size_t es_code_synonyms(size_t index, const char **srt, const char **sct);

#ifdef __cplusplus
}
#endif
#endif
