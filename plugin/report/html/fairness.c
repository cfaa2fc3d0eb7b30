/* SPDX-License-Identifier: Apache-2.0 */
/* Gaps between the levels of each attribute (METRICS D1): one small table a finding, with what chance alone would give beside
 * each. No colour and no verdict: the finding is each group against the rest. */
#include <math.h>

#include "plugin/report/html/html.h"

static void level(struct es_page *page, const cJSON *measure, const char *which)
{
    const cJSON *entry = cJSON_GetObjectItemCaseSensitive(measure, which);
    es_page_put(page, "<td class=\"n\">");
    if (cJSON_IsObject(entry)) {
        es_page_fixed(page, es_view_number(entry, "value"), 3);
        es_page_put(page, "<span class=\"sub row\">");
        es_page_text(page, es_view_string(entry, "level"));
        es_page_put(page, "</span>");
    } else {
        es_page_put(page, "--");
    }
    es_page_put(page, "</td>");
}

/* A value with its simultaneous limits below. */
static void limited(struct es_page *page, const cJSON *measure, const char *key, const char *lo, const char *hi, int decimals)
{
    es_page_put(page, "<td class=\"n\">");
    es_page_fixed(page, es_view_number(measure, key), decimals);
    if (isfinite(es_view_number(measure, lo))) {
        es_page_put(page, "<span class=\"sub row\">");
        es_page_fixed(page, es_view_number(measure, lo), decimals);
        es_page_put(page, "\xe2\x80\x93"); /* en dash */
        es_page_fixed(page, es_view_number(measure, hi), decimals);
        es_page_put(page, "</span>");
    }
    es_page_put(page, "</td>");
}

static void number(struct es_page *page, double value, int decimals)
{
    es_page_put(page, "<td class=\"n\">");
    es_page_fixed(page, value, decimals);
    es_page_put(page, "</td>");
}

/* "3 of 4" and why the others are not in. */
static void defined(struct es_page *page, const cJSON *measure)
{
    const struct es_view_count n = es_view_count(measure, "n_defined"), none = es_view_count(measure, "n_not_estimable"),
                               hidden = es_view_count(measure, "n_suppressed");
    es_page_put(page, "<td class=\"n\">");
    es_page_count(page, n);
    es_page_putf(page, " of %llu", (unsigned long long)(n.n + none.n + hidden.n));
    if (none.n) es_page_putf(page, "<span class=\"sub row\">%llu not estimable</span>", (unsigned long long)none.n);
    if (hidden.n) es_page_putf(page, "<span class=\"sub row\">%llu suppressed</span>", (unsigned long long)hidden.n);
    es_page_put(page, "</td>");
}

static void axis_heading(struct es_page *page, const cJSON *axis)
{
    const cJSON *prevalence = cJSON_GetObjectItemCaseSensitive(axis, "prevalence"), *odds = cJSON_GetObjectItemCaseSensitive(axis, "equalised_odds");
    const cJSON *low = cJSON_GetObjectItemCaseSensitive(prevalence, "lowest"), *high = cJSON_GetObjectItemCaseSensitive(prevalence, "highest");
    es_page_put(page, "<tr class=\"axis\"><th scope=\"rowgroup\" colspan=\"7\">Levels of ");
    es_page_text(page, axis->string);
    es_page_put(page, "<span class=\"sub\">");
    if (cJSON_IsObject(low) && cJSON_IsObject(high)) {
        es_page_put(page, ". Prevalence ");
        es_page_fixed(page, es_view_number(low, "value"), 3);
        es_page_put(page, " (");
        es_page_text(page, es_view_string(low, "level"));
        es_page_put(page, ") to ");
        es_page_fixed(page, es_view_number(high, "value"), 3);
        es_page_put(page, " (");
        es_page_text(page, es_view_string(high, "level"));
        es_page_put(page, ")");
    }
    if (isfinite(es_view_number(odds, "difference_worst"))) {
        es_page_put(page, ". Equalised odds: worse gap ");
        es_page_fixed(page, es_view_number(odds, "difference_worst"), 3);
        if (isfinite(es_view_number(odds, "difference_worst_lo"))) {
            es_page_put(page, " (95 % ");
            es_page_limits(page, es_view_number(odds, "difference_worst_lo"), es_view_number(odds, "difference_worst_hi"), 3);
            es_page_put(page, ")");
        }
        es_page_put(page, ", mean ");
        es_page_fixed(page, es_view_number(odds, "difference_mean"), 3);
    }
    es_page_put(page, "</span></th></tr>\n");
}

void es_html_fairness(struct es_page *page, const cJSON *release, const struct es_view_finding *at)
{
    const cJSON *axis, *measure, *fairness = cJSON_GetObjectItemCaseSensitive(at->finding, "fairness");
    (void)release;
    if (!fairness || !fairness->child) return;
    es_page_put(page, "<details><summary>Gaps between levels: a summary, not a finding</summary>\n<div class=\"scroll\"><table><caption>Highest less "
                      "lowest over the known levels of each attribute: ");
    es_page_finding(page, at);
    es_page_put(page, "</caption>\n<thead><tr><th scope=\"col\">Measure</th><th scope=\"col\" class=\"n\">Gap</th><th scope=\"col\" "
                      "class=\"n\">Gap expected by chance</th><th scope=\"col\" class=\"n\">Ratio</th><th scope=\"col\" class=\"n\">Lowest</th><th "
                      "scope=\"col\" class=\"n\">Highest</th><th scope=\"col\" class=\"n\">Levels counted</th></tr></thead>\n<tbody>\n");
    cJSON_ArrayForEach(axis, fairness)
    {
        const cJSON *metrics = cJSON_GetObjectItemCaseSensitive(axis, "metrics");
        if (!metrics || !metrics->child) continue;
        axis_heading(page, axis);
        cJSON_ArrayForEach(measure, metrics)
        {
            es_page_put(page, "<tr><th scope=\"row\">");
            es_page_text(page, es_view_string(measure, "title"));
            es_page_put(page, "</th>");
            limited(page, measure, "difference", "difference_lo", "difference_hi", 3);
            number(page, es_view_number(measure, "expected_under_parity"), 3);
            limited(page, measure, "ratio", "ratio_lo", "ratio_hi", 2);
            level(page, measure, "lowest");
            level(page, measure, "highest");
            defined(page, measure);
            es_page_put(page, "</tr>\n");
        }
    }
    es_page_put(page, "</tbody></table></div>\n<p class=\"sub\">With care: a gap of highest and lowest grows with the number of levels "
                      "and with their smallness even when the AI treats all alike. Beside each stands the gap that chance alone would give on "
                      "average with these numbers of patients (mean range of independent estimates of one common value); a gap of that "
                      "size says nothing. Ratio: lowest over highest. Intervals: 95 %, for all pairs of levels at once, so that they hold whichever "
                      "levels come out lowest and highest. PPV and the alert rate follow the prevalence, which is given with each "
                      "attribute; predictive parity and equalised odds cannot both hold when it differs. Levels that are unknown are left "
                      "out. What counts is each group against the rest.</p>\n</details>\n");
}
