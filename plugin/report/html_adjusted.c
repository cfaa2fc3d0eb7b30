/* SPDX-License-Identifier: Apache-2.0 */
/* What remains of a gap when another attribute is held equal: folded under the comparison's own words. */
#include <math.h>
#include <string.h>

#include "plugin/report/page.h"

/** "scanner -0.091", "age suppressed", "ethnicity not estimable". */
static void in_short(struct es_page *page, const cJSON *entry)
{
    const char *status = es_view_string(entry, "status");
    char plain[40];
    es_page_text(page, es_view_string(entry, "axis"));
    es_page_put(page, " ");
    if (strcmp(status, "estimated") == 0) {
        es_page_fixed(page, es_view_number(entry, "difference"), 3);
        return;
    }
    es_view_plain(status, plain, sizeof plain);
    es_page_text(page, plain);
}

void es_html_adjusted(struct es_page *page, const cJSON *comparison)
{
    const cJSON *entry, *level, *list = cJSON_GetObjectItemCaseSensitive(comparison, "adjusted_for");
    if (cJSON_GetArraySize(list) == 0) return;
    es_page_put(page, "<details class=\"sub\"><summary>held equal: ");
    cJSON_ArrayForEach(entry, list)
    {
        if (entry != list->child) es_page_put(page, "; ");
        in_short(page, entry);
    }
    es_page_put(page, "</summary>\n<ul>");
    cJSON_ArrayForEach(entry, list)
    {
        const cJSON *one_armed = cJSON_GetObjectItemCaseSensitive(entry, "one_armed");
        es_page_put(page, "<li>");
        if (strcmp(es_view_string(entry, "status"), "estimated") != 0) {
            es_page_text(page, es_view_string(entry, "axis"));
            es_page_put(page, ": ");
        }
        es_page_text(page, es_view_string(entry, "words"));
        cJSON_ArrayForEach(level, one_armed)
        {
            es_page_put(page, level == one_armed->child ? "; only the group or only the rest at: " : ", ");
            es_page_text(page, cJSON_IsString(level) ? level->valuestring : "");
        }
        es_page_put(page, "</li>");
    }
    es_page_put(page, "</ul></details>");
}
