/* SPDX-License-Identifier: Apache-2.0 */
/* Control charts of a finding: where each stands, and every alarm that was raised. */
#include <math.h>
#include <string.h>

#include "plugin/report/html/html.h"

static bool is(const cJSON *object, const char *key, const char *word)
{
    return strcmp(es_view_string(object, key), word) == 0;
}

static void who(struct es_page *page, const cJSON *release, const cJSON *entry)
{
    es_page_put(page, "<tr><th scope=\"row\">");
    es_page_label(page, cJSON_GetObjectItemCaseSensitive(entry, "group"));
    es_page_put(page, "</th><td>");
    es_page_text(page, es_view_title(release, es_view_string(entry, "metric")));
    es_page_put(page, "</td><td>");
}

/** Accepted error rate with its source, and the rate that is watched for; a dash each where it is not told. */
static void rates(struct es_page *page, const cJSON *entry)
{
    const cJSON *in = cJSON_GetObjectItemCaseSensitive(entry, "in_control");
    es_page_put(page, "</td><td class=\"n\">");
    es_page_fixed(page, es_view_number(in, "error_rate"), 3);
    if (in) {
        es_page_put(page, "<span class=\"sub row\">");
        es_page_put(page, is(in, "source", "floor") ? "the plan's floor" : "upper limit of the first ");
        if (!is(in, "source", "floor")) {
            es_page_count(page, es_view_count(in, "patients"));
            es_page_put(page, " patients (");
            es_page_fixed(page, es_view_number(in, "observed"), 3);
            es_page_put(page, ")");
        }
        es_page_put(page, "</span>");
    }
    es_page_put(page, "</td><td class=\"n\">");
    es_page_fixed(page, es_view_number(entry, "watched_for"), 3);
    es_page_put(page, "</td>");
}

static void chart_row(struct es_page *page, const cJSON *release, const cJSON *chart)
{
    const bool runs = is(chart, "status", "estimated"), alarm = is(chart, "state", "alarm");
    who(page, release, chart);
    if (!runs) {
        es_page_put(page, "<span class=\"v grey\">no chart</span></td><td colspan=\"5\" class=\"mute\">");
        es_page_text(page, is(chart, "status", "suppressed") ? "suppressed" : es_view_string(chart, "words"));
        es_page_put(page, "</td></tr>\n");
        return;
    }
    es_page_put(page, alarm ? "<span class=\"v warn\">alarm</span></td><td>" : "<span class=\"v grey\">no alarm</span></td><td>");
    es_page_text(page, es_view_string(chart, "words"));
    rates(page, chart);
    es_page_put(page, "<td class=\"n\">");
    es_page_count(page, es_view_count(chart, "errors"));
    es_page_put(page, " of ");
    es_page_count(page, es_view_count(chart, "cases"));
    es_page_put(page, "</td><td class=\"n\">");
    es_page_fixed(page, 1 / es_view_number(chart, "false_alarms_per_year"), 1);
    es_page_put(page, "</td></tr>\n");
}

static void head(struct es_page *page, const struct es_view_finding *at, const char *caption, const char *const *columns)
{
    es_page_putf(page, "<div class=\"scroll\"><table><caption>%s: ", caption);
    es_page_finding(page, at);
    es_page_put(page, "</caption>\n<thead><tr>");
    for (size_t i = 0; columns[i]; i++) es_page_putf(page, "<th scope=\"col\"%s>%s</th>", i > 3 ? " class=\"n\"" : "", columns[i]);
    es_page_put(page, "</tr></thead>\n<tbody>\n");
}

static void alarm_table(struct es_page *page, const cJSON *release, const struct es_view_finding *at, const cJSON *alarms)
{
    static const char *const columns[] = {"Group", "Metric", "What was seen", NULL};
    const cJSON *alarm;
    if (cJSON_GetArraySize(alarms) == 0) return;
    head(page, at, "Alarms", columns);
    cJSON_ArrayForEach(alarm, alarms)
    {
        who(page, release, alarm);
        es_page_text(page, es_view_string(alarm, "words"));
        es_page_put(page, "</td></tr>\n");
    }
    es_page_put(page, "</tbody></table></div>\n");
}

void es_html_alarms(struct es_page *page, const cJSON *release, const struct es_view_finding *at)
{
    static const char *const columns[] = {"Group", "Metric", "State", "Where the chart stands", "Accepted error rate", "Watched for", "Errors since",
                                          "Years to a false alarm", NULL};
    const cJSON *chart, *charts = cJSON_GetObjectItemCaseSensitive(at->finding, "charts");
    const cJSON *alarms = cJSON_GetObjectItemCaseSensitive(at->finding, "alarms");
    if (cJSON_GetArraySize(charts) == 0) return;
    es_page_putf(page, "<details%s><summary>Control charts and alarms</summary>\n", cJSON_GetArraySize(alarms) ? " open" : "");
    alarm_table(page, release, at, alarms);
    head(page, at, "Control charts", columns);
    cJSON_ArrayForEach(chart, charts) chart_row(page, release, chart);
    es_page_put(page, "</tbody></table></div>\n<p class=\"sub\">CUSUM of errors (Page 1954; Reynolds and Stoumbos 1999), of each patient the "
                      "first case, when its reference window is closed, in exam order. Together all charts raise as many false alarms a "
                      "year as the plan allows. An alarm says that errors have become more frequent than accepted: it is no verdict "
                      "on a difference between groups, and no alarm is no proof that nothing changed.</p>\n</details>\n");
}
