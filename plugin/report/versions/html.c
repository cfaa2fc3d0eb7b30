/* SPDX-License-Identifier: Apache-2.0 */
/* The comparison of two versions as one page: no script, nothing fetched, the summary first. */
#include <math.h>
#include <string.h>

#include "plugin/report/html/html.h"
#include "plugin/report/versions/render.h"
#include "plugin/report/versions/versions.h"

static void head(struct es_page *page, const cJSON *tree)
{
    const cJSON *compared = cJSON_GetObjectItemCaseSensitive(tree, "compared");
    es_html_head(page, tree, "Two versions compared");
    es_page_put(page, "<header>\n<h1>");
    es_page_text(page, es_view_string(compared, "model"));
    es_page_put(page, ": version ");
    es_page_text(page, es_view_string(compared, "before"));
    es_page_put(page, " against ");
    es_page_text(page, es_view_string(compared, "after"));
    es_page_put(page, "</h1>\n<p class=\"lead\">Site ");
    es_page_text(page, es_view_string(tree, "site"));
    es_page_put(page, ", on the same units, as of ");
    es_page_text(page, *es_view_string(tree, "as_of") ? es_view_string(tree, "as_of") : "no event");
    es_page_put(page, "</p>\n");
    if (*es_view_string(tree, "note")) {
        es_page_put(page, "<p class=\"note\"><strong>Note.</strong> ");
        es_page_text(page, es_view_string(tree, "note"));
        es_page_put(page, "</p>\n");
    }
    es_page_put(page, "</header>\n<main>\n");
}

static void summary(struct es_page *page, const cJSON *tree)
{
    const cJSON *sentence;
    es_page_put(page, "<section>\n<h2 id=\"summary\">Summary</h2>\n<ul class=\"says\">\n");
    cJSON_ArrayForEach(sentence, es_view_at(tree, "summary", "sentences"))
    {
        es_page_put(page, "<li>");
        es_page_text(page, cJSON_IsString(sentence) ? sentence->valuestring : "");
        es_page_put(page, "</li>\n");
    }
    es_page_put(page, "</ul>\n</section>\n");
}

static void cell(struct es_page *page, const cJSON *object, const char *name)
{
    es_page_put(page, "<td class=\"n\">");
    es_page_fixed(page, es_view_number(object, name), 2);
    es_page_put(page, "</td>");
}

static void alone(struct es_page *page, const cJSON *side)
{
    es_page_put(page, "<td class=\"n\">");
    if (strcmp(es_view_string(side, "status"), "estimated") == 0) {
        es_page_fixed(page, es_view_number(side, "value"), 2);
        es_page_put(page, " <span class=\"sub\">of ");
        es_page_count(page, es_view_count(side, "cases"));
        es_page_put(page, "</span>");
    } else {
        es_page_put(page, strcmp(es_view_string(side, "status"), "suppressed") == 0 ? "suppressed" : "--");
    }
    es_page_put(page, "</td>");
}

static void floor_cell(struct es_page *page, const cJSON *group)
{
    const cJSON *line = cJSON_GetObjectItemCaseSensitive(group, "against_floor");
    char before[40], after[40];
    es_page_put(page, "<td>");
    if (line) {
        es_view_plain(es_view_string(line, "before"), before, sizeof before);
        es_view_plain(es_view_string(line, "after"), after, sizeof after);
        es_page_text(page, before);
        es_page_put(page, " / ");
        es_page_text(page, after);
    } else {
        es_page_put(page, "--");
    }
    es_page_put(page, "</td>");
}

static void row(struct es_page *page, const cJSON *group)
{
    const cJSON *key = cJSON_GetObjectItemCaseSensitive(group, "group"), *unpaired = cJSON_GetObjectItemCaseSensitive(group, "unpaired");
    const char *word = es_view_string(group, "standing");
    char standing[160];
    es_page_putf(page, "<tr%s><th scope=\"row\">", es_view_unknown(key) ? " class=\"unknown\"" : "");
    es_page_label(page, key);
    es_page_put(page, "</th><td class=\"n\">");
    es_page_count(page, es_view_count(group, "cases"));
    es_page_put(page, "</td>");
    cell(page, group, "before");
    cell(page, group, "after");
    es_page_put(page, "<td class=\"n\">");
    es_page_fixed(page, es_view_number(group, "change"), 2);
    if (isfinite(es_view_number(group, "lo"))) {
        es_page_put(page, " <span class=\"sub\">");
        es_page_limits(page, es_view_number(group, "lo"), es_view_number(group, "hi"), 2);
        es_page_put(page, "</span>");
    }
    es_page_put(page, "</td><td class=\"n\">");
    es_page_fixed(page, es_view_number(group, "p_adjusted"), 3);
    es_versions_standing(group, standing, sizeof standing);
    es_page_putf(page, "</td><td><span class=\"v %s\">",
                 strcmp(word, "harmed") == 0 ? "warn" : strcmp(word, "improved") == 0 ? "blue" : "grey");
    es_page_text(page, standing);
    es_page_put(page, "</span></td>");
    floor_cell(page, group);
    alone(page, cJSON_GetObjectItemCaseSensitive(unpaired, "before"));
    alone(page, cJSON_GetObjectItemCaseSensitive(unpaired, "after"));
    es_page_put(page, "</tr>\n");
}

static void table(struct es_page *page, const cJSON *finding, const cJSON *measure)
{
    const cJSON *grouping, *group;
    es_page_put(page, "<div class=\"scroll\"><table><caption>");
    es_page_text(page, es_view_string(finding, "finding"));
    es_page_put(page, ": ");
    es_page_text(page, es_view_string(measure, "measure"));
    es_page_put(page, "</caption>\n<thead><tr><th scope=\"col\">Group</th><th scope=\"col\" class=\"n\">Pairs</th>"
                      "<th scope=\"col\" class=\"n\">Before</th><th scope=\"col\" class=\"n\">After</th>"
                      "<th scope=\"col\" class=\"n\">Change</th><th scope=\"col\" class=\"n\">p, adjusted</th>"
                      "<th scope=\"col\">Standing</th><th scope=\"col\">Floor, before / after</th>"
                      "<th scope=\"col\" class=\"n\">All before<br><span class=\"sub\">confounded by time</span></th>"
                      "<th scope=\"col\" class=\"n\">All after<br><span class=\"sub\">confounded by time</span></th></tr></thead>\n<tbody>\n");
    cJSON_ArrayForEach(grouping, cJSON_GetObjectItemCaseSensitive(measure, "groupings"))
    {
        if (*es_view_string(grouping, "words")) {
            es_page_put(page, "<tr class=\"axis\"><th colspan=\"10\">");
            es_page_text(page, es_view_string(grouping, "words"));
            es_page_put(page, "</th></tr>\n");
        }
        cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(grouping, "groups"))
        {
            if (es_versions_worth(group)) row(page, group);
        }
    }
    es_page_put(page, "</tbody></table></div>\n");
}

static void method(struct es_page *page, const cJSON *tree)
{
    static const char *const keys[] = {"cases", "interval", "p"};
    const cJSON *object = cJSON_GetObjectItemCaseSensitive(tree, "method");
    es_page_put(page, "<section>\n<h2 id=\"method\">How to read this</h2>\n<ul>\n");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        es_page_put(page, "<li>");
        es_page_text(page, es_view_string(object, keys[i]));
        es_page_put(page, "</li>\n");
    }
    es_page_put(page, "<li>Valid for one planned look; not for daily looking.</li>\n<li>Disclosure: ");
    es_page_text(page, es_view_string(cJSON_GetObjectItemCaseSensitive(tree, "disclosure"), "audience"));
    es_page_put(page, ", ");
    es_page_text(page, es_view_string(cJSON_GetObjectItemCaseSensitive(tree, "disclosure"), "rule"));
    es_page_put(page, "</li>\n</ul>\n</section>\n");
}

enum es_errc es_versions_html(const cJSON *tree, struct es_bytes *out, struct es_error *err)
{
    const enum es_errc e = es_versions_check(tree, err);
    const cJSON *finding, *measure;
    struct es_page page = {0};
    if (e != ES_OK) return e;
    head(&page, tree);
    summary(&page, tree);
    cJSON_ArrayForEach(finding, cJSON_GetObjectItemCaseSensitive(tree, "findings"))
    {
        es_page_put(&page, "<section>\n<h2>");
        es_page_text(&page, es_view_string(finding, "finding"));
        es_page_put(&page, "</h2>\n");
        if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(finding, "ai_aware")))
            es_page_put(&page, "<p class=\"note\">Agreement with a reference that may have been made in sight of an AI result.</p>\n");
        cJSON_ArrayForEach(measure, cJSON_GetObjectItemCaseSensitive(finding, "measures")) table(&page, finding, measure);
        es_page_put(&page, "</section>\n");
    }
    method(&page, tree);
    es_page_put(&page, "</main>\n</body>\n</html>\n");
    return es_page_take(&page, out, err);
}
