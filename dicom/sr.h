/* SPDX-License-Identifier: Apache-2.0 */
/** @file sr.h
 * Structured reports by a bounded walk of ContentSequence (0040,A730): findings, algorithm, references.
 *
 * Source: PS3.3 C.17.3 (SR document content), C.17.2 (general), C.18.1 (numeric measurement); PS3.16 TID 1500 (imaging
 * measurement report), 1501 and 1411 (measurement groups), 300 (measurement), 1003 and 1004 (observers), 4019 (algorithm
 * identification). Nothing is refused for not following a template: what is there is read. The walk keeps its own stack.
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
#define ES_MAX_SR_FINDINGS 20000   /* kept of one report */
#define ES_MAX_SR_REFERENCES 8192  /* kept of each kind: instances, series, studies */

/**
 * Read a report.
 *
 * A finding is a NUM or CODE that a measurement group (125007, DCM) contains directly; what is inferred from or a property of it
 * is not. The group's Finding, Finding category and Finding Site describe its findings and are none. Items past a limit, and
 * those that cannot be read, are counted in items_skipped. A report without any measurement group has no findings, which is no
 * error.
 *
 * Algorithm: the nearest of TID 4019 in a group or measurement, TID 4019 in a container, device observer; of several groups with
 * their own, the first in the file. Device Observer Model Name, where Device Observer Name stands too, is the version: TID 1004
 * has no other place for one. Without any of them report->algorithm is `fallback`.
 *
 * @param charset   SpecificCharacterSet of the header, charset_len bytes
 * @param fallback  algorithm of the object outside its content
 * @param out       owned by the caller, to be ended with es_facts_free() of the facts that hold it
 * @return ES_OK or ES_E_MEMORY
 */
ES_MUST_USE enum es_errc es_sr_read(const struct es_item *root, const char *charset, size_t charset_len,
                                    const struct es_algorithm *fallback, struct es_report_facts **out, struct es_error *err);
/** Free a report and its arrays. NULL is allowed. */
void es_report_free(struct es_report_facts *report);

/** First item of a code sequence: CodeValue, LongCodeValue or URNCodeValue with its scheme. @return false when there is none; out is then empty */
bool es_code_read(const struct es_item *item, uint32_t sequence, struct es_code *out);
/** Whether a code is this one. */
bool es_code_is(const struct es_code *code, const char *value, const char *scheme);

#ifdef __cplusplus
}
#endif
#endif
