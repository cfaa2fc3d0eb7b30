/* SPDX-License-Identifier: Apache-2.0 */
/* Each group against the rest. Verdicts stand in words beside their colour; what is exploratory bears none and says so. */
#include <math.h>
#include <string.h>

#include "plugin/report/html/html.h"
#include "plugin/report/plot/forest.h"

static void verdict(struct es_page *page, const cJSON *comparison)
{
    static const struct {
        const char *name, *class;
    } classes[] = {{"disparity", "warn"}, {"parity", "blue"}};
    const char *name = es_view_string(comparison, "verdict"), *class = "grey";
    char text[64];
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (strcmp(classes[i].name, name) == 0) class = classes[i].class;
    }
    es_forest_verdict(comparison, text, sizeof text);
    es_page_putf(page, "<span class=\"v %s\">", class);
    es_page_text(page, strcmp(text, "exploratory") == 0 ? "exploratory: no verdict" : text[0] ? text : "no verdict");
    es_page_put(page, "</span>");
}

static void flags(struct es_page *page, const cJSON *comparison)
{
    static const struct {
        const char *code, *words;
    } known[] = {{"beyond_margin", "the whole interval lies beyond the margin"},
                 {"nonzero", "a difference was shown, but within the margin"},
                 {"few_clusters", "rests on few patients"},
                 {"ai_aware", "the reference reader may have seen the AI result"},
                 {"clipped", "limits cut at the edge of what is possible"},
                 {"deff_floored", NULL}, /* a detail of the variance; it stands in the JSON */
                 {"deff_unknown", "repeated exams of a patient could not be allowed for"}};
    const cJSON *flag = NULL;
    cJSON_ArrayForEach(flag, cJSON_GetObjectItemCaseSensitive(comparison, "flags"))
    {
        char plain[80];
        bool silent = false;
        const char *code = cJSON_IsString(flag) ? flag->valuestring : "", *words = NULL;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
            if (strcmp(code, known[i].code) != 0) continue;
            words = known[i].words;
            silent = words == NULL;
        }
        if (silent) continue;
        es_view_plain(code, plain, sizeof plain);
        es_page_put(page, "<span class=\"sub row wrap\">");
        es_page_text(page, words ? words : plain);
        es_page_put(page, "</span>");
    }
}

/* The interval that the verdict rests on when it was widened for the number of comparisons. */
static void adjusted(struct es_page *page, const cJSON *comparison)
{
    const cJSON *interval = NULL;
    cJSON_ArrayForEach(interval, cJSON_GetObjectItemCaseSensitive(comparison, "intervals"))
    {
        if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(interval, "adjusted"))) continue;
        if (!isfinite(es_view_number(interval, "lo"))) break; /* below the minima of the method */
        es_page_limits(page, es_view_number(interval, "lo"), es_view_number(interval, "hi"), 3);
        es_page_put(page, " <span class=\"sub\">(");
        const double level = 100.0 * es_view_number(interval, "level");
        es_page_fixed(page, level, level < 99.95 ? 1 : level < 99.995 ? 2 : 3); /* a share of many comparisons is no certainty */
        es_page_put(page, " %)</span>");
        return;
    }
    es_page_put(page, "--");
}

static void row(struct es_page *page, const cJSON *release, const cJSON *group, const cJSON *comparison, bool primary)
{
    const cJSON *levels = cJSON_GetObjectItemCaseSensitive(group, "group");
    es_page_putf(page, "<tr%s><th scope=\"row\">", es_view_unknown(levels) ? " class=\"unknown\"" : "");
    es_page_label(page, levels);
    es_page_put(page, "</th><td>");
    es_page_text(page, es_view_title(release, comparison->string));
    es_page_put(page, "</td><td>");
    es_page_text(page, es_view_string(comparison, "words"));
    if (es_view_at(comparison, "cases_needed", "words")) {
        es_page_put(page, "<span class=\"sub row wrap\">");
        es_page_text(page, es_view_string(cJSON_GetObjectItemCaseSensitive(comparison, "cases_needed"), "words"));
        es_page_put(page, "</span>");
    }
    es_html_adjusted(page, comparison);
    es_page_put(page, "</td>");
    if (primary) {
        es_page_put(page, "<td class=\"n\">");
        adjusted(page, comparison);
        es_page_put(page, "</td><td class=\"n\">");
        es_page_p(page, es_view_number(comparison, "p_adjusted"));
        es_page_put(page, "</td>");
    } else {
        es_page_put(page, "<td class=\"n\">");
        es_page_p(page, es_view_number(comparison, "p"));
        es_page_put(page, "</td><td class=\"n\">");
        es_page_p(page, es_view_number(comparison, "p_adjusted"));
        if (strcmp(es_view_string(comparison, "p_basis"), "anytime") == 0) es_page_put(page, "<span class=\"sub row\">any day</span>");
        if (strcmp(es_view_string(comparison, "p_basis"), "one_look") == 0) es_page_put(page, "<span class=\"sub row\">one look</span>");
        es_page_put(page, "</td>");
    }
    es_page_put(page, "<td>");
    verdict(page, comparison);
    flags(page, comparison);
    es_page_put(page, "</td></tr>\n");
}

static bool is_primary(const cJSON *comparison)
{
    return strcmp(es_view_string(comparison, "family"), "primary") == 0;
}

static size_t rows(struct es_page *page, const cJSON *release, const struct es_view_finding *at, bool primary, bool write)
{
    const cJSON *group = NULL, *comparison = NULL;
    size_t count = 0;
    cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(at->finding, "groups"))
    {
        cJSON_ArrayForEach(comparison, cJSON_GetObjectItemCaseSensitive(group, "against_rest"))
        {
            if (is_primary(comparison) != primary) continue;
            if (write) row(page, release, group, comparison, primary);
            count++;
        }
    }
    return count;
}

void es_html_comparisons(struct es_page *page, const cJSON *release, const struct es_view_finding *at)
{
    const cJSON *plan = cJSON_GetObjectItemCaseSensitive(release, "plan");
    if (rows(page, release, at, true, false)) {
        es_page_put(page, "<div class=\"scroll\"><table><caption>Each group against the rest, as planned: ");
        es_page_finding(page, at);
        es_page_put(page, "</caption>\n<thead><tr><th scope=\"col\">Group</th><th scope=\"col\">Metric</th>"
                          "<th scope=\"col\">Group against rest</th><th scope=\"col\" class=\"n\">Interval of the difference, "
                          "adjusted</th><th scope=\"col\" class=\"n\">p, adjusted</th><th "
                          "scope=\"col\">Verdict</th></tr></thead>\n<tbody>\n");
        rows(page, release, at, true, true);
        char looks[80];
        es_view_looks(release, looks, sizeof looks);
        es_page_put(page, "</tbody></table></div>\n<p class=\"sub\">Verdicts are ");
        es_page_text(page, looks);
        es_page_put(page, ". Adjusted: for the number of planned comparisons.");
        if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(plan, "declared_in_retrospect")))
            es_page_put(page, " The plan was declared in retrospect.");
        es_page_put(page, "</p>\n");
    }
    if (rows(page, release, at, false, false)) {
        es_page_put(
            page,
            "<details><summary>Exploratory comparisons: not in the plan, no verdict</summary>\n<div class=\"scroll\"><table>"
            "<caption>Exploratory: not in the plan, no verdict: ");
        es_page_finding(page, at);
        es_page_put(
            page,
            "</caption>\n<thead><tr><th scope=\"col\">Group</th><th scope=\"col\">Metric</th><th scope=\"col\">Group against "
            "rest</th><th scope=\"col\" class=\"n\">p, one look</th><th scope=\"col\" class=\"n\">p, adjusted</th><th scope=\"col\">Standing</th></tr></thead>\n<tbody>\n");
        rows(page, release, at, false, true);
        es_page_put(page, "</tbody></table></div>\n<p class=\"sub\">Adjusted: by Benjamini and Hochberg over the comparisons shown here, so that "
                          "few of those below a limit are expected to be chance. Any day: of p-values that hold however often one "
                          "looks; one look: for a single look only; the two are adjusted apart.</p>\n</details>\n");
    }
}
