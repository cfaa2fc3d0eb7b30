/* SPDX-License-Identifier: Apache-2.0 */
/** @file report.h
 * Building struct es_report_facts: arrays that grow to named limits, and what every result object has (times).
 */
#ifndef ES_DICOM_REPORT_H
#define ES_DICOM_REPORT_H

#include "dicom/dataset.h"
#include "dicom/facts.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ES_MAX_SR_FINDINGS 20000     /* kept of one report */
#define ES_MAX_REPORT_ALGORITHMS 64  /* told apart in one report */
#define ES_MAX_REPORT_TEXTS 4096     /* kept of one object */
#define ES_MAX_REPORT_TEXT 65536     /* bytes of one text, of one tag's value */
#define ES_MAX_REPORT_BYTES (4u << 20) /* of all texts, and of all tags' values, of one object */

/** An empty report whose one algorithm is `fallback`. NULL: no memory. End with es_report_free(). */
struct es_report_facts *es_report_new(const struct es_algorithm *fallback);
/** Free a report and its arrays. NULL is allowed. */
void es_report_free(struct es_report_facts *report);
/** Room for one more finding, cleared; counted when the caller raises n_findings. NULL: no memory, or the limit is reached. */
struct es_sr_finding *es_report_finding(struct es_report_facts *report);
/** Index of an algorithm, added when it is new. Beyond the limit: 0, the first. @return false when memory ran out */
bool es_report_algorithm(struct es_report_facts *report, const struct es_algorithm *algorithm, uint32_t *index);
/** Add a text; takes `text`, which is freed when there is no room. @param bytes those of all texts so far; raised
 * @return false when memory ran out; what is beyond a limit counts in items_skipped */
bool es_report_text(struct es_report_facts *report, const struct es_report_text *text, size_t *bytes);
/** Count a NUM or CODE that is no finding. */
void es_report_unread(struct es_report_facts *report, enum es_sr_value type, const struct es_code *concept);
/** When the object was made: the first pair of date and time that it has, shifted by TimezoneOffsetFromUTC where that is given. */
void es_report_time(const struct es_item *root, struct es_report_facts *report);
/** Decode an element's text: owned by the caller (es_secret_free), UTF-8; NULL when it is blank, not there or memory ran out.
 * @param lines  line feeds stay: for what people write, not for values that patterns read
 * @param bad    raised when it is no text of the character set, or of ES_MAX_REPORT_TEXT bytes or more (of more nothing is read) */
char *es_report_decode(const struct es_item_cursor *element, const char *charset, size_t charset_len, bool lines, uint64_t *bad);

#ifdef __cplusplus
}
#endif
#endif
