/* SPDX-License-Identifier: Apache-2.0 */
/* The release as a table: one row a group and metric (RFC 4180: CRLF, quotes doubled, header first). A text that a spreadsheet would
 * take for a formula gets an apostrophe in front (OWASP, CSV injection); numbers are written as numbers, whatever their sign. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/json.h"
#include "plugin/report/render/page.h"

/** What a column is read from. */
struct row {
    const cJSON *release, *group, *metric, *comparison, *floor;
    const struct es_view_finding *at;
    const char *between; /* the axis of a gap between levels; NULL: a group */
};

static void put_text(struct es_page *page, const char *text)
{
    const bool formula = *text && strchr("=+-@\t\r\n", *text);
    es_page_put(page, "\"");
    if (formula) es_page_put(page, "'");
    while (*text) {
        char bytes[5] = {0};
        const uint32_t c = es_utf8_next(&text);
        bytes[es_utf8_put(c, bytes)] = '\0';
        es_page_put(page, c == '"' ? "\"\"" : bytes);
    }
    es_page_put(page, "\"");
}

static void put_number(struct es_page *page, double value)
{
    char text[ES_JSON_NUMBER_SIZE];
    if (!isfinite(value)) return;
    es_json_number(value, text);
    es_page_put(page, text);
}

/** A number, a word in its place, or nothing. */
static void put_value(struct es_page *page, const cJSON *item)
{
    if (cJSON_IsNumber(item)) put_number(page, item->valuedouble);
    if (cJSON_IsString(item)) put_text(page, item->valuestring);
    if (cJSON_IsBool(item)) es_page_put(page, cJSON_IsTrue(item) ? "true" : "false");
}

static void put_group(struct es_page *page, const cJSON *group)
{
    char label[ES_VIEW_LABEL];
    es_view_label(cJSON_GetObjectItemCaseSensitive(group, "group"), label, sizeof label);
    put_text(page, label);
}

/** "sex: highest less lowest": the row's difference is between levels, not against the rest. */
static void put_between(struct es_page *page, const char *axis)
{
    char label[ES_VIEW_LABEL];
    (void)snprintf(label, sizeof label, "%.64s: highest less lowest", axis);
    put_text(page, label);
}

/** Words of a list, separated by blanks. */
static void put_words(struct es_page *page, const cJSON *list)
{
    const cJSON *word;
    es_page_put(page, "\"");
    cJSON_ArrayForEach(word, list)
    {
        if (!cJSON_IsString(word)) continue;
        if (word != list->child) es_page_put(page, " ");
        es_page_put(page, word->valuestring); /* names of flags: ours */
    }
    es_page_put(page, "\"");
}

/** "age: of the gap of ...; scanner: ..." */
static void put_adjusted(struct es_page *page, const cJSON *list)
{
    const cJSON *entry;
    char text[2048] = "";
    size_t at = 0;
    cJSON_ArrayForEach(entry, list)
    {
        const int n = snprintf(text + at, sizeof text - at, "%s%s: %s", at ? "; " : "", es_view_string(entry, "axis"), es_view_string(entry, "words"));
        if (n < 0 || (size_t)n >= sizeof text - at) { /* what does not fit whole stands in the JSON */
            text[at] = '\0';
            break;
        }
        at += (size_t)n;
    }
    if (at) put_text(page, text);
}

enum source { FROM_RELEASE, FROM_MODEL, FROM_FINDING, FROM_GROUP, FROM_DENOMINATORS, FROM_METRIC, FROM_FLOOR, FROM_COMPARISON, FROM_INTERVAL,
              GROUP_LABEL, METRIC_NAME, FLAGS, NEEDED, ADJUSTED };
/** The columns. The header is walked from here. */
static const struct {
    const char *name;
    enum source source;
    const char *key;
} columns[] = {{"site", FROM_RELEASE, "site"},
               {"as_of", FROM_RELEASE, "as_of"},
               {"model", FROM_MODEL, "name"},
               {"version", FROM_MODEL, "version"},
               {"finding", FROM_FINDING, "finding"},
               {"unit", FROM_FINDING, "unit"},
               {"epoch", FROM_FINDING, "epoch"},
               {"group", GROUP_LABEL, ""},
               {"cases", FROM_GROUP, "cases"},
               {"patients", FROM_GROUP, "patients"},
               {"positives", FROM_DENOMINATORS, "positives"},
               {"negatives", FROM_DENOMINATORS, "negatives"},
               {"metric", METRIC_NAME, ""},
               {"status", FROM_METRIC, "status"},
               {"value", FROM_METRIC, "value"},
               {"lo", FROM_METRIC, "lo"},
               {"hi", FROM_METRIC, "hi"},
               {"n", FROM_METRIC, "n"},
               {"n_patients", FROM_METRIC, "patients"},
               {"method", FROM_METRIC, "method"},
               {"flags", FLAGS, "flags"},
               {"why", FROM_METRIC, "why"},
               {"floor", FROM_FLOOR, "floor"},
               {"floor_verdict", FROM_FLOOR, "verdict"},
               {"rest_value", FROM_COMPARISON, "rest_value"},
               {"difference", FROM_COMPARISON, "difference"},
               {"difference_lo", FROM_INTERVAL, "lo"},
               {"difference_hi", FROM_INTERVAL, "hi"},
               {"difference_level", FROM_INTERVAL, "level"},
               {"difference_adjusted", FROM_INTERVAL, "adjusted"},
               {"mode", FROM_COMPARISON, "mode"},
               {"margin", FROM_COMPARISON, "margin"},
               {"family", FROM_COMPARISON, "family"},
               {"verdict", FROM_COMPARISON, "verdict"},
               {"p", FROM_COMPARISON, "p"},
               {"p_adjusted", FROM_COMPARISON, "p_adjusted"},
               {"reason", FROM_COMPARISON, "reason"},
               {"words", FROM_COMPARISON, "words"},
               {"p_basis", FROM_COMPARISON, "p_basis"},
               {"cases_needed", NEEDED, "cases_needed"},
               {"adjusted_for", ADJUSTED, "adjusted_for"}};

static const cJSON *source_of(const struct row *row, enum source source)
{
    switch (source) {
    case FROM_RELEASE: return row->release;
    case FROM_MODEL: return row->at->model;
    case FROM_FINDING: return row->at->finding;
    case FROM_GROUP: return row->group;
    case FROM_DENOMINATORS: return cJSON_GetObjectItemCaseSensitive(row->group, "denominators");
    case FROM_FLOOR: return row->floor;
    case FROM_COMPARISON: return row->comparison;
    case FROM_INTERVAL: return cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(row->comparison, "intervals"), 0);
    default: return row->metric;
    }
}

static void put_row(struct es_page *page, const struct row *row)
{
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        if (i) es_page_put(page, ",");
        if (columns[i].source == GROUP_LABEL)
            row->between ? put_between(page, row->between) : put_group(page, row->group);
        else if (columns[i].source == METRIC_NAME)
            put_text(page, row->metric->string);
        else if (columns[i].source == FLAGS)
            put_words(page, cJSON_GetObjectItemCaseSensitive(row->metric, columns[i].key));
        else if (columns[i].source == NEEDED)
            put_value(page, cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(row->comparison, columns[i].key), "words"));
        else if (columns[i].source == ADJUSTED)
            put_adjusted(page, cJSON_GetObjectItemCaseSensitive(row->comparison, columns[i].key));
        else
            put_value(page, cJSON_GetObjectItemCaseSensitive(source_of(row, columns[i].source), columns[i].key));
    }
    es_page_put(page, "\r\n");
}

/** Group fairness: a row an axis and measure. */
static void put_gaps(struct es_page *page, const cJSON *release, const struct es_view_finding *at)
{
    const cJSON *axis, *measure;
    cJSON_ArrayForEach(axis, cJSON_GetObjectItemCaseSensitive(at->finding, "fairness"))
    {
        cJSON_ArrayForEach(measure, cJSON_GetObjectItemCaseSensitive(axis, "metrics"))
        {
            const struct row row = {release, NULL, measure, measure, NULL, at, axis->string};
            put_row(page, &row);
        }
    }
}

enum es_errc es_render_csv(const cJSON *release, struct es_bytes *out, struct es_error *err)
{
    const enum es_errc e = es_view_check(release, err);
    if (e != ES_OK) return e;
    struct es_page page = {0};
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) es_page_putf(&page, "%s%s", i ? "," : "", columns[i].name);
    es_page_put(&page, "\r\n");
    struct es_view_finding at = {0};
    while (es_view_next(release, &at)) {
        const cJSON *group;
        cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(at.finding, "groups"))
        {
            const cJSON *metric;
            cJSON_ArrayForEach(metric, cJSON_GetObjectItemCaseSensitive(group, "metrics"))
            {
                const struct row row = {release, group, metric, es_view_at(group, "against_rest", metric->string),
                                        es_view_at(group, "against_floor", metric->string), &at, NULL};
                put_row(&page, &row);
            }
        }
        put_gaps(&page, release, &at);
    }
    return es_page_take(&page, out, err);
}
