/* SPDX-License-Identifier: Apache-2.0 */
/* Months against the first complete quarter (METRICS F4): every index beside its expectation under no change. */
#include <math.h>
#include <string.h>

#include "plugin/report/html/html.h"

static void index_cell(struct es_page *page, const cJSON *index)
{
    es_page_put(page, "<td class=\"n\">");
    if (strcmp(es_view_string(index, "status"), "suppressed") == 0) es_page_put(page, "<span class=\"mute\">suppressed</span>");
    else es_page_fixed(page, es_view_number(index, "psi"), 3);
    if (isfinite(es_view_number(index, "psi_expected"))) {
        es_page_put(page, "<span class=\"sub row\">by chance ");
        es_page_fixed(page, es_view_number(index, "psi_expected"), 3);
        es_page_put(page, "</span>");
    }
    es_page_put(page, "</td>");
}

static void row(struct es_page *page, const cJSON *release, const cJSON *month, size_t columns)
{
    const cJSON *axis;
    es_page_put(page, "<tr><th scope=\"row\">");
    es_page_text(page, es_view_string(month, "month"));
    es_page_put(page, "</th>");
    if (strcmp(es_view_string(month, "status"), "estimated") != 0) {
        es_page_putf(page, "<td colspan=\"%zu\" class=\"mute\">%s</td></tr>\n", columns,
                     strcmp(es_view_string(month, "status"), "suppressed") == 0 ? "suppressed" : "-- no exam");
        return;
    }
    es_page_put(page, "<td class=\"n\">");
    es_page_count(page, es_view_count(month, "n"));
    es_page_put(page, "</td>");
    index_cell(page, cJSON_GetObjectItemCaseSensitive(month, "score"));
    cJSON_ArrayForEach(axis, cJSON_GetObjectItemCaseSensitive(release, "axes"))
        index_cell(page, es_view_at(month, "axes", es_view_string(axis, "name")));
    es_page_put(page, "</tr>\n");
}

void es_html_drift(struct es_page *page, const cJSON *release, const struct es_view_finding *at)
{
    const cJSON *axis, *month, *drift = cJSON_GetObjectItemCaseSensitive(at->finding, "drift");
    size_t columns = 2;
    if (!drift || !drift->child) return;
    es_page_put(page, "<details><summary>Month by month</summary>\n");
    if (strcmp(es_view_string(drift, "status"), "estimated") != 0) {
        es_page_put(page, "<p class=\"sub\">Not estimable: ");
        es_page_text(page, es_view_string(drift, "words"));
        es_page_put(page, ".</p>\n</details>\n");
        return;
    }
    es_page_put(page, "<div class=\"scroll\"><table><caption>Each month of exams against ");
    es_page_text(page, es_view_string(drift, "baseline_from"));
    es_page_put(page, " to ");
    es_page_text(page, es_view_string(drift, "baseline_to"));
    es_page_put(page, ", population stability index: ");
    es_page_finding(page, at);
    es_page_put(page, "</caption>\n<thead><tr><th scope=\"col\">Month</th><th scope=\"col\" class=\"n\">Units</th><th scope=\"col\" "
                      "class=\"n\">Scores</th>");
    cJSON_ArrayForEach(axis, cJSON_GetObjectItemCaseSensitive(release, "axes"))
    {
        es_page_put(page, "<th scope=\"col\" class=\"n\">Mix of ");
        es_page_text(page, es_view_string(axis, "name"));
        es_page_put(page, "</th>");
        columns++;
    }
    es_page_put(page, "</tr></thead>\n<tbody>\n");
    cJSON_ArrayForEach(month, cJSON_GetObjectItemCaseSensitive(drift, "months")) row(page, release, month, columns);
    es_page_put(page, "</tbody></table></div>\n<p class=\"sub\">By chance: what the index comes to on average when nothing changes, with these "
                      "numbers; patients with several exams raise it further. An index near that says nothing. The months of the "
                      "reference quarter are part of it. For one look, not for daily looking; no verdict.</p>\n</details>\n");
}
