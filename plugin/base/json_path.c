/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/base/json_path.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/json.h"

#define MAX_INDEX 1000000 /* elements of a list that an index may name */

enum step_kind { STEP_NAME, STEP_INDEX, STEP_ALL, STEP_FILTER };
enum literal { LITERAL_NONE, LITERAL_TEXT, LITERAL_NUMBER, LITERAL_TRUE, LITERAL_FALSE, LITERAL_NULL };

struct step {
    enum step_kind kind;
    const char *name; /* STEP_NAME: into the path's names */
    int32_t index;
    /* STEP_FILTER: the steps after @, and what is compared */
    size_t first, count;
    bool differs;
    enum literal literal;
    const char *text;
    double number;
};

struct es_json_path {
    bool current;
    size_t n, n_inner;
    struct step steps[ES_JSON_PATH_STEPS], inner[ES_JSON_PATH_STEPS];
    size_t names_used;
    char names[2 * ES_JSON_PATH_SIZE];
};

/* ---- reading ---- */

struct reading {
    const char *text;
    size_t at;
    struct es_json_path *path;
    struct es_error *err;
};

static enum es_errc wrong(struct reading *r, const char *expected)
{
    const char c = r->text[r->at];
    if (c == '\0') return es_fail(r->err, ES_E_CONFIG, "at character %zu: found the end, expected %s", r->at + 1, expected);
    if ((unsigned char)c < 0x20 || (unsigned char)c >= 0x7f)
        return es_fail(r->err, ES_E_CONFIG, "at character %zu: found byte 0x%02x, expected %s", r->at + 1, (unsigned)(unsigned char)c, expected);
    return es_fail(r->err, ES_E_CONFIG, "at character %zu: found \"%c\", expected %s", r->at + 1, c, expected);
}

static bool take(struct reading *r, const char *mark)
{
    const size_t len = strlen(mark);
    if (strncmp(r->text + r->at, mark, len) != 0) return false;
    r->at += len;
    return true;
}

/* The pool is twice as long as a path may be: every name and its NUL fit. */
static const char *keep(struct es_json_path *path, const char *bytes, size_t len)
{
    char *out = path->names + path->names_used;
    memcpy(out, bytes, len);
    out[len] = '\0';
    path->names_used += len + 1;
    return out;
}

static bool name_byte(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80 || (!first && c >= '0' && c <= '9');
}

static enum es_errc read_name(struct reading *r, struct step *out)
{
    size_t len = 0;
    while (name_byte(r->text[r->at + len], len == 0)) len++;
    if (len == 0) return wrong(r, "a name of letters, digits and _ (others stand as [\"name\"])");
    out->kind = STEP_NAME;
    out->name = keep(r->path, r->text + r->at, len);
    r->at += len;
    return ES_OK;
}

static enum es_errc read_quoted(struct reading *r, const char **out)
{
    char name[ES_JSON_PATH_SIZE];
    size_t len = 0;
    const char quote = r->text[r->at++];
    for (; r->text[r->at] != quote; r->at++) {
        if (r->text[r->at] == '\\') {
            r->at++;
            if (r->text[r->at] != '\\' && r->text[r->at] != quote) return wrong(r, "the quote or a backslash after a backslash");
        }
        if (r->text[r->at] == '\0') return wrong(r, "the closing quote");
        name[len++] = r->text[r->at]; /* fits: the text is shorter than this */
    }
    r->at++;
    *out = keep(r->path, name, len);
    return ES_OK;
}

static enum es_errc read_index(struct reading *r, struct step *out)
{
    const bool negative = take(r, "-");
    int32_t value = 0;
    size_t digits = 0;
    for (; r->text[r->at] >= '0' && r->text[r->at] <= '9' && digits < 7; r->at++, digits++) value = value * 10 + (r->text[r->at] - '0');
    if (digits == 0 || value > MAX_INDEX || (negative && value == 0))
        return wrong(r, negative ? "1 or more after the minus" : "an index of at most 1000000, \"*\", \"?\" or a name in quotes");
    out->kind = STEP_INDEX;
    out->index = negative ? -value : value;
    return ES_OK;
}

static enum es_errc read_number(struct reading *r, double *out)
{
    char text[32];
    size_t len = strspn(r->text + r->at, "0123456789+-.eE");
    cJSON *number = NULL;
    if (len == 0 || len >= sizeof text) return wrong(r, "a text in quotes, a number, true, false or null");
    memcpy(text, r->text + r->at, len);
    text[len] = '\0';
    const enum es_errc code = es_json_parse(&number, text, len, false, NULL);
    const bool good = code == ES_OK && cJSON_IsNumber(number) && isfinite(number->valuedouble);
    if (good) *out = number->valuedouble;
    cJSON_Delete(number);
    if (code == ES_E_MEMORY) return es_fail(r->err, code, "memory ran out");
    if (!good) return wrong(r, "a number as in JSON");
    r->at += len;
    return ES_OK;
}

static enum es_errc read_literal(struct reading *r, struct step *out)
{
    static const struct {
        const char *word;
        enum literal literal;
    } words[] = {{"true", LITERAL_TRUE}, {"false", LITERAL_FALSE}, {"null", LITERAL_NULL}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (take(r, words[i].word)) {
            out->literal = words[i].literal;
            return ES_OK;
        }
    const bool quoted = r->text[r->at] == '"' || r->text[r->at] == '\'';
    out->literal = quoted ? LITERAL_TEXT : LITERAL_NUMBER;
    return quoted ? read_quoted(r, &out->text) : read_number(r, &out->number);
}

static enum es_errc read_step(struct reading *r, bool inside, struct step *out);

/* "?@.a.b" and what may follow; inside it no filter stands, so this is one deep. */
static enum es_errc read_filter(struct reading *r, struct step *out)
{
    out->kind = STEP_FILTER;
    out->first = r->path->n_inner;
    if (!take(r, "@")) return wrong(r, "\"@\"");
    while (r->text[r->at] == '.' || r->text[r->at] == '[') {
        if (r->path->n_inner == ES_JSON_PATH_STEPS) return wrong(r, "at most 16 steps");
        const enum es_errc code = read_step(r, true, &r->path->inner[r->path->n_inner]);
        if (code != ES_OK) return code;
        r->path->n_inner++;
    }
    out->count = r->path->n_inner - out->first;
    out->differs = take(r, "!=");
    if (out->differs || take(r, "==")) return read_literal(r, out);
    return out->count > 0 ? ES_OK : wrong(r, "a member after \"@\", \"==\" or \"!=\"");
}

static enum es_errc read_bracket(struct reading *r, bool inside, struct step *out)
{
    enum es_errc code = ES_OK;
    const char c = r->text[r->at];
    if (c == '"' || c == '\'') {
        out->kind = STEP_NAME;
        code = read_quoted(r, &out->name);
    } else if (!inside && take(r, "*")) {
        out->kind = STEP_ALL;
    } else if (!inside && take(r, "?")) {
        code = read_filter(r, out);
    } else {
        code = read_index(r, out);
    }
    if (code != ES_OK) return code;
    return take(r, "]") ? ES_OK : wrong(r, "\"]\"");
}

static enum es_errc read_step(struct reading *r, bool inside, struct step *out)
{
    if (take(r, "[")) return read_bracket(r, inside, out);
    if (!take(r, ".")) return wrong(r, "\".\" or \"[\"");
    if (!inside && take(r, "*")) {
        out->kind = STEP_ALL;
        return ES_OK;
    }
    return read_name(r, out);
}

static enum es_errc read_path(struct reading *r)
{
    struct es_json_path *path = r->path;
    path->current = r->text[0] == '@';
    if (!take(r, "$") && !take(r, "@")) return wrong(r, "\"$\" (the document) or \"@\" (the record)");
    while (r->text[r->at] != '\0') {
        if (path->n == ES_JSON_PATH_STEPS) return wrong(r, "at most 16 steps");
        const enum es_errc code = read_step(r, false, &path->steps[path->n]);
        if (code != ES_OK) return code;
        path->n++;
    }
    return ES_OK;
}

enum es_errc es_json_path_new(struct es_json_path **out, const char *text, struct es_error *err)
{
    *out = NULL;
    const size_t len = strlen(text);
    if (len >= ES_JSON_PATH_SIZE) return es_fail(err, ES_E_CONFIG, "found %zu bytes, expected at most %d", len, ES_JSON_PATH_SIZE - 1);
    if (!es_utf8_valid(text, len)) return es_fail(err, ES_E_CONFIG, "found bytes that are no UTF-8 text");
    struct es_json_path *path = calloc(1, sizeof *path);
    if (path == NULL) return es_fail(err, ES_E_MEMORY, "memory ran out");
    struct reading reading = {text, 0, path, err};
    const enum es_errc code = read_path(&reading);
    if (code == ES_OK) *out = path;
    else es_json_path_free(path);
    return code;
}

void es_json_path_free(struct es_json_path *path) { free(path); }
bool es_json_path_is_current(const struct es_json_path *path) { return path->current; }

/* ---- looking ---- */

struct look {
    const struct es_json_path *path;
    const cJSON **found;
    size_t most, count, visits;
};

static bool spend(struct look *look)
{
    if (look->visits == ES_JSON_PATH_VISITS) return false;
    look->visits++;
    return true;
}

/* One member or element; NULL when there is none, or the look is spent. */
static const cJSON *child_of(struct look *look, const cJSON *node, const struct step *step)
{
    if (step->kind == STEP_NAME && cJSON_IsObject(node)) {
        for (const cJSON *child = node->child; child != NULL && spend(look); child = child->next)
            if (strcmp(child->string, step->name) == 0) return child;
    } else if (step->kind == STEP_INDEX && cJSON_IsArray(node)) {
        int32_t left = step->index;
        if (left < 0) {
            for (const cJSON *child = node->child; child != NULL && spend(look); child = child->next) left++;
            if (left < 0 || left > MAX_INDEX) return NULL;
        }
        for (const cJSON *child = node->child; child != NULL && spend(look); child = child->next)
            if (left-- == 0) return child;
    }
    return NULL;
}

static bool equals(const cJSON *item, const struct step *step)
{
    switch (step->literal) {
    case LITERAL_TEXT: return cJSON_IsString(item) && strcmp(item->valuestring, step->text) == 0;
    case LITERAL_NUMBER: return cJSON_IsNumber(item) && item->valuedouble == step->number;
    case LITERAL_TRUE: return cJSON_IsTrue(item);
    case LITERAL_FALSE: return cJSON_IsFalse(item);
    case LITERAL_NULL: return cJSON_IsNull(item);
    case LITERAL_NONE: break;
    }
    return true;
}

/* RFC 9535 2.3.5.2.2: nothing equals nothing else, so "!=" holds where the member is missing. */
static bool passes(struct look *look, const cJSON *node, const struct step *filter)
{
    for (size_t i = 0; node != NULL && i < filter->count; i++) node = child_of(look, node, &look->path->inner[filter->first + i]);
    if (filter->literal == LITERAL_NONE) return node != NULL;
    return (node != NULL && equals(node, filter)) != filter->differs;
}

/* As deep as the path has steps, at most 16. */
static void walk(struct look *look, size_t at, const cJSON *node)
{
    if (at == look->path->n) {
        if (look->count < look->most) look->found[look->count] = node;
        look->count++;
        return;
    }
    const struct step *step = &look->path->steps[at];
    if (step->kind == STEP_NAME || step->kind == STEP_INDEX) {
        const cJSON *child = child_of(look, node, step);
        if (child != NULL) walk(look, at + 1, child);
        return;
    }
    if (!cJSON_IsObject(node) && !cJSON_IsArray(node)) return;
    for (const cJSON *child = node->child; child != NULL && spend(look); child = child->next)
        if (step->kind == STEP_ALL || passes(look, child, step)) walk(look, at + 1, child);
}

size_t es_json_path_find(const struct es_json_path *path, const cJSON *root, const cJSON **found, size_t most, bool *limited)
{
    struct look look = {.path = path, .found = found, .most = most};
    if (root != NULL) walk(&look, 0, root);
    if (limited != NULL) *limited = look.visits == ES_JSON_PATH_VISITS;
    return look.count;
}

const cJSON *es_json_path_first(const struct es_json_path *path, const cJSON *root)
{
    const cJSON *first = NULL;
    return es_json_path_find(path, root, &first, 1, NULL) > 0 ? first : NULL;
}
