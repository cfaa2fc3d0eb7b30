/* SPDX-License-Identifier: Apache-2.0 */
/* Disclosure control over a whole tree: each finding's table, the counts beside them, and the removal of what only we may see. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/disclosure/told.h"
#include "plugin/report/record/between.h"
#include "plugin/report/view.h"

bool es_release_small(const struct es_release_rule *rule, double people)
{
    return people > 0 && people < rule->floor;
}

double es_release_round5(double count)
{
    return 5 * floor(count / 5 + 0.5);
}

/** The smallest number above 0; NULL: none is left. */
static cJSON *least_of(cJSON *counts)
{
    cJSON *item, *least = NULL;
    cJSON_ArrayForEach(item, counts)
    {
        if (cJSON_IsNumber(item) && item->valuedouble > 0 && (!least || item->valuedouble < least->valuedouble)) least = item;
    }
    return least;
}

/** A flat object of counts outside the groups: attribute states, exclusions. Where its sum may be known (`line`), what is hidden must be more
 * than one and together no few: zeros are shown, so that two of one each would be known of a sum of two. */
static void plain_counts(struct es_tree *t, cJSON *counts, const struct es_release_rule *rule, bool line)
{
    cJSON *item;
    size_t hidden = 0;
    double sum = 0;
    const bool completed = line && rule->kind == ES_DISCLOSE_FLOOR;
    while ((item = least_of(counts)) && (es_release_small(rule, item->valuedouble) || (completed && hidden > 0 && (hidden == 1 || sum < rule->floor)))) {
        hidden++;
        sum += item->valuedouble;
        es_tree_set(t, counts, item->string, cJSON_CreateString(ES_SUPPRESSED_WORD));
        if (t->failed) return;
    }
    cJSON_ArrayForEach(item, counts)
    {
        if (cJSON_IsNumber(item) && rule->kind == ES_DISCLOSE_NHS) cJSON_SetNumberValue(item, es_release_round5(item->valuedouble));
    }
}

/** The finding at hand, through a pointer that may write. */
static cJSON *writable(const struct es_view_finding *at)
{
    cJSON *finding = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(at->model, "findings"), 0);
    while (finding && finding != at->finding) finding = finding->next;
    return finding;
}

/** Take every hidden member out, whatever the rule. */
static void strip(cJSON *release)
{
    struct es_view_finding at = {0};
    while (es_view_next(release, &at)) {
        es_release_verification_strip(writable(&at));
        cJSON *group, *weak, *groups = cJSON_GetObjectItemCaseSensitive(at.finding, "groups");
        cJSON_ArrayForEach(weak, cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(at.finding, "exploratory"), "weak_groups"))
            cJSON_DeleteItemFromObjectCaseSensitive(weak, ES_HIDDEN);
        es_release_monitoring_strip(at.finding);
        cJSON_ArrayForEach(group, groups)
        {
            cJSON *entry;
            cJSON_DeleteItemFromObjectCaseSensitive(group, ES_HIDDEN);
            cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(group, "against_floor"))
                cJSON_DeleteItemFromObjectCaseSensitive(entry, ES_HIDDEN);
            cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(group, "against_rest"))
            {
                cJSON *given;
                cJSON_DeleteItemFromObjectCaseSensitive(entry, ES_HIDDEN);
                cJSON_ArrayForEach(given, cJSON_GetObjectItemCaseSensitive(entry, "adjusted_for"))
                    cJSON_DeleteItemFromObjectCaseSensitive(given, ES_HIDDEN);
            }
        }
    }
}

/** The finding's own verification line is that of everyone, who come first. */
static void copy_everyone(struct es_tree *t, const cJSON *finding)
{
    const cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(finding, "groups"), 0);
    const cJSON *from = cJSON_GetObjectItemCaseSensitive(first, "verification"), *item;
    cJSON *to = cJSON_GetObjectItemCaseSensitive(finding, "verification");
    if (!from || !to) return;
    cJSON_ArrayForEach(item, from) es_tree_set(t, to, item->string, cJSON_Duplicate(item, true));
}

/** Counts of references add up to lines of the funnel and split them: whoever may not see every cell of it sees none of these. */
static void withhold(struct es_tree *t, cJSON *counts)
{
    cJSON *item, *next = NULL;
    for (item = counts ? counts->child : NULL; item; item = next) {
        next = item->next;
        if (cJSON_IsNumber(item)) es_tree_set(t, counts, item->string, cJSON_CreateString(ES_SUPPRESSED_WORD));
        else if (cJSON_IsObject(item)) {
            cJSON *inner, *after = NULL;
            for (inner = item->child; inner; inner = after) {
                after = inner->next;
                es_tree_set(t, item, inner->string, cJSON_CreateString(ES_SUPPRESSED_WORD));
            }
        }
    }
}

static void beside(struct es_tree *t, cJSON *release, const struct es_release_rule *rule)
{
    cJSON *states;
    cJSON_ArrayForEach(states, cJSON_GetObjectItemCaseSensitive(release, "attributes")) plain_counts(t, states, rule, true);
    plain_counts(t, cJSON_GetObjectItemCaseSensitive(release, "excluded"), rule, true);
    plain_counts(t, cJSON_GetObjectItemCaseSensitive(release, "unpaired"), rule, false);
    plain_counts(t, cJSON_GetObjectItemCaseSensitive(release, "corrections"), rule, false);
    cJSON_ArrayForEach(states, cJSON_GetObjectItemCaseSensitive(release, "unpaired_why")) plain_counts(t, states, rule, true);
    struct es_view_finding at = {0};
    while (es_view_next(release, &at)) withhold(t, cJSON_GetObjectItemCaseSensitive(at.finding, "references"));
}

/* An entry's number counts the messages so far: it would tell the total that rounding hides. The link names the entry as well. */
static void hide_sequence(cJSON *release)
{
    cJSON *head;
    cJSON_ArrayForEach(head, cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(release, "ledger"), "heads"))
        cJSON_DeleteItemFromObjectCaseSensitive(head, "seq");
    cJSON_DeleteItemFromObjectCaseSensitive(cJSON_GetObjectItemCaseSensitive(release, "plan"), "event_seq");
}

/** The counts outside the findings as they are, for later releases. */
static void note_beside(struct es_tree *tree, cJSON *out, const cJSON *release)
{
    static const char *const names[] = {"attributes", "excluded", "unpaired", "corrections", "unpaired_why"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        es_tree_copy(tree, out, names[i], cJSON_GetObjectItemCaseSensitive(release, names[i]));
}

/** A finding with its counts as they are. */
struct counted {
    cJSON *finding;
    char place[ES_PLACE_SIZE + 16];
};

static void one_finding(struct es_tree *tree, cJSON *finding, struct es_release_table *table, const struct es_between *between)
{
    es_release_hold(table);
    es_release_hide(table);
    es_release_statistics(tree, table);
    es_release_write(tree, table);
    es_release_curves(tree, finding);
    es_release_weak(tree, finding, &table->rule);
    es_release_monitoring(tree, finding, &table->rule);
    es_release_verification(tree, table, finding);
    copy_everyone(tree, finding);
    es_release_sections_held(tree, table, finding);
    if (between) es_release_note(tree, between->cells, table);
}

/** All tables are made before any is written: what a comparison told of a version is laid beside the sum of its epochs. */
static void findings(struct es_tree *tree, cJSON *release, const struct es_release_rule *rule, const struct es_between *between)
{
    struct es_view_finding at = {0};
    size_t n = 0, i = 0;
    while (es_view_next(release, &at)) n++;
    struct counted *list = calloc(n ? n : 1, sizeof *list);
    struct es_release_table *tables = calloc(n ? n : 1, sizeof *tables);
    tree->failed |= !list || !tables;
    at = (struct es_view_finding){0};
    for (; !tree->failed && es_view_next(release, &at); i++) {
        char version[ES_PLACE_SIZE];
        es_told_place(at.model_name, at.version, at.name, version);
        (void)snprintf(list[i].place, sizeof list[i].place, "%s|%u", version, at.epoch_id);
        list[i].finding = writable(&at);
        tables[i].place = list[i].place;
        tree->failed |= !list[i].finding || !es_release_table_make(&tables[i], list[i].finding, *rule);
    }
    for (i = 0; !tree->failed && i < n; i++) {
        if (between && !es_release_then_read(tables, n, i, between->earlier)) tree->failed = true;
        else one_finding(tree, list[i].finding, &tables[i], between);
        es_release_then_free(&tables[i]); /* as large as the table, once an earlier release */
    }
    for (i = 0; tables && i < n; i++) es_release_table_free(&tables[i]);
    free(tables);
    free(list);
}

void es_release_disclose(struct es_tree *tree, cJSON *release, const struct es_disclosure *disclosure, enum es_audience audience,
                         const struct es_between *between)
{
    const struct es_release_rule rule = {
        .kind = disclosure->kind,
        .floor = disclosure->kind == ES_DISCLOSE_NHS ? 8 : disclosure->kind == ES_DISCLOSE_FLOOR ? (double)disclosure->floor : 0,
        .external = audience == ES_AUDIENCE_EXTERNAL};
    if (between) {
        note_beside(tree, between->beside, release);
        es_release_beside_held(tree, release, between->earlier, &rule);
    }
    if (rule.kind != ES_DISCLOSE_ALL) findings(tree, release, &rule, between);
    if (rule.kind == ES_DISCLOSE_NHS || (rule.kind == ES_DISCLOSE_FLOOR && rule.external)) beside(tree, release, &rule);
    if (rule.kind != ES_DISCLOSE_ALL && rule.external) hide_sequence(release);
    strip(release);
}
