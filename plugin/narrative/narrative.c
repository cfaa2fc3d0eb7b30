/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/narrative/narrative.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/json.h"
#include "plugin/base/pattern.h"
#include "plugin/narrative/sentence.h"

#define MAX_CUES 256 /* of one sentence; one with more is not read */

struct list {
    struct es_pattern **patterns;
    size_t n;
};

struct finding {
    struct list positive, negative;
};

enum sort { NO_BEFORE, NO_AFTER, DOUBT_BEFORE, DOUBT_AFTER, PSEUDO, ENDS, SKIP, SORTS };

struct es_text_reader {
    struct list words[SORTS];
    struct finding findings[ES_TEXT_MAX_FINDINGS];
    size_t n;
};

/* ---- making ---- */

static void free_list(struct list *list)
{
    for (size_t i = 0; i < list->n; i++) es_pattern_free(list->patterns[i]);
    free(list->patterns);
    *list = (struct list){0};
}

/* A pattern that matches nothing at all would match everywhere. */
static enum es_errc make_pattern(struct es_pattern **out, const char *text, const char *name, size_t index, struct es_error *err)
{
    struct es_error inner = {0};
    const enum es_errc code = es_pattern_new(out, text, true, &inner);
    if (code != ES_OK) return es_fail(err, code, "%s[%zu]: %s", name, index, inner.text);
    if (es_pattern_find(*out, "", 0, 0, NULL, NULL) == ES_MATCH_NONE) return ES_OK;
    es_pattern_free(*out);
    *out = NULL;
    return es_fail(err, ES_E_CONFIG, "%s[%zu]: found a pattern that matches an empty text, expected one that needs a letter", name, index);
}

static enum es_errc make_list(struct list *out, struct es_text_list from, const char *name, struct es_error *err)
{
    if (from.n > ES_TEXT_MAX_PATTERNS)
        return es_fail(err, ES_E_LIMIT, "%s: found %zu patterns, expected at most %d", name, from.n, ES_TEXT_MAX_PATTERNS);
    out->patterns = calloc(from.n + 1, sizeof(struct es_pattern *));
    if (out->patterns == NULL) return es_fail(err, ES_E_MEMORY, "memory ran out");
    for (size_t i = 0; i < from.n; i++) {
        const enum es_errc code = make_pattern(&out->patterns[i], from.patterns[i], name, i, err);
        if (code != ES_OK) return code;
        out->n = i + 1;
    }
    return ES_OK;
}

enum es_errc es_text_reader_new(struct es_text_reader **out, const struct es_text_language *language, struct es_error *err)
{
    static const char *const names[SORTS] = {"before", "after", "doubt_before", "doubt_after", "pseudo", "ends", "skip"};
    const struct es_text_language *own = language != NULL ? language : &es_text_english, *english = &es_text_english;
    const struct es_text_list lists[SORTS][2] = {{own->before, english->before},
                                                 {own->after, english->after},
                                                 {own->doubt_before, english->doubt_before},
                                                 {own->doubt_after, english->doubt_after},
                                                 {own->pseudo, english->pseudo},
                                                 {own->ends, english->ends},
                                                 {own->skip, english->skip}};
    struct es_text_reader *reader = calloc(1, sizeof *reader);
    *out = NULL;
    if (reader == NULL) return es_fail(err, ES_E_MEMORY, "memory ran out");
    enum es_errc code = ES_OK;
    for (size_t i = 0; code == ES_OK && i < SORTS; i++)
        code = make_list(&reader->words[i], lists[i][lists[i][0].patterns == NULL], names[i], err);
    if (code == ES_OK) *out = reader;
    else es_text_reader_free(reader);
    return code;
}

void es_text_reader_free(struct es_text_reader *reader)
{
    if (reader == NULL) return;
    for (size_t i = 0; i < SORTS; i++) free_list(&reader->words[i]);
    for (size_t i = 0; i < reader->n; i++) {
        free_list(&reader->findings[i].positive);
        free_list(&reader->findings[i].negative);
    }
    free(reader);
}

enum es_errc es_text_reader_add(struct es_text_reader *reader, struct es_text_list positive, struct es_text_list negative, struct es_error *err)
{
    struct finding finding = {0};
    if (reader->n == ES_TEXT_MAX_FINDINGS) return es_fail(err, ES_E_LIMIT, "found more than %d findings, expected fewer", ES_TEXT_MAX_FINDINGS);
    if (positive.n == 0) return es_fail(err, ES_E_CONFIG, "positive: found no pattern, expected at least one");
    enum es_errc code = make_list(&finding.positive, positive, "positive", err);
    if (code == ES_OK) code = make_list(&finding.negative, negative, "negative", err);
    if (code == ES_OK) {
        reader->findings[reader->n++] = finding;
        return ES_OK;
    }
    free_list(&finding.positive);
    free_list(&finding.negative);
    return code;
}

size_t es_text_reader_count(const struct es_text_reader *reader) { return reader->n; }

/* ---- reading ---- */

struct cue {
    struct es_span span;
    enum sort sort;
};

struct state {
    const struct es_text_reader *reader;
    char *work, *words; /* a sentence while cues, and while findings are looked for: what was found is blanked */
    struct cue cues[MAX_CUES];
    size_t n_cues, matches;
    struct es_text_statement *out;
    struct es_error *err;
};

/* The next match of a pattern in a sentence. ES_OK with *more false: none left. */
static enum es_errc next(struct state *s, struct es_pattern *pattern, const char *text, size_t len, size_t *from, struct es_span *span, bool *more)
{
    const enum es_match found = es_pattern_find(pattern, text, len, *from, span, NULL);
    *more = found == ES_MATCH_FOUND;
    if (found == ES_MATCH_LIMIT) return es_fail(s->err, ES_E_LIMIT, "text: a pattern reached its limit of steps: what it says is not known");
    if (!*more) return ES_OK;
    if (++s->matches > ES_TEXT_MAX_MATCHES)
        return es_fail(s->err, ES_E_LIMIT, "text: found more than %d matches, expected fewer", ES_TEXT_MAX_MATCHES);
    *from = span->to > span->from ? span->to : span->to + 1;
    while (*from < len && ((unsigned char)text[*from] & 0xc0) == 0x80) ++*from; /* between letters */
    return ES_OK;
}

/* All matches of one sort as cues; `blank`: what was found is taken out of the sentence for the sorts after it. */
static enum es_errc find_cues(struct state *s, enum sort sort, size_t len, bool blank)
{
    const struct list *list = &s->reader->words[sort];
    for (size_t i = 0; i < list->n; i++) {
        struct es_span span;
        size_t from = 0;
        bool more = true;
        while (true) {
            const enum es_errc code = next(s, list->patterns[i], s->work, len, &from, &span, &more);
            if (code != ES_OK) return code;
            if (!more) break;
            if (sort != PSEUDO) {
                if (s->n_cues == MAX_CUES) return es_fail(s->err, ES_E_LIMIT, "text: found more than %d cues in a sentence, expected fewer", MAX_CUES);
                s->cues[s->n_cues++] = (struct cue){span, sort};
            }
            if (blank) memset(s->work + span.from, ' ', span.to - span.from);
        }
    }
    return ES_OK;
}

static bool ends_between(const struct state *s, size_t from, size_t to)
{
    for (size_t i = 0; i < s->n_cues; i++)
        if (s->cues[i].sort == ENDS && s->cues[i].span.from >= from && s->cues[i].span.to <= to) return true;
    return false;
}

/* The nearest cue that reaches a span from one side; NULL: none. */
static const struct cue *nearest(const struct state *s, struct es_span span, bool behind)
{
    const struct cue *best = NULL;
    for (size_t i = 0; i < s->n_cues; i++) {
        const struct cue *cue = &s->cues[i];
        if (cue->sort != (behind ? NO_AFTER : NO_BEFORE) && cue->sort != (behind ? DOUBT_AFTER : DOUBT_BEFORE)) continue;
        const bool there = behind ? cue->span.from >= span.to : cue->span.to <= span.from;
        const bool cut = behind ? ends_between(s, span.to, cue->span.from) : ends_between(s, cue->span.to, span.from);
        if (!there || cut) continue;
        if (best == NULL || (behind ? cue->span.from < best->span.from : cue->span.to > best->span.to)) best = cue;
    }
    return best;
}

static void state_one(struct state *s, const char *sentence, struct es_span span, struct es_text_statement *out)
{
    const struct cue *cue = nearest(s, span, false), *behind = nearest(s, span, true);
    if (behind != NULL && (cue == NULL || memchr(sentence + span.to, ',', behind->span.from - span.to) == NULL)) cue = behind;
    if (cue == NULL) out->yes++;
    else if (cue->sort == NO_BEFORE || cue->sort == NO_AFTER) out->no++;
    else out->doubt++;
}

/* Matches of one finding's list; each is blanked, so that two patterns count a word once. */
static enum es_errc find_statements(struct state *s, const struct list *list, bool negative, const char *sentence, size_t len,
                                    struct es_text_statement *out)
{
    for (size_t i = 0; i < list->n; i++) {
        struct es_span span;
        size_t from = 0;
        bool more = true;
        while (true) {
            const enum es_errc code = next(s, list->patterns[i], s->words, len, &from, &span, &more);
            if (code != ES_OK) return code;
            if (!more) break;
            if (negative) out->no++;
            else state_one(s, sentence, span, out);
            memset(s->words + span.from, ' ', span.to - span.from);
        }
    }
    return ES_OK;
}

static enum es_errc read_sentence(struct state *s, const char *sentence, size_t len)
{
    static const struct {
        enum sort sort;
        bool blank;
    } order[] = {{PSEUDO, true}, {DOUBT_BEFORE, false}, {DOUBT_AFTER, true}, {NO_AFTER, false}, {NO_BEFORE, false}, {ENDS, false}};
    enum es_errc code = ES_OK;
    s->n_cues = 0;
    memcpy(s->work, sentence, len);
    for (size_t i = 0; code == ES_OK && i < sizeof order / sizeof order[0]; i++) code = find_cues(s, order[i].sort, len, order[i].blank);
    /* what casts doubt is no negation: "cannot exclude" */
    for (size_t i = 0; code == ES_OK && i < s->reader->n; i++) {
        memcpy(s->words, sentence, len);
        code = find_statements(s, &s->reader->findings[i].negative, true, sentence, len, &s->out[i]);
        if (code == ES_OK) code = find_statements(s, &s->reader->findings[i].positive, false, sentence, len, &s->out[i]);
    }
    return code;
}

static bool skips(const struct es_text_reader *reader, const char *heading, size_t len)
{
    for (size_t i = 0; i < reader->words[SKIP].n; i++)
        if (es_pattern_find(reader->words[SKIP].patterns[i], heading, len, 0, NULL, NULL) == ES_MATCH_FOUND) return true;
    return false;
}

static enum es_errc read_all(struct state *s, const char *text, size_t len)
{
    struct es_sentences sentences = {.text = text, .len = len};
    bool skipping = false;
    while (es_sentence_next(&sentences)) {
        if (sentences.heading > 0) skipping = skips(s->reader, text + sentences.from, sentences.heading);
        else if (sentences.paragraph) skipping = false;
        if (skipping || sentences.alone) continue; /* a heading alone states nothing */
        const enum es_errc code = read_sentence(s, text + sentences.from, sentences.to - sentences.from);
        if (code != ES_OK) return code;
    }
    return ES_OK;
}

static enum es_text_answer answer_of(const struct es_text_statement *s)
{
    if (s->yes > 0) return s->no > 0 ? ES_TEXT_INDETERMINATE : ES_TEXT_YES;
    if (s->doubt > 0) return ES_TEXT_INDETERMINATE;
    return s->no > 0 ? ES_TEXT_NO : ES_TEXT_NOT_STATED;
}

enum es_errc es_text_read(struct es_text_reader *reader, const char *text, size_t len, struct es_text_statement *out, struct es_error *err)
{
    struct es_text_statement *found = calloc(reader->n + 1, sizeof *found);
    struct state *s = calloc(1, sizeof *s);
    enum es_errc code = ES_OK;
    char *copies = len <= ES_TEXT_MAX ? malloc(2 * len + 2) : NULL;
    if (len > ES_TEXT_MAX) code = es_fail(err, ES_E_LIMIT, "text: found %zu bytes, expected at most %u", len, ES_TEXT_MAX);
    else if (found == NULL || s == NULL || copies == NULL) code = es_fail(err, ES_E_MEMORY, "text: no memory");
    else if (!es_utf8_valid(text, len)) code = es_fail(err, ES_E_PARSE, "text: found bytes that are no UTF-8 text");
    if (code == ES_OK) {
        *s = (struct state){.reader = reader, .work = copies, .words = copies + len + 1, .out = found, .err = err};
        code = read_all(s, text, len);
    }
    for (size_t i = 0; code == ES_OK && i < reader->n; i++) {
        found[i].answer = answer_of(&found[i]);
        out[i] = found[i];
    }
    if (copies != NULL) explicit_bzero(copies, 2 * len + 2);
    free(copies);
    free(found);
    free(s);
    return code;
}
