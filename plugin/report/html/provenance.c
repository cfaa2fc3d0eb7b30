/* SPDX-License-Identifier: Apache-2.0 */
/* Last on the page: what the numbers rest on, so that they can be asked for again and checked. */
#include <math.h>
#include <string.h>

#include "plugin/report/html/html.h"

static void open_row(struct es_page *page, const char *name)
{
    es_page_putf(page, "<tr><th scope=\"row\">%s</th><td>", name);
}

static void close_row(struct es_page *page)
{
    es_page_put(page, "</td></tr>\n");
}

static void text_row(struct es_page *page, const char *name, const char *value)
{
    open_row(page, name);
    es_page_text(page, value[0] ? value : "--");
    close_row(page);
}

static void heads(struct es_page *page, const cJSON *release)
{
    const cJSON *head = NULL;
    open_row(page, "Ledger head");
    cJSON_ArrayForEach(head, es_view_at(release, "ledger", "heads"))
    {
        es_page_put(page, "node ");
        es_page_text(page, es_view_string(head, "node"));
        if (cJSON_GetObjectItemCaseSensitive(head, "seq")) { /* not told to outsiders */
            es_page_put(page, ", entry ");
            es_page_count(page, es_view_count(head, "seq"));
        }
        es_page_put(page, ", <span class=\"hash\">");
        es_page_text(page, es_view_string(head, "link"));
        es_page_put(page, "</span><br>");
    }
    close_row(page);
}

static void numbers(struct es_page *page, const char *name, const cJSON *object)
{
    const cJSON *item = NULL;
    bool any = false;
    open_row(page, name);
    cJSON_ArrayForEach(item, object)
    {
        es_page_put(page, any ? ", " : "");
        es_page_text(page, item->string ? item->string : cJSON_IsString(item) ? item->valuestring : "");
        if (cJSON_IsNumber(item)) {
            es_page_put(page, " ");
            es_page_fixed(page, item->valuedouble, 3);
        }
        any = true;
    }
    if (!any) es_page_put(page, "none declared");
    close_row(page);
}

static void period(struct es_page *page, const cJSON *release)
{
    const cJSON *at = cJSON_GetObjectItemCaseSensitive(release, "period");
    const char *from = es_view_string(at, "from"), *to = es_view_string(at, "to");
    open_row(page, "Period, by exam date");
    es_page_text(page, from[0] ? from : "open");
    es_page_put(page, " to ");
    es_page_text(page, to[0] ? to : "open");
    es_page_put(page, "; exams found from ");
    es_page_text(page, es_view_string(at, "first_exam")[0] ? es_view_string(at, "first_exam") : "--");
    es_page_put(page, " to ");
    es_page_text(page, es_view_string(at, "last_exam")[0] ? es_view_string(at, "last_exam") : "--");
    close_row(page);
}

static void disclosure(struct es_page *page, const cJSON *release)
{
    const cJSON *at = cJSON_GetObjectItemCaseSensitive(release, "disclosure");
    const char *rule = es_view_string(at, "rule");
    open_row(page, "Disclosure");
    es_page_text(page, es_view_string(at, "audience"));
    es_page_put(page, " audience, rule ");
    es_page_text(page, rule[0] ? rule : "--");
    if (strncmp(rule, "floor:", 6) == 0) {
        es_page_put(page, ": a figure that rests on fewer than ");
        es_page_text(page, rule + 6);
        es_page_put(page, " patients is suppressed");
    }
    if (*es_view_string(at, "words")) {
        es_page_put(page, "; ");
        es_page_text(page, es_view_string(at, "words"));
    }
    close_row(page);
}

static void plan(struct es_page *page, const cJSON *release)
{
    const cJSON *at = cJSON_GetObjectItemCaseSensitive(release, "plan"), *group = NULL;
    char looks[80];
    es_view_looks(release, looks, sizeof looks);
    open_row(page, "Plan");
    es_page_text(page, es_view_string(at, "mode"));
    es_page_put(page, " (verdicts ");
    es_page_text(page, looks);
    es_page_put(page, ")");
    close_row(page);
    open_row(page, "Verdicts on exams since");
    es_page_text(page, es_view_string(at, "since")[0] ? es_view_string(at, "since") : "--");
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(at, "declared_in_retrospect")))
        es_page_put(page, " <strong>(declared in retrospect: the exams were there before the plan)</strong>");
    close_row(page);
    numbers(page, "Primary metrics", cJSON_GetObjectItemCaseSensitive(at, "primary_metrics"));
    numbers(page, "Margins of parity", cJSON_GetObjectItemCaseSensitive(at, "margins"));
    numbers(page, "Floors", cJSON_GetObjectItemCaseSensitive(at, "floors"));
    open_row(page, "Error rate, least numbers");
    es_page_put(page, "alpha ");
    es_page_fixed(page, es_view_number(at, "alpha"), 3);
    es_page_put(page, "; at least ");
    es_page_count(page, es_view_count(at, "minimum_cases"));
    es_page_put(page, " cases and ");
    es_page_count(page, es_view_count(at, "minimum_patients"));
    es_page_put(page, " patients in a group and in its rest for a verdict");
    close_row(page);
    open_row(page, "Planned groups");
    cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(at, "groups"))
    {
        es_page_label(page, cJSON_GetObjectItemCaseSensitive(group, "group"));
        if (es_view_string(group, "reason")[0]) {
            es_page_put(page, ": ");
            es_page_text(page, es_view_string(group, "reason"));
        }
        if (es_view_string(group, "source")[0]) {
            es_page_put(page, " <span class=\"sub wrap\">[");
            es_page_text(page, es_view_string(group, "source"));
            es_page_put(page, "]</span>");
        }
        es_page_put(page, "<br>");
    }
    close_row(page);
}

/* How each kind of interval is made, by the names of metrics/estimate.h, with whom it is from. */
static const struct {
    const char *name, *words;
} intervals[] = {
    {"wilson-clustered",
     "Wilson score interval on the effective number of cases, patients as clusters (Wilson, JASA 22:209, 1927, DOI "
     "10.1080/01621459.1927.10502953)"},
    {"wilson", "Wilson score interval (Wilson, JASA 22:209, 1927, DOI 10.1080/01621459.1927.10502953)"},
    {"logit-obuchowski", "on the logit scale, variance with patients as clusters (Obuchowski, Biometrics 53:567, 1997, DOI "
                         "10.2307/2533958)"},
    {"newcombe-auroc", "Newcombe's method 5 (Stat Med 25:559, 2006, DOI 10.1002/sim.2324)"},
    {"ratio-clustered", "normal, variance of a ratio estimator over patients"},
    {"log-ratio", "normal on the logarithmic scale"},
    {"fit-clustered", "around a logistic fit, sandwich variance over patients"},
    {"miettinen-nurminen-clustered", "score interval on effective numbers, joint over patients (Miettinen, Nurminen, Stat Med "
                                     "4:213, 1985, DOI 10.1002/sim.4780040211)"},
    {"normal-joint", "normal, variance joint over patients"}};

/* The words of the interval a metric was given; its name in plain words when the table has none. */
static void interval_words(struct es_page *page, const cJSON *release, const char *metric)
{
    struct es_view_finding at = {0};
    const char *method = "";
    char plain[80];
    while (!method[0] && es_view_next(release, &at)) {
        const cJSON *group = NULL;
        cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(at.finding, "groups"))
        {
            const struct es_view_metric value = es_view_metric(group, metric);
            if (value.status == ES_VIEW_ESTIMATED && value.method[0]) {
                method = value.method;
                break;
            }
        }
    }
    for (size_t i = 0; i < sizeof intervals / sizeof intervals[0]; i++) {
        if (strcmp(intervals[i].name, method) == 0) {
            es_page_put(page, intervals[i].words);
            return;
        }
    }
    es_view_plain(method[0] ? method : "--", plain, sizeof plain);
    es_page_text(page, plain);
}

static void methods(struct es_page *page, const cJSON *release)
{
    const cJSON *row = NULL;
    es_page_put(page, "<div class=\"scroll\"><table><caption>Methods</caption>\n<thead><tr><th scope=\"col\">Metric</th><th "
                      "scope=\"col\">Unit</th>"
                      "<th scope=\"col\">What it is</th><th scope=\"col\">Source</th><th "
                      "scope=\"col\">Interval</th></tr></thead>\n<tbody>\n");
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(release, "metrics"))
    {
        static const char *const keys[] = {"unit", "doc", "source"};
        es_page_put(page, "<tr><th scope=\"row\">");
        es_page_text(page, es_view_title(release, es_view_string(row, "name")));
        es_page_put(page, "</th>");
        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
            es_page_put(page, "<td>");
            es_page_text(page, es_view_string(row, keys[i]));
            es_page_put(page, "</td>");
        }
        es_page_put(page, "<td>");
        interval_words(page, release, es_view_string(row, "name"));
        es_page_put(page, "</td></tr>\n");
    }
    es_page_put(page, "</tbody></table></div>\n");
}

static void axes(struct es_page *page, const cJSON *release)
{
    const cJSON *axis = NULL, *level = NULL;
    cJSON_ArrayForEach(axis, cJSON_GetObjectItemCaseSensitive(release, "axes"))
    {
        es_page_put(page, "<tr><th scope=\"row\">Axis ");
        es_page_text(page, es_view_string(axis, "name"));
        es_page_put(page, "</th><td>");
        es_page_text(page, es_view_string(axis, "attribute"));
        if (es_view_string(axis, "linked")[0]) {
            es_page_put(page, "linked attribute ");
            es_page_text(page, es_view_string(axis, "linked"));
        }
        es_page_put(page, ": ");
        cJSON_ArrayForEach(level, cJSON_GetObjectItemCaseSensitive(axis, "levels"))
        {
            es_page_text(page, cJSON_IsString(level) ? level->valuestring : "");
            if (level->next) es_page_put(page, ", ");
        }
        close_row(page);
    }
}

void es_html_provenance(struct es_page *page, const cJSON *release)
{
    es_page_put(page, "<section id=\"provenance\" aria-labelledby=\"provenance-title\">\n<h2 id=\"provenance-title\">Where "
                      "these numbers come from</h2>\n"
                      "<div class=\"scroll\"><table class=\"prov\"><caption>Provenance</caption>\n<tbody>\n");
    text_row(page, "Site", es_view_string(release, "site"));
    text_row(page, "Software", es_view_string(release, "software"));
    text_row(page, "As of the last event", es_view_string(release, "as_of"));
    period(page, release);
    heads(page, release);
    disclosure(page, release);
    plan(page, release);
    axes(page, release);
    es_page_put(page, "</tbody></table></div>\n");
    methods(page, release);
    es_page_put(page, "</section>\n");
}
