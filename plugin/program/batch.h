/* SPDX-License-Identifier: Apache-2.0 */
/** @file batch.h
 * Messages on their way to a site: gathered, committed together, each outcome counted and each refusal named on stderr.
 */
#ifndef ES_PLUGIN_BATCH_H
#define ES_PLUGIN_BATCH_H

#include "plugin/site/site.h"

struct es_batch;

struct es_batch_counts {
    uint64_t taken, revised, duplicate, refused, silent; /* silent: DICOM objects that make no message */
    uint64_t unsaid; /* records of files read by a rule that say nothing: no finding, or none yet */
};

/** @param site  borrowed, outlives the batch */
ES_MUST_USE enum es_errc es_batch_new(struct es_batch **out, struct es_site *site, struct es_error *err);
/** Frees; what was not flushed is lost. NULL is allowed. */
void es_batch_free(struct es_batch *batch);
/** Add the message of one line of JSON Lines. A line that is no message is refused and counted.
 * @return ES_OK, or what es_site_take() says when the batch was full and the ledger refused it */
ES_MUST_USE enum es_errc es_batch_json(struct es_batch *batch, const char *path, uint64_t line, const char *text, size_t len,
                                       struct es_error *err);
/** The same of a tree, which is borrowed. */
ES_MUST_USE enum es_errc es_batch_message(struct es_batch *batch, const char *path, uint64_t line, const cJSON *tree, struct es_error *err);
/** Add the messages of a file that rules of "Intake" read. */
ES_MUST_USE enum es_errc es_batch_intake(struct es_batch *batch, const char *path, struct es_error *err);
/** Add the messages of one DICOM file. */
ES_MUST_USE enum es_errc es_batch_dicom(struct es_batch *batch, const char *path, struct es_error *err);
/** Count one refusal; it is named with those of its batch, in the order they came. line 0: the file as a whole. */
void es_batch_refuse(struct es_batch *batch, const char *path, uint64_t line, const struct es_error *why);
/** Commit what is gathered. */
ES_MUST_USE enum es_errc es_batch_flush(struct es_batch *batch, struct es_error *err);
struct es_batch_counts es_batch_count(const struct es_batch *batch);

#endif
