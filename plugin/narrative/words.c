/* SPDX-License-Identifier: Apache-2.0 */
/* English words of negation and doubt in radiology reports. The sorts are those of NegEx (see narrative.h). */
#include "plugin/narrative/narrative.h"

#define LIST(words) {words, sizeof words / sizeof words[0]}

#define SEEN "(?:seen|identified|present|visuali[sz]ed|visible|evident|apparent|demonstrated|detected|observed|appreciated|noted|recogni[sz]ed|found)"
#define PRIOR "(?:previously|before|earlier|on (?:the |any |a )?(?:prior|previous|earlier|last|older|comparison)\\b)"
#define NEARLY "(?:nearly|almost|partially|partly|incompletely|mostly|largely|near[- ]complete(?:ly)?|partial|incomplete|near[- ]total|subtotal)"

static const char *const before[] = {
    "\\bno\\b(?! longer)",
    "\\bno longer\\b(?! (?:be )?" SEEN ")",
    "\\bnot\\b(?! (?:be )?" SEEN ")",
    "\\bwithout\\b",
    "\\b(?:negative|neg) for\\b",
    "\\b(?:free|clear) of\\b",
    "\\b(?:absence|resolution|clearing) of\\b",
    "\\b(?:absent|resolved)\\b",
    "\\b(?:rules|ruled|ruling) out\\b",
    "\\bexclud(?:es|ed|ing)\\b",
    "\\b(?:neither|nor|never)\\b",
    "\\bden(?:y|ies|ied)\\b",
    "\\bfails? to (?:reveal|show|demonstrate)\\b",
    "\\brather than\\b",
    "\\bunlikely\\b",
};
static const char *const after[] = {
    "\\b(?:ruled out|excluded|absent|unlikely|negative)\\b",
    "\\b(?:not|no longer) (?:be )?" SEEN "\\b",
    "\\b(?:has|have) (?:now |completely |since |fully )*(?:resolved|cleared)\\b",
    "\\b(?:resolved|gone)\\b",
    "\\b(?:has|have|had|did|does|do) not (?:yet )?(?:develop|occur|recur|re-?accumulate)",
    "[:=\\-]\\s*(?:no|none|negative|absent|nil)\\b",
};
static const char *const doubt_before[] = {
    "\\bpossib(?:le|ly|ility)\\b",
    "\\bquestion(?:able|ed|ing)?\\b",
    "\\bequivocal\\b",
    "\\b(?:may|might|could)\\b",
    "\\bsuspicio(?:n|us)\\b",
    "\\bsuspected\\b",
    "\\bconcern(?:ing)? (?:for|of)\\b",
    "\\b(?:can ?not|could not|can't|difficult to) (?:entirely |completely |definitely )*(?:exclude|rule out)\\b",
    "\\b(?:rule out|r/o|query)\\b",
    "\\b(?:versus|vs)\\b",
    "\\bdifferential\\b",
    "\\b(?:evaluat(?:e|ion)|assess(?:ment)?|check) for\\b",
    "\\bhistory of\\b",
    "\\bif(?: there (?:is|are))?\\b",
    "\\?",
};
static const char *const doubt_after[] = {
    "\\b(?:is|are|remains?) (?:possible|questionable|equivocal|suspected|indeterminate)\\b",
    "\\b(?:can ?not|could not|can't|not) (?:be )?(?:entirely |completely |definitely )*(?:excluded|ruled out)\\b",
    "\\b(?:versus|vs)\\b",
    "\\?",
};
static const char *const pseudo[] = {
    "\\bno (?:(?:significant|interval|appreciable|substantial|definite|further|acute) )*(?:change|increase|decrease|progression|improvement)\\b",
    "\\bwithout (?:(?:significant|interval|further) )*(?:change|increase|decrease|progression|improvement)\\b",
    "\\bnot (?:significantly |substantially )?changed\\b",
    "\\bnot (?:only|certain|necessarily)\\b",
    "\\bnot (?:definitely |clearly )?" SEEN " " PRIOR, /* it is new */
    "\\b(?:not previously|previously not) " SEEN "\\b",
    "\\b" NEARLY "(?: interval)?(?: completely| entirely| fully)? (?:resolved|cleared|resolution|clearing)\\b", /* some is left */
    "\\bgram negative\\b",
    "\\bno (?:doubt|question)\\b",
};
static const char *const ends[] = {
    "\\b(?:but|however|although|though|nevertheless|yet)\\b",
    "\\b(?:except|apart from|aside from|other than|besides)\\b",
    "\\b(?:there is|there are|there has been)\\b",
    "\\b(?:is|are) (?:again |now |also )?(?:present|noted|seen|identified|visible)\\b",
    "\\b(?:shows?|demonstrates?|reveals?)\\b",
    "\\band the\\b(?=[^,]*\\b(?:is|are|has|have|remains?|persists?|appears?)\\b)", /* a clause of its own */
};
static const char *const skip[] = {
    "^(?:history|indications?|information|question|clinical|reason|request|comparisons?|technique|procedure|protocol)\\b",
};

const struct es_text_language es_text_english = {LIST(before), LIST(after),  LIST(doubt_before), LIST(doubt_after),
                                                 LIST(pseudo), LIST(ends), LIST(skip)};
