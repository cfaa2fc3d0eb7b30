/* SPDX-License-Identifier: Apache-2.0 */
/* Who was seen: attributes and their states, then for each finding the way from seen to referenced, by group, unknown included.
 */
#include <stdio.h>
#include <string.h>

#include "plugin/report/html/html.h"

static const char *const states[] = {"present", "absent", "blank", "invalid", "not_stated", "unmapped", "conflict"};
#define STATES (sizeof states / sizeof states[0])

/* Sum of the states that are shown; suppressed ones make it unknown. */
static struct es_view_count all_states(const cJSON *counts)
{
    struct es_view_count sum = {ES_SHOWN_NUMBER, 0};
    for (size_t i = 0; i < STATES; i++) {
        const struct es_view_count one = es_view_count(counts, states[i]);
        if (one.shown == ES_SHOWN_SUPPRESSED) return (struct es_view_count){ES_SHOWN_ABSENT, 0};
        sum.n += one.n;
    }
    return sum;
}

static void attributes(struct es_page *page, const cJSON *release)
{
    const cJSON *counts = NULL;
    es_page_put(page,
                "<div class=\"scroll\"><table><caption>How often each attribute was known, in exams</caption>\n<thead><tr>"
                "<th scope=\"col\">Attribute</th><th scope=\"col\" class=\"n\">Known</th>");
    for (size_t i = 1; i < STATES; i++) {
        char plain[24];
        es_view_plain(states[i], plain, sizeof plain);
        es_page_putf(page, "<th scope=\"col\" class=\"n\">%s</th>", plain);
    }
    es_page_put(page, "</tr></thead>\n<tbody>\n");
    cJSON_ArrayForEach(counts, cJSON_GetObjectItemCaseSensitive(release, "attributes"))
    {
        const struct es_view_count all = all_states(counts);
        es_page_put(page, "<tr><th scope=\"row\">");
        es_page_text(page, counts->string ? counts->string : "");
        es_page_put(page, "</th>");
        for (size_t i = 0; i < STATES; i++) {
            es_page_put(page, "<td class=\"n\">");
            const struct es_view_count one = es_view_count(counts, states[i]);
            if (one.n || i == 0) es_page_share(page, one, all);
            else es_page_count(page, one);
            es_page_put(page, "</td>");
        }
        es_page_put(page, "</tr>\n");
    }
    es_page_put(page, "</tbody></table></div>\n");
}

static void stage(struct es_page *page, struct es_view_count part, struct es_view_count whole)
{
    es_page_put(page, "<td class=\"n\">");
    es_page_share(page, part, whole);
    if (part.shown == ES_SHOWN_NUMBER && whole.shown == ES_SHOWN_NUMBER && whole.n) {
        es_page_put(page, "<span class=\"bar\"><i style=\"width:");
        es_page_fixed(page, part.n < whole.n ? 100.0 * (double)part.n / (double)whole.n : 100.0, 1);
        es_page_put(page, "%\"></i></span>");
    }
    es_page_put(page, "</td>");
}

/* What fell out at a stage: "45 rejected, 114 failed"; zeros are left out. */
static void losses(struct es_page *page, const cJSON *funnel, const char *const *names, size_t count)
{
    bool any = false;
    es_page_put(page, "<td>");
    for (size_t i = 0; i < count; i++) {
        const struct es_view_count lost = es_view_count(funnel, names[i]);
        char text[40], plain[40];
        if (lost.shown == ES_SHOWN_ABSENT || (lost.shown == ES_SHOWN_NUMBER && lost.n == 0)) continue;
        es_view_count_text(lost, text, sizeof text);
        es_view_plain(names[i], plain, sizeof plain);
        if (lost.shown == ES_SHOWN_SUPPRESSED) /* the stage first, so that "suppressed" does not read as its adjective */
            es_page_putf(page, "%s<span class=\"g\">%s: suppressed</span>", any ? ", " : "", plain);
        else es_page_putf(page, "%s<span class=\"g\">%s %s</span>", any ? ", " : "", text, plain);
        any = true;
    }
    es_page_put(page, any ? "</td>" : "none</td>");
}

static void coverage_row(struct es_page *page, const cJSON *group, const char *axis, const cJSON *everyone)
{
    static const char *const out[] = {"excluded", "ineligible", "eligibility_unknown"};
    static const char *const without[] = {"rejected", "failed", "pending", "missing"};
    static const char *const unread[] = {"indeterminate", "maturing", "overdue"};
    const cJSON *levels = cJSON_GetObjectItemCaseSensitive(group, "group");
    const cJSON *funnel = cJSON_GetObjectItemCaseSensitive(group, "funnel");
    const struct es_view_count seen = es_view_count(funnel, "seen"), eligible = es_view_count(funnel, "eligible"),
                               resulted = es_view_count(funnel, "resulted");
    es_page_putf(page, "<tr%s><th scope=\"row\">", es_view_unknown(levels) ? " class=\"unknown\"" : "");
    if (axis) es_page_text(page, es_view_string(levels, axis));
    else es_page_label(page, levels);
    es_page_put(page, "</th>");
    stage(page, seen, es_view_count(everyone, "seen"));
    stage(page, eligible, seen);
    stage(page, resulted, eligible);
    stage(page, es_view_count(funnel, "referenced"), resulted);
    losses(page, funnel, out, 3);
    losses(page, funnel, without, 4);
    losses(page, funnel, unread, 3);
    es_page_put(page, "</tr>\n");
}

void es_html_coverage(struct es_page *page, const cJSON *release, const struct es_view_finding *at)
{
    const cJSON *groups = cJSON_GetObjectItemCaseSensitive(at->finding, "groups"), *group = NULL, *axis = NULL,
                *everyone = NULL;
    const char *unit = es_view_string(at->finding, "unit");
    es_page_put(page, "<div class=\"scroll\"><table><caption>From seen to referenced: ");
    es_page_finding(page, at);
    es_page_put(page, " (unit: ");
    es_page_text(page, unit[0] ? unit : "exam");
    es_page_put(
        page,
        ")</caption>\n<thead><tr><th scope=\"col\">Group</th><th scope=\"col\" class=\"n\">Seen</th><th scope=\"col\" "
        "class=\"n\">Eligible</th>"
        "<th scope=\"col\" class=\"n\">With a result</th><th scope=\"col\" class=\"n\">With a reference</th>"
        "<th scope=\"col\">Not eligible</th><th scope=\"col\">Without a result</th><th scope=\"col\">Without a reference</th>"
        "</tr></thead>\n<tbody>\n");
    cJSON_ArrayForEach(group, groups)
    {
        const cJSON *levels = cJSON_GetObjectItemCaseSensitive(group, "group");
        if (!levels || es_view_axes(levels) != 0) continue;
        everyone = cJSON_GetObjectItemCaseSensitive(group, "funnel");
        coverage_row(page, group, NULL, everyone);
    }
    cJSON_ArrayForEach(axis, cJSON_GetObjectItemCaseSensitive(release, "axes"))
    {
        const char *name = es_view_string(axis, "name");
        es_page_put(page, "<tr class=\"axis\"><th scope=\"rowgroup\" colspan=\"8\">");
        es_page_text(page, name);
        es_page_put(page, "</th></tr>\n");
        cJSON_ArrayForEach(group, groups)
        {
            const cJSON *levels = cJSON_GetObjectItemCaseSensitive(group, "group");
            if (es_view_axes(levels) == 1 && cJSON_GetObjectItemCaseSensitive(levels, name))
                coverage_row(page, group, name, everyone);
        }
    }
    es_page_put(page, "</tbody></table></div>\n");
}

/* One line of counts by name: "phantom 3, quality control 12". */
static void tally(struct es_page *page, const char *title, const cJSON *counts)
{
    const cJSON *count = NULL;
    bool any = false;
    if (!cJSON_IsObject(counts)) return;
    es_page_putf(page, "<p><strong>%s:</strong> ", title);
    cJSON_ArrayForEach(count, counts)
    {
        char plain[80];
        es_view_plain(count->string ? count->string : "", plain, sizeof plain);
        es_page_put(page, any ? ", " : "");
        es_page_text(page, plain);
        es_page_put(page, " ");
        es_page_count(page, es_view_count(counts, count->string));
        any = true;
    }
    es_page_put(page, any ? ".</p>\n" : "none.</p>\n");
}

/* The same, where there is anything to say. */
static void some(struct es_page *page, const char *title, const cJSON *counts)
{
    const cJSON *count = NULL;
    bool any = false;
    cJSON_ArrayForEach(count, counts) any = any || !cJSON_IsNumber(count) || count->valuedouble > 0;
    if (any) tally(page, title, counts);
}

void es_html_seen(struct es_page *page, const cJSON *release)
{
    struct es_view_finding at = {0};
    const cJSON *model = NULL;
    es_page_put(page, "<section id=\"seen\" aria-labelledby=\"seen-title\">\n<h2 id=\"seen-title\">Who was seen</h2>\n");
    attributes(page, release);
    while (es_view_next(release, &at)) {
        es_page_putf(page, "<details%s><summary>Coverage: ", at.model != model ? " open" : "");
        es_page_finding(page, &at);
        es_page_put(page, "</summary>\n");
        es_html_coverage(page, release, &at);
        es_page_put(page, "</details>\n");
        model = at.model;
    }
    tally(page, "Excluded by rule", cJSON_GetObjectItemCaseSensitive(release, "excluded"));
    tally(page, "Not paired or not known", cJSON_GetObjectItemCaseSensitive(release, "unpaired"));
    const cJSON *why = cJSON_GetObjectItemCaseSensitive(release, "unpaired_why");
    some(page, "Results without an exam, why", cJSON_GetObjectItemCaseSensitive(why, "results_without_exam"));
    some(page, "References without an exam, why", cJSON_GetObjectItemCaseSensitive(why, "references_without_exam"));
    some(page, "Ambiguous, why", cJSON_GetObjectItemCaseSensitive(why, "ambiguous"));
    tally(page, "Corrections", cJSON_GetObjectItemCaseSensitive(release, "corrections"));
    es_page_put(page, "</section>\n");
}
