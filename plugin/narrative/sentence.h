/* SPDX-License-Identifier: Apache-2.0 */
/** @file sentence.h
 * Sentences of a report, one after the other, by the rules of narrative.h. Pure; any thread.
 */
#ifndef ES_PLUGIN_REPORT_SENTENCE_H
#define ES_PLUGIN_REPORT_SENTENCE_H

#include <stdbool.h>
#include <stddef.h>

#define ES_MAX_HEADING 48 /* bytes before the colon of a heading */

/** Begin with text and len set and all else zero. */
struct es_sentences {
    const char *text; /* borrowed */
    size_t len;
    size_t from, to;  /* the sentence, without blanks around it; never empty */
    size_t heading;   /* bytes of its heading, without the colon; 0: it has none */
    bool paragraph;   /* an empty line stands before it, and what stood before that was more than a heading alone */
    size_t at;        /* where the next begins */
    bool alone;       /* it is a heading alone */
};

/** The next sentence. @return false: there is none */
bool es_sentence_next(struct es_sentences *s);

#endif
