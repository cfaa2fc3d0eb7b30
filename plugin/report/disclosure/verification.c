/* SPDX-License-Identifier: Apache-2.0 */
/* Verification under disclosure: shares follow their counts; what is made of the unverified by AI result, which are printed nowhere
 * else, is for outsiders all or nothing over the groups of a finding, so that no level can be taken from the others. */
#include <math.h>
#include <string.h>

#include "plugin/report/disclosure/disclosure.h"
#include "plugin/report/view.h"

static const struct es_cell *row(const struct es_release_table *t, size_t group)
{
    return t->cells + group * ES_CELL_KEYS;
}

static void suppress(struct es_tree *tree, cJSON *parent, const char *name)
{
    if (!cJSON_GetObjectItemCaseSensitive(parent, name)) return;
    cJSON *out = cJSON_CreateObject();
    es_tree_text(tree, out, "status", ES_SUPPRESSED_WORD);
    es_tree_text(tree, out, "words", es_reason_words(ES_TOO_SMALL_TO_SHOW));
    es_tree_set(tree, parent, name, out);
}

static bool few(const struct es_release_rule *rule, const cJSON *object, const char *key)
{
    return es_release_small(rule, es_view_number(object, key));
}

/** Is a count behind the corrected rates of a group small, or its confusion table hidden? */
static bool delicate(const struct es_release_table *t, size_t g)
{
    const struct es_cell *c = row(t, g);
    const cJSON *unverified = es_view_at(t->group[g], "verification", ES_HIDDEN);
    bool any = t->rule.later || few(&t->rule, unverified, "alerts") || few(&t->rule, unverified, "non_alerts") || c[ES_CELL_OVERDUE].hidden;
    for (size_t k = ES_CELL_TP; k <= ES_CELL_TN; k++) any |= c[k].hidden || es_release_small(&t->rule, c[k].value);
    return any;
}

static bool metric_hidden(const cJSON *group, const char *name)
{
    return strcmp(es_view_string(es_view_at(group, "metrics", name), "status"), ES_SUPPRESSED_WORD) == 0;
}

static void corrected(struct es_tree *tree, const struct es_release_table *t, size_t g, bool all)
{
    static const char *const rates[] = {"sensitivity", "specificity"};
    cJSON *verification = cJSON_GetObjectItemCaseSensitive(t->group[g], "verification");
    const bool everyone = es_view_axes(cJSON_GetObjectItemCaseSensitive(t->group[g], "group")) == 0;
    const bool cells = t->rule.external && (everyone ? delicate(t, g) : all);
    for (size_t i = 0; i < 2; i++)
        if (cells || t->rule.kind == ES_DISCLOSE_NHS || row(t, g)[ES_CELL_CASES].hidden || metric_hidden(t->group[g], rates[i]))
            suppress(tree, verification, rates[i]);
}

static void shares(struct es_tree *tree, const struct es_release_table *t, size_t g)
{
    static const struct {
        const char *name;
        enum es_cell_key whole, part;
    } list[] = {{"share_of_alerts", ES_CELL_ALERTS, ES_CELL_ALERTS_VERIFIED},
                {"share_of_non_alerts", ES_CELL_NON_ALERTS, ES_CELL_NON_ALERTS_VERIFIED}};
    cJSON *verification = cJSON_GetObjectItemCaseSensitive(t->group[g], "verification");
    for (size_t i = 0; i < 2; i++) {
        const cJSON *share = cJSON_GetObjectItemCaseSensitive(verification, list[i].name);
        const bool cells = t->rule.external && (row(t, g)[list[i].whole].hidden || row(t, g)[list[i].part].hidden);
        if (cells || t->rule.kind == ES_DISCLOSE_NHS || few(&t->rule, share, "patients")) suppress(tree, verification, list[i].name);
    }
}

/** Are these counts shown in everyone and every level of the axis? */
static bool axis_shown(const struct es_release_table *t, const char *axis, const enum es_cell_key *keys, size_t n)
{
    for (size_t g = 0; g < t->groups; g++) {
        const cJSON *levels = cJSON_GetObjectItemCaseSensitive(t->group[g], "group");
        const size_t axes = es_view_axes(levels);
        if (axes > 1 || (axes == 1 && strcmp(levels->child->string, axis) != 0)) continue;
        for (size_t i = 0; i < n; i++)
            if (row(t, g)[keys[i]].hidden) return false;
    }
    return true;
}

static bool gap_hidden(const struct es_release_table *t, const cJSON *gap, const char *axis, const enum es_cell_key *keys, size_t n)
{
    const cJSON *people = cJSON_GetObjectItemCaseSensitive(gap, ES_HIDDEN);
    return t->rule.kind == ES_DISCLOSE_NHS || few(&t->rule, people, "patients_group") || few(&t->rule, people, "patients_rest") ||
           (t->rule.external && !axis_shown(t, axis, keys, n));
}

void es_release_verification(struct es_tree *tree, const struct es_release_table *t, cJSON *finding)
{
    static const enum es_cell_key closed[] = {ES_CELL_REFERENCED, ES_CELL_INDETERMINATE, ES_CELL_OVERDUE};
    static const enum es_cell_key decided[] = {ES_CELL_ALERTS, ES_CELL_NON_ALERTS};
    cJSON *gap, *next, *missing = cJSON_GetObjectItemCaseSensitive(finding, "missingness");
    bool any = false;
    for (size_t g = 0; g < t->groups; g++) any |= delicate(t, g);
    for (size_t g = 0; g < t->groups; g++) {
        const cJSON *levels = cJSON_GetObjectItemCaseSensitive(t->group[g], "group");
        cJSON *verification = cJSON_GetObjectItemCaseSensitive(t->group[g], "verification");
        shares(tree, t, g);
        corrected(tree, t, g, any);
        gap = cJSON_GetObjectItemCaseSensitive(verification, "labelled");
        if (gap && gap_hidden(t, gap, levels->child->string, closed, 3)) suppress(tree, verification, "labelled");
    }
    for (gap = missing ? missing->child : NULL; gap; gap = next) {
        next = gap->next;
        if (gap_hidden(t, gap, gap->string, decided, 2)) suppress(tree, missing, gap->string);
    }
}

void es_release_verification_strip(cJSON *finding)
{
    cJSON *group, *gap, *groups = cJSON_GetObjectItemCaseSensitive(finding, "groups");
    cJSON_ArrayForEach(group, groups)
    {
        cJSON *verification = cJSON_GetObjectItemCaseSensitive(group, "verification");
        cJSON_DeleteItemFromObjectCaseSensitive(verification, ES_HIDDEN);
        cJSON_DeleteItemFromObjectCaseSensitive(cJSON_GetObjectItemCaseSensitive(verification, "labelled"), ES_HIDDEN);
    }
    cJSON_DeleteItemFromObjectCaseSensitive(cJSON_GetObjectItemCaseSensitive(finding, "verification"), ES_HIDDEN);
    cJSON_ArrayForEach(gap, cJSON_GetObjectItemCaseSensitive(finding, "missingness")) cJSON_DeleteItemFromObjectCaseSensitive(gap, ES_HIDDEN);
}
