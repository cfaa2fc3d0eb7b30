/* SPDX-License-Identifier: Apache-2.0 */
/* What remains of a gap when another attribute is held equal: folded under the comparison's own words. */
#include <math.h>
#include <string.h>

#include "plugin/report/html/html.h"

/** "scanner -0.091; age 0.020": those that could be made; why the others could not stands in the list. */
static void in_short(struct es_page *page, const cJSON *list)
{
    const cJSON *entry;
    size_t told = 0;
    cJSON_ArrayForEach(entry, list)
    {
        if (strcmp(es_view_string(entry, "status"), "estimated") != 0) continue;
        es_page_put(page, told++ ? "; " : "");
        es_page_text(page, es_view_string(entry, "axis"));
        es_page_put(page, " ");
        es_page_fixed(page, es_view_number(entry, "difference"), 3);
    }
    if (told == 0) es_page_put(page, "-- none could be shown");
}

void es_html_adjusted(struct es_page *page, const cJSON *comparison)
{
    const cJSON *entry, *level, *list = cJSON_GetObjectItemCaseSensitive(comparison, "adjusted_for");
    if (cJSON_GetArraySize(list) == 0) return;
    es_page_put(page, "<details class=\"sub wrap adj\"><summary>held equal: ");
    in_short(page, list);
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
