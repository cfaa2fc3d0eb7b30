/* SPDX-License-Identifier: Apache-2.0 */
/* The release for a terminal: the summary first, then one table a finding. Widths are counted in characters, not bytes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plugin/report/render/page.h"

#define CELL 96        /* bytes of one cell but the label */
#define NARROWEST 40   /* columns: below it a table cannot be read */
#define WORDS_LEAST 24 /* columns that words need beside a table; else they go below the row */

enum { SHOWN = 3, COLUMNS = 3 + SHOWN };
/** Statistics of a table: those of the first task whose first one the finding has; decisions, which a threshold may add, come last. */
static const struct shown {
    const char *name, *title;
} tasks[][SHOWN] = {{{"bias", "bias"}, {"mae", "mean error"}, {"ccc", "concordance"}},
                    {{"weighted_kappa", "kappa"}, {"exact_agreement", "same level"}, {"level_shift", "level shift"}},
                    {{"dice", "Dice"}, {"hd95", "HD95 mm"}, {"empty_share", "one mask empty"}},
                    {{"lesion_sensitivity", "lesions found"}, {"false_marks", "false marks"}, {"froc", "FROC score"}},
                    {{"sensitivity", "sensitivity"}, {"specificity", "specificity"}, {"auroc", "AUROC"}}};
enum { TASKS = sizeof tasks / sizeof tasks[0] };

static const struct shown *shown_of(const cJSON *groups)
{
    size_t task = 0;
    while (task + 1 < TASKS && es_view_metric(cJSON_GetArrayItem(groups, 0), tasks[task][0].name).status == ES_VIEW_ABSENT) task++;
    return tasks[task];
}

static void put_spaces(struct es_page *page, size_t n)
{
    while (n--) es_page_put(page, " ");
}

/** Words, broken at blanks so that no line is wider than `columns`; later lines start under the first. */
static void put_wrapped(struct es_page *page, const char *text, size_t indent, size_t columns)
{
    size_t at = indent;
    bool first = true;
    while (*text) {
        char word[256];
        size_t n = 0;
        while (*text == ' ') text++;
        while (*text && *text != ' ' && n + 1 < sizeof word) word[n++] = *text++;
        word[n] = '\0';
        if (n == 0) break;
        const size_t wide = es_utf8_count(word);
        if (!first && at + 1 + wide > columns) {
            es_page_put(page, "\n");
            put_spaces(page, indent);
            at = indent;
        } else if (!first) {
            es_page_put(page, " ");
            at++;
        }
        es_page_plain(page, word);
        at += wide;
        first = false;
    }
    es_page_put(page, "\n");
}

struct line {
    char label[ES_VIEW_LABEL];
    char cell[COLUMNS - 1][CELL];
};

static void metric_cell(const cJSON *group, const char *name, char out[CELL])
{
    const struct es_view_metric m = es_view_metric(group, name);
    char value[24], lo[24], hi[24];
    es_view_fixed(m.value, 2, value, sizeof value);
    es_view_fixed(m.lo, 2, lo, sizeof lo);
    es_view_fixed(m.hi, 2, hi, sizeof hi);
    if (m.status == ES_VIEW_ESTIMATED && isfinite(m.lo))
        snprintf(out, CELL, "%s [%s, %s]%s", value, lo, hi, m.few_patients ? "*" : "");
    else if (m.status == ES_VIEW_ESTIMATED)
        snprintf(out, CELL, "%s", value);
    else
        snprintf(out, CELL, "%s", m.status == ES_VIEW_SUPPRESSED ? "suppressed" : "--");
}

static void fill_line(const cJSON *group, const struct shown *shown, struct line *line)
{
    es_view_label(cJSON_GetObjectItemCaseSensitive(group, "group"), line->label, sizeof line->label);
    es_view_count_text(es_view_count(group, "cases"), line->cell[0], CELL);
    es_view_count_text(es_view_count(group, "patients"), line->cell[1], CELL);
    for (size_t i = 0; i < SHOWN; i++) metric_cell(group, shown[i].name, line->cell[2 + i]);
}

static void header_line(const struct shown *shown, struct line *line)
{
    snprintf(line->label, sizeof line->label, "group");
    snprintf(line->cell[0], CELL, "cases");
    snprintf(line->cell[1], CELL, "patients");
    for (size_t i = 0; i < SHOWN; i++) snprintf(line->cell[2 + i], CELL, "%s", shown[i].title);
}

/** What the verdicts of a group say, in a row. */
static void verdict_words(const cJSON *group, char *out, size_t size)
{
    static const struct {
        const char *reason, *words;
    } reasons[] = {{"min_cases", "too few cases"}, {"min_patients", "too few patients"}, {"verification", "unverified cases"}, {"min_n", "too few for a verdict"}, {"interval", "interval open"},
                 {"no_sequential_test", "no test for daily looks"}, {"no_range", "its range is not told"}};
    const cJSON *c;
    size_t at = 0;
    out[0] = '\0';
    cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(group, "against_rest"))
    {
        const char *verdict = es_view_string(c, "verdict"), *words = es_view_string(c, "words"), *reason = es_view_string(c, "reason");
        char text[320] = "";
        if (strcmp(verdict, "disparity") == 0) {
            const char *end = strchr(words, ';'); /* the difference and its interval stand in the report */
            snprintf(text, sizeof text, "%s %.*s", c->string, (int)(end ? end - words : (ptrdiff_t)strlen(words)), words);
        } else if (strcmp(verdict, "parity") == 0) {
            snprintf(text, sizeof text, "%s within the margin", c->string);
        } else if (strcmp(verdict, "not_enough") == 0) {
            for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
                if (strcmp(reasons[i].reason, reason) == 0) reason = reasons[i].words;
            snprintf(text, sizeof text, "%s not judged (%s)", c->string, reason);
        }
        if (!*text || at + strlen(text) + 3 > size) continue;
        at += (size_t)snprintf(out + at, size - at, "%s%s", at ? "; " : "", text);
    }
}

static void widen(const struct line *line, size_t width[COLUMNS])
{
    const size_t label = es_utf8_count(line->label);
    if (label > width[0]) width[0] = label;
    for (size_t i = 0; i + 1 < COLUMNS; i++) {
        const size_t w = es_utf8_count(line->cell[i]);
        if (w > width[i + 1]) width[i + 1] = w;
    }
}

static size_t total_width(const size_t width[COLUMNS])
{
    size_t sum = 2;
    for (size_t i = 0; i < COLUMNS; i++) sum += width[i] + 2;
    return sum;
}

/** One row; numbers stand right, so that their places line up. Columns that would pass the edge are left to the other formats. */
static void put_line(struct es_page *page, const struct line *line, const size_t width[COLUMNS], size_t fit)
{
    es_page_put(page, "  ");
    es_page_plain(page, line->label);
    put_spaces(page, width[0] - es_utf8_count(line->label));
    for (size_t i = 0; i + 1 < fit; i++) {
        es_page_put(page, "  ");
        if (i < 2) put_spaces(page, width[i + 1] - es_utf8_count(line->cell[i]));
        es_page_plain(page, line->cell[i]);
        if (i >= 2 && i + 2 < fit) put_spaces(page, width[i + 1] - es_utf8_count(line->cell[i]));
    }
}

/** A level that nobody has is left out, unless it is "unknown": that nobody is unknown is worth seeing. */
static bool worth_a_line(const cJSON *group)
{
    const cJSON *key = cJSON_GetObjectItemCaseSensitive(group, "group");
    const struct es_view_count seen = es_view_count(cJSON_GetObjectItemCaseSensitive(group, "funnel"), "seen");
    return seen.shown != ES_SHOWN_NUMBER || seen.n > 0 || (es_view_axes(key) == 1 && es_view_unknown(key));
}

static void put_words(struct es_page *page, const cJSON *group, const size_t width[COLUMNS], const struct line *line, size_t fit, size_t columns)
{
    char words[1024];
    const size_t used = total_width(width);
    verdict_words(group, words, sizeof words);
    if (!*words) {
        es_page_put(page, "\n");
    } else if (fit == COLUMNS && used + WORDS_LEAST <= columns) {
        put_spaces(page, width[COLUMNS - 1] - es_utf8_count(line->cell[COLUMNS - 2]) + 2);
        put_wrapped(page, words, used, columns);
    } else {
        es_page_put(page, "\n      ");
        put_wrapped(page, words, 6, columns);
    }
}

/** Weak groups that nobody named, after the groups that somebody did. */
static void put_weak(struct es_page *page, const struct es_view_finding *at, size_t columns)
{
    const cJSON *weak, *exploratory = cJSON_GetObjectItemCaseSensitive(at->finding, "exploratory");
    const char *words = es_view_string(exploratory, "words");
    if (!*words) return;
    char text[ES_VIEW_LABEL + 400];
    es_page_put(page, "  ");
    snprintf(text, sizeof text, "Exploratory: %s", words);
    put_wrapped(page, text, 2, columns);
    cJSON_ArrayForEach(weak, cJSON_GetObjectItemCaseSensitive(exploratory, "weak_groups"))
    {
        char label[ES_VIEW_LABEL];
        es_view_label(cJSON_GetObjectItemCaseSensitive(weak, "group"), label, sizeof label);
        snprintf(text, sizeof text, "%s: %s", label, es_view_string(weak, "words"));
        es_page_put(page, "    ");
        put_wrapped(page, text, 4, columns);
    }
}

static void put_finding(struct es_page *page, const struct es_view_finding *at, size_t columns)
{
    size_t width[COLUMNS] = {0}, fit = COLUMNS;
    struct line line = {0};
    const cJSON *group, *groups = cJSON_GetObjectItemCaseSensitive(at->finding, "groups");
    const struct shown *shown = shown_of(groups);
    bool starred = false;
    es_page_put(page, "\n");
    es_page_plain(page, at->model_name);
    es_page_put(page, *at->version ? " " : "");
    es_page_plain(page, at->version);
    es_page_put(page, ", ");
    es_page_plain(page, at->name);
    if (at->epoch_id > 1) es_page_putf(page, ", epoch %u", at->epoch_id);
    if (es_view_string(at->finding, "units")[0]) {
        es_page_put(page, " (values in ");
        es_page_plain(page, es_view_string(at->finding, "units"));
        es_page_put(page, ")");
    }
    es_page_put(page, "\n");
    header_line(shown, &line);
    widen(&line, width);
    cJSON_ArrayForEach(group, groups)
    {
        if (!worth_a_line(group)) continue;
        fill_line(group, shown, &line);
        widen(&line, width);
    }
    for (size_t sum = total_width(width); fit > 3 && sum - 2 > columns; fit--) sum -= width[fit - 1] + 2;
    header_line(shown, &line);
    put_line(page, &line, width, fit);
    es_page_put(page, "\n");
    cJSON_ArrayForEach(group, groups)
    {
        if (!worth_a_line(group)) continue;
        fill_line(group, shown, &line);
        put_line(page, &line, width, fit);
        put_words(page, group, width, &line, fit, columns);
        for (size_t i = 0; i < SHOWN; i++) starred |= es_view_metric(group, shown[i].name).few_patients;
    }
    put_weak(page, at, columns);
    if (starred) es_page_put(page, "  * rests on fewer than 50 patients (effective number): the interval is rough\n");
}

static void put_head(struct es_page *page, const cJSON *release, size_t columns)
{
    const cJSON *sentence, *period = cJSON_GetObjectItemCaseSensitive(release, "period");
    const cJSON *disclosure = cJSON_GetObjectItemCaseSensitive(release, "disclosure");
    es_page_put(page, "Site ");
    es_page_plain(page, es_view_string(release, "site"));
    es_page_put(page, ", exams of ");
    es_page_plain(page, *es_view_string(period, "first_exam") ? es_view_string(period, "first_exam") : "no date");
    es_page_put(page, " to ");
    es_page_plain(page, *es_view_string(period, "last_exam") ? es_view_string(period, "last_exam") : "no date");
    es_page_put(page, ", ");
    es_page_plain(page, es_view_string(disclosure, "audience"));
    es_page_put(page, " (");
    es_page_plain(page, es_view_string(disclosure, "rule"));
    es_page_put(page, ")\n");
    if (*es_view_string(disclosure, "words")) put_wrapped(page, es_view_string(disclosure, "words"), 0, columns);
    if (*es_view_string(release, "note")) put_wrapped(page, es_view_string(release, "note"), 0, columns);
    es_page_put(page, "\n");
    cJSON_ArrayForEach(sentence, es_view_at(release, "summary", "sentences"))
    {
        if (!cJSON_IsString(sentence)) continue;
        es_page_put(page, "- ");
        put_wrapped(page, sentence->valuestring, 2, columns);
    }
}

enum es_errc es_render_text(const cJSON *release, unsigned columns, struct es_bytes *out, struct es_error *err)
{
    const enum es_errc e = es_view_check(release, err);
    if (e != ES_OK) return e;
    struct es_page page = {0};
    const size_t wide = columns < NARROWEST ? NARROWEST : columns;
    put_head(&page, release, wide);
    struct es_view_finding at = {0};
    while (es_view_next(release, &at)) put_finding(&page, &at, wide);
    return es_page_take(&page, out, err);
}
