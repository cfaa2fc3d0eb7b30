/* SPDX-License-Identifier: Apache-2.0 */
/* Who is in the data against the reference population, step by step (METRICS G1). */
#include <math.h>
#include <string.h>

#include "plugin/report/html/html.h"

static const char *const steps[] = {"seen", "eligible", "resulted", "referenced"};
#define STEPS (sizeof steps / sizeof steps[0])

static const cJSON *level_at(const cJSON *entry, const char *step, int i)
{
    return cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(es_view_at(entry, "steps", step), "levels"), i);
}

static void cell(struct es_page *page, const cJSON *level)
{
    const double ratio = es_view_number(level, "ratio"), lo = es_view_number(level, "lo"), hi = es_view_number(level, "hi");
    es_page_put(page, "<td class=\"n\">");
    if (!level || strcmp(es_view_string(level, "status"), "suppressed") == 0) {
        es_page_put(page, "<span class=\"mute\">suppressed</span></td>");
        return;
    }
    es_page_fixed(page, es_view_number(level, "share"), 3);
    if (isfinite(ratio)) {
        es_page_put(page, "<span class=\"sub row\">\xc3\x97 "); /* times */
        es_page_fixed(page, ratio, 2);
        if (isfinite(lo) && isfinite(hi)) {
            es_page_put(page, " (");
            es_page_fixed(page, lo, 2);
            es_page_put(page, "\xe2\x80\x93");
            es_page_fixed(page, hi, 2);
            es_page_put(page, ")");
        }
        es_page_put(page, "</span>");
    }
    es_page_put(page, "</td>");
}

static void heading(struct es_page *page, const cJSON *entry)
{
    es_page_put(page, "<tr class=\"axis\"><th scope=\"rowgroup\" colspan=\"8\">");
    es_page_text(page, es_view_string(entry, "axis"));
    es_page_put(page, "<span class=\"sub\">. Reference: ");
    es_page_text(page, es_view_string(entry, "source")[0] ? es_view_string(entry, "source") : "source not told");
    if (es_view_string(entry, "date")[0]) {
        es_page_put(page, ", ");
        es_page_text(page, es_view_string(entry, "date"));
    }
    for (size_t s = 0; s < STEPS; s++) {
        const cJSON *step = es_view_at(entry, "steps", steps[s]);
        es_page_putf(page, ". %s: distance ", steps[s]);
        es_page_fixed(page, es_view_number(step, "js_distance"), 3);
        es_page_put(page, ", unknown ");
        es_page_count(page, es_view_count(step, "unknown"));
    }
    es_page_put(page, "</span></th></tr>\n");
}

static void row(struct es_page *page, const cJSON *entry, int i)
{
    const cJSON *seen = level_at(entry, "seen", i);
    es_page_put(page, "<tr><th scope=\"row\">");
    es_page_text(page, es_view_string(seen, "level"));
    es_page_put(page, "</th><td class=\"n\">");
    es_page_fixed(page, es_view_number(seen, "reference"), 3);
    es_page_put(page, "</td>");
    for (size_t s = 0; s < STEPS; s++) cell(page, level_at(entry, steps[s], i));
    es_page_put(page, "<td class=\"n\">");
    es_page_fixed(page, es_view_number(seen, "share_if_no_unknown"), 3);
    es_page_put(page, "\xe2\x80\x93");
    es_page_fixed(page, es_view_number(seen, "share_if_all_unknown"), 3);
    es_page_put(page, "</td><td class=\"n\">");
    es_page_count(page, es_view_count(level_at(entry, "referenced", i), "shortfall"));
    es_page_put(page, "</td></tr>\n");
}

static bool is_of(const cJSON *entry, const struct es_view_finding *at)
{
    return strcmp(es_view_string(entry, "model"), at->model_name) == 0 && strcmp(es_view_string(entry, "version"), at->version) == 0 &&
           strcmp(es_view_string(entry, "finding"), at->name) == 0 && es_view_number(entry, "epoch") == (double)at->epoch_id;
}

void es_html_population(struct es_page *page, const cJSON *release, const struct es_view_finding *at)
{
    const cJSON *entry, *list = cJSON_GetObjectItemCaseSensitive(release, "representation");
    bool open = false;
    cJSON_ArrayForEach(entry, list)
    {
        if (!is_of(entry, at)) continue;
        if (!open) {
            es_page_put(page, "<details><summary>Against the reference population</summary>\n<div class=\"scroll\"><table><caption>Share of each "
                              "level, and its ratio to the reference: ");
            es_page_finding(page, at);
            es_page_put(page, "</caption>\n<thead><tr><th scope=\"col\">Level</th><th scope=\"col\" class=\"n\">Reference</th><th scope=\"col\" "
                              "class=\"n\">Seen</th><th scope=\"col\" class=\"n\">Eligible</th><th scope=\"col\" class=\"n\">Resulted</th><th "
                              "scope=\"col\" class=\"n\">Referenced</th><th scope=\"col\" class=\"n\">Seen, if none or all unknown were in "
                              "it</th><th scope=\"col\" class=\"n\">Cases short</th></tr></thead>\n<tbody>\n");
        }
        open = true;
        heading(page, entry);
        for (int i = 0; level_at(entry, "seen", i); i++) row(page, entry, i);
    }
    if (open)
        es_page_put(page, "</tbody></table></div>\n<p class=\"sub\">Shares are of the cases whose level is known; a patient with several exams counts "
                          "with each, which the intervals do not allow for. Reference shares are taken as known without error. Cases short: "
                          "referenced cases of this level alone that are missing until its share is 80 % of the reference. Distance: "
                          "Jensen\xe2\x80\x93Shannon, 0 the same to 1.</p>\n</details>\n");
}
