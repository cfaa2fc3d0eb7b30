/* SPDX-License-Identifier: Apache-2.0 */
/* The comparison of two versions as JSON, and for a terminal. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plugin/report/render/page.h"
#include "plugin/report/versions/render.h"
#include "plugin/report/versions/versions.h"

enum { COLUMNS = 8 };
#define CELL 96

enum es_errc es_versions_check(const cJSON *tree, struct es_error *err)
{
    if (strcmp(es_view_string(tree, "schema"), "evensight-compare/1") == 0) return ES_OK;
    return es_fail(err, ES_E_PARSE, "found schema \"%.40s\", expected \"evensight-compare/1\"", es_view_string(tree, "schema"));
}

enum es_errc es_versions_json(const cJSON *tree, struct es_bytes *out, struct es_error *err)
{
    const enum es_errc e = es_versions_check(tree, err);
    return e == ES_OK ? es_page_json(tree, out, err) : e;
}

struct line {
    char label[ES_VIEW_LABEL], cell[COLUMNS][CELL];
};

static void number(const cJSON *object, const char *name, char out[CELL])
{
    es_view_fixed(es_view_number(object, name), 2, out, CELL);
}

static void share(const cJSON *alone, char out[CELL])
{
    char value[24], n[32];
    es_view_fixed(es_view_number(alone, "value"), 2, value, sizeof value);
    es_view_count_text(es_view_count(alone, "cases"), n, sizeof n);
    if (strcmp(es_view_string(alone, "status"), "estimated") == 0) snprintf(out, CELL, "%s of %s", value, n);
    else snprintf(out, CELL, "%s", strcmp(es_view_string(alone, "status"), "suppressed") == 0 ? "suppressed" : "--");
}

void es_versions_standing(const cJSON *group, char *out, size_t size)
{
    static const struct {
        const char *word, *words;
    } known[] = {{"harmed", "worse"},
                 {"improved", "better"},
                 {"no_change_shown", "no change shown"},
                 {"exploratory", "exploratory"},
                 {"min_cases", "too few cases"},
                 {"min_patients", "too few patients"}};
    const char *reason = es_view_string(group, "reason"), *word = *reason ? reason : es_view_string(group, "standing");
    const char *status = es_view_string(group, "status"), *words = "";
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i].word, word) == 0) words = known[i].words;
    if (strcmp(status, "suppressed") == 0) words = "suppressed";
    if (strcmp(status, "not_estimable") == 0) words = es_view_string(group, "words");
    snprintf(out, size, "%s", words);
}

bool es_versions_worth(const cJSON *group)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(group, "seen")) ||
           es_view_unknown(cJSON_GetObjectItemCaseSensitive(group, "group"));
}

static void fill(const cJSON *group, struct line *line)
{
    const cJSON *unpaired = cJSON_GetObjectItemCaseSensitive(group, "unpaired");
    char change[24], lo[24], hi[24];
    es_view_label(cJSON_GetObjectItemCaseSensitive(group, "group"), line->label, sizeof line->label);
    es_view_count_text(es_view_count(group, "cases"), line->cell[0], CELL);
    number(group, "before", line->cell[1]);
    number(group, "after", line->cell[2]);
    es_view_fixed(es_view_number(group, "change"), 2, change, sizeof change);
    es_view_fixed(es_view_number(group, "lo"), 2, lo, sizeof lo);
    es_view_fixed(es_view_number(group, "hi"), 2, hi, sizeof hi);
    if (isfinite(es_view_number(group, "lo"))) snprintf(line->cell[3], CELL, "%s [%s, %s]", change, lo, hi);
    else snprintf(line->cell[3], CELL, "%s", change);
    es_view_fixed(es_view_number(group, "p_adjusted"), 3, line->cell[4], CELL);
    es_versions_standing(group, line->cell[5], CELL);
    share(cJSON_GetObjectItemCaseSensitive(unpaired, "before"), line->cell[6]);
    share(cJSON_GetObjectItemCaseSensitive(unpaired, "after"), line->cell[7]);
}

static void header(struct line *line)
{
    static const char *const titles[COLUMNS] = {"pairs", "before", "after", "change", "p adjusted", "standing", "all before*", "all after*"};
    snprintf(line->label, sizeof line->label, "group");
    for (size_t i = 0; i < COLUMNS; i++) snprintf(line->cell[i], CELL, "%s", titles[i]);
}

static void put_line(struct es_page *page, const struct line *line, const size_t width[COLUMNS + 1])
{
    es_page_put(page, "  ");
    es_page_plain(page, line->label);
    for (size_t i = 0, gap = width[0] - es_utf8_count(line->label); i < COLUMNS; i++) {
        es_page_putf(page, "%*s", (int)gap + 2, "");
        es_page_plain(page, line->cell[i]);
        gap = width[i + 1] - es_utf8_count(line->cell[i]);
    }
    es_page_put(page, "\n");
}

static void widen(const struct line *line, size_t width[COLUMNS + 1])
{
    for (size_t i = 0; i <= COLUMNS; i++) {
        const size_t wide = es_utf8_count(i ? line->cell[i - 1] : line->label);
        if (wide > width[i]) width[i] = wide;
    }
}

/** Lines twice: to measure, then to print. */
static void put_measure(struct es_page *page, const cJSON *measure)
{
    size_t width[COLUMNS + 1] = {0};
    for (int pass = 0; pass < 2; pass++) {
        struct line line = {0};
        const cJSON *grouping, *group;
        header(&line);
        if (pass == 1) put_line(page, &line, width);
        widen(&line, width);
        cJSON_ArrayForEach(grouping, cJSON_GetObjectItemCaseSensitive(measure, "groupings"))
        {
            cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(grouping, "groups"))
            {
                if (!es_versions_worth(group)) continue;
                fill(group, &line);
                if (pass == 1) put_line(page, &line, width);
                widen(&line, width);
            }
            if (pass == 1 && *es_view_string(grouping, "words")) {
                es_page_put(page, "    ");
                es_page_plain(page, es_view_string(grouping, "words"));
                es_page_put(page, "\n");
            }
        }
    }
}

static void put_head(struct es_page *page, const cJSON *tree)
{
    const cJSON *compared = cJSON_GetObjectItemCaseSensitive(tree, "compared"), *sentence;
    const cJSON *disclosure = cJSON_GetObjectItemCaseSensitive(tree, "disclosure");
    es_page_put(page, "Site ");
    es_page_plain(page, es_view_string(tree, "site"));
    es_page_put(page, ": ");
    es_page_plain(page, es_view_string(compared, "model"));
    es_page_put(page, ", version ");
    es_page_plain(page, es_view_string(compared, "before"));
    es_page_put(page, " against ");
    es_page_plain(page, es_view_string(compared, "after"));
    es_page_put(page, " on the same units, ");
    es_page_plain(page, es_view_string(disclosure, "audience"));
    es_page_put(page, " (");
    es_page_plain(page, es_view_string(disclosure, "rule"));
    es_page_put(page, ")\n\n");
    cJSON_ArrayForEach(sentence, es_view_at(tree, "summary", "sentences"))
    {
        if (!cJSON_IsString(sentence)) continue;
        es_page_put(page, "- ");
        es_page_plain(page, sentence->valuestring);
        es_page_put(page, "\n");
    }
}

enum es_errc es_versions_text(const cJSON *tree, struct es_bytes *out, struct es_error *err)
{
    const enum es_errc e = es_versions_check(tree, err);
    const cJSON *finding, *measure;
    struct es_page page = {0};
    if (e != ES_OK) return e;
    put_head(&page, tree);
    cJSON_ArrayForEach(finding, cJSON_GetObjectItemCaseSensitive(tree, "findings"))
    {
        cJSON_ArrayForEach(measure, cJSON_GetObjectItemCaseSensitive(finding, "measures"))
        {
            es_page_put(&page, "\n");
            es_page_plain(&page, es_view_string(finding, "finding"));
            es_page_put(&page, ", ");
            es_page_plain(&page, es_view_string(measure, "measure"));
            if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(finding, "ai_aware")))
                es_page_put(&page, " (agreement with a reference that may have been made in sight of an AI result)");
            es_page_put(&page, "\n");
            put_measure(&page, measure);
        }
    }
    es_page_put(&page, "\n* Each version on all of its own units: confounded by time.\n");
    return es_page_take(&page, out, err);
}
