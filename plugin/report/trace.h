/* SPDX-License-Identifier: Apache-2.0 */
/** @file trace.h
 * One exam or patient, told whole: what came, which rules paired it, what was counted. For staff who follow up an orphan or a doubt.
 */
#ifndef ES_PLUGIN_REPORT_TRACE_H
#define ES_PLUGIN_REPORT_TRACE_H

#include "plugin/report/report.h"

/** A tree "evensight-trace/1": bundles, each with its exams (attributes as merged), its events (entry, identity, what was said, standing; of
 * results and references the rules of pairing, what each came to, and why there is no exam) and its rows of the cohort with their place
 * in the funnel. Identifiers are numbered within the trace ("study-1", "patient-2") and never shown; `sought` marks what the study or
 * accession number asked for names. No disclosure control: whoever may erase a person may see this.
 * @param out    owned by the caller, cJSON_Delete()
 * @param found  bundles; 0 when no entry names what is sought
 * @return ES_OK; ES_E_ARG when the identifier has several issuers and none was told; ES_E_MEMORY, ES_E_IO, ES_E_STATE */
ES_MUST_USE enum es_errc es_trace(struct es_site *site, const struct es_sought *sought, cJSON **out, size_t *found, struct es_error *err);

#endif
