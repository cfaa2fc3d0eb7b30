/* SPDX-License-Identifier: Apache-2.0 */
/* The words that stand first: what got worse, what levelled down, which floors are missed, and what could not be judged. They are read
 * from the disclosed tree, so they say no more than it does. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plugin/report/versions/internal.h"
#include "plugin/report/view.h"

#define SENTENCE 640

/** One place in the tree. */
struct at {
    const cJSON *finding, *measure, *grouping;
};

static void axes_of(const cJSON *grouping, char *out, size_t size)
{
    const cJSON *axis;
    size_t used = 0;
    out[0] = '\0';
    cJSON_ArrayForEach(axis, cJSON_GetObjectItemCaseSensitive(grouping, "axes"))
    {
        const int n = snprintf(out + used, size - used, "%s%s", used ? " and " : "", cJSON_IsString(axis) ? axis->valuestring : "");
        if (n < 0 || (size_t)n >= size - used) return;
        used += (size_t)n;
    }
}

static void say(struct es_tree *t, cJSON *sentences, const char *text)
{
    es_tree_text(t, sentences, NULL, text);
}

static void gap_sentence(struct es_tree *t, cJSON *sentences, const struct at *at)
{
    char text[SENTENCE], axes[200];
    const char *verdict = es_view_string(at->grouping, "verdict");
    if (!*verdict || strcmp(verdict, "not_narrowed") == 0) return;
    axes_of(at->grouping, axes, sizeof axes);
    snprintf(text, sizeof text, "%s, %s by %s: %s.", es_view_string(at->finding, "finding"), es_view_string(at->measure, "measure"), axes,
             es_view_string(at->grouping, "words"));
    say(t, sentences, text);
}

/** @return was anything said? */
static bool group_sentence(struct es_tree *t, cJSON *sentences, const struct at *at, const cJSON *group)
{
    char text[SENTENCE], label[200], before[24], after[24], floor[24];
    const char *standing = es_view_string(group, "standing");
    const cJSON *line = cJSON_GetObjectItemCaseSensitive(group, "against_floor");
    const bool harmed = strcmp(standing, "harmed") == 0, improved = strcmp(standing, "improved") == 0;
    const bool below = strcmp(es_view_string(line, "after"), "below") == 0;
    if (!harmed && !improved && !below) return false;
    es_view_label(cJSON_GetObjectItemCaseSensitive(group, "group"), label, sizeof label);
    es_view_fixed(es_view_number(group, "before"), 2, before, sizeof before);
    es_view_fixed(es_view_number(group, "after"), 2, after, sizeof after);
    es_view_fixed(es_view_number(line, "floor"), 2, floor, sizeof floor);
    const char *finding = es_view_string(at->finding, "finding"), *measure = es_view_string(at->measure, "measure");
    if (harmed || improved) {
        snprintf(text, sizeof text, "%s: %s for %s: %s %s before, %s after.", finding, harmed ? "worse" : "better", label, measure, before, after);
        say(t, sentences, text);
    }
    if (below) {
        snprintf(text, sizeof text, "%s: floor missed after the change by %s: %s %s, floor %s.", finding, label, measure, after, floor);
        say(t, sentences, text);
    }
    return harmed;
}

void es_pair_summary(struct es_tree *tree, cJSON *release)
{
    cJSON *sentences = es_tree_array(tree, cJSON_GetObjectItemCaseSensitive(release, "summary"), "sentences");
    struct at at = {0};
    const cJSON *group;
    size_t open = 0;
    bool harmed = false;
    cJSON_ArrayForEach(at.finding, cJSON_GetObjectItemCaseSensitive(release, "findings"))
    {
        cJSON_ArrayForEach(at.measure, cJSON_GetObjectItemCaseSensitive(at.finding, "measures"))
        {
            cJSON_ArrayForEach(at.grouping, cJSON_GetObjectItemCaseSensitive(at.measure, "groupings"))
            {
                gap_sentence(tree, sentences, &at);
                open += *es_view_string(at.grouping, "why") != '\0';
                cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(at.grouping, "groups"))
                {
                    harmed |= group_sentence(tree, sentences, &at, group);
                }
            }
        }
    }
    const cJSON *entry, *compared = cJSON_GetObjectItemCaseSensitive(release, "findings");
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(release, "not_compared"))
    {
        char text[2 * ES_NAME_SIZE + 160];
        snprintf(text, sizeof text, "%s (%s) was not compared: versions are compared on binary findings; the report shows each version's own figures.",
                 es_view_string(entry, "finding"), es_view_string(entry, "task"));
        say(tree, sentences, text);
    }
    if (!harmed && compared && compared->child) say(tree, sentences, "No group is shown to have become worse; this does not show that none has.");
    if (open > 0) {
        char text[120];
        snprintf(text, sizeof text, "Without a verdict: %zu of the gaps looked at (too few groups with enough cases, or not shown).", open);
        say(tree, sentences, text);
    }
}
