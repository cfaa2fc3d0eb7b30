/* SPDX-License-Identifier: Apache-2.0 */
/** @file explain.h
 * Why an object became the messages it became: for the engineer who writes the rules.
 *
 * A trace watches plugin/recognise/ at work and becomes one JSON object: which algorithm each model recognised or by which key not, what
 * every rule matched (by concept or tag, never by the patient's words), what of the content no rule read, each with a rule that
 * would read it. Values of numbers and decisions stand there; texts, identifiers and names do not. One thread.
 */
#ifndef ES_PLUGIN_EXPLAIN_H
#define ES_PLUGIN_EXPLAIN_H

#include <cjson/cJSON.h>

#include "plugin/config/config.h"
#include "plugin/event/event.h"

/** What a rule matched: a finding, a tag's value or a text of the report, a segment; by index. */
enum es_trace_kind { ES_TRACE_ITEM, ES_TRACE_TAG, ES_TRACE_TEXT, ES_TRACE_SEGMENT, ES_TRACE_KINDS };

/** NULL in place of a trace: nobody watches, and nothing happens. */
struct es_trace;
/** @param facts  borrowed as long as the trace lives */
ES_MUST_USE enum es_errc es_trace_new(struct es_trace **out, const struct es_facts *facts, struct es_error *err);
void es_trace_free(struct es_trace *trace);

/** @param refusal  the key of Recognise that says no; "" when it asks for nothing; NULL when it recognises the algorithm */
void es_trace_model(struct es_trace *trace, size_t algorithm, const char *model, const char *refusal);
/** One thing matched. @param wrong  why it could not be used; NULL when it could */
void es_trace_match(struct es_trace *trace, const char *model, const char *finding, size_t rule, enum es_trace_kind kind, size_t index,
                    const struct es_finding *found, const char *wrong);
/** A Seg rule read segments: those that it means in this role. @param wrong  why they could not be used together; NULL when they could */
void es_trace_segments(struct es_trace *trace, const char *model, const char *finding, size_t number, const struct es_from_rule *rule,
                       enum es_seg_role role, const char *wrong);
/** Something was read, though by no rule of a finding. */
void es_trace_read(struct es_trace *trace, enum es_trace_kind kind, size_t index);
/** One rule is done. */
void es_trace_rule(struct es_trace *trace, const char *model, const char *finding, size_t number, const struct es_from_rule *rule,
                   size_t used, size_t unusable);
/** The object is a failure. */
void es_trace_failure(struct es_trace *trace, const char *model, const char *reason);
/** The finding resulted, its value unknown. */
void es_trace_unknown(struct es_trace *trace, const char *model, const char *finding);
/** The object's silence on a finding means no. */
void es_trace_silence(struct es_trace *trace, const char *model, const char *finding);

/** Run the rules over the facts of one object and say why.
 * @param out  owned by the caller, cJSON_Delete()
 * @return ES_OK (also when the object is refused: the reason then stands in it), ES_E_MEMORY */
ES_MUST_USE enum es_errc es_explain(cJSON **out, const char *file, const struct es_facts *facts, const struct es_config *config,
                                    const char *remote_aet, struct es_error *err);

#endif
