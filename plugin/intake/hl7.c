/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/intake/hl7_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/charset.h"
#include "plugin/base/json.h"

#define START_BLOCK '\x0b' /* MLLP */
#define END_BLOCK '\x1c'

/* ---- fields ---- */

bool es_hl7_is_segment(const struct es_hl7_segment *segment, const char *name)
{
    return segment->len >= 3 && memcmp(segment->text, name, 3) == 0;
}

struct es_hl7_part es_hl7_split(struct es_hl7_part text, char separator, unsigned index, bool *there)
{
    *there = false;
    if (text.text == NULL) return text;
    const char *at = text.text, *end = text.text + text.len;
    for (; index > 0; index--) {
        const char *next = separator != '\0' ? memchr(at, separator, (size_t)(end - at)) : NULL;
        *there = next != NULL;
        if (next == NULL) return (struct es_hl7_part){NULL, 0};
        at = next + 1;
    }
    *there = true;
    const char *stop = separator != '\0' ? memchr(at, separator, (size_t)(end - at)) : NULL;
    return (struct es_hl7_part){at, (size_t)((stop != NULL ? stop : end) - at)};
}

bool es_hl7_next(struct es_hl7_part *rest, char separator, struct es_hl7_part *out)
{
    *out = *rest;
    if (rest->text == NULL) return false;
    const char *stop = separator != '\0' ? memchr(rest->text, separator, rest->len) : NULL;
    if (stop != NULL) {
        out->len = (size_t)(stop - rest->text);
        *rest = (struct es_hl7_part){stop + 1, rest->len - out->len - 1};
    } else {
        *rest = (struct es_hl7_part){NULL, 0};
    }
    return true;
}

struct es_hl7_part es_hl7_field_of(const struct es_hl7_message *message, const struct es_hl7_segment *segment, unsigned n)
{
    bool there = false;
    const bool header = es_hl7_is_segment(segment, "MSH"); /* MSH-1 is the separator itself */
    return es_hl7_split((struct es_hl7_part){segment->text, segment->len}, message->field, header ? n - 1 : n, &there);
}

struct es_hl7_part es_hl7_component(const struct es_hl7_message *message, struct es_hl7_part repetition, unsigned c, unsigned s)
{
    bool there = false;
    const struct es_hl7_part component = es_hl7_split(repetition, message->component, c - 1, &there);
    return there ? es_hl7_split(component, message->subcomponent, s - 1, &there) : component;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char unknown[] = "\xef\xbf\xbd"; /* U+FFFD */

/* Hexadecimal data of a sequence: line ends become line feeds, what is no text in UTF-8 one mark. @return bytes in out, fewer than len */
static size_t unescape_bytes(const char *digits, size_t len, char *out)
{
    size_t n = 0;
    bool good = len >= 2 && len % 2 == 0;
    for (size_t i = 0; good && i < len; i += 2) {
        const int high = hex(digits[i]), low = hex(digits[i + 1]), value = high * 16 + low;
        good = high >= 0 && low >= 0;
        if (value == 0x0a && n > 0 && out[n - 1] == '\r') n--;
        out[n++] = (char)value;
    }
    for (size_t i = 0; good && i < n; i++)
        if (out[i] == '\r') out[i] = '\n';
        else if ((unsigned char)out[i] < 0x20 && out[i] != '\n') out[i] = ' ';
    if (good && es_utf8_valid(out, n)) return n;
    memcpy(out, unknown, 3);
    return 3;
}

/* What an escape sequence stands for (2.7): at most len + 2 bytes of it go to out. Highlighting and sets of characters are left out.
 * .sp ends a line as .br does, .sp2 leaves one empty; .sk are blanks, one is as good as many. */
static size_t unescape(const struct es_hl7_message *m, const char *code, size_t len, char *out)
{
    if (len == 1 && code[0] == 'F') out[0] = m->field;
    else if (len == 1 && code[0] == 'S') out[0] = m->component;
    else if (len == 1 && code[0] == 'T') out[0] = m->subcomponent;
    else if (len == 1 && code[0] == 'R') out[0] = m->repetition;
    else if (len == 1 && code[0] == 'E') out[0] = m->escape;
    else if (len == 1 && code[0] == 'P') out[0] = '#';
    else if (len >= 3 && (memcmp(code, ".br", 3) == 0 || memcmp(code, ".ce", 3) == 0)) out[0] = '\n';
    else if (len >= 3 && memcmp(code, ".sp", 3) == 0) {
        const bool empty = len > 4 || (len == 4 && code[3] >= '2' && code[3] <= '9');
        memcpy(out, "\n\n", 2);
        return empty ? 2 : 1;
    } else if (len >= 3 && memcmp(code, ".sk", 3) == 0) out[0] = ' ';
    else if (len >= 2 && code[0] == 'X') return unescape_bytes(code + 1, len - 1, out);
    else return 0;
    return 1;
}

size_t es_hl7_text(const struct es_hl7_message *m, struct es_hl7_part part, char *out, size_t size)
{
    size_t n = 0;
    out[0] = '\0';
    if (part.len == 2 && memcmp(part.text, "\"\"", 2) == 0) return 0; /* deleted (2.5.3) */
    for (size_t i = 0; i < part.len && n + 1 < size;) {
        const char *end = part.text[i] == m->escape && m->escape != '\0' ? memchr(part.text + i + 1, m->escape, part.len - i - 1) : NULL;
        if (end == NULL) {
            out[n++] = part.text[i++];
            continue;
        }
        const char *code = part.text + i + 1;
        const size_t len = (size_t)(end - code);
        if (n + len + 2 >= size) break;
        n += unescape(m, code, len, out + n);
        i += len + 2;
    }
    while (n > 0 && !es_utf8_valid(out, n)) n--; /* a cut character */
    out[n] = '\0';
    return n;
}

bool es_hl7_time(const char *text, char out[ES_INTAKE_TIME])
{
    const size_t digits = strspn(text, "0123456789");
    const char *p = text + digits;
    char fraction[8] = "", zone[8] = "";
    if (digits < 8 || digits > 14 || digits % 2 != 0) return false;
    if (*p == '.') {
        const size_t n = strspn(p + 1, "0123456789");
        if (n == 0 || n > 6 || digits != 14) return false;
        (void)snprintf(fraction, sizeof fraction, "%.*s", (int)n + 1, p);
        p += n + 1;
    }
    if (*p == '+' || *p == '-') {
        if (strspn(p + 1, "0123456789") != 4) return false;
        (void)snprintf(zone, sizeof zone, "%.3s:%.2s", p, p + 3);
        p += 5;
    }
    if (*p != '\0') return false;
    const char *clock = digits > 8 ? text + 8 : "";
    (void)snprintf(out, ES_INTAKE_TIME, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s%s%s", text, text + 4, text + 6, digits >= 10 ? clock : "00",
                   digits >= 12 ? clock + 2 : "00", digits >= 14 ? clock + 4 : "00", fraction, zone);
    return true;
}

static unsigned number(const char **p)
{
    unsigned value = 0;
    for (; **p >= '0' && **p <= '9' && value < 1000; (*p)++) value = value * 10 + (unsigned)(**p - '0');
    return value;
}

bool es_hl7_field(const struct es_hl7_record *record, const char *name, char *room, size_t size, const char **text, size_t *len)
{
    const struct es_hl7_message *m = record->message;
    const struct es_hl7_segment *segment = NULL;
    const char *p = name + 4;
    bool there = false;
    const size_t places[][2] = {{record->from, record->to}, {record->group, record->group_end}, {0, record->head}};
    for (size_t k = 0; k < 3; k++)
        for (size_t i = places[k][0]; segment == NULL && i < places[k][1]; i++)
            if (es_hl7_is_segment(&m->segments[i], name)) segment = &m->segments[i];
    if (segment == NULL) return false;
    const unsigned field = number(&p), component = *p == '.' ? (p++, number(&p)) : 0, sub = *p == '.' ? (p++, number(&p)) : 0;
    struct es_hl7_part part = es_hl7_split(es_hl7_field_of(m, segment, field), m->repetition, 0, &there);
    if (component > 0) part = es_hl7_component(m, part, component, 1);
    if (component > 0 && sub > 1) {
        bool any = false;
        part = es_hl7_split(es_hl7_field_of(m, segment, field), m->repetition, 0, &any);
        part = es_hl7_component(m, part, component, sub);
    }
    *len = es_hl7_text(m, part, room, size);
    *text = room;
    return *len > 0;
}

/* ---- messages ---- */

struct reading {
    const struct es_intake_rule *rule;
    const struct es_config *config;
    const char *file;
    const struct es_intake_sink *sink;
    struct es_error *err;
};

static enum es_errc refuse(struct reading *r, uint64_t line, enum es_errc code, const char *text)
{
    struct es_error why = {0};
    if (code == ES_E_MEMORY) return es_fail(r->err, code, "memory ran out");
    (void)es_fail(&why, ES_E_REFUSED, "%s", text);
    r->sink->refuse(r->sink->context, line, &why);
    return ES_OK;
}

static enum es_errc take_record(struct reading *r, const struct es_hl7_record *hl7)
{
    cJSON *json = es_hl7_json(hl7);
    if (json == NULL) return es_fail(r->err, ES_E_MEMORY, "memory ran out");
    const struct es_record record = {.file = r->file, .where = hl7->message->segments[hl7->order].line, .document = json, .current = json, .hl7 = hl7};
    const enum es_errc code = es_record_take(r->rule, r->config, &record, r->sink, r->err);
    es_json_free(json);
    return code;
}

static bool begins_order(const struct es_hl7_message *m, size_t i)
{
    if (es_hl7_is_segment(&m->segments[i], "ORC")) return true;
    return es_hl7_is_segment(&m->segments[i], "OBR") && !(i > 0 && es_hl7_is_segment(&m->segments[i - 1], "ORC"));
}

/* Every order of a message; a message without one is a record by itself for events that need none (demographics). */
static enum es_errc take_orders(struct reading *r, const struct es_hl7_message *m)
{
    size_t orders = 0, group = 0, group_end = 0, head = 0;
    enum es_errc code = ES_OK;
    while (head < m->n && !begins_order(m, head) && !es_hl7_is_segment(&m->segments[head], "PID")) head++;
    for (size_t i = 0; code == ES_OK && i < m->n; i++) {
        if (es_hl7_is_segment(&m->segments[i], "PID")) {
            group = i;
            for (group_end = i; group_end < m->n && !begins_order(m, group_end);) group_end++;
        }
        if (!begins_order(m, i)) continue;
        struct es_hl7_record record = {.message = m, .from = i, .order = i, .to = i + 1, .group = group, .group_end = group_end, .head = head};
        while (record.to < m->n && !begins_order(m, record.to) && !es_hl7_is_segment(&m->segments[record.to], "PID")) record.to++;
        for (size_t k = record.from; k < record.to; k++)
            if (es_hl7_is_segment(&m->segments[k], "OBR")) record.order = k;
        orders++;
        code = take_record(r, &record);
    }
    const bool needs = r->rule->event != ES_EVENT_DEMOGRAPHICS && r->rule->event != ES_EVENT_PATIENT_ALIAS;
    if (code != ES_OK || orders > 0) return code;
    if (needs) return refuse(r, m->segments[0].line, ES_E_REFUSED, "found a message without OBR, expected an ORU with one");
    const struct es_hl7_record record = {.message = m, .from = 0, .to = m->n};
    return take_record(r, &record);
}

static bool is_end(char c) { return c == '\r' || c == '\n' || c == START_BLOCK || c == END_BLOCK; }

static enum es_errc split_segments(struct reading *r, struct es_hl7_message *m, const char *text, size_t len, uint64_t line)
{
    m->segments = calloc(ES_HL7_MAX_SEGMENTS, sizeof *m->segments);
    if (m->segments == NULL) return ES_E_MEMORY;
    for (size_t at = 0; at < len;) {
        size_t end = at;
        while (end < len && !is_end(text[end])) end++;
        if (end > at) {
            if (m->n == ES_HL7_MAX_SEGMENTS) return ES_E_LIMIT;
            m->segments[m->n++] = (struct es_hl7_segment){text + at, end - at, line};
        }
        if (end + 1 < len && text[end] == '\r' && text[end + 1] == '\n') end++;
        if (end < len && text[end] != START_BLOCK && text[end] != END_BLOCK) line++;
        at = end + 1;
    }
    (void)r;
    return ES_OK;
}

/* Names of HL7 table 0211 as iconv knows them. */
static const char *charset_of(const struct es_intake_rule *rule, struct es_hl7_part name, char room[24])
{
    static const struct {
        const char *hl7, *iconv;
    } names[] = {{"UNICODE UTF-8", ""},   {"ASCII", ""},          {"GB 18030-2000", "GB18030"}, {"KS X 1001", "EUC-KR"},
                 {"BIG-5", "BIG5"},       {"ISO IR87", "ISO-2022-JP-2"}, {"ISO IR14", "ISO-2022-JP-2"}, {"ISO IR159", "ISO-2022-JP-2"}, {"UTF-8", ""}};
    if (rule->charset[0] != '\0') return rule->charset;
    if (name.len == 0) return "";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i].hl7) == name.len && memcmp(names[i].hl7, name.text, name.len) == 0) return names[i].iconv;
    if (name.len > 5 && name.len < 8 && memcmp(name.text, "8859/", 5) == 0) {
        (void)snprintf(room, 24, "ISO-8859-%.*s", (int)name.len - 5, name.text + 5);
        return room;
    }
    return NULL;
}

static enum es_errc take_message(struct reading *r, const char *bytes, size_t len, uint64_t line)
{
    struct es_hl7_message m = {0};
    char room[24], *text = NULL;
    size_t text_len = 0;
    bool there = false;
    if (len < 8) return refuse(r, line, ES_E_REFUSED, "MSH: found a segment that is too short, expected its separators");
    if (len > ES_HL7_MAX_MESSAGE) return refuse(r, line, ES_E_REFUSED, "found a message of more than 4 MiB, expected a smaller one");
    m.field = bytes[3];
    m.component = bytes[4];
    m.repetition = bytes[5] != m.field ? bytes[5] : '\0';
    m.escape = m.repetition != '\0' && bytes[6] != m.field ? bytes[6] : '\0';
    m.subcomponent = m.escape != '\0' && bytes[7] != m.field ? bytes[7] : '\0';
    for (int i = 3; i < 5; i++)
        if ((unsigned char)bytes[i] <= ' ' || (unsigned char)bytes[i] >= 0x7f || m.field == m.component)
            return refuse(r, line, ES_E_REFUSED, "MSH-1: found no separators, expected such as |^~\\&");
    size_t end = 0;
    while (end < len && !is_end(bytes[end])) end++;
    const struct es_hl7_segment header = {bytes, end, line};
    const struct es_hl7_part named = es_hl7_split(es_hl7_field_of(&m, &header, 18), m.repetition, 0, &there);
    const char *charset = charset_of(r->rule, named, room);
    if (charset == NULL) return refuse(r, line, ES_E_REFUSED, "MSH-18: found another character set, expected one of HL7 table 0211, or Charset in the rule");
    struct es_error why = {0};
    enum es_errc code = es_charset_decode(charset, bytes, len, &text, &text_len, &why);
    if (code != ES_OK) return refuse(r, line, code, named.len > 0 || charset[0] != '\0' ? why.text : "found bytes that are no UTF-8 text and no MSH-18; Charset of the rule says which they are");
    code = split_segments(r, &m, text, text_len, line);
    if (code == ES_OK) code = take_orders(r, &m);
    else code = refuse(r, line, code, "found a message of more than 4096 segments, expected fewer");
    free(m.segments);
    free(text);
    return code;
}

static bool begins(const char *bytes, size_t len, size_t at, const char *name) { return len - at >= 3 && memcmp(bytes + at, name, 3) == 0; }

enum es_errc es_hl7_take(const struct es_intake_rule *rule, const struct es_config *config, const char *file, const char *bytes, size_t len,
                         const struct es_intake_sink *sink, struct es_error *err)
{
    struct reading r = {rule, config, file, sink, err};
    size_t start = SIZE_MAX, at = len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    uint64_t line = 1, first = 0;
    bool stray = false;
    enum es_errc code = ES_OK;
    while (code == ES_OK && at <= len) { /* segment by segment; a message ends where another or its wrapping begins */
        size_t end = at;
        while (end < len && !is_end(bytes[end])) end++;
        const bool wrap = begins(bytes, len, at, "FHS") || begins(bytes, len, at, "BHS") || begins(bytes, len, at, "BTS") || begins(bytes, len, at, "FTS");
        const bool header = begins(bytes, len, at, "MSH");
        if (start != SIZE_MAX && (wrap || header || at == len)) {
            code = take_message(&r, bytes + start, at - start, first);
            start = SIZE_MAX;
        }
        if (header) {
            start = at;
            first = line;
        } else if (start == SIZE_MAX && !wrap && end > at && !stray) {
            stray = true;
            code = refuse(&r, line, ES_E_REFUSED, "found a segment that belongs to no message, expected MSH before it");
        }
        sink->progress(sink->context, end < len ? end : len, len);
        if (at == len) break;
        if (end + 1 < len && bytes[end] == '\r' && bytes[end + 1] == '\n') end++;
        if (end < len && bytes[end] != START_BLOCK && bytes[end] != END_BLOCK) line++;
        at = end < len ? end + 1 : len;
    }
    return code;
}

bool es_hl7_is(const char *bytes, size_t len)
{
    size_t at = 0;
    while (at < len && at < 16 && (is_end(bytes[at]) || bytes[at] == ' ' || (unsigned char)bytes[at] >= 0x80)) at++;
    return begins(bytes, len, at, "MSH") || begins(bytes, len, at, "FHS") || begins(bytes, len, at, "BHS");
}
