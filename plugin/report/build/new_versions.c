/* SPDX-License-Identifier: Apache-2.0 */
/* Versions of a model that came after another one: seen without a word in the configuration, so the summary says it. */
#include <stdio.h>
#include <string.h>

#include "plugin/report/build/build.h"
#include "plugin/report/view.h"

#define MAX_TOLD 8 /* sentences; the list itself is complete */

/** First exam day of a version, ISO 8601; "" when none is known. */
static const char *first_day(const cJSON *model)
{
    const cJSON *epoch;
    const char *first = "";
    cJSON_ArrayForEach(epoch, cJSON_GetObjectItemCaseSensitive(model, "epochs"))
    {
        const char *from = es_view_string(epoch, "from");
        if (from[0] && (!first[0] || strcmp(from, first) < 0)) first = from;
    }
    return first;
}

/** Another version of the model was there on an earlier exam day; an exam day that the disclosure hides makes none. */
static bool came_after(const cJSON *models, const cJSON *model, const char *day)
{
    const cJSON *other;
    cJSON_ArrayForEach(other, models)
    {
        const char *first = first_day(other);
        if (other == model || strcmp(es_view_string(other, "name"), es_view_string(model, "name")) != 0) continue;
        if (first[0] && strcmp(first, day) < 0) return true;
    }
    return false;
}

void es_report_new_versions(struct es_tree *tree, const cJSON *release, cJSON *summary, cJSON *sentences)
{
    const cJSON *model, *models = cJSON_GetObjectItemCaseSensitive(release, "models");
    cJSON *list = es_tree_array(tree, summary, "new_versions");
    int told = 0;
    cJSON_ArrayForEach(model, models)
    {
        const char *day = first_day(model), *name = es_view_string(model, "name"), *version = es_view_string(model, "version");
        char text[2 * ES_NAME_SIZE + 200];
        if (!day[0] || !came_after(models, model, day)) continue;
        cJSON *entry = es_tree_object(tree, list, NULL);
        es_tree_text(tree, entry, "model", name);
        es_tree_text_or_null(tree, entry, "version", version);
        es_tree_text(tree, entry, "from", day);
        if (told++ >= MAX_TOLD) continue;
        if (version[0]) snprintf(text, sizeof text, "Version %s of %s was not seen before exams of %s: it is judged by itself.", version, name, day);
        else snprintf(text, sizeof text, "%s began to tell no version in exams of %s: these results are judged by themselves.", name, day);
        es_tree_text(tree, sentences, NULL, text);
    }
}
