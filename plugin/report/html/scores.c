/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of the scores by group: descriptions without intervals, folded. */
#include <string.h>

#include "plugin/report/html/html.h"

static const struct {
    const char *part, *key, *head;
} columns[] = {{"ranking", "average_precision", "Average precision"},
               {"ranking", "partial_auc_fpr_0.1_standardised", "AUROC up to FPR 0.1, standardised"},
               {"ranking", "partial_auc_tpr_0.8", "Area above TPR 0.8"},
               {"brier", "reliability", "Brier: reliability"},
               {"brier", "resolution", "Brier: resolution"},
               {"brier", "uncertainty", "Brier: uncertainty"},
               {"calibration_error", "maximal", "Greatest calibration error"},
               {"net_benefit", "model", "Net benefit"},
               {"net_benefit", "alert_all", "Net benefit, alert all"}};
#define COLUMNS (sizeof columns / sizeof columns[0])

static void cell(struct es_page *page, const cJSON *figures, size_t i)
{
    const cJSON *part = cJSON_GetObjectItemCaseSensitive(figures, columns[i].part);
    es_page_put(page, "<td class=\"n\">");
    if (strcmp(es_view_string(part, "status"), "not_estimable") == 0) {
        es_page_put(page, "<abbr title=\"");
        es_page_text(page, es_view_string(part, "words"));
        es_page_put(page, "\">--</abbr>");
    } else {
        es_page_fixed(page, es_view_number(part, columns[i].key), 3);
    }
    es_page_put(page, "</td>");
}

static void row(struct es_page *page, const cJSON *curve)
{
    const cJSON *figures = cJSON_GetObjectItemCaseSensitive(curve, "figures"), *levels = cJSON_GetObjectItemCaseSensitive(curve, "group");
    es_page_putf(page, "<tr%s><th scope=\"row\">", es_view_unknown(levels) ? " class=\"unknown\"" : "");
    es_page_label(page, levels);
    es_page_put(page, "</th>");
    if (strcmp(es_view_string(figures, "status"), "suppressed") == 0)
        es_page_putf(page, "<td class=\"mute\" colspan=\"%zu\">suppressed</td>", COLUMNS);
    else
        for (size_t i = 0; i < COLUMNS; i++) cell(page, figures, i);
    es_page_put(page, "</tr>\n");
}

void es_html_scores(struct es_page *page, const cJSON *release, const struct es_view_finding *at)
{
    const cJSON *curve, *list = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(at->finding, "curves"), "by_group");
    (void)release;
    if (!cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(list, 0), "figures")) return;
    es_page_put(page, "<details><summary>Figures of the scores</summary>\n<div class=\"scroll\"><table><caption>Figures of the scores, without "
                      "intervals: ");
    es_page_finding(page, at);
    es_page_put(page, "</caption>\n<thead><tr><th scope=\"col\">Group</th>");
    for (size_t i = 0; i < COLUMNS; i++) es_page_putf(page, "<th scope=\"col\" class=\"n\">%s</th>", columns[i].head);
    es_page_put(page, "</tr></thead>\n<tbody>\n");
    cJSON_ArrayForEach(curve, list) row(page, curve);
    es_page_put(page, "</tbody></table></div>\n<p class=\"sub\">Average precision and net benefit depend on the prevalence of the group: they are not "
                      "to be compared between groups. Calibration errors grow as groups get smaller.</p>\n</details>\n");
}
