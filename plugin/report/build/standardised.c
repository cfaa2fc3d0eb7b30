/* SPDX-License-Identifier: Apache-2.0 */
/* "adjusted_for": what is left of a gap when another attribute is held equal (METRICS J8), so that equipment is not mistaken for people,
 * nor people for equipment. Exploratory: it explains a gap and bears no verdict. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plugin/report/disclosure/disclosure.h"
#include "plugin/report/view.h"

enum es_errc es_report_standardise(const struct es_sheet *sheet, struct es_standard_table *tables, struct es_error *err)
{
    for (int rate = ES_RATE_SENSITIVITY; rate <= ES_RATE_SPECIFICITY; rate++) {
        const struct es_case_rule rule = {.rate = (enum es_rate)rate, .exploratory = true};
        if (!es_standardise_all(sheet, &rule, es_level_default().alpha, &tables[rate]))
            return es_fail(err, ES_E_MEMORY, "no memory to standardise %u rows", sheet->rows);
    }
    return ES_OK;
}

/** Percentage points of a difference as seen from the crude one: positive is the same way. */
static void points(double difference, double crude, char *out, size_t size)
{
    es_view_fixed(100 * (crude < 0 ? -difference : difference), 1, out, size);
}

/** "of the gap of 12.0 points, 9.0 remain when scanner is held equal (95 % 2.1 to 15.9)". */
static void words_of(const struct es_standardised *s, const char *axis, char *out, size_t size)
{
    const struct es_standard_difference *d = &s->mantel_haenszel;
    char gap[24], left[24], lo[24], hi[24], interval[80] = "", kept[48] = "", n[24];
    const double remains = s->crude < 0 ? -d->difference : d->difference, crude = fabs(s->crude);
    points(s->crude, s->crude, gap, sizeof gap);
    es_view_fixed(100 * fabs(remains), 1, left, sizeof left);
    points(s->crude < 0 ? d->limits.hi : d->limits.lo, s->crude, lo, sizeof lo);
    points(s->crude < 0 ? d->limits.lo : d->limits.hi, s->crude, hi, sizeof hi);
    if (isfinite(d->limits.lo)) snprintf(interval, sizeof interval, " (95 %% %s to %s)", lo, hi);
    if (s->cases_one_armed + s->cases_unknown > 0) {
        es_view_grouped(s->cases_one_armed + s->cases_unknown, n, sizeof n);
        snprintf(kept, sizeof kept, "; %s cases left out", n);
    }
    if (fabs(remains) < 0.0005)
        snprintf(out, size, "of the gap of %s points, nothing remains when %s is held equal%s%s", gap, axis, interval, kept);
    else if (remains < 0)
        snprintf(out, size, "the gap of %s points turns into %s the other way when %s is held equal%s%s", gap, left, axis, interval, kept);
    else if (remains > crude + 0.0005)
        snprintf(out, size, "the gap of %s points becomes %s when %s is held equal%s%s", gap, left, axis, interval, kept);
    else
        snprintf(out, size, "of the gap of %s points, %s remain when %s is held equal%s%s", gap, left, axis, interval, kept);
}

static void difference(struct es_tree *t, cJSON *out, const struct es_standard_difference *d)
{
    es_tree_number(t, out, "difference", d->difference);
    es_tree_number(t, out, "lo", d->limits.lo);
    es_tree_number(t, out, "hi", d->limits.hi);
}

static void one_axis(struct es_report *report, cJSON *list, const struct es_standardised *s, uint8_t by, uint64_t least)
{
    struct es_tree *t = &report->tree;
    char words[240];
    const char *axis = report->config->axes[by].name;
    cJSON *out = es_tree_object(t, list, NULL);
    es_tree_text(t, out, "axis", axis);
    if (s->mantel_haenszel.status != ES_ESTIMATED) {
        es_report_not_estimable(t, out, ES_NO_OVERLAP);
    } else {
        words_of(s, axis, words, sizeof words);
        es_tree_text(t, out, "status", "estimated");
        es_tree_text(t, out, "method", es_interval_name(ES_INTERVAL_MANTEL_HAENSZEL));
        difference(t, out, &s->mantel_haenszel);
        es_tree_number(t, out, "crude", s->crude);
        difference(t, es_tree_object(t, out, "direct"), &s->direct);
        es_tree_count(t, out, "strata", s->strata);
        es_tree_count(t, out, "n", s->cases_group + s->cases_rest);
        es_tree_text(t, out, "words", words);
    }
    cJSON *one_armed = es_tree_array(t, out, "one_armed");
    for (unsigned k = 1; k < ES_MAX_LEVELS; k++)
        if (s->is_one_armed[k]) es_tree_text(t, one_armed, NULL, es_report_level(report, by, (uint8_t)k));
    es_tree_count(t, out, "cases_one_armed", s->cases_one_armed);
    es_tree_count(t, out, "cases_unknown", s->cases_unknown);
    cJSON *people = es_tree_object(t, out, ES_HIDDEN);
    es_tree_count(t, people, "patients_group", s->patients_group);
    es_tree_count(t, people, "patients_rest", s->patients_rest);
    es_tree_count(t, people, "least", least);
}

void es_report_adjusted(struct es_report *report, const struct es_standard_table *tables, struct es_group_key key,
                        const struct es_metric *metric, cJSON *comparison)
{
    const struct es_grouping *grouping = &report->groupings[key.grouping];
    enum es_rate rate;
    if (grouping->n != 1 || !es_report_rate(metric, &rate) || !tables[rate].entry) return;
    const uint8_t axis = grouping->axis[0];
    cJSON *list = es_tree_array(&report->tree, comparison, "adjusted_for");
    for (uint8_t by = 0; by < tables[rate].axes; by++) {
        if (by == axis) continue;
        const uint64_t a = tables[0].least[axis][by], b = tables[1].least[axis][by];
        one_axis(report, list, es_standard_at(&tables[rate], axis, key.level[0], by), by, a == 0 || (b > 0 && b < a) ? b : a);
    }
}

static bool hide(const cJSON *entry, const struct es_release_rule *rule)
{
    const cJSON *people = cJSON_GetObjectItemCaseSensitive(entry, ES_HIDDEN);
    if (rule->kind == ES_DISCLOSE_NHS || rule->later) return true;
    if (rule->external && es_release_small(rule, es_view_number(people, "least"))) return true;
    return es_release_small(rule, es_view_number(people, "patients_group")) ||
           es_release_small(rule, es_view_number(people, "patients_rest"));
}

void es_release_adjusted(struct es_tree *tree, cJSON *comparison, const struct es_release_rule *rule)
{
    cJSON *list = cJSON_GetObjectItemCaseSensitive(comparison, "adjusted_for");
    const int n = cJSON_GetArraySize(list);
    for (int i = 0; i < n; i++) {
        const cJSON *entry = cJSON_GetArrayItem(list, i);
        if (!hide(entry, rule)) continue;
        cJSON *out = cJSON_CreateObject();
        es_tree_copy(tree, out, "axis", cJSON_GetObjectItemCaseSensitive(entry, "axis"));
        es_tree_text(tree, out, "status", ES_SUPPRESSED_WORD);
        es_tree_text(tree, out, "words", es_reason_words(ES_TOO_SMALL_TO_SHOW));
        if (tree->failed || !cJSON_ReplaceItemInArray(list, i, out)) {
            tree->failed = true;
            cJSON_Delete(out);
            return;
        }
    }
}
