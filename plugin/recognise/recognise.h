/* SPDX-License-Identifier: Apache-2.0 */
/** @file recognise.h
 * From the facts of one DICOM object to messages: an exam for an image, a result for an AI object that a model recognises.
 *
 * AI objects are recognised before anything is excluded. How a number becomes a score: the rule's Scale when given, else by units:
 * "%" is divided by 100; "1", "{probability}", "[0,1]" and no unit count as they are (UCUM). A binary score outside 0..1 after that,
 * or in another unit, is left out and named; where a finding's absence means no, it is kept as a finding without a value, so that it
 * does not pass for one. A CAD report that says that it failed makes a failure, as does an object of which a rule of FailedWhen says
 * yes. A secondary capture, an encapsulated document or a key object that a model recognises is a result whose findings have no value,
 * unless a rule reads one. Several algorithms in one report are several results. A finding
 * whose unit is a side is read of each side that a structured report tells (Laterality of the finding site); of a side that it does not
 * name nothing is said, whatever absence means. What a
 * person states in a report, no algorithm named, is a reference (source "structured-report"), never a result. Any thread.
 */
#ifndef ES_PLUGIN_RECOGNISE_H
#define ES_PLUGIN_RECOGNISE_H

#include "dicom/facts.h"
#include "plugin/event/event.h"

/** Messages that one DICOM object makes: an exam for an image; results or failures for an AI object that configured models
 * recognise (one for each model, version and kind of unit its findings have).
 * @param remote_aet   who sent it; "" when unknown
 * @param archive_copy the host says the archive made it (AnonymizedFrom): excluded, counted
 * @param messages     owned by the caller: es_messages_free(); NULL when *count is 0
 * @param why          "" or one line: why there is no message ("no model recognises it", "no rule matched a finding", "a directory,
 *                     no image"), or what of the object was left out ("finding effusion: a number outside 0..1"). Never a value
 * @return ES_OK, ES_E_REFUSED (no StudyInstanceUID in an image; two models recognise it), ES_E_MEMORY */
ES_MUST_USE enum es_errc es_messages_from_facts(const struct es_facts *facts, const struct es_config *config, const char *remote_aet,
                                                bool archive_copy, struct es_message ***messages, size_t *count, char *why,
                                                size_t why_size, struct es_error *err);
struct es_trace;
/** The same, watched: explain.h. @param trace  NULL: nobody watches */
ES_MUST_USE enum es_errc es_messages_traced(const struct es_facts *facts, const struct es_config *config, const char *remote_aet,
                                            bool archive_copy, struct es_message ***messages, size_t *count, char *why, size_t why_size,
                                            struct es_trace *trace, struct es_error *err);
/** Wipe and free. NULL is allowed. */
void es_messages_free(struct es_message **messages, size_t count);

#endif
