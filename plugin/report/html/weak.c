/* SPDX-License-Identifier: Apache-2.0 */
/* Weak groups that nobody named: folded, marked exploratory, with what was searched and what is not listed. */
#include <math.h>
#include <string.h>

#include "plugin/report/html/html.h"

static void row(struct es_page *page, const cJSON *release, const cJSON *weak)
{
    es_page_put(page, "<tr><th scope=\"row\">");
    es_page_label(page, cJSON_GetObjectItemCaseSensitive(weak, "group"));
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(weak, "in_plan")))
        es_page_put(page, "<span class=\"sub row\">named by the plan: its verdict stands above</span>");
    es_page_put(page, "</th><td>");
    es_page_text(page, es_view_title(release, es_view_string(weak, "metric")));
    es_page_put(page, "</td><td>");
    es_page_text(page, es_view_string(weak, "words"));
    es_page_put(page, "</td><td class=\"n\">");
    es_page_count(page, es_view_count(weak, "n"));
    es_page_put(page, "</td><td class=\"n\">");
    es_page_count(page, es_view_count(weak, "patients"));
    es_page_put(page, "</td><td class=\"n\">");
    es_page_p(page, es_view_number(weak, "p_adjusted"));
    es_page_put(page, "</td></tr>\n");
}

void es_html_weak(struct es_page *page, const cJSON *release, const struct es_view_finding *at)
{
    const cJSON *weak, *exploratory = cJSON_GetObjectItemCaseSensitive(at->finding, "exploratory");
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(exploratory, "weak_groups");
    if (!es_view_string(exploratory, "words")[0]) return;
    es_page_put(page, "<details><summary>Weak groups that nobody named: exploratory, no verdict</summary>\n<p class=\"sub\">");
    es_page_text(page, es_view_string(exploratory, "words"));
    es_page_put(page, "</p>\n");
    if (cJSON_GetArraySize(list) > 0) {
        es_page_put(page, "<div class=\"scroll\"><table><caption>Groups that do worse than the rest, the surest harm first: ");
        es_page_finding(page, at);
        es_page_put(page, "</caption>\n<thead><tr><th scope=\"col\">Group</th><th scope=\"col\">Metric</th><th scope=\"col\">Group "
                          "against rest</th><th scope=\"col\" class=\"n\">Cases</th><th scope=\"col\" class=\"n\">Patients</th>"
                          "<th scope=\"col\" class=\"n\">p, corrected for the search</th></tr></thead>\n<tbody>\n");
        cJSON_ArrayForEach(weak, list) row(page, release, weak);
        es_page_put(page, "</tbody></table></div>\n");
    }
    es_page_put(page, "</details>\n");
}
