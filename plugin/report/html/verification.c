/* SPDX-License-Identifier: Apache-2.0 */
/* Who was verified, by AI result and group; the rates of the verified beside what they would be if verification went by the AI result
 * alone, and the bounds; for whom labels and attributes are missing. */
#include <math.h>
#include <string.h>

#include "plugin/report/html/html.h"

static bool estimated(const cJSON *object)
{
    return strcmp(es_view_string(object, "status"), "estimated") == 0;
}

/** What stands in the place of a number: the state in words. */
static void instead(struct es_page *page, const cJSON *object)
{
    const char *status = es_view_string(object, "status");
    es_page_put(page, "<span class=\"sub why mute\">");
    if (strcmp(status, "suppressed") == 0) {
        es_page_put(page, "suppressed");
    } else {
        es_page_put(page, "-- ");
        es_page_text(page, es_view_string(object, "words"));
    }
    es_page_put(page, "</span>");
}

static void limits(struct es_page *page, const cJSON *object, const char *lo, const char *hi)
{
    if (!isfinite(es_view_number(object, lo))) return;
    es_page_fixed(page, es_view_number(object, lo), 2);
    es_page_put(page, es_view_number(object, lo) < 0 ? " to " : "\xe2\x80\x93"); /* en dash */
    es_page_fixed(page, es_view_number(object, hi), 2);
}

static void share(struct es_page *page, const cJSON *share)
{
    es_page_put(page, "<td class=\"n\">");
    if (!share) {
        es_page_put(page, "--");
    } else if (estimated(share)) {
        es_page_fixed(page, es_view_number(share, "value"), 2);
        es_page_put(page, "<span class=\"sub row\">");
        limits(page, share, "lo", "hi");
        es_page_put(page, "</span>");
    } else {
        instead(page, share);
    }
    es_page_put(page, "</td>");
}

static void rate(struct es_page *page, const cJSON *rate)
{
    es_page_put(page, "<td class=\"n\">");
    if (estimated(rate)) {
        es_page_fixed(page, es_view_number(rate, "naive"), 2);
        es_page_put(page, " \xe2\x86\x92 <strong>"); /* rightwards arrow */
        es_page_fixed(page, es_view_number(rate, "value"), 2);
        es_page_put(page, "</strong><span class=\"sub row\">");
        limits(page, rate, "lo", "hi");
        es_page_put(page, "</span><span class=\"sub row\">bounds ");
        limits(page, rate, "worst", "best");
        es_page_put(page, "</span>");
    } else {
        instead(page, rate);
    }
    es_page_put(page, "</td>");
}

static void labelled(struct es_page *page, const cJSON *gap)
{
    es_page_put(page, "<td class=\"n\">");
    if (!gap) {
        es_page_put(page, "<span class=\"mute\">no rest</span>");
    } else if (estimated(gap)) {
        es_page_fixed(page, es_view_number(gap, "value"), 2);
        es_page_put(page, " against ");
        es_page_fixed(page, es_view_number(gap, "rest_value"), 2);
        es_page_put(page, "<span class=\"sub row\">difference ");
        limits(page, gap, "lo", "hi");
        es_page_put(page, "</span>");
    } else {
        instead(page, gap);
    }
    es_page_put(page, "</td>");
}

static void row(struct es_page *page, const cJSON *group)
{
    const cJSON *levels = cJSON_GetObjectItemCaseSensitive(group, "group");
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(group, "verification");
    es_page_putf(page, "<tr%s><th scope=\"row\">", es_view_unknown(levels) ? " class=\"unknown\"" : "");
    es_page_label(page, levels);
    es_page_put(page, "</th>");
    share(page, cJSON_GetObjectItemCaseSensitive(v, "share_of_alerts"));
    share(page, cJSON_GetObjectItemCaseSensitive(v, "share_of_non_alerts"));
    rate(page, cJSON_GetObjectItemCaseSensitive(v, "sensitivity"));
    rate(page, cJSON_GetObjectItemCaseSensitive(v, "specificity"));
    labelled(page, cJSON_GetObjectItemCaseSensitive(v, "labelled"));
    es_page_put(page, "</tr>\n");
}

static void missing(struct es_page *page, const cJSON *missingness)
{
    const cJSON *gap;
    if (!missingness || !missingness->child) return;
    es_page_put(page, "<p class=\"sub\">Are cases of unknown attributes alerted more often?</p>\n<ul class=\"sub\">\n");
    cJSON_ArrayForEach(gap, missingness)
    {
        es_page_put(page, "<li>");
        if (!estimated(gap)) {
            es_page_text(page, gap->string);
            es_page_put(page, ": ");
        }
        es_page_text(page, es_view_string(gap, "words"));
        es_page_put(page, "</li>\n");
    }
    es_page_put(page, "</ul>\n");
}

void es_html_verification(struct es_page *page, const cJSON *release, const struct es_view_finding *at)
{
    const cJSON *group, *plan = cJSON_GetObjectItemCaseSensitive(release, "plan");
    const cJSON *missingness = cJSON_GetObjectItemCaseSensitive(at->finding, "missingness");
    if (!missingness) return; /* not a binary finding */
    es_page_put(page, "<details><summary>Who was verified, and what follows</summary>\n<div class=\"scroll\"><table><caption>References by AI "
                      "result, and the rates corrected for it: ");
    es_page_finding(page, at);
    es_page_put(page, "</caption>\n<thead><tr><th scope=\"col\">Group</th><th scope=\"col\" class=\"n\">Alerts verified</th>"
                      "<th scope=\"col\" class=\"n\">Non-alerts verified</th><th scope=\"col\" class=\"n\">Sensitivity, as seen and "
                      "corrected</th><th scope=\"col\" class=\"n\">Specificity, as seen and corrected</th><th scope=\"col\" class=\"n\">Labelled, against "
                      "the rest</th></tr></thead>\n<tbody>\n");
    cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(at->finding, "groups"))
        if (es_view_axes(cJSON_GetObjectItemCaseSensitive(group, "group")) < 2) row(page, group);
    es_page_put(page, "</tbody></table></div>\n<p class=\"sub\">Corrected (Begg and Greenes): as if unverified cases were like verified ones of "
                      "the same AI result. That is an assumption about the hospital, which the data cannot show. Bounds: whatever the unverified "
                      "are. ");
    es_page_put(page, strcmp(es_view_string(plan, "verification_correction"), "begg-greenes") == 0
                          ? "The plan makes this assumption: where the bounds leave a difference open, its verdict stands when the corrected "
                            "difference bears it out.</p>\n"
                          : "The plan does not make it: where the bounds could turn a difference round, there is no verdict.</p>\n");
    missing(page, missingness);
    es_page_put(page, "</details>\n");
}
