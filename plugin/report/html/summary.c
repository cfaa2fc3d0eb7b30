/* SPDX-License-Identifier: Apache-2.0 */
/* First on the page: what was found, in words, then in tables of what was missed, shown, and cannot be judged. */
#include <string.h>

#include "metrics/estimate.h"
#include "plugin/report/html/html.h"
#include "plugin/report/plot/forest.h"

#define LARGE_SENTENCES 12 /* more than a board reads at once; the rest repeats the tables below */

static void tile(struct es_page *page, const char *class, int count, const char *one, const char *many, const char *anchor)
{
    es_page_putf(page, "<li class=\"%s\"><b>%d</b>", count ? class : "grey", count);
    if (count) es_page_putf(page, "<a href=\"#%s\">", anchor);
    es_page_put(page, count == 1 ? one : many);
    if (count) es_page_put(page, "</a>");
    es_page_put(page, "</li>\n");
}

/* A sentence that some table row below repeats word for word: it ends with the row's words. Or one that only points at the table. */
static bool repeated(const cJSON *items, const char *sentence)
{
    static const char pointer[] = " more, listed below.";
    const size_t len = strlen(sentence);
    if (strncmp(sentence, "Disparity: ", 11) == 0 && len > sizeof pointer && strcmp(sentence + len - (sizeof pointer - 1), pointer) == 0)
        return true;
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, items)
    {
        const char *words = es_view_string(item, "words");
        if (words[0] && strstr(sentence, words)) return true;
    }
    return false;
}

static void sentence_list(struct es_page *page, const cJSON *sentences, const cJSON *summary, bool large, bool all)
{
    const cJSON *sentence = NULL;
    int shown = 0;
    es_page_putf(page, "<ul class=\"%s\">\n", large ? "says" : "also");
    cJSON_ArrayForEach(sentence, sentences)
    {
        const char *text = cJSON_IsString(sentence) ? sentence->valuestring : "";
        const bool repeat = !all && (repeated(cJSON_GetObjectItemCaseSensitive(summary, "disparities"), text) ||
                                     repeated(cJSON_GetObjectItemCaseSensitive(summary, "parities"), text));
        if (repeat == large) continue;
        es_page_put(page, "<li>");
        es_page_text(page, text);
        es_page_put(page, "</li>\n");
        shown++;
    }
    if (!shown) es_page_put(page, "<li>Nothing was reported.</li>\n");
    es_page_put(page, "</ul>\n");
}

/* All sentences when a reader can take them in; else those that no table repeats, and the others folded. */
static void sentences(struct es_page *page, const cJSON *summary)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(summary, "sentences");
    const bool all = cJSON_GetArraySize(list) <= LARGE_SENTENCES;
    sentence_list(page, list, summary, true, all);
    if (all) return;
    es_page_put(page,
                "<details class=\"repeat\"><summary>Each disparity as a sentence (the table below says the same)</summary>\n");
    sentence_list(page, list, summary, false, false);
    es_page_put(page, "</details>\n");
}

/* The chapter an item speaks of. @return false, and *at of index 0, when the release has none */
static bool chapter(const cJSON *release, const cJSON *item, struct es_view_finding *at)
{
    const double epoch = es_view_number(item, "epoch");
    *at = (struct es_view_finding){0};
    while (es_view_next(release, at)) {
        if (strcmp(at->model_name, es_view_string(item, "model")) == 0 &&
            strcmp(at->name, es_view_string(item, "finding")) == 0 &&
            strcmp(at->version, es_view_string(item, "version")) == 0 && (double)at->epoch_id == epoch)
            return true;
    }
    *at = (struct es_view_finding){0};
    return false;
}

enum faring { FARES_UNTOLD, FARES_WORSE, FARES_BETTER };

/* Does the group fare worse than the rest? Told only of metrics of which more is always better. */
static enum faring faring(const cJSON *release, const cJSON *item)
{
    const char *metric = es_view_string(item, "metric");
    const cJSON *levels = cJSON_GetObjectItemCaseSensitive(item, "group"), *group = NULL;
    struct es_view_finding at;
    bool told = false;
    static const char *const better[] = {"sensitivity", "specificity", "auroc", "dice"};
    for (size_t i = 0; i < sizeof better / sizeof better[0]; i++) told = told || strcmp(better[i], metric) == 0;
    if (!told || !chapter(release, item, &at)) return FARES_UNTOLD;
    cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(at.finding, "groups"))
    {
        if (!cJSON_Compare(cJSON_GetObjectItemCaseSensitive(group, "group"), levels, true)) continue;
        const double difference = es_view_number(es_view_at(group, "against_rest", metric), "difference");
        return difference < 0.0 ? FARES_WORSE : difference > 0.0 ? FARES_BETTER : FARES_UNTOLD;
    }
    return FARES_UNTOLD;
}

static void where(struct es_page *page, const cJSON *release, const cJSON *item)
{
    struct es_view_finding at;
    const bool found = chapter(release, item, &at);
    if (found) es_page_putf(page, "<a href=\"#f%u\">", at.index);
    es_page_text(page, es_view_string(item, "model"));
    es_page_put(page, es_view_string(item, "version")[0] ? " " : "");
    es_page_text(page, es_view_string(item, "version"));
    es_page_put(page, ", ");
    es_page_text(page, es_view_string(item, "finding"));
    if (es_view_number(item, "epoch") > 1.0) {
        es_page_put(page, ", epoch ");
        es_page_fixed(page, es_view_number(item, "epoch"), 0);
    }
    if (found) es_page_put(page, "</a>");
}

static void item_row(struct es_page *page, const cJSON *release, const cJSON *item, const char *class, const char *verdict)
{
    es_page_put(page, "<tr><td>");
    where(page, release, item);
    es_page_put(page, "</td><th scope=\"row\">");
    es_page_label(page, cJSON_GetObjectItemCaseSensitive(item, "group"));
    es_page_put(page, "</th><td>");
    es_page_text(page, es_view_title(release, es_view_string(item, "metric")));
    es_page_put(page, "</td><td>");
    es_page_text(page, es_view_string(item, "words"));
    es_page_putf(page, "</td><td><span class=\"v %s\">%s</span></td></tr>\n", class, verdict);
}

static void open_items(struct es_page *page, const char *id, const char *caption)
{
    es_page_putf(page, "<div class=\"scroll\"><table id=\"%s\"><caption>%s</caption>\n", id, caption);
    es_page_put(page,
                "<thead><tr><th scope=\"col\">Model and finding</th><th scope=\"col\">Group</th><th scope=\"col\">Metric</th>"
                "<th scope=\"col\">What was seen</th><th scope=\"col\">Outcome</th></tr></thead>\n<tbody>\n");
}

static void close_items(struct es_page *page)
{
    es_page_put(page, "</tbody></table></div>\n");
}

static void item_table(struct es_page *page, const cJSON *release, const cJSON *items, const char *id, const char *caption,
                       const char *class, const char *verdict)
{
    const cJSON *item = NULL;
    if (cJSON_GetArraySize(items) == 0) return;
    open_items(page, id, caption);
    cJSON_ArrayForEach(item, items) item_row(page, release, item, class, verdict);
    close_items(page);
}

/* Where the group fares worse first: that is what a reader must not miss. */
static void disparity_table(struct es_page *page, const cJSON *release, const cJSON *items)
{
    static const struct {
        enum faring faring;
        const char *class, *words;
    } parts[] = {{FARES_WORSE, "warn", "disparity: worse"},
                 {FARES_UNTOLD, "warn", "disparity"},
                 {FARES_BETTER, "edge", "disparity: better"}};
    const cJSON *item = NULL;
    if (cJSON_GetArraySize(items) == 0) return;
    open_items(page, "disparities", "Disparities shown between a group and the rest, those where the group fares worse first");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        cJSON_ArrayForEach(item, items)
        {
            if (faring(release, item) == parts[i].faring) item_row(page, release, item, parts[i].class, parts[i].words);
        }
    }
    close_items(page);
}

static bool same(const cJSON *a, const cJSON *b, const char *key)
{
    return strcmp(es_view_string(a, key), es_view_string(b, key)) == 0;
}

/* Items that differ in their group alone stand in one row. */
static bool together(const cJSON *a, const cJSON *b)
{
    return same(a, b, "model") && same(a, b, "version") && same(a, b, "finding") && same(a, b, "metric") &&
           same(a, b, "reason") && es_view_number(a, "epoch") == es_view_number(b, "epoch");
}

static bool first_of_its_row(const cJSON *items, const cJSON *item)
{
    const cJSON *earlier = NULL;
    cJSON_ArrayForEach(earlier, items)
    {
        if (earlier == item) return true;
        if (together(earlier, item)) return false;
    }
    return true;
}

static void needed(struct es_page *page, const cJSON *item)
{
    const cJSON *need = NULL;
    const char *words = es_view_string(cJSON_GetObjectItemCaseSensitive(item, "cases_needed"), "words");
    if (*words) {
        es_page_put(page, " <span class=\"sub\">(");
        es_page_text(page, words);
        es_page_put(page, ")</span>");
        return;
    }
    cJSON_ArrayForEach(need, cJSON_GetObjectItemCaseSensitive(item, "cases_needed"))
    {
        if (!cJSON_IsNumber(need)) continue;
        es_page_put(page, " <span class=\"sub\">(needs about ");
        es_page_count(page, es_view_count(cJSON_GetObjectItemCaseSensitive(item, "cases_needed"), need->string));
        es_page_put(page, " ");
        es_page_text(page, need->string);
        es_page_put(page, ")</span>");
    }
}

/* Words of a reason code; NULL when metrics/ has no such code. */
static const char *reason_words(const char *code)
{
    for (int i = ES_REASON_NONE + 1; i < ES_REASON_COUNT; i++) {
        if (strcmp(es_reason_code((enum es_reason)i), code) == 0) return es_reason_words((enum es_reason)i);
    }
    return NULL;
}

static void reason(struct es_page *page, const cJSON *release, const cJSON *item)
{
    const cJSON *plan = cJSON_GetObjectItemCaseSensitive(release, "plan");
    const char *code = es_view_string(item, "reason");
    char plain[120];
    if (strcmp(code, "interval") == 0) {
        es_page_put(page, "the interval is too wide to show a difference or to rule one out");
    } else if (strcmp(code, "no_sequential_test") == 0) {
        es_page_put(page, "no test of it may be looked at every day; a plan of fixed looks would judge it");
    } else if (strcmp(code, "min_patients") == 0) {
        es_page_put(page, "fewer than ");
        es_page_count(page, es_view_count(plan, "minimum_patients"));
        es_page_put(page, " patients");
    } else if (strcmp(code, "min_cases") == 0) {
        es_page_put(page, "fewer than ");
        es_page_count(page, es_view_count(plan, "minimum_cases"));
        es_page_put(page, " cases to count");
    } else if (reason_words(code)) {
        es_page_text(page, reason_words(code));
    } else {
        es_view_plain(code[0] ? code : es_view_string(item, "words"), plain, sizeof plain);
        es_page_text(page, plain);
    }
}

void es_html_cannot(struct es_page *page, const cJSON *release)
{
    const cJSON *items = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(release, "summary"), "cannot_be_judged");
    const cJSON *item = NULL, *other = NULL;
    if (cJSON_GetArraySize(items) == 0) return;
    es_page_put(
        page,
        "<section id=\"cannot\" aria-labelledby=\"cannot-title\">\n<h2 id=\"cannot-title\">What cannot be judged yet</h2>\n"
        "<div class=\"scroll\"><table><caption>No statement is made about these groups, in either direction</caption>\n<thead><tr><th scope=\"col\">Model and finding</th><th scope=\"col\">Metric</th>"
        "<th scope=\"col\">Why</th><th scope=\"col\">Groups</th></tr></thead>\n<tbody>\n");
    cJSON_ArrayForEach(item, items)
    {
        if (!first_of_its_row(items, item)) continue;
        es_page_put(page, "<tr><th scope=\"row\">");
        where(page, release, item);
        es_page_put(page, "</th><td>");
        es_page_text(page, es_view_title(release, es_view_string(item, "metric")));
        es_page_put(page, "</td><td>");
        reason(page, release, item);
        es_page_put(page, "</td><td>");
        cJSON_ArrayForEach(other, items)
        {
            if (!together(item, other)) continue;
            if (other != item) es_page_put(page, "; ");
            es_page_label(page, cJSON_GetObjectItemCaseSensitive(other, "group"));
            needed(page, other);
        }
        es_page_put(page, "</td></tr>\n");
    }
    es_page_put(page, "</tbody></table></div>\n</section>\n");
}

static void gaps(struct es_page *page, const cJSON *list)
{
    const cJSON *gap = NULL;
    if (cJSON_GetArraySize(list) == 0) return;
    es_page_put(page, "<h3 id=\"gaps\">Gaps in coverage</h3>\n<ul>\n");
    cJSON_ArrayForEach(gap, list)
    {
        es_page_put(page, "<li>");
        es_page_text(page, es_view_string(gap, "text"));
        es_page_put(page, "</li>\n");
    }
    es_page_put(page, "</ul>\n");
}

void es_html_summary(struct es_page *page, const cJSON *release)
{
    const cJSON *summary = cJSON_GetObjectItemCaseSensitive(release, "summary");
    const cJSON *alarms = cJSON_GetObjectItemCaseSensitive(summary, "alarms");
    const cJSON *floors = cJSON_GetObjectItemCaseSensitive(summary, "floors_missed");
    const cJSON *disparities = cJSON_GetObjectItemCaseSensitive(summary, "disparities");
    const cJSON *parities = cJSON_GetObjectItemCaseSensitive(summary, "parities");
    const cJSON *cannot_be = cJSON_GetObjectItemCaseSensitive(summary, "cannot_be_judged");
    const cJSON *coverage = cJSON_GetObjectItemCaseSensitive(summary, "coverage_gaps");
    es_page_put(page, "<section id=\"summary\" aria-labelledby=\"summary-title\">\n<h2 id=\"summary-title\">Summary</h2>\n<ul "
                      "class=\"tiles\">\n");
    tile(page, "warn", cJSON_GetArraySize(alarms), "chart with an alarm", "charts with an alarm", "alarms");
    tile(page, "warn", cJSON_GetArraySize(floors), "group below a floor of the plan", "groups below a floor of the plan",
         "floors");
    tile(page, "warn", cJSON_GetArraySize(disparities), "disparity shown", "disparities shown", "disparities");
    tile(page, "grey", cJSON_GetArraySize(cannot_be), "comparison cannot be judged", "comparisons cannot be judged", "cannot");
    tile(page, "blue", cJSON_GetArraySize(parities), "parity shown within its margin", "parities shown within their margin",
         "parities");
    es_page_put(page, "</ul>\n");
    sentences(page, summary);
    char looks[80];
    es_view_looks(release, looks, sizeof looks);
    es_page_put(page, "<p class=\"lead\">Verdicts are ");
    es_page_text(page, looks);
    es_page_put(page, ". A disparity is a measured difference between a group and the rest; what causes it is not measured here.</p>\n");
    item_table(page, release, alarms, "alarms", "Alarms: errors became more frequent than accepted; the latest of each chart", "warn",
               "alarm");
    item_table(page, release, floors, "floors", "Below a floor of the plan", "warn", "below floor");
    disparity_table(page, release, disparities);
    gaps(page, coverage);
    item_table(page, release, parities, "parities", "Parity shown: the difference lies within the plan's margin", "blue",
               "parity");
    es_page_put(page, "</section>\n");
}
