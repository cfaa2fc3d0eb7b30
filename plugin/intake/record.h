/* SPDX-License-Identifier: Apache-2.0 */
/** @file record.h
 * One record of a file (a row, a document, an order's observations) and what a rule makes of it: messages of the schema.
 *
 * Absent, blank and unlisted are told apart: an absent value is left out, a blank cell too (of an attribute it stays blank), a value
 * that "Values" does not list is refused unless "Otherwise" stands. A record whose findings are all left out says nothing, and is
 * counted as such. No value stands in an error text, only names of keys. One thread at a time.
 */
#ifndef ES_PLUGIN_INTAKE_RECORD_H
#define ES_PLUGIN_INTAKE_RECORD_H

#include "plugin/config/intake_rule.h"

/** Who is told what became of a file. `where` is a line of CSV, JSON Lines and HL7 (of the message's first segment), or the number of
 * the record of a JSON document, from 1; 0: the file as a whole. */
struct es_intake_watch;
struct es_intake_sink {
    void *context;
    /** A message of the schema; borrowed. @return ES_OK, or what ends the reading */
    enum es_errc (*take)(void *context, uint64_t where, const cJSON *message, struct es_error *err);
    void (*refuse)(void *context, uint64_t where, const struct es_error *why);
    void (*silent)(void *context, uint64_t where);     /* a record that says nothing here */
    void (*progress)(void *context, uint64_t done, uint64_t total); /* bytes */
    struct es_intake_watch *watch; /* watch.h; NULL: nobody asks why */
};

struct es_hl7_record;

/** All borrowed. What a kind does not have is NULL. */
struct es_record {
    const char *file;              /* its path, for sources by file name */
    uint64_t where;
    const char *const *cells;      /* CSV: UTF-8 */
    size_t n_cells;
    const cJSON *document, *current;
    const cJSON *answers;          /* where paths of From.JSON begin; NULL: current */
    const struct es_hl7_record *hl7;
    const char *text;              /* a report that is the whole record; UTF-8 */
    size_t text_len;
};

/** Make the messages of a record and hand them on. What is wrong with the record goes to the sink and is no error.
 * @return ES_OK, ES_E_MEMORY, or what the sink's take() said */
ES_MUST_USE enum es_errc es_record_take(const struct es_intake_rule *rule, const struct es_config *config, const struct es_record *record,
                                        const struct es_intake_sink *sink, struct es_error *err);

/** One value by a slot's sources, as the schema wants it.
 * @param out  owned by the caller; NULL when nothing was said
 * @return ES_OK, ES_E_REFUSED, ES_E_MEMORY */
ES_MUST_USE enum es_errc es_record_value(const struct es_intake_rule *rule, const struct es_intake_slot *slot, const struct es_record *record,
                                         cJSON **out, struct es_error *err);
/** Is the record one that "Where" lets in? */
bool es_record_wanted(const struct es_intake_rule *rule, const struct es_record *record);
/** The report's text of a record; len 0: none. Borrowed from the record. */
const char *es_record_text(const struct es_intake_rule *rule, const struct es_record *record, size_t *len);

/** A finding that a record states, and of which side and with which status. */
struct es_stated {
    cJSON *finding;       /* owned; an element of "findings" */
    const char *status;   /* static; of a reference: "preliminary", "final", "corrected", "cancelled"; NULL: not said */
    char side;            /* 'L', 'R', or 0 */
};
/** The least settled of two statuses of a reference: preliminary, corrected, final; NULL, not said, stands back. */
const char *es_status_lesser(const char *a, const char *b);
/** What coded observations, From.JSON and the text of a record state.
 * @param model  may be NULL
 * @param watch  may be NULL
 * @param room   ES_MAX_EVENT_FINDINGS places; the caller deletes the findings also after a failure
 * @return ES_OK, ES_E_REFUSED, ES_E_MEMORY */
ES_MUST_USE enum es_errc es_record_findings(const struct es_intake_rule *rule, const struct es_config *config, enum es_event_kind kind,
                                            const struct es_model_config *model, const struct es_record *record,
                                            struct es_intake_watch *watch, struct es_stated *room, size_t *count, struct es_error *err);

/** Findings of a model that its From.JSON rules find in a document: the first rule of a finding that selects a usable value decides;
 * several values are combined by the finding's Combine. A number is a score (task binary or ordinal) or a value, true and false a
 * decision; a text is read as a number, with "%" behind it as percent. null and "" say nothing.
 * @param findings  room for the model's findings
 * @param why       the first thing that could not be used, for --explain; may be NULL when why_size is 0
 * @return how many were found */
size_t es_findings_from_json(const struct es_model_config *model, const cJSON *root, struct es_finding *findings, char *why, size_t why_size);

/** Does a JSON rule of the model's FailedWhen say yes of a document? */
bool es_json_says_failed(const struct es_model_config *model, const cJSON *root);

#endif
