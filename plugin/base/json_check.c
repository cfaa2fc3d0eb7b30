/* SPDX-License-Identifier: Apache-2.0 */
/* Is it JSON? All of RFC 8259 is looked at before cJSON sees a byte: what it reads before it meets an error it frees without wiping, and it
 * takes more than the standard allows. */
#include <stdint.h>
#include <string.h>

#include "plugin/base/json_check.h"

#define MAX_NUMBER 63 /* characters: cJSON reads no more of one */

enum expected { VALUE, VALUE_OR_END, KEY, KEY_OR_END, COLON, MORE, NOTHING };

struct scan {
    char *text; /* comments are blanked in it */
    size_t len, at;
    unsigned depth;
    uint64_t objects; /* bit d: the bracket at depth d is a "{" */
    enum expected expected;
    bool comments;
    struct es_error *err;
};

/* Where in the text a message points. */
static enum es_errc fail_at(const struct scan *s, enum es_errc code, size_t at, const char *what)
{
    size_t line = 1, start = 0;
    for (size_t i = 0; i < at; i++)
        if (s->text[i] == '\n') {
            line++;
            start = i + 1;
        }
    return es_fail(s->err, code, "line %zu, column %zu: %s", line, at - start + 1, what);
}

static enum es_errc no_json(const struct scan *s) { return fail_at(s, ES_E_PARSE, s->at, "found what is no JSON"); }

/* Four hexadecimal digits; UINT32_MAX when they are none. */
static uint32_t hex4(const struct scan *s, size_t at)
{
    uint32_t code = 0;
    if (s->len < 4 || at > s->len - 4) return UINT32_MAX;
    for (size_t i = at; i < at + 4; i++) {
        const char c = s->text[i];
        if (c >= '0' && c <= '9') code = code << 4 | (uint32_t)(c - '0');
        else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) code = code << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
        else return UINT32_MAX;
    }
    return code;
}

/* An escape at `at`. *n: its characters. */
static enum es_errc scan_escape(const struct scan *s, size_t at, size_t *n)
{
    const char kind = at + 1 < s->len ? s->text[at + 1] : '\0';
    *n = 2;
    if (kind != '\0' && strchr("\"\\/bfnrt", kind) != NULL) return ES_OK;
    if (kind != 'u') return fail_at(s, ES_E_PARSE, at, "found an escape that JSON does not know");
    uint32_t code = hex4(s, at + 2);
    *n = 6;
    if (code == 0) return fail_at(s, ES_E_PARSE, at, "found \\u0000 in a string, which no text may hold");
    if (code >= 0xd800 && code <= 0xdbff && at + 7 < s->len && s->text[at + 6] == '\\' && s->text[at + 7] == 'u') {
        const uint32_t low = hex4(s, at + 8);
        *n = 12;
        if (low >= 0xdc00 && low <= 0xdfff) return ES_OK;
    }
    return code < 0xd800 || (code > 0xdfff && code <= 0xffff) ? ES_OK : fail_at(s, ES_E_PARSE, at, "found \\u without four hexadecimal digits, or half a surrogate pair");
}

static enum es_errc scan_string(struct scan *s)
{
    for (size_t i = s->at + 1; i < s->len; i++) {
        const unsigned char c = (unsigned char)s->text[i];
        if (c < 0x20) return fail_at(s, ES_E_PARSE, i, "found a control character in a string, expected an escape");
        if (c == '"') {
            s->at = i + 1;
            return ES_OK;
        }
        if (c != '\\') continue;
        size_t n = 0;
        if (i + 1 == s->len) break;
        const enum es_errc code = scan_escape(s, i, &n);
        if (code != ES_OK) return code;
        i += n - 1;
    }
    return fail_at(s, ES_E_PARSE, s->at, "found a string without its closing quote");
}

static enum es_errc scan_comment(struct scan *s)
{
    const size_t start = s->at;
    const bool line = start + 1 < s->len && s->text[start + 1] == '/';
    if (!s->comments || start + 1 >= s->len || (!line && s->text[start + 1] != '*'))
        return fail_at(s, ES_E_PARSE, start, "found \"/\", expected JSON");
    size_t end = start + 2;
    if (line) {
        while (end < s->len && s->text[end] != '\n') end++;
    } else {
        while (end + 1 < s->len && !(s->text[end] == '*' && s->text[end + 1] == '/')) end++;
        if (end + 1 >= s->len) return fail_at(s, ES_E_PARSE, start, "found a comment without its end");
        end += 2;
    }
    for (size_t i = start; i < end; i++)
        if (s->text[i] != '\n') s->text[i] = ' '; /* blanks, so that line and column stay true */
    s->at = end;
    return ES_OK;
}

static size_t digits(const struct scan *s, size_t at)
{
    size_t n = 0;
    while (at + n < s->len && s->text[at + n] >= '0' && s->text[at + n] <= '9') n++;
    return n;
}

/* RFC 8259 section 6. */
static enum es_errc scan_number(struct scan *s)
{
    size_t at = s->at + (s->text[s->at] == '-'), n = digits(s, at);
    if (n == 0 || (n > 1 && s->text[at] == '0')) return no_json(s);
    at += n;
    if (at < s->len && s->text[at] == '.') {
        n = digits(s, at + 1);
        if (n == 0) return no_json(s);
        at += 1 + n;
    }
    if (at < s->len && (s->text[at] | 0x20) == 'e') {
        const size_t sign = at + 1 < s->len && (s->text[at + 1] == '+' || s->text[at + 1] == '-');
        n = digits(s, at + 1 + sign);
        if (n == 0) return no_json(s);
        at += 1 + sign + n;
    }
    if (at - s->at > MAX_NUMBER) return fail_at(s, ES_E_PARSE, s->at, "found a number of more than 63 characters");
    s->at = at;
    return ES_OK;
}

static enum es_errc scan_word(struct scan *s)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const size_t n = strlen(words[i]);
        if (n > s->len - s->at || memcmp(s->text + s->at, words[i], n) != 0) continue;
        s->at += n;
        return ES_OK;
    }
    return no_json(s);
}

static void after_value(struct scan *s) { s->expected = s->depth > 0 ? MORE : NOTHING; }

static enum es_errc open_bracket(struct scan *s, bool object)
{
    if (++s->depth > ES_JSON_MAX_DEPTH) return fail_at(s, ES_E_LIMIT, s->at, "found brackets nested deeper than 32");
    s->objects = object ? s->objects | UINT64_C(1) << s->depth : s->objects & ~(UINT64_C(1) << s->depth);
    s->expected = object ? KEY_OR_END : VALUE_OR_END;
    s->at++;
    return ES_OK;
}

static bool in_object(const struct scan *s) { return (s->objects >> s->depth & 1) != 0; }

static enum es_errc scan_value(struct scan *s)
{
    const char c = s->text[s->at];
    if (c == '[' || c == '{') return open_bracket(s, c == '{');
    const enum es_errc code = c == '"' ? scan_string(s) : c == '-' || (c >= '0' && c <= '9') ? scan_number(s) : scan_word(s);
    if (code == ES_OK) after_value(s);
    return code;
}

/* One token, which is what was expected or an error. */
static enum es_errc scan_token(struct scan *s)
{
    const char c = s->text[s->at];
    const bool ends = s->depth > 0 && c == (in_object(s) ? '}' : ']') && (s->expected == VALUE_OR_END || s->expected == KEY_OR_END || s->expected == MORE);
    enum es_errc code = ES_OK;
    if (ends) {
        s->depth--;
        s->at++;
        after_value(s);
    } else if (s->expected == VALUE || s->expected == VALUE_OR_END) {
        code = scan_value(s);
    } else if ((s->expected == KEY || s->expected == KEY_OR_END) && c == '"') {
        code = scan_string(s);
        s->expected = COLON;
    } else if (s->expected == COLON && c == ':') {
        s->at++;
        s->expected = VALUE;
    } else if (s->expected == MORE && c == ',') {
        s->at++;
        s->expected = in_object(s) ? KEY : VALUE;
    } else {
        code = no_json(s);
    }
    return code;
}

enum es_errc es_json_check(char *text, size_t len, bool comments, struct es_error *err)
{
    struct scan s = {.text = text, .len = len, .expected = VALUE, .comments = comments, .err = err};
    enum es_errc code = ES_OK;
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) s.at = 3; /* a byte order mark, which section 8.1 lets a reader pass over */
    while (code == ES_OK && s.at < len) {
        const char c = text[s.at];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') s.at++;
        else code = c == '/' ? scan_comment(&s) : scan_token(&s);
    }
    if (code == ES_OK && s.expected != NOTHING) code = fail_at(&s, ES_E_PARSE, len, "the text ends too early");
    return code;
}
