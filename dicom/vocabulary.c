/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom/vocabulary.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/csv_table.h"
#include "dicom/embedded.h"

#define COLUMNS 5
#define MAX_ROWS 100000
#define MAX_FILE ((size_t)8 << 20)
#define NAME_SIZE 65
#define MAX_SCHEMES 8
#define SCHEME_SIZE 17 /* SH */

struct row {
    char *code, *level, *group; /* code folded; level and group "" unless present */
    enum es_attribute_state state;
    uint32_t order;
};

struct es_vocabulary {
    char name[NAME_SIZE];
    struct row *rows; /* by code */
    size_t n_rows;
    char schemes[MAX_SCHEMES][SCHEME_SIZE]; /* folded */
    size_t n_schemes;
    const char **levels, **groups; /* by order, then name; end with NULL */
};

/** A file being parsed. */
struct loading {
    struct es_vocabulary *v;
    size_t line;
    bool header_seen;
    enum es_errc code;
    struct es_error *err;
};

#define HEADER "columns code,level,group,state,order"
static const char *const header[COLUMNS] = {"code", "level", "group", "state", "order"};

static void fold(char *text)
{
    for (; *text; text++)
        if (*text >= 'A' && *text <= 'Z') *text = (char)(*text - 'A' + 'a');
}

static void fail(struct loading *l, const char *found, const char *expected)
{
    if (l->code == ES_OK)
        l->code = es_fail(l->err, ES_E_PARSE, "vocabulary %s: line %zu: found %s, expected %s", l->v->name, l->line, found, expected);
}

static bool read_state(const char *text, enum es_attribute_state *state)
{
    static const enum es_attribute_state allowed[] = {ES_ATTRIBUTE_PRESENT, ES_ATTRIBUTE_NOT_STATED, ES_ATTRIBUTE_ABSENT};
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        if (strcmp(text, es_attribute_state_name(allowed[i])) == 0) {
            *state = allowed[i];
            return true;
        }
    return false;
}

static bool read_order(const char *text, uint32_t *order)
{
    uint32_t value = 0;
    size_t n = 0;
    for (; text[n] >= '0' && text[n] <= '9' && n < 9; n++) value = value * 10 + (uint32_t)(text[n] - '0');
    *order = value;
    return n > 0 && text[n] == '\0';
}

static void check_header(struct loading *l, const char *const *cells, size_t n)
{
    for (size_t i = 0; i < COLUMNS; i++)
        if (n != COLUMNS || strcmp(cells[i], header[i]) != 0) {
            fail(l, "other columns", HEADER);
            return;
        }
    l->header_seen = true;
}

static bool grow_rows(struct es_vocabulary *v)
{
    if (v->n_rows != 0 && (v->n_rows < 16 || (v->n_rows & (v->n_rows - 1)) != 0)) return true;
    struct row *more = realloc(v->rows, (v->n_rows ? v->n_rows * 2 : 16) * sizeof *more);
    if (more) v->rows = more;
    return more != NULL;
}

static void free_row(struct row *row)
{
    free(row->code);
    free(row->level);
    free(row->group);
}

static const char *quoted(const char *what, const char *text, char *out, size_t size)
{
    (void)snprintf(out, size, "%s \"%.40s\"", what, text);
    return out;
}

static void add_row(struct loading *l, const char *const *cells, size_t n)
{
    struct es_vocabulary *v = l->v;
    struct row row = {.order = 0};
    char found[80];
    (void)snprintf(found, sizeof found, "%zu columns", n);
    if (n != COLUMNS) fail(l, found, "5");
    else if (!cells[0][0]) fail(l, "a blank code", "one");
    else if (!read_state(cells[3], &row.state)) fail(l, quoted("state", cells[3], found, sizeof found), "present, not_stated or absent");
    else if (!read_order(cells[4], &row.order)) fail(l, quoted("order", cells[4], found, sizeof found), "a whole number of at most 9 digits");
    else if (row.state == ES_ATTRIBUTE_PRESENT && (!cells[1][0] || !cells[2][0])) fail(l, "a present code without level or group", "both");
    else if (row.state != ES_ATTRIBUTE_PRESENT && (cells[1][0] || cells[2][0])) fail(l, "a level or group of a code that is not present", "none");
    else if (v->n_rows == MAX_ROWS) fail(l, "more rows", "at most 100000");
    if (l->code != ES_OK) return;
    row.code = strdup(cells[0]);
    row.level = strdup(cells[1]);
    row.group = strdup(cells[2]);
    if (!row.code || !row.level || !row.group || !grow_rows(v)) {
        l->code = es_fail(l->err, ES_E_MEMORY, "vocabulary %s: no memory", v->name);
        free_row(&row);
        return;
    }
    fold(row.code);
    v->rows[v->n_rows++] = row;
}

/* "# Schemes: A B" */
static bool on_comment(void *context, size_t at_line, const char *line, size_t len)
{
    struct loading *l = context;
    static const char head[] = "# Schemes:";
    l->line = at_line;
    if (len < sizeof head || memcmp(line, head, sizeof head - 1) != 0) return true;
    for (size_t at = sizeof head - 1; at < len && line[at] != '\r';) {
        size_t n = 0;
        if (line[at] == ' ') {
            at++;
            continue;
        }
        while (at + n < len && line[at + n] != ' ' && line[at + n] != '\r') n++;
        if (n >= SCHEME_SIZE || l->v->n_schemes == MAX_SCHEMES) {
            fail(l, "more or longer schemes", "at most 8 words of at most 16 characters");
            return false;
        }
        char *scheme = l->v->schemes[l->v->n_schemes++];
        memcpy(scheme, line + at, n);
        scheme[n] = '\0';
        fold(scheme);
        at += n;
    }
    return true;
}

static bool on_record(void *context, size_t line, const char *const *cells, size_t n)
{
    struct loading *l = context;
    l->line = line;
    if (!l->header_seen) check_header(l, cells, n);
    else add_row(l, cells, n);
    return l->code == ES_OK;
}

static int by_code(const void *a, const void *b)
{
    return strcmp(((const struct row *)a)->code, ((const struct row *)b)->code);
}

static int by_order(const void *a, const void *b)
{
    const struct row *x = *(const struct row *const *)a, *y = *(const struct row *const *)b;
    if (x->order != y->order) return x->order < y->order ? -1 : 1;
    return strcmp(x->level, y->level);
}

static bool listed(const char *const *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], name) == 0) return true;
    return false;
}

/** Levels and groups, each once, in printing order. */
static enum es_errc list_names(struct es_vocabulary *v, struct es_error *err)
{
    const struct row **order = calloc(v->n_rows + 1, sizeof *order);
    v->levels = calloc(v->n_rows + 1, sizeof *v->levels);
    v->groups = calloc(v->n_rows + 1, sizeof *v->groups);
    if (!order || !v->levels || !v->groups) {
        free(order);
        return es_fail(err, ES_E_MEMORY, "vocabulary %s: no memory", v->name);
    }
    for (size_t i = 0; i < v->n_rows; i++) order[i] = &v->rows[i];
    qsort(order, v->n_rows, sizeof *order, by_order);
    size_t levels = 0, groups = 0;
    for (size_t i = 0; i < v->n_rows; i++) {
        if (order[i]->state != ES_ATTRIBUTE_PRESENT) continue;
        if (!listed(v->levels, levels, order[i]->level)) v->levels[levels++] = order[i]->level;
        if (!listed(v->groups, groups, order[i]->group)) v->groups[groups++] = order[i]->group;
    }
    free(order);
    return ES_OK;
}

static enum es_errc check_codes(struct es_vocabulary *v, struct es_error *err)
{
    if (v->n_rows == 0) return es_fail(err, ES_E_PARSE, "vocabulary %s: found no codes, expected at least one", v->name);
    qsort(v->rows, v->n_rows, sizeof *v->rows, by_code);
    for (size_t i = 1; i < v->n_rows; i++) {
        const struct row *a = &v->rows[i - 1], *b = &v->rows[i];
        if (strcmp(a->code, b->code) != 0) continue;
        if (a->state != b->state || strcmp(a->level, b->level) != 0 || strcmp(a->group, b->group) != 0)
            return es_fail(err, ES_E_PARSE, "vocabulary %s: found code \"%.40s\" with two meanings, expected one", v->name, a->code);
    }
    return ES_OK;
}

static enum es_errc parse(struct es_vocabulary **out, const char *name, const char *text, size_t len, struct es_error *err)
{
    struct es_vocabulary *v = calloc(1, sizeof *v);
    if (!v) return es_fail(err, ES_E_MEMORY, "vocabulary %s: no memory", name);
    (void)snprintf(v->name, sizeof v->name, "%s", name);
    struct loading l = {.v = v, .err = err};
    const struct es_csv_table table = {.context = &l, .record = on_record, .comment = on_comment};
    const char *fault = NULL;
    const enum es_errc rc = es_csv_table_read(&table, text, len, &l.line, &fault);
    if (rc == ES_E_PARSE) fail(&l, fault, "well-formed CSV on one line");
    else if (rc != ES_OK) l.code = es_fail(err, ES_E_MEMORY, "vocabulary %s: no memory", name);
    if (l.code == ES_OK && !l.header_seen) l.code = es_fail(err, ES_E_PARSE, "vocabulary %s: found no header, expected " HEADER, name);
    if (l.code == ES_OK) l.code = check_codes(v, err);
    if (l.code == ES_OK) l.code = list_names(v, err);
    if (l.code == ES_OK) *out = v;
    else es_vocabulary_free(v);
    return l.code;
}

enum es_errc es_vocabulary_load(struct es_vocabulary **out, const char *path, struct es_error *err)
{
    char name[NAME_SIZE];
    const char *base = strrchr(path, '/');
    (void)snprintf(name, sizeof name, "%.64s", base ? base + 1 : path);
    char *dot = strrchr(name, '.');
    if (dot && dot != name) *dot = '\0';
    FILE *file = fopen(path, "rbe");
    if (!file) return es_fail(err, ES_E_IO, "vocabulary %s: %s", name, strerror(errno));
    char *text = malloc(MAX_FILE);
    enum es_errc code = ES_OK;
    size_t len = 0;
    if (!text) code = es_fail(err, ES_E_MEMORY, "vocabulary %s: no memory", name);
    else len = fread(text, 1, MAX_FILE, file);
    if (code == ES_OK && ferror(file)) code = es_fail(err, ES_E_IO, "vocabulary %s: %s", name, strerror(errno));
    if (code == ES_OK && len == MAX_FILE) code = es_fail(err, ES_E_LIMIT, "vocabulary %s: found %zu bytes or more, expected fewer", name, MAX_FILE);
    (void)fclose(file);
    if (code == ES_OK) code = parse(out, name, text, len, err);
    free(text);
    return code;
}

void es_vocabulary_free(struct es_vocabulary *v)
{
    if (!v) return;
    for (size_t i = 0; i < v->n_rows; i++) free_row(&v->rows[i]);
    free(v->rows);
    free(v->levels);
    free(v->groups);
    free(v);
}

const char *es_vocabulary_name(const struct es_vocabulary *v)
{
    return v->name;
}

static const struct row *find_row(const struct es_vocabulary *v, char *code)
{
    const struct row key = {.code = code};
    const struct row *row = bsearch(&key, v->rows, v->n_rows, sizeof key, by_code);
    char *caret = row ? NULL : strrchr(code, '^');
    for (size_t i = 0; caret && i < v->n_schemes; i++) {
        if (strcmp(caret + 1, v->schemes[i]) != 0) continue;
        *caret = '\0';
        row = bsearch(&key, v->rows, v->n_rows, sizeof key, by_code);
        char *dash = !row && strcmp(caret + 1, "rfc5646") == 0 ? strchr(code, '-') : NULL;
        if (dash) {
            *dash = '\0';
            row = bsearch(&key, v->rows, v->n_rows, sizeof key, by_code);
        }
        return row;
    }
    return row;
}

struct es_term es_vocabulary_find(const struct es_vocabulary *v, const char *value)
{
    char code[ES_FACT_VALUE];
    while (*value == ' ') value++;
    size_t len = strlen(value);
    while (len > 0 && value[len - 1] == ' ') len--;
    if (len == 0) return (struct es_term){.state = ES_ATTRIBUTE_BLANK};
    if (len >= sizeof code) return (struct es_term){.state = ES_ATTRIBUTE_UNMAPPED};
    memcpy(code, value, len);
    code[len] = '\0';
    fold(code);
    const struct row *row = find_row(v, code);
    if (!row) return (struct es_term){.state = ES_ATTRIBUTE_UNMAPPED};
    if (row->state != ES_ATTRIBUTE_PRESENT) return (struct es_term){.state = row->state};
    return (struct es_term){.state = row->state, .level = row->level, .group = row->group};
}

const char *es_vocabulary_scheme(const struct es_vocabulary *v, size_t i)
{
    return i < v->n_schemes ? v->schemes[i] : NULL;
}

const char *es_vocabulary_code(const struct es_vocabulary *v, size_t i)
{
    return i < v->n_rows ? v->rows[i].code : NULL;
}

uint32_t es_vocabulary_order(const struct es_vocabulary *v, const char *name)
{
    uint32_t order = UINT32_MAX;
    for (size_t i = 0; i < v->n_rows; i++)
        if (v->rows[i].state == ES_ATTRIBUTE_PRESENT && v->rows[i].order < order &&
            (strcmp(v->rows[i].level, name) == 0 || strcmp(v->rows[i].group, name) == 0))
            order = v->rows[i].order;
    return order;
}

const char *const *es_vocabulary_levels(const struct es_vocabulary *v, bool groups)
{
    return groups ? v->groups : v->levels;
}

/* The built-in ones are parsed once, on first use, and live as long as the process. All or none: a list that memory ran out for
 * must not look like one that does not exist. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool parsed;
static struct es_vocabulary *builtins[ES_MAX_EMBEDDED];
static const char *names[ES_MAX_EMBEDDED + 1];

static bool parse_builtins(void)
{
    size_t n = 0;
    while (n < es_n_embedded_vocabularies && n < ES_MAX_EMBEDDED) {
        const struct es_embedded *e = &es_embedded_vocabularies[n];
        if (parse(&builtins[n], e->name, (const char *)e->bytes, e->len, NULL) != ES_OK) break;
        names[n++] = e->name;
    }
    const bool whole = n == es_n_embedded_vocabularies || n == ES_MAX_EMBEDDED;
    while (!whole && n > 0) {
        names[--n] = NULL;
        es_vocabulary_free(builtins[n]);
        builtins[n] = NULL;
    }
    return whole;
}

enum es_errc es_vocabulary_builtins_ready(struct es_error *err)
{
    pthread_mutex_lock(&lock);
    if (!parsed) parsed = parse_builtins();
    const bool there = parsed;
    pthread_mutex_unlock(&lock);
    return there ? ES_OK : es_fail(err, ES_E_MEMORY, "vocabularies: memory ran out");
}

const struct es_vocabulary *es_vocabulary_builtin(const char *name)
{
    if (es_vocabulary_builtins_ready(NULL) != ES_OK) return NULL;
    for (size_t i = 0; names[i]; i++)
        if (strcmp(names[i], name) == 0) return builtins[i];
    return NULL;
}

const char *const *es_vocabulary_builtins(void)
{
    static const char *const none[] = {NULL};
    if (es_vocabulary_builtins_ready(NULL) != ES_OK) return none;
    return names;
}
