/* SPDX-License-Identifier: Apache-2.0 */
/* What is expected of the results that await a reference, said to be no measurement, with the calibration that it rests on beside it. */
#include <math.h>
#include <string.h>

#include "plugin/report/html/html.h"

static void figure(struct es_page *page, const cJSON *figure)
{
    es_page_put(page, "<td class=\"n\">");
    es_page_fixed(page, es_view_number(figure, "value"), 2);
    if (isfinite(es_view_number(figure, "lo"))) {
        es_page_put(page, "<span class=\"sub row\">");
        es_page_limits(page, es_view_number(figure, "lo"), es_view_number(figure, "hi"), 2);
        es_page_put(page, "</span>");
    }
    es_page_put(page, "</td>");
}

/** Calibration in the large of the group's labelled cases: away from 0 the expectation is off. */
static void calibration(struct es_page *page, const struct es_view_finding *at, const cJSON *key)
{
    const cJSON *group;
    es_page_put(page, "<td class=\"n\">");
    cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(at->finding, "groups"))
    {
        if (!cJSON_Compare(cJSON_GetObjectItemCaseSensitive(group, "group"), key, true)) continue;
        const struct es_view_metric m = es_view_metric(group, "calibration_in_the_large");
        es_page_fixed(page, m.status == ES_VIEW_ESTIMATED ? m.value : (double)NAN, 2);
        if (m.status != ES_VIEW_ESTIMATED || !isfinite(m.lo)) continue;
        es_page_put(page, "<span class=\"sub row\">");
        es_page_limits(page, m.lo, m.hi, 2);
        es_page_put(page, m.lo > 0 || m.hi < 0 ? "</span><span class=\"sub row\">not calibrated</span>" : "</span>");
    }
    es_page_put(page, "</td></tr>\n");
}

void es_html_expectation(struct es_page *page, const struct es_view_finding *at)
{
    const cJSON *entry, *list = cJSON_GetObjectItemCaseSensitive(at->finding, "expected");
    if (cJSON_GetArraySize(list) == 0) return;
    es_page_put(page, "<details><summary>Expected of results that await a reference: no measurement</summary>\n<div class=\"scroll\"><table><caption>"
                      "What the scores alone lead to expect: ");
    es_page_finding(page, at);
    es_page_put(page, "</caption>\n<thead><tr><th scope=\"col\">Group</th><th scope=\"col\" class=\"n\">Results</th><th scope=\"col\" "
                      "class=\"n\">Not due yet</th><th scope=\"col\" class=\"n\">Overdue</th><th scope=\"col\" class=\"n\">Sensitivity, "
                      "expected</th><th scope=\"col\" class=\"n\">Specificity, expected</th><th scope=\"col\" class=\"n\">AUROC, expected</th>"
                      "<th scope=\"col\" class=\"n\">Calibration in the large</th></tr></thead>\n<tbody>\n");
    cJSON_ArrayForEach(entry, list)
    {
        es_page_put(page, "<tr><th scope=\"row\">");
        es_page_label(page, cJSON_GetObjectItemCaseSensitive(entry, "group"));
        es_page_put(page, "</th>");
        if (strcmp(es_view_string(entry, "status"), "expected") != 0) {
            es_page_put(page, "<td colspan=\"7\" class=\"mute\">");
            es_page_text(page, strcmp(es_view_string(entry, "status"), "suppressed") == 0 ? "suppressed" : es_view_string(entry, "words"));
            es_page_put(page, "</td></tr>\n");
            continue;
        }
        static const char *const counts[] = {"results", "maturing", "overdue"};
        for (size_t i = 0; i < 3; i++) {
            es_page_put(page, "<td class=\"n\">");
            es_page_count(page, es_view_count(entry, counts[i]));
            es_page_put(page, "</td>");
        }
        figure(page, cJSON_GetObjectItemCaseSensitive(entry, "sensitivity"));
        figure(page, cJSON_GetObjectItemCaseSensitive(entry, "specificity"));
        figure(page, cJSON_GetObjectItemCaseSensitive(entry, "auroc"));
        calibration(page, at, cJSON_GetObjectItemCaseSensitive(entry, "group"));
    }
    es_page_put(page, "</tbody></table></div>\n<p class=\"sub\">No label is behind these figures: they hold only where the scores are calibrated "
                      "probabilities in that group, and no verdict rests on them. Calibration in the large is that of the cases with a "
                      "reference; away from 0 the expectation is off. The intervals are of chance alone, not of miscalibration.</p>\n"
                      "</details>\n");
}
