/* SPDX-License-Identifier: Apache-2.0 */
/* The report as one page: no script, nothing fetched, the summary first. */
#include <string.h>

#include "plugin/report/html/html.h"

static void title(struct es_page *page, const cJSON *release)
{
    const cJSON *period = cJSON_GetObjectItemCaseSensitive(release, "period");
    const char *from = es_view_string(period, "from"), *to = es_view_string(period, "to");
    const char *note = es_view_string(release, "note");
    if (!from[0]) from = es_view_string(period, "first_exam");
    if (!to[0]) to = es_view_string(period, "last_exam");
    es_page_put(page, "<header>\n<h1>Imaging AI by patient group</h1>\n<p class=\"lead\">Site ");
    es_page_text(page, es_view_string(release, "site"));
    if (from[0] || to[0]) {
        es_page_put(page, ", exams of ");
        es_page_text(page, from[0] ? from : "the beginning");
        es_page_put(page, " to ");
        es_page_text(page, to[0] ? to : "the end");
    }
    if (es_view_string(release, "as_of")[0]) {
        es_page_put(page, ", as of ");
        es_page_text(page, es_view_string(release, "as_of"));
    }
    es_page_put(page, "</p>\n");
    if (note[0]) {
        es_page_put(page, "<p class=\"note\"><strong>Note.</strong> ");
        es_page_text(page, note);
        es_page_put(page, "</p>\n");
    }
    es_page_put(page, "</header>\n");
}

static void contents(struct es_page *page, const cJSON *release)
{
    struct es_view_finding at = {0};
    es_page_put(
        page,
        "<nav aria-label=\"Contents\">\n<h2 id=\"contents\">Contents</h2>\n<ul>\n<li><a href=\"#summary\">Summary</a></li>\n"
        "<li><a href=\"#seen\">Who was seen</a></li>\n");
    while (es_view_next(release, &at)) {
        es_page_putf(page, "<li><a href=\"#f%u\">", at.index);
        es_page_finding(page, &at);
        es_page_put(page, "</a></li>\n");
    }
    if (cJSON_GetArraySize(es_view_at(release, "summary", "cannot_be_judged")) > 0)
        es_page_put(page, "<li><a href=\"#cannot\">What cannot be judged yet</a></li>\n");
    es_page_put(page, "<li><a href=\"#provenance\">Where these numbers come from</a></li>\n</ul>\n</nav>\n");
}

enum es_errc es_render_html(const cJSON *release, struct es_bytes *out, struct es_error *err)
{
    struct es_page page = {0};
    struct es_view_finding at = {0};
    const enum es_errc rc = es_view_check(release, err);
    if (rc) return rc;
    es_html_head(&page, release, "Bias report");
    title(&page, release);
    es_page_put(&page, "<main>\n");
    es_html_summary(&page, release);
    contents(&page, release);
    es_html_seen(&page, release);
    while (es_view_next(release, &at)) es_html_finding(&page, release, &at);
    es_html_cannot(&page, release);
    es_html_provenance(&page, release);
    es_page_put(&page, "</main>\n</body>\n</html>\n");
    return es_page_take(&page, out, err);
}
