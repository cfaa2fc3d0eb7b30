/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/intake/intake.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "plugin/base/charset.h"
#include "plugin/base/hash.h"
#include "plugin/base/json.h"
#include "plugin/base/lines.h"
#include "plugin/intake/csv.h"
#include "plugin/intake/document.h"
#include "plugin/intake/fhir.h"
#include "plugin/intake/hl7.h"
#include "plugin/intake/watch.h"

/* ---- which rules ---- */

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* A pattern with a slash is held against the path's end, folder by folder. */
static bool matches(const char *pattern, const char *path)
{
    if (strchr(pattern, '/') == NULL) return fnmatch(pattern, base_of(path), 0) == 0;
    for (const char *at = path; at != NULL; at = strchr(at, '/')) {
        if (*at == '/') at++;
        if (fnmatch(pattern, at, FNM_PATHNAME) == 0) return true;
    }
    return false;
}

static bool rule_fits(const struct es_intake_rule *rule, const char *path)
{
    for (size_t i = 0; i < rule->n_files; i++)
        if (matches(rule->files[i], path)) return true;
    return false;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

enum es_intake_fit es_intake_fits(const struct es_config *config, const char *path)
{
    bool mercure = false, monai = false;
    for (size_t i = 0; i < config->n_intake; i++) {
        if (rule_fits(&config->intake[i], path)) return ES_INTAKE_READ;
        mercure |= config->intake[i].kind == ES_INTAKE_MERCURE;
        monai |= config->intake[i].kind == ES_INTAKE_MONAI;
    }
    if (mercure && (strcmp(base_of(path), "task.json") == 0 || ends_with(path, ".tags"))) return ES_INTAKE_BESIDE;
    return monai && ends_with(path, ".dcm.json") ? ES_INTAKE_BESIDE : ES_INTAKE_NO_RULE;
}

void es_intake_list(const struct es_config *config, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < config->n_intake && len < size; i++) {
        const struct es_intake_rule *rule = &config->intake[i];
        const int n = snprintf(out + len, size - len, "%s%s (%s:", i > 0 ? ", " : "", rule->name, es_intake_kind_name(rule->kind));
        len += n > 0 ? (size_t)n : 0;
        for (size_t k = 0; k < rule->n_files && len < size; k++) {
            const int more = snprintf(out + len, size - len, " %s%s", rule->files[k], k + 1 == rule->n_files ? ")" : "");
            len += more > 0 ? (size_t)more : 0;
        }
    }
    if (config->n_intake == 0) (void)snprintf(out, size, "none");
}

/* ---- reading ---- */

static void refuse(const struct es_intake_sink *sink, uint64_t where, const struct es_error *inner)
{
    struct es_error why = {0};
    (void)es_fail(&why, ES_E_REFUSED, "%s", inner->text);
    sink->refuse(sink->context, where, &why);
}

/* One document: of its own, or put together with what stands beside it. */
static enum es_errc take_document(const struct es_config *config, const struct es_intake_rule *rule, const char *path, const cJSON *document,
                                  const struct es_intake_sink *sink, struct es_error *err)
{
    if (rule->kind == ES_INTAKE_FHIR) return es_fhir_take(rule, config, path, document, sink, err);
    return es_document_take(rule, config, path, document, sink, err);
}

static enum es_errc take_json(const struct es_config *config, const struct es_intake_rule *rule, const char *path, bool beside, const char *text, size_t len,
                              const struct es_intake_sink *sink, struct es_error *err)
{
    cJSON *document = NULL, *whole = NULL;
    struct es_error why = {0};
    enum es_errc code = es_json_parse(&document, text, len, false, &why);
    if (code == ES_E_MEMORY) return es_fail(err, code, "%s", why.text);
    if (code != ES_OK) {
        refuse(sink, 0, &why);
        return ES_OK;
    }
    if (beside && (rule->kind == ES_INTAKE_MERCURE || rule->kind == ES_INTAKE_MONAI)) {
        code = es_document_around(rule, path, document, &whole, err);
        if (code != ES_OK) return code;
        document = whole;
    }
    code = take_document(config, rule, path, document, sink, err);
    es_json_free(document);
    return code;
}

static enum es_errc take_line(const struct es_config *config, const struct es_intake_rule *rule, const char *path, uint64_t number, const char *line,
                              size_t len, const struct es_intake_sink *sink, struct es_error *err)
{
    cJSON *document = NULL;
    struct es_error why = {0};
    while (len > 0 && strchr(" \t\r\n", line[len - 1]) != NULL && line[len - 1] != '\0') len--;
    if (len == 0) return ES_OK;
    enum es_errc code = es_json_parse(&document, line, len, false, &why);
    if (code == ES_E_MEMORY) return es_fail(err, code, "%s", why.text);
    if (code != ES_OK) {
        refuse(sink, number, &why);
        return ES_OK;
    }
    const struct es_record record = {.file = path, .where = number, .document = document, .current = document};
    code = es_record_take(rule, config, &record, sink, err);
    es_json_free(document);
    return code;
}

static enum es_errc take_lines(const struct es_config *config, const struct es_intake_rule *rule, const char *path, FILE *in, uint64_t size,
                               const struct es_intake_sink *sink, struct es_error *err)
{
    struct es_lines lines;
    struct es_error why = {0};
    enum es_errc code = es_lines_open(&lines, in, ES_MAX_LINE) ? ES_OK : es_fail(err, ES_E_MEMORY, "memory ran out");
    for (enum es_line line; code == ES_OK && (line = es_lines_next(&lines)) != ES_LINE_END;) {
        if (line == ES_LINE_READ) code = take_line(config, rule, path, lines.number, lines.text, lines.len, sink, err);
        else {
            why = (struct es_error){0};
            (void)es_fail(&why, ES_E_REFUSED, "found a line of %zu bytes, expected at most %u", lines.len, ES_MAX_LINE);
            sink->refuse(sink->context, lines.number, &why);
        }
        sink->progress(sink->context, lines.done, size);
    }
    if (code == ES_OK && ferror(in) != 0) {
        why = (struct es_error){0};
        (void)es_fail(&why, ES_E_REFUSED, "could not be read to its end");
        sink->refuse(sink->context, lines.number, &why);
    }
    es_lines_close(&lines);
    return code;
}

/* The whole file as one report. */
static enum es_errc take_text(const struct es_config *config, const struct es_intake_rule *rule, const char *path, const char *bytes, size_t len,
                              const struct es_intake_sink *sink, struct es_error *err)
{
    char *text = NULL;
    size_t text_len = 0;
    struct es_error why = {0};
    if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        len -= 3;
    }
    enum es_errc code = es_charset_decode(rule->charset, bytes, len, &text, &text_len, &why);
    if (code == ES_E_MEMORY) return es_fail(err, code, "%s", why.text);
    if (code != ES_OK) {
        refuse(sink, 0, &why);
        return ES_OK;
    }
    const struct es_record record = {.file = path, .text = text, .text_len = text_len};
    code = es_record_take(rule, config, &record, sink, err);
    explicit_bzero(text, text_len);
    free(text);
    return code;
}

/* The whole file as one mask, which the map takes as Content. */
static enum es_errc take_png(const struct es_config *config, const struct es_intake_rule *rule, const char *path, const char *bytes, size_t len,
                             const struct es_intake_sink *sink, struct es_error *err)
{
    char *text = es_base64_encode(bytes, len);
    if (text == NULL) return es_fail(err, ES_E_MEMORY, "memory ran out");
    const struct es_record record = {.file = path, .text = text, .text_len = strlen(text)};
    const enum es_errc code = es_record_take(rule, config, &record, sink, err);
    free(text);
    return code;
}

static enum es_errc take_bytes(const struct es_config *config, struct es_intake_rule *rule, const char *path, bool beside, const char *bytes, size_t len,
                               const struct es_intake_sink *sink, struct es_error *err)
{
    if (rule->kind == ES_INTAKE_HL7) return es_hl7_take(rule, config, path, bytes, len, sink, err);
    if (rule->kind == ES_INTAKE_PNG) return take_png(config, rule, path, bytes, len, sink, err);
    if (rule->kind == ES_INTAKE_TEXT) return take_text(config, rule, path, bytes, len, sink, err);
    const size_t mark = len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    return take_json(config, rule, path, beside, bytes + mark, len - mark, sink, err);
}

static bool streams(const struct es_intake_rule *rule) { return rule->kind == ES_INTAKE_CSV || rule->kind == ES_INTAKE_JSONL; }

static enum es_errc take_stream(const struct es_config *config, struct es_intake_rule *rule, const char *path, FILE *in, uint64_t size,
                                const struct es_intake_sink *sink, struct es_error *err)
{
    if (rule->kind == ES_INTAKE_CSV) return es_csv_take(rule, config, path, in, size, sink, err);
    return take_lines(config, rule, path, in, size, sink, err);
}

enum es_errc es_intake_bytes(const struct es_config *config, struct es_intake_rule *rule, const char *path, const char *bytes, size_t len,
                             const struct es_intake_sink *sink, struct es_error *err)
{
    if (!streams(rule)) return take_bytes(config, rule, path, false, bytes, len, sink, err);
    if (len == 0) return ES_OK; /* fmemopen wants a byte */
    FILE *in = fmemopen((void *)(uintptr_t)bytes, len, "r");
    if (in == NULL) return es_fail(err, ES_E_MEMORY, "memory ran out");
    const enum es_errc code = take_stream(config, rule, path, in, len, sink, err);
    (void)fclose(in);
    return code;
}

static enum es_errc take_file(const struct es_config *config, struct es_intake_rule *rule, const char *path, const struct es_intake_sink *sink,
                              struct es_error *err)
{
    struct stat st;
    struct es_error why = {0};
    char *bytes = NULL;
    size_t len = 0;
    if (streams(rule)) {
        FILE *in = fopen(path, "rbe");
        if (in == NULL) {
            (void)es_fail(&why, ES_E_IO, "could not be opened");
            sink->refuse(sink->context, 0, &why);
            return ES_OK;
        }
        const enum es_errc code = take_stream(config, rule, path, in, fstat(fileno(in), &st) == 0 ? (uint64_t)st.st_size : 0, sink, err);
        (void)fclose(in);
        return code;
    }
    const size_t most = rule->kind == ES_INTAKE_HL7 ? ES_HL7_MAX_FILE : rule->kind == ES_INTAKE_TEXT ? ES_TEXT_MAX : ES_INTAKE_MAX_DOCUMENT;
    enum es_errc code = es_document_slurp(path, most, &bytes, &len, &why);
    if (code == ES_E_MEMORY) return es_fail(err, code, "%s", why.text);
    if (code != ES_OK) {
        refuse(sink, 0, &why);
        return ES_OK;
    }
    code = take_bytes(config, rule, path, true, bytes, len, sink, err);
    explicit_bzero(bytes, len);
    free(bytes);
    return code;
}

enum es_errc es_intake_file(const struct es_config *config, const char *path, const struct es_intake_sink *sink, struct es_error *err)
{
    enum es_errc code = ES_OK;
    for (size_t i = 0; code == ES_OK && i < config->n_intake; i++)
        if (rule_fits(&config->intake[i], path)) {
            es_watch_rule(sink->watch, &config->intake[i]);
            code = take_file(config, &config->intake[i], path, sink, err);
        }
    return code;
}
