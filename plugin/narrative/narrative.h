/* SPDX-License-Identifier: Apache-2.0 */
/** @file narrative.h
 * What a radiology report, or another short clinical text, states about findings: patterns with negation.
 *
 * The method is NegEx (Chapman et al., J Biomed Inform 2001;34:301-310, doi:10.1006/jbin.2001.1029) with whole clauses for its window
 * of five words: cues before and after a term, cues that only look like negation, and words that end a cue's reach. A reader is made
 * once from the configuration's patterns (PCRE2, letters' case makes no difference) and then reads text after text:
 *
 * - Sections under a heading ("HISTORY:" at the start of a line) that `skip` matches are not read: a question is no answer.
 * - A sentence ends at . ! ; before a blank, at ? before a blank and no small letter, at an empty line, before a heading, and where a
 *   line is followed by one that begins with a capital letter, a digit or a bullet, unless the first ends in a comma. Reports are
 *   wrapped lines or lists; this reads both.
 * - A cue reaches from where it stands to the sentence's end (`before`) or its beginning (`after`), but over no word of `ends`.
 * - A `negative` pattern says no wherever it matches, and what lies inside its match is not looked at again. A `positive` pattern says
 *   yes where no cue reaches it. The nearest cue before it says no or perhaps; one after it counts where there is none before, or
 *   where it stands closer than the next comma ("possible effusion is ruled out").
 * - Over the whole text: yes and no together, or doubt without yes, is indeterminate. Nothing said is not stated, never no.
 *
 * The text is read and forgotten: nothing of it is kept, and none stands in a message. One thread at a time.
 */
#ifndef ES_PLUGIN_REPORT_TEXT_H
#define ES_PLUGIN_REPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "dicom/error.h"

#define ES_TEXT_MAX (256u << 10)  /* bytes of one text */
#define ES_TEXT_MAX_MATCHES 10000 /* matches looked at in one text */
#define ES_TEXT_MAX_FINDINGS 256
#define ES_TEXT_MAX_PATTERNS 64   /* of one list */

/** A list of patterns, borrowed. */
struct es_text_list {
    const char *const *patterns;
    size_t n;
};

/** Words of a language; a list with patterns NULL is the English one (es_text_english). */
struct es_text_language {
    struct es_text_list before;    /* negate what follows: "no", "without", "negative for" */
    struct es_text_list after;     /* negate what stands before: "is ruled out", "not seen" */
    struct es_text_list doubt_before; /* cast doubt on what follows: "possible" */
    struct es_text_list doubt_after;  /* cast doubt on what stands before: "cannot be excluded" */
    struct es_text_list pseudo;    /* look like negation and are none: "no change" */
    struct es_text_list ends;      /* end a cue's reach: "but", "however" */
    struct es_text_list skip;      /* headings of sections that are not read: "history" */
};
extern const struct es_text_language es_text_english;

enum es_text_answer { ES_TEXT_NOT_STATED, ES_TEXT_NO, ES_TEXT_YES, ES_TEXT_INDETERMINATE };
/** What a text states of one finding. */
struct es_text_statement {
    enum es_text_answer answer;
    size_t yes, no, doubt; /* statements of each sort; yes and no together are a contradiction */
};

/** A reader: language and findings, compiled. */
struct es_text_reader;
/** @param language  borrowed for the call; NULL: English
 * @return ES_OK, ES_E_CONFIG ("before[2]: missing closing parenthesis at character 3"), ES_E_MEMORY */
ES_MUST_USE enum es_errc es_text_reader_new(struct es_text_reader **out, const struct es_text_language *language, struct es_error *err);
/** NULL is allowed. */
void es_text_reader_free(struct es_text_reader *reader);
/** Add a finding; they are numbered from 0. At least one positive pattern.
 * @return ES_OK, ES_E_CONFIG ("positive[0]: ..."), ES_E_LIMIT, ES_E_MEMORY */
ES_MUST_USE enum es_errc es_text_reader_add(struct es_text_reader *reader, struct es_text_list positive, struct es_text_list negative,
                                            struct es_error *err);
size_t es_text_reader_count(const struct es_text_reader *reader);
/** Read a text.
 * @param text  borrowed; UTF-8
 * @param out   one for each finding; written whole on ES_OK
 * @return ES_OK, ES_E_LIMIT (text or matches too many, or a pattern that reached its limit: what it says is not known), ES_E_PARSE (no
 *         UTF-8), ES_E_MEMORY; never with words of the text */
ES_MUST_USE enum es_errc es_text_read(struct es_text_reader *reader, const char *text, size_t len, struct es_text_statement *out,
                                      struct es_error *err);

#endif
