/* SPDX-License-Identifier: Apache-2.0 */
/** @file internal.h
 * What plugin/recognise/ share: the messages of one object while they are made, and who watches.
 */
#ifndef ES_PLUGIN_RECOGNISE_INTERNAL_H
#define ES_PLUGIN_RECOGNISE_INTERNAL_H

#include <cjson/cJSON.h>

#include "plugin/narrative/narrative.h"
#include "plugin/recognise/recognise.h"

struct es_seg_facts;
struct es_seg_segment;
struct es_mask;

struct es_trace; /* explain.h */

/** Messages of one object while they are made. */
struct es_gathering {
    const struct es_facts *facts;
    const struct es_config *config;
    const char *remote_aet;
    struct es_message **messages;
    size_t count, room;
    char *why;
    size_t why_size;
    struct es_trace *trace; /* NULL: nobody asked */
    struct es_error *err;
};

/** The first thing left out is told; the object may still say something. @param name  of the finding, "" for the object */
void es_gather_tell(struct es_gathering *g, const char *name, const char *what);
void es_gather_copy(char *out, size_t size, const char *text);

/** One model as this object speaks of it: one version, from one or several of the object's algorithms. */
struct es_voice {
    const struct es_model_config *model;
    const struct es_algorithm *algorithm; /* the first of them */
    char version[ES_NAME_SIZE];           /* by VersionFrom, else the algorithm's */
    uint64_t algorithms;                  /* by bit */
    char side;                            /* 'L' or 'R': only what is told of that side, or of both, is read; 0: all */
};
#define ES_MAX_VOICES 64

/** Which models recognise the object.
 * @return ES_OK, ES_E_REFUSED: two models recognise one algorithm */
enum es_errc es_recognise_models(struct es_gathering *g, struct es_voice voices[ES_MAX_VOICES], size_t *n);
/** Which key of Recognise says no; NULL when all agree, "" when none is asked for. @param algorithm  borrowed */
const char *es_recognise_refusal(const struct es_recognise *r, const struct es_algorithm *algorithm, const char *remote_aet);

enum es_found {
    ES_FOUND_NOT,     /* no rule matched anything */
    ES_FOUND_UNUSABLE,/* something matched, and nothing of it can be used; why was told */
    ES_FOUND
};
/** What a finding's rules find: the first rule with something usable decides, an object may say the same thing in two ways.
 * @param rules  of the finding, or FailedWhen of the model (config then has only a name and a task) */
enum es_found es_find_finding(struct es_gathering *g, const struct es_voice *voice, const struct es_finding_config *config,
                              const struct es_from_rule *rules, size_t n_rules, struct es_finding *out);

/** One thing that a rule matched, as a finding: what is read is a number, a decision or nothing usable. */
struct es_reading {
    enum { ES_READ_NOTHING, ES_READ_NUMBER, ES_READ_DECISION } kind;
    double number;
    bool decision;
    const char *units;   /* UCUM; "" when none */
    const char *unusable;/* why, when ES_READ_NOTHING */
};
/** Whether a Tag or PrivateTag rule means this value. */
bool es_tag_matches(const struct es_from_rule *rule, const struct es_tag_value *value);
/** What a rule of VersionFrom reads of a tag's text: the text, its group, or what stands at a JSON path. @return false: nothing */
bool es_read_name(const struct es_from_rule *rule, const char *text, char out[ES_NAME_SIZE]);
/** A reading as a finding. @return NULL when it can be used, else why not (static) */
const char *es_reading_take(const struct es_finding_config *config, const struct es_from_rule *rule, const struct es_reading *reading,
                            struct es_finding *out);
/** Several things of one finding are one, by its Combine. @param seen  how many `into` holds */
void es_reading_combine(enum es_combine how, struct es_finding *into, const struct es_finding *next, size_t seen);
/** Of a value of JSON: a number, true or false, or a text as below. */
struct es_reading es_read_value(const struct es_from_rule *rule, const cJSON *value);
/** Of a text: a decision by its patterns, a number by its group, else the whole as a number; a JSON path first. */
struct es_reading es_read_text(const struct es_from_rule *rule, const char *text);
/** Of a text that people write: Present and Absent with negation (narrative/narrative.h). NOTHING without `unusable`: it is not stated.
 * @param reader  of this rule: made at the first text, es_text_reader_free() when done; may be NULL inside */
struct es_reading es_read_prose(const struct es_from_rule *rule, struct es_text_reader **reader, const char *text);

/** Which key of a Seg rule says no to a segment in this role, or "SegmentAlgorithmType"; NULL: the rule means it. */
const char *es_seg_refusal(const struct es_from_rule *rule, enum es_seg_role role, const struct es_seg_segment *segment);
/** The segments of one role that a rule names: the sum of their sizes, or (Measure mask) their voxels together.
 * @param role  RESULT or REFERENCE
 * @param mask  owned by the caller; NULL unless the rule asks for it and it could be made
 * @return false when no segment is meant, and nothing is written */
bool es_seg_reading(const struct es_seg_facts *seg, const struct es_from_rule *rule, enum es_seg_role role, struct es_reading *out,
                    struct es_mask **mask);
/** Messages of what a human drew: one for each kind of unit, its findings those whose Seg rules name such a segment.
 * @return ES_OK (also when there is none), ES_E_MEMORY */
enum es_errc es_seg_references(struct es_gathering *g);
/** Whether what stands under this algorithm was stated by a person: a person observer, no device observer (TID 1003, 1004), and no
 * algorithm but the equipment. */
bool es_is_by_person(const struct es_facts *facts, const struct es_algorithm *algorithm);
/** References of a structured report that a person made: what the SR and Text rules of any model read in it. A decision is a label, a
 * value a value. @return ES_OK (also when there is none), ES_E_MEMORY */
enum es_errc es_sr_references(struct es_gathering *g);
/** Begin a message; g->messages has room for what recognise.c makes and one of each kind of unit. NULL: no memory. */
struct es_message *es_gather_message(struct es_gathering *g, enum es_event_kind kind);
/** Who, when, and what it was drawn on: what messages of a result and of a drawn reference share. */
enum es_errc es_gather_object(struct es_gathering *g, struct es_message *m);
/** The unit that an object speaks of; false when it cannot be told, and why was told. @param side  of a finding of sides: which; 0: not told */
bool es_gather_unit(struct es_gathering *g, const struct es_finding_config *finding, char side, struct es_message *m);
/** Is a message of this unit? */
bool es_gather_is_of(const struct es_message *m, const struct es_finding_config *finding, char side);
/** The sides that a finding is read of, one after the other: "LR", or "" for one that is no finding of sides. A structured report tells
 * them by Laterality; where it tells none, a finding of sides is left out, and so is silence about one. */
const char *es_gather_sides(const struct es_gathering *g, const struct es_finding_config *finding);
/** The reference of the finding's kind of unit, begun when the first of its findings comes, with room for this one.
 * @return NULL: no memory (g->err), the unit cannot be told, or this finding is already stated */
struct es_message *es_gather_reference(struct es_gathering *g, const struct es_finding_config *finding, char side, const char *source,
                                       enum es_reference_status status);

#endif
