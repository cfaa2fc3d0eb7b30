/* SPDX-License-Identifier: Apache-2.0 */
/** @file explain_internal.h
 * What explain*.c share: a tree that remembers that memory ran out, and what was read.
 */
#ifndef ES_PLUGIN_EXPLAIN_INTERNAL_H
#define ES_PLUGIN_EXPLAIN_INTERNAL_H

#include "dicom/seg.h"
#include "plugin/recognise/explain.h"

struct es_trace {
    const struct es_facts *facts;
    const struct es_config *config; /* borrowed */
    cJSON *algorithms, *rules, *outcomes;
    bool *read[ES_TRACE_KINDS]; /* by index: some rule matched it */
    bool bad;                   /* memory ran out */
};

/** A new object at the end of a list, or under a key. NULL when memory ran out, which the trace remembers. */
cJSON *es_explain_object(struct es_trace *t, cJSON *into, const char *key);
cJSON *es_explain_list(struct es_trace *t, cJSON *into, const char *key);
void es_explain_text(struct es_trace *t, cJSON *object, const char *key, const char *text);
void es_explain_number(struct es_trace *t, cJSON *object, const char *key, double number);
/** "VALUE,SCHEME"; nothing for an empty code. */
void es_explain_code(struct es_trace *t, cJSON *object, const char *key, const struct es_code *code);
/** Tag and, where private, creator of a value. */
void es_explain_tag(struct es_trace *t, cJSON *object, const struct es_tag_value *value);

/** Number, property and maker of a segment; of its label only that it has one. */
void es_explain_segment(struct es_trace *t, cJSON *object, const struct es_seg_segment *segment);

/** "unread": what no rule read, with rules that would. */
void es_explain_unread(struct es_trace *t, cJSON *object);

#endif
