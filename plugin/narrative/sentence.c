/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/narrative/sentence.h"

#include <string.h>

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v'; }
static bool capital(char c) { return c >= 'A' && c <= 'Z'; }
static bool small(char c) { return c >= 'a' && c <= 'z'; }
static bool letter(char c) { return capital(c) || small(c) || (unsigned char)c >= 0x80; }

/* "History of illness:" at the beginning of a sentence: its length without the colon, or 0. */
static size_t heading_at(const struct es_sentences *s, size_t from)
{
    size_t len = 0;
    if (from >= s->len || !letter(s->text[from])) return 0;
    for (size_t i = from; i < s->len && len <= ES_MAX_HEADING; i++, len++) {
        const char c = s->text[i];
        if (c == ':') return len;
        if (!letter(c) && (c == '\0' || strchr(" /&()-", c) == NULL) && !(c >= '0' && c <= '9')) return 0;
    }
    return 0;
}

/* "FINDINGS:" in the middle of a line: capitals only, at least four. */
static bool capital_heading_at(const struct es_sentences *s, size_t at)
{
    size_t letters = 0;
    if (at == 0 || !blank(s->text[at - 1])) return false;
    for (size_t i = at; i < s->len && i - at <= ES_MAX_HEADING; i++) {
        const char c = s->text[i];
        if (c == ':') return letters >= 4;
        if (capital(c)) letters++;
        else if (c != ' ' && c != '/') return false;
    }
    return false;
}

/* Does the line that begins at `at` begin something new? */
static bool new_line_begins(const struct es_sentences *s, size_t at, size_t before)
{
    while (at < s->len && (s->text[at] == ' ' || s->text[at] == '\t' || s->text[at] == '\r')) at++;
    if (at == s->len || s->text[at] == '\n') return true; /* an empty line */
    const char c = s->text[at];
    if (before > 0 && (s->text[before - 1] == ',' || s->text[before - 1] == ':')) return false;
    return capital(c) || (c >= '0' && c <= '9') || c == '-' || c == '*' || c == '+' || c == '#';
}

/* Does the sentence end with the letter at `i`? */
static bool ends_at(const struct es_sentences *s, size_t i)
{
    const char c = s->text[i];
    const bool last = i + 1 == s->len;
    if (c == '.' || c == '!' || c == ';') return last || blank(s->text[i + 1]);
    if (c == '?') {
        size_t next = i + 1;
        while (next < s->len && blank(s->text[next])) next++;
        return next == s->len || (next > i + 1 && !small(s->text[next]));
    }
    if (c != '\n') return !last && capital_heading_at(s, i + 1);
    size_t before = i;
    while (before > s->from && blank(s->text[before - 1])) before--;
    return new_line_begins(s, i + 1, before);
}

/* Blanks, and whether an empty line is among them. */
static bool skip_blanks(struct es_sentences *s)
{
    size_t lines = 0;
    while (s->at < s->len && blank(s->text[s->at])) lines += s->text[s->at++] == '\n';
    return lines >= 2;
}

bool es_sentence_next(struct es_sentences *s)
{
    /* A sentence's own line feed is taken with it: one more makes an empty line. */
    const bool fed = s->at > 0 && s->at <= s->len && s->text[s->at - 1] == '\n';
    const size_t start = s->at;
    const bool empty = skip_blanks(s) || (fed && memchr(s->text + start, '\n', s->at - start) != NULL);
    if (s->at >= s->len) return false;
    s->from = s->at;
    size_t end = s->from;
    while (end < s->len && !ends_at(s, end)) end++;
    s->at = end < s->len ? end + 1 : end;
    s->to = s->at;
    while (s->to > s->from && blank(s->text[s->to - 1])) s->to--;
    s->heading = heading_at(s, s->from);
    s->paragraph = empty && !s->alone;
    s->alone = s->heading > 0 && s->from + s->heading + 1 == s->to;
    return true;
}
