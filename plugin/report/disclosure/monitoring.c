/* SPDX-License-Identifier: Apache-2.0 */
/* Charts, alarms and series under disclosure. A group that does not show its rate shows no chart, alarm or course of it. The accepted rate tells
 * how many of the first patients were missed, and an alarm's day is the exam of one of them: outsiders and the NHS rule get the
 * state of the chart alone. */
#include <string.h>

#include "plugin/report/disclosure/disclosure.h"
#include "plugin/report/view.h"

static const cJSON *group_of(const cJSON *finding, const cJSON *key)
{
    const cJSON *group;
    cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(finding, "groups"))
    {
        if (cJSON_Compare(cJSON_GetObjectItemCaseSensitive(group, "group"), key, true)) return group;
    }
    return NULL;
}

static bool withheld(const cJSON *finding, const cJSON *entry, const struct es_release_rule *rule)
{
    const cJSON *group = group_of(finding, cJSON_GetObjectItemCaseSensitive(entry, "group"));
    const cJSON *metric = es_view_at(group, "metrics", es_view_string(entry, "metric"));
    return !metric || strcmp(es_view_string(metric, "status"), ES_SUPPRESSED_WORD) == 0 ||
           es_release_small(rule, es_view_number(cJSON_GetObjectItemCaseSensitive(entry, ES_HIDDEN), "patients"));
}

/** Keep the members named, in their order; NULL ends the list. */
static void keep_only(cJSON *entry, const char *const *names)
{
    cJSON *item, *next;
    for (item = entry->child; item; item = next) {
        next = item->next;
        size_t i = 0;
        while (names[i] && strcmp(names[i], item->string) != 0) i++;
        if (!names[i]) cJSON_Delete(cJSON_DetachItemViaPointer(entry, item));
    }
}

static void word(struct es_tree *tree, cJSON *entry, const char *name, const char *text)
{
    es_tree_set(tree, entry, name, cJSON_CreateString(text));
}

static void charts(struct es_tree *tree, const cJSON *finding, const struct es_release_rule *rule, bool plain)
{
    static const char *const who[] = {"group", "metric", NULL}, *const told[] = {"group", "metric", "status", "why", "state", NULL};
    cJSON *chart;
    cJSON_ArrayForEach(chart, cJSON_GetObjectItemCaseSensitive(finding, "charts"))
    {
        if (withheld(finding, chart, rule)) {
            keep_only(chart, who);
            word(tree, chart, "status", ES_SUPPRESSED_WORD);
        } else if (plain) {
            const bool runs = strcmp(es_view_string(chart, "status"), "estimated") == 0;
            keep_only(chart, told);
            word(tree, chart, "words", !runs ? "too few patients for a chart"
                                       : strcmp(es_view_string(chart, "state"), "alarm") == 0 ? "an alarm was raised" : "no alarm");
        }
    }
}

static void alarms(struct es_tree *tree, const cJSON *finding, const struct es_release_rule *rule, bool plain)
{
    static const char *const told[] = {"group", "metric", "direction", NULL};
    cJSON *list = cJSON_GetObjectItemCaseSensitive(finding, "alarms"), *alarm, *next, *before = NULL;
    for (alarm = list ? list->child : NULL; alarm; alarm = next) {
        next = alarm->next;
        /* without their days, further alarms of one chart would only tell how many there were */
        const bool again = plain && before &&
                           cJSON_Compare(cJSON_GetObjectItemCaseSensitive(before, "group"), cJSON_GetObjectItemCaseSensitive(alarm, "group"), true) &&
                           strcmp(es_view_string(before, "metric"), es_view_string(alarm, "metric")) == 0;
        if (again || withheld(finding, alarm, rule)) {
            cJSON_Delete(cJSON_DetachItemViaPointer(list, alarm));
            continue;
        }
        before = alarm;
        if (!plain) continue;
        keep_only(alarm, told);
        word(tree, alarm, "words", "an alarm was raised: more errors than accepted");
    }
}

/** Outsiders get no series (series.c); a group that does not show its rate shows no course of it. */
static void series(struct es_tree *tree, const cJSON *finding, const struct es_release_rule *rule, bool plain)
{
    static const char *const who[] = {"group", "metric", NULL};
    cJSON *entry;
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(finding, "series"))
    {
        if (strcmp(es_view_string(entry, "why"), "no_sequential_test") == 0) continue; /* says nothing of anybody */
        if (!plain && !withheld(finding, entry, rule)) continue;
        keep_only(entry, who);
        word(tree, entry, "status", ES_SUPPRESSED_WORD);
    }
}

/** Outsiders get none: which groups wait at all would tell a zero from a few, and expected counts beside exact ones more than these do. */
static void expected(struct es_tree *tree, const cJSON *finding, const struct es_release_rule *rule, bool plain)
{
    static const char *const who[] = {"group", NULL};
    cJSON *entry, *list = cJSON_GetObjectItemCaseSensitive(finding, "expected");
    while (plain && cJSON_GetArraySize(list) > 0) cJSON_DeleteItemFromArray(list, 0);
    cJSON_ArrayForEach(entry, list)
    {
        if (!es_release_small(rule, es_view_number(cJSON_GetObjectItemCaseSensitive(entry, ES_HIDDEN), "patients"))) continue;
        keep_only(entry, who);
        word(tree, entry, "status", ES_SUPPRESSED_WORD);
    }
}

void es_release_monitoring(struct es_tree *tree, const cJSON *finding, const struct es_release_rule *rule)
{
    const bool plain = rule->external || rule->kind == ES_DISCLOSE_NHS;
    charts(tree, finding, rule, plain);
    alarms(tree, finding, rule, plain);
    series(tree, finding, rule, plain);
    expected(tree, finding, rule, plain);
}

void es_release_monitoring_strip(const cJSON *finding)
{
    static const char *const lists[] = {"charts", "alarms", "series", "expected"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        cJSON *entry;
        cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(finding, lists[i])) cJSON_DeleteItemFromObjectCaseSensitive(entry, ES_HIDDEN);
    }
}
