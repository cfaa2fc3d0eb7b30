/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule reads from a text: a tag's value, JSON in it, or the words of a report. */
#include <math.h>
#include <string.h>

#include "dicom/text.h"
#include "plugin/base/json.h"
#include "plugin/base/pattern.h"
#include "plugin/recognise/internal.h"

static struct es_reading nothing(const char *why)
{
    return (struct es_reading){.kind = ES_READ_NOTHING, .units = "", .unusable = why};
}

static struct es_reading decided(bool yes)
{
    return (struct es_reading){.kind = ES_READ_DECISION, .decision = yes, .units = ""};
}

static struct es_reading numbered(double number)
{
    if (!isfinite(number)) return nothing("a number that is not finite");
    return (struct es_reading){.kind = ES_READ_NUMBER, .number = number, .units = ""};
}

/* The first group of a match, or the whole where the pattern has none. */
static bool capture(const char *pattern, const char *text, char *out, size_t size)
{
    struct es_pattern *compiled = NULL;
    struct es_span at = {1, 0};
    const size_t len = strlen(text);
    if (!es_utf8_valid(text, len) || es_pattern_new(&compiled, pattern, false, NULL) != ES_OK) return false;
    const bool found = es_pattern_find(compiled, text, len, 0, NULL, &at) == ES_MATCH_FOUND && at.from <= at.to && at.to - at.from < size;
    es_pattern_free(compiled);
    if (!found) return false;
    memcpy(out, text + at.from, at.to - at.from);
    out[at.to - at.from] = '\0';
    return true;
}

static struct es_reading read_number(const struct es_from_rule *rule, const char *text)
{
    char found[64];
    double number = 0;
    if (rule->number[0] != '\0') {
        if (!capture(rule->number, text, found, sizeof found)) return nothing(NULL);
        text = found;
    }
    const size_t len = strlen(text);
    if (len > 1 && text[len - 1] == '%' && es_text_number(text, len - 1, &number)) {
        struct es_reading percent = numbered(number);
        percent.units = "%";
        return percent;
    }
    return es_text_number(text, len, &number) ? numbered(number) : nothing("a text that is no number");
}

static struct es_reading read_plain(const struct es_from_rule *rule, const char *text)
{
    if (rule->positive[0] == '\0') return read_number(rule, text);
    if (es_pattern_match(rule->positive, text)) return decided(true);
    if (rule->negative[0] == '\0') return nothing(NULL); /* Present alone: any other text says nothing of it */
    if (es_pattern_match(rule->negative, text)) return decided(false);
    return nothing("a text that is neither Present nor Absent");
}

struct es_reading es_read_value(const struct es_from_rule *rule, const cJSON *value)
{
    if (cJSON_IsNumber(value) && rule->positive[0] == '\0') return numbered(value->valuedouble);
    if (cJSON_IsBool(value) && rule->positive[0] == '\0') return decided(cJSON_IsTrue(value) != 0);
    if (cJSON_IsString(value)) return read_plain(rule, value->valuestring);
    return nothing("JSON at that path that is no number, text, true or false");
}

static struct es_reading read_json(const struct es_from_rule *rule, const cJSON *tree)
{
    struct es_json_path *path = NULL;
    if (es_json_path_new(&path, rule->path, NULL) != ES_OK) return nothing("a path that cannot be read");
    const cJSON *value = es_json_path_first(path, tree);
    es_json_path_free(path);
    if (value == NULL) return nothing(NULL); /* not there: another rule may know */
    return es_read_value(rule, value);
}

struct es_reading es_read_text(const struct es_from_rule *rule, const char *text)
{
    cJSON *tree = NULL;
    if (rule->path[0] == '\0') return read_plain(rule, text);
    if (es_json_parse(&tree, text, strlen(text), false, NULL) != ES_OK) return nothing("a value that is no JSON");
    const struct es_reading reading = read_json(rule, tree);
    es_json_free(tree);
    return reading;
}

/* Cut short it would be another version. */
static bool keep_name(const char *text, char out[ES_NAME_SIZE])
{
    const size_t len = strlen(text);
    if (len == 0 || len >= ES_NAME_SIZE) return false;
    memcpy(out, text, len + 1);
    return true;
}

static bool json_name(const struct es_from_rule *rule, const char *text, char out[ES_NAME_SIZE])
{
    struct es_json_path *path = NULL;
    cJSON *tree = NULL;
    bool found = false;
    if (es_json_parse(&tree, text, strlen(text), false, NULL) == ES_OK && es_json_path_new(&path, rule->path, NULL) == ES_OK) {
        const cJSON *value = es_json_path_first(path, tree);
        if (cJSON_IsString(value)) found = keep_name(value->valuestring, out);
        else if ((found = cJSON_IsNumber(value) && isfinite(value->valuedouble))) es_json_number(value->valuedouble, out);
    }
    es_json_path_free(path);
    es_json_free(tree);
    return found;
}
_Static_assert(ES_JSON_NUMBER_SIZE <= ES_NAME_SIZE, "a number fits a name");

bool es_read_name(const struct es_from_rule *rule, const char *text, char out[ES_NAME_SIZE])
{
    char inside[ES_NAME_SIZE], part[ES_NAME_SIZE];
    if (rule->path[0] != '\0') {
        if (!json_name(rule, text, inside)) return false;
        text = inside;
    }
    if (rule->number[0] == '\0') return keep_name(text, out);
    return capture(rule->number, text, part, sizeof part) && keep_name(part, out);
}

/* The words of the language take a while to compile: one reader for all texts of an object. */
static bool open_reader(const struct es_from_rule *rule, struct es_text_reader **reader)
{
    const char *const yes[] = {rule->positive}, *const no[] = {rule->negative};
    if (*reader != NULL) return true;
    return es_text_reader_new(reader, NULL, NULL) == ES_OK &&
           es_text_reader_add(*reader, (struct es_text_list){yes, 1}, (struct es_text_list){no, rule->negative[0] != '\0'}, NULL) == ES_OK;
}

struct es_reading es_read_prose(const struct es_from_rule *rule, struct es_text_reader **reader, const char *text)
{
    struct es_text_statement said = {.answer = ES_TEXT_NOT_STATED};
    if (rule->positive[0] == '\0') return read_number(rule, text);
    if (!open_reader(rule, reader) || es_text_read(*reader, text, strlen(text), &said, NULL) != ES_OK) return nothing("a text that could not be read");
    if (said.answer == ES_TEXT_YES || said.answer == ES_TEXT_NO) return decided(said.answer == ES_TEXT_YES);
    return nothing(said.answer == ES_TEXT_INDETERMINATE ? "a text that says yes and no, or perhaps" : NULL);
}
